//! Group `proof`, as far as one proof and one request tell.

use serde_json::Value;

use super::{No, id, sample, vectors};
use crate::jose::{FormError, H32, Refused};
use crate::push::{Echo, Message, Method, Nonce, Proof, Verified, check};

const POLL: &str = "proof POST poll";

fn refused(reason: FormError, change: impl FnOnce(&mut Value)) {
    let sample = sample(POLL);
    assert_eq!(sample.read(&sample.with(change)), Err(No::Form(reason)));
}

fn verified(name: &str) -> Verified<Proof> {
    let sample = sample(name);
    Message::parse(&sample.text).unwrap().verify(&sample.key.jwk).unwrap()
}

fn body_of(call: &str) -> String {
    let file = vectors!("messages");
    let proofs = file["proofs"].as_array().unwrap();
    proofs.iter().find(|proof| proof["name"] == call).unwrap()["body"].as_str().unwrap().to_owned()
}

fn fits(method: Method, url: &str, body: &[u8]) -> Result<(), Refused> {
    check::proof_fits(&verified(POLL), method, url, &H32::sha256(&[body]))
}

const URL: &str = "https://gate.example.com/push/v1/poll";

#[test]
fn body_changed() {
    let body = body_of(POLL);
    assert_eq!(fits(Method::Post, URL, body.as_bytes()), Ok(()), "control");
    assert_eq!(fits(Method::Post, URL, format!("{body} ").as_bytes()), Err(Refused::Body));
    assert_eq!(fits(Method::Post, URL, b""), Err(Refused::Body));
}

#[test]
fn method_changed() {
    for method in [Method::Get, Method::Put, Method::Delete] {
        assert_eq!(fits(method, URL, body_of(POLL).as_bytes()), Err(Refused::Method));
    }
}

#[test]
fn path_changed() {
    assert_eq!(fits(Method::Post, &URL.replace("poll", "answer"), body_of(POLL).as_bytes()), Err(Refused::Url));
}

#[test]
fn proof_of_other_call() {
    let device = verified("proof DELETE device");
    let empty = H32::sha256(&[]);
    let url = "https://gate.example.com/push/v1/device";
    assert_eq!(check::proof_fits(&device, Method::Delete, url, &empty), Ok(()), "control");
    assert_eq!(
        check::proof_fits(&device, Method::Delete, "https://gate.example.com/push/v1/push", &empty),
        Err(Refused::Url)
    );
}

#[test]
fn htm_lower() {
    for method in ["post", "Post", "PATCH", "HEAD", ""] {
        refused(FormError::OutsideSet, |proof| proof["htm"] = method.into());
    }
}

#[test]
fn htu_other_host() {
    let body = body_of(POLL);
    for url in ["https://evil.example/push/v1/poll", "http://gate.example.com/push/v1/poll"] {
        assert_eq!(fits(Method::Post, url, body.as_bytes()), Err(Refused::Url));
    }
}

#[test]
fn htu_slash() {
    assert_eq!(fits(Method::Post, &format!("{URL}/"), body_of(POLL).as_bytes()), Err(Refused::Url));
}

#[test]
fn htu_upper() {
    let url = URL.replace("gate", "GATE");
    assert_eq!(fits(Method::Post, &url, body_of(POLL).as_bytes()), Err(Refused::Url));
}

#[test]
fn htu_261() {
    let sample = sample(POLL);
    let url = |len: usize| format!("https://{}", "a".repeat(len - 8));
    assert_eq!(sample.read(&sample.with(|proof| proof["htu"] = url(260).into())), Ok(()));
    refused(FormError::Large, |proof| proof["htu"] = url(261).into());
}

#[test]
fn nonce_empty() {
    refused(FormError::Range, |proof| proof["nonce"] = "".into());
}

#[test]
fn nonce_129() {
    refused(FormError::Range, |proof| proof["nonce"] = "A".repeat(129).into());
    for nonce in ["a b", "a=", "a+b", "ä", "a\n"] {
        refused(FormError::Range, |proof| proof["nonce"] = nonce.into());
        assert_eq!(Nonce::try_from(nonce), Err(FormError::Range), "nor is it taken from a header");
    }
    assert!(Nonce::try_from("A".repeat(128).as_str()).is_ok());
}

fn echo(change: impl FnOnce(&mut Value)) -> Result<Echo, FormError> {
    let mut echo = serde_json::from_str(&body_of(POLL)).unwrap();
    change(&mut echo);
    crate::json::parse(echo.to_string().as_bytes())
}

#[test]
fn wait_31() {
    assert!(echo(|echo| echo["wait"] = 30.into()).is_ok());
    assert_eq!(echo(|echo| echo["wait"] = 31.into()), Err(FormError::Range));
}

#[test]
fn have_13() {
    let ids = |count: u8| (0..count).map(|n| id(n).to_string()).collect::<Vec<_>>();
    for list in ["have", "seen"] {
        assert!(echo(|echo| echo[list] = ids(12).into()).is_ok());
        assert_eq!(echo(|echo| echo[list] = ids(13).into()), Err(FormError::Range));
    }
    let twice = vec![id(1).to_string(), id(1).to_string()];
    assert_eq!(echo(|echo| echo["have"] = twice.into()), Err(FormError::EntryTwice));
}

#[test]
fn meta_of_echo() {
    for wrong in [serde_json::json!([1]), serde_json::json!([1, 2, 3]), serde_json::json!({"epoch": 1, "seq": 1})] {
        assert!(echo(|echo| echo["meta"] = wrong).is_err());
    }
}

#[test]
fn iat_1970() {
    let sample = sample(POLL);
    assert_eq!(sample.read(&sample.with(|proof| proof["iat"] = 0.into())), Ok(()));
}
