//! A relay that drops, repeats, reorders and reads everything: it learns nothing, and each sign-in ends right.

use std::sync::Arc;

use countersign_core::app::{App, ApprovalState, Bell, Enrolling};
use countersign_core::cancel::Cancel;
use countersign_core::net::Net;
use countersign_gateway::approval::State;
use countersign_gateway::enrol::record::Confirmed;
use countersign_gateway::person::Person;
use countersign_protocol::push::Status;
use countersign_tests::push_server::{PushServer, Received, Reply};
use countersign_tests::raw_phone::b64u;
use countersign_tests::stage::{Stage, caller, hash, owner};

use super::phone::{World, approve, me, only, poll};

/// A gateway, a relay, and a phone whose bells go there.
struct Scene {
    relay: PushServer,
    stage: Stage,
    world: World,
    app: App,
    enrolling: Enrolling,
    person: Person,
    /// What the relay handed over or kept, so far.
    rung: std::cell::Cell<usize>,
}

impl Scene {
    fn new() -> Self {
        let relay = PushServer::start(&[Reply::Status(201)]);
        let stage = Stage::with(|config| {
            config.outgoing.allow = vec!["127.0.0.1".parse().unwrap()];
            config.outgoing.roots = Some(relay.roots());
        });
        let world = World::new();
        let app = world.app_on(Arc::new(Net::new(Vec::new, world.clock.clone())));
        let person = stage.person("canary.alice");
        let offer = app.enrol_offer(&stage.link(&person, "browser").to_https()).unwrap();
        let enrolling = app.enrol(&offer, &me(), &Cancel::default()).unwrap();
        let did = stage.house().devices.of(person.id).unwrap()[0].0.did;
        let confirmed = stage.house().devices.confirm(owner(&person), did, &enrolling.digits, &caller()).unwrap();
        assert_eq!(confirmed, Confirmed::Active);
        poll(&app, &enrolling).unwrap();
        app.set_endpoint(enrolling.id, Some(&relay.endpoint("/up/alice")), &Cancel::default()).unwrap();
        Self { relay, stage, world, app, enrolling, person, rung: std::cell::Cell::new(0) }
    }

    /// The next bell as the relay has it.
    fn bell(&self) -> Received {
        self.rung.set(self.rung.get() + 1);
        self.relay.wait(self.rung.get()).remove(self.rung.get() - 1)
    }

    fn pass(&self, seconds: u64) {
        self.stage.clock.advance(seconds);
        self.world.clock.pass(seconds);
    }

    fn open_ones(&self) -> usize {
        self.app.approvals().iter().filter(|row| matches!(row.state, ApprovalState::Open(_))).count()
    }
}

#[test]
fn dropped() {
    let scene = Scene::new();
    let asked = scene.stage.begin(&scene.person);
    scene.bell();
    assert!(scene.app.approvals().is_empty(), "nothing rang");
    poll(&scene.app, &scene.enrolling).unwrap();
    assert_eq!(approve(&scene.app, only(&scene.app).id, &asked.digits()).unwrap().st, Status::Approved);
    assert!(asked.consume());
}

#[test]
fn repeated() {
    let scene = Scene::new();
    let asked = scene.stage.begin(&scene.person);
    let bell = scene.bell();
    let Bell::Asks(id) = scene.app.bell(&bell.body) else { panic!("it asks") };
    assert_eq!(scene.app.bell(&bell.body), Bell::Asks(id));
    assert_eq!(scene.app.approvals().len(), 1, "rung twice, shown once");
    assert_eq!(approve(&scene.app, id, &asked.digits()).unwrap().st, Status::Approved);
    // After the decision, after it was taken, and when all is long over: nothing asks again.
    for seconds in [0, 31, 200, 100_000] {
        scene.pass(seconds);
        scene.app.bell(&bell.body);
        assert_eq!(scene.open_ones(), 0, "after {seconds} seconds");
        if seconds == 0 {
            assert!(asked.consume());
        }
        poll(&scene.app, &scene.enrolling).unwrap();
        assert_eq!((scene.open_ones(), asked.consume()), (0, false), "after {seconds} seconds");
    }
    assert_eq!(asked.state(), State::Consumed);
}

