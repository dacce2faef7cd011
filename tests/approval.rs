//! P5: never `approved` after deny, report, expiry or failure, whatever the interleaving (`push-v1.md` §10).
//!
//! A plain state machine, written from the table of the protocol and not from the gateway's rules, goes beside a store;
//! both must say the same at every step.

mod service;

use countersign_gateway::approval::record::{
    Asks, Attempt, Began, CodeAttempt, CodeEnd, Decision, Hit, Judged, NewApproval, NewChallenge, Recorded, Resent,
};
use countersign_gateway::approval::rule::Limits;
use countersign_gateway::approval::{Means, Push, Store, store::SqlStore};
use countersign_gateway::audit::Caller;
use countersign_gateway::enrol::DeviceState;
use countersign_gateway::moment::Moment;
use countersign_gateway::person::PersonId;
use countersign_gateway::store::{self, StoreFault, params};
use countersign_protocol::jose::{H32, Id};

use crate::contract::gateway_approval::double::{MemoryApprovals, Sabotage};
use crate::vault::effort;

const NOW: u64 = 1_795_260_000;
const PERSON: PersonId = PersonId([9; 16]);
const BROWSER: H32 = H32::from_bytes([8; 32]);

/// What may happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Event {
    Approve(u8),
    Wrong(u8),
    Deny(u8),
    Report(u8),
    Code,
    Consume,
    Cancel,
    Resend,
    Wait(u64),
    /// A phone that counts for nothing until it is resumed.
    Suspend(u8),
    Resume(u8),
}

/// What concerns the approval's row alone; devices are of another store.
const EVENTS: [Event; 11] = [
    Event::Approve(1),
    Event::Approve(2),
    Event::Wrong(1),
    Event::Deny(2),
    Event::Report(1),
    Event::Code,
    Event::Consume,
    Event::Cancel,
    Event::Resend,
    Event::Wait(31),
    Event::Wait(126),
];

/// The table of section 10, with nothing but what it says.
struct Model {
    state: &'static str,
    tries: u8,
    now: u64,
    ends: u64,
    rung: u64,
    bells: u8,
    /// The phone whose answer approved it.
    by: Option<u8>,
    suspended: [bool; 2],
}

impl Model {
    fn new() -> Self {
        let (state, ends, suspended) = ("pending", 125, [false; 2]);
        Self { state, tries: 3, now: 0, ends, rung: 0, bells: 0, by: None, suspended }
    }

    fn step(&mut self, event: Event) -> String {
        if let Event::Wait(seconds) = event {
            self.now += seconds;
        }
        if self.now > self.ends {
            self.state = match self.state {
                "pending" => "expired",
                "approved" => "lapsed",
                other => other,
            };
        }
        let is_suspended = |phone: u8| self.suspended[usize::from(phone) - 1];
        let said = match (event, self.state) {
            (Event::Wait(_), _) => "",
            (Event::Suspend(phone), state) => {
                let before = std::mem::replace(&mut self.suspended[usize::from(phone) - 1], true);
                let was_its_yes = state == "approved" && self.by == Some(phone);
                if !before && (was_its_yes || (state == "pending" && self.suspended == [true; 2])) {
                    self.state = "cancelled";
                }
                ""
            }
            (Event::Resume(phone), _) => {
                self.suspended[usize::from(phone) - 1] = false;
                ""
            }
            (Event::Approve(phone) | Event::Wrong(phone), _) if is_suspended(phone) => "unknown",
            (Event::Approve(_) | Event::Code, "pending") => {
                (self.state, self.ends) = ("approved", self.now + 30);
                self.by = if let Event::Approve(phone) = event { Some(phone) } else { None };
                "approved"
            }
            (Event::Wrong(_), "pending") => {
                self.tries -= 1;
                if self.tries > 0 {
                    return format!("wrong {}", self.tries);
                }
                self.state = "failed";
                "failed"
            }
            (Event::Deny(_), "pending" | "approved") => {
                self.state = "denied";
                "denied"
            }
            (Event::Report(_), "pending" | "approved") => {
                self.state = "reported";
                "reported"
            }
            // Section 15: late or once more, a report is always heard.
            (Event::Report(_), _) => "reported",
            (Event::Consume, "approved") => {
                self.state = "consumed";
                "taken"
            }
            (Event::Cancel, "pending") => {
                self.state = "cancelled";
                "cancelled"
            }
            (Event::Resend, "pending") if self.bells < 3 => {
                if self.now < self.rung + 20 {
                    return format!("wait {}", self.rung + 20 - self.now);
                }
                (self.rung, self.bells) = (self.now, self.bells + 1);
                "rung"
            }
            (Event::Consume | Event::Cancel | Event::Code | Event::Resend, _) => "no",
            (_, "expired") => "expired",
            _ => "closed",
        };
        said.to_owned()
    }
}

