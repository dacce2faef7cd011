//! `cargo xtask torture NAME [PART/PARTS]`: the long form of the promises' tests, and threads in every order.

use countersign_strings::{fill, text};

use crate::{Fallible, child, repo, run, setup, suite};

/// The promises of SECURITY.md by number, and the module whose tests hold them.
const PROMISES: [(&str, &str); 11] = [
    ("P1", "vault::crash"),
    ("P2", "vault::errno"),
    ("P3", "vault::bitflip"),
    ("P4", "gateway_store::crash"),
    ("P5", "approval::model"),
    ("P6", "push::replay"),
    ("P7", "push::mutate"),
    ("P8", "burn::"),
    ("P9", "leak::canary"),
    ("P12", "vault::migrate"),
    ("duress", "vault::duress"),
];

/// What a name on the command line stands for.
fn filter(name: &str) -> &str {
    PROMISES.iter().find(|(number, _)| *number == name).map_or(name, |(_, module)| module)
}

/// What explores threads, in a workspace of its own: no test compiles it.
const THREADS: &str = "threads";
/// The promise that also rests on them.
const MODEL: &str = "P5";

/// Explores locks, queues and wake lists, and their broken variants.
fn threads() -> Fallible<bool> {
    let mut cargo = child::cargo();
    cargo.args(["run", "--release", "--locked", "--quiet", "--manifest-path"]);
    cargo.arg(repo::root().join("torture/Cargo.toml")).env("CARGO_TARGET_DIR", repo::target().join("torture"));
    let status = cargo.status().map_err(|fault| child::not_started("cargo", &fault))?;
    Ok(status.success())
}

/// Runs what holds `name`; both where a promise rests on a model and on threads. `part` is as `3/10`, of what takes hours.
pub fn run(name: &str, part: Option<&str>) -> Fallible<bool> {
    if part.is_some_and(|part| !is_part(part)) {
        return Err(text("xtask.no_such_part").to_owned());
    }
    match name {
        THREADS => threads(),
        MODEL => Ok(journeys(name, part)? & threads()?),
        name => journeys(name, part),
    }
}

fn is_part(said: &str) -> bool {
    let numbers = said.split_once('/').and_then(|(part, parts)| Some((part.parse().ok()?, parts.parse().ok()?)));
    numbers.is_some_and(|(part, parts): (u32, u32)| (1..=parts).contains(&part))
}

/// Builds, then runs every journey whose name holds `name` with `COUNTERSIGN_TORTURE=1`, output shown as it comes.
fn journeys(name: &str, part: Option<&str>) -> Fallible<bool> {
    setup::all()?;
    let built = run::build(&["--workspace"])?;
    let (executable, folder) = (built.journeys_executable()?, repo::root().join("tests"));
    let filter = filter(name);
    let mut list = suite::in_package(&executable, &folder);
    let list = child::capture(list.args(["--list", "--format", "terse", filter]), crate::budget::SUITE_LIMIT)?;
    if !list.output.lines().any(|line| line.ends_with(": test")) {
        let mut names: Vec<String> = PROMISES.iter().map(|(number, module)| format!("{number} ({module})")).collect();
        names.push(THREADS.to_owned());
        return Err(fill("xtask.no_such_test", &[("name", name), ("names", &names.join(", "))]));
    }
    let mut command = suite::in_package(&executable, &folder);
    command.args([filter, "--nocapture", "--test-threads", "1"]).env("COUNTERSIGN_TORTURE", "1");
    command.envs(part.map(|part| ("COUNTERSIGN_TORTURE_PART", part)));
    let status = command.status().map_err(|fault| child::not_started("journeys", &fault))?;
    Ok(status.success())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_part_is_one_of_so_many() {
        assert!(["1/1", "3/10", "10/10"].into_iter().all(super::is_part));
        assert!(!["", "3", "0/10", "11/10", "a/b", "1/2/3", "-1/2"].into_iter().any(super::is_part));
    }

    #[test]
    fn a_promise_is_called_by_its_number_or_its_module() {
        assert_eq!((super::filter("P7"), super::filter("push::mutate")), ("push::mutate", "push::mutate"));
    }
}
