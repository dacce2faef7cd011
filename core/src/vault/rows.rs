//! Accounts in memory while the vault is unlocked: labels open, seeds sealed as in the file.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use countersign_protocol::Secret;
use countersign_protocol::jose::H32;

use super::account::{Account, AccountId, DamagedAccount, Label};
use super::frame::{self, Place};
use super::key::Keys;
use super::store::{Fault, Reader};
use super::summary::{Summary, Versions};

/// Bytes of a note in one row: a row stays on one page.
pub(super) const NOTE_PART: usize = 2_800;
/// Ids that an account has for the pieces of its note; the longest note takes fifteen.
const NOTE_PARTS: u64 = 16;

/// An account that can be read.
pub(super) struct Row {
    pub version: u64,
    pub account: Arc<Account>,
    pub identity: [u8; 16],
    pub note_parts: u64,
    /// Whether its note cannot be read.
    pub note_damaged: bool,
    /// The piece in the file. It was opened once, and is opened again for each use.
    pub seed: Vec<u8>,
}

impl Row {
    /// The row that goes with a label and its sealed seed.
    pub fn new(version: u64, label: Label, seed: Vec<u8>) -> Self {
        let Label { account, note_parts, identity } = label;
        Self { version, account: Arc::new(account), identity, note_parts, note_damaged: false, seed }
    }

    /// The label again, to be changed and sealed under the next version.
    pub fn label(&self) -> Label {
        Label { account: (*self.account).clone(), note_parts: self.note_parts, identity: self.identity }
    }

    /// The ids under which the pieces of its note stand, and no others: what a damaged id led behind the last of them
    /// is no part of this account.
    pub fn note_rows(&self) -> Range<u64> {
        let first = self.account.id.0 << 4;
        first..first + self.note_parts.min(NOTE_PARTS)
    }

    /// Opens the seed.
    pub fn open_seed(&self, keys: &Keys) -> Option<Secret> {
        keys.open(Place::Seed, self.account.id.0, &self.seed).map(|(_, seed)| seed)
    }
}

/// Every account of a vault, by id.
#[derive(Default)]
pub(super) struct Rows {
    pub good: BTreeMap<u64, Row>,
    pub bad: BTreeMap<u64, Bad>,
}

/// An account that cannot be read.
pub(super) struct Bad {
    /// Its version, where a piece of it still opens.
    pub version: Option<u64>,
    pub shown: DamagedAccount,
    /// Hash of what stands in the file, to know the damage again.
    pub print: H32,
}

impl Rows {
    /// Reads and opens everything. A seed is opened too and let go: damage is noticed when the vault is
    /// unlocked, not when the code is needed.
    pub fn load(reader: Reader<'_>, keys: &Keys) -> Result<Self, Fault> {
        let mut rows = Self::default();
        let (mut position, mut misplaced) = (0, false);
        reader.each_account(|id, seed, label| {
            position += 1;
            misplaced |= is_misplaced(keys, Place::Seed, id, seed) || is_misplaced(keys, Place::Label, id, label);
            rows.take(keys, id, position, seed, label);
        })?;
        let mut parts: BTreeMap<u64, u64> = BTreeMap::new();
        reader.each_note(|id, body| {
            misplaced |= is_misplaced(keys, Place::Note, id, body);
            let row = rows.good.get(&(id >> 4)).filter(|row| row.note_rows().contains(&id));
            let opened = keys.open(Place::Note, id, body).map(|(version, _)| version);
            if row.is_some_and(|row| opened == Some(row.version)) {
                *parts.entry(id >> 4).or_default() += 1;
            }
        })?;
        if misplaced {
            return Err(Fault::Broken);
        }
        for (id, row) in &mut rows.good {
            row.note_damaged = parts.get(id).copied().unwrap_or_default() != row.note_parts;
        }
        Ok(rows)
    }

    fn take(&mut self, keys: &Keys, id: u64, position: u64, seed: &[u8], label: &[u8]) {
        let opened = keys.open(Place::Label, id, label);
        let read = opened.and_then(|(version, bytes)| Some((version, Label::read(AccountId(id), bytes.expose())?)));
        let of_seed = keys.open(Place::Seed, id, seed).map(|(version, _)| version);
        match (read, of_seed) {
            (Some((version, label)), Some(same)) if same == version => {
                self.good.insert(id, Row::new(version, label, seed.to_vec()));
            }
            (read, of_seed) => {
                let version = match (read.as_ref().map(|(version, _)| *version), of_seed) {
                    (Some(version), None) | (None, Some(version)) => Some(version),
                    _ => None,
                };
                let print = H32::sha256(&[seed, label]);
                let label = read.map(|(_, label)| label.account);
                let shown = DamagedAccount { id: AccountId(id), position, label };
                self.bad.insert(id, Bad { version, shown, print });
            }
        }
    }

    /// Each account's version, as far as it can be read.
    pub fn versions(&self) -> Versions {
        let good = self.good.iter().map(|(id, row)| (*id, Some(row.version)));
        good.chain(self.bad.iter().map(|(id, bad)| (*id, bad.version))).collect()
    }

    /// The accounts in the order of the list.
    pub fn listed(&self) -> Arc<[Arc<Account>]> {
        let mut list: Vec<_> = self.good.values().map(|row| row.account.clone()).collect();
        list.sort_by_key(|account| (account.order, account.id));
        list.into()
    }

    /// The damaged ones, in the order of their ids.
    pub fn damaged(&self) -> Arc<[DamagedAccount]> {
        self.bad.values().map(|bad| bad.shown.clone()).collect()
    }
}

/// Whether a whole piece stands where another belongs: then rows were moved, and the file is built anew with each piece
/// in its own place.
fn is_misplaced(keys: &Keys, place: Place, row: u64, piece: &[u8]) -> bool {
    let Some(frame) = frame::parse(piece) else { return false };
    (frame.tag.place, frame.tag.row) != (place, row) && keys.open_frame(&frame).is_some()
}

/// The summary as it stands in the file, where it can be opened.
pub(super) fn load_summary(reader: Reader<'_>, keys: &Keys) -> Result<Option<Summary>, Fault> {
    let body = reader.summary()?;
    let opened = body.and_then(|body| keys.open(Place::Summary, 1, &body));
    Ok(opened.and_then(|(version, bytes)| Summary::read(version, bytes.expose())))
}
