//! P4: an approval that a phone was told of is in the store, and none counts twice, after a kill or a power cut at any
//! write.
//!
//! A gateway lives through a story once under `strace`. What it did to its files is done again to a simulated disk
//! ([`Disk`]); after every operation the disk is asked what a crash could leave. Each distinct state must be what the
//! store held after one of its commits, whole, and not before the last that somebody was told of. Around each answer the
//! gateway itself starts again on what was left, and the phone sends its answer again, as it does when no reply came.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use countersign_protocol::jose::{H32, Id};
use countersign_tests::raw_phone::{RawPhone, payload};
use countersign_tests::stage::{BEGIN, Stage, caller, hash};
use rusqlite::Connection;
use serde_json::{Value, json};

use super::ledger::{self, Ledger, holds};
use super::story::{self, text};
use crate::vault::disk::{self, Dice, Disk, Left, Saboteur};
use crate::vault::trace::{self, Op};
use crate::vault::{effort, quick_folder, story as child};

/// The gateway's store in its folder.
const STORE: &str = "gateway.db";

/// The gateway that is recorded: lives through the story and writes down what it told.
#[test]
#[ignore = "the writer that the crash suite starts"]
fn writer() {
    let folder = child::child_folder().expect("started by the suite");
    let rounds = std::env::var("COUNTERSIGN_TEST_STEPS").unwrap().parse().unwrap();
    let mut stage = story::stage(&folder);
    let mut ledger = Ledger::new(&folder);
    ledger.told(&stage, json!({"is": "started"}));
    story::tell(&mut stage, rounds, &mut ledger);
}

/// What a story did to the files, and what was told when.
struct Recorded {
    ops: Vec<Op>,
    /// What the store held after each commit, one after the other, from when the gateway had started.
    commits: Vec<H32>,
    /// What was told: the entry, how many operations came before it, and which commit stood then.
    told: Vec<Told>,
}

struct Told {
    entry: Value,
    ops: usize,
    commit: usize,
    /// What a power cut leaves just before it was told.
    left: Left,
}

fn record(rounds: u64) -> Recorded {
    let folder = quick_folder();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    Recorded::read(trace::record("gateway_store::crash::writer", folder.path(), rounds))
}

/// What is told in this operation.
fn entry(op: &Op) -> Option<Value> {
    match op {
        Op::Write(name, _, bytes) if name == ledger::NAME => {
            Some(serde_json::from_slice(bytes).expect("one entry a write"))
        }
        _ => None,
    }
}

impl Recorded {
    /// Goes through the operations once: what stood after each commit, and what was told.
    fn read(ops: Vec<Op>) -> Self {
        let (mut disk, mut commits, mut told) = (Disk::default(), Vec::new(), Vec::<Told>::new());
        for (number, op) in ops.iter().enumerate() {
            if let Some(entry) = entry(op) {
                if commits.is_empty() {
                    commits.push(content(&disk.kill()).expect("a store that was opened"));
                }
                told.push(Told { entry, ops: number, commit: commits.len() - 1, left: disk.drop_unsynced() });
                continue;
            }
            disk.apply(op, Saboteur::None);
            if !commits.is_empty() && matches!(op, Op::Sync(name) if name.starts_with(STORE)) {
                let now = content(&disk.kill()).expect("a store after a commit");
                if commits.last() != Some(&now) {
                    commits.push(now);
                }
            }
        }
        Self { ops, commits, told }
    }
}

/// What came of all states.
#[derive(Debug, Default)]
struct Outcome {
    points: usize,
    states: usize,
    /// States that cannot be opened, are damaged, or hold what never stood after a commit.
    unusable: Vec<String>,
    /// States in which something is missing that somebody was told of.
    lost: usize,
}

impl Recorded {
    /// Crashes after every operation since the gateway had started. `early` commits count as told before they were made.
    fn crash(&self, saboteur: Saboteur, early: usize, subsets: usize) -> Outcome {
        let mut outcome = Outcome::default();
        let mut seen: HashMap<H32, Result<H32, String>> = HashMap::new();
        let mut told = self.told.iter().peekable();
        let (mut disk, mut due) = (Disk::default(), None);
        let mut dice = Dice::new(0x9E37_79B9_7F4A_7C15);
        for (number, op) in self.ops.iter().enumerate() {
            if let Some(told) = told.next_if(|told| told.ops == number) {
                due = Some((told.commit + early).min(self.commits.len() - 1));
                continue;
            }
            disk.apply(op, saboteur);
            let Some(due) = due else { continue };
            outcome.points += 1;
            let left = disk.crashes(subsets, &mut dice);
            outcome.states += left.len();
            for mut left in left {
                left.retain(|name, _| name.starts_with(STORE));
                let found = seen.entry(disk::hash(&left)).or_insert_with(|| content(&left));
                match found.as_ref().map(|found| self.commits.iter().rposition(|commit| commit == found)) {
                    Err(why) => outcome.unusable.push(format!("point {}: {why}", outcome.points)),
                    Ok(None) => outcome.unusable.push(format!("point {}: what never stood there", outcome.points)),
                    Ok(Some(place)) => outcome.lost += usize::from(place < due),
                }
            }
        }
        outcome
    }
}

