//! The end of a vault, at once and for good.
//!
//! 1. A mark is put beside the vault. From here on it is erased: what is left of it goes at the next start, whatever
//!    happened.
//! 2. Every header in every file is overwritten, and the second place of the reserve, the vault's own first: without one no
//!    slot opens anything. Until the last
//!    of them is gone every account is there; from then on none can be read.
//! 3. Everything else in those files is overwritten, and they are removed; the mark last.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::header;
use super::mend::{private, remove, sync_folder};
use super::raw::{beside, disk};
use super::reserve;
use crate::error::Error;

/// Bytes that are overwritten at once.
const BLOCK: usize = 64 * 1024;

/// Erases the vault at `path`: file, log, and every copy and half-made file beside it. What fails does not stop the rest; it is
/// tried again at the next start.
///
/// # Errors
/// [`crate::error::PortError`] of the disk: before the mark is there nothing was touched.
pub(super) fn erase(path: &Path) -> Result<(), Error> {
    let marked = private(OpenOptions::new().create(true).truncate(false).write(true)).open(mark(path));
    marked.and_then(|file| file.sync_all()).map_err(disk)?;
    sync_folder(path)?;
    finish(path)
}

/// Whether the vault at `path` is marked to be erased.
pub(super) fn is_marked(path: &Path) -> bool {
    mark(path).exists()
}

/// Goes on with an erasure where one was begun.
///
/// # Errors
/// [`crate::error::PortError`] of the disk; then the mark stays.
pub(super) fn finish(path: &Path) -> Result<(), Error> {
    if !is_marked(path) {
        return Ok(());
    }
    let files = family(path)?;
    let mut failed = Ok(());
    let mut each = |step: &dyn Fn(&Path) -> Result<(), Error>| {
        for file in &files {
            failed = failed.clone().and(step(file));
        }
    };
    each(&overwrite_headers);
    each(&overwrite);
    each(&remove);
    failed?;
    sync_folder(path)?;
    remove(&mark(path))?;
    sync_folder(path)
}

fn mark(path: &Path) -> PathBuf {
    beside(path, ".erasing")
}

/// The vault's file, then everything beside it whose name begins with its own; without the mark.
fn family(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let Some((folder, name)) = path.parent().zip(path.file_name()) else { return Ok(vec![]) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut files = vec![];
    for entry in fs::read_dir(folder).map_err(disk)? {
        let entry = entry.map_err(disk)?;
        let is_ours = entry.file_name().as_encoded_bytes().starts_with(name.as_encoded_bytes());
        if is_ours && entry.path() != mark(path) && entry.file_type().map_err(disk)?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort_by_key(|file| (file != path, file.clone()));
    Ok(files)
}

/// Overwrites and removes every copy of the vault at `path` that lies beside it, with all that opens those.
///
/// # Errors
/// [`crate::error::PortError`] of the disk.
pub(super) fn copies(path: &Path, but: &Path) -> Result<(), Error> {
    let kept: Vec<PathBuf> = ["", "-wal", "-shm", ".lock"].iter().map(|suffix| beside(path, suffix)).collect();
    let copies = family(path)?.into_iter().filter(|file| file != but && !kept.contains(file));
    copies.into_iter().try_for_each(|file| {
        overwrite(&file)?;
        remove(&file)
    })?;
    sync_folder(path)
}

/// Overwrites whatever looks like a header, and what may follow it within one; and the second place of the reserve.
fn overwrite_headers(path: &Path) -> Result<(), Error> {
    let mut file = OpenOptions::new().read(true).write(true).open(path).map_err(disk)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(disk)?;
    for (start, length) in reserve::second_in(&bytes) {
        file.seek(SeekFrom::Start(start as u64)).map_err(disk)?;
        write_zeros(&mut file, length)?;
    }
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(header::MAGIC.len()).position(|window| window == header::MAGIC) {
        let start = at + found;
        let length = header::outline(&bytes[start..]).map_or(header::MAGIC.len(), |(length, _)| length);
        let end = (start + length.max(header::MAGIC.len())).min(bytes.len());
        file.seek(SeekFrom::Start(start as u64)).map_err(disk)?;
        write_zeros(&mut file, end - start)?;
        at = end;
    }
    file.sync_data().map_err(disk)
}

pub(super) fn overwrite(path: &Path) -> Result<(), Error> {
    let mut file = OpenOptions::new().write(true).open(path).map_err(disk)?;
    let length = file.metadata().map_err(disk)?.len();
    write_zeros(&mut file, usize::try_from(length).unwrap_or(usize::MAX))?;
    file.sync_data().map_err(disk)
}

fn write_zeros(file: &mut File, mut length: usize) -> Result<(), Error> {
    let zeros = [0; BLOCK];
    while length > 0 {
        let part = length.min(BLOCK);
        file.write_all(&zeros[..part]).map_err(disk)?;
        length -= part;
    }
    Ok(())
}
