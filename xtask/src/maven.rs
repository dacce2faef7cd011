//! Maven, which builds and tests what is Kotlin: offline where its repository has all, and counted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::budget::SUITE_LIMIT;
use crate::suite::Result;
use crate::{Fallible, child, repo};

/// Builds and tests the modules that `options` name.
pub fn test(options: &[&str]) -> Fallible<Result> {
    tested("test", options)
}

/// The same, up to `phase`.
pub fn tested(phase: &str, options: &[&str]) -> Fallible<Result> {
    clean(&repo::target().join("android"))?;
    // Both runs of the tests go to their end, and their lines are counted.
    let goal = [options, &["-f", "android/pom.xml", "-Dmaven.test.failure.ignore=true", phase]].concat();
    let ended = run(&goal)?;
    let (passed, failed) = surefire_counts(&ended.output);
    Ok(Result::of(ended, passed, failed))
}

/// The compiler sees what lies where it writes: a function that was given another parameter would be there twice, and a test
/// that is gone would still be run. What is made of the bindings' own sources takes a minute, and has a stamp that tells.
fn clean(built: &Path) -> Fallible<()> {
    const CLASSES: [&str; 7] = [
        "bindings/test-classes",
        "logic/classes",
        "logic/test-classes",
        "testkit/classes",
        "app/classes",
        "app/test-classes",
        "apk/test-classes",
    ];
    for folder in CLASSES.map(|classes| built.join(classes)) {
        match fs::remove_dir_all(&folder) {
            Err(fault) if fault.kind() != std::io::ErrorKind::NotFound => {
                return Err(format!("{}: {fault}", folder.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Builds the modules that `options` name, and packs them, in `folder`.
pub fn package_into(folder: &Path, options: &[&str]) -> Fallible<()> {
    let ended = run_in(folder, &[options, &["-f", "android/pom.xml", "package"]].concat())?;
    if ended.ok { Ok(()) } else { Err(ended.output) }
}

/// The class path of `module` and its tests, compiled; all that it rests on must come from Maven's repository.
pub fn compiled(module: &str) -> Fallible<String> {
    let ended = run(&["-f", "android/pom.xml", "-pl", module, "test-compile"])?;
    if !ended.ok {
        return Err(ended.output);
    }
    let built = repo::target().join("android").join(module);
    let jars = class_path(&format!("android/{module}/pom.xml"), &built.join("class-path.txt"))?;
    Ok(format!("{}:{}:{jars}", built.join("test-classes").display(), built.join("classes").display()))
}

/// A program of Maven's repository that is one file, in the target folder.
pub fn tool(artifact: &str, file: &str) -> Fallible<PathBuf> {
    let folder = repo::target().join("android/tools");
    let path = folder.join(file);
    if path.exists() {
        return Ok(path);
    }
    let (artifact, folder) = (format!("-Dartifact={artifact}"), format!("-DoutputDirectory={}", folder.display()));
    let ended = run(&["org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy", &artifact, &folder])?;
    if ended.ok { Ok(path) } else { Err(ended.output) }
}

/// The jars that the dependencies of `pom` come to, which are written into `file` on the way.
pub fn class_path(pom: &str, file: &Path) -> Fallible<String> {
    let into = format!("-Dmdep.outputFile={}", file.display());
    let ended = run(&["-f", pom, "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath", &into])?;
    if !ended.ok {
        return Err(ended.output);
    }
    let jars = fs::read_to_string(file).map_err(|fault| format!("{}: {fault}", file.display()))?;
    Ok(jars.trim().to_owned())
}

/// Offline, and by the network where something is missing.
fn run(words: &[&str]) -> Fallible<child::Ended> {
    run_in(&repo::target(), words)
}

/// The same, and what is built lands in `folder`.
fn run_in(folder: &Path, words: &[&str]) -> Fallible<child::Ended> {
    let mut ended = child::capture(maven(folder, words).arg("--offline"), SUITE_LIMIT)?;
    for _ in 0..TRIES {
        if ended.ok || !is_to_be_fetched(&ended.output) {
            break;
        }
        ended = child::capture(maven(folder, words).arg("--update-snapshots"), SUITE_LIMIT)?;
    }
    Ok(ended)
}

fn maven(folder: &Path, words: &[&str]) -> Command {
    let mut maven = Command::new("mvn");
    maven.args(["--batch-mode", "--no-transfer-progress"]).args(words);
    maven.arg(format!("-Dcountersign.target={}", folder.display()));
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
    fn no_class_of_sources_that_are_gone_is_left() {
        let built = std::env::temp_dir().join(format!("countersign-clean-{}", std::process::id()));
        let (gone, kept) = (built.join("app/test-classes/Old.class"), built.join("bindings/classes/Kept.class"));
        for file in [&gone, &kept] {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        for _ in 0..2 {
            clean(&built).unwrap();
            assert!(!gone.exists() && kept.exists(), "also where there is nothing");
        }
        fs::remove_dir_all(built).unwrap();
    }

    #[test]
    fn what_is_not_there_yet_is_fetched() {
        let missing =
            "Cannot access central (…) in offline mode and the artifact … has not been downloaded from it before.";
        assert!(is_to_be_fetched(missing) && !is_to_be_fetched("[ERROR] Compilation failure"));
    }
}
