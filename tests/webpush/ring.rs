//! What rings, with what, how often; and that nobody waits for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_gateway::approval::record::{CodeEnd, Resent};
use countersign_gateway::config::Config;
use countersign_gateway::enrol::changes::SuspendedWhy;
use countersign_gateway::limits;
use countersign_gateway::person::Person;
use countersign_gateway::port::{PortFault, Signer, SignerFactory};
use countersign_gateway::webpush::vapid::Vapid;
use countersign_protocol::Secret;
use countersign_protocol::jose::{Id, b64u as strict};
use countersign_protocol::push::{GoneWhy, PushMode};
use countersign_protocol::seal::{Receiver, open};
use countersign_tests::hand_timer::HandTimer;
use countersign_tests::log::Memory;
use countersign_tests::push_server::{PushServer, Received, Reply};
use countersign_tests::raw_phone::{Key, RawPhone, RawRequest, payload};
use countersign_tests::stage::{BEGIN, Stage, caller, hash, owner};
use serde_json::{Value, json};

fn stage(server: &PushServer) -> Stage {
    Stage::with(|config| {
        config.outgoing.allow = vec!["127.0.0.1".parse().unwrap()];
        config.outgoing.roots = Some(server.roots());
        config.webpush_sub = Some("mailto:ops@example.com".into());
    })
}

/// An active phone whose bell hangs there.
pub(super) fn phone(stage: &Stage, person: &Person, label: &str, endpoint: &str) -> RawPhone {
    let (link, phone) = (stage.link(person, label), stage.raw_phone(label));
    let mut claims = phone.enrol_claims(&link);
    claims["push"] = json!({"endpoint": endpoint});
    let digits = phone.enrol_with(&link, &claims);
    stage.confirm(person, &phone, &digits);
    phone
}

/// Hangs the bell of a phone that is active: of phones that came later it is told nothing then.
fn hang(phone: &RawPhone, endpoint: &str) {
    assert_eq!(phone.wire.send(phone.proven_put("/push", &json!({"endpoint": endpoint}))).status, 204);
}

fn endpoint(stage: &Stage, phone: &RawPhone) -> Option<String> {
    let did: Id = phone.did.borrow().parse().unwrap();
    stage.house().devices.store().device(did).unwrap().unwrap().phone.unwrap().endpoint
}

pub(super) fn opened(phone: &RawPhone, bell: &Received) -> String {
    let receiver = Receiver::new(&Secret::from_slice(phone.seal.scalar()), Id::from_bytes([0x30; 16])).unwrap();
    let plain = open(&receiver, &bell.body).unwrap();
    String::from_utf8(plain.expose().to_vec()).unwrap()
}

/// The claims of the token that a bell carries.
fn token(bell: &Received) -> Value {
    let header = bell.header("authorization").unwrap();
    let claims = header.strip_prefix("vapid t=").unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&strict::decode(claims).unwrap()).unwrap()
}

/// Waits for real until something is so.
#[expect(clippy::disallowed_methods, reason = "this waits for what another thread does")]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(60), "not {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_bell_carries_the_challenge_under_seal() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let stage = stage(&server);
    let alice = stage.person("alice");
    let (one, two) = (stage.active_phone(&alice, "one"), stage.active_phone(&alice, "two"));
    stage.active_phone(&alice, "without a bell");
    hang(&one, &server.endpoint("/up/one"));
    hang(&two, &server.endpoint("/up/two"));
    let _asked = stage.begin(&alice);
    let bells = server.wait(2);
    for (phone, path) in [(&one, "/up/one"), (&two, "/up/two")] {
        let bell = bells.iter().find(|it| it.line == format!("POST {path} HTTP/1.1")).unwrap();
        assert_eq!(vec![opened(phone, bell)], phone.challenges());
        assert_eq!(bell.body.len(), 1_126);
        for (name, value) in [("content-encoding", "aes128gcm"), ("ttl", "120"), ("urgency", "high"), ("topic", "cs")] {
            assert_eq!(bell.header(name), Some(value), "{name}");
        }
        let claims = token(bell);
        let origin = format!("https://{}", server.address());
        assert_eq!((&claims["aud"], &claims["sub"]), (&json!(origin), &json!("mailto:ops@example.com")));
        let exp = claims["exp"].as_u64().unwrap();
        assert!((BEGIN + 1..=BEGIN + 86_400).contains(&exp), "{exp}");
    }
    assert_eq!(server.received().len(), 2, "a phone without an endpoint has no bell");
}

