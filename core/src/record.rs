//! What the phone knows of one enrolment. `device` keeps it, `push` reads and changes it, `App` brings them together.
//!
//! Everything that must survive the death of the process is here: names of keys before the keys are made, the exact
//! request before it is sent, each decision as it was signed before it is sent.

use std::fmt;

use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id, P256dh, b64u};
use countersign_protocol::push::check::{self, Trusted};
use countersign_protocol::push::{
    Answer, BaseUrl, Challenge, ClosedStatus, DeviceState, EnrolRequest, GoneWhy, KeyClass, KeysRequest, Message,
    MetaVersion, Res, Status, TriesLeft, UserVerification, Via,
};
use countersign_protocol::seal::SealKey;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

use crate::limits;
use crate::port::KeyName;

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

/// Names of the two signing keys, on disk before the keys are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Signs approvals and the enrolment, with a user check each time.
    pub ak: KeyName,
    /// Signs proofs, denials and reports.
    pub pk: KeyName,
    /// The user check of `ak`, fixed when it is made.
    pub uv: UserVerification,
    /// How many keys were named after the first two, so that no name comes twice.
    #[serde(default)]
    pub more: u32,
}

/// A change of one signing key, from its name to the gateway's receipt (push-v1 section 11, «Device keys»).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeyChange {
    /// Which key.
    pub class: KeyClass,
    /// The new key's name, on disk before the key is made.
    pub name: KeyName,
    /// When it was begun, by the phone's clock.
    pub began: u64,
    /// What is posted, and the new key's thumbprint; none while the key is being made. Once it may have been sent it is
    /// repeated byte for byte: a gateway that took it stops taking the old key within a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<(KeysRequest, H32)>,
    /// The gateway refused it, unsigned: it is not repeated by itself any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub refused: bool,
}

/// Thumbprints of the two signing keys: `kid` of what they sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kids {
    /// Of the approval key.
    pub ak: H32,
    /// Of the proof key.
    pub pk: H32,
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

/// An enrolment request, byte for byte.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// What is posted. Written again it is the same bytes: the signed part is kept as text.
    pub body: EnrolRequest,
    /// The keys it brings.
    pub kids: Kids,
    /// The receiving key of sealed messages.
    pub seal: Wrapped,
}

/// What a receipt brought.
#[derive(Clone, Serialize, Deserialize)]
pub struct Enrolled {
    /// The gateway's id of this device.
    pub did: Id,
    /// The keys it was enrolled with.
    pub kids: Kids,
    /// Whose account it is.
    pub acct: String,
    /// Until when the six digits are taken, in gateway time.
    pub until: u64,
    /// The six digits to type on the page while the device is pending.
    pub digits: String,
    /// What the gateway says of the device, unsigned: for display.
    pub device: DeviceState,
    /// The receiving key of sealed messages.
    pub seal: Wrapped,
    /// The receiving key that the gateway is being told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_seal: Option<NextSeal>,
    /// The receiving key before this one, for what was sealed before the gateway knew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_seal: Option<OldSeal>,
    /// Where bells go; none when the gateway was never told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bells: Option<Bells>,
    /// The key of answer codes.
    pub ok: Wrapped,
    /// A one-time-code account that waits for the vault to be opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totp: Option<Uri>,
}

/// A receiving key that the gateway may know already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextSeal {
    /// Its secret half.
    pub seal: Wrapped,
    /// What the gateway is told.
    pub public: SealKey,
    /// The gateway refused it, unsigned: it is not told again by itself.
    #[serde(default, skip_serializing_if = "is_false")]
    pub refused: bool,
}

/// A receiving key that the gateway does not use any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldSeal {
    /// Its secret half.
    pub seal: Wrapped,
    /// When it was replaced, by the phone's clock.
    pub at: u64,
}

/// Where bells go. `Debug` hides the endpoint: whoever knows it can ring.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bells {
    /// The endpoint, as the platform or a distributor gave it; none when there are no bells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// The gateway's sending key that it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vapid: Option<P256dh>,
    /// How far the gateway knows.
    pub told: Told,
}

