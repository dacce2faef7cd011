//! The foreign halves of the bindings, written from the built library into `target/bindings`; and the tests that drive them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::budget::SUITE_LIMIT;
use crate::suite::{self, Result};
use crate::{Fallible, child, repo};

const LIBRARY: &str = "libcountersign_bindings.so";
/// The contract suites for shells, with the same bindings in it.
const CONTRACT: &str = "libcountersign_contract.so";

/// `cargo xtask bindings`: builds the library and writes all three halves.
pub fn run() -> Fallible<bool> {
    child::show(child::cargo().args(["build", "--locked", "-p", "countersign-bindings", "-p", "countersign-bindgen"]))?;
    for language in ["python", "kotlin", "swift"] {
        println!("{}", generate(language)?.display());
    }
    Ok(true)
}

/// Where what is generated goes, by language.
fn folder(name: &str) -> PathBuf {
    repo::target().join("bindings").join(name)
}

/// Writes one half anew.
fn generate(language: &str) -> Fallible<PathBuf> {
    write(LIBRARY, "countersign_bindings", language, &folder(language))
}

fn write(library: &str, package: &str, language: &str, folder: &Path) -> Fallible<PathBuf> {
    // What an earlier version wrote would be compiled along.
    let _was_there = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
    let mut generate = Command::new(repo::built("countersign-bindgen"));
    generate.arg("generate").arg(repo::built(library)).args(["--language", language, "--crate", package]);
    generate.args(["--no-format", "--out-dir"]).arg(folder);
    let generated = child::capture(generate.current_dir(repo::root()).env("CARGO_NET_OFFLINE", "true"), SUITE_LIMIT)?;
    if generated.ok { Ok(folder.to_owned()) } else { Err(generated.output) }
}

/// `tests/python` on the library.
pub fn python() -> Fallible<Result> {
    let folder = generate("python")?;
    let beside = folder.join(LIBRARY);
    fs::copy(repo::built(LIBRARY), &beside).map_err(|fault| format!("{}: {fault}", beside.display()))?;
    suite::unittest(Path::new("python3"), "tests/python", &folder)
}

/// `android/bindings` by Maven, on the library and on that of the contract suites.
pub fn kotlin() -> Fallible<Result> {
    generate("kotlin")?;
    // Its names are read by a test.
    generate("swift")?;
    write(CONTRACT, "countersign_contract", "kotlin", &folder("contract"))?;
    tested(&[])
}

/// `android/app` by Maven, on the library. With `accept`, what is drawn is taken for golden.
pub fn app(accept: bool) -> Fallible<Result> {
    generate("kotlin")?;
    let accept = format!("-Dcountersign.accept={}", u8::from(accept));
    tested(&["-Papp", "-pl", "testkit,app", "-am", &accept])
}

/// Runs the tests of Maven's modules, from what is in its repository as far as that goes.
fn tested(options: &[&str]) -> Fallible<Result> {
    let mut ended = child::capture(maven(options).arg("--offline"), SUITE_LIMIT)?;
    for _ in 0..TRIES {
        if ended.ok || !is_to_be_fetched(&ended.output) {
            break;
        }
        ended = child::capture(maven(options).arg("--update-snapshots"), SUITE_LIMIT)?;
    }
    let (passed, failed) = surefire_counts(&ended.output);
    Ok(Result::of(ended, passed, failed))
}

fn maven(options: &[&str]) -> Command {
    let mut maven = Command::new("mvn");
    maven.args(["--batch-mode", "--no-transfer-progress", "-f", "android/pom.xml", "test"]).args(options);
    // Both runs of the tests go to their end, and their lines are counted.
    maven.arg("-Dmaven.test.failure.ignore=true");
    maven.arg(format!("-Dcountersign.target={}", repo::target().display()));
    maven.current_dir(repo::root());
    maven
}

/// A network is away for a moment now and then.
const TRIES: u32 = 3;

/// Whether Maven ended since something is not in its repository yet.
fn is_to_be_fetched(output: &str) -> bool {
    ["offline mode", "Could not transfer"].iter().any(|words| output.contains(words))
}

/// Adds up `Tests run: 5, Failures: 1, Errors: 0, Skipped: 0`, the sum of a run. The lines of classes say their time too.
fn surefire_counts(output: &str) -> (u32, u32) {
    let sums = output.lines().filter(|line| !line.contains("Time elapsed"));
    let sums = sums.filter_map(|line| line.split_once("Tests run: ").map(|(_, counts)| counts));
    sums.fold((0, 0), |(passed, failed), counts| {
        let mut numbers = counts.split(", ").map(|part| part.rsplit(' ').next()?.parse::<u32>().ok());
        let mut next = || numbers.next().flatten().unwrap_or(0);
        // The first stands without its word.
        let (run, failures, errors) = (next(), next(), next());
        let (faults, skipped) = (failures + errors, next());
        (passed + run.saturating_sub(faults + skipped), failed + faults)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sums_of_both_runs_count_and_no_class_twice() {
        let output = "[INFO] Running org.countersign.bindings.ListTest\n\
                      [INFO] Tests run: 5, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1.2 s -- in ListTest\n\
                      [INFO] \n[INFO] Tests run: 5, Failures: 0, Errors: 0, Skipped: 0\n\
                      [ERROR] Tests run: 12, Failures: 1, Errors: 2, Skipped: 1, Time elapsed: 1 s <<< FAILURE! -- in X\n\
                      [ERROR] Tests run: 12, Failures: 1, Errors: 2, Skipped: 1\n";
        assert_eq!(surefire_counts(output), (13, 3));
        assert_eq!(surefire_counts("[ERROR] Compilation failure"), (0, 0));
    }

    #[test]
    fn what_is_not_there_yet_is_fetched() {
        let missing =
            "Cannot access central (…) in offline mode and the artifact … has not been downloaded from it before.";
        assert!(is_to_be_fetched(missing) && !is_to_be_fetched("[ERROR] Compilation failure"));
    }
}
