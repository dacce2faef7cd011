//! `cargo xtask setup` on a machine that lacks packages, as somebody who is not root: it says why, shows the line, asks.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_strings::text;
use countersign_tests::program::{Program, built};

/// A machine that has nothing but what is put on its search path; `sudo` writes down what it is asked to do.
struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        let done = machine.done();
        for (name, script) in [
            ("id", "echo 1000".to_owned()),
            ("rustc", "echo 'rustc 1.95.0 (0 2026-01-01)'".to_owned()),
            ("cargo", "echo cargo".to_owned()),
            ("apt-get", "exit 1".to_owned()),
            ("sudo", format!("echo \"sudo $*\" >>'{}'", done.display())),
        ] {
            let place = machine.path().join(name);
            std::fs::write(&place, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        machine
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Where `sudo` writes.
    fn done(&self) -> PathBuf {
        self.path().join("done")
    }

    fn setup(&self) -> Program {
        let inside = format!("{} setup; echo \"ended with $?\"", built("xtask").display());
        let mut command = Command::new("/usr/bin/script");
        command.args(["--quiet", "--return", "--command", &inside, "/dev/null"]);
        command.env_clear().env("PATH", self.path()).env("SHELL", "/bin/sh").env("TERM", "xterm");
        command.env("CARGO_TARGET_DIR", self.path().join("target")).current_dir(self.path());
        Program::start(&mut command)
    }
}

/// The line that it says it would run.
fn line(setup: &Program) -> String {
    setup.stdout.line_with("sudo apt-get").trim().to_owned()
}

#[test]
fn a_no_installs_nothing_and_the_line_is_there_for_later() {
    let machine = Machine::new();
    let mut setup = machine.setup();
    setup.stdout.wait_for(text("xtask.install_now"));
    let said = setup.stdout.text();
    for why in [text("xtask.packages_needed"), text("xtask.why_chromium"), text("xtask.why_oathtool")] {
        assert!(said.contains(why), "{why:?} is missing in\n{said}");
    }
    let line = line(&setup);
    assert!(line.contains(" update && sudo apt-get ") && line.contains(" chromium "), "{line}");
    setup.write(b"n\r");
    setup.stdout.wait_for("ended with 2");
    setup.wait();
    let said = setup.stdout.text();
    let later = said.split(text("xtask.install_now")).nth(1).unwrap();
    assert!(later.contains("when you are ready: ") && later.contains(&line), "{later}");
    assert!(!machine.done().exists(), "something was run after a no");
}

#[test]
fn a_yes_runs_the_line_that_was_shown_and_nothing_else() {
    let machine = Machine::new();
    let mut setup = machine.setup();
    setup.stdout.wait_for(text("xtask.install_now"));
    let line = line(&setup);
    assert!(!machine.done().exists(), "something was run before the question was answered");
    setup.write(b"y\r");
    let run = || std::fs::read_to_string(machine.done()).unwrap_or_default();
    let wanted: Vec<&str> = line.split(" && ").collect();
    for _ in 0..300 {
        if run().lines().count() >= wanted.len() {
            break;
        }
        countersign_tests::window::rest(std::time::Duration::from_millis(50));
    }
    assert_eq!(run().lines().collect::<Vec<_>>(), wanted);
}
