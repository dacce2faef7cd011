//! The summary: a running sum over every account's id and version, sealed in a row of its own and
//! changed in the same transaction. It notices an account that was rolled back or deleted behind our
//! back; only the whole file put back as it once was goes unnoticed.

use std::collections::BTreeMap;

use super::frame::{read_varint, write_varint};
use super::key::Keys;
use super::slot::take;

/// How many versions back and forth are tried to name what the sum misses.
const REACH: u64 = 64;
/// How many summands may be tried for it.
const TRIES: u64 = 2_000_000;

/// The version of each account by its id; `None` where it cannot be read any more.
pub(super) type Versions = BTreeMap<u64, Option<u64>>;

/// The sum of all accounts' summands, modulo 2²⁵⁶.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum([u64; 4]);

impl Sum {
    fn of(keys: &Keys, row: u64, version: u64) -> Self {
        let tag = keys.summand(row, version);
        let mut limbs = [0; 4];
        for (limb, bytes) in limbs.iter_mut().zip(tag.as_ref().chunks_exact(8)) {
            let mut eight = [0; 8];
            eight.copy_from_slice(bytes);
            *limb = u64::from_le_bytes(eight);
        }
        Self(limbs)
    }

    fn plus(self, other: Self) -> Self {
        let mut carry = false;
        let mut out = [0; 4];
        for (limb, (a, b)) in out.iter_mut().zip(self.0.into_iter().zip(other.0)) {
            let (sum, first) = a.overflowing_add(b);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (*limb, carry) = (sum, first || second);
        }
        Self(out)
    }

    fn negated(self) -> Self {
        Self(self.0.map(|limb| !limb)).plus(Self([1, 0, 0, 0]))
    }

    fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }
}

/// What the sealed summary holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summary {
    pub sum: Sum,
    /// How many accounts there are.
    pub count: u64,
    /// The id of the next account. Ids are never given twice.
    pub next_id: u64,
    /// The revision of the header that goes with it.
    pub header: u64,
    /// The version of this summary: one more with each change of the vault.
    pub version: u64,
}

const FORM: u8 = 1;

impl Summary {
    /// The summary of a new vault.
    pub const fn empty(header: u64) -> Self {
        Self { sum: Sum([0; 4]), count: 0, next_id: 1, header, version: 1 }
    }

    /// The bytes that are sealed; the version stands outside.
    pub fn write(&self) -> Vec<u8> {
        let mut out = vec![FORM];
        self.sum.0.iter().for_each(|limb| out.extend_from_slice(&limb.to_le_bytes()));
        [self.count, self.next_id, self.header].into_iter().for_each(|n| write_varint(n, &mut out));
        out
    }

    /// Reads what [`Summary::write`] wrote.
    pub fn read(version: u64, mut bytes: &[u8]) -> Option<Self> {
        if take(&mut bytes)? != [FORM] {
            return None;
        }
        let mut limb = || take(&mut bytes).map(u64::from_le_bytes);
        let sum = Sum([limb()?, limb()?, limb()?, limb()?]);
        let mut number = || read_varint(&mut bytes);
        let (count, next_id, header) = (number()?, number()?, number()?);
        bytes.is_empty().then_some(Self { sum, count, next_id, header, version })
    }

    /// An account was added under this version.
    pub fn add(&mut self, keys: &Keys, row: u64, version: u64) {
        self.sum = self.sum.plus(Sum::of(keys, row, version));
        self.count += 1;
    }

    /// An account was taken out.
    pub fn remove(&mut self, keys: &Keys, row: u64, version: u64) {
        self.sum = self.sum.minus(Sum::of(keys, row, version));
        self.count = self.count.saturating_sub(1);
    }

    /// The summary that these accounts would have, ids after theirs.
    pub fn of(keys: &Keys, rows: &Versions, before: &Self) -> Self {
        let mut out = Self { sum: Sum::default(), count: 0, ..*before };
        for (row, version) in rows {
            out.next_id = out.next_id.max(row + 1);
            match version {
                Some(version) => out.add(keys, *row, *version),
                None => out.count += 1,
            }
        }
        out
    }

    /// What the accounts found differ in from this summary. `rows` gives each account's version, or
    /// `None` where it cannot be read any more.
    pub fn compare(&self, keys: &Keys, rows: &Versions) -> Verdict {
        let found = Self::of(keys, rows, self);
        let difference = self.sum.minus(found.sum);
        let unread: Vec<u64> = rows.iter().filter(|(_, version)| version.is_none()).map(|(row, _)| *row).collect();
        let count = rows.len() as u64;
        if difference == Sum::default() && count == self.count {
            return Verdict::Same;
        }
        let search = Search { keys, rows, difference, next_id: self.next_id };
        match (unread.len(), count.cmp(&self.count)) {
            // What cannot be read cannot be summed: where its version explains the rest, all is there.
            (1, std::cmp::Ordering::Equal) if search.is_version_of(unread[0], TRIES / 20) => Verdict::Same,
            (2.., std::cmp::Ordering::Equal) => Verdict::Same,
            (0, std::cmp::Ordering::Equal) => search.rolled_back(),
            (0, std::cmp::Ordering::Less) => search.missing(self.count - count),
            (0, std::cmp::Ordering::Greater) => search.surplus(),
            (_, std::cmp::Ordering::Less) => Verdict::Missing { id: None, count: self.count - count },
            _ => Verdict::Unexplained,
        }
    }
}

/// What a comparison found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Every account is there, and as it was last written.
    Same,
    /// This account is an older version of itself.
    RolledBack(u64),
    /// So many accounts are gone; which, where it can be told.
    Missing { id: Option<u64>, count: u64 },
    /// This account was deleted and is there again.
    Surplus(u64),
    /// Something differs, and it cannot be told what.
    Unexplained,
}

