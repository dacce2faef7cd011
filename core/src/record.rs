//! What the phone knows of one enrolment. `device` keeps it, `push` reads and changes it, `App` brings them together.
//!
//! Everything that must survive the death of the process is here: names of keys before the keys are made, the exact
//! request before it is sent, each decision as it was signed before it is sent.

mod approval;
mod enrolled;
mod keys;
mod moving;
mod past;
#[cfg(test)]
mod tests;

use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::check::{self, Trusted};
use countersign_protocol::push::{BaseUrl, ClosedStatus, DeviceState, GoneWhy, MetaVersion, Op};
use serde::{Deserialize, Serialize, de};
use zeroize::Zeroizing;

use crate::limits;
use crate::port::KeyName;

pub use approval::{Approval, ClosedId, Decision, Left, Verdict};
pub use enrolled::{Bells, Enrolled, Request, Told, Uri};
pub use keys::{KeyChange, Keys, Kids, NextSeal, OldSeal, Wrapped};
pub use moving::{Invitation, InviteCode};
pub use past::{Past, PastEnd};

/// Form of a record file's content. A higher number is left alone.
const VERSION: u32 = 1;

/// One enrolment of this phone at one gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    version: u32,
    /// This phone's own name for it; never sent.
    pub id: Id,
    /// When it was begun, by the phone's clock.
    pub began: u64,
    /// The gateway's base URL: `iss` of all it signs.
    pub u: BaseUrl,
    /// Until when the code of the enrolment lives, as the code said.
    pub x: u64,
    /// The pin of the code, in force until the receipt is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<H32>,
    /// Names of the keys in the keystore.
    pub keys: Keys,
    /// A change of one of these keys that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Box<KeyChange>>,
    /// Changes that were given up for another, or for none. The gateway may have taken one of them all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub abandoned: Vec<KeyChange>,
    /// Keys that were replaced, until a call with their successor went well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<KeyName>,
    /// What the gateway's metadata says, taken last.
    pub trusted: Trusted,
    /// The greatest `iat` of a message of this epoch that was verified (push-v1 section 11, «last signed time»).
    pub signed: u64,
    /// Metadata that was fetched just then was past its time by this phone's clock, so that the clock is to be checked.
    #[serde(default, skip_serializing_if = "is_false")]
    pub clock_doubted: bool,
    /// The gateway's key changed more often than its links reach back: newer metadata cannot be taken any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub keys_lost: bool,
    /// How far the enrolment is.
    pub stage: Stage,
    /// Gateway's time minus the phone's, from the last State.
    pub offset: i64,
    /// The last State, as the next poll repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<LastState>,
    /// Approvals that are open, or left their list a short time ago. In the order they came.
    pub approvals: Vec<Approval>,
    /// Challenges that are never taken again.
    pub closed: Vec<ClosedId>,
    /// A move to another phone that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitation: Option<Box<Invitation>>,
}

/// How far an enrolment is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Stage {
    /// The names are on disk; the keys may be made.
    Preparing,
    /// The request is on disk and may have been sent.
    Requested(Box<Request>),
    /// The gateway gave its receipt.
    Enrolled(Box<Enrolled>),
    /// The gateway removed this device, and signed that it did.
    Gone {
        /// Why, in the gateway's word.
        why: GoneWhy,
        /// When the phone learned it, by its clock.
        at: u64,
        /// Whose account it was, if that was ever known.
        acct: Option<String>,
    },
}

/// What the next poll repeats of the last State.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastState {
    /// `jti` of its challenges, each once, also of those that were not taken.
    pub have: Vec<Id>,
    /// Its `device`.
    pub device: DeviceState,
    /// Its `meta`.
    pub meta: MetaVersion,
    /// `e` of its `joining`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joining: Option<Id>,
}

