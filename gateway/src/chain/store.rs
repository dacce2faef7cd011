//! The keys in SQLite. These functions run inside a transaction; [`super::service`] opens it.

use countersign_protocol::jose::{H32, Jwk, Jws, Typ};

use super::ring::{Key, Recovery, Ring};
use crate::house;
use crate::store::{Connection, OptionalExtension, Row, StoreFault, int, named_params, params, time};
use crate::tls;

/// All of it; None before the first key.
///
/// # Errors
/// [`StoreFault`].
pub fn load(tx: &Connection) -> Result<Option<Ring>, StoreFault> {
    let keys = "SELECT number, epoch, point, private, made, retired, removed, link FROM chain_key ORDER BY number";
    let keys = tx.prepare(keys)?.query_map([], key)?.collect::<Result<Vec<_>, _>>()?;
    let recoveries = "SELECT epoch, jws FROM chain_recovery ORDER BY epoch";
    let recoveries = tx
        .prepare(recoveries)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .map(|row| recovery(row?))
        .collect::<Result<Vec<_>, StoreFault>>()?;
    let next_pin = house::value_in(tx, tls::NEXT_PIN)?;
    let next_pin = next_pin.map(|pin| pin.try_into().map(H32::from_bytes)).transpose();
    let next_pin = next_pin.map_err(|_| StoreFault::Damaged("a pin"))?;
    let chain = "SELECT version, u, epoch, seq, content, gr FROM chain";
    let ring = tx.prepare(chain)?.query_one([], |row| {
        Ok(Ring {
            version: row.get(0)?,
            u: row.get(1)?,
            epoch: time(row.get(2)?),
            seq: time(row.get(3)?),
            content: row.get::<_, Option<[u8; 32]>>(4)?.map(H32::from_bytes),
            gr: row.get::<_, Option<[u8; 32]>>(5)?.map(H32::from_bytes),
            next_pin,
            keys,
            recoveries,
        })
    });
    Ok(ring.optional()?)
}

