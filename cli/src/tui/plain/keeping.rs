//! How accounts are kept, line by line: what the screen does by keys is done by words here.

use std::sync::Arc;

use countersign_core::vault::{Account, Edit, Group, Sort, View};
use countersign_strings::{fill, text};
use zeroize::Zeroizing;

use super::{Phone, prompt, say};
use crate::command::account::{self, Alike};
use crate::fault::Fault;
use crate::port::clipboard;
use crate::terminal::stdin_line;
use crate::tui::form::{self, Form, Item, is_secret, is_text};
use crate::tui::saving::Refusal;
use crate::tui::state::Settings;
use crate::tui::undoing::{self, By};
use crate::tui::{rows, saving, setting};
use crate::{outside, when, words};

impl Phone {
    /// Does what `command` says about how accounts are kept; `None` where it says nothing about that.
    pub(super) fn keep(&self, command: &str, rest: &str) -> Option<Result<(), Fault>> {
        let marked = |edit: fn(&Account) -> (Edit, &'static str)| self.mark(rest, edit);
        Some(match command {
            "find" => self.find_words(rest),
            "sort" => self.sort_by(rest),
            "details" => self.details(rest),
            "type" => self.type_in(),
            "edit" => self.edit(rest),
            "favourite" => marked(|account| match !account.details.favourite {
                true => (Edit { favourite: Some(true), ..Edit::default() }, "tui.did_favourite"),
                false => (Edit { favourite: Some(false), ..Edit::default() }, "tui.did_no_favourite"),
            }),
            "pin" => marked(|account| match !account.details.pinned {
                true => (Edit { pinned: Some(true), ..Edit::default() }, "tui.did_pin"),
                false => (Edit { pinned: Some(false), ..Edit::default() }, "tui.did_no_pin"),
            }),
            "hide" => marked(|account| match !account.details.hidden {
                true => (Edit { hidden: Some(true), ..Edit::default() }, "tui.did_hide"),
                false => (Edit { hidden: Some(false), ..Edit::default() }, "tui.did_show"),
            }),
            "place" => self.place(rest),
            "groups" => self.groups(),
            "join" => self.put(rest, true),
            "part" => self.put(rest, false),
            "rename" => self.rename_group(rest),
            "ungroup" => self.delete_group(rest),
            "bin" => self.bin(),
            "restore" => self.restore(rest),
            "purge" => self.purge(rest),
            "undo" => self.undo(),
            "copy" => self.copy(rest),
            "show" => self.show(rest),
            "settings" => self.settings(),
            "set" => self.set(rest),
            _ => return None,
        })
    }

    /// The account that a name means.
    pub(super) fn account(&self, name: &str) -> Result<Arc<Account>, Fault> {
        self.unlock()?;
        account::find(&self.desk.app.accounts()?, name)
    }

    /// The account as one line, told from one of the same names.
    pub(super) fn shown(&self, account: &Account) -> Result<String, Fault> {
        Ok(Alike::among(&self.desk.app)?.shown(account))
    }

    /// Says what was done, and that it can be taken back.
    pub(super) fn did(&self, words: String) {
        say(&fill("tui.plain_did", &[("what", &words)]));
        self.done.set(undoing::last(&self.desk.app));
    }

    fn undo(&self) -> Result<(), Fault> {
        self.unlock()?;
        let undone = undoing::undo(&self.desk.app, self.done.get(), By::Word);
        self.done.set(undone.known);
        say(&undone.said);
        Ok(())
    }

    fn mark(&self, name: &str, edit: fn(&Account) -> (Edit, &'static str)) -> Result<(), Fault> {
        let account = self.account(name)?;
        let (edit, said) = edit(&account);
        self.desk.app.edit_account(account.id, &edit)?;
        self.did(fill(said, &[("name", &self.shown(&account)?)]));
        Ok(())
    }

    /// The rule by which the list is narrowed: a group, a tag behind `#`, the favourites, or nothing.
    pub(super) fn view(&self, typed: &str) -> Result<View, Fault> {
        let (typed, sort) = (typed.trim(), self.sort.get());
        let view = View { sort, ..View::default() };
        Ok(match typed.strip_prefix('#') {
            _ if typed.is_empty() => view,
            Some(tag) => View { tag: Some(tag.to_owned()), ..view },
            None if typed.eq_ignore_ascii_case("favourites") => View { favourites: true, ..view },
            None => View { group: Some(self.group(typed)?.id), ..view },
        })
    }

    fn find_words(&self, words: &str) -> Result<(), Fault> {
        self.unlock()?;
        self.list(&View { search: words.to_owned(), sort: self.sort.get(), ..View::default() })
    }

    fn sort_by(&self, typed: &str) -> Result<(), Fault> {
        let sort = match typed.trim() {
            "own" => Sort::Manual,
            "name" => Sort::Name,
            "use" => Sort::Use,
            "code" => Sort::Code,
            _ => return Err(Fault::refused(text("tui.plain_sorts"))),
        };
        self.sort.set(sort);
        setting::keep_sort(&self.settings, sort)?;
        self.codes("")
    }

    fn details(&self, name: &str) -> Result<(), Fault> {
        let account = self.account(name)?;
        say(&self.shown(&account)?);
        for (label, value) in rows::about(&self.desk.app, &account)? {
            say(&format!("{label}: {}", outside::isolated(&value)));
        }
        let note = self.desk.app.note(account.id)?;
        note.lines().for_each(|line| say(&outside::isolated(line)));
        Ok(())
    }

    fn place(&self, name: &str) -> Result<(), Fault> {
        let account = self.account(name)?;
        let Some(before) = self.asked(text("tui.plain_before"))? else { return Ok(()) };
        let before = if before.is_empty() { None } else { Some(self.account(&before)?.id) };
        if !self.desk.app.move_account(account.id, before)? {
            say(text("tui.nothing_changed"));
            return Ok(());
        }
        self.did(fill("tui.did_move", &[("name", &self.shown(&account)?)]));
        Ok(())
    }

    fn group(&self, name: &str) -> Result<Group, Fault> {
        self.unlock()?;
        let wanted = name.trim().to_lowercase();
        let groups = self.desk.app.groups()?;
        let found = groups.into_iter().find(|group| group.name.to_lowercase() == wanted);
        found.ok_or_else(|| Fault::refused(text("tui.plain_no_group")))
    }

    fn groups(&self) -> Result<(), Fault> {
        self.unlock()?;
        let (groups, accounts) = (self.desk.app.groups()?, self.desk.app.accounts()?);
        for group in &groups {
            let count = accounts.iter().filter(|account| account.details.groups.contains(&group.id)).count();
            say(&format!("{}: {count}", outside::isolated(&group.name)));
        }
        for (tag, count) in self.desk.app.tags()? {
            say(&format!("#{}: {count}", outside::isolated(&tag)));
        }
        if groups.is_empty() {
            say(text("tui.plain_groups_none"));
        }
        Ok(())
    }

    /// Puts an account into a group, which is made where it is not there, or takes it out.
    fn put(&self, name: &str, inside: bool) -> Result<(), Fault> {
        let account = self.account(name)?;
        let Some(group) = self.asked(text("tui.plain_which_group"))? else { return Ok(()) };
        let app = &self.desk.app;
        let (changed, said) = if inside {
            let changed = saving::with_groups(app, std::slice::from_ref(&group), |join| {
                app.edit_accounts(&[account.id], &Edit { join, ..Edit::default() })
            });
            (changed?, "tui.did_join")
        } else {
            let leave = vec![self.group(&group)?.id];
            (app.edit_accounts(&[account.id], &Edit { leave, ..Edit::default() })?, "tui.did_leave")
        };
        if changed == 0 {
            say(text("tui.nothing_changed"));
            return Ok(());
        }
        self.did(fill(said, &[("name", &self.shown(&account)?), ("group", &outside::isolated(&group))]));
        Ok(())
    }

    fn rename_group(&self, name: &str) -> Result<(), Fault> {
        let group = self.group(name)?;
        let question = fill("tui.group_rename", &[("name", &outside::isolated(&group.name))]);
        match self.asked(&format!("{question}:"))? {
            Some(new) if !new.is_empty() && self.desk.app.rename_group(group.id, &new)? => {
                let (before, after) = (outside::isolated(&group.name), outside::isolated(&new));
                self.did(fill("tui.did_rename", &[("before", &before), ("after", &after)]));
            }
            Some(new) if !new.is_empty() => say(text("tui.nothing_changed")),
            _ => {}
        }
        Ok(())
    }

    fn delete_group(&self, name: &str) -> Result<(), Fault> {
        let group = self.group(name)?;
        let accounts = self.desk.app.accounts()?;
        let count = accounts.iter().filter(|account| account.details.groups.contains(&group.id)).count();
        say(&fill("tui.group_delete_about", &[("n", &count.to_string())]));
        if self.yes(&fill("tui.group_delete", &[("name", &outside::isolated(&group.name))]))? {
            self.desk.app.delete_group(group.id)?;
            self.did(fill("tui.did_ungroup", &[("name", &outside::isolated(&group.name))]));
        }
        Ok(())
    }

    fn bin(&self) -> Result<(), Fault> {
        self.unlock()?;
        let bin = self.desk.app.bin()?;
        for row in &bin {
            say(&format!("{} · {}", shown(&row.account), fill("tui.bin_until", &[("day", &when::day(row.until))])));
        }
        if bin.is_empty() {
            say(text("tui.bin_empty"));
        }
        Ok(())
    }

    fn binned(&self, name: &str) -> Result<Arc<Account>, Fault> {
        self.unlock()?;
        let bin: Vec<Arc<Account>> = self.desk.app.bin()?.into_iter().map(|row| row.account).collect();
        if bin.is_empty() {
            return Err(Fault::refused(text("tui.bin_empty")));
        }
        account::find(&bin, name)
    }

    fn restore(&self, name: &str) -> Result<(), Fault> {
        let account = self.binned(name)?;
        self.desk.app.restore_accounts(&[account.id])?;
        say(&fill("tui.brought_back", &[("name", &self.shown(&account)?)]));
        Ok(())
    }

    fn purge(&self, name: &str) -> Result<(), Fault> {
        let account = self.binned(name)?;
        if self.yes(&fill("tui.bin_ask", &[("name", &shown(&account))]))? {
            self.desk.app.purge_accounts(&[account.id])?;
            say(text("tui.plain_purged"));
        }
        Ok(())
    }

    fn type_in(&self) -> Result<(), Fault> {
        self.unlock()?;
        let mut form = Form::add();
        if self.saved(&mut form, |form| saving::add(&self.desk.app, form))?.is_some() {
            let name = account::names(form.text(Item::Issuer), form.text(Item::Name));
            say(&fill("cli.added", &[("name", &outside::isolated(&name))]));
        }
        Ok(())
    }

    fn edit(&self, name: &str) -> Result<(), Fault> {
        let account = self.account(name)?;
        let mut form = saving::form_of(&self.desk.app, &account)?;
        if self.saved(&mut form, |form| saving::change(&self.desk.app, &account, form))? == Some(true) {
            self.did(fill("tui.did_change", &[("name", &shown(&account))]));
        }
        Ok(())
    }

    /// Fills a form in and saves it. A row that is not taken is asked for again; an empty line there leaves all as it was.
    fn saved<T>(&self, form: &mut Form, save: impl Fn(&Form) -> Result<T, Refusal>) -> Result<Option<T>, Fault> {
        if !self.fill_in(form)? {
            return Ok(None);
        }
        loop {
            let (words, item) = match save(form) {
                Ok(saved) => return Ok(Some(saved)),
                Err((words, Some(item))) => (words, item),
                Err((words, None)) => return Err(Fault::refused(words)),
            };
            say(&words);
            let line = self.row(form, item)?.filter(|line| !line.trim().is_empty());
            let Some(line) = line else { return Err(Fault::refused(text("cli.nothing_changed"))) };
            form.answer(item, &line);
        }
    }

    /// Asks for each row of a form; an empty line leaves it as it is. `false` where the input ended.
    fn fill_in(&self, form: &mut Form) -> Result<bool, Fault> {
        say(text("tui.plain_form"));
        let mut next = form.items().first().copied();
        while let Some(item) = next.filter(|item| *item != Item::Save) {
            let Some(line) = self.row(form, item)? else { return Ok(false) };
            if line.trim().is_empty() || form.answer(item, if line.trim() == "-" { "" } else { &line }) {
                // What is asked next depends on the kind.
                let items = form.items();
                next = items.iter().position(|at| *at == item).and_then(|at| items.get(at + 1)).copied();
            } else {
                say(text("tui.plain_choose"));
            }
        }
        Ok(true)
    }

    fn row(&self, form: &Form, item: Item) -> Result<Option<Zeroizing<String>>, Fault> {
        let (label, value) = (form::label(item), form.value(item));
        if is_secret(item) {
            return self.terminal.next_line(&format!("{label}:"), true);
        }
        let choices = form.choices(item);
        let question = match (is_text(item), value.is_empty()) {
            (true, true) => format!("{label}:"),
            (true, false) => format!("{label} [{}]:", outside::isolated(&value.replace('\n', " "))),
            (false, _) => format!("{label} [{value}] ({}):", choices.join(", ")),
        };
        prompt(&format!("{question} "));
        stdin_line()
    }

    /// A line that answers a question; `None` at the end of the input.
    fn asked(&self, question: &str) -> Result<Option<String>, Fault> {
        prompt(&format!("{question} "));
        Ok(stdin_line()?.map(|line| line.trim().to_owned()))
    }

    /// Copies the code of an account.
    fn copy(&self, name: &str) -> Result<(), Fault> {
        let account = self.account(name)?;
        // A counted code is not made in vain.
        clipboard::check()?;
        let codes = self.desk.app.codes(self.desk.clock.now())?;
        let row = codes.rows.iter().find(|row| row.account.id == account.id);
        let code = match row.and_then(|row| row.live.as_ref()) {
            Some(live) => {
                let _ = self.desk.app.used(account.id);
                live.code.to_string()
            }
            None => self.desk.app.next_hotp(account.id)?.to_string(),
        };
        let seconds = setting::read(&self.desk.app, &self.settings)?.clipboard;
        say(&clipboard::copy(&Zeroizing::new(code), seconds)?.words());
        Ok(())
    }

    /// The code of a hidden account, once.
    fn show(&self, name: &str) -> Result<(), Fault> {
        let account = self.account(name)?;
        let codes = self.desk.app.codes(self.desk.clock.now())?;
        let row = codes.rows.iter().find(|row| row.account.id == account.id);
        match row.and_then(|row| row.live.as_ref()) {
            Some(live) => {
                say(&live.code.grouped());
                let _ = self.desk.app.used(account.id);
            }
            None => say(text("tui.plain_counted")),
        }
        Ok(())
    }
}

/// What can be set, and setting it.
impl Phone {
    fn settings(&self) -> Result<(), Fault> {
        self.unlock()?;
        let set = setting::read(&self.desk.app, &self.settings)?;
        let after = set.lock_after.map_or_else(|| text("tui.never").to_owned(), words::time);
        let leave = text(if set.lock_on_leave { "tui.yes" } else { "tui.no" });
        say(&format!("{}: {after}", text("tui.setting_lock")));
        say(&format!("{}: {leave}", text("tui.setting_leave")));
        say(&format!("{}: {}", text("tui.setting_clipboard"), words::time(set.clipboard.into())));
        say(text("tui.plain_set"));
        Ok(())
    }

    fn set(&self, typed: &str) -> Result<(), Fault> {
        self.unlock()?;
        let now = setting::read(&self.desk.app, &self.settings)?;
        let none = || Fault::refused(text("tui.plain_set"));
        let (what, value) = typed.trim().split_once(' ').ok_or_else(none)?;
        let set = match (what, value.trim()) {
            ("lock", "never") => Settings { lock_after: None, ..now },
            ("lock", seconds) => Settings { lock_after: Some(seconds.parse().map_err(|_| none())?), ..now },
            ("leave", "yes") => Settings { lock_on_leave: true, ..now },
            ("leave", "no") => Settings { lock_on_leave: false, ..now },
            ("clipboard", seconds) => Settings { clipboard: seconds.parse().map_err(|_| none())?, ..now },
            _ => return Err(none()),
        };
        setting::write(&self.desk.app, &self.settings, set)?;
        self.settings()
    }
}

/// Issuer and name of an account, fit for a line of words.
fn shown(account: &Account) -> String {
    outside::isolated(&account::line(account))
}
