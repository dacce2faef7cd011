//! Small files for their owner alone: 0600 in a folder with 0700, replaced whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use crate::error::PortError;

/// The ending of a file that is being written; the next start removes it.
pub const WRITING: &str = "writing";
/// The file by which processes keep each other out of a folder; it stays, and is empty.
const LOCK: &str = "lock";

/// Makes `folder` and what is missing above it, for its owner alone. One that is there gets its rights back.
///
/// # Errors
/// [`PortError::DiskFull`], [`PortError::Denied`], [`PortError::Disk`].
pub fn make_folder(folder: &Path) -> Result<(), PortError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(disk)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(disk)?;
    }
    Ok(())
}

/// Reads a file of at most `most` bytes whole; `None` when there is none.
///
/// # Errors
/// [`PortError::TooLarge`], of which no more than that was read; [`PortError::Disk`].
pub fn read(path: &Path, most: u64) -> Result<Option<Vec<u8>>, PortError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(disk(fault)),
    };
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(disk)?;
    if bytes.len() as u64 > most {
        return Err(PortError::TooLarge);
    }
    Ok(Some(bytes))
}

/// Keeps every other process of this phone from changing the files of a folder, until it is dropped.
#[must_use = "dropping it lets the others in"]
#[derive(Debug)]
pub struct Alone {
    /// Unlocked when it is closed, also by a process that dies.
    _lock: Option<File>,
}

/// Waits until no other holder of [`Alone`] changes files of `folder`. To be held from the last look at a file to its
/// replacement and no longer: never across a port call, and never taken twice by one caller.
///
/// On iOS nothing is locked: a process that is suspended while it holds a lock is killed there, and only the app changes
/// what is shared.
///
/// # Errors
/// [`PortError::DiskFull`], [`PortError::Denied`], [`PortError::Disk`].
pub fn alone(folder: &Path) -> Result<Alone, PortError> {
    if cfg!(target_os = "ios") {
        return Ok(Alone { _lock: None });
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let lock = options.open(folder.join(LOCK)).map_err(disk)?;
    match lock.lock() {
        Ok(()) => Ok(Alone { _lock: Some(lock) }),
        // Some file systems have no locks; what stands there is used all the same, by one process as ever.
        Err(fault) if fault.kind() == ErrorKind::Unsupported => Ok(Alone { _lock: None }),
        Err(fault) => Err(disk(fault)),
    }
}

/// Puts `bytes` in the place of `path`: written beside it, fsync, rename, fsync of the folder. After a power cut the old
/// file or the new one is there, whole.
///
/// # Errors
/// [`PortError::DiskFull`], [`PortError::Denied`], [`PortError::Disk`]; then the old file stands or the new one, whole: what failed may have been
/// the fsync of the folder, after the rename. Whoever keeps in memory what the file says reads it again.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), PortError> {
    let writing = path.with_extension(WRITING);
    let written = write_new(&writing, bytes).and_then(|()| fs::rename(&writing, path));
    if let Err(fault) = written {
        // What is left of it is removed at the next start, if it cannot be now.
        let _ = fs::remove_file(&writing);
        return Err(disk(fault));
    }
    sync_folder(path)
}

/// Removes `path` for good; also well when there is none.
///
/// # Errors
/// [`PortError::Disk`]; then the file is there or gone.
pub fn remove(path: &Path) -> Result<(), PortError> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder(path),
        Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(()),
        Err(fault) => Err(disk(fault)),
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
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

fn disk(fault: io::Error) -> PortError {
    named(&fault)
}

/// What a call on a file failed for.
pub fn named(fault: &io::Error) -> PortError {
    match fault.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => PortError::DiskFull,
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => PortError::Denied,
        // Something else has the place of the file or folder.
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => PortError::Denied,
        ErrorKind::OutOfMemory => PortError::Memory,
        _ => PortError::Disk,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn folder_and_files_are_their_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        make_folder(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        make_folder(&folder).unwrap();
        replace(&folder.join("x.key"), b"1").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join("x.key")), 0o600);
    }

    #[test]
    fn a_failed_replacement_leaves_the_old_file() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("x.key");
        replace(&path, b"old").unwrap();
        fs::create_dir(path.with_extension(WRITING)).unwrap();
        assert_eq!(replace(&path, b"new"), Err(PortError::Disk));
        assert_eq!(read(&path, 9).unwrap().unwrap(), b"old");
    }

    #[test]
    fn a_missing_file_is_none_and_a_huge_one_refused() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(read(&root.path().join("none"), 9), Ok(None));
        let huge = root.path().join("huge");
        for (bytes, fits) in [(8, true), (9, true), (10, false), (9_000, false)] {
            fs::write(&huge, vec![0; bytes]).unwrap();
            let expected = if fits { Ok(Some(vec![0; bytes])) } else { Err(PortError::TooLarge) };
            assert_eq!(read(&huge, 9), expected, "{bytes}");
        }
        assert_eq!(remove(&huge), Ok(()));
        assert_eq!(remove(&huge), Ok(()));
    }
}
