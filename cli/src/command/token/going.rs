//! A batch under way: which token has which row, what came of it, and what is left.

use std::collections::BTreeMap;

use countersign_core::burn::assign::{self, AssignError};
use countersign_core::burn::ledger::{Entry, Proof};
use countersign_core::burn::source::Row;
use countersign_core::burn::{BatchId, BatchLine, Capabilities, Ending, Erases, Plan, Refusal, Serial};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::ahead;
use super::args::Manner;
use super::compare::Wanted;
use super::kept::{Burns, proof_of};
use super::table::{NotMet, Table, stopped};
use super::told;
use super::write::{self, Done, Planned};
use crate::desk::Desk;
use crate::fault::{End, Fault};
use crate::terminal::Terminal;
use crate::token_words;

/// How many tokens in a row may be left as they are where nobody looks on.
const PASSED: u32 = 3;

/// Why a row was not begun to be written.
enum NotBegun {
    /// The batch ends by it.
    Ends(Fault),
    /// The token is left as it is.
    Passed(String),
}

/// A batch under way.
pub struct Going {
    /// Its rows, and the tokens that have them.
    pub batch: assign::Batch,
    /// Which one it is in the vault; none of emulated tokens.
    pub id: Option<BatchId>,
    /// What this run wrote, by its row's line.
    written: BTreeMap<usize, Entry>,
    /// Tokens that took their row and failed, by its line: each may hold anything, and keeps its row.
    pub failed: BTreeMap<usize, Entry>,
    /// Whether those that failed are waited for.
    waits: bool,
    /// How many tokens in a row were left as they are.
    passed: u32,
    /// What the last row was set to.
    settings: String,
    /// Whether the ledger that was asked for has only what is proven.
    pub wants_proof: bool,
}

impl Going {
    /// Begins.
    pub fn new(rows: Vec<Row>) -> Self {
        let (written, failed) = (BTreeMap::new(), BTreeMap::new());
        let batch = assign::Batch::new(rows);
        Self { batch, id: None, written, failed, waits: false, passed: 0, settings: String::new(), wants_proof: false }
    }

