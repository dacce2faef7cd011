//! Enrolments: begin, finish, poll, forget.

use std::sync::{Arc, TryLockError};
use std::time::Duration;

use countersign_protocol::jose::{Id, signature_from_der};
use countersign_protocol::json;
use countersign_protocol::push::check;
use countersign_protocol::push::{DeviceState, Gone, Message, State as GatewayState, UserVerification};

use super::{App, Link, lock};
use crate::cancel::Cancel;
use crate::error::{Error, GatewayError, InputError, PortError};
use crate::limits;
use crate::port::{Guard, KeyName, Prompt, Purpose, Topic, Trust};
use crate::push::call::{Fault, Line, Prover};
use crate::push::enrol::{self, EnrolOffer, Phone};
use crate::push::meta::{self, Cause};
use crate::push::poll;
use crate::push::row::{self, GatewayRow};
use crate::record::{Enrolled, Keys, Kids, Record, Request, Stage, Uri, Wrapped};

/// An enrolment that waits for its digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolling {
    /// The phone's own id of the enrolment, for [`App::poll`].
    pub id: Id,
    /// The gateway's name.
    pub gateway: String,
    /// Host and port of the gateway.
    pub host: String,
    /// Whose account it is.
    pub acct: String,
    /// Six digits to type on the page.
    pub digits: String,
    /// Until when, by the phone's clock.
    pub until: u64,
}

/// What a poll came to. It has always ended well enough to go on: a fault is told here, with the pause before the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollOutcome {
    /// Something that the phone shows has changed.
    pub news: bool,
    /// How long the shell waits before it polls again by itself; none: this enrolment is not to be polled any more.
    /// A bell, or the person, may poll at once.
    pub next_in: Option<Duration>,
    /// Why it brought nothing.
    pub fault: Option<Error>,
}

impl App {
    /// Reads the text of an enrolment QR or link. Nothing is sent: its host is shown, and the person asked.
    ///
    /// # Errors
    /// [`InputError::NewerLink`], or [`InputError::Field`] for what is not an enrolment of ours.
    pub fn enrol_offer(&self, text: &str) -> Result<EnrolOffer, Error> {
        Ok(EnrolOffer::read(text)?)
    }

    /// All enrolments that a screen lists, with what a damaged file leaves.
    pub fn gateways(&self) -> Vec<GatewayRow> {
        let now = self.ports.clock.now();
        let shown = self.shown();
        let damaged = shown.damaged.iter().map(|(id, _)| row::damaged(*id));
        shown.records.iter().filter_map(|record| row::gateway(record, now)).chain(damaged).collect()
    }

    /// Enrols, after the person agreed to the offer's host: makes keys, asks the gateway, and gives the six digits that
    /// the person types on its page. What is interrupted is finished by [`App::poll`].
    ///
    /// # Errors
    /// [`GatewayError::ForeignCode`], [`GatewayError::Clock`], [`GatewayError::CodeUsed`],
    /// [`GatewayError::ForeignReceipt`] and their kin; [`Error::Port`] from network, keystore or prompt. After a fault
    /// of the network, or a refusal, the request is kept for ten minutes and repeated by [`App::poll`].
    pub fn enrol(&self, offer: &EnrolOffer, phone: &Phone, cancel: &Cancel) -> Result<Enrolling, Error> {
        let dev = phone.dev()?;
        let link = Arc::new(Link::default());
        let line = Line { ports: &self.ports, u: &offer.link().u, trust: offer.trust(), memory: &link.memory };
        let reply = line.metadata(cancel)?;
        let trusted = enrol::first(offer, reply, self.ports.clock.now())?;
        // The person starts again: what is left of an earlier try at this gateway is undone.
        self.undo(|record| record.u == offer.link().u && !record.has_receipt())?;

        let id = self.ports.random.id()?;
        let uv = trusted.metadata().policy.uv;
        let keys = Keys { ak: KeyName::new("approve", &id), pk: KeyName::new("prove", &id), uv };
        lock(&self.links).insert(id, link);
        self.insert(Record::new(id, self.ports.clock.now(), offer.target(), keys, trusted))?;
        let request = self.make_request(id, offer, dev, uv, cancel);
        if request.is_err() {
            self.undo(|record| record.id == id)?;
        }
        let request = request?;
        self.update(id, |record, _| {
            record.stage = Stage::Requested(request);
            Ok(())
        })?;
        self.notify(Topic::Gateways);
        self.finish(id, cancel)
    }

