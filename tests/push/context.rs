//! What a challenge shows beside the question: the application's icon, where the sign-in comes from and what of it is new
//! (push-v1 sections 4 and 6).

use countersign_gateway::approval::Begin;
use countersign_gateway::person::Person;
use countersign_protocol::jose::H32;
use countersign_tests::raw_phone::{RawPhone, RawRequest, id, payload};
use countersign_tests::stage::Stage;
use serde_json::{Value, json};

fn stage() -> Stage {
    Stage::with(|config| config.sample_app = true)
}

/// The challenge that the phone holds, as it reads it.
fn held(phone: &RawPhone) -> Value {
    payload(&phone.challenges().pop().expect("a challenge"))
}

#[test]
fn an_icon_is_fetched_by_its_hash_with_a_proof() {
    let stage = stage();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let _asked = stage.begin(&alice);
    let ico = held(&phone)["ico"].as_str().expect("an icon").to_owned();
    let path = format!("/icon/{ico}");
    let got = phone.wire.send(phone.bare("GET", &path));
    assert_eq!((got.status, got.header("content-type")), (200, Some("image/png")));
    assert_eq!(H32::sha256(&[&got.body]).to_string(), ico, "it is what the challenge names");
    assert!(got.body.len() <= 60 * 1024, "{}", got.body.len());
    assert_eq!((&got.body[..8], &got.body[16..24]), (&b"\x89PNG\r\n\x1a\n"[..], &[0, 0, 0, 128, 0, 0, 0, 128][..]));
    assert!(got.header("countersign-nonce").is_some());

    let other = format!("/icon/{}", H32::from_bytes([1; 32]));
    assert_eq!(phone.wire.send(phone.bare("GET", &other)).verdict(), "404 malformed", "unknown");
    for none in ["/icon", "/icon/", "/icon/x", &format!("{path}=")] {
        assert_eq!(phone.wire.send(phone.bare("GET", none)).verdict(), "404 malformed", "{none}");
    }
    assert_eq!(phone.wire.send(RawRequest::get(&path)).verdict(), "400 malformed", "no proof");
    let proof_of_other = phone.proof("GET", &other, b"");
    let request = RawRequest::get(&path).header("countersign-proof", &proof_of_other);
    assert_eq!(phone.wire.send(request).verdict(), "401 refused", "a proof of another call");
    assert_eq!(phone.wire.send(phone.proven(&path, &json!({}))).verdict(), "405 malformed");
    let stranger = stage.raw_phone("stranger");
    assert_eq!(stranger.wire.send(stranger.bare("GET", &path)).verdict(), "401 refused");
    let pending = stage.raw_phone("pending");
    pending.enrol(&stage.link(&alice, "browser"));
    assert_eq!(pending.wire.send(pending.bare("GET", &path)).verdict(), "403 policy:state");
}

#[test]
fn what_has_no_icon_names_none() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let _asked = stage.begin(&alice);
    let challenge = held(&phone);
    assert_eq!((challenge.get("ico"), challenge["ctx"].get("cc"), challenge["ctx"].get("city")), (None, None, None));
    assert_ne!(challenge["aid"], id(0));
}

#[test]
fn what_was_not_seen_before_is_marked_once_somebody_signed_in() {
    let stage = stage();
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    // Begins from there, reads what is marked, and signs in where that is asked for.
    let marked = |person: &Person, ip: &str, ua: &str, sign_in: bool| {
        let begin = Begin {
            ip: ip.parse().expect("an address"),
            ua: ua.try_into().ok(),
            ..Stage::beginning(person, "browser")
        };
        let (asked, _) = stage.begin_as(&begin, "browser").expect("an approval");
        let challenge = phone.challenges().pop().expect("a challenge");
        if sign_in {
            assert_eq!(phone.decide(&phone.approval(&challenge, &asked.digits())), "approved");
            assert!(asked.consume());
        }
        stage.clock.advance(126);
        payload(&challenge)["ctx"].get("new").cloned()
    };
    assert_eq!(marked(&alice, "192.0.2.7", "Firefox on Linux", false), None, "nothing was seen yet");
    assert_eq!(marked(&alice, "192.0.2.7", "Firefox on Linux", true), None);
    assert_eq!(marked(&alice, "192.0.2.99", "Firefox on Linux", false), None, "the same network");
    assert_eq!(marked(&alice, "198.51.100.7", "Chrome on Windows", false), Some(json!(["ip", "ua"])));
    assert_eq!(marked(&alice, "198.51.100.7", "Chrome on Windows", true), Some(json!(["ip", "ua"])), "not by asking");
    assert_eq!(marked(&alice, "198.51.100.7", "Firefox on Linux", false), None, "each was seen");
}
