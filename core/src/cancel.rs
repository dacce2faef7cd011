//! Cancelling as a value: the caller keeps one half, the long call looks at the other.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::PortError;

/// Asks a long call to stop. Clones share one state; once cancelled it stays cancelled.
///
/// ```
/// use countersign_core::cancel::Cancel;
/// let cancel = Cancel::default();
/// let for_the_call = cancel.clone();
/// cancel.cancel();
/// assert!(for_the_call.check().is_err());
/// ```
#[derive(Clone, Default)]
pub struct Cancel(Arc<Shared>);

#[derive(Default)]
struct Shared {
    cancelled: AtomicBool,
    waiting: Mutex<Waiting>,
}

type Callback = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Waiting {
    next: u64,
    callbacks: Vec<(u64, Callback)>,
}

impl Cancel {
    /// Asks the call to stop and wakes what waits in [`Cancel::on_cancel`]. Safe to call twice.
    pub fn cancel(&self) {
        let callbacks = {
            let mut waiting = self.waiting();
            self.0.cancelled.store(true, Ordering::Release);
            std::mem::take(&mut waiting.callbacks)
        };
        callbacks.into_iter().for_each(|(_, callback)| callback());
    }

    /// Whether [`Cancel::cancel`] was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::Acquire)
    }

    /// Stops a call where stopping is safe: `cancel.check()?`.
    ///
    /// # Errors
    /// [`PortError::Cancelled`] once cancelled.
    pub fn check(&self) -> Result<(), PortError> {
        if self.is_cancelled() { Err(PortError::Cancelled) } else { Ok(()) }
    }

    /// Runs `callback` when cancelled: at once if that has happened already. It is forgotten when the
    /// returned guard is dropped, so a call that has ended is not woken by a later cancel.
    #[must_use = "dropping the guard forgets the callback"]
    pub fn on_cancel(&self, callback: impl FnOnce() + Send + 'static) -> OnCancel {
        let mut waiting = self.waiting();
        if self.is_cancelled() {
            drop(waiting);
            callback();
            return OnCancel { cancel: self.clone(), id: None };
        }
        let id = waiting.next;
        waiting.next += 1;
        waiting.callbacks.push((id, Box::new(callback)));
        OnCancel { cancel: self.clone(), id: Some(id) }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Cancel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cancel").field(&self.is_cancelled()).finish()
    }
}

/// Keeps a callback of [`Cancel::on_cancel`] registered.
#[derive(Debug)]
pub struct OnCancel {
    cancel: Cancel,
    id: Option<u64>,
}

impl Drop for OnCancel {
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        self.cancel.waiting().callbacks.retain(|(other, _)| *other != id);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    fn counter() -> (Arc<AtomicU32>, impl FnOnce() + Send + 'static) {
        let count = Arc::new(AtomicU32::new(0));
        let inside = count.clone();
        (count, move || {
            inside.fetch_add(1, Ordering::SeqCst);
        })
    }

    #[test]
    fn a_clone_sees_the_cancel() {
        let cancel = Cancel::default();
        let other = cancel.clone();
        assert_eq!(other.check(), Ok(()));
        cancel.cancel();
        assert_eq!(other.check(), Err(PortError::Cancelled));
    }

    #[test]
    fn a_callback_runs_once_however_often_it_is_cancelled() {
        let cancel = Cancel::default();
        let (count, callback) = counter();
        let _guard = cancel.on_cancel(callback);
        cancel.cancel();
        cancel.cancel();
        assert_eq!(count.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_late_callback_runs_at_once_and_a_forgotten_one_never() {
        let cancel = Cancel::default();
        let (forgotten, callback) = counter();
        drop(cancel.on_cancel(callback));
        cancel.cancel();
        assert_eq!(forgotten.load(Ordering::SeqCst), 0);
        let (late, callback) = counter();
        drop(cancel.on_cancel(callback));
        assert_eq!(late.load(Ordering::SeqCst), 1);
    }
}