#[test]
fn a_notice_rings_too() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let stage = stage(&server);
    let alice = stage.person("alice");
    let one = phone(&stage, &alice, "one", &server.endpoint("/up/one"));
    stage.active_phone(&alice, "two");
    let bell = server.wait(1).remove(0);
    assert_eq!(vec![opened(&one, &bell)], one.notices());
    assert_eq!(bell.header("ttl"), Some("2419200"), "as long as push servers keep one, four weeks");
    assert_eq!(one.wire.send(one.bare("DELETE", "/push")).status, 204);
    stage.active_phone(&alice, "three");
    assert_eq!((one.notices().len(), server.received().len()), (2, 1), "a bell that was taken down rings no more");
}

#[test]
fn lock_outs_and_recoveries_ring_too() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let stage = Stage::with(|config| {
        config.outgoing.allow = vec!["127.0.0.1".parse().unwrap()];
        config.outgoing.roots = Some(server.roots());
        config.approval.wrong_digits = 3;
        config.approval.wrong_codes = 2;
        config.approval.pushes = 10;
    });
    stage.name_recovery("gr").unwrap();
    let alice = stage.person("alice");
    let one = phone(&stage, &alice, "one", &server.endpoint("/up/one"));
    let asked = stage.begin(&alice);
    let held = one.challenges().remove(0);
    server.wait(1);
    let ends = [0, 1, 2].map(|_| one.decide(&one.approval(&held, &asked.wrong_digits())));
    assert_eq!(ends, ["wrong", "wrong", "failed"]);
    let bells = server.wait(2);
    assert_eq!(vec![opened(&one, &bells[1])], one.notices());
    stage.house().approvals.store().reset(alice.id).unwrap();

    stage.clock.advance(61);
    let asked = stage.begin(&alice);
    server.wait(3);
    let code = |_| stage.house().approvals.code(asked.id, hash("browser"), None, &caller()).unwrap();
    assert_eq!([0, 1].map(code), [CodeEnd::Wrong(2), CodeEnd::Failed]);
    let bells = server.wait(4);
    assert_eq!(opened(&one, &bells[3]), one.notices()[0]);
    let told: Vec<Value> = one.notices().iter().map(|text| payload(text)["info"].clone()).collect();
    assert_eq!(told, ["lockout", "lockout"]);

    stage.recover("gr", None).unwrap();
    let bells = server.wait(5);
    assert_eq!(opened(&one, &bells[4]), one.notices()[0]);
    assert_eq!(payload(&one.notices()[0])["info"], "recovery_used");
}

#[test]
fn the_key_of_the_token_stands_in_the_metadata_and_is_no_gk() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let stage = stage(&server);
    let alice = stage.person("alice");
    phone(&stage, &alice, "one", &server.endpoint("/up/one"));
    let _asked = stage.begin(&alice);
    let bell = server.wait(1).remove(0);
    let key = bell.header("authorization").unwrap().split_once(", k=").unwrap().1.to_owned();
    let meta = stage.raw_phone("reader").wire.send(RawRequest::get("/metadata")).json();
    let meta = payload(meta["meta"].as_str().unwrap());
    assert_eq!(meta["vapid"], json!(key));
    let gk = meta["keys"][0]["x"].as_str().unwrap();
    assert_ne!(strict::decode(&key).unwrap()[1..33], strict::decode(gk).unwrap());
}

