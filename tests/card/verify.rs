//! What is in a token is asked for again: of an account that a counter moves, of several entries of which one can't be asked, of
//! a profile that there is not, and after a token turned out to hold something else.

use std::process::Output;

use countersign_emulator::{Fault, Link, Molto, Still};
use countersign_strings::{fill, text};
use countersign_tests::program::{built, run};
use countersign_tests::readers::{READER, Readers};
use serde_json::Value;
use tempfile::TempDir;

use super::again::begun;
use super::token::{LINK, PASSPHRASE, json, noticed, token, vault};
use super::{SEED_TEXT, now, oathtool, ykman, yubikey};

/// What asks a YubiKey for one code.
const CALCULATE: u8 = 0xa2;

const ON: [&str; 4] = ["--reader", READER, "--wait", "20"];

fn at(readers: &Readers, home: &TempDir, arguments: &[&str], input: &str) -> Output {
    token(readers, home, &[arguments, &ON].concat(), input)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The program without `--json`, beside a token.
fn plain(readers: &Readers, home: &TempDir, arguments: &[&str], input: &str) -> Output {
    let mut command = readers.command(built("countersign").to_str().unwrap());
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path()).env("LANG", "C.UTF-8");
    run(command.args(arguments), input.as_bytes())
}

fn counted() -> String {
    format!("otpauth://hotp/VPN:mara?secret={SEED_TEXT}&issuer=VPN&counter=0")
}

/// Where the counter stands by the ledger's only row.
fn counter(readers: &Readers, home: &TempDir) -> u64 {
    let kept = json(&token(readers, home, &["ledger"], ""));
    let [row] = kept["tokens"].as_array().unwrap().as_slice() else { panic!("{kept}") };
    row["account"]["counter"].as_u64().unwrap()
}

fn code_of(readers: &Readers) -> String {
    ykman(readers, &["oath", "accounts", "code", "--single", "VPN:mara"]).unwrap().trim().to_owned()
}

#[test]
fn an_account_that_a_counter_moves_is_proven_by_its_name_where_its_counter_stands() {
    let (readers, home) = (Readers::start(), vault());
    let taken = plain(
        &readers,
        &home,
        &["scan", "--yes", "--take", "all", "--passphrase-fd", "0"],
        &format!("{PASSPHRASE}\n{}\n", counted()),
    );
    assert!(taken.status.success(), "{}", said(&taken));
    let key = readers.lay(yubikey());
    assert_eq!(json(&at(&readers, &home, &["burn", "--yes"], &format!("{}\n", counted())))["ending"], "proven_by_link");
    // The burn used the first one up, three are used elsewhere, and each proof uses one.
    (0..3).for_each(|_| drop(code_of(&readers)));
    for stands in [5, 6] {
        let verified = json(&at(&readers, &home, &["verify", "VPN"], ""));
        assert_eq!((&verified["proven"], counter(&readers, &home)), (&true.into(), stands), "{verified}");
    }
    assert_eq!(code_of(&readers), oathtool(&["--hotp", "-c", "6"]));
    drop(key.take());
}

/// Its seed was replaced by other hands, and it is written anew: never with codes that it showed.
#[test]
fn a_counter_that_is_written_anew_goes_on_where_it_was() {
    let (readers, home) = (Readers::start(), vault());
    let key = readers.lay(yubikey());
    json(&at(&readers, &home, &["burn", "--yes"], &format!("{}\n", counted())));
    for _ in 0..3 {
        code_of(&readers);
    }
    json(&at(&readers, &home, &["verify"], ""));
    assert_eq!(counter(&readers, &home), 5);
    let other = "otpauth://hotp/VPN:mara?secret=ABCDEFGHIJKLMNOPQRSTUVWXYZ234567&issuer=VPN&counter=0";
    ykman(&readers, &["oath", "accounts", "delete", "--force", "VPN:mara"]).unwrap();
    ykman(&readers, &["oath", "accounts", "uri", other]).unwrap();
    assert_eq!(at(&readers, &home, &["verify"], "").status.code(), Some(1));
    assert_eq!(counter(&readers, &home), 5, "what was seen wrong takes nothing back");
    let anew = json(&at(&readers, &home, &["burn", "--resume", "--yes"], ""));
    assert_eq!((&anew["ending"], counter(&readers, &home)), (&"proven_by_link".into(), 6));
    assert_eq!(code_of(&readers), oathtool(&["--hotp", "-c", "6"]));
    drop(key.take());
}

