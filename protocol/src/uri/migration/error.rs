//! Why a part, an account of it, or an account to be written is refused.

use crate::otp::Algorithm;
use crate::uri::otpauth::{OtherKind, UriError};

/// Why a part of a transfer is refused. Other parts are as good as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MigrationError {
    /// More than 8 KiB of text, or more than 4 KiB of base64 in it.
    #[error("the transfer has {0} bytes")]
    TooLong(usize),
    /// The scheme is not `otpauth-migration`, or what follows is not `offline`.
    #[error("not a transfer")]
    NotTransfer,
    /// There is no `data`, it is empty, or it stands twice.
    #[error("a transfer without data")]
    NoData,
    /// The data is not base64: something is missing or was changed.
    #[error("not base64")]
    Base64,
    /// The data is not the message that it must be.
    #[error("damaged")]
    Damaged,
    /// More than 100 accounts in one part.
    #[error("more than 100 accounts in a part")]
    TooManyAccounts,
    /// More than 100 parts, or a number of them that is none.
    #[error("a transfer of {0} parts")]
    Parts(i32),
    /// It says that it is a part that such a transfer does not have; counted from 0.
    #[error("part {0} is not one of the transfer")]
    Index(i32),
}

/// Why one account of a part is refused, while the others are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryFault {
    /// Its bytes are not the message that they must be.
    #[error("damaged")]
    Damaged,
    /// A setting that is not served, is out of range, or is missing; as a Key URI with it is refused.
    #[error("{0}")]
    Setting(#[from] UriError),
}

/// Why a transfer cannot hold an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotHold {
    /// Its codes do not live 30 seconds.
    #[error("a period of {0} s")]
    Period(u32),
    /// Its steps are counted from another moment than the beginning of 1970.
    #[error("a start at {0} s")]
    Start(u64),
    /// Its codes have neither 6 nor 8 digits.
    #[error("{0} digits")]
    Digits(u8),
    /// Its hash is none that it has a number for: SHA-224 or SHA-384.
    #[error("the algorithm {0}")]
    Algorithm(Algorithm),
    /// Its codes are of a kind that Google's application does not have.
    #[error("{0}")]
    Kind(OtherKind),
}
