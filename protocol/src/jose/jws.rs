//! Compact ES256 signatures (RFC 7515 section 3.1), in the one shape this protocol allows.

use core::fmt;

use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{FormError, H32, Jwk, Refused, b64u, signature};
use crate::json::{self, Value};
use crate::limits;

/// The kinds of signed messages. A reader knows which it expects before it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Typ {
    /// A gateway's keys and policy.
    Meta,
    /// A device's request to enrol.
    Enrol,
    /// A gateway's receipt for an enrolment.
    Receipt,
    /// A question to one device.
    Challenge,
    /// A device's decision.
    Answer,
    /// What a gateway made of an answer.
    Result,
    /// A gateway's word that a device is removed.
    Gone,
    /// A device's signature over one HTTP request.
    Proof,
    /// An old gateway key's word for a new one.
    Link,
    /// A device's request to change one of its keys.
    Keys,
    /// The new key's word for that request.
    Pop,
    /// A device's request to invite its successor.
    Invite,
    /// A device's word for the successor, with its digits.
    Confirm,
}

impl Typ {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Meta,
        Self::Enrol,
        Self::Receipt,
        Self::Challenge,
        Self::Answer,
        Self::Result,
        Self::Gone,
        Self::Proof,
        Self::Link,
        Self::Keys,
        Self::Pop,
        Self::Invite,
        Self::Confirm,
    ];

    /// `typ` of the header, compared byte for byte.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Meta => "cs-meta+jwt",
            Self::Enrol => "cs-enrol+jwt",
            Self::Receipt => "cs-receipt+jwt",
            Self::Challenge => "cs-challenge+jwt",
            Self::Answer => "cs-answer+jwt",
            Self::Result => "cs-result+jwt",
            Self::Gone => "cs-gone+jwt",
            Self::Proof => "cs-proof+jwt",
            Self::Link => "cs-link+jwt",
            Self::Keys => "cs-keys+jwt",
            Self::Pop => "cs-pop+jwt",
            Self::Invite => "cs-invite+jwt",
            Self::Confirm => "cs-confirm+jwt",
        }
    }

    /// How long the whole JWS may be, in characters.
    pub fn limit(self) -> usize {
        match self {
            Self::Meta => limits::JWS_META,
            Self::Enrol => limits::JWS_ENROL,
            Self::Receipt => limits::JWS_RECEIPT,
            Self::Challenge => limits::JWS_CHALLENGE,
            Self::Answer => limits::JWS_ANSWER,
            Self::Result => limits::JWS_RESULT,
            Self::Gone => limits::JWS_GONE,
            Self::Proof => limits::JWS_PROOF,
            Self::Link => limits::JWS_LINK,
            Self::Keys => limits::JWS_KEYS,
            Self::Pop => limits::JWS_POP,
            Self::Invite => limits::JWS_INVITE,
            Self::Confirm => limits::JWS_CONFIRM,
        }
    }
}

/// What a signed message says: a value of one schema.
pub trait Claims: Serialize + DeserializeOwned {
    /// The kind of message these claims travel in.
    const TYP: Typ;

    /// Checks the rules that bind several members together (push-v1 section 15, «form»).
    ///
    /// # Errors
    /// The rule that is broken.
    fn check(&self) -> Result<(), FormError>;
}

/// A JWS whose form is checked. Nothing is known yet of who signed it.
#[derive(Clone, PartialEq, Eq)]
pub struct Jws {
    text: String,
    kid: H32,
    signed: usize,
    payload: Vec<u8>,
    signature: [u8; 64],
}

impl Jws {
    /// Reads a compact JWS of the kind expected.
    ///
    /// # Errors
    /// The rule of form it breaks, [`FormError::Large`] before any other.
    pub fn parse(text: &str, typ: Typ) -> Result<Self, FormError> {
        Self::parse_with_payload(text, typ).map(|(jws, _)| jws)
    }

