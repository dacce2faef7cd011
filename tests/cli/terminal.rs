//! Prompts and the full screen on a pseudo-terminal, and the phone line by line on pipes.

use std::process::Command;

use countersign_tests::program::{Program, built};

use super::{Desk, PASSPHRASE, SEED, screen};

/// Starts `countersign` on a pseudo-terminal of 80×24 (`script` of util-linux makes one).
pub(super) fn on_terminal(desk: &Desk, arguments: &str, environment: &[(&str, &str)]) -> Program {
    let program = built("countersign");
    let inside = format!("stty rows 24 cols 80; exec {} {arguments}", program.display());
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &inside, "/dev/null"]);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", desk.path())
        .env("TERM", "xterm")
        .env("LANG", "C.UTF-8");
    command.env("SHELL", "/bin/sh").env("XDG_DATA_HOME", desk.path().join("data")).current_dir(desk.path());
    for (name, value) in environment {
        command.env(name, value);
    }
    Program::start(&mut command)
}

/// Types the new passphrase, twice.
fn choose(program: &mut Program) {
    for asked in ["New passphrase:", "The same again:"] {
        program.stdout.wait_for(asked);
        program.write(format!("{PASSPHRASE}\r").as_bytes());
    }
}

/// Types the passphrase.
fn unlock(program: &mut Program) {
    program.stdout.wait_for("Passphrase:");
    program.write(format!("{PASSPHRASE}\r").as_bytes());
}

#[test]
fn a_passphrase_is_asked_for_twice_and_never_shown() {
    let desk = Desk::empty();
    let mut program = on_terminal(&desk, "init", &[]);
    choose(&mut program);
    program.stdout.wait_for("A new vault was made");
    let status = program.wait();
    assert!(status.success() && !program.stdout.text().contains("larch"), "{}", program.stdout.text());
    assert_eq!(desk.run(&["list"], "").code, 0);
}

#[test]
fn two_passphrases_that_differ_make_nothing() {
    let desk = Desk::empty();
    let mut program = on_terminal(&desk, "init", &[]);
    program.stdout.wait_for("New passphrase:");
    program.write(b"one\r");
    program.stdout.wait_for("The same again:");
    program.write(b"two\r");
    program.stdout.wait_for("Nothing was changed");
    assert_eq!(program.wait().code(), Some(1));
    assert!(desk.run(&["list"], "").stderr.contains("countersign init"));
}

#[test]
fn removing_asks_and_takes_no_for_an_answer() {
    let desk = Desk::new();
    desk.add(&format!("otpauth://totp/GitHub:mara?secret={SEED}&issuer=GitHub"));
    let mut program = on_terminal(&desk, "remove github", &[]);
    unlock(&mut program);
    program.stdout.wait_for("[y/N]");
    program.write(b"n\r");
    assert_eq!(program.wait().code(), Some(1));
    assert_eq!(desk.run(&["list", "--json"], "").json()["accounts"].as_array().map(Vec::len), Some(1));
}

#[test]
fn adding_asks_and_a_no_keeps_nothing() {
    let desk = Desk::new();
    for (answer, accounts, code) in [("n", 0, 1), ("", 0, 1), ("y", 1, 0)] {
        let mut program = on_terminal(&desk, "add", &[]);
        unlock(&mut program);
        program.stdout.wait_for("it is not shown");
        program.write(format!("otpauth://totp/GitHub:mara?secret={SEED}&issuer=GitHub\r").as_bytes());
        program.stdout.wait_for("[y/N]");
        assert!(program.stdout.text().contains("GitHub (mara)"));
        program.write(format!("{answer}\r").as_bytes());
        assert_eq!(program.wait().code(), Some(code), "{answer:?}");
        assert_eq!(program.stdout.text().contains("Nothing was changed."), accounts == 0);
        assert!(!program.stdout.text().contains(SEED), "the link was shown");
        let listed = desk.run(&["list", "--json"], "").json();
        assert_eq!(listed["accounts"].as_array().map(Vec::len), Some(accounts), "{answer:?}");
    }
}

