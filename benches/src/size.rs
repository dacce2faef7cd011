//! How large the library is that the apps carry, and which package brings how much.

use std::collections::BTreeMap;
use std::process::Command;

use crate::report::{Goal, Table, file, root};
use crate::rounds::Figure;

/// Bytes of the library, stripped.
const MOST: f64 = 4.5e6;

/// What of SQLite is left out: each is a part of its own, which no statement of ours names and no test misses, and which its
/// makers let be left out of the one-file source. What the statements' grammar needs stays.
const SQLITE: [&str; 16] = [
    "-USQLITE_ENABLE_FTS3",
    "-USQLITE_ENABLE_FTS3_PARENTHESIS",
    "-USQLITE_ENABLE_FTS5",
    "-USQLITE_ENABLE_RTREE",
    "-USQLITE_ENABLE_DBSTAT_VTAB",
    "-USQLITE_ENABLE_STAT4",
    "-USQLITE_SOUNDEX",
    "-USQLITE_ENABLE_LOAD_EXTENSION",
    "-USQLITE_ENABLE_COLUMN_METADATA",
    "-USQLITE_ENABLE_JSON1",
    "-DSQLITE_OMIT_JSON",
    "-DSQLITE_OMIT_LOAD_EXTENSION",
    "-DSQLITE_OMIT_DEPRECATED",
    "-DSQLITE_OMIT_DECLTYPE",
    "-DSQLITE_OMIT_PROGRESS_CALLBACK",
    "-DSQLITE_OMIT_SHARED_CACHE",
];
/// No panic passes through C: what a panic needs to find its way is left out there.
const C: &str = "-fno-asynchronous-unwind-tables -fno-unwind-tables";
/// Functions of the same code once, and places that the loader moves in their short form (from glibc 2.36, Android 11 on).
const LINKER: [&str; 2] = ["-Wl,--icf=all", "-Wl,-z,pack-relative-relocs"];
/// Packages that are named with what their code takes.
const NAMED: usize = 20;

/// Builds the library as the apps have it. `cargo xtask bench` ends with status 1 where it is above its limit.
pub fn bench() {
    let target = root().join("target/bench/programs");
    let map = target.join("library.map");
    let mut cargo = Command::new("cargo");
    // As a library for C alone: where it is one for Rust besides, no package is optimised together with another.
    cargo.args(["rustc", "--profile", "shipped", "--locked", "--package", "countersign-bindings", "--lib"]);
    cargo.args(["--crate-type", "cdylib", "--target-dir"]).arg(&target).arg("--");
    cargo.env("LIBSQLITE3_FLAGS", SQLITE.join(" ")).env("CFLAGS", C);
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        cargo.args(LINKER.map(|word| format!("-Clink-arg={word}")));
        cargo.arg(format!("-Clink-arg=-Wl,-Map={}", map.display()));
    }
    assert!(cargo.current_dir(root()).status().expect("cargo starts").success(), "the library is built");
    let library = std::fs::read(target.join("shipped/libcountersign_bindings.so")).expect("the library");
    let rows = sections(&library);
    let goals = vec![Goal::most("the library in MB, at most 4.5", library.len() as f64 / 1e6, MOST / 1e6)];
    let mut tables =
        vec![Table { title: "The library of the apps, stripped, x86-64 Linux".into(), unit: "bytes", rows, goals }];
    if let Ok(map) = std::fs::read_to_string(map) {
        let title = "What its code comes from; what is generic counts for the package that wrote it".into();
        tables.push(Table { title, unit: "bytes", rows: packages(&map), goals: Vec::new() });
    }
    file("size", &tables);
}

/// The code of each package, the largest first, by the linker's map: a line for each function.
fn packages(map: &str) -> Vec<Figure> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    for line in map.lines() {
        let Some((place, section)) = line.split_once(":(.text") else { continue };
        let Some(bytes) = line.split_whitespace().nth(2).and_then(|hex| u64::from_str_radix(hex, 16).ok()) else {
            continue;
        };
        *sums.entry(package(place, section.trim_start_matches('.'))).or_default() += bytes;
    }
    let all = sums.values().sum::<u64>() as f64;
    let mut sums: Vec<(String, u64)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    let figure = |(name, bytes): (String, u64)| Figure {
        name: name.leak(),
        median: bytes as f64,
        least: bytes as f64,
        ratio: bytes as f64 / all,
    };
    std::iter::once(("all".to_owned(), all as u64)).chain(sums.into_iter().take(NAMED)).map(figure).collect()
}

/// Who wrote a function, by the file that it is linked from and by its name.
fn package(place: &str, symbol: &str) -> String {
    for (file, name) in [("liblibsqlite3_sys", "SQLite, in C"), ("libring", "ring, in C and assembly")] {
        if place.contains(file) {
            return name.to_owned();
        }
    }
    // `_ZN`, the length of a name, and the name: a package's, or `<a type of a package as …>`.
    let rest = symbol.strip_prefix("_ZN").unwrap_or_default();
    let name = rest.trim_start_matches(|it: char| it.is_ascii_digit());
    let length: usize = rest[..rest.len() - name.len()].parse().unwrap_or_default();
    let name = name.get(..length).unwrap_or(name);
    let name = ["_$LT$", "$LT$", "$RF$", "mut$u20$", "dyn$u20$", "$u5b$", "$LP$"]
        .iter()
        .fold(name.to_owned(), |name, mark| name.replace(mark, ""));
    let name: String =
        name.chars().take_while(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || *it == '_').collect();
    match name.as_str() {
        "" | "core" | "alloc" | "std" => "Rust's own library".to_owned(),
        _ => format!("`{}`", name.replace('_', "-")),
    }
}

/// The whole, and its sections from the largest on, as ELF lists them.
fn sections(library: &[u8]) -> Vec<Figure> {
    let number = |at: usize, bytes: usize| {
        library[at..at + bytes].iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte))
    };
    let place = |at: u64| usize::try_from(at).expect("an offset");
    let (table, size, count, names) =
        (place(number(40, 8)), place(number(58, 2)), place(number(60, 2)), place(number(62, 2)));
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
    let figure =
        |name: String, bytes: f64| Figure { name: name.leak(), median: bytes, least: bytes, ratio: bytes / whole };
    let parts = parts.into_iter().take(6).map(|(name, bytes)| figure(format!("of it, `{name}`"), bytes));
    std::iter::once(figure("libcountersign_bindings.so".into(), whole)).chain(parts).collect()
}
