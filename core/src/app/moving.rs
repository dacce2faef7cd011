//! Moving to another phone, on the old one (push-v1 section 11, «Move»): invite, show the code, confirm its digits.

use std::fmt;
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::Duration;

use countersign_protocol::jose::Id;
use countersign_protocol::otp::Typed;
use countersign_protocol::push::{ConfirmRequest, ErrorWhy, GoneWhy, InviteRequest, KeyClass, Message, Os};
use zeroize::Zeroizing;

use super::poll::Stop;
use super::{App, Link};
use crate::cancel::Cancel;
use crate::error::{Error, GatewayError, InputError, PortError};
use crate::limits;
use crate::port::{Guard, Topic};
use crate::push::answer::Unverified;
use crate::push::call::Call;
use crate::push::meta::Cause;
use crate::push::{enrol, moving};
use crate::record::{Invitation, Record, Stage};

/// A move to another phone that is under way. `Debug` hides the code: whoever reads it can enrol.
#[derive(Clone, PartialEq, Eq)]
pub struct Moving {
    /// The phone's own id of the enrolment.
    pub gateway: Id,
    /// The gateway's name.
    pub name: String,
    /// Host and port of the gateway.
    pub host: String,
    /// The text of the QR that the new phone scans.
    pub link: Zeroizing<String>,
    /// Until when the new phone can enrol by it, by this phone's clock.
    pub until: u64,
    /// Whether this phone is removed when the new one is active.
    pub replace: bool,
    /// The phone that enrolled by it: its digits are typed here, if it is the person's own.
    pub joining: Option<JoiningRow>,
    /// The gateway took the digits: the new phone is active.
    pub confirmed: bool,
}

/// A phone that waits for its digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoiningRow {
    /// Its system.
    pub os: Os,
    /// Its model.
    pub model: String,
}

impl fmt::Debug for Moving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moving").field("gateway", &self.gateway).field("joining", &self.joining).finish_non_exhaustive()
    }
}

impl App {
    /// Asks a gateway for a code by which another phone of the same person enrols; with `replace` this phone is removed
    /// when the other one is active. The keystore asks for the person. A newer invitation ends an older one, and refuses
    /// the phone that came by it. After a fault of the network the same call repeats the same request.
    ///
    /// # Errors
    /// [`GatewayError::Policy`] where the gateway does not allow it, or there are too many phones;
    /// [`GatewayError::Refused`] when its answer is not for this request, or leads elsewhere; [`PortError::Busy`] while a
    /// change of keys or another invitation is under way; [`Error::Port`] from prompt and network.
    pub fn invite(&self, gateway: Id, replace: bool, cancel: &Cancel) -> Result<Moving, Error> {
        let link = self.link(gateway);
        let _one = one_at_a_time(&link.changing)?;
        let record = self.record(gateway)?;
        let kid = record.enrolled().ok_or(InputError::NotFound)?.kids.ak;
        if !record.trusted.metadata().policy.moving {
            return Err(GatewayError::Policy(ErrorWhy::Move).into());
        }
        let now = self.ports.clock.now();
        let is_same = |invitation: &Invitation| {
            let invite = &invitation.request.invite;
            invite.claims().replace == replace && invite.jws().kid() == kid
        };
        let repeats = record.invitation.as_ref().is_some_and(|invitation| {
            invitation.code.is_none()
                && !invitation.refused
                && is_same(invitation)
                && now.abs_diff(invitation.began) <= limits::REQUEST_KEPT
        });
        if !repeats {
            self.sign_invite(&record, replace, cancel)?;
        }
        self.send_invite(gateway, &link, cancel)?;
        self.notify(Topic::Gateways);
        self.moving(gateway)?.ok_or(Error::Internal)
    }

    /// The move of an enrolment that is under way, if there is one.
    ///
    /// # Errors
    /// [`InputError::NotFound`].
    pub fn moving(&self, gateway: Id) -> Result<Option<Moving>, Error> {
        let record = self.record(gateway)?;
        let Some(invitation) = &record.invitation else { return Ok(None) };
        let Some(code) = &invitation.code else { return Ok(None) };
        let joining = invitation.joining.as_ref();
        Ok(Some(Moving {
            gateway,
            name: record.trusted.metadata().name.as_str().to_owned(),
            host: record.u.host().to_owned(),
            link: code.link.0.clone(),
            until: record.phone_time(code.x),
            replace: invitation.request.invite.claims().replace,
            joining: joining.map(|new| JoiningRow { os: new.os, model: new.model.as_str().to_owned() }),
            confirmed: invitation.confirmed,
        }))
    }

