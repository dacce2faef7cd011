//! What every store of approvals keeps to: SQLite, the double in memory, and not the broken one.

pub mod double;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};

use countersign_gateway::approval::record::{
    Asks, Attempt, Began, CodeAttempt, CodeEnd, Decision, Hit, Judged, NewApproval, NewChallenge, Offline, Recorded,
    Resent, Row,
};
use countersign_gateway::approval::rule::Limits;
use countersign_gateway::approval::{Means, Moment, Push, State, Store, rule, store::SqlStore};
use countersign_gateway::audit::Caller;
use countersign_gateway::enrol::DeviceState;
use countersign_gateway::person::PersonId;
use countersign_gateway::session::{self, Session};
use countersign_gateway::store;
use countersign_protocol::jose::{H32, Id};
use countersign_protocol::push::Op;

use super::refuses;
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
    of_64_answers_one_decides(bench);
    tries_are_counted_exactly(bench);
    one_of_64_consumes(bench);
    the_same_answer_has_one_effect(bench);
    time_runs_out_by_either_clock(bench);
    only_its_own_browser_and_client(bench);
    a_used_id_and_another_hash(bench);
    devices_that_do_not_count(bench);
    a_late_report_ends_sessions(bench);
    pushes_are_limited(bench);
    a_denial_pauses_its_network(bench);
    another_second_factor_ends_what_it_may(bench);
    codes_take_tries_and_steps_count_once(bench);
    resends_are_spaced(bench);
    a_form_sent_twice_begins_one(bench);
    a_browser_has_one_and_a_refused_beginning_ends_nothing(bench);
    what_ran_out_is_written_down_by_the_sweep(bench);
    a_disabled_person_takes_nothing(bench);
    an_answer_code_counts_for_what_was_shown(bench);
    a_yes_counts_as_long_as_was_asked(bench);
    a_yes_may_take_it_at_once(bench);
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

fn of_64_answers_one_decides(bench: &dyn Bench) {
    let store = fresh(bench, 10, at(0));
    let results = race(bench, |store, number| {
        let (did, decision) = if number % 2 == 0 { (1, RIGHT) } else { (2, Decision::Deny) };
        answer(store, attempt(10, did, number, decision), at(1))
    });
    // Denying after approving is allowed until it is consumed, so the last word is a denial.
    assert_eq!(count(&results, "denied"), 1, "{results:?}");
    assert!(count(&results, "approved") <= 1, "{results:?}");
    assert_eq!(state(&*store, 10, at(1)), State::Denied);
    assert_eq!(store.consume(id(10), "manage", BROWSER, at(1), Caller::default()).unwrap(), None);
}

fn tries_are_counted_exactly(bench: &dyn Bench) {
    let store = fresh(bench, 11, at(200));
    let results = race(bench, |store, number| {
        answer(store, attempt(11, 1 + u8::try_from(number % 2).unwrap(), 1000 + number, WRONG), at(201))
    });
    let counts = ["wrong 2", "wrong 1", "failed", "closed"].map(|word| count(&results, word));
    assert_eq!(counts, [1, 1, 1, RACERS - 3], "{results:?}");
    assert_eq!(store.standing(PERSON).unwrap().wrong, 3);
    assert_eq!(answer(&*store, attempt(11, 1, 1500, RIGHT), at(202)), "closed");
}

fn one_of_64_consumes(bench: &dyn Bench) {
    let store = fresh(bench, 12, at(400));
    assert_eq!(answer(&*store, attempt(12, 1, 2000, RIGHT), at(401)), "approved");
    let taken = race(bench, |store, _| {
        patient(|| store.consume(id(12), "manage", BROWSER, at(402), Caller::default())).is_some()
    });
    assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 1);
    assert_eq!(answer(&*store, attempt(12, 2, 2001, Decision::Deny), at(403)), "closed");
}

fn the_same_answer_has_one_effect(bench: &dyn Bench) {
    let store = fresh(bench, 13, at(600));
    let results = race(bench, |store, _| answer(store, attempt(13, 1, 3000, WRONG), at(601)));
    assert_eq!(count(&results, "wrong 2"), RACERS, "{results:?}");
    assert_eq!(row(&*store, 13).tries, 2);
}

