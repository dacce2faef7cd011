//! Moving to a new phone: the old one invites it, shows only its own code and its own successor, and takes its digits.

use std::sync::Arc;

use countersign_core::app::{App, ApprovalId, GatewayState, Moving};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, GatewayError, InputError, PortError};
use countersign_core::port::Random;
use countersign_protocol::jose::{H32, Id, Refused};
use countersign_protocol::push::{ErrorWhy, InviteRequest, Message, Status};
use countersign_tests::raw_phone::{Key, id_of, sign};
use serde_json::{Value, json};

use super::gateway::Gateway;
use super::phone::{World, enrolled, me, poll};

/// An old phone at a gateway that lets phones move.
fn old() -> (World, Arc<Gateway>, App, countersign_core::app::Enrolling) {
    let (world, gateway, app, enrolling) = enrolled();
    {
        let mut state = gateway.state();
        state.meta["policy"]["move"] = json!(true);
        state.meta["seq"] = json!(4);
    }
    poll(&app, &enrolling).unwrap();
    (world, gateway, app, enrolling)
}

/// A new phone that enrolled by the code of the old one, and the digits that it shows.
pub(super) fn new_phone(gateway: &Arc<Gateway>, moving: &Moving) -> (World, App, String) {
    let world = World::new();
    // Another phone draws other numbers, and so other keys.
    Random::fill(&*world.random, &mut [0; 32]).unwrap();
    world.wire.add(gateway);
    let app = world.app();
    let offer = app.enrol_offer(&moving.link).unwrap();
    let enrolling = app.enrol(&offer, &me(), &Cancel::default()).unwrap();
    (world, app, enrolling.digits)
}

fn invite(app: &App, gateway: Id) -> Result<Moving, Error> {
    app.invite(gateway, false, &Cancel::default())
}

fn confirm(app: &App, gateway: Id, digits: &str) -> Result<(), Error> {
    app.confirm(gateway, &digits.parse().unwrap(), &Cancel::default())
}

/// Six digits that are not these.
fn others(digits: &str, n: usize) -> String {
    (0..3).map(|i| format!("{i:06}")).filter(|other| other != digits).nth(n).unwrap()
}

#[test]
fn a_new_phone_joins_by_the_code_of_the_old_one_and_its_digits() {
    let (_world, gateway, app, enrolling) = old();
    let moving = invite(&app, enrolling.id).unwrap();
    assert_eq!((moving.host.as_str(), moving.joining.is_none()), ("gate.example.com", true));
    assert_eq!(confirm(&app, enrolling.id, "000000").unwrap_err(), InputError::NotFound.into(), "nobody has joined");
    let (_new_world, new, digits) = new_phone(&gateway, &moving);
    poll(&app, &enrolling).unwrap();
    let joining = app.moving(enrolling.id).unwrap().unwrap().joining.unwrap();
    assert_eq!(joining.model, "desk");

    assert_eq!(confirm(&app, enrolling.id, "12345").unwrap_err(), InputError::DigitsAsked(6).into());
    let wrong = others(&digits, 0);
    let refused = confirm(&app, enrolling.id, &wrong).unwrap_err();
    assert!(matches!(refused, Error::Gateway(GatewayError::WrongDigits(left)) if left.get() == 2), "{refused}");
    // The same again is the same request: it costs no try.
    assert_eq!(confirm(&app, enrolling.id, &wrong).unwrap_err(), refused);
    let bodies = gateway.bodies("confirm");
    assert_eq!(bodies[0], bodies[1]);
    confirm(&app, enrolling.id, &digits).unwrap();
    let done = app.moving(enrolling.id).unwrap().unwrap();
    assert!(done.confirmed && done.joining.is_none());
    new.poll(new.gateways()[0].id, 0, &Cancel::default()).unwrap();
    assert_eq!(new.gateways()[0].state, GatewayState::Active);
}

