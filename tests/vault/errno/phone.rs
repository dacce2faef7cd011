//! What the phone keeps beside the vault: device store, inbox and history, and the desk's key files.
//!
//! The writer lives through an enrolment, an approval, a denial, a change of passphrase and a farewell. When something fails
//! it goes on with the same app, whose memory must agree with the disk.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use countersign_cli::port::{AskPassphrase, Cost, DeskKeystore};
use countersign_core::app::{App, ApprovalRow, ApprovalState, Folders, GatewayState, Inbox, PastEnd};
use countersign_core::cancel::Cancel;
use countersign_core::device::Store;
use countersign_core::error::{Error, PortError};
use countersign_core::port::{Clock as _, Guard, Keystore as _, Ports, Prompt};
use countersign_core::push::row;
use countersign_protocol::Secret;
use countersign_protocol::push::Status;
use countersign_tests::double::SeededRandom;
use countersign_tests::raw_phone::id_of;
use serde_json::json;

use super::strike::{self, Fault, Run, Said, Writer};
use super::{effort, is_saboteur, passphrase};
use crate::app::gateway::Gateway;
use crate::app::phone::{World, approve, enrol};
use crate::app::seal::sealed;
use crate::vault::{quick_folder, story};

type Step = fn(&mut Desk) -> Result<(), Error>;

/// What the writer does. Each step looks at what is done already, and is acknowledged by its name.
const STEPS: [(&str, Step); 8] = [
    ("opened", Desk::open),
    ("made", Desk::make),
    ("enrolled", Desk::enrol),
    ("approved", Desk::approve),
    ("denied", Desk::deny),
    ("changed", Desk::change),
    ("remembered", Desk::remember),
    ("forgotten", Desk::forget),
];

#[test]
#[ignore = "the writer that the errno suite starts"]
fn writer() {
    let folder = story::child_folder().expect("started by the suite");
    let mut said = Said::new(&folder);
    let (mut desk, swallows) = (Desk::new(&folder.join("phone"), passphrase(false)), is_saboteur());
    let mut steps = STEPS.iter().peekable();
    said.until_done(|said| {
        while let Some((name, step)) = steps.peek() {
            match step(&mut desk) {
                Err(fault) if !swallows => {
                    desk.agrees_with_its_disk();
                    return Err(fault);
                }
                _ => said.line(name),
            }
            steps.next();
        }
        Ok(())
    });
}

/// A phone on the desk's keystore, and the one gateway that it knows.
struct Desk {
    folder: PathBuf,
    world: World,
    gateway: Arc<Gateway>,
    typist: Arc<Typist>,
    keystore: Option<Arc<DeskKeystore>>,
    app: Option<App>,
    /// What happened once and does not happen again.
    happened: BTreeSet<&'static str>,
}

/// What a vault of the new passphrase gives to the keystore.
fn secret() -> Secret {
    Secret::new(vec![7; 32])
}

/// Types the passphrase of the moment.
struct Typist(Mutex<Secret>);

impl AskPassphrase for Typist {
    fn ask(&self, _: Option<&Prompt>, _: bool, _: &Cancel) -> Result<Secret, PortError> {
        Ok(self.0.lock().unwrap().clone())
    }
}

impl Desk {
    fn new(folder: &Path, types: Secret) -> Self {
        let world = World::new();
        let gateway = world.gateway("gate.example.com");
        Self {
            folder: folder.to_owned(),
            world,
            gateway,
            typist: Arc::new(Typist(Mutex::new(types))),
            keystore: None,
            app: None,
            happened: BTreeSet::new(),
        }
    }

    fn open(&mut self) -> Result<(), Error> {
        let random = Arc::new(SeededRandom::new(7));
        let keystore = DeskKeystore::open(&self.folder.join("keys"), random, self.typist.clone(), Cost::LEAST)?;
        let keystore = Arc::new(keystore);
        let new = passphrase(true);
        keystore.ask_vault(move |typed| Ok(typed.ct_eq(new.expose()).then(secret)));
        let folders = Folders { private: self.folder.join("private"), shared: self.shared() };
        let (clock, http) = (self.world.clock.clone(), self.world.wire.clone());
        let ports = Ports { clock, random: self.world.random.clone(), keystore: keystore.clone(), http };
        self.app = Some(App::open(folders, ports)?);
        self.keystore = Some(keystore);
        Ok(())
    }

    fn shared(&self) -> PathBuf {
        self.folder.join("shared")
    }

    fn app(&self) -> &App {
        self.app.as_ref().expect("it was opened")
    }

    fn keystore(&self) -> &Arc<DeskKeystore> {
        self.keystore.as_ref().expect("it was opened")
    }

    /// Says whether `what` happens now, for the first time.
    fn first(&mut self, what: &'static str) -> bool {
        self.happened.insert(what)
    }

    fn make(&mut self) -> Result<(), Error> {
        Ok(self.keystore().create(&passphrase(false))?)
    }

