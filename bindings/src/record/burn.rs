//! Burning a token: what would be done, how far it got, how it ended, mirrored.

use countersign_core::app;
use countersign_core::burn;
use countersign_core::error::{InputError, Named, Rule};
use countersign_core::protocol::otp::Counter;

use super::{BatchLine, TokenIdentity, TokenName, TokenStep};
use crate::error::TokenFault;

mirror! {
    /// How long a display stays on after its button.
    DisplayTime = burn::DisplayTime {
        /// 15 seconds.
        Fifteen,
        /// 30 seconds, as tokens come.
        Thirty,
        /// 60 seconds.
        Sixty,
        /// 120 seconds.
        TwoMinutes,
    }
}

/// What is asked for beside the seed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BurnSettings {
    /// Which profile of a token that has many; 0 is the first.
    #[uniffi(default = 0)]
    pub profile: u8,
    /// What the display calls it, of tokens that show titles; the issuer where nothing is given.
    #[uniffi(default = None)]
    pub title: Option<String>,
    /// How long the display stays on; as tokens come where nothing is given.
    #[uniffi(default = None)]
    pub display: Option<DisplayTime>,
    /// Whether each code wants a touch.
    #[uniffi(default = false)]
    pub touch: bool,
    /// Whether the person agreed that what is in its place goes, or will be asked when the plan is shown.
    #[uniffi(default = false)]
    pub replace: bool,
    /// Whether the person insists on writing to a model that nobody knows.
    #[uniffi(default = false)]
    pub expert: bool,
}

impl BurnSettings {
    /// What is asked of a token, with the seed.
    pub(crate) fn request(self, credential: burn::Credential) -> burn::Request {
        let Self { profile, title, display, touch, replace, expert } = self;
        let display = display.map(burn::DisplayTime::from).unwrap_or_default();
        burn::Request { credential, profile, title, display, touch, replace, expert }
    }
}

/// A plan as it is shown before anything is written.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct PlanRow {
    /// The token.
    pub identity: TokenIdentity,
    /// The profile that is written, of a token that has many.
    pub profile: Option<u8>,
    /// What goes away.
    pub erases: Erases,
    /// The title or name that the token stores; empty where it stores none.
    pub label: String,
    /// Who issued what it is to hold; may be empty.
    pub issuer: String,
    /// For whom; may be empty.
    pub name: String,
    /// What else a person should know.
    pub notes: Vec<PlanNote>,
}

impl From<&burn::Plan> for PlanRow {
    fn from(core: &burn::Plan) -> Self {
        let credential = &core.request().credential;
        Self {
            identity: core.identity().into(),
            profile: core.profile(),
            erases: core.erases().clone().into(),
            label: core.label(),
            issuer: credential.issuer.clone(),
            name: credential.name.clone(),
            notes: core.notes().iter().copied().map(PlanNote::from).collect(),
        }
    }
}

/// What a burn takes away.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Erases {
    /// Nothing.
    Nothing,
    /// Whatever the token holds: it has one seed, and does not tell whether.
    Whole,
    /// A profile's seed and title.
    Profile {
        /// Its number; 0 is the first.
        number: u8,
        /// Its title.
        title: String,
    },
    /// The entry of this name.
    Entry {
        /// The name.
        name: String,
    },
    /// Nobody knows before the token lies there.
    Unknown,
}

impl From<burn::Erases> for Erases {
    fn from(core: burn::Erases) -> Self {
        match core {
            burn::Erases::Nothing => Self::Nothing,
            burn::Erases::Whole => Self::Whole,
            burn::Erases::Profile { number, title } => Self::Profile { number, title },
            burn::Erases::Entry(name) => Self::Entry { name },
            burn::Erases::Unknown => Self::Unknown,
        }
    }
}

/// What else a person should know before. Mirrors [`burn::Note`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
#[expect(missing_docs, reason = "each case says what its namesake in core says")]
pub enum PlanNote {
    Extended { bytes: u64 },
    Hashed,
    NoLabel,
    PublicTitle,
    Overheard,
    SwitchOff,
    Experimental,
    UnknownModel,
    BlankBetween,
    TouchToWrite,
    CounterMoves,
}

impl From<burn::Note> for PlanNote {
    fn from(core: burn::Note) -> Self {
        use burn::Note as Core;
        match core {
            Core::Extended(bytes) => Self::Extended { bytes: bytes as u64 },
            Core::Hashed => Self::Hashed,
            Core::NoLabel => Self::NoLabel,
            Core::PublicTitle => Self::PublicTitle,
            Core::Overheard => Self::Overheard,
            Core::SwitchOff => Self::SwitchOff,
            Core::Experimental => Self::Experimental,
            Core::UnknownModel => Self::UnknownModel,
            Core::BlankBetween => Self::BlankBetween,
            Core::TouchToWrite => Self::TouchToWrite,
            Core::CounterMoves => Self::CounterMoves,
        }
    }
}

/// How a burn ended.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum BurnEnding {
    /// The token proved over the link that it holds the seed.
    ProvenByLink,
    /// A person compared codes.
    ProvenByPerson,
    /// The token proved it over the link by a code of its counter.
    CountedByLink {
        /// The next code is made from this one.
        counter: u64,
    },
    /// A person compared a code of its counter.
    CountedByPerson {
        /// The next code is made from this one.
        counter: u64,
    },
    /// The seed is right, and the token's clock is ahead.
    ClockOff {
        /// By so many seconds.
        seconds: i64,
    },
    /// Written, not proven.
    Written {
        /// Why it could not be read back, where that was tried.
        fault: Option<TokenFault>,
    },
    /// The display showed other codes.
    Failed,
    /// Nothing was written.
    NotWritten,
}

