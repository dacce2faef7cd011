//! The vault as shells use it: lock and unlock, accounts and their codes.

use std::path::Path;
use std::sync::{Arc, TryLockError};

use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use countersign_protocol::otp::Code;
use countersign_protocol::uri::otpauth;
use zeroize::Zeroizing;

use super::{App, State, lock};
use crate::cancel::Cancel;
use crate::error::{Error, InputError, Named, PortError};
use crate::port::{Keystore, Ports, Topic};
use crate::record::{Stage, Uri};
use crate::vault::{
    Account, AccountId, Codes, DeviceClass, Edit, KdfCost, Known, Lockbox, NewAccount, Opened, Report, Slot, Vault,
    VaultKey,
};

/// Name of the vault's file in the private folder.
pub(super) const FILE: &str = "vault.sqlite";

/// Whether accounts can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockState {
    /// There is no vault yet.
    NoVault,
    /// Locked: no account is in memory.
    Locked,
    /// Unlocked.
    Open,
}

/// The vault, as far as it can be had.
pub(super) enum Safe {
    /// None was made yet.
    None,
    /// There is one that cannot be opened now, and why. Approvals work all the same.
    Closed(Error),
    /// It is there, locked or unlocked.
    Here(Box<Vault>),
}

impl Safe {
    /// Opens the file where it is there, locked.
    pub(super) fn open(path: &Path, ports: &Ports) -> Self {
        if let Err(fault) = Vault::finish_erasing(path) {
            return Self::Closed(fault);
        }
        if !Vault::exists(path) {
            return Self::None;
        }
        match Vault::open(path, Arc::clone(&ports.clock), Arc::clone(&ports.random)) {
            Ok(vault) => Self::Here(Box::new(vault)),
            Err(fault) => Self::Closed(fault),
        }
    }

    pub(super) fn vault(&mut self) -> Result<&mut Vault, Error> {
        match self {
            Self::None => Err(InputError::NoVault.into()),
            Self::Closed(fault) => Err(fault.clone()),
            Self::Here(vault) => Ok(vault),
        }
    }

    fn lock_state(&self) -> LockState {
        match self {
            Self::None => LockState::NoVault,
            Self::Here(vault) if vault.is_unlocked() => LockState::Open,
            Self::Here(_) | Self::Closed(_) => LockState::Locked,
        }
    }
}

impl App {
    /// Whether accounts can be read now.
    pub fn lock_state(&self) -> LockState {
        self.state().map_or(LockState::Locked, |state| state.safe.lock_state())
    }

    /// Makes the vault, with one slot for `passphrase` that costs what fits this very device within its class, and leaves it
    /// unlocked. Takes a key derivation.
    ///
    /// # Errors
    /// [`InputError::VaultExists`], [`InputError::Field`] for a passphrase of no or of too many bytes; [`PortError`] of
    /// the disk: then there is no vault, or a whole one, locked.
    pub fn create_vault(&self, passphrase: &Secret, class: DeviceClass, cancel: &Cancel) -> Result<(), Error> {
        cancel.check()?;
        make_folder(self.vault.parent().ok_or(PortError::Disk)?)?;
        let (clock, random) = (Arc::clone(&self.ports.clock), Arc::clone(&self.ports.random));
        let cost = class.calibrate(&*clock)?;
        let made = Vault::create(&self.vault, passphrase, cost, Some(class), clock, random);
        let mut state = self.state()?;
        match made {
            Ok(vault) => state.safe = Safe::Here(Box::new(vault)),
            Err(fault) => {
                if matches!(state.safe, Safe::None) {
                    state.safe = Safe::open(&self.vault, &self.ports);
                }
                return Err(fault);
            }
        }
        drop(state);
        self.unlocked();
        Ok(())
    }

    /// Unlocks by passphrase. Takes a key derivation, without any lock held; two where this device turned out to be twice as
    /// fast as the passphrase's cost was made for: then it grows.
    ///
    /// # Errors
    /// [`InputError::WrongPassphrase`], [`InputError::NoVault`], and what the file gives; [`PortError`] of the disk.
    pub fn unlock(&self, passphrase: &Secret, cancel: &Cancel) -> Result<(), Error> {
        let (lockbox, locks) = self.lockbox()?;
        let opened = lockbox.open_timed(passphrase, &|| self.ports.clock.monotonic())?;
        cancel.check()?;
        self.unlock_with(&opened, locks)?;
        // The vault is open; what cannot grow now grows at another unlock.
        let _ = self.retune(passphrase, &opened);
        Ok(())
    }

