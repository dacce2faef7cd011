//! The key in a file: it seals what must open without the passphrase, so that polling, verifying and denying work while
//! the vault is locked. Whoever can read the file of this user can read it: that is what level `software` means.

use std::path::Path;

use countersign_core::error::PortError;
use countersign_core::file;
use countersign_core::port::{Guard, Random};
use countersign_core::protocol::Secret;

use super::sealed::{self, KEY, KeyId};
use crate::limits;

/// The key in the file.
pub struct DeviceKey {
    key: Secret,
    id: KeyId,
}

impl DeviceKey {
    /// Reads the key, or makes it where there is none.
    ///
    /// # Errors
    /// [`PortError::Disk`], [`PortError::DiskFull`]; [`PortError::Failed`] where the file is no key: it is left as it is.
    pub fn open(path: &Path, random: &dyn Random) -> Result<Self, PortError> {
        let key = match file::read(path, limits::KEY_FILE)? {
            Some(bytes) if bytes.len() == KEY => Secret::new(bytes),
            Some(_) => return Err(PortError::Failed),
            None => {
                let key = random.secret(KEY)?;
                file::replace(path, key.expose())?;
                key
            }
        };
        let id = sealed::key_id("device", key.expose());
        Ok(Self { key, id })
    }

    /// Seals `plain` for `names`.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] without randomness.
    pub fn seal(&self, random: &dyn Random, names: &[u8], plain: &Secret) -> Result<Vec<u8>, PortError> {
        let body = sealed::seal(self.key.expose(), random.array()?, names, plain.expose())?;
        Ok(sealed::pack(Guard::Device, &self.id, &body))
    }

    /// Opens what was sealed for `names`.
    ///
    /// # Errors
    /// [`PortError::KeyGone`] where another key sealed it, [`PortError::Failed`] where anything differs.
    pub fn open_sealed(&self, names: &[u8], sealed: &[u8]) -> Result<Secret, PortError> {
        sealed::open(self.key.expose(), names, sealed::unpack(Guard::Device, &self.id, sealed)?)
    }
}
