//! QR codes: what a picture holds, what a text is, and pictures of our own.
//!
//! A text is classified before anything else looks at it, so that a code of another kind is named as what it is. Pictures
//! come from strangers: their sizes are checked before they are unpacked, and one decode at a time runs on a thread of
//! its own with a budget of work and a hard stop.
//!
//! A picture is read in stages: `bits` parts dark from light, `finder` looks for finder patterns, `group` takes three
//! that may be a code's corners, `fit` and `sheet` find where its modules lie, `equal` and `matrix` tell dark from light
//! and read the words, which `correct` mends and `content` reads. `search` goes through ways of looking; see decision 0029.

mod bits;
mod budget;
mod classify;
mod content;
mod correct;
mod decode;
mod encode;
mod equal;
mod finder;
mod fit;
mod gray;
mod group;
mod hunt;
mod luma;
mod matrix;
mod picture;
mod plane;
mod search;
mod sheet;
mod version;
mod view;

pub use classify::{Class, classify};
pub use decode::{Decoder, ScanError};
pub use encode::{Ground, Symbol, TooMuchText};
pub use luma::{Luma, LumaError, Rotation};
pub use picture::PictureError;
pub use search::{Code, MOST_FRAME_WORK, MOST_WORK, Searched, search_frame, search_still};
