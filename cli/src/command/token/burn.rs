//! `countersign token burn`: one token is written, proven, and put into a ledger where that is asked for.

use countersign_core::burn::ledger::Entry;
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
    let done = if asked.resume {
        write::take_up(&mut table, &asked.manner)?
    } else {
        let random = table.random.clone();
        let (request, remarks) = seed::request(context, asked, table.burns.desk(), &*random)?;
        remarks.iter().for_each(|remark| terminal.say(remark));
        let plan = write::plan(&mut table, &request)?;
        if asked.manner.dry_run {
            terminal.result(&token_words::of_plan(&plan), &json!({ "plan": told::plan(&plan) }));
            return Ok(());
        }
        terminal.say(&token_words::of_plan(&plan));
        write::agree(&table, &plan, &asked.manner)?;
        write::carry_out(&mut table, plan, &asked.manner)?
    };
    let random = table.random.clone();
    let written = match entry(&table, &done) {
        Some(entry) => ledger::write_out(context, out.as_ref(), &[entry], &*random)?,
        None if out.is_some() => return Err(Fault::refused(text("token.ledger_no_serial"))),
        None => Value::Null,
    };
    terminal.result("", &result(&done, &written));
    terminal.say(&token_words::of_ending(done.ending));
    Ok(())
}

/// The token's row of a ledger; none of a token that tells no serial number.
fn entry(table: &Table<'_>, done: &Done) -> Option<Entry> {
    let identity = done.plan.identity();
    Some(Entry {
        serial: identity.serial.clone()?,
        manufacturer: token_words::maker(identity.family).to_owned(),
        model: identity.model.unwrap_or_default().to_owned(),
        credential: done.plan.request().credential.clone(),
        written_at: table.clock.now(),
        proof: proof_of(done.ending)?,
    })
}

/// What a script is told.
fn result(done: &Done, ledger: &Value) -> Value {
    let mut json = told::plan(&done.plan);
    if let (Value::Object(json), Value::Object(ending)) = (&mut json, told::ending(done.ending)) {
        json.extend(ending);
        json.insert("ledger".to_owned(), ledger.clone());
    }
    json
}
