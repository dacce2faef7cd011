//! What every store of the gateway's own values must do.

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier, Mutex};

use countersign_gateway::StartFault;
use countersign_gateway::port::machine::MachineRandom;
use countersign_gateway::seal::{Seal, SealFault};
use countersign_gateway::store::StoreFault;
use countersign_gateway::value::{Change, Store, Values, store::SqlStore};
use countersign_protocol::Secret;

use super::{gateway_store, refuses};

const RACERS: u8 = 64;

/// In memory. The broken one looks, lets others in, and then does what it saw.
#[derive(Default)]
struct Memory {
    values: Mutex<BTreeMap<String, Vec<u8>>>,
    looks_first: bool,
}

impl Store for Memory {
    fn value(&self, name: &str) -> Result<Option<Vec<u8>>, StoreFault> {
        Ok(self.values.lock().unwrap().get(name).cloned())
    }

    fn change(&self, change: Change) -> Result<bool, StoreFault> {
        let mut values = self.values.lock().unwrap();
        if change.seen.iter().any(|(name, seen)| values.get(*name) != seen.as_ref()) {
            return Ok(false);
        }
        if self.looks_first {
            drop(values);
            std::thread::yield_now();
            values = self.values.lock().unwrap();
        }
        values.extend(change.put.into_iter().map(|(name, value)| (name.to_owned(), value)));
        change.forget.iter().for_each(|name| drop(values.remove(*name)));
        Ok(true)
    }
}

fn put(name: &'static str, value: u8) -> Change {
    Change { put: vec![(name, vec![value])], ..Change::default() }
}

fn contract(store: &dyn Store) {
    let value = |name| store.value(name).unwrap();
    assert_eq!(value("one"), None);
    let both = Change { put: vec![("one", vec![1]), ("two", vec![])], ..Change::default() };
    assert_eq!(store.change(both), Ok(true));
    assert_eq!([value("one"), value("two")], [Some(vec![1]), Some(vec![])], "an empty one is there too");
    assert_eq!(store.change(put("one", 2)), Ok(true));
    assert_eq!(value("one"), Some(vec![2]), "in the place of the first");

    let other = |seen| Change { seen, put: vec![("three", vec![3])], forget: vec!["two"] };
    for seen in [("one", Some(vec![1])), ("one", None), ("four", Some(vec![]))] {
        let last = vec![("one", Some(vec![2])), seen.clone()];
        assert_eq!(store.change(other(last)), Ok(false), "{seen:?}");
    }
    assert_eq!([value("two"), value("three")], [Some(vec![]), None], "nothing of it was done");
    assert_eq!(store.change(other(vec![("one", Some(vec![2])), ("four", None)])), Ok(true));
    assert_eq!([value("two"), value("three")], [None, Some(vec![3])]);
    of_64_on_the_same_value_one_changes_it(store);
}

fn of_64_on_the_same_value_one_changes_it(store: &dyn Store) {
    let barrier = Barrier::new(RACERS.into());
    let changed: Vec<u8> = std::thread::scope(|scope| {
        let racer = |number: u8| {
            let barrier = &barrier;
            scope.spawn(move || {
                let change = Change { seen: vec![("raced", None)], ..put("raced", number) };
                barrier.wait();
                store.change(change).unwrap().then_some(number)
            })
        };
        let racers: Vec<_> = (0..RACERS).map(racer).collect();
        racers.into_iter().filter_map(|racer| racer.join().unwrap()).collect()
    });
    assert_eq!(changed.len(), 1, "{changed:?}");
    assert_eq!(store.value("raced"), Ok(Some(changed)));
}

#[test]
fn sql() {
    let (_folder, store) = gateway_store();
    contract(&SqlStore(store));
}

#[test]
fn memory() {
    contract(&Memory::default());
}

#[test]
fn a_store_that_looks_first_is_refused() {
    refuses(|| {
        // Racing is luck: more than one attempt.
        for _ in 0..20 {
            contract(&Memory { looks_first: true, ..Memory::default() });
        }
    });
}

#[test]
fn a_secret_is_made_once_whoever_begins_at_the_same_moment() {
    let store = Arc::new(Memory::default());
    let seal = Seal::new(&[1; 32], Arc::new(MachineRandom::default()));
    let values = Values::new(store.clone(), seal);
    let secret = |text: &str| Secret::from_slice(text.as_bytes());
    let late = values.secret_once("key", || {
        // Another makes and stores it after this one has looked.
        values.secret_once("key", || Ok::<_, StartFault>(secret("first")))?;
        Ok::<_, StartFault>(secret("second"))
    });
    assert!(late.unwrap().ct_eq(b"first"));
    let again = values.secret_once("key", || -> Result<Secret, StartFault> { panic!("there is one") });
    assert!(again.unwrap().ct_eq(b"first"));
    let stored = store.value("key").unwrap().unwrap();
    assert!(!stored.windows(5).any(|it| it == b"first"), "sealed");
    assert_eq!(values.open("other", &stored).err(), Some(SealFault::Open), "under its own name");
}
