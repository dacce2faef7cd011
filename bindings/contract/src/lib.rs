//! One contract suite a port of the core: what every implementation must do, double or real, in Rust or in a shell's own
//! language. A suite panics with the rule that was broken. `tests/contract` runs each on the double, and on a broken one
//! that it must refuse; `android/bindings` and `ios/Tests` run those of shells through the boundary, by way of [`shell`].
#![allow(clippy::expect_used, clippy::panic, reason = "this is test code: a panic is how it says no")]

mod http;
mod keystore;
mod link;
pub mod shell;
mod suite;
pub mod token;

pub use http::{Peer, http};
pub use keystore::keystore;
pub use link::link;
pub use suite::{clock, journal, observer, random};

uniffi::setup_scaffolding!();
