//! `enrol::*`: what the gateway refuses of an enrolment (push-v1 sections 5.3 to 5.5, 10).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_gateway::enrol::record::Confirmed;
use countersign_gateway::person::Person;
use countersign_protocol::Secret;
use countersign_protocol::push::{Attest, EnrolCode, EnrolRequest};
use countersign_protocol::uri::EnrolLink;
use countersign_tests::attested::{Maker, Says};
use countersign_tests::raw_phone::{Key, RawPhone, RawReply, payload, sign, twin};
use countersign_tests::stage::{Stage, caller};
use serde_json::{Value, json};

fn stage() -> (Stage, Person, EnrolLink, RawPhone) {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let link = stage.link(&alice, "browser");
    let phone = stage.raw_phone("enrol");
    (stage, alice, link, phone)
}

fn post(phone: &RawPhone, body: &Value) -> RawReply {
    phone.call("/enrol", body)
}

/// Sends an enrolment whose claims were changed and, for a control, the unchanged one after it: a refusal leaves the
/// code open.
fn refused_then_open(expected: &str, change: impl FnOnce(&mut Value)) {
    let (_stage, _alice, link, phone) = stage();
    let mut claims = phone.enrol_claims(&link);
    let good = claims.clone();
    change(&mut claims);
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &claims)).verdict(), expected);
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &good)).status, 201, "the code stays open");
}

#[test]
fn code_unknown() {
    let (_stage, _alice, link, phone) = stage();
    let other = EnrolCode::new(Secret::new(vec![9; 16])).unwrap();
    let mut claims = phone.enrol_claims(&link);
    claims["e"] = other.id().to_string().into();
    assert_eq!(post(&phone, &phone.enrol_body(&other, &claims)).verdict(), "401 refused");
}

#[test]
fn cm_wrong() {
    let (_stage, _alice, link, phone) = stage();
    let mut body = phone.enrol_body(&link.c, &phone.enrol_claims(&link));
    body["cm"] = countersign_protocol::jose::H32::from_bytes([7; 32]).to_string().into();
    assert_eq!(post(&phone, &body).verdict(), "401 refused");
}

#[test]
fn cm_of_other_request() {
    let (_stage, _alice, link, phone) = stage();
    let one = phone.enrol_body(&link.c, &phone.enrol_claims(&link));
    let mut two = phone.enrol_body(&link.c, &phone.enrol_claims(&link));
    assert_ne!(one["cm"], two["cm"]);
    two["cm"] = one["cm"].clone();
    assert_eq!(post(&phone, &two).verdict(), "401 refused");
}

#[test]
fn enrol_by_pk() {
    signed_by("enrol pk");
}

#[test]
fn enrol_by_stranger() {
    signed_by("stranger");
}

fn signed_by(key: &str) {
    let (_stage, _alice, link, phone) = stage();
    let jws = sign("cs-enrol+jwt", &phone.enrol_claims(&link), &Key::named(key));
    let cm = link.c.cm(jws.rsplit_once('.').unwrap().0.as_bytes());
    assert_eq!(post(&phone, &json!({"enrol": jws, "cm": cm.to_string()})).verdict(), "401 refused");
}

#[test]
fn aud_other() {
    refused_then_open("401 refused", |claims| claims["aud"] = "https://gate.example.com/push/v1".into());
}

#[test]
fn gk_other() {
    refused_then_open("401 refused", |claims| claims["gk"] = Key::named("evil").thumbprint().into());
}

#[test]
fn ak_is_pk() {
    // The proof is made by the key that the request calls `pk`, so `ak` takes its place.
    refused_then_open("401 refused", |claims| claims["keys"]["ak"] = claims["keys"]["pk"].clone());
}

#[test]
fn ak_is_seal() {
    let (_stage, _alice, link, mut phone) = stage();
    phone.seal = phone.ak.clone();
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &phone.enrol_claims(&link))).verdict(), "401 refused");
}

