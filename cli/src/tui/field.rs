//! One line that a person types: visible, or masked for a passphrase.

use std::fmt;

use zeroize::Zeroizing;

use super::state::Key;
use crate::limits;

/// A line being typed, and the place in it where the next character goes. It never shows itself in `Debug`, and is wiped
/// when dropped: it may hold a passphrase or a link that carries a secret.
#[derive(Clone, Default)]
pub struct Field {
    text: Zeroizing<String>,
    /// In bytes, between two characters.
    at: usize,
}

impl Field {
    /// A line that was there before; the next character goes to its end.
    pub fn of(text: &str) -> Self {
        let mut field = Self::default();
        field.paste(text);
        field
    }

    /// What stands in the field.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the place where the next character goes, and what behind it.
    pub fn halves(&self) -> (&str, &str) {
        self.text.split_at(self.at)
    }

    /// Is nothing typed yet?
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// How many characters were typed.
    pub fn chars(&self) -> usize {
        self.text.chars().count()
    }

    /// Adds one typed character. Control characters but a line's end, and what goes beyond the limit, are left out.
    pub fn push(&mut self, typed: char) {
        if (typed.is_control() && typed != '\n') || self.text.len() + typed.len_utf8() > limits::FIELD {
            return;
        }
        if self.text.capacity() < self.text.len() + 4 {
            // Grown by hand, so that the old buffer is wiped instead of being freed as it is.
            let mut grown = Zeroizing::new(String::with_capacity((self.text.capacity() * 2).max(256)));
            grown.push_str(&self.text);
            self.text = grown;
        }
        self.text.insert(self.at, typed);
        self.at += typed.len_utf8();
    }

    /// Adds pasted text, line breaks left out.
    pub fn paste(&mut self, text: &str) {
        text.chars().filter(|c| *c != '\n').for_each(|c| self.push(c));
    }

    /// Adds pasted text with its line breaks.
    pub fn paste_lines(&mut self, text: &str) {
        text.chars().for_each(|c| self.push(c));
    }

    /// Takes the character before the place back.
    pub fn back(&mut self) {
        if let Some(c) = self.halves().0.chars().next_back() {
            self.at -= c.len_utf8();
            self.text.remove(self.at);
        }
    }

    /// One character to the left.
    pub fn left(&mut self) {
        self.at -= self.halves().0.chars().next_back().map_or(0, char::len_utf8);
    }

    /// One character to the right.
    pub fn right(&mut self) {
        self.at += self.halves().1.chars().next().map_or(0, char::len_utf8);
    }

    /// Before the first character.
    pub fn home(&mut self) {
        self.at = 0;
    }

    /// Behind the last character.
    pub fn end(&mut self) {
        self.at = self.text.len();
    }

    /// What a key does in a field that is typed to its end.
    pub fn key(&mut self, key: Key) {
        match key {
            Key::Char(c) => self.push(c),
            Key::Back => self.back(),
            Key::Clear => self.clear(),
            _ => {}
        }
    }

    /// Empties the field.
    pub fn clear(&mut self) {
        *self = Self::default();
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
        field.clear();
        assert!(field.is_empty());
    }

    #[test]
    fn what_is_typed_goes_where_the_place_is() {
        let mut field = Field::of("Zürich");
        (0..4).for_each(|_| field.left());
        field.push('x');
        assert_eq!((field.text(), field.halves()), ("Züxrich", ("Züx", "rich")));
        field.back();
        field.back();
        field.home();
        field.left();
        field.push('A');
        field.right();
        field.end();
        field.right();
        field.push('!');
        assert_eq!(field.text(), "AZrich!");
        field.home();
        field.back();
        assert_eq!(field.text(), "AZrich!", "before the first there is none");
        field.push('\n');
        field.push('\u{7}');
        assert_eq!(field.text(), "\nAZrich!", "a line's end is the only control character");
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
