//! What every store of approvals keeps to: SQLite, the double in memory, and not the broken one.

mod answers;
mod beginnings;
mod bench;
mod codes;
pub mod double;

use std::sync::{Arc, Barrier};

use countersign_gateway::approval::record::{
    Asks, Attempt, Began, Decision, Judged, NewApproval, NewChallenge, Recorded, Row,
};
use countersign_gateway::approval::{Means, Push, State, Store};
use countersign_gateway::audit::Caller;
use countersign_gateway::enrol::DeviceState;
use countersign_gateway::moment::Moment;
use countersign_gateway::person::PersonId;
use countersign_gateway::store;
use countersign_protocol::jose::{H32, Id};

use super::refuses;
use bench::{InMemory, InSql};
use double::{MemoryApprovals, Sabotage};

const NOW: u64 = 1_795_260_000;
const PERSON: PersonId = PersonId([9; 16]);
const BROWSER: H32 = H32::from_bytes([8; 32]);
const OTHER: H32 = H32::from_bytes([7; 32]);
const RACERS: usize = 64;

/// A store with two active phones of one person.
trait Bench: Sync {
    /// A connection of its own to the store.
    fn connect(&self) -> Arc<dyn Store>;
    fn set_device(&self, did: Id, state: DeviceState);
    /// Disables the person, or enables them again.
    fn set_disabled(&self, disabled: bool);
    /// Forgets all that is held against the person.
    fn forget_standing(&self);
    /// Adds a session that came from an approval.
    fn add_session(&self, approval: Id);
    /// Whether the sessions of an approval were ended.
    fn sessions_ended(&self, approval: Id) -> bool;
}

fn id(number: u8) -> Id {
    Id::from_bytes([number; 16])
}

fn at(seconds: u64) -> Moment {
    Moment { now: NOW + seconds, run: 1, mono: i64::try_from(seconds).unwrap() * 1000 }
}

fn begin(store: &dyn Store, number: u8, when: Moment) -> Began {
    begin_in(store, BROWSER, number, when)
}

/// Begun, and nothing was called off by it.
fn open(push: Push) -> Began {
    Began::Open(push, Vec::new())
}

fn begin_in(store: &dyn Store, browser: H32, number: u8, when: Moment) -> Began {
    begin_for(store, browser, "manage", number, when)
}

fn begin_for(store: &dyn Store, browser: H32, client: &str, number: u8, when: Moment) -> Began {
    begin_asking(store, Asks::login("question".into()), browser, client, number, when)
}

fn begin_asking(store: &dyn Store, asks: Asks, browser: H32, client: &str, number: u8, when: Moment) -> Began {
    let challenge = |did: u8| NewChallenge {
        jti: challenge_id(number, did),
        did: id(did),
        ch: H32::from_bytes([number; 32]),
        jws: format!("challenge {number} {did}"),
    };
    let new = NewApproval {
        id: id(number),
        person: PERSON,
        client: client.into(),
        binding: browser,
        shown: vec![1],
        tries: 3,
        exp: when.now + 120,
        network: "192.0.2.0/24".into(),
        next: "/manageotp".into(),
        asks,
        first_factor: true,
        challenges: vec![challenge(1), challenge(2)],
    };
    store.begin(new, when, Caller::default()).unwrap()
}

fn challenge_id(approval: u8, did: u8) -> Id {
    let mut bytes = [approval; 16];
    bytes[0] = did;
    Id::from_bytes(bytes)
}

const RIGHT: Decision = Decision::Approve { right: true, means: Means::Digits };
const WRONG: Decision = Decision::Approve { right: false, means: Means::Digits };

fn attempt(approval: u8, did: u8, number: usize, decision: Decision) -> Attempt {
    let aj = u128::try_from(number).unwrap() << 8 | u128::from(did);
    let h = H32::sha256(&[&aj.to_be_bytes(), format!("{decision:?}").as_bytes()]);
    Attempt {
        did: id(did),
        aj: Id::from_bytes(aj.to_be_bytes()),
        h,
        cj: challenge_id(approval, did),
        ch: H32::from_bytes([approval; 32]),
        decision,
    }
}

