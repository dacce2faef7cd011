//! One 401 for all: whatever was wrong between key and audience, on whichever call, nothing of the answer tells which
//! (push-v1 section 4).

use countersign_tests::raw_phone::{Key, RawPhone, RawReply, RawRequest, id, sign, sign_raw};
use countersign_tests::stage::Stage;
use serde_json::{Value, json};

/// What a refusal says beside its status: the body, and the headers but for the nonce and the moment.
fn said(reply: &RawReply) -> (Vec<u8>, Vec<(String, String)>) {
    let own = ["countersign-nonce", "date", "countersign-transaction"];
    let mut headers: Vec<_> = reply.headers.iter().filter(|(name, _)| !own.contains(&name.as_str())).cloned().collect();
    headers.sort();
    (reply.body.clone(), headers)
}

/// A JWS that names a key and is signed by another.
fn forged(typ: &str, claims: &Value, named: &Key, by: &Key) -> String {
    let header = json!({"alg": "ES256", "kid": named.thumbprint(), "typ": typ}).to_string();
    sign_raw(&header, claims.to_string().as_bytes(), by)
}

/// A call with the proof that is made of these claims.
fn call(
    phone: &RawPhone,
    (method, path, body): (&'static str, &str, Option<&Value>),
    proof: impl FnOnce(Value) -> String,
) -> RawReply {
    let body = body.map(|body| body.to_string().into_bytes());
    let proof = proof(phone.proof_claims(method, path, body.as_deref().unwrap_or_default()));
    let request = match body {
        Some(body) => RawRequest { method, ..RawRequest::post(path, body) },
        None => RawRequest { method, ..RawRequest::get(path) },
    };
    phone.wire.send(request.header("countersign-proof", &proof))
}

/// A claim of the proof as it should not be.
fn with(mut claims: Value, name: &str, value: &str) -> Value {
    claims[name] = value.into();
    claims
}

/// Each call that a proof goes with, and all that can be wrong with the proof.
fn of_proofs(phone: &RawPhone, told: &mut Vec<(String, RawReply)>) {
    let (stranger, new) = (Key::named("stranger"), Key::named("new"));
    let keys = phone.keys_body(&phone.keys_claims("ak", &new), &phone.ak, &new);
    let invite = json!({"invite": sign("cs-invite+jwt", &phone.invite_claims(false), &phone.ak)});
    let confirm = json!({"confirm": sign("cs-confirm+jwt", &phone.confirm_claims(&id(9), "000000"), &phone.ak)});
    let (echo, push) = (phone.echo(0), json!({"endpoint": "https://push.example.com/up"}));
    let icon = format!("/icon/{}", "A".repeat(43));
    let calls: [(&str, &str, Option<&Value>); 9] = [
        ("POST", "/poll", Some(&echo)),
        ("GET", "/events", None),
        ("GET", &icon, None),
        ("PUT", "/push", Some(&push)),
        ("DELETE", "/push", None),
        ("DELETE", "/device", None),
        ("POST", "/keys", Some(&keys)),
        ("POST", "/invite", Some(&invite)),
        ("POST", "/confirm", Some(&confirm)),
    ];
    for it @ (method, path, _) in calls {
        let typ = "cs-proof+jwt";
        let other = if method == "POST" { "PUT" } else { "POST" };
        let mut note = |what: &str, reply| told.push((format!("{method} {path}: {what}"), reply));
        note("an unknown key", call(phone, it, |claims| sign(typ, &claims, &stranger)));
        note("ak", call(phone, it, |claims| sign(typ, &claims, &phone.ak)));
        note("a signature of nobody", call(phone, it, |claims| forged(typ, &claims, &phone.pk, &stranger)));
        note("another method", call(phone, it, |claims| sign(typ, &with(claims, "htm", other), &phone.pk)));
        let elsewhere = "https://gate.example.com/push/v1/poll";
        note("elsewhere", call(phone, it, |claims| sign(typ, &with(claims, "htu", elsewhere), &phone.pk)));
        let zeros = "A".repeat(43);
        note("another body", call(phone, it, |claims| sign(typ, &with(claims, "bh", &zeros), &phone.pk)));
    }
}

/// What is signed inside a call that is proven.
fn of_messages(phone: &RawPhone, other: &RawPhone, told: &mut Vec<(String, RawReply)>) {
    let (stranger, new) = (Key::named("stranger"), Key::named("newer"));
    let u = "https://gate.example.com/push/v1";
    let mut keys = |what: &str, change: &dyn Fn(Value) -> Value, by: &Key, to: &Key| {
        let body = phone.keys_body(&change(phone.keys_claims("ak", to)), by, to);
        told.push((format!("keys: {what}"), phone.call("/keys", &body)));
    };
    keys("an unknown key", &|claims| claims, &stranger, &new);
    keys("the other class", &|claims| claims, &phone.pk, &new);
    keys("another device", &|claims| with(claims, "iss", &other.did.borrow()), &phone.ak, &new);
    keys("another gateway", &|claims| with(claims, "aud", u), &phone.ak, &new);
    keys("a registered key", &|claims| claims, &phone.ak, &other.ak);
    for (path, typ, claims) in [
        ("invite", "cs-invite+jwt", phone.invite_claims(false)),
        ("confirm", "cs-confirm+jwt", phone.confirm_claims(&id(9), "000000")),
    ] {
        let mut send = |what: &str, jws: String| {
            told.push((format!("{path}: {what}"), phone.call(&format!("/{path}"), &json!({path: jws}))));
        };
        send("an unknown key", sign(typ, &claims, &stranger));
        send("pk", sign(typ, &claims, &phone.pk));
        send("a signature of nobody", forged(typ, &claims, &phone.ak, &stranger));
        send("another device", sign(typ, &with(claims.clone(), "iss", &other.did.borrow()), &phone.ak));
        send("another gateway", sign(typ, &with(claims.clone(), "aud", u), &phone.ak));
    }
    let nobodys = sign("cs-confirm+jwt", &phone.confirm_claims(&id(9), "000000"), &phone.ak);
    told.push(("confirm: no such invitation".into(), phone.call("/confirm", &json!({"confirm": nobodys}))));
}

fn of_answers(stage: &Stage, phone: &RawPhone, held: &str, told: &mut Vec<(String, RawReply)>) {
    let (stranger, typ) = (Key::named("stranger"), "cs-answer+jwt");
    let deny = phone.answer_claims(held, "deny");
    let mut send = |what: &str, jws: String| told.push((format!("answer: {what}"), phone.answer(&jws)));
    send("an unknown key", sign(typ, &deny, &stranger));
    send("the other class", sign(typ, &deny, &phone.ak));
    send("a signature of nobody", forged(typ, &deny, &phone.pk, &stranger));
    send("nobody", sign(typ, &with(deny.clone(), "iss", &id(9)), &phone.pk));
    send("another gateway", sign(typ, &with(deny, "aud", &format!("{}/x", stage.u())), &phone.pk));
}

fn of_enrolments(stage: &Stage, told: &mut Vec<(String, RawReply)>) {
    let alice = stage.person("bob");
    let (link, phone) = (stage.link(&alice, "browser"), stage.raw_phone("enrols"));
    let good = phone.enrol_claims(&link);
    let mut send = |what: &str, body: Value| told.push((format!("enrol: {what}"), phone.call("/enrol", &body)));
    send("an unknown code", phone.enrol_body(&link.c, &with(good.clone(), "e", &id(9))));
    let mut wrong = phone.enrol_body(&link.c, &good);
    wrong["cm"] = "A".repeat(43).into();
    send("another code", wrong);
    send("another gateway", phone.enrol_body(&link.c, &with(good.clone(), "aud", "https://gate.example.com/push/v1")));
    send("another key of the gateway", phone.enrol_body(&link.c, &with(good.clone(), "gk", &"A".repeat(43))));
    let mut twice = good.clone();
    twice["keys"]["ak"] = twice["keys"]["pk"].clone();
    send("one key twice", phone.enrol_body(&link.c, &twice));
    let body = phone.enrol_body(&link.c, &good);
    let stranger = Key::named("stranger");
    let reply = call(&phone, ("POST", "/enrol", Some(&body)), |claims| sign("cs-proof+jwt", &claims, &stranger));
    told.push(("enrol: a stranger's proof".into(), reply));
    // The control: nothing of that used the code up.
    assert_eq!(phone.call("/enrol", &body).status, 201);
}

#[test]
fn one_answer_for_all() {
    let stage = Stage::with(|config| config.policy.moving = true);
    let alice = stage.person("alice");
    let (phone, other) = (stage.active_phone(&alice, "phone"), stage.active_phone(&alice, "other"));
    let _asked = stage.begin(&alice);
    let held = phone.challenges().pop().expect("a challenge");
    let mut told = Vec::new();
    of_proofs(&phone, &mut told);
    of_messages(&phone, &other, &mut told);
    of_answers(&stage, &phone, &held, &mut told);
    of_enrolments(&stage, &mut told);
    assert!(told.len() > 75, "{}", told.len());
    let first = said(&told[0].1);
    assert_eq!(first.0, br#"{"error":"refused"}"#);
    for (what, reply) in &told {
        assert_eq!((reply.status, said(reply)), (401, first.clone()), "{what}");
    }
    // The controls: the phone does what it may all the same.
    assert_eq!(phone.call("/poll", &phone.echo(0)).status, 200);
    assert_eq!(phone.decide(&phone.refusal(&held, "deny")), "denied");
}
