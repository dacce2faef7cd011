//! What stands in one file of the store: AES-256-GCM under its key, for the file's own name.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::error::PortError;

/// What a file begins with: its kind and the version of its form.
pub(super) type Kind = [u8; 8];

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

    /// Seals `plain` for the file of this kind and name.
    pub(super) fn seal(&self, kind: &Kind, id: Id, once: Once, plain: &[u8]) -> Result<Vec<u8>, PortError> {
        let mut sealed = Zeroizing::new(plain.to_vec());
        let tag = self
            .0
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(once), Aad::from(bound(kind, id)), &mut sealed)
            .map_err(|_| PortError::Unavailable)?;
        Ok([kind.as_slice(), &once, &sealed, tag.as_ref()].concat())
    }

    /// Opens what [`seal`](Self::seal) made for the same kind and name.
    pub(super) fn open(&self, kind: &Kind, id: Id, file: &[u8]) -> Result<Zeroizing<Vec<u8>>, Damage> {
        let rest = file.strip_prefix(kind).ok_or(Damage::Foreign)?;
        let (once, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or(Damage::Foreign)?;
        let mut plain = Zeroizing::new(sealed.to_vec());
        let length = self
            .0
            .open_in_place(Nonce::assume_unique_for_key(*once), Aad::from(bound(kind, id)), &mut plain)
            .map_err(|_| Damage::Foreign)?
            .len();
        plain.truncate(length);
        Ok(plain)
    }
}

/// What a file is bound to: its kind, version and name.
fn bound(kind: &Kind, id: Id) -> Vec<u8> {
    [kind.as_slice(), id.as_bytes()].concat()
}

/// The names of all files in `folder` with this ending; none where there is no folder.
pub(super) fn names(folder: &Path, ending: &str) -> Result<Vec<Id>, PortError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(fault) if fault.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(_) => return Err(PortError::Disk),
    };
    let names = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        let is_it = path.extension()?.to_str()? == ending;
        if is_it { path.file_stem()?.to_str()?.parse().ok() } else { None }
    });
    Ok(names.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &Kind = b"CStest-1";

    fn key(byte: u8) -> StoreKey {
        StoreKey::new(&Secret::new(vec![byte; 32])).unwrap()
    }

    #[test]
    fn a_sealed_file_opens_under_its_key_and_name_alone() {
        let (here, there) = (Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
        let file = key(7).seal(KIND, here, [9; NONCE_LEN], b"record").unwrap();
        assert_eq!(key(7).open(KIND, here, &file).unwrap().as_slice(), b"record");
        assert_eq!(key(7).open(KIND, there, &file).unwrap_err(), Damage::Foreign);
        assert_eq!(key(8).open(KIND, here, &file).unwrap_err(), Damage::Foreign);
        assert_eq!(key(7).open(b"CSother1", here, &file).unwrap_err(), Damage::Foreign);
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let id = Id::from_bytes([1; 16]);
        let file = key(7).seal(KIND, id, [9; NONCE_LEN], b"record").unwrap();
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 1;
            assert!(key(7).open(KIND, id, &changed).is_err(), "byte {at}");
            assert!(key(7).open(KIND, id, &file[..at]).is_err(), "cut at {at}");
        }
    }
}
