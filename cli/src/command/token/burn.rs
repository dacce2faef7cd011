//! `countersign token burn`: one token is written, proven, and put into a ledger where that is asked for.

use std::cell::RefCell;

use countersign_core::burn::ledger::Entry;
use countersign_core::burn::{Ending, LedgerRow, Plan, Request, Said};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::args::{Burn, Manner};
use super::kept::{Burns, proof_of};
use super::ledger::Prepared;
use super::table::{Table, stopped};
use super::write::{self, Done, Planned};
use super::{ledger, profile, seed, told};
use crate::command::Context;
use crate::fault::Fault;
use crate::token_words;

/// Reads what is to be written, shows what that would do, asks, writes, and reads back.
pub fn run(context: &Context, asked: &Burn) -> Result<(), Fault> {
    let manner = &asked.writing.manner;
    ledger::may_write(&asked.writing.out)?;
    let mut table = Table::open(context, &asked.writing.on, &manner.key)?;
    let out = ledger::prepared(context, &asked.writing.out)?;
    if asked.resume {
        return take_up(&mut table, asked, out.as_ref());
    }
    let (request, said) = requested(&mut table, asked)?;
    let (clock, random) = (table.clock.clone(), table.random.clone());
    let other = RefCell::new(None);
    let mut agrees = |planned: &Planned, burns: &dyn Burns| {
        may_be_kept(context, burns, asked, &planned.plan)?;
        // What is not proven may stand in the file or not: that is seen then.
        let to_be: Vec<Entry> = entry(clock.now(), &planned.plan, Ending::ProvenByLink).into_iter().collect();
        ledger::foretell(context, out.as_ref(), &to_be, &*random)?;
        let found = elsewhere(burns, &planned.plan)?;
        context.terminal.say(&words_of(planned, found.as_ref()));
        let is_unasked = manner.yes && !asked.spare;
        if let Some(row) = found.as_ref().filter(|_| is_unasked) {
            return Err(Fault::refused(fill("token.elsewhere", &[("elsewhere", &token_words::of_elsewhere(row))])));
        }
        other.replace(found);
        write::agree(context, planned, manner)
    };
    // From here on it ends in words, whoever stops it.
    let interrupt = table.interrupt.clone();
    if manner.yes && !manner.dry_run {
        return interrupt.hold(|| {
            let (Planned { plan, stands }, first) = write::plan_and_begin(&mut table, &request, said, &mut agrees)?;
            let done = write::carry_on(&mut table, plan, first, manner)?;
            told_of(&table, out.as_ref(), &done, (stands.as_ref(), other.borrow().as_ref()))
        });
    }
    let planned = write::plan(&mut table, &request, said)?;
    if manner.dry_run {
        return told_ahead(context, &planned, elsewhere(&*table.burns, &planned.plan)?.as_ref());
    }
    agrees(&planned, &*table.burns)?;
    interrupt.hold(|| {
        let done = write::carry_out(&mut table, planned.plan, manner)?;
        told_of(&table, out.as_ref(), &done, (planned.stands.as_ref(), other.borrow().as_ref()))
    })
}

/// Takes up what was begun. That what is in its place goes was agreed to then: it may be the half of it.
fn take_up(table: &mut Table<'_>, asked: &Burn, out: Option<&Prepared>) -> Result<(), Fault> {
    let manner = &asked.writing.manner;
    let planned = write::plan_anew(table)?;
    if manner.dry_run {
        return told_ahead(table.context, &planned, None);
    }
    let Planned { plan, stands } = planned;
    table.context.terminal.say(&token_words::of_plan(&plan, stands.as_ref()));
    write::ask(table.context, &plan, manner)?;
    let interrupt = table.interrupt.clone();
    interrupt.hold(|| {
        let done = write::take_up_planned(table, plan, manner)?;
        told_of(table, out, &done, (stands.as_ref(), None))
    })
}