impl From<burn::Ending> for BurnEnding {
    fn from(core: burn::Ending) -> Self {
        match core {
            burn::Ending::ProvenByLink => Self::ProvenByLink,
            burn::Ending::ProvenByPerson => Self::ProvenByPerson,
            burn::Ending::CountedByLink(next) => Self::CountedByLink { counter: next.get() },
            burn::Ending::CountedByPerson(next) => Self::CountedByPerson { counter: next.get() },
            burn::Ending::ClockOff(seconds) => Self::ClockOff { seconds },
            burn::Ending::Written(fault) => Self::Written { fault: fault.map(TokenFault::from) },
            burn::Ending::Failed => Self::Failed,
            burn::Ending::NotWritten => Self::NotWritten,
        }
    }
}

impl TryFrom<BurnEnding> for burn::Ending {
    type Error = InputError;

    fn try_from(shell: BurnEnding) -> Result<Self, InputError> {
        let at = |counter: u64| {
            Counter::try_from(counter).map_err(|_| InputError::Field { field: Named::Counter, rule: Rule::Range })
        };
        Ok(match shell {
            BurnEnding::ProvenByLink => Self::ProvenByLink,
            BurnEnding::ProvenByPerson => Self::ProvenByPerson,
            BurnEnding::CountedByLink { counter } => Self::CountedByLink(at(counter)?),
            BurnEnding::CountedByPerson { counter } => Self::CountedByPerson(at(counter)?),
            BurnEnding::ClockOff { seconds } => Self::ClockOff(seconds),
            // Why it could not be read back is told once, and kept nowhere.
            BurnEnding::Written { fault: _ } => Self::Written(None),
            BurnEnding::Failed => Self::Failed,
            BurnEnding::NotWritten => Self::NotWritten,
        })
    }
}

mirror! {
    /// What the place that is written holds.
    Held = burn::Held {
        /// What it held before.
        Before,
        /// The seed of before under the new settings.
        Mixed,
        /// Nothing: the old seed is gone, the new one is not there.
        Nothing,
        /// The new seed, with its settings.
        New,
    }
}

/// How far a burn got.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum BurnProgress {
    /// It began.
    Begun {
        /// What the token answered, as far as it was noted.
        steps: Vec<TokenStep>,
    },
    /// It came to an end.
    Ended {
        /// Which.
        ending: BurnEnding,
    },
}

impl From<burn::Progress> for BurnProgress {
    fn from(core: burn::Progress) -> Self {
        match core {
            burn::Progress::Begun(steps) => Self::Begun { steps: steps.into_iter().map(TokenStep::from).collect() },
            burn::Progress::Ended(ending) => Self::Ended { ending: ending.into() },
        }
    }
}

/// A burn as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BurnRow {
    /// The token.
    pub token: TokenName,
    /// Its model, where it is known.
    pub model: Option<String>,
    /// The profile, of a token that has many.
    pub profile: u8,
    /// Who issued what it was to hold; may be empty.
    pub issuer: String,
    /// For whom; may be empty.
    pub name: String,
    /// When it began, in Unix time.
    pub began: u64,
    /// How far it got.
    pub progress: BurnProgress,
    /// The row of a batch that it is for.
    pub from: Option<BatchLine>,
}

impl From<app::BurnRow> for BurnRow {
    fn from(core: app::BurnRow) -> Self {
        let app::BurnRow { token, model, profile, issuer, name, began, progress, from } = core;
        let (token, progress, from) = (token.into(), progress.into(), from.map(BatchLine::from));
        Self { token, model, profile, issuer, name, began, progress, from }
    }
}

/// The codes that a token's display must show around this moment. It has no `Debug`: no log shall hold them.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct TokenCodes {
    /// The code of the step before.
    pub before: String,
    /// The code of this step.
    pub now: String,
    /// The code of the next step.
    pub next: String,
    /// In how many seconds the next step begins.
    pub next_in: u64,
}

impl From<burn::Comparison> for TokenCodes {
    fn from(core: burn::Comparison) -> Self {
        let burn::Comparison { before, now, next, next_in } = core;
        Self { before: before.to_string(), now: now.to_string(), next: next.to_string(), next_in }
    }
}

/// What the digits that a person read off a display say of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Judgement {
    /// It holds the seed.
    Match,
    /// It holds the seed, by a code of its counter.
    Counted {
        /// The next code is made from this one.
        counter: u64,
    },
    /// It holds the seed, and its clock is ahead.
    ClockOff {
        /// By so many seconds.
        seconds: i64,
    },
    /// These are not its digits.
    WrongSeed,
}

impl From<burn::Judgement> for Judgement {
    fn from(core: burn::Judgement) -> Self {
        match core {
            burn::Judgement::Match => Self::Match,
            burn::Judgement::Counted(next) => Self::Counted { counter: next.get() },
            burn::Judgement::ClockOff(seconds) => Self::ClockOff { seconds },
            burn::Judgement::WrongSeed => Self::WrongSeed,
        }
    }
}

/// What came of comparing codes.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Concluded {
    /// How the burn ends.
    pub ending: BurnEnding,
    /// What the digits say; none where they were no whole code.
    pub judgement: Option<Judgement>,
}

impl From<(burn::Ending, Option<burn::Judgement>)> for Concluded {
    fn from((ending, judgement): (burn::Ending, Option<burn::Judgement>)) -> Self {
        Self { ending: ending.into(), judgement: judgement.map(Judgement::from) }
    }
}
