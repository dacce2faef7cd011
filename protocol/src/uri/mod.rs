//! Scanned text to a value and back.

mod approve;
mod enrol;
pub mod migration;
mod offline;
pub mod otpauth;

pub use approve::{LoginLink, QrSecret};
pub use enrol::{EnrolLink, LinkError};
pub use offline::OfflineLink;
