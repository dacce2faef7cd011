//! Suites of the small ports: clock, randomness, observer, journal.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_core::burn::{
    Ending, Family, JournalStore, Progress, Record, Request, Serial, Step, TokenError, TokenName,
};
use countersign_core::error::PortError;
use countersign_core::port::{Clock, Observer, Random, Topic};
use countersign_core::protocol::otp::Counter;

/// [`Clock`]: Unix time of our age, and a monotonic time that never goes back, seen by many threads.
pub fn clock(clock: &dyn Clock) {
    // 2020 to 2200: seconds, and neither milliseconds nor another epoch.
    let plausible = 1_577_836_800..7_258_118_400;
    assert!(plausible.contains(&clock.now()), "now is Unix time in seconds");
    let last = Mutex::new(clock.monotonic());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1000 {
                    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
                    let now = clock.monotonic();
                    assert!(now >= *last, "monotonic time went back");
                    *last = now;
                }
            });
        }
    });
}

/// [`Random`]: fills all it is given, never the same twice, with bits that are even.
pub fn random(random: &dyn Random) {
    random.fill(&mut []).expect("nothing is drawn well");
    for len in [1, 12, 31, 32, 33, 257, 4096] {
        let mut drawn = vec![0; len];
        // Forty draws leave no place of the buffer at zero by chance (256^-40).
        let mut touched = vec![0u8; len];
        for _ in 0..40 {
            random.fill(&mut drawn).expect("randomness is there");
            touched.iter_mut().zip(&drawn).for_each(|(touched, drawn)| *touched |= drawn);
        }
        assert!(touched.iter().all(|byte| *byte != 0), "all {len} bytes are filled");
    }
    let seen: Mutex<HashSet<[u8; 16]>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    let drawn = random.array().expect("randomness is there");
                    let new = seen.lock().unwrap_or_else(PoisonError::into_inner).insert(drawn);
                    assert!(new, "the same bytes twice");
                }
            });
        }
    });
    let drawn: [u8; 4096] = random.array().expect("randomness is there");
    let ones: u32 = drawn.iter().map(|byte| byte.count_ones()).sum();
    // Half of 32,768 bits, within six deviations of 90.5.
    assert!((16_384 - 543..=16_384 + 543).contains(&ones), "{ones} of 32768 bits are set");
}

/// [`Observer`]: takes every topic, from any thread, and returns. `heard` says what was heard so far.
pub fn observer(observer: Arc<dyn Observer>, heard: impl Fn() -> Vec<Topic>) {
    let topics = [Topic::Accounts, Topic::Approvals, Topic::Gateways, Topic::Lock, Topic::Burn];
    std::thread::scope(|scope| {
        for topic in topics {
            let observer = observer.clone();
            scope.spawn(move || (0..25).for_each(|_| observer.changed(topic)));
        }
    });
    let heard = heard();
    for topic in topics {
        assert_eq!(heard.iter().filter(|other| **other == topic).count(), 25, "each call of {topic:?} is heard once");
    }
}

/// [`JournalStore`]: one record a token, as it was begun, with some of its marks, and how it ended.
pub fn journal(journal: &mut dyn JournalStore, request: &Request) {
    let name = |serial: &str| TokenName { family: Family::Single, serial: Serial::try_from(serial).ok() };
    let begun = |serial: &str, began: u64| Record {
        token: name(serial),
        request: request.clone(),
        model: Some("C302-i".to_owned()),
        began,
        ahead: Some(-7),
        progress: Progress::Begun(vec![]),
    };
    let progress = |journal: &dyn JournalStore, serial: &str| {
        let record = journal.record(&name(serial)).expect("it is read").expect("it is there");
        assert!(record.request.credential.seed.is_same_key(&request.credential.seed), "the seed is kept");
        assert_eq!((record.token, record.ahead, record.model.as_deref()), (name(serial), Some(-7), Some("C302-i")));
        (record.began, record.progress)
    };
    assert!(journal.record(&name("1")).expect("it is read").is_none(), "it begins empty");
    assert_eq!(journal.finish(&name("1"), Ending::ProvenByLink), Err(PortError::Unavailable), "what never began");
    journal.mark(&name("1"), Step::Config);
    for (serial, began) in [("1", 10), ("2", 20)] {
        journal.begin(&begun(serial, began)).expect("it is kept");
    }
    journal.mark(&name("1"), Step::Config);
    let (began, Progress::Begun(marks)) = progress(journal, "1") else { panic!("it did not end") };
    assert!(began == 10 && (marks.is_empty() || marks == [Step::Config]), "a mark may be lost, and is no other");
    assert_eq!(progress(journal, "2"), (20, Progress::Begun(vec![])), "a mark is of one token");
    for ending in [
        Ending::Written(Some(TokenError::Unreadable(Step::ReadBack))),
        Ending::Failed,
        Ending::ClockOff(-60),
        Ending::ProvenByPerson,
        Ending::ProvenByLink,
        Ending::CountedByPerson(Counter::ZERO),
        Ending::CountedByLink(Counter::ZERO),
        Ending::Written(None),
    ] {
        journal.finish(&name("1"), ending).expect("it is kept");
        assert_eq!(progress(journal, "1"), (10, Progress::Ended(ending)));
    }
    journal.mark(&name("1"), Step::Seed);
    assert_eq!(progress(journal, "1").1, Progress::Ended(Ending::Written(None)), "no mark after the end");
    journal.begin(&begun("1", 11)).expect("it is kept");
    assert_eq!(progress(journal, "1"), (11, Progress::Begun(vec![])), "one record a token");
    journal.finish(&name("1"), Ending::NotWritten).expect("it is kept");
    assert_eq!(progress(journal, "1"), (10, Progress::Ended(Ending::Written(None))), "what was written is there still");
    journal.finish(&name("2"), Ending::NotWritten).expect("it is kept");
    journal.begin(&begun("2", 21)).expect("it is kept");
    journal.finish(&name("2"), Ending::NotWritten).expect("it is kept");
    assert_eq!(progress(journal, "2"), (21, Progress::Ended(Ending::NotWritten)), "before, nothing was written either");
}
