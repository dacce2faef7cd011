//! P6 `push::replay`: any recorded message sent again, at any later point of the journey, has no second effect.
//!
//! Short form: each once, in order. Long form (`cargo xtask torture push::replay`): in other orders too, again and again
//! while time goes on, more than 100,000 in all.

use std::cell::Cell;

use countersign_gateway::approval::{State, rule};
use countersign_gateway::audit::Entry;
use countersign_gateway::enrol::{Device, DeviceState};
use countersign_gateway::person::Person;
use countersign_gateway::store::{Connection, StoreFault};
use countersign_protocol::jose::H32;
use countersign_protocol::push::GoneWhy;
use countersign_tests::raw_phone::{Key, RawPhone, RawRequest, payload};
use countersign_tests::stage::{Asked, Stage, caller, owner};

use super::is_long;

/// A fault put into the gateway while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sabotage {
    /// None.
    None,
    /// The memory of answers is emptied before each replay.
    ForgetAnswers,
}

/// What a replay could change: devices, approvals, counters, audit.
#[derive(Debug, PartialEq, Eq)]
struct Effect {
    devices: Vec<DeviceState>,
    phones: Vec<(H32, H32, H32, Option<String>)>,
    open_codes: i64,
    approvals: Vec<(State, u8, Option<u64>)>,
    standing: countersign_gateway::approval::record::Standing,
    decisions: usize,
}

/// Two phones of one person, and everything that went over the wire so far.
struct Journey<'a> {
    stage: &'a Stage,
    alice: &'a Person,
    phones: [&'a RawPhone; 2],
    sabotage: Sabotage,
    replays: Cell<usize>,
}

