//! What the phone says, in all its languages: its own texts (`phone*.toml`), and of the others those that have a German one.
//! Nothing of it is in a program: `xtask` writes Android's resources and the names of the texts in Kotlin from it.

// `SHOWN`: keys with English and German, in the order of the keys. Made by `build.rs`.
include!(concat!(env!("OUT_DIR"), "/phone.rs"));

/// One text of the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// Its key: `file.name`.
    pub key: &'static str,
    /// In English.
    pub english: &'static str,
    /// In German; none only of one that was forgotten, which a test refuses.
    pub german: Option<&'static str>,
}

/// All of them, in the order of their keys.
pub fn shown() -> impl Iterator<Item = Shown> {
    SHOWN.iter().map(|&(key, english, german)| Shown { key, english, german })
}

/// The names in `{…}` of a text, in the order in which they come first, each once.
pub fn names(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for name in text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn german_has_each_text_and_each_name_of_english() {
        let mut faults = Vec::new();
        for Shown { key, english, german } in shown() {
            let Some(german) = german else {
                faults.push(format!("{key}: no German"));
                continue;
            };
            let (mut wanted, mut given) = (names(english), names(german));
            wanted.sort_unstable();
            given.sort_unstable();
            if wanted != given {
                faults.push(format!("{key}: {wanted:?} in English, {given:?} in German"));
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn texts_are_well_formed() {
        for Shown { key, english, german } in shown() {
            for text in [Some(english), german].into_iter().flatten() {
                assert!(!text.is_empty() && text.trim() == text, "{key}: empty or padded");
                assert_eq!(text.matches('{').count(), text.matches('}').count(), "{key}: braces");
                for never in ["Oops", "Hoppla", "omething went wrong", "etwas ist schiefgelaufen", "!!"] {
                    assert!(!text.contains(never), "{key}: {never}");
                }
            }
        }
    }

    #[test]
    fn names_come_once_in_their_order() {
        assert_eq!(names("{b} of {a}, {b}"), ["b", "a"]);
        assert!(names("none").is_empty());
    }
}
