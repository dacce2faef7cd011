//! One-time codes and answer codes.

use countersign_gateway::approval::record::{CodeAttempt, CodeEnd, Decision, Hit, Offline};
use countersign_gateway::approval::{Means, Push};
use countersign_gateway::audit::Caller;
use countersign_gateway::enrol::DeviceState;
use countersign_protocol::jose::H32;

use super::{BROWSER, Bench, OTHER, PERSON, WRONG, answer, at, attempt, begin, fresh, id, open, race, row};

/// Pushes and wrong digits; not the hour after a denial, nor wrong codes in a row.
pub fn another_second_factor_ends_what_it_may(bench: &dyn Bench) {
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

pub fn codes_take_tries_and_steps_count_once(bench: &dyn Bench) {
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

fn totp(step: u64) -> Option<Hit> {
    Some(Hit::Totp { did: id(1), step })
}

pub fn an_answer_code_counts_for_what_was_shown(bench: &dyn Bench) {
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
