//! What was written is looked at again: a burn that is taken up after a yes alone, proof of every entry, and a clock that is set
//! with the settings that the token has.

use std::process::Output;

use countersign_emulator::{Fault, Link, MODELS, Single, Still};
use countersign_strings::{fill, text};
use countersign_tests::readers::{READER, Readers};
use serde_json::Value;
use tempfile::TempDir;

use super::token::{LINK, json, noticed, token, vault, waiting};
use super::{now, ykman, yubikey};

const ON: [&str; 4] = ["--reader", READER, "--wait", "20"];

fn single(restricted: bool) -> Link<Single> {
    let model = MODELS.iter().find(|model| model.restricted == restricted).unwrap();
    Link::new(Single::new(&format!("{}0000001", model.prefix), Still::at(now())))
}

fn at(readers: &Readers, home: &TempDir, arguments: &[&str], input: &str) -> Output {
    token(readers, home, &[arguments, &ON].concat(), input)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_burn_is_taken_up_after_a_yes_and_a_dry_run_of_it_writes_nothing() {
    let (readers, home) = (Readers::start(), vault());
    let mut program = waiting(&readers, &home, &["burn"], &format!("{LINK}\n"));
    let mut link = single(true);
    link.fault(6, Fault::DropBefore);
    let mut link = readers.lay(link).lost();
    program.stderr.wait_for(text("token.link_lost"));
    program.kill();
    noticed(&readers, &home);
    link.come_back();
    let laid = readers.lay(link);
    let plan = json(&at(&readers, &home, &["burn", "--resume", "--dry-run", "--yes"], ""));
    assert_eq!(plan["plan"]["account"]["name"], "mara");
    let link = laid.take();
    assert!(link.token().seed().is_none(), "a dry run writes nothing");
    noticed(&readers, &home);
    let laid = readers.lay(link);
    let taken_up = json(&at(&readers, &home, &["burn", "--resume", "--yes", "--no-compare"], ""));
    assert_eq!(taken_up["ending"], "written_not_proven");
    // What nobody proved does not end well for a script that asks for proof.
    let verified = at(&readers, &home, &["verify"], "");
    assert_eq!(verified.status.code(), Some(1), "{}", said(&verified));
    let told: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!((&told["ending"], &told["proven"]), (&"written_not_proven".into(), &false.into()));
    assert!(laid.take().token().seed().is_some());
}

#[test]
fn a_clock_is_set_with_the_settings_of_the_ledger() {
    let (readers, home) = (Readers::start(), vault());
    let laid = readers.lay(single(false));
    let link = format!("{LINK}&algorithm=SHA256&period=60");
    json(&at(&readers, &home, &["burn", "--yes", "--display", "60", "--no-compare"], &format!("{link}\n")));
    assert_eq!(json(&at(&readers, &home, &["sync", "--yes"], ""))["operated"], "done");
    let link = laid.take();
    let before = link.token().settings();
    assert_eq!((before.0, before.1), (2, 60), "as it was burned");
}

#[test]
fn every_entry_of_a_key_that_the_ledger_knows_is_proven_by_name() {
    let (readers, home) = (Readers::start(), vault());
    let key = readers.lay(yubikey());
    for name in ["mara", "noor"] {
        json(&at(&readers, &home, &["burn", "--yes"], &format!("{}\n", LINK.replace("mara", name))));
    }
    let both = at(&readers, &home, &["verify"], "");
    assert_eq!((&json(&both)["proven"], json(&both)["entries"].as_array().unwrap().len()), (&true.into(), 2));
    ykman(&readers, &["oath", "accounts", "delete", "--force", "ACME:mara"]).unwrap();
    let verified = at(&readers, &home, &["verify"], "");
    assert_eq!(verified.status.code(), Some(1));
    for (entry, words) in [("mara", "token.entry_other"), ("noor", "token.entry_proven")] {
        let names = said(&verified)
            .lines()
            .any(|line| line.contains(entry) && line.ends_with(fill(words, &[("name", "")]).trim()));
        assert!(names, "{entry}: {}", said(&verified));
    }
    let kept = json(&token(&readers, &home, &["ledger"], ""));
    let proofs: Vec<&Value> = kept["tokens"].as_array().unwrap().iter().map(|row| &row["verified"]).collect();
    assert_eq!(proofs, ["failed", "proven_by_wire"]);
    let none = token(&readers, &home, &["ledger", "--account", "nobody"], "");
    assert!(none.status.success() && said(&none).contains(text("token.ledger_no_match")), "{}", said(&none));
    drop(key.take());
}
