//! What people are called at sign-in.

use unicode_normalization::UnicodeNormalization;

use super::PersonFault;
use crate::limits;

/// A name in the form it is stored and compared in: NFC, lower case, letters, digits and `. _ - @ +`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// Reads what was typed. Capitals and blanks around it do not matter.
    ///
    /// # Errors
    /// [`PersonFault::Name`] when it is empty, longer than 64 characters or holds another character.
    pub fn parse(typed: &str) -> Result<Self, PersonFault> {
        if typed.len() > 8 * limits::NAME_CHARS {
            return Err(PersonFault::Name);
        }
        let name: String = typed.trim().nfc().flat_map(char::to_lowercase).nfc().collect();
        let fits = (1..=limits::NAME_CHARS).contains(&name.chars().count());
        let known = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+');
        if fits && name.chars().all(known) { Ok(Self(name)) } else { Err(PersonFault::Name) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name.
    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_and_composition_do_not_matter() {
        let name = |typed| PersonName::parse(typed).unwrap().into_string();
        assert_eq!(name(" Alice@Example.com "), "alice@example.com");
        assert_eq!(name("Zo\u{65}\u{308}"), name("zo\u{eb}"));
    }

    #[test]
    fn what_is_not_a_name_is_refused() {
        let long = "a".repeat(limits::NAME_CHARS + 1);
        let huge = "a".repeat(1_000_000);
        for typed in ["", " ", "a b", "a\nb", "a<b", "a'b", "\u{202e}a", "a\0", &long, &huge] {
            assert_eq!(PersonName::parse(typed), Err(PersonFault::Name));
        }
        for count in [limits::NAME_CHARS - 1, limits::NAME_CHARS] {
            assert!(PersonName::parse(&"\u{e9}".repeat(count)).is_ok(), "{count}");
        }
    }
}
