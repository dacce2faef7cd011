//! The suites of `cargo xtask test`: what each is called, what it needs first, how it is run and counted.

use crate::budget::{CARGO_LIMIT, CROWD, SUITE_LIMIT};
use crate::{Fallible, android, bindings, child, deps, phones, repo};
use countersign_strings::fill;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// As `--only` takes it: `fmt`, `unit/core`, `journeys/push`.
    pub name: String,
    /// One that computes runs beside one that waits.
    pub load: Load,
    /// What must be there before it starts.
    pub needs: Needs,
    /// Whether it runs cargo, of which one at a time can work in the target folder.
    pub cargo: bool,
    work: Work,
}

/// What a suite does with most of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// It keeps a core busy.
    Computes,
    /// It waits for a browser, a disk, a held request.
    Waits,
}

/// What must be there before a suite starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// The programs and test executables.
    pub built: bool,
    /// The parts that `setup` installs.
    pub installed: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Work {
    Fmt,
    Spelling,
    Deps,
    Clippy,
    Phones,
    Docs,
    Unit(&'static str),
    Journeys { module: String, filter: Option<String> },
    PythonBindings,
    KotlinBindings,
    SwiftBindings,
    AndroidLogic,
    AndroidApp,
    OtherPhone,
    Demo,
}

/// What a suite counted, and what it printed.
#[derive(Debug, Default)]
pub struct Result {
    /// Tests that passed; a suite such as `fmt` counts as one.
    pub passed: u32,
    /// Tests that failed.
    pub failed: u32,
    /// All it printed, for when it failed.
    pub output: String,
}

/// The packages with unit tests. `bindings` has none: it holds no rule, and `python-bindings`, `kotlin-bindings` and
/// `swift-bindings` test what it passes on.
const UNIT: [&str; 9] = ["protocol", "core", "strings", "prompt", "gateway", "cli", "emulator", "tests", "xtask"];

/// Of these the one whose tests speak with a program in Python.
const UNIT_WITH_PYTHON: &str = "emulator";

/// Modules of the test binary that read the sources alone.
const SOURCES: [&str; 3] = ["architecture", "strings", "torture"];

/// Modules of the test binary with a browser or programs in most tests.
const CROWDED: [&str; 6] = ["journey", "looks", "driver", "leak", "cli", "demo"];

/// How a line begins that says what this machine cannot show.
pub const SKIPPED: &str = "skipped: ";

const NOTHING: Needs = Needs { built: false, installed: false };
const BUILT: Needs = Needs { built: true, installed: false };
const TOOLS: Needs = Needs { built: false, installed: true };
const BOTH: Needs = Needs { built: true, installed: true };

/// Every suite, in the order in which they are preferred.
pub fn all() -> Fallible<Vec<Suite>> {
    let main = repo::root().join("tests/main.rs");
    let main = std::fs::read_to_string(&main).map_err(|fault| format!("{}: {fault}", main.display()))?;
    let mut suites = vec![
        suite("fmt", Load::Waits, NOTHING, false, Work::Fmt),
        suite("spelling", Load::Waits, TOOLS, false, Work::Spelling),
        suite("clippy", Load::Computes, BUILT, true, Work::Clippy),
        suite("phones", Load::Computes, BUILT, true, Work::Phones),
        suite("docs", Load::Computes, BUILT, true, Work::Docs),
        suite("deps", Load::Waits, BUILT, false, Work::Deps),
        suite("demo", Load::Waits, BOTH, false, Work::Demo),
        suite("python-bindings", Load::Waits, BOTH, false, Work::PythonBindings),
        suite("kotlin-bindings", Load::Computes, BOTH, false, Work::KotlinBindings),
        suite("swift-bindings", Load::Waits, BOTH, false, Work::SwiftBindings),
        suite("android-logic", Load::Computes, BOTH, false, Work::AndroidLogic),
        // R8 wants 3 GB: never beside cargo, which links.
        suite("android-app", Load::Computes, BOTH, true, Work::AndroidApp),
        suite("other-phone", Load::Waits, BOTH, false, Work::OtherPhone),
    ];
    suites.extend(repo::journey_modules(&main).into_iter().map(journeys));
    suites.extend(UNIT.map(|package| {
        let needs = if package == UNIT_WITH_PYTHON { BOTH } else { BUILT };
        suite(&format!("unit/{package}"), Load::Computes, needs, false, Work::Unit(package))
    }));
    Ok(suites)
}

fn suite(name: &str, load: Load, needs: Needs, cargo: bool, work: Work) -> Suite {
    Suite { name: name.to_owned(), load, needs, cargo, work }
}

fn journeys(module: String) -> Suite {
    let needs = if SOURCES.contains(&module.as_str()) { BUILT } else { BOTH };
    suite(&format!("journeys/{module}"), Load::Waits, needs, false, Work::Journeys { module, filter: None })
}

/// Those of `suites` that `only` names, by full name, last part, or `module::part` of the journeys.
pub fn select(suites: &[Suite], only: &[String]) -> Fallible<Vec<Suite>> {
    let mut chosen: Vec<Suite> = Vec::new();
    for name in only {
        let (head, filter) =
            name.split_once("::").map_or((name.as_str(), None), |(head, _)| (head, Some(name.clone())));
        let before = chosen.len();
        for suite in suites.iter().filter(|suite| suite.is_called(head)) {
            let mut suite = suite.clone();
            if let (Work::Journeys { filter: place, .. }, Some(filter)) = (&mut suite.work, filter.clone()) {
                *place = Some(filter);
            }
            chosen.push(suite);
        }
        if chosen.len() == before {
            return Err(fill("xtask.no_such_suite", &[("name", name)]));
        }
    }
    Ok(chosen)
}

impl Suite {
    fn is_called(&self, name: &str) -> bool {
        self.name == name || self.name.rsplit('/').next() == Some(name)
    }

    /// Part of the inner loop: no tools, no browser, no second pass of the compiler.
    pub fn is_quick(&self) -> bool {
        !self.needs.installed && !self.cargo && self.name != "deps"
    }

    /// The packages that must be built for it.
    pub fn packages(&self) -> &'static [&'static str] {
        match &self.work {
            Work::Unit("cli") => &["countersign"],
            Work::Unit("protocol") => &["countersign-protocol"],
            Work::Unit("core") => &["countersign-core"],
            Work::Unit("strings") => &["countersign-strings"],
            Work::Unit("prompt") => &["countersign-prompt"],
            Work::Unit("gateway") => &["countersign-gateway"],
            Work::Unit("emulator") => &["countersign-emulator"],
            Work::Unit("tests") => &["countersign-tests"],
            Work::Unit(_) => &["xtask"],
            Work::Journeys { .. } => &["countersign-tests", "countersign", "countersign-gateway", "xtask"],
            Work::PythonBindings => &["countersign-bindings", "countersign-bindgen", "countersign-gateway"],
            Work::SwiftBindings => &["countersign-bindings", "countersign-bindgen", "countersign-contract"],
            Work::KotlinBindings | Work::AndroidApp => {
                &["countersign-bindings", "countersign-bindgen", "countersign-contract", "countersign-gateway"]
            }
            Work::AndroidLogic => &["countersign-bindings", "countersign-bindgen"],
            Work::OtherPhone => &["countersign-gateway"],
            Work::Demo => &["countersign", "countersign-gateway", "countersign-tests", "xtask"],
            Work::Fmt | Work::Spelling | Work::Deps | Work::Clippy | Work::Phones | Work::Docs => &[],
        }
    }

    /// Runs it to its end. With `accept`, pictures are taken for golden as they are drawn.
    pub fn run(&self, built: &Built, accept: bool) -> Result {
        let done = match &self.work {
            Work::Fmt => formatted(),
            Work::Spelling => {
                one(Command::new(repo::in_venv("typos")).arg("--config=typos.toml").current_dir(repo::root()))
            }
            Work::Deps => Ok(deps::check()),
            Work::Clippy => clippy(),
            Work::Phones => phones::check(),
            Work::Docs => docs(),
            Work::Unit(package) => built.unit(package),
            Work::Journeys { module, filter } => built.journeys(module, filter.as_deref(), accept),
            Work::PythonBindings => bindings::python(),
            Work::KotlinBindings => bindings::kotlin(),
            Work::SwiftBindings => bindings::swift(),
            Work::AndroidLogic => android::logic(),
            Work::AndroidApp => android::app(accept),
            Work::OtherPhone => unittest(&repo::in_venv("python"), "tests/peer", &repo::root().join("tests/python")),
            Work::Demo => demo(),
        };
        done.unwrap_or_else(|fault| Result { failed: 1, output: fault, passed: 0 }).unless_empty()
    }
}

