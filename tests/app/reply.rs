//! What a gateway, or something in between, answers: nothing that is not signed changes anything that counts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign_core::app::{ApprovalState, GatewayState};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, GatewayError, PortError};
use countersign_core::port::Response;
use countersign_protocol::jose::{H32, Refused};
use countersign_protocol::push::{ClosedStatus, ErrorWhy, GoneWhy, Message, Proof, Res, Status};
use countersign_tests::log::Memory;
use countersign_tests::raw_phone::{Key, id, payload, sign};
use serde_json::{Value, json};

use super::gateway::changed;
use super::phone::{World, approve, enrol, enrolled, only, poll};

fn response(status: u16, body: &str) -> Response {
    let headers = vec![("countersign-nonce".to_owned(), "nonce-1".to_owned())];
    Response { status, headers, body: body.as_bytes().to_vec() }
}

#[test]
fn device_lie() {
    let (_world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    for (word, shown) in [("suspended", GatewayState::Suspended), ("active", GatewayState::Active)] {
        gateway.twist_body("poll", move |state| state["device"] = json!(word));
        poll(&app, &enrolling).unwrap();
        assert_eq!(app.gateways()[0].state, shown, "it moves the display");
    }
    // The next poll repeats the word, so the lie makes no loop.
    poll(&app, &enrolling).unwrap();
    assert_eq!(gateway.state().echoes.last().unwrap().device.as_str(), "active");
}

#[test]
fn closed_lie() {
    let (_world, gateway, app, enrolling) = enrolled();
    let jti = gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    gateway.twist_body("poll", move |state| {
        state["closed"] = json!([{"jti": jti, "st": "approved"}, {"jti": id(9), "st": "moon"}])
    });
    poll(&app, &enrolling).unwrap();
    let row = only(&app);
    assert_eq!(row.state, ApprovalState::Ended(ClosedStatus::Approved));
    // The person can still say no to what the phone verified.
    assert!(row.can.deny && row.can.report && !row.can.approve);
    assert_eq!(app.deny(row.id, &Cancel::default()).unwrap().st.as_str(), "denied");
}

#[test]
fn a_foreign_certificate_is_called_so_when_approving() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    gateway.twist(|path, _, _, good| if path == "answer" { Err(PortError::Tls) } else { Ok(good) });
    assert_eq!(approve(&app, only(&app).id, "049218").unwrap_err(), PortError::Tls.into());
}

#[test]
fn unknown_why() {
    let (_world, gateway, app, enrolling) = enrolled();
    let jti = gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    gateway.twist_body("poll", move |state| state["closed"] = json!([{"jti": jti, "st": "moon"}]));
    poll(&app, &enrolling).unwrap();
    assert_eq!(only(&app).state, ApprovalState::Ended(ClosedStatus::Other));
    let gone = json!({"iss": gateway.u, "aud": gateway.did(), "iat": 1, "why": "moon"});
    let body = json!({"error": "gone", "gone": sign("cs-gone+jwt", &gone, &gateway.gk)}).to_string();
    gateway.twist(move |_, _, _, _| Ok(response(410, &body)));
    assert!(poll(&app, &enrolling).unwrap());
    assert_eq!(app.gateways()[0].state, GatewayState::Gone(GoneWhy::Other));
}

#[test]
fn meta_lie() {
    // A State that names other metadata each time: fetched five times a minute at most.
    let (_world, gateway, app, enrolling) = enrolled();
    let mut seq = 100;
    gateway.twist_body("poll", move |state| {
        seq += 1;
        state["meta"] = json!([1, seq]);
    });
    let before = gateway.calls("metadata");
    for _ in 0..20 {
        poll(&app, &enrolling).unwrap();
    }
    assert_eq!(gateway.calls("metadata") - before, 5);
    assert_eq!(gateway.state().echoes.last().unwrap().meta.seq, 119, "what it said is what it hears");
}

