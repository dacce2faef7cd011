//! As much of `tokio::sync::watch` as the wake list uses, over loom's lock: its own crate explores the real one.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};

use crate::loomed::Mutex;

struct Shared {
    version: u64,
    waiting: Vec<Waker>,
}

/// The half that tells.
pub struct Sender<T>(Arc<Mutex<Shared>>, T);

/// The half that is told.
pub struct Receiver<T> {
    shared: Arc<Mutex<Shared>>,
    seen: u64,
    _value: std::marker::PhantomData<T>,
}

impl<T> Sender<T> {
    pub fn new(value: T) -> Self {
        Self(Arc::new(Mutex::new(Shared { version: 0, waiting: Vec::new() })), value)
    }

    pub fn send_replace(&self, _: T) {
        let waiting = {
            let mut shared = self.0.lock().unwrap();
            shared.version += 1;
            std::mem::take(&mut shared.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    pub fn subscribe(&self) -> Receiver<T> {
        let seen = self.0.lock().unwrap().version;
        Receiver { shared: self.0.clone(), seen, _value: std::marker::PhantomData }
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Receiver<T> {
    pub async fn changed(&mut self) {
        poll_fn(|context| {
            let mut shared = self.shared.lock().unwrap();
            if shared.version != self.seen {
                self.seen = shared.version;
                return Poll::Ready(());
            }
            shared.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
