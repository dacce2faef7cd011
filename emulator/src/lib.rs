//! Hardware tokens in memory: what answers at the other end of the link, without the hardware.
//!
//! Each family is a state machine of its own, written from what is publicly known of the devices. APDU parsing, SM4 modes,
//! MAC, padding and TLV are this package's own: an emulator that shares code with a driver proves nothing. Only codes come
//! from `protocol`.
//!
//! A [`Token`] answers frames, is switched off and on, has a button, and a [`Screen`] that one can look at. A [`Link`]
//! carries frames to it, and fails where it is told to. [`vpcd`] puts a link behind a virtual smart-card reader. Time and
//! randomness come from a [`World`].

mod apdu;
mod code;
mod crypt;
mod feitian;
mod key;
mod link;
mod molto;
mod oath;
mod quartz;
mod session;
mod single;
mod slim;
mod slots;
mod tlv;
mod token;
mod token2;
pub mod vpcd;
mod world;

#[cfg(test)]
mod tests;

pub use feitian::Feitian;
pub use key::Key;
pub use link::{Exchange, Fault, Hostile, Link, Lost};
pub use molto::{Molto, Profile};
pub use oath::{Dialect, Entry, Kind, Oath};
pub use single::{MODELS, Model, Single};
pub use slim::{Frame, Slim};
pub use slots::Slots;
pub use token::{ATR, Question, Screen, Silent, Token, Touch};
pub use token2::{Otp, Token2Otp};
pub use world::{Still, World};
