//! Enrolment: a device's request and a gateway's receipt (push-v1 sections 5.3 and 5.4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{AttestationFormat, BaseUrl, Level, List, Message, Os, UserVerification};
use crate::Secret;
use crate::jose::{Claims, FormError, H32, Id, Jwk, Refused, Typ, b64u};
use crate::json::{self, Wiped};
use crate::limits::{ATTESTATION_CHAIN, RECEIPT_TOTP};
use crate::seal::{self, Receiver, SealKey};
use crate::text::{T32, T64, T128};

/// Claims of `cs-enrol+jwt`, signed by the new `ak`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrol {
    /// The gateway.
    pub aud: BaseUrl,
    /// Thumbprint of the gateway's key, as the enrolment code named it.
    pub gk: H32,
    /// Which code this answers.
    pub e: Id,
    /// Drawn for this request.
    pub jti: Id,
    /// Phone time.
    pub iat: u64,
    /// What unlocks `ak`.
    pub uv: UserVerification,
    /// Where the keys are kept.
    pub level: Level,
    /// The device's keys.
    pub keys: EnrolKeys,
    /// Where bells go, if anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<PushAddress>,
    /// The device.
    pub dev: Dev,
    /// What proves `level`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub att: Option<Attestation>,
}

impl Claims for Enrol {
    const TYP: Typ = Typ::Enrol;

    fn check(&self) -> Result<(), FormError> {
        Ok(())
    }
}

/// The three keys of one enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolKeys {
    /// Approves and enrols.
    pub ak: Jwk,
    /// Proves, denies, reports.
    pub pk: Jwk,
    /// Opens sealed bodies.
    pub seal: SealKey,
}

/// Where bells go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushAddress {
    /// A Web Push endpoint. Any text in form; [`super::endpoint::check`] is asked after the keys.
    pub endpoint: String,
}

/// What a device says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dev {
    /// Its system.
    pub os: Os,
    /// Its model.
    pub model: T64,
    /// The application and its version.
    pub app: T32,
}

/// What proves where the keys are kept. Form alone; whoever takes it verifies the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "AttestationMembers", into = "AttestationMembers")]
pub enum Attestation {
    /// Certificate chains of both keys, leaf first, DER.
    AndroidKey {
        /// Of the approval key.
        ak: List<B64, 1, ATTESTATION_CHAIN>,
        /// Of the proof key.
        pk: List<B64, 1, ATTESTATION_CHAIN>,
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
struct AttestationMembers {
    fmt: AttestationFormat,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ak: Option<List<B64, 1, ATTESTATION_CHAIN>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pk: Option<List<B64, 1, ATTESTATION_CHAIN>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<B64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    obj: Option<B64>,
}

impl TryFrom<AttestationMembers> for Attestation {
    type Error = FormError;
    fn try_from(members: AttestationMembers) -> Result<Self, FormError> {
        match members {
            AttestationMembers { fmt: AttestationFormat::AndroidKey, ak: Some(ak), pk: Some(pk), .. } => {
                Ok(Self::AndroidKey { ak, pk })
            }
            AttestationMembers { fmt: AttestationFormat::AppleAppattest, kid: Some(kid), obj: Some(obj), .. } => {
                if kid.0.len() == 32 { Ok(Self::AppleAppattest { kid, obj }) } else { Err(FormError::Size) }
            }
            _ => Err(FormError::Missing),
        }
    }
}

impl From<Attestation> for AttestationMembers {
    fn from(attestation: Attestation) -> Self {
        match attestation {
            Attestation::AndroidKey { ak, pk } => {
                Self { fmt: AttestationFormat::AndroidKey, ak: Some(ak), pk: Some(pk), kid: None, obj: None }
            }
            Attestation::AppleAppattest { kid, obj } => {
                Self { fmt: AttestationFormat::AppleAppattest, ak: None, pk: None, kid: Some(kid), obj: Some(obj) }
            }
        }
    }
}

/// `b64`: bytes as base64 with padding (RFC 4648 section 4), as in `x5c`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct B64(pub Vec<u8>);

impl TryFrom<String> for B64 {
    type Error = FormError;
    fn try_from(text: String) -> Result<Self, FormError> {
        STANDARD.decode(text).map(Self).map_err(|_| FormError::Base64)
    }
}

impl From<B64> for String {
    fn from(bytes: B64) -> Self {
        STANDARD.encode(bytes.0)
    }
}

/// The body of `POST u/enrol`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolRequest {
    /// The request, signed by `ak`.
    pub enrol: Message<Enrol>,
    /// Binds the request to the code: [`super::EnrolCode::cm`].
    pub cm: H32,
}

/// The answer to `POST u/enrol`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolReply {
    /// The receipt.
    pub receipt: Message<Receipt>,
}