    /// Makes the keys that the record names, and the request signed by them.
    fn make_request(
        &self,
        id: Id,
        offer: &EnrolOffer,
        dev: countersign_protocol::push::Dev,
        uv: UserVerification,
        cancel: &Cancel,
    ) -> Result<Request, Error> {
        let keystore = &self.ports.keystore;
        let Keys { ak, pk, .. } = self.record(id)?.keys.clone();
        let (secret, seal) = enrol::draw_seal(&*self.ports.random)?;
        let seal_wrapped = Wrapped(keystore.wrap(Guard::Device, &secret, cancel)?);
        let made = enrol::Made {
            ak: keystore.generate(Purpose::Approve(uv), &ak, cancel)?,
            pk: keystore.generate(Purpose::Prove, &pk, cancel)?,
            seal,
        };
        let (jti, now, level) = (self.ports.random.id()?, self.ports.clock.now(), keystore.level());
        let input = enrol::request(offer, &made, enrol::Says { jti, now, uv, level, dev })?;
        let app = self.record(id)?.trusted.metadata().name.as_str().to_owned();
        let prompt = Prompt { app, host: offer.host().to_owned(), account: String::new() };
        let signature = der(&keystore.sign_approval(&ak, &prompt, input.as_bytes(), cancel)?)?;
        Ok(Request { body: enrol::body(offer, &input, signature)?, kids: made.kids(), seal: seal_wrapped })
    }

    /// Sends the stored request, byte for byte, and takes its receipt.
    fn finish(&self, id: Id, cancel: &Cancel) -> Result<Enrolling, Error> {
        let record = self.record(id)?;
        let Stage::Requested(request) = &record.stage else { return enrolling(&record) };
        let link = self.link(id);
        let body = serde_json::to_vec(&request.body).map_err(|_| Error::Internal)?;
        let reply = match self.line(&record, &link).proven(
            "enrol",
            &body,
            201,
            prover(&record, request.kids),
            Duration::ZERO,
            cancel,
        ) {
            Ok(reply) => reply,
            Err(Fault::Gone(_)) => {
                // Its did is not known, so nobody can say it for sure; but the request leads nowhere any more.
                return Err(GatewayError::CodeExpired.into());
            }
            Err(fault) => return Err(fault.into()),
        };
        let secret = self.ports.keystore.unwrap(Guard::Device, &request.seal.0, cancel)?;
        let accepted = match enrol::receipt(&record.trusted, request, &secret, &reply) {
            Err(Error::Gateway(fault @ (GatewayError::ForeignReceipt | GatewayError::Refused(_)))) => {
                self.undo(|record| record.id == id)?;
                self.notify(Topic::Gateways);
                return Err(fault.into());
            }
            accepted => accepted?,
        };
        let ok = Wrapped(self.ports.keystore.wrap(Guard::User, &accepted.ok, cancel)?);
        let kids = request.kids;
        let record = self.update(id, |record, now| {
            let Stage::Requested(request) = &record.stage else { return Err(InputError::NotFound.into()) };
            let enrolled = Enrolled {
                did: accepted.did,
                kids,
                acct: accepted.acct,
                until: accepted.until,
                digits: accepted.digits,
                device: DeviceState::Pending,
                seal: request.seal.clone(),
                ok,
                totp: accepted.totp.as_ref().and_then(Uri::of),
            };
            record.stage = Stage::Enrolled(Box::new(enrolled));
            record.saw_signed(accepted.iat, now);
            Ok(record.clone())
        })?;
        self.notify(Topic::Gateways);
        // An account that cannot move in now moves in at the next unlock.
        let _ = self.adopt_accounts();
        enrolling(&record)
    }