    fn enrol(&mut self) -> Result<(), Error> {
        if self.app().gateways().is_empty() {
            enrol(self.app(), &self.gateway)?;
        }
        // A request that was not sent goes out by the first poll; then the person types its digits.
        for _ in 0..2 {
            self.poll()?;
            self.gateway.activate();
        }
        self.poll()?;
        assert_eq!(self.app().gateways()[0].state, GatewayState::Active);
        Ok(())
    }

    fn poll(&self) -> Result<(), Error> {
        let outcome = self.app().poll(self.app().gateways()[0].id, 0, &Cancel::default())?;
        outcome.fault.map_or(Ok(()), Err)
    }

    /// The first one comes by a notification, through the inbox.
    fn approve(&mut self) -> Result<(), Error> {
        if self.first("one") {
            self.gateway.challenge("one");
        }
        let jws = self.gateway.state().challenges[0].clone();
        if self.app().approvals().is_empty() {
            let (clock, random) = (self.world.clock.clone(), self.world.random.clone());
            let extension = Inbox::open(&self.shared(), clock, random, self.keystore().clone())?;
            extension.bell(&sealed(&self.gateway, &jws));
        }
        self.app().take_inbox()?;
        self.poll()?;
        let row = self.approval("one");
        if row.state != ApprovalState::Decided(Status::Approved) {
            assert_eq!(approve(self.app(), row.id, "049218")?.st, Status::Approved);
        }
        Ok(())
    }

    fn deny(&mut self) -> Result<(), Error> {
        if self.first("two") {
            self.gateway.state().challenges.clear();
            self.gateway.challenge("two");
        }
        self.poll()?;
        let row = self.approval("two");
        if row.state != ApprovalState::Decided(Status::Denied) {
            assert_eq!(self.app().deny(row.id, &Cancel::default())?.st, Status::Denied);
        }
        Ok(())
    }

    fn approval(&self, label: &str) -> ApprovalRow {
        let rows = self.app().approvals();
        let row = rows.iter().find(|row| row.id.challenge.to_string() == id_of(label));
        row.unwrap_or_else(|| panic!("{label} is listed: {rows:?}")).clone()
    }

    fn change(&mut self) -> Result<(), Error> {
        assert!(self.keystore().bind(&passphrase(false), &secret())?, "the passphrase opened it");
        *self.typist.0.lock().unwrap() = passphrase(true);
        assert!(self.opens_user_key()?, "it opens by the new passphrase");
        Ok(())
    }

    /// Whether what is typed opens what stands behind the passphrase.
    fn opens_user_key(&self) -> Result<bool, PortError> {
        let (cancel, secret) = (Cancel::default(), Secret::from_slice(b"secret"));
        let sealed = self.keystore().wrap(Guard::User, &secret, &cancel)?;
        match self.keystore().unwrap(Guard::User, &sealed, &cancel) {
            Err(PortError::UserRefused) => Ok(false),
            opened => opened.map(|_| true),
        }
    }

    fn remember(&mut self) -> Result<(), Error> {
        if self.first("later") {
            self.world.clock.pass(601);
            let now = self.world.clock.now();
            let mut state = self.gateway.state();
            state.challenges.clear();
            (state.meta["iat"], state.meta["exp"]) = (json!(now), json!(now + 14 * 86_400));
        }
        self.poll()?;
        assert!(self.app().approvals().is_empty());
        let ends: Vec<PastEnd> = self.app().history()?.iter().map(|row| row.end).collect();
        assert!(
            ends.len() == 2
                && [Status::Approved, Status::Denied].iter().all(|st| ends.contains(&PastEnd::Decided(*st))),
            "{ends:?}"
        );
        Ok(())
    }

    fn forget(&mut self) -> Result<(), Error> {
        if let Some(row) = self.app().gateways().first() {
            self.app().forget(row.id)?;
        }
        // Keys that could not be deleted go at the next start.
        self.open()?;
        assert!(self.app().gateways().is_empty() && self.keystore().list()?.is_empty());
        // The writer's own look is one of its calls, and may be struck like any other.
        let left = fs::read_dir(self.shared().join("device")).map_err(|_| PortError::Disk)?;
        let left: Vec<_> = left.map(|file| file.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| name == "key" || name == "lock" || name == "inbox"), "{left:?}");
        Ok(())
    }

    /// What the app lists is what stands on the disk: the old or the new, and nothing damaged.
    fn agrees_with_its_disk(&self) {
        let (Some(app), now) = (&self.app, self.world.clock.now()) else { return };
        let store = Store::look(&self.shared().join("device"), &**self.keystore()).unwrap();
        assert_eq!((app.damaged_enrolments(), store.damaged().count()), (vec![], 0));
        let gateways: Vec<_> = store.records().filter_map(|record| row::gateway(record, now)).collect();
        assert_eq!(app.gateways(), gateways, "memory and disk");
        let mut approvals: Vec<_> = store.records().flat_map(|record| row::approvals(record, now)).collect();
        let mut shown = app.approvals();
        approvals.sort_by_key(|row| row.id);
        shown.sort_by_key(|row| row.id);
        assert_eq!(shown, approvals, "memory and disk");
    }
}

