//! The chain in SQL.

use std::collections::BTreeSet;

use countersign_protocol::jose::{H32, Jwk, Jws, Typ};
use countersign_protocol::push::Info;

use super::record::{First, NewEpoch, NewKey, NextCertificate, Publication, Store};
use super::ring::{Key, ListedPin, Recovery, Ring};
use crate::approval;
use crate::audit::{self, Caller, Entry};
use crate::enrol;
use crate::moment::Moment;
use crate::notice;
use crate::store::{Connection, OptionalExtension, Row, StoreFault, int, named_params, params, time};
use crate::tls::own::{NEXT_KEY, NEXT_PIN};
use crate::value;

/// The chain in the gateway's store.
pub struct SqlStore(pub crate::store::Store);

impl SqlStore {
    /// Makes a change that was decided on this version. It says first of all whether it may, and else does nothing.
    fn change(
        &self,
        seen: i64,
        change: impl FnOnce(&Connection) -> Result<bool, StoreFault> + Send + 'static,
    ) -> Result<Option<Ring>, StoreFault> {
        self.0.write(move |tx| {
            if version(tx)? != seen || !change(tx)? {
                return Ok(None);
            }
            tx.execute("UPDATE chain SET version = version + 1", [])?;
            load(tx)
        })
    }
}

impl Store for SqlStore {
    fn ring(&self) -> Result<Option<Ring>, StoreFault> {
        self.0.read(load)
    }

    fn version(&self) -> Result<i64, StoreFault> {
        self.0.read(version)
    }

    fn phones(&self) -> Result<u64, StoreFault> {
        self.0.read(enrol::store::phones)
    }

    fn signers_of_open(&self, at: Moment) -> Result<BTreeSet<H32>, StoreFault> {
        self.0.read(|tx| approval::store::keys::signers_of_open(tx, &at))
    }

    fn begin(&self, first: First) -> Result<(), StoreFault> {
        self.0.write(move |tx| {
            let begin = "INSERT INTO chain (only, version, epoch, seq, content) VALUES (1, 1, ?1, ?2, ?3)
                         ON CONFLICT DO NOTHING";
            let values = params![int(first.epoch), int(first.seq), first.content.map(|it| *it.as_bytes())];
            if tx.execute(begin, values)? == 1 {
                add_key(tx, &first.key)?;
                value::store::forget(tx, &["gk", "metadata"])?;
            }
            Ok(())
        })
    }

    fn publish(&self, seen: i64, what: Publication) -> Result<Option<Ring>, StoreFault> {
        self.change(seen, move |tx| {
            let update = "UPDATE chain SET u = ?1, seq = ?2, content = ?3";
            tx.execute(update, params![what.u, int(what.seq), what.content.as_bytes()])?;
            for ListedPin { pin, .. } in pins(tx)?.iter().filter(|it| !what.pins.contains(&it.pin)) {
                tx.execute("DELETE FROM chain_pin WHERE pin = ?1", [pin.as_bytes()])?;
            }
            for pin in &what.pins {
                let add = "INSERT OR IGNORE INTO chain_pin (pin, listed) VALUES (?1, ?2)";
                tx.execute(add, params![pin.as_bytes(), int(what.at)])?;
            }
            Ok(true)
        })
    }

    fn rotate(&self, seen: i64, key: NewKey, audit: Entry) -> Result<Option<Ring>, StoreFault> {
        self.change(seen, move |tx| {
            add_key(tx, &key)?;
            enrol::store::stale::end(tx)?;
            audit::store::append(tx, &audit)?;
            Ok(true)
        })
    }

    fn name_recovery(&self, seen: i64, gr: H32, anew: bool, audit: Entry) -> Result<Option<Ring>, StoreFault> {
        self.change(seen, move |tx| {
            if !anew && enrol::store::phones(tx)? > 0 {
                return Ok(false);
            }
            tx.execute("UPDATE chain SET gr = ?1", [gr.as_bytes()])?;
            // A phone that has read the metadata of before, and not yet sent its request, must read it anew.
            enrol::store::stale::end(tx)?;
            audit::store::append(tx, &audit)?;
            Ok(true)
        })
    }

