//! `cargo xtask fuzz [NAME] [--minutes N | --hours N]`: looks for input that no test has, target by target, with `cargo fuzz` on
//! the stable compiler. What the targets do stands in `tests/fuzz`; every test run replays their corpora.

use std::fs;
use std::path::PathBuf;

use countersign_strings::{fill, text};

use crate::{Fallible, child, repo};

/// The one that is installed, beside what it builds.
const VERSION: &str = "0.13.1";

/// Memory of one run, in MB: a picture at its limit and what is searched in it.
const MEMORY: u32 = 2048;

/// What `fuzz` was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Options {
    /// One target, or each.
    name: Option<String>,
    /// How long each is fuzzed.
    minutes: u64,
}

impl Options {
    /// Reads the words after `fuzz`.
    pub fn parse(words: &[&str]) -> Fallible<Self> {
        let (mut options, mut words) = (Self { name: None, minutes: 1 }, words.iter());
        let wrong = |word: &str| fill("xtask.unknown_fuzz_option", &[("word", word)]);
        while let Some(word) = words.next() {
            let factor = match *word {
                "--minutes" => 1,
                "--hours" => 60,
                name if !name.starts_with('-') && options.name.is_none() => {
                    options.name = Some(name.to_owned());
                    continue;
                }
                other => return Err(wrong(other)),
            };
            let number = words.next().and_then(|number| number.parse::<u64>().ok()).filter(|number| *number > 0);
            options.minutes = number.and_then(|number| number.checked_mul(factor)).ok_or_else(|| wrong(word))?;
        }
        Ok(options)
    }
}

/// Fuzzes the target, or one after the other. False where something was found.
pub fn run(options: &Options) -> Fallible<bool> {
    let all = targets()?;
    let wanted = |target: &String| options.name.as_ref().is_none_or(|name| name == target);
    let chosen: Vec<&String> = all.iter().filter(|target| wanted(target)).collect();
    if let (Some(name), true) = (&options.name, chosen.is_empty()) {
        return Err(fill("xtask.no_such_target", &[("name", name), ("names", &all.join(", "))]));
    }
    tool()?;
    let mut clean = true;
    for target in chosen {
        clean &= fuzz(target, options.minutes)?;
    }
    Ok(clean)
}

/// Every target, by its program.
fn targets() -> Fallible<Vec<String>> {
    let folder = repo::root().join("fuzz/targets");
    let entries = fs::read_dir(&folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
    let name = |entry: fs::DirEntry| Some(entry.path().file_stem()?.to_str()?.to_owned());
    let mut names: Vec<String> = entries.filter_map(|entry| name(entry.ok()?)).collect();
    names.sort();
    Ok(names)
}

/// Where all of it lies that fuzzing needs and makes.
fn folder() -> PathBuf {
    repo::target().join("fuzz")
}

/// `cargo fuzz`, installed once.
fn tool() -> Fallible<()> {
    let root = folder().join("tool");
    if root.join("bin/cargo-fuzz").is_file() {
        return Ok(());
    }
    println!("{}", text("xtask.fuzz_installs"));
    let mut cargo = child::cargo();
    cargo.args(["install", "cargo-fuzz", "--locked", "--version", VERSION, "--root"]).arg(&root);
    child::show(cargo.env("CARGO_TARGET_DIR", root.join("build")))
}

/// Fuzzes one target; whether nothing was found.
fn fuzz(target: &str, minutes: u64) -> Fallible<bool> {
    // What it learns is kept for the next time, beside the corpus of the repository, which it only reads.
    let (learned, found) = (folder().join("learned").join(target), folder().join("found").join(target));
    for folder in [&learned, &found] {
        fs::create_dir_all(folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
    }
    let mut search = vec![folder().join("tool/bin")];
    search.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut cargo = child::cargo();
    cargo.env("PATH", std::env::join_paths(search).map_err(|fault| fault.to_string())?);
    // Without a sanitizer the stable compiler will do.
    cargo
        .args(["fuzz", "run", "--fuzz-dir", "fuzz", "--sanitizer", "none", "--target-dir"])
        .arg(folder().join("build"));
    cargo.arg(target).arg(&learned).arg(repo::root().join("tests/fuzz/corpus").join(target));
    let findings = repo::root().join("tests/vectors/regress").join(target);
    cargo.args(Some(findings).filter(|folder| folder.is_dir()));
    cargo.arg("--").args(["-timeout=10", "-max_len=32768", "-print_final_stats=1"]);
    cargo.arg(format!("-rss_limit_mb={MEMORY}")).arg(format!("-max_total_time={}", minutes.saturating_mul(60)));
    cargo.arg(format!("-artifact_prefix={}/", found.display()));
    let words = repo::root().join(format!("fuzz/dictionaries/{target}.dict"));
    cargo.args(Some(words).filter(|words| words.is_file()).map(|words| format!("-dict={}", words.display())));
    let status = cargo.status().map_err(|fault| child::not_started("cargo fuzz", &fault))?;
    if !status.success() {
        let place = found.display().to_string();
        println!("{}", fill("xtask.fuzz_found", &[("name", target), ("place", &place)]));
    }
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_is_fuzzed_for_minutes_and_one_for_hours() {
        let all = Options::parse(&[]).unwrap();
        assert_eq!(all, Options { name: None, minutes: 1 });
        let one = Options { name: Some("jws".into()), minutes: 120 };
        assert_eq!(Options::parse(&["jws", "--hours", "2"]), Ok(one));
        assert_eq!(Options::parse(&["--minutes", "3"]).unwrap().minutes, 3);
        for wrong in [&["--minutes"][..], &["--minutes", "0"], &["jws", "jwk"], &["--days", "1"]] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn every_program_of_the_workspace_is_a_target() {
        let manifest = fs::read_to_string(repo::root().join("fuzz/Cargo.toml")).unwrap();
        let targets = targets().unwrap();
        assert!(targets.len() > 20 && targets.iter().all(|name| manifest.contains(&format!("name = \"{name}\""))));
    }
}
