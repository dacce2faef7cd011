//! Enrolment on the phone, against a hostile page or gateway.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};

use countersign_core::app::{GatewayState, Phone};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, GatewayError, InputError, Named, PortError, Rule};
use countersign_protocol::jose::{FormError, H32, Id, Refused};
use countersign_protocol::push::EnrolRequest;
use countersign_tests::raw_phone::{Key, b64u, payload, sign};
use serde_json::{Value, json};

use super::gateway::{Gateway, changed};
use super::phone::{World, enrol, enrolled, me, poll};

fn link_rule(text: &str) -> Error {
    World::new().app().enrol_offer(text).unwrap_err()
}

/// What came of an enrolment whose receipt was twisted, and what the phone kept.
fn with_receipt(change: impl FnMut(&Gateway, &mut Value, &EnrolRequest) + Send + 'static) -> (Error, usize) {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    let (here, mut change) = (gateway.clone(), change);
    gateway.twist(move |path, request, _, mut response| {
        if path == "enrol" && response.status == 201 {
            let body: Value = serde_json::from_slice(&response.body).unwrap();
            let mut claims = payload(body["receipt"].as_str().unwrap());
            change(&here, &mut claims, &serde_json::from_slice(&request.body).unwrap());
            let receipt = sign("cs-receipt+jwt", &claims, &here.gk);
            response.body = json!({"receipt": receipt}).to_string().into_bytes();
        }
        Ok(response)
    });
    let error = enrol(&app, &gateway).unwrap_err();
    let pending = app.gateways().iter().filter(|row| row.state != GatewayState::Asking).count();
    assert_eq!(pending, 0, "no digits are shown for such a receipt");
    (error, app.gateways().len())
}

#[test]
fn the_offer_shows_its_host_and_sends_nothing() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com:8443");
    let app = world.app();
    let offer = app.enrol_offer(&gateway.link()).unwrap();
    assert_eq!(offer.host(), "gate.example.com:8443");
    assert!(gateway.state().log.is_empty());
    assert!(app.gateways().is_empty());
}

#[test]
fn enrol_unasked() {
    // Reading a link, also twice and after a restart, neither sends nor keeps anything.
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    for _ in 0..2 {
        let app = world.app();
        app.enrol_offer(&gateway.link()).unwrap();
        assert!(app.gateways().is_empty());
    }
    assert!(gateway.state().log.is_empty());
    assert!(world.keys.names().is_empty());
}

#[test]
fn qr_host_differs() {
    let gateway = World::new().gateway("gate.example.com");
    let link = gateway.link().replacen("gate.example.com", "evil.example.com", 1);
    assert_eq!(link_rule(&link), InputError::Field { field: Named::Enrolment, rule: Rule::Host }.into());
}

#[test]
fn qr_version_2() {
    let gateway = World::new().gateway("gate.example.com");
    assert_eq!(link_rule(&gateway.link().replace("#1.", "#2.")), InputError::NewerLink.into());
}

#[test]
fn qr_k_foreign() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    {
        // Metadata by another key, which lists the code's key too.
        let mut state = gateway.state();
        state.meta["keys"] = json!([Key::named("evil").jwk_json(), gateway.gk.jwk_json()]);
        state.signer = Key::named("evil");
    }
    let app = world.app();
    assert_eq!(enrol(&app, &gateway).unwrap_err(), GatewayError::ForeignCode.into());
    assert!(app.gateways().is_empty() && world.keys.names().is_empty());
}

#[test]
fn qr_p_foreign() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    let offer = app.enrol_offer(&gateway.link_with(Some(H32::sha256(&[b"another key"])))).unwrap();
    assert_eq!(app.enrol(&offer, &me(), &Cancel::default()).unwrap_err(), PortError::Tls.into());
    assert!(gateway.state().log.is_empty());
}

