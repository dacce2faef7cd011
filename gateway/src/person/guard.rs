//! How often a password may be guessed.
//!
//! After five wrong ones in a row for a name from one network each further try waits twice as long, up to 15 minutes; after
//! a hundred from anywhere (NIST SP 800-63B-4 §3.2.2) up to a minute. Names that nobody has count alike. The counts live in
//! memory: a restart forgets them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::PersonName;
use crate::limits;
use crate::port::Clock;

/// Wrong ones in a row before a name has to wait, from one network and from anywhere.
const FREE: [u32; 2] = [limits::GUESSES_A_NETWORK, limits::GUESSES];
/// The longest wait, in seconds.
const LONGEST: [u64; 2] = [limits::GUESS_WAIT_A_NETWORK, limits::GUESS_WAIT];
/// They are looked through at most this often.
const SWEPT: Duration = Duration::from_secs(1);

type Key = [u8; 32];

#[derive(Clone, Copy)]
struct Count {
    tries: u32,
    last: Duration,
    /// The try before the last one.
    before: Duration,
}

impl Count {
    fn wait(&self, kind: usize) -> Duration {
        let over = self.tries.saturating_sub(FREE[kind]);
        if over == 0 { Duration::ZERO } else { Duration::from_secs((1 << over.min(16)).min(LONGEST[kind])) }
    }
}

#[derive(Default)]
struct Counts {
    all: HashMap<Key, Count>,
    swept: Option<Duration>,
}

impl Counts {
    /// Forgets those that are not waiting, where there are too many.
    fn sweep(&mut self, now: Duration) {
        if self.all.len() >= limits::GUESS_COUNTS && self.swept.is_none_or(|then| now.saturating_sub(then) >= SWEPT) {
            self.all.retain(|_, count| count.last + Duration::from_secs(LONGEST[0]) > now);
            self.swept = Some(now);
        }
    }
}

/// Counts tries by name and network.
pub struct Guard {
    clock: Arc<dyn Clock>,
    counts: Mutex<Counts>,
}

