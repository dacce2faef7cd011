//! `device::*`: what a phone changes of itself: its bell, its seal, that it is there (push-v1 section 4).

use countersign_gateway::enrol::record::Phone;
use countersign_tests::raw_phone::{Key, RawPhone, b64u, id, payload};
use countersign_tests::stage::Stage;
use serde_json::{Value, json};

fn stage() -> (Stage, RawPhone) {
    let stage = Stage::start();
    let phone = stage.active_phone(&stage.person("alice"), "device");
    (stage, phone)
}

fn put(phone: &RawPhone, body: &Value) -> String {
    phone.wire.send(phone.proven_put("/push", body)).verdict()
}

fn stored(stage: &Stage, phone: &RawPhone) -> Phone {
    let did = phone.did.borrow().parse().unwrap();
    stage.house().devices.store().device(did).unwrap().unwrap().phone.unwrap()
}

fn seal(key: &Key, auth: u8) -> Value {
    json!({"p256dh": b64u(&key.jwk().to_sec1()), "auth": id(auth)})
}

#[test]
fn what_is_absent_stays() {
    let (stage, phone) = stage();
    let (bell, new) = ("https://push.example.com/up/abc", Key::named("device seal 2"));
    assert_eq!(put(&phone, &json!({"endpoint": bell})), "204");
    assert_eq!(put(&phone, &json!({"seal": seal(&new, 0x31)})), "204");
    let now = stored(&stage, &phone);
    assert_eq!((now.endpoint.as_deref(), now.seal), (Some(bell), new.jwk()));
    assert_eq!(put(&phone, &json!({})), "400 malformed", "at least one");
    assert_eq!(phone.wire.send(phone.bare("DELETE", "/push")).status, 204);
    assert_eq!(phone.wire.send(phone.bare("DELETE", "/push")).status, 204, "twice is once");
    let now = stored(&stage, &phone);
    assert_eq!((now.endpoint, now.seal), (None, new.jwk()));
}

#[test]
fn seals_are_new_or_the_present_one() {
    let (stage, phone) = stage();
    assert_eq!(put(&phone, &json!({"seal": seal(&phone.seal, 0x30)})), "204", "its present one");
    assert_eq!(put(&phone, &json!({"seal": seal(&phone.seal, 0x31)})), "401 refused", "with another secret");
    assert_eq!(put(&phone, &json!({"seal": seal(&phone.ak, 0x30)})), "401 refused");
    let both = json!({"seal": seal(&phone.pk, 0x30), "endpoint": "https://127.0.0.1/up"});
    assert_eq!(put(&phone, &both), "401 refused", "keys come before policy");
    let bad = json!({"seal": seal(&Key::named("device seal 2"), 0x30), "endpoint": "https://127.0.0.1/up"});
    assert_eq!(put(&phone, &bad), "403 policy:endpoint");
    assert_eq!(stored(&stage, &phone).seal, phone.seal.jwk(), "nothing of it was done");
    assert_eq!(put(&phone, &json!({"seal": seal(&Key::named("device seal 2"), 0x30)})), "204");
    assert_eq!(put(&phone, &json!({"seal": seal(&phone.seal, 0x30)})), "401 refused", "an earlier one");
}

#[test]
fn endpoints_that_no_gateway_may_call() {
    let (_stage, phone) = stage();
    for endpoint in
        ["http://push.example.com/up", "https://127.1/up", "https://[::1]/up", "https://u@push.example.com/"]
    {
        assert_eq!((endpoint, put(&phone, &json!({"endpoint": endpoint})).as_str()), (endpoint, "403 policy:endpoint"));
    }
}

#[test]
fn a_phone_that_leaves_is_gone_and_the_others_are_told() {
    let (stage, phone) = stage();
    let bob = stage.person("bob");
    let (one, two) = (stage.active_phone(&bob, "one"), stage.active_phone(&bob, "two"));
    assert_eq!(one.wire.send(one.bare("DELETE", "/device")).status, 204);
    let gone = one.poll(&one.echo(0));
    assert_eq!(gone.verdict(), "410 gone");
    assert_eq!(payload(gone.json()["gone"].as_str().unwrap())["why"], "self");
    let told = payload(&two.notices()[0]);
    assert_eq!(
        (&told["info"], &told["dev"]),
        (&json!("device_removed"), &json!({"os": "android", "model": "Pixel 9"}))
    );
    assert_eq!(phone.notices(), Vec::<String>::new(), "somebody else's phone is told nothing");
}

#[test]
fn the_last_phone_that_leaves_ends_what_was_asked() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "device");
    let asked = stage.begin(&alice);
    assert_eq!(phone.wire.send(phone.bare("DELETE", "/device")).status, 204);
    assert_eq!(asked.state(), countersign_gateway::approval::State::Cancelled);
}