/// What a gateway's store holds: every row of every table, as one hash; or what is wrong with it.
fn content(left: &Left) -> Result<H32, String> {
    let folder = quick_folder();
    for (name, bytes) in left.iter().filter(|(name, _)| name.starts_with(STORE)) {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let store = Connection::open(folder.path().join(STORE)).map_err(|fault| fault.to_string())?;
    rows(&store).map_err(|fault| format!("cannot be read: {fault}"))?
}

fn rows(store: &Connection) -> rusqlite::Result<Result<H32, String>> {
    let sound: String = store.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if sound != "ok" || store.prepare("PRAGMA foreign_key_check")?.exists([])? {
        return Ok(Err(format!("damaged: {sound}")));
    }
    let list = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
    let tables: Vec<String> = store.prepare(list)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut all = Vec::new();
    for table in tables {
        let mut statement = store.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = statement.column_count();
        let texts = statement.query_map([], |row| {
            (0..columns).map(|column| Ok(format!("{:?}", row.get_ref(column)?))).collect::<Result<Vec<_>, _>>()
        })?;
        let mut texts: Vec<String> = texts.map(|row| row.map(|row| row.join("|"))).collect::<Result<_, _>>()?;
        texts.sort();
        all.push(format!("{table}\n{}\n", texts.join("\n")));
    }
    Ok(Ok(H32::sha256(&[all.concat().as_bytes()])))
}

impl Recorded {
    /// What was told and is not in what a power cut leaves just before.
    fn untrue(&self) -> Vec<&Value> {
        let is_missing = |told: &&Told| {
            let folder = quick_folder();
            lay_out(&told.left, folder.path());
            !holds(&Connection::open(folder.path().join(STORE)).unwrap(), &told.entry)
        };
        self.told.iter().filter(is_missing).map(|told| &told.entry).collect()
    }

    /// Power cuts before and after the commit of each answer, and the gateway starts again: the phone, which got no
    /// reply, sends the same answer. How many answers were sent so.
    fn sent_again(&self) -> usize {
        let mut sent = 0;
        for number in (1..self.told.len()).filter(|number| text(&self.told[*number].entry, "is") == "answer") {
            for left in [&self.told[number - 1].left, &self.told[number].left] {
                self.send_again(left, number);
                sent += 1;
            }
        }
        sent
    }

    fn send_again(&self, left: &Left, number: usize) {
        let folder = quick_folder();
        lay_out(left, folder.path());
        let stage = story::stage(folder.path());
        let entry = &self.told[number].entry;
        stage.clock.advance(entry["now"].as_u64().unwrap() - BEGIN);
        let phone = stage.raw_phone("again");
        // Whoever was told before is told the same, byte for byte.
        for earlier in self.told[..number].iter().filter(|it| text(&it.entry, "is") == "answer") {
            let now = entry["now"].as_u64().unwrap();
            if earlier.entry["now"].as_u64().unwrap() + 3_600 > now {
                assert_eq!(result(&phone, &earlier.entry), earlier.entry["reply"], "{}", earlier.entry);
            }
        }
        let first = result(&phone, entry);
        assert_eq!(payload(first.as_str().unwrap())["st"], entry["st"], "{entry}");
        let standing = || {
            let (store, aid): (_, Id) = (stage.house().approvals.store(), text(entry, "aid").parse().unwrap());
            let row = store.get(aid).unwrap().unwrap();
            (row.stored, row.tries, row.rev, store.standing(row.person).unwrap())
        };
        let before = standing();
        assert_eq!(result(&phone, entry), first, "repeated, and counted once");
        assert_eq!(standing(), before);
        assert_eq!(taken(&stage, entry), usize::from(entry["st"] == "approved"), "{entry}");
    }
}

fn result(phone: &RawPhone, entry: &Value) -> Value {
    let reply = phone.answer(text(entry, "jws"));
    assert_eq!(reply.status, 200, "{}: {entry}", reply.verdict());
    reply.json()["result"].clone()
}

/// How often what was answered can be taken.
fn taken(stage: &Stage, entry: &Value) -> usize {
    let aid = text(entry, "aid").parse().unwrap();
    let take = || stage.house().approvals.consume(aid, "sample", hash("browser"), &caller()).unwrap();
    (0..3).filter(|_| take().is_some()).count()
}

/// Puts what is left into a folder as a gateway keeps it.
fn lay_out(left: &Left, folder: &Path) {
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    for (name, bytes) in left {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
}

#[test]
fn a_decision_that_was_told_is_never_lost_and_none_counts_twice() {
    let recorded = record(effort(1, 25) as u64);
    assert_eq!(recorded.untrue(), Vec::<&Value>::new(), "nobody is told before it lasts");
    let outcome = recorded.crash(Saboteur::None, 0, effort(1, 6));
    println!("{} commits, {} crash points, {} states", recorded.commits.len(), outcome.points, outcome.states);
    assert!(outcome.unusable.is_empty(), "{} unusable, the first: {}", outcome.unusable.len(), outcome.unusable[0]);
    assert_eq!(outcome.lost, 0, "of {} states", outcome.states);
    assert!(outcome.points >= effort(150, 4_000) && recorded.commits.len() >= effort(20, 500), "{outcome:?}");
    let sent = recorded.sent_again();
    assert!(sent >= effort(16, 400), "{sent} answers sent again");

    // The suite notices what is wrong: a store that does not sync (`synchronous=OFF`), one whose log is not synced, and a
    // gateway that speaks before the commit.
    let off = recorded.crash(Saboteur::NoSync, 0, 0);
    assert!(off.lost + off.unusable.len() > 20, "a store that never syncs loses: {off:?}");
    let log = recorded.crash(Saboteur::NoLogSync, 0, 0);
    assert!(log.lost + log.unusable.len() > 20, "a log that is never synced loses: {log:?}");
    let early = recorded.crash(Saboteur::None, 1, 0);
    assert!(early.lost > 10, "who speaks before the commit is found out: {}", early.lost);
}
