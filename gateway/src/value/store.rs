//! Values in SQL.

use std::sync::Arc;

use super::{Change, Store, Values};
use crate::seal::Seal;
use crate::store::{Connection, OptionalExtension, StoreFault, params};

/// Values in the gateway's store.
pub struct SqlStore(pub crate::store::Store);

/// The values in this store.
pub fn values(store: &crate::store::Store, seal: &Seal) -> Values {
    Values::new(Arc::new(SqlStore(store.clone())), seal.clone())
}

impl Store for SqlStore {
    fn value(&self, name: &str) -> Result<Option<Vec<u8>>, StoreFault> {
        self.0.read(|tx| value(tx, name))
    }

    fn change(&self, change: Change) -> Result<bool, StoreFault> {
        self.0.write(move |tx| {
            for (name, seen) in &change.seen {
                if value(tx, name)? != *seen {
                    return Ok(false);
                }
            }
            change.put.iter().try_for_each(|(name, value)| put(tx, name, value))?;
            forget(tx, &change.forget)?;
            Ok(true)
        })
    }
}

/// A value, inside another subject's job.
///
/// # Errors
/// [`StoreFault`].
pub fn value(tx: &Connection, name: &str) -> Result<Option<Vec<u8>>, StoreFault> {
    Ok(tx.query_one("SELECT value FROM house WHERE name = ?1", [name], |row| row.get(0)).optional()?)
}

/// Stores a value, inside another subject's job.
///
/// # Errors
/// [`StoreFault`].
pub fn put(tx: &Connection, name: &str, value: &[u8]) -> Result<(), StoreFault> {
    tx.execute("INSERT OR REPLACE INTO house (name, value) VALUES (?1, ?2)", params![name, value])?;
    Ok(())
}

/// Forgets values, inside another subject's job.
///
/// # Errors
/// [`StoreFault`].
pub fn forget(tx: &Connection, names: &[&str]) -> Result<(), StoreFault> {
    for name in names {
        tx.execute("DELETE FROM house WHERE name = ?1", [name])?;
    }
    Ok(())
}
