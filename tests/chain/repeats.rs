//! Repeats after a rotation: as long as the key that signed an answer is listed it is the same byte for byte; afterwards the
//! same claims are signed by the present one, since no phone could check it otherwise (push-v1 sections 4 and 11).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_tests::raw_phone::{Key, RawPhone, RawReply, RawRequest, payload, sign};
use countersign_tests::stage::Stage;
use serde_json::{Value, json};

use super::print;

fn kid(jws: &str) -> String {
    let header = URL_SAFE_NO_PAD.decode(jws.split('.').next().unwrap()).unwrap();
    serde_json::from_slice::<Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

/// Sends it again while the first key is listed, and after it left the list.
fn outlives(stage: &Stage, member: &str, send: impl Fn() -> RawReply) {
    let text = |reply: RawReply| {
        assert!(reply.status == 200 || reply.status == 201, "{member}: {}", reply.verdict());
        reply.json()[member].as_str().unwrap().to_owned()
    };
    let first = text(send());
    assert_eq!(kid(&first), print("gk").to_string());
    stage.rotate().unwrap();
    assert_eq!(text(send()), first, "the key is listed: byte for byte");
    stage.clock.advance(61);
    stage.look_after_keys();
    let later = text(send());
    assert_eq!(kid(&later), print("gk2").to_string(), "{member}");
    assert_eq!(payload(&later), payload(&first), "it says the same");
    // After a recovery too.
    stage.recover("gr", None).unwrap();
    let later = text(send());
    assert_eq!((kid(&later), payload(&later)), (print("gk3").to_string(), payload(&first)));
}

fn scene(name: &str) -> (Stage, RawPhone) {
    let stage = Stage::with(|config| config.policy.moving = true);
    stage.name_recovery("gr").unwrap();
    let phone = stage.active_phone(&stage.person("alice"), name);
    (stage, phone)
}

#[test]
fn a_receipt_of_changed_keys_outlives_the_key_that_signed_it() {
    for class in ["ak", "pk"] {
        let (stage, phone) = scene("phone");
        let new = Key::named("new");
        let old = if class == "ak" { &phone.ak } else { &phone.pk };
        let body = phone.keys_body(&phone.keys_claims(class, &new), old, &new);
        outlives(&stage, "receipt", || phone.call("/keys", &body));
    }
}

#[test]
fn a_receipt_of_an_enrolment_outlives_the_key_that_signed_it() {
    let stage = Stage::start();
    stage.name_recovery("gr").unwrap();
    let alice = stage.person("alice");
    let (phone, link) = (stage.raw_phone("phone"), stage.link(&alice, "browser"));
    let body = phone.enrol_body(&link.c, &phone.enrol_claims(&link));
    outlives(&stage, "receipt", || phone.call("/enrol", &body));
}

#[test]
fn a_receipt_of_an_invitation_outlives_the_key_that_signed_it() {
    let (stage, phone) = scene("phone");
    let body = json!({"invite": sign("cs-invite+jwt", &phone.invite_claims(false), &phone.ak)});
    outlives(&stage, "receipt", || phone.call("/invite", &body));
}

#[test]
fn a_result_outlives_the_key_that_signed_it() {
    let stage = Stage::start();
    stage.name_recovery("gr").unwrap();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let asked = stage.begin(&alice);
    let held = phone.challenges().pop().unwrap();
    let body = json!({"answer": phone.approval(&held, &asked.digits())}).to_string();
    let first = phone.wire.send(RawRequest::post("/answer", body.clone()));
    assert_eq!(payload(first.json()["result"].as_str().unwrap())["st"], "approved");
    assert!(asked.consume(), "or its key stays listed");
    outlives(&stage, "result", || phone.wire.send(RawRequest::post("/answer", body.clone())));
}
