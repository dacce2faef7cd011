//! `keys::*` on the phone: what it never sends, and what becomes of it where a gateway refuses (push-v1 sections 4, 11).

use std::collections::BTreeSet;

use countersign_core::app::{App, Enrolling, GatewayState};
use countersign_core::cancel::Cancel;
use countersign_core::error::GatewayError;
use countersign_core::port::{Request, Response};
use countersign_protocol::jose::H32;
use countersign_protocol::push::{ErrorWhy, GoneWhy, KeyClass, KeysRequest, Message, Proof, Status};
use countersign_tests::raw_phone::sign;
use serde_json::json;

use super::super::gateway::Gateway;
use super::super::phone::{approve, only, poll};
use super::{active, known, rotate, works};

/// Who proved each call to `path`, in order.
pub fn provers(gateway: &Gateway, path: &str) -> Vec<H32> {
    gateway.state().log.iter().filter(|(seen, _)| seen == path).map(|(_, request)| prover(request)).collect()
}

/// Who proved it.
pub fn prover(request: &Request) -> H32 {
    let proof = request.headers.iter().find(|(name, _)| name == "countersign-proof").expect("a proof");
    Message::<Proof>::parse(&proof.1).unwrap().jws().kid()
}

/// Each key is drawn anew: none comes a second time, not even as one of the other class. Where a gateway says that it knows
/// one, the phone goes on by the one that it has.
#[test]
fn new_key_registered() {
    let (world, gateway, app, enrolling) = active();
    let mut all: Vec<H32> = known(&gateway).to_vec();
    for class in [KeyClass::Pk, KeyClass::Ak, KeyClass::Pk, KeyClass::Ak] {
        rotate(&app, &enrolling, class).unwrap();
        works(&world, &gateway, &app, &enrolling);
        all.push(known(&gateway)[usize::from(class == KeyClass::Pk)]);
    }
    assert_eq!(all.iter().map(ToString::to_string).collect::<BTreeSet<_>>().len(), 6, "two and four more");

    let before = known(&gateway);
    gateway.hold("keys", 401, r#"{"error":"refused"}"#);
    assert_eq!(rotate(&app, &enrolling, KeyClass::Pk).unwrap_err(), GatewayError::DeviceRefused.into());
    gateway.untwist();
    poll(&app, &enrolling).unwrap();
    assert_eq!((provers(&gateway, "poll").last(), known(&gateway)), (Some(&before[1]), before));
}

#[test]
fn keys_second() {
    let (world, gateway, app, enrolling) = active();
    rotate(&app, &enrolling, KeyClass::Ak).unwrap();
    // No approval was signed by the new key yet.
    let refused = Err(GatewayError::Policy(ErrorWhy::State).into());
    assert_eq!(rotate(&app, &enrolling, KeyClass::Ak), refused);
    poll(&app, &enrolling).unwrap();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    assert_eq!(approve(&app, only(&app).id, "049218").unwrap().st, Status::Approved);
    poll(&app, &enrolling).unwrap();
    works(&world, &gateway, &app, &enrolling);
}

/// The change is signed and proven by the key before, also when it is repeated because its receipt was lost.
#[test]
fn proof_by_new_first() {
    let (_world, gateway, app, enrolling) = active();
    let old = known(&gateway)[1];
    gateway.hold_once("keys", 503, r#"{"error":"busy"}"#);
    assert!(rotate(&app, &enrolling, KeyClass::Pk).is_err());
    poll(&app, &enrolling).unwrap();
    assert_eq!(provers(&gateway, "keys"), [old, old]);
    let request: KeysRequest = serde_json::from_slice(&gateway.bodies("keys")[0]).unwrap();
    assert_eq!((request.keys.jws().kid(), request.pop.jws().kid()), (old, known(&gateway)[1]));
}

/// From the receipt on every call is by the new key, and once one went well the old one is deleted.
#[test]
fn old_key_after_new() {
    let (world, gateway, app, enrolling) = active();
    let before = provers(&gateway, "poll").len();
    rotate(&app, &enrolling, KeyClass::Pk).unwrap();
    works(&world, &gateway, &app, &enrolling);
    let (polls, new) = (provers(&gateway, "poll"), known(&gateway)[1]);
    assert!(polls.len() > before && polls[before..].iter().all(|kid| *kid == new));
}

/// A suspended phone changes nothing, and loses nothing by trying; it may deny, and works on when it counts again.
#[test]
fn suspended_calls() {
    let (world, gateway, app, enrolling) = active();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    gateway.state().devices.values_mut().for_each(|device| device.state = "suspended");
    gateway.state().challenges.clear();
    poll(&app, &enrolling).unwrap();
    assert_eq!(app.gateways()[0].state, GatewayState::Suspended);
    let kept = world.keys.names();
    let refused = GatewayError::Policy(ErrorWhy::State);
    assert_eq!(rotate(&app, &enrolling, KeyClass::Ak).unwrap_err(), refused.into());
    assert!(kept.iter().all(|name| world.keys.names().contains(name)), "nothing is deleted");
    let row = only(&app);
    assert_eq!((row.can.approve, row.can.deny), (false, true), "a denial is heard of it too");
    assert_eq!(app.deny(row.id, &Cancel::default()).unwrap().st, Status::Denied);
    gateway.activate();
    works_by_its_new_key(&app, &enrolling, &gateway);
}

/// The change that waits is made as soon as it may.
fn works_by_its_new_key(app: &App, enrolling: &Enrolling, gateway: &Gateway) {
    let before = known(gateway)[0];
    rotate(app, enrolling, KeyClass::Ak).unwrap();
    assert_ne!(known(gateway)[0], before);
    gateway.challenge("two");
    poll(app, enrolling).unwrap();
    let row = app.approvals().into_iter().find(|row| row.can.approve).expect("one that may be approved");
    assert_eq!(approve(app, row.id, "049218").unwrap().st, Status::Approved);
}

/// Whatever it asks, a phone that is told by a signed word that it was removed forgets its keys and asks nothing more.
#[test]
fn removed_calls() {
    type Call = fn(&App, &Enrolling);
    let calls: [(&str, Call); 5] = [
        ("poll", |app, enrolling| drop(poll(app, enrolling))),
        ("keys", |app, enrolling| drop(rotate(app, enrolling, KeyClass::Pk))),
        ("approve", |app, _| drop(approve(app, only(app).id, "049218"))),
        ("deny", |app, _| drop(app.deny(only(app).id, &Cancel::default()))),
        ("invite", |app, enrolling| drop(app.invite(enrolling.id, false, &Cancel::default()))),
    ];
    for (name, call) in calls {
        let (world, gateway, app, enrolling) = active();
        {
            let mut state = gateway.state();
            (state.meta["policy"]["move"], state.meta["seq"]) = (json!(true), json!(4));
        }
        gateway.challenge("one");
        poll(&app, &enrolling).unwrap();
        let gone = json!({"iss": gateway.u, "aud": gateway.did(), "iat": 1, "why": "admin"});
        let body = json!({"error": "gone", "gone": sign("cs-gone+jwt", &gone, &gateway.gk)}).to_string().into_bytes();
        gateway.twist(move |path, _, _, good| {
            Ok(if path == "metadata" { good } else { Response { status: 410, body: body.clone(), ..good } })
        });
        call(&app, &enrolling);
        assert_eq!((name, &app.gateways()[0].state), (name, &GatewayState::Gone(GoneWhy::Admin)));
        assert_eq!((name, world.keys.names()), (name, Vec::new()));
        let asked = gateway.state().log.len();
        calls[..2].iter().for_each(|(_, call)| call(&app, &enrolling));
        assert_eq!((name, gateway.state().log.len()), (name, asked), "it asks nothing more");
    }
}
