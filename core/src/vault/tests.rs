//! The vault as its callers see it.

mod damage;
mod duress;
mod kinds;
mod slots;
mod together;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_protocol::otp::{Algorithm, Counter, Digits, Period};
use countersign_protocol::push::Level;

use super::*;
use crate::error::{Named, PortError, Rule};
use crate::port::{Guard, KeyName, Prompt, Purpose};
use crate::system::{SystemClock, SystemRandom};

pub(super) struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    pub(super) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("vault.db")
    }

    pub(super) fn create(&self) -> Vault {
        Vault::create(&self.path(), &secret("correct horse"), KdfCost::LEAST, None, clock(), random()).unwrap()
    }

    pub(super) fn create_at(&self, clock: Arc<Hands>) -> Vault {
        Vault::create(&self.path(), &secret("correct horse"), KdfCost::LEAST, None, clock, random()).unwrap()
    }

    pub(super) fn open(&self) -> Vault {
        open(&self.path()).unwrap()
    }

    /// A vault of `count` accounts, locked, and its key.
    fn filled(&self, count: u64) -> VaultKey {
        let mut vault = self.create();
        for n in 1..=count {
            vault.add(&totp(n)).unwrap();
        }
        let key = vault.key().unwrap();
        vault.lock();
        key
    }

    pub(super) fn sql(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        connection.execute_batch("PRAGMA secure_delete = ON").unwrap();
        connection.execute_batch(sql).unwrap();
    }

    fn kept(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| name.contains(".damaged-") && !name.ends_with("-wal"));
        names
    }
}

fn open(path: &Path) -> Result<Vault, Error> {
    Vault::open(path, clock(), random())
}

/// A clock whose hands are set.
pub(super) struct Hands(AtomicU64);

impl Hands {
    pub(super) fn at(now: u64) -> Self {
        Self(AtomicU64::new(now))
    }

    pub(super) fn set(&self, now: u64) {
        self.0.store(now, Ordering::Relaxed);
    }
}

impl Clock for Hands {
    fn now(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
    fn monotonic(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }
}

fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new())
}

fn random() -> Arc<dyn Random> {
    Arc::new(SystemRandom::new())
}

pub(super) fn secret(text: &str) -> Secret {
    Secret::from_slice(text.as_bytes())
}

pub(super) fn totp(n: u64) -> NewAccount {
    NewAccount {
        issuer: format!("Issuer {n}"),
        name: format!("mara{n}@example.com"),
        note: String::new(),
        kind: Kind::Totp(Period::THIRTY),
        algorithm: Algorithm::Sha1,
        digits: Digits::SIX,
        secret: secret(&format!("12345678901234567{n:03}")),
        pin: None,
        origin: None,
        details: Details::default(),
    }
}

pub(super) fn hotp(counter: u64) -> NewAccount {
    let secret = secret("12345678901234567890");
    NewAccount { kind: Kind::Hotp(Counter::try_from(counter).unwrap()), secret, ..totp(0) }
}

pub(super) fn issuers(vault: &mut Vault) -> Vec<String> {
    vault.accounts().unwrap().iter().map(|account| account.issuer.clone()).collect()
}

/// A keystore that only wraps: a secret goes into a list, its place is what is handed out.
#[derive(Default)]
struct Wraps(Mutex<Vec<Secret>>);

impl Keystore for Wraps {
    fn level(&self) -> Level {
        Level::Software
    }
    fn generate(&self, _: Purpose, _: &KeyName, _: &Cancel) -> Result<countersign_protocol::jose::Jwk, PortError> {
        Err(PortError::Unavailable)
    }
    fn sign_approval(&self, _: &KeyName, _: &Prompt, _: &[u8], _: &Cancel) -> Result<Vec<u8>, PortError> {
        Err(PortError::KeyGone)
    }
    fn sign_proof(&self, _: &KeyName, _: &[u8]) -> Result<Vec<u8>, PortError> {
        Err(PortError::KeyGone)
    }
    fn wrap(&self, _: Guard, secret: &Secret, cancel: &Cancel) -> Result<Vec<u8>, PortError> {
        cancel.check()?;
        let mut kept = self.0.lock().unwrap();
        kept.push(secret.clone());
        Ok(vec![kept.len() as u8 - 1])
    }
    fn unwrap(&self, _: Guard, sealed: &[u8], cancel: &Cancel) -> Result<Secret, PortError> {
        cancel.check()?;
        self.0.lock().unwrap().get(usize::from(sealed[0])).cloned().ok_or(PortError::KeyGone)
    }
    fn delete(&self, _: &KeyName) -> Result<(), PortError> {
        Ok(())
    }
    fn list(&self) -> Result<Vec<KeyName>, PortError> {
        Ok(vec![])
    }
}

