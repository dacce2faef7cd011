//! The book of the header: what only the vault's owner may read of its slots, how the vault locks itself, and what it gives
//! to the shell's keystore. It is sealed under the vault key, and padded so that its length tells no names.
//!
//! ```text
//! form 1 | class u8 | lock after, s | lock when u8 | 0, or 1 and secret 32 | entries | entry … | zeros to the next 256 bytes
//! entry: slot | made | used | kept | length | name        (numbers are varints, times in Unix time)
//! ```

use std::collections::BTreeMap;

use countersign_protocol::Secret;
use zeroize::{Zeroize as _, Zeroizing};

use super::autolock::AutoLock;
use super::cost::DeviceClass;
use super::frame::{read_varint, write_varint};
use super::key::Keys;
use super::slot::{Slot, SlotId, take};

/// The form that this program writes.
const FORM: u8 = 1;
/// What its length is a multiple of.
const BLOCK: usize = 256;
/// Bytes of the secret for the shell's keystore.
pub(super) const KEYSTORE: usize = 32;

/// What the book says.
#[derive(Debug, Clone, Default)]
pub(super) struct Book {
    /// What the vault was made on.
    pub class: Option<DeviceClass>,
    /// When the vault locks itself.
    pub lock: AutoLock,
    /// What the shell's keystore gets by whatever opens the vault; none in a vault that an earlier program made.
    pub keystore: Option<Secret>,
    /// By the slot's number.
    pub entries: BTreeMap<u32, Entry>,
}

/// What it says of one slot.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct Entry {
    /// The person's own name for it; may be empty.
    pub name: String,
    /// When it was made; 0 where nobody knows.
    pub made: u64,
    /// When it opened the vault last, to the day; 0 where nobody knows.
    pub used: u64,
    /// On how many days, one after the other, its passphrase was remembered.
    pub kept: u64,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entry(..)")
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.name.zeroize();
    }
}

impl Book {
    /// Opens a sealed book. One that there is none of, or that is damaged, begins anew: no way in depends on it.
    pub fn open(sealed: &[u8], keys: &Keys) -> Self {
        let opened = keys.open_book(sealed);
        opened.and_then(|plain| Self::read(plain.expose())).unwrap_or_default()
    }

    /// What it says of a slot; anew where it says nothing.
    pub fn entry(&mut self, id: SlotId) -> &mut Entry {
        self.entries.entry(id.number()).or_default()
    }

    /// Forgets slots that are gone.
    pub fn keep(&mut self, slots: &[Slot]) {
        self.entries.retain(|id, _| slots.iter().any(|slot| slot.id.number() == *id));
    }

    /// The bytes that are sealed.
    pub fn write(&self) -> Zeroizing<Vec<u8>> {
        let names: usize = self.entries.values().map(|entry| entry.name.len() + 40).sum();
        let mut out = Zeroizing::new(Vec::with_capacity((64 + KEYSTORE + names).next_multiple_of(BLOCK)));
        let class = match self.class {
            None => 0,
            Some(DeviceClass::SmallPhone) => 1,
            Some(DeviceClass::Phone) => 2,
            Some(DeviceClass::Desktop) => 3,
        };
        out.extend_from_slice(&[FORM, class]);
        write_varint(self.lock.after.map_or(0, |after| after.as_secs()), &mut out);
        out.push(u8::from(self.lock.on_leave) | u8::from(self.lock.on_screen_off) << 1);
        out.push(u8::from(self.keystore.is_some()));
        // The secret leaves its type to be sealed with the rest.
        self.keystore.iter().for_each(|secret| out.extend_from_slice(secret.expose()));
        write_varint(self.entries.len() as u64, &mut out);
        for (id, entry) in &self.entries {
            let name = entry.name.as_bytes();
            for number in [u64::from(*id), entry.made, entry.used, entry.kept, name.len() as u64] {
                write_varint(number, &mut out);
            }
            out.extend_from_slice(name);
        }
        let length = out.len().next_multiple_of(BLOCK);
        out.resize(length, 0);
        out
    }

    /// Reads what [`Book::write`] wrote.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let [FORM, class] = take(&mut rest)? else { return None };
        let class = match class {
            0 => None,
            1 => Some(DeviceClass::SmallPhone),
            2 => Some(DeviceClass::Phone),
            3 => Some(DeviceClass::Desktop),
            _ => return None,
        };
        let after = read_varint(&mut rest)?;
        let [when @ 0..=3] = take(&mut rest)? else { return None };
        let lock = AutoLock::stored(after, when & 1 != 0, when & 2 != 0)?;
        let keystore = match take(&mut rest)? {
            [0] => None,
            [1] => {
                let (secret, after) = rest.split_at_checked(KEYSTORE)?;
                rest = after;
                Some(Secret::from_slice(secret))
            }
            _ => return None,
        };
        let mut entries = BTreeMap::new();
        for _ in 0..read_varint(&mut rest)? {
            let id = u32::try_from(read_varint(&mut rest)?).ok()?;
            let mut number = || read_varint(&mut rest);
            let (made, used, kept, length) = (number()?, number()?, number()?, number()?);
            let (name, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            rest = after;
            let name = std::str::from_utf8(name).ok()?.to_owned();
            let is_next = entries.last_key_value().is_none_or(|(last, _)| *last < id);
            if !is_next || entries.insert(id, Entry { name, made, used, kept }).is_some() {
                return None;
            }
        }
        let is_padded = rest.len() < BLOCK && bytes.len().is_multiple_of(BLOCK) && rest.iter().all(|byte| *byte == 0);
        is_padded.then_some(Self { class, lock, keystore, entries })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use countersign_properties::parser;
    use proptest::prelude::*;

    use super::*;
    use crate::properties::damaged;

    fn books() -> impl Strategy<Value = Book> {
        let class = prop::option::of(prop::sample::select(&DeviceClass::ALL[..]));
        let lock = (prop::option::of(15..=86_400_u64), any::<bool>(), any::<bool>()).prop_map(
            |(after, on_leave, on_screen_off)| AutoLock {
                after: after.map(Duration::from_secs),
                on_leave,
                on_screen_off,
            },
        );
        let entry =
            ("\\PC{0,64}", any::<[u64; 3]>()).prop_map(|(name, [made, used, kept])| Entry { name, made, used, kept });
        let entries = prop::collection::btree_map(any::<u32>(), entry, 0..=16);
        let keystore = prop::option::of(any::<[u8; KEYSTORE]>().prop_map(|bytes| Secret::from_slice(&bytes)));
        (class, lock, keystore, entries).prop_map(|(class, lock, keystore, entries)| Book {
            class,
            lock,
            keystore,
            entries,
        })
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_a_third_is_read() {
        let touched = (books(), any::<prop::sample::Index>(), 1..=255_u8, 0..6_u8)
            .prop_map(|(book, at, change, how)| damaged(book.write().to_vec(), at, change, how));
        parser(touched, |bytes| match Book::read(bytes) {
            Some(book) => {
                assert_eq!(book.write().as_slice(), bytes, "one value, one form");
                true
            }
            None => false,
        });
    }

    #[test]
    fn its_length_tells_no_names() {
        let of = |name: &str| {
            let mut book = Book::default();
            book.entry(SlotId::of(1)).name = name.to_owned();
            book.write().len()
        };
        assert_eq!((of(""), of(&"é".repeat(64))), (BLOCK, BLOCK));
        assert!(!format!("{:?}", Book::default()).contains("name"));
        assert_eq!(format!("{:?}", Entry { name: "canary".into(), ..Entry::default() }), "Entry(..)");
    }
}
