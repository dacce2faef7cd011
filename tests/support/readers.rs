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

/// Mounts what is its alone, and becomes the daemon. Nothing is noted of that mount: the note would go into the machine's `/run`.
const SCRIPT: &str =
    r#"mount --no-mtab -t tmpfs none /run && mkdir -p /run/pcscd && exec "$0" --foreground --config "$1""#;

/// A daemon with readers, which ends with the value.
pub struct Readers {
    daemon: Child,
    port: u16,
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
        Self::begun(name, None)
    }

    /// The same where this process runs: what it has for `/run` is what the machine has there.
    ///
    /// # Panics
    /// As [`Readers::start`].
    pub fn start_beside(process: u32) -> Self {
        Self::begun(NAME, Some(process))
    }

    fn begun(name: &str, beside: Option<u32>) -> Self {
        let port = two_ports();
        let config = tempfile::tempdir().unwrap();
        let driver = driver();
        let text = format!(
            "FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:{port:#06x}\nLIBPATH {driver}\nCHANNELID {port:#06x}\n"
        );
        fs::write(config.path().join("readers"), text).unwrap();
        let mut daemon = match beside {
            Some(process) => entered(process, "unshare"),
            None => Command::new("unshare"),
        };
        daemon.args(apart(beside.is_some()));
        daemon.args(["sh", "-c", SCRIPT, PCSCD]).arg(config.path());
        daemon.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let daemon = daemon.spawn().expect("unshare is there: cargo xtask setup says how to install it");
        let mut readers = Self { daemon, port, _config: config };
        until("a reader", || {
            assert!(readers.daemon.try_wait().unwrap().is_none(), "pcscd ended: are mount namespaces allowed here?");
            listens(port).then_some(())
        });
        readers
    }

    /// A program that finds these readers and no others.
    pub fn command(&self, program: &str) -> Command {
        entered(self.daemon.id(), program)
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

/// A program that sees the files that this process sees.
pub fn entered(process: u32, program: &str) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--mount", "--target", &process.to_string()]);
    if !is_root() {
        command.args(["--user", "--preserve-credentials"]);
    }
    command.arg(program);
    command
}

/// How mounts of one's own are asked for: who is not root is root of a name space of its own, once.
pub fn apart(is_within: bool) -> &'static [&'static str] {
    if is_root() || is_within { &["--mount"] } else { &["--map-root-user", "--mount"] }
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
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
