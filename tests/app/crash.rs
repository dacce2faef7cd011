//! A phone that dies at any moment: before or after each call of a port, and so before and after each write. What it did
//! is neither lost nor sent twice with another content.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_core::app::{App, ApprovalState, GatewayState};
use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{
    Guard, Http, KeyName, Keystore, Level, Ports, Prompt, Purpose, Random, Request, Response,
};
use countersign_protocol::Secret;
use countersign_protocol::jose::{Id, Jwk};
use countersign_protocol::push::{KeyClass, Status};
use serde_json::json;

use super::gateway::{Gateway, Wire};
use super::moving::new_phone;
use super::phone::{Keys, Seeded, World, approve, enrol, poll};

/// Burns down with each call of a port, before it and after it; then the process dies.
struct Fuse {
    left: AtomicUsize,
}

/// What a killed thread leaves.
struct Killed;

impl Fuse {
    fn burn(&self) {
        match self.left.load(Ordering::SeqCst) {
            // No words of a panic: this one is meant.
            0 => resume_unwind(Box::new(Killed)),
            left => self.left.store(left - 1, Ordering::SeqCst),
        }
    }

    fn around<T>(&self, call: impl FnOnce() -> T) -> T {
        self.burn();
        let outcome = call();
        self.burn();
        outcome
    }
}

struct Fused<T: ?Sized>(Arc<Fuse>, Arc<T>);

impl Random for Fused<Seeded> {
    fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
        self.0.around(|| self.1.fill(out))
    }
}

impl Http for Fused<Wire> {
    fn send(&self, request: Request, cancel: &Cancel) -> Result<Response, PortError> {
        self.0.around(|| self.1.send(request, cancel))
    }

    fn stream(
        &self,
        request: Request,
        cancel: &Cancel,
        take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Response, PortError> {
        self.0.around(|| self.1.stream(request, cancel, take))
    }
}

impl Keystore for Fused<Keys> {
    fn level(&self) -> Level {
        self.1.level()
    }
    fn generate(&self, purpose: Purpose, name: &KeyName, cancel: &Cancel) -> Result<Jwk, PortError> {
        self.0.around(|| self.1.generate(purpose, name, cancel))
    }
    fn sign_approval(
        &self,
        name: &KeyName,
        prompt: &Prompt,
        input: &[u8],
        cancel: &Cancel,
    ) -> Result<Vec<u8>, PortError> {
        self.0.around(|| self.1.sign_approval(name, prompt, input, cancel))
    }
    fn sign_proof(&self, name: &KeyName, input: &[u8]) -> Result<Vec<u8>, PortError> {
        self.0.around(|| self.1.sign_proof(name, input))
    }
    fn wrap(&self, guard: Guard, secret: &Secret, cancel: &Cancel) -> Result<Vec<u8>, PortError> {
        self.0.around(|| self.1.wrap(guard, secret, cancel))
    }
    fn unwrap(&self, guard: Guard, sealed: &[u8], cancel: &Cancel) -> Result<Secret, PortError> {
        self.0.around(|| self.1.unwrap(guard, sealed, cancel))
    }
    fn delete(&self, name: &KeyName) -> Result<(), PortError> {
        self.0.around(|| self.1.delete(name))
    }
    fn list(&self) -> Result<Vec<KeyName>, PortError> {
        self.0.around(|| self.1.list())
    }
}

/// Runs `act` on an app that dies after `burns` burns. Says whether it lived. What a write leaves that a kill cut off
/// stands in the folder afterwards.
fn dies(world: &World, burns: usize, act: impl FnOnce(&App)) -> bool {
    let fuse = Arc::new(Fuse { left: AtomicUsize::new(burns) });
    let ports = Ports {
        clock: world.clock.clone(),
        random: Arc::new(Fused(fuse.clone(), world.random.clone())),
        keystore: Arc::new(Fused(fuse.clone(), world.keys.clone())),
        http: Arc::new(Fused(fuse, world.wire.clone())),
    };
    // Opening counts too: it finishes and undoes.
    let outcome = catch_unwind(AssertUnwindSafe(|| act(&world.app_with(ports))));
    let lived = match outcome {
        Ok(()) => true,
        Err(panic) if panic.is::<Killed>() => false,
        Err(panic) => resume_unwind(panic),
    };
    for file in world.files().iter().filter(|file| file.extension().is_some_and(|ending| ending == "sealed")) {
        std::fs::write(file.with_extension("writing"), b"CSdevic1 half of a rec").unwrap();
    }
    lived
}

/// Kills `act` at every moment, then has `end` finish and look. Says at how many.
fn at_every_moment(
    begin: impl Fn() -> (World, Arc<Gateway>),
    act: impl Fn(&App, &Gateway),
    end: impl Fn(&World, &Arc<Gateway>),
) -> usize {
    for burns in 0.. {
        let (world, gateway) = begin();
        let lived = dies(&world, burns, |app| act(app, &gateway));
        end(&world, &gateway);
        if lived {
            return burns;
        }
    }
    unreachable!("it lives some time")
}

fn bodies_are_all_the_same(gateway: &Gateway, path: &str) {
    let bodies = gateway.bodies(path);
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{path} was sent with two contents");
}

/// The one enrolment of this phone.
fn the_one(app: &App) -> Id {
    let rows = app.gateways();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0].id
}

