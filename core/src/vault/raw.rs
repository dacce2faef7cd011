//! The file as bytes, without SQLite: to look before anything is touched, and to search what SQLite
//! cannot read any more. Formats: <https://www.sqlite.org/fileformat2.html>, sections 1.3 and 4.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use countersign_protocol::jose::H32;

use super::header;
use super::reserve::{self, Cell};
use super::store::{APPLICATION, PAGE};
#[cfg(doc)]
use crate::error::PortError;
use crate::error::{Error, InputError, Named};
use crate::file;
use crate::limits;

/// What the first look says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// A vault of this version, as far as the first page says.
    Sound,
    /// The first page is not what it must be.
    Broken,
}

/// The write-ahead log that belongs to `path`.
pub(super) fn wal_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// Whether there is anything in that log.
pub(super) fn has_log(path: &Path) -> bool {
    fs::metadata(wal_of(path)).is_ok_and(|log| log.len() > 0)
}

/// `path` with `suffix` after its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Names what a call of `std::fs` gave.
pub(super) fn disk(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => InputError::NoVault.into(),
        _ => file::named(&error).into(),
    }
}

/// Looks at the first page, as the write-ahead log leaves it, and touches nothing.
///
/// # Errors
/// [`InputError::NoVault`]; [`InputError::NewerVault`] where page and header agree on a newer version;
/// [`PortError`] of the disk.
pub(super) fn look(path: &Path) -> Result<Look, Error> {
    let mut page = Vec::with_capacity(100);
    fs::File::open(path).map_err(disk)?.take(100).read_to_end(&mut page).map_err(disk)?;
    if let Some(later) = wal_pages(&read(&wal_of(path))?).into_iter().rev().find(|page| page.number == 1) {
        page = later.bytes[..100].to_vec();
    }
    let version = version_of_sound(&page);
    if version.is_some_and(|version| (1..=u32::from(header::FORMAT)).contains(&version)) {
        return Ok(Look::Sound);
    }
    let newer = version.filter(|version| *version > u32::from(header::FORMAT));
    if let Some(found) = newer
        && formats(&Raw::read(path)?).any(|format| u32::from(format) == found)
    {
        return Err(InputError::NewerVault { found, known: header::FORMAT.into() }.into());
    }
    Ok(Look::Broken)
}

/// The version in the first page's header, where everything that never changes is as it must be.
fn version_of_sound(page: &[u8]) -> Option<u32> {
    let number = |at: usize| page.get(at..at + 4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
    let fixed = [(0, &b"SQLite format 3\0"[..]), (16, &(PAGE as u16).to_be_bytes()), (18, &[2, 2, 0, 64, 32, 32])];
    let sound = page.len() == 100
        && fixed.iter().all(|(at, bytes)| page[*at..].starts_with(bytes))
        && [(44, 4), (48, 0), (52, 0), (56, 1), (64, 0), (68, APPLICATION)]
            .iter()
            .all(|(at, n)| number(*at) == Some(*n))
        && page[72..92].iter().all(|byte| *byte == 0);
    number(60).filter(|_| sound)
}

/// The formats that headers in the file name.
fn formats(raw: &Raw) -> impl Iterator<Item = u16> {
    let starts = raw.parts().flat_map(|part| headers_in(part).filter_map(header::outline));
    starts.map(|(_, format)| format)
}

fn headers_in(part: &[u8]) -> impl Iterator<Item = &[u8]> {
    let starts = part.windows(4).enumerate().filter(|(_, window)| *window == header::MAGIC);
    starts.map(|(start, _)| &part[start..])
}

/// File and write-ahead log, whole.
pub(super) struct Raw {
    main: Vec<u8>,
    wal: Vec<u8>,
}

impl Raw {
    /// Reads both.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] beyond the limit; [`PortError`] of the disk.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Ok(Self { main: read(path)?, wal: read(&wal_of(path))? })
    }

    /// What these bytes are known by.
    pub fn print(&self) -> H32 {
        H32::sha256(&[&(self.main.len() as u64).to_be_bytes(), &self.main, &self.wal])
    }

    /// What can be searched for pieces: the file, then each page of the log by itself, since its
    /// frames' headers part them.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        let pages = self.wal.get(WAL_HEADER..).unwrap_or_default().chunks(FRAME_HEADER + PAGE);
        std::iter::once(&self.main[..]).chain(pages.map(|frame| frame.get(FRAME_HEADER..).unwrap_or_default()))
    }

    /// The cells of the reserve as they were last written: nothing in them says when, without their key. `log` says whether
    /// the log is this file's.
    pub fn cells(&self, log: bool) -> BTreeMap<u64, Vec<u8>> {
        let unsure = self.parts().skip(1).filter(|_| log);
        let committed = wal_pages(&self.wal).into_iter().map(|page| page.bytes).filter(|_| log);
        let in_order = unsure.chain(std::iter::once(&self.main[..])).chain(committed);
        in_order.flat_map(reserve::find_all).collect()
    }

    /// Every cell that may be in the second place.
    pub fn second_place(&self) -> Vec<Cell> {
        self.parts().flat_map(reserve::find_all).filter(|(row, _)| reserve::SECOND.contains(row)).collect()
    }

    /// Every copy of a header within the limits.
    pub fn headers(&self) -> Vec<header::Copy> {
        self.parts().flat_map(|part| headers_in(part).filter_map(header::Copy::parse)).collect()
    }
}

