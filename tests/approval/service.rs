//! The same model beside the whole service: two phones that sign, the gateway's rules, its clock and its SQLite.

use countersign_gateway::approval::answer::Answered;
use countersign_gateway::approval::record::{CodeEnd, Hit, Resent};
use countersign_gateway::approval::{Begin, Push};
use countersign_gateway::enrol::changes::SuspendedWhy;
use countersign_gateway::person::Person;
use countersign_gateway::store::{StoreFault, params};
use countersign_protocol::jose::Id;
use countersign_protocol::push::{Answer, Message};
use countersign_tests::raw_phone::{RawPhone, payload};
use countersign_tests::stage::{Asked, Stage, caller, hash, owner};

use super::{EVENTS, Event, Model, some_traces};
use crate::vault::{effort, quick_folder};

/// Every event, and more often than others what suspends a phone and lets it count again.
fn events() -> Vec<Event> {
    let phones = [Event::Suspend(1), Event::Suspend(2), Event::Resume(1), Event::Resume(2)];
    [&EVENTS[..], &phones].concat()
}

/// A gateway, a person and her two phones; her codes come from a third device.
struct Scene {
    stage: Stage,
    person: Person,
    phones: [RawPhone; 2],
    codes: Id,
    step: std::cell::Cell<u64>,
    networks: std::cell::Cell<u32>,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = quick_folder();
        let stage = Stage::with(|config| config.data = folder.path().join("gateway"));
        let person = stage.person("mara");
        let phones = ["one", "two"].map(|label| stage.active_phone(&person, label));
        let codes = Id::from_bytes([3; 16]);
        let owner = person.id.0;
        let added = stage.house().store.write(move |row| {
            let app = "INSERT INTO device (did, person, kind, name, state, added, until, run, mono_end, tries, totp)
                       VALUES (?1, ?2, 'app', 'codes', 'active', 0, 0, 1, 0, 3, x'00')";
            row.execute(app, params![codes.as_bytes(), owner])?;
            Ok::<_, StoreFault>(())
        });
        added.unwrap();
        Self { stage, person, phones, codes, step: 0.into(), networks: 0.into(), _folder: folder }
    }

    /// Plays a trace on both; where they part, or `None`.
    fn parts(&self, trace: &[Event]) -> Option<String> {
        let house = self.stage.house();
        house.approvals.store().reset(self.person.id).unwrap();
        // From a network of its own: a denial in an earlier trace pauses that one's.
        self.networks.set(self.networks.get() + 1);
        let [.., high, low] = self.networks.get().to_be_bytes();
        let begin = Begin { ip: [10, high, low, 1].into(), ..Stage::beginning(&self.person, "browser") };
        let (asked, push) = self.stage.begin_as(&begin, "browser").unwrap();
        assert_eq!(push, Push::Sent);
        let held = [0, 1].map(|phone: usize| self.held(phone, &asked));
        let mut model = Model::new();
        let mut parted = None;
        for (number, event) in trace.iter().enumerate() {
            let (expected, found) = (model.step(*event), self.step(*event, &asked, &held));
            let state = asked.state();
            if expected != found || state.as_str() != model.state {
                let expected = (expected, model.state);
                parted = Some(format!("{:?}: {expected:?}, not {:?}", &trace[..=number], (found, state)));
                break;
            }
        }
        [1, 2].into_iter().for_each(|phone| self.resume(phone));
        let at = house.approvals.moment();
        house.approvals.store().cancel_all(self.person.id, at, caller()).unwrap();
        self.stage.clock.advance(1);
        parted
    }

    fn did(&self, phone: u8) -> Id {
        self.phones[usize::from(phone) - 1].did.borrow().parse().unwrap()
    }

    fn suspend(&self, phone: u8) {
        let devices = &self.stage.house().devices;
        devices.suspend(owner(&self.person), self.did(phone), SuspendedWhy::Lost, &caller()).unwrap();
    }

    fn resume(&self, phone: u8) {
        self.stage.house().devices.resume(owner(&self.person), self.did(phone), &caller()).unwrap();
    }

    fn held(&self, phone: usize, asked: &Asked<'_>) -> String {
        let did: Id = self.phones[phone].did.borrow().parse().unwrap();
        let open = self.stage.house().approvals.open_challenges(did).unwrap();
        open.into_iter().find(|it| it.approval.id == asked.id).unwrap().jws
    }

    fn step(&self, event: Event, asked: &Asked<'_>, held: &[String; 2]) -> String {
        let said = |done: bool, word: &str| if done { word.to_owned() } else { "no".to_owned() };
        let approvals = &self.stage.house().approvals;
        match event {
            Event::Wait(seconds) => {
                self.stage.clock.advance(seconds);
                String::new()
            }
            Event::Suspend(phone) => {
                self.suspend(phone);
                String::new()
            }
            Event::Resume(phone) => {
                self.resume(phone);
                String::new()
            }
            Event::Approve(phone) => self.approve(phone, &asked.digits(), held),
            Event::Wrong(phone) => self.approve(phone, &asked.wrong_digits(), held),
            Event::Deny(phone) => self.refuse(phone, "deny", held),
            Event::Report(phone) => self.refuse(phone, "report", held),
            Event::Consume => said(asked.consume(), "taken"),
            Event::Cancel => said(approvals.cancel(asked.id, hash("browser"), &caller()).unwrap(), "cancelled"),
            Event::Resend => match approvals.resend(asked.id, hash("browser"), &caller()).unwrap() {
                Resent::Rung => "rung".into(),
                Resent::Wait(seconds) => format!("wait {seconds}"),
                Resent::No => "no".into(),
            },
            Event::Code => {
                self.step.set(self.step.get() + 1);
                let hit = Some(Hit::Totp { did: self.codes, step: self.step.get() });
                let end = approvals.code(asked.id, hash("browser"), hit, &caller()).unwrap();
                said(end == CodeEnd::Approved, "approved")
            }
        }
    }

    fn approve(&self, phone: u8, digits: &str, held: &[String; 2]) -> String {
        let phone = usize::from(phone) - 1;
        self.answer(phone, &self.phones[phone].approval(&held[phone], digits))
    }

    fn refuse(&self, phone: u8, res: &str, held: &[String; 2]) -> String {
        let phone = usize::from(phone) - 1;
        self.answer(phone, &self.phones[phone].refusal(&held[phone], res))
    }

    /// Answers, and once more, as a phone does that heard nothing: the second time says and does the same.
    fn answer(&self, phone: usize, jws: &str) -> String {
        let message = Message::<Answer>::parse(jws).unwrap();
        let (ak, pk) = (self.phones[phone].ak.jwk(), self.phones[phone].pk.jwk());
        let key = if message.jws().kid() == ak.thumbprint() { ak } else { pk };
        let answer = message.verify(&key).unwrap();
        let result = || match self.stage.house().approvals.answer(&answer, &caller()).unwrap() {
            Answered::Result(result) => result,
            Answered::Gone => "gone".to_owned(),
        };
        let first = result();
        if result() != first {
            return "another result when repeated".into();
        }
        let result = payload(&first);
        match result["left"].as_u64() {
            Some(left) => format!("{} {left}", result["st"].as_str().unwrap()),
            None => result["st"].as_str().unwrap().to_owned(),
        }
    }
}

