//! What is done with one account: its code, its page, its form, its end.

use std::sync::Arc;

use countersign_core::error::{Error, InputError, Named, Rule};
use countersign_core::protocol::otp::base32::{self, Base32Error};
use countersign_core::protocol::otp::{Counter, Digits, Period};
use countersign_core::vault::{self, Account, AccountId, Edit, Kind, NewAccount};
use countersign_strings::{fill, text};

use super::{Worker, lock};
use crate::command::account;
use crate::tui::form::{Form, FormKind, Item, Task};
use crate::tui::model::{Details, Figures};
use crate::tui::state::Event;
use crate::{when, words};

/// Why a form is not taken: the words, and the row that is to blame.
type Refusal = (String, Option<Item>);

impl Worker {
    /// The next code of a counted account.
    pub(super) fn next(&self, id: &str) -> Vec<Event> {
        match self.next_code(id) {
            Ok(_) => vec![self.accounts(self.now())],
            Err(fault) => vec![Event::Failed(words::of_error(&fault))],
        }
    }

    fn next_code(&self, id: &str) -> Result<Figures, Error> {
        let id = account_id(id)?;
        let code = Figures::new(self.0.desk.app.next_hotp(id)?.to_string());
        lock(&self.0.counted).insert(id, code.clone());
        Ok(code)
    }

    /// Removes an account.
    pub(super) fn remove(&self, id: &str, name: &str) -> Vec<Event> {
        match account_id(id).and_then(|id| self.0.desk.app.delete_account(id)) {
            Ok(()) => vec![self.accounts(self.now()), Event::Done(fill("cli.removed", &[("name", name)]))],
            Err(fault) => vec![Event::Failed(words::of_error(&fault))],
        }
    }

    /// Copies a code as it is now, not as it was drawn. Of a counted account one that is shown, or else the next.
    pub(super) fn copy(&self, id: &str, next: bool) -> Vec<Event> {
        let mut events = Vec::new();
        let copied = match self.code_to_copy(id, next, &mut events) {
            Ok(code) => {
                self.put_on_clipboard(code);
                Ok(id.to_owned())
            }
            Err(fault) => Err(words::of_error(&fault)),
        };
        events.push(Event::Copied(copied));
        events
    }

    fn code_to_copy(&self, id: &str, next: bool, events: &mut Vec<Event>) -> Result<Figures, Error> {
        let wanted = account_id(id)?;
        let shown = lock(&self.0.counted).get(&wanted).cloned();
        let codes = self.0.desk.app.codes(self.now())?;
        let row = codes.rows.iter().find(|row| row.account.id == wanted).ok_or(InputError::NotFound)?;
        match (&row.live, shown) {
            (Some(live), _) if next => Ok(Figures::new(live.next.to_string())),
            (Some(live), _) => Ok(Figures::new(live.code.to_string())),
            (None, Some(code)) => Ok(code),
            (None, None) => {
                let code = self.next_code(id)?;
                events.push(self.accounts(self.now()));
                Ok(code)
            }
        }
    }

    fn account(&self, id: &str) -> Result<Arc<Account>, Error> {
        let id = account_id(id)?;
        let accounts = self.0.desk.app.accounts()?;
        Ok(accounts.iter().find(|account| account.id == id).cloned().ok_or(InputError::NotFound)?)
    }

    /// All that is known of an account but its key.
    pub(super) fn details(&self, id: &str) -> Event {
        let read = || {
            let account = self.account(id)?;
            let note = Figures::new(self.0.desk.app.note(account.id)?.as_str());
            Ok(Details { name: account::line(&account), rows: self.about(&account), note })
        };
        match read() {
            Ok(details) => Event::Details(Box::new(details)),
            Err(fault) => Event::Failed(words::of_error(&fault)),
        }
    }

    fn about(&self, account: &Account) -> Vec<(&'static str, String)> {
        let gateways = self.0.desk.app.gateways();
        let gateway = account.origin.and_then(|origin| gateways.iter().find(|gateway| gateway.id == origin));
        let mut rows = vec![
            (text("tui.about_kind"), account::kind(account)),
            (text("tui.about_algorithm"), account.algorithm.to_string()),
            (text("tui.about_added"), when::minute(account.created)),
            (text("tui.about_changed"), when::minute(account.changed)),
        ];
        rows.extend(gateway.map(|gateway| (text("tui.about_gateway"), words::host(gateway).to_owned())));
        rows
    }

