//! The login page's QR by the camera, in place of its digits.

use countersign_core::app::{App, PageCode, Scanned};
use countersign_core::cancel::Cancel;
use countersign_core::error::{InputError, PortError};
use countersign_core::qr::{Luma, Rotation, ScanError, Symbol};
use countersign_protocol::push::Status;
use countersign_protocol::uri::{LoginLink, QrSecret};
use countersign_tests::patience::read_at_last;
use countersign_tests::raw_phone::id_of;
use serde_json::Value;

use super::phone::{enrol, enrolled, only, poll};

/// A frame of the camera in which a page with this QR stands.
fn frame(text: &str) -> Luma {
    let symbol = Symbol::new(text).unwrap();
    let side = (symbol.width() + 8) * 6;
    let module = |at: usize| (at / 6).wrapping_sub(4);
    let pixels = (0..side * side)
        .map(|at| if symbol.is_dark(module(at % side), module(at / side)) { 20 } else { 230 })
        .collect();
    Luma::new(pixels, side, side, side, Rotation::None).unwrap()
}

/// The page of an approval, as the camera sees it.
fn page(app: &App, host: &str, aid: &str, qs: &str) -> PageCode {
    let qs = QrSecret(id_of(qs).parse().unwrap());
    let text = LoginLink { host: host.to_owned(), aid: id_of(aid).parse().unwrap(), qs }.to_text();
    let seen = read_at_last(|| match app.scan_frame(frame(&text)) {
        Ok(mut found) => found.pop(),
        Err(ScanError::Busy | ScanError::TimedOut) => None,
        Err(other) => panic!("{other}"),
    });
    match seen {
        Scanned::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_the_camera_saw_on_the_page_approves_without_digits() {
    let (world, gateway, app, _enrolling) = enrolled();
    gateway.challenge("one");
    let seen = page(&app, "gate.example.com", "one aid", "qs");
    // Nothing was polled yet: the page leads to its approval.
    let id = app.page_approval(&seen, &Cancel::default()).unwrap();
    assert_eq!(only(&app).id, id);
    assert_eq!(gateway.calls("answer"), 0, "finding it answers nothing");
    let polls = gateway.calls("poll");
    assert_eq!(app.approve_by_qr(id, &seen, &Cancel::default()).unwrap().st, Status::Approved);
    assert_eq!(gateway.calls("poll"), polls + 1, "it polls before it approves");
    let body: Value = serde_json::from_slice(&gateway.bodies("answer")[0]).unwrap();
    let claims = countersign_tests::raw_phone::payload(body["answer"].as_str().unwrap());
    assert_eq!((claims["qs"].as_str(), claims.get("nm")), (Some(id_of("qs").as_str()), None));
    assert_eq!(world.keys.prompts.lock().unwrap().len(), 2, "for the enrolment and for this");
}

#[test]
fn another_page_s_code_does_not_approve_this_one() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let other = page(&app, "gate.example.com", "another aid", "qs");
    let id = only(&app).id;
    assert_eq!(app.page_approval(&other, &Cancel::default()).unwrap_err(), InputError::NotFound.into());
    assert_eq!(app.approve_by_qr(id, &other, &Cancel::default()).unwrap_err(), InputError::NotFound.into());
    assert_eq!(gateway.calls("answer"), 0);
}

#[test]
fn a_page_of_a_gateway_that_this_phone_does_not_know_is_for_another_phone() {
    let (_world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    let other = page(&app, "gate.example.com:8443", "one aid", "qs");
    assert_eq!(app.page_approval(&other, &Cancel::default()).unwrap_err(), InputError::OtherPhone.into());
    assert!(app.approve_by_qr(only(&app).id, &other, &Cancel::default()).is_err());
    assert_eq!(gateway.calls("answer"), 0);
}

#[test]
fn of_two_enrolments_at_one_host_the_one_that_holds_it_is_found() {
    let (_world, gateway, app, _enrolling) = enrolled();
    enrol(&app, &gateway).unwrap();
    gateway.activate();
    // Its State lists what is for the newest device; the other enrolment refuses it.
    gateway.challenge("one");
    let newest = gateway.did();
    let seen = page(&app, "gate.example.com", "one aid", "qs");
    let id = app.page_approval(&seen, &Cancel::default()).unwrap();
    assert_eq!(app.approve_by_qr(id, &seen, &Cancel::default()).unwrap().st, Status::Approved);
    let body: Value = serde_json::from_slice(&gateway.bodies("answer")[0]).unwrap();
    let claims = countersign_tests::raw_phone::payload(body["answer"].as_str().unwrap());
    assert_eq!(claims["iss"], newest.to_string());
}

#[test]
fn a_lost_answer_by_the_camera_is_repeated_byte_for_byte() {
    let (_world, gateway, app, _enrolling) = enrolled();
    gateway.challenge("one");
    let seen = page(&app, "gate.example.com", "one aid", "qs");
    let id = app.page_approval(&seen, &Cancel::default()).unwrap();
    gateway.twist(|path, _, _, good| if path == "answer" { Err(PortError::Network) } else { Ok(good) });
    assert_eq!(app.approve_by_qr(id, &seen, &Cancel::default()).unwrap_err(), PortError::Network.into());
    gateway.untwist();
    assert_eq!(app.approve_by_qr(id, &seen, &Cancel::default()).unwrap().st, Status::Approved);
    let bodies = gateway.bodies("answer");
    assert!(bodies.len() >= 2 && bodies.iter().all(|body| *body == bodies[0]), "signed once");
}
