//! `countersign token batch`: many tokens, one after the other, each with its own row. It can be put down and taken up again.

use std::collections::BTreeMap;

use countersign_core::burn::assign::{self, AssignError};
use countersign_core::burn::ledger::{Entry, Proof};
use countersign_core::burn::source::Row;
use countersign_core::burn::{BatchId, BatchLine, Plan, Serial};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::args::{Batch, Manner};
use super::kept::proof_of;
use super::table::{NotMet, Table};
use super::write::{self, Done, Planned};
use super::{ahead, batches, ledger, rows, told};
use crate::command::Context;
use crate::fault::{End, Fault};
use crate::outside::isolated;
use crate::token_words;

/// How many tokens in a row may be left as they are where nobody looks on.
const PASSED: u32 = 3;

/// Reads the rows, asks once, and writes each token that is laid there.
pub fn run(context: &Context, asked: &Batch) -> Result<(), Fault> {
    if asked.list {
        return batches::list(context);
    }
    if let Some(name) = &asked.forget {
        return batches::forget(context, name, asked.manner.yes);
    }
    let mut table = Table::open(context, &asked.on, &asked.manner.key)?;
    let out = ledger::prepared(context, &asked.out)?;
    let mut going = match &asked.resume {
        Some(name) => Going::taken_up(&table, name, &asked.give_back)?,
        None => Going::new(new_rows(&table, asked)?),
    };
    if asked.manner.dry_run {
        let left: Vec<Row> = going.batch.left().cloned().collect();
        return ahead::dry_run(&mut table, &left, &asked.manner);
    }
    begin(&mut table, asked, &going)?;
    if let (None, Some(desk)) = (going.id, table.burns.desk()) {
        going.id = Some(batches::keep(desk, asked, going.batch.rows())?);
    }
    let ended = going.all(&mut table, &asked.manner);
    let told = finished(&table, &going, out.as_ref());
    if let (Err(_), Err(fault)) = (&ended, &told) {
        context.terminal.say(&fault.words);
    }
    ended.and(told)
}

/// The rows that were asked for. One whose key is in a token already is in none twice.
fn new_rows(table: &Table<'_>, asked: &Batch) -> Result<Vec<Row>, Fault> {
    let terminal = &table.context.terminal;
    let rows = rows::rows(table.context, asked, &*table.random)?;
    let there: Vec<usize> = batches::in_tokens(&rows, &table.burns.entries()?)
        .into_iter()
        .map(|(row, serial)| {
            let values = [("line", &*row.line.to_string()), ("serial", &*isolated(&serial))];
            terminal.say(&fill("token.batch_in_token", &values));
            row.line
        })
        .collect();
    let n = there.len().to_string();
    if !there.is_empty() && !asked.skip_faulty {
        return Err(Fault::refused(fill("token.batch_faulty", &[("n", &n)])));
    }
    let mut rows: Vec<Row> = rows.into_iter().filter(|row| !there.contains(&row.line)).collect();
    for (row, issuer) in rows.iter_mut().zip(asked.issuer.iter().cycle()) {
        if row.credential.issuer.is_empty() {
            row.credential.issuer.clone_from(issuer);
        }
    }
    if rows.is_empty() { Err(Fault::refused(fill("token.batch_faulty", &[("n", &n)]))) } else { Ok(rows) }
}

/// Says what will happen, and asks once: from then on each token that is laid there is written.
fn begin(table: &mut Table<'_>, asked: &Batch, going: &Going) -> Result<(), Fault> {
    let terminal = &table.context.terminal.clone();
    let left = going.batch.left().count().to_string();
    let all = going.batch.rows().len().to_string();
    terminal.say(&fill("token.batch_begins", &[("left", &left), ("all", &all)]));
    if asked.random.is_some() && asked.out.ledger.is_none() && table.burns.desk().is_none() {
        return Err(Fault::refused(text("token.batch_random_ledger")));
    }
    going.failed.iter().for_each(|(line, entry)| {
        let values = [("token", &*isolated(entry.serial.as_str())), ("line", &*line.to_string())];
        terminal.say(&fill("token.batch_open", &values));
    });
    // Who is asked for a yes is told before what would be refused after it.
    if !asked.manner.yes && (terminal.has_person() || table.seat.is_emulated()) {
        ahead::fit(table, going.batch.left(), &asked.manner)?;
    }
    let question = text(if asked.manner.replace { "token.batch_replace_ask" } else { "token.batch_ask" });
    if asked.manner.yes || terminal.confirm(question)? {
        return Ok(());
    }
    Err(Fault::refused(text("cli.nothing_changed")))
}

