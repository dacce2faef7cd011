//! Peers in other languages: installed beside the benches, run in processes of their own.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::report::root;
use crate::rounds::{Subject, timed};

/// A program that computes all codes of a round when it reads a line.
pub struct Peer {
    /// As the table has it.
    pub name: &'static str,
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    /// Every peer that can be had here, with so many seeds at this time; one that cannot is named.
    pub fn all(count: usize, now: u64) -> Vec<Self> {
        let folder = root().join("benches/peers");
        let start = |name: &'static str, mut command: Command| {
            let child =
                command.args([count.to_string(), now.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
            let mut child = child.unwrap_or_else(|fault| panic!("{name}: {fault}"));
            let (asks, answers) =
                (child.stdin.take().expect("piped"), BufReader::new(child.stdout.take().expect("piped")));
            Self { name, child, asks, answers }
        };
        let python = python(&folder).map(|program| {
            let mut command = Command::new(program);
            command.arg(folder.join("codes.py"));
            start("pyotp 2.12, Python", command)
        });
        let node = |name, which| {
            let mut command = Command::new("node");
            command.arg(folder.join("codes.mjs")).arg(which);
            start(name, command)
        };
        let nodes = npm(&folder).then(|| [node("otpauth 9.5, node", "otpauth"), node("otplib 13.5, node", "otplib")]);
        python.into_iter().chain(nodes.into_iter().flatten()).collect()
    }

    /// One round: how long it took, and the last code.
    pub fn round(&mut self) -> (Duration, String) {
        let mut line = String::new();
        self.asks.write_all(b"go\n").and_then(|()| self.asks.flush()).expect("the peer reads");
        self.answers.read_line(&mut line).expect("the peer answers");
        let (nanoseconds, code) = line.trim().split_once(' ').expect("two words");
        (Duration::from_nanos(nanoseconds.parse().expect("a number")), code.to_owned())
    }

    /// The peer as a row of a table.
    pub fn subject(&mut self) -> Subject<'_> {
        let name = self.name;
        timed(name, || self.round().0)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Python with pyotp, in an environment that is made once.
fn python(folder: &Path) -> Option<PathBuf> {
    let place = root().join("target/bench/python");
    let program = place.join("bin/python");
    let list = folder.join("requirements.txt");
    if !program.is_file() && !done("pyotp", Command::new("python3").args(["-m", "venv", "--clear"]).arg(&place)) {
        return None;
    }
    let mut pip = Command::new(&program);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--require-hashes",
        "--only-binary=:all:",
        "-r",
    ])
    .arg(list);
    done("pyotp", &mut pip).then_some(program)
}

/// Whether the packages of `benches/peers` are there, exactly as its lock file has them.
fn npm(folder: &Path) -> bool {
    folder.join("node_modules/otplib").is_dir()
        || done(
            "otplib, otpauth",
            Command::new("npm")
                .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
                .current_dir(folder),
        )
}

fn done(name: &str, command: &mut Command) -> bool {
    let done = command.status().is_ok_and(|status| status.success());
    if !done {
        eprintln!("not measured: {name} cannot be installed here");
    }
    done
}
