//! Codes that a change of the gateway's keys ended: each names the key that the phone must find (`push-v1.md` §5.1). A
//! page that shows one gets another, worth no longer than the first; a phone that invites asks for another itself.

use super::devices::{Devices, EnrolFault};
use super::record::Replacement;

/// Which codes are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that a change of keys ended.
    Ended,
    /// The open ones as well: they may have been made between the change and the moment in which it was noticed.
    Open,
}

impl Devices {
    /// Puts a new code in the place of each that a change of keys ended and that a page may still show. Whoever is killed in
    /// the middle goes on at the next start.
    ///
    /// # Errors
    /// [`EnrolFault`]; then nothing is replaced.
    pub fn renew_codes(&self, which: Which) -> Result<(), EnrolFault> {
        let (store, at) = (self.store(), self.moment());
        if which == Which::Open {
            store.end_open_codes()?;
        }
        let ended = store.stale_codes(at)?.into_iter();
        let fresh =
            ended.map(|old| self.fresh_code().map(|(code, sealed)| Replacement { old, e: code.id(), code: sealed }));
        let fresh = fresh.collect::<Result<Vec<_>, EnrolFault>>()?;
        if fresh.is_empty() { Ok(()) } else { Ok(store.replace_codes(fresh, at)?) }
    }
}
