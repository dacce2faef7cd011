//! How a change that can be taken back is kept.
//!
//! ```text
//! 1 | for each account: id | mark 16 | its label before, with its length | 0, or 1 and its note before
//! 2 | how many groups | for each: id | version | the group, with its length | accounts as above
//! 3 | how many groups | for each: id | the group before, with its length | the group after, with its length
//! ```
//!
//! The second form is that of a change that removed groups, the third of one that named them anew or moved them.
//!
//! The mark tells whether the account is still as the change left it; a code that was used since is no difference. Where
//! the change was one of the counter too, the mark has the counter in it: it goes back only while no code was used since.
//!
//! The version of a piece is that of the summary at its change: it tells which is the newest.

use std::ops::Range;
use std::sync::Arc;

use countersign_protocol::jose::H32;
use zeroize::Zeroizing;

use super::super::account::{Account, AccountId};
use super::super::change::Work;
use super::super::frame::{self, Place, Tag, read_varint, write_varint};
use super::super::group::Group;
use super::super::key::Keys;
use super::super::kind::Kind;
use super::super::label::{Label, Note, read_text, write_text};
use super::super::slot::take;
use super::super::store::Reader;
use crate::error::Error;
use crate::limits;

/// The rows of the pieces, in the table of the summary.
pub(in crate::vault) const ROWS: Range<u64> = 2..2 + limits::VAULT_STEPS;
/// The form of a piece of a change of accounts alone.
const FORM: u8 = 1;
/// Of one that removed groups.
const WITH_GROUPS: u8 = 2;
/// And of one that named groups anew or moved them.
const REGROUPED: u8 = 3;

/// An account before a change, as it is kept.
pub(in crate::vault) struct Before {
    pub(super) mark: [u8; 16],
    pub(super) account: Arc<Account>,
    pub(super) note: Option<Zeroizing<String>>,
}

/// A group that a change removed, as it is kept.
pub(in crate::vault) struct Removed {
    /// Its version when it was removed; it comes back under the next.
    pub version: u64,
    pub group: Group,
}

/// A group that a change named anew or moved.
pub(in crate::vault) struct Regrouped {
    pub before: Group,
    pub after: Group,
}

/// All that a change is taken back by.
#[derive(Default)]
pub(super) struct Piece {
    pub row: u64,
    pub version: u64,
    pub removed: Vec<Removed>,
    pub regrouped: Vec<Regrouped>,
    pub accounts: Vec<Before>,
}

impl Before {
    /// What is kept of `account`, which the change makes `after`.
    pub fn of(account: &Arc<Account>, after: &Account, note: Option<Zeroizing<String>>) -> Self {
        let mark = if account.kind == after.kind { mark(after) } else { mark_with_counter(after) };
        Self { mark, account: account.clone(), note }
    }
}

impl Work<'_> {
    /// Keeps what is needed to take this change back.
    pub fn keep_undo<'a>(&self, all: impl IntoIterator<Item = &'a Before>) -> Result<(), Error> {
        self.keep_removal(&[], all)
    }

    /// The same of a change that removed groups.
    pub fn keep_removal<'a>(&self, groups: &[Removed], all: impl IntoIterator<Item = &'a Before>) -> Result<(), Error> {
        self.keep(&write(groups, &all.into_iter().collect::<Vec<_>>()))
    }

    /// The same of one that named groups anew or moved them.
    pub fn keep_regrouping(&self, groups: &[Regrouped]) -> Result<(), Error> {
        self.keep(&write_regrouped(groups))
    }

    /// Keeps a piece as the newest; the oldest go where there are too many, or too much.
    fn keep(&self, bytes: &[u8]) -> Result<(), Error> {
        let tag = |row| Tag { place: Place::Undo, row, version: self.summary.version };
        let mut there = self.change.reader().pieces(Place::Undo, ROWS)?;
        there.sort_by_key(|(_, piece)| version_of(piece));
        while let Some((oldest, _)) = there.first() {
            let size: usize = there.iter().map(|(_, piece)| piece.len()).sum();
            if (there.len() as u64) < limits::VAULT_STEPS && size + bytes.len() <= limits::VAULT_STEPS_BYTES {
                break;
            }
            self.forget(*oldest)?;
            there.remove(0);
        }
        let free = ROWS.into_iter().find(|row| there.iter().all(|(taken, _)| taken != row)).ok_or(Error::Internal)?;
        Ok(self.change.put(Place::Undo, free, &self.keys.seal(tag(free), bytes, self.random)?)?)
    }

    /// The change in this row is not taken back any more.
    pub(super) fn forget(&self, row: u64) -> Result<(), Error> {
        Ok(self.change.delete(Place::Undo, row..row + 1)?)
    }

    /// What is gone for good is not kept to be taken back either.
    pub fn forget_changes_of(&self, gone: &[AccountId]) -> Result<(), Error> {
        let names = |piece: &Piece| piece.accounts.iter().any(|before| gone.contains(&before.account.id));
        let all = all(self.change.reader(), self.keys)?;
        all.iter().filter(|piece| names(piece)).try_for_each(|piece| self.forget(piece.row))
    }
}

/// When a piece was written, as it says in clear.
pub(in crate::vault) fn version_of(piece: &[u8]) -> u64 {
    frame::parse(piece).map_or(0, |frame| frame.tag.version)
}

