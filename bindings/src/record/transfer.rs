//! Transfers of many accounts, in and out, mirrored.

use countersign_core::app;
use countersign_core::protocol::uri::migration;
use countersign_core::vault;

use super::AccountRow;
use crate::error::InputFault;

/// What a part added to a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TransferAdded {
    /// Its accounts.
    Accounts,
    /// Nothing: it was read before.
    Nothing,
    /// Nothing: it is of another transfer.
    Other {
        /// Which part of that, counted from 1.
        part: u64,
        /// How many parts that has.
        of: u64,
    },
}

impl From<Result<migration::Added, migration::OtherTransfer>> for TransferAdded {
    fn from(core: Result<migration::Added, migration::OtherTransfer>) -> Self {
        match core {
            Ok(migration::Added::Accounts) => Self::Accounts,
            Ok(migration::Added::Nothing) => Self::Nothing,
            Err(migration::OtherTransfer { ours: _, part, of }) => Self::Other { part: part as u64, of: of as u64 },
        }
    }
}

/// How much of a transfer was read.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TransferProgress {
    /// Whether each part was read, in their order; none before the first one.
    pub parts: Vec<bool>,
    /// How many accounts were read.
    pub accounts: u64,
    /// How many there may be in all.
    pub expected: u64,
    /// Whether all parts were read.
    pub is_whole: bool,
}

impl TransferProgress {
    pub(crate) fn of(core: &migration::Transfer) -> Self {
        Self {
            parts: core.parts().collect(),
            accounts: core.entries().count() as u64,
            expected: core.expected() as u64,
            is_whole: core.is_whole(),
        }
    }
}

/// One account of a transfer, and what it comes to.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TransferRow {
    /// Who issued it; may be empty.
    pub issuer: String,
    /// For whom; may be empty.
    pub name: String,
    /// What it comes to.
    pub state: TransferState,
}

impl From<app::TransferRow> for TransferRow {
    fn from(core: app::TransferRow) -> Self {
        let app::TransferRow { issuer, name, state } = core;
        Self { issuer, name, state: state.into() }
    }
}

/// What an account of a transfer comes to.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum TransferState {
    /// It would be added.
    New,
    /// It was added.
    Added {
        /// Which account.
        id: u64,
    },
    /// It is there already; nothing is added.
    There {
        /// Which account.
        id: u64,
    },
    /// The same stands in this transfer before it.
    Twice,
    /// It cannot be read.
    Unreadable {
        /// Why, by names and numbers.
        why: String,
    },
    /// The vault does not take it.
    Refused {
        /// Why.
        fault: InputFault,
    },
}

impl From<app::TransferState> for TransferState {
    fn from(core: app::TransferState) -> Self {
        match core {
            app::TransferState::New => Self::New,
            app::TransferState::Added(id) => Self::Added { id: id.0 },
            app::TransferState::There(id) => Self::There { id: id.0 },
            app::TransferState::Twice => Self::Twice,
            app::TransferState::Unreadable(why) => Self::Unreadable { why: why.to_string() },
            app::TransferState::Refused(fault) => Self::Refused { fault: fault.into() },
        }
    }
}

/// Whether an account is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Known {
    /// It is not.
    No,
    /// It is, whatever its name.
    There {
        /// Which account.
        id: u64,
    },
    /// The same stands before it among those that were asked about.
    Twice,
}

impl From<vault::Known> for Known {
    fn from(core: vault::Known) -> Self {
        match core {
            vault::Known::No => Self::No,
            vault::Known::There(id) => Self::There { id: id.0 },
            vault::Known::Twice => Self::Twice,
        }
    }
}

/// Accounts as the links of one transfer.
#[derive(Clone, uniffi::Record)]
pub struct OutgoingTransfer {
    /// The links, in their order: each holds seeds.
    pub links: Vec<Vec<u8>>,
    /// What is in them.
    pub held: Vec<AccountRow>,
    /// What is not, and why.
    pub left: Vec<LeftOut>,
}

impl From<app::Outgoing> for OutgoingTransfer {
    fn from(core: app::Outgoing) -> Self {
        let app::Outgoing { links, held, left } = core;
        let left = left.into_iter().map(|(account, why)| LeftOut { account: (&*account).into(), why: why.into() });
        Self {
            links: links.iter().map(|link| link.as_bytes().to_vec()).collect(),
            held: held.iter().map(|account| AccountRow::from(&**account)).collect(),
            left: left.collect(),
        }
    }
}

/// An account that is not in a transfer.
#[derive(Clone, uniffi::Record)]
pub struct LeftOut {
    /// The account.
    pub account: AccountRow,
    /// Why.
    pub why: NotHeld,
}

/// Why an account is not in a transfer.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum NotHeld {
    /// Its codes do not live thirty seconds.
    Period {
        /// How long they live.
        seconds: u32,
    },
    /// Its steps are counted from another moment than the beginning of 1970.
    Start {
        /// From which.
        at: u64,
    },
    /// Its codes have neither six nor eight digits.
    Digits {
        /// How many they have.
        digits: u8,
    },
    /// Its hash is none that Google's application has: SHA-224 or SHA-384.
    Algorithm {
        /// Which.
        name: String,
    },
    /// Its codes are of a kind that Google's application does not have.
    Kind {
        /// Which.
        name: String,
    },
    /// It may not leave, or cannot be read.
    Account {
        /// Why.
        fault: InputFault,
    },
}

impl From<app::NotHeld> for NotHeld {
    fn from(core: app::NotHeld) -> Self {
        use migration::CannotHold;
        match core {
            app::NotHeld::Form(CannotHold::Period(seconds)) => Self::Period { seconds },
            app::NotHeld::Form(CannotHold::Start(at)) => Self::Start { at },
            app::NotHeld::Form(CannotHold::Digits(digits)) => Self::Digits { digits },
            app::NotHeld::Form(CannotHold::Algorithm(hash)) => Self::Algorithm { name: hash.to_string() },
            app::NotHeld::Form(CannotHold::Kind(kind)) => Self::Kind { name: kind.to_string() },
            app::NotHeld::Account(fault) => Self::Account { fault: fault.into() },
        }
    }
}
