//! Which accounts are there already.

use std::collections::{HashMap, HashSet};

use super::Vault;
use super::account::{Known, NewAccount};
use super::add;
use crate::error::Error;

impl Vault {
    /// Which of these accounts are there already, by kind, seed and settings, whatever their names. What lies in the bin is
    /// not.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`](crate::error::InputError::VaultLocked).
    pub fn known(&mut self, all: &[NewAccount]) -> Result<Vec<Known>, Error> {
        self.refresh()?;
        let open = self.unlocked()?;
        let there = open.rows.good.values().filter(|row| !row.is_deleted());
        let there: HashMap<_, _> = there.filter_map(|row| Some((row.identity(&open.keys)?, row.account.id))).collect();
        let mut seen = HashSet::new();
        let known = |new: &NewAccount| {
            let (algorithm, digits) = new.kind.form(new.algorithm, new.digits);
            // Without its PIN nobody can tell.
            let Ok(kept) = new.kind.kept(&new.secret, new.pin.as_ref()) else { return Known::No };
            let identity = add::identity(&open.keys, new.kind, algorithm, digits, &kept);
            match there.get(&identity) {
                Some(id) => Known::There(*id),
                None if seen.insert(identity) => Known::No,
                None => Known::Twice,
            }
        };
        Ok(all.iter().map(known).collect())
    }
}