#[test]
fn a_key_typed_with_digits_that_no_key_has_is_offered_as_letters() {
    let desk = Desk::new();
    // RFC 4226's seed has neither O nor B nor I: this one has all three.
    let link = |key: &str| format!("otpauth://hotp/VPN:mara?secret={key}&issuer=VPN&counter=0");
    let unasked = desk.run(&["add", "--yes"], &format!("{}\n", link("M0X1GE8DGNBVGY3T")));
    assert_eq!(unasked.code, 1, "a guess is never taken unasked");
    assert!(unasked.stderr.contains("perhaps O, I or B is meant"), "{}", unasked.stderr);

    let mut program = on_terminal(&desk, "add", &[]);
    unlock(&mut program);
    program.stdout.wait_for("it is not shown");
    program.write(format!("{}\r", link("M0X1GE8DGNBVGY3T")).as_bytes());
    program.stdout.wait_for("[y/N]");
    assert!(program.stdout.text().contains("they are read as O, I and B here"), "{}", program.stdout.text());
    program.write(b"y\r");
    assert!(program.wait().success());

    let other = Desk::of_its_own();
    other.add(&link("MOXIGEBDGNBVGY3T"));
    let code = |desk: &Desk| desk.run(&["code", "VPN"], "").stdout;
    assert_eq!(code(&desk), code(&other));
}

#[test]
fn a_plus_that_may_be_a_blank_is_asked_about_and_a_maybe_of_steam_twice() {
    let desk = Desk::new();
    let added = |link: &str, answers: &[&str]| {
        let mut program = on_terminal(&desk, "add", &[]);
        program.stdout.wait_for("Passphrase:");
        program.write(format!("{PASSPHRASE}\r").as_bytes());
        program.stdout.wait_for("it is not shown");
        program.write(format!("{link}\r").as_bytes());
        for (n, answer) in answers.iter().enumerate() {
            program.stdout.wait_until("[y/N]", |text| text.matches("[y/N]").count() > n);
            program.write(format!("{answer}\r").as_bytes());
        }
        program.wait().code()
    };
    let plus = |seed: &str| format!("otpauth://totp/mara?secret={seed}&issuer=Big+Bank");
    assert_eq!(added(&plus(SEED), &["y", "y"]), Some(0));
    assert_eq!(added(&plus(&SEED.replace('G', "Q")), &["y", "n"]), Some(0));
    let steam = format!("otpauth://totp/Steam:mara?secret={}", SEED.replace('G', "Z"));
    assert_eq!(added(&steam, &["y", "n"]), Some(1));
    assert_eq!(desk.run(&["add", "--yes"], &format!("{steam}\n")).code, 1, "a doubt is never passed over unasked");
    let issuers = |desk: &Desk| -> Vec<String> {
        let listed = desk.run(&["list", "--json"], "").json();
        let rows = listed["accounts"].as_array().cloned().unwrap_or_default();
        rows.iter().filter_map(|row| row["issuer"].as_str().map(str::to_owned)).collect()
    };
    assert_eq!(issuers(&desk), ["Big Bank", "Big+Bank"]);
    assert_eq!(added(&steam, &["y", "y"]), Some(0));
    assert_eq!(issuers(&desk).len(), 3);
}

#[test]
fn prose_is_broken_at_the_width_of_the_terminal() {
    let desk = Desk::empty();
    let mut program = on_terminal(&desk, "init", &[]);
    choose(&mut program);
    assert!(program.wait().success());
    let fresh = Desk::empty();
    let mut phone = on_terminal(&fresh, "tui --fresh", &[]);
    phone.stdout.wait_for("New passphrase:");
    phone.write(b"\x03");
    for text in [program.stdout.text(), phone.stdout.text()] {
        let wide: Vec<&str> = text.lines().filter(|line| line.trim_end().chars().count() > 80).collect();
        assert!(wide.is_empty(), "{wide:#?}");
    }
    assert!(phone.stdout.text().contains("This is a new phone."));
}

