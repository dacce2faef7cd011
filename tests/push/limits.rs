//! `limits::*`: the bodies of device calls, at their limits and one byte beyond; how many calls a network may make, and how
//! many one phone.

use countersign_gateway::limits::CONNECTION_RATE;
use countersign_gateway::person::Person;
use countersign_gateway::push::rate;
use countersign_protocol::jose::H32;
use countersign_protocol::limits::{BODY, BODY_ENROL, CHALLENGE_GRACE};
use countersign_tests::raw_phone::{Key, RawPhone, RawReply, RawRequest, any_certificate, sign};
use countersign_tests::stage::Stage;
use serde_json::json;

use super::sender::{Kind, Sender};

/// What the good body of that kind is answered with when blanks make it this long.
fn padded(kind: Kind, bytes: usize) -> String {
    let sender = Sender::new(kind);
    let (path, body) = sender.good_body();
    let mut body = body.to_string().into_bytes();
    assert!(body.len() < bytes, "there is room for blanks");
    body.resize(bytes, b' ');
    sender.send_body(path, &body)
}

#[test]
fn bodies() {
    assert_eq!((BODY_ENROL, BODY), (48 * 1024, 16 * 1024), "as push-v1 section 4 has them");
    let limits = [
        (Kind::Enrol, BODY_ENROL),
        (Kind::Proof, BODY),
        (Kind::Answer, BODY),
        (Kind::Keys, BODY_ENROL),
        (Kind::Invite, BODY),
        (Kind::Confirm, BODY),
    ];
    for (kind, limit) in limits {
        for (bytes, expected) in [(limit - 1, kind.taken()), (limit, kind.taken()), (limit + 1, "413 large")] {
            assert_eq!((kind, bytes, padded(kind, bytes).as_str()), (kind, bytes, expected));
        }
    }
}

/// Makes so many calls in a row, on as few connections as may carry them; what the last one came to.
fn calls(stage: &Stage, count: u32, mut next: impl FnMut() -> RawRequest) -> RawReply {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut last = None;
    for at in 0..count {
        if at.is_multiple_of(CONNECTION_RATE) {
            let client = reqwest::Client::builder().tls_backend_preconfigured(any_certificate()).no_proxy();
            last = Some((client.resolve("localhost", stage.address()).build().expect("a client"), None));
        }
        let (client, reply) = last.as_mut().expect("a client");
        let request = next();
        let method = request.method.parse().expect("a method");
        let mut call = client.request(method, format!("{}{}", stage.u(), request.path));
        for (name, value) in &request.headers {
            call = call.header(name, value);
        }
        let got = runtime.block_on(RawReply::of(call.body(request.body.unwrap_or_default())));
        assert!(at + 1 == count || got.status != 429, "{}: after {at} of {count}", request.path);
        *reply = Some(got);
    }
    last.and_then(|(_, reply)| reply).expect("a call")
}

/// A refusal that says so and so many seconds: what section 4 names, and nothing more. It gives a nonce like every answer.
fn is_slow(reply: &RawReply, seconds: &str) {
    assert_eq!((reply.status, reply.json()), (429, json!({"error": "slow"})));
    assert_eq!(reply.header("retry-after"), Some(seconds));
    assert!(reply.header("countersign-nonce").is_some());
}

/// Section 4: what is open to all is limited per network, before anything of it is read.
#[test]
fn calls_of_a_network() {
    let stage = Stage::start();
    let phone = stage.active_phone(&stage.person("alice"), "phone");
    let poll = phone.proven("/poll", &phone.echo(0));
    // Whatever the phone did is forgotten by then.
    stage.clock.advance(60);
    for (request, rate, status) in [
        (RawRequest::get("/metadata"), rate::OPEN, 200),
        (RawRequest::post("/enrol", "{}"), rate::ENROL, 400),
        (RawRequest::post("/answer", "{}"), rate::OPEN, 400),
    ] {
        let last = |count| calls(&stage, count, || request.clone());
        assert_eq!(last(rate.burst).status, status, "{}", request.path);
        is_slow(&last(1), "1");
        stage.clock.advance(1);
        assert_eq!(last(1).status, status, "{}: a second later", request.path);
    }
    assert_eq!(phone.wire.send(poll).status, 200, "who proves it is not held up by that");
}

/// Two phones of alice and one of bob, on whom nothing is counted yet.
fn three_phones() -> (Stage, Person, [RawPhone; 3]) {
    let stage = Stage::with(|config| config.policy.moving = true);
    let (alice, bob) = (stage.person("alice"), stage.person("bob"));
    let phones = [(&alice, "one"), (&alice, "two"), (&bob, "bob's")];
    let phones = phones.map(|(person, label)| stage.active_phone(person, label));
    stage.clock.advance(60);
    phones.iter().for_each(|phone| assert_eq!(phone.poll(&phone.echo(0)).status, 200));
    (stage, alice, phones)
}

