//! What this gateway publishes of itself, signed and kept until it changes or is half through its life.

use std::sync::{Arc, Mutex, PoisonError};

use countersign_protocol::jose::{FormError, H32, Jwk};
use countersign_protocol::push::{Different, List, Message, MetaVersion, Metadata, MetadataReply, Policy};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::enrol::devices;
use crate::house;
use crate::issuer::{Issuer, SignFault};
use crate::store::{Store, StoreFault};

/// Seconds from `iat` to `exp`.
const LIFE: u64 = 14 * 86_400;
/// Its name among the gateway's own values.
const KEPT: &str = "metadata";

/// Why metadata could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// It could not be signed.
    #[error(transparent)]
    Sign(#[from] SignFault),
}

impl From<FormError> for PublishFault {
    fn from(fault: FormError) -> Self {
        Self::Sign(fault.into())
    }
}

/// The number of the content, and by what it is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    epoch: u64,
    seq: u64,
    content: H32,
}

/// The metadata of this gateway.
#[derive(Clone)]
pub struct Published {
    issuer: Issuer,
    content: Content,
    version: MetaVersion,
    signed: Arc<Mutex<Option<Signed>>>,
}

#[derive(Clone)]
struct Signed {
    iat: u64,
    reply: Arc<[u8]>,
}

/// All of it but the version and the times.
#[derive(Debug, Clone, Serialize)]
struct Content {
    keys: [Jwk; 1],
    name: String,
    pin: Option<H32>,
    policy: Policy,
}

impl Published {
    /// The metadata for these settings. When its content is not that of the last start, `seq` goes up by one.
    ///
    /// # Errors
    /// [`PublishFault`].
    pub fn open(config: &Config, pin: Option<[u8; 32]>, issuer: Issuer, store: &Store) -> Result<Self, PublishFault> {
        let content = Content {
            keys: [issuer.key().clone()],
            name: issuer.name().as_str().to_owned(),
            pin: pin.map(H32::from_bytes),
            policy: policy(config)?,
        };
        let bytes = serde_json::to_vec(&content).map_err(|_| FormError::Schema)?;
        let version = version(store, H32::sha256(&[&bytes]))?;
        Ok(Self { issuer, content, version, signed: Arc::default() })
    }

    /// What `meta` of a State says.
    pub fn version(&self) -> MetaVersion {
        self.version
    }

    /// What of the policy enrolment asks.
    pub fn device_policy(&self) -> devices::Policy {
        let Policy { uv, level, totp, .. } = self.content.policy;
        devices::Policy { uv, level, totp }
    }

    /// The body of `GET u/metadata`, signed anew at half of its life.
    ///
    /// # Errors
    /// [`PublishFault::Sign`].
    pub fn reply(&self, now: u64) -> Result<Arc<[u8]>, PublishFault> {
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(signed) = signed.as_ref().filter(|it| (it.iat..it.iat + LIFE / 2).contains(&now)) {
            return Ok(signed.reply.clone());
        }
        let meta = Message::<Metadata>::parse(&self.issuer.sign(&self.claims(now)?)?.jws)?;
        let reply = MetadataReply { meta, links: List::default(), recovery: List::default() };
        let reply: Arc<[u8]> = serde_json::to_vec(&reply).map_err(|_| FormError::Schema)?.into();
        *signed = Some(Signed { iat: now, reply: reply.clone() });
        Ok(reply)
    }

    fn claims(&self, now: u64) -> Result<Metadata, FormError> {
        let pins = self.content.pin.map(|pin| Different::try_from(vec![pin])).transpose()?;
        Ok(Metadata {
            iss: self.issuer.u().clone(),
            iat: now,
            exp: now + LIFE,
            epoch: self.version.epoch,
            seq: self.version.seq,
            keys: Different::try_from(self.content.keys.to_vec())?,
            gr: None,
            grk: None,
            name: self.issuer.name().clone(),
            vapid: None,
            pins,
            policy: self.content.policy.clone(),
        })
    }
}

fn policy(config: &Config) -> Result<Policy, FormError> {
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

fn version(store: &Store, content: H32) -> Result<MetaVersion, StoreFault> {
    let kept = house::value(store, KEPT)?;
    let kept = kept.map(|bytes| serde_json::from_slice::<Kept>(&bytes)).transpose();
    let kept = kept.map_err(|_| StoreFault::Damaged("metadata"))?;
    let next = match kept {
        Some(kept) if kept.content == content => kept,
        Some(kept) => Kept { seq: kept.seq + 1, content, ..kept },
        None => Kept { epoch: 1, seq: 1, content },
    };
    if Some(next) != kept {
        house::put(store, KEPT, serde_json::to_vec(&next).map_err(|_| StoreFault::Damaged("metadata"))?)?;
    }
    Ok(MetaVersion { epoch: next.epoch, seq: next.seq })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::SignerFactory;
    use crate::port::machine::RingSigners;

    const NOW: u64 = 1_795_260_000;

    struct Bench {
        folder: tempfile::TempDir,
        store: Store,
        issuer: Issuer,
    }

    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store")).unwrap();
        let factory = RingSigners::default();
        let signer = factory.load(&factory.generate().unwrap()).unwrap();
        Bench { issuer: Issuer::new("https://gate.example.com", "Gate", signer).unwrap(), folder, store }
    }

    impl Bench {
        fn open(&self, digits: u8, pin: Option<[u8; 32]>) -> Published {
            let mut config = Config::local(self.folder.path());
            config.approval.digits = digits;
            Published::open(&config, pin, self.issuer.clone(), &self.store).unwrap()
        }

        fn read(&self, published: &Published, now: u64) -> Metadata {
            let reply: MetadataReply = countersign_protocol::json::parse(&published.reply(now).unwrap()).unwrap();
            reply.meta.verify(self.issuer.key()).unwrap().into_claims()
        }
    }

    #[test]
    fn seq_goes_up_with_the_content_alone() {
        let bench = bench();
        assert_eq!(bench.open(6, None).version(), MetaVersion { epoch: 1, seq: 1 });
        assert_eq!(bench.open(6, None).version(), MetaVersion { epoch: 1, seq: 1 });
        assert_eq!(bench.open(8, None).version(), MetaVersion { epoch: 1, seq: 2 });
        assert_eq!(bench.open(8, Some([1; 32])).version(), MetaVersion { epoch: 1, seq: 3 });
        assert_eq!(bench.open(6, None).version(), MetaVersion { epoch: 1, seq: 4 });
    }

    #[test]
    fn it_is_signed_anew_at_half_life_and_not_before() {
        let bench = bench();
        let published = bench.open(6, Some([1; 32]));
        let first = bench.read(&published, NOW);
        assert_eq!((first.iat, first.exp), (NOW, NOW + LIFE));
        assert_eq!(first.pins.unwrap()[0], H32::from_bytes([1; 32]));
        assert_eq!(published.reply(NOW).unwrap(), published.reply(NOW + LIFE / 2 - 1).unwrap());
        assert_eq!(bench.read(&published, NOW + LIFE / 2).iat, NOW + LIFE / 2);
        assert_eq!(bench.read(&published, NOW).iat, NOW, "a clock that was wrong is put right");
    }
}