fn time_runs_out_by_either_clock(bench: &dyn Bench) {
    let store = fresh(bench, 14, at(800));
    assert_eq!(state(&*store, 14, at(925)), State::Pending);
    assert_eq!(state(&*store, 14, at(926)), State::Expired);
    // The wall clock was set back after the end: the monotonic one remembers.
    let set_back = Moment { now: NOW + 800, ..at(926) };
    assert_eq!(answer(&*store, attempt(14, 1, 4000, RIGHT), set_back), "expired");
    // Another run has no monotonic memory of it; its wall clock decides.
    let other_run = Moment { run: 2, mono: 0, now: NOW + 926 };
    assert_eq!(answer(&*store, attempt(14, 1, 4001, Decision::Deny), other_run), "expired");
    assert!(store.settle(id(14), at(926), Caller::default()).unwrap());
    assert!(!store.settle(id(14), at(926), Caller::default()).unwrap());
    assert_eq!(row(&*store, 14).stored, State::Expired);

    let store = fresh(bench, 15, at(1000));
    assert_eq!(answer(&*store, attempt(15, 1, 4002, RIGHT), at(1125)), "approved");
    let consume = |when| store.consume(id(15), "manage", BROWSER, when, Caller::default()).unwrap();
    assert_eq!(consume(at(1156)), None, "the hold is over");
    assert_eq!(consume(Moment { now: NOW + 1130, ..at(1156) }), None, "and stays over");
    assert_eq!(state(&*store, 15, at(1156)), State::Lapsed);
    assert_eq!(answer(&*store, attempt(15, 1, 4003, Decision::Deny), at(1156)), "closed");
    assert_eq!(answer(&*store, attempt(15, 1, 4004, Decision::Report), at(1156)), "reported", "always heard");
    assert_eq!(state(&*store, 15, at(1156)), State::Lapsed, "and nothing else");
}

fn only_its_own_browser_and_client(bench: &dyn Bench) {
    let store = fresh(bench, 16, at(1200));
    let other = H32::from_bytes([7; 32]);
    let by = Caller::default;
    assert_eq!(store.of_browser(BROWSER).unwrap().map(|row| row.id), Some(id(16)), "the newest");
    assert!(!store.cancel(id(16), other, at(1201), by()).unwrap());
    assert_eq!(store.resend(id(16), other, at(1230), by()).unwrap(), Resent::No);
    let code = CodeAttempt { id: id(16), binding: other, hit: None };
    assert_eq!(store.code(code, at(1201), by()).unwrap(), CodeEnd::NotOpen);
    assert_eq!(answer(&*store, attempt(16, 1, 5000, RIGHT), at(1202)), "approved");
    assert_eq!(store.consume(id(16), "manage", other, at(1203), by()).unwrap(), None);
    assert_eq!(store.consume(id(16), "demo", BROWSER, at(1203), by()).unwrap(), None);
    assert!(store.consume(id(16), "manage", BROWSER, at(1203), by()).unwrap().is_some());
}

fn a_used_id_and_another_hash(bench: &dyn Bench) {
    let store = fresh(bench, 17, at(1400));
    let first = attempt(17, 1, 6000, WRONG);
    assert_eq!(answer(&*store, first, at(1401)), "wrong 2");
    let second = Attempt { h: H32::from_bytes([1; 32]), ..attempt(17, 1, 6000, RIGHT) };
    assert_eq!(answer(&*store, second, at(1401)), "mismatch");
    assert_eq!(answer(&*store, second, at(1402)), "mismatch");
    let foreign = Attempt { ch: H32::from_bytes([2; 32]), ..attempt(17, 1, 6001, RIGHT) };
    assert_eq!(answer(&*store, foreign, at(1401)), "mismatch");
    let not_mine = Attempt { cj: challenge_id(17, 2), ..attempt(17, 1, 6002, RIGHT) };
    assert_eq!(answer(&*store, not_mine, at(1401)), "unknown");
    assert_eq!((row(&*store, 17).tries, state(&*store, 17, at(1402))), (2, State::Pending));
}

