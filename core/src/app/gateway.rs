//! Enrolments: begin, finish, forget.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use countersign_protocol::jose::{H32, Id, Refused, signature_from_der};
use countersign_protocol::push::{Dev, DeviceState, UserVerification};

use super::poll::Stop;
use super::{App, Link, lock};
use crate::cancel::Cancel;
use crate::device::Damage;
use crate::error::{Error, GatewayError, InputError, PortError};
use crate::limits;
use crate::port::{AttestedKey, Guard, KeyName, Prompt, Purpose, Topic};
use crate::push::attest;
use crate::push::call::{self, Call, Fault, Line, Prover};
use crate::push::enrol::{self, EnrolOffer, NotAccepted, Phone};
use crate::push::meta::Cause;
use crate::push::row::{self, GatewayRow, GatewayState};
use crate::record::{Enrolled, Keys, Kids, Record, Request, Stage, Uri, Wrapped};

/// An enrolment that waits for its digits, which `Debug` hides.
#[derive(Clone, PartialEq, Eq)]
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

impl fmt::Debug for Enrolling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolling").field("id", &self.id).field("host", &self.host).finish_non_exhaustive()
    }
}

impl App {
    /// Reads the text of an enrolment QR or link. Nothing is sent: its host is shown, and the person asked.
    ///
    /// # Errors
    /// [`InputError::NewerLink`], or [`InputError::Field`] for what is not an enrolment of ours.
    pub fn enrol_offer(&self, text: &str) -> Result<EnrolOffer, Error> {
        Ok(EnrolOffer::read(text)?)
    }

    /// Asks the gateway of an offer for its name, to be shown beside the host before the person agrees. No key is made and
    /// nothing is kept; what it answers counts only when it is signed by the key that the code names.
    ///
    /// # Errors
    /// [`GatewayError::ForeignCode`], [`GatewayError::Clock`]; [`Error::Port`] from the network.
    pub fn enrol_name(&self, offer: &EnrolOffer, cancel: &Cancel) -> Result<String, Error> {
        let memory = call::Memory::default();
        let line = Line { ports: &self.ports, u: &offer.link().u, trust: offer.trust(), memory: &memory };
        let trusted = enrol::first(offer, line.metadata(cancel)?, self.ports.clock.now())?;
        Ok(trusted.metadata().name.as_str().to_owned())
    }

