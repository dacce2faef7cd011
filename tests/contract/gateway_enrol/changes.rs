//! What every store of changes must do.

use std::sync::Arc;

use countersign_gateway::enrol::changes::{
    Changes, INVITATIONS, Invited, Joined, KeyChanged, NewInvitation, NewKey, OLD_KEY, PushSet, SetPush, SuspendedWhy,
    Typed,
};
use countersign_gateway::enrol::record::{Accepted, Age, Code, Confirmed, DeviceState, Inviter};
use countersign_gateway::enrol::store::SqlStore;
use countersign_gateway::enrol::{KEPT, LIFE, Store, TRIES};
use countersign_gateway::moment::Moment;
use countersign_gateway::store;
use countersign_protocol::jose::{H32, Id, Jwk, P256dh};
use countersign_protocol::push::{GoneWhy, KeyClass};
use countersign_protocol::seal::SealKey;
use countersign_tests::raw_phone::Key;

use super::double::Memory;
use super::{IVO, MARA, RACERS, at, code, count, device, enrol, entry, id, people, race, taken};
use crate::contract::refuses;

/// Both halves of a store of devices.
trait Both: Store + Changes {}
impl<T: Store + Changes> Both for T {}

fn key(name: &str) -> Jwk {
    Key::named(name).jwk()
}

fn h(number: u8) -> H32 {
    H32::from_bytes([number; 32])
}

/// An active phone whose keys are called `device N ak` and so on.
fn active(store: &dyn Both, number: u8, when: Moment) {
    assert_eq!(enrol(store, number, MARA, when), Accepted::Done);
    assert_eq!(store.confirm(MARA, id(number), true, None, when, entry()).unwrap(), Confirmed::Active);
}

fn end(store: &dyn Both, number: u8, when: Moment) {
    assert!(store.end(MARA, id(number), GoneWhy::Person, when, entry()).unwrap().is_some(), "{number}");
}

fn new_key(number: u8, class: KeyClass, request: u8, old: &str, new: &str) -> NewKey {
    let receipt = format!("receipt {request}");
    NewKey {
        did: id(number),
        class,
        h: h(request),
        jti: id(request),
        old: key(old),
        new: key(new),
        attested: true,
        receipt,
    }
}

fn contract(connect: &(dyn Fn() -> Arc<dyn Both> + Sync)) {
    let store = connect();
    keys_change_one_at_a_time(&*store);
    one_of_64_changes_a_key(connect);
    ten_changes_of_keys_a_day(&*store);
    bells_and_seals(&*store);
    suspended_ones_come_back(&*store);
    an_invitation_brings_one_phone(&*store);
    invitations_end_each_other(&*store);
    digits_typed_on_a_phone_that_was_suspended_bring_nobody(&*store);
    five_invitations_a_day(&*store);
}

fn keys_change_one_at_a_time(store: &dyn Both) {
    let when = at(0);
    active(store, 1, when);
    let change = |new: NewKey, when| store.change_key(new, when, entry()).unwrap();
    let first = new_key(1, KeyClass::Ak, 1, "device 1 ak", "ak 2");
    assert_eq!(change(NewKey { old: key("stranger"), ..first.clone() }, when), KeyChanged::Refused);
    assert_eq!(change(NewKey { new: key("device 1 seal"), ..first.clone() }, when), KeyChanged::KeyKnown);
    assert_eq!(change(first.clone(), when), KeyChanged::Done);
    assert_eq!(change(first.clone(), when), KeyChanged::Repeat);
    assert_eq!(change(NewKey { h: h(99), ..first.clone() }, when), KeyChanged::Refused, "a used jti");
    let stored = store.key_change(id(1), h(1), id(99)).unwrap().unwrap();
    assert_eq!((stored.receipt.as_str(), stored.newest, stored.old), ("receipt 1", true, key("device 1 ak")));

    let phone = || store.device(id(1)).unwrap().unwrap().phone.unwrap();
    let age = |name: &str, when| phone().key(KeyClass::Ak, &key(name).thumbprint(), &when).map(|(_, age)| age);
    assert_eq!([age("ak 2", when), age("device 1 ak", when)], [Some(Age::Present), Some(Age::Old)]);
    assert_eq!(age("device 1 ak", at(OLD_KEY)), Some(Age::Old));
    assert_eq!(age("device 1 ak", at(OLD_KEY + 1)), None, "a day later");
    assert_eq!(age("device 1 ak", Moment { now: when.now, ..at(OLD_KEY + 1) }), None, "by the monotonic clock");
    let second = new_key(1, KeyClass::Ak, 2, "ak 2", "ak 3");
    assert_eq!(change(second.clone(), when), KeyChanged::NotNow, "the old one still counts");
    assert_eq!(change(new_key(1, KeyClass::Pk, 3, "device 1 pk", "pk 2"), when), KeyChanged::Done, "another class");
    assert_eq!(store.end_old_key(id(1), KeyClass::Ak), Ok(true));
    assert_eq!(store.end_old_key(id(1), KeyClass::Ak), Ok(false));
    assert_eq!(age("device 1 ak", when), None);
    assert_eq!(change(second, when), KeyChanged::Done);
    assert!(!store.key_change(id(1), h(1), id(99)).unwrap().unwrap().newest);
    assert_eq!(store.left_key(id(1), KeyClass::Ak), Ok(Some(key("ak 2"))));
    assert_eq!(store.device_of_pk(key("pk 2").thumbprint()).unwrap().map(|it| it.did), Some(id(1)));
    assert_eq!(store.device_of_pk(key("device 1 pk").thumbprint()).unwrap().map(|it| it.did), Some(id(1)));
    end(store, 1, when);
    assert_eq!(change(new_key(1, KeyClass::Pk, 4, "pk 2", "pk 3"), at(OLD_KEY + 1)), KeyChanged::NotNow, "gone");
}

