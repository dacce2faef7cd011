//! Unlocking: everything is read and examined, and what can be mended is, once the file was copied aside.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use countersign_protocol::jose::H32;
use zeroize::Zeroizing;

use super::account::AccountId;
use super::fault::Fault;
use super::frame::{Place, Tag};
use super::header::{self, Header};
use super::key::{Keys, VaultKey};
use super::lockbox::Lockbox;
use super::mend::{self, FileLock};
use super::raw::{self, Look, Raw};
use super::report::{Damage, Report};
use super::rows::{self, Rows};
use super::store::Store;
use super::summary::{Part, Summary, Verdict};
use super::{Unlocked, Vault, codes, reserve};
#[cfg(doc)]
use crate::error::PortError;
use crate::error::{Error, InputError};
use crate::port::Random;

impl Vault {
    /// Unlocks with a vault key that a slot gave. Everything is read and checked; what is damaged is in
    /// [`Vault::report`], and the rest works. Before anything is mended the file is copied aside.
    ///
    /// # Errors
    /// [`InputError::WrongPassphrase`] for the key of another vault; [`PortError::Busy`] while another
    /// process mends the file; [`PortError`] of the disk.
    pub fn unlock_with(&mut self, key: &VaultKey) -> Result<(), Error> {
        if self.open.is_some() {
            return Ok(());
        }
        // Another program may have changed the header, or the whole file, since it was read.
        (self.lockbox, self.broken) = read_lockbox(&self.path)?;
        // A log that belongs elsewhere hides this vault from SQLite.
        let foreign_log = !self.lockbox.reads(key).ok_or(InputError::WrongPassphrase)?;
        self.broken |= foreign_log;
        let keys = key.keys()?;
        let lock = FileLock::shared(&self.path)?;
        let mut report = Report::default();
        let has_log = raw::has_log(&self.path);
        // `log` says whether the log is this file's.
        let rebuild = |log: bool| {
            let raw = Raw::read(&self.path)?;
            let kept = mend::keep_copy(&self.path, &raw.print())?;
            let cells = reserve::whole(raw.cells(log), &*self.random)?;
            let shown = key.shown().unwrap_or_else(|| key.clone());
            let keys = shown.keys()?;
            mend::rebuild(&self.path, &raw, &keys, &self.lockbox.chosen(&shown, &keys)?.0, &cells)?;
            Ok(kept)
        };
        let read_all = || read_all(&self.path, key, &keys, &self.random);
        let read = if self.broken { Err(Fault::Broken) } else { read_all() };
        let Everything { store, rows, summary, foreign } = match read {
            // A log that belongs elsewhere, or an old one, hides whole pages that lie beneath it.
            Ok(read) if has_log && is_covered(&keys, &read.rows, read.summary.as_ref()) => {
                drop(read);
                // Where that cannot be done now, what can be read is shown.
                if let Ok(kept) = lock.alone(|| rebuild(false)) {
                    report = Report { damage: vec![Damage::Structure], kept: Some(kept) };
                }
                read_all()?
            }
            Ok(read) => read,
            Err(Fault::Error(error)) => return Err(error),
            Err(Fault::Broken) => {
                let kept = lock.alone(|| rebuild(!foreign_log))?;
                report = Report { damage: vec![Damage::Structure], kept: Some(kept) };
                read_all()?
            }
        };
        let (mut header, mut header_damaged) = read_header(&store, &self.lockbox, key, &keys)?;
        if summary.is_some_and(|summary| summary.header > header.revision) {
            // Another program changed it since it was read.
            self.lockbox = open_lockbox(&store)?;
            (header, header_damaged) = read_header(&store, &self.lockbox, key, &keys)?;
        }
        self.broken = false;
        let current = store.reader().version()? == u32::from(header::FORMAT) && !rows.older;
        let (key, live) = (key.clone(), codes::Live::default());
        let mut open = Box::new(Unlocked {
            store,
            lock,
            key,
            keys,
            header,
            rows,
            accounts: None,
            folded: None,
            viewed: None,
            uses: BTreeMap::new(),
            foreign,
            stale: false,
            current,
            live,
            report,
            used: None,
            trusted: false,
        });
        open.examine(header_damaged, summary.as_ref());
        let mended = open.mend(&self.path, header_damaged, summary, self.clock.now(), &*self.random)?;
        self.open = Some(open);
        if mended {
            self.tidy(summary.as_ref());
        }
        Ok(())
    }