/// What would be done, and nothing else.
fn told_ahead(context: &Context, planned: &Planned, elsewhere: Option<&LedgerRow>) -> Result<(), Fault> {
    let json = json!({ "plan": of_plan(&planned.plan, planned.stands.as_ref(), elsewhere) });
    context.terminal.result(&words_of(planned, elsewhere), &json);
    Ok(())
}

/// A plan, and which other token holds its seed.
fn words_of(Planned { plan, stands }: &Planned, elsewhere: Option<&LedgerRow>) -> String {
    let also = elsewhere.map(|row| format!("\n  {}", token_words::of_elsewhere(row)));
    format!("{}{}", token_words::of_plan(plan, stands.as_ref()), also.unwrap_or_default())
}

/// What is to be written, and what was said beside the seed.
fn requested(table: &mut Table<'_>, asked: &Burn) -> Result<(Request, Said), Fault> {
    let random = table.random.clone();
    let (request, remarks) = seed::request(table.context, asked, table.burns.desk(), &*random)?;
    remarks.iter().for_each(|remark| table.context.terminal.say(remark));
    let Manner { display, yes, .. } = &asked.writing.manner;
    let profile = profile::chosen(table, asked.profile, !yes, profile::From::All)?;
    let said = Said { profile, title: asked.title.is_some(), display: display.is_some() };
    Ok((Request { profile: profile.unwrap_or_default(), ..request }, said))
}

/// Refuses what nobody could find again: a ledger of a token that tells no number, and a new seed that is kept nowhere. Of one that
/// the vault alone keeps that is said.
fn may_be_kept(context: &Context, burns: &dyn Burns, asked: &Burn, plan: &Plan) -> Result<(), Fault> {
    let has_ledger = asked.writing.out.ledger.is_some();
    if plan.identity().serial.is_none() && (has_ledger || asked.random) {
        return Err(Fault::refused(text("token.ledger_no_serial")));
    }
    match (asked.random && !has_ledger, burns.desk()) {
        (true, None) => Err(Fault::refused(text("token.batch_random_ledger"))),
        (true, Some(_)) => {
            context.terminal.say(text("token.random_kept"));
            Ok(())
        }
        (false, _) => Ok(()),
    }
}

/// Which other token holds the seed. One that is taken up was agreed to when it was begun.
fn elsewhere(burns: &dyn Burns, plan: &Plan) -> Result<Option<LedgerRow>, Fault> {
    match burns.desk() {
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
    let written = match entry(table.clock.now(), &done.plan, done.ending) {
        Some(entry) => ledger::write_out(table.context, out, &[entry], &*table.random),
        None if out.is_some() => Err(Fault::refused(text("token.ledger_no_serial"))),
        None => Ok(Value::Null),
    };
    // The token is written whatever became of the file.
    let (written, not_written) = written.map_or_else(|fault| (Value::Null, Err(fault)), |value| (value, Ok(())));
    terminal.result("", &result(done, known, &written));
    let words = token_words::of_ending(done.ending);
    if matches!(done.ending, Ending::ClockOff(_)) && not_written.is_ok() {
        return Err(Fault::clock_off(words));
    }
    terminal.say(&words);
    // Whoever left before it was proven is not told that all went well.
    let has_left = table.interrupt.was_asked() && !done.ending.is_proven();
    if has_left { not_written.and(Err(stopped())) } else { not_written }
}

/// The token's row of a ledger; none of a token that tells no serial number, or into which nothing was written.
fn entry(now: u64, plan: &Plan, ending: Ending) -> Option<Entry> {
    let identity = plan.identity();
    Some(Entry {
        serial: identity.serial.clone()?,
        profile: plan.profile(),
        manufacturer: token_words::maker(identity.family).to_owned(),
        model: identity.model.unwrap_or_default().to_owned(),
        credential: ending.leaves(&plan.request().credential),
        written_at: now,
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
