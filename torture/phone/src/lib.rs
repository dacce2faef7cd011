//! `countersign_core` over shuttle's locks. `build.rs` copies its sources; nothing of them stands here.

/// What the sources take for `std::sync`.
pub mod threads {
    use std::sync::atomic::AtomicBool;

    pub use shuttle::sync::{Arc, Mutex, MutexGuard, atomic};
    pub use std::sync::{PoisonError, TryLockError};

    /// Whether the broken variants run: a lock held across a port call.
    pub static BROKEN: AtomicBool = AtomicBool::new(false);

    /// Keeps a lock where the broken variant does.
    pub fn kept<T>(guard: T) -> Option<T> {
        BROKEN.load(std::sync::atomic::Ordering::Relaxed).then_some(guard)
    }
}

include!(concat!(env!("OUT_DIR"), "/core/lib.rs"));
