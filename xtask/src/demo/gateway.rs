//! The demo's gateway: the built program, on a port that is free, with a log in a file.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use countersign_strings::{fill, text};

use super::process;
use crate::{Fallible, child, repo};

/// The first port that is tried, and how many after it.
const PORT: u16 = 8443;
const PORTS: u16 = 100;

/// How long it may take to start, and to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// A gateway that serves. Dropping it ends it.
pub struct Gateway {
    /// `https://localhost:PORT`.
    pub url: String,
    /// SHA-256 of its certificate, as browsers show it.
    pub fingerprint: String,
    /// Its log.
    pub log: PathBuf,
    /// Its data folder.
    pub data: PathBuf,
    /// The addresses it listens on.
    pub listen: Vec<String>,
    child: Child,
}

impl Gateway {
    /// Starts it below `folder` and waits until it serves.
    pub fn start(folder: &Path, stopped: &AtomicBool) -> Fallible<Self> {
        let (mut first, mut last) = (PORT, None);
        loop {
            let (port, listen) = free_port(first)?;
            let started = Self::start_at(port, &listen, folder, stopped);
            // Somebody else may have taken it between our look and the gateway's, or looked at it in that moment.
            let is_no_neighbour = last == Some(port) && addresses(port).is_some();
            if started.is_ok() || stopped.load(Ordering::Relaxed) || is_no_neighbour {
                return started;
            }
            (first, last) = (port, Some(port));
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    fn start_at(port: u16, listen: &[String], folder: &Path, stopped: &AtomicBool) -> Fallible<Self> {
        let (data, log) = (folder.join("gateway"), folder.join("gateway.log"));
        let log_file = File::create(&log).map_err(|fault| format!("{}: {fault}", log.display()))?;
        let mut command = program(&data);
        command.args(["serve", "--sample-app", "true", "--name", "Countersign demo"]);
        command.args(listen.iter().flat_map(|address| ["--listen", address]));
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .map_err(|fault| child::not_started("countersign-gateway", &fault))?;
        let said = lines(&mut child);
        let mut gateway = Self {
            url: format!("https://localhost:{port}"),
            fingerprint: String::new(),
            log,
            data,
            listen: listen.to_vec(),
            child,
        };
        gateway.fingerprint = gateway.wait_for_fingerprint(&said, stopped)?;
        Ok(gateway)
    }

    /// Makes a person who can sign in; their voucher.
    pub fn add_person(&self, name: &str, password: &str) -> Fallible<String> {
        let mut command = program(&self.data);
        command.args(["user", "add", name, "--password-stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|fault| fault.to_string())?;
        if let Some(mut pipe) = child.stdin.take() {
            writeln!(pipe, "{password}").map_err(|fault| fault.to_string())?;
        }
        let output = child.wait_with_output().map_err(|fault| fault.to_string())?;
        if !output.status.success() {
            return Err(fill("demo.not_added", &[("name", name), ("log", &self.log.display().to_string())]));
        }
        let said = String::from_utf8_lossy(&output.stdout);
        let voucher = said.split_whitespace().next_back().map(str::to_owned);
        voucher.ok_or_else(|| text("demo.no_voucher").to_owned())
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) {
        process::signal("-TERM", self.child.id());
        let asked = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && asked.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn wait_for_fingerprint(&mut self, said: &Receiver<String>, stopped: &AtomicBool) -> Fallible<String> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE && !stopped.load(Ordering::Relaxed) {
            match said.recv_timeout(Duration::from_millis(100)) {
                Ok(line) => {
                    if let Some(fingerprint) = line.split_whitespace().find(|word| is_fingerprint(word)) {
                        return Ok(fingerprint.to_owned());
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        Err(fill("demo.gateway_ended", &[("log", log.trim_end())]))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _may_have_ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// The gateway's program on this data, with no setting of the caller's own environment.
fn program(data: &Path) -> Command {
    let mut command = Command::new(repo::built("countersign-gateway"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("COUNTERSIGN_")) {
        command.env_remove(name);
    }
    command.arg("--data").arg(data);
    command
}

/// Every line it says, as long as somebody listens; read to the end, so that it is never held up by a full pipe.
fn lines(child: &mut Child) -> Receiver<String> {
    let (tell, told) = channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _nobody_listens = tell.send(line);
            }
        });
    }
    told
}

/// Thirty-two pairs of hexadecimal digits with colons between them.
fn is_fingerprint(word: &str) -> bool {
    let is_pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
    word.split(':').count() == 32 && word.split(':').all(is_pair)
}

/// The first port from `first` on that is free on every loopback address there is, with those addresses.
fn free_port(first: u16) -> Fallible<(u16, Vec<String>)> {
    let last = PORT + PORTS - 1;
    let found = (first..=last).find_map(|port| addresses(port).map(|addresses| (port, addresses)));
    found.ok_or_else(|| fill("demo.no_port", &[("first", &PORT.to_string()), ("last", &last.to_string())]))
}

/// The loopback addresses with this port, when it is free on all of them.
fn addresses(port: u16) -> Option<Vec<String>> {
    let has_v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
    if has_v6 {
        TcpListener::bind((Ipv6Addr::LOCALHOST, port)).ok()?;
    }
    let v6 = has_v6.then(|| format!("[::1]:{port}"));
    Some([format!("127.0.0.1:{port}")].into_iter().chain(v6).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_passed_over() {
        // Demos that run meanwhile take some of them.
        let take = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok().map(|taken| (port, taken));
        let (port, _taken) = (PORT..PORT + PORTS).find_map(take).unwrap();
        assert_ne!(free_port(port).unwrap().0, port);
    }

    #[test]
    fn a_fingerprint_is_known_by_its_form() {
        assert!(is_fingerprint(&["AB"; 32].join(":")));
        assert!(
            !is_fingerprint(&["AB"; 31].join(":"))
                && !is_fingerprint("12:34")
                && !is_fingerprint(&["xy"; 32].join(":"))
        );
    }
}
