//! What a person does with accounts beside reading their codes: lists, groups, tags, icons, the bin, and undo.

use super::{App, lock};
#[cfg(doc)]
use crate::error::PortError;
use crate::error::{Error, InputError};
use crate::port::Topic;
use crate::vault::{
    AccountId, Binned, Changed, Codes, Edit, Group, GroupId, IconId, NewAccount, Picture, Step, Vault, View,
};

impl App {
    /// The list that `view` asks for at `now`, in Unix time, with its codes.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] for a long search; [`InputError::VaultLocked`].
    pub fn view(&self, view: &View, now: u64) -> Result<Codes, Error> {
        let shown = self.state()?.safe.vault()?.view(view, now)?;
        Ok(Codes { clock_ahead: self.clock_ahead(), ..shown })
    }

    /// Adds accounts in one transaction: all that can be taken, and why each other cannot, in their order.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`PortError`] of the disk, with nothing changed.
    pub fn add_accounts(&self, accounts: &[NewAccount]) -> Result<Vec<Result<AccountId, InputError>>, Error> {
        self.change_accounts(|vault| vault.add_all(accounts))
    }

    /// Changes many accounts alike, in one transaction: all of them or none. Returns how many the edit did not leave as they
    /// are.
    ///
    /// # Errors
    /// As [`App::edit_account`].
    pub fn edit_accounts(&self, ids: &[AccountId], edit: &Edit) -> Result<usize, Error> {
        self.change_accounts(|vault| vault.edit_all(ids, edit))
    }

