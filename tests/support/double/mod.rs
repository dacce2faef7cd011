//! Doubles of the core's ports. Each passes the same contract suite as the real ones (`tests/contract`).

mod http;
mod keystore;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_core::error::PortError;
use countersign_core::port::{Clock, Observer, Ports, Random, Topic};
use countersign_protocol::jose::H32;

pub use http::{Exchange, ScriptedHttp};
pub use keystore::DoubleKeystore;

/// The time at which doubles begin, of the published vectors.
pub const BEGIN: u64 = 1_795_260_000;

/// All ports as doubles, each kept in hand.
pub struct Doubles {
    /// Time.
    pub clock: Arc<FixedClock>,
    /// Random bytes.
    pub random: Arc<SeededRandom>,
    /// Keys.
    pub keystore: Arc<DoubleKeystore>,
    /// The network.
    pub http: Arc<ScriptedHttp>,
}

impl Doubles {
    /// Fresh doubles; the same `seed` gives the same run.
    pub fn new(seed: u64) -> Self {
        let keystore = DoubleKeystore::new(Arc::new(SeededRandom::new(seed ^ 0x6B65_7973)));
        Self {
            clock: Arc::new(FixedClock::new(BEGIN)),
            random: Arc::new(SeededRandom::new(seed)),
            keystore: Arc::new(keystore),
            http: Arc::new(ScriptedHttp::default()),
        }
    }

    /// What an `App` takes.
    pub fn ports(&self) -> Ports {
        Ports {
            clock: self.clock.clone(),
            random: self.random.clone(),
            keystore: self.keystore.clone(),
            http: self.http.clone(),
        }
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FixedClock {
    now: AtomicU64,
    monotonic: AtomicU64,
}

impl FixedClock {
    /// Stands at `now`, in Unix time.
    pub fn new(now: u64) -> Self {
        Self { now: AtomicU64::new(now), monotonic: AtomicU64::new(0) }
    }

    /// Time goes on.
    pub fn advance(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
        self.monotonic.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Somebody sets the clock; monotonic time goes on as it was.
    pub fn set(&self, now: u64) {
        self.now.store(now, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> u64 {
        self.now.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.monotonic.load(Ordering::SeqCst))
    }
}

/// Bytes that look random and are the same in each run: SHA-256 of seed and count.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    count: AtomicU64,
    failing: Mutex<VecDeque<bool>>,
}

impl SeededRandom {
    /// The bytes of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { seed, count: AtomicU64::new(0), failing: Mutex::default() }
    }

    /// The draw after `well` good ones fails, once.
    pub fn fail_after(&self, well: usize) {
        let mut failing = lock(&self.failing);
        failing.extend(std::iter::repeat_n(false, well));
        failing.push_back(true);
    }
}

impl Random for SeededRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
        if lock(&self.failing).pop_front() == Some(true) {
            return Err(PortError::Unavailable);
        }
        for block in out.chunks_mut(32) {
            let count = self.count.fetch_add(1, Ordering::SeqCst);
            let hash = H32::sha256(&[&self.seed.to_be_bytes(), &count.to_be_bytes()]);
            block.copy_from_slice(&hash.as_bytes()[..block.len()]);
        }
        Ok(())
    }
}

/// Remembers what it was told.
#[derive(Debug, Default)]
pub struct RecordingObserver {
    told: Mutex<Vec<Topic>>,
    bell: Condvar,
}

impl RecordingObserver {
    /// Everything it was told since the last call, in order.
    pub fn take(&self) -> Vec<Topic> {
        std::mem::take(&mut lock(&self.told))
    }

    /// Waits until it was told of `topic`; false after ten seconds without.
    pub fn wait_for(&self, topic: Topic) -> bool {
        let told = lock(&self.told);
        let unheard = |told: &mut Vec<Topic>| !told.contains(&topic);
        let waited = self.bell.wait_timeout_while(told, Duration::from_secs(10), unheard);
        waited.unwrap_or_else(PoisonError::into_inner).0.contains(&topic)
    }
}

impl Observer for RecordingObserver {
    fn changed(&self, topic: Topic) {
        lock(&self.told).push(topic);
        self.bell.notify_all();
    }
}

/// A double goes on after a test that failed while it held it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
