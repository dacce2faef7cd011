//! What every session store must do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use countersign_gateway::audit::Caller;
use countersign_gateway::moment::Moment;
use countersign_gateway::person::{self, Hashed, Person, PersonId, Store as _};
use countersign_gateway::session::{Session, Store, store::SqlStore};
use countersign_gateway::store::StoreFault;

use super::{gateway_store, refuses};

/// In memory. A broken one leaves the old session in place when its id changes.
#[derive(Default)]
struct Memory {
    sessions: Mutex<BTreeMap<[u8; 32], Session>>,
    disabled: Mutex<BTreeSet<PersonId>>,
    keeps_old: bool,
}

impl Memory {
    fn disable(&self, person: PersonId, off: bool) {
        let mut disabled = self.disabled.lock().unwrap();
        assert!(if off { disabled.insert(person) } else { disabled.remove(&person) });
    }

    fn drop_where(&self, gone: impl Fn(&Session) -> bool) -> usize {
        let mut sessions = self.sessions.lock().unwrap();
        let before = sessions.len();
        sessions.retain(|_, session| !gone(session));
        before - sessions.len()
    }
}

impl Store for Memory {
    fn replace(&self, old: Option<[u8; 32]>, new: &Session) -> Result<bool, StoreFault> {
        if let Some(old) = old.filter(|_| !self.keeps_old)
            && self.drop_where(|session| session.id == old) == 0
        {
            return Ok(false);
        }
        if self.disabled.lock().unwrap().contains(&new.person) {
            return Ok(false);
        }
        let mut sessions = self.sessions.lock().unwrap();
        if sessions.contains_key(&new.id) {
            return Err(StoreFault::Taken);
        }
        sessions.insert(new.id, new.clone());
        Ok(true)
    }

    fn find(&self, id: [u8; 32]) -> Result<Option<Session>, StoreFault> {
        let found = self.sessions.lock().unwrap().get(&id).cloned();
        Ok(found.filter(|session| !self.disabled.lock().unwrap().contains(&session.person)))
    }

    fn touch(&self, id: [u8; 32], seen: Moment) -> Result<(), StoreFault> {
        if let Some(session) = self.sessions.lock().unwrap().get_mut(&id) {
            session.seen = seen;
        }
        Ok(())
    }

    fn remove(&self, id: [u8; 32]) -> Result<(), StoreFault> {
        self.drop_where(|session| session.id == id);
        Ok(())
    }

    fn remove_person(&self, person: PersonId) -> Result<usize, StoreFault> {
        Ok(self.drop_where(|session| session.person == person))
    }

    fn remove_approval(&self, approval: [u8; 16]) -> Result<usize, StoreFault> {
        Ok(self.drop_where(|session| session.approvals.contains(&approval)))
    }

    fn prune(&self, seen_before: u64, began_before: u64) -> Result<usize, StoreFault> {
        Ok(self.drop_where(|session| session.seen.now <= seen_before || session.began.now <= began_before))
    }
}

const ALICE: PersonId = PersonId([1; 16]);
const BOB: PersonId = PersonId([2; 16]);

fn at(now: u64) -> Moment {
    Moment { now, run: -7, mono: 5_000 }
}

fn session(id: u8, person: PersonId) -> Session {
    Session {
        id: [id; 32],
        person,
        name: if person == ALICE { "alice".into() } else { "bob".into() },
        began: at(100),
        seen: at(100),
        second: None,
        manage: None,
        enrol: None,
        voucher: None,
        approvals: BTreeSet::new(),
    }
}

fn contract(store: &dyn Store, disable: &dyn Fn(PersonId, bool)) {
    let first = session(1, ALICE);
    assert_eq!(store.replace(None, &first), Ok(true));
    assert_eq!(store.find(first.id).unwrap(), Some(first.clone()), "what was stored comes back whole");
    assert_eq!(store.find([9; 32]).unwrap(), None);
    assert_eq!(store.replace(None, &first), Err(StoreFault::Taken), "an id is used once");

    let full = Session {
        id: [2; 32],
        second: Some(at(150)),
        manage: Some(Moment { run: 3, ..at(120) }),
        enrol: Some(at(90)),
        voucher: Some(at(140)),
        approvals: [[6; 16], [7; 16]].into(),
        ..first
    };
    assert_eq!(store.replace(Some([1; 32]), &full), Ok(true));
    assert_eq!(store.find(full.id).unwrap(), Some(full.clone()));
    assert_eq!(store.find([1; 32]).unwrap(), None, "a new id ends the old one");
    assert_eq!(store.replace(Some([1; 32]), &session(1, ALICE)), Ok(false), "what ended is not replaced");
    assert_eq!(store.find([1; 32]).unwrap(), None);

    store.touch(full.id, Moment { run: 9, ..at(160) }).unwrap();
    assert_eq!(store.find(full.id).unwrap().map(|it| it.seen), Some(Moment { run: 9, ..at(160) }));
    store.replace(None, &session(3, ALICE)).unwrap();
    assert_eq!(store.remove_approval([5; 16]).unwrap(), 0);
    assert_eq!(store.remove_approval([6; 16]).unwrap(), 1, "a report ends what came from it, raised since or not");
    assert!(store.find([2; 32]).unwrap().is_none() && store.find([3; 32]).unwrap().is_some());

    store.replace(None, &session(4, ALICE)).unwrap();
    store.replace(None, &session(5, BOB)).unwrap();
    assert_eq!(store.remove_person(ALICE).unwrap(), 2);
    assert!(store.find([5; 32]).unwrap().is_some(), "other people's stay");

    store.replace(None, &Session { seen: at(500), ..session(6, BOB) }).unwrap();
    assert_eq!(store.prune(100, 0).unwrap(), 1, "not seen since");
    assert!(store.find([5; 32]).unwrap().is_none() && store.find([6; 32]).unwrap().is_some());
    assert_eq!(store.prune(0, 100).unwrap(), 1, "begun too long ago");

    store.replace(None, &session(7, BOB)).unwrap();
    store.remove([7; 32]).unwrap();
    assert_eq!(store.find([7; 32]).unwrap(), None);
    store.replace(None, &session(8, BOB)).unwrap();
    disable(BOB, true);
    assert_eq!(store.find([8; 32]).unwrap(), None, "disabled people have none");
    assert_eq!(store.replace(None, &session(9, BOB)), Ok(false));
    disable(BOB, false);
    assert_eq!(store.find([9; 32]).unwrap(), None, "and get none");
}

#[test]
fn sql() {
    let (_folder, store) = gateway_store();
    let people = person::store::SqlStore(store.clone());
    let entry = Caller::default().entry(0, "person.add", "done");
    for (id, name) in [(ALICE, "alice"), (BOB, "bob")] {
        let person = Person { id, name: name.into(), disabled: false, created_at: 0 };
        people.add(&person, &Hashed::from_stored(String::new()), &entry).unwrap();
    }
    contract(&SqlStore(store), &|person, off| people.set_disabled(person, off, &entry).unwrap());
}

#[test]
fn memory() {
    let store = Memory::default();
    contract(&store, &|person, off| store.disable(person, off));
}

#[test]
fn a_store_that_keeps_the_old_id_is_refused() {
    let store = Memory { keeps_old: true, ..Memory::default() };
    refuses(|| contract(&store, &|person, off| store.disable(person, off)));
}
