//! The core's ports: the double and the machine's own pass the suite, and a broken one does not.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use countersign_cli::port::Ear;
use countersign_core::cancel::Cancel;
use countersign_core::error::PortError;
use countersign_core::port::{
    AttestedKey, Clock, Guard, Http, KeyName, Keystore, Level, Observer, Prompt, Purpose, Random, Request, Response,
    Topic, Trust,
};
use countersign_core::system::{SystemClock, SystemRandom};
use countersign_protocol::Secret;
use countersign_protocol::jose::{H32, Jwk};
use countersign_tests::contract::{self, Peer};
use countersign_tests::double::{
    BEGIN, DoubleKeystore, Exchange, FixedClock, RecordingObserver, ScriptedHttp, SeededRandom,
};

/// What the suite says of a broken one. Passing is the failure here.
fn refused(suite: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(suite)).expect_err("the suite took a broken one");
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default()
}

#[test]
fn clocks() {
    contract::clock(&FixedClock::new(BEGIN));
    contract::clock(&SystemClock::new());
}

#[test]
fn a_clock_that_goes_back_is_refused() {
    struct Back(AtomicU64);
    impl Clock for Back {
        fn now(&self) -> u64 {
            BEGIN
        }
        fn monotonic(&self) -> Duration {
            Duration::from_secs(1_000_000 - self.0.fetch_add(1, Ordering::SeqCst))
        }
    }
    // It panics in a thread of the suite.
    refused(|| contract::clock(&Back(AtomicU64::new(0))));
    assert!(refused(|| contract::clock(&FixedClock::new(BEGIN * 1000))).contains("in seconds"));
}

#[test]
fn randomness() {
    contract::random(&SeededRandom::new(7));
    contract::random(&SystemRandom::new());
}

#[test]
fn randomness_that_is_short_or_comes_twice_is_refused() {
    struct Short(SeededRandom);
    impl Random for Short {
        fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
            let end = out.len().min(256);
            self.0.fill(&mut out[..end])
        }
    }
    struct Same;
    impl Random for Same {
        fn fill(&self, out: &mut [u8]) -> Result<(), PortError> {
            SeededRandom::new(1).fill(out)
        }
    }
    assert!(refused(|| contract::random(&Short(SeededRandom::new(1)))).contains("are filled"));
    refused(|| contract::random(&Same));
}

#[test]
fn keystores() {
    let store = DoubleKeystore::new(Arc::new(SeededRandom::new(3)));
    contract::keystore(&store);
    assert!(store.prompts().iter().all(|prompt| prompt.host == "gate.example.com") && store.prompts().len() >= 40);
}

/// A double with one thing wrong.
struct Broken {
    store: DoubleKeystore,
    fault: Fault,
}

#[derive(PartialEq, Clone, Copy)]
enum Fault {
    OneKeyForAll,
    OneWrappingKey,
    DeafToCancel,
    OtherChallenge,
}

impl Keystore for Broken {
    fn level(&self) -> Level {
        self.store.level()
    }
    fn generate(&self, purpose: Purpose, name: &KeyName, cancel: &Cancel) -> Result<Jwk, PortError> {
        match self.fault {
            Fault::OneKeyForAll => {
                let alone = DoubleKeystore::new(Arc::new(SeededRandom::new(1)));
                let _ = self.store.generate(purpose, name, cancel)?;
                alone.generate(purpose, name, cancel)
            }
            Fault::DeafToCancel => self.store.generate(purpose, name, &Cancel::default()),
            Fault::OneWrappingKey | Fault::OtherChallenge => self.store.generate(purpose, name, cancel),
        }
    }
    fn generate_attested(
        &self,
        purpose: Purpose,
        name: &KeyName,
        challenge: &H32,
        cancel: &Cancel,
    ) -> Result<AttestedKey, PortError> {
        match self.fault {
            Fault::OtherChallenge => self.store.generate_attested(purpose, name, &H32::from_bytes([0; 32]), cancel),
            _ => self.store.generate_attested(purpose, name, challenge, cancel),
        }
    }
    fn sign_approval(
        &self,
        name: &KeyName,
        prompt: &Prompt,
        input: &[u8],
        cancel: &Cancel,
    ) -> Result<Vec<u8>, PortError> {
        let deaf = Cancel::default();
        self.store.sign_approval(name, prompt, input, if self.fault == Fault::DeafToCancel { &deaf } else { cancel })
    }
    fn sign_proof(&self, name: &KeyName, input: &[u8]) -> Result<Vec<u8>, PortError> {
        self.store.sign_proof(name, input)
    }
    fn wrap(&self, guard: Guard, secret: &Secret, cancel: &Cancel) -> Result<Vec<u8>, PortError> {
        self.store.wrap(self.guard(guard), secret, cancel)
    }
    fn unwrap(&self, guard: Guard, sealed: &[u8], cancel: &Cancel) -> Result<Secret, PortError> {
        self.store.unwrap(self.guard(guard), sealed, cancel)
    }
    fn delete(&self, name: &KeyName) -> Result<(), PortError> {
        self.store.delete(name)
    }
    fn list(&self) -> Result<Vec<KeyName>, PortError> {
        self.store.list()
    }
}