/// The executables that cargo built, by package folder.
#[derive(Debug, Default)]
pub struct Built {
    tests: BTreeMap<PathBuf, Vec<PathBuf>>,
}

impl Built {
    /// Reads the messages of `cargo build --message-format=json`.
    pub fn read(messages: &str) -> Self {
        let mut tests: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
        for line in messages.lines() {
            let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else { continue };
            let is_test = message["profile"]["test"].as_bool() == Some(true);
            let manifest = message["manifest_path"].as_str().map(Path::new).and_then(Path::parent);
            if let (true, Some(folder), Some(executable)) = (is_test, manifest, message["executable"].as_str()) {
                tests.entry(folder.to_owned()).or_default().push(PathBuf::from(executable));
            }
        }
        Self { tests }
    }

    fn unit(&self, package: &str) -> Fallible<Result> {
        let folder = repo::root().join(package);
        let mut sum = Result::default();
        let journeys = self.journeys_executable().ok();
        for executable in self.tests.get(&folder).into_iter().flatten().filter(|path| Some(*path) != journeys.as_ref())
        {
            sum.add(libtest(&mut in_package(executable, &folder))?);
        }
        Ok(sum)
    }

    /// The executable with all journeys.
    pub fn journeys_executable(&self) -> Fallible<PathBuf> {
        let found = self.tests.get(&repo::root().join("tests")).into_iter().flatten();
        let mut found =
            found.filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("journeys")));
        found.next().cloned().ok_or_else(|| "the test binary `journeys` was not built".to_owned())
    }

    fn journeys(&self, module: &str, filter: Option<&str>, accept: bool) -> Fallible<Result> {
        let (executable, folder) = (self.journeys_executable()?, repo::root().join("tests"));
        let list = child::capture(in_package(&executable, &folder).args(["--list", "--format", "terse"]), SUITE_LIMIT)?;
        let start = filter.map_or_else(|| format!("{module}::"), str::to_owned);
        let names = list.output.lines().filter_map(|line| line.strip_suffix(": test"));
        let names: Vec<&str> = names.filter(|name| name.starts_with(&start)).collect();
        if names.is_empty() {
            return Err(format!("no test is called {start}…"));
        }
        let mut command = in_package(&executable, &folder);
        if accept {
            command.env("COUNTERSIGN_ACCEPT", "1");
        }
        if CROWDED.contains(&module) && std::env::var_os("RUST_TEST_THREADS").is_none() {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            command.env("RUST_TEST_THREADS", cores.min(CROWD).to_string());
        }
        libtest(command.arg("--exact").args(names))
    }
}

