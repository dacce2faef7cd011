//! `cargo xtask bench NAME`: builds the benches with their peers, a workspace of its own, and runs them.

use std::fs;
use std::path::Path;

use countersign_strings::fill;

use crate::{Fallible, bindings, child, repo, setup};

/// Every bench, in the order in which `all` runs them.
const BENCHES: [&str; 10] = ["codes", "list", "uri", "vault", "push", "qr-read", "qr-write", "burn", "start", "size"];

/// The bench with a half in Kotlin.
const LIST: &str = "list";
/// The bench whose goal is a limit.
const SIZE: &str = "size";
/// Where it leaves the library that the apps carry.
const LIBRARY: &str = "target/bench/programs/shipped/libcountersign_bindings.so";
/// Bytes that this library may have, stripped.
const LIBRARY_MOST: u64 = 4_500_000;

/// Runs the bench called `name`, or each of them; false where something that has a limit is above it.
pub fn run(name: &str) -> Fallible<bool> {
    let names = chosen(name)?;
    let mut cargo = child::cargo();
    cargo.args(["run", "--release", "--locked", "--manifest-path", "benches/Cargo.toml", "--target-dir"]);
    cargo.arg(repo::target().join("benches")).arg("--").args(&names);
    if names.contains(&LIST) {
        setup::all()?;
        cargo.env("COUNTERSIGN_BENCH_CLASSES", bindings::classes()?);
    }
    let status = cargo.status().map_err(|fault| child::not_started("cargo", &fault))?;
    let small = !names.contains(&SIZE) || is_small(&repo::root().join(LIBRARY))?;
    Ok(status.success() && small)
}

/// Whether the library is within its limit.
fn is_small(library: &Path) -> Fallible<bool> {
    let file = fs::metadata(library).map_err(|fault| format!("{}: {fault}", library.display()))?;
    Ok(file.len() <= LIBRARY_MOST)
}

fn chosen(name: &str) -> Fallible<Vec<&'static str>> {
    let names: Vec<&str> = BENCHES.into_iter().filter(|bench| name == "all" || name == *bench).collect();
    if names.is_empty() {
        return Err(fill("xtask.no_such_bench", &[("name", name), ("names", &BENCHES.join(", "))]));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_bench_is_chosen_or_all_and_no_other() {
        assert_eq!(chosen("uri").unwrap(), ["uri"]);
        assert_eq!(chosen("all").unwrap(), BENCHES);
        assert!(chosen("qr").is_err());
    }

    #[test]
    fn a_library_above_its_limit_fails_and_so_does_none() {
        let path = std::env::temp_dir().join(format!("countersign-size-{}", std::process::id()));
        for (bytes, small) in [(0, true), (LIBRARY_MOST, true), (LIBRARY_MOST + 1, false), (LIBRARY_MOST * 1000, false)]
        {
            fs::File::create(&path).and_then(|file| file.set_len(bytes)).unwrap();
            assert_eq!(is_small(&path), Ok(small), "{bytes}");
        }
        fs::remove_file(&path).unwrap();
        assert!(is_small(&path).is_err());
    }
}
