//! What every audit store must do.

use std::sync::Mutex;

use countersign_gateway::audit::{Caller, Entry, Store, counts_from, start_of_day, store::SqlStore};
use countersign_gateway::store::StoreFault;

use super::{gateway_store, refuses};

/// In memory. A broken one says it has stored what it has not.
#[derive(Default)]
struct Memory {
    rows: Mutex<Vec<Entry>>,
    forgets_people: bool,
    believes_the_clock: bool,
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

    fn forget(&self, now: u64, kept: u64) -> Result<(), StoreFault> {
        let mut rows = self.rows.lock().unwrap();
        let newest = rows.iter().map(|entry| start_of_day(entry.at)).max();
        let second = rows.iter().map(|entry| entry.at).filter(|at| Some(start_of_day(*at)) < newest).max();
        let from = if self.believes_the_clock { Some(now) } else { counts_from(now, second) };
        rows.retain(|entry| from.is_none_or(|from| entry.at >= from.saturating_sub(kept)));
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
    forgets_what_is_old_and_believes_no_clock_alone(store);
}

const DAY: u64 = 86_400;
const KEPT: u64 = 400 * DAY;
/// Of the first row here, past all above.
const FIRST: u64 = 20_000 * DAY + 7;

fn forgets_what_is_old_and_believes_no_clock_alone(store: &dyn Store) {
    let add = |at| store.append(&Caller::default().entry(at, "session.logout", "done")).unwrap();
    let left = |now| {
        store.forget(now, KEPT).unwrap();
        store.latest(None, 10).unwrap().iter().map(|entry| entry.at).collect::<Vec<_>>()
    };
    add(FIRST);
    assert_eq!(left(FIRST + 800 * DAY), [FIRST, 12, 11, 10], "the clock may be wrong: no second day says so");
    add(FIRST + 2 * DAY);
    assert_eq!(left(FIRST + 2 * DAY), [FIRST + 2 * DAY, FIRST], "what is old is forgotten");
    // Two years ahead, for as long as somebody signs in and somebody else does; then right again.
    add(FIRST + 732 * DAY);
    add(FIRST + 732 * DAY + 60);
    let with_wrong = [FIRST + 732 * DAY + 60, FIRST + 732 * DAY, FIRST + 2 * DAY, FIRST];
    assert_eq!(left(FIRST + 732 * DAY + 60), with_wrong);
    add(FIRST + 3 * DAY);
    assert_eq!(left(FIRST + 3 * DAY).len(), 5);
    // To the second, by a clock that is right and days that are there.
    add(FIRST + KEPT - DAY);
    add(FIRST + KEPT + DAY);
    assert!(left(FIRST + KEPT).contains(&FIRST));
    assert!(!left(FIRST + KEPT + 1).contains(&FIRST));
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
fn a_store_that_believes_the_clock_is_refused() {
    refuses(|| contract(&Memory { believes_the_clock: true, ..Memory::default() }));
}

#[test]
fn a_store_that_forgets_who_it_was_is_refused() {
    refuses(|| contract(&Memory { forgets_people: true, ..Memory::default() }));
}