/// The number that goes up with every change; 0 before the first key.
///
/// # Errors
/// [`StoreFault`].
pub fn version(tx: &Connection) -> Result<i64, StoreFault> {
    Ok(tx.prepare("SELECT version FROM chain")?.query_one([], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// The chain's first row: epoch and `seq` of what was published so far.
pub(super) fn begin(tx: &Connection, epoch: u64, seq: u64, content: Option<H32>) -> Result<(), StoreFault> {
    let begin = "INSERT INTO chain (only, version, epoch, seq, content) VALUES (1, 1, ?1, ?2, ?3)";
    tx.execute(begin, params![int(epoch), int(seq), content.map(|it| *it.as_bytes())])?;
    Ok(())
}

/// A key that has no number yet.
pub(super) struct NewKey<'a> {
    pub(super) epoch: u64,
    pub(super) jwk: &'a Jwk,
    pub(super) private: Vec<u8>,
    pub(super) link: Option<String>,
}

/// Adds a key that signs from now on; what signed before stays listed.
pub(super) fn add_key(tx: &Connection, new: NewKey<'_>, now: u64) -> Result<(), StoreFault> {
    tx.execute("UPDATE chain_key SET retired = ?1 WHERE retired IS NULL", [int(now)])?;
    tx.execute(
        "INSERT INTO chain_key (epoch, thumbprint, point, private, made, link)
         VALUES (:epoch, :thumbprint, :point, :private, :now, :link)",
        named_params! {
            ":epoch": int(new.epoch), ":thumbprint": new.jwk.thumbprint().as_bytes(), ":point": new.jwk.to_sec1(),
            ":private": new.private, ":now": int(now), ":link": new.link,
        },
    )?;
    raise(tx)
}

/// Takes keys out of the list; their private halves are forgotten.
pub(super) fn remove_keys(tx: &Connection, numbers: &[i64], now: u64) -> Result<(), StoreFault> {
    for number in numbers {
        let remove = "UPDATE chain_key SET private = NULL, removed = ?2, retired = coalesce(retired, ?2)
                      WHERE number = ?1 AND removed IS NULL";
        tx.execute(remove, params![number, int(now)])?;
    }
    raise(tx)
}

/// Begins an epoch: nothing of the older ones is listed any more.
pub(super) fn add_epoch(tx: &Connection, epoch: u64, seq: u64, gr: H32, jws: &str) -> Result<(), StoreFault> {
    let chain = "UPDATE chain SET epoch = ?1, seq = ?2, content = NULL, gr = ?3";
    tx.execute(chain, params![int(epoch), int(seq), gr.as_bytes()])?;
    tx.execute("INSERT INTO chain_recovery (epoch, jws) VALUES (?1, ?2)", params![int(epoch), jws])?;
    raise(tx)
}

/// Names the recovery key.
pub(super) fn set_gr(tx: &Connection, gr: H32) -> Result<(), StoreFault> {
    tx.execute("UPDATE chain SET gr = ?1", [gr.as_bytes()])?;
    raise(tx)
}

/// Notes what is published, under which base URL and `seq`, and which pins are listed since now.
pub(super) fn publish(
    tx: &Connection,
    u: &str,
    seq: u64,
    content: H32,
    pins: &[H32],
    now: u64,
) -> Result<(), StoreFault> {
    tx.execute("UPDATE chain SET u = ?1, seq = ?2, content = ?3", params![u, int(seq), content.as_bytes()])?;
    for pin in pins {
        tx.execute("INSERT OR IGNORE INTO chain_pin (pin, listed) VALUES (?1, ?2)", params![pin.as_bytes(), int(now)])?;
    }
    let listed: Vec<[u8; 32]> =
        tx.prepare("SELECT pin FROM chain_pin")?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for gone in listed.into_iter().filter(|it| !pins.contains(&H32::from_bytes(*it))) {
        tx.execute("DELETE FROM chain_pin WHERE pin = ?1", [gone])?;
    }
    raise(tx)
}

/// Since when this pin is listed without a break.
///
/// # Errors
/// [`StoreFault`].
pub fn listed_since(tx: &Connection, pin: &H32) -> Result<Option<u64>, StoreFault> {
    let listed = "SELECT listed FROM chain_pin WHERE pin = ?1";
    Ok(tx.prepare(listed)?.query_one([pin.as_bytes()], |row| row.get(0)).optional()?.map(time))
}

/// Whether others than this pin are listed for longer than it, and it not for so many seconds.
///
/// # Errors
/// [`StoreFault`].
pub fn is_new_pin(tx: &Connection, pin: &H32, now: u64, ahead: u64) -> Result<bool, StoreFault> {
    let since = listed_since(tx, pin)?;
    let older = "SELECT EXISTS (SELECT 1 FROM chain_pin WHERE pin <> ?1 AND listed < ?2)";
    let older = tx.query_one(older, params![pin.as_bytes(), since.map_or(i64::MAX, int)], |row| row.get(0))?;
    Ok(older && since.is_none_or(|since| now < since.saturating_add(ahead)))
}

pub(super) fn raise(tx: &Connection) -> Result<(), StoreFault> {
    tx.execute("UPDATE chain SET version = version + 1", [])?;
    Ok(())
}

fn key(row: &Row<'_>) -> rusqlite::Result<Key> {
    let maybe = |index: usize| row.get::<_, Option<i64>>(index).map(|at| at.map(time));
    let point: [u8; 65] = row.get(2)?;
    let damaged = |_| rusqlite::Error::InvalidColumnType(2, "point".into(), rusqlite::types::Type::Blob);
    Ok(Key {
        number: row.get(0)?,
        epoch: time(row.get(1)?),
        jwk: Jwk::from_sec1(&point).map_err(damaged)?,
        private: row.get(3)?,
        made: time(row.get(4)?),
        retired: maybe(5)?,
        removed: maybe(6)?,
        link: row.get(7)?,
    })
}

fn recovery((epoch, jws): (i64, String)) -> Result<Recovery, StoreFault> {
    let by = Jws::parse(&jws, Typ::Meta).map_err(|_| StoreFault::Damaged("a recovery"))?.kid();
    Ok(Recovery { epoch: time(epoch), jws, by })
}
