//! A disk that is full or may not be written, as it meets a person.

use std::process::Command;

use countersign_strings::{fill, text};
use countersign_tests::program::{built, run};

use super::token::table;
use super::{Desk, Ended, PASSPHRASE, SEED};

/// Runs a command of the desk by way of `before`, with the passphrase on standard input.
fn by(before: &mut Command, desk: &Desk, arguments: &[&str], input: &str) -> Ended {
    before.arg(built("countersign")).args(arguments).args(["--passphrase-fd", "0"]);
    before.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", desk.path()).env("LANG", "C.UTF-8");
    before.env("XDG_DATA_HOME", desk.path().join("data")).current_dir(desk.path());
    Ended::of(&run(before, format!("{PASSPHRASE}\n{input}").as_bytes()))
}

/// With standard output on a disk that has no room.
fn unwritten(desk: &Desk, arguments: &[&str]) -> Ended {
    by(Command::new("sh").args(["-c", "exec \"$@\" > /dev/full", "sh"]), desk, arguments, "")
}

/// With no room for what belongs to the vault's file.
fn without_room(desk: &Desk, arguments: &[&str]) -> Ended {
    let vault = desk.path().join("data/countersign/vault.sqlite");
    let beside = |suffix: &str| format!("{}{suffix}", vault.display());
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "inject=pwrite64:error=ENOSPC"]);
    strace.args(["-P", &beside(""), "-P", &beside("-wal"), "-P", &beside("-shm"), "--"]);
    by(&mut strace, desk, arguments, "")
}

fn with_an_account() -> Desk {
    let desk = Desk::new();
    desk.add(&format!("otpauth://totp/GitHub:mara?secret={SEED}&issuer=GitHub"));
    desk
}

#[test]
fn a_result_that_cannot_be_written_is_no_success() {
    let desk = with_an_account();
    for arguments in [
        &["code", "github"][..],
        &["code", "--all", "--json"],
        &["list"],
        &["show", "github"],
        &["export-uri", "github", "--yes"],
        &["export-uri", "github", "--yes", "--qr"],
        &["completions", "bash"],
        &["limits"],
    ] {
        let ended = unwritten(&desk, arguments);
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(text("cli.result_lost")), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("disk full") && !ended.stderr.contains(SEED), "{arguments:?}: {}", ended.stderr);
    }
    let gone = by(Command::new("sh").args(["-c", "\"$@\" | true", "sh"]), &desk, &["list"], "");
    assert_eq!(gone.stderr, "", "a reader that went away has read enough");
}

#[test]
fn a_sheet_that_cannot_be_told_is_not_made() {
    let desk = with_an_account();
    let ended = unwritten(&desk, &["slots", "recovery"]);
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains(text("cli.sheet_not_told")), "{}", ended.stderr);
    assert!(!ended.stderr.contains(text("cli.sheet_once")), "{}", ended.stderr);
    let slots = desk.run(&["slots", "--json"], "").json();
    assert_eq!(slots["slots"].as_array().unwrap().len(), 1, "nothing opens the vault that nobody has");
}

/// Not even for the index that processes share.
#[test]
fn on_a_full_disk_codes_are_shown_and_a_change_says_that_there_is_no_space() {
    let desk = with_an_account();
    for arguments in [&["code", "github"][..], &["list"]] {
        let shown = without_room(&desk, arguments);
        assert_eq!(shown.code, 0, "{arguments:?}: {}", shown.stderr);
        assert!(!shown.stdout.is_empty(), "{arguments:?}");
    }
    for arguments in [&["edit", "github", "--note", "x", "--yes"][..], &["remove", "github", "--yes"]] {
        let refused = without_room(&desk, arguments);
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.stderr);
        assert!(refused.stderr.contains(text("error.disk_full")), "{arguments:?}: {}", refused.stderr);
    }
    assert_eq!(desk.run(&["show", "github", "--json"], "").json()["note"], "", "nothing was changed");
    assert_eq!(desk.run(&["edit", "github", "--note", "x", "--yes"], "").code, 0, "and there is room again");
}

/// Emulated tokens are written into a ledger on a disk of so many kilobytes: how that ends, and what is left of the file.
fn ledger_on_a_disk_of(kilobytes: u32, form: &str) -> (Ended, String) {
    const SCRIPT: &str = r#"
        disk=$0; mkdir disk && mount -t tmpfs -o size="$disk" none disk || exit 99
        "$@"; code=$?
        stat --format %s disk/out > left 2> /dev/null
        exit $code"#;
    let desk = Desk::empty();
    let mut apart = Command::new("unshare");
    apart.args(countersign_tests::readers::apart(false)).args(["sh", "-c", SCRIPT, &format!("{kilobytes}k")]);
    apart.arg(built("countersign")).args(["token", "batch", "--emulated", "YubiKey", "--yes"]);
    apart.args(["--ledger", "disk/out", "--form", form, "--clear"]);
    apart.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("HOME", desk.path()).current_dir(desk.path());
    let ended = Ended::of(&run(&mut apart, table(60).as_bytes()));
    let left = std::fs::read_to_string(desk.path().join("left")).unwrap();
    (ended, left.trim().to_owned())
}

/// It may hold seeds, cut anywhere, and the name would be taken.
#[test]
fn a_ledger_for_which_there_is_no_room_leaves_nothing_and_it_is_said_how_to_have_it() {
    for form in ["entra", "oath", "pskc-plain", "table", "json"] {
        let (ended, left) = ledger_on_a_disk_of(4, form);
        assert_eq!((ended.code, left.as_str()), (2, ""), "{form}: {}", ended.stderr);
        for words in [&fill("token.ledger_no_file", &[("file", "disk/out")]), text("token.ledger_later")] {
            assert!(ended.stderr.contains(words), "{form}: {words}: {}", ended.stderr);
        }
        let counts = [("proven", "60"), ("written", "0"), ("failed", "0"), ("left", "0")];
        assert!(ended.stderr.contains(&fill("token.batch_done", &counts)), "{form}: {}", ended.stderr);
        let (ended, left) = ledger_on_a_disk_of(256, form);
        assert!(ended.code == 0 && left.parse::<u64>().unwrap() > 4096, "{form}: {left}: {}", ended.stderr);
    }
}

#[test]
fn what_may_not_be_read_or_is_a_folder_is_not_called_a_fault_of_the_disk() {
    let desk = Desk::empty();
    std::fs::write(desk.path().join("file"), "a file").unwrap();
    let inside = desk.path().join("file/phone");
    let denied = desk.run(&["init", "--home", inside.to_str().unwrap()], "");
    assert_eq!((denied.code, denied.stderr.contains(text("error.file_denied"))), (2, true), "{}", denied.stderr);
    for arguments in [&["init"][..], &["list"]] {
        let folder = desk.run(&[arguments, &["--vault", desk.path().to_str().unwrap()]].concat(), "");
        assert_eq!((folder.code, folder.stderr.trim()), (1, text("error.not_a_vault")), "{arguments:?}");
    }
}
