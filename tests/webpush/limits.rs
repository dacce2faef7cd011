//! Bells at their limits: how many are under way, how many calls, in all and to one push server, and for how long a stop
//! waits for them. The push servers here take calls and never answer, and time passes when the test says so.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use countersign_gateway::enrol::Device;
use countersign_gateway::enrol::changes::SuspendedWhy;
use countersign_gateway::limits;
use countersign_gateway::person::Person;
use countersign_gateway::store::{StoreFault, params};
use countersign_protocol::jose::Id;
use countersign_tests::hand_timer::HandTimer;
use countersign_tests::log::Memory;
use countersign_tests::push_server::{PushServer, Reply};
use countersign_tests::raw_phone::{Key, id, sign};
use countersign_tests::stage::{BEGIN, Stage, caller, hash, owner};
use countersign_tests::window::rest;
use serde_json::json;
use tracing::Dispatch;

use super::ring::phone;

/// For real: how long nothing may come where nothing should.
const QUIET: Duration = Duration::from_millis(200);
/// Just before a limit.
const MOMENT: Duration = Duration::from_millis(1);
/// A bell that the whole outbox leaves out, and one that a push server's share leaves out.
const TOO_MANY: &str = "too many bells ring; this one does not";
const TOO_MANY_THERE: &str = "too many bells ring there; this one does not";

/// A gateway, an active phone of it, and push servers to hang the phone's bell at.
struct Tower {
    stage: Stage,
    timer: Arc<HandTimer>,
    log: Memory,
    dispatch: Dispatch,
    servers: Vec<PushServer>,
    alice: Person,
    /// Whose the other phones are.
    crowd: Person,
    device: Device,
    challenge: String,
    rung: Cell<u128>,
}

impl Tower {
    fn with_servers(count: usize) -> Self {
        let servers: Vec<PushServer> = (0..count).map(|_| PushServer::start(&[Reply::Silence])).collect();
        let roots: String = servers.iter().map(|it| std::fs::read_to_string(it.roots()).unwrap()).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        std::fs::write(&path, roots).unwrap();
        let (timer, log) = (Arc::new(HandTimer::default()), Memory::default());
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone());
        let dispatch = Dispatch::new(subscriber.finish());
        let stage = Stage::logging_with_timer(
            |config| {
                config.outgoing.allow = vec!["127.0.0.1".parse().unwrap()];
                config.outgoing.roots = Some(path);
            },
            &dispatch,
            timer.clone(),
        );
        let (alice, crowd) = (stage.person("alice"), stage.person("crowd"));
        let phone = phone(&stage, &alice, "one", &servers[0].endpoint("/up"));
        let did = phone.did.borrow().parse().unwrap();
        let device = stage.house().devices.store().device(did).unwrap().unwrap();
        let context = json!({"src": "direct"});
        let challenge = json!({
            "iss": stage.u(), "aud": phone.did.borrow().as_str(), "jti": id(1), "aid": id(2), "iat": BEGIN,
            "exp": BEGIN + 600, "op": "login", "acct": "alice", "app": "Demo shop", "nm": 6, "ctx": context,
        });
        let challenge = sign("cs-challenge+jwt", &challenge, &Key::named("gk"));
        Self { stage, timer, log, dispatch, servers, alice, crowd, device, challenge, rung: Cell::new(1 << 100) }
    }

    /// Rings the bells of so many phones at one of the servers, worth ringing for so many seconds.
    fn ring(&self, server: usize, count: usize, seconds: u64) {
        let devices = self.more(server, count);
        tracing::dispatcher::with_default(&self.dispatch, || {
            for device in &devices {
                self.stage.house().bells.ring(device, &self.challenge, BEGIN + seconds);
            }
        });
    }

    /// So many phones more, whose bells hang at one of the servers: like the one that enrolled, but for that.
    fn more(&self, server: usize, count: usize) -> Vec<Device> {
        let endpoint = self.servers[server].endpoint("/up");
        let like = |number| {
            let mut device = self.device.clone();
            device.did = Id::from_bytes(u128::to_be_bytes(self.rung.get() + number));
            device.phone.as_mut().unwrap().endpoint = Some(endpoint.clone());
            device
        };
        let devices: Vec<Device> = (1..=count as u128).map(like).collect();
        self.rung.set(self.rung.get() + count as u128);
        let person = self.crowd.id.0;
        let (template, dids) = (self.device.did, devices.iter().map(|it| it.did).collect::<Vec<_>>());
        let added = self.stage.house().store.write(move |row| {
            // They have its keys, too.
            row.execute_batch("DROP INDEX IF EXISTS device_ak; DROP INDEX IF EXISTS device_pk")?;
            row.execute("CREATE TEMP TABLE more AS SELECT * FROM device WHERE did = ?1", [template.as_bytes()])?;
            for did in dids {
                let set = "UPDATE more SET did = ?1, person = ?2, endpoint = ?3";
                row.execute(set, params![did.as_bytes(), person, endpoint])?;
                row.execute("INSERT INTO device SELECT * FROM more", [])?;
            }
            Ok::<_, StoreFault>(row.execute_batch("DROP TABLE more")?)
        });
        added.unwrap();
        devices
    }

    /// How often the log says it.
    fn told(&self, what: &str) -> usize {
        self.log.text().matches(what).count()
    }

    /// Whether after a while there are still exactly so many calls to that server.
    fn stays(&self, server: usize, calls: usize) -> bool {
        rest(QUIET);
        self.servers[server].received().len() == calls
    }
}

