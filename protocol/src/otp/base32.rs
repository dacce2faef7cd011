//! Base32 (RFC 4648, section 6), the way seeds are written down.
//!
//! Decoding is kind to what people and other programs produce, says what it passed over, and guesses nothing: a 0, 1 or
//! 8 that may stand for O, I or B is refused, and [`unmistaken`] makes the text that can be offered instead.

use std::fmt;

use zeroize::Zeroizing;

use crate::{Secret, limits};

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const NONE: u8 = 0xff;
const VALUES: [u8; 128] = {
    let mut values = [NONE; 128];
    let mut value = 0;
    while value < 32 {
        values[ALPHABET[value] as usize] = value as u8;
        values[ALPHABET[value].to_ascii_lowercase() as usize] = value as u8;
        value += 1;
    }
    values
};

/// The same of what [`encode`] writes alone, for every byte.
const UPPER: [u8; 256] = {
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 32 {
        values[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    values
};

/// What a decoder passed over. None of it changes the seed.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Repairs {
    /// Letters in lower case.
    pub lower_case: bool,
    /// Blanks, hyphens or invisible characters between the letters.
    pub blanks: bool,
    /// Padding at the end.
    pub padding: bool,
    /// Bits at the end that make no full byte and are not zero, or a whole letter too many: a letter may be missing.
    pub loose_end: bool,
}

impl Repairs {
    /// Whether the text was as it should be.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

impl fmt::Debug for Repairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.lower_case, "lower_case"),
            (self.blanks, "blanks"),
            (self.padding, "padding"),
            (self.loose_end, "loose_end"),
        ];
        f.debug_set().entries(all.iter().filter(|(found, _)| *found).map(|(_, name)| name)).finish()
    }
}

/// Why a text is no seed in base32. Tells where, never what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Base32Error {
    /// Nothing is there.
    #[error("the key is empty")]
    Empty,
    /// A character outside the alphabet, at this place, counted in characters from 1.
    #[error("character {0} of the key is not base32")]
    Character(usize),
    /// A 0, 1 or 8 at this place: perhaps O, I or B. Offer [`unmistaken`].
    #[error("character {0} of the key is a digit that base32 does not have")]
    LookAlike(usize),
    /// More than 128 bytes.
    #[error("the key is longer than 128 bytes")]
    TooLong,
}

/// Decodes what people and other programs write: either case, blanks and hyphens, with or without padding, any length.
///
/// # Errors
/// See [`Base32Error`].
pub fn decode(text: &str) -> Result<(Secret, Repairs), Base32Error> {
    let mut bytes = Zeroizing::new(Vec::with_capacity((text.len() * 5 / 8).min(*limits::SEED_BYTES.end())));
    let mut repairs = Repairs::default();
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut letters = 0_usize;
    for group in text.as_bytes().as_chunks::<8>().0 {
        let Some(five) = plain_group(group).filter(|_| bytes.len() + 5 <= *limits::SEED_BYTES.end()) else { break };
        bytes.extend_from_slice(&five);
        letters += 8;
    }
    let begun = letters;
    for (place, character) in text.get(begun..).unwrap_or_default().chars().enumerate() {
        let place = begun + place;
        let value = u8::try_from(character).ok().and_then(|byte| VALUES.get(usize::from(byte))).copied();
        match (value, character) {
            (Some(value), _) if value != NONE => {
                if repairs.padding {
                    return Err(Base32Error::Character(place + 1));
                }
                repairs.lower_case |= character.is_ascii_lowercase();
                letters += 1;
                bits = (bits << 5) | u32::from(value);
                held += 5;
                if held >= 8 {
                    held -= 8;
                    if bytes.len() == *limits::SEED_BYTES.end() {
                        return Err(Base32Error::TooLong);
                    }
                    bytes.push((bits >> held) as u8);
                    bits &= (1 << held) - 1;
                }
            }
            (_, '=') if letters > 0 => repairs.padding = true,
            (_, '0' | '1' | '8') => return Err(Base32Error::LookAlike(place + 1)),
            (_, c) if is_filling(c) => repairs.blanks = true,
            _ => return Err(Base32Error::Character(place + 1)),
        }
    }
    if bytes.is_empty() {
        return Err(Base32Error::Empty);
    }
    repairs.loose_end = bits != 0 || held >= 5;
    Ok((Secret::new(std::mem::take(&mut *bytes)), repairs))
}

