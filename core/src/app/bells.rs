//! Where bells go, and what opens what they bring: the endpoint and the receiving key of an enrolment (push-v1
//! sections 4 and 9).

use std::fmt;
use std::time::Duration;

use countersign_protocol::jose::{Id, P256dh, b64u};
use countersign_protocol::push::{DeviceState, ErrorWhy, PutPush};

use super::poll::Stop;
use super::{App, Link};
use crate::cancel::Cancel;
use crate::error::{Error, GatewayError, InputError, Named, PortError, Rule};
use crate::port::{Guard, Topic};
use crate::push::call::Call;
use crate::push::enrol;
use crate::record::{Bells, Enrolled, NextSeal, OldSeal, Record, Told, Wrapped};

/// Where the bells of an enrolment go, for a shell that subscribes to a distributor or platform. `Debug` hides the
/// endpoint: whoever knows it can ring.
#[derive(Clone, PartialEq, Eq)]
pub struct PushEndpoint {
    /// The endpoint that was set last; none when there is none.
    pub endpoint: Option<String>,
    /// How far the gateway knows it.
    pub told: Told,
    /// The key to subscribe with, where the gateway has one: an uncompressed point in base64url (RFC 8292).
    pub vapid: Option<String>,
    /// The gateway has another sending key than the subscription was made for: subscribe anew with `vapid`, and set the
    /// endpoint that comes of it. The old one works for 30 days.
    pub subscribe_anew: bool,
}

impl fmt::Debug for PushEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PushEndpoint")
            .field("told", &self.told)
            .field("subscribe_anew", &self.subscribe_anew)
            .finish_non_exhaustive()
    }
}

impl App {
    /// Where the bells of an enrolment go. It may change with every [`Topic::Gateways`].
    ///
    /// # Errors
    /// [`InputError::NotFound`] when there is no such enrolment, or it has no receipt.
    pub fn push_endpoint(&self, gateway: Id) -> Result<PushEndpoint, Error> {
        let record = self.record(gateway)?;
        let enrolled = record.enrolled().ok_or(InputError::NotFound)?;
        let vapid = &record.trusted.metadata().vapid;
        let bells = enrolled.bells.as_ref();
        let endpoint = bells.and_then(|bells| bells.endpoint.clone());
        Ok(PushEndpoint {
            subscribe_anew: endpoint.is_some() && bells.is_some_and(|bells| bells.vapid != *vapid),
            endpoint,
            told: bells.map_or(Told::Waiting, |bells| bells.told),
            vapid: vapid.as_ref().map(|P256dh(point)| b64u::encode(point.as_sec1())),
        })
    }

    /// Has bells go to this endpoint from now on; none ends them. It is kept, and told again by [`App::poll`] until the
    /// gateway has it.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::Field`] for what is not an `https` address of at most 1000 bytes.
    /// [`GatewayError::Policy`] when the gateway does not send there: then it is not told again. Else as the way to the
    /// gateway fails.
    pub fn set_endpoint(&self, gateway: Id, endpoint: Option<&str>, cancel: &Cancel) -> Result<(), Error> {
        let fits = |text: &str| text.starts_with("https://") && text.len() <= countersign_protocol::limits::ENDPOINT;
        if endpoint.is_some_and(|text| !fits(text)) {
            return Err(InputError::Field { field: Named::Endpoint, rule: Rule::Endpoint }.into());
        }
        self.update(gateway, |record, _| {
            let vapid = record.trusted.metadata().vapid.clone();
            let enrolled = record.enrolled_mut().ok_or(InputError::NotFound)?;
            enrolled.bells = Some(Bells { endpoint: endpoint.map(str::to_owned), vapid, told: Told::Waiting });
            Ok(())
        })?;
        self.notify(Topic::Gateways);
        Ok(self.tell_bells(gateway, &self.link(gateway), cancel)?)
    }

