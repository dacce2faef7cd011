//! The machine's own clock and randomness, for shells that have no better ones.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ring::rand::{SecureRandom, SystemRandom as Machine};

use crate::error::PortError;
use crate::port::{Clock, Random};

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Starts the monotonic time of this run.
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that asks the machine")]
    pub fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that asks the machine")]
    fn now(&self) -> u64 {
        // A clock before 1970 reads as 1970: the device then tells the gateway what it believes.
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the adapter that asks the machine")]
    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// The machine's randomness.
#[derive(Debug, Clone)]
pub struct SystemRandom(Machine);

impl SystemRandom {
    /// Opens the machine's source.
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that asks the machine")]
    pub fn new() -> Self {
        Self(Machine::new())
    }
}

impl Default for SystemRandom {
    fn default() -> Self {
        Self::new()
    }
}

impl Random for SystemRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
        self.0.fill(out).map_err(|_| PortError::Unavailable)
    }
}
