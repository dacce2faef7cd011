//! What a person wants a token to hold.

use countersign_protocol::Secret;

use super::credential::Credential;

/// How long a display stays on after its button.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DisplayTime {
    /// 15 seconds.
    Fifteen,
    /// 30 seconds, as tokens come.
    #[default]
    Thirty,
    /// 60 seconds.
    Sixty,
    /// 120 seconds.
    TwoMinutes,
}

impl DisplayTime {
    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Fifteen => 0,
            Self::Thirty => 1,
            Self::Sixty => 2,
            Self::TwoMinutes => 3,
        }
    }
}

/// One burn as a person asks for it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Seed, settings, and whose it is.
    pub credential: Credential,
    /// Which profile of a token that has many; 0 is the first.
    pub profile: u8,
    /// What the display calls it, of tokens that show titles; the issuer when nothing is given.
    pub title: Option<String>,
    /// How long the display stays on.
    pub display: DisplayTime,
    /// Whether each code wants a touch.
    pub touch: bool,
    /// Whether the person agreed that what is in its place goes.
    pub replace: bool,
    /// Whether the person insists on writing to a model that nobody knows.
    pub expert: bool,
}

impl Request {
    /// The usual: the first profile, no touch, nothing replaced.
    pub fn new(credential: Credential) -> Self {
        Self {
            credential,
            profile: 0,
            title: None,
            display: DisplayTime::default(),
            touch: false,
            replace: false,
            expert: false,
        }
    }
}

/// The key that is proven to a token before it takes anything.
///
/// Candidates are never tried in turn: a token may count, and lock for good.
#[derive(Debug, Clone, Default)]
pub enum KeyProfile {
    /// What its maker puts in, by the family: Token2's published key of single-profile tokens, `TOKEN2MOLTO1-KEY` of
    /// Molto-2. Keys with applets have no access code from their makers.
    #[default]
    Vendor,
    /// The owner's. A single-profile token's has 16 bytes; a Molto-2's customer key has any length and is not trimmed; of
    /// YKOATH it is the access code as it is typed.
    Own(Secret),
}

impl KeyProfile {
    /// The name of a maker's key, for lists.
    pub const fn vendor_name(family: super::Family) -> Option<&'static str> {
        match family {
            super::Family::Single => Some("token2-single-profile"),
            super::Family::Molto2 => Some("token2-molto2"),
            _ => None,
        }
    }
}
