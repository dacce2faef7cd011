//! What a person typed.

use std::fmt;
use std::str::FromStr;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

use super::code::MOST;
use super::{Code, OtpError};

/// The digits that a person typed: 2 to 10, leading zeros kept. Wiped on drop; `Debug` hides them.
///
/// Reading one is kind: blanks, hyphens and the marks that copying brings along are dropped, and decimal digits of any
/// script count as what they mean, so a code in Arabic-Indic digits works.
///
/// ```
/// use countersign_protocol::otp::Typed;
/// assert_eq!("049 218".parse::<Typed>()?.expose(), "049218");
/// assert_eq!("٠٤٩٢١٨".parse::<Typed>()?.expose(), "049218");
/// # Ok::<(), countersign_protocol::otp::OtpError>(())
/// ```
#[derive(Clone)]
pub struct Typed {
    /// ASCII digits.
    text: [u8; MOST],
    length: usize,
}

impl Typed {
    /// The digits in ASCII. Each call site says why they must leave the type.
    pub fn expose(&self) -> &str {
        std::str::from_utf8(self.ascii()).unwrap_or_default()
    }

    /// How many digits were typed.
    #[expect(clippy::len_without_is_empty, reason = "two digits at least")]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether these are the digits of `code`. Takes the same time wherever they differ.
    pub fn matches(&self, code: &Code) -> bool {
        self.ascii().ct_eq(code.shown(&code.ascii())).into()
    }

    fn ascii(&self) -> &[u8] {
        self.text.get(..self.length).unwrap_or_default()
    }
}

impl FromStr for Typed {
    type Err = OtpError;

    fn from_str(input: &str) -> Result<Self, OtpError> {
        let mut typed = Self { text: [0; MOST], length: 0 };
        let mut length = 0;
        for character in input.chars().filter(|c| !is_filling(*c)) {
            let digit = decimal_digit(character).ok_or(OtpError::NotDigits)?;
            if let Some(place) = typed.text.get_mut(length) {
                *place = b'0' + digit;
            }
            length += 1;
        }
        if !(2..=MOST).contains(&length) {
            return Err(OtpError::TypedLength(length));
        }
        typed.length = length;
        Ok(typed)
    }
}

impl Drop for Typed {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl fmt::Debug for Typed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Typed(..)")
    }
}

/// Blanks, hyphens, and the invisible marks that surround copied text.
fn is_filling(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}' | '\u{61c}')
}

/// The value of a decimal digit of any script (Unicode general category Nd).
pub fn decimal_digit(c: char) -> Option<u8> {
    let c = u32::from(c);
    let zero = ZEROS.get(ZEROS.partition_point(|zero| *zero <= c).checked_sub(1)?)?;
    u8::try_from(c - zero).ok().filter(|digit| *digit <= 9)
}

/// The zero of every row of ten decimal digits in Unicode 14, in order.
const ZEROS: [u32; 66] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0,
    0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620,
    0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0,
    0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60,
    0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
];

#[cfg(test)]
mod tests {
    use countersign_properties::{around, parser};

    use super::super::Digits;
    use super::*;

    fn typed(text: &str) -> Result<String, OtpError> {
        text.parse::<Typed>().map(|typed| typed.expose().to_owned())
    }

    #[test]
    fn leading_zeros_and_blanks() {
        assert_eq!(typed(" 004 219\n").unwrap(), "004219");
        assert_eq!(typed("004-219").unwrap(), "004219");
        assert_eq!(typed("\u{2068}004\u{a0}219\u{2069}").unwrap(), "004219");
    }

    #[test]
    fn digits_of_every_script_count() {
        for zero in ZEROS {
            let text: String = (0..10).filter_map(|digit| char::from_u32(zero + digit)).collect();
            assert_eq!(typed(&text).unwrap(), "0123456789", "U+{zero:04X}");
        }
    }

    #[test]
    fn any_text_is_digits_or_none_and_a_third_is_digits() {
        parser(around("[ -]{0,2}[0-9]{1,5}[ \u{a0}-]?[0-9\u{660}-\u{669}]{1,5}[ \n]{0,2}"), |text| match typed(text) {
            Ok(digits) => {
                assert!((2..=10).contains(&digits.len()) && digits.bytes().all(|c| c.is_ascii_digit()), "{text}");
                assert_eq!(typed(&digits), Ok(digits));
                true
            }
            Err(_) => false,
        });
    }

    #[test]
    fn other_numerals_are_not_digits() {
        for text in ["12345²", "12345½", "12345Ⅷ", "12345六", "+12345", "12.345", "１２３４５:", "0x1234"] {
            assert_eq!(typed(text), Err(OtpError::NotDigits), "{text}");
        }
    }

    #[test]
    fn two_to_ten_digits() {
        for (text, length) in [("", 0), ("   ", 0), ("1", 1), ("12345678901", 11), (&"1".repeat(5000), 5000)] {
            assert_eq!(typed(text), Err(OtpError::TypedLength(length)));
        }
        assert_eq!(typed("12").unwrap().len(), 2);
        assert_eq!(typed("1234567890").unwrap().len(), 10);
    }

    #[test]
    fn matches_all_digits_or_none() {
        let code = Code::new(49_218, Digits::SIX);
        let matches = |text: &str| text.parse::<Typed>().unwrap().matches(&code);
        assert!(matches("049218"));
        assert!(matches("049 218"));
        for other in ["49218", "0492180", "0049218", "049219", "149218"] {
            assert!(!matches(other), "{other}");
        }
    }

    #[test]
    fn debug_hides_the_digits() {
        assert_eq!(format!("{:?}", "049218".parse::<Typed>()), "Ok(Typed(..))");
    }
}