#[test]
fn the_screen_changes_the_passphrase() {
    let desk = Desk::new();
    let mut program = on_terminal(&desk, "", &[]);
    screen::wait_for(&program.stdout, "Your accounts are locked.");
    program.write(format!("{PASSPHRASE}\r").as_bytes());
    screen::wait_for(&program.stdout, "No accounts yet.");
    program.write(b"s");
    screen::wait_for(&program.stdout, "Change what opens your accounts");
    program.write(b"\x1b[F\r");
    screen::wait_for(&program.stdout, "Change the passphrase");
    program.write(b"wrong\rspruce\rspruce\r");
    screen::wait_for(&program.stdout, "That isn't the passphrase.");
    program.write(format!("{PASSPHRASE}\rspruce\rspruce\r").as_bytes());
    screen::wait_for(&program.stdout, "The passphrase was changed.");
    program.write(b"\r");
    screen::wait_for(&program.stdout, "No accounts yet.");
    program.write(b"q");
    assert!(program.wait().success());
    assert!(!program.stdout.text().contains("spruce"), "the passphrase was drawn");
    assert_eq!(desk.run(&["list"], "").code, 1);
    assert_eq!(desk.run_plain(&["list", "--passphrase-fd", "0"], "spruce\n").code, 0);
}

#[test]
fn line_by_line_the_passphrase_is_changed_too() {
    let desk = Desk::new();
    let ended = desk.run(&["tui"], &format!("passphrase\n{PASSPHRASE}\nspruce\nquit\n"));
    assert!(ended.code == 0 && ended.stdout.contains("The passphrase was changed."), "{}", ended.stdout);
    assert_eq!(desk.run_plain(&["list", "--passphrase-fd", "0"], "spruce\n").code, 0);
}

#[test]
fn the_screen_unlocks_adds_an_account_and_gives_the_terminal_back() {
    let desk = Desk::new();
    let mut program = on_terminal(&desk, "", &[]);
    screen::wait_for(&program.stdout, "Your accounts are locked.");
    program.write(b"something else\r");
    screen::wait_for(&program.stdout, "That isn't the passphrase.");
    program.write(format!("{PASSPHRASE}\r").as_bytes());
    screen::wait_for(&program.stdout, "No accounts yet.");
    let link = format!("otpauth://hotp/VPN:mara?secret={SEED}&issuer=VPN&counter=0");
    program.write(format!("\x1b[200~{link}\x1b[201~").as_bytes());
    screen::wait_for(&program.stdout, "Add this account?");
    program.write(b"y");
    screen::wait_for(&program.stdout, "Added: VPN (mara)");
    program.write(b"\r");
    screen::wait_for(&program.stdout, "press Enter");
    program.write(b"\r");
    screen::wait_for(&program.stdout, "755 224");
    program.write(b"l");
    screen::wait_for(&program.stdout, "Your accounts are locked.");
    assert!(!screen::of(&program.stdout.text()).contains("755 224"));
    program.write(b"\x03");
    assert!(program.wait().success());
    let text = program.stdout.text();
    assert!(text.contains("\x1b[?1049l") && text.contains("\x1b[?2004l"), "the terminal was not given back");
    assert!(!text.contains(SEED) && !text.contains("larch"), "a secret was drawn");
    assert_eq!(desk.run(&["code", "VPN"], "").stdout.trim_end(), "287082");
}

#[test]
fn no_color_draws_without_colours_and_a_signal_gives_the_terminal_back() {
    let desk = Desk::new();
    let program = on_terminal(&desk, "", &[("NO_COLOR", "1")]);
    screen::wait_for(&program.stdout, "Your accounts are locked.");
    assert!(!program.stdout.text().contains("\x1b[38;5;"), "{}", program.stdout.text());
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", program.id())).unwrap();
    let phone = children.split_whitespace().next().unwrap();
    assert!(Command::new("kill").args(["-TERM", phone]).status().unwrap().success());
    program.stdout.wait_for("\x1b[?1049l");
}

