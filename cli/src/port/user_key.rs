//! The key behind the passphrase. Its public half seals without a question; its private half opens, and is itself sealed
//! in the file `user.key`.
//!
//! It is sealed by a secret that the vault gives to whoever can open it, so every passphrase of the vault opens this key
//! too, and one that was taken back opens neither. Where the vault is only being made, or was made by an earlier program,
//! it is sealed by the passphrase itself (Argon2id, in one or two slots) until the vault is opened by that.

use std::path::{Path, PathBuf};

use argon2::{Algorithm, Argon2, Params, Version};
use countersign_core::error::PortError;
use countersign_core::file;
use countersign_core::port::{Guard, Random};
use countersign_core::protocol::Secret;
use countersign_core::protocol::jose::b64u;
use p256::elliptic_curve::sec1::ToSec1Point;
use p256::{PublicKey, SecretKey};
use ring::hkdf::{HKDF_SHA256, Salt};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::sealed::{self, KEY, KeyId};
use crate::limits;

/// What a guess at the passphrase costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Cost {
    /// What new files get: 64 MiB, three passes.
    pub const DESK: Self = Self { memory: 64 * 1024, passes: 3 };
    /// The least that is accepted: 19 MiB, two passes.
    pub const LEAST: Self = Self { memory: *limits::KDF_MEMORY.start(), passes: *limits::KDF_PASSES.start() };

    fn is_allowed(self) -> bool {
        limits::KDF_MEMORY.contains(&self.memory) && limits::KDF_PASSES.contains(&self.passes)
    }
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    version: u32,
    /// The public half, SEC1 uncompressed, b64u.
    public: String,
    /// In version 1: one, or two while a passphrase was being changed.
    slots: Vec<Slot>,
    /// In version 2: the private half, sealed by the vault's secret; b64u.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vault: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Slot {
    /// b64u.
    salt: String,
    /// KiB.
    memory: u32,
    passes: u32,
    /// The private half, sealed; b64u.
    sealed: String,
}

/// Sealed by a passphrase.
const BY_PASSPHRASE: u32 = 1;
/// Sealed by the vault's secret.
const BY_VAULT: u32 = 2;
const SLOTS: usize = 2;
const POINT: usize = 65;

/// The key behind the passphrase, private half sealed.
pub struct UserKey {
    path: PathBuf,
    form: Form,
    public: PublicKey,
    point: Vec<u8>,
    id: KeyId,
}

impl UserKey {
    /// Makes a key behind `passphrase`; one that was there is replaced.
    ///
    /// # Errors
    /// [`PortError::Disk`], [`PortError::DiskFull`], [`PortError::Memory`].
    pub fn create(path: &Path, passphrase: &Secret, cost: Cost, random: &dyn Random) -> Result<Self, PortError> {
        let private = generate(random)?;
        let point = point_of(&private.public_key());
        let slot = Slot::seal(&private, &point, passphrase, cost, random)?;
        let form = Form { version: BY_PASSPHRASE, public: b64u::encode(&point), slots: vec![slot], vault: None };
        let key = Self::of_form(path, form)?;
        key.write()?;
        Ok(key)
    }

    /// Reads the file; `None` when there is none.
    ///
    /// # Errors
    /// [`PortError::Failed`] where the file is damaged or asks for a cost out of bounds, [`PortError::Disk`].
    pub fn open(path: &Path) -> Result<Option<Self>, PortError> {
        let Some(bytes) = file::read(path, limits::KEY_FILE)? else { return Ok(None) };
        let form: Form = serde_json::from_slice(&bytes).map_err(|_| PortError::Failed)?;
        Self::of_form(path, form).map(Some)
    }

    fn of_form(path: &Path, form: Form) -> Result<Self, PortError> {
        let fits = match form.version {
            BY_PASSPHRASE => (1..=SLOTS).contains(&form.slots.len()) && form.vault.is_none(),
            BY_VAULT => form.slots.is_empty() && form.vault.is_some(),
            _ => false,
        };
        if !fits || !form.slots.iter().all(|s| s.cost().is_allowed()) {
            return Err(PortError::Failed);
        }
        let point = b64u::decode(&form.public).map_err(|_| PortError::Failed)?;
        let public = PublicKey::from_sec1_bytes(&point).map_err(|_| PortError::Failed)?;
        let id = sealed::key_id("user", &point);
        Ok(Self { path: path.to_owned(), form, public, point, id })
    }

