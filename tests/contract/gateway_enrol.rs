//! What every store of codes and devices must do.

mod changes;
mod double;
mod stale;

use std::path::PathBuf;
use std::sync::{Arc, Barrier};

use countersign_gateway::audit::{Caller, Entry};
use countersign_gateway::enrol::record::{Accepted, Code, Confirmed, Device, DeviceState, Kind, Phone, Taken};
use countersign_gateway::enrol::{GONE_KEPT, KEPT, LIFE, Store, store::SqlStore};
use countersign_gateway::moment::{Deadline, Moment};
use countersign_gateway::person::PersonId;
use countersign_gateway::store;
use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::{GoneWhy, Level, Os, UserVerification};
use countersign_tests::raw_phone::Key;

use super::{IVO, MARA, gateway_store_of_two, refuses};
use double::Memory;

const NOW: u64 = 1_795_260_000;
const RACERS: usize = 64;

fn id(number: u8) -> Id {
    Id::from_bytes([number; 16])
}

fn at(seconds: u64) -> Moment {
    Moment { now: NOW + seconds, run: 1, mono: i64::try_from(seconds).unwrap() * 1000 }
}

fn entry() -> Entry {
    Caller::default().entry(NOW, "test", "done")
}

fn code(number: u8, person: PersonId, when: Moment) -> Code {
    Code {
        e: id(number),
        person,
        person_name: if person == MARA { "mara" } else { "ivo" }.into(),
        session: H32::from_bytes([number; 32]),
        inviter: None,
        name: "Phone".into(),
        code: vec![1],
        made: when.now,
        x: Deadline::after(LIFE, &when),
        taken: None,
        ended: false,
    }
}

fn device(number: u8, person: PersonId, keys: &str, when: Moment) -> Device {
    let key = |class: &str| Key::named(&format!("{keys} {class}")).jwk();
    let phone = Phone {
        os: Os::Linux,
        model: "Desk".into(),
        app: "Countersign 1.0".into(),
        level: Level::Software,
        uv: UserVerification::Any,
        ak: key("ak"),
        pk: key("pk"),
        seal: key("seal"),
        auth: id(7),
        endpoint: Some("https://push.example.com/bell".into()),
        eh: H32::from_bytes([number; 32]),
        attested: number.is_multiple_of(2),
        old_ak: None,
        old_pk: None,
    };
    Device { phone: Some(phone), ..app(number, person, when) }
}

fn app(number: u8, person: PersonId, when: Moment) -> Device {
    Device {
        did: id(number),
        person,
        name: "Phone".into(),
        stored: DeviceState::Pending,
        why: None,
        phone: None,
        added: when.now,
        until: Deadline::after(LIFE, &when),
        tries: 3,
        activated: None,
        suspended: None,
        used: None,
        ok: Some(vec![2]),
        totp: Some(vec![3]),
        totp_step: None,
    }
}

fn taken(did: u8) -> Taken {
    Taken { h: H32::from_bytes([did; 32]), did: id(did), receipt: format!("receipt {did}") }
}

/// Makes a code and takes it with a device of fresh keys.
fn enrol<S: Store + ?Sized>(store: &S, number: u8, person: PersonId, when: Moment) -> Accepted {
    store.add_code(code(number, person, when), entry()).unwrap();
    let device = device(number, person, &format!("device {number}"), when);
    store.accept(id(number), taken(number), device, when, entry()).unwrap()
}

fn confirm(store: &dyn Store, number: u8, right: bool, when: Moment) -> Confirmed {
    store.confirm(MARA, id(number), right, None, when, entry()).unwrap()
}

