//! A whole gateway in this process, on a clock that only the test moves, seeded randomness and RFC 6979 signatures.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_gateway::approval::service::Begun;
use countersign_gateway::approval::{Ask, Begin, Push, Shown, State};
use countersign_gateway::audit::Caller;
use countersign_gateway::chain::{ChainFault, Ring, Vouched, tend};
use countersign_gateway::config::Config;
use countersign_gateway::enrol::devices::Owner;
use countersign_gateway::enrol::record::Confirmed;
use countersign_gateway::house::House;
use countersign_gateway::person::Person;
use countersign_gateway::port::{Adapters, Clock, PortFault, Random, Signer, SignerFactory, Timer, machine};
use countersign_gateway::{Gateway, Running};
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id};
use countersign_protocol::uri::EnrolLink;
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

use crate::raw_phone::{Key, RawPhone, b64u};

/// When every stage begins: the time of the published vectors.
pub const BEGIN: u64 = 1_795_260_000;

/// A clock that stands still until it is moved.
pub struct StageClock {
    now: AtomicU64,
    monotonic: AtomicU64,
}

impl StageClock {
    /// A clock that stands at `now`.
    pub fn at(now: u64) -> Self {
        Self { now: AtomicU64::new(now), monotonic: AtomicU64::new(1_000) }
    }

    /// Time goes on, for both clocks.
    pub fn advance(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
        self.monotonic.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The monotonic clock goes back, as none does: a broken variant for tests that must notice it.
    pub fn set_back(&self, seconds: u64) {
        self.monotonic.fetch_sub(seconds, Ordering::SeqCst);
    }

    /// Somebody sets the wall clock; the monotonic one goes on as it was.
    pub fn set_wall(&self, now: u64) {
        self.now.store(now, Ordering::SeqCst);
    }
}

impl Clock for StageClock {
    fn now(&self) -> u64 {
        self.now.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.monotonic.load(Ordering::SeqCst))
    }
}

