//! What handlers take from a request: who asks, the session, a form that came from our own page, a bounded body.

use std::sync::Arc;

use axum::Form;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_protocol::Secret;
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;

use crate::audit::Caller;
use crate::failure::Failure;
use crate::house::House;
use crate::limits;
use crate::session::{Cookie, Session};

/// Who looks at a page: caller, cookie, and the session if there is one.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Address and transaction id.
    pub caller: Caller,
    /// The browser's cookie; a fresh one when it had none.
    pub cookie: Cookie,
    /// Whether the browser has to be given the cookie.
    is_new: bool,
    /// The session, if the cookie has one that has not ended.
    pub session: Option<Session>,
    /// `User-Agent`, as sent, cut at 512 bytes.
    pub agent: String,
}

impl Visitor {
    /// The token that forms for this browser carry in the field `token`.
    pub fn token(&self, house: &House) -> String {
        house.forms.token(&self.cookie)
    }

    /// Gives the browser its cookie with this answer, if it has none yet.
    pub fn answer(&self, response: impl IntoResponse) -> Response {
        if self.is_new { with_cookie(response, &self.cookie.set()) } else { response.into_response() }
    }
}

/// The answer with a `Set-Cookie`, for a session that changed its id.
pub fn with_cookie(response: impl IntoResponse, set: &str) -> Response {
    let mut response = response.into_response();
    if let Ok(value) = HeaderValue::from_str(set) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// 303 to a path of this gateway. A form's answer is always one, so that «back» and «reload» send nothing twice.
pub fn see_other(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
}

impl FromRequestParts<Arc<House>> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Failure> {
        let caller = caller(parts);
        let agent = parts.headers.get(header::USER_AGENT).map(|it| String::from_utf8_lossy(it.as_bytes()));
        let agent = agent.map(|it| it.chars().take(512).collect()).unwrap_or_default();
        let Some(cookie) = Cookie::read(texts(&parts.headers, header::COOKIE)) else {
            let cookie = Cookie::generate(&*house.random)?;
            return Ok(Self { caller, cookie, is_new: true, session: None, agent });
        };
        let session = house.run(move |house| house.sessions.find(&cookie).map_err(Failure::from)).await?;
        Ok(Self { caller, cookie, is_new: false, session, agent })
    }
}

/// The caller that the outermost layer put into the request.
pub fn caller(parts: &Parts) -> Caller {
    parts.extensions.get::<Caller>().cloned().unwrap_or_default()
}

/// The part of an address after `?`. One that cannot be read, or names a field twice, is 400 with a page.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let read = axum::extract::Query::from_request_parts(parts, state).await;
        // What was wrong would name what was sent, so the log does not have it.
        let axum::extract::Query(asked) = read.map_err(|_| Failure::unreadable().because("query"))?;
        Ok(Self(asked))
    }
}

/// What stands in a path where the route has `{…}`. What cannot be read is no page: 404.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        let axum::extract::Path(named) = read.map_err(|_| Failure::not_found().because("path"))?;
        Ok(Self(named))
    }
}

/// A form sent by a page of this gateway: origin and token were checked. There is no other way to a form's fields.
#[derive(Debug)]
pub struct Posted {
    /// Who sent it.
    pub visitor: Visitor,
    /// Its fields.
    pub fields: Fields,
}

impl FromRequest<Arc<House>> for Posted {
    type Rejection = Failure;

    async fn from_request(request: Request, house: &Arc<House>) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        if !came_from_us(&parts.headers, house) {
            return Err(Failure::foreign_form().because("origin"));
        }
        let visitor = Visitor::from_request_parts(&mut parts, house).await?;
        let bytes = read_body(&parts.headers, body, limits::FORM_BODY, house).await.map_err(Failure::from)?;
        let request = Request::from_parts(parts, Body::from(bytes));
        let mut fields = Fields::read(request).await.ok_or_else(Failure::malformed)?;
        let token = fields.take("token").unwrap_or_default();
        if visitor.is_new || !house.forms.fits(&visitor.cookie, &token) {
            return Err(Failure::foreign_form().because("token"));
        }
        Ok(Self { visitor, fields })
    }
}

