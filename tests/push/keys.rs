//! `keys::*`: changes of device keys and the move to a new phone, and what the gateway refuses of them (push-v1 section 11).

mod moving;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_gateway::enrol::changes::SuspendedWhy;
use countersign_gateway::enrol::record::Confirmed;
use countersign_gateway::person::Person;
use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::{Attest, GoneWhy, Nonce, keys_attestation_challenge};
use countersign_tests::attested::{Maker, Says};
use countersign_tests::raw_phone::{Key, RawPhone, RawReply, RawRequest, h, id, payload, sign, twin};
use countersign_tests::stage::{Stage, caller, owner};
use serde_json::{Value, json};

use moving::invitation;

/// A gateway that offers moves, and a person with one active phone.
fn stage() -> (Stage, Person, RawPhone) {
    let stage = Stage::with(|config| config.policy.moving = true);
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "keys");
    (stage, alice, phone)
}

fn new() -> Key {
    Key::named("keys new")
}

/// Changes `ak` and then, for a control, leaves the old one: the phone of a test signs with the new one afterwards.
fn change(phone: &RawPhone, class: &str, old: &Key, new: &Key) -> RawReply {
    phone.call("/keys", &phone.keys_body(&phone.keys_claims(class, new), old, new))
}

/// Sends a change that is refused and then, for a control, one that is not.
fn refused(verdict: &str, body: impl FnOnce(&RawPhone) -> Value) {
    let (_stage, _alice, phone) = stage();
    assert_eq!(phone.call("/keys", &body(&phone)).verdict(), verdict);
    assert_eq!(change(&phone, "ak", &phone.ak, &Key::named("control")).status, 200, "the control passes");
}

#[test]
fn a_change_is_received_and_the_new_key_approves() {
    let (stage, alice, mut phone) = stage();
    let body = phone.keys_body(&phone.keys_claims("ak", &new()), &phone.ak, &new());
    let reply = phone.call("/keys", &body);
    assert_eq!(reply.status, 200, "{}", reply.verdict());
    let receipt = payload(reply.json()["receipt"].as_str().unwrap());
    assert_eq!(receipt["eh"], h(body["keys"].as_str().unwrap()).to_string());
    assert_eq!(receipt["aud"].as_str(), Some(phone.did.borrow().as_str()));
    assert_eq!(receipt.as_object().unwrap().len(), 4, "nothing more");
    let asked = stage.begin(&alice);
    let held = phone.challenges().pop().unwrap();
    phone.ak = new();
    assert_eq!(phone.decide(&phone.approval(&held, &asked.digits())), "approved");
}

#[test]
fn ak_by_pk() {
    refused("401 refused", |phone| phone.keys_body(&phone.keys_claims("ak", &new()), &phone.pk, &new()));
}

#[test]
fn pk_by_ak() {
    refused("401 refused", |phone| phone.keys_body(&phone.keys_claims("pk", &new()), &phone.ak, &new()));
}

#[test]
fn pop_by_old() {
    refused("401 refused", |phone| phone.keys_body(&phone.keys_claims("ak", &new()), &phone.ak, &phone.ak));
}

#[test]
fn pop_of_other() {
    refused("401 refused", |phone| {
        let mut one = phone.keys_body(&phone.keys_claims("ak", &new()), &phone.ak, &new());
        let two = phone.keys_body(&phone.keys_claims("ak", &new()), &phone.ak, &new());
        one["pop"] = two["pop"].clone();
        one
    });
}

#[test]
fn pop_for_another_gateway() {
    refused("401 refused", |phone| {
        let mut body = phone.keys_body(&phone.keys_claims("ak", &new()), &phone.ak, &new());
        let mut pop = payload(body["pop"].as_str().unwrap());
        pop["aud"] = "https://gate.example.com/push/v1".into();
        body["pop"] = sign("cs-pop+jwt", &pop, &new()).into();
        body
    });
}

