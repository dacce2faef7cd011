//! The audit in SQL.

use std::net::IpAddr;

use super::{Entry, Store, counts_from, start_of_day};
use crate::person::PersonId;
use crate::store::{Connection, OptionalExtension, Row, StoreFault, int, named_params, time};

/// The audit in the gateway's store.
pub struct SqlStore(pub crate::store::Store);

impl Store for SqlStore {
    fn append(&self, entry: &Entry) -> Result<(), StoreFault> {
        let entry = entry.clone();
        self.0.write(move |connection| append(connection, &entry))
    }

    fn latest(&self, person: Option<&str>, most: u32) -> Result<Vec<Entry>, StoreFault> {
        self.0.read(|connection| {
            let mut rows = connection.prepare_cached(
                "SELECT at, person, what, outcome, address, device, approval, transaction_id FROM audit
                 WHERE :person IS NULL OR person = :person ORDER BY id DESC LIMIT :most",
            )?;
            let found = rows.query_map(named_params! { ":person": person, ":most": most }, entry)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    fn forget(&self, now: u64, kept: u64) -> Result<(), StoreFault> {
        self.0.write(move |connection| {
            let newest = newest_before(connection, i64::MAX)?;
            let second = newest.map_or(Ok(None), |at| newest_before(connection, int(start_of_day(at))))?;
            if let Some(from) = counts_from(now, second) {
                connection.execute("DELETE FROM audit WHERE at < ?1", [int(from.saturating_sub(kept))])?;
            }
            Ok(())
        })
    }
}

/// When the newest row before that second was added.
fn newest_before(connection: &Connection, end: i64) -> Result<Option<u64>, StoreFault> {
    let newest: Option<i64> =
        connection.query_one("SELECT max(at) FROM audit WHERE at < ?1", [end], |row| row.get(0))?;
    Ok(newest.map(time))
}

/// Adds a row inside the job of another subject, so that decision and row are stored together, and logs it.
///
/// # Errors
/// [`StoreFault`]; the job then must fail as well.
pub fn append(connection: &Connection, entry: &Entry) -> Result<(), StoreFault> {
    let add = "INSERT INTO audit (at, person, what, outcome, address, device, approval, transaction_id)
               VALUES (:at, :person, :what, :outcome, :address, :device, :approval, :transaction)";
    connection.prepare_cached(add)?.execute(named_params! {
            ":at": entry.at as i64,
            ":person": entry.person,
            ":what": entry.what,
            ":outcome": entry.outcome,
            ":address": entry.address.map(|it| it.to_string()),
            ":device": entry.device,
            ":approval": entry.approval,
            ":transaction": entry.transaction,
    })?;
    entry.log();
    Ok(())
}

/// Adds a row as [`append`] does, with the name of the person whom it concerns.
///
/// # Errors
/// [`StoreFault`]; the job then must fail as well.
pub fn append_for(connection: &Connection, person: &PersonId, entry: Entry) -> Result<(), StoreFault> {
    let name = "SELECT name FROM person WHERE id = ?1";
    let name: Option<String> = connection.query_one(name, [person.0], |row| row.get(0)).optional()?;
    append(connection, &name.into_iter().fold(entry, Entry::person))
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        at: row.get::<_, i64>("at")?.unsigned_abs(),
        person: row.get("person")?,
        what: row.get("what")?,
        outcome: row.get("outcome")?,
        address: row.get::<_, Option<String>>("address")?.and_then(|it| it.parse::<IpAddr>().ok()),
        device: row.get("device")?,
        approval: row.get("approval")?,
        transaction: row.get::<_, Option<String>>("transaction_id")?.unwrap_or_default(),
    })
}
