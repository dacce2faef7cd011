//! A clock that only a test moves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::port::Clock;

/// Begins at the time of the published vectors.
#[derive(Default)]
pub(crate) struct TestClock(AtomicU64, AtomicU64);

impl TestClock {
    pub(crate) fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Sets the wall clock alone back.
    pub(crate) fn set_back(&self, seconds: u64) {
        self.1.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> u64 {
        1_795_260_000 + self.0.load(Ordering::SeqCst) - self.1.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}
