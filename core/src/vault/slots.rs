//! The ways into an unlocked vault: listed, named, added, replaced and removed. Each change is one transaction.

use std::time::Duration;

use countersign_protocol::Secret;

use super::account;
use super::autolock::{AutoLock, is_reminder_due};
use super::book::Book;
use super::cost::{DeviceClass, KdfCost};
use super::slot::{Slot, SlotId, SlotKind, Way};
use super::{Unlocked, Vault, mend};
use crate::cancel::Cancel;
use crate::error::{Error, InputError, Named, Rule};
use crate::limits;
use crate::port::{Guard, Keystore};

/// One way into the vault, as a person sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct SlotRow {
    /// Which slot.
    pub id: SlotId,
    /// What opens it.
    pub kind: SlotKind,
    /// The person's own name for it; may be empty.
    pub name: String,
    /// When it was made, in Unix time; `None` where nobody knows.
    pub made: Option<u64>,
    /// When it opened the vault last, to the day, as far as that was written down; `None` where it never did.
    pub used: Option<u64>,
}

impl std::fmt::Debug for SlotRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SlotRow").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

impl Vault {
    /// All ways into this vault, in the order in which they were made.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn slots(&mut self) -> Result<Vec<SlotRow>, Error> {
        self.refresh()?;
        let open = self.unlocked()?;
        let mut book = open.book();
        let known = |time: u64| (time != 0).then_some(time);
        let row = |slot: &Slot| {
            let entry = book.entry(slot.id).clone();
            let (made, used) = (known(entry.made), known(entry.used));
            SlotRow { id: slot.id, kind: slot.kind(), name: entry.name.clone(), made, used }
        };
        Ok(open.header.slots.iter().map(row).collect())
    }

    /// The keystore's slots that hold what `made` knows as its own work.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn keystore_slots_of(&self, made: &dyn Fn(&[u8]) -> bool) -> Result<Vec<SlotId>, Error> {
        let is_its = |slot: &&Slot| matches!(&slot.way, Way::Keystore { wrapped, .. } if made(wrapped));
        Ok(self.unlocked()?.header.slots.iter().filter(is_its).map(|slot| slot.id).collect())
    }

    /// Adds a slot that [`super::VaultKey`] made, under the person's own name for it.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] beyond sixteen, or for a long name; [`InputError::Field`] for a name that is not shown, or a
    /// cost below the vault's own; [`crate::error::PortError`] of the disk.
    pub fn add_slot(&mut self, slot: Slot, name: &str) -> Result<SlotId, Error> {
        let (name, made) = (slot_name(name)?, self.clock.now());
        if self.unlocked()?.key.is_hidden() {
            // The second place is one: any other way in would be a slot in sight.
            return Err(InputError::TooMuch { what: Named::Slots, found: 2, most: 1 }.into());
        }
        self.change_header(|header, book| {
            if slot.way.cost().is_some_and(|cost| !cost.reaches(header.minimum)) {
                return Err(InputError::Field { field: Named::KeyDerivation, rule: Rule::KdfLeast });
            }
            let id = header.add(slot)?;
            let entry = book.entry(id);
            (entry.name, entry.made) = (name, made);
            Ok(id)
        })
    }

    /// Adds a slot that the platform's keystore opens; may prompt.
    ///
    /// # Errors
    /// What [`Keystore::wrap`] and [`Vault::add_slot`] give.
    pub fn add_keystore_slot(
        &mut self,
        keystore: &dyn Keystore,
        guard: Guard,
        cancel: &Cancel,
    ) -> Result<SlotId, Error> {
        let slot = self.key()?.keystore_slot(keystore, guard, &*self.random, cancel)?;
        self.add_slot(slot, "")
    }

    /// Gives a slot another name; an empty one takes its name away.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; as [`Vault::add_slot`].
    pub fn name_slot(&mut self, id: SlotId, name: &str) -> Result<(), Error> {
        let name = slot_name(name)?;
        self.change_header(|header, book| {
            header.slots.iter().find(|slot| slot.id == id).ok_or(InputError::NotFound)?;
            book.entry(id).name = name;
            Ok(())
        })
    }

    /// Removes a slot: what opened it opens nothing any more.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::LastPassphrase`] for the last one of a passphrase;
    /// [`crate::error::PortError`] of the disk, with the slot still good.
    pub fn remove_slot(&mut self, id: SlotId) -> Result<(), Error> {
        self.change_header(|header, _| header.remove(id))?;
        self.forget_older();
        Ok(())
    }

    /// Changes the passphrase of the slot that `old` opens; others stay. Takes two key derivations.
    ///
    /// # Errors
    /// [`InputError::WrongPassphrase`]; as [`super::VaultKey::passphrase_slot`]; [`crate::error::PortError`] of the disk,
    /// with the old passphrase still good.
    pub fn change_passphrase(&mut self, old: &Secret, new: &Secret, cost: KdfCost) -> Result<(), Error> {
        self.refresh()?;
        let key = self.key()?;
        let opened = self.lockbox.open_again(&key, old)?;
        let slot = key.passphrase_slot(new, self.cost(cost)?, &*self.random)?;
        self.replace_slot(opened.slot, slot, None)
    }

    /// Puts a passphrase slot in the place of `id`; its name stays, and its times begin anew. `class` is what the vault is
    /// on now, where that is known.
    ///
    /// # Errors
    /// [`InputError::NotFound`], [`InputError::Slot`], [`InputError::Field`]; [`crate::error::PortError`] of the disk, with
    /// the old slot still good.
    pub fn replace_slot(&mut self, id: SlotId, slot: Slot, class: Option<DeviceClass>) -> Result<(), Error> {
        let now = self.clock.now();
        self.change_header(|header, book| {
            header.replace(id, slot)?;
            book.class = class.or(book.class);
            let entry = book.entry(id);
            (entry.made, entry.used, entry.kept) = (now, now, 0);
            Ok(())
        })?;
        self.forget_older();
        Ok(())
    }

    /// Puts a passphrase slot in the place of all that are there, as when the passphrase was forgotten.
    ///
    /// # Errors
    /// As [`Vault::replace_slot`].
    pub fn replace_passphrase(&mut self, slot: Slot) -> Result<(), Error> {
        let now = self.clock.now();
        self.change_header(|header, book| {
            let is_passphrase = |slot: &&Slot| matches!(slot.way, Way::Passphrase { .. });
            let first = header.slots.iter().find(is_passphrase).map(|slot| slot.id);
            let first = first.ok_or(InputError::Slot("no passphrase slot"))?;
            header.replace(first, slot)?;
            header.slots.retain(|slot| slot.id == first || !is_passphrase(&slot));
            let entry = book.entry(first);
            (entry.made, entry.used, entry.kept) = (now, now, 0);
            Ok(())
        })?;
        self.forget_older();
        Ok(())
    }

    /// What opened the vault until now may still open a copy in an older format: it goes.
    fn forget_older(&self) {
        let _ = mend::drop_older(&self.path, None);
    }

    /// What the slot should cost from now on, where this device turned out to be twice as fast as its cost was made for.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn retuned(&self, id: SlotId, took: Duration) -> Result<Option<KdfCost>, Error> {
        let open = self.unlocked()?;
        let slot = open.header.slots.iter().find(|slot| slot.id == id && !open.key.is_hidden());
        let Some(SlotKind::Passphrase(cost)) = slot.map(Slot::kind) else { return Ok(None) };
        let class = open.book().class.unwrap_or(DeviceClass::Phone);
        Ok(class.retuned(cost, took))
    }

    /// Puts a dearer slot for the same passphrase in the place of `id`, in one durable change; all that is said of it stays.
    /// Nothing is changed where the slot is another one by now.
    ///
    /// # Errors
    /// As [`Vault::replace_slot`].
    pub fn retune(&mut self, id: SlotId, from: KdfCost, slot: Slot) -> Result<(), Error> {
        self.change_header(|header, _| {
            let same = |own: &Slot| own.id == id && own.kind() == SlotKind::Passphrase(from);
            if !header.slots.iter().any(same) {
                return Err(InputError::NotFound);
            }
            header.replace(id, slot)
        })
    }

    /// The cost of a passphrase slot.
    pub(crate) fn cost_of(&self, id: SlotId) -> Option<KdfCost> {
        let slot = self.unlocked().ok()?.header.slots.iter().find(|slot| slot.id == id);
        slot.and_then(|slot| if let SlotKind::Passphrase(cost) = slot.kind() { Some(cost) } else { None })
    }

    /// When this vault locks itself.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn auto_lock(&self) -> Result<AutoLock, Error> {
        Ok(self.unlocked()?.book().lock)
    }

    /// Changes when this vault locks itself.
    ///
    /// # Errors
    /// [`InputError::Field`] for a time outside the limits; [`InputError::VaultLocked`]; [`crate::error::PortError`] of the
    /// disk.
    pub fn set_auto_lock(&mut self, rule: AutoLock) -> Result<(), Error> {
        let rule = rule.checked()?;
        self.change_header(|_, book| {
            book.lock = rule;
            Ok(())
        })
    }

    /// Keeps in mind which slot opened the vault; it is written down when the vault is locked, at most once a day.
    pub fn note_use(&mut self, id: SlotId) {
        let now = self.clock.now();
        if let Some(open) = self.open.as_mut() {
            open.used = Some((id, now));
        }
    }

    /// Whether the passphrase should be typed again, lest it is forgotten: a keystore or a hardware key opens the vault every
    /// day, and the passphrase has not for longer than it was remembered before.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn is_passphrase_due(&self) -> Result<bool, Error> {
        let open = self.unlocked()?;
        let mut book = open.book();
        let slots = &open.header.slots;
        let has_other = slots.iter().any(|slot| matches!(slot.way, Way::Keystore { .. } | Way::Hardware { .. }));
        let is_passphrase = |slot: &&Slot| matches!(slot.way, Way::Passphrase { .. });
        let typed = |id: SlotId| open.used.is_some_and(|(used, _)| used == id);
        let remembered = slots.iter().filter(is_passphrase).any(|slot| {
            let entry = book.entry(slot.id);
            let last = entry.used.max(entry.made);
            typed(slot.id) || !is_reminder_due(last, entry.kept, self.clock.now())
        });
        Ok(has_other && !remembered)
    }

    /// Writes down which slot opened the vault, where that was not today already.
    pub(super) fn write_use(&mut self) -> Result<(), Error> {
        let Some((id, now)) = self.open.as_mut().and_then(|open| open.used.take()) else { return Ok(()) };
        let day = now - now % limits::DAY;
        let written = self.unlocked()?.book().entry(id).used;
        if written >= day && written <= now {
            return Ok(());
        }
        self.change_header(|header, book| {
            if header.slots.iter().any(|slot| slot.id == id) {
                let entry = book.entry(id);
                (entry.used, entry.kept) = (day, entry.kept + 1);
            }
            Ok(())
        })
    }
}

impl Unlocked {
    /// The book, opened.
    pub(super) fn book(&self) -> Book {
        Book::open(&self.header.book, &self.keys)
    }
}

/// Takes a slot's name: as an account's, and short.
fn slot_name(text: &str) -> Result<String, InputError> {
    let name = account::name(Named::Name, text)?;
    let found = name.chars().count();
    if found <= limits::SLOT_NAME {
        return Ok(name);
    }
    Err(InputError::TooMuch { what: Named::Name, found: found as u64, most: limits::SLOT_NAME as u64 })
}