    /// Puts an account before another one in the order of the list, or at the end. False where it stands there already.
    ///
    /// # Errors
    /// [`InputError::NotFound`], [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn move_account(&self, id: AccountId, before: Option<AccountId>) -> Result<bool, Error> {
        self.change_accounts(|vault| vault.move_account(id, before))
    }

    /// Deletes accounts in one transaction: into the bin, where they lie for thirty days.
    ///
    /// # Errors
    /// As [`App::delete_account`].
    pub fn delete_accounts(&self, ids: &[AccountId]) -> Result<(), Error> {
        self.change_accounts(|vault| vault.delete_all(ids))
    }

    /// What lies in the bin, the last deleted first.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn bin(&self) -> Result<Vec<Binned>, Error> {
        self.state()?.safe.vault()?.bin()
    }

    /// Takes accounts out of the bin, in one transaction: all of them or none.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::Duplicate`] where the same was added anew meanwhile; [`PortError`] of the
    /// disk.
    pub fn restore_accounts(&self, ids: &[AccountId]) -> Result<(), Error> {
        self.change_accounts(|vault| vault.restore(ids))
    }

    /// Takes accounts out of the bin for good.
    ///
    /// # Errors
    /// [`InputError::NotFound`] for one that does not lie there; [`PortError`] of the disk.
    pub fn purge_accounts(&self, ids: &[AccountId]) -> Result<(), Error> {
        self.change_accounts(|vault| vault.purge(ids))
    }

    /// Empties the bin.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn empty_bin(&self) -> Result<(), Error> {
        self.change_accounts(Vault::empty_bin)
    }

    /// Whether [`App::undo_change`] has something to take back.
    pub fn can_undo_change(&self) -> bool {
        self.state().is_ok_and(|mut state| state.safe.vault().is_ok_and(|vault| vault.can_undo()))
    }

    /// The last change that is kept, and why it can't be taken back where it can't.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn last_step(&self) -> Result<Option<Step>, Error> {
        self.state()?.safe.vault()?.last_step()
    }

    /// As [`App::undo_change`], of the change of this number alone.
    ///
    /// # Errors
    /// As [`App::undo_change`]; [`InputError::NotFound`] too where another change is the last by now.
    pub fn undo_step(&self, number: u64) -> Result<(), Error> {
        self.change_accounts(|vault| vault.undo_step(number))
    }

    /// Lets the last change stand, where it has this number: the one before it is then the last.
    ///
    /// # Errors
    /// [`InputError::NotFound`] where another change is the last; [`PortError`] of the disk.
    pub fn let_stand(&self, number: u64) -> Result<(), Error> {
        self.change_accounts(|vault| vault.let_stand(number))
    }

    /// What [`App::undo_change`] would take back: each account as it was and as it is; none where it would be refused.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn last_change(&self) -> Result<Vec<Changed>, Error> {
        self.state()?.safe.vault()?.last_change()
    }

    /// The groups that the last change removed, and that [`App::undo_change`] brings back.
    ///
    /// # Errors
    /// As [`App::last_change`].
    pub fn removed_groups(&self) -> Result<Vec<Group>, Error> {
        self.state()?.safe.vault()?.removed_groups()
    }

    /// Takes back the last edit, move or deletion, whichever program made it, with all accounts that it changed; the one before
    /// it is then the last.
    ///
    /// # Errors
    /// [`InputError::NotFound`] where there is none, or an account was changed since; [`InputError::Duplicate`], and
    /// [`InputError::SameName`] of a group, where the same was made anew meanwhile;
    /// [`PortError`] of the disk.
    pub fn undo_change(&self) -> Result<(), Error> {
        self.change_accounts(Vault::undo)
    }

    /// A code of this account was used: copied, or read by the person. Written when the vault is locked.
    ///
    /// # Errors
    /// [`InputError::NotFound`], [`InputError::VaultLocked`].
    pub fn used(&self, id: AccountId) -> Result<(), Error> {
        self.state()?.safe.vault()?.used(id)
    }

    /// The groups, in their order.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn groups(&self) -> Result<Vec<Group>, Error> {
        self.state()?.safe.vault()?.groups()
    }

    /// Makes a group, or finds the one of this name.
    ///
    /// # Errors
    /// [`InputError::Field`] and [`InputError::TooMuch`]; [`PortError`] of the disk.
    pub fn add_group(&self, name: &str) -> Result<GroupId, Error> {
        self.change_accounts(|vault| vault.add_group(name))
    }

    /// Gives a group another name. False where it has that name already.
    ///
    /// # Errors
    /// [`InputError::NotFound`], [`InputError::SameName`]; as [`App::add_group`].
    pub fn rename_group(&self, id: GroupId, name: &str) -> Result<bool, Error> {
        self.change_accounts(|vault| vault.rename_group(id, name))
    }

    /// Puts a group before another one, or at the end. False where it stands there already.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`PortError`] of the disk.
    pub fn move_group(&self, id: GroupId, before: Option<GroupId>) -> Result<bool, Error> {
        self.change_accounts(|vault| vault.move_group(id, before))
    }

    /// Deletes a group. The accounts in it stay; [`App::undo_change`] brings it back.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`PortError`] of the disk.
    pub fn delete_group(&self, id: GroupId) -> Result<(), Error> {
        self.delete_groups(&[id])
    }

    /// Deletes groups, in one transaction and as one change.
    ///
    /// # Errors
    /// As [`App::delete_group`].
    pub fn delete_groups(&self, ids: &[GroupId]) -> Result<(), Error> {
        self.change_accounts(|vault| vault.delete_groups(ids))
    }

    /// Takes out a group that nothing is in and that was made in vain; what was the last change stays it.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`PortError`] of the disk.
    pub fn discard_group(&self, id: GroupId) -> Result<(), Error> {
        self.change_accounts(|vault| vault.discard_group(id))
    }

    /// The tags that accounts have, each with how many have it.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn tags(&self) -> Result<Vec<(String, usize)>, Error> {
        self.state()?.safe.vault()?.tags()
    }

    /// Gives accounts a picture from a PNG or JPEG file, shrunk, in one transaction.
    ///
    /// # Errors
    /// As [`Picture::from_file`]; [`InputError::NotFound`]; [`PortError`] of the disk.
    pub fn set_picture(&self, ids: &[AccountId], file: &[u8]) -> Result<IconId, Error> {
        let picture = Picture::from_file(file)?;
        self.change_accounts(|vault| vault.set_picture(ids, &picture))
    }

    /// Keeps a picture that an edit gives to accounts next, so that both are one change to take back. It goes at an unlock
    /// where none shows it.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] where it does not fit; [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn keep_picture(&self, picture: &Picture) -> Result<IconId, Error> {
        self.change_accounts(|vault| vault.keep_picture(picture))
    }

    /// A picture of an account.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::Damaged`] where it cannot be read; [`InputError::VaultLocked`].
    pub fn picture(&self, id: IconId) -> Result<Picture, Error> {
        self.state()?.safe.vault()?.picture(id)
    }

    pub(super) fn change_accounts<T>(&self, change: impl FnOnce(&mut Vault) -> Result<T, Error>) -> Result<T, Error> {
        let mut state = self.state()?;
        let value = change(state.safe.vault()?)?;
        // Before anybody hears of it: who reads while something else holds the state is never shown what was before this.
        *lock(&self.listed) = None;
        drop(state);
        self.notify(Topic::Accounts);
        Ok(value)
    }
}