#[test]
fn wake_is_all_where_the_policy_says_so() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let stage = Stage::with(|config| {
        config.outgoing.allow = vec!["127.0.0.1".parse().unwrap()];
        config.outgoing.roots = Some(server.roots());
        config.policy.push = PushMode::Wake;
    });
    let alice = stage.person("alice");
    let one = phone(&stage, &alice, "one", &server.endpoint("/up/one"));
    let _asked = stage.begin(&alice);
    let bell = server.wait(1).remove(0);
    assert_eq!((opened(&one, &bell).as_str(), bell.body.len()), ("wake", 1_126));
    assert_eq!(token(&bell)["sub"], json!(stage.origin()));
}

#[test]
fn a_resend_rings_the_same_challenge_again_and_three_times_at_most() {
    let server = PushServer::start(&[Reply::Status(201)]);
    let stage = stage(&server);
    let alice = stage.person("alice");
    let one = phone(&stage, &alice, "one", &server.endpoint("/up/one"));
    let asked = stage.begin(&alice);
    let resend = || stage.house().approvals.resend(asked.id, hash("browser"), &caller()).unwrap();
    assert_ne!(resend(), Resent::Rung, "not within twenty seconds");
    for count in 2..=4 {
        stage.clock.advance(20);
        assert_eq!(resend(), Resent::Rung);
        server.wait(count);
    }
    stage.clock.advance(20);
    assert_ne!(resend(), Resent::Rung);
    let bells = server.wait(4);
    assert_eq!(bells.len(), 4);
    assert!(bells.iter().all(|bell| opened(&one, bell) == opened(&one, &bells[0])), "one challenge");
    assert_ne!(bells[0].body, bells[1].body, "sealed anew");
    assert_eq!(bells[3].header("ttl"), Some("60"));
}

#[test]
fn an_endpoint_that_is_gone_is_forgotten() {
    for status in [404, 410] {
        let server = PushServer::start(&[Reply::Status(status)]);
        let stage = stage(&server);
        let alice = stage.person("alice");
        let one = phone(&stage, &alice, "one", &server.endpoint("/up/one"));
        let asked = stage.begin(&alice);
        until("forgotten", || endpoint(&stage, &one).is_none());
        assert_eq!(server.received().len(), 1);
        // The phone asks by itself and decides as ever.
        let challenge = one.challenges().remove(0);
        assert_eq!(one.decide(&one.approval(&challenge, &asked.digits())), "approved");
    }
}

#[test]
fn a_server_that_is_busy_is_asked_again() {
    let later = Reply::With(429, "Retry-After: 1".into());
    for reply in [later, Reply::Status(500), Reply::Status(503), Reply::Cut] {
        let server = PushServer::start(&[reply, Reply::Status(201)]);
        let stage = stage(&server);
        let alice = stage.person("alice");
        let one = phone(&stage, &alice, "one", &server.endpoint("/up/one"));
        let _asked = stage.begin(&alice);
        let bells = server.wait(2);
        assert_eq!(opened(&one, &bells[0]), opened(&one, &bells[1]));
        assert!(endpoint(&stage, &one).is_some());
    }
}

#[test]
fn what_is_no_answer_of_a_push_server_is_given_up_and_a_late_bell_too() {
    let refused = PushServer::start(&[Reply::Status(400)]);
    let moved = PushServer::start(&[Reply::With(307, format!("Location: {}", refused.endpoint("/elsewhere")))]);
    let forbidden = PushServer::start(&[Reply::Status(403)]);
    let late = PushServer::start(&[later()]);
    let far = PushServer::start(&[Reply::With(429, "Retry-After: 121".into())]);
    let servers = [&refused, &moved, &forbidden, &late, &far];
    let (stage, timer, log) = by_hand(&servers);
    let alice = stage.person("alice");
    let phones: Vec<RawPhone> = (0..5).map(|n| stage.active_phone(&alice, &format!("phone {n}"))).collect();
    phones.iter().zip(servers).for_each(|(phone, server)| hang(phone, &server.endpoint("/up")));
    let _asked = stage.begin(&alice);
    servers.iter().for_each(|server| drop(server.wait(1)));
    timer.until_waiting(PAUSE, 1);
    stage.clock.advance(120);
    timer.pass(PAUSE);
    until("all given up", || log.text().matches("bell given up").count() == servers.len());
    assert_eq!(servers.map(|server| server.received().len()), [1; 5]);
    assert!(phones.iter().all(|phone| endpoint(&stage, phone).is_some()), "only the server itself says gone");
}

