//! The history of an enrolment: one sealed file beside its record, rewritten when something ends.

use std::path::PathBuf;

use countersign_protocol::jose::Id;

use super::{Damage, Once, Store, file};
use crate::error::{Error, PortError};
use crate::file::{self as disk, Alone};
use crate::limits;
use crate::record::Past;

/// What the file begins with.
const KIND: &file::Kind = b"CSpast-1";
/// Its ending.
const HISTORY: &str = "past";

impl Store {
    /// All that is remembered of one enrolment, no older than 90 days; nothing where there is a file that does not open.
    ///
    /// # Errors
    /// [`PortError::Disk`] when the file cannot be read now.
    pub(crate) fn history(&self, id: Id, now: u64) -> Result<Vec<Past>, PortError> {
        let mut past = self.whole_history(id)?.unwrap_or_default();
        past.retain(|past| is_young(past, now));
        Ok(past)
    }

    /// Adds what ended; an entry of the same challenge is replaced. What is too old goes. A file that does not open is
    /// kept aside; one that cannot be read now stays as it is, and nothing is added.
    pub(crate) fn remember(&self, id: Id, ended: Vec<Past>, once: Once, now: u64, _: &Alone) -> Result<(), Error> {
        let mut past = match self.whole_history(id)? {
            Ok(past) => past,
            Err(_) => {
                if let Some(bytes) = disk::read(&self.history_path(id), limits::DEVICE_FILE)? {
                    disk::replace(&self.history_path(id).with_extension("past-damaged"), &bytes)?;
                }
                Vec::new()
            }
        };
        past.retain(|old| is_young(old, now) && ended.iter().all(|new| new.jti() != old.jti()));
        past.extend(ended);
        newest(&mut past, |past| past.at);
        let plain = zeroize::Zeroizing::new(serde_json::to_vec(&past).map_err(|_| Error::Internal)?);
        let sealed = self.key.as_ref().ok_or(PortError::Failed)?.seal(KIND, id, once, &plain)?;
        Ok(disk::replace(&self.history_path(id), &sealed)?)
    }

    /// Whether something of it is older than it may be kept.
    pub(crate) fn has_old_history(&self, id: Id, now: u64) -> bool {
        let whole = self.whole_history(id).ok().and_then(Result::ok);
        whole.is_some_and(|past| past.iter().any(|past| !is_young(past, now)))
    }

    /// Removes the history of an enrolment that was forgotten.
    pub(super) fn remove_history(&self, id: Id) -> Result<(), PortError> {
        disk::remove(&self.history_path(id).with_extension("past-damaged"))?;
        disk::remove(&self.history_path(id))
    }

    fn whole_history(&self, id: Id) -> Result<Result<Vec<Past>, Damage>, PortError> {
        Ok(match disk::read(&self.history_path(id), limits::DEVICE_FILE) {
            Ok(Some(bytes)) => self.open_history(id, &bytes),
            Ok(None) => Ok(Vec::new()),
            Err(PortError::TooLarge) => Err(Damage::Unreadable),
            Err(fault) => return Err(fault),
        })
    }

    fn open_history(&self, id: Id, bytes: &[u8]) -> Result<Vec<Past>, Damage> {
        let plain = self.key.as_ref().ok_or(Damage::Foreign)?.open(KIND, id, bytes)?;
        serde_json::from_slice(&plain).map_err(|_| Damage::Unknown)
    }

    fn history_path(&self, id: Id) -> PathBuf {
        self.folder.join(format!("{id}.{HISTORY}"))
    }
}

/// Puts all in order, the oldest first, and leaves as many of the newest as are kept.
fn newest<T>(all: &mut Vec<T>, at: impl Fn(&T) -> u64) {
    all.sort_by_key(at);
    let too_many = all.len().saturating_sub(limits::HISTORY_MOST);
    all.drain(..too_many);
}

fn is_young(past: &Past, now: u64) -> bool {
    now.abs_diff(past.at) <= limits::HISTORY_KEPT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_kept_and_in_order() {
        for more in [-1, 0, 1, 100] {
            let count = limits::HISTORY_MOST.saturating_add_signed(more) as u64;
            let mut all: Vec<u64> = (0..count).rev().collect();
            newest(&mut all, |at| *at);
            let first = count.saturating_sub(limits::HISTORY_MOST as u64);
            assert_eq!(all, (first..count).collect::<Vec<_>>(), "{more}");
        }
    }
}