fn devices_that_do_not_count(bench: &dyn Bench) {
    let store = fresh(bench, 18, at(1600));
    bench.set_device(id(1), DeviceState::Suspended);
    assert_eq!(answer(&*store, attempt(18, 1, 7000, RIGHT), at(1601)), "unknown");
    bench.set_device(id(1), DeviceState::Pending);
    assert_eq!(answer(&*store, attempt(18, 1, 7001, Decision::Deny), at(1601)), "unknown");
    bench.set_device(id(1), DeviceState::Gone);
    assert_eq!(answer(&*store, attempt(18, 1, 7002, Decision::Deny), at(1601)), "gone");
    bench.set_device(id(1), DeviceState::Suspended);
    assert_eq!(answer(&*store, attempt(18, 1, 7003, Decision::Deny), at(1601)), "denied");
}

fn a_late_report_ends_sessions(bench: &dyn Bench) {
    let store = fresh(bench, 19, at(1800));
    assert_eq!(answer(&*store, attempt(19, 1, 8000, RIGHT), at(1801)), "approved");
    assert!(store.consume(id(19), "manage", BROWSER, at(1802), Caller::default()).unwrap().is_some());
    bench.add_session(id(19));
    assert_eq!(answer(&*store, attempt(19, 2, 8001, Decision::Deny), at(1803)), "closed");
    assert!(!bench.sessions_ended(id(19)));
    assert_eq!(answer(&*store, attempt(19, 2, 8002, Decision::Report), at(2402)), "reported");
    assert!(bench.sessions_ended(id(19)));
    assert_eq!(row(&*store, 19).stored, State::Consumed);
    assert_eq!(answer(&*store, attempt(19, 2, 8003, Decision::Report), at(2403)), "reported", "once more, and later");
    assert_eq!(answer(&*store, attempt(19, 2, 8004, Decision::Deny), at(2403)), "closed");

    let store = fresh(bench, 29, at(2500));
    assert_eq!(answer(&*store, attempt(29, 1, 8005, RIGHT), at(2501)), "approved");
    assert!(store.consume(id(29), "manage", BROWSER, at(2502), Caller::default()).unwrap().is_some());
    bench.add_session(id(29));
    assert_eq!(answer(&*store, attempt(29, 2, 8006, Decision::Report), at(3103)), "reported", "later than ten minutes");
    assert!(!bench.sessions_ended(id(29)), "the sessions stay");
    assert_eq!((row(&*store, 29).stored, row(&*store, 29).reported), (State::Consumed, Some(NOW + 3103)));
}

fn pushes_are_limited(bench: &dyn Bench) {
    let store = fresh(bench, 20, at(3000));
    for number in 21..25 {
        store.cancel_all(PERSON, at(3001), Caller::default()).unwrap();
        assert_eq!(begin(&*store, number, at(3001)), open(Push::Sent), "{number}");
    }
    assert_eq!(begin_in(&*store, OTHER, 25, at(3001)), open(Push::Open));
    store.cancel_all(PERSON, at(3001), Caller::default()).unwrap();
    assert_eq!(begin(&*store, 26, at(3001)), open(Push::Limit), "the sixth");
    assert_eq!(store.open_challenges(id(1), at(3001)).unwrap(), Vec::new());
    store.reset(PERSON).unwrap();
    store.cancel_all(PERSON, at(3001), Caller::default()).unwrap();
    assert_eq!(begin(&*store, 27, at(3002)), open(Push::Sent));
    assert_eq!(store.open_challenges(id(1), at(3002)).unwrap().len(), 1);
}

fn a_denial_pauses_its_network(bench: &dyn Bench) {
    let store = fresh(bench, 30, at(4000));
    assert_eq!(answer(&*store, attempt(30, 1, 9000, Decision::Deny), at(4001)), "denied");
    assert_eq!(begin(&*store, 31, at(4002)), open(Push::Denied));
    store.cancel_all(PERSON, at(4002), Caller::default()).unwrap();
    assert_eq!(begin(&*store, 32, at(4001 + rule::PAUSE)), open(Push::Sent));
}

