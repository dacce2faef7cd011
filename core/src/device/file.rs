//! One sealed file: AES-256-GCM under the store's key, replaced by rename.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::error::PortError;
use crate::limits;

/// What every record file begins with: kind and version of the form.
const MAGIC: &[u8; 8] = b"CSdevic1";

/// A number used once, 12 random bytes. Drawn by the caller before it takes a lock.
pub(crate) type Once = [u8; NONCE_LEN];

/// Why a file was left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// The file could not be read, or is larger than any record.
    Unreadable,
    /// Changed, cut, of another phone, or under another name.
    Foreign,
    /// It opened, but a newer version wrote it, or it is not a record.
    Unknown,
}

/// The key of all record files. The keystore wraps its bytes; here they live in memory.
pub(super) struct StoreKey(LessSafeKey);

impl StoreKey {
    /// Bytes of a key.
    pub(super) const LEN: usize = 32;

    /// The key of these 32 bytes.
    pub(super) fn new(bytes: &Secret) -> Result<Self, PortError> {
        let key = UnboundKey::new(&AES_256_GCM, bytes.expose()).map_err(|_| PortError::KeyGone)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// Seals `plain` for the file of record `id`.
    pub(super) fn seal(&self, id: Id, once: Once, plain: &[u8]) -> Result<Vec<u8>, PortError> {
        let mut sealed = Zeroizing::new(plain.to_vec());
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(once), Aad::from(names(id)), &mut sealed)
            .map_err(|_| PortError::Unavailable)?;
        Ok([MAGIC.as_slice(), &once, &sealed, tag.as_ref()].concat())
    }

    /// Opens what [`seal`](Self::seal) made for the same record.
    pub(super) fn open(&self, id: Id, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, Damage> {
        let rest = file.strip_prefix(MAGIC).ok_or(Damage::Foreign)?;
        let (once, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Damage::Foreign)?;
        let mut plain = Zeroizing::new(sealed.to_vec());
        let length = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*once), Aad::from(names(id)), &mut plain)
            .map_err(|_| Damage::Foreign)?
            .len();
        plain.truncate(length);
        Ok(plain)
    }
}

/// What a file is bound to: its kind, version and name.
fn names(id: Id) -> Vec<u8> {
    [MAGIC.as_slice(), id.as_bytes()].concat()
}

/// Reads a small file whole; refuses one over the limit without reading further.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, PortError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err(PortError::Disk),
    };
    let mut bytes = Vec::new();
    let read = file.take(limits::DEVICE_FILE + 1).read_to_end(&mut bytes).map_err(|_| PortError::Disk)?;
    if read as u64 > limits::DEVICE_FILE {
        return Err(PortError::TooLarge);
    }
    Ok(Some(bytes))
}

/// Puts `bytes` in the place of `path`, so that after a power cut either the old or the new file is there, whole:
/// write, fsync, rename, fsync of the folder. On an error the old file still stands.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), PortError> {
    let temporary = path.with_extension(super::TEMPORARY);
    let written = write_new(&temporary, bytes).and_then(|()| fs::rename(&temporary, path)).map_err(disk);
    if written.is_err() {
        // Best effort: the next start removes what is left.
        let _ = fs::remove_file(&temporary);
        return written;
    }
    sync_folder(path)
}

/// Removes `path`, for good. It need not exist.
pub(super) fn remove(path: &Path) -> Result<(), PortError> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(path),
        Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(()),
        Err(fault) => Err(disk(fault)),
    }
}

/// Makes `folder`, for its owner alone.
pub(super) fn make_folder(folder: &Path) -> Result<(), PortError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(disk)
}

fn write_new(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn sync_folder(path: &Path) -> Result<(), PortError> {
    let folder = path.parent().ok_or(PortError::Disk)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk)
}

fn disk(fault: std::io::Error) -> PortError {
    match fault.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => PortError::DiskFull,
        _ => PortError::Disk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> StoreKey {
        StoreKey::new(&Secret::new(vec![byte; 32])).unwrap()
    }

    #[test]
    fn a_sealed_file_opens_under_its_key_and_name_alone() {
        let (here, there) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
        let file = key(7).seal(here, [9; NONCE_LEN], b"record").unwrap();
        assert_eq!(key(7).open(here, &file).unwrap().as_slice(), b"record");
        assert_eq!(key(7).open(there, &file).unwrap_err(), Damage::Foreign);
        assert_eq!(key(8).open(here, &file).unwrap_err(), Damage::Foreign);
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let id = Id::from_bytes([1; 16]);
        let file = key(7).seal(id, [9; NONCE_LEN], b"record").unwrap();
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(key(7).open(id, &changed).is_err(), "byte {at}");
            assert!(key(7).open(id, &file[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sealed");
        replace(&path, b"old").unwrap();
        // A folder stands where the temporary file would be made.
        fs::create_dir(path.with_extension(super::super::TEMPORARY)).unwrap();
        assert!(replace(&path, b"new").is_err());
        assert_eq!(read(&path).unwrap().unwrap(), b"old");
    }

    #[test]
    fn a_file_over_the_limit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.sealed");
        fs::write(&path, vec![0; usize::try_from(limits::DEVICE_FILE).unwrap() + 1]).unwrap();
        assert_eq!(read(&path).unwrap_err(), PortError::TooLarge);
        assert!(read(&folder.path().join("none")).unwrap().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn files_and_folder_are_the_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("device");
        make_folder(&folder).unwrap();
        replace(&folder.join("a.sealed"), b"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join("a.sealed")), 0o600);
    }
}
