//! What every store of people must do.

use std::collections::BTreeMap;
use std::sync::Mutex;

use countersign_gateway::audit::{Caller, Entry};
use countersign_gateway::moment::Moment;
use countersign_gateway::person::voucher::Kept;
use countersign_gateway::person::{Hashed, Person, PersonId, Store, store::SqlStore};
use countersign_gateway::session::{self, Session};
use countersign_gateway::store::StoreFault;

use super::{gateway_store, refuses};

type Rows = BTreeMap<PersonId, (Person, Hashed, Option<Kept>)>;

/// In memory. A broken one looks at a voucher and then lets the caller go on, so that two may both have it.
#[derive(Default)]
struct Memory {
    rows: Mutex<Rows>,
    audit: Mutex<Vec<String>>,
    looks_first: bool,
}

impl Memory {
    fn note(&self, audit: &Entry) {
        self.audit.lock().unwrap().push(audit.what.clone());
    }
}

impl Store for Memory {
    fn add(&self, person: &Person, password: &Hashed, audit: &Entry) -> Result<(), StoreFault> {
        let mut rows = self.rows.lock().unwrap();
        if rows.values().any(|(known, ..)| known.name == person.name) {
            return Err(StoreFault::Taken);
        }
        rows.insert(person.id, (person.clone(), password.clone(), None));
        self.note(audit);
        Ok(())
    }

    fn by_name(&self, name: &str) -> Result<Option<(Person, Hashed)>, StoreFault> {
        let rows = self.rows.lock().unwrap();
        Ok(rows
            .values()
            .find(|(person, ..)| person.name == name)
            .map(|(person, hash, _)| (person.clone(), hash.clone())))
    }

    fn by_id(&self, id: PersonId) -> Result<Option<Person>, StoreFault> {
        Ok(self.rows.lock().unwrap().get(&id).map(|(person, ..)| person.clone()))
    }