#[test]
fn what_was_added_is_there_after_lock_and_unlock() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let note = "first line\nзаметка ".repeat(500);
    let id = vault.add(&NewAccount { note: note.clone(), ..totp(1) }).unwrap();
    vault.lock();
    assert!(!vault.is_unlocked());
    assert_eq!(vault.accounts().unwrap_err(), InputError::VaultLocked.into());
    assert!(matches!(vault.seed(id), Err(Error::Input(InputError::VaultLocked))));
    let mut vault = folder.open();
    vault.unlock(&secret("correct horse")).unwrap();
    assert_eq!(*vault.report().unwrap(), Report::default());
    assert_eq!(issuers(&mut vault), ["Issuer 1"]);
    assert_eq!(*vault.note(id).unwrap(), note);
    assert!(vault.seed(id).unwrap().ct_eq(totp(1).secret.expose()));
}

#[test]
fn a_wrong_passphrase_is_told_from_a_damaged_header() {
    let folder = Folder::new();
    folder.filled(1);
    assert_eq!(folder.open().unlock(&secret("battery")), Err(InputError::WrongPassphrase.into()));
    // One copy damaged: the other still says «wrong», and opens.
    folder.sql("UPDATE header SET body = CAST(substr(body, 1, 50) || x'00' || substr(body, 52) AS BLOB) WHERE id = 1");
    assert_eq!(folder.open().unlock(&secret("battery")), Err(InputError::WrongPassphrase.into()));
    let mut vault = folder.open();
    vault.unlock(&secret("correct horse")).unwrap();
    assert_eq!(vault.report().unwrap().damage, [Damage::Header]);
    vault.lock();
    vault.unlock(&secret("correct horse")).unwrap();
    assert_eq!(vault.report().unwrap().damage, [], "it was mended");
    vault.lock();
    // Both damaged within the slot: nothing opens, and nobody says «wrong passphrase».
    folder.sql("UPDATE header SET body = CAST(substr(body, 1, 90) || x'0000' || substr(body, 93) AS BLOB)");
    assert_eq!(folder.open().unlock(&secret("correct horse")), Err(InputError::HeaderDamaged.into()));
    folder.sql("UPDATE header SET body = x'00'");
    assert_eq!(open(&folder.path()).unwrap_err(), InputError::NotAVault.into());
}

#[test]
fn a_changed_passphrase_opens_and_the_old_one_does_not() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let (old, new) = (secret("correct horse"), secret("battery staple"));
    assert_eq!(vault.change_passphrase(&new, &old, KdfCost::LEAST), Err(InputError::WrongPassphrase.into()));
    vault.change_passphrase(&old, &new, KdfCost::LEAST).unwrap();
    vault.lock();
    assert_eq!(vault.unlock(&old), Err(InputError::WrongPassphrase.into()));
    assert_eq!(folder.open().unlock(&old), Err(InputError::WrongPassphrase.into()));
    vault.unlock(&new).unwrap();
    assert_eq!(vault.report().unwrap().damage, []);
}

#[test]
fn the_cost_of_a_passphrase_grows_and_never_shrinks() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let dearer = KdfCost::new(20 * 1024, 2, 1).unwrap();
    let passphrase = secret("correct horse");
    vault.change_passphrase(&passphrase, &passphrase, dearer).unwrap();
    assert_eq!(vault.cost(KdfCost::LEAST).unwrap(), dearer);
    let cheap = vault.key().unwrap().passphrase_slot(&passphrase, KdfCost::LEAST, &*random()).unwrap();
    assert!(vault.replace_passphrase(cheap).is_err());
    vault.lock();
    vault.unlock(&passphrase).unwrap();
}

