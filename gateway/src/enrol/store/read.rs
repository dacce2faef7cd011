//! Rows of codes and devices as values.

use std::str::FromStr;

use countersign_protocol::jose::{H32, Id, Jwk};
use countersign_protocol::push::{Level, Os, UserVerification};
use rusqlite::types::Type;

use super::super::changes::SuspendedWhy;
use super::super::record::{Code, Device, DeviceState, Inviter, OldKey, Phone, Taken};
use crate::moment::Deadline;
use crate::person::PersonId;
use crate::store::{Connection, OptionalExtension, Row, StoreFault, time};

pub(super) fn device(tx: &Connection, did: &Id) -> Result<Option<Device>, StoreFault> {
    Ok(tx.prepare_cached("SELECT * FROM device WHERE did = ?1")?.query_one([did.as_bytes()], read).optional()?)
}

pub(super) fn one_code(tx: &Connection, by: &str, value: &[u8]) -> Result<Option<Code>, StoreFault> {
    let sql = format!(
        "SELECT enrol_code.*, person.name AS person_name FROM enrol_code JOIN person ON person.id = enrol_code.person WHERE {by}"
    );
    Ok(tx.prepare_cached(&sql)?.query_one([value], read_code).optional()?)
}

fn read_code(row: &Row<'_>) -> rusqlite::Result<Code> {
    let state: String = row.get("state")?;
    let h: Option<[u8; 32]> = row.get("h")?;
    let did: Option<[u8; 16]> = row.get("did")?;
    let receipt: Option<String> = row.get("receipt")?;
    let taken = h.zip(did).zip(receipt).map(|((h, did), receipt)| Taken {
        h: H32::from_bytes(h),
        did: Id::from_bytes(did),
        receipt,
    });
    Ok(Code {
        e: Id::from_bytes(row.get("e")?),
        person: PersonId(row.get("person")?),
        person_name: row.get("person_name")?,
        session: H32::from_bytes(row.get("session")?),
        inviter: match row.get::<_, Option<[u8; 16]>>("inviter")? {
            Some(did) => Some(Inviter { did: Id::from_bytes(did), replaces: row.get("replaces")? }),
            None => None,
        },
        name: row.get("name")?,
        code: row.get("code")?,
        made: time(row.get("made")?),
        x: deadline(row, ["x", "run", "mono_end"])?,
        taken,
        ended: state == "ended",
    })
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Device> {
    let maybe = |name: &str| row.get::<_, Option<i64>>(name).map(|at| at.map(time));
    let kind: String = row.get("kind")?;
    let totp_step: i64 = row.get("totp_step")?;
    Ok(Device {
        did: Id::from_bytes(row.get("did")?),
        person: PersonId(row.get("person")?),
        name: row.get("name")?,
        stored: word(row, "state", DeviceState::from_word)?,
        why: row.get::<_, Option<String>>("why")?.as_deref().and_then(|why| why.parse().ok()),
        phone: if kind == "phone" { Some(read_phone(row)?) } else { None },
        added: time(row.get("added")?),
        until: deadline(row, ["until", "run", "mono_end"])?,
        tries: row.get("tries")?,
        activated: maybe("activated")?,
        suspended: maybe("suspended")?.zip(why_suspended(row)?),
        used: maybe("used")?,
        ok: row.get("ok")?,
        totp: row.get("totp")?,
        totp_step: u64::try_from(totp_step).ok(),
    })
}

/// Of a phone that is gone nothing is kept but its keys: the rest reads as the least there is.
fn read_phone(row: &Row<'_>) -> rusqlite::Result<Phone> {
    let text = |column| row.get::<_, Option<String>>(column).map(Option::unwrap_or_default);
    Ok(Phone {
        os: word_or(row, "os", Os::Linux)?,
        model: text("model")?,
        app: text("app")?,
        level: word_or(row, "level", Level::Software)?,
        uv: word_or(row, "uv", UserVerification::Any)?,
        ak: key(row, "ak")?,
        pk: key(row, "pk")?,
        seal: key(row, "seal")?,
        auth: Id::from_bytes(row.get::<_, Option<[u8; 16]>>("auth")?.unwrap_or_default()),
        endpoint: row.get("endpoint")?,
        eh: H32::from_bytes(row.get::<_, Option<[u8; 32]>>("eh")?.unwrap_or_default()),
        attested: row.get("attested")?,
        old_ak: old_key(row, ["old_ak", "old_ak_until", "old_ak_run", "old_ak_mono"])?,
        old_pk: old_key(row, ["old_pk", "old_pk_until", "old_pk_run", "old_pk_mono"])?,
    })
}

fn old_key(row: &Row<'_>, columns: [&'static str; 4]) -> rusqlite::Result<Option<OldKey>> {
    let [name, end @ ..] = columns;
    if row.get::<_, Option<Vec<u8>>>(name)?.is_none() {
        return Ok(None);
    }
    Ok(Some(OldKey { key: key(row, name)?, until: deadline(row, end)? }))
}

fn deadline(row: &Row<'_>, [at, run, mono]: [&str; 3]) -> rusqlite::Result<Deadline> {
    Ok(Deadline { at: time(row.get(at)?), run: row.get(run)?, mono: row.get(mono)? })
}

fn why_suspended(row: &Row<'_>) -> rusqlite::Result<Option<SuspendedWhy>> {
    let word: Option<String> = row.get("suspended_why")?;
    word.map(|word| SuspendedWhy::from_word(&word).ok_or_else(|| damaged("suspended_why"))).transpose()
}

fn word<T>(row: &Row<'_>, column: &'static str, read: impl FnOnce(&str) -> Option<T>) -> rusqlite::Result<T> {
    let word: String = row.get(column)?;
    read(&word).ok_or_else(|| damaged(column))
}

fn word_or<T: FromStr>(row: &Row<'_>, column: &'static str, none: T) -> rusqlite::Result<T> {
    match row.get::<_, Option<String>>(column)? {
        Some(word) => word.parse().map_err(|_| damaged(column)),
        None => Ok(none),
    }
}

pub(super) fn key(row: &Row<'_>, column: &'static str) -> rusqlite::Result<Jwk> {
    let point: [u8; 65] = row.get(column)?;
    Jwk::from_sec1(&point).map_err(|_| damaged(column))
}

fn damaged(column: &'static str) -> rusqlite::Error {
    rusqlite::Error::InvalidColumnType(0, column.into(), Type::Text)
}
