//! The summary: a running sum over the id and version of every row of a table, sealed in a row of its own and
//! changed in the same transaction. It notices an account, a group, an icon or what else is kept that was rolled back or
//! deleted behind our back; only the whole file put back as it once was goes unnoticed.
//!
//! ```text
//! 2 | for accounts, groups, icons, kept rows: sum 32, little-endian; count | next id | header | days | last day   (varints)
//! 1 | sum 32 | count | next id | header                            (format 1, which had accounts alone)
//! ```

use std::collections::BTreeMap;

use super::frame::{Place, read_varint, write_varint};
use super::key::Keys;
use super::slot::take;

/// How many versions back and forth are tried to name what the sum misses.
const REACH: u64 = 64;
/// How many summands may be tried for it.
const TRIES: u64 = 2_000_000;

/// The version of each row of a table by its id; `None` where it cannot be read any more.
pub(super) type Versions = BTreeMap<u64, Option<u64>>;

/// The versions of everything that is summed.
#[derive(Debug, Default, Clone)]
pub(super) struct Found {
    pub accounts: Versions,
    pub groups: Versions,
    pub icons: Versions,
    pub kept: Versions,
}

/// The sum of all rows' summands, modulo 2²⁵⁶.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Sum([u64; 4]);

impl Sum {
    fn of(keys: &Keys, place: Place, row: u64, version: u64) -> Self {
        let tag = keys.summand(place, row, version);
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

/// What the summary knows of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    place: Place,
    sum: Sum,
    /// How many rows there are.
    pub count: u64,
}

/// What the sealed summary holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Summary {
    pub accounts: Part,
    pub groups: Part,
    pub icons: Part,
    pub kept: Part,
    /// The id of the next account, group, icon or kept row. Ids are never given twice.
    pub next_id: u64,
    /// The revision of the header that goes with it.
    pub header: u64,
    /// On how many days the vault was opened while something lay in the bin.
    pub days: u64,
    /// The last of them, in days since 1970.
    pub last_day: u64,
    /// The version of this summary: one more with each change of the vault.
    pub version: u64,
}

const FORM: u8 = 2;
const FIRST_FORM: u8 = 1;

impl Part {
    const fn empty(place: Place) -> Self {
        Self { place, sum: Sum([0; 4]), count: 0 }
    }

    /// A row was added under this version.
    pub fn add(&mut self, keys: &Keys, row: u64, version: u64) {
        self.sum = self.sum.plus(Sum::of(keys, self.place, row, version));
        self.count += 1;
    }

    /// A row was taken out.
    pub fn remove(&mut self, keys: &Keys, row: u64, version: u64) {
        self.sum = self.sum.minus(Sum::of(keys, self.place, row, version));
        self.count = self.count.saturating_sub(1);
    }

    /// The part that these rows would have.
    fn of(keys: &Keys, place: Place, rows: &Versions) -> Self {
        let mut out = Self::empty(place);
        for (row, version) in rows {
            match version {
                Some(version) => out.add(keys, *row, *version),
                None => out.count += 1,
            }
        }
        out
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.sum.0.iter().for_each(|limb| out.extend_from_slice(&limb.to_le_bytes()));
        write_varint(self.count, out);
    }

    fn read(place: Place, bytes: &mut &[u8]) -> Option<Self> {
        let mut limb = || take(bytes).map(u64::from_le_bytes);
        let sum = Sum([limb()?, limb()?, limb()?, limb()?]);
        Some(Self { place, sum, count: read_varint(bytes)? })
    }

