//! A phone to test: `App` on doubles that outlive it, so that a test can kill it and open it again.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_core::app::{App, ApprovalId, ApprovalRow, Enrolling, Folders, Phone};
use countersign_core::cancel::Cancel;
use countersign_core::error::{Error, PortError};
use countersign_core::port::{
    AttestedKey, Clock, Guard, Http, KeyName, Keystore, Level, Ports, Prompt, Purpose, Random, UserVerification,
};
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Jwk};
use countersign_protocol::push::Os;
use countersign_tests::attested::{Maker, Says};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};

use super::gateway::{Gateway, Wire};

/// The vectors' time.
pub const NOW: u64 = 1_795_260_000;

/// A clock that a test sets.
pub struct TestClock {
    now: AtomicU64,
    monotonic: AtomicU64,
    /// Panics at the next look, as a fault of ours would.
    pub panics: AtomicBool,
}

impl TestClock {
    pub fn pass(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
        self.monotonic.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn set(&self, now: u64) {
        self.now.store(now, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> u64 {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "a fault that a test planted");
        self.now.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.monotonic.load(Ordering::SeqCst))
    }
}

/// Random bytes that are the same in each run.
#[derive(Default)]
pub struct Seeded(AtomicU64);

impl Random for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
        for part in out.chunks_mut(32) {
            let block = H32::sha256(&[b"seeded", &self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes()]);
            part.copy_from_slice(&block.as_bytes()[..part.len()]);
        }
        Ok(())
    }
}

/// A keystore in memory, as the platform keeps it while apps come and go.
#[derive(Default)]
pub struct Keys {
    keys: Mutex<BTreeMap<KeyName, (bool, SigningKey)>>,
    sealed: Mutex<Vec<(Guard, Secret)>>,
    /// Whose phone it is: who attests its keys, if anybody does.
    pub maker: Mutex<Option<Maker>>,
    /// The challenges that keys were made with.
    pub challenges: Mutex<Vec<H32>>,
    /// What was asked of the person.
    pub prompts: Mutex<Vec<Prompt>>,
    /// What the person does at the next prompt.
    pub refuse: Mutex<Option<PortError>>,
    /// What happens while the next prompt stands.
    during: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    /// What happens before the next list of names is made.
    during_list: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    /// What happens while the person is asked for the next secret.
    during_unwrap: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    /// What happens right after the next list was read.
    after_list: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Keys {
    pub fn names(&self) -> Vec<KeyName> {
        self.keys.lock().unwrap().keys().cloned().collect()
    }

    /// Has something happen while the next prompt stands.
    pub fn during_next_prompt(&self, happens: impl FnOnce() + Send + 'static) {
        *self.during.lock().unwrap() = Some(Box::new(happens));
    }

    /// Has something happen between whoever asks for the next list of names and the list.
    pub fn during_next_list(&self, happens: impl FnOnce() + Send + 'static) {
        *self.during_list.lock().unwrap() = Some(Box::new(happens));
    }

    /// Has something happen while the person is asked for the next secret.
    pub fn during_next_unwrap(&self, happens: impl FnOnce() + Send + 'static) {
        *self.during_unwrap.lock().unwrap() = Some(Box::new(happens));
    }

    /// Has something happen right after the next list was read.
    pub fn after_next_list(&self, happens: impl FnOnce() + Send + 'static) {
        *self.after_list.lock().unwrap() = Some(Box::new(happens));
    }

    /// As a platform that lost some of its keys.
    pub fn forget(&self, which: impl Fn(&KeyName) -> bool) {
        self.keys.lock().unwrap().retain(|name, _| !which(name));
    }

    fn sign(&self, name: &KeyName, approves: bool, input: &[u8]) -> Result<Vec<u8>, PortError> {
        let keys = self.keys.lock().unwrap();
        let (_, key) = keys.get(name).filter(|(approve, _)| *approve == approves).ok_or(PortError::KeyGone)?;
        let signature: Signature = key.sign(input);
        Ok(signature.to_der().as_bytes().to_vec())
    }
}

impl Keystore for Keys {
    fn level(&self) -> Level {
        if self.maker.lock().unwrap().is_some() { Level::Tee } else { Level::Software }
    }

    fn generate(&self, purpose: Purpose, name: &KeyName, _: &Cancel) -> Result<Jwk, PortError> {
        let mut keys = self.keys.lock().unwrap();
        let seed = H32::sha256(&[b"key", name.as_str().as_bytes()]);
        let key = SigningKey::from_slice(seed.as_bytes()).unwrap();
        let jwk = Jwk::from_sec1(key.verifying_key().to_sec1_point(false).as_bytes()).unwrap();
        keys.insert(name.clone(), (purpose == Purpose::Approve(UserVerification::Any), key));
        Ok(jwk)
    }

    fn generate_attested(
        &self,
        purpose: Purpose,
        name: &KeyName,
        challenge: &H32,
        cancel: &Cancel,
    ) -> Result<AttestedKey, PortError> {
        self.challenges.lock().unwrap().push(*challenge);
        let jwk = self.generate(purpose, name, cancel)?;
        let asks = (purpose != Purpose::Prove).then_some(3);
        let says = Says::key(1, challenge.as_bytes(), asks);
        let chain = self.maker.lock().unwrap().as_ref().map(|maker| maker.chain(&jwk, &says)).unwrap_or_default();
        Ok(AttestedKey { jwk, chain })
    }

