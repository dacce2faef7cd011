//! Moments as people read them, always in UTC.

use countersign_strings::{fill, text};

/// Seconds of a day.
pub const DAY: i64 = 86_400;

/// A moment as `21 Nov 2026, 11:20 UTC`.
pub fn moment(unix: u64) -> String {
    let unix = i64::try_from(unix).unwrap_or(i64::MAX);
    let (year, month, day) = civil(unix.div_euclid(DAY));
    let month = text("common.months").split(' ').nth(usize::from(month) - 1).unwrap_or_default();
    let (year, day, time) = (year.to_string(), day.to_string(), time_of_day(unix));
    fill("common.moment", &[("day", &day), ("month", month), ("year", &year), ("time", &time)])
}

/// A moment of today as `11:20 UTC`.
pub fn time(unix: u64) -> String {
    time_of_day(i64::try_from(unix).unwrap_or(i64::MAX))
}

fn time_of_day(unix: i64) -> String {
    let minutes = unix.rem_euclid(DAY) / 60;
    let two = |n: i64| format!("{n:02}");
    let (hour, minute) = (two(minutes / 60), two(minutes % 60));
    fill("common.time", &[("hour", &hour), ("minute", &minute)])
}

/// A moment for programs, as `2026-11-21T11:20:00Z` (RFC 3339).
pub fn stamp(unix: u64) -> String {
    let unix = i64::try_from(unix).unwrap_or(i64::MAX);
    let (date, second) = (day(unix), unix.rem_euclid(DAY));
    format!("{date}T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

/// A span as `2 minutes`, below two minutes as `90 seconds`.
pub fn span(seconds: u64) -> String {
    match seconds {
        1 => text("common.second").to_owned(),
        0..120 => fill("common.span_seconds", &[("n", &seconds.to_string())]),
        _ => fill("common.span_minutes", &[("n", &seconds.div_ceil(60).to_string())]),
    }
}

/// A moment as `YYYY-MM-DD`.
pub fn day(unix: i64) -> String {
    let (year, month, day) = civil(unix.div_euclid(DAY));
    format!("{year:04}-{month:02}-{day:02}")
}

/// Days since 1970-01-01 as year, month, day of the Gregorian calendar.
pub fn civil(days: i64) -> (i32, u8, u8) {
    // Counted from 1 March of year 0, so that the leap day is the last of its year; 400 years have 146,097 days.
    let shifted = days.clamp(-719_468, 2_932_896) + 719_468;
    let (era, in_era) = (shifted / 146_097, shifted % 146_097);
    let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let narrow = |n: i64| u8::try_from(n).unwrap_or(1);
    (i32::try_from(year + era * 400 + carry).unwrap_or(1970), narrow(month), narrow(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (unix, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (951_782_400, "2000-02-29"),
            (1_709_164_800, "2024-02-29"),
            (1_795_260_000, "2026-11-21"),
            (4_102_444_800, "2100-01-01"),
        ] {
            assert_eq!(day(unix), text);
        }
    }

    #[test]
    fn moments_and_spans_are_written_for_people() {
        assert_eq!(moment(1_795_260_000), "21 Nov 2026, 11:20 UTC");
        assert_eq!(time(1_795_260_000 + 3_659), "12:20 UTC");
        assert_eq!([0, 1, 119].map(span), ["0 seconds", "1 second", "119 seconds"]);
        assert_eq!([120, 121].map(span), ["2 minutes", "3 minutes"]);
        assert_eq!(stamp(1_795_260_000 + 3_659), "2026-11-21T12:20:59Z");
    }
}