fn poll_well(app: &App) {
    let outcome = app.poll(the_one(app), 0, &Cancel::default()).unwrap();
    assert_eq!(outcome.fault, None);
}

/// A phone that is enrolled and active.
fn active() -> (World, Arc<Gateway>) {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    let enrolling = enrol(&app, &gateway).unwrap();
    gateway.activate();
    poll(&app, &enrolling).unwrap();
    (world, gateway)
}

#[test]
fn an_enrolment_killed_at_any_moment_is_finished_or_undone() {
    let begin = || {
        let world = World::new();
        let gateway = world.gateway("gate.example.com");
        (world, gateway)
    };
    let act = |app: &App, gateway: &Gateway| drop(enrol(app, gateway));
    let moments = at_every_moment(begin, act, |world, gateway| {
        let app = world.app();
        if app.gateways().is_empty() {
            // Nothing was sent, so the person scans again.
            assert!(gateway.bodies("enrol").is_empty());
            enrol(&app, gateway).unwrap();
        } else {
            poll_well(&app);
        }
        bodies_are_all_the_same(gateway, "enrol");
        let row = app.gateways().remove(0);
        assert!(matches!(row.state, GatewayState::Pending { .. }), "{row:?}");
        assert_eq!((gateway.state().devices.len(), world.keys.names().len()), (1, 2));
        gateway.activate();
        poll_well(&app);
    });
    assert!(moments > 30, "{moments} moments");
}

#[test]
fn an_answer_killed_at_any_moment_is_given_once() {
    for approves in [true, false] {
        let begin = || {
            let (world, gateway) = active();
            gateway.challenge("one");
            poll_well(&world.app());
            (world, gateway)
        };
        let act = |app: &App, _: &Gateway| {
            let id = app.approvals()[0].id;
            if approves {
                approve(app, id, "049218").unwrap();
            } else {
                app.deny(id, &Cancel::default()).unwrap();
            }
        };
        let moments = at_every_moment(begin, act, |world, gateway| {
            let app = world.app();
            poll_well(&app);
            let row = app.approvals().remove(0);
            if matches!(row.state, ApprovalState::Open(_)) {
                assert!(gateway.bodies("answer").is_empty(), "it was not signed, so nothing was sent");
                act(&app, gateway);
            }
            let status = if approves { Status::Approved } else { Status::Denied };
            assert_eq!(app.approvals()[0].state, ApprovalState::Decided(status));
            bodies_are_all_the_same(gateway, "answer");
        });
        assert!(moments >= 8, "{moments} moments");
    }
}

#[test]
fn a_change_of_keys_killed_at_any_moment_loses_no_key() {
    for class in [KeyClass::Ak, KeyClass::Pk] {
        let act = |app: &App, _: &Gateway| {
            app.rotate_keys(the_one(app), class, &Cancel::default()).unwrap();
            poll_well(app);
        };
        let moments = at_every_moment(active, act, |world, gateway| {
            let app = world.app();
            poll_well(&app);
            let sent = gateway.bodies("keys");
            bodies_are_all_the_same(gateway, "keys");
            if sent.is_empty() {
                app.rotate_keys(the_one(&app), class, &Cancel::default()).unwrap();
                poll_well(&app);
            }
            // Both keys are those that the gateway knows, and no other is left.
            gateway.challenge("one");
            poll_well(&app);
            let id = app.approvals()[0].id;
            assert_eq!(approve(&app, id, "049218").unwrap().st, Status::Approved);
            assert_eq!(app.deny(id, &Cancel::default()).unwrap().st, Status::Denied);
            drop(app);
            let app = world.app();
            poll_well(&app);
            assert_eq!(world.keys.names().len(), 2, "{:?}", world.keys.names());
            assert_eq!(gateway.state().devices.len(), 1);
        });
        assert!(moments > 30, "{moments} moments");
    }
}

