//! What stands on the phone's disk: files that were changed, cut or left over, and what another process wrote.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_core::app::{ApprovalState, GatewayState};
use countersign_core::cancel::Cancel;
use countersign_core::device::Damage;
use countersign_core::error::PortError;
use countersign_core::limits::DEVICE_FILE;
use countersign_protocol::push::Status;

use super::phone::{World, approve, enrol, enrolled, only, poll};

#[test]
fn a_damaged_file_is_named_and_the_others_work() {
    let world = World::new();
    let (one, two) = (world.gateway("one.example.com"), world.gateway("two.example.com"));
    let app = world.app();
    let (first, second) = (enrol(&app, &one).unwrap(), enrol(&app, &two).unwrap());
    drop(app);
    let path = world.folder.path().join(format!("shared/device/{}.sealed", first.id));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[40] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    // And a file of another phone, under a name of its own.
    std::fs::write(world.folder.path().join("shared/device/AAAAAAAAAAAAAAAAAAAAAA.sealed"), b"foreign").unwrap();
    let app = world.app();
    let states: BTreeSet<String> = app.gateways().iter().map(|row| format!("{:?}", row.state)).collect();
    assert_eq!(app.damaged_enrolments().len(), 2);
    assert!(states.contains("Damaged") && poll(&app, &second).is_ok());
    assert_eq!(world.keys.names().len(), 4, "keys of a damaged record are kept");
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "left as it is");
    app.forget(first.id).unwrap();
    assert_eq!(world.keys.names().len(), 2);
    assert!(!path.exists());
}

#[test]
fn a_record_as_large_as_may_be_is_looked_into_and_a_larger_one_is_not_read() {
    let (world, _, app, enrolling) = enrolled();
    drop(app);
    let path = world.folder.path().join(format!("shared/device/{}.sealed", enrolling.id));
    for (more, damage) in [(0, Damage::Foreign), (1, Damage::Unreadable)] {
        std::fs::File::options().write(true).open(&path).unwrap().set_len(DEVICE_FILE + more).unwrap();
        assert_eq!(world.app().damaged_enrolments(), [(enrolling.id, damage)], "{more} bytes more than may be");
    }
}

#[test]
fn no_file_holds_what_must_not_be_read() {
    let (world, gateway, app, enrolling) = enrolled();
    gateway.challenge("one");
    poll(&app, &enrolling).unwrap();
    gateway.twist(|path, _, _, good| if path == "answer" { Err(PortError::Network) } else { Ok(good) });
    let _ = approve(&app, only(&app).id, "049218");
    for file in world.files() {
        let bytes = std::fs::read(&file).unwrap();
        for word in ["gate.example.com", "alice", "Demo shop", "cs-answer", &enrolling.digits] {
            assert!(!bytes.windows(word.len()).any(|window| window == word.as_bytes()), "{word} in {}", file.display());
        }
    }
}

#[test]
fn a_write_that_a_kill_cut_off_is_swept_away() {
    let (world, _gateway, app, enrolling) = enrolled();
    drop(app);
    let half = world.folder.path().join(format!("shared/device/{}.writing", enrolling.id));
    std::fs::write(&half, b"half").unwrap();
    let app = world.app();
    assert!(!half.exists());
    assert!(poll(&app, &enrolling).is_ok());
}

#[test]
fn polls_without_news_do_not_write() {
    let (world, _gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    let path = world.folder.path().join(format!("shared/device/{}.sealed", enrolling.id));
    let before = std::fs::read(&path).unwrap();
    for _ in 0..3 {
        world.clock.pass(30);
        poll(&app, &enrolling).unwrap();
    }
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn two_processes_of_one_phone_keep_what_the_other_wrote() {
    let (world, gateway, app, enrolling) = enrolled();
    poll(&app, &enrolling).unwrap();
    let other = world.app();
    gateway.challenge("one");
    poll(&other, &enrolling).unwrap();
    assert_eq!(other.deny(only(&other).id, &Cancel::default()).unwrap().st, Status::Denied);
    poll(&app, &enrolling).unwrap();
    assert_eq!(only(&app).state, ApprovalState::Decided(Status::Denied));
    assert_eq!(app.gateways()[0].state, GatewayState::Active);
}

#[test]
fn a_changed_key_file_leaves_all_as_it_is_until_the_last_is_forgotten() {
    let (world, gateway, app, enrolling) = enrolled();
    drop(app);
    let path = world.folder.path().join("shared/device/key");
    let good = std::fs::read(&path).unwrap();
    std::fs::write(&path, b"not what it was").unwrap();
    let app = world.app();
    assert_eq!(app.gateways()[0].state, GatewayState::Damaged);
    assert_eq!(enrol(&app, &gateway).unwrap_err(), PortError::Failed.into(), "nothing is written under a lost key");
    drop(app);
    std::fs::write(&path, &good).unwrap();
    let app = world.app();
    assert!(poll(&app, &enrolling).is_ok(), "mended, all is there again");
    drop(app);
    std::fs::write(&path, b"not what it was").unwrap();
    world.app().forget(enrolling.id).unwrap();
    let app = world.app();
    assert!(world.keys.names().is_empty());
    assert!(enrol(&app, &gateway).is_ok());
}

#[test]
fn a_reinstalled_phone_says_so_and_enrols_anew() {
    let (mut world, gateway, app, enrolling) = enrolled();
    drop(app);
    // A restored backup: the files are there, the keystore is another.
    world.keys = Arc::default();
    let app = world.app();
    assert_eq!(app.gateways()[0].state, GatewayState::KeysGone);
    let anew = enrol(&app, &gateway).unwrap();
    drop(app);
    let app = world.app();
    assert!(poll(&app, &anew).is_ok());
    assert_eq!(app.gateways().iter().filter(|row| row.state == GatewayState::KeysGone).count(), 1);
    app.forget(enrolling.id).unwrap();
    assert_eq!(app.gateways().len(), 1);
}
