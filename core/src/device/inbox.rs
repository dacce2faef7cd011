//! The inbox: verified challenges that a notification extension saw, one sealed file each, until the app takes them.

use countersign_protocol::jose::Id;
use countersign_protocol::push::{Challenge, Message};
use serde::{Deserialize, Serialize};

use super::{Once, RECORD, Store, file};
use crate::error::PortError;
use crate::file as disk;
use crate::limits;

/// The folder in the store's.
const FOLDER: &str = "inbox";
/// What every file begins with: kind and version of the form.
const MAGIC: &[u8; 8] = b"CSinbox1";

/// What a file says.
#[derive(Serialize, Deserialize)]
struct Entry {
    /// The phone's own id of the enrolment.
    gateway: Id,
    /// The challenge as it was signed.
    challenge: Message<Challenge>,
}

/// The enrolment and its challenge, where the file is whole.
pub(crate) type Waiting = (Id, Option<(Id, Message<Challenge>)>);

impl Store {
    /// Leaves a challenge for the app, under a new name. Beyond the limit nothing is left: the app polls.
    pub(crate) fn leave_waiting(
        &self,
        name: Id,
        once: Once,
        gateway: Id,
        challenge: &Message<Challenge>,
    ) -> Result<(), PortError> {
        let folder = self.folder.join(FOLDER);
        disk::make_folder(&folder)?;
        let _alone = self.alone()?;
        if file::names(&folder, RECORD)?.len() >= limits::INBOX_MOST {
            return Err(PortError::TooLarge);
        }
        let entry = Entry { gateway, challenge: challenge.clone() };
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(&entry).map_err(|_| PortError::Failed)?);
        let sealed = self.key.as_ref().ok_or(PortError::Failed)?.seal(MAGIC, name, once, &plain)?;
        disk::replace(&folder.join(format!("{name}.{RECORD}")), &sealed)
    }

    /// All that was left, in no order. What does not open is named too, to be removed.
    ///
    /// # Errors
    /// [`PortError::Disk`] when a file cannot be read now: it stays for the next time.
    pub(crate) fn waiting(&self) -> Result<Vec<Waiting>, PortError> {
        let folder = self.folder.join(FOLDER);
        let names = file::names(&folder, RECORD)?.into_iter().take(limits::INBOX_MOST * 2);
        let entry = |name: Id| match disk::read(&folder.join(format!("{name}.{RECORD}")), limits::DEVICE_FILE) {
            Ok(sealed) => Ok((name, sealed.and_then(|sealed| self.open_entry(name, &sealed)))),
            Err(PortError::TooLarge) => Ok((name, None)),
            Err(fault) => Err(fault),
        };
        names.map(entry).collect()
    }

    fn open_entry(&self, name: Id, sealed: &[u8]) -> Option<(Id, Message<Challenge>)> {
        let plain = self.key.as_ref()?.open(MAGIC, name, sealed).ok()?;
        let entry: Entry = serde_json::from_slice(&plain).ok()?;
        Some((entry.gateway, entry.challenge))
    }

    /// Removes one file of the inbox.
    pub(crate) fn remove_waiting(&self, name: Id) -> Result<(), PortError> {
        disk::remove(&self.folder.join(FOLDER).join(format!("{name}.{RECORD}")))
    }

    /// Removes what a killed extension left half written.
    pub(super) fn sweep_inbox(&self) -> Result<(), PortError> {
        let folder = self.folder.join(FOLDER);
        for name in file::names(&folder, disk::WRITING)? {
            disk::remove(&folder.join(format!("{name}.{}", disk::WRITING)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use countersign_properties::{around, parser};
    use countersign_protocol::Secret;
    use proptest::prelude::*;

    use super::super::file::StoreKey;
    use super::*;
    use crate::properties::damaged;

    fn store() -> Store {
        let key = StoreKey::new(&Secret::new(vec![7; StoreKey::LEN])).unwrap();
        let (records, damaged) = (BTreeMap::new(), BTreeMap::new());
        Store { folder: "nowhere".into(), key: Some(key), records, damaged, restored: false }
    }

    /// A challenge of the published vectors.
    fn challenge() -> String {
        let vectors = include_str!("../../../tests/vectors/push/messages.json");
        let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
        let messages = vectors["messages"].as_array().unwrap();
        let message = messages.iter().find(|message| message["typ"] == "cs-challenge+jwt").unwrap();
        message["jws"].as_str().unwrap().to_owned()
    }

    /// Sealed files of another version or hand, and files that a disk damaged.
    #[test]
    fn any_file_is_an_entry_or_none_and_a_third_is_one() {
        let (store, name) = (store(), Id::from_bytes([1; 16]));
        let plain = any::<[u8; 16]>().prop_map({
            let challenge = challenge();
            move |id| format!(r#"{{"gateway":"{}","challenge":"{challenge}"}}"#, Id::from_bytes(id))
        });
        let seal = |once: Once, plain: &str| store.key.as_ref().unwrap().seal(MAGIC, name, once, plain.as_bytes());
        let input = (around(plain), any::<Once>(), any::<prop::sample::Index>(), 1..=255_u8, 0..24_u8);
        parser(input, |(plain, once, at, change, how)| {
            let sealed = seal(*once, plain).unwrap();
            let file = damaged(sealed.clone(), *at, *change, *how);
            let Some((gateway, challenge)) = store.open_entry(name, &file) else { return false };
            assert_eq!(file, sealed, "no changed byte is taken");
            let again = serde_json::to_string(&Entry { gateway, challenge: challenge.clone() }).unwrap();
            let (same, read) = store.open_entry(name, &seal(*once, &again).unwrap()).unwrap();
            assert_eq!((same, read.h()), (gateway, challenge.h()), "what was read is read again");
            assert!(store.open_entry(Id::from_bytes([2; 16]), &file).is_none(), "under another name it is none");
            true
        });
    }
}
