//! `work::*`: what is refused with 401 costs the gateway the same work, so that time does not tell why (push-v1 section 4).
//!
//! The work is counted, not timed: reads of the store, sealed values opened, signatures verified.

use std::sync::Arc;
use std::time::Duration;

use countersign_protocol::push::EnrolCode;
use countersign_tests::hand_timer::HandTimer;
use countersign_tests::log::Memory;
use countersign_tests::raw_phone::{Key, RawPhone, RawRequest, id, sign, sign_raw};
use countersign_tests::stage::Stage;
use serde_json::{Value, json};

/// What one request cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Work {
    reads: usize,
    openings: usize,
    verifications: usize,
}

/// A gateway that says what it does and does nothing by itself.
struct Bench {
    stage: Stage,
    log: Memory,
}

impl Bench {
    fn start() -> Self {
        let (log, timer) = (Memory::default(), Arc::new(HandTimer::default()));
        let stage =
            Stage::logging_with_timer(|config| config.policy.moving = true, &log.dispatch(), Arc::clone(&timer) as _);
        // Its rounds are over until its time passes, which it does not.
        [1, 600].into_iter().for_each(|seconds| timer.until_waiting(Duration::from_secs(seconds), 1));
        Self { stage, log }
    }

    /// What a request costs that comes to this verdict.
    fn work(&self, phone: &RawPhone, request: RawRequest, verdict: &str) -> Work {
        let before = self.log.bytes().len();
        assert_eq!(phone.wire.send(request).verdict(), verdict);
        let said = String::from_utf8_lossy(&self.log.bytes()[before..]).into_owned();
        let count = |what| said.matches(what).count();
        Work {
            reads: count("countersign_gateway::store: a read"),
            openings: count("countersign_gateway::seal: an opening"),
            verifications: count("countersign_gateway::push::proof: a verification"),
        }
    }

