//! Group `offline`, as far as values tell: the link, the challenge it carries, and the code. What a gateway counts
//! (`wrong_code_takes_a_try`, `fourth_try`) is its own.

use serde_json::Value;

use super::generate::longest;
use super::{NOW, No, did, id, key, link, sample, vectors};
use crate::Secret;
use crate::jose::{FormError, H32, Refused, SigningInput, Typ};
use crate::push::check::{self, Trusted};
use crate::push::{Challenge, Context, DigitsAsked, Info, Message, Op, answer_code, answer_code_fits};
use crate::uri::{LinkError, OfflineLink};

fn good() -> OfflineLink {
    OfflineLink::new(Message::parse(&sample("challenge for an answer code").text).unwrap()).unwrap()
}

/// What the phone keeps, of a gateway that offers answer codes or not.
fn kept(offline: bool) -> Trusted {
    let text = sample("metadata").with(|meta| meta["policy"]["offline"] = offline.into());
    check::metadata_first(Message::parse(&text).unwrap(), &link(), NOW).unwrap()
}

fn take_at(text: &str, now: u64) -> Result<(), No> {
    check::offline_challenge(Message::parse(text)?, &kept(true), &did(), now, |_| false)?;
    Ok(())
}

fn with(change: impl FnOnce(&mut Value)) -> Result<(), No> {
    take_at(&sample("challenge for an answer code").with(change), NOW)
}

#[test]
fn published_links() {
    let file = vectors!("links");
    for case in file["offline"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        let link = OfflineLink::parse(text).unwrap();
        assert_eq!(link.to_text(), text);
        assert_eq!(link.challenge.jws().text(), case["jws"].as_str().unwrap());
        assert_eq!(link.challenge.claims().iss.host(), case["host"].as_str().unwrap());
    }
    let bad = file["bad_offline"].as_array().unwrap();
    assert!(bad.len() >= 15);
    for case in bad {
        assert!(OfflineLink::parse(case["text"].as_str().unwrap()).is_err(), "{}", case["name"]);
    }
}

#[test]
fn control() {
    assert_eq!(with(|_| {}), Ok(()));
    let claims = Message::<Challenge>::parse(&sample("challenge for an answer code").text).unwrap().claims().clone();
    let asked = Message::<Challenge>::parse(&sample("challenge").text).unwrap().claims().clone();
    assert_eq!((claims.aid, claims.iat, claims.exp, claims.op), (asked.aid, asked.iat, asked.exp, asked.op));
    assert_ne!(claims.jti, asked.jti);
    let Context { src, ip, cc, .. } = asked.ctx;
    assert_eq!(claims.ctx, Context { src, ip, cc, city: None, asn: None, ua: None, new: None });
}

#[test]
fn host_of_the_link_is_that_of_the_challenge() {
    let text = good().to_text().replace("gate.example.com/offline", "evil.example/offline");
    assert_eq!(OfflineLink::parse(&text), Err(LinkError::Host));
    let text = good().to_text().replace("#1.", "#2.");
    assert_eq!(OfflineLink::parse(&text), Err(LinkError::Version));
    assert_eq!(OfflineLink::parse("https://gate.example.com/approve#1.AAAA"), Err(LinkError::Other));
    assert_eq!(OfflineLink::parse(""), Err(LinkError::Other));
    assert_eq!(OfflineLink::parse(&"x".repeat(9000)), Err(LinkError::Form(FormError::Large)));
}

#[test]
fn jws_901() {
    let padded = |extra: usize| sample("challenge for an answer code").with(|it| it["zz"] = "x".repeat(extra).into());
    let texts = || (0..300).map(padded);
    let fits = texts().filter(|text| text.len() <= 900).max_by_key(String::len).unwrap();
    let over = texts().filter(|text| text.len() > 900).min_by_key(String::len).unwrap();
    assert!(fits.len() >= 897 && over.len() <= 904);
    let link = |jws: &str| format!("https://gate.example.com/offline#1.{jws}");
    assert!(OfflineLink::parse(&link(&fits)).is_ok());
    assert_eq!(OfflineLink::parse(&link(&over)), Err(LinkError::Form(FormError::Large)));
    assert!(OfflineLink::new(Message::parse(&over).unwrap()).is_err());
}

