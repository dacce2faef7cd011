//! The desk's keystore passes the suite of every keystore, its passphrase given each time it asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use countersign_cli::port::{AskPassphrase, Cost, DeskKeystore};
use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{Guard, KeyName, Keystore, Prompt, Purpose, UserVerification};
use countersign_core::system::SystemRandom;
use countersign_protocol::Secret;
use countersign_tests::contract;
use countersign_tests::double::SeededRandom;

/// A person who knows the passphrase, and counts how often they typed it.
#[derive(Default)]
struct Typist(AtomicU32);

impl AskPassphrase for Typist {
    fn ask(&self, _: Option<&Prompt>, wrong: bool, cancel: &Cancel) -> Result<Secret, PortError> {
        assert!(!wrong, "the passphrase was right");
        cancel.check()?;
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Secret::from_slice(b"correct horse"))
    }
}

#[test]
fn the_desks_keystore() {
    let (folder, typist) = (tempfile::tempdir().unwrap(), Arc::new(Typist::default()));
    let random = Arc::new(SeededRandom::new(11));
    let store = DeskKeystore::open(folder.path(), random, typist.clone(), Cost::LEAST).unwrap();
    store.create(&Secret::from_slice(b"correct horse")).unwrap();
    contract::keystore(&store);
    assert!(typist.0.load(Ordering::SeqCst) >= 40, "the suite signs forty approvals, each asked for");
}

fn open(folder: &tempfile::TempDir, typist: &Arc<Typist>) -> DeskKeystore {
    DeskKeystore::open(folder.path(), Arc::new(SystemRandom::new()), typist.clone(), Cost::LEAST).unwrap()
}

fn made() -> (tempfile::TempDir, DeskKeystore, Arc<Typist>) {
    let (folder, typist) = (tempfile::tempdir().unwrap(), Arc::new(Typist::default()));
    let store = open(&folder, &typist);
    store.create(&Secret::from_slice(b"correct horse")).unwrap();
    (folder, store, typist)
}

#[test]
fn what_it_made_is_there_after_a_restart_and_the_device_key_asks_nobody() {
    let (folder, store, typist) = made();
    let (ak, pk): (KeyName, KeyName) = ("ak".parse().unwrap(), "pk".parse().unwrap());
    let cancel = Cancel::default();
    store.generate(Purpose::Approve(UserVerification::Any), &ak, &cancel).unwrap();
    store.generate(Purpose::Prove, &pk, &cancel).unwrap();
    let sealed = store.wrap(Guard::Device, &Secret::from_slice(b"secret"), &cancel).unwrap();
    drop(store);
    let store = open(&folder, &typist);
    assert_eq!(store.unwrap(Guard::Device, &sealed, &cancel).unwrap().expose(), b"secret");
    assert!(store.sign_proof(&pk, b"input").is_ok());
    assert_eq!(typist.0.load(Ordering::SeqCst), 0);
    let prompt = Prompt { app: "Payroll".into(), host: "gate.example.com".into(), account: "mara".into() };
    assert!(store.sign_approval(&ak, &prompt, b"input", &cancel).is_ok());
    assert_eq!(typist.0.load(Ordering::SeqCst), 1);
}

#[test]
fn what_another_phone_sealed_is_gone_and_not_broken() {
    let ((_here, here, _), (_there, there, _)) = (made(), made());
    let cancel = Cancel::default();
    for guard in [Guard::Device, Guard::User] {
        let sealed = here.wrap(guard, &Secret::from_slice(b"secret"), &cancel).unwrap();
        assert_eq!(there.unwrap(guard, &sealed, &cancel).err(), Some(PortError::KeyGone));
    }
}
