//! What opens a vault: the slots of its headers, and the second place of its reserve. Tried without any lock, so that a
//! derivation or a prompt holds up nobody.

use std::time::Duration;

use countersign_protocol::Secret;
use countersign_protocol::jose::Id;

use super::book::Book;
use super::cost::{KdfCost, SALT};
use super::header::{Copy, Header};
use super::key::{Keys, VaultKey};
use super::reserve::{Cell, SecondPlace};
use super::sheet::Sheet;
use super::slot::{Slot, SlotId, Way};
use crate::cancel::Cancel;
use crate::error::{Error, InputError};
use crate::port::{Guard, Keystore};

/// What opening a slot gave.
#[derive(Debug, Clone)]
pub struct Opened {
    /// The vault key.
    pub key: VaultKey,
    /// The slot that gave it.
    pub slot: SlotId,
    /// How long its key took to derive; nothing where none was, or nobody looked at a clock.
    pub took: Duration,
}

/// What a passphrase gave at this cost, with this salt: slots that share both share the work.
struct Derived {
    cost: KdfCost,
    salt: [u8; SALT],
    key: Result<Secret, Error>,
    took: Duration,
}

/// The header as the locked vault knows it: every copy that could be read, the best first. Cheap to
/// clone, so that a key derivation or a prompt can run without any lock.
#[derive(Debug, Clone)]
pub struct Lockbox {
    pub(super) copies: Vec<Copy>,
    /// Whether anything but two whole, equal copies was found.
    pub(super) damaged: bool,
    /// Headers of other vaults that lie in the same files, as beside a log that belongs elsewhere. One of
    /// them may be the one that is meant.
    spare: Vec<Copy>,
    /// What stands in the second place of the reserve, whether it opens anything or not.
    second: Vec<(Id, SecondPlace)>,
}

impl Lockbox {
    /// Chooses among the copies found: the whole ones of the latest revision, since an older one may
    /// hold a passphrase that was changed; damaged ones only where none is whole.
    pub(super) fn new(mut copies: Vec<Copy>) -> Self {
        let damaged = copies.len() != 2 || copies[0] != copies[1] || !copies[0].whole;
        let latest = copies.iter().filter(|copy| copy.whole).map(|copy| copy.header.revision).max();
        if let Some(latest) = latest {
            copies.retain(|copy| copy.whole && copy.header.revision == latest);
        }
        copies.sort_by_key(|copy| std::cmp::Reverse(copy.header.revision));
        copies.dedup();
        Self { copies, damaged, spare: vec![], second: vec![] }
    }

    /// Keeps those of `found` that are another vault's.
    pub(super) fn with_spare(mut self, mut found: Vec<Copy>) -> Self {
        let known = |copy: &Copy| self.copies.iter().any(|own| own.header.vault == copy.header.vault);
        found.retain(|copy| copy.whole && !known(copy));
        found.dedup();
        self.spare = found;
        self
    }

    /// Keeps what `cells` hold in the second place of these vaults.
    pub(super) fn with_second(mut self, cells: &[Cell]) -> Self {
        let vaults = self.copies.iter().chain(&self.spare).map(|copy| copy.header.vault);
        let of = |vault| cells.iter().filter_map(move |cell| Some((vault, SecondPlace::read(cell, &vault)?)));
        let found: Vec<(Id, SecondPlace)> = vaults.flat_map(of).collect();
        for second in found {
            if !self.second.contains(&second) {
                self.second.push(second);
            }
        }
        self
    }

    /// The slot in the second place that this key came from.
    pub(super) fn second_of(&self, key: &VaultKey) -> Option<Slot> {
        let work = key.second.as_ref().map(|second| (second.cost, second.salt));
        let is_its = |(vault, place): &&(Id, SecondPlace)| *vault == key.vault && place.work() == work;
        self.second.iter().find(is_its).map(|(_, place)| place.slot.clone())
    }

    /// The same after a change of the hidden vault: its way in is another.
    pub(super) fn with_way_in(&self, vault: Id, second: &SecondPlace) -> Self {
        Self { second: vec![(vault, second.clone())], ..self.clone() }
    }