/// Browsers say where a request comes from, and pages cannot change it: `Sec-Fetch-Site`, or else `Origin`. With our
/// `no-referrer` the latter is «null» for our own forms, which counts only beside the former.
fn came_from_us(headers: &HeaderMap, house: &House) -> bool {
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    let own = origin == Some(house.origin.as_bytes());
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        Some(site) => site == b"same-origin" && (own || matches!(origin, None | Some(b"null"))),
        None => own,
    }
}

/// The fields of a form, each there once.
#[derive(Default)]
pub struct Fields(std::collections::BTreeMap<String, String>);

impl std::fmt::Debug for Fields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fields(..)")
    }
}

impl Fields {
    /// Reads a form that is there whole; `None` when it is none, or a name is there twice.
    pub async fn read(form: Request) -> Option<Self> {
        let Form(pairs) = Form::from_request(form, &()).await.ok()?;
        Self::new(pairs)
    }

    /// `None` when a name is there twice.
    pub fn new(pairs: Vec<(String, String)>) -> Option<Self> {
        let count = pairs.len();
        let fields: std::collections::BTreeMap<_, _> = pairs.into_iter().collect();
        (fields.len() == count).then_some(Self(fields))
    }

    /// The field's text, empty when it is missing.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// Takes the field out.
    pub fn take(&mut self, name: &str) -> Option<String> {
        self.0.remove(name)
    }

    /// Takes a secret field out, to be wiped after use.
    pub fn take_secret(&mut self, name: &str) -> Secret {
        Secret::new(self.0.remove(name).unwrap_or_default().into_bytes())
    }
}

/// Why a body could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// Over the limit: 413.
    #[error("the body is over its limit")]
    Large,
    /// Not there within 20 seconds: 408.
    #[error("the body took too long")]
    Slow,
    /// The connection broke, or the framing is wrong: 400.
    #[error("the body broke off")]
    Broken,
}

impl From<BodyFault> for Failure {
    fn from(fault: BodyFault) -> Self {
        match fault {
            BodyFault::Large => Self::new(StatusCode::PAYLOAD_TOO_LARGE, "gateway.large"),
            BodyFault::Slow => Self::new(StatusCode::REQUEST_TIMEOUT, "gateway.slow"),
            BodyFault::Broken => Self::malformed(),
        }
        .because(fault)
    }
}

/// How much of a body over its limit is read and thrown away before it is refused. Whoever is still writing would else be
/// cut off, and never see why.
const DISCARDED: u64 = 256 * 1024;

/// Reads a body of at most `limit` bytes within 20 seconds. One that says it is larger is refused, and not kept.
///
/// # Errors
/// [`BodyFault`].
pub async fn read_body(headers: &HeaderMap, body: Body, limit: usize, house: &House) -> Result<Bytes, BodyFault> {
    let told = headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
    let told = told.unwrap_or(0).max(body.size_hint().lower());
    if told > limit as u64 {
        if told <= DISCARDED {
            discard(body, house).await;
        }
        return Err(BodyFault::Large);
    }
    let reading = Limited::new(body, limit).collect();
    tokio::select! {
        read = reading => match read {
            Ok(read) => Ok(read.to_bytes()),
            Err(fault) if fault.is::<http_body_util::LengthLimitError>() => Err(BodyFault::Large),
            Err(_) => Err(BodyFault::Broken),
        },
        () = house.timer.wait(limits::BODY_TIME) => Err(BodyFault::Slow),
    }
}

/// Reads and keeps nothing, as long as a body may take.
async fn discard(mut body: Body, house: &House) {
    let reading = async { while let Some(Ok(_)) = body.frame().await {} };
    tokio::select! {
        () = reading => {}
        () = house.timer.wait(limits::BODY_TIME) => {}
    }
}

/// The texts of all headers of this name; one that is not ASCII is left out.
pub fn texts(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).into_iter().filter_map(|it| it.to_str().ok())
}
