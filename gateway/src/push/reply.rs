//! What a phone is told when a call is not taken: the table of `push-v1.md` §4, in one place.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_protocol::jose::{FormError, Id, Refused};
use countersign_protocol::push::{ErrorBody, ErrorCode, ErrorWhy, Gone, GoneWhy, Message};

use crate::approval::service::ApprovalFault;
use crate::enrol::accept::{AcceptFault, NotAllowed};
use crate::enrol::change::ChangeFault;
use crate::enrol::devices::EnrolFault;
use crate::failure::Failure;
use crate::house::Panicked;
use crate::issuer::Issuer;
use crate::notice::service::NoticeFault;
use crate::request::BodyFault;
use crate::store::StoreFault;

/// Why a call is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 400: a fault of form; the rule broken is for the log.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// 404: an unknown path, or any query.
    #[error("no such call")]
    NotFound,
    /// 405: another method is served there.
    #[error("method")]
    Method(Vec<&'static str>),
    /// 415: not plain JSON.
    #[error("media type")]
    MediaType,
    /// 408: the body took too long.
    #[error("the body took too long")]
    Slow,
    /// 413.
    #[error("too large")]
    Large,
    /// 401: some check between key and audience failed; which one is for the log alone.
    #[error("refused: {0}")]
    Refused(&'static str),
    /// 401: all of the proof is right but its nonce, or its `jti` was used.
    #[error("nonce")]
    Nonce,
    /// 403.
    #[error("not allowed: {0}")]
    Policy(ErrorWhy),
    /// 403: wrong digits, so many tries left.
    #[error("wrong digits, {0} left")]
    Digits(u8),
    /// 409.
    #[error("the code is used")]
    Used,
    /// 410: too late.
    #[error("too late")]
    Expired,
    /// 410: the device is gone.
    #[error("the device is gone")]
    Gone(Id, GoneWhy),
    /// 429: this network, or this phone, asks too much.
    #[error("too many calls")]
    Many(u32),
    /// 503: later.
    #[error("busy: {0}")]
    Busy(String),
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Large => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Refused(_) | Self::Nonce => StatusCode::UNAUTHORIZED,
            Self::Policy(_) | Self::Digits(_) => StatusCode::FORBIDDEN,
            Self::Used => StatusCode::CONFLICT,
            Self::Expired | Self::Gone(..) => StatusCode::GONE,
            Self::Many(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            Self::Malformed(_) | Self::NotFound | Self::Method(_) | Self::MediaType | Self::Slow => {
                ErrorCode::Malformed
            }
            Self::Large => ErrorCode::Large,
            Self::Refused(_) => ErrorCode::Refused,
            Self::Nonce => ErrorCode::Nonce,
            Self::Policy(_) | Self::Digits(_) => ErrorCode::Policy,
            Self::Used => ErrorCode::Used,
            Self::Expired => ErrorCode::Expired,
            Self::Gone(..) => ErrorCode::Gone,
            Self::Many(_) => ErrorCode::Slow,
            Self::Busy(_) => ErrorCode::Busy,
        }
    }

    /// The answer. The cause goes to the log and not to the outside.
    pub fn into_response(self, issuer: &Issuer, now: u64) -> Response {
        let mut body = ErrorBody::from(self.code());
        match &self {
            Self::Policy(why) => body.why = Some(*why),
            Self::Digits(left) => {
                body.why = Some(ErrorWhy::Digits);
                body.left = u64::from(*left).try_into().ok();
            }
            Self::Gone(did, why) => match gone(issuer, *did, *why, now) {
                Ok(message) => body.gone = Some(message),
                Err(refusal) => return refusal.into_response(issuer, now),
            },
            _ => {}
        }
        tracing::info!(refusal = %self, "call refused");
        let mut response = json(self.status(), &body);
        let headers = response.headers_mut();
        match self {
            Self::Method(allow) => {
                if let Ok(allow) = HeaderValue::from_str(&allow.join(", ")) {
                    headers.insert(header::ALLOW, allow);
                }
            }
            Self::Refused(_) | Self::Nonce => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Countersign"));
            }
            Self::Many(seconds) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            Self::Busy(_) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(5_u32));
            }
            _ => {}
        }
        response
    }
}

