//! One contract suite a port of the core: what every implementation must do, double or real. A suite panics with the
//! rule that was broken. `tests/contract` runs each on the double, and on a broken one that it must refuse.

mod http;
mod keystore;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_core::port::{Clock, Observer, Random, Topic};

pub use http::{Peer, http};
pub use keystore::keystore;

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
    let topics = [Topic::Accounts, Topic::Approvals, Topic::Gateways, Topic::Lock];
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
