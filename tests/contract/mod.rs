//! One contract suite a port and a store: run on the double, on the real one, and on a broken one that it must refuse.

mod bindings;
mod desk;
pub mod gateway_approval;
mod gateway_audit;
mod gateway_chain;
mod gateway_enrol;
mod gateway_first_factor;
mod gateway_known;
mod gateway_notice;
mod gateway_person;
mod gateway_port;
mod gateway_seen;
mod gateway_session;
mod gateway_value;
mod network;
mod port;

use std::panic::{AssertUnwindSafe, catch_unwind};

use countersign_gateway::person::PersonId;
use countersign_gateway::store::{Store, StoreFault, params};

/// A fresh store of the gateway, in a folder that lives as long as the first value.
fn gateway_store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("gateway.db")).unwrap();
    (folder, store)
}

/// Two people of a store.
const MARA: PersonId = PersonId([1; 16]);
const IVO: PersonId = PersonId([2; 16]);

/// A fresh store that knows two people.
fn gateway_store_of_two() -> (tempfile::TempDir, Store) {
    let (folder, store) = gateway_store();
    for (person, name) in [(MARA, "mara"), (IVO, "ivo")] {
        let add = "INSERT INTO person (id, name, password, created_at) VALUES (?1, ?2, '', 0)";
        store.write(move |row| row.execute(add, params![person.0, name]).map_err(StoreFault::from)).unwrap();
    }
    (folder, store)
}

/// A contract must not hold for a broken double.
fn refuses(contract: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(contract)).is_err(), "the contract holds for a broken double");
}
