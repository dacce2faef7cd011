//! `/healthz`: the process lives. `/readyz`: it can serve, and does not stop.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::house::House;
use crate::store::StoreFault;

/// The routes of this subject.
pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/healthz", get(async || "ok\n")).route("/readyz", get(ready))
}

/// How the store was found, and when, so that asking often costs no writes.
#[derive(Default)]
pub struct Ready(Mutex<Option<(Duration, &'static str)>>);

impl Ready {
    /// What is in the way, empty when nothing is. Looked at anew once a second.
    fn look(&self, house: &House) -> &'static str {
        let now = house.clock.monotonic();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, found)) = last.filter(|(at, _)| now.saturating_sub(*at) < Duration::from_secs(1)) {
            return found;
        }
        let found = match house.values.put(vec![("ready", Vec::new())]) {
            Ok(()) => "",
            Err(StoreFault::Full) => "disk full\n",
            Err(_) => "store\n",
        };
        *last = Some((now, found));
        found
    }
}

/// 200 when the store can be written and no stop has begun, else 503 with the reason's name.
async fn ready(State(house): State<Arc<House>>) -> Response {
    if house.stopping.has_begun() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    let looked = tokio::task::spawn_blocking(move || house.ready.look(&house)).await;
    match looked.unwrap_or("store\n") {
        "" => "ready\n".into_response(),
        found => (StatusCode::SERVICE_UNAVAILABLE, found).into_response(),
    }
}