    fn all(&self) -> Result<Vec<Person>, StoreFault> {
        let mut all: Vec<Person> = self.rows.lock().unwrap().values().map(|(person, ..)| person.clone()).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    fn set_password(&self, person: PersonId, password: &Hashed, audit: &Entry) -> Result<(), StoreFault> {
        if let Some((_, kept, _)) = self.rows.lock().unwrap().get_mut(&person) {
            *kept = password.clone();
        }
        self.note(audit);
        Ok(())
    }

    fn set_disabled(&self, person: PersonId, disabled: bool, audit: &Entry) -> Result<(), StoreFault> {
        if let Some((person, ..)) = self.rows.lock().unwrap().get_mut(&person) {
            person.disabled = disabled;
        }
        self.note(audit);
        Ok(())
    }

    fn remove(&self, person: PersonId, audit: &Entry) -> Result<(), StoreFault> {
        self.rows.lock().unwrap().remove(&person);
        self.note(audit);
        Ok(())
    }

    fn put_voucher(&self, person: PersonId, voucher: &Kept, audit: &Entry) -> Result<(), StoreFault> {
        if let Some((.., kept)) = self.rows.lock().unwrap().get_mut(&person) {
            *kept = Some(voucher.clone());
        }
        self.note(audit);
        Ok(())
    }

    fn voucher(&self, person: PersonId) -> Result<Option<Kept>, StoreFault> {
        Ok(self.rows.lock().unwrap().get(&person).and_then(|(.., kept)| kept.clone()))
    }

    fn use_voucher(&self, person: PersonId, hash: [u8; 32], now: u64, audit: &Entry) -> Result<bool, StoreFault> {
        let good = |kept: &Kept| kept.hash == hash && kept.used_at.is_none() && kept.until > now;
        if self.looks_first {
            return Ok(self.voucher(person)?.is_some_and(|kept| good(&kept)));
        }
        let mut rows = self.rows.lock().unwrap();
        let kept = rows.get_mut(&person).and_then(|(.., kept)| kept.as_mut()).filter(|kept| good(kept));
        if let Some(kept) = kept {
            kept.used_at = Some(now);
            self.note(audit);
            return Ok(true);
        }
        Ok(false)
    }
}

fn entry(what: &'static str) -> Entry {
    Caller::default().entry(0, what, "done")
}

fn person(id: u8, name: &str) -> Person {
    Person { id: PersonId([id; 16]), name: name.into(), disabled: false, created_at: 7 }
}

fn contract(store: &(dyn Store + Sync), audited: &dyn Fn() -> Vec<String>) {
    let (alice, bob) = (person(1, "alice"), person(2, "bob"));
    let hash = |text: &str| Hashed::from_stored(text.into());
    store.add(&bob, &hash("b"), &entry("person.add")).unwrap();
    store.add(&alice, &hash("a"), &entry("person.add")).unwrap();
    assert_eq!(store.by_name("alice").unwrap(), Some((alice.clone(), hash("a"))));
    assert_eq!(store.by_name("carol").unwrap(), None);
    assert_eq!(store.all().unwrap(), [alice.clone(), bob.clone()], "by name");
    let taken = store.add(&person(3, "alice"), &hash("c"), &entry("person.never"));
    assert_eq!(taken, Err(StoreFault::Taken));

    let voucher = |n: u8| Kept { salt: [n; 16], hash: [n; 32], until: 100, used_at: None };
    assert_eq!(store.voucher(alice.id).unwrap(), None);
    store.put_voucher(alice.id, &voucher(1), &entry("person.voucher")).unwrap();
    store.put_voucher(alice.id, &voucher(2), &entry("person.voucher")).unwrap();
    assert_eq!(store.voucher(alice.id).unwrap(), Some(voucher(2)), "a new one ends the older one");
    let take =
        |person: PersonId, hash: [u8; 32], now: u64| store.use_voucher(person, hash, now, &entry("voucher.used"));
    assert_eq!(take(alice.id, [1; 32], 50), Ok(false), "the older one");
    assert_eq!(take(bob.id, [2; 32], 50), Ok(false), "of somebody else");
    assert_eq!(take(alice.id, [2; 32], 100), Ok(false), "too late");
    let both: Vec<bool> = std::thread::scope(|scope| {
        let callers = [(); 2].map(|()| scope.spawn(|| take(alice.id, [2; 32], 50).unwrap()));
        callers.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert_eq!(both.iter().filter(|won| **won).count(), 1, "of two at once one wins");
    assert_eq!(store.voucher(alice.id).unwrap().unwrap().used_at, Some(50));

    store.set_disabled(bob.id, true, &entry("person.disable")).unwrap();
    assert!(store.by_name("bob").unwrap().unwrap().0.disabled);
    store.set_password(alice.id, &hash("c"), &entry("person.password")).unwrap();
    assert_eq!(store.by_name("alice").unwrap(), Some((alice.clone(), hash("c"))));
    assert_eq!(store.by_name("bob").unwrap().unwrap().1, hash("b"), "nobody else's");

    store.remove(bob.id, &entry("person.remove")).unwrap();
    assert_eq!((store.by_name("bob").unwrap(), store.by_id(bob.id).unwrap()), (None, None));
    assert_eq!(store.all().unwrap(), std::slice::from_ref(&alice), "nobody else is there");
    store.add(&person(4, "bob"), &hash("b"), &entry("person.add")).unwrap();
    assert_eq!(store.voucher(alice.id).unwrap().unwrap().used_at, Some(50), "other people's is theirs");
    let told = ["person.add", "person.add", "person.voucher", "person.voucher", "voucher.used", "person.disable"];
    let told = [&told[..], &["person.password", "person.remove", "person.add"]].concat();
    assert_eq!(audited(), told, "what was done stands in the audit, what was not does not");
}

#[test]
fn sql() {
    let (_folder, store) = gateway_store();
    let audited = || {
        let rows = store.read(|row| {
            let mut rows = row.prepare("SELECT what FROM audit ORDER BY id")?;
            let all = rows.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>();
            Ok::<_, StoreFault>(all?)
        });
        rows.unwrap()
    };
    contract(&SqlStore(store.clone()), &audited);
}

#[test]
fn memory() {
    let store = Memory::default();
    contract(&store, &|| store.audit.lock().unwrap().clone());
}

#[test]
fn a_store_that_looks_before_it_takes_is_refused() {
    let store = Memory { looks_first: true, ..Memory::default() };
    refuses(|| contract(&store, &|| store.audit.lock().unwrap().clone()));
}

#[test]
fn disabling_and_another_password_end_sessions_in_the_same_transaction() {
    let (_folder, store) = gateway_store();
    let people = SqlStore(store.clone());
    let (alice, bob) = (person(1, "alice"), person(2, "bob"));
    for person in [&alice, &bob] {
        people.add(person, &Hashed::from_stored("a".into()), &entry("person.add")).unwrap();
    }
    let sessions = session::store::SqlStore(store);
    let open = |person: &Person| Session {
        id: person.id.0.repeat(2).try_into().unwrap(),
        person: person.id,
        name: person.name.clone(),
        began: Moment { now: 0, run: 1, mono: 0 },
        seen: Moment { now: 0, run: 1, mono: 0 },
        second: None,
        manage: None,
        enrol: None,
        voucher: None,
        approvals: std::collections::BTreeSet::new(),
    };
    session::Store::replace(&sessions, None, &open(&alice)).unwrap();
    session::Store::replace(&sessions, None, &open(&bob)).unwrap();
    people.set_disabled(alice.id, true, &entry("person.disable")).unwrap();
    people.set_disabled(alice.id, false, &entry("person.enable")).unwrap();
    assert_eq!(session::Store::find(&sessions, [1; 32]).unwrap(), None, "enabling does not bring it back");
    session::Store::replace(&sessions, None, &open(&alice)).unwrap();
    people.set_password(alice.id, &Hashed::from_stored("b".into()), &entry("person.password")).unwrap();
    assert_eq!(session::Store::find(&sessions, [1; 32]).unwrap(), None, "an older password's");
    assert!(session::Store::find(&sessions, [2; 32]).unwrap().is_some(), "nobody else's");
}
