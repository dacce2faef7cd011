//! A vault of ten thousand accounts, key derivation apart.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use countersign_core::limits::VAULT_CELLS;
use countersign_core::system::{SystemClock, SystemRandom};
use countersign_core::vault::{Account, Details, Edit, KdfCost, Kind, NewAccount, Vault, VaultKey};
use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Digits, Period};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};

use crate::report::{Goal, Table, file};
use crate::rounds::{prepared, run, subject};

const ACCOUNTS: u64 = 10_000;

/// Opening and saving.
pub fn bench() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("vault");
    let key = fill(&path);
    let entries: Vec<Entry> = (0..ACCOUNTS).map(Entry::of).collect();
    let (json, card) = (folder.path().join("json"), folder.path().join("postcard"));
    blob(&json, &serde_json::to_vec(&entries).expect("JSON"));
    blob(&card, &postcard::to_stdvec(&entries).expect("postcard"));
    let column = folder.path().join("column");
    one_column(&column, &entries);
    let tables = [
        opening(&path, &key, &json, &card, &column),
        importing(&entries),
        saving(&path, &key, &json, &column, entries),
    ];
    file("vault", &tables);
}

fn open(path: &Path, key: &VaultKey) -> Vault {
    let mut vault =
        Vault::open(path, Arc::new(SystemClock::new()), Arc::new(SystemRandom::new())).expect("the vault opens");
    vault.unlock_with(key).expect("the key fits");
    vault
}

fn fill(path: &Path) -> VaultKey {
    let mut vault = empty(path);
    let accounts: Vec<NewAccount> = (0..ACCOUNTS).map(|n| Entry::of(n).account()).collect();
    add(&mut vault, &accounts);
    vault.checkpoint().expect("the log is written back");
    vault.key().expect("it is unlocked")
}

fn add(vault: &mut Vault, accounts: &[NewAccount]) {
    let added = vault.add_all(accounts).expect("they are saved");
    assert!(added.iter().all(Result::is_ok), "each of them");
}

fn empty(path: &Path) -> Vault {
    let cost = KdfCost::new(19_456, 2, 1).expect("the least cost");
    let passphrase = Secret::from_slice(b"correct horse battery staple");
    let clock = Arc::new(SystemClock::new());
    Vault::create(path, &passphrase, cost, None, clock, Arc::new(SystemRandom::new())).expect("a vault")
}

/// An account as the peers keep it.
#[derive(Clone, Serialize, Deserialize)]
struct Entry {
    issuer: String,
    name: String,
    note: String,
    secret: Vec<u8>,
}

impl Entry {
    fn of(n: u64) -> Self {
        let secret = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, &n.to_be_bytes()).as_ref().to_vec();
        Self {
            issuer: format!("Issuer {n}"),
            name: format!("alice{n}@example.com"),
            note: "a note of some words".into(),
            secret,
        }
    }

    fn account(&self) -> NewAccount {
        NewAccount {
            issuer: self.issuer.clone(),
            name: self.name.clone(),
            note: self.note.clone(),
            kind: Kind::Totp(Period::THIRTY),
            algorithm: Algorithm::Sha1,
            digits: Digits::SIX,
            secret: Secret::from_slice(&self.secret),
            pin: None,
            origin: None,
            details: Details::default(),
        }
    }
}

fn blob_key() -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[7; 32]).expect("32 bytes"))
}

/// One sealed file, as Aegis keeps its vault: written whole, durably, by rename.
fn blob(path: &Path, plain: &[u8]) {
    let mut sealed = plain.to_vec();
    blob_key()
        .seal_in_place_append_tag(Nonce::assume_unique_for_key([1; 12]), Aad::empty(), &mut sealed)
        .expect("sealed");
    let beside = path.with_extension("new");
    let mut file = File::create(&beside).expect("a file");
    file.write_all(&sealed).and_then(|()| file.sync_all()).expect("written");
    fs::rename(&beside, path).expect("renamed");
    File::open(path.parent().expect("a folder")).and_then(|folder| folder.sync_all()).expect("the folder is synced");
}

fn opened(path: &Path) -> Vec<u8> {
    let mut bytes = fs::read(path).expect("the blob");
    let plain = blob_key()
        .open_in_place(Nonce::assume_unique_for_key([1; 12]), Aad::empty(), &mut bytes)
        .expect("it opens")
        .len();
    bytes.truncate(plain);
    bytes
}

/// Rows in SQLite with all of an account in one sealed column, written as durably as ours.
fn one_column(path: &Path, entries: &[Entry]) {
    let rows = rows_at(path);
    rows.execute_batch(
        "PRAGMA journal_mode = WAL; CREATE TABLE account (id INTEGER PRIMARY KEY, sealed BLOB) STRICT; BEGIN",
    )
    .expect("a table");
    for (id, entry) in entries.iter().enumerate() {
        rows.prepare_cached("INSERT INTO account VALUES (?1, ?2)")
            .and_then(|mut add| add.execute((id as i64, sealed(id, entry))))
            .expect("a row");
    }
    rows.execute_batch("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").expect("written");
}

fn rows_at(path: &Path) -> rusqlite::Connection {
    let rows = rusqlite::Connection::open(path).expect("a file");
    rows.execute_batch("PRAGMA synchronous = FULL").expect("a setting");
    rows
}

fn sealed(id: usize, entry: &Entry) -> Vec<u8> {
    let mut sealed = postcard::to_stdvec(entry).expect("postcard");
    blob_key().seal_in_place_append_tag(nonce(id), Aad::from(id.to_be_bytes()), &mut sealed).expect("sealed");
    sealed
}

