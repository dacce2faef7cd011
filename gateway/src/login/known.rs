//! Browsers that signed in as a person before: only they are told that a phone shows the request (`push-v1.md` §8).

use axum::http::{HeaderMap, header};
use countersign_protocol::jose::{H32, b64u};

use crate::person::PersonId;
use crate::port::{PortFault, Random};
use crate::request::texts;
use crate::store::StoreFault;

const NAME: &str = "__Host-countersign-known";
/// Seconds that a browser stays known.
pub const LIFE: u64 = 400 * 86_400;

/// Remembers who signed in with which browser. All calls block.
pub trait Store: Send + Sync {
    /// Whether this browser signed in as this person within [`LIFE`].
    ///
    /// # Errors
    /// [`StoreFault`].
    fn is_known(&self, cookie: H32, person: PersonId, now: u64) -> Result<bool, StoreFault>;

    /// Notes that this browser signed in as this person, and forgets those of all people that are not known any more.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn note(&self, cookie: H32, person: PersonId, now: u64) -> Result<(), StoreFault>;
}

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
