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
mod decoy;
mod edit;
mod erase;
mod fault;
mod frame;
mod group;
mod hardware;
mod header;
mod hidden;
mod icon;
mod kept;
mod key;
mod kind;
mod known;
mod label;
mod list;
mod lockbox;
mod mend;
mod migrate;
mod picture;
mod raw;
mod report;
mod reserve;
mod rows;
mod sheet;
mod slot;
mod slots;
mod store;
mod summary;
#[cfg(test)]
mod tests;
mod tile;
mod undo;
mod unlock;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_protocol::Secret;
use zeroize::Zeroizing;

pub use account::{Account, AccountId, DamagedAccount, Deleted, Details, Edit, Known, NewAccount, is_nameless};
pub use add::COUNTER_AHEAD;
pub use autolock::AutoLock;
pub use bin::Binned;
pub use codes::{CodeRow, Codes};
pub use cost::{DeviceClass, KdfCost};
pub use decoy::{Decoy, Lifted};
pub use group::{Group, GroupId};
pub use hardware::{Challenge, KeyPlace, Respond};
pub use icon::{Icon, IconId};
pub use kept::{Drawer, Keeping, KeptId, KeptOpen};
pub use key::VaultKey;
pub use kind::Kind;
pub use list::{Sort, View};
pub use lockbox::{Lockbox, Opened};
pub use picture::Picture;
pub use report::{Damage, Report};
pub use sheet::{LINES as SHEET_LINES, Sheet};
pub use slot::{Slot, SlotId, SlotKind};
pub use slots::SlotRow;
pub use tile::{DRAWN, Tile, drawn};
pub use undo::{Changed, Hindrance, Step};

use crate::cancel::Cancel;
#[cfg(doc)]
use crate::error::PortError;
use crate::error::{Error, InputError};
use crate::port::{Clock, Keystore, Random};
use book::{Book, Entry};
use header::Header;
use key::Keys;
use mend::FileLock;
use rows::Rows;
use store::Store;
use summary::Summary;
use unlock::{read_lockbox, seal_summary};

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
    /// on the disk before it bears its name. Returned unlocked. Takes as long as `cost` says; where the device's class is
    /// known, later costs are tuned within its bounds.
    ///
    /// # Errors
    /// [`InputError::VaultExists`]; [`InputError::Field`] for a passphrase outside its limits;
    /// [`PortError`] of the disk.
    pub fn create(
        path: &Path,
        passphrase: &Secret,
        cost: KdfCost,
        class: Option<DeviceClass>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self, Error> {
        erase::finish(path)?;
        if Self::exists(path) {
            return Err(InputError::VaultExists.into());
        }
        let key = VaultKey::generate(&*random)?;
        let slot = key.passphrase_slot(passphrase, cost, &*random)?;
        let mut entry = Entry::default();
        entry.made = clock.now();
        let book = Book { class, keystore: Some(random.secret(book::KEYSTORE)?), ..Book::default() };
        Self::make(path, &key, slot, book, entry, &*random)?;
        let mut vault = Self::open(path, clock, random)?;
        vault.unlock_with(&key)?;
        Ok(vault)
    }

    /// Makes an empty vault that `slot` opens, of a passphrase; `entry` is what is known of that one.
    fn make(
        path: &Path,
        key: &VaultKey,
        slot: Slot,
        mut book: Book,
        entry: Entry,
        random: &dyn Random,
    ) -> Result<(), Error> {
        let keys = key.keys()?;
        let SlotKind::Passphrase(cost) = slot.kind() else { return Err(Error::Internal) };
        let cells = reserve::fresh(&key.vault, &slot, random)?;
        let mut header = Header::new(key.vault, cost);
        *book.entry(header.add(slot)?) = entry;
        header.book = keys.seal_book(&book.write(), random)?;
        let making = raw::beside(path, ".new");
        mend::remove_whole(&making)?;
        let summary = seal_summary(&keys, &Summary::empty(header.revision), random)?;
        mend::make_file(&making, |change| {
            change.put_header(&header.write(&keys))?;
            change.put_summary(&summary)?;
            change.put_cells(&cells)
        })?;
        std::fs::File::open(&making).and_then(|file| file.sync_all()).map_err(raw::disk)?;
        std::fs::rename(&making, path).map_err(raw::disk)?;
        mend::sync_folder(path)
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

    /// Locks the vault: keys, labels and seeds are wiped from memory, and the write-ahead log is written
    /// back. Whatever was acknowledged is on the disk already.
    pub fn lock(&mut self) {
        // How often codes were used is no more than a wish.
        let _ = self.open.is_some().then(|| self.write_uses());
        // What is not written down now is no loss: the slot opens as before.
        let _ = self.write_use();
        if let Ok(lockbox) = self.next_lockbox() {
            self.lockbox = lockbox;
        }
        let Some(open) = self.open.take() else { return };
        let Unlocked { store, trusted, key, .. } = *open;
        // Nothing is lost where these fail: the log is taken up at the next unlock.
        let _ = if trusted { store.checkpoint() } else { Ok(()) };
        let _ = store.close();
        // On a day on which the hidden vault was used the other one was too, as far as its book and the file's time tell.
        let _ = key.shown().map_or(Ok(()), |shown| self.pass_over(&shown));
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

    /// The header as the next unlock will find it.
    fn next_lockbox(&self) -> Result<Lockbox, Error> {
        let open = self.unlocked()?;
        if !open.key.is_hidden() {
            return Ok(self.lockbox.after(&open.header, &open.keys));
        }
        let second = open.store.second().map(|second| self.lockbox.with_way_in(open.key.vault, second));
        Ok(second.unwrap_or_else(|| self.lockbox.clone()))
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
