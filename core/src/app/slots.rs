//! The ways into the vault, and its end.

use countersign_protocol::Secret;

use super::vault::Safe;
use super::{App, lock};
use crate::burn::{HmacSlot, HmacSlots, TokenError, TokenLink};
use crate::cancel::Cancel;
use crate::error::{Error, InputError, PortError};
use crate::port::{Guard, Keystore, Topic};
use crate::vault::{Challenge, DeviceClass, KeyPlace, Sheet, SlotId, SlotRow, Vault};

/// Why a hardware key opened nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    /// The key, or the link to it.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Anything else.
    #[error(transparent)]
    Core(#[from] Error),
}

impl App {
    /// All ways into the unlocked vault, in the order in which they were made.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn slots(&self) -> Result<Vec<SlotRow>, Error> {
        self.state()?.safe.vault()?.slots()
    }

    /// Lets another passphrase open the vault too. Takes a key derivation.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] beyond sixteen slots; [`InputError::Field`] for passphrase or name;
    /// [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn add_passphrase(
        &self,
        passphrase: &Secret,
        name: &str,
        class: DeviceClass,
        cancel: &Cancel,
    ) -> Result<SlotId, Error> {
        let key = self.state()?.safe.vault()?.key()?;
        self.with_slot(&key, passphrase, class, cancel, |vault, slot| vault.add_slot(slot, name))
    }

    /// Lets the platform's keystore unlock the vault, asking for the person each time.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; what keystore and prompt give; [`PortError`] of the disk.
    pub fn add_keystore_slot(&self, cancel: &Cancel) -> Result<SlotId, Error> {
        self.add_slot_of(&*self.ports.keystore, cancel)
    }

    /// The same by the keystore of [`App::unlock_by`].
    ///
    /// # Errors
    /// As [`App::add_keystore_slot`].
    pub fn add_slot_of(&self, keystore: &dyn Keystore, cancel: &Cancel) -> Result<SlotId, Error> {
        let key = self.state()?.safe.vault()?.key()?;
        let slot = key.keystore_slot(keystore, Guard::User, &*self.ports.random, cancel)?;
        self.state()?.safe.vault()?.add_slot(slot, "")
    }

    /// Makes a recovery sheet that opens the vault. It is told this once, to be printed, and kept nowhere.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] beyond sixteen slots, or for a long name; [`InputError::VaultLocked`]; [`PortError`] of the
    /// disk: then there is no such slot.
    pub fn add_sheet(&self, name: &str) -> Result<(SlotId, Sheet), Error> {
        let key = self.state()?.safe.vault()?.key()?;
        let sheet = Sheet::generate(&*self.ports.random)?;
        let slot = key.sheet_slot(&sheet, &*self.ports.random)?;
        let id = self.state()?.safe.vault()?.add_slot(slot, name)?;
        Ok((id, sheet))
    }

    /// Lets a hardware key open the vault: together with a passphrase, or alone; then whoever has the key and the file opens it.
    /// The key is asked once, which may want a touch. The vault's own passphrase stays beside it. With a passphrase it takes
    /// a key derivation.
    ///
    /// # Errors
    /// [`KeyFault::Token`] of the key; else as [`App::add_passphrase`].
    pub fn add_hardware_slot(
        &self,
        link: &mut dyn TokenLink,
        place: KeyPlace,
        passphrase: Option<(&Secret, DeviceClass)>,
        name: &str,
        cancel: &Cancel,
    ) -> Result<SlotId, KeyFault> {
        let key = self.state()?.safe.vault()?.key()?;
        let passphrase = match passphrase {
            Some((text, class)) => Some((text, self.fitting_cost(class)?)),
            None => None,
        };
        let mut at_hand = AtHand::open(link)?;
        cancel.check().map_err(Error::from)?;
        let serial = at_hand.serial;
        let random = &*self.ports.random;
        let made = key.hardware_slot(place, serial, passphrase, random, &mut |asked| at_hand.answer(asked));
        let slot = made.map_err(|error| at_hand.fault(error))?;
        cancel.check().map_err(Error::from)?;
        Ok(self.state()?.safe.vault()?.add_slot(slot, name)?)
    }

    /// What hardware keys are asked for to open the vault, locked or not, by slot; empty where none opens it.
    ///
    /// # Errors
    /// [`InputError::NoVault`], and what the file gives.
    pub fn hardware_slots(&self) -> Result<Vec<(SlotId, Challenge)>, Error> {
        Ok(self.lockbox()?.0.challenges())
    }

    /// Unlocks by the hardware key that is at hand, with the passphrase that belongs to it where it wants one. The key may want
    /// a touch for each slot that is its own.
    ///
    /// # Errors
    /// [`KeyFault::Token`] of the key; [`InputError::Slot`] where no slot is of this key, or its slot wants a passphrase and
    /// none was given; [`InputError::WrongPassphrase`]; [`InputError::NoVault`], and what the file gives.
    pub fn unlock_by_hardware(
        &self,
        link: &mut dyn TokenLink,
        passphrase: Option<&Secret>,
        cancel: &Cancel,
    ) -> Result<(), KeyFault> {
        let (lockbox, locks) = self.lockbox()?;
        let mut at_hand = AtHand::open(link)?;
        let opened = lockbox.open_hardware(passphrase, &mut |asked| at_hand.answer(asked));
        let opened = opened.map_err(|error| at_hand.fault(error))?;
        cancel.check().map_err(Error::from)?;
        Ok(self.unlock_with(&opened, locks)?)
    }

    /// Gives a slot another name; an empty one takes its name away.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::Field`], [`InputError::TooMuch`] for the name; [`InputError::VaultLocked`].
    pub fn name_slot(&self, id: SlotId, name: &str) -> Result<(), Error> {
        self.state()?.safe.vault()?.name_slot(id, name)
    }

    /// Removes a slot; what opened it opens nothing any more. The last one of a passphrase stays.
    ///
    /// # Errors
    /// [`InputError::NotFound`], [`InputError::LastPassphrase`], [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn remove_slot(&self, id: SlotId) -> Result<(), Error> {
        self.state()?.safe.vault()?.remove_slot(id)
    }

    /// Unlocks by a recovery sheet.
    ///
    /// # Errors
    /// [`InputError::WrongSheet`], [`InputError::NoVault`], and what the file gives; [`PortError`] of the disk.
    pub fn unlock_by_sheet(&self, sheet: &Sheet, cancel: &Cancel) -> Result<(), Error> {
        let (lockbox, locks) = self.lockbox()?;
        let opened = lockbox.open_sheet(sheet)?;
        cancel.check()?;
        self.unlock_with(&opened, locks)
    }

    /// Puts a new passphrase in the place of all that were forgotten, in the vault that the sheet has unlocked. The sheet opens
    /// it as before. Takes a key derivation.
    ///
    /// # Errors
    /// [`InputError::WrongSheet`], [`InputError::VaultLocked`]; [`InputError::Field`] for the passphrase; [`PortError`] of
    /// the disk, with nothing changed.
    pub fn replace_passphrase(
        &self,
        sheet: &Sheet,
        new: &Secret,
        class: DeviceClass,
        cancel: &Cancel,
    ) -> Result<(), Error> {
        let (key, lockbox) = self.key_and_lockbox()?;
        // A sheet of the vault that is shown opens nothing of one that is hidden.
        if !lockbox.open_sheet(sheet)?.key.is_same(&key) {
            return Err(InputError::WrongSheet.into());
        }
        self.with_slot(&key, new, class, cancel, Vault::replace_passphrase)
    }

    /// Whether the passphrase should be typed again, lest it is forgotten: another way opens the vault every day. To be
    /// asked after an unlock, and answered by [`App::lock`] and the passphrase.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn is_passphrase_due(&self) -> Result<bool, Error> {
        self.state()?.safe.vault()?.is_passphrase_due()
    }

    /// Erases the vault, locked or unlocked, with every copy of it: for good. Enrolments stay. Killed at any moment, the vault
    /// is whole, or can never be opened again and the rest goes at the next start.
    ///
    /// # Errors
    /// [`InputError::NoVault`]; [`PortError`] of the disk: where there still is a vault, nothing was touched.
    pub fn erase_vault(&self) -> Result<(), Error> {
        let erased = {
            let mut state = self.state()?;
            if matches!(state.safe, Safe::None) {
                state.safe.vault()?;
            }
            state.locks += 1;
            // Locked and let go: nobody of ours writes into the files any more.
            state.safe = Safe::Closed(PortError::Busy.into());
            let erased = Vault::erase(&self.vault);
            state.safe = Safe::open(&self.vault, &self.ports);
            erased
        };
        *lock(&self.listed) = None;
        self.notify(Topic::Lock);
        self.notify(Topic::Accounts);
        erased
    }
}

