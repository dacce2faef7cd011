//! Changes to accounts that are there: of one or of many at once, the order of the list, and how often a code was used.

use std::collections::BTreeSet;

use countersign_protocol::otp::Counter;
use zeroize::Zeroizing;

use super::Vault;
use super::account::{self, Account, AccountId, Details, Edit};
use super::change::Work;
use super::kind::Kind;
use super::label::{ORDER_STEP, first_order};
use super::rows::Row;
use super::undo::Before;
use crate::error::{Error, InputError, Named, Rule};

impl Vault {
    /// Changes an account. Where the edit leaves it as it is, nothing is written.
    ///
    /// # Errors
    /// As [`Vault::get`] and [`Vault::add`].
    pub fn edit(&mut self, id: AccountId, edit: &Edit) -> Result<(), Error> {
        self.edit_all(&[id], edit).map(drop)
    }

    /// Changes many accounts alike, in one transaction: all of them or none. Returns how many the edit did not leave as they
    /// are; where there are none, the change before it can still be taken back.
    ///
    /// # Errors
    /// As [`Vault::get`] and [`Vault::add`].
    pub fn edit_all(&mut self, ids: &[AccountId], edit: &Edit) -> Result<usize, Error> {
        let now = self.clock.now();
        let edit = edit.checked()?;
        self.change_all(ids, |work, row| {
            let mut account = (*row.account).clone();
            edit.apply(&mut account)?;
            work.has_all(&account.details)?;
            let note = edit.note.clone().filter(|note| !work.is_note(row, note));
            if account != *row.account || note.is_some() {
                account.changed = now;
            }
            Ok((account, note))
        })
    }

    /// Puts an account before another one in the order of the list, or at the end. False where it stands there already:
    /// then nothing is written.
    ///
    /// # Errors
    /// As [`Vault::get`], of either.
    pub fn move_account(&mut self, id: AccountId, before: Option<AccountId>) -> Result<bool, Error> {
        self.refresh()?;
        let rows = &self.unlocked()?.rows;
        let stands = rows.find(id)?;
        let stands = (stands.account.order, id);
        let there = rows.good.values().filter(|row| !row.is_deleted() && row.account.id != id);
        let mut places: Vec<(u64, AccountId)> = there.map(|row| (row.account.order, row.account.id)).collect();
        places.sort_unstable();
        let to = match before {
            Some(before) if before == id => return Ok(false),
            Some(before) => {
                rows.find(before)?;
                places.iter().position(|(_, at)| *at == before).ok_or(InputError::NotFound)?
            }
            None => places.len(),
        };
        if places.iter().filter(|place| **place < stands).count() == to {
            return Ok(false);
        }
        let moved = match place_between(to.checked_sub(1).map(|at| places[at].0), places.get(to).map(|place| place.0)) {
            Some(order) => vec![(id, order)],
            // No room is left between the two: all get new places.
            None => {
                places.insert(to, (0, id));
                (1..).zip(&places).map(|(rank, (_, id))| (*id, first_order(AccountId(rank)))).collect()
            }
        };
        let ids: Vec<AccountId> = moved.iter().map(|(id, _)| *id).collect();
        self.change_all(&ids, |_, row| {
            let mut account = (*row.account).clone();
            let order = moved.iter().find(|(id, _)| *id == account.id).map(|(_, order)| *order);
            account.order = order.unwrap_or(account.order);
            Ok((account, None))
        })?;
        Ok(true)
    }

    /// A code of this account was used: copied, or read by the person. Counted in memory, and written when the vault is
    /// locked; the code of a HOTP account counts by itself.
    ///
    /// # Errors
    /// As [`Vault::get`].
    pub fn used(&mut self, id: AccountId) -> Result<(), Error> {
        let now = self.clock.now();
        self.refresh()?;
        let open = self.unlocked_mut()?;
        open.rows.find(id)?;
        let (uses, last) = open.uses.entry(id).or_default();
        (*uses, *last) = (*uses + 1, now);
        open.viewed = None;
        Ok(())
    }

    /// Writes what was counted, as the vault is locked.
    pub(super) fn write_uses(&mut self) -> Result<(), Error> {
        let uses = std::mem::take(&mut self.unlocked_mut()?.uses);
        if uses.is_empty() {
            return Ok(());
        }
        self.change(|work| {
            for (id, (count, last)) in uses {
                // Gone meanwhile, or damaged: then nobody asks.
                let Ok(row) = work.rows.find(id) else { continue };
                let mut account = (*row.account).clone();
                (account.uses, account.used) = (account.uses.saturating_add(count), account.used.max(last));
                work.rewrite(row, account, None)?;
            }
            Ok(())
        })
    }

