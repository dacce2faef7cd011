//! Mobile-OTP (motp.sourceforge.net): six hexadecimal digits out of time, seed and PIN, by MD5.

use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

use super::{Code, OtpError, Pin};
use crate::{Secret, limits};

/// The seed as it is written: hexadecimal digits in pairs, of either case, blanks and hyphens between them passed over.
///
/// # Errors
/// [`OtpError::SeedHex`].
pub fn seed(text: &str) -> Result<Secret, OtpError> {
    let most = *limits::SEED_BYTES.end();
    // Room for all there may be, so that no copy stays behind in a buffer that was too small.
    let mut bytes = Zeroizing::new(Vec::with_capacity(most));
    let mut half = None;
    for character in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let nibble = character.to_digit(16).ok_or(OtpError::SeedHex)? as u8;
        match half.take() {
            None => half = Some(nibble),
            Some(_) if bytes.len() == most => return Err(OtpError::SeedHex),
            Some(high) => bytes.push(high << 4 | nibble),
        }
    }
    let whole = half.is_none() && !bytes.is_empty();
    Some(Secret::from_slice(&bytes)).filter(|_| whole).ok_or(OtpError::SeedHex)
}

/// What is hashed with each step: the seed as hexadecimal text, then the PIN.
pub fn key(seed: &Secret, pin: &Pin) -> Secret {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    // Seed and PIN leave their types to be hashed together; there is room for both, so that no copy stays behind.
    let (seed, pin) = (seed.expose(), pin.expose());
    let mut text = Vec::with_capacity(2 * seed.len() + pin.len());
    for byte in seed {
        text.extend([byte >> 4, byte & 0xf].map(|nibble| HEX.get(usize::from(nibble)).copied().unwrap_or_default()));
    }
    text.extend_from_slice(pin);
    Secret::new(text)
}

/// The code of one step of ten seconds under a [`key`].
pub(super) fn at_step(key: &Secret, step: u64) -> Code {
    let mut hash = Md5::new();
    let (digits, length) = decimal(step);
    hash.update(digits.get(digits.len() - length..).unwrap_or_default());
    // The key leaves its type to be hashed.
    hash.update(key.expose());
    let hash = Zeroizing::new(<[u8; 16]>::from(hash.finalize()));
    Code::motp(hash.first_chunk().copied().unwrap_or_default())
}

/// A number as decimal digits at the end of twenty bytes, and how many they are.
fn decimal(mut number: u64) -> ([u8; 20], usize) {
    let mut digits = [b'0'; 20];
    let mut length = 0;
    for place in digits.iter_mut().rev() {
        *place = b'0' + (number % 10) as u8;
        number /= 10;
        length += 1;
        if number == 0 {
            break;
        }
    }
    (digits, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns: time, PIN, seed in hexadecimal digits, code.
    const MOTP: &str = include_str!("../../../tests/vectors/motp.txt");

    #[test]
    fn codes_are_those_of_aegis() {
        let mut rows = 0;
        for line in MOTP.lines().filter(|line| !line.starts_with('#')) {
            let [time, pin, hex, code]: [&str; 4] = line.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
            let key = key(&seed(hex).unwrap(), &Pin::motp(pin).unwrap());
            assert_eq!(at_step(&key, time.parse::<u64>().unwrap() / 10).to_string(), code, "{line}");
            rows += 1;
        }
        assert_eq!(rows, 6);
    }

    #[test]
    fn seeds_are_pairs_of_hexadecimal_digits() {
        let most = *limits::SEED_BYTES.end();
        for (text, bytes) in
            [("e315", &[0xe3, 0x15][..]), ("E3 15\n", &[0xe3, 0x15]), ("e3-15", &[0xe3, 0x15]), ("00", &[0])]
        {
            assert_eq!(seed(text).unwrap().expose(), bytes, "{text}");
        }
        assert_eq!(seed(&"ab".repeat(most)).unwrap().len(), most);
        for text in [
            "",
            " ",
            "e",
            "e31",
            "x3",
            "é3",
            "0x12",
            &"ab".repeat(most + 1),
            &"a".repeat(2 * most + 1),
            &"ab".repeat(most * 1000),
        ] {
            assert_eq!(seed(text).err(), Some(OtpError::SeedHex), "{text:.20}");
        }
    }

    #[test]
    fn steps_are_written_as_people_write_numbers() {
        for number in [0, 1, 9, 10, 99, 100, 165_953_987, u64::MAX] {
            let (digits, length) = decimal(number);
            assert_eq!(digits[20 - length..], *number.to_string().as_bytes());
        }
    }
}
