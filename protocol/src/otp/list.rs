//! The codes of a whole list of accounts, kept while they live.

use std::borrow::Borrow;
use std::ops::Range;

use super::{Code, Timed};
use crate::Secret;

/// What one account that follows the clock shows: its code, the one after it, and when they change.
#[derive(Debug, Clone)]
pub struct Live {
    /// The code of now.
    pub code: Code,
    /// The code after it, for «next».
    pub next: Code,
    /// The seconds since 1970 in which `code` is the code of now.
    pub valid: Range<u64>,
    timed: Timed,
}

impl Live {
    /// What the account shows at this moment under the key that its kind has.
    pub fn at(key: &Secret, timed: Timed, unix: u64) -> Self {
        let period = timed.period();
        let step = period.step(unix);
        let [code, next] = timed.at_step_and_next(key, step);
        Self { code, next, valid: period.span(step), timed }
    }

    /// The seconds since 1970 in which `next` will be the code of now.
    pub fn next_valid(&self) -> Range<u64> {
        self.valid.end..self.valid.end.saturating_add(self.timed.period().seconds().into())
    }

    /// Moves on to `unix`. Within the same period nothing is computed; one period later the next code becomes the code,
    /// and one HMAC makes the new next.
    fn advance(&mut self, key: &Secret, unix: u64) {
        if self.valid.contains(&unix) {
            return;
        }
        let period = self.timed.period();
        let step = period.step(unix);
        if self.valid.end > self.valid.start && period.step(self.valid.end) == step {
            self.code = self.next;
            self.next = self.timed.at_step(key, step.saturating_add(1));
            self.valid = period.span(step);
        } else {
            *self = Self::at(key, self.timed, unix);
        }
    }
}

/// The codes of a list of accounts, in its order. Asking again before the next change costs one comparison.
///
/// ```
/// use countersign_protocol::Secret;
/// use countersign_protocol::otp::{List, Shape};
///
/// let seeds = [Secret::from_slice(b"12345678901234567890")];
/// let mut list = List::default();
/// let rows = || seeds.iter().map(|seed| Some((seed, Shape::default())));
/// assert!(list.refresh(59, rows()));
/// assert_eq!(list.rows()[0].as_ref().unwrap().code.to_string(), "287082");
/// assert_eq!(list.next_change(), Some(60));
/// ```
#[derive(Debug, Default)]
pub struct List {
    rows: Vec<Option<Live>>,
    /// The seconds in which no row changes; empty when nothing is known.
    valid: Range<u64>,
}

impl List {
    /// Brings every row to this moment, and says whether any could have changed since the last call.
    ///
    /// `accounts` is every account in order: key and settings, or `None` for one whose code does not follow the clock
    /// (HOTP). It is not looked at before the next change. After any account was added, removed, moved or edited, call
    /// [`clear`](Self::clear) first: rows are known by their place.
    pub fn refresh<K: Borrow<Secret>, T: Into<Timed>>(
        &mut self,
        unix: u64,
        accounts: impl IntoIterator<Item = Option<(K, T)>>,
    ) -> bool {
        if self.valid.contains(&unix) {
            return false;
        }
        let mut count = 0;
        let accounts = accounts.into_iter();
        // Told by the list itself, which is in memory: no number from outside.
        self.rows.reserve(accounts.size_hint().0.saturating_sub(self.rows.len()));
        for (place, account) in accounts.enumerate() {
            count = place + 1;
            let account = account.map(|(key, timed)| (key, timed.into()));
            let Some(row) = self.rows.get_mut(place) else {
                self.rows.push(account.map(|(key, timed)| Live::at(key.borrow(), timed, unix)));
                continue;
            };
            match (row.as_mut(), account) {
                (Some(live), Some((key, timed))) if live.timed == timed => live.advance(key.borrow(), unix),
                (_, account) => *row = account.map(|(key, timed)| Live::at(key.borrow(), timed, unix)),
            }
        }
        self.rows.truncate(count);
        let live = || self.rows.iter().flatten();
        let start = live().map(|row| row.valid.start).max().unwrap_or(0);
        self.valid = start..live().map(|row| row.valid.end).min().unwrap_or(u64::MAX);
        true
    }

    /// What each account shows, as of the last [`refresh`](Self::refresh); `None` for one that does not follow the clock.
    pub fn rows(&self) -> &[Option<Live>] {
        &self.rows
    }

