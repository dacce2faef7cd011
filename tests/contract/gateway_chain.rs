//! What every store of the gateway's keys must do.

mod double;

use std::sync::{Arc, Barrier};

use countersign_gateway::audit::{Caller, Entry};
use countersign_gateway::chain::record::{First, NewEpoch, NewKey, NextCertificate, Publication, Store};
use countersign_gateway::chain::ring::ListedPin;
use countersign_gateway::chain::store::SqlStore;
use countersign_gateway::chain::{Chain, ChainFault, Parts, Ring};
use countersign_gateway::moment::Moment;
use countersign_gateway::port::machine::{MachineRandom, RingSigners};
use countersign_gateway::seal::Seal;
use countersign_gateway::store::{self, StoreFault, params};
use countersign_gateway::value::{self, Values};
use countersign_protocol::jose::H32;
use countersign_tests::raw_phone::{Key, sign};
use serde_json::json;

use super::{gateway_store, refuses};
use double::{Memory, Sabotage};

const NOW: u64 = 1_795_260_000;
const RACERS: usize = 16;

/// A store of keys, and what stands beside it.
trait Place: Sync {
    fn store(&self) -> &dyn Store;
    /// Enrols a phone.
    fn enrol_phone(&self);
    /// Begins a sign-in whose question is signed by this key, or ends the one that was begun.
    fn ask(&self, signer: Option<&str>);
}

fn at(seconds: u64) -> Moment {
    Moment { now: NOW + seconds, run: 1, mono: i64::try_from(seconds).unwrap() * 1000 }
}

fn entry() -> Entry {
    Caller::default().entry(NOW, "test", "done")
}

fn h(number: u8) -> H32 {
    H32::from_bytes([number; 32])
}

fn print(name: &str) -> H32 {
    Key::named(name).jwk().thumbprint()
}

fn new_key(name: &str, seconds: u64) -> NewKey {
    let link = (name != "gk").then(|| format!("link to {name}"));
    NewKey { jwk: Key::named(name).jwk(), private: name.as_bytes().to_vec(), link, made: NOW + seconds }
}

/// The names of the listed keys, the signing one first.
fn listed(ring: &Ring) -> Vec<String> {
    ring.listed().map(|key| String::from_utf8(key.private.clone().unwrap()).unwrap()).collect()
}

fn contract(place: &dyn Place) {
    let store = place.store();
    it_begins_once(store);
    a_change_is_made_on_the_version_that_it_was_decided_on(store);
    pins_are_listed_since_they_were_published(store);
    a_key_leaves_the_list_when_nothing_open_was_signed_by_it(place);
    of_16_changes_at_once_one_is_made(store);
    a_recovery_key_is_not_named_behind_a_phone_that_enrolled(place);
    an_epoch_lists_its_own_key_alone(store);
}

fn it_begins_once(store: &dyn Store) {
    assert_eq!((store.ring(), store.version()), (Ok(None), Ok(0)));
    let first = |name| First { epoch: 1, seq: 7, content: Some(h(1)), key: new_key(name, 0) };
    store.begin(first("gk")).unwrap();
    store.begin(first("other")).unwrap();
    let ring = store.ring().unwrap().unwrap();
    assert_eq!((ring.version, ring.epoch, ring.seq, ring.content), (store.version().unwrap(), 1, 7, Some(h(1))));
    assert_eq!((listed(&ring), ring.keys.len(), ring.keys[0].made), (vec!["gk".to_owned()], 1, NOW));
    assert_eq!((ring.u, ring.gr, ring.next_pin, ring.pins, ring.recoveries), (None, None, None, vec![], vec![]));
}

fn a_change_is_made_on_the_version_that_it_was_decided_on(store: &dyn Store) {
    let before = store.ring().unwrap().unwrap();
    let ring = store.rotate(before.version, new_key("gk2", 10), entry()).unwrap().expect("nothing moved");
    assert!(ring.version > before.version);
    assert_eq!(store.ring(), Ok(Some(ring.clone())), "as it is then");
    assert_eq!((listed(&ring), ring.links()), (vec!["gk2".to_owned(), "gk".to_owned()], vec!["link to gk2"]));
    assert_eq!((ring.keys[0].retired, ring.keys[1].retired), (Some(NOW + 10), None));

    let seen = before.version;
    let what = Publication { u: "u".into(), seq: 8, content: h(2), pins: vec![h(3)], at: NOW };
    let key = || new_key("late", 20);
    let epoch = NewEpoch { epoch: 2, seq: 1, gr: h(4), jws: recovery(), key: key() };
    let next = NextCertificate { key: vec![1], pin: h(5) };
    assert_eq!(store.rotate(seen, key(), entry()), Ok(None));
    assert_eq!(store.publish(seen, what), Ok(None));
    assert_eq!(store.name_recovery(seen, h(4), true, entry()), Ok(None));
    assert_eq!(store.recover(seen, epoch, at(20), entry()), Ok(None));
    assert_eq!(store.remove(seen, vec![ring.keys[0].number], at(20), entry()), Ok(None));
    assert_eq!(store.prepare(seen, next, entry()), Ok(None));
    assert_eq!(store.ring(), Ok(Some(ring)), "nothing was changed by any");
}

