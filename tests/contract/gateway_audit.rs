//! What every audit store must do.

use std::sync::Mutex;

use countersign_gateway::audit::{Caller, Entry, Store, store::SqlStore};
use countersign_gateway::store::StoreFault;

use super::{gateway_store, refuses};

/// In memory. A broken one says it has stored what it has not.
#[derive(Default)]
struct Memory {
    rows: Mutex<Vec<Entry>>,
    forgets_people: bool,
}

impl Store for Memory {
    fn append(&self, entry: &Entry) -> Result<(), StoreFault> {
        let mut entry = entry.clone();
        if self.forgets_people {
            entry.person = None;
        }
        self.rows.lock().unwrap().push(entry);
        Ok(())
    }

    fn latest(&self, person: Option<&str>, most: u32) -> Result<Vec<Entry>, StoreFault> {
        let rows = self.rows.lock().unwrap();
        let of = |entry: &&Entry| person.is_none() || entry.person.as_deref() == person;
        Ok(rows.iter().rev().filter(of).take(most as usize).cloned().collect())
    }

    fn forget(&self, before: u64) -> Result<(), StoreFault> {
        self.rows.lock().unwrap().retain(|entry| entry.at >= before);
        Ok(())
    }
}

fn contract(store: &dyn Store) {
    let caller = Caller { address: Some("192.0.2.7".parse().unwrap()), transaction: "t1".into() };
    let first = caller.entry(10, "session.password", "refused").person("alice");
    let second = caller.entry(11, "approval.decide", "denied").person("bob").device([1; 16]).approval([2; 16]);
    let third = Caller::default().entry(12, "session.logout", "done");
    for entry in [&first, &second, &third] {
        store.append(entry).unwrap();
    }
    assert_eq!(store.latest(None, 10).unwrap(), [third.clone(), second.clone(), first.clone()], "newest first, whole");
    assert_eq!(store.latest(None, 2).unwrap(), [third.clone(), second.clone()], "no more than asked");
    assert_eq!(store.latest(Some("bob"), 10).unwrap(), std::slice::from_ref(&second), "of one person");
    assert_eq!(store.latest(Some("carol"), 10).unwrap(), []);
    store.forget(11).unwrap();
    assert_eq!(store.latest(None, 10).unwrap(), [third, second], "what happened before is forgotten");
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
fn a_store_that_forgets_who_it_was_is_refused() {
    refuses(|| contract(&Memory { forgets_people: true, ..Memory::default() }));
}
