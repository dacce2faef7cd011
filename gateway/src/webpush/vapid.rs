//! Who rings: the token that push servers ask for (RFC 8292). Its key is for this alone and no `gk`.
//!
//! Phones bind their subscription to the public half in the metadata. A new key takes the place of the old one at once;
//! the old one is kept for thirty days more, for phones that have not subscribed anew (push-v1 §11).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_protocol::Secret;
use countersign_protocol::jose::{Jwk, P256dh, b64u};
use countersign_protocol::push::endpoint::Endpoint;
use serde::Serialize;

use crate::issuer::SignFault;
use crate::port::{PortFault, Signer, SignerFactory};
use crate::seal::SealFault;
use crate::store::StoreFault;
use crate::value::{Change, Values};

/// Life of a token, in seconds; RFC 8292 allows a day. It is made anew at half of it.
const LIFE: u64 = 12 * 3_600;
/// How long an old key is kept, in seconds.
const OLD_KEPT: u64 = 30 * 86_400;
/// Push servers whose token is kept.
const SERVERS: usize = 256;
/// The names of the keys among the gateway's own values.
const KEY: &str = "vapid";
const OLD: &str = "vapid.old";
const OLD_UNTIL: &str = "vapid.old_until";

/// Why there are no keys for push servers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VapidFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// A key cannot be opened or sealed.
    #[error(transparent)]
    Seal(#[from] SealFault),
    /// No key could be made, or one failed.
    #[error(transparent)]
    Port(#[from] PortFault),
    /// A key is not fit for phones.
    #[error(transparent)]
    Sign(#[from] SignFault),
    /// The key before the present one is kept still.
    #[error("the key before the present one is kept still")]
    Kept,
}

/// The keys by which push servers know this gateway, newest first, and the tokens made with them.
pub struct Vapid {
    keys: Vec<Key>,
    sub: String,
    tokens: Mutex<HashMap<(usize, String), Token>>,
}

struct Key {
    signer: Arc<dyn Signer>,
    point: P256dh,
}

struct Token {
    made: u64,
    header: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: u64,
    sub: &'a str,
}

impl Vapid {
    /// The stored keys; the first start makes one. `sub` is whom operators of push servers may write to.
    ///
    /// # Errors
    /// [`VapidFault`].
    pub fn open(values: &Values, signers: &dyn SignerFactory, sub: String, now: u64) -> Result<Self, VapidFault> {
        let mut keys = vec![load(signers, &present(values, signers)?)?];
        if Self::keeps_old(values, now)?
            && let Some(sealed) = values.get(OLD)?
        {
            keys.push(load(signers, &values.open(OLD, &sealed)?)?);
        }
        Ok(Self { keys, sub, tokens: Mutex::default() })
    }

    /// Whether the key before the present one is kept still: a further one would take its place before its thirty days are
    /// over.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub fn keeps_old(values: &Values, now: u64) -> Result<bool, StoreFault> {
        Ok(is_before(values.get(OLD_UNTIL)?, now))
    }

    /// Makes a new key; the present one is kept for thirty days. Counts from the next [`Vapid::open`] on.
    ///
    /// # Errors
    /// [`VapidFault::Kept`] while the one before is kept, and whatever failed; then the present key stays.
    pub fn rotate(values: &Values, signers: &dyn SignerFactory, now: u64) -> Result<(), VapidFault> {
        // Looked at first: whoever rotates meanwhile changes it, and the key of before is kept then.
        let seen = values.get(OLD_UNTIL)?;
        if is_before(seen.clone(), now) {
            return Err(VapidFault::Kept);
        }
        let old = values.seal(OLD, &present(values, signers)?)?;
        let new = values.seal(KEY, &signers.generate_vapid()?)?;
        let until = (now + OLD_KEPT).to_be_bytes().to_vec();
        let put = vec![(OLD, old), (OLD_UNTIL, until), (KEY, new)];
        let change = Change { seen: vec![(OLD_UNTIL, seen)], put, forget: vec![] };
        if values.change(change)? { Ok(()) } else { Err(VapidFault::Kept) }
    }

    /// `vapid` of the metadata.
    pub fn public_key(&self) -> &P256dh {
        &self.keys[0].point
    }

    /// How many keys there are: 1, or 2 within thirty days of a new one.
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// The value of `Authorization` for a push server, by key number `which` (0 is the newest).
    ///
    /// # Errors
    /// [`PortFault::Signer`], also when there is no such key.
    pub fn authorization(&self, which: usize, to: &Endpoint<'_>, now: u64) -> Result<String, PortFault> {
        let key = self.keys.get(which).ok_or(PortFault::Signer)?;
        let slot = (which, origin(to));
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = tokens.get(&slot).filter(|it| (it.made..it.made + LIFE / 2).contains(&now)) {
            return Ok(token.header.clone());
        }
        let token = self.token(key, &slot.1, now)?;
        let header = format!("vapid t={token}, k={}", b64u::encode(key.point.0.as_sec1()));
        if tokens.len() >= SERVERS {
            tokens.clear();
        }
        tokens.insert(slot, Token { made: now, header: header.clone() });
        Ok(header)
    }

    fn token(&self, key: &Key, aud: &str, now: u64) -> Result<String, PortFault> {
        let claims = Claims { aud, exp: now + LIFE, sub: &self.sub };
        let claims = serde_json::to_vec(&claims).map_err(|_| PortFault::Signer)?;
        let input = format!("{}.{}", b64u::encode(br#"{"typ":"JWT","alg":"ES256"}"#), b64u::encode(&claims));
        let signature = key.signer.sign(input.as_bytes())?;
        Ok(format!("{input}.{}", b64u::encode(&signature)))
    }
}

/// Whether it is before the end that is stored.
fn is_before(until: Option<Vec<u8>>, now: u64) -> bool {
    let until = until.and_then(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)));
    until.is_some_and(|until| now <= until)
}

/// The present key; the first time, one that is made.
fn present(values: &Values, signers: &dyn SignerFactory) -> Result<Secret, VapidFault> {
    values.secret_once(KEY, || Ok(signers.generate_vapid()?))
}

fn load(signers: &dyn SignerFactory, stored: &Secret) -> Result<Key, VapidFault> {
    let signer = signers.load(stored)?;
    let point = Jwk::from_sec1(&signer.public_key()).map_err(SignFault::from)?;
    Ok(Key { signer, point: P256dh(point) })
}

/// Scheme, host and port of RFC 6454: lower case, no port 443.
fn origin(to: &Endpoint<'_>) -> String {
    let host = to.authority.to_ascii_lowercase();
    format!("https://{}", host.strip_suffix(":443").unwrap_or(&host))
}

#[cfg(test)]
mod tests {
    use countersign_protocol::push::endpoint;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;
    use crate::port::machine::{MachineRandom, RingSigners};
    use crate::seal::Seal;
    use crate::store::Store;
    use crate::value;

    const NOW: u64 = 1_795_260_000;

    struct Bench {
        _folder: tempfile::TempDir,
        values: Values,
        signers: RingSigners,
    }

    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        let seal = Seal::new(&[1; 32], Arc::new(MachineRandom::default()));
        let values = value::store::values(&store, &seal);
        Bench { _folder: folder, values, signers: RingSigners::default() }
    }

    impl Bench {
        fn open(&self, now: u64) -> Vapid {
            Vapid::open(&self.values, &self.signers, "mailto:ops@example.com".into(), now).unwrap()
        }
    }

    fn authorization(vapid: &Vapid, which: usize, url: &str, now: u64) -> String {
        vapid.authorization(which, &endpoint::parse(url).unwrap(), now).unwrap()
    }

    /// The claims, once the signature was verified by `k`.
    fn claims(header: &str) -> Value {
        let (token, key) = header.strip_prefix("vapid t=").unwrap().split_once(", k=").unwrap();
        let (input, signature) = token.rsplit_once('.').unwrap();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, b64u::decode(key).unwrap());
        key.verify(input.as_bytes(), &b64u::decode(signature).unwrap()).unwrap();
        let (head, claims) = input.split_once('.').unwrap();
        assert_eq!(b64u::decode(head).unwrap(), br#"{"typ":"JWT","alg":"ES256"}"#);
        serde_json::from_slice(&b64u::decode(claims).unwrap()).unwrap()
    }

    #[test]
    fn a_token_is_for_one_origin_and_half_a_day() {
        let vapid = bench().open(NOW);
        let header = authorization(&vapid, 0, "https://Push.example.com:443/up/secret?a", NOW);
        let claims = claims(&header);
        assert_eq!(claims["aud"], "https://push.example.com");
        assert_eq!((&claims["exp"], &claims["sub"]), (&(NOW + LIFE).into(), &"mailto:ops@example.com".into()));
        assert!(header.ends_with(&b64u::encode(vapid.public_key().0.as_sec1())));
    }

    #[test]
    fn a_token_is_made_anew_at_half_life_and_for_each_server() {
        let vapid = bench().open(NOW);
        let at = |url: &str, now| authorization(&vapid, 0, url, now);
        let first = at("https://push.example.com/a", NOW);
        assert_eq!(first, at("https://push.example.com/b", NOW + LIFE / 2 - 1));
        assert_ne!(first, at("https://push.example.com:8443/a", NOW));
        assert_ne!(first, at("https://push.example.com/a", NOW + LIFE / 2));
        assert_eq!(claims(&at("https://push.example.com/a", NOW - 5))["exp"], NOW - 5 + LIFE, "a clock set back");
        (0..2 * SERVERS).for_each(|n| drop(at(&format!("https://push{n}.example.com/"), NOW)));
        assert!(vapid.tokens.lock().unwrap().len() <= SERVERS);
    }

    #[test]
    fn the_key_is_kept_sealed_and_an_old_one_for_thirty_days() {
        let bench = bench();
        let first = bench.open(NOW).public_key().clone();
        assert_eq!(*bench.open(NOW).public_key(), first);
        let stored = bench.values.get(KEY).unwrap().unwrap();
        assert!(bench.signers.load(&Secret::from_slice(&stored)).is_err(), "it is sealed");
        assert_eq!(Vapid::keeps_old(&bench.values, NOW), Ok(false));
        Vapid::rotate(&bench.values, &bench.signers, NOW).unwrap();
        let again = Vapid::rotate(&bench.values, &bench.signers, NOW + OLD_KEPT);
        assert_eq!(again, Err(VapidFault::Kept), "or phones of before it would lose theirs too early");
        let rotated = bench.open(NOW + OLD_KEPT);
        assert_ne!(*rotated.public_key(), first);
        let old = authorization(&rotated, 1, "https://push.example.com/", NOW);
        assert!(old.ends_with(&b64u::encode(first.0.as_sec1())));
        assert_eq!((rotated.keys(), bench.open(NOW + OLD_KEPT + 1).keys()), (2, 1));
        assert!(rotated.authorization(2, &endpoint::parse("https://push.example.com/").unwrap(), NOW).is_err());
    }
}
