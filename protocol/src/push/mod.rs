//! The messages of Countersign push, version 1, and the checks both sides make on them.
//!
//! A [`Message`] is right in form; a [`Verified`] one was signed by a key somebody chose. What the
//! claims must say then is in [`check`].

mod answer;
mod answer_code;
mod base_url;
mod challenge;
pub mod check;
mod code;
mod device_keys;
pub mod endpoint;
mod enrol;
mod list;
mod metadata;
mod moving;
mod problem;
mod proof;
mod pushed;
mod set;
mod state;
pub mod walk;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

pub use answer::{Answer, AnswerReply, AnswerRequest, Number, Outcome};
pub use answer_code::{answer_code, answer_code_fits};
pub use base_url::BaseUrl;
pub use challenge::{AboutDevice, Challenge, Context, DigitsAsked};
pub use code::{EnrolCode, confirmation_digits, keys_attestation_challenge};
pub use device_keys::{KeyAttestation, Keys, KeysReceipt, KeysReply, KeysRequest, Pop, PutPush};
pub use enrol::{
    Attestation, B64, Dev, Enrol, EnrolKeys, EnrolReply, EnrolRequest, PushAddress, Receipt, Sealed, SealedReceipt,
};
pub use list::{Different, List, NumberLength, TriesLeft, Wait, Within};
pub use metadata::{Link, Metadata, MetadataReply, Policy};
pub use moving::{Confirm, ConfirmRequest, Invite, InviteReceipt, InviteReply, InviteRequest, SealedInvite};
pub use problem::{ErrorBody, ErrorCode, ErrorWhy, Gone};
pub use proof::{Method, Nonce, Proof};
pub use pushed::{Pushed, WAKE};
pub use set::{
    AnswerWhy, Attest, AttestationFormat, ClosedStatus, DeviceState, GoneWhy, Info, KeyClass, LeastLevel, Level,
    NewMark, Op, Os, PushMode, Res, Src, Status, UserVerification, Via,
};
pub use state::{Closed, Echo, Joining, MetaVersion, State, unverified_jti};

use crate::jose::{Claims, FormError, H32, Jwk, Jws, Refused};
use crate::json;

/// A signed message whose form is checked: signature part, header, and claims of schema `T`.
/// Nothing is known yet of who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message<T> {
    jws: Jws,
    claims: T,
}

impl<T: Claims> Message<T> {
    /// Reads a compact JWS of the kind that `T` travels in.
    ///
    /// # Errors
    /// The rule of form it breaks.
    pub fn parse(text: &str) -> Result<Self, FormError> {
        let (jws, payload) = Jws::parse_with_payload(text, T::TYP)?;
        let claims: T = json::from_value(payload)?;
        claims.check()?;
        Ok(Self { jws, claims })
    }

    /// Checks that `key` signed this: its thumbprint is `kid`, and the signature verifies.
    ///
    /// # Errors
    /// [`Refused::Kid`] or [`Refused::Signature`].
    pub fn verify(self, key: &Jwk) -> Result<Verified<T>, Refused> {
        self.jws.verify(key)?;
        Ok(Verified(self))
    }
}

impl<T> Message<T> {
    /// The signed text and its parts.
    pub fn jws(&self) -> &Jws {
        &self.jws
    }

    /// What is claimed. Before [`Message::verify`] only good for finding the key.
    pub fn claims(&self) -> &T {
        &self.claims
    }

    /// h(JWS): by this both sides tell messages apart.
    pub fn h(&self) -> H32 {
        self.jws.h()
    }
}

/// Writes the text as it travelled.
impl<T> Serialize for Message<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.jws.text())
    }
}

impl<'de, T: Claims> Deserialize<'de> for Message<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A message signed by a key that the reader chose. Only [`Message::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(Message<T>);

impl<T> Verified<T> {
    /// What is claimed.
    pub fn claims(&self) -> &T {
        &self.0.claims
    }

    /// The signed text and its parts.
    pub fn jws(&self) -> &Jws {
        &self.0.jws
    }

    /// h(JWS).
    pub fn h(&self) -> H32 {
        self.0.h()
    }

    /// The message as it travelled, to be stored and read again.
    pub fn message(&self) -> &Message<T> {
        &self.0
    }

    /// The claims alone, when the signed text is not needed any more.
    pub fn into_claims(self) -> T {
        self.0.claims
    }
}
