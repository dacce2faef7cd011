//! P12: a vault of format 1 comes over whole, whenever the program that brings it over is killed.
//!
//! The fixtures were made by the program of format 1: ten accounts of every kind, one of them deleted, a long note and a
//! short one, an account of an enrolment, a slot of a keystore; and the same with one more account in its log, as a
//! killed program leaves it. The passphrase is «correct horse»; the keystore turns round what it wraps.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError, PortError};
use countersign_core::port::{Guard, KeyName, Keystore, Level, Prompt, Purpose};
use countersign_core::vault::{AccountId, Edit, Kind, Vault, VaultKey};
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Jwk};

use super::disk::{self, Dice, Disk, Left, Saboteur};
use super::trace::{self, Op};
use super::{effort, quick_folder, story};

fn fixture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/vault-1").join(name)).unwrap()
}

/// Puts the vault of format 1 into a folder, with what stands in its log if `killed`.
fn put(folder: &Path, killed: bool) -> PathBuf {
    let path = folder.join(story::NAME);
    if killed {
        fs::write(&path, fixture("killed.sqlite")).unwrap();
        fs::write(folder.join("vault.db-wal"), fixture("killed.sqlite-wal")).unwrap();
    } else {
        fs::write(&path, fixture("vault.sqlite")).unwrap();
    }
    path
}

fn key() -> VaultKey {
    let folder = quick_folder();
    put(folder.path(), false);
    let vault = story::open(folder.path()).unwrap();
    vault.lockbox().open(&story::passphrase()).unwrap()
}

/// The format that a file names: on its first page, and at the head of its headers.
fn formats(bytes: &[u8]) -> (u32, Vec<u16>) {
    let page = u32::from_be_bytes(bytes[60..64].try_into().unwrap());
    let starts = (0..bytes.len() - 10).filter(|at| bytes[*at..].starts_with(b"CSVH"));
    (page, starts.map(|at| u16::from_be_bytes(bytes[at + 8..at + 10].try_into().unwrap())).collect())
}

/// The keystore of the fixture.
struct Turns;

impl Keystore for Turns {
    fn level(&self) -> Level {
        Level::Software
    }
    fn generate(&self, _: Purpose, _: &KeyName, _: &Cancel) -> Result<Jwk, PortError> {
        Err(PortError::Unavailable)
    }
    fn sign_approval(&self, _: &KeyName, _: &Prompt, _: &[u8], _: &Cancel) -> Result<Vec<u8>, PortError> {
        Err(PortError::KeyGone)
    }
    fn sign_proof(&self, _: &KeyName, _: &[u8]) -> Result<Vec<u8>, PortError> {
        Err(PortError::KeyGone)
    }
    fn wrap(&self, _: Guard, secret: &Secret, _: &Cancel) -> Result<Vec<u8>, PortError> {
        Ok(secret.expose().iter().rev().copied().collect())
    }
    fn unwrap(&self, _: Guard, sealed: &[u8], _: &Cancel) -> Result<Secret, PortError> {
        Ok(Secret::new(sealed.iter().rev().copied().collect()))
    }
    fn delete(&self, _: &KeyName) -> Result<(), PortError> {
        Ok(())
    }
    fn list(&self) -> Result<Vec<KeyName>, PortError> {
        Ok(vec![])
    }
}

