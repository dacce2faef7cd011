//! A phone that changes its own keys: nothing is lost by it, and only the gateway's signed receipt changes anything.

mod refused;

use countersign_core::app::{App, Enrolling, GatewayState};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, GatewayError, PortError};
use countersign_core::limits;
use countersign_core::port::KeyName;
use countersign_protocol::jose::{H32, Refused};
use countersign_protocol::push::{ErrorWhy, KeyClass, KeysRequest, Status};
use countersign_tests::raw_phone::{Key, id, payload, sign};
use serde_json::{Value, json};

use super::gateway::Gateway;
use super::phone::{World, approve, enrolled, only, poll};

fn rotate(app: &App, enrolling: &Enrolling, class: KeyClass) -> Result<(), Error> {
    app.rotate_keys(enrolling.id, class, &Cancel::default())
}

/// Thumbprints of the two keys, as the gateway knows them.
fn known(gateway: &Gateway) -> [H32; 2] {
    let state = gateway.state();
    let device = state.devices.values().next_back().unwrap();
    [device.ak.thumbprint(), device.pk.thumbprint()]
}

/// Whether the phone still works in all: polls, approves, denies.
fn works(world: &World, gateway: &Gateway, app: &App, enrolling: &Enrolling) {
    world.clock.pass(700);
    for label in ["approved", "denied"] {
        let label = format!("{label} {}", gateway.state().log.len());
        gateway.state().challenges.clear();
        let jti = gateway.challenge(&label);
        poll(app, enrolling).unwrap();
        let row = app.approvals().into_iter().find(|row| row.id.challenge == jti).unwrap();
        if label.starts_with("approved") {
            assert_eq!(approve(app, row.id, "049218").unwrap().st, Status::Approved);
        } else {
            assert_eq!(app.deny(row.id, &Cancel::default()).unwrap().st, Status::Denied);
        }
    }
    poll(app, enrolling).unwrap();
    assert_eq!(world.keys.names().len(), 2, "old keys are gone: {:?}", world.keys.names());
}

