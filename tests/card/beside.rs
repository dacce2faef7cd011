//! A `pcscd` that the machine runs already is neither used nor disturbed by the readers of these tests.
//!
//! What stands for it listens where `pcscd` does, in a name space of its own whose `/run` is a folder that is looked at from
//! without: the machine's own is not touched by this test either.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use countersign_tests::patience::until;
use countersign_tests::program::{built, run};
use countersign_tests::readers::{READER, Readers, apart, entered};
use tempfile::TempDir;

use super::token::{LINK, json, token, vault};
use super::{ykman, yubikey};

/// Has the folder for its `/run`, and stays.
const SCRIPT: &str = r#"mount --no-mtab --bind "$0" /run && touch /run/ready && exec sleep infinity"#;

/// A machine whose `pcscd` runs.
struct Machine {
    run: TempDir,
    daemon: Child,
    socket: UnixListener,
}

impl Machine {
    fn start() -> Self {
        let run = tempfile::tempdir().unwrap();
        fs::create_dir(run.path().join("pcscd")).unwrap();
        let socket = UnixListener::bind(run.path().join("pcscd/pcscd.comm")).unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut daemon = Command::new("unshare");
        daemon.args(apart(false)).args(["sh", "-c", SCRIPT]).arg(run.path());
        let daemon = daemon.stdin(Stdio::null()).spawn().unwrap();
        until("a machine", || fs::exists(run.path().join("ready")).unwrap().then_some(()));
        fs::write(run.path().join("pcscd/pcscd.pid"), daemon.id().to_string()).unwrap();
        Self { run, daemon, socket }
    }

    /// Who connected since this was asked last.
    fn was_spoken_to(&self) -> bool {
        self.socket.accept().is_ok()
    }

    /// All that is in its `/run`: what it is called, which file it is, how long, and when it was changed.
    fn holds(&self) -> Vec<(PathBuf, u64, u64, i64, i64)> {
        let mut files = vec![];
        seen(self.run.path(), &mut files);
        files.sort();
        files
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ended = self.daemon.kill().and_then(|()| self.daemon.wait());
    }
}

fn seen(path: &Path, files: &mut Vec<(PathBuf, u64, u64, i64, i64)>) {
    let of = fs::symlink_metadata(path).unwrap();
    files.push((path.to_owned(), of.ino(), of.size(), of.mtime(), of.mtime_nsec()));
    if of.is_dir() {
        fs::read_dir(path).unwrap().for_each(|file| seen(&file.unwrap().path(), files));
    }
}

#[test]
fn a_pcscd_that_the_machine_runs_is_neither_used_nor_disturbed() {
    let (mut machine, home) = (Machine::start(), vault());
    // It is found where it listens, by whoever looks for readers on that machine.
    let mut looks = entered(machine.daemon.id(), built("countersign").to_str().unwrap());
    looks.args(["--json", "token", "list"]).env("HOME", home.path());
    let mut looks = looks.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until("somebody who looks for readers", || machine.was_spoken_to().then_some(()));
    until("the end of that", || {
        // Whoever asks again is sent away again.
        let _asked_again = machine.was_spoken_to();
        looks.try_wait().unwrap()
    });
    while machine.was_spoken_to() {}

    let before = machine.holds();
    assert_eq!(before.len(), 5, "itself, its folder, socket, number, and that it is ready: {before:?}");
    let readers = Readers::start_beside(machine.daemon.id());
    let key = readers.lay(yubikey());
    assert!(ykman(&readers, &["info"]).unwrap().contains("12345678"));
    let burn = ["burn", "--reader", READER, "--wait", "20", "--yes"];
    assert_eq!(json(&token(&readers, &home, &burn, &format!("{LINK}\n")))["ending"], "proven_by_link");
    let listed = run(readers.command(built("countersign").to_str().unwrap()).args(["--json", "token", "list"]), b"");
    assert!(String::from_utf8_lossy(&listed.stdout).contains(READER));
    drop(key.take());
    drop(readers);

    assert!(!machine.was_spoken_to(), "it is not used");
    assert_eq!(machine.holds(), before, "it is not disturbed");
    assert!(machine.daemon.try_wait().unwrap().is_none(), "it is not ended");
}
