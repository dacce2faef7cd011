//! `notice::*`: what the other phones of a person are told, and what a report of it does (push-v1 sections 6, 7, 10).

use countersign_gateway::approval::State;
use countersign_gateway::enrol::DeviceState;
use countersign_gateway::notice::record::Event;
use countersign_gateway::person::Person;
use countersign_gateway::store::StoreFault;
use countersign_protocol::jose::Id;
use countersign_protocol::push::{Challenge, Info, Message};
use countersign_tests::raw_phone::{Key, RawPhone, payload, sign};
use countersign_tests::stage::{BEGIN, Stage, caller, owner};
use serde_json::{Value, json};

use super::two_phones;

const DAY: u64 = 86_400;

fn did(phone: &RawPhone) -> Id {
    phone.did.borrow().parse().unwrap()
}

fn state(stage: &Stage, phone: &RawPhone) -> DeviceState {
    stage.house().devices.store().device(did(phone)).unwrap().unwrap().stored
}

fn tell(stage: &Stage, person: &Person, info: Info) {
    let at = stage.house().clock.now();
    let event = Event { person: person.id, info, about: None, except: None, at };
    stage.house().notices.tell(event, &caller()).unwrap();
}

#[test]
fn an_added_device_is_told_to_the_others() {
    let (_stage, _alice, one, two) = two_phones();
    let notices = one.notices();
    let told = Message::<Challenge>::parse(&notices[0]).unwrap();
    assert!(told.clone().verify(&Key::named("gk").jwk()).is_ok());
    let claims = told.claims();
    assert_eq!((notices.len(), claims.aud, claims.info), (1, did(&one), Some(Info::DeviceAdded)));
    assert_eq!((claims.exp - claims.iat, claims.acct.as_str()), (30 * DAY, "alice"));
    assert_eq!(claims.dev.as_ref().map(|dev| dev.model.as_str()), Some("Pixel 9"));
    assert_eq!(one.notices(), notices, "the same text each time");
    assert_eq!(two.notices(), Vec::<String>::new(), "it needs no telling of itself");
}

#[test]
fn changed_keys_are_told_to_the_others() {
    let (_stage, _alice, one, two) = two_phones();
    let body = two.keys_body(&two.keys_claims("ak", &Key::named("new")), &two.ak, &Key::named("new"));
    assert_eq!(two.call("/keys", &body).status, 200);
    let told: Vec<Value> = one.notices().iter().map(|text| payload(text)["info"].clone()).collect();
    assert_eq!(told, ["keys_changed", "device_added"], "the newest first");
    assert_eq!(two.notices(), Vec::<String>::new());
}

/// Whoever holds a phone of somebody can change its keys again and again; the other phones are told of the newest.
#[test]
fn of_many_changes_of_keys_the_newest_is_told() {
    let (stage, alice, one, mut two) = two_phones();
    let mut change = |class: &str, new: &str| {
        let (old, new) = (if class == "ak" { two.ak.clone() } else { two.pk.clone() }, Key::named(new));
        let said = two.call("/keys", &two.keys_body(&two.keys_claims(class, &new), &old, &new)).verdict();
        if said == "200" {
            if class == "ak" { two.ak = new } else { two.pk = new }
        }
        said
    };
    assert_eq!(change("pk", "pk 0"), "200");
    let first = one.notices().remove(0);
    for round in 1..10 {
        stage.clock.advance(1);
        assert_eq!(change("pk", &format!("pk {round}")), "200", "{round}");
    }
    assert_eq!(change("pk", "pk 10"), "403 policy:limit");
    assert_eq!(change("ak", "ak 1"), "403 policy:limit");
    let told: Vec<Value> = one.notices().iter().map(|text| payload(text)["info"].clone()).collect();
    assert_eq!(told, ["keys_changed", "device_added"], "one of ten");
    let mut echo = one.echo(0);
    echo["have"] = json!([payload(&first)["jti"]]);
    assert_eq!(one.poll(&echo).json()["closed"], json!([{"jti": payload(&first)["jti"], "st": "closed"}]));
    let held = |table: &'static str| {
        let count = format!("SELECT count(*) FROM {table}");
        let counted =
            stage.house().store.read(move |row| Ok::<i64, StoreFault>(row.query_one(&count, [], |row| row.get(0))?));
        counted.unwrap()
    };
    assert_eq!(held("notice"), 3, "what no phone has is not kept");
    stage.clock.advance(86_400);
    assert_eq!(change("pk", "pk 10"), "200", "a day later");
    // A report of what was replaced does what it says.
    assert_eq!(one.decide(&one.refusal(&first, "report")), "reported");
    assert_eq!(state(&stage, &two), DeviceState::Suspended);
    assert_eq!(stage.house().devices.of(alice.id).unwrap().len(), 2);
}