/// SHA-256 of seed and count: the same in each run. What was drawn is remembered.
struct SeededRandom {
    seed: u64,
    count: Mutex<u64>,
    drawn: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Random for SeededRandom {
    fn fill(&self, into: &mut [u8]) -> Result<(), PortFault> {
        let mut count = self.count.lock().map_err(|_| PortFault::Random)?;
        for chunk in into.chunks_mut(32) {
            *count += 1;
            let block = H32::sha256(&[b"stage", &self.seed.to_be_bytes(), &count.to_be_bytes()]);
            chunk.copy_from_slice(&block.as_bytes()[..chunk.len()]);
        }
        self.drawn.lock().map_err(|_| PortFault::Random)?.push(into.to_vec());
        Ok(())
    }
}

/// Held requests wait for real, so that a test sees what a phone would see.
struct RealTimer;

/// The same, but that from 25 seconds on a thousandth is waited: for what is said again and again while nothing happens.
struct HastyTimer;

impl Timer for HastyTimer {
    fn wait(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        RealTimer.wait(if time >= Duration::from_secs(25) { time / 1000 } else { time })
    }
}

impl Timer for RealTimer {
    #[expect(clippy::disallowed_methods, reason = "this is an adapter that waits")]
    fn wait(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// The keys `gk`, `gk2`, `gk3` … of the published vectors, one after the other.
#[derive(Default)]
struct VectorSigners(AtomicU64);

impl SignerFactory for VectorSigners {
    fn generate(&self) -> Result<Secret, PortFault> {
        let name = match self.0.fetch_add(1, Ordering::SeqCst) + 1 {
            1 => "gk".to_owned(),
            number => format!("gk{number}"),
        };
        Ok(Secret::new(name.into_bytes()))
    }

    fn generate_vapid(&self) -> Result<Secret, PortFault> {
        Ok(Secret::from_slice(b"vapid"))
    }

    fn load(&self, stored: &Secret) -> Result<Arc<dyn Signer>, PortFault> {
        let name = std::str::from_utf8(stored.expose()).map_err(|_| PortFault::Signer)?;
        Ok(Arc::new(VectorSigner(Key::named(name))))
    }
}

struct VectorSigner(Key);

impl Signer for VectorSigner {
    fn public_key(&self) -> [u8; 65] {
        self.0.jwk().to_sec1()
    }

    fn sign(&self, input: &[u8]) -> Result<[u8; 64], PortFault> {
        Ok(self.0.sign(input))
    }
}

/// The doubles that a stage gives its gateway. Each passes the same contract suite as the machine's own
/// (`tests/contract`).
pub fn adapters() -> Adapters {
    let clock = StageClock { now: AtomicU64::new(BEGIN), monotonic: AtomicU64::new(1_000) };
    let random = SeededRandom { seed: 7, count: Mutex::new(0), drawn: Arc::default() };
    doubles(Arc::new(clock), random, Arc::default(), Arc::new(RealTimer))
}

fn doubles(
    clock: Arc<StageClock>,
    random: SeededRandom,
    signers: Arc<VectorSigners>,
    timer: Arc<dyn Timer>,
) -> Adapters {
    let resolver = Arc::new(machine::MachineResolver);
    Adapters { clock, random: Arc::new(random), timer, signers, resolver }
}

/// Keeps a second log in this process. While there is one alone, `tracing` asks the log of whichever thread comes to a place
/// first and remembers its no for all others: a test that reads its log would miss lines that another test met before.
fn second_log() {
    static SECOND: OnceLock<Dispatch> = OnceLock::new();
    SECOND.get_or_init(|| Dispatch::new(NoSubscriber::default()));
}

/// A gateway in this process.
pub struct Stage {
    /// The gateway's clock.
    pub clock: Arc<StageClock>,
    config: Config,
    timer: Arc<dyn Timer>,
    drawn: Arc<Mutex<Vec<Vec<u8>>>>,
    signers: Arc<VectorSigners>,
    runtime: tokio::runtime::Runtime,
    running: Option<Running>,
    _data: tempfile::TempDir,
}

impl Default for Stage {
    fn default() -> Self {
        Self::start()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Stage {
    /// A gateway with the default settings.
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    /// A gateway with other settings.
    pub fn with(change: impl FnOnce(&mut Config)) -> Self {
        Self::logging(change, &Dispatch::none())
    }

    /// A gateway with other settings that says to `log` what it does.
    pub fn logging(change: impl FnOnce(&mut Config), log: &Dispatch) -> Self {
        second_log();
        Self::build(change, log, Arc::new(RealTimer))
    }

    /// A gateway with other settings that waits by `timer`.
    pub fn with_timer(change: impl FnOnce(&mut Config), timer: Arc<dyn Timer>) -> Self {
        Self::build(change, &Dispatch::none(), timer)
    }

    /// A gateway with other settings that waits by `timer` and says to `log` what it does.
    pub fn logging_with_timer(change: impl FnOnce(&mut Config), log: &Dispatch, timer: Arc<dyn Timer>) -> Self {
        Self::build(change, log, timer)
    }

    fn build(change: impl FnOnce(&mut Config), log: &Dispatch, timer: Arc<dyn Timer>) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut config = Config::local(data.path().join("gateway"));
        change(&mut config);
        let clock = Arc::new(StageClock::at(BEGIN));
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let to = log.clone();
        // For as long as the thread is there: the guard would end it sooner.
        runtime.on_thread_start(move || std::mem::forget(tracing::dispatcher::set_default(&to)));
        let runtime = runtime.worker_threads(2).enable_all().build().expect("a runtime");
        let mut stage = Self {
            clock,
            config,
            timer,
            signers: Arc::default(),
            drawn: Arc::default(),
            runtime,
            running: None,
            _data: data,
        };
        tracing::dispatcher::with_default(log, || stage.run(7));
        stage
    }

    /// A gateway that waits a thousandth of each time from 25 seconds on, for the lines of an event stream.
    pub fn hasty() -> Self {
        let mut stage = Self::start();
        stage.timer = Arc::new(HastyTimer);
        stage.restart(8);
        stage
    }

    /// Stops the gateway and starts it again on the same folder and address; the clock goes on. What it draws comes from
    /// `seed`: two restarts with the same one draw the same bytes.
    pub fn restart(&mut self, seed: u64) {
        if let Some(running) = self.running.take() {
            self.config.listen = running.addresses().to_vec();
            self.runtime.block_on(running.stop());
        }
        self.run(seed);
    }

    /// As [`Stage::restart`], with other settings from now on.
    pub fn restart_with(&mut self, seed: u64, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.restart(seed);
    }

    /// Stops the gateway, as a service manager does.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }

    /// Stops the gateway and starts it again with other settings, as [`Stage::restart`] does.
    pub fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.restart(8);
    }

    fn run(&mut self, seed: u64) {
        let random = SeededRandom { seed, count: Mutex::new(0), drawn: self.drawn.clone() };
        let adapters = doubles(self.clock.clone(), random, self.signers.clone(), self.timer.clone());
        let started = self.runtime.block_on(Gateway::start(self.config.clone(), adapters));
        self.running = Some(started.expect("the gateway starts"));
    }

    /// Everything that it drew so far, a value a draw.
    pub fn drawn(&self) -> Vec<Vec<u8>> {
        self.drawn.lock().expect("nobody panicked with it").clone()
    }

    /// Its data folder.
    pub fn data(&self) -> &Path {
        &self.config.data
    }

    /// The gateway that runs.
    pub fn running(&self) -> &Running {
        self.running.as_ref().expect("runs until dropped")
    }

    /// The gateway's parts.
    pub fn house(&self) -> &Arc<House> {
        self.running().house()
    }

    /// `https://HOST:PORT`.
    pub fn origin(&self) -> String {
        self.running().url().to_owned()
    }

    /// The base URL of the push calls.
    pub fn u(&self) -> String {
        format!("{}/push/v1", self.running().url())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running().addresses()[0]
    }

    /// Makes the gateway's next key, as `keys rotate` does, and lets the gateway notice.
    ///
    /// # Errors
    /// As [`Chain::rotate`](countersign_gateway::chain::Chain::rotate).
    pub fn rotate(&self) -> Result<Ring, ChainFault> {
        let u = self.u().parse().expect("a base URL");
        let ring = self.house().chain.rotate(&u, self.house().approvals.moment(), &caller())?;
        self.look_after_keys();
        Ok(ring)
    }

    /// Names the recovery key of that name in the published vectors, as `keys make-recovery` does.
    ///
    /// # Errors
    /// As [`Chain::name_recovery`](countersign_gateway::chain::Chain::name_recovery).
    pub fn name_recovery(&self, gr: &str) -> Result<Ring, ChainFault> {
        let ring = self.house().chain.name_recovery(Key::named(gr).jwk().thumbprint(), false, BEGIN, &caller())?;
        self.look_after_keys();
        Ok(ring)
    }

    /// Begins a new epoch by the recovery key `gr`, as `keys recover` does, and lets the gateway notice.
    ///
    /// # Errors
    /// As [`Chain::recover`](countersign_gateway::chain::Chain::recover).
    pub fn recover(&self, gr: &str, next: Option<&str>) -> Result<Ring, ChainFault> {
        let house = self.house();
        let (name, policy) = (house.config.name.as_str(), house.published.policy().clone());
        let vouched =
            Vouched { u: self.u().parse().expect("a base URL"), name: name.try_into().expect("a name"), policy };
        let next = next.map(|name| Key::named(name).jwk().thumbprint());
        let ring = house.chain.recover(self.signer(gr), next, vouched, house.approvals.moment(), &caller())?;
        self.look_after_keys();
        Ok(ring)
    }

    /// The key of that name in the published vectors, as a signer.
    pub fn signer(&self, name: &str) -> Arc<dyn Signer> {
        Arc::new(VectorSigner(Key::named(name)))
    }

    /// What the gateway does every second by itself.
    pub fn look_after_keys(&self) {
        tend::look(self.house()).expect("the store");
    }

    /// A phone that can send anything, with keys made from `label`.
    pub fn raw_phone(&self, label: &str) -> RawPhone {
        RawPhone::new(label, &self.u(), self.address())
    }

    /// A person with this name and the password «correct horse battery».
    pub fn person(&self, name: &str) -> Person {
        let password = Secret::from_slice(PASSWORD.as_bytes());
        self.house().people.add(name, &password, &caller()).expect("a person").0
    }

    /// The link of a fresh enrolment code, made for the browser called `browser`.
    pub fn link(&self, person: &Person, browser: &str) -> EnrolLink {
        let (owner, browser) = (owner(person), hash(browser));
        self.house().devices.offer(owner, browser, "Phone", &caller()).expect("a code");
        let code = self.house().devices.offered(browser).expect("the store").expect("the code");
        self.house().devices.link(&code).expect("the seal").expect("an open code")
    }

    /// Types the six digits of a pending device on the page.
    pub fn confirm(&self, person: &Person, phone: &RawPhone, digits: &str) -> Confirmed {
        let did = phone.did.borrow().parse().expect("an id");
        self.house().devices.confirm(owner(person), did, digits, &caller()).expect("the store")
    }

    /// An active phone of this person.
    pub fn active_phone(&self, person: &Person, label: &str) -> RawPhone {
        let phone = self.raw_phone(label);
        let digits = phone.enrol(&self.link(person, label));
        assert_eq!(self.confirm(person, &phone, &digits), Confirmed::Active);
        phone
    }

    /// Begins a login of this person in the browser called «browser» and returns what its page shows.
    pub fn begin(&self, person: &Person) -> Asked<'_> {
        let (asked, push) = self.try_begin(person, "browser", true).expect("an approval");
        assert_eq!(push, Push::Sent);
        asked
    }

    /// What begins a login of this person in this browser.
    pub fn beginning(person: &Person, browser: &str) -> Begin {
        Begin {
            person: person.id,
            acct: person.name.clone().try_into().expect("shown text"),
            client: "sample",
            app: "Demo shop".to_owned().try_into().expect("shown text"),
            binding: hash(browser),
            first_factor: true,
            ip: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)),
            ua: None,
            next: "/demo".to_owned(),
            ask: Ask::Login,
            at_once: false,
            bell: true,
        }
    }