#[test]
fn pk_is_seal() {
    let (_stage, _alice, link, mut phone) = stage();
    phone.seal = phone.pk.clone();
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &phone.enrol_claims(&link))).verdict(), "401 refused");
}

/// Enrols a second phone that shares a key with the first.
fn second_phone(expected: &str, share: impl FnOnce(&RawPhone, &mut RawPhone)) {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let first = stage.active_phone(&alice, "first");
    let mut second = stage.raw_phone("second");
    share(&first, &mut second);
    let link = stage.link(&alice, "browser");
    assert_eq!(post(&second, &second.enrol_body(&link.c, &second.enrol_claims(&link))).verdict(), expected);
}

#[test]
fn registered_ak() {
    second_phone("401 refused", |first, second| second.ak = first.ak.clone());
}

#[test]
fn registered_pk() {
    second_phone("401 refused", |first, second| second.pk = first.pk.clone());
}

#[test]
fn registered_seal() {
    second_phone("401 refused", |first, second| second.seal = first.seal.clone());
}

#[test]
fn ak_as_pk() {
    second_phone("401 refused", |first, second| second.pk = first.ak.clone());
}

/// A control: a second phone with keys of its own is taken.
#[test]
fn fresh_keys_pass() {
    second_phone("201", |_, _| {});
}

#[test]
fn code_used() {
    let (stage, _alice, link, phone) = stage();
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &phone.enrol_claims(&link))).status, 201);
    let thief = stage.raw_phone("thief");
    assert_eq!(post(&thief, &thief.enrol_body(&link.c, &thief.enrol_claims(&link))).verdict(), "409 used");
}

#[test]
fn code_late() {
    let (stage, _alice, link, phone) = stage();
    stage.clock.advance(601);
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &phone.enrol_claims(&link))).verdict(), "410 expired");
}

#[test]
fn code_after_rotation() {
    let (stage, _alice, link, phone) = stage();
    stage.rotate().unwrap();
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &phone.enrol_claims(&link))).verdict(), "410 expired");
}

#[test]
fn code_forgotten_an_hour_past_its_end() {
    let (stage, _alice, link, phone) = stage();
    stage.clock.advance(600 + 3601);
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &phone.enrol_claims(&link))).verdict(), "401 refused");
}

#[test]
fn newer_code_ends_the_older_one() {
    let (stage, alice, link, phone) = stage();
    stage.link(&alice, "browser");
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &phone.enrol_claims(&link))).verdict(), "410 expired");
}

/// Types wrong digits until the enrolment is refused.
fn refuse(stage: &Stage, alice: &Person, phone: &RawPhone, digits: &str) {
    let wrong: String = digits.chars().map(|c| if c == '9' { '0' } else { '9' }).collect();
    let ends = [Confirmed::Wrong(2), Confirmed::Wrong(1), Confirmed::Refused];
    assert_eq!([0, 1, 2].map(|_| stage.confirm(alice, phone, &wrong)), ends);
}

#[test]
fn repeat_after_refused() {
    let (stage, alice, link, phone) = stage();
    let claims = phone.enrol_claims(&link);
    let body = phone.enrol_body(&link.c, &claims);
    let receipt = post(&phone, &body);
    *phone.did.borrow_mut() = payload(receipt.json()["receipt"].as_str().unwrap())["aud"].as_str().unwrap().to_owned();
    refuse(&stage, &alice, &phone, "000000");
    let reply = post(&phone, &body);
    assert_eq!(reply.verdict(), "410 gone");
    assert_eq!(payload(reply.json()["gone"].as_str().unwrap())["why"], "refused");
}

#[test]
fn digits_thrice() {
    let (stage, alice, link, phone) = stage();
    let digits = phone.enrol(&link);
    refuse(&stage, &alice, &phone, &digits);
    assert_eq!(stage.confirm(&alice, &phone, &digits), Confirmed::NotPending, "right digits come too late");
    assert_eq!(phone.poll(&phone.echo(0)).verdict(), "410 gone");
}

