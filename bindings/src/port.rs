//! Ports that a shell implements. Each is synchronous, takes owned values, and may throw; the adapters below hand it to
//! core as the port it is.

use std::sync::Arc;
use std::time::Duration;

use countersign_core::burn;
use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port;
use countersign_core::protocol::Secret;
use countersign_core::protocol::jose::{H32, Jwk};
use countersign_core::system::SystemClock;

use crate::error::{LinkError, ShellError};
use crate::record::{AttestedKey, Guard, Level, Prompt, Purpose, Topic};

/// Asks a call, or many, to stop. Shells tie it to their scope: a cancelled task of theirs does not reach Rust by itself.
#[derive(Debug, Default, uniffi::Object)]
pub struct CancelHandle {
    cancel: Cancel,
}

#[uniffi::export]
impl CancelHandle {
    /// A handle for one call.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Asks the call to stop. Safe to call twice, and after the call has ended.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }

    /// Whether it was asked: a port looks here while it waits.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

impl CancelHandle {
    /// What core takes.
    pub(crate) fn token(&self) -> Cancel {
        self.cancel.clone()
    }
}

/// Keys that the platform keeps (`countersign_core::port::Keystore`).
#[uniffi::export(with_foreign)]
pub trait KeystorePort: Send + Sync {
    /// How well keys are kept. Asked once.
    fn level(&self) -> Result<Level, ShellError>;
    /// Makes a P-256 key under `name`; its public key as 65 bytes (SEC 1, uncompressed).
    fn generate(&self, purpose: Purpose, name: String, cancel: Arc<CancelHandle>) -> Result<Vec<u8>, ShellError>;
    /// Makes a key as `generate` does, and has the platform write for `challenge` (32 bytes) where it keeps it; where it
    /// does not, the key is made all the same and the chain is empty.
    fn generate_attested(
        &self,
        purpose: Purpose,
        name: String,
        challenge: Vec<u8>,
        cancel: Arc<CancelHandle>,
    ) -> Result<AttestedKey, ShellError>;
    /// Signs after the person agreed to `prompt`: ECDSA with SHA-256, as DER.
    fn sign_approval(
        &self,
        name: String,
        prompt: Prompt,
        input: Vec<u8>,
        cancel: Arc<CancelHandle>,
    ) -> Result<Vec<u8>, ShellError>;
    /// Signs without a prompt: ECDSA with SHA-256, as DER.
    fn sign_proof(&self, name: String, input: Vec<u8>) -> Result<Vec<u8>, ShellError>;
    /// Seals a small secret under this guard's key.
    fn wrap(&self, under: Guard, secret: Vec<u8>, cancel: Arc<CancelHandle>) -> Result<Vec<u8>, ShellError>;
    /// Opens what `wrap` sealed.
    fn unwrap(&self, under: Guard, sealed: Vec<u8>, cancel: Arc<CancelHandle>) -> Result<Vec<u8>, ShellError>;
    /// Deletes a key; also well when there is none.
    fn delete(&self, name: String) -> Result<(), ShellError>;
    /// The names of all keys.
    fn list(&self) -> Result<Vec<String>, ShellError>;
}

/// Time (`countersign_core::port::Clock`). It answers at once and calls nothing back: it may be asked under a lock. A shell
/// gives one only in its tests; one that throws is the machine's clock.
#[uniffi::export(with_foreign)]
pub trait ClockPort: Send + Sync {
    /// Seconds since 1970-01-01 UTC.
    fn now(&self) -> Result<u64, ShellError>;
}

/// Hears that something changed; then it reads what it shows. Called from any thread, under no lock.
#[uniffi::export(with_foreign)]
pub trait ObserverPort: Send + Sync {
    /// `topic` changed. What it throws is dropped.
    fn changed(&self, topic: Topic) -> Result<(), ShellError>;
}

/// A link to one token: NFC, a reader. Opened by the shell when the token lies there, and good until it is taken away.
#[uniffi::export(with_foreign)]
pub trait TokenLinkPort: Send + Sync {
    /// Sends one command and waits for its answer, three seconds at most. A status word is a part of the answer, whatever
    /// it says; what is thrown means that there is none.
    fn transmit(&self, command: Vec<u8>) -> Result<Vec<u8>, LinkError>;
}

/// A shell's keystore as core's.
pub struct Keystore {
    shell: Arc<dyn KeystorePort>,
    level: port::Level,
}

impl Keystore {
    /// Hands on what is asked of it to `shell`.
    ///
    /// # Errors
    /// What the shell throws when it is asked for its level.
    pub fn new(shell: Arc<dyn KeystorePort>) -> Result<Self, PortError> {
        let level = shell.level()?.into();
        Ok(Self { shell, level })
    }
}

/// Gives the shell a handle that is cancelled together with `cancel`, for as long as `call` runs.
fn with_handle<T>(
    cancel: &Cancel,
    call: impl FnOnce(Arc<CancelHandle>) -> Result<T, ShellError>,
) -> Result<T, PortError> {
    Ok(call(Arc::new(CancelHandle { cancel: cancel.clone() }))?)
}

impl port::Keystore for Keystore {
    fn level(&self) -> port::Level {
        self.level
    }

