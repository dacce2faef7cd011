//! When the vault locks itself. The shell has the timers and hears of the screen; this says when it is time.

use std::time::Duration;

use super::{App, LockState, lock};
use crate::error::Error;
#[cfg(doc)]
use crate::error::{InputError, PortError};
use crate::vault::AutoLock;

impl App {
    /// When the unlocked vault locks itself.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn auto_lock(&self) -> Result<AutoLock, Error> {
        self.state()?.safe.vault()?.auto_lock()
    }

    /// Changes when the vault locks itself; it is kept in the vault, sealed.
    ///
    /// # Errors
    /// [`InputError::Field`] for a time outside 15 seconds to a day; [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn set_auto_lock(&self, rule: AutoLock) -> Result<(), Error> {
        self.state()?.safe.vault()?.set_auto_lock(rule)
    }

    /// The person touched the app: time begins anew.
    pub fn touched(&self) {
        *lock(&self.touched) = (self.ports.clock.monotonic(), self.ports.clock.now());
    }

    /// How long the vault stays open yet if nobody touches the app: when to call [`App::lock_if_due`]. `None` while it is
    /// locked, or where time alone does not lock it.
    pub fn lock_due(&self) -> Option<Duration> {
        if self.lock_state() != LockState::Open {
            return None;
        }
        self.auto_lock().ok()?.left(self.idle())
    }

    /// Locks the vault where it is time to; whether it did.
    pub fn lock_if_due(&self) -> bool {
        self.lock_where(self.lock_due().is_some_and(|left| left.is_zero()))
    }

    /// The person went to another app. Locks the vault where its rule says so; whether it did.
    pub fn left(&self) -> bool {
        self.lock_where(self.auto_lock().is_ok_and(|rule| rule.on_leave))
    }

    /// The screen went off. Locks the vault where its rule says so; whether it did.
    pub fn screen_off(&self) -> bool {
        self.lock_where(self.auto_lock().is_ok_and(|rule| rule.on_screen_off))
    }

    fn lock_where(&self, due: bool) -> bool {
        if due {
            self.lock();
        }
        due
    }

    /// How long nobody touched the app. Where a clock stops while the device sleeps, the time of day goes on; where somebody
    /// sets that one back, the other goes on.
    fn idle(&self) -> Duration {
        let (monotonic, now) = *lock(&self.touched);
        let by_day = Duration::from_secs(self.ports.clock.now().saturating_sub(now));
        self.ports.clock.monotonic().saturating_sub(monotonic).max(by_day)
    }
}
