//! How much one network may ask of the calls that are open to all and of those that write for good, decided before anything
//! is read (`push-v1.md` §4); and how much one phone may ask, decided once it is known which one it is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_protocol::jose::Id;

use crate::approval::network;
use crate::limits;

/// A bucket: so many at once, and after that one each so often.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// The time after which one more may be made.
    pub every: Duration,
}

impl Rate {
    /// What is used after one more call, or the seconds to wait for it.
    fn one_more(self, used: Duration) -> Result<Duration, u32> {
        let (used, full) = (used + self.every, self.every * self.burst);
        if used <= full {
            return Ok(used);
        }
        Err(u32::try_from((used - full).as_millis().div_ceil(1000)).unwrap_or(u32::MAX))
    }
}

/// `metadata` and `answer`, of one network.
pub const OPEN: Rate = Rate { burst: limits::OPEN_CALLS, every: Duration::from_millis(10) };
/// `enrol`, which costs most, of one network.
pub const ENROL: Rate = Rate { burst: limits::ENROL_CALLS, every: Duration::from_millis(200) };
/// Calls by which a phone changes itself, of one network.
pub const CHANGE: Rate = Rate { burst: limits::CHANGE_CALLS, every: Duration::from_millis(200) };

/// Answers of one phone, repeats too: each new one is remembered for an hour and more.
pub const PHONE_ANSWER: Rate = Rate { burst: limits::PHONE_ANSWERS, every: Duration::from_millis(100) };
/// Changes that one phone made: each may leave something that is remembered for good, such as a key that must not come again.
pub const PHONE_CHANGE: Rate = Rate { burst: limits::PHONE_CHANGES, every: Duration::from_secs(300) };
/// What one phone reads.
pub const PHONE_READ: Rate = Rate { burst: limits::PHONE_READS, every: Duration::from_millis(100) };

const SWEEP: usize = 10_000;

/// What each network and each phone used lately.
#[derive(Default)]
pub struct Rates(Mutex<Buckets>);

#[derive(Default)]
struct Buckets {
    all: HashMap<(&'static str, String), Bucket>,
    swept: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// The time in which it is full again.
    used: Duration,
    at: Duration,
}

impl Bucket {
    fn used(&self, now: Duration) -> Duration {
        self.used.saturating_sub(now.saturating_sub(self.at))
    }
}

impl Rates {
    /// Takes one call of `what` from a network. One that nobody knows the address of is not counted.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn take(&self, what: &'static str, from: Option<IpAddr>, rate: Rate, now: Duration) -> Result<(), u32> {
        from.map_or(Ok(()), |from| self.count((what, network(from)), rate, now))
    }

    /// Takes one call of `what` from a phone.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn take_of(&self, what: &'static str, did: &Id, rate: Rate, now: Duration) -> Result<(), u32> {
        self.count((what, did.to_string()), rate, now)
    }

    /// Whether a phone may make one more call of `what`. Nothing is counted yet.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn room_of(&self, what: &'static str, did: &Id, rate: Rate, now: Duration) -> Result<(), u32> {
        let buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let used = buckets.all.get(&(what, did.to_string())).map_or(Duration::ZERO, |bucket| bucket.used(now));
        rate.one_more(used).map(drop)
    }

    fn count(&self, key: (&'static str, String), rate: Rate, now: Duration) -> Result<(), u32> {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = buckets.swept.is_none_or(|then| now.saturating_sub(then) >= Duration::from_secs(1));
        if buckets.all.len() >= SWEEP && is_due {
            buckets.swept = Some(now);
            // A full bucket is as good as none.
            buckets.all.retain(|_, bucket| !bucket.used(now).is_zero());
        }
        let bucket = buckets.all.entry(key).or_insert(Bucket { used: Duration::ZERO, at: now });
        *bucket = Bucket { used: rate.one_more(bucket.used(now))?, at: now };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, every: Duration::from_millis(500) };
    const SECOND: Duration = Duration::from_secs(1);

    /// Each at its limit, one beyond it, and one more after its time.
    #[test]
    fn every_rate_lets_through_what_the_table_says() {
        let did = Id::from_bytes([7; 16]);
        for (rate, most) in [
            (OPEN, limits::OPEN_CALLS),
            (ENROL, limits::ENROL_CALLS),
            (CHANGE, limits::CHANGE_CALLS),
            (PHONE_ANSWER, limits::PHONE_ANSWERS),
            (PHONE_CHANGE, limits::PHONE_CHANGES),
            (PHONE_READ, limits::PHONE_READS),
        ] {
            let rates = Rates::default();
            for n in 0..most {
                assert_eq!((n, rates.take_of("x", &did, rate, SECOND)), (n, Ok(())));
            }
            assert!(rates.take_of("x", &did, rate, SECOND).is_err(), "{rate:?}");
            assert_eq!(rates.take_of("x", &did, rate, SECOND + rate.every), Ok(()));
        }
    }

    #[test]
    fn a_network_gets_its_burst_and_then_its_rate() {
        let (rates, from) = (Rates::default(), Some("192.0.2.1".parse().unwrap()));
        let neighbour = Some("192.0.2.200".parse().unwrap());
        for _ in 0..3 {
            assert_eq!(rates.take("x", from, RATE, SECOND), Ok(()));
        }
        assert_eq!(rates.take("x", neighbour, RATE, SECOND), Err(1));
        assert_eq!(rates.take("x", Some("198.51.100.1".parse().unwrap()), RATE, SECOND), Ok(()));
        assert_eq!(rates.take("y", from, RATE, SECOND), Ok(()));
        assert_eq!(rates.take("x", from, RATE, 2 * SECOND), Ok(()));
        assert_eq!(rates.take("x", from, RATE, 2 * SECOND), Ok(()));
        assert_eq!(rates.take("x", from, RATE, 2 * SECOND), Err(1));
    }

    #[test]
    fn a_phone_is_told_how_long_to_wait_and_no_other_phone_is() {
        let (rates, one, other) = (Rates::default(), Id::from_bytes([1; 16]), Id::from_bytes([2; 16]));
        for _ in 0..PHONE_CHANGE.burst {
            assert_eq!(rates.take_of("x", &one, PHONE_CHANGE, SECOND), Ok(()));
        }
        assert_eq!(rates.take_of("x", &one, PHONE_CHANGE, SECOND), Err(300));
        assert_eq!(rates.room_of("x", &one, PHONE_CHANGE, SECOND), Err(300));
        assert_eq!(rates.room_of("x", &other, PHONE_CHANGE, SECOND), Ok(()));
        assert_eq!(rates.take_of("x", &one, PHONE_CHANGE, 201 * SECOND), Err(100), "asking costs nothing");
        assert_eq!(rates.take_of("x", &other, PHONE_CHANGE, SECOND), Ok(()));
        assert_eq!(rates.take_of("x", &one, PHONE_CHANGE, 301 * SECOND), Ok(()));
        assert_eq!(rates.take_of("x", &one, PHONE_CHANGE, 301 * SECOND), Err(300));
    }

    #[test]
    fn full_buckets_are_forgotten_and_others_are_not() {
        let rates = Rates::default();
        for number in 0..SWEEP as u128 {
            let did = Id::from_bytes(number.to_be_bytes());
            rates.take_of("x", &did, if number == 0 { PHONE_CHANGE } else { RATE }, SECOND).unwrap();
        }
        rates.take_of("x", &Id::from_bytes([0xff; 16]), RATE, 61 * SECOND).unwrap();
        assert_eq!(rates.0.lock().unwrap().all.len(), 2, "the one that is to wait for minutes is remembered");
    }
}
