//! P8 where the program is killed, or the power goes: at every write of the journal the disk is what such an end can leave, and the token
//! is what it was at that moment. Whoever comes back then finishes the burn, and nobody is told less than the token holds.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use countersign_core::app::{App, Folders};
use countersign_core::burn::ledger::Proof;
use countersign_core::burn::source::{Choices, Kind, read};
use countersign_core::burn::{BatchLine, Ending, LinkError, Met, Progress, TokenLink};
use countersign_core::cancel::Cancel;
use countersign_core::vault::{KdfCost, Sheet, Vault};
use countersign_emulator::{Link, Still, Token as _};
use countersign_protocol::jose::H32;
use countersign_tests::double::{Doubles, SeededRandom};

use super::stand::{Any, Case, Contents, NOW, Run, Wire, cases, contents, hints};
use crate::vault::disk::{self, Dice, Disk, Left, Saboteur};
use crate::vault::trace::{self, Op};
use crate::vault::{effort, quick_folder, story};

const SEED: u64 = 0x0062_7572_6e73;
/// States drawn at random after each operation, beside kill and drop.
const SUBSETS: usize = 2;
/// What the writer sent to the token, a command a write. It is the token's and no disk's: no crash takes anything of it.
const SENT: &str = "sent";
/// Two rows of a batch, the first of which the burn is for.
const ROWS: &str = "serial,secret_hex,name\n,3132333435363738393031323334353637383930,a\n\
                    ,3132333435363738393031323334353637383931,b\n";

fn sheet() -> Sheet {
    Sheet::generate(&SeededRandom::new(SEED)).unwrap()
}

/// The program on this folder, unlocked without a derivation of keys. `nonces` tells one process from another.
fn app(private: &Path, shared: &Path, nonces: u64) -> Result<App, String> {
    let doubles = Doubles::new(nonces);
    doubles.clock.set(NOW);
    let folders = Folders { private: private.to_owned(), shared: shared.to_owned() };
    let app = App::open(folders, doubles.ports()).map_err(|error| format!("does not open: {error}"))?;
    app.unlock_by_sheet(&sheet(), &Cancel::default()).map_err(|error| format!("does not unlock: {error}"))?;
    let damage = app.vault_report().unwrap().damage;
    if damage.is_empty() { Ok(app) } else { Err(format!("damaged: {damage:?}")) }
}

/// A vault that a sheet opens, with a batch in it.
fn prepare(folder: &Path) {
    let (doubles, shared) = (Doubles::new(SEED), quick_folder());
    let path = folder.join("vault.sqlite");
    let (clock, random) = (doubles.clock.clone(), doubles.random.clone());
    let mut vault = Vault::create(&path, &story::passphrase(), KdfCost::LEAST, None, clock, random.clone()).unwrap();
    let slot = vault.key().unwrap().sheet_slot(&sheet(), &*random).unwrap();
    vault.add_slot(slot, "").unwrap();
    drop(vault);
    let rows = read(Kind::Table, ROWS.as_bytes(), Choices::default()).unwrap().rows;
    app(folder, shared.path(), SEED + 1).unwrap().keep_batch("May", &rows).unwrap();
}

/// The row of the batch that the burn is for: only a token with a serial number takes one.
fn line(app: &App, case: &Case) -> Option<BatchLine> {
    let has_number = !case.name.starts_with("feitian");
    let batch = app.batches().unwrap()[0].id;
    has_number.then(|| BatchLine { batch, line: app.batch(batch).unwrap().rows()[0].line })
}

/// Burns, or takes the burn up that is there.
fn burn(app: &App, case: &Case, wire: &mut dyn TokenLink) -> Result<Ending, String> {
    let none = Cancel::default();
    let Ok(Met::Token(mut found)) = app.meet_token(wire, hints(case.family), &none) else {
        return Err("not met".into());
    };
    if let Some(ending) = app.resume_burn(&mut found, &case.key, &none).map_err(|halt| format!("{halt:?}"))? {
        return Ok(ending);
    }
    let plan = app.plan_burn(&mut found, case.request.clone(), &case.key, &none).map_err(|error| error.to_string())?;
    app.burn(&mut found, &plan, &case.key, line(app, case), &none).map_err(|halt| format!("{halt:?}"))
}

/// A link that writes down what went over it, once it did.
struct Logged(Link<Any>, File);

impl TokenLink for Logged {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        let answer = self.0.transmit(command).map_err(|_| LinkError::Lost);
        self.1.write_all(command).unwrap();
        answer
    }
}

#[test]
#[ignore = "the writer that the suite starts"]
fn writer() {
    let folder = story::child_folder().expect("started by the suite");
    let number: usize = std::env::var("COUNTERSIGN_TEST_STEPS").unwrap().parse().unwrap();
    let (case, shared) = (&cases()[number], quick_folder());
    let app = app(&folder, shared.path(), SEED + 2).unwrap();
    let mut wire = Logged(Link::new((case.token)(&Still::at(NOW))), File::create(folder.join(SENT)).unwrap());
    assert_eq!(burn(&app, case, &mut wire), Ok(case.ending));
}

/// One burn as it was recorded.
struct Recorded<'a> {
    case: &'a Case,
    ops: Vec<Op>,
    /// What the disk held before.
    first: Left,
    before: Contents,
    after: Contents,
}

/// What came of all states.
#[derive(Debug, Default)]
struct Outcome {
    points: usize,
    states: usize,
    /// In which the person would be told less, or other, than the token holds, or cannot go on.
    wrong: Vec<String>,
}

