//! When the vault locks itself, behind `App`.

use std::time::Duration;

use countersign_core::app::{App, LockState};
use countersign_core::cancel::Cancel;
use countersign_core::error::InputError;
use countersign_core::vault::{AutoLock, DeviceClass};
use countersign_protocol::Secret;

use super::phone::World;

fn passphrase() -> Secret {
    Secret::from_slice(b"correct horse")
}

fn opened(world: &World) -> App {
    let app = world.app();
    app.create_vault(&passphrase(), DeviceClass::SmallPhone, &Cancel::default()).unwrap();
    app
}

fn is_open(app: &App) -> bool {
    app.lock_state() == LockState::Open
}

#[test]
fn it_locks_after_a_time_without_a_touch() {
    let world = World::new();
    let app = opened(&world);
    let five = Duration::from_secs(300);
    assert_eq!(app.lock_due(), Some(five), "as long as it says where nobody chose");
    world.clock.pass(200);
    assert_eq!((app.lock_due(), app.lock_if_due()), (Some(five - Duration::from_secs(200)), false));
    app.touched();
    assert_eq!(app.lock_due(), Some(five));
    world.clock.pass(299);
    assert!(!app.lock_if_due() && is_open(&app));
    world.clock.pass(1);
    assert!(app.lock_if_due() && !is_open(&app));
    assert_eq!((app.lock_due(), app.lock_if_due()), (None, false), "a locked one does not lock");
    app.unlock(&passphrase(), &Cancel::default()).unwrap();
    assert_eq!(app.lock_due(), Some(five), "an unlock is a touch");
}

#[test]
fn a_time_of_day_that_jumps_ahead_locks_and_one_that_is_set_back_keeps_nothing_open() {
    let world = World::new();
    let app = opened(&world);
    // The machine slept, and its other clock stood still.
    world.clock.set(super::phone::NOW + 301);
    assert!(app.lock_if_due());
    app.unlock(&passphrase(), &Cancel::default()).unwrap();
    world.clock.set(super::phone::NOW - 9_000);
    assert!(!app.lock_if_due());
    world.clock.pass(300);
    assert!(app.lock_if_due());
}

#[test]
fn leaving_and_a_dark_screen_lock_where_the_rule_says_so() {
    let world = World::new();
    let app = opened(&world);
    assert!(!app.left() && is_open(&app));
    assert!(app.screen_off() && !is_open(&app));
    assert!(!app.screen_off() && !app.left());
    app.unlock(&passphrase(), &Cancel::default()).unwrap();
    let rule = AutoLock { after: None, on_leave: true, on_screen_off: false };
    app.set_auto_lock(rule).unwrap();
    assert_eq!(app.lock_due(), None);
    world.clock.pass(100_000);
    assert!(!app.lock_if_due() && !app.screen_off() && is_open(&app));
    assert!(app.left() && !is_open(&app));
    assert_eq!(app.auto_lock().unwrap_err(), InputError::VaultLocked.into());
    drop(app);
    let app = world.app();
    app.unlock(&passphrase(), &Cancel::default()).unwrap();
    assert_eq!(app.auto_lock().unwrap(), rule, "it is kept in the vault");
}
