//! What the journeys share: fixed clock, seeded random, gateway in process.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code: a panic is how it says no")]

pub mod browser;
pub mod picture;
pub mod program;
pub mod source;