    /// Goes on with one that the vault keeps.
    pub fn taken_up(table: &Table<'_>, desk: &Desk, id: BatchId) -> Result<Self, Fault> {
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
    pub fn all(&mut self, table: &mut Table<'_>, manner: &Manner) -> Result<(), Fault> {
        while self.has_more() {
            if table.interrupt.was_asked() {
                return Err(stopped());
            }
            let is_written = self.one(table, manner)?;
            if self.has_more() && !table.interrupt.was_asked() && !(is_written && self.takes_another(table)?) {
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

    /// Whether nothing is left to be done.
    pub fn is_done(&self) -> bool {
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
            Err(NotMet::Declined(_) | NotMet::Token(_) | NotMet::Other(_)) => return Ok(false),
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
        let fits = |row: &Row| Refusal::of(&identity, &ahead::request(row, manner), ahead::said(row, manner)).is_none();
        let row = match self.batch.row_that(&serial, fits) {
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
        table.burns.for_row(self.id.map(|batch| BatchLine { batch, line: row.line }));
        let done = self.written(table, &row, &serial, manner);
        table.burns.for_row(None);
        match done {
            Ok(done) => self.came_to(table, &row, &serial, done),
            Err(NotBegun::Ends(fault)) => Err(fault),
            Err(NotBegun::Passed(why)) => self.passed(table, &why),
        }
    }

    /// Plans a row, says it and writes it over one link: it was agreed to once, for all of them, but for what is in a place.
    fn written(
        &mut self,
        table: &mut Table<'_>,
        row: &Row,
        serial: &Serial,
        manner: &Manner,
    ) -> Result<Result<Done, write::NotDone>, NotBegun> {
        let (context, wants_proof, settings) = (table.context, self.wants_proof, &mut self.settings);
        let mut news = table.news();
        let mut why_not = None;
        let mut agrees = |planned: &Planned, _: &dyn Burns| {
            // The row was found for one token, and another lies there by now.
            if planned.plan.identity().serial.as_ref() != Some(serial) {
                why_not = Some(NotBegun::Passed(text("token.changed").to_owned()));
                return Err(Fault::refused(text("token.changed")));
            }
            let words = words_of(planned, settings, |words| news.is_first(words));
            let values = [("line", &*row.line.to_string()), ("words", &*words)];
            context.terminal.say(&fill("token.batch_line", &values));
            write::agree(context, planned, &Manner { yes: true, ..manner.clone() })?;
            if wants_proof && !may_be_proven(&context.terminal, &planned.plan, manner) {
                let fault = Fault::refused(text("token.ledger_nobody_proves"));
                why_not = Some(NotBegun::Ends(fault.clone()));
                return Err(fault);
            }
            Ok(())
        };
        let request = ahead::request(row, manner);
        let begun = write::plan_and_begin(table, &request, ahead::said(row, manner), &mut agrees);
        table.again(news);
        match (begun, why_not) {
            (Ok((planned, first)), _) => Ok(write::carry_on(table, planned.plan, first, manner)),
            (Err(_), Some(why)) => Err(why),
            (Err(why), None) => {
                let fault = Fault::from(why);
                let is_its_own = fault.end == End::Refused;
                Err(if is_its_own {
                    NotBegun::Passed(ahead::of_line(row, &fault.words))
                } else {
                    NotBegun::Ends(fault)
                })
            }
        }
    }

    /// What came of writing a row. One that failed keeps its row, since the token may hold it.
    fn came_to(
        &mut self,
        table: &mut Table<'_>,
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
                ahead: None,
            };
            self.assigned(row, serial)?;
            self.failed.insert(row.line, entry);
        }
        // What the machine failed at, who stopped it, and a key that is not taken, end the batch; else it is that token's.
        if why.fault.end != End::Refused || why.is_wrong_key {
            return Err(why.fault);
        }
        self.passed(table, &why.fault.words)
    }

    fn assigned(&mut self, row: &Row, serial: &Serial) -> Result<(), Fault> {
        self.batch.burned(row.line, serial).map_err(|why| Fault::refused(token_words::of_assign(why)))
    }

    /// Remembers what became of a row, and tells it.
    fn ended(&mut self, table: &mut Table<'_>, row: &Row, serial: &Serial, done: &Done) -> Result<bool, Fault> {
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
            credential: done.ending.leaves(&row.credential),
            written_at: table.clock.now(),
            proof,
            ahead: done.ending.ahead(),
        };
        self.written.insert(row.line, entry);
        let all = self.batch.rows().len();
        let (n, all) = ((all - self.batch.left().count()).to_string(), all.to_string());
        let (long, short) = (token_words::of_ending(done.ending), short(done.ending, proof));
        let values = [("n", &*n), ("all", &*all), ("token", &*token_words::of_identity(identity)), ("ending", &*short)];
        let mut json = json!({ "line": row.line, "token": told::identity(identity) });
        if let (Value::Object(json), Value::Object(ending)) = (&mut json, told::ending(done.ending)) {
            json.extend(ending);
        }
        terminal.result_row(&fill("token.batch_row", &values), &json)?;
        if short != long && table.is_news(&long) {
            terminal.say(&long);
        }
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
    pub fn entries(&self, kept: &[Entry]) -> Vec<Entry> {
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

/// Whether it can come out that the token holds its seed: by the link, or by a person who is asked.
fn may_be_proven(terminal: &Terminal, plan: &Plan, manner: &Manner) -> bool {
    Capabilities::of(plan.identity()).reads_codes || Wanted::of(manner).is_asked(terminal)
}

/// A plan in a batch. What would be gone of one token alone is said of each; what is so with all of them, the first time.
fn words_of(planned: &Planned, settings: &mut String, mut is_news: impl FnMut(&str) -> bool) -> String {
    let Planned { plan, stands } = planned;
    let erases = token_words::of_erases(plan.erases());
    let is_usual = matches!(plan.erases(), Erases::Nothing | Erases::Whole | Erases::Unknown);
    let same = std::mem::replace(settings, token_words::of_plan_writes(plan));
    let writes = token_words::of_writes(plan, stands.as_ref());
    let mut lines: Vec<String> = writes.lines().map(|line| line.trim().to_owned()).collect();
    lines.retain(|line| *line != same);
    if !is_usual || is_news(&erases) {
        lines.push(erases);
    }
    lines.extend(plan.notes().iter().map(|note| token_words::of_note(*note)).filter(|words| is_news(words)));
    lines.join("\n  ")
}

/// How a burn ended, in a word or two where those say it.
fn short(ending: Ending, proof: Proof) -> String {
    match ending {
        Ending::Written(None) => token_words::of_proof(proof).to_owned(),
        proven if proven.is_proven() => token_words::of_proof(proof).to_owned(),
        other => token_words::of_ending(other),
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::burn::source::{self, Choices, Kind};

    use super::super::batches;
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
            ahead: None,
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
