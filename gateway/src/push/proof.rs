//! Proofs: that a known device sent this very request, now and once (`push-v1.md` §4).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use countersign_protocol::jose::{Claims, H32, Id, Jwk, Jws, b64u};
use countersign_protocol::push::{KeyClass, Message, Method, Proof, Verified, check};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use super::reply::Refusal;
use super::{PROOF, Phones, rate};
use crate::enrol::record::Age;
use crate::enrol::{Device, DeviceState};

/// The request that a proof must be of.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its method.
    pub method: Method,
    /// Base URL and path, as configured.
    pub htu: String,
    /// SHA-256 of its body.
    pub bh: H32,
}

/// The ids that were used, each as long as its nonce is accepted.
#[derive(Default)]
pub struct UsedIds(Mutex<HashMap<(H32, Id), Duration>>);

/// What changes of a phone are counted as.
const CHANGES: &str = "changes";

/// Entries from which those that ended are looked for.
const SWEEP: usize = 4096;

impl UsedIds {
    /// Notes an id of a key. False when it was used before.
    pub fn first_use(&self, key: H32, jti: Id, until: Duration, now: Duration) -> bool {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= SWEEP && used.len().is_power_of_two() {
            used.retain(|_, end| *end >= now);
        }
        match used.get(&(key, jti)) {
            Some(end) if *end >= now => false,
            _ => {
                used.insert((key, jti), until);
                true
            }
        }
    }
}

/// The one proof of a request, right in form.
///
/// # Errors
/// [`Refusal::Malformed`] when there is none, two, or one that is not right in form.
pub fn read(headers: &HeaderMap) -> Result<Message<Proof>, Refusal> {
    let mut proofs = headers.get_all(PROOF).iter();
    let (Some(proof), None) = (proofs.next(), proofs.next()) else { return Err(Refusal::Malformed("one proof")) };
    let text = proof.to_str().map_err(|_| Refusal::Malformed("proof"))?;
    Ok(Message::parse(text)?)
}

/// Verifies a message by the key that was found for it, beside whose it is. Where none was, the message is refused at the same
/// cost, so that whether an id or a key is known cannot be told by time.
///
/// # Errors
/// [`Refusal::Refused`].
pub fn verify<T: Claims, O>(message: Message<T>, found: Option<(Jwk, O)>) -> Result<(Verified<T>, O), Refusal> {
    tracing::trace!("a verification");
    let Some((key, of)) = found else {
        verify_with_nobody(message.jws());
        return Err(Refusal::Refused("an unknown key"));
    };
    Ok((message.verify(&key)?, of))
}

fn verify_with_nobody(jws: &Jws) {
    /// The generator of P-256: a point on the curve that is nobody's key.
    const NOBODY: &str = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU";
    let signature = jws.text().rsplit('.').next().and_then(|part| b64u::decode(part).ok()).unwrap_or_default();
    let key = b64u::decode(NOBODY).unwrap_or_default();
    let refused =
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(jws.signing_input().as_bytes(), &signature);
    tracing::trace!(refused = refused.is_err(), "an unknown key");
}

impl Phones {
    /// Takes one call of a phone.
    ///
    /// # Errors
    /// [`Refusal::Many`].
    pub(super) fn within(&self, what: &'static str, did: &Id, rate: rate::Rate) -> Result<(), Refusal> {
        self.inner.rates.take_of(what, did, rate, self.inner.clock.monotonic()).map_err(Refusal::Many)
    }

    /// Counts a change that a phone made. What was refused left nothing, and is not counted.
    pub(super) fn changed(&self, did: &Id) {
        // Whether there was room was asked before; a call beside this one may have taken it since.
        let _ = self.within(CHANGES, did, rate::PHONE_CHANGE);
    }

    /// Whether a phone may make this call now. Reading counts at once, a change when it is made.
    fn has_room(&self, call: &Call, did: &Id) -> Result<(), Refusal> {
        if call.method == Method::Get || call.htu.ends_with("/poll") {
            return self.within("reading", did, rate::PHONE_READ);
        }
        // Whoever leaves needs no room.
        if call.method == Method::Delete {
            return Ok(());
        }
        let it = &*self.inner;
        it.rates.room_of(CHANGES, did, rate::PHONE_CHANGE, it.clock.monotonic()).map_err(Refusal::Many)
    }

