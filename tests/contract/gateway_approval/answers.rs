//! What phones answer, and who takes what they approved.

use countersign_gateway::approval::record::{Asks, Attempt, Began, CodeAttempt, CodeEnd, Decision, Hit, Resent};
use countersign_gateway::approval::{Means, Push, State};
use countersign_gateway::audit::Caller;
use countersign_gateway::enrol::DeviceState;
use countersign_gateway::moment::Moment;
use countersign_protocol::jose::H32;
use countersign_protocol::push::Op;

use super::{
    BROWSER, Bench, NOW, OTHER, PERSON, RACERS, RIGHT, WRONG, answer, at, attempt, begin_asking, challenge_id, count,
    fresh, id, open, patient, race, row, state,
};

pub fn of_64_answers_one_decides(bench: &dyn Bench) {
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

pub fn tries_are_counted_exactly(bench: &dyn Bench) {
    let store = fresh(bench, 11, at(200));
    let results = race(bench, |store, number| {
        answer(store, attempt(11, 1 + u8::try_from(number % 2).unwrap(), 1000 + number, WRONG), at(201))
    });
    let counts = ["wrong 2", "wrong 1", "failed", "closed"].map(|word| count(&results, word));
    assert_eq!(counts, [1, 1, 1, RACERS - 3], "{results:?}");
    assert_eq!(store.standing(PERSON).unwrap().wrong, 3);
    assert_eq!(answer(&*store, attempt(11, 1, 1500, RIGHT), at(202)), "closed");
}

pub fn one_of_64_consumes(bench: &dyn Bench) {
    let store = fresh(bench, 12, at(400));
    assert_eq!(answer(&*store, attempt(12, 1, 2000, RIGHT), at(401)), "approved");
    let taken = race(bench, |store, _| {
        patient(|| store.consume(id(12), "manage", BROWSER, at(402), Caller::default())).is_some()
    });
    assert_eq!(taken.into_iter().filter(|taken| *taken).count(), 1);
    assert_eq!(answer(&*store, attempt(12, 2, 2001, Decision::Deny), at(403)), "closed");
}

pub fn the_same_answer_has_one_effect(bench: &dyn Bench) {
    let store = fresh(bench, 13, at(600));
    let results = race(bench, |store, _| answer(store, attempt(13, 1, 3000, WRONG), at(601)));
    assert_eq!(count(&results, "wrong 2"), RACERS, "{results:?}");
    assert_eq!(row(&*store, 13).tries, 2);
}

pub fn time_runs_out_by_either_clock(bench: &dyn Bench) {
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

pub fn only_its_own_browser_and_client(bench: &dyn Bench) {
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

pub fn a_used_id_and_another_hash(bench: &dyn Bench) {
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

pub fn devices_that_do_not_count(bench: &dyn Bench) {
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

pub fn a_late_report_ends_sessions(bench: &dyn Bench) {
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

pub fn a_disabled_person_takes_nothing(bench: &dyn Bench) {
    let store = fresh(bench, 220, at(14_000));
    assert_eq!(answer(&*store, attempt(220, 1, 9200, RIGHT), at(14_001)), "approved");
    let consume = || store.consume(id(220), "manage", BROWSER, at(14_002), Caller::default()).unwrap();
    bench.set_disabled(true);
    assert_eq!(consume(), None);
    bench.set_disabled(false);
    assert!(consume().is_some());
}

pub fn a_yes_counts_as_long_as_was_asked(bench: &dyn Bench) {
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

pub fn a_yes_may_take_it_at_once(bench: &dyn Bench) {
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
