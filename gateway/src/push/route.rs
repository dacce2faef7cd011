//! The calls of phones over HTTP: which there are, their limits, their form.

use std::sync::Arc;

use axum::Router;
use axum::body::{Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::any;
use countersign_protocol::jose::H32;
use countersign_protocol::json;
use countersign_protocol::push::{AnswerRequest, Echo, EnrolRequest, Method as Htm};

use super::proof::{self, Call};
use super::reply::{self, Refusal};
use super::{Phones, rate};
use crate::audit::Caller;
use crate::enrol::DeviceState;
use crate::house::House;
use crate::limits;
use crate::request::{caller, read_body};

/// The path of the base URL.
const BASE: &str = "/push/v1/";

/// The routes under the base URL. Whatever is not served there is 404.
pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/push/v1/{*call}", any(call))
}

/// A call that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Served {
    Metadata,
    Enrol,
    Poll,
    Answer,
}

impl Served {
    fn of(path: &str) -> Option<Self> {
        match path.strip_prefix(BASE)? {
            "metadata" => Some(Self::Metadata),
            "enrol" => Some(Self::Enrol),
            "poll" => Some(Self::Poll),
            "answer" => Some(Self::Answer),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Enrol => "enrol",
            Self::Poll => "poll",
            Self::Answer => "answer",
        }
    }

    fn allow(self) -> &'static str {
        if self == Self::Metadata { "GET" } else { "POST" }
    }

    fn limit(self) -> usize {
        if self == Self::Enrol { limits::ENROL_BODY } else { limits::DEVICE_BODY }
    }

    /// The calls that are open to all are limited a network; the others by who proves them.
    fn rate(self) -> Option<rate::Rate> {
        match self {
            Self::Metadata | Self::Answer => Some(rate::OPEN),
            Self::Enrol => Some(rate::ENROL),
            Self::Poll => None,
        }
    }
}

async fn call(State(house): State<Arc<House>>, request: Request) -> Response {
    let phones = house.phones.clone();
    let answered = answered(&house, &phones, request).await;
    // The nonce is put on by the outermost layer, on what is refused there too.
    answered.unwrap_or_else(|refusal| phones.refused(refusal))
}

/// 404, 405, 415; 429; 413; then form; then the call.
async fn answered(house: &Arc<House>, phones: &Phones, request: Request) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let served = Served::of(parts.uri.path()).filter(|_| parts.uri.query().is_none()).ok_or(Refusal::NotFound)?;
    if parts.method.as_str() != served.allow() {
        return Err(Refusal::Method(served.allow()));
    }
    if parts.method == Method::POST && !is_plain_json(&parts.headers) {
        return Err(Refusal::MediaType);
    }
    let by = caller(&parts);
    if let Some(rate) = served.rate() {
        let taken = phones.inner.rates.take(served.name(), by.address, rate, phones.inner.clock.monotonic());
        taken.map_err(Refusal::Many)?;
    }
    if parts.method == Method::GET {
        if !body.is_end_stream() {
            return Err(Refusal::Malformed("a body on GET"));
        }
        return phones.metadata();
    }
    let body = read_body(&parts.headers, body, served.limit(), house).await?;
    phones.posted(house, served, &parts.headers, body, by).await
}

/// `application/json`, its parameters ignored, once; and no content coding.
fn is_plain_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(media), None) = (types.next(), types.next()) else { return false };
    let media = media.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    media.trim().eq_ignore_ascii_case("application/json") && !headers.contains_key(header::CONTENT_ENCODING)
}

impl Phones {
    fn refused(&self, refusal: Refusal) -> Response {
        refusal.into_response(&self.inner.issuer, self.inner.clock.now())
    }

    fn metadata(&self) -> Result<Response, Refusal> {
        let reply = self.inner.metadata.reply(self.inner.clock.now());
        let reply = reply.map_err(|fault| Refusal::Busy(fault.to_string()))?;
        let mut response = Response::new(Bytes::from_owner(reply).into());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(response)
    }

    async fn posted(
        &self,
        house: &Arc<House>,
        served: Served,
        headers: &HeaderMap,
        body: Bytes,
        by: Caller,
    ) -> Result<Response, Refusal> {
        let phones = self.clone();
        let call =
            Call { method: Htm::Post, htu: self.inner.issuer.u().join(served.name()), bh: H32::sha256(&[&body]) };
        match served {
            Served::Metadata => Err(Refusal::NotFound),
            Served::Answer => {
                let request: AnswerRequest = json::parse(&body)?;
                let reply = house.run(move |_| phones.answer(request, &by)).await?;
                Ok(reply::json(StatusCode::OK, &reply))
            }
            Served::Enrol => {
                let request: EnrolRequest = json::parse(&body)?;
                let proof = proof::read(headers)?;
                let reply = house.run(move |_| phones.enrol(&request, proof, &call, &by)).await?;
                Ok(reply::json(StatusCode::CREATED, &reply))
            }
            Served::Poll => {
                let echo: Echo = json::parse(&body)?;
                let proof = proof::read(headers)?;
                let polling = [DeviceState::Pending, DeviceState::Active, DeviceState::Suspended];
                let (device, _) = house.run(move |_| phones.prove(proof, &call, &polling)).await?;
                let state = self.poll(house, device.did, echo).await?;
                Ok(reply::json(StatusCode::OK, &state))
            }
        }
    }
}