#[test]
fn digits_after_ten_minutes() {
    let (stage, alice, link, phone) = stage();
    let digits = phone.enrol(&link);
    stage.clock.advance(601);
    assert_eq!(stage.confirm(&alice, &phone, &digits), Confirmed::NotPending);
    assert_eq!(phone.poll(&phone.echo(0)).verdict(), "410 gone");
}

#[test]
fn digits_of_somebody_elses_page() {
    let (stage, alice, link, phone) = stage();
    let digits = phone.enrol(&link);
    let bob = stage.person("bob");
    assert_eq!(stage.confirm(&bob, &phone, &digits), Confirmed::NotPending);
    assert_eq!(stage.confirm(&alice, &phone, &digits), Confirmed::Active);
}

/// A stage that believes this maker, and a phone with a code.
fn attesting(maker: &Maker, policy: Attest) -> (Stage, Person, EnrolLink, RawPhone) {
    let stage = Stage::with(|config| {
        config.attest.android_roots = Some(maker.roots());
        config.policy.attest = policy;
    });
    let alice = stage.person("alice");
    let (link, phone) = (stage.link(&alice, "browser"), stage.raw_phone("enrol"));
    (stage, alice, link, phone)
}

/// What a phone of this maker brings, made for `ac` at this level.
fn attestation(maker: &Maker, phone: &RawPhone, level: u8, ac: &[u8]) -> Value {
    let chain = |key: &Key, user| {
        let chain = maker.chain(&key.jwk(), &Says::key(level, ac, user));
        json!(chain.iter().map(|der| STANDARD.encode(der)).collect::<Vec<_>>())
    };
    json!({"fmt": "android-key", "ak": chain(&phone.ak, Some(3)), "pk": chain(&phone.pk, None)})
}

/// Refused with this attestation, taken with the right one.
fn attest_refused(wrong: impl FnOnce(&Maker, &RawPhone, &[u8]) -> Value) {
    let maker = Maker::default();
    let (stage, _alice, link, phone) = attesting(&maker, Attest::None);
    let (mut claims, ac) = (phone.enrol_claims(&link), link.c.attestation_challenge());
    claims["att"] = wrong(&maker, &phone, ac.as_bytes());
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &claims)).verdict(), "403 policy:attest");
    claims["att"] = attestation(&maker, &phone, 1, ac.as_bytes());
    phone.enrol_with(&link, &claims);
    let device = stage.house().devices.store().device(phone.did.borrow().parse().unwrap()).unwrap().unwrap();
    assert!(device.phone.unwrap().attested);
}

#[test]
fn attest_foreign_challenge() {
    attest_refused(|maker, phone, _| attestation(maker, phone, 1, &[7; 32]));
}

#[test]
fn attest_software_as_tee() {
    attest_refused(|maker, phone, ac| attestation(maker, phone, 0, ac));
}

#[test]
fn attest_of_one_key_alone_counts_for_nothing() {
    attest_refused(|maker, phone, ac| {
        let mut att = attestation(maker, phone, 1, ac);
        att["pk"] = att["ak"].clone();
        att
    });
    attest_refused(|_, phone, ac| attestation(&Maker::default(), phone, 1, ac));
    attest_refused(|_, _, _| json!({"fmt": "android-key", "ak": ["AAAA"], "pk": ["AAAA"]}));
    attest_refused(|_, _, _| json!({"fmt": "apple-appattest", "kid": "A".repeat(43) + "=", "obj": "AAAA"}));
}

#[test]
fn attest_missing_where_it_is_needed() {
    let maker = Maker::default();
    for (policy, expected) in [(Attest::Need, "403 policy:attest"), (Attest::Want, "201"), (Attest::None, "201")] {
        let (stage, _alice, link, phone) = attesting(&maker, policy);
        let claims = phone.enrol_claims(&link);
        assert_eq!(post(&phone, &phone.enrol_body(&link.c, &claims)).verdict(), expected, "{policy}");
        drop(stage);
    }
}

