//! Notices as phones get them: signed when they are fetched, listed behind the sign-ins.

use std::sync::Arc;

use countersign_protocol::jose::{FormError, Id};
use countersign_protocol::push::{AboutDevice, Challenge, Context, DigitsAsked, Message, Op, Src};
use countersign_protocol::text::{T64, T128, is_forbidden};

use super::LIFE;
use super::record::{Event, NewText, Noticed, Store, Unsigned};
use crate::audit::Caller;
use crate::enrol::{self, Device, DeviceState};
use crate::issuer::{Issuer, SignFault};
use crate::moment::Moment;
use crate::person::PersonId;
use crate::port::{Clock, PortFault, Random};
use crate::store::StoreFault;
use crate::wake::{Topic, Wakes};
use crate::webpush::Bells;

/// Seconds after an event in which a bell rings for it.
const NEWS: u64 = 60;

/// Why a notice could not be told or fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoticeFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// No randomness.
    #[error(transparent)]
    Port(#[from] PortFault),
    /// A notice could not be signed.
    #[error(transparent)]
    Sign(#[from] SignFault),
}

impl From<FormError> for NoticeFault {
    fn from(fault: FormError) -> Self {
        Self::Sign(fault.into())
    }
}

impl From<NoticeFault> for crate::failure::Failure {
    fn from(fault: NoticeFault) -> Self {
        match fault {
            NoticeFault::Store(fault) => fault.into(),
            other => Self::internal(other),
        }
    }
}

/// What notices rest on.
pub struct Parts {
    /// Remembers notices.
    pub store: Arc<dyn Store>,
    /// Knows the phones.
    pub devices: Arc<dyn enrol::Store>,
    /// Signs.
    pub issuer: Issuer,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// Who waits.
    pub wakes: Arc<Wakes>,
    /// Bells of phones.
    pub bells: Bells,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Notices. Cloning shares everything. All calls block.
#[derive(Clone)]
pub struct Notices {
    parts: Arc<Parts>,
}

impl Notices {
    /// Notices over their parts.
    pub fn new(parts: Parts) -> Self {
        Self { parts: Arc::new(parts) }
    }

    /// What is remembered.
    pub fn store(&self) -> &dyn Store {
        &*self.parts.store
    }

    /// Tells every active phone of a person, and every suspended one once it counts again, `event.except` and the one it is
    /// about excepted. What happens inside a transaction of its own subject is told there, by [`super::store::tell`], and then
    /// [`Notices::announce`]d.
    ///
    /// # Errors
    /// [`NoticeFault::Store`].
    pub fn tell(&self, event: Event, by: &Caller) -> Result<(), NoticeFault> {
        self.parts.store.tell(event, by.entry(event.at, "notice.tell", event.info.as_str()))?;
        Ok(self.announce(event.person)?)
    }

    /// Wakes the phones of a person and rings their bells, after something that they are told was stored. A bell that does
    /// not ring costs nothing but time, so the phone is told of the notice in any case.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub fn announce(&self, person: PersonId) -> Result<(), StoreFault> {
        let at = self.moment();
        for device in self.parts.devices.devices(person)? {
            self.parts.wakes.wake(Topic::Device(device.did));
            self.ring(&device, at, |newest| newest.exp + NEWS >= at.now + LIFE);
        }
        Ok(())
    }

    /// Rings for what was told by a program that has no bells: a command beside the gateway, or while none ran.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub fn announce_unheard(&self) -> Result<(), StoreFault> {
        let at = self.moment();
        for did in self.parts.store.unheard(at)? {
            if let Some(device) = self.parts.devices.device(did)? {
                self.parts.wakes.wake(Topic::Device(did));
                self.ring(&device, at, |_| true);
            }
        }
        Ok(())
    }

    /// This moment, for what does not ask how long this run has lasted.
    fn moment(&self) -> Moment {
        Moment { now: self.parts.clock.now(), run: i64::MIN, mono: 0 }
    }

    /// Rings the bell of an active phone for its newest notice, if that is to be rung for.
    fn ring(&self, device: &Device, at: Moment, is_due: impl Fn(&Noticed) -> bool) {
        let has_bell = device.phone.as_ref().is_some_and(|phone| phone.endpoint.is_some());
        if !has_bell || device.stored != DeviceState::Active {
            return;
        }
        match self.open(device.did, 1, at) {
            Ok(newest) => {
                newest.iter().filter(|it| is_due(it)).for_each(|it| self.parts.bells.ring(device, &it.jws, it.exp));
            }
            Err(fault) => tracing::warn!(%fault, device = %device.did, "no bell rings for a notice"),
        }
    }

    /// The newest `most` open notices of a phone, newest first; what is not signed yet is signed now, and from then on it
    /// is the same text each time.
    ///
    /// # Errors
    /// [`NoticeFault`].
    pub fn open(&self, did: Id, most: usize, at: Moment) -> Result<Vec<Noticed>, NoticeFault> {
        if most == 0 {
            return Ok(Vec::new());
        }
        for notice in self.parts.store.unsigned(did, most, at)? {
            self.sign(did, &notice)?;
        }
        Ok(self.parts.store.open(did, most, at)?)
    }

    fn sign(&self, did: Id, notice: &Unsigned) -> Result<(), NoticeFault> {
        let draw = || Ok::<_, PortFault>(Id::from_bytes(self.parts.random.bytes()?));
        let aid = match notice.aid {
            Some(aid) => aid,
            None => self.parts.store.name(notice.number, draw()?)?,
        };
        let jti = draw()?;
        let signed = self.parts.issuer.sign(&self.claims(did, aid, jti, notice)?)?;
        let kid = Message::<Challenge>::parse(&signed.jws)?.jws().kid();
        let text = NewText { number: notice.number, did, jti, kid, ch: signed.h, jws: signed.jws };
        Ok(self.parts.store.keep(text)?)
    }

    fn claims(&self, did: Id, aid: Id, jti: Id, notice: &Unsigned) -> Result<Challenge, FormError> {
        let about = notice.about.as_ref().filter(|_| notice.info.is_about_device());
        let dev = about.map(|about| Ok::<_, FormError>(AboutDevice { os: about.os, model: shown(&about.model)? }));
        Ok(Challenge {
            iss: self.parts.issuer.u().clone(),
            aud: did,
            jti,
            aid,
            iat: notice.at,
            exp: notice.exp,
            op: Op::Info,
            acct: T128::try_from(notice.person.as_str())?,
            app: self.parts.issuer.name().clone(),
            ico: None,
            nm: DigitsAsked::NONE,
            ctx: Context { src: Src::Direct, ip: None, cc: None, city: None, asn: None, ua: None, new: None },
            msg: None,
            info: Some(notice.info),
            dev: dev.transpose()?,
        })
    }
}

/// A model, or the name of an authenticator, as it may be shown.
fn shown(text: &str) -> Result<T64, FormError> {
    T64::try_from(text.chars().filter(|c| !is_forbidden(*c)).take(64).collect::<String>())
}
