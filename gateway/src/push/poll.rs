//! The poll: what a device is to know, now or when it changes (`push-v1.md` §8).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_protocol::jose::Id;
use countersign_protocol::push::{Echo, State};

use super::Phones;
use super::reply::Refusal;
use super::state::{Held, Look};
use crate::house::House;
use crate::wake::{Ended, Topic};

/// Which poll of a device, or which stream of events, is the newest.
#[derive(Default)]
pub struct Newest {
    /// Goes up with each, of whichever device: a number is never given twice, so an older one that has not noticed yet that
    /// it is not the newest is never taken for a later one.
    last: AtomicU64,
    newest: Mutex<HashMap<Id, u64>>,
}

impl Newest {
    /// Begins one; every older one of this device is not the newest any more.
    pub fn begin(&self, did: Id) -> u64 {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        newest.insert(did, number);
        number
    }

    /// Whether it still is the newest.
    pub fn is(&self, did: Id, number: u64) -> bool {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner).get(&did) == Some(&number)
    }

    /// Forgets a device whose newest one has ended.
    pub fn end(&self, did: Id, number: u64) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if newest.get(&did) == Some(&number) {
            newest.remove(&did);
        }
    }
}

impl Phones {
    /// Answers a poll of a proven device: at once when what it holds differs, else when that changes or the wait is over.
    ///
    /// # Errors
    /// [`Refusal::Gone`] when the device goes meanwhile; [`Refusal::Busy`].
    pub async fn poll(&self, house: &Arc<House>, did: Id, echo: Echo) -> Result<State, Refusal> {
        let number = self.inner.polls.begin(did);
        self.inner.wakes.wake(Topic::Device(did));
        let held = self.hold(house, did, &echo, number).await;
        self.inner.polls.end(did, number);
        held
    }

    async fn hold(&self, house: &Arc<House>, did: Id, echo: &Echo, number: u64) -> Result<State, Refusal> {
        let seen: Vec<Id> = echo.seen.iter().copied().filter(|id| echo.have.contains(id)).collect();
        if !seen.is_empty() {
            let phones = self.clone();
            house.run(move |_| phones.inner.approvals.delivered(did, seen).map_err(Refusal::from)).await?;
        }
        let holds = held(echo);
        let began = self.inner.clock.monotonic();
        let wait = Duration::from_secs(echo.wait.get().into());
        let mut left = wait;
        loop {
            let mut listening = self.inner.wakes.listen(Topic::Device(did));
            let Look { state, soonest } = self.look_aside(house, did, echo.have.to_vec()).await?;
            let over = left.is_zero() || !self.inner.polls.is(did, number);
            if over || Held::of(&state) != holds {
                return Ok(state);
            }
            // Nothing wakes a poll when an approval runs out, so it looks again then.
            let slice = soonest.map_or(left, |end| left.min(Duration::from_secs(end.saturating_sub(state.now) + 1)));
            match listening.wait(slice, &*house.timer, house.stopping.begun()).await {
                Ended::Stop => left = Duration::ZERO,
                // The clock of a test may stand still; what was waited is over in any case.
                Ended::Time => left = left.saturating_sub(slice),
                Ended::Woken => {}
            }
            let passed = self.inner.clock.monotonic().saturating_sub(began);
            left = left.min(wait.saturating_sub(passed));
        }
    }
}

/// The four that a device repeats.
fn held(echo: &Echo) -> Held {
    let mut have = echo.have.to_vec();
    have.sort_unstable();
    Held { have, device: echo.device, meta: echo.meta, joining: echo.joining }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DID: Id = Id::from_bytes([1; 16]);

    #[test]
    fn an_older_one_that_has_not_noticed_yet_is_not_the_newest_again() {
        let newest = Newest::default();
        let first = newest.begin(DID);
        let second = newest.begin(DID);
        assert_eq!([first, second].map(|number| newest.is(DID, number)), [false, true]);
        newest.end(DID, second);
        let third = newest.begin(DID);
        assert_eq!([first, second, third].map(|number| newest.is(DID, number)), [false, false, true]);
        newest.end(DID, first);
        assert!(newest.is(DID, third), "nor does the end of an older one end the newest");
        newest.end(DID, third);
        assert!(newest.newest.lock().unwrap().is_empty(), "what has ended is forgotten");
    }
}
