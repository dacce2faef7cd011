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
use crate::session::Step;

/// How typing a voucher on the waiting page went.
enum Typed {
    /// Right: the new cookie, and where to go on.
    Right(String, String),
    /// Wrong: the page once more.
    Wrong(Box<Sight>),
    /// There is nothing open that it could stand in for.
    Nothing,
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
            let Some(sight) = look(house, &by, known)?.filter(open) else { return Ok::<_, Failure>(Typed::Nothing) };
            if !take(house, &by, sight.row.person, &sight.person, fields.get("voucher"))? {
                return Ok(Typed::Wrong(Box::new(sight)));
            }
            house.approvals.cancel(sight.row.id, sight.row.binding, &by.caller)?;
            let step = Step { voucher: true, ..Step::default() };
            let Some((cookie, session)) = stepped(house, &by, sight.row.person, step)? else {
                return Ok(Typed::Nothing);
            };
            let entry = by.caller.entry(house.clock.now(), "signin.session", "voucher").person(&session.name);
            house.audit.append(&entry)?;
            Ok(Typed::Right(cookie.set(), sight.row.next))
        })
        .await?;
    match typed {
        Typed::Right(cookie, next) => Ok(with_cookie(see_other(&next), &cookie)),
        Typed::Wrong(sight) => drawn(&house, &visitor, *sight, Some(Fault::Voucher)),
        Typed::Nothing => Ok(see_other(WAIT)),
    }
}

/// In a session whose second factor is too old for changing devices.
pub(super) async fn fresh(State(house): State<Arc<House>>, posted: Posted) -> Result<Response, Failure> {
    let Posted { visitor: by, fields } = posted;
    let next = next(fields.get("next"));
    let Some(session) = by.session.clone() else { return Ok(see_other("/login")) };
    let visitor = by.clone();
    let raised = house
        .run(move |house| {
            if !take(house, &by, session.person, &session.name, fields.get("voucher"))? {
                return Ok::<_, Failure>(None);
            }
            let step = Step { voucher: true, ..Step::default() };
            let raised = house.sessions.raise(&session, step)?;
            Ok(Some(raised.map(|(cookie, _)| cookie.set())))
        })
        .await?;
    Ok(match raised {
        Some(Some(cookie)) => with_cookie(see_other(&next), &cookie),
        // The session ended while this was typed.
        Some(None) => see_other("/login"),
        None => {
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
