//! `countersign token burn`: one token is written, proven, and put into a ledger where that is asked for.

use countersign_core::burn::ledger::Entry;
use countersign_core::burn::{LedgerRow, Said};
use countersign_strings::text;
use serde_json::{Value, json};

use super::args::Burn;
use super::kept::proof_of;
use super::table::Table;
use super::write::{self, Done};
use super::{ledger, seed, told};
use crate::command::Context;
use crate::fault::Fault;
use crate::token_words;

/// Reads what is to be written, shows what that would do, asks, writes, and reads back.
pub fn run(context: &Context, asked: &Burn) -> Result<(), Fault> {
    let mut table = Table::open(context, &asked.on, &asked.manner.key)?;
    let out = ledger::prepared(context, &asked.out)?;
    let terminal = &context.terminal;
    let mut stands = None;
    let done = if asked.resume {
        write::take_up(&mut table, &asked.manner)?
    } else {
        let random = table.random.clone();
        let (request, remarks) = seed::request(context, asked, table.burns.desk(), &*random)?;
        remarks.iter().for_each(|remark| terminal.say(remark));
        let said =
            Said { profile: asked.profile, title: asked.title.is_some(), display: asked.manner.display.is_some() };
        let planned = write::plan(&mut table, &request, said)?;
        let words = token_words::of_plan(&planned.plan, planned.stands.as_ref());
        if asked.manner.dry_run {
            terminal.result(&words, &json!({ "plan": told::plan(&planned.plan, planned.stands.as_ref()) }));
            return Ok(());
        }
        terminal.say(&words);
        write::agree(&table, &planned, &asked.manner)?;
        stands = planned.stands;
        write::carry_out(&mut table, planned.plan, &asked.manner)?
    };
    let random = table.random.clone();
    let written = match entry(&table, &done) {
        Some(entry) => ledger::write_out(context, out.as_ref(), &[entry], &*random),
        None if out.is_some() => Err(Fault::refused(text("token.ledger_no_serial"))),
        None => Ok(Value::Null),
    };
    // The token is written whatever became of the file.
    let (written, not_written) = written.map_or_else(|fault| (Value::Null, Err(fault)), |value| (value, Ok(())));
    terminal.result("", &result(&done, stands.as_ref(), &written));
    terminal.say(&token_words::of_ending(done.ending));
    not_written
}

/// The token's row of a ledger; none of a token that tells no serial number.
fn entry(table: &Table<'_>, done: &Done) -> Option<Entry> {
    let identity = done.plan.identity();
    Some(Entry {
        serial: identity.serial.clone()?,
        profile: done.plan.profile(),
        manufacturer: token_words::maker(identity.family).to_owned(),
        model: identity.model.unwrap_or_default().to_owned(),
        credential: done.plan.request().credential.clone(),
        written_at: table.clock.now(),
        proof: proof_of(done.ending)?,
    })
}

/// What a script is told.
fn result(done: &Done, stands: Option<&LedgerRow>, ledger: &Value) -> Value {
    let mut json = told::plan(&done.plan, stands);
    if let (Value::Object(json), Value::Object(ending)) = (&mut json, told::ending(done.ending)) {
        json.extend(ending);
        json.insert("ledger".to_owned(), ledger.clone());
    }
    json
}
