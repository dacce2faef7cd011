//! Taking a phone's request: the order of `push-v1.md` §5.3, which is not that of other calls.

use countersign_protocol::Secret;
use countersign_protocol::jose::{FormError, Id, Jwk, Refused};
use countersign_protocol::push::{Enrol, EnrolRequest, GoneWhy, Receipt, SealedReceipt, Verified, check};
use countersign_protocol::text::T128;
use zeroize::Zeroizing;

use super::codes;
use super::devices::{Devices, EnrolFault};
use super::record::{Accepted, Code, Device, DeviceState, Phone, Taken};
use super::totp::Seed;
use super::{LIFE, TRIES};
use crate::audit::Caller;
use crate::moment::{Deadline, Moment};
use crate::seal::{Seal, SealFault};
use crate::wake::Topic;

/// What a person may be told of a request that is right in form and not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAllowed {
    /// An attestation that is wrong, or missing where it is needed.
    Attest,
    /// The keys are not kept well enough.
    Level,
    /// `uv` is not what the policy asks.
    Uv,
    /// Five devices, or five enrolments today.
    Limit,
    /// The push endpoint.
    Endpoint,
}

/// Why a request is not taken.
#[derive(Debug, thiserror::Error)]
pub enum AcceptFault<P> {
    /// 401, whatever it was; the reason is for the log.
    #[error("refused: {0}")]
    Refused(Refused),
    /// No code of this id, or a `cm` that is not the code's: 401.
    #[error("refused: no such code, or not by it")]
    NoCode,
    /// A key was registered before: 401.
    #[error("refused: a key is known")]
    KeyKnown,
    /// What the proof's check says.
    #[error("the proof")]
    Proof(P),
    /// 409: another request took the code.
    #[error("the code is used")]
    Used,
    /// 410: too late, or ended.
    #[error("the code is late")]
    Late,
    /// 410 `gone`: the device that this request made is gone.
    #[error("the device is gone")]
    Gone(Id, GoneWhy),
    /// 403.
    #[error("not allowed: {0:?}")]
    NotAllowed(NotAllowed),
    /// Anything else.
    #[error(transparent)]
    Fault(#[from] EnrolFault),
}

/// What a receipt carries under seal.
struct Inside {
    ok: Secret,
    seed: Option<Seed>,
}

/// Where the key of answer codes is sealed for.
const PLACE: &str = "device.ok";

/// The key of answer codes, opened from its device's row.
///
/// # Errors
/// [`SealFault::Open`].
pub fn open_answer_key(seal: &Seal, did: &Id, sealed: &[u8]) -> Result<Secret, SealFault> {
    seal.open(PLACE, did.as_bytes(), sealed)
}
/// How long past its end a code is known, in seconds (push-v1 section 5.3).
const REMEMBERED: u64 = 3_600;
/// How often a request is looked at anew when its code changed under it.
const TURNS: usize = 4;

impl Devices {
    /// The receipt for a request that is right in form. `proof` checks the proof of the call with the request's `pk`, where the
    /// order says so; where there is no code it is asked with no key, so that it costs as much, and its answer is not looked at.
    /// Blocks.
    ///
    /// # Errors
    /// [`AcceptFault`]; the code stays open then.
    pub fn accept<P>(
        &self,
        request: &EnrolRequest,
        by: &Caller,
        proof: impl FnOnce(Option<&Jwk>) -> Result<(), P>,
    ) -> Result<String, AcceptFault<P>> {
        let h = request.enrol.h();
        let Some(code) = self.code_for(request)? else {
            let _ = proof(None);
            return Err(AcceptFault::NoCode);
        };
        let repeats = code.taken.as_ref().is_some_and(|taken| taken.h == h);
        if !repeats {
            self.refuse_closed(&code)?;
        }
        let claims = request.enrol.claims();
        proof(Some(&claims.keys.pk)).map_err(AcceptFault::Proof)?;
        let enrol = request.enrol.clone().verify(&claims.keys.ak).map_err(AcceptFault::Refused)?;
        let issuer = &self.parts.issuer;
        // A request that was accepted named the key of that time, which may have changed since.
        let gk = if repeats { claims.gk } else { issuer.key().thumbprint() };
        check::enrol_addressed(&enrol, issuer.u(), &gk).map_err(AcceptFault::Refused)?;
        self.take(&enrol, code, by)
    }

