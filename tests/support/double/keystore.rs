//! A keystore in memory that signs by RFC 6979, so that the same run gives the same signatures.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{AttestedKey, Guard, KeyName, Keystore, Level, Prompt, Purpose, Random};
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Jwk};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::lock;

/// Keys in memory. The person at its prompt says yes unless told otherwise.
pub struct DoubleKeystore {
    random: Arc<dyn Random>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    keys: BTreeMap<KeyName, (Purpose, SigningKey)>,
    wrapping: BTreeMap<u8, [u8; 32]>,
    answers: VecDeque<PortError>,
    prompts: Vec<Prompt>,
    locked: bool,
}

impl DoubleKeystore {
    /// An empty keystore.
    pub fn new(random: Arc<dyn Random>) -> Self {
        Self { random, state: Mutex::default() }
    }

    /// The next prompt ends with this error.
    pub fn refuse_next(&self, error: PortError) {
        lock(&self.state).answers.push_back(error);
    }

    /// What its prompts said so far.
    pub fn prompts(&self) -> Vec<Prompt> {
        lock(&self.state).prompts.clone()
    }

    /// As after a restart of the device: nothing works until it was unlocked once.
    pub fn set_locked(&self, locked: bool) {
        lock(&self.state).locked = locked;
    }

    /// As after the screen lock was removed: keys that ask for the person are gone.
    pub fn forget_user_keys(&self) {
        let mut state = lock(&self.state);
        state.keys.retain(|_, (purpose, _)| *purpose == Purpose::Prove);
        state.wrapping.remove(&guard_byte(Guard::User));
    }

    /// As after the app was installed anew: all keys are gone.
    pub fn forget_all(&self) {
        *lock(&self.state) = State::default();
    }

    fn unlocked(&self) -> Result<std::sync::MutexGuard<'_, State>, PortError> {
        let state = lock(&self.state);
        if state.locked { Err(PortError::Locked) } else { Ok(state) }
    }

    fn signed(&self, name: &KeyName, proves: bool, input: &[u8]) -> Result<Vec<u8>, PortError> {
        let state = self.unlocked()?;
        let (purpose, key) = state.keys.get(name).ok_or(PortError::KeyGone)?;
        if (*purpose == Purpose::Prove) != proves {
            return Err(PortError::KeyGone);
        }
        let signature: Signature = key.sign(input);
        Ok(signature.to_der().as_bytes().to_vec())
    }

    fn ask(&self, guard: Guard, cancel: &Cancel) -> Result<(), PortError> {
        cancel.check()?;
        match guard {
            Guard::Device => Ok(()),
            Guard::User => self.unlocked()?.answers.pop_front().map_or(Ok(()), Err),
        }
    }
}

impl Keystore for DoubleKeystore {
    fn level(&self) -> Level {
        Level::Software
    }

    fn generate(&self, purpose: Purpose, name: &KeyName, cancel: &Cancel) -> Result<Jwk, PortError> {
        cancel.check()?;
        let key = loop {
            // All but one scalar in 2^32 is a key; the next draw serves where one is not.
            if let Ok(key) = SigningKey::from_slice(&self.random.array::<32>()?) {
                break key;
            }
        };
        let jwk = Jwk::from_sec1(key.verifying_key().to_sec1_point(false).as_bytes());
        let jwk = jwk.map_err(|_| PortError::Failed)?;
        self.unlocked()?.keys.insert(name.clone(), (purpose, key));
        Ok(jwk)
    }

    /// The double's hardware writes no certificate: it says what one says, for this key and challenge.
    fn generate_attested(
        &self,
        purpose: Purpose,
        name: &KeyName,
        challenge: &H32,
        cancel: &Cancel,
    ) -> Result<AttestedKey, PortError> {
        let jwk = self.generate(purpose, name, cancel)?;
        let leaf = [&jwk.to_sec1()[..], challenge.as_bytes()].concat();
        Ok(AttestedKey { jwk, chain: vec![leaf] })
    }

    fn sign_approval(
        &self,
        name: &KeyName,
        prompt: &Prompt,
        input: &[u8],
        cancel: &Cancel,
    ) -> Result<Vec<u8>, PortError> {
        cancel.check()?;
        if !matches!(self.unlocked()?.keys.get(name), Some((Purpose::Approve(_), _))) {
            return Err(PortError::KeyGone);
        }
        lock(&self.state).prompts.push(prompt.clone());
        self.ask(Guard::User, cancel)?;
        self.signed(name, false, input)
    }

    fn sign_proof(&self, name: &KeyName, input: &[u8]) -> Result<Vec<u8>, PortError> {
        self.signed(name, true, input)
    }

    fn wrap(&self, guard: Guard, secret: &Secret, cancel: &Cancel) -> Result<Vec<u8>, PortError> {
        cancel.check()?;
        if !(1..=512).contains(&secret.len()) {
            return Err(PortError::TooLarge);
        }
        let (fresh, nonce) = (self.random.array()?, self.random.array()?);
        let key = *self.unlocked()?.wrapping.entry(guard_byte(guard)).or_insert(fresh);
        let mut sealed = secret.expose().to_vec();
        let aad = Aad::from([guard_byte(guard)]);
        let tag = aes(&key).seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed);
        Ok([&nonce, &sealed[..], tag.map_err(|_| PortError::Failed)?.as_ref()].concat())
    }

    fn unwrap(&self, guard: Guard, sealed: &[u8], cancel: &Cancel) -> Result<Secret, PortError> {
        self.ask(guard, cancel)?;
        let key = *self.unlocked()?.wrapping.get(&guard_byte(guard)).ok_or(PortError::KeyGone)?;
        let (nonce, body) = sealed.split_at_checked(12).ok_or(PortError::Failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| PortError::Failed)?;
        let mut plain = body.to_vec();
        let opened = aes(&key).open_in_place(nonce, Aad::from([guard_byte(guard)]), &mut plain);
        let len = opened.map_err(|_| PortError::Failed)?.len();
        plain.truncate(len);
        Ok(Secret::new(plain))
    }

    fn delete(&self, name: &KeyName) -> Result<(), PortError> {
        self.unlocked()?.keys.remove(name);
        Ok(())
    }

    fn list(&self) -> Result<Vec<KeyName>, PortError> {
        Ok(self.unlocked()?.keys.keys().cloned().collect())
    }
}

fn guard_byte(guard: Guard) -> u8 {
    match guard {
        Guard::Device => 1,
        Guard::User => 2,
    }
}

fn aes(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("32 bytes"))
}
