//! What the gateway keeps of itself, by name: the keys of its own certificate and of its bells, sealed by the master key, and
//! what belongs to them.
//!
//! A name is all that the rules know of a value, so one trait serves them all; [`store`] does it in SQL.

pub mod store;

use std::sync::Arc;

use countersign_protocol::Secret;

use crate::seal::{Seal, SealFault};
use crate::store::StoreFault;

/// Where secret values are sealed for; the row is the name.
const PLACE: &str = "house.value";

/// A change of values, done whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    /// What a value must still be; none: it must still not be there. Else nothing is changed.
    pub seen: Vec<(&'static str, Option<Vec<u8>>)>,
    /// What is stored, in the place of what has that name.
    pub put: Vec<(&'static str, Vec<u8>)>,
    /// What is forgotten.
    pub forget: Vec<&'static str>,
}

/// Remembers values. All calls block.
pub trait Store: Send + Sync {
    /// The value of this name.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn value(&self, name: &str) -> Result<Option<Vec<u8>>, StoreFault>;

    /// Makes a change, unless what it was decided on is not so any more. Whether it was made.
    ///
    /// # Errors
    /// [`StoreFault`]; then nothing is changed.
    fn change(&self, change: Change) -> Result<bool, StoreFault>;
}

/// The gateway's own values. Cloning shares everything. All calls block.
#[derive(Clone)]
pub struct Values {
    store: Arc<dyn Store>,
    seal: Seal,
}

impl Values {
    /// Values over what remembers them and what seals the secret ones.
    pub fn new(store: Arc<dyn Store>, seal: Seal) -> Self {
        Self { store, seal }
    }

    /// A value as it is stored.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>, StoreFault> {
        self.store.value(name)
    }

    /// Stores values, in the place of what has their names.
    ///
    /// # Errors
    /// [`StoreFault`]; then none is stored.
    pub fn put(&self, values: Vec<(&'static str, Vec<u8>)>) -> Result<(), StoreFault> {
        self.store.change(Change { put: values, ..Change::default() }).map(drop)
    }

    /// See [`Store::change`].
    ///
    /// # Errors
    /// [`StoreFault`]; then nothing is changed.
    pub fn change(&self, change: Change) -> Result<bool, StoreFault> {
        self.store.change(change)
    }

    /// The secret of this name, made and stored when there is none. Two that begin at once end with the same one.
    ///
    /// # Errors
    /// [`StoreFault`], [`SealFault`], and why none could be made.
    pub fn secret_once<E: From<StoreFault> + From<SealFault>>(
        &self,
        name: &'static str,
        make: impl FnOnce() -> Result<Secret, E>,
    ) -> Result<Secret, E> {
        if let Some(sealed) = self.get(name)? {
            return Ok(self.open(name, &sealed)?);
        }
        let secret = make()?;
        let first = Change { seen: vec![(name, None)], put: vec![(name, self.seal(name, &secret)?)], forget: vec![] };
        if self.change(first)? {
            return Ok(secret);
        }
        let other = self.get(name)?.ok_or(StoreFault::Damaged("a value of the gateway"))?;
        Ok(self.open(name, &other)?)
    }

    /// Seals a secret, to be stored under this name.
    ///
    /// # Errors
    /// [`SealFault::Port`].
    pub fn seal(&self, name: &str, secret: &Secret) -> Result<Vec<u8>, SealFault> {
        self.seal.seal(PLACE, name.as_bytes(), secret)
    }

    /// Opens what is stored under this name.
    ///
    /// # Errors
    /// [`SealFault::Open`].
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Secret, SealFault> {
        self.seal.open(PLACE, name.as_bytes(), sealed)
    }
}
