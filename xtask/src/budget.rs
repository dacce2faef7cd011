//! How long the whole of `test` may take, and how times are written.

use std::time::Duration;

/// From a cold clone on two quiet cores. Raised only together with the issue that needs it: the last was the Android app.
pub const BUDGET: Duration = Duration::from_secs(41 * 60);

/// Clippy and the documentation check every dependency once more; on a busy machine that takes its time.
pub const CARGO_LIMIT: Duration = Duration::from_secs(30 * 60);

/// A suite that takes longer than this has hung, on however slow a machine; it is ended and counts as failed.
pub const SUITE_LIMIT: Duration = Duration::from_secs(30 * 60);

/// Tests at once in a suite that has a browser, or starts programs, in each: with more of them one machine's cores are many
/// and its browser, memory and disk are still one.
pub const CROWD: usize = 4;

/// `9 min 41 s`, `12.3 s`.
pub fn spoken(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 60 {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}

/// The line that says what was used of the budget.
pub fn line(used: Duration) -> String {
    let share = used.as_secs_f64() / BUDGET.as_secs_f64() * 100.0;
    let verdict = if used > BUDGET { "OVER BUDGET" } else { "within" };
    format!("budget {}, used {} ({share:.0} %): {verdict}", spoken(BUDGET), spoken(used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_a_person_says_them() {
        assert_eq!(spoken(Duration::from_millis(12_340)), "12.3 s");
        assert_eq!(spoken(Duration::from_secs(581)), "9 min 41 s");
    }

    #[test]
    fn a_budget_that_is_passed_is_said_loudly() {
        assert!(line(BUDGET).ends_with("within"));
        assert!(line(BUDGET + Duration::from_secs(1)).ends_with("OVER BUDGET"));
    }
}