    fn take<P>(&self, enrol: &Verified<Enrol>, code: Code, by: &Caller) -> Result<String, AcceptFault<P>> {
        let mut code = code;
        for _ in 0..TURNS {
            if let Some(taken) = code.taken.as_ref().filter(|taken| taken.h == enrol.h()) {
                return self.repeat(taken);
            }
            self.refuse_closed(&code)?;
            let e = code.e;
            let attested = match self.allowed(enrol, &code) {
                Ok(attested) => attested,
                // The same request may have come in beside this one, and it is its keys that are known now.
                Err(AcceptFault::KeyKnown) => return self.taken_meanwhile(enrol, e),
                Err(fault) => return Err(fault),
            };
            match self.store_new(enrol, &code, attested, by)? {
                (Accepted::Done, receipt) => {
                    self.parts.wakes.wake(Topic::Code(e));
                    // The phone that invited it types its digits.
                    code.inviter.into_iter().for_each(|it| self.parts.wakes.wake(Topic::Device(it.did)));
                    return Ok(receipt);
                }
                (Accepted::KeyKnown, _) => return Err(AcceptFault::KeyKnown),
                (Accepted::Limit, _) => return Err(AcceptFault::NotAllowed(NotAllowed::Limit)),
                (Accepted::Changed, _) => {}
            }
            code = self.parts.store.code(e).map_err(EnrolFault::from)?.ok_or(AcceptFault::NoCode)?;
        }
        Err(AcceptFault::Used)
    }

    fn taken_meanwhile<P>(&self, enrol: &Verified<Enrol>, e: Id) -> Result<String, AcceptFault<P>> {
        let code = self.parts.store.code(e).map_err(EnrolFault::from)?;
        let taken = code.and_then(|code| code.taken).filter(|taken| taken.h == enrol.h());
        taken.map_or(Err(AcceptFault::KeyKnown), |taken| self.repeat(&taken))
    }

    /// The code that the request names, if the request was made with it. An unknown one costs as much as a wrong one.
    fn code_for(&self, request: &EnrolRequest) -> Result<Option<Code>, EnrolFault> {
        let input = request.enrol.jws().signing_input().as_bytes();
        let found = self.parts.store.code(request.enrol.claims().e)?;
        let secret = match &found {
            Some(code) => codes::open(&self.parts.seal, &code.e, &code.code),
            None => self.nobodys.open(&self.parts.seal),
        };
        let fits = secret?.cm_fits(input, &request.cm);
        let remembered = |code: &Code| self.moment().now <= code.x.at.saturating_add(REMEMBERED);
        Ok(found.filter(|code| fits && remembered(code)))
    }

    fn refuse_closed<P>(&self, code: &Code) -> Result<(), AcceptFault<P>> {
        if code.taken.is_some() {
            Err(AcceptFault::Used)
        } else if code.ended || code.is_late(&self.moment()) {
            Err(AcceptFault::Late)
        } else {
            Ok(())
        }
    }

    fn repeat<P>(&self, taken: &Taken) -> Result<String, AcceptFault<P>> {
        let device = self.parts.store.device(taken.did).map_err(EnrolFault::from)?.ok_or(AcceptFault::NoCode)?;
        match device.state(&self.moment()) {
            DeviceState::Gone => Err(AcceptFault::Gone(device.did, device.gone_why())),
            _ => Ok(taken.receipt.clone()),
        }
    }

    /// Keys first, since what is wrong with them is 401; then what the policy says. Whether the keys were attested.
    fn allowed<P>(&self, enrol: &Verified<Enrol>, code: &Code) -> Result<bool, AcceptFault<P>> {
        let claims = enrol.claims();
        check::keys_differ(&claims.keys).map_err(AcceptFault::Refused)?;
        let keys = [claims.keys.ak.thumbprint(), claims.keys.pk.thumbprint(), claims.keys.seal.thumbprint()];
        if self.parts.store.any_key_known(keys).map_err(EnrolFault::from)? {
            return Err(AcceptFault::KeyKnown);
        }
        let policy = &self.parts.policy;
        let not = |what| Err(AcceptFault::NotAllowed(what));
        if claims.push.as_ref().is_some_and(|push| !self.parts.reach.takes(&push.endpoint)) {
            return not(NotAllowed::Endpoint);
        }
        if !claims.level.meets(policy.level) {
            return not(NotAllowed::Level);
        }
        if !claims.uv.meets(policy.uv) {
            return not(NotAllowed::Uv);
        }
        let secret = codes::open(&self.parts.seal, &code.e, &code.code).map_err(EnrolFault::from)?;
        let proven = self.parts.attestations.enrol(claims, &secret.attestation_challenge(), self.moment().now);
        proven.map(|proven| proven.is_some()).or_else(|why| {
            tracing::info!(%why, "attestation refused");
            not(NotAllowed::Attest)
        })
    }