fn pins_are_listed_since_they_were_published(store: &dyn Store) {
    let publish = |seq: u64, pins: &[H32], seconds: u64| {
        let seen = store.version().unwrap();
        let what = Publication { u: "https://u".into(), seq, content: h(2), pins: pins.to_vec(), at: NOW + seconds };
        store.publish(seen, what).unwrap().expect("nothing moved")
    };
    let ring = publish(8, &[h(3)], 30);
    assert_eq!((ring.u.as_deref(), ring.seq, ring.content), (Some("https://u"), 8, Some(h(2))));
    let pin = |pin, seconds| ListedPin { pin, since: NOW + seconds };
    assert_eq!(ring.pins, [pin(h(3), 30)]);
    assert_eq!(publish(9, &[h(5), h(3)], 31).pins, [pin(h(3), 30), pin(h(5), 31)]);
    assert_eq!(publish(10, &[h(5)], 32).pins, [pin(h(5), 31)]);
    assert_eq!(publish(11, &[h(5), h(3)], 33).pins, [pin(h(5), 31), pin(h(3), 33)], "without a break");

    let next = NextCertificate { key: vec![1], pin: h(6) };
    let ring = store.prepare(ring_of(store).version, next, entry()).unwrap().expect("nothing moved");
    assert_eq!((ring.next_pin, ring.pins.len()), (Some(h(6)), 2));
}

fn a_key_leaves_the_list_when_nothing_open_was_signed_by_it(place: &dyn Place) {
    let store = place.store();
    let ring = ring_of(store);
    let old = ring.keys[0].number;
    let remove = |seen| store.remove(seen, vec![old], at(40), entry()).unwrap();
    place.ask(Some("gk"));
    assert_eq!(store.signers_of_open(at(40)), Ok([print("gk")].into()));
    assert_eq!(remove(ring.version), None, "it signed what is open by now");
    assert_eq!(ring_of(store), ring);
    place.ask(Some("gk2"));
    assert_eq!(store.signers_of_open(at(40)), Ok([print("gk2")].into()));
    let ring = remove(ring.version).expect("nothing moved");
    place.ask(None);
    assert_eq!(store.signers_of_open(at(40)), Ok([].into()));
    assert_eq!(listed(&ring), ["gk2"]);
    assert_eq!((&ring.keys[0].private, ring.keys[0].removed), (&None, Some(NOW + 40)), "it signs nothing any more");
    assert_eq!(ring.links(), ["link to gk2"], "its link stays");
    let again = store.remove(ring.version, vec![old], at(50), entry()).unwrap().expect("nothing moved");
    assert_eq!(again.keys[0].removed, Some(NOW + 40));
}

