//! Making keys, links and recoveries. Each change is one transaction: whoever is killed in the middle has changed nothing.

use std::sync::Arc;

use countersign_protocol::jose::{Claims, FormError, H32, Jwk, SigningInput};
use countersign_protocol::limits::JSON_NUMBER;
use countersign_protocol::push::{BaseUrl, Info, Link, Metadata, Policy};
use countersign_protocol::text::T64;
use serde::Deserialize;

use super::ring::{Key, Ring};
use super::store::{self, NewKey};
use crate::approval::{self, Moment};
use crate::audit::{self, Caller};
use crate::enrol;
use crate::house;
use crate::issuer::SignFault;
use crate::limits::PIN_AHEAD;
use crate::notice;
use crate::port::{PortFault, Signer, SignerFactory};
use crate::seal::{Seal, SealFault};
use crate::store::{Connection, Store, StoreFault};
use crate::tls::{self, TlsFault};

/// Where private halves are sealed for; the row is the thumbprint.
const PLACE: &str = "chain.key";
/// Life of the metadata that begins an epoch. Phones do not look at it.
const LIFE: u64 = countersign_protocol::limits::META_LIFE;

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

/// The keys of this gateway. Cloning shares everything. All calls block.
#[derive(Clone)]
pub struct Chain {
    parts: Arc<Parts>,
}

struct Parts {
    store: Store,
    seal: Seal,
    signers: Arc<dyn SignerFactory>,
}

impl Chain {
    /// Opens the chain; makes the first key when there is none.
    ///
    /// # Errors
    /// [`ChainFault`].
    pub fn open(store: Store, seal: Seal, signers: Arc<dyn SignerFactory>, now: u64) -> Result<Self, ChainFault> {
        let chain = Self { parts: Arc::new(Parts { store, seal, signers }) };
        if chain.parts.store.read(store::load)?.is_none() {
            chain.write(move |tx, parts| if store::load(tx)?.is_none() { parts.begin(tx, now) } else { Ok(()) })?;
        }
        Ok(chain)
    }

    /// The keys as they are now.
    ///
    /// # Errors
    /// [`ChainFault::Store`].
    pub fn ring(&self) -> Result<Ring, ChainFault> {
        self.parts.store.read(ring)
    }

    /// The number that goes up with every change.
    ///
    /// # Errors
    /// [`ChainFault::Store`].
    pub fn version(&self) -> Result<i64, ChainFault> {
        Ok(self.parts.store.read(store::version)?)
    }

    /// The private half of a key that is listed.
    ///
    /// # Errors
    /// [`ChainFault::Seal`], [`ChainFault::Port`].
    pub fn signer(&self, key: &Key) -> Result<Arc<dyn Signer>, ChainFault> {
        self.parts.signer(key)
    }

    /// Puts down what is published, and the pins in it. When that is not what was published last, `seq` goes up by one.
    ///
    /// # Errors
    /// [`ChainFault::Store`].
    pub fn publish(
        &self,
        u: &BaseUrl,
        content: impl Fn(&Ring) -> (H32, Vec<H32>) + Send + 'static,
        now: u64,
    ) -> Result<Ring, ChainFault> {
        let u = u.as_str().to_owned();
        self.write(move |tx, _| {
            let found = ring(tx)?;
            let (content, pins) = content(&found);
            let is_new = found.content != Some(content);
            if is_new || found.u.as_deref() != Some(&u) {
                let seq = if is_new { next_seq(found.seq)? } else { found.seq };
                store::publish(tx, &u, seq, content, &pins, now)?;
            }
            ring(tx)
        })
    }

    /// Makes the next key. It signs from now on; the one before signs the link to it. Open codes end.
    ///
    /// # Errors
    /// [`ChainFault::Full`], or whatever failed.
    pub fn rotate(&self, u: &BaseUrl, at: Moment, by: &Caller) -> Result<Ring, ChainFault> {
        let (u, by) = (u.clone(), by.clone());
        self.write(move |tx, parts| {
            parts.remove_ended(tx, &at, &by)?;
            let found = ring(tx)?;
            let before = found.signing().filter(|_| found.has_room()).ok_or(ChainFault::Full)?;
            let (jwk, private) = parts.generate()?;
            let claims = Link { iss: u, iat: at.now, from: before.jwk.thumbprint(), to: jwk.clone() };
            let link = sign(&*parts.signer(before)?, &claims)?;
            store::add_key(tx, NewKey { epoch: found.epoch, jwk: &jwk, private, link: Some(link) }, at.now)?;
            enrol::store::stale::end(tx)?;
            audit::store::append(tx, &by.entry(at.now, "keys.rotate", "done"))?;
            ring(tx)
        })
    }