#[test]
fn p_not_in_pins() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    for pins in [json!([H32::sha256(&[b"another key"])]), Value::Null] {
        let mut state = gateway.state();
        state.meta["pins"] = pins;
        if state.meta["pins"].is_null() {
            state.meta.as_object_mut().unwrap().remove("pins");
        }
        drop(state);
        assert_eq!(enrol(&world.app(), &gateway).unwrap_err(), GatewayError::Refused(Refused::Pin).into());
    }
    assert_eq!(gateway.calls("enrol"), 0);
}

#[test]
fn metadata_past_its_time_asks_for_the_clock() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    world.clock.pass(15 * 86_400 + 1);
    assert_eq!(enrol(&world.app(), &gateway).unwrap_err(), GatewayError::Clock.into());
    world.clock.set(super::phone::NOW + 15 * 86_400);
    assert!(enrol(&world.app(), &gateway).is_ok(), "a day late is taken");
}

#[test]
fn receipt_foreign_eh() {
    let (error, kept) = with_receipt(|_, claims, _| claims["eh"] = json!(H32::sha256(&[b"another request"])));
    assert_eq!((error, kept), (GatewayError::ForeignReceipt.into(), 0));
}

#[test]
fn receipt_no_eh() {
    let (error, _) = with_receipt(|_, claims, _| {
        claims.as_object_mut().unwrap().remove("eh");
    });
    assert!(matches!(error, Error::Gateway(GatewayError::Malformed(_))), "{error}");
}

#[test]
fn receipt_other_iss() {
    let (error, kept) = with_receipt(|_, claims, _| claims["iss"] = json!("https://other.example.com/push/v1"));
    assert_eq!((error, kept), (GatewayError::ForeignReceipt.into(), 0));
}

#[test]
fn receipt_did_15() {
    let (error, _) = with_receipt(|_, claims, _| claims["aud"] = json!(b64u(&[1; 15])));
    assert!(matches!(error, Error::Gateway(GatewayError::Malformed(FormError::Size))), "{error}");
}

#[test]
fn receipt_sealed_flipped() {
    let (error, kept) = with_receipt(|_, claims, _| {
        let sealed = claims["sealed"].as_str().unwrap().to_owned();
        let last = sealed.len() - 3;
        let flipped = if &sealed[last..=last] == "A" { "B" } else { "A" };
        claims["sealed"] = json!(format!("{}{flipped}{}", &sealed[..last], &sealed[last + 1..]));
    });
    assert_eq!((error, kept), (GatewayError::Refused(Refused::Sealed).into(), 0));
}

#[test]
fn receipt_sealed_other_key() {
    let (error, _) = with_receipt(|here, claims, request| {
        let mut other = request.enrol.claims().keys.seal.clone();
        other.p256dh = countersign_protocol::jose::P256dh(Key::named("evil").jwk());
        let did: Id = claims["aud"].as_str().unwrap().parse().unwrap();
        *claims = here.receipt(did, request.enrol.h(), &other);
    });
    assert_eq!(error, GatewayError::Refused(Refused::Sealed).into());
}

#[test]
fn no_changed_character_of_a_receipt_is_taken() {
    // Every 61st of some 2,600: each is a whole enrolment. Each single bit is tried by the protocol's own tests.
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    let place = Arc::new(AtomicUsize::new(0));
    let at = place.clone();
    gateway.twist_body("enrol", move |body| {
        let receipt = body["receipt"].as_str().unwrap().to_owned();
        let here = at.fetch_add(61, Ordering::SeqCst);
        body["receipt"] = json!(changed(&receipt, here.min(receipt.len() - 1)));
    });
    while place.load(Ordering::SeqCst) < 2600 {
        assert!(enrol(&app, &gateway).is_err(), "at {place:?}");
        assert!(app.gateways().iter().all(|row| row.state == GatewayState::Asking));
    }
}

fn with_sealed(plain: &'static str) -> Error {
    let (error, _) = with_receipt(move |_, claims, request| {
        let to = &request.enrol.claims().keys.seal;
        let sender = countersign_protocol::Secret::from_slice(Key::named("as").scalar());
        let body = countersign_protocol::seal::seal(to, plain.as_bytes(), &sender, &[9; 16]).unwrap();
        claims["sealed"] = json!(b64u(&body));
    });
    error
}

