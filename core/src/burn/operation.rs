//! What can be done to a token beside burning it.

use countersign_protocol::Secret;

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
