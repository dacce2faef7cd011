//! How the label of an account is written before it is sealed: all of an account but its seed and a long note.
//!
//! ```text
//! 2 | kind u8 | algorithm << 4 + digits u8 | what the kind needs | flags | created | one field for each flag, in order
//! | issuer | name                   (numbers as varints; a text is its length and UTF-8; a list its length and items)
//! ```

use std::sync::Arc;

use countersign_protocol::jose::Id;
use countersign_protocol::otp::{Algorithm, Digits};
use zeroize::Zeroizing;

use super::account::{Account, AccountId, Deleted, Details};
use super::frame::{read_varint, write_varint};
use super::group::GroupId;
use super::icon::Icon;
use super::kind::Kind;
use super::slot::take;

/// The form of a label that this program writes.
const FORM: u8 = 2;
/// Bytes of a note that stands in its label; a longer one has rows of its own.
pub(super) const NOTE_HERE: usize = 512;
/// By how much the orders of two accounts differ that were added one after the other.
pub(super) const ORDER_STEP: u64 = 1 << 20;

/// What the sealed label holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Label {
    /// Shared, since it is large and goes from here into the list as it is.
    pub account: Arc<Account>,
    pub note: Note,
}

/// Where the note of an account stands.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Note {
    /// In the label: at most [`NOTE_HERE`] bytes, or none.
    Here(Zeroizing<String>),
    /// In so many rows of its own.
    Apart(u64),
}

impl Note {
    /// How many rows of its own it takes.
    pub const fn parts(&self) -> u64 {
        match self {
            Self::Here(_) => 0,
            Self::Apart(parts) => *parts,
        }
    }
}

impl std::fmt::Debug for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Note(..)")
    }
}

/// The place in the list of an account that was never moved.
pub(super) const fn first_order(id: AccountId) -> u64 {
    id.0.saturating_mul(ORDER_STEP)
}

/// Which fields there are.
mod flag {
    pub const CHANGED: u64 = 1;
    pub const ORDER: u64 = 1 << 1;
    pub const ORIGIN: u64 = 1 << 2;
    pub const NOTE: u64 = 1 << 3;
    pub const APART: u64 = 1 << 4;
    pub const FAVOURITE: u64 = 1 << 5;
    pub const PINNED: u64 = 1 << 6;
    pub const HIDDEN: u64 = 1 << 7;
    pub const ICON: u64 = 1 << 8;
    pub const GROUPS: u64 = 1 << 9;
    pub const TAGS: u64 = 1 << 10;
    pub const USES: u64 = 1 << 11;
    pub const DELETED: u64 = 1 << 12;
    pub const ALL: u64 = (1 << 13) - 1;
}

impl Label {
    /// The bytes that are sealed.
    pub fn write(&self) -> Zeroizing<Vec<u8>> {
        let Account { issuer, name, kind, algorithm, digits, .. } = &*self.account;
        let texts =
            issuer.len() + name.len() + self.account.details.tags.iter().map(|tag| tag.len() + 2).sum::<usize>();
        // Room for everything: what a growing buffer leaves behind is not wiped.
        let mut out = Zeroizing::new(Vec::with_capacity(512 + NOTE_HERE + texts));
        out.extend_from_slice(&[FORM, kind.number(), algorithm_byte(*algorithm) << 4 | digits.get()]);
        kind.write(&mut out);
        let flags = self.flags();
        write_varint(flags, &mut out);
        write_varint(self.account.created, &mut out);
        self.write_fields(flags, &mut out);
        for text in [issuer, name] {
            write_text(text, &mut out);
        }
        out
    }

    fn flags(&self) -> u64 {
        let Account { id, origin, created, changed, order, details, uses, used, deleted, .. } = &*self.account;
        let Details { favourite, pinned, hidden, icon, groups, tags } = details;
        let here = matches!(&self.note, Note::Here(text) if !text.is_empty());
        let all = [
            (*changed != *created, flag::CHANGED),
            (*order != first_order(*id), flag::ORDER),
            (origin.is_some(), flag::ORIGIN),
            (here, flag::NOTE),
            (self.note.parts() > 0, flag::APART),
            (*favourite, flag::FAVOURITE),
            (*pinned, flag::PINNED),
            (*hidden, flag::HIDDEN),
            (icon.is_some(), flag::ICON),
            (!groups.is_empty(), flag::GROUPS),
            (!tags.is_empty(), flag::TAGS),
            ((*uses, *used) != (0, 0), flag::USES),
            (deleted.is_some(), flag::DELETED),
        ];
        all.into_iter().filter(|(there, _)| *there).map(|(_, flag)| flag).sum()
    }