fn nonce(id: usize) -> Nonce {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&id.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

fn read_column(path: &Path) -> Vec<Entry> {
    let (rows, key) = (rows_at(path), blob_key());
    let mut all = rows.prepare("SELECT id, sealed FROM account ORDER BY rowid").expect("a statement");
    let entries =
        all.query_map([], |row| Ok((row.get::<_, i64>(0)? as usize, row.get::<_, Vec<u8>>(1)?))).expect("rows");
    let entries = entries.map(|row| {
        let (id, mut sealed) = row.expect("a row");
        let plain = key.open_in_place(nonce(id), Aad::from(id.to_be_bytes()), &mut sealed).expect("it opens");
        postcard::from_bytes::<Entry>(plain).expect("an entry")
    });
    entries.collect()
}

fn opening(path: &Path, key: &VaultKey, json: &Path, card: &Path, column: &Path) -> Table {
    let names = |vault: &mut Vault| {
        vault.accounts().expect("the list").iter().map(|it: &Arc<Account>| it.name.len()).sum::<usize>()
    };
    let first_screen = || {
        let mut vault = open(path, key);
        let seen = names(&mut vault);
        let first: Vec<_> = vault.accounts().expect("the list").iter().take(20).map(|it| it.id).collect();
        let seeds = first.into_iter().map(|id| vault.seed(id).expect("a seed").len()).sum::<usize>();
        (vault, seen + seeds)
    };
    let all_seeds = || {
        let mut vault = open(path, key);
        let codes = vault.codes(1_795_260_000).expect("codes").rows.len();
        (vault, codes)
    };
    // To be closed again is not part of it, for no one here: what is returned is dropped when the time is taken.
    let rows = run(
        1,
        vec![
            subject("countersign: names of all, seeds of the first 20", first_screen),
            subject("countersign: all seeds, two codes each", all_seeds),
            subject("rows in SQLite, all of an account in one sealed column", || read_column(column)),
            subject("one sealed blob of JSON", || {
                serde_json::from_slice::<Vec<Entry>>(&opened(json)).expect("entries")
            }),
            subject("one sealed blob of postcard", || {
                postcard::from_bytes::<Vec<Entry>>(&opened(card)).expect("entries")
            }),
        ],
    );
    // Beside the reserve, which every file has: sixteen cells a page, and the page that lists those.
    let reserve = (VAULT_CELLS / 16 + 1) * 4096;
    let size = (fs::metadata(path).expect("the vault").len() - reserve) as f64;
    let goals = vec![
        Goal::most("names and the first 20 seeds, at most 10 ms", rows[0].least / 1e6, 10.0),
        Goal::most("all seeds with their codes, at most 25 ms", rows[1].least / 1e6, 25.0),
        Goal::most("to one blob of JSON, at most 1", 1.0 / rows[3].ratio, 1.0),
        Goal::most("bytes an account on the disk beside the reserve, at most 220", size / ACCOUNTS as f64, 220.0),
    ];
    Table { title: "Opening 10,000 accounts, key derivation apart".into(), unit: "ns", rows, goals }
}

/// Into a vault and files that are new in each round; that they are made is not timed.
fn importing(entries: &[Entry]) -> Table {
    let accounts: Vec<NewAccount> = entries.iter().map(Entry::account).collect();
    let folder = || tempfile::tempdir().expect("a folder");
    let vault = || {
        let folder = folder();
        (empty(&folder.path().join("vault")), folder)
    };
    let rows = run(
        1,
        vec![
            prepared("countersign: all added in one transaction", vault, |(vault, _)| add(vault, &accounts)),
            prepared("rows in SQLite, one sealed column, written back", folder, |folder| {
                one_column(&folder.path().join("column"), entries);
            }),
            prepared("one sealed blob of JSON", folder, |folder| {
                blob(&folder.path().join("json"), &serde_json::to_vec(entries).expect("JSON"));
            }),
        ],
    );
    let goals = vec![Goal::most("10,000 in one transaction, in ms, at most 150", rows[0].least / 1e6, 150.0)];
    Table { title: "Importing 10,000 accounts, durably".into(), unit: "ns for all", rows, goals }
}

fn saving(path: &Path, key: &VaultKey, json: &Path, column: &Path, mut entries: Vec<Entry>) -> Table {
    let mut vault = open(path, key);
    let id = vault.accounts().expect("the list")[17].id;
    let (kept, mut changed) = (rows_at(column), entries[17].clone());
    let mut turn = 0;
    let rows = run(
        1,
        vec![
            subject("countersign: one account edited", || {
                turn += 1;
                vault.edit(id, &Edit { note: Some(format!("note {turn}")), ..Edit::default() }).expect("edited");
            }),
            subject("rows in SQLite, one sealed column: one edited", || {
                changed.note.push('x');
                kept.prepare_cached("UPDATE account SET sealed = ?2 WHERE id = ?1")
                    .and_then(|mut put| put.execute((17_i64, sealed(17, &changed))))
                    .expect("edited");
            }),
            subject("one sealed blob of JSON, rewritten", || {
                entries[17].note.push('x');
                blob(json, &serde_json::to_vec(&entries).expect("JSON"));
            }),
        ],
    );
    let goals = vec![Goal::most("to rewriting a blob, at most 0.1", 1.0 / rows[2].ratio, 0.1)];
    Table { title: "Saving one of 10,000 accounts, durably".into(), unit: "ns", rows, goals }
}