/// Pushes and wrong digits; not the hour after a denial, nor wrong codes in a row.
fn another_second_factor_ends_what_it_may(bench: &dyn Bench) {
    let store = fresh(bench, 33, at(8000));
    let code = CodeAttempt { id: id(33), binding: BROWSER, hit: None };
    assert_eq!(store.code(code, at(8001), Caller::default()).unwrap(), CodeEnd::Wrong(2));
    assert_eq!(answer(&*store, attempt(33, 1, 9050, WRONG), at(8001)), "wrong 1");
    assert_eq!(answer(&*store, attempt(33, 1, 9051, Decision::Deny), at(8001)), "denied");
    let standing = || store.standing(PERSON).unwrap();
    assert_eq!((standing().pushes, standing().wrong, standing().wrong_codes), (1, 1, 1));
    store.reset(PERSON).unwrap();
    assert_eq!((standing().pushes, standing().wrong, standing().wrong_codes), (0, 0, 1));
    assert_eq!(begin(&*store, 34, at(8002)), open(Push::Denied));
}

fn codes_take_tries_and_steps_count_once(bench: &dyn Bench) {
    let store = fresh(bench, 40, at(9000));
    let code = |number: u8, hit| {
        let attempt = CodeAttempt { id: id(number), binding: BROWSER, hit };
        store.code(attempt, at(9001), Caller::default()).unwrap()
    };
    assert_eq!(code(40, None), CodeEnd::Wrong(2));
    assert_eq!(answer(&*store, attempt(40, 1, 9100, WRONG), at(9001)), "wrong 1");
    assert_eq!(code(40, totp(77)), CodeEnd::Approved);
    assert_eq!(row(&*store, 40).means, Some(Means::Code));
    assert_eq!(store.standing(PERSON).unwrap().wrong_codes, 0);

    store.reset(PERSON).unwrap();
    assert_eq!(begin(&*store, 41, at(9001)), open(Push::Sent));
    assert_eq!(code(41, totp(77)), CodeEnd::Wrong(2), "the same step again");
    assert_eq!(code(41, totp(76)), CodeEnd::Wrong(1), "an older step");
    let left = race(bench, |store, _| {
        let attempt = CodeAttempt { id: id(41), binding: BROWSER, hit: totp(78) };
        store.code(attempt, at(9002), Caller::default()).unwrap()
    });
    assert_eq!(left.iter().filter(|end| **end == CodeEnd::Approved).count(), 1, "{left:?}");

    store.reset(PERSON).unwrap();
    for number in 42..46 {
        store.cancel_all(PERSON, at(9001), Caller::default()).unwrap();
        begin(&*store, number, at(9001));
        let ends: Vec<CodeEnd> = (0..3).map(|_| code(number, None)).collect();
        let last = if number == 45 {
            [CodeEnd::Failed, CodeEnd::NotOpen, CodeEnd::NotOpen]
        } else {
            [CodeEnd::Wrong(2), CodeEnd::Wrong(1), CodeEnd::Failed]
        };
        assert_eq!(ends, last, "{number}");
    }
    begin(&*store, 46, at(9001));
    assert_eq!(code(46, totp(90)), CodeEnd::Off, "ten wrong in a row");
}

fn resends_are_spaced(bench: &dyn Bench) {
    let store = fresh(bench, 50, at(12_000));
    let resend = |when| store.resend(id(50), BROWSER, when, Caller::default()).unwrap();
    assert_eq!(resend(at(12_019)), Resent::Wait(1));
    assert_eq!(resend(at(12_020)), Resent::Rung);
    assert_eq!(resend(at(12_021)), Resent::Wait(19));
    assert_eq!(resend(at(12_040)), Resent::Rung);
    assert_eq!(resend(at(12_060)), Resent::Rung);
    assert_eq!(resend(at(12_090)), Resent::No, "three at most");
}

fn a_form_sent_twice_begins_one(bench: &dyn Bench) {
    let store = fresh(bench, 60, at(13_000));
    let begun = race(bench, |store, number| begin(store, 61 + u8::try_from(number).unwrap(), at(13_001)));
    assert!(begun.iter().all(|began| *began == Began::Same(id(60), Push::Sent)), "{begun:?}");
    assert_eq!(store.of_browser(BROWSER).unwrap().map(|row| row.id), Some(id(60)));
    assert_eq!(begin_in(&*store, OTHER, 130, at(13_001)), open(Push::Open), "another browser is another");
    assert_eq!(begin(&*store, 131, at(13_200)), open(Push::Sent), "one that ran out is over");
    store.cancel(id(131), BROWSER, at(13_201), Caller::default()).unwrap();
    let begun = race(bench, |store, number| begin(store, 140 + u8::try_from(number).unwrap(), at(13_202)));
    assert_eq!(begun.iter().filter(|began| **began == open(Push::Sent)).count(), 1, "{begun:?}");
}

