//! What a phone lives through: approvals, wrong digits, killed processes, several gateways, calls that hang.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_core::app::{App, ApprovalState, GatewayState, LockState};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError, PortError};
use countersign_core::port::{Observer, Topic};
use countersign_core::vault::DeviceClass;
use countersign_protocol::Secret;
use countersign_protocol::push::{Answer, AnswerRequest, ClosedStatus, KeyClass, Message, Res, Status};
use countersign_tests::raw_phone::{Key, payload, sign};
use serde_json::json;

use super::phone::{World, approve, enrol, enrolled, only, poll};

#[test]
fn approve_by_digits() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    assert!(poll(&app, &enrolling).unwrap());
    let row = only(&app);
    let verdict = approve(&app, row.id, "049 218").unwrap();
    assert_eq!(verdict.st, Status::Approved);
    assert_eq!(only(&app).state, ApprovalState::Decided(Status::Approved));
    let prompt = world.keys.prompts.lock().unwrap().last().unwrap().clone();
    assert_eq!(
        (prompt.app.as_str(), prompt.host.as_str(), prompt.account.as_str()),
        ("Demo shop", "gate.example.com", "alice@example.com")
    );
    let body: AnswerRequest = serde_json::from_slice(&gateway.bodies("answer")[0]).unwrap();
    let challenge = gateway.state().challenges[0].clone();
    assert_eq!(body.answer.claims().ch, countersign_tests::raw_phone::h(&challenge), "what was seen is what is signed");
}

#[test]
fn wrong_digits_to_the_limit() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let row = only(&app);
    for left in [2, 1] {
        let verdict = approve(&app, row.id, "000000").unwrap();
        assert_eq!((verdict.st, verdict.left.map(|left| left.get())), (Status::Wrong, Some(left)));
        assert!(matches!(only(&app).state, ApprovalState::Open(Some(tries)) if tries.get() == left));
    }
    assert_eq!(approve(&app, row.id, "000000").unwrap().st, Status::Failed);
    assert!(matches!(approve(&app, row.id, "049218").unwrap_err(), Error::Input(InputError::Ended(_))));
    assert_eq!(gateway.calls("answer"), 3);
}

#[test]
fn another_number_of_digits_uses_up_no_try() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    for digits in ["04", "04921", "0492180"] {
        assert_eq!(approve(&app, only(&app).id, digits).unwrap_err(), InputError::DigitsAsked(6).into());
    }
    assert_eq!(gateway.calls("answer"), 0);
}

#[test]
fn deny_and_report_are_signed_without_a_prompt() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let asked = world.keys.prompts.lock().unwrap().len();
    assert_eq!(app.deny(only(&app).id, &Cancel::default()).unwrap().st, Status::Denied);
    assert_eq!(app.report(only(&app).id, &Cancel::default()).unwrap().st, Status::Reported);
    assert_eq!(world.keys.prompts.lock().unwrap().len(), asked);
    // A second denial is not sent: it was made.
    let sent = gateway.calls("answer");
    assert_eq!(app.report(only(&app).id, &Cancel::default()).unwrap().st, Status::Reported);
    assert_eq!(gateway.calls("answer"), sent);
}

#[test]
fn deny_is_offered_for_ten_minutes_after_the_challenge_left() {
    let (world, gateway, app, enrolling) = enrolled();
    let jti = gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    {
        let mut state = gateway.state();
        state.challenges.clear();
        state.closed = vec![json!({"jti": jti, "st": "approved"})];
    }
    poll(&app, &enrolling).unwrap();
    let row = only(&app);
    world.clock.pass(600);
    assert!(only(&app).can.deny && only(&app).can.report);
    world.clock.pass(1);
    assert!(app.approvals().is_empty());
    assert_eq!(app.deny(row.id, &Cancel::default()).unwrap_err(), InputError::NotFound.into());
}

