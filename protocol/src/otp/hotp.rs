//! HOTP, RFC 4226: a code for each value of a counter.

use super::{Algorithm, Code, Counter, Digits, hash};
use crate::Secret;

/// The code of this counter (RFC 4226, 5.3); SHA-256 and SHA-512 as in RFC 6238, 1.2.
///
/// Who shows a code stores the next counter first: a code that was shown must not come again.
pub fn hotp(seed: &Secret, counter: Counter, algorithm: Algorithm, digits: Digits) -> Code {
    hash::code(seed, counter.get(), algorithm, digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The table of RFC 4226, appendix D, stands with the steps between in `hash.rs`.

    #[test]
    fn the_last_counter_gives_a_code_in_every_length() {
        let seed = Secret::from_slice(b"12345678901234567890");
        let last = Counter::try_from((1 << 63) - 1).unwrap();
        for digits in 5..=10_u8 {
            for algorithm in Algorithm::ALL {
                let code = hotp(&seed, last, algorithm, Digits::try_from(u64::from(digits)).unwrap());
                assert_eq!(code.to_string().len(), usize::from(digits));
            }
        }
    }

    #[test]
    fn shorter_codes_are_the_tail_of_longer_ones() {
        let seed = Secret::from_slice(b"12345678901234567890");
        let code = |digits| hotp(&seed, Counter::ZERO, Algorithm::Sha1, digits).to_string();
        assert_eq!(code(Digits::TEN), "1284755224");
        for digits in 5..=10_u64 {
            assert!(code(Digits::TEN).ends_with(&code(Digits::try_from(digits).unwrap())));
        }
    }
}
