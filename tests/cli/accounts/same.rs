//! What is added again or changed to nothing: said as it is, and no reason to forget the change before it.

use base64::Engine as _;
use countersign_strings::text;
use serde_json::json;

use super::super::{Desk, SEED};
use super::desk;

/// A VPN account at counter 3, and the same with another counter under another name.
fn counted(counter: u64, name: &str) -> String {
    format!("otpauth://hotp/{name}?secret={SEED}&issuer=VPN&counter={counter}\n")
}

#[test]
fn the_same_account_with_another_counter_says_what_becomes_of_the_counter() {
    let desk = Desk::new();
    desk.add(counted(3, "mara").trim());
    for (command, counter) in [("scan", 5_000_000), ("add", 5_000_000)] {
        let far = desk.run(&[command, "--yes"], &counted(counter, "forged"));
        assert_eq!(far.code, 1, "{}", far.stderr);
        for words in ["VPN (mara) (@1)", "stays at 3", "5000000", "1000"] {
            assert!(far.stderr.contains(words), "{command}: {words} is missing in\n{}", far.stderr);
        }
    }
    let near = desk.run(&["scan", "--yes", "--json"], &counted(9, "other"));
    // It is a change, and nobody is told that there was none.
    assert!(near.code == 0 && !near.stderr.contains(text("scan.nothing_new")), "{}", near.stderr);
    assert!(near.stderr.contains("went from 3 to 9. Take it back: countersign undo"), "{}", near.stderr);
    assert_eq!(near.json()["there"][0]["as"], json!({ "id": "1", "issuer": "VPN", "name": "mara", "counter": 9 }));
    let undone = desk.done(&["undo"]);
    assert!(undone.stderr.contains("Counter: 9 → 3"), "{}", undone.stderr);
    let typed = ["add", "--yes", "--json", "--kind", "hotp", "--issuer", "Other", "--counter", "4"];
    let typed = desk.run(&typed, &format!("{SEED}\n"));
    assert!(typed.code == 0 && typed.stderr.contains("went from 3 to 4"), "{}", typed.stderr);
    assert_eq!(typed.json()["there"], json!({ "id": "1", "issuer": "VPN", "name": "mara", "counter": 4 }));
    assert_eq!(desk.done(&["code", "VPN"]).stdout.trim(), "338314", "RFC 4226, appendix D, of counter 4");
    assert_eq!(desk.listed(&[]).len(), 1);
}

#[test]
fn a_counter_that_goes_ahead_is_said_once_and_before_it_does_to_who_is_asked() {
    let desk = Desk::new();
    desk.add(counted(3, "mara").trim());
    let said = |stderr: &str| stderr.matches("its counter").count();
    let bare = desk.run(&["scan", "--yes"], &counted(9, "other"));
    assert_eq!(said(&bare.stderr), 1, "{}", bare.stderr);
    desk.done(&["undo"]);
    // Google's transfer: a seed, a name, a kind, a counter.
    let seed = b"12345678901234567890";
    let entry = [&[0x0a, 20][..], seed, &[0x12, 1, b'x', 0x20, 1, 0x28, 1, 0x30, 1, 0x38, 9]].concat();
    let message = [&[0x0a, entry.len() as u8][..], &entry, &[0x10, 1, 0x18, 1]].concat();
    let data = base64::engine::general_purpose::URL_SAFE.encode(message);
    let link = format!("otpauth-migration://offline?data={data}\n");
    let moved = desk.run(&["scan", "--yes"], &link);
    assert!(moved.stderr.contains("went from 3 to 9. Take it back: countersign undo"), "{}", moved.stderr);
    assert_eq!(said(&moved.stderr), 1, "{}", moved.stderr);
    desk.done(&["undo"]);
    let phone = desk.run(&["tui"], &format!("{}y\nundo\nquit\n", counted(9, "other")));
    assert!(phone.stdout.contains("its counter goes from 3 to 9."), "{}", phone.stdout);
    assert!(phone.stdout.contains("Its counter is ahead now. Type undo"), "{}", phone.stdout);
    assert!(phone.stdout.contains("Taken back: the change of VPN (mara)"), "{}", phone.stdout);
    assert_eq!(desk.done(&["code", "VPN"]).stdout.trim(), "969429", "RFC 4226, appendix D, of counter 3");
}