struct Files {
    /// Every file that the writer touches, by its name in the phone's folder.
    names: Vec<PathBuf>,
    saboteur: bool,
}

impl Files {
    fn new(saboteur: bool) -> Self {
        let run = strike::run(&Self { names: vec![], saboteur: false }, &[]);
        let folder = run.folder.path().join("phone");
        let texts = run.log.split('"').filter_map(|text| Path::new(text).strip_prefix(&folder).ok());
        let names: BTreeSet<PathBuf> = texts.map(Path::to_owned).collect();
        assert!(names.len() > 10, "{names:?}\n{}", run.log);
        Self { names: names.into_iter().collect(), saboteur }
    }

    /// Each call by every fate in the long form. In the short one every third call that writes and every seventh that reads,
    /// by each fate in turn: a file and its folder are synced one after the other, and so both have their turn.
    fn faults(&self) -> Vec<Fault> {
        let fates = ["error=ENOSPC", "error=EIO", "error=EROFS", "signal=SIGKILL"];
        let counted = strike::calls(self).into_iter();
        let calls = counted.flat_map(|(call, count)| (1..=count).map(move |nth| (call, nth)));
        let step = |call: &str| if matches!(call, "read" | "openat") { effort(7, 1) } else { effort(3, 1) };
        let calls = calls.filter(|(call, nth)| nth % step(call) == 0);
        let each = |(call, nth): (&'static str, usize)| {
            let fates = fates.into_iter().cycle().skip(nth).take(effort(1, fates.len()));
            fates.map(move |fate| Fault { call, nth, twice: false, fate })
        };
        calls.flat_map(each).collect()
    }
}

impl Writer for Files {
    const NAME: &'static str = "vault::errno::phone::writer";
    const CALLS: &'static [&'static str] = &["read", "write", "fsync", "rename", "openat", "unlink"];

    fn begin(&self, folder: &Path) -> Vec<PathBuf> {
        self.names.iter().map(|name| folder.join("phone").join(name)).collect()
    }

    fn told(&self) -> Vec<(&'static str, String)> {
        if self.saboteur { vec![("COUNTERSIGN_TEST_SABOTEUR", "1".into())] } else { vec![] }
    }

    /// The writer looked by itself; what it was killed in opens at the next start, and holds what was acknowledged.
    fn judge(&self, run: &Run, killed: bool) -> Result<(), String> {
        if !killed {
            return Ok(());
        }
        let steps: Vec<&str> = run.acknowledged().collect();
        let did = |name| steps.contains(&name);
        let mut desk = Desk::new(&run.folder.path().join("phone"), passphrase(did("changed")));
        desk.open().map_err(|error| format!("does not open: {error}"))?;
        let opens = |desk: &Desk| desk.opens_user_key().map_err(|error| error.to_string());
        if did("made") && !opens(&desk)? {
            *desk.typist.0.lock().unwrap() = passphrase(true);
            if did("changed") || !did("denied") || !opens(&desk)? {
                return Err("its passphrase does not open it".into());
            }
        }
        let (app, ends) = (desk.app(), desk.app().history().map_err(|error| error.to_string())?);
        if !app.damaged_enrolments().is_empty() {
            return Err(format!("damaged: {:?}", app.damaged_enrolments()));
        }
        let decided = |st| ends.iter().any(|row| row.end == PastEnd::Decided(st));
        let leaves = did("remembered");
        let held = [
            ("enrolled", !app.gateways().is_empty()),
            ("approved", decided(Status::Approved)),
            ("denied", decided(Status::Denied)),
        ];
        match held.iter().find(|(name, held)| did(*name) && !held && !leaves) {
            Some((name, _)) => Err(format!("it had {name}, and lost it")),
            None => Ok(()),
        }
    }
}

#[test]
fn a_failing_disk_call_leaves_the_old_file_or_the_new_one_and_memory_as_the_disk() {
    let files = Files::new(false);
    let tally = strike::strike_all(&files, files.faults());
    println!("{} faults, named {:?}", tally.faults, tally.named);
    tally.is_well(effort(50, 600));
}

#[test]
fn a_phone_that_takes_errors_for_success_is_found_out() {
    let mut files = Files::new(false);
    let mut faults = files.faults();
    faults.retain(|fault| fault.call == "rename" && fault.fate.starts_with("error"));
    files.saboteur = true;
    let tally = strike::strike_all(&files, faults);
    assert!(!tally.wrong.is_empty(), "{tally:?}");
}

/// The suite's own writer where nothing fails.
#[test]
fn the_whole_story_of_a_phone_goes_well() {
    let folder = quick_folder();
    let mut desk = Desk::new(folder.path(), passphrase(false));
    for (name, step) in STEPS {
        step(&mut desk).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        desk.agrees_with_its_disk();
    }
}
