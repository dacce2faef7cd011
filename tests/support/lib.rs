//! What the journeys share: doubles of ports, programs, a browser, a phone that can send anything.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code: a panic is how it says no")]

pub mod any_certificate;
pub mod attested;
pub mod browser;
pub mod double;
pub mod hand_timer;
pub mod log;
pub mod other_make;
pub mod patience;
pub mod picture;
pub mod plain;
pub mod port;
pub mod program;
pub mod push_server;
pub mod raw_phone;
pub mod readers;
pub mod source;
pub mod stage;
pub mod story;
pub mod taken_with;
pub mod window;

pub use countersign_contract as contract;