/// One approval in a store, stepped as the model is.
struct Real<'a> {
    store: &'a dyn Store,
    aid: Id,
    now: u64,
    /// Steps so far, over all approvals of the store: ids and codes that were never used.
    count: &'a mut u128,
}

impl Real<'_> {
    fn at(&self) -> Moment {
        Moment { now: NOW + self.now, run: 1, mono: i64::try_from(self.now).unwrap() * 1000 }
    }

    fn fresh(&mut self) -> Id {
        *self.count += 1;
        Id::from_bytes(self.count.to_be_bytes())
    }

    fn challenge(&self, did: u8) -> Id {
        let mut bytes = *self.aid.as_bytes();
        bytes[0] = did;
        Id::from_bytes(bytes)
    }

    fn begin(&self) {
        let challenges = [1, 2].map(|did| NewChallenge {
            jti: self.challenge(did),
            did: Id::from_bytes([did; 16]),
            ch: H32::from_bytes([3; 32]),
            jws: "challenge".into(),
        });
        let new = NewApproval {
            id: self.aid,
            person: PERSON,
            client: "manage".into(),
            binding: BROWSER,
            shown: vec![1],
            tries: 3,
            exp: NOW + 120,
            // Its own: a denial in an earlier trace pauses that one's.
            network: self.aid.to_string(),
            next: "/manageotp".into(),
            asks: Asks::login(String::new()),
            first_factor: true,
            challenges: challenges.into(),
        };
        assert_eq!(self.store.begin(new, self.at(), Caller::default()), Ok(Began::Open(Push::Sent, Vec::new())));
    }

    fn step(&mut self, event: Event) -> String {
        let by = Caller::default();
        let said = |done: bool, word: &str| if done { word.to_owned() } else { "no".to_owned() };
        let digits = |right| Decision::Approve { right, means: Means::Digits };
        match event {
            Event::Wait(seconds) => {
                self.now += seconds;
                String::new()
            }
            Event::Suspend(_) | Event::Resume(_) => unreachable!("no event of an approval's row"),
            Event::Approve(did) => self.answer(did, digits(true)),
            Event::Wrong(did) => self.answer(did, digits(false)),
            Event::Deny(did) => self.answer(did, Decision::Deny),
            Event::Report(did) => self.answer(did, Decision::Report),
            Event::Consume => {
                let taken = self.store.consume(self.aid, "manage", BROWSER, self.at(), by).unwrap();
                said(taken.is_some(), "taken")
            }
            Event::Cancel => said(self.store.cancel(self.aid, BROWSER, self.at(), by).unwrap(), "cancelled"),
            Event::Resend => match self.store.resend(self.aid, BROWSER, self.at(), by).unwrap() {
                Resent::Rung => "rung".into(),
                Resent::Wait(seconds) => format!("wait {seconds}"),
                Resent::No => "no".into(),
            },
            Event::Code => {
                self.fresh();
                let step = u64::try_from(*self.count).unwrap();
                let hit = Some(Hit::Totp { did: Id::from_bytes([1; 16]), step });
                let attempt = CodeAttempt { id: self.aid, binding: BROWSER, hit };
                said(self.store.code(attempt, self.at(), by).unwrap() == CodeEnd::Approved, "approved")
            }
        }
    }

    fn answer(&mut self, did: u8, decision: Decision) -> String {
        let aj = self.fresh();
        let attempt = Attempt {
            did: Id::from_bytes([did; 16]),
            aj,
            h: H32::sha256(&[aj.as_bytes()]),
            cj: self.challenge(did),
            ch: H32::from_bytes([3; 32]),
            decision,
        };
        let Judged::New(verdict) = self.store.judge(attempt, self.at()).unwrap() else { return "not new".into() };
        let said = verdict.left.map_or(verdict.status.to_string(), |left| format!("{} {left}", verdict.status));
        let done = self.store.record(attempt, verdict, said.clone(), self.at(), Caller::default()).unwrap();
        if matches!(done, Recorded::Done(_)) { said } else { format!("{done:?}") }
    }
}

