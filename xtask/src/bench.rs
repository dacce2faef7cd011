//! `cargo xtask bench NAME`: builds the benches with their peers, a workspace of its own, and runs them.

use countersign_strings::fill;

use crate::{Fallible, child, repo};

/// Every bench, in the order in which `all` runs them.
const BENCHES: [&str; 6] = ["codes", "uri", "vault", "push", "qr-read", "qr-write"];

/// Runs the bench called `name`, or each of them.
pub fn run(name: &str) -> Fallible<bool> {
    let names = chosen(name)?;
    let mut cargo = child::cargo();
    cargo.args(["run", "--release", "--locked", "--manifest-path", "benches/Cargo.toml", "--target-dir"]);
    cargo.arg(repo::target().join("benches")).arg("--").args(names);
    child::show(&mut cargo)?;
    Ok(true)
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
}
