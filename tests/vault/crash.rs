//! P1: an acknowledged change is never lost, by kill or power cut.
//!
//! A writer tells the story once under `strace`. What it did to its files is done again to a simulated disk; after
//! every operation the disk is asked what a crash could leave, and each distinct state is opened and compared with the
//! story: it stands where the last acknowledged step left it, or one step on.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;

use countersign_core::limits::VAULT_CELLS;
use countersign_core::vault::NewAccount;
use countersign_protocol::jose::H32;

use super::disk::{self, Dice, Disk, Left, Saboteur};
use super::story::{self, Told};
use super::trace::{self, Op};
use super::{effort, quick_folder};

const SEED: u64 = 0x0063_7261_7368;
/// States drawn at random after each operation, beside kill and drop.
const SUBSETS: usize = 6;

/// The writer: makes the vault, tells the story, and writes each acknowledgement down once it has it. It locks and
/// unlocks at times, and changes its passphrase.
#[test]
#[ignore = "the writer that the crash suite starts"]
fn writer() {
    let folder = story::child_folder().expect("started by the suite");
    let steps: u64 = std::env::var("COUNTERSIGN_TEST_STEPS").unwrap().parse().unwrap();
    let mut acknowledged = std::fs::File::create(folder.join("acknowledged")).unwrap();
    let mut vault = story::create(&folder, SEED).unwrap();
    let key = vault.key().unwrap();
    acknowledged.write_all(b"0").unwrap();
    for n in 1..=steps {
        story::step(&mut vault, n).unwrap();
        acknowledged.write_all(b"+").unwrap();
        if n % 16 == 0 {
            vault.lock();
            vault.unlock_with(&key).unwrap();
        } else if n == 10 {
            vault
                .change_passphrase(&story::passphrase(), &story::passphrase(), countersign_core::vault::KdfCost::LEAST)
                .unwrap();
        }
    }
    vault.lock();
}

/// Where in its story a folder stands, or what is wrong with it.
type Place = Box<dyn Fn(&Path) -> Result<usize, String>>;

/// What a writer did, and how to look at what is left of it.
pub(super) struct Recorded {
    pub ops: Vec<Op>,
    pub place: Place,
}

fn record(steps: u64) -> Recorded {
    let model = quick_folder();
    let told = Told::tell(model.path(), SEED, steps);
    let folder = tempfile::tempdir().unwrap();
    let ops = trace::record("vault::crash::writer", folder.path(), steps);
    Recorded { ops, place: Box::new(move |folder| told.place(folder)) }
}

impl Recorded {
    /// What steps cost that are one change alone: syncs of each, and bytes written for each.
    fn costs(&self) -> (Vec<usize>, Vec<usize>) {
        let mut all: Vec<(usize, usize)> = vec![];
        for op in &self.ops {
            match op {
                Op::Write(name, ..) if name == "acknowledged" => all.push((0, 0)),
                Op::Write(_, _, bytes) => all.iter_mut().next_back().into_iter().for_each(|cost| cost.1 += bytes.len()),
                Op::Sync(_) | Op::SyncFolder => all.iter_mut().next_back().into_iter().for_each(|cost| cost.0 += 1),
                _ => {}
            }
        }
        // What follows acknowledgement 10 also changes the passphrase, and every sixteenth locks and unlocks.
        let alone = |(n, _): &(usize, (usize, usize))| *n != 10 && n % 16 != 0;
        all.pop();
        all.into_iter().enumerate().filter(alone).map(|(_, cost)| cost).unzip()
    }
}

/// What came of all states.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub points: usize,
    pub states: usize,
    /// States that do not open, or hold what was never there.
    pub unusable: Vec<String>,
    /// States in which an acknowledged step is missing.
    pub lost: usize,
}

