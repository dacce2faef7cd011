//! What is in memory while the vault is unlocked: labels, groups and icons open, seeds sealed as in the file.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use countersign_protocol::Secret;
use countersign_protocol::jose::H32;

use super::account::{Account, AccountId, DamagedAccount};
use super::fault::Fault;
use super::frame::{self, Place};
use super::group::Group;
use super::icon::{self, IconLabel};
use super::kept::Kept;
use super::key::{Keys, Room};
use super::label::{Label, Note};
use super::store::Reader;
use super::summary::{Found, Summary, Versions};

/// Bytes of a long note, or of a picture, in one row: a row stays on one page.
pub(super) const PART: usize = 2_800;
/// Ids that an account has for the pieces of its note; the longest note takes fifteen.
const NOTE_PARTS: u64 = 16;

/// An account that can be read.
pub(super) struct Row {
    pub version: u64,
    pub account: Arc<Account>,
    pub note: Note,
    /// Whether its note cannot be read.
    pub note_damaged: bool,
    /// The piece in the file. It was opened once, and is opened again for each use.
    pub seed: Vec<u8>,
    /// What tells it from others, once that was asked for; none where its seed was damaged in memory.
    identity: OnceCell<Option<[u8; 16]>>,
}

impl Row {
    /// The row that goes with a label and its sealed seed.
    pub const fn new(version: u64, account: Arc<Account>, note: Note, seed: Vec<u8>) -> Self {
        Self { version, account, note, note_damaged: false, seed, identity: OnceCell::new() }
    }

    /// Whether it lies in the bin.
    pub fn is_deleted(&self) -> bool {
        self.account.deleted.is_some()
    }

    /// The ids under which the pieces of its note stand, and no others: what a damaged id led behind the last of them
    /// is no part of this account.
    pub fn note_rows(&self) -> Range<u64> {
        let first = self.account.id.0 << 4;
        first..first + self.note.parts().min(NOTE_PARTS)
    }

    /// What tells this account from others: see [`super::add::identity`].
    pub fn identity(&self, keys: &Keys) -> Option<[u8; 16]> {
        let Account { kind, algorithm, digits, .. } = &*self.account;
        let tell = |seed| super::add::identity(keys, *kind, *algorithm, *digits, &seed);
        *self.identity.get_or_init(|| self.open_seed(keys).map(tell))
    }

    /// Opens what is kept sealed: the seed, and the PIN of a kind that has one.
    pub fn open_seed(&self, keys: &Keys) -> Option<Secret> {
        keys.open(Place::Seed, self.account.id.0, &self.seed).map(|(_, seed)| seed)
    }
}

/// Everything of a vault, by id.
#[derive(Default)]
pub(super) struct Rows {
    pub good: BTreeMap<u64, Row>,
    pub bad: BTreeMap<u64, Bad>,
    pub groups: Singles<Group>,
    pub icons: Singles<IconLabel>,
    /// What is kept for other parts of the program.
    pub kept: Singles<Kept>,
    /// Icons of which a part of the picture cannot be read.
    pub torn: Vec<u64>,
    /// Whether a label is of an older form.
    pub older: bool,
}

/// Rows of one table that are one sealed piece each.
pub(super) struct Singles<T> {
    pub good: BTreeMap<u64, Single<T>>,
    /// Those that cannot be read, with what they are known by.
    pub bad: BTreeMap<u64, H32>,
}

/// One of them.
#[derive(Clone)]
pub(super) struct Single<T> {
    pub version: u64,
    pub value: T,
}

impl<T> Default for Singles<T> {
    fn default() -> Self {
        Self { good: BTreeMap::new(), bad: BTreeMap::new() }
    }
}

impl<T> Singles<T> {
    /// Each row's version, as far as it can be read.
    fn versions(&self) -> Versions {
        let good = self.good.iter().map(|(id, row)| (*id, Some(row.version)));
        good.chain(self.bad.keys().map(|id| (*id, None))).collect()
    }

    fn take(&mut self, look: &Look<'_>, id: u64, piece: &[u8], read: impl FnOnce(&[u8]) -> Option<T>) {
        match look.whole().and_then(|(version, bytes)| Some(Single { version, value: read(bytes)? })) {
            Some(row) => drop(self.good.insert(id, row)),
            None => drop(self.bad.insert(id, H32::sha256(&[piece]))),
        }
    }