impl Drop for Tower {
    fn drop(&mut self) {
        // A stop waits for calls that never end, by a time that passes here alone.
        let (stage, timer) = (&mut self.stage, &self.timer);
        std::thread::scope(|scope| {
            let stopping = scope.spawn(|| stage.stop());
            while !stopping.is_finished() {
                timer.pass(limits::BELL_STOP_TIME);
                rest(Duration::from_millis(10));
            }
        });
    }
}

#[test]
fn one_push_server_gets_its_share_of_calls_at_once() {
    let tower = Tower::with_servers(1);
    tower.ring(0, limits::BELL_CALLS_A_SERVER - 1, 120);
    tower.servers[0].wait(limits::BELL_CALLS_A_SERVER - 1);
    tower.ring(0, 1, 120);
    tower.servers[0].wait(limits::BELL_CALLS_A_SERVER);
    tower.ring(0, 1, 120);
    assert!(tower.stays(0, limits::BELL_CALLS_A_SERVER), "one more waits");
    tower.timer.pass(limits::OUTGOING_TOTAL);
    tower.servers[0].wait(limits::BELL_CALLS_A_SERVER + 1);
}

#[test]
fn there_are_so_many_calls_at_once_and_no_more() {
    let full = limits::BELL_CALLS / limits::BELL_CALLS_A_SERVER;
    assert_eq!(full * limits::BELL_CALLS_A_SERVER, limits::BELL_CALLS);
    let tower = Tower::with_servers(full + 1);
    for server in 0..full - 1 {
        tower.ring(server, limits::BELL_CALLS_A_SERVER, 120);
    }
    tower.ring(full - 1, limits::BELL_CALLS_A_SERVER - 1, 120);
    for server in 0..full - 1 {
        tower.servers[server].wait(limits::BELL_CALLS_A_SERVER);
    }
    tower.servers[full - 1].wait(limits::BELL_CALLS_A_SERVER - 1);
    tower.ring(full - 1, 1, 120);
    tower.servers[full - 1].wait(limits::BELL_CALLS_A_SERVER);
    tower.ring(full, 1, 120);
    assert!(tower.stays(full, 0), "one more waits, though its own server has room");
    tower.timer.pass(limits::OUTGOING_TOTAL);
    tower.servers[full].wait(1);
}

#[test]
fn one_push_server_has_its_share_of_bells() {
    let tower = Tower::with_servers(2);
    // A bell at the other server behind them says that all before it were looked at.
    for (count, behind, left_out) in [(limits::BELLS_A_SERVER - 1, 1, 0), (1, 2, 0), (1, 3, 1)] {
        tower.ring(0, count, 120);
        tower.ring(1, 1, 120);
        tower.servers[1].wait(behind);
        assert_eq!(tower.told(TOO_MANY_THERE), left_out, "after {behind}");
    }
}

