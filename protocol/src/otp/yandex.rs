//! Yandex Key: eight letters out of time, seed and PIN. Yandex describes it nowhere; this is what KeeYaOtp found out and
//! Aegis computes.

use ring::digest;

use super::{Algorithm, Code, OtpError, Pin, hash};
use crate::Secret;

/// Bytes of a seed.
const SEED: usize = 16;
/// Bytes of a seed with what follows it where it is written down: the length of the PIN, zeros, check digits.
const WHOLE: usize = 26;

/// The seed out of what a QR code (16 bytes) or a written key (26 bytes, with check digits) holds.
///
/// # Errors
/// [`OtpError::SeedLength`], [`OtpError::SeedCheck`].
pub fn seed(found: &Secret) -> Result<Secret, OtpError> {
    // The seed leaves its type to be cut and checked.
    let bytes = found.expose();
    match bytes.len() {
        SEED => {}
        WHOLE if is_whole(bytes) => {}
        WHOLE => return Err(OtpError::SeedCheck),
        other => return Err(OtpError::SeedLength(other)),
    }
    Ok(Secret::from_slice(bytes.get(..SEED).unwrap_or_default()))
}

/// Whether the last twelve bits are the remainder of all bits before them, by the polynomial 0x18F3.
fn is_whole(bytes: &[u8]) -> bool {
    let bits = bytes.iter().flat_map(|byte| (0..8).rev().map(move |place| u32::from(byte >> place & 1)));
    let mut remainder = 0;
    for bit in bits.take(WHOLE * 8 - 12) {
        remainder = remainder << 1 | bit;
        if remainder & 1 << 12 != 0 {
            remainder ^= 0x18F3;
        }
    }
    let written = bytes.last_chunk().map(|last| u32::from(u16::from_be_bytes(*last) & 0xfff));
    written == Some(remainder)
}

/// What is hashed with each step: SHA-256 of PIN and seed, without its first byte where that is zero.
pub fn key(seed: &Secret, pin: &Pin) -> Secret {
    let mut hash = digest::Context::new(&digest::SHA256);
    // PIN and seed leave their types to be hashed.
    hash.update(pin.expose());
    hash.update(seed.expose());
    let hash = hash.finish();
    let bytes = hash.as_ref();
    Secret::from_slice(bytes.strip_prefix(&[0]).unwrap_or(bytes))
}

/// The code of one step of thirty seconds under a [`key`].
pub(super) fn at_step(key: &Secret, step: u64) -> Code {
    hash::hmac(key, step, Algorithm::Sha256, |hash| {
        let offset = usize::from(hash.last().copied().unwrap_or_default() & 0xf);
        let taken = hash.get(offset..).and_then(|rest| rest.first_chunk()).copied().unwrap_or_default();
        Code::yandex(u64::from_be_bytes(taken))
    })
}

#[cfg(test)]
mod tests {
    use super::super::base32;
    use super::*;

    /// Columns: time, PIN, seed, code.
    const YAOTP: &str = include_str!("../../../tests/vectors/yaotp.txt");

    fn rows() -> impl Iterator<Item = [&'static str; 4]> {
        let lines = YAOTP.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.split_whitespace().collect::<Vec<_>>().try_into().unwrap())
    }

    #[test]
    fn codes_are_those_of_aegis() {
        for [time, pin, written, code] in rows() {
            let whole = base32::decode(written).unwrap().0;
            let key = key(&seed(&whole).unwrap(), &Pin::yandex(pin).unwrap());
            assert_eq!(at_step(&key, time.parse::<u64>().unwrap() / 30).to_string(), code);
        }
        assert_eq!(rows().count(), 5);
    }

    #[test]
    fn one_character_mistyped_is_found() {
        for [_, _, written, _] in rows() {
            let mut wrong = 0;
            for place in 0..written.len() - 1 {
                let other = if written.as_bytes()[place] == b'A' { "B" } else { "A" };
                let mistyped = [&written[..place], other, &written[place + 1..]].concat();
                let whole = base32::decode(&mistyped).unwrap().0;
                wrong += usize::from(seed(&whole).err() == Some(OtpError::SeedCheck));
            }
            assert_eq!(wrong, written.len() - 1, "{written}");
        }
    }

    #[test]
    fn a_seed_has_16_or_26_bytes() {
        let of = |bytes: &[u8]| seed(&Secret::from_slice(bytes)).map(|seed| seed.expose().to_vec());
        assert_eq!(of(&[7; 16]), Ok(vec![7; 16]));
        assert_eq!(of(&[0; 26]), Ok(vec![0; 16]), "no bits, no remainder");
        assert_eq!(of(&[7; 26]), Err(OtpError::SeedCheck));
        for length in [0, 1, 15, 17, 25, 27, 128, 16_000] {
            assert_eq!(of(&vec![7; length]), Err(OtpError::SeedLength(length)));
        }
    }

    /// One key in 256 begins with a zero byte, and is shorter by it.
    #[test]
    fn a_zero_in_front_of_the_key_is_left_out() {
        let seed = Secret::from_slice(&[7; 16]);
        let lengths = (1000..3000).map(|pin| key(&seed, &Pin::yandex(&pin.to_string()).unwrap()).len());
        let lengths: std::collections::BTreeSet<_> = lengths.collect();
        assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [31, 32]);
    }
}
