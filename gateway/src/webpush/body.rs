//! What travels: a sealed body of 1,126 or 2,150 bytes and the headers of RFC 8030.

use countersign_protocol::Secret;
use countersign_protocol::jose::FormError;
use countersign_protocol::push::{PushMode, Pushed};
use countersign_protocol::seal::{self, SealKey};
use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::port::{PortFault, Random};

/// The longest time that push servers are asked to keep a bell, in seconds: four weeks.
const TTL: u64 = 28 * 86_400;

/// Why a bell cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// No randomness, or no signature.
    #[error(transparent)]
    Port(#[from] PortFault),
    /// The device's key, or what is to be sealed.
    #[error("sealing: {0}")]
    Form(#[from] FormError),
}

/// The sealed body: the challenge, or `wake` where the policy says so or the challenge is too long.
///
/// # Errors
/// [`BodyFault`].
pub fn body(to: &SealKey, challenge: &str, mode: PushMode, random: &dyn Random) -> Result<Vec<u8>, BodyFault> {
    let plain = Pushed::plain(challenge, mode).as_bytes();
    loop {
        let sender = Secret::from_slice(&*Zeroizing::new(random.bytes::<32>()?));
        match seal::seal(to, plain, &sender, &random.bytes()?) {
            // One in 2^32 draws is not a private key.
            Err(FormError::Key) => {}
            sealed => return Ok(sealed?),
        }
    }
}

/// The headers of a bell that is worth ringing for `left` seconds more.
///
/// # Errors
/// [`FormError::Range`] when `authorization` is no header's value.
pub fn headers(authorization: &str, left: u64) -> Result<HeaderMap, FormError> {
    let mut headers = HeaderMap::new();
    let mut authorization = HeaderValue::from_str(authorization).map_err(|_| FormError::Range)?;
    authorization.set_sensitive(true);
    headers.insert(AUTHORIZATION, authorization);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static("aes128gcm"));
    headers.insert(HeaderName::from_static("ttl"), HeaderValue::from(left.min(TTL)));
    headers.insert(HeaderName::from_static("urgency"), HeaderValue::from_static("high"));
    headers.insert(HeaderName::from_static("topic"), HeaderValue::from_static("cs"));
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use countersign_protocol::jose::Id;
    use countersign_protocol::seal::{Receiver, open};

    use super::*;
    use crate::port::machine::MachineRandom;

    #[test]
    fn the_smaller_size_that_fits_is_taken_and_wake_beyond() {
        let receiver = Receiver::new(&Secret::from_slice(&[7; 32]), Id::from_bytes([3; 16])).unwrap();
        let random = MachineRandom::default();
        for (length, mode, size, says) in [
            (700, PushMode::Sealed, 1_126, "challenge"),
            (1_023, PushMode::Sealed, 1_126, "challenge"),
            (1_024, PushMode::Sealed, 2_150, "challenge"),
            (2_047, PushMode::Sealed, 2_150, "challenge"),
            (2_048, PushMode::Sealed, 1_126, "wake"),
            (700, PushMode::Wake, 1_126, "wake"),
        ] {
            let challenge = "c".repeat(length);
            let sealed = body(receiver.public(), &challenge, mode, &random).unwrap();
            let plain = open(&receiver, &sealed).unwrap();
            let expected = if says == "wake" { b"wake".as_slice() } else { challenge.as_bytes() };
            assert!(plain.ct_eq(expected) && sealed.len() == size, "{length} {mode}");
        }
    }

    #[test]
    fn no_two_bodies_are_alike() {
        let receiver = Receiver::new(&Secret::from_slice(&[7; 32]), Id::from_bytes([3; 16])).unwrap();
        let random = MachineRandom::default();
        let one = || body(receiver.public(), "challenge", PushMode::Sealed, &random).unwrap();
        assert_ne!(one(), one());
    }

    #[test]
    fn a_bell_is_kept_four_weeks_at_most() {
        let ttl = |left| headers("vapid t=a, k=b", left).unwrap()["ttl"].to_str().unwrap().to_owned();
        assert_eq!((ttl(120), ttl(30 * 86_400)), ("120".into(), "2419200".into()));
    }
}