impl Broken {
    fn guard(&self, guard: Guard) -> Guard {
        if self.fault == Fault::OneWrappingKey { Guard::Device } else { guard }
    }
}

#[test]
fn a_broken_keystore_is_refused() {
    for (fault, said) in [
        (Fault::OneKeyForAll, "each key is a new one"),
        (Fault::OneWrappingKey, "opens nothing of the other"),
        (Fault::DeafToCancel, "cancelled"),
        (Fault::OtherChallenge, "written for this challenge"),
    ] {
        let store = DoubleKeystore::new(Arc::new(SeededRandom::new(3)));
        let word = refused(|| contract::keystore(&Broken { store, fault }));
        assert!(word.contains(said), "{word}");
    }
}

fn peer() -> Peer {
    let at = |path: &str| format!("https://peer.test/{path}");
    Peer {
        echo: at("echo"),
        redirect: at("redirect"),
        silent: at("silent"),
        drip: at("drip"),
        nobody: "https://nobody.test/".into(),
        trust: Trust::Pins(vec![H32::from_bytes([1; 32])]),
        foreign: Some(Trust::Pins(vec![H32::from_bytes([2; 32])])),
    }
}

/// What the peer of [`peer`] does with a request.
fn play(request: &Request) -> Exchange {
    if request.trust != peer().trust {
        return Exchange::Fault(PortError::Tls);
    }
    let mut headers: Vec<(String, String)> = request.headers.clone();
    headers.push(("x-method".into(), request.method.as_str().into()));
    match request.url.strip_prefix("https://peer.test/") {
        Some("echo") => Exchange::Answer(Response { status: 200, headers, body: request.body.clone() }),
        Some("redirect") => Exchange::Answer(Response { status: 302, headers, body: vec![] }),
        Some("silent") => Exchange::Hang,
        Some("drip") => Exchange::Drip(b"begun".to_vec()),
        _ => Exchange::Fault(PortError::Network),
    }
}

#[test]
fn networks() {
    let http = ScriptedHttp::default();
    http.play(play);
    contract::http(&http, &peer());
}

#[test]
fn a_network_that_follows_redirects_or_any_certificate_is_refused() {
    /// Sends to where a redirect leads, or whatever certificate is there.
    struct Eager {
        http: ScriptedHttp,
        trusting: bool,
    }
    impl Http for Eager {
        fn send(&self, mut request: Request, cancel: &Cancel) -> Result<Response, PortError> {
            if self.trusting {
                request.trust = peer().trust;
            } else if request.url == peer().redirect {
                request.url = peer().echo;
            }
            self.http.send(request, cancel)
        }
        fn stream(
            &self,
            request: Request,
            cancel: &Cancel,
            take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
        ) -> Result<Response, PortError> {
            self.http.stream(request, cancel, take)
        }
    }
    for (trusting, said) in [(false, "is not followed"), (true, "foreign certificate")] {
        let http = ScriptedHttp::default();
        http.play(play);
        let word = refused(|| contract::http(&Eager { http, trusting }, &peer()));
        assert!(word.contains(said), "{word}");
    }
}

#[test]
fn a_network_that_hands_over_a_body_at_its_end_alone_is_refused() {
    /// Collects the parts until the connection ends.
    struct Hoarding(ScriptedHttp);
    impl Http for Hoarding {
        fn send(&self, request: Request, cancel: &Cancel) -> Result<Response, PortError> {
            self.0.send(request, cancel)
        }
        fn stream(
            &self,
            request: Request,
            cancel: &Cancel,
            take: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
        ) -> Result<Response, PortError> {
            // It would wait as long as the drip lasts: its patience is short here.
            let mut response =
                self.send(Request { deadline: Duration::from_millis(20), most: 1 << 20, ..request }, cancel)?;
            if response.status == 200 {
                let _ = take(&std::mem::take(&mut response.body));
            }
            Ok(response)
        }
    }
    let http = ScriptedHttp::default();
    http.play(play);
    assert!(refused(|| contract::http(&Hoarding(http), &peer())).contains("broken off"));
}

#[test]
fn observers() {
    let observer = Arc::new(RecordingObserver::default());
    contract::observer(observer.clone(), || observer.take());
}

#[test]
fn the_desks_observer() {
    let (send, heard) = std::sync::mpsc::channel();
    contract::observer(Arc::new(Ear::new(send, |topic| topic)), || heard.try_iter().collect());
}

#[test]
fn an_observer_that_misses_a_topic_is_refused() {
    struct Deaf(RecordingObserver);
    impl Observer for Deaf {
        fn changed(&self, topic: Topic) {
            if topic != Topic::Lock {
                self.0.changed(topic);
            }
        }
    }
    let observer = Arc::new(Deaf(RecordingObserver::default()));
    assert!(refused(|| contract::observer(observer.clone(), || observer.0.take())).contains("Lock"));
}
