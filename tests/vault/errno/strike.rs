//! One call fails: a writer runs under `strace`, which lets one of its calls on some files fail, or kills it there. Each
//! call has its turn.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use countersign_core::error::{Error, PortError};

use crate::vault::{quick_folder, story};

/// What is struck: an ignored test of this program, and what it must leave.
pub trait Writer: Sync {
    /// The writer's name as a test. It works in [`story::child_folder`] and writes [`Said`] there.
    const NAME: &'static str;
    /// The calls that reach its disk.
    const CALLS: &'static [&'static str];
    /// Puts what is there before into the folder, and names the files whose calls count.
    fn begin(&self, folder: &Path) -> Vec<PathBuf>;
    /// What the writer is told beside its folder.
    fn told(&self) -> Vec<(&'static str, String)>;
    /// What is wrong with what a writer left that got over its faults, or was killed.
    fn judge(&self, run: &Run, killed: bool) -> Result<(), String>;
}

/// What a writer writes down: what was acknowledged, `!` and a name where something failed, and `end`.
pub struct Said(fs::File);

impl Said {
    pub fn new(folder: &Path) -> Self {
        Self(fs::File::create(folder.join("said")).unwrap())
    }

    pub fn line(&mut self, line: &str) {
        self.0.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Repeats `go` until it comes to its end. One or two faults are made: then it goes well.
    pub fn until_done(&mut self, mut go: impl FnMut(&mut Self) -> Result<(), Error>) {
        let mut failures = 0;
        while let Err(error) = go(self) {
            self.line(&format!("!{error:?}"));
            failures += 1;
            assert!(failures < 4, "the fault is over, and it still fails: {error}");
        }
        self.line("end");
    }
}

/// One fault: which call, the how many-eth of its kind, and what becomes of it.
#[derive(Debug, Clone)]
pub struct Fault {
    pub call: &'static str,
    pub nth: usize,
    /// Whether the next call of the kind fails too: while the writer gets over the first.
    pub twice: bool,
    pub fate: &'static str,
}

/// What a writer did and left.
pub struct Run {
    pub folder: tempfile::TempDir,
    pub log: String,
    said: String,
    printed: String,
}

impl Run {
    /// Each line that was acknowledged.
    pub fn acknowledged(&self) -> impl Iterator<Item = &str> {
        self.said.lines().filter(|line| !line.starts_with('!') && *line != "end")
    }

    /// The name of each fault.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.said.lines().filter_map(|line| line.strip_prefix('!'))
    }
}

/// What a file system is named that became one to be read only.
const READ_ONLY: &str = "Port(Denied)";

/// What the faults came to.
#[derive(Debug, Default)]
pub struct Tally {
    pub faults: usize,
    pub wrong: Vec<String>,
    /// How often each error was named.
    pub named: BTreeMap<String, usize>,
}

impl Tally {
    /// Nothing is wrong, and a full disk is told from a broken one.
    pub fn is_well(&self, least: usize) {
        let briefly = |why: &String| why.chars().take(2_000).collect::<String>();
        let wrong: Vec<String> = self.wrong.iter().map(briefly).collect();
        assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n\n"));
        assert!(self.faults >= least, "{self:?}");
        let names: Vec<&str> = self.named.keys().map(String::as_str).filter(|name| *name != READ_ONLY).collect();
        assert_eq!(names, ["Port(Disk)", "Port(DiskFull)"], "both are named");
    }
}

/// Runs a writer under strace's `options`; its log says what it did.
pub fn run<W: Writer>(writer: &W, options: &[String]) -> Run {
    let folder = quick_folder();
    let log = folder.path().join("log");
    let mut all = vec!["--seccomp-bpf".to_owned(), "-e".into(), format!("trace={}", W::CALLS.join(","))];
    all.extend(["-e".to_owned(), "signal=none".into()]);
    for file in writer.begin(folder.path()) {
        all.extend(["-P".to_owned(), file.display().to_string()]);
    }
    all.extend_from_slice(options);
    let mut command = story::strace(&all, &log, W::NAME, folder.path());
    command.envs(writer.told()).env("RUST_BACKTRACE", "0");
    let output = command.output().expect("strace is there; `cargo xtask setup` installs it");
    let log = fs::read_to_string(log).unwrap();
    let said = fs::read_to_string(folder.path().join("said")).unwrap_or_default();
    let printed = [output.stdout, output.stderr].concat();
    Run { folder, log, said, printed: String::from_utf8_lossy(&printed).into_owned() }
}

/// How often each call is made where nothing fails.
pub fn calls<W: Writer>(writer: &W) -> Vec<(&'static str, usize)> {
    let run = run(writer, &[]);
    assert!(run.said.ends_with("end\n"), "{}\n{}", run.said, run.printed);
    let count = |call: &str| run.log.lines().filter(|line| line.contains(&format!(" {call}("))).count();
    W::CALLS.iter().map(|call| (*call, count(call))).collect()
}

/// Strikes once for each fault, two at a time.
pub fn strike_all<W: Writer>(writer: &W, faults: Vec<Fault>) -> Tally {
    let (tally, faults) = (Mutex::new(Tally::default()), Mutex::new(faults.into_iter()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let Some(fault) = faults.lock().unwrap().next() else { break };
                    strike(writer, &fault, &tally);
                }
            });
        }
    });
    tally.into_inner().unwrap()
}

fn strike<W: Writer>(writer: &W, fault: &Fault, tally: &Mutex<Tally>) {
    let Fault { call, nth, twice, fate } = fault;
    let when = if *twice { format!("{nth}..{}", nth + 1) } else { nth.to_string() };
    let run = run(writer, &["-e".to_owned(), format!("inject={call}:{fate}:when={when}")]);
    let killed = fate.starts_with("signal");
    if !run.log.contains("(INJECTED)") && !run.log.contains("killed by SIGKILL") {
        return;
    }
    let outcome = judge(writer, &run, killed);
    let mut tally = tally.lock().unwrap();
    tally.faults += 1;
    run.named().for_each(|name| *tally.named.entry(name.to_owned()).or_default() += 1);
    if let Err(why) = outcome {
        tally.wrong.push(format!("{fault:?}: {why}"));
    }
}

/// The writer got over it, and each fault had its name; the rest is the writer's own matter.
fn judge<W: Writer>(writer: &W, run: &Run, killed: bool) -> Result<(), String> {
    if !killed && !run.said.ends_with("end\n") {
        return Err(format!("the writer did not get over it: {}\n{}", run.said, run.printed));
    }
    let known =
        [PortError::DiskFull, PortError::Disk, PortError::Denied].map(|error| format!("{:?}", Error::Port(error)));
    if let Some(name) = run.named().find(|name| known.iter().all(|known| known != name)) {
        return Err(format!("it was named {name}"));
    }
    writer.judge(run, killed)
}
