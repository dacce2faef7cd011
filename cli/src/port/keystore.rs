//! The desk's keystore, in software: files in one folder.
//!
//! `device.key` seals proof keys and what is kept under [`Guard::Device`]; `user.key` (the passphrase) seals approval
//! keys and what is kept under [`Guard::User`], and the passphrase is asked for at **each** use of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::file;
use countersign_core::port::{Guard, KeyName, Keystore, Level, Prompt, Purpose, Random};
use countersign_core::protocol::Secret;
use countersign_core::protocol::jose::Jwk;
use p256::SecretKey;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

use super::device_key::DeviceKey;
use super::user_key::{self, Cost, Unlocked, UserKey};
use crate::limits;

/// Asks the person for the vault passphrase: a prompt, a screen, or a file descriptor.
pub trait AskPassphrase: Send + Sync {
    /// The passphrase, NFC, for what `prompt` names (none: something of this phone's own). `wrong` says that the one
    /// before was not it.
    ///
    /// # Errors
    /// [`PortError::UserRefused`] where the person doesn't give it, [`PortError::Cancelled`] soon after `cancel`.
    fn ask(&self, prompt: Option<&Prompt>, wrong: bool, cancel: &Cancel) -> Result<Secret, PortError>;
}

/// Answers the next question with a passphrase that the person typed a moment ago, for the same thing; then asks again.
pub struct Prefilled {
    next: Mutex<Option<Secret>>,
    ask: Arc<dyn AskPassphrase>,
}

impl Prefilled {
    /// Asks `ask`, as long as nothing was filled in.
    pub fn new(ask: Arc<dyn AskPassphrase>) -> Self {
        Self { next: Mutex::new(None), ask }
    }

    /// The answer to the next question.
    pub fn fill(&self, passphrase: Secret) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(passphrase);
    }
}

impl AskPassphrase for Prefilled {
    fn ask(&self, prompt: Option<&Prompt>, wrong: bool, cancel: &Cancel) -> Result<Secret, PortError> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        next.map_or_else(|| self.ask.ask(prompt, wrong, cancel), Ok)
    }
}

/// The keystore in a folder.
pub struct DeskKeystore {
    folder: PathBuf,
    device: DeviceKey,
    random: Arc<dyn Random>,
    ask: Arc<dyn AskPassphrase>,
    cost: Cost,
    vault: OnceLock<Box<AskVault>>,
}

/// The secret that a vault gives by one of its passphrases; `None` for one that is none of them.
type AskVault = dyn Fn(&Secret) -> Result<Option<Secret>, PortError> + Send + Sync;

impl DeskKeystore {
    /// Opens the keystore in `folder`, which is made where it is not there. Approval keys need
    /// [`DeskKeystore::create`] before.
    ///
    /// # Errors
    /// [`PortError::Disk`], [`PortError::DiskFull`], [`PortError::Failed`] for a damaged file, which is left as it is.
    pub fn open(
        folder: &Path,
        random: Arc<dyn Random>,
        ask: Arc<dyn AskPassphrase>,
        cost: Cost,
    ) -> Result<Self, PortError> {
        file::make_folder(folder)?;
        let device = {
            // Nobody writes now: what is half written, its process left. And of two who find no key, one makes it.
            let _alone = file::alone(folder)?;
            sweep(folder)?;
            DeviceKey::open(&folder.join("device.key"), &*random)?
        };
        let store = Self { folder: folder.to_owned(), device, random, ask, cost, vault: OnceLock::new() };
        // A damaged file is told now, not at the first approval.
        store.user()?;
        Ok(store)
    }

    /// Makes the key behind the passphrase, when a vault is made. One that was there is replaced, and what it sealed is
    /// gone.
    ///
    /// # Errors
    /// [`PortError::Disk`], [`PortError::DiskFull`].
    pub fn create(&self, passphrase: &Secret) -> Result<(), PortError> {
        let _alone = file::alone(&self.folder)?;
        UserKey::create(&self.user_path(), passphrase, self.cost, &*self.random).map(drop)
    }

