//! One connection: handshake, then requests one after the other.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use super::stall::Stall;
use super::{Peer, outermost};
use crate::house::House;
use crate::limits;

/// What all connections share.
pub(super) struct Shared {
    pub(super) routes: Router,
    pub(super) acceptor: TlsAcceptor,
    pub(super) places: Arc<Semaphore>,
    pub(super) house: Arc<House>,
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
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADER_TIME)
        .max_headers(limits::HEADERS)
        .max_header_size(limits::REQUEST_LINE + limits::HEADER_BYTES)
        .max_buf_size(16 * 1024);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let served = tokio::select! {
        served = connection.as_mut() => served,
        () = house.stopping.begun() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(fault) = served {
        tracing::debug!(%peer, %fault, "connection ended");
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
