//! A decoy under what happens to files: killed at any moment while one is set up, used or ended, there is the vault as it was or
//! as it becomes, and nothing that was acknowledged beneath it is lost.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use countersign_core::error::{Error, InputError};
use countersign_core::port::Clock as _;
use countersign_core::system::SystemClock;
use countersign_core::vault::{AccountId, Decoy, Edit, KdfCost, Lifted, NewAccount, Vault, VaultKey};
use countersign_protocol::Secret;
use countersign_protocol::jose::H32;
use countersign_tests::double::SeededRandom;

use super::crash::Recorded;
use super::disk::Saboteur;
use super::{effort, quick_folder, story, trace};

const SEED: u64 = 0x6475_7265_7373;
const KEPT: [AccountId; 2] = [AccountId(1), AccountId(2)];

pub fn decoy_passphrase() -> Secret {
    Secret::from_slice(b"battery staple")
}

/// The same keys each time.
pub fn decoy() -> Decoy {
    Decoy::prepare(&story::passphrase(), &decoy_passphrase(), KdfCost::LEAST, &SeededRandom::new(SEED + 2)).unwrap()
}

/// The keys of the story, one after the other; those of the decoy and of the vault beneath it go together.
struct Keys {
    before: VaultKey,
    shown: VaultKey,
    hidden: VaultKey,
    after: VaultKey,
}

/// A vault is made and filled, hidden, changed in `steps` steps beneath its decoy, and made an ordinary one again.
fn tell(folder: &Path, steps: u64, mut said: impl FnMut(&mut Vault)) -> Result<Keys, Error> {
    let mut vault = story::create(folder, SEED)?;
    said(&mut vault);
    let accounts: Vec<NewAccount> = (1..=8).map(story::account).collect();
    vault.add_all(&accounts)?;
    said(&mut vault);
    let before = vault.key()?;
    vault.hide(&decoy(), &KEPT)?;
    said(&mut vault);
    let hidden = vault.key()?;
    let shown = vault.lockbox().open(&decoy_passphrase())?;
    for n in 1..=steps {
        match n % 5 {
            3 => vault
                .edit(AccountId(1 + n % 8), &Edit { note: Some("x".repeat(n as usize * 20)), ..Edit::default() })?,
            4 => drop(vault.next_hotp(AccountId(3))?),
            _ => drop(vault.add(&story::account(100 + n)).map(|id| id.0)?),
        }
        said(&mut vault);
        if n % 8 == 0 {
            vault.lock();
            vault.unlock_with(&hidden)?;
        } else if n == 5 {
            vault.change_passphrase(&story::passphrase(), &story::passphrase(), KdfCost::LEAST)?;
        }
    }
    vault.lift(&Lifted::prepare(&story::passphrase(), KdfCost::LEAST, &SeededRandom::new(SEED + 1))?)?;
    let after = vault.key()?;
    said(&mut vault);
    Ok(Keys { before, shown, hidden, after })
}

#[test]
#[ignore = "the writer that the suite starts"]
fn writer() {
    let folder = story::child_folder().expect("started by the suite");
    let steps: u64 = std::env::var("COUNTERSIGN_TEST_STEPS").unwrap().parse().unwrap();
    let mut acknowledged = std::fs::File::create(folder.join("acknowledged")).unwrap();
    let mut word: &[u8] = b"0";
    tell(&folder, steps, |_| {
        acknowledged.write_all(word).unwrap();
        word = b"+";
    })
    .unwrap();
}

/// What the vault holds, and whether it is hidden.
fn content(vault: &mut Vault) -> Result<H32, Error> {
    let hidden = [u8::from(vault.is_hidden()?)];
    Ok(H32::sha256(&[&hidden, story::content(vault)?.as_bytes()]))
}

/// Where in the story a folder stands.
fn place(keys: &Keys, contents: &[H32], folder: &Path) -> Result<usize, String> {
    for key in [&keys.hidden, &keys.before, &keys.after] {
        let mut vault = match story::unlock(folder, key) {
            Err(Error::Input(InputError::WrongPassphrase)) => continue,
            opened => opened.map_err(|error| format!("does not open: {error}"))?,
        };
        let damage = &vault.report().unwrap().damage;
        if !damage.is_empty() {
            return Err(format!("damaged: {damage:?}"));
        }
        let found = content(&mut vault).map_err(|error| format!("cannot be read: {error}"))?;
        if vault.is_hidden().unwrap() {
            drop(vault);
            let mut shown = story::unlock(folder, &keys.shown).map_err(|error| format!("the decoy: {error}"))?;
            if (shown.accounts().unwrap().len(), shown.report().unwrap().damage.len()) != (KEPT.len(), 0) {
                return Err("the decoy is damaged".into());
            }
        }
        // The last that fits: the end leaves what was there.
        return contents.iter().rposition(|content| *content == found).ok_or_else(|| "holds what it never held".into());
    }
    Err("no key of the story opens it".into())
}