    /// The device that proved this call: key, signature, request, not gone, nonce, id, state; in this order. Blocks.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn prove(
        &self,
        proof: Message<Proof>,
        call: &Call,
        allowed: &[DeviceState],
    ) -> Result<(Device, DeviceState), Refusal> {
        self.prove_also(proof, call, allowed, |_| Ok(None))
    }

    /// The same; beside the keys that count, `also` may name one more. Blocks.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn prove_also(
        &self,
        proof: Message<Proof>,
        call: &Call,
        allowed: &[DeviceState],
        also: impl FnOnce(&Device) -> Result<Option<Jwk>, Refusal>,
    ) -> Result<(Device, DeviceState), Refusal> {
        let it = &*self.inner;
        let (kid, at) = (proof.jws().kid(), it.devices.moment());
        let mut found = None;
        if let Some(device) = it.devices.store().device_of_pk(kid)? {
            let counts = device.phone.as_ref().and_then(|phone| phone.key(KeyClass::Pk, &kid, &at));
            let counts = counts.map(|(key, age)| (key.clone(), age));
            let key = match counts {
                Some(key) => Some(key),
                None => also(&device)?.filter(|key| key.thumbprint() == kid).map(|key| (key, Age::Old)),
            };
            found = key.map(|(key, age)| (key, (device, age)));
        }
        let (proof, (mut device, age)) = verify(proof, found)?;
        check::proof_fits(&proof, call.method, &call.htu, &call.bh)?;
        let state = device.state(&at);
        if state == DeviceState::Gone {
            return Err(Refusal::Gone(device.did, device.gone_why()));
        }
        self.once(&proof, kid)?;
        self.has_room(call, &device.did)?;
        if !allowed.contains(&state) {
            return Err(Refusal::Policy(countersign_protocol::push::ErrorWhy::State));
        }
        it.devices.key_used(&mut device, KeyClass::Pk, age)?;
        // Once a minute is enough for «last used», and spares a write a poll.
        if device.used.is_none_or(|used| at.now.abs_diff(used) >= 60) {
            it.devices.store().used(device.did, at.now)?;
        }
        Ok((device, state))
    }

    /// The key of this class that signed a message of the device that proved the call: it counts, and the message names that
    /// device. `also` may be one more key. What is returned is what the caller verifies by next.
    ///
    /// # Errors
    /// [`Refusal::Refused`].
    pub fn signer<T>(
        &self,
        message: &Message<T>,
        iss: &Id,
        class: KeyClass,
        device: &Device,
        also: Option<&Jwk>,
    ) -> Result<(Jwk, Age), Refusal> {
        let kid = message.jws().kid();
        let phone = device.phone.as_ref().filter(|_| *iss == device.did);
        let counts = phone.and_then(|phone| phone.key(class, &kid, &self.inner.devices.moment()));
        let also = also.filter(|key| phone.is_some() && key.thumbprint() == kid).map(|key| (key, Age::Old));
        tracing::trace!("a verification");
        match counts.or(also) {
            Some((key, age)) => Ok((key.clone(), age)),
            None => {
                verify_with_nobody(message.jws());
                Err(Refusal::Refused("no such key of that device"))
            }
        }
    }

    /// The same for a key that is not registered yet, as `enrol` asks; none where there is no code for the request.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn prove_with(&self, proof: Message<Proof>, pk: Option<&Jwk>, call: &Call) -> Result<(), Refusal> {
        let kid = proof.jws().kid();
        let found = pk.filter(|pk| pk.thumbprint() == kid).map(|pk| (pk.clone(), ()));
        let (proof, ()) = verify(proof, found)?;
        check::proof_fits(&proof, call.method, &call.htu, &call.bh)?;
        self.once(&proof, kid)
    }

    fn once(&self, proof: &Verified<Proof>, key: H32) -> Result<(), Refusal> {
        let now = self.inner.clock.monotonic();
        let claims = proof.claims();
        let end = self.inner.nonces.end(claims.nonce.as_str(), now).ok_or(Refusal::Nonce)?;
        if self.inner.used.first_use(key, claims.jti, end, now) { Ok(()) } else { Err(Refusal::Nonce) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_id_counts_once_a_key_and_again_after_its_nonce_ended() {
        let (used, key, jti) = (UsedIds::default(), H32::from_bytes([1; 32]), Id::from_bytes([2; 16]));
        assert!(used.first_use(key, jti, 130 * SECOND, 10 * SECOND));
        assert!(!used.first_use(key, jti, 200 * SECOND, 130 * SECOND));
        assert!(used.first_use(H32::from_bytes([3; 32]), jti, 130 * SECOND, 10 * SECOND));
        assert!(used.first_use(key, jti, 260 * SECOND, 131 * SECOND));
    }

    #[test]
    fn ended_ids_are_forgotten_in_time() {
        let used = UsedIds::default();
        for number in 0..(2 * SWEEP as u128) {
            let now = Duration::from_millis(u64::try_from(number).unwrap());
            assert!(used.first_use(H32::from_bytes([1; 32]), Id::from_bytes(number.to_be_bytes()), now, now));
        }
        assert!(used.0.lock().unwrap().len() <= SWEEP + 1);
    }

    #[test]
    fn nobodys_key_is_a_point_of_the_curve() {
        let point =
            b64u::decode("BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU");
        assert!(Jwk::from_sec1(&point.unwrap()).is_ok());
    }
}
