//! The phone's rules. [`port`] is the only way out: a shell gives clock, randomness, keystore and
//! network; nothing here knows a screen or a platform.
//!
//! Everything is synchronous. What may take long takes a [`cancel::Cancel`].

pub mod app;
pub mod burn;
pub mod cancel;
pub mod device;
pub mod error;
pub mod file;
pub mod icons;
pub mod limits;
pub mod net;
pub mod port;
pub mod push;
pub mod qr;
pub mod record;
pub mod system;
pub mod vault;

#[cfg(test)]
mod properties;

/// What both ends agree on: the types that values of this package are made of, for shells.
pub use countersign_protocol as protocol;
