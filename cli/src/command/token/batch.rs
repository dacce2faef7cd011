//! `countersign token batch`: many tokens, one after the other, each with its own row. It can be put down and taken up again.

use countersign_core::burn::Serial;
use countersign_core::burn::ledger::{Entry, Proof};
use countersign_core::burn::source::Row;
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::args::Batch;
use super::going::Going;
use super::table::Table;
use super::{ahead, batches, ledger, rows};
use crate::command::Context;
use crate::fault::Fault;
use crate::outside::isolated;

/// Reads the rows, asks once, and writes each token that is laid there.
pub fn run(context: &Context, asked: &Batch) -> Result<(), Fault> {
    if asked.list {
        return batches::list(context);
    }
    if let Some(name) = &asked.forget {
        return batches::forget(context, name, asked.writing.manner.yes);
    }
    ledger::may_write(&asked.writing.out)?;
    let mut table = Table::open(context, &asked.writing.on, &asked.writing.manner.key)?;
    let out = ledger::prepared(context, &asked.writing.out)?;
    let mut going = match &asked.resume {
        Some(name) => {
            let desk = table.burns.desk().ok_or_else(|| Fault::refused(text("token.batch_emulated")))?;
            let id = batches::find(desk, name)?.id;
            batches::give_back(desk, id, &asked.give_back)?;
            Going::taken_up(&table, desk, id)?
        }
        None => begun(&table, asked)?,
    };
    if asked.writing.manner.dry_run {
        let left: Vec<Row> = going.batch.left().cloned().collect();
        return ahead::dry_run(&mut table, &left, &asked.writing.manner);
    }
    going.wants_proof = out.as_ref().is_some_and(ledger::Prepared::wants_proof);
    begin(&mut table, asked, &going, out.as_ref())?;
    // From here on it ends in words, whoever stops it.
    let interrupt = table.interrupt.clone();
    interrupt.hold(|| carried_on(&mut table, asked, &mut going, out.as_ref()))
}

/// Writes what is left, and says how far it is, whatever ends it.
fn carried_on(
    table: &mut Table<'_>,
    asked: &Batch,
    going: &mut Going,
    out: Option<&ledger::Prepared>,
) -> Result<(), Fault> {
    if let (None, Some(desk)) = (going.id, table.burns.desk()) {
        going.id = Some(batches::keep(desk, asked, going.batch.rows())?);
    }
    let ended = going.all(table, &asked.writing.manner);
    let told = finished(table, asked, going, out);
    if let (Err(_), Err(fault)) = (&ended, &told) {
        table.context.terminal.say(&fault.words);
    }
    ended.and(told)
}

/// A batch of the rows that were asked for: the one that is kept of them, where it was put down, or a new one.
fn begun(table: &Table<'_>, asked: &Batch) -> Result<Going, Fault> {
    let mut rows = rows::rows(table.context, asked, &*table.random)?;
    for (row, issuer) in rows.iter_mut().zip(asked.issuer.iter().cycle()) {
        if row.credential.issuer.is_empty() {
            row.credential.issuer.clone_from(issuer);
        }
    }
    let ledger = table.burns.entries()?;
    if let Some(desk) = table.burns.desk()
        && let Some(kept) = batches::of_rows(desk, asked.name.as_deref(), &rows, &ledger)?
    {
        table.context.terminal.say(&fill("token.batch_goes_on", &[("batch", &batches::line(&kept))]));
        return Going::taken_up(table, desk, kept.id);
    }
    Ok(Going::new(new_rows(table, asked, rows, &ledger)?))
}

/// The rows of a new batch. One whose key is in a token already is in none twice.
fn new_rows(table: &Table<'_>, asked: &Batch, rows: Vec<Row>, ledger: &[Entry]) -> Result<Vec<Row>, Fault> {
    let there: Vec<usize> = batches::in_tokens(&rows, ledger)
        .into_iter()
        .map(|(row, serial)| {
            let values = [("line", &*row.line.to_string()), ("serial", &*isolated(&serial))];
            table.context.terminal.say(&fill("token.batch_in_token", &values));
            row.line
        })
        .collect();
    let n = there.len().to_string();
    if !there.is_empty() && !asked.skip_faulty {
        return Err(Fault::refused(fill("token.batch_faulty", &[("n", &n)])));
    }
    let rows: Vec<Row> = rows.into_iter().filter(|row| !there.contains(&row.line)).collect();
    if rows.is_empty() { Err(Fault::refused(fill("token.batch_faulty", &[("n", &n)]))) } else { Ok(rows) }
}

