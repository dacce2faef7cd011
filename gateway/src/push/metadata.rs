//! What this gateway publishes of itself, signed and kept until it changes or is half through its life (`push-v1.md` §11).

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use countersign_protocol::jose::{FormError, H32, Jwk, P256dh};
use countersign_protocol::push::{MetaVersion, Metadata, Policy};
use countersign_protocol::text::T64;
use serde::Serialize;

use crate::chain::service::sign;
use crate::chain::{Chain, ChainFault, Ring};
use crate::config::Config;
use crate::enrol::devices;
use crate::issuer::{Issuer, SignFault};
use crate::port::Signer;

/// Seconds from `iat` to `exp`.
const LIFE: u64 = countersign_protocol::limits::META_LIFE;

/// Why metadata could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishFault {
    /// The keys.
    #[error(transparent)]
    Chain(#[from] ChainFault),
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] SignFault),
}

impl From<FormError> for PublishFault {
    fn from(fault: FormError) -> Self {
        Self::Sign(fault.into())
    }
}

/// What is published beside the keys.
#[derive(Debug, Clone)]
pub struct About {
    /// The gateway's name.
    pub name: T64,
    /// The key that Web Push subscriptions are bound to.
    pub vapid: Option<P256dh>,
    /// SHA-256 of the keys of certificates that phones are to pin: the present one, and a next one of the operator's.
    pub pins: Vec<H32>,
    /// What is asked and offered.
    pub policy: Policy,
}

impl About {
    /// With the next self-signed one, where one is prepared and phones pin at all.
    fn pins(&self, ring: &Ring) -> Vec<H32> {
        let mut pins = self.pins.clone();
        let next = ring.next_pin.filter(|pin| !pins.is_empty() && !pins.contains(pin));
        pins.extend(next);
        pins
    }
}

/// What a look at the keys found changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Another key signs, or there is another recovery key: codes of before are of no use to a phone any more.
    pub codes: bool,
    /// A recovery began a new epoch.
    pub epoch: bool,
}

/// The metadata of this gateway. Cloning shares everything.
#[derive(Clone)]
pub struct Published {
    inner: Arc<Inner>,
}

struct Inner {
    chain: Chain,
    issuer: Issuer,
    about: About,
    now: RwLock<Arc<Snapshot>>,
}

/// The keys of one version, and what was signed of them.
struct Snapshot {
    ring: Ring,
    signer: Arc<dyn Signer>,
    signed: Mutex<Option<Signed>>,
}

struct Signed {
    iat: u64,
    reply: Arc<[u8]>,
}

/// What is hashed: when it is not as before, `seq` goes up.
#[derive(Serialize)]
struct Content<'a> {
    keys: Vec<&'a Jwk>,
    gr: Option<H32>,
    name: &'a T64,
    vapid: Option<&'a P256dh>,
    pins: Vec<H32>,
    policy: &'a Policy,
}

/// The answer to `GET u/metadata`.
#[derive(Serialize)]
struct Reply<'a> {
    meta: &'a str,
    links: Vec<&'a str>,
    recovery: Vec<&'a str>,
}

impl Published {
    /// The metadata of these keys. When its content is not that of the last start, `seq` goes up by one.
    ///
    /// # Errors
    /// [`PublishFault`].
    pub fn open(chain: Chain, about: About, issuer: Issuer, now: u64) -> Result<Self, PublishFault> {
        let snapshot = Snapshot::take(&chain, &about, &issuer, now)?;
        issuer.sign_with(snapshot.signer.clone())?;
        Ok(Self { inner: Arc::new(Inner { chain, issuer, about, now: RwLock::new(Arc::new(snapshot)) }) })
    }