/// The five bytes of eight letters in upper case.
fn plain_group(group: &[u8; 8]) -> Option<[u8; 5]> {
    let values = group.map(|byte| UPPER[usize::from(byte)]);
    let is_plain = values.iter().fold(0, |all, value| all | value) != NONE;
    let bits = values.iter().fold(0_u64, |bits, value| (bits << 5) | u64::from(*value & 31));
    bits.to_be_bytes().last_chunk().copied().filter(|_| is_plain)
}

/// Decodes only what [`encode`] writes: upper case, no padding, nothing between, zero bits at the end.
///
/// # Errors
/// See [`Base32Error`]; whatever [`decode`] would have repaired is refused as a character.
pub fn decode_strict(text: &str) -> Result<Secret, Base32Error> {
    let strange = text.bytes().position(|byte| !ALPHABET.contains(&byte));
    let (seed, repairs) = decode(text)?;
    match strange {
        Some(place) => Err(Base32Error::Character(place + 1)),
        None if !repairs.is_none() => Err(Base32Error::Character(text.len())),
        None => Ok(seed),
    }
}

/// Encodes without padding, in upper case. The text is wiped on drop.
pub fn encode(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len().div_ceil(5) * 8));
    for group in bytes.chunks(5) {
        let joined =
            group.iter().fold(0_u64, |joined, byte| (joined << 8) | u64::from(*byte)) << (8 * (5 - group.len()));
        for place in 0..(group.len() * 8).div_ceil(5) {
            let value = (joined >> (35 - 5 * place)) & 31;
            text.push(char::from(ALPHABET[value as usize]));
        }
    }
    text
}

/// The text with O for 0, I for 1 and B for 8, if it holds one of those digits: to be offered, never taken unasked.
pub fn unmistaken(text: &str) -> Option<Zeroizing<String>> {
    if !text.contains(['0', '1', '8']) {
        return None;
    }
    let mut other = Zeroizing::new(String::with_capacity(text.len()));
    other.extend(text.chars().map(|c| match c {
        '0' => 'O',
        '1' => 'I',
        '8' => 'B',
        other => other,
    }));
    Some(other)
}

/// Blanks of every kind, hyphens, and characters without a width.
fn is_filling(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
}

#[cfg(test)]
mod tests {
    use countersign_properties::{around, parser};
    use proptest::prelude::*;

    use super::*;

    fn decoded(text: &str) -> Result<(Vec<u8>, Repairs), Base32Error> {
        decode(text).map(|(seed, repairs)| (seed.expose().to_vec(), repairs))
    }

    #[test]
    fn the_vectors_of_rfc_4648() {
        for (plain, text) in [
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(*encode(plain.as_bytes()), text);
            assert_eq!(decoded(text).unwrap(), (plain.as_bytes().to_vec(), Repairs::default()));
            let padded = format!("{text:=<0$}", text.len().div_ceil(8) * 8);
            let padding = Repairs { padding: padded != text, ..Repairs::default() };
            assert_eq!(decoded(&padded).unwrap(), (plain.as_bytes().to_vec(), padding));
        }
    }

    #[test]
    fn the_way_people_type_is_understood_and_told() {
        let hello = b"Hello!\xde\xad\xbe\xef".to_vec();
        let with = |text: &str| decoded(text).unwrap();
        let none = Repairs::default();
        assert_eq!(with("JBSWY3DPEHPK3PXP"), (hello.clone(), none));
        assert_eq!(with("jbswy3dpehpk3pxp"), (hello.clone(), Repairs { lower_case: true, ..none }));
        for filled in [" JBSW Y3DP EHPK 3PXP\n", "JBSW-Y3DP-EHPK-3PXP", "JBSWY3DP\u{200b}EHPK\u{a0}3PXP\u{feff}"] {
            assert_eq!(with(filled), (hello.clone(), Repairs { blanks: true, ..none }));
        }
        assert_eq!(
            with("jbsw y3dp ehpk 3pxp===="),
            (hello, Repairs { lower_case: true, blanks: true, padding: true, loose_end: false })
        );
    }

