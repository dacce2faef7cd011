//! The real ports: the machine's clock, generator and timer, and signing keys by ring.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use countersign_protocol::Secret;
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

use super::{Adapters, Clock, PortFault, Random, Resolver, Signer, SignerFactory, Timer};

/// All real ports.
pub fn adapters() -> Adapters {
    Adapters {
        clock: Arc::new(MachineClock::default()),
        random: Arc::new(MachineRandom::default()),
        timer: Arc::new(MachineTimer),
        signers: Arc::new(RingSigners::default()),
        resolver: Arc::new(MachineResolver),
    }
}

/// The machine's clock.
pub struct MachineClock {
    started: Instant,
}

impl Default for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that asks the machine")]
    fn default() -> Self {
        Self { started: Instant::now() }
    }
}

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that asks the machine")]
    fn now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    #[expect(clippy::disallowed_methods, reason = "this is the adapter that asks the machine")]
    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }
}

/// The system's generator.
pub struct MachineRandom(SystemRandom);

impl Default for MachineRandom {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that asks the machine")]
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl Random for MachineRandom {
    fn fill(&self, into: &mut [u8]) -> Result<(), PortFault> {
        self.0.fill(into).map_err(|_| PortFault::Random)
    }
}

/// tokio's timer.
pub struct MachineTimer;

impl Timer for MachineTimer {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that waits")]
    fn wait(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// The system's resolver.
pub struct MachineResolver;

impl Resolver for MachineResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|found| found.ip()).collect()) })
    }
}

/// Signing keys by ring, stored as PKCS #8.
#[derive(Default)]
pub struct RingSigners(MachineRandom);

impl SignerFactory for RingSigners {
    fn generate(&self) -> Result<Secret, PortFault> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.0.0);
        pkcs8.map(|key| Secret::from_slice(key.as_ref())).map_err(|_| PortFault::Signer)
    }

    fn load(&self, stored: &Secret) -> Result<Arc<dyn Signer>, PortFault> {
        // Exposed to the signing library alone.
        let random = MachineRandom::default();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, stored.expose(), &random.0)
            .map_err(|_| PortFault::Signer)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| PortFault::Signer)?;
        Ok(Arc::new(RingSigner { pair, public, random }))
    }
}

struct RingSigner {
    pair: EcdsaKeyPair,
    public: [u8; 65],
    random: MachineRandom,
}

impl Signer for RingSigner {
    fn public_key(&self) -> [u8; 65] {
        self.public
    }

    fn sign(&self, input: &[u8]) -> Result<[u8; 64], PortFault> {
        let signature = self.pair.sign(&self.random.0, input).map_err(|_| PortFault::Signer)?;
        signature.as_ref().try_into().map_err(|_| PortFault::Signer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_key_comes_back_as_the_same_key_and_signs() {
        let factory = RingSigners::default();
        let stored = factory.generate().unwrap();
        let (one, two) = (factory.load(&stored).unwrap(), factory.load(&stored).unwrap());
        assert_eq!(one.public_key(), two.public_key());
        let signature = one.sign(b"input").unwrap();
        let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ECDSA_P256_SHA256_FIXED, two.public_key());
        assert!(key.verify(b"input", &signature).is_ok());
        assert!(key.verify(b"other", &signature).is_err());
    }

    #[test]
    fn what_is_not_a_key_is_refused() {
        let refused = RingSigners::default().load(&Secret::from_slice(&[7; 138]));
        assert_eq!(refused.err(), Some(PortFault::Signer));
    }

    #[test]
    fn the_clock_is_in_this_century_and_goes_forward() {
        let clock = MachineClock::default();
        assert!(clock.now() > 1_700_000_000);
        let first = clock.monotonic();
        assert!(clock.monotonic() >= first);
    }
}
