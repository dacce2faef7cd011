//! Secrets at rest: sealed by the master key, so that a stolen store alone is worth nothing.
//!
//! The master key comes from a file with rights 0600 that the first start makes, from the environment, or from a
//! command's output. Everything else is derived from it or sealed by it (AES-256-GCM, with the name of the place as
//! associated data).

pub mod master;

use std::sync::Arc;

use countersign_protocol::Secret;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

use crate::port::{PortFault, Random};

/// Why a sealed value could not be made or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealFault {
    /// No randomness for the nonce.
    #[error(transparent)]
    Port(#[from] PortFault),
    /// Sealed by another master key, at another place, or changed since.
    #[error("a sealed value cannot be opened: the master key is another one, or the store was changed")]
    Open,
}

/// Seals and opens. Clones share the key.
#[derive(Clone)]
pub struct Seal {
    inner: Arc<Inner>,
    random: Arc<dyn Random>,
}

struct Inner {
    key: LessSafeKey,
    derive: hmac::Key,
}

impl Seal {
    /// From the master key's 32 bytes.
    pub fn new(master: &[u8; 32], random: Arc<dyn Random>) -> Self {
        let derive = hmac::Key::new(hmac::HMAC_SHA256, master);
        let key = derived(&derive, "countersign-seal-1");
        #[expect(clippy::unwrap_used, reason = "32 bytes are a key of AES-256")]
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap());
        Self { inner: Arc::new(Inner { key, derive }), random }
    }

    /// A key of its own for `purpose`, always the same one.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        derived(&self.inner.derive, &format!("countersign-key-1 {purpose}"))
    }

    /// Seals `plain` for one place, such as `enrol.ok` and a row's id: nonce, then cipher text with its tag.
    ///
    /// # Errors
    /// [`SealFault::Port`].
    pub fn seal(&self, place: &str, row: &[u8], plain: &Secret) -> Result<Vec<u8>, SealFault> {
        let nonce: [u8; NONCE_LEN] = self.random.bytes()?;
        // Exposed to be encrypted in place.
        let mut body = plain.expose().to_vec();
        let nonce_value = Nonce::assume_unique_for_key(nonce);
        let sealed = self.inner.key.seal_in_place_append_tag(nonce_value, aad(place, row), &mut body);
        sealed.map_err(|_| SealFault::Open)?;
        Ok([&nonce[..], &body].concat())
    }

    /// Opens what [`Seal::seal`] made for the same place and row.
    ///
    /// # Errors
    /// [`SealFault::Open`].
    pub fn open(&self, place: &str, row: &[u8], sealed: &[u8]) -> Result<Secret, SealFault> {
        tracing::trace!("an opening");
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealFault::Open)?;
        let mut body = zeroize::Zeroizing::new(body.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.inner.key.open_in_place(nonce, aad(place, row), &mut body).map_err(|_| SealFault::Open)?;
        Ok(Secret::from_slice(plain))
    }
}

fn aad(place: &str, row: &[u8]) -> Aad<Vec<u8>> {
    Aad::from([place.as_bytes(), &[0], row].concat())
}

fn derived(key: &hmac::Key, purpose: &str) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(hmac::sign(key, purpose.as_bytes()).as_ref()) {
        *to = *from;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::machine::MachineRandom;

    fn seal(master: u8) -> Seal {
        Seal::new(&[master; 32], Arc::new(MachineRandom::default()))
    }

    #[test]
    fn what_was_sealed_opens_at_its_place_alone() {
        let plain = Secret::from_slice(b"a seed");
        let sealed = seal(1).seal("enrol.ok", b"row", &plain).unwrap();
        assert!(seal(1).open("enrol.ok", b"row", &sealed).unwrap().ct_eq(b"a seed"));
        assert!(seal(1).open("enrol.ok", b"other", &sealed).is_err());
        assert!(seal(1).open("enrol.totp", b"row", &sealed).is_err());
        assert!(seal(2).open("enrol.ok", b"row", &sealed).is_err());
    }

    #[test]
    fn a_changed_or_short_value_does_not_open() {
        let sealed = seal(1).seal("p", b"", &Secret::from_slice(&[5; 40])).unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(seal(1).open("p", b"", &changed).is_err(), "byte {at}");
            assert!(seal(1).open("p", b"", &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn each_purpose_has_its_key() {
        assert_eq!(seal(1).derive("form"), seal(1).derive("form"));
        assert_ne!(seal(1).derive("form"), seal(1).derive("voucher"));
        assert_ne!(seal(1).derive("form"), seal(2).derive("form"));
    }
}
