//! The pages by which a person adds a device: a name, what is scanned, the digits or the first code.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::GoneWhy;
use countersign_strings::{fill, text};
use serde::Deserialize;

use super::codes::OfferFault;
use super::pages::{self, Adding};
use super::record::{Code, Confirmed, DeviceState};
use super::route::{ADD, LIST, Needs, frame, owner, session};
use crate::failure::Failure;
use crate::house::House;
use crate::page::login::Waited;
use crate::page::manage::{AddFault, Tab};
use crate::page::{render_with, tries_left};
use crate::request::{Posted, Query, Visitor, see_other, with_cookie};
use crate::session::{Session, Step};
use crate::wake::Ended;

/// How long a page's request is held.
const HELD: Duration = Duration::from_secs(25);

/// The routes of adding.
pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route(ADD, get(add).post(offer))
        .route("/manageotp/add/state", get(state))
        .route("/manageotp/add/cancel", post(withdraw))
        .route("/manageotp/confirm", post(confirm))
        .route("/manageotp/refuse", post(refuse))
        .route("/manageotp/first-code", post(first_code))
}

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    kind: String,
    #[serde(default)]
    state: String,
}

/// The page of adding a device, in the step that is under way.
async fn adding(
    house: &Arc<House>,
    by: &Visitor,
    session: &Session,
    tab: Tab,
    name: String,
    fault: Option<AddFault>,
) -> Result<Response, Failure> {
    let (who, browser) = (session.clone(), H32::from_bytes(by.cookie.hash()));
    let frame = frame(house, text("manage.add"), by, session);
    let status = if fault.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    let view = house
        .run(move |house| {
            let voucher = !who.may_enrol(&house.sessions.moment());
            pages::add(house, Adding { frame, owner: owner(&who), browser, tab, voucher, name, fault })
        })
        .await?;
    Ok(render_with(status, &view))
}

/// The tab that is asked for. Where codes are switched off there is one tab alone.
fn tab(house: &House, kind: &str) -> Tab {
    if kind == "other" && house.config.policy.totp { Tab::Other } else { Tab::Countersign }
}

async fn add(State(house): State<Arc<House>>, by: Visitor, Query(asked): Query<Asked>) -> Result<Response, Failure> {
    match session(&house, &by, Needs::Enrol, ADD).await? {
        Ok(session) => adding(&house, &by, &session, tab(&house, &asked.kind), String::new(), None).await,
        Err(page) => Ok(page),
    }
}

/// How an offer went.
enum Offered {
    /// The page now shows it; the cookie that a voucher brought.
    Shown(Option<String>),
    /// Why not.
    Not(AddFault),
    /// The session ended meanwhile.
    Ended,
}

async fn offer(State(house): State<Arc<House>>, posted: Posted) -> Result<Response, Failure> {
    let Posted { visitor: by, mut fields } = posted;
    let (tab, name) = (tab(&house, fields.get("kind")), fields.get("name").to_owned());
    let voucher = fields.take("voucher").unwrap_or_default();
    let shown = if tab == Tab::Other { "/manageotp/add?kind=other" } else { ADD };
    let (old, typed) = (by.cookie, voucher.clone());
    if let Some(cookie) = house.run(move |house| house.sessions.repeated(&old, &typed).map_err(Failure::from)).await? {
        return Ok(with_cookie(see_other(shown), &cookie.set()));
    }
    let session = match session(&house, &by, Needs::Enrol, ADD).await? {
        Ok(session) => session,
        Err(page) => return Ok(page),
    };
    let (who, visitor, called) = (session.clone(), by.clone(), name.clone());
    let offered = house.run(move |house| offer_to(house, &visitor, who, tab, &called, &voucher)).await?;
    Ok(match offered {
        Offered::Ended => see_other("/login"),
        Offered::Not(why) => adding(&house, &by, &session, tab, name, Some(why)).await?,
        Offered::Shown(cookie) => cookie.into_iter().fold(see_other(shown), |page, set| with_cookie(page, &set)),
    })
}

fn offer_to(
    house: &House,
    by: &Visitor,
    session: Session,
    tab: Tab,
    name: &str,
    voucher: &str,
) -> Result<Offered, Failure> {
    // Before the voucher is used up, whatever else would refuse.
    if super::devices::device_name(name).is_none() {
        return Ok(Offered::Not(AddFault::Name));
    }
    let (mut cookie, mut set) = (by.cookie, None);
    if !session.may_enrol(&house.sessions.moment()) {
        let step = house.sessions.once(&by.cookie, voucher, || {
            if !house.people.take_voucher(session.person, &session.name, voucher, &by.caller)? {
                let entry = by.caller.entry(house.clock.now(), "person.voucher", "refused").person(&session.name);
                house.audit.append(&entry)?;
                return Ok::<_, Failure>(Err(Offered::Not(AddFault::Voucher)));
            }
            house.approvals.store().reset(session.person)?;
            let raised = house.sessions.raise(&session, Step { voucher: true, ..Step::default() })?;
            Ok(raised.map(|(cookie, _)| cookie).ok_or(Offered::Ended))
        })?;
        match step {
            Ok(raised) => (cookie, set) = (raised, Some(raised.set())),
            Err(not) => return Ok(not),
        }
    }
    let (owner, browser) = (owner(&session), H32::from_bytes(cookie.hash()));
    let offered = match tab {
        Tab::Countersign => house.devices.offer(owner, browser, name, &by.caller),
        Tab::Other => house.devices.offer_app(owner, name, &by.caller).map(drop),
    };
    match offered {
        Ok(()) => Ok(Offered::Shown(set)),
        Err(OfferFault::Name) => Ok(Offered::Not(AddFault::Name)),
        // The voucher's new cookie must reach the browser, so the page that follows says it.
        Err(OfferFault::Limit) if set.is_some() => Ok(Offered::Shown(set)),
        Err(OfferFault::Limit) => Ok(Offered::Not(other("manage.no_room"))),
        Err(OfferFault::Fault(fault)) => Err(fault.into()),
    }
}

