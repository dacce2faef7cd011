//! The pages by which a person suspends a device that is lost, and lets one count again.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use countersign_strings::text;

use super::devices::Devices;
use super::pages;
use super::record::{Device, DeviceState};
use super::route::{LIST, Needs, changing, frame, owner, take_out};
use crate::failure::Failure;
use crate::house::House;
use crate::login::pages::fresh_page;
use crate::page::manage::ResumeView;
use crate::page::{render, render_with};
use crate::request::{Path, Posted, Visitor, see_other};
use crate::session::Session;

/// The routes of suspension.
pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/manageotp/{device}/suspend", post(suspend))
        .route("/manageotp/{device}/resume", get(resume_page).post(resume))
}

async fn suspend(State(house): State<Arc<House>>, Path(id): Path<String>, posted: Posted) -> Result<Response, Failure> {
    take_out(&house, posted.visitor, &id, "suspended", Devices::suspend_from).await
}

/// Whether the session showed another second factor than this device: one that came after it was suspended, since from then
/// on the device itself shows none (`push-v1.md` §10).
fn showed_another(session: &Session, device: &Device) -> bool {
    let shown = [session.manage, session.voucher];
    device.suspended.is_some_and(|(since, _)| shown.into_iter().flatten().any(|moment| moment.now > since))
}

/// The device that is to count again, with a session that may say so.
async fn resuming(house: &Arc<House>, by: &Visitor, id: &str) -> Result<Result<(Session, Device), Response>, Failure> {
    let (session, device, state) = match changing(house, by, id, Needs::Change, "resume").await? {
        Ok(found) => found,
        Err(page) => return Ok(Err(page)),
    };
    if state != DeviceState::Suspended {
        return Ok(Err(see_other(LIST)));
    }
    if session.may_change(&house.sessions.moment()) && showed_another(&session, &device) {
        return Ok(Ok((session, device)));
    }
    let person = session.person;
    let has_another = house.run(move |house| house.devices.has_active(person).map_err(Failure::from)).await?;
    if has_another {
        return Ok(Err(fresh_page(house, by, &format!("{LIST}/{}/resume", device.did), None)));
    }
    let view = view(house, by, &session, &device, Some(text("manage.resume_alone").to_owned()));
    Ok(Err(render_with(StatusCode::FORBIDDEN, &view)))
}

fn view(house: &House, by: &Visitor, session: &Session, device: &Device, fault: Option<String>) -> ResumeView {
    let frame = frame(house, text("manage.resume_title"), by, session);
    ResumeView { frame, device: pages::card(device, DeviceState::Suspended), fault }
}

async fn resume_page(
    State(house): State<Arc<House>>,
    by: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    match resuming(&house, &by, &id).await? {
        Ok((session, device)) => Ok(render(&view(&house, &by, &session, &device, None))),
        Err(page) => Ok(page),
    }
}

async fn resume(State(house): State<Arc<House>>, Path(id): Path<String>, posted: Posted) -> Result<Response, Failure> {
    let by = posted.visitor;
    let (session, device) = match resuming(&house, &by, &id).await? {
        Ok(found) => found,
        Err(page) => return Ok(page),
    };
    let did = device.did;
    house.run(move |house| house.devices.resume(owner(&session), did, &by.caller).map_err(Failure::from)).await?;
    Ok(see_other(&format!("{LIST}?resumed={did}")))
}