    /// Draws a new receiving key for sealed messages and tells the gateway. What is sealed for the old one opens for
    /// another day. It is told again by [`App::poll`] until the gateway has it.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`Error::Port`] from keystore and network.
    pub fn change_seal(&self, gateway: Id, cancel: &Cancel) -> Result<(), Error> {
        let waits = |record: &Record| record.enrolled().is_some_and(|enrolled| enrolled.next_seal.is_some());
        // One that the gateway may know already is told to its end first.
        if !waits(&*self.record(gateway)?) {
            let (secret, public) = enrol::draw_seal(&*self.ports.random)?;
            let seal = Wrapped(self.ports.keystore.wrap(Guard::Device, &secret, cancel)?);
            self.update(gateway, |record, _| {
                let enrolled = record.enrolled_mut().ok_or(InputError::NotFound)?;
                enrolled.next_seal.get_or_insert(NextSeal { seal, public, refused: false });
                Ok(())
            })?;
        }
        Ok(self.tell_bells(gateway, &self.link(gateway), cancel)?)
    }

    /// At a poll: tells what the gateway was not told yet, while the device is active. A fault is left for the next time.
    pub(super) fn tell_bells_quietly(&self, id: Id, link: &Link, cancel: &Cancel) -> Result<(), Stop> {
        let record = self.record(id)?;
        let seal_is_due = |enrolled: &Enrolled| enrolled.next_seal.as_ref().is_some_and(|next| !next.refused);
        let is_due = |enrolled: &Enrolled| {
            enrolled.device == DeviceState::Active && (seal_is_due(enrolled) || to_tell(enrolled).is_some())
        };
        if !record.enrolled().is_some_and(is_due) {
            return Ok(());
        }
        match self.tell_bells(id, link, cancel) {
            Err(stop @ (Stop::Gone | Stop::Fault(Error::Port(PortError::Cancelled)))) => Err(stop),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// `PUT push` or `DELETE push`, as what is to be told asks for.
    fn tell_bells(&self, id: Id, link: &Link, cancel: &Cancel) -> Result<(), Stop> {
        let record = self.record(id)?;
        let enrolled = record.enrolled().ok_or_else(|| Stop::without_enrolment(&record))?;
        let (bells, next) = (to_tell(enrolled), enrolled.next_seal.as_ref());
        if bells.is_some_and(|bells| bells.endpoint.is_none()) {
            let told = self.call(id, link, Call::delete("push"), Duration::ZERO, cancel).map(drop);
            self.note_told(id, bells, None, told)?;
        }
        let endpoint = bells.and_then(|bells| bells.endpoint.clone());
        let with_endpoint = endpoint.is_some();
        if endpoint.is_none() && next.is_none() {
            return Ok(());
        }
        let put = PutPush { endpoint, seal: next.map(|next| next.public.clone()) };
        let body = serde_json::to_vec(&put).map_err(|_| Error::Internal)?;
        let told = self.call(id, link, Call::put("push", &body), Duration::ZERO, cancel).map(drop);
        self.note_told(id, bells.filter(|_| with_endpoint), next, told)
    }

    /// Records how telling went, for what is still what was told.
    fn note_told(
        &self,
        id: Id,
        bells: Option<&Bells>,
        next: Option<&NextSeal>,
        outcome: Result<(), Stop>,
    ) -> Result<(), Stop> {
        let told = match &outcome {
            Ok(()) => Told::Told,
            Err(Stop::Fault(Error::Gateway(GatewayError::Policy(ErrorWhy::Endpoint) | GatewayError::Status(_)))) => {
                Told::Refused
            }
            Err(_) => return outcome,
        };
        self.update(id, |record, now| {
            let Some(enrolled) = record.enrolled_mut() else { return Ok(()) };
            if let Some(kept) = enrolled.bells.as_mut().filter(|kept| Some(&**kept) == bells) {
                kept.told = told;
            }
            if let Some(kept) = enrolled.next_seal.as_mut().filter(|kept| Some(&**kept) == next) {
                kept.refused = bells.is_none() && told == Told::Refused;
            }
            if told == Told::Told
                && let Some(new) = enrolled.next_seal.take_if(|kept| Some(&*kept) == next)
            {
                let old = std::mem::replace(&mut enrolled.seal, new.seal);
                enrolled.old_seal = Some(OldSeal { seal: old, at: now });
            }
            Ok(())
        })?;
        self.notify(Topic::Gateways);
        outcome
    }
}

/// What the gateway is still to be told of endpoints.
fn to_tell(enrolled: &Enrolled) -> Option<&Bells> {
    enrolled.bells.as_ref().filter(|bells| bells.told == Told::Waiting)
}
