//! Icons of applications, kept by hash, sealed: which applications a person signs in to is nobody else's matter.

use std::path::PathBuf;

use countersign_protocol::jose::{H32, Id};

use super::{Once, RECORD, Store, file};
use crate::error::PortError;
use crate::file as disk;
use crate::limits;

/// The folder in the store's.
const FOLDER: &str = "icon";
/// What every file begins with.
const KIND: &file::Kind = b"CSicon-1";

impl Store {
    /// The icon of this hash, if it is here and whole.
    pub(crate) fn icon(&self, hash: &H32) -> Option<Vec<u8>> {
        let name = name(hash);
        let sealed = disk::read(&self.icon_path(name), limits::DEVICE_FILE).ok()??;
        let plain = self.key.as_ref()?.open(KIND, name, &sealed).ok()?;
        (H32::sha256(&[&plain]) == *hash).then(|| plain.to_vec())
    }

    /// Keeps an icon. When there are as many as are kept, those before it go first: they are fetched again when wanted.
    pub(crate) fn keep_icon(&self, hash: &H32, png: &[u8], once: Once) -> Result<(), PortError> {
        let folder = self.folder.join(FOLDER);
        disk::make_folder(&folder)?;
        let kept = file::names(&folder, RECORD)?;
        if kept.len() >= limits::ICONS_MOST {
            kept.into_iter().try_for_each(|name| disk::remove(&self.icon_path(name)))?;
        }
        let sealed = self.key.as_ref().ok_or(PortError::Failed)?.seal(KIND, name(hash), once, png)?;
        disk::replace(&self.icon_path(name(hash)), &sealed)
    }

    fn icon_path(&self, name: Id) -> PathBuf {
        self.folder.join(FOLDER).join(format!("{name}.{RECORD}"))
    }
}

/// The first half of the hash is name enough: the whole one is compared when it is read.
fn name(hash: &H32) -> Id {
    let mut half = [0; 16];
    half.copy_from_slice(&hash.as_bytes()[..16]);
    Id::from_bytes(half)
}
