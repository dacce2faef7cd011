//! Which package may depend on which, and on what from outside.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Every arrow between our packages that may be drawn in what is shipped.
const ARROWS: &[(&str, &[&str])] = &[
    ("countersign-protocol", &[]),
    ("countersign-core", &["countersign-protocol"]),
    ("countersign-bindings", &["countersign-core"]),
    ("countersign-bindgen", &[]),
    // No part of what is shipped: what ports must do, and tokens for the tests of shells.
    (
        "countersign-contract",
        &["countersign-bindings", "countersign-core", "countersign-emulator", "countersign-protocol"],
    ),
    ("countersign-strings", &[]),
    ("countersign-prompt", &["countersign-strings"]),
    ("countersign-gateway", &["countersign-protocol", "countersign-prompt", "countersign-strings"]),
    // The emulator for `token --emulated`, as the other end of a link alone.
    ("countersign", &["countersign-core", "countersign-emulator", "countersign-prompt", "countersign-strings"]),
    // Codes alone: what it shared with a driver in core would prove nothing of that driver.
    ("countersign-emulator", &["countersign-protocol"]),
    (CHECKS, &[]),
    // No part of what is shipped, as the journeys: it runs the parsers of all.
    ("countersign-fuzz", &["countersign-core", "countersign-emulator", "countersign-gateway", "countersign-protocol"]),
    ("countersign-corpus", &[]),
    ("xtask", &["countersign-strings"]),
];

/// What every package's own tests may use, and nothing that is shipped.
const CHECKS: &str = "countersign-properties";

/// The journeys may look at every part; nothing looks at them.
const TESTS: &str = "countersign-tests";

/// Crates that a package must not know, however convenient.
const STRANGERS: &[(&str, &[&str])] = &[
    (
        "countersign-protocol",
        &[
            "axum",
            "clap",
            "crossterm",
            "hyper",
            "libc",
            "ratatui",
            "rcgen",
            "reqwest",
            "rusqlite",
            "rustls",
            "tempfile",
            "tokio",
            "tracing",
            "uniffi",
        ],
    ),
    ("countersign-core", &["axum", "clap", "crossterm", "hyper", "libc", "ratatui", "rpassword", "uniffi"]),
    ("countersign-bindings", &["axum", "clap", "ratatui", "reqwest", "rusqlite"]),
    ("countersign-emulator", &["apdu", "iso7816", "iso7816-tlv", "pcsc", "ring", "tokio", "ykoath-protocol"]),
    ("countersign-gateway", &["crossterm", "quircs", "ratatui", "uniffi"]),
    ("countersign", &["axum", "uniffi", "rusqlite", "reqwest"]),
];

/// Every arrow of `metadata` that points the wrong way.
fn faults(metadata: &Value) -> Vec<String> {
    let allowed: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let strangers: BTreeMap<&str, &[&str]> = STRANGERS.iter().copied().collect();
    let packages = metadata["packages"].as_array().expect("cargo metadata lists packages");
    let ours: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut faults = Vec::new();
    for package in packages {
        let name = package["name"].as_str().expect("a package has a name");
        let Some(arrows) = allowed.get(name).copied().or((name == TESTS).then_some(&[])) else {
            faults.push(format!("{name} is new: say in tests/architecture which arrows it may draw"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or_default();
            let shipped = dependency["kind"].is_null();
            let is_test = name == TESTS && !["xtask", TESTS].contains(&to);
            let is_check = to == CHECKS && dependency["kind"] == "dev";
            if ours.contains(&to) && !arrows.contains(&to) && !is_test && !is_check {
                faults.push(format!("{name} -> {to}"));
            }
            if shipped && strangers.get(name).is_some_and(|strangers| strangers.contains(&to)) {
                faults.push(format!("{name} -> {to}"));
            }
        }
    }
    faults
}

fn metadata() -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the repository");
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"])
        .current_dir(root)
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

#[test]
fn packages_depend_one_way() {
    assert_eq!(faults(&metadata()), Vec::<String>::new());
}

#[test]
fn an_arrow_drawn_backwards_is_caught() {
    let drawn = include_str!("../fixtures/architecture/backwards.json");
    let drawn: Value = serde_json::from_str(drawn).expect("the fixture is JSON");
    assert_eq!(
        faults(&drawn),
        [
            "countersign-protocol -> countersign-core",
            "countersign-protocol -> tokio",
            "countersign-gateway -> countersign-properties",
            "countersign-gateway -> countersign-core",
            "countersign-core -> countersign-tests",
            "newcomer is new: say in tests/architecture which arrows it may draw",
        ]
    );
}

#[test]
fn every_package_takes_the_shared_lints_and_none_allows_unsafe_code() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lies in the repository");
    let read =
        |path: &Path| std::fs::read_to_string(path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    let shared: toml::Table = read(&root.join("Cargo.toml")).parse().expect("Cargo.toml parses");
    assert_eq!(shared["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for member in shared["workspace"]["members"].as_array().expect("members") {
        let member = member.as_str().expect("a member is a path");
        let own: toml::Table = read(&root.join(member).join("Cargo.toml")).parse().expect("Cargo.toml parses");
        assert_eq!(own["lints"]["workspace"].as_bool(), Some(true), "{member}");
    }
}
