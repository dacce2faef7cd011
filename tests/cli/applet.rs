//! Security keys with several functions for codes: none is guessed.

use std::fs;

use countersign_strings::text;
use serde_json::json;

use super::Desk;
use super::terminal::on_terminal;
use super::token::{LINK, lines, table, token};

/// What `--applet` is said for each, and the family that is written then.
const APPLETS: [(&str, &str); 3] = [("oath", "yubikey"), ("token2", "token2_otp"), ("feitian", "feitian_otp")];

#[test]
fn a_key_tells_all_it_has_and_each_is_written_by_its_name() {
    let desk = Desk::empty();
    let told = token(&desk, &["info", "--emulated", "several"], "").json();
    assert_eq!(told["applets"], json!(["oath", "token2", "feitian"]));
    let words = desk.run_plain(&["token", "info", "--emulated", "several"], "");
    for (name, family) in APPLETS {
        assert!(words.stdout.contains(&format!("\n  {name}: ")), "{}", words.stdout);
        let told = token(&desk, &["info", "--emulated", "several", "--applet", name], "");
        assert_eq!(told.json()["token"]["family"], family, "{}", told.stderr);
        let burnt = token(&desk, &["burn", "--emulated", "several", "--applet", name, "--yes"], &format!("{LINK}\n"));
        assert_eq!((burnt.code, &burnt.json()["token"]["family"]), (0, &family.into()), "{}", burnt.stderr);
        assert_eq!(burnt.json()["ending"], "proven_by_link");
    }
    let one = token(&desk, &["info", "--emulated", "YubiKey"], "").json();
    assert_eq!(one["applets"], json!([]));
}

#[test]
fn without_a_name_nothing_is_written_and_a_name_that_it_has_not_is_refused() {
    let desk = Desk::empty();
    let log = desk.path().join("log").display().to_string();
    let arguments = ["burn", "--emulated", "several", "--yes", "--log", &log];
    let unsaid = token(&desk, &arguments, &format!("{LINK}\n"));
    assert_eq!((unsaid.code, unsaid.stdout.as_str()), (1, ""), "{}", unsaid.stderr);
    for (name, _) in APPLETS {
        assert!(
            unsaid.stderr.contains("--applet") && unsaid.stderr.contains(&format!("\n{name}: ")),
            "{}",
            unsaid.stderr
        );
    }
    // Nothing but SELECT, and what asks a number.
    let log = fs::read_to_string(log).unwrap();
    let sent = log.lines().filter(|line| line.contains(" bytes sent; "));
    let harmless = ["80 41 00 00", "00 A4 04 00", "80 33 00 00"];
    assert!(
        sent.clone().count() > 3 && sent.clone().all(|line| harmless.iter().any(|asks| line.contains(asks))),
        "{log}"
    );
    for (model, name) in [("YubiKey", "token2"), ("C301-i", "oath"), ("Token2", "oath")] {
        let burnt = token(&desk, &["burn", "--emulated", model, "--applet", name, "--yes"], &format!("{LINK}\n"));
        assert_eq!((burnt.code, burnt.stdout.as_str()), (1, ""), "{model}: {}", burnt.stderr);
        assert!(burnt.stderr.contains("has no such function for codes"), "{model}: {}", burnt.stderr);
    }
}

#[test]
fn a_person_chooses_once_for_a_whole_batch() {
    let desk = Desk::empty();
    fs::write(desk.path().join("seeds.csv"), table(2)).unwrap();
    let arguments = "token batch seeds.csv --issuer ACME --emulated several --yes --no-compare";
    let mut program = on_terminal(&desk, arguments, &[]);
    program.stdout.wait_for(text("cli.pick_which"));
    program.write(b"token2\r");
    let (status, said) = (program.wait(), program.stdout.text());
    assert!(status.success(), "{said}");
    for serial in ["86590000000001", "86590000000002"] {
        assert!(said.contains(serial), "{said}");
    }
    let source = desk.path().join("seeds.csv").display().to_string();
    let piped = ["batch", &source, "--issuer", "ACME", "--emulated", "several", "--yes", "--applet", "token2"];
    assert_eq!(lines(&token(&desk, &piped, "")).len(), 3);
}
