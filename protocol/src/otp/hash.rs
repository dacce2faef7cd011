//! HMAC over a moving factor and its truncation: what HOTP, TOTP and Steam share.

use hmac::digest::Output;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use super::{Algorithm, Code, Digits};
use crate::Secret;

/// The code of a moving factor: a counter, or the number of a time step.
pub(super) fn code(seed: &Secret, factor: u64, algorithm: Algorithm, digits: Digits) -> Code {
    Code::new(hmac(seed, factor, algorithm, truncate), digits)
}

/// The codes of two moving factors.
pub(super) fn two(seed: &Secret, factors: [u64; 2], algorithm: Algorithm, code: impl Fn(u32) -> Code) -> [Code; 2] {
    let code = |tag: &[u8]| code(truncate(tag));
    match algorithm {
        Algorithm::Sha1 => tags::<Hmac<Sha1>, 2>(seed, factors).map(|tag| code(&tag)),
        Algorithm::Sha256 => tags::<Hmac<Sha256>, 2>(seed, factors).map(|tag| code(&tag)),
        Algorithm::Sha512 => tags::<Hmac<Sha512>, 2>(seed, factors).map(|tag| code(&tag)),
        Algorithm::Sha224 => tags::<Hmac<Sha224>, 2>(seed, factors).map(|tag| code(&tag)),
        Algorithm::Sha384 => tags::<Hmac<Sha384>, 2>(seed, factors).map(|tag| code(&tag)),
        Algorithm::Md5 => tags::<Hmac<Md5>, 2>(seed, factors).map(|tag| code(&tag)),
    }
}

/// HMAC over the moving factor in eight bytes, most significant first (RFC 4226, 5.2), handed to `take`. The hashes use
/// the processor's instructions where it has them.
pub(super) fn hmac<T>(seed: &Secret, factor: u64, algorithm: Algorithm, take: impl FnOnce(&[u8]) -> T) -> T {
    match algorithm {
        Algorithm::Sha1 => take(&tags::<Hmac<Sha1>, 1>(seed, [factor])[0]),
        Algorithm::Sha256 => take(&tags::<Hmac<Sha256>, 1>(seed, [factor])[0]),
        Algorithm::Sha512 => take(&tags::<Hmac<Sha512>, 1>(seed, [factor])[0]),
        Algorithm::Sha224 => take(&tags::<Hmac<Sha224>, 1>(seed, [factor])[0]),
        Algorithm::Sha384 => take(&tags::<Hmac<Sha384>, 1>(seed, [factor])[0]),
        Algorithm::Md5 => take(&tags::<Hmac<Md5>, 1>(seed, [factor])[0]),
    }
}

/// The seed leaves its type to be the key of one HMAC, or of several at once, and is copied nowhere.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104, section 2)")]
fn tags<M: Mac + KeyInit + Clone, const N: usize>(seed: &Secret, factors: [u64; N]) -> [Output<M>; N] {
    let keyed = M::new_from_slice(seed.expose()).expect("HMAC takes any key");
    factors.map(|factor| keyed.clone().chain_update(factor.to_be_bytes()).finalize().into_bytes())
}

/// Dynamic truncation (RFC 4226, 5.3): the last four bits say where four bytes are taken; their top bit is cleared. Of MD5,
/// which is shorter than the 19 bytes that this may reach, bytes past the end are zero.
pub(super) fn truncate(hash: &[u8]) -> u32 {
    let offset = usize::from(hash.last().copied().unwrap_or_default() & 0xf);
    let mut taken = [0; 4];
    taken.iter_mut().zip(hash.iter().skip(offset)).for_each(|(to, from)| *to = *from);
    u32::from_be_bytes(taken) & 0x7fff_ffff
}

#[cfg(test)]
mod tests {
    use super::super::{Counter, hotp};
    use super::*;

    /// Columns: counter, HMAC-SHA-1, truncated in hex and in decimal, code.
    const RFC_4226: &str = include_str!("../../../tests/vectors/rfc4226.txt");

    #[test]
    fn hotp_matches_rfc_4226_with_every_step_between() {
        let seed = Secret::from_slice(b"12345678901234567890");
        let mut rows = 0;
        for line in RFC_4226.lines().filter(|line| !line.starts_with('#')) {
            let [counter, tag, hex, decimal, six]: [&str; 5] =
                line.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
            let factor = counter.parse().unwrap();
            let hash = hmac(&seed, factor, Algorithm::Sha1, <[u8]>::to_vec);
            let hash_hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hash_hex, tag, "at {counter}");
            assert_eq!(format!("{:x}", truncate(&hash)), hex, "at {counter}");
            assert_eq!(truncate(&hash).to_string(), decimal, "at {counter}");
            let hotp = |digits| hotp(&seed, Counter::try_from(factor).unwrap(), Algorithm::Sha1, digits).to_string();
            assert_eq!(hotp(Digits::SIX), six, "at {counter}");
            assert_eq!(hotp(Digits::TEN), format!("{decimal:0>10}"), "at {counter}");
            rows += 1;
        }
        assert_eq!(rows, 10);
    }

    #[test]
    fn the_example_of_rfc_4226_section_5_4() {
        let hash = [
            0x1f, 0x86, 0x98, 0x69, 0x0e, 0x02, 0xca, 0x16, 0x61, 0x85, 0x50, 0xef, 0x7f, 0x19, 0xda, 0x8e, 0x94, 0x5b,
            0x55, 0x5a,
        ];
        assert_eq!(truncate(&hash), 0x50ef_7f19);
        assert_eq!(Code::new(truncate(&hash), Digits::SIX).to_string(), "872921");
    }

    #[test]
    fn what_the_truncation_misses_of_a_short_hash_is_zero() {
        let of = |last: u8| truncate(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, last]);
        assert_eq!(of(0xfc), 0x0d0e_0ffc);
        assert_eq!(of(0xfd), 0x0e0f_fd00);
        assert_eq!(of(0xfe), 0x0ffe_0000);
        assert_eq!(of(0xff), 0x7f00_0000);
    }

    #[test]
    fn hmac_agrees_with_ring_for_seeds_of_every_length() {
        for length in [0, 1, 10, 16, 20, 21, 63, 64, 65, 127, 128, 129, 1024] {
            let seed = Secret::new((0..length).map(|place| (place * 7 + length) as u8).collect());
            for algorithm in Algorithm::ALL {
                let ring = match algorithm {
                    // It has neither; `tests/otp` holds them against another implementation.
                    Algorithm::Sha224 | Algorithm::Md5 => continue,
                    Algorithm::Sha384 => ring::hmac::HMAC_SHA384,
                    Algorithm::Sha1 => ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                    Algorithm::Sha256 => ring::hmac::HMAC_SHA256,
                    Algorithm::Sha512 => ring::hmac::HMAC_SHA512,
                };
                for factor in [0, 1, 0xdead_beef, (1 << 63) - 1, u64::MAX] {
                    let theirs = ring::hmac::sign(&ring::hmac::Key::new(ring, seed.expose()), &factor.to_be_bytes());
                    let ours = hmac(&seed, factor, algorithm, <[u8]>::to_vec);
                    assert_eq!(ours, theirs.as_ref(), "{algorithm}, {length} bytes, at {factor}");
                }
            }
        }
    }
}
