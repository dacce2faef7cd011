//! The only ways out of the core. Shells implement these traits; tests have a double of each in
//! `countersign-tests`, and one contract suite a port runs on double and real one alike.
//!
//! All calls are synchronous. None is made while a lock of the core is held, except [`Clock`] and
//! [`Random`], which must return at once.

use std::fmt;
use std::ops::ControlFlow;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Id, Jwk};
use serde::{Deserialize, Serialize};

use crate::cancel::Cancel;
use crate::error::{InputError, Named, PortError, Rule};

pub use countersign_protocol::push::{Level, Method, UserVerification};

/// What the core needs from its shell, handed over once.
#[derive(Clone)]
pub struct Ports {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Random bytes.
    pub random: Arc<dyn Random>,
    /// Keys that never leave the platform.
    pub keystore: Arc<dyn Keystore>,
    /// The network.
    pub http: Arc<dyn Http>,
}

/// Tells time; never waits, and never calls back: it may be asked under a lock.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC, as the person set the device's clock: may step either way.
    fn now(&self) -> u64;
    /// Time since a fixed moment of this run; never goes back, goes on while the device sleeps where
    /// the platform can.
    fn monotonic(&self) -> Duration;
}

/// Draws random bytes fit for keys.
pub trait Random: Send + Sync {
    /// Fills all of `out`.
    ///
    /// # Errors
    /// [`PortError::Unavailable`]; then nothing in `out` may be used.
    fn fill(&self, out: &mut [u8]) -> Result<(), PortError>;
}

impl dyn Random + '_ {
    /// Draws `N` bytes.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn array<const N: usize>(&self) -> Result<[u8; N], PortError> {
        let mut out = [0; N];
        self.fill(&mut out)?;
        Ok(out)
    }

    /// Draws an identifier of 128 bits.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn id(&self) -> Result<Id, PortError> {
        self.array().map(Id::from_bytes)
    }

    /// Draws key material of `len` bytes.
    ///
    /// # Errors
    /// As [`Random::fill`].
    pub fn secret(&self, len: usize) -> Result<Secret, PortError> {
        let mut out = zeroize::Zeroizing::new(vec![0; len]);
        self.fill(&mut out)?;
        Ok(Secret::new(std::mem::take(&mut *out)))
    }
}

/// What a signing key is for. One key never serves both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `ak`: signs approvals, asks for the person at **each** use.
    Approve(UserVerification),
    /// `pk`: signs denials and proofs; works without a prompt once the device was unlocked.
    Prove,
}

/// Which key of the platform seals a small secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guard {
    /// Usable after the first unlock of the device, without a prompt.
    Device,
    /// Asks for the person at each use.
    User,
}

/// The name under which the keystore keeps a key: chosen by the core, and on disk before the key is
/// made, so that start-up can delete keys that no record names. 1–64 of `A–Z a–z 0–9 - _`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyName(String);

impl KeyName {
    /// The name of the key that does `what` for the record `id`: `approve-AAAA…`.
    pub fn new(what: &'static str, id: &Id) -> Self {
        Self(format!("{what}-{id}"))
    }

    /// The name of a later key that does the same for the same record, the `count`th after the first.
    pub fn numbered(what: &'static str, count: u32, id: &Id) -> Self {
        Self(format!("{what}-{count}-{id}"))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = InputError;

    fn from_str(text: &str) -> Result<Self, InputError> {
        let fits =
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InputError::Field { field: Named::KeyName, rule: Rule::KeyName })
        }
    }
}

impl TryFrom<String> for KeyName {
    type Error = InputError;

    fn try_from(text: String) -> Result<Self, InputError> {
        text.parse()
    }
}

impl From<KeyName> for String {
    fn from(name: KeyName) -> Self {
        name.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the platform's prompt names while it asks for the person. The shell words the sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The application that the person signs in to, as the gateway's signed context names it.
    pub app: String,
    /// The gateway's host.
    pub host: String,
    /// The account that signs in.
    pub account: String,
}

/// A key that was just made, with what its platform wrote of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestedKey {
    /// The public key.
    pub jwk: Jwk,
    /// Certificates in DER, that of the key first; empty where the platform writes none.
    pub chain: Vec<Vec<u8>>,
}

impl From<Jwk> for AttestedKey {
    /// A key of which nothing is written.
    fn from(jwk: Jwk) -> Self {
        Self { jwk, chain: Vec::new() }
    }
}

/// Keys that the platform keeps: made there, used there, never read.
pub trait Keystore: Send + Sync {
    /// How well keys are kept. Said to the gateway, shown beside the device.
    fn level(&self) -> Level;

    /// Makes a P-256 signing key under `name`; a key that is there already under it is replaced.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] where the device has no screen lock for [`Purpose::Approve`];
    /// what a prompt can give.
    fn generate(&self, purpose: Purpose, name: &KeyName, cancel: &Cancel) -> Result<Jwk, PortError>;

