//! The push approval: its primitives, and what one costs a gateway under load.
//!
//! The gateway runs in a process of its own (`bench serve`), so that its processor time is its own. It is told on standard
//! input which approvals to begin and to consume, as its login page would: the first factor is another subject.

mod phone;
mod server;

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use countersign_protocol::Secret;
use countersign_protocol::jose::{Claims as _, H32, Id, Jwk, SigningInput};
use countersign_protocol::push::{Message, Proof};
use countersign_protocol::seal::{self, Receiver};
use countersign_protocol::uri::EnrolLink;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};

use crate::report::{Goal, Table, file};
use crate::rounds::{Figure, run, subject};
use tempfile::TempDir;

pub use phone::Phone;
pub use server::serve;

/// Seconds that each load lasts.
const LOAD: u64 = 6;

/// Phones under load: each may answer ten times a second for long, so few of them could not keep a gateway busy.
const PHONES: usize = 64;

/// Primitives, then loads of 1, 16 and 64 sign-ins at a time.
pub fn bench() {
    file("push", &[primitives(), load()]);
}

fn primitives() -> Table {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
    let ring = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).expect("its key");
    let rust = SigningKey::from_slice(H32::sha256(&[b"bench"]).as_bytes()).expect("a scalar");
    let jwk = Jwk::from_sec1(ring.public_key().as_ref()).expect("a point");
    let proof: Proof = serde_json::from_value(serde_json::json!({
        "htm": "POST", "htu": "https://gate.example.com/push/v1/poll", "bh": H32::sha256(&[b"{}"]).to_string(),
        "jti": Id::from_bytes([1; 16]).to_string(), "nonce": "n0", "iat": 1_795_260_000u64,
    }))
    .expect("a proof");
    let input = SigningInput::of(jwk.thumbprint(), &proof).expect("claims that fit");
    let sign =
        || -> [u8; 64] { ring.sign(&random, input.as_bytes()).expect("signed").as_ref().try_into().expect("64 bytes") };
    let signature = sign();
    let jws = SigningInput::of(jwk.thumbprint(), &proof).expect("claims that fit").attach(signature);
    let bare = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, ring.public_key().as_ref().to_vec());
    let receiver = Receiver::new(&Secret::from_slice(H32::sha256(&[b"receiver"]).as_bytes()), Id::from_bytes([3; 16]))
        .expect("a scalar");
    let sender = Secret::from_slice(H32::sha256(&[b"sender"]).as_bytes());
    let body = seal::seal(receiver.public(), &[b'a'; 700], &sender, &[4; 16]).expect("a body");
    let rows = run(
        50,
        vec![
            subject("a proof read, checked and verified", || {
                (0..50).filter(|_| Message::<Proof>::parse(&jws).expect("form").verify(&jwk).is_ok()).count()
            }),
            subject("a proof read and checked for form", || {
                (0..50).filter(|_| Message::<Proof>::parse(&jws).is_ok()).count()
            }),
            subject("ring 0.17: verify", || {
                (0..50).filter(|_| bare.verify(input.as_bytes(), &signature).is_ok()).count()
            }),
            subject("ring 0.17: sign", || (0..50).map(|_| usize::from(sign()[0])).sum::<usize>()),
            subject("RustCrypto p256: sign", || {
                let sign = |_| -> p256::ecdsa::Signature { rust.sign(input.as_bytes()) };
                (0..50).map(sign).map(|it| usize::from(it.to_bytes()[0])).sum::<usize>()
            }),
            subject("a body sealed (RFC 8291)", || {
                (0..50)
                    .map(|_| seal::seal(receiver.public(), &[b'a'; 700], &sender, &[4; 16]).expect("a body").len())
                    .sum::<usize>()
            }),
            subject("a body opened", || {
                (0..50).map(|_| seal::open(&receiver, &body).expect("opened").len()).sum::<usize>()
            }),
        ],
    );
    let goals = vec![Goal::most(
        format!("{} verified to ring's bare verify, at most 1.3", Proof::TYP.as_str()),
        1.0 / rows[2].ratio,
        1.3,
    )];
    Table { title: "Primitives".into(), unit: "ns each", rows, goals }
}

