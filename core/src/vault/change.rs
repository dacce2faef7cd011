//! How anything is changed. Each change is one transaction that also moves the summary; memory follows
//! once it is on the disk.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_protocol::Secret;
use zeroize::Zeroizing;

use super::account::{Account, AccountId};
use super::book::Book;
use super::fault::Fault;
use super::frame::{Place, Tag};
use super::group::Group;
use super::header::Header;
use super::icon::IconLabel;
use super::kept::Kept;
use super::key::Keys;
use super::label::{Label, NOTE_HERE, Note};
use super::rows::{self, PART, Row, Rows, Single};
use super::store::{Change, Reader, Wait};
use super::summary::{Found, Summary, Versions};
use super::unlock::{open_lockbox, read_header, seal_summary};
use super::{Unlocked, Vault};
use crate::error::{Error, InputError, PortError};
use crate::port::Random;

impl Vault {
    /// Takes the accounts as they are for the whole: what was found missing or changed was told, and is
    /// not told again. Damaged accounts stay.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`crate::error::PortError`] of the disk.
    pub fn accept_damage(&mut self) -> Result<(), Error> {
        self.change(|work| {
            work.sum_anew = true;
            work.summary.header = work.header.revision;
            Ok(())
        })?;
        self.unlocked_mut()?.report = super::Report::default();
        Ok(())
    }

    /// Changes the header and its book in one transaction.
    pub(super) fn change_header<T>(
        &mut self,
        edit: impl FnOnce(&mut Header, &mut Book) -> Result<T, InputError>,
    ) -> Result<T, Error> {
        let (header, result) = self.change(|work| {
            let (mut header, mut book) = (work.header.clone(), Book::open(&work.header.book, work.keys));
            let result = edit(&mut header, &mut book)?;
            book.keep(&header.slots);
            header.book = work.keys.seal_book(&book.write(), work.random)?;
            header.revision += 1;
            work.summary.header = header.revision;
            work.change.put_header(&header.write(work.keys))?;
            Ok((header, result))
        })?;
        let open = self.unlocked_mut()?;
        open.header = header;
        self.lockbox = self.next_lockbox()?;
        Ok(result)
    }

    /// Reads again what another process changed.
    pub(super) fn refresh(&mut self) -> Result<(), Error> {
        let open = self.unlocked_mut()?;
        let foreign = open.store.reader().foreign_changes()?;
        if !open.stale && foreign == open.foreign {
            return Ok(());
        }
        let Unlocked { store, keys, .. } = &mut *open;
        let (foreign, (rows, lockbox)) = store.at_one_moment(|store| {
            store.reload()?;
            Ok((Rows::load(store.reader(), keys)?, open_lockbox(store)?))
        })?;
        (open.header, _) = read_header(&open.store, &lockbox, &open.key, &open.keys)?;
        open.take_rows(rows);
        (open.stale, open.foreign) = (false, foreign);
        self.lockbox = lockbox;
        Ok(())
    }