    /// Begins a login; `Err` says how many seconds to wait first.
    ///
    /// # Errors
    /// The seconds, after wrong digits in a row.
    pub fn try_begin(&self, person: &Person, browser: &str, first_factor: bool) -> Result<(Asked<'_>, Push), u64> {
        self.begin_as(&Begin { first_factor, ..Self::beginning(person, browser) }, browser)
    }

    /// Begins anything in this browser.
    ///
    /// # Errors
    /// The seconds to wait, after wrong digits in a row.
    pub fn begin_as(&self, begin: &Begin, browser: &str) -> Result<(Asked<'_>, Push), u64> {
        match self.house().approvals.begin(begin, &caller()).expect("the store") {
            Begun::Wait(seconds) => Err(seconds),
            Begun::Open(id, push) => {
                let row = self.house().approvals.store().get(id).expect("the store").expect("a row");
                let shown = self.house().approvals.shown(&row).expect("the seal");
                Ok((Asked { stage: self, id, shown, browser: browser.to_owned() }, push))
            }
        }
    }
}

/// The password of every person on a stage.
pub const PASSWORD: &str = "correct horse battery";

/// An approval that was begun, as its page sees it.
pub struct Asked<'a> {
    stage: &'a Stage,
    /// The approval.
    pub id: Id,
    /// What the page shows.
    pub shown: Shown,
    browser: String,
}

