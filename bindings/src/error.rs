//! Errors as shells see them: the same groups by who can act, the same names and numbers, never input.

mod token;

use countersign_core::{error, qr};

pub use token::{BurnFault, LinkError, LinkFault, Misfit, RowFault, SeedFault, TokenFault};

use crate::record::ClosedStatus;

/// Why a call did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum CountersignError {
    /// The person can mend it.
    #[error("input: {fault:?}")]
    Input {
        /// What is wrong.
        fault: InputFault,
    },
    /// The gateway answered, and what it answered ends the call.
    #[error("gateway: {fault:?}")]
    Gateway {
        /// What it did.
        fault: GatewayFault,
    },
    /// The platform failed.
    #[error("platform: {fault:?}")]
    Port {
        /// How.
        fault: PortFault,
    },
    /// A hardware token refused, or its link failed.
    #[error("token: {fault:?}")]
    Token {
        /// How.
        fault: TokenFault,
    },
    /// A burn is not made, or did not come to its end.
    #[error("burn: {fault:?}")]
    Burn {
        /// Why.
        fault: BurnFault,
    },
    /// A fault of ours was caught; the app goes on.
    #[error("internal error")]
    Internal,
}

/// Mirrors [`error::InputError`], with what else a person can mend: a file of seeds or one that was typed, a batch that
/// has no row for a token, a ledger that cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[expect(missing_docs, reason = "each case says what its namesake in core says")]
pub enum InputFault {
    Field { field: String, rule: String },
    Form { rule: String },
    TooMuch { what: String, found: u64, most: u64 },
    WrongPassphrase,
    VaultLocked,
    VaultExists,
    NoVault,
    NotAVault,
    HeaderDamaged,
    NewerVault { found: u32, known: u32 },
    Slot { rule: String },
    LastPassphrase,
    SheetLine { line: u8 },
    WrongSheet,
    Duplicate { account: u64 },
    NotFound,
    SameName,
    Bound,
    NoLink,
    Unfinished { read: u64, of: u64 },
    OtherPhone,
    Damaged { account: u64 },
    NewerLink,
    Ended { how: ClosedStatus },
    DigitsAsked { digits: u8 },
    DecidedMeanwhile,
    WrongKind { rule: String },
    Seed { fault: SeedFault },
    BatchRow { fault: RowFault },
    Ledger { rule: String },
}

/// Mirrors [`error::GatewayError`].
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
#[expect(missing_docs, reason = "each case says what its namesake in core says")]
pub enum GatewayFault {
    Status { status: u16 },
    ForeignCode,
    Clock,
    CodeUsed,
    CodeExpired,
    ForeignReceipt,
    Policy { why: String },
    WrongDigits { left: u8 },
    NoAnswerCodes,
    Version,
    DeviceRefused,
    Gone,
    MetadataExpired,
    Busy { seconds: Option<u64> },
    Malformed { rule: String },
    Refused { reason: String },
}

/// Mirrors [`error::PortError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
#[expect(missing_docs, reason = "each case says what its namesake in core says")]
pub enum PortFault {
    Cancelled,
    Interrupted,
    Unavailable,
    Locked,
    DiskFull,
    Denied,
    Disk,
    Busy,
    Memory,
    Network,
    Timeout,
    Tls,
    TooLarge,
    UserRefused,
    KeyGone,
    Failed,
}

/// What a port written by the shell may throw.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ShellError {
    /// It could not do it, for a reason that has a name.
    #[error("{fault:?}")]
    Port {
        /// The reason.
        fault: PortFault,
    },
    /// It threw something else.
    #[error("the shell threw")]
    Thrown,
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ShellError {
    /// The shell's words are dropped: they may hold what a log must not.
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Thrown
    }
}

impl From<ShellError> for error::PortError {
    fn from(error: ShellError) -> Self {
        match error {
            ShellError::Port { fault } => fault.into(),
            ShellError::Thrown => Self::Failed,
        }
    }
}

impl From<error::Error> for CountersignError {
    fn from(error: error::Error) -> Self {
        match error {
            error::Error::Input(fault) => fault.into(),
            error::Error::Gateway(fault) => Self::Gateway { fault: fault.into() },
            error::Error::Port(fault) => fault.into(),
            error::Error::Internal => Self::Internal,
        }
    }
}

impl From<error::InputError> for CountersignError {
    fn from(fault: error::InputError) -> Self {
        Self::Input { fault: fault.into() }
    }
}

impl From<error::PortError> for CountersignError {
    fn from(fault: error::PortError) -> Self {
        Self::Port { fault: fault.into() }
    }
}

