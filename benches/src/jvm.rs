//! The JVM's half of the list: a process that holds the generated Kotlin and the library, and times itself.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use crate::report::root;

/// Where `cargo xtask bench list` says what the class path is.
const CLASSES: &str = "COUNTERSIGN_BENCH_CLASSES";

/// What is held ready.
pub struct Jvm {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Jvm {
    /// On the library as it is optimised for a release, with a vault of `rows` accounts in `folder`; warm.
    pub fn of_list(folder: &Path, rows: u64, window: usize, now: u64) -> Self {
        let classes = std::env::var(CLASSES).unwrap_or_else(|_| panic!("{CLASSES} is set by cargo xtask bench list"));
        let mut java = Command::new("java");
        java.arg("-Xmx512m").arg(format!("-Djna.library.path={}", library().display()));
        java.args(["-cp", &classes, "org.countersign.bench.ListKt"]).arg(folder);
        java.args([rows.to_string(), window.to_string(), now.to_string()]);
        let mut child = java.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("java starts");
        let input = child.stdin.take().expect("piped");
        let mut jvm = Self { input, output: BufReader::new(child.stdout.take().expect("piped")), child };
        assert_eq!(jvm.line(), "ready");
        jvm
    }

    /// Has it do what `name` stands for; how long that took it.
    pub fn ask(&mut self, name: &str) -> Duration {
        writeln!(self.input, "{name}").expect("it listens");
        Duration::from_nanos(self.line().parse().expect("nanoseconds"))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("it answers");
        line.trim().to_owned()
    }
}

impl Drop for Jvm {
    fn drop(&mut self) {
        // Nothing is lost with it: its vault is one of this bench.
        let _was_there = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// The folder of the library, built for a release.
fn library() -> PathBuf {
    let target = root().join("target/bench/programs");
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--locked", "--package", "countersign-bindings", "--target-dir"]).arg(&target);
    assert!(cargo.current_dir(root()).status().expect("cargo starts").success(), "the library is built");
    target.join("release")
}
