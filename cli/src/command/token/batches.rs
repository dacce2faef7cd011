//! Batches that the vault keeps: each from its first moment, so that one that was put down, or whose program was killed, is taken
//! up by its name.

use std::path::Path;

use countersign_core::app::BatchRow;
use countersign_core::burn::ledger::{Entry, Proof};
use countersign_core::burn::source::Row;
use countersign_core::burn::{BatchId, BatchLine};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::args::Batch;
use super::kept;
use crate::command::Context;
use crate::desk::Desk;
use crate::fault::Fault;
use crate::outside::isolated;
use crate::when;

/// Lists them.
pub fn list(context: &Context) -> Result<(), Fault> {
    let batches = kept::desk(context)?.app.batches()?;
    let row =
        |batch: &BatchRow| json!({ "name": batch.name, "made": batch.made, "rows": batch.rows, "done": batch.done });
    let rows: Vec<Value> = batches.iter().map(row).collect();
    let lines: Vec<String> = batches.iter().map(line).collect();
    context.terminal.result(&lines.join("\n"), &json!({ "batches": rows }));
    if batches.is_empty() {
        context.terminal.say(text("token.no_batches"));
    }
    Ok(())
}

/// One in one line.
pub fn line(batch: &BatchRow) -> String {
    let (done, all) = (batch.done.to_string(), batch.rows.to_string());
    let made = when::minute(batch.made);
    fill("token.batch_kept_row", &[("name", &isolated(&batch.name)), ("when", &made), ("n", &done), ("all", &all)])
}

/// Forgets one. What was written stays in the ledger.
pub fn forget(context: &Context, name: &str, yes: bool) -> Result<(), Fault> {
    let desk = kept::desk(context)?;
    let batch = find(&desk, name)?;
    context.terminal.say(&line(&batch));
    if !yes && !context.terminal.confirm(text("token.batch_forget_ask"))? {
        return Err(Fault::refused(text("cli.nothing_changed")));
    }
    desk.app.forget_batch(batch.id)?;
    context.terminal.result("", &json!({ "forgotten": batch.name }));
    context.terminal.say(&fill("token.key_forgotten", &[("name", &isolated(&batch.name))]));
    Ok(())
}

/// The one of this name; without a name the only one.
pub fn find(desk: &Desk, name: &str) -> Result<BatchRow, Fault> {
    let batches = desk.app.batches()?;
    if batches.is_empty() {
        return Err(Fault::refused(text("token.no_batches")));
    }
    let name = name.trim();
    let mut found = batches.iter().filter(|batch| name.is_empty() || batch.name == name);
    match (found.next(), found.next()) {
        (Some(batch), None) => Ok(batch.clone()),
        _ => {
            let names: Vec<String> = batches.iter().map(line).collect();
            Err(Fault::refused(fill("token.batch_which", &[("names", &names.join("\n"))])))
        }
    }
}

/// The one that is kept of these very rows, and has this name where one was said. What was in tokens when it began is not in it.
pub fn of_rows(desk: &Desk, name: Option<&str>, rows: &[Row], ledger: &[Entry]) -> Result<Option<BatchRow>, Fault> {
    let there: Vec<usize> = in_tokens(rows, ledger).iter().map(|(row, _)| row.line).collect();
    for batch in desk.app.batches()? {
        let is_named = name.is_none_or(|name| name.trim() == batch.name);
        if is_named && is_of(desk.app.batch(batch.id)?.rows(), rows, &there) {
            return Ok(Some(batch));
        }
    }
    Ok(None)
}

/// Whether a batch is of these rows, but for those that are elsewhere.
fn is_of(kept: &[Row], rows: &[Row], elsewhere: &[usize]) -> bool {
    let mut left = kept.iter().peekable();
    let mut is_in = |row: &Row| left.next_if(|kept| is_same(kept, row)).is_some() || elsewhere.contains(&row.line);
    !kept.is_empty() && rows.iter().all(&mut is_in) && left.next().is_none()
}