#[test]
fn a_key_of_steam_typed_as_an_ordinary_one_leads_to_its_kind() {
    let desk = Desk::new();
    let typed = |options: &[&str]| {
        let arguments = [&["add", "--yes", "--kind", "totp", "--issuer", "Steam"], options].concat();
        desk.run(&arguments, &format!("{SEED}\n")).stderr
    };
    let said = typed(&["--account", "a"]);
    assert!(said.contains("countersign add --kind steam"), "{said}");
    for (option, value, bounds) in [("--digits", "11", "5 to 10"), ("--period", "86401", "1 to 86400")] {
        let said = typed(&[option, value]);
        assert!(said.contains(bounds), "{said}");
    }
}

#[test]
fn a_duplicate_is_named_as_it_is_in_the_vault() {
    let desk = desk();
    let same = format!("otpauth://totp/Strange:olga?secret={}B&issuer=Strange\n", &SEED[..31]);
    let scanned = desk.run(&["scan", "--yes", "--json"], &same);
    assert!(scanned.stderr.contains("There already, as Bank (mara) (@2); it stays as it is."), "{}", scanned.stderr);
    let kept = json!({ "id": "2", "issuer": "Bank", "name": "mara" });
    assert_eq!(scanned.json()["there"][0]["as"], kept);
    let added = desk.run(&["add", "--yes", "--json"], &same);
    assert!(added.code == 1 && added.stderr.contains("as Bank (mara) (@2)"), "{}", added.stderr);
    assert_eq!(added.json()["there"], kept);
}

#[test]
fn an_edit_that_changes_nothing_says_so_and_leaves_the_undo_alone() {
    let desk = desk();
    desk.done(&["edit", "bank", "--tag", "money"]);
    desk.done(&["remove", "github", "--yes"]);
    for options in [&["--no-pin"][..], &["--tag", "money"], &["--issuer", "Bank"], &["--note", ""]] {
        let edited = desk.done(&[&["edit", "bank", "--json"], options].concat());
        assert_eq!(edited.stderr.trim(), text("accounts.edit_nothing"), "{options:?}");
        assert_eq!(edited.json(), json!({ "changed": [] }));
    }
    desk.done(&["undo", "--yes"]);
    assert_eq!(desk.issuers(&["--search", "github"]), ["GitHub"]);
    let one = desk.done(&["edit", "bank", "mail", "--tag", "money", "--yes", "--json"]);
    assert_eq!(one.json()["changed"].as_array().unwrap().len(), 1, "the other has it");
}

#[test]
fn an_account_needs_a_name_and_one_without_is_listed_by_its_number() {
    let desk = desk();
    for named in [&[][..], &["--issuer", " "], &["--issuer", "", "--account", ""]] {
        let added = desk.run(&[&["add", "--yes", "--kind", "totp"], named].concat(), &format!("{SEED}\n"));
        assert_eq!((added.code, added.stderr.trim()), (1, text("tui.form_nameless")), "{named:?}");
    }
    assert!(desk.refused(&["edit", "bank", "--issuer", "", "--account", ""]).contains(text("tui.form_nameless")));
    desk.done(&["edit", "bank", "--issuer", ""]);
    assert!(desk.refused(&["edit", "@2", "--account", " "]).contains(text("tui.form_nameless")));

    let nameless = desk.run(&["add", "--yes"], &format!("otpauth://totp/?secret={}C\n", &SEED[..31]));
    assert!(nameless.stderr.contains("Added: an account without a name, @5"), "{}", nameless.stderr);
    let listed = desk.done(&["list"]).stdout;
    assert!(listed.lines().any(|line| line.starts_with("(no name)  @5  ")), "{listed}");
    desk.done(&["edit", "@5", "--pin"]);
}

#[test]
fn an_option_that_does_not_fit_the_kind_is_refused_by_its_name() {
    let desk = Desk::new();
    for (kind, option, value) in [
        ("steam", "--digits", "8"),
        ("steam", "--algorithm", "SHA512"),
        ("steam", "--period", "60"),
        ("steam", "--counter", "9"),
        ("hotp", "--period", "60"),
        ("hotp", "--start", "5"),
        ("totp", "--counter", "7"),
        ("motp", "--digits", "8"),
        ("yandex", "--algorithm", "SHA1"),
    ] {
        let asked = ["add", "--yes", "--kind", kind, "--issuer", "X", option, value];
        let added = desk.run(&asked, &format!("{SEED}\n1234\n"));
        assert_eq!(added.code, 1, "{kind} {option}");
        assert!(added.stderr.contains(&format!("{option} does not fit")), "{}", added.stderr);
    }
    assert_eq!(desk.listed(&[]).len(), 0);
}