#[test]
fn one_event_has_one_aid_on_all_phones() {
    let (stage, alice, one, two) = two_phones();
    tell(&stage, &alice, Info::Lockout);
    let (first, second) = (payload(&one.notices()[0]), payload(&two.notices()[0]));
    assert_eq!(first["aid"], second["aid"]);
    assert_ne!(first["jti"], second["jti"]);
    assert_eq!((&first["nm"], &first["ctx"], &first["dev"]), (&json!(0), &json!({"src": "direct"}), &Value::Null));
}

#[test]
fn an_added_authenticator_is_told() {
    let (stage, alice, one, _) = two_phones();
    let devices = &stage.house().devices;
    devices.offer_app(owner(&alice), "Old tablet", &caller()).unwrap();
    let app = devices.of(alice.id).unwrap().into_iter().find(|(it, _)| it.phone.is_none()).unwrap().0;
    let step = stage.house().clock.now() / 30;
    assert!(
        devices
            .store()
            .confirm(alice.id, app.did, true, Some(step), devices.moment(), caller().entry(0, "t", "d"))
            .is_ok()
    );
    assert_eq!(payload(&one.notices()[0])["dev"]["model"], "Old tablet");
}

#[test]
fn a_report_of_an_added_device_suspends_it() {
    let (stage, alice, one, two) = two_phones();
    let asked = stage.begin(&alice);
    let (notice, held) = (one.notices().pop().unwrap(), two.challenges().pop().unwrap());
    assert_eq!(one.decide(&one.refusal(&notice, "report")), "reported");
    assert_eq!([state(&stage, &one), state(&stage, &two)], [DeviceState::Active, DeviceState::Suspended]);
    assert_eq!(two.decide(&two.approval(&held, &asked.digits())), "unknown");
    assert_eq!(asked.state(), State::Pending, "the other phone is still asked");
    assert_eq!(one.notices(), Vec::<String>::new(), "closed on this phone");
    let mut echo = one.echo(0);
    echo["have"] = json!([payload(&notice)["jti"]]);
    assert_eq!(one.poll(&echo).json()["closed"], json!([{"jti": payload(&notice)["jti"], "st": "reported"}]));
    let audit = stage.house().audit.latest(Some("alice"), 20).unwrap();
    let told = |what: &str, outcome: &str| audit.iter().any(|entry| entry.what == what && entry.outcome == outcome);
    assert!(told("notice.report", "device_added") && told("device.suspend", "reported"), "{audit:?}");
}

#[test]
fn a_report_after_seven_days_suspends_nothing() {
    for (after, expected) in [(7 * DAY, DeviceState::Suspended), (7 * DAY + 1, DeviceState::Active)] {
        let (stage, _alice, one, two) = two_phones();
        let notice = one.notices().pop().unwrap();
        stage.clock.advance(after);
        assert_eq!(one.decide(&one.refusal(&notice, "report")), "reported");
        assert_eq!((after, state(&stage, &two)), (after, expected));
    }
}

#[test]
fn a_report_of_changed_keys_suspends_whenever_it_comes() {
    let (stage, _alice, one, two) = two_phones();
    let body = two.keys_body(&two.keys_claims("pk", &Key::named("new")), &two.pk, &Key::named("new"));
    assert_eq!(two.call("/keys", &body).status, 200);
    let notice = one.notices().remove(0);
    stage.clock.advance(31 * DAY);
    assert_eq!(one.notices(), Vec::<String>::new(), "its time is over");
    assert_eq!(one.decide(&one.refusal(&notice, "report")), "reported", "also after its exp");
    assert_eq!(state(&stage, &two), DeviceState::Suspended);
}

#[test]
fn effects_come_once() {
    let (stage, alice, one, two) = two_phones();
    let notice = one.notices().pop().unwrap();
    let report = one.refusal(&notice, "report");
    let first = one.answer(&report).json();
    assert_eq!(one.answer(&report).json(), first, "a repeat gets the same bytes");
    assert!(stage.house().devices.resume(owner(&alice), did(&two), &caller()).unwrap());
    assert_eq!(one.decide(&one.refusal(&notice, "report")), "reported", "a second one is told the same");
    assert_eq!(state(&stage, &two), DeviceState::Active, "and does nothing");
}

#[test]
fn other_notices_are_told_to_the_administrator() {
    let (stage, alice, one, two) = two_phones();
    tell(&stage, &alice, Info::Lockout);
    let notice = one.notices().remove(0);
    assert_eq!(one.decide(&one.refusal(&notice, "report")), "reported");
    assert_eq!([state(&stage, &one), state(&stage, &two)], [DeviceState::Active; 2]);
    let audit = stage.house().audit.latest(Some("alice"), 5).unwrap();
    assert!(audit.iter().any(|entry| entry.what == "notice.report" && entry.outcome == "lockout"));
}