#[test]
fn a_new_receiving_key_killed_at_any_moment_is_the_one_that_the_gateway_has() {
    let act = |app: &App, _: &Gateway| app.change_seal(the_one(app), &Cancel::default()).unwrap();
    at_every_moment(active, act, |world, gateway| {
        let app = world.app();
        poll_well(&app);
        bodies_are_all_the_same(gateway, "push");
        let seal = gateway.state().devices.values().next_back().unwrap().seal.clone();
        let sender = Secret::from_slice(countersign_tests::raw_phone::Key::named("as").scalar());
        let body = countersign_protocol::seal::seal(&seal, b"wake", &sender, &[4; 16]).unwrap();
        assert_eq!(app.bell(&body), countersign_core::app::Bell::Poll(the_one(&app)));
    });
}

#[test]
fn a_farewell_killed_at_any_moment_can_be_said_again() {
    let act = |app: &App, _: &Gateway| app.leave(the_one(app), &Cancel::default()).unwrap();
    at_every_moment(active, act, |world, gateway| {
        let app = world.app();
        if !app.gateways().is_empty() {
            app.leave(the_one(&app), &Cancel::default()).unwrap();
        }
        assert!(app.gateways().is_empty() && world.app().gateways().is_empty());
        assert!(gateway.state().devices.values().all(|device| device.removed));
        assert!(world.keys.names().is_empty());
    });
}

/// As [`active`], at a gateway that lets phones move.
fn movable() -> (World, Arc<Gateway>) {
    let (world, gateway) = active();
    {
        let mut state = gateway.state();
        state.meta["policy"]["move"] = json!(true);
        state.meta["seq"] = json!(4);
    }
    poll_well(&world.app());
    (world, gateway)
}

#[test]
fn an_invitation_killed_at_any_moment_is_made_once_and_leads_to_a_new_phone() {
    for replace in [false, true] {
        let act = |app: &App, _: &Gateway| drop(app.invite(the_one(app), replace, &Cancel::default()).unwrap());
        let moments = at_every_moment(movable, act, |world, gateway| {
            let app = world.app();
            poll_well(&app);
            let moving = match app.moving(the_one(&app)).unwrap() {
                Some(moving) => moving,
                None => app.invite(the_one(&app), replace, &Cancel::default()).unwrap(),
            };
            assert_eq!(moving.replace, replace);
            bodies_are_all_the_same(gateway, "invite");
            let (_new_world, _new, digits) = new_phone(gateway, &moving);
            app.confirm(the_one(&app), &digits.parse().unwrap(), &Cancel::default()).unwrap();
            assert!(gateway.state().devices.values().all(|device| device.state == "active"));
            assert_eq!((gateway.state().devices.len(), world.keys.names().len()), (2, 2));
        });
        assert!(moments > 10, "{moments} moments");
    }
}

#[test]
fn a_confirmation_killed_at_any_moment_costs_no_try_and_is_signed_once() {
    let begin = || {
        let (world, gateway) = movable();
        let app = world.app();
        let moving = app.invite(the_one(&app), false, &Cancel::default()).unwrap();
        new_phone(&gateway, &moving);
        (world, gateway)
    };
    let act = |app: &App, gateway: &Gateway| {
        let digits = gateway.state().joins_with.parse().unwrap();
        app.confirm(the_one(app), &digits, &Cancel::default()).unwrap();
    };
    let moments = at_every_moment(begin, act, |world, gateway| {
        let app = world.app();
        // Whether the gateway took it or not: a State says only that nobody waits.
        poll_well(&app);
        let confirmed = app.moving(the_one(&app)).unwrap().unwrap().confirmed;
        if !confirmed {
            act(&app, gateway);
        }
        assert!(app.moving(the_one(&app)).unwrap().unwrap().confirmed);
        bodies_are_all_the_same(gateway, "confirm");
        assert_eq!(gateway.state().tries, 3);
        assert!(gateway.state().devices.values().all(|device| device.state == "active"));
    });
    assert!(moments > 10, "{moments} moments");
}