    /// What is over goes: accounts that lay in the bin long enough, icons that no account shows, a copy in an older
    /// format. Where that cannot be done now, it is done another time.
    fn tidy(&mut self, summary: Option<&Summary>) {
        let _ = summary.map_or(Ok(()), |summary| self.visit_bin(summary));
        let _ = self.sweep_icons();
        let _ = mend::drop_older(&self.path, Some(self.clock.now()));
    }
}

impl Unlocked {
    /// Puts into the report what the rows and the summary say.
    fn examine(&mut self, header_damaged: bool, summary: Option<&Summary>) {
        let damage = &mut self.report.damage;
        let older = summary.is_some_and(|summary| summary.header != self.header.revision);
        damage.extend((header_damaged || older).then_some(Damage::Header));
        damage.extend(summary.is_none().then_some(Damage::Summary));
        damage.extend(self.rows.bad.values().map(|bad| Damage::Account(Box::new(bad.shown.clone()))));
        let notes = self.rows.good.iter().filter(|(_, row)| row.note_damaged);
        damage.extend(notes.map(|(id, _)| Damage::Note(AccountId(*id))));
        let found = self.rows.found();
        let verdict = |part: Option<&Part>, rows| {
            let (keys, next_id) = (&self.keys, summary.map_or(0, |summary| summary.next_id));
            part.map_or(Verdict::Same, |part| part.compare(keys, rows, next_id))
        };
        damage.extend(match verdict(summary.map(|summary| &summary.accounts), &found.accounts) {
            Verdict::Same => None,
            Verdict::RolledBack(id) => Some(Damage::RolledBack(AccountId(id))),
            Verdict::Missing { id, count } => Some(Damage::Missing { id: id.map(AccountId), count }),
            Verdict::Surplus(id) => Some(Damage::Surplus(AccountId(id))),
            Verdict::Unexplained => Some(Damage::Unexplained),
        });
        let groups = verdict(summary.map(|summary| &summary.groups), &found.groups) != Verdict::Same;
        damage.extend((groups || !self.rows.groups.bad.is_empty()).then_some(Damage::Groups));
        let icons = verdict(summary.map(|summary| &summary.icons), &found.icons) != Verdict::Same;
        let torn = !(self.rows.icons.bad.is_empty() && self.rows.torn.is_empty());
        damage.extend((icons || torn).then_some(Damage::Icons));
        let kept = verdict(summary.map(|summary| &summary.kept), &found.kept) != Verdict::Same;
        damage.extend((kept || !self.rows.kept.bad.is_empty()).then_some(Damage::Tokens));
    }

    /// Copies the file aside if anything is damaged, and then mends header and summary. Accounts are left
    /// as they are. Where no copy can be made nothing is mended, and what can be read is shown. Returns whether all is
    /// as it must be to be changed.
    fn mend(
        &mut self,
        path: &Path,
        header_damaged: bool,
        summary: Option<Summary>,
        now: u64,
        random: &dyn Random,
    ) -> Result<bool, Error> {
        if !self.report.damage.is_empty() && self.report.kept.is_none() {
            let Ok(kept) = mend::keep_copy(path, &self.print()) else { return Ok(false) };
            self.report.kept = Some(kept);
        }
        self.store.trust()?;
        self.trusted = true;
        // A file of an older format gets a new header and summary on its way. Where it cannot be brought to this one now,
        // it can be read all the same.
        if !self.current {
            return Ok(self.raise(path, now, random).is_ok());
        }
        if !header_damaged && summary.is_some() {
            return Ok(true);
        }
        let body = self.header.write(&self.keys);
        let change = self.store.begin()?;
        if header_damaged {
            change.put_header(&body)?;
        }
        if summary.is_none() {
            let anew = summary_anew(&self.keys, &self.rows, &self.header, now);
            change.put_summary(&seal_summary(&self.keys, &anew, random)?)?;
        }
        change.commit()?;
        Ok(true)
    }

    /// What this damage is known by, so that one copy of the file is kept of it and not one an unlock.
    fn print(&self) -> H32 {
        let said = Zeroizing::new(format!("{:?}", self.report.damage));
        let accounts = self.rows.bad.values().map(|bad| &bad.print);
        let singles = self.rows.groups.bad.values().chain(self.rows.icons.bad.values());
        let others = singles.chain(self.rows.kept.bad.values());
        let bad: Vec<&[u8]> = accounts.chain(others).map(|print| &print.as_bytes()[..]).collect();
        H32::sha256(&[&[said.as_bytes()], &bad[..]].concat())
    }
}

