//! What a person does with accounts, mirrored.

use countersign_core::vault::{self, AccountId, GroupId, IconId};

use crate::record::{
    AccountEdit, AccountQuery, AddOutcome, BinnedRow, ChangedRow, Codes, CodesWindow, GroupRow, NewAccount, StepRow,
    TagRow,
};
use crate::{Countersign, CountersignError, caught};

fn accounts(ids: Vec<u64>) -> Vec<AccountId> {
    ids.into_iter().map(AccountId).collect()
}

#[uniffi::export]
impl Countersign {
    /// The list that `query` asks for at `now`, in Unix time, with its codes.
    pub fn view(&self, query: AccountQuery, now: u64) -> Result<Codes, CountersignError> {
        caught(|| Ok(self.app.view(&query.into(), now)?.into()))
    }

    /// `count` rows of that list from row `first`: what a screen shows of a long one.
    pub fn view_window(
        &self,
        query: AccountQuery,
        now: u64,
        first: u64,
        count: u64,
    ) -> Result<CodesWindow, CountersignError> {
        caught(|| Ok(CodesWindow::of(&self.app.view(&query.into(), now)?, first, count)))
    }

    /// Adds accounts in one transaction; what came of each, in their order.
    pub async fn add_accounts(&self, all: Vec<NewAccount>) -> Result<Vec<AddOutcome>, CountersignError> {
        let all: Vec<_> = all.into_iter().map(vault::NewAccount::try_from).collect::<Result<_, _>>()?;
        self.blocking(move |app| Ok(app.add_accounts(&all)?.into_iter().map(AddOutcome::from).collect())).await
    }

    /// Changes many accounts alike, in one transaction.
    pub async fn edit_accounts(&self, ids: Vec<u64>, edit: AccountEdit) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.edit_accounts(&accounts(ids), &edit.into()).map(drop)?)).await
    }

    /// Puts an account before another one in the order of the list, or at the end. False where it stands there already.
    pub async fn move_account(&self, id: u64, before: Option<u64>) -> Result<bool, CountersignError> {
        self.blocking(move |app| Ok(app.move_account(AccountId(id), before.map(AccountId))?)).await
    }

    /// Deletes accounts in one transaction: into the bin.
    pub async fn delete_accounts(&self, ids: Vec<u64>) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.delete_accounts(&accounts(ids))?)).await
    }

    /// What lies in the bin, the last deleted first.
    pub fn bin(&self) -> Result<Vec<BinnedRow>, CountersignError> {
        caught(|| Ok(self.app.bin()?.into_iter().map(BinnedRow::from).collect()))
    }

    /// Takes accounts out of the bin.
    pub async fn restore_accounts(&self, ids: Vec<u64>) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.restore_accounts(&accounts(ids))?)).await
    }

    /// Takes accounts out of the bin for good.
    pub async fn purge_accounts(&self, ids: Vec<u64>) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.purge_accounts(&accounts(ids))?)).await
    }

    /// Empties the bin.
    pub async fn empty_bin(&self) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.empty_bin()?)).await
    }

    /// Whether there is a change of accounts to take back.
    pub fn can_undo_change(&self) -> Result<bool, CountersignError> {
        caught(|| Ok(self.app.can_undo_change()))
    }

    /// Takes back the last edit, move or deletion.
    pub async fn undo_change(&self) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.undo_change()?)).await
    }

    /// The last change that is kept, whoever made it; taken back, the one before it is the last.
    pub fn last_step(&self) -> Result<Option<StepRow>, CountersignError> {
        caught(|| Ok(self.app.last_step()?.map(StepRow::from)))
    }

    /// Takes back the change of this number, where it is the last.
    pub async fn undo_step(&self, number: u64) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.undo_step(number)?)).await
    }

    /// Lets the change of this number stand, where it is the last: the one before it is the last then.
    pub async fn let_stand(&self, number: u64) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.let_stand(number)?)).await
    }

    /// A code of this account was used.
    pub fn used(&self, id: u64) -> Result<(), CountersignError> {
        caught(|| Ok(self.app.used(AccountId(id))?))
    }

    /// The groups, in their order.
    pub fn groups(&self) -> Result<Vec<GroupRow>, CountersignError> {
        caught(|| Ok(self.app.groups()?.into_iter().map(GroupRow::from).collect()))
    }

    /// Makes a group, or finds the one of this name; its id.
    pub async fn add_group(&self, name: String) -> Result<u64, CountersignError> {
        self.blocking(move |app| Ok(app.add_group(&name)?.0)).await
    }

    /// Gives a group another name. False where it has that name already.
    pub async fn rename_group(&self, id: u64, name: String) -> Result<bool, CountersignError> {
        self.blocking(move |app| Ok(app.rename_group(GroupId(id), &name)?)).await
    }

    /// Puts a group before another one, or at the end. False where it stands there already.
    pub async fn move_group(&self, id: u64, before: Option<u64>) -> Result<bool, CountersignError> {
        self.blocking(move |app| Ok(app.move_group(GroupId(id), before.map(GroupId))?)).await
    }

    /// Deletes a group. The accounts in it stay; `undo_change` brings it back.
    pub async fn delete_group(&self, id: u64) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.delete_group(GroupId(id))?)).await
    }

    /// Deletes groups as one change.
    pub async fn delete_groups(&self, ids: Vec<u64>) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.delete_groups(&ids.into_iter().map(GroupId).collect::<Vec<_>>())?)).await
    }

    /// Takes out a group that nothing is in and that was made in vain.
    pub async fn discard_group(&self, id: u64) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.discard_group(GroupId(id))?)).await
    }

    /// The tags that accounts have.
    pub fn tags(&self) -> Result<Vec<TagRow>, CountersignError> {
        caught(|| Ok(self.app.tags()?.into_iter().map(TagRow::from).collect()))
    }

    /// Gives accounts a picture from a PNG or JPEG file, shrunk; its id.
    pub async fn set_picture(&self, ids: Vec<u64>, file: Vec<u8>) -> Result<u64, CountersignError> {
        self.blocking(move |app| Ok(app.set_picture(&accounts(ids), &file)?.0)).await
    }

    /// Keeps a picture that an edit gives to accounts next, so that both are one change to take back; its id.
    pub async fn keep_picture(&self, file: Vec<u8>) -> Result<u64, CountersignError> {
        self.blocking(move |app| Ok(app.keep_picture(&vault::Picture::from_file(&file)?)?.0)).await
    }

    /// What `undo_change` would take back.
    pub fn last_change(&self) -> Result<Vec<ChangedRow>, CountersignError> {
        caught(|| Ok(self.app.last_change()?.into_iter().map(ChangedRow::from).collect()))
    }

    /// The groups that `undo_change` would bring back.
    pub fn removed_groups(&self) -> Result<Vec<GroupRow>, CountersignError> {
        caught(|| Ok(self.app.removed_groups()?.into_iter().map(GroupRow::from).collect()))
    }

    /// A picture of an account: a PNG file.
    pub async fn picture(&self, id: u64) -> Result<Vec<u8>, CountersignError> {
        self.blocking(move |app| Ok(app.picture(IconId(id))?.as_png().to_vec())).await
    }
}

/// An icon of the set drawn for this project, as SVG; none of this name.
#[uniffi::export]
pub fn drawn_icon(name: String) -> Option<String> {
    vault::drawn(&name).map(str::to_owned)
}

/// The names of that set.
#[uniffi::export]
pub fn drawn_icons() -> Vec<String> {
    vault::DRAWN.map(str::to_owned).to_vec()
}
