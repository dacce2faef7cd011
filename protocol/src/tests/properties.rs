//! Every parser against generated input.

use countersign_properties::{around, parser};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{base_url, every_kind, key, read, sample, vectors};
use crate::jose::{Claims, Id, Jws, SigningInput, Typ, b64u, signature_from_der};
use crate::push::{
    Answer, BaseUrl, Challenge, Confirm, ConfirmRequest, Echo, Enrol, EnrolReply, EnrolRequest, ErrorBody, Gone,
    Invite, InviteReply, InviteRequest, Keys, KeysReply, KeysRequest, Link, Message, Metadata, MetadataReply, Nonce,
    Number, Outcome, Pop, Proof, Pushed, PutPush, Receipt, Sealed, SealedInvite, State, check, endpoint,
    unverified_jti, walk,
};
use crate::text::{Country, ShownIp, T64};
use crate::uri::{EnrolLink, LoginLink, OfflineLink};

fn one_of(texts: Vec<String>) -> impl Strategy<Value = String> + Clone {
    prop::sample::select(texts)
}

fn shown(max: usize) -> impl Strategy<Value = String> + Clone {
    prop::collection::vec(any::<char>().prop_filter("shown", |c| !crate::text::is_forbidden(*c)), 1..=max)
        .prop_map(|chars| chars.into_iter().collect())
}

#[test]
fn base64url() {
    let good = prop::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| b64u::encode(&bytes));
    parser(around(good), |text| match b64u::decode(text) {
        Ok(bytes) => {
            assert_eq!(b64u::encode(&bytes), *text);
            true
        }
        Err(_) => false,
    });
}

#[test]
fn ids() {
    let good = any::<[u8; 16]>().prop_map(|bytes| b64u::encode(&bytes));
    parser(around(good), |text| match text.parse::<Id>() {
        Ok(id) => {
            assert_eq!(id.to_string(), *text);
            true
        }
        Err(_) => false,
    });
}

fn any_json() -> impl Strategy<Value = Value> + Clone {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (0..=crate::limits::JSON_NUMBER).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let nested = leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    });
    prop::collection::btree_map(any::<String>(), nested, 0..5)
        .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into())
}

/// What the strict reader takes, the library reads as the same value.
#[test]
fn strict_json() {
    let good = (any_json(), any::<bool>()).prop_map(|(value, pretty)| {
        if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() }
    });
    parser(around(good), |text| match crate::json::parse::<Value>(text.as_bytes()) {
        Ok(value) => {
            assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
            true
        }
        Err(_) => false,
    });
}

#[test]
fn bytes_as_json() {
    let good = any_json().prop_map(|value| value.to_string().into_bytes());
    let broken = (good.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut bytes, at, byte)| {
        let at = at.index(bytes.len());
        bytes[at] = byte;
        bytes
    });
    parser(prop_oneof![good, broken], |bytes| crate::json::parse::<Value>(bytes).is_ok());
}

#[test]
fn shown_text() {
    parser(around(shown(64)), |text| match T64::try_from(text.as_str()) {
        Ok(read) => {
            assert_eq!(read.as_str(), text);
            assert!(!text.is_empty() && text.chars().count() <= 64 && !text.chars().any(char::is_control));
            true
        }
        Err(_) => false,
    });
}

fn hosts() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        "[a-z][a-z0-9]{0,9}(\\.[a-z][a-z0-9-]{0,9}[a-z0-9]){0,3}",
        any::<[u8; 4]>().prop_map(|octets| core::net::Ipv4Addr::from(octets).to_string()),
        any::<[u16; 8]>().prop_map(|segments| format!("[{}]", core::net::Ipv6Addr::from(segments))),
    ]
}