    /// The same, with the payload as it was read.
    pub(crate) fn parse_with_payload(text: &str, typ: Typ) -> Result<(Self, Value), FormError> {
        if text.len() > typ.limit() {
            return Err(FormError::Large);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(FormError::Parts);
        };
        let kid = check_header(&b64u::decode(header)?, typ)?;
        let signed = header.len() + 1 + payload.len();
        let payload = b64u::decode(payload)?;
        let value = json::parse_value(&payload)?;
        let signature = b64u::decode_array::<64>(signature).map_err(|error| match error {
            FormError::Size => FormError::Signature,
            other => other,
        })?;
        signature::check(&signature)?;
        Ok((Self { text: text.to_owned(), kid, signed, payload, signature }, value))
    }

    /// `kid` of the header: the thumbprint of the key that should have signed this.
    pub fn kid(&self) -> H32 {
        self.kid
    }

    /// The characters before the second dot: what is signed.
    pub fn signing_input(&self) -> &str {
        &self.text[..self.signed]
    }

    /// h(JWS): SHA-256 of the signing input. The same for both twins of a signature.
    pub fn h(&self) -> H32 {
        H32::sha256(&[self.signing_input().as_bytes()])
    }

    /// The payload as it travelled.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The whole text as it travelled.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Checks that `key` signed this: its thumbprint is `kid`, and the signature verifies.
    ///
    /// # Errors
    /// [`Refused::Kid`] or [`Refused::Signature`].
    pub fn verify(&self, key: &Jwk) -> Result<(), Refused> {
        if key.thumbprint() != self.kid {
            return Err(Refused::Kid);
        }
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.as_sec1())
            .verify(self.signing_input().as_bytes(), &self.signature)
            .map_err(|_| Refused::Signature)
    }
}

/// A line of a log wants the name; the content may hold what a person typed.
impl fmt::Debug for Jws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jws(h {}, kid {})", self.h(), self.kid)
    }
}

/// Checks that the header is exactly `alg`, `kid`, `typ`, and returns `kid`.
fn check_header(header: &[u8], typ: Typ) -> Result<H32, FormError> {
    let members = json::parse_value(header)?.into_members().ok_or(FormError::NotObject)?;
    let member = |name: &str| {
        let value = members.iter().find(|(found, _)| found.as_str() == name).map(|(_, value)| value);
        value.and_then(Value::as_str).ok_or(FormError::Header)
    };
    if members.len() != 3 {
        return Err(FormError::Header);
    }
    if member("alg")? != "ES256" {
        return Err(FormError::Alg);
    }
    if member("typ")? != typ.as_str() {
        return Err(FormError::Typ);
    }
    member("kid")?.parse()
}

/// The bytes a key is asked to sign: header and payload, encoded.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningInput(String);

impl SigningInput {
    /// Writes claims as the signing input of their kind, after checking that the other side will take them.
    ///
    /// # Errors
    /// The rule of form that the claims break; [`FormError::Large`] when the JWS would be over its limit.
    pub fn of<T: Claims>(kid: H32, claims: &T) -> Result<Self, FormError> {
        let payload = serde_json::to_vec(claims).map_err(|_| FormError::Schema)?;
        json::parse::<T>(&payload)?.check()?;
        let input = Self::encode(T::TYP, kid, &payload);
        if input.jws_len() > T::TYP.limit() { Err(FormError::Large) } else { Ok(input) }
    }

    /// How long the JWS will be, in characters: a dot and 86 for the signature come to what is signed.
    pub fn jws_len(&self) -> usize {
        self.0.len() + 1 + 86
    }

    /// Joins header and payload as they are.
    fn encode(typ: Typ, kid: H32, payload: &[u8]) -> Self {
        let header = format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"{}"}}"#, typ.as_str());
        Self(format!("{}.{}", b64u::encode(header.as_bytes()), b64u::encode(payload)))
    }

    /// What the key signs: ASCII.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The same as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// h(JWS), known before anything is signed.
    pub fn h(&self) -> H32 {
        H32::sha256(&[self.as_bytes()])
    }

    /// Adds the signature (r‖s) and gives the compact JWS.
    pub fn attach(&self, signature: [u8; 64]) -> String {
        format!("{}.{}", self.0, b64u::encode(&signature))
    }
}

impl fmt::Debug for SigningInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningInput(h {})", self.h())
    }
}
