//! How accounts are kept: marks, order, groups, the bin, undo, what is looked for; and what is set.

use countersign_core::error::{Error, InputError};
use countersign_core::vault::{AccountId, Edit, GroupId, Sort};
use countersign_strings::{fill, text};

use super::{Worker, account_id, lock};
use crate::command::account::{self, Alike};
use crate::tui::field::Field;
use crate::tui::state::{Event, GroupTask, Mark, Settings};
use crate::tui::undoing::{self, By, Undone};
use crate::tui::{rows, setting};
use crate::words;

impl Worker {
    /// Sets a mark of an account, or takes it away.
    pub(super) fn mark(&self, id: &str, mark: Mark, on: bool) -> Event {
        let (edit, said) = match mark {
            Mark::Favourite => {
                let said = if on { "tui.did_favourite" } else { "tui.did_no_favourite" };
                (Edit { favourite: Some(on), ..Edit::default() }, said)
            }
            Mark::Pinned => {
                let said = if on { "tui.did_pin" } else { "tui.did_no_pin" };
                (Edit { pinned: Some(on), ..Edit::default() }, said)
            }
            Mark::Hidden => {
                let said = if on { "tui.did_hide" } else { "tui.did_show" };
                (Edit { hidden: Some(on), ..Edit::default() }, said)
            }
        };
        self.edited(id, &edit, |name| fill(said, &[("name", name)]))
    }

    fn edited(&self, id: &str, edit: &Edit, said: impl FnOnce(&str) -> String) -> Event {
        let done = || {
            let account = self.account(id)?;
            if self.0.desk.app.edit_accounts(&[account.id], edit)? == 0 {
                return Ok(None);
            }
            Ok(Some(said(&Alike::among(&self.0.desk.app)?.line(&account))))
        };
        did(done())
    }

    /// Puts an account before another one, or last.
    pub(super) fn shift(&self, id: &str, before: Option<&str>) -> Event {
        let done = || {
            let account = self.account(id)?;
            if !self.0.desk.app.move_account(account.id, before.map(account_id).transpose()?)? {
                return Ok(None);
            }
            Ok(Some(fill("tui.did_move", &[("name", &Alike::among(&self.0.desk.app)?.line(&account))])))
        };
        did(done())
    }

    /// Changes groups, or what is in them.
    pub(super) fn group(&self, task: &GroupTask) -> Vec<Event> {
        let app = &self.0.desk.app;
        let done = match task {
            GroupTask::Add(name) => app.add_group(name).map(drop),
            GroupTask::Rename { from, to } => match self.group_id(from).and_then(|id| app.rename_group(id, to)) {
                Ok(true) => return vec![Event::Did(fill("tui.did_rename", &[("before", from), ("after", to)]))],
                done => done.map(drop),
            },
            GroupTask::Delete(name) => match self.group_id(name).and_then(|id| app.delete_group(id)) {
                Ok(()) => return vec![Event::Did(fill("tui.did_ungroup", &[("name", name)]))],
                refused => refused,
            },
            GroupTask::Shift { name, before } => self.group_id(name).and_then(|id| {
                let before = before.as_ref().map(|name| self.group_id(name)).transpose()?;
                app.move_group(id, before).map(drop)
            }),
            GroupTask::Put { id, group, inside } => return vec![self.put(id, group, *inside)],
        };
        done.err().map(|fault| Event::GroupRefused(words::of_error(&fault))).into_iter().collect()
    }

    fn put(&self, id: &str, group: &str, inside: bool) -> Event {
        let wanted = match self.group_id(group) {
            Ok(wanted) => vec![wanted],
            Err(fault) => return Event::GroupRefused(words::of_error(&fault)),
        };
        let (edit, said) = if inside {
            (Edit { join: wanted, ..Edit::default() }, "tui.did_join")
        } else {
            (Edit { leave: wanted, ..Edit::default() }, "tui.did_leave")
        };
        self.edited(id, &edit, |name| fill(said, &[("name", name), ("group", group)]))
    }

    fn group_id(&self, name: &str) -> Result<GroupId, Error> {
        let groups = self.0.desk.app.groups()?;
        let found = groups.iter().find(|group| group.name == name);
        Ok(found.map(|group| group.id).ok_or(InputError::NotFound)?)
    }

    /// Takes back what was done last.
    pub(super) fn undo(&self) -> Event {
        let mut told = lock(&self.0.done);
        let Undone { said, next, known } = undoing::undo(&self.0.desk.app, *told, By::Key);
        *told = known;
        Event::Undone { said, next }
    }

    /// What was removed and can be brought back.
    pub(super) fn bin(&self) -> Event {
        match self.0.desk.app.bin() {
            Ok(rows) => Event::Bin(rows::bin(&rows)),
            Err(fault) => Event::Failed(words::of_error(&fault)),
        }
    }

    /// Brings a removed account back.
    pub(super) fn restore(&self, id: &str) -> Vec<Event> {
        let app = &self.0.desk.app;
        let done = account_id(id).and_then(|id| app.restore_accounts(&[id]));
        match done.and_then(|()| self.account(id)) {
            Ok(account) => {
                let said = fill("tui.brought_back", &[("name", &account::line(&account))]);
                vec![self.bin(), Event::Notice(said)]
            }
            Err(fault) => vec![Event::Notice(words::of_error(&fault))],
        }
    }

    /// Takes removed accounts out of the bin for good.
    pub(super) fn purge(&self, ids: &[String]) -> Vec<Event> {
        let ids: Result<Vec<AccountId>, Error> = ids.iter().map(|id| account_id(id)).collect();
        match ids.and_then(|ids| self.0.desk.app.purge_accounts(&ids)) {
            Ok(()) => vec![self.bin()],
            Err(fault) => vec![Event::Notice(words::of_error(&fault))],
        }
    }

    /// The accounts whose names or notes hold what is looked for.
    pub(super) fn search(&self, typed: &Field) -> Vec<Event> {
        // What is too long to be looked for is not found.
        let found = self.0.desk.app.search(typed.text()).unwrap_or_default();
        let ids = found.iter().map(|account| account.id.to_string()).collect();
        vec![Event::Found { text: typed.text().to_owned(), ids }]
    }

    /// Lists are in this order from now on.
    pub(super) fn sort_by(&self, sort: Sort) -> Vec<Event> {
        *lock(&self.0.sort) = sort;
        self.list_again();
        let kept = setting::keep_sort(&self.0.settings, sort);
        kept.err().map(|fault| Event::Notice(fault.words)).into_iter().collect()
    }

    /// A code was looked at or copied. That is counted for the order by use, and no more depends on it.
    pub(super) fn used(&self, id: &str) -> Vec<Event> {
        let _ = account_id(id).and_then(|id| self.0.desk.app.used(id));
        Vec::new()
    }

    /// What is set.
    pub(super) fn settings(&self) -> Event {
        match setting::read(&self.0.desk.app, &self.0.settings) {
            Ok(set) => Event::Settings(set),
            Err(fault) => Event::Failed(fault.words),
        }
    }

    /// Sets what is another value than until now.
    pub(super) fn set(&self, set: Settings) -> Event {
        match setting::write(&self.0.desk.app, &self.0.settings, set) {
            Ok(()) => self.settings(),
            Err(fault) => Event::Failed(fault.words),
        }
    }
}

/// What was done, to be taken back; or why it was not.
fn did(done: Result<Option<String>, Error>) -> Event {
    match done {
        Ok(Some(words)) => Event::Did(words),
        Ok(None) => Event::Notice(text("tui.nothing_changed").to_owned()),
        Err(fault) => Event::Notice(words::of_error(&fault)),
    }
}