#[test]
fn level_below_policy() {
    let stage = Stage::with(|config| config.policy.hardware = true);
    let alice = stage.person("alice");
    let (link, phone) = (stage.link(&alice, "browser"), stage.raw_phone("enrol"));
    let mut claims = phone.enrol_claims(&link);
    claims["level"] = "software".into();
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &claims)).verdict(), "403 policy:level");
}

#[test]
fn uv_below_policy() {
    let stage = Stage::with(|config| config.policy.biometrics_only = true);
    let alice = stage.person("alice");
    let (link, phone) = (stage.link(&alice, "browser"), stage.raw_phone("enrol"));
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &phone.enrol_claims(&link))).verdict(), "403 policy:uv");
    let mut claims = phone.enrol_claims(&link);
    claims["uv"] = "bio".into();
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &claims)).status, 201);
}

#[test]
fn photo_race() {
    // Somebody photographs the QR and is first. The person's own phone is told so, and its digits do not exist.
    let (stage, alice, link, phone) = stage();
    let thief = stage.raw_phone("thief");
    let thiefs_digits = thief.enrol(&link);
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &phone.enrol_claims(&link))).verdict(), "409 used");
    assert_eq!(
        thief.poll(&json!({"wait": 0, "have": [], "seen": [], "device": "pending", "meta": [1, 1]})).status,
        200
    );
    let asked = stage.try_begin(&alice, "browser", true).expect("an approval");
    assert_eq!(asked.1, countersign_gateway::approval::Push::NoPhone, "a pending phone is never asked");
    assert!(!thiefs_digits.is_empty());
}

#[test]
fn racing_phones_get_one_receipt() {
    let (stage, _alice, link, _) = stage();
    let bodies: Vec<(String, String)> = (0..8)
        .map(|n| {
            let phone = stage.raw_phone(&format!("racer {n}"));
            let body = phone.enrol_body(&link.c, &phone.enrol_claims(&link));
            let proof = phone.proof("POST", "/enrol", body.to_string().as_bytes());
            (body.to_string(), proof)
        })
        .collect();
    let verdicts: Vec<String> = std::thread::scope(|scope| {
        let send = |(body, proof): (String, String)| {
            let wire = countersign_tests::raw_phone::Wire::new(&stage.u(), stage.address());
            let request = countersign_tests::raw_phone::RawRequest::post("/enrol", body);
            wire.send(request.header("countersign-proof", &proof)).verdict()
        };
        let racing: Vec<_> = bodies.into_iter().map(|one| scope.spawn(move || send(one))).collect();
        racing.into_iter().map(|racer| racer.join().unwrap()).collect()
    });
    assert_eq!(verdicts.iter().filter(|verdict| *verdict == "201").count(), 1, "{verdicts:?}");
    assert_eq!(verdicts.iter().filter(|verdict| *verdict == "409 used").count(), 7, "{verdicts:?}");
}

/// A control.
#[test]
fn same_h_same_receipt() {
    let (_stage, _alice, link, phone) = stage();
    let body = phone.enrol_body(&link.c, &phone.enrol_claims(&link));
    let (one, two) = (post(&phone, &body), post(&phone, &body));
    assert_eq!((one.status, one.json()["receipt"].clone()), (two.status, two.json()["receipt"].clone()));
}

/// The same request twice at one time, as by a poll beside the call: the second is looked at while the first is taken.
#[test]
fn same_h_at_one_time_same_receipt() {
    let (stage, _alice, link, phone) = stage();
    let body = phone.enrol_body(&link.c, &phone.enrol_claims(&link));
    let request: EnrolRequest = serde_json::from_value(body).unwrap();
    let devices = &stage.house().devices;
    let mut one = None;
    let two = devices.accept(&request, &caller(), |_| {
        one = Some(devices.accept(&request, &caller(), |_| Ok::<(), ()>(())).unwrap());
        Ok::<(), ()>(())
    });
    assert_eq!(two.ok(), one);
}