#[test]
fn a_vault_of_format_1_comes_over_whole_and_a_copy_of_it_stays() {
    let folder = quick_folder();
    let path = put(folder.path(), false);
    let before = fs::read(&path).unwrap();
    assert_eq!(formats(&before), (1, vec![1, 1]));
    let mut vault = story::open(folder.path()).unwrap();
    vault.unlock_by_keystore(&Turns, &Cancel::default()).unwrap();
    assert!(vault.report().unwrap().damage.is_empty());
    assert!(fs::read(folder.path().join("vault.db.format-1")).unwrap() == before);
    vault.lock();
    // An older program refuses a file of which page and header agree that it is newer.
    assert_eq!(formats(&fs::read(&path).unwrap()), (2, vec![2, 2]));
    vault.unlock(&story::passphrase()).unwrap();
    assert!(vault.report().unwrap().damage.is_empty());

    let accounts = vault.accounts().unwrap();
    let ids: Vec<u64> = accounts.iter().map(|account| account.id.0).collect();
    assert_eq!(ids, [3, 1, 2, 4, 6, 7, 8, 9, 10], "in the order of format 1");
    let moved = &accounts[0];
    assert_eq!((moved.issuer.as_str(), moved.name.as_str()), ("Issuer 3", "moved@example.com"));
    assert_eq!(vault.note(moved.id).unwrap().as_str(), "short");
    assert_eq!((moved.created, moved.changed, moved.uses), (1_790_000_000, 1_790_000_000, 0));
    assert_eq!(vault.note(AccountId(8)).unwrap().as_str(), "first line\nзаметка ".repeat(500));
    assert_eq!(vault.get(AccountId(9)).unwrap().origin.unwrap().as_bytes(), &[9; 16]);
    let last = vault.get(AccountId(10)).unwrap();
    assert_eq!((last.digits.get(), last.algorithm.as_str(), last.issuer.as_str()), (8, "SHA512", ""));
    assert!(matches!(last.kind, Kind::Totp(period) if period.seconds() == 60));
    assert!(vault.seed(AccountId(10)).unwrap().ct_eq(&[7; 64]));
    assert!(vault.seed(AccountId(6)).unwrap().ct_eq(b"12345678901234567006"));
    // RFC 4226, appendix D: the code after the one that the fixture gave last.
    assert_eq!(vault.next_hotp(AccountId(7)).unwrap().to_string(), "287922");
    let twice = story::account(1);
    let same = countersign_core::vault::NewAccount {
        secret: Secret::from_slice(b"12345678901234567006"),
        note: String::new(),
        ..twice
    };
    assert_eq!(vault.add(&same), Err(InputError::Duplicate(6).into()), "what is there is known again");
    vault
        .change_passphrase(&story::passphrase(), &Secret::from_slice(b"new"), countersign_core::vault::KdfCost::LEAST)
        .unwrap();
    assert!(!folder.path().join("vault.db.format-1").exists(), "the old passphrase opens no copy");
}

#[test]
fn what_stands_in_the_log_alone_comes_over_too() {
    let folder = quick_folder();
    put(folder.path(), true);
    let mut vault = story::unlock(folder.path(), &key()).unwrap();
    assert!(vault.report().unwrap().damage.is_empty());
    assert_eq!(vault.get(AccountId(11)).unwrap().issuer, "In the log");
    assert!(folder.path().join("vault.db.format-1-wal").exists());
}

/// A disk that is full: codes are shown all the same, nothing is touched, and the next change tries again.
#[test]
fn a_vault_that_cannot_be_brought_over_now_is_read() {
    let (folder, key) = (quick_folder(), key());
    let path = put(folder.path(), false);
    let before = fs::read(&path).unwrap();
    let in_the_way = folder.path().join("vault.db.format-1.part");
    fs::create_dir(&in_the_way).unwrap();
    let mut vault = story::unlock(folder.path(), &key).unwrap();
    assert_eq!(vault.codes(1_790_000_000).unwrap().rows.len(), 9);
    let edit = Edit { name: Some("x".into()), ..Edit::default() };
    assert!(matches!(vault.edit(AccountId(1), &edit), Err(Error::Port(PortError::Disk))));
    assert!(fs::read(&path).unwrap() == before);
    fs::remove_dir(&in_the_way).unwrap();
    vault.edit(AccountId(1), &edit).unwrap();
    vault.lock();
    assert_eq!(formats(&fs::read(&path).unwrap()).0, 2);
    assert_eq!(story::unlock(folder.path(), &key).unwrap().get(AccountId(1)).unwrap().name, "x");
}

/// Another program has the file open: it is not brought over under its feet.
#[test]
fn a_vault_that_another_has_open_waits() {
    let (folder, key) = (quick_folder(), key());
    let path = put(folder.path(), false);
    fs::create_dir(folder.path().join("vault.db.format-1.part")).unwrap();
    let other = story::unlock(folder.path(), &key).unwrap();
    fs::remove_dir(folder.path().join("vault.db.format-1.part")).unwrap();
    let mut vault = story::unlock(folder.path(), &key).unwrap();
    assert_eq!(formats(&fs::read(&path).unwrap()).0, 1);
    let edit = Edit { name: Some("x".into()), ..Edit::default() };
    assert_eq!(vault.edit(AccountId(1), &edit), Err(PortError::Busy.into()));
    drop(other);
    vault.edit(AccountId(1), &edit).unwrap();
}

