//! Changing the signing keys of an enrolment (push-v1 section 11, «Device keys»).
//!
//! The new key's name is on disk before the key is made, and the request before it is sent. From then on it is repeated
//! byte for byte until its receipt comes: a gateway that took it stops taking the old key after a day at the latest.
//! The old key goes when a call with its successor went well.

use std::sync::TryLockError;
use std::time::Duration;

use countersign_protocol::jose::Id;
use countersign_protocol::push::{ErrorWhy, KeyClass, KeysRequest, Nonce, keys_attestation_challenge};

use super::gateway::der;
use super::poll::{Stop, echo};
use super::refresh::cause_of;
use super::{App, Link};
use crate::cancel::Cancel;
use crate::error::{Error, GatewayError, InputError, PortError};
use crate::limits;
use crate::port::{AttestedKey, KeyName, Prompt, Purpose, Topic};
use crate::push::answer::Unverified;
use crate::push::attest;
use crate::push::call::{Call, Fault, Prover};
use crate::push::keys;
use crate::push::meta::Cause;
use crate::record::{Enrolled, KeyChange, Record};

impl App {
    /// Gives this enrolment a new key of one class, made and kept by the platform's keystore as the old one was. For the
    /// approval key the keystore asks for the person twice: for the old key and for the new one. When this ends well the
    /// gateway knows the new key; what is interrupted is finished by [`App::poll`], or by the same call.
    ///
    /// # Errors
    /// [`PortError::Busy`] while another change of this enrolment is under way; [`PortError::KeyGone`] when the old key
    /// does not exist any more: then the person enrols anew. [`GatewayError::Policy`] and others as the gateway refuses,
    /// which changes nothing here; [`Error::Port`] from keystore, prompt and network. Answers that are not known to have
    /// arrived are sent first, since the old key signed them.
    pub fn rotate_keys(&self, gateway: Id, class: KeyClass, cancel: &Cancel) -> Result<(), Error> {
        let link = self.link(gateway);
        let _changing = match link.changing.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(PortError::Busy.into()),
        };
        if self.finish_change(gateway, &link, class, cancel)? {
            return Ok(());
        }
        self.send_every_unsent(gateway, cancel)?;
        let nonce = self.attest_nonce(gateway, &link, cancel)?;
        let name = self.begin_change(gateway, class, nonce, cancel)?;
        match self.settle(gateway, &link, &name, cancel).map_err(Error::from) {
            // It may know the key of an earlier change alone.
            Err(fault @ Error::Gateway(_)) if !self.settle_abandoned(gateway, &link, class, cancel)? => Err(fault),
            Err(Error::Gateway(_)) => Ok(()),
            outcome => outcome,
        }
    }

    /// Finishes what an earlier call began. Says whether that was the change which is asked for now.
    fn finish_change(&self, id: Id, link: &Link, class: KeyClass, cancel: &Cancel) -> Result<bool, Error> {
        let record = self.record(id)?;
        // While a new key serves unsigned, no other is asked for by it.
        let serves = record.changes().find(|change| change.class == class && change.before.is_some());
        let Some(change) = serves.or(record.change.as_deref()) else { return Ok(false) };
        if change.request.is_none() {
            // Interrupted while the key was being made: nothing was sent.
            self.drop_change(id, &change.name)?;
            return Ok(false);
        }
        let is_this = change.class == class;
        match self.settle(id, link, &change.name, cancel).map_err(Error::from) {
            Ok(()) => Ok(is_this),
            Err(fault @ (Error::Gateway(GatewayError::Policy(ErrorWhy::State)) | Error::Port(_))) => Err(fault),
            Err(fault @ Error::Gateway(_)) => {
                if self.settle_abandoned(id, link, class, cancel)? {
                    return Ok(is_this);
                }
                // Neither a refusal nor what seems to show that the key was not taken is signed: it is kept.
                let is_given_up = self.update(id, |record, _| {
                    let is_unused = |it: &KeyChange| it.name == change.name && it.unused && it.before.is_none();
                    let may = record.change.as_deref().is_some_and(is_unused)
                        && record.abandoned.len() < limits::KEYS_ABANDONED;
                    if may {
                        record.abandon_change();
                    }
                    Ok(may)
                })?;
                if is_given_up { Ok(false) } else { Err(fault) }
            }
            Err(fault) => Err(fault),
        }
    }

    /// Asks for the receipts of changes that were given up: the gateway may have taken one. Says whether it did.
    fn settle_abandoned(&self, id: Id, link: &Link, class: KeyClass, cancel: &Cancel) -> Result<bool, Stop> {
        let record = self.record(id)?;
        for change in record.abandoned.iter().filter(|change| change.class == class) {
            match self.settle(id, link, &change.name, cancel) {
                Ok(()) => return Ok(true),
                Err(stop @ (Stop::Gone | Stop::Fault(Error::Port(_)))) => return Err(stop),
                Err(_) => {}
            }
        }
        Ok(false)
    }

    /// A nonce given just now, for the new key to be attested by, where the gateway asks for that.
    fn attest_nonce(&self, id: Id, link: &Link, cancel: &Cancel) -> Result<Option<Nonce>, Error> {
        let record = self.record(id)?;
        if !attest::is_asked(&record.trusted.metadata().policy) {
            return Ok(None);
        }
        // Each answer brings a nonce; what this one says is for a refresh to take.
        self.line(&record, link).metadata(cancel)?;
        Ok(link.memory.nonce())
    }

    /// Names the new key, makes it, and puts the whole request on disk. The key's name.
    fn begin_change(&self, id: Id, class: KeyClass, nonce: Option<Nonce>, cancel: &Cancel) -> Result<KeyName, Error> {
        let name = self.update(id, |record, now| {
            record.enrolled().ok_or(InputError::NotFound)?;
            if record.change.is_some() {
                return Err(PortError::Busy.into());
            }
            record.keys.more += 1;
            let name = KeyName::numbered(word(class), record.keys.more, &record.id);
            // Late rather than early: what the gateway takes by the old key a day after this shows that it has no other.
            let asked = record.gateway_time(now).max(record.signed).max(now);
            let change = KeyChange {
                class,
                name: name.clone(),
                began: now,
                asked,
                request: None,
                refused: false,
                unused: false,
                before: None,
            };
            record.change = Some(Box::new(change));
            Ok(name)
        })?;
        let made = self.make_change(id, class, &name, nonce, cancel);
        if made.is_err() {
            self.drop_change(id, &name)?;
        }
        let request = made?;
        self.update(id, |record, _| {
            let change = record.change.as_mut().filter(|change| change.name == name).ok_or(PortError::Interrupted)?;
            change.request = Some(request);
            Ok(name.clone())
        })
    }

    fn make_change(
        &self,
        id: Id,
        class: KeyClass,
        name: &KeyName,
        nonce: Option<Nonce>,
        cancel: &Cancel,
    ) -> Result<(KeysRequest, countersign_protocol::jose::H32), Error> {
        let record = self.record(id)?;
        let enrolled = record.enrolled().ok_or(InputError::NotFound)?;
        let purpose = match class {
            KeyClass::Ak => Purpose::Approve(record.keys.uv),
            KeyClass::Pk => Purpose::Prove,
        };
        let challenge = nonce.as_ref().map(|nonce| keys_attestation_challenge(&enrolled.did, nonce));
        let AttestedKey { jwk, chain } = self.make_key(purpose, name, challenge, cancel)?;
        let attested = nonce.zip(attest::of_change(chain));
        let kid = jwk.thumbprint();
        let (jti, now) = (self.ports.random.id()?, self.ports.clock.now());
        let input = keys::request(&record, enrolled, class, jwk, attested, jti, now)?;
        let by_old = self.sign_as(&record, enrolled, class, record.keys.of(class), input.as_bytes(), cancel)?;
        let keys = keys::signed(&input, by_old)?;
        let input = keys::pop(&record, enrolled, &keys)?;
        let by_new = self.sign_as(&record, enrolled, class, name, input.as_bytes(), cancel)?;
        Ok((KeysRequest { keys, pop: keys::signed(&input, by_new)? }, kid))
    }

    pub(super) fn sign_as(
        &self,
        record: &Record,
        enrolled: &Enrolled,
        class: KeyClass,
        name: &KeyName,
        input: &[u8],
        cancel: &Cancel,
    ) -> Result<[u8; 64], Error> {
        let signature = match class {
            KeyClass::Pk => self.ports.keystore.sign_proof(name, input)?,
            KeyClass::Ak => {
                let app = record.trusted.metadata().name.as_str().to_owned();
                let prompt = Prompt { app, host: record.u.host().to_owned(), account: enrolled.acct.clone() };
                self.ports.keystore.sign_approval(name, &prompt, input, cancel)?
            }
        };
        Ok(der(&signature)?)
    }

    /// Takes back a change whose request was never taken: record first, then the key.
    fn drop_change(&self, id: Id, name: &KeyName) -> Result<(), Error> {
        self.update(id, |record, _| {
            record.change.take_if(|change| change.name == *name);
            Ok(())
        })?;
        // What fails now is done at the next start.
        let _ = self.ports.keystore.delete(name);
        Ok(())
    }

    /// At a poll: repeats a request whose receipt did not come. It stops repeating when the gateway refuses it, and
    /// waits while answers by the old key are on their way. A fault is left for the next time.
    pub(super) fn settle_quietly(&self, id: Id, link: &Link, cancel: &Cancel) -> Result<(), Stop> {
        let record = self.record(id)?;
        let waits = |change: &&KeyChange| change.request.is_some() && !change.refused;
        // A new key that serves already is worth asking for again whatever was said of it.
        let due = record.change.as_deref().filter(waits).or_else(|| record.changes().find(|it| it.before.is_some()));
        let now = self.ports.clock.now();
        let Some(change) = due else { return Ok(()) };
        if record.approvals.iter().any(|approval| approval.unsent(now).is_some()) {
            return Ok(());
        }
        let Ok(_changing) = link.changing.try_lock() else { return Ok(()) };
        match self.settle(id, link, &change.name, cancel) {
            Err(stop @ (Stop::Gone | Stop::Fault(Error::Port(PortError::Cancelled)))) => Err(stop),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// When the gateway does not know the present key: sends each request once more, also those that were refused. A
    /// refusal is not signed, and the gateway may have taken a key all the same. Says whether a receipt came.
    pub(super) fn settle_refused(&self, id: Id, link: &Link, cancel: &Cancel) -> Result<bool, Stop> {
        let record = self.record(id)?;
        let Ok(_changing) = link.changing.try_lock() else { return Ok(false) };
        for change in record.changes().filter(|change| change.request.is_some()) {
            match self.settle(id, link, &change.name, cancel) {
                Ok(()) => return Ok(true),
                Err(stop @ (Stop::Gone | Stop::Fault(Error::Port(PortError::Cancelled)))) => return Err(stop),
                Err(_) => {}
            }
        }
        Ok(false)
    }

    /// When there is no receipt to be had, as for a suspended device: a gateway that takes a proof by the other `pk` of a
    /// change knows that one, for all that is known. It serves from now on, and both are kept: the word is not signed.
    /// Says whether one was taken.
    pub(super) fn prove_by_other(&self, id: Id, link: &Link, cancel: &Cancel) -> Result<bool, Stop> {
        let record = self.record(id)?;
        let body = echo(&record, 0)?;
        for change in record.changes().filter(|change| change.class == KeyClass::Pk) {
            let Some((name, kid)) = change.other() else { continue };
            let call = Call::post("poll", &body, 200);
            match self.line(&record, link).proven(call, Prover { name, kid }, Duration::ZERO, cancel) {
                Ok(_) => {
                    return self
                        .update(id, |record, _| {
                            record.exchange(&change.name);
                            Ok(true)
                        })
                        .map_err(Stop::from);
                }
                Err(fault) => match self.stop(id, link, fault, cancel) {
                    stop @ (Stop::Gone | Stop::Fault(Error::Port(PortError::Cancelled))) => return Err(stop),
                    Stop::Fault(_) => {}
                },
            }
        }
        Ok(false)
    }

    /// Takes note that the gateway took a proof by the present `pk` of `record`, at `at` of its time.
    pub(super) fn note_old_key(&self, id: Id, record: &Record, at: u64) -> Result<(), Error> {
        let Some(change) = &record.change else { return Ok(()) };
        let mut noted = change.clone();
        noted.note_old_key(KeyClass::Pk, at);
        if noted.unused == change.unused {
            return Ok(());
        }
        self.update(id, |record, _| {
            if let Some(change) = record.change.as_mut().filter(|change| change.name == noted.name) {
                change.unused = true;
            }
            Ok(())
        })
    }

    /// Sends the stored request for the key of this name, byte for byte, and takes its receipt.
    fn settle(&self, id: Id, link: &Link, name: &KeyName, cancel: &Cancel) -> Result<(), Stop> {
        let mut may_refresh = true;
        loop {
            let record = self.record(id)?;
            let enrolled = record.enrolled().ok_or_else(|| Stop::without_enrolment(&record))?;
            let Some(change) = record.change_to(name) else { return Ok(()) };
            let Some((request, _)) = &change.request else { return Ok(()) };
            let (fault, cause) = match self.post_keys(&record, enrolled, change, link, cancel) {
                Ok(body) => match keys::receipt(&record, &enrolled.did, request, &body) {
                    Ok(iat) => return Ok(self.take_change(id, name, iat)?),
                    Err(Unverified::UnknownKey(kid)) => {
                        (Stop::Fault(GatewayError::from(Unverified::UnknownKey(kid)).into()), Some(Cause::Kid(kid)))
                    }
                    Err(fault) => return Err(Stop::Fault(GatewayError::from(fault).into())),
                },
                Err(fault) => {
                    let cause = cause_of(&fault);
                    (self.stop(id, link, fault, cancel), cause)
                }
            };
            if !self.refreshed(id, link, cause, &mut may_refresh, cancel)? {
                self.note_refusal(id, name, &fault)?;
                return Err(fault);
            }
        }
    }

    /// Proven by the present `pk`. Once the gateway took a new `pk` it may know that one alone, so a refusal is tried
    /// with the other.
    fn post_keys(
        &self,
        record: &Record,
        enrolled: &Enrolled,
        change: &KeyChange,
        link: &Link,
        cancel: &Cancel,
    ) -> Result<Vec<u8>, Fault> {
        let Some((request, _)) = &change.request else { return Err(PortError::Failed.into()) };
        let body = serde_json::to_vec(request).map_err(|_| PortError::Failed)?;
        let (call, line) = (Call::post("keys", &body, 200), self.line(record, link));
        let present = super::gateway::prover(record, enrolled.kids);
        let other = change.other().filter(|_| change.class == KeyClass::Pk);
        match (line.proven(call, present, Duration::ZERO, cancel), other) {
            (Err(Fault::Refused), Some((name, kid))) => line.proven(call, Prover { name, kid }, Duration::ZERO, cancel),
            (outcome, _) => outcome,
        }
    }

    /// A refusal is not signed, so the request stays; but it is not repeated by itself any more.
    fn note_refusal(&self, id: Id, name: &KeyName, stop: &Stop) -> Result<(), Error> {
        let refused = matches!(
            stop,
            Stop::Fault(Error::Gateway(
                GatewayError::Policy(_) | GatewayError::DeviceRefused | GatewayError::Status(_) | GatewayError::Version
            ))
        );
        // «In this state» passes: the device may become active, the change before may be over.
        let passes = matches!(stop, Stop::Fault(Error::Gateway(GatewayError::Policy(ErrorWhy::State))));
        if !refused || passes {
            return Ok(());
        }
        self.update(id, |record, _| {
            if let Some(change) = record.change.as_mut().filter(|change| change.name == *name) {
                change.refused = true;
            }
            Ok(())
        })
    }

    /// The gateway signed that it took the new key: it is the key of its class from now on.
    fn take_change(&self, id: Id, name: &KeyName, signed: u64) -> Result<(), Error> {
        self.update(id, |record, now| {
            // Another process may have taken the same receipt first.
            record.take_key(name);
            record.saw_signed(signed, now);
            Ok(())
        })?;
        self.notify(Topic::Gateways);
        Ok(())
    }

    /// After a call that the present keys proved: those before them have served. Record first, then the keystore.
    pub(super) fn delete_retired(&self, id: Id) -> Result<(), Error> {
        let retired = match self.record(id)? {
            record if record.retired.is_empty() => return Ok(()),
            record => record.retired.clone(),
        };
        self.update(id, |record, _| {
            record.retired.retain(|name| !retired.contains(name));
            Ok(())
        })?;
        for name in &retired {
            // What fails now is done at the next start.
            let _ = self.ports.keystore.delete(name);
        }
        Ok(())
    }
}

/// What the keys of a class are called in the keystore.
fn word(class: KeyClass) -> &'static str {
    match class {
        KeyClass::Ak => "approve",
        KeyClass::Pk => "prove",
    }
}
