//! The keyring of the session (freedesktop's Secret Service: gnome-keyring, KWallet, KeePassXC): a keystore that opens the
//! vault without its passphrase for as long as the person is logged in.
//!
//! It keeps a random key under a random name; what it wraps is sealed by that key and says the name. The key goes over the
//! session's bus as it is: who can listen there as this user can also ask the keyring for it.

mod bus;
mod service;
mod wire;

use std::sync::Arc;

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{Guard, KeyName, Keystore, Level, Prompt, Purpose, Random};
use countersign_core::protocol::Secret;
use countersign_core::protocol::jose::Jwk;

use super::sealed::{self, KEY};
use service::Service;

const MAGIC: &[u8; 8] = b"CSkring1";
const NAME: usize = 16;
const WRAPPED: &[u8] = b"keyring";

/// The keyring as a keystore: it wraps and unwraps, and keeps no signing keys.
pub struct Keyring {
    random: Arc<dyn Random>,
    /// What the person sees in the keyring's own list.
    label: String,
}

impl Keyring {
    /// The keyring of this session, whether there is one or not.
    pub fn new(random: Arc<dyn Random>, label: String) -> Self {
        Self { random, label }
    }

    /// Is there one that answers?
    pub fn is_there() -> bool {
        Service::open().is_ok()
    }

    /// Takes out of the keyring what opens `wrapped`. Well also where it is gone.
    ///
    /// # Errors
    /// What the keyring gives.
    pub fn forget(wrapped: &[u8]) -> Result<(), PortError> {
        let (name, _) = parts(wrapped).ok_or(PortError::Failed)?;
        Service::open()?.delete(&name)
    }
}

/// The name and the sealed part.
fn parts(wrapped: &[u8]) -> Option<(String, &[u8])> {
    let (name, sealed) = wrapped.strip_prefix(MAGIC)?.split_first_chunk::<NAME>()?;
    Some((name.iter().map(|byte| format!("{byte:02x}")).collect(), sealed))
}

impl Keystore for Keyring {
    fn level(&self) -> Level {
        Level::Software
    }

    fn wrap(&self, _: Guard, secret: &Secret, cancel: &Cancel) -> Result<Vec<u8>, PortError> {
        cancel.check()?;
        let (name, key) = (self.random.array::<NAME>()?, self.random.secret(KEY)?);
        let sealed = sealed::seal(key.expose(), self.random.array()?, WRAPPED, secret.expose())?;
        let wrapped = [MAGIC.as_slice(), &name, &sealed].concat();
        let (name, _) = parts(&wrapped).ok_or(PortError::Failed)?;
        Service::open()?.store(&name, &self.label, &key)?;
        Ok(wrapped)
    }

    fn unwrap(&self, _: Guard, wrapped: &[u8], cancel: &Cancel) -> Result<Secret, PortError> {
        cancel.check()?;
        let (name, sealed) = parts(wrapped).ok_or(PortError::KeyGone)?;
        let key = Service::open()?.find(&name)?.ok_or(PortError::KeyGone)?;
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
    use super::*;

    #[test]
    fn what_another_keystore_wrapped_is_not_asked_for() {
        assert_eq!(parts(b"CSdesk1u"), None);
        assert_eq!(parts(b"CSkring1short"), None);
        let wrapped = [MAGIC.as_slice(), &[0xab; NAME], b"sealed"].concat();
        assert_eq!(parts(&wrapped), Some(("ab".repeat(NAME), &b"sealed"[..])));
    }
}