    /// The same after a change of the shown vault to this `header`.
    pub(super) fn after(&self, header: &Header, keys: &Keys) -> Self {
        let copy = Copy::parse(&header.write(keys));
        let copies = copy.into_iter().flat_map(|copy| [copy.clone(), copy]).collect();
        Self { second: self.second.clone(), ..Self::new(copies) }
    }

    /// Whether SQLite reads the vault of this key; `None` where nothing of it is in the files.
    pub(super) fn reads(&self, key: &VaultKey) -> Option<bool> {
        let holds = |copies: &[Copy]| copies.iter().any(|copy| copy.header.vault == key.vault);
        if holds(&self.copies) { Some(true) } else { holds(&self.spare).then_some(false) }
    }

    /// The header that this key made, and whether it was changed since. Where no copy is authentic,
    /// the first of the key's vault stands in.
    pub(super) fn chosen(&self, key: &VaultKey, keys: &Keys) -> Result<(Header, bool), Error> {
        let mut own = self.copies.iter().chain(&self.spare).filter(|copy| copy.header.vault == key.vault);
        let authentic = own.clone().filter(|copy| copy.is_authentic(keys));
        if let Some(copy) = authentic.max_by_key(|copy| copy.header.revision) {
            return Ok((copy.header.clone(), self.damaged));
        }
        let copy = own.next().ok_or(InputError::NotAVault)?;
        Ok((copy.header.clone(), true))
    }

    /// Opens a slot by a passphrase. Takes as long as the vault's cost says.
    ///
    /// # Errors
    /// [`InputError::WrongPassphrase`]; [`InputError::HeaderDamaged`] where no whole header is left and
    /// no slot opens; [`InputError::NotAVault`] where there is no header within the limits.
    pub fn open(&self, passphrase: &Secret) -> Result<VaultKey, Error> {
        Ok(self.open_timed(passphrase, &|| Duration::ZERO)?.key)
    }

    /// As [`Lockbox::open`]; says too which slot it was, and how long its derivation took by the clock `now`, which is asked
    /// twice for each derivation.
    ///
    /// # Errors
    /// As [`Lockbox::open`].
    pub fn open_timed(&self, passphrase: &Secret, now: &dyn Fn() -> Duration) -> Result<Opened, Error> {
        let best = self.copies.first().ok_or(InputError::NotAVault)?;
        let copies = self.copies.iter().chain(&self.spare);
        let shown = copies.flat_map(|copy| copy.header.slots.iter().map(|slot| (copy.header.vault, slot, None)));
        let all = shown.chain(self.second.iter().map(|(vault, place)| (*vault, &place.slot, Some(place))));
        let (mut derived, mut opened, mut failed) = (Vec::<Derived>::new(), None, None);
        // All of them, always, whichever opens: neither time nor work tells a passphrase from another, or from a wrong one.
        for (vault, slot, place) in all {
            let Way::Passphrase { cost, salt } = slot.way else { continue };
            let at = match derived.iter().position(|known| (known.cost, known.salt) == (cost, salt)) {
                Some(at) => at,
                None => {
                    let begun = now();
                    let key = cost.derive(passphrase, &salt);
                    if let Err(error @ Error::Input(_)) = key {
                        return Err(error);
                    }
                    derived.push(Derived { cost, salt, key, took: now().saturating_sub(begun) });
                    derived.len() - 1
                }
            };
            match &derived[at].key {
                Ok(key) => {
                    let found = place.map_or_else(|| slot.open_by(&vault, key), |place| place.open(&vault, key))?;
                    let found = found.map(|key| Opened { key, slot: slot.id, took: derived[at].took });
                    opened = found.or(opened);
                }
                Err(error) => failed = failed.or_else(|| Some(error.clone())),
            }
        }
        let refusal = if best.whole { InputError::WrongPassphrase } else { InputError::HeaderDamaged };
        opened.ok_or_else(|| failed.unwrap_or_else(|| refusal.into()))
    }