/// Writes the ledger, also when the batch was stopped, and says how far it is. One that is done is not kept any more.
fn finished(table: &Table<'_>, going: &Going, out: Option<&ledger::Prepared>) -> Result<(), Fault> {
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
        } else {
            terminal.say(text("token.batch_stays"));
        }
    }
    not_written
}

/// A batch under way.
struct Going {
    batch: assign::Batch,
    /// Which one it is in the vault; none of emulated tokens.
    id: Option<BatchId>,
    /// What this run wrote, by its row's line.
    written: BTreeMap<usize, Entry>,
    /// Tokens that took their row and failed, by its line: each may hold anything, and keeps its row.
    failed: BTreeMap<usize, Entry>,
    /// Whether those that failed are waited for.
    waits: bool,
    /// How many tokens in a row were left as they are.
    passed: u32,
    /// What the last plan warned of.
    warned: String,
}

impl Going {
    /// Begins.
    fn new(rows: Vec<Row>) -> Self {
        let (written, failed) = (BTreeMap::new(), BTreeMap::new());
        let batch = assign::Batch::new(rows);
        Self { batch, id: None, written, failed, waits: false, passed: 0, warned: String::new() }
    }

    /// Goes on with one that the vault keeps.
    fn taken_up(table: &Table<'_>, name: &str, given_back: &[usize]) -> Result<Self, Fault> {
        let desk = table.burns.desk().ok_or_else(|| Fault::refused(text("token.batch_emulated")))?;
        let id = batches::find(desk, name)?.id;
        batches::give_back(desk, id, given_back)?;
        let mut going = Self::new(vec![]);
        (going.batch, going.id, going.waits) = (desk.app.batch(id)?, Some(id), true);
        let entries = table.burns.entries()?;
        let failed = |row: &Row| {
            let entry = going.in_ledger(row, &entries).filter(|entry| entry.proof == Proof::Failed)?;
            Some((row.line, entry.clone()))
        };
        going.failed = going.batch.rows().iter().filter_map(failed).collect();
        Ok(going)
    }

    /// Writes tokens until no row is left, or nobody lays one there.
    fn all(&mut self, table: &mut Table<'_>, manner: &Manner) -> Result<(), Fault> {
        while self.has_more() {
            if table.interrupt.was_asked() {
                return Err(Fault::refused(text("token.stopped_by_person")));
            }
            let is_written = self.one(table, manner)?;
            if self.has_more() && !(is_written && self.takes_another(table)?) {
                table.context.terminal.say(text("token.batch_next"));
                table.next()?;
            }
        }
        match self.failed.len() {
            0 => Ok(()),
            n => Err(Fault::refused(fill("token.batch_failed", &[("n", &n.to_string())]))),
        }
    }

    fn has_more(&self) -> bool {
        self.batch.left().next().is_some() || (self.waits && !self.failed.is_empty())
    }

    fn is_done(&self) -> bool {
        self.batch.left().next().is_none() && self.failed.is_empty()
    }

    /// Whether the token that lies there takes the next row too, into another profile.
    fn takes_another(&self, table: &mut Table<'_>) -> Result<bool, Fault> {
        let has_profile = self.batch.left().next().is_some_and(|row| row.profile.is_some());
        if !has_profile {
            return Ok(false);
        }
        let identity = match table.with(|found, _| found.identity().clone()) {
            Ok(identity) => identity,
            Err(NotMet::Fault(fault)) => return Err(fault),
            Err(NotMet::Declined(_) | NotMet::Token(_)) => return Ok(false),
        };
        Ok(identity.serial.is_some_and(|serial| self.batch.row_for(&serial).is_ok()))
    }