    fn write(&self) -> Result<(), PortError> {
        let bytes = serde_json::to_vec(&self.form).map_err(|_| PortError::Failed)?;
        file::replace(&self.path, &bytes)
    }

    /// The private half, where one slot opens by `passphrase`; `None` where it is the wrong one.
    ///
    /// # Errors
    /// [`PortError::Memory`] where the machine has not enough for the derivation.
    pub fn unlock(&self, passphrase: &Secret) -> Result<Option<Unlocked>, PortError> {
        for slot in &self.form.slots {
            if let Some(private) = slot.open(&self.point, passphrase)? {
                return Ok(Some(Unlocked { private, point: self.point.clone(), id: self.id }));
            }
        }
        Ok(None)
    }

    /// Whether the vault's secret opens it, and no passphrase by itself.
    pub fn is_bound(&self) -> bool {
        self.form.vault.is_some()
    }

    /// Seals the private half by the vault's secret, and by nothing else from here on.
    ///
    /// # Errors
    /// As [`UserKey::create`]; then the file is as it was, or bound.
    pub fn bind(&mut self, unlocked: &Unlocked, secret: &Secret, random: &dyn Random) -> Result<(), PortError> {
        let private = Zeroizing::new(unlocked.private.to_bytes());
        // The secret leaves its type to seal by it.
        let sealed = sealed::seal(secret.expose(), random.array()?, &self.point, private.as_slice())?;
        self.form.version = BY_VAULT;
        self.form.slots.clear();
        self.form.vault = Some(b64u::encode(&sealed));
        self.write()
    }

    /// The private half by the vault's secret; `None` where it is another vault's.
    ///
    /// # Errors
    /// [`PortError::Failed`] where the file is damaged.
    pub fn unlock_bound(&self, secret: &Secret) -> Result<Option<Unlocked>, PortError> {
        let Some(sealed) = &self.form.vault else { return Ok(None) };
        let sealed = b64u::decode(sealed).map_err(|_| PortError::Failed)?;
        let Ok(bytes) = sealed::open(secret.expose(), &self.point, &sealed) else { return Ok(None) };
        let private = SecretKey::from_slice(bytes.expose()).ok();
        Ok(private.map(|private| Unlocked { private, point: self.point.clone(), id: self.id }))
    }

    /// Seals `plain` for `names`, without a question: to the public half, by a key pair made for this once.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] without randomness.
    pub fn seal(&self, random: &dyn Random, names: &[u8], plain: &Secret) -> Result<Vec<u8>, PortError> {
        let once = generate(random)?;
        let sender = point_of(&once.public_key());
        let key = agree(&once, &self.public, &sender, &self.point)?;
        // The key is made for this one message, so its nonce may be fixed.
        let body = sealed::seal(key.as_ref(), [0; 12], names, plain.expose())?;
        Ok(sealed::pack(Guard::User, &self.id, &[sender, body].concat()))
    }
}

/// The private half, for as long as one use takes.
pub struct Unlocked {
    private: SecretKey,
    point: Vec<u8>,
    id: KeyId,
}

impl Unlocked {
    /// Opens what [`UserKey::seal`] made for the same names.
    ///
    /// # Errors
    /// [`PortError::KeyGone`] where it was sealed to another key, [`PortError::Failed`] where anything differs.
    pub fn open(&self, names: &[u8], sealed: &[u8]) -> Result<Secret, PortError> {
        let body = sealed::unpack(Guard::User, &self.id, sealed)?;
        let (sender, body) = body.split_first_chunk::<POINT>().ok_or(PortError::Failed)?;
        let public = PublicKey::from_sec1_bytes(sender).map_err(|_| PortError::Failed)?;
        let key = agree(&self.private, &public, sender, &self.point)?;
        sealed::open(key.as_ref(), names, body)
    }
}

impl Slot {
    fn seal(
        private: &SecretKey,
        point: &[u8],
        passphrase: &Secret,
        cost: Cost,
        random: &dyn Random,
    ) -> Result<Self, PortError> {
        let salt: [u8; 16] = random.array()?;
        let key = derive(passphrase, &salt, cost)?;
        let bytes = Zeroizing::new(private.to_bytes());
        let sealed = sealed::seal(key.as_ref(), random.array()?, point, bytes.as_slice())?;
        let (salt, sealed) = (b64u::encode(&salt), b64u::encode(&sealed));
        Ok(Self { salt, memory: cost.memory, passes: cost.passes, sealed })
    }

