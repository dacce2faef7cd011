//! A phone and a gateway over a wire that loses, delays, cuts and stalls: everything ends as the person said, once.
//!
//! There are two wires: a TCP proxy that harms connections, on every machine, and where root is one that harms packets, between
//! two network namespaces. What each of them shows says decision 0015.

mod packets;
mod proxy;

use std::io::Write as _;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_core::app::{App, ApprovalRow, ApprovalState, GatewayState};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, GatewayError, PortError};
use countersign_core::net::Net;
use countersign_core::port::{Http, Random as _, Request, Response};
use countersign_gateway::approval::State;
use countersign_gateway::enrol::DeviceState;
use countersign_gateway::enrol::record::Confirmed;
use countersign_gateway::person::Person;
use countersign_protocol::jose::{Id, Jwk};
use countersign_protocol::push::{ClosedStatus, GoneWhy, KeyClass, Status};
use countersign_tests::stage::{Asked, Stage, caller, owner};

use super::phone::{World, approve, me};
use crate::vault::effort;
use packets::{GATEWAY, Packets, Rates};
use proxy::Proxy;

/// The phone's network, which counts what is sent.
struct Counted {
    net: Net,
    calls: Arc<AtomicUsize>,
}

impl Http for Counted {
    fn send(&self, request: Request, cancel: &Cancel) -> Result<Response, PortError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.net.send(request, cancel)
    }

    fn stream(
        &self,
        request: Request,
        cancel: &Cancel,
        take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Response, PortError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.net.stream(request, cancel, take)
    }
}

struct Phone {
    world: World,
    app: App,
}

impl Phone {
    fn new(world: World, calls: &Arc<AtomicUsize>) -> Self {
        let (net, calls) = (Net::new(Vec::new, world.clock.clone()), calls.clone());
        let app = world.app_on(Arc::new(Counted { net, calls }));
        Self { world, app }
    }

    fn gateway(&self) -> Option<Id> {
        self.app.gateways().first().map(|row| row.id)
    }

    fn state(&self) -> Option<GatewayState> {
        self.app.gateways().first().map(|row| row.state.clone())
    }

    fn poll(&self) {
        // A poll that failed says so; the next one is the answer to it.
        let _outcome = self.gateway().map(|id| self.app.poll(id, 0, &Cancel::default()));
    }
}

/// What a person says to a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Say {
    Yes,
    No,
    NotMe,
}

impl Say {
    /// What both ends hold of it afterwards; the phone in one of two words, as it hears the result or, where that is lost, a
    /// State that lists it as ended so.
    fn end(self) -> (Status, ClosedStatus, State) {
        match self {
            Self::Yes => (Status::Approved, ClosedStatus::Approved, State::Approved),
            Self::No => (Status::Denied, ClosedStatus::Denied, State::Denied),
            Self::NotMe => (Status::Reported, ClosedStatus::Reported, State::Reported),
        }
    }

    /// How long afterwards the gateway asks phones again: where somebody said no, an hour.
    fn pause(self) -> u64 {
        if self == Self::Yes { 31 } else { 3_601 }
    }
}

/// A person's phone and a gateway, with a wire between.
struct Scene {
    stage: Stage,
    person: Person,
    phone: Phone,
    calls: Arc<AtomicUsize>,
}

/// How often something is tried before the test gives up.
const TURNS: usize = 60;

impl Scene {
    /// Behind a proxy.
    fn over(proxy: &Proxy) -> Self {
        let url = format!("https://localhost:{}", proxy.port());
        let stage = Stage::with(|config| {
            config.public_url = url.parse().ok();
            config.policy.moving = true;
        });
        proxy.lead_to(stage.address());
        Self::of(stage)
    }

    /// At the two ends of a wire of packets. The phone's calls belong on a thread at its end.
    fn at_the_ends_of(wire: &Packets) -> Self {
        let address: SocketAddr = GATEWAY.parse().unwrap();
        Self::of(wire.at_gateway(|| {
            Stage::with(|config| {
                config.listen = vec![address];
                config.public_url = format!("https://{address}").parse().ok();
            })
        }))
    }

