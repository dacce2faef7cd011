//! Bells: what a sealed body may say, and that nothing of it counts which a gateway did not sign.

use std::sync::Arc;

use countersign_core::app::{App, Bell, Inbox, Note};
use countersign_core::cancel::Cancel;
use countersign_protocol::Secret;
use countersign_protocol::jose::{Id, P256dh};
use countersign_protocol::push::{AnswerRequest, Via};
use countersign_protocol::seal::{self, SealKey};
use countersign_tests::raw_phone::{Key, sign};
use serde_json::json;

use super::gateway::Gateway;
use super::phone::{World, enrolled, only, poll};

/// The receiving key that the gateway knows of its one device.
fn receiving(gateway: &Gateway) -> SealKey {
    gateway.state().devices.values().next_back().unwrap().seal.clone()
}

fn sealed_for(to: &SealKey, plain: &str) -> Vec<u8> {
    seal::seal(to, plain.as_bytes(), &Secret::from_slice(Key::named("as").scalar()), &[4; 16]).unwrap()
}

pub fn sealed(gateway: &Gateway, plain: &str) -> Vec<u8> {
    sealed_for(&receiving(gateway), plain)
}

/// A challenge by the gateway, which no State lists.
fn challenge(gateway: &Gateway, label: &str) -> String {
    sign("cs-challenge+jwt", &gateway.claims(label), &gateway.gk)
}

/// What the phone makes of a body: always the same of a broken one.
fn is_waiting(app: &App, body: &[u8]) -> bool {
    let bell = app.bell(body);
    assert!(app.approvals().is_empty(), "nothing is shown");
    bell == Bell::Waiting
}

