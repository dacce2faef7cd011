//! Tells held requests that the gateway stops.

use tokio::sync::watch;

/// A switch that goes from running to stopping, once.
#[derive(Clone)]
pub struct Stopping(watch::Sender<bool>);

impl Default for Stopping {
    fn default() -> Self {
        Self(watch::Sender::new(false))
    }
}

impl Stopping {
    /// Tells everybody.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }

    /// Whether the gateway stops.
    pub fn has_begun(&self) -> bool {
        *self.0.borrow()
    }

    /// Ends when the gateway stops; at once if it does already.
    pub async fn begun(&self) {
        // The sender lives as long as `self`, so waiting cannot fail.
        drop(self.0.subscribe().wait_for(|stopping| *stopping).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn those_who_wait_and_those_who_come_later_are_told() {
        let stopping = Stopping::default();
        let waiting = tokio::spawn({
            let stopping = stopping.clone();
            async move { stopping.begun().await }
        });
        assert!(!stopping.has_begun());
        stopping.begin();
        assert!(waiting.await.is_ok());
        stopping.begun().await;
        assert!(stopping.has_begun());
    }
}
