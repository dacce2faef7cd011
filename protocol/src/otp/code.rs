//! A code: the digits or letters that stand on the screen.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};

use super::Digits;

/// The most characters a code has.
pub(super) const MOST: usize = 10;

/// The characters of one moment or one counter. `Display` writes all of them, leading zeros included; `Debug` none.
///
/// It is a number until its text is wanted, and takes no memory of its own. There is no `==`: compare what a person typed
/// with [`Typed::matches`](super::Typed::matches), two codes with [`ct_eq`](ConstantTimeEq::ct_eq).
#[derive(Clone, Copy)]
pub struct Code {
    /// Below the number of characters in the alphabet to the power of `length`.
    value: u64,
    length: u8,
    alphabet: Alphabet,
}

/// What the characters of a code are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Decimal,
    Hexadecimal,
    /// Letters and digits that are not easily mistaken for each other.
    Steam,
    /// Lower-case letters.
    Yandex,
}

impl Alphabet {
    const fn characters(self) -> &'static [u8] {
        match self {
            Self::Decimal => b"0123456789",
            Self::Hexadecimal => b"0123456789abcdef",
            Self::Steam => b"23456789BCDFGHJKMNPQRTVWXY",
            Self::Yandex => b"abcdefghijklmnopqrstuvwxyz",
        }
    }
}

impl Code {
    /// The last digits of 31 bits (RFC 4226, 5.3 step 3).
    pub(super) fn new(bits: u32, digits: Digits) -> Self {
        let bits = bits & 0x7fff_ffff;
        // Ten to the tenth is more than 32 bits hold, and more than 31 bits reach: nothing is cut.
        let value = 10_u32.checked_pow(u32::from(digits.get())).map_or(bits, |modulus| bits % modulus);
        Self { value: value.into(), length: digits.get(), alphabet: Alphabet::Decimal }
    }

    /// Five of Steam's letters out of 31 bits; the first is cut off first.
    pub(super) fn steam(bits: u32) -> Self {
        let mut rest = u64::from(bits & 0x7fff_ffff);
        let mut value = 0;
        for _ in 0..5 {
            value = value * 26 + rest % 26;
            rest /= 26;
        }
        Self { value, length: 5, alphabet: Alphabet::Steam }
    }

    /// Eight letters out of 63 bits.
    pub(super) fn yandex(bits: u64) -> Self {
        Self { value: (bits & (u64::MAX >> 1)) % 26_u64.pow(8), length: 8, alphabet: Alphabet::Yandex }
    }

    /// Six hexadecimal digits out of 24 bits.
    pub(super) fn motp([first, second, third]: [u8; 3]) -> Self {
        Self { value: u32::from_be_bytes([0, first, second, third]).into(), length: 6, alphabet: Alphabet::Hexadecimal }
    }

    /// The characters in groups as people read them: 3+3, 4+4, 3+2+2, with a blank between; Steam's five as one word.
    ///
    /// ```
    /// use countersign_protocol::{Secret, otp::{Algorithm, Counter, Digits, hotp}};
    /// let seed = Secret::from_slice(b"12345678901234567890");
    /// assert_eq!(hotp(&seed, Counter::ZERO, Algorithm::Sha1, Digits::SIX).grouped(), "755 224");
    /// ```
    pub fn grouped(&self) -> String {
        let groups: &[usize] = match self.length {
            5 if self.alphabet == Alphabet::Steam => &[5],
            5 => &[3, 2],
            6 => &[3, 3],
            7 => &[3, 2, 2],
            8 => &[4, 4],
            9 => &[3, 3, 3],
            _ => &[3, 3, 4],
        };
        let ascii = self.ascii();
        let mut characters = self.shown(&ascii).iter().copied().map(char::from);
        let mut text = String::with_capacity(MOST + 2);
        for (place, group) in groups.iter().enumerate() {
            if place > 0 {
                text.push(' ');
            }
            text.extend(characters.by_ref().take(*group));
        }
        text
    }

    /// How many characters there are.
    #[expect(clippy::len_without_is_empty, reason = "five characters at least")]
    pub fn len(&self) -> usize {
        usize::from(self.length)
    }

