//! How much may be done for one picture, counted in looks at a pixel.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

/// Work that is left. One unit is about a nanosecond of a machine of today, so that a count stands for a time, and a
/// picture gets the same answer on a slow machine as on a fast one.
pub(super) struct Budget<'a> {
    left: Cell<u64>,
    spent: Cell<u64>,
    stop: &'a AtomicBool,
}

impl<'a> Budget<'a> {
    /// So many units, until `stop` is set.
    pub(super) fn new(units: u64, stop: &'a AtomicBool) -> Self {
        Self { left: Cell::new(units), spent: Cell::new(0), stop }
    }

    /// Pays for work that is about to be done; false when nothing is left for it, or when there was a call to stop.
    pub(super) fn pay(&self, units: usize) -> bool {
        let units = units as u64;
        if self.left.get() < units || self.stop.load(Ordering::Relaxed) {
            self.left.set(0);
            return false;
        }
        self.left.set(self.left.get() - units);
        self.spent.set(self.spent.get() + units);
        true
    }

    /// Whether nothing is left.
    pub(super) fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// What was paid: no more than there was.
    pub(super) fn spent(&self) -> u64 {
        self.spent.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_spent_twice() {
        let stop = AtomicBool::new(false);
        let budget = Budget::new(10, &stop);
        assert!(budget.pay(7) && !budget.is_spent());
        assert!(!budget.pay(4) && budget.is_spent());
        assert!(!budget.pay(1));
        assert_eq!(budget.spent(), 7);
    }

    #[test]
    fn a_call_to_stop_ends_it() {
        let stop = AtomicBool::new(false);
        let budget = Budget::new(10, &stop);
        stop.store(true, Ordering::Relaxed);
        assert!(!budget.pay(1) && budget.is_spent());
    }
}
