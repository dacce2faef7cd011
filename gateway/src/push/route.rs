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
use countersign_protocol::limits;
use countersign_protocol::push::{
    AnswerRequest, ConfirmRequest, Echo, EnrolRequest, InviteRequest, KeysRequest, Method as Htm, PutPush,
};

use super::device::{ACTIVE, ANY};
use super::proof::{self, Call};
use super::reply::{self, Refusal};
use super::{Phones, rate};
use crate::audit::Caller;
use crate::house::House;
use crate::request::{caller, read_body};

/// The path of the base URL.
const BASE: &str = "/push/v1/";

/// What stands before the hash in the path of an icon.
const ICON: &str = "icon/";

/// The icon that a path asks for.
fn icon(path: &str) -> Option<H32> {
    path.strip_prefix(ICON)?.parse().ok()
}

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
    Events,
    Answer,
    PutPush,
    DeletePush,
    DeleteDevice,
    Keys,
    Invite,
    Confirm,
    Icon,
}

impl Served {
    /// Every call: what it is, its method, its path under the base URL.
    const ALL: [(Self, Htm, &'static str); 12] = [
        (Self::Metadata, Htm::Get, "metadata"),
        (Self::Enrol, Htm::Post, "enrol"),
        (Self::Poll, Htm::Post, "poll"),
        (Self::Events, Htm::Get, "events"),
        (Self::Answer, Htm::Post, "answer"),
        (Self::PutPush, Htm::Put, "push"),
        (Self::DeletePush, Htm::Delete, "push"),
        (Self::DeleteDevice, Htm::Delete, "device"),
        (Self::Keys, Htm::Post, "keys"),
        (Self::Invite, Htm::Post, "invite"),
        (Self::Confirm, Htm::Post, "confirm"),
        (Self::Icon, Htm::Get, ICON),
    ];

    /// The call of this method and path.
    fn of(method: &Method, path: &str) -> Result<(Self, Htm), Refusal> {
        let path = path.strip_prefix(BASE).ok_or(Refusal::NotFound)?;
        let is_there = |known: &str| if known == ICON { icon(path).is_some() } else { known == path };
        let there: Vec<_> = Self::ALL.iter().filter(|(.., known)| is_there(known)).collect();
        let found = there.iter().find(|(_, htm, _)| htm.as_str() == method.as_str());
        match (found, there.first()) {
            (Some((served, htm, _)), _) => Ok((*served, *htm)),
            (None, Some(_)) => Err(Refusal::Method(there.iter().map(|(_, htm, _)| htm.as_str()).collect())),
            (None, None) => Err(Refusal::NotFound),
        }
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(served, ..)| *served == self).map_or("", |(.., name)| name)
    }

    fn limit(self) -> usize {
        if matches!(self, Self::Enrol | Self::Keys) { limits::BODY_ENROL } else { limits::BODY }
    }

    /// What one network may ask; what one phone may, its proof or its answer's signature decides.
    fn rate(self) -> Option<rate::Rate> {
        match self {
            Self::Metadata | Self::Answer => Some(rate::OPEN),
            Self::Enrol => Some(rate::ENROL),
            Self::PutPush | Self::DeletePush | Self::DeleteDevice | Self::Keys | Self::Invite | Self::Confirm => {
                Some(rate::CHANGE)
            }
            Self::Poll | Self::Events | Self::Icon => None,
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
    if parts.uri.query().is_some() {
        return Err(Refusal::NotFound);
    }
    let (served, method) = Served::of(&parts.method, parts.uri.path())?;
    let has_body = matches!(method, Htm::Post | Htm::Put);
    if has_body && !is_plain_json(&parts.headers) {
        return Err(Refusal::MediaType);
    }
    let by = caller(&parts);
    if let Some(rate) = served.rate() {
        let taken = phones.inner.rates.take(served.name(), by.address, rate, phones.inner.clock.monotonic());
        taken.map_err(Refusal::Many)?;
    }
    let bytes = if has_body {
        read_body(&parts.headers, body, served.limit(), house).await?
    } else if body.is_end_stream() {
        Bytes::new()
    } else {
        return Err(Refusal::Malformed("a body on GET or DELETE"));
    };
    let path = parts.uri.path().strip_prefix(BASE).unwrap_or_default();
    let call = Call { method, htu: phones.inner.issuer.u().join(path), bh: H32::sha256(&[&bytes]) };
    let asked = Asked { headers: &parts.headers, path, call, by };
    phones.asked(house, served, bytes, asked).await
}

/// A request as its call needs it.
struct Asked<'a> {
    headers: &'a HeaderMap,
    path: &'a str,
    call: Call,
    by: Caller,
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

    async fn asked(
        &self,
        house: &Arc<House>,
        served: Served,
        body: Bytes,
        asked: Asked<'_>,
    ) -> Result<Response, Refusal> {
        let phones = self.clone();
        let Asked { headers, path, call, by } = asked;
        match served {
            Served::Metadata => self.metadata(),
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
                let (device, _) = house.run(move |_| phones.prove(proof, &call, &ANY)).await?;
                let state = self.poll(house, device.did, echo).await?;
                Ok(reply::json(StatusCode::OK, &state))
            }
            Served::Events => {
                let proof = proof::read(headers)?;
                let (device, _) = house.run(move |_| phones.prove(proof, &call, &ANY)).await?;
                self.events(house, device.did).await
            }
            Served::PutPush => {
                let put: PutPush = json::parse(&body)?;
                let proof = proof::read(headers)?;
                house.run(move |_| phones.put_push(put, proof, &call, &by)).await?;
                Ok(reply::nothing())
            }
            Served::DeletePush => {
                let proof = proof::read(headers)?;
                house.run(move |_| phones.delete_push(proof, &call, &by)).await?;
                Ok(reply::nothing())
            }
            Served::DeleteDevice => {
                let proof = proof::read(headers)?;
                house.run(move |_| phones.delete_device(proof, &call, &by)).await?;
                Ok(reply::nothing())
            }
            Served::Keys => {
                let request: KeysRequest = json::parse(&body)?;
                let proof = proof::read(headers)?;
                let reply = house.run(move |_| phones.keys(request, proof, &call, &by)).await?;
                Ok(reply::json(StatusCode::OK, &reply))
            }
            Served::Invite => {
                let request: InviteRequest = json::parse(&body)?;
                let proof = proof::read(headers)?;
                let reply = house.run(move |_| phones.invite(request, proof, &call, &by)).await?;
                Ok(reply::json(StatusCode::CREATED, &reply))
            }
            Served::Icon => {
                let proof = proof::read(headers)?;
                house.run(move |_| phones.prove(proof, &call, &ACTIVE)).await?;
                let png = icon(path).and_then(|hash| house.icons.get(&hash)).ok_or(Refusal::NotFound)?;
                let mut response = Response::new(Bytes::from_owner(png).into());
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
                Ok(response)
            }
            Served::Confirm => {
                let request: ConfirmRequest = json::parse(&body)?;
                let proof = proof::read(headers)?;
                house.run(move |_| phones.confirm(request, proof, &call, &by)).await?;
                Ok(reply::nothing())
            }
        }
    }
}