impl Record {
    /// A new enrolment, with names for keys that are not made yet.
    pub(crate) fn new(id: Id, began: u64, link: Target, keys: Keys, trusted: Trusted) -> Self {
        Self {
            version: VERSION,
            id,
            began,
            u: link.u,
            x: link.x,
            p: link.p,
            keys,
            change: None,
            abandoned: Vec::new(),
            retired: Vec::new(),
            clock_doubted: false,
            keys_lost: false,
            signed: check::last_signed(0, trusted.metadata().iat, began),
            trusted,
            stage: Stage::Preparing,
            offset: 0,
            last: None,
            approvals: Vec::new(),
            closed: Vec::new(),
            invitation: None,
        }
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// When it is not a record, or one of a later version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let record: Self = serde_json::from_slice(bytes)?;
        if record.version == VERSION { Ok(record) } else { Err(de::Error::custom("another version")) }
    }

    /// The content of its file.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(self).map(Zeroizing::new)
    }

    /// What the receipt brought, if it came and the device is not gone.
    pub fn enrolled(&self) -> Option<&Enrolled> {
        match &self.stage {
            Stage::Enrolled(enrolled) => Some(enrolled),
            _ => None,
        }
    }

    pub(crate) fn enrolled_mut(&mut self) -> Option<&mut Enrolled> {
        match &mut self.stage {
            Stage::Enrolled(enrolled) => Some(enrolled),
            _ => None,
        }
    }

    /// The gateway's time, as far as the phone knows it. For challenges alone, never for codes.
    pub fn gateway_time(&self, now: u64) -> u64 {
        now.saturating_add_signed(self.offset)
    }

    /// A moment of gateway time, by the phone's clock.
    pub fn phone_time(&self, gateway: u64) -> u64 {
        gateway.saturating_add_signed(self.offset.saturating_neg())
    }

    /// How far this phone's clock is ahead of the gateway's, in seconds, where it told its time since the enrolment.
    pub fn clock_ahead(&self) -> Option<i64> {
        let told = self.enrolled().is_some() && self.last.is_some();
        told.then(|| self.offset.saturating_neg())
    }

    /// The approval of this challenge.
    pub fn approval(&self, jti: Id) -> Option<&Approval> {
        self.approvals.iter().find(|approval| approval.jti() == jti)
    }

    /// The same, to change it.
    pub(crate) fn approval_mut(&mut self, jti: Id) -> Option<&mut Approval> {
        self.approvals.iter_mut().find(|approval| approval.jti() == jti)
    }

    /// Whether this challenge was closed before.
    pub fn is_closed(&self, jti: Id) -> bool {
        self.closed.iter().any(|closed| closed.jti == jti)
    }

    /// A State says that one challenge asks no more. That is not signed, so it moves the display and nothing else. Says
    /// whether it is news.
    pub(crate) fn show_ended(&mut self, jti: Id, how: ClosedStatus, now: u64) -> bool {
        let Some(approval) = self.approval_mut(jti).filter(|approval| approval.left.is_none()) else { return false };
        approval.left = Some(Left { at: now, how, told: true });
        true
    }

    /// A State lists one challenge as open that is shown as ended by the word of a State alone. Says whether there was one.
    pub(crate) fn reopen(&mut self, jti: Id, now: u64) -> bool {
        let shown = self.approval_mut(jti).filter(|approval| approval.is_offered(now));
        shown.is_some_and(|approval| approval.left.take_if(|left| left.told).is_some())
    }

    /// Ends the asking of one challenge for good, once: the gateway signed it, or the person put it away. Says whether that
    /// is news.
    pub(crate) fn close(&mut self, jti: Id, how: ClosedStatus, now: u64) -> bool {
        let asks = |approval: &&mut Approval| approval.left.is_none_or(|left| left.told);
        let Some(approval) = self.approval_mut(jti).filter(asks) else { return false };
        approval.left = Some(Left { at: now, how, told: false });
        self.closed.push(ClosedId { jti, at: now });
        true
    }

    /// Forgets what was kept long enough, by the phone's own clock: what a gateway says of the time ends nothing for good.
    pub(crate) fn tidy(&mut self, now: u64) {
        self.approvals.iter_mut().for_each(|approval| approval.turn_back(now));
        while let Some(at) = self.beyond_room() {
            let approval = self.approvals.remove(at);
            if approval.left.is_none_or(|left| left.told) {
                self.closed.push(ClosedId { jti: approval.jti(), at: now });
            }
        }
        let over = |approval: &Approval| !approval.is_offered(now);
        let is_noted = |approval: &Approval| approval.left.is_some_and(|left| !left.told);
        let unclosed = self.approvals.iter().filter(|approval| over(approval) && !is_noted(approval));
        let closed: Vec<ClosedId> = unclosed.map(|approval| ClosedId { jti: approval.jti(), at: now }).collect();
        self.closed.extend(closed);
        self.approvals.retain(|approval| approval.is_offered(now));
        self.closed.retain(|closed| now.saturating_sub(closed.at) <= limits::CLOSED_KEPT);
        self.invitation.take_if(|invitation| now.abs_diff(invitation.began) > limits::INVITATION_KEPT);
        if check::may_approve(&self.trusted, now, self.signed) {
            self.clock_doubted = false;
        }
        if let Some(enrolled) = self.enrolled_mut() {
            enrolled.old_seal.iter_mut().for_each(|old| old.at = old.at.min(now));
            enrolled.old_seal.take_if(|old| now.saturating_sub(old.at) > limits::SEAL_KEPT);
        }
        let too_many = self.closed.len().saturating_sub(limits::CLOSED_MOST);
        self.closed.drain(..too_many);
    }

    /// The place of what goes first where more is kept than there is room for: the oldest notice, else what ended, else
    /// the oldest.
    fn beyond_room(&self) -> Option<usize> {
        if self.approvals.len() <= limits::APPROVALS_MOST {
            return None;
        }
        let notice = |approval: &Approval| approval.challenge.claims().op == Op::Info;
        let first = self.approvals.iter().position(notice);
        Some(first.or_else(|| self.approvals.iter().position(|approval| approval.left.is_some())).unwrap_or(0))
    }

    /// Whether a file of `other` need not be written again for this.
    pub(crate) fn is_as_good_as(&self, other: &Self) -> bool {
        let same_clock = self.offset.abs_diff(other.offset) <= limits::CLOCK_NOISE;
        let other = Self { offset: self.offset, ..other.clone() };
        same_clock && matches!((self.to_bytes(), other.to_bytes()), (Ok(this), Ok(that)) if *this == *that)
    }

    /// Whether no receipt came in the time that a code and its request live.
    pub fn is_abandoned(&self, now: u64) -> bool {
        !self.has_receipt() && now.abs_diff(self.began) > limits::REQUEST_KEPT
    }

    /// Whether a receipt came, ever.
    pub fn has_receipt(&self) -> bool {
        matches!(self.stage, Stage::Enrolled(_) | Stage::Gone { .. })
    }

    /// The names of all keys that are still wanted, also of those that are being made or replaced.
    pub fn key_names(&self) -> impl Iterator<Item = &KeyName> {
        let wanted = !matches!(self.stage, Stage::Gone { .. });
        self.every_key_name().filter(move |_| wanted)
    }

    /// The names of all keys that it ever named and that may still be in the keystore.
    pub fn every_key_name(&self) -> impl Iterator<Item = &KeyName> {
        let Keys { ak, pk, .. } = &self.keys;
        let mut names = vec![ak, pk];
        for change in self.changes() {
            names.push(&change.name);
            names.extend(change.before.as_ref().map(|(name, _)| name));
        }
        names.extend(&self.retired);
        names.into_iter()
    }

    /// Takes note of a verified message's `iat` for the last signed time.
    pub(crate) fn saw_signed(&mut self, iat: u64, now: u64) {
        self.signed = check::last_signed(self.signed, iat, now);
    }
}

/// Where an enrolment goes, of its code.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) u: BaseUrl,
    pub(crate) x: u64,
    pub(crate) p: Option<H32>,
}

fn is_false(value: &bool) -> bool {
    !value
}