/// What opens the vault whose file is open here. Its bytes are not looked at beside SQLite: to close them would give up the locks
/// that SQLite has on the file (<https://www.sqlite.org/howtocorrupt.html>, section 2.2).
pub(super) fn open_lockbox(store: &Store) -> Result<Lockbox, Fault> {
    let bodies = store.reader().shown_headers()?;
    let copies: Vec<_> = bodies.iter().filter_map(|body| header::Copy::parse(body)).collect();
    if copies.is_empty() {
        Err(Fault::Broken)
    } else {
        Ok(Lockbox::new(copies).with_second(&store.reader().second_place()?))
    }
}

pub(super) fn read_lockbox(path: &Path) -> Result<(Lockbox, bool), Error> {
    let read = match raw::look(path)? {
        Look::Sound => {
            Store::open(path).and_then(|store| Ok((store.reader().headers()?, store.reader().second_place()?)))
        }
        Look::Broken => Err(Fault::Broken),
    };
    let (copies, cells, broken) = match read {
        Ok((bodies, cells)) => (bodies.iter().filter_map(|body| header::Copy::parse(body)).collect(), cells, false),
        Err(Fault::Broken) => (vec![], vec![], true),
        Err(Fault::Error(error)) => return Err(error),
    };
    if !copies.is_empty() {
        // Only a log that a crash left behind can belong elsewhere.
        let raw = if raw::has_log(path) { Some(Raw::read(path)?) } else { None };
        let found = raw.as_ref().map(Raw::headers).unwrap_or_default();
        let cells = [cells, raw.as_ref().map(Raw::second_place).unwrap_or_default()].concat();
        return Ok((Lockbox::new(copies).with_spare(found).with_second(&cells), broken));
    }
    let raw = Raw::read(path)?;
    let copies = raw.headers();
    if copies.is_empty() {
        return Err(InputError::NotAVault.into());
    }
    Ok((Lockbox::new(copies).with_second(&raw.second_place()), broken))
}

/// The header of the vault that this key opens, and whether it was changed since. A hidden vault's stands beneath; where it is
/// lost, the way in is enough to begin it anew.
pub(super) fn read_header(
    store: &Store,
    shown: &Lockbox,
    key: &VaultKey,
    keys: &Keys,
) -> Result<(Header, bool), Error> {
    let Some(second) = &key.second else { return shown.chosen(key, keys) };
    let copies = store.reader().headers()?.iter().filter_map(|body| header::Copy::parse(body)).collect();
    if let Ok((header, damaged)) = Lockbox::new(copies).chosen(key, keys) {
        let has_way_in = store.has_way_in(header.slots.first());
        return Ok((header, damaged || !has_way_in));
    }
    let mut header = Header::new(key.vault, second.cost);
    header.add(shown.second_of(key).ok_or(InputError::NotAVault)?)?;
    Ok((header, true))
}

/// What the file holds at one moment.
pub(super) struct Everything {
    pub store: Store,
    pub rows: Rows,
    pub summary: Option<Summary>,
    /// As [`foreign_changes`](super::store::Reader::foreign_changes) gave it at that moment: a change after it is noticed.
    pub foreign: i64,
}

pub(super) fn read_all(
    path: &Path,
    key: &VaultKey,
    keys: &Keys,
    random: &Arc<dyn Random>,
) -> Result<Everything, Fault> {
    let mut store = Store::open(path)?;
    store.check()?;
    let (foreign, (rows, summary)) = store.at_one_moment(|store| {
        if key.is_hidden() {
            store.descend(key, Arc::clone(random))?;
        }
        Ok((Rows::load(store.reader(), keys)?, rows::load_summary(store.reader(), keys)?))
    })?;
    Ok(Everything { store, rows, summary, foreign })
}

/// Whether anything is not as it was last written.
pub(super) fn is_covered(keys: &Keys, rows: &Rows, summary: Option<&Summary>) -> bool {
    rows.has_damage() || summary.is_none_or(|summary| !summary.is_same(keys, &rows.found()))
}

/// A summary in the place of one that is lost: neither ids of rows that may be missing nor versions of the lost one must be
/// given again.
pub(super) fn summary_anew(keys: &Keys, rows: &Rows, header: &Header, now: u64) -> Summary {
    let before = Summary { next_id: 1 << 32, version: (1 << 40) + now, ..Summary::empty(header.revision) };
    Summary::of(keys, &rows.found(), &before)
}

pub(super) fn seal_summary(keys: &Keys, summary: &Summary, random: &dyn Random) -> Result<Vec<u8>, Error> {
    keys.seal(Tag { place: Place::Summary, row: 1, version: summary.version }, &summary.write(), random)
}
