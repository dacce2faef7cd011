//! When the vault locks itself, and when its passphrase should be typed again lest it is forgotten. These are rules:
//! shells have the timers.

use std::time::Duration;

use crate::error::{InputError, Named, Rule};
use crate::limits;

/// When the vault locks itself. What locks it first, locks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AutoLock {
    /// After so long without a touch: 15 seconds to a day; `None` for never.
    pub after: Option<Duration>,
    /// As soon as the person goes to another app.
    pub on_leave: bool,
    /// As soon as the screen goes off.
    pub on_screen_off: bool,
}

impl Default for AutoLock {
    /// After five minutes, and when the screen goes off.
    fn default() -> Self {
        Self { after: Some(Duration::from_secs(300)), on_leave: false, on_screen_off: true }
    }
}

impl AutoLock {
    /// This rule, where its time is one of those that are taken.
    ///
    /// # Errors
    /// [`InputError::Field`] for a time outside the limits, or one of parts of a second.
    pub fn checked(self) -> Result<Self, InputError> {
        let fits = |after: Duration| limits::AUTO_LOCK.contains(&after.as_secs()) && after.subsec_nanos() == 0;
        if self.after.is_none_or(fits) {
            return Ok(self);
        }
        Err(InputError::Field { field: Named::AutoLock, rule: Rule::Range })
    }

    /// As it stands in the book; 0 for never.
    pub(super) fn stored(after: u64, on_leave: bool, on_screen_off: bool) -> Option<Self> {
        let after = (after != 0).then(|| Duration::from_secs(after));
        Self { after, on_leave, on_screen_off }.checked().ok()
    }

    /// How long the vault stays open yet, `idle` after it was last touched; nothing when it is time to lock. `None` where
    /// time alone does not lock it.
    pub fn left(self, idle: Duration) -> Option<Duration> {
        Some(self.after?.saturating_sub(idle))
    }
}

/// Days without the passphrase after which it should be typed again, by how often it was remembered before.
const REMINDERS: [u64; 5] = [7, 14, 30, 60, 90];

/// Whether the passphrase should be typed again: it was `used` last, and `kept` that often before. A time that lies ahead is a
/// clock that was wrong, and tells nothing.
pub(super) fn is_reminder_due(used: u64, kept: u64, now: u64) -> bool {
    let days = REMINDERS[(kept as usize).min(REMINDERS.len() - 1)];
    now.saturating_sub(used) >= days * limits::DAY || used > now.saturating_add(limits::DAY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_taken_within_its_limits() {
        let (least, most) = (*limits::AUTO_LOCK.start(), *limits::AUTO_LOCK.end());
        let rule = |after| AutoLock { after, ..AutoLock::default() }.checked().is_ok();
        for (seconds, taken) in [(least - 1, false), (least, true), (most, true), (most + 1, false), (0, false)] {
            assert_eq!(rule(Some(Duration::from_secs(seconds))), taken, "{seconds}");
        }
        assert!(rule(None) && !rule(Some(Duration::from_millis(20_500))));
        assert_eq!(AutoLock::stored(0, true, false).and_then(|rule| rule.after), None);
        assert!(AutoLock::stored(1, true, false).is_none());
    }

    #[test]
    fn what_is_left_ends_at_nothing() {
        let rule = AutoLock::default();
        let left = |idle| rule.left(Duration::from_secs(idle)).unwrap().as_secs();
        assert_eq!([left(0), left(299), left(300), left(9_000)], [300, 1, 0, 0]);
        assert_eq!(AutoLock { after: None, ..rule }.left(Duration::MAX), None);
    }

    #[test]
    fn reminders_come_later_and_later() {
        let day = limits::DAY;
        let due = |kept| (0..200).find(|days| is_reminder_due(1_000, kept, 1_000 + days * day)).unwrap();
        assert_eq!([due(0), due(1), due(2), due(3), due(4), due(99)], [7, 14, 30, 60, 90, 90]);
        assert!(!is_reminder_due(5_000, 0, 4_000), "a clock that was set back a little tells nothing");
        assert!(is_reminder_due(10 * day, 0, 2 * day), "one that was days ahead is not believed for ever");
    }
}