impl Journey<'_> {
    fn effect(&self, asked: &[&Asked<'_>]) -> Effect {
        let house = self.stage.house();
        let store = house.approvals.store();
        let row = |asked: &&Asked<'_>| {
            let row = store.get(asked.id).expect("the store").expect("a row");
            (row.stored, row.tries, row.decided)
        };
        let audit = house.audit.latest(None, 10_000).expect("the store");
        Effect {
            devices: house.devices.of(self.alice.id).expect("the store").iter().map(|(_, state)| *state).collect(),
            phones: house
                .devices
                .of(self.alice.id)
                .expect("the store")
                .into_iter()
                .filter_map(|it| keys(it.0))
                .collect(),
            open_codes: house.store.read(open_codes).expect("the store"),
            approvals: asked.iter().map(row).collect(),
            standing: store.standing(self.alice.id).expect("the store"),
            decisions: audit.iter().filter(|entry| self.counts(entry, asked)).count(),
        }
    }

    /// Whether an entry tells of what must not happen twice. An hour past the end of its challenge an answer is forgotten
    /// (section 7): sent again it is one that comes too late, which is refused, and the audit says so once more.
    fn counts(&self, entry: &Entry, asked: &[&Asked<'_>]) -> bool {
        let approvals = &self.stage.house().approvals;
        let is_forgotten = |asked: &&Asked<'_>| {
            let row = approvals.store().get(asked.id).expect("the store").expect("a row");
            row.exp + rule::KEPT < approvals.moment().now
        };
        let answered = ["approval.approve", "approval.deny", "approval.report"].contains(&entry.what.as_str());
        let refused = answered && ["closed", "expired"].contains(&entry.outcome.as_str());
        let of = asked.iter().find(|asked| entry.approval == Some(*asked.id.as_bytes()));
        let comes_too_late = refused && of.is_some_and(is_forgotten);
        (entry.approval.is_some() || entry.device.is_some()) && !comes_too_late
    }

    /// Sends everything recorded once more; `Err` names the request whose replay changed something. In the long form it
    /// is sent in another order each second, for as many seconds as there is `room` for before the next step.
    fn replay(&self, asked: &[&Asked<'_>], room: u64) -> Result<(), String> {
        self.replay_in_order(asked, 0)?;
        for order in (1..=room).take_while(|_| is_long()) {
            self.stage.clock.advance(1);
            self.replay_in_order(asked, order)?;
        }
        Ok(())
    }

    /// After a round of the sweep, which else comes by the machine's own time.
    fn replay_in_order(&self, asked: &[&Asked<'_>], order: u64) -> Result<(), String> {
        let approvals = &self.stage.house().approvals;
        approvals.store().sweep(0, approvals.moment()).expect("the store");
        let before = self.effect(asked);
        for phone in self.phones {
            let mut all: Vec<(H32, RawRequest)> = Vec::new();
            for (at, request) in phone.wire.recorded().into_iter().enumerate() {
                all.push((H32::sha256(&[&order.to_be_bytes(), &at.to_be_bytes()]), request));
            }
            if order > 0 {
                all.sort_by_key(|(place, _)| *place.as_bytes());
            }
            for (_, request) in all {
                self.sabotage();
                let path = request.path.clone();
                let is_proven = is_proven(&request);
                let reply = phone.wire.send_again(request);
                self.replays.set(self.replays.get() + 1);
                assert_ne!(reply.status, 429, "asked too fast: nothing is shown");
                if is_proven && reply.status < 300 {
                    return Err(format!("{path} {}: a proof counted twice", reply.verdict()));
                }
                let after = self.effect(asked);
                if after != before {
                    return Err(format!("{path} {}: {before:?} became {after:?}", reply.verdict()));
                }
            }
        }
        Ok(())
    }

    fn sabotage(&self) {
        if self.sabotage == Sabotage::ForgetAnswers {
            let forgotten = self
                .stage
                .house()
                .store
                .write(|row| row.execute("DELETE FROM answer", []).map(drop).map_err(StoreFault::from));
            forgotten.expect("the store");
        }
    }
}

fn keys(device: Device) -> Option<(H32, H32, H32, Option<String>)> {
    let phone = device.phone?;
    Some((phone.ak.thumbprint(), phone.pk.thumbprint(), phone.seal.thumbprint(), phone.endpoint))
}

fn open_codes(row: &Connection) -> Result<i64, StoreFault> {
    Ok(row.query_one("SELECT count(*) FROM enrol_code WHERE state = 'open'", [], |row| row.get(0))?)
}

fn is_proven(request: &RawRequest) -> bool {
    request.headers.iter().any(|(name, _)| name == "countersign-proof")
}

/// Enrols two phones, answers wrongly, approves, denies, reports, removes a phone, and replays everything after each
/// step. Returns how many messages were sent again.
fn play(sabotage: Sabotage) -> Result<usize, String> {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let (one, two) = (stage.raw_phone("one"), stage.raw_phone("two"));
    let journey = Journey { stage: &stage, alice: &alice, phones: [&one, &two], sabotage, replays: Cell::new(0) };

    for phone in journey.phones {
        let digits = phone.enrol(&stage.link(&alice, "browser"));
        journey.replay(&[], 500)?;
        stage.confirm(&alice, phone, &digits);
        journey.replay(&[], 500)?;
    }

    let first = stage.begin(&alice);
    let held = one.challenges().pop().expect("a challenge");
    journey.replay(&[&first], 40)?;
    assert_eq!(one.decide(&one.approval(&held, &first.wrong_digits())), "wrong");
    journey.replay(&[&first], 40)?;
    assert_eq!(one.decide(&one.approval(&held, &first.digits())), "approved");
    journey.replay(&[&first], 20)?;
    assert!(first.consume());
    journey.replay(&[&first], 2_500)?;

    stage.clock.advance(60);
    let second = stage.begin(&alice);
    let held = two.challenges().pop().expect("a challenge");
    assert_eq!(two.decide(&two.refusal(&held, "deny")), "denied");
    journey.replay(&[&first, &second], 2_500)?;

    stage.clock.advance(3_601);
    let third = stage.begin(&alice);
    let held = one.challenges().pop().expect("a challenge");
    assert_eq!(one.decide(&one.refusal(&held, "report")), "reported");
    journey.replay(&[&first, &second, &third], 2_500)?;

    let did = one.did.borrow().parse().expect("an id");
    stage.house().devices.remove(owner(&alice), did, GoneWhy::Person, &caller()).expect("the store");
    assert_eq!(one.poll(&one.echo(0)).verdict(), "410 gone");
    journey.replay(&[&first, &second, &third], 2_500)?;
    Ok(journey.replays.get())
}

impl Journey<'_> {
    /// Whoever has the keys of proofs sends each recorded body with a proof of its own: what was signed before has no second
    /// effect.
    fn proven_anew(&self, phone: &RawPhone) -> Result<(), String> {
        let before = self.effect(&[]);
        let recorded = phone.wire.recorded();
        let signed = |request: &&RawRequest| ["/keys", "/invite", "/confirm"].contains(&request.path.as_str());
        for request in recorded.iter().filter(signed) {
            let body = request.body.clone().expect("a body");
            let proof = phone.proof("POST", &request.path, &body);
            let again = RawRequest::post(&request.path, body).header("countersign-proof", &proof);
            let reply = phone.wire.send_again(again);
            self.replays.set(self.replays.get() + 1);
            assert_ne!(reply.status, 429, "asked too fast: nothing is shown");
            let after = self.effect(&[]);
            if after != before {
                return Err(format!("{} {}: {before:?} became {after:?}", request.path, reply.verdict()));
            }
        }
        Ok(())
    }
}

