//! Scanned text to a value and back.

pub mod otpauth;
