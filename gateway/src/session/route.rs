//! Signing out.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as With;
use axum::response::Response;
use axum::routing::post;
use countersign_protocol::jose::H32;

use crate::approval::State;
use crate::failure::Failure;
use crate::house::House;
use crate::request::{Posted, Visitor, see_other, with_cookie};
use crate::session::Cookie;

/// The routes of this subject.
pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/logout", post(log_out))
}

async fn log_out(With(house): With<Arc<House>>, posted: Posted) -> Result<Response, Failure> {
    let Visitor { session, caller, cookie, .. } = posted.visitor;
    if let Some(session) = session {
        house
            .run(move |house| {
                house.sessions.end(&session)?;
                // What this browser still asks its person's phone for would only sign in again.
                let binding = H32::from_bytes(cookie.hash());
                if let Some((row, State::Pending)) = house.approvals.of_browser(binding)? {
                    house.approvals.cancel(row.id, binding, &caller)?;
                }
                let now = house.clock.now();
                house.audit.append(&caller.entry(now, "session.logout", "done").person(&session.name))?;
                Ok::<_, Failure>(())
            })
            .await?;
    }
    Ok(with_cookie(see_other("/login"), &Cookie::clear()))
}
