//! What was drawn where, so that a click finds it.

use ratatui::layout::{Position, Rect};

use super::super::state::{Key, Spot};

/// The places of one picture that can be clicked.
#[derive(Clone, Debug, Default)]
pub struct Spots(Vec<(Rect, Spot)>);

impl Spots {
    /// What lies in `area` does this.
    pub fn add(&mut self, area: Rect, spot: Spot) {
        self.0.push((area, spot));
    }

    /// What a click there means; of two that lie there, what was drawn last.
    pub fn at(&self, column: u16, row: u16) -> Option<&Spot> {
        let place = Position::new(column, row);
        self.0.iter().rev().find(|(area, _)| area.contains(place)).map(|(_, spot)| spot)
    }
}

/// The key that a hint of the last line names: «Enter done», «? keys».
pub fn key_of(hint: &str) -> Option<Key> {
    let name = hint.split(' ').next().unwrap_or_default();
    let mut characters = name.chars();
    match (name, characters.next(), characters.next()) {
        ("Enter", ..) => Some(Key::Enter),
        ("Esc", ..) => Some(Key::Esc),
        ("Space", ..) => Some(Key::Char(' ')),
        ("Ctrl-C", ..) => Some(Key::Stop),
        ("Ctrl-R", ..) => Some(Key::Reveal),
        ("Ctrl-S", ..) => Some(Key::Save),
        ("Ctrl-U", ..) => Some(Key::Clear),
        ("↑", ..) => None,
        (_, Some(key), None) => Some(Key::Char(key)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_click_finds_what_was_drawn_last() {
        let mut spots = Spots::default();
        spots.add(Rect::new(0, 2, 40, 1), Spot::Row(0));
        spots.add(Rect::new(30, 2, 10, 1), Spot::Key(Key::Enter));
        assert_eq!(spots.at(0, 2), Some(&Spot::Row(0)));
        assert_eq!(spots.at(39, 2), Some(&Spot::Key(Key::Enter)));
        assert_eq!((spots.at(40, 2), spots.at(0, 1), spots.at(0, 3)), (None, None, None));
    }

    #[test]
    fn a_hint_names_its_key() {
        assert_eq!(key_of("? keys"), Some(Key::Char('?')));
        assert_eq!(key_of("Enter put away"), Some(Key::Enter));
        assert_eq!(key_of("Ctrl-C quit"), Some(Key::Stop));
        assert_eq!((key_of("↑ ↓ scroll"), key_of("One moment"), key_of("")), (None, None, None));
    }
}