#[test]
fn a_killed_process_sends_the_same_bytes_again() {
    for res in [Res::Approve, Res::Deny] {
        let (world, gateway, app, enrolling) = enrolled();
        gateway.challenge("one");
        poll(&app, &enrolling).unwrap();
        // The answer is signed and stored; the network takes it away, and the process dies.
        gateway.twist(|path, _, _, good| if path == "answer" { Err(PortError::Network) } else { Ok(good) });
        let row = only(&app);
        let error = match res {
            Res::Approve => approve(&app, row.id, "049218").unwrap_err(),
            _ => app.deny(row.id, &Cancel::default()).unwrap_err(),
        };
        assert_eq!(error, PortError::Network.into());
        drop(app);
        gateway.untwist();
        let prompts = world.keys.prompts.lock().unwrap().len();
        let app = world.app();
        assert_eq!(only(&app).state, ApprovalState::Sending(res));
        poll(&app, &enrolling).unwrap();
        let bodies = gateway.bodies("answer");
        assert_eq!(bodies.len(), 2);
        assert_eq!(bodies[0], bodies[1], "one decision is signed once");
        assert_eq!(world.keys.prompts.lock().unwrap().len(), prompts);
        assert!(matches!(only(&app).state, ApprovalState::Decided(Status::Approved | Status::Denied)));
    }
}

#[test]
fn the_same_digits_again_repeat_the_answer_and_others_make_a_new_one() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    gateway.twist(|path, _, _, good| if path == "answer" { Err(PortError::Timeout) } else { Ok(good) });
    let id = only(&app).id;
    assert!(approve(&app, id, "111111").is_err());
    assert!(approve(&app, id, "111111").is_err());
    gateway.untwist();
    let prompts = world.keys.prompts.lock().unwrap().len();
    assert_eq!(approve(&app, id, "049218").unwrap().st, Status::Approved);
    assert_eq!(world.keys.prompts.lock().unwrap().len(), prompts + 1);
    let jtis: Vec<_> = gateway.bodies("answer").iter().map(|body| answer(body).claims().jti).collect();
    assert_eq!(jtis[0], jtis[1]);
    assert_ne!(jtis[1], jtis[2]);
    // The digits that the person took back are never sent again.
    drop(app);
    let app = world.app();
    poll(&app, &enrolling).unwrap();
    assert_eq!(gateway.calls("answer"), 3);
}

fn answer(body: &[u8]) -> Message<Answer> {
    serde_json::from_slice::<AnswerRequest>(body).unwrap().answer
}

#[test]
fn a_refused_prompt_leaves_the_approval_open() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    for refusal in [PortError::UserRefused, PortError::Interrupted, PortError::Cancelled] {
        *world.keys.refuse.lock().unwrap() = Some(refusal);
        assert_eq!(approve(&app, only(&app).id, "049218").unwrap_err(), refusal.into());
        assert_eq!(only(&app).state, ApprovalState::Open(None));
    }
    assert_eq!(gateway.calls("answer"), 0);
}

#[test]
fn a_second_request_waits_behind_the_first() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("first");
    poll(&app, &enrolling).unwrap();
    world.clock.pass(5);
    let second = gateway.challenge("second");
    poll(&app, &enrolling).unwrap();
    let rows = app.approvals();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[1].id.challenge, second);
    assert_eq!(approve(&app, rows[0].id, "049218").unwrap().st, Status::Approved);
    assert_eq!(app.approvals()[0].id.challenge, second, "what was decided goes to the end");
}

#[test]
fn several_gateways_and_several_accounts_on_one() {
    let world = World::new();
    let (one, two) = (world.gateway("one.example.com"), world.gateway("two.example.com"));
    let app = world.app();
    let first = enrol(&app, &one).unwrap();
    one.activate();
    one.state().code = *b"another code 16b";
    let again = enrol(&app, &one).unwrap();
    let other = enrol(&app, &two).unwrap();
    two.activate();
    assert_eq!(app.gateways().len(), 3);
    assert_eq!(world.keys.names().len(), 6, "keys of their own for each");
    // The same ids at both gateways: they are told apart, and each answer goes where it belongs.
    two.challenge("same");
    poll(&app, &other).unwrap();
    let row = only(&app);
    assert_eq!((row.host.as_str(), row.id.gateway), ("two.example.com", other.id));
    assert_eq!(approve(&app, row.id, "049218").unwrap().st, Status::Approved);
    assert_eq!((one.calls("answer"), two.calls("answer")), (0, 1));
    app.forget(first.id).unwrap();
    assert!(poll(&app, &again).is_ok() && poll(&app, &other).is_ok());
    assert_eq!(world.keys.names().len(), 4);
}

