//! `cargo xtask test`: compiles once, then runs two suites at a time, one that computes beside one that waits.

use crate::budget::{self, spoken};
use crate::suite::{self, Built, Load, Result, Suite};
use crate::{Fallible, child, setup};
use countersign_strings::{fill, text};
use std::process::Stdio;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// What was asked for on the command line.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    only: Vec<String>,
    list: bool,
    quick: bool,
    accept: bool,
}

impl Options {
    /// Reads the words after `test`.
    pub fn parse(words: &[&str]) -> Fallible<Self> {
        let mut options = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--only" => options.only.push((*words.next().ok_or(text("xtask.only_needs_name"))?).to_owned()),
                "--list" => options.list = true,
                "--quick" => options.quick = true,
                "--accept" => options.accept = true,
                other => return Err(fill("xtask.unknown_option", &[("word", other)])),
            }
        }
        Ok(options)
    }
}

/// Runs what `options` ask for; true when nothing failed. The last line printed is `N passed, N failed`.
pub fn test(options: Options) -> Fallible<bool> {
    let start = Instant::now();
    let every = suite::all()?;
    let suites = match (&options.only[..], options.quick) {
        ([], false) => every.clone(),
        ([], true) => every.iter().filter(|suite| suite.is_quick()).cloned().collect(),
        (only, _) => suite::select(&every, only)?,
    };
    if options.list {
        every.iter().for_each(|suite| println!("{}", suite.name));
        return Ok(true);
    }
    let packages = needed_packages(&suites, suites.len() == every.len());
    let board = Board::new(suites, options.accept);
    thread::scope(|scope| {
        // Parts are fetched while cargo compiles.
        scope.spawn(|| board.lane(Load::Waits));
        scope.spawn(|| board.prepare_tools());
        board.prepare_programs(&packages);
        board.lane(Load::Computes);
    });
    Ok(report(&board.into_rows(), start.elapsed()))
}

/// All packages when everything runs (so that one set of features is compiled), else those the suites need.
fn needed_packages(suites: &[Suite], everything: bool) -> Vec<&'static str> {
    let mut packages: Vec<_> = suites.iter().flat_map(|suite| suite.packages().iter().copied()).collect();
    packages.sort_unstable();
    packages.dedup();
    if everything && !packages.is_empty() { vec!["--workspace"] } else { packages }
}

/// Compiles programs and tests, and finds the executables.
pub fn build(packages: &[&str]) -> Fallible<Built> {
    let mut cargo = child::cargo();
    cargo.args(["build", "--all-targets", "--locked", "--message-format=json-render-diagnostics"]);
    match packages {
        ["--workspace"] => cargo.arg("--workspace"),
        some => cargo.args(some.iter().flat_map(|package| ["-p", package])),
    };
    let output = cargo.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let output = output.map_err(|fault| child::not_started("cargo", &fault))?;
    if output.status.success() {
        Ok(Built::read(&String::from_utf8_lossy(&output.stdout)))
    } else {
        Err(text("xtask.does_not_compile").to_owned())
    }
}

/// A finished suite.
struct Row {
    name: String,
    time: Duration,
    result: Result,
}

/// What both lanes look at: what waits, what runs, what is done.
struct Board {
    accept: bool,
    state: Mutex<State>,
    changed: Condvar,
    built: OnceLock<Fallible<Built>>,
    installed: OnceLock<Fallible<()>>,
}

struct State {
    waiting: Vec<Suite>,
    cargo_runs: bool,
    done: Vec<Row>,
}