    /// The form of an account that is there.
    pub(super) fn edit(&self, id: &str) -> Event {
        let read = || {
            let account = self.account(id)?;
            let mut form = Form::edit(id.to_owned(), account::line(&account));
            form.put(Item::Issuer, &account.issuer);
            form.put(Item::Name, &account.name);
            form.put(Item::Note, &self.0.desk.app.note(account.id)?);
            Ok(form)
        };
        match read() {
            Ok(form) => Event::Form(Box::new(form)),
            Err(fault) => Event::Failed(words::of_error(&fault)),
        }
    }

    /// Saves what a form holds.
    pub(super) fn save(&self, form: &Form) -> Vec<Event> {
        let saved = match &form.task {
            Task::Add => self.save_new(form),
            Task::Edit { id, .. } => self.save_changed(id, form),
        };
        match saved {
            Ok(()) => vec![self.accounts(self.now()), Event::Saved(Ok(()))],
            Err(refusal) => vec![Event::Saved(Err(refusal))],
        }
    }

    fn save_new(&self, form: &Form) -> Result<(), Refusal> {
        let (secret, _) =
            base32::decode(form.text(Item::Key)).map_err(|fault| (of_key(fault).to_owned(), Some(Item::Key)))?;
        let number = |item, field| {
            let number = form.text(item).parse::<u64>().ok();
            number.ok_or_else(|| of_fault(&InputError::Field { field, rule: Rule::Range }.into()))
        };
        let range = |field| of_fault(&InputError::Field { field, rule: Rule::Range }.into());
        let kind = match form.kind {
            FormKind::Timed => number(Item::Period, Named::Period)
                .and_then(|n| Period::try_from(n).map_err(|_| range(Named::Period)))
                .map(Kind::Totp)?,
            FormKind::Counted => number(Item::Counter, Named::Counter)
                .and_then(|n| Counter::try_from(n).map_err(|_| range(Named::Counter)))
                .map(Kind::Hotp)?,
        };
        let account = NewAccount {
            issuer: form.text(Item::Issuer).to_owned(),
            name: form.text(Item::Name).to_owned(),
            note: form.text(Item::Note).to_owned(),
            kind,
            algorithm: form.algorithm,
            digits: Digits::try_from(u64::from(form.digits)).map_err(|_| range(Named::Digits))?,
            secret,
            pin: None,
            origin: None,
            details: vault::Details::default(),
        };
        if account.issuer.is_empty() && account.name.is_empty() {
            return Err((text("tui.form_nameless").to_owned(), Some(Item::Issuer)));
        }
        self.0.desk.app.add_account(&account).map(drop).map_err(|fault| of_fault(&fault))
    }

    fn save_changed(&self, id: &str, form: &Form) -> Result<(), Refusal> {
        let changed = || {
            let edit = Edit {
                issuer: Some(form.text(Item::Issuer).to_owned()),
                name: Some(form.text(Item::Name).to_owned()),
                note: Some(form.text(Item::Note).to_owned()),
                ..Edit::default()
            };
            self.0.desk.app.edit_account(account_id(id)?, &edit)
        };
        changed().map_err(|fault| of_fault(&fault))
    }
}

/// The words of a fault, and the row that it is about.
fn of_fault(fault: &Error) -> Refusal {
    let named = match fault {
        Error::Input(InputError::Field { field, .. }) => Some(*field),
        Error::Input(InputError::TooMuch { what, .. }) => Some(*what),
        Error::Input(InputError::Duplicate(_)) => Some(Named::Secret),
        _ => None,
    };
    let to_blame = named.and_then(|named| match named {
        Named::Issuer => Some(Item::Issuer),
        Named::Name => Some(Item::Name),
        Named::Secret => Some(Item::Key),
        Named::Period => Some(Item::Period),
        Named::Counter => Some(Item::Counter),
        Named::Note => Some(Item::Note),
        _ => None,
    });
    (words::of_error(fault), to_blame)
}

/// Why a key that was typed is none.
fn of_key(fault: Base32Error) -> &'static str {
    text(match fault {
        Base32Error::LookAlike(_) => "qr.secret_look_alike",
        _ => "tui.form_key_wrong",
    })
}

fn account_id(id: &str) -> Result<AccountId, Error> {
    Ok(id.parse().map(AccountId).map_err(|_| InputError::NotFound)?)
}