impl From<qr::ScanError> for CountersignError {
    fn from(fault: qr::ScanError) -> Self {
        match fault {
            qr::ScanError::Busy => error::PortError::Busy.into(),
            qr::ScanError::TimedOut => error::PortError::Timeout.into(),
            qr::ScanError::NoThread => error::PortError::Memory.into(),
            qr::ScanError::Picture(fault) => refused_picture(&fault),
        }
    }
}

impl From<qr::LumaError> for CountersignError {
    fn from(fault: qr::LumaError) -> Self {
        refused_picture(&fault)
    }
}

fn refused_picture(fault: &dyn std::error::Error) -> CountersignError {
    let field = error::Named::Picture.to_string();
    CountersignError::Input { fault: InputFault::Field { field, rule: fault.to_string() } }
}

impl From<error::InputError> for InputFault {
    fn from(fault: error::InputError) -> Self {
        use error::InputError as Core;
        match fault {
            Core::Field { field, rule } => Self::Field { field: field.to_string(), rule: rule.to_string() },
            Core::Form(fault) => Self::Form { rule: fault.to_string() },
            Core::TooMuch { what, found, most } => Self::TooMuch { what: what.to_string(), found, most },
            Core::WrongPassphrase => Self::WrongPassphrase,
            Core::VaultLocked => Self::VaultLocked,
            Core::VaultExists => Self::VaultExists,
            Core::NoVault => Self::NoVault,
            Core::NotAVault => Self::NotAVault,
            Core::HeaderDamaged => Self::HeaderDamaged,
            Core::NewerVault { found, known } => Self::NewerVault { found, known },
            Core::Slot(rule) => Self::Slot { rule: rule.to_owned() },
            Core::LastPassphrase => Self::LastPassphrase,
            Core::SheetLine(line) => Self::SheetLine { line },
            Core::WrongSheet => Self::WrongSheet,
            Core::Duplicate(account) => Self::Duplicate { account },
            Core::NotFound => Self::NotFound,
            Core::SameName => Self::SameName,
            Core::Bound => Self::Bound,
            Core::NoLink => Self::NoLink,
            Core::Unfinished { read, of } => Self::Unfinished { read: read as u64, of: of as u64 },
            Core::OtherPhone => Self::OtherPhone,
            Core::Damaged(account) => Self::Damaged { account },
            Core::NewerLink => Self::NewerLink,
            Core::Ended(how) => Self::Ended { how: how.into() },
            Core::DigitsAsked(digits) => Self::DigitsAsked { digits },
            Core::DecidedMeanwhile => Self::DecidedMeanwhile,
            Core::WrongKind(rule) => Self::WrongKind { rule: rule.to_owned() },
        }
    }
}

impl From<error::GatewayError> for GatewayFault {
    fn from(fault: error::GatewayError) -> Self {
        use error::GatewayError as Core;
        match fault {
            Core::Status(status) => Self::Status { status },
            Core::ForeignCode => Self::ForeignCode,
            Core::Clock => Self::Clock,
            Core::CodeUsed => Self::CodeUsed,
            Core::CodeExpired => Self::CodeExpired,
            Core::ForeignReceipt => Self::ForeignReceipt,
            Core::Policy(why) => Self::Policy { why: why.to_string() },
            Core::WrongDigits(left) => Self::WrongDigits { left: left.get() },
            Core::NoAnswerCodes => Self::NoAnswerCodes,
            Core::Version => Self::Version,
            Core::DeviceRefused => Self::DeviceRefused,
            Core::Gone => Self::Gone,
            Core::MetadataExpired => Self::MetadataExpired,
            Core::Busy(seconds) => Self::Busy { seconds },
            Core::Malformed(fault) => Self::Malformed { rule: fault.to_string() },
            Core::Refused(fault) => Self::Refused { reason: fault.to_string() },
        }
    }
}

/// The same names on both sides, each way; a new case fails to compile until it is here.
macro_rules! same_names {
    ($($name:ident),* $(,)?) => {
        impl From<error::PortError> for PortFault {
            fn from(fault: error::PortError) -> Self {
                match fault { $(error::PortError::$name => Self::$name,)* }
            }
        }

        impl From<PortFault> for error::PortError {
            fn from(fault: PortFault) -> Self {
                match fault { $(PortFault::$name => Self::$name,)* }
            }
        }
    };
}

same_names!(
    Cancelled,
    Interrupted,
    Unavailable,
    Locked,
    DiskFull,
    Denied,
    Disk,
    Busy,
    Memory,
    Network,
    Timeout,
    Tls,
    TooLarge,
    UserRefused,
    KeyGone,
    Failed,
);
