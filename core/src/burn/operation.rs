//! What can be done to a token beside burning it.

use countersign_protocol::Secret;

use super::identity::{Dialect, Family, Identity};
use super::request::Request;

/// One thing to do to a token. What a family cannot do is refused with nothing sent.
#[derive(Debug, Clone)]
pub enum Operation {
    /// Sets the clock and leaves the seed: of a single-profile token whose model keeps it, with the settings of this
    /// request, since they are written together and cannot be read; of a Molto-2, of the profile of this request.
    SyncClock(Request),
    /// Deletes the seed of this request's profile, or the entry of its name.
    Delete(Request),
    /// Gives the token another key: a Molto-2 its customer key, a YKOATH applet its access code.
    ChangeKey(Secret),
    /// Takes the access code away.
    RemoveKey,
    /// Locks a Molto-2's screen.
    LockScreen,
    /// Unlocks it.
    UnlockScreen,
    /// Forgets everything, its key too.
    Reset,
    /// Switches Token2's OTP applet on.
    Enable,
}

impl Operation {
    /// Whether a token of this family and model can be told to; what its firmware alone decides shows when it is told.
    pub fn is_for(&self, identity: &Identity) -> bool {
        let family = identity.family;
        let (is_oath, is_nitrokey) = (matches!(family, Family::Oath(_)), family == Family::Oath(Dialect::Nitrokey));
        match self {
            Self::SyncClock(_) => match family {
                Family::Single => !identity.clock_takes_seed,
                family => family == Family::Molto2,
            },
            Self::Delete(_) => family != Family::Single,
            Self::ChangeKey(_) => family == Family::Molto2 || (is_oath && !is_nitrokey),
            Self::RemoveKey => is_oath && !is_nitrokey,
            Self::LockScreen | Self::UnlockScreen => family == Family::Molto2,
            Self::Reset => is_oath || matches!(family, Family::Molto2 | Family::Token2Otp),
            Self::Enable => family == Family::Token2Otp,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operated {
    /// It is done.
    Done,
    /// The token asks on its screen, and does it when its button ▲ is pressed.
    AsksForButton,
    /// There was nothing to delete.
    WasEmpty,
}