#[test]
fn challenge_twice() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    only(&app);
    poll(&app, &enrolling).unwrap();
    let echo = gateway.state().echoes.last().unwrap().clone();
    assert_eq!((echo.have.len(), echo.seen.len()), (1, 1));
}

#[test]
fn foreign_challenges() {
    // Twelve that the phone cannot take: named in the next poll, so the gateway does not answer early for them again.
    let (_world, gateway, app, enrolling) = enrolled();
    let mut listed: Vec<String> = (0..11)
        .map(|n| {
            let mut claims = gateway.claims(&format!("foreign {n}"));
            claims["aud"] = json!(id(1));
            sign("cs-challenge+jwt", &claims, &Key::named("evil"))
        })
        .collect();
    listed.push("not.a.challenge".to_owned());
    gateway.state().challenges = listed;
    poll(&app, &enrolling).unwrap();
    poll(&app, &enrolling).unwrap();
    assert!(app.approvals().is_empty());
    let echo = gateway.state().echoes.last().unwrap().clone();
    assert_eq!((echo.have.len(), echo.seen.len()), (11, 0));
}

#[test]
fn poll_at_once() {
    // A gateway that always answers at once and brings nothing: the shell is told to wait longer each time.
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.state().challenges = vec!["nothing.to.read".to_owned()];
    let mut waits = Vec::new();
    for _ in 0..8 {
        let outcome = app.poll(enrolling.id, 30, &Cancel::default()).unwrap();
        assert_eq!(outcome.fault, None);
        waits.push(outcome.next_in.unwrap());
    }
    for (wait, whole) in waits.iter().zip([1, 2, 4, 8, 16, 32, 60, 60]) {
        let whole = Duration::from_secs(whole);
        assert!(*wait >= whole * 8 / 10 && *wait <= whole * 12 / 10, "{waits:?}");
    }
    gateway.challenge("news");
    assert_eq!(app.poll(enrolling.id, 30, &Cancel::default()).unwrap().next_in, Some(Duration::ZERO));
}

/// What comes of a denial whose result was twisted.
fn with_result(change: impl Fn(&mut Value) + Send + 'static, signer: &str) -> Error {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let signer = Key::named(signer);
    gateway.twist_body("answer", move |body| {
        let mut claims = payload(body["result"].as_str().unwrap());
        change(&mut claims);
        body["result"] = json!(sign("cs-result+jwt", &claims, &signer));
    });
    let error = app.deny(only(&app).id, &Cancel::default()).unwrap_err();
    assert_eq!(only(&app).state, ApprovalState::Sending(Res::Deny), "its result is not known");
    // Repeated byte for byte until a result counts.
    gateway.untwist();
    poll(&app, &enrolling).unwrap();
    let bodies = gateway.bodies("answer");
    assert_eq!(bodies.first(), bodies.last());
    assert!(matches!(only(&app).state, ApprovalState::Decided(_)));
    error
}

#[test]
fn result_other_aj() {
    let error = with_result(|claims| claims["aj"] = json!(id(1)), "gk");
    assert_eq!(error, GatewayError::Refused(Refused::OtherAnswer).into());
}

#[test]
fn result_other_cj() {
    let error = with_result(|claims| claims["cj"] = json!(id(1)), "gk");
    assert_eq!(error, GatewayError::Refused(Refused::OtherAnswer).into());
}

#[test]
fn result_other_aud() {
    let error = with_result(|claims| claims["aud"] = json!(id(1)), "gk");
    assert_eq!(error, GatewayError::Refused(Refused::Audience).into());
}

