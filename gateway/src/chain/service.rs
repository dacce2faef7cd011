//! Making keys, links and recoveries. Each change is one transaction: whoever is killed in the middle has changed nothing, and
//! whoever is overtaken decides anew.

use std::sync::Arc;

use countersign_protocol::Secret;
use countersign_protocol::jose::{Claims, FormError, H32, Jwk, SigningInput};
use countersign_protocol::limits::JSON_NUMBER;
use countersign_protocol::push::{BaseUrl, Link, Metadata, Policy};
use countersign_protocol::text::T64;
use serde::Deserialize;

use super::record::{First, NewEpoch, NewKey, NextCertificate, Publication, Store};
use super::ring::{Key, Ring};
use crate::audit::Caller;
use crate::issuer::SignFault;
use crate::moment::Moment;
use crate::port::{PortFault, Signer, SignerFactory};
use crate::seal::{Seal, SealFault};
use crate::store::StoreFault;
use crate::tls::{TlsFault, own};
use crate::value::Values;

/// Where private halves are sealed for; the row is the thumbprint.
const PLACE: &str = "chain.key";
/// Life of the metadata that begins an epoch. Phones do not look at it.
const LIFE: u64 = countersign_protocol::limits::META_LIFE;
/// `seq` of the metadata that begins an epoch; what follows is higher.
const FIRST_SEQ: u64 = 1;
/// How often a change is decided anew because another was made meanwhile. They come from commands that people type.
const ATTEMPTS: usize = 16;