    /// Looks whether the keys changed, and if so publishes and signs by the new ones. Blocks.
    ///
    /// # Errors
    /// [`PublishFault`]; then nothing changed here.
    pub fn refresh(&self, now: u64) -> Result<Option<Change>, PublishFault> {
        let it = &*self.inner;
        let before = self.snapshot();
        if it.chain.version()? == before.ring.version {
            return Ok(None);
        }
        let next = Snapshot::take(&it.chain, &it.about, &it.issuer, now)?;
        let change = Change {
            codes: next.signer.public_key() != before.signer.public_key() || next.ring.gr != before.ring.gr,
            epoch: next.ring.epoch != before.ring.epoch,
        };
        let signer = next.signer.clone();
        // In this order, so that what a new key signed is never there before the list that names the key.
        *it.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        it.issuer.sign_with(signer)?;
        Ok(Some(change))
    }

    /// What `meta` of a State says.
    pub fn version(&self) -> MetaVersion {
        let ring = &self.snapshot().ring;
        MetaVersion { epoch: ring.epoch, seq: ring.seq }
    }

    /// Whether phones find this key in the metadata.
    pub fn lists(&self, kid: &H32) -> bool {
        self.snapshot().ring.listed().any(|key| key.jwk.thumbprint() == *kid)
    }

    /// Whether a key is listed that does not sign any more.
    pub fn lists_ended_keys(&self) -> bool {
        self.snapshot().ring.listed().nth(1).is_some()
    }

    /// What of the policy enrolment asks.
    pub fn device_policy(&self) -> devices::Policy {
        let Policy { uv, level, totp, moving, .. } = self.inner.about.policy;
        devices::Policy { uv, level, totp, moving }
    }

    /// What is asked and offered.
    pub fn policy(&self) -> &Policy {
        &self.inner.about.policy
    }

    /// The body of `GET u/metadata`, signed anew at half of its life.
    ///
    /// # Errors
    /// [`PublishFault::Sign`].
    pub fn reply(&self, now: u64) -> Result<Arc<[u8]>, PublishFault> {
        let snapshot = self.snapshot();
        let mut signed = snapshot.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signed) = signed.as_ref().filter(|it| (it.iat..it.iat + LIFE / 2).contains(&now)) {
            return Ok(signed.reply.clone());
        }
        let meta = sign(&*snapshot.signer, &self.claims(&snapshot.ring, now)?)?;
        let ring = &snapshot.ring;
        let reply = Reply { meta: &meta, links: ring.links(), recovery: ring.served_recoveries() };
        let reply: Arc<[u8]> = serde_json::to_vec(&reply).map_err(|_| FormError::Schema)?.into();
        *signed = Some(Signed { iat: now, reply: reply.clone() });
        Ok(reply)
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn claims(&self, ring: &Ring, now: u64) -> Result<Metadata, FormError> {
        let pins = self.inner.about.pins(ring);
        let About { name, vapid, policy, .. } = self.inner.about.clone();
        Ok(Metadata {
            iss: self.inner.issuer.u().clone(),
            iat: now,
            exp: now + LIFE,
            epoch: ring.epoch,
            seq: ring.seq,
            keys: ring.listed().map(|key| key.jwk.clone()).collect::<Vec<_>>().try_into()?,
            gr: ring.gr,
            grk: None,
            name,
            vapid,
            pins: if pins.is_empty() { None } else { Some(pins.try_into()?) },
            policy,
        })
    }
}

impl Snapshot {
    fn take(chain: &Chain, about: &About, issuer: &Issuer, now: u64) -> Result<Self, PublishFault> {
        let hashed = about.clone();
        let hash = move |ring: &Ring| {
            let content = Content {
                keys: ring.listed().map(|key| &key.jwk).collect(),
                gr: ring.gr,
                name: &hashed.name,
                vapid: hashed.vapid.as_ref(),
                pins: hashed.pins(ring),
                policy: &hashed.policy,
            };
            // Names and numbers are always JSON.
            let content = serde_json::to_vec(&content).unwrap_or_default();
            (H32::sha256(&[&content]), hashed.pins(ring))
        };
        let ring = chain.publish(issuer.u(), hash, now)?;
        let signing = ring.signing().ok_or(FormError::Schema)?;
        let signer = chain.signer(signing)?;
        Ok(Self { ring, signer, signed: Mutex::default() })
    }
}