/// Cargo runs a test executable in its package's folder; so do we.
pub fn in_package(executable: &Path, folder: &Path) -> Command {
    let mut command = Command::new(executable);
    command.current_dir(folder).env("CARGO_MANIFEST_DIR", folder);
    command
}

impl Result {
    /// Of a suite that this machine cannot run: neither passed nor failed, and the report says why.
    pub fn skipped(why: &str) -> Self {
        Self { output: format!("{SKIPPED}{why}\n"), ..Self::default() }
    }

    /// Takes in what another part of the suite counted.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.output.push_str(&other.output);
    }

    /// A suite that ran no test at all proves nothing: a folder was moved, a module lost its tests.
    fn unless_empty(mut self) -> Self {
        if self.passed + self.failed == 0 && !self.output.starts_with(SKIPPED) {
            self.failed = 1;
            self.output.push_str("\nno test was found\n");
        }
        self
    }

    /// What a program left that counted its tests.
    pub fn of(ended: child::Ended, passed: u32, failed: u32) -> Self {
        let mut output = ended.output;
        if ended.late {
            output.push_str("\nended: its time was over\n");
        }
        // A crash prints no count of failures, and yet nothing passed.
        let failed = if ended.ok { failed } else { failed.max(1) };
        Self { passed, failed, output }
    }
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = child::cargo();
    command.args(arguments);
    command
}

