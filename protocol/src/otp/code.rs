//! A code: the digits that stand on the screen.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};

use super::Digits;

/// The most digits a code has.
pub(super) const MOST: usize = 10;

/// The digits of one moment or one counter. `Display` writes all of them, leading zeros included; `Debug` none.
///
/// There is no `==`: compare what a person typed with [`Typed::matches`](super::Typed::matches), two codes with
/// [`ct_eq`](ConstantTimeEq::ct_eq).
#[derive(Clone, Copy)]
pub struct Code {
    /// Below 10 to the power of `digits`, and below 2^31.
    value: u32,
    digits: Digits,
}

impl Code {
    /// The last digits of 31 bits (RFC 4226, 5.3 step 3).
    pub(super) fn new(bits: u32, digits: Digits) -> Self {
        let bits = bits & 0x7fff_ffff;
        // Ten to the tenth is more than 32 bits hold, and more than 31 bits reach: nothing is cut.
        let value = 10_u32.checked_pow(u32::from(digits.get())).map_or(bits, |modulus| bits % modulus);
        Self { value, digits }
    }

    /// How many digits there are.
    pub fn digits(&self) -> Digits {
        self.digits
    }

    /// The digits in groups as people read them: 3+3, 4+4, 3+2+2, with a blank between.
    ///
    /// ```
    /// use countersign_protocol::{Secret, otp::{Algorithm, Counter, Digits, hotp}};
    /// let seed = Secret::from_slice(b"12345678901234567890");
    /// assert_eq!(hotp(&seed, Counter::ZERO, Algorithm::Sha1, Digits::SIX).grouped(), "755 224");
    /// ```
    pub fn grouped(&self) -> String {
        let groups: &[usize] = match self.digits.get() {
            5 => &[3, 2],
            6 => &[3, 3],
            7 => &[3, 2, 2],
            8 => &[4, 4],
            9 => &[3, 3, 3],
            _ => &[3, 3, 4],
        };
        let mut ascii = self.ascii().into_iter().skip(MOST - self.len()).map(char::from);
        let mut text = String::with_capacity(MOST + 2);
        for (place, group) in groups.iter().enumerate() {
            if place > 0 {
                text.push(' ');
            }
            text.extend(ascii.by_ref().take(*group));
        }
        text
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.digits.get())
    }

    /// Ten ASCII digits; the last `len` of them are the code.
    pub(super) fn ascii(&self) -> [u8; MOST] {
        let mut text = [b'0'; MOST];
        let mut rest = self.value;
        for place in text.iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        text
    }
}

impl ConstantTimeEq for Code {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.value.ct_eq(&other.value) & self.digits.get().ct_eq(&other.digits.get())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ascii = self.ascii();
        let digits = ascii.get(MOST - self.len()..).unwrap_or_default();
        f.write_str(std::str::from_utf8(digits).map_err(|_| fmt::Error)?)
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
    }

    #[test]
    fn ten_digits_hold_all_31_bits() {
        assert_eq!(Code::new(u32::MAX, Digits::TEN).to_string(), "2147483647");
    }

    #[test]
    fn groups_are_those_of_the_screens() {
        let grouped = |digits| Code::new(1_234_567_890, Digits::try_from(digits).unwrap()).grouped();
        let all: Vec<_> = (5..=10).map(grouped).collect();
        assert_eq!(all, ["678 90", "567 890", "456 78 90", "3456 7890", "234 567 890", "123 456 7890"]);
    }

    #[test]
    fn debug_hides_the_digits() {
        assert_eq!(format!("{:?}", Code::new(123_456, Digits::SIX)), "Code(..)");
    }

    #[test]
    fn codes_of_unlike_length_differ() {
        assert!(bool::from(Code::new(42, Digits::SIX).ct_eq(&Code::new(42, Digits::SIX))));
        assert!(!bool::from(Code::new(42, Digits::SIX).ct_eq(&Code::new(42, Digits::SEVEN))));
    }
}