#[test]
fn base_urls() {
    let good = (hosts(), prop::option::of(1_u16..443), "(/[A-Za-z0-9_~-]{1,8}){0,4}").prop_map(|(host, port, path)| {
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("https://{host}{port}{path}")
    });
    parser(around(good), |text| match text.parse::<BaseUrl>() {
        Ok(url) => {
            assert_eq!(url.as_str(), text);
            assert!(text.starts_with(&format!("https://{}", url.host())) && !url.host().is_empty());
            true
        }
        Err(_) => false,
    });
}

#[test]
fn endpoints() {
    let good = (hosts(), "(/[A-Za-z0-9_~-]{1,8}){0,4}(\\?[a-z]{0,4})?")
        .prop_map(|(host, path)| format!("https://{host}{path}"));
    parser(around(good), |text| endpoint::check(text).is_ok());
}

#[test]
fn addresses() {
    let v4 = any::<[u8; 4]>().prop_map(|octets| core::net::Ipv4Addr::from(octets).to_string());
    let v6 = any::<[u16; 8]>().prop_map(|segments| core::net::Ipv6Addr::from(segments).to_string());
    let good = prop_oneof![v4, v6];
    parser(around(good), |text| match ShownIp::try_from(text.clone()) {
        Ok(address) => {
            assert_eq!(address.to_string(), *text);
            true
        }
        Err(_) => false,
    });
}

#[test]
fn small_values() {
    parser(around("[A-Z]{2}"), |text| Country::try_from(text.clone()).is_ok_and(|cc| cc.to_string() == *text));
    parser(around("[A-Za-z0-9_-]{1,128}"), |text| {
        Nonce::try_from(text.as_str()).is_ok_and(|nonce| nonce.as_str() == text)
    });
    parser(around("[0-9]{2,8}"), |text| Number::try_from(text.as_str()).is_ok_and(|number| number.expose() == text));
}

#[test]
fn der_signatures() {
    let good = any::<[u8; 8]>().prop_map(|seed| {
        let signature = p256::ecdsa::Signature::from_slice(&key("gk").sign(&seed)).unwrap();
        signature.to_der().as_bytes().to_vec()
    });
    let broken = (good.clone(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut der, at, byte)| {
        let at = at.index(der.len());
        der[at] = byte;
        der
    });
    parser(prop_oneof![good, broken, prop::collection::vec(any::<u8>(), 0..80)], |der| match signature_from_der(der) {
        Ok(signature) => {
            let read = p256::ecdsa::Signature::from_slice(&signature).unwrap();
            assert_eq!(read.to_der().as_bytes(), der.as_slice());
            true
        }
        Err(_) => false,
    });
}

/// What a reader took, written again from its claims, is taken again and says the same.
fn comes_back<T: Claims + PartialEq + core::fmt::Debug>(text: &str, name: &str) -> bool {
    let Ok(message) = Message::<T>::parse(text) else { return false };
    let key = key(name);
    let input = SigningInput::of(key.kid(), message.claims()).unwrap();
    let again = Message::<T>::parse(&input.attach(key.sign(input.as_bytes()))).unwrap();
    assert_eq!(again.claims(), message.claims());
    true
}

fn claims_come_back(typ: Typ, text: &str) -> bool {
    match typ {
        Typ::Meta => comes_back::<Metadata>(text, "gk"),
        Typ::Enrol => comes_back::<Enrol>(text, "ak"),
        Typ::Receipt => comes_back::<Receipt>(text, "gk"),
        Typ::Challenge => comes_back::<Challenge>(text, "gk"),
        Typ::Answer => comes_back::<Answer>(text, "ak"),
        Typ::Result => comes_back::<Outcome>(text, "gk"),
        Typ::Gone => comes_back::<Gone>(text, "gk"),
        Typ::Proof => comes_back::<Proof>(text, "pk"),
        Typ::Link => comes_back::<Link>(text, "gk"),
        Typ::Keys => comes_back::<Keys>(text, "ak"),
        Typ::Pop => comes_back::<Pop>(text, "ak2"),
        Typ::Invite => comes_back::<Invite>(text, "ak"),
        Typ::Confirm => comes_back::<Confirm>(text, "ak"),
    }
}

