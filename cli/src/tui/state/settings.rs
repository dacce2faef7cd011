//! What can be set, and which values are offered.

use std::cmp::Ordering;

/// A line of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// After how long the vault locks itself.
    LockAfter,
    /// Whether it locks itself when another window is gone to.
    LockOnLeave,
    /// How long a copied code stays in the clipboard.
    Clipboard,
    /// The passphrase.
    Passphrase,
}

impl Setting {
    /// All of them, in the order in which they stand.
    pub const ALL: [Self; 4] = [Self::LockAfter, Self::LockOnLeave, Self::Clipboard, Self::Passphrase];
}

/// What is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// After so many seconds without a key the vault locks itself; `None`: never.
    pub lock_after: Option<u64>,
    /// Does it lock itself when another window is gone to?
    pub lock_on_leave: bool,
    /// How many seconds a copied code stays in the clipboard.
    pub clipboard: u32,
}

/// The times after which the vault may lock itself, in the order in which they are offered; the last is never.
const LOCK_AFTER: [Option<u64>; 6] = [Some(60), Some(120), Some(300), Some(900), Some(3600), None];

/// The seconds that a copied code may stay, in the order in which they are offered.
const CLIPBOARD: [u32; 5] = [10, 20, 30, 60, 120];

impl Settings {
    /// With the next value of a setting, or the one before; `None` for one that has no values.
    pub fn turned(self, setting: Setting, forward: bool) -> Option<Self> {
        let place = |after: Option<u64>| after.unwrap_or(u64::MAX);
        match setting {
            Setting::LockAfter => {
                let lock_after = turned(LOCK_AFTER, |after| place(after).cmp(&place(self.lock_after)), forward);
                Some(Self { lock_after, ..self })
            }
            Setting::LockOnLeave => Some(Self { lock_on_leave: !self.lock_on_leave, ..self }),
            Setting::Clipboard => {
                Some(Self { clipboard: turned(CLIPBOARD, |seconds| seconds.cmp(&self.clipboard), forward), ..self })
            }
            Setting::Passphrase => None,
        }
    }
}

/// The next of what is offered in ascending order, or the one before, round and round; `compare` holds one against what is
/// set now, which need not be among them.
fn turned<T: Copy, const N: usize>(all: [T; N], compare: impl Fn(T) -> Ordering, forward: bool) -> T {
    let (first, last) = (all[0], all[N - 1]);
    if forward {
        all.into_iter().find(|one| compare(*one).is_gt()).unwrap_or(first)
    } else {
        all.into_iter().rev().find(|one| compare(*one).is_lt()).unwrap_or(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_turned_round_and_round_also_from_a_value_of_ones_own() {
        let set = Settings { lock_after: Some(300), lock_on_leave: false, clipboard: 45 };
        let turned = |set: Settings, setting, forward| set.turned(setting, forward).unwrap();
        assert_eq!(turned(set, Setting::LockAfter, true).lock_after, Some(900));
        assert_eq!(turned(set, Setting::LockAfter, false).lock_after, Some(120));
        let never = Settings { lock_after: None, ..set };
        assert_eq!(turned(never, Setting::LockAfter, true).lock_after, Some(60));
        assert_eq!(turned(never, Setting::LockAfter, false).lock_after, Some(3600));
        let shortest = Settings { lock_after: Some(15), ..set };
        assert_eq!(turned(shortest, Setting::LockAfter, false).lock_after, None);
        assert_eq!(turned(set, Setting::Clipboard, true).clipboard, 60);
        assert_eq!(turned(set, Setting::Clipboard, false).clipboard, 30);
        assert!(turned(set, Setting::LockOnLeave, true).lock_on_leave);
        assert_eq!(set.turned(Setting::Passphrase, true), None);
    }
}
