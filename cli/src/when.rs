//! A moment as people read it at a desk: the date and the time of day, in UTC, since a terminal knows no other for sure.

/// `2026-11-21 20:05` of Unix seconds.
pub fn minute(unix: u64) -> String {
    let (day, second) = (unix / 86_400, unix % 86_400);
    format!("{} {:02}:{:02}", date(day), second / 3600, second % 3600 / 60)
}

/// `2026-11-21` of Unix seconds.
pub fn day(unix: u64) -> String {
    date(unix / 86_400)
}

/// The civil date of days since 1970, by the calendar's 400-year cycle, which begins in March.
fn date(days: u64) -> String {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let of_cycle = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * of_cycle + of_cycle / 4 - of_cycle / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = of_cycle + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_of_the_calendar() {
        for (unix, shown) in [
            (0, "1970-01-01 00:00"),
            (951_782_399, "2000-02-28 23:59"),
            (951_782_400, "2000-02-29 00:00"),
            (951_868_800, "2000-03-01 00:00"),
            (1_795_260_000, "2026-11-21 11:20"),
            (4_107_542_400, "2100-03-01 00:00"),
        ] {
            assert_eq!(minute(unix), shown);
        }
        assert_eq!(day(1_795_260_000), "2026-11-21");
    }
}
