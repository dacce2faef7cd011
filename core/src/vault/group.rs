//! Groups: what a person puts accounts into. A group is a row of its own, sealed like the rest; which accounts are in it
//! stands in their labels.

use std::collections::BTreeSet;
use std::fmt;

use zeroize::Zeroizing;

use super::account;
use super::change::Work;
use super::frame::{Place, read_varint, write_varint};
use super::label::{read_text, write_text};
use super::list::folded;
use super::rows::{Rows, Single};
use super::undo::{Before, Regrouped, Removed};
use super::{Unlocked, Vault};
use crate::error::{Error, InputError, Named};
use crate::limits;

/// Which group of the vault. Never given twice, also not after the group is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupId(pub u64);

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A group.
#[derive(Clone, PartialEq, Eq)]
pub struct Group {
    /// Which group.
    pub id: GroupId,
    /// Its name, as shown.
    pub name: String,
    /// Its place among the groups: ascending, then by id.
    pub order: u64,
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The form of a group that this program writes: `1 | order | name`.
const FORM: u8 = 1;

impl Group {
    /// The bytes that are sealed.
    pub(super) fn write(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Zeroizing::new(Vec::with_capacity(32 + self.name.len()));
        out.push(FORM);
        write_varint(self.order, &mut out);
        write_text(&self.name, &mut out);
        out
    }

    /// Reads what [`Group::write`] wrote.
    pub(super) fn read(id: u64, bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(&[FORM])?;
        let order = read_varint(&mut rest)?;
        let name = read_text(&mut rest)?.to_owned();
        rest.is_empty().then_some(Self { id: GroupId(id), name, order })
    }
}

impl Vault {
    /// The groups that can be read, in their order.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn groups(&mut self) -> Result<Vec<Group>, Error> {
        self.refresh()?;
        Ok(self.unlocked()?.groups())
    }

    /// Makes a group, or finds the one that has this name, whatever the case. Returns its id.
    ///
    /// # Errors
    /// [`InputError::Field`] and [`InputError::TooMuch`] by name or number;
    /// [`PortError`](crate::error::PortError) of the disk.
    pub fn add_group(&mut self, name: &str) -> Result<GroupId, Error> {
        let name = group_name(name)?;
        self.change(|work| {
            if let Some(same) = same_name(work.rows, &name, None) {
                return Ok(same);
            }
            let count = work.rows.groups.good.len() + work.rows.groups.bad.len();
            if count >= limits::VAULT_GROUPS {
                let (found, most) = (count as u64 + 1, limits::VAULT_GROUPS as u64);
                return Err(InputError::TooMuch { what: Named::Groups, found, most }.into());
            }
            let id = GroupId(work.new_id());
            let last = work.rows.groups.good.values().map(|row| row.value.order).max();
            let group = Group { id, name, order: last.map_or(1, |last| last.saturating_add(1)) };
            work.write_group(None, &group)?;
            Ok(id)
        })
    }

    /// Gives a group another name, which [`Vault::undo`] takes back. False where it has that name already: then nothing is
    /// written that can be taken back.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::SameName`] where another group has it; as [`Vault::add_group`].
    pub fn rename_group(&mut self, id: GroupId, name: &str) -> Result<bool, Error> {
        let name = group_name(name)?;
        self.change(|work| {
            let row = work.rows.groups.good.get(&id.0).ok_or(InputError::NotFound)?;
            if same_name(work.rows, &name, Some(id)).is_some() {
                return Err(InputError::SameName.into());
            }
            work.regroup(vec![Group { name, ..row.value.clone() }])
        })
    }

    /// Puts a group before another one, or at the end, which [`Vault::undo`] takes back. False where it stands there already.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`PortError`](crate::error::PortError) of the disk.
    pub fn move_group(&mut self, id: GroupId, before: Option<GroupId>) -> Result<bool, Error> {
        self.change(|work| {
            let mut rows: Vec<&Single<Group>> = work.rows.groups.good.values().collect();
            rows.sort_by_key(|row| (row.value.order, row.value.id));
            let at = rows.iter().position(|row| row.value.id == id).ok_or(InputError::NotFound)?;
            let moved = rows.remove(at);
            let to = match before {
                Some(before) if before == id => at,
                Some(before) => rows.iter().position(|row| row.value.id == before).ok_or(InputError::NotFound)?,
                None => rows.len(),
            };
            rows.insert(to, moved);
            if to == at {
                return Ok(false);
            }
            work.regroup((1..).zip(rows).map(|(order, row)| Group { order, ..row.value.clone() }).collect())
        })
    }

