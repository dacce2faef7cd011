//! The suites as a shell in another language calls them with ports of its own, and what its tests need of core that no app
//! is given: every kind of error, and a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_bindings::{
    Clock, ClockPort, Countersign, CountersignError, Inbox, Keystore, KeystorePort, Link, Observer, ObserverPort,
    ShellError, TokenLinkPort, Topic,
};
use countersign_core::error::{Error, GatewayError, InputError, PortError};
use countersign_core::port;

use crate::token::EmulatedToken;

/// A port does not do what it must.
#[derive(Debug, thiserror::Error, uniffi::Error)]
pub enum ContractError {
    /// It broke this rule.
    #[error("{rule}")]
    Broken {
        /// The rule, as the suite words it.
        rule: String,
    },
}

impl From<uniffi::UnexpectedUniFFICallbackError> for ContractError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Broken { rule: "what was heard can be told".to_owned() }
    }
}

fn kept(suite: impl FnOnce()) -> Result<(), ContractError> {
    catch_unwind(AssertUnwindSafe(suite)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let rule = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
        ContractError::Broken { rule }
    })
}

/// The suite of every keystore, whose prompts are answered with yes.
#[uniffi::export]
pub fn check_keystore(keystore: Arc<dyn KeystorePort>) -> Result<(), ContractError> {
    kept(|| crate::keystore(&Keystore::new(keystore).expect("it says its level")))
}

/// The suite of every clock.
#[uniffi::export]
pub fn check_clock(clock: Arc<dyn ClockPort>) -> Result<(), ContractError> {
    kept(|| crate::clock(&Clock::new(clock)))
}

/// Tells what an observer heard.
#[uniffi::export(with_foreign)]
pub trait Hearing: Send + Sync {
    /// All topics so far, each as often as it was heard.
    fn heard(&self) -> Result<Vec<Topic>, ContractError>;
}

/// The suite of every observer.
#[uniffi::export]
pub fn check_observer(observer: Arc<dyn ObserverPort>, hearing: Arc<dyn Hearing>) -> Result<(), ContractError> {
    let heard = || hearing.heard().expect("it tells").into_iter().map(port::Topic::from).collect();
    kept(|| crate::observer(Arc::new(Observer::new(observer)), heard))
}

/// The suite of every link to a token: `link` leads to `token`, a `YubiKey`.
#[uniffi::export]
pub fn check_link(link: Arc<dyn TokenLinkPort>, token: Arc<EmulatedToken>) -> Result<(), ContractError> {
    kept(|| crate::link(&mut Link::new(link), || token.lose(0, false)))
}

/// A kind of error of core, by who can act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ErrorKind {
    /// The person.
    Input,
    /// The gateway refused.
    Gateway,
    /// The platform.
    Port,
    /// A fault of ours.
    Internal,
}

/// Fails with an error of this kind, made by core as a call of the app would.
#[uniffi::export]
pub fn fail_with(kind: ErrorKind) -> Result<(), CountersignError> {
    let error: Error = match kind {
        ErrorKind::Input => InputError::SheetLine(7).into(),
        ErrorKind::Gateway => GatewayError::Busy(Some(30)).into(),
        ErrorKind::Port => PortError::DiskFull.into(),
        ErrorKind::Internal => Error::Internal,
    };
    Err(error.into())
}

/// A clock in which core panics when it is told to: the machine's otherwise.
#[derive(Debug, Default, uniffi::Object)]
pub struct PanickingClock(AtomicBool);

#[uniffi::export]
impl PanickingClock {
    /// One that does not yet.
    #[uniffi::constructor]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// The next question for the time is a panic.
    pub fn panic_once(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl ClockPort for PanickingClock {
    fn now(&self) -> Result<u64, ShellError> {
        assert!(!self.0.swap(false, Ordering::SeqCst), "a panic in core, as the test asked for");
        // What throws is the machine's.
        Err(ShellError::Thrown)
    }
}

/// A phone whose core panics when `clock` is told to.
#[uniffi::export]
pub fn phone_that_panics(
    private_folder: String,
    shared_folder: String,
    keystore: Arc<dyn KeystorePort>,
    clock: Arc<PanickingClock>,
) -> Result<Arc<Countersign>, CountersignError> {
    Countersign::open(private_folder, shared_folder, Vec::new(), keystore, Some(clock))
}

/// The phone as a notification extension has it, whose core panics when `clock` is told to.
#[uniffi::export]
pub fn inbox_that_panics(
    shared_folder: String,
    keystore: Arc<dyn KeystorePort>,
    clock: Arc<PanickingClock>,
) -> Result<Arc<Inbox>, CountersignError> {
    Inbox::open(shared_folder, keystore, Some(clock))
}
