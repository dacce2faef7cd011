//! The vault behind `App`: lock state, accounts that an enrolment brings, and what a caught fault leaves.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use countersign_core::app::{App, LockState};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError, PortError};
use countersign_core::port::{Observer, Topic};
use countersign_core::vault::{Details, DeviceClass, Edit, KdfCost, Kind, NewAccount, Vault};
use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Digits, Period};

use super::phone::{NOW, World, enrol, poll};

const URI: &str = "otpauth://totp/Example:alice@example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example";

fn passphrase() -> Secret {
    Secret::from_slice(b"correct horse")
}

fn create(app: &App) {
    app.create_vault(&passphrase(), DeviceClass::Phone, &Cancel::default()).unwrap();
}

fn account(name: &str) -> NewAccount {
    NewAccount {
        issuer: "Shop".to_owned(),
        name: name.to_owned(),
        note: String::new(),
        kind: Kind::Totp(Period::try_from(30).unwrap()),
        algorithm: Algorithm::Sha1,
        digits: Digits::SIX,
        secret: Secret::from_slice(name.as_bytes()),
        pin: None,
        origin: None,
        details: Details::default(),
    }
}

fn names(app: &App) -> Vec<String> {
    app.accounts().unwrap().iter().map(|account| account.name.clone()).collect()
}

#[test]
fn a_vault_is_made_locked_and_unlocked() {
    let world = World::new();
    let app = world.app();
    assert_eq!(app.lock_state(), LockState::NoVault);
    assert_eq!(app.unlock(&passphrase(), &Cancel::default()).unwrap_err(), InputError::NoVault.into());
    create(&app);
    app.add_account(&account("alice")).unwrap();
    assert_eq!(app.codes(NOW).unwrap().rows.len(), 1);
    app.lock();
    assert_eq!(app.lock_state(), LockState::Locked);
    assert_eq!(app.codes(NOW).unwrap_err(), InputError::VaultLocked.into());
    drop(app);
    let app = world.app();
    assert_eq!(app.lock_state(), LockState::Locked);
    let wrong = Secret::from_slice(b"battery staple");
    assert_eq!(app.unlock(&wrong, &Cancel::default()).unwrap_err(), InputError::WrongPassphrase.into());
    app.unlock(&passphrase(), &Cancel::default()).unwrap();
    assert_eq!(names(&app), ["alice"]);
}

#[test]
fn an_account_is_edited_where_it_was_asked_to_alone() {
    let world = World::new();
    let app = world.app();
    create(&app);
    app.add_account(&account("alice")).unwrap();
    app.add_account(&account("bob")).unwrap();
    let rows = app.accounts().unwrap();
    let (alice, bob) = (&rows[0], &rows[1]);
    let codes = app.codes(NOW).unwrap();
    let edit = Edit { name: Some("carol".to_owned()), ..Edit::default() };
    app.edit_account(alice.id, &edit).unwrap();
    drop(app);

    let app = world.app();
    assert_eq!(app.edit_account(alice.id, &edit).unwrap_err(), InputError::VaultLocked.into());
    app.unlock(&passphrase(), &Cancel::default()).unwrap();
    let edited = app.accounts().unwrap();
    assert_eq!((edited[0].id, edited[0].issuer.as_str()), (alice.id, "Shop"), "what was not named stays");
    assert_eq!(edited[0].name, "carol");
    assert_eq!((edited[1].id, edited[1].name.as_str()), (bob.id, "bob"));
    assert_eq!(app.codes(NOW).unwrap().rows.len(), codes.rows.len());
    app.delete_account(bob.id).unwrap();
    assert_eq!(app.edit_account(bob.id, &edit).unwrap_err(), InputError::NotFound.into());
    assert_eq!(names(&app), ["carol"]);
}

#[test]
fn a_changed_passphrase_takes_the_old_ones_place() {
    let world = World::new();
    let app = world.app();
    create(&app);
    let new = Secret::from_slice(b"another one");
    assert_eq!(
        app.change_passphrase(&new, &new, DeviceClass::Phone, &Cancel::default()).unwrap_err(),
        InputError::WrongPassphrase.into()
    );
    app.change_passphrase(&passphrase(), &new, DeviceClass::Phone, &Cancel::default()).unwrap();
    app.lock();
    assert!(app.unlock(&passphrase(), &Cancel::default()).is_err());
    app.unlock(&new, &Cancel::default()).unwrap();
}

#[test]
fn a_desktops_vault_costs_more_and_keeps_its_cost_on_a_phone() {
    let world = World::new();
    let app = world.app();
    app.create_vault(&passphrase(), DeviceClass::Desktop, &Cancel::default()).unwrap();
    let cost = |passphrase: &Secret| {
        let path = world.folder.path().join("private/vault.sqlite");
        let mut vault = Vault::open(&path, world.clock.clone(), world.random.clone()).unwrap();
        vault.unlock(passphrase).unwrap();
        vault.cost(KdfCost::LEAST).unwrap()
    };
    assert_eq!(cost(&passphrase()), DeviceClass::Desktop.cost());
    let new = Secret::from_slice(b"another one");
    app.change_passphrase(&passphrase(), &new, DeviceClass::Phone, &Cancel::default()).unwrap();
    assert_eq!(cost(&new), DeviceClass::Desktop.cost());
}

