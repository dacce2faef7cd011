//! Every refusal and every control of push-v1 section 14 has a test of its name: `tests/vectors/push/refused.json` lists
//! them, and this reads our own sources for them.
//!
//! Group `final` stands in the module `last`, since `final` is a word that Rust keeps for itself. A name that has no test
//! yet says so (`"test": null`), and only where its message came after the walk.

use std::collections::BTreeSet;

use countersign_tests::source::{files, root};
use serde_json::Value;
use syn::Item;

/// How many names section 14 gives.
const NAMES: usize = 351;

/// A test: its file from the top of the repository without `.rs`, and its name.
type Test = (String, String);

/// The tests of one file, those that a macro of the same file writes included.
fn tests_of(file: &str, text: &str) -> Vec<Test> {
    let parsed = syn::parse_file(text).unwrap_or_else(|fault| panic!("{file}: {fault}"));
    let place = file.trim_end_matches(".rs").trim_end_matches("/mod").to_owned();
    let makers: BTreeSet<String> = parsed.items.iter().filter_map(maker).collect();
    names_in(&parsed.items, &makers).into_iter().map(|name| (place.clone(), name)).collect()
}

fn names_in(items: &[Item], makers: &BTreeSet<String>) -> Vec<String> {
    let mut names = Vec::new();
    for item in items {
        match item {
            Item::Fn(item) if item.attrs.iter().any(|attribute| attribute.path().is_ident("test")) => {
                names.push(item.sig.ident.to_string());
            }
            Item::Mod(item) => names.extend(item.content.iter().flat_map(|(_, items)| names_in(items, makers))),
            Item::Macro(item) if item.mac.path.get_ident().is_some_and(|name| makers.contains(&name.to_string())) => {
                names.extend(entries(&item.mac));
            }
            _ => {}
        }
    }
    names
}

/// The name of a macro that writes tests.
fn maker(item: &Item) -> Option<String> {
    let Item::Macro(item) = item else { return None };
    let text: String = item.mac.tokens.to_string().split_whitespace().collect();
    (text.contains("#[test]") && text.contains("fn$name")).then(|| item.ident.as_ref().map(ToString::to_string))?
}

/// The names at the beginning of a macro's entries: `name => …;` or a plain row of names.
fn entries(called: &syn::Macro) -> Vec<String> {
    let is_name = |token: &str| token.starts_with(|c: char| c.is_ascii_lowercase()) && token != "_";
    let tokens: Vec<String> = called.tokens.clone().into_iter().map(|token| token.to_string()).collect();
    if tokens.iter().all(|token| is_name(token)) {
        return tokens;
    }
    let begins = |at: usize| at == 0 || tokens[at - 1] == ";";
    (0..tokens.len()).filter(|at| begins(*at) && is_name(&tokens[*at])).map(|at| tokens[at].clone()).collect()
}

/// Every test of the journeys and of `protocol`, `core` and `gateway`.
fn all_tests() -> BTreeSet<Test> {
    let folders = ["tests", "protocol/src", "core/src", "gateway/src"];
    let all = folders.iter().flat_map(|folder| files(&root().join(folder), "rs"));
    let read = |path: std::path::PathBuf| {
        let file = path.strip_prefix(root()).expect("within the repository").to_string_lossy().into_owned();
        tests_of(&file, &std::fs::read_to_string(&path).expect("a source"))
    };
    all.filter(|path| !path.to_string_lossy().contains("/fixtures/")).flat_map(read).collect()
}

