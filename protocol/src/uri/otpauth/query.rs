//! The parameters of a Key URI, found in one pass and not decoded yet.

use std::borrow::Cow;

use super::error::{Field, Repair, UriError};
use crate::limits;

/// The parameters that are looked at, in the order of [`Field`], which is that of [`Query::values`]. Others (`color`,
/// `lock`, `icon`, `codeDisplay` and whatever comes) are counted and passed over.
const KNOWN: [(&str, Field); 11] = [
    ("secret", Field::Secret),
    ("issuer", Field::Issuer),
    ("algorithm", Field::Algorithm),
    ("digits", Field::Digits),
    ("period", Field::Period),
    ("counter", Field::Counter),
    ("image", Field::Image),
    ("encoder", Field::Encoder),
    ("steam", Field::Steam),
    ("pin", Field::Pin),
    ("appimage", Field::Image),
];
/// Where the other name of a logo stands.
const APPIMAGE: usize = KNOWN.len() - 1;

/// The raw values of the known parameters.
pub(super) struct Query<'a> {
    raw: &'a str,
    values: [Option<&'a str>; KNOWN.len()],
}

/// Finds the parameters.
pub(super) fn read<'a>(raw: &'a str, repairs: &mut Vec<Repair>) -> Result<Query<'a>, UriError> {
    let mut query = Query { raw, values: [None; KNOWN.len()] };
    let mut count = 0;
    let mut all = raw;
    while !all.is_empty() {
        let (piece, after) = cut(all, b'&').unwrap_or((all, ""));
        all = after;
        let mut rest = Some(piece).filter(|piece| !piece.is_empty());
        while let Some(piece) = rest {
            count += 1;
            if count > limits::URI_PARAMETERS {
                return Err(UriError::TooManyParameters);
            }
            let (name, value) = cut(piece, b'=').unwrap_or((piece, ""));
            let Some((place, is_exact)) = find(name) else { break };
            let Some((_, field)) = KNOWN.get(place) else { break };
            let (value, glued) = unglue(*field, value);
            query.take(place, *field, value)?;
            if !is_exact && !repairs.contains(&Repair::Case) {
                repairs.push(Repair::Case);
            }
            rest = glued;
            if let Some((_, field)) = glued.and_then(|piece| piece.split_once('=')).and_then(|(name, _)| known(name)) {
                repairs.push(Repair::Glued(field));
            }
        }
    }
    Ok(query)
}

/// Where the parameter of this name stands in [`KNOWN`], and whether it is written as it is there. Almost all are: what is
/// spelt otherwise is looked for a second time.
fn find(name: &str) -> Option<(usize, bool)> {
    let exact = KNOWN.iter().position(|(known, _)| *known == name).map(|place| (place, true));
    exact.or_else(|| {
        let other = KNOWN.iter().position(|(known, _)| known.eq_ignore_ascii_case(name));
        other.map(|place| (place, false))
    })
}

