//! What the gateway asks of the machine: time, randomness, waiting and its signing key.
//!
//! Services take these as values, so that a test runs the whole gateway on a fixed clock and a seeded generator. The real
//! ones stand in [`machine`]; nothing else in this package asks the machine.

pub mod machine;

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use countersign_protocol::Secret;

/// Why a port failed. It carries names, never input, so it is safe to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PortFault {
    /// The system's generator gave nothing.
    #[error("the system's random generator failed")]
    Random,
    /// A stored signing key is not one, or a signature could not be made.
    #[error("the signing key failed")]
    Signer,
}

/// The time.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC.
    fn now(&self) -> u64;

    /// Time since some fixed moment of this run. It never goes back.
    fn monotonic(&self) -> Duration;
}

/// Random bytes that nobody can foresee.
pub trait Random: Send + Sync {
    /// Fills all of `into`.
    ///
    /// # Errors
    /// [`PortFault::Random`]; then `into` must not be used.
    fn fill(&self, into: &mut [u8]) -> Result<(), PortFault>;
}

impl dyn Random + '_ {
    /// `N` fresh bytes.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], PortFault> {
        let mut out = [0; N];
        self.fill(&mut out)?;
        Ok(out)
    }
}

/// Waiting, for held requests and their like.
pub trait Timer: Send + Sync {
    /// Ends after `time`.
    fn wait(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// A P-256 key of the gateway that signs.
pub trait Signer: Send + Sync {
    /// The public half as SEC 1 uncompressed point.
    fn public_key(&self) -> [u8; 65];

    /// Signs `input` with ECDSA and SHA-256; r and s, 32 bytes each.
    ///
    /// # Errors
    /// [`PortFault::Signer`].
    fn sign(&self, input: &[u8]) -> Result<[u8; 64], PortFault>;
}

/// Makes signing keys and brings stored ones back.
pub trait SignerFactory: Send + Sync {
    /// A fresh key in the form that [`SignerFactory::load`] takes. The store keeps it sealed.
    ///
    /// # Errors
    /// [`PortFault`] when no key could be made.
    fn generate(&self) -> Result<Secret, PortFault>;

    /// A fresh key for the token that push servers ask for, never the same as one of [`SignerFactory::generate`].
    ///
    /// # Errors
    /// As [`SignerFactory::generate`].
    fn generate_vapid(&self) -> Result<Secret, PortFault> {
        self.generate()
    }

    /// The key that [`SignerFactory::generate`] made.
    ///
    /// # Errors
    /// [`PortFault::Signer`] when `stored` is not such a key.
    fn load(&self, stored: &Secret) -> Result<Arc<dyn Signer>, PortFault>;
}

/// From names to addresses.
pub trait Resolver: Send + Sync {
    /// The addresses of `host`, in the order in which they should be tried.
    fn resolve<'a>(&'a self, host: &'a str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;
}

/// The ways out of the gateway, given at start.
#[derive(Clone)]
pub struct Adapters {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// Waiting.
    pub timer: Arc<dyn Timer>,
    /// Signing keys.
    pub signers: Arc<dyn SignerFactory>,
    /// Names.
    pub resolver: Arc<dyn Resolver>,
}