    fn generate(&self, purpose: port::Purpose, name: &port::KeyName, cancel: &Cancel) -> Result<Jwk, PortError> {
        let key = with_handle(cancel, |handle| self.shell.generate(purpose.into(), name.to_string(), handle))?;
        Jwk::from_sec1(&key).map_err(|_| PortError::Failed)
    }

    fn generate_attested(
        &self,
        purpose: port::Purpose,
        name: &port::KeyName,
        challenge: &H32,
        cancel: &Cancel,
    ) -> Result<port::AttestedKey, PortError> {
        let (purpose, name, challenge) = (purpose.into(), name.to_string(), challenge.as_bytes().to_vec());
        let AttestedKey { key, chain } =
            with_handle(cancel, |handle| self.shell.generate_attested(purpose, name, challenge, handle))?;
        let jwk = Jwk::from_sec1(&key).map_err(|_| PortError::Failed)?;
        Ok(port::AttestedKey { jwk, chain })
    }

    fn sign_approval(
        &self,
        name: &port::KeyName,
        prompt: &port::Prompt,
        input: &[u8],
        cancel: &Cancel,
    ) -> Result<Vec<u8>, PortError> {
        let prompt = Prompt::from(prompt.clone());
        with_handle(cancel, |handle| self.shell.sign_approval(name.to_string(), prompt, input.to_vec(), handle))
    }

    fn sign_proof(&self, name: &port::KeyName, input: &[u8]) -> Result<Vec<u8>, PortError> {
        Ok(self.shell.sign_proof(name.to_string(), input.to_vec())?)
    }

    fn wrap(&self, guard: port::Guard, secret: &Secret, cancel: &Cancel) -> Result<Vec<u8>, PortError> {
        // The platform's sealing call takes the bytes themselves.
        with_handle(cancel, |handle| self.shell.wrap(guard.into(), secret.expose().to_vec(), handle))
    }

    fn unwrap(&self, guard: port::Guard, sealed: &[u8], cancel: &Cancel) -> Result<Secret, PortError> {
        with_handle(cancel, |handle| self.shell.unwrap(guard.into(), sealed.to_vec(), handle)).map(Secret::new)
    }

    fn delete(&self, name: &port::KeyName) -> Result<(), PortError> {
        Ok(self.shell.delete(name.to_string())?)
    }

    fn list(&self) -> Result<Vec<port::KeyName>, PortError> {
        // A name that core cannot have chosen belongs to another part of the shell.
        Ok(self.shell.list()?.iter().filter_map(|name| name.parse().ok()).collect())
    }
}

/// A shell's clock as core's; its monotonic time is the machine's.
pub struct Clock {
    shell: Arc<dyn ClockPort>,
    machine: SystemClock,
}

impl Clock {
    /// Asks `shell` for the time.
    pub fn new(shell: Arc<dyn ClockPort>) -> Self {
        Self { shell, machine: SystemClock::new() }
    }
}

impl port::Clock for Clock {
    fn now(&self) -> u64 {
        self.shell.now().unwrap_or_else(|_| self.machine.now())
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic()
    }
}

/// The shell's clock where it gave one, else the machine's.
pub(crate) fn clock_of(shell: Option<Arc<dyn ClockPort>>) -> Arc<dyn port::Clock> {
    match shell {
        Some(shell) => Arc::new(Clock::new(shell)),
        None => Arc::new(SystemClock::new()),
    }
}

/// A shell's observer as core's.
pub struct Observer {
    shell: Arc<dyn ObserverPort>,
}

impl Observer {
    /// Tells `shell` what it is told.
    pub fn new(shell: Arc<dyn ObserverPort>) -> Self {
        Self { shell }
    }
}

impl port::Observer for Observer {
    fn changed(&self, topic: port::Topic) {
        let _what_it_throws = self.shell.changed(topic.into());
    }
}

/// A shell's link to a token as core's.
pub struct Link {
    shell: Arc<dyn TokenLinkPort>,
}

impl Link {
    /// Sends by `shell`.
    pub fn new(shell: Arc<dyn TokenLinkPort>) -> Self {
        Self { shell }
    }
}

impl burn::TokenLink for Link {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, burn::LinkError> {
        Ok(self.shell.transmit(command.to_vec())?)
    }
}