/// However often its bell is rung, a phone has one place; the newest bell is the one that rings there next.
#[test]
fn one_phone_takes_one_place() {
    let tower = Tower::with_servers(2);
    tracing::dispatcher::with_default(&tower.dispatch, || {
        for _ in 0..=limits::BELLS {
            tower.stage.house().bells.ring(&tower.device, &tower.challenge, BEGIN + 120);
            // As they come in a flood: the outbox takes them while they come.
            if tower.told(TOO_MANY) > 0 {
                break;
            }
        }
    });
    tower.servers[0].wait(1);
    let device = tower.more(1, 1).remove(0);
    until(&tower, |tower| {
        tracing::dispatcher::with_default(&tower.dispatch, || {
            tower.stage.house().bells.ring(&device, &tower.challenge, BEGIN + 120);
        });
        rest(Duration::from_millis(20));
        !tower.servers[1].received().is_empty()
    });
    assert!(tower.stays(0, 1), "one call, and no place but that one");
    assert_eq!(tower.told(TOO_MANY_THERE), 0);
    tower.timer.pass(limits::OUTGOING_TOTAL);
    tower.servers[0].wait(2);
    assert!(tower.stays(0, 2), "of thousands the newest alone");
}

/// Tries until something is so.
fn until(tower: &Tower, mut is_so: impl FnMut(&Tower) -> bool) {
    assert!((0..500).any(|_| is_so(tower)), "{}", tower.log.text());
}

#[test]
fn there_are_so_many_bells_under_way_and_so_many_more_may_wait() {
    let full = limits::BELLS / limits::BELLS_A_SERVER;
    assert_eq!(full * limits::BELLS_A_SERVER, limits::BELLS);
    let tower = Tower::with_servers(full + 2);
    for server in 0..full - 1 {
        tower.ring(server, limits::BELLS_A_SERVER, 120);
    }
    tower.ring(full - 1, limits::BELLS_A_SERVER - 1, 120);
    // The last place of all, at another server.
    tower.ring(full, 1, 120);
    tower.servers[full].wait(1);
    tower.ring(full + 1, 1, 600);
    assert!(tower.stays(full + 1, 0), "one more is not looked at yet");
    tower.ring(0, limits::BELLS - 1, 120);
    assert_eq!(tower.told(TOO_MANY), 0, "as many may wait");
    tower.ring(0, 1, 120);
    assert_eq!((tower.told(TOO_MANY), tower.told(TOO_MANY_THERE)), (1, 0));
    // The others are too late to be tried again, so their places come free.
    tower.stage.clock.advance(121);
    tower.timer.pass(limits::OUTGOING_TOTAL);
    tower.servers[full + 1].wait(1);
}

/// A bell waits while others are under way at its server; what becomes of its phone, or of the question, meanwhile.
fn waits_for_its_turn(happens: impl FnOnce(&Tower)) {
    let tower = Tower::with_servers(1);
    tower.ring(0, limits::BELL_CALLS_A_SERVER, 120);
    tower.servers[0].wait(limits::BELL_CALLS_A_SERVER);
    happens(&tower);
    tower.timer.pass(limits::OUTGOING_TOTAL);
    until(&tower, |tower| {
        rest(Duration::from_millis(10));
        tower.told("nobody is to be rung any more") == 1
    });
    assert!(tower.stays(0, limits::BELL_CALLS_A_SERVER), "not even once");
}

#[test]
fn a_bell_is_looked_at_before_it_rings_for_the_first_time() {
    waits_for_its_turn(|tower| {
        tracing::dispatcher::with_default(&tower.dispatch, || {
            tower.stage.house().bells.ring(&tower.device, &tower.challenge, BEGIN + 120);
        });
        let (devices, did) = (&tower.stage.house().devices, tower.device.did);
        assert!(devices.suspend(owner(&tower.alice), did, SuspendedWhy::Admin, &caller()).unwrap().is_some());
    });
    waits_for_its_turn(|tower| {
        let asked = tower.stage.begin(&tower.alice);
        assert!(tower.stage.house().approvals.cancel(asked.id, hash("browser"), &caller()).unwrap());
    });
}

#[test]
fn a_stop_waits_for_calls_and_not_for_ever() {
    let mut tower = Tower::with_servers(1);
    tower.ring(0, 1, 120);
    tower.servers[0].wait(1);
    let Tower { stage, timer, log, .. } = &mut tower;
    std::thread::scope(|scope| {
        let stopping = scope.spawn(|| stage.stop());
        timer.until_waiting(limits::BELL_STOP_TIME, 1);
        timer.pass(limits::BELL_STOP_TIME - MOMENT);
        rest(QUIET);
        assert!(!stopping.is_finished() && !log.text().contains("cut off"), "{}", log.text());
        timer.pass(MOMENT);
        stopping.join().expect("it stops");
    });
    assert_eq!(tower.told("bells were cut off by the stop"), 1);
}
