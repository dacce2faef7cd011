//! How much one network may ask of the calls that are open to all, and of those that write for good (`push-v1.md` §4).
//! Decided before anything is read.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::approval::network;

/// A bucket: so many at once, so many a second after that.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// A second.
    pub refill: u32,
}

/// `metadata` and `answer`.
pub const OPEN: Rate = Rate { burst: 500, refill: 100 };
/// `enrol`, which costs most.
pub const ENROL: Rate = Rate { burst: 60, refill: 5 };

/// Calls by which a phone changes itself: each may leave something that is remembered for good.
pub const CHANGE: Rate = Rate { burst: 200, refill: 5 };

const SWEEP: usize = 10_000;

/// What each network used lately.
#[derive(Default)]
pub struct Rates(Mutex<Buckets>);

#[derive(Default)]
struct Buckets {
    all: HashMap<(&'static str, String), Bucket>,
    swept: Option<Duration>,
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    /// Thousandths of a call that may be made.
    left: u64,
    at: Duration,
}

impl Rates {
    /// Takes one call of `what`.
    ///
    /// # Errors
    /// The seconds to wait.
    pub fn take(&self, what: &'static str, from: Option<IpAddr>, rate: Rate, now: Duration) -> Result<(), u32> {
        let Some(from) = from else { return Ok(()) };
        let full = u64::from(rate.burst) * 1000;
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = buckets.swept.is_none_or(|then| now.saturating_sub(then) >= Duration::from_secs(1));
        if buckets.all.len() >= SWEEP && is_due {
            buckets.swept = Some(now);
            // Whoever was quiet for a minute has a full bucket again, as good as none.
            buckets.all.retain(|_, bucket| now.saturating_sub(bucket.at) < Duration::from_secs(60));
        }
        let bucket = buckets.all.entry((what, network(from))).or_insert(Bucket { left: full, at: now });
        let passed = u64::try_from(now.saturating_sub(bucket.at).as_millis()).unwrap_or(u64::MAX);
        bucket.left = bucket.left.saturating_add(passed.saturating_mul(rate.refill.into())).min(full);
        bucket.at = now;
        match bucket.left.checked_sub(1000) {
            Some(left) => {
                bucket.left = left;
                Ok(())
            }
            None => Err(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { burst: 3, refill: 2 };

    #[test]
    fn a_network_gets_its_burst_and_then_its_rate() {
        let (rates, from) = (Rates::default(), Some("192.0.2.1".parse().unwrap()));
        let neighbour = Some("192.0.2.200".parse().unwrap());
        let second = Duration::from_secs(1);
        for _ in 0..3 {
            assert_eq!(rates.take("x", from, RATE, second), Ok(()));
        }
        assert_eq!(rates.take("x", neighbour, RATE, second), Err(1));
        assert_eq!(rates.take("x", Some("198.51.100.1".parse().unwrap()), RATE, second), Ok(()));
        assert_eq!(rates.take("y", from, RATE, second), Ok(()));
        assert_eq!(rates.take("x", from, RATE, 2 * second), Ok(()));
        assert_eq!(rates.take("x", from, RATE, 2 * second), Ok(()));
        assert_eq!(rates.take("x", from, RATE, 2 * second), Err(1));
    }
}
