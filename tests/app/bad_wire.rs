//! A phone and a gateway over a wire that loses, delays, cuts and stalls: every sign-in ends as the person said, once.
//!
//! The wire is a TCP proxy between the phone's own network and a whole gateway. It damages connections, not packets; why
//! there is no packet filter here says decision 0015.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use countersign_core::app::{App, ApprovalRow, ApprovalState, GatewayState};
use countersign_core::cancel::Cancel;
use countersign_core::net::Net;
use countersign_gateway::approval::State;
use countersign_gateway::enrol::DeviceState;
use countersign_gateway::enrol::record::Confirmed;
use countersign_gateway::person::Person;
use countersign_protocol::jose::Id;
use countersign_protocol::push::Status;
use countersign_tests::stage::{Asked, Stage};

use super::phone::{World, approve, me};
use crate::vault::effort;

/// What happens to one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Nothing.
    Whole,
    /// It ends at once.
    Refused,
    /// It ends when the phone has sent so many bytes.
    CutThere(usize),
    /// It ends when the gateway has sent so many bytes: what was asked may have been done.
    CutBack(usize),
    /// Each part comes later.
    Late(Duration),
    /// The gateway's answer never comes; after a while the connection ends.
    Stalled(Duration),
}

/// Draws what happens, the same in each run: about a third of all connections come through undamaged.
struct Fates(AtomicU64);

impl Fates {
    fn next(&self) -> Fate {
        let draw = |most: u64| {
            let mut x = self.0.load(Ordering::SeqCst);
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            self.0.store(x, Ordering::SeqCst);
            x % most
        };
        match draw(9) {
            0 => Fate::Refused,
            // A handshake takes about 300 bytes there and 1,000 back, a call 1,500 to 4,000 more.
            1 => Fate::CutThere(1 + draw(2_500) as usize),
            2 | 3 => Fate::CutBack(1 + draw(2_500) as usize),
            4 => Fate::Late(Duration::from_millis(5 + draw(25))),
            5 => Fate::Stalled(Duration::from_millis(20 + draw(80))),
            _ => Fate::Whole,
        }
    }
}

/// The wire. Its threads end with the test's process, or sooner with their connections.
struct BadWire {
    port: u16,
    to: Arc<OnceLock<SocketAddr>>,
    connections: Arc<AtomicUsize>,
    harmed: Arc<AtomicUsize>,
    is_bad: Arc<AtomicBool>,
}

impl BadWire {
    fn new(seed: u64) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let (to, connections, harmed) = (Arc::<OnceLock<SocketAddr>>::default(), Arc::default(), Arc::default());
        let wire = Self { port, to, connections, harmed, is_bad: Arc::new(AtomicBool::new(true)) };
        let fates = Fates(AtomicU64::new(0x9E37_79B9_7F4A_7C15 ^ (seed + 1).wrapping_mul(0xD134_2543_DE82_EF95)));
        let (to, connections) = (wire.to.clone(), wire.connections.clone());
        let (harmed, is_bad) = (wire.harmed.clone(), wire.is_bad.clone());
        std::thread::spawn(move || {
            for phone in listener.incoming().map_while(Result::ok) {
                connections.fetch_add(1, Ordering::SeqCst);
                let fate = if is_bad.load(Ordering::SeqCst) { fates.next() } else { Fate::Whole };
                harmed.fetch_add(usize::from(fate != Fate::Whole), Ordering::SeqCst);
                let to = *to.get().expect("the gateway runs");
                std::thread::spawn(move || carry(&phone, to, fate));
            }
        });
        wire
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Carries one connection to its fate.
fn carry(phone: &TcpStream, to: SocketAddr, fate: Fate) {
    let Some(gateway) = (fate != Fate::Refused).then(|| TcpStream::connect(to).ok()).flatten() else { return };
    let late = if let Fate::Late(time) = fate { time } else { Duration::ZERO };
    let (mut there, mut back) = (Way { cut: None, late, stall: None }, Way { cut: None, late, stall: None });
    match fate {
        Fate::CutThere(bytes) => there.cut = Some(bytes),
        Fate::CutBack(bytes) => back.cut = Some(bytes),
        Fate::Stalled(time) => back.stall = Some(time),
        Fate::Whole | Fate::Refused | Fate::Late(_) => {}
    }
    std::thread::scope(|scope| {
        scope.spawn(|| there.pass(phone, &gateway));
        back.pass(&gateway, phone);
    });
}

/// One direction of a connection.
struct Way {
    cut: Option<usize>,
    late: Duration,
    /// After its first part nothing more comes for so long, and then the end.
    stall: Option<Duration>,
}

impl Way {
    #[expect(clippy::disallowed_methods, reason = "a late wire is late in the machine's time")]
    fn pass(mut self, mut from: &TcpStream, mut to: &TcpStream) {
        let mut part = [0; 4_096];
        loop {
            let read = match from.read(&mut part) {
                Ok(0) => break,
                Ok(read) => read,
                Err(fault) if fault.kind() == ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            std::thread::sleep(self.late);
            let sent = self.cut.map_or(read, |left| left.min(read));
            if to.write_all(&part[..sent]).is_err() || sent < read {
                break;
            }
            self.cut = self.cut.map(|left| left - read);
            if let Some(time) = self.stall {
                std::thread::sleep(time);
                break;
            }
        }
        // Both directions end: a half of a connection is of no use to either side.
        let _ended = from.shutdown(Shutdown::Both).and(to.shutdown(Shutdown::Both));
    }
}

/// A phone and a gateway, with the wire between.
struct Scene {
    stage: Stage,
    wire: BadWire,
    world: World,
    app: App,
    person: Person,
}

/// How often something is tried before the test gives up.
const TURNS: usize = 60;

impl Scene {
    fn new(seed: u64) -> Self {
        let wire = BadWire::new(seed);
        let stage = Stage::with(|config| config.public_url = format!("https://localhost:{}", wire.port).parse().ok());
        wire.to.set(stage.address()).unwrap();
        let world = World::new();
        let app = world.app_on(Arc::new(Net::new(&[], world.clock.clone())));
        let person = stage.person("alice");
        Self { stage, wire, world, app, person }
    }