    /// Makes a key as [`Keystore::generate`] does, and has the platform write for `challenge` where it keeps it. A platform
    /// that writes nothing, or nothing this time, makes the key all the same.
    ///
    /// # Errors
    /// As of [`Keystore::generate`].
    fn generate_attested(
        &self,
        purpose: Purpose,
        name: &KeyName,
        _challenge: &H32,
        cancel: &Cancel,
    ) -> Result<AttestedKey, PortError> {
        self.generate(purpose, name, cancel).map(AttestedKey::from)
    }

    /// Signs `input` by the approval key `name` (ECDSA, SHA-256), after the person agreed to `prompt`.
    /// Returns DER.
    ///
    /// # Errors
    /// [`PortError::KeyGone`] where no approval key has this name; [`PortError::UserRefused`],
    /// [`PortError::Cancelled`], [`PortError::Interrupted`] from the prompt.
    fn sign_approval(
        &self,
        name: &KeyName,
        prompt: &Prompt,
        input: &[u8],
        cancel: &Cancel,
    ) -> Result<Vec<u8>, PortError>;

    /// Signs `input` by the proof key `name`, without a prompt. Returns DER.
    ///
    /// # Errors
    /// [`PortError::KeyGone`] where no proof key has this name; [`PortError::Locked`] before the
    /// first unlock of the device.
    fn sign_proof(&self, name: &KeyName, input: &[u8]) -> Result<Vec<u8>, PortError>;

    /// Seals a secret of 1 to 512 bytes so that only [`Keystore::unwrap`] under the same guard opens it.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] where the guard's key cannot be made; what a prompt can give.
    fn wrap(&self, guard: Guard, secret: &Secret, cancel: &Cancel) -> Result<Vec<u8>, PortError>;

    /// Opens what [`Keystore::wrap`] sealed.
    ///
    /// # Errors
    /// [`PortError::KeyGone`] where the guard's key is another or none; [`PortError::Failed`] where
    /// `sealed` was changed or was made under the other guard; what a prompt can give.
    fn unwrap(&self, guard: Guard, sealed: &[u8], cancel: &Cancel) -> Result<Secret, PortError>;

    /// Deletes the key `name`; also well when there is none.
    ///
    /// # Errors
    /// [`PortError::Locked`], [`PortError::Failed`].
    fn delete(&self, name: &KeyName) -> Result<(), PortError>;

    /// The names of all signing keys, in no order.
    ///
    /// # Errors
    /// [`PortError::Locked`], [`PortError::Failed`].
    fn list(&self) -> Result<Vec<KeyName>, PortError>;
}

/// Whom the connection must prove to lead to (`push-v1` section 3, «TLS trust»).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// SHA-256 of the leaf's SubjectPublicKeyInfo is one of these; nothing else about the
    /// certificate is asked.
    Pins(Vec<H32>),
    /// The platform's roots and the host's name.
    Platform,
    /// No proof asked: only for the signed metadata, which proves itself.
    MetadataOnly,
}

/// One request. `https` only, no redirects followed, no cookies, no proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The whole address.
    pub url: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// Whom the connection must lead to.
    pub trust: Trust,
    /// How long the whole exchange may take.
    pub deadline: Duration,
    /// The largest body of an answer, in bytes; beyond it [`PortError::TooLarge`].
    pub most: usize,
}

impl fmt::Debug for Request {
    /// Headers carry proofs and the body what it carries: neither is printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("body_len", &self.body.len())
            .field("trust", &self.trust)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// One answer, whatever its status.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// One HTTP exchange.
pub trait Http: Send + Sync {
    /// Sends `request` and waits for its answer, whatever its status.
    ///
    /// # Errors
    /// [`PortError::Network`], [`PortError::Timeout`] (`deadline`), [`PortError::Tls`] (`trust`),
    /// [`PortError::TooLarge`] (`most`), [`PortError::Cancelled`] soon after `cancel`.
    fn send(&self, request: Request, cancel: &Cancel) -> Result<Response, PortError>;

    /// Sends `request` and hands the body of a 200 to `take` part by part, as it arrives, until it ends or `take` breaks
    /// off. Returns the head then, with an empty body. Any other status is answered as by [`Http::send`].
    ///
    /// `deadline` is the longest wait for the head, and again for each part; `most` holds for the body of another
    /// status alone. `take` may call this port, also for a request of its own.
    ///
    /// # Errors
    /// As [`Http::send`]. [`PortError::Network`] also when the connection breaks before the body's end; what was handed
    /// over by then was.
    fn stream(
        &self,
        request: Request,
        cancel: &Cancel,
        take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<Response, PortError>;
}

/// What changed. There is no payload: the shell reads what it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// The list of accounts.
    Accounts,
    /// Open approvals or their history.
    Approvals,
    /// Enrolments.
    Gateways,
    /// The vault was locked or unlocked.
    Lock,
    /// Burns, the ledger, keys and batches of hardware tokens.
    Burn,
}

/// Hears that something changed. Called after the lock is released, from any thread.
pub trait Observer: Send + Sync {
    /// `topic` changed; read it again.
    fn changed(&self, topic: Topic);
}
