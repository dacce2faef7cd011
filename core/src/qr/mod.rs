//! QR codes: what a picture holds, what a text is, and pictures of our own.
//!
//! A text is classified before anything else looks at it, so that a code of another kind is named as what it is. Pictures
//! come from strangers: their sizes are checked before they are unpacked, and one decode at a time runs on a thread of
//! its own with a hard stop.

mod binary;
mod classify;
mod decode;
mod encode;
mod luma;
mod picture;
mod search;

pub use classify::{Class, classify};
pub use decode::{Decoder, ScanError};
pub use encode::{Ground, Symbol, TooMuchText};
pub use luma::{Luma, LumaError, Rotation};
pub use picture::PictureError;
pub use search::Code;
