//! The pages of signing in over HTTP.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use countersign_protocol::jose::H32;
use countersign_protocol::push::Op;
use countersign_protocol::text::{T64, T128};
use countersign_strings::text;
use serde::Deserialize;

use super::pages::{Drawn, Fault, Sight, form, later, later_page};
use super::{App, known, next, offline, voucher};
use crate::approval::challenge::browser;
use crate::approval::record::{CodeEnd, Hit, Row};
use crate::approval::service::Begun;
use crate::approval::{Ask, Begin, State as Stands};
use crate::audit::Caller;
use crate::calendar;
use crate::failure::Failure;
use crate::house::House;
use crate::page::login::{PasswordView, SampleView, Waited};
use crate::page::{Frame, Sentence, Value, render, render_with};
use crate::person::{PersonFault, PersonId};
use crate::request::{Fields, Posted, Query, Visitor, see_other, with_cookie};
use crate::session::{Cookie, Session, Step};

/// How long a page's request is held.
const HELD: Duration = Duration::from_secs(25);
pub(super) const WAIT: &str = "/login/wait";
/// Where devices are added.
pub(super) const ADD: &str = "/manageotp/add";

/// The routes of this subject.
pub fn routes(sample_app: bool) -> Router<Arc<House>> {
    let routes = Router::new()
        .route("/login", get(password).post(sign_in))
        .route(WAIT, get(wait))
        .route("/login/state", get(state))
        .route("/login/code", post(code))
        .route(offline::PATH, get(offline::page).post(offline::pick))
        .route("/login/resend", post(resend))
        .route("/login/cancel", post(cancel))
        .route("/login/finish", post(finish))
        .route("/login/voucher", post(voucher::instead))
        .route("/login/fresh", post(fresh))
        .route("/login/fresh/voucher", post(voucher::fresh));
    if sample_app { routes.route(App::Sample.home(), get(sample)) } else { routes }
}

#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    next: String,
    #[serde(default)]
    state: String,
}

async fn password(
    State(house): State<Arc<House>>,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    let next = next(&asked.next);
    if visitor.session.as_ref().is_some_and(Session::is_full) {
        return Ok(see_other(&next));
    }
    let view = password_view(&house, &visitor, next, String::new(), None);
    Ok(visitor.answer(render(&view)))
}

fn password_view(house: &House, by: &Visitor, next: String, name: String, fault: Option<String>) -> PasswordView {
    let to = Sentence::fill("login.to", &[("app", Value::Name(App::of(&next).name()))]);
    let (frame, codes) = (form(text("login.title"), by.token(house)), house.config.policy.totp);
    PasswordView { frame, next, to, codes, name, fault, later: None }
}

/// How a password went.
pub(super) enum SignedIn {
    Wrong,
    /// Digits were wrong too often: so many seconds to wait.
    Later(u64),
    /// Passwords were wrong too often for this name: so many seconds to wait.
    Throttled(u64),
    /// The password is right and there is no active device: the session's cookie.
    NoDevice(String),
    /// An approval began.
    Asked,
}

async fn sign_in(State(house): State<Arc<House>>, posted: Posted) -> Result<Response, Failure> {
    let Posted { visitor, mut fields } = posted;
    let next = next(fields.get("next"));
    let name = fields.get("name").to_owned();
    let typed = fields.take_secret("password");
    let (by, going, who) = (visitor.clone(), next.clone(), name.clone());
    let done = house
        .run(move |house| {
            // The name is not stored: people type passwords into that field.
            let entry = |outcome| by.caller.entry(house.clock.now(), "signin.password", outcome);
            let person = match house.people.sign_in(&who, &typed, &by.caller) {
                Ok(Some(person)) => person,
                Ok(None) => {
                    house.audit.append(&entry("refused"))?;
                    return Ok::<_, Failure>(SignedIn::Wrong);
                }
                Err(PersonFault::Wait(seconds)) => {
                    house.audit.append(&entry("wait"))?;
                    return Ok(SignedIn::Throttled(seconds));
                }
                Err(fault) => return Err(fault.into()),
            };
            let entry = by.caller.entry(house.clock.now(), "signin.password", "right").person(&person.name);
            house.audit.append(&entry)?;
            if !house.devices.has_active(person.id)? {
                end_other(house, &by, None)?;
                let begun = house.sessions.begin(person.id, &person.name, Step::default())?;
                return Ok(begun.map_or(SignedIn::Wrong, |(cookie, _)| SignedIn::NoDevice(cookie.set())));
            }
            begin(house, &by, (person.id, &person.name), ask_for(&going), going, true)
        })
        .await?;
    let refused = |status, fault: Option<&str>, later| {
        let view = password_view(&house, &visitor, next.clone(), name.clone(), fault.map(str::to_owned));
        visitor.answer(render_with(status, &PasswordView { later, ..view }))
    };
    Ok(match done {
        SignedIn::Wrong => refused(StatusCode::FORBIDDEN, Some(text("login.wrong")), None),
        SignedIn::Later(seconds) => refused(StatusCode::FORBIDDEN, None, Some(later(seconds))),
        SignedIn::Throttled(seconds) => {
            let wait = Sentence::fill("login.throttled", &[("time", Value::Wait(seconds))]);
            let page = refused(StatusCode::TOO_MANY_REQUESTS, None, Some(wait));
            ([(header::RETRY_AFTER, seconds.to_string())], page).into_response()
        }
        SignedIn::NoDevice(set) => with_cookie(see_other(ADD), &set),
        SignedIn::Asked => see_other(WAIT),
    })
}