/// Answers of one phone, its repeats too. Another phone of the person and another person go on.
#[test]
fn answers_of_a_phone() {
    let (stage, alice, [one, two, bobs]) = three_phones();
    let _asked = stage.begin(&alice);
    let held = one.challenges().remove(0);
    let (of_one, of_two) = (one.refusal(&held, "deny"), two.refusal(&two.challenges()[0], "deny"));
    let answer = |jws: &str| RawRequest::post("/answer", json!({"answer": jws}).to_string());
    let most = rate::PHONE_ANSWER.burst;
    assert_eq!(calls(&stage, most - 1, || answer(&of_one)).status, 200, "at the limit but one");
    assert_eq!(one.answer(&of_one).status, 200, "at the limit");
    is_slow(&one.answer(&of_one), "1");
    assert_eq!(bobs.answer(&of_one).status, 429, "whoever carries it");
    assert_eq!(two.decide(&of_two), "closed", "the person's other phone");
    let of_bob = bobs.refusal(&held, "deny");
    assert_eq!(bobs.decide(&of_bob), "unknown", "another person's");
    assert_eq!(one.poll(&one.echo(0)).status, 200, "and it may read");
    stage.clock.advance(1);
    assert_eq!(one.decide(&of_one), "denied", "a second later it is told what it was told");
}

/// Changes of one phone: where its bell hangs, its keys, its invitations. Whoever leaves needs no room.
#[test]
fn changes_of_a_phone() {
    let (stage, _alice, [mut one, two, bobs]) = three_phones();
    let bell = json!({"endpoint": "https://push.example.com/up"});
    let put = |phone: &RawPhone| phone.wire.send(phone.proven_put("/push", &bell));
    let rate = rate::PHONE_CHANGE;
    for _ in 0..rate.burst - 1 {
        assert_eq!(put(&one).status, 204);
    }
    let new = Key::named("limits new");
    let keys = one.keys_body(&one.keys_claims("ak", &new), &one.ak, &new);
    assert_eq!(one.call("/keys", &keys).status, 200, "at the limit");
    one.ak = new;
    let (third, every) = (Key::named("limits third"), rate.every.as_secs());
    is_slow(&put(&one), &every.to_string());
    is_slow(&one.call("/keys", &one.keys_body(&one.keys_claims("pk", &third), &one.pk, &third)), &every.to_string());
    is_slow(&one.call("/keys", &keys), &every.to_string());
    let invite = json!({"invite": sign("cs-invite+jwt", &one.invite_claims(false), &one.ak)});
    is_slow(&one.call("/invite", &invite), &every.to_string());
    for phone in [&two, &bobs] {
        assert_eq!(put(phone).status, 204, "another phone, another person");
    }
    assert_eq!(one.wire.send(one.bare("DELETE", "/push")).status, 204, "a bell may always be taken down");
    assert_eq!(one.poll(&one.echo(0)).status, 200, "and it may read");
    stage.clock.advance(every - 1);
    assert_eq!(one.poll(&one.echo(0)).status, 200);
    is_slow(&put(&one), "1");
    stage.clock.advance(1);
    assert_eq!((put(&one).status, put(&one).status), (204, 429), "one more after its time");
    assert_eq!(one.wire.send(one.bare("DELETE", "/device")).status, 204, "whoever leaves needs no room");
}

/// What one phone reads, by polls, streams and icons together. It may still answer.
#[test]
fn readings_of_a_phone() {
    let (stage, alice, [one, two, bobs]) = three_phones();
    let asked = stage.begin(&alice);
    let held = one.challenges().remove(0);
    stage.clock.advance(60);
    assert_eq!(one.wire.send(RawRequest::get("/metadata")).status, 200);
    let poll = || one.proven("/poll", &one.echo(0));
    assert_eq!(calls(&stage, rate::PHONE_READ.burst - 1, poll).status, 200, "at the limit but one");
    assert_eq!(one.poll(&one.echo(0)).status, 200, "at the limit");
    is_slow(&one.poll(&one.echo(0)), "1");
    for path in ["/events".to_owned(), format!("/icon/{}", H32::from_bytes([1; 32]))] {
        is_slow(&one.wire.send(one.bare("GET", &path)), "1");
    }
    for phone in [&two, &bobs] {
        assert_eq!(phone.poll(&phone.echo(0)).status, 200, "another phone, another person");
    }
    assert_eq!(one.decide(&one.approval(&held, &asked.digits())), "approved");
    stage.clock.advance(1);
    assert_eq!(one.poll(&one.echo(0)).status, 200, "a second later");
}

/// Section 10: a decision on its way when its challenge ends is taken for a few seconds more.
#[test]
fn a_decision_after_the_end() {
    for (late, said) in [(CHALLENGE_GRACE, "approved"), (CHALLENGE_GRACE + 1, "expired")] {
        let (stage, alice, one, _) = super::two_phones();
        let asked = stage.begin(&alice);
        let held = one.challenges().pop().expect("a challenge");
        stage.clock.advance(stage.house().config.approval.life + late);
        assert_eq!(one.decide(&one.approval(&held, &asked.digits())), said, "{late} s after its end");
    }
}
