//! Waking what waits inside this process: a held page, a held poll.
//!
//! A waiter listens *before* it looks, looks, and only then waits; a change that falls between looking and waiting is
//! therefore never missed. Nothing is decided here: who wakes looks at the store again, so a wake too many costs a look
//! and a wake too few is mended by the end of the hold.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use countersign_protocol::jose::Id;
use tokio::sync::watch;

use crate::port::Timer;

/// What a waiter waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// A change of this approval.
    Approval(Id),
    /// A change of what this device would be told.
    Device(Id),
    /// A change of this enrolment code.
    Code(Id),
}

/// Who waits for what.
#[derive(Default)]
pub struct Wakes(Mutex<HashMap<Topic, Weak<watch::Sender<()>>>>);

/// Entries from which those without a waiter are dropped.
const SWEEP: usize = 1024;

impl Wakes {
    /// Begins to listen: whatever happens from now on ends the next [`Listening::wait`].
    pub fn listen(&self, topic: Topic) -> Listening {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() >= SWEEP && waiting.len().is_power_of_two() {
            waiting.retain(|_, sender| sender.strong_count() > 0);
        }
        let entry = waiting.entry(topic).or_default();
        let sender = entry.upgrade().unwrap_or_else(|| {
            let new = Arc::new(watch::Sender::new(()));
            *entry = Arc::downgrade(&new);
            new
        });
        Listening { receiver: sender.subscribe(), _sender: sender }
    }

    /// Wakes all that listen to `topic`.
    pub fn wake(&self, topic: Topic) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = waiting.get(&topic).and_then(Weak::upgrade) {
            sender.send_replace(());
        }
    }

    /// Whether anybody listens to `topic`.
    pub fn is_waited_for(&self, topic: Topic) -> bool {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.get(&topic).is_some_and(|sender| sender.strong_count() > 0)
    }

    /// Wakes all that wait: something changed that concerns everybody.
    pub fn wake_all(&self) {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.values().filter_map(Weak::upgrade).for_each(|sender| sender.send_replace(()));
    }
}

/// Why a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Something happened since listening began.
    Woken,
    /// The time is over.
    Time,
    /// The gateway stops.
    Stop,
}

/// One waiter.
pub struct Listening {
    receiver: watch::Receiver<()>,
    _sender: Arc<watch::Sender<()>>,
}

impl Listening {
    /// Waits until woken, until `stop` ends, or for `time`.
    pub async fn wait(&mut self, time: Duration, timer: &dyn Timer, stop: impl Future<Output = ()>) -> Ended {
        tokio::select! {
            // The sender lives as long as `self`, so this cannot fail.
            _ = self.receiver.changed() => Ended::Woken,
            () = stop => Ended::Stop,
            () = timer.wait(time) => Ended::Time,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;
    use crate::port::machine::MachineTimer;

    const LONG: Duration = Duration::from_secs(600);
    const TOPIC: Topic = Topic::Approval(Id::from_bytes([1; 16]));

    #[tokio::test]
    async fn a_wake_between_looking_and_waiting_is_not_missed() {
        let wakes = Wakes::default();
        let mut listening = wakes.listen(TOPIC);
        wakes.wake(TOPIC);
        assert_eq!(listening.wait(LONG, &MachineTimer, pending()).await, Ended::Woken);
    }

    #[tokio::test]
    async fn everybody_who_listens_is_woken_and_another_topic_wakes_nobody() {
        let wakes = Wakes::default();
        let (mut one, mut two) = (wakes.listen(TOPIC), wakes.listen(TOPIC));
        let mut other = wakes.listen(Topic::Device(Id::from_bytes([1; 16])));
        wakes.wake(TOPIC);
        assert_eq!(one.wait(LONG, &MachineTimer, pending()).await, Ended::Woken);
        assert_eq!(two.wait(LONG, &MachineTimer, pending()).await, Ended::Woken);
        assert_eq!(other.wait(Duration::from_millis(5), &MachineTimer, pending()).await, Ended::Time);
    }

    #[tokio::test]
    async fn a_stop_ends_the_wait() {
        let wakes = Wakes::default();
        assert_eq!(wakes.listen(TOPIC).wait(LONG, &MachineTimer, ready(())).await, Ended::Stop);
    }

    #[test]
    fn what_nobody_waits_for_is_forgotten() {
        let wakes = Wakes::default();
        for number in 0..(2 * SWEEP as u128) {
            drop(wakes.listen(Topic::Device(Id::from_bytes(number.to_be_bytes()))));
        }
        assert!(wakes.0.lock().unwrap().len() <= SWEEP);
    }
}
