//! The data folder: made with rights 0700, held by one gateway at a time.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderFault {
    /// It cannot be made or opened.
    #[error("{path}: {why}")]
    Unusable {
        /// Its path.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// Others than the owner may look into it.
    #[error("{0}: others may look into this folder")]
    Open(PathBuf),
    /// Another gateway holds it.
    #[error("{0}: another gateway uses this folder")]
    Held(PathBuf),
}

/// A held folder. The hold ends with the value, and with the process in any case.
#[derive(Debug)]
pub struct Folder {
    _lock: File,
}

impl Folder {
    /// Makes the folder if there is none, and holds it.
    ///
    /// # Errors
    /// [`FolderFault::Held`] when another gateway does.
    pub fn hold(path: &Path) -> Result<Self, FolderFault> {
        make(path)?;
        let fault = |why| FolderFault::Unusable { path: path.to_owned(), why };
        let lock = path.join("lock");
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(lock).map_err(fault)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _lock: file }),
            Err(TryLockError::WouldBlock) => Err(FolderFault::Held(path.to_owned())),
            Err(TryLockError::Error(why)) => Err(fault(why)),
        }
    }
}

/// Makes the folder (0700) if there is none.
///
/// # Errors
/// [`FolderFault::Open`] when others may look into it.
pub fn make(path: &Path) -> Result<(), FolderFault> {
    let fault = |why| FolderFault::Unusable { path: path.to_owned(), why };
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(fault)?;
    check(path)
}

/// Whether the folder, if there is one, is its owner's alone.
///
/// # Errors
/// [`FolderFault::Open`] when others may look into it.
pub fn check(path: &Path) -> Result<(), FolderFault> {
    match fs::metadata(path) {
        Ok(found) if found.mode() & 0o077 == 0 => Ok(()),
        Ok(_) => Err(FolderFault::Open(path.to_owned())),
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(why) => Err(FolderFault::Unusable { path: path.to_owned(), why }),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn one_gateway_holds_a_folder_until_it_ends() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let held = Folder::hold(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(matches!(Folder::hold(&path), Err(FolderFault::Held(_))));
        drop(held);
        assert!(Folder::hold(&path).is_ok());
    }

    #[test]
    fn a_folder_that_others_may_read_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(Folder::hold(&path), Err(FolderFault::Open(_))));
    }
}
