//! The answer code: eight digits for a challenge that was scanned, where the phone has no network.

use countersign_core::app::{OfflineCode, PastEnd, Scanned};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, GatewayError, InputError, PortError};
use countersign_protocol::Secret;
use countersign_protocol::jose::Refused;
use countersign_protocol::push::{ClosedStatus, answer_code};
use countersign_tests::raw_phone::{Key, h, id_of, sign};
use serde_json::{Value, json};

use super::gateway::Gateway;
use super::phone::{World, enrolled, poll};

/// A phone without network, whose gateway takes answer codes.
fn offline() -> (World, std::sync::Arc<Gateway>, countersign_core::app::App, countersign_core::app::Enrolling) {
    let (world, gateway, app, enrolling) = enrolled();
    {
        let mut state = gateway.state();
        state.meta["policy"]["offline"] = json!(true);
        state.meta["seq"] = json!(4);
    }
    poll(&app, &enrolling).unwrap();
    gateway.twist(|_, _, _, _| Err(PortError::Network));
    (world, gateway, app, enrolling)
}

fn claims(gateway: &Gateway) -> Value {
    let mut claims = gateway.claims("offline");
    claims["ctx"] = json!({"src": "rp", "ip": "192.0.2.7", "cc": "DE"});
    claims
}

fn jws(gateway: &Gateway, claims: &Value) -> String {
    sign("cs-challenge+jwt", claims, &gateway.gk)
}

fn read(app: &countersign_core::app::App, jws: &str) -> OfflineCode {
    app.offline_code(&format!("https://gate.example.com/offline#1.{jws}")).unwrap()
}

/// What both the card and the code come to; they always agree.
fn refusal(change: impl FnOnce(&mut Value)) -> Error {
    let (_world, gateway, app, _enrolling) = offline();
    let mut claims = claims(&gateway);
    change(&mut claims);
    let code = read(&app, &jws(&gateway, &claims));
    let fault = app.offline_row(&code).unwrap_err();
    assert_eq!(app.answer_code(&code, &Cancel::default()).unwrap_err(), fault);
    fault
}

#[test]
fn the_code_of_a_scanned_challenge_is_shown_after_the_card_and_remembered() {
    let (_world, gateway, app, _enrolling) = offline();
    let jws = jws(&gateway, &claims(&gateway));
    let Scanned::Offline(code) = app.scan_text(&format!(" https://gate.example.com/offline#1.{jws}\n")) else {
        panic!("a sign-in that waits for an answer code")
    };
    let row = app.offline_row(&code).unwrap();
    assert_eq!((row.app.as_str(), row.host.as_str(), row.can.deny), ("Demo shop", "gate.example.com", false));
    let shown = app.answer_code(&code, &Cancel::default()).unwrap().to_string();
    assert_eq!(shown, answer_code(&Secret::from_slice(&[7; 32]), &h(&jws)).to_string());
    assert_eq!(shown.len(), 8);
    // The same again, should the person have mistyped it; in the history it stands once, and never its digits.
    assert_eq!(app.answer_code(&code, &Cancel::default()).unwrap().to_string(), shown);
    let history = app.history().unwrap();
    assert_eq!(history.iter().map(|row| row.end).collect::<Vec<_>>(), [PastEnd::CodeShown]);
    assert!(app.approvals().is_empty(), "it stands on no list");
}

#[test]
fn code_other_challenge() {
    let (_world, gateway, app, _enrolling) = offline();
    let mut other = claims(&gateway);
    other["acct"] = json!("mallory@example.com");
    let codes = [claims(&gateway), other].map(|claims| {
        let code = read(&app, &jws(&gateway, &claims));
        app.answer_code(&code, &Cancel::default()).unwrap().to_string()
    });
    assert_ne!(codes[0], codes[1], "what was seen is what is answered");
}

#[test]
fn code_other_device() {
    assert_eq!(refusal(|claims| claims["aud"] = json!(id_of("another device"))), InputError::OtherPhone.into());
}