#[test]
fn new_key_registered() {
    refused("401 refused", |phone| phone.keys_body(&phone.keys_claims("ak", &phone.pk), &phone.ak, &phone.pk));
    refused("401 refused", |phone| phone.keys_body(&phone.keys_claims("ak", &phone.seal), &phone.ak, &phone.seal));
    refused("401 refused", |phone| phone.keys_body(&phone.keys_claims("ak", &phone.ak), &phone.ak, &phone.ak));
}

#[test]
fn new_key_of_a_removed_phone() {
    let (stage, alice, phone) = stage();
    let other = stage.active_phone(&alice, "other");
    stage.house().devices.remove(owner(&alice), did(&other), GoneWhy::Person, &caller()).unwrap();
    assert_eq!(change(&phone, "ak", &phone.ak, &other.ak).verdict(), "401 refused");
}

fn did(phone: &RawPhone) -> Id {
    phone.did.borrow().parse().unwrap()
}

#[test]
fn keys_iss_other() {
    let (stage, alice, phone) = stage();
    let other = stage.active_phone(&alice, "other");
    let mut claims = phone.keys_claims("ak", &new());
    claims["iss"] = other.did.borrow().as_str().into();
    assert_eq!(phone.call("/keys", &phone.keys_body(&claims, &phone.ak, &new())).verdict(), "401 refused");
    assert_eq!(phone.call("/keys", &phone.keys_body(&claims, &other.ak, &new())).verdict(), "401 refused");
    assert_eq!(change(&phone, "ak", &phone.ak, &new()).status, 200);
}

#[test]
fn keys_second() {
    let (_stage, _alice, mut phone) = stage();
    let old = phone.ak.clone();
    assert_eq!(change(&phone, "ak", &old, &new()).status, 200);
    assert_eq!(change(&phone, "ak", &old, &Key::named("third")).verdict(), "403 policy:state", "the old one counts");
    let old_pk = phone.pk.clone();
    assert_eq!(change(&phone, "pk", &old_pk, &Key::named("new pk")).status, 200, "another class");
    phone.pk = Key::named("new pk");
    // Signed by the new key it is a call with it, and the old one ends.
    assert_eq!(change(&phone, "ak", &new(), &Key::named("third")).status, 200);
    assert_eq!(change(&phone, "ak", &old, &Key::named("fourth")).verdict(), "401 refused");
}

#[test]
fn keys_class_seal() {
    refused("400 malformed", |phone| phone.keys_body(&phone.keys_claims("seal", &new()), &phone.ak, &new()));
}

#[test]
fn proof_by_new_first() {
    let (_stage, _alice, mut phone) = stage();
    let old = phone.pk.clone();
    let body = phone.keys_body(&phone.keys_claims("pk", &new()), &old, &new());
    phone.pk = new();
    assert_eq!(phone.call("/keys", &body).verdict(), "401 refused", "nobody knows the new key yet");
    phone.pk = old;
    assert_eq!(phone.call("/keys", &body).status, 200);
}

#[test]
fn old_key_after_new() {
    let (_stage, _alice, mut phone) = stage();
    let old = phone.pk.clone();
    assert_eq!(change(&phone, "pk", &old, &new()).status, 200);
    assert_eq!(phone.poll(&phone.echo(0)).status, 200, "the old one counts until the new one is used");
    phone.pk = new();
    assert_eq!(phone.poll(&phone.echo(0)).status, 200);
    phone.pk = old;
    assert_eq!(phone.poll(&phone.echo(0)).verdict(), "401 refused");
}

#[test]
fn old_ak_after_new() {
    let (stage, alice, mut phone) = stage();
    let old = phone.ak.clone();
    assert_eq!(change(&phone, "ak", &old, &new()).status, 200);
    let asked = stage.begin(&alice);
    let held = phone.challenges().pop().unwrap();
    assert_eq!(phone.decide(&phone.approval(&held, &asked.wrong_digits())), "wrong", "the old one counts");
    phone.ak = new();
    assert_eq!(phone.decide(&phone.approval(&held, &asked.wrong_digits())), "wrong");
    phone.ak = old;
    assert_eq!(phone.answer(&phone.approval(&held, &asked.digits())).verdict(), "401 refused");
}

