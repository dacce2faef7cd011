//! One line that a person types: visible, or masked for a passphrase.

use std::fmt;

use zeroize::Zeroizing;

use crate::limits;

/// A line being typed. It never shows itself in `Debug`, and is wiped when dropped: it may hold a passphrase or a link
/// that carries a secret.
#[derive(Clone, Default)]
pub struct Field(Zeroizing<String>);

impl Field {
    /// What stands in the field.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Is nothing typed yet?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many characters were typed.
    pub fn chars(&self) -> usize {
        self.0.chars().count()
    }

    /// Adds one typed character. Control characters, and what goes beyond the limit, are left out.
    pub fn push(&mut self, typed: char) {
        if typed.is_control() || self.0.len() + typed.len_utf8() > limits::FIELD {
            return;
        }
        if self.0.capacity() < self.0.len() + 4 {
            // Grown by hand, so that the old buffer is wiped instead of being freed as it is.
            let mut grown = Zeroizing::new(String::with_capacity((self.0.capacity() * 2).max(256)));
            grown.push_str(&self.0);
            self.0 = grown;
        }
        self.0.push(typed);
    }

    /// Adds pasted text, line breaks left out.
    pub fn paste(&mut self, text: &str) {
        text.chars().for_each(|c| self.push(c));
    }

    /// Takes the last character back.
    pub fn back(&mut self) {
        self.0.pop();
    }

    /// Empties the field.
    pub fn clear(&mut self) {
        self.0 = Zeroizing::default();
    }

    /// Takes the text out and leaves the field empty.
    pub fn take(&mut self) -> Zeroizing<String> {
        std::mem::take(&mut self.0)
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Field(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_typing_and_pasting_without_line_breaks() {
        let mut field = Field::default();
        field.paste("otpauth://totp/a\n");
        field.push('b');
        field.back();
        assert_eq!(field.text(), "otpauth://totp/a");
        assert_eq!(field.take().as_str(), "otpauth://totp/a");
        assert!(field.is_empty());
    }

    #[test]
    fn it_takes_no_more_than_the_limit() {
        let mut field = Field::default();
        field.paste(&"x".repeat(limits::FIELD - 1));
        assert_eq!(field.chars(), limits::FIELD - 1);
        field.paste("xyz");
        assert_eq!(field.chars(), limits::FIELD);
    }

    #[test]
    fn debug_shows_nothing() {
        let mut field = Field::default();
        field.paste("hunter2");
        assert_eq!(format!("{field:?}"), "Field(..)");
    }
}
