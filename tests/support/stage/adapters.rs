//! What a stage gives its gateway in place of the machine's own.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use countersign_gateway::port::{Adapters, Clock, PortFault, Random, Signer, SignerFactory, Timer, machine};
use countersign_protocol::Secret;
use countersign_protocol::jose::H32;

use super::BEGIN;
use crate::raw_phone::Key;

/// The doubles that a stage gives its gateway. Each passes the same contract suite as the machine's own
/// (`tests/contract`).
pub fn adapters() -> Adapters {
    let clock = StageClock { now: AtomicU64::new(BEGIN), monotonic: AtomicU64::new(1_000) };
    let random = SeededRandom { seed: 7, count: Mutex::new(0), drawn: Arc::default() };
    doubles(Arc::new(clock), random, Arc::default(), Arc::new(RealTimer))
}

pub(super) fn doubles(
    clock: Arc<StageClock>,
    random: SeededRandom,
    signers: Arc<VectorSigners>,
    timer: Arc<dyn Timer>,
) -> Adapters {
    let resolver = Arc::new(machine::MachineResolver);
    Adapters { clock, random: Arc::new(random), timer, signers, resolver }
}

/// A clock that stands still until it is moved.
pub struct StageClock {
    now: AtomicU64,
    monotonic: AtomicU64,
}

impl StageClock {
    /// A clock that stands at `now`.
    pub fn at(now: u64) -> Self {
        Self { now: AtomicU64::new(now), monotonic: AtomicU64::new(1_000) }
    }

    /// Time goes on, for both clocks.
    pub fn advance(&self, seconds: u64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
        self.monotonic.fetch_add(seconds, Ordering::SeqCst);
    }

    /// The monotonic clock goes back, as none does: a broken variant for tests that must notice it.
    pub fn set_back(&self, seconds: u64) {
        self.monotonic.fetch_sub(seconds, Ordering::SeqCst);
    }

    /// Somebody sets the wall clock; the monotonic one goes on as it was.
    pub fn set_wall(&self, now: u64) {
        self.now.store(now, Ordering::SeqCst);
    }
}

impl Clock for StageClock {
    fn now(&self) -> u64 {
        self.now.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.monotonic.load(Ordering::SeqCst))
    }
}

/// SHA-256 of seed and count: the same in each run. What was drawn is remembered.
pub(super) struct SeededRandom {
    pub(super) seed: u64,
    pub(super) count: Mutex<u64>,
    pub(super) drawn: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Random for SeededRandom {
    fn fill(&self, into: &mut [u8]) -> Result<(), PortFault> {
        let mut count = self.count.lock().map_err(|_| PortFault::Random)?;
        for chunk in into.chunks_mut(32) {
            *count += 1;
            let block = H32::sha256(&[b"stage", &self.seed.to_be_bytes(), &count.to_be_bytes()]);
            chunk.copy_from_slice(&block.as_bytes()[..chunk.len()]);
        }
        self.drawn.lock().map_err(|_| PortFault::Random)?.push(into.to_vec());
        Ok(())
    }
}

/// Held requests wait for real, so that a test sees what a phone would see.
pub(super) struct RealTimer;

impl Timer for RealTimer {
    #[expect(clippy::disallowed_methods, reason = "this is an adapter that waits")]
    fn wait(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// The same, but that from 25 seconds on a thousandth is waited: for what is said again and again while nothing happens.
pub(super) struct HastyTimer;

impl Timer for HastyTimer {
    fn wait(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        RealTimer.wait(if time >= Duration::from_secs(25) { time / 1000 } else { time })
    }
}

/// The keys `gk`, `gk2`, `gk3` … of the published vectors, one after the other.
#[derive(Default)]
pub(super) struct VectorSigners(AtomicU64);

impl SignerFactory for VectorSigners {
    fn generate(&self) -> Result<Secret, PortFault> {
        let name = match self.0.fetch_add(1, Ordering::SeqCst) + 1 {
            1 => "gk".to_owned(),
            number => format!("gk{number}"),
        };
        Ok(Secret::new(name.into_bytes()))
    }

    fn generate_vapid(&self) -> Result<Secret, PortFault> {
        Ok(Secret::from_slice(b"vapid"))
    }

    fn load(&self, stored: &Secret) -> Result<Arc<dyn Signer>, PortFault> {
        let name = std::str::from_utf8(stored.expose()).map_err(|_| PortFault::Signer)?;
        Ok(Arc::new(VectorSigner(Key::named(name))))
    }
}

pub(super) struct VectorSigner(pub(super) Key);

impl Signer for VectorSigner {
    fn public_key(&self) -> [u8; 65] {
        self.0.jwk().to_sec1()
    }

    fn sign(&self, input: &[u8]) -> Result<[u8; 64], PortFault> {
        Ok(self.0.sign(input))
    }
}