#[test]
fn old_key_after_day() {
    let (stage, _alice, phone) = stage();
    assert_eq!(change(&phone, "pk", &phone.pk, &new()).status, 200);
    stage.clock.advance(86_400);
    assert_eq!(phone.poll(&phone.echo(0)).status, 200);
    stage.clock.advance(1);
    assert_eq!(phone.poll(&phone.echo(0)).verdict(), "401 refused");
}

/// A control: the same request again, by each key that may prove it, gets the same bytes and does nothing.
#[test]
fn same_h_same_receipt_of_keys() {
    let (stage, _alice, mut phone) = stage();
    let old = phone.pk.clone();
    let mut body = phone.keys_body(&phone.keys_claims("pk", &new()), &old, &new());
    let receipt = phone.call("/keys", &body).json()["receipt"].clone();
    assert!(receipt.is_string());
    assert_eq!(phone.call("/keys", &body).json()["receipt"], receipt, "by the old one, which still counts");
    phone.pk = new();
    body["keys"] = twin(body["keys"].as_str().unwrap()).into();
    assert_eq!(phone.call("/keys", &body).json()["receipt"], receipt, "by the new one, which ends the old one");
    phone.pk = old;
    assert_eq!(phone.call("/keys", &body).json()["receipt"], receipt, "by the old one, for this alone");
    assert_eq!(phone.poll(&phone.echo(0)).verdict(), "401 refused");
    let audit = stage.house().audit.latest(None, 100).unwrap();
    assert_eq!(audit.iter().filter(|entry| entry.what == "device.keys").count(), 1, "once");
}

#[test]
fn the_repeat_of_an_ak_after_both_changed() {
    let (_stage, _alice, mut phone) = stage();
    let (old_ak, old_pk) = (phone.ak.clone(), phone.pk.clone());
    let body = phone.keys_body(&phone.keys_claims("ak", &new()), &old_ak, &new());
    let receipt = phone.call("/keys", &body).json()["receipt"].clone();
    assert_eq!(change(&phone, "pk", &old_pk, &Key::named("new pk")).status, 200);
    phone.pk = Key::named("new pk");
    assert_eq!(phone.poll(&phone.echo(0)).status, 200, "the old pk ends");
    assert_eq!(phone.call("/keys", &body).json()["receipt"], receipt);
    phone.pk = old_pk;
    assert_eq!(phone.call("/keys", &body).json()["receipt"], receipt, "by either pk");
    phone.pk = Key::named("new pk");
    assert_eq!(change(&phone, "ak", &new(), &Key::named("third")).status, 200);
    assert_eq!(phone.call("/keys", &body).verdict(), "401 refused", "until the next change");
}

#[test]
fn another_change_under_a_used_jti() {
    let (_stage, _alice, phone) = stage();
    let claims = phone.keys_claims("ak", &new());
    assert_eq!(phone.call("/keys", &phone.keys_body(&claims, &phone.ak, &new())).status, 200);
    let mut other = phone.keys_claims("pk", &Key::named("new pk"));
    other["jti"] = claims["jti"].clone();
    let body = phone.keys_body(&other, &phone.pk, &Key::named("new pk"));
    assert_eq!(phone.call("/keys", &body).verdict(), "401 refused");
}

