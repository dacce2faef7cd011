//! Approvals: list, approve, deny, report.

use countersign_protocol::jose::Id;
use countersign_protocol::otp::Typed;
use countersign_protocol::push::KeyClass;

use super::gateway::der;
use super::poll::Stop;
use super::refresh::cause_of;
use super::{App, ApprovalId, ApprovalRow, Link, Verdict};
use crate::cancel::Cancel;
use crate::error::{Error, GatewayError, InputError, PortError};
use crate::port::Topic;
use crate::push::answer::{self, Choice, Draft, Step, Unverified};
use crate::push::call::{Call, Fault};
use crate::push::meta::Cause;
use crate::push::row;
use crate::record::{Decision, Record};

impl App {
    /// All approvals that a screen offers: open ones first, oldest first, so a second one waits behind the first; then
    /// those that ended in the last ten minutes, newest first, which can still be denied or reported.
    pub fn approvals(&self) -> Vec<ApprovalRow> {
        let now = self.ports.clock.now();
        let mut rows: Vec<ApprovalRow> = self.shown().records.iter().flat_map(|r| row::approvals(r, now)).collect();
        rows.sort_by_key(|row| (!row.is_open(), if row.is_open() { row.asked } else { u64::MAX - row.asked }, row.id));
        rows
    }

    /// Approves a login by the digits that its page shows. The keystore asks for the person.
    ///
    /// # Errors
    /// [`InputError::Ended`], [`InputError::DigitsAsked`]; [`GatewayError::MetadataExpired`] or [`GatewayError::Clock`]
    /// when nothing can be approved at this gateway now; [`Error::Port`] from prompt and network. When the answer was
    /// signed and its result is not known, the same call repeats it, as does [`App::poll`].
    pub fn approve(&self, id: ApprovalId, typed: Typed, cancel: &Cancel) -> Result<Verdict, Error> {
        self.refresh_expired(id.gateway, cancel)?;
        self.decide(id, &Choice::Approve(typed), cancel)
    }

    /// Says no to a login: nobody is let in by it, whatever is answered later.
    ///
    /// # Errors
    /// [`InputError::NotFound`] when it is over for more than ten minutes; [`Error::Port`] from the network: the answer
    /// is kept, and repeated by the same call or by [`App::poll`].
    pub fn deny(&self, id: ApprovalId, cancel: &Cancel) -> Result<Verdict, Error> {
        self.decide(id, &Choice::Deny, cancel)
    }

    /// Says no, and that somebody else has the password.
    ///
    /// # Errors
    /// As [`App::deny`].
    pub fn report(&self, id: ApprovalId, cancel: &Cancel) -> Result<Verdict, Error> {
        self.decide(id, &Choice::Report, cancel)
    }

    pub(super) fn decide(&self, id: ApprovalId, choice: &Choice, cancel: &Cancel) -> Result<Verdict, Error> {
        let record = self.record(id.gateway)?;
        let jti = self.ports.random.id()?;
        let answer = match answer::decide(&record, id.challenge, choice, jti, self.ports.clock.now())? {
            Step::Done(verdict) => return Ok(verdict),
            Step::Repeat(answer) => answer,
            Step::Sign(draft) => self.sign(&record, id, choice, draft, cancel)?,
        };
        self.notify(Topic::Approvals);
        let verdict = self.send(id, answer, cancel)?;
        self.notify(Topic::Approvals);
        Ok(verdict)
    }