    /// What the rows found differ in from this part. `rows` gives each row's version, or `None` where it cannot be read
    /// any more; no id is `next_id` or more.
    pub fn compare(&self, keys: &Keys, rows: &Versions, next_id: u64) -> Verdict {
        let found = Self::of(keys, self.place, rows);
        let difference = self.sum.minus(found.sum);
        let unread: Vec<u64> = rows.iter().filter(|(_, version)| version.is_none()).map(|(row, _)| *row).collect();
        let count = rows.len() as u64;
        if difference == Sum::default() && count == self.count {
            return Verdict::Same;
        }
        let search = Search { keys, place: self.place, rows, difference, next_id };
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

impl Summary {
    /// The summary of a new vault.
    pub const fn empty(header: u64) -> Self {
        let (accounts, groups) = (Part::empty(Place::Label), Part::empty(Place::Group));
        let (icons, kept) = (Part::empty(Place::Icon), Part::empty(Place::Kept));
        Self { accounts, groups, icons, kept, next_id: 1, header, days: 0, last_day: 0, version: 1 }
    }

    /// The bytes that are sealed; the version stands outside.
    pub fn write(&self) -> Vec<u8> {
        let mut out = vec![FORM];
        [self.accounts, self.groups, self.icons, self.kept].iter().for_each(|part| part.write(&mut out));
        [self.next_id, self.header, self.days, self.last_day].into_iter().for_each(|n| write_varint(n, &mut out));
        out
    }

    /// Reads what [`Summary::write`] wrote; of format 1 what that wrote.
    pub fn read(version: u64, mut bytes: &[u8]) -> Option<Self> {
        let [form] = take(&mut bytes).filter(|[form]| [FORM, FIRST_FORM].contains(form))?;
        let mut out = Self { version, ..Self::empty(0) };
        out.accounts = Part::read(Place::Label, &mut bytes)?;
        if form == FORM {
            out.groups = Part::read(Place::Group, &mut bytes)?;
            out.icons = Part::read(Place::Icon, &mut bytes)?;
            out.kept = Part::read(Place::Kept, &mut bytes)?;
        }
        let mut number = || read_varint(&mut bytes);
        (out.next_id, out.header) = (number()?, number()?);
        if form == FORM {
            (out.days, out.last_day) = (number()?, number()?);
        }
        bytes.is_empty().then_some(out)
    }

    /// The part of a table.
    pub const fn part(&mut self, place: Place) -> &mut Part {
        match place {
            Place::Group => &mut self.groups,
            Place::Icon | Place::Picture => &mut self.icons,
            Place::Kept => &mut self.kept,
            Place::Label | Place::Seed | Place::Note | Place::Summary | Place::Undo | Place::Reserve => {
                &mut self.accounts
            }
        }
    }

    /// The summary that these rows would have, ids after theirs.
    pub fn of(keys: &Keys, found: &Found, before: &Self) -> Self {
        let part = |place, rows| Part::of(keys, place, rows);
        let all = [&found.accounts, &found.groups, &found.icons, &found.kept];
        let last = all.into_iter().filter_map(|rows| rows.keys().last());
        Self {
            accounts: part(Place::Label, &found.accounts),
            groups: part(Place::Group, &found.groups),
            icons: part(Place::Icon, &found.icons),
            kept: part(Place::Kept, &found.kept),
            next_id: last.map(|id| id + 1).max().unwrap_or_default().max(before.next_id),
            ..*before
        }
    }

    /// Whether everything found is what was last written.
    pub fn is_same(&self, keys: &Keys, found: &Found) -> bool {
        let same = |part: &Part, rows| part.compare(keys, rows, self.next_id) == Verdict::Same;
        let singles = same(&self.groups, &found.groups) && same(&self.icons, &found.icons);
        same(&self.accounts, &found.accounts) && singles && same(&self.kept, &found.kept)
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
    place: Place,
    rows: &'a Versions,
    difference: Sum,
    next_id: u64,
}

impl Search<'_> {
    fn summand(&self, row: u64, version: u64) -> Sum {
        Sum::of(self.keys, self.place, row, version)
    }

    fn is_version_of(&self, row: u64, most: u64) -> bool {
        (1..=most).any(|version| self.summand(row, version) == self.difference)
    }

    fn missing(&self, count: u64) -> Verdict {
        let gone = (1..self.next_id).filter(|row| !self.rows.contains_key(row)).take((TRIES / REACH) as usize);
        let id = if count == 1 { gone.into_iter().find(|row| self.is_version_of(*row, REACH)) } else { None };
        Verdict::Missing { id, count }
    }

    fn rolled_back(&self) -> Verdict {
        let rows = self.rows.iter().filter_map(|(row, version)| Some((*row, (*version)?)));
        let older = |(row, version): &(u64, u64)| {
            let target = self.difference.plus(self.summand(*row, *version));
            (version + 1..=version.saturating_add(REACH)).any(|later| self.summand(*row, later) == target)
        };
        rows.take((TRIES / REACH) as usize)
            .find(older)
            .map_or(Verdict::Unexplained, |(row, _)| Verdict::RolledBack(row))
    }

    fn surplus(&self) -> Verdict {
        let mut rows = self.rows.iter().filter_map(|(row, version)| Some((*row, (*version)?)));
        let over = self.difference.negated();
        let found = rows.find(|(row, version)| self.summand(*row, *version) == over);
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
        VaultKey { vault: Id::from_bytes([1; 16]), secret: Secret::new(vec![2; 32]), second: None }.keys().unwrap()
    }

    fn five(keys: &Keys) -> (Summary, Versions) {
        let mut summary = Summary::empty(1);
        let rows: Versions = (1..=5).map(|row| (row, Some(row * 3))).collect();
        rows.iter().for_each(|(row, version)| summary.accounts.add(keys, *row, version.unwrap()));
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
            summary.accounts.compare(&keys, &rows, summary.next_id)
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
        let found = Found { accounts: rows.clone(), ..Found::default() };
        assert!(summary.is_same(&keys, &found));
        let moved = Found { groups: rows, ..Found::default() };
        assert!(!summary.is_same(&keys, &moved), "a row of one table is none of another");
    }

    fn summaries() -> impl Strategy<Value = Summary> {
        (any::<[[u64; 5]; 4]>(), any::<[u64; 4]>()).prop_map(|(parts, n)| {
            let part = |place, [a, b, c, d, count]: [u64; 5]| Part { place, sum: Sum([a, b, c, d]), count };
            Summary {
                accounts: part(Place::Label, parts[0]),
                groups: part(Place::Group, parts[1]),
                icons: part(Place::Icon, parts[2]),
                kept: part(Place::Kept, parts[3]),
                next_id: n[0],
                header: n[1],
                days: n[2],
                last_day: n[3],
                version: 1,
            }
        })
    }

    /// Written summaries left whole or damaged, and anything at all: one value, one form.
    #[test]
    fn any_bytes_are_read_or_refused_and_a_third_is_read() {
        let touched = (summaries(), any::<prop::sample::Index>(), 1..=255_u8, 0..6_u8)
            .prop_map(|(summary, at, change, how)| damaged(summary.write(), at, change, how));
        let input = prop_oneof![7 => touched, 1 => prop::collection::vec(any::<u8>(), 0..80)];
        parser(input, |bytes| match Summary::read(1, bytes) {
            Some(summary) if bytes[0] == FORM => {
                assert_eq!(summary.write(), *bytes);
                true
            }
            summary => summary.is_some(),
        });
    }

    #[test]
    fn a_summary_of_format_1_is_read() {
        let mut bytes = vec![FIRST_FORM];
        (1..=4_u64).for_each(|limb| bytes.extend_from_slice(&limb.to_le_bytes()));
        bytes.extend_from_slice(&[3, 5, 2]);
        let read = Summary::read(7, &bytes).unwrap();
        assert_eq!((read.accounts.sum, read.accounts.count), (Sum([1, 2, 3, 4]), 3));
        assert_eq!((read.next_id, read.header, read.version), (5, 2, 7));
        assert_eq!((read.groups, read.icons), (Part::empty(Place::Group), Part::empty(Place::Icon)));
        assert_eq!(read.kept, Part::empty(Place::Kept));
    }

    proptest! {
        #[test]
        fn a_summary_is_read_as_it_was_written(summary in summaries()) {
            prop_assert_eq!(Summary::read(1, &summary.write()), Some(summary));
        }

        #[test]
        fn adding_and_taking_out_leaves_nothing(rows in prop::collection::btree_map(1..1000u64, 1..9u64, 0..20)) {
            let keys = keys();
            let mut summary = Summary::empty(1);
            rows.iter().for_each(|(row, version)| summary.icons.add(&keys, *row, *version));
            rows.iter().rev().for_each(|(row, version)| summary.icons.remove(&keys, *row, *version));
            prop_assert_eq!(summary, Summary::empty(1));
        }
    }
}