/// The hardware key on a link.
struct AtHand<'l> {
    slots: HmacSlots<'l>,
    serial: Option<u32>,
    /// Why it did not answer.
    fault: Option<TokenError>,
}

impl<'l> AtHand<'l> {
    fn open(link: &'l mut dyn TokenLink) -> Result<Self, TokenError> {
        let mut slots = HmacSlots::open(link)?;
        let serial = match slots.serial() {
            Ok(serial) => Some(serial),
            Err(TokenError::Link(lost)) => return Err(lost.into()),
            // It is set up not to tell.
            Err(_) => None,
        };
        Ok(Self { slots, serial, fault: None })
    }

    /// Its answer; nothing where another key is asked for, or it has nothing in that place.
    fn answer(&mut self, asked: &Challenge) -> Result<Option<Secret>, Error> {
        if asked.serial.is_some_and(|serial| self.serial.is_some_and(|own| own != serial)) {
            return Ok(None);
        }
        let place = match asked.place {
            KeyPlace::One => HmacSlot::One,
            KeyPlace::Two => HmacSlot::Two,
        };
        match self.slots.respond(place, &asked.bytes) {
            Ok(answer) => Ok(Some(answer)),
            // Of a slot that is there, another key may still be meant; for one that is made, this is the one.
            Err(fault @ TokenError::Absent(_)) => {
                self.fault = Some(fault);
                Ok(None)
            }
            Err(fault) => {
                self.fault = Some(fault);
                Err(PortError::Failed.into())
            }
        }
    }

    /// What went wrong, as the key says where it was the key.
    fn fault(&mut self, error: Error) -> KeyFault {
        let by_key = matches!(error, Error::Port(PortError::Failed) | Error::Input(InputError::Slot(_)));
        match self.fault.take().filter(|_| by_key) {
            Some(fault) => fault.into(),
            None => error.into(),
        }
    }
}
