//! What a host does for a burn: tokens of every family on emulated links, the journal and the ledger in a vault on this disk.
//! The emulated token's own work is in it. Commands and bytes are counted beside.

use std::path::Path;

use countersign_core::app::{App, Folders};
use countersign_core::burn::{
    Credential, Dialect, Ending, Family, Hints, KeyProfile, LinkError, Met, Moving, Request, Seed, TokenDigits,
    TokenLink,
};
use countersign_core::cancel::Cancel;
use countersign_core::port::Ports;
use countersign_core::vault::{KdfCost, Vault};
use countersign_emulator::{Key, Link, Molto, Single, Still, Token};
use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Period};
use tempfile::TempDir;

use crate::bare;
use crate::report::{Goal, Table, file};
use crate::rounds::{Subject, prepared, run};

const NOW: u64 = 1_700_000_000;
const PASSPHRASE: &[u8] = b"correct horse";
/// Tokens of one round. All five hundred would only be ten rounds in one.
const TOKENS: usize = 50;
const BATCH: f64 = 500.0;

/// A kind of token: what it is called, what is asked for first, a token by number, and commands and bytes of a burn whose
/// family was expected.
struct Kind {
    name: &'static str,
    family: Family,
    token: fn(usize) -> Box<dyn Token>,
    commands: usize,
    bytes: usize,
}

fn still() -> Still {
    Still::at(NOW)
}

const KINDS: [Kind; 6] = [
    Kind {
        name: "single-profile, settings read back",
        family: Family::Single,
        token: |at| Box::new(Single::new(&format!("8659622{at:07}"), still())),
        commands: 6,
        bytes: 178,
    },
    Kind {
        name: "Molto-2, settings read back",
        family: Family::Molto2,
        token: |at| Box::new(Molto::v2(&format!("{at:014}"), still())),
        commands: 9,
        bytes: 285,
    },
    Kind {
        name: "YubiKey, a code read back",
        family: Family::Oath(Dialect::YubiKey),
        token: |at| Box::new(Key::yubikey([5, 7, 1], at as u32, still())),
        commands: 4,
        bytes: 122,
    },
    Kind {
        name: "Nitrokey 3, a code read back",
        family: Family::Oath(Dialect::Nitrokey),
        token: |at| Box::new(Key::nitrokey(at as u32, still())),
        commands: 4,
        bytes: 128,
    },
    Kind {
        name: "Token2 OTP applet, a code read back",
        family: Family::Token2Otp,
        token: |at| Box::new(Key::token2(&format!("8659000{at:07}"), still())),
        commands: 8,
        bytes: 369,
    },
    Kind {
        name: "Feitian OTP applet, a code read back",
        family: Family::Feitian,
        token: |_| Box::new(Key::feitian(still())),
        commands: 4,
        bytes: 119,
    },
];

/// The first of a Molto-2 that nothing is in.
const PROFILE: u8 = 1;

/// Burns, by family.
pub fn bench() {
    let rows = run(TOKENS, KINDS.iter().map(subject).collect());
    let mut goals = Vec::new();
    for (kind, row) in KINDS.iter().zip(&rows) {
        let seconds = row.median * BATCH / 1e9;
        goals.push(Goal::most(format!("{}: five hundred, in s, at most 5", kind.name), seconds, 5.0));
        let (commands, bytes) = counted(kind);
        let (most, name) = (kind.commands, kind.name);
        goals.push(Goal::most(format!("{name}: commands, at most {most}"), commands as f64, most as f64));
        let most = kind.bytes;
        goals.push(Goal::most(format!("{name}: bytes both ways, at most {most}"), bytes as f64, most as f64));
    }
    file(
        "burn",
        &[Table { title: "A burn, journal and ledger included".into(), unit: "ns of host time", rows, goals }],
    );
}

/// A vault that nobody burned from, and tokens that nothing is in.
fn subject(kind: &Kind) -> Subject<'_> {
    let fresh = || (Host::new(), (0..TOKENS).map(|at| Wire(Link::new((kind.token)(at)))).collect::<Vec<_>>());
    prepared(kind.name, fresh, |(host, wires)| {
        for (at, wire) in wires.iter_mut().enumerate() {
            host.burn(kind, wire, at);
        }
        let ledger = host.app.ledger(None).expect("a ledger");
        assert_eq!(ledger.len(), TOKENS, "each token stands in it once");
        ledger.len()
    })
}

/// Commands and bytes of one burn.
fn counted(kind: &Kind) -> (usize, usize) {
    let (host, mut wire) = (Host::new(), Wire(Link::new((kind.token)(7))));
    host.burn(kind, &mut wire, 7);
    (wire.0.exchanges().len(), wire.0.bytes())
}

struct Wire(Link<Box<dyn Token>>);

impl TokenLink for Wire {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, LinkError> {
        self.0.transmit(command).map_err(|_| LinkError::Lost)
    }
}

struct Host {
    app: App,
    _folder: TempDir,
}

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let ports = bare::ports(NOW);
        let private = folder.path().join("private");
        create(&private, &ports);
        let shared = folder.path().join("shared");
        let app = App::open(Folders { private, shared }, ports).expect("an app");
        app.unlock(&Secret::from_slice(PASSPHRASE), &Cancel::default()).expect("the passphrase");
        Self { app, _folder: folder }
    }

    /// One token: met, planned for, burned, recorded.
    fn burn(&self, kind: &Kind, wire: &mut Wire, at: usize) {
        let none = Cancel::default();
        let hints = Hints { reader: None, likely: Some(kind.family) };
        let Ok(Met::Token(mut found)) = self.app.meet_token(wire, hints, &none) else { panic!("it is met") };
        let request = Request { profile: PROFILE, ..Request::new(credential(at)) };
        let plan = self.app.plan_burn(&mut found, request, &KeyProfile::Vendor, &none).expect("a plan");
        let ending = self.app.burn(&mut found, &plan, &KeyProfile::Vendor, None, &none);
        assert!(matches!(ending, Ok(Ending::ProvenByLink | Ending::Written(None))), "{ending:?}");
    }
}

fn create(private: &Path, ports: &Ports) {
    std::fs::create_dir(private).expect("a folder");
    let (clock, random) = (ports.clock.clone(), ports.random.clone());
    let passphrase = Secret::from_slice(PASSPHRASE);
    Vault::create(&private.join("vault.sqlite"), &passphrase, KdfCost::LEAST, None, clock, random).expect("a vault");
}

fn credential(at: usize) -> Credential {
    let mut seed = [0x5e; 20];
    seed[..8].copy_from_slice(&(at as u64 + 1).to_be_bytes());
    Credential {
        serial: None,
        issuer: "ACME".into(),
        name: format!("person {at}"),
        seed: Seed::try_from(Secret::from_slice(&seed)).expect("a seed"),
        moving: Moving::Time(Period::THIRTY),
        algorithm: Algorithm::Sha1,
        digits: TokenDigits::SIX,
    }
}
