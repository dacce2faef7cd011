//! Where SQL stands in the gateway: in `store` modules alone, each behind a trait that has a contract suite.

use countersign_tests::source::{Source, files, root, sources};

/// What puts the parts together, and so names the store that they rest on.
const COMPOSITION: [&str; 3] = ["gateway/src/house.rs", "gateway/src/start.rs", "gateway/src/command/"];
/// What takes the words of a fault out of SQLite's, and says nothing to it.
const WORDS: &str = "gateway/src/cause.rs";
/// What the store gives to those who write SQL.
const SQL: [&str; 5] = ["Connection", "OptionalExtension", "Row", "named_params", "params"];
/// What a statement begins with.
const VERBS: [&str; 9] = ["ALTER", "CREATE", "DELETE", "DROP", "INSERT", "PRAGMA", "REPLACE", "SELECT", "UPDATE"];

/// All of SQL in a source of the gateway that is no `store` module, as `file: what`.
fn faults(source: &Source) -> Vec<String> {
    if source.package != "gateway" || source.module.iter().any(|part| part == "store") {
        return Vec::new();
    }
    let is_sql = |path: &String| match path.split("::").collect::<Vec<_>>().as_slice() {
        ["rusqlite", ..] => source.file != WORDS,
        ["crate", "store", "Store", ..] => !COMPOSITION.iter().any(|place| source.file.starts_with(place)),
        ["crate", "store", name, ..] => SQL.contains(name),
        _ => false,
    };
    let names = source.paths().into_iter().filter(is_sql);
    let mut faults: Vec<String> =
        names.chain(source.literals().into_iter().filter(|text| is_statement(text))).collect();
    faults.sort();
    faults.dedup();
    faults.into_iter().map(|what| format!("{}: {what}", source.file)).collect()
}

fn is_statement(text: &str) -> bool {
    let mut words = text.split_whitespace();
    words.next().is_some_and(|verb| VERBS.contains(&verb)) && words.next().is_some()
}

#[test]
fn sql_stands_in_store_modules_alone() {
    let all = sources();
    assert!(all.iter().any(|source| source.literals().iter().any(|text| is_statement(text))), "no SQL was found");
    let faults: Vec<String> = all.iter().flat_map(faults).collect();
    assert!(faults.is_empty(), "SQL elsewhere:\n{}", faults.join("\n"));
}

#[test]
fn sql_elsewhere_is_caught() {
    let drawn = include_str!("../fixtures/architecture/storage.rs");
    let found = faults(&Source::parse("gateway/src/login/known.rs", drawn));
    let expected = [
        "DELETE FROM known_browser WHERE at <= ?1",
        "SELECT EXISTS (SELECT 1 FROM {} WHERE at > ?1)",
        "crate::store::Connection",
        "crate::store::OptionalExtension",
        "crate::store::Store",
        "crate::store::params",
        "rusqlite::Result",
    ];
    assert_eq!(found, expected.map(|what| format!("gateway/src/login/known.rs: {what}")));
    for place in ["gateway/src/login/store.rs", "gateway/src/login/store/known.rs"] {
        assert_eq!(faults(&Source::parse(place, drawn)), Vec::<String>::new());
    }
    let found = faults(&Source::parse("gateway/src/command/keys.rs", drawn));
    assert_eq!(found.len(), expected.len() - 1, "a command opens the store, and says nothing to it: {found:?}");
}

/// The gateway's subjects that have a store, as `login` of `gateway/src/login/store.rs`.
fn stores() -> Vec<Source> {
    let is_store = |source: &Source| matches!(source.module.as_slice(), [_, last] if last == "store");
    sources().into_iter().filter(|source| source.package == "gateway" && is_store(source)).collect()
}

#[test]
fn each_store_is_behind_a_trait_with_a_contract_suite() {
    let read = |path: &std::path::PathBuf| std::fs::read_to_string(path).expect("a suite");
    let suites: Vec<String> = files(&root().join("tests/contract"), "rs").iter().map(read).collect();
    let stores = stores();
    assert!(stores.len() > 8, "the stores were not found");
    for store in stores {
        let subject = &store.module[0];
        assert!(store.text.contains("Store for SqlStore {"), "{}: no trait", store.file);
        let names = |statement: &str| {
            statement.contains(&format!("countersign_gateway::{subject}::")) && statement.contains("SqlStore")
        };
        assert!(suites.iter().any(|suite| suite.split(';').any(names)), "{subject}: no contract suite");
    }
}