/// How far a gateway knows what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// Not yet; it is told at the next poll.
    Waiting,
    /// It has it.
    Told,
    /// It refused it: it is not told again by itself.
    Refused,
}

/// An `otpauth` text, which holds a seed. It prints nothing and is wiped; the file it stands in is sealed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Uri(pub Zeroizing<String>);

impl From<String> for Uri {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<Uri> for String {
    fn from(uri: Uri) -> Self {
        uri.0.to_string()
    }
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

/// One challenge that was verified, and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Approval {
    /// The challenge as it was signed.
    pub challenge: Message<Challenge>,
    /// When it was taken, by the phone's clock.
    pub taken: u64,
    /// How it came.
    pub via: Via,
    /// When and how it stopped being open. Denying and reporting is offered for a while after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<Left>,
    /// Decisions signed on this phone, oldest first. The last one counts.
    pub answers: Vec<Decision>,
}

/// The end of a challenge's asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// By the phone's clock.
    pub at: u64,
    /// How it ended.
    pub how: ClosedStatus,
}

/// One decision of the person, signed once and repeated byte for byte until the gateway answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decision {
    /// The answer as it was signed.
    pub answer: Message<Answer>,
    /// When, by the phone's clock.
    pub made: u64,
    /// What the gateway made of it; none while it is not known to have arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Verdict>,
}

/// A gateway's verified result for one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The result.
    pub st: Status,
    /// Tries left, with `wrong` alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<TriesLeft>,
}

/// A challenge that is never taken again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedId {
    /// Its `jti`.
    pub jti: Id,
    /// When it was closed, by the phone's clock.
    pub at: u64,
}