    /// Names the recovery key whose thumbprint this is. Phones that are enrolled did not see it: they would refuse all
    /// that names it, so `anew` says that they are to be enrolled anew. Open codes end.
    ///
    /// # Errors
    /// [`ChainFault::HasRecovery`], [`ChainFault::Enrolled`] unless `anew`, or whatever failed.
    pub fn name_recovery(&self, gr: H32, anew: bool, now: u64, by: &Caller) -> Result<Ring, ChainFault> {
        let by = by.clone();
        self.write(move |tx, _| {
            check_recovery_may_be_named(tx, anew)?;
            store::set_gr(tx, gr)?;
            // A phone that has read the metadata of before, and not yet sent its request, must read it anew.
            enrol::store::stale::end(tx)?;
            audit::store::append(tx, &by.entry(now, "keys.make-recovery", "done"))?;
            ring(tx)
        })
    }

    /// Whether a recovery key may be named now. To be asked before one is made.
    ///
    /// # Errors
    /// As [`Chain::name_recovery`].
    pub fn may_name_recovery(&self, anew: bool) -> Result<(), ChainFault> {
        self.parts.store.read(|tx| check_recovery_may_be_named(tx, anew))
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
        let by = by.clone();
        self.write(move |tx, parts| {
            let found = ring(tx)?;
            let grk = Jwk::from_sec1(&gr.public_key())?;
            is_recovery(&found, &grk)?;
            let (epoch, next) = (found.epoch + 1, next.unwrap_or_else(|| grk.thumbprint()));
            let (jwk, private) = parts.generate()?;
            let jws = sign(&*gr, &step(vouched, epoch, &jwk, next, grk, at.now)?)?;
            let old: Vec<i64> = found.keys.iter().filter(|key| key.removed.is_none()).map(|key| key.number).collect();
            store::remove_keys(tx, &old, at.now)?;
            store::add_epoch(tx, epoch, FIRST_SEQ, next, &jws)?;
            store::add_key(tx, NewKey { epoch, jwk: &jwk, private, link: None }, at.now)?;
            enrol::store::stale::end(tx)?;
            approval::store::keys::cancel_every(tx, &at, &by)?;
            issue_anew(tx)?;
            notice::store::tell_everybody(tx, Info::RecoveryUsed, at.now)?;
            audit::store::append(tx, &by.entry(at.now, "keys.recover", "done"))?;
            ring(tx)
        })
    }

    /// Takes keys out of the list that signed nothing that is still open. Whether there were any.
    ///
    /// # Errors
    /// [`ChainFault::Store`].
    pub fn remove_ended(&self, at: Moment, by: &Caller) -> Result<bool, ChainFault> {
        let by = by.clone();
        self.write(move |tx, parts| parts.remove_ended(tx, &at, &by))
    }

    /// Cancels what a key signed that is not listed: of a question that was being asked while the keys were recovered.
    ///
    /// # Errors
    /// [`ChainFault::Store`].
    pub fn cancel_unlisted(&self, at: Moment, by: &Caller) -> Result<(), ChainFault> {
        let by = by.clone();
        self.write(move |tx, _| {
            let listed: Vec<H32> = ring(tx)?.listed().map(|key| key.jwk.thumbprint()).collect();
            issue_anew(tx)?;
            Ok(approval::store::keys::cancel_signed_by_others(tx, &listed, &at, &by)?)
        })
    }

    /// Makes the key of the next self-signed certificate. It is listed from now on, and used at the first start after it
    /// was listed for 14 days.
    ///
    /// # Errors
    /// [`ChainFault::Prepared`], or whatever failed.
    pub fn prepare_certificate(&self, now: u64, by: &Caller) -> Result<Ring, ChainFault> {
        let by = by.clone();
        self.write(move |tx, parts| {
            if ring(tx)?.next_pin.is_some() {
                return Err(ChainFault::Prepared);
            }
            let (key, pin) = tls::generate()?;
            house::put_in(tx, tls::NEXT_KEY, &parts.seal.seal(house::PLACE, tls::NEXT_KEY.as_bytes(), &key)?)?;
            house::put_in(tx, tls::NEXT_PIN, &pin)?;
            store::raise(tx)?;
            audit::store::append(tx, &by.entry(now, "keys.certificate", "done"))?;
            ring(tx)
        })
    }

    /// Since when a pin is listed without a break.
    ///
    /// # Errors
    /// [`ChainFault::Store`].
    pub fn pin_listed_since(&self, pin: H32) -> Result<Option<u64>, ChainFault> {
        Ok(self.parts.store.read(move |tx| store::listed_since(tx, &pin))?)
    }