/// What is asked on the way to a page. A device that is added is another question than a sign-in, and the phone says so.
fn ask_for(next: &str) -> Ask {
    if next.starts_with(ADD) { Ask::Enrol } else { Ask::Login }
}

/// Begins an approval for this browser, unless the same question to this person is open there already.
pub(super) fn begin(
    house: &House,
    by: &Visitor,
    (person, name): (PersonId, &str),
    ask: Ask,
    next: String,
    bell: bool,
) -> Result<SignedIn, Failure> {
    let binding = H32::from_bytes(by.cookie.hash());
    let app = App::of(&next);
    let begin = Begin {
        person,
        acct: T128::try_from(name).map_err(Failure::internal)?,
        client: app.client(),
        app: T64::try_from(app.name()).map_err(Failure::internal)?,
        binding,
        first_factor: true,
        ip: by.caller.address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        ua: browser(&by.agent),
        next,
        ask,
        at_once: false,
        bell,
    };
    Ok(match house.approvals.begin(&begin, &by.caller)? {
        Begun::Open(..) => SignedIn::Asked,
        Begun::Wait(seconds) => SignedIn::Later(seconds),
    })
}

/// The approval that this browser began, as it may see it.
pub(super) fn look(house: &House, by: &Visitor, known: Option<H32>) -> Result<Option<Sight>, Failure> {
    let Some((row, state)) = house.approvals.of_browser(H32::from_bytes(by.cookie.hash()))? else {
        return Ok(None);
    };
    let now = house.clock.now();
    let known = match known {
        Some(cookie) => house.known.is_known(cookie, row.person, now)?,
        None => false,
    };
    let person = house.people.by_id(row.person)?.map(|person| person.name).unwrap_or_default();
    let offline = state == Stands::Pending && !house.approvals.offline_phones(row.person)?.is_empty();
    let (standing, limits) = (house.approvals.store().standing(row.person)?, house.approvals.limits());
    let locked = state == Stands::Failed && standing.wrong >= limits.wrong;
    let codes_off = standing.wrong_codes >= limits.wrong_codes;
    Ok(Some(Sight { row, state, person, known, offline, locked, codes_off }))
}

async fn seen(house: &Arc<House>, by: &Visitor, headers: &HeaderMap) -> Result<Option<Sight>, Failure> {
    let (by, known) = (by.clone(), known::read(headers));
    house.run(move |house| look(house, &by, known)).await
}

async fn wait(State(house): State<Arc<House>>, headers: HeaderMap, visitor: Visitor) -> Result<Response, Failure> {
    match seen(&house, &visitor, &headers).await? {
        Some(sight) if sight.row.consumed.is_some() => Ok(see_other(&sight.row.next)),
        Some(sight) => drawn(&house, &visitor, sight, None),
        None => Ok(see_other("/login")),
    }
}

pub(super) fn drawn(house: &House, by: &Visitor, sight: Sight, fault: Option<Fault>) -> Result<Response, Failure> {
    let status = if fault.is_some() { StatusCode::FORBIDDEN } else { StatusCode::OK };
    Ok(match sight.draw(house, by.token(house), fault)? {
        Drawn::Wait(view) => render_with(status, &*view),
        Drawn::Approved(view) => render(&view),
        Drawn::Ended(view) => render(&view),
    })
}