/// What was typed wrongly takes its try at the gateway alone: the phone counts nothing, tells nobody, and shows the same
/// digits again.
#[test]
fn wrong_code_takes_a_try() {
    let (_world, gateway, app, _enrolling) = offline();
    let code = read(&app, &jws(&gateway, &claims(&gateway)));
    let asked = gateway.state().log.len();
    let shown = [0; 5].map(|_| app.answer_code(&code, &Cancel::default()).unwrap().to_string());
    assert!(shown.iter().all(|digits| *digits == shown[0]));
    assert_eq!(gateway.state().log.len(), asked);
}

/// After the last try the page begins anew: its next challenge has other digits, and those of the one before are no use there.
#[test]
fn fourth_try() {
    let (world, gateway, app, _enrolling) = offline();
    let first = read(&app, &jws(&gateway, &claims(&gateway)));
    world.clock.pass(30);
    let mut anew = claims(&gateway);
    (anew["jti"], anew["aid"]) = (json!(id_of("anew")), json!(id_of("anew aid")));
    let anew = read(&app, &jws(&gateway, &anew));
    let shown = [&first, &anew].map(|code| app.answer_code(code, &Cancel::default()).unwrap().to_string());
    assert_ne!(shown[0], shown[1]);
    assert_eq!(app.history().unwrap().len(), 2, "two sign-ins, and each says that its code was shown");
}

#[test]
fn policy_off() {
    let (_world, gateway, app, _enrolling) = enrolled();
    let code = read(&app, &jws(&gateway, &claims(&gateway)));
    assert_eq!(app.answer_code(&code, &Cancel::default()).unwrap_err(), GatewayError::NoAnswerCodes.into());
}

#[test]
fn info() {
    let fault = refusal(|claims| {
        claims["op"] = json!("info");
        claims["info"] = json!("lockout");
        claims["nm"] = json!(0);
    });
    assert_eq!(fault, GatewayError::Refused(Refused::Notice).into());
}

#[test]
fn code_late() {
    let (world, gateway, app, _enrolling) = offline();
    let code = read(&app, &jws(&gateway, &claims(&gateway)));
    world.clock.pass(120 + 600);
    app.answer_code(&code, &Cancel::default()).unwrap();
    world.clock.pass(1);
    let late = app.answer_code(&code, &Cancel::default()).unwrap_err();
    assert_eq!(late, InputError::Ended(ClosedStatus::Expired).into());
    let early = refusal(|claims| {
        let iat = claims["iat"].as_u64().unwrap() + 601;
        (claims["iat"], claims["exp"]) = (json!(iat), json!(iat + 120));
    });
    assert_eq!(early, InputError::Ended(ClosedStatus::Expired).into());
}

#[test]
fn jws_901() {
    let (_world, gateway, app, _enrolling) = offline();
    let mut long = claims(&gateway);
    let mut fits = 0;
    for pad in 0..400 {
        long["pad"] = json!("p".repeat(pad));
        let jws = jws(&gateway, &long);
        let read = app.offline_code(&format!("https://gate.example.com/offline#1.{jws}"));
        assert_eq!(read.is_ok(), jws.len() <= 900, "{}", jws.len());
        fits += usize::from(read.is_ok());
    }
    assert!((1..400).contains(&fits));
}

#[test]
fn what_a_stranger_signed_is_not_answered() {
    let (_world, gateway, app, _enrolling) = offline();
    let code = read(&app, &sign("cs-challenge+jwt", &claims(&gateway), &Key::named("evil")));
    assert_eq!(app.answer_code(&code, &Cancel::default()).unwrap_err(), GatewayError::Refused(Refused::Key).into());
    let elsewhere = jws(&gateway, &claims(&gateway));
    assert!(app.offline_code(&format!("https://evil.example.com/offline#1.{elsewhere}")).is_err());
    let later = app.offline_code(&format!("https://gate.example.com/offline#2.{elsewhere}")).unwrap_err();
    assert_eq!(later, InputError::NewerLink.into());
}

#[test]
fn past_the_metadata_s_time_no_code_is_shown() {
    let (world, gateway, app, _enrolling) = offline();
    world.clock.pass(15 * 86_400);
    let code = read(&app, &jws(&gateway, &claims(&gateway)));
    assert_eq!(app.answer_code(&code, &Cancel::default()).unwrap_err(), GatewayError::MetadataExpired.into());
}