/// Bytes that only the keystore can open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrapped(pub Vec<u8>);

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

    /// Ends the asking of one challenge, once. Says whether that is news.
    pub(crate) fn close(&mut self, jti: Id, how: ClosedStatus, now: u64) -> bool {
        let Some(approval) = self.approval_mut(jti).filter(|approval| approval.left.is_none()) else { return false };
        approval.left = Some(Left { at: now, how });
        self.closed.push(ClosedId { jti, at: now });
        true
    }

    /// Forgets what was kept long enough, by the phone's own clock: what a gateway says of the time ends nothing for good.
    pub(crate) fn tidy(&mut self, now: u64) {
        let over = |approval: &Approval| !approval.is_offered(now);
        let unclosed = self.approvals.iter().filter(|approval| over(approval) && approval.left.is_none());
        let closed: Vec<ClosedId> = unclosed.map(|approval| ClosedId { jti: approval.jti(), at: now }).collect();
        self.closed.extend(closed);
        self.approvals.retain(|approval| approval.is_offered(now));
        self.closed.retain(|closed| now.saturating_sub(closed.at) <= limits::CLOSED_KEPT);
        self.invitation.take_if(|invitation| now.abs_diff(invitation.began) > limits::INVITATION_KEPT);
        if check::may_approve(&self.trusted, now, self.signed) {
            self.clock_doubted = false;
        }
        if let Some(enrolled) = self.enrolled_mut() {
            // Also one that a clock set back puts into the future goes with the next day that passes.
            enrolled.old_seal.take_if(|old| now.saturating_sub(old.at) > limits::SEAL_KEPT);
        }
        let too_many = self.closed.len().saturating_sub(limits::CLOSED_MOST);
        self.closed.drain(..too_many);
    }

    /// Whether a file of `other` need not be written again for this.
    pub(crate) fn is_as_good_as(&self, other: &Self) -> bool {
        let same_clock = self.offset.abs_diff(other.offset) <= limits::CLOCK_NOISE;
        let other = Self { offset: self.offset, ..other.clone() };
        same_clock && matches!((self.to_bytes(), other.to_bytes()), (Ok(this), Ok(that)) if *this == *that)
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
        [ak, pk].into_iter().chain(self.change.as_ref().map(|change| &change.name)).chain(&self.retired)
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

impl Keys {
    /// The name of the key of this class.
    pub fn of(&self, class: KeyClass) -> &KeyName {
        match class {
            KeyClass::Ak => &self.ak,
            KeyClass::Pk => &self.pk,
        }
    }

    /// Puts another name in the place of the one of this class, which is returned.
    pub(crate) fn replace(&mut self, class: KeyClass, name: KeyName) -> KeyName {
        let place = match class {
            KeyClass::Ak => &mut self.ak,
            KeyClass::Pk => &mut self.pk,
        };
        std::mem::replace(place, name)
    }
}

impl Kids {
    /// The thumbprint of the key of this class.
    pub fn of(&self, class: KeyClass) -> H32 {
        match class {
            KeyClass::Ak => self.ak,
            KeyClass::Pk => self.pk,
        }
    }

    pub(crate) fn replace(&mut self, class: KeyClass, kid: H32) {
        match class {
            KeyClass::Ak => self.ak = kid,
            KeyClass::Pk => self.pk = kid,
        }
    }
}

impl Enrolled {
    /// The receiving keys that a sealed body may be for, the likeliest first.
    pub fn seals(&self, now: u64) -> impl Iterator<Item = &Wrapped> {
        let next = self.next_seal.as_ref().map(|next| &next.seal);
        let old = self.old_seal.as_ref().filter(|old| now.saturating_sub(old.at) <= limits::SEAL_KEPT);
        std::iter::once(&self.seal).chain(next).chain(old.map(|old| &old.seal))
    }
}

impl Approval {
    /// The challenge's id.
    pub fn jti(&self) -> Id {
        self.challenge.claims().jti
    }

    /// Until when it asks, in gateway time.
    pub fn exp(&self) -> u64 {
        self.challenge.claims().exp
    }

    /// Whether it still stands on the screen: open, or left its list not long ago.
    pub fn is_offered(&self, now: u64) -> bool {
        let claims = self.challenge.claims();
        let (since, long) = match self.left {
            Some(left) => (left.at, limits::OFFERED_AFTER),
            None => (self.taken, claims.exp - claims.iat + limits::OFFERED_AFTER),
        };
        now.saturating_sub(since) <= long || self.unsent(now).is_some()
    }

    /// The decision that counts and is not known to have arrived, as long as the gateway can still take it.
    pub fn unsent(&self, now: u64) -> Option<&Decision> {
        self.answers.last().filter(|decision| decision.result.is_none() && decision.may_repeat(now))
    }
}

impl Decision {
    /// `jti` of the answer.
    pub fn jti(&self) -> Id {
        self.answer.claims().jti
    }

    /// What was decided.
    pub fn res(&self) -> Res {
        self.answer.claims().res
    }

    /// Whether it is young enough to be sent again.
    pub fn may_repeat(&self, now: u64) -> bool {
        now.saturating_sub(self.made) <= limits::ANSWER_REPEATED
    }
}

impl Uri {
    /// Takes the text; none when it is not one.
    pub(crate) fn of(text: &Secret) -> Option<Self> {
        // It leaves its type to be written into the sealed file.
        let text = std::str::from_utf8(text.expose()).ok()?;
        Some(Self(Zeroizing::new(text.to_owned())))
    }
}

/// The digits are for one screen alone.
impl fmt::Debug for Enrolled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolled").field("did", &self.did).field("device", &self.device).finish_non_exhaustive()
    }
}

impl fmt::Debug for Bells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let there = self.endpoint.is_some();
        f.debug_struct("Bells").field("endpoint", &there).field("told", &self.told).finish_non_exhaustive()
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Uri(..)")
    }
}

impl Serialize for Wrapped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&b64u::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Wrapped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        b64u::decode(&String::deserialize(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

mod moving;
mod past;
#[cfg(test)]
mod tests;