#[test]
fn the_keystore_unlocks_where_it_was_asked_to() {
    let world = World::new();
    let app = world.app();
    create(&app);
    app.lock();
    assert!(matches!(app.unlock_by_keystore(&Cancel::default()).unwrap_err(), Error::Input(InputError::Slot(_))));
    app.unlock(&passphrase(), &Cancel::default()).unwrap();
    app.add_keystore_slot(&Cancel::default()).unwrap();
    app.lock();
    app.unlock_by_keystore(&Cancel::default()).unwrap();
    assert_eq!(app.lock_state(), LockState::Open);
}

#[test]
fn an_account_that_came_with_an_enrolment_moves_in_when_the_vault_is_open() {
    for open in [true, false] {
        let world = World::new();
        let gateway = world.gateway("gate.example.com");
        gateway.state().totp = Some(URI.to_owned());
        let app = world.app();
        create(&app);
        if !open {
            app.lock();
        }
        let enrolling = enrol(&app, &gateway).unwrap();
        if !open {
            drop(app);
            let app = world.app();
            assert!(poll(&app, &enrolling).is_ok(), "a locked vault stops no poll");
            app.unlock(&passphrase(), &Cancel::default()).unwrap();
            assert_eq!(names(&app), ["alice@example.com"]);
            assert_eq!(app.accounts().unwrap()[0].origin, Some(enrolling.id));
            app.lock();
            app.unlock(&passphrase(), &Cancel::default()).unwrap();
            assert_eq!(names(&app).len(), 1, "it moves in once");
            continue;
        }
        assert_eq!(names(&app), ["alice@example.com"]);
    }
}

#[test]
fn a_phone_without_a_vault_keeps_the_account_until_there_is_one() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    gateway.state().totp = Some(URI.to_owned());
    let app = world.app();
    enrol(&app, &gateway).unwrap();
    drop(app);
    let app = world.app();
    create(&app);
    assert_eq!(names(&app), ["alice@example.com"]);
}

#[test]
fn codes_are_read_while_a_port_never_returns() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = Arc::new(world.app());
    create(&app);
    app.add_account(&account("alice")).unwrap();
    let enrolling = enrol(&app, &gateway).unwrap();
    let (entered, inside) = channel();
    let (release, held) = channel::<()>();
    gateway.twist(move |_, _, _, good| {
        entered.send(()).unwrap();
        let _ = held.recv();
        Ok(good)
    });
    let parked = std::thread::spawn({
        let (app, id) = (app.clone(), enrolling.id);
        move || app.poll(id, 30, &Cancel::default())
    });
    inside.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_eq!(app.codes(NOW).unwrap().rows.len(), 1);
    app.add_account(&account("bob")).unwrap();
    assert_eq!(app.codes(NOW + 30).unwrap().rows.len(), 2);
    app.lock();
    drop(release);
    assert!(parked.join().unwrap().is_ok());
}

#[test]
fn after_a_change_nobody_reads_the_list_from_before_it() {
    let world = World::new();
    let app = Arc::new(world.app());
    create(&app);
    let id = app.add_account(&account("0")).unwrap();
    // Somebody else holds the state most of the time, as a search or a poll does.
    let busy = std::thread::spawn({
        let app = app.clone();
        move || {
            while Arc::strong_count(&app) > 1 {
                let _ = app.search("shop");
            }
        }
    });
    for n in 1..200 {
        let name = n.to_string();
        app.edit_account(id, &Edit { name: Some(name.clone()), ..Edit::default() }).unwrap();
        let shown: Vec<String> = app.codes(NOW).unwrap().rows.iter().map(|row| row.account.name.clone()).collect();
        assert_eq!(shown, [name]);
    }
    drop(app);
    busy.join().unwrap();
}

#[test]
fn a_caught_fault_reloads_the_state_and_the_app_goes_on() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    create(&app);
    let enrolling = enrol(&app, &gateway).unwrap();
    world.clock.panics.store(true, Ordering::SeqCst);
    // The vault looks at the clock while the state is locked.
    let fault = catch_unwind(AssertUnwindSafe(|| app.add_account(&account("alice"))));
    assert!(fault.is_err());
    assert_eq!(app.gateways().len(), 1, "what is shown is there all along");
    let (send, told) = channel();
    app.observe(Arc::new(Ear(std::sync::Mutex::new(send))));
    assert_eq!(app.codes(NOW).unwrap_err(), Error::Internal, "said once");
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [Topic::Lock, Topic::Accounts], "screens hear that it is locked");
    assert_eq!(app.lock_state(), LockState::Locked);
    assert!(poll(&app, &enrolling).is_ok());
    app.unlock(&passphrase(), &Cancel::default()).unwrap();
    app.add_account(&account("alice")).unwrap();
    assert_eq!(names(&app), ["alice"]);
}