    /// Makes the key behind the passphrase where there is none, as for a vault that was copied here.
    ///
    /// # Errors
    /// As [`DeskKeystore::create`].
    pub fn make_missing(&self, passphrase: &Secret) -> Result<(), PortError> {
        if self.user()?.is_some() { Ok(()) } else { self.create(passphrase) }
    }

    /// Whom to ask for the secret of the vault by one of its passphrases.
    pub fn ask_vault(&self, vault: impl Fn(&Secret) -> Result<Option<Secret>, PortError> + Send + Sync + 'static) {
        // Asked of one vault as long as it lives: a second one is not heard.
        let _ = self.vault.set(Box::new(vault));
    }

    /// Whether what opens the vault opens this too.
    ///
    /// # Errors
    /// [`PortError::Disk`], [`PortError::Failed`].
    pub fn is_bound(&self) -> Result<bool, PortError> {
        Ok(self.user()?.is_some_and(|key| key.is_bound()))
    }

    /// Has the key behind the passphrase open by the secret of the vault, where this passphrase opens it. Whether it does now.
    ///
    /// # Errors
    /// [`PortError::Disk`], [`PortError::DiskFull`], [`PortError::Memory`]; then it opens as before, or by the secret.
    pub fn bind(&self, passphrase: &Secret, secret: &Secret) -> Result<bool, PortError> {
        let _alone = file::alone(&self.folder)?;
        let Some(mut key) = self.user()? else { return Ok(false) };
        if key.is_bound() {
            return Ok(true);
        }
        let Some(unlocked) = key.unlock(passphrase)? else { return Ok(false) };
        key.bind(&unlocked, secret, &*self.random).map(|()| true)
    }

    fn user_path(&self) -> PathBuf {
        self.folder.join("user.key")
    }

    /// Read anew for each use: another process may have changed it.
    fn user(&self) -> Result<Option<UserKey>, PortError> {
        UserKey::open(&self.user_path())
    }

    /// Asks until the passphrase opens the key.
    fn unlock(&self, prompt: Option<&Prompt>, cancel: &Cancel) -> Result<Unlocked, PortError> {
        for attempt in 0..limits::PASSPHRASE_TRIES {
            cancel.check()?;
            let passphrase = self.ask.ask(prompt, attempt > 0, cancel)?;
            if let Some(unlocked) = self.opened(&passphrase)? {
                return Ok(unlocked);
            }
        }
        Err(PortError::UserRefused)
    }

    /// The key behind the passphrase, where this is one that opens it.
    fn opened(&self, passphrase: &Secret) -> Result<Option<Unlocked>, PortError> {
        let key = self.user()?.ok_or(PortError::KeyGone)?;
        if !key.is_bound() {
            return key.unlock(passphrase);
        }
        let vault = self.vault.get().ok_or(PortError::Unavailable)?;
        vault(passphrase)?.map_or(Ok(None), |secret| key.unlock_bound(&secret))
    }

    fn path(&self, name: &KeyName, kind: Kind) -> PathBuf {
        self.folder.join(format!("{name}.{}", kind.ending()))
    }

    fn read(&self, name: &KeyName, kind: Kind) -> Result<Vec<u8>, PortError> {
        file::read(&self.path(name, kind), limits::KEY_FILE)?.ok_or(PortError::KeyGone)
    }
}

/// The two kinds of signing keys, told apart by file ending and by what is signed into the seal.
#[derive(Clone, Copy)]
enum Kind {
    Approve,
    Prove,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Approve, Self::Prove];

    fn ending(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Prove => "prove",
        }
    }

    fn names(self, name: &KeyName) -> Vec<u8> {
        format!("{}/{name}", self.ending()).into_bytes()
    }
}

const WRAPPED: &[u8] = b"wrapped";

impl Keystore for DeskKeystore {
    fn level(&self) -> Level {
        Level::Software
    }

