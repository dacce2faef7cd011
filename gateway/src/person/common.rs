//! The commonest passwords, which are refused (ASVS 6.2.4).
//!
//! The list holds the 3,200 commonest of eight characters and more, out of a published ranking of leaked passwords; where
//! it comes from stands in its first lines. Shorter ones are refused by their length. It is a list of what is tried first,
//! not of everything that ever leaked.

use std::collections::HashSet;
use std::sync::OnceLock;

fn list() -> &'static HashSet<&'static str> {
    static LIST: OnceLock<HashSet<&str>> = OnceLock::new();
    LIST.get_or_init(|| include_str!("passwords.txt").lines().filter(|line| !line.starts_with("# ")).collect())
}

/// Whether a password, given in lower case, is on the list, also with digits or marks added at its end.
pub fn is_common(lower: &str) -> bool {
    let bare = lower.trim_end_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    list().contains(lower) || (bare.len() >= 8 && list().contains(bare)) || is_run(lower)
}

/// One character again and again, or a run along the alphabet or the digits: `aaaaaaaa`, `abcdefgh`, `87654321`.
fn is_run(text: &str) -> bool {
    let steps: HashSet<i64> = text
        .chars()
        .zip(text.chars().skip(1))
        .map(|(a, b)| i64::from(u32::from(b)) - i64::from(u32::from(a)))
        .collect();
    matches!(steps.iter().collect::<Vec<_>>()[..], [-1..=1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_at_least_three_thousand_that_length_alone_would_let_through() {
        let long = list().iter().filter(|it| it.chars().count() >= 8).count();
        assert!(long >= 3_000, "{long}");
        assert!(list().iter().all(|it| it.to_lowercase() == **it));
    }

    #[test]
    fn common_ones_and_their_kin_are_found() {
        for common in
            ["password", "password1", "password2026!", "12345678", "qwertyuiop", "iloveyou", "zzzzzzzzzz", "76543210"]
        {
            assert!(is_common(common), "{common}");
        }
        for other in ["tea and rain", "xk7 blue door", "12345679x rain"] {
            assert!(!is_common(other), "{other}");
        }
    }
}
