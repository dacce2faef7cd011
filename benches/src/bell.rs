//! How long a notification extension takes from a bell to its text, and how much memory.
//!
//! It is a process of its own, which opens the enrolments, opens the sealed body, verifies what is in it, leaves it for the app
//! and ends: no vault, no network. The keystore seals nothing here: what the platform's takes is not in the figure.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_core::app::{App, Folders, Inbox, Note, Phone};
use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::net::Net;
use countersign_core::port::{Clock, Guard, KeyName, Keystore, Level, Ports, Prompt, Purpose};
use countersign_core::system::{SystemClock, SystemRandom};
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Jwk};
use countersign_protocol::push::Os;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};

use crate::bare;
use crate::push::Server;
use crate::report::{Goal, Table};
use crate::rounds::{run, subject};

/// An enrolled phone's extension, by process.
pub fn table() -> Table {
    let (server, home) = (Server::start(), tempfile::tempdir().expect("a folder"));
    enrolled(&server, home.path());
    let body = server.ask(0, "bell");
    let program = std::env::current_exe().expect("this program");
    let rung = || rung(Command::new(&program).arg("ring").arg(home.path()), &body);
    let mut most = 0;
    let rows = run(
        1,
        vec![
            subject("its process, from its start to its end", || most = most.max(rung())),
            subject("a program that does nothing", || rung_true()),
        ],
    );
    let goals = vec![
        Goal::most("from the bell to its text, in ms, at most 100", rows[0].median / 1e6, 100.0),
        Goal::most("most memory of its process at once, in MB, at most 12", most as f64 / 1e6, 12.0),
    ];
    Table { title: "A notification extension, from the bell to its text".into(), unit: "ns", rows, goals }
}

fn rung_true() -> bool {
    Command::new("true").status().expect("it starts").success()
}

/// Has a process take the bell; the most memory that it held.
fn rung(command: &mut Command, body: &str) -> u64 {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    child.stdin.take().expect("a pipe").write_all(body.as_bytes()).expect("it listens");
    let said = child.wait_with_output().expect("it ends").stdout;
    let said = String::from_utf8(said).expect("text");
    let (text, most) = said.trim_end().rsplit_once(' ').expect("two words");
    assert_eq!(text, "Demo shop", "verified, and told");
    most.parse().expect("a number")
}

/// The extension: says who asks, and how much memory it took.
pub fn ring(home: &Path) {
    let mut body = String::new();
    std::io::stdin().read_to_string(&mut body).expect("a body");
    let body = URL_SAFE_NO_PAD.decode(body).expect("base64url");
    let clock = SystemClock::new();
    let ports = bare::ports(clock.now());
    let inbox = Inbox::open(home, ports.clock, ports.random, ports.keystore).expect("enrolments");
    let Note::Asks { app, .. } = inbox.bell(&body) else { panic!("not verified") };
    let status = std::fs::read_to_string("/proc/self/status").expect("its figures");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the most memory");
    let kilobytes: u64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
    println!("{app} {}", kilobytes * 1024);
}

/// Enrols the phone of this folder at the gateway, to its end.
fn enrolled(server: &Server, home: &Path) {
    let ports = Ports {
        clock: Arc::new(SystemClock::new()),
        random: Arc::new(SystemRandom::new()),
        keystore: Arc::new(Keys::default()),
        http: Arc::new(Net::new(Vec::new, Arc::new(SystemClock::new()))),
    };
    let folders = Folders { private: home.join("private"), shared: home.to_owned() };
    std::fs::create_dir(&folders.private).expect("a folder");
    let app = App::open(folders, ports).expect("a phone");
    let offer = app.enrol_offer(&server.ask(0, "person")).expect("a link");
    let phone = Phone { os: Os::Linux, model: "Bench".into(), app: "bench".into() };
    let enrolling = app.enrol(&offer, &phone, &Cancel::default()).expect("enrolled");
    assert_eq!(server.ask(0, &format!("confirm {}", enrolling.digits)), "Active");
    app.poll(enrolling.id, 0, &Cancel::default()).expect("it hears of it");
}

/// Keys in memory. Secrets lie as they are, so that the extension reads them without a keystore.
#[derive(Default)]
struct Keys(Mutex<BTreeMap<KeyName, SigningKey>>);

impl Keys {
    fn sign(&self, name: &KeyName, input: &[u8]) -> Result<Vec<u8>, PortError> {
        let keys = self.0.lock().expect("no panic");
        let signature: Signature = keys.get(name).ok_or(PortError::KeyGone)?.sign(input);
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

impl Keystore for Keys {
    fn level(&self) -> Level {
        Level::Software
    }

    fn generate(&self, _: Purpose, name: &KeyName, _: &Cancel) -> Result<Jwk, PortError> {
        let key = SigningKey::from_slice(H32::sha256(&[name.as_str().as_bytes()]).as_bytes()).expect("a scalar");
        let jwk = Jwk::from_sec1(key.verifying_key().to_sec1_point(false).as_bytes()).expect("a point");
        self.0.lock().expect("no panic").insert(name.clone(), key);
        Ok(jwk)
    }

    fn sign_approval(&self, name: &KeyName, _: &Prompt, input: &[u8], _: &Cancel) -> Result<Vec<u8>, PortError> {
        self.sign(name, input)
    }

    fn sign_proof(&self, name: &KeyName, input: &[u8]) -> Result<Vec<u8>, PortError> {
        self.sign(name, input)
    }

    fn wrap(&self, _: Guard, secret: &Secret, _: &Cancel) -> Result<Vec<u8>, PortError> {
        Ok(secret.expose().to_vec())
    }

    fn unwrap(&self, _: Guard, sealed: &[u8], _: &Cancel) -> Result<Secret, PortError> {
        Ok(Secret::from_slice(sealed))
    }

    fn delete(&self, name: &KeyName) -> Result<(), PortError> {
        self.0.lock().expect("no panic").remove(name);
        Ok(())
    }

    fn list(&self) -> Result<Vec<KeyName>, PortError> {
        Ok(self.0.lock().expect("no panic").keys().cloned().collect())
    }
}