#[test]
fn a_port_that_never_returns_does_not_stop_the_list_from_being_read() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let (entered, inside) = channel();
    let (release, held) = channel::<()>();
    gateway.twist(move |_, _, _, good| {
        entered.send(()).unwrap();
        let _ = held.recv();
        Ok(good)
    });
    let app = Arc::new(app);
    let parked = std::thread::spawn({
        let (app, id) = (app.clone(), enrolling.id);
        move || app.poll(id, 30, &Cancel::default())
    });
    inside.recv_timeout(Duration::from_secs(20)).unwrap();
    // While it hangs: lists, another poll, and even a decision.
    assert_eq!((app.approvals().len(), app.gateways().len()), (1, 1));
    assert_eq!(app.poll(enrolling.id, 0, &Cancel::default()).unwrap_err(), PortError::Busy.into());
    assert_eq!(approve(&app, only(&app).id, "049218").unwrap().st, Status::Approved);
    drop(release);
    assert_eq!(parked.join().unwrap().unwrap().fault, None);
    assert_eq!(only(&app).state, ApprovalState::Decided(Status::Approved), "the late State takes nothing back");
    drop(world);
}

#[test]
fn a_prompt_that_stands_for_ever_does_not_stop_the_lists_either() {
    let (world, gateway, app, enrolling) = enrolled();
    let app = Arc::new(app);
    app.create_vault(&Secret::from_slice(b"larch"), DeviceClass::Phone, &Cancel::default()).unwrap();
    app.add_keystore_slot(&Cancel::default()).unwrap();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let id = only(&app).id;
    let (release, held) = channel::<()>();
    let held = Arc::new(Mutex::new(held));
    let mut parked = Vec::new();
    for place in 0..2 {
        let (entered, inside) = channel();
        let (held, asking) = (held.clone(), app.clone());
        let stands = move || {
            entered.send(()).unwrap();
            let _ = held.lock().unwrap().recv();
        };
        if place == 0 {
            world.keys.during_next_prompt(stands);
            parked.push(std::thread::spawn(move || approve(&asking, id, "049218").map(drop)));
        } else {
            app.lock();
            world.keys.during_next_unwrap(stands);
            parked.push(std::thread::spawn(move || asking.unlock_by_keystore(&Cancel::default())));
        }
        inside.recv_timeout(Duration::from_secs(20)).unwrap();
        // While one and then both of them stand.
        assert_eq!((app.approvals().len(), app.gateways().len()), (1, 1));
        assert!(poll(&app, &enrolling).is_ok());
        let codes = app.codes(super::phone::NOW);
        assert_eq!(codes.is_ok(), place == 0, "{codes:?}");
    }
    assert_eq!(app.deny(id, &Cancel::default()).unwrap().st, Status::Denied, "no needs no prompt");
    drop(release);
    assert_eq!(parked.pop().unwrap().join().unwrap(), Ok(()));
    assert_eq!(parked.pop().unwrap().join().unwrap(), Err(InputError::Ended(ClosedStatus::Denied).into()));
    assert_eq!(app.lock_state(), LockState::Open);
}

#[test]
fn a_cancelled_poll_ends_at_once_and_counts_as_nothing() {
    let (_world, gateway, app, enrolling) = enrolled();
    let cancel = Cancel::default();
    gateway.twist({
        let cancel = cancel.clone();
        move |_, _, seen, good| {
            cancel.cancel();
            seen.check()?;
            Ok(good)
        }
    });
    assert_eq!(app.poll(enrolling.id, 30, &cancel).unwrap_err(), PortError::Cancelled.into());
    gateway.untwist();
    assert_eq!(app.poll(enrolling.id, 0, &Cancel::default()).unwrap().next_in, Some(Duration::ZERO));
}

