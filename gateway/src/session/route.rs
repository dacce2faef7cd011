//! Signing out.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;

use crate::failure::Failure;
use crate::house::House;
use crate::request::{Posted, see_other, with_cookie};
use crate::session::Cookie;

/// The routes of this subject.
pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/logout", post(log_out))
}

async fn log_out(State(house): State<Arc<House>>, posted: Posted) -> Result<Response, Failure> {
    if let Some(session) = posted.visitor.session {
        let caller = posted.visitor.caller;
        house
            .run(move |house| {
                house.sessions.end(&session)?;
                let now = house.clock.now();
                house.audit.append(&caller.entry(now, "session.logout", "done").person(&session.name))?;
                Ok::<_, Failure>(())
            })
            .await?;
    }
    Ok(with_cookie(see_other("/login"), &Cookie::clear()))
}