    /// The same for each of these, by name.
    fn refused(&self, phone: &RawPhone, all: Vec<(&'static str, RawRequest)>) -> Vec<(&'static str, Work)> {
        all.into_iter().map(|(name, request)| (name, self.work(phone, request, "401 refused"))).collect()
    }
}

fn equal(found: &[(&'static str, Work)], expected: Work) {
    for (name, work) in found {
        assert_eq!((name, *work), (name, expected));
    }
}

/// The claims under the kid of `named`, signed by another key.
fn kid_lies(typ: &str, claims: &Value, named: &Key) -> String {
    let header = json!({"alg": "ES256", "kid": named.thumbprint(), "typ": typ});
    sign_raw(&header.to_string(), claims.to_string().as_bytes(), &Key::named("evil"))
}

fn proof_claims(phone: &RawPhone, path: &str, body: &Value) -> Value {
    phone.proof_claims("POST", path, body.to_string().as_bytes())
}

fn with_proof(path: &str, body: &Value, proof: &str) -> RawRequest {
    RawRequest::post(path, body.to_string()).header("countersign-proof", proof)
}

/// What can be wrong with the proof of a call.
fn wrong_proofs(phone: &RawPhone, path: &'static str, body: &Value) -> Vec<(&'static str, RawRequest)> {
    let claims = || proof_claims(phone, path, body);
    let by = |claims: Value, key: &Key| with_proof(path, body, &sign("cs-proof+jwt", &claims, key));
    let changed = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        by(claims, &phone.pk)
    };
    vec![
        ("a key that nobody knows", by(claims(), &Key::named("evil"))),
        ("a signature by another key", with_proof(path, body, &kid_lies("cs-proof+jwt", &claims(), &phone.pk))),
        ("another body", changed("bh", countersign_protocol::jose::H32::sha256(&[b"other"]).to_string().into())),
        ("another method", changed("htm", "PUT".into())),
        ("another call", changed("htu", format!("{}/answer", phone.wire.u()).into())),
    ]
}

#[test]
fn an_unknown_code_costs_what_a_wrong_proof_costs() {
    let bench = Bench::start();
    let alice = bench.stage.person("alice");
    let (link, phone) = (bench.stage.link(&alice, "browser"), bench.stage.raw_phone("work"));
    phone.wire.nonce();
    let claims = phone.enrol_claims(&link);
    let body = phone.enrol_body(&link.c, &claims);
    let mut unknown = claims.clone();
    unknown["e"] = id(9).into();
    let unknown = phone.enrol_body(&link.c, &unknown);
    let other = EnrolCode::new(countersign_protocol::Secret::from_slice(&[9; 16])).unwrap();
    let foreign = phone.enrol_body(&other, &claims);
    let mut all = wrong_proofs(&phone, "/enrol", &body);
    all.push(("a code that nobody knows", phone.proven("/enrol", &unknown)));
    all.push(("a cm by another code", phone.proven("/enrol", &foreign)));
    let expected = Work { reads: 1, openings: 1, verifications: 1 };
    equal(&bench.refused(&phone, all), expected);

    // Long after its end the code is as good as one that nobody knows.
    bench.stage.clock.advance(600 + 3_600 + 1);
    phone.wire.send(RawRequest::get("/metadata"));
    equal(&bench.refused(&phone, vec![("a code of long ago", phone.proven("/enrol", &body))]), expected);
    // That the measure tells one work from another: of a code that is late, whoever has it is told before any proof.
    let link = bench.stage.link(&alice, "browser");
    bench.stage.clock.advance(601);
    phone.wire.send(RawRequest::get("/metadata"));
    let late = phone.proven("/enrol", &phone.enrol_body(&link.c, &phone.enrol_claims(&link)));
    assert_eq!(bench.work(&phone, late, "410 expired"), Work { verifications: 0, ..expected });
}

#[test]
fn an_unknown_device_costs_what_a_wrong_proof_costs() {
    let bench = Bench::start();
    let phone = bench.stage.active_phone(&bench.stage.person("alice"), "work");
    let expected = Work { reads: 1, openings: 0, verifications: 1 };
    equal(&bench.refused(&phone, wrong_proofs(&phone, "/poll", &phone.echo(0))), expected);
    let right = bench.work(&phone, phone.proven("/poll", &phone.echo(0)), "200");
    assert!(right.reads > 1 && right.verifications == 1, "{right:?}");
}

#[test]
fn an_answer_of_an_unknown_device_costs_what_a_wrong_one_costs() {
    let bench = Bench::start();
    let (alice, bob) = (bench.stage.person("alice"), bench.stage.person("bob"));
    let phone = bench.stage.active_phone(&alice, "work");
    let other = bench.stage.active_phone(&bob, "other");
    let _asked = bench.stage.begin(&alice);
    let held = phone.challenges().pop().expect("a challenge");
    let good = || phone.answer_claims(&held, "deny");
    let from = |iss: &str| {
        let mut claims = good();
        claims["iss"] = iss.into();
        sign("cs-answer+jwt", &claims, &phone.pk)
    };
    let mut foreign = good();
    foreign["aud"] = "https://gate.example.com/push/v1".into();
    let all = [
        ("a device that nobody knows", from(&id(9))),
        ("another device", from(&other.did.borrow())),
        ("a key of the other class", sign("cs-answer+jwt", &good(), &phone.ak)),
        ("a key that nobody knows", sign("cs-answer+jwt", &good(), &Key::named("evil"))),
        ("a signature by another key", kid_lies("cs-answer+jwt", &good(), &phone.pk)),
        ("another gateway", sign("cs-answer+jwt", &foreign, &phone.pk)),
    ];
    let all = all.map(|(name, jws)| (name, RawRequest::post("/answer", json!({"answer": jws}).to_string())));
    equal(&bench.refused(&phone, all.into()), Work { reads: 1, openings: 0, verifications: 1 });
}

#[test]
fn a_request_by_an_unknown_key_costs_what_a_wrong_one_costs() {
    let bench = Bench::start();
    let alice = bench.stage.person("alice");
    let (phone, other) = (bench.stage.active_phone(&alice, "work"), bench.stage.active_phone(&alice, "other"));
    assert_eq!(phone.poll(&phone.echo(0)).status, 200);
    let good = || phone.invite_claims(false);
    let changed = |name: &str, value: &str| {
        let mut claims = good();
        claims[name] = value.into();
        sign("cs-invite+jwt", &claims, &phone.ak)
    };
    let all = [
        ("another device", changed("iss", &other.did.borrow())),
        ("another gateway", changed("aud", "https://gate.example.com/push/v1")),
        ("a key of the other class", sign("cs-invite+jwt", &good(), &phone.pk)),
        ("a key that nobody knows", sign("cs-invite+jwt", &good(), &Key::named("evil"))),
        ("a signature by another key", kid_lies("cs-invite+jwt", &good(), &phone.ak)),
    ];
    let all = all.map(|(name, jws)| (name, phone.proven("/invite", &json!({"invite": jws}))));
    let found = bench.refused(&phone, all.into());
    equal(&found, found[0].1);
    assert_eq!((found[0].1.verifications, found[0].1.openings), (2, 0), "the proof's and its own");
}
