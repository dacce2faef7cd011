//! The gateway's own waiting, in the form that hyper asks for.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::rt::{Sleep, Timer as HyperTimer};

use crate::port::Timer;

/// Waits by the gateway's port. Its «now» stands still, so a deadline is how long after being asked.
pub(super) struct Deadline {
    timer: Arc<dyn Timer>,
    zero: Instant,
}

impl Deadline {
    #[expect(clippy::disallowed_methods, reason = "any moment does: only what lies between two of them is used")]
    pub(super) fn new(timer: Arc<dyn Timer>) -> Self {
        Self { timer, zero: Instant::now() }
    }
}

impl HyperTimer for Deadline {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        Box::pin(Waiting(Mutex::new(self.timer.wait(duration))))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        self.sleep(deadline.saturating_duration_since(self.zero))
    }

    fn now(&self) -> Instant {
        self.zero
    }
}

/// hyper wants what it waits on to be shareable between threads; nobody ever locks this.
struct Waiting(Mutex<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Sleep for Waiting {}

impl Future for Waiting {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.get_mut().0.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll(context)
    }
}