    fn pass(&self, seconds: u64) {
        self.stage.clock.advance(seconds);
        self.world.clock.pass(seconds);
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

    fn gateway(&self) -> Option<Id> {
        self.app.gateways().first().map(|row| row.id)
    }

    fn poll(&self) {
        // A poll that failed says so; the next one is the answer to it.
        let _outcome = self.gateway().map(|id| self.app.poll(id, 0, &Cancel::default()));
    }

    fn enrol(&self) {
        let link = self.stage.link(&self.person, "browser").to_https();
        let digits = self.until("enrolled", || {
            match self.app.gateways().first().map(|row| row.state.clone()) {
                Some(GatewayState::Pending { digits, .. }) => return Some(digits),
                Some(_) => self.poll(),
                None => drop(self.app.enrol(&self.app.enrol_offer(&link).unwrap(), &me(), &Cancel::default())),
            }
            None
        });
        let devices = self.stage.house().devices.of(self.person.id).unwrap();
        assert_eq!(devices.len(), 1, "one enrolment is one device");
        let (did, owner) = (devices[0].0.did, countersign_tests::stage::owner(&self.person));
        let by = countersign_tests::stage::caller();
        let confirmed = self.stage.house().devices.confirm(owner, did, &digits, &by).unwrap();
        assert_eq!(confirmed, Confirmed::Active);
        self.until("active", || {
            self.poll();
            (self.app.gateways()[0].state == GatewayState::Active).then_some(())
        });
    }

    fn row(&self, asked: &Asked<'_>) -> Option<ApprovalRow> {
        // The newest is the one that was asked last; earlier ones are decided.
        let newest = self.stage.house().approvals.store().get(asked.id).unwrap().unwrap().begun;
        self.app.approvals().into_iter().find(|row| row.asked >= newest)
    }

    /// One sign-in, from the beginning to what both ends hold of it. How many calls it took.
    fn sign_in(&self, approves: bool) -> usize {
        let before = self.wire.connections();
        let asked = self.stage.begin(&self.person);
        let wanted = if approves { Status::Approved } else { Status::Denied };
        self.until("decided", || {
            match self.row(&asked).map(|row| (row.id, row.state)) {
                Some((_, ApprovalState::Decided(status))) => {
                    assert_eq!(status, wanted);
                    return Some(());
                }
                Some((id, ApprovalState::Open(_))) if approves => drop(approve(&self.app, id, &asked.digits())),
                Some((id, ApprovalState::Open(_))) => drop(self.app.deny(id, &Cancel::default())),
                Some((_, ApprovalState::Ended(how))) => panic!("ended by itself: {how:?}"),
                Some((_, ApprovalState::Sending(_))) | None => self.poll(),
            }
            None
        });
        assert_eq!(asked.state(), if approves { State::Approved } else { State::Denied });
        assert_eq!((asked.consume(), asked.consume()), (approves, false), "taken once, if at all");
        let row = self.stage.house().approvals.store().get(asked.id).unwrap().unwrap();
        assert_eq!(row.tries, 3, "no try was lost");
        self.wire.connections() - before
    }

    /// How many answers the gateway counted.
    fn counted(&self) -> usize {
        let audit = self.stage.house().audit.latest(None, 10_000).unwrap();
        audit.iter().filter(|entry| ["approval.approve", "approval.deny"].contains(&&*entry.what)).count()
    }
}

#[test]
fn every_sign_in_ends_as_the_person_said_once() {
    let (mut calls, mut signed_in, mut harmed, mut connections) = (0, 0, 0, 0);
    for seed in 0..effort(4, 20) as u64 {
        let scene = Scene::new(seed);
        scene.enrol();
        let rounds = effort(4, 1_000);
        for round in 0..rounds {
            let approves = round % 2 == 0;
            calls += scene.sign_in(approves);
            // After a denial the gateway asks no phone for an hour.
            scene.pass(if approves { 31 } else { 3_601 });
        }
        signed_in += rounds;
        assert_eq!(scene.counted(), rounds, "one decision a sign-in");
        let devices = scene.stage.house().devices.of(scene.person.id).unwrap();
        assert_eq!(devices.iter().map(|(_, state)| *state).collect::<Vec<_>>(), [DeviceState::Active]);
        assert_eq!(scene.world.keys.names().len(), 2, "no key is left over");
        harmed += scene.wire.harmed.load(Ordering::SeqCst);
        connections += scene.wire.connections();
    }
    println!("{signed_in} sign-ins, {harmed} of {connections} connections harmed, {calls} calls");
    assert!(harmed * 2 > connections, "the wire was bad: {harmed} of {connections}");
    assert!(calls <= signed_in * 12, "no storm of requests: {calls} calls for {signed_in} sign-ins");
}

/// The suite notices a phone that says something else the second time: it would be counted twice.
#[test]
fn an_answer_made_anew_is_found_out() {
    let scene = Scene::new(3);
    scene.wire.is_bad.store(false, Ordering::SeqCst);
    let phone = scene.stage.active_phone(&scene.person, "anew");
    let asked = scene.stage.begin(&scene.person);
    let challenge = phone.challenges().remove(0);
    for expected in ["approved", "closed"] {
        assert_eq!(phone.decide(&phone.approval(&challenge, &asked.digits())), expected);
    }
    assert_ne!(scene.counted(), 1, "two answers, where one was given");
}