/// It left before its code was read, and was used all the same.
#[test]
fn a_counted_burn_that_nobody_read_back_is_read_when_it_is_taken_up_and_not_set_back() {
    let (readers, home) = (Readers::start(), vault());
    let burn = |home: &TempDir| at(&readers, home, &["burn", "--yes"], &format!("{}\n", counted()));
    let (other, key) = (vault(), readers.lay(yubikey()));
    json(&burn(&other));
    let undisturbed = key.take();
    let code = undisturbed.exchanges().iter().position(|sent| sent.command[1] == CALCULATE).unwrap();
    noticed(&readers, &home);
    let mut link = yubikey();
    link.fault(code + 1, Fault::DropBefore);
    let key = readers.lay(link);
    let left = burn(&home);
    assert_eq!(json(&left)["ending"], "written_not_proven", "{}", said(&left));
    let mut link = key.lost();
    link.come_back();
    noticed(&readers, &home);
    let key = readers.lay(link);
    (0..3).for_each(|n| assert_eq!(code_of(&readers), oathtool(&["--hotp", "-c", &n.to_string()])));
    let taken_up = json(&at(&readers, &home, &["burn", "--resume", "--yes"], ""));
    assert_eq!((&taken_up["ending"], counter(&readers, &home)), (&"proven_by_link".into(), 4), "{taken_up}");
    assert_eq!(code_of(&readers), oathtool(&["--hotp", "-c", "4"]), "what was used is not set back");
    drop(key.take());
}

#[test]
fn an_entry_that_cannot_be_asked_is_counted_and_the_others_are_proven() {
    let (readers, home) = (Readers::start(), vault());
    let key = readers.lay(Link::new(yubikey().into_token().plugged_in()));
    for (name, more) in [("mara", &["--touch", "--no-compare"][..]), ("noor", &[])] {
        let link = format!("{}\n", LINK.replace("mara", name));
        json(&at(&readers, &home, &[&["burn", "--yes"], more].concat(), &link));
    }
    let verified = at(&readers, &home, &["verify"], "");
    assert_eq!(verified.status.code(), Some(1), "{}", said(&verified));
    let told: Value = serde_json::from_slice(&verified.stdout).unwrap();
    let endings: Vec<&Value> = told["entries"].as_array().unwrap().iter().map(|entry| &entry["ending"]).collect();
    assert_eq!(endings, ["not_asked", "proven_by_link"], "{told}");
    let why = [("name", "ACME (mara)"), ("why", text("token.not_touched"))];
    assert!(said(&verified).contains(&fill("token.entry_not_asked", &why)), "{}", said(&verified));
    let counts = fill("token.entries_count", &[("proven", "1"), ("all", "2"), ("not", "0"), ("unasked", "1")]);
    assert!(said(&verified).contains(&counts), "{}", said(&verified));
    drop(key.take());
}