    /// Ten ASCII characters; the last [`len`](Self::len) of them are the code.
    pub(super) fn ascii(&self) -> [u8; MOST] {
        let mut text = [b'0'; MOST];
        let last = text.iter_mut().rev().take(self.len());
        if self.alphabet == Alphabet::Decimal {
            // By far the most, and quicker with a number that is known beforehand.
            let mut rest = self.value as u32;
            for place in last {
                *place = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
            return text;
        }
        let characters = self.alphabet.characters();
        let (count, mut rest) = (characters.len() as u64, self.value);
        for place in last {
            *place = characters.get((rest % count) as usize).copied().unwrap_or_default();
            rest /= count;
        }
        text
    }

    /// The code among the ten.
    pub(super) fn shown<'a>(&self, ascii: &'a [u8; MOST]) -> &'a [u8] {
        ascii.get(MOST - self.len()..).unwrap_or_default()
    }
}

impl ConstantTimeEq for Code {
    fn ct_eq(&self, other: &Self) -> Choice {
        let same_form = (self.length, self.alphabet) == (other.length, other.alphabet);
        self.value.ct_eq(&other.value) & Choice::from(u8::from(same_form))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ascii = self.ascii();
        f.write_str(std::str::from_utf8(self.shown(&ascii)).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_are_written() {
        assert_eq!(Code::new(1_000_042, Digits::SIX).to_string(), "000042");
        assert_eq!(Code::new(7, Digits::TEN).to_string(), "0000000007");
        assert_eq!(Code::steam(0).to_string(), "22222");
        assert_eq!(Code::yandex(1).to_string(), "aaaaaaab");
        assert_eq!(Code::motp([0, 0, 0xf]).to_string(), "00000f");
    }

    #[test]
    fn ten_digits_hold_all_31_bits() {
        assert_eq!(Code::new(u32::MAX, Digits::TEN).to_string(), "2147483647");
    }

    #[test]
    fn the_most_that_letters_hold() {
        // 2^31 - 1 in base 26 ends in 19, 8, 18, 24, 23.
        let letters: String =
            [23, 24, 18, 8, 19].iter().map(|at| char::from(b"23456789BCDFGHJKMNPQRTVWXY"[*at])).collect();
        assert_eq!(Code::steam(u32::MAX).to_string(), letters);
        assert_eq!(Code::yandex(26_u64.pow(8) - 1).to_string(), "zzzzzzzz");
        assert_eq!(Code::yandex(26_u64.pow(8)).to_string(), "aaaaaaaa");
        assert_eq!(Code::yandex(1 << 63).to_string(), "aaaaaaaa", "the top bit is cleared");
        assert_eq!(Code::motp([0xff; 3]).to_string(), "ffffff");
    }

    #[test]
    fn groups_are_those_of_the_screens() {
        let grouped = |digits| Code::new(1_234_567_890, Digits::try_from(digits).unwrap()).grouped();
        let all: Vec<_> = (5..=10).map(grouped).collect();
        assert_eq!(all, ["678 90", "567 890", "456 78 90", "3456 7890", "234 567 890", "123 456 7890"]);
        let others = [Code::steam(0), Code::yandex(0), Code::motp([0xab, 0xcd, 0xef])].map(|code| code.grouped());
        assert_eq!(others, ["22222", "aaaa aaaa", "abc def"]);
    }

    #[test]
    fn debug_hides_the_characters() {
        assert_eq!(format!("{:?}", Code::new(123_456, Digits::SIX)), "Code(..)");
        assert_eq!(format!("{:?}", Code::steam(7)), "Code(..)");
    }

    #[test]
    fn codes_of_unlike_length_or_alphabet_differ() {
        assert!(bool::from(Code::new(42, Digits::SIX).ct_eq(&Code::new(42, Digits::SIX))));
        assert!(!bool::from(Code::new(42, Digits::SIX).ct_eq(&Code::new(42, Digits::SEVEN))));
        assert!(!bool::from(Code::new(42, Digits::SIX).ct_eq(&Code::motp([0, 0, 42]))));
    }

    /// A row of a list holds two of them.
    #[test]
    fn a_code_takes_sixteen_bytes() {
        assert_eq!(size_of::<Code>(), 16);
    }
}