fn other(key: &str) -> AddFault {
    AddFault::Other(text(key).to_owned())
}

/// Held while the code that this browser shows stays as it is.
async fn state(
    State(house): State<Arc<House>>,
    by: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Json<Waited>, Failure> {
    let browser = H32::from_bytes(by.cookie.hash());
    let told = |state: String, then| Json(Waited { state, line: text("manage.waiting").to_owned(), warn: false, then });
    if by.session.is_none() {
        return Ok(told(String::new(), "load"));
    }
    let look = async || {
        let found = house.run(move |house| house.devices.offered(browser).map_err(Failure::from)).await?;
        Ok::<Option<Code>, Failure>(found)
    };
    let Some(first) = look().await? else { return Ok(told(String::new(), "load")) };
    let mut listening = house.devices.listen(first.e);
    let mut left = HELD;
    loop {
        let Some(code) = look().await? else { return Ok(told(String::new(), "load")) };
        let word = pages::word(&code, &house.devices.moment());
        if word != asked.state {
            return Ok(told(word, "load"));
        }
        if left.is_zero() {
            return Ok(told(word, "wait"));
        }
        let slice = left.min(Duration::from_secs(code.x.at.saturating_sub(house.clock.now()) + 1));
        match listening.wait(slice, &*house.timer, house.stopping.begun()).await {
            Ended::Woken => {}
            Ended::Time => left = left.saturating_sub(slice),
            Ended::Stop => left = Duration::ZERO,
        }
    }
}

async fn withdraw(State(house): State<Arc<House>>, posted: Posted) -> Result<Response, Failure> {
    let by = posted.visitor;
    if let Some(session) = by.session.clone() {
        let browser = H32::from_bytes(by.cookie.hash());
        house
            .run(move |house| house.devices.withdraw(owner(&session), browser, &by.caller).map_err(Failure::from))
            .await?;
    }
    Ok(see_other(ADD))
}

/// The device that a form names, and a session that may end its adding: it could add a device now, or the phone scanned
/// the code that this very browser shows. Any other session cannot use up the tries.
async fn adder(house: &Arc<House>, by: &Visitor, device: &str) -> Result<Option<(Session, Id)>, Failure> {
    let (Some(session), Ok(did)) = (by.session.clone(), device.parse::<Id>()) else { return Ok(None) };
    if session.may_enrol(&house.sessions.moment()) {
        return Ok(Some((session, did)));
    }
    let browser = H32::from_bytes(by.cookie.hash());
    let shown = house.run(move |house| house.devices.offered(browser).map_err(Failure::from)).await?;
    let began = shown.and_then(|code| code.taken).is_some_and(|taken| taken.did == did);
    let stepped = session.is_full() || session.voucher.is_some();
    Ok((began && stepped).then_some((session, did)))
}

async fn confirm(State(house): State<Arc<House>>, posted: Posted) -> Result<Response, Failure> {
    let Posted { visitor: by, fields } = posted;
    let Some((session, did)) = adder(&house, &by, fields.get("device")).await? else { return Ok(see_other(ADD)) };
    let (typed, who, caller) = (fields.get("digits").to_owned(), session.clone(), by.caller.clone());
    let end =
        house.run(move |house| house.devices.confirm(owner(&who), did, &typed, &caller).map_err(Failure::from)).await?;
    let fault = match end {
        Confirmed::Active => return Ok(see_other(&format!("{LIST}?done={did}"))),
        Confirmed::NotPending => return Ok(see_other(ADD)),
        Confirmed::Wrong(left) => AddFault::Other(fill("manage.digits_wrong", &[("tries", &tries_left(left))])),
        Confirmed::Refused => other("manage.digits_refused"),
    };
    adding(&house, &by, &session, Tab::Countersign, String::new(), Some(fault)).await
}

async fn first_code(State(house): State<Arc<House>>, posted: Posted) -> Result<Response, Failure> {
    let Posted { visitor: by, fields } = posted;
    let Some((session, did)) = adder(&house, &by, fields.get("device")).await? else { return Ok(see_other(ADD)) };
    let (typed, who, caller) = (fields.get("code").to_owned(), session.clone(), by.caller.clone());
    let end = house
        .run(move |house| house.devices.first_code(owner(&who), did, &typed, &caller).map_err(Failure::from))
        .await?;
    match end {
        Confirmed::Active => Ok(see_other(&format!("{LIST}?done={did}"))),
        Confirmed::NotPending => Ok(see_other("/manageotp/add?kind=other")),
        Confirmed::Wrong(_) | Confirmed::Refused => {
            let fault = Some(other("manage.code_wrong"));
            adding(&house, &by, &session, Tab::Other, String::new(), fault).await
        }
    }
}

async fn refuse(State(house): State<Arc<House>>, posted: Posted) -> Result<Response, Failure> {
    let Posted { visitor: by, fields } = posted;
    let Some((session, did)) = adder(&house, &by, fields.get("device")).await? else { return Ok(see_other(ADD)) };
    let (who, caller) = (session.clone(), by.caller.clone());
    house
        .run(move |house| {
            let pending =
                house.devices.of(who.person)?.iter().any(|(it, state)| it.did == did && *state == DeviceState::Pending);
            if pending {
                house.devices.remove(owner(&who), did, GoneWhy::Refused, &caller)?;
            }
            Ok::<_, Failure>(())
        })
        .await?;
    let fault = Some(other("manage.refused"));
    adding(&house, &by, &session, Tab::Countersign, String::new(), fault).await
}
