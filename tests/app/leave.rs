//! Leaving a gateway, and where its bells go.

use countersign_core::app::{GatewayState, Told};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, GatewayError, InputError, Named, PortError};
use countersign_protocol::limits;
use countersign_protocol::push::{ErrorWhy, GoneWhy};
use countersign_tests::raw_phone::{Key, b64u};
use serde_json::{Value, json};

use super::phone::{World, enrol, enrolled, poll};

const ENDPOINT: &str = "https://push.example.com/up/abc";

#[test]
fn leaving_tells_the_gateway_and_forgets_the_keys() {
    let (world, gateway, app, enrolling) = enrolled();
    app.leave(enrolling.id, &Cancel::default()).unwrap();
    assert!(gateway.state().devices.values().all(|device| device.removed));
    assert!(app.gateways().is_empty() && world.keys.names().is_empty());
    assert_eq!(world.files().len(), 1, "the store's key alone");
    assert_eq!(app.leave(enrolling.id, &Cancel::default()).unwrap_err(), InputError::NotFound.into());
}

#[test]
fn a_gateway_that_cannot_be_told_is_not_forgotten_unasked() {
    let (world, gateway, app, enrolling) = enrolled();
    for fault in [PortError::Network, PortError::Timeout, PortError::Cancelled] {
        gateway.twist(move |path, _, _, good| if path == "device" { Err(fault) } else { Ok(good) });
        assert_eq!(app.leave(enrolling.id, &Cancel::default()).unwrap_err(), fault.into());
    }
    gateway.untwist();
    gateway.hold("device", 401, r#"{"error":"refused"}"#);
    assert_eq!(app.leave(enrolling.id, &Cancel::default()).unwrap_err(), GatewayError::DeviceRefused.into());
    assert_eq!((app.gateways().len(), world.keys.names().len()), (1, 2));
    // The person insists.
    app.forget(enrolling.id).unwrap();
    assert!(app.gateways().is_empty() && world.keys.names().is_empty());
}

#[test]
fn a_lost_word_of_the_removal_is_heard_later() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.twist(|path, _, _, good| if path == "device" { Err(PortError::Network) } else { Ok(good) });
    assert!(app.leave(enrolling.id, &Cancel::default()).is_err());
    gateway.untwist();
    assert!(poll(&app, &enrolling).unwrap());
    assert_eq!(app.gateways()[0].state, GatewayState::Gone(GoneWhy::Itself));
    app.leave(enrolling.id, &Cancel::default()).unwrap();
    assert!(app.gateways().is_empty());
    assert_eq!(gateway.calls("device"), 1, "who is gone need not leave");
}

#[test]
fn leaving_twice_over_ends_as_leaving_once() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.twist(|path, _, _, good| if path == "device" { Err(PortError::Network) } else { Ok(good) });
    assert!(app.leave(enrolling.id, &Cancel::default()).is_err());
    gateway.untwist();
    // 410 with the gateway's signed word.
    app.leave(enrolling.id, &Cancel::default()).unwrap();
    assert!(app.gateways().is_empty());
    assert_eq!(gateway.calls("device"), 2);
}

#[test]
fn a_request_without_receipt_is_left_without_a_word() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    gateway.twist(|path, _, _, good| if path == "enrol" { Err(PortError::Network) } else { Ok(good) });
    let app = world.app();
    assert!(enrol(&app, &gateway).is_err());
    app.leave(app.gateways()[0].id, &Cancel::default()).unwrap();
    assert!(app.gateways().is_empty() && world.keys.names().is_empty());
    assert_eq!(gateway.calls("device"), 0);
}

/// What was last put to `push`.
fn put(gateway: &super::gateway::Gateway) -> Value {
    serde_json::from_slice(gateway.bodies("push").last().unwrap()).unwrap()
}

#[test]
fn an_endpoint_is_told_and_ended() {
    let (_world, gateway, app, enrolling) = enrolled();
    let (id, cancel) = (enrolling.id, Cancel::default());
    let endpoint = || gateway.state().devices.values().next_back().unwrap().endpoint.clone();
    assert_eq!(app.push_endpoint(id).unwrap().endpoint, None);
    app.set_endpoint(id, Some(ENDPOINT), &cancel).unwrap();
    assert_eq!((endpoint().as_deref(), put(&gateway)), (Some(ENDPOINT), json!({"endpoint": ENDPOINT})));
    let shown = app.push_endpoint(id).unwrap();
    assert_eq!((shown.endpoint.as_deref(), shown.told, shown.subscribe_anew), (Some(ENDPOINT), Told::Told, false));
    assert!(!format!("{shown:?}").contains("push.example.com"));
    app.set_endpoint(id, None, &cancel).unwrap();
    assert_eq!((endpoint(), app.push_endpoint(id).unwrap().endpoint), (None, None));
    let long = |bytes: usize| format!("{ENDPOINT}{}", "a".repeat(bytes - ENDPOINT.len()));
    for bad in ["http://push.example.com/", "", &long(limits::ENDPOINT + 1)] {
        let fault = app.set_endpoint(id, Some(bad), &cancel).unwrap_err();
        assert!(matches!(fault, Error::Input(InputError::Field { field: Named::Endpoint, .. })));
    }
    assert_eq!(gateway.calls("push"), 2);
    app.set_endpoint(id, Some(&long(limits::ENDPOINT)), &cancel).unwrap();
    assert_eq!(endpoint(), Some(long(limits::ENDPOINT)));
}

