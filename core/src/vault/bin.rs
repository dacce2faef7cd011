//! The bin: an account that is deleted lies there for thirty days, and can be taken out again.
//!
//! A clock can be wrong, and one that was set forward for a moment must not empty the bin. So an account leaves it by
//! itself only after the thirty days *and* seven days on which the vault was opened; or, whatever the clock says now,
//! after sixty such days: then it was ahead when the account was deleted.

use std::sync::Arc;

use super::Vault;
use super::account::{Account, AccountId, Deleted};
use super::add::has_room;
use super::change::Work;
use super::key::Keys;
use super::rows::{Row, Rows};
use super::summary::Summary;
use crate::error::{Error, InputError};
use crate::limits;

/// An account that was deleted.
#[derive(Debug, Clone)]
pub struct Binned {
    /// The account.
    pub account: Arc<Account>,
    /// Until when it can be taken out again at least, in Unix time of this device.
    pub until: u64,
}

impl Vault {
    /// Deletes an account: into the bin, or for good where it cannot be read.
    ///
    /// # Errors
    /// [`InputError::NotFound`], [`InputError::VaultLocked`]; [`crate::error::PortError`] of the disk, with
    /// nothing changed.
    pub fn delete(&mut self, id: AccountId) -> Result<(), Error> {
        self.delete_all(&[id])
    }

    /// Deletes accounts in one transaction. When the bin is full, what lay there longest is gone.
    ///
    /// # Errors
    /// As [`Vault::delete`].
    pub fn delete_all(&mut self, ids: &[AccountId]) -> Result<(), Error> {
        let now = self.clock.now();
        self.refresh()?;
        let rows = &self.unlocked()?.rows;
        let damaged: Vec<AccountId> = ids.iter().filter(|id| rows.bad.contains_key(&id.0)).copied().collect();
        if !damaged.is_empty() {
            self.change(|work| damaged.iter().try_for_each(|id| work.remove(*id)))?;
        }
        let mut whole: Vec<AccountId> = ids.iter().filter(|id| !damaged.contains(id)).copied().collect();
        whole.sort_unstable();
        whole.dedup();
        if whole.is_empty() {
            return Ok(());
        }
        self.make_room(whole.len())?;
        self.change_all(&whole, |work, row| {
            let mut account = (*row.account).clone();
            account.deleted = Some(Deleted { at: now, day: work.summary.days });
            Ok((account, None))
        })?;
        Ok(())
    }