/// Why the keys were not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// A private half cannot be opened.
    #[error(transparent)]
    Seal(#[from] SealFault),
    /// No key could be made, or one failed.
    #[error(transparent)]
    Port(#[from] PortFault),
    /// A link or a recovery could not be signed.
    #[error(transparent)]
    Sign(#[from] SignFault),
    /// Three keys are listed: sign-ins that the older ones signed are still open.
    #[error("three keys are listed")]
    Full,
    /// There is no recovery key.
    #[error("there is no recovery key")]
    NoRecovery,
    /// The key given is not the recovery key.
    #[error("not the recovery key")]
    OtherRecovery,
    /// There is a recovery key already.
    #[error("there is a recovery key already")]
    HasRecovery,
    /// The next certificate is prepared already.
    #[error("the next certificate is prepared already")]
    Prepared,
    /// The key of the next certificate could not be made.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// So many phones are enrolled, which would not take a recovery key that they did not see when they enrolled.
    #[error("{0} phones are enrolled")]
    Enrolled(u64),
}

impl From<FormError> for ChainFault {
    fn from(fault: FormError) -> Self {
        Self::Sign(fault.into())
    }
}

/// What a recovery says of the gateway beside its keys. Phones take it from the metadata that follows.
#[derive(Debug, Clone)]
pub struct Vouched {
    /// The base URL.
    pub u: BaseUrl,
    /// The name.
    pub name: T64,
    /// The policy.
    pub policy: Policy,
}

/// What the chain rests on.
pub struct Parts {
    /// Remembers the keys.
    pub store: Arc<dyn Store>,
    /// What an older gateway kept, and where the next certificate's key is kept.
    pub values: Values,
    /// Seals private halves.
    pub seal: Seal,
    /// Makes and loads keys.
    pub signers: Arc<dyn SignerFactory>,
}

/// The keys of this gateway. Cloning shares everything. All calls block.
#[derive(Clone)]
pub struct Chain {
    parts: Arc<Parts>,
}

impl Chain {
    /// Opens the chain; makes the first key when there is none.
    ///
    /// # Errors
    /// [`ChainFault`].
    pub fn open(parts: Parts, now: u64) -> Result<Self, ChainFault> {
        let chain = Self { parts: Arc::new(parts) };
        if chain.parts.store.ring()?.is_none() {
            chain.begin(now)?;
        }
        Ok(chain)
    }

    /// The keys as they are now.
    ///
    /// # Errors
    /// [`ChainFault::Store`].
    pub fn ring(&self) -> Result<Ring, ChainFault> {
        self.parts.store.ring()?.ok_or(ChainFault::Store(StoreFault::Damaged("no key")))
    }

    /// The number that goes up with every change.
    ///
    /// # Errors
    /// [`ChainFault::Store`].
    pub fn version(&self) -> Result<i64, ChainFault> {
        Ok(self.parts.store.version()?)
    }

    /// The private half of a key that is listed.
    ///
    /// # Errors
    /// [`ChainFault::Seal`], [`ChainFault::Port`].
    pub fn signer(&self, key: &Key) -> Result<Arc<dyn Signer>, ChainFault> {
        let sealed = key.private.as_deref().ok_or(SealFault::Open)?;
        let stored = self.parts.seal.open(PLACE, key.jwk.thumbprint().as_bytes(), sealed)?;
        Ok(self.parts.signers.load(&stored)?)
    }

    /// Puts down what is published, and the pins in it. When that is not what was published last, `seq` goes up by one.
    ///
    /// # Errors
    /// [`ChainFault::Store`].
    pub fn publish(
        &self,
        u: &BaseUrl,
        content: impl Fn(&Ring) -> (H32, Vec<H32>),
        now: u64,
    ) -> Result<Ring, ChainFault> {
        self.decide(|found| {
            let (content, pins) = content(found);
            let is_new = found.content != Some(content);
            if !is_new && found.u.as_deref() == Some(u.as_str()) {
                return Ok(Some(found.clone()));
            }
            let seq = if is_new { next_seq(found.seq)? } else { found.seq };
            let what = Publication { u: u.as_str().to_owned(), seq, content, pins, at: now };
            Ok(self.parts.store.publish(found.version, what)?)
        })
    }

    /// Makes the next key. It signs from now on; the one before signs the link to it. Open codes end.
    ///
    /// # Errors
    /// [`ChainFault::Full`], or whatever failed.
    pub fn rotate(&self, u: &BaseUrl, at: Moment, by: &Caller) -> Result<Ring, ChainFault> {
        self.remove_ended(at, by)?;
        self.decide(|found| {
            let before = found.signing().filter(|_| found.has_room()).ok_or(ChainFault::Full)?;
            let mut key = self.generate(at.now)?;
            let claims = Link { iss: u.clone(), iat: at.now, from: before.jwk.thumbprint(), to: key.jwk.clone() };
            key.link = Some(sign(&*self.signer(before)?, &claims)?);
            Ok(self.parts.store.rotate(found.version, key, by.entry(at.now, "keys.rotate", "done"))?)
        })
    }

    /// Names the recovery key whose thumbprint this is. Phones that are enrolled did not see it: they would refuse all
    /// that names it, so `anew` says that they are to be enrolled anew. Open codes end.
    ///
    /// # Errors
    /// [`ChainFault::HasRecovery`], [`ChainFault::Enrolled`] unless `anew`, or whatever failed.
    pub fn name_recovery(&self, gr: H32, anew: bool, now: u64, by: &Caller) -> Result<Ring, ChainFault> {
        self.decide(|found| {
            self.check_recovery_may_be_named(found, anew)?;
            let audit = by.entry(now, "keys.make-recovery", "done");
            Ok(self.parts.store.name_recovery(found.version, gr, anew, audit)?)
        })
    }

    /// Whether a recovery key may be named now. To be asked before one is made.
    ///
    /// # Errors
    /// As [`Chain::name_recovery`].
    pub fn may_name_recovery(&self, anew: bool) -> Result<(), ChainFault> {
        self.check_recovery_may_be_named(&self.ring()?, anew)
    }

    /// Whether `gr` is the recovery key.
    ///
    /// # Errors
    /// [`ChainFault::NoRecovery`], [`ChainFault::OtherRecovery`].
    pub fn check_recovery(&self, gr: &dyn Signer) -> Result<(), ChainFault> {
        is_recovery(&self.ring()?, &Jwk::from_sec1(&gr.public_key())?)
    }

    /// Begins a new epoch with a new key, vouched for by the recovery key `gr`. All open approvals and codes end at once;
    /// nothing that an older key signed counts any more. `next` is the thumbprint of the recovery key from now on.
    ///
    /// # Errors
    /// [`ChainFault::NoRecovery`], [`ChainFault::OtherRecovery`], or whatever failed.
    pub fn recover(
        &self,
        gr: Arc<dyn Signer>,
        next: Option<H32>,
        vouched: Vouched,
        at: Moment,
        by: &Caller,
    ) -> Result<Ring, ChainFault> {
        let grk = Jwk::from_sec1(&gr.public_key())?;
        let next = next.unwrap_or_else(|| grk.thumbprint());
        self.decide(|found| {
            is_recovery(found, &grk)?;
            let (epoch, key) = (found.epoch + 1, self.generate(at.now)?);
            let jws = sign(&*gr, &step(vouched.clone(), epoch, &key.jwk, next, grk.clone(), at.now)?)?;
            let new = NewEpoch { epoch, seq: FIRST_SEQ, gr: next, jws, key };
            Ok(self.parts.store.recover(found.version, new, at, by.entry(at.now, "keys.recover", "done"))?)
        })
    }

    /// Takes keys out of the list that signed nothing that is still open. Whether there were any.
    ///
    /// # Errors
    /// [`ChainFault::Store`].
    pub fn remove_ended(&self, at: Moment, by: &Caller) -> Result<bool, ChainFault> {
        self.decide(|found| {
            if found.listed().nth(1).is_none() {
                return Ok(Some(false));
            }
            let in_use = self.parts.store.signers_of_open(at)?;
            let ended: Vec<i64> = found.ended(&in_use, at.now).into_iter().map(|key| key.number).collect();
            if ended.is_empty() {
                return Ok(Some(false));
            }
            let audit = by.entry(at.now, "keys.remove", "done");
            Ok(self.parts.store.remove(found.version, ended, at, audit)?.map(|_| true))
        })
    }

    /// Cancels what a key signed that is not listed: of a question that was being asked while the keys were recovered.
    ///
    /// # Errors
    /// [`ChainFault::Store`].
    pub fn cancel_unlisted(&self, at: Moment, by: &Caller) -> Result<(), ChainFault> {
        Ok(self.parts.store.cancel_unlisted(at, by.clone())?)
    }

    /// Makes the key of the next self-signed certificate. It is listed from now on, and used at the first start after it
    /// was listed for 14 days.
    ///
    /// # Errors
    /// [`ChainFault::Prepared`], or whatever failed.
    pub fn prepare_certificate(&self, now: u64, by: &Caller) -> Result<Ring, ChainFault> {
        self.decide(|found| {
            if found.next_pin.is_some() {
                return Err(ChainFault::Prepared);
            }
            let (key, pin) = own::generate()?;
            let next = NextCertificate { key: self.parts.values.seal(own::NEXT_KEY, &key)?, pin: H32::from_bytes(pin) };
            Ok(self.parts.store.prepare(found.version, next, by.entry(now, "keys.certificate", "done"))?)
        })
    }

    /// Looks at the keys, decides and changes them; again, where somebody else changed them in between.
    fn decide<T>(&self, mut change: impl FnMut(&Ring) -> Result<Option<T>, ChainFault>) -> Result<T, ChainFault> {
        for _ in 0..ATTEMPTS {
            if let Some(done) = change(&self.ring()?)? {
                return Ok(done);
            }
        }
        Err(StoreFault::Busy.into())
    }

    /// The first key, or the one that an older gateway kept among its values, with what it had published.
    fn begin(&self, now: u64) -> Result<(), ChainFault> {
        #[derive(Deserialize)]
        struct Published {
            epoch: u64,
            seq: u64,
            content: H32,
        }
        let values = &self.parts.values;
        let published = values.get("metadata")?.map(|bytes| serde_json::from_slice::<Published>(&bytes));
        let published = published.transpose().map_err(|_| StoreFault::Damaged("metadata"))?;
        let key = match values.get("gk")? {
            None => self.generate(now)?,
            Some(sealed) => self.sealed(&values.open("gk", &sealed)?, now)?,
        };
        let first = match published {
            Some(Published { epoch, seq, content }) => First { epoch, seq, content: Some(content), key },
            None => First { epoch: 1, seq: 0, content: None, key },
        };
        Ok(self.parts.store.begin(first)?)
    }

    fn generate(&self, now: u64) -> Result<NewKey, ChainFault> {
        self.sealed(&self.parts.signers.generate()?, now)
    }

    fn sealed(&self, stored: &Secret, made: u64) -> Result<NewKey, ChainFault> {
        let jwk = Jwk::from_sec1(&self.parts.signers.load(stored)?.public_key())?;
        let private = self.parts.seal.seal(PLACE, jwk.thumbprint().as_bytes(), stored)?;
        Ok(NewKey { jwk, private, link: None, made })
    }

    fn check_recovery_may_be_named(&self, ring: &Ring, anew: bool) -> Result<(), ChainFault> {
        match (ring.gr, self.parts.store.phones()?) {
            _ if anew => Ok(()),
            (Some(_), _) => Err(ChainFault::HasRecovery),
            (None, 0) => Ok(()),
            (None, phones) => Err(ChainFault::Enrolled(phones)),
        }
    }
}

fn next_seq(seq: u64) -> Result<u64, StoreFault> {
    if seq < JSON_NUMBER { Ok(seq + 1) } else { Err(StoreFault::Damaged("seq")) }
}

fn is_recovery(ring: &Ring, given: &Jwk) -> Result<(), ChainFault> {
    let gr = ring.gr.ok_or(ChainFault::NoRecovery)?;
    if gr == given.thumbprint() { Ok(()) } else { Err(ChainFault::OtherRecovery) }
}

fn step(it: Vouched, epoch: u64, key: &Jwk, gr: H32, grk: Jwk, now: u64) -> Result<Metadata, FormError> {
    Ok(Metadata {
        iss: it.u,
        iat: now,
        exp: now + LIFE,
        epoch,
        seq: FIRST_SEQ,
        keys: vec![key.clone()].try_into()?,
        gr: Some(gr),
        grk: Some(grk),
        name: it.name,
        vapid: None,
        pins: None,
        policy: it.policy,
    })
}

/// Signs with a key that need not be the gateway's present one.
pub(crate) fn sign<T: Claims>(signer: &dyn Signer, claims: &T) -> Result<String, ChainFault> {
    let kid = Jwk::from_sec1(&signer.public_key())?.thumbprint();
    let input = SigningInput::of(kid, claims)?;
    Ok(input.attach(signer.sign(input.as_bytes())?))
}