/// A file's bytes; none where there is no file.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => return Err(disk(error)),
    };
    let found = file.metadata().map_err(disk)?.len();
    if found > limits::VAULT_FILE {
        return Err(InputError::TooMuch { what: Named::VaultFile, found, most: limits::VAULT_FILE }.into());
    }
    let mut bytes = Vec::with_capacity(found as usize);
    file.take(limits::VAULT_FILE).read_to_end(&mut bytes).map_err(disk)?;
    Ok(bytes)
}

const WAL_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// A committed page of the log.
struct WalPage<'a> {
    number: u32,
    bytes: &'a [u8],
}

/// The pages that SQLite would take from the log, in order: salts as in the header, checksums right,
/// up to the last commit.
fn wal_pages(wal: &[u8]) -> Vec<WalPage<'_>> {
    let number = |bytes: &[u8], at: usize| bytes.get(at..at + 4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]));
    let mut pages = vec![];
    let Some(magic @ (0x377F_0682 | 0x377F_0683)) = number(wal, 0) else { return pages };
    if number(wal, 8) != Some(PAGE as u32) || wal.len() < WAL_HEADER {
        return pages;
    }
    let big_endian = magic == 0x377F_0683;
    let mut sum = wal_checksum(big_endian, (0, 0), &wal[..24]);
    if (number(wal, 24), number(wal, 28)) != (Some(sum.0), Some(sum.1)) {
        return pages;
    }
    let mut committed = 0;
    for frame in wal[WAL_HEADER..].chunks_exact(FRAME_HEADER + PAGE) {
        let (head, bytes) = frame.split_at(FRAME_HEADER);
        sum = wal_checksum(big_endian, sum, &head[..8]);
        sum = wal_checksum(big_endian, sum, bytes);
        if head[8..16] != wal[16..24] || (number(head, 16), number(head, 20)) != (Some(sum.0), Some(sum.1)) {
            break;
        }
        pages.push(WalPage { number: number(head, 0).unwrap_or_default(), bytes });
        if number(head, 4) != Some(0) {
            committed = pages.len();
        }
    }
    pages.truncate(committed);
    pages
}

fn wal_checksum(big_endian: bool, (mut a, mut b): (u32, u32), bytes: &[u8]) -> (u32, u32) {
    let word = |w: &[u8]| {
        let word = [w[0], w[1], w[2], w[3]];
        if big_endian { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
    };
    for pair in bytes.chunks_exact(8) {
        a = a.wrapping_add(word(&pair[..4])).wrapping_add(b);
        b = b.wrapping_add(word(&pair[4..])).wrapping_add(a);
    }
    (a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_as_large_as_may_be_is_read_and_a_larger_one_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault.db");
        assert_eq!(read(&path).unwrap(), Vec::<u8>::new(), "no file");
        // Holes take no place on the disk.
        let file = fs::File::create(&path).unwrap();
        for (bytes, fits) in
            [(limits::VAULT_FILE - 1, true), (limits::VAULT_FILE, true), (limits::VAULT_FILE + 1, false)]
        {
            file.set_len(bytes).unwrap();
            let most = limits::VAULT_FILE;
            let refused = Err(InputError::TooMuch { what: Named::VaultFile, found: bytes, most }.into());
            assert_eq!(read(&path).map(|read| read.len() as u64), if fits { Ok(bytes) } else { refused });
        }
    }
}
