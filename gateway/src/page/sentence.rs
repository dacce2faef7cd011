//! Sentences with something in them that is not ours: names, times, a wait that is counted. Each stands in an element of
//! its own, at the place that the language gives it, so that a name written from right to left stays whole.

use countersign_strings::{fill, text};

use crate::calendar;

/// What stands at a place of a sentence.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// A name, as people wrote it.
    Name(&'a str),
    /// A time of today, in Unix seconds. The script shows it by the person's own clock.
    Time(u64),
    /// So many seconds from now. The script counts them down.
    Wait(u64),
}

/// A sentence in its parts.
#[derive(Debug, Clone)]
pub struct Sentence {
    /// The parts in their order.
    pub parts: Vec<Part>,
}

/// A part of a sentence.
#[derive(Debug, Clone)]
pub enum Part {
    /// Words of ours.
    Words(String),
    /// A name; the class is the place's.
    Name(&'static str, String),
    /// A time, for programs and for people.
    Time(String, String),
    /// A wait, in seconds and in words.
    Wait(u64, String),
}

impl Sentence {
    /// The text of `key` with each place filled.
    ///
    /// # Panics
    /// As [`fill`].
    pub fn fill(key: &str, values: &[(&'static str, Value<'_>)]) -> Self {
        // No value holds U+0000: it stands for a place while the text is filled.
        const MARK: char = '\0';
        let marked: Vec<String> = (0..values.len()).map(|place| format!("{MARK}{place}{MARK}")).collect();
        let places: Vec<(&str, &str)> =
            values.iter().zip(&marked).map(|((name, _), mark)| (*name, mark.as_str())).collect();
        let filled = fill(key, &places);
        let parts = filled.split(MARK).enumerate().filter(|(_, piece)| !piece.is_empty());
        let parts = parts.map(|(at, piece)| {
            let place = if at % 2 == 0 { None } else { piece.parse().ok().and_then(|place: usize| values.get(place)) };
            place.map_or_else(|| Part::Words(piece.to_owned()), |(name, value)| value.part(name))
        });
        Self { parts: parts.collect() }
    }
}

impl Value<'_> {
    fn part(self, place: &'static str) -> Part {
        match self {
            Self::Name(name) => Part::Name(place, name.to_owned()),
            Self::Time(at) => Part::Time(calendar::stamp(at), calendar::time(at)),
            Self::Wait(seconds) => Part::Wait(seconds, calendar::span(seconds)),
        }
    }
}

/// A sentence that says how many tries are left.
pub fn tries_left(n: u8) -> String {
    if n == 1 { text("common.try_left").to_owned() } else { fill("common.tries_left", &[("n", &n.to_string())]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_at_its_place_whatever_it_holds() {
        let values = [("app", Value::Name("{person}")), ("person", Value::Name("0"))];
        let parts = Sentence::fill("login.to_as", &values).parts;
        let names: Vec<_> = parts
            .iter()
            .filter_map(|part| match part {
                Part::Name(place, name) => Some((*place, name.as_str())),
                _ => None,
            })
            .collect();
        assert_eq!(names, [("app", "{person}"), ("person", "0")]);
        let words: String = parts
            .iter()
            .filter_map(|part| match part {
                Part::Words(words) => Some(words.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(words, fill("login.to_as", &[("app", ""), ("person", "")]));
    }

    #[test]
    fn the_last_try_is_said_as_one() {
        assert_ne!(tries_left(1), fill("common.tries_left", &[("n", "1")]));
        assert!(tries_left(2).contains('2'));
    }
}