#[test]
fn a_keystore_slot_opens_and_the_last_slot_stays() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let (keystore, cancel) = (Wraps::default(), Cancel::default());
    assert!(vault.unlock_by_keystore(&keystore, &cancel).is_err(), "there is no such slot yet");
    let id = vault.add_keystore_slot(&keystore, Guard::User, &cancel).unwrap();
    assert_eq!(vault.lockbox().keystore_slots(), [(id, Guard::User)]);
    vault.lock();
    vault.unlock_by_keystore(&keystore, &cancel).unwrap();
    vault.remove_slot(id).unwrap();
    assert_eq!(vault.remove_slot(id), Err(InputError::NotFound.into()));
    vault.lock();
    let none = vault.unlock_by_keystore(&keystore, &cancel);
    assert_eq!(none, Err(InputError::Slot("no keystore slot opens").into()));
    vault.unlock(&secret("correct horse")).unwrap();
    let stopped = Cancel::default();
    stopped.cancel();
    let refused = vault.add_keystore_slot(&keystore, Guard::User, &stopped);
    assert_eq!(refused, Err(PortError::Cancelled.into()));
    for _ in 1..crate::limits::VAULT_SLOTS {
        vault.add_keystore_slot(&keystore, Guard::Device, &cancel).unwrap();
    }
    let most = crate::limits::VAULT_SLOTS as u64;
    let beyond = vault.add_keystore_slot(&keystore, Guard::Device, &cancel);
    assert_eq!(beyond, Err(InputError::TooMuch { what: Named::Slots, found: most + 1, most }.into()));
    vault.lock();
    vault.unlock_by_keystore(&keystore, &cancel).unwrap();
}

#[test]
fn the_same_account_is_a_duplicate_and_its_larger_counter_is_kept() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let first = vault.add(&totp(1)).unwrap();
    let again = NewAccount { issuer: "Renamed".into(), note: "x".into(), ..totp(1) };
    assert_eq!(vault.add(&again), Err(InputError::Duplicate(first.0).into()));
    assert_eq!(issuers(&mut vault), ["Issuer 1"], "its names stay");
    for other in [
        NewAccount { digits: Digits::EIGHT, ..totp(1) },
        NewAccount { algorithm: Algorithm::Sha256, ..totp(1) },
        NewAccount { kind: Kind::Totp(Period::try_from(60).unwrap()), ..totp(1) },
        NewAccount { secret: hotp(0).secret, ..totp(1) },
    ] {
        vault.add(&other).unwrap();
    }
    let id = vault.add(&hotp(5)).unwrap();
    for (given, kept) in [(3, 5), (9, 9), (9, 9)] {
        assert_eq!(vault.add(&hotp(given)), Err(InputError::Duplicate(id.0).into()));
        assert_eq!(vault.get(id).unwrap().kind, hotp(kept).kind);
    }
}

#[test]
fn a_hotp_code_is_shown_once() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let id = vault.add(&NewAccount { note: "kept".into(), ..hotp(0) }).unwrap();
    // RFC 4226, appendix D.
    for expected in ["755224", "287082", "359152"] {
        assert_eq!(vault.next_hotp(id).unwrap().to_string(), expected);
    }
    vault.lock();
    vault.unlock(&secret("correct horse")).unwrap();
    assert_eq!(vault.next_hotp(id).unwrap().to_string(), "969429");
    assert_eq!(*vault.note(id).unwrap(), "kept");
    let time = vault.add(&totp(1)).unwrap();
    assert!(matches!(vault.next_hotp(time), Err(Error::Input(InputError::WrongKind(_)))));
    let last = vault.add(&NewAccount { digits: Digits::EIGHT, ..hotp((1 << 63) - 2) }).unwrap();
    vault.next_hotp(last).unwrap();
    assert!(matches!(vault.next_hotp(last), Err(Error::Input(InputError::WrongKind(_)))));
}

#[test]
fn accounts_are_edited_found_and_deleted() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let ids: Vec<AccountId> = (1..=3).map(|n| vault.add(&totp(n)).unwrap()).collect();
    let edit = Edit { issuer: Some("Zürich Bank".into()), note: Some("n".into()), ..Edit::default() };
    vault.edit(ids[2], &edit).unwrap();
    vault.move_account(ids[2], Some(ids[0])).unwrap();
    assert_eq!(issuers(&mut vault), ["Zürich Bank", "Issuer 1", "Issuer 2"]);
    let found = |vault: &mut Vault, text: &str| vault.search(text).unwrap().iter().map(|a| a.id).collect::<Vec<_>>();
    assert_eq!(found(&mut vault, "ZÜRICH mara3"), [ids[2]]);
    assert_eq!(found(&mut vault, ""), [ids[2], ids[0], ids[1]]);
    assert_eq!(found(&mut vault, "nowhere"), []);
    assert!(vault.search(&"x".repeat(crate::limits::SEARCH)).is_ok());
    assert!(vault.search(&"x".repeat(crate::limits::SEARCH + 1)).is_err());
    vault.delete(ids[0]).unwrap();
    assert_eq!(vault.delete(ids[0]), Err(InputError::NotFound.into()));
    assert!(matches!(vault.get(ids[0]), Err(Error::Input(InputError::NotFound))));
    let anew = vault.add(&totp(1)).unwrap();
    assert!(anew > ids[2], "an id is never given twice");
    vault.lock();
    vault.unlock(&secret("correct horse")).unwrap();
    assert_eq!(*vault.report().unwrap(), Report::default());
    assert_eq!(issuers(&mut vault), ["Zürich Bank", "Issuer 2", "Issuer 1"]);
    assert_eq!(*vault.note(ids[2]).unwrap(), "n");
}

