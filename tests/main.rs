//! Journeys across the parts.