    /// What a change left.
    pub fn apply(&mut self, after: impl IntoIterator<Item = (u64, Option<Single<T>>)>) {
        for (id, row) in after {
            self.bad.remove(&id);
            match row {
                Some(row) => drop(self.good.insert(id, row)),
                None => drop(self.good.remove(&id)),
            }
        }
    }
}

/// An account that cannot be read.
pub(super) struct Bad {
    /// Its version, where a piece of it still opens.
    pub version: Option<u64>,
    pub shown: DamagedAccount,
    /// Hash of what stands in the file, to know the damage again.
    pub print: H32,
}

/// What the pieces of an account that cannot be read still say.
struct Half {
    version: Option<u64>,
    account: Option<Arc<Account>>,
}

impl Rows {
    /// Reads and opens everything. A seed is opened too and let go: damage is noticed when the vault is
    /// unlocked, not when the code is needed.
    pub fn load(reader: Reader<'_>, keys: &Keys) -> Result<Self, Fault> {
        let (mut rows, mut good) = (Self::default(), Vec::new());
        let (mut position, mut misplaced) = (0, false);
        let (mut room, mut other) = (Room::default(), Room::default());
        reader.each_account(|id, seed, label| {
            position += 1;
            let print = || H32::sha256(&[seed, label]);
            let of_seed = look(keys, Place::Seed, id, seed, &mut room);
            let of_label = look(keys, Place::Label, id, label, &mut other);
            misplaced |= of_seed.is_misplaced() || of_label.is_misplaced();
            match rows.read(id, &of_seed, &of_label) {
                Ok((version, Label { account, note })) => {
                    good.push((id, Row::new(version, account, note, seed.to_vec())));
                }
                Err(Half { version, account }) => {
                    let label = account.map(Arc::unwrap_or_clone);
                    let shown = DamagedAccount { id: AccountId(id), position, label };
                    rows.bad.insert(id, Bad { version, shown, print: print() });
                }
            }
        })?;
        // They come in the order of their ids: made at once, the map is made in a tenth of the time.
        rows.good = good.into_iter().collect();
        let mut parts: BTreeMap<u64, u64> = BTreeMap::new();
        reader.each(Place::Note, |id, body| {
            let look = look(keys, Place::Note, id, body, &mut room);
            misplaced |= look.is_misplaced();
            let row = rows.good.get(&(id >> 4)).filter(|row| row.note_rows().contains(&id));
            if row.is_some_and(|row| look.version() == Some(row.version)) {
                *parts.entry(id >> 4).or_default() += 1;
            }
        })?;
        for (id, row) in &mut rows.good {
            row.note_damaged = row.note.parts() != parts.get(id).copied().unwrap_or_default();
        }
        if reader.version()? >= 2 {
            misplaced |= rows.load_singles(reader, keys)?;
        }
        if misplaced { Err(Fault::Broken) } else { Ok(rows) }
    }

    /// Groups, icons and their pictures, and what else is kept; returns whether a piece stands where another belongs.
    fn load_singles(&mut self, reader: Reader<'_>, keys: &Keys) -> Result<bool, Fault> {
        let (mut misplaced, mut room) = (false, Room::default());
        reader.each(Place::Group, |id, body| {
            let look = look(keys, Place::Group, id, body, &mut room);
            misplaced |= look.is_misplaced();
            self.groups.take(&look, id, body, |bytes| Group::read(id, bytes));
        })?;
        reader.each(Place::Icon, |id, body| {
            let look = look(keys, Place::Icon, id, body, &mut room);
            misplaced |= look.is_misplaced();
            self.icons.take(&look, id, body, IconLabel::read);
        })?;
        reader.each(Place::Kept, |id, body| {
            let look = look(keys, Place::Kept, id, body, &mut room);
            misplaced |= look.is_misplaced();
            self.kept.take(&look, id, body, |bytes| Kept::read(bytes, body));
        })?;
        let mut whole: BTreeMap<u64, u64> = BTreeMap::new();
        reader.each(Place::Picture, |id, body| {
            let look = look(keys, Place::Picture, id, body, &mut room);
            misplaced |= look.is_misplaced();
            *whole.entry(icon::of_part(id)).or_default() += u64::from(look.version().is_some());
        })?;
        let torn = |(id, row): &(&u64, &Single<IconLabel>)| whole.get(id) != Some(&row.value.parts());
        self.torn = self.icons.good.iter().filter(torn).map(|(id, _)| *id).collect();
        Ok(misplaced)
    }