/// Claims of `cs-receipt+jwt`, as it answers an enrolment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The gateway.
    pub iss: BaseUrl,
    /// The device's id, drawn after the request.
    pub aud: Id,
    /// Gateway time.
    pub iat: u64,
    /// h of the request that this answers.
    pub eh: H32,
    /// The person's account.
    pub acct: T128,
    /// The gateway's name, as in metadata.
    pub name: T64,
    /// Until when the device waits for its digits.
    pub until: u64,
    /// [`SealedReceipt`], for the device's `seal`.
    pub sealed: Sealed,
}

impl Claims for Receipt {
    const TYP: Typ = Typ::Receipt;

    fn check(&self) -> Result<(), FormError> {
        Ok(())
    }
}

/// A sealed body inside a message: base64url.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sealed(pub Vec<u8>);

impl TryFrom<String> for Sealed {
    type Error = FormError;
    fn try_from(text: String) -> Result<Self, FormError> {
        b64u::decode(&text).map(Self)
    }
}

impl From<Sealed> for String {
    fn from(sealed: Sealed) -> Self {
        b64u::encode(&sealed.0)
    }
}

/// The secrets that a receipt carries under seal.
#[derive(Debug, Clone)]
pub struct SealedReceipt {
    /// The key of answer codes, 32 bytes.
    pub ok: Secret,
    /// An `otpauth://totp/` text for codes by time, at most 1024 bytes of ASCII.
    pub totp: Option<Secret>,
}

#[derive(Deserialize)]
struct SealedReceiptMembers {
    ok: Wiped,
    #[serde(default)]
    totp: Option<Wiped>,
}

impl SealedReceipt {
    /// Opens the sealed part of a receipt.
    ///
    /// # Errors
    /// [`Refused::Sealed`] when it does not open, or holds something else.
    pub fn open(receiver: &Receiver, sealed: &Sealed) -> Result<Self, Refused> {
        let plain = seal::open(receiver, &sealed.0)?;
        // Read here, into secrets again.
        Self::parse(plain.expose()).map_err(|_| Refused::Sealed)
    }

    /// Seals it for a device. `sender` and `salt` are drawn for this body alone.
    ///
    /// # Errors
    /// As [`seal::seal`]; [`FormError::Range`] when the values are not those of the schema.
    pub fn seal(&self, to: &SealKey, sender: &Secret, salt: &[u8; 16]) -> Result<Sealed, FormError> {
        let plain = self.to_plain()?;
        Self::parse(&plain)?;
        seal::seal(to, &plain, sender, salt).map(Sealed)
    }

    /// Reads the plain text.
    pub(crate) fn parse(plain: &[u8]) -> Result<Self, FormError> {
        let members: SealedReceiptMembers = json::parse(plain)?;
        let ok = Secret::from_slice(&*Zeroizing::new(b64u::decode_array::<32>(&members.ok.0)?));
        let totp = members.totp.map(|Wiped(text)| {
            let fits = text.is_ascii() && text.len() <= RECEIPT_TOTP && text.starts_with("otpauth://totp/");
            if fits { Ok(Secret::from_slice(text.as_bytes())) } else { Err(FormError::Range) }
        });
        Ok(Self { ok, totp: totp.transpose()? })
    }

    /// Writes the plain text.
    pub(crate) fn to_plain(&self) -> Result<Zeroizing<Vec<u8>>, FormError> {
        // Both leave their type to be written where the seal covers them.
        let ok = Zeroizing::new(b64u::encode(self.ok.expose()));
        let mut plain = Zeroizing::new(Vec::with_capacity(4 * RECEIPT_TOTP));
        plain.extend_from_slice(format!(r#"{{"ok":"{}""#, *ok).as_bytes());
        if let Some(totp) = &self.totp {
            let totp = core::str::from_utf8(totp.expose()).map_err(|_| FormError::Utf8)?;
            plain.extend_from_slice(br#","totp":"#);
            serde_json::to_writer(&mut *plain, totp).map_err(|_| FormError::Schema)?;
        }
        plain.push(b'}');
        Ok(plain)
    }
}
