//! The vault: accounts, encrypted at rest, in one SQLite file.
//!
//! Every sensitive column is sealed by AES-256-GCM under a random vault key, which slots wrap: one for
//! the passphrase, more for the platform's keystore. `docs/decisions` has the format and its reasons.
//!
//! A [`Vault`] is locked or unlocked. What takes long or may prompt ([`Lockbox`], [`VaultKey`]) is
//! apart from it, so that a caller needs no lock meanwhile.

mod account;
mod add;
mod autolock;
mod bin;
mod book;
mod change;
mod codes;
mod cost;
mod edit;
mod erase;
mod frame;
mod group;
mod header;
mod icon;
mod key;
mod kind;
mod known;
mod label;
mod list;
mod mend;
mod migrate;
mod picture;
mod raw;
mod report;
mod rows;
mod sheet;
mod slot;
mod slots;
mod store;
mod summary;
#[cfg(test)]
mod tests;
mod tile;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_protocol::Secret;
use countersign_protocol::jose::H32;
use zeroize::Zeroizing;

pub use account::{Account, AccountId, DamagedAccount, Deleted, Details, Edit, Known, NewAccount};
pub use autolock::AutoLock;
pub use bin::Binned;
pub use codes::{CodeRow, Codes};
pub use cost::{DeviceClass, KdfCost};
pub use group::{Group, GroupId};
pub use header::{Lockbox, Opened};
pub use icon::{Icon, IconId};
pub use key::VaultKey;
pub use kind::Kind;
pub use list::{Sort, View};
pub use picture::Picture;
pub use report::{Damage, Report};
pub use sheet::{LINES as SHEET_LINES, Sheet};
pub use slot::{Slot, SlotId, SlotKind};
pub use slots::SlotRow;
pub use tile::{DRAWN, Tile, drawn};

use crate::cancel::Cancel;
#[cfg(doc)]
use crate::error::PortError;
use crate::error::{Error, InputError};
use crate::port::{Clock, Keystore, Random};
use book::Book;
use frame::{Place, Tag};
use header::Header;
use key::Keys;
use mend::FileLock;
use raw::{Look, Raw};
use rows::Rows;
use store::{Fault, Store};
use summary::{Part, Summary, Verdict};

/// One vault file, locked or unlocked.
pub struct Vault {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    lockbox: Lockbox,
    /// Whether SQLite cannot read the file.
    broken: bool,
    open: Option<Box<Unlocked>>,
}

/// What there is only while the vault is unlocked.
struct Unlocked {
    store: Store,
    /// Held to keep others from building the file anew.
    lock: FileLock,
    key: VaultKey,
    keys: Keys,
    header: Header,
    rows: Rows,
    /// The list in order, once it was asked for since the last change.
    accounts: Option<Arc<[Arc<Account>]>>,
    /// The same list, ready to be searched, and the view of it that was asked for last.
    folded: Option<Arc<[Zeroizing<String>]>>,
    viewed: Option<(View, Arc<[CodeRow]>, Codes)>,
    /// How to take back the last change of accounts.
    undo: Option<edit::Undo>,
    /// How often codes were used since the vault was unlocked, and when last.
    uses: BTreeMap<AccountId, (u64, u64)>,
    /// Changes when another process wrote.
    foreign: i64,
    /// Whether memory may differ from the file: a change failed half way.
    stale: bool,
    /// Whether the file has this program's format.
    current: bool,
    live: codes::Live,
    report: Report,
    /// Which slot opened it, and when, until that is written down.
    used: Option<(SlotId, u64)>,
    /// Whether the log may be written back: a damaged file was copied aside first.
    trusted: bool,
}

impl Vault {
    /// Whether there is a vault at `path`.
    pub fn exists(path: &Path) -> bool {
        !erase::is_marked(path) && (path.exists() || raw::beside(path, ".rebuilt").exists())
    }

    /// Erases the vault at `path` and every copy of it beside it: no seed is in those files any more, nor a slot. Whatever
    /// interrupts it, afterwards the vault is whole or can never be opened again; the rest goes at the next start.
    ///
    /// # Errors
    /// [`PortError`] of the disk. Where the vault still [exists](Vault::exists), nothing was touched.
    pub fn erase(path: &Path) -> Result<(), Error> {
        erase::erase(path)
    }

    /// Goes on with an erasure that was interrupted.
    ///
    /// # Errors
    /// [`PortError`] of the disk.
    pub fn finish_erasing(path: &Path) -> Result<(), Error> {
        erase::finish(path)
    }