#[test]
fn reordered() {
    let scene = Scene::new();
    let first = scene.stage.begin(&scene.person);
    let early = scene.bell();
    scene.stage.house().approvals.cancel(first.id, hash("browser"), &caller()).unwrap();
    scene.pass(30);
    let second = scene.stage.begin(&scene.person);
    let late = scene.bell();
    let Bell::Asks(id) = scene.app.bell(&late.body) else { panic!("it asks") };
    // The older one comes after it and looks as good as any: no State ever listed it, so none says that it closed. The
    // digits of the page are no use there, and nothing is lost by trying.
    let Bell::Asks(old) = scene.app.bell(&early.body) else { panic!("nothing tells it from a new one") };
    assert_eq!(approve(&scene.app, old, &second.digits()).unwrap().st, Status::Closed);
    poll(&scene.app, &scene.enrolling).unwrap();
    assert_eq!(scene.open_ones(), 1);
    assert_eq!(scene.stage.house().approvals.store().get(second.id).unwrap().unwrap().tries, 3);
    assert_eq!(approve(&scene.app, id, &second.digits()).unwrap().st, Status::Approved);
    assert_eq!((first.state(), second.state()), (State::Cancelled, State::Approved));
    assert_eq!((first.consume(), second.consume()), (false, true));
    // And in the order in which they were sent, but long after: nothing asks.
    scene.pass(200);
    for bell in [&early, &late] {
        scene.app.bell(&bell.body);
        assert_eq!(scene.open_ones(), 0);
    }
}

#[test]
fn foreign_and_changed() {
    let (scene, other) = (Scene::new(), Scene::new());
    let _asked = scene.stage.begin(&scene.person);
    let _others = other.stage.begin(&other.person);
    let (own, foreign) = (scene.bell(), other.bell());
    assert_eq!(scene.app.bell(&foreign.body), Bell::Waiting, "another phone's");
    let mut changed = own.body.clone();
    changed[600] ^= 1;
    for body in [&changed, &own.body[..1_125].to_vec(), &[&own.body[..86], &foreign.body[86..]].concat()] {
        assert_eq!(scene.app.bell(body), Bell::Waiting);
    }
    assert!(scene.app.approvals().is_empty());
    assert_ne!(scene.app.bell(&own.body), Bell::Waiting);
}

#[test]
fn reads_everything_and_learns_nothing() {
    let scene = Scene::new();
    let asked = scene.stage.begin(&scene.person);
    let bell = scene.bell();
    let did = scene.stage.house().devices.of(scene.person.id).unwrap()[0].0.did;
    let challenge = scene.stage.house().approvals.open_challenges(did).unwrap().remove(0).jws;
    let headers: Vec<String> = bell.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let seen = [bell.line.clone(), headers.join("\n"), String::from_utf8_lossy(&bell.body).into_owned()].join("\n");
    // Digits may stand by chance in numbers; they are searched in the sealed body, whose bytes are of one run.
    let secrets =
        ["canary.alice", "Demo shop", "192.0.2.7", "login", &did.to_string(), &asked.id.to_string(), &challenge]
            .map(str::to_owned);
    let found = |seen: &str| -> Vec<String> {
        let forms = |secret: &String| [secret.clone(), b64u(secret.as_bytes())];
        secrets.iter().flat_map(forms).filter(|form| seen.contains(form.as_str())).collect()
    };
    assert_eq!(found(&seen), Vec::<String>::new());
    assert_eq!(bell.body.len(), 1_126, "every bell is as long as the others");
    // The search itself sees them where nothing is sealed.
    let payload = countersign_tests::raw_phone::payload(&challenge).to_string();
    assert!(found(&payload).len() >= 4, "{:?}", found(&payload));
    // And the key of the relay's token is none that signs challenges.
    assert!(matches!(scene.app.bell(&bell.body), Bell::Asks(_)));
    assert_eq!(only(&scene.app).app, "Demo shop");
}
