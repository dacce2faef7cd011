//! A phone that lost keys, as when its screen lock is removed: records are there, their keys are not. A restored backup is
//! in `files`.

use countersign_core::app::{Enrolling, GatewayState};
use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;

use super::phone::{approve, enrol, enrolled, only, poll};

#[test]
fn keys_that_are_gone_are_said_at_the_start_and_the_phone_enrols_again() {
    let (world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    drop(app);
    world.keys.forget(|name| name.as_str().starts_with("approve"));
    let app = world.app();
    let row = app.gateways().remove(0);
    assert_eq!((row.state, row.host.as_str()), (GatewayState::KeysGone, "gate.example.com"));
    app.forget(enrolling.id).unwrap();
    let again: Enrolling = enrol(&app, &gateway).unwrap();
    gateway.activate();
    poll(&app, &again).unwrap();
    assert_eq!(app.gateways()[0].state, GatewayState::Active);
}

#[test]
fn a_key_that_goes_while_the_app_runs_is_said_at_its_next_use() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    world.keys.forget(|name| name.as_str().starts_with("approve"));
    assert_eq!(approve(&app, only(&app).id, "049218").unwrap_err(), PortError::KeyGone.into());
    assert_eq!(app.gateways()[0].state, GatewayState::KeysGone);
    // Saying no needs the other key alone.
    app.deny(only(&app).id, &Cancel::default()).unwrap();
}