    /// Makes a vault at `path`, in a folder that is there, with one slot for `passphrase`. It is whole
    /// on the disk before it bears its name. Returned unlocked. Takes as long as `cost` says.
    ///
    /// # Errors
    /// [`InputError::VaultExists`]; [`InputError::Field`] for a passphrase outside its limits;
    /// [`PortError`] of the disk.
    pub fn create(
        path: &Path,
        passphrase: &Secret,
        cost: KdfCost,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Error> {
        Self::create_on(None, path, passphrase, cost, clock, random)
    }

    /// As [`Vault::create`], on a device whose class is known: costs are tuned within its bounds.
    ///
    /// # Errors
    /// As [`Vault::create`].
    pub fn create_on(
        class: Option<DeviceClass>,
        path: &Path,
        passphrase: &Secret,
        cost: KdfCost,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Error> {
        erase::finish(path)?;
        if Self::exists(path) {
            return Err(InputError::VaultExists.into());
        }
        let key = VaultKey::generate(&*random)?;
        let keys = key.keys()?;
        let slot = key.passphrase_slot(passphrase, cost, &*random)?;
        let mut header = Header::new(key.vault, cost);
        let mut book = Book { class, ..Book::default() };
        book.entry(header.add(slot)?).made = clock.now();
        header.book = keys.seal_book(&book.write(), &*random)?;
        let making = raw::beside(path, ".new");
        for suffix in ["", "-wal", "-shm"] {
            mend::remove(&raw::beside(&making, suffix))?;
        }
        let summary = seal_summary(&keys, &Summary::empty(header.revision), &*random)?;
        mend::make_file(&making, |change| {
            change.put_header(&header.write(&keys))?;
            change.put_summary(&summary)
        })?;
        std::fs::File::open(&making).and_then(|file| file.sync_all()).map_err(raw::disk)?;
        std::fs::rename(&making, path).map_err(raw::disk)?;
        mend::sync_folder(path)?;
        let mut vault = Self::open(path, clock, random)?;
        vault.unlock_with(&key)?;
        Ok(vault)
    }

    /// Opens the vault at `path`, locked. A file of a newer version is refused and not touched.
    ///
    /// # Errors
    /// [`InputError::NoVault`], [`InputError::NotAVault`], [`InputError::NewerVault`]; [`PortError`] of
    /// the disk.
    pub fn open(path: &Path, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Result<Self, Error> {
        erase::finish(path)?;
        mend::finish_rebuild(path)?;
        let (lockbox, broken) = read_lockbox(path)?;
        Ok(Self { path: path.to_owned(), clock, random, lockbox, broken, open: None })
    }

    /// Whether the vault is unlocked.
    pub fn is_unlocked(&self) -> bool {
        self.open.is_some()
    }

    /// What opens this vault, as it stands in the file: another program may have changed the passphrase. To be
    /// used without any lock, for [`Vault::unlock_with`].
    pub fn lockbox(&self) -> Lockbox {
        let fresh = if self.is_unlocked() { None } else { read_lockbox(&self.path).ok() };
        fresh.map_or_else(|| self.lockbox.clone(), |(lockbox, _)| lockbox)
    }

    /// Unlocks by passphrase: [`Lockbox::open`] and [`Vault::unlock_with`] in one.
    ///
    /// # Errors
    /// As both.
    pub fn unlock(&mut self, passphrase: &Secret) -> Result<(), Error> {
        let key = self.lockbox().open(passphrase)?;
        self.unlock_with(&key)
    }

    /// Unlocks by the platform's keystore, which may prompt.
    ///
    /// # Errors
    /// As [`Lockbox::open_keystore`] and [`Vault::unlock_with`].
    pub fn unlock_by_keystore(&mut self, keystore: &dyn Keystore, cancel: &Cancel) -> Result<(), Error> {
        let key = self.lockbox().open_keystore(keystore, cancel)?;
        self.unlock_with(&key)
    }

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
        self.broken |= !self.lockbox.reads(key).ok_or(InputError::WrongPassphrase)?;
        let keys = key.keys()?;
        let lock = FileLock::shared(&self.path)?;
        let (header, header_damaged) = self.lockbox.chosen(key, &keys)?;
        let mut report = Report::default();
        let rebuild = || {
            let raw = Raw::read(&self.path)?;
            let kept = mend::keep_copy(&self.path, &raw.print())?;
            mend::rebuild(&self.path, &raw, &keys, &header)?;
            Ok(kept)
        };
        let has_log = raw::has_log(&self.path);
        let read = if self.broken { Err(Fault::Broken) } else { read_all(&self.path, &keys) };
        let (store, rows, summary) = match read {
            // A log that belongs elsewhere, or an old one, hides whole pages that lie beneath it.
            Ok((store, rows, summary)) if has_log && is_hidden(&keys, &rows, summary.as_ref()) => {
                drop(store);
                // Where that cannot be done now, what can be read is shown.
                if let Ok(kept) = lock.alone(rebuild) {
                    report = Report { damage: vec![Damage::Structure], kept: Some(kept) };
                }
                read_all(&self.path, &keys)?
            }
            Ok(read) => read,
            Err(Fault::Error(error)) => return Err(error),
            Err(Fault::Broken) => {
                let kept = lock.alone(rebuild)?;
                report = Report { damage: vec![Damage::Structure], kept: Some(kept) };
                read_all(&self.path, &keys)?
            }
        };
        self.broken = false;
        let foreign = store.reader().foreign_changes()?;
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
            undo: None,
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

    /// Locks the vault: keys, labels and seeds are wiped from memory, and the write-ahead log is written
    /// back. Whatever was acknowledged is on the disk already.
    pub fn lock(&mut self) {
        // How often codes were used is no more than a wish.
        let _ = self.open.is_some().then(|| self.write_uses());
        // What is not written down now is no loss: the slot opens as before.
        let _ = self.write_use();
        let Some(open) = self.open.take() else { return };
        self.lockbox = open.lockbox();
        let Unlocked { store, trusted, .. } = *open;
        // Nothing is lost where these fail: the log is taken up at the next unlock.
        let _ = if trusted { store.checkpoint() } else { Ok(()) };
        let _ = store.close();
    }

    /// What the last unlock found wrong.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn report(&self) -> Result<&Report, Error> {
        Ok(&self.unlocked()?.report)
    }

    /// Writes the log back into the file, as before an app is suspended.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`PortError`] of the disk, with nothing lost.
    pub fn checkpoint(&self) -> Result<(), Error> {
        Ok(self.unlocked()?.store.checkpoint()?)
    }

    /// The vault key, to make slots with, without any lock.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn key(&self) -> Result<VaultKey, Error> {
        Ok(self.unlocked()?.key.clone())
    }

    /// What a passphrase slot costs that costs at least `wanted`, and no less than this vault's own.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn cost(&self, wanted: KdfCost) -> Result<KdfCost, Error> {
        Ok(wanted.or_dearer(self.unlocked()?.header.minimum))
    }

