//! Google's transfer of many accounts: a shell puts its parts together in a [`Transfer`], shows what each account would
//! come to, and has them all taken at once.

use countersign_protocol::uri::migration::{Entry, EntryFault, Transfer};

use super::App;
use crate::error::{Error, InputError};
use crate::vault::{AccountId, Known, NewAccount};

/// One account of a transfer, and what it comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRow {
    /// Who issued it, as shown; may be empty.
    pub issuer: String,
    /// For whom, as shown; may be empty.
    pub name: String,
    /// What it comes to.
    pub state: TransferState,
}

/// What an account of a transfer comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferState {
    /// It would be added.
    New,
    /// It was added.
    Added(AccountId),
    /// It is there already, by kind, seed and settings, whatever its name; nothing is added.
    There(AccountId),
    /// The same stands in this transfer before it.
    Twice,
    /// It cannot be read.
    Unreadable(EntryFault),
    /// The vault does not take it.
    Refused(InputError),
}

impl From<Known> for TransferState {
    fn from(known: Known) -> Self {
        match known {
            Known::No => Self::New,
            Known::There(id) => Self::There(id),
            Known::Twice => Self::Twice,
        }
    }
}

impl From<Result<AccountId, InputError>> for TransferState {
    fn from(added: Result<AccountId, InputError>) -> Self {
        match added {
            Ok(id) => Self::Added(id),
            Err(InputError::Duplicate(id)) => Self::There(AccountId(id)),
            Err(fault) => Self::Refused(fault),
        }
    }
}

impl App {
    /// What each account of a transfer would come to, in their order. Nothing is changed.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn transfer_rows(&self, transfer: &Transfer) -> Result<Vec<TransferRow>, Error> {
        let known = self.known_accounts(&readable(transfer))?;
        Ok(rows(transfer, known.into_iter().map(TransferState::from)))
    }

    /// Adds the accounts of a transfer in one step: after it all are there that can be, or none is. `partly` says that the
    /// person knows that parts are missing.
    ///
    /// # Errors
    /// [`InputError::Unfinished`] where parts are missing and `partly` does not say so; [`InputError::VaultLocked`];
    /// [`PortError`](crate::error::PortError) of the disk, with nothing changed.
    pub fn import_transfer(&self, transfer: &Transfer, partly: bool) -> Result<Vec<TransferRow>, Error> {
        if !partly && !transfer.is_whole() {
            let count = transfer.count();
            return Err(InputError::Unfinished { read: count.read, of: count.of }.into());
        }
        let accounts = readable(transfer);
        let known = self.known_accounts(&accounts)?;
        let added = self.add_accounts(&accounts)?;
        let states = known.into_iter().zip(added).map(|(known, added)| match known {
            Known::Twice => TransferState::Twice,
            _ => TransferState::from(added),
        });
        Ok(rows(transfer, states))
    }
}

/// The accounts that can be read, as the vault takes them.
fn readable(transfer: &Transfer) -> Vec<NewAccount> {
    let read = transfer.entries().filter_map(|entry| entry.account.as_ref().ok());
    read.map(|(account, repairs)| NewAccount::scanned(account, repairs, None)).collect()
}

/// A row for each account; `states` are those of the readable ones.
fn rows(transfer: &Transfer, mut states: impl Iterator<Item = TransferState>) -> Vec<TransferRow> {
    let row = |entry: &Entry| {
        let state = match &entry.account {
            Ok(_) => states.next()?,
            Err(refused) => TransferState::Unreadable(refused.why),
        };
        let (issuer, name) = entry.names();
        Some(TransferRow { issuer: issuer.to_owned(), name: name.to_owned(), state })
    };
    transfer.entries().filter_map(row).collect()
}