#[test]
fn a_sealed_challenge_of_either_size_is_shown() {
    let (_world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    let mut long = gateway.claims("long");
    long["ctx"]["ua"] = json!("ü".repeat(64));
    long["app"] = json!("ä".repeat(64));
    long["acct"] = json!("ö".repeat(128));
    let long = sign("cs-challenge+jwt", &long, &gateway.gk);
    for (jws, size) in [(challenge(&gateway, "short"), 1126), (long, 2150)] {
        let body = sealed(&gateway, &jws);
        assert_eq!(body.len(), size);
        let Bell::Asks(id) = app.bell(&body) else { panic!("{size}: {:?}", app.bell(&body)) };
        assert!(app.approvals().iter().any(|row| row.id == id && row.can.approve));
        assert_eq!(app.bell(&body), Bell::Asks(id), "rung twice, shown once");
    }
    assert_eq!(app.approvals().len(), 2);
    assert_eq!(gateway.calls("poll"), 1, "a bell sends nothing");
}

#[test]
fn an_answer_says_how_its_challenge_came() {
    let (_world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    let jws = challenge(&gateway, "one");
    app.bell(&sealed(&gateway, &jws));
    // Polling lists the same one.
    gateway.state().challenges = vec![jws];
    poll(&app, &enrolling).unwrap();
    app.deny(only(&app).id, &Cancel::default()).unwrap();
    let body: AnswerRequest = serde_json::from_slice(&gateway.bodies("answer")[0]).unwrap();
    assert_eq!(body.answer.claims().via, Via::Push);
}

#[test]
fn wake_asks_for_a_poll() {
    let (_world, gateway, app, enrolling) = enrolled();
    assert_eq!(app.bell(&sealed(&gateway, "wake")), Bell::Poll(enrolling.id));
}

#[test]
fn a_bell_polls_once_in_five_seconds() {
    let (world, gateway, app, enrolling) = enrolled();
    let ring = || app.poll_for_bell(enrolling.id, &Cancel::default()).unwrap().next_in.unwrap().as_secs();
    assert_eq!((ring(), gateway.calls("poll")), (0, 1));
    assert_eq!((ring(), gateway.calls("poll")), (5, 1));
    world.clock.pass(3);
    assert_eq!((ring(), gateway.calls("poll")), (2, 1));
    poll(&app, &enrolling).unwrap();
    assert_eq!(gateway.calls("poll"), 2, "the person may poll at once");
    world.clock.pass(2);
    assert_eq!((ring(), gateway.calls("poll")), (0, 3));
}

#[test]
fn flipped() {
    let (_world, gateway, app, _) = enrolled();
    let body = sealed(&gateway, &challenge(&gateway, "one"));
    for at in 0..body.len() {
        let mut flipped = body.clone();
        flipped[at] ^= 1;
        assert!(is_waiting(&app, &flipped), "byte {at}");
    }
    assert_ne!(app.bell(&body), Bell::Waiting);
}

#[test]
fn other_key() {
    let (_world, gateway, app, _) = enrolled();
    let other = SealKey { p256dh: P256dh(Key::named("evil").jwk()), ..receiving(&gateway) };
    assert!(is_waiting(&app, &sealed_for(&other, &challenge(&gateway, "one"))));
}

#[test]
fn other_auth() {
    let (_world, gateway, app, _) = enrolled();
    let other = SealKey { auth: Id::from_bytes([9; 16]), ..receiving(&gateway) };
    assert!(is_waiting(&app, &sealed_for(&other, &challenge(&gateway, "one"))));
}

#[test]
fn unsealed() {
    let (_world, gateway, app, _) = enrolled();
    let jws = challenge(&gateway, "one");
    assert!(is_waiting(&app, jws.as_bytes()));
    let mut padded = jws.into_bytes();
    padded.resize(1126, 0);
    assert!(is_waiting(&app, &padded) && is_waiting(&app, b"wake"));
}

#[test]
fn garbage() {
    let (_world, gateway, app, _) = enrolled();
    for length in [0, 1, 21, 86, 103, 1000, 1125, 1126, 1127, 2149, 2150, 2151, 4096, 100_000] {
        assert!(is_waiting(&app, &vec![0xa5; length]), "{length}");
    }
    let body = sealed(&gateway, &challenge(&gateway, "one"));
    assert!(is_waiting(&app, &body[..1125]) && is_waiting(&app, &[body.as_slice(), &[0]].concat()));
}

#[test]
fn empty() {
    let (_world, gateway, app, _) = enrolled();
    assert!(is_waiting(&app, &sealed(&gateway, "")) && is_waiting(&app, &[]));
}

#[test]
fn forged_inside() {
    let (world, gateway, app, _) = enrolled();
    let forged = |key: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let mut claims = gateway.claims("one");
        change(&mut claims);
        sealed(&gateway, &sign("cs-challenge+jwt", &claims, &Key::named(key)))
    };
    assert!(is_waiting(&app, &forged("evil", &|_| {})), "anybody can seal");
    assert!(is_waiting(&app, &forged("gk", &|claims| claims["aud"] = json!(Id::from_bytes([1; 16])))));
    assert!(is_waiting(&app, &forged("gk", &|claims| claims["iss"] = json!("https://other.example.com/push/v1"))));
    let late = forged("gk", &|_| {});
    world.clock.pass(121);
    assert!(is_waiting(&app, &late), "past its time");
}

#[test]
fn a_challenge_of_one_gateway_sealed_for_another_enrolment_is_nothing() {
    let (world, gateway, app, _) = enrolled();
    let other = world.gateway("other.example.com");
    super::phone::enrol(&app, &other).unwrap();
    other.activate();
    assert!(is_waiting(&app, &sealed(&other, &challenge(&gateway, "one"))));
    assert_ne!(app.bell(&sealed(&other, &challenge(&other, "two"))), Bell::Waiting);
}

#[test]
fn other_text() {
    let (_world, gateway, app, _) = enrolled();
    let jws = challenge(&gateway, "one");
    for text in ["Wake", "wake\n", "wakewake", "{}", "null", &jws[1..], &format!("{jws}\n"), &format!(" {jws}")] {
        assert!(is_waiting(&app, &sealed(&gateway, text)), "{text}");
    }
    // Other messages of the gateway's are no challenge.
    let gone = json!({"iss": gateway.u, "aud": gateway.did(), "iat": 1, "why": "person"});
    assert!(is_waiting(&app, &sealed(&gateway, &sign("cs-gone+jwt", &gone, &gateway.gk))));
    // `wake` is of the smaller size alone.
    let long = format!("wake{}", " ".repeat(1100));
    assert!(is_waiting(&app, &sealed(&gateway, &long)));
}

#[test]
fn a_day_old_receiving_key_still_opens() {
    let (world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    let old = receiving(&gateway);
    app.change_seal(enrolling.id, &Cancel::default()).unwrap();
    assert_ne!(receiving(&gateway), old);
    world.clock.pass(86_400);
    for (to, label) in [(&old, "by the old one"), (&receiving(&gateway), "by the new one")] {
        assert!(matches!(app.bell(&sealed_for(to, &challenge(&gateway, label))), Bell::Asks(_)), "{label}");
    }
    world.clock.pass(1);
    assert_eq!(app.bell(&sealed_for(&old, &challenge(&gateway, "later"))), Bell::Waiting);
    // For good: also a clock that is set back does not bring it back once the record was written.
    poll(&app, &enrolling).unwrap();
    drop(app);
    let app = world.app();
    assert!(matches!(app.bell(&sealed(&gateway, &challenge(&gateway, "anew"))), Bell::Asks(_)));
}

#[test]
fn a_receiving_key_that_the_gateway_may_know_opens_before_it_said_so() {
    let (world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    gateway.twist(
        |path, _, _, good| {
            if path == "push" { Err(countersign_core::error::PortError::Network) } else { Ok(good) }
        },
    );
    assert!(app.change_seal(enrolling.id, &Cancel::default()).is_err());
    drop(app);
    let app = world.app();
    assert!(matches!(app.bell(&sealed(&gateway, &challenge(&gateway, "one"))), Bell::Asks(_)));
    let told = receiving(&gateway);
    gateway.untwist();
    poll(&app, &enrolling).unwrap();
    assert_eq!(receiving(&gateway), told, "told again, the same one");
    let bodies = gateway.bodies("push");
    assert!(bodies.len() == 2 && bodies[0] == bodies[1]);
    poll(&app, &enrolling).unwrap();
    assert_eq!(gateway.calls("push"), 2, "and then no more");
}

/// The phone as its notification extension has it.
fn inbox(world: &World) -> Inbox {
    let shared = world.folder.path().join("shared");
    Inbox::open(&shared, world.clock.clone(), world.random.clone(), world.keys.clone()).unwrap()
}

#[test]
fn the_extension_says_who_asks_and_leaves_it_for_the_app() {
    let (world, gateway, app, _) = enrolled();
    let jws = challenge(&gateway, "one");
    let extension = inbox(&world);
    let files = world.files();
    let note = extension.bell(&sealed(&gateway, &jws));
    let Note::Asks { app: name, host, city, cc } = note else { panic!("{note:?}") };
    assert_eq!((name.as_str(), host.as_str()), ("Demo shop", "gate.example.com"));
    assert_eq!((city.as_deref(), cc.as_deref()), (Some("Köln"), Some("DE")));
    assert!(app.approvals().is_empty(), "the app did not look yet");
    assert!(app.take_inbox().unwrap());
    assert_eq!(only(&app).app, "Demo shop");
    assert!(!app.take_inbox().unwrap(), "taken once");
    // Also a start takes it, and a poll.
    world.clock.pass(1);
    extension.bell(&sealed(&gateway, &challenge(&gateway, "two")));
    drop(app);
    assert_eq!(world.app().approvals().len(), 2);
    let waiting = world.folder.path().join("shared/device/inbox");
    assert_eq!(std::fs::read_dir(waiting).unwrap().count(), 0);
    assert_eq!(files.len() + 1, world.files().len(), "but for its own folder it makes nothing");
}

#[test]
fn the_extension_shows_nothing_that_does_not_verify() {
    let (world, gateway, app, _) = enrolled();
    let extension = inbox(&world);
    let forged = sign("cs-challenge+jwt", &gateway.claims("one"), &Key::named("evil"));
    for body in [sealed(&gateway, &forged), sealed(&gateway, "wake"), sealed(&gateway, "{}"), vec![7; 1126], vec![]] {
        assert_eq!(extension.bell(&body), Note::Waiting);
    }
    assert!(!app.take_inbox().unwrap());
    // What somebody else puts into the folder is removed, and counts as nothing.
    let folder = world.folder.path().join("shared/device/inbox");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("AAAAAAAAAAAAAAAAAAAAAA.sealed"), challenge(&gateway, "one")).unwrap();
    std::fs::copy(&world.files()[0], folder.join("BAAAAAAAAAAAAAAAAAAAAA.sealed")).unwrap();
    assert!(!app.take_inbox().unwrap());
    assert!(app.approvals().is_empty());
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);
}

#[test]
fn a_full_inbox_takes_no_more_and_an_extension_without_a_phone_says_so() {
    let (world, gateway, app, _) = enrolled();
    let extension = inbox(&world);
    for n in 0..40 {
        // The notification is told all the same; the app polls.
        let note = extension.bell(&sealed(&gateway, &challenge(&gateway, &format!("number {n}"))));
        assert!(matches!(note, Note::Asks { .. }));
    }
    assert!(app.take_inbox().unwrap());
    assert_eq!(app.approvals().len(), 32);
    let nobody = World::new();
    let shared = nobody.folder.path().join("shared");
    assert!(Inbox::open(&shared, nobody.clock.clone(), nobody.random.clone(), nobody.keys.clone()).is_err());
    assert!(!shared.exists(), "it makes nothing");
    let other = Arc::new(super::phone::Keys::default());
    let shared = world.folder.path().join("shared");
    assert!(
        Inbox::open(&shared, world.clock.clone(), world.random.clone(), other).is_err(),
        "another phone's keystore"
    );
}
