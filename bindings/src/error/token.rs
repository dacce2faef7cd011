//! What goes wrong with hardware tokens, as shells see it.

use countersign_core::app::KeyFault;
use countersign_core::burn;
use countersign_core::burn::assign::AssignError;
use countersign_core::burn::ledger::LedgerError as CoreLedgerError;
use countersign_core::burn::source::{Rule, SourceError};

use super::{CountersignError, InputFault, PortFault};
use crate::record::{Algorithm, BurnEnding, DeclinedToken, Erases, Held, TokenStep};

/// Why a link brought no answer: nothing that the token said, so nobody knows whether it did what it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum LinkError {
    /// The token is gone from the reader, or another was put there.
    #[error("the link to the token is lost")]
    Lost,
    /// It did not answer in time.
    #[error("the token did not answer in time")]
    Late,
    /// The person stopped it.
    #[error("cancelled")]
    Cancelled,
    /// The reader itself failed, or the shell threw something else.
    #[error("the reader does not work")]
    Reader,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for LinkError {
    /// The shell's words are dropped: they may hold what a log must not.
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Reader
    }
}

impl From<LinkError> for burn::LinkError {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Lost => Self::Lost,
            LinkError::Late => Self::Late,
            LinkError::Cancelled => Self::Cancelled,
            LinkError::Reader => Self::Reader,
        }
    }
}

mirror! {
    /// Mirrors [`burn::LinkError`], where it ended a call.
    LinkFault = burn::LinkError {
        /// The token is gone from the reader, or another was put there.
        Lost,
        /// It did not answer in time.
        Late,
        /// The person stopped it.
        Cancelled,
        /// The reader itself failed.
        Reader,
    }
}

/// Mirrors [`burn::TokenError`]. `Link` means that there is no answer, and is never what the token said; `Declined` that it was
/// recognised, and cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[expect(missing_docs, reason = "each case says what its namesake in core says")]
pub enum TokenFault {
    Link { how: LinkFault },
    Status { step: TokenStep, status: u16 },
    WrongKey { left: Option<u8> },
    AccessCode,
    Pin,
    Off,
    NotTouched { step: TokenStep },
    Full,
    Absent { step: TokenStep },
    NoStatus,
    Oversized { bytes: u64 },
    Endless,
    Unreadable { step: TokenStep },
    OtherLayer { status: u16 },
    TooLong { bytes: u64 },
    OtherToken,
    NotKept { step: TokenStep },
    KeyLength { bytes: u64 },
    Unable,
    Port { fault: PortFault },
    Declined { why: DeclinedToken },
}

impl From<burn::TokenError> for TokenFault {
    fn from(fault: burn::TokenError) -> Self {
        use burn::TokenError as Core;
        match fault {
            Core::Link(how) => Self::Link { how: how.into() },
            Core::Status { step, status } => Self::Status { step: step.into(), status: status.0 },
            Core::WrongKey { left } => Self::WrongKey { left },
            Core::AccessCode => Self::AccessCode,
            Core::Pin => Self::Pin,
            Core::Off => Self::Off,
            Core::NotTouched(step) => Self::NotTouched { step: step.into() },
            Core::Full => Self::Full,
            Core::Absent(step) => Self::Absent { step: step.into() },
            Core::NoStatus => Self::NoStatus,
            Core::Oversized(bytes) => Self::Oversized { bytes: bytes as u64 },
            Core::Endless => Self::Endless,
            Core::Unreadable(step) => Self::Unreadable { step: step.into() },
            Core::OtherLayer(status) => Self::OtherLayer { status: status.0 },
            Core::TooLong(long) => Self::TooLong { bytes: long.0 as u64 },
            Core::OtherToken => Self::OtherToken,
            Core::NotKept(step) => Self::NotKept { step: step.into() },
            Core::KeyLength(bytes) => Self::KeyLength { bytes: bytes as u64 },
            Core::Unable => Self::Unable,
            Core::Port(fault) => Self::Port { fault: fault.into() },
        }
    }
}

/// Why a burn is not made, or did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum BurnFault {
    /// The token cannot hold this; everything that does not fit. Nothing was sent.
    Misfits {
        /// What does not fit.
        misfits: Vec<Misfit>,
    },
    /// No model is known whose serial number begins like this one. An expert may insist.
    UnknownModel,
    /// What is asked for belongs to another serial number.
    OtherSerial,
    /// Something is in the place, and nobody agreed that it goes. Nothing was written.
    Taken {
        /// What would go.
        erases: Erases,
    },
    /// It stopped on the way.
    Stopped {
        /// Why.
        fault: TokenFault,
        /// What the token may hold: one, when that is certain.
        holds: Vec<Held>,
    },
    /// All was written, and the token holds something else.
    NotKept {
        /// What it said.
        fault: TokenFault,
    },
    /// It ended like this, and that could not be recorded.
    Unrecorded {
        /// How it ended.
        ending: BurnEnding,
        /// Why it was not recorded.
        fault: PortFault,
    },
}

/// What of a request a token cannot hold. Mirrors [`burn::Misfit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
#[expect(missing_docs, reason = "each case says what its namesake in core says")]
pub enum Misfit {
    Counter,
    CounterStart { counter: u64 },
    Algorithm { algorithm: Algorithm },
    Digits { digits: u8 },
    Period { seconds: u32 },
    Start,
    Seed { bytes: u64 },
    NoName,
    Name { bytes: u64 },
    Characters,
    PeriodInName,
    Touch,
    Profile { profile: u8 },
    Title,
    Display,
}