fn is_same(one: &Row, other: &Row) -> bool {
    let (ours, theirs) = (&one.credential, &other.credential);
    (one.line, one.profile, &ours.serial) == (other.line, other.profile, &theirs.serial)
        && (&ours.issuer, &ours.name) == (&theirs.issuer, &theirs.name)
        && (ours.moving, ours.algorithm, ours.digits) == (theirs.moving, theirs.algorithm, theirs.digits)
        && ours.seed.is_same_key(&theirs.seed)
}

/// The name of one that is kept.
pub fn name(desk: &Desk, id: BatchId) -> Result<String, Fault> {
    let batches = desk.app.batches()?;
    Ok(batches.iter().find(|batch| batch.id == id).map(|batch| isolated(&batch.name)).unwrap_or_default())
}

/// Keeps the rows of one that begins, under a name that no other has.
pub fn keep(desk: &Desk, asked: &Batch, rows: &[Row]) -> Result<BatchId, Fault> {
    let file = asked.file.as_deref().filter(|file| *file != Path::new("-")).and_then(Path::file_name);
    let name = asked.name.clone().or_else(|| Some(file?.to_string_lossy().into_owned()));
    let name = name.unwrap_or_else(|| when::minute(desk.clock.now()));
    if let Some(other) = desk.app.batches()?.iter().find(|batch| batch.name == name.trim()) {
        return Err(Fault::refused(fill("token.batch_there", &[("batch", &line(other))])));
    }
    Ok(desk.app.keep_batch(&name, rows)?)
}

/// Rows whose keys are in tokens already, as the ledger says, each with its token.
pub fn in_tokens<'r>(rows: &'r [Row], ledger: &[Entry]) -> Vec<(&'r Row, String)> {
    let token_of = |row: &Row| {
        let holds =
            |entry: &&Entry| entry.proof != Proof::Failed && entry.credential.seed.is_same_key(&row.credential.seed);
        ledger.iter().find(holds).map(|entry| entry.serial.to_string())
    };
    rows.iter().filter_map(|row| Some((row, token_of(row)?))).collect()
}

/// Takes rows from their tokens, which are broken or gone. What no token has is said, and then none is taken.
pub fn give_back(desk: &Desk, batch: BatchId, lines: &[usize]) -> Result<(), Fault> {
    if lines.is_empty() {
        return Ok(());
    }
    let kept = desk.app.batch(batch)?;
    let is_there = |line: &usize| kept.rows().iter().any(|row| row.line == *line);
    if let Some(wrong) = lines.iter().find(|line| !is_there(line)) {
        return Err(Fault::refused(no_line(kept.rows(), *wrong)));
    }
    if let Some(line) = lines.iter().find(|line| kept.token_of(**line).is_none()) {
        return Err(Fault::refused(fill("token.give_back_none", &[("line", &line.to_string())])));
    }
    Ok(lines.iter().try_for_each(|line| desk.app.give_back(BatchLine { batch, line: *line }))?)
}

/// That no row has this line, and which there are.
fn no_line(rows: &[Row], line: usize) -> String {
    let lines = || rows.iter().map(|row| row.line);
    let (first, last) = (lines().min().unwrap_or_default(), lines().max().unwrap_or_default());
    let [n, all, first, last] = [line, rows.len(), first, last].map(|number| number.to_string());
    fill("token.batch_no_line", &[("n", &n), ("all", &all), ("first", &first), ("last", &last)])
}

#[cfg(test)]
mod tests {
    use countersign_core::burn::source::{Choices, Kind, read};

    use super::*;

    #[test]
    fn a_line_that_no_row_has_is_told_with_those_there_are() {
        let source =
            b"secret_hex\n00112233445566778899aabbccddeeff00112233\nff112233445566778899aabbccddeeff00112233\n";
        let rows = read(Kind::Table, source, Choices::default()).unwrap().rows;
        let words = no_line(&rows, 4);
        let wanted = [("n", "4"), ("all", "2"), ("first", "2"), ("last", "3")];
        assert_eq!(words, fill("token.batch_no_line", &wanted));
    }
}