fn a_browser_has_one_and_a_refused_beginning_ends_nothing(bench: &dyn Bench) {
    let store = fresh(bench, 205, at(15_000));
    let other = |number: u8, when: Moment| begin_for(&*store, BROWSER, "sample", number, when);
    assert_eq!(other(206, at(15_001)), Began::Open(Push::Sent, vec![id(205)]), "and the phone is free for it");
    let challenges = store.open_challenges(id(1), at(15_001)).unwrap();
    assert_eq!(challenges.iter().map(|it| it.approval.id).collect::<Vec<_>>(), [id(206)]);
    assert_eq!(state(&*store, 205, at(15_001)), State::Cancelled);
    // Digits wrong four times in a row: the next one has to wait, and what is open stays.
    for (number, wrong) in [(206_u8, 9300), (206, 9301), (206, 9302)] {
        answer(&*store, attempt(number, 1, wrong, WRONG), at(15_002));
    }
    assert_eq!(other(207, at(15_003)), open(Push::Sent));
    assert_eq!(answer(&*store, attempt(207, 1, 9303, WRONG), at(15_003)), "wrong 2");
    assert!(matches!(begin(&*store, 208, at(15_003)), Began::Wait(_)));
    assert_eq!(state(&*store, 207, at(15_003)), State::Pending);
}

fn what_ran_out_is_written_down_by_the_sweep(bench: &dyn Bench) {
    let store = fresh(bench, 210, at(16_000));
    assert_eq!(begin_in(&*store, OTHER, 211, at(16_001)), open(Push::Open));
    assert_eq!(answer(&*store, attempt(210, 1, 9400, RIGHT), at(16_002)), "approved");
    let stored = |number| row(&*store, number).stored;
    store.sweep(0, at(16_002 + rule::HOLD)).unwrap();
    assert_eq!((stored(210), stored(211)), (State::Approved, State::Pending), "neither ran out yet");
    store.sweep(0, at(16_003 + rule::HOLD)).unwrap();
    assert_eq!((stored(210), stored(211)), (State::Lapsed, State::Pending));
    store.sweep(0, at(16_127)).unwrap();
    assert_eq!(stored(211), State::Expired);
}

fn a_disabled_person_takes_nothing(bench: &dyn Bench) {
    let store = fresh(bench, 220, at(14_000));
    assert_eq!(answer(&*store, attempt(220, 1, 9200, RIGHT), at(14_001)), "approved");
    let consume = || store.consume(id(220), "manage", BROWSER, at(14_002), Caller::default()).unwrap();
    bench.set_disabled(true);
    assert_eq!(consume(), None);
    bench.set_disabled(false);
    assert!(consume().is_some());
}

fn totp(step: u64) -> Option<Hit> {
    Some(Hit::Totp { did: id(1), step })
}

