//! What approvals need remembered, and the values that go in and out.

use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::{Challenge, Op};
use countersign_protocol::text::T256;

use super::rule::{HOLD, Verdict};
use super::{Means, Push, State};
use crate::audit::Caller;
use crate::moment::{Deadline, Moment};
use crate::person::PersonId;
use crate::store::StoreFault;

/// One approval as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// `aid`.
    pub id: Id,
    /// Who is asked.
    pub person: PersonId,
    /// What began it; only that consumes it.
    pub client: String,
    /// The browser that began it.
    pub binding: H32,
    /// The state as written; [`Row::state`] tells it as of now.
    pub stored: State,
    /// Goes up with each change that a page shows.
    pub rev: u64,
    /// Whether phones were asked.
    pub push: Push,
    /// Sealed: see [`super::Shown`].
    pub shown: Vec<u8>,
    /// Tries left.
    pub tries: u8,
    /// When it began.
    pub begun: u64,
    /// End of the asking, as phones are told.
    pub exp: u64,
    /// Until when the stored state lasts.
    pub ends: Deadline,
    /// Source network.
    pub network: String,
    /// Bells beyond the first.
    pub resends: u32,
    /// When the bell rang last.
    pub rung: u64,
    /// A phone verified the challenge and shows it.
    pub delivered: bool,
    /// When it was approved, denied, reported or failed.
    pub decided: Option<u64>,
    /// The device that did.
    pub decided_by: Option<Id>,
    /// By what it was approved.
    pub means: Option<Means>,
    /// When it was consumed.
    pub consumed: Option<u64>,
    /// When it was reported after it was consumed.
    pub reported: Option<u64>,
    /// Where the page that began it goes on afterwards.
    pub next: String,
    /// What is asked.
    pub asks: Asks,
}

/// What an approval asks, and how long a yes counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asks {
    /// The operation; never `info`, which is no approval.
    pub op: Op,
    /// Seconds between approve and consume.
    pub hold: u64,
    /// Whether the yes itself takes it: with an action there is nobody who comes for it.
    pub at_once: bool,
    /// The claims of a challenge for nobody yet (`aud` and `jti` are zero), as JSON: from them an answer code's is made.
    /// Empty on an approval of an earlier version: it has none.
    pub question: String,
}

impl Asks {
    /// A sign-in.
    pub fn login(question: String) -> Self {
        Self { op: Op::Login, hold: HOLD, at_once: false, question }
    }

    /// The words to agree to, where that is what is asked.
    pub fn msg(&self) -> Option<T256> {
        serde_json::from_str::<Challenge>(&self.question).ok()?.msg
    }

    /// Whether another one asks the same, at another moment.
    pub fn is_same(&self, other: &Self) -> bool {
        let what = |it: &Self| (it.op, it.hold, it.at_once, it.msg());
        what(self) == what(other)
    }
}

/// The challenge that the page shows to one phone without a network (`push-v1.md` §12). It stands in no State, and no
/// phone answers it online.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offline {
    /// The device that was picked.
    pub did: Id,
    /// Its own id.
    pub jti: Id,
    /// h of the JWS: the question of the code.
    pub ch: H32,
    /// The JWS.
    pub jws: String,
}

/// An approval to be written, with a challenge for each active phone.
#[derive(Debug, Clone)]
pub struct NewApproval {
    /// `aid`.
    pub id: Id,
    /// Who is asked.
    pub person: PersonId,
    /// What begins it.
    pub client: String,
    /// Hash of the cookie secret of the browser that begins it.
    pub binding: H32,
    /// Sealed digits and QR secret.
    pub shown: Vec<u8>,
    /// Tries.
    pub tries: u8,
    /// End of the asking.
    pub exp: u64,
    /// Source network.
    pub network: String,
    /// Where the page goes on afterwards.
    pub next: String,
    /// What is asked.
    pub asks: Asks,
    /// Whether the one who begins it states a right first factor.
    pub first_factor: bool,
    /// One a phone; stored only when phones are asked.
    pub challenges: Vec<NewChallenge>,
}

