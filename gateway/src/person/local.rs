//! Passwords that this gateway keeps itself.

use std::sync::Arc;

use countersign_protocol::Secret;

use super::{FirstFactor, Hasher, Person, PersonFault, PersonName, Store};
use crate::limits;

/// The first factor over the gateway's own store.
pub struct LocalPasswords {
    store: Arc<dyn Store>,
    hasher: Arc<Hasher>,
}

impl LocalPasswords {
    /// Over this store and hasher.
    pub fn new(store: Arc<dyn Store>, hasher: Arc<Hasher>) -> Self {
        Self { store, hasher }
    }
}

impl FirstFactor for LocalPasswords {
    fn check(&self, name: &str, password: &Secret) -> Result<Option<Person>, PersonFault> {
        // An over-long password is cut before the hash, which then runs as for any other, and can fit nobody.
        let (password, whole) = match password.len() {
            0..=limits::PASSWORD_BYTES => (password, true),
            _ => (&Secret::from_slice(&[]), false),
        };
        let known = match PersonName::parse(name) {
            Ok(name) => self.store.by_name(name.as_str())?,
            Err(_) => None,
        };
        let (person, hashed) = known.unzip();
        let right = self.hasher.verify(password, hashed.as_ref())?;
        Ok(person.filter(|person| right && whole && !person.disabled))
    }
}
