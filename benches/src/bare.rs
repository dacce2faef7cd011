//! A host that has time and dice: no network, and a keystore that seals nothing. Neither has a part in what is measured.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{Clock, Guard, Http, KeyName, Keystore, Level, Ports, Prompt, Purpose, Request, Response};
use countersign_core::system::SystemRandom;
use countersign_protocol::Secret;
use countersign_protocol::jose::Jwk;

/// The ports of a host at which it is always `now`.
pub fn ports(now: u64) -> Ports {
    Ports {
        clock: Arc::new(Stopped(now)),
        random: Arc::new(SystemRandom::new()),
        keystore: Arc::new(Nothing),
        http: Arc::new(Nothing),
    }
}

struct Stopped(u64);

impl Clock for Stopped {
    fn now(&self) -> u64 {
        self.0
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// What is not there.
struct Nothing;

const GONE: PortError = PortError::Unavailable;

impl Keystore for Nothing {
    fn level(&self) -> Level {
        Level::Software
    }

    fn generate(&self, _: Purpose, _: &KeyName, _: &Cancel) -> Result<Jwk, PortError> {
        Err(GONE)
    }

    fn sign_approval(&self, _: &KeyName, _: &Prompt, _: &[u8], _: &Cancel) -> Result<Vec<u8>, PortError> {
        Err(GONE)
    }

    fn sign_proof(&self, _: &KeyName, _: &[u8]) -> Result<Vec<u8>, PortError> {
        Err(GONE)
    }

    /// As it is: what the phone keeps of itself is sealed when it is opened.
    fn wrap(&self, _: Guard, secret: &Secret, _: &Cancel) -> Result<Vec<u8>, PortError> {
        Ok(secret.expose().to_vec())
    }

    fn unwrap(&self, _: Guard, sealed: &[u8], _: &Cancel) -> Result<Secret, PortError> {
        Ok(Secret::from_slice(sealed))
    }

    fn delete(&self, _: &KeyName) -> Result<(), PortError> {
        Err(GONE)
    }

    fn list(&self) -> Result<Vec<KeyName>, PortError> {
        Ok(Vec::new())
    }
}

impl Http for Nothing {
    fn send(&self, _: Request, _: &Cancel) -> Result<Response, PortError> {
        Err(GONE)
    }

    fn stream(
        &self,
        _: Request,
        _: &Cancel,
        _: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Response, PortError> {
        Err(GONE)
    }
}
