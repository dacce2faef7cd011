//! A moment as people read it at a desk: as on the gateway's pages, in UTC, since a terminal knows no other for sure.

use countersign_strings::{fill, text};

/// `21 Nov 2026, 20:05 UTC` of Unix seconds.
pub fn minute(unix: u64) -> String {
    let [year, month, day] = date(unix / 86_400);
    let [hour, minute] = hour_and_minute(unix);
    let time = fill("common.time", &[("hour", &hour), ("minute", &minute)]);
    fill("common.moment", &[("day", &day), ("month", &month), ("year", &year), ("time", &time)])
}

/// `2026-11-21 20:05:59 UTC` of Unix seconds, as logs have it: in columns, and sorted by itself.
pub fn second(unix: u64) -> String {
    let [year, month, day] = numbers(unix / 86_400);
    let second = unix % 86_400;
    let (hour, minute, second) = (second / 3600, second % 3600 / 60, second % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// `20:05` of Unix seconds.
pub fn clock(unix: u64) -> String {
    hour_and_minute(unix).join(":")
}

fn hour_and_minute(unix: u64) -> [String; 2] {
    let second = unix % 86_400;
    [second / 3600, second % 3600 / 60].map(|n| format!("{n:02}"))
}

/// `21 Nov 2026` of Unix seconds.
pub fn day(unix: u64) -> String {
    let [year, month, day] = date(unix / 86_400);
    fill("cli.day", &[("day", &day), ("month", &month), ("year", &year)])
}

/// Year, the month's name, and day of days since 1970.
fn date(days: u64) -> [String; 3] {
    let [year, month, day] = numbers(days);
    let name = text("common.months").split(' ').nth(month as usize - 1).unwrap_or_default();
    [year.to_string(), name.to_owned(), day.to_string()]
}

/// Year, month and day of days since 1970, by the calendar's 400-year cycle, which begins in March.
fn numbers(days: u64) -> [u64; 3] {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let of_cycle = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * of_cycle + of_cycle / 4 - of_cycle / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = of_cycle + era * 400 + u64::from(month <= 2);
    [year, month, day]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_of_the_calendar() {
        for (unix, shown) in [
            (0, "1 Jan 1970, 00:00 UTC"),
            (951_782_399, "28 Feb 2000, 23:59 UTC"),
            (951_782_400, "29 Feb 2000, 00:00 UTC"),
            (951_868_800, "1 Mar 2000, 00:00 UTC"),
            (1_795_260_000, "21 Nov 2026, 11:20 UTC"),
            (4_107_542_400, "1 Mar 2100, 00:00 UTC"),
        ] {
            assert_eq!(minute(unix), shown);
        }
        assert_eq!(second(951_868_799), "2000-02-29 23:59:59 UTC");
        assert_eq!((day(1_795_260_000), clock(1_795_260_000)), ("21 Nov 2026".into(), "11:20".into()));
    }
}