    /// What lies in the bin, the last deleted first.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn bin(&mut self) -> Result<Vec<Binned>, Error> {
        self.refresh()?;
        let rows = self.unlocked()?.rows.good.values();
        let mut all: Vec<Binned> = rows
            .filter_map(|row| {
                let until = row.account.deleted?.at.saturating_add(limits::BIN_KEPT);
                Some(Binned { account: row.account.clone(), until })
            })
            .collect();
        all.sort_by_key(|binned| (std::cmp::Reverse(binned.until), binned.account.order));
        Ok(all)
    }

    /// Takes accounts out of the bin, in one transaction: all of them or none. They have what they had.
    ///
    /// # Errors
    /// [`InputError::NotFound`] for one that is not there; [`InputError::Duplicate`] where the same was added anew
    /// meanwhile; [`InputError::TooMuch`] where the vault is full; [`crate::error::PortError`] of the disk.
    pub fn restore(&mut self, ids: &[AccountId]) -> Result<(), Error> {
        self.change(|work| {
            for (more, id) in (1..).zip(ids) {
                let row = work.rows.find_any(*id)?;
                if !row.is_deleted() {
                    return Err(InputError::NotFound.into());
                }
                work.may_come_back(row)?;
                has_room(work.count() + more)?;
                let mut account = (*row.account).clone();
                account.deleted = None;
                work.rewrite(row, account, None)?;
            }
            Ok(())
        })
    }

    /// Takes accounts out of the bin for good, in one transaction: all of them or none.
    ///
    /// # Errors
    /// [`InputError::NotFound`] for one that does not lie there; [`crate::error::PortError`] of the disk.
    pub fn purge(&mut self, ids: &[AccountId]) -> Result<(), Error> {
        self.change(|work| {
            for id in ids {
                if !work.rows.find_any(*id)?.is_deleted() {
                    return Err(InputError::NotFound.into());
                }
                work.remove(*id)?;
            }
            Ok(())
        })
    }

    /// Empties the bin.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`crate::error::PortError`] of the disk, with nothing changed.
    pub fn empty_bin(&mut self) -> Result<(), Error> {
        let ids: Vec<AccountId> = self.bin()?.iter().map(|binned| binned.account.id).collect();
        if ids.is_empty() { Ok(()) } else { self.purge(&ids) }
    }

    /// Counts the day on which the vault is opened, once, while something lies in the bin; what has lain there long
    /// enough is gone.
    pub(super) fn visit_bin(&mut self, summary: &Summary) -> Result<(), Error> {
        let now = self.clock.now();
        let day = now / limits::DAY;
        let lies = |row: &Row| row.account.deleted;
        let rows = &self.unlocked()?.rows.good;
        if day == summary.last_day || !rows.values().any(Row::is_deleted) {
            return Ok(());
        }
        let days = summary.days + 1;
        let over = rows.values().filter(|row| lies(row).is_some_and(|deleted| is_over(deleted, now, days)));
        let over: Vec<AccountId> = over.map(|row| row.account.id).collect();
        self.change(|work| {
            (work.summary.days, work.summary.last_day) = (days, day);
            over.iter().try_for_each(|id| work.remove(*id))?;
            Ok(())
        })
    }

    /// Makes room in the bin for so many more.
    fn make_room(&mut self, more: usize) -> Result<(), Error> {
        let bin = self.bin()?;
        let over = (bin.len() + more).saturating_sub(limits::BIN_MOST);
        if over == 0 {
            return Ok(());
        }
        let oldest: Vec<AccountId> = bin.iter().rev().take(over).map(|binned| binned.account.id).collect();
        self.purge(&oldest)
    }
}

/// Whether an account has lain in the bin long enough, with `days` on which the vault was opened.
const fn is_over(deleted: Deleted, now: u64, days: u64) -> bool {
    let opened = days.saturating_sub(deleted.day);
    let long = now >= deleted.at.saturating_add(limits::BIN_KEPT);
    (long && opened >= limits::BIN_DAYS) || opened >= limits::BIN_DAYS_MOST
}

impl Work<'_> {
    /// Accounts outside the bin, those that cannot be read among them.
    fn count(&self) -> usize {
        self.rows.good.values().filter(|row| !row.is_deleted()).count() + self.rows.bad.len()
    }

    /// Whether the same account is not there already.
    pub fn may_come_back(&self, row: &Row) -> Result<(), InputError> {
        same_outside(self.rows, row, self.keys).map_or(Ok(()), |same| Err(InputError::Duplicate(same.0)))
    }
}

