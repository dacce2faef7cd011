//! `cargo xtask setup` on a machine that lacks packages. As root, or where nobody can be asked (`CI=true`), it installs them
//! without a question; for everybody else it says why, shows the line, asks.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_strings::text;
use countersign_tests::program::{Program, built};

/// A machine that has nothing but what is put on its search path; `sudo` and `apt-get` write down what they are asked to do.
struct Machine(tempfile::TempDir);

/// Somebody who is not root.
const SOMEBODY: u32 = 1000;
const ROOT: u32 = 0;

impl Machine {
    fn of(user: u32) -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        let done = machine.done();
        for (name, script) in [
            ("id", format!("echo {user}")),
            ("rustc", "echo 'rustc 1.95.0 (0 2026-01-01)'".to_owned()),
            ("cargo", "echo cargo".to_owned()),
            ("apt-get", format!("echo \"apt-get $*\" >>'{}'", done.display())),
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

    /// Where `sudo` and `apt-get` write.
    fn done(&self) -> PathBuf {
        self.path().join("done")
    }

    /// Set-up by pipes, where nobody can be asked.
    fn unattended(&self, environment: &[(&str, &str)]) -> Program {
        let mut command = Command::new(built("xtask"));
        command.arg("setup").env_clear().env("PATH", self.path()).envs(environment.iter().copied());
        command.env("CARGO_TARGET_DIR", self.path().join("target")).current_dir(self.path());
        let mut setup = Program::start(&mut command);
        setup.close_stdin();
        setup
    }

    /// What was run, as soon as it is so many lines.
    fn run(&self, lines: usize) -> Vec<String> {
        let run = || std::fs::read_to_string(self.done()).unwrap_or_default();
        countersign_tests::patience::sought(|| (run().lines().count() >= lines).then_some(()));
        run().lines().map(str::to_owned).collect()
    }

    /// Set-up in a terminal, in which a person can be asked.
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
    let machine = Machine::of(SOMEBODY);
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
    let machine = Machine::of(SOMEBODY);
    let mut setup = machine.setup();
    setup.stdout.wait_for(text("xtask.install_now"));
    let line = line(&setup);
    assert!(!machine.done().exists(), "something was run before the question was answered");
    setup.write(b"y\r");
    let wanted: Vec<&str> = line.split(" && ").collect();
    assert_eq!(machine.run(wanted.len()), wanted);
}

/// What `setup` runs to install, word by word, without `sudo`.
fn steps(setup: &Machine, sudo: &str) -> [String; 2] {
    let run = setup.run(2);
    let [update, install] = run.as_slice() else { panic!("two steps, not {run:?}") };
    let [update, install] =
        [update, install].map(|step| step.strip_prefix(sudo).expect("by whom it is run").to_owned());
    [update, install]
}

fn is_all(steps: &[String; 2]) {
    assert!(steps[0].starts_with("apt-get ") && steps[0].ends_with(" update"), "{steps:?}");
    assert!(steps[1].starts_with("apt-get ") && steps[1].contains(" install -y "), "{steps:?}");
    for package in [" chromium", " oathtool", " strace", " python3-venv"] {
        assert!(steps[1].contains(package), "{package} is missing in {steps:?}");
    }
}

#[test]
fn root_is_not_asked() {
    let machine = Machine::of(ROOT);
    let setup = machine.setup();
    is_all(&steps(&machine, ""));
    assert!(!setup.stdout.text().contains(text("xtask.install_now")), "{}", setup.stdout.text());
}

#[test]
fn where_nobody_can_be_asked_but_ci_says_so_nothing_is_asked() {
    let machine = Machine::of(SOMEBODY);
    let setup = machine.unattended(&[("CI", "true")]);
    is_all(&steps(&machine, "sudo "));
    assert!(!setup.stdout.text().contains(text("xtask.install_now")), "{}", setup.stdout.text());
}

#[test]
fn where_nobody_can_be_asked_the_line_is_said_and_nothing_run() {
    for environment in [&[][..], &[("CI", "1")], &[("CI", "false")]] {
        let machine = Machine::of(SOMEBODY);
        let mut setup = machine.unattended(environment);
        assert_eq!(setup.wait().code(), Some(2));
        let line = line(&setup);
        assert!(setup.stderr.text().contains(&line), "{}", setup.stderr.text());
        assert!(setup.stdout.text().contains(text("xtask.why_strace")) && !machine.done().exists());
    }
}
