//! A decoy: what another passphrase shows in the place of the vault.

use countersign_protocol::Secret;

use super::{App, lock};
use crate::cancel::Cancel;
use crate::error::Error;
#[cfg(doc)]
use crate::error::{InputError, PortError};
use crate::port::Topic;
#[cfg(doc)]
use crate::vault::Vault;
use crate::vault::{AccountId, Decoy, DeviceClass, Lifted};

impl App {
    /// Whether the unlocked vault is hidden: another passphrase shows a decoy in its place.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn has_decoy(&self) -> Result<bool, Error> {
        self.state()?.safe.vault()?.is_hidden()
    }

    /// Hides the unlocked vault, which `passphrase` opens as before, beneath a decoy that `decoy` opens: a new vault with copies
    /// of the accounts `keep`. Every other way in is gone, and a hidden vault that may lie beneath already. Nothing but the
    /// hidden vault's passphrase tells that there is one. Takes four key derivations.
    ///
    /// # Errors
    /// [`InputError::WrongPassphrase`]; [`InputError::Field`] where both are the same; as [`Vault::hide`]: then nothing has
    /// changed.
    pub fn set_up_decoy(
        &self,
        passphrase: &Secret,
        decoy: &Secret,
        keep: &[AccountId],
        class: DeviceClass,
        cancel: &Cancel,
    ) -> Result<(), Error> {
        let (key, lockbox) = self.key_and_lockbox()?;
        lockbox.open_again(&key, passphrase)?;
        cancel.check()?;
        let decoy = Decoy::prepare(passphrase, decoy, self.fitting_cost(class)?, &*self.ports.random)?;
        cancel.check()?;
        self.state()?.safe.vault()?.hide(&decoy, keep)?;
        self.changed_as_a_whole();
        Ok(())
    }

    /// Ends the decoy of the unlocked, hidden vault: it is an ordinary one again, which `passphrase` opens. What the decoy
    /// showed is gone. Takes two key derivations.
    ///
    /// # Errors
    /// [`InputError::Slot`] where there is no decoy; [`InputError::WrongPassphrase`]; as [`Vault::lift`]: then nothing has
    /// changed.
    pub fn end_decoy(&self, passphrase: &Secret, class: DeviceClass, cancel: &Cancel) -> Result<(), Error> {
        let (key, lockbox) = self.key_and_lockbox()?;
        lockbox.open_again(&key, passphrase)?;
        cancel.check()?;
        let lifted = Lifted::prepare(passphrase, self.fitting_cost(class)?, &*self.ports.random)?;
        cancel.check()?;
        self.state()?.safe.vault()?.lift(&lifted)?;
        self.changed_as_a_whole();
        Ok(())
    }

    fn changed_as_a_whole(&self) {
        *lock(&self.listed) = None;
        self.notify(Topic::Accounts);
    }
}
