//! The foreign halves of the bindings, written from the built library into `target/bindings`; and the tests that drive them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::budget::SUITE_LIMIT;
use crate::suite::{self, Result};
use crate::{Fallible, child, maven, repo, swift};

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
pub fn generate(language: &str) -> Fallible<PathBuf> {
    write(LIBRARY, "countersign_bindings", language, &folder(language))
}

fn write(library: &str, package: &str, language: &str, folder: &Path) -> Fallible<PathBuf> {
    // What an earlier version wrote would be compiled along.
    let _was_there = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(|fault| format!("{}: {fault}", folder.display()))?;
    // The generator reads the graph of crates.
    child::fetch(&repo::root().join("Cargo.toml"))?;
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
    contract()?;
    maven::test(&["-pl", "bindings"])
}

/// The class path of the Kotlin half and its tests, a bench among them, compiled.
pub fn classes() -> Fallible<String> {
    let build =
        ["build", "--locked", "-p", "countersign-bindings", "-p", "countersign-contract", "-p", "countersign-bindgen"];
    child::show(child::cargo().args(build))?;
    generate("kotlin")?;
    contract()?;
    maven::compiled("bindings")
}

/// The Kotlin half of the contract suites, with the tokens in memory.
pub fn contract() -> Fallible<PathBuf> {
    write(CONTRACT, "countersign_contract", "kotlin", &folder("contract"))
}

/// `ios/` by Swift, on the library of the contract suites.
pub fn swift() -> Fallible<Result> {
    let half = |package: &str, module: &'static str| {
        let folder = folder("swift-tests").join(module);
        Ok::<_, String>((module, write(CONTRACT, package, "swift", &folder)?))
    };
    let bindings = half("countersign_bindings", "CountersignBindings")?;
    swift::test(&[bindings, half("countersign_contract", "CountersignContract")?])
}
