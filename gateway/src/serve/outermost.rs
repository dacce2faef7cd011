//! The outermost layer: transaction id, limits of HTTP, the caller's address, error pages, headers, the log line.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_protocol::jose::b64u;
use futures_util::FutureExt;
use tower::ServiceExt;
use tracing::Instrument;

use super::Peer;
use crate::audit::Caller;
use crate::failure::Failure;
use crate::house::House;
use crate::{limits, page, push};

/// The header that carries the transaction id, on every answer.
pub const TRANSACTION: HeaderName = HeaderName::from_static("countersign-transaction");
/// Where a proxy reports whom it serves.
pub(crate) const FORWARDED: &str = "x-forwarded-for";
/// Device calls and their answers: JSON, never a page.
const DEVICES: &str = "/push/v1/";

/// Answers a request. A panic in a handler is 500 and the connection lives.
pub async fn answer(house: &Arc<House>, routes: &Router, mut request: Request<Body>, within_rate: bool) -> Response {
    let transaction = transaction(house);
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let address = peer.map(|peer| address(house, peer, request.headers()));
    let caller = Caller { address, transaction: transaction.clone() };
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let for_device = path.starts_with(DEVICES);
    request.extensions_mut().insert(caller);
    let span = tracing::info_span!("request", transaction = %transaction);
    let began = house.clock.monotonic();
    let answering = async {
        let refused = refuse(house, &request, for_device && !within_rate);
        let mut response = match refused {
            Some(failure) => failure.into_response(),
            None => handled(routes, request).await,
        };
        let failure = response.extensions_mut().remove::<Failure>();
        if let Some(failure) = &failure {
            response = drawn(failure, &transaction, for_device, response);
        }
        headers(house, &transaction, response.headers_mut());
        if for_device && let Ok(nonce) = HeaderValue::from_str(&house.phones.nonce()) {
            // Also on what is refused before it comes to the call (push-v1 §4).
            response.headers_mut().insert(push::NONCE, nonce);
        }
        let cause = failure.as_ref().and_then(|it| it.cause.as_deref());
        let status = response.status().as_u16();
        let milliseconds = house.clock.monotonic().saturating_sub(began).as_millis() as u64;
        if response.status().is_server_error() {
            tracing::error!(%method, path, status, cause, milliseconds, address = ?address, "answered");
        } else {
            tracing::info!(%method, path, status, cause, milliseconds, address = ?address, "answered");
        }
        response
    };
    answering.instrument(span).await
}

fn transaction(house: &House) -> String {
    // Without randomness nothing else works either; the id then says so.
    house.random.bytes::<9>().map_or_else(|_| "none".into(), |bytes| b64u::encode(&bytes))
}

/// The limits of HTTP that hold for every path.
fn refuse(house: &House, request: &Request<Body>, over_rate: bool) -> Option<Failure> {
    let target = request.uri().path_and_query().map_or(1, |it| it.as_str().len());
    let line = request.method().as_str().len() + target + " HTTP/1.1".len() + 1;
    if line > limits::REQUEST_LINE {
        return Some(Failure::new(StatusCode::URI_TOO_LONG, "gateway.long_address"));
    }
    let bytes: usize = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    let cookies: usize = request.headers().get_all(header::COOKIE).iter().map(HeaderValue::len).sum();
    if request.headers().len() > limits::HEADERS || bytes > limits::HEADER_BYTES || cookies > limits::COOKIE_BYTES {
        return Some(Failure::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "gateway.headers"));
    }
    if !is_for_us(house, request) {
        return Some(Failure::new(StatusCode::MISDIRECTED_REQUEST, "gateway.host"));
    }
    over_rate.then(|| Failure::new(StatusCode::TOO_MANY_REQUESTS, "gateway.rate").after(60))
}

/// Whether the one `Host` header, or the target's authority, is a configured name. Health checks come by address.
fn is_for_us(house: &House, request: &Request<Body>) -> bool {
    if matches!(request.uri().path(), "/healthz" | "/readyz") {
        return true;
    }
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = host.to_str() else { return false };
    let own = house.origin.trim_start_matches("https://");
    let named = |host: &str| host == own || house.config.hosts.iter().any(|other| other == host);
    named(host) && request.uri().authority().is_none_or(|it| named(it.as_str()))
}

/// The peer's address; where the peer is a configured proxy, the last address that it reports.
fn address(house: &House, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let peer = peer.to_canonical();
    if !house.config.proxies.contains(&peer) {
        return peer;
    }
    reported(headers).unwrap_or(peer)
}

/// The last address that `X-Forwarded-For` lists: the one that the proxy itself saw.
pub(crate) fn reported(headers: &HeaderMap) -> Option<IpAddr> {
    let list = headers.get_all(FORWARDED).iter().next_back()?.to_str().ok()?;
    let last: IpAddr = list.rsplit(',').next()?.trim().parse().ok()?;
    Some(last.to_canonical())
}

async fn handled(routes: &Router, request: Request<Body>) -> Response {
    let handling = AssertUnwindSafe(routes.clone().oneshot(request)).catch_unwind();
    match handling.await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(_) => Failure::internal("a handler panicked").into_response(),
    }
}

/// The failure as the outside sees it: a page, or for device calls the error body of push-v1 §4.
fn drawn(failure: &Failure, transaction: &str, for_device: bool, from: Response) -> Response {
    let mut response = if for_device {
        let error = match failure.status.as_u16() {
            413 => "large",
            429 => "slow",
            500.. => "busy",
            _ => "malformed",
        };
        let body = format!(r#"{{"error":"{error}"}}"#);
        (failure.status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
    } else {
        page::error_page(failure, transaction)
    };
    for name in [header::SET_COOKIE, header::ALLOW, header::WWW_AUTHENTICATE] {
        for value in from.headers().get_all(&name) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    let retry = match (failure.retry_after, failure.status.as_u16()) {
        (Some(seconds), _) => Some(seconds),
        (None, 429 | 500..) => Some(5),
        _ => None,
    };
    if let Some(seconds) = retry {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Headers that every answer has (ASVS 3.4). What a route set itself stays.
fn headers(house: &House, transaction: &str, headers: &mut HeaderMap) {
    if let Ok(value) = HeaderValue::from_str(transaction) {
        headers.insert(TRANSACTION, value);
    }
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, page::CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), payment=()"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if house.has_given_certificate() {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}