/// The pins of the present certificate and of the next one, each once. Where phones do not pin the present one there are
/// none: the next one alone would shut them out.
pub fn pins([present, next]: [Option<[u8; 32]>; 2]) -> Vec<H32> {
    let next = next.filter(|_| present.is_some()).filter(|_| next != present);
    present.into_iter().chain(next).map(H32::from_bytes).collect()
}

/// The policy that these settings make.
///
/// # Errors
/// [`FormError`] when a number is outside what the protocol allows.
pub fn policy(config: &Config) -> Result<Policy, FormError> {
    use countersign_protocol::push::{LeastLevel, UserVerification};
    let strict = &config.policy;
    Ok(Policy {
        digits: u64::from(config.approval.digits).try_into()?,
        uv: if strict.biometrics_only { UserVerification::Bio } else { UserVerification::Any },
        attest: strict.attest,
        level: if strict.hardware { LeastLevel::Tee } else { LeastLevel::Software },
        push: strict.push,
        totp: strict.totp,
        offline: strict.offline,
        moving: strict.moving,
    })
}

#[cfg(test)]
mod tests {
    use countersign_protocol::push::MetadataReply;

    use super::*;
    use crate::audit::Caller;
    use crate::moment::Moment;
    use crate::port::machine::{self, RingSigners};
    use crate::seal::Seal;
    use crate::store::Store;
    use crate::{chain, start, value};

    const NOW: u64 = 1_795_260_000;

    struct Bench {
        folder: tempfile::TempDir,
        store: Store,
        chain: Chain,
        issuer: Issuer,
    }

