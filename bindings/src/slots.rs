//! The ways into the vault, when it locks itself, and its end, mirrored.

use std::sync::Arc;

use countersign_core::app::App;
use countersign_core::error::InputError;
use countersign_core::protocol::Secret;
use countersign_core::vault::{AccountId, Sheet, SlotId};

use crate::record::{AutoLock, DeviceClass, NewSheet, SlotRow};
use crate::{CancelHandle, Countersign, CountersignError, caught};

#[uniffi::export]
impl Countersign {
    /// All ways into the unlocked vault.
    pub async fn slots(&self) -> Result<Vec<SlotRow>, CountersignError> {
        self.blocking(|app| Ok(app.slots()?.into_iter().map(SlotRow::from).collect())).await
    }

    /// Lets another passphrase open the vault too; the number of its slot. Takes a key derivation.
    pub async fn add_passphrase(
        &self,
        passphrase: Vec<u8>,
        name: String,
        device: DeviceClass,
        cancel: Arc<CancelHandle>,
    ) -> Result<u32, CountersignError> {
        let passphrase = Secret::new(passphrase);
        self.blocking(move |app| Ok(app.add_passphrase(&passphrase, &name, device.into(), &cancel.token())?.number()))
            .await
    }

    /// Makes a recovery sheet that opens the vault: told this once, to be printed.
    pub async fn add_sheet(&self, name: String) -> Result<NewSheet, CountersignError> {
        self.blocking(move |app| Ok(app.add_sheet(&name)?.into())).await
    }

    /// Gives a slot another name; an empty one takes its name away.
    pub async fn name_slot(&self, id: u32, name: String) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.name_slot(SlotId::of(id), &name)?)).await
    }

    /// Removes a slot. The last one of a passphrase stays.
    pub async fn remove_slot(&self, id: u32) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.remove_slot(SlotId::of(id))?)).await
    }

    /// Unlocks by a recovery sheet, as typed or as its QR has it.
    pub async fn unlock_by_sheet(&self, sheet: Vec<u8>, cancel: Arc<CancelHandle>) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.unlock_by_sheet(&read_sheet(sheet)?, &cancel.token())?)).await
    }

    /// Puts a new passphrase in the place of all that were forgotten, in the vault that the sheet has unlocked.
    pub async fn replace_passphrase(
        &self,
        sheet: Vec<u8>,
        new: Vec<u8>,
        device: DeviceClass,
        cancel: Arc<CancelHandle>,
    ) -> Result<(), CountersignError> {
        let new = Secret::new(new);
        let replace =
            move |app: &App| Ok(app.replace_passphrase(&read_sheet(sheet)?, &new, device.into(), &cancel.token())?);
        self.blocking(replace).await
    }

    /// Whether the unlocked vault is hidden: another passphrase shows a decoy in its place.
    pub async fn has_decoy(&self) -> Result<bool, CountersignError> {
        self.blocking(|app| Ok(app.has_decoy()?)).await
    }

    /// Hides the unlocked vault beneath a decoy with copies of the accounts `keep`. Takes four key derivations.
    pub async fn set_up_decoy(
        &self,
        passphrase: Vec<u8>,
        decoy: Vec<u8>,
        keep: Vec<u64>,
        device: DeviceClass,
        cancel: Arc<CancelHandle>,
    ) -> Result<(), CountersignError> {
        let (passphrase, decoy) = (Secret::new(passphrase), Secret::new(decoy));
        let keep: Vec<AccountId> = keep.into_iter().map(AccountId).collect();
        let set_up =
            move |app: &App| Ok(app.set_up_decoy(&passphrase, &decoy, &keep, device.into(), &cancel.token())?);
        self.blocking(set_up).await
    }

    /// Ends the decoy of the unlocked, hidden vault. Takes two key derivations.
    pub async fn end_decoy(
        &self,
        passphrase: Vec<u8>,
        device: DeviceClass,
        cancel: Arc<CancelHandle>,
    ) -> Result<(), CountersignError> {
        let passphrase = Secret::new(passphrase);
        self.blocking(move |app| Ok(app.end_decoy(&passphrase, device.into(), &cancel.token())?)).await
    }

    /// Whether the passphrase should be typed again, lest it is forgotten. To be asked after an unlock.
    pub async fn is_passphrase_due(&self) -> Result<bool, CountersignError> {
        self.blocking(|app| Ok(app.is_passphrase_due()?)).await
    }

    /// When the unlocked vault locks itself.
    pub async fn auto_lock(&self) -> Result<AutoLock, CountersignError> {
        self.blocking(|app| Ok(app.auto_lock()?.into())).await
    }

    /// Changes when the vault locks itself.
    pub async fn set_auto_lock(&self, rule: AutoLock) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.set_auto_lock(rule.into())?)).await
    }

    /// The person touched the app: the time until it locks itself begins anew.
    pub fn touched(&self) -> Result<(), CountersignError> {
        caught(|| {
            self.app.touched();
            Ok(())
        })
    }

    /// In how many milliseconds to call `lock_if_due`, if nobody touches the app; none where time does not lock it.
    pub async fn lock_due(&self) -> Result<Option<u64>, CountersignError> {
        self.blocking(|app| Ok(app.lock_due().map(|left| u64::try_from(left.as_millis()).unwrap_or(u64::MAX)))).await
    }

    /// Locks the vault where it is time to; whether it did.
    pub async fn lock_if_due(&self) -> Result<bool, CountersignError> {
        self.blocking(|app| Ok(app.lock_if_due())).await
    }

    /// The person went to another app. Locks the vault where its rule says so; whether it did.
    pub async fn left(&self) -> Result<bool, CountersignError> {
        self.blocking(|app| Ok(app.left())).await
    }

    /// The screen went off. Locks the vault where its rule says so; whether it did.
    pub async fn screen_off(&self) -> Result<bool, CountersignError> {
        self.blocking(|app| Ok(app.screen_off())).await
    }

    /// Erases the vault with every copy of it, for good. Enrolments stay.
    pub async fn erase_vault(&self) -> Result<(), CountersignError> {
        self.blocking(|app| Ok(app.erase_vault()?)).await
    }
}

fn read_sheet(typed: Vec<u8>) -> Result<Sheet, CountersignError> {
    let typed = Secret::new(typed);
    // Exposed to be read.
    let text = std::str::from_utf8(typed.expose()).map_err(|_| InputError::SheetLine(1))?;
    Ok(Sheet::read(text)?)
}