    fn generate(&self, purpose: Purpose, name: &KeyName, cancel: &Cancel) -> Result<Jwk, PortError> {
        cancel.check()?;
        let private = user_key::generate(&*self.random)?;
        let point = user_key::point_of(&private.public_key());
        let jwk = Jwk::from_sec1(&point).map_err(|_| PortError::Failed)?;
        let bytes = Secret::from_slice(zeroize::Zeroizing::new(private.to_bytes()).as_slice());
        let kind = match purpose {
            Purpose::Approve(_) => Kind::Approve,
            Purpose::Prove => Kind::Prove,
        };
        let names = kind.names(name);
        let sealed = match kind {
            Kind::Prove => self.device.seal(&*self.random, &names, &bytes)?,
            Kind::Approve => self.user()?.ok_or(PortError::Unavailable)?.seal(&*self.random, &names, &bytes)?,
        };
        let _alone = file::alone(&self.folder)?;
        self.delete(name)?;
        file::replace(&self.path(name, kind), &sealed)?;
        Ok(jwk)
    }

    fn sign_approval(
        &self,
        name: &KeyName,
        prompt: &Prompt,
        input: &[u8],
        cancel: &Cancel,
    ) -> Result<Vec<u8>, PortError> {
        let sealed = self.read(name, Kind::Approve)?;
        let key = self.unlock(Some(prompt), cancel)?.open(&Kind::Approve.names(name), &sealed)?;
        cancel.check()?;
        sign(&key, input)
    }

    fn sign_proof(&self, name: &KeyName, input: &[u8]) -> Result<Vec<u8>, PortError> {
        let sealed = self.read(name, Kind::Prove)?;
        sign(&self.device.open_sealed(&Kind::Prove.names(name), &sealed)?, input)
    }

    fn wrap(&self, guard: Guard, secret: &Secret, cancel: &Cancel) -> Result<Vec<u8>, PortError> {
        cancel.check()?;
        if !limits::WRAPPED_BYTES.contains(&secret.len()) {
            return Err(PortError::TooLarge);
        }
        match guard {
            Guard::Device => self.device.seal(&*self.random, WRAPPED, secret),
            Guard::User => self.user()?.ok_or(PortError::Unavailable)?.seal(&*self.random, WRAPPED, secret),
        }
    }

    fn unwrap(&self, guard: Guard, sealed: &[u8], cancel: &Cancel) -> Result<Secret, PortError> {
        cancel.check()?;
        match guard {
            Guard::Device => self.device.open_sealed(WRAPPED, sealed),
            Guard::User => self.unlock(None, cancel)?.open(WRAPPED, sealed),
        }
    }

    fn delete(&self, name: &KeyName) -> Result<(), PortError> {
        Kind::ALL.into_iter().try_for_each(|kind| file::remove(&self.path(name, kind)))
    }

    fn list(&self) -> Result<Vec<KeyName>, PortError> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(|_| PortError::Disk)? {
            let path = entry.map_err(|_| PortError::Disk)?.path();
            let is_key = path.extension().is_some_and(|e| Kind::ALL.iter().any(|kind| e == kind.ending()));
            let name = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            names.extend(name.filter(|_| is_key));
        }
        Ok(names)
    }
}

/// Signs by ring, which draws the nonce itself.
#[expect(clippy::disallowed_methods, reason = "ring's signing takes no other source of nonces")]
fn sign(key: &Secret, input: &[u8]) -> Result<Vec<u8>, PortError> {
    let private = SecretKey::from_slice(key.expose()).map_err(|_| PortError::Failed)?;
    let point = user_key::point_of(&private.public_key());
    let random = SystemRandom::new();
    let pair =
        EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_ASN1_SIGNING, key.expose(), &point, &random)
            .map_err(|_| PortError::Failed)?;
    Ok(pair.sign(&random, input).map_err(|_| PortError::Failed)?.as_ref().to_vec())
}