fn of_16_changes_at_once_one_is_made(store: &dyn Store) {
    let (before, barrier) = (ring_of(store), Barrier::new(RACERS));
    let made = std::thread::scope(|scope| {
        let racer = |number: usize| {
            let (barrier, seen) = (&barrier, before.version);
            scope.spawn(move || {
                let key = new_key(&format!("racer {number}"), 60);
                barrier.wait();
                store.rotate(seen, key, entry()).unwrap()
            })
        };
        let racers: Vec<_> = (0..RACERS).map(racer).collect();
        racers.into_iter().filter_map(|racer| racer.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!((made.len(), ring_of(store).keys.len()), (1, before.keys.len() + 1));
    assert_eq!(ring_of(store), made[0]);
}

fn a_recovery_key_is_not_named_behind_a_phone_that_enrolled(place: &dyn Place) {
    let store = place.store();
    let name = |gr, anew| store.name_recovery(ring_of(store).version, gr, anew, entry()).unwrap();
    assert_eq!(store.phones(), Ok(0));
    assert_eq!(name(h(7), false).expect("nobody is enrolled").gr, Some(h(7)));
    place.enrol_phone();
    assert_eq!(store.phones(), Ok(1));
    assert_eq!(name(h(8), false), None);
    assert_eq!(ring_of(store).gr, Some(h(7)));
    assert_eq!(name(h(8), true).expect("it is to be enrolled anew").gr, Some(h(8)));
}

fn an_epoch_lists_its_own_key_alone(store: &dyn Store) {
    let before = ring_of(store);
    let key = NewKey { link: None, ..new_key("gk of epoch 2", 70) };
    let new = NewEpoch { epoch: 2, seq: 1, gr: h(9), jws: recovery(), key };
    let ring = store.recover(before.version, new, at(70), entry()).unwrap().expect("nothing moved");
    assert_eq!((ring.epoch, ring.seq, ring.content, ring.gr), (2, 1, None, Some(h(9))));
    assert_eq!((listed(&ring), ring.links()), (vec!["gk of epoch 2".to_owned()], vec![]));
    assert_eq!(ring.keys.iter().filter(|key| key.private.is_some()).count(), 1, "no older key signs any more");
    assert!(ring.keys.iter().all(|key| key.removed.is_some() == (key.epoch == 1)));
    let recoveries: Vec<_> = ring.recoveries.iter().map(|it| (it.epoch, it.jws.clone(), it.by)).collect();
    assert_eq!(recoveries, [(2, recovery(), print("gr"))]);
    assert_eq!(ring.pins, before.pins, "the certificate is the same");
    store.cancel_unlisted(at(71), Caller::default()).unwrap();
    assert_eq!(ring_of(store), ring);
}

fn ring_of(store: &dyn Store) -> Ring {
    store.ring().unwrap().expect("it began")
}

/// What a recovery key signed; a store looks at the header alone.
fn recovery() -> String {
    sign("cs-meta+jwt", &json!({}), &Key::named("gr"))
}

struct InSql {
    _folder: tempfile::TempDir,
    file: store::Store,
    store: SqlStore,
}

impl InSql {
    fn new() -> Self {
        let (folder, file) = gateway_store();
        let add = "INSERT INTO person (id, name, password, created_at) VALUES (zeroblob(16), 'mara', '', 0)";
        file.write(move |row| Ok::<_, StoreFault>(row.execute(add, [])?)).unwrap();
        Self { _folder: folder, store: SqlStore(file.clone()), file }
    }
}

impl Place for InSql {
    fn store(&self) -> &dyn Store {
        &self.store
    }

    fn enrol_phone(&self) {
        let add = "INSERT INTO device (did, person, kind, name, state, added, until, run, mono_end, tries)
                   VALUES (zeroblob(16), zeroblob(16), 'phone', 'Phone', 'active', 0, 0, 0, 0, 3)";
        self.file.write(move |row| Ok::<_, StoreFault>(row.execute(add, [])?)).unwrap();
    }

    fn ask(&self, signer: Option<&str>) {
        let question = signer.map(|name| sign("cs-challenge+jwt", &json!({}), &Key::named(name)));
        let asked = self.file.write(move |row| {
            row.execute("DELETE FROM approval", [])?;
            if let Some(question) = question {
                let begin = "INSERT INTO approval (id, number, person, client, binding, state, push, shown, tries, begun,
                               exp, ends, run, mono_end, network, next, rung)
                             VALUES (zeroblob(16), 1, zeroblob(16), '', x'', 'pending', 'sent', x'', 3, 0, ?1, ?1, 1, ?2, '', '',
                               0)";
                row.execute(begin, params![at(120).now as i64, at(120).mono])?;
                let ask = "INSERT INTO challenge (jti, did, approval, ch, jws)
                           VALUES (zeroblob(16), zeroblob(16), zeroblob(16), x'', ?1)";
                row.execute(ask, [question])?;
            }
            Ok::<_, StoreFault>(())
        });
        asked.unwrap();
    }
}

#[test]
fn the_real_one_keeps_the_contract() {
    contract(&InSql::new());
}

#[test]
fn the_double_keeps_the_contract() {
    contract(&Memory::new(Sabotage::None));
}

#[test]
fn a_store_that_changes_what_has_moved_on_is_refused() {
    refuses(|| contract(&Memory::new(Sabotage::Version)));
}

#[test]
fn a_store_that_keeps_the_keys_of_an_older_epoch_is_refused() {
    refuses(|| contract(&Memory::new(Sabotage::Epoch)));
}

#[test]
fn a_store_that_removes_a_key_in_use_is_refused() {
    refuses(|| contract(&Memory::new(Sabotage::InUse)));
}

/// The keys over a double; what the gateway keeps of itself is in a store of its own.
fn chain(store: Arc<dyn Store>) -> (tempfile::TempDir, Chain) {
    let (folder, file) = gateway_store();
    let seal = Seal::new(&[1; 32], Arc::new(MachineRandom::default()));
    let values: Values = value::store::values(&file, &seal);
    let parts = Parts { store, values, seal, signers: Arc::new(RingSigners::default()) };
    (folder, Chain::open(parts, NOW).unwrap())
}

#[test]
fn who_is_overtaken_decides_anew() {
    let memory = Arc::new(Memory::new(Sabotage::None));
    let (_folder, chain) = chain(memory.clone());
    let u = "https://gate.example.com/push/v1".parse().unwrap();
    let first = chain.ring().unwrap().signing().unwrap().jwk.thumbprint();
    // Twice somebody else changes something between its look and its change.
    memory.overtake(2);
    let ring = chain.rotate(&u, at(1), &Caller::default()).unwrap();
    assert_eq!((ring.listed().count(), ring.listed().nth(1).unwrap().jwk.thumbprint()), (2, first));
    assert_eq!(ring.seq, 0);
    memory.overtake(usize::MAX);
    assert_eq!(chain.rotate(&u, at(2), &Caller::default()), Err(ChainFault::Store(StoreFault::Busy)), "not for ever");
    memory.overtake(0);
    chain.rotate(&u, at(3), &Caller::default()).unwrap();
    assert_eq!(chain.rotate(&u, at(4), &Caller::default()), Err(ChainFault::Full));
}
