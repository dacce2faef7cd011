//! The phone under its shell's threads: ports that never return stop nobody, in whatever order threads run.

#[allow(dead_code, unused_imports, reason = "the doubles of the tests, of which some are used")]
#[path = "../../tests/support/double/mod.rs"]
mod double;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use countersign_core::app::{App, Folders, Phone};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, InputError, PortError};
use countersign_core::port::{
    Guard, Http, KeyName, Keystore, Level, Observer, Ports, Prompt, Purpose, Request, Response, Topic,
};
use countersign_core::threads::BROKEN;
use countersign_core::vault::{DeviceClass, NewAccount};
use countersign_protocol::Secret;
use countersign_protocol::jose::{Jwk, b64u};
use countersign_protocol::push::Os;
use countersign_protocol::uri::otpauth;
use double::{BEGIN, DoubleKeystore, Doubles};
use shuttle::sync::{Condvar, Mutex};
use shuttle::thread;

pub const MODELS: &[(&str, fn())] =
    &[("a port that never returns stops nobody", a_port_that_never_returns_stops_nobody)];
pub const BROKEN_MODELS: &[(&str, fn())] = &[("a port that never returns stops nobody", with_a_kept_lock)];

/// Comes back when it is cancelled, and never by itself.
fn stuck(cancel: &Cancel) -> PortError {
    let bell = Arc::new((Mutex::new(false), Condvar::new()));
    let rung = bell.clone();
    let _guard = cancel.on_cancel(move || {
        *rung.0.lock().unwrap() = true;
        rung.1.notify_all();
    });
    let mut told = bell.0.lock().unwrap();
    while !*told {
        told = bell.1.wait(told).unwrap();
    }
    PortError::Cancelled
}

struct StuckHttp;

impl Http for StuckHttp {
    fn send(&self, _: Request, cancel: &Cancel) -> Result<Response, PortError> {
        Err(stuck(cancel))
    }

    fn stream(
        &self,
        _: Request,
        cancel: &Cancel,
        _: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Response, PortError> {
        Err(stuck(cancel))
    }
}

/// A keystore that never comes back from sealing for the person.
struct StuckKeystore(Arc<DoubleKeystore>);

impl Keystore for StuckKeystore {
    fn level(&self) -> Level {
        self.0.level()
    }

    fn generate(&self, purpose: Purpose, name: &KeyName, cancel: &Cancel) -> Result<Jwk, PortError> {
        self.0.generate(purpose, name, cancel)
    }

    fn sign_approval(&self, name: &KeyName, to: &Prompt, input: &[u8], cancel: &Cancel) -> Result<Vec<u8>, PortError> {
        self.0.sign_approval(name, to, input, cancel)
    }

    fn sign_proof(&self, name: &KeyName, input: &[u8]) -> Result<Vec<u8>, PortError> {
        self.0.sign_proof(name, input)
    }

    fn wrap(&self, guard: Guard, secret: &Secret, cancel: &Cancel) -> Result<Vec<u8>, PortError> {
        if guard == Guard::User { Err(stuck(cancel)) } else { self.0.wrap(guard, secret, cancel) }
    }

    fn unwrap(&self, guard: Guard, sealed: &[u8], cancel: &Cancel) -> Result<Secret, PortError> {
        self.0.unwrap(guard, sealed, cancel)
    }

    fn delete(&self, name: &KeyName) -> Result<(), PortError> {
        self.0.delete(name)
    }

