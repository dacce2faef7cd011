//! A device's decision and what the gateway made of it (push-v1 section 7).

use core::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::{AnswerWhy, BaseUrl, Message, Res, Status, TriesLeft, Via};
use crate::jose::{Claims, FormError, H32, Id, Typ};

/// Claims of `cs-answer+jwt`: `approve` is signed by `ak`, `deny` and `report` by `pk`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The device.
    pub iss: Id,
    /// The gateway.
    pub aud: BaseUrl,
    /// Drawn for this answer.
    pub jti: Id,
    /// Phone time.
    pub iat: u64,
    /// `jti` of the challenge.
    pub cj: Id,
    /// h of the challenge: what was seen is what is signed.
    pub ch: H32,
    /// The decision.
    pub res: Res,
    /// The digits of the login page, typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nm: Option<Number>,
    /// The secret of the login page's QR, scanned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qs: Option<Id>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<AnswerWhy>,
    /// How the challenge came.
    pub via: Via,
}

impl Claims for Answer {
    const TYP: Typ = Typ::Answer;

    fn check(&self) -> Result<(), FormError> {
        let carries = usize::from(self.nm.is_some()) + usize::from(self.qs.is_some());
        let fits = match self.res {
            Res::Approve => carries == 1 && self.why.is_none(),
            Res::Deny | Res::Report => carries == 0,
        };
        if fits { Ok(()) } else { Err(FormError::Unexpected) }
    }
}

/// Digits of a login page: 2 to 8 ASCII digits, leading zeros kept. Wiped on drop, printed nowhere.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Number(Zeroizing<String>);

impl Number {
    /// The digits. Each call site says why they must leave the type.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in a time that depends on the lengths alone. Another length never matches.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.matches(other)
    }
}

impl Eq for Number {}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number(..)")
    }
}

impl TryFrom<String> for Number {
    type Error = FormError;
    fn try_from(digits: String) -> Result<Self, FormError> {
        let digits = Zeroizing::new(digits);
        let fits = (2..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        if fits { Ok(Self(digits)) } else { Err(FormError::Range) }
    }
}

impl TryFrom<&str> for Number {
    type Error = FormError;
    fn try_from(digits: &str) -> Result<Self, FormError> {
        digits.to_owned().try_into()
    }
}

impl From<Number> for String {
    fn from(number: Number) -> Self {
        number.expose().to_owned()
    }
}

/// Claims of `cs-result+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The gateway.
    pub iss: BaseUrl,
    /// The device.
    pub aud: Id,
    /// Gateway time.
    pub iat: u64,
    /// `jti` of the answer.
    pub aj: Id,
    /// `jti` of the challenge, as the answer named it.
    pub cj: Id,
    /// What became of it.
    pub st: Status,
    /// Tries left, exactly with `wrong`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<TriesLeft>,
}

impl Claims for Outcome {
    const TYP: Typ = Typ::Result;

    fn check(&self) -> Result<(), FormError> {
        if (self.st == Status::Wrong) == self.left.is_some() { Ok(()) } else { Err(FormError::Unexpected) }
    }
}

/// The body of `POST u/answer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRequest {
    /// The decision.
    pub answer: Message<Answer>,
}

/// The answer to `POST u/answer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerReply {
    /// What the gateway made of it.
    pub result: Message<Outcome>,
}