    /// Runs `work` in one transaction, with accounts and summary as they are in the file, moves the
    /// summary, commits, and brings memory after. Where `work` fails, nothing is changed.
    pub(super) fn change<T>(&mut self, work: impl FnOnce(&mut Work<'_>) -> Result<T, Error>) -> Result<T, Error> {
        self.change_and(Wait::ForDisk, work)
    }

    /// The same, waiting for this when it commits.
    pub(super) fn change_and<T>(
        &mut self,
        wait: Wait,
        work: impl FnOnce(&mut Work<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let random = self.random.clone();
        let (now, path) = (self.clock.now(), self.path.clone());
        self.unlocked_mut()?.raise(&path, now, &*random)?;
        let mut work = Some(work);
        for _ in 0..ATTEMPTS {
            self.refresh()?;
            if let Some(result) = self.unlocked_mut()?.change(wait, &mut work, &*random)? {
                return Ok(result);
            }
        }
        Err(PortError::Busy.into())
    }
}

/// How often another process may write between our look and our lock.
const ATTEMPTS: u32 = 16;

/// What memory takes over after the commit.
#[derive(Default)]
pub(super) struct After {
    pub accounts: Vec<(AccountId, Option<Row>)>,
    pub groups: Vec<(u64, Option<Single<Group>>)>,
    pub icons: Vec<(u64, Option<Single<IconLabel>>)>,
    pub kept: BTreeMap<u64, Option<Single<Kept>>>,
}

impl After {
    /// What is found once this has come.
    fn overlay(&self, mut found: Found) -> Found {
        fn put<T>(rows: &mut Versions, id: u64, row: Option<&T>, version: impl Fn(&T) -> u64) {
            match row {
                Some(row) => drop(rows.insert(id, Some(version(row)))),
                None => drop(rows.remove(&id)),
            }
        }
        for (id, row) in &self.accounts {
            put(&mut found.accounts, id.0, row.as_ref(), |row| row.version);
        }
        for (id, row) in &self.groups {
            put(&mut found.groups, *id, row.as_ref(), |row| row.version);
        }
        for (id, row) in &self.icons {
            put(&mut found.icons, *id, row.as_ref(), |row| row.version);
        }
        for (id, row) in &self.kept {
            put(&mut found.kept, *id, row.as_ref(), |row| row.version);
        }
        found
    }
}

impl Unlocked {
    /// Takes rows that were read from the file.
    fn take_rows(&mut self, rows: Rows) {
        self.rows = rows;
        self.forget_lists();
    }

    /// What was made of the rows is made anew when it is asked for.
    fn forget_lists(&mut self) {
        self.accounts = None;
        self.folded = None;
        self.live.clear();
    }

    /// The accounts in the order of the list.
    pub(super) fn list(&mut self) -> Arc<[Arc<Account>]> {
        self.accounts.get_or_insert_with(|| self.rows.listed()).clone()
    }

    /// As [`Vault::change`]; `None`, with `work` left, where memory is behind the file.
    fn change<T, F>(&mut self, wait: Wait, work: &mut Option<F>, random: &dyn Random) -> Result<Option<T>, Error>
    where
        F: FnOnce(&mut Work<'_>) -> Result<T, Error>,
    {
        let Self { store, keys, header, rows, .. } = self;
        let change = store.begin_and(wait)?;
        if change.reader().foreign_changes()? != self.foreign {
            return Ok(None);
        }
        let Some(work) = work.take() else { return Err(Error::Internal) };
        let mut summary = rows::load_summary(change.reader(), keys)?.ok_or(Fault::Broken)?;
        summary.version += 1;
        let mut doing =
            Work { change: &change, keys, rows, header, summary, random, after: After::default(), sum_anew: false };
        let result = work(&mut doing)?;
        let after = doing.settle()?;
        // Should the commit fail half way, the file is right and memory is read again.
        self.stale = true;
        change.commit()?;
        self.stale = false;
        for (id, row) in after.accounts {
            rows.bad.remove(&id.0);
            match row {
                Some(row) => drop(rows.good.insert(id.0, row)),
                None => drop(rows.good.remove(&id.0)),
            }
        }
        rows.groups.apply(after.groups);
        rows.icons.apply(after.icons);
        rows.kept.apply(after.kept);
        self.forget_lists();
        Ok(Some(result))
    }
}

impl Rows {
    /// The account of this id, if it does not lie in the bin.
    pub(super) fn find(&self, id: AccountId) -> Result<&Row, InputError> {
        let row = self.find_any(id)?;
        if row.is_deleted() { Err(InputError::NotFound) } else { Ok(row) }
    }

    /// The account of this id, in the bin or not.
    pub(super) fn find_any(&self, id: AccountId) -> Result<&Row, InputError> {
        let missing = || if self.bad.contains_key(&id.0) { InputError::Damaged(id.0) } else { InputError::NotFound };
        self.good.get(&id.0).ok_or_else(missing)
    }
}

/// A change under way.
pub(super) struct Work<'a> {
    pub change: &'a Change<'a>,
    pub keys: &'a Keys,
    pub rows: &'a Rows,
    pub header: &'a Header,
    pub summary: Summary,
    pub random: &'a dyn Random,
    pub after: After,
    /// Whether the sums are made anew from the rows as they are.
    pub sum_anew: bool,
}

impl Work<'_> {
    /// Writes the summary that goes with the change, and hands over what memory takes after the commit.
    pub fn settle(self) -> Result<After, Error> {
        let gone = self.after.accounts.iter().filter(|(_, row)| row.is_none()).map(|(id, _)| *id);
        let gone: Vec<AccountId> = gone.collect();
        if !gone.is_empty() {
            self.forget_changes_of(&gone)?;
        }
        let mut summary = self.summary;
        if self.sum_anew {
            summary = Summary::of(self.keys, &self.after.overlay(self.rows.found()), &summary);
        }
        self.change.put_summary(&seal_summary(self.keys, &summary, self.random)?)?;
        Ok(self.after)
    }

    /// The next id; it is given once.
    pub const fn new_id(&mut self) -> u64 {
        self.summary.next_id += 1;
        self.summary.next_id - 1
    }

    /// Seals an account under its next version: label, seed, and its note. Where no note is given, what stands there is
    /// left: it cannot be read. Returns the version.
    pub fn write(
        &mut self,
        before: Option<&Row>,
        account: Account,
        seed: &Secret,
        note: Option<&str>,
    ) -> Result<u64, Error> {
        let id = account.id;
        let version = before.map_or(1, |row| row.version + 1);
        let damaged = note.is_none() && before.is_some_and(|row| row.note_damaged);
        let note = match (note, before) {
            (Some(text), before) => self.write_note(id, version, before.is_some(), text)?,
            (None, Some(row)) => row.note.clone(),
            (None, None) => Note::Here(Zeroizing::default()),
        };
        let label = Label { account: Arc::new(account), note };
        let seal = |place, plain: &[u8]| self.keys.seal(Tag { place, row: id.0, version }, plain, self.random);
        // The seed leaves its type to be sealed.
        let (sealed_seed, sealed_label) = (seal(Place::Seed, seed.expose())?, seal(Place::Label, &label.write())?);
        self.change.put_account(id.0, &sealed_seed, &sealed_label)?;
        before.iter().for_each(|row| self.summary.accounts.remove(self.keys, id.0, row.version));
        self.summary.accounts.add(self.keys, id.0, version);
        let mut row = Row::new(version, label.account, label.note, sealed_seed);
        row.note_damaged = damaged;
        self.after.accounts.push((id, Some(row)));
        Ok(version)
    }

    fn write_note(&self, id: AccountId, version: u64, is_there: bool, text: &str) -> Result<Note, Error> {
        let first = id.0 << 4;
        if is_there {
            self.change.delete(Place::Note, first..first + 16)?;
        }
        if text.len() <= NOTE_HERE {
            return Ok(Note::Here(Zeroizing::new(text.to_owned())));
        }
        let parts = text.as_bytes().chunks(PART);
        let count = parts.len() as u64;
        for (row, bytes) in (first..).zip(parts) {
            let tag = Tag { place: Place::Note, row, version };
            self.change.put(Place::Note, row, &self.keys.seal(tag, bytes, self.random)?)?;
        }
        Ok(Note::Apart(count))
    }

    /// Writes an account that is there anew; a note that is not given stays as it is. Returns the version.
    pub fn rewrite(&mut self, row: &Row, account: Account, note: Option<&str>) -> Result<u64, Error> {
        let seed = row.open_seed(self.keys).ok_or(InputError::Damaged(account.id.0))?;
        let kept = match note {
            None if !row.note_damaged => Some(self.note(row)?),
            _ => None,
        };
        self.write(Some(row), account, &seed, note.or(kept.as_deref().map(String::as_str)))
    }

    /// The note of an account.
    pub fn note(&self, row: &Row) -> Result<Zeroizing<String>, Error> {
        read_note(row, self.keys, self.change.reader())
    }

    /// Takes an account out for good, also one that cannot be read.
    pub fn remove(&mut self, id: AccountId) -> Result<(), Error> {
        let version = match (self.rows.good.get(&id.0), self.rows.bad.get(&id.0)) {
            (Some(row), _) => Some(row.version),
            (None, Some(bad)) => bad.version,
            (None, None) => return Err(InputError::NotFound.into()),
        };
        match version {
            Some(version) => self.summary.accounts.remove(self.keys, id.0, version),
            None => self.sum_anew = true,
        }
        self.change.delete_account(id.0)?;
        self.change.delete(Place::Note, id.0 << 4..(id.0 << 4) + 16)?;
        self.after.accounts.push((id, None));
        Ok(())
    }

    /// Seals a group, an icon or what else is kept under its next version. Returns the piece.
    pub fn put_single(&mut self, place: Place, id: u64, before: Option<u64>, bytes: &[u8]) -> Result<Vec<u8>, Error> {
        let version = before.map_or(1, |version| version + 1);
        let piece = self.keys.seal(Tag { place, row: id, version }, bytes, self.random)?;
        self.change.put(place, id, &piece)?;
        let part = self.summary.part(place);
        before.iter().for_each(|version| part.remove(self.keys, id, *version));
        part.add(self.keys, id, version);
        Ok(piece)
    }

    /// Seals one that was taken out, under the version after its last.
    pub fn put_back(&mut self, place: Place, id: u64, last: u64, bytes: &[u8]) -> Result<u64, Error> {
        let version = last + 1;
        let piece = self.keys.seal(Tag { place, row: id, version }, bytes, self.random)?;
        self.change.put(place, id, &piece)?;
        self.summary.part(place).add(self.keys, id, version);
        Ok(version)
    }

    /// Takes a group or an icon out for good, also one that cannot be read.
    pub fn remove_single(&mut self, place: Place, id: u64) -> Result<(), Error> {
        let (good, bad) = match place {
            Place::Icon => (self.rows.icons.good.get(&id).map(|row| row.version), &self.rows.icons.bad),
            _ => (self.rows.groups.good.get(&id).map(|row| row.version), &self.rows.groups.bad),
        };
        match good {
            Some(version) => self.summary.part(place).remove(self.keys, id, version),
            None if bad.contains_key(&id) => self.sum_anew = true,
            None => return Err(InputError::NotFound.into()),
        }
        self.change.delete(place, id..id + 1)?;
        match place {
            Place::Icon => self.after.icons.push((id, None)),
            _ => self.after.groups.push((id, None)),
        }
        Ok(())
    }
}

/// The note of an account, wherever it stands.
pub(super) fn read_note(row: &Row, keys: &Keys, reader: Reader<'_>) -> Result<Zeroizing<String>, Error> {
    let parts = match &row.note {
        Note::Here(text) => return Ok(text.clone()),
        Note::Apart(_) => reader.pieces(Place::Note, row.note_rows())?,
    };
    let id = row.account.id.0;
    let damaged = InputError::Damaged(id);
    let mut out = Zeroizing::new(Vec::with_capacity(parts.len() * PART));
    for (part, (at, body)) in (0..).zip(&parts) {
        let (version, bytes) = keys.open(Place::Note, *at, body).ok_or(damaged)?;
        if (*at, version) != (id << 4 | part, row.version) {
            return Err(damaged.into());
        }
        out.extend_from_slice(bytes.expose());
    }
    if parts.len() as u64 != row.note.parts() {
        return Err(damaged.into());
    }
    let text = String::from_utf8(std::mem::take(&mut *out)).map_err(|_| damaged)?;
    Ok(Zeroizing::new(text))
}
