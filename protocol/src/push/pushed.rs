//! What a sealed body says: a challenge, or only that there is one (push-v1 section 9).

use super::{Challenge, Message, PushMode};
use crate::jose::Refused;
use crate::limits::{SEALED_LARGE, SEALED_SMALL};
use crate::seal::{self, Receiver};

/// The four bytes of a body that only wakes.
pub const WAKE: &str = "wake";

/// What was in a sealed body. Sealing proves no sender: of a challenge only what [`super::check::challenge`] takes is
/// shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pushed {
    /// A challenge, right in form.
    Challenge(Box<Message<Challenge>>),
    /// There is something: poll.
    Wake,
}

impl Pushed {
    /// Opens a body of 1126 or 2150 bytes.
    ///
    /// # Errors
    /// [`Refused::Sealed`] when it does not open, or holds anything else; `wake` stands in the smaller body alone.
    pub fn open(receiver: &Receiver, body: &[u8]) -> Result<Self, Refused> {
        let plain = seal::open(receiver, body)?;
        // What was opened is read, and what is no challenge is dropped with it.
        let text = core::str::from_utf8(plain.expose()).map_err(|_| Refused::Sealed)?;
        if text == WAKE {
            return if body.len() == seal::body_len(SEALED_SMALL) { Ok(Self::Wake) } else { Err(Refused::Sealed) };
        }
        Message::parse(text).map(Box::new).map(Self::Challenge).map_err(|_| Refused::Sealed)
    }

    /// What is sealed for a challenge: the JWS itself, or `wake` when the policy says so or the JWS is over 2047 bytes.
    /// [`seal::seal`] then takes the smaller body that holds it.
    pub fn plain(jws: &str, mode: PushMode) -> &str {
        if mode == PushMode::Wake || jws.len() >= SEALED_LARGE { WAKE } else { jws }
    }
}