    /// The token that lies there: whether it was written. One that takes no row is said, and left as it is.
    fn one(&mut self, table: &mut Table<'_>, manner: &Manner) -> Result<bool, Fault> {
        let identity = match table.with(|found, _| found.identity().clone()) {
            Ok(identity) => identity,
            Err(NotMet::Fault(fault)) => return Err(fault),
            Err(other) => return self.passed(table, &Fault::from(other).words),
        };
        let Some(serial) = identity.serial.clone() else {
            return self.passed(table, text("token.batch_no_serial"));
        };
        let row = match self.batch.row_for(&serial) {
            Ok(row) => row.clone(),
            // It has its row since an earlier time, and did not come to its end.
            Err(AssignError::Burned(line)) if self.failed.contains_key(&line) => {
                let row = self.batch.rows().iter().find(|row| row.line == line).cloned();
                let row = row.ok_or_else(|| Fault::refused(token_words::of_assign(AssignError::NoRow(line))))?;
                let done = write::take_up(table, manner);
                return self.came_to(table, &row, &serial, done.map_err(write::NotDone::from));
            }
            Err(why) => {
                let name = token_words::of_identity(&identity);
                let values = [("token", &*name), ("why", &*token_words::of_assign(why))];
                return self.passed(table, &fill("token.batch_not_this", &values));
            }
        };
        let plan = match self.plan(table, &row, manner) {
            Ok(plan) => plan,
            Err(fault) if fault.end == End::Failed => return Err(fault),
            Err(fault) => return self.passed(table, &fault.words),
        };
        // The row was found for one token, and another lies there by now.
        if plan.identity().serial.as_ref() != Some(&serial) {
            return self.passed(table, text("token.changed"));
        }
        table.burns.for_row(self.id.map(|batch| BatchLine { batch, line: row.line }));
        let done = write::carry_out(table, plan, manner);
        table.burns.for_row(None);
        self.came_to(table, &row, &serial, done)
    }

    /// What came of writing a row. One that failed keeps its row, since the token may hold it.
    fn came_to(
        &mut self,
        table: &Table<'_>,
        row: &Row,
        serial: &Serial,
        done: Result<Done, write::NotDone>,
    ) -> Result<bool, Fault> {
        let why = match done {
            Ok(done) => return self.ended(table, row, serial, &done),
            Err(why) => why,
        };
        if !why.is_untouched {
            let entry = Entry {
                serial: serial.clone(),
                profile: row.profile,
                manufacturer: row.manufacturer.clone(),
                model: row.model.clone(),
                credential: row.credential.clone(),
                written_at: table.clock.now(),
                proof: Proof::Failed,
            };
            self.assigned(row, serial)?;
            self.failed.insert(row.line, entry);
        }
        // What the machine failed at, and a key that is not taken, end the batch; else it is that token's.
        if why.fault.end == End::Failed || why.is_wrong_key {
            return Err(why.fault);
        }
        self.passed(table, &why.fault.words)
    }

    fn assigned(&mut self, row: &Row, serial: &Serial) -> Result<(), Fault> {
        self.batch.burned(row.line, serial).map_err(|why| Fault::refused(token_words::of_assign(why)))
    }

    /// What a row would do to the token that lies there, said and agreed to.
    fn plan(&mut self, table: &mut Table<'_>, row: &Row, manner: &Manner) -> Result<Plan, Fault> {
        let planned = write::plan(table, &ahead::request(row, manner), ahead::said(row, manner))?;
        let Planned { plan, stands } = &planned;
        // What it warns of is said once, as long as it is the same.
        let warnings = token_words::of_warnings(plan);
        let is_new = warnings != self.warned;
        let stands = stands.as_ref();
        let words = if is_new { token_words::of_plan(plan, stands) } else { token_words::of_writes(plan, stands) };
        self.warned = warnings;
        let values = [("line", &*row.line.to_string()), ("words", &*words)];
        table.context.terminal.say(&fill("token.batch_line", &values));
        // It was agreed to once, for all of them, but for what is in a place.
        write::agree(table, &planned, &Manner { yes: true, ..manner.clone() })?;
        Ok(planned.plan)
    }

    /// Remembers what became of a row, and tells it.
    fn ended(&mut self, table: &Table<'_>, row: &Row, serial: &Serial, done: &Done) -> Result<bool, Fault> {
        let terminal = &table.context.terminal;
        let Some(proof) = proof_of(done.ending) else {
            return self.passed(table, &token_words::of_ending(done.ending));
        };
        self.assigned(row, serial)?;
        self.failed.remove(&row.line);
        self.passed = 0;
        let identity = done.plan.identity();
        let or = |given: &str, known: &str| if given.is_empty() { known.to_owned() } else { given.to_owned() };
        let entry = Entry {
            serial: serial.clone(),
            profile: done.plan.profile(),
            manufacturer: or(&row.manufacturer, token_words::maker(identity.family)),
            model: or(&row.model, identity.model.unwrap_or_default()),
            credential: row.credential.clone(),
            written_at: table.clock.now(),
            proof,
        };
        self.written.insert(row.line, entry);
        let all = self.batch.rows().len();
        let (n, all) = ((all - self.batch.left().count()).to_string(), all.to_string());
        let values = [
            ("n", &*n),
            ("all", &*all),
            ("token", &*token_words::of_identity(identity)),
            ("ending", &*token_words::of_ending(done.ending)),
        ];
        let mut json = json!({ "line": row.line, "token": told::identity(identity) });
        if let (Value::Object(json), Value::Object(ending)) = (&mut json, told::ending(done.ending)) {
            json.extend(ending);
        }
        terminal.result_row(&fill("token.batch_row", &values), &json)?;
        Ok(true)
    }

