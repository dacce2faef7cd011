//! What phones were told by a command, which has no bells: a running gateway rings for it, at its start and now and then.

use std::sync::Arc;
use std::time::Duration;

use countersign_gateway::enrol::Store as _;
use countersign_gateway::enrol::store::SqlStore;
use countersign_protocol::jose::Id;
use countersign_protocol::push::GoneWhy;
use countersign_tests::hand_timer::HandTimer;
use countersign_tests::push_server::{PushServer, Received, Reply};
use countersign_tests::raw_phone::{RawPhone, payload};
use countersign_tests::stage::{Stage, caller};
use countersign_tests::window::rest;
use serde_json::json;

use super::ring::{opened, phone};

/// Time between two rounds of a gateway.
const ROUND: Duration = Duration::from_secs(600);
/// For real: how long nothing may come where nothing should.
const QUIET: Duration = Duration::from_millis(200);

/// A gateway that looks at nothing by itself unless its time passes.
fn stage(server: &PushServer) -> (Stage, Arc<HandTimer>) {
    let timer = Arc::new(HandTimer::default());
    let settings = |config: &mut countersign_gateway::config::Config| {
        config.outgoing.allow = vec!["127.0.0.1".parse().unwrap()];
        config.outgoing.roots = Some(server.roots());
    };
    (Stage::with_timer(settings, timer.clone()), timer)
}

/// What the bell rang for; the phone that it wakes is told the same.
fn news(phone: &RawPhone, bell: &Received) -> serde_json::Value {
    assert_eq!(opened(phone, bell), phone.notices()[0]);
    payload(&phone.notices()[0])["info"].clone()
}

#[test]
fn keys_that_were_recovered_while_no_gateway_ran_ring_at_its_start() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let (mut stage, timer) = stage(&server);
    stage.name_recovery("gr").unwrap();
    let alice = stage.person("alice");
    let one = phone(&stage, &alice, "one", &server.endpoint("/up/one"));
    stage.active_phone(&alice, "without a bell");
    assert_eq!(news(&one, &server.wait(1)[0]), "device_added");

    stage.recover_unnoticed("gr", None).unwrap();
    stage.clock.advance(3_600);
    rest(QUIET);
    assert_eq!(server.received().len(), 1, "this gateway has not looked, as if none ran");
    stage.restart(8);
    let bells = server.wait(2);
    assert_eq!(news(&one, &bells[1]), "recovery_used");
    // It rang for that: neither a later round nor another start rings again.
    stage.restart(9);
    timer.pass(ROUND);
    rest(QUIET);
    assert_eq!(server.received().len(), 2);
}

#[test]
fn what_the_help_desk_does_beside_a_gateway_rings_at_its_next_round() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let (stage, timer) = stage(&server);
    let alice = stage.person("alice");
    let other = stage.active_phone(&alice, "other");
    let one = phone(&stage, &alice, "one", &server.endpoint("/up/one"));
    // As the command does it, in the store alone.
    let house = stage.house();
    let (did, at): (Id, _) = (other.did.borrow().parse().unwrap(), house.approvals.moment());
    let entry = caller().entry(at.now, "device.remove", "admin");
    assert!(SqlStore(house.store.clone()).end(alice.id, did, GoneWhy::Admin, at, entry).unwrap().is_some());
    timer.until_waiting(ROUND, 1);
    rest(QUIET);
    assert_eq!(server.received().len(), 0);
    timer.pass(ROUND);
    let bell = server.wait(1).remove(0);
    assert_eq!((news(&one, &bell), bell.header("topic")), (json!("device_removed"), Some("cs")));
}
