//! What a poll asks and what it is told (push-v1 section 8). Neither is signed: of a State only
//! verified challenges count, the rest moves the display.

use serde::{Deserialize, Serialize};

use super::{ClosedStatus, DeviceState, Different, List, Os, Wait};
use crate::jose::{Id, b64u};
use crate::json;
use crate::limits::{CHALLENGES, JWS_CHALLENGE};
use crate::text::T64;

/// The body of `POST u/poll`: repeats the last State.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Echo {
    /// How long to wait for news, in seconds.
    pub wait: Wait,
    /// `jti` of the challenges in the last State, readable ones, each once.
    pub have: Different<Id, 0, CHALLENGES>,
    /// Those of them that the device verified and shows.
    pub seen: List<Id, 0, CHALLENGES>,
    /// As in the last State.
    pub device: DeviceState,
    /// As in the last State.
    pub meta: MetaVersion,
    /// `e` of the device that joins, as in the last State.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joining: Option<Id>,
}

/// The answer to a poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Gateway time.
    pub now: u64,
    /// What the gateway holds of the device.
    pub device: DeviceState,
    /// Which metadata holds.
    pub meta: MetaVersion,
    /// The open challenges, logins first. Text: one that cannot be read spoils none of the others.
    pub challenges: List<String, 0, CHALLENGES>,
    /// Those of `have` that are not open any more.
    pub closed: List<Closed, 0, CHALLENGES>,
    /// A device that enrolled by this device's invitation and waits for its digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joining: Option<Joining>,
}

/// A device that joins. Shown only by the device whose invitation has that `e`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    /// Which invitation.
    pub e: Id,
    /// The new device's system.
    pub os: Os,
    /// Its model.
    pub model: T64,
}

impl State {
    /// `have` of the next Echo: `jti` of the challenges, unreadable ones left out, each once.
    pub fn held(&self) -> Vec<Id> {
        let mut held = Vec::new();
        for id in self.challenges.iter().filter_map(|text| unverified_jti(text)) {
            if !held.contains(&id) {
                held.push(id);
            }
        }
        held
    }
}

/// Reads `jti` from a challenge without asking who signed it. Good for [`Echo::have`] alone.
pub fn unverified_jti(challenge: &str) -> Option<Id> {
    #[derive(Deserialize)]
    struct Payload {
        jti: Id,
    }
    if challenge.len() > JWS_CHALLENGE {
        return None;
    }
    let payload = b64u::decode(challenge.split('.').nth(1)?).ok()?;
    json::parse::<Payload>(&payload).ok().map(|payload| payload.jti)
}

/// How a challenge ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Which.
    pub jti: Id,
    /// How.
    pub st: ClosedStatus,
}

/// Which metadata: `[epoch, seq]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64)", into = "(u64, u64)")]
pub struct MetaVersion {
    /// Raised by recovery alone.
    pub epoch: u64,
    /// Raised by every change of content.
    pub seq: u64,
}

impl From<(u64, u64)> for MetaVersion {
    fn from((epoch, seq): (u64, u64)) -> Self {
        Self { epoch, seq }
    }
}

impl From<MetaVersion> for (u64, u64) {
    fn from(version: MetaVersion) -> Self {
        (version.epoch, version.seq)
    }
}