impl Board {
    fn new(waiting: Vec<Suite>, accept: bool) -> Self {
        Self {
            accept,
            state: Mutex::new(State { waiting, cargo_runs: false, done: Vec::new() }),
            changed: Condvar::new(),
            built: OnceLock::new(),
            installed: OnceLock::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn prepare_programs(&self, packages: &[&str]) {
        let start = Instant::now();
        let built = if packages.is_empty() { Ok(Built::default()) } else { build(packages) };
        match &built {
            Ok(_) => println!("      compiled in {}", spoken(start.elapsed())),
            Err(fault) => self.record("build", start, Result { passed: 0, failed: 1, output: fault.clone() }),
        }
        let _first = self.built.set(built);
        self.changed.notify_all();
    }

    fn prepare_tools(&self) {
        let start = Instant::now();
        let needed = self.state().waiting.iter().any(|suite| suite.needs.installed);
        let installed = if needed { setup::all() } else { Ok(()) };
        match &installed {
            Ok(()) if needed => println!("      parts in place after {}", spoken(start.elapsed())),
            Ok(()) => {}
            Err(fault) => self.record("setup", start, Result { passed: 0, failed: 1, output: fault.clone() }),
        }
        let _first = self.installed.set(installed);
        self.changed.notify_all();
    }

    /// Takes suite after suite until none is left, those of its own load first.
    fn lane(&self, load: Load) {
        while let Some(suite) = self.next(load) {
            let start = Instant::now();
            let nothing = Built::default();
            let missing = [
                self.built.get().and_then(|built| built.as_ref().err()).filter(|_| suite.needs.built),
                self.installed.get().and_then(|tools| tools.as_ref().err()).filter(|_| suite.needs.installed),
            ];
            let result = match missing.into_iter().flatten().next() {
                Some(fault) => Result { passed: 0, failed: 1, output: format!("not run: {fault}\n") },
                None => {
                    suite.run(self.built.get().and_then(|built| built.as_ref().ok()).unwrap_or(&nothing), self.accept)
                }
            };
            self.record(&suite.name, start, result);
            if suite.cargo {
                self.state().cargo_runs = false;
            }
            self.changed.notify_all();
        }
    }

    fn next(&self, load: Load) -> Option<Suite> {
        let mut state = self.state();
        loop {
            if state.waiting.is_empty() {
                return None;
            }
            let ready = |suite: &Suite| {
                (!suite.needs.built || self.built.get().is_some())
                    && (!suite.needs.installed || self.installed.get().is_some())
                    && !(suite.cargo && state.cargo_runs)
            };
            let own = state.waiting.iter().position(|suite| suite.load == load && ready(suite));
            if let Some(index) = own.or_else(|| state.waiting.iter().position(ready)) {
                let suite = state.waiting.remove(index);
                state.cargo_runs |= suite.cargo;
                return Some(suite);
            }
            // Woken by whoever finishes; the time-out only guards against a lane that died.
            state = self.changed.wait_timeout(state, Duration::from_secs(1)).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn record(&self, name: &str, start: Instant, result: Result) {
        let row = Row { name: name.to_owned(), time: start.elapsed(), result };
        println!("{}", row.line());
        // What this machine cannot show is said, also where all else passed.
        row.result
            .output
            .lines()
            .filter(|line| line.starts_with(suite::SKIPPED))
            .for_each(|line| println!("      {line}"));
        if row.result.failed > 0 {
            println!("──────── {name}\n{}\n────────", row.result.output.trim_end());
        }
        self.state().done.push(row);
    }

    fn into_rows(self) -> Vec<Row> {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).done
    }
}

impl Row {
    fn line(&self) -> String {
        let Result { passed, failed, .. } = self.result;
        let mark = match (passed, failed) {
            (0, 0) => "skip ",
            (_, 0) => "ok   ",
            _ => "FAIL ",
        };
        format!("{mark} {:<26} {passed:>5} passed {failed:>3} failed {:>12}", self.name, spoken(self.time))
    }
}

fn report(rows: &[Row], used: Duration) -> bool {
    let sum = |count: fn(&Result) -> u32| rows.iter().map(|row| count(&row.result)).sum::<u32>();
    let (passed, failed) = (sum(|result| result.passed), sum(|result| result.failed));
    let mut slow: Vec<&Row> = rows.iter().collect();
    slow.sort_by_key(|row| std::cmp::Reverse(row.time));
    println!("\nwhere the time went");
    slow.iter().for_each(|row| println!("{}", row.line()));
    println!("{}", budget::line(used));
    println!("{passed} passed, {failed} failed");
    failed == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_others_refused() {
        let options = Options::parse(&["--only", "push", "--accept"]).unwrap();
        assert_eq!(options, Options { only: vec!["push".to_owned()], accept: true, ..Options::default() });
        assert!(Options::parse(&["--only"]).is_err());
        assert!(Options::parse(&["--fast"]).is_err());
    }

    #[test]
    fn a_run_that_counts_a_failure_fails() {
        let row = |failed| Row {
            name: "x".to_owned(),
            time: Duration::ZERO,
            result: Result { passed: 1, failed, output: String::new() },
        };
        assert!(report(&[row(0)], Duration::ZERO));
        assert!(!report(&[row(0), row(1)], Duration::ZERO));
    }
}
