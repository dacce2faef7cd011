//! What `App` says, handed on to a loop.

use std::sync::mpsc::Sender;

use countersign_core::port::{Observer, Topic};

/// Sends each topic as what the loop takes.
pub struct Ear<T> {
    to: Sender<T>,
    as_message: fn(Topic) -> T,
}

impl<T> Ear<T> {
    /// Sends to `to` what `as_message` makes of a topic.
    pub fn new(to: Sender<T>, as_message: fn(Topic) -> T) -> Self {
        Self { to, as_message }
    }
}

impl<T: Send> Observer for Ear<T> {
    fn changed(&self, topic: Topic) {
        // The loop is gone only when the program ends.
        let _ = self.to.send((self.as_message)(topic));
    }
}