#[test]
fn a_fresh_phone_shows_its_note() {
    let desk = Desk::empty();
    std::fs::write(desk.path().join("note"), "https://localhost:8443/\nSign in as alice\n").unwrap();
    std::fs::write(desk.path().join("pass"), format!("{PASSPHRASE}\n")).unwrap();
    let mut program = on_terminal(&desk, "tui --fresh --note-file note --passphrase-fd 3 3<pass", &[]);
    screen::wait_for(&program.stdout, "https://localhost:8443/");
    screen::wait_for(&program.stdout, "No accounts yet.");
    program.write(b"q");
    assert!(program.wait().success());
}

#[test]
fn line_by_line_it_is_the_same_phone() {
    let desk = Desk::new();
    let link = format!("otpauth://hotp/VPN:mara?secret={SEED}&issuer=VPN&counter=0");
    let input = format!("{link}\ny\nnext vpn\napprovals\ndance\nremove vpn\ny\ncodes\nquit\n");
    let ended = desk.run(&["tui"], &input);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for words in ["Added: VPN (mara)", "755 224", "No sign-in waits.", "no command here", "Removed: VPN", "Goodbye."] {
        assert!(ended.stdout.contains(words), "{words} is missing in\n{}", ended.stdout);
    }
    assert!(!ended.stdout.contains(SEED));
}

#[test]
fn line_by_line_accounts_of_one_name_are_told_apart_by_their_number() {
    let desk = Desk::new();
    desk.add_all(["A", "B"].map(|last| format!("otpauth://totp/Shop:mara?secret={}{last}&issuer=Shop", &SEED[..31])));
    let ended = desk.run(&["tui"], "codes\npin @2\nremove @1\nn\ndetails @2\nquit\n");
    for words in
        ["Shop (mara)  @1\n", "Shop (mara)  @2\n", "Stands first now: Shop (mara)  @2", "Remove Shop (mara)  @1?"]
    {
        assert!(ended.stdout.contains(words), "{words:?} is missing in\n{}", ended.stdout);
    }
}

