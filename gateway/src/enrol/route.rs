//! `/manageotp`: the pages on which people look after their devices.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use countersign_protocol::jose::Id;
use countersign_strings::{fill, text};
use serde::Deserialize;

use super::devices::{Devices, EnrolFault, Owner};
use super::pages;
use super::record::{Device, DeviceState};
use super::{adding, suspended};
use crate::audit::Caller;
use crate::failure::Failure;
use crate::house::House;
use crate::login::pages::fresh_page;
use crate::page::manage::{DeviceCard, ListView, RemoveView, RenameView, TestView};
use crate::page::{Frame, render, render_with};
use crate::request::{Path, Posted, Query, Visitor, see_other};
use crate::session::Session;

pub(super) const LIST: &str = "/manageotp";
pub(super) const ADD: &str = "/manageotp/add";

/// The routes of this subject.
pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route(LIST, get(list))
        .route("/manageotp/{device}/rename", get(rename_page).post(rename))
        .route("/manageotp/{device}/remove", get(remove_page).post(remove))
        .route("/manageotp/{device}/test", get(test_page).post(test))
        .merge(adding::routes())
        .merge(suspended::routes())
}

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    done: String,
    #[serde(default)]
    renamed: String,
    #[serde(default)]
    removed: String,
    #[serde(default)]
    suspended: String,
    #[serde(default)]
    resumed: String,
}

pub(super) fn owner(session: &Session) -> Owner<'_> {
    Owner { id: session.person, name: &session.name }
}

pub(super) fn frame(house: &House, title: &str, by: &Visitor, session: &Session) -> Frame {
    Frame::signed_in(title, &session.name, by.token(house))
}

/// What a page asks of a session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs {
    /// A second factor in this session, or a voucher of the last ten minutes.
    Look,
    /// A second factor that was asked for as looking after devices, or a voucher, not older than ten minutes.
    Change,
    /// A second factor that was asked for as adding a device, or a voucher, not older than ten minutes; nothing where there
    /// is no device yet, since the page then asks for the voucher.
    Enrol,
}

/// The session, if it has what the page at `next` needs; else the page that gets it.
pub(super) async fn session(
    house: &Arc<House>,
    by: &Visitor,
    needs: Needs,
    next: &str,
) -> Result<Result<Session, Response>, Failure> {
    let Some(session) = by.session.clone() else {
        return Ok(Err(by.answer(see_other(&format!("/login?next={next}")))));
    };
    let at = house.sessions.moment();
    let enough = match needs {
        Needs::Look => session.may_look(&at),
        Needs::Change => session.may_change(&at),
        Needs::Enrol => session.may_enrol(&at),
    };
    if enough {
        return Ok(Ok(session));
    }
    let person = session.person;
    let has_device = house.run(move |house| house.devices.has_active(person).map_err(Failure::from)).await?;
    Ok(match (has_device, needs) {
        (true, _) => Err(fresh_page(house, by, next, None)),
        (false, Needs::Enrol) => Ok(session),
        (false, Needs::Look) if session.is_full() => Ok(session),
        // Nothing is left to ask but a voucher, which that page takes.
        (false, Needs::Change) if session.is_full() => Err(fresh_page(house, by, next, None)),
        (false, Needs::Look | Needs::Change) => Err(see_other(ADD)),
    })
}

async fn list(State(house): State<Arc<House>>, by: Visitor, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    let session = match session(&house, &by, Needs::Look, LIST).await? {
        Ok(session) => session,
        Err(page) => return Ok(page),
    };
    let who = session.clone();
    let (devices, notice) = house
        .run(move |house| {
            let devices = house.devices.of(who.person)?;
            let said = [
                ("manage.done", &asked.done),
                ("manage.renamed", &asked.renamed),
                ("manage.now_suspended", &asked.suspended),
                ("manage.resumed", &asked.resumed),
            ];
            let mut notice = None;
            if let Ok(did) = asked.removed.parse()
                && house.devices.owned(who.person, did)?.is_some()
            {
                // Its name is forgotten.
                notice = Some(text("manage.removed").to_owned());
            }
            for (key, id) in said {
                if let Ok(did) = id.parse()
                    && let Some(device) = house.devices.owned(who.person, did)?
                {
                    notice = Some(fill(key, &[("name", &device.name)]));
                }
            }
            Ok::<_, Failure>((devices, notice))
        })
        .await?;
    // Where codes are switched off, those that a phone still makes count for nothing.
    let codes = house.config.policy.totp;
    let card = |device: &Device, state| {
        let card = pages::card(device, state);
        DeviceCard { codes: card.codes && codes, ..card }
    };
    let devices = devices.iter().map(|(device, state)| card(device, *state)).collect();
    Ok(render(&ListView { frame: frame(&house, text("manage.title"), &by, &session), devices, notice }))
}

/// The device of a page, with the session that may change it.
pub(super) async fn changing(
    house: &Arc<House>,
    by: &Visitor,
    id: &str,
    needs: Needs,
    page: &str,
) -> Result<Result<(Session, Device, DeviceState), Response>, Failure> {
    // First of all: what is no id goes into no address.
    let did: Id = id.parse().map_err(|_| Failure::not_found())?;
    let session = match session(house, by, needs, &format!("{LIST}/{did}/{page}")).await? {
        Ok(session) => session,
        Err(page) => return Ok(Err(page)),
    };
    let person = session.person;
    let found = house.run(move |house| house.devices.of(person).map_err(Failure::from)).await?;
    let found = found.into_iter().find(|(device, _)| device.did == did);
    let (device, state) = found.ok_or_else(Failure::not_found)?;
    Ok(Ok((session, device, state)))
}