fn record(number: usize, case: &Case) -> Recorded<'_> {
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let entries = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap());
    let entries = entries.filter(|entry| entry.file_name() == "vault.sqlite");
    let first = entries.map(|file| ("vault.sqlite".to_owned(), std::fs::read(file.path()).unwrap())).collect();
    let ops = trace::record("burn::crash::writer", folder.path(), number as u64);
    let mut run = Run::new(case);
    let before = run.contents();
    assert_eq!(run.burn(), Ok(case.ending), "{}", case.name);
    Recorded { case, ops, first, before, after: run.contents() }
}

impl Recorded<'_> {
    /// Crashes after every operation; the token is `ahead` commands further than it was.
    fn crash(&self, saboteur: Saboteur, ahead: usize) -> Outcome {
        let mut outcome = Outcome::default();
        let mut seen: HashMap<(H32, usize), Result<(), String>> = HashMap::new();
        let mut disk = Disk::default();
        for (name, bytes) in &self.first {
            let ops = [Op::Create(name.clone()), Op::Write(name.clone(), 0, bytes.clone()), Op::SyncFolder];
            ops.iter().chain(&[Op::Sync(name.clone())]).for_each(|op| disk.apply(op, Saboteur::None));
        }
        let commands: Vec<&[u8]> = self.ops.iter().filter_map(sent).collect();
        let (mut number, mut dice) = (0, Dice::new(SEED));
        for op in &self.ops {
            match op {
                op if sent(op).is_some() => number += 1,
                Op::Create(name) | Op::Truncate(name, _) if name == SENT => continue,
                op => disk.apply(op, saboteur),
            }
            outcome.points += 1;
            let number = (number + ahead).min(commands.len());
            for left in disk.crashes(SUBSETS, &mut dice) {
                outcome.states += 1;
                let key = (disk::hash(&left), number);
                let look = seen.entry(key).or_insert_with(|| self.look(&left, &commands[..number]));
                if let Err(why) = look {
                    outcome.wrong.push(format!("{}, {number} commands: {why}", self.case.name));
                }
            }
        }
        outcome
    }

    /// The token after these commands, on the reader again.
    fn token(&self, commands: &[&[u8]]) -> Any {
        let mut link = Link::new((self.case.token)(&Still::at(NOW)));
        commands.iter().for_each(|command| drop(link.transmit(command)));
        let mut token = link.into_token();
        token.leave();
        token
    }

    /// What somebody finds who comes back, and whether they can go on.
    fn look(&self, left: &Left, commands: &[&[u8]]) -> Result<(), String> {
        let (folder, shared) = (quick_folder(), quick_folder());
        disk::write(left, folder.path());
        let app = app(folder.path(), shared.path(), SEED + 3)?;
        let mut token = self.token(commands);
        let is = contents(&mut token, &self.case.request);
        let listed = app.burns().unwrap();
        let is_told = match listed.first().map(|row| &row.progress) {
            None | Some(Progress::Ended(Ending::NotWritten)) => is == self.before,
            Some(Progress::Begun(_)) => true,
            Some(Progress::Ended(_)) => is == self.after,
        };
        let ledger = app.ledger(None).unwrap();
        let promised = ledger.iter().any(|line| line.row.proof != Proof::Failed);
        if !is_told || listed.len() > 1 || (promised && is != self.after) {
            return Err(format!("told {listed:?}, the ledger {ledger:?}, and the token holds {is:?}"));
        }
        let of_batch = usize::from(line(&app, self.case).is_some());
        let done = |app: &App| app.batches().unwrap()[0].done;
        if done(&app) != of_batch * listed.len() {
            return Err(format!("{} rows of the batch, {} burns", done(&app), listed.len()));
        }
        let mut wire = Wire(Link::new(token));
        let ending = burn(&app, self.case, &mut wire)?;
        let is = contents(wire.0.token_mut(), &self.case.request);
        let proofs: Vec<Proof> = app.ledger(None).unwrap().iter().map(|line| line.row.proof).collect();
        let whole = (self.case.ending, [Progress::Ended(self.case.ending).proof().unwrap()].to_vec(), of_batch);
        if (ending, proofs, done(&app)) != whole || is != self.after {
            return Err(format!("taken up: {ending:?}, it holds {is:?}"));
        }
        Ok(())
    }
}

/// A command that went to the token.
fn sent(op: &Op) -> Option<&[u8]> {
    match op {
        Op::Write(name, _, bytes) if name == SENT => Some(bytes),
        _ => None,
    }
}

/// Every run: the burn with most steps, one that proves itself, one whose token tells no number. The long form: every one.
fn chosen() -> Vec<(usize, Case)> {
    let short = ["single, restricted", "yubikey, replaced", "feitian"];
    let all = cases().into_iter().enumerate();
    all.filter(|(_, case)| effort(0, 1) == 1 || short.contains(&case.name)).collect()
}

#[test]
fn a_burn_that_is_killed_at_any_write_of_the_journal_is_taken_up() {
    let (mut points, mut states) = (0, 0);
    let all = chosen();
    for (number, case) in &all {
        let recorded = record(*number, case);
        let outcome = recorded.crash(Saboteur::None, 0);
        let Outcome { wrong, .. } = &outcome;
        assert!(wrong.is_empty(), "{} of {} states, the first: {}", wrong.len(), outcome.states, wrong[0]);
        (points, states) = (points + outcome.points, states + outcome.states);
        // It notices a disk that does not sync, and a program that writes to the token before it has told its journal.
        if *number == all[0].0 {
            let lost = recorded.crash(Saboteur::NoSync, 0).wrong;
            assert!(lost.iter().any(|why| why.contains("told []")), "{lost:?}");
            let early = recorded.crash(Saboteur::None, usize::MAX / 2).wrong;
            assert!(early.iter().any(|why| why.contains("told []")), "{early:?}");
        }
    }
    println!("{} burns, {points} crash points, {states} states", all.len());
    assert!(points >= 30 * all.len(), "{points}");
}