#[test]
fn while_the_disk_fails_after_a_fault_nobody_is_told_again_and_again() {
    /// Looks at the app whenever it is told of something, as screens do.
    struct Looks(std::sync::Weak<App>, AtomicUsize);
    impl Observer for Looks {
        fn changed(&self, _: Topic) {
            self.1.fetch_add(1, Ordering::SeqCst);
            if let Some(app) = self.0.upgrade() {
                let _ = app.lock_state();
            }
        }
    }
    let world = World::new();
    let app = Arc::new(world.app());
    create(&app);
    world.clock.panics.store(true, Ordering::SeqCst);
    assert!(catch_unwind(AssertUnwindSafe(|| app.add_account(&account("alice")))).is_err());
    let (folder, aside) = (world.folder.path().join("shared/device"), world.folder.path().join("aside"));
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, b"no folder").unwrap();
    let looks = Arc::new(Looks(Arc::downgrade(&app), AtomicUsize::new(0)));
    app.observe(looks.clone());
    for _ in 0..3 {
        assert_eq!(app.codes(NOW).unwrap_err(), Error::Internal);
        assert_eq!((app.lock_state(), looks.1.load(Ordering::SeqCst)), (LockState::Locked, 0));
    }
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    assert_eq!(app.codes(NOW).unwrap_err(), Error::Internal, "said once");
    assert_eq!((app.lock_state(), looks.1.load(Ordering::SeqCst)), (LockState::Locked, 2));
    app.unlock(&passphrase(), &Cancel::default()).unwrap();
    app.add_account(&account("alice")).unwrap();
}

/// Hands on what it hears.
struct Ear(std::sync::Mutex<std::sync::mpsc::Sender<Topic>>);

impl Observer for Ear {
    fn changed(&self, topic: Topic) {
        let _ = self.0.lock().unwrap().send(topic);
    }
}

#[test]
fn no_name_that_a_gateway_sends_keeps_the_vault_closed() {
    let heaped = format!("x{}", "%CC%A3%CC%A3%CC%A3%CC%A3%E2%80%8B".repeat(3));
    for (name, arrives) in [(heaped, true), ("n".repeat(300), false), ("%E2%80%AEecila".to_owned(), true)] {
        for open in [false, true] {
            let world = World::new();
            let gateway = world.gateway("gate.example.com");
            let app = world.app();
            create(&app);
            if !open {
                app.lock();
            }
            gateway.state().totp =
                Some(format!("otpauth://totp/Example:{name}?secret=GEZDGNBVGY3TQOJQ&issuer=Example"));
            enrol(&app, &gateway).unwrap();
            app.lock();
            app.unlock(&passphrase(), &Cancel::default()).unwrap();
            assert_eq!(app.codes(NOW).unwrap().rows.len(), usize::from(arrives), "{name}");
            app.add_account(&account("alice")).unwrap();
        }
    }
}

#[test]
fn of_two_issuers_that_a_gateway_names_none_is_lost() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    create(&app);
    gateway.state().totp = Some("otpauth://totp/One:alice?secret=GEZDGNBVGY3TQOJQ&issuer=Two".to_owned());
    enrol(&app, &gateway).unwrap();
    let account = app.accounts().unwrap()[0].clone();
    let note = app.note(account.id).unwrap();
    let mut both = [account.issuer.clone(), note.to_string()];
    both.sort();
    assert_eq!(both, ["One", "Two"]);
}

#[test]
fn who_locks_while_the_person_is_asked_has_the_last_word() {
    let world = World::new();
    let app = Arc::new(world.app());
    create(&app);
    app.add_keystore_slot(&Cancel::default()).unwrap();
    app.lock();
    let inside = app.clone();
    world.keys.during_next_unwrap(move || inside.lock());
    assert_eq!(app.unlock_by_keystore(&Cancel::default()).unwrap_err(), PortError::Cancelled.into());
    assert_eq!(app.lock_state(), LockState::Locked);
    app.unlock_by_keystore(&Cancel::default()).unwrap();
    assert_eq!(app.lock_state(), LockState::Open);
}

#[test]
fn a_vault_that_cannot_be_opened_stops_no_approval() {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    create(&app);
    let enrolling = enrol(&app, &gateway).unwrap();
    drop(app);
    std::fs::write(world.folder.path().join("private/vault.sqlite"), b"no vault at all").unwrap();
    let app = world.app();
    assert_eq!(app.lock_state(), LockState::Locked);
    assert!(app.unlock(&passphrase(), &Cancel::default()).is_err());
    assert!(poll(&app, &enrolling).is_ok());
}