/// Payloads of one kind with members changed to generated values of their own sort.
fn payloads(typ: Typ) -> impl Strategy<Value = String> + Clone {
    let (name, payload) = {
        let sample = every_kind().into_iter().find(|sample| sample.typ == typ).unwrap();
        (sample.key.header(typ), sample.payload)
    };
    (any::<[u8; 16]>(), any::<[u8; 32]>(), 0..1_u64 << 40, shown(32), any::<u8>()).prop_map(
        move |(id, h32, time, text, pick)| {
            let mut payload = payload.clone();
            for (name, value) in payload.as_object_mut().unwrap() {
                let changed = match name.as_str() {
                    "jti" | "aid" | "aj" | "cj" | "e" => json!(b64u::encode(&id)),
                    "eh" | "ch" | "bh" | "gk" | "gr" => json!(b64u::encode(&h32)),
                    "acct" | "name" | "app" => json!(text),
                    "epoch" | "seq" | "until" => json!(time),
                    "uv" => json!(if pick % 2 == 0 { "any" } else { "bio" }),
                    "nm" if value.is_number() => json!(2 + pick % 7),
                    _ => continue,
                };
                *value = changed;
            }
            format!("{name}\n{payload}")
        },
    )
}

/// Every kind of message: damage inside the payload, and damage to the compact text.
#[test]
fn messages() {
    for sample in every_kind() {
        let typ = sample.typ;
        parser(around(payloads(typ)), |parts| {
            let (header, payload) = parts.split_once('\n').unwrap_or((parts, ""));
            let text = sample.key.compact(header.as_bytes(), payload.as_bytes());
            let taken = claims_come_back(typ, &text);
            // A changed `kid` is still form; only what has form can be signed.
            assert!(taken || read(typ, &text, &sample.key.jwk).is_err());
            taken
        });
        parser(around(Just(sample.text.clone())), |text| match Jws::parse(text, typ) {
            Ok(jws) => {
                assert_eq!(jws.text(), text);
                assert!(text.starts_with(jws.signing_input()));
                true
            }
            Err(_) => false,
        });
    }
}

#[test]
fn links() {
    let good =
        (any::<[u8; 32]>(), any::<[u8; 16]>(), 0..1_u64 << 53, any::<bool>(), prop::option::of(any::<[u8; 32]>()))
            .prop_map(|(k, c, x, https, p)| {
                let mut link = json!({"u": base_url(), "k": b64u::encode(&k), "c": b64u::encode(&c), "x": x});
                if let Some(p) = p {
                    link["p"] = b64u::encode(&p).into();
                }
                let head = if https { "https://gate.example.com/enrol#1." } else { "countersign://enrol#1." };
                format!("{head}{}", b64u::encode(link.to_string().as_bytes()))
            });
    parser(around(good), |text| match EnrolLink::parse(text) {
        Ok(link) => {
            let again = EnrolLink::parse(&link.to_https()).unwrap();
            assert_eq!(*again.to_scheme(), *link.to_scheme());
            true
        }
        Err(_) => false,
    });

    let good = (hosts(), any::<[u8; 32]>())
        .prop_map(|(host, bytes)| format!("https://{host}/approve#1.{}", b64u::encode(&bytes)));
    parser(around(good), |text| match LoginLink::parse(text) {
        Ok(link) => {
            assert_eq!(*link.to_text(), *text);
            true
        }
        Err(_) => false,
    });
}

/// The plain text of a sealed invitation is the JSON of an enrolment link.
#[test]
fn sealed_invitations() {
    let plain = super::link().to_json().to_string();
    let (receiver, sender) = (super::receiver(), super::private("as"));
    parser(around(Just(plain)), |text| {
        let Ok(body) = crate::seal::seal(receiver.public(), text.as_bytes(), &sender, &[7; 16]) else { return false };
        match SealedInvite::open(&receiver, &Sealed(body)) {
            Ok(SealedInvite(link)) => {
                let again = EnrolLink::parse(&link.to_scheme()).unwrap();
                assert_eq!(*again.to_https(), *link.to_https());
                true
            }
            Err(_) => false,
        }
    });
}