/// Every call that a proof opens, right in form, and what a device of this state is told.
fn calls(phone: &RawPhone, told: &str) {
    let keys = phone.keys_body(&phone.keys_claims("ak", &new()), &phone.ak, &new());
    let confirm = json!({"confirm": sign("cs-confirm+jwt", &phone.confirm_claims(&id(9), "000000"), &phone.ak)});
    let all = [
        ("keys", phone.proven("/keys", &keys)),
        ("invite", phone.proven("/invite", &invitation(&phone.invite_claims(false), &phone.ak))),
        ("confirm", phone.proven("/confirm", &confirm)),
        ("put push", phone.proven_put("/push", &json!({"endpoint": "https://push.example.com/up"}))),
        ("delete push", phone.bare("DELETE", "/push")),
        ("icon", phone.bare("GET", &format!("/icon/{}", H32::from_bytes([1; 32])))),
    ];
    for (name, request) in all {
        assert_eq!((name, phone.wire.send(request).verdict().as_str()), (name, told));
    }
}

#[test]
fn suspended_calls() {
    let (stage, alice, phone) = stage();
    let asked = stage.begin(&alice);
    let held = phone.challenges().pop().unwrap();
    let other = stage.active_phone(&alice, "other");
    stage.house().devices.suspend(owner(&alice), did(&phone), SuspendedWhy::Lost, &caller()).unwrap();
    calls(&phone, "403 policy:state");
    let state = phone.poll(&phone.echo(0)).json();
    assert_eq!((&state["device"], &state["challenges"]), (&json!("suspended"), &json!([])));
    assert_eq!(phone.decide(&phone.approval(&held, &asked.digits())), "unknown");
    assert_eq!(phone.decide(&phone.refusal(&held, "deny")), "denied");
    assert_eq!(phone.wire.send(phone.bare("DELETE", "/device")).status, 204, "it may leave");
    assert_eq!(other.poll(&other.echo(0)).status, 200);
}

#[test]
fn pending_calls() {
    let (stage, alice, _) = stage();
    let phone = stage.raw_phone("pending");
    phone.enrol(&stage.link(&alice, "browser"));
    calls(&phone, "403 policy:state");
    assert_eq!(phone.wire.send(phone.bare("DELETE", "/device")).status, 204, "it may leave");
    assert_eq!(phone.poll(&phone.echo(0)).verdict(), "410 gone");
}

#[test]
fn removed_calls() {
    let (stage, alice, phone) = stage();
    stage.house().devices.remove(owner(&alice), did(&phone), GoneWhy::Admin, &caller()).unwrap();
    calls(&phone, "410 gone");
    for request in [phone.bare("DELETE", "/device"), phone.bare("GET", "/events")] {
        let reply = phone.wire.send(request);
        assert_eq!(reply.verdict(), "410 gone");
        assert_eq!(payload(reply.json()["gone"].as_str().unwrap())["why"], "admin");
    }
    let claims = json!({"iss": *phone.did.borrow(), "aud": phone.wire.u(), "jti": id(1), "iat": 1, "cj": id(2),
                        "ch": h("a.b.c").to_string(), "res": "deny", "via": "poll"});
    assert_eq!(phone.answer(&sign("cs-answer+jwt", &claims, &phone.pk)).verdict(), "410 gone");
    stage.clock.advance(400 * 86_400 + 1);
    stage.house().devices.store().sweep(stage.house().devices.moment()).unwrap();
    assert_eq!(phone.poll(&phone.echo(0)).verdict(), "401 refused", "after 400 days nobody knows it");
}

/// What a phone of this maker brings for one new key: its approval key asks for the person.
fn attestation(maker: &Maker, key: &Key, ac: &H32) -> Value {
    let chain = maker.chain(&key.jwk(), &Says::key(1, ac.as_bytes(), Some(3)));
    json!({"fmt": "android-key", "chain": chain.iter().map(|der| STANDARD.encode(der)).collect::<Vec<_>>()})
}

