//! The command line itself: secrets never stand on it, and its exit codes are what scripts rely on.

use super::{Desk, SEED};

#[test]
fn a_link_on_the_command_line_is_refused_and_not_repeated() {
    let desk = Desk::new();
    let links = [
        format!("otpauth://totp/a?secret={SEED}"),
        "https://gate.example.com/enrol#1.eyJ1IjoiaHR0cHM6Ly9nYXRlIn0".to_owned(),
        "countersign://enrol#1.eyJ1IjoiaHR0cHM6Ly9nYXRlIn0".to_owned(),
        format!("steam://{SEED}"),
        format!("motp://desk:mara?secret={SEED}"),
    ];
    for link in &links {
        for arguments in [&["add", link][..], &["enrol", link], &["code", link], &[link]] {
            let ended = desk.run(arguments, "");
            assert_eq!(ended.code, 1, "{arguments:?}");
            assert!(ended.stderr.contains("can read a command line"), "{}", ended.stderr);
            for part in [SEED, "eyJ1"] {
                assert!(!ended.stderr.contains(part) && !ended.stdout.contains(part), "{arguments:?}");
            }
        }
    }
}

#[test]
fn a_bare_key_on_the_command_line_is_not_repeated_either() {
    let desk = Desk::new();
    let fd = format!("--passphrase-fd={SEED}");
    for arguments in [&["add", SEED][..], &[SEED], &["list", "--", SEED], &["init", SEED, "--json"], &["list", &fd]] {
        let ended = desk.run_plain(arguments, "");
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(!ended.stderr.contains(SEED) && ended.stderr.contains("--help"), "{}", ended.stderr);
    }
    let option = desk.run_plain(&["list", "--jsno"], "");
    assert!(option.stderr.contains("--jsno"), "the name of an option is no secret: {}", option.stderr);
}

#[test]
fn help_is_a_result_and_a_wrong_command_a_failure() {
    let desk = Desk::empty();
    let help = desk.run_plain(&["--help"], "");
    assert_eq!(help.code, 0);
    let accounts = ["init", "add", "list", "code", "show", "edit", "move", "groups", "remove", "bin", "undo"];
    for command in accounts.iter().chain(&["enrol", "approvals", "approve", "deny", "report", "tui"]) {
        assert!(help.stdout.contains(&format!("  {command} ")), "{command} is missing in\n{}", help.stdout);
    }
    for (arguments, takes) in [
        (&["token", "screen", "wave"][..], "It takes lock, unlock."),
        (&["token", "burn", "--display", "45"], "It takes 15, 30, 60, 120."),
    ] {
        let wrong = desk.run_plain(arguments, "");
        assert_eq!((wrong.code, wrong.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(wrong.stderr.contains(takes) && !wrong.stderr.contains("wave"), "{}", wrong.stderr);
    }
    let wrong = desk.run_plain(&["dance"], "");
    assert_eq!((wrong.code, wrong.stdout.as_str()), (2, ""));
}

#[test]
fn limits_are_printed_as_the_code_has_them() {
    let desk = Desk::empty();
    let limits = desk.run_plain(&["limits", "--json"], "");
    assert_eq!(limits.code, 0, "{}", limits.stderr);
    let rows: Vec<serde_json::Value> = limits.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (surface, most) in [("cs-challenge+jwt", 4096), ("picture file", 16 << 20), ("answer of a gateway", 65_536)] {
        assert!(rows.iter().any(|row| row["surface"] == surface && row["most"] == most), "{surface}");
    }
    let surfaces: std::collections::BTreeSet<&str> = rows.iter().filter_map(|row| row["surface"].as_str()).collect();
    assert_eq!(surfaces.len(), rows.len(), "each surface stands there once");
    assert!(!desk.path().join("data").exists(), "printing makes nothing");
}

#[test]
fn with_nobody_to_ask_for_the_passphrase_it_says_how_to_give_it() {
    let desk = Desk::new();
    // `setsid` takes the terminal away, should the test have one.
    let mut command = std::process::Command::new("setsid");
    command.arg("--wait").arg(countersign_tests::program::built("countersign")).arg("list");
    command.env("HOME", desk.path()).env("XDG_DATA_HOME", desk.path().join("data"));
    let ended = super::Ended::of(&countersign_tests::program::run(&mut command, b""));
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("--passphrase-fd"), "{}", ended.stderr);
}

#[test]
fn approving_without_an_enrolment_says_so() {
    let desk = Desk::new();
    for command in ["approve", "deny", "report"] {
        let ended = desk.run(&[command], "");
        assert_eq!((ended.code, ended.stderr.trim()), (1, "No sign-in waits."));
    }
    let waiting = desk.run(&["approvals"], "");
    assert_eq!(waiting.code, 1);
    assert!(waiting.stderr.contains("countersign enrol"), "{}", waiting.stderr);
    assert_eq!(desk.run(&["approvals", "--once"], "").code, 0);
}