    /// Deletes a group, as [`Vault::delete_groups`].
    ///
    /// # Errors
    /// As [`Vault::delete_groups`].
    pub fn delete_group(&mut self, id: GroupId) -> Result<(), Error> {
        self.delete_groups(&[id])
    }

    /// Deletes groups in one transaction; such as cannot be read too. The accounts in them stay. [`Vault::undo`] brings back
    /// those that could be read, with what was in them.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`PortError`](crate::error::PortError) of the disk, with nothing changed.
    pub fn delete_groups(&mut self, ids: &[GroupId]) -> Result<(), Error> {
        let ids: BTreeSet<GroupId> = ids.iter().copied().collect();
        self.change(|work| {
            let mut removed = Vec::with_capacity(ids.len());
            for id in &ids {
                let good = work.rows.groups.good.get(&id.0);
                removed.extend(good.map(|row| Removed { version: row.version, group: row.value.clone() }));
                work.remove_single(Place::Group, id.0)?;
            }
            let mut before = vec![];
            for row in work.rows.good.values() {
                let mut account = (*row.account).clone();
                account.details.groups.retain(|group| !ids.contains(group));
                if account != *row.account {
                    before.push(Before::of(&row.account, &account, None));
                    work.rewrite(row, account, None)?;
                }
            }
            if removed.is_empty() { Ok(()) } else { work.keep_removal(&removed, &before) }
        })
    }

    /// Takes out a group that nothing is in, and that was made for something that was then not done: what was the last
    /// change stays it.
    ///
    /// # Errors
    /// [`InputError::NotFound`], also where an account is in it; [`PortError`](crate::error::PortError) of the disk.
    pub fn discard_group(&mut self, id: GroupId) -> Result<(), Error> {
        self.change(|work| {
            if work.rows.good.values().any(|row| row.account.details.groups.contains(&id)) {
                return Err(InputError::NotFound.into());
            }
            work.remove_single(Place::Group, id.0)
        })
    }

    /// The tags that accounts have, each once with how many have it, in order of their letters.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn tags(&mut self) -> Result<Vec<(String, usize)>, Error> {
        let mut tags = std::collections::BTreeMap::<String, usize>::new();
        for account in self.accounts()?.iter() {
            account.details.tags.iter().for_each(|tag| *tags.entry(tag.clone()).or_default() += 1);
        }
        Ok(tags.into_iter().collect())
    }
}

impl Unlocked {
    fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = self.rows.groups.good.values().map(|row| row.value.clone()).collect();
        groups.sort_by_key(|group| (group.order, group.id));
        groups
    }
}

impl Work<'_> {
    /// Writes a group of another vault as a new one.
    pub(super) fn copy_group(&mut self, group: &Group) -> Result<GroupId, Error> {
        let id = GroupId(self.new_id());
        self.write_group(None, &Group { id, ..group.clone() })?;
        Ok(id)
    }

    /// Brings back a group that was removed, where nothing hinders that.
    pub(super) fn bring_group_back(&mut self, removed: &Removed) -> Result<(), Error> {
        let Removed { version, group } = removed;
        let version = self.put_back(Place::Group, group.id.0, *version, &group.write())?;
        self.after.groups.push((group.id.0, Some(Single { version, value: group.clone() })));
        Ok(())
    }

    /// Makes a group that is there what it was.
    pub(super) fn put_group_back(&mut self, group: &Group) -> Result<(), Error> {
        let row = self.rows.groups.good.get(&group.id.0).ok_or(InputError::NotFound)?;
        self.write_group(Some(row), group)
    }

    /// Writes those of these groups that change, and keeps how that is taken back. Whether there were any.
    fn regroup(&mut self, groups: Vec<Group>) -> Result<bool, Error> {
        let mut changed = vec![];
        for after in groups {
            let row = self.rows.groups.good.get(&after.id.0).ok_or(InputError::NotFound)?;
            if row.value != after {
                self.write_group(Some(row), &after)?;
                changed.push(Regrouped { before: row.value.clone(), after });
            }
        }
        if !changed.is_empty() {
            self.keep_regrouping(&changed)?;
        }
        Ok(!changed.is_empty())
    }

    fn write_group(&mut self, before: Option<&Single<Group>>, group: &Group) -> Result<(), Error> {
        let version = before.map_or(1, |row| row.version + 1);
        self.put_single(Place::Group, group.id.0, before.map(|row| row.version), &group.write())?;
        let row = Single { version, value: group.clone() };
        self.after.groups.push((group.id.0, Some(row)));
        Ok(())
    }

    /// Whether each of these groups is there.
    pub(super) fn has_groups(&self, groups: &[GroupId]) -> Result<(), InputError> {
        let known = |id: &GroupId| self.rows.groups.good.contains_key(&id.0);
        if groups.iter().all(known) { Ok(()) } else { Err(InputError::NotFound) }
    }
}

