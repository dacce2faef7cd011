//! Codes that a change of the gateway's keys ended: each names the key that the phone must find (`push-v1.md` §5.1). A
//! page that shows one gets another, worth no longer than the first; a phone that invites asks for another itself.

use std::sync::Arc;

use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use countersign_protocol::push::EnrolCode;
use zeroize::Zeroizing;

use super::codes::PLACE;
use super::devices::EnrolFault;
use crate::approval::Moment;
use crate::port::Random;
use crate::seal::Seal;
use crate::store::{Connection, Store, StoreFault, int, named_params, params};

/// Ends all open codes, inside the transaction that changes the keys.
///
/// # Errors
/// [`StoreFault`].
pub fn end(tx: &Connection) -> Result<(), StoreFault> {
    tx.execute("UPDATE enrol_code SET state = 'ended', stale = 1 WHERE state = 'open'", [])?;
    Ok(())
}

/// Which codes are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Those that a change of keys ended.
    Ended,
    /// The open ones as well: they may have been made between the change and the moment in which it was noticed.
    Open,
}

/// Puts a new code in the place of each that a change of keys ended and that a page may still show.
///
/// # Errors
/// [`EnrolFault`]; then nothing is replaced.
pub fn renew(which: Which, store: &Store, seal: &Seal, random: &Arc<dyn Random>, at: Moment) -> Result<(), EnrolFault> {
    let (seal, random) = (seal.clone(), random.clone());
    store.write(move |tx| {
        if which == Which::Open {
            end(tx)?;
        }
        for old in shown(tx, &at)? {
            let secret = Secret::from_slice(&*Zeroizing::new(random.bytes::<16>()?));
            let code = EnrolCode::new(secret)?;
            let sealed = seal.seal(PLACE, code.id().as_bytes(), code.secret())?;
            replace(tx, &old, &code.id(), &sealed, &at)?;
        }
        tx.execute("UPDATE enrol_code SET stale = 0 WHERE stale = 1", []).map_err(StoreFault::from)?;
        Ok(())
    })
}

/// The newest stale code of each person who has no other open one.
fn shown(tx: &Connection, at: &Moment) -> Result<Vec<Id>, StoreFault> {
    let sql = "SELECT e FROM enrol_code AS old
               WHERE stale = 1 AND inviter IS NULL AND :now <= x AND (run <> :run OR :mono <= mono_end)
                 AND NOT EXISTS (SELECT 1 FROM enrol_code AS other WHERE other.person = old.person
                                   AND (other.made, other.e) > (old.made, old.e) AND other.stale = 1
                                   AND other.inviter IS NULL)";
    let values = named_params! { ":now": int(at.now), ":run": at.run, ":mono": at.mono };
    let mut statement = tx.prepare(sql)?;
    let found = statement.query_map(values, |row| row.get(0).map(Id::from_bytes))?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn replace(tx: &Connection, old: &Id, e: &Id, sealed: &[u8], at: &Moment) -> Result<(), StoreFault> {
    let sql = "INSERT INTO enrol_code (e, person, session, name, code, made, x, run, mono_end)
               SELECT ?2, person, session, name, ?3, max(made, ?4), x, run, mono_end FROM enrol_code WHERE e = ?1";
    tx.execute(sql, params![old.as_bytes(), e.as_bytes(), sealed, int(at.now)])?;
    Ok(())
}
