//! Decisions: what may be decided, the answer that says it, and what the gateway made of it (push-v1 section 7).
//!
//! One decision is signed once. Until its result is known it is repeated byte for byte, also after the app was killed.

use countersign_protocol::jose::{FormError, H32, Id, Refused, SigningInput};
use countersign_protocol::json;
use countersign_protocol::otp::Typed;
use countersign_protocol::push::{
    Answer, AnswerReply, AnswerWhy, Challenge, ClosedStatus, KeyClass, Message, Number, Op, Res, Status, check,
};
use countersign_protocol::uri::QrSecret;
use subtle::ConstantTimeEq as _;

use super::meta;
use crate::error::{Error, GatewayError, InputError};
use crate::port::Prompt;
use crate::record::{Approval, Decision, Record, Verdict};

/// What the person decides.
#[derive(Debug)]
pub enum Choice {
    /// Yes, with the digits of the page.
    Approve(Typed),
    /// Yes, with what the camera saw on the page.
    Scanned(QrSecret),
    /// No.
    Deny,
    /// No, and somebody else has the password.
    Report,
}

impl Choice {
    /// Which key signs it.
    pub fn class(&self) -> KeyClass {
        if self.res() == Res::Approve { KeyClass::Ak } else { KeyClass::Pk }
    }

    fn res(&self) -> Res {
        match self {
            Self::Approve(_) | Self::Scanned(_) => Res::Approve,
            Self::Deny => Res::Deny,
            Self::Report => Res::Report,
        }
    }
}

/// What is to be done for a decision.
#[derive(Debug)]
pub enum Step {
    /// Sign this, keep it, send it.
    Sign(Draft),
    /// It was signed before and is not known to have arrived: send the answer of this id.
    Repeat(Id),
    /// It was made and arrived before.
    Done(Verdict),
}

/// An answer before it is signed.
#[derive(Debug)]
pub struct Draft {
    /// What is signed.
    pub input: SigningInput,
    /// Its `jti`.
    pub jti: Id,
    /// What was decided.
    pub res: Res,
    /// What the platform's prompt names, for an approval.
    pub prompt: Prompt,
}

impl Draft {
    /// The decision as it is kept.
    ///
    /// # Errors
    /// [`FormError`] when the signature is not one.
    pub fn signed(self, signature: [u8; 64], now: u64) -> Result<Decision, FormError> {
        Ok(Decision { answer: Message::parse(&self.input.attach(signature))?, made: now, result: None })
    }
}

/// Says what a decision takes, or why it cannot be made now. `jti` is fresh.
///
/// # Errors
/// [`InputError`] when the approval is not there, has ended for this, or the digits are not as many as asked for;
/// [`GatewayError`] when the gateway's metadata or key does not allow to approve.
pub fn decide(record: &Record, challenge: Id, choice: &Choice, jti: Id, now: u64) -> Result<Step, Error> {
    let approval = record.approval(challenge).filter(|a| a.is_offered(now)).ok_or(InputError::NotFound)?;
    if let Some(step) = made_before(approval, choice, now) {
        return Ok(step);
    }
    let claims = approval.challenge.claims();
    if claims.op == Op::Info && choice.res() != Res::Report {
        // A notice asks nothing.
        return Err(InputError::WrongKind("notice").into());
    }
    match choice {
        Choice::Approve(typed) => may_approve(record, approval, Some(typed), now)?,
        Choice::Scanned(_) => may_approve(record, approval, None, now)?,
        Choice::Deny | Choice::Report => {}
    }
    let enrolled = record.enrolled().ok_or(InputError::NotFound)?;
    let answer = Answer {
        iss: enrolled.did,
        aud: record.u.clone(),
        jti,
        iat: now,
        cj: challenge,
        ch: approval.challenge.jws().h(),
        res: choice.res(),
        nm: match choice {
            // The digits leave their type to be signed: that is what they were typed for.
            Choice::Approve(typed) => Some(Number::try_from(typed.expose()).map_err(|_| Error::Internal)?),
            Choice::Scanned(_) | Choice::Deny | Choice::Report => None,
        },
        qs: match choice {
            Choice::Scanned(QrSecret(qs)) => Some(*qs),
            Choice::Approve(_) | Choice::Deny | Choice::Report => None,
        },
        why: match choice {
            Choice::Approve(_) | Choice::Scanned(_) => None,
            Choice::Deny => Some(AnswerWhy::Cancelled),
            Choice::Report => Some(AnswerWhy::NotMe),
        },
        via: approval.via,
    };
    let input = SigningInput::of(enrolled.kids.of(choice.class()), &answer).map_err(|_| Error::Internal)?;
    Ok(Step::Sign(Draft { input, jti, res: choice.res(), prompt: prompt(record, claims) }))
}

