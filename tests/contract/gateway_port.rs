//! What the gateway asks of the machine: the stage's doubles and the machine's own pass the suite, and broken ones do not.

use std::collections::HashSet;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use countersign_gateway::Adapters;
use countersign_gateway::port::{Clock, PortFault, Random, Resolver, Signer, SignerFactory, Timer, machine};
use countersign_protocol::Secret;
use countersign_tests::stage;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{Signature, VerifyingKey};

use super::refuses;

/// [`Clock`]: Unix time of our age in seconds, and a monotonic time that never goes back.
fn clock(clock: &dyn Clock) {
    let plausible = 1_577_836_800..7_258_118_400;
    assert!(plausible.contains(&clock.now()), "now is Unix time in seconds");
    let mut last = clock.monotonic();
    for _ in 0..1_000 {
        let now = clock.monotonic();
        assert!(now >= last, "monotonic time went back");
        last = now;
    }
}

/// [`Random`]: fills all it is given, never the same twice, whoever asks.
fn random(random: &dyn Random) {
    for len in [0, 1, 12, 32, 33, 257] {
        let mut touched = vec![0_u8; len];
        for _ in 0..40 {
            let mut drawn = vec![0; len];
            random.fill(&mut drawn).unwrap();
            touched.iter_mut().zip(&drawn).for_each(|(touched, drawn)| *touched |= drawn);
        }
        assert!(touched.iter().all(|byte| *byte != 0), "all {len} bytes are filled");
    }
    let draws = std::thread::scope(|scope| {
        let threads =
            [(); 4].map(|()| scope.spawn(|| (0..200).map(|_| random.bytes::<16>().unwrap()).collect::<Vec<_>>()));
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(draws.iter().collect::<HashSet<_>>().len(), draws.len(), "the same bytes twice");
}

/// [`Timer`]: ends, and not before the time it was given; many wait at once, and one that is dropped disturbs nobody.
fn timer(timer: &dyn Timer, clock: &dyn Clock) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let time = Duration::from_millis(40);
    let (began, ended) = runtime.block_on(async {
        let began = clock.monotonic();
        drop(timer.wait(Duration::from_secs(3_600)));
        timer.wait(Duration::ZERO).await;
        tokio::join!(timer.wait(time), timer.wait(time), timer.wait(time));
        (began, clock.monotonic())
    });
    // A timer counts in milliseconds and may round the last one down.
    assert!(ended - began >= time - Duration::from_millis(1), "it ended early");
    assert!(ended - began < Duration::from_secs(30), "waiting at once is not waiting in turn");
}

/// [`SignerFactory`] and [`Signer`]: what was stored brings the same key back, its signatures verify for their input alone,
/// and what is no key is refused.
fn signers(factory: &dyn SignerFactory) {
    let stored = factory.generate().unwrap();
    let (one, again) = (factory.load(&stored).unwrap(), factory.load(&stored).unwrap());
    assert_eq!(one.public_key(), again.public_key(), "the same key comes back");
    let key = VerifyingKey::from_sec1_bytes(&one.public_key()).expect("a point of P-256");
    for n in 0..20_u8 {
        let input = vec![n; usize::from(n) * 9];
        let signature = Signature::from_slice(&again.sign(&input).unwrap()).expect("r and s in range");
        assert!(key.verify(&input, &signature).is_ok(), "a signature verifies");
        assert!(key.verify(b"other", &signature).is_err(), "for its input alone");
    }
    assert_eq!(factory.load(&Secret::from_slice(&[0xff; 9])).err(), Some(PortFault::Signer), "what is no key");
    let vapid = factory.load(&factory.generate_vapid().unwrap()).unwrap();
    let others = [one.public_key(), factory.load(&factory.generate().unwrap()).unwrap().public_key()];
    assert!(!others.contains(&vapid.public_key()), "the key for push servers is a key of its own");
}

/// [`Resolver`]: addresses of a name, or nothing; never a name that is kept for nothing (RFC 6761).
fn resolver(resolver: &dyn Resolver) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let found = runtime.block_on(resolver.resolve("localhost")).unwrap();
    assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
    let nowhere = runtime.block_on(resolver.resolve("countersign.invalid"));
    assert!(nowhere.is_err() || nowhere.is_ok_and(|found| found.is_empty()), "a name that leads nowhere");
}

fn all(adapters: &Adapters) {
    clock(&*adapters.clock);
    random(&*adapters.random);
    signers(&*adapters.signers);
    resolver(&*adapters.resolver);
}

#[test]
fn the_machines_own() {
    let adapters = machine::adapters();
    all(&adapters);
    timer(&*adapters.timer, &*adapters.clock);
}

#[test]
fn the_doubles_of_the_stage() {
    let adapters = stage::adapters();
    all(&adapters);
    // Its clock stands still, so the machine's tells how long it waited.
    timer(&*adapters.timer, &*machine::adapters().clock);
}

#[test]
fn a_clock_that_goes_back_or_counts_milliseconds_is_refused() {
    struct Broken(AtomicU64, u64);
    impl Clock for Broken {
        fn now(&self) -> u64 {
            stage::BEGIN * self.1
        }
        fn monotonic(&self) -> Duration {
            Duration::from_secs(self.0.fetch_sub(1, Ordering::SeqCst))
        }
    }
    refuses(|| clock(&Broken(AtomicU64::new(1_000_000), 1)));
    refuses(|| clock(&Broken(AtomicU64::new(1_000_000), 1_000)));
}

#[test]
fn randomness_that_comes_twice_is_refused() {
    struct Same;
    impl Random for Same {
        fn fill(&self, into: &mut [u8]) -> Result<(), PortFault> {
            into.fill(7);
            Ok(())
        }
    }
    refuses(|| random(&Same));
}

#[test]
fn a_timer_that_does_not_wait_is_refused() {
    struct Hasty;
    impl Timer for Hasty {
        fn wait(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
            Box::pin(std::future::ready(()))
        }
    }
    refuses(|| timer(&Hasty, &*machine::adapters().clock));
}

#[test]
fn a_signer_that_comes_back_as_another_is_refused() {
    struct Forgets(Arc<dyn SignerFactory>);
    impl SignerFactory for Forgets {
        fn generate(&self) -> Result<Secret, PortFault> {
            self.0.generate()
        }
        fn load(&self, _: &Secret) -> Result<Arc<dyn Signer>, PortFault> {
            self.0.load(&self.0.generate()?)
        }
    }
    refuses(|| signers(&Forgets(machine::adapters().signers)));
}

#[test]
fn a_resolver_that_leads_home_from_everywhere_or_nowhere_is_refused() {
    struct Always(Vec<IpAddr>);
    impl Resolver for Always {
        fn resolve<'a>(
            &'a self,
            _: &'a str,
        ) -> Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send + 'a>> {
            Box::pin(async { Ok(self.0.clone()) })
        }
    }
    refuses(|| resolver(&Always(vec![IpAddr::from([127, 0, 0, 1])])));
    refuses(|| resolver(&Always(Vec::new())));
}
