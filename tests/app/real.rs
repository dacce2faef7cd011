//! The phone's app and its network against a whole gateway in this process: both ends of the protocol, over TLS.

use std::sync::Arc;
use std::time::Duration;

use countersign_core::app::{App, ApprovalState, Enrolling, GatewayState};
use countersign_core::cancel::Cancel;
use countersign_core::net::Net;
use countersign_gateway::approval::State;
use countersign_gateway::enrol::record::Confirmed;
use countersign_gateway::person::Person;
use countersign_protocol::jose::Id;
use countersign_protocol::push::{GoneWhy, Status};
use countersign_tests::stage::{Stage, caller, owner};

use super::phone::{World, approve, me, only, poll};

/// A gateway, a person, and the app of a phone that waits for its digits.
struct Scene {
    stage: Stage,
    person: Person,
    world: World,
    app: App,
    enrolling: Enrolling,
}

impl Scene {
    fn pending() -> Self {
        let (stage, world) = (Stage::start(), World::new());
        let person = stage.person("alice");
        let app = open(&world);
        let offer = app.enrol_offer(&stage.link(&person, "browser").to_https()).unwrap();
        let enrolling = app.enrol(&offer, &me(), &Cancel::default()).unwrap();
        Self { stage, person, world, app, enrolling }
    }

    fn active() -> Self {
        let scene = Self::pending();
        assert_eq!(scene.type_digits(&scene.enrolling.digits), Confirmed::Active);
        poll(&scene.app, &scene.enrolling).unwrap();
        assert_eq!(scene.app.gateways()[0].state, GatewayState::Active);
        scene
    }

    fn did(&self) -> Id {
        self.stage.house().devices.of(self.person.id).unwrap()[0].0.did
    }

    fn type_digits(&self, digits: &str) -> Confirmed {
        self.stage.house().devices.confirm(owner(&self.person), self.did(), digits, &caller()).unwrap()
    }
}

/// The app on the real network.
fn open(world: &World) -> App {
    world.app_on(Arc::new(Net::new(&[], world.clock.clone())))
}

#[test]
fn enrolled_by_the_digits_of_the_phone() {
    let scene = Scene::pending();
    assert!(matches!(scene.app.gateways()[0].state, GatewayState::Pending { .. }));
    assert_eq!(scene.enrolling.acct, "alice");
    assert_eq!(scene.enrolling.until, super::phone::NOW + 600);
    assert_eq!(scene.type_digits(&scene.enrolling.digits), Confirmed::Active);
    // What the person does on the page ends the phone's wait.
    assert!(poll(&scene.app, &scene.enrolling).is_ok());
    assert_eq!(scene.app.gateways()[0].state, GatewayState::Active);
}

#[test]
fn approved_by_the_digits_of_the_page() {
    let scene = Scene::active();
    let asked = scene.stage.begin(&scene.person);
    assert!(poll(&scene.app, &scene.enrolling).unwrap());
    let row = only(&scene.app);
    assert_eq!((row.app.as_str(), row.acct_differs, row.digits), ("Demo shop", false, 6));
    assert_eq!(row.context.ip.as_deref(), Some("192.0.2.7"));
    let wrong = approve(&scene.app, row.id, &asked.wrong_digits()).unwrap();
    assert_eq!((wrong.st, wrong.left.map(|left| left.get())), (Status::Wrong, Some(2)));
    assert_eq!(approve(&scene.app, row.id, &asked.digits()).unwrap().st, Status::Approved);
    assert_eq!(asked.state(), State::Approved);
    assert!(asked.consume());
    // Even now somebody can say that it was not them.
    assert_eq!(scene.app.report(row.id, &Cancel::default()).unwrap().st, Status::Reported);
}

#[test]
fn denied_stays_denied() {
    let scene = Scene::active();
    let asked = scene.stage.begin(&scene.person);
    poll(&scene.app, &scene.enrolling).unwrap();
    let row = only(&scene.app);
    assert_eq!(scene.app.deny(row.id, &Cancel::default()).unwrap().st, Status::Denied);
    assert_eq!(asked.state(), State::Denied);
    assert!(approve(&scene.app, row.id, &asked.digits()).is_err());
    assert!(!asked.consume());
    poll(&scene.app, &scene.enrolling).unwrap();
    assert_eq!(only(&scene.app).state, ApprovalState::Decided(Status::Denied));
}

#[test]
fn a_parked_poll_is_woken_by_a_login() {
    let scene = Scene::active();
    let parked = std::thread::scope(|scope| {
        let parked = scope.spawn(|| scene.app.poll(scene.enrolling.id, 30, &Cancel::default()));
        let asked = scene.stage.begin(&scene.person);
        let outcome = parked.join().unwrap().unwrap();
        assert_eq!(asked.state(), State::Pending);
        outcome
    });
    assert_eq!((parked.news, parked.next_in, parked.fault), (true, Some(Duration::ZERO), None));
    only(&scene.app);
}

#[test]
fn a_cancelled_poll_returns_at_once_and_the_next_one_works() {
    let scene = Scene::active();
    let cancel = Cancel::default();
    std::thread::scope(|scope| {
        let parked = scope.spawn(|| scene.app.poll(scene.enrolling.id, 30, &cancel));
        while !parked.is_finished() {
            cancel.cancel();
            std::thread::yield_now();
        }
        assert!(parked.join().unwrap().is_err());
    });
    assert!(poll(&scene.app, &scene.enrolling).is_ok());
}

#[test]
fn a_restarted_phone_goes_on_where_it_was() {
    let mut scene = Scene::active();
    let asked = scene.stage.begin(&scene.person);
    poll(&scene.app, &scene.enrolling).unwrap();
    scene.app = open(&scene.world);
    let row = only(&scene.app);
    assert_eq!(approve(&scene.app, row.id, &asked.digits()).unwrap().st, Status::Approved);
}

#[test]
fn a_phone_that_is_removed_learns_it_by_a_signed_word() {
    let scene = Scene::active();
    let did = scene.did();
    scene.stage.house().devices.remove(owner(&scene.person), did, GoneWhy::Person, &caller()).unwrap();
    let outcome = scene.app.poll(scene.enrolling.id, 0, &Cancel::default()).unwrap();
    assert_eq!((outcome.next_in, outcome.fault), (None, None));
    assert_eq!(scene.app.gateways()[0].state, GatewayState::Gone(GoneWhy::Person));
    assert!(scene.world.keys.names().is_empty());
}