impl Recorded {
    /// Crashes after every operation. `early` acknowledgements count before they were made.
    pub(super) fn crash(&self, saboteur: Saboteur, early: usize, subsets: usize) -> Outcome {
        let mut outcome = Outcome::default();
        let mut seen: HashMap<H32, Result<Option<usize>, String>> = HashMap::new();
        let (mut disk, mut acknowledged) = (Disk::default(), None);
        let mut dice = Dice::new(0x9E37_79B9_7F4A_7C15);
        for op in &self.ops {
            match op {
                Op::Write(name, _, bytes) if name == "acknowledged" => {
                    acknowledged = if bytes == b"0" { Some(0) } else { acknowledged.map(|n| n + 1) };
                    continue;
                }
                Op::Create(name) | Op::Truncate(name, _) if name == "acknowledged" => continue,
                op => disk.apply(op, saboteur),
            }
            outcome.points += 1;
            let left = disk.crashes(subsets, &mut dice);
            outcome.states += left.len();
            for left in left {
                let place = seen.entry(disk::hash(&left)).or_insert_with(|| self.look(&left));
                let due = acknowledged.map(|n: usize| n + early);
                match (place, due) {
                    (Err(why), _) => outcome.unusable.push(format!("point {}: {why}", outcome.points)),
                    (Ok(None), None) => {}
                    (Ok(None), Some(_)) => outcome.lost += 1,
                    (Ok(Some(place)), due) => {
                        let due = due.unwrap_or_default();
                        outcome.lost += usize::from(*place < due);
                        if *place > due + 1 {
                            outcome.unusable.push(format!("point {}: {place} steps, {due} told", outcome.points));
                        }
                    }
                }
            }
        }
        outcome
    }

    /// Where in the story a state stands; `None` where there is no vault yet.
    fn look(&self, left: &Left) -> Result<Option<usize>, String> {
        if !left.contains_key(story::NAME) {
            return Ok(None);
        }
        let folder = quick_folder();
        disk::write(left, folder.path());
        (self.place)(folder.path()).map(Some)
    }
}

#[test]
fn an_acknowledged_change_is_never_lost() {
    let steps = effort(60, 1100) as u64;
    let recorded = record(steps);
    let (syncs, mut bytes) = recorded.costs();
    bytes.sort_unstable();
    let (mean, median) = (syncs.iter().sum::<usize>() as f64 / syncs.len() as f64, bytes[bytes.len() / 2]);
    println!("a save: {mean:.2} syncs, {median} bytes (median)");
    assert!(mean <= 1.6 && median <= 20 * 1024, "{mean} syncs, {median} bytes");
    let outcome = recorded.crash(Saboteur::None, 0, SUBSETS);
    println!("{} crash points, {} states", outcome.points, outcome.states);
    assert!(outcome.unusable.is_empty(), "{} unusable, the first: {}", outcome.unusable.len(), outcome.unusable[0]);
    assert_eq!(outcome.lost, 0, "of {} states", outcome.states);
    assert!(outcome.points >= effort(500, 10_000) && outcome.states >= outcome.points * 8, "{outcome:?}");

    // The suite notices what is wrong: a disk or program that does not sync, and a writer that speaks too early.
    let log = recorded.crash(Saboteur::NoLogSync, 0, 1);
    assert!(log.lost > 100, "a log that is never synced loses: {}", log.lost);
    let nothing = recorded.crash(Saboteur::NoSync, 0, 1);
    assert!(nothing.lost > 100, "a disk that never syncs loses: {}", nothing.lost);
    let early = recorded.crash(Saboteur::None, 1, 0);
    assert!(early.lost > 50, "who acknowledges before the commit is found out: {}", early.lost);
}

#[test]
fn an_account_takes_220_bytes_on_the_disk_at_most() {
    const ACCOUNTS: u64 = 1_000;
    let folder = quick_folder();
    let mut vault = story::create(folder.path(), 1).unwrap();
    for n in 0..ACCOUNTS {
        vault.add(&NewAccount { note: String::new(), ..story::account(n) }).unwrap();
    }
    vault.lock();
    // Beside the reserve, which every file has: sixteen cells a page, and the page that lists those.
    let reserve = (VAULT_CELLS / 16 + 1) * 4096;
    let size = std::fs::metadata(folder.path().join(story::NAME)).unwrap().len() - reserve;
    assert!(size <= 220 * ACCOUNTS, "{} bytes an account", size / ACCOUNTS);
}
