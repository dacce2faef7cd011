//! The end of a vault: killed at any moment, it is whole or can never be opened again, and the rest goes at the next start.
//!
//! As in [`super::crash`], a writer is watched once, and its disk is asked after every operation what a crash could leave.

use std::collections::HashSet;
use std::io::Write as _;

use countersign_core::vault::Vault;

use super::disk::{self, Dice, Disk, Left, Saboteur};
use super::story::{self, Told};
use super::trace::{self, Op};
use super::{effort, quick_folder};

const SEED: u64 = 0x0065_7261_7365;
const STEPS: u64 = 12;

/// The writer: tells the story, leaves its log and a copy beside the vault, says so, and erases it.
#[test]
#[ignore = "the writer that the erase suite starts"]
fn writer() {
    let folder = story::child_folder().expect("started by the suite");
    let mut vault = story::create(&folder, SEED).unwrap();
    for n in 1..=STEPS {
        story::step(&mut vault, n).unwrap();
    }
    let path = folder.join(story::NAME);
    let bytes = std::fs::read(&path).unwrap();
    let mut copy = std::fs::File::create(folder.join(format!("{}.damaged-012345", story::NAME))).unwrap();
    copy.write_all(&bytes).and_then(|()| copy.sync_all()).unwrap();
    let mut said = std::fs::File::create(folder.join("acknowledged")).unwrap();
    said.write_all(b"begins").unwrap();
    Vault::erase(&path).unwrap();
    said.write_all(b"erased").unwrap();
}

#[derive(Debug, Default)]
struct Outcome {
    points: usize,
    /// States in which the vault is still there, whole.
    whole: usize,
    /// States in which it is erased, as the next start finds it.
    erased: usize,
    wrong: Vec<String>,
}

fn crash(ops: &[Op], told: &Told, saboteur: Saboteur) -> Outcome {
    let (mut outcome, mut seen) = (Outcome::default(), HashSet::new());
    let (mut disk, mut dice) = (Disk::default(), Dice::new(0x9E37_79B9_7F4A_7C15));
    let (mut begun, mut done) = (false, false);
    for op in ops {
        match op {
            Op::Write(name, _, bytes) if name == "acknowledged" => (begun, done) = (true, bytes == b"erased"),
            Op::Create(name) | Op::Truncate(name, _) if name == "acknowledged" => {}
            op => disk.apply(op, saboteur),
        }
        if !begun {
            continue;
        }
        outcome.points += 1;
        for left in disk.crashes(effort(4, 40), &mut dice) {
            if !seen.insert((disk::hash(&left), done)) {
                continue;
            }
            match judge(&left, told, done) {
                Ok(true) => outcome.whole += 1,
                Ok(false) => outcome.erased += 1,
                Err(why) => outcome.wrong.push(format!("point {}: {why}", outcome.points)),
            }
        }
    }
    outcome
}

/// Whether the vault is there, whole; or else nothing of it is, after the next start.
fn judge(left: &Left, told: &Told, done: bool) -> Result<bool, String> {
    let folder = quick_folder();
    disk::write(left, folder.path());
    let path = folder.path().join(story::NAME);
    if Vault::exists(&path) {
        let place = told.place(folder.path())?;
        let is_whole = place == told.contents.len() - 1 && !done;
        return if is_whole { Ok(true) } else { Err(format!("half of it is there: {place} steps")) };
    }
    // The next start ends what was begun, whether it opens the vault or makes another one.
    assert!(story::open(folder.path()).is_err());
    let names: Vec<String> = std::fs::read_dir(folder.path())
        .map_err(|error| error.to_string())?
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    if names.is_empty() { Ok(false) } else { Err(format!("left behind: {names:?}")) }
}

#[test]
fn killed_at_any_moment_a_vault_is_whole_or_gone() {
    let model = quick_folder();
    let told = Told::tell(model.path(), SEED, STEPS);
    let folder = tempfile::tempdir().unwrap();
    let ops = trace::record("vault::erase::writer", folder.path(), STEPS);
    let outcome = crash(&ops, &told, Saboteur::None);
    println!("{} points, {} whole, {} erased", outcome.points, outcome.whole, outcome.erased);
    assert!(outcome.wrong.is_empty(), "{} wrong, the first: {}", outcome.wrong.len(), outcome.wrong[0]);
    assert!(outcome.points >= 20 && outcome.whole >= 1 && outcome.erased >= outcome.points / 2, "{outcome:?}");
    // On a disk that syncs nothing the mark may be lost, and half of a vault is found.
    let careless = crash(&ops, &told, Saboteur::NoSync);
    assert!(!careless.wrong.is_empty(), "{careless:?}");
}
