//! The header of a vault: which vault, which slots, how cheap a slot may be. It stands in the file
//! twice; each copy has a checksum, which tells damage from a wrong passphrase, and a MAC under the
//! vault key, which tells a change.
//!
//! ```text
//! "CSVH" | length u32 | format u16 | vault 16 | revision u64 | minimum cost 12 | next slot u32
//! | slots u8 | slot … | MAC 32 | checksum 16          (numbers big-endian; `length` is of all)
//! slot: id u32 | 1 | memory KiB u32 | passes u32 | lanes u32 | salt 16 | sealed vault key 60
//!       id u32 | 2 | guard u8 | length u16 | wrapped | sealed vault key 60
//! ```

use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id};

use super::cost::KdfCost;
use super::key::{Keys, VaultKey};
use super::slot::{Slot, SlotId, Way, read_cost, take, write_cost};
use crate::cancel::Cancel;
use crate::error::{Error, InputError};
use crate::limits;
use crate::port::{Guard, Keystore};

/// The first bytes of every copy, in this and every later format; length and format follow.
pub(super) const MAGIC: [u8; 4] = *b"CSVH";
/// The newest format that this program reads; the file's `user_version` is the same number.
pub(super) const FORMAT: u16 = 1;
const MAC: usize = 32;
const CHECKSUM: usize = 16;

/// What a header says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub vault: Id,
    /// Grows with each change; the summary keeps it too, so that an old header is noticed.
    pub revision: u64,
    /// No slot may be cheaper.
    pub minimum: KdfCost,
    pub next_slot: u32,
    pub slots: Vec<Slot>,
}

/// One copy as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Copy {
    pub header: Header,
    /// Whether the checksum fits.
    pub whole: bool,
    authenticated: Vec<u8>,
    mac: [u8; MAC],
}

impl Header {
    /// Puts a slot in, under a number of its own.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] beyond sixteen.
    pub fn add(&mut self, mut slot: Slot) -> Result<SlotId, InputError> {
        if self.slots.len() >= limits::VAULT_SLOTS {
            let (found, most) = (self.slots.len() as u64 + 1, limits::VAULT_SLOTS as u64);
            return Err(InputError::TooMuch { what: "slots", found, most });
        }
        slot.id = SlotId(self.next_slot);
        self.next_slot += 1;
        self.slots.push(slot);
        Ok(SlotId(self.next_slot - 1))
    }

    /// Takes a slot out; the last one stays.
    ///
    /// # Errors
    /// [`InputError::Slot`].
    pub fn remove(&mut self, id: SlotId) -> Result<(), InputError> {
        let place = self.slots.iter().position(|slot| slot.id == id);
        let place = place.ok_or(InputError::Slot("no such slot"))?;
        if self.slots.len() == 1 {
            return Err(InputError::Slot("the last slot stays"));
        }
        self.slots.remove(place);
        Ok(())
    }

    /// The bytes of one copy.
    pub fn write(&self, keys: &Keys) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&FORMAT.to_be_bytes());
        out.extend_from_slice(self.vault.as_bytes());
        out.extend_from_slice(&self.revision.to_be_bytes());
        write_cost(self.minimum, &mut out);
        out.extend_from_slice(&self.next_slot.to_be_bytes());
        out.push(self.slots.len() as u8);
        self.slots.iter().for_each(|slot| slot.write(&mut out));
        let length = (out.len() + MAC + CHECKSUM) as u32;
        out[4..8].copy_from_slice(&length.to_be_bytes());
        let mac = keys.header_mac(&out);
        out.extend_from_slice(mac.as_ref());
        let checksum = checksum(&out);
        out.extend_from_slice(&checksum);
        out
    }
}