impl Guard {
    /// On this clock's monotonic time.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, counts: Mutex::default() }
    }

    /// Counts a try before it is made, so that many at once gain nothing.
    ///
    /// # Errors
    /// The seconds to wait; then nothing was counted.
    pub fn begin(&self, name: &str, address: Option<IpAddr>) -> Result<(), u64> {
        let now = self.clock.monotonic();
        let mut counts = self.counts();
        let keys = keys(name, address);
        for (kind, key) in keys.iter().enumerate() {
            let until = counts.all.get(key).map_or(Duration::ZERO, |count| count.last + count.wait(kind));
            if until > now {
                return Err((until - now).as_secs().max(1));
            }
        }
        counts.sweep(now);
        for key in keys {
            let count = counts.all.entry(key).or_insert(Count { tries: 0, last: now, before: now });
            let tries = if now.saturating_sub(count.last) > limits::GUESS_MEMORY { 0 } else { count.tries };
            *count = Count { tries: tries.saturating_add(1), last: now, before: count.last };
        }
        Ok(())
    }

    /// The try was not made after all: it counts for nothing.
    pub fn take_back(&self, name: &str, address: Option<IpAddr>) {
        let mut counts = self.counts();
        for key in keys(name, address) {
            if let Some(count) = counts.all.get_mut(&key) {
                *count = Count { tries: count.tries.saturating_sub(1), last: count.before, before: count.before };
                if count.tries == 0 {
                    counts.all.remove(&key);
                }
            }
        }
    }

    /// The try was right: both counts end.
    pub fn right(&self, name: &str, address: Option<IpAddr>) {
        let mut counts = self.counts();
        for key in keys(name, address) {
            counts.all.remove(&key);
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of the name from this network, and of the name from anywhere. Hashes, since people type passwords into the name.
fn keys(name: &str, address: Option<IpAddr>) -> [Key; 2] {
    let name = PersonName::parse(name).map_or_else(|_| "\0".to_owned(), PersonName::into_string);
    let network: Vec<u8> = match address.map(|it| it.to_canonical()) {
        Some(IpAddr::V4(address)) => address.octets().into_iter().take(3).collect(),
        Some(IpAddr::V6(address)) => address.octets().into_iter().take(6).collect(),
        None => Vec::new(),
    };
    let key = |kind: &[u8], network: &[u8]| {
        Sha256::new().chain_update(kind).chain_update(network).chain_update([0]).chain_update(&name).finalize().into()
    };
    [key(b"network", &network), key(b"anywhere", &[])]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_clock::TestClock;

    fn guard() -> (Arc<TestClock>, Guard) {
        let clock = Arc::new(TestClock::default());
        (clock.clone(), Guard::new(clock))
    }

    fn from(address: &str) -> Option<IpAddr> {
        Some(address.parse().unwrap())
    }

    #[test]
    fn after_five_wrong_ones_each_waits_twice_as_long() {
        let (clock, guard) = guard();
        for _ in 0..=limits::GUESSES_A_NETWORK {
            assert_eq!(guard.begin("alice", from("192.0.2.7")), Ok(()));
        }
        for wait in [2, 4, 8, 16, 32, 64, 128, 256, 512, limits::GUESS_WAIT_A_NETWORK, limits::GUESS_WAIT_A_NETWORK] {
            assert_eq!(guard.begin("Alice ", from("192.0.2.99")), Err(wait), "the same name and network");
            clock.advance(wait);
            assert_eq!(guard.begin("alice", from("192.0.2.7")), Ok(()));
        }
        assert_eq!(guard.begin("alice", from("198.51.100.1")), Ok(()), "elsewhere");
        assert_eq!(guard.begin("bob", from("192.0.2.7")), Ok(()), "somebody else");
    }

    #[test]
    fn a_right_one_ends_the_count() {
        let (_clock, guard) = guard();
        for _ in 0..50 {
            assert_eq!(guard.begin("alice", None), Ok(()));
            guard.right("alice", None);
        }
    }

    #[test]
    fn a_try_that_was_not_made_leaves_the_wait_as_it_was() {
        let (clock, guard) = guard();
        for _ in 0..7 {
            let _ = guard.begin("alice", None);
            clock.advance(2);
        }
        assert_eq!(guard.begin("alice", None), Err(2));
        clock.advance(2);
        for _ in 0..200 {
            assert_eq!(guard.begin("alice", None), Ok(()));
            guard.take_back("alice", None);
        }
        assert_eq!(guard.begin("alice", None), Ok(()));
        assert_eq!(guard.begin("alice", None), Err(8), "the next wait, not a longer one");
        guard.take_back("nobody", None);
    }

    #[test]
    fn a_full_list_is_looked_through_once_a_second() {
        let (second, mut counts) = (Duration::from_secs(1), Counts::default());
        let waiting = Count { tries: 9, last: 2_000 * second, before: Duration::ZERO };
        let fill = |counts: &mut Counts, last| {
            for n in 0..limits::GUESS_COUNTS as u64 {
                let mut key = [0; 32];
                key[..8].copy_from_slice(&n.to_be_bytes());
                counts.all.entry(key).or_insert(Count { tries: 1, last, before: last });
            }
        };
        counts.all.insert([9; 32], waiting);
        fill(&mut counts, Duration::ZERO);
        counts.sweep(2_000 * second);
        assert_eq!(counts.all.len(), 1, "those that wait stay");
        fill(&mut counts, Duration::ZERO);
        counts.sweep(2_000 * second + second / 2);
        assert_eq!(counts.all.len(), limits::GUESS_COUNTS + 1, "not twice in a second");
        counts.sweep(2_001 * second);
        assert_eq!(counts.all.len(), 1);
    }

    #[test]
    fn a_hundred_wrong_ones_from_anywhere_slow_everybody() {
        let (clock, guard) = guard();
        let network = |n: u32| from(&format!("10.{}.{}.1", n / 250, n % 250));
        for n in 0..=limits::GUESSES {
            assert_eq!(guard.begin("alice", network(n)), Ok(()));
        }
        let mut n = limits::GUESSES;
        for wait in [2, 4, 8, 16, 32, limits::GUESS_WAIT, limits::GUESS_WAIT] {
            n += 1;
            assert_eq!(guard.begin("alice", network(n)), Err(wait));
            clock.advance(wait);
            assert_eq!(guard.begin("alice", network(n)), Ok(()));
        }
    }

    #[test]
    fn what_is_no_name_counts_as_one_name() {
        let (_clock, guard) = guard();
        for n in 0..6 {
            assert_eq!(guard.begin(&format!("not a name {n}"), None), Ok(()));
        }
        assert!(guard.begin("nor this", None).is_err());
    }

    #[test]
    fn a_day_later_nothing_is_held_against_anybody() {
        let (clock, guard) = guard();
        for _ in 0..6 {
            assert_eq!(guard.begin("alice", None), Ok(()));
        }
        clock.advance(limits::GUESS_MEMORY.as_secs() + 1);
        for _ in 0..6 {
            assert_eq!(guard.begin("alice", None), Ok(()));
        }
    }
}
