//! The ways into the vault behind `App`, what a passphrase costs, and the vault's end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_core::app::{App, Folders, LockState};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError, PortError};
use countersign_core::port::{Clock, Ports, Random};
use countersign_core::system::SystemRandom;
use countersign_core::vault::{DeviceClass, KdfCost, Sheet, SlotId, SlotKind, Vault};
use countersign_protocol::Secret;

use super::phone::{NOW, World};

const CLASS: DeviceClass = DeviceClass::SmallPhone;

fn secret(text: &str) -> Secret {
    Secret::from_slice(text.as_bytes())
}

fn opened(world: &World) -> App {
    let app = world.app();
    app.create_vault(&secret("correct horse"), CLASS, &Cancel::default()).unwrap();
    app
}

fn unlocks(app: &App, passphrase: &str) -> bool {
    app.lock();
    app.unlock(&secret(passphrase), &Cancel::default()).is_ok()
}

#[test]
fn another_passphrase_opens_until_it_is_taken_back() {
    let world = World::new();
    let app = opened(&world);
    let id = app.add_passphrase(&secret("hers"), "Jo", CLASS, &Cancel::default()).unwrap();
    assert!(unlocks(&app, "correct horse") && unlocks(&app, "hers"));
    app.name_slot(id, "Jo, at home").unwrap();
    let rows = app.slots().unwrap();
    assert_eq!((rows.len(), rows[1].name.as_str(), rows[1].made), (2, "Jo, at home", Some(NOW)));
    app.remove_slot(id).unwrap();
    assert!(!unlocks(&app, "hers"));
    assert_eq!(app.slots().unwrap_err(), InputError::VaultLocked.into());
    assert!(unlocks(&app, "correct horse"));
    assert_eq!(app.remove_slot(rows[0].id).unwrap_err(), InputError::LastPassphrase.into());
    assert_eq!(app.remove_slot(SlotId::of(99)).unwrap_err(), InputError::NotFound.into());
}

#[test]
fn a_sheet_opens_a_vault_whose_passphrase_was_forgotten_and_gives_it_a_new_one() {
    let world = World::new();
    let app = opened(&world);
    app.add_passphrase(&secret("forgotten too"), "", CLASS, &Cancel::default()).unwrap();
    let (id, sheet) = app.add_sheet("in the drawer").unwrap();
    drop(app);
    let app = world.app();
    let typed = Sheet::read(&sheet.lines().map(|line| line.to_lowercase()).join("\n")).unwrap();
    let other = Sheet::generate(&*world.random).unwrap();
    assert_eq!(app.unlock_by_sheet(&other, &Cancel::default()).unwrap_err(), InputError::WrongSheet.into());
    let locked = app.replace_passphrase(&typed, &secret("new"), CLASS, &Cancel::default());
    assert_eq!(locked.unwrap_err(), InputError::VaultLocked.into());
    app.unlock_by_sheet(&typed, &Cancel::default()).unwrap();
    let foreign = app.replace_passphrase(&other, &secret("new"), CLASS, &Cancel::default());
    assert_eq!(foreign.unwrap_err(), InputError::WrongSheet.into(), "an open vault alone gives no new passphrase");
    app.replace_passphrase(&typed, &secret("new"), CLASS, &Cancel::default()).unwrap();
    let kinds: Vec<SlotKind> = app.slots().unwrap().iter().map(|row| row.kind).collect();
    assert!(matches!(kinds[..], [SlotKind::Passphrase(_), SlotKind::Sheet]), "{kinds:?}");
    assert!(!unlocks(&app, "correct horse") && !unlocks(&app, "forgotten too") && unlocks(&app, "new"));
    app.remove_slot(id).unwrap();
    app.lock();
    assert_eq!(app.unlock_by_sheet(&typed, &Cancel::default()).unwrap_err(), InputError::WrongSheet.into());
}

#[test]
fn a_person_who_uses_the_keystore_is_asked_for_the_passphrase_now_and_then() {
    let world = World::new();
    let app = opened(&world);
    app.add_keystore_slot(&Cancel::default()).unwrap();
    let by_keystore = |days: u64| {
        app.lock();
        world.clock.set(NOW + days * 86_400);
        app.unlock_by_keystore(&Cancel::default()).unwrap();
        app.is_passphrase_due().unwrap()
    };
    assert_eq!([1, 6, 7, 8].map(by_keystore), [false, false, true, true]);
    assert!(unlocks(&app, "correct horse") && !app.is_passphrase_due().unwrap());
    assert_eq!([9, 20, 22].map(by_keystore), [false, false, true]);
}

/// A clock by which whatever is timed takes as long as a test says.
struct Paced(AtomicU64, AtomicU64);

impl Clock for Paced {
    fn now(&self) -> u64 {
        NOW
    }
    fn monotonic(&self) -> Duration {
        let step = self.1.load(Ordering::SeqCst);
        Duration::from_millis(self.0.fetch_add(step, Ordering::SeqCst))
    }
}

