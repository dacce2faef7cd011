//! Accounts come in by Google's transfer, and leave by links or by such a transfer, mirrored.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_core::app::{self, Fresh};
use countersign_core::protocol::Secret;
use countersign_core::protocol::uri::migration;
use countersign_core::vault::{self, AccountId};

use crate::record::{Known, NewAccount, OutgoingTransfer, TransferAdded, TransferProgress, TransferRow};
use crate::{CancelHandle, Countersign, CountersignError, caught};

/// One part of a transfer, as it was scanned.
#[derive(uniffi::Object)]
pub struct TransferPart(migration::Part);

impl TransferPart {
    pub(crate) const fn of(part: migration::Part) -> Self {
        Self(part)
    }
}

/// A transfer under way: parts come in any order.
#[derive(Default, uniffi::Object)]
pub struct Transfer(Mutex<migration::Transfer>);

impl Transfer {
    fn read(&self) -> MutexGuard<'_, migration::Transfer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[uniffi::export]
impl Transfer {
    /// One of which nothing was read.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Adds a part. The first one says which transfer it is; one of another transfer changes nothing.
    pub fn add(&self, part: &TransferPart) -> Result<TransferAdded, CountersignError> {
        caught(|| Ok(self.read().add(part.0.clone()).into()))
    }

    /// How much of it was read.
    pub fn progress(&self) -> Result<TransferProgress, CountersignError> {
        caught(|| Ok(TransferProgress::of(&self.read())))
    }
}

/// That the passphrase was typed just now. Good until the vault is locked.
#[derive(uniffi::Object)]
pub struct FreshUnlock(Fresh);

impl FreshUnlock {
    pub(crate) const fn core(&self) -> &Fresh {
        &self.0
    }
}

#[uniffi::export]
impl Countersign {
    /// What each account of a transfer would come to. Nothing is changed.
    pub async fn transfer_rows(&self, transfer: Arc<Transfer>) -> Result<Vec<TransferRow>, CountersignError> {
        let transfer = transfer.read().clone();
        self.blocking(move |app| Ok(rows(app.transfer_rows(&transfer)?))).await
    }

    /// Adds the accounts of a transfer in one step. `partly` says that the person knows that parts are missing.
    pub async fn import_transfer(
        &self,
        transfer: Arc<Transfer>,
        partly: bool,
    ) -> Result<Vec<TransferRow>, CountersignError> {
        let transfer = transfer.read().clone();
        self.blocking(move |app| Ok(rows(app.import_transfer(&transfer, partly)?))).await
    }

    /// Which of these accounts are there already, in their order.
    pub async fn known_accounts(&self, all: Vec<NewAccount>) -> Result<Vec<Known>, CountersignError> {
        let all: Vec<_> = all.into_iter().map(vault::NewAccount::try_from).collect::<Result<_, _>>()?;
        self.blocking(move |app| Ok(app.known_accounts(&all)?.into_iter().map(Known::from).collect())).await
    }

    /// Takes the passphrase for what wants it anew. Takes a key derivation.
    pub async fn prove(
        &self,
        passphrase: Vec<u8>,
        cancel: Arc<CancelHandle>,
    ) -> Result<Arc<FreshUnlock>, CountersignError> {
        let passphrase = Secret::new(passphrase);
        self.blocking(move |app| Ok(Arc::new(FreshUnlock(app.prove(&passphrase, &cancel.token())?)))).await
    }

    /// The link of an account: whoever sees it can make the codes.
    pub async fn export_link(&self, id: u64, fresh: Arc<FreshUnlock>) -> Result<Vec<u8>, CountersignError> {
        self.blocking(move |app| Ok(app.export_link(AccountId(id), &fresh.0)?.as_bytes().to_vec())).await
    }

    /// Accounts as the links of Google's transfer: whoever sees them can make the codes.
    pub async fn export_transfer(
        &self,
        ids: Vec<u64>,
        fresh: Arc<FreshUnlock>,
    ) -> Result<OutgoingTransfer, CountersignError> {
        let ids: Vec<_> = ids.into_iter().map(AccountId).collect();
        self.blocking(move |app| Ok(app.export_transfer(&ids, &fresh.0)?.into())).await
    }
}

fn rows(core: Vec<app::TransferRow>) -> Vec<TransferRow> {
    core.into_iter().map(TransferRow::from).collect()
}
