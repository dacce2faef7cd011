//! P9 where something goes wrong at the desk: each call that reaches the disk fails once, and what is too much is refused.

use std::path::Path;
use std::process::Command;

use countersign_protocol::otp::base32;
use countersign_tests::program::{built, run};

use super::search::{Canary, Place, files, found};
use super::{PASSPHRASE, SEED};

/// The calls that only our own files see: libraries are loaded by others.
const CALLS: [&str; 6] = ["pwrite64", "fsync", "fdatasync", "rename", "ftruncate", "unlink"];

/// A desk whose vault was made, to be copied for each fault.
pub struct Made {
    folder: tempfile::TempDir,
    canaries: Vec<Canary>,
}

/// What a command came to, and where its calls stand.
struct Ended {
    ok: bool,
    said: Vec<u8>,
    log: String,
}

impl Made {
    pub fn new() -> Self {
        let made = Self {
            folder: tempfile::tempdir().unwrap(),
            canaries: vec![Canary::bytes("seed", SEED), Canary::text("passphrase", PASSPHRASE)],
        };
        std::fs::write(made.folder.path().join("passphrase"), format!("{PASSPHRASE}\n")).unwrap();
        assert!(made.command(&made.folder.path().join("phone"), &[], &["init"], "").ok);
        made
    }

    /// A command of the desk, under `strace` where there are options for it. The passphrase comes by descriptor 3.
    fn command(&self, home: &Path, options: &[&str], words: &[&str], input: &str) -> Ended {
        let log = self.folder.path().join("log");
        let mut command = Command::new("sh");
        command.args(["-c", "exec 3<\"$1\"; shift; exec \"$@\"", "sh"]).arg(self.folder.path().join("passphrase"));
        if !options.is_empty() {
            command.args(["strace", "-f", "-qq", "-o"]).arg(&log).args(options).arg("--");
        }
        command.arg(built("countersign")).arg("--home").arg(home).args(["--passphrase-fd", "3"]).args(words);
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LANG", "C.UTF-8").env("RUST_BACKTRACE", "full");
        let output = run(command.current_dir(self.folder.path()), input.as_bytes());
        let said = [output.stdout, output.stderr].concat();
        let log = std::fs::read_to_string(log).unwrap_or_default();
        Ended { ok: output.status.success(), said, log }
    }

    /// Adds an account with a copy of the desk; where secrets stand after that.
    fn add(&self, options: &[&str]) -> (Ended, Vec<String>) {
        let copy = tempfile::tempdir().unwrap();
        let home = copy.path().join("phone");
        assert!(
            Command::new("cp").arg("-a").arg(self.folder.path().join("phone")).arg(&home).status().unwrap().success()
        );
        let link = format!("otpauth://totp/Canary:me?secret={}\n", base32::encode(SEED).as_str());
        let ended = self.command(&home, options, &["add", "--yes"], &link);
        let mut places = vec![Place::new("what it said", ended.said.clone())];
        places.extend(files(&home));
        let stands = found(&self.canaries, &places);
        (ended, stands)
    }

    /// Lets every `step`th call fail in each of two ways: how many faults were made, how many of them ended the command, and
    /// where secrets stood.
    pub fn with_failing_disk(&self, step: usize) -> (usize, usize, Vec<String>) {
        let trace = format!("trace={}", CALLS.join(","));
        let (whole, stands) = self.add(&["-e", &trace]);
        assert!(whole.ok && stands.is_empty(), "{stands:?}");
        let faults = CALLS.iter().flat_map(|call| {
            let calls = whole.log.lines().filter(|line| line.contains(&format!(" {call}("))).count();
            (1..=calls).flat_map(move |nth| ["ENOSPC", "EIO"].map(move |error| (*call, nth, error)))
        });
        let (mut made, mut ended, mut leaks) = (0, 0, Vec::new());
        for (call, nth, error) in faults.step_by(step) {
            let inject = format!("inject={call}:error={error}:when={nth}");
            let (came, stands) = self.add(&["-e", &trace, "-e", &inject]);
            made += 1;
            ended += usize::from(!came.ok);
            leaks.extend(stands.into_iter().map(|line| format!("{call} {nth} {error}: {line}")));
        }
        (made, ended, leaks)
    }

    /// Gives more than is taken, with a secret in it: where it stood.
    pub fn with_too_much(&self) -> Vec<String> {
        let (secret, home) = (base32::encode(SEED), self.folder.path().join("phone"));
        let secret = secret.as_str();
        let long = "x".repeat(257);
        let mut leaks = Vec::new();
        for (what, link) in [
            ("a long name", format!("otpauth://totp/{long}?secret={secret}")),
            ("a long issuer", format!("otpauth://totp/me?secret={secret}&issuer={long}")),
            ("a long link", format!("otpauth://totp/me?secret={secret}&image={}", "x".repeat(8 * 1024))),
            ("a huge link", format!("otpauth://totp/me?secret={secret}&image={}", "x".repeat(8 * 1024 * 1024))),
            ("many parameters", format!("otpauth://totp/me?secret={secret}{}", "&a=b".repeat(33))),
            ("a secret twice", format!("otpauth://totp/me?secret={secret}&secret={secret}")),
            ("a long secret", format!("otpauth://totp/me?secret={}", secret.repeat(40))),
            ("no link at all", format!("secret={secret}")),
        ] {
            let ended = self.command(&home, &[], &["add", "--yes"], &format!("{link}\n"));
            assert!(!ended.ok, "{what} is refused");
            let stands = found(&self.canaries, &[Place::new("what it said", ended.said)]);
            leaks.extend(stands.into_iter().map(|line| format!("{what}: {line}")));
        }
        leaks.extend(found(&self.canaries, &files(&home)));
        leaks
    }
}