fn active() -> (World, std::sync::Arc<Gateway>, App, Enrolling) {
    let (world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    (world, gateway, app, enrolling)
}

#[test]
fn both_keys_can_be_changed_and_the_phone_works_on() {
    let (world, gateway, mut app, enrolling) = active();
    let [ak, pk] = known(&gateway);
    rotate(&app, &enrolling, KeyClass::Pk).unwrap();
    assert_eq!((known(&gateway)[0], known(&gateway)[1] != pk), (ak, true));
    works(&world, &gateway, &app, &enrolling);
    let prompts = world.keys.prompts.lock().unwrap().len();
    rotate(&app, &enrolling, KeyClass::Ak).unwrap();
    assert_eq!(
        world.keys.prompts.lock().unwrap().len(),
        prompts + 2,
        "the person is asked for the old and the new key"
    );
    assert_ne!(known(&gateway)[0], ak);
    app = {
        drop(app);
        world.app()
    };
    works(&world, &gateway, &app, &enrolling);
    // Once more each: no name comes twice.
    for class in [KeyClass::Pk, KeyClass::Ak] {
        rotate(&app, &enrolling, class).unwrap();
    }
    works(&world, &gateway, &app, &enrolling);
    assert_eq!(gateway.calls("keys"), 4);
}

#[test]
fn the_old_key_is_kept_until_a_call_with_the_new_one_went_well() {
    let (world, gateway, app, enrolling) = active();
    let before = world.keys.names();
    rotate(&app, &enrolling, KeyClass::Pk).unwrap();
    assert!(before.iter().all(|name| world.keys.names().contains(name)));
    gateway.twist(|path, _, _, good| if path == "poll" { Err(PortError::Network) } else { Ok(good) });
    assert!(poll(&app, &enrolling).is_err());
    assert_eq!(world.keys.names().len(), 3);
    gateway.untwist();
    poll(&app, &enrolling).unwrap();
    assert_eq!(world.keys.names().len(), 2);
}

#[test]
fn a_lost_receipt_is_asked_for_with_the_same_bytes_also_after_a_kill() {
    for class in [KeyClass::Ak, KeyClass::Pk] {
        let (world, gateway, app, enrolling) = active();
        gateway.twist(|path, _, _, good| if path == "keys" { Err(PortError::Network) } else { Ok(good) });
        assert_eq!(rotate(&app, &enrolling, class).unwrap_err(), PortError::Network.into());
        let prompts = world.keys.prompts.lock().unwrap().len();
        drop(app);
        gateway.untwist();
        let app = world.app();
        poll(&app, &enrolling).unwrap();
        let bodies = gateway.bodies("keys");
        assert_eq!((bodies.len(), bodies[0] == bodies[1]), (2, true));
        assert_eq!(world.keys.prompts.lock().unwrap().len(), prompts, "nobody is asked again");
        works(&world, &gateway, &app, &enrolling);
    }
}

/// A day later the old key does not count any more, nor as the one before.
fn a_day_passes(world: &World, gateway: &Gateway) {
    let mut state = gateway.state();
    state.devices.values_mut().for_each(|device| device.old = None);
    state.forget_replaced();
    world.clock.pass(86_401);
}

/// A gateway that knows the new key alone gives the receipt all the same.
#[test]
fn old_key_after_day() {
    let (world, gateway, app, enrolling) = active();
    gateway.twist(|path, _, _, good| if path == "keys" { Err(PortError::Network) } else { Ok(good) });
    assert!(rotate(&app, &enrolling, KeyClass::Pk).is_err());
    gateway.untwist();
    a_day_passes(&world, &gateway);
    poll(&app, &enrolling).unwrap();
    works(&world, &gateway, &app, &enrolling);
}

#[test]
fn a_refusal_by_somebody_in_between_does_not_lock_the_phone_out() {
    let (world, gateway, app, enrolling) = active();
    // The gateway takes the new key; what arrives is a refusal that it never sent.
    gateway.twist(|path, _, _, mut good| {
        if path == "keys" {
            (good.status, good.body) = (403, br#"{"error":"policy","why":"attest"}"#.to_vec());
        }
        Ok(good)
    });
    assert!(rotate(&app, &enrolling, KeyClass::Pk).is_err());
    poll(&app, &enrolling).unwrap();
    assert_eq!(gateway.calls("keys"), 1, "it is not repeated by itself");
    gateway.untwist();
    a_day_passes(&world, &gateway);
    poll(&app, &enrolling).unwrap();
    works(&world, &gateway, &app, &enrolling);
}

/// What comes of a change whose receipt was twisted. The phone goes on with the old key, and asks again.
fn with_receipt(change: impl Fn(&mut Value) + Send + 'static, signer: &str) -> Error {
    let (world, gateway, app, enrolling) = active();
    let signer = Key::named(signer);
    gateway.twist_body("keys", move |body| {
        let mut claims = payload(body["receipt"].as_str().unwrap());
        change(&mut claims);
        body["receipt"] = json!(sign("cs-receipt+jwt", &claims, &signer));
    });
    let fault = rotate(&app, &enrolling, KeyClass::Pk).unwrap_err();
    poll(&app, &enrolling).unwrap();
    assert_eq!(world.keys.names().len(), 3, "old and new one are both kept");
    gateway.untwist();
    poll(&app, &enrolling).unwrap();
    works(&world, &gateway, &app, &enrolling);
    fault
}

#[test]
fn only_a_receipt_for_this_request_by_the_gateway_counts() {
    let refused = |why: Refused| Error::from(GatewayError::Refused(why));
    assert_eq!(with_receipt(|claims| claims["eh"] = json!(H32::sha256(&[b"other"])), "gk"), refused(Refused::Request));
    assert_eq!(with_receipt(|claims| claims["aud"] = json!(id(1)), "gk"), refused(Refused::Audience));
    let other = |claims: &mut Value| claims["iss"] = json!("https://other.example.com/push/v1");
    assert_eq!(with_receipt(other, "gk"), refused(Refused::Issuer));
    assert_eq!(with_receipt(|_| {}, "evil"), refused(Refused::Key));
}

#[test]
fn a_refusal_changes_nothing_here() {
    for (status, body, fault) in [
        (403, r#"{"error":"policy","why":"attest"}"#, GatewayError::Policy(ErrorWhy::Attest)),
        (401, r#"{"error":"refused"}"#, GatewayError::DeviceRefused),
        (400, r#"{"error":"malformed"}"#, GatewayError::Status(400)),
    ] {
        let (world, gateway, app, enrolling) = active();
        let before = world.keys.names();
        gateway.hold("keys", status, body);
        assert_eq!(rotate(&app, &enrolling, KeyClass::Ak).unwrap_err(), fault.into());
        // Not repeated by itself, repeated byte for byte when the person asks.
        let sent = gateway.calls("keys");
        poll(&app, &enrolling).unwrap();
        assert_eq!(gateway.calls("keys"), sent);
        assert_eq!(rotate(&app, &enrolling, KeyClass::Ak).unwrap_err(), fault.into());
        let bodies = gateway.bodies("keys");
        assert!(bodies.iter().all(|body| *body == bodies[0]));
        assert!(before.iter().all(|name| world.keys.names().contains(name)));
        // A day alone says nothing: it is repeated, and nothing is deleted.
        world.clock.pass(86_401);
        let kept = world.keys.names();
        assert_eq!(rotate(&app, &enrolling, KeyClass::Ak).unwrap_err(), fault.into());
        assert_eq!(world.keys.names(), kept);
        // It is given up for a new one when the gateway took an approval by the old one since.
        gateway.challenge("a day later");
        poll(&app, &enrolling).unwrap();
        assert_eq!(approve(&app, only(&app).id, "049218").unwrap().st, Status::Approved);
        gateway.untwist();
        gateway.hold_once("keys", status, body);
        let outcome = rotate(&app, &enrolling, KeyClass::Ak);
        let fresh = gateway.bodies("keys").last() != bodies.first();
        assert_eq!((outcome, fresh), (Ok(()), true), "{body}");
        works(&world, &gateway, &app, &enrolling);
    }
}

#[test]
fn a_change_that_was_taken_outlives_a_suspension_and_every_unsigned_word() {
    for (status, body) in [(403, r#"{"error":"policy","why":"state"}"#), (401, r#"{"error":"refused"}"#)] {
        let (world, gateway, app, enrolling) = active();
        // The gateway takes the new key; its receipt is lost, and the device suspended.
        gateway.twist(|path, _, _, good| if path == "keys" { Err(PortError::Network) } else { Ok(good) });
        assert!(rotate(&app, &enrolling, KeyClass::Pk).is_err());
        gateway.untwist();
        gateway.state().forget_replaced();
        let new = {
            let mut state = gateway.state();
            let device = state.devices.values_mut().next_back().unwrap();
            (device.state, device.old) = ("suspended", None);
            device.pk.thumbprint()
        };
        world.clock.pass(25 * 3600);
        gateway.hold("keys", status, body);
        assert!(rotate(&app, &enrolling, KeyClass::Pk).is_err());
        assert_eq!(world.keys.names().len(), 3, "nothing is deleted");
        // It goes on by the new key, since the gateway takes no other.
        poll(&app, &enrolling).unwrap();
        assert_eq!(app.gateways()[0].state, GatewayState::Suspended);
        gateway.untwist();
        assert_eq!(known(&gateway)[1], new);
        gateway.activate();
        works(&world, &gateway, &app, &enrolling);
    }
}

/// Whoever ends the phone's TLS forges nothing: an unsigned «yes» to the new key is no receipt.
#[test]
fn an_unsigned_yes_to_the_new_key_costs_no_key() {
    let (world, gateway, app, enrolling) = active();
    let [_, old] = known(&gateway);
    gateway.hold("keys", 503, r#"{"error":"busy"}"#);
    assert!(rotate(&app, &enrolling, KeyClass::Pk).is_err());
    let state = gateway.event().split_once("data: ").unwrap().1.trim().to_owned();
    gateway.twist(move |path, request, _, mut good| {
        if path == "poll" {
            let by_old = refused::prover(request) == old;
            let (status, body) = if by_old { (401, r#"{"error":"refused"}"#) } else { (200, state.as_str()) };
            (good.status, good.body) = (status, body.as_bytes().to_vec());
        }
        Ok(good)
    });
    for _ in 0..3 {
        poll(&app, &enrolling).unwrap();
    }
    assert_eq!(world.keys.names().len(), 3, "nothing is deleted");
    // The gateway itself knows the old key alone; its word for the new one still does not come.
    gateway.untwist();
    gateway.hold("keys", 503, r#"{"error":"busy"}"#);
    poll(&app, &enrolling).unwrap();
    assert_eq!(refused::provers(&gateway, "poll").last(), Some(&old));
    gateway.untwist();
    works(&world, &gateway, &app, &enrolling);
    assert_ne!(known(&gateway)[1], old, "the change is finished");
}

/// No clock that is wrong, and no refusal, gives up a key that the gateway may have taken.
#[test]
fn no_unsigned_time_costs_a_key_that_the_gateway_took() {
    for class in [KeyClass::Pk, KeyClass::Ak] {
        let (world, gateway, app, enrolling) = active();
        gateway.twist(|path, _, _, good| if path == "keys" { Err(PortError::Network) } else { Ok(good) });
        assert!(rotate(&app, &enrolling, class).is_err());
        let taken = known(&gateway);
        gateway.untwist();
        gateway.hold("keys", 503, r#"{"error":"busy"}"#);
        let before = world.keys.names();
        for round in 1..8 {
            gateway.state().ahead = round * 2 * 86_400;
            poll(&app, &enrolling).unwrap();
            assert!(rotate(&app, &enrolling, class).is_err());
        }
        assert!(before.iter().all(|name| world.keys.names().contains(name)), "nothing is deleted");
        let given_up = if class == KeyClass::Pk { limits::KEYS_ABANDONED } else { 0 };
        assert_eq!(world.keys.names().len(), 3 + given_up, "and not much is kept");
        gateway.state().ahead = 0;
        poll(&app, &enrolling).unwrap();
        gateway.untwist();
        a_day_passes(&world, &gateway);
        // The person asks once more, or the phone finds out by itself.
        if class == KeyClass::Ak {
            rotate(&app, &enrolling, class).unwrap();
        }
        poll(&app, &enrolling).unwrap();
        assert_eq!(known(&gateway), taken);
        works(&world, &gateway, &app, &enrolling);
    }
}

#[test]
fn a_refused_prompt_leaves_no_key_and_sends_nothing() {
    let (world, gateway, app, enrolling) = active();
    let before = world.keys.names();
    *world.keys.refuse.lock().unwrap() = Some(PortError::UserRefused);
    assert_eq!(rotate(&app, &enrolling, KeyClass::Ak).unwrap_err(), PortError::UserRefused.into());
    assert_eq!((world.keys.names(), gateway.calls("keys")), (before, 0));
    *world.keys.refuse.lock().unwrap() = None;
    rotate(&app, &enrolling, KeyClass::Ak).unwrap();
    works(&world, &gateway, &app, &enrolling);
}

#[test]
fn an_answer_by_the_old_key_is_sent_before_the_key_changes() {
    let (_world, gateway, app, enrolling) = active();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    gateway.twist(|path, _, _, good| if path == "answer" { Err(PortError::Network) } else { Ok(good) });
    assert!(app.deny(only(&app).id, &Cancel::default()).is_err());
    assert_eq!(rotate(&app, &enrolling, KeyClass::Pk).unwrap_err(), PortError::Network.into());
    assert_eq!(gateway.calls("keys"), 0);
    gateway.untwist();
    rotate(&app, &enrolling, KeyClass::Pk).unwrap();
    let order: Vec<String> = gateway.state().log.iter().rev().take(2).map(|(path, _)| path.clone()).collect();
    assert_eq!(order, ["keys", "answer"]);
}

#[test]
fn an_approval_whose_key_changed_while_its_prompt_stood_is_made_again() {
    let (world, gateway, app, enrolling) = active();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let app = std::sync::Arc::new(app);
    let (inside, id) = (app.clone(), enrolling.id);
    world.keys.during_next_prompt(move || inside.rotate_keys(id, KeyClass::Ak, &Cancel::default()).unwrap());
    let row = only(&app).id;
    assert_eq!(approve(&app, row, "049218").unwrap_err(), PortError::Interrupted.into());
    assert_eq!(gateway.calls("answer"), 0, "nothing was sent by the old key");
    assert_eq!(approve(&app, row, "049218").unwrap().st, Status::Approved);
}

#[test]
fn a_key_that_is_gone_says_so() {
    let (world, gateway, app, enrolling) = active();
    world.keys.forget(|name: &KeyName| name.as_str().starts_with("approve"));
    assert_eq!(rotate(&app, &enrolling, KeyClass::Ak).unwrap_err(), PortError::KeyGone.into());
    assert_eq!((gateway.calls("keys"), world.keys.names().len()), (0, 1));
    assert!(poll(&app, &enrolling).is_ok());
}

#[test]
fn the_request_is_of_the_old_key_and_the_new_one_vouches_for_it() {
    let (_world, gateway, app, enrolling) = active();
    let [_, old] = known(&gateway);
    rotate(&app, &enrolling, KeyClass::Pk).unwrap();
    let request: KeysRequest = serde_json::from_slice(&gateway.bodies("keys")[0]).unwrap();
    assert_eq!(request.keys.jws().kid(), old);
    assert_eq!(request.pop.jws().kid(), known(&gateway)[1]);
    assert_eq!(request.pop.claims().nh, request.keys.h());
    assert!(request.keys.claims().att.is_none() && request.keys.claims().nonce.is_none());
}