    /// A token that was left as it is. Where nobody looks on, several in a row are the end: the rows fit none of them.
    fn passed(&mut self, table: &Table<'_>, why: &str) -> Result<bool, Fault> {
        self.passed += 1;
        let is_looked_at = table.context.terminal.has_person() && !table.seat.is_emulated();
        if self.passed >= PASSED && !is_looked_at {
            return Err(Fault::refused(why));
        }
        table.context.terminal.say(why);
        Ok(false)
    }

    /// The ledger's rows, in the order of the source: what this run wrote, and of earlier ones what the vault's ledger knows.
    fn entries(&self, kept: &[Entry]) -> Vec<Entry> {
        let entry = |row: &Row| {
            let own = self.written.get(&row.line).or_else(|| self.failed.get(&row.line));
            own.or_else(|| self.in_ledger(row, kept)).cloned()
        };
        self.batch.rows().iter().filter_map(entry).collect()
    }

    /// What the ledger says of the token that has a row.
    fn in_ledger<'k>(&self, row: &Row, kept: &'k [Entry]) -> Option<&'k Entry> {
        let serial = self.batch.token_of(row.line)?;
        kept.iter().rfind(|entry| entry.serial == *serial && entry.credential.seed.is_same_key(&row.credential.seed))
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::burn::source::{self, Choices, Kind};

    use super::*;

    const ROWS: &[u8] =
        b"serial,secret_hex\n1,00112233445566778899aabbccddeeff00112233\n2,ff112233445566778899aabbccddeeff00112233\n";

    fn rows() -> Vec<Row> {
        source::read(Kind::Table, ROWS, Choices::default()).unwrap().rows
    }

    fn entry(row: &Row, serial: &str, proof: Proof) -> Entry {
        Entry {
            serial: Serial::try_from(serial).unwrap(),
            profile: None,
            manufacturer: String::new(),
            model: String::new(),
            credential: row.credential.clone(),
            written_at: 7,
            proof,
        }
    }

    #[test]
    fn the_ledger_holds_what_this_run_wrote_and_what_is_known_of_earlier_ones() {
        let mut going = Going::new(rows());
        let [one, other] = rows().try_into().unwrap_or_else(|_| panic!("two rows"));
        assert!(going.entries(&[]).is_empty() && going.has_more());
        going.assigned(&one, &Serial::try_from("1").unwrap()).unwrap();
        assert!(going.entries(&[]).is_empty(), "nobody knows what was written then");
        let strange = entry(&other, "1", Proof::Written);
        assert!(going.entries(&[strange]).is_empty(), "it holds another seed by now");
        let known = going.entries(&[entry(&one, "1", Proof::Written), entry(&one, "1", Proof::ByWire)]);
        assert_eq!((known.len(), known[0].proof), (1, Proof::ByWire), "the later row is the one that counts");
        going.written.insert(one.line, entry(&one, "1", Proof::ByCodes));
        assert_eq!(going.entries(&[entry(&one, "1", Proof::ByWire)])[0].proof, Proof::ByCodes);
    }

    #[test]
    fn a_token_that_failed_keeps_its_row_and_is_waited_for_where_the_batch_is_taken_up() {
        let mut going = Going::new(rows());
        for (row, serial) in rows().iter().zip(["1", "2"]) {
            going.assigned(row, &Serial::try_from(serial).unwrap()).unwrap();
        }
        assert!(going.is_done() && !going.has_more());
        let row = &rows()[1];
        going.failed.insert(row.line, entry(row, "2", Proof::Failed));
        assert_eq!((going.is_done(), going.has_more()), (false, false));
        assert_eq!(going.entries(&[]).iter().map(|entry| entry.proof).collect::<Vec<_>>(), [Proof::Failed]);
        going.waits = true;
        assert!(going.has_more());
    }

    #[test]
    fn a_key_that_is_in_a_token_is_found_unless_writing_it_failed() {
        let rows = rows();
        let found = |proof| batches::in_tokens(&rows, &[entry(&rows[1], "9", proof)]).len();
        assert_eq!((found(Proof::Written), found(Proof::Failed)), (1, 0));
        assert!(batches::in_tokens(&rows, &[]).is_empty());
    }
}