    fn chain(store: &Store, seal: Seal) -> Chain {
        let values = value::store::values(store, &seal);
        let (store, signers) = (Arc::new(chain::store::SqlStore(store.clone())), Arc::new(RingSigners::default()));
        Chain::open(chain::Parts { store, values, seal, signers }, NOW).unwrap()
    }

    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::local(folder.path().join("data"));
        let (store, seal) = start::unlock(&config, &machine::adapters().random).unwrap();
        let chain = chain(&store, seal);
        let signer = chain.signer(chain.ring().unwrap().signing().unwrap()).unwrap();
        Bench { issuer: Issuer::new("https://gate.example.com", "Gate", signer).unwrap(), folder, store, chain }
    }

    impl Bench {
        fn open(&self, digits: u8, pins: &[[u8; 32]]) -> Published {
            let mut config = Config::local(self.folder.path());
            config.approval.digits = digits;
            let about = About {
                name: self.issuer.name().clone(),
                vapid: None,
                pins: pins.iter().copied().map(H32::from_bytes).collect(),
                policy: policy(&config).unwrap(),
            };
            Published::open(self.chain.clone(), about, self.issuer.clone(), NOW).unwrap()
        }

        fn read(&self, published: &Published, now: u64) -> Metadata {
            let reply: MetadataReply = countersign_protocol::json::parse(&published.reply(now).unwrap()).unwrap();
            reply.meta.verify(&self.issuer.key()).unwrap().into_claims()
        }

        fn rotate(&self, now: u64) -> Result<Ring, ChainFault> {
            self.chain.rotate(self.issuer.u(), Moment { now, run: 1, mono: 0 }, &Caller::default())
        }
    }

    fn version(epoch: u64, seq: u64) -> MetaVersion {
        MetaVersion { epoch, seq }
    }

    #[test]
    fn seq_goes_up_with_the_content_alone() {
        let bench = bench();
        assert_eq!(bench.open(6, &[]).version(), version(1, 1));
        assert_eq!(bench.open(6, &[]).version(), version(1, 1));
        assert_eq!(bench.open(8, &[]).version(), version(1, 2));
        assert_eq!(bench.open(8, &[[1; 32]]).version(), version(1, 3));
        assert_eq!(bench.open(8, &[[1; 32], [2; 32]]).version(), version(1, 4));
        assert_eq!(bench.open(6, &[]).version(), version(1, 5));
    }

    #[test]
    fn it_is_signed_anew_at_half_life_and_not_before() {
        let bench = bench();
        let published = bench.open(6, &[[1; 32]]);
        let first = bench.read(&published, NOW);
        assert_eq!((first.iat, first.exp), (NOW, NOW + LIFE));
        assert_eq!(first.pins.unwrap()[0], H32::from_bytes([1; 32]));
        assert_eq!(published.reply(NOW).unwrap(), published.reply(NOW + LIFE / 2 - 1).unwrap());
        let again = bench.read(&published, NOW + LIFE / 2);
        assert_eq!((again.iat, again.seq), (NOW + LIFE / 2, first.seq));
        assert_eq!(bench.read(&published, NOW).iat, NOW, "a clock that was wrong is put right");
    }

    #[test]
    fn a_next_pin_stands_beside_a_present_one_alone() {
        let (one, two) = ([1; 32], [2; 32]);
        assert_eq!(pins([Some(one), Some(two)]), [H32::from_bytes(one), H32::from_bytes(two)]);
        assert_eq!(pins([Some(one), Some(one)]), [H32::from_bytes(one)], "a certificate renewed for the same key");
        assert_eq!(pins([Some(one), None]), [H32::from_bytes(one)]);
        assert_eq!(pins([None, Some(two)]), [], "or phones would know the next one only");
    }

    #[test]
    fn a_rotation_is_noticed_and_the_new_key_signs_the_next_metadata() {
        let bench = bench();
        let published = bench.open(6, &[]);
        let before = bench.issuer.key();
        assert_eq!(published.refresh(NOW), Ok(None));
        bench.rotate(NOW + 1).unwrap();
        assert_eq!(bench.issuer.key(), before, "not before it was looked");
        assert_eq!(published.refresh(NOW + 1), Ok(Some(Change { codes: true, epoch: false })));
        assert_eq!(published.refresh(NOW + 1), Ok(None));
        let meta = bench.read(&published, NOW + 1);
        assert_eq!(published.version(), version(1, 2));
        assert_eq!(meta.keys.to_vec(), [bench.issuer.key(), before.clone()]);
        assert_ne!(bench.issuer.key(), before);
    }

    #[test]
    fn a_pin_is_listed_since_it_was_first_published() {
        let bench = bench();
        let since = |pin: [u8; 32]| bench.chain.ring().unwrap().pin_listed_since(&H32::from_bytes(pin));
        bench.open(6, &[[1; 32]]);
        assert_eq!((since([1; 32]), since([2; 32])), (Some(NOW), None));
        bench.open(6, &[[2; 32]]);
        assert_eq!((since([1; 32]), since([2; 32])), (None, Some(NOW)));
    }

    #[test]
    fn what_an_older_gateway_kept_is_taken_over() {
        let bench = bench();
        let signer = bench.chain.signer(bench.chain.ring().unwrap().signing().unwrap()).unwrap();
        let config = Config::local(bench.folder.path().join("data"));
        let (store, seal) = start::unlock(&config, &machine::adapters().random).unwrap();
        let older = RingSigners::default();
        let stored = crate::port::SignerFactory::generate(&older).unwrap();
        let sealed = seal.seal("house.value", b"gk", &stored).unwrap();
        let kept = format!(r#"{{"epoch":1,"seq":7,"content":"{}"}}"#, H32::sha256(&[b"before"]));
        bench
            .store
            .write(move |tx| {
                tx.execute_batch("DELETE FROM chain; DELETE FROM chain_key").map_err(crate::store::StoreFault::from)?;
                value::store::put(tx, "gk", &sealed)?;
                value::store::put(tx, "metadata", kept.as_bytes())
            })
            .unwrap();
        let chain = chain(&store, seal);
        let ring = chain.ring().unwrap();
        let public = crate::port::SignerFactory::load(&older, &stored).unwrap().public_key();
        assert_eq!(ring.signing().unwrap().jwk.to_sec1(), public);
        assert_ne!(signer.public_key(), public);
        assert_eq!((ring.epoch, ring.seq), (1, 7));
        assert_eq!(bench.store.read(|tx| value::store::value(tx, "gk")), Ok(None), "sealed once");
    }
}