/// Where the first such byte, which is ASCII, stands. Eight bytes at a time: the texts of a URI are too short for what a
/// search by `char` prepares.
fn place_of(bytes: &[u8], byte: u8) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let (eights, rest) = bytes.as_chunks::<8>();
    for (n, eight) in eights.iter().enumerate() {
        // The byte is zero here alone; of the marks that this leaves, the first is always right.
        let differs = u64::from_le_bytes(*eight) ^ (ONES * u64::from(byte));
        let marks = differs.wrapping_sub(ONES) & !differs & HIGH;
        if marks != 0 {
            return Some(8 * n + marks.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|it| *it == byte).map(|at| 8 * eights.len() + at)
}

/// Whether this byte, which is ASCII, stands in the text.
pub(super) fn has(text: &str, byte: u8) -> bool {
    place_of(text.as_bytes(), byte).is_some()
}

/// What stands before and behind the first such byte, which is ASCII.
pub(super) fn cut(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = place_of(text.as_bytes(), byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The text without white space at its ends; of most texts their first and last byte tell that there is none.
pub(super) fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [b'!'..=b'~'] | [b'!'..=b'~', .., b'!'..=b'~'] => text,
        _ => text.trim(),
    }
}

fn known(name: &str) -> Option<(&'static str, Field)> {
    KNOWN.into_iter().find(|(known, _)| *known == name)
}

/// Cuts `Xperiod=30` into `X` and `period=30`: a value in which the name of a parameter and `=` follow without `&`.
/// Padding at the end of a key is no such thing, and the address of a logo may hold anything.
fn unglue(field: Field, value: &str) -> (&str, Option<&str>) {
    if field == Field::Image || !has(value, b'=') {
        return (value, None);
    }
    for (equals, _) in value.match_indices('=') {
        let (before, after) = value.split_at(equals);
        let name = KNOWN.iter().find(|(name, _)| before.ends_with(name) && !after.trim_matches('=').is_empty());
        if let Some((name, _)) = name {
            let (value, glued) = value.split_at(equals - name.len());
            return (value, Some(glued));
        }
    }
    (value, None)
}

impl<'a> Query<'a> {
    fn take(&mut self, place: usize, field: Field, value: &'a str) -> Result<(), UriError> {
        match self.values.get_mut(place) {
            Some(Some(_)) => Err(UriError::Twice(field)),
            Some(slot) => {
                *slot = Some(value);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The raw value of a parameter, as it stands in the URI.
    pub(super) fn raw(&self, field: Field) -> Option<&'a str> {
        let value = |place: usize| self.values.get(place).copied().flatten();
        match field {
            Field::Label => None,
            Field::Image => value(field as usize).or_else(|| value(APPIMAGE)),
            field => value(field as usize),
        }
    }

    /// The raw value if there is one with something in it; that there is none in it is told.
    pub(super) fn filled(&self, field: Field, repairs: &mut Vec<Repair>) -> Option<&'a str> {
        let value = self.raw(field)?;
        if value.is_empty() {
            repairs.push(Repair::EmptyParameter(field));
            return None;
        }
        Some(value)
    }

    /// The decoded value of a parameter that names something, with `+` as what it means in this URI.
    pub(super) fn text(&self, field: Field, repairs: &mut Vec<Repair>) -> Option<Cow<'a, str>> {
        let raw = self.raw(field)?;
        if !has(raw, b'+') {
            return Some(decoded(raw, repairs));
        }
        if self.is_form() {
            repairs.push(Repair::PlusIsBlank);
            return Some(Cow::Owned(decoded(&raw.replace('+', " "), repairs).into_owned()));
        }
        if !self.raw.contains("%20") {
            repairs.push(Repair::PlusKept);
        }
        Some(decoded(raw, repairs))
    }

    /// Whether this query shows that it was written as web forms are, so that `+` is a blank: it escapes characters that
    /// a URI may hold as they are, the plus sign itself first of all, and has no `%20`.
    fn is_form(&self) -> bool {
        let mut escaped = self.raw.match_indices('%').filter_map(|(place, _)| escape(self.raw.as_bytes(), place));
        !self.raw.contains("%20") && escaped.any(|byte| b"+:@/?!$'(),;".contains(&byte))
    }
}

/// Decodes percent escapes. A `%` that begins none stays, and bytes that are not UTF-8 are replaced; both are told.
pub(super) fn decoded<'a>(raw: &'a str, repairs: &mut Vec<Repair>) -> Cow<'a, str> {
    let bytes = raw.as_bytes();
    let Some(first) = place_of(bytes, b'%') else { return Cow::Borrowed(raw) };
    let mut plain = Vec::with_capacity(bytes.len());
    let (mut taken, mut percent) = (0, Some(first));
    while let Some(place) = percent {
        plain.extend_from_slice(bytes.get(taken..place).unwrap_or_default());
        let (byte, length) = match escape(bytes, place) {
            Some(byte) => (byte, 3),
            None => {
                if !repairs.contains(&Repair::Percent) {
                    repairs.push(Repair::Percent);
                }
                (b'%', 1)
            }
        };
        plain.push(byte);
        taken = place + length;
        percent = bytes.get(taken..).and_then(|rest| place_of(rest, b'%')).map(|after| taken + after);
    }
    plain.extend_from_slice(bytes.get(taken..).unwrap_or_default());
    String::from_utf8(plain).map_or_else(
        |fault| {
            if !repairs.contains(&Repair::NotUtf8) {
                repairs.push(Repair::NotUtf8);
            }
            Cow::Owned(String::from_utf8_lossy(fault.as_bytes()).into_owned())
        },
        Cow::Owned,
    )
}

/// The byte that the escape at this place stands for.
fn escape(bytes: &[u8], place: usize) -> Option<u8> {
    let [high, low] = bytes.get(place + 1..)?.first_chunk()?;
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_stands_at_its_own_place() {
        for (place, (name, field)) in KNOWN.iter().enumerate() {
            assert!(*field as usize == place || place == APPIMAGE, "{name}");
            assert!(*field as usize != place || field.as_str() == *name);
        }
        assert_eq!(KNOWN[APPIMAGE], ("appimage", Field::Image));
    }

    #[test]
    fn a_text_is_cut_at_the_first_byte_alone() {
        assert_eq!(cut("ä=b=c", b'='), Some(("ä", "b=c")));
        assert_eq!((cut("=", b'='), cut("ä", b'=')), (Some(("", "")), None));
        assert!(has("日本+", b'+') && !has("日本", b'+') && !has("", b'+'));
    }

    #[test]
    fn a_byte_is_found_wherever_it_stands_among_its_neighbours() {
        // Those one above and one below it, and those with the highest bit, are nearest to being taken for it.
        for filling in [b'<', b'>', b'=' | 0x80, 0, 0xff] {
            for length in 0..40 {
                assert_eq!(place_of(&vec![filling; length], b'='), None, "{length} of {filling}");
                for first in 0..length {
                    let mut bytes = vec![filling; length];
                    bytes[first..].iter_mut().step_by(3).for_each(|byte| *byte = b'=');
                    assert_eq!(place_of(&bytes, b'='), Some(first), "{first} of {length}, {filling}");
                }
            }
        }
    }

    #[test]
    fn white_space_of_every_kind_is_taken_off_both_ends_and_no_more() {
        for text in ["", " ", "a", " a", "a ", "\u{a0}a", "a\u{2003}", "a b", "é", "é ", "\ta\n", "\u{7f}", "~!"] {
            assert_eq!(trimmed(text), text.trim(), "{text:?}");
        }
    }
}
