//! How large the library is that the apps carry, and which package brings how much.

use std::process::Command;

use crate::report::{Goal, Table, file, root};
use crate::rounds::Figure;

/// Bytes of the library, stripped.
const MOST: f64 = 4.5e6;

/// Builds the library as the apps have it. `cargo xtask bench` ends with status 1 where it is above its limit.
pub fn bench() {
    let target = root().join("target/bench/programs");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--profile", "shipped", "--locked", "--package", "countersign-bindings", "--target-dir"]).arg(&target);
    assert!(cargo.current_dir(root()).status().expect("cargo starts").success(), "the library is built");
    let library = std::fs::read(target.join("shipped/libcountersign_bindings.so")).expect("the library");
    let rows = sections(&library);
    let goals = vec![Goal::most("the library in MB, at most 4.5", library.len() as f64 / 1e6, MOST / 1e6)];
    file("size", &[Table { title: "The library of the apps, stripped, x86-64 Linux".into(), unit: "bytes", rows, goals }]);
}

/// The whole, and its sections from the largest on, as ELF lists them.
fn sections(library: &[u8]) -> Vec<Figure> {
    let number = |at: usize, bytes: usize| library[at..at + bytes].iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    let place = |at: u64| usize::try_from(at).expect("an offset");
    let (table, size, count, names) = (place(number(40, 8)), place(number(58, 2)), place(number(60, 2)), place(number(62, 2)));
    let header = |n: usize| table + n * size;
    let name_table = place(number(header(names) + 24, 8));
    let section = |n: usize| {
        let at = name_table + place(number(header(n), 4));
        let name: String = library[at..].iter().take_while(|byte| **byte != 0).map(|byte| char::from(*byte)).collect();
        // What is all zeros takes no place in the file.
        let bytes = if number(header(n) + 4, 4) == 8 { 0 } else { number(header(n) + 32, 8) };
        (name, bytes as f64)
    };
    let mut parts: Vec<(String, f64)> = (1..count).map(section).collect();
    parts.sort_by(|one, other| other.1.total_cmp(&one.1));
    let whole = library.len() as f64;
    let figure = |name: String, bytes: f64| Figure { name: name.leak(), median: bytes, least: bytes, ratio: bytes / whole };
    let parts = parts.into_iter().take(6).map(|(name, bytes)| figure(format!("of it, `{name}`"), bytes));
    std::iter::once(figure("libcountersign_bindings.so".into(), whole)).chain(parts).collect()
}