/// Held while the word of the state is the one that the page has.
async fn state(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    visitor: Visitor,
    Query(asked): Query<Asked>,
) -> Result<Json<Waited>, Failure> {
    let gone = || Json(Waited { state: String::new(), line: String::new(), warn: false, then: "load" });
    let Some(first) = seen(&house, &visitor, &headers).await? else { return Ok(gone()) };
    let mut listening = house.approvals.listen(first.row.id);
    let mut left = HELD;
    loop {
        let Some(sight) = seen(&house, &visitor, &headers).await? else { return Ok(gone()) };
        if left.is_zero() || sight.word() != asked.state {
            return Ok(Json(sight.waited(&house)));
        }
        // Nothing wakes a page when an approval runs out, so it looks again then.
        let end = sight.row.ends.at.saturating_sub(house.clock.now()) + 1;
        let slice = left.min(Duration::from_secs(end));
        match listening.wait(slice, &*house.timer, house.stopping.begun()).await {
            crate::wake::Ended::Woken => {}
            crate::wake::Ended::Time => left = left.saturating_sub(slice),
            crate::wake::Ended::Stop => left = Duration::ZERO,
        }
    }
}

/// Whether a form was made for this approval and application. A browser has one approval at a time, so a page in another
/// tab may still show an older one.
pub(super) fn is_meant(fields: &Fields, row: &Row) -> bool {
    fields.get("approval") == row.id.to_string() && fields.get("app") == row.client
}

async fn code(State(house): State<Arc<House>>, headers: HeaderMap, posted: Posted) -> Result<Response, Failure> {
    let Posted { visitor, fields } = posted;
    let from_offline = fields.get("from") == "offline";
    let (by, known) = (visitor.clone(), known::read(&headers));
    let (end, sight) = house
        .run(move |house| {
            let Some(sight) = look(house, &by, known)?.filter(|sight| is_meant(&fields, &sight.row)) else {
                return Ok::<_, Failure>((None, None));
            };
            let hit = match house.devices.code_hit(sight.row.person, fields.get("code"))? {
                Some((did, step)) => Some(Hit::Totp { did, step }),
                None => house.approvals.answer_hit(&sight.row, fields.get("code"))?,
            };
            let end = house.approvals.code(sight.row.id, sight.row.binding, hit, &by.caller)?;
            Ok((Some(end), look(house, &by, known)?))
        })
        .await?;
    match (end, sight) {
        (Some(CodeEnd::Wrong(_) | CodeEnd::Off), Some(_)) if from_offline => {
            offline::draw(&house, visitor, &headers, end).await
        }
        (Some(CodeEnd::Approved), Some(sight)) => take(&house, visitor, &headers, sight.row).await,
        (Some(CodeEnd::Wrong(left)), Some(sight)) => drawn(&house, &visitor, sight, Some(Fault::Code(left))),
        (Some(CodeEnd::Off), Some(sight)) => drawn(&house, &visitor, sight, Some(Fault::Off)),
        _ => Ok(see_other(WAIT)),
    }
}

async fn resend(State(house): State<Arc<House>>, posted: Posted) -> Result<Response, Failure> {
    with_approval(&house, posted, |house, row, caller| {
        house.approvals.resend(row.id, row.binding, caller).map(drop).map_err(Failure::from)
    })
    .await?;
    Ok(see_other(WAIT))
}

async fn cancel(State(house): State<Arc<House>>, posted: Posted) -> Result<Response, Failure> {
    let signed_in = posted.visitor.session.is_some();
    let meant = with_approval(&house, posted, |house, row, caller| {
        house.approvals.cancel(row.id, row.binding, caller).map(drop).map_err(Failure::from)
    })
    .await?;
    Ok(see_other(match (meant, signed_in) {
        (false, _) => WAIT,
        (true, true) => App::Manage.home(),
        (true, false) => "/login",
    }))
}

/// Acts on the approval that the form was made for. Whether it is still this browser's.
async fn with_approval(
    house: &Arc<House>,
    posted: Posted,
    act: impl FnOnce(&House, &Row, &Caller) -> Result<(), Failure> + Send + 'static,
) -> Result<bool, Failure> {
    let Posted { visitor: by, fields } = posted;
    house
        .run(move |house| match house.approvals.of_browser(H32::from_bytes(by.cookie.hash()))? {
            Some((row, _)) if is_meant(&fields, &row) => act(house, &row, &by.caller).map(|()| true),
            _ => Ok(false),
        })
        .await
}

async fn finish(State(house): State<Arc<House>>, headers: HeaderMap, posted: Posted) -> Result<Response, Failure> {
    let Posted { visitor, fields } = posted;
    match seen(&house, &visitor, &headers).await? {
        Some(sight) if is_meant(&fields, &sight.row) => take(&house, visitor, &headers, sight.row).await,
        // A page of an older approval, or a form sent twice.
        _ => Ok(see_other(WAIT)),
    }
}