    /// Whether phones that pin know other keys of the certificate than this one: it was not listed for 14 days.
    ///
    /// # Errors
    /// [`ChainFault::Store`].
    pub fn is_new_pin(&self, pin: H32, now: u64) -> Result<bool, ChainFault> {
        Ok(self.parts.store.read(move |tx| store::is_new_pin(tx, &pin, now, PIN_AHEAD))?)
    }

    fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection, &Parts) -> Result<T, ChainFault> + Send + 'static,
    ) -> Result<T, ChainFault> {
        let parts = self.parts.clone();
        self.parts.store.write(move |tx| job(tx, &parts))
    }
}

/// `seq` of the metadata that begins an epoch; what follows is higher.
const FIRST_SEQ: u64 = 1;

impl Parts {
    /// The first key, or the one that an older gateway kept beside its other values, with what it had published.
    fn begin(&self, tx: &Connection, now: u64) -> Result<(), ChainFault> {
        #[derive(Deserialize)]
        struct Published {
            epoch: u64,
            seq: u64,
            content: H32,
        }
        let published = house::value_in(tx, "metadata")?.map(|bytes| serde_json::from_slice::<Published>(&bytes));
        let published = published.transpose().map_err(|_| StoreFault::Damaged("metadata"))?;
        let (jwk, private) = match house::value_in(tx, "gk")? {
            None => self.generate()?,
            Some(sealed) => self.sealed(&self.seal.open(house::PLACE, b"gk", &sealed)?)?,
        };
        match published {
            Some(it) => store::begin(tx, it.epoch, it.seq, Some(it.content))?,
            None => store::begin(tx, 1, 0, None)?,
        }
        let epoch = ring(tx)?.epoch;
        store::add_key(tx, NewKey { epoch, jwk: &jwk, private, link: None }, now)?;
        house::forget_in(tx, &["gk", "metadata"])?;
        Ok(())
    }

    fn generate(&self) -> Result<(Jwk, Vec<u8>), ChainFault> {
        self.sealed(&self.signers.generate()?)
    }

    fn sealed(&self, stored: &countersign_protocol::Secret) -> Result<(Jwk, Vec<u8>), ChainFault> {
        let jwk = Jwk::from_sec1(&self.signers.load(stored)?.public_key())?;
        let sealed = self.seal.seal(PLACE, jwk.thumbprint().as_bytes(), stored)?;
        Ok((jwk, sealed))
    }

    fn signer(&self, key: &Key) -> Result<Arc<dyn Signer>, ChainFault> {
        let sealed = key.private.as_deref().ok_or(SealFault::Open)?;
        let stored = self.seal.open(PLACE, key.jwk.thumbprint().as_bytes(), sealed)?;
        Ok(self.signers.load(&stored)?)
    }

    fn remove_ended(&self, tx: &Connection, at: &Moment, by: &Caller) -> Result<bool, ChainFault> {
        let found = ring(tx)?;
        if found.listed().nth(1).is_none() {
            return Ok(false);
        }
        let in_use = approval::store::keys::signers_of_open(tx, at)?.into_iter().collect();
        let ended: Vec<i64> = found.ended(&in_use, at.now).into_iter().map(|key| key.number).collect();
        if ended.is_empty() {
            return Ok(false);
        }
        store::remove_keys(tx, &ended, at.now)?;
        issue_anew(tx)?;
        audit::store::append(tx, &by.entry(at.now, "keys.remove", "done"))?;
        Ok(true)
    }
}

/// Notices that a key signed which is not listed any more are signed again, by the one that is, when phones fetch them.
fn issue_anew(tx: &Connection) -> Result<(), ChainFault> {
    let listed: Vec<H32> = ring(tx)?.listed().map(|key| key.jwk.thumbprint()).collect();
    Ok(notice::store::reissue(tx, &listed)?)
}

fn ring(tx: &Connection) -> Result<Ring, ChainFault> {
    store::load(tx)?.ok_or(ChainFault::Store(StoreFault::Damaged("no key")))
}

fn next_seq(seq: u64) -> Result<u64, StoreFault> {
    if seq < JSON_NUMBER { Ok(seq + 1) } else { Err(StoreFault::Damaged("seq")) }
}

fn check_recovery_may_be_named(tx: &Connection, anew: bool) -> Result<(), ChainFault> {
    let has_one = ring(tx)?.gr.is_some();
    let phones = enrol::store::phones(tx)?;
    match (has_one, phones) {
        _ if anew => Ok(()),
        (true, _) => Err(ChainFault::HasRecovery),
        (false, 0) => Ok(()),
        (false, phones) => Err(ChainFault::Enrolled(phones)),
    }
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