/// A challenge as it travels.
#[derive(Debug, Clone)]
pub struct NewChallenge {
    /// Its id, new for each device.
    pub jti: Id,
    /// The device.
    pub did: Id,
    /// h of the JWS.
    pub ch: H32,
    /// The JWS.
    pub jws: String,
}

/// How a beginning ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Began {
    /// It is open; whether phones were asked, and what the same browser had open before, which this called off.
    Open(Push, Vec<Id>),
    /// The same question to the same person by the same client and browser is open already, and stays the only one.
    Same(Id, Push),
    /// Digits were wrong too often in a row: begin again after so many seconds.
    Wait(u64),
}

/// What a phone decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes, with digits or QR that were right or not. They are compared before the transaction, since they never change.
    Approve {
        /// Digits or QR are those of the approval.
        right: bool,
        /// Which of the two.
        means: Means,
    },
    /// No.
    Deny,
    /// No, and somebody else is at work.
    Report,
}

/// One verified answer of a device.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// The device that signed.
    pub did: Id,
    /// The answer's `jti`.
    pub aj: Id,
    /// h of the answer.
    pub h: H32,
    /// The challenge it names.
    pub cj: Id,
    /// The hash of that challenge, as the device signed it.
    pub ch: H32,
    /// What it says.
    pub decision: Decision,
}

/// What the store knows before an answer is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// The device is gone.
    Gone,
    /// The same answer came before: its result, byte for byte.
    Repeat(String),
    /// A new one, and what it would do at this moment.
    New(Verdict),
}

/// How recording an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// Stored with the result that was given; the change is made. The approvals that changed.
    Done(Vec<Id>),
    /// The row changed since it was judged: judge and sign anew. Nothing is stored.
    Changed,
    /// Another transmission of the same answer was faster: its result.
    Repeat(String),
    /// The device is gone.
    Gone,
}

/// A code typed where the approval began.
#[derive(Debug, Clone, Copy)]
pub struct CodeAttempt {
    /// The approval.
    pub id: Id,
    /// The browser.
    pub binding: H32,
    /// What makes this code; none when nothing does.
    pub hit: Option<Hit>,
}

/// What makes the code that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// The seed of a device, at this step.
    Totp {
        /// The device.
        did: Id,
        /// The step.
        step: u64,
    },
    /// The answer key of a device, for this challenge.
    Answer {
        /// The device.
        did: Id,
        /// h of the challenge that it was shown.
        ch: H32,
    },
}

impl Hit {
    /// The device.
    pub fn did(&self) -> Id {
        match self {
            Self::Totp { did, .. } | Self::Answer { did, .. } => *did,
        }
    }

    /// By what it approves.
    pub fn means(&self) -> Means {
        match self {
            Self::Totp { .. } => Means::Code,
            Self::Answer { .. } => Means::Answer,
        }
    }
}

/// How a code ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeEnd {
    /// Right: approved.
    Approved,
    /// Wrong, or a step that was used: so many tries left.
    Wrong(u8),
    /// That was the last try.
    Failed,
    /// Ten wrong codes in a row: codes are off until another second factor. No try was taken.
    Off,
    /// The approval is not open any more, or is another browser's.
    NotOpen,
}

/// How a resend ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resent {
    /// The bell rings.
    Rung,
    /// Too early: so many seconds more.
    Wait(u64),
    /// All resends are used, no phone was asked, or it is not open.
    No,
}

/// What earlier approvals left behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Pushes since the last success.
    pub pushes: u32,
    /// Wrong digits in a row.
    pub wrong: u32,
    /// When the last of them was.
    pub wrong_at: u64,
    /// Wrong codes in a row.
    pub wrong_codes: u32,
}

/// A challenge of a device and the approval behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenged {
    /// Its `jti`.
    pub jti: Id,
    /// h of the JWS.
    pub ch: H32,
    /// The JWS as it travels.
    pub jws: String,
    /// The approval.
    pub approval: Row,
}

