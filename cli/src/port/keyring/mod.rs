//! The keyring of the session (freedesktop's Secret Service: gnome-keyring, KWallet, KeePassXC): a keystore that opens the
//! vault without its passphrase for as long as the person is logged in.
//!
//! It keeps a random key under a random name; what it wraps is sealed by that key and says the name. The key goes over the
//! session's bus as it is: who can listen there as this user can also ask the keyring for it.

mod bus;
mod service;
mod wire;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{Guard, KeyName, Keystore, Level, Prompt, Purpose, Random};
use countersign_core::protocol::Secret;
use countersign_core::protocol::jose::{Id, Jwk};

use super::sealed::{self, KEY};
use service::Service;

const MAGIC: &[u8; 8] = b"CSkring1";
const WRAPPED: &[u8] = b"keyring";

/// The keyring as a keystore: it wraps and unwraps, and keeps no signing keys.
pub struct Keyring {
    random: Arc<dyn Random>,
    name: KeyringName,
    /// What the person sees in the keyring's own list.
    label: String,
}

impl Keyring {
    /// The keyring of this session, whether there is one or not.
    pub fn new(random: Arc<dyn Random>, name: KeyringName, label: String) -> Self {
        Self { random, name, label }
    }

    /// Is there one that answers?
    pub fn is_there() -> bool {
        Service::open().is_ok()
    }

    /// Whether what a keystore wrapped was wrapped under this name.
    pub fn made(&self, wrapped: &[u8]) -> bool {
        parts(wrapped).is_some_and(|(name, _)| name == self.name)
    }

    /// Takes the key out of the keyring. Well also where it is gone.
    ///
    /// # Errors
    /// What the keyring gives.
    pub fn forget(&self) -> Result<(), PortError> {
        Service::open()?.delete(&self.name.to_string())
    }
}

/// Under which name the keyring has the key of a vault: nothing that tells whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyringName(Id);

impl KeyringName {
    /// A new one.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] without randomness.
    pub fn generate(random: &dyn Random) -> Result<Self, PortError> {
        random.id().map(Self)
    }
}

impl fmt::Display for KeyringName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for KeyringName {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, PortError> {
        text.parse().map(Self).map_err(|_| PortError::Failed)
    }
}

/// The name and the sealed part.
fn parts(wrapped: &[u8]) -> Option<(KeyringName, &[u8])> {
    let (name, sealed) = wrapped.strip_prefix(MAGIC)?.split_first_chunk()?;
    Some((KeyringName(Id::from_bytes(*name)), sealed))
}

impl Keystore for Keyring {
    fn level(&self) -> Level {
        Level::Software
    }

    fn wrap(&self, _: Guard, secret: &Secret, cancel: &Cancel) -> Result<Vec<u8>, PortError> {
        cancel.check()?;
        let key = self.random.secret(KEY)?;
        let sealed = sealed::seal(key.expose(), self.random.array()?, WRAPPED, secret.expose())?;
        Service::open()?.store(&self.name.to_string(), &self.label, &key)?;
        Ok([MAGIC.as_slice(), self.name.0.as_bytes(), &sealed].concat())
    }

    fn unwrap(&self, _: Guard, wrapped: &[u8], cancel: &Cancel) -> Result<Secret, PortError> {
        cancel.check()?;
        let (name, sealed) = parts(wrapped).ok_or(PortError::KeyGone)?;
        let key = Service::open()?.find(&name.to_string())?.ok_or(PortError::KeyGone)?;
        sealed::open(key.expose(), WRAPPED, sealed)
    }

    fn generate(&self, _: Purpose, _: &KeyName, _: &Cancel) -> Result<Jwk, PortError> {
        Err(PortError::Unavailable)
    }

    fn sign_approval(&self, _: &KeyName, _: &Prompt, _: &[u8], _: &Cancel) -> Result<Vec<u8>, PortError> {
        Err(PortError::Unavailable)
    }

    fn sign_proof(&self, _: &KeyName, _: &[u8]) -> Result<Vec<u8>, PortError> {
        Err(PortError::Unavailable)
    }

    fn delete(&self, _: &KeyName) -> Result<(), PortError> {
        Err(PortError::Unavailable)
    }

    fn list(&self) -> Result<Vec<KeyName>, PortError> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::system::SystemRandom;

    use super::*;

    #[test]
    fn what_another_keystore_wrapped_is_not_asked_for() {
        assert_eq!(parts(b"CSdesk1u"), None);
        assert_eq!(parts(b"CSkring1short"), None);
        let name = KeyringName(Id::from_bytes([0xab; 16]));
        let wrapped = [MAGIC.as_slice(), name.0.as_bytes(), b"sealed"].concat();
        assert_eq!(parts(&wrapped), Some((name, &b"sealed"[..])));
        assert_eq!(name.to_string().parse(), Ok(name));
        let keyring = |name| Keyring::new(Arc::new(SystemRandom::new()), name, String::new());
        assert!(keyring(name).made(&wrapped) && !keyring(name).made(b"CSdesk1u"));
        assert!(!keyring(KeyringName(Id::from_bytes([0xac; 16]))).made(&wrapped));
    }
}
