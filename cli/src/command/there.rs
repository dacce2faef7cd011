//! An account that is there already: under which name it is kept, and what becomes of its counter.

use std::sync::Arc;

use countersign_core::app::App;
use countersign_core::error::{Error, InputError};
use countersign_core::vault::{Account, AccountId, COUNTER_AHEAD, Kind, Known, NewAccount};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::account;
use crate::outside::isolated;

/// The account of this id, where it can be read.
pub fn of(accounts: &[Arc<Account>], id: AccountId) -> Option<&Account> {
    accounts.iter().find(|account| account.id == id).map(|account| &**account)
}

/// What is said of one that was read as this kind, before it is added.
pub fn before(kept: Option<&Account>, read: Kind) -> String {
    let Some(kept) = kept else { return text("error.duplicate").to_owned() };
    let (Kind::Hotp(now), Kind::Hotp(read)) = (kept.kind, read) else { return stays(kept) };
    match read.get().saturating_sub(now.get()) {
        0 => stays(kept),
        1..=COUNTER_AHEAD => said("scan.counter_goes", kept, now.get(), read.get()),
        _ => said("scan.counter_far", kept, now.get(), read.get()),
    }
}

/// What is to be said of an account that is read while its vault is open, where it is there already.
pub fn foretold(app: &App, new: &NewAccount) -> Option<String> {
    let known = app.known_accounts(std::slice::from_ref(new)).ok()?.into_iter().next()?;
    let accounts = app.accounts().ok()?;
    match known {
        Known::There(id) => Some(before(of(&accounts, id), new.kind)),
        _ => None,
    }
}

/// What became of one, given all as they were and as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Became {
    /// Nothing: why, in words.
    Stays(String),
    /// Its counter went ahead, which can be taken back: that, in words without their end.
    Went(String),
}

/// What became of one that was read as this kind.
pub fn became(were: &[Arc<Account>], are: &[Arc<Account>], id: AccountId, read: Kind) -> Became {
    match (of(were, id).map(|was| was.kind), of(are, id)) {
        (Some(Kind::Hotp(was)), Some(kept)) if kept.kind != Kind::Hotp(was) => {
            let is = if let Kind::Hotp(is) = kept.kind { is } else { was };
            Became::Went(said("scan.counter_went", kept, was.get(), is.get()))
        }
        (_, kept) => Became::Stays(before(kept, read)),
    }
}

/// Adds an account at a phone of one's own: its id, or what became of the one that is there already.
///
/// # Errors
/// What `App` gives.
pub fn add(app: &App, new: &NewAccount) -> Result<Result<AccountId, Became>, Error> {
    let were = app.accounts()?;
    match app.add_account(new) {
        Ok(id) => Ok(Ok(id)),
        Err(Error::Input(InputError::Duplicate(id))) => {
            Ok(Err(became(&were, &app.accounts()?, AccountId(id), new.kind)))
        }
        Err(fault) => Err(fault),
    }
}

impl Became {
    /// As a command says it.
    pub fn words(self) -> String {
        match self {
            Self::Stays(words) => words,
            Self::Went(words) => format!("{words}. {}", text("accounts.undo_how")),
        }
    }
}

/// The account that is kept, for a script.
pub fn as_json(kept: &Account) -> Value {
    let mut json = json!({ "id": kept.id.to_string(), "issuer": kept.issuer, "name": kept.name });
    if let Kind::Hotp(counter) = kept.kind {
        json["counter"] = json!(counter.get());
    }
    json
}

fn stays(kept: &Account) -> String {
    fill("scan.there_as", &[("name", &name(kept))])
}

fn said(key: &str, kept: &Account, before: u64, after: u64) -> String {
    let (before, after, most) = (before.to_string(), after.to_string(), COUNTER_AHEAD.to_string());
    fill(key, &[("name", &name(kept)), ("before", &before), ("after", &after), ("most", &most)])
}

fn name(kept: &Account) -> String {
    format!("{} ({}{})", isolated(&account::line(kept)), account::NUMBER, kept.id)
}
