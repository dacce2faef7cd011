//! A zip archive from a stranger, within limits: its list is read and weighed before anything of it is unpacked, and each
//! file is counted again while it is unpacked. No name in it ever becomes a name on the disk.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive};

use crate::error::{InputError, Named, Rule};
use crate::limits;

/// What is no archive, or contradicts itself.
pub(super) const REFUSED: InputError = InputError::Field { field: Named::IconPack, rule: Rule::IconPack };

/// An archive whose list is within the limits.
pub(super) struct Archive<'a> {
    zip: ZipSliceArchive<&'a [u8]>,
    files: BTreeMap<Vec<u8>, Member>,
}

/// A file in it, as its list has it.
struct Member {
    way: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    is_encrypted: bool,
}

impl<'a> Archive<'a> {
    /// Reads the list. Nothing is unpacked.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] for an archive over a limit; [`InputError::Field`] for what is none, for two files of one name,
    /// and for files that lie on top of each other.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, InputError> {
        within(Named::IconPack, bytes.len() as u64, limits::ICON_PACK as u64)?;
        let zip = ZipArchive::from_slice(bytes).map_err(|_| REFUSED)?;
        let most = limits::ICON_PACK_FILES as u64;
        within(Named::PackFiles, zip.entries_hint(), most)?;
        let (mut files, mut entries) = (BTreeMap::new(), zip.entries());
        let (mut count, mut packed, mut unpacked) = (0_u64, 0_u64, 0_u64);
        while let Some(entry) = entries.next_entry().map_err(|_| REFUSED)? {
            count += 1;
            within(Named::PackFiles, count, most)?;
            packed = packed.saturating_add(entry.compressed_size_hint());
            unpacked = unpacked.saturating_add(entry.uncompressed_size_hint());
            if entry.is_dir() {
                continue;
            }
            let name = entry.file_path().as_bytes().to_vec();
            let method = entry.compression_method();
            let member = Member { way: entry.wayfinder(), method, is_encrypted: entry.flags().is_encrypted() };
            if files.insert(name, member).is_some() {
                return Err(REFUSED);
            }
        }
        within(Named::PackUnpacked, unpacked, limits::ICON_PACK_UNPACKED)?;
        within(Named::PackUnpacked, unpacked, packed.saturating_mul(limits::ICON_PACK_RATIO))?;
        // More than the archive has: the same bytes are counted for several files.
        if packed > bytes.len() as u64 {
            return Err(REFUSED);
        }
        Ok(Self { zip, files })
    }

    /// Whether there is a file of this very name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.files.contains_key(name.as_bytes())
    }

    /// Unpacks one file of at most `most` bytes. Its length and its sum must be what the list says.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::TooMuch`]; [`InputError::Field`] for one that is encrypted, damaged, or packed
    /// in another way than deflate.
    pub(super) fn unpack(&self, name: &str, what: Named, most: usize) -> Result<Vec<u8>, InputError> {
        let member = self.files.get(name.as_bytes()).ok_or(InputError::NotFound)?;
        if member.is_encrypted {
            return Err(REFUSED);
        }
        let entry = self.zip.get_entry(member.way).map_err(|_| REFUSED)?;
        let unpacked = match member.method {
            CompressionMethod::STORE => read(entry.verifying_reader(entry.data()), most),
            CompressionMethod::DEFLATE => read(entry.verifying_reader(DeflateDecoder::new(entry.data())), most),
            _ => None,
        };
        let unpacked = unpacked.ok_or(REFUSED)?;
        within(what, unpacked.len() as u64, most as u64)?;
        Ok(unpacked)
    }
}

/// All there is, and one byte more than `most` of what is longer: that is never told whether it is whole.
fn read(reader: impl Read, most: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    reader.take(most as u64 + 1).read_to_end(&mut out).ok()?;
    Some(out)
}

fn within(what: Named, found: u64, most: u64) -> Result<(), InputError> {
    if found > most { Err(InputError::TooMuch { what, found, most }) } else { Ok(()) }
}
