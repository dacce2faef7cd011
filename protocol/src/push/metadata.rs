//! Metadata: a gateway's keys, policy and pins, signed by one of the keys (push-v1 section 11).

use serde::{Deserialize, Serialize};

use super::{Attest, BaseUrl, Different, LeastLevel, List, Message, NumberLength, PushMode, UserVerification};
use crate::jose::{Claims, FormError, H32, Jwk, P256dh, Typ};
use crate::limits::{LINKS, META_KEYS, META_PINS, RECOVERY};
use crate::text::T64;

/// Claims of `cs-meta+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The gateway.
    pub iss: BaseUrl,
    /// When it was signed.
    pub iat: u64,
    /// When it stops to count.
    pub exp: u64,
    /// Raised by recovery alone.
    pub epoch: u64,
    /// Raised by every change of content.
    pub seq: u64,
    /// The keys that sign for this gateway.
    pub keys: Different<Jwk, 1, META_KEYS>,
    /// Thumbprint of the recovery key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gr: Option<H32>,
    /// The recovery key itself; counts in recovery steps alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grk: Option<Jwk>,
    /// The gateway's name.
    pub name: T64,
    /// The key a Web Push subscription is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vapid: Option<P256dh>,
    /// SHA-256 of the TLS keys the gateway uses; none means platform trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pins: Option<Different<H32, 1, META_PINS>>,
    /// What the gateway asks and offers.
    pub policy: Policy,
}

impl Claims for Metadata {
    const TYP: Typ = Typ::Meta;

    /// Nothing more: life and signer are rules of taking it, in [`super::check`].
    fn check(&self) -> Result<(), FormError> {
        Ok(())
    }
}

impl Metadata {
    /// The key of that thumbprint, if it signs for this gateway.
    pub fn key(&self, thumbprint: &H32) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.thumbprint() == *thumbprint)
    }

    /// When half of its life is over: then the gateway signs it anew, and devices fetch it.
    pub fn half_life(&self) -> u64 {
        self.iat + self.exp.saturating_sub(self.iat) / 2
    }
}

/// What a gateway asks of devices and offers them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Digits of an approval.
    pub digits: NumberLength,
    /// What must unlock the approval key.
    pub uv: UserVerification,
    /// Whether attestation is wanted.
    pub attest: Attest,
    /// The least level of the keys.
    pub level: LeastLevel,
    /// What is pushed.
    pub push: PushMode,
    /// Whether codes by time are taken.
    pub totp: bool,
    /// Whether answer codes are taken.
    pub offline: bool,
    /// Whether a device may invite its successor.
    #[serde(rename = "move")]
    pub moving: bool,
}

/// The answer to `GET u/metadata`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MetadataReply {
    /// The metadata of now.
    pub meta: Message<Metadata>,
    /// The steps of rotation, oldest first; empty where there is none.
    pub links: List<Message<Link>, 0, LINKS>,
    /// The steps of recovery, oldest first; empty where there is none.
    pub recovery: List<Message<Metadata>, 0, RECOVERY>,
}

/// Claims of `cs-link+jwt`: one step of rotation, signed by the old key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The gateway.
    pub iss: BaseUrl,
    /// When it was signed.
    pub iat: u64,
    /// Thumbprint of the old key.
    pub from: H32,
    /// The new key.
    pub to: Jwk,
}

impl Claims for Link {
    const TYP: Typ = Typ::Link;

    /// Nothing more: who signed it is a rule of the walk, in [`super::walk`].
    fn check(&self) -> Result<(), FormError> {
        Ok(())
    }
}