/// Those that it did not come to are told, and it is asked for all of them when it is there again.
#[test]
fn a_token_that_leaves_in_the_middle_has_its_other_entries_unasked_until_it_is_back() {
    let (readers, home) = (Readers::start(), vault());
    let key = readers.lay(yubikey());
    for (name, first, other) in [("mara", 'G', 'G'), ("noor", 'G', 'A'), ("ivo", 'G', 'B')] {
        let seed = SEED_TEXT.replacen(first, &other.to_string(), 1);
        let link = LINK.replace("mara", name).replace(SEED_TEXT, &seed);
        json(&at(&readers, &home, &["burn", "--yes"], &format!("{link}\n")));
    }
    let laid_anew = |link| {
        noticed(&readers, &home);
        readers.lay(link)
    };
    let link = key.take();
    let before = link.exchanges().len();
    let key = laid_anew(link);
    assert_eq!(json(&at(&readers, &home, &["verify"], ""))["proven"], true);
    let mut link = key.take();
    // The second code is asked for, and the token is gone.
    let sent = &link.exchanges()[before..];
    let codes: Vec<usize> = (1..).zip(sent).filter(|(_, sent)| sent.command[1] == CALCULATE).map(|(n, _)| n).collect();
    assert_eq!(codes.len(), 3);
    link.fault(before + sent.len() + codes[1], Fault::DropBefore);
    let key = laid_anew(link);
    let verified = at(&readers, &home, &["verify"], "");
    assert_eq!(verified.status.code(), Some(1), "{}", said(&verified));
    let told: Value = serde_json::from_slice(&verified.stdout).unwrap();
    let endings: Vec<&Value> = told["entries"].as_array().unwrap().iter().map(|entry| &entry["ending"]).collect();
    assert_eq!(endings, ["proven_by_link", "not_asked", "not_asked"], "{told}");
    assert_eq!(told["proven"], false);
    for name in ["ACME (noor)", "ACME (ivo)"] {
        let words = fill("token.entry_not_asked", &[("name", name), ("why", text("token.link_lost"))]);
        assert!(said(&verified).contains(&words), "{}", said(&verified));
    }
    let counts = fill("token.entries_count", &[("proven", "1"), ("all", "3"), ("not", "0"), ("unasked", "2")]);
    assert!(said(&verified).contains(&counts), "{}", said(&verified));
    // What was not asked is in the ledger as it was.
    let kept = json(&token(&readers, &home, &["ledger"], ""));
    assert!(kept["tokens"].as_array().unwrap().iter().all(|row| row["verified"] == "proven_by_link"), "{kept}");

    let mut link = key.lost();
    link.come_back();
    let key = laid_anew(link);
    let again = json(&at(&readers, &home, &["verify"], ""));
    assert_eq!((&again["proven"], again["entries"].as_array().unwrap().len()), (&true.into(), 3), "{again}");
    drop(key.take());
}

#[test]
fn a_profile_that_the_token_has_not_is_told_with_how_many_it_has() {
    let (readers, home) = (Readers::start_as("TOKEN2 Molto2"), vault());
    let laid = readers.lay(Link::new(Molto::v1("00000000000042", Still::at(now()))));
    let on = ["--reader", "TOKEN2 Molto2 00 00", "--wait", "20", "--profile", "77"];
    for command in [&["sync", "--yes"][..], &["delete", "--yes"], &["verify"]] {
        let refused = token(&readers, &home, &[command, &on].concat(), "");
        let words = said(&refused);
        let last = words.lines().last().unwrap_or_default().to_owned();
        assert!(
            refused.status.code() == Some(1) && last.contains(" 50 ") && last.contains(" 77"),
            "{command:?}: {words}"
        );
        let values = [("token", ""), ("n", "77"), ("all", "50"), ("last", "49")];
        assert!(last.ends_with(fill("token.no_profile", &values).trim()), "{command:?}: {words}");
    }
    drop(laid.take());
}

/// Who only looks is told in a sentence of a burn that did not come to its end; with the vault closed, how to see it.
#[test]
fn who_looks_at_a_token_reads_of_an_unfinished_burn_or_where_that_stands() {
    let (readers, home) = (Readers::start(), vault());
    let laid = readers.lay(begun(&readers, &home));
    let opened = ["--passphrase-fd", "0"];
    for command in [&["token", "info", "--reader", READER, "--wait", "20"][..], &["token", "list"]] {
        let told = plain(&readers, &home, &[command, &opened].concat(), &format!("{PASSPHRASE}\n"));
        let shown = String::from_utf8_lossy(&told.stdout).into_owned();
        let sentence = fill("token.unfinished_burn", &[("owner", "ACME (mara)"), ("when", "\n")]);
        let (begins, ends) = sentence.split_once('\n').unwrap();
        let line = shown.lines().find(|line| line.trim().starts_with(begins)).unwrap_or_else(|| panic!("{shown}"));
        assert!(line.ends_with(ends) && line.contains("UTC"), "{line}");
        assert!(!said(&told).contains(text("token.unfinished_closed")), "{}", said(&told));

        let closed = plain(&readers, &home, command, "");
        assert!(said(&closed).contains(text("token.unfinished_closed")), "{}", said(&closed));
        assert!(!String::from_utf8_lossy(&closed.stdout).contains("mara"));
        let closed = plain(&readers, &home, &[&["--json"], command].concat(), "");
        let told: Value = serde_json::from_slice(&closed.stdout).unwrap();
        assert_eq!(told["vault_closed"], true, "{told}");
    }
    // What that sentence says to do tells, and writes nothing.
    let dry = json(&at(&readers, &home, &["burn", "--resume", "--dry-run"], ""));
    assert_eq!(dry["plan"]["account"]["name"], "mara");
    assert!(laid.take().token().seed().is_none());
}