/// Tries the explanations that take one account.
struct Search<'a> {
    keys: &'a Keys,
    rows: &'a Versions,
    difference: Sum,
    next_id: u64,
}

impl Search<'_> {
    fn is_version_of(&self, row: u64, most: u64) -> bool {
        (1..=most).any(|version| Sum::of(self.keys, row, version) == self.difference)
    }

    fn missing(&self, count: u64) -> Verdict {
        let gone = (1..self.next_id).filter(|row| !self.rows.contains_key(row)).take((TRIES / REACH) as usize);
        let id = if count == 1 { gone.into_iter().find(|row| self.is_version_of(*row, REACH)) } else { None };
        Verdict::Missing { id, count }
    }

    fn rolled_back(&self) -> Verdict {
        let rows = self.rows.iter().filter_map(|(row, version)| Some((*row, (*version)?)));
        let older = |(row, version): &(u64, u64)| {
            let target = self.difference.plus(Sum::of(self.keys, *row, *version));
            (version + 1..=version.saturating_add(REACH)).any(|later| Sum::of(self.keys, *row, later) == target)
        };
        rows.take((TRIES / REACH) as usize)
            .find(older)
            .map_or(Verdict::Unexplained, |(row, _)| Verdict::RolledBack(row))
    }

    fn surplus(&self) -> Verdict {
        let mut rows = self.rows.iter().filter_map(|(row, version)| Some((*row, (*version)?)));
        let over = self.difference.negated();
        let found = rows.find(|(row, version)| Sum::of(self.keys, *row, *version) == over);
        found.map_or(Verdict::Unexplained, |(row, _)| Verdict::Surplus(row))
    }
}

#[cfg(test)]
mod tests {
    use countersign_properties::parser;
    use countersign_protocol::Secret;
    use countersign_protocol::jose::Id;
    use proptest::prelude::*;

    use super::*;
    use crate::properties::damaged;
    use crate::vault::key::VaultKey;

    fn keys() -> Keys {
        VaultKey { vault: Id::from_bytes([1; 16]), secret: Secret::new(vec![2; 32]) }.keys().unwrap()
    }

    fn five(keys: &Keys) -> (Summary, Versions) {
        let mut summary = Summary::empty(1);
        let rows: Versions = (1..=5).map(|row| (row, Some(row * 3))).collect();
        rows.iter().for_each(|(row, version)| summary.add(keys, *row, version.unwrap()));
        summary.next_id = 9;
        (summary, rows)
    }

    #[test]
    fn what_differs_is_named() {
        let keys = keys();
        let (summary, rows) = five(&keys);
        let changed = |change: &dyn Fn(&mut Versions)| {
            let mut rows = rows.clone();
            change(&mut rows);
            summary.compare(&keys, &rows)
        };
        assert_eq!(changed(&|_| ()), Verdict::Same);
        assert_eq!(changed(&|rows| *rows.get_mut(&4).unwrap() = Some(11)), Verdict::RolledBack(4));
        assert_eq!(changed(&|rows| rows.retain(|row, _| *row != 2)), Verdict::Missing { id: Some(2), count: 1 });
        assert_eq!(changed(&|rows| rows.retain(|row, _| *row > 2)), Verdict::Missing { id: None, count: 2 });
        assert_eq!(changed(&|rows| rows.extend([(7, Some(2))])), Verdict::Surplus(7));
        assert_eq!(changed(&|rows| *rows.get_mut(&4).unwrap() = None), Verdict::Same);
        let two = |rows: &mut Versions| {
            *rows.get_mut(&4).unwrap() = None;
            *rows.get_mut(&1).unwrap() = Some(2);
        };
        assert_eq!(changed(&two), Verdict::Unexplained);
    }

    /// Written summaries left whole or damaged, and anything at all: one value, one form.
    #[test]
    fn any_bytes_are_read_or_refused_and_a_third_is_read() {
        let written = (any::<[u64; 4]>(), any::<[u64; 3]>()).prop_map(|(limbs, n)| {
            Summary { sum: Sum(limbs), count: n[0], next_id: n[1], header: n[2], version: 1 }.write()
        });
        let touched = (written, any::<prop::sample::Index>(), 1..=255_u8, 0..6_u8)
            .prop_map(|(bytes, at, change, how)| damaged(bytes, at, change, how));
        let input = prop_oneof![7 => touched, 1 => prop::collection::vec(any::<u8>(), 0..80)];
        parser(input, |bytes| match Summary::read(1, bytes) {
            Some(summary) => {
                assert_eq!(summary.write(), *bytes);
                true
            }
            None => false,
        });
    }

    proptest! {
        #[test]
        fn a_summary_is_read_as_it_was_written(limbs in any::<[u64; 4]>(), n in any::<[u64; 4]>()) {
            let summary = Summary { sum: Sum(limbs), count: n[0], next_id: n[1], header: n[2], version: n[3] };
            prop_assert_eq!(Summary::read(n[3], &summary.write()), Some(summary));
        }

        #[test]
        fn adding_and_taking_out_leaves_nothing(rows in prop::collection::btree_map(1..1000u64, 1..9u64, 0..20)) {
            let keys = keys();
            let mut summary = Summary::empty(1);
            rows.iter().for_each(|(row, version)| summary.add(&keys, *row, *version));
            rows.iter().rev().for_each(|(row, version)| summary.remove(&keys, *row, *version));
            prop_assert_eq!(summary, Summary::empty(1));
        }
    }
}