#[test]
fn result_unsigned() {
    let error = with_result(|_| {}, "evil");
    assert_eq!(error, GatewayError::Refused(Refused::Key).into());
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    gateway.twist(|path, _, _, good| Ok(if path == "answer" { response(200, r#"{"st":"approved"}"#) } else { good }));
    assert!(matches!(approve(&app, only(&app).id, "049218").unwrap_err(), Error::Gateway(GatewayError::Malformed(_))));
    assert_eq!(only(&app).state, ApprovalState::Sending(Res::Approve));
}

#[test]
fn every_changed_character_of_a_result_is_noticed() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let (place, length) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(1)));
    let (at, whole) = (place.clone(), length.clone());
    gateway.twist_body("answer", move |body| {
        let result = body["result"].as_str().unwrap().to_owned();
        whole.store(result.len(), Ordering::SeqCst);
        body["result"] = json!(changed(&result, at.fetch_add(1, Ordering::SeqCst)));
    });
    assert!(app.deny(only(&app).id, &Cancel::default()).is_err());
    while place.load(Ordering::SeqCst) < length.load(Ordering::SeqCst) {
        poll(&app, &enrolling).unwrap();
        assert_eq!(only(&app).state, ApprovalState::Sending(Res::Deny), "at {place:?}");
    }
    gateway.untwist();
    poll(&app, &enrolling).unwrap();
    assert_eq!(only(&app).state, ApprovalState::Decided(Status::Denied));
    let answers: BTreeSet<Vec<u8>> = gateway.bodies("answer").into_iter().collect();
    assert_eq!(answers.len(), 1, "the same bytes each time");
}

/// Answers every poll with a removal, and says whether the phone believed it.
fn believes(gone: impl Fn(&super::gateway::Gateway) -> Option<String>, status: u16) -> bool {
    let (world, gateway, app, enrolling) = enrolled();
    let body = match gone(&gateway) {
        Some(jws) => json!({"error": "gone", "gone": jws}).to_string(),
        None => json!({"error": "gone"}).to_string(),
    };
    gateway.twist(move |_, _, _, _| Ok(response(status, &body)));
    let _ = poll(&app, &enrolling);
    let believed = matches!(app.gateways()[0].state, GatewayState::Gone(_));
    assert_eq!(world.keys.names().is_empty(), believed, "keys go with the enrolment alone");
    believed
}

fn removal(gateway: &super::gateway::Gateway) -> Value {
    json!({"iss": gateway.u, "aud": gateway.did(), "iat": 1, "why": "person"})
}

#[test]
fn a_signed_removal_is_believed_and_stays() {
    assert!(believes(|gateway| Some(sign("cs-gone+jwt", &removal(gateway), &gateway.gk)), 410));
}

#[test]
fn gone_unsigned() {
    assert!(!believes(|_| None, 410));
    assert!(!believes(|gateway| Some(sign("cs-gone+jwt", &removal(gateway), &Key::named("evil"))), 410));
    assert!(!believes(|gateway| Some(sign("cs-gone+jwt", &removal(gateway), &gateway.gk)), 401), "not of its status");
}

#[test]
fn gone_other_aud() {
    assert!(!believes(
        |gateway| {
            let mut claims = removal(gateway);
            claims["aud"] = json!(id(1));
            Some(sign("cs-gone+jwt", &claims, &gateway.gk))
        },
        410
    ));
}

#[test]
fn gone_html() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.twist(|_, _, _, _| Ok(response(410, "<html>Gone</html>")));
    assert_eq!(poll(&app, &enrolling).unwrap_err(), GatewayError::Busy(None).into());
    assert!(matches!(app.gateways()[0].state, GatewayState::Pending { .. }));
}

