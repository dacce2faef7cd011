//! Every limit of the gateway's table is tried by name somewhere: a limit that no test names is one that nobody holds.

use countersign_gateway::limits;
use countersign_tests::program::{command, run};
use countersign_tests::source::root;

/// Limits that a test tries by their number, and where.
const BY_NUMBER: [(&str, &str, &str); 4] = [
    (
        "PIN_AHEAD",
        "tests/chain/certificate.rs",
        "fn a_next_key_is_listed_at_once_and_used_at_the_first_start_after_fourteen_days",
    ),
    ("OUTGOING_BODY", "tests/push/endpoint.rs", "fn no_more_than_four_kibibytes_are_read"),
    ("OUTGOING_CONNECT", "tests/push/endpoint.rs", "fn who_does_not_answer_is_left"),
    ("OUTGOING_TOTAL", "tests/push/endpoint.rs", "fn who_does_not_answer_is_left"),
];

/// All Rust sources below a folder, without the table itself.
fn sources(below: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(below)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|end| end == "rs")
                && !entry.ends_with("gateway/src/limits.rs")
                && !entry.ends_with("tests/serving/table.rs")
            {
                found.push(std::fs::read_to_string(entry).expect("a source"));
            }
        }
    }
    found
}

/// What of a file is test: all of one in `tests`, and what follows the first `#[cfg(test)]` elsewhere.
fn tests(source: &str) -> &str {
    source.find("#[cfg(test)]").map_or("", |at| &source[at..])
}

#[test]
fn each_limit_is_named_by_a_test() {
    let table = std::fs::read_to_string(root().join("gateway/src/limits.rs")).expect("the table");
    let names: Vec<&str> =
        table.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next()).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| *name != "TABLE").collect();
    assert!(names.len() > 20, "{names:?}");
    let (journeys, gateway) = (sources("tests"), sources("gateway/src"));
    let own = std::fs::read_to_string(root().join("gateway/src/serve/tests.rs")).expect("a source");
    let by_number = |name: &str| {
        let test = |(_, file, test): &(&str, &str, &str)| {
            std::fs::read_to_string(root().join(file)).is_ok_and(|text| text.contains(test))
        };
        BY_NUMBER.iter().filter(|(limit, ..)| *limit == name).any(test)
    };
    let named = |name: &str| {
        let says = |text: &str| {
            text.match_indices(name).any(|(at, _)| {
                let next = text[at + name.len()..].chars().next();
                !next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
            })
        };
        journeys.iter().any(|text| says(text)) || gateway.iter().any(|text| says(tests(text))) || says(&own)
    };
    let missing: Vec<&&str> = names.iter().filter(|name| !named(name) && !by_number(name)).collect();
    assert!(missing.is_empty(), "no test names {missing:?}");
}

#[test]
fn each_limit_stands_in_the_table_that_is_printed() {
    let source = std::fs::read_to_string(root().join("gateway/src/limits.rs")).expect("the table");
    let (above, table) = source.split_once("pub const TABLE").expect("the table");
    let named: Vec<&str> =
        above.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next()).collect();
    let words: Vec<&str> = table.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).collect();
    for name in &named {
        assert_eq!(words.iter().filter(|word| *word == name).count(), 1, "{name}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let printed = |arguments: &[&str]| {
        let ended = run(command("countersign-gateway", folder.path()).arg("limits").args(arguments), b"");
        assert!(ended.status.success() && ended.stderr.is_empty(), "{ended:?}");
        String::from_utf8(ended.stdout).expect("text")
    };
    let rows: Vec<serde_json::Value> =
        printed(&["--json"]).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(rows.len(), named.len() + countersign_protocol::limits::TABLE.len());
    for (surface, most) in
        [("request line", limits::REQUEST_LINE), ("cs-challenge+jwt", 4096), ("session in all", 43_200)]
    {
        assert!(rows.iter().any(|row| row["surface"] == surface && row["most"] == most), "{surface}");
    }
    let surfaces: std::collections::BTreeSet<&str> = rows.iter().filter_map(|row| row["surface"].as_str()).collect();
    assert_eq!(surfaces.len(), rows.len(), "each surface stands there once");
    assert!(printed(&[]).lines().any(|line| line.starts_with("request line ") && line.ends_with("4096 bytes")));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 0, "printing makes nothing");
}