impl Asked<'_> {
    /// The digits on the page.
    pub fn digits(&self) -> String {
        self.shown.digits().to_owned()
    }

    /// As many digits, none of them right.
    pub fn wrong_digits(&self) -> String {
        let other = |c: char| if c == '9' { '0' } else { char::from(c as u8 + 1) };
        self.digits().chars().map(other).collect()
    }

    /// The other secret of the page, in its QR.
    pub fn qs(&self) -> String {
        let text = self.shown.qr("gate.example.com", self.id);
        let bytes = URL_SAFE_NO_PAD.decode(text.rsplit('.').next().expect("a dot")).expect("base64url");
        b64u(&bytes[16..])
    }

    /// Where the approval stands now.
    pub fn state(&self) -> State {
        let row = self.stage.house().approvals.of_browser(hash(&self.browser)).expect("the store");
        match row {
            Some((row, state)) if row.id == self.id => state,
            _ => self.stage.house().approvals.store().get(self.id).expect("the store").expect("a row").stored,
        }
    }

    /// Takes the approval where it began; whether it could be taken.
    pub fn consume(&self) -> bool {
        self.consume_as("sample", &self.browser)
    }

    /// Takes the approval as another client or in another browser.
    pub fn consume_as(&self, client: &str, browser: &str) -> bool {
        let taken = self.stage.house().approvals.consume(self.id, client, hash(browser), &caller());
        taken.expect("the store").is_some()
    }
}

/// Who calls, in tests that do not go through a page.
pub fn caller() -> Caller {
    Caller { address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))), transaction: "test".into() }
}

/// A person as the rules of enrolment need one.
pub fn owner(person: &Person) -> Owner<'_> {
    Owner { id: person.id, name: &person.name }
}

/// The hash of a browser's cookie.
pub fn hash(browser: &str) -> H32 {
    H32::sha256(&[browser.as_bytes()])
}