    /// Tells the gateway the six digits that the new phone shows. The keystore asks for the person. The same digits again
    /// repeat the same request, which costs no try, also where its answer was lost and nobody waits any more. Where this
    /// phone is replaced, the gateway's signed word that it is gone says the same as the answer.
    ///
    /// # Errors
    /// [`InputError::NotFound`] when no phone waits; [`InputError::DigitsAsked`] when they are not six;
    /// [`GatewayError::WrongDigits`] with tries left; [`GatewayError::CodeExpired`] after the last one, or too late: then
    /// the person starts again; [`Error::Port`] from prompt and network.
    pub fn confirm(&self, gateway: Id, typed: &Typed, cancel: &Cancel) -> Result<(), Error> {
        match self.send_confirm(gateway, typed, cancel) {
            Err(Error::Gateway(GatewayError::Gone)) if self.was_replaced(gateway)? => {}
            sent => sent?,
        }
        self.notify(Topic::Gateways);
        Ok(())
    }

    fn send_confirm(&self, gateway: Id, typed: &Typed, cancel: &Cancel) -> Result<(), Error> {
        let link = self.link(gateway);
        let _one = one_at_a_time(&link.changing)?;
        let request = self.to_confirm(gateway, typed, cancel)?;
        let body = serde_json::to_vec(&request).map_err(|_| Error::Internal)?;
        self.call(gateway, &link, Call::post("confirm", &body, 204), Duration::ZERO, cancel)?;
        self.update(gateway, |record, _| {
            if let Some(invitation) = record.invitation.as_mut().filter(|kept| kept.confirm.as_ref() == Some(&request))
            {
                (invitation.confirmed, invitation.joining) = (true, None);
            }
            Ok(())
        })
    }

    /// What is sent for these digits: what was signed for them before, or what is signed for the phone that waits now.
    fn to_confirm(&self, gateway: Id, typed: &Typed, cancel: &Cancel) -> Result<ConfirmRequest, Error> {
        let signed = |record: &Record| {
            let confirm = record.invitation.as_ref()?.confirm.as_ref()?;
            says(confirm, typed).then(|| confirm.clone())
        };
        if let Some(request) = signed(&*self.record(gateway)?) {
            return Ok(request);
        }
        if self.joins(&*self.record(gateway)?).is_none() {
            self.poll_now(gateway, cancel)?;
        }
        let record = self.record(gateway)?;
        let e = self.joins(&record).ok_or(InputError::NotFound)?;
        self.sign_confirm(&record, e, typed, cancel)
    }

    /// Whether the gateway said that another phone took this one's place.
    fn was_replaced(&self, gateway: Id) -> Result<bool, Error> {
        Ok(matches!(self.record(gateway)?.stage, Stage::Gone { why: GoneWhy::Replaced, .. }))
    }

    /// The code whose new phone waits for its digits.
    fn joins(&self, record: &Record) -> Option<Id> {
        let invitation = record.invitation.as_ref()?;
        invitation.joining.as_ref()?;
        Some(invitation.code.as_ref()?.e)
    }

    fn sign_invite(&self, record: &Record, replace: bool, cancel: &Cancel) -> Result<(), Error> {
        let enrolled = record.enrolled().ok_or(InputError::NotFound)?;
        let (jti, now) = (self.ports.random.id()?, self.ports.clock.now());
        let input = moving::invite(record, enrolled, replace, jti, now)?;
        let signature = self.sign_as(record, enrolled, KeyClass::Ak, &record.keys.ak, input.as_bytes(), cancel)?;
        let invite = Message::parse(&input.attach(signature)).map_err(|_| PortError::Failed)?;
        self.update(record.id, |record, now| {
            record.enrolled().ok_or(InputError::NotFound)?;
            record.invitation = Some(Box::new(Invitation {
                request: InviteRequest { invite },
                began: now,
                refused: false,
                code: None,
                joining: None,
                confirm: None,
                confirmed: false,
            }));
            Ok(())
        })
    }