#[test]
fn attested_by_hardware() {
    let maker = Maker::default();
    let stage = Stage::with(|config| {
        config.attest.android_roots = Some(maker.roots());
        config.policy.attest = Attest::Need;
    });
    let alice = stage.person("alice");
    let (link, mut phone) = (stage.link(&alice, "browser"), stage.raw_phone("keys"));
    let mut claims = phone.enrol_claims(&link);
    let ac = link.c.attestation_challenge();
    let chain = |key: &Key, user| {
        let chain = maker.chain(&key.jwk(), &Says::key(1, ac.as_bytes(), user));
        json!(chain.iter().map(|der| STANDARD.encode(der)).collect::<Vec<_>>())
    };
    claims["att"] = json!({"fmt": "android-key", "ak": chain(&phone.ak, Some(3)), "pk": chain(&phone.pk, None)});
    let shown = phone.enrol_with(&link, &claims);
    assert_eq!(stage.confirm(&alice, &phone, &shown), Confirmed::Active);

    // With an attestation of another key, for another nonce, of another maker, or with none at all: not.
    let ask = |change: &dyn Fn(&mut Value, &H32)| {
        let mut claims = phone.keys_claims("ak", &new());
        let nonce = phone.wire.nonce();
        claims["nonce"] = nonce.as_str().into();
        let ac = keys_attestation_challenge(&did(&phone), &Nonce::try_from(nonce.as_str()).unwrap());
        change(&mut claims, &ac);
        phone.call("/keys", &phone.keys_body(&claims, &phone.ak, &new()))
    };
    type Wrong<'a> = dyn Fn(&mut Value, &H32) + 'a;
    let wrong: [&Wrong<'_>; 4] = [
        &|claims, ac| claims["att"] = attestation(&maker, &Key::named("another"), ac),
        &|claims, _| claims["att"] = attestation(&maker, &new(), &H32::from_bytes([7; 32])),
        &|claims, ac| claims["att"] = attestation(&Maker::default(), &new(), ac),
        &|claims, _| drop(claims.as_object_mut().unwrap().remove("nonce")),
    ];
    for (n, change) in wrong.into_iter().enumerate() {
        assert_eq!(ask(change).verdict(), "403 policy:attest", "{n}");
    }
    let reply = ask(&|claims, ac| claims["att"] = attestation(&maker, &new(), ac));
    assert_eq!(reply.status, 200, "{}", reply.verdict());
    let device = stage.house().devices.store().device(did(&phone)).unwrap().unwrap();
    assert!(device.phone.unwrap().attested, "still, by its new key");
    let asked = stage.begin(&alice);
    let held = phone.challenges().pop().unwrap();
    phone.ak = new();
    assert_eq!(phone.decide(&phone.approval(&held, &asked.digits())), "approved");
}

#[test]
fn attested_without_a_root() {
    let (_stage, _alice, phone) = stage();
    let mut claims = phone.keys_claims("ak", &new());
    claims["nonce"] = phone.wire.nonce().into();
    let body = phone.keys_body(&claims, &phone.ak, &new());
    assert_eq!(phone.call("/keys", &body).verdict(), "400 malformed", "nonce and att stand together");
    claims["att"] = json!({"fmt": "android-key", "chain": ["AAAA"]});
    let body = phone.keys_body(&claims, &phone.ak, &new());
    assert_eq!(phone.call("/keys", &body).verdict(), "403 policy:attest");
}

#[test]
fn a_recorded_change_counts_for_nothing_with_a_new_proof() {
    let (_stage, _alice, mut phone) = stage();
    let old = phone.ak.clone();
    let body = phone.keys_body(&phone.keys_claims("ak", &new()), &old, &new());
    assert_eq!(phone.call("/keys", &body).status, 200);
    phone.ak = new();
    assert_eq!(change(&phone, "ak", &new(), &Key::named("third")).status, 200);
    let again = RawRequest::post("/keys", body.to_string());
    let proof = phone.proof("POST", "/keys", body.to_string().as_bytes());
    assert_eq!(phone.wire.send(again.header("countersign-proof", &proof)).verdict(), "401 refused");
}
