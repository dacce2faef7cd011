//! A device changes one of its keys, or where it is pushed to (push-v1 sections 4 and 11).

use serde::{Deserialize, Serialize};

use super::{AttestationFormat, B64, BaseUrl, KeyClass, List, Message, Nonce};
use crate::jose::{Claims, FormError, H32, Id, Jwk, Typ};
use crate::limits::ATTESTATION_CHAIN;
use crate::seal::SealKey;

/// Claims of `cs-keys+jwt`, signed by the old key of the class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// The device.
    pub iss: Id,
    /// The gateway.
    pub aud: BaseUrl,
    /// Drawn for this request.
    pub jti: Id,
    /// Phone time.
    pub iat: u64,
    /// Which of the two keys changes.
    pub class: KeyClass,
    /// The new key.
    pub jwk: Jwk,
    /// The gateway's nonce that the attestation is bound to; stands with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Nonce>,
    /// What proves where the new key is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub att: Option<KeyAttestation>,
}

impl Claims for Keys {
    const TYP: Typ = Typ::Keys;

    fn check(&self) -> Result<(), FormError> {
        if self.nonce.is_some() == self.att.is_some() { Ok(()) } else { Err(FormError::Unexpected) }
    }
}

/// Claims of `cs-pop+jwt`, signed by the new key: it is there, and means this request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pop {
    /// The device.
    pub iss: Id,
    /// The gateway.
    pub aud: BaseUrl,
    /// h of the request.
    pub nh: H32,
}

impl Claims for Pop {
    const TYP: Typ = Typ::Pop;

    fn check(&self) -> Result<(), FormError> {
        Ok(())
    }
}

/// What proves where one new key is kept. Form alone; whoever takes it verifies the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Members", into = "Members")]
pub enum KeyAttestation {
    /// The key's certificate chain, leaf first, DER.
    AndroidKey {
        /// Of the new key.
        chain: List<B64, 1, ATTESTATION_CHAIN>,
    },
    /// An App Attest object.
    AppleAppattest {
        /// Its key's id, 32 bytes.
        kid: B64,
        /// The object, CBOR.
        obj: B64,
    },
}

#[derive(Serialize, Deserialize)]
struct Members {
    fmt: AttestationFormat,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chain: Option<List<B64, 1, ATTESTATION_CHAIN>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<B64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    obj: Option<B64>,
}

impl TryFrom<Members> for KeyAttestation {
    type Error = FormError;
    fn try_from(members: Members) -> Result<Self, FormError> {
        match members {
            Members { fmt: AttestationFormat::AndroidKey, chain: Some(chain), .. } => Ok(Self::AndroidKey { chain }),
            Members { fmt: AttestationFormat::AppleAppattest, kid: Some(kid), obj: Some(obj), .. } => {
                if kid.0.len() == 32 { Ok(Self::AppleAppattest { kid, obj }) } else { Err(FormError::Size) }
            }
            _ => Err(FormError::Missing),
        }
    }
}

impl From<KeyAttestation> for Members {
    fn from(attestation: KeyAttestation) -> Self {
        match attestation {
            KeyAttestation::AndroidKey { chain } => {
                Self { fmt: AttestationFormat::AndroidKey, chain: Some(chain), kid: None, obj: None }
            }
            KeyAttestation::AppleAppattest { kid, obj } => {
                Self { fmt: AttestationFormat::AppleAppattest, chain: None, kid: Some(kid), obj: Some(obj) }
            }
        }
    }
}

/// The body of `POST u/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysRequest {
    /// The request, signed by the old key.
    pub keys: Message<Keys>,
    /// The new key's word for it.
    pub pop: Message<Pop>,
}

/// The answer to `POST u/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysReply {
    /// The receipt.
    pub receipt: Message<KeysReceipt>,
}

/// Claims of `cs-receipt+jwt`, as it answers a change of a key: that it was taken, and nothing more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeysReceipt {
    /// The gateway.
    pub iss: BaseUrl,
    /// The device.
    pub aud: Id,
    /// Gateway time.
    pub iat: u64,
    /// h of the request that this answers.
    pub eh: H32,
}

impl Claims for KeysReceipt {
    const TYP: Typ = Typ::Receipt;

    fn check(&self) -> Result<(), FormError> {
        Ok(())
    }
}

/// The body of `PUT u/push`: at least one of the two. What is absent stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PutPushMembers", into = "PutPushMembers")]
pub struct PutPush {
    /// Where bells go from now on. Any text in form; [`super::endpoint::check`] is asked after the proof.
    pub endpoint: Option<String>,
    /// What opens sealed bodies from now on.
    pub seal: Option<SealKey>,
}

#[derive(Serialize, Deserialize)]
struct PutPushMembers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seal: Option<SealKey>,
}

impl TryFrom<PutPushMembers> for PutPush {
    type Error = FormError;
    fn try_from(PutPushMembers { endpoint, seal }: PutPushMembers) -> Result<Self, FormError> {
        if endpoint.is_none() && seal.is_none() { Err(FormError::Missing) } else { Ok(Self { endpoint, seal }) }
    }
}

impl From<PutPush> for PutPushMembers {
    fn from(PutPush { endpoint, seal }: PutPush) -> Self {
        Self { endpoint, seal }
    }
}
