//! A voucher as the other second factor (`push-v1.md` §5.6), for whoever lost the only phone: it opens the person's own
//! devices for ten minutes, so that the lost phone can be removed and a new one added, and nothing else.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use countersign_strings::text;

use super::pages::{Fault, Sight, fresh_page};
use super::route::{WAIT, drawn, is_meant, look, stepped};
use super::{App, known, next};
use crate::approval::State as Stands;
use crate::failure::Failure;
use crate::house::House;
use crate::person::PersonId;
use crate::request::{Posted, Visitor, see_other, with_cookie};
use crate::session::{Cookie, Step};

/// How typing a voucher on the waiting page went.
enum Typed {
    /// Right: the new cookie, and where to go on.
    Right(String, String),
    /// Wrong: the page once more.
    Wrong(Box<Sight>),
    /// There is nothing open that it could stand in for.
    Nothing,
}

/// Why a voucher brought no fresh session.
enum Fresh {
    /// It is not right.
    Wrong,
    /// The session ended while this was typed.
    Ended,
}

/// Instead of the phone: on the page that waits for it, after the right password.
pub(super) async fn instead(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    posted: Posted,
) -> Result<Response, Failure> {
    let Posted { visitor, fields } = posted;
    let (by, known) = (visitor.clone(), known::read(&headers));
    let typed = house
        .run(move |house| {
            let open = |sight: &Sight| {
                let manage = sight.row.client == App::Manage.client();
                sight.state == Stands::Pending && manage && is_meant(&fields, &sight.row)
            };
            let Some(sight) = look(house, &by, known)? else { return Ok::<_, Failure>(Typed::Nothing) };
            let (next, typed) = (sight.row.next.clone(), fields.get("voucher"));
            let step = house.sessions.once(&by.cookie, typed, || {
                // Looked at once more: the same form may have ended it a moment ago.
                match look(house, &by, known)?.filter(open) {
                    Some(sight) => raised(house, &by, sight, typed),
                    None => Ok(Err(Typed::Nothing)),
                }
            })?;
            Ok(step.map_or_else(|not| not, |cookie| Typed::Right(cookie.set(), next)))
        })
        .await?;
    match typed {
        Typed::Right(cookie, next) => Ok(with_cookie(see_other(&next), &cookie)),
        Typed::Wrong(sight) => drawn(&house, &visitor, *sight, Some(Fault::Voucher)),
        Typed::Nothing => Ok(see_other(WAIT)),
    }
}

/// Takes the voucher in the place of that approval; the new cookie, or why there is none.
fn raised(house: &House, by: &Visitor, sight: Sight, typed: &str) -> Result<Result<Cookie, Typed>, Failure> {
    if !take(house, by, sight.row.person, &sight.person, typed)? {
        return Ok(Err(Typed::Wrong(Box::new(sight))));
    }
    house.approvals.cancel(sight.row.id, sight.row.binding, &by.caller)?;
    let step = Step { voucher: true, ..Step::default() };
    let Some((cookie, session)) = stepped(house, by, sight.row.person, step)? else { return Ok(Err(Typed::Nothing)) };
    let entry = by.caller.entry(house.clock.now(), "signin.session", "voucher").person(&session.name);
    house.audit.append(&entry)?;
    Ok(Ok(cookie))
}

/// In a session whose second factor is too old for changing devices.
pub(super) async fn fresh(State(house): State<Arc<House>>, posted: Posted) -> Result<Response, Failure> {
    let Posted { visitor: by, fields } = posted;
    let next = next(fields.get("next"));
    let visitor = by.clone();
    let raised = house
        .run(move |house| {
            let typed = fields.get("voucher");
            house.sessions.once(&by.cookie, typed, || {
                let Some(session) = &by.session else { return Ok::<_, Failure>(Err(Fresh::Ended)) };
                if !take(house, &by, session.person, &session.name, typed)? {
                    return Ok(Err(Fresh::Wrong));
                }
                let raised = house.sessions.raise(session, Step { voucher: true, ..Step::default() })?;
                Ok(raised.map(|(cookie, _)| cookie).ok_or(Fresh::Ended))
            })
        })
        .await?;
    Ok(match raised {
        Ok(cookie) => with_cookie(see_other(&next), &cookie.set()),
        Err(Fresh::Ended) => see_other("/login"),
        Err(Fresh::Wrong) => {
            let mut page = fresh_page(&house, &visitor, &next, Some(text("login.voucher_wrong").to_owned()));
            *page.status_mut() = StatusCode::FORBIDDEN;
            page
        }
    })
}

/// Takes the voucher, once, with its audit row. It is another second factor, so what was counted against the person's
/// pushes starts anew (§10).
fn take(house: &House, by: &Visitor, person: PersonId, name: &str, typed: &str) -> Result<bool, Failure> {
    let right = house.people.take_voucher(person, name, typed, &by.caller)?;
    if right {
        house.approvals.store().reset(person)?;
    } else {
        let entry = by.caller.entry(house.clock.now(), "person.voucher", "refused").person(name);
        house.audit.append(&entry)?;
    }
    Ok(right)
}