/// What is wrong with the list, one line each; how many names it has, and which have no test yet.
fn faults(list: &Value, tests: &BTreeSet<Test>) -> (Vec<String>, usize, Vec<String>) {
    let (mut faults, mut names, mut ahead) = (Vec::new(), 0, Vec::new());
    for group in list["groups"].as_array().expect("groups") {
        let name_of = |value: &Value| value.as_str().expect("text").to_owned();
        let group_name = name_of(&group["group"]);
        let sides: Vec<Vec<String>> = serde_json::from_value(group["sides"].clone()).expect("places, by side");
        assert!(!sides.is_empty() && sides.iter().all(|side| !side.is_empty()), "{group_name} has places");
        let both = ["refused", "but"].map(|part| group[part].as_array().expect("a list of names"));
        for entry in both.into_iter().flatten() {
            let name = name_of(&entry["name"]);
            names += 1;
            let stands = |side: &Vec<String>| {
                let is_here = |file: &str| side.iter().any(|place| is_at(file, place));
                tests.iter().any(|(file, test)| *test == name && is_here(file))
            };
            let waits = entry.get("test").is_some_and(Value::is_null);
            match entry["since"].as_str() {
                Some("walk") if waits => faults.push(format!("{group_name}::{name} is of the walk: it may not wait")),
                Some("walk" | "whole") => {}
                _ => faults.push(format!("{group_name}::{name}: since when")),
            }
            if sides.iter().all(stands) {
                continue;
            }
            if waits {
                ahead.push(format!("{group_name}::{name}"));
            } else {
                faults.push(format!("{group_name}::{name} has no test in each of {sides:?}"));
            }
        }
    }
    (faults, names, ahead)
}

/// Whether a file is `place`, or lies in the folder of that name.
fn is_at(file: &str, place: &str) -> bool {
    file.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[test]
fn each_has_a_test() {
    let list: Value = serde_json::from_str(include_str!("../vectors/push/refused.json")).expect("JSON");
    let (faults, names, ahead) = faults(&list, &all_tests());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert_eq!(names, NAMES, "the list holds each name of section 14");
    println!("{} of {names} names wait for their messages: {}", ahead.len(), ahead.join(" "));
}

/// The broken variants: lists and sources that must not pass.
#[test]
fn a_name_without_a_test_is_caught() {
    let source = r#"
        #[test] fn stands() {}
        fn is_no_test() {}
        macro_rules! rows { ($($name:ident => $value:expr;)*) => {$( #[test] fn $name() { f($value) } )*}; }
        macro_rules! other { ($($name:ident => $value:expr;)*) => {$( fn $name() { f($value) } )*}; }
        macro_rules! names { ($($name:ident)*) => {$( #[test] fn $name() {} )*}; }
        rows! { first => a(b); second => |x| { y; z }; }
        other! { of_no_test => 1; }
        names! { third fourth }
        mod inside { #[test] fn deeper() {} }
    "#;
    let tests: BTreeSet<Test> = tests_of("tests/push/g.rs", source).into_iter().collect();
    let found: Vec<&str> = tests.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(found, ["deeper", "first", "fourth", "second", "stands", "third"]);

    let list = |entry: &str, sides: &str| {
        let text = format!(r#"{{"groups":[{{"group":"g","sides":{sides},"refused":[{entry}],"but":[]}}]}}"#);
        let (faults, _, ahead) = faults(&serde_json::from_str(&text).expect("JSON"), &tests);
        (faults.len(), ahead.len())
    };
    let here = r#"[["tests/push/g"]]"#;
    assert_eq!(list(r#"{"name":"stands","since":"walk"}"#, here), (0, 0));
    assert_eq!(list(r#"{"name":"is_no_test","since":"walk"}"#, here), (1, 0));
    assert_eq!(list(r#"{"name":"of_no_test","since":"whole"}"#, here), (1, 0));
    assert_eq!(list(r#"{"name":"later","since":"whole","test":null}"#, here), (0, 1));
    assert_eq!(list(r#"{"name":"later","since":"walk","test":null}"#, here), (1, 1));
    assert_eq!(list(r#"{"name":"stands"}"#, here), (1, 0));
    assert_eq!(list(r#"{"name":"stands","since":"walk"}"#, r#"[["tests/push/g"],["protocol/src/tests/g"]]"#), (1, 0));
    assert_eq!(list(r#"{"name":"stands","since":"walk"}"#, r#"[["tests/push/go","tests/push"]]"#), (0, 0));
    assert_eq!(list(r#"{"name":"stands","since":"walk"}"#, r#"[["tests/pu"]]"#), (1, 0));
}