/// What is too long for a QR is not offered: the longest account and application at the longest base URL.
#[test]
fn a_challenge_over_900_characters_is_not_offered() {
    let gk = key("gk").kid();
    let asked = Challenge { op: Op::Login, msg: None, ..longest('a') };
    assert_eq!(asked.for_answer_code(id(5), gk), Err(FormError::Large));
    let Challenge { iss, acct, app, .. } = asked;
    let cut = Challenge { iss, acct, app, ..good().challenge.claims().clone() };
    assert!(SigningInput::of(gk, &cut).unwrap().jws_len().abs_diff(1030) <= 2, "as section 12 measured");
    let ours = good().challenge.claims().for_answer_code(id(6), gk).unwrap();
    assert!(SigningInput::of(gk, &ours).unwrap().jws_len() < 600);
}

#[test]
fn policy_off() {
    let message = good().challenge;
    let refused = check::offline_challenge(message, &kept(false), &did(), NOW, |_| false);
    assert_eq!(refused.err(), Some(Refused::Offline));
}

#[test]
fn info() {
    let notice = with(|claims| {
        claims["op"] = "info".into();
        claims["info"] = "lockout".into();
        claims["nm"] = 0.into();
    });
    assert_eq!(notice, Err(No::Fact(Refused::Notice)));
    let asked = good().challenge.claims().clone();
    let notice = Challenge { op: Op::Info, info: Some(Info::Lockout), nm: DigitsAsked::NONE, ..asked };
    assert_eq!(notice.for_answer_code(id(5), key("gk").kid()), Err(FormError::Unexpected));
}

/// Ten minutes early and late: the phone's clock may be off, and there is nobody to ask.
#[test]
fn code_late() {
    let text = sample("challenge for an answer code").text;
    for (now, taken) in [(NOW - 600, true), (NOW - 601, false), (NOW + 720, true), (NOW + 721, false), (0, false)] {
        let wanted = if taken { Ok(()) } else { Err(No::Fact(Refused::Expired)) };
        assert_eq!(take_at(&text, now), wanted, "{now}");
    }
}

#[test]
fn code_other_device() {
    assert_eq!(with(|claims| claims["aud"] = id(9).to_string().into()), Err(No::Fact(Refused::Audience)));
    assert_eq!(with(|claims| claims["iss"] = "https://evil.example".into()), Err(No::Fact(Refused::Issuer)));
    let by_evil = key("evil").jws(Typ::Challenge, sample("challenge for an answer code").payload);
    assert_eq!(take_at(&by_evil, NOW), Err(No::Fact(Refused::Key)));
    let h = good().challenge.h();
    assert_ne!(answer_code(&ok(), &h).to_string(), answer_code(&Secret::new(vec![1; 32]), &h).to_string());
}

#[test]
fn closed_before() {
    let closed = check::offline_challenge(good().challenge, &kept(true), &did(), NOW, |jti| *jti == id(5));
    assert_eq!(closed.err(), Some(Refused::Closed));
}

/// `ok` of the vectors.
fn ok() -> Secret {
    Secret::new((0..32).collect())
}

#[test]
fn table_answer_codes() {
    let zero = answer_code(&Secret::new(vec![0; 32]), &H32::from_bytes([0; 32]));
    assert_eq!(zero.to_string(), "76652773");
    let h = good().challenge.h();
    let q: String = h.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(q.starts_with("5e0a6262") && q.ends_with("a29ee7"), "{q}");
    assert_eq!(answer_code(&ok(), &h).to_string(), "61087479");
}

#[test]
fn code_other_challenge() {
    let h = good().challenge.h();
    let other = Message::<Challenge>::parse(&sample("challenge").text).unwrap().h();
    let typed = |text: &str| text.parse().unwrap();
    assert!(answer_code_fits(&ok(), &h, &typed("6108 7479")));
    assert!(!answer_code_fits(&ok(), &other, &typed("61087479")));
    for wrong in ["61087478", "610874", "061087479", "1087479"] {
        assert!(!answer_code_fits(&ok(), &h, &typed(wrong)), "{wrong}");
    }
}

#[test]
fn published_codes() {
    let file = vectors!("code");
    let answers = file["answer"].as_array().unwrap();
    assert_eq!(answers.len(), 2);
    for case in answers {
        let bytes = |name: &str| super::hex(case[name].as_str().unwrap());
        let h = H32::from_bytes(bytes("q").try_into().unwrap());
        assert_eq!(answer_code(&Secret::new(bytes("ok")), &h).to_string(), case["code"].as_str().unwrap());
    }
}