    fn of(stage: Stage) -> Self {
        let (person, calls) = (stage.person("alice"), Arc::default());
        Self { stage, person, phone: Phone::new(World::new(), &calls), calls }
    }

    /// A phone beside the first one, by the same clock.
    fn another_phone(&self) -> Phone {
        let world = World { clock: self.phone.world.clock.clone(), ..World::new() };
        // It draws other numbers, and so other keys.
        world.random.fill(&mut [0; 32 * 1_000]).unwrap();
        Phone::new(world, &self.calls)
    }

    fn pass(&self, seconds: u64) {
        self.stage.clock.advance(seconds);
        self.phone.world.clock.pass(seconds);
    }

    /// Tries until it is so, as a person or the app's timer does. A second goes by each time.
    fn until<T>(&self, what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
        for _ in 0..TURNS {
            if let Some(done) = attempt() {
                return done;
            }
            self.pass(1);
        }
        panic!("not {what} after {TURNS} turns");
    }

    /// The same for what fails only by the wire.
    fn until_done<T>(&self, what: &str, mut attempt: impl FnMut() -> Result<T, Error>) -> T {
        self.until(what, || match attempt() {
            Ok(done) => Some(done),
            Err(Error::Port(PortError::Network | PortError::Timeout) | Error::Gateway(GatewayError::Busy(_))) => None,
            Err(fault) => panic!("not {what}: {fault}"),
        })
    }

    /// The digits that this phone shows after it enrolled by this link.
    fn ask(&self, phone: &Phone, link: &str) -> String {
        self.until("enrolled", || {
            match phone.state() {
                Some(GatewayState::Pending { digits, .. }) => return Some(digits),
                Some(_) => phone.poll(),
                None => drop(phone.app.enrol(&phone.app.enrol_offer(link).unwrap(), &me(), &Cancel::default())),
            }
            None
        })
    }

    fn until_state(&self, phone: &Phone, wanted: &GatewayState) {
        self.until("told", || {
            phone.poll();
            (phone.state().as_ref() == Some(wanted)).then_some(())
        });
    }

    fn enrol(&self) {
        let digits = self.ask(&self.phone, &self.stage.link(&self.person, "browser").to_https());
        let devices = self.stage.house().devices.of(self.person.id).unwrap();
        assert_eq!(devices.len(), 1, "one enrolment is one device");
        let (did, owner) = (devices[0].0.did, owner(&self.person));
        assert_eq!(self.stage.house().devices.confirm(owner, did, &digits, &caller()).unwrap(), Confirmed::Active);
        self.until_state(&self.phone, &GatewayState::Active);
    }

    fn states(&self) -> Vec<DeviceState> {
        self.stage.house().devices.of(self.person.id).unwrap().iter().map(|(_, state)| *state).collect()
    }

    fn row(&self, phone: &Phone, asked: &Asked<'_>) -> Option<ApprovalRow> {
        // The newest is the one that was asked last; earlier ones are decided.
        let newest = self.stage.house().approvals.store().get(asked.id).unwrap().unwrap().begun;
        phone.app.approvals().into_iter().find(|row| row.asked >= newest)
    }

    /// One sign-in, from the beginning to what both ends hold of it. How many calls it took.
    fn sign_in(&self, phone: &Phone, say: Say) -> usize {
        let before = self.calls.load(Ordering::SeqCst);
        let asked = self.stage.begin(&self.person);
        self.decide(phone, &asked, say);
        self.calls.load(Ordering::SeqCst) - before
    }

    fn decide(&self, phone: &Phone, asked: &Asked<'_>, say: Say) {
        let (wanted, listed, state) = say.end();
        let never = Cancel::default();
        self.until("decided", || {
            match self.row(phone, asked).map(|row| (row.id, row.state)) {
                Some((_, ApprovalState::Decided(status))) => {
                    assert_eq!(status, wanted);
                    return Some(());
                }
                Some((id, ApprovalState::Open(_))) => match say {
                    Say::Yes => drop(approve(&phone.app, id, &asked.digits())),
                    Say::No => drop(phone.app.deny(id, &never)),
                    Say::NotMe => drop(phone.app.report(id, &never)),
                },
                Some((_, ApprovalState::Ended(how))) => {
                    assert_eq!(how, listed);
                    return Some(());
                }
                Some((_, ApprovalState::Sending(_))) | None => phone.poll(),
            }
            None
        });
        assert_eq!(asked.state(), state);
        assert_eq!((asked.consume(), asked.consume()), (say == Say::Yes, false), "taken once, if at all");
        let row = self.stage.house().approvals.store().get(asked.id).unwrap().unwrap();
        assert_eq!(row.tries, 3, "no try was lost");
    }