    fn recover(&self, seen: i64, new: NewEpoch, at: Moment, audit: Entry) -> Result<Option<Ring>, StoreFault> {
        self.change(seen, move |tx| {
            let listed = "SELECT number FROM chain_key WHERE removed IS NULL";
            let listed = tx.prepare(listed)?.query_map([], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
            remove_keys(tx, &listed, at.now)?;
            let chain = "UPDATE chain SET epoch = ?1, seq = ?2, content = NULL, gr = ?3";
            tx.execute(chain, params![int(new.epoch), int(new.seq), new.gr.as_bytes()])?;
            let recovery = "INSERT INTO chain_recovery (epoch, jws) VALUES (?1, ?2)";
            tx.execute(recovery, params![int(new.epoch), new.jws])?;
            add_key(tx, &new.key)?;
            enrol::store::stale::end(tx)?;
            let by = Caller { address: audit.address, transaction: audit.transaction.clone() };
            approval::store::keys::cancel_every(tx, &at, &by)?;
            issue_anew(tx)?;
            notice::store::tell_everybody(tx, Info::RecoveryUsed, at.now)?;
            audit::store::append(tx, &audit)?;
            Ok(true)
        })
    }

    fn remove(&self, seen: i64, numbers: Vec<i64>, at: Moment, audit: Entry) -> Result<Option<Ring>, StoreFault> {
        self.change(seen, move |tx| {
            let in_use = approval::store::keys::signers_of_open(tx, &at)?;
            let is_used = |key: &Key| numbers.contains(&key.number) && in_use.contains(&key.jwk.thumbprint());
            if keys(tx)?.iter().any(is_used) {
                return Ok(false);
            }
            remove_keys(tx, &numbers, at.now)?;
            issue_anew(tx)?;
            audit::store::append(tx, &audit)?;
            Ok(true)
        })
    }

    fn cancel_unlisted(&self, at: Moment, by: Caller) -> Result<(), StoreFault> {
        self.0.write(move |tx| {
            let listed = issue_anew(tx)?;
            approval::store::keys::cancel_signed_by_others(tx, &listed, &at, &by)
        })
    }

    fn prepare(&self, seen: i64, next: NextCertificate, audit: Entry) -> Result<Option<Ring>, StoreFault> {
        self.change(seen, move |tx| {
            value::store::put(tx, NEXT_KEY, &next.key)?;
            value::store::put(tx, NEXT_PIN, next.pin.as_bytes())?;
            audit::store::append(tx, &audit)?;
            Ok(true)
        })
    }
}

/// Adds a key that signs from now on; what signed before stays listed.
fn add_key(tx: &Connection, new: &NewKey) -> Result<(), StoreFault> {
    tx.execute("UPDATE chain_key SET retired = ?1 WHERE retired IS NULL", [int(new.made)])?;
    tx.execute(
        "INSERT INTO chain_key (epoch, thumbprint, point, private, made, link)
         SELECT epoch, :thumbprint, :point, :private, :made, :link FROM chain",
        named_params! {
            ":thumbprint": new.jwk.thumbprint().as_bytes(), ":point": new.jwk.to_sec1(), ":private": new.private,
            ":made": int(new.made), ":link": new.link,
        },
    )?;
    Ok(())
}

/// Takes keys out of the list; their private halves are forgotten.
fn remove_keys(tx: &Connection, numbers: &[i64], now: u64) -> Result<(), StoreFault> {
    let remove = "UPDATE chain_key SET private = NULL, removed = ?2, retired = coalesce(retired, ?2)
                  WHERE number = ?1 AND removed IS NULL";
    for number in numbers {
        tx.execute(remove, params![number, int(now)])?;
    }
    Ok(())
}

/// Notices that a key signed which is not listed any more are signed again, by the one that is, when phones fetch them. The
/// keys that are listed.
fn issue_anew(tx: &Connection) -> Result<Vec<H32>, StoreFault> {
    let ring = load(tx)?.ok_or(StoreFault::Damaged("no key"))?;
    let listed: Vec<H32> = ring.listed().map(|key| key.jwk.thumbprint()).collect();
    notice::store::reissue(tx, &listed)?;
    Ok(listed)
}

fn version(tx: &Connection) -> Result<i64, StoreFault> {
    Ok(tx.prepare("SELECT version FROM chain")?.query_one([], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn load(tx: &Connection) -> Result<Option<Ring>, StoreFault> {
    let (keys, recoveries, pins) = (keys(tx)?, recoveries(tx)?, pins(tx)?);
    let next_pin = value::store::value(tx, NEXT_PIN)?;
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
            pins,
        })
    });
    Ok(ring.optional()?)
}

fn keys(tx: &Connection) -> Result<Vec<Key>, StoreFault> {
    let keys = "SELECT number, epoch, point, private, made, retired, removed, link FROM chain_key ORDER BY number";
    Ok(tx.prepare(keys)?.query_map([], key)?.collect::<Result<_, _>>()?)
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

fn recoveries(tx: &Connection) -> Result<Vec<Recovery>, StoreFault> {
    let mut recoveries = tx.prepare("SELECT epoch, jws FROM chain_recovery ORDER BY epoch")?;
    let rows = recoveries.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| {
        let (epoch, jws) = row?;
        let by = Jws::parse(&jws, Typ::Meta).map_err(|_| StoreFault::Damaged("a recovery"))?.kid();
        Ok(Recovery { epoch: time(epoch), jws, by })
    })
    .collect()
}

fn pins(tx: &Connection) -> Result<Vec<ListedPin>, StoreFault> {
    let mut pins = tx.prepare("SELECT pin, listed FROM chain_pin ORDER BY listed, pin")?;
    let rows =
        pins.query_map([], |row| Ok(ListedPin { pin: H32::from_bytes(row.get(0)?), since: time(row.get(1)?) }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
