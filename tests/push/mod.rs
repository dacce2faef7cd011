//! The push protocol over real connections: what each side refuses, by the names of `push-v1.md` section 14.

mod answer;
mod context;
mod device;
mod endpoint;
mod enrol;
mod events;
mod json;
mod jwk;
mod jws;
mod keys;
mod last;
mod limits;
mod mutate;
mod names;
mod notice;
mod offline;
mod proof;
mod refused;
mod replay;
mod reports;
mod sender;
mod sessions;
mod text;
mod work;

use countersign_gateway::person::Person;
use countersign_tests::raw_phone::RawPhone;
use countersign_tests::stage::Stage;

/// Whether the long forms are asked for (`cargo xtask torture`).
fn is_long() -> bool {
    std::env::var_os("COUNTERSIGN_TORTURE").is_some()
}

/// A gateway, its one person, and two active phones of hers.
fn two_phones() -> (Stage, Person, RawPhone, RawPhone) {
    let stage = Stage::start();
    let alice = stage.person("alice");
    let one = stage.active_phone(&alice, "one");
    let two = stage.active_phone(&alice, "two");
    (stage, alice, one, two)
}