    fn store_new(
        &self,
        enrol: &Verified<Enrol>,
        code: &Code,
        attested: bool,
        by: &Caller,
    ) -> Result<(Accepted, String), EnrolFault> {
        let at = self.moment();
        let did = Id::from_bytes(self.parts.random.bytes()?);
        let inside = Inside {
            ok: Secret::from_slice(&*Zeroizing::new(self.parts.random.bytes::<32>()?)),
            seed: if self.parts.policy.totp { Some(Seed::generate(&*self.parts.random)?) } else { None },
        };
        let receipt = self.receipt(enrol, code, did, &inside, &at)?;
        let mut device = device(enrol, code, did, attested, &at);
        device.ok = Some(self.parts.seal.seal(PLACE, did.as_bytes(), &inside.ok)?);
        device.totp = inside.seed.map(|seed| seed.seal(&self.parts.seal, &did)).transpose()?;
        let taken = Taken { h: enrol.h(), did, receipt: receipt.clone() };
        let entry = by.entry(at.now, "enrol.accept", "pending").person(&code.person_name).device(*did.as_bytes());
        let end = self.parts.store.accept(code.e, taken, device, at, entry)?;
        Ok((end, receipt))
    }

    fn receipt(
        &self,
        enrol: &Verified<Enrol>,
        code: &Code,
        did: Id,
        inside: &Inside,
        at: &Moment,
    ) -> Result<String, EnrolFault> {
        let issuer = &self.parts.issuer;
        let totp = inside.seed.as_ref().map(|seed| seed.uri(issuer.name().as_str(), &code.person_name));
        let plain = SealedReceipt { ok: inside.ok.clone(), totp: totp.map(|uri| Secret::from_slice(uri.as_bytes())) };
        let to = &enrol.claims().keys.seal;
        let sealed = loop {
            let sender = Secret::from_slice(&*Zeroizing::new(self.parts.random.bytes::<32>()?));
            match plain.seal(to, &sender, &self.parts.random.bytes()?) {
                // One in 2^32 draws is not a private key.
                Err(FormError::Key) => {}
                sealed => break sealed?,
            }
        };
        let claims = Receipt {
            iss: issuer.u().clone(),
            aud: did,
            iat: at.now,
            eh: enrol.h(),
            acct: T128::try_from(code.person_name.as_str())?,
            name: issuer.name().clone(),
            until: at.now + LIFE,
            sealed,
        };
        Ok(issuer.sign(&claims)?.jws)
    }
}

fn device(enrol: &Verified<Enrol>, code: &Code, did: Id, attested: bool, at: &Moment) -> Device {
    let claims = enrol.claims();
    let phone = Phone {
        os: claims.dev.os,
        model: claims.dev.model.as_str().to_owned(),
        app: claims.dev.app.as_str().to_owned(),
        level: claims.level,
        uv: claims.uv,
        ak: claims.keys.ak.clone(),
        pk: claims.keys.pk.clone(),
        seal: claims.keys.seal.p256dh.0.clone(),
        auth: claims.keys.seal.auth,
        endpoint: claims.push.as_ref().map(|push| push.endpoint.clone()),
        eh: enrol.h(),
        attested,
        old_ak: None,
        old_pk: None,
    };
    // Nobody names the phone that another one invites, so it goes by its model.
    let name = if code.inviter.is_some() { phone.model.clone() } else { code.name.clone() };
    Device {
        did,
        person: code.person,
        name,
        stored: DeviceState::Pending,
        why: None,
        phone: Some(phone),
        added: at.now,
        until: Deadline::after(LIFE, at),
        tries: TRIES,
        activated: None,
        suspended: None,
        used: None,
        ok: None,
        totp: None,
        totp_step: None,
    }
}
