//! What phone and gateway must agree on, byte for byte: bytes in, values out.
//!
//! No I/O, no clock, no randomness of its own: time and random bytes arrive as arguments. Input is
//! parsed once, into types that cannot be wrong; `push::check` compares such values.

pub mod jose;
pub mod json;
pub mod limits;
pub mod otp;
pub mod push;
pub mod seal;
mod secret;
pub mod text;
pub mod uri;

#[cfg(test)]
mod tests;

pub use secret::Secret;