/// What the screen does by keys is done by words.
#[test]
fn line_by_line_accounts_are_kept_as_on_the_screen() {
    let desk = Desk::new();
    desk.add_all([("GitHub", "Q"), ("AWS", "R"), ("Bank", "S")].map(|(name, letter)| {
        format!("otpauth://totp/{name}:mara?secret={}&issuer={name}", SEED.replace('G', letter))
    }));
    let talk = |lines: &str| {
        let ended = desk.run(&["tui"], &format!("{lines}\nquit\n"));
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        ended.stdout
    };
    let said = |lines: &str, wanted: &[&str]| {
        let shown = talk(lines);
        for words in wanted {
            assert!(shown.contains(words), "{words} is missing after {lines:?} in\n{shown}");
        }
        shown
    };
    said(
        "favourite aws\npin bank\nhide github\njoin aws\nWork\ncodes\ngroups",
        &[
            "A favourite now: AWS (mara)",
            "In Work now: AWS (mara)",
            "Bank (mara) · stands first",
            "hidden  GitHub",
            "Work: 1",
        ],
    );
    let work = said("codes Work", &["AWS (mara)"]);
    assert!(!work.contains("GitHub"), "{work}");
    said("codes favourites\ncodes club", &["AWS (mara) · a favourite", "There is no such group."]);
    said(
        "rename work\nFirm\ncodes firm\nungroup firm\ny\ngroups\nundo\ngroups\nungroup firm\ny",
        &[
            "AWS (mara)",
            "There is no group yet.",
            "Taken back: the removal of the group Firm. Before that: the new name",
            "Firm: 1",
        ],
    );
    said("part aws\nWork\nsort size\nsort name", &["There is no such group.", "own, name, use, code", "Bank (mara)"]);
    said(
        "edit github\n\n\nin the safe\n\ncode, home\nkey\n\n\nno\nfind safe\ndetails github",
        &["Changed: GitHub (mara)", "Tags: code, home", "in the safe", "Icon: key"],
    );
    let back = said(
        "remove aws\ny\nundo\nremove aws\ny\nbin\nrestore aws\nundo",
        &[
            "Removed: AWS (mara). Type undo",
            "Taken back: the removal of AWS (mara)",
            "AWS (mara) · until",
            "Brought back: AWS (mara)",
        ],
    );
    assert!(back.contains("Taken back") && !back.contains("gone for good"), "{back}");
    said(
        "undo\nundo",
        &["changed in another way since", "Type undo to let it stand", "It stands: the change of AWS (mara)"],
    );
    said("remove aws\ny\npurge aws\nn\npurge aws\ny\nbin", &["It is gone for good.", "Nothing was removed"]);
    said(
        "type\nsteam\nSteam\nmara\nGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\n\n\n\n\n\n\nfind steam",
        &["Added: Steam (mara)"],
    );
    said(
        "type\nsundial\n\n\n\nNOT-A-KEY-1\n\n\n\n\n\n\n\n\n\n\n\n\n",
        &["none of them", "O, I or B", "Nothing was changed."],
    );
    // A form that is refused leaves nothing behind, and what was chosen and used stays.
    let there = SEED.replace('G', "Q");
    said(
        &format!("type\n\nAnother\n\n{there}\n\n\n\n\n\nFresh\n\n\n\n\n\n\ngroups"),
        &["Nothing was changed.", "There is no group yet."],
    );
    said(&format!("sort name\nshow github\njoin bank\n{}\ngroups", "x".repeat(200)), &["There is no group yet."]);
    assert_eq!(desk.run_plain(&["settings", "sort", "--json"], "").json()["value"], "name");
    let listed = desk.run(&["list", "--search", "github", "--json"], "").json();
    assert_eq!(listed["accounts"][0]["uses"], 1, "{listed}");
    said(
        "set lock never\nset clipboard 45\nset clipboard 1\nsettings",
        &["Lock after: never", "45 seconds", "from 5 to 600"],
    );
    said(
        "place github\nbank\nplace github\n\ncodes\nundo\nundo",
        &["Nothing to change", "Moved: GitHub (mara)", "Taken back: the move of GitHub (mara)", "Taken back: the"],
    );
}

#[test]
fn a_dumb_terminal_gets_lines() {
    let desk = Desk::new();
    let mut program = on_terminal(&desk, "tui", &[("TERM", "dumb")]);
    program.stdout.wait_for("line by line");
    program.write(b"quit\r");
    assert!(program.wait().success());
    assert!(!program.stdout.text().contains("\x1b["), "{:?}", program.stdout.text());
}

#[test]
fn damage_is_told_to_scripts_each_time_and_to_a_person_once() {
    let desk = Desk::new();
    desk.add(&format!("otpauth://totp/GitHub:mara?secret={SEED}&issuer=GitHub"));
    let vault = desk.path().join("data/countersign/vault.sqlite");
    rusqlite::Connection::open(vault).unwrap().execute("DELETE FROM account", []).unwrap();
    let said = "Accounts are missing: 1.";
    for _ in 0..2 {
        let script = desk.run(&["code", "GitHub"], "");
        assert!(script.stderr.contains(said), "nobody may have read it: {}", script.stderr);
    }
    let read = || {
        let mut program = on_terminal(&desk, "list", &[]);
        program.stdout.wait_for("Passphrase:");
        program.write(format!("{PASSPHRASE}\r").as_bytes());
        program.wait();
        program.stdout.text()
    };
    assert!(read().contains(said));
    assert!(!read().contains(said), "it was read");
    assert!(!desk.run(&["list"], "").stderr.contains(said));
}