#[test]
fn what_may_wait_is_refused_beyond_thirty_seconds() {
    let (_world, gateway, app, enrolling) = enrolled();
    let before = gateway.calls("poll");
    assert!(matches!(
        app.poll(enrolling.id, 31, &Cancel::default()).unwrap_err(),
        Error::Input(InputError::Field { .. })
    ));
    assert_eq!(gateway.calls("poll"), before);
}

struct Heard(Mutex<Vec<Topic>>, Mutex<Option<Arc<App>>>);

impl Observer for Heard {
    fn changed(&self, topic: Topic) {
        // Calling back must not lock up.
        if let Some(app) = &*self.1.lock().unwrap() {
            let _ = (app.approvals(), app.gateways());
        }
        self.0.lock().unwrap().push(topic);
    }
}

#[test]
fn observers_hear_of_changes_and_may_call_back() {
    let (_world, gateway, app, enrolling) = enrolled();
    let app = Arc::new(app);
    let heard = Arc::new(Heard(Mutex::default(), Mutex::new(Some(app.clone()))));
    app.observe(heard.clone());
    poll(&app, &enrolling).unwrap();
    assert_eq!(*heard.0.lock().unwrap(), [Topic::Gateways], "pending became active");
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    assert_eq!(heard.0.lock().unwrap().last(), Some(&Topic::Approvals));
    let before = heard.0.lock().unwrap().len();
    poll(&app, &enrolling).unwrap();
    assert_eq!(heard.0.lock().unwrap().len(), before, "nothing new, nothing said");
    *heard.1.lock().unwrap() = None;
}

#[test]
fn an_enrolment_without_receipt_ends_after_ten_minutes_in_a_running_app() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    gateway.hold("enrol", 503, r#"{"error":"busy"}"#);
    assert!(enrol(&app, &gateway).is_err());
    let id = app.gateways()[0].id;
    world.clock.pass(600);
    assert!(app.poll(id, 0, &Cancel::default()).unwrap().next_in.is_some());
    let asked = gateway.calls("enrol");
    world.clock.pass(1);
    assert_eq!(app.poll(id, 0, &Cancel::default()).unwrap().next_in, None);
    assert_eq!((app.gateways().len(), world.keys.names().len(), gateway.calls("enrol")), (0, 0, asked));
}

#[test]
fn a_receipt_by_a_key_that_came_meanwhile_is_taken() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    // The receipt is lost on the way, and the gateway's key changes before it is repeated.
    gateway.twist(|path, _, _, good| if path == "enrol" { Err(PortError::Network) } else { Ok(good) });
    assert!(enrol(&app, &gateway).is_err());
    let id = app.gateways()[0].id;
    let next = Key::named("gk2");
    {
        let link = gateway.link_step(&gateway.gk, &next);
        let mut state = gateway.state();
        state.links = vec![link];
        state.meta["keys"] = json!([next.jwk_json()]);
        state.meta["seq"] = json!(4);
    }
    gateway.state().signer = Key::named("gk2");
    gateway.twist_body("enrol", move |body| {
        let claims = payload(body["receipt"].as_str().unwrap());
        body["receipt"] = json!(sign("cs-receipt+jwt", &claims, &next));
    });
    app.poll(id, 0, &Cancel::default()).unwrap();
    assert!(matches!(app.gateways()[0].state, GatewayState::Pending { .. }), "{:?}", app.gateways());
    gateway.untwist();
    gateway.activate();
    app.poll(id, 0, &Cancel::default()).unwrap();
    assert_eq!(app.gateways()[0].state, GatewayState::Active);
}

#[test]
fn keys_that_another_process_makes_while_this_one_starts_are_kept() {
    let (world, _gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    let (keys, id) = (world.keys.clone(), enrolling.id);
    // The other process makes its key just when this one has asked what keys there are.
    world.keys.after_next_list(move || app.rotate_keys(id, KeyClass::Pk, &Cancel::default()).unwrap());
    let app = world.app();
    assert_eq!(keys.names().len(), 3, "{:?}", keys.names());
    poll(&app, &enrolling).unwrap();
    assert_eq!(keys.names().len(), 2);
}
