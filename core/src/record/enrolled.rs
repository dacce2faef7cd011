//! An enrolment request, and what its receipt brought.

use std::fmt;

use countersign_protocol::Secret;
use countersign_protocol::jose::{Id, P256dh};
use countersign_protocol::push::{DeviceState, EnrolRequest};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Kids, NextSeal, OldSeal, Wrapped};
use crate::limits;

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

impl Enrolled {
    /// The receiving keys that a sealed body may be for, the likeliest first.
    pub fn seals(&self, now: u64) -> impl Iterator<Item = &Wrapped> {
        let next = self.next_seal.as_ref().map(|next| &next.seal);
        let old = self.old_seal.as_ref().filter(|old| now.saturating_sub(old.at) <= limits::SEAL_KEPT);
        std::iter::once(&self.seal).chain(next).chain(old.map(|old| &old.seal))
    }
}

/// The digits are for one screen alone.
impl fmt::Debug for Enrolled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolled").field("did", &self.did).field("device", &self.device).finish_non_exhaustive()
    }
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

impl fmt::Debug for Bells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let there = self.endpoint.is_some();
        f.debug_struct("Bells").field("endpoint", &there).field("told", &self.told).finish_non_exhaustive()
    }
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

impl Uri {
    /// Takes the text; none when it is not one.
    pub(crate) fn of(text: &Secret) -> Option<Self> {
        // It leaves its type to be written into the sealed file.
        let text = std::str::from_utf8(text.expose()).ok()?;
        Some(Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Uri(..)")
    }
}