impl Copy {
    /// Reads the copy that `bytes` begin with; more may follow. `None` where it is none, or breaks a
    /// limit: then no key derivation is tried with it.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (length, format) = outline(bytes)?;
        if format != FORMAT {
            return None;
        }
        let bytes = bytes.get(..length)?;
        let (checked, sum) = bytes.split_at_checked(length.checked_sub(CHECKSUM)?)?;
        let (authenticated, mac) = checked.split_at_checked(checked.len().checked_sub(MAC)?)?;
        let mut rest = authenticated.get(10..)?;
        let vault = Id::from_bytes(take(&mut rest)?);
        let revision = u64::from_be_bytes(take(&mut rest)?);
        let minimum = read_cost(&mut rest)?;
        let next_slot = u32::from_be_bytes(take(&mut rest)?);
        let [count] = take(&mut rest)?;
        if !(1..=limits::VAULT_SLOTS).contains(&usize::from(count)) {
            return None;
        }
        let slots = (0..count).map(|_| Slot::read(&mut rest)).collect::<Option<Vec<_>>>()?;
        let cheap = |slot: &Slot| matches!(slot.way, Way::Passphrase { cost, .. } if !cost.reaches(minimum));
        let numbered = |slot: &Slot| slot.id.0 < next_slot;
        if !rest.is_empty() || slots.iter().any(cheap) || !slots.iter().all(numbered) {
            return None;
        }
        Some(Self {
            header: Header { vault, revision, minimum, next_slot, slots },
            whole: sum == checksum(checked),
            authenticated: authenticated.to_vec(),
            mac: mac.try_into().ok()?,
        })
    }

    /// Whether the vault key made this copy.
    pub fn is_authentic(&self, keys: &Keys) -> bool {
        keys.header_fits(&self.authenticated, &self.mac)
    }
}

/// Length and format of the copy that `bytes` begin with, whichever format that is.
pub(super) fn outline(bytes: &[u8]) -> Option<(usize, u16)> {
    let mut rest = bytes.strip_prefix(&MAGIC)?;
    let length = u32::from_be_bytes(take(&mut rest)?) as usize;
    let format = u16::from_be_bytes(take(&mut rest)?);
    (length <= limits::VAULT_HEADER).then_some((length, format))
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
        Self { copies, damaged, spare: vec![] }
    }

    /// Keeps those of `found` that are another vault's.
    pub(super) fn with_spare(mut self, mut found: Vec<Copy>) -> Self {
        let known = |copy: &Copy| self.copies.iter().any(|own| own.header.vault == copy.header.vault);
        found.retain(|copy| copy.whole && !known(copy));
        found.dedup();
        self.spare = found;
        self
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
        self.try_each(InputError::WrongPassphrase, |slot, vault| slot.open(vault, passphrase))
    }

    /// Opens a slot by the platform's keystore, which may prompt.
    ///
    /// # Errors
    /// [`InputError::Slot`] where there is no such slot or it does not fit; what
    /// [`Keystore::unwrap`] gives.
    pub fn open_keystore(&self, keystore: &dyn Keystore, cancel: &Cancel) -> Result<VaultKey, Error> {
        let none = InputError::Slot("no keystore slot opens");
        self.try_each(none, |slot, vault| slot.open_keystore(vault, keystore, cancel))
    }

    /// The slots that the keystore opens, with what each asks for.
    pub fn keystore_slots(&self) -> Vec<(SlotId, Guard)> {
        let slots = self.copies.first().map(|copy| copy.header.slots.iter());
        let slots = slots.into_iter().flatten().filter_map(|slot| match slot.way {
            Way::Keystore { guard, .. } => Some((slot.id, guard)),
            Way::Passphrase { .. } => None,
        });
        slots.collect()
    }

    /// Tries every slot of the best copies, and of damaged ones only what differs. A slot whose
    /// platform key is gone does not keep the next from being tried.
    fn try_each(
        &self,
        refusal: InputError,
        open: impl Fn(&Slot, &Id) -> Result<Option<VaultKey>, Error>,
    ) -> Result<VaultKey, Error> {
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
                    Ok(Some(key)) => return Ok(key),
                    Ok(None) => {}
                    Err(error @ Error::Input(_)) => return Err(error),
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
        Err(failed.unwrap_or(if best.whole { refusal } else { InputError::HeaderDamaged }.into()))
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut out = [0; CHECKSUM];
    out.copy_from_slice(&H32::sha256(&[bytes]).as_bytes()[..CHECKSUM]);
    out
}
