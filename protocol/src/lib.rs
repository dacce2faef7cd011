//! What phone and gateway must agree on, byte for byte: bytes in, values out.
//!
//! No I/O, no clock, no randomness of its own: time and random bytes arrive as arguments.

pub mod otp;
pub mod uri;
