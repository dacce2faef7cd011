//! One connection: handshake, then requests one after the other.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1::{self, Parts};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::address::{Addresses, Entered};
use super::deadline::Deadline;
use super::stall::Stall;
use super::{Peer, outermost};
use crate::house::House;
use crate::limits;

/// What all connections share.
pub(super) struct Shared {
    pub(super) routes: Router,
    pub(super) acceptor: TlsAcceptor,
    pub(super) places: Arc<Semaphore>,
    pub(super) addresses: Addresses,
    pub(super) house: Arc<House>,
}

impl Shared {
    /// Counts a connection of this address; `None` when it has as many as it may. A configured proxy stands for many.
    pub(super) fn enter(&self, address: IpAddr) -> Option<Option<Entered>> {
        if self.house.config.proxies.contains(&address.to_canonical()) {
            return Some(None);
        }
        self.addresses.enter(address).map(Some)
    }
}

/// Serves until the peer closes, a limit is broken, or the gateway stops and the request under way is answered.
pub(super) async fn serve(shared: &Shared, stream: TcpStream, peer: SocketAddr) {
    let house = &shared.house;
    // Answers are small and written whole; waiting for more to send only delays them.
    drop(stream.set_nodelay(true));
    let handshake = tokio::select! {
        done = shared.acceptor.accept(Stall::new(stream, house.timer.clone())) => done,
        () = house.timer.wait(limits::HANDSHAKE_TIME) => return,
        () = house.stopping.begun() => return,
    };
    let Ok(stream) = handshake else {
        tracing::debug!(%peer, "no TLS handshake");
        return;
    };
    let rate = Rate::default();
    let service = service_fn(|request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        let within = rate.count(house);
        async move { Ok::<_, Infallible>(outermost::answer(house, &shared.routes, request, within).await) }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(Deadline::new(house.timer.clone()))
        .header_read_timeout(limits::HEADER_TIME)
        .max_headers(limits::HEADERS)
        .max_header_size(limits::REQUEST_LINE + limits::HEADER_BYTES)
        .max_buf_size(16 * 1024);
    let mut connection = builder.serve_connection(TokioIo::new(stream), service);
    let served = tokio::select! {
        served = &mut connection => served,
        () = house.stopping.begun() => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    if let Err(fault) = served {
        tracing::debug!(%peer, %fault, "connection ended");
        if fault.is_timeout() {
            let Parts { io, read_buf, .. } = connection.into_parts();
            tell_late(io.into_inner(), !read_buf.is_empty()).await;
        }
    }
}

/// A head that was begun and did not come in time gets its answer; where nothing was begun the connection just ends.
async fn tell_late(mut stream: impl AsyncWrite + Unpin, begun: bool) {
    const LATE: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    if !begun || stream.write_all(LATE).await.is_ok() {
        drop(stream.shutdown().await);
    }
}

/// Counts a connection's requests a minute.
#[derive(Default)]
struct Rate {
    minute: AtomicU64,
    count: AtomicU32,
}

impl Rate {
    /// Counts one; whether it is within the limit.
    fn count(&self, house: &House) -> bool {
        let minute = house.clock.monotonic().as_secs() / 60;
        if self.minute.swap(minute, Ordering::Relaxed) != minute {
            self.count.store(0, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed) < limits::CONNECTION_RATE
    }
}
