//! What everything that checks a first factor must do: local passwords now, a directory later.

use std::sync::Arc;

use countersign_gateway::audit::Caller;
use countersign_gateway::limits::PASSWORD_BYTES;
use countersign_gateway::person::store::SqlStore;
use countersign_gateway::person::{FirstFactor, Hasher, LocalPasswords, Person, PersonFault, PersonId, Store};
use countersign_protocol::Secret;

use super::{gateway_store, refuses};

/// Who is there, with the password; the last one is disabled.
const PEOPLE: [(u8, &str, &str, bool); 3] =
    [(1, "alice", "tea and rain", false), (2, "bob", "salt and wind", false), (3, "carol", "snow and sun", true)];

fn contract(factor: &dyn FirstFactor) {
    let check = |name: &str, password: &str| {
        let found = factor.check(name, &Secret::from_slice(password.as_bytes())).expect("it has time");
        found.map(|person| person.name)
    };
    assert_eq!(check("alice", "tea and rain").as_deref(), Some("alice"));
    assert_eq!(check(" ALICE ", "tea and rain").as_deref(), Some("alice"), "as people type it");
    assert_eq!(check("bob", "salt and wind").as_deref(), Some("bob"));
    // Whatever is wrong with it, the answer is the same.
    let long = "tea and rain".repeat(PASSWORD_BYTES);
    for (name, password) in [
        ("alice", "tea and sun"),
        ("alice", "salt and wind"),
        ("alice", ""),
        ("alice", long.as_str()),
        ("dave", "tea and rain"),
        ("a b", "tea and rain"),
        ("", ""),
        ("carol", "snow and sun"),
    ] {
        assert_eq!(check(name, password), None, "{name}");
    }
}

fn person(id: u8, name: &str, disabled: bool) -> Person {
    Person { id: PersonId([id; 16]), name: name.into(), disabled, created_at: 0 }
}

/// In memory. The broken one takes any password of somebody whom it does not know, as a directory does that binds
/// anonymously.
struct Memory {
    binds_anonymously: bool,
}

impl FirstFactor for Memory {
    fn check(&self, name: &str, password: &Secret) -> Result<Option<Person>, PersonFault> {
        let name = name.trim().to_lowercase();
        let known = PEOPLE.iter().find(|(_, known, ..)| *known == name);
        let right = known.filter(|(.., kept, disabled)| !disabled && password.ct_eq(kept.as_bytes()));
        Ok(match right {
            Some((id, name, ..)) => Some(person(*id, name, false)),
            None if known.is_none() && self.binds_anonymously => Some(person(9, &name, false)),
            None => None,
        })
    }
}

#[test]
fn local_passwords() {
    let (_folder, store) = gateway_store();
    let (people, hasher) = (Arc::new(SqlStore(store)), Arc::new(Hasher::default()));
    for (id, name, password, disabled) in PEOPLE {
        let hashed = hasher.hash(&Secret::from_slice(password.as_bytes()), [id; 16]).unwrap();
        let entry = Caller::default().entry(0, "person.add", "done");
        people.add(&person(id, name, disabled), &hashed, &entry).unwrap();
    }
    contract(&LocalPasswords::new(people, hasher));
}

#[test]
fn memory() {
    contract(&Memory { binds_anonymously: false });
}

#[test]
fn one_that_lets_an_unknown_name_in_is_refused() {
    refuses(|| contract(&Memory { binds_anonymously: true }));
}
