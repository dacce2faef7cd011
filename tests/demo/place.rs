//! A place for one demo: a target folder of its own with the built programs, and a folder for what is temporary.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use countersign_tests::program::{Printed, Program, built};
use countersign_tests::raw_phone::any_certificate;
use serde_json::Value;

/// The passphrase of every phone here.
pub const PASSPHRASE: &str = "larch violin";

/// Where one demo runs without meeting another.
pub struct Place(tempfile::TempDir);

impl Place {
    /// An empty one.
    pub fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for folder in ["target/debug", "tmp", "path"] {
            std::fs::create_dir_all(place.path().join(folder)).unwrap();
        }
        for program in ["countersign", "countersign-gateway", "countersign-story"] {
            symlink(built(program), place.path().join("target/debug").join(program)).unwrap();
        }
        place
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// What lies among temporary files.
    pub fn temporary(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.path().join("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// The note by which other terminals find the demo.
    pub fn note(&self) -> Option<Value> {
        let note = std::fs::read_to_string(self.path().join("target/demo.json")).ok()?;
        serde_json::from_str(&note).ok()
    }

    /// The script as somebody types it who has neither Python nor a browser; what cargo would build is there already.
    pub fn script_without_python(&self) -> Command {
        let cargo = self.path().join("path/cargo");
        std::fs::write(&cargo, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(&cargo, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        self.by_pipes(&["demo", "--script"])
    }

    /// The demo by pipes, with no programs on the search path but those it needs: no Node, no browser.
    pub fn unattended(&self, words: &[&str]) -> Command {
        self.by_pipes(&[&["demo", "--built"], words].concat())
    }

    fn by_pipes(&self, words: &[&str]) -> Command {
        let path = self.path().join("path");
        for program in ["sh", "kill", "rustc"] {
            let found = on_path(program);
            if !path.join(program).exists() {
                symlink(found, path.join(program)).unwrap();
            }
        }
        let mut command = Command::new(built("xtask"));
        self.surround(command.args(words)).env("PATH", path);
        command
    }

    /// The demo in a terminal of this size. What it ended with is told in the end, and how it left the terminal.
    pub fn in_terminal(&self, (columns, rows): (usize, usize), words: &str, environment: &[(&str, &str)]) -> Program {
        let demo = built("xtask");
        let inside = format!(
            "stty rows {rows} cols {columns}; trap : INT; {} demo --built {words}; echo \"ended with $?\"; stty -a",
            demo.display()
        );
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &inside, "/dev/null"]);
        self.surround(&mut command).env("SHELL", "/bin/sh").env("TERM", "xterm");
        command.envs(environment.iter().copied());
        Program::start(&mut command)
    }

    fn surround<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        for name in ["NO_COLOR", "COUNTERSIGN_HOME", "COUNTERSIGN_ACCEPT"] {
            command.env_remove(name);
        }
        command.env("CARGO_TARGET_DIR", self.path().join("target")).env("TMPDIR", self.path().join("tmp"));
        command.env("LANG", "C.UTF-8").current_dir(self.path())
    }
}

/// Where the search path of this test has a program.
fn on_path(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|folder| folder.join(program)).filter(|place| place.is_file());
    found.next().unwrap_or_else(|| panic!("{program} is not on the search path"))
}

/// What the welcome of a demo says.
pub struct Welcome {
    /// Where the gateway serves.
    pub port: u16,
    /// The SHA-256 of its certificate.
    pub fingerprint: String,
    /// Alice's password.
    pub password: String,
    /// Alice's voucher.
    pub voucher: String,
    gateway: String,
}

impl Welcome {
    /// Reads it as soon as all of it is there.
    pub fn of(place: &Place, printed: &Printed) -> Self {
        printed.wait_for("The gateway's log is ");
        let text = printed.text();
        for label in ["Name      alice", "Password  ", "Voucher   ", "/manageotp", "/demo", "The browser will warn"] {
            assert!(text.contains(label), "{label:?} is missing in\n{text}");
        }
        let after = text.split("https://localhost:").nth(1).unwrap();
        let port = after.split('/').next().unwrap().parse().unwrap();
        let pairs = |line: &&str| line.trim().split(':').filter(|pair| !pair.is_empty()).all(is_pair);
        let fingerprint = text.lines().filter(|line| line.contains(':') && pairs(line)).map(str::trim).collect();
        let word = |label| text.split(label).nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap().to_owned();
        let gateway = place.note().unwrap()["gateway"]["id"].to_string();
        Self { port, fingerprint, gateway, password: word("Password  "), voucher: word("Voucher   ") }
    }

    /// The SHA-256 of the certificate that is served at this address, as browsers write it.
    pub fn served_at(&self, address: IpAddr) -> String {
        let name = "localhost".try_into().unwrap();
        let mut tls = rustls::ClientConnection::new(Arc::new(any_certificate()), name).unwrap();
        let mut tcp = TcpStream::connect(SocketAddr::new(address, self.port)).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, &mut tcp);
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
        let mut start = [0; 15];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200 OK");
        let certificate = &tls.peer_certificates().unwrap()[0];
        let hash = ring::digest::digest(&ring::digest::SHA256, certificate);
        hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }

    /// Whether its gateway runs. Its port says nothing: another demo may have it by now.
    pub fn is_served(&self) -> bool {
        runs(&self.gateway)
    }
}

/// Whether a process runs under this id.
pub fn runs(id: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, after)| !after.starts_with('Z'))
}

/// Whether this machine has the address at all.
pub fn has(address: IpAddr) -> bool {
    let bound = std::net::TcpListener::bind((address, 0));
    bound.map_or_else(|fault| fault.kind() == ErrorKind::AddrInUse, |_| true)
}

fn is_pair(pair: &str) -> bool {
    pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Chooses the passphrase of a fresh phone.
pub fn choose_passphrase(demo: &mut Program) {
    for question in ["New passphrase:", "The same again:"] {
        demo.stdout.wait_for(question);
        demo.write(format!("{PASSPHRASE}\r").as_bytes());
    }
}
