//! The device store: enrolments, and what must work while the vault is locked.
//!
//! One small file an enrolment in the folder that the shell names, `ID.sealed`, beside the file `key` that holds the
//! store's key as the keystore wrapped it ([`Guard::Device`]). Each file is sealed for its
//! own name and replaced by rename, so a process killed at any moment leaves the old or the new record, whole. Who changes
//! something is [`Alone`] from the last look to the rename. When the disk fails, memory follows what stands there then. A
//! file that does not open is named and left as it is; the others work.

mod file;
mod history;
mod icon;
mod inbox;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_protocol::jose::{H32, Id};

pub use file::Damage;
pub(crate) use file::Once;

use crate::cancel::Cancel;
use crate::error::{Error, PortError};
use crate::file::{self as disk, Alone};
use crate::limits;
use crate::port::{Guard, Keystore, Ports};
use crate::record::Record;
use file::StoreKey;

/// What a record's file begins with.
const KIND: &file::Kind = b"CSdevic1";
/// Ending of a record.
const RECORD: &str = "sealed";

/// All enrolments of this phone, in memory and on disk.
pub struct Store {
    folder: PathBuf,
    /// None when its file was changed: then no record opens, and none is written.
    key: Option<StoreKey>,
    records: BTreeMap<Id, Kept>,
    damaged: BTreeMap<Id, Damage>,
    /// Whether the keystore lost the key of an earlier store.
    restored: bool,
}

/// A record, and the hash of the file it was read from or written to.
struct Kept {
    record: Arc<Record>,
    file: H32,
}

impl Store {
    /// Opens the store in `folder`, which is made if it is not there, with its key.
    ///
    /// # Errors
    /// [`PortError`] when the folder cannot be read or the keystore cannot give the key now (before first unlock).
    /// A key that is gone for good (restored backup, reinstalled app) is replaced: the records under it are then
    /// [`damaged`](Self::damaged), and their person enrols anew. So they are when the key's file was changed; a new key
    /// is made when the last of them was forgotten.
    pub fn open(folder: &Path, ports: &Ports) -> Result<Self, Error> {
        disk::make_folder(folder)?;
        let mut store = Self {
            folder: folder.to_owned(),
            key: None,
            records: BTreeMap::new(),
            damaged: BTreeMap::new(),
            restored: false,
        };
        // Nobody writes now: what is half written, its process left. And of two who find no key, one makes it.
        let alone = store.alone()?;
        store.sweep(&alone)?;
        store.key = store_key(&folder.join("key"), ports, !file::names(folder, RECORD)?.is_empty())?;
        store.restored = folder.join("key.gone").exists();
        drop(alone);
        store.reload()?;
        Ok(store)
    }

    /// Keeps other processes from changing anything here, from a last look to what is written.
    pub(crate) fn alone(&self) -> Result<Alone, PortError> {
        disk::alone(&self.folder)
    }

    /// Opens the store in `folder` to read records and to leave challenges, for a process beside the app: nothing is made,
    /// mended or swept away.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] where there is no store yet; [`PortError`] when the keystore does not give its key.
    pub fn look(folder: &Path, keystore: &dyn Keystore) -> Result<Self, Error> {
        let wrapped = disk::read(&folder.join("key"), limits::DEVICE_FILE)?.ok_or(PortError::Unavailable)?;
        let key = keystore.unwrap(Guard::Device, &wrapped, &Cancel::default())?;
        let key = Some(StoreKey::new(&key)?);
        let (records, damaged) = (BTreeMap::new(), BTreeMap::new());
        let mut store = Self { folder: folder.to_owned(), key, records, damaged, restored: false };
        store.reload()?;
        Ok(store)
    }

    /// Reads every record again from disk.
    pub fn reload(&mut self) -> Result<(), Error> {
        self.records.clear();
        self.damaged.clear();
        for id in file::names(&self.folder, RECORD)? {
            let file = disk::read(&self.path(id), limits::DEVICE_FILE);
            self.take(id, file);
        }
        Ok(())
    }