    /// Changes each of `ids` in one transaction, and remembers how to take that back. Returns how many it did not leave as
    /// they are.
    pub(super) fn change_all(
        &mut self,
        ids: &[AccountId],
        edit: impl FnMut(&Work<'_>, &Row) -> Result<(Account, Option<Zeroizing<String>>), Error>,
    ) -> Result<usize, Error> {
        if ids.is_empty() { Ok(0) } else { self.change(|work| work.change_all(ids, edit)) }
    }
}

impl Work<'_> {
    /// As [`Vault::change_all`], in a transaction that does more.
    pub(super) fn change_all(
        &mut self,
        ids: &[AccountId],
        mut edit: impl FnMut(&Work<'_>, &Row) -> Result<(Account, Option<Zeroizing<String>>), Error>,
    ) -> Result<usize, Error> {
        let ids: BTreeSet<AccountId> = ids.iter().copied().collect();
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            let row = self.rows.find(id)?;
            let (account, note) = edit(self, row)?;
            if account == *row.account && note.is_none() {
                continue;
            }
            let old = note.is_some() && !row.note_damaged;
            let old = old.then(|| self.note(row)).transpose()?;
            all.push(Before::of(&row.account, &account, old));
            self.rewrite(row, account, note.as_deref().map(String::as_str))?;
        }
        if !all.is_empty() {
            self.keep_undo(&all)?;
        }
        Ok(all.len())
    }

    /// Whether this is the note of an account; none that cannot be read is.
    fn is_note(&self, row: &Row, note: &str) -> bool {
        !row.note_damaged && self.note(row).is_ok_and(|kept| *kept == *note)
    }
}

/// A counter that has a code, and another after it.
pub(super) fn next_of(counter: Counter) -> Result<Counter, InputError> {
    let is_last = counter.next().is_none();
    if is_last { Err(InputError::Field { field: Named::Counter, rule: Rule::Range }) } else { Ok(counter) }
}

/// An order between two neighbours, if there is one.
const fn place_between(after: Option<u64>, before: Option<u64>) -> Option<u64> {
    match (after, before) {
        (None, None) => Some(ORDER_STEP),
        (Some(after), None) => after.checked_add(ORDER_STEP),
        (after, Some(before)) => {
            let after = match after {
                Some(after) => after,
                None => 0,
            };
            if before - after >= 2 { Some(after + (before - after) / 2) } else { None }
        }
    }
}

/// An [`Edit`] whose values hold their limits.
struct Checked<'a> {
    edit: &'a Edit,
    issuer: Option<String>,
    name: Option<String>,
    note: Option<Zeroizing<String>>,
    tag: Vec<String>,
}

impl Edit {
    fn checked(&self) -> Result<Checked<'_>, InputError> {
        let named = |field, text: &Option<String>| text.as_deref().map(|text| account::name(field, text)).transpose();
        Ok(Checked {
            edit: self,
            issuer: named(Named::Issuer, &self.issuer)?,
            name: named(Named::Name, &self.name)?,
            note: self.note.as_deref().map(account::note).transpose()?,
            tag: self.tag.iter().map(|tag| account::tag(tag)).collect::<Result<_, _>>()?,
        })
    }
}