#[test]
fn an_invitation_is_on_disk_before_it_is_sent_and_repeated_byte_for_byte() {
    let (world, gateway, app, enrolling) = old();
    gateway.twist(|path, _, _, good| if path == "invite" { Err(PortError::Network) } else { Ok(good) });
    assert_eq!(invite(&app, enrolling.id).unwrap_err(), PortError::Network.into());
    assert!(app.moving(enrolling.id).unwrap().is_none());
    drop(app);
    let app = world.app();
    gateway.untwist();
    let prompts = world.keys.prompts.lock().unwrap().len();
    invite(&app, enrolling.id).unwrap();
    assert_eq!(world.keys.prompts.lock().unwrap().len(), prompts, "it was signed already");
    let bodies = gateway.bodies("invite");
    assert_eq!((bodies.len(), bodies[0] == bodies[1]), (2, true));
    // Another wish is another request, and so is a new one after the receipt.
    app.invite(enrolling.id, true, &Cancel::default()).unwrap();
    invite(&app, enrolling.id).unwrap();
    assert_eq!(gateway.bodies("invite").len(), 4);
}

#[test]
fn a_confirmation_whose_answer_was_lost_is_repeated_though_nobody_waits_any_more() {
    let (_world, gateway, app, enrolling) = old();
    let moving = invite(&app, enrolling.id).unwrap();
    let (_new_world, _new, digits) = new_phone(&gateway, &moving);
    gateway.twist(|path, _, _, good| if path == "confirm" { Err(PortError::Network) } else { Ok(good) });
    assert_eq!(confirm(&app, enrolling.id, &digits).unwrap_err(), PortError::Network.into());
    gateway.untwist();
    poll(&app, &enrolling).unwrap();
    let shown = app.moving(enrolling.id).unwrap().unwrap();
    assert!(shown.joining.is_none() && !shown.confirmed, "the gateway took it, and this phone does not know");
    confirm(&app, enrolling.id, &digits).unwrap();
    assert!(app.moving(enrolling.id).unwrap().unwrap().confirmed);
    let bodies = gateway.bodies("confirm");
    assert_eq!((bodies.len(), bodies[0] == bodies[1]), (2, true), "signed once");
}

#[test]
fn a_gateway_that_does_not_let_phones_move_is_not_asked() {
    let (world, gateway, app, enrolling) = enrolled();
    let before = world.keys.prompts.lock().unwrap().len();
    assert_eq!(invite(&app, enrolling.id).unwrap_err(), GatewayError::Policy(ErrorWhy::Move).into());
    assert_eq!((gateway.calls("invite"), world.keys.prompts.lock().unwrap().len()), (0, before));
}