/// A control.
#[test]
fn twin_same_receipt() {
    let (_stage, _alice, link, phone) = stage();
    let mut body = phone.enrol_body(&link.c, &phone.enrol_claims(&link));
    let one = post(&phone, &body);
    body["enrol"] = twin(body["enrol"].as_str().unwrap()).into();
    assert_eq!(post(&phone, &body).json()["receipt"], one.json()["receipt"]);
}

/// A control.
#[test]
fn repeat_after_x() {
    let (stage, alice, link, phone) = stage();
    let body = phone.enrol_body(&link.c, &phone.enrol_claims(&link));
    let one = post(&phone, &body);
    let receipt = payload(one.json()["receipt"].as_str().unwrap());
    *phone.did.borrow_mut() = receipt["aud"].as_str().unwrap().to_owned();
    let eh = receipt["eh"].as_str().unwrap().parse().unwrap();
    let digits = countersign_protocol::push::confirmation_digits(&eh, &phone.did.borrow().parse().unwrap());
    assert_eq!(stage.confirm(&alice, &phone, &digits), Confirmed::Active);
    stage.clock.advance(1200);
    assert_eq!(post(&phone, &body).json()["receipt"], one.json()["receipt"]);
}

#[test]
fn five_devices_and_no_more() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    for n in 0..5 {
        stage.active_phone(&alice, &format!("phone {n}"));
    }
    let sixth = stage.house().devices.offer(
        countersign_tests::stage::owner(&alice),
        countersign_tests::stage::hash("browser"),
        "Phone",
        &caller(),
    );
    assert!(sixth.is_err(), "a sixth device is not offered");
}

#[test]
fn endpoints_that_no_gateway_may_call() {
    let bad = [
        ("http", "http://push.example.com/up"),
        ("user", "https://user@push.example.com/up"),
        ("fragment", "https://push.example.com/up#a"),
        ("loopback_v4", "https://127.0.0.1/up"),
        ("loopback_v6", "https://[::1]/up"),
        ("mapped_v6", "https://[::ffff:10.0.0.1]/up"),
        ("nat64", "https://[64:ff9b::a00:1]/up"),
        ("six_to_four", "https://[2002:a00:1::]/up"),
        ("ten_net", "https://10.1.2.3/up"),
        ("cgnat", "https://100.64.0.1/up"),
        ("link_local", "https://[fe80::1]/up"),
        ("metadata_service", "https://169.254.169.254/up"),
        ("zero", "https://0.0.0.0/up"),
        ("multicast", "https://224.0.0.1/up"),
        ("unique_local", "https://[fd00::1]/up"),
        ("decimal", "https://2130706433/up"),
        ("short_form", "https://127.1/up"),
    ];
    let (_stage, _alice, link, phone) = stage();
    let long = format!("https://push.example.com/{}", "a".repeat(1001 - 25));
    for (name, endpoint) in bad.into_iter().chain([("bytes_1001", long.as_str())]) {
        let mut claims = phone.enrol_claims(&link);
        claims["push"] = json!({"endpoint": endpoint});
        let verdict = post(&phone, &phone.enrol_body(&link.c, &claims)).verdict();
        assert_eq!((name, verdict.as_str()), (name, "403 policy:endpoint"));
    }
    let mut claims = phone.enrol_claims(&link);
    claims["push"] = json!({"endpoint": "https://push.example.com/up/abc"});
    assert_eq!(post(&phone, &phone.enrol_body(&link.c, &claims)).status, 201, "a public endpoint is taken");
}

#[test]
fn pending_device_sees_no_challenge() {
    let (_stage, _alice, link, phone) = stage();
    phone.enrol(&link);
    let pending = json!({"wait": 0, "have": [], "seen": [], "device": "pending", "meta": [1, 1]});
    let state = phone.poll(&pending).json();
    assert_eq!((&state["device"], &state["challenges"]), (&json!("pending"), &json!([])));
}
