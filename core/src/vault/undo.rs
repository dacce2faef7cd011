//! The last changes of accounts and groups, kept so that they can be taken back, the newest first: also by another program,
//! and after the vault was locked.
//!
//! Each is a sealed piece of its own beside the summary, written in the transaction of its change ([`piece`]). A change that
//! is hindered says by what; a person then clears that away, or lets the change stand, and the one before it is the next.

mod piece;

use std::collections::BTreeSet;
use std::sync::Arc;

use zeroize::Zeroizing;

pub(super) use self::piece::{Before, ROWS, Regrouped, Removed, version_of};
use self::piece::{Piece, mark, mark_with_counter, newest};
use super::Unlocked;
use super::Vault;
use super::account::{Account, AccountId};
use super::bin::same_outside;
use super::change::Work;
use super::group::{Group, GroupId, same_name};
use super::icon::Icon;
use super::key::Keys;
use super::rows::Rows;
use crate::error::{Error, InputError, Named};
use crate::limits;

/// An account that a change changed.
#[derive(Debug, Clone)]
pub struct Changed {
    /// As it was before, and would be again.
    pub before: Arc<Account>,
    /// As it is.
    pub now: Arc<Account>,
    /// Its note before, where that was changed.
    pub note: Option<Zeroizing<String>>,
}

/// A change that is kept, and what taking it back does.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its number: that of a later change is larger.
    pub number: u64,
    /// The accounts that it changed, as far as they are there.
    pub accounts: Vec<Changed>,
    /// The groups that it removed, and that come back.
    pub removed: Vec<Group>,
    /// The groups that it named anew or moved: as they were, and as it left them.
    pub regrouped: Vec<(Group, Group)>,
    /// Why it can't be taken back as things are.
    pub hindrance: Option<Hindrance>,
}

/// Why a change can't be taken back.
#[derive(Debug, Clone)]
pub enum Hindrance {
    /// This account was changed again since, or came back by itself: that stays.
    Account(Arc<Account>),
    /// This group was changed again since, or is gone: that stays.
    Group(Group),
    /// The account that would come back was added anew meanwhile, as the second.
    Added(Arc<Account>, AccountId),
    /// The group would have a name that another group has.
    Name(Group),
    /// There would be this many groups, more than there may be.
    Groups(u64),
}

impl Hindrance {
    /// The error by which taking it back is refused.
    pub const fn error(&self) -> InputError {
        match self {
            Self::Account(_) | Self::Group(_) => InputError::NotFound,
            Self::Added(_, id) => InputError::Duplicate(id.0),
            Self::Name(_) => InputError::SameName,
            Self::Groups(found) => {
                InputError::TooMuch { what: Named::Groups, found: *found, most: limits::VAULT_GROUPS as u64 }
            }
        }
    }
}

impl Vault {
    /// The last change that is kept, whoever made it; none where all were taken back, or none was made.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`crate::error::PortError`] of the disk.
    pub fn last_step(&mut self) -> Result<Option<Step>, Error> {
        self.refresh()?;
        let open = self.unlocked()?;
        Ok(newest(open.store.reader(), &open.keys)?.map(|piece| piece.step(&open.rows, &open.keys)))
    }

    /// The accounts that [`Vault::undo`] would take back; none where it would be refused.
    ///
    /// # Errors
    /// As [`Vault::last_step`].
    pub fn last_change(&mut self) -> Result<Vec<Changed>, Error> {
        Ok(self.free_step()?.map(|step| step.accounts).unwrap_or_default())
    }

    /// The groups that the last change removed, and that come back when it is taken back.
    ///
    /// # Errors
    /// As [`Vault::last_step`].
    pub fn removed_groups(&mut self) -> Result<Vec<Group>, Error> {
        Ok(self.free_step()?.map(|step| step.removed).unwrap_or_default())
    }

    /// Whether there is a change that [`Vault::undo`] takes back.
    pub fn can_undo(&mut self) -> bool {
        self.free_step().is_ok_and(|step| step.is_some())
    }

    fn free_step(&mut self) -> Result<Option<Step>, Error> {
        Ok(self.last_step()?.filter(|step| step.hindrance.is_none()))
    }

    /// Takes back the last edit, move or deletion, of groups too, with all accounts that it changed. The one before it is then
    /// the last.
    ///
    /// # Errors
    /// [`InputError::NotFound`] where there is none, or what it changed was changed since;
    /// [`InputError::Duplicate`] where an account that was deleted was added anew meanwhile, [`InputError::SameName`] and
    /// [`InputError::TooMuch`] of a group as [`Vault::rename_group`] and [`Vault::add_group`];
    /// [`crate::error::PortError`] of the disk, with nothing changed.
    pub fn undo(&mut self) -> Result<(), Error> {
        self.change(|work| {
            let piece = work.newest()?.ok_or(InputError::NotFound)?;
            work.take_back(piece)
        })
    }

    /// As [`Vault::undo`], of the change of this number alone.
    ///
    /// # Errors
    /// As [`Vault::undo`]; [`InputError::NotFound`] too where another change is the last by now.
    pub fn undo_step(&mut self, number: u64) -> Result<(), Error> {
        self.change(|work| {
            let piece = work.newest()?.filter(|piece| piece.version == number).ok_or(InputError::NotFound)?;
            work.take_back(piece)
        })
    }

