//! The header of a vault: which vault, which slots, how cheap a slot may be. It stands in the file
//! twice; each copy has a checksum, which tells damage from a wrong passphrase, and a MAC under the
//! vault key, which tells a change.
//!
//! ```text
//! "CSVH" | length u32 | format u16 | vault 16 | revision u64 | minimum cost 12 | next slot u32
//! | slots u8 | slot … | book | MAC 32 | checksum 16   (numbers big-endian; `length` is of all)
//! slot: id u32 | 1 | memory KiB u32 | passes u32 | lanes u32 | salt 16 | sealed vault key 60
//!       id u32 | 2 | guard u8 | length u16 | wrapped | sealed vault key 60
//!       id u32 | 3 | sealed vault key 60
//!       id u32 | 4 | place u8 | 0, or 1 and number u32 | challenge 32 | 0, or 1, cost 12 and salt 16 | sealed vault key 60
//! book: length u16 | sealed
//! ```
//!
//! The book ([`super::book`]) is what only the vault's owner may read of the slots. Where there is none yet, nothing stands
//! in its place.

use countersign_protocol::jose::{H32, Id};

use super::cost::KdfCost;
use super::key::Keys;
use super::slot::{Slot, SlotId, Way, read_cost, take, write_cost};
use crate::error::{InputError, Named, Rule};
use crate::limits;

