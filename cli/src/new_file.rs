//! Files that are made anew, for their owner alone: nothing is written over, and one that could not be written whole does not stay.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Makes the file.
///
/// # Errors
/// What the system says; [`io::ErrorKind::AlreadyExists`] where one is there.
pub fn made(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the file, and all of this stands in it on the disk.
///
/// # Errors
/// As [`made`], and of a disk that is full or fails: then no part of it stays.
pub fn written(path: &Path, bytes: &[u8]) -> io::Result<()> {
    whole(path, |file| {
        file.write_all(bytes)?;
        file.sync_all()
    })
}

fn whole(path: &Path, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let mut file = made(path)?;
    write(&mut file).inspect_err(|_| {
        // It is ours, and half of it misleads: it may even hold seeds.
        let _ = fs::remove_file(path);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_written_whole_does_not_stay_and_what_is_there_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let full = whole(&path, |file| {
            file.write_all(b"half of")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert_eq!(full.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert!(!path.exists());
        written(&path, b"tokens").unwrap();
        assert_eq!(written(&path, b"others").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"tokens");
    }
}
