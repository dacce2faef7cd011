//! That clippy refuses whoever asks the machine for time or randomness, or waits: a fixture does it in every way that
//! `clippy.toml` names, and each is told.

use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_tests::source::root;

/// The crates that the fixture calls, each with the few names that matter.
const STUBS: [&str; 6] = ["fastrand", "getrandom", "rand", "rcgen", "ring", "tokio"];

fn folder() -> PathBuf {
    root().join("tests/fixtures/architecture/ambient")
}

/// Runs a compiler; what it said.
fn compile(compiler: &str, name: &str, out: &Path, more: &[&str]) -> String {
    let mut command = Command::new(compiler);
    command.args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--crate-name", name]);
    command.arg(folder().join(format!("{name}.rs"))).arg("-o").arg(out.join(format!("lib{name}.rmeta"))).args(more);
    let done = command.env("CLIPPY_CONF_DIR", root()).output().unwrap_or_else(|why| panic!("{compiler}: {why}"));
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{said}");
    said
}

/// What clippy says of a fixture.
fn told_of(name: &str) -> String {
    let out = tempfile::tempdir().unwrap();
    let mut more = vec!["-Wclippy::disallowed_methods".to_owned()];
    for stub in STUBS {
        compile("rustc", stub, out.path(), &[]);
        more.push(format!("--extern={stub}={}", out.path().join(format!("lib{stub}.rmeta")).display()));
    }
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    compile("clippy-driver", name, out.path(), &more)
}

#[test]
fn every_way_to_ask_the_machine_is_caught() {
    let settings: toml::Table = std::fs::read_to_string(root().join("clippy.toml")).unwrap().parse().unwrap();
    let told = told_of("calls");
    let listed = settings["disallowed-methods"].as_array().unwrap();
    assert!(listed.len() > 20, "{} ways are listed", listed.len());
    for method in listed {
        let path = method["path"].as_str().unwrap();
        assert!(told.contains(&format!("use of a disallowed method `{path}`")), "{path} is not caught:\n{told}");
    }
}

#[test]
fn who_is_given_time_and_randomness_is_left_alone() {
    assert_eq!(told_of("given"), "");
}
