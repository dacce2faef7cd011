//! A whole gateway in this process, on a clock that only the test moves, seeded randomness and RFC 6979 signatures.

mod adapters;
mod asked;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock};

use countersign_gateway::approval::service::Begun;
use countersign_gateway::approval::{Ask, Begin, Push};
use countersign_gateway::audit::Caller;
use countersign_gateway::chain::{ChainFault, Ring, Vouched, tend};
use countersign_gateway::config::Config;
use countersign_gateway::enrol::devices::Owner;
use countersign_gateway::enrol::record::Confirmed;
use countersign_gateway::house::House;
use countersign_gateway::person::Person;
use countersign_gateway::port::{Adapters, Signer, Timer};
use countersign_gateway::start::folder::FolderFault;
use countersign_gateway::{Gateway, Running, StartFault};
use countersign_protocol::Secret;
use countersign_protocol::jose::H32;
use countersign_protocol::uri::EnrolLink;
use tracing::Dispatch;
use tracing::subscriber::NoSubscriber;

use crate::patience::until;
use crate::port::port;
use crate::raw_phone::{Key, RawPhone};
use adapters::{HastyTimer, RealTimer, SeededRandom, VectorSigner, VectorSigners, doubles};

pub use adapters::{StageClock, adapters};
pub use asked::Asked;

/// When every stage begins: the time of the published vectors.
pub const BEGIN: u64 = 1_795_260_000;

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
        second_log();
        let data = tempfile::tempdir().expect("a folder");
        let mut config = Config::local(data.path().join("gateway"));
        change(&mut config);
        if config.listen.iter().all(|address| address.port() == 0) {
            // Of its own, for when it comes back.
            config.listen = vec![(Ipv4Addr::LOCALHOST, port()).into()];
        }
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
        self.stop();
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
        self.running = Some(start(&self.runtime, &self.config, &adapters));
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
        let ring = self.recover_unnoticed(gr, next)?;
        self.look_after_keys();
        Ok(ring)
    }

    /// The same, and the gateway has not looked yet.
    ///
    /// # Errors
    /// As [`Chain::recover`](countersign_gateway::chain::Chain::recover).
    pub fn recover_unnoticed(&self, gr: &str, next: Option<&str>) -> Result<Ring, ChainFault> {
        let house = self.house();
        let (name, policy) = (house.config.name.as_str(), house.published.policy().clone());
        let vouched =
            Vouched { u: self.u().parse().expect("a base URL"), name: name.try_into().expect("a name"), policy };
        let next = next.map(|name| Key::named(name).jwk().thumbprint());
        house.chain.recover(self.signer(gr), next, vouched, house.approvals.moment(), &caller())
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

/// A gateway that serves. A program that another test starts just now is a copy of this process until it is itself, and has
/// the lock of the gateway before; and a test that looks for a port holds it for a moment.
///
/// # Panics
/// When it does not start.
pub fn start(runtime: &tokio::runtime::Runtime, config: &Config, adapters: &Adapters) -> Running {
    let begin = || runtime.block_on(Gateway::start(config.clone(), adapters.clone()));
    let started = until("the gateway's folder and port", || match begin() {
        Err(StartFault::Folder(FolderFault::Held(_)) | StartFault::Listen { .. }) => None,
        started => Some(started),
    });
    started.expect("the gateway starts")
}

/// The password of every person on a stage.
pub const PASSWORD: &str = "correct horse battery";

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
