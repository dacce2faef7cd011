//! What was written is looked at again: a burn that is taken up after a yes alone, proof of every entry, and a clock that is set
//! with the settings that the token has.

use std::fs;
use std::process::Output;

use countersign_emulator::{Fault, Link, MODELS, Single, Still};
use countersign_strings::{fill, text};
use countersign_tests::program::{built, run};
use countersign_tests::readers::{READER, Readers};
use serde_json::Value;
use tempfile::TempDir;

use super::token::{LINK, PASSPHRASE, json, noticed, token, vault, waiting};
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

/// A token whose burn was begun: it left when its settings had taken its old seed away, and the program was killed.
pub(super) fn begun(readers: &Readers, home: &TempDir) -> Link<Single> {
    let mut program = waiting(readers, home, &["burn"], &format!("{LINK}\n"));
    // A meeting of one command, and of the burn challenge, proof and settings: the seed does not arrive.
    let mut link = single(true);
    link.fault(5, Fault::DropBefore);
    let mut link = readers.lay(link).lost();
    program.stderr.wait_for(text("token.link_lost"));
    program.kill();
    assert!(link.token().seed().is_none(), "the settings took the old seed away");
    noticed(readers, home);
    link.come_back();
    link
}

#[test]
fn a_burn_is_taken_up_after_a_yes_and_a_dry_run_of_it_writes_nothing() {
    let (readers, home) = (Readers::start(), vault());
    let laid = readers.lay(begun(&readers, &home));
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

/// A terminal with a person at it, who answers the question with this.
fn answered(readers: &Readers, home: &TempDir, answer: &str) -> String {
    let passphrase = home.path().join("passphrase");
    fs::write(&passphrase, format!("{PASSPHRASE}\n")).unwrap();
    let (program, passphrase) = (built("countersign"), passphrase.display().to_string());
    let resume = format!("'{}' token burn --resume --no-compare --reader '{READER}' --wait 20", program.display());
    let mut script = readers.command("/usr/bin/script");
    script.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path()).env("LANG", "C.UTF-8");
    script.args(["-qec", &format!("{resume} --passphrase-fd 3 3<'{passphrase}'"), "/dev/null"]);
    String::from_utf8_lossy(&run(&mut script, format!("{answer}\n").as_bytes()).stdout).into_owned()
}

#[test]
fn who_takes_a_burn_up_is_asked_and_a_no_writes_nothing() {
    let (readers, home) = (Readers::start(), vault());
    let laid = readers.lay(begun(&readers, &home));
    // With nobody there it is not done unasked, and what would be done is said.
    let unasked = at(&readers, &home, &["burn", "--resume", "--no-compare"], "");
    assert!(said(&unasked).contains("mara"), "{}", said(&unasked));
    assert!(unasked.status.code() == Some(1) && said(&unasked).contains(text("cli.say_yes")), "{}", said(&unasked));
    // What is unfinished is told by who only looks, too.
    let looked = at(&readers, &home, &["info", "--passphrase-fd", "0"], &format!("{PASSPHRASE}\n"));
    let told = json(&looked);
    assert_eq!(told["unfinished"]["account"]["name"], "mara", "{told}");
    let listed = json(&token(&readers, &home, &["list", "--passphrase-fd", "0"], &format!("{PASSPHRASE}\n")));
    let row = listed["readers"].as_array().unwrap().iter().find(|row| row["reader"] == READER).unwrap();
    assert_eq!(row["unfinished"]["account"]["name"], "mara", "{listed}");
    assert!(json(&at(&readers, &home, &["info"], ""))["unfinished"].is_null(), "nobody is asked for a passphrase");

    let no = answered(&readers, &home, "n");
    assert!(no.contains(text("token.write_ask")) || no.contains(text("token.erase_ask")), "{no}");
    assert!(no.contains(text("cli.nothing_changed")), "{no}");
    let link = laid.take();
    assert!(link.token().seed().is_none(), "a no writes nothing");
    noticed(&readers, &home);
    let laid = readers.lay(link);
    let yes = answered(&readers, &home, "y");
    assert!(laid.take().token().seed().is_some(), "{yes}");
    let told = json(&token(&readers, &home, &["ledger"], ""));
    assert_eq!(told["tokens"][0]["verified"], "written_not_proven", "{yes}");
}

/// One seed in two tokens makes either's codes the other's.
#[test]
fn a_seed_that_another_token_holds_is_named_and_written_only_where_that_was_said() {
    let (readers, home) = (Readers::start(), vault());
    let laid = readers.lay(single(true));
    let burn = |more: &[&str]| {
        let arguments = [&["burn", "--no-compare"], more].concat();
        at(&readers, &home, &arguments, &format!("{LINK}\n"))
    };
    let first = json(&burn(&["--yes"]));
    assert!(first["elsewhere"].is_null(), "{first}");
    assert!(json(&burn(&["--yes"]))["elsewhere"].is_null(), "the same token once more is no other");
    let serial = first["token"]["serial"].as_str().unwrap().to_owned();
    drop(laid.take());
    noticed(&readers, &home);
    let laid = readers.lay(single(false));
    let plan = json(&burn(&["--dry-run"]));
    assert_eq!(plan["plan"]["elsewhere"]["serial"], serial.as_str(), "{plan}");
    let refused = burn(&["--yes"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said(&refused).contains("--spare") && said(&refused).contains(&serial), "{}", said(&refused));
    let asked = burn(&[]);
    assert!(said(&asked).contains(&serial) && said(&asked).contains(text("cli.say_yes")), "{}", said(&asked));
    assert_eq!(json(&burn(&["--yes", "--spare"]))["ending"], "written_not_proven");
    drop(laid.take());
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
    assert_eq!(proofs, ["failed", "proven_by_link"]);
    let none = token(&readers, &home, &["ledger", "--account", "nobody"], "");
    assert!(none.status.success() && said(&none).contains(text("token.ledger_no_match")), "{}", said(&none));
    drop(key.take());
}
