//! Events: what a stream brings counts exactly as what a poll brings, and a gateway without them is polled.

use std::time::Duration;

use countersign_core::app::{ApprovalState, GatewayState};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, GatewayError, PortError};
use countersign_core::limits;
use countersign_core::port::Response;
use countersign_protocol::push::{AnswerRequest, ClosedStatus, GoneWhy, Via};
use countersign_tests::raw_phone::{Key, sign};
use serde_json::json;

use super::phone::{enrolled, only, poll};

#[test]
fn a_challenge_comes_by_event_and_is_told_as_delivered() {
    let (_world, gateway, app, enrolling) = enrolled();
    let mut parts = 0;
    gateway.feed(move |gateway| {
        parts += 1;
        match parts {
            1 => Some(format!(": hello\n\n{}", gateway.event())),
            2 => {
                gateway.challenge("one");
                // The network cuts where it likes.
                Some(gateway.event()[..40].to_owned())
            }
            3 => Some(gateway.event()[40..].to_owned()),
            _ => None,
        }
    });
    let outcome = app.events(enrolling.id, &Cancel::default()).unwrap();
    assert_eq!((outcome.news, outcome.next_in, outcome.fault), (true, Some(Duration::ZERO), None));
    let row = only(&app);
    let echoes = gateway.state().echoes.clone();
    assert_eq!(echoes.len(), 2, "a poll before, and one after the challenge");
    let last = &echoes[1];
    assert_eq!((last.wait.get(), last.have.to_vec()), (0, vec![row.id.challenge]), "it repeats the event's State");
    assert_eq!(last.seen.to_vec(), vec![row.id.challenge]);
    app.deny(row.id, &Cancel::default()).unwrap();
    let body: AnswerRequest = serde_json::from_slice(&gateway.bodies("answer")[0]).unwrap();
    assert_eq!(body.answer.claims().via, Via::Events);
}

#[test]
fn an_event_that_closes_ends_the_asking() {
    let (_world, gateway, app, enrolling) = enrolled();
    let jti = gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let mut told = false;
    gateway.feed(move |gateway| {
        if std::mem::replace(&mut told, true) {
            return None;
        }
        let mut state = gateway.state();
        state.challenges.clear();
        state.closed = vec![json!({"jti": jti, "st": "denied"})];
        drop(state);
        Some(gateway.event())
    });
    assert!(app.events(enrolling.id, &Cancel::default()).unwrap().news);
    assert_eq!(only(&app).state, ApprovalState::Ended(ClosedStatus::Denied));
    assert_eq!(gateway.calls("poll"), 2, "an event without a new challenge is not followed by a poll");
}

#[test]
fn a_gateway_without_events_is_polled_for_an_hour() {
    let (world, gateway, app, enrolling) = enrolled();
    let outcome = app.events(enrolling.id, &Cancel::default()).unwrap();
    assert_eq!(outcome.fault, None);
    let waits = |gateway: &super::gateway::Gateway| -> Vec<u8> {
        gateway.state().echoes.iter().map(|echo| echo.wait.get()).collect()
    };
    assert_eq!(waits(&gateway), [0, 30], "it waits by a poll");
    app.events(enrolling.id, &Cancel::default()).unwrap();
    assert_eq!((gateway.calls("events"), waits(&gateway).last()), (1, Some(&30)));
    world.clock.pass(limits::EVENTS_MISSING.as_secs() - 1);
    app.events(enrolling.id, &Cancel::default()).unwrap();
    assert_eq!(gateway.calls("events"), 1);
    world.clock.pass(1);
    app.events(enrolling.id, &Cancel::default()).unwrap();
    assert_eq!(gateway.calls("events"), 2);
}

