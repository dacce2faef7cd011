//! `/healthz`: the process lives. `/readyz`: it can serve, and does not stop.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::house::{self, House};
use crate::store::StoreFault;

/// The routes of this subject.
pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready))
}

/// 200 when the store can be written and no stop has begun, else 503 with the reason's name.
async fn ready(State(house): State<Arc<House>>) -> Response {
    if house.stopping.has_begun() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    let writing = tokio::task::spawn_blocking(move || house::put(&house.store, "ready", Vec::new())).await;
    match writing {
        Ok(Ok(())) => "ready\n".into_response(),
        Ok(Err(StoreFault::Full)) => (StatusCode::SERVICE_UNAVAILABLE, "disk full\n").into_response(),
        Ok(Err(_)) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "store\n").into_response(),
    }
}