    /// Gives the phone another key of this class.
    fn change_key(&self, class: KeyClass) {
        let (before, id) = (self.key(class), self.phone.gateway().unwrap());
        self.until_done("changed", || self.phone.app.rotate_keys(id, class, &Cancel::default()));
        assert_ne!(self.key(class), before);
    }

    /// The key that the gateway knows.
    fn key(&self, class: KeyClass) -> Jwk {
        let device = self.stage.house().devices.of(self.person.id).unwrap().remove(0).0;
        let phone = device.phone.unwrap();
        if class == KeyClass::Ak { phone.ak } else { phone.pk }
    }

    /// Moves to a new phone.
    fn moves(&self, replace: bool) -> Phone {
        let (old, never) = (&self.phone, Cancel::default());
        let id = old.gateway().unwrap();
        let moving = self.until_done("invited", || old.app.invite(id, replace, &never));
        let new = self.another_phone();
        let digits = self.ask(&new, &moving.link).parse().unwrap();
        self.until_done("confirmed", || old.app.confirm(id, &digits, &never));
        self.until_state(&new, &GatewayState::Active);
        if replace {
            self.until_state(old, &GatewayState::Gone(GoneWhy::Replaced));
        }
        new
    }

    /// How often the audit tells one of these.
    fn counted(&self, what: &[(&str, &str)]) -> usize {
        let audit = self.stage.house().audit.latest(None, 10_000).unwrap();
        audit.iter().filter(|entry| what.contains(&(&*entry.what, &*entry.outcome))).count()
    }
}

/// Each decision of a phone.
const DECISIONS: [(&str, &str); 3] =
    [("approval.approve", "approved"), ("approval.deny", "denied"), ("approval.report", "reported")];

#[test]
fn every_sign_in_ends_as_the_person_said_once() {
    let (mut calls, mut signed_in, mut harmed, mut connections) = (0, 0, 0, 0);
    for seed in 0..effort(4, 20) as u64 {
        let proxy = Proxy::start(seed);
        let scene = Scene::over(&proxy);
        scene.enrol();
        let rounds = effort(4, 1_000);
        for round in 0..rounds {
            let say = [Say::Yes, Say::No, Say::Yes, Say::NotMe][round % 4];
            calls += scene.sign_in(&scene.phone, say);
            scene.pass(say.pause());
        }
        signed_in += rounds;
        assert_eq!(scene.counted(&DECISIONS), rounds, "one decision a sign-in");
        assert_eq!(scene.states(), [DeviceState::Active]);
        assert_eq!(scene.phone.world.keys.names().len(), 2, "no key is left over");
        let (all, bad) = proxy.harmed();
        (connections, harmed) = (connections + all, harmed + bad);
    }
    println!("{signed_in} sign-ins, {harmed} of {connections} connections harmed, {calls} calls");
    assert!(harmed * 2 > connections, "the wire was bad: {harmed} of {connections}");
    assert!(calls <= signed_in * 12, "no storm of requests: {calls} calls for {signed_in} sign-ins");
}

#[test]
fn keys_that_change_over_a_bad_wire_change_once_each_and_the_phone_works_on() {
    for seed in 100..100 + effort(3, 20) as u64 {
        let scene = Scene::over(&Proxy::start(seed));
        scene.enrol();
        let rounds = effort(2, 50);
        for _ in 0..rounds {
            for class in [KeyClass::Pk, KeyClass::Ak] {
                scene.change_key(class);
            }
            // By either new key; the old ones end with that.
            for say in [Say::Yes, Say::No] {
                scene.sign_in(&scene.phone, say);
                scene.pass(say.pause());
            }
        }
        let changes = [("device.keys", "ak"), ("device.keys", "pk")];
        assert_eq!(scene.counted(&changes), rounds * 2, "each change once");
        scene.until("tidied up", || {
            scene.phone.poll();
            (scene.phone.world.keys.names().len() == 2).then_some(())
        });
        assert_eq!(scene.states(), [DeviceState::Active]);
    }
}

