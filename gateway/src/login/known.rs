//! Browsers that signed in as a person before: only they are told that a phone shows the request (`push-v1.md` §8).

use axum::http::{HeaderMap, header};
use countersign_protocol::jose::{H32, b64u};

use crate::person::PersonId;
use crate::port::{PortFault, Random};
use crate::request::texts;
use crate::store::{Store, StoreFault, params};

const NAME: &str = "__Host-countersign-known";
/// Seconds that a browser stays known.
const LIFE: i64 = 400 * 86_400;

/// The hash of the browser's lasting cookie.
pub fn read(headers: &HeaderMap) -> Option<H32> {
    let pairs = texts(headers, header::COOKIE).flat_map(|header| header.split(';'));
    let mut values = pairs.filter_map(|pair| pair.trim().split_once('=')).filter(|(name, _)| *name == NAME);
    let bytes: [u8; 16] = b64u::decode_array(values.next()?.1).ok()?;
    values.next().is_none().then(|| H32::sha256(&[&bytes]))
}

/// A fresh lasting cookie: its hash, and the header that sets it.
///
/// # Errors
/// [`PortFault::Random`].
pub fn generate(random: &dyn Random) -> Result<(H32, String), PortFault> {
    let bytes: [u8; 16] = random.bytes()?;
    let set = format!("{NAME}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={LIFE}", b64u::encode(&bytes));
    Ok((H32::sha256(&[&bytes]), set))
}

/// Whether this browser signed in as this person before.
///
/// # Errors
/// [`StoreFault`].
pub fn is_known(store: &Store, cookie: H32, person: PersonId, now: u64) -> Result<bool, StoreFault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM known_browser WHERE cookie = ?1 AND person = ?2 AND at > ?3)";
    let since = now as i64 - LIFE;
    store.read(|tx| Ok(tx.query_one(sql, params![cookie.as_bytes(), person.0, since], |row| row.get(0))?))
}

/// Notes that this browser signed in.
///
/// # Errors
/// [`StoreFault`].
pub fn note(store: &Store, cookie: H32, person: PersonId, now: u64) -> Result<(), StoreFault> {
    store.write(move |tx| {
        let sql =
            "INSERT INTO known_browser (cookie, person, at) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET at = ?3";
        tx.execute(sql, params![cookie.as_bytes(), person.0, now as i64])?;
        tx.execute("DELETE FROM known_browser WHERE at <= ?1", [now as i64 - LIFE])?;
        Ok(())
    })
}
