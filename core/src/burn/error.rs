//! Why a token was not written. Numbers and names, never what was to be written.

use super::apdu::{StatusWord, TooLong};
use super::link::LinkError;
use super::tlv::Misshapen;
use crate::error::PortError;

/// What was done, or tried, at a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Asking what it is.
    Info,
    /// Choosing an applet.
    Select,
    /// Reading what it holds.
    List,
    /// Proving an access code to it.
    Validate,
    /// Asking for a challenge.
    Challenge,
    /// Proving the key to it.
    Authenticate,
    /// Writing settings and clock.
    Config,
    /// Writing the clock alone.
    Clock,
    /// Writing the seed.
    Seed,
    /// Writing the title.
    Title,
    /// Deleting what it held.
    Delete,
    /// Writing an entry: name, seed and settings at once.
    Put,
    /// Asking for the key that the next write is sealed for.
    Agree,
    /// Reading back what was written.
    ReadBack,
    /// Writing another key, or another access code.
    ChangeKey,
    /// Forgetting everything.
    Reset,
    /// Locking or unlocking its screen.
    Screen,
    /// Answering a challenge.
    Respond,
}

/// Why it did not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is no answer. What the token did is not known.
    #[error("link: {0}")]
    Link(#[from] LinkError),
    /// It answered no to this step, with this status word.
    #[error("{step:?} was refused with {status}")]
    Status {
        /// What was asked for.
        step: Step,
        /// Its answer.
        status: StatusWord,
    },
    /// The key, PIN or access code is not the token's, or the token is locked: the families do not tell these apart.
    /// It must not be tried again without the person: tokens count.
    #[error("wrong key, or locked; tries left: {left:?}")]
    WrongKey {
        /// How many tries are left, where the token says so.
        left: Option<u8>,
    },
    /// It wants an access code, and none was given.
    #[error("it wants an access code")]
    AccessCode,
    /// Its OTP applet is closed by a PIN, which only its maker's program opens.
    #[error("it is closed by a PIN")]
    Pin,
    /// Its OTP applet is switched off.
    #[error("its OTP applet is off")]
    Off,
    /// Its button was not pressed in time.
    #[error("it was not touched in time")]
    NotTouched(Step),
    /// There is no room left.
    #[error("it is full")]
    Full,
    /// There is no such profile, entry or slot.
    #[error("there is none of this number or name")]
    Absent(Step),
    /// The answer has no status word.
    #[error("an answer without a status word")]
    NoStatus,
    /// An answer of so many bytes is none that a token gives.
    #[error("an answer of {0} bytes")]
    Oversized(usize),
    /// There is always more to come.
    #[error("an answer without end")]
    Endless,
    /// The answer to this step cannot be read.
    #[error("the answer to {0:?} cannot be read")]
    Unreadable(Step),
    /// The answer comes from something between reader and token.
    #[error("{0} is no answer of a token")]
    OtherLayer(StatusWord),
    /// What was to be sent is longer than a command can be.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// Another token came back than the one that the plan was made for.
    #[error("another token")]
    OtherToken,
    /// After the write it tells another clock or other settings than were written.
    #[error("it does not hold what was written")]
    NotKept(Step),
    /// A customer key that the family cannot use: it has so many bytes.
    #[error("a key of {0} bytes is none of this family")]
    KeyLength(usize),
    /// This family or model cannot do that.
    #[error("this token cannot do that")]
    Unable,
    /// The platform failed before anything was written.
    #[error("platform: {0}")]
    Port(#[from] PortError),
}

impl TokenError {
    /// What a status word means at a step, whatever the family.
    pub(super) fn status(step: Step, status: StatusWord) -> Self {
        match status {
            StatusWord::SPACE => Self::Full,
            StatusWord::NOT_PRESSED => Self::NotTouched(step),
            status => Self::Status { step, status },
        }
    }

    /// Whether the command may have been done in spite of it.
    pub(super) fn is_unsure(self) -> bool {
        match self {
            Self::Status { status, .. } => status.is_unsure(),
            Self::Link(_)
            | Self::NoStatus
            | Self::Oversized(_)
            | Self::Endless
            | Self::Unreadable(_)
            | Self::OtherLayer(_) => true,
            _ => false,
        }
    }
}

/// A closure that says at which step an answer could not be read.
pub(super) fn unreadable(step: Step) -> impl FnOnce(Misshapen) -> TokenError {
    move |_| TokenError::Unreadable(step)
}