/// Those beside the workspace too, which no test builds.
fn formatted() -> Fallible<Result> {
    let mut done = one(&mut cargo(&["fmt", "--all", "--check"]))?;
    for beside in ["benches", "fuzz", "torture"] {
        if done.failed == 0 {
            done = one(&mut cargo(&["fmt", "--check", "--manifest-path", &format!("{beside}/Cargo.toml")]))?;
        }
    }
    Ok(done)
}

fn one(command: &mut Command) -> Fallible<Result> {
    let ended = child::capture(command, limit(command))?;
    let passed = u32::from(ended.ok);
    Ok(Result::of(ended, passed, 1 - passed))
}

fn libtest(command: &mut Command) -> Fallible<Result> {
    let ended = child::capture(command, limit(command))?;
    let (passed, failed) = libtest_counts(&ended.output);
    Ok(Result::of(ended, passed, failed))
}

fn limit(command: &Command) -> Duration {
    if command.get_program() == "cargo" { CARGO_LIMIT } else { SUITE_LIMIT }
}

/// Adds up every `test result:` line.
fn libtest_counts(output: &str) -> (u32, u32) {
    let results = output.lines().filter_map(|line| line.trim().strip_prefix("test result:"));
    results.fold((0, 0), |(passed, failed), line| (passed + before(line, " passed"), failed + before(line, " failed")))
}

