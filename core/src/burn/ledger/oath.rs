//! privacyIDEA's OATH table. Its reader takes the hash from the length of the key, so a key is lengthened by zeros, which
//! change no code (RFC 2104 pads keys with them), or shortened by those it ends in.

use countersign_protocol::otp::Algorithm;
use zeroize::Zeroizing;

use super::{Entry, Why};
use crate::burn::credential::{Credential, Moving};
use crate::burn::source::{Column, by_length};

/// Bytes that HMAC takes at once: a longer key is hashed first, and then every byte of it counts.
const fn block(algorithm: Algorithm) -> usize {
    match algorithm {
        Algorithm::Sha1 | Algorithm::Sha256 | Algorithm::Sha224 | Algorithm::Md5 => 64,
        Algorithm::Sha512 | Algorithm::Sha384 => 128,
    }
}

pub(super) fn hindrance(entry: &Entry) -> Option<Why> {
    // privacyIDEA takes these in a serial number, and ends the import at any other.
    let is_taken = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    if !entry.item().serial.as_str().chars().all(is_taken) {
        return Some(Why::Character(Column::Serial));
    }
    let Credential { seed, algorithm, .. } = &entry.credential;
    if length(seed.expose(), *algorithm).is_none() { Some(Why::Key(seed.len())) } else { None }
}

pub(super) fn is_extended(entry: &Entry) -> bool {
    let Credential { seed, algorithm, .. } = &entry.credential;
    length(seed.expose(), *algorithm).is_some_and(|length| length > seed.len())
}

/// How long the key is to be, so that its hash is taken for what it is; `None` where no length does.
fn length(key: &[u8], algorithm: Algorithm) -> Option<usize> {
    let fits = |length: &usize| by_length(*length) == Ok(algorithm);
    if fits(&key.len()) {
        return Some(key.len());
    }
    if key.len() > block(algorithm) {
        return None;
    }
    let shortest = key.iter().rposition(|byte| *byte != 0).map_or(1, |last| last + 1);
    (key.len() + 1..=block(algorithm)).find(fits).or_else(|| (shortest..key.len()).find(fits))
}

pub(super) fn write(entries: &[&Entry]) -> Zeroizing<String> {
    let room = entries.iter().map(|entry| 2 * 128 + entry.serial.as_str().len() + 64).sum();
    let mut out = Zeroizing::new(String::with_capacity(room));
    for entry in entries {
        let Credential { seed, moving, algorithm, digits, .. } = &entry.credential;
        let (kind, last) = match moving {
            Moving::Time(period) => ("totp", u64::from(period.seconds())),
            Moving::Counter(counter) => ("hotp", counter.get()),
        };
        let key = seed.expose();
        let length = length(key, *algorithm).unwrap_or(key.len());
        out.push_str(entry.item().serial.as_str());
        out.push(',');
        for byte in key.iter().copied().chain(std::iter::repeat(0)).take(length) {
            for half in [byte >> 4, byte & 15] {
                out.extend(char::from_digit(u32::from(half), 16));
            }
        }
        out.push_str(&format!(",{kind},{},{last}\n", digits.get()));
    }
    out
}

#[cfg(test)]
mod tests {
    use countersign_protocol::Secret;
    use countersign_protocol::otp::{Digits, Period, totp};

    use super::*;

    /// Every length of key, every hash: what is written gives the same codes under the hash that its length means.
    #[test]
    fn whatever_is_written_gives_the_same_codes_under_the_hash_of_its_length() {
        let mut expressed = 0;
        for algorithm in Algorithm::ALL {
            for bytes in 1..=128_usize {
                for zeros in [0, 1, bytes / 2] {
                    let mut key = vec![0x5a; bytes];
                    key[bytes - zeros..].fill(0);
                    let Some(length) = length(&key, algorithm) else { continue };
                    expressed += 1;
                    let written: Vec<u8> = key.iter().copied().chain(std::iter::repeat(0)).take(length).collect();
                    assert_eq!(by_length(length), Ok(algorithm));
                    let code = |key: &[u8]| {
                        totp(&Secret::from_slice(key), 59, algorithm, Digits::TEN, Period::THIRTY).to_string()
                    };
                    assert_eq!(code(&written), code(&key), "{algorithm} {bytes} {zeros}");
                }
            }
        }
        assert!(expressed > 500, "{expressed}");
    }

    #[test]
    fn the_lengths_of_the_rule() {
        let of = |bytes: usize, algorithm| length(&vec![1; bytes], algorithm);
        assert_eq!(of(20, Algorithm::Sha1), Some(20));
        assert_eq!(of(32, Algorithm::Sha1), Some(33));
        assert_eq!(of(28, Algorithm::Sha1), Some(29));
        assert_eq!(of(64, Algorithm::Sha1), None);
        assert_eq!(of(65, Algorithm::Sha1), Some(65));
        assert_eq!(of(20, Algorithm::Sha256), Some(32));
        assert_eq!(of(33, Algorithm::Sha256), None);
        assert_eq!(of(20, Algorithm::Sha512), Some(64));
        assert_eq!(of(65, Algorithm::Sha512), None);
        let mut ends_in_zero = [1; 33];
        ends_in_zero[32] = 0;
        assert_eq!(length(&ends_in_zero, Algorithm::Sha256), Some(32));
    }
}