#[test]
fn the_cost_of_a_passphrase_is_measured_and_grows_when_the_device_is_twice_as_fast() {
    let world = World::new();
    let clock = Arc::new(Paced(AtomicU64::new(0), AtomicU64::new(100)));
    let folder = world.folder.path();
    let folders = Folders { private: folder.join("private"), shared: folder.join("shared") };
    let (random, keystore, http) = (world.random.clone(), world.keys.clone(), world.wire.clone());
    let app = App::open(folders, Ports { clock: clock.clone(), random, keystore, http }).unwrap();
    app.create_vault(&secret("correct horse"), CLASS, &Cancel::default()).unwrap();
    let cost = || match app.slots().unwrap()[0].kind {
        SlotKind::Passphrase(cost) => cost,
        other => panic!("{other:?}"),
    };
    let first = cost();
    // 16 MiB in 100 ms are 80 MiB in half a second: three passes over 26 MiB.
    assert_eq!(first, KdfCost::new(26 * 1024, 3, 1).unwrap());
    for (step, grows) in [(500, false), (260, false), (200, true), (500, false)] {
        clock.1.store(step, Ordering::SeqCst);
        let before = cost();
        assert!(unlocks(&app, "correct horse"), "{step}");
        assert_eq!(cost() != before, grows, "{step} ms");
    }
    let grown = cost();
    assert!(grown.memory_kib() == 64 * 1024 && grown.passes() == 3, "{grown:?}");
    assert_eq!(app.slots().unwrap()[0].made, Some(NOW), "it is the same slot");
    drop(app);
    let app = world.app();
    assert!(unlocks(&app, "correct horse"), "the dearer one is on the disk");
}

/// Randomness that lets something happen at its next draw.
struct Meddled<R> {
    random: R,
    meddle: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl<R: Random> Random for Meddled<R> {
    fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
        let meddle = self.meddle.lock().unwrap().take();
        meddle.into_iter().for_each(|meddle| meddle());
        self.random.fill(out)
    }
}

#[test]
fn a_passphrase_is_changed_also_while_the_one_before_grows() {
    let world = World::new();
    let folder = world.folder.path();
    let folders = Folders { private: folder.join("private"), shared: folder.join("shared") };
    let clock: Arc<dyn Clock> = Arc::new(Paced(AtomicU64::new(0), AtomicU64::new(100)));
    let random = Arc::new(Meddled { random: SystemRandom::new(), meddle: Mutex::default() });
    let (keystore, http) = (world.keys.clone(), world.wire.clone());
    let app = App::open(folders, Ports { clock: clock.clone(), random: random.clone(), keystore, http }).unwrap();
    app.create_vault(&secret("correct horse"), CLASS, &Cancel::default()).unwrap();
    let cost = |app: &App| app.slots().unwrap()[0].kind;
    let SlotKind::Passphrase(before) = cost(&app) else { panic!("of the passphrase") };
    let dearer = KdfCost::new(64 * 1024, 3, 1).unwrap();
    let path = folder.join("private/vault.sqlite");
    let grow = move || {
        let dice: Arc<dyn Random> = Arc::new(SystemRandom::new());
        let mut vault = Vault::open(&path, clock, dice.clone()).unwrap();
        vault.unlock(&secret("correct horse")).unwrap();
        let slot = vault.key().unwrap().passphrase_slot(&secret("correct horse"), dearer, &*dice).unwrap();
        let id = vault.slots().unwrap()[0].id;
        vault.retune(id, before, slot).unwrap();
    };
    *random.meddle.lock().unwrap() = Some(Box::new(grow));
    app.change_passphrase(&secret("correct horse"), &secret("larch violin"), CLASS, &Cancel::default()).unwrap();
    assert!(random.meddle.lock().unwrap().is_none(), "it grew meanwhile");
    assert_eq!(cost(&app), SlotKind::Passphrase(dearer), "the new one costs no less");
    assert!(!unlocks(&app, "correct horse") && unlocks(&app, "larch violin"));
}

#[test]
fn an_erased_vault_is_gone_and_another_one_can_be_made() {
    let world = World::new();
    let app = opened(&world);
    assert_eq!(world.app().lock_state(), LockState::Locked);
    let (_, sheet) = app.add_sheet("").unwrap();
    app.erase_vault().unwrap();
    assert_eq!(app.lock_state(), LockState::NoVault);
    assert_eq!(app.unlock(&secret("correct horse"), &Cancel::default()).unwrap_err(), InputError::NoVault.into());
    assert!(app.unlock_by_sheet(&sheet, &Cancel::default()).is_err());
    assert_eq!(app.erase_vault().unwrap_err(), InputError::NoVault.into(), "once");
    let left: Vec<_> = std::fs::read_dir(world.folder.path().join("private")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    app.create_vault(&secret("anew"), CLASS, &Cancel::default()).unwrap();
    assert!(unlocks(&app, "anew") && app.accounts().unwrap().is_empty());
    app.lock();
    app.erase_vault().unwrap();
    assert!(matches!(app.accounts().unwrap_err(), Error::Input(InputError::NoVault)), "a locked one too");
}
