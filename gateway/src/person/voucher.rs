//! Vouchers: what an administrator hands to a person so that the first device can be added. Once, for 24 hours.

use std::fmt;

use ring::hmac;
use subtle::ConstantTimeEq;

use super::PersonId;
use crate::port::{PortFault, Random};

/// Crockford's alphabet: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Twelve symbols of five bits: 60 bits.
const SYMBOLS: usize = 12;

/// A voucher in clear, shown once.
#[derive(Clone)]
pub struct Voucher([u8; SYMBOLS]);

impl Voucher {
    /// A fresh one of 60 random bits.
    ///
    /// # Errors
    /// [`PortFault::Random`].
    pub fn generate(random: &dyn Random) -> Result<Self, PortFault> {
        Ok(Self(random.bytes::<SYMBOLS>()?.map(|byte| byte % 32)))
    }

    /// Reads what was typed: blanks, hyphens and capitals do not matter, O is 0, I and L are 1.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > 64 {
            return None;
        }
        let symbols = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| match c.to_ascii_uppercase() {
            'O' => Some(0),
            'I' | 'L' => Some(1),
            c => ALPHABET.iter().position(|known| char::from(*known) == c).and_then(|at| u8::try_from(at).ok()),
        });
        symbols.collect::<Option<Vec<u8>>>()?.try_into().ok().map(Self)
    }

    /// The voucher in three groups of four, as a person reads it.
    pub fn reveal(&self) -> String {
        let symbol = |at: &u8| ALPHABET.get(usize::from(*at)).map_or('?', |c| char::from(*c));
        let groups: Vec<String> = self.0.chunks(4).map(|group| group.iter().map(symbol).collect()).collect();
        groups.join("-")
    }
}

impl fmt::Debug for Voucher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Voucher(..)")
    }
}

/// What the store keeps of a voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// 16 random bytes.
    pub salt: [u8; 16],
    /// HMAC over salt, person and voucher, by a key that is not in the store.
    pub hash: [u8; 32],
    /// The last moment it counts, in Unix seconds.
    pub until: u64,
    /// When it was used.
    pub used_at: Option<u64>,
}

/// The key of the hashes, so that a stolen store alone gives no voucher away.
pub struct Key(hmac::Key);

impl Key {
    /// From 32 bytes derived from the master key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// What to keep.
    pub fn keep(&self, voucher: &Voucher, person: PersonId, salt: [u8; 16], until: u64) -> Kept {
        Kept { salt, hash: self.hash(voucher, person, &salt), until, used_at: None }
    }

    /// Whether this is the kept voucher of this person. Constant time. Says nothing of its life.
    pub fn fits(&self, voucher: &Voucher, person: PersonId, kept: &Kept) -> bool {
        self.hash(voucher, person, &kept.salt).ct_eq(&kept.hash).into()
    }

    fn hash(&self, voucher: &Voucher, person: PersonId, salt: &[u8; 16]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(salt);
        context.update(&person.0);
        context.update(&voucher.0);
        let mut out = [0; 32];
        for (to, from) in out.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOUCHER: Voucher = Voucher([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 31]);

    #[test]
    fn it_is_read_back_as_people_type_it() {
        assert_eq!(VOUCHER.reveal(), "0123-4567-89AZ");
        for typed in ["0123-4567-89AZ", " o1 23 4567 89az", "OL2345678 9AZ"] {
            assert_eq!(Voucher::parse(typed).unwrap().0, VOUCHER.0, "{typed}");
        }
        for typed in ["", "0123", "0123-4567-89AZ-0", "0123-4567-89AU", "0123-4567-89A\u{fe}"] {
            assert!(Voucher::parse(typed).is_none(), "{typed}");
        }
    }

    #[test]
    fn it_fits_its_person_and_key_alone() {
        let (key, other) = (Key::new(&[1; 32]), Key::new(&[2; 32]));
        let kept = key.keep(&VOUCHER, PersonId([1; 16]), [9; 16], 0);
        assert!(key.fits(&VOUCHER, PersonId([1; 16]), &kept));
        assert!(!key.fits(&VOUCHER, PersonId([2; 16]), &kept));
        assert!(!key.fits(&Voucher([0; 12]), PersonId([1; 16]), &kept));
        assert!(!other.fits(&VOUCHER, PersonId([1; 16]), &kept));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{VOUCHER:?}"), "Voucher(..)");
    }
}