    fn sign_approval(&self, name: &KeyName, prompt: &Prompt, input: &[u8], _: &Cancel) -> Result<Vec<u8>, PortError> {
        self.prompts.lock().unwrap().push(prompt.clone());
        if let Some(refusal) = *self.refuse.lock().unwrap() {
            return Err(refusal);
        }
        let during = self.during.lock().unwrap().take();
        if let Some(happens) = during {
            happens();
        }
        self.sign(name, true, input)
    }

    fn sign_proof(&self, name: &KeyName, input: &[u8]) -> Result<Vec<u8>, PortError> {
        self.sign(name, false, input)
    }

    fn wrap(&self, guard: Guard, secret: &Secret, _: &Cancel) -> Result<Vec<u8>, PortError> {
        let mut sealed = self.sealed.lock().unwrap();
        sealed.push((guard, secret.clone()));
        Ok((sealed.len() as u64 - 1).to_be_bytes().to_vec())
    }

    fn unwrap(&self, guard: Guard, wrapped: &[u8], _: &Cancel) -> Result<Secret, PortError> {
        let during = self.during_unwrap.lock().unwrap().take();
        if let Some(happens) = during.filter(|_| guard == Guard::User) {
            happens();
        }
        let place = u64::from_be_bytes(wrapped.try_into().map_err(|_| PortError::Failed)?);
        let sealed = self.sealed.lock().unwrap();
        let (of, secret) = sealed.get(place as usize).ok_or(PortError::KeyGone)?;
        if *of == guard { Ok(secret.clone()) } else { Err(PortError::Failed) }
    }

    fn delete(&self, name: &KeyName) -> Result<(), PortError> {
        self.keys.lock().unwrap().remove(name);
        Ok(())
    }

    fn list(&self) -> Result<Vec<KeyName>, PortError> {
        let during = self.during_list.lock().unwrap().take();
        if let Some(happens) = during {
            happens();
        }
        let names = self.names();
        let after = self.after_list.lock().unwrap().take();
        if let Some(happens) = after {
            happens();
        }
        Ok(names)
    }
}

/// A phone, its platform and the gateways it can reach.
pub struct World {
    pub clock: Arc<TestClock>,
    pub keys: Arc<Keys>,
    pub wire: Arc<Wire>,
    pub random: Arc<Seeded>,
    pub folder: tempfile::TempDir,
}

impl World {
    pub fn new() -> Self {
        let clock = Arc::new(TestClock {
            now: AtomicU64::new(NOW),
            monotonic: AtomicU64::new(1000),
            panics: AtomicBool::new(false),
        });
        let (keys, wire, random) = (Arc::default(), Arc::default(), Arc::default());
        Self { clock, keys, wire, random, folder: tempfile::tempdir().unwrap() }
    }

    /// A gateway that the phone can reach.
    pub fn gateway(&self, name: &str) -> Arc<Gateway> {
        let gateway = Gateway::new(name, Arc::clone(&self.clock));
        self.wire.add(&gateway);
        gateway
    }

    /// Opens the app, as at the start of its process.
    pub fn app(&self) -> App {
        self.app_on(self.wire.clone())
    }

    /// The same, on another network.
    pub fn app_on(&self, http: Arc<dyn Http>) -> App {
        let (random, keystore) = (self.random.clone(), self.keys.clone());
        self.app_with(Ports { clock: self.clock.clone(), random, keystore, http })
    }

    /// The same, on other ports.
    pub fn app_with(&self, ports: Ports) -> App {
        let (private, shared) = (self.folder.path().join("private"), self.folder.path().join("shared"));
        App::open(Folders { private, shared }, ports).unwrap()
    }

    /// Every file of the device store.
    pub fn files(&self) -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("shared/device")).unwrap();
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| !file.ends_with("lock"));
        files.sort();
        files
    }
}

/// What this phone says of itself.
pub fn me() -> Phone {
    Phone { os: Os::Linux, model: "desk".to_owned(), app: "Countersign 0.1".to_owned() }
}

pub fn enrol(app: &App, gateway: &Gateway) -> Result<Enrolling, Error> {
    let offer = app.enrol_offer(&gateway.link())?;
    app.enrol(&offer, &me(), &Cancel::default())
}

/// A phone that is enrolled and active at one gateway.
pub fn enrolled() -> (World, Arc<Gateway>, App, Enrolling) {
    let world = World::new();
    let gateway = world.gateway("gate.example.com");
    let app = world.app();
    let enrolling = enrol(&app, &gateway).unwrap();
    gateway.activate();
    (world, gateway, app, enrolling)
}

/// A poll that does not wait; a fault is an error here.
pub fn poll(app: &App, enrolling: &Enrolling) -> Result<bool, Error> {
    let outcome = app.poll(enrolling.id, 0, &Cancel::default())?;
    outcome.fault.map_or(Ok(outcome.news), Err)
}

/// The one approval on the screen.
pub fn only(app: &App) -> ApprovalRow {
    let mut rows = app.approvals();
    assert_eq!(rows.len(), 1, "one approval: {rows:?}");
    rows.remove(0)
}

/// Approves by digits.
pub fn approve(app: &App, id: ApprovalId, digits: &str) -> Result<countersign_core::app::Verdict, Error> {
    app.approve(id, digits.parse().unwrap(), &Cancel::default())
}