fn one_of_64_changes_a_key(connect: &(dyn Fn() -> Arc<dyn Both> + Sync)) {
    let store = connect();
    let when = at(200_000);
    active(&*store, 2, when);
    let ends = race(connect, |store, number| {
        let change = new_key(2, KeyClass::Ak, 100 + number, "device 2 ak", &format!("racer's ak {number}"));
        store.change_key(change, when, entry()).unwrap()
    });
    assert_eq!((count(&ends, &KeyChanged::Done), count(&ends, &KeyChanged::NotNow)), (1, RACERS - 1), "{ends:?}");
    end(&*store, 2, when);
}

fn ten_changes_of_keys_a_day(store: &dyn Both) {
    let when = at(250_000);
    active(store, 31, when);
    let change = |round: u8, when| {
        let old = if round == 0 { "device 31 pk".to_owned() } else { format!("pk of round {round}") };
        let new = format!("pk of round {}", round + 1);
        let changed = store.change_key(new_key(31, KeyClass::Pk, 200 + round, &old, &new), when, entry()).unwrap();
        store.end_old_key(id(31), KeyClass::Pk).unwrap();
        changed
    };
    for round in 0..10 {
        assert_eq!(change(round, when), KeyChanged::Done, "{round}");
    }
    assert_eq!(change(10, at(250_000 + 86_399)), KeyChanged::Limit);
    let other = new_key(31, KeyClass::Ak, 250, "device 31 ak", "ak of 31");
    assert_eq!(store.change_key(other, when, entry()), Ok(KeyChanged::Limit), "of either class");
    assert_eq!(change(10, at(249_999)), KeyChanged::Done, "by a clock that was ahead when they were made");
    assert_eq!(change(11, at(250_000 + 86_400)), KeyChanged::Done, "a day later");
    end(store, 31, at(350_000));
    let gone = store.device(id(31)).unwrap().unwrap();
    let phone = gone.phone.unwrap();
    assert_eq!((gone.name.as_str(), gone.activated, gone.used), ("", None, None), "nothing that describes it is kept");
    assert_eq!((phone.model.as_str(), phone.app.as_str(), phone.endpoint), ("", "", None));
    assert_eq!((phone.auth, phone.eh), (Id::from_bytes([0; 16]), H32::from_bytes([0; 32])));
    assert_eq!(phone.ak, key("device 31 ak"), "but its keys are, to tell it");
}

fn bells_and_seals(store: &dyn Both) {
    let when = at(300_000);
    active(store, 3, when);
    let seal = |name: &str, auth: u8| Some(SealKey { p256dh: P256dh(key(name)), auth: id(auth) });
    let set = |endpoint: Option<Option<&str>>, seal| {
        let endpoint = endpoint.map(|it| it.map(str::to_owned));
        store.set_push(id(3), SetPush { endpoint, seal }, entry()).unwrap()
    };
    let phone = || store.device(id(3)).unwrap().unwrap().phone.unwrap();
    assert_eq!(set(Some(Some("https://push.example.com/new")), None), PushSet::Done);
    assert_eq!(phone().endpoint.as_deref(), Some("https://push.example.com/new"));
    assert_eq!(set(None, seal("device 3 seal", 7)), PushSet::Done, "its present one");
    assert_eq!(set(None, seal("device 3 seal", 8)), PushSet::KeyKnown, "with another secret");
    assert_eq!(set(Some(None), seal("device 3 ak", 7)), PushSet::KeyKnown);
    assert!(phone().endpoint.is_some(), "nothing of it was done");
    assert_eq!(set(Some(None), seal("seal 2", 9)), PushSet::Done);
    assert_eq!((phone().endpoint, phone().seal, phone().auth), (None, key("seal 2"), id(9)));
    assert_eq!(set(None, seal("device 3 seal", 7)), PushSet::KeyKnown, "an earlier one");
    end(store, 3, when);
    assert_eq!(set(Some(None), None), PushSet::NotActive);
}

