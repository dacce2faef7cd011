//! Moments and deadlines by two clocks: the wall for what people and phones are told, the monotonic one so that a step back of
//! the wall clock never revives what has ended.

use crate::port::Clock;

/// A moment by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Unix seconds.
    pub now: u64,
    /// Which run of the gateway `mono` belongs to.
    pub run: i64,
    /// Milliseconds of the monotonic clock of this run.
    pub mono: i64,
}

impl Moment {
    /// This moment, in the run of the gateway that has this number.
    pub fn of(clock: &dyn Clock, run: i64) -> Self {
        let mono = i64::try_from(clock.monotonic().as_millis()).unwrap_or(i64::MAX);
        Self { now: clock.now(), run, mono }
    }

    /// The monotonic clock's reading so many seconds later.
    pub fn mono_after(&self, seconds: u64) -> i64 {
        let millis = i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX);
        self.mono.saturating_add(millis)
    }

    /// Whether less than `seconds` have passed since `then`, by each clock that can tell. `then` ahead of this moment
    /// is not within: the wall clock was set back, and nobody knows how long ago it was.
    pub fn is_within(&self, seconds: u64, then: &Self) -> bool {
        let by_wall = self.now.checked_sub(then.now).is_some_and(|age| age < seconds);
        by_wall && !self.has_run(seconds, then)
    }

    /// Whether the monotonic clock says that `seconds` have passed since `then`. It cannot tell of another run.
    pub fn has_run(&self, seconds: u64, then: &Self) -> bool {
        self.run == then.run && self.mono >= then.mono_after(seconds)
    }

    /// This second of the wall clock, outside of every run of the gateway: for what a command does, and for what another run
    /// will look at. What ends by the monotonic clock is judged by the wall clock alone.
    pub fn outside(now: u64) -> Self {
        Self { now, run: i64::MIN, mono: 0 }
    }
}

/// Until when something counts, by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    /// The last second, in Unix time.
    pub at: u64,
    /// Which run of the gateway `mono` belongs to.
    pub run: i64,
    /// The last millisecond of that run's monotonic clock.
    pub mono: i64,
}

impl Deadline {
    /// So many seconds after a moment.
    pub fn after(seconds: u64, from: &Moment) -> Self {
        Self { at: from.now.saturating_add(seconds), run: from.run, mono: from.mono_after(seconds) }
    }

    /// Whether it is not over, by each clock that can tell. In SQL: `lasts!`.
    pub fn lasts(&self, at: &Moment) -> bool {
        at.now <= self.at && (at.run != self.run || at.mono <= self.mono)
    }
}

/// [`Deadline::lasts`] as a condition in SQL, over the columns of one: the named one, `run` and `mono_end`, with the moment as
/// `:now`, `:run` and `:mono`. With a table's name where another of the statement has such columns too.
macro_rules! lasts {
    ($until:literal) => {
        concat!("(run <> :run OR :mono <= mono_end) AND :now <= ", $until)
    };
    ($table:literal, $until:literal) => {
        concat!("(", $table, ".run <> :run OR :mono <= ", $table, ".mono_end) AND :now <= ", $table, ".", $until)
    };
}
pub(crate) use lasts;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment { now: 1_000 + seconds, run: 1, mono: i64::try_from(seconds).unwrap() * 1000 }
    }

    #[test]
    fn both_clocks_tell_how_long_ago_it_was() {
        let then = Moment { now: 1_000, run: 1, mono: 5_000 };
        let at = |now, run, mono| Moment { now, run, mono };
        for (later, within) in [
            (at(1_000, 1, 5_000), true),
            (at(1_599, 1, 604_999), true),
            (at(1_600, 1, 5_000), false),
            (at(1_001, 1, 605_000), false),
            (at(999, 1, 5_000), false),
            (at(1_599, 2, 0), true),
            (at(1_600, 2, 0), false),
        ] {
            assert_eq!(later.is_within(600, &then), within, "{later:?}");
        }
    }

    #[test]
    fn a_deadline_lasts_to_its_last_second_by_either_clock() {
        let deadline = Deadline::after(60, &at(0));
        assert_eq!([0, 60, 61].map(|seconds| deadline.lasts(&at(seconds))), [true, true, false]);
        assert!(!deadline.lasts(&Moment { now: 1_000, ..at(61) }), "the wall clock was set back");
        assert!(!deadline.lasts(&Moment { mono: 0, ..at(61) }), "or the machine slept");
        let other_run = Moment { run: 2, mono: i64::MAX, now: 1_060 };
        assert!(deadline.lasts(&other_run) && !deadline.lasts(&Moment { now: 1_061, ..other_run }));
        assert!(deadline.lasts(&Moment::outside(1_060)) && !deadline.lasts(&Moment::outside(1_061)));
        assert!(
            Deadline::after(u64::MAX, &at(0)).lasts(&Moment { now: u64::MAX, run: 1, mono: i64::MAX }),
            "no overflow"
        );
    }

    #[test]
    fn sql_says_the_same() {
        assert_eq!(lasts!("x"), "(run <> :run OR :mono <= mono_end) AND :now <= x");
        assert_eq!(lasts!("d", "x"), "(d.run <> :run OR :mono <= d.mono_end) AND :now <= d.x");
    }
}
