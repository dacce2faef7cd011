//! What is asked beside logins, and what is only told.

use countersign_core::app::{ApprovalRow, NoticeRow, PastEnd};
use countersign_core::cancel::Cancel;
use countersign_core::error::InputError;
use countersign_core::limits;
use countersign_protocol::push::{Info, Op, Os, Status};
use countersign_tests::raw_phone::sign;
use serde_json::{Value, json};

use super::gateway::Gateway;
use super::phone::{approve, enrolled, only, poll};

/// Claims of a notice about a phone.
fn told(gateway: &Gateway, label: &str) -> Value {
    let mut claims = gateway.claims(label);
    claims["op"] = json!("info");
    claims["nm"] = json!(0);
    claims["info"] = json!("device_added");
    claims["dev"] = json!({"os": "android", "model": "Pixel 9"});
    claims["ctx"] = json!({"src": "direct", "ip": "192.0.2.7"});
    claims["exp"] = json!(claims["iat"].as_u64().unwrap() + 30 * 86_400);
    claims
}

fn open(gateway: &Gateway, claims: &Value) {
    let jws = sign("cs-challenge+jwt", claims, &gateway.gk);
    gateway.state().challenges.push(jws);
}

#[test]
fn a_text_to_sign_is_shown_whole_and_approved_with_digits() {
    let (_world, gateway, app, enrolling) = enrolled();
    let mut claims = gateway.claims("pay");
    let text = format!("Pay 100 € to <b>Bob</b>{}", "!".repeat(230));
    claims["op"] = json!("sign");
    claims["msg"] = json!(text);
    open(&gateway, &claims);
    poll(&app, &enrolling).unwrap();
    let ApprovalRow { id, op, msg, can, .. } = only(&app);
    assert_eq!((op, msg.as_deref(), can.approve), (Op::Sign, Some(text.as_str()), true));
    assert_eq!(approve(&app, id, "049218").unwrap().st, Status::Approved);
    assert_eq!(app.history().unwrap()[0].msg.as_deref(), Some(text.as_str()));
}

#[test]
fn another_phone_is_asked_about_as_a_login_is() {
    let (_world, gateway, app, enrolling) = enrolled();
    let mut claims = gateway.claims("enrol");
    claims["op"] = json!("enrol");
    open(&gateway, &claims);
    poll(&app, &enrolling).unwrap();
    assert_eq!((only(&app).op, only(&app).can.approve), (Op::Enrol, true));
}

#[test]
fn a_notice_asks_nothing_is_seen_and_stays_away_once_it_was_put_away() {
    let (world, gateway, app, enrolling) = enrolled();
    open(&gateway, &told(&gateway, "added"));
    poll(&app, &enrolling).unwrap();
    assert!(app.approvals().is_empty());
    let NoticeRow { id, text, can_report, .. } = app.notices().remove(0);
    assert_eq!((text.info, text.device), (Info::DeviceAdded, Some((Os::Android, "Pixel 9".to_owned()))));
    assert!(can_report);
    poll(&app, &enrolling).unwrap();
    assert_eq!(gateway.state().echoes.last().unwrap().seen.to_vec(), [id.challenge]);
    // A month and ten minutes it stays, if nobody puts it away.
    world.clock.pass(29 * 86_400);
    assert_eq!(app.notices().len(), 1);

    app.dismiss(id).unwrap();
    assert!(app.notices().is_empty());
    assert_eq!(app.history().unwrap()[0].end, PastEnd::Dismissed);
    drop(app);
    let app = world.app();
    poll(&app, &enrolling).unwrap();
    assert!(app.notices().is_empty(), "the gateway lists it still");
    let last = gateway.state().echoes.last().unwrap().clone();
    assert_eq!((last.have.to_vec(), last.seen.to_vec()), (vec![id.challenge], vec![]), "so it makes no loop");
    assert_eq!(app.dismiss(id).unwrap_err(), InputError::NotFound.into());
}

#[test]
fn a_notice_is_neither_approved_nor_denied() {
    let (_world, gateway, app, enrolling) = enrolled();
    open(&gateway, &told(&gateway, "added"));
    poll(&app, &enrolling).unwrap();
    let id = app.notices()[0].id;
    assert!(matches!(
        approve(&app, id, "049218").unwrap_err(),
        countersign_core::error::Error::Input(InputError::WrongKind(_))
    ));
    assert!(app.deny(id, &Cancel::default()).is_err());
    assert_eq!(gateway.calls("answer"), 0);
    assert_eq!(app.report(id, &Cancel::default()).unwrap().st, Status::Reported);
    assert_eq!(gateway.calls("answer"), 1);
}

#[test]
fn a_question_cannot_be_put_away_as_a_notice() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let id = only(&app).id;
    assert!(app.dismiss(id).is_err());
    assert_eq!(only(&app).id, id);
}

#[test]
fn a_notice_that_the_gateway_took_back_is_not_shown() {
    let (_world, gateway, app, enrolling) = enrolled();
    open(&gateway, &told(&gateway, "added"));
    poll(&app, &enrolling).unwrap();
    let jti = app.notices()[0].id.challenge;
    gateway.state().challenges.clear();
    gateway.state().closed = vec![json!({"jti": jti, "st": "closed"})];
    poll(&app, &enrolling).unwrap();
    assert!(app.notices().is_empty());
}

#[test]
fn many_notices_leave_room_and_the_phone_can_still_say_no() {
    let (_world, gateway, app, enrolling) = enrolled();
    let jti = gateway.challenge("login");
    poll(&app, &enrolling).unwrap();
    for round in 0..10 {
        gateway.state().challenges.clear();
        for place in 0..12 {
            open(&gateway, &told(&gateway, &format!("notice {round} {place}")));
        }
        poll(&app, &enrolling).unwrap();
    }
    assert_eq!(app.notices().len() + app.approvals().len(), limits::APPROVALS_MOST);
    // The newest are kept, and those that went are remembered.
    let newest = "notice 9 11";
    let newest = gateway.claims(newest)["jti"].as_str().unwrap().parse().unwrap();
    assert!(app.notices().iter().any(|row| row.id.challenge == newest));
    assert_eq!(app.history().unwrap().len(), 10 * 12 + 1 - limits::APPROVALS_MOST);
    let row = only(&app);
    assert_eq!(row.id.challenge, jti);
    assert_eq!(app.deny(row.id, &Cancel::default()).unwrap().st, Status::Denied);
}