/// Makes the token's next key.
struct Next;

impl SignerFactory for Next {
    fn generate(&self) -> Result<Secret, PortFault> {
        Err(PortFault::Signer)
    }

    fn generate_vapid(&self) -> Result<Secret, PortFault> {
        Ok(Secret::from_slice(b"vapid2"))
    }

    fn load(&self, _: &Secret) -> Result<Arc<dyn Signer>, PortFault> {
        Err(PortFault::Signer)
    }
}

#[test]
fn where_the_new_key_is_refused_the_old_one_is_shown_for_thirty_days() {
    let server = PushServer::start(&[Reply::Status(403), Reply::Status(201), Reply::Status(403)]);
    let mut stage = stage(&server);
    let alice = stage.person("alice");
    let one = phone(&stage, &alice, "one", &server.endpoint("/up/one"));
    let house = stage.house().clone();
    Vapid::rotate(&house.values, &Next, BEGIN).unwrap();
    drop(house);
    stage.restart(8);
    let _asked = stage.begin(&alice);
    let keys: Vec<String> = server
        .wait(2)
        .iter()
        .map(|bell| bell.header("authorization").unwrap().split_once(", k=").unwrap().1.to_owned())
        .collect();
    let named = |name: &str| strict::encode(&Key::named(name).jwk().to_sec1());
    assert_eq!(keys, [named("vapid2"), named("vapid")]);
    let meta = one.wire.send(RawRequest::get("/metadata")).json();
    assert_eq!(payload(meta["meta"].as_str().unwrap())["vapid"], json!(named("vapid2")));
    let challenge = one.challenges().remove(0);
    assert_eq!(one.decide(&one.refusal(&challenge, "deny")), "denied");
    stage.clock.advance(31 * 86_400);
    stage.restart(9);
    assert_eq!(stage.house().bells.vapid().keys(), 1);
}

#[test]
fn the_log_names_the_host_and_never_the_endpoint() {
    let replies =
        [Reply::Status(503), Reply::With(429, "Retry-After: 1".into()), Reply::Status(201), Reply::Status(410)];
    let server = PushServer::start(&replies);
    let log = Memory::default();
    let stage = Stage::logging(
        |config| {
            config.outgoing.allow = vec!["127.0.0.1".parse().unwrap()];
            config.outgoing.roots = Some(server.roots());
        },
        &log.dispatch(),
    );
    let alice = stage.person("alice");
    phone(&stage, &alice, "one", &server.endpoint("/up/secret-of-the-endpoint"));
    let asked = stage.begin(&alice);
    let bells = server.wait(3);
    stage.clock.advance(20);
    assert_eq!(stage.house().approvals.resend(asked.id, hash("browser"), &caller()).unwrap(), Resent::Rung);
    until("told", || ["bell rung", "bell gone"].iter().all(|end| log.text().contains(end)));
    let text = log.text();
    assert!(text.contains(&server.address().to_string()) && text.contains("bell rung"), "{text}");
    let token = bells[0].header("authorization").unwrap().split_once(", k=").unwrap().0;
    for secret in ["secret-of-the-endpoint", token.trim_start_matches("vapid t=")] {
        assert!(!text.contains(secret), "{secret} in:\n{text}");
    }
}

/// Lets something happen between the first try of a bell and the next, after which there is no next.
fn not_again(happens: impl FnOnce(&Stage, &Person, &RawPhone)) {
    let server = PushServer::start(&[later(), Reply::Status(201)]);
    let (stage, timer, log) = by_hand(&[&server]);
    let alice = stage.person("alice");
    let one = phone(&stage, &alice, "one", &server.endpoint("/up/one"));
    let _asked = stage.begin(&alice);
    timer.until_waiting(PAUSE, 1);
    happens(&stage, &alice, &one);
    timer.pass(PAUSE);
    until("looked at again", || log.text().contains("bell given up") || server.received().len() > 1);
    assert_eq!(server.received().len(), 1);
}

