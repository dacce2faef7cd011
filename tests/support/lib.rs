//! What the journeys share: fixed clock, seeded random, gateway in process.