fn gone(issuer: &Issuer, did: Id, why: GoneWhy, now: u64) -> Result<Message<Gone>, Refusal> {
    let claims = Gone { iss: issuer.u().clone(), aud: did, iat: now, why };
    let signed = issuer.sign(&claims).map_err(|fault| Refusal::Busy(fault.to_string()))?;
    Message::parse(&signed.jws).map_err(|fault| Refusal::Busy(fault.to_string()))
}

/// A JSON answer.
pub fn json<T: serde::Serialize>(status: StatusCode, body: &T) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(fault) => Failure::internal(fault).into_response(),
    }
}

/// 204: done, and there is nothing to say.
pub fn nothing() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

impl From<FormError> for Refusal {
    fn from(fault: FormError) -> Self {
        Self::Malformed(fault.as_str())
    }
}

impl From<Refused> for Refusal {
    fn from(fault: Refused) -> Self {
        Self::Refused(fault.as_str())
    }
}

impl From<BodyFault> for Refusal {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::Large => Self::Large,
            BodyFault::Slow => Self::Slow,
            BodyFault::Broken => Self::Malformed("the body broke off"),
        }
    }
}

impl From<StoreFault> for Refusal {
    fn from(fault: StoreFault) -> Self {
        Self::Busy(fault.to_string())
    }
}

impl From<ApprovalFault> for Refusal {
    fn from(fault: ApprovalFault) -> Self {
        Self::Busy(fault.to_string())
    }
}

impl From<EnrolFault> for Refusal {
    fn from(fault: EnrolFault) -> Self {
        Self::Busy(fault.to_string())
    }
}

impl From<NoticeFault> for Refusal {
    fn from(fault: NoticeFault) -> Self {
        Self::Busy(fault.to_string())
    }
}

impl From<ChangeFault> for Refusal {
    fn from(fault: ChangeFault) -> Self {
        match fault {
            ChangeFault::Refused(why) => Self::Refused(why),
            ChangeFault::State => Self::Policy(ErrorWhy::State),
            ChangeFault::Endpoint => Self::Policy(ErrorWhy::Endpoint),
            ChangeFault::Attest => Self::Policy(ErrorWhy::Attest),
            ChangeFault::Move => Self::Policy(ErrorWhy::Move),
            ChangeFault::Limit => Self::Policy(ErrorWhy::Limit),
            ChangeFault::Digits(left) => Self::Digits(left),
            ChangeFault::Ended => Self::Expired,
            ChangeFault::Fault(fault) => fault.into(),
        }
    }
}

impl From<Panicked> for Refusal {
    fn from(fault: Panicked) -> Self {
        Self::Busy(fault.to_string())
    }
}

impl From<AcceptFault<Self>> for Refusal {
    fn from(fault: AcceptFault<Self>) -> Self {
        match fault {
            AcceptFault::Refused(refused) => refused.into(),
            AcceptFault::NoCode => Self::Refused("code"),
            AcceptFault::KeyKnown => Self::Refused("a key is known"),
            AcceptFault::Proof(refusal) => refusal,
            AcceptFault::Used => Self::Used,
            AcceptFault::Late => Self::Expired,
            AcceptFault::Gone(did, why) => Self::Gone(did, why),
            AcceptFault::NotAllowed(what) => Self::Policy(match what {
                NotAllowed::Attest => ErrorWhy::Attest,
                NotAllowed::Level => ErrorWhy::Level,
                NotAllowed::Uv => ErrorWhy::Uv,
                NotAllowed::Limit => ErrorWhy::Limit,
                NotAllowed::Endpoint => ErrorWhy::Endpoint,
            }),
            AcceptFault::Fault(fault) => fault.into(),
        }
    }
}
