//! What is done with one account: its code, its page, its form, its end.

use std::sync::Arc;

use countersign_core::error::{Error, InputError};
use countersign_core::vault::{Account, AccountId};
use countersign_strings::fill;

use super::{Worker, lock};
use crate::command::account::Alike;
use crate::port::clipboard;
use crate::tui::form::{Form, Task};
use crate::tui::model::{Details, Figures};
use crate::tui::screen::Message;
use crate::tui::state::Event;
use crate::tui::{rows, saving};
use crate::{settings, words};

impl Worker {
    /// The next code of a counted account.
    pub(super) fn next(&self, id: &str) -> Vec<Event> {
        match self.next_code(id) {
            Ok(_) => Vec::new(),
            Err(fault) => vec![Event::Failed(words::of_error(&fault))],
        }
    }

    fn next_code(&self, id: &str) -> Result<Figures, Error> {
        let id = account_id(id)?;
        let code = Figures::new(self.0.desk.app.next_hotp(id)?.to_string());
        lock(&self.0.counted).insert(id, code.clone());
        // `App` told of the change before its code was known here.
        self.list_again();
        Ok(code)
    }

    /// Removes an account: into the bin, or for good where it can't be read.
    pub(super) fn remove(&self, id: &str, name: &str) -> Event {
        let done = account_id(id).and_then(|id| {
            self.0.desk.app.delete_account(id)?;
            Ok(self.0.desk.app.bin()?.iter().any(|row| row.account.id == id))
        });
        let said = fill("cli.removed", &[("name", name)]);
        match done {
            Ok(true) => Event::Did(said),
            Ok(false) => Event::Done(said),
            Err(fault) => Event::Failed(words::of_error(&fault)),
        }
    }

    /// Copies a code as it is now, not as it was drawn. Of a counted account one that is shown, or else the next.
    pub(super) fn copy(&self, id: &str, next: bool) -> Vec<Event> {
        let copied = self.code_to_copy(id, next).map(|code| self.put_on_clipboard(id, code));
        copied.unwrap_or_else(|fault| Some(Event::Copied(Err(words::of_error(&fault))))).into_iter().collect()
    }

    /// Hands it to the session; where there is none, the screen asks the terminal, to which nobody else may write while it
    /// is drawn.
    fn put_on_clipboard(&self, id: &str, code: Figures) -> Option<Event> {
        let read = settings::Settings::read(&self.0.settings);
        let seconds = read.map_or_else(|_| settings::Settings::default().clipboard, |read| read.settings.clipboard);
        if let Some(copied) = clipboard::copy_to_session(code.as_str(), seconds) {
            return Some(Event::Copied(Ok((id.to_owned(), copied.words()))));
        }
        let _ = lock(&self.0.messages).send(Message::Copy { id: id.to_owned(), code });
        None
    }

    fn code_to_copy(&self, id: &str, next: bool) -> Result<Figures, Error> {
        let wanted = account_id(id)?;
        let shown = lock(&self.0.counted).get(&wanted).cloned();
        let codes = self.0.desk.app.codes(self.now())?;
        let row = codes.rows.iter().find(|row| row.account.id == wanted).ok_or(InputError::NotFound)?;
        match (&row.live, shown) {
            (Some(live), _) => {
                self.used(id);
                Ok(Figures::new(if next { &live.next } else { &live.code }.to_string()))
            }
            // A counted code was counted when it was made.
            (None, Some(code)) => Ok(code),
            (None, None) => self.next_code(id),
        }
    }

    pub(super) fn account(&self, id: &str) -> Result<Arc<Account>, Error> {
        let id = account_id(id)?;
        let accounts = self.0.desk.app.accounts()?;
        Ok(accounts.iter().find(|account| account.id == id).cloned().ok_or(InputError::NotFound)?)
    }

    /// All that is known of an account but its key.
    pub(super) fn details(&self, id: &str) -> Event {
        let read = || {
            let account = self.account(id)?;
            let note = Figures::new(self.0.desk.app.note(account.id)?.as_str());
            let name = Alike::among(&self.0.desk.app)?.line(&account);
            Ok(Details { name, rows: rows::about(&self.0.desk.app, &account)?, note })
        };
        match read() {
            Ok(details) => Event::Details(Box::new(details)),
            Err(fault) => Event::Failed(words::of_error(&fault)),
        }
    }

    /// The form of an account that is there.
    pub(super) fn edit(&self, id: &str) -> Event {
        match self.account(id).and_then(|account| saving::form_of(&self.0.desk.app, &account)) {
            Ok(form) => Event::Form(Box::new(form)),
            Err(fault) => Event::Failed(words::of_error(&fault)),
        }
    }

    /// Saves what a form holds.
    pub(super) fn save(&self, form: &Form) -> Vec<Event> {
        let app = &self.0.desk.app;
        let saved = match &form.task {
            Task::Add => saving::add(app, form).map(|()| None),
            Task::Edit { id, name } => {
                let said = fill("tui.did_change", &[("name", name)]);
                let account = self.account(id).map_err(|fault| saving::refusal(&fault));
                account
                    .and_then(|account| saving::change(app, &account, form))
                    .map(|done| done.then(|| Event::Did(said)))
            }
        };
        match saved {
            Ok(did) => std::iter::once(Event::Saved(Ok(()))).chain(did).collect(),
            Err(refusal) => vec![Event::Saved(Err(refusal))],
        }
    }
}

pub(super) fn account_id(id: &str) -> Result<AccountId, Error> {
    Ok(id.parse().map(AccountId).map_err(|_| InputError::NotFound)?)
}