#[test]
fn receipt_ok_31() {
    let error = with_sealed(r#"{"ok":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw"}"#);
    assert_eq!(error, GatewayError::Refused(Refused::Sealed).into());
}

#[test]
fn receipt_none_sealed() {
    let (error, _) = with_receipt(|_, claims, _| {
        claims.as_object_mut().unwrap().remove("sealed");
    });
    assert!(matches!(error, Error::Gateway(GatewayError::Malformed(_))), "{error}");
    assert_eq!(with_sealed("{}"), GatewayError::Refused(Refused::Sealed).into());
}

#[test]
fn receipt_active_lie() {
    // The gateway calls the device active before any digits: the phone shows it so, and nothing else happens.
    let (error, _) = with_receipt(|_, claims, _| {
        claims["device"] = json!("active");
        claims["eh"] = json!(H32::sha256(&[b"another request"]));
    });
    assert_eq!(error, GatewayError::ForeignReceipt.into(), "an unknown name makes no receipt good");
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    gateway.twist(|path, _, _, mut response| {
        if path == "enrol" {
            let mut body: Value = serde_json::from_slice(&response.body).unwrap();
            body["device"] = json!("active");
            response.body = body.to_string().into_bytes();
        }
        Ok(response)
    });
    let app = world.app();
    let enrolling = enrol(&app, &gateway).unwrap();
    let GatewayState::Pending { digits, .. } = &app.gateways()[0].state else { panic!("still pending") };
    assert_eq!(*digits, enrolling.digits);
}

#[test]
fn six_digits_are_those_of_request_and_device() {
    let (_world, gateway, app, enrolling) = enrolled();
    let body: EnrolRequest = serde_json::from_slice(&gateway.bodies("enrol")[0]).unwrap();
    let digits = countersign_protocol::push::confirmation_digits(&body.enrol.h(), &gateway.did());
    assert_eq!(enrolling.digits, digits);
    assert_eq!((enrolling.gateway.as_str(), enrolling.acct.as_str()), ("Example", "alice@example.com"));
    assert!(poll(&app, &enrolling).is_ok());
    assert_eq!(app.gateways()[0].state, GatewayState::Active);
}

#[test]
fn an_interrupted_request_is_repeated_byte_for_byte() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    // The gateway takes the request, the answer is lost, and the process dies.
    gateway.twist(|path, _, _, response| if path == "enrol" { Err(PortError::Network) } else { Ok(response) });
    let app = world.app();
    assert_eq!(enrol(&app, &gateway).unwrap_err(), PortError::Network.into());
    drop(app);
    gateway.untwist();
    let app = world.app();
    let row = app.gateways().remove(0);
    assert_eq!(row.state, GatewayState::Asking);
    let outcome = app.poll(row.id, 0, &Cancel::default()).unwrap();
    assert_eq!((outcome.news, outcome.fault), (true, None));
    let bodies = gateway.bodies("enrol");
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
    assert!(matches!(app.gateways()[0].state, GatewayState::Pending { .. }));
    assert_eq!(gateway.state().devices.len(), 1);
}

#[test]
fn a_poll_leaves_an_enrolment_that_is_under_way_to_itself() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = Arc::new(world.app());
    let (beside, (tell, told)) = (Arc::clone(&app), mpsc::channel());
    gateway.twist(move |path, _, _, response| {
        if path == "enrol" {
            tell.send(beside.poll(beside.gateways()[0].id, 0, &Cancel::default())).unwrap();
        }
        Ok(response)
    });
    let enrolling = enrol(&app, &gateway).unwrap();
    gateway.untwist();
    assert_eq!(told.try_recv(), Ok(Err(PortError::Busy.into())), "nobody is asked twice");
    assert_eq!(gateway.calls("enrol"), 1);
    assert!(poll(&app, &enrolling).is_ok());
}

