//! Who rings: the token that push servers ask for (RFC 8292). Its key is for this alone and no `gk`.
//!
//! Phones bind their subscription to the public half in the metadata. A new key takes the place of the old one at once;
//! the old one is kept for thirty days more, for phones that have not subscribed anew (push-v1 §11).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_protocol::Secret;
use countersign_protocol::jose::{FormError, Jwk, P256dh, b64u};
use countersign_protocol::push::endpoint::Endpoint;
use serde::Serialize;

use crate::house::{self, secret_once};
use crate::port::{PortFault, Signer, SignerFactory};
use crate::seal::Seal;
use crate::start::StartFault;
use crate::store::{Store, StoreFault};

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
    /// [`StartFault`].
    pub fn open(
        store: &Store,
        seal: &Seal,
        signers: &dyn SignerFactory,
        sub: String,
        now: u64,
    ) -> Result<Self, StartFault> {
        let mut keys = vec![load(signers, &secret_once(store, seal, KEY, || Ok(signers.generate_vapid()?))?)?];
        if Self::keeps_old(store, now)?
            && let Some(sealed) = house::value(store, OLD)?
        {
            keys.push(load(signers, &seal.open("house.value", OLD.as_bytes(), &sealed)?)?);
        }
        Ok(Self { keys, sub, tokens: Mutex::default() })
    }

    /// Whether the key before the present one is kept still: a further one would take its place before its thirty days are
    /// over.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub fn keeps_old(store: &Store, now: u64) -> Result<bool, StoreFault> {
        let until = house::value(store, OLD_UNTIL)?.and_then(|bytes| Some(u64::from_be_bytes(bytes.try_into().ok()?)));
        Ok(until.is_some_and(|until| now <= until))
    }

    /// Makes a new key; the present one is kept for thirty days. Counts from the next [`Vapid::open`] on.
    ///
    /// # Errors
    /// [`StartFault`]; then the present key stays.
    pub fn rotate(store: &Store, seal: &Seal, signers: &dyn SignerFactory, now: u64) -> Result<(), StartFault> {
        let present = secret_once(store, seal, KEY, || Ok(signers.generate_vapid()?))?;
        let place = "house.value";
        let old = seal.seal(place, OLD.as_bytes(), &present)?;
        let new = seal.seal(place, KEY.as_bytes(), &signers.generate_vapid()?)?;
        let until = (now + OLD_KEPT).to_be_bytes().to_vec();
        store.write(move |tx| {
            for (name, value) in [(OLD, old), (OLD_UNTIL, until), (KEY, new)] {
                house::put_in(tx, name, &value)?;
            }
            Ok::<(), StoreFault>(())
        })?;
        Ok(())
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

fn load(signers: &dyn SignerFactory, stored: &Secret) -> Result<Key, StartFault> {
    let signer = signers.load(stored)?;
    let point = Jwk::from_sec1(&signer.public_key()).map_err(|fault: FormError| StartFault::Issuer(fault.into()))?;
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

    const NOW: u64 = 1_795_260_000;

    struct Bench {
        _folder: tempfile::TempDir,
        store: Store,
        seal: Seal,
        signers: RingSigners,
    }

    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        let seal = Seal::new(&[1; 32], Arc::new(MachineRandom::default()));
        Bench { _folder: folder, store, seal, signers: RingSigners::default() }
    }

    impl Bench {
        fn open(&self, now: u64) -> Vapid {
            Vapid::open(&self.store, &self.seal, &self.signers, "mailto:ops@example.com".into(), now).unwrap()
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
        let stored = house::value(&bench.store, KEY).unwrap().unwrap();
        assert!(bench.signers.load(&Secret::from_slice(&stored)).is_err(), "it is sealed");
        assert_eq!(Vapid::keeps_old(&bench.store, NOW), Ok(false));
        Vapid::rotate(&bench.store, &bench.seal, &bench.signers, NOW).unwrap();
        let rotated = bench.open(NOW + OLD_KEPT);
        assert_ne!(*rotated.public_key(), first);
        let old = authorization(&rotated, 1, "https://push.example.com/", NOW);
        assert!(old.ends_with(&b64u::encode(first.0.as_sec1())));
        assert_eq!((rotated.keys(), bench.open(NOW + OLD_KEPT + 1).keys()), (2, 1));
        assert!(rotated.authorization(2, &endpoint::parse("https://push.example.com/").unwrap(), NOW).is_err());
    }
}