#[test]
fn a_move_over_a_bad_wire_brings_one_new_phone_and_takes_no_try() {
    for seed in 200..200 + effort(4, 40) as u64 {
        let replace = seed % 2 == 1;
        let scene = Scene::over(&Proxy::start(seed));
        scene.enrol();
        let new = scene.moves(replace);
        let told = |outcome| scene.counted(&[("enrol.confirm", outcome)]);
        assert_eq!((told("active"), told("wrong")), (2, 0), "on the page and on the old phone, each at once");
        assert_eq!(scene.counted(&[("enrol.invite", "made")]), 1);
        assert_eq!(scene.states(), vec![DeviceState::Active; if replace { 1 } else { 2 }]);
        scene.sign_in(&new, Say::Yes);
        scene.pass(31);
        if !replace {
            scene.sign_in(&scene.phone, Say::Yes);
        }
        assert_eq!(scene.phone.world.keys.names().len(), if replace { 0 } else { 2 });
        assert_eq!(new.world.keys.names().len(), 2);
    }
}

/// The suite notices a phone that says something else the second time: it would be counted twice.
#[test]
fn an_answer_made_anew_is_found_out() {
    let proxy = Proxy::start(3);
    let scene = Scene::over(&proxy);
    proxy.mend();
    let phone = scene.stage.active_phone(&scene.person, "anew");
    let asked = scene.stage.begin(&scene.person);
    let challenge = phone.challenges().remove(0);
    for expected in ["approved", "closed"] {
        assert_eq!(phone.decide(&phone.approval(&challenge, &asked.digits())), expected);
    }
    let answers = [("approval.approve", "approved"), ("approval.approve", "closed")];
    assert_ne!(scene.counted(&answers), 1, "two answers, where one was given");
}

/// Enrols, is woken in the middle of a poll, says yes, no, and that it was somebody else.
fn every_journey(scene: &Scene, rounds: usize) {
    scene.enrol();
    let phone = &scene.phone;
    for _ in 0..rounds {
        std::thread::scope(|scope| {
            let parked = scope.spawn(|| phone.app.poll(phone.gateway().unwrap(), 5, &Cancel::default()));
            let asked = scene.stage.begin(&scene.person);
            let _brought_it_or_was_lost = parked.join().unwrap();
            scene.decide(phone, &asked, Say::Yes);
        });
        scene.pass(Say::Yes.pause());
        for say in [Say::No, Say::NotMe] {
            let calls = scene.sign_in(phone, say);
            assert!(calls <= 12, "no storm of requests: {calls}");
            scene.pass(say.pause());
        }
    }
    assert_eq!(scene.counted(&DECISIONS), rounds * 3);
    assert_eq!(scene.states(), [DeviceState::Active]);
}

/// Of a thousand packets: as a poor mobile line has them.
const POOR: Rates = Rates { lost: 60, doubled: 50, late: 150, cut: 10 };

#[test]
fn packets_that_are_lost_doubled_late_and_cut_off_change_no_outcome() {
    for seed in 0..effort(1, 20) as u64 {
        let rates = if seed % 2 == 0 { POOR } else { Rates { lost: 300, ..POOR } };
        match Packets::start(seed, rates) {
            Ok(wire) => {
                let scene = Scene::at_the_ends_of(&wire);
                wire.at_phone(|| every_journey(&scene, effort(1, 20)));
                let counts = wire.end();
                println!("{counts}");
                for harm in ["lost", "doubled", "late"] {
                    assert_ne!(counts[harm], 0, "the wire was bad: {counts}");
                }
            }
            Err(why) => {
                // Not by `eprintln`, which a test that passes keeps to itself.
                let _ =
                    writeln!(std::io::stderr(), "\nskipped: no packet was harmed ({why}); connections are, instead");
                every_journey(&Scene::over(&Proxy::start(seed)), effort(1, 20));
            }
        }
    }
}