#[test]
fn offline_links() {
    let link = OfflineLink::new(Message::parse(&sample("challenge for an answer code").text).unwrap()).unwrap();
    parser(around(Just(link.to_text())), |text| match OfflineLink::parse(text) {
        Ok(link) => {
            assert_eq!(link.to_text(), *text);
            true
        }
        Err(_) => false,
    });
}

#[test]
fn ocra_suites() {
    use crate::otp::ocra::{Input, Suite};
    let good = "OCRA-1:HOTP-SHA(1|256|512)-([4-9]|10|0):(C-)?Q[ANH](0[4-9]|[1-5][0-9])(-PSHA(1|256|512))?(-S[0-4][0-9][1-9])?(-T([1-9]|[1-5][0-9])[SM])?";
    let key = crate::Secret::from_slice(b"12345678901234567890");
    parser(around(good), |text| match text.parse::<Suite>() {
        Ok(suite) => {
            assert_eq!(suite.as_str(), text);
            let answer = suite.answer(&key, &Input { questions: &["1234"], ..Input::default() });
            let asks_more = text.contains("C-") || text.contains("-P") || text.contains("-T");
            assert!(answer.is_ok() || asks_more || text.rsplit_once('Q').is_some_and(|(_, last)| last.contains('-')));
            true
        }
        Err(_) => false,
    });
}

/// Questions of every kind: an answer of the length asked for, or a refusal, and never a panic.
#[test]
fn ocra_questions() {
    use crate::otp::ocra::{Input, Suite};
    let suites = ["OCRA-1:HOTP-SHA1-6:QN64", "OCRA-1:HOTP-SHA1-6:QA64", "OCRA-1:HOTP-SHA1-6:QH64"];
    let key = crate::Secret::from_slice(b"12345678901234567890");
    parser((0..3_usize, around("[0-9]{1,64}")), |(suite, question)| {
        let suite: Suite = suites[*suite].parse().unwrap();
        let answer = suite.answer(&key, &Input { questions: &[question], ..Input::default() });
        answer.is_ok_and(|answer| answer.expose().len() == 6)
    });
}

/// Any lists of good steps, damaged ones and ones out of order: no panic, steps are never lost, and what is trusted
/// in the end has the keys of metadata or of a step that was served.
#[test]
fn walks() {
    let first = sample("metadata with gr").text;
    let kept = check::metadata_first(Message::parse(&first).unwrap(), &super::link(), super::NOW).unwrap();
    let ends = ["with gr", "after one link", "after three links", "after one recovery", "after two recoveries"];
    let (links, steps) = (["link", "link, the second", "link, the third"], ["recovery", "recovery, the second"]);
    let any_of = |names: &[&str], most| {
        let names: Vec<String> = names.iter().map(|name| sample(name).text).collect();
        prop::collection::vec(prop::sample::select(names), 0..=most)
    };
    let ends: Vec<String> = ends.iter().map(|end| sample(&format!("metadata {end}")).text).collect();
    let strategy = (prop::sample::select(ends), any_of(&links, 6), any_of(&steps, 3), any::<bool>());
    parser(strategy, |(meta, links, recovery, twice)| {
        let reply = || {
            let reply = json!({"meta": meta, "links": links, "recovery": recovery});
            crate::json::parse::<MetadataReply>(reply.to_string().as_bytes()).unwrap()
        };
        let walked = walk::walk(&kept, reply());
        let epoch = walked.trusted.metadata().epoch;
        assert_eq!(epoch, 1 + walked.steps as u64);
        assert!(walked.rest.is_ok() || walked.steps > 0 || walked.trusted == kept);
        if *twice {
            // Walked again it goes on, never back, and comes to rest: there are two steps of recovery in all.
            let again = walk::walk(&walked.trusted, reply());
            assert!(again.trusted.metadata().epoch >= epoch);
            let rest = walk::walk(&again.trusted, reply());
            assert_eq!((rest.steps, rest.trusted), (0, again.trusted));
        }
        walked.rest.is_ok() || walked.steps > 0
    });
}