    /// All enrolments that a screen lists, with what a damaged file leaves.
    pub fn gateways(&self) -> Vec<GatewayRow> {
        let now = self.ports.clock.now();
        let shown = self.shown();
        let damaged = shown.damaged.iter().map(|(id, damage)| match damage {
            // Sealed by a key that this phone's keystore lost: the file came with a backup.
            Damage::Foreign if shown.restored => GatewayRow { state: GatewayState::KeysGone, ..row::damaged(*id) },
            _ => row::damaged(*id),
        });
        let keyless = lock(&self.keyless).clone();
        let state = |row: &GatewayRow| match row.state {
            GatewayState::Pending { .. } | GatewayState::Active | GatewayState::Suspended
                if keyless.contains(&row.id) =>
            {
                GatewayState::KeysGone
            }
            _ => row.state.clone(),
        };
        let is_outdated = |id| lock(&self.links).get(&id).is_some_and(|link| link.memory.is_outdated());
        let rows = shown.records.iter().filter_map(|record| row::gateway(record, now));
        let rows = rows.map(|row| GatewayRow { outdated: is_outdated(row.id), state: state(&row), ..row });
        rows.chain(damaged).collect()
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
        // A poll meanwhile would send the same and ask the person for the same once more.
        let _polling = lock(&link.polling);
        let line = Line { ports: &self.ports, u: &offer.link().u, trust: offer.trust(), memory: &link.memory };
        let reply = line.metadata(cancel)?;
        let trusted = enrol::first(offer, reply, self.ports.clock.now())?;
        // The person starts again: what is left of an earlier try at this gateway is undone.
        self.undo(|record| record.u == offer.link().u && !record.has_receipt())?;

        let id = self.ports.random.id()?;
        let uv = trusted.metadata().policy.uv;
        let keys = Keys { ak: KeyName::new("approve", &id), pk: KeyName::new("prove", &id), uv, more: 0 };
        lock(&self.links).insert(id, Arc::clone(&link));
        self.insert(Record::new(id, self.ports.clock.now(), offer.target(), keys, trusted))?;
        let request = self.make_request(id, offer, dev, uv, cancel);
        if request.is_err() {
            self.undo(|record| record.id == id)?;
        }
        let request = request?;
        self.update(id, |record, _| {
            record.stage = Stage::Requested(Box::new(request));
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
        dev: Dev,
        uv: UserVerification,
        cancel: &Cancel,
    ) -> Result<Request, Error> {
        let keystore = &self.ports.keystore;
        let Keys { ak, pk, .. } = self.record(id)?.keys.clone();
        let (secret, seal) = enrol::draw_seal(&*self.ports.random)?;
        let seal_wrapped = Wrapped(keystore.wrap(Guard::Device, &secret, cancel)?);
        let is_asked = attest::is_asked(&self.record(id)?.trusted.metadata().policy);
        let challenge = is_asked.then(|| offer.link().c.attestation_challenge());
        let made = enrol::Made {
            ak: self.make_key(Purpose::Approve(uv), &ak, challenge, cancel)?,
            pk: self.make_key(Purpose::Prove, &pk, challenge, cancel)?,
            seal,
        };
        let (jti, now, level) = (self.ports.random.id()?, self.ports.clock.now(), keystore.level());
        let input = enrol::request(offer, &made, enrol::Says { jti, now, uv, level, dev })?;
        let app = self.record(id)?.trusted.metadata().name.as_str().to_owned();
        let prompt = Prompt { app, host: offer.host().to_owned(), account: String::new() };
        let signature = der(&keystore.sign_approval(&ak, &prompt, input.as_bytes(), cancel)?)?;
        Ok(Request { body: enrol::body(offer, &input, signature)?, kids: made.kids(), seal: seal_wrapped })
    }

    /// Makes a key, attested where the gateway asks for that by a challenge.
    pub(super) fn make_key(
        &self,
        purpose: Purpose,
        name: &KeyName,
        challenge: Option<H32>,
        cancel: &Cancel,
    ) -> Result<AttestedKey, PortError> {
        let keystore = &self.ports.keystore;
        match challenge {
            Some(challenge) => keystore.generate_attested(purpose, name, &challenge, cancel),
            None => keystore.generate(purpose, name, cancel).map(AttestedKey::from),
        }
    }

    /// Sends the stored request, byte for byte, and takes its receipt.
    pub(super) fn finish(&self, id: Id, cancel: &Cancel) -> Result<Enrolling, Error> {
        let record = self.record(id)?;
        let Stage::Requested(request) = &record.stage else { return enrolling(&record) };
        let link = self.link(id);
        let body = serde_json::to_vec(&request.body).map_err(|_| Error::Internal)?;
        let call = Call::post("enrol", &body, 201);
        let prover = prover(&record, request.kids);
        let reply = match self.line(&record, &link).proven(call, prover, Duration::ZERO, cancel) {
            Ok(reply) => reply,
            Err(Fault::Gone(_)) => {
                // Its did is not known, so nobody can say it for sure; but the request leads nowhere any more.
                return Err(GatewayError::CodeExpired.into());
            }
            Err(fault) => return Err(fault.into()),
        };
        let secret = self.ports.keystore.unwrap(Guard::Device, &request.seal.0, cancel)?;
        let mut accepted = enrol::receipt(&record.trusted, request, &secret, &reply);
        if let Err(NotAccepted::UnknownKey(kid)) = accepted {
            // The gateway may have changed its key since it was asked first.
            match self.refresh_quietly(id, &link, Cause::Kid(kid), cancel)? {
                Some(_) => accepted = enrol::receipt(&self.record(id)?.trusted, request, &secret, &reply),
                None => return Err(GatewayError::Refused(Refused::Key).into()),
            }
        }
        let accepted = match accepted.map_err(Error::from) {
            Err(Error::Gateway(fault @ (GatewayError::ForeignReceipt | GatewayError::Refused(_)))) => {
                // A poll beside this call may have had better luck.
                self.undo(|record| record.id == id && !record.has_receipt())?;
                self.notify(Topic::Gateways);
                return Err(fault.into());
            }
            accepted => accepted?,
        };
        let ok = Wrapped(self.ports.keystore.wrap(Guard::User, &accepted.ok, cancel)?);
        let kids = request.kids;
        let record = self.update(id, |record, now| {
            let request = match &record.stage {
                Stage::Requested(request) => request,
                // A poll beside this call brought the same receipt first.
                Stage::Enrolled(_) => return Ok(record.clone()),
                _ => return Err(InputError::NotFound.into()),
            };
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
                next_seal: None,
                old_seal: None,
                bells: None,
            };
            record.stage = Stage::Enrolled(Box::new(enrolled));
            record.saw_signed(accepted.iat, now);
            Ok(record.clone())
        })?;
        self.notify(Topic::Gateways);
        // An account that cannot move in now moves in at the next unlock.
        self.adopt_accounts();
        enrolling(&record)
    }

    /// Leaves a gateway: it removes the device, and then this phone forgets the enrolment with its keys. What has no
    /// receipt, is removed already or does not open is forgotten at once.
    ///
    /// # Errors
    /// When the gateway cannot be told, nothing is removed: the shell says so and offers [`App::forget`].
    /// [`InputError::NotFound`].
    pub fn leave(&self, gateway: Id, cancel: &Cancel) -> Result<(), Error> {
        let is_known_there = self.record(gateway).is_ok_and(|record| record.enrolled().is_some());
        if is_known_there {
            let call = Call::delete("device");
            match self.call(gateway, &self.link(gateway), call, Duration::ZERO, cancel) {
                // Removed there by somebody else, and it signed that it was.
                Ok(_) | Err(Stop::Gone) => {}
                Err(Stop::Fault(fault)) => return Err(fault),
            }
        }
        self.forget(gateway)
    }

    /// Removes an enrolment from this phone, with its keys. The gateway is not told; its page removes the device there.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`Error::Port`] when the disk fails.
    pub fn forget(&self, gateway: Id) -> Result<(), Error> {
        let forgotten = self.forget_record(gateway);
        self.notify(Topic::Gateways);
        self.notify(Topic::Approvals);
        forgotten
    }

    fn forget_record(&self, gateway: Id) -> Result<(), Error> {
        let keys = {
            let mut state = self.state()?;
            if !state.devices.holds(gateway) {
                return Err(InputError::NotFound.into());
            }
            let keys = state.devices.get(gateway).map(|record| record.every_key_name().cloned().collect::<Vec<_>>());
            let alone = state.devices.alone()?;
            let removed = state.devices.remove(gateway, &alone);
            self.show(&state);
            removed?;
            keys
        };
        lock(&self.links).remove(&gateway);
        lock(&self.keyless).remove(&gateway);
        match keys {
            Some(keys) => self.delete_keys(&keys),
            None => self.delete_nameless_keys()?,
        }
        Ok(())
    }

    /// At start: forgets enrolments that lead nowhere any more, older than a code and a receipt live.
    pub(super) fn undo_abandoned(&self) -> Result<(), Error> {
        let now = self.ports.clock.now();
        self.undo(|record| record.is_abandoned(now))?;
        let stuck = |record: &Record| {
            record
                .change
                .as_ref()
                .is_some_and(|change| change.request.is_none() && now.abs_diff(change.began) > limits::REQUEST_KEPT)
        };
        for record in self.shown().records.iter().filter(|record| stuck(record)) {
            self.update(record.id, |record, _| {
                record.change.take_if(|change| change.request.is_none());
                Ok(())
            })?;
        }
        Ok(())
    }

    /// At start: deletes keys that no record names, of enrolments that were killed between two steps.
    pub(super) fn delete_nameless_keys(&self) -> Result<(), Error> {
        let keystore = &self.ports.keystore;
        // Names go to disk before keys are made: whatever is listed now and is named in no record that stands there
        // afterwards, another process of this phone is not about to use either.
        let kept = keystore.list()?;
        let named = {
            let mut state = self.state()?;
            state.devices.reload()?;
            self.show(&state);
            let damaged: Vec<String> = state.devices.damaged().map(|(id, _)| id.to_string()).collect();
            let records: Vec<_> = state.devices.records().cloned().collect();
            move |name: &KeyName| {
                records.iter().any(|record| record.key_names().any(|named| named == name))
                    // A damaged record may be mended one day; its keys carry its name.
                    || damaged.iter().any(|id| name.as_str().ends_with(id.as_str()))
            }
        };
        for name in kept.iter().filter(|name| !named(name)) {
            keystore.delete(name)?;
        }
        let lacks = |record: &&Arc<Record>| [&record.keys.ak, &record.keys.pk].iter().any(|key| !kept.contains(key));
        let enrolled = |record: &&Arc<Record>| record.enrolled().is_some();
        let shown = self.shown();
        *lock(&self.keyless) = shown.records.iter().filter(enrolled).filter(lacks).map(|record| record.id).collect();
        Ok(())
    }

    /// The keystore said that a key of this enrolment is gone: its row says so from now on.
    pub(super) fn note_keyless(&self, id: Id) {
        if lock(&self.keyless).insert(id) {
            self.notify(Topic::Gateways);
        }
    }

    /// Takes back every enrolment that `which` names: record first, then keys.
    pub(super) fn undo(&self, which: impl Fn(&Record) -> bool) -> Result<(), Error> {
        let undone: Vec<Arc<Record>> = {
            let mut state = self.state()?;
            let alone = state.devices.alone()?;
            let found: Vec<Id> =
                state.devices.records().filter(|record| which(record)).map(|record| record.id).collect();
            // Another process may have got the receipt meanwhile.
            found.iter().try_for_each(|id| state.devices.catch_up(*id).map(drop))?;
            let undone: Vec<_> = found.iter().filter_map(|id| state.devices.get(*id)).filter(|r| which(r)).collect();
            let removed = undone.iter().try_for_each(|record| state.devices.remove(record.id, &alone));
            self.show(&state);
            removed?;
            undone
        };
        undone.iter().for_each(|record| self.delete_keys(&record.every_key_name().cloned().collect::<Vec<_>>()));
        Ok(())
    }

    /// Deletes the keys of an enrolment that is gone. What fails now is done at the next start.
    pub(super) fn delete_keys(&self, keys: &[KeyName]) {
        for name in keys {
            let _ = self.ports.keystore.delete(name);
        }
    }
}

/// A signature as keystores give it, in the form that travels.
pub(super) fn der(signature: &[u8]) -> Result<[u8; 64], PortError> {
    signature_from_der(signature).map_err(|_| PortError::Failed)
}

pub(super) fn prover(record: &Record, kids: Kids) -> Prover<'_> {
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