impl From<burn::Misfit> for Misfit {
    fn from(core: burn::Misfit) -> Self {
        use burn::Misfit as Core;
        match core {
            Core::Counter => Self::Counter,
            Core::CounterStart(counter) => Self::CounterStart { counter },
            Core::Algorithm(algorithm) => Self::Algorithm { algorithm: algorithm.into() },
            Core::Digits(digits) => Self::Digits { digits },
            Core::Period(seconds) => Self::Period { seconds },
            Core::Start => Self::Start,
            Core::Seed(bytes) => Self::Seed { bytes: bytes as u64 },
            Core::NoName => Self::NoName,
            Core::Name(bytes) => Self::Name { bytes: bytes as u64 },
            Core::Characters => Self::Characters,
            Core::PeriodInName => Self::PeriodInName,
            Core::Touch => Self::Touch,
            Core::Profile(profile) => Self::Profile { profile },
            Core::Title => Self::Title,
            Core::Display => Self::Display,
        }
    }
}

/// What is wrong with a file of seeds, or with one that was typed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum SeedFault {
    /// Its seeds are encrypted by a key that both sides agreed on.
    KeyNeeded,
    /// Its seeds are encrypted by a password.
    PasswordNeeded,
    /// The key or the password is another.
    WrongKey,
    /// It may be base32 as well as hexadecimal: the person says which.
    Ambiguous,
    /// Anything else, in words for a log.
    Other {
        /// The rule that is broken.
        rule: String,
    },
}

/// Why no row of a batch goes to a token. Mirrors [`AssignError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
#[expect(missing_docs, reason = "each case says what its namesake in core says")]
pub enum RowFault {
    Burned { line: u64 },
    NoneLeft,
    ForOthers { left: u64 },
    NoRow { line: u64 },
    NotItsRow { line: u64 },
    OtherSource,
}

impl From<burn::TokenError> for CountersignError {
    fn from(fault: burn::TokenError) -> Self {
        Self::Token { fault: fault.into() }
    }
}

impl From<burn::Refusal> for BurnFault {
    fn from(refusal: burn::Refusal) -> Self {
        match refusal {
            burn::Refusal::Misfits(misfits) => {
                Self::Misfits { misfits: misfits.into_iter().map(Misfit::from).collect() }
            }
            burn::Refusal::UnknownModel => Self::UnknownModel,
            burn::Refusal::OtherSerial => Self::OtherSerial,
            burn::Refusal::Taken(erases) => Self::Taken { erases: erases.into() },
        }
    }
}

impl From<burn::PlanError> for CountersignError {
    fn from(error: burn::PlanError) -> Self {
        match error {
            burn::PlanError::Refused(refusal) => Self::Burn { fault: refusal.into() },
            burn::PlanError::Token(fault) => fault.into(),
        }
    }
}

impl From<burn::Stop> for CountersignError {
    fn from(stop: burn::Stop) -> Self {
        let burn::Stop { error, holds } = stop;
        let holds = holds.into_iter().map(Held::from).collect();
        Self::Burn { fault: BurnFault::Stopped { fault: error.into(), holds } }
    }
}

impl From<burn::Halt> for CountersignError {
    fn from(halt: burn::Halt) -> Self {
        match halt {
            burn::Halt::Journal(fault) => fault.into(),
            burn::Halt::Unrecorded(ending, fault) => {
                Self::Burn { fault: BurnFault::Unrecorded { ending: ending.into(), fault: fault.into() } }
            }
            burn::Halt::Stopped(stop) => stop.into(),
            burn::Halt::NotKept(fault) => Self::Burn { fault: BurnFault::NotKept { fault: fault.into() } },
            burn::Halt::Plan(error) => error.into(),
        }
    }
}

impl From<KeyFault> for CountersignError {
    fn from(fault: KeyFault) -> Self {
        match fault {
            KeyFault::Token(fault) => fault.into(),
            KeyFault::Core(error) => error.into(),
        }
    }
}

impl From<SourceError> for CountersignError {
    fn from(error: SourceError) -> Self {
        let fault = match error {
            SourceError::KeyNeeded => SeedFault::KeyNeeded,
            SourceError::PasswordNeeded => SeedFault::PasswordNeeded,
            SourceError::WrongKey => SeedFault::WrongKey,
            other => SeedFault::Other { rule: other.to_string() },
        };
        Self::Input { fault: InputFault::Seed { fault } }
    }
}

impl From<Rule> for CountersignError {
    fn from(rule: Rule) -> Self {
        let fault = match rule {
            Rule::Ambiguous => SeedFault::Ambiguous,
            other => SeedFault::Other { rule: other.to_string() },
        };
        Self::Input { fault: InputFault::Seed { fault } }
    }
}

impl From<AssignError> for CountersignError {
    fn from(error: AssignError) -> Self {
        let fault = match error {
            AssignError::Burned(line) => RowFault::Burned { line: line as u64 },
            AssignError::NoneLeft => RowFault::NoneLeft,
            AssignError::ForOthers(left) => RowFault::ForOthers { left: left as u64 },
            AssignError::NoRow(line) => RowFault::NoRow { line: line as u64 },
            AssignError::NotItsRow(line) => RowFault::NotItsRow { line: line as u64 },
            AssignError::OtherSource => RowFault::OtherSource,
        };
        Self::Input { fault: InputFault::BatchRow { fault } }
    }
}

impl From<CoreLedgerError> for CountersignError {
    fn from(error: CoreLedgerError) -> Self {
        match error {
            CoreLedgerError::Port(fault) => fault.into(),
            other => Self::Input { fault: InputFault::Ledger { rule: other.to_string() } },
        }
    }
}
