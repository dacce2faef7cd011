//! A challenge that was taken, and what the person and the gateway made of it.

use countersign_protocol::jose::Id;
use countersign_protocol::push::{Answer, Challenge, ClosedStatus, Message, Res, Status, TriesLeft, Via};
use serde::{Deserialize, Serialize};

use crate::limits;

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
    /// Decisions signed on this phone, oldest first.
    pub answers: Vec<Decision>,
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
        self.deciding().filter(|decision| decision.result.is_none() && decision.may_repeat(now))
    }

    /// Whether the person said no here, and the gateway did not say that it cannot take that.
    pub fn is_refused(&self) -> bool {
        self.deciding().is_some_and(|decision| decision.res() != Res::Approve)
    }

    /// A report counts before a denial and a denial before an approval, unless the gateway said that it cannot take it.
    fn deciding(&self) -> Option<&Decision> {
        let is_void = |decision: &&Decision| {
            matches!(decision.result, Some(Verdict { st: Status::Mismatch | Status::Unknown, .. }))
        };
        self.answers.iter().filter(|decision| !is_void(decision)).max_by_key(|decision| match decision.res() {
            Res::Approve => 0,
            Res::Deny => 1,
            Res::Report => 2,
        })
    }

    /// What was noted while the phone's clock was ahead counts from now.
    pub(super) fn turn_back(&mut self, now: u64) {
        self.taken = self.taken.min(now);
        if let Some(left) = &mut self.left {
            left.at = left.at.min(now);
        }
        self.answers.iter_mut().for_each(|decision| decision.made = decision.made.min(now));
    }
}

/// The end of a challenge's asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// By the phone's clock.
    pub at: u64,
    /// How it ended.
    pub how: ClosedStatus,
    /// A State said so, which is not signed: where a later one lists it as open, it is open again.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub told: bool,
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
