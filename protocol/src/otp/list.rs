//! The codes of a whole list of accounts, kept while they live.

use std::borrow::Borrow;
use std::ops::Range;

use super::totp::at_step;
use super::{Code, Shape};
use crate::Secret;

/// What one TOTP account shows: its code, the one after it, and when they change.
#[derive(Debug, Clone)]
pub struct Live {
    /// The code of now.
    pub code: Code,
    /// The code after it, for «next».
    pub next: Code,
    /// The seconds since 1970 in which `code` is the code of now.
    pub valid: Range<u64>,
    shape: Shape,
}

impl Live {
    /// What the account shows at this moment.
    pub fn at(seed: &Secret, shape: Shape, unix: u64) -> Self {
        let step = shape.period.step(unix);
        let (code, next) = (at_step(seed, step, shape), at_step(seed, step.saturating_add(1), shape));
        Self { code, next, valid: seconds_of(step, shape), shape }
    }

    /// Moves on to `unix`. Within the same period nothing is computed; one period later the next code becomes the code,
    /// and one HMAC makes the new next.
    fn advance(&mut self, seed: &Secret, unix: u64) {
        if self.valid.contains(&unix) {
            return;
        }
        let step = self.shape.period.step(unix);
        if self.valid.end > self.valid.start && self.shape.period.step(self.valid.end) == step {
            self.code = self.next;
            self.next = at_step(seed, step.saturating_add(1), self.shape);
            self.valid = seconds_of(step, self.shape);
        } else {
            *self = Self::at(seed, self.shape, unix);
        }
    }
}

fn seconds_of(step: u64, shape: Shape) -> Range<u64> {
    let period = u64::from(shape.period.seconds());
    let start = step.saturating_mul(period);
    start..start.saturating_add(period)
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
    /// `accounts` is every account in order: seed and settings, or `None` for one whose code does not follow the clock
    /// (HOTP). It is not looked at before the next change. After any account was added, removed, moved or edited, call
    /// [`clear`](Self::clear) first: rows are known by their place.
    pub fn refresh<S: Borrow<Secret>>(
        &mut self,
        unix: u64,
        accounts: impl IntoIterator<Item = Option<(S, Shape)>>,
    ) -> bool {
        if self.valid.contains(&unix) {
            return false;
        }
        let mut count = 0;
        for (place, account) in accounts.into_iter().enumerate() {
            count = place + 1;
            let Some(row) = self.rows.get_mut(place) else {
                self.rows.push(account.map(|(seed, shape)| Live::at(seed.borrow(), shape, unix)));
                continue;
            };
            match (row.as_mut(), account) {
                (Some(live), Some((seed, shape))) if live.shape == shape => live.advance(seed.borrow(), unix),
                (_, account) => *row = account.map(|(seed, shape)| Live::at(seed.borrow(), shape, unix)),
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

    use super::super::{Algorithm, Digits, Period, totp};
    use super::*;

    /// Accounts of many periods; every seventh is HOTP.
    fn accounts(count: usize) -> Vec<Option<(Secret, Shape)>> {
        let account = |place: usize| {
            let period = Period::try_from([30, 30, 15, 60, 120, 7, 86_400][place % 7] as u64).unwrap();
            let shape = Shape { period, algorithm: Algorithm::ALL[place % 3], digits: Digits::SIX };
            (place % 7 != 5).then(|| (Secret::new(vec![place as u8; 20]), shape))
        };
        (0..count).map(account).collect()
    }

    fn borrowed(accounts: &[Option<(Secret, Shape)>]) -> impl Iterator<Item = Option<(&Secret, Shape)>> {
        accounts.iter().map(|account| account.as_ref().map(|(seed, shape)| (seed, *shape)))
    }

    fn check(list: &List, accounts: &[Option<(Secret, Shape)>], unix: u64) {
        assert_eq!(list.rows().len(), accounts.len());
        for (row, account) in list.rows().iter().zip(accounts) {
            let (Some(row), Some((seed, shape))) = (row, account) else {
                assert!(row.is_none() && account.is_none());
                continue;
            };
            let code = |unix| totp(seed, unix, shape.algorithm, shape.digits, shape.period).to_string();
            assert_eq!(row.code.to_string(), code(unix));
            assert_eq!(row.next.to_string(), code(unix + u64::from(shape.period.seconds())));
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
        assert_eq!((looked.take(), list.next_change()), (20, Some(start + 15)));
        for unix in start..start + 15 {
            assert!(!list.refresh(unix, counted()));
        }
        assert_eq!(looked.take(), 0);
        assert!(list.refresh(start + 15, counted()));
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
        list.refresh(1000, [None::<(Secret, Shape)>, None]);
        assert_eq!((list.rows().len(), list.next_change()), (2, None));
        assert!(!list.refresh(u64::MAX - 1, [None::<(Secret, Shape)>, None]));
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