    /// When the first row changes, in seconds since 1970; `None` while no row follows the clock.
    pub fn next_change(&self) -> Option<u64> {
        self.rows.iter().any(Option::is_some).then_some(self.valid.end)
    }

    /// Forgets all codes: the list of accounts is another one now.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.valid = 0..0;
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::super::{Algorithm, Digits, Period, Shape};
    use super::*;

    /// Accounts of every kind and many periods, one in nine counted from another start; every ninth is HOTP.
    fn accounts(count: usize) -> Vec<Option<(Secret, Timed)>> {
        let account = |place: usize| {
            let period = Period::try_from([30, 30, 15, 60, 120, 7, 86_400, 30, 30][place % 9] as u64).unwrap();
            let period = if place % 9 == 4 { period.counted_from(1_799_999_999).unwrap() } else { period };
            let shape = Shape { period, algorithm: Algorithm::ALL[place % 3], digits: Digits::SIX };
            let timed = match place % 9 {
                5 => return None,
                6 => Timed::MOtp,
                7 => Timed::Yandex,
                8 => Timed::Steam,
                _ => Timed::Totp(shape),
            };
            Some((Secret::new(vec![place as u8; 20]), timed))
        };
        (0..count).map(account).collect()
    }

    fn borrowed(accounts: &[Option<(Secret, Timed)>]) -> impl Iterator<Item = Option<(&Secret, Timed)>> {
        accounts.iter().map(|account| account.as_ref().map(|(key, timed)| (key, *timed)))
    }

    fn check(list: &List, accounts: &[Option<(Secret, Timed)>], unix: u64) {
        assert_eq!(list.rows().len(), accounts.len());
        for (row, account) in list.rows().iter().zip(accounts) {
            let (Some(row), Some((key, timed))) = (row, account) else {
                assert!(row.is_none() && account.is_none());
                continue;
            };
            assert_eq!(row.code.to_string(), timed.code(key, unix).to_string());
            assert_eq!(row.next.to_string(), timed.code(key, row.valid.end).to_string());
            assert!(row.valid.contains(&unix));
        }
    }

    #[test]
    fn every_second_and_every_jump_shows_the_right_codes() {
        let accounts = accounts(50);
        let mut list = List::default();
        let start = 1_800_000_000;
        let seconds = (start..start + 130).chain([start, start + 86_400, start + 86_401, 5, 0, start * 2, start]);
        for unix in seconds {
            list.refresh(unix, borrowed(&accounts));
            check(&list, &accounts, unix);
        }
    }

    #[test]
    fn nothing_is_looked_at_before_the_next_change() {
        let accounts = accounts(20);
        let looked = Cell::new(0);
        let counted = || borrowed(&accounts).inspect(|_| looked.set(looked.get() + 1));
        let mut list = List::default();
        let start = 1_800_000_000;
        assert!(list.refresh(start, counted()));
        assert_eq!((looked.take(), list.next_change()), (20, Some(start + 10)));
        for unix in start..start + 10 {
            assert!(!list.refresh(unix, counted()));
        }
        assert_eq!(looked.take(), 0);
        assert!(list.refresh(start + 10, counted()));
        assert!(list.refresh(start, counted()), "a clock set back is followed");
        check(&list, &accounts, start);
    }

    #[test]
    fn a_cleared_list_takes_other_accounts() {
        let (many, mut few) = (accounts(9), accounts(9));
        few.remove(0);
        let mut list = List::default();
        list.refresh(1000, borrowed(&many));
        list.clear();
        assert_eq!(list.next_change(), None);
        list.refresh(1000, borrowed(&few));
        check(&list, &few, 1000);
    }

    #[test]
    fn a_list_without_clocks_never_changes() {
        let mut list = List::default();
        list.refresh(1000, [None::<(Secret, Timed)>, None]);
        assert_eq!((list.rows().len(), list.next_change()), (2, None));
        assert!(!list.refresh(u64::MAX - 1, [None::<(Secret, Timed)>, None]));
        let mut empty = List::default();
        empty.refresh(0, borrowed(&[]));
        assert_eq!(empty.next_change(), None);
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        let accounts = accounts(10);
        let mut list = List::default();
        for unix in [0, u64::MAX, u64::MAX - 1, 1] {
            list.refresh(unix, borrowed(&accounts));
            assert_eq!(list.rows().len(), 10);
        }
    }
}
