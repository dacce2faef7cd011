//! The menu of accounts, on a pseudo-terminal: what it draws goes to the terminal, what is chosen to standard output.

use countersign_strings::text;

use super::terminal::on_terminal;
use super::{Desk, PASSPHRASE, SEED};

fn desk() -> Desk {
    let desk = Desk::new();
    desk.add_all([("GitHub", "A"), ("GitLab", "B"), ("VPN", "Q")].map(|(name, last)| {
        format!("otpauth://hotp/{name}:mara?secret={}{last}&issuer={name}&counter=0", &SEED[..31])
    }));
    desk
}

/// Runs `pick` with what it prints in a file, and types each of `keys` once the screen shows what stands before it.
fn picked(desk: &Desk, arguments: &str, keys: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let mut program = on_terminal(desk, &format!("pick {arguments} </dev/null >out"), &[]);
    program.stdout.wait_for("Passphrase:");
    program.write(format!("{PASSPHRASE}\r").as_bytes());
    for (shown, keys) in keys {
        program.stdout.wait_for(shown);
        program.write(keys.as_bytes());
    }
    let code = program.wait().code();
    (code, std::fs::read_to_string(desk.path().join("out")).unwrap_or_default(), program.stdout.text())
}

#[test]
fn a_few_letters_and_enter_print_the_code() {
    let desk = desk();
    let (code, out, drawn) = picked(&desk, "", &[("3 of 3", "vp"), ("1 of 3", "\r")]);
    assert_eq!((code, out.as_str()), (Some(0), "755224\n"), "{drawn}");
    assert!(drawn.contains("> VPN (mara)") && !drawn.contains("755224"), "{drawn}");
    assert!(drawn.contains("VPN (mara); use it once"), "{drawn}");
}

#[test]
fn words_and_arrows_choose_and_escape_does_not() {
    let desk = desk();
    let (code, _, drawn) = picked(&desk, "git", &[("2 of 3", "\x1b[B"), ("> GitLab", "\x03")]);
    assert_eq!(code, Some(1), "{drawn}");
    assert!(drawn.contains(text("cli.nothing_chosen")), "{drawn}");
    let (code, out, _) =
        picked(&desk, "git", &[("2 of 3", "zz"), (text("cli.pick_none"), "\r\x15"), ("3 of 3", "\x04")]);
    assert_eq!((code, out.as_str()), (Some(1), ""), "enter takes nothing where nothing is found");
    assert_eq!(desk.run(&["code", "vpn"], "").stdout.trim_end(), "755224", "no code was spent");
}

#[test]
fn accounts_of_one_name_are_told_apart_by_their_numbers() {
    let desk = desk();
    desk.add("otpauth://hotp/VPN:mara?secret=JBSWY3DPEHPK3PXP&issuer=VPN&counter=0");
    let (code, out, drawn) = picked(&desk, "vpn", &[("2 of 4", "\x1b[B"), ("> VPN (mara)  @4", "\r")]);
    assert_eq!(code, Some(0), "{drawn}");
    assert!(drawn.contains("> VPN (mara)  @3"), "{drawn}");
    assert_eq!(out, "282760\n", "the code of the one that was meant");
    let removed = desk.run(&["remove", "@4", "--yes"], "");
    assert!(removed.code == 0 && removed.stderr.contains("VPN (mara)  @4"), "{}", removed.stderr);
}

#[test]
fn it_copies_what_is_chosen() {
    let desk = desk();
    let (code, out, drawn) = picked(&desk, "--copy vpn", &[("1 of 3", "\r")]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert!(drawn.contains("\x1b]52;c;NzU1MjI0\x07"), "{drawn:?}");
    let (code, out, drawn) = picked(&desk, "vpn", &[("1 of 3", "\x19")]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert!(drawn.contains("\x1b]52;c;Mjg3MDgy\x07"), "{drawn:?}");
}

#[test]
fn a_dumb_terminal_is_given_numbers() {
    let desk = desk();
    desk.add("otpauth://hotp/AWS:mara?secret=JBSWY3DPEHPK3PXP&issuer=AWS&counter=0");
    assert_eq!(desk.run_plain(&["settings", "sort", "name"], "").code, 0);
    let mut program = on_terminal(&desk, "pick </dev/null >out", &[("TERM", "dumb")]);
    program.stdout.wait_for("Passphrase:");
    program.write(format!("{PASSPHRASE}\r").as_bytes());
    program.stdout.wait_for("  4  VPN (mara)");
    assert!(program.stdout.text().contains("  1  AWS (mara)"), "in the order of lists: {}", program.stdout.text());
    program.write(b"git\r");
    program.stdout.wait_for("  2  GitLab");
    program.write(b"vpn\r");
    program.stdout.wait_for("  1  VPN (mara)");
    program.write(b"1\r");
    assert!(program.wait().success());
    assert!(!program.stdout.text().contains('\x1b'), "{:?}", program.stdout.text());
    assert_eq!(std::fs::read_to_string(desk.path().join("out")).unwrap(), "755224\n");
}

#[test]
fn without_a_terminal_it_says_what_needs_none() {
    let desk = desk();
    let mut command = std::process::Command::new("setsid");
    command.arg("--wait").arg(countersign_tests::program::built("countersign")).args(["pick", "--passphrase-fd", "0"]);
    command.env("HOME", desk.path()).env("XDG_DATA_HOME", desk.path().join("data"));
    let ended = countersign_tests::program::run(&mut command, format!("{PASSPHRASE}\n").as_bytes());
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).contains("countersign code NAME"));
}