#[test]
fn the_last_phone_that_is_suspended_ends_what_was_asked() {
    let (stage, alice, one, two) = two_phones();
    let notice = one.notices().pop().unwrap();
    let asked = stage.begin(&alice);
    assert_eq!(one.wire.send(one.bare("DELETE", "/device")).status, 204);
    assert_eq!(asked.state(), State::Pending);
    assert_eq!(one.answer(&one.refusal(&notice, "report")).verdict(), "410 gone", "nobody reports who is gone");
    let why = countersign_gateway::enrol::changes::SuspendedWhy::Admin;
    let ended = stage.house().devices.suspend(owner(&alice), did(&two), why, &caller()).unwrap();
    assert_eq!((ended, asked.state()), (Some(vec![asked.id]), State::Cancelled));
}

#[test]
fn twelve_are_listed_logins_first_then_the_newest() {
    let (stage, alice, one, two) = two_phones();
    for n in 0..14 {
        stage.clock.advance(1);
        tell(&stage, &alice, if n % 2 == 0 { Info::Lockout } else { Info::RecoveryUsed });
    }
    let _asked = stage.begin(&alice);
    let listed = one.listed();
    assert_eq!((listed.len(), payload(&listed[0])["op"].as_str()), (12, Some("login")));
    let at: Vec<u64> = listed[1..].iter().map(|text| payload(text)["iat"].as_u64().unwrap()).collect();
    assert_eq!(at, (0..11).map(|n| BEGIN + 14 - n).collect::<Vec<_>>());
    let held: Vec<Value> = listed.iter().map(|text| payload(text)["jti"].clone()).collect();
    stage.clock.advance(1);
    tell(&stage, &alice, Info::Lockout);
    let mut echo = one.echo(0);
    echo["have"] = held.into();
    let state = one.poll(&echo).json();
    assert_eq!((state["challenges"].as_array().unwrap().len(), &state["closed"]), (12, &json!([])), "made room");
    assert_eq!(two.poll(&two.echo(0)).status, 200);
}

#[test]
fn texts_are_issued_anew_when_their_key_goes() {
    let (stage, _alice, one, two) = two_phones();
    let old = one.notices().pop().unwrap();
    stage.house().notices.store().reissue(Vec::new()).unwrap();
    let new = one.notices().pop().unwrap();
    assert_ne!(payload(&old)["jti"], payload(&new)["jti"]);
    assert_eq!((&payload(&old)["aid"], &payload(&old)["iat"]), (&payload(&new)["aid"], &payload(&new)["iat"]));
    let mut echo = one.echo(0);
    echo["have"] = json!([payload(&old)["jti"]]);
    assert_eq!(one.poll(&echo).json()["closed"], json!([{"jti": payload(&old)["jti"], "st": "closed"}]));
    assert_eq!(one.decide(&one.refusal(&old, "report")), "reported", "what was verified may be reported");
    assert_eq!(state(&stage, &two), DeviceState::Suspended);
    assert_eq!(one.notices(), Vec::<String>::new());
}

#[test]
fn a_rotation_issues_them_anew_when_the_old_key_goes() {
    let (stage, alice, one, _) = two_phones();
    let old = one.notices();
    stage.rotate().unwrap();
    assert_eq!(one.notices(), old, "its key is still listed");
    tell(&stage, &alice, Info::Lockout);
    let both = one.notices();
    stage.clock.advance(60);
    stage.look_after_keys();
    let new = one.notices();
    assert_eq!((new.len(), &new[0]), (2, &both[0]), "what the new key signed stays");
    assert_ne!(new[1], old[0]);
    assert!(Message::<Challenge>::parse(&new[1]).unwrap().verify(&Key::named("gk2").jwk()).is_ok());
}

#[test]
fn a_recovery_is_told_to_everybody() {
    let stage = Stage::start();
    stage.name_recovery("gr").unwrap();
    let phones = ["alice", "bob"].map(|name| stage.active_phone(&stage.person(name), name));
    stage.recover("gr", None).unwrap();
    for phone in phones {
        let told = phone.notices();
        assert_eq!((told.len(), payload(&told[0])["info"].as_str()), (1, Some("recovery_used")));
        assert!(Message::<Challenge>::parse(&told[0]).unwrap().verify(&Key::named("gk2").jwk()).is_ok());
    }
}

#[test]
fn approvals_and_denials_of_a_notice_mean_nothing() {
    let (stage, _alice, one, two) = two_phones();
    let notice = one.notices().pop().unwrap();
    assert_eq!(one.decide(&one.approval(&notice, "000000")), "unknown");
    assert_eq!(one.decide(&one.refusal(&notice, "deny")), "unknown");
    assert_eq!(two.decide(&two.refusal(&notice, "report")), "unknown", "another phone's");
    let mut claims = one.answer_claims(&notice, "report");
    claims["ch"] = countersign_protocol::jose::H32::from_bytes([7; 32]).to_string().into();
    assert_eq!(one.decide(&sign("cs-answer+jwt", &claims, &one.pk)), "mismatch");
    assert_eq!(state(&stage, &two), DeviceState::Active);
}