fn suspended_ones_come_back(store: &dyn Both) {
    let when = at(400_000);
    active(store, 4, when);
    let suspend = |person, why| store.suspend(person, id(4), why, when, entry()).unwrap();
    assert_eq!(suspend(IVO, SuspendedWhy::Lost), None);
    assert_eq!(suspend(MARA, SuspendedWhy::Lost), Some(Vec::new()));
    assert_eq!(suspend(MARA, SuspendedWhy::Admin), None, "once");
    let found = store.device(id(4)).unwrap().unwrap();
    assert_eq!((found.stored, found.suspended), (DeviceState::Suspended, Some((when.now, SuspendedWhy::Lost))));
    let resume = |person| store.resume(person, id(4), entry()).unwrap();
    assert_eq!([resume(IVO), resume(MARA), resume(MARA)], [false, true, false]);
    assert_eq!(store.device(id(4)).unwrap().unwrap().suspended, None);
    end(store, 4, when);
    assert_eq!(suspend(MARA, SuspendedWhy::Lost), None);
}

fn invite(store: &dyn Both, by: u8, request: u8, e: u8, replaces: bool, when: Moment) -> Invited {
    let code = Code { inviter: Some(Inviter { did: id(by), replaces }), ..code(e, MARA, when) };
    let receipt = format!("invitation {request}");
    let new = NewInvitation { did: id(by), h: h(request), jti: id(request), replaces, receipt };
    store.invite(new, code, when, entry()).unwrap()
}

/// A phone takes an invitation.
fn take(store: &dyn Both, e: u8, did: u8, when: Moment) -> Accepted {
    let device = device(did, MARA, &format!("device {did}"), when);
    store.accept(id(e), taken(did), device, when, entry()).unwrap()
}

fn join(store: &dyn Both, by: u8, request: u8, e: u8, right: bool, when: Moment) -> Joined {
    let typed = Typed { did: id(by), h: h(request), jti: id(request), e: id(e), right };
    store.join(typed, when, entry()).unwrap()
}

fn an_invitation_brings_one_phone(store: &dyn Both) {
    let when = at(500_000);
    active(store, 5, when);
    assert_eq!(invite(store, 5, 50, 51, true, when), Invited::Done(Vec::new()));
    assert_eq!(invite(store, 5, 50, 52, true, when), Invited::Changed, "a repeat");
    assert_eq!(store.invitation(id(5), id(50)).unwrap().unwrap().receipt.as_deref(), Some("invitation 50"));
    assert_eq!(join(store, 5, 53, 51, true, when), Joined::Unknown, "nobody enrolled with it");
    store.add_code(code(54, MARA, when), entry()).unwrap();
    assert!(!store.code(id(51)).unwrap().unwrap().ended, "a page's code ends no invitation");
    assert_eq!(store.joining(id(5), when), Ok(None));
    assert_eq!(take(store, 51, 55, when), Accepted::Done);
    let joining = |when| store.joining(id(5), when).unwrap().map(|(e, device)| (e, device.did));
    assert_eq!([joining(when), joining(at(500_000 + LIFE + 1))], [Some((id(51), id(55))), None]);
    assert_eq!(join(store, 6, 56, 51, true, when), Joined::Unknown, "another device's");
    assert_eq!(join(store, 5, 57, 51, false, when), Joined::Wrong(2));
    assert_eq!(join(store, 5, 57, 51, false, when), Joined::Wrong(2), "a repeat takes no try");
    let other = Typed { did: id(5), h: h(99), jti: id(57), e: id(51), right: true };
    assert_eq!(store.join(other, when, entry()), Ok(Joined::Unknown), "a used jti");
    assert_eq!(join(store, 5, 58, 51, true, when), Joined::Done);
    assert_eq!(join(store, 5, 58, 51, true, when), Joined::Again);
    assert_eq!(join(store, 5, 59, 51, true, when), Joined::NotActive, "replaced by then");
    let states = [5, 55].map(|number| store.device(id(number)).unwrap().unwrap().stored);
    assert_eq!(states, [DeviceState::Gone, DeviceState::Active], "replaced");
    assert_eq!(store.device(id(5)).unwrap().unwrap().gone_why(), GoneWhy::Replaced);
    store.sweep(at(500_000 + LIFE + KEPT)).unwrap();
    assert!(store.invitation(id(5), id(50)).unwrap().unwrap().receipt.is_some());
    store.sweep(at(500_000 + LIFE + KEPT + 1)).unwrap();
    assert_eq!(store.invitation(id(5), id(50)).unwrap().unwrap().receipt, None, "its id stays used");
    end(store, 55, when);
}