#[test]
fn calls_and_streams_are_given_the_time_of_the_table() {
    let (_world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    app.poll(enrolling.id, 30, &Cancel::default()).unwrap();
    gateway.feed(|_| None);
    app.events(enrolling.id, &Cancel::default()).unwrap();
    let state = gateway.state();
    let last =
        |path: &str| state.log.iter().rfind(|(asked, _)| asked == path).map(|(_, request)| request.deadline).unwrap();
    assert_eq!(last("events"), limits::EVENT_SILENCE);
    let polls = state.log.iter().filter(|(asked, _)| asked == "poll").map(|(_, request)| request.deadline);
    assert_eq!(polls.max(), Some(limits::CALL_DEADLINE + Duration::from_secs(30)), "beside its wait");
    assert_eq!(last("metadata"), limits::CALL_DEADLINE);
}

#[test]
fn a_stream_that_ends_at_once_is_opened_again_later_and_later() {
    let (_world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    gateway.feed(|_| None);
    let mut waits = Vec::new();
    for _ in 0..8 {
        let outcome = app.events(enrolling.id, &Cancel::default()).unwrap();
        assert_eq!(outcome.fault, None);
        waits.push(outcome.next_in.unwrap());
    }
    // A poll that goes well between them must not begin the row anew.
    for (wait, whole) in waits.iter().zip([1, 2, 4, 8, 16, 32, 60, 60]) {
        let whole = Duration::from_secs(whole);
        assert!(*wait >= whole * 8 / 10 && *wait <= whole * 12 / 10, "{waits:?}");
    }
}

#[test]
fn a_stream_that_lasted_is_opened_again_at_once() {
    let (world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    let (clock, mut parts) = (world.clock.clone(), 0);
    gateway.feed(move |_| {
        clock.pass(25);
        parts += 1;
        (parts < 36).then(|| ":\n\n".to_owned())
    });
    let outcome = app.events(enrolling.id, &Cancel::default()).unwrap();
    assert_eq!((outcome.news, outcome.next_in, outcome.fault), (false, Some(Duration::ZERO), None));
}

#[test]
fn a_gateway_that_never_ends_a_stream_is_left_after_twenty_minutes() {
    let (world, gateway, app, enrolling) = enrolled();
    let clock = world.clock.clone();
    let parts = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = parts.clone();
    gateway.feed(move |_| {
        clock.pass(25);
        count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Some(":\n\n".to_owned())
    });
    assert_eq!(app.events(enrolling.id, &Cancel::default()).unwrap().next_in, Some(Duration::ZERO));
    assert_eq!(parts.load(std::sync::atomic::Ordering::SeqCst), 49);
}

#[test]
fn what_is_not_signed_in_an_event_counts_for_nothing() {
    let (_world, gateway, app, enrolling) = enrolled();
    let mut told = false;
    gateway.feed(move |gateway| {
        if std::mem::replace(&mut told, true) {
            return None;
        }
        let forged = sign("cs-challenge+jwt", &gateway.claims("forged"), &Key::named("evil"));
        gateway.state().challenges = vec![forged, "not.a.challenge".to_owned()];
        Some(gateway.event())
    });
    app.events(enrolling.id, &Cancel::default()).unwrap();
    assert!(app.approvals().is_empty());
    poll(&app, &enrolling).unwrap();
    let echo = gateway.state().echoes.last().unwrap().clone();
    assert_eq!((echo.have.len(), echo.seen.len()), (1, 0), "what was held is repeated, and is not seen");
}

#[test]
fn a_broken_stream_is_a_fault_and_keeps_what_came() {
    for (broken, fault) in [
        ("event: state\ndata: {}\n\n".to_owned(), None),
        ("event: state\ndata: [1]\n\n".to_owned(), None),
        ("d".repeat(70_000), Some(Error::from(PortError::TooLarge))),
    ] {
        let (_world, gateway, app, enrolling) = enrolled();
        let mut parts = 0;
        gateway.feed(move |gateway| {
            parts += 1;
            if parts == 1 {
                gateway.challenge("one");
                return Some(gateway.event());
            }
            Some(broken.clone())
        });
        let outcome = app.events(enrolling.id, &Cancel::default()).unwrap();
        match fault {
            Some(fault) => assert_eq!(outcome.fault, Some(fault)),
            None => assert!(matches!(outcome.fault, Some(Error::Gateway(GatewayError::Malformed(_))))),
        }
        assert!(outcome.next_in.unwrap() > Duration::ZERO);
        only(&app);
    }
}

#[test]
fn a_removal_ends_the_listening() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.feed(|_| None);
    let gone = json!({"iss": gateway.u, "aud": gateway.did(), "iat": 1, "why": "admin"});
    let body = json!({"error": "gone", "gone": sign("cs-gone+jwt", &gone, &gateway.gk)}).to_string();
    gateway.twist(move |path, _, _, good| {
        let headers = Vec::new();
        Ok(if path == "events" { Response { status: 410, headers, body: body.clone().into_bytes() } } else { good })
    });
    let outcome = app.events(enrolling.id, &Cancel::default()).unwrap();
    assert_eq!((outcome.next_in, outcome.fault), (None, None));
    assert_eq!(app.gateways()[0].state, GatewayState::Gone(GoneWhy::Admin));
    assert!(world.keys.names().is_empty());
}

#[test]
fn refusals_of_a_stream_are_those_of_any_call() {
    let table: [(u16, &str, Error); 4] = [
        (401, r#"{"error":"nonce"}"#, GatewayError::Busy(None).into()),
        (401, r#"{"error":"refused"}"#, GatewayError::DeviceRefused.into()),
        (503, "<html>", GatewayError::Busy(None).into()),
        (400, r#"{"error":"version"}"#, GatewayError::Version.into()),
    ];
    for (status, body, fault) in table {
        let (_world, gateway, app, enrolling) = enrolled();
        gateway.feed(|_| None);
        gateway.twist(move |path, _, _, mut good| {
            if path == "events" {
                (good.status, good.body) = (status, body.as_bytes().to_vec());
            }
            Ok(good)
        });
        let outcome = app.events(enrolling.id, &Cancel::default()).unwrap();
        assert_eq!(outcome.fault, Some(fault), "{status} {body}");
        let proofs: std::collections::BTreeSet<_> =
            gateway.state().log.iter().filter(|(path, _)| path == "events").map(|(_, r)| r.headers.clone()).collect();
        assert_eq!(proofs.len(), gateway.calls("events"), "each has a proof of its own");
        assert_eq!(gateway.calls("events"), if body.contains("nonce") { 2 } else { 1 });
    }
}

#[test]
fn a_cancelled_stream_ends_at_once_and_keeps_what_came() {
    let (_world, gateway, app, enrolling) = enrolled();
    let cancel = Cancel::default();
    let mut parts = 0;
    gateway.feed({
        let cancel = cancel.clone();
        move |gateway| {
            parts += 1;
            match parts {
                1 => {
                    gateway.challenge("one");
                    Some(gateway.event())
                }
                2 => {
                    cancel.cancel();
                    Some(":\n\n".to_owned())
                }
                _ => panic!("nobody listens any more"),
            }
        }
    });
    assert_eq!(app.events(enrolling.id, &cancel).unwrap_err(), PortError::Cancelled.into());
    only(&app);
}

#[test]
fn one_stream_at_a_time_and_a_poll_beside_it() {
    let (_world, gateway, app, enrolling) = enrolled();
    let app = std::sync::Arc::new(app);
    let (inside, id) = (app.clone(), enrolling.id);
    let mut parts = 0;
    gateway.feed(move |_| {
        parts += 1;
        if parts > 1 {
            return None;
        }
        assert_eq!(inside.events(id, &Cancel::default()).unwrap_err(), PortError::Busy.into());
        assert_eq!(inside.poll(id, 0, &Cancel::default()).unwrap().fault, None);
        Some(":\n\n".to_owned())
    });
    assert_eq!(app.events(enrolling.id, &Cancel::default()).unwrap().fault, None);
}
