//! Codes that a change of the gateway's keys ended, in SQL.

use countersign_protocol::jose::Id;

use super::super::record::Replacement;
use crate::moment::{Moment, lasts};
use crate::store::{Connection, StoreFault, int, named_params, params};

/// Holds while a code may still be taken.
const LASTS: &str = lasts!("x");
/// The open codes of pages that the person of `old` has.
const OTHERS: &str = "SELECT 1 FROM enrol_code AS another
                      WHERE another.person = old.person AND another.state = 'open' AND another.inviter IS NULL";

/// Ends all open codes, inside the transaction that changes the keys.
///
/// # Errors
/// [`StoreFault`].
pub fn end(tx: &Connection) -> Result<(), StoreFault> {
    tx.execute("UPDATE enrol_code SET state = 'ended', stale = 1 WHERE state = 'open'", [])?;
    Ok(())
}

pub(super) fn ended(tx: &Connection, at: &Moment) -> Result<Vec<Id>, StoreFault> {
    let sql = format!(
        "SELECT e FROM enrol_code AS old
         WHERE stale = 1 AND inviter IS NULL AND {LASTS} AND NOT EXISTS ({OTHERS})
           AND NOT EXISTS (SELECT 1 FROM enrol_code AS other WHERE other.person = old.person
                             AND (other.made, other.e) > (old.made, old.e) AND other.stale = 1
                             AND other.inviter IS NULL)"
    );
    let values = named_params! { ":now": int(at.now), ":run": at.run, ":mono": at.mono };
    let mut statement = tx.prepare(&sql)?;
    let found = statement.query_map(values, |row| row.get(0).map(Id::from_bytes))?;
    Ok(found.collect::<Result<_, _>>()?)
}

pub(super) fn replace(tx: &Connection, fresh: &[Replacement], at: &Moment) -> Result<(), StoreFault> {
    let add = format!(
        "INSERT INTO enrol_code (e, person, session, name, code, made, x, run, mono_end)
         SELECT ?2, person, session, name, ?3, max(made, ?4), x, run, mono_end FROM enrol_code AS old
         WHERE e = ?1 AND stale = 1 AND NOT EXISTS ({OTHERS})"
    );
    let done = "UPDATE enrol_code SET stale = 0 FROM enrol_code AS old
                WHERE old.e = ?1 AND enrol_code.person = old.person AND (enrol_code.made, enrol_code.e) <= (old.made, old.e)";
    for Replacement { old, e, code } in fresh {
        tx.execute(&add, params![old.as_bytes(), e.as_bytes(), code, int(at.now)])?;
        tx.execute(done, [old.as_bytes()])?;
    }
    Ok(())
}