    /// The account of a row and its version; where it cannot be read, as much of both as a piece of it still says.
    fn read(&mut self, id: u64, seed: &Look<'_>, label: &Look<'_>) -> Result<(u64, Label), Half> {
        let read = |(version, bytes)| Some((version, Label::read(AccountId(id), bytes)?, Label::is_older(bytes)));
        match (label.whole().and_then(read), seed.version()) {
            (Some((version, label, older)), Some(same)) if same == version => {
                self.older |= older;
                Ok((version, label))
            }
            (Some((version, label, _)), None) => Err(Half { version: Some(version), account: Some(label.account) }),
            (Some((.., label, _)), Some(_)) => Err(Half { version: None, account: Some(label.account) }),
            (None, version) => Err(Half { version, account: None }),
        }
    }

    /// Each row's version, as far as it can be read.
    pub fn found(&self) -> Found {
        let good = self.good.iter().map(|(id, row)| (*id, Some(row.version)));
        let accounts = good.chain(self.bad.iter().map(|(id, bad)| (*id, bad.version))).collect();
        let (groups, icons, kept) = (self.groups.versions(), self.icons.versions(), self.kept.versions());
        Found { accounts, groups, icons, kept }
    }

    /// Whether a row cannot be read.
    pub fn has_damage(&self) -> bool {
        let singles = self.groups.bad.is_empty() && self.icons.bad.is_empty() && self.kept.bad.is_empty();
        !(self.bad.is_empty() && singles && self.torn.is_empty())
    }

    /// The accounts in the order of the list: the pinned ones first. Those in the bin are not in it.
    pub fn listed(&self) -> Arc<[Arc<Account>]> {
        let there = self.good.values().filter(|row| !row.is_deleted());
        let mut list: Vec<_> = there.map(|row| row.account.clone()).collect();
        list.sort_by_key(|account| (!account.details.pinned, account.order, account.id));
        list.into()
    }

    /// The damaged ones, in the order of their ids.
    pub fn damaged(&self) -> Arc<[DamagedAccount]> {
        self.bad.values().map(|bad| bad.shown.clone()).collect()
    }
}

/// What a piece is that stands at some place.
enum Look<'a> {
    /// What belongs there: its version and its bytes.
    Whole(u64, &'a [u8]),
    /// What belongs elsewhere: rows were moved, and the file is built anew with each piece in its own place.
    Misplaced,
    /// What cannot be opened.
    Damaged,
}

impl<'a> Look<'a> {
    const fn whole(&self) -> Option<(u64, &'a [u8])> {
        match self {
            Self::Whole(version, bytes) => Some((*version, bytes)),
            Self::Misplaced | Self::Damaged => None,
        }
    }

    const fn is_misplaced(&self) -> bool {
        matches!(self, Self::Misplaced)
    }

    fn version(&self) -> Option<u64> {
        self.whole().map(|(version, _)| version)
    }
}

fn look<'a>(keys: &Keys, place: Place, row: u64, piece: &[u8], room: &'a mut Room) -> Look<'a> {
    let Some(frame) = frame::parse(piece) else { return Look::Damaged };
    let is_here = (frame.tag.place, frame.tag.row) == (place, row);
    match keys.open_in(&frame, room) {
        Some(_) if !is_here => Look::Misplaced,
        Some(bytes) if frame.whole.len() == piece.len() => Look::Whole(frame.tag.version, bytes),
        _ => Look::Damaged,
    }
}

/// The summary as it stands in the file, where it can be opened.
pub(super) fn load_summary(reader: Reader<'_>, keys: &Keys) -> Result<Option<Summary>, Fault> {
    let body = reader.summary()?;
    let opened = body.and_then(|body| keys.open(Place::Summary, 1, &body));
    Ok(opened.and_then(|(version, bytes)| Summary::read(version, bytes.expose())))
}
