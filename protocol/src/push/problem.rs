//! Error bodies, and the one error that is signed (push-v1 section 4).

use serde::{Deserialize, Deserializer, Serialize, de};

use super::set::{names, open_set};
use super::{BaseUrl, GoneWhy, Message, TriesLeft};
use crate::jose::{Claims, FormError, Id, Typ};
use crate::limits;

open_set! {
    /// `error` of an error body. One that is unknown, or not of its status, counts as `busy`.
    ErrorCode {
        /// 400, 404, 405, 415: broken form, no such call.
        Malformed = "malformed",
        /// 413: the body is over its limit.
        Large = "large",
        /// 400: this version is no longer served.
        Version = "version",
        /// 401: sign anew with the newest nonce, once.
        Nonce = "nonce",
        /// 401: some check between key and audience failed.
        Refused = "refused",
        /// 403: right in form, not allowed; `why` says what.
        Policy = "policy",
        /// 409: the code was used by another request.
        Used = "used",
        /// 410: too late, ended, or the third wrong digits.
        Expired = "expired",
        /// 410: the device is removed; counts with its signed part alone.
        Gone = "gone",
        /// 429: too many.
        Slow = "slow",
        /// 503: later.
        Busy = "busy",
    }
}

impl ErrorCode {
    /// Whether this error may come with that status.
    fn is_of(self, status: u16) -> bool {
        match self {
            Self::Malformed => matches!(status, 400 | 404 | 405 | 415 | 408 | 414 | 421 | 431),
            Self::Version => status == 400,
            Self::Nonce | Self::Refused => status == 401,
            Self::Policy => status == 403,
            Self::Used => status == 409,
            Self::Expired | Self::Gone => status == 410,
            Self::Large => status == 413,
            Self::Slow => status == 429,
            Self::Busy => status == 503,
            Self::Other => false,
        }
    }
}

open_set! {
    /// `why` of an error `policy`.
    ErrorWhy {
        /// Attestation wrong or missing.
        Attest = "attest",
        /// Keys are not kept well enough.
        Level = "level",
        /// `uv` does not fit.
        Uv = "uv",
        /// Too many devices.
        Limit = "limit",
        /// Moves are not offered.
        Move = "move",
        /// Wrong digits.
        Digits = "digits",
        /// Not in this state of the device.
        State = "state",
        /// The push endpoint is not allowed.
        Endpoint = "endpoint",
    }
}

/// The body of every error of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorCode,
    /// With `policy`: what exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<ErrorWhy>,
    /// With `digits`: tries left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<TriesLeft>,
    /// For the log, escaped there; never shown. At most 256 characters of any kind.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "words")]
    pub text: Option<String>,
    /// With `gone`: the signed word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Message<Gone>>,
}

impl From<ErrorCode> for ErrorBody {
    fn from(error: ErrorCode) -> Self {
        Self { error, why: None, left: None, text: None, gone: None }
    }
}

impl ErrorBody {
    /// How a device takes an answer of that status and body: what is not of the table is `busy`;
    /// HTTP's own 408, 414, 421 and 431 are `malformed`, whatever their body.
    pub fn read(status: u16, body: &[u8]) -> Self {
        if matches!(status, 408 | 414 | 421 | 431) {
            return ErrorCode::Malformed.into();
        }
        match crate::json::parse::<Self>(body) {
            Ok(body) if body.error.is_of(status) => body,
            _ => ErrorCode::Busy.into(),
        }
    }
}

/// Words that nobody is shown need not be fit to be: what else the body says counts whatever they hold.
fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let words = String::deserialize(deserializer)?;
    match words.chars().count() {
        0..=limits::ERROR_TEXT => Ok(Some(words)),
        _ => Err(de::Error::custom("a long text")),
    }
}

/// Claims of `cs-gone+jwt`: the only error that removes anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gone {
    /// The gateway.
    pub iss: BaseUrl,
    /// The device.
    pub aud: Id,
    /// Gateway time.
    pub iat: u64,
    /// Why.
    pub why: GoneWhy,
}

impl Claims for Gone {
    const TYP: Typ = Typ::Gone;

    fn check(&self) -> Result<(), FormError> {
        Ok(())
    }
}