fn an_answer_code_counts_for_what_was_shown(bench: &dyn Bench) {
    let store = fresh(bench, 221, at(15_000));
    let shown = |did: u8, number: u8| Offline {
        did: id(did),
        jti: id(number),
        ch: H32::from_bytes([number; 32]),
        jws: format!("offline {did} {number}"),
    };
    let offer = |it: Offline, browser| store.offer(id(221), browser, it, at(15_001), Caller::default()).unwrap();
    assert_eq!(store.offline(id(221)).unwrap(), None);
    assert!(!offer(shown(1, 90), OTHER), "another browser's");
    assert!(offer(shown(1, 91), BROWSER) && offer(shown(2, 92), BROWSER));
    assert_eq!(store.offline(id(221)).unwrap(), Some(shown(2, 92)), "the last one alone");
    assert_eq!(store.open_challenges(id(2), at(15_001)).unwrap().len(), 1, "it stands in no list");
    assert_eq!(store.challenge(id(2), id(92)).unwrap(), None, "and takes no online answer");

    let answer_code = |did: u8, number: u8, when| {
        let hit = Some(Hit::Answer { did: id(did), ch: H32::from_bytes([number; 32]) });
        store.code(CodeAttempt { id: id(221), binding: BROWSER, hit }, when, Caller::default()).unwrap()
    };
    assert_eq!(answer_code(1, 91, at(15_002)), CodeEnd::Wrong(2), "another phone was picked since");
    bench.set_device(id(2), DeviceState::Suspended);
    assert_eq!(answer_code(2, 92, at(15_002)), CodeEnd::Wrong(1), "a device that does not count");
    bench.set_device(id(2), DeviceState::Active);
    assert_eq!(answer_code(2, 92, at(15_126)), CodeEnd::NotOpen, "late");
    assert_eq!(answer_code(2, 92, at(15_125)), CodeEnd::Approved, "to the last second");
    let row = row(&*store, 221);
    assert_eq!((row.means, row.decided_by), (Some(Means::Answer), Some(id(2))));
    assert_eq!(store.standing(PERSON).unwrap().wrong_codes, 0, "a right code starts the count anew");
    assert!(!offer(shown(1, 93), BROWSER), "it is decided");
}

fn a_yes_counts_as_long_as_was_asked(bench: &dyn Bench) {
    let store = fresh(bench, 222, at(16_000));
    store.cancel_all(PERSON, at(16_000), Caller::default()).unwrap();
    let asks = Asks { op: Op::Sign, hold: 600, at_once: false, question: "question".into() };
    assert_eq!(begin_asking(&*store, asks.clone(), BROWSER, "manage", 223, at(16_000)), open(Push::Sent));
    assert_eq!(row(&*store, 223).asks, asks);
    let other = begin_asking(&*store, Asks::login(String::new()), BROWSER, "manage", 227, at(16_000));
    assert_eq!(other, Began::Open(Push::Sent, vec![id(223)]), "another question is another approval");
    let back = begin_asking(&*store, asks.clone(), BROWSER, "manage", 228, at(16_000));
    assert_eq!(back, Began::Open(Push::Sent, vec![id(227)]));
    assert_eq!(begin_asking(&*store, asks, BROWSER, "manage", 229, at(16_000)), Began::Same(id(228), Push::Sent));
    assert_eq!(answer(&*store, attempt(228, 1, 9600, RIGHT), at(16_001)), "approved");
    let consume = |when| store.consume(id(228), "manage", BROWSER, when, Caller::default()).unwrap();
    assert_eq!(consume(at(16_602)), None, "the hold is over");
    assert!(consume(at(16_601)).is_some(), "and is not before");
}

fn a_yes_may_take_it_at_once(bench: &dyn Bench) {
    let store = fresh(bench, 224, at(17_000));
    assert_eq!(answer(&*store, attempt(224, 1, 9700, WRONG), at(17_001)), "wrong 2");
    store.cancel_all(PERSON, at(17_001), Caller::default()).unwrap();
    let asks = Asks { op: Op::Sign, hold: 30, at_once: true, question: "question".into() };
    assert_eq!(begin_asking(&*store, asks.clone(), BROWSER, "manage", 225, at(17_002)), open(Push::Sent));
    assert_eq!(answer(&*store, attempt(225, 1, 9701, RIGHT), at(17_003)), "approved");
    let taken = row(&*store, 225);
    assert_eq!((taken.stored, taken.consumed, taken.means), (State::Consumed, Some(NOW + 17_003), Some(Means::Digits)));
    let standing = store.standing(PERSON).unwrap();
    assert_eq!((standing.pushes, standing.wrong), (0, 0), "a success");
    assert_eq!(answer(&*store, attempt(225, 2, 9702, Decision::Deny), at(17_004)), "closed");
    assert_eq!(store.consume(id(225), "manage", BROWSER, at(17_004), Caller::default()).unwrap(), None, "once");
    assert_eq!(answer(&*store, attempt(225, 2, 9703, Decision::Report), at(17_005)), "reported");

    assert_eq!(begin_asking(&*store, asks, OTHER, "manage", 226, at(17_006)), open(Push::Denied));
    let hit = Some(Hit::Totp { did: id(1), step: 1_000 });
    let attempt = CodeAttempt { id: id(226), binding: OTHER, hit };
    assert_eq!(store.code(attempt, at(17_007), Caller::default()).unwrap(), CodeEnd::Approved);
    assert_eq!(state(&*store, 226, at(17_007)), State::Consumed);
}