#[test]
fn a_decoy_that_is_cut_off_anywhere_leaves_the_vault_or_the_new_one_and_loses_nothing() {
    let steps = effort(20, 400) as u64;
    let model = quick_folder();
    let mut contents = vec![];
    let keys = tell(model.path(), steps, |vault| contents.push(content(vault).unwrap())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let ops = trace::record("vault::duress::writer", folder.path(), steps);
    let recorded = Recorded { ops, place: Box::new(move |folder| place(&keys, &contents, folder)) };
    let outcome = recorded.crash(Saboteur::None, 0, effort(1, 6));
    println!("{} crash points, {} states", outcome.points, outcome.states);
    assert!(outcome.unusable.is_empty(), "{} unusable, the first: {}", outcome.unusable.len(), outcome.unusable[0]);
    assert_eq!(outcome.lost, 0, "of {} states", outcome.states);
    assert!(outcome.points >= 400, "{outcome:?}");
    let early = recorded.crash(Saboteur::None, 1, 0);
    assert!(early.lost > 20, "who acknowledges before the commit is found out: {}", early.lost);
}

/// How long an unlock took that ended as it should.
fn timed(folder: &Path, passphrase: &Secret, opens: bool) -> Duration {
    let mut vault = story::open(folder).unwrap();
    let clock = SystemClock::new();
    let begun = clock.monotonic();
    let opened = vault.unlock(passphrase);
    let took = clock.monotonic() - begun;
    assert_eq!(opened.is_ok(), opens);
    took
}

/// Mann and Whitney's test: how many standard deviations the ranks of two samples are apart.
fn apart(one: &[Duration], two: &[Duration]) -> f64 {
    let mut all: Vec<(Duration, bool)> = one.iter().map(|time| (*time, true)).collect();
    all.extend(two.iter().map(|time| (*time, false)));
    all.sort();
    let ranks: f64 = (1..).zip(&all).filter(|(_, (_, first))| *first).map(|(rank, _)| f64::from(rank)).sum();
    let (n, m) = (one.len() as f64, two.len() as f64);
    (ranks - n * (n + m + 1.0) / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

/// A vault with two accounts, and a decoy with the same two above many: time tells neither one from the other, nor a wrong
/// passphrase of the one from that of the other. The long form measures; the short one sees that it can.
#[test]
fn no_time_tells_a_decoy_from_a_vault() {
    let (plain, with) = (quick_folder(), quick_folder());
    let two: Vec<NewAccount> = (1..=2).map(story::account).collect();
    let mut vault = story::create(plain.path(), 1).unwrap();
    vault.add_all(&two).unwrap();
    drop(vault);
    let mut vault = story::create(with.path(), 2).unwrap();
    vault.add_all(&two).unwrap();
    let many: Vec<NewAccount> = (10..200).map(|n| NewAccount { note: String::new(), ..story::account(n) }).collect();
    vault.add_all(&many).unwrap();
    vault.hide(&decoy(), &KEPT).unwrap();
    drop(vault);
    let wrong = Secret::from_slice(b"neither of them");
    let arms = [
        ("a vault, right", &plain, story::passphrase(), true),
        ("a decoy, right", &with, decoy_passphrase(), true),
        ("a vault, wrong", &plain, wrong.clone(), false),
        ("a decoy, wrong", &with, wrong, false),
    ];
    let mut times = [const { vec![] }; 4];
    for round in 0..effort(3, 1_000) {
        // Each goes first as often as the others.
        for n in 0..arms.len() {
            let arm = (n + round) % arms.len();
            let (_, folder, passphrase, opens) = &arms[arm];
            times[arm].push(timed(folder.path(), passphrase, *opens));
        }
    }
    for (one, two) in [(0, 1), (2, 3)] {
        let (z, [median, other]) = (
            apart(&times[one], &times[two]),
            [one, two].map(|arm| {
                let mut sorted = times[arm].clone();
                sorted.sort();
                sorted[sorted.len() / 2]
            }),
        );
        println!("{} {median:?}, {} {other:?}: z {z:.2} of {}", arms[one].0, arms[two].0, times[one].len());
        assert!(effort(1, 0) == 1 || z.abs() < 3.0, "{} and {} are told apart: z {z}", arms[one].0, arms[two].0);
    }
    let far: Vec<Duration> = times[0].iter().map(|time| *time + Duration::from_secs(1)).collect();
    assert!(apart(&times[0], &far) < -1.9, "the test tells what differs");
}