/// The same decision, if this phone made it before.
fn made_before(approval: &Approval, choice: &Choice, now: u64) -> Option<Step> {
    // Who reported said no too.
    let same = |decision: &&Decision| {
        decision.res() == choice.res() || (choice.res() == Res::Deny && decision.res() == Res::Report)
    };
    let last = approval.answers.iter().rfind(same)?;
    match (last.result, choice) {
        (Some(verdict), Choice::Deny | Choice::Report) if verdict.st != Status::Mismatch => Some(Step::Done(verdict)),
        (None, Choice::Deny | Choice::Report) if last.may_repeat(now) => Some(Step::Repeat(last.jti())),
        (None, Choice::Approve(typed)) if last.may_repeat(now) && says(last, typed) => Some(Step::Repeat(last.jti())),
        // A poll on the way to this may have sent it.
        (Some(verdict), Choice::Scanned(qs)) if saw(last, qs) => Some(Step::Done(verdict)),
        (None, Choice::Scanned(qs)) if last.may_repeat(now) && saw(last, qs) => Some(Step::Repeat(last.jti())),
        _ => None,
    }
}

/// Whether the signed decision carries these digits.
fn says(decision: &Decision, typed: &Typed) -> bool {
    let typed = Number::try_from(typed.expose());
    decision.answer.claims().nm.as_ref().is_some_and(|nm| typed.is_ok_and(|typed| nm.matches(&typed)))
}

/// Whether the signed decision carries what this camera saw.
fn saw(decision: &Decision, QrSecret(qs): &QrSecret) -> bool {
    decision.answer.claims().qs.is_some_and(|signed| signed.as_bytes().ct_eq(qs.as_bytes()).into())
}

fn may_approve(record: &Record, approval: &Approval, typed: Option<&Typed>, now: u64) -> Result<(), Error> {
    let claims = approval.challenge.claims();
    if let Some(left) = approval.left {
        return Err(InputError::Ended(left.how).into());
    }
    if approval.is_refused() {
        return Err(InputError::DecidedMeanwhile.into());
    }
    if record.gateway_time(now) > claims.exp {
        return Err(InputError::Ended(ClosedStatus::Expired).into());
    }
    if let Err(refused) = record.trusted.key(approval.challenge.jws().kid()) {
        // A key that was removed signs nothing any more, also what it signed before.
        return Err(GatewayError::Refused(refused).into());
    }
    meta::may_approve(record, now)?;
    if typed.is_some_and(|typed| typed.len() != usize::from(claims.nm.get())) {
        return Err(InputError::DigitsAsked(claims.nm.get()).into());
    }
    Ok(())
}

fn prompt(record: &Record, claims: &Challenge) -> Prompt {
    Prompt {
        app: claims.app.as_str().to_owned(),
        host: record.u.host().to_owned(),
        account: claims.acct.as_str().to_owned(),
    }
}

/// Takes the gateway's answer to a decision: verified, and for this answer to this challenge.
///
/// # Errors
/// The `kid` when the key is not known; else why it is not acceptable.
pub fn verdict(record: &Record, decision: &Decision, body: &[u8]) -> Result<Signed, Unverified> {
    let reply: AnswerReply = json::parse(body).map_err(Unverified::Malformed)?;
    let kid = reply.result.jws().kid();
    let outcome =
        check::outcome(reply.result, &record.trusted, decision.answer.claims()).map_err(|refused| match refused {
            Refused::Key => Unverified::UnknownKey(kid),
            other => Unverified::Refused(other),
        })?;
    let claims = outcome.claims();
    Ok(Signed { verdict: Verdict { st: claims.st, left: claims.left }, iat: claims.iat })
}

/// A result that verified.
#[derive(Debug, Clone, Copy)]
pub struct Signed {
    /// What it says.
    pub verdict: Verdict,
    /// When the gateway said it.
    pub iat: u64,
}

/// Why a result was not taken.
#[derive(Debug, Clone, Copy)]
pub enum Unverified {
    /// Signed by a key that the phone does not know (yet).
    UnknownKey(H32),
    /// Not a result at all.
    Malformed(FormError),
    /// Not acceptable.
    Refused(Refused),
}

impl From<Unverified> for GatewayError {
    fn from(fault: Unverified) -> Self {
        match fault {
            Unverified::UnknownKey(_) => Self::Refused(Refused::Key),
            Unverified::Malformed(rule) => Self::Malformed(rule),
            Unverified::Refused(why) => Self::Refused(why),
        }
    }
}

/// Records a verified result.
pub fn take(record: &mut Record, challenge: Id, answer: Id, signed: Signed, now: u64) {
    record.saw_signed(signed.iat, now);
    let Some(approval) = record.approval_mut(challenge) else { return };
    let Some(decision) = approval.answers.iter_mut().find(|decision| decision.jti() == answer) else { return };
    decision.result = Some(signed.verdict);
    let by_ak = decision.res() == Res::Approve;
    if let Some(change) = record.change.as_mut().filter(|_| by_ak) {
        // The key that signed it is the present one still.
        change.note_old_key(KeyClass::Ak, signed.iat);
    }
    let how = match signed.verdict.st {
        Status::Wrong => return,
        Status::Approved => ClosedStatus::Approved,
        Status::Denied => ClosedStatus::Denied,
        Status::Reported => ClosedStatus::Reported,
        Status::Failed => ClosedStatus::Failed,
        Status::Closed => ClosedStatus::Closed,
        Status::Expired => ClosedStatus::Expired,
        Status::Unknown => ClosedStatus::Unknown,
        Status::Mismatch => ClosedStatus::Other,
    };
    record.close(challenge, how, now);
}
