//! The list of ten thousand rows, as a shell asks for it.

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use countersign_bindings::UniFfiTag;
use countersign_core::system::{SystemClock, SystemRandom};
use countersign_core::vault::{Codes, Details, KdfCost, Kind, NewAccount, Vault, VaultKey};
use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Counter, Digits, Period};
use uniffi::Lower;

use crate::codes::{NOW, seeds, theirs};
use crate::jvm::Jvm;
use crate::report::{Goal, Table, file};
use crate::rounds::{prepared, run, subject, timed};

const ROWS: u64 = 10_000;
/// What a window of a phone shows, and what is scrolled soon.
const WINDOW: usize = 50;

/// Codes at the first call, a second later, at a period's end, with a search, and through the bindings.
pub fn bench() {
    file("list", &[list(), in_kotlin()]);
}

/// 90 % of them with thirty seconds, the rest with others, and some that are counted.
fn kind(n: u64) -> Kind {
    let period = |seconds| Kind::Totp(Period::try_from(seconds).expect("a period"));
    match n % 40 {
        0 => period(15),
        1 => period(60),
        2 => period(120),
        3 => Kind::Hotp(Counter::ZERO),
        _ => period(30),
    }
}

fn account(n: u64, seed: &[u8]) -> NewAccount {
    NewAccount {
        issuer: format!("Issuer {}", n % 200),
        name: format!("alice{n}@example.com"),
        note: String::new(),
        kind: kind(n),
        algorithm: Algorithm::Sha1,
        digits: Digits::SIX,
        secret: Secret::from_slice(seed),
        pin: None,
        origin: None,
        details: Details::default(),
    }
}

fn filled(path: &Path, seeds: &[[u8; 20]]) -> Vault {
    let cost = KdfCost::new(19_456, 2, 1).expect("the least cost");
    let (clock, random) = (Arc::new(SystemClock::new()), Arc::new(SystemRandom::new()));
    let mut vault =
        Vault::create(path, &Secret::from_slice(b"correct horse"), cost, None, clock, random).expect("a vault");
    let accounts: Vec<NewAccount> = seeds.iter().enumerate().map(|(n, seed)| account(n as u64, seed)).collect();
    assert!(vault.add_all(&accounts).expect("they are saved").iter().all(Result::is_ok), "each of them");
    vault
}

/// Its names open, its seeds sealed.
fn opened(path: &Path, key: &VaultKey) -> Vault {
    let mut vault =
        Vault::open(path, Arc::new(SystemClock::new()), Arc::new(SystemRandom::new())).expect("the vault opens");
    vault.unlock_with(key).expect("the key fits");
    vault.accounts().expect("the list");
    vault
}

fn list() -> Table {
    let folder = tempfile::tempdir().expect("a folder");
    let seeds = seeds(ROWS);
    let path = |name: &str| folder.path().join(name);
    let mut kept = filled(&path("kept"), &seeds);
    let key: VaultKey = kept.key().expect("it is unlocked");
    kept.checkpoint().expect("the log is written back");
    // One file each: who sees that another wrote reads all of it again.
    let copied = |name: &str| {
        std::fs::copy(path("kept"), path(name)).expect("a copy");
        opened(&path(name), &key)
    };
    let (mut moving, mut now) = (copied("moving"), NOW);
    let mut searching = copied("searching");
    drop(copied("first"));
    let all = kept.codes(NOW).expect("codes");
    moving.codes(now).expect("codes");
    let window = || Codes { rows: all.rows[..WINDOW].into(), ..all.clone() };
    let theirs: Vec<totp_rs::Totp> = seeds.iter().map(theirs).collect();
    let rows = run(
        1,
        vec![
            subject("a bare loop over totp-rs", || {
                theirs.iter().map(|it| it.generate(NOW).to_string().len()).sum::<usize>()
            }),
            prepared(
                "the first call: code and next code",
                || opened(&path("first"), &key),
                |vault| vault.codes(NOW).expect("codes").rows.len(),
            ),
            subject("across the end of a period", || {
                now += 30;
                moving.codes(now).expect("codes").rows.len()
            }),
            subject("a second later", || kept.codes(NOW + 1).expect("codes").rows.len()),
            subject("searched for a name", || searching.search("alice77").expect("found").len()),
            subject("all rows through the bindings", || lowered(all.clone())),
            subject("a window of 50 through the bindings", || lowered(window())),
        ],
    );
    let goals = vec![
        Goal::most("the first call to the loop, at most 2.3", rows[1].ratio, 2.3),
        Goal::most("a period's end to the loop, at most 1.3", rows[2].ratio, 1.3),
        Goal::most("a period's end, at most 4 ms", rows[2].least / 1e6, 4.0),
        Goal::most("a second later, at most 50 µs", rows[3].least / 1e3, 50.0),
        Goal::most("a search, at most 2 ms", rows[4].least / 1e6, 2.0),
        Goal::most("all rows through the bindings, at most 16 ms", rows[5].least / 1e6, 16.0),
        Goal::most("a window of 50 through the bindings, at most 1 ms", rows[6].least / 1e6, 1.0),
    ];
    Table {
        title: "A list of 10,000 accounts in the vault".into(),
        unit: "ns for all; «ours» is the loop of the peer here",
        rows,
        goals,
    }
}

/// What the generated code in Rust does with the rows.
fn lowered(codes: Codes) -> usize {
    let buffer = <countersign_bindings::Codes as Lower<UniFfiTag>>::lower_into_rust_buffer(codes.into());
    buffer.destroy_into_vec().len()
}

/// The same rows as the Android app has them: the core, its buffer, JNA, and objects of Kotlin.
fn in_kotlin() -> Table {
    let folder = tempfile::tempdir().expect("a folder");
    let mut vault = filled(&folder.path().join("kept"), &seeds(ROWS));
    let all = vault.codes(NOW).expect("codes");
    let window = || Codes { rows: all.rows[..WINDOW].into(), ..all.clone() };
    let jvm = RefCell::new(Jvm::of_list(&folder.path().join("phone"), ROWS, WINDOW, NOW));
    let jvm = &jvm;
    let asked = |name: &'static str| move || jvm.borrow_mut().ask(name);
    let rows = run(
        1,
        vec![
            subject("all rows, the Rust half: lowered into a buffer", || lowered(all.clone())),
            timed("all rows, the whole way: the core, the buffer, JNA, Kotlin", asked("all")),
            timed("all rows, the Kotlin half: lifted out of the buffer", asked("lift")),
            subject("a window of 50, the Rust half", || lowered(window())),
            timed("a window of 50, the whole way", asked("window")),
            timed("a window of 50, the Kotlin half", asked("lift-window")),
        ],
    );
    let goals = vec![
        Goal::most("all rows, the whole way, at most 16 ms", rows[1].median / 1e6, 16.0),
        Goal::most("a window of 50, the whole way, at most 1 ms", rows[4].median / 1e6, 1.0),
    ];
    Table { title: "The same rows in Kotlin on a JVM".into(), unit: "ns; «ours» is the Rust half", rows, goals }
}
