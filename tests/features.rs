//! `docs/features.md` says of each thing that people look for in an authenticator where it is and what shows it. Here it is
//! held against the sources: a test that it names is there, and so is a command. `docs/screens.md` shows the pictures of the phone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use clap::CommandFactory as _;
use countersign_cli::args::Arguments;
use countersign_tests::source::root;

/// The golden pictures of the phone's screens.
const SCREENS: &str = "android/app/src/test/screens";

/// The tables, and the rows that each must have.
const TABLES: [(&str, &[&str]); 4] = [
    (
        "Code kinds",
        &[
            "TOTP SHA1",
            "TOTP SHA256 / SHA512",
            "SHA224, SHA384, MD5",
            "Digits outside 6 and 8",
            "Any period",
            "HOTP",
            "Steam",
            "Yandex",
            "mOTP",
            "OCRA challenge",
        ],
    ),
    (
        "Code display",
        &[
            "Next code",
            "Countdown",
            "Copy marked sensitive to the clipboard",
            "Tap to reveal / hide",
            "Search",
            "Groups, folders, tags",
            "Icons",
            "Sort (name, custom, usage)",
            "Favourites or pins",
            "Home-screen widget",
        ],
    ),
    (
        "Vault",
        &[
            "Seeds encrypted under a user secret",
            "Memory-hard KDF in the vault",
            "Biometric unlock",
            "PIN or passphrase",
            "Screen capture blocked, user can allow",
            "Auto lock",
            "Panic trigger",
            "Duress passphrase opening a decoy",
            "Refuses rooted phones",
        ],
    ),
    (
        "Burning hardware tokens",
        &[
            "Phone NFC, Android and iOS",
            "Desktop reader",
            "Desktop on Linux and macOS",
            "Model list refuses unknown tokens",
            "Wrong device named",
            "Warns before a clock set wipes the seed",
            "Live code to compare after burning",
            "Machine-read check after burning",
            "Resume after the tag is lost half-way",
            "Batch from CSV",
            "Random seeds",
            "Ledger out: serial and seed as CSV / PSKC",
            "Seed file in: PSKC, OATH CSV",
            "Activate in the server afterwards",
        ],
    ),
];

/// One row: whether it is here, and what shows it or why it is not.
struct Row {
    has: String,
    shown: String,
}

fn page() -> String {
    fs::read_to_string(root().join("docs/features.md")).expect("the page")
}

/// The rows of each table, by its heading.
fn tables(page: &str) -> BTreeMap<&str, BTreeMap<&str, Row>> {
    let sections = page.split("\n## ").skip(1);
    sections
        .map(|section| {
            let (heading, body) = section.split_once('\n').expect("a section has a body");
            let rows = body.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what"));
            let rows = rows.map(|line| {
                let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
                let [what, has, shown] = cells[..] else { panic!("three cells: {line}") };
                (what, Row { has: has.to_owned(), shown: shown.to_owned() })
            });
            (heading, rows.collect())
        })
        .collect()
}

/// What stands between backticks.
fn marked(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Why what a row names is not so; nothing where it is.
fn fault(named: &str) -> Option<String> {
    for (suffix, word) in [(".rs", "fn"), (".kt", "fun")] {
        if let Some((file, test)) = named.split_once(&format!("{suffix}::")) {
            let source = fs::read_to_string(root().join(format!("{file}{suffix}"))).unwrap_or_default();
            return (!source.contains(&format!("{word} {test}("))).then(|| format!("no test {named}"));
        }
    }
    let words = named.strip_prefix("countersign ")?;
    let mut command = Arguments::command();
    command.build();
    for word in words.split(' ') {
        let known = match word.strip_prefix("--") {
            Some(option) => command.get_arguments().any(|argument| argument.get_long() == Some(option)),
            None if word.chars().all(|c| c.is_ascii_uppercase()) => true,
            None => match command.find_subcommand(word).cloned() {
                Some(inner) => {
                    command = inner;
                    true
                }
                None => false,
            },
        };
        if !known {
            return Some(format!("no {word} in {named}"));
        }
    }
    None
}

#[test]
fn every_row_names_what_shows_it_or_says_why_not() {
    let page = page();
    let tables = tables(&page);
    for (heading, rows) in TABLES {
        let table = tables.get(heading).unwrap_or_else(|| panic!("no table «{heading}»"));
        for what in rows {
            let row = table.get(what).unwrap_or_else(|| panic!("{heading}: no row «{what}»"));
            match row.has.as_str() {
                "no" => assert!(row.shown.len() > 20, "{what}: why not?"),
                "yes" | "partly" => {
                    let tests =
                        marked(&row.shown).filter(|named| named.contains(".rs::") || named.contains(".kt::")).count();
                    assert!(tests > 0, "{what}: which test shows it?");
                }
                other => panic!("{what}: «{other}» is neither yes, partly nor no"),
            }
        }
    }
}

#[test]
fn every_test_and_every_command_named_is_there() {
    let page = page();
    let faults: Vec<String> = marked(&page).filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_name_that_is_not_there_is_caught() {
    assert!(fault("tests/features.rs::no_such_test").is_some());
    assert!(fault("tests/no_such_file.rs::a_name_that_is_not_there_is_caught").is_some());
    assert!(fault("android/app/src/test/kotlin/org/countersign/app/WidgetTest.kt::noSuchTest").is_some());
    assert!(fault("countersign dance").is_some() && fault("countersign code --dance").is_some());
    assert!(fault("tests/features.rs::a_name_that_is_not_there_is_caught").is_none());
    assert!(fault("countersign list --json").is_none() && fault("countersign code NAME").is_none());
}

#[test]
fn the_page_of_pictures_shows_each_golden_one() {
    let golden: BTreeSet<String> = fs::read_dir(root().join(SCREENS))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".png"))
        .collect();
    let page = fs::read_to_string(root().join("docs/screens.md")).unwrap();
    let from = format!("src=\"../{SCREENS}/");
    let shown: BTreeSet<String> =
        page.split(&from).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect();
    assert!(golden.len() > 300, "{} pictures", golden.len());
    assert_eq!(shown, golden);
}