/// The account outside the bin that is the same as one in it.
pub(super) fn same_outside(rows: &Rows, row: &Row, keys: &Keys) -> Option<AccountId> {
    let identity = row.identity(keys);
    let mut there = rows.good.values().filter(|row| !row.is_deleted());
    there.find(|other| other.identity(keys) == identity).map(|same| same.account.id)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Folder, issuers, secret, totp};
    use super::super::{Details, NewAccount};
    use super::*;
    use crate::vault::tests::Hands;

    fn binned(vault: &mut Vault) -> Vec<u64> {
        vault.bin().unwrap().iter().map(|binned| binned.account.id.0).collect()
    }

    #[test]
    fn a_deleted_account_lies_in_the_bin_and_comes_back_as_it_was() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let details = Details { favourite: true, tags: vec!["t".into()], ..Details::default() };
        let new = NewAccount { note: "words ".repeat(200), details: details.clone(), ..totp(1) };
        let id = vault.add(&new).unwrap();
        let other = vault.add(&totp(2)).unwrap();
        vault.delete(id).unwrap();
        vault.lock();
        vault.unlock(&secret("correct horse")).unwrap();
        assert_eq!(issuers(&mut vault), ["Issuer 2"]);
        for refused in [vault.get(id).map(drop), vault.note(id).map(drop), vault.seed(id).map(drop), vault.delete(id)] {
            assert_eq!(refused, Err(InputError::NotFound.into()));
        }
        assert_eq!(binned(&mut vault), [id.0]);
        assert_eq!(vault.restore(&[other]), Err(InputError::NotFound.into()));
        assert_eq!(vault.purge(&[id, other]), Err(InputError::NotFound.into()), "all or none");
        vault.restore(&[id]).unwrap();
        assert_eq!(issuers(&mut vault), ["Issuer 1", "Issuer 2"]);
        assert!(vault.get(id).unwrap().details == details);
        assert_eq!(vault.note(id).unwrap().as_str(), new.note);
        vault.delete_all(&[id, other]).unwrap();
        vault.undo().unwrap();
        assert_eq!(issuers(&mut vault).len(), 2);
        vault.delete_all(&[id, other]).unwrap();
        vault.purge(&[other]).unwrap();
        assert_eq!(binned(&mut vault), [id.0]);
        vault.empty_bin().unwrap();
        vault.empty_bin().unwrap();
        assert_eq!((binned(&mut vault), issuers(&mut vault)), (vec![], vec![]));
        vault.lock();
        vault.unlock(&secret("correct horse")).unwrap();
        assert!(vault.report().unwrap().damage.is_empty());
    }

    #[test]
    fn what_was_added_anew_is_not_taken_out_of_the_bin_beside_it() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let id = vault.add(&totp(1)).unwrap();
        vault.delete(id).unwrap();
        let anew = vault.add(&totp(1)).unwrap();
        assert_eq!(vault.restore(&[id]), Err(InputError::Duplicate(anew.0).into()));
        vault.delete(anew).unwrap();
        vault.restore(&[anew]).unwrap();
        assert_eq!(issuers(&mut vault), ["Issuer 1"]);
    }

    /// Opens the vault once a day; after how many days the bin is empty.
    fn days_until_gone(begin: u64, clock: impl Fn(u64) -> u64) -> u64 {
        let folder = Folder::new();
        let hands = Arc::new(Hands::at(begin));
        let mut vault = folder.create_at(hands.clone());
        let id = vault.add(&totp(1)).unwrap();
        vault.delete(id).unwrap();
        let key = vault.key().unwrap();
        for day in 0..100 {
            vault.lock();
            hands.set(clock(day));
            vault.unlock_with(&key).unwrap();
            if binned(&mut vault).is_empty() {
                return day;
            }
        }
        100
    }

    #[test]
    fn an_account_leaves_the_bin_after_thirty_days() {
        const BEGIN: u64 = 1_790_000_000;
        let kept = limits::BIN_KEPT / limits::DAY;
        assert_eq!(days_until_gone(BEGIN, |day| BEGIN + day * limits::DAY), kept);
        let late = |day| BEGIN + if day == 0 { 0 } else { 2 * limits::BIN_KEPT };
        assert_eq!(days_until_gone(BEGIN, late), 100, "a clock that was set forward once empties nothing");
        let wrong = |day| BEGIN + day * limits::DAY + if day == 3 { 20 * limits::BIN_KEPT } else { 0 };
        assert_eq!(days_until_gone(BEGIN, wrong), kept, "for a day, neither");
        let years = |day| BEGIN + (day + 1) * 365 * limits::DAY;
        assert_eq!(days_until_gone(BEGIN, years), limits::BIN_DAYS - 1, "who opens it rarely has seven tries");
        let ahead = BEGIN + 1000 * limits::BIN_KEPT;
        let back = |day| BEGIN + day * limits::DAY;
        assert_eq!(days_until_gone(ahead, back), limits::BIN_DAYS_MOST - 1, "deleted under a clock far ahead");
    }

    #[test]
    fn a_full_bin_gives_up_what_lay_there_longest() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let all: Vec<NewAccount> = (0..limits::BIN_MOST as u64).map(totp).collect();
        let ids: Vec<AccountId> = vault.add_all(&all).unwrap().into_iter().map(Result::unwrap).collect();
        vault.delete_all(&ids).unwrap();
        let late = vault.add(&totp(99_999)).unwrap();
        vault.delete(late).unwrap();
        let bin = binned(&mut vault);
        assert_eq!(bin.len(), limits::BIN_MOST);
        assert!(bin.contains(&late.0));
        let back = vault.restore(&[late]);
        assert_eq!(back, Ok(()));
    }
}
