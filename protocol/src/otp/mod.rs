//! One-time passwords: HOTP (RFC 4226), TOTP (RFC 6238), OCRA (RFC 6287), Steam, Yandex and mOTP; the seeds' base32, and
//! codes that people typed.
//!
//! The phone shows what the gateway checks, so both sides take it from here. Every parameter is a type that cannot be
//! out of range; what comes from outside meets its bounds once, when that type is made.
//!
//! ```
//! use countersign_protocol::Secret;
//! use countersign_protocol::otp::{Algorithm, Digits, Period, totp};
//!
//! let seed = Secret::from_slice(b"12345678901234567890");
//! let code = totp(&seed, 59, Algorithm::Sha1, Digits::EIGHT, Period::THIRTY);
//! assert_eq!(code.to_string(), "94287082"); // RFC 6238, appendix B
//! ```

pub mod base32;
mod code;
mod hash;
mod hotp;
mod list;
pub mod motp;
pub mod ocra;
mod parameter;
mod pin;
mod timed;
mod totp;
mod typed;
pub mod yandex;

pub use code::Code;
pub use hotp::hotp;
pub use list::{List, Live};
pub use parameter::{Algorithm, Counter, Digits, OtpError, Period, Shape};
pub use pin::Pin;
pub use timed::Timed;
pub use totp::{totp, verify_totp};
pub use typed::{Typed, decimal_digit};
