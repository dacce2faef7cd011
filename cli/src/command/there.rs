//! An account that is there already: under which name it is kept, and what becomes of its counter.

use std::sync::Arc;

use countersign_core::vault::{Account, AccountId, COUNTER_AHEAD, Kind};
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

/// What became of one, given all as they were and as they are.
pub fn after(were: &[Arc<Account>], are: &[Arc<Account>], id: AccountId) -> String {
    let Some(kept) = of(are, id) else { return text("error.duplicate").to_owned() };
    match (of(were, id).map(|was| was.kind), kept.kind) {
        (Some(Kind::Hotp(was)), Kind::Hotp(is)) if was != is => said("scan.counter_went", kept, was.get(), is.get()),
        // How it was is not known: whether its counter goes ahead is told when it did.
        (None, Kind::Hotp(_)) => fill("scan.there_short", &[("name", &name(kept))]),
        _ => stays(kept),
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
