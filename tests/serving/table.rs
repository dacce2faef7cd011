//! The gateway's table of limits as it is printed.

use countersign_gateway::limits;
use countersign_tests::program::{command, run};
use countersign_tests::source::root;

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
