//! Smart-card readers of one's own: Debian's `pcscd` with the virtual readers of vsmartcard, and emulated tokens that lie on
//! them.
//!
//! It runs in a mount namespace, whose `/run` is empty: a `pcscd` that the machine runs is neither used nor disturbed. What is to
//! speak with these readers is started by [`Readers::command`].

use std::fs;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};

use countersign_emulator::vpcd::{End, serve};
use countersign_emulator::{Link, Token};
use tempfile::TempDir;

use crate::patience::until;
use crate::port::port;

/// The reader on which tokens are laid.
pub const READER: &str = "Countersign test 00 00";

/// What a reader is called, before its number.
const NAME: &str = "Countersign test";

/// Where Debian has it; not every person's path leads there.
const PCSCD: &str = "/usr/sbin/pcscd";

/// Mounts what is its alone, and becomes the daemon.
const SCRIPT: &str = r#"mount -t tmpfs none /run && mkdir -p /run/pcscd && exec "$0" --foreground --config "$1""#;

/// A daemon with readers, which ends with the value.
pub struct Readers {
    daemon: Child,
    port: u16,
    is_root: bool,
    _config: TempDir,
}

impl Readers {
    /// Starts a daemon.
    ///
    /// # Panics
    /// When its readers do not come.
    pub fn start() -> Self {
        Self::start_as(NAME)
    }

    /// The same, with readers of another name.
    ///
    /// # Panics
    /// As [`Readers::start`].
    pub fn start_as(name: &str) -> Self {
        let port = two_ports();
        let config = tempfile::tempdir().unwrap();
        let driver = driver();
        let text = format!(
            "FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:{port:#06x}\nLIBPATH {driver}\nCHANNELID {port:#06x}\n"
        );
        fs::write(config.path().join("readers"), text).unwrap();
        let is_root = rustix::process::geteuid().is_root();
        let mut daemon = Command::new("unshare");
        // Who is not root is root of a name space of its own.
        daemon.args(if is_root { &["--mount"][..] } else { &["--map-root-user", "--mount"] });
        daemon.args(["sh", "-c", SCRIPT, PCSCD]).arg(config.path());
        daemon.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let daemon = daemon.spawn().expect("unshare is there: cargo xtask setup says how to install it");
        let mut readers = Self { daemon, port, is_root, _config: config };
        until("a reader", || {
            assert!(readers.daemon.try_wait().unwrap().is_none(), "pcscd ended: are mount namespaces allowed here?");
            listens(port).then_some(())
        });
        readers
    }

    /// A program that finds these readers and no others.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        let id = self.daemon.id().to_string();
        command.args(["--mount", "--target", &id]);
        if !self.is_root {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg(program);
        command
    }

    /// Lays a token on the first reader.
    ///
    /// # Panics
    /// When the reader takes no connection.
    pub fn lay<T: Token + 'static>(&self, mut link: Link<T>) -> Laid<T> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_nodelay(true).unwrap();
        let hand = stream.try_clone().unwrap();
        let served = thread::spawn(move || {
            let end = serve(stream, &mut link).unwrap_or(End::ReaderGone);
            (link, end)
        });
        Laid { hand, served }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        let _ended = self.daemon.kill().and_then(|()| self.daemon.wait());
    }
}

/// A token on a reader.
pub struct Laid<T> {
    hand: TcpStream,
    served: JoinHandle<(Link<T>, End)>,
}

impl<T> Laid<T> {
    /// Takes it off the reader.
    ///
    /// # Panics
    /// When the token panicked.
    pub fn take(self) -> Link<T> {
        // It may have left the reader by itself.
        let _closed = self.hand.shutdown(Shutdown::Both);
        self.served.join().unwrap().0
    }

    /// Waits until the token leaves the reader by itself, because its link was lost.
    ///
    /// # Panics
    /// When the token panicked, or the reader went first.
    pub fn lost(self) -> Link<T> {
        let (link, end) = self.served.join().unwrap();
        assert_eq!(end, End::TokenGone);
        link
    }
}

/// The driver of the virtual readers, wherever this machine's architecture has it.
fn driver() -> String {
    let config = fs::read_to_string("/etc/reader.conf.d/vpcd").expect("vsmartcard-vpcd: cargo xtask setup installs it");
    let line = config.lines().find_map(|line| line.strip_prefix("LIBPATH"));
    line.expect("a line that says where its driver is").trim().to_owned()
}

/// The driver opens a second reader on the port after the first: an even one, so that no other daemon's is its second.
fn two_ports() -> u16 {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    until("two ports side by side", || Some(port()).filter(|port| port % 2 == 0 && is_free(port + 1)))
}

/// Whether somebody listens there. A connection would be taken for a token.
fn listens(port: u16) -> bool {
    const LISTENING: &str = "0A";
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let mut rows = table.lines().filter_map(|line| {
        let mut words = line.split_whitespace().skip(1);
        Some((words.next()?, words.nth(1)?))
    });
    rows.any(|(local, state)| state == LISTENING && local.ends_with(&format!(":{port:04X}")))
}
