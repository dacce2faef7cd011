//! Sessions in SQL.

use std::collections::BTreeSet;

use countersign_protocol::jose::Id;

use super::{Session, Store};
use crate::moment::Moment;
use crate::person::PersonId;
use crate::store::{Connection, OptionalExtension, Row, StoreFault, int, named_params, params, time};

/// Sessions in the gateway's store.
pub struct SqlStore(pub crate::store::Store);

impl Store for SqlStore {
    fn replace(&self, old: Option<[u8; 32]>, new: &Session) -> Result<bool, StoreFault> {
        let new = new.clone();
        self.0.write(move |connection| {
            let before = old.map(|old| approvals(connection, old)).transpose()?.unwrap_or_default();
            if let Some(old) = old
                && connection.prepare_cached("DELETE FROM session WHERE id = ?1")?.execute([old])? == 0
            {
                return Ok(false);
            }
            insert(connection, &new, &before)
        })
    }

    fn find(&self, id: [u8; 32]) -> Result<Option<Session>, StoreFault> {
        self.0.read(|connection| {
            let sql = "SELECT session.*, person.name FROM session JOIN person ON person.id = session.person
                       WHERE session.id = ?1 AND person.disabled = 0";
            let found = connection.prepare_cached(sql)?.query_one([id], session).optional()?;
            let Some(mut found) = found else { return Ok(None) };
            found.approvals = approvals(connection, id)?;
            Ok(Some(found))
        })
    }

    fn touch(&self, id: [u8; 32], seen: Moment) -> Result<(), StoreFault> {
        self.0.write(move |connection| {
            let update = "UPDATE session SET seen_at = ?2, seen_run = ?3, seen_mono = ?4 WHERE id = ?1";
            connection.prepare_cached(update)?.execute(params![id, int(seen.now), seen.run, seen.mono])?;
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

fn approvals(connection: &Connection, id: [u8; 32]) -> Result<BTreeSet<[u8; 16]>, StoreFault> {
    let mut found = connection.prepare_cached("SELECT approval FROM session_approval WHERE session = ?1")?;
    Ok(found.query_map([id], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Adds a session inside another subject's job, unless its person is disabled, or an approval that it is new from, which is
/// none of `before`, counts no more: it was reported, or the device that decided it was suspended or removed since. Whether
/// it is stored.
///
/// # Errors
/// [`StoreFault`].
pub fn insert(connection: &Connection, new: &Session, before: &BTreeSet<[u8; 16]>) -> Result<bool, StoreFault> {
    let undone = "SELECT EXISTS (SELECT 1 FROM approval LEFT JOIN device ON device.did = decided_by
                    WHERE approval.id = ?1
                      AND (reported IS NOT NULL OR (decided_by IS NOT NULL AND device.state IS NOT 'active')))";
    for approval in new.approvals.difference(before) {
        if connection.prepare_cached(undone)?.query_one([approval], |row| row.get(0))? {
            return Ok(false);
        }
    }
    let add = "INSERT INTO session (id, person, began_at, began_run, began_mono, seen_at, seen_run, seen_mono,
                 second_at, second_run, second_mono, manage_at, manage_run, manage_mono,
                 enrol_at, enrol_run, enrol_mono, voucher_at, voucher_run, voucher_mono)
               SELECT :id, :person, :began_at, :began_run, :began_mono, :seen_at, :seen_run, :seen_mono,
                 :second_at, :second_run, :second_mono, :manage_at, :manage_run, :manage_mono,
                 :enrol_at, :enrol_run, :enrol_mono, :voucher_at, :voucher_run, :voucher_mono
               WHERE EXISTS (SELECT 1 FROM person WHERE id = :person AND disabled = 0)";
    let at = |moment: Option<Moment>| moment.map(|it| int(it.now));
    let run = |moment: Option<Moment>| moment.map(|it| it.run);
    let mono = |moment: Option<Moment>| moment.map(|it| it.mono);
    let Session { began, seen, second, manage, enrol, voucher, .. } = *new;
    let added = connection.prepare_cached(add)?.execute(named_params! {
        ":id": new.id, ":person": new.person.0,
        ":began_at": int(began.now), ":began_run": began.run, ":began_mono": began.mono,
        ":seen_at": int(seen.now), ":seen_run": seen.run, ":seen_mono": seen.mono,
        ":second_at": at(second), ":second_run": run(second), ":second_mono": mono(second),
        ":manage_at": at(manage), ":manage_run": run(manage), ":manage_mono": mono(manage),
        ":enrol_at": at(enrol), ":enrol_run": run(enrol), ":enrol_mono": mono(enrol),
        ":voucher_at": at(voucher), ":voucher_run": run(voucher), ":voucher_mono": mono(voucher),
    })?;
    if added == 0 {
        return Ok(false);
    }
    let add = "INSERT INTO session_approval (session, approval) VALUES (?1, ?2)";
    for approval in &new.approvals {
        connection.prepare_cached(add)?.execute(params![new.id, approval])?;
    }
    Ok(true)
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

/// Ends the sessions that a device opened or raised, inside the job that takes the device out of use; how many there were.
/// The one in which its person does that by themselves, `acting`, goes on, but may change no devices any more without
/// another second factor.
///
/// # Errors
/// [`StoreFault`].
pub fn remove_device(connection: &Connection, did: &Id, acting: Option<[u8; 32]>) -> Result<usize, StoreFault> {
    let by = "SELECT session FROM session_approval JOIN approval ON approval.id = session_approval.approval
              WHERE decided_by = ?1";
    let stale = format!(
        "UPDATE session SET manage_at = NULL, manage_run = NULL, manage_mono = NULL,
           enrol_at = NULL, enrol_run = NULL, enrol_mono = NULL WHERE id = ?2 AND id IN ({by})"
    );
    connection.execute(&stale, params![did.as_bytes(), acting])?;
    let end = format!("DELETE FROM session WHERE id IN ({by}) AND id IS NOT ?2");
    Ok(connection.execute(&end, params![did.as_bytes(), acting])?)
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    // These two columns are never empty.
    let there = |columns| moment(row, columns)?.ok_or(rusqlite::Error::QueryReturnedNoRows);
    Ok(Session {
        id: row.get("id")?,
        person: PersonId(row.get("person")?),
        name: row.get("name")?,
        began: there(["began_at", "began_run", "began_mono"])?,
        seen: there(["seen_at", "seen_run", "seen_mono"])?,
        second: moment(row, ["second_at", "second_run", "second_mono"])?,
        manage: moment(row, ["manage_at", "manage_run", "manage_mono"])?,
        enrol: moment(row, ["enrol_at", "enrol_run", "enrol_mono"])?,
        voucher: moment(row, ["voucher_at", "voucher_run", "voucher_mono"])?,
        approvals: BTreeSet::new(),
    })
}

/// A moment out of its three columns; `None` where there is none. One that an older gateway wrote belongs to no run.
fn moment(row: &Row<'_>, [at, run, mono]: [&str; 3]) -> rusqlite::Result<Option<Moment>> {
    let Some(now) = row.get::<_, Option<i64>>(at)? else { return Ok(None) };
    let (run, mono): (Option<i64>, Option<i64>) = (row.get(run)?, row.get(mono)?);
    Ok(Some(Moment { now: time(now), run: run.unwrap_or_default(), mono: mono.unwrap_or_default() }))
}
