//! P2: a failing disk call never damages the vault.
//!
//! A writer unlocks a vault and tells the next steps of the story; `strace` lets one of its calls on the vault's files
//! fail, or kills it there, and each call has its turn. The writer must name what failed, and go on where it stood.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use countersign_core::error::{Error, PortError};
use countersign_tests::double::{BEGIN, FixedClock, SeededRandom};

use super::story::{self, Told};
use super::{effort, quick_folder};

const SEED: u64 = 0x0065_7272_6E6F;
/// Steps that are told before anything fails.
const BEFORE: u64 = 6;
/// The calls that reach the disk.
const CALLS: [&str; 8] = ["pwrite64", "write", "fsync", "fdatasync", "rename", "openat", "ftruncate", "unlink"];

/// The writer. Each line of `said`: `+` a step was acknowledged, `!` and a name where one failed, `again` when the vault
/// was opened again after that, `end`.
#[test]
#[ignore = "the writer that the errno suite starts"]
fn writer() {
    let folder = story::child_folder().expect("started by the suite");
    let steps: u64 = std::env::var("COUNTERSIGN_TEST_STEPS").unwrap().parse().unwrap();
    let mut said = Said { file: fs::File::create(folder.join("said")).unwrap(), swallow: is_saboteur() };
    let folder = folder.join("vault");
    let mut failures = 0;
    // One fault is made: the second try, at the latest, goes well.
    while let Err(error) = tell(&folder, steps, &mut said) {
        said.line(&format!("!{error:?}"));
        failures += 1;
        assert!(failures < 4, "the fault is over, and it still fails: {error}");
    }
    said.line("end");
}

fn is_saboteur() -> bool {
    std::env::var_os("COUNTERSIGN_TEST_SABOTEUR").is_some()
}

struct Said {
    file: fs::File,
    /// The saboteur: takes every error for success.
    swallow: bool,
}