async fn rename_page(
    State(house): State<Arc<House>>,
    by: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    match changing(&house, &by, &id, Needs::Change, "rename").await? {
        Ok((session, device, state)) => {
            Ok(rename_view(&house, &by, &session, &device, state, device.name.clone(), None))
        }
        Err(page) => Ok(page),
    }
}

fn rename_view(
    house: &House,
    by: &Visitor,
    session: &Session,
    device: &Device,
    state: DeviceState,
    name: String,
    fault: Option<String>,
) -> Response {
    let status = if fault.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    let frame = frame(house, text("manage.rename_title"), by, session);
    render_with(status, &RenameView { frame, device: pages::card(device, state), name, fault })
}

async fn rename(State(house): State<Arc<House>>, Path(id): Path<String>, posted: Posted) -> Result<Response, Failure> {
    let Posted { visitor: by, fields } = posted;
    let (session, device, state) = match changing(&house, &by, &id, Needs::Change, "rename").await? {
        Ok(found) => found,
        Err(page) => return Ok(page),
    };
    let (name, who, caller, did) = (fields.get("name").to_owned(), session.clone(), by.caller.clone(), device.did);
    let typed = name.clone();
    let done =
        house.run(move |house| house.devices.rename(owner(&who), did, &typed, &caller).map_err(Failure::from)).await?;
    if done {
        return Ok(see_other(&format!("{LIST}?renamed={did}")));
    }
    let fault = Some(text("manage.name_wrong").to_owned());
    Ok(rename_view(&house, &by, &session, &device, state, name, fault))
}

async fn remove_page(
    State(house): State<Arc<House>>,
    by: Visitor,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let (session, device, state) = match changing(&house, &by, &id, Needs::Change, "remove").await? {
        Ok(found) => found,
        Err(page) => return Ok(page),
    };
    let person = session.person;
    let all = house.run(move |house| house.devices.of(person).map_err(Failure::from)).await?;
    let others = all.iter().any(|(it, state)| it.did != device.did && *state == DeviceState::Active);
    let frame = frame(&house, text("manage.remove_title"), &by, &session);
    let last = state == DeviceState::Active && !others;
    Ok(render(&RemoveView { frame, device: pages::card(&device, state), last }))
}

async fn remove(State(house): State<Arc<House>>, Path(id): Path<String>, posted: Posted) -> Result<Response, Failure> {
    take_out(&house, posted.visitor, &id, "removed", Devices::remove_from).await
}

/// Removing, or suspending, out of a session.
type TakeOut = fn(&Devices, Owner<'_>, Id, [u8; 32], &Caller) -> Result<Option<Vec<Id>>, EnrolFault>;

/// Takes a device out of use in the session that looks after it, by `how`; the list then says so.
pub(super) async fn take_out(
    house: &Arc<House>,
    by: Visitor,
    id: &str,
    said: &str,
    how: TakeOut,
) -> Result<Response, Failure> {
    let (session, device, _) = match changing(house, &by, id, Needs::Change, "remove").await? {
        Ok(found) => found,
        Err(page) => return Ok(page),
    };
    let did = device.did;
    house
        .run(move |house| {
            let ended = how(&house.devices, owner(&session), did, session.id, &by.caller)?;
            house.approvals.ended(&ended.unwrap_or_default()).map_err(Failure::from)
        })
        .await?;
    Ok(see_other(&format!("{LIST}?{said}={did}")))
}

async fn test_page(State(house): State<Arc<House>>, by: Visitor, Path(id): Path<String>) -> Result<Response, Failure> {
    match changing(&house, &by, &id, Needs::Look, "test").await? {
        Ok(_) if !house.config.policy.totp => Ok(see_other(LIST)),
        Ok((session, device, state)) => Ok(test_view(&house, &by, &session, &device, state, None)),
        Err(page) => Ok(page),
    }
}

fn test_view(
    house: &House,
    by: &Visitor,
    session: &Session,
    device: &Device,
    state: DeviceState,
    right: Option<bool>,
) -> Response {
    let frame = frame(house, text("manage.test_title"), by, session);
    let status = if right == Some(false) { StatusCode::FORBIDDEN } else { StatusCode::OK };
    render_with(status, &TestView { frame, device: pages::card(device, state), right })
}

async fn test(State(house): State<Arc<House>>, Path(id): Path<String>, posted: Posted) -> Result<Response, Failure> {
    let Posted { visitor: by, fields } = posted;
    let (session, device, state) = match changing(&house, &by, &id, Needs::Look, "test").await? {
        Ok(_) if !house.config.policy.totp => return Ok(see_other(LIST)),
        Ok(found) => found,
        Err(page) => return Ok(page),
    };
    let (typed, who, did) = (fields.get("code").to_owned(), session.clone(), device.did);
    let caller = by.caller.clone();
    let right = house
        .run(move |house| {
            let right = house.devices.test_code(owner(&who), did, &typed, &caller)?;
            if !right {
                let entry = caller.entry(house.clock.now(), "device.test", "wrong");
                house.audit.append(&entry.person(&who.name).device(*did.as_bytes()))?;
            }
            Ok::<_, Failure>(right)
        })
        .await?;
    Ok(test_view(&house, &by, &session, &device, state, Some(right)))
}