    fn unlocked(&self) -> Result<&Unlocked, Error> {
        Ok(self.open.as_deref().ok_or(InputError::VaultLocked)?)
    }

    fn unlocked_mut(&mut self) -> Result<&mut Unlocked, Error> {
        Ok(self.open.as_deref_mut().ok_or(InputError::VaultLocked)?)
    }
}

impl Drop for Vault {
    fn drop(&mut self) {
        self.lock();
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("unlocked", &self.is_unlocked()).finish_non_exhaustive()
    }
}

impl Unlocked {
    /// The header as the next unlock will find it.
    fn lockbox(&self) -> Lockbox {
        let copy = header::Copy::parse(&self.header.write(&self.keys));
        Lockbox::new(copy.into_iter().flat_map(|copy| [copy.clone(), copy]).collect())
    }

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
        let others = self.rows.groups.bad.values().chain(self.rows.icons.bad.values());
        let bad: Vec<&[u8]> = accounts.chain(others).map(|print| &print.as_bytes()[..]).collect();
        H32::sha256(&[&[said.as_bytes()], &bad[..]].concat())
    }
}

fn read_lockbox(path: &Path) -> Result<(Lockbox, bool), Error> {
    let read = match raw::look(path)? {
        Look::Sound => Store::open(path).and_then(|store| store.reader().headers()),
        Look::Broken => Err(Fault::Broken),
    };
    let (copies, broken) = match read {
        Ok(bodies) => (bodies.iter().filter_map(|body| header::Copy::parse(body)).collect::<Vec<_>>(), false),
        Err(Fault::Broken) => (vec![], true),
        Err(Fault::Error(error)) => return Err(error),
    };
    if !copies.is_empty() {
        // Only a log that a crash left behind can belong elsewhere.
        let found = if raw::has_log(path) { Raw::read(path)?.headers() } else { vec![] };
        return Ok((Lockbox::new(copies).with_spare(found), broken));
    }
    let copies = Raw::read(path)?.headers();
    if copies.is_empty() { Err(InputError::NotAVault.into()) } else { Ok((Lockbox::new(copies), broken)) }
}

fn read_all(path: &Path, keys: &Keys) -> Result<(Store, Rows, Option<Summary>), Fault> {
    let store = Store::open(path)?;
    store.check()?;
    let rows = Rows::load(store.reader(), keys)?;
    let summary = rows::load_summary(store.reader(), keys)?;
    Ok((store, rows, summary))
}

/// Whether anything is not as it was last written.
fn is_hidden(keys: &Keys, rows: &Rows, summary: Option<&Summary>) -> bool {
    rows.has_damage() || summary.is_none_or(|summary| !summary.is_same(keys, &rows.found()))
}

/// A summary in the place of one that is lost: neither ids of rows that may be missing nor versions of the lost one must be
/// given again.
fn summary_anew(keys: &Keys, rows: &Rows, header: &Header, now: u64) -> Summary {
    let before = Summary { next_id: 1 << 32, version: (1 << 40) + now, ..Summary::empty(header.revision) };
    Summary::of(keys, &rows.found(), &before)
}

fn seal_summary(keys: &Keys, summary: &Summary, random: &dyn Random) -> Result<Vec<u8>, Error> {
    keys.seal(Tag { place: Place::Summary, row: 1, version: summary.version }, &summary.write(), random)
}
