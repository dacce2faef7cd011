//! The way of a request: accept, TLS, HTTP/1.1 with its limits, the outermost layer, the routes.

mod address;
mod connection;
mod deadline;
pub(crate) mod outermost;
mod stall;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::failure::Failure;
use crate::house::House;
use crate::{enrol, health, limits, login, page, push, session, tls};
pub use outermost::answer;

/// All routes of the gateway.
pub fn routes(house: &Arc<House>) -> Router {
    Router::new()
        .merge(page::route::routes())
        .merge(session::route::routes())
        .merge(health::routes())
        .merge(login::route::routes(house.config.sample_app))
        .merge(enrol::route::routes())
        .merge(push::route::routes())
        .fallback(async || Failure::not_found())
        .method_not_allowed_fallback(async || Failure::new(StatusCode::METHOD_NOT_ALLOWED, "gateway.method"))
        .with_state(house.clone())
}

/// Accepts on all listeners until the gateway stops, then lets open requests end.
pub async fn serve(house: Arc<House>, listeners: Vec<TcpListener>, tls: tls::Served) {
    let shared = Arc::new(connection::Shared {
        routes: routes(&house),
        acceptor: TlsAcceptor::from(tls.config),
        places: Arc::new(Semaphore::new(house.config.limits.connections)),
        addresses: address::Addresses::new(house.config.limits.address_connections),
        house: house.clone(),
    });
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(accept(shared.clone(), listener));
    }
    while accepting.join_next().await.is_some() {}
}

/// One listener: each connection is a task of its own. Ends when all its connections have, or after the time to stop.
async fn accept(shared: Arc<connection::Shared>, listener: TcpListener) {
    let house = shared.house.clone();
    let mut connections = JoinSet::new();
    loop {
        // A place is taken before accepting, so that a flood waits in the system's queue and not in our memory.
        let place = tokio::select! {
            place = shared.places.clone().acquire_owned() => place,
            () = house.stopping.begun() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            () = house.stopping.begun() => break,
        };
        match (accepted, place) {
            (Ok((stream, peer)), Ok(place)) => {
                let Some(own) = shared.enter(peer.ip()) else {
                    tracing::debug!(%peer, "too many connections of one address");
                    continue;
                };
                let shared = shared.clone();
                connections.spawn(async move {
                    connection::serve(&shared, stream, peer).await;
                    drop((own, place));
                });
            }
            (Err(fault), _) => {
                // Out of files, mostly: the next attempt would fail at once.
                tracing::warn!(%fault, "accept failed");
                house.timer.wait(std::time::Duration::from_millis(100)).await;
            }
            (Ok(_), Err(_)) => break,
        }
    }
    drop(listener);
    let ended = async { while connections.join_next().await.is_some() {} };
    tokio::select! {
        () = ended => {}
        () = house.timer.wait(limits::STOP_TIME) => tracing::warn!("requests were cut off by the stop"),
    }
}

/// A connection's peer, put into each of its requests.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

#[cfg(test)]
mod tests;
