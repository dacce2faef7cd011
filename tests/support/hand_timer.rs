//! Waiting that ends when the test says so.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_gateway::port::Timer;
use tokio::sync::oneshot;

use crate::window::rest;

/// A timer whose time passes by [`HandTimer::pass`] alone.
#[derive(Default)]
pub struct HandTimer(Mutex<Hand>);

#[derive(Default)]
struct Hand {
    now: Duration,
    waits: Vec<Wait>,
}

struct Wait {
    asked: Duration,
    until: Duration,
    over: oneshot::Sender<()>,
}

impl HandTimer {
    /// Lets time pass; ends the waits that are over.
    pub fn pass(&self, time: Duration) {
        let mut hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hand.now += time;
        let now = hand.now;
        let (over, left) = hand.waits.drain(..).partition(|wait: &Wait| wait.until <= now);
        hand.waits = left;
        for wait in over {
            // Whoever waited may have gone.
            let _ = wait.over.send(());
        }
    }

    /// Returns when exactly `count` waits of this length are under way.
    ///
    /// # Panics
    /// When it does not come to that.
    pub fn until_waiting(&self, time: Duration, count: usize) {
        for _ in 0..2_000 {
            let hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let waiting = hand.waits.iter().filter(|wait| wait.asked == time && !wait.over.is_closed()).count();
            drop(hand);
            if waiting == count {
                return;
            }
            rest(Duration::from_millis(10));
        }
        let hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting: Vec<_> = hand.waits.iter().filter(|wait| !wait.over.is_closed()).map(|wait| wait.asked).collect();
        panic!("it did not come to {count} waits of {time:?}; there are {waiting:?}");
    }
}

impl Timer for HandTimer {
    fn wait(&self, time: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let (over, waiting) = oneshot::channel();
        let mut hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = hand.now + time;
        hand.waits.retain(|wait| !wait.over.is_closed());
        hand.waits.push(Wait { asked: time, until, over });
        Box::pin(async move {
            let _ = waiting.await;
        })
    }
}
