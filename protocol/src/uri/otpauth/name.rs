//! Names as they may be shown, whoever wrote them.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use crate::text::{is_forbidden, is_heaped};

/// A name that may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleaned {
    /// The name: composed (NFC), without blanks at its ends.
    pub text: String,
    /// Whether characters that hide or reorder text, or marks heaped on a letter, were removed.
    pub removed: bool,
}

/// Makes a name fit to be shown: removes what hides, reorders or breaks text, and more than four combining marks on one
/// letter; composes it (NFC); trims it. A name with nothing else in it comes out empty.
pub fn clean<'a>(name: impl Into<Cow<'a, str>>) -> Cleaned {
    let name = name.into();
    // No early end: so it takes sixteen bytes at a time.
    if name.bytes().fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte)) {
        let is_trimmed = !name.starts_with(' ') && !name.ends_with(' ');
        let text = if is_trimmed { name.into_owned() } else { name.trim().to_owned() };
        return Cleaned { text, removed: false };
    }
    let mut removed = false;
    let mut marks = 0;
    let kept = name.nfc().filter(|c| {
        // What is removed parts no marks: those on both sides of it are heaped on one letter.
        let keep = !is_forbidden(*c) && !is_heaped(*c, &mut marks);
        removed |= !keep;
        keep
    });
    let kept: String = kept.collect();
    // What was taken out may leave neighbours that compose.
    let text: String = if removed { kept.nfc().collect() } else { kept };
    Cleaned { text: text.trim().to_owned(), removed }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cleaned(name: &str) -> (String, bool) {
        let Cleaned { text, removed } = clean(name);
        (text, removed)
    }

    #[test]
    fn names_of_all_scripts_pass() {
        for name in ["mara@example.com", "Žofie", "日本語", "مارا", "👩‍👩‍👧", "a\u{200d}b", "Ünïcode & more"]
        {
            assert_eq!(cleaned(name), (name.to_owned(), false));
        }
    }

    #[test]
    fn what_hides_or_reorders_is_removed_and_told() {
        for name in ["Git\u{202e}Hub", "Git\u{0}Hub", "Git\nHub", "\u{feff}GitHub", "Git\u{ad}Hub", "Git\u{e0041}Hub"] {
            assert_eq!(cleaned(name), ("GitHub".to_owned(), true), "{name:?}");
        }
    }

    #[test]
    fn four_marks_on_a_letter_stay() {
        let heap = |marks: usize| format!("x{}y", "\u{323}".repeat(marks));
        assert_eq!(cleaned(&heap(4)), (heap(4), false));
        assert_eq!(cleaned(&heap(5)), (heap(4), true));
        assert_eq!(cleaned(&heap(4000)), (heap(4), true));
        let parted = |by: char| format!("x{}", format!("{}{by}", "\u{323}".repeat(4)).repeat(3));
        assert_eq!(cleaned(&parted('\u{200b}')), (format!("x{}", "\u{323}".repeat(4)), true));
        assert_eq!(cleaned(&parted('\u{200d}')).0.matches('\u{323}').count(), 4);
    }

    #[test]
    fn names_are_composed_and_trimmed() {
        assert_eq!(cleaned("  Zoe\u{308}  "), ("Zo\u{eb}".to_owned(), false));
        assert_eq!(cleaned("e\u{200b}\u{301}"), ("\u{e9}".to_owned(), true));
    }

    proptest! {
        #[test]
        fn cleaning_twice_changes_nothing_more(name in "([a-zé]|\\PC|[\\u{301}-\\u{32f}]|[\\u{200b}-\\u{200f}]|[\\u{ad}\\u{202e}\\u{0}]){0,40}") {
            let once = clean(&name).text;
            prop_assert_eq!(clean(&once), Cleaned { text: once.clone(), removed: false });
        }
    }
}