    /// As [`Lockbox::open_timed`], for the vault of `key` alone: what opens another one, shown or hidden, is wrong here.
    ///
    /// # Errors
    /// As [`Lockbox::open`].
    pub fn open_again(&self, key: &VaultKey, passphrase: &Secret) -> Result<Opened, Error> {
        let opened = self.open_timed(passphrase, &|| Duration::ZERO)?;
        if opened.key.is_same(key) { Ok(opened) } else { Err(InputError::WrongPassphrase.into()) }
    }

    /// Opens a slot by the platform's keystore, which may prompt.
    ///
    /// # Errors
    /// [`InputError::Slot`] where there is no such slot or it does not fit; what
    /// [`Keystore::unwrap`] gives.
    pub fn open_keystore(&self, keystore: &dyn Keystore, cancel: &Cancel) -> Result<VaultKey, Error> {
        Ok(self.open_keystore_slot(keystore, cancel)?.key)
    }

    /// As [`Lockbox::open_keystore`]; says too which slot it was.
    ///
    /// # Errors
    /// As [`Lockbox::open_keystore`].
    pub fn open_keystore_slot(&self, keystore: &dyn Keystore, cancel: &Cancel) -> Result<Opened, Error> {
        let none = InputError::Slot("no keystore slot opens");
        let (slot, key) = self.try_each(none, |slot, vault| slot.open_keystore(vault, keystore, cancel))?;
        Ok(Opened { key, slot, took: Duration::ZERO })
    }

    /// Opens a slot by a recovery sheet.
    ///
    /// # Errors
    /// [`InputError::WrongSheet`] where it is another vault's, or was taken back; as [`Lockbox::open`].
    pub fn open_sheet(&self, sheet: &Sheet) -> Result<Opened, Error> {
        let (slot, key) = self.try_each(InputError::WrongSheet, |slot, vault| slot.open_sheet(vault, sheet))?;
        Ok(Opened { key, slot, took: Duration::ZERO })
    }

    /// The slots that the keystore opens, with what each asks for.
    pub fn keystore_slots(&self) -> Vec<(SlotId, Guard)> {
        let slots = self.copies.first().map(|copy| copy.header.slots.iter());
        let slots = slots.into_iter().flatten().filter_map(|slot| match slot.way {
            Way::Keystore { guard, .. } => Some((slot.id, guard)),
            Way::Passphrase { .. } | Way::Sheet | Way::Hardware { .. } => None,
        });
        slots.collect()
    }

    /// What the vault that this key opens gives to the shell's keystore. Of a hidden vault it is what the shown one gives:
    /// nothing beside the vault then tells which of the two is used.
    ///
    /// # Errors
    /// [`InputError::NotAVault`] where it is the key of another vault.
    pub(crate) fn keystore_secret(&self, key: &VaultKey) -> Result<Secret, Error> {
        let shown = key.shown();
        let key = shown.as_ref().unwrap_or(key);
        let keys = key.keys()?;
        let (header, _) = self.chosen(key, &keys)?;
        let kept = Book::open(&header.book, &keys).keystore;
        kept.map_or_else(|| key.derive(b"countersign vault 2 keystore"), Ok)
    }

    /// Tries every slot of the best copies, and of damaged ones only what differs. A slot whose
    /// platform key is gone does not keep the next from being tried.
    pub(super) fn try_each(
        &self,
        refusal: InputError,
        mut open: impl FnMut(&Slot, &Id) -> Result<Option<VaultKey>, Error>,
    ) -> Result<(SlotId, VaultKey), Error> {
        let best = self.copies.first().ok_or(InputError::NotAVault)?;
        let mut tried: Vec<(&Id, &Slot)> = Vec::new();
        let mut failed = None;
        for copy in self.copies.iter().chain(&self.spare) {
            for slot in &copy.header.slots {
                if tried.contains(&(&copy.header.vault, slot)) {
                    continue;
                }
                tried.push((&copy.header.vault, slot));
                match open(slot, &copy.header.vault) {
                    Ok(Some(key)) => return Ok((slot.id, key)),
                    Ok(None) => {}
                    Err(error @ Error::Input(_)) => return Err(error),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        Err(failed.unwrap_or(if best.whole { refusal } else { InputError::HeaderDamaged }.into()))
    }
}