/// A report of a notice suspends a phone; that phone comes back, and nothing of what was said suspends it again. What was
/// read on the way, an icon and a stream, is read once by each proof.
#[test]
fn no_report_of_a_notice_counts_twice() {
    let stage = Stage::with(|config| config.sample_app = true);
    let alice = stage.person("alice");
    let (one, two) = (stage.active_phone(&alice, "one"), stage.active_phone(&alice, "two"));
    let journey =
        Journey { stage: &stage, alice: &alice, phones: [&one, &two], sabotage: Sabotage::None, replays: Cell::new(0) };
    let asked = stage.begin(&alice);
    let held = one.challenges().pop().expect("a challenge");
    let ico = payload(&held)["ico"].as_str().expect("an icon").to_owned();
    assert_eq!(one.wire.send(one.bare("GET", &format!("/icon/{ico}"))).status, 200);
    let state = one.wire.stream(one.bare("GET", "/events")).state().expect("a State");
    assert_eq!(state["device"], "active");
    journey.replay(&[&asked], 0).expect("no second effect");
    let notice = one.notices().pop().expect("a notice");
    assert_eq!(one.decide(&one.refusal(&notice, "report")), "reported");
    journey.replay(&[&asked], 0).expect("no second effect");
    let did = two.did.borrow().parse().expect("an id");
    let devices = &stage.house().devices;
    let entry = caller().entry(stage.house().clock.now(), "device.resume", "admin");
    assert!(devices.changes().resume(alice.id, did, entry).expect("the store"));
    assert_eq!(two.poll(&two.echo(0)).json()["device"], "active");
    journey.replay(&[&asked], 0).expect("no second effect");
    assert_eq!(two.poll(&two.echo(0)).json()["device"], "active", "what was reported once is reported once");
    assert!(journey.replays.get() > 20, "{}", journey.replays.get());
}

/// Changes keys and bell of a phone, moves to another one, and replays everything after each step.
#[test]
fn no_change_of_a_device_counts_twice() {
    let stage = Stage::with(|config| config.policy.moving = true);
    let alice = stage.person("alice");
    let (mut one, two) = (stage.active_phone(&alice, "one"), stage.raw_phone("two"));
    let (ak, pk) = (Key::named("one ak 2"), Key::named("one pk 2"));
    let mut replays = 0;
    let mut check = |one: &RawPhone| {
        let journey = Journey {
            stage: &stage,
            alice: &alice,
            phones: [one, &two],
            sabotage: Sabotage::None,
            replays: Cell::new(0),
        };
        journey.replay(&[], 0).expect("no second effect");
        journey.proven_anew(one).expect("no second effect");
        replays += journey.replays.get();
    };
    let bell = serde_json::json!({"endpoint": "https://push.example.com/up"});
    assert_eq!(one.wire.send(one.proven_put("/push", &bell)).status, 204);
    check(&one);
    assert_eq!(one.wire.send(one.bare("DELETE", "/push")).status, 204);
    check(&one);
    assert_eq!(one.call("/keys", &one.keys_body(&one.keys_claims("ak", &ak), &one.ak, &ak)).status, 200);
    check(&one);
    one.ak = ak;
    assert_eq!(one.call("/keys", &one.keys_body(&one.keys_claims("pk", &pk), &one.pk, &pk)).status, 200);
    check(&one);
    one.pk = pk;
    let link = one.invite(false);
    check(&one);
    let digits = two.enrol(&link);
    check(&one);
    let wrong: String = digits.chars().map(|c| if c == '9' { '0' } else { '9' }).collect();
    assert_eq!(one.type_digits(&link, &wrong).verdict(), "403 policy:digits");
    check(&one);
    assert_eq!(one.type_digits(&link, &digits).status, 204);
    check(&one);
    stage.clock.advance(4_300);
    stage.house().devices.store().sweep(stage.house().devices.moment()).expect("the store");
    // With the newest nonces, so that it is not their age that refuses.
    assert_eq!([&one, &two].map(|phone| phone.poll(&phone.echo(0)).status), [200, 200]);
    check(&one);
    assert_eq!(two.wire.send(two.bare("DELETE", "/device")).status, 204);
    check(&one);
    assert!(replays > 100, "{replays} messages sent again");
}