/// Consumes an approved one and gives the browser a new session with it.
async fn take(house: &Arc<House>, by: Visitor, headers: &HeaderMap, row: Row) -> Result<Response, Failure> {
    let known = known::read(headers);
    let taken = house
        .run(move |house| {
            let binding = H32::from_bytes(by.cookie.hash());
            let Some(row) = house.approvals.consume(row.id, &row.client, binding, &by.caller)? else {
                return Ok::<_, Failure>(None);
            };
            // What the person said yes to is what the phone showed: signing in to an application opens no devices.
            let manage = row.client == App::Manage.client();
            let enrol = row.asks.op == Op::Enrol;
            let step = Step { second: true, manage, enrol, approval: Some(*row.id.as_bytes()), ..Step::default() };
            let Some((cookie, session)) = stepped(house, &by, row.person, step)? else { return Ok(None) };
            let now = house.clock.now();
            let (seen, set) = match known {
                Some(known) => (known, None),
                None => known::generate(&*house.random).map(|(known, set)| (known, Some(set)))?,
            };
            house.known.note(seen, session.person, now)?;
            let entry = by.caller.entry(now, "signin.session", "begun").person(&session.name);
            house.audit.append(&entry.approval(*row.id.as_bytes()))?;
            Ok(Some((row.next, cookie.set(), set)))
        })
        .await?;
    Ok(match taken {
        None => see_other(WAIT),
        Some((next, cookie, None)) => with_cookie(see_other(&next), &cookie),
        Some((next, cookie, Some(known))) => with_cookie(with_cookie(see_other(&next), &cookie), &known),
    })
}

/// The browser's session after a step of this person, with its new cookie. `None` when it, the step or the person ended
/// meanwhile.
pub(super) fn stepped(
    house: &House,
    by: &Visitor,
    person: PersonId,
    step: Step,
) -> Result<Option<(Cookie, Session)>, Failure> {
    if let Some(old) = by.session.as_ref().filter(|session| session.person == person) {
        return Ok(house.sessions.raise(old, step)?);
    }
    end_other(house, by, Some(person))?;
    // Removed meanwhile, and the approval with the person.
    let Some(person) = house.people.by_id(person)? else { return Ok(None) };
    Ok(house.sessions.begin(person.id, &person.name, step)?)
}

/// Ends the session that this browser has, unless it is of the person who signs in.
fn end_other(house: &House, by: &Visitor, person: Option<PersonId>) -> Result<(), Failure> {
    match &by.session {
        Some(old) if person != Some(old.person) => Ok(house.sessions.end(old)?),
        _ => Ok(()),
    }
}

async fn fresh(State(house): State<Arc<House>>, posted: Posted) -> Result<Response, Failure> {
    let Posted { visitor: by, fields } = posted;
    let next = next(fields.get("next"));
    let Some(session) = by.session.clone() else { return Ok(see_other("/login")) };
    let begun = house
        .run(move |house| {
            if house.devices.has_active(session.person)? {
                begin(house, &by, (session.person, &session.name), ask_for(&next), next, true)
            } else {
                Ok::<_, Failure>(SignedIn::Wrong)
            }
        })
        .await?;
    Ok(match begun {
        SignedIn::Asked => see_other(WAIT),
        SignedIn::Later(seconds) => later_page(seconds),
        SignedIn::Wrong | SignedIn::Throttled(_) | SignedIn::NoDevice(_) => see_other(ADD),
    })
}

async fn sample(State(house): State<Arc<House>>, visitor: Visitor) -> Response {
    let session = visitor.session.as_ref();
    let Some((session, at)) = session.and_then(|session| session.second.map(|at| (session, at.now))) else {
        return visitor.answer(see_other("/login?next=/demo"));
    };
    let frame = Frame::signed_in(text("login.sample"), &session.name, visitor.token(&house));
    render(&SampleView { frame, person: session.name.clone(), at: calendar::moment(at) }).into_response()
}

#[cfg(test)]
mod tests {
    use axum::extract::FromRequestParts;
    use axum::http::Request;

    use super::*;
    use crate::Gateway;
    use crate::config::Config;
    use crate::port::machine;

    #[tokio::test(flavor = "multi_thread")]
    async fn who_is_removed_between_the_yes_and_the_session_gets_none_and_no_fault() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::local(folder.path().join("data"));
        let running = Gateway::start(config, machine::adapters()).await.unwrap();
        let (mut parts, ()) = Request::new(()).into_parts();
        let by = Visitor::from_request_parts(&mut parts, running.house()).await.unwrap();
        let gone = PersonId([9; 16]);
        let stepped = running.house().run(move |house| stepped(house, &by, gone, Step::default())).await;
        assert!(matches!(stepped, Ok(None)));
        running.stop().await;
    }
}
