//! What is open while keys change: codes on pages, held polls, requests that are repeated.

use std::sync::Arc;

use countersign_gateway::wake::Topic;
use countersign_protocol::jose::H32;
use countersign_protocol::uri::EnrolLink;
use countersign_tests::hand_timer::HandTimer;
use countersign_tests::patience::until;
use countersign_tests::stage::{Stage, hash};
use serde_json::json;

use super::print;

/// The link that this browser's page shows now.
fn shown(stage: &Stage, browser: H32) -> Option<EnrolLink> {
    let code = stage.house().devices.offered(browser).unwrap()?;
    stage.house().devices.link(&code).unwrap()
}

#[test]
fn pages_show_a_new_code_worth_no_longer_than_the_old_one() {
    let stage = Stage::start();
    let (alice, bob) = (stage.person("alice"), stage.person("bob"));
    let (of_alice, of_bob) = (stage.link(&alice, "alice's"), stage.link(&bob, "bob's"));
    stage.clock.advance(300);
    stage.rotate().unwrap();
    for (old, browser) in [(&of_alice, "alice's"), (&of_bob, "bob's")] {
        let new = shown(&stage, hash(browser)).expect("a new code");
        assert_ne!(new.c.id(), old.c.id());
        assert_eq!((new.k, new.x), (print("gk2"), old.x));
    }
    // It works, and is confirmed on the same page.
    let phone = stage.raw_phone("phone");
    let digits = phone.enrol(&shown(&stage, hash("alice's")).unwrap());
    assert_eq!(stage.confirm(&alice, &phone, &digits), countersign_gateway::enrol::record::Confirmed::Active);
    // A second change has nothing to renew for it, and renews the other.
    stage.clock.advance(60);
    stage.rotate().unwrap();
    assert!(shown(&stage, hash("alice's")).is_none());
    assert_eq!(shown(&stage, hash("bob's")).unwrap().k, print("gk3"));
    // One whose time is over stays over.
    stage.clock.advance(600);
    stage.rotate().unwrap();
    assert!(shown(&stage, hash("bob's")).is_none());
}

#[test]
fn codes_are_made_anew_after_a_change_while_no_gateway_ran() {
    let mut stage = Stage::start();
    let alice = stage.person("alice");
    let old = stage.link(&alice, "browser");
    // As the command does it: nobody notices before the gateway is started again.
    let u = stage.u().parse().unwrap();
    let house = stage.house();
    house.chain.rotate(&u, house.approvals.moment(), &countersign_tests::stage::caller()).unwrap();
    stage.restart(8);
    let new = until("a new code", || shown(&stage, hash("browser")));
    assert_eq!((new.k, new.x, new.c.id() == old.c.id()), (print("gk2"), old.x, false));
}

#[test]
fn a_recovery_key_that_is_named_ends_the_codes_of_phones_that_did_not_see_it() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let old = stage.link(&alice, "browser");
    let phone = stage.raw_phone("phone");
    let body = phone.enrol_body(&old.c, &phone.enrol_claims(&old));
    stage.name_recovery("gr").unwrap();
    assert_eq!(phone.call("/enrol", &body).verdict(), "410 expired");
    assert_eq!(shown(&stage, hash("browser")).map(|new| new.x), Some(old.x));
}

#[test]
fn a_code_that_was_withdrawn_does_not_come_back() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    stage.link(&alice, "browser");
    let owner = countersign_tests::stage::owner(&alice);
    stage.house().devices.withdraw(owner, hash("browser"), &countersign_tests::stage::caller()).unwrap();
    stage.rotate().unwrap();
    assert!(shown(&stage, hash("browser")).is_none());
}

#[test]
fn a_held_poll_is_answered_when_the_keys_change() {
    // No time passes: it does not come to its own end.
    let stage = Stage::with_timer(|_| {}, Arc::new(HandTimer::default()));
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "phone");
    let did = phone.did.borrow().parse().unwrap();
    std::thread::scope(|scope| {
        let held = scope.spawn(|| {
            // A connection of its own, since a raw phone stays in its thread.
            let other = stage.raw_phone("phone");
            other.poll(&other.echo(30)).json()
        });
        until("a held poll", || stage.house().wakes.is_waited_for(Topic::Device(did)).then_some(()));
        stage.rotate().unwrap();
        assert_eq!(held.join().unwrap()["meta"], json!([1, 2]));
    });
}

#[test]
fn an_enrolment_is_repeated_across_a_rotation() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let phone = stage.raw_phone("phone");
    let link = stage.link(&alice, "browser");
    let body = phone.enrol_body(&link.c, &phone.enrol_claims(&link));
    let first = phone.call("/enrol", &body);
    assert_eq!(first.status, 201);
    stage.rotate().unwrap();
    let again = phone.call("/enrol", &body);
    assert_eq!((again.status, again.json()), (201, first.json()), "byte for byte");
}