/// The first bytes of every copy, in this and every later format; length and format follow.
pub(super) const MAGIC: [u8; 4] = *b"CSVH";
/// The newest format that this program reads; the file's `user_version` is the same number.
pub(super) const FORMAT: u16 = 2;
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
    /// The sealed book; empty where there is none yet.
    pub book: Vec<u8>,
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
    /// The first header of a vault, without a slot.
    pub fn new(vault: Id, minimum: KdfCost) -> Self {
        Self { vault, revision: 1, minimum, next_slot: 1, slots: vec![], book: vec![] }
    }

    /// Puts a slot in, under a number of its own.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] beyond sixteen.
    pub fn add(&mut self, mut slot: Slot) -> Result<SlotId, InputError> {
        if self.slots.len() >= limits::VAULT_SLOTS {
            let (found, most) = (self.slots.len() as u64 + 1, limits::VAULT_SLOTS as u64);
            return Err(InputError::TooMuch { what: Named::Slots, found, most });
        }
        slot.id = SlotId(self.next_slot);
        self.next_slot += 1;
        self.slots.push(slot);
        Ok(SlotId(self.next_slot - 1))
    }

    /// Takes a slot out; the last one stays, and the last that a passphrase opens: it is the one that a person has
    /// everywhere, with another finger, another platform or the paper lost.
    ///
    /// # Errors
    /// [`InputError::NotFound`], [`InputError::LastPassphrase`].
    pub fn remove(&mut self, id: SlotId) -> Result<(), InputError> {
        let place = self.slots.iter().position(|slot| slot.id == id).ok_or(InputError::NotFound)?;
        let is_passphrase = |slot: &Slot| matches!(slot.way, Way::Passphrase { .. });
        let others = self.slots.iter().filter(|slot| slot.id != id && is_passphrase(slot)).count();
        if self.slots.len() == 1 || is_passphrase(&self.slots[place]) && others == 0 {
            return Err(InputError::LastPassphrase);
        }
        self.slots.remove(place);
        Ok(())
    }

    /// Puts `slot` in the place of the passphrase slot `id`, which keeps its number. No slot gets cheaper than the
    /// vault's own minimum, which grows when all reach a dearer one.
    ///
    /// # Errors
    /// [`InputError::NotFound`] where `id` is none; [`InputError::Slot`] where one of the two is no passphrase slot;
    /// [`InputError::Field`] for a cost below the minimum.
    pub fn replace(&mut self, id: SlotId, mut slot: Slot) -> Result<(), InputError> {
        let Way::Passphrase { cost, .. } = slot.way else { return Err(InputError::Slot("not a passphrase slot")) };
        if !cost.reaches(self.minimum) {
            return Err(InputError::Field { field: Named::KeyDerivation, rule: Rule::KdfLeast });
        }
        let before = self.slots.iter_mut().find(|slot| slot.id == id).ok_or(InputError::NotFound)?;
        if !matches!(before.way, Way::Passphrase { .. }) {
            return Err(InputError::Slot("not a passphrase slot"));
        }
        slot.id = id;
        *before = slot;
        if self.slots.iter().filter_map(|slot| slot.way.cost()).all(|own| own.reaches(cost)) {
            self.minimum = cost;
        }
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
        if !self.book.is_empty() {
            out.extend_from_slice(&(self.book.len() as u16).to_be_bytes());
            out.extend_from_slice(&self.book);
        }
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
        if !(1..=FORMAT).contains(&format) {
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
        let book = if rest.is_empty() { vec![] } else { read_book(&mut rest)? };
        let cheap = |slot: &Slot| slot.way.cost().is_some_and(|cost| !cost.reaches(minimum));
        let numbered = |slot: &Slot| slot.id.0 < next_slot;
        if !rest.is_empty() || slots.iter().any(cheap) || !slots.iter().all(numbered) {
            return None;
        }
        Some(Self {
            header: Header { vault, revision, minimum, next_slot, slots, book },
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

fn read_book(rest: &mut &[u8]) -> Option<Vec<u8>> {
    let length = usize::from(u16::from_be_bytes(take(rest)?));
    let (book, after) = rest.split_at_checked(length)?;
    *rest = after;
    (length > 0).then(|| book.to_vec())
}

/// Length and format of the copy that `bytes` begin with, whichever format that is.
pub(super) fn outline(bytes: &[u8]) -> Option<(usize, u16)> {
    let mut rest = bytes.strip_prefix(&MAGIC)?;
    let length = u32::from_be_bytes(take(&mut rest)?) as usize;
    let format = u16::from_be_bytes(take(&mut rest)?);
    (length <= limits::VAULT_HEADER).then_some((length, format))
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM] {
    let mut out = [0; CHECKSUM];
    out.copy_from_slice(&H32::sha256(&[bytes]).as_bytes()[..CHECKSUM]);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree as _;

    use countersign_protocol::Secret;

    use super::*;
    use crate::port::Guard;
    use crate::vault::hardware::KeyPlace;
    use crate::vault::key::VaultKey;

    fn key() -> VaultKey {
        VaultKey { vault: Id::from_bytes([3; 16]), secret: Secret::new(vec![4; 32]), second: None }
    }

    fn slots() -> impl Strategy<Value = Slot> {
        let passphrase = (19 * 1024..=1024 * 1024u32, 2..=8u32, 1..=16u32, any::<[u8; 16]>()).prop_map(
            |(memory, passes, lanes, salt)| Way::Passphrase {
                cost: KdfCost::new(memory, passes, lanes).unwrap(),
                salt,
            },
        );
        let beside = prop::option::of((2..=8u32, any::<[u8; 16]>()));
        let place = prop_oneof![Just(KeyPlace::One), Just(KeyPlace::Two)];
        let hardware =
            (place, any::<Option<u32>>(), any::<[u8; 32]>(), beside).prop_map(|(place, serial, challenge, beside)| {
                Way::Hardware {
                    place,
                    serial,
                    challenge,
                    passphrase: beside.map(|(passes, salt)| (KdfCost::new(19 * 1024, passes, 1).unwrap(), salt)),
                }
            });
        let guard = prop_oneof![Just(Guard::Device), Just(Guard::User)];
        let wrapped = prop::collection::vec(any::<u8>(), 1..=limits::VAULT_WRAPPED);
        let keystore = (guard, wrapped).prop_map(|(guard, wrapped)| Way::Keystore { guard, wrapped });
        let sealed = prop::collection::vec(any::<u8>(), 60).prop_map(|bytes| bytes.try_into().unwrap());
        (prop_oneof![passphrase, keystore, hardware, Just(Way::Sheet)], sealed).prop_map(|(way, sealed)| Slot {
            id: SlotId(0),
            way,
            sealed,
        })
    }

    fn headers() -> impl Strategy<Value = Header> {
        let slots = prop::collection::vec(slots(), 1..=limits::VAULT_SLOTS);
        let book = prop::collection::vec(any::<u8>(), 0..600);
        (any::<u64>(), slots, book).prop_map(|(revision, slots, book)| {
            let mut header = Header { revision, book, ..Header::new(key().vault, KdfCost::LEAST) };
            slots.into_iter().for_each(|slot| assert!(header.add(slot).is_ok()));
            header
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_header_is_read_as_it_was_written(header in headers(), after in any::<[u8; 3]>()) {
            let keys = key().keys().unwrap();
            let bytes = [&header.write(&keys)[..], &after].concat();
            let copy = Copy::parse(&bytes).unwrap();
            prop_assert!(copy.whole && copy.is_authentic(&keys));
            prop_assert_eq!(copy.header, header);
        }
    }

    /// Written headers with a byte changed, the end cut or the checksum made right again, and some left whole.
    #[test]
    fn any_bytes_are_read_or_refused_and_a_third_is_read() {
        let keys = key().keys().unwrap();
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let strategy = (headers(), any::<prop::sample::Index>(), 1..=255u8, 0..4u8);
        let (mut accepted, total) = (0, 600);
        for _ in 0..total {
            let (header, index, change, damage) = strategy.new_tree(&mut runner).unwrap().current();
            let mut bytes = header.write(&keys);
            let place = index.index(bytes.len());
            match damage {
                0 => bytes.truncate(place),
                1 => bytes[place] ^= change,
                2 => {
                    bytes[place] ^= change;
                    let end = bytes.len() - CHECKSUM;
                    let sum = checksum(&bytes[..end]);
                    bytes[end..].copy_from_slice(&sum);
                }
                _ => {}
            }
            let Some(copy) = Copy::parse(&bytes) else { continue };
            accepted += 1;
            // What was changed is never taken for whole and authentic.
            let mended = damage == 2 && place >= bytes.len() - CHECKSUM;
            assert_eq!(copy.whole && copy.is_authentic(&keys), damage == 3 || mended, "{damage} at {place}");
            assert!(copy.header.slots.len() <= limits::VAULT_SLOTS);
        }
        assert!(accepted * 3 >= total, "{accepted} of {total}");
    }

    /// A header that asks for too much or too little work is refused before any key derivation, checksum right or not.
    #[test]
    fn costs_outside_the_limits_are_refused_before_any_work() {
        let keys = key().keys().unwrap();
        let slot = |cost| Slot { id: SlotId(1), way: Way::Passphrase { cost, salt: [0; 16] }, sealed: [0; 60] };
        let minimum = KdfCost::new(32 * 1024, 2, 1).unwrap();
        let header = |slots| Header { next_slot: 2, slots, ..Header::new(key().vault, minimum) };
        let written = header(vec![slot(minimum)]).write(&keys);
        assert!(Copy::parse(&written).is_some());
        // Memory of the slot stands after 53 bytes: magic … slots, the slot's id and kind.
        let memory = 4 + 4 + 2 + 16 + 8 + 12 + 4 + 1 + 4 + 1;
        assert_eq!(written[memory..memory + 4], (32u32 * 1024).to_be_bytes());
        for kib in [0, 19 * 1024 - 1, 32 * 1024 - 1, 1024 * 1024 + 1, 1024 * 1024 * 1000, u32::MAX] {
            let mut bytes = written.clone();
            bytes[memory..memory + 4].copy_from_slice(&kib.to_be_bytes());
            let end = bytes.len() - CHECKSUM;
            let sum = checksum(&bytes[..end]);
            bytes[end..].copy_from_slice(&sum);
            assert!(Copy::parse(&bytes).is_none(), "{kib} KiB");
        }
        let many = header(vec![slot(minimum); limits::VAULT_SLOTS + 1]).write(&keys);
        assert!(Copy::parse(&many).is_none(), "seventeen slots");
        let none = header(vec![]).write(&keys);
        assert!(Copy::parse(&none).is_none(), "no slot");
        let mut long = written.clone();
        long[4..8].copy_from_slice(&(limits::VAULT_HEADER as u32 + 1).to_be_bytes());
        long.resize(limits::VAULT_HEADER + 1, 0);
        assert!(Copy::parse(&long).is_none(), "longer than a header may be");
    }
}