fn race<S: Send + Sync + ?Sized, T: Send>(
    connect: &(dyn Fn() -> Arc<S> + Sync),
    racer: impl Fn(&S, u8) -> T + Sync,
) -> Vec<T> {
    let barrier = Barrier::new(RACERS);
    std::thread::scope(|scope| {
        let run = |number: usize| {
            let (barrier, racer) = (&barrier, &racer);
            scope.spawn(move || {
                let store = connect();
                barrier.wait();
                racer(&*store, u8::try_from(number).unwrap())
            })
        };
        let threads: Vec<_> = (0..RACERS).map(run).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn count<T: PartialEq>(all: &[T], wanted: &T) -> usize {
    all.iter().filter(|it| *it == wanted).count()
}

fn contract(connect: &(dyn Fn() -> Arc<dyn Store> + Sync)) {
    let store = connect();
    one_of_64_takes_a_code(connect);
    tries_end_and_states_follow(&*store);
    one_of_64_confirms_and_spends(connect);
    a_code_ends_in_time_and_by_the_next(&*store);
    keys_are_known_for_good(&*store);
    a_bell_is_forgotten_where_it_hung(&*store);
    five_devices_and_five_a_day(&*store);
    apps_replace_each_other_while_pending(&*store);
    stale::codes_that_a_change_of_keys_ended_are_replaced(&*store);
}

fn one_of_64_takes_a_code(connect: &(dyn Fn() -> Arc<dyn Store> + Sync)) {
    let store = connect();
    store.add_code(code(100, MARA, at(0)), entry()).unwrap();
    let ends = race(connect, |store, number| {
        let device = device(100 + number, MARA, &format!("racer {number}"), at(1));
        store.accept(id(100), taken(100 + number), device, at(1), entry()).unwrap()
    });
    assert_eq!((count(&ends, &Accepted::Done), count(&ends, &Accepted::Changed)), (1, RACERS - 1), "{ends:?}");
    let devices = store.devices(MARA).unwrap();
    assert_eq!(devices.len(), 1);
    let winner = store.code(id(100)).unwrap().unwrap().taken.unwrap();
    assert_eq!(
        (winner.did, winner.receipt.as_str()),
        (devices[0].did, format!("receipt {}", devices[0].did.as_bytes()[0]).as_str())
    );
    let pk = devices[0].phone.clone().unwrap().pk;
    assert_eq!(store.device_of_pk(pk.thumbprint()).unwrap().map(|device| device.did), Some(winner.did));
    assert!(store.end(MARA, winner.did, GoneWhy::Person, at(2), entry()).unwrap().is_some());
}

fn tries_end_and_states_follow(store: &dyn Store) {
    assert_eq!(enrol(store, 10, MARA, at(100_000)), Accepted::Done);
    let when = at(100_001);
    assert_eq!(store.confirm(IVO, id(10), true, None, when, entry()).unwrap(), Confirmed::NotPending);
    let secrets = |number: u8| {
        let device = store.device(id(number)).unwrap().unwrap();
        [device.ok.is_some(), device.totp.is_some(), device.phone.unwrap().endpoint.is_some()]
    };
    let ends = [false, false].map(|right| confirm(store, 10, right, when));
    assert_eq!((ends, secrets(10)), ([Confirmed::Wrong(2), Confirmed::Wrong(1)], [true; 3]));
    let ends = [false, true].map(|right| confirm(store, 10, right, when));
    assert_eq!((ends, secrets(10)), ([Confirmed::Refused, Confirmed::NotPending], [false; 3]), "nothing secret stays");
    let refused = store.device(id(10)).unwrap().unwrap();
    assert_eq!((refused.stored, refused.gone_why()), (DeviceState::Gone, GoneWhy::Refused));

    assert_eq!(enrol(store, 11, MARA, when), Accepted::Done);
    assert!(store.rename(MARA, id(11), "Desk".into(), entry()).unwrap());
    assert!(!store.rename(IVO, id(11), "Mine".into(), entry()).unwrap());
    assert_eq!(confirm(store, 11, true, when), Confirmed::Active);
    let active = store.device(id(11)).unwrap().unwrap();
    assert_eq!((active.stored, active.name.as_str(), active.activated), (DeviceState::Active, "Desk", Some(when.now)));
    assert_eq!(store.end(IVO, id(11), GoneWhy::Person, when, entry()).unwrap(), None);
    assert_eq!(store.end(MARA, id(11), GoneWhy::Person, when, entry()).unwrap(), Some(Vec::new()));
    assert_eq!(store.end(MARA, id(11), GoneWhy::Person, when, entry()).unwrap(), None);
    let gone = store.device(id(11)).unwrap().unwrap();
    assert_eq!((gone.gone_why(), secrets(11)), (GoneWhy::Person, [false; 3]));
    assert!(gone.phone.is_some(), "its keys stay, to tell it");

    assert_eq!(enrol(store, 12, MARA, when), Accepted::Done);
    let late = Moment { now: when.now, ..at(100_001 + LIFE + 1) };
    assert_eq!(confirm(store, 12, true, late), Confirmed::NotPending, "by the monotonic clock");
    assert_eq!(store.device(id(12)).unwrap().unwrap().state(&late), DeviceState::Gone);
    assert!(store.end(MARA, id(12), GoneWhy::Person, when, entry()).unwrap().is_some());
    assert_eq!(store.device(id(12)).unwrap().unwrap().gone_why(), GoneWhy::Refused);
}

fn one_of_64_confirms_and_spends(connect: &(dyn Fn() -> Arc<dyn Store> + Sync)) {
    let store = connect();
    let when = at(200_000);
    assert_eq!(enrol(&*store, 20, MARA, when), Accepted::Done);
    assert!(!store.spend(MARA, id(20), 5, when, entry()).unwrap(), "a pending one has no codes");
    let ends = race(connect, |store, _| confirm(store, 20, true, when));
    assert_eq!(count(&ends, &Confirmed::Active), 1, "{ends:?}");
    let spent = race(connect, |store, _| store.spend(MARA, id(20), 5, when, entry()).unwrap());
    assert_eq!(count(&spent, &true), 1);
    let more = [4, 5, 6].map(|step| store.spend(MARA, id(20), step, when, entry()).unwrap());
    assert_eq!(more, [false, false, true]);
    assert!(!store.spend(IVO, id(20), 7, when, entry()).unwrap());
    assert!(store.end(MARA, id(20), GoneWhy::Person, when, entry()).unwrap().is_some());
}

fn a_code_ends_in_time_and_by_the_next(store: &dyn Store) {
    let when = at(300_000);
    store.add_code(code(30, MARA, when), entry()).unwrap();
    store.add_code(code(31, MARA, when), entry()).unwrap();
    assert!(store.code(id(30)).unwrap().unwrap().ended);
    let take = |number: u8, when: Moment| {
        let device = device(number, MARA, &format!("device {number}"), when);
        store.accept(id(number), taken(number), device, when, entry()).unwrap()
    };
    assert_eq!(take(30, when), Accepted::Changed);
    assert_eq!(take(31, at(300_000 + LIFE + 1)), Accepted::Changed, "too late");
    assert_eq!(take(31, Moment { now: when.now, ..at(300_000 + LIFE + 1) }), Accepted::Changed, "a clock set back");
    store.end_codes(IVO, H32::from_bytes([31; 32]), entry()).unwrap();
    assert!(!store.code(id(31)).unwrap().unwrap().ended);
    assert_eq!(store.code_of_browser(H32::from_bytes([31; 32])).unwrap().unwrap().e, id(31));
    store.end_codes(MARA, H32::from_bytes([31; 32]), entry()).unwrap();
    assert!(store.code(id(31)).unwrap().unwrap().ended);
    store.sweep(at(300_000 + LIFE + KEPT)).unwrap();
    assert!(store.code(id(31)).unwrap().is_some());
    store.sweep(at(300_000 + LIFE + KEPT + 1)).unwrap();
    assert_eq!(store.code(id(31)).unwrap(), None);
}

fn keys_are_known_for_good(store: &dyn Store) {
    let when = at(400_000);
    assert_eq!(enrol(store, 40, MARA, when), Accepted::Done);
    assert!(store.end(MARA, id(40), GoneWhy::Person, when, entry()).unwrap().is_some());
    store.add_code(code(41, IVO, when), entry()).unwrap();
    for (number, part) in ["ak", "pk", "seal"].into_iter().enumerate() {
        let mut device = device(41, IVO, &format!("other {number}"), when);
        let phone = device.phone.as_mut().unwrap();
        // As another class than before, too.
        phone.ak = Key::named(&format!("device 40 {part}")).jwk();
        assert_eq!(store.accept(id(41), taken(41), device, when, entry()).unwrap(), Accepted::KeyKnown, "{part}");
    }
    let later = at(400_000 + GONE_KEPT + 1);
    store.sweep(later).unwrap();
    assert_eq!(store.device(id(40)).unwrap(), None);
    let keys = ["ak", "pk", "seal"].map(|part| Key::named(&format!("device 40 {part}")).jwk().thumbprint());
    assert!(store.any_key_known(keys).unwrap());
}

fn a_bell_is_forgotten_where_it_hung(store: &dyn Store) {
    let when = at(450_000 + GONE_KEPT);
    assert_eq!(enrol(store, 45, MARA, when), Accepted::Done);
    assert_eq!(enrol(store, 46, MARA, when), Accepted::Done);
    let phone = |number: u8| store.device(id(number)).unwrap().unwrap().phone.unwrap();
    assert_eq!((phone(45).attested, phone(46).attested), (false, true));
    store.forget_endpoint(id(45), "https://push.example.com/older").unwrap();
    assert!(phone(45).endpoint.is_some(), "it hangs elsewhere by now");
    store.forget_endpoint(id(45), "https://push.example.com/bell").unwrap();
    assert_eq!((phone(45).endpoint, phone(46).endpoint.is_some()), (None, true));
    for number in [45, 46] {
        assert!(store.end(MARA, id(number), GoneWhy::Person, when, entry()).unwrap().is_some());
    }
}

fn five_devices_and_five_a_day(store: &dyn Store) {
    let begin = 400_000 + 2 * GONE_KEPT;
    for number in 50..55 {
        assert_eq!(enrol(store, number, IVO, at(begin)), Accepted::Done, "{number}");
        assert_eq!(store.confirm(IVO, id(number), true, None, at(begin), entry()).unwrap(), Confirmed::Active);
    }
    assert_eq!(enrol(store, 55, IVO, at(begin + 90_000)), Accepted::Limit, "five devices");
    assert!(store.end(IVO, id(50), GoneWhy::Person, at(begin), entry()).unwrap().is_some());
    assert_eq!(enrol(store, 56, IVO, at(begin + 1000)), Accepted::Limit, "five today");
    assert_eq!(enrol(store, 57, IVO, at(begin + 86_401)), Accepted::Done);
}

fn apps_replace_each_other_while_pending(store: &dyn Store) {
    let when = at(400_000 + 3 * GONE_KEPT);
    for number in 60..66 {
        assert_eq!(store.add_app(app(number, MARA, when), when, entry()).unwrap(), Accepted::Done, "{number}");
    }
    let devices = store.devices(MARA).unwrap();
    assert_eq!(devices.iter().map(|device| (device.did, device.kind())).collect::<Vec<_>>(), [(id(65), Kind::App)]);
    assert_eq!(store.confirm(MARA, id(65), true, Some(9), when, entry()).unwrap(), Confirmed::Active);
    assert!(!store.spend(MARA, id(65), 9, when, entry()).unwrap(), "the first code counts once too");
    assert!(store.spend(MARA, id(65), 10, when, entry()).unwrap());
}

#[test]
fn the_real_one_keeps_the_contract() {
    let (_folder, path) = people();
    contract(&|| Arc::new(SqlStore(store::Store::open(&path).unwrap())));
}

/// The folder and the path of a store that knows two people.
fn people() -> (tempfile::TempDir, PathBuf) {
    let (folder, _) = gateway_store_of_two();
    let path = folder.path().join("gateway.db");
    (folder, path)
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

#[test]
fn a_store_that_replaces_codes_blindly_is_refused() {
    refuses(|| {
        let memory = Arc::new(Memory::that_replaces_blindly());
        contract(&|| memory.clone());
    });
}