#[test]
fn the_list_knows_its_codes_and_their_next_change() {
    let folder = Folder::new();
    let mut vault = folder.create();
    vault.add(&NewAccount { secret: secret("12345678901234567890"), digits: Digits::EIGHT, ..totp(1) }).unwrap();
    vault.add(&hotp(0)).unwrap();
    let codes = vault.codes(59).unwrap();
    // RFC 6238, appendix B.
    assert_eq!(codes.rows[0].live.as_ref().unwrap().code.to_string(), "94287082");
    assert!(codes.rows[1].live.is_none());
    assert_eq!(codes.next_change, Some(60));
    assert!(Arc::ptr_eq(&codes.rows, &vault.codes(58).unwrap().rows), "nothing changed");
    vault.add(&totp(7)).unwrap();
    assert_eq!(vault.codes(58).unwrap().rows.len(), 3);
    assert_eq!(vault.codes(60).unwrap().next_change, Some(90));
}

#[test]
fn a_newer_vault_is_refused_and_not_touched() {
    let folder = Folder::new();
    folder.filled(2);
    // What a later program would write: its number in the file and at the head of the header.
    folder.sql(
        "PRAGMA user_version = 7; UPDATE header SET body = CAST(substr(body, 1, 8) || x'0007' || substr(body, 11) AS BLOB);
         PRAGMA wal_checkpoint(TRUNCATE)",
    );
    let files = || {
        let entries = fs::read_dir(folder.folder.path()).unwrap().map(|entry| entry.unwrap());
        let mut files: Vec<_> = entries
            .map(|e| (e.file_name(), fs::read(e.path()).unwrap(), e.metadata().unwrap().modified().unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = files();
    assert_eq!(open(&folder.path()).unwrap_err(), InputError::NewerVault { found: 7, known: 2 }.into());
    assert!(files() == before);
}

#[test]
fn what_is_no_vault_is_refused() {
    let folder = Folder::new();
    assert_eq!(open(&folder.path()).unwrap_err(), InputError::NoVault.into());
    for bytes in [&b""[..], b"hello", &[0; 9000]] {
        fs::write(folder.path(), bytes).unwrap();
        assert_eq!(open(&folder.path()).unwrap_err(), InputError::NotAVault.into());
        assert_eq!(fs::read(folder.path()).unwrap(), bytes);
    }
    fs::remove_file(folder.path()).unwrap();
    rusqlite::Connection::open(folder.path()).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert_eq!(open(&folder.path()).unwrap_err(), InputError::NotAVault.into());
    let made = Vault::create(&folder.path(), &secret("p"), KdfCost::LEAST, None, clock(), random());
    assert_eq!(made.unwrap_err(), InputError::VaultExists.into());
}

#[cfg(unix)]
#[test]
fn every_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let mut vault = folder.create();
    vault.add(&totp(1)).unwrap();
    let files = || fs::read_dir(folder.folder.path()).unwrap().map(|entry| entry.unwrap());
    assert!(files().count() >= 3, "the vault, its log and its index are there");
    for file in files() {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", file.file_name());
    }
    vault.lock();
    let left: Vec<_> = files().map(|file| file.file_name()).collect();
    assert!(left.iter().all(|name| name == "vault.db" || name == "vault.db.lock"), "{left:?}");
}

/// Else rows could be older than what they are believed to be as of, and a counted code be shown twice.
#[test]
fn the_key_of_another_vault_does_not_open_this_one() {
    let (one, two) = (Folder::new(), Folder::new());
    let foreign = one.filled(1);
    two.filled(1);
    assert_eq!(two.open().unlock_with(&foreign), Err(InputError::WrongPassphrase.into()));
}

#[test]
fn the_vault_prints_nothing() {
    let folder = Folder::new();
    let mut vault = folder.create();
    let id = vault.add(&totp(1)).unwrap();
    assert_eq!(format!("{vault:?}"), "Vault { unlocked: true, .. }");
    assert_eq!(format!("{:?}", vault.get(id).unwrap()), "Account { id: AccountId(1), .. }");
    assert!(!format!("{:?} {:?}", vault.key().unwrap(), vault.lockbox()).contains("12345678901234567"));
}