    /// Lets the last change stand, where it has this number: it is kept no longer, and the one before it is the last.
    ///
    /// # Errors
    /// [`InputError::NotFound`] where another change is the last; [`crate::error::PortError`] of the disk.
    pub fn let_stand(&mut self, number: u64) -> Result<(), Error> {
        self.change(|work| {
            let piece = work.newest()?.filter(|piece| piece.version == number).ok_or(InputError::NotFound)?;
            work.forget(piece.row)
        })
    }
}

impl Unlocked {
    /// The pictures that undoing would show again.
    pub(super) fn icons_to_undo(&self) -> BTreeSet<u64> {
        let kept = piece::all(self.store.reader(), &self.keys).unwrap_or_default();
        let icons =
            kept.iter().flat_map(|piece| &piece.accounts).filter_map(|before| match before.account.details.icon {
                Some(Icon::Picture(id)) => Some(id.0),
                _ => None,
            });
        icons.collect()
    }
}

impl Piece {
    /// What taking it back would do to `rows`.
    fn step(self, rows: &Rows, keys: &Keys) -> Step {
        let hindrance = self.hindrance(rows, keys);
        let accounts = self.accounts.into_iter().filter_map(|before| {
            let now = rows.find_any(before.account.id).ok()?.account.clone();
            let counted = before.counted(&now);
            let Before { account: mut before, note, .. } = before;
            if !counted {
                Arc::make_mut(&mut before).kind = now.kind;
            }
            Some(Changed { before, now, note })
        });
        Step {
            number: self.version,
            accounts: accounts.collect(),
            removed: self.removed.into_iter().map(|removed| removed.group).collect(),
            regrouped: self.regrouped.into_iter().map(|one| (one.before, one.after)).collect(),
            hindrance,
        }
    }

    fn hindrance(&self, rows: &Rows, keys: &Keys) -> Option<Hindrance> {
        self.hindered_group(rows).or_else(|| self.accounts.iter().find_map(|before| before.hindrance(rows, keys)))
    }

    fn hindered_group(&self, rows: &Rows) -> Option<Hindrance> {
        let groups = &rows.groups;
        let is_there = |id: &GroupId| groups.good.contains_key(&id.0) || groups.bad.contains_key(&id.0);
        let is_as_left = |one: &&Regrouped| groups.good.get(&one.after.id.0).is_some_and(|row| row.value == one.after);
        let came = self.removed.iter().map(|removed| &removed.group).find(|group| is_there(&group.id));
        let changed = self.regrouped.iter().find(|one| !is_as_left(one)).map(|one| &one.before);
        if let Some(group) = came.or(changed) {
            return Some(Hindrance::Group(group.clone()));
        }
        let mut back = self.removed.iter().map(|one| &one.group).chain(self.regrouped.iter().map(|one| &one.before));
        if let Some(group) = back.find(|group| same_name(rows, &group.name, Some(group.id)).is_some()) {
            return Some(Hindrance::Name(group.clone()));
        }
        let count = groups.good.len() + groups.bad.len() + self.removed.len();
        let is_over = !self.removed.is_empty() && count > limits::VAULT_GROUPS;
        is_over.then_some(Hindrance::Groups(count as u64))
    }
}

impl Before {
    /// Whether the change was one of the counter too, and no code was used since.
    fn counted(&self, now: &Account) -> bool {
        mark_with_counter(now) == self.mark
    }

    fn hindrance(&self, rows: &Rows, keys: &Keys) -> Option<Hindrance> {
        let is_as_left = |now: &Account| mark(now) == self.mark || self.counted(now);
        let row = rows.find_any(self.account.id).ok().filter(|row| is_as_left(&row.account));
        let Some(row) = row else { return Some(Hindrance::Account(self.account.clone())) };
        let comes_back = row.is_deleted() && self.account.deleted.is_none();
        let same = if comes_back { same_outside(rows, row, keys) } else { None };
        same.map(|id| Hindrance::Added(self.account.clone(), id))
    }
}

impl Work<'_> {
    fn newest(&self) -> Result<Option<Piece>, Error> {
        newest(self.change.reader(), self.keys)
    }

    fn take_back(&mut self, piece: Piece) -> Result<(), Error> {
        if let Some(hindrance) = piece.hindrance(self.rows, self.keys) {
            return Err(hindrance.error().into());
        }
        piece.removed.iter().try_for_each(|removed| self.bring_group_back(removed))?;
        piece.regrouped.iter().try_for_each(|one| self.put_group_back(&one.before))?;
        let back: Vec<GroupId> = piece.removed.iter().map(|removed| removed.group.id).collect();
        for before in &piece.accounts {
            let row = self.rows.find_any(before.account.id)?;
            let mut account = self.as_before(&before.account, &row.account, &back);
            if before.counted(&row.account) {
                account.kind = before.account.kind;
            }
            self.rewrite(row, account, before.note.as_deref().map(String::as_str))?;
        }
        self.forget(piece.row)
    }

    /// The account as it was, but for what no change of a person's is: its counter, and how often it was used. What it
    /// named and is gone since is left out; groups of `back` come back with it.
    fn as_before(&self, before: &Account, now: &Account, back: &[GroupId]) -> Account {
        let mut account = before.clone();
        (account.kind, account.uses, account.used) = (now.kind, now.uses, now.used);
        account.details.groups.retain(|group| self.rows.groups.good.contains_key(&group.0) || back.contains(group));
        if account.details.icon.as_ref().is_some_and(|icon| self.has_icon(icon).is_err()) {
            account.details.icon = None;
        }
        account
    }
}

#[cfg(test)]
mod tests;
