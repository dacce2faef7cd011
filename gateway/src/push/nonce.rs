//! Nonces: a moment of the monotonic clock and its MAC, so that nothing has to be stored and a step of the wall clock
//! changes nothing. The key is this run's own: after a restart every older nonce is refused, and so is every recorded
//! proof, though the memory of used ids is gone too.

use std::time::Duration;

use countersign_protocol::jose::b64u;
use ring::hmac;
use subtle::ConstantTimeEq;

use crate::port::{PortFault, Random};

/// How long a nonce is accepted.
pub const LIFE: Duration = Duration::from_secs(120);
const TIME: usize = 8;
const MAC: usize = 16;

/// Gives nonces and knows them again.
pub struct Nonces(hmac::Key);

impl Nonces {
    /// With a key of its own.
    ///
    /// # Errors
    /// [`PortFault::Random`].
    pub fn new(random: &dyn Random) -> Result<Self, PortFault> {
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &random.bytes::<32>()?)))
    }

    /// The nonce of a moment of the monotonic clock.
    pub fn give(&self, now: Duration) -> String {
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).to_be_bytes();
        let mac = hmac::sign(&self.0, &millis);
        b64u::encode(&[&millis[..], &mac.as_ref()[..MAC]].concat())
    }

    /// Until when a nonce is accepted; none when it was never given, or is too old now.
    pub fn end(&self, nonce: &str, now: Duration) -> Option<Duration> {
        let end = self.given(nonce)?.checked_add(LIFE)?;
        (now <= end).then_some(end)
    }

    /// How long ago a nonce was given; none when it never was. It may be older than what is accepted.
    pub fn age(&self, nonce: &str, now: Duration) -> Option<Duration> {
        Some(now.saturating_sub(self.given(nonce)?))
    }

    /// When a nonce was given.
    fn given(&self, nonce: &str) -> Option<Duration> {
        let bytes: [u8; TIME + MAC] = b64u::decode_array(nonce).ok()?;
        let (millis, _) = bytes.split_first_chunk::<TIME>()?;
        let given = Duration::from_millis(u64::from_be_bytes(*millis));
        let same: bool = self.give(given).as_bytes().ct_eq(nonce.as_bytes()).into();
        same.then_some(given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::machine::MachineRandom;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_nonce_counts_for_two_minutes_at_its_own_gateway() {
        let (nonces, other) =
            (Nonces::new(&MachineRandom::default()).unwrap(), Nonces::new(&MachineRandom::default()).unwrap());
        let nonce = nonces.give(10 * SECOND);
        assert!(nonce.len() <= 128 && countersign_protocol::push::Nonce::try_from(nonce.as_str()).is_ok());
        assert_eq!(nonces.end(&nonce, 10 * SECOND), Some(130 * SECOND));
        assert_eq!(nonces.end(&nonce, 130 * SECOND), Some(130 * SECOND));
        assert_eq!(nonces.end(&nonce, 131 * SECOND), None);
        assert_eq!(other.end(&nonce, 10 * SECOND), None);
        assert_eq!((nonces.age(&nonce, 700 * SECOND), other.age(&nonce, 700 * SECOND)), (Some(690 * SECOND), None));
    }

    #[test]
    fn a_changed_nonce_was_never_given() {
        let nonces = Nonces::new(&MachineRandom::default()).unwrap();
        let nonce = nonces.give(10 * SECOND);
        for at in 0..nonce.len() {
            let mut changed = nonce.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(nonces.end(&changed, 10 * SECOND), None, "{at}");
        }
        assert_eq!(nonces.end("", SECOND), None);
    }
}