impl Said {
    fn line(&mut self, line: &str) {
        use std::io::Write as _;
        self.file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

fn tell(folder: &Path, steps: u64, said: &mut Said) -> Result<(), Error> {
    let mut vault = story::open(folder)?;
    vault.unlock(&story::passphrase())?;
    let told = vault.accounts()?.iter().filter_map(|a| a.issuer.strip_prefix("Step ")?.parse::<u64>().ok()).max();
    for n in told.unwrap_or_default() + 1..=steps {
        let done =
            vault.add(&countersign_core::vault::NewAccount { issuer: format!("Step {n}"), ..story::account(900 + n) });
        if said.swallow {
            said.line("+");
            continue;
        }
        done?;
        said.line("+");
    }
    vault.lock();
    Ok(())
}

/// One fault: which call, the how many-eth of its kind, and what becomes of it.
#[derive(Debug, Clone)]
struct Fault {
    call: &'static str,
    nth: usize,
    /// Whether the next call of the kind fails too: while the writer gets over the first.
    twice: bool,
    fate: &'static str,
}

/// What the faults came to.
#[derive(Debug, Default)]
struct Tally {
    faults: usize,
    wrong: Vec<String>,
    /// How often each error was named.
    named: BTreeMap<String, usize>,
}

struct Suite {
    made: tempfile::TempDir,
    told: Told,
    steps: u64,
    saboteur: bool,
}

impl Suite {
    fn new(steps: u64, saboteur: bool) -> Self {
        let made = quick_folder();
        let told = Told::tell(made.path(), SEED, BEFORE);
        Self { made, told, steps, saboteur }
    }

    /// Runs the writer on a copy of the vault, with `inject` as options of strace; the log says what it did.
    fn run(&self, options: &[String]) -> Run {
        let folder = quick_folder();
        let vault = folder.path().join("vault");
        fs::create_dir(&vault).unwrap();
        fs::copy(self.made.path().join(story::NAME), vault.join(story::NAME)).unwrap();
        let log = folder.path().join("log");
        let mut all = vec!["-e".to_owned(), format!("trace={}", CALLS.join(",")), "-e".into(), "signal=none".into()];
        let files = ["", "/vault.db", "/vault.db-wal", "/vault.db-shm", "/vault.db-journal", "/vault.db.lock"];
        for file in files {
            all.extend(["-P".to_owned(), format!("{}{file}", vault.display())]);
        }
        all.extend_from_slice(options);
        let mut command = story::strace(&all, &log, "vault::errno::writer", folder.path());
        command.env("COUNTERSIGN_TEST_STEPS", self.steps.to_string());
        if self.saboteur {
            command.env("COUNTERSIGN_TEST_SABOTEUR", "1");
        }
        let output = command.output().expect("strace is there; `cargo xtask setup` installs it");
        let log = fs::read_to_string(log).unwrap();
        let said = fs::read_to_string(folder.path().join("said")).unwrap();
        Run { folder, log, said, printed: String::from_utf8_lossy(&output.stdout).into_owned() }
    }

    /// How often each call is made where nothing fails.
    fn calls(&self) -> BTreeMap<&'static str, usize> {
        let run = self.run(&[]);
        assert!(run.said.ends_with("end\n"), "{}", run.printed);
        let count = |call: &str| run.log.lines().filter(|line| line.contains(&format!(" {call}("))).count();
        CALLS.into_iter().map(|call| (call, count(call))).collect()
    }

    fn strike(&self, fault: &Fault, tally: &mut Tally) {
        let Fault { call, nth, twice, fate } = fault;
        let when = if *twice { format!("{nth}..{}", nth + 1) } else { nth.to_string() };
        let run = self.run(&["-e".to_owned(), format!("inject={call}:{fate}:when={when}")]);
        if !run.log.contains("(INJECTED)") && !run.log.contains("killed by SIGKILL") {
            return;
        }
        tally.faults += 1;
        if let Err(why) = self.judge(fault, &run, &mut tally.named) {
            tally.wrong.push(format!("{fault:?}: {why}"));
        }
    }

    /// The vault opens, holds what was acknowledged and at most one step more, and the fault had a name.
    fn judge(&self, fault: &Fault, run: &Run, named: &mut BTreeMap<String, usize>) -> Result<(), String> {
        let acknowledged = run.said.lines().filter(|line| *line == "+").count();
        let names: Vec<&str> = run.said.lines().filter_map(|line| line.strip_prefix('!')).collect();
        let killed = fault.fate.starts_with("signal");
        if !killed && !run.said.ends_with("end\n") {
            return Err(format!("the writer did not get over it: {}\n{}", run.said, run.printed));
        }
        for name in &names {
            *named.entry((*name).to_owned()).or_default() += 1;
            let known = [PortError::DiskFull, PortError::Disk].map(|error| format!("{:?}", Error::Port(error)));
            if !known.contains(&(*name).to_owned()) {
                return Err(format!("it was named {name}"));
            }
        }
        let folder = run.folder.path().join("vault");
        let clock = std::sync::Arc::new(FixedClock::new(BEGIN));
        let open = countersign_core::vault::Vault::open(
            &folder.join(story::NAME),
            clock,
            std::sync::Arc::new(SeededRandom::new(1)),
        );
        let mut vault = open.map_err(|error| format!("does not open: {error}"))?;
        vault.unlock_with(&self.told.key).map_err(|error| format!("does not unlock: {error}"))?;
        let report = vault.report().map_err(|error| error.to_string())?;
        if !report.damage.is_empty() {
            return Err(format!("damaged: {:?}", report.damage));
        }
        let accounts = vault.accounts().map_err(|error| error.to_string())?;
        let steps: Vec<u64> = accounts.iter().filter_map(|a| a.issuer.strip_prefix("Step ")?.parse().ok()).collect();
        let whole = accounts.len() == self.before() + steps.len() && steps.iter().copied().eq(1..=steps.len() as u64);
        // After an error the step may be there or not; the writer looked, and told what was left of the story.
        let most = acknowledged + if killed { 1 } else { names.len() };
        let in_place = (acknowledged..=most).contains(&steps.len());
        if whole && in_place { Ok(()) } else { Err(format!("{acknowledged} acknowledged, there are {steps:?}")) }
    }

    fn before(&self) -> usize {
        let mut vault = story::unlock(self.made.path(), &self.told.key).unwrap();
        vault.accounts().unwrap().len()
    }

    fn strike_all(&self) -> Tally {
        let mut tally = Tally::default();
        for (call, count) in self.calls() {
            for nth in 1..=count {
                for fate in ["error=ENOSPC", "error=EIO", "signal=SIGKILL"] {
                    self.strike(&Fault { call, nth, twice: false, fate }, &mut tally);
                }
                // A second fault while recovering: each in the long form, one in ten in the short one.
                for fate in ["error=ENOSPC", "error=EIO"].into_iter().filter(|_| nth % effort(10, 1) == 0) {
                    self.strike(&Fault { call, nth, twice: true, fate }, &mut tally);
                }
            }
        }
        tally
    }
}

struct Run {
    folder: tempfile::TempDir,
    log: String,
    said: String,
    printed: String,
}

#[test]
fn a_failing_disk_call_never_damages_the_vault() {
    let tally = Suite::new(effort(8, 220) as u64, false).strike_all();
    println!("{} faults, named {:?}", tally.faults, tally.named);
    assert!(tally.wrong.is_empty(), "{} wrong, the first: {}", tally.wrong.len(), tally.wrong[0]);
    assert!(tally.faults >= effort(100, 5_000), "{tally:?}");
    let names: Vec<&str> = tally.named.keys().map(String::as_str).collect();
    assert_eq!(names, ["Port(Disk)", "Port(DiskFull)"], "both are named");
}

#[test]
fn a_writer_that_takes_errors_for_success_is_found_out() {
    let suite = Suite::new(3, true);
    let mut tally = Tally::default();
    for nth in 1..=suite.calls()["pwrite64"] {
        suite.strike(&Fault { call: "pwrite64", nth, twice: false, fate: "error=ENOSPC" }, &mut tally);
    }
    assert!(!tally.wrong.is_empty(), "{tally:?}");
}