fn content(mut vault: Vault) -> H32 {
    story::content(&mut vault).unwrap()
}

#[test]
#[ignore = "the writer that the migration's suite starts"]
fn writer() {
    let folder = story::child_folder().expect("started by the suite");
    let mut vault = story::open(&folder).unwrap();
    vault.unlock(&story::passphrase()).unwrap();
}

#[test]
fn killed_at_each_step_nothing_is_lost() {
    let key = key();
    for killed in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), killed);
        let expected = {
            let whole = quick_folder();
            put(whole.path(), killed);
            content(story::unlock(whole.path(), &key).unwrap())
        };
        let mut disk = Disk::default();
        for entry in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            disk.apply(&Op::Create(name.clone()), Saboteur::None);
            disk.apply(&Op::Write(name.clone(), 0, fs::read(entry.path()).unwrap()), Saboteur::None);
            disk.apply(&Op::Sync(name), Saboteur::None);
            disk.apply(&Op::SyncFolder, Saboteur::None);
        }
        let ops = trace::record("vault::migrate::writer", folder.path(), 1);
        assert!(ops.iter().any(|op| matches!(op, Op::Rename(_, to) if to == "vault.db.format-1")), "a copy first");
        let mut dice = Dice::new(0x6D69_6772);
        let (mut seen, mut states) = (HashMap::new(), 0);
        for (point, op) in ops.iter().enumerate() {
            disk.apply(op, Saboteur::None);
            for left in disk.crashes(effort(4, 200), &mut dice) {
                states += 1;
                let state = seen.entry(disk::hash(&left)).or_insert_with(|| read(&left, &key));
                assert_eq!(state, &Ok(expected), "point {point}, {op:?}");
            }
        }
        println!("{} operations, {states} states, {} of them different", ops.len(), seen.len());
        assert!(ops.len() >= 20 && seen.len() >= 10, "{} operations, {} states", ops.len(), seen.len());
    }
}

/// What a crash left, brought over by the next unlock.
fn read(left: &Left, key: &VaultKey) -> Result<H32, String> {
    let folder = quick_folder();
    disk::write(left, folder.path());
    let mut vault = story::unlock(folder.path(), key).map_err(|error| error.to_string())?;
    let damage = vault.report().unwrap().damage.clone();
    if !damage.is_empty() {
        return Err(format!("{damage:?}"));
    }
    vault.lock();
    let (page, headers) = formats(&fs::read(folder.path().join(story::NAME)).unwrap());
    if page != 2 || headers != [2, 2] {
        return Err(format!("format {page} {headers:?}"));
    }
    vault.unlock_with(key).map_err(|error| error.to_string())?;
    story::content(&mut vault).map_err(|error| error.to_string())
}

/// A damaged file of format 1 is built anew from its pieces, and comes over with what is left.
#[test]
fn a_damaged_vault_of_format_1_comes_over_with_the_rest() {
    let (whole, key) = (fixture("vault.sqlite"), key());
    let mut noticed = 0;
    for at in (0..whole.len()).step_by(effort(whole.len() / 97, 1)) {
        let folder = quick_folder();
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(folder.path().join(story::NAME), bytes).unwrap();
        let mut vault = story::unlock(folder.path(), &key).unwrap_or_else(|error| panic!("at {at}: {error}"));
        let found = !vault.report().unwrap().damage.is_empty();
        noticed += usize::from(found);
        let there = vault.accounts().unwrap().len();
        assert!(there == 9 || (there == 8 && found), "at {at}: {there} accounts");
        vault.lock();
        vault.unlock_with(&key).unwrap();
        assert_eq!(vault.accounts().unwrap().len(), there, "at {at}");
        vault.add(&story::account(1)).unwrap_or_else(|error| panic!("at {at}: {error}"));
    }
    assert!(noticed > 5, "{noticed}");
}