    #[test]
    fn a_length_that_no_encoder_makes_is_taken_and_told() {
        let loose = Repairs { loose_end: true, ..Repairs::default() };
        assert_eq!(decoded("MZXW6YTBO").unwrap(), (b"fooba".to_vec(), loose), "a letter of which nothing remains");
        assert_eq!(decoded("MZ").unwrap(), (b"f".to_vec(), loose), "bits that are not zero");
        assert_eq!(decoded("MZX").unwrap(), (b"f".to_vec(), loose));
    }

    #[test]
    fn what_is_not_base32_is_refused_by_place() {
        assert_eq!(decoded(""), Err(Base32Error::Empty));
        assert_eq!(decoded(" - \n"), Err(Base32Error::Empty));
        assert_eq!(decoded("A"), Err(Base32Error::Empty));
        assert_eq!(decoded("===="), Err(Base32Error::Character(1)));
        assert_eq!(decoded("MZXW6=YTB"), Err(Base32Error::Character(7)));
        assert_eq!(decoded("MZX9"), Err(Base32Error::Character(4)));
        assert_eq!(decoded("MZXé"), Err(Base32Error::Character(4)));
        for (text, place) in [("0ZXW", 1), ("M1XW", 2), ("MZX8", 4)] {
            assert_eq!(decoded(text), Err(Base32Error::LookAlike(place)));
        }
    }

    #[test]
    fn look_alikes_are_offered_not_taken() {
        assert_eq!(unmistaken("M0X1 8a").as_deref().map(String::as_str), Some("MOXI Ba"));
        assert_eq!(unmistaken("MZXW6"), None);
    }

    #[test]
    fn a_seed_has_128_bytes_at_most() {
        let most = *limits::SEED_BYTES.end();
        for (bytes, fits) in [(most - 1, true), (most, true), (most + 1, false), (most * 1000, false)] {
            let result = decode(&encode(&vec![0x5a; bytes]));
            assert_eq!(result.map(|(seed, _)| seed.len()), if fits { Ok(bytes) } else { Err(Base32Error::TooLong) });
        }
    }

    #[test]
    fn the_strict_form_repairs_nothing() {
        assert_eq!(decode_strict("MZXW6YQ").unwrap().expose(), b"foob");
        for text in ["mzxw6yq", "MZXW6YQ=", "MZXW 6YQ", "MZXW6YR", "MZXW6YTBO"] {
            assert!(matches!(decode_strict(text), Err(Base32Error::Character(_))), "{text}");
        }
    }

    /// Seeds as they are written and typed, left whole or damaged: what is taken is written in one way, and read as itself.
    #[test]
    fn a_third_of_what_is_typed_is_taken_and_survives_writing() {
        let written = prop::collection::vec(any::<u8>(), 1..=64).prop_map(|bytes| encode(&bytes).to_string());
        let spaced = written.clone().prop_map(|text| text.to_lowercase().replace('a', "a "));
        parser(around(prop_oneof![written, spaced]), |text| match decoded(text) {
            Ok((seed, _)) => {
                assert_eq!(decode_strict(&encode(&seed)).unwrap().expose(), seed);
                true
            }
            Err(_) => {
                assert!(decode_strict(text).is_err(), "the strict reader takes no more than the lenient one");
                false
            }
        });
    }

    proptest! {
        #[test]
        fn every_seed_survives_the_way_there_and_back(bytes in prop::collection::vec(any::<u8>(), 1..=128)) {
            let text = encode(&bytes);
            let strict = decode_strict(&text).unwrap();
            prop_assert_eq!(strict.expose(), &bytes[..]);
            prop_assert_eq!(decoded(&text.to_lowercase()).unwrap().0, bytes);
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            let _ = (decode(&text), decode_strict(&text), unmistaken(&text));
        }
    }
}
