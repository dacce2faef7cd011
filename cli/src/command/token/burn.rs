//! `countersign token burn`: one token is written, proven, and put into a ledger where that is asked for.

use countersign_core::burn::ledger::Entry;
use countersign_core::burn::{Ending, LedgerRow, Plan, Said};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::args::Burn;
use super::kept::proof_of;
use super::ledger::Prepared;
use super::table::{Table, stopped};
use super::write::{self, Done, Planned};
use super::{ledger, seed, told};
use crate::command::Context;
use crate::fault::Fault;
use crate::token_words;

/// Reads what is to be written, shows what that would do, asks, writes, and reads back.
pub fn run(context: &Context, asked: &Burn) -> Result<(), Fault> {
    let manner = &asked.writing.manner;
    ledger::may_write(&asked.writing.out)?;
    let mut table = Table::open(context, &asked.writing.on, &manner.key)?;
    let out = ledger::prepared(context, &asked.writing.out)?;
    let planned = if asked.resume { write::plan_anew(&mut table)? } else { planned(&mut table, asked)? };
    let Planned { plan, stands } = &planned;
    let elsewhere = elsewhere(&table, asked, plan)?;
    let also = elsewhere.as_ref().map(|row| format!("\n  {}", token_words::of_elsewhere(row)));
    let words = format!("{}{}", token_words::of_plan(plan, stands.as_ref()), also.unwrap_or_default());
    if manner.dry_run {
        context.terminal.result(&words, &json!({ "plan": of_plan(plan, stands.as_ref(), elsewhere.as_ref()) }));
        return Ok(());
    }
    if asked.resume {
        // That what is in its place goes was agreed to when it was begun: it may be the half of it.
        context.terminal.say(&words);
        write::ask(&table, plan, manner)?;
    } else {
        may_be_kept(&table, asked, plan)?;
        // What is not proven may stand in the file or not: that is seen then.
        let to_be: Vec<Entry> = entry(&table, plan, Ending::ProvenByLink).into_iter().collect();
        ledger::foretell(context, out.as_ref(), &to_be, &*table.random)?;
        context.terminal.say(&words);
        let is_unasked = manner.yes && !asked.spare;
        if let Some(row) = elsewhere.as_ref().filter(|_| is_unasked) {
            return Err(Fault::refused(fill("token.elsewhere", &[("elsewhere", &token_words::of_elsewhere(row))])));
        }
        write::agree(&table, &planned, manner)?;
    }
    // From here on it ends in words, whoever stops it.
    let interrupt = table.interrupt.clone();
    interrupt.hold(|| {
        let Planned { plan, stands } = planned;
        let done = if asked.resume {
            write::take_up_planned(&mut table, plan, manner)?
        } else {
            write::carry_out(&mut table, plan, manner)?
        };
        told_of(&table, out.as_ref(), &done, (stands.as_ref(), elsewhere.as_ref()))
    })
}

/// What is to be written, planned for the token that lies there.
fn planned(table: &mut Table<'_>, asked: &Burn) -> Result<Planned, Fault> {
    let random = table.random.clone();
    let (request, remarks) = seed::request(table.context, asked, table.burns.desk(), &*random)?;
    remarks.iter().for_each(|remark| table.context.terminal.say(remark));
    let display = asked.writing.manner.display.is_some();
    Ok(write::plan(table, &request, Said { profile: asked.profile, title: asked.title.is_some(), display })?)
}

/// Refuses what nobody could find again: a ledger of a token that tells no number, and a new seed that is kept nowhere. Of one that
/// the vault alone keeps that is said.
fn may_be_kept(table: &Table<'_>, asked: &Burn, plan: &Plan) -> Result<(), Fault> {
    let has_ledger = asked.writing.out.ledger.is_some();
    if plan.identity().serial.is_none() && (has_ledger || asked.random) {
        return Err(Fault::refused(text("token.ledger_no_serial")));
    }
    match (asked.random && !has_ledger, table.burns.desk()) {
        (true, None) => Err(Fault::refused(text("token.batch_random_ledger"))),
        (true, Some(_)) => {
            table.context.terminal.say(text("token.random_kept"));
            Ok(())
        }
        (false, _) => Ok(()),
    }
}

/// Which other token holds the seed. One that is taken up was agreed to when it was begun.
fn elsewhere(table: &Table<'_>, asked: &Burn, plan: &Plan) -> Result<Option<LedgerRow>, Fault> {
    match table.burns.desk().filter(|_| !asked.resume) {
        Some(desk) => Ok(desk.app.elsewhere(plan)?),
        None => Ok(None),
    }
}

/// A plan for scripts, with what the ledger knows of its place and of its seed.
fn of_plan(plan: &Plan, stands: Option<&LedgerRow>, elsewhere: Option<&LedgerRow>) -> Value {
    let mut json = told::plan(plan, stands);
    if let Value::Object(json) = &mut json {
        json.insert("elsewhere".to_owned(), elsewhere.map_or(Value::Null, told::elsewhere));
    }
    json
}

/// Writes the ledger, and says what came of it.
fn told_of(
    table: &Table<'_>,
    out: Option<&Prepared>,
    done: &Done,
    known: (Option<&LedgerRow>, Option<&LedgerRow>),
) -> Result<(), Fault> {
    let terminal = &table.context.terminal;
    let written = match entry(table, &done.plan, done.ending) {
        Some(entry) => ledger::write_out(table.context, out, &[entry], &*table.random),
        None if out.is_some() => Err(Fault::refused(text("token.ledger_no_serial"))),
        None => Ok(Value::Null),
    };
    // The token is written whatever became of the file.
    let (written, not_written) = written.map_or_else(|fault| (Value::Null, Err(fault)), |value| (value, Ok(())));
    terminal.result("", &result(done, known, &written));
    terminal.say(&token_words::of_ending(done.ending));
    // Whoever left before it was proven is not told that all went well.
    let has_left = table.interrupt.was_asked() && !done.ending.is_proven();
    if has_left { not_written.and(Err(stopped())) } else { not_written }
}

/// The token's row of a ledger; none of a token that tells no serial number, or into which nothing was written.
fn entry(table: &Table<'_>, plan: &Plan, ending: Ending) -> Option<Entry> {
    let identity = plan.identity();
    Some(Entry {
        serial: identity.serial.clone()?,
        profile: plan.profile(),
        manufacturer: token_words::maker(identity.family).to_owned(),
        model: identity.model.unwrap_or_default().to_owned(),
        credential: ending.leaves(&plan.request().credential),
        written_at: table.clock.now(),
        proof: proof_of(ending)?,
        ahead: ending.ahead(),
    })
}

/// What a script is told.
fn result(done: &Done, known: (Option<&LedgerRow>, Option<&LedgerRow>), ledger: &Value) -> Value {
    let mut json = of_plan(&done.plan, known.0, known.1);
    if let (Value::Object(json), Value::Object(ending)) = (&mut json, told::ending(done.ending)) {
        json.extend(ending);
        json.insert("ledger".to_owned(), ledger.clone());
    }
    json
}