impl Checked<'_> {
    fn apply(&self, account: &mut Account) -> Result<(), InputError> {
        let Edit { favourite, pinned, hidden, icon, join, leave, untag, .. } = self.edit;
        self.issuer.iter().for_each(|issuer| account.issuer.clone_from(issuer));
        self.name.iter().for_each(|name| account.name.clone_from(name));
        let mut details = std::mem::take(&mut account.details);
        details.favourite = favourite.unwrap_or(details.favourite);
        details.pinned = pinned.unwrap_or(details.pinned);
        details.hidden = hidden.unwrap_or(details.hidden);
        icon.iter().for_each(|icon| details.icon.clone_from(icon));
        details.groups.retain(|group| !leave.contains(group));
        details.groups.extend(join);
        details.tags.retain(|tag| !untag.contains(tag));
        details.tags.extend(self.tag.iter().cloned());
        account.details = Details::settled(details)?;
        if let Some(counter) = self.edit.counter {
            let Kind::Hotp(_) = account.kind else { return Err(InputError::WrongKind("not HOTP")) };
            account.kind = Kind::Hotp(next_of(counter)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use countersign_protocol::otp::Digits;

    use super::super::tests::{Folder, hotp, issuers, secret, totp};
    use super::*;
    use crate::limits;
    use crate::vault::NewAccount;

    fn three() -> (Folder, Vault, [AccountId; 3]) {
        let folder = Folder::new();
        let mut vault = folder.create();
        let all = [1, 2, 3].map(|n| NewAccount { note: format!("note {n}"), ..totp(n) });
        let ids = vault.add_all(&all).unwrap().into_iter().map(Result::unwrap).collect::<Vec<_>>();
        (folder, vault, ids.try_into().unwrap())
    }

    #[test]
    fn many_accounts_are_changed_at_once_and_all_come_back() {
        let (_folder, mut vault, ids) = three();
        let [home, work] = ["Home", "Work"].map(|name| vault.add_group(name).unwrap());
        vault.edit(ids[0], &Edit { join: vec![home], tag: vec!["old".into()], ..Edit::default() }).unwrap();
        let edit = Edit {
            note: Some("all alike".into()),
            favourite: Some(true),
            hidden: Some(true),
            join: vec![work, work],
            leave: vec![home],
            tag: vec![" shared ".into()],
            untag: vec!["old".into()],
            ..Edit::default()
        };
        vault.edit_all(&[ids[0], ids[2], ids[0]], &edit).unwrap();
        let check = |vault: &mut Vault, id| {
            let account = vault.get(id).unwrap();
            let details = &account.details;
            (details.favourite, details.hidden, details.groups.clone(), details.tags.clone(), vault.note(id).unwrap())
        };
        let all_alike = Zeroizing::new("all alike".to_owned());
        for id in [ids[0], ids[2]] {
            let tags = vec!["shared".to_owned()];
            assert_eq!(check(&mut vault, id), (true, true, vec![work], tags, all_alike.clone()));
        }
        assert_eq!(vault.note(ids[1]).unwrap().as_str(), "note 2");
        assert!(vault.can_undo());
        vault.undo().unwrap();
        let first = check(&mut vault, ids[0]);
        assert_eq!(
            (first.0, first.2, first.3, first.4.as_str()),
            (false, vec![home], vec!["old".to_owned()], "note 1")
        );
        assert_eq!(vault.note(ids[2]).unwrap().as_str(), "note 3");
        assert!(vault.can_undo());
        vault.undo().unwrap();
        assert!(check(&mut vault, ids[0]).3.is_empty(), "the edit before it");
    }

    #[test]
    fn a_counter_is_set_and_taken_back_while_no_code_was_used() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let ids = [vault.add(&hotp(7)).unwrap(), vault.add(&totp(1)).unwrap()];
        let set = |counter| Edit { counter: Some(Counter::try_from(counter).unwrap()), ..Edit::default() };
        let counter = |vault: &mut Vault| match vault.get(ids[0]).unwrap().kind {
            Kind::Hotp(counter) => counter.get(),
            _ => 0,
        };
        vault.edit(ids[0], &set(3)).unwrap();
        assert_eq!(counter(&mut vault), 3);
        vault.undo().unwrap();
        assert_eq!(counter(&mut vault), 7);
        vault.edit(ids[0], &set(3)).unwrap();
        vault.next_hotp(ids[0]).unwrap();
        assert_eq!((vault.can_undo(), counter(&mut vault)), (false, 4), "a code was shown since");
        assert_eq!(vault.edit(ids[1], &set(3)), Err(InputError::WrongKind("not HOTP").into()));
        let last = InputError::Field { field: Named::Counter, rule: Rule::Range };
        assert_eq!(vault.edit(ids[0], &set((1 << 63) - 1)), Err(last.into()), "it would have no code after it");
        assert_eq!(vault.add(&hotp((1 << 63) - 1)), Err(last.into()));
        assert!(vault.add(&NewAccount { digits: Digits::EIGHT, ..hotp((1 << 63) - 2) }).is_ok());
    }

    #[test]
    fn of_many_accounts_all_are_changed_or_none() {
        let (_folder, mut vault, ids) = three();
        let edit = Edit { name: Some("x".into()), ..Edit::default() };
        assert_eq!(vault.edit_all(&[ids[0], AccountId(99)], &edit), Err(InputError::NotFound.into()));
        assert_eq!(vault.get(ids[0]).unwrap().name, "mara1@example.com");
        let tags = (0..limits::ACCOUNT_TAGS).map(|n| format!("tag {n}")).collect();
        vault.edit(ids[1], &Edit { tag: tags, ..Edit::default() }).unwrap();
        let one_more = Edit { tag: vec!["one more".into()], ..Edit::default() };
        assert!(vault.edit_all(&ids, &one_more).is_err());
        assert!(vault.get(ids[0]).unwrap().details.tags.is_empty());
    }

    #[test]
    fn an_edit_that_changes_nothing_leaves_the_change_before_it_to_be_taken_back() {
        let (_folder, mut vault, ids) = three();
        vault.edit(ids[1], &Edit { tag: vec!["old".into()], ..Edit::default() }).unwrap();
        vault.delete(ids[0]).unwrap();
        let before = vault.get(ids[1]).unwrap();
        for edit in [
            Edit { pinned: Some(false), ..Edit::default() },
            Edit { tag: vec!["old".into()], issuer: Some("Issuer 2".into()), ..Edit::default() },
            Edit { note: Some("note 2".into()), ..Edit::default() },
        ] {
            assert_eq!(vault.edit_all(&[ids[1]], &edit), Ok(0));
        }
        assert!(vault.get(ids[1]).unwrap() == before, "not even when it was changed");
        assert_eq!(vault.edit_all(&[], &Edit::default()), Ok(0));
        assert_eq!(vault.last_change().unwrap()[0].now.id, ids[0]);
        vault.undo().unwrap();
        let tag = Edit { tag: vec!["old".into()], ..Edit::default() };
        assert_eq!(vault.edit_all(&ids, &tag), Ok(2), "one of the three has it");
        assert_eq!(vault.last_change().unwrap().len(), 2);
    }

    #[test]
    fn what_was_added_anew_does_not_come_back_beside_itself() {
        let (_folder, mut vault, ids) = three();
        vault.delete(ids[1]).unwrap();
        let anew = vault.add(&totp(2)).unwrap();
        assert_eq!(vault.undo(), Err(InputError::Duplicate(anew.0).into()));
    }

    #[test]
    fn accounts_are_put_where_a_person_wants_them() {
        let (folder, mut vault, ids) = three();
        vault.move_account(ids[2], Some(ids[0])).unwrap();
        assert_eq!(issuers(&mut vault), ["Issuer 3", "Issuer 1", "Issuer 2"]);
        vault.move_account(ids[1], Some(ids[0])).unwrap();
        assert_eq!(issuers(&mut vault), ["Issuer 3", "Issuer 2", "Issuer 1"]);
        vault.move_account(ids[2], None).unwrap();
        assert_eq!(issuers(&mut vault), ["Issuer 2", "Issuer 1", "Issuer 3"]);
        vault.undo().unwrap();
        assert_eq!(issuers(&mut vault), ["Issuer 3", "Issuer 2", "Issuer 1"]);
        vault.move_account(ids[0], Some(ids[0])).unwrap();
        assert_eq!(vault.move_account(ids[0], Some(AccountId(99))), Err(InputError::NotFound.into()));
        assert_eq!(vault.move_account(AccountId(99), None), Err(InputError::NotFound.into()));
        let last = vault.add(&totp(4)).unwrap();
        vault.lock();
        let mut vault = folder.open();
        vault.unlock(&secret("correct horse")).unwrap();
        assert_eq!(issuers(&mut vault), ["Issuer 3", "Issuer 2", "Issuer 1", "Issuer 4"]);
        // So often between the same two that no room is left: the order holds all the same.
        for _ in 0..30 {
            vault.move_account(ids[0], Some(ids[1])).unwrap();
            vault.move_account(last, Some(ids[1])).unwrap();
            assert_eq!(issuers(&mut vault), ["Issuer 3", "Issuer 1", "Issuer 4", "Issuer 2"]);
        }
        vault.add(&totp(5)).unwrap();
        assert_eq!(issuers(&mut vault)[4], "Issuer 5", "what is added stands at the end");
    }

    #[test]
    fn uses_are_counted_in_memory_and_written_when_the_vault_is_locked() {
        let (folder, mut vault, ids) = three();
        let writes =
            |folder: &Folder| std::fs::metadata(folder.path().with_extension("db-wal")).map(|log| log.len()).ok();
        let before = writes(&folder);
        for id in [ids[1], ids[1], ids[0]] {
            vault.used(id).unwrap();
        }
        assert_eq!(writes(&folder), before, "no commit a code");
        assert_eq!(vault.used(AccountId(99)), Err(InputError::NotFound.into()));
        let changed = vault.get(ids[1]).unwrap().changed;
        vault.lock();
        vault.unlock(&secret("correct horse")).unwrap();
        let uses: Vec<u64> = vault.accounts().unwrap().iter().map(|account| account.uses).collect();
        assert_eq!(uses, [1, 2, 0]);
        let account = vault.get(ids[1]).unwrap();
        assert!(account.used > 0 && account.changed == changed, "to be used is no change");
    }
}
