//! The gateway's keys change under a phone that is in use: rotated, skipped for long, stolen and recovered.

use countersign_core::app::ApprovalState;
use countersign_core::cancel::Cancel;
use countersign_protocol::push::Status;
use countersign_tests::stage::Stage;

use super::handset::Handset;

/// Rotates and waits until the key before is not listed any more.
fn rotate(stage: &Stage, times: usize) {
    for _ in 0..times {
        stage.rotate().unwrap();
        stage.clock.advance(61);
        stage.look_after_keys();
    }
}

/// A sign-in from its beginning to its end.
fn sign_in(stage: &Stage, alice: &countersign_gateway::person::Person, phone: &Handset) {
    let asked = stage.begin(alice);
    phone.poll();
    phone.approve(&asked.digits());
    assert!(asked.consume());
}

#[test]
fn a_key_is_rotated_in_the_middle_of_a_sign_in() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let phone = Handset::active(&stage, &alice, "Phone");
    let asked = stage.begin(&alice);
    phone.poll();
    stage.rotate().unwrap();
    // The question was signed by the key before, the result is by the new one.
    phone.approve(&asked.digits());
    assert!(asked.consume());
    stage.clock.advance(61);
    stage.look_after_keys();
    sign_in(&stage, &alice, &phone);
}

#[test]
fn a_phone_that_was_away_for_twenty_rotations_signs_in() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let phone = Handset::active(&stage, &alice, "Phone");
    rotate(&stage, 3);
    sign_in(&stage, &alice, &phone);
    rotate(&stage, 20);
    sign_in(&stage, &alice, &phone);
}

#[test]
fn a_phone_that_was_away_for_longer_takes_nothing() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let phone = Handset::active(&stage, &alice, "Phone");
    rotate(&stage, 21);
    stage.begin(&alice);
    phone.try_poll();
    assert!(phone.app.approvals().is_empty(), "nothing by a key that it does not know");
}

#[test]
fn a_stolen_key_is_thrown_out_in_the_middle_of_a_sign_in() {
    let stage = Stage::start();
    let alice = stage.person("alice");
    stage.name_recovery("gr").unwrap();
    let phone = Handset::active(&stage, &alice, "Phone");
    let asked = stage.begin(&alice);
    phone.poll();
    let row = phone.first();
    assert!(matches!(row.state, ApprovalState::Open(_)));
    stage.recover("gr", Some("gr2")).unwrap();
    stage.clock.advance(61);
    let late = phone.app.approve(row.id, asked.digits().parse().unwrap(), &Cancel::default());
    assert!(!late.is_ok_and(|verdict| verdict.st == Status::Approved), "it ended with the key");
    assert!(!asked.consume());
    phone.poll();
    assert!(phone.app.approvals().iter().all(|row| !matches!(row.state, ApprovalState::Open(_))));
    sign_in(&stage, &alice, &phone);
    // And once more, by the recovery key that took the place of the first, with rotations between.
    rotate(&stage, 2);
    stage.recover("gr2", None).unwrap();
    stage.clock.advance(61);
    sign_in(&stage, &alice, &phone);
}
