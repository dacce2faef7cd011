//! A refusal on its way out of a handler, and the page that shows it.
//!
//! A handler returns its own `RouteError`; one `match` there says which status and which sentence the outside may learn,
//! as a [`Failure`]. The outermost layer draws the page, with the request's transaction id, and logs the cause under the
//! same id. So no handler can forget either.

use std::fmt::Display;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::house::Panicked;
use crate::person::PersonFault;
use crate::port::PortFault;
use crate::seal::SealFault;
use crate::session::SessionFault;
use crate::store::StoreFault;

/// What the outside learns of a refusal, and what the log learns.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The status of the answer.
    pub status: StatusCode,
    /// The key of the sentence in `strings/`; with `_do` behind it, what to do, where there is such a key.
    pub text: &'static str,
    /// `Retry-After` in seconds.
    pub retry_after: Option<u32>,
    /// The methods that are allowed, with 405.
    pub allow: Option<String>,
    /// For the log alone. It holds names and numbers, never input.
    pub cause: Option<String>,
}

impl Failure {
    /// A refusal that says `text`.
    pub fn new(status: StatusCode, text: &'static str) -> Self {
        Self { status, text, retry_after: None, allow: None, cause: None }
    }

    /// Adds the cause for the log.
    pub fn because(mut self, cause: impl Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Adds when to try again, in seconds.
    pub fn after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "gateway.not_found")
    }

    /// 400: the form's fields are not those of the page.
    pub fn malformed() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "gateway.malformed")
    }

    /// 400: the address cannot be read.
    pub fn unreadable() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "gateway.unreadable")
    }

    /// 403: the form does not come from a page of this gateway, or from an older sign-in.
    pub fn foreign_form() -> Self {
        Self::new(StatusCode::FORBIDDEN, "gateway.foreign_form")
    }

    /// 500.
    pub fn internal(cause: impl Display) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "gateway.internal").because(cause)
    }

    /// 503, try again soon.
    pub fn busy(cause: impl Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "gateway.busy").because(cause).after(5)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreFault> for Failure {
    fn from(fault: StoreFault) -> Self {
        match fault {
            StoreFault::Full => Self::new(StatusCode::SERVICE_UNAVAILABLE, "gateway.full").because(fault).after(30),
            StoreFault::Busy | StoreFault::Closed | StoreFault::Undone => Self::busy(fault),
            _ => Self::internal(fault),
        }
    }
}

impl From<Panicked> for Failure {
    fn from(fault: Panicked) -> Self {
        Self::internal(fault)
    }
}

impl From<PortFault> for Failure {
    fn from(fault: PortFault) -> Self {
        Self::internal(fault)
    }
}

impl From<SealFault> for Failure {
    fn from(fault: SealFault) -> Self {
        Self::internal(fault)
    }
}

impl From<SessionFault> for Failure {
    fn from(fault: SessionFault) -> Self {
        match fault {
            SessionFault::Store(fault) => fault.into(),
            SessionFault::Port(fault) => fault.into(),
        }
    }
}

impl From<PersonFault> for Failure {
    fn from(fault: PersonFault) -> Self {
        match fault {
            PersonFault::Busy => Self::busy(fault),
            PersonFault::Wait(seconds) => Self::new(StatusCode::TOO_MANY_REQUESTS, "gateway.rate")
                .because(fault)
                .after(u32::try_from(seconds).unwrap_or(u32::MAX)),
            PersonFault::Store(fault) => fault.into(),
            PersonFault::Port(fault) => fault.into(),
            PersonFault::Name | PersonFault::Password(_) | PersonFault::Taken | PersonFault::Unknown => {
                Self::malformed().because(fault)
            }
        }
    }
}
