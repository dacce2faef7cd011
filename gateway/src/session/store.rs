//! Sessions in SQL.

use std::collections::BTreeSet;

use super::{Session, Store};
use crate::person::PersonId;
use crate::store::{Connection, OptionalExtension, Row, StoreFault, named_params, params};

/// Sessions in the gateway's store.
pub struct SqlStore(pub crate::store::Store);

impl Store for SqlStore {
    fn replace(&self, old: Option<[u8; 32]>, new: &Session) -> Result<(), StoreFault> {
        let new = new.clone();
        self.0.write(move |connection| {
            if let Some(old) = old {
                connection.execute("DELETE FROM session WHERE id = ?1", params![old])?;
            }
            insert(connection, &new)
        })
    }

    fn find(&self, id: [u8; 32]) -> Result<Option<Session>, StoreFault> {
        self.0.read(|connection| {
            let Some(mut found) = connection
                .query_one(
                    "SELECT session.*, person.name FROM session JOIN person ON person.id = session.person
                 WHERE session.id = ?1 AND person.disabled = 0",
                    params![id],
                    session,
                )
                .optional()?
            else {
                return Ok(None);
            };
            let mut approvals = connection.prepare("SELECT approval FROM session_approval WHERE session = ?1")?;
            found.approvals = approvals.query_map(params![id], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(Some(found))
        })
    }

    fn touch(&self, id: [u8; 32], seen_at: u64) -> Result<(), StoreFault> {
        self.0.write(move |connection| {
            connection.execute("UPDATE session SET seen_at = ?2 WHERE id = ?1", params![id, seen_at as i64])?;
            Ok(())
        })
    }

    fn remove(&self, id: [u8; 32]) -> Result<(), StoreFault> {
        self.0.write(move |connection| {
            connection.execute("DELETE FROM session WHERE id = ?1", params![id])?;
            Ok(())
        })
    }

    fn remove_person(&self, person: PersonId) -> Result<usize, StoreFault> {
        self.0.write(move |connection| remove_person(connection, person))
    }

    fn remove_approval(&self, approval: [u8; 16]) -> Result<usize, StoreFault> {
        self.0.write(move |connection| remove_approval(connection, approval))
    }

    fn prune(&self, seen_before: u64, began_before: u64) -> Result<usize, StoreFault> {
        self.0.write(move |connection| {
            Ok(connection.execute(
                "DELETE FROM session WHERE seen_at <= ?1 OR began_at <= ?2",
                params![seen_before as i64, began_before as i64],
            )?)
        })
    }
}

/// Adds a session inside another subject's job, unless its person is disabled.
///
/// # Errors
/// [`StoreFault`].
pub fn insert(connection: &Connection, new: &Session) -> Result<(), StoreFault> {
    let added = connection.execute(
        "INSERT INTO session (id, person, began_at, seen_at, second_at, voucher_at)
         SELECT :id, :person, :began_at, :seen_at, :second_at, :voucher_at
         WHERE EXISTS (SELECT 1 FROM person WHERE id = :person AND disabled = 0)",
        named_params! {
            ":id": new.id,
            ":person": new.person.0,
            ":began_at": new.began_at as i64,
            ":seen_at": new.seen_at as i64,
            ":second_at": new.second_at.map(|at| at as i64),
            ":voucher_at": new.voucher_at.map(|at| at as i64),
        },
    )?;
    if added == 1 {
        for approval in &new.approvals {
            let add = "INSERT INTO session_approval (session, approval) VALUES (?1, ?2)";
            connection.execute(add, params![new.id, approval])?;
        }
    }
    Ok(())
}

/// Ends all sessions of a person inside another subject's job; how many there were.
///
/// # Errors
/// [`StoreFault`].
pub fn remove_person(connection: &Connection, person: PersonId) -> Result<usize, StoreFault> {
    Ok(connection.execute("DELETE FROM session WHERE person = ?1", params![person.0])?)
}

/// Ends all sessions that came from an approval inside another subject's job; how many there were.
///
/// # Errors
/// [`StoreFault`].
pub fn remove_approval(connection: &Connection, approval: [u8; 16]) -> Result<usize, StoreFault> {
    let from = "DELETE FROM session WHERE id IN (SELECT session FROM session_approval WHERE approval = ?1)";
    Ok(connection.execute(from, params![approval])?)
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    let time = |name: &str| row.get::<_, Option<i64>>(name).map(|at| at.map(i64::unsigned_abs));
    Ok(Session {
        id: row.get("id")?,
        person: PersonId(row.get("person")?),
        name: row.get("name")?,
        began_at: time("began_at")?.unwrap_or(0),
        seen_at: time("seen_at")?.unwrap_or(0),
        second_at: time("second_at")?,
        voucher_at: time("voucher_at")?,
        approvals: BTreeSet::new(),
    })
}