#[test]
fn nothing_recorded_counts_twice() {
    let replays = play(Sabotage::None).expect("no second effect");
    let least = if is_long() { 100_000 } else { 60 };
    println!("{replays} messages sent again");
    assert!(replays > least, "{replays} messages sent again");
}

#[test]
fn a_gateway_that_forgets_answers_is_caught() {
    let caught = play(Sabotage::ForgetAnswers).expect_err("the suite sees the second effect");
    assert!(caught.starts_with("/answer"), "{caught}");
}

/// How a gateway comes back after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Back {
    /// As it should: what its nonces rest on is new.
    Anew,
    /// With the nonces of before, and without the memory of the ids that were used.
    WithItsNonces,
    /// The same, two minutes later: nothing but the age of a nonce is left to refuse by.
    WithItsNoncesLater,
    /// The same again on a clock that does not go on: no nonce ever grows old.
    WithNoncesThatStayYoung,
}

/// Polls and a whole enrolment before a restart, replayed after it: how many of the proofs counted once more.
fn replayed_after_a_restart(back: Back) -> Vec<String> {
    let mut stage = Stage::start();
    // What a first start draws is more than a later one does: the run that is repeated is a later one.
    stage.restart(8);
    let alice = stage.person("alice");
    let phone = stage.active_phone(&alice, "restart");
    assert_eq!(phone.poll(&phone.echo(0)).status, 200);
    let recorded = phone.wire.recorded();
    if back == Back::WithItsNoncesLater || back == Back::WithNoncesThatStayYoung {
        stage.clock.advance(125);
    }
    if back == Back::WithNoncesThatStayYoung {
        stage.clock.set_back(125);
    }
    stage.restart(if back == Back::Anew { 9 } else { 8 });
    let proven: Vec<RawRequest> = recorded.into_iter().filter(is_proven).collect();
    assert!(proven.len() >= 2, "an enrolment and a poll were recorded");
    let again = proven.into_iter().map(|request| (request.path.clone(), phone.wire.send_again(request)));
    let counted = again.filter(|(_, reply)| reply.status < 300).map(|(path, _)| path).collect();
    assert_eq!(phone.poll(&phone.echo(0)).status, 200, "the phone itself goes on");
    counted
}

#[test]
fn nothing_recorded_counts_after_a_restart() {
    assert_eq!(replayed_after_a_restart(Back::Anew), Vec::<String>::new());
    assert_eq!(replayed_after_a_restart(Back::WithItsNoncesLater), Vec::<String>::new(), "an old nonce is refused");
}

#[test]
fn a_gateway_that_forgets_used_ids_is_caught() {
    assert_eq!(replayed_after_a_restart(Back::WithItsNonces), ["/enrol", "/poll"]);
}

#[test]
fn a_gateway_whose_nonces_never_grow_old_is_caught() {
    assert_eq!(replayed_after_a_restart(Back::WithNoncesThatStayYoung), ["/enrol", "/poll"]);
}
