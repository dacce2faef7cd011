//! `events::*`: the stream of States (push-v1 section 8).

use countersign_gateway::person::Person;
use countersign_protocol::push::GoneWhy;
use countersign_tests::raw_phone::{RawPhone, RawRequest, payload};
use countersign_tests::stage::{Stage, caller, owner};
use serde_json::json;

fn stage() -> (Stage, Person, RawPhone) {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "events");
    (stage, alice, phone)
}

#[test]
fn a_state_on_connecting_and_at_each_change() {
    let (stage, alice, phone) = stage();
    let mut stream = phone.wire.stream(phone.bare("GET", "/events"));
    assert_eq!((stream.status, stream.media().as_str()), (200, "text/event-stream"));
    let first = stream.state().unwrap();
    assert_eq!((&first["device"], &first["challenges"]), (&json!("active"), &json!([])));
    let asked = stage.begin(&alice);
    let second = stream.state().unwrap();
    let held = second["challenges"][0].as_str().unwrap().to_owned();
    assert_eq!((second["challenges"].as_array().unwrap().len(), &second["closed"]), (1, &json!([])));
    let other = stage.raw_phone("other wire");
    other.did.replace(phone.did.borrow().clone());
    assert_eq!(other.decide(&phone.refusal(&held, "deny")), "denied");
    let third = stream.state().unwrap();
    assert_eq!(third["closed"], json!([{"jti": payload(&held)["jti"], "st": "denied"}]), "what left since the last");
    assert_eq!(third["challenges"], json!([]));
    drop(asked);
    stage
        .house()
        .devices
        .remove(owner(&alice), phone.did.borrow().parse().unwrap(), GoneWhy::Person, &caller())
        .unwrap();
    assert_eq!(stream.state(), None, "a device that is gone hears no more");
}

#[test]
fn a_newer_stream_ends_the_older_one_and_a_poll_does_not() {
    let (stage, alice, phone) = stage();
    let other = RawPhone::new("events", &stage.u(), stage.address());
    other.did.replace(phone.did.borrow().clone());
    let mut first = phone.wire.stream(phone.bare("GET", "/events"));
    assert!(first.state().is_some());
    assert_eq!(phone_poll(&stage, &phone), 200);
    let asked = stage.begin(&alice);
    assert!(first.state().is_some(), "a poll ends no stream");
    let request = fresh(&other, "second");
    let mut second = other.wire.stream(request);
    assert!(second.state().is_some());
    while let Some(state) = first.state() {
        assert_eq!(state["device"], "active");
    }
    drop(asked);
}

/// A poll over a connection of its own.
fn phone_poll(stage: &Stage, phone: &RawPhone) -> u16 {
    let other = RawPhone::new("events", &stage.u(), stage.address());
    other.did.replace(phone.did.borrow().clone());
    let body = other.echo(0).to_string().into_bytes();
    let mut claims = other.proof_claims("POST", "/poll", &body);
    claims["jti"] = countersign_tests::raw_phone::id_of("a poll beside").into();
    let proof = countersign_tests::raw_phone::sign("cs-proof+jwt", &claims, &other.pk);
    other.wire.send(RawRequest::post("/poll", body).header("countersign-proof", &proof)).status
}

/// A proof whose id is not one that the same phone drew on its other wire.
fn fresh(phone: &RawPhone, label: &str) -> RawRequest {
    let mut claims = phone.proof_claims("GET", "/events", b"");
    claims["jti"] = countersign_tests::raw_phone::id_of(label).into();
    let proof = countersign_tests::raw_phone::sign("cs-proof+jwt", &claims, &phone.pk);
    RawRequest::get("/events").header("countersign-proof", &proof)
}

#[test]
fn a_line_while_nothing_happens_and_an_end_after_fifteen_minutes() {
    let stage = Stage::hasty();
    let phone = stage.active_phone(&stage.person("alice"), "events");
    let mut stream = phone.wire.stream(phone.bare("GET", "/events"));
    assert!(stream.block().unwrap().starts_with("event: state\n"));
    let mut comments = 0;
    while let Some(block) = stream.block() {
        assert_eq!(block, ": ");
        comments += 1;
    }
    assert_eq!(comments, 900 / 25, "one each 25 seconds");
}

#[test]
fn a_pending_device_hears_that_it_is_active() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let phone = stage.raw_phone("events");
    let digits = phone.enrol(&stage.link(&alice, "browser"));
    let mut stream = phone.wire.stream(phone.bare("GET", "/events"));
    assert_eq!(stream.state().unwrap()["device"], "pending");
    stage.confirm(&alice, &phone, &digits);
    assert_eq!(stream.state().unwrap()["device"], "active");
}

#[test]
fn an_approval_that_runs_out_is_told() {
    let (stage, alice, phone) = stage();
    let _asked = stage.begin(&alice);
    let mut stream = phone.wire.stream(phone.bare("GET", "/events"));
    let first = stream.state().unwrap();
    assert_eq!(first["challenges"].as_array().unwrap().len(), 1);
    stage.clock.advance(126);
    // The clock of a test wakes nobody: any change does.
    stage.person("bob");
    stage.house().notices.announce(alice.id).unwrap();
    assert_eq!(stream.state().unwrap()["closed"][0]["st"], "expired");
}

#[test]
fn without_a_right_proof_there_is_no_stream() {
    let (stage, _alice, phone) = stage();
    assert_eq!(phone.wire.send(RawRequest::get("/events")).verdict(), "400 malformed");
    let stranger = stage.raw_phone("stranger");
    assert_eq!(stranger.wire.send(stranger.bare("GET", "/events")).verdict(), "401 refused");
    let other_call = phone.bare("GET", "/metadata");
    assert_eq!(phone.wire.send(RawRequest { path: "/events".into(), ..other_call }).verdict(), "401 refused");
    let with_body = RawRequest { body: Some(b"{}".to_vec()), ..phone.bare("GET", "/events") };
    assert_eq!(phone.wire.send(with_body).verdict(), "400 malformed");
}

#[test]
fn a_stream_holds_up_no_stop() {
    let (stage, _alice, phone) = stage();
    let mut stream = phone.wire.stream(phone.bare("GET", "/events"));
    assert!(stream.state().is_some());
    drop(stage);
    assert_eq!(stream.state(), None);
}