    /// The private half; `None` where the passphrase is another one (or the slot was changed, which looks the same).
    fn open(&self, point: &[u8], passphrase: &Secret) -> Result<Option<SecretKey>, PortError> {
        let decode = |text: &str| b64u::decode(text).map_err(|_| PortError::Failed);
        let key = derive(passphrase, &decode(&self.salt)?, self.cost())?;
        let Ok(bytes) = sealed::open(key.as_ref(), point, &decode(&self.sealed)?) else { return Ok(None) };
        Ok(SecretKey::from_slice(bytes.expose()).ok())
    }

    fn cost(&self) -> Cost {
        Cost { memory: self.memory, passes: self.passes }
    }
}

fn derive(passphrase: &Secret, salt: &[u8], cost: Cost) -> Result<Zeroizing<[u8; KEY]>, PortError> {
    let params = Params::new(cost.memory, cost.passes, 1, Some(KEY)).map_err(|_| PortError::Failed)?;
    let mut key = Zeroizing::new([0; KEY]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose(), salt, key.as_mut())
        .map_err(|_| PortError::Failed)?;
    Ok(key)
}

/// A key pair out of `random`: drawn until the number is one of the curve's.
pub fn generate(random: &dyn Random) -> Result<SecretKey, PortError> {
    loop {
        let bytes = random.secret(32)?;
        if let Ok(key) = SecretKey::from_slice(bytes.expose()) {
            return Ok(key);
        }
    }
}

/// The uncompressed point, 65 bytes.
pub fn point_of(public: &PublicKey) -> Vec<u8> {
    public.to_sec1_point(false).as_bytes().to_vec()
}

