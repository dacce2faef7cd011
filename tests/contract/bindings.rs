//! The ports that cross the boundary to other languages: a shell's keystore, clock, observer and link keep their contracts
//! through the adapters that hand them to the core.

use std::sync::Arc;

use countersign_bindings::{
    AttestedKey, CancelHandle, Clock, ClockPort, Guard, Keystore, KeystorePort, Level, Link, LinkError, Observer,
    ObserverPort, PortFault, Prompt, Purpose, ShellError, TokenLinkPort, Topic,
};
use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{self, Clock as _, Keystore as _, Observer as _};
use countersign_protocol::Secret;
use countersign_protocol::jose::H32;
use countersign_tests::contract;
use countersign_tests::contract::token::EmulatedToken;
use countersign_tests::double::{BEGIN, DoubleKeystore, RecordingObserver, SeededRandom};

use super::refuses;

/// A shell's keystore: the double, spoken to in a shell's words.
struct ShellKeystore {
    store: DoubleKeystore,
    /// A broken one: it seals everything under the key that needs nobody.
    one_key: bool,
}

fn shell_keystore(one_key: bool) -> Keystore {
    let store = DoubleKeystore::new(Arc::new(SeededRandom::new(3)));
    Keystore::new(Arc::new(ShellKeystore { store, one_key })).unwrap()
}

fn thrown(fault: PortError) -> ShellError {
    ShellError::Port { fault: PortFault::from(fault) }
}

/// What a shell knows of a call that was cancelled.
fn seen(handle: &CancelHandle) -> Cancel {
    let cancel = Cancel::default();
    if handle.is_cancelled() {
        cancel.cancel();
    }
    cancel
}

fn core_purpose(purpose: Purpose) -> port::Purpose {
    match purpose {
        Purpose::Approve { verification } => port::Purpose::Approve(verification.into()),
        Purpose::Prove => port::Purpose::Prove,
    }
}

impl ShellKeystore {
    fn guard(&self, guard: Guard) -> port::Guard {
        if self.one_key { port::Guard::Device } else { guard.into() }
    }
}

impl KeystorePort for ShellKeystore {
    fn level(&self) -> Result<Level, ShellError> {
        Ok(self.store.level().into())
    }

    fn generate(&self, purpose: Purpose, name: String, cancel: Arc<CancelHandle>) -> Result<Vec<u8>, ShellError> {
        let made = self.store.generate(core_purpose(purpose), &name.parse().unwrap(), &seen(&cancel));
        Ok(made.map_err(thrown)?.to_sec1().to_vec())
    }

    fn generate_attested(
        &self,
        purpose: Purpose,
        name: String,
        challenge: Vec<u8>,
        cancel: Arc<CancelHandle>,
    ) -> Result<AttestedKey, ShellError> {
        let challenge = H32::from_bytes(challenge.try_into().unwrap());
        let (purpose, name, cancel) = (core_purpose(purpose), name.parse().unwrap(), seen(&cancel));
        let port::AttestedKey { jwk, chain } =
            self.store.generate_attested(purpose, &name, &challenge, &cancel).map_err(thrown)?;
        Ok(AttestedKey { key: jwk.to_sec1().to_vec(), chain })
    }

    fn sign_approval(
        &self,
        name: String,
        prompt: Prompt,
        input: Vec<u8>,
        cancel: Arc<CancelHandle>,
    ) -> Result<Vec<u8>, ShellError> {
        let Prompt { app, host, account } = prompt;
        let prompt = port::Prompt { app, host, account };
        self.store.sign_approval(&name.parse().unwrap(), &prompt, &input, &seen(&cancel)).map_err(thrown)
    }

    fn sign_proof(&self, name: String, input: Vec<u8>) -> Result<Vec<u8>, ShellError> {
        self.store.sign_proof(&name.parse().unwrap(), &input).map_err(thrown)
    }

    fn wrap(&self, guard: Guard, secret: Vec<u8>, cancel: Arc<CancelHandle>) -> Result<Vec<u8>, ShellError> {
        self.store.wrap(self.guard(guard), &Secret::new(secret), &seen(&cancel)).map_err(thrown)
    }

    fn unwrap(&self, guard: Guard, sealed: Vec<u8>, cancel: Arc<CancelHandle>) -> Result<Vec<u8>, ShellError> {
        let opened = self.store.unwrap(self.guard(guard), &sealed, &seen(&cancel)).map_err(thrown)?;
        Ok(opened.expose().to_vec())
    }

    fn delete(&self, name: String) -> Result<(), ShellError> {
        self.store.delete(&name.parse().unwrap()).map_err(thrown)
    }

    fn list(&self) -> Result<Vec<String>, ShellError> {
        let names = self.store.list().map_err(thrown)?;
        // A shell keeps keys of its own beside ours.
        Ok(names.iter().map(ToString::to_string).chain(["a key of the shell's own".to_owned()]).collect())
    }
}

#[test]
fn a_shells_keystore() {
    contract::keystore(&shell_keystore(false));
}

#[test]
fn a_shells_broken_keystore_is_refused() {
    refuses(|| contract::keystore(&shell_keystore(true)));
}

/// A shell's clock: what it says, or throws.
struct ShellClock(Result<u64, ShellError>);

impl ClockPort for ShellClock {
    fn now(&self) -> Result<u64, ShellError> {
        self.0.clone()
    }
}

#[test]
fn a_shells_clock_and_the_machines_where_it_throws() {
    let clock = |says| Clock::new(Arc::new(ShellClock(says)));
    contract::clock(&clock(Ok(BEGIN)));
    assert_eq!(clock(Ok(BEGIN)).now(), BEGIN);
    contract::clock(&clock(Err(ShellError::Thrown)));
    refuses(|| contract::clock(&clock(Ok(BEGIN * 1000))));
}

/// A shell's observer, which may throw at what it has heard.
struct ShellObserver {
    heard: RecordingObserver,
    deaf_to: Option<Topic>,
    throws: bool,
}

impl ObserverPort for ShellObserver {
    fn changed(&self, topic: Topic) -> Result<(), ShellError> {
        if Some(topic) != self.deaf_to {
            self.heard.changed(topic.into());
        }
        if self.throws { Err(ShellError::Thrown) } else { Ok(()) }
    }
}

fn observes(throws: bool, deaf_to: Option<Topic>) {
    let shell = Arc::new(ShellObserver { heard: RecordingObserver::default(), deaf_to, throws });
    contract::observer(Arc::new(Observer::new(shell.clone())), || shell.heard.take());
}

#[test]
fn a_shells_observer_also_one_that_throws() {
    observes(false, None);
    observes(true, None);
    refuses(|| observes(false, Some(Topic::Lock)));
}

/// A shell's link to an emulated token. A broken one takes a token that is gone for one that refused.
struct ShellLink {
    token: Arc<EmulatedToken>,
    broken: bool,
}

impl TokenLinkPort for ShellLink {
    fn transmit(&self, command: Vec<u8>) -> Result<Vec<u8>, LinkError> {
        match self.token.transmit(command) {
            Err(_) if self.broken => Ok(vec![0x6f, 0x00]),
            answer => answer,
        }
    }
}

fn links(broken: bool) {
    let token = EmulatedToken::security_key(7, BEGIN);
    let link = ShellLink { token: Arc::clone(&token), broken };
    contract::link(&mut Link::new(Arc::new(link)), || token.lose(0, false));
}

#[test]
fn a_shells_link_to_a_token() {
    links(false);
}

#[test]
fn a_shells_link_that_takes_a_lost_token_for_a_refusal_is_refused() {
    refuses(|| links(true));
}