#[test]
fn an_endpoint_that_could_not_be_told_is_told_by_the_next_poll() {
    for endpoint in [Some(ENDPOINT), None] {
        let (world, gateway, app, enrolling) = enrolled();
        poll(&app, &enrolling).unwrap();
        gateway.twist(|path, _, _, good| if path == "push" { Err(PortError::Network) } else { Ok(good) });
        let fault = app.set_endpoint(enrolling.id, endpoint, &Cancel::default()).unwrap_err();
        assert_eq!(fault, PortError::Network.into());
        assert_eq!(app.push_endpoint(enrolling.id).unwrap().told, Told::Waiting);
        drop(app);
        let app = world.app();
        assert!(poll(&app, &enrolling).is_ok(), "the poll itself goes well");
        gateway.untwist();
        poll(&app, &enrolling).unwrap();
        assert_eq!(app.push_endpoint(enrolling.id).unwrap().told, Told::Told);
        let calls = gateway.calls("push");
        poll(&app, &enrolling).unwrap();
        assert_eq!(gateway.calls("push"), calls);
    }
}

#[test]
fn an_endpoint_that_the_gateway_does_not_send_to_is_not_told_again() {
    let (_world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    let fault = app.set_endpoint(enrolling.id, Some("https://127.0.0.1/up"), &Cancel::default()).unwrap_err();
    assert_eq!(fault, GatewayError::Policy(ErrorWhy::Endpoint).into());
    assert_eq!(app.push_endpoint(enrolling.id).unwrap().told, Told::Refused);
    poll(&app, &enrolling).unwrap();
    assert_eq!(gateway.calls("push"), 1);
    // A new receiving key is told alone then.
    app.change_seal(enrolling.id, &Cancel::default()).unwrap();
    assert!(put(&gateway).get("endpoint").is_none() && put(&gateway).get("seal").is_some());
}

#[test]
fn a_new_sending_key_asks_to_subscribe_anew() {
    let (_world, gateway, app, enrolling) = enrolled();
    let point = |name: &str| b64u(&Key::named(name).jwk().to_sec1());
    let serve = |name: &str| {
        let mut state = gateway.state();
        state.meta["seq"] = json!(state.meta["seq"].as_u64().unwrap() + 1);
        state.meta["vapid"] = json!(point(name));
    };
    serve("one");
    poll(&app, &enrolling).unwrap();
    let shown = app.push_endpoint(enrolling.id).unwrap();
    assert_eq!((shown.vapid, shown.subscribe_anew), (Some(point("one")), false), "there is no subscription yet");
    app.set_endpoint(enrolling.id, Some(ENDPOINT), &Cancel::default()).unwrap();
    assert!(!app.push_endpoint(enrolling.id).unwrap().subscribe_anew);
    serve("two");
    poll(&app, &enrolling).unwrap();
    let shown = app.push_endpoint(enrolling.id).unwrap();
    assert_eq!((shown.vapid, shown.subscribe_anew), (Some(point("two")), true));
    app.set_endpoint(enrolling.id, Some("https://push.example.com/up/new"), &Cancel::default()).unwrap();
    assert!(!app.push_endpoint(enrolling.id).unwrap().subscribe_anew);
}

#[test]
fn a_gateway_that_serves_another_version_asks_for_an_update_until_it_does_not() {
    let (_world, gateway, app, enrolling) = enrolled();
    assert!(!app.gateways()[0].outdated);
    gateway.hold("poll", 400, r#"{"error":"version"}"#);
    assert_eq!(poll(&app, &enrolling).unwrap_err(), GatewayError::Version.into());
    assert!(app.gateways()[0].outdated);
    assert!(matches!(app.gateways()[0].state, GatewayState::Pending { .. }), "nothing else changed");
    gateway.untwist();
    poll(&app, &enrolling).unwrap();
    assert!(!app.gateways()[0].outdated);
}