#[test]
fn model_of_two_thousand_traces() {
    let scene = Scene::new();
    let traces = u32::try_from(effort(2_000, 100_000)).unwrap();
    assert_eq!(some_traces(&events(), traces, effort(4, 8) as u32, |trace| scene.parts(trace)), None);
}

/// Wrong gateways, made while they run: one whose store forgets denials, one that does not remember answers, and one for
/// which a suspended phone goes on counting.
#[test]
fn the_model_catches_a_gateway_that_forgets() {
    let forgetful = [
        "CREATE TRIGGER forgets AFTER UPDATE OF state ON approval WHEN NEW.state = 'denied'
         BEGIN UPDATE approval SET state = OLD.state WHERE id = NEW.id; END",
        "CREATE TRIGGER forgets AFTER UPDATE OF state ON device WHEN NEW.state = 'suspended'
         BEGIN UPDATE device SET state = OLD.state WHERE did = NEW.did; END",
        "CREATE TRIGGER forgets AFTER INSERT ON answer BEGIN DELETE FROM answer WHERE h = NEW.h; END",
    ];
    for trigger in forgetful {
        let scene = Scene::new();
        let made = scene.stage.house().store.write(move |row| row.execute_batch(trigger).map_err(StoreFault::from));
        made.unwrap();
        let parted = some_traces(&events(), 200, 4, |trace| scene.parts(trace)).expect("they part");
        assert!(!parted.is_empty());
    }
}