/// The key that sender and receiver share: ECDH on P-256, then HKDF-SHA-256 over both points.
fn agree(
    private: &SecretKey,
    public: &PublicKey,
    sender: &[u8],
    receiver: &[u8],
) -> Result<Zeroizing<[u8; KEY]>, PortError> {
    let shared = p256::ecdh::diffie_hellman(private.to_nonzero_scalar(), public.as_affine());
    let salt = Salt::new(HKDF_SHA256, &[sender, receiver].concat());
    let prk = salt.extract(shared.raw_secret_bytes());
    let mut key = Zeroizing::new([0; KEY]);
    prk.expand(&[b"countersign-desk-user-1"], HKDF_SHA256)
        .and_then(|okm| okm.fill(key.as_mut()))
        .map_err(|_| PortError::Failed)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use countersign_core::system::SystemRandom;
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    use super::*;

    fn pass(text: &str) -> Secret {
        Secret::from_slice(text.as_bytes())
    }

    fn key(folder: &tempfile::TempDir) -> UserKey {
        UserKey::create(&folder.path().join("user.key"), &pass("old"), Cost::LEAST, &SystemRandom::new()).unwrap()
    }

    #[test]
    fn sealing_needs_no_passphrase_and_opening_the_right_one() {
        let folder = tempfile::tempdir().unwrap();
        let key = key(&folder);
        let sealed = key.seal(&SystemRandom::new(), b"name", &pass("secret")).unwrap();
        let key = UserKey::open(&folder.path().join("user.key")).unwrap().unwrap();
        assert!(key.unlock(&pass("wrong")).unwrap().is_none());
        let open = key.unlock(&pass("old")).unwrap().unwrap();
        assert_eq!(open.open(b"name", &sealed).unwrap().expose(), b"secret");
        assert!(open.open(b"other", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open.open(b"name", &changed).is_err(), "byte {at}");
        }
    }

    #[test]
    fn bound_to_a_vault_its_secret_opens_and_the_passphrase_alone_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let random = SystemRandom::new();
        let mut key = key(&folder);
        let sealed = key.seal(&random, b"name", &pass("secret")).unwrap();
        assert!(!key.is_bound() && key.unlock_bound(&Secret::new(vec![7; 32])).unwrap().is_none());
        let unlocked = key.unlock(&pass("old")).unwrap().unwrap();
        key.bind(&unlocked, &Secret::new(vec![7; 32]), &random).unwrap();
        let key = UserKey::open(&folder.path().join("user.key")).unwrap().unwrap();
        assert!(key.is_bound() && key.unlock(&pass("old")).unwrap().is_none());
        assert!(key.unlock_bound(&Secret::new(vec![8; 32])).unwrap().is_none());
        let open = key.unlock_bound(&Secret::new(vec![7; 32])).unwrap().unwrap();
        assert_eq!(open.open(b"name", &sealed).unwrap().expose(), b"secret");
    }

    #[test]
    fn a_file_is_of_one_form_or_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user.key");
        let mut key = key(&folder);
        let by_passphrase = std::fs::read_to_string(&path).unwrap();
        let unlocked = key.unlock(&pass("old")).unwrap().unwrap();
        key.bind(&unlocked, &Secret::new(vec![7; 32]), &SystemRandom::new()).unwrap();
        let by_vault = std::fs::read_to_string(&path).unwrap();
        for mixed in [
            by_passphrase.replace("\"version\":1", "\"version\":2"),
            by_vault.replace("\"version\":2", "\"version\":1"),
            by_passphrase.replace("\"slots\":", "\"vault\":\"AA\",\"slots\":"),
            by_vault.replace("\"version\":2", "\"version\":3"),
        ] {
            std::fs::write(&path, &mixed).unwrap();
            assert!(matches!(UserKey::open(&path), Err(PortError::Failed)), "{mixed}");
        }
    }

    /// Written files with other costs, left whole or damaged.
    #[test]
    fn any_file_is_a_key_or_refused_and_a_third_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user.key");
        drop(key(&folder));
        let written = std::fs::read_to_string(&path).unwrap();
        let costs = (limits::KDF_MEMORY, limits::KDF_PASSES);
        let input = (costs, any::<prop::sample::Index>(), any::<char>(), 0..4_u8);
        let (taken, all) = (Cell::new(0), Cell::new(0));
        let config = Config { cases: 400, failure_persistence: None, ..Config::default() };
        let run = TestRunner::new(config).run(&input, |((memory, passes), at, character, how)| {
            let text = written.replace("\"memory\":19456", &format!("\"memory\":{memory}"));
            let mut text: Vec<char> = text.replace("\"passes\":2", &format!("\"passes\":{passes}")).chars().collect();
            match how {
                0 => text.truncate(at.index(text.len())),
                1 => *at.get_mut(&mut text) = character,
                _ => {}
            }
            let text: String = text.into_iter().collect();
            std::fs::write(&path, &text).unwrap();
            all.set(all.get() + 1);
            if let Ok(key) = UserKey::open(&path) {
                let key = key.expect("the file is there");
                assert!(key.form.slots.iter().all(|slot| slot.cost().is_allowed()));
                key.write().unwrap();
                let again = UserKey::open(&path).unwrap().unwrap();
                assert_eq!(serde_json::to_vec(&again.form).unwrap(), serde_json::to_vec(&key.form).unwrap());
                taken.set(taken.get() + 1);
            }
            Ok(())
        });
        run.unwrap();
        assert!(taken.get() * 3 >= all.get() && all.get() >= 400, "only {} of {} taken", taken.get(), all.get());
    }

    #[test]
    fn costs_hold_their_limits() {
        let (memory, passes) = (limits::KDF_MEMORY, limits::KDF_PASSES);
        let cost = |memory, passes| Cost { memory, passes }.is_allowed();
        assert!(cost(*memory.start(), *passes.start()) && cost(*memory.end(), *passes.end()));
        assert!(!cost(memory.start() - 1, 3) && !cost(memory.end() + 1, 3));
        assert!(!cost(64 * 1024, passes.start() - 1) && !cost(64 * 1024, passes.end() + 1));
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user.key");
        drop(key(&folder));
        let written = std::fs::read_to_string(&path).unwrap();
        for (bytes, taken) in [(limits::KEY_FILE - 1, true), (limits::KEY_FILE, true), (limits::KEY_FILE + 1, false)] {
            let blanks = " ".repeat(bytes as usize - written.len());
            std::fs::write(&path, format!("{written}{blanks}")).unwrap();
            assert_eq!((bytes, UserKey::open(&path).is_ok()), (bytes, taken));
        }
    }

    #[test]
    fn a_file_that_asks_for_too_little_or_too_much_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("user.key");
        drop(key(&folder));
        let text = std::fs::read_to_string(&path).unwrap();
        for (from, to) in [
            ("\"memory\":19456", "\"memory\":8"),
            ("\"passes\":2", "\"passes\":4000000000"),
            ("\"version\":1", "\"version\":2"),
        ] {
            assert!(text.contains(from));
            std::fs::write(&path, text.replace(from, to)).unwrap();
            assert!(matches!(UserKey::open(&path), Err(PortError::Failed)), "{to}");
        }
    }
}
