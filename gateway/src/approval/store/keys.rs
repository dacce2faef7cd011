//! What a change of the gateway's keys asks of approvals (`push-v1.md` §10, §11).

use std::collections::BTreeSet;

use countersign_protocol::jose::{H32, Jws, Typ};

use super::read::{COLUMNS, row};
use super::{LASTS, cancel};
use crate::approval::record::Row;
use crate::audit::Caller;
use crate::moment::Moment;
use crate::store::{Connection, StoreFault, int, named_params};

/// What was signed for approvals: what phones fetch, and what pages show to phones without a network.
const SIGNED: &str = "(SELECT approval, jws FROM challenge UNION ALL SELECT approval, jws FROM offline_challenge)";

/// Calls off all that is pending, of everybody.
///
/// # Errors
/// [`StoreFault`].
pub fn cancel_every(tx: &Connection, at: &Moment, by: &Caller) -> Result<(), StoreFault> {
    for row in pending(tx)? {
        cancel(tx, &row, at, by)?;
    }
    Ok(())
}

/// Calls off what is pending and was signed by a key that is not one of these.
///
/// # Errors
/// [`StoreFault`].
pub fn cancel_signed_by_others(tx: &Connection, keys: &[H32], at: &Moment, by: &Caller) -> Result<(), StoreFault> {
    let mut signed = tx.prepare(&format!("SELECT jws FROM {SIGNED} WHERE approval = ?1"))?;
    for row in pending(tx)? {
        let texts = signed.query_map([row.id.as_bytes()], |line| line.get(0))?.collect::<Result<Vec<String>, _>>()?;
        let signers = texts.iter().map(|text| signer(text)).collect::<Result<Vec<_>, _>>()?;
        if signers.iter().any(|it| !keys.contains(it)) {
            cancel(tx, &row, at, by)?;
        }
    }
    Ok(())
}

/// The keys that signed what is pending, or approved and neither consumed nor lapsed.
///
/// # Errors
/// [`StoreFault`].
pub fn signers_of_open(tx: &Connection, at: &Moment) -> Result<BTreeSet<H32>, StoreFault> {
    // One text of each key is enough: those of one key have the same header.
    let sql = format!(
        "SELECT min(jws) FROM {SIGNED} AS signed JOIN approval ON approval.id = signed.approval
         WHERE state IN ('pending', 'approved') AND {LASTS} GROUP BY substr(jws, 1, instr(jws, '.'))"
    );
    let values = named_params! { ":now": int(at.now), ":run": at.run, ":mono": at.mono };
    let texts = tx.prepare(&sql)?.query_map(values, |line| line.get(0))?.collect::<Result<Vec<String>, _>>()?;
    texts.iter().map(|text| signer(text)).collect()
}

fn pending(tx: &Connection) -> Result<Vec<Row>, StoreFault> {
    let sql = format!("SELECT {COLUMNS} FROM approval WHERE state = 'pending'");
    Ok(tx.prepare(&sql)?.query_map([], row)?.collect::<Result<_, _>>()?)
}

fn signer(challenge: &str) -> Result<H32, StoreFault> {
    Jws::parse(challenge, Typ::Challenge).map(|jws| jws.kid()).map_err(|_| StoreFault::Damaged("a challenge"))
}