    fn list(&self) -> Result<Vec<KeyName>, PortError> {
        self.0.list()
    }
}

/// A screen: reads what it shows whenever it is told, on the thread that tells.
struct Screen(std::sync::Weak<App>);

impl Observer for Screen {
    fn changed(&self, topic: Topic) {
        let Some(app) = self.0.upgrade() else { return };
        match topic {
            Topic::Accounts => drop(app.accounts()),
            _ => drop((app.gateways(), app.approvals(), app.lock_state())),
        }
    }
}

fn account(name: &str, seed: &str) -> NewAccount {
    let (account, _) = otpauth::parse(&format!("otpauth://totp/{name}?secret={seed}")).unwrap();
    NewAccount::scanned(&account, &[], None)
}

fn folders(root: &Path) -> Folders {
    Folders { private: root.join("private"), shared: root.join("shared") }
}

/// A phone with one account that its keystore unlocks, made once: each order begins with a copy of it.
fn made() -> &'static (tempfile::TempDir, Arc<DoubleKeystore>) {
    static MADE: OnceLock<(tempfile::TempDir, Arc<DoubleKeystore>)> = OnceLock::new();
    MADE.get_or_init(|| {
        let (folder, doubles) = (tempfile::tempdir_in("/dev/shm").unwrap(), Doubles::new(1));
        let app = App::open(folders(folder.path()), doubles.ports()).unwrap();
        app.create_vault(&Secret::from_slice(b"correct horse"), DeviceClass::Phone, &Cancel::default()).unwrap();
        app.add_account(&account("first", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")).unwrap();
        app.add_keystore_slot(&Cancel::default()).unwrap();
        app.lock();
        (folder, doubles.keystore)
    })
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}

/// One thread waits for the keystore and one for the network, neither of which comes back; meanwhile a third reads, writes
/// and is told of it, to its end. Then both are cancelled, and come back.
pub fn a_port_that_never_returns_stops_nobody() {
    let (model, keystore) = made();
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    copy(model.path(), folder.path());
    let doubles = Doubles::new(2);
    let ports =
        Ports { keystore: Arc::new(StuckKeystore(keystore.clone())), http: Arc::new(StuckHttp), ..doubles.ports() };
    let app = Arc::new(App::open(folders(folder.path()), ports).unwrap());
    app.unlock_by_keystore(&Cancel::default()).unwrap();
    app.observe(Arc::new(Screen(Arc::downgrade(&app))));

    let cancel = Cancel::default();
    let adding = {
        let (app, cancel) = (app.clone(), cancel.clone());
        thread::spawn(move || app.add_keystore_slot(&cancel).map(drop))
    };
    let enrolling = {
        let (app, cancel) = (app.clone(), cancel.clone());
        thread::spawn(move || {
            let (k, c) = (b64u::encode(&[1; 32]), b64u::encode(&[2; 16]));
            let code = format!(r#"{{"u":"https://gate.example.com/push/v1","k":"{k}","c":"{c}","x":{}}}"#, BEGIN + 600);
            let offer = app.enrol_offer(&format!("countersign://enrol#1.{}", b64u::encode(code.as_bytes())))?;
            let phone = Phone { os: Os::Linux, model: "desk".to_owned(), app: "Countersign 0.1".to_owned() };
            app.enrol(&offer, &phone, &cancel).map(drop)
        })
    };
    let reading = {
        let app = app.clone();
        thread::spawn(move || {
            assert_eq!(app.accounts().unwrap().len(), 1);
            app.add_account(&account("second", "KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU")).unwrap();
            assert_eq!(app.codes(BEGIN).unwrap().rows.len(), 2);
            assert!(app.gateways().is_empty() && app.approvals().is_empty());
            app.lock();
            app.unlock_by_keystore(&Cancel::default()).unwrap();
            assert_eq!(app.accounts().unwrap().len(), 2);
        })
    };
    // Who waits for a lock that is never given back is a deadlock here, and that ends the exploration.
    reading.join().unwrap();
    cancel.cancel();
    let cancelled = Err(Error::Port(PortError::Cancelled));
    assert_eq!(enrolling.join().unwrap(), cancelled);
    // It may have begun while the vault was locked, and then it came back by itself.
    let added = adding.join().unwrap();
    assert!(added == cancelled || added == Err(InputError::VaultLocked.into()), "{added:?}");
}

/// The broken variant: a lock is held while the keystore is asked.
fn with_a_kept_lock() {
    BROKEN.store(true, Ordering::Relaxed);
    a_port_that_never_returns_stops_nobody();
}