    /// Unlocks by the platform's keystore, which may ask for the person.
    ///
    /// # Errors
    /// [`InputError::Slot`] where the vault has no such slot; what keystore and prompt give.
    pub fn unlock_by_keystore(&self, cancel: &Cancel) -> Result<(), Error> {
        self.unlock_by(&*self.ports.keystore, cancel)
    }

    /// The same by another keystore than that of the keys, where a shell has one: at a desk, the keyring of the session.
    ///
    /// # Errors
    /// As [`App::unlock_by_keystore`].
    pub fn unlock_by(&self, keystore: &dyn Keystore, cancel: &Cancel) -> Result<(), Error> {
        let (lockbox, locks) = self.lockbox()?;
        let opened = lockbox.open_keystore_slot(keystore, cancel)?;
        self.unlock_with(&opened, locks)
    }

    /// Removes the slots that one keystore opens. `made` says of what a keystore wrapped whether it is that one's work; the
    /// others stay.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn remove_keystore_slots(&self, made: &dyn Fn(&[u8]) -> bool) -> Result<(), Error> {
        let mut state = self.state()?;
        let vault = state.safe.vault()?;
        vault.keystore_slots_of(made)?.into_iter().try_for_each(|id| vault.remove_slot(id))
    }

    /// A secret that the vault gives to the shell's keystore, for as long as there is this vault: whatever opens the one opens
    /// what the other has sealed by it. It stays the same where a decoy is set up or ends, and under both passphrases.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn keystore_secret(&self) -> Result<Secret, Error> {
        let (key, lockbox) = self.key_and_lockbox()?;
        lockbox.keystore_secret(&key)
    }

    /// The same secret by a passphrase. The vault stays as it is, locked or not. Takes a key derivation.
    ///
    /// # Errors
    /// [`InputError::WrongPassphrase`], [`InputError::NoVault`], and what the file gives.
    pub fn keystore_secret_by(&self, passphrase: &Secret) -> Result<Secret, Error> {
        let (lockbox, _) = self.lockbox()?;
        lockbox.keystore_secret(&lockbox.open(passphrase)?)
    }

    /// Locks the vault: seeds and names leave memory. Approvals go on.
    pub fn lock(&self) {
        if let Ok(mut state) = self.state() {
            state.locks += 1;
            if let Ok(vault) = state.safe.vault() {
                vault.lock();
            }
        }
        *lock(&self.listed) = None;
        self.notify(Topic::Lock);
        self.notify(Topic::Accounts);
    }

    /// Changes the passphrase of the unlocked vault; the old one must open it. The new one costs what fits this very device
    /// within its class, and never less than the vault asks for. Takes two key derivations.
    ///
    /// # Errors
    /// [`InputError::WrongPassphrase`], [`InputError::VaultLocked`], [`InputError::Field`]; [`PortError`] of the disk,
    /// with the old passphrase still good.
    pub fn change_passphrase(
        &self,
        old: &Secret,
        new: &Secret,
        class: DeviceClass,
        cancel: &Cancel,
    ) -> Result<(), Error> {
        let (key, lockbox) = self.key_and_lockbox()?;
        let opened = lockbox.open_again(&key, old)?;
        cancel.check()?;
        self.with_slot(&key, new, class, cancel, |vault, slot| vault.replace_slot(opened.slot, slot, Some(class)))
    }

    /// Makes a slot for a passphrase without any lock held, and puts it in. Once more where the vault came to ask for more work
    /// meanwhile, as it does when a passphrase grows at an unlock.
    pub(super) fn with_slot<T>(
        &self,
        key: &VaultKey,
        passphrase: &Secret,
        class: DeviceClass,
        cancel: &Cancel,
        put: impl Fn(&mut Vault, Slot) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut cost = self.fitting_cost(class)?;
        loop {
            let slot = key.passphrase_slot(passphrase, cost, &*self.ports.random)?;
            cancel.check()?;
            let mut state = self.state()?;
            let vault = state.safe.vault()?;
            let done = put(vault, slot);
            let asked = vault.cost(cost)?;
            if done.is_ok() || asked == cost {
                return done;
            }
            cost = asked;
        }
    }

    /// What a new passphrase costs here, and no less than the unlocked vault asks for.
    pub(super) fn fitting_cost(&self, class: DeviceClass) -> Result<KdfCost, Error> {
        let wanted = class.calibrate(&*self.ports.clock)?;
        self.state()?.safe.vault()?.cost(wanted)
    }

    /// Makes the slot that opened dearer, where it opened in less than half the time that it should take.
    fn retune(&self, passphrase: &Secret, opened: &Opened) -> Result<(), Error> {
        let (key, from, to) = {
            let mut state = self.state()?;
            let vault = state.safe.vault()?;
            let (Some(from), Some(to)) = (vault.cost_of(opened.slot), vault.retuned(opened.slot, opened.took)?) else {
                return Ok(());
            };
            (vault.key()?, from, to)
        };
        let slot = key.passphrase_slot(passphrase, to, &*self.ports.random)?;
        self.state()?.safe.vault()?.retune(opened.slot, from, slot)
    }

    /// The accounts that can be read, in the order of the list.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn accounts(&self) -> Result<Arc<[Arc<Account>]>, Error> {
        self.state()?.safe.vault()?.accounts()
    }

    /// The list with its codes at `now`, and how far this clock is off as the gateways know it. While something is being
    /// written, the list as it was shown last, as long as none of its codes has changed.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn codes(&self, now: u64) -> Result<Codes, Error> {
        Ok(Codes { clock_ahead: self.clock_ahead(), ..self.codes_of_this_clock(now)? })
    }

    /// How far this clock is ahead of the gateways'. Of several that differ the nearest counts: a gateway whose own clock
    /// is off makes nobody doubt theirs while another agrees with them.
    pub(super) fn clock_ahead(&self) -> Option<i64> {
        self.shown().records.iter().filter_map(|record| record.clock_ahead()).min_by_key(|ahead| ahead.unsigned_abs())
    }

    fn codes_of_this_clock(&self, now: u64) -> Result<Codes, Error> {
        let mut state = match self.state.try_lock() {
            Ok(state) => state,
            Err(TryLockError::WouldBlock) => {
                let shown = lock(&self.listed).clone();
                match shown.filter(|(at, codes)| *at <= now && codes.next_change.is_none_or(|change| now < change)) {
                    Some((_, codes)) => return Ok(codes),
                    None => self.state()?,
                }
            }
            Err(TryLockError::Poisoned(held)) => {
                drop(held);
                self.state()?
            }
        };
        let codes = state.safe.vault()?.codes(now)?;
        *lock(&self.listed) = Some((now, codes.clone()));
        Ok(codes)
    }

    /// The accounts whose issuer, name and note hold each word of `text` between them.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] for a long text; [`InputError::VaultLocked`].
    pub fn search(&self, text: &str) -> Result<Vec<Arc<Account>>, Error> {
        self.state()?.safe.vault()?.search(text)
    }

    /// The person's own words on an account.
    ///
    /// # Errors
    /// [`InputError::NotFound`], [`InputError::Damaged`], [`InputError::VaultLocked`].
    pub fn note(&self, id: AccountId) -> Result<Zeroizing<String>, Error> {
        self.state()?.safe.vault()?.note(id)
    }

    /// Adds an account.
    ///
    /// # Errors
    /// [`InputError::Duplicate`] where the same seed is there already; [`InputError::Field`] and
    /// [`InputError::TooMuch`] by field; [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn add_account(&self, account: &NewAccount) -> Result<AccountId, Error> {
        self.change_accounts(|vault| vault.add(account))
    }

    /// Which of these accounts are there already, whatever their names.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn known_accounts(&self, accounts: &[NewAccount]) -> Result<Vec<Known>, Error> {
        self.state()?.safe.vault()?.known(accounts)
    }

    /// Changes an account: its names, note, groups, tags, icon, and how it is shown.
    ///
    /// # Errors
    /// As [`App::add_account`]; [`InputError::NotFound`].
    pub fn edit_account(&self, id: AccountId, edit: &Edit) -> Result<(), Error> {
        self.change_accounts(|vault| vault.edit(id, edit))
    }

    /// Deletes an account: into the bin, or for good where it cannot be read.
    ///
    /// # Errors
    /// [`InputError::NotFound`], [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn delete_account(&self, id: AccountId) -> Result<(), Error> {
        self.change_accounts(|vault| vault.delete(id))
    }

    /// The next code of a HOTP account. Its counter has moved on, on disk, before the code is shown.
    ///
    /// # Errors
    /// [`InputError::WrongKind`] for TOTP; [`InputError::NotFound`], [`InputError::VaultLocked`].
    pub fn next_hotp(&self, id: AccountId) -> Result<Code, Error> {
        self.change_accounts(|vault| vault.next_hotp(id))
    }

    /// What the last unlock found damaged, and where it kept a copy.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn vault_report(&self) -> Result<Report, Error> {
        self.state()?.safe.vault()?.report().cloned()
    }

    /// Takes the accounts as they are: what was found damaged was told, and is not told again.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn accept_damage(&self) -> Result<(), Error> {
        self.change_accounts(Vault::accept_damage)
    }

    /// Writes the vault's log back, as before the app is suspended.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`PortError`] of the disk, with nothing lost.
    pub fn checkpoint(&self) -> Result<(), Error> {
        self.state()?.safe.vault()?.checkpoint()
    }

    /// The state, after one more try to open a vault that could not be opened before.
    fn safe(&self) -> Result<std::sync::MutexGuard<'_, State>, Error> {
        let mut state = self.state()?;
        if matches!(state.safe, Safe::None | Safe::Closed(_)) {
            state.safe = Safe::open(&self.vault, &self.ports);
        }
        Ok(state)
    }

    /// What opens the vault without a lock held, and how often it was locked until now.
    pub(super) fn lockbox(&self) -> Result<(Lockbox, u64), Error> {
        let mut state = self.safe()?;
        let lockbox = state.safe.vault()?.lockbox();
        Ok((lockbox, state.locks))
    }

    /// What makes slots of the unlocked vault and what opens them, to be used without any lock.
    pub(super) fn key_and_lockbox(&self) -> Result<(VaultKey, Lockbox), Error> {
        let mut state = self.state()?;
        let vault = state.safe.vault()?;
        Ok((vault.key()?, vault.lockbox()))
    }

    /// Opens the vault, unless it was locked since the key was asked for: who locks last has the last word.
    pub(super) fn unlock_with(&self, opened: &Opened, locks: u64) -> Result<(), Error> {
        {
            let mut state = self.state()?;
            if state.locks != locks {
                return Err(PortError::Cancelled.into());
            }
            let vault = state.safe.vault()?;
            vault.unlock_with(&opened.key)?;
            vault.note_use(opened.slot);
        }
        self.unlocked();
        Ok(())
    }

    /// What follows an unlock: accounts that enrolments brought meanwhile move in.
    fn unlocked(&self) {
        self.touched();
        self.notify(Topic::Lock);
        self.adopt_accounts();
        self.notify(Topic::Accounts);
    }

    /// Moves accounts that came with an enrolment into the vault, if it is unlocked. What cannot move in now waits for the
    /// next unlock.
    pub(super) fn adopt_accounts(&self) {
        if self.lock_state() != LockState::Open {
            return;
        }
        let shown = self.shown();
        let waiting = shown.records.iter().filter_map(|record| Some((record.id, record.enrolled()?.totp.as_ref()?)));
        for (id, uri) in waiting {
            // A full vault, or a disk that fails: it is tried again.
            let _ = self.adopt(id, uri);
        }
    }

    fn adopt(&self, id: Id, uri: &Uri) -> Result<(), Error> {
        // What a gateway sealed and is no account that the vault takes is dropped: nobody could ever use it.
        if let Ok((account, repairs)) = otpauth::parse(&uri.0) {
            match self.add_account(&NewAccount::scanned(&account, &repairs, Some(id))) {
                // A vault that is full has room again one day.
                Err(fault @ Error::Input(InputError::TooMuch { what: Named::Accounts, .. })) => return Err(fault),
                Ok(_) | Err(Error::Input(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        // First into the vault, then out of the record: killed between the two, it is found to be there already.
        self.update(id, |record, _| {
            if let Stage::Enrolled(enrolled) = &mut record.stage {
                enrolled.totp = None;
            }
            Ok(())
        })
    }
}

/// Makes the private folder, for its owner alone.
fn make_folder(folder: &Path) -> Result<(), PortError> {
    crate::file::make_folder(folder)
}