/// Says what will happen, and asks once: from then on each token that is laid there is written.
fn begin(table: &mut Table<'_>, asked: &Batch, going: &Going, out: Option<&ledger::Prepared>) -> Result<(), Fault> {
    let (terminal, manner) = (&table.context.terminal.clone(), &asked.writing.manner);
    let left = going.batch.left().count().to_string();
    let all = going.batch.rows().len().to_string();
    terminal.say(&fill("token.batch_begins", &[("left", &left), ("all", &all)]));
    if asked.random.is_some() && asked.writing.out.ledger.is_none() && table.burns.desk().is_none() {
        return Err(Fault::refused(text("token.batch_random_ledger")));
    }
    let to_be: Vec<Entry> = going.batch.left().filter_map(|row| to_be(row, table.clock.now())).collect();
    if !to_be.is_empty() {
        ledger::foretell(table.context, out, &to_be, &*table.random)?;
    }
    going.failed.iter().for_each(|(line, entry)| {
        let values = [("token", &*isolated(entry.serial.as_str())), ("line", &*line.to_string())];
        terminal.say(&fill("token.batch_open", &values));
    });
    // Who is asked for a yes is told before what would be refused after it.
    if !manner.yes && (terminal.has_person() || table.seat.is_emulated()) {
        ahead::fit(table, going.batch.left(), manner)?;
    }
    let question = text(if manner.replace { "token.batch_replace_ask" } else { "token.batch_ask" });
    if manner.yes || terminal.confirm(question)? {
        return Ok(());
    }
    Err(Fault::refused(text("cli.nothing_changed")))
}

/// What the ledger will have of a row, by its line where its token is not known yet.
fn to_be(row: &Row, now: u64) -> Option<Entry> {
    // Servers take no blank in a number: what its own number will be is not known, and no reason to leave it out.
    let line =
        || Serial::try_from(&*fill("token.ledger_of_line", &[("line", &row.line.to_string())]).replace(' ', "-")).ok();
    Some(Entry {
        serial: row.credential.serial.clone().or_else(line)?,
        profile: row.profile,
        manufacturer: row.manufacturer.clone(),
        model: row.model.clone(),
        credential: row.credential.clone(),
        written_at: now,
        // What is not proven may stand there or not: that is seen then.
        proof: Proof::ByWire,
        ahead: None,
    })
}

/// Writes the ledger, also when the batch was stopped, and says how far it is. One that is done is not kept any more.
fn finished(table: &Table<'_>, asked: &Batch, going: &Going, out: Option<&ledger::Prepared>) -> Result<(), Fault> {
    let terminal = &table.context.terminal;
    let entries = going.entries(&table.burns.entries()?);
    let written = match entries.as_slice() {
        [] => Ok(Value::Null),
        entries => ledger::write_out(table.context, out, entries, &*table.random),
    };
    let (written, not_written) = match written {
        Ok(written) => (written, Ok(())),
        Err(fault) => (Value::Null, Err(fault)),
    };
    let of = |proofs: &[Proof]| entries.iter().filter(|entry| proofs.contains(&entry.proof)).count();
    let counts = [of(&[Proof::ByWire, Proof::ByCodes]), of(&[Proof::Written]), of(&[Proof::Failed])];
    let ([proven, done, failed], left) = (counts, going.batch.left().count());
    let json = json!({ "proven": proven, "written": done, "failed": failed, "left": left, "ledger": written });
    terminal.result("", &json!({ "batch": json }));
    let [proven, done, failed, left] = [proven, done, failed, left].map(|count| count.to_string());
    let values = [("proven", &*proven), ("written", &*done), ("failed", &*failed), ("left", &*left)];
    terminal.say(&fill("token.batch_done", &values));
    if let (Some(id), Some(desk)) = (going.id, table.burns.desk()) {
        if going.is_done() {
            desk.app.forget_batch(id)?;
            if out.is_none() {
                terminal.say(text("token.batch_in_ledger"));
            }
        } else {
            terminal.say(&fill("token.batch_stays", &[("name", &batches::name(desk, id)?)]));
            if let Some(options) = ledger::options(&asked.writing.out) {
                terminal.say(&fill("token.batch_stays_ledger", &[("options", &options)]));
            }
        }
    }
    not_written?;
    // As `verify` ends, too: their codes may be refused.
    match entries.iter().filter(|entry| entry.ahead.is_some()).count() {
        0 => Ok(()),
        n => Err(Fault::clock_off(fill("token.batch_clocks_off", &[("n", &n.to_string())]))),
    }
}