    /// Asks a gateway for what is new, waiting for it `wait` seconds at most (0 to 30). Before that it finishes what
    /// was interrupted: an enrolment without receipt, answers whose result is not known.
    ///
    /// # Errors
    /// [`InputError::NotFound`], [`PortError::Cancelled`], [`PortError::Busy`] when another poll of this enrolment is
    /// under way. All else is told in [`PollOutcome::fault`].
    pub fn poll(&self, gateway: Id, wait: u64, cancel: &Cancel) -> Result<PollOutcome, Error> {
        let link = self.link(gateway);
        let _polling = match link.polling.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(PortError::Busy.into()),
        };
        let begun = self.ports.clock.monotonic();
        match self.poll_once(gateway, &link, wait, cancel) {
            Ok(news) => {
                let waited = self.ports.clock.monotonic().saturating_sub(begun);
                let was_early = wait > 0 && waited + Duration::from_secs(1) < Duration::from_secs(wait);
                let next_in = if was_early && !news { self.pause(&link)? } else { self.well(&link) };
                Ok(PollOutcome { news, next_in: Some(next_in), fault: None })
            }
            Err(Stop::Gone) => Ok(PollOutcome { news: true, next_in: None, fault: None }),
            Err(Stop::Fault(Error::Port(PortError::Cancelled))) => Err(PortError::Cancelled.into()),
            Err(Stop::Fault(Error::Input(fault))) => Err(fault.into()),
            Err(Stop::Fault(fault)) => {
                let pause = self.pause(&link)?;
                let next_in = match fault {
                    Error::Gateway(GatewayError::Busy(Some(seconds))) => pause.max(Duration::from_secs(seconds)),
                    _ => pause,
                };
                Ok(PollOutcome { news: false, next_in: Some(next_in), fault: Some(fault) })
            }
        }
    }

    /// One poll. Says whether it brought something that counts.
    fn poll_once(&self, id: Id, link: &Link, wait: u64, cancel: &Cancel) -> Result<bool, Stop> {
        let record = self.record(id)?;
        match &record.stage {
            Stage::Preparing => return Err(Stop::Fault(InputError::NotFound.into())),
            Stage::Gone { .. } => return Err(Stop::Gone),
            Stage::Requested(_) => {
                self.finish(id, cancel).map_err(Stop::Fault)?;
                return Ok(true);
            }
            Stage::Enrolled(_) => {}
        }
        if meta::is_half_over(&record, self.ports.clock.now()) {
            self.refresh_quietly(id, link, Cause::Age, cancel)?;
        }
        self.send_unsent(id, cancel)?;
        let state = self.ask(id, link, wait, cancel)?;
        let mut taken = self.update(id, |record, now| Ok(poll::take(record, &state, now)))?;
        let causes = std::mem::take(&mut taken.causes);
        for cause in causes {
            if self.refresh_quietly(id, link, cause, cancel)?.is_some() {
                let again = self.update(id, |record, now| Ok(poll::take(record, &state, now)))?;
                taken.news |= again.news;
            }
        }
        if taken.news {
            self.notify(Topic::Approvals);
        }
        if taken.device {
            self.notify(Topic::Gateways);
        }
        Ok(taken.news)
    }

    /// `POST poll`, with what a refusal and a removal lead to.
    fn ask(&self, id: Id, link: &Link, wait: u64, cancel: &Cancel) -> Result<GatewayState, Stop> {
        let mut may_refresh = true;
        loop {
            let record = self.record(id)?;
            let enrolled = record.enrolled().ok_or(Stop::Gone)?;
            let rule = InputError::Field { field: "wait", rule: "0 to 30 seconds" };
            let echo = poll::echo(&record, wait).map_err(|_| Error::from(rule))?;
            let body = serde_json::to_vec(&echo).map_err(|_| Stop::Fault(Error::Internal))?;
            let wait = Duration::from_secs(wait);
            let line = self.line(&record, link);
            let fault = match line.proven("poll", &body, 200, prover(&record, enrolled.kids), wait, cancel) {
                Ok(body) => {
                    let state = json::parse(&body).map_err(|fault| GatewayError::Malformed(fault));
                    return Ok(state.map_err(Error::from)?);
                }
                Err(fault) => fault,
            };
            if !std::mem::take(&mut may_refresh) {
                return Err(self.stop(id, link, fault, cancel));
            }
            let cause = match fault {
                Fault::Refused => Cause::Refused,
                Fault::Port(PortError::Tls) => Cause::Pins,
                fault => return Err(self.stop(id, link, fault, cancel)),
            };
            if !self.refresh_quietly(id, link, cause, cancel)?.unwrap_or(false) {
                return Err(self.stop(id, link, fault, cancel));
            }
        }
    }

    /// What a fault ends in: a removal that verifies, or an error.
    pub(super) fn stop(&self, id: Id, link: &Link, fault: Fault, cancel: &Cancel) -> Stop {
        let Fault::Gone(gone) = fault else { return Stop::Fault(fault.into()) };
        match self.take_gone(id, link, *gone, cancel) {
            Ok(()) => Stop::Gone,
            Err(fault) => Stop::Fault(fault),
        }
    }

    /// Marks the enrolment removed, if the gateway's word verifies, and deletes its keys.
    fn take_gone(&self, id: Id, link: &Link, gone: Message<Gone>, cancel: &Cancel) -> Result<(), Error> {
        let kid = gone.jws().kid();
        if self.record(id)?.trusted.key(kid).is_err() {
            // A removal that brings new keys along would be odd, yet they are asked for once.
            self.refresh_quietly(id, link, Cause::Kid(kid), cancel).map_err(Error::from)?;
        }
        let keys = self.update(id, |record, now| {
            let enrolled = record.enrolled().ok_or(InputError::NotFound)?;
            let word = check::gone(gone, &record.trusted, &enrolled.did);
            let why = word.map_err(|refused| GatewayError::Refused(refused))?.claims().why;
            let acct = Some(enrolled.acct.clone());
            record.stage = Stage::Gone { why, at: now, acct };
            record.approvals.clear();
            Ok(record.keys.clone())
        })?;
        self.delete_keys(&keys);
        self.notify(Topic::Gateways);
        self.notify(Topic::Approvals);
        Ok(())
    }

    /// Fetches metadata for a cause, if it may. None: it was not its turn, or it could not be had; `Some(true)`: keys or
    /// pins changed. Only being cancelled ends the call that asked.
    pub(super) fn refresh_quietly(
        &self,
        id: Id,
        link: &Link,
        cause: Cause,
        cancel: &Cancel,
    ) -> Result<Option<bool>, Stop> {
        if !lock(&link.refreshes).may(cause, self.ports.clock.monotonic()) {
            return Ok(None);
        }
        match self.refresh(id, link, cancel) {
            Ok(changed) => Ok(Some(changed)),
            Err(fault @ (Error::Port(PortError::Cancelled) | Error::Internal | Error::Input(_))) => Err(fault.into()),
            Err(_) => Ok(None),
        }
    }

    fn refresh(&self, id: Id, link: &Link, cancel: &Cancel) -> Result<bool, Error> {
        let record = self.record(id)?;
        let mut line = self.line(&record, link);
        let reply = match line.metadata(cancel) {
            Err(Fault::Port(PortError::Tls)) if line.trust != Trust::Platform => {
                // No pin fits. Metadata proves itself; nothing else may be asked over such a connection.
                line.trust = Trust::MetadataOnly;
                line.metadata(cancel)
            }
            reply => reply,
        }?;
        self.update(id, |record, now| {
            let pins = record.trusted.metadata().pins.clone();
            let keys = meta::take(record, reply, now).map_err(|refused| GatewayError::Refused(refused))?;
            Ok(keys || pins != record.trusted.metadata().pins)
        })
    }

    /// Removes an enrolment from this phone, with its keys. The gateway is not told; its page removes the device there.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`Error::Port`] when the disk fails.
    pub fn forget(&self, gateway: Id) -> Result<(), Error> {
        let keys = {
            let mut state = self.state()?;
            if !state.devices.holds(gateway) {
                return Err(InputError::NotFound.into());
            }
            let keys = state.devices.get(gateway).map(|record| record.keys.clone());
            state.devices.remove(gateway)?;
            self.show(&state);
            keys
        };
        lock(&self.links).remove(&gateway);
        match keys {
            Some(keys) => self.delete_keys(&keys),
            None => self.delete_nameless_keys()?,
        }
        self.notify(Topic::Gateways);
        self.notify(Topic::Approvals);
        Ok(())
    }

    /// At start: forgets enrolments that lead nowhere any more, older than a code and a receipt live.
    pub(super) fn undo_abandoned(&self) -> Result<(), Error> {
        let now = self.ports.clock.now();
        self.undo(|record| !record.has_receipt() && now.abs_diff(record.began) > limits::REQUEST_KEPT)
    }

    /// At start: deletes keys that no record names, of enrolments that were killed between two steps.
    pub(super) fn delete_nameless_keys(&self) -> Result<(), Error> {
        let named = {
            let state = self.state()?;
            let damaged: Vec<String> = state.devices.damaged().map(|(id, _)| id.to_string()).collect();
            let records: Vec<_> = state.devices.records().filter(|record| record.has_keys()).cloned().collect();
            move |name: &KeyName| {
                records.iter().any(|record| record.keys.ak == *name || record.keys.pk == *name)
                    // A damaged record may be mended one day; its keys carry its name.
                    || damaged.iter().any(|id| name.as_str().ends_with(id.as_str()))
            }
        };
        let keystore = &self.ports.keystore;
        for name in keystore.list()?.iter().filter(|name| !named(name)) {
            keystore.delete(name)?;
        }
        Ok(())
    }

    /// Takes back every enrolment that `which` names: record first, then keys.
    fn undo(&self, which: impl Fn(&Record) -> bool) -> Result<(), Error> {
        let undone: Vec<Arc<Record>> = {
            let mut state = self.state()?;
            let found: Vec<Id> =
                state.devices.records().filter(|record| which(record)).map(|record| record.id).collect();
            // Another process may have got the receipt meanwhile.
            found.iter().for_each(|id| state.devices.catch_up(*id));
            let undone: Vec<_> = found.iter().filter_map(|id| state.devices.get(*id)).filter(|r| which(r)).collect();
            for record in &undone {
                state.devices.remove(record.id)?;
            }
            self.show(&state);
            undone
        };
        undone.iter().for_each(|record| self.delete_keys(&record.keys));
        Ok(())
    }

    /// Deletes the keys of an enrolment that is gone. What fails now is done at the next start.
    fn delete_keys(&self, keys: &Keys) {
        for name in [&keys.ak, &keys.pk] {
            let _ = self.ports.keystore.delete(name);
        }
    }

    pub(super) fn line<'a>(&'a self, record: &'a Record, link: &'a Link) -> Line<'a> {
        Line { ports: &self.ports, u: &record.u, trust: meta::trust(record), memory: &link.memory }
    }

    fn pause(&self, link: &Link) -> Result<Duration, Error> {
        let [dice] = self.ports.random.array()?;
        Ok(link.memory.pause(dice))
    }

    fn well(&self, link: &Link) -> Duration {
        link.memory.well();
        Duration::ZERO
    }
}

/// What ends a story with a gateway early.
pub(super) enum Stop {
    /// The gateway removed this device, verified.
    Gone,
    /// Anything else.
    Fault(Error),
}

impl From<Error> for Stop {
    fn from(fault: Error) -> Self {
        Self::Fault(fault)
    }
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Gone => GatewayError::Gone.into(),
            Stop::Fault(fault) => fault,
        }
    }
}

/// A signature as keystores give it, in the form that travels.
pub(super) fn der(signature: &[u8]) -> Result<[u8; 64], PortError> {
    signature_from_der(signature).map_err(|_| PortError::Failed)
}

fn prover(record: &Record, kids: Kids) -> Prover<'_> {
    Prover { name: &record.keys.pk, kid: kids.pk }
}

fn enrolling(record: &Record) -> Result<Enrolling, Error> {
    let enrolled = record.enrolled().ok_or(InputError::NotFound)?;
    Ok(Enrolling {
        id: record.id,
        gateway: record.trusted.metadata().name.as_str().to_owned(),
        host: record.u.host().to_owned(),
        acct: enrolled.acct.clone(),
        digits: enrolled.digits.clone(),
        until: record.phone_time(enrolled.until),
    })
}