/// What tells whether an account was changed.
pub(super) fn mark(account: &Account) -> [u8; 16] {
    let mut same = account.clone();
    same.kind = Kind::Steam;
    mark_with_counter(&same)
}

/// The same of its counter too.
pub(super) fn mark_with_counter(account: &Account) -> [u8; 16] {
    let mut same = account.clone();
    (same.uses, same.used) = (0, 0);
    let label = Label { account: Arc::new(same), note: Note::Here(Zeroizing::default()) };
    let mut mark = [0; 16];
    mark.copy_from_slice(&H32::sha256(&[&label.write()]).as_bytes()[..16]);
    mark
}

pub(super) fn write(groups: &[Removed], all: &[&Before]) -> Zeroizing<Vec<u8>> {
    let labels = all
        .iter()
        .map(|before| Label { account: before.account.clone(), note: Note::Here(Zeroizing::default()) }.write());
    let labels: Vec<Zeroizing<Vec<u8>>> = labels.collect();
    let texts = all.iter().map(|before| before.note.as_ref().map_or(0, |note| note.len()));
    let names = groups.iter().map(|removed| removed.group.name.len() + 48).sum::<usize>();
    let room = labels.iter().map(|label| label.len()).sum::<usize>() + texts.sum::<usize>() + names;
    // Room for everything: what a growing buffer leaves behind is not wiped.
    let mut out = Zeroizing::new(Vec::with_capacity(16 + room + all.len() * 48));
    if groups.is_empty() {
        out.push(FORM);
    } else {
        out.push(WITH_GROUPS);
        write_varint(groups.len() as u64, &mut out);
    }
    for Removed { version, group } in groups {
        [group.id.0, *version].into_iter().for_each(|number| write_varint(number, &mut out));
        write_part(&group.write(), &mut out);
    }
    for (before, label) in all.iter().zip(labels) {
        write_varint(before.account.id.0, &mut out);
        out.extend_from_slice(&before.mark);
        write_part(&label, &mut out);
        out.push(u8::from(before.note.is_some()));
        before.note.iter().for_each(|note| write_text(note, &mut out));
    }
    out
}

pub(super) fn write_regrouped(groups: &[Regrouped]) -> Zeroizing<Vec<u8>> {
    let names = groups.iter().map(|one| one.before.name.len() + one.after.name.len() + 96);
    let mut out = Zeroizing::new(Vec::with_capacity(16 + names.sum::<usize>()));
    out.push(REGROUPED);
    write_varint(groups.len() as u64, &mut out);
    for Regrouped { before, after } in groups {
        write_varint(before.id.0, &mut out);
        [before, after].into_iter().for_each(|group| write_part(&group.write(), &mut out));
    }
    out
}

/// The newest piece that can be read.
pub(super) fn newest(reader: Reader<'_>, keys: &Keys) -> Result<Option<Piece>, Error> {
    let mut pieces = reader.pieces(Place::Undo, ROWS)?;
    pieces.sort_by_key(|(_, piece)| version_of(piece));
    Ok(pieces.iter().rev().find_map(|(row, piece)| open(keys, *row, piece)))
}

/// All pieces that can be read: to take a change back is no more than a wish.
pub(super) fn all(reader: Reader<'_>, keys: &Keys) -> Result<Vec<Piece>, Error> {
    let pieces = reader.pieces(Place::Undo, ROWS)?;
    Ok(pieces.iter().filter_map(|(row, piece)| open(keys, *row, piece)).collect())
}

fn open(keys: &Keys, row: u64, piece: &[u8]) -> Option<Piece> {
    let (version, bytes) = keys.open(Place::Undo, row, piece)?;
    Some(Piece { row, version, ..parse(bytes.expose())? })
}

pub(super) fn parse(bytes: &[u8]) -> Option<Piece> {
    let (form, mut rest) = bytes.split_first()?;
    let mut piece = Piece::default();
    // A count is no promise: nothing is reserved for it.
    match *form {
        FORM => {}
        WITH_GROUPS => {
            for _ in 0..read_varint(&mut rest).filter(|count| *count > 0)? {
                let (id, version) = (read_varint(&mut rest)?, read_varint(&mut rest)?);
                piece.removed.push(Removed { version, group: Group::read(id, part(&mut rest)?)? });
            }
        }
        REGROUPED => {
            for _ in 0..read_varint(&mut rest).filter(|count| *count > 0)? {
                let id = read_varint(&mut rest)?;
                let (before, after) = (Group::read(id, part(&mut rest)?)?, Group::read(id, part(&mut rest)?)?);
                piece.regrouped.push(Regrouped { before, after });
            }
        }
        _ => return None,
    }
    while !rest.is_empty() {
        piece.accounts.push(parse_account(&mut rest)?);
    }
    Some(piece)
}

fn parse_account(rest: &mut &[u8]) -> Option<Before> {
    let id = AccountId(read_varint(rest)?);
    let mark = take(rest)?;
    let account = Label::read(id, part(rest)?)?.account;
    let note = match take(rest)? {
        [0] => None,
        [1] => Some(Zeroizing::new(read_text(rest)?.to_owned())),
        _ => return None,
    };
    Some(Before { mark, account, note })
}

fn write_part(bytes: &[u8], out: &mut Vec<u8>) {
    write_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Bytes with their length before them.
fn part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(read_varint(bytes)?).ok()?;
    let (part, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(part)
}
