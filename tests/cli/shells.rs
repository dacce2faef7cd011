//! Completions in the shells that they are for, and the pages for `man` as a checker of such pages sees them.

use std::process::Command;

use countersign_tests::program::{Program, built, run};

use super::Desk;

/// The completions for `shell`, in a file.
fn completions(desk: &Desk, shell: &str) -> String {
    let made = desk.run_plain(&["completions", shell], "");
    assert_eq!((made.code, made.stderr.as_str()), (0, ""));
    let file = desk.path().join(format!("countersign.{shell}"));
    std::fs::write(&file, made.stdout).unwrap();
    file.display().to_string()
}

/// What a shell prints when it runs `script`.
fn said(shell: &[&str], script: &str) -> String {
    let mut command = Command::new(shell[0]);
    command.args(&shell[1..]).arg("-c").arg(script).env_clear().env("PATH", "/usr/bin:/bin");
    command.env("HOME", std::env::temp_dir()).env("TERM", "xterm");
    let output = run(&mut command, b"");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn bash_completes_commands_options_and_names() {
    let desk = Desk::empty();
    let file = completions(&desk, "bash");
    let complete = |words: &str, at: usize, word: &str, before: &str| {
        let script = format!(
            "compopt() {{ :; }}; source '{file}'; COMP_WORDS=({words} '{word}'); COMP_CWORD={at}; _countersign countersign '{word}' \
             '{before}'; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        said(&["bash", "--norc"], &script)
    };
    let commands = complete("countersign", 1, "", "countersign");
    for command in ["code", "list", "pick", "settings", "keyring"] {
        assert!(commands.lines().any(|line| line == command), "{command}: {commands}");
    }
    assert!(!commands.contains("hold-clipboard"), "{commands}");
    assert_eq!(complete("countersign code", 2, "--co", "code").trim(), "--copy");
    assert_eq!(complete("countersign completions", 2, "fi", "completions").trim(), "fish");
    let values = |command: &str, option: &str| {
        complete(&format!("countersign {command} {option}"), command.split(' ').count() + 2, "", option)
    };
    assert_eq!(values("add", "--kind"), "totp\nhotp\nsteam\nyandex\nmotp\n");
    assert_eq!(values("add", "--algorithm"), "SHA1\nSHA256\nSHA512\nSHA224\nSHA384\nMD5\n");
    assert_eq!(values("token burn", "--algorithm"), "SHA1\nSHA256\nSHA512\n");
    assert!(values("token burn", "--emulated").contains("\nYubiKey\n"));
    assert_eq!(values("list", "--sort"), "order\nname\nuse\ncode\n");
    assert_eq!(values("settings", "sort"), "order\nname\nuse\ncode\n");
    assert_eq!(complete("countersign settings", 2, "", "settings").matches("order").count(), 0);
    assert_eq!(complete("countersign add --algorithm", 3, "md", "--algorithm").trim(), "MD5");
    let icons = values("edit", "--icon");
    assert!(icons.lines().any(|line| line == "cart") && icons.lines().any(|line| line == "none"), "{icons}");
    assert!(values("token burn", "--applet").contains("feitian") && values("token ledger", "--form").contains("pskc"));
}

#[test]
fn fish_completes_with_what_a_command_is_for() {
    let desk = Desk::empty();
    let file = completions(&desk, "fish");
    let folder = desk.path().join("files");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("a-picture.png"), "").unwrap();
    let complete = |typed: &str| {
        let script = format!("cd '{}'; source '{file}'; complete -C '{typed}'", folder.display());
        said(&["fish", "--no-config"], &script)
    };
    let about = countersign_strings::text("cli.about_settings");
    assert_eq!(complete("countersign set").trim(), format!("settings\t{about}"));
    let names = |typed: &str| {
        complete(typed).lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("countersign add --kind "), ["hotp", "motp", "steam", "totp", "yandex"]);
    assert!(names("countersign add --algorithm ").contains(&"SHA384".to_owned()));
    assert!(names("countersign token burn --emulated ").contains(&"Molto-2".to_owned()));
    assert_eq!(names("countersign completions f"), ["fish"]);
    assert!(names("countersign settings ").contains(&"sort".to_owned()));
    assert_eq!(names("countersign settings sort "), ["code", "name", "order", "use"]);
    assert_eq!(names("countersign settings clipboard "), [""; 0]);
    assert!(names("countersign edit x --icon ").contains(&"cart".to_owned()));
    assert_eq!(names("countersign add --algorithm md"), ["MD5"]);
    for place in ["code ", "edit ", "list ", "groups rename ", "settings sort ", "token verify "] {
        let offered = complete(&format!("countersign {place}"));
        assert!(!offered.contains("a-picture.png"), "{place}: {offered}");
    }
    for place in ["scan ", "add --picture ", "icons add ", "token batch ", "edit x --icon "] {
        let offered = complete(&format!("countersign {place}"));
        assert!(offered.contains("a-picture.png"), "{place}: {offered}");
    }
}

#[test]
fn zsh_completes_what_is_typed() {
    let desk = Desk::empty();
    let file = completions(&desk, "zsh");
    let mut zsh = Command::new("script");
    zsh.args(["--quiet", "--return", "--command", "stty rows 24 cols 80; exec zsh -f -i", "/dev/null"]);
    zsh.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", desk.path()).env("TERM", "xterm").env("SHELL", "/bin/sh");
    let mut zsh = Program::start(zsh.current_dir(desk.path()));
    zsh.write(format!("autoload -U compinit && compinit -u -D && source '{file}' && print re''ady\n").as_bytes());
    zsh.stdout.wait_for("ready");
    zsh.write(b"countersign sett\t");
    zsh.stdout.wait_for("settings");
    for (typed, whole) in [
        ("add --kind ste", "steam"),
        ("add --algorithm SHA38", "SHA384"),
        ("list --sort co", "code"),
        ("settings sort na", "name"),
    ] {
        zsh.write(format!("\x15countersign {typed}\t").as_bytes());
        zsh.stdout.wait_for(whole);
    }
    zsh.write(b"\x15exit\n");
    zsh.wait();
}

#[test]
fn an_unknown_shell_is_refused() {
    let desk = Desk::empty();
    assert_eq!(desk.run_plain(&["completions", "tcsh"], "").code, 2);
}

#[test]
fn every_page_is_well_formed_and_says_how_a_command_ends() {
    let desk = Desk::empty();
    let folder = desk.path().join("man/man1");
    let made = desk.run_plain(&["man", folder.to_str().unwrap(), "--json"], "");
    assert_eq!(made.code, 0, "{}", made.stderr);
    let pages = made.json()["pages"].as_array().unwrap().len();
    assert!(pages > 20, "{pages}");
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), pages);
    let lint = run(Command::new("mandoc").args(["-T", "lint", "-W", "error"]).args(&files), b"");
    assert!(lint.status.success(), "{}", String::from_utf8_lossy(&lint.stdout));
    let page = run(Command::new("mandoc").args(["-T", "utf8"]).arg(folder.join("countersign-code.1")), b"");
    let page = String::from_utf8_lossy(&page.stdout).replace("_\u{8}", "");
    let plain: String = {
        // Bold stands there as each letter struck twice.
        let mut out: Vec<char> = Vec::new();
        let mut chars = page.chars();
        while let Some(c) = chars.next() {
            if c == '\u{8}' {
                out.pop();
                out.extend(chars.next());
            } else {
                out.push(c);
            }
        }
        out.into_iter().collect()
    };
    for part in ["EXIT STATUS", "COUNTERSIGN_VAULT", "--copy", "--watch", "It was refused"] {
        assert!(plain.contains(part), "{part} is missing in\n{plain}");
    }
    let nowhere = desk.run_plain(&["man", "/proc/nowhere"], "");
    assert_eq!((nowhere.code, nowhere.stdout.as_str()), (2, ""));
}

#[test]
fn completions_and_pages_need_no_home() {
    for arguments in [&["completions", "bash"][..], &["limits"]] {
        let mut command = Command::new(built("countersign"));
        let output = run(command.args(arguments).env_clear(), b"");
        assert!(output.status.success() && !output.stdout.is_empty(), "{arguments:?}");
    }
}
