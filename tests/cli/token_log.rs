//! What `--log` notes of what is done with tokens, for whoever is asked for help.

use std::fs;

use countersign_strings::{fill, text};

use super::Desk;
use super::token::{LINK, MODELS, holds_no_seed, token};

#[test]
fn a_log_that_can_be_handed_over_holds_no_seed_and_no_key() {
    let desk = Desk::empty();
    for (model, _) in MODELS {
        let path = desk.path().join(model).display().to_string();
        let arguments = ["burn", "--emulated", model, "--yes", "--replace", "--log", &path];
        let burnt = token(&desk, &arguments, &format!("{LINK}\n"));
        assert_eq!(burnt.code, 0, "{model}: {}", burnt.stderr);
        let log = fs::read_to_string(&path).unwrap();
        assert!(log.lines().count() > 3 && log.contains("9000"), "{model}: {log}");
        holds_no_seed(&log);
        // Each command by its four first bytes and its lengths: nowhere stand five bytes in a row.
        for line in log.lines() {
            let is_byte = |word: &&str| word.len() == 2 && u8::from_str_radix(word, 16).is_ok();
            let words: Vec<&str> = line.split_whitespace().skip(3).collect();
            assert!(words.iter().take_while(|word| is_byte(word)).count() <= 4, "{model}: {line}");
            assert!(words.iter().skip(4).filter(|word| is_byte(word)).count() <= 3, "{model}: {line}");
            assert!(line.len() < 300, "{model}: {line}");
        }
    }
}

#[test]
fn a_log_tells_when_where_with_which_token_what_and_what_came_of_it() {
    let desk = Desk::empty();
    let log = |name: &str, arguments: &[&str], input: &str| {
        let path = desk.path().join(name).display().to_string();
        let ended = token(&desk, &[arguments, &["--log", &path]].concat(), input);
        (ended.code, fs::read_to_string(&path).unwrap())
    };
    let is_in = |log: &str, parts: &[&str]| {
        let mut lines = log.lines();
        for part in parts {
            assert!(lines.any(|line| line.get(20..23) == Some("UTC") && line.contains(part)), "{part}: {log}");
        }
    };
    let burn = ["burn", "--emulated", "C301-i", "--lose", "5", "--yes"];
    let (code, burnt) = log("burn", &burn, &format!("{LINK}\n"));
    assert_eq!(code, 0, "{burnt}");
    let reader = fill("token.log_reader", &[("name", "C301-i")]);
    let seed = format!("84 C5 01 00  {}", text("token.log_seed"));
    let outcome = fill("token.log_outcome", &[("words", text("token.written"))]);
    let lost = text("token.link_lost");
    is_in(
        &burnt,
        &[
            env!("CARGO_PKG_VERSION"),
            &reader,
            "GET INFO",
            "C301-i, serial 86596100000001",
            "GET CHALLENGE",
            "EXTERNAL AUTHENTICATE",
            "WRITE CONFIG",
            lost,
            &reader,
            "WRITE CONFIG",
            &seed,
            text("token.log_sw_done"),
            &outcome,
            text("token.log_ended"),
        ],
    );
    let (_, key) = log("key", &["burn", "--emulated", "YubiKey", "--yes"], &format!("{LINK}\n"));
    let proven = fill("token.log_outcome", &[("words", text("token.proven_by_link"))]);
    is_in(&key, &["SELECT (YKOATH)", "Version 5.4.3", "PUT (", "CALCULATE (", &proven]);
    let (code, refused) = log("refused", &["sync", "--emulated", "C301-i", "--yes"], "");
    assert_eq!(code, 1);
    is_in(&refused, &["C301-i", text("token.log_refused")]);
    for log in [&burnt, &key, &refused] {
        for debug in ["Written(", "ProvenBy", "Held", "Lost", "Operated", "None", "Some("] {
            assert!(!log.contains(debug), "{debug}: {log}");
        }
    }
}

/// What a burn of each family takes when its family is expected (`tests/burn/counts.rs`), and what finding it takes beside that where
/// nobody said which it is: those that are asked for first, and of a security key what else it has, with its own applet again.
const COUNTS: [(&str, usize, usize); 8] = [
    ("C301-i", 6, 0),
    ("Molto-2", 9, 0),
    ("YubiKey", 4, 4),
    ("ykneo", 4, 4),
    ("Apex", 4, 4),
    ("Nitrokey", 4, 4),
    ("Token2", 8, 3),
    ("Feitian", 4, 3),
];

/// The applet that is expected, by its name.
const EXPECTED: [(&str, &str); 3] = [("YubiKey", "oath"), ("Token2", "token2"), ("Feitian", "feitian")];

#[test]
fn the_program_sends_what_a_burn_takes_and_what_finding_its_token_takes_and_no_more() {
    let desk = Desk::empty();
    let sent = |name: &str, model: &str, more: &[&str]| {
        let path = desk.path().join(name).display().to_string();
        let profile: &[&str] = if model == "Molto-2" { &["--profile", "1"] } else { &[] };
        let burn = ["burn", "--emulated", model, "--yes", "--log", &path];
        let ended = token(&desk, &[&burn, profile, more].concat(), &format!("{LINK}\n"));
        assert_eq!(ended.code, 0, "{model}: {}", ended.stderr);
        let log = fs::read_to_string(&path).unwrap();
        let commands: Vec<String> =
            log.lines().filter(|line| line.contains(" bytes sent; ")).map(str::to_owned).collect();
        commands
    };
    for (model, burn, finding) in COUNTS {
        let commands = sent(model, model, &[]);
        assert_eq!(commands.len(), burn + finding, "{model}: {}", commands.join("\n"));
    }
    for (model, applet) in EXPECTED {
        let burn = COUNTS.iter().find(|(name, ..)| *name == model).unwrap().1;
        let commands = sent(applet, model, &["--applet", applet]);
        assert_eq!(commands.len(), burn, "{model}: {}", commands.join("\n"));
    }
    let single = sent("once", "miniOTP-2-i", &[]);
    let written = single.iter().position(|line| line.contains("WRITE CONFIG")).unwrap();
    let asked = single[..written].iter().filter(|line| line.contains("GET INFO")).count();
    assert_eq!(asked, 1, "it is asked once what it is: {}", single.join("\n"));
}