#[test]
fn a_suspended_phone_is_shown_nothing_and_may_still_report() {
    let (stage, alice, one, two) = two_phones();
    let notice = one.notices().pop().unwrap();
    let why = countersign_gateway::enrol::changes::SuspendedWhy::Lost;
    stage.house().devices.suspend(owner(&alice), did(&one), why, &caller()).unwrap();
    assert_eq!(one.listed(), Vec::<String>::new());
    assert_eq!(one.decide(&one.refusal(&notice, "report")), "reported");
    assert_eq!(state(&stage, &two), DeviceState::Suspended);
}

#[test]
fn a_phone_that_counts_again_is_told_what_happened_meanwhile() {
    let (stage, alice, one, two) = two_phones();
    let why = countersign_gateway::enrol::changes::SuspendedWhy::Lost;
    let devices = &stage.house().devices;
    devices.suspend(owner(&alice), did(&one), why, &caller()).unwrap();
    // Whoever suspended it could have added a phone of their own.
    stage.active_phone(&alice, "three");
    assert_eq!(one.listed(), Vec::<String>::new(), "a suspended phone is shown nothing");
    assert!(devices.resume(owner(&alice), did(&one), &caller()).unwrap());
    assert_eq!((one.notices().len(), two.notices().len()), (2, 1));
    let about = one.notices().remove(0);
    assert_eq!(
        (&payload(&about)["info"], &payload(&about)["dev"]["model"]),
        (&json!("device_added"), &json!("Pixel 9"))
    );
    assert_eq!(one.decide(&one.refusal(&about, "report")), "reported");
    assert_eq!(devices.of(alice.id).unwrap().iter().filter(|(_, it)| *it == DeviceState::Suspended).count(), 1);
}

#[test]
fn a_notice_is_remembered_two_months_past_its_end() {
    let (stage, _alice, one, _) = two_phones();
    let notice = one.notices().pop().unwrap();
    let sweep = || stage.house().notices.store().sweep(stage.house().approvals.moment()).unwrap();
    stage.clock.advance(90 * DAY);
    sweep();
    assert_eq!(one.decide(&one.refusal(&notice, "report")), "reported");
    stage.clock.advance(1);
    sweep();
    assert_eq!(one.decide(&one.refusal(&notice, "report")), "unknown");
}

#[test]
fn people_who_are_disabled_get_their_devices_back_but_for_those_suspended_before() {
    let (stage, alice, one, two) = two_phones();
    let notice = one.notices().pop().unwrap();
    assert_eq!(one.decide(&one.refusal(&notice, "report")), "reported");
    let people = &stage.house().people;
    people.set_disabled("alice", true, &caller()).unwrap();
    assert_eq!(state(&stage, &one), DeviceState::Suspended);
    assert!(!stage.house().devices.resume(owner(&alice), did(&one), &caller()).unwrap(), "not while the person is");
    stage.clock.advance(30 * DAY);
    people.set_disabled("alice", false, &caller()).unwrap();
    assert_eq!([state(&stage, &one), state(&stage, &two)], [DeviceState::Active, DeviceState::Suspended]);
    people.set_disabled("alice", true, &caller()).unwrap();
    stage.clock.advance(30 * DAY + 1);
    people.set_disabled("alice", false, &caller()).unwrap();
    assert_eq!(state(&stage, &one), DeviceState::Suspended, "too late: somebody has to say so");
}

#[test]
fn a_report_while_the_person_is_disabled_counts_after_that_as_well() {
    let (stage, alice, one, two) = two_phones();
    let three = stage.active_phone(&alice, "three");
    let notice = one.notices().pop().unwrap();
    let people = &stage.house().people;
    people.set_disabled("alice", true, &caller()).unwrap();
    assert_eq!(one.decide(&one.refusal(&notice, "report")), "reported", "a suspended phone may still report");
    let why = countersign_gateway::enrol::changes::SuspendedWhy::Admin;
    assert!(stage.house().devices.suspend(owner(&alice), did(&three), why, &caller()).unwrap().is_some());
    people.set_disabled("alice", false, &caller()).unwrap();
    let two_or_three = [&two, &three].map(|phone| state(&stage, phone));
    assert_eq!((state(&stage, &one), two_or_three), (DeviceState::Active, [DeviceState::Suspended; 2]));
    assert_eq!(two.poll(&two.echo(0)).json()["device"], "suspended");
}
