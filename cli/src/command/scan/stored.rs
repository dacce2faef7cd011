//! What was agreed on is stored, and what became of each is told.

use std::sync::Arc;

use countersign_core::app::{TransferRow, TransferState};
use countersign_core::vault::{Account, Kind, NewAccount};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::super::Context;
use super::super::there::{self, Became};
use super::found::{Found, One, kinds};
use super::{Scan, line};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::{transfer_words, words};

/// Stores what was agreed on, and tells of each account what became of it.
pub fn store(context: &Context, desk: &Desk, found: Found, options: &Scan) -> Result<(), Fault> {
    let were = desk.app.accounts()?;
    let accounts: Vec<NewAccount> = found.accounts.iter().map(One::new_account).collect();
    let mut rows: Vec<TransferRow> = Vec::new();
    let read: Vec<Option<Kind>> =
        accounts.iter().map(|account| Some(account.kind)).chain(kinds(&found.transfer)).collect();
    if !accounts.is_empty() {
        let added = desk.app.add_accounts(&accounts)?;
        rows.extend(accounts.into_iter().zip(added).map(|(account, added)| TransferRow {
            issuer: account.issuer,
            name: account.name,
            state: added.into(),
        }));
    }
    if found.has_transfer() {
        let partly = options.partly || !found.transfer.is_whole();
        rows.extend(desk.app.import_transfer(&found.transfer, partly)?);
    }
    let are = desk.app.accounts()?;
    let became = rows.iter().zip(read).map(|(row, kind)| match (row.state, kind) {
        (TransferState::There(id), Some(kind)) => Some(there::became(&were, &are, id, kind)),
        _ => None,
    });
    let outcome = Outcome { became: became.collect(), rows, are, asked: !options.yes };
    told(context, &outcome, &found)
}

/// What became of all that was read.
struct Outcome {
    rows: Vec<TransferRow>,
    /// Of each that was there already.
    became: Vec<Option<Became>>,
    are: Arc<[Arc<Account>]>,
    /// Whether a person was told before what would become of it.
    asked: bool,
}

impl Outcome {
    /// Whether a counter of one that was there went ahead.
    fn has_moved(&self) -> bool {
        self.became.iter().any(|became| matches!(became, Some(Became::Went(_))))
    }

    /// What is said of those that were there: all, or to who was told before, that a counter can go back.
    fn of_there(&self) -> Vec<String> {
        let there = self.rows.iter().zip(&self.became);
        let words = there.filter_map(|(row, became)| match (became, row.state) {
            (Some(Became::Went(_)), _) if self.asked => Some(text("accounts.undo_how").to_owned()),
            (Some(Became::Stays(_)), _) if self.asked => None,
            (Some(became), _) => Some(of_there(row, &became.clone().words())),
            (None, TransferState::Twice) => Some(row_words(row)),
            (None, _) => None,
        });
        let mut words: Vec<String> = words.collect();
        words.dedup();
        words
    }
}

fn told(context: &Context, outcome: &Outcome, found: &Found) -> Result<(), Fault> {
    let rows = &outcome.rows;
    let of = |state: fn(TransferState) -> bool| -> Vec<&TransferRow> {
        rows.iter().filter(|row| state(row.state)).collect()
    };
    let added = of(|state| matches!(state, TransferState::Added(_)));
    let there = of(|state| matches!(state, TransferState::There(_) | TransferState::Twice));
    let refused = of(|state| matches!(state, TransferState::Unreadable(_) | TransferState::Refused(_)));
    let json = |rows: &[&TransferRow]| rows.iter().map(|row| row_json(row, &outcome.are)).collect::<Vec<_>>();
    let not_taken: Vec<Value> = json(&refused).into_iter().chain(found.refused_json()).collect();
    context.terminal.result(
        "",
        &json!({ "added": json(&added), "there": json(&there), "refused": not_taken, "other": found.other_words() }),
    );
    outcome.of_there().iter().for_each(|words| context.terminal.say(words));
    refused.iter().for_each(|row| context.terminal.say(&row_words(row)));
    found.in_doubt.iter().for_each(|one| context.terminal.say(&one.not_taken()));
    match added.as_slice() {
        [] => {}
        [one] => context.terminal.say(&fill("cli.added", &[("name", &line(&one.issuer, &one.name))])),
        many => context.terminal.say(&fill("scan.added_many", &[("n", &many.len().to_string())])),
    }
    match (not_taken.len(), added.len()) {
        (0, 0) if !outcome.has_moved() => Err(Fault::refused(text("scan.nothing_new"))),
        (0, _) => Ok(()),
        (n, _) => {
            let (n, all) = (n.to_string(), (not_taken.len() + rows.len() - refused.len()).to_string());
            Err(Fault::refused(fill("scan.some_not_taken", &[("n", &n), ("all", &all)])))
        }
    }
}

/// Of one that is there already, what is or was to become of it.
pub fn of_there(row: &TransferRow, there: &str) -> String {
    fill("scan.there", &[("name", &line(&row.issuer, &row.name)), ("there", there)])
}

pub fn row_words(row: &TransferRow) -> String {
    let name = line(&row.issuer, &row.name);
    let refused = |why: String| fill("scan.not_taken", &[("name", &name), ("why", &why)]);
    match row.state {
        TransferState::New | TransferState::Added(_) | TransferState::There(_) => name,
        TransferState::Twice => fill("scan.twice", &[("name", &name)]),
        TransferState::Unreadable(fault) => refused(transfer_words::of_entry(fault)),
        TransferState::Refused(fault) => refused(words::of_error(&fault.into())),
    }
}

fn row_json(row: &TransferRow, accounts: &[Arc<Account>]) -> Value {
    let mut json = json!({ "issuer": row.issuer, "name": row.name });
    match row.state {
        TransferState::Added(id) => json["id"] = json!(id.to_string()),
        TransferState::There(id) => {
            json["id"] = json!(id.to_string());
            json["as"] = json!(there::of(accounts, id).map(there::as_json));
        }
        TransferState::Unreadable(fault) => json["why"] = json!(transfer_words::of_entry(fault)),
        TransferState::Refused(fault) => json["why"] = json!(words::of_error(&fault.into())),
        TransferState::New | TransferState::Twice => {}
    }
    json
}
