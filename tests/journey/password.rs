//! `countersign-gateway user add` on a terminal: a password is asked for twice, and nothing of it is shown.

use std::path::Path;
use std::process::Command;

use countersign_tests::program::{Program, built};

const PASSWORD: &str = "larch violin tundra";

/// Starts `user add alice` on a pseudo-terminal (`script` of util-linux makes one).
fn add_alice(home: &Path) -> Program {
    add_alice_after(home, "")
}

/// The same, after a line of the shell that starts it.
fn add_alice_after(home: &Path, line: &str) -> Program {
    let inside = format!("{line}exec {} user add alice --data gateway", built("countersign-gateway").display());
    let mut command = Command::new("script");
    command.args(["--quiet", "--return", "--command", &inside, "/dev/null"]);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home).env("TERM", "xterm").env("LANG", "C.UTF-8");
    Program::start(command.env("SHELL", "/bin/sh").current_dir(home))
}

fn answer(program: &mut Program, question: &str, typed: &str) {
    program.stdout.wait_for(question);
    program.write(typed.as_bytes());
}

#[test]
fn a_password_is_asked_for_twice_and_never_shown() {
    let home = tempfile::tempdir().unwrap();
    let mut program = add_alice(home.path());
    answer(&mut program, "Password for alice:", &format!("{PASSWORD}\r"));
    answer(&mut program, "The same again:", &format!("mistyped\x15{PASSWORD}\r"));
    let (status, shown) = (program.wait(), program.stdout.text());
    assert!(status.success() && shown.contains("alice") && !shown.contains("larch"), "{shown}");
    assert!(!shown.contains("mistyped"), "{shown}");
}

#[test]
fn passwords_that_differ_add_nobody() {
    let home = tempfile::tempdir().unwrap();
    let mut program = add_alice(home.path());
    answer(&mut program, "Password for alice:", &format!("{PASSWORD}\r"));
    answer(&mut program, "The same again:", "larch violin\r");
    assert_eq!(program.wait().code(), Some(1));
    let mut again = add_alice(home.path());
    answer(&mut again, "Password for alice:", &format!("{PASSWORD}\r"));
    answer(&mut again, "The same again:", &format!("{PASSWORD}\r"));
    assert!(again.wait().success(), "the name is still free: {}", again.stdout.text());
}

#[test]
fn ctrl_c_ends_the_question_also_where_a_shell_ignores_it() {
    for line in ["", "trap '' INT; "] {
        let home = tempfile::tempdir().unwrap();
        let mut program = add_alice_after(home.path(), line);
        answer(&mut program, "Password for alice:", "larch\x03");
        let (status, shown) = (program.wait(), program.stdout.text());
        assert_eq!(status.code(), Some(130), "{line}{shown}");
        assert!(!shown.contains("larch") && !shown.contains("The same again:"), "{shown}");
    }
}