#[test]
fn names_of_keys_are_on_disk_before_the_keys_are_made() {
    // The person refuses the prompt: the keys made so far are deleted again, and nothing was sent.
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    *world.keys.refuse.lock().unwrap() = Some(PortError::UserRefused);
    assert_eq!(enrol(&app, &gateway).unwrap_err(), PortError::UserRefused.into());
    assert!(world.keys.names().is_empty());
    assert!(app.gateways().is_empty());
    assert_eq!(gateway.calls("enrol"), 0);
    assert_eq!(world.files().len(), 1, "the store's key alone");
}

#[test]
fn start_up_undoes_what_leads_nowhere_and_deletes_nameless_keys() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    gateway.twist(|path, _, _, response| if path == "enrol" { Err(PortError::Network) } else { Ok(response) });
    let app = world.app();
    assert!(enrol(&app, &gateway).is_err());
    drop(app);
    assert_eq!(world.keys.names().len(), 2);
    use countersign_core::port::{Keystore as _, Purpose};
    let stray = "prove-AAAAAAAAAAAAAAAAAAAAAA".parse().unwrap();
    world.keys.generate(Purpose::Prove, &stray, &Cancel::default()).unwrap();
    let app = world.app();
    assert_eq!(world.keys.names().len(), 2, "the stray key is deleted, those of the request are kept");
    assert_eq!(app.gateways().len(), 1);
    drop(app);
    world.clock.pass(601);
    let app = world.app();
    assert!(world.keys.names().is_empty() && app.gateways().is_empty());
}

#[test]
fn starting_again_takes_the_place_of_a_request_without_receipt() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    gateway.twist(|path, _, _, mut response| {
        if path == "enrol" {
            (response.status, response.body) = (409, br#"{"error":"used"}"#.to_vec());
        }
        Ok(response)
    });
    let app = world.app();
    assert_eq!(enrol(&app, &gateway).unwrap_err(), GatewayError::CodeUsed.into());
    gateway.untwist();
    enrol(&app, &gateway).unwrap();
    assert_eq!(app.gateways().len(), 1);
    assert_eq!(world.keys.names().len(), 2);
}

#[test]
fn a_refusal_says_which_it_was() {
    let table: [(u16, &str, Error); 6] = [
        (
            403,
            r#"{"error":"policy","why":"level"}"#,
            GatewayError::Policy(countersign_protocol::push::ErrorWhy::Level).into(),
        ),
        (410, r#"{"error":"expired"}"#, GatewayError::CodeExpired.into()),
        (400, r#"{"error":"version"}"#, GatewayError::Version.into()),
        (401, r#"{"error":"refused"}"#, GatewayError::DeviceRefused.into()),
        (503, r#"{"error":"busy"}"#, GatewayError::Busy(None).into()),
        (400, r#"{"error":"malformed"}"#, GatewayError::Status(400).into()),
    ];
    for (status, body, expected) in table {
        let world = World::new();
        let gateway = world.gateway("gate.example.com");
        gateway.twist(move |path, _, _, mut response| {
            if path == "enrol" {
                (response.status, response.body) = (status, body.as_bytes().to_vec());
            }
            Ok(response)
        });
        let app = world.app();
        assert_eq!(enrol(&app, &gateway).unwrap_err(), expected);
        assert_eq!(app.gateways()[0].state, GatewayState::Asking, "an unsigned refusal deletes nothing");
    }
}

#[test]
fn what_the_phone_says_of_itself_must_be_fit_to_be_shown() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    let offer = app.enrol_offer(&gateway.link()).unwrap();
    for model in ["", "a\nb", &"m".repeat(65)] {
        let phone = Phone { model: model.to_owned(), ..me() };
        let error = app.enrol(&offer, &phone, &Cancel::default()).unwrap_err();
        assert!(matches!(error, Error::Input(InputError::Field { field: Named::Model, .. })));
    }
    assert!(gateway.state().log.is_empty());
}
