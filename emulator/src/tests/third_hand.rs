//! A host that shares no line with this package: `third_hand.py`, made after the descriptions of the two families alone,
//! with SM4 by Python's `cryptography`. It finds the emulated tokens behind the virtual reader's protocol.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::RFC_SEED;
use crate::vpcd::{self, End};
use crate::{Link, Molto, Single, Still, Token};

/// The Python that `cargo xtask setup` installs.
fn python() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    let target = here.ancestors().find(|folder| folder.join("python-venv").is_dir());
    target.expect("cargo xtask setup installs it").join("python-venv/bin/python")
}

struct Host {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Host {
    fn start(burn: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/third_hand.py");
        let mut command = Command::new(python());
        command.arg("-B").arg(script).arg(burn).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Lets it burn a token, and gives back what it says of it.
    fn burn<T: Token>(mut self, link: &mut Link<T>) -> Vec<String> {
        let port: u16 = self.line().parse().expect("it listens as a reader");
        let end = vpcd::connect(("127.0.0.1", port), link).unwrap();
        assert_eq!(end, End::ReaderGone);
        let told = (&mut self.said).lines().map(Result::unwrap).collect();
        assert!(self.child.wait().unwrap().success(), "{told:?}");
        told
    }
}

#[test]
fn it_burns_a_single_profile_token() {
    let world = Still::at(1_700_000_000);
    let mut link = Link::new(Single::new("86596220000001", world));
    let told = Host::start("single").burn(&mut link);
    assert_eq!(
        told,
        ["serial 86596220000001", "off by 0", "seed of 64 bytes 6A80", "no seed without a challenge 6983"]
    );
    let token = link.token();
    assert_eq!(token.seed().unwrap().expose(), RFC_SEED);
    assert_eq!(token.settings(), (2, 60, 3));
    assert_eq!(link.exchanges().len(), 10);
}

#[test]
fn it_burns_a_molto_and_changes_its_key() {
    let world = Still::at(1_700_000_000);
    let mut link = Link::new(Molto::v1("42", world));
    let told = Host::start("molto").burn(&mut link);
    assert_eq!(told, ["profile 49 holds Grüße", "another key 9060"]);
    let profile = link.token().profile(49).unwrap();
    assert_eq!(profile.seed.as_ref().unwrap().expose(), RFC_SEED);
    assert_eq!((profile.algorithm, profile.digits, profile.step), (2, 10, 60));
    link.token_mut().press();
    let told = Host::start("molto-again").burn(&mut link);
    assert_eq!(told, ["old key 63C7", "new key 9000"]);
}

#[test]
fn its_own_cipher_is_the_standards() {
    let mut host = Host::start("check");
    host.child.stdin.take().unwrap().flush().unwrap();
    assert_eq!(host.line(), "681EDF34D206965E86B3E94F536E4246");
    assert!(host.child.wait().unwrap().success());
}
