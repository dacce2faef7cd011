//! The device store, read by another process while it is written: each look is at whole records, and never at an older one
//! than the look before.
//!
//! The short form runs in every test run; `cargo xtask torture app::torn` looks 10,000 times, at as many writes.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use countersign_core::cancel::Cancel;
use countersign_core::device::Store;
use countersign_core::port::{Guard, Keystore as _};
use countersign_protocol::Secret;

use super::phone::{Keys, World, enrol, poll};
use crate::vault::{effort, quick_folder, story};

/// The process beside: looks as often as it is told, or until it sees a torn record. A file in its folder holds the store's
/// key, as both have it from the platform.
#[test]
#[ignore = "the reader that the tests here start"]
fn reader() {
    let folder = story::child_folder().expect("started by the test");
    let looks: usize = fs::read_to_string(folder.join("looks")).unwrap().parse().unwrap();
    let keys = Keys::default();
    keys.wrap(Guard::Device, &Secret::new(fs::read(folder.join("unwrapped")).unwrap()), &Cancel::default()).unwrap();
    let mut last = 0;
    for _ in 0..looks {
        let store = Store::look(&folder.join("shared/device"), &keys).unwrap();
        assert_eq!(store.damaged().collect::<Vec<_>>(), [], "a torn record");
        let records: Vec<_> = store.records().collect();
        assert_eq!(records.len(), 1, "a record was not there");
        assert!(records[0].signed >= last, "a record went back");
        last = records[0].signed;
    }
}

/// A phone whose store another process can open too.
fn shared() -> World {
    let mut world = World::new();
    world.folder = quick_folder();
    world
}

fn reading(folder: &Path, looks: usize) -> Child {
    let device = folder.join("shared/device");
    assert_eq!(fs::read(device.join("key")).unwrap(), 0_u64.to_be_bytes(), "the store's key was wrapped first");
    fs::write(folder.join("looks"), looks.to_string()).unwrap();
    let words = story::child("app::torn::reader");
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).env("COUNTERSIGN_TEST_FOLDER", folder).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn who_reads_while_records_are_written_sees_whole_ones() {
    let (world, rounds) = (shared(), effort(150, 10_000));
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    let enrolling = enrol(&app, &gateway).unwrap();
    gateway.activate();
    unwrapped(&world);
    let mut reader = reading(world.folder.path(), rounds);
    let mut writes = 0;
    // Each goes on until the other is done: there is always somebody to disturb.
    let ended = loop {
        let ended = reader.try_wait().unwrap();
        if let Some(ended) = ended.filter(|ended| writes >= rounds || !ended.success()) {
            break ended;
        }
        world.clock.pass(1);
        gateway.state().challenges.clear();
        gateway.challenge(&format!("write {writes}"));
        assert!(poll(&app, &enrolling).unwrap(), "each poll has news, so that each writes");
        writes += 1;
    };
    assert!(ended.success(), "the reader saw a torn record within {writes} writes");
    println!("{rounds} looks beside {writes} writes");
}

/// Gives the other process what the platform would.
fn unwrapped(world: &World) {
    let key = world.keys.unwrap(Guard::Device, &0_u64.to_be_bytes(), &Cancel::default()).unwrap();
    fs::write(world.folder.path().join("unwrapped"), key.expose()).unwrap();
}

/// The saboteur: a store that writes where the old record lies.
#[test]
fn records_that_are_written_in_place_are_found_out() {
    let world = shared();
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    let enrolling = enrol(&app, &gateway).unwrap();
    unwrapped(&world);
    let path = world.folder.path().join(format!("shared/device/{}.sealed", enrolling.id));
    let record = fs::read(&path).unwrap();
    let mut reader = reading(world.folder.path(), 1_000_000);
    let ended = loop {
        if let Some(ended) = reader.try_wait().unwrap() {
            break ended;
        }
        for half in [record.len() / 2, record.len()] {
            fs::write(&path, &record[..half]).unwrap();
        }
    };
    assert!(!ended.success(), "nobody noticed");
}