/// The group that has this name, whatever the case, other than `but`.
pub(super) fn same_name(rows: &Rows, name: &str, but: Option<GroupId>) -> Option<GroupId> {
    let name = folded(name);
    let same = |group: &&Group| Some(group.id) != but && folded(&group.name) == name;
    rows.groups.good.values().map(|row| &row.value).find(same).map(|group| group.id)
}

fn group_name(name: &str) -> Result<String, InputError> {
    account::short(Named::Group, limits::GROUP_NAME, name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::account::Edit;
    use super::super::tests::{Folder, secret, totp};
    use super::*;

    proptest! {
        #[test]
        fn a_group_is_read_as_it_was_written(order in any::<u64>(), name in "\\PC{0,80}", id in any::<u64>()) {
            let group = Group { id: GroupId(id), name, order };
            let bytes = group.write();
            prop_assert_eq!(Group::read(id, &bytes), Some(group));
            prop_assert_eq!(Group::read(id, &bytes[1..]), None);
            prop_assert_eq!(Group::read(id, &bytes[..bytes.len() - 1]), None);
        }
    }

    fn names(vault: &mut Vault) -> Vec<String> {
        vault.groups().unwrap().into_iter().map(|group| group.name).collect()
    }

    #[test]
    fn groups_are_made_named_moved_and_deleted_and_their_accounts_stay() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let [work, home, old] = ["Work", "Home", "Old"].map(|name| vault.add_group(name).unwrap());
        assert_eq!(vault.add_group(" WORK ").unwrap(), work, "a name stands there once");
        let account = vault.add(&totp(1)).unwrap();
        vault.edit(account, &Edit { join: vec![work, old], ..Edit::default() }).unwrap();
        vault.rename_group(home, "House").unwrap();
        assert_eq!(vault.rename_group(home, "work"), Err(InputError::SameName.into()));
        vault.rename_group(work, "WORK").unwrap();
        vault.move_group(old, Some(work)).unwrap();
        assert_eq!(names(&mut vault), ["Old", "WORK", "House"]);
        vault.move_group(old, None).unwrap();
        assert_eq!(names(&mut vault), ["WORK", "House", "Old"]);
        vault.delete_group(old).unwrap();
        assert_eq!(vault.delete_group(old), Err(InputError::NotFound.into()));
        vault.lock();
        vault.unlock(&secret("correct horse")).unwrap();
        assert!(vault.report().unwrap().damage.is_empty());
        assert_eq!(names(&mut vault), ["WORK", "House"]);
        assert_eq!(vault.get(account).unwrap().details.groups, [work]);
        let unknown = Edit { join: vec![old], ..Edit::default() };
        assert_eq!(vault.edit(account, &unknown), Err(InputError::NotFound.into()));
        assert!(vault.add_group("New").unwrap() > old, "an id is never given twice");
    }

    #[test]
    fn groups_are_taken_up_to_their_limit() {
        let folder = Folder::new();
        let mut vault = folder.create();
        for (n, fits) in [(0, false), (1, true), (limits::GROUP_NAME, true), (limits::GROUP_NAME + 1, false)] {
            assert_eq!(group_name(&"é".repeat(n)).is_ok(), fits, "{n}");
        }
        let most = limits::VAULT_GROUPS;
        (0..most).for_each(|n| assert!(vault.add_group(&format!("Group {n}")).is_ok(), "{n}"));
        let refused = InputError::TooMuch { what: Named::Groups, found: most as u64 + 1, most: most as u64 };
        assert_eq!(vault.add_group("One more"), Err(refused.into()));
        assert!(vault.add_group("group 7").is_ok(), "one that is there is found");
    }
}