/// Asks a store that is busy again, as a phone does: sixty-four at once on a loaded machine may be too many for it.
fn patient<T>(ask: impl Fn() -> Result<T, store::StoreFault>) -> T {
    loop {
        match ask() {
            Err(store::StoreFault::Busy) => std::thread::yield_now(),
            done => return done.unwrap(),
        }
    }
}

/// Judges and records until it holds, as the service does. The result names the status.
fn answer(store: &dyn Store, attempt: Attempt, when: Moment) -> String {
    loop {
        let verdict = match patient(|| store.judge(attempt, when)) {
            Judged::New(verdict) => verdict,
            Judged::Repeat(result) => return result,
            Judged::Gone => return "gone".into(),
        };
        let result = match verdict.left {
            Some(left) => format!("{} {left}", verdict.status),
            None => verdict.status.to_string(),
        };
        match patient(|| store.record(attempt, verdict, result.clone(), when, Caller::default())) {
            Recorded::Done(_) => return result,
            Recorded::Repeat(stored) => return stored,
            Recorded::Gone => return "gone".into(),
            Recorded::Changed => {}
        }
    }
}

fn state(store: &dyn Store, number: u8, when: Moment) -> State {
    row(store, number).state(&when)
}

fn row(store: &dyn Store, number: u8) -> Row {
    store.get(id(number)).unwrap().unwrap()
}

/// Runs `racer` in 64 threads at once, each with its own connection.
fn race<T: Send>(bench: &dyn Bench, racer: impl Fn(&dyn Store, usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(RACERS);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..RACERS)
            .map(|number| {
                let (barrier, racer) = (&barrier, &racer);
                scope.spawn(move || {
                    let store = bench.connect();
                    barrier.wait();
                    racer(&*store, number)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

fn count(results: &[String], wanted: &str) -> usize {
    results.iter().filter(|result| result.as_str() == wanted).count()
}

fn contract(bench: &dyn Bench) {
    answers::of_64_answers_one_decides(bench);
    answers::tries_are_counted_exactly(bench);
    answers::one_of_64_consumes(bench);
    answers::the_same_answer_has_one_effect(bench);
    answers::time_runs_out_by_either_clock(bench);
    answers::only_its_own_browser_and_client(bench);
    answers::a_used_id_and_another_hash(bench);
    answers::devices_that_do_not_count(bench);
    answers::a_late_report_ends_sessions(bench);
    beginnings::pushes_are_limited(bench);
    beginnings::a_denial_pauses_its_network(bench);
    codes::another_second_factor_ends_what_it_may(bench);
    codes::codes_take_tries_and_steps_count_once(bench);
    beginnings::resends_are_spaced(bench);
    beginnings::a_form_sent_twice_begins_one(bench);
    beginnings::a_browser_has_one_and_a_refused_beginning_ends_nothing(bench);
    beginnings::what_ran_out_is_written_down_by_the_sweep(bench);
    answers::a_disabled_person_takes_nothing(bench);
    codes::an_answer_code_counts_for_what_was_shown(bench);
    answers::a_yes_counts_as_long_as_was_asked(bench);
    answers::a_yes_may_take_it_at_once(bench);
}

fn fresh(bench: &dyn Bench, number: u8, when: Moment) -> Arc<dyn Store> {
    let store = bench.connect();
    bench.set_device(id(1), DeviceState::Active);
    bench.set_device(id(2), DeviceState::Active);
    bench.forget_standing();
    store.cancel_all(PERSON, when, Caller::default()).unwrap();
    assert_eq!(begin(&*store, number, when), open(Push::Sent));
    store
}

#[test]
fn sqlite_keeps_the_contract() {
    contract(&InSql::new());
}

#[test]
fn the_double_keeps_the_contract() {
    contract(&InMemory(MemoryApprovals::new(Sabotage::None).into()));
}

#[test]
fn a_store_without_compare_and_set_is_caught() {
    refuses(|| contract(&InMemory(MemoryApprovals::new(Sabotage::CompareAndSet).into())));
}

#[test]
fn a_store_that_trusts_the_wall_clock_is_caught() {
    refuses(|| contract(&InMemory(MemoryApprovals::new(Sabotage::Monotonic).into())));
}
