//! What a phone takes: whatever a gateway signs, and whatever it seals.

use countersign_gateway::approval::offline::Offered;
use countersign_gateway::port::machine;
use countersign_gateway::webpush::body::body;
use countersign_protocol::Secret;
use countersign_protocol::jose::{Claims, Id, Jwk};
use countersign_protocol::push::{
    Challenge, Gone, InviteReceipt, KeysReceipt, Link, Message, Metadata, Outcome, PushMode, Receipt,
};
use countersign_protocol::seal::{self, Receiver};
use countersign_tests::raw_phone::{Key, RawPhone, RawRequest, h, payload, sign};
use countersign_tests::stage::{Stage, caller};
use serde_json::json;

use super::taken;

/// How a phone decides whether it takes a message of the gateway.
type Verifier = fn(&str, &Jwk) -> bool;

fn verifies<T: Claims + Clone>(text: &str, key: &Jwk) -> bool {
    Message::<T>::parse(text).is_ok_and(|message| message.verify(key).is_ok())
}

/// The broken variant: form alone.
fn is_well_formed<T: Claims + Clone>(text: &str, _: &Jwk) -> bool {
    Message::<T>::parse(text).is_ok()
}

fn taken_by(accepts: Verifier, jws: &str, key: &Jwk) -> usize {
    let (taken, _) = taken(jws.as_bytes(), |text| std::str::from_utf8(text).is_ok_and(|text| accepts(text, key)));
    taken
}

/// No change of a message of this type is taken, and a phone that reads form alone is caught.
fn none_is_taken<T: Claims + Clone>(name: &str, jws: &str, key: &Key) {
    assert_eq!((name, taken_by(verifies::<T>, jws, &key.jwk())), (name, 0));
    assert!(taken_by(is_well_formed::<T>, jws, &key.jwk()) > 0, "{name}: a phone that reads form alone is caught");
}

/// A gateway that offers all there is, and an active phone.
fn stage() -> (Stage, countersign_gateway::person::Person, RawPhone) {
    let stage = Stage::with(|config| (config.policy.moving, config.policy.offline) = (true, true));
    stage.name_recovery("gr").expect("no phone is enrolled yet");
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "mutate");
    (stage, alice, phone)
}

fn text(reply: &serde_json::Value, name: &str) -> String {
    reply[name].as_str().unwrap_or_else(|| panic!("{name} in {reply}")).to_owned()
}

#[test]
fn what_asks_and_what_is_answered() {
    let (stage, alice, phone) = stage();
    let gk = Key::named("gk");
    let asked = stage.begin(&alice);
    let held = phone.challenges().remove(0);
    none_is_taken::<Challenge>("challenge", &held, &gk);
    let row = stage.house().approvals.store().get(asked.id).expect("the store").expect("a row");
    let did = phone.did.borrow().parse().expect("an id");
    let Offered::Shown(offline) = stage.house().approvals.offer(&row, did, &caller()).expect("the store") else {
        panic!("an answer code is offered")
    };
    none_is_taken::<Challenge>("offline challenge", &offline.jws, &gk);
    let result = text(&phone.answer(&phone.refusal(&held, "deny")).json(), "result");
    none_is_taken::<Outcome>("result", &result, &gk);
    stage.active_phone(&alice, "another");
    none_is_taken::<Challenge>("notice", &phone.notices()[0], &gk);
    assert_eq!(phone.wire.send(phone.bare("DELETE", "/device")).status, 204);
    none_is_taken::<Gone>("gone", &text(&phone.poll(&phone.echo(0)).json(), "gone"), &gk);
}

#[test]
fn metadata_link_and_recovery() {
    let (stage, _alice, phone) = stage();
    let metadata = || phone.wire.send(RawRequest::get("/metadata")).json();
    none_is_taken::<Metadata>("metadata", &text(&metadata(), "meta"), &Key::named("gk"));
    stage.rotate().expect("room for a key");
    let link = metadata()["links"][0].as_str().expect("a link").to_owned();
    none_is_taken::<Link>("link", &link, &Key::named("gk"));
    stage.recover("gr", None).expect("its recovery key");
    let recovery = metadata()["recovery"][0].as_str().expect("a recovery").to_owned();
    none_is_taken::<Metadata>("recovery", &recovery, &Key::named("gr"));
}

#[test]
fn receipts() {
    let (stage, alice, phone) = stage();
    let gk = Key::named("gk");
    let (link, other) = (stage.link(&alice, "browser"), stage.raw_phone("receipt"));
    let body = other.enrol_body(&link.c, &other.enrol_claims(&link));
    let receipt = text(&other.call("/enrol", &body).json(), "receipt");
    none_is_taken::<Receipt>("receipt for enrol", &receipt, &gk);
    assert_eq!(payload(&receipt)["eh"], h(body["enrol"].as_str().expect("a JWS")).to_string());
    none_is_opened(&other, &Message::<Receipt>::parse(&receipt).expect("a receipt").claims().sealed.0);

    let invite = json!({"invite": sign("cs-invite+jwt", &phone.invite_claims(false), &phone.ak)});
    let receipt = text(&phone.call("/invite", &invite).json(), "receipt");
    none_is_taken::<InviteReceipt>("receipt for invite", &receipt, &gk);
    none_is_opened(&phone, &Message::<InviteReceipt>::parse(&receipt).expect("a receipt").claims().sealed.0);

    let new = Key::named("mutate new");
    let keys = phone.keys_body(&phone.keys_claims("ak", &new), &phone.ak, &new);
    none_is_taken::<KeysReceipt>("receipt for keys", &text(&phone.call("/keys", &keys).json(), "receipt"), &gk);
}

/// Bodies of both sizes, and the one that only wakes.
#[test]
fn what_is_pushed() {
    let (stage, alice, phone) = stage();
    let receiver = receiver(&phone);
    let _asked = stage.begin(&alice);
    let short = phone.challenges().remove(0);
    let long = format!("{short}{}", "A".repeat(1_100));
    let random = machine::adapters().random;
    for (challenge, mode, size) in
        [(&short, PushMode::Sealed, 1_126), (&long, PushMode::Sealed, 2_150), (&short, PushMode::Wake, 1_126)]
    {
        let sealed = body(receiver.public(), challenge, mode, &*random).expect("a body");
        assert_eq!(sealed.len(), size);
        none_is_opened(&phone, &sealed);
    }
}

fn receiver(phone: &RawPhone) -> Receiver {
    Receiver::new(&Secret::from_slice(phone.seal.scalar()), Id::from_bytes([0x30; 16])).expect("a scalar")
}

/// No change of a sealed body is opened, and a phone that looks at its frame alone is caught: salt, record size, a point of
/// 65 bytes, as long as it should be.
fn none_is_opened(phone: &RawPhone, sealed: &[u8]) {
    let receiver = receiver(phone);
    let (opened, of) = taken(sealed, |body| seal::open(&receiver, body).is_ok());
    assert!(opened == 0 && of >= 1_126, "{opened} of {of}");
    let has_frame = |body: &[u8]| body.len() == sealed.len() && body.get(16..22) == Some(&[0, 0, 16, 0, 65, 4]);
    assert!(taken(sealed, has_frame).0 > 0, "a phone that looks at the frame alone is caught");
}