/// Remembers approvals. Whatever changes a row does so by one guarded statement, so of two at once one wins and the other
/// is told; each change stands in the audit in the same transaction. All calls block.
pub trait Store: Send + Sync {
    /// Begins an approval as [`super::rule::begin`] allows. What the same browser has open for another person or client
    /// is called off by it, and by nothing less.
    ///
    /// # Errors
    /// [`StoreFault`]; then nothing is stored.
    fn begin(&self, new: NewApproval, at: Moment, by: Caller) -> Result<Began, StoreFault>;

    /// The approval `id`.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn get(&self, id: Id) -> Result<Option<Row>, StoreFault>;

    /// The newest approval that the browser began.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn of_browser(&self, binding: H32) -> Result<Option<Row>, StoreFault>;

    /// Writes down that an approval ran out: pending to expired, approved to lapsed. Whether it had.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn settle(&self, id: Id, at: Moment, by: Caller) -> Result<bool, StoreFault>;

    /// What `attempt` would do at this moment. Changes nothing.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn judge(&self, attempt: Attempt, at: Moment) -> Result<Judged, StoreFault>;

    /// Does what was judged, if it still is so, and keeps `result` for repeats.
    ///
    /// # Errors
    /// [`StoreFault`]; then nothing is stored.
    fn record(
        &self,
        attempt: Attempt,
        judged: Verdict,
        result: String,
        at: Moment,
        by: Caller,
    ) -> Result<Recorded, StoreFault>;

    /// Decides an approval by a code, or takes a try.
    ///
    /// # Errors
    /// [`StoreFault`]; then no try is taken.
    fn code(&self, attempt: CodeAttempt, at: Moment, by: Caller) -> Result<CodeEnd, StoreFault>;

    /// Remembers what a phone without a network is shown, instead of what another one was. Whether the approval is
    /// pending, and this browser's.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn offer(&self, id: Id, binding: H32, offline: Offline, at: Moment, by: Caller) -> Result<bool, StoreFault>;

    /// What a phone without a network was shown last for this approval.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn offline(&self, id: Id) -> Result<Option<Offline>, StoreFault>;

    /// Rings once more.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn resend(&self, id: Id, binding: H32, at: Moment, by: Caller) -> Result<Resent, StoreFault>;

    /// Calls a pending approval off. Whether it was pending.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn cancel(&self, id: Id, binding: H32, at: Moment, by: Caller) -> Result<bool, StoreFault>;

    /// Calls off what is pending of a person, because the last phone went or the person was disabled. Which ones.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn cancel_all(&self, person: PersonId, at: Moment, by: Caller) -> Result<Vec<Id>, StoreFault>;

    /// Takes an approved one, once, for the client and the browser that began it. The row as it is then, or none.
    ///
    /// # Errors
    /// [`StoreFault`]; then it is not consumed.
    fn consume(&self, id: Id, client: &str, binding: H32, at: Moment, by: Caller) -> Result<Option<Row>, StoreFault>;

    /// The open challenges of a device, oldest first.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn open_challenges(&self, did: Id, at: Moment) -> Result<Vec<Challenged>, StoreFault>;

    /// The challenge `jti`, if it is this device's.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn challenge(&self, did: Id, jti: Id) -> Result<Option<Challenged>, StoreFault>;

    /// Notes that the device verified and shows these; the approvals for which that is new.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn delivered(&self, did: Id, seen: Vec<Id>, at: Moment) -> Result<Vec<Id>, StoreFault>;

    /// What earlier approvals of the person left behind.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn standing(&self, person: PersonId) -> Result<Standing, StoreFault>;

    /// Another second factor was shown: pushes and wrong digits start anew. Wrong codes do not, which only a right code ends,
    /// nor does the hour after a denial (`push-v1.md` §10).
    ///
    /// # Errors
    /// [`StoreFault`].
    fn reset(&self, person: PersonId) -> Result<(), StoreFault>;

    /// Writes down what ran out, also where no page looks again; forgets answers past their time and approvals that began
    /// before `before`.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn sweep(&self, before: u64, at: Moment) -> Result<(), StoreFault>;
}
