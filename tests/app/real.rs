//! The phone's app and its network against a whole gateway in this process: both ends of the protocol, over TLS.

mod attested;

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_core::app::{App, ApprovalState, Enrolling, GatewayState};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, PortError};
use countersign_core::net::Net;
use countersign_core::port::{Clock as _, Http, Request, Response, Trust};
use countersign_gateway::approval::State;
use countersign_gateway::enrol::record::Confirmed;
use countersign_gateway::person::Person;
use countersign_protocol::jose::Id;
use countersign_protocol::push::{GoneWhy, KeyClass, Status};
use countersign_tests::raw_phone::{Key, sign};
use countersign_tests::stage::{Stage, caller, owner};
use serde_json::json;

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
        let app = open(&world);
        Self::enrolling(stage, world, app)
    }

    fn enrolling(stage: Stage, world: World, app: App) -> Self {
        let person = stage.person("alice");
        let offer = app.enrol_offer(&stage.link(&person, "browser").to_https()).unwrap();
        let enrolling = app.enrol(&offer, &me(), &Cancel::default()).unwrap();
        Self { stage, person, world, app, enrolling }
    }

    fn active() -> Self {
        Self::pending().activated()
    }

    fn activated(self) -> Self {
        let scene = self;
        assert_eq!(scene.type_digits(&scene.enrolling.digits), Confirmed::Active);
        poll(&scene.app, &scene.enrolling).unwrap();
        assert_eq!(scene.app.gateways()[0].state, GatewayState::Active);
        scene
    }

    /// Time goes on for both.
    fn pass(&self, seconds: u64) {
        self.stage.clock.advance(seconds);
        self.world.clock.pass(seconds);
        self.stage.look_after_keys();
    }

    /// A login begins, reaches the phone, and is approved.
    fn approves(&self) {
        let asked = self.stage.begin(&self.person);
        poll(&self.app, &self.enrolling).unwrap();
        let row = self.app.approvals().into_iter().find(|row| row.can.approve).expect("one that asks");
        assert_eq!(approve(&self.app, row.id, &asked.digits()).unwrap().st, Status::Approved);
        assert!(asked.consume());
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
    world.app_on(Arc::new(Net::new(Vec::new, world.clock.clone())))
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

#[test]
fn rotations_that_the_phone_slept_through_are_bridged() {
    let mut scene = Scene::active();
    for _ in 0..3 {
        scene.stage.rotate().unwrap();
        scene.pass(60);
    }
    scene.app = open(&scene.world);
    scene.approves();
    // And one while a login is open: the key that signed it stays until then.
    let asked = scene.stage.begin(&scene.person);
    poll(&scene.app, &scene.enrolling).unwrap();
    scene.stage.rotate().unwrap();
    poll(&scene.app, &scene.enrolling).unwrap();
    let row = scene.app.approvals().into_iter().find(|row| row.can.approve).unwrap();
    assert_eq!(approve(&scene.app, row.id, &asked.digits()).unwrap().st, Status::Approved);
    assert!(asked.consume());
    scene.pass(60);
    scene.approves();
}

/// A network that loses the answers to one call, after the gateway took it.
struct Lossy {
    net: Net,
    loses: Mutex<Option<&'static str>>,
}

impl Http for Lossy {
    fn send(&self, request: Request, cancel: &Cancel) -> Result<Response, PortError> {
        let lost = self.loses.lock().unwrap().is_some_and(|call| request.url.ends_with(call));
        let answer = self.net.send(request, cancel)?;
        if lost { Err(PortError::Network) } else { Ok(answer) }
    }

    fn stream(
        &self,
        request: Request,
        cancel: &Cancel,
        take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Response, PortError> {
        self.net.stream(request, cancel, take)
    }
}

#[test]
fn a_receipt_that_was_lost_is_taken_after_the_key_that_signed_it_is_gone() {
    for class in [KeyClass::Ak, KeyClass::Pk] {
        let (stage, world) = (Stage::start(), World::new());
        let lossy = Arc::new(Lossy { net: Net::new(Vec::new, world.clock.clone()), loses: Mutex::default() });
        let app = world.app_on(lossy.clone());
        let mut scene = Scene::enrolling(stage, world, app).activated();
        *lossy.loses.lock().unwrap() = Some("/keys");
        let lost = scene.app.rotate_keys(scene.enrolling.id, class, &Cancel::default());
        assert_eq!(lost.unwrap_err(), PortError::Network.into());
        scene.stage.rotate().unwrap();
        scene.pass(61);
        *lossy.loses.lock().unwrap() = None;
        // The phone was away all the while, and starts anew.
        scene.app = scene.world.app_on(lossy.clone());
        scene.pass(61);
        scene.approves();
        scene.pass(61);
        poll(&scene.app, &scene.enrolling).unwrap();
        assert_eq!(scene.world.keys.names().len(), 2, "the change is done and the old key gone");
        scene.approves();
    }
}

#[test]
fn a_result_that_was_lost_is_taken_after_the_key_that_signed_it_is_gone() {
    let (stage, world) = (Stage::start(), World::new());
    let lossy = Arc::new(Lossy { net: Net::new(Vec::new, world.clock.clone()), loses: Mutex::default() });
    let app = world.app_on(lossy.clone());
    let scene = Scene::enrolling(stage, world, app).activated();
    let asked = scene.stage.begin(&scene.person);
    poll(&scene.app, &scene.enrolling).unwrap();
    *lossy.loses.lock().unwrap() = Some("/answer");
    let row = only(&scene.app);
    assert!(approve(&scene.app, row.id, &asked.digits()).is_err());
    assert!(asked.consume());
    scene.stage.rotate().unwrap();
    scene.pass(61);
    *lossy.loses.lock().unwrap() = None;
    // The same answer is sent again by itself, and its result is signed by a key that phones know.
    poll(&scene.app, &scene.enrolling).unwrap();
    assert!(matches!(only(&scene.app).state, ApprovalState::Decided(Status::Approved)), "{:?}", only(&scene.app).state);
    scene.pass(61);
    scene.approves();
}

/// A network on which somebody may answer for the gateway, who has its key `gk` and no key of its certificate.
struct Thief {
    net: Net,
    says: Mutex<Option<Vec<u8>>>,
}

impl Http for Thief {
    fn send(&self, request: Request, cancel: &Cancel) -> Result<Response, PortError> {
        let says = self.says.lock().unwrap().clone();
        let Some(body) = says.filter(|_| request.url.ends_with("/metadata")) else {
            return self.net.send(request, cancel);
        };
        // No pin fits, so nothing but metadata is asked over this connection.
        if request.trust != Trust::MetadataOnly {
            return Err(PortError::Tls);
        }
        Ok(Response { status: 200, headers: vec![("countersign-nonce".to_owned(), "thiefs".to_owned())], body })
    }

    fn stream(
        &self,
        request: Request,
        cancel: &Cancel,
        take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Response, PortError> {
        self.net.stream(request, cancel, take)
    }
}

#[test]
fn a_gateway_whose_key_was_stolen_recovers_from_a_thief_with_the_highest_seq() {
    let (stage, world) = (Stage::start(), World::new());
    stage.name_recovery("gr").unwrap();
    let thief = Arc::new(Thief { net: Net::new(Vec::new, world.clock.clone()), says: Mutex::default() });
    let app = world.app_on(thief.clone());
    let mut scene = Scene::enrolling(stage, world, app).activated();
    scene.approves();

    // The thief of gk has the phone believe in a key of his own, at the highest number there is.
    let forged = |epoch: u64, seq: u64, keys: &[&str], signer: &str| {
        let keys: Vec<_> = keys.iter().map(|name| Key::named(name).jwk_json()).collect();
        let now = scene.world.clock.now();
        let meta = json!({"iss": scene.stage.u(), "iat": now, "exp": now + 13 * 86_400, "epoch": epoch, "seq": seq,
            "keys": keys, "gr": Key::named("gr").thumbprint(), "name": "Thief",
            "policy": {"digits": 6, "uv": "any", "attest": "none", "level": "software", "push": "sealed", "totp": true,
                "offline": false, "move": false}});
        let meta = sign("cs-meta+jwt", &meta, &Key::named(signer));
        json!({"meta": meta, "links": [], "recovery": []}).to_string().into_bytes()
    };
    let most = (1 << 53) - 1;
    scene.pass(8 * 86_400);
    *thief.says.lock().unwrap() = Some(forged(1, most, &["gk", "evil"], "gk"));
    // He names no pin either, and no platform trusts the gateway's certificate.
    assert_eq!(poll(&scene.app, &scene.enrolling), Err(PortError::Tls.into()));
    assert_eq!(scene.app.gateways()[0].name, "Thief", "whoever has gk is the gateway");
    *thief.says.lock().unwrap() = None;
    scene.pass(61);
    assert_eq!(poll(&scene.app, &scene.enrolling), Err(PortError::Tls.into()));
    assert_eq!(scene.app.gateways()[0].name, "Thief", "the gateway itself is locked out");

    scene.stage.recover("gr", None).unwrap();
    scene.pass(61);
    scene.approves();
    assert_ne!(scene.app.gateways()[0].name, "Thief");
    // Whatever the thief says now moves nothing, also after a restart.
    scene.app = scene.world.app_on(thief.clone());
    for (epoch, signer) in [(1, "gk"), (1, "evil"), (2, "gk"), (2, "evil"), (3, "evil")] {
        scene.pass(8 * 86_400);
        *thief.says.lock().unwrap() = Some(forged(epoch, most, &[signer], signer));
        // His nonce is not taken, and his metadata neither.
        let outcome = scene.app.poll(scene.enrolling.id, 0, &Cancel::default()).unwrap();
        assert!(matches!(outcome.fault, None | Some(Error::Port(PortError::Tls))), "{:?}", outcome.fault);
        *thief.says.lock().unwrap() = None;
        scene.pass(61);
        scene.approves();
        assert_ne!(scene.app.gateways()[0].name, "Thief");
    }
}