fn load() -> Table {
    let server = Server::start();
    let phones: Vec<Mutex<Phone>> = (0..PHONES).map(|n| Mutex::new(server.enrolled(n))).collect();
    let mut rows = Vec::new();
    let mut goals = Vec::new();
    let mut ours = None;
    for (at_a_time, name) in [(1, "1 at a time"), (16, "16 at a time"), (64, "64 at a time")] {
        let outcome = server.under(&phones, at_a_time);
        let cost = outcome.cpu.as_secs_f64() * 1e9 / outcome.cycles as f64;
        let own = *ours.get_or_insert(cost);
        rows.push(Figure { name, median: cost, least: cost, ratio: cost / own });
        goals.push(Goal::most(format!("{name}: milliseconds of processor a cycle, at most 1.25 ({:.0} cycles a second; p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms)",
            outcome.cycles as f64 / outcome.took.as_secs_f64(), outcome.at(50), outcome.at(95), outcome.at(99)), cost / 1e6, 1.25));
    }
    Table {
        title: "A cycle (begin, poll, answer, consume) over HTTPS on SQLite, the load program on the same cores".into(),
        unit: "ns of the gateway's processor time a cycle",
        rows,
        goals,
    }
}

/// What a load came to.
struct Outcome {
    cycles: usize,
    took: Duration,
    cpu: Duration,
    /// Milliseconds each, sorted.
    times: Vec<f64>,
}

impl Outcome {
    fn at(&self, percent: usize) -> f64 {
        self.times[(self.times.len() * percent / 100).min(self.times.len() - 1)]
    }
}

/// A process with the gateway of this folder, which says where it listens and is told on its standard input what to do.
pub fn serving(folder: &Path) -> Child {
    let program = std::env::current_exe().expect("this program");
    let mut command = Command::new(program);
    command.arg("serve").arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the gateway starts")
}

/// The gateway's process.
pub struct Server {
    _folder: TempDir,
    child: Child,
    stdin: Mutex<ChildStdin>,
    waiting: Arc<Mutex<HashMap<usize, mpsc::Sender<String>>>>,
    /// Where it listens.
    pub address: std::net::SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Server {
    /// One that knows nobody.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = serving(&folder.path().join("gateway"));
        let stdin = Mutex::new(child.stdin.take().expect("a pipe"));
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let address = lines.next().expect("a line").expect("its address").parse().expect("an address");
        let waiting: Arc<Mutex<HashMap<usize, mpsc::Sender<String>>>> = Arc::default();
        let told = waiting.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let (number, said) = line.split_once(' ').expect("number and words");
                let number = number.parse().expect("a number");
                if let Some(waits) = told.lock().expect("no panic").remove(&number) {
                    let _heard = waits.send(said.to_owned());
                }
            }
        });
        Self { _folder: folder, child, stdin, waiting, address }
    }

    /// Has the gateway do something for person `number`; what it said.
    pub fn ask(&self, number: usize, words: &str) -> String {
        let (tell, hear) = mpsc::channel();
        self.waiting.lock().expect("no panic").insert(number, tell);
        let line = format!("{words} {number}\n");
        self.stdin.lock().expect("no panic").write_all(line.as_bytes()).expect("the gateway listens");
        hear.recv().expect("it answers")
    }

    fn enrolled(&self, number: usize) -> Phone {
        let link = EnrolLink::parse(&self.ask(number, "person")).expect("a link");
        let mut phone = Phone::new(self.address, number);
        let digits = phone.enrol(&link);
        assert_eq!(self.ask(number, &format!("confirm {digits}")), "Active");
        phone
    }

    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("its figures");
        let fields: Vec<&str> = stat.rsplit(") ").next().expect("fields").split(' ').collect();
        let ticks: u64 = [fields[11], fields[12]].iter().map(|it| it.parse::<u64>().expect("ticks")).sum();
        Duration::from_millis(ticks * 10)
    }

    /// Sign-ins one after the other on each of `at_a_time` threads, which share the phones out among them.
    fn under(&self, phones: &[Mutex<Phone>], at_a_time: usize) -> Outcome {
        let stop = AtomicBool::new(false);
        let (before, start) = (self.cpu(), Instant::now());
        let mut times: Vec<f64> = std::thread::scope(|scope| {
            let cycles: Vec<_> = (0..at_a_time)
                .map(|first| {
                    let stop = &stop;
                    scope.spawn(move || {
                        let mut times = Vec::new();
                        for n in (first..phones.len()).step_by(at_a_time).cycle() {
                            if stop.load(Ordering::Relaxed) {
                                break;
                            }
                            let mut phone = phones[n].lock().expect("no panic");
                            let start = Instant::now();
                            let digits = self.ask(n, "begin");
                            phone.approve(&digits);
                            assert_eq!(self.ask(n, "consume"), "true");
                            times.push(start.elapsed().as_secs_f64() * 1e3);
                        }
                        times
                    })
                })
                .collect();
            std::thread::sleep(Duration::from_secs(LOAD));
            stop.store(true, Ordering::Relaxed);
            cycles.into_iter().flat_map(|it| it.join().expect("a whole load")).collect()
        });
        let (cpu, took) = (self.cpu() - before, start.elapsed());
        times.sort_by(f64::total_cmp);
        Outcome { cycles: times.len(), took, cpu, times }
    }
}