struct InMemory(Arc<MemoryApprovals>);

impl Bench for InMemory {
    fn connect(&self) -> Arc<dyn Store> {
        self.0.clone()
    }

    fn set_device(&self, did: Id, state: DeviceState) {
        self.0.set_device(did, state);
    }

    fn set_disabled(&self, disabled: bool) {
        self.0.set_disabled(PERSON, disabled);
    }

    fn forget_standing(&self) {
        self.0.forget_standing();
    }

    fn add_session(&self, _: Id) {}

    fn sessions_ended(&self, approval: Id) -> bool {
        self.0.reported().contains(&approval)
    }
}

struct InSql {
    _folder: tempfile::TempDir,
    path: std::path::PathBuf,
    first: store::Store,
}

impl InSql {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let first = store::Store::open(&path).unwrap();
        let add = "INSERT INTO person (id, name, password, created_at) VALUES (?1, 'mara', '', 0)";
        first.write(move |row| Ok::<_, store::StoreFault>(row.execute(add, [PERSON.0])?)).unwrap();
        Self { _folder: folder, path, first }
    }
}

impl Bench for InSql {
    fn connect(&self) -> Arc<dyn Store> {
        Arc::new(SqlStore::new(store::Store::open(&self.path).unwrap(), Limits::default()))
    }

    fn set_device(&self, did: Id, state: DeviceState) {
        let set = "INSERT INTO device (did, person, kind, name, state, added, until, run, mono_end, tries, totp)
                   VALUES (?1, ?2, 'app', 'phone', ?3, 0, 9999999999, 1, 9999999999, 3, x'00')
                   ON CONFLICT DO UPDATE SET state = ?3";
        let values = (did, state.as_str());
        let set = self.first.write(move |row| {
            Ok::<_, store::StoreFault>(row.execute(set, store::params![values.0.as_bytes(), PERSON.0, values.1])?)
        });
        set.unwrap();
    }

    fn set_disabled(&self, disabled: bool) {
        let set = "UPDATE person SET disabled = ?2 WHERE id = ?1";
        let set = self
            .first
            .write(move |row| Ok::<_, store::StoreFault>(row.execute(set, store::params![PERSON.0, disabled])?));
        assert_eq!(set, Ok(1));
    }

    fn forget_standing(&self) {
        let forget = "DELETE FROM standing; DELETE FROM push_pause";
        self.first.write(move |row| Ok::<_, store::StoreFault>(row.execute_batch(forget)?)).unwrap();
    }

    fn add_session(&self, approval: Id) {
        let session = Session {
            id: [1; 32],
            person: PERSON,
            name: "mara".into(),
            began: Moment { now: 0, run: 1, mono: 0 },
            seen: Moment { now: 0, run: 1, mono: 0 },
            second: None,
            manage: None,
            enrol: None,
            voucher: None,
            approvals: [*approval.as_bytes(), [3; 16]].into(),
        };
        self.first.write(move |row| session::store::insert(row, &session, &session.approvals)).unwrap();
    }

    fn sessions_ended(&self, approval: Id) -> bool {
        let count = "SELECT count(*) FROM session_approval WHERE approval = ?1";
        let left: i64 = self
            .first
            .read(|row| Ok::<_, store::StoreFault>(row.query_one(count, [approval.as_bytes()], |row| row.get(0))?))
            .unwrap();
        left == 0
    }
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
    let caught = (0..20).any(|_| {
        let bench = InMemory(MemoryApprovals::new(Sabotage::CompareAndSet).into());
        catch_unwind(AssertUnwindSafe(|| contract(&bench))).is_err()
    });
    assert!(caught);
}

#[test]
fn a_store_that_trusts_the_wall_clock_is_caught() {
    refuses(|| contract(&InMemory(MemoryApprovals::new(Sabotage::Monotonic).into())));
}
