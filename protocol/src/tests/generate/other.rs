//! Bodies, links, sealed bodies and codes.

use super::super::{NOW, did, hex, key, link, private, receiver, sample};
use super::{Ordered, file};
use crate::jose::{H32, b64u};
use crate::push::{Challenge, Message, Nonce, WAKE, answer_code, confirmation_digits, keys_attestation_challenge};
use crate::seal::{Receiver, seal, seal_to_size};
use crate::uri::OfflineLink;
use crate::{Secret, jose::Id};

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn offline() -> Message<Challenge> {
    Message::parse(&sample("challenge for an answer code").text).unwrap()
}

#[test]
fn bodies() {
    file("bodies", |file| {
        for (name, text) in super::messages::bodies() {
            file.put("bodies", "text", Ordered::texts([("type", name), ("text", &text)]));
        }
    });
}

#[test]
fn links() {
    file("links", |file| {
        let text = OfflineLink::new(offline()).unwrap().to_text();
        let jws = offline().jws().text().to_owned();
        let good = [("host", "gate.example.com"), ("jws", &jws), ("text", &text)];
        file.put("offline", "text", Ordered::texts(good));
        for (name, text) in bad_offline(&text) {
            file.put("bad_offline", "name", Ordered::texts([("name", name), ("text", &text)]));
        }
    });
}

/// What is no link to answer by code, for one reason each.
fn bad_offline(good: &str) -> Vec<(&'static str, String)> {
    let (front, jws) = good.split_once("#1.").unwrap();
    let with = |text: &str| format!("{front}#1.{text}");
    let padded = |len: usize| {
        let extra =
            |count: usize| sample("challenge for an answer code").with(|it| it["zz"] = "x".repeat(count).into());
        (0..).map(extra).find(|text| text.len() >= len).unwrap()
    };
    vec![
        ("jws_901", with(&padded(901))),
        ("host_other", good.replace("https://gate.example.com/offline", "https://gate.example.org/offline")),
        ("port_other", good.replace("gate.example.com/offline", "gate.example.com:8443/offline")),
        ("http", good.replace("https://gate", "http://gate")),
        ("version_2", good.replace("#1.", "#2.")),
        ("no_version", good.replace("#1.", "#")),
        ("path_before", good.replace("/offline#", "/x/offline#")),
        ("query", good.replace("/offline#", "/offline?#")),
        ("user", good.replace("https://gate", "https://a@gate")),
        ("upper_host", good.replace("https://gate", "https://Gate")),
        ("own_scheme", format!("countersign://offline#1.{jws}")),
        ("other_typ", with(&sample("result approved").text)),
        ("two_parts", with(jws.rsplit_once('.').unwrap().0)),
        ("padding", with(&format!("{jws}="))),
        ("blank", with(&format!("{jws} "))),
    ]
}

#[test]
fn sealed() {
    file("sealed", |file| {
        file.put("sealed", "name", sealed_text("wake"));
        for entry in file.list("sealed") {
            let text = |name: &str| entry.text(name).to_owned();
            let auth = Id::from_bytes(hex(&text("auth")).try_into().unwrap());
            let to = Receiver::new(&private(&text("receiver")), auth).unwrap();
            let salt = hex(&text("salt")).try_into().unwrap();
            let body = seal(to.public(), text("plain").as_bytes(), &private(&text("sender")), &salt).unwrap();
            entry.set("body", to_hex(&body));
        }
        for (name, plain, size) in refused_bodies() {
            let salt = core::array::from_fn(|at| 0x40 + at as u8);
            let body = seal_to_size(receiver().public(), plain.as_bytes(), &private("as"), &salt, size).unwrap();
            let members = [("name", name), ("plain", &plain), ("body", &to_hex(&body))];
            file.put("refused", "name", Ordered::texts(members));
        }
    });
}

/// Bodies that open, and hold what is not taken.
fn refused_bodies() -> Vec<(&'static str, String, usize)> {
    vec![
        ("wake of 2048", WAKE.to_owned(), 2048),
        ("other_text", "wake up".to_owned(), 1024),
        ("upper", "WAKE".to_owned(), 1024),
        ("nothing", String::new(), 1024),
        ("a result", sample("result approved").text, 1024),
        ("a challenge and a blank", format!("{} ", sample("challenge").text), 1024),
        ("JSON", sample("challenge").payload_text, 1024),
    ]
}

fn sealed_text(plain: &str) -> Ordered {
    Ordered::texts([
        ("name", plain),
        ("receiver", "seal"),
        ("auth", &to_hex(receiver().public().auth.as_bytes())),
        ("sender", "as"),
        ("salt", &to_hex(&core::array::from_fn::<u8, 16, _>(|at| 0x40 + at as u8))),
        ("plain", plain),
        ("body", ""),
    ])
}

#[test]
fn code() {
    file("code", |file| {
        let code = link().c;
        file.set("e", code.id().to_string());
        file.set("ac", to_hex(code.attestation_challenge().as_bytes()));
        for entry in file.list("cm") {
            let cm = code.cm(entry.text("signing_input").as_bytes());
            entry.set("cm", cm.to_string());
        }
        for entry in file.list("digits") {
            let digits = confirmation_digits(&entry.text("eh").parse().unwrap(), &entry.text("did").parse().unwrap());
            entry.set("digits", digits);
        }
        let ac = keys_attestation_challenge(&did(), &Nonce::try_from("AAAAAA").unwrap());
        let did = did().to_string();
        let members = [("did", did.as_str()), ("nonce", "AAAAAA"), ("ac", &to_hex(ac.as_bytes()))];
        file.set("ac_keys", vec![Ordered::texts(members)]);
        for (ok, h) in [([0; 32], H32::from_bytes([0; 32])), (core::array::from_fn(|at| at as u8), offline().h())] {
            let answer = answer_code(&Secret::from_slice(&ok), &h).to_string();
            let members = [("ok", to_hex(&ok)), ("q", to_hex(h.as_bytes())), ("code", answer)];
            file.put("answer", "q", Ordered::texts(members.each_ref().map(|(name, text)| (*name, text.as_str()))));
        }
    });
}

#[test]
fn keys() {
    file("keys", |file| {
        for entry in file.list("keys") {
            let key = key(entry.text("name"));
            let private = private(entry.text("name"));
            entry.set("private", to_hex(private.expose()));
            entry.set("p256dh", b64u::encode(key.jwk.as_sec1()));
            entry.set("thumbprint", key.kid().to_string());
        }
    });
    assert!(link().x > NOW);
}