/// Removes what a killed process left half written.
fn sweep(folder: &Path) -> Result<(), PortError> {
    for entry in fs::read_dir(folder).map_err(|_| PortError::Disk)? {
        let path = entry.map_err(|_| PortError::Disk)?.path();
        if path.extension().is_some_and(|ending| ending == file::WRITING) {
            file::remove(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use countersign_core::port::UserVerification;
    use countersign_core::system;

    use super::*;

    /// Answers with each passphrase in turn, and counts the questions. Says whether «larch» is the only right one.
    struct Script(Vec<&'static str>, AtomicU32, AtomicBool);

    impl AskPassphrase for Script {
        fn ask(&self, _: Option<&Prompt>, wrong: bool, _: &Cancel) -> Result<Secret, PortError> {
            let n = self.1.fetch_add(1, Ordering::SeqCst) as usize;
            let is_larch = self.2.load(Ordering::SeqCst);
            assert!(!is_larch || wrong == (n > 0 && self.0[n - 1] != "larch"));
            Ok(Secret::from_slice(self.0.get(n).ok_or(PortError::UserRefused)?.as_bytes()))
        }
    }

    fn store(folder: &tempfile::TempDir, answers: &[&'static str]) -> (DeskKeystore, Arc<Script>) {
        let script = Arc::new(Script(answers.to_vec(), AtomicU32::new(0), AtomicBool::new(true)));
        let random = Arc::new(system::SystemRandom::new());
        (DeskKeystore::open(folder.path(), random, script.clone(), Cost::LEAST).unwrap(), script)
    }

    fn made(answers: &[&'static str]) -> (tempfile::TempDir, DeskKeystore, Arc<Script>) {
        let folder = tempfile::tempdir().unwrap();
        let (store, script) = store(&folder, answers);
        store.create(&Secret::from_slice(b"larch")).unwrap();
        (folder, store, script)
    }

    fn prompt() -> Prompt {
        Prompt { app: "Payroll".into(), host: "gate.example.com".into(), account: "mara".into() }
    }

    fn approve(store: &DeskKeystore) -> KeyName {
        let name = "ak-1".parse().unwrap();
        store.generate(Purpose::Approve(UserVerification::Any), &name, &Cancel::default()).unwrap();
        name
    }

    #[test]
    fn the_passphrase_is_asked_for_every_approval_and_never_for_making_keys() {
        let (_folder, store, script) = made(&["larch", "larch"]);
        let name = approve(&store);
        assert_eq!(script.1.load(Ordering::SeqCst), 0);
        for asked in 1..=2 {
            store.sign_approval(&name, &prompt(), b"input", &Cancel::default()).unwrap();
            assert_eq!(script.1.load(Ordering::SeqCst), asked);
        }
    }

    #[test]
    fn secrets_are_wrapped_up_to_their_limit() {
        let (_folder, store, _) = made(&[]);
        let most = *limits::WRAPPED_BYTES.end();
        for (bytes, taken) in [(0, false), (1, true), (most - 1, true), (most, true), (most + 1, false)] {
            let wrapped = store.wrap(Guard::Device, &Secret::new(vec![7; bytes]), &Cancel::default());
            assert_eq!((bytes, wrapped.map(drop)), (bytes, if taken { Ok(()) } else { Err(PortError::TooLarge) }));
        }
    }

    #[test]
    fn a_wrong_passphrase_is_asked_again_three_times_in_all() {
        let (_folder, store, _) = made(&["beech", "oak", "larch"]);
        let name = approve(&store);
        assert!(store.sign_approval(&name, &prompt(), b"input", &Cancel::default()).is_ok());
        let (_folder, store, script) = made(&["beech", "oak", "elm", "larch"]);
        let name = approve(&store);
        let refused = store.sign_approval(&name, &prompt(), b"input", &Cancel::default());
        assert_eq!(refused, Err(PortError::UserRefused));
        assert_eq!(script.1.load(Ordering::SeqCst), limits::PASSPHRASE_TRIES);
    }

    #[test]
    fn without_a_vault_there_is_no_approval_key_but_proofs_work() {
        let folder = tempfile::tempdir().unwrap();
        let (store, _) = store(&folder, &[]);
        let name: KeyName = "k".parse().unwrap();
        let made = store.generate(Purpose::Approve(UserVerification::Any), &name, &Cancel::default());
        assert_eq!(made.unwrap_err(), PortError::Unavailable);
        assert!(store.generate(Purpose::Prove, &name, &Cancel::default()).is_ok());
        assert!(store.sign_proof(&name, b"input").is_ok());
    }

    #[test]
    fn a_key_is_of_one_kind_and_bound_to_its_name() {
        let (folder, store, _) = made(&["larch"]);
        let name = approve(&store);
        assert_eq!(store.sign_proof(&name, b"input"), Err(PortError::KeyGone));
        fs::rename(folder.path().join("ak-1.approve"), folder.path().join("ak-2.approve")).unwrap();
        let other = "ak-2".parse().unwrap();
        assert_eq!(store.sign_approval(&other, &prompt(), b"i", &Cancel::default()), Err(PortError::Failed));
    }

    /// A vault of two passphrases.
    fn vault(passphrase: &Secret) -> Result<Option<Secret>, PortError> {
        let opens = [&b"spruce"[..], b"yew"].contains(&passphrase.expose());
        Ok(opens.then(|| Secret::new(vec![7; 32])))
    }

    #[test]
    fn every_passphrase_of_the_vault_approves_and_one_that_was_taken_back_does_not() {
        let (folder, first, _) = made(&[]);
        let name = approve(&first);
        let (larch, secret) = (Secret::from_slice(b"larch"), Secret::new(vec![7; 32]));
        assert_eq!((first.is_bound(), first.bind(&Secret::from_slice(b"yew"), &secret)), (Ok(false), Ok(false)));
        assert_eq!((first.bind(&larch, &secret), first.is_bound()), (Ok(true), Ok(true)));
        assert_eq!(first.bind(&larch, &secret), Ok(true), "twice is well");
        let (reopened, script) = store(&folder, &["spruce", "yew", "elm", "oak", "beech"]);
        reopened.ask_vault(vault);
        let sign = || reopened.sign_approval(&name, &prompt(), b"i", &Cancel::default());
        script.2.store(false, Ordering::SeqCst);
        assert!(sign().is_ok() && sign().is_ok());
        assert_eq!(sign(), Err(PortError::UserRefused));
    }

    #[test]
    fn what_another_process_bound_counts_at_once() {
        let (folder, here, _) = made(&["larch"]);
        let name = approve(&here);
        let (there, _) = store(&folder, &[]);
        assert_eq!(there.bind(&Secret::from_slice(b"larch"), &Secret::new(vec![7; 32])), Ok(true));
        let refused = here.sign_approval(&name, &prompt(), b"i", &Cancel::default());
        assert_eq!(refused, Err(PortError::Unavailable), "there is no vault to ask");
    }

    #[test]
    fn a_second_process_that_starts_takes_nothing_that_is_being_written() {
        let (folder, here, _) = made(&[]);
        std::thread::scope(|scope| {
            let writing = scope.spawn(|| {
                for _ in 0..200 {
                    here.generate(Purpose::Prove, &"pk".parse().unwrap(), &Cancel::default()).unwrap();
                }
            });
            while !writing.is_finished() {
                store(&folder, &[]);
            }
        });
    }

    #[test]
    fn of_two_processes_that_make_the_first_key_both_have_the_same() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            std::thread::scope(|scope| {
                let [one, other] = [(); 2].map(|()| scope.spawn(|| store(&folder, &[]).0)).map(|it| it.join().unwrap());
                let sealed = one.wrap(Guard::Device, &Secret::from_slice(b"s"), &Cancel::default()).unwrap();
                assert!(other.unwrap(Guard::Device, &sealed, &Cancel::default()).is_ok());
            });
        }
    }

    #[test]
    fn what_a_killed_process_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join("ak.writing");
        fs::write(&left, b"half").unwrap();
        let (store, _) = store(&folder, &[]);
        assert!(!left.exists() && store.list().unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn every_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, store, _) = made(&[]);
        approve(&store);
        store.generate(Purpose::Prove, &"pk".parse().unwrap(), &Cancel::default()).unwrap();
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().path()).collect();
        assert_eq!(files.len(), 5, "two keys of the keystore, two of an enrolment, and the lock");
        assert!(files.iter().all(|f| fs::metadata(f).unwrap().permissions().mode() & 0o777 == 0o600));
    }
}