    /// Signs a decision and puts it on disk before anything is sent.
    fn sign(
        &self,
        record: &Record,
        id: ApprovalId,
        choice: &Choice,
        draft: Draft,
        cancel: &Cancel,
    ) -> Result<Id, Error> {
        let keystore = &self.ports.keystore;
        let (input, class) = (draft.input.as_bytes(), choice.class());
        let signature = match class {
            KeyClass::Ak => keystore.sign_approval(&record.keys.ak, &draft.prompt, input, cancel),
            KeyClass::Pk => keystore.sign_proof(&record.keys.pk, input),
        };
        if signature == Err(PortError::KeyGone) {
            self.note_keyless(id.gateway);
        }
        let signature = signature?;
        let decision = draft.signed(der(&signature)?, self.ports.clock.now()).map_err(|_| Error::Internal)?;
        let (jti, kid) = (decision.jti(), decision.answer.jws().kid());
        self.update(id.gateway, |record, now| {
            // The prompt may have stood for a while: what held when it came up must hold now.
            match answer::decide(record, id.challenge, choice, jti, now)? {
                Step::Sign(_) => {}
                Step::Repeat(_) | Step::Done(_) => return Err(InputError::DecidedMeanwhile.into()),
            }
            if record.enrolled().is_none_or(|enrolled| enrolled.kids.of(class) != kid) {
                // The key changed while the prompt stood, and the gateway may not know the old one any more.
                return Err(PortError::Interrupted.into());
            }
            let approval = record.approval_mut(id.challenge).ok_or(InputError::NotFound)?;
            approval.answers.push(decision);
            Ok(jti)
        })
    }

    /// Sends one signed decision and records its result. A refusal asks for new keys of the gateway and repeats once.
    fn send(&self, id: ApprovalId, answer: Id, cancel: &Cancel) -> Result<Verdict, Error> {
        let link = self.link(id.gateway);
        let mut may_refresh = true;
        loop {
            let record = self.record(id.gateway)?;
            let decision = decision(&record, id.challenge, answer).ok_or(InputError::NotFound)?;
            let (fault, cause) = match self.send_once(&record, &link, decision, cancel) {
                Ok(body) => match answer::verdict(&record, decision, &body) {
                    Ok(signed) => {
                        return self.update(id.gateway, |record, now| {
                            answer::take(record, id.challenge, answer, signed, now);
                            Ok(signed.verdict)
                        });
                    }
                    Err(fault) => {
                        let cause = match fault {
                            Unverified::UnknownKey(kid) => Some(Cause::Kid(kid)),
                            _ => None,
                        };
                        (Stop::Fault(GatewayError::from(fault).into()), cause)
                    }
                },
                Err(fault) => {
                    let cause = cause_of(&fault);
                    (self.stop(id.gateway, &link, fault, cancel), cause)
                }
            };
            if !self.refreshed(id.gateway, &link, cause, &mut may_refresh, cancel)? {
                return Err(fault.into());
            }
        }
    }

    fn send_once(&self, record: &Record, link: &Link, decision: &Decision, cancel: &Cancel) -> Result<Vec<u8>, Fault> {
        // Written by hand: the very bytes that were signed and kept.
        let body = format!(r#"{{"answer":"{}"}}"#, decision.answer.jws().text());
        self.line(record, link).plain(Call::post("answer", body.as_bytes(), 200), cancel)
    }

    /// Repeats what was decided and is not known to have arrived. A fault leaves it for the next time; a verified
    /// removal ends the story.
    pub(super) fn send_unsent(&self, gateway: Id, cancel: &Cancel) -> Result<(), Stop> {
        let record = self.record(gateway)?;
        let now = self.ports.clock.now();
        let unsent = record.approvals.iter().filter_map(|a| Some((a.jti(), a.unsent(now)?.jti())));
        for (challenge, answer) in unsent {
            match self.send(ApprovalId { gateway, challenge }, answer, cancel) {
                Ok(_) => self.notify(Topic::Approvals),
                Err(Error::Gateway(GatewayError::Gone)) => return Err(Stop::Gone),
                Err(fault @ Error::Port(PortError::Cancelled)) => return Err(fault.into()),
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// The same before the keys that signed them change: what cannot be sent now ends the call that asked.
    pub(super) fn send_every_unsent(&self, gateway: Id, cancel: &Cancel) -> Result<(), Error> {
        let record = self.record(gateway)?;
        let now = self.ports.clock.now();
        let unsent = record.approvals.iter().filter_map(|a| Some((a.jti(), a.unsent(now)?.jti())));
        for (challenge, answer) in unsent {
            self.send(ApprovalId { gateway, challenge }, answer, cancel)?;
            self.notify(Topic::Approvals);
        }
        Ok(())
    }
}

fn decision(record: &Record, challenge: Id, answer: Id) -> Option<&Decision> {
    record.approval(challenge)?.answers.iter().find(|decision| decision.jti() == answer)
}
