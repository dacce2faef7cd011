//! What an unlock found wrong, in words a shell can turn into a sentence.

use std::path::PathBuf;

use super::account::{AccountId, DamagedAccount};

/// One thing that was found damaged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// The file's structure. It was built anew from its pieces; accounts that were lost are named apart.
    Structure,
    /// The header, or one of its two copies. Mended, where the vault key could tell the right one.
    Header,
    /// The summary: it cannot be told whether accounts are missing. It was made anew.
    Summary,
    /// This account cannot be read. It was left as it is.
    Account(Box<DamagedAccount>),
    /// The note of this account cannot be read; its codes can.
    Note(AccountId),
    /// This account is an older version of itself.
    RolledBack(AccountId),
    /// So many accounts are gone; which, where it can be told.
    Missing {
        /// The one account that is gone.
        id: Option<AccountId>,
        /// How many are.
        count: u64,
    },
    /// This account was deleted and is there again.
    Surplus(AccountId),
    /// A group, or the list of groups: its name cannot be read, or is not what was last written.
    Groups,
    /// An icon cannot be read, or is not what was last written.
    Icons,
    /// What is kept of hardware tokens: a burn, a row of the ledger, a key or a row of a batch cannot be read, is gone, or is
    /// not what was last written.
    Tokens,
    /// The accounts are not those that were last written, and it cannot be told which differ.
    Unexplained,
}

/// What the last unlock found wrong, and where it kept a copy of the file as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Each thing found; empty where all is well.
    pub damage: Vec<Damage>,
    /// The copy of the damaged file. `None` where nothing was damaged, or no copy could be made: then
    /// nothing was mended either.
    pub kept: Option<PathBuf>,
}