#[test]
fn a_refused_invitation_begins_anew_the_next_time() {
    let (_world, gateway, app, enrolling) = old();
    gateway.hold_once("invite", 403, r#"{"error":"policy","why":"limit"}"#);
    assert_eq!(invite(&app, enrolling.id).unwrap_err(), GatewayError::Policy(ErrorWhy::Limit).into());
    invite(&app, enrolling.id).unwrap();
    let bodies = gateway.bodies("invite");
    assert_ne!(bodies[0], bodies[1]);
}

#[test]
fn a_person_who_says_no_to_the_prompt_invites_nobody() {
    let (world, gateway, app, enrolling) = old();
    *world.keys.refuse.lock().unwrap() = Some(PortError::UserRefused);
    assert_eq!(invite(&app, enrolling.id).unwrap_err(), PortError::UserRefused.into());
    assert_eq!(gateway.calls("invite"), 0);
}

/// What an invitation comes to whose receipt is `receipt`, made of the request's h; nothing of it may be shown.
fn refusal(receipt: impl Fn(&Gateway, Id, H32) -> String + Send + 'static) -> Error {
    let (_world, gateway, app, enrolling) = old();
    let lies = Arc::clone(&gateway);
    gateway.twist(move |path, request, _, mut response| {
        if path == "invite" {
            let request: InviteRequest = serde_json::from_slice(&request.body).unwrap();
            let receipt = receipt(&lies, lies.did(), request.invite.h());
            response.body = json!({"receipt": receipt}).to_string().into_bytes();
        }
        Ok(response)
    });
    let fault = invite(&app, enrolling.id).unwrap_err();
    assert!(app.moving(enrolling.id).unwrap().is_none(), "nothing is shown");
    fault
}

fn receipt(claims: &Value, gateway: &Gateway) -> String {
    sign("cs-receipt+jwt", claims, &gateway.gk)
}

#[test]
fn invite_foreign_eh() {
    let fault = refusal(|gateway, did, _| {
        let link = gateway.invitation([7; 16]);
        receipt(&gateway.invite_receipt(did, H32::sha256(&[b"another request"]), link), gateway)
    });
    assert_eq!(fault, GatewayError::Refused(Refused::Request).into());
}

#[test]
fn invite_foreign_u() {
    let fault = refusal(|gateway, did, eh| {
        let mut link = gateway.invitation([7; 16]);
        link.u = "https://evil.example.com/push/v1".parse().unwrap();
        receipt(&gateway.invite_receipt(did, eh, link), gateway)
    });
    assert_eq!(fault, GatewayError::Refused(Refused::Issuer).into());
}

#[test]
fn invite_foreign_k() {
    let fault = refusal(|gateway, did, eh| {
        let mut link = gateway.invitation([7; 16]);
        link.k = Key::named("evil").jwk().thumbprint();
        receipt(&gateway.invite_receipt(did, eh, link), gateway)
    });
    assert_eq!(fault, GatewayError::Refused(Refused::Key).into());
}

#[test]
fn a_receipt_by_a_stranger_for_another_device_or_sealed_for_nobody_is_refused() {
    let by_stranger = refusal(|gateway, did, eh| {
        sign("cs-receipt+jwt", &gateway.invite_receipt(did, eh, gateway.invitation([7; 16])), &Key::named("evil"))
    });
    assert_eq!(by_stranger, GatewayError::Refused(Refused::Key).into());
    let for_another = refusal(|gateway, did, eh| {
        let mut claims = gateway.invite_receipt(did, eh, gateway.invitation([7; 16]));
        claims["aud"] = json!(id_of("another device"));
        receipt(&claims, gateway)
    });
    assert_eq!(for_another, GatewayError::Refused(Refused::Audience).into());
    let unopened = refusal(|gateway, did, eh| {
        let mut claims = gateway.invite_receipt(did, eh, gateway.invitation([7; 16]));
        let sealed = claims["sealed"].as_str().unwrap();
        claims["sealed"] = json!(super::gateway::changed(sealed, sealed.len() / 2));
        receipt(&claims, gateway)
    });
    assert_eq!(unopened, GatewayError::Refused(Refused::Sealed).into());
}

#[test]
fn confirm_other_device() {
    // A device that came by another invitation is not shown, and nothing can be confirmed for it.
    let (_world, gateway, app, enrolling) = old();
    invite(&app, enrolling.id).unwrap();
    gateway.state().joining = Some(json!({"e": id_of("another code"), "os": "android", "model": "Stranger"}));
    poll(&app, &enrolling).unwrap();
    assert!(app.moving(enrolling.id).unwrap().unwrap().joining.is_none());
    assert_eq!(confirm(&app, enrolling.id, "123456").unwrap_err(), InputError::NotFound.into());
    assert_eq!(gateway.calls("confirm"), 0);
    // The next poll repeats what the State said, so that it makes no loop.
    assert_eq!(gateway.state().echoes.last().unwrap().joining, Some(id_of("another code").parse().unwrap()));
}

/// A gateway that does not know the device of this code any more: nothing is confirmed and nothing forgotten, and the digits
/// are sent again as they were signed.
#[test]
fn confirm_unknown_e() {
    let (_world, gateway, app, enrolling) = old();
    let moving = invite(&app, enrolling.id).unwrap();
    let (_new_world, _new, digits) = new_phone(&gateway, &moving);
    poll(&app, &enrolling).unwrap();
    gateway.hold("confirm", 401, r#"{"error":"refused"}"#);
    assert_eq!(confirm(&app, enrolling.id, &digits).unwrap_err(), GatewayError::DeviceRefused.into());
    let shown = app.moving(enrolling.id).unwrap().unwrap();
    assert!(!shown.confirmed && shown.joining.is_some() && app.gateways()[0].state == GatewayState::Active);
    gateway.untwist();
    confirm(&app, enrolling.id, &digits).unwrap();
    let bodies = gateway.bodies("confirm");
    assert!(bodies.iter().all(|body| *body == bodies[0]), "signed once");
}

#[test]
fn confirm_thrice() {
    let (_world, gateway, app, enrolling) = old();
    let moving = invite(&app, enrolling.id).unwrap();
    let (_new_world, _new, digits) = new_phone(&gateway, &moving);
    poll(&app, &enrolling).unwrap();
    for n in 0..2 {
        let fault = confirm(&app, enrolling.id, &others(&digits, n)).unwrap_err();
        assert!(matches!(fault, Error::Gateway(GatewayError::WrongDigits(_))), "{fault}");
    }
    assert_eq!(confirm(&app, enrolling.id, "999999").unwrap_err(), GatewayError::CodeExpired.into());
    poll(&app, &enrolling).unwrap();
    assert!(app.moving(enrolling.id).unwrap().unwrap().joining.is_none());
}

#[test]
fn an_unsigned_refusal_of_the_digits_ends_nothing_and_they_can_be_typed_again() {
    let (_world, gateway, app, enrolling) = old();
    let moving = invite(&app, enrolling.id).unwrap();
    let (_new_world, _new, digits) = new_phone(&gateway, &moving);
    poll(&app, &enrolling).unwrap();
    gateway.hold_once("confirm", 410, r#"{"error":"expired"}"#);
    assert_eq!(confirm(&app, enrolling.id, &digits).unwrap_err(), GatewayError::CodeExpired.into());
    confirm(&app, enrolling.id, &digits).unwrap();
    let bodies = gateway.bodies("confirm");
    assert_eq!(bodies[0], bodies[1], "signed once");
}

#[test]
fn a_move_is_forgotten_after_a_while_and_its_code_is_printed_nowhere() {
    let (world, _gateway, app, enrolling) = old();
    let moving = invite(&app, enrolling.id).unwrap();
    let code = moving.link.split("#1.").nth(1).unwrap();
    assert!(!format!("{moving:?}").contains(code));
    for file in world.files() {
        let bytes = std::fs::read(file).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains(code));
    }
    world.clock.pass(2 * 3600 + 1);
    poll(&app, &enrolling).unwrap();
    assert!(app.moving(enrolling.id).unwrap().is_none());
}

#[test]
fn that_was_not_me_on_the_old_phone_reports_the_new_one() {
    let (_world, gateway, app, enrolling) = old();
    let mut claims = gateway.claims("added");
    claims.as_object_mut().unwrap().remove("ico");
    claims["op"] = json!("info");
    claims["nm"] = json!(0);
    claims["info"] = json!("device_added");
    claims["dev"] = json!({"os": "android", "model": "Pixel 9"});
    claims["exp"] = json!(claims["iat"].as_u64().unwrap() + 30 * 86_400);
    gateway.state().challenges = vec![sign("cs-challenge+jwt", &claims, &gateway.gk)];
    poll(&app, &enrolling).unwrap();
    let notice = app.notices().remove(0);
    assert!(notice.can_report);
    let verdict = app.report(notice.id, &Cancel::default()).unwrap();
    assert_eq!(verdict.st, Status::Reported);
    let body: Value = serde_json::from_slice(&gateway.bodies("answer")[0]).unwrap();
    let answer = Message::<countersign_protocol::push::Answer>::parse(body["answer"].as_str().unwrap()).unwrap();
    assert_eq!(answer.claims().cj, notice.id.challenge);
    let ApprovalId { challenge, .. } = notice.id;
    assert!(app.history().unwrap().iter().any(|row| row.id.challenge == challenge));
}
