//! The other end: enrolment pages, push approval, people, audit. One binary, one file.
//!
//! The package is cut by subject. In each, `route` translates HTTP, `service` decides, `store` remembers; what they share
//! stands in [`house::House`], put together once by [`Gateway::start`]. Time, randomness, waiting and signing keys are
//! [`port`]s, so that a test runs the whole gateway in its own process on a fixed clock.

pub mod approval;
pub mod attest;
pub mod audit;
pub mod calendar;
pub mod cause;
pub mod chain;
pub mod command;
pub mod config;
pub mod enrol;
pub mod failure;
pub mod file;
pub mod health;
pub mod house;
pub mod icon;
pub mod issuer;
pub mod limits;
pub mod log;
pub mod login;
pub mod moment;
pub mod notice;
pub mod origin;
pub mod outgoing;
pub mod page;
pub mod person;
pub mod port;
pub mod push;
pub mod request;
pub mod seal;
pub mod serve;
pub mod session;
pub mod start;
pub mod stop;
pub mod store;
pub mod sweep;
pub mod tls;
pub mod value;
pub mod wake;
pub mod webpush;

pub use port::Adapters;
pub use start::{Gateway, Running, StartFault};

#[cfg(test)]
mod properties;
#[cfg(test)]
mod test_clock;