fn before(line: &str, word: &str) -> u32 {
    let number = line.split_once(word).and_then(|(head, _)| head.rsplit(' ').next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// What clippy looks at: everything, and the program of the desk without card readers, which nothing else builds.
const LINTED: [&[&str]; 2] = [&["--workspace", "--all-targets"], &["-p", "countersign", "--no-default-features"]];

fn clippy() -> Fallible<Result> {
    let mut sum = Result::default();
    for what in LINTED {
        let rest = ["--locked", "--quiet", "--", "-D", "warnings"];
        sum.add(one(&mut cargo(&[&["clippy"], what, &rest].concat()))?);
    }
    Ok(sum)
}

fn docs() -> Fallible<Result> {
    let mut sum =
        one(cargo(&["doc", "--workspace", "--no-deps", "--locked", "--quiet"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    sum.add(libtest(&mut cargo(&["test", "--doc", "--workspace", "--locked", "--quiet"]))?);
    Ok(sum)
}

/// The tests of a folder, with another to import from.
pub fn unittest(python: &Path, tests: &str, path: &Path) -> Fallible<Result> {
    let mut python = Command::new(python);
    python.args(["-B", "-m", "unittest", "discover", "-v", "-s", tests]).current_dir(repo::root());
    python.env("PYTHONPATH", path).env("COUNTERSIGN_PROGRAMS", repo::target().join("debug"));
    let ended = child::capture(&mut python, SUITE_LIMIT)?;
    let (passed, failed) = unittest_counts(&ended.output);
    Ok(Result::of(ended, passed, failed))
}

/// The demo's story, played by itself in a real browser.
fn demo() -> Fallible<Result> {
    // Not the executable that runs: cargo may have put a new one in its place.
    one(Command::new(repo::built("xtask")).args(["demo", "--script", "--built"]))
}

/// `Ran 5 tests in 1.2s`, then `OK` or `FAILED (failures=1, errors=1)`.
fn unittest_counts(output: &str) -> (u32, u32) {
    let ran = output.lines().filter_map(|line| line.strip_prefix("Ran ")).next_back();
    let ran = ran.and_then(|line| line.split(' ').next()?.parse().ok()).unwrap_or(0);
    let fault = output.lines().filter_map(|line| line.strip_prefix("FAILED (")).next_back().unwrap_or_default();
    let fault: u32 = fault
        .trim_end_matches(')')
        .split(", ")
        .filter_map(|part| part.strip_prefix("failures=").or_else(|| part.strip_prefix("errors=")))
        .filter_map(|number| number.parse::<u32>().ok())
        .sum();
    (u32::saturating_sub(ran, fault), fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_result_line_counts() {
        let output = "running 2 tests\ntest result: ok. 12 passed; 0 failed; 0 ignored; 0 measured\n\
                      test result: FAILED. 3 passed; 2 failed; 0 ignored\n";
        assert_eq!(libtest_counts(output), (15, 2));
    }

    #[test]
    fn clippy_looks_at_the_program_without_card_readers_too() {
        let manifest = std::fs::read_to_string(repo::root().join("cli/Cargo.toml")).unwrap();
        assert!(manifest.contains("default = [\"readers\"]"), "there is something to be left out");
        assert!(LINTED.iter().any(|what| what.contains(&"--workspace")));
        assert!(LINTED.contains(&&["-p", "countersign", "--no-default-features"][..]));
    }

    #[test]
    fn python_counts_failures_and_errors() {
        assert_eq!(unittest_counts("Ran 5 tests in 1.2s\n\nOK\n"), (5, 0));
        assert_eq!(unittest_counts("Ran 5 tests in 1.2s\n\nFAILED (failures=1, errors=2)\n"), (2, 3));
        assert_eq!(unittest_counts("Traceback"), (0, 0));
    }

    #[test]
    fn a_crash_is_a_failure_though_nothing_counted_it() {
        let ended = child::Ended { ok: false, late: false, output: String::new() };
        assert_eq!(Result::of(ended, 4, 0).failed, 1);
    }

    #[test]
    fn a_suite_without_a_test_is_a_failure() {
        let empty = Built::default().unit("protocol").unwrap().unless_empty();
        assert_eq!((empty.passed, empty.failed), (0, 1), "no executable was built");
        let (passed, failed) = unittest_counts("Ran 0 tests in 0.000s\n\nOK\n");
        let ended = child::Ended { ok: true, late: false, output: String::new() };
        let empty = Result::of(ended, passed, failed).unless_empty();
        assert_eq!((empty.passed, empty.failed), (0, 1), "nothing was discovered");
        assert!(empty.output.contains("no test was found"), "{}", empty.output);
        let one = Result { passed: 1, failed: 0, output: String::new() }.unless_empty();
        assert_eq!((one.passed, one.failed), (1, 0));
        let skipped = Result::skipped("no chroot here").unless_empty();
        assert_eq!((skipped.passed, skipped.failed), (0, 0), "a machine that cannot is no failure, and no success");
    }

    #[test]
    fn test_executables_are_found_in_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","manifest_path":"/x/core/Cargo.toml","profile":{"test":true},"executable":"/t/core-1"}
{"reason":"compiler-artifact","manifest_path":"/x/cli/Cargo.toml","profile":{"test":false},"executable":"/t/countersign"}
{"reason":"build-finished","success":true}"#;
        let built = Built::read(messages);
        assert_eq!(built.tests.len(), 1);
        assert_eq!(built.tests[Path::new("/x/core")], [PathBuf::from("/t/core-1")]);
    }

    #[test]
    fn a_suite_is_chosen_by_its_last_part_and_a_journey_by_its_path() {
        let suites = [suite("fmt", Load::Waits, NOTHING, false, Work::Fmt), journeys("push".to_owned())];
        assert_eq!(select(&suites, &["push".to_owned()]).unwrap()[0].name, "journeys/push");
        let narrowed = select(&suites, &["push::deny".to_owned()]).unwrap();
        assert!(matches!(&narrowed[0].work, Work::Journeys { filter: Some(f), .. } if f == "push::deny"));
        assert!(select(&suites, &["nothing".to_owned()]).is_err());
    }
}