/// The pause that [`later`] asks for: longer than the gateway's own, so that it is exactly that.
const PAUSE: Duration = Duration::from_secs(30);

/// Asks to be called again after [`PAUSE`].
fn later() -> Reply {
    Reply::With(503, format!("Retry-After: {}", PAUSE.as_secs()))
}

/// A gateway that may call these, whose time passes by hand, and what it says.
fn by_hand(servers: &[&PushServer]) -> (Stage, Arc<HandTimer>, Memory) {
    let roots: String = servers.iter().map(|it| std::fs::read_to_string(it.roots()).unwrap()).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roots.pem");
    std::fs::write(&path, roots).unwrap();
    let (timer, log) = (Arc::new(HandTimer::default()), Memory::default());
    let change = |config: &mut Config| {
        config.outgoing.allow = vec!["127.0.0.1".parse().unwrap()];
        config.outgoing.roots = Some(path);
    };
    let stage = Stage::logging_with_timer(change, &log.dispatch(), timer.clone());
    (stage, timer, log)
}

#[test]
fn a_bell_that_moved_is_not_rung_where_it_was() {
    not_again(|stage, _, one| {
        let (did, endpoint) = (one.did.borrow().parse().unwrap(), endpoint(stage, one).unwrap());
        stage.house().devices.store().forget_endpoint(did, &endpoint).unwrap();
    });
}

#[test]
fn a_phone_that_was_suspended_or_removed_is_not_rung_again() {
    not_again(|stage, alice, one| {
        let (devices, did) = (&stage.house().devices, one.did.borrow().parse().unwrap());
        assert!(devices.suspend(owner(alice), did, SuspendedWhy::Reported, &caller()).unwrap().is_some());
    });
    not_again(|stage, alice, one| {
        let (devices, did) = (&stage.house().devices, one.did.borrow().parse().unwrap());
        assert!(devices.remove(owner(alice), did, GoneWhy::Admin, &caller()).unwrap().is_some());
    });
}

#[test]
fn a_bell_for_what_is_decided_rings_no_more() {
    not_again(|_, _, one| {
        let challenge = one.challenges().remove(0);
        assert_eq!(one.decide(&one.refusal(&challenge, "deny")), "denied");
    });
}

#[test]
fn a_newer_bell_takes_the_older_ones_place() {
    let server = PushServer::start(&[Reply::With(503, "Retry-After: 60".into()), Reply::Status(201)]);
    let stage = stage(&server);
    let alice = stage.person("alice");
    let one = phone(&stage, &alice, "one", &server.endpoint("/up/one"));
    let asked = stage.begin(&alice);
    server.wait(1);
    assert!(stage.house().approvals.cancel(asked.id, hash("browser"), &caller()).unwrap());
    stage.clock.advance(1);
    let _again = stage.begin(&alice);
    let bells = server.wait(2);
    assert_eq!(vec![opened(&one, &bells[1])], one.challenges(), "at once, and not after a minute");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this measures how long real waiting lasts")]
fn nobody_waits_for_a_bell() {
    let silent = PushServer::start(&[Reply::Silence]);
    let stage = stage(&silent);
    let alice = stage.person("alice");
    let one = phone(&stage, &alice, "one", &silent.endpoint("/up/one"));
    let began = Instant::now();
    let asked = stage.begin(&alice);
    let challenge = one.challenges().remove(0);
    assert_eq!(one.decide(&one.approval(&challenge, &asked.digits())), "approved");
    assert!(asked.consume());
    assert!(began.elapsed() < limits::OUTGOING_TOTAL, "{:?}", began.elapsed());
    silent.wait(1);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "this measures how long real waiting lasts")]
fn a_stop_does_not_wait_for_another_try() {
    let server = PushServer::start(&[Reply::With(503, "Retry-After: 60".into())]);
    let stage = stage(&server);
    let alice = stage.person("alice");
    phone(&stage, &alice, "one", &server.endpoint("/up/one"));
    let _asked = stage.begin(&alice);
    server.wait(1);
    let began = Instant::now();
    drop(stage);
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}