#[test]
fn refused_everywhere() {
    let (world, gateway, app, enrolling) = enrolled();
    let before = gateway.calls("metadata");
    gateway
        .twist(|path, _, _, good| Ok(if path == "metadata" { good } else { response(401, r#"{"error":"refused"}"#) }));
    for _ in 0..5 {
        assert_eq!(poll(&app, &enrolling).unwrap_err(), GatewayError::DeviceRefused.into());
    }
    assert_eq!(gateway.calls("metadata") - before, 1, "asked once a minute whether keys changed");
    assert_eq!(gateway.calls("poll"), 5, "the keys did not, so nothing is repeated");
    assert_eq!((app.gateways().len(), world.keys.names().len()), (1, 2));
    // With a new key in the metadata it is repeated, once.
    world.clock.pass(61);
    {
        let mut state = gateway.state();
        state.meta["seq"] = json!(4);
        state.meta["keys"] = json!([gateway.gk.jwk_json(), Key::named("gk2").jwk_json()]);
    }
    assert!(poll(&app, &enrolling).is_err());
    assert_eq!(gateway.calls("poll"), 7);
}

#[test]
fn nonce_for_ever() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.twist(|path, _, _, mut good| {
        if path == "poll" {
            (good.status, good.body) = (401, br#"{"error":"nonce"}"#.to_vec());
        }
        Ok(good)
    });
    let outcome = app.poll(enrolling.id, 0, &Cancel::default()).unwrap();
    assert_eq!(outcome.fault, Some(GatewayError::Busy(None).into()));
    assert!(outcome.next_in.unwrap() > Duration::ZERO);
    let state = gateway.state();
    let proofs: Vec<Proof> = state
        .log
        .iter()
        .filter(|(path, _)| path == "poll")
        .map(|(_, request)| {
            let (_, text) = request.headers.iter().find(|(name, _)| name == "countersign-proof").unwrap();
            Message::<Proof>::parse(text).unwrap().claims().clone()
        })
        .collect();
    assert_eq!(proofs.len(), 2, "signed anew once");
    assert_ne!(proofs[0].jti, proofs[1].jti);
    assert_ne!(proofs[0].nonce, proofs[1].nonce, "with the newest nonce");
}

#[test]
fn an_answer_without_nonce_leaves_the_old_one() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.twist(|_, _, _, mut good| {
        good.headers.clear();
        Ok(good)
    });
    let before = gateway.calls("metadata");
    for _ in 0..3 {
        poll(&app, &enrolling).unwrap();
    }
    assert_eq!(gateway.calls("metadata"), before);
}

#[test]
fn retry_after_year() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.twist(|_, _, _, _| {
        let headers = vec![("retry-after".to_owned(), "31536000".to_owned())];
        Ok(Response { status: 429, headers, body: br#"{"error":"slow"}"#.to_vec() })
    });
    let outcome = app.poll(enrolling.id, 0, &Cancel::default()).unwrap();
    assert_eq!(outcome.next_in, Some(Duration::from_secs(3600)));
    assert_eq!(outcome.fault, Some(GatewayError::Busy(Some(3600)).into()));
    // The person may try at once.
    gateway.untwist();
    assert!(poll(&app, &enrolling).is_ok());
}

#[test]
fn plain_500() {
    let (_world, gateway, app, enrolling) = enrolled();
    for status in [500, 502, 200, 302, 418] {
        gateway.twist(move |_, _, _, _| Ok(response(status, "<h1>no</h1>")));
        let outcome = app.poll(enrolling.id, 0, &Cancel::default()).unwrap();
        assert!(outcome.fault.is_some() && outcome.next_in.unwrap() > Duration::ZERO, "{status}");
    }
    assert!(matches!(app.gateways()[0].state, GatewayState::Pending { .. }));
}

#[test]
fn markup_in_text() {
    let (_world, gateway, app, enrolling) = enrolled();
    let mut claims = gateway.claims("one");
    claims["app"] = json!("<b>Shop</b>&amp;");
    gateway.state().challenges = vec![sign("cs-challenge+jwt", &claims, &gateway.gk)];
    poll(&app, &enrolling).unwrap();
    assert_eq!(only(&app).app, "<b>Shop</b>&amp;", "text as it is, never markup");
}

#[test]
fn the_words_of_an_error_go_to_the_log_and_nowhere_else() {
    const WORDS: &str = "Ask <b>Eve</b> for the \"new\" code";
    let (_world, gateway, app, enrolling) = enrolled();
    let refusing = |words: &str| {
        let body = json!({"error": "policy", "why": "state", "text": words}).to_string().into_bytes();
        gateway.twist(move |_, _, _, _| Ok(Response { status: 403, headers: Vec::new(), body: body.clone() }));
        let log = Memory::default();
        let fault = tracing::dispatcher::with_default(&log.dispatch(), || poll(&app, &enrolling).unwrap_err());
        (fault, log.text())
    };
    let (fault, log) = refusing(WORDS);
    assert!(log.contains(&format!("{WORDS:?}")) && log.contains("status=403"), "{log}");
    assert!(!format!("{fault} {fault:?} {:?}", app.gateways()).contains("Eve"), "{fault:?}");
    // What could draw a line of its own, or turn the line round, is escaped, and changes nothing of what was said.
    for words in ["Eve\nWARN all is well", "Eve \u{202e}"] {
        let (fault, log) = refusing(words);
        assert_eq!(fault, GatewayError::Policy(ErrorWhy::State).into());
        assert!(log.contains(&format!("{words:?}")) && !log.contains(words), "{log}");
    }
    // What is too long is no error body of this protocol, and is not repeated.
    let (_, log) = refusing(&format!("Eve {}", "x".repeat(256)));
    assert!(!log.contains("Eve"), "{log}");
}

#[test]
fn answer_over_64k() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.twist(|_, _, _, mut good| {
        good.body = vec![b' '; 64 * 1024 + 1];
        Ok(good)
    });
    assert_eq!(poll(&app, &enrolling).unwrap_err(), PortError::TooLarge.into());
}

#[test]
fn now_jumps() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    for ahead in [(1u64 << 53) - 1 - 2_000_000_000, 400 * 86_400] {
        gateway.state().ahead = ahead;
        poll(&app, &enrolling).unwrap();
        let row = only(&app);
        assert_eq!(row.state, ApprovalState::Ended(ClosedStatus::Expired), "it moves the display");
        assert!(!row.can.approve && row.can.deny);
    }
    gateway.twist_body("poll", |state| state["now"] = json!(0));
    poll(&app, &enrolling).unwrap();
    assert!(only(&app).can.approve);
    gateway.untwist();
    gateway.state().ahead = 0;
    // The jump ended nothing for good, and codes never follow it.
    poll(&app, &enrolling).unwrap();
    assert_eq!(approve(&app, only(&app).id, "049218").unwrap().st.as_str(), "approved");
    assert_eq!(countersign_core::port::Clock::now(&*world.clock), super::phone::NOW);
}

#[test]
fn a_removed_enrolment_keeps_its_row_until_it_is_forgotten() {
    let (world, gateway, app, enrolling) = enrolled();
    let jws = sign("cs-gone+jwt", &removal(&gateway), &gateway.gk);
    let body = json!({"error": "gone", "gone": jws}).to_string();
    gateway.twist(move |_, _, _, _| Ok(response(410, &body)));
    assert_eq!(app.poll(enrolling.id, 0, &Cancel::default()).unwrap().next_in, None);
    drop(app);
    let app = world.app();
    assert_eq!(app.gateways()[0].state, GatewayState::Gone(GoneWhy::Person));
    assert_eq!(app.gateways()[0].acct, "alice@example.com");
    app.forget(enrolling.id).unwrap();
    assert!(app.gateways().is_empty());
    gateway.untwist();
    assert!(enrol(&app, &gateway).is_ok());
}

#[test]
fn pins_name_the_key_alone() {
    // `H32` of the SPKI: what the QR carries is what the connection is asked for.
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    enrol(&world.app(), &gateway).unwrap();
    let wanted = countersign_core::port::Trust::Pins(vec![H32::sha256(&[b"tls key"])]);
    assert!(gateway.state().log.iter().all(|(_, request)| request.trust == wanted));
}

#[test]
fn joining_lie() {
    // Nobody was invited by this phone: a device that «joins» reaches no screen, and spoils no State.
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    gateway.twist_body("poll", |state| state["joining"] = json!({"e": id(1), "os": "android", "model": "Pixel 9"}));
    poll(&app, &enrolling).unwrap();
    only(&app);
    assert!(!format!("{:?}{:?}", app.gateways(), app.approvals()).contains("Pixel"));
}

#[test]
fn cookie() {
    super::net::cookie();
}

#[test]
fn redirect() {
    super::net::redirect();
}