fn invitations_end_each_other(store: &dyn Both) {
    let when = at(600_000);
    active(store, 60, when);
    assert_eq!(invite(store, 60, 61, 62, false, when), Invited::Done(Vec::new()));
    assert_eq!(invite(store, 60, 63, 64, false, when), Invited::Done(Vec::new()));
    assert!(store.code(id(62)).unwrap().unwrap().ended);
    assert_eq!(take(store, 62, 65, when), Accepted::Changed);
    assert_eq!(take(store, 64, 66, when), Accepted::Done);
    assert_eq!(invite(store, 60, 67, 68, false, when), Invited::Done(vec![id(66)]), "what waits is refused");
    assert_eq!(join(store, 60, 69, 64, true, when), Joined::Ended);
    assert_eq!(store.device(id(66)).unwrap().unwrap().gone_why(), GoneWhy::Refused);
    assert_eq!(store.suspend(MARA, id(60), SuspendedWhy::Lost, when, entry()), Ok(Some(Vec::new())));
    assert!(store.code(id(68)).unwrap().unwrap().ended, "nor does a suspended phone invite");
    assert_eq!(invite(store, 60, 70, 71, false, when), Invited::Changed);
    end(store, 60, when);
}

fn digits_typed_on_a_phone_that_was_suspended_bring_nobody(store: &dyn Both) {
    let when = at(700_000);
    active(store, 72, when);
    assert_eq!(invite(store, 72, 73, 74, false, when), Invited::Done(Vec::new()));
    assert_eq!(take(store, 74, 75, when), Accepted::Done);
    assert!(store.suspend(MARA, id(72), SuspendedWhy::Reported, when, entry()).unwrap().is_some());
    assert_eq!(join(store, 72, 76, 74, true, when), Joined::NotActive);
    let waits = store.device(id(75)).unwrap().unwrap();
    assert_eq!((waits.stored, waits.tries), (DeviceState::Pending, TRIES), "nothing was counted");
    assert!(store.resume(MARA, id(72), entry()).unwrap());
    assert_eq!(join(store, 72, 76, 74, true, when), Joined::Done, "nor was the request used up");
    [72, 75].into_iter().for_each(|number| end(store, number, when));
}

fn five_invitations_a_day(store: &dyn Both) {
    let begin = 800_000;
    active(store, 80, at(begin));
    for number in 0..u8::try_from(INVITATIONS).unwrap() {
        let ends = invite(store, 80, 90 + number, 100 + number, false, at(begin));
        assert_eq!(ends, Invited::Done(Vec::new()), "{number}");
    }
    assert_eq!(invite(store, 80, 96, 106, false, at(begin + 86_399)), Invited::Limit);
    let set_right = invite(store, 80, 99, 111, false, at(begin - 1));
    assert_eq!(set_right, Invited::Done(Vec::new()), "by a clock that was ahead when they were made");
    let when = at(begin + 86_400);
    for number in 81..85 {
        active(store, number, when);
    }
    assert_eq!(invite(store, 80, 97, 107, false, when), Invited::Limit, "five devices");
    let later = at(begin + 2 * 86_400);
    assert_eq!(invite(store, 80, 98, 108, true, later), Invited::Done(Vec::new()), "but one that is replaced");
    assert_eq!(take(store, 108, 109, later), Accepted::Done);
    assert_eq!(join(store, 80, 110, 108, true, later), Joined::Done);
    (81..85).chain([109]).for_each(|number| end(store, number, later));
}

#[test]
fn the_real_one_keeps_the_contract() {
    let (_folder, path) = people();
    contract(&|| Arc::new(SqlStore(store::Store::open(&path).unwrap())));
}

#[test]
fn the_double_keeps_the_contract() {
    let memory = Arc::new(Memory::default());
    contract(&|| memory.clone());
}

#[test]
fn a_store_that_looks_first_is_refused() {
    refuses(|| {
        // Racing is luck: more than one attempt.
        for _ in 0..20 {
            let memory = Arc::new(Memory::that_looks_first());
            contract(&|| memory.clone());
        }
    });
}