/// Plays a trace on both; where they part, or `None`.
fn parts(store: &dyn Store, count: &mut u128, trace: &[Event]) -> Option<String> {
    store.reset(PERSON).unwrap();
    *count += 1;
    // The highest bit keeps approvals apart from the ids that are drawn along the way.
    let aid = Id::from_bytes((*count | 1 << 100).to_be_bytes());
    let mut real = Real { store, aid, now: 0, count };
    real.begin();
    let mut model = Model::new();
    for (number, event) in trace.iter().enumerate() {
        let (expected, found) = (model.step(*event), real.step(*event));
        let state = store.get(aid).unwrap().unwrap().state(&real.at());
        if expected != found || state.as_str() != model.state {
            let expected = (expected, model.state);
            return Some(format!("{:?}: {expected:?}, not {:?}", &trace[..=number], (found, state)));
        }
    }
    // What is still open would be in the way of the next trace, which begins at the same moment as this one did.
    real.now = 0;
    store.cancel_all(PERSON, real.at(), Caller::default()).unwrap();
    None
}

/// Every trace of `depth` events.
fn all_traces(depth: usize, mut play: impl FnMut(&[Event]) -> Option<String>) -> Option<String> {
    let traces = EVENTS.len().pow(u32::try_from(depth).unwrap());
    (0..traces).find_map(|number| {
        let digit = |place: usize| EVENTS[number / EVENTS.len().pow(u32::try_from(place).unwrap()) % EVENTS.len()];
        play(&(0..depth).map(digit).collect::<Vec<_>>())
    })
}

/// Traces of `depth` of these events, the same in each run.
fn some_traces(
    events: &[Event],
    count: u32,
    depth: u32,
    mut play: impl FnMut(&[Event]) -> Option<String>,
) -> Option<String> {
    (0..count).find_map(|number| {
        let draw = |place: u32| {
            let hash = H32::sha256(&[&number.to_be_bytes(), &place.to_be_bytes()]);
            events[usize::from(hash.as_bytes()[0]) % events.len()]
        };
        play(&(0..depth).map(draw).collect::<Vec<_>>())
    })
}

/// A double of its own a trace: what traces leave behind would slow the later ones down.
fn on_double(sabotage: Sabotage, count: &mut u128, trace: &[Event]) -> Option<String> {
    let memory = MemoryApprovals::new(sabotage);
    for did in [1, 2] {
        memory.set_device(Id::from_bytes([did; 16]), DeviceState::Active);
    }
    parts(&memory, count, trace)
}

#[test]
fn model() {
    let mut count = 0;
    let depth = effort(4, 6);
    assert_eq!(all_traces(depth, |trace| on_double(Sabotage::None, &mut count, trace)), None);
    let traces = u32::try_from(effort(5_000, 1_000_000)).unwrap();
    assert_eq!(some_traces(&EVENTS, traces, 9, |trace| on_double(Sabotage::None, &mut count, trace)), None);

    let folder = tempfile::tempdir().unwrap();
    let store = store::Store::open(&folder.path().join("gateway.db")).unwrap();
    let filled = store.write(|row| {
        let person = "INSERT INTO person (id, name, password, created_at) VALUES (?1, 'mara', '', 0)";
        row.execute(person, [PERSON.0])?;
        for did in [[1_u8; 16], [2; 16]] {
            let device = "INSERT INTO device (did, person, kind, name, state, added, until, run, mono_end, tries, totp)
                          VALUES (?1, ?2, 'app', 'phone', 'active', 0, 0, 1, 0, 3, x'00')";
            row.execute(device, params![did, PERSON.0])?;
        }
        Ok::<_, StoreFault>(())
    });
    filled.unwrap();
    let store = SqlStore::new(store, Limits::default());
    assert_eq!(all_traces(2, |trace| parts(&store, &mut count, trace)), None);
    assert_eq!(some_traces(&EVENTS, 100, 7, |trace| parts(&store, &mut count, trace)), None);
}

#[test]
fn the_model_catches_a_store_that_forgets_a_denial() {
    let mut count = 0;
    let parted = all_traces(3, |trace| on_double(Sabotage::Denial, &mut count, trace)).expect("they part");
    assert!(parted.contains("Deny"), "{parted}");
}
