//! A phone that its person removed on the page.

use countersign_core::app::{ApprovalState, GatewayState};
use countersign_core::error::{Error, GatewayError};
use countersign_core::port::Response;
use countersign_protocol::push::{GoneWhy, Status};
use countersign_tests::plain::Plain;
use countersign_tests::raw_phone::{Key, sign};
use countersign_tests::window::Window;
use serde_json::json;

use super::handset::{Handset, Trick};
use super::{devices, digits, sign_in, signed_in, told, with_phone};

/// Removes a device on the page.
fn remove(window: &mut Plain, origin: &str, did: &str) {
    let page = format!("/manageotp/{did}/remove");
    window.goto(&format!("{origin}{page}"));
    window.submit(&page, &[]);
    assert_eq!(window.path(), "/manageotp");
}

#[test]
fn a_removed_phone_learns_it_from_the_next_poll() {
    let (stage, alice, phone) = with_phone();
    let mut window = signed_in(&stage, &phone, "/manageotp");
    let did = stage.house().devices.of(alice.id).unwrap()[0].0.did.to_string();
    remove(&mut window, &stage.origin(), &did);
    assert_eq!(devices(&stage, &alice), []);
    assert_eq!(told(&stage, "device.remove", GoneWhy::Person.as_str()), 1);
    let outcome = phone.try_poll();
    assert_eq!((outcome.news, outcome.next_in, outcome.fault), (true, None, None), "it is not polled any more");
    assert_eq!(phone.state(), GatewayState::Gone(GoneWhy::Person));
    assert!(phone.app.approvals().is_empty());
    assert!(phone.keys.names().is_empty(), "its keys are deleted");
}

#[test]
fn what_a_removed_phone_still_shows_cannot_be_approved() {
    let (stage, alice, phone) = with_phone();
    let other = Handset::active(&stage, &alice, "Other");
    let mut window = signed_in(&stage, &other, "/manageotp");
    phone.poll();
    let mut login = Plain::new();
    sign_in(&mut login, &stage, "/demo");
    let shown = digits(&mut login);
    phone.poll();
    assert_eq!(phone.first().state, ApprovalState::Open(None));
    remove(&mut window, &stage.origin(), &phone.did.unwrap().to_string());
    // It did not hear of it; its right digits come too late, and now it hears.
    assert_eq!(phone.answer(&shown).unwrap_err(), Error::Gateway(GatewayError::Gone));
    assert_eq!(phone.state(), GatewayState::Gone(GoneWhy::Person));
    login.goto(&format!("{}/demo", stage.origin()));
    assert_eq!(login.path(), "/login", "nobody is signed in");
    // Whoever recorded that answer gets as little.
    let (request, first) = phone.line.last("/answer");
    assert_eq!((first.status, phone.line.again(&request).status), (410, 410));
    // The other phone works on.
    other.poll();
    other.approve(&shown);
}

#[test]
fn a_phone_is_not_removed_by_a_word_that_the_gateway_did_not_sign() {
    let (stage, _, phone) = with_phone();
    let u = stage.u();
    let claims =
        |iss: &str| json!({"iss": iss, "aud": "AAAAAAAAAAAAAAAAAAAAAA", "iat": 1_795_260_000u64, "why": "person"});
    let bodies = [
        json!({"error": "gone"}),
        json!({"error": "gone", "gone": sign("cs-gone+jwt", &claims(&u), &Key::named("stranger"))}),
        // Signed by the gateway itself, for another phone.
        json!({"error": "gone", "gone": sign("cs-gone+jwt", &claims(&u), &Key::named("gk"))}),
    ];
    for body in bodies {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        phone.line.next(Trick::Instead(Response { status: 410, headers, body: body.to_string().into_bytes() }));
        let outcome = phone.try_poll();
        assert!(outcome.fault.is_some() && outcome.next_in.is_some(), "{body}: {outcome:?}");
        assert_eq!(phone.state(), GatewayState::Active, "{body}");
        assert_eq!(phone.keys.names().len(), 2, "{body}");
    }
    let mut login = Plain::new();
    sign_in(&mut login, &stage, "/demo");
    let shown = digits(&mut login);
    phone.poll();
    assert_eq!(phone.answer(&shown).unwrap().st, Status::Approved, "and it works on");
}
