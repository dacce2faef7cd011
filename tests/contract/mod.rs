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

use countersign_gateway::store::Store;

/// A fresh store of the gateway, in a folder that lives as long as the first value.
fn gateway_store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("gateway.db")).unwrap();
    (folder, store)
}

/// A contract must not hold for a broken double.
fn refuses(contract: impl FnOnce()) {
    assert!(catch_unwind(AssertUnwindSafe(contract)).is_err(), "the contract holds for a broken double");
}