    fn sign_confirm(&self, record: &Record, e: Id, typed: &Typed, cancel: &Cancel) -> Result<ConfirmRequest, Error> {
        let enrolled = record.enrolled().ok_or(InputError::NotFound)?;
        let (jti, now) = (self.ports.random.id()?, self.ports.clock.now());
        let input = moving::confirm(record, enrolled, e, typed, jti, now)?;
        let signature = self.sign_as(record, enrolled, KeyClass::Ak, &record.keys.ak, input.as_bytes(), cancel)?;
        let confirm = Message::parse(&input.attach(signature)).map_err(|_| PortError::Failed)?;
        let request = ConfirmRequest { confirm };
        self.update(record.id, |record, _| {
            let of_it = |kept: &&mut Box<Invitation>| kept.code.as_ref().is_some_and(|code| code.e == e);
            let invitation = record.invitation.as_mut().filter(of_it).ok_or(PortError::Interrupted)?;
            invitation.confirm = Some(request.clone());
            Ok(())
        })?;
        Ok(request)
    }

    /// Sends the stored invitation, byte for byte, and takes its receipt.
    fn send_invite(&self, id: Id, link: &Link, cancel: &Cancel) -> Result<(), Error> {
        let record = self.record(id)?;
        let request = &record.invitation.as_ref().ok_or(InputError::NotFound)?.request;
        let body = serde_json::to_vec(request).map_err(|_| Error::Internal)?;
        let reply = match self.call(id, link, Call::post("invite", &body, 201), Duration::ZERO, cancel) {
            Ok(reply) => reply,
            Err(stop) => {
                self.note_refused_invite(id, request, &stop)?;
                return Err(stop.into());
            }
        };
        match self.take_invite(id, request, &reply, cancel) {
            Err(Unsealed::Not(Unverified::UnknownKey(kid))) => {
                self.refresh_quietly(id, link, Cause::Kid(kid), cancel)?;
                self.take_invite(id, request, &reply, cancel)
            }
            taken => taken,
        }
        .map_err(|fault| match fault {
            Unsealed::Not(fault) => GatewayError::from(fault).into(),
            Unsealed::Fault(fault) => fault,
        })
    }

    fn take_invite(&self, id: Id, request: &InviteRequest, reply: &[u8], cancel: &Cancel) -> Result<(), Unsealed> {
        let record = self.record(id)?;
        let enrolled = record.enrolled().ok_or(Error::from(InputError::NotFound))?;
        let mut seals = Vec::new();
        for wrapped in enrolled.seals(self.ports.clock.now()) {
            let secret = self.ports.keystore.unwrap(Guard::Device, &wrapped.0, cancel).map_err(Error::from)?;
            seals.push(enrol::receiver(&secret)?);
        }
        let (code, iat) = moving::receipt(&record, &enrolled.did, request, &seals, reply).map_err(Unsealed::Not)?;
        self.update(id, |record, now| {
            record.saw_signed(iat, now);
            let invitation = record.invitation.as_mut().filter(|kept| kept.request == *request);
            invitation.ok_or(PortError::Interrupted)?.code = Some(code);
            Ok(())
        })?;
        Ok(())
    }

    /// A refusal is not signed, so nothing is lost by it; but the next call begins anew.
    fn note_refused_invite(&self, id: Id, request: &InviteRequest, stop: &Stop) -> Result<(), Error> {
        let refused = matches!(
            stop,
            Stop::Fault(Error::Gateway(
                GatewayError::Policy(_)
                    | GatewayError::DeviceRefused
                    | GatewayError::CodeExpired
                    | GatewayError::Status(_)
            ))
        );
        if !refused {
            return Ok(());
        }
        self.update(id, |record, _| {
            if let Some(invitation) = record.invitation.as_mut().filter(|kept| kept.request == *request) {
                invitation.refused = true;
            }
            Ok(())
        })
    }
}

/// Why an invitation's receipt was not taken.
enum Unsealed {
    Not(Unverified),
    Fault(Error),
}

impl From<Error> for Unsealed {
    fn from(fault: Error) -> Self {
        Self::Fault(fault)
    }
}

/// Whether the signed request carries these digits.
fn says(request: &ConfirmRequest, typed: &Typed) -> bool {
    countersign_protocol::push::Number::try_from(typed.expose())
        .is_ok_and(|typed| request.confirm.claims().nm.matches(&typed))
}

fn one_at_a_time(mutex: &Mutex<()>) -> Result<MutexGuard<'_, ()>, PortError> {
    match mutex.try_lock() {
        Ok(guard) => Ok(guard),
        Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => Err(PortError::Busy),
    }
}