    fn write_fields(&self, flags: u64, out: &mut Vec<u8>) {
        let Account { origin, changed, order, details, uses, used, deleted, .. } = &*self.account;
        for (there, number) in [(flag::CHANGED, changed), (flag::ORDER, order)] {
            if flags & there != 0 {
                write_varint(*number, out);
            }
        }
        origin.iter().for_each(|id| out.extend_from_slice(id.as_bytes()));
        match &self.note {
            Note::Here(text) if text.is_empty() => {}
            Note::Here(text) => write_text(text, out),
            Note::Apart(parts) => write_varint(*parts, out),
        }
        details.icon.iter().for_each(|icon| icon.write(out));
        if flags & flag::GROUPS != 0 {
            write_varint(details.groups.len() as u64, out);
            details.groups.iter().for_each(|group| write_varint(group.0, out));
        }
        if flags & flag::TAGS != 0 {
            write_varint(details.tags.len() as u64, out);
            details.tags.iter().for_each(|tag| write_text(tag, out));
        }
        if flags & flag::USES != 0 {
            write_varint(*uses, out);
            write_varint(*used, out);
        }
        if let Some(Deleted { at, day }) = deleted {
            write_varint(*at, out);
            write_varint(*day, out);
        }
    }

    /// Reads what [`Label::write`] wrote, into values that are wiped; of format 1 what that wrote.
    pub fn read(id: AccountId, bytes: &[u8]) -> Option<Self> {
        let (&[form, kind, shape], mut rest) = bytes.split_first_chunk()?;
        if form != FORM {
            return super::migrate::read_first(id, bytes);
        }
        let kind = Kind::read(kind, &mut rest)?;
        let (algorithm, digits) = (read_algorithm(shape >> 4)?, Digits::try_from(u64::from(shape & 0xF)).ok()?);
        if kind.form(algorithm, digits) != (algorithm, digits) {
            return None;
        }
        let flags = read_varint(&mut rest).filter(|flags| flags & !flag::ALL == 0)?;
        let created = read_varint(&mut rest)?;
        let mut label = Self {
            account: Arc::new(Account {
                id,
                issuer: String::new(),
                name: String::new(),
                kind,
                algorithm,
                digits,
                origin: None,
                created,
                changed: created,
                order: first_order(id),
                details: Details::default(),
                uses: 0,
                used: 0,
                deleted: None,
            }),
            note: Note::Here(Zeroizing::default()),
        };
        label.read_fields(flags, &mut rest)?;
        let account = Arc::get_mut(&mut label.account)?;
        account.issuer = read_text(&mut rest)?.to_owned();
        account.name = read_text(&mut rest)?.to_owned();
        // One value, one form.
        (rest.is_empty() && label.flags() == flags).then_some(label)
    }

    /// Whether these are the bytes of a label of an older form.
    pub fn is_older(bytes: &[u8]) -> bool {
        bytes.first().is_some_and(|form| *form < FORM)
    }

    fn read_fields(&mut self, flags: u64, rest: &mut &[u8]) -> Option<()> {
        let account = Arc::get_mut(&mut self.account)?;
        let has = |flag| flags & flag != 0;
        if has(flag::CHANGED) {
            account.changed = read_varint(rest)?;
        }
        if has(flag::ORDER) {
            account.order = read_varint(rest)?;
        }
        if has(flag::ORIGIN) {
            account.origin = Some(Id::from_bytes(take(rest)?));
        }
        if has(flag::NOTE) {
            let text = read_text(rest).filter(|text| text.len() <= NOTE_HERE)?;
            self.note = Note::Here(Zeroizing::new(text.to_owned()));
        }
        if has(flag::APART) {
            self.note = Note::Apart(read_varint(rest)?);
        }
        let details = &mut account.details;
        (details.favourite, details.pinned, details.hidden) =
            (has(flag::FAVOURITE), has(flag::PINNED), has(flag::HIDDEN));
        if has(flag::ICON) {
            details.icon = Some(Icon::read(rest)?);
        }
        if has(flag::GROUPS) {
            details.groups = read_list(rest, |rest| read_varint(rest).map(GroupId))?;
        }
        if has(flag::TAGS) {
            details.tags = read_list(rest, |rest| read_text(rest).map(str::to_owned))?;
        }
        if has(flag::USES) {
            (account.uses, account.used) = (read_varint(rest)?, read_varint(rest)?);
        }
        if has(flag::DELETED) {
            account.deleted = Some(Deleted { at: read_varint(rest)?, day: read_varint(rest)? });
        }
        Some(())
    }
}

const fn algorithm_byte(algorithm: Algorithm) -> u8 {
    match algorithm {
        Algorithm::Sha1 => 1,
        Algorithm::Sha256 => 2,
        Algorithm::Sha512 => 3,
        Algorithm::Sha224 => 4,
        Algorithm::Sha384 => 5,
        Algorithm::Md5 => 6,
    }
}

/// An algorithm by its number.
pub(super) const fn read_algorithm(byte: u8) -> Option<Algorithm> {
    match byte {
        1 => Some(Algorithm::Sha1),
        2 => Some(Algorithm::Sha256),
        3 => Some(Algorithm::Sha512),
        4 => Some(Algorithm::Sha224),
        5 => Some(Algorithm::Sha384),
        6 => Some(Algorithm::Md5),
        _ => None,
    }
}

pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    write_varint(text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn read_text<'a>(bytes: &mut &'a [u8]) -> Option<&'a str> {
    let len = usize::try_from(read_varint(bytes)?).ok()?;
    let (text, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    std::str::from_utf8(text).ok()
}

/// A list of which each item is larger than the one before.
fn read_list<'a, T: Ord>(bytes: &mut &'a [u8], mut item: impl FnMut(&mut &'a [u8]) -> Option<T>) -> Option<Vec<T>> {
    // A length is no promise: nothing is reserved for it.
    let mut list = vec![];
    for _ in 0..read_varint(bytes)? {
        let next = item(bytes)?;
        if list.last().is_some_and(|last| *last >= next) {
            return None;
        }
        list.push(next);
    }
    Some(list)
}

#[cfg(test)]
mod tests {
    use countersign_properties::parser;
    use countersign_protocol::otp::Period;
    use proptest::prelude::*;

    use super::super::kind::tests::kinds;
    use super::*;
    use crate::properties::damaged;
    use crate::vault::icon::IconId;

    fn icons() -> impl Strategy<Value = Option<Icon>> {
        let drawn = prop::sample::select(&crate::vault::tile::DRAWN[..]).prop_map(|name| Icon::Drawn(name.to_owned()));
        prop::option::of(prop_oneof![drawn, any::<u64>().prop_map(|id| Icon::Picture(IconId(id)))])
    }

    fn details() -> impl Strategy<Value = Details> {
        let groups = prop::collection::btree_set(any::<u64>().prop_map(GroupId), 0..4);
        let tags = prop::collection::btree_set("\\PC{1,12}", 0..4);
        (any::<[bool; 3]>(), icons(), groups, tags).prop_map(|([favourite, pinned, hidden], icon, groups, tags)| {
            let (groups, tags) = (groups.into_iter().collect(), tags.into_iter().collect());
            Details { favourite, pinned, hidden, icon, groups, tags }
        })
    }

    fn labels() -> impl Strategy<Value = Label> {
        let algorithm = prop::sample::select(&Algorithm::ALL[..]);
        let digits = (5..=10u64).prop_map(|n| Digits::try_from(n).unwrap());
        let origin = prop::option::of(any::<[u8; 16]>().prop_map(Id::from_bytes));
        let texts = ("\\PC{0,40}", "\\PC{0,40}");
        let note = prop_oneof![
            "\\PC{0,80}".prop_map(|text| Note::Here(Zeroizing::new(text))),
            (1..16u64).prop_map(Note::Apart)
        ];
        let deleted = prop::option::of(any::<[u64; 2]>().prop_map(|[at, day]| Deleted { at, day }));
        let numbers = (any::<[u64; 6]>(), any::<[bool; 3]>());
        (kinds(), algorithm, digits, origin, texts, note, details(), deleted, numbers).prop_map(
            |(kind, algorithm, digits, origin, (issuer, name), note, details, deleted, (n, plain))| {
                let id = AccountId(n[0]);
                let (algorithm, digits) = kind.form(algorithm, digits);
                let account = Account {
                    id,
                    issuer,
                    name,
                    kind,
                    algorithm,
                    digits,
                    origin,
                    created: n[1],
                    changed: if plain[0] { n[1] } else { n[2] },
                    order: if plain[1] { first_order(id) } else { n[3] },
                    details,
                    uses: if plain[2] { 0 } else { n[4] },
                    used: if plain[2] { 0 } else { n[5] },
                    deleted,
                };
                Label { account: Arc::new(account), note }
            },
        )
    }

    proptest! {
        #[test]
        fn a_label_is_read_as_it_was_written(label in labels()) {
            let read = Label::read(label.account.id, &label.write());
            prop_assert!(read == Some(label));
        }
    }

    /// Written labels with one byte changed or the end cut, and some left whole: one value, one form.
    #[test]
    fn any_bytes_are_read_or_refused_and_a_third_is_read() {
        let input = (labels(), any::<prop::sample::Index>(), 1..=255_u8, 0..6_u8)
            .prop_map(|(label, at, change, how)| (label.account.id, damaged(label.write().to_vec(), at, change, how)));
        parser(input, |(id, bytes)| match Label::read(*id, bytes) {
            Some(read) if bytes[0] == FORM => {
                assert!(read.write().as_slice() == bytes, "one value, one form");
                true
            }
            read => read.is_some(),
        });
    }

    #[test]
    fn a_plain_account_takes_few_bytes_beside_its_names() {
        let label = Label {
            account: Arc::new(Account {
                id: AccountId(9_999),
                issuer: "Example".into(),
                name: "alice".into(),
                kind: Kind::Totp(Period::THIRTY),
                algorithm: Algorithm::Sha1,
                digits: Digits::SIX,
                origin: None,
                created: 1_790_000_000,
                changed: 1_790_000_000,
                order: first_order(AccountId(9_999)),
                details: Details::default(),
                uses: 0,
                used: 0,
                deleted: None,
            }),
            note: Note::Here(Zeroizing::default()),
        };
        assert_eq!(label.write().len(), "Example".len() + "alice".len() + 12);
    }
}