    /// All enrolments, by id.
    pub fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.records.values().map(|kept| &kept.record)
    }

    /// One enrolment.
    pub fn get(&self, id: Id) -> Option<Arc<Record>> {
        self.records.get(&id).map(|kept| Arc::clone(&kept.record))
    }

    /// Files that were left alone, and why.
    pub fn damaged(&self) -> impl Iterator<Item = (Id, Damage)> + '_ {
        self.damaged.iter().map(|(id, damage)| (*id, *damage))
    }

    /// Whether the keystore lost the key of an earlier store: this phone was restored from a backup, or the app installed
    /// anew.
    pub(crate) fn is_restored(&self) -> bool {
        self.restored
    }

    /// Takes over what another process of this phone wrote to the record since it was read. Says whether there was
    /// anything.
    ///
    /// # Errors
    /// [`PortError::Disk`] when the file cannot be read now; then memory is as it was.
    pub(crate) fn catch_up(&mut self, id: Id) -> Result<bool, PortError> {
        let file = disk::read(&self.path(id), limits::DEVICE_FILE);
        if let Err(fault) = file
            && fault != PortError::TooLarge
        {
            return Err(fault);
        }
        let now = file.as_ref().ok().and_then(Option::as_ref).map(|bytes| H32::sha256(&[bytes]));
        let before = self.records.get(&id).map(|kept| kept.file);
        if before == now {
            return Ok(false);
        }
        self.take(id, file);
        Ok(before != self.records.get(&id).map(|kept| kept.file))
    }

    /// Writes a record, new or changed. When this returns it is on disk; on an error the old one stands or the new one, on
    /// disk and in memory alike. What differs from the file in nothing but a second or two of the gateway's clock is not
    /// written.
    pub(crate) fn put(&mut self, record: Record, once: Once, _: &Alone) -> Result<Arc<Record>, Error> {
        let id = record.id;
        if let Some(kept) = self.records.get_mut(&id).filter(|kept| record.is_as_good_as(&kept.record)) {
            kept.record = Arc::new(record);
            return Ok(Arc::clone(&kept.record));
        }
        let plain = record.to_bytes().map_err(|_| Error::Internal)?;
        let sealed = self.key.as_ref().ok_or(PortError::Failed)?.seal(KIND, id, once, &plain)?;
        if sealed.len() as u64 > limits::DEVICE_FILE {
            // Nobody could read it again.
            return Err(PortError::TooLarge.into());
        }
        let written = disk::replace(&self.path(id), &sealed);
        self.follow(id, written)?;
        let record = Arc::new(record);
        self.records.insert(id, Kept { record: Arc::clone(&record), file: H32::sha256(&[&sealed]) });
        self.damaged.remove(&id);
        Ok(record)
    }

    /// Removes a record, also a damaged one; its history first, for nobody would look for that later. On an error the
    /// record is there or gone, on disk and in memory alike.
    pub(crate) fn remove(&mut self, id: Id, _: &Alone) -> Result<(), Error> {
        self.remove_history(id)?;
        let removed = disk::remove(&self.path(id));
        self.follow(id, removed)?;
        self.records.remove(&id);
        self.damaged.remove(&id);
        Ok(())
    }

    /// After a fault memory is what the disk holds. Where that cannot be read either, it stays.
    fn follow(&mut self, id: Id, done: Result<(), PortError>) -> Result<(), PortError> {
        done.inspect_err(|_| {
            let _ = self.catch_up(id);
        })
    }

    /// Whether a file of this name stands in the folder, readable or not.
    pub(crate) fn holds(&self, id: Id) -> bool {
        self.records.contains_key(&id) || self.damaged.contains_key(&id)
    }

    /// Keeps in memory what was read from a record's file.
    fn take(&mut self, id: Id, file: Result<Option<Vec<u8>>, PortError>) {
        self.records.remove(&id);
        self.damaged.remove(&id);
        let opened = match file {
            Ok(Some(bytes)) => self.open_record(id, &bytes),
            Ok(None) => return,
            Err(_) => Err(Damage::Unreadable),
        };
        match opened {
            Ok(kept) => drop(self.records.insert(id, kept)),
            Err(damage) => drop(self.damaged.insert(id, damage)),
        }
    }

    fn open_record(&self, id: Id, bytes: &[u8]) -> Result<Kept, Damage> {
        let plain = self.key.as_ref().ok_or(Damage::Foreign)?.open(KIND, id, bytes)?;
        let record = Record::from_bytes(&plain).ok().filter(|record| record.id == id).ok_or(Damage::Unknown)?;
        Ok(Kept { record: Arc::new(record), file: H32::sha256(&[bytes]) })
    }

    /// Removes what a killed process left half written.
    fn sweep(&self, _: &Alone) -> Result<(), Error> {
        for id in file::names(&self.folder, disk::WRITING)? {
            disk::remove(&self.path(id).with_extension(disk::WRITING))?;
        }
        Ok(self.sweep_inbox()?)
    }

    fn path(&self, id: Id) -> PathBuf {
        self.folder.join(format!("{id}.{RECORD}"))
    }
}

/// The store's key: unwrapped, or made and wrapped where there is none or the old one is gone for good. None when its
/// file was changed while there are records under it, which may be mended.
fn store_key(path: &Path, ports: &Ports, has_records: bool) -> Result<Option<StoreKey>, Error> {
    let cancel = Cancel::default();
    if let Some(wrapped) = disk::read(path, limits::DEVICE_FILE)? {
        match ports.keystore.unwrap(Guard::Device, &wrapped, &cancel) {
            Ok(key) if key.len() == StoreKey::LEN => return Ok(Some(StoreKey::new(&key)?)),
            Ok(_) | Err(PortError::Failed) if has_records => return Ok(None),
            Ok(_) | Err(PortError::Failed | PortError::KeyGone) => {
                disk::replace(&path.with_extension("gone"), &wrapped)?
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    let key = ports.random.secret(StoreKey::LEN)?;
    disk::replace(path, &ports.keystore.wrap(Guard::Device, &key, &cancel)?)?;
    Ok(Some(StoreKey::new(&key)?))
}