#[test]
fn pushed_bodies() {
    let texts = ["challenge", "challenge sign", "challenge info lockout", "challenge for an answer code"];
    let texts: Vec<String> = texts.iter().map(|name| sample(name).text).chain(["wake".to_owned()]).collect();
    let receiver = super::receiver();
    parser(around(one_of(texts)), |text| {
        let Ok(body) = crate::seal::seal(receiver.public(), text.as_bytes(), &super::private("as"), &[7; 16]) else {
            return false;
        };
        match Pushed::open(&receiver, &body) {
            Ok(Pushed::Wake) => text == "wake",
            Ok(Pushed::Challenge(message)) => {
                assert_eq!(message.jws().text(), text);
                true
            }
            Err(_) => false,
        }
    });
}

#[test]
fn bodies() {
    fn body<T: serde::de::DeserializeOwned + serde::Serialize + PartialEq + core::fmt::Debug>(texts: Vec<String>) {
        assert!(!texts.is_empty());
        parser(around(one_of(texts)), |text| match crate::json::parse::<T>(text.as_bytes()) {
            Ok(body) => {
                let again = serde_json::to_vec(&body).unwrap();
                assert_eq!(crate::json::parse::<T>(&again), Ok(body));
                true
            }
            Err(_) => false,
        });
    }
    let file = vectors!("bodies");
    let texts = |name: &str| {
        let bodies = file["bodies"].as_array().unwrap().iter().filter(|body| body["type"] == name);
        bodies.map(|body| body["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    body::<Echo>(texts("Echo"));
    body::<State>(texts("State"));
    body::<EnrolRequest>(texts("EnrolRequest"));
    body::<EnrolReply>(texts("EnrolReply"));
    body::<MetadataReply>(texts("MetadataReply"));
    body::<KeysRequest>(texts("KeysRequest"));
    body::<KeysReply>(texts("KeysReply"));
    body::<InviteRequest>(texts("InviteRequest"));
    body::<InviteReply>(texts("InviteReply"));
    body::<ConfirmRequest>(texts("ConfirmRequest"));
    body::<PutPush>(texts("PutPush"));
    let errors = file["errors"].as_array().unwrap().iter().filter(|case| case["error"] != "busy");
    body::<ErrorBody>(
        errors.filter(|case| case["status"] != 431).map(|case| case["text"].as_str().unwrap().to_owned()).collect(),
    );
}

#[test]
fn unverified_ids() {
    parser(around(Just(sample("challenge").text)), |text| unverified_jti(text).is_some());
}

#[test]
fn sealed_bodies() {
    let receiver = super::receiver();
    let good = (prop::collection::vec(any::<u8>(), 0..2048), any::<[u8; 16]>(), 1..=u64::MAX).prop_map(
        |(plain, salt, sender)| {
            let secret = crate::Secret::from_slice(&[[7; 24].as_slice(), &sender.to_be_bytes()].concat());
            let body = crate::seal::seal(super::receiver().public(), &plain, &secret, &salt).unwrap();
            (Some(plain), body)
        },
    );
    let broken = (good.clone(), any::<prop::sample::Index>(), 1..=u8::MAX).prop_map(|((_, mut body), at, bits)| {
        let at = at.index(body.len());
        body[at] ^= bits;
        (None, body)
    });
    let garbage = prop::collection::vec(any::<u8>(), 0..2200).prop_map(|body| (None, body));
    parser(prop_oneof![3 => good, 2 => broken, 1 => garbage], |(plain, body)| {
        let opened = crate::seal::open(&receiver, body).ok().map(|plain| plain.expose().to_vec());
        assert_eq!(opened, *plain);
        opened.is_some()
    });
}
