//! Codes, as tokens show or tell them.

use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Counter, Digits, Period, hotp, totp};

/// The digits of a moment: 4 to 10 of them, of which four are the tail of five.
pub(crate) fn of_time(seed: &Secret, algorithm: Algorithm, digits: u8, step: u32, unix: u64) -> Option<String> {
    let period = Period::try_from(u64::from(step)).ok()?;
    tail(digits, |digits| totp(seed, unix, algorithm, digits, period).to_string())
}

/// The digits of a counter.
pub(crate) fn of_counter(seed: &Secret, algorithm: Algorithm, digits: u8, counter: u64) -> Option<String> {
    let counter = Counter::try_from(counter).ok()?;
    tail(digits, |digits| hotp(seed, counter, algorithm, digits).to_string())
}

fn tail(digits: u8, code: impl FnOnce(Digits) -> String) -> Option<String> {
    match digits {
        4 => code(Digits::FIVE).get(1..).map(str::to_owned),
        _ => Digits::try_from(u64::from(digits)).ok().map(code),
    }
}

/// The hash that the low bits 1, 2 and 3 stand for in every family.
pub(crate) fn algorithm(number: u8) -> Option<Algorithm> {
    Some(match number {
        1 => Algorithm::Sha1,
        2 => Algorithm::Sha256,
        3 => Algorithm::Sha512,
        _ => return None,
    })
}

/// The number of a hash.
pub(crate) fn number(algorithm: Algorithm) -> u8 {
    match algorithm {
        Algorithm::Sha1 => 1,
        Algorithm::Sha256 => 2,
        Algorithm::Sha512 => 3,
        // No token's.
        Algorithm::Sha224 | Algorithm::Sha384 | Algorithm::Md5 => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_digits_to_ten() {
        let seed = Secret::from_slice(b"12345678901234567890");
        let at = |digits| of_time(&seed, Algorithm::Sha1, digits, 30, 59);
        let all: Vec<_> = (3..=11).map(at).collect();
        assert_eq!(all[0], None);
        assert_eq!(all[8], None);
        assert_eq!(all[1].as_deref(), Some("7082"));
        assert_eq!(all[5].as_deref(), Some("94287082"));
        assert_eq!(all[7].as_deref().map(str::len), Some(10));
        assert_eq!(of_time(&seed, Algorithm::Sha1, 6, 0, 59), None);
        assert_eq!(of_counter(&seed, Algorithm::Sha1, 6, 0).as_deref(), Some("755224"));
    }
}
