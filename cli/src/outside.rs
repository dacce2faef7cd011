//! Names from outside, fit for a terminal: their direction isolated, their marks counted.

use countersign_core::protocol::text::is_heaped;

/// Begins what has a direction of its own (first strong isolate).
pub const ISOLATE: char = '\u{2068}';

/// Ends it (pop directional isolate).
pub const RELEASE: char = '\u{2069}';

/// A name from outside in a line of words: with at most four marks on a letter, and isolated where it runs from right to
/// left, so that a terminal that reorders text cannot change the order of what stands beside it.
pub fn isolated(name: &str) -> String {
    let name = few_marks(name);
    if name.chars().any(is_right_to_left) { format!("{ISOLATE}{name}{RELEASE}") } else { name }
}

/// The text with at most four marks on each letter.
pub fn few_marks(text: &str) -> String {
    let mut marks = 0;
    text.chars().filter(|c| !is_heaped(*c, &mut marks)).collect()
}

/// Is it of a script that runs from right to left?
pub fn is_right_to_left(c: char) -> bool {
    matches!(
        c,
        '\u{590}'..='\u{8ff}'
            | '\u{fb1d}'..='\u{fdff}'
            | '\u{fe70}'..='\u{fefc}'
            | '\u{10800}'..='\u{10fff}'
            | '\u{1e800}'..='\u{1efff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::protocol::limits::COMBINING_MARKS;

    #[test]
    fn names_that_run_the_other_way_are_isolated() {
        assert_eq!(isolated("GitHub"), "GitHub");
        assert_eq!(isolated("שלום"), "\u{2068}שלום\u{2069}");
    }

    #[test]
    fn marks_do_not_pile_up() {
        let piled = format!("Zu{}rich", "\u{308}".repeat(63));
        assert_eq!(few_marks(&piled), format!("Zu{}rich", "\u{308}".repeat(COMBINING_MARKS)));
        let joined = format!("x{}", format!("{}\u{200d}", "\u{323}".repeat(4)).repeat(3));
        assert_eq!(few_marks(&joined).matches('\u{323}').count(), COMBINING_MARKS, "a joiner parts none");
        assert_eq!(isolated("נִקּוּד"), "\u{2068}נִקּוּד\u{2069}", "what is written so is left as it is");
    }
}
