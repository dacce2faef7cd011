//! What is remembered of an approval or a notice that is over (push-v1 section 13: 90 days, sealed).

use countersign_protocol::jose::Id;
use countersign_protocol::push::{Challenge, ClosedStatus, Message, Res, Status};
use serde::{Deserialize, Serialize};

/// One entry of the history.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Past {
    /// What was asked or told, as it was signed.
    pub challenge: Message<Challenge>,
    /// When it was asked, by the phone's clock.
    pub asked: u64,
    /// When it ended, by the phone's clock.
    pub at: u64,
    /// How it ended.
    pub end: PastEnd,
}

/// How an approval or a notice ended, as this phone knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PastEnd {
    /// This phone decided, and this is what the gateway made of it.
    Decided(Status),
    /// This phone decided, and never learned whether that arrived.
    Sent(Res),
    /// It ended without this phone.
    Ended(ClosedStatus),
    /// A notice that the person put away.
    Dismissed,
    /// An answer code for it was shown here.
    CodeShown,
}

impl Past {
    /// The challenge's id.
    pub fn jti(&self) -> Id {
        self.challenge.claims().jti
    }
}
