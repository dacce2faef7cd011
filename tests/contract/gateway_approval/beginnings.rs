//! What may begin, what rings again, and what ran out.

use countersign_gateway::approval::record::{Began, Decision, Resent};
use countersign_gateway::approval::{Push, State, rule};
use countersign_gateway::audit::Caller;
use countersign_gateway::moment::Moment;

use super::{
    BROWSER, Bench, OTHER, PERSON, RIGHT, WRONG, answer, at, attempt, begin, begin_for, begin_in, fresh, id, open,
    race, row, state,
};

pub fn pushes_are_limited(bench: &dyn Bench) {
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

pub fn a_denial_pauses_its_network(bench: &dyn Bench) {
    let store = fresh(bench, 30, at(4000));
    assert_eq!(answer(&*store, attempt(30, 1, 9000, Decision::Deny), at(4001)), "denied");
    assert_eq!(begin(&*store, 31, at(4002)), open(Push::Denied));
    store.cancel_all(PERSON, at(4002), Caller::default()).unwrap();
    assert_eq!(begin(&*store, 32, at(4001 + rule::PAUSE)), open(Push::Sent));
}

pub fn resends_are_spaced(bench: &dyn Bench) {
    let store = fresh(bench, 50, at(12_000));
    let resend = |when| store.resend(id(50), BROWSER, when, Caller::default()).unwrap();
    assert_eq!(resend(at(12_019)), Resent::Wait(1));
    assert_eq!(resend(at(12_020)), Resent::Rung);
    assert_eq!(resend(at(12_021)), Resent::Wait(19));
    assert_eq!(resend(at(12_040)), Resent::Rung);
    assert_eq!(resend(at(12_060)), Resent::Rung);
    assert_eq!(resend(at(12_090)), Resent::No, "three at most");
}

pub fn a_form_sent_twice_begins_one(bench: &dyn Bench) {
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

pub fn a_browser_has_one_and_a_refused_beginning_ends_nothing(bench: &dyn Bench) {
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

pub fn what_ran_out_is_written_down_by_the_sweep(bench: &dyn Bench) {
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
