//! What is written into a token: a seed with its settings, each a type that cannot be out of range.

use std::fmt;

use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Code, Counter, Digits, Period, hotp, totp};
use countersign_protocol::text::is_forbidden;
use zeroize::Zeroizing;

use crate::limits;

/// Why a value is none that a token can be given. Holds numbers, never what was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// A seed has 1 to 128 bytes.
    #[error("a seed of {0} bytes, not 1 to 128")]
    SeedLength(usize),
    /// All bytes of the seed are zero: some tokens take that for «delete», and no code of it is secret.
    #[error("the seed is all zero")]
    SeedZero,
    /// A code on a token has 4 to 10 digits.
    #[error("{0} digits, not 4 to 10")]
    Digits(u64),
    /// A serial number has 1 to 64 characters.
    #[error("a serial number of {0} characters, not 1 to 64")]
    SerialLength(usize),
    /// A serial number holds a blank at its edge, or a character that cannot be seen.
    #[error("a character in the serial number that cannot be there")]
    SerialCharacter,
}

/// A seed as a token is given it: 1 to 128 bytes, not all of them zero.
///
/// Two seeds that differ in zero bytes at their end give the same codes (RFC 2104 pads keys with them): see
/// [`is_same_key`](Self::is_same_key).
#[derive(Clone)]
pub struct Seed(Secret);

impl Seed {
    /// Borrows the bytes. Each call site says why they must leave the type.
    pub fn expose(&self) -> &[u8] {
        self.0.expose()
    }

    /// The seed as codes are computed from it.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// How many bytes there are, 1 to 128.
    #[expect(clippy::len_without_is_empty, reason = "a seed is never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether both give the same codes, in a time that depends on the lengths alone: the same bytes but for zeros at the end.
    pub fn is_same_key(&self, other: &Self) -> bool {
        let padded = |seed: &Self| {
            let mut bytes = Zeroizing::new(vec![0; *limits::ACCOUNT_SEED.end()]);
            bytes.iter_mut().zip(seed.expose()).for_each(|(to, from)| *to = *from);
            bytes
        };
        Secret::from_slice(&padded(self)).ct_eq(&padded(other))
    }
}

impl TryFrom<Secret> for Seed {
    type Error = CredentialError;

    fn try_from(secret: Secret) -> Result<Self, CredentialError> {
        if !limits::ACCOUNT_SEED.contains(&secret.len()) {
            return Err(CredentialError::SeedLength(secret.len()));
        }
        if secret.expose().iter().fold(0, |all, byte| all | byte) == 0 {
            return Err(CredentialError::SeedZero);
        }
        Ok(Self(secret))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// How many digits a token shows: 4 to 10. An account's are 5 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenDigits(u8);

impl TokenDigits {
    /// Six digits, the usual.
    pub const SIX: Self = Self(6);

    /// The number itself.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u64> for TokenDigits {
    type Error = CredentialError;

    fn try_from(digits: u64) -> Result<Self, CredentialError> {
        let fits = limits::TOKEN_DIGITS.contains(&digits);
        u8::try_from(digits).ok().filter(|_| fits).map(Self).ok_or(CredentialError::Digits(digits))
    }
}

impl From<Digits> for TokenDigits {
    fn from(digits: Digits) -> Self {
        Self(digits.get())
    }
}

/// A token's serial number: 1 to 64 characters, without blanks at its edges. It is compared as it is written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial(String);

impl Serial {
    /// The characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<&str> for Serial {
    type Error = CredentialError;

    fn try_from(text: &str) -> Result<Self, CredentialError> {
        let length = text.chars().count();
        if !limits::TOKEN_SERIAL.contains(&length) {
            return Err(CredentialError::SerialLength(length));
        }
        if text.trim() != text || text.chars().any(is_forbidden) {
            return Err(CredentialError::SerialCharacter);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What moves a token's codes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moving {
    /// Time (RFC 6238).
    Time(Period),
    /// A counter, which begins here (RFC 4226).
    Counter(Counter),
}

/// What is to be written into one token.
#[derive(Clone)]
pub struct Credential {
    /// For which token, where the source says so.
    pub serial: Option<Serial>,
    /// Who issued the account; may be empty.
    pub issuer: String,
    /// For whom; may be empty.
    pub name: String,
    /// The key.
    pub seed: Seed,
    /// What moves its codes on.
    pub moving: Moving,
    /// The hash under HMAC.
    pub algorithm: Algorithm,
    /// How many digits a code has.
    pub digits: TokenDigits,
}

impl Credential {
    /// The digits that a token shows at this moment, or at its first counter: compared with what a person reads off it.
    pub fn code_at(&self, unix: u64) -> Zeroizing<String> {
        // A code is the last digits of one number, so four digits are the end of five.
        let longer = Digits::try_from(u64::from(self.digits.get())).unwrap_or(Digits::FIVE);
        let code = self.code(unix, longer);
        let text = Zeroizing::new(code.to_string());
        let skipped = text.len().saturating_sub(usize::from(self.digits.get()));
        Zeroizing::new(text.get(skipped..).unwrap_or_default().to_owned())
    }

    fn code(&self, unix: u64, digits: Digits) -> Code {
        match self.moving {
            Moving::Time(period) => totp(self.seed.secret(), unix, self.algorithm, digits, period),
            Moving::Counter(counter) => hotp(self.seed.secret(), counter, self.algorithm, digits),
        }
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed(bytes: &[u8]) -> Result<Seed, CredentialError> {
        Seed::try_from(Secret::from_slice(bytes))
    }

    fn credential(digits: u64) -> Credential {
        let (seed, moving) = (seed(b"12345678901234567890").unwrap(), Moving::Time(Period::THIRTY));
        let (serial, issuer, name) = (None, String::new(), String::new());
        let digits = TokenDigits::try_from(digits).unwrap();
        Credential { serial, issuer, name, seed, moving, algorithm: Algorithm::Sha1, digits }
    }

    #[test]
    fn seeds_digits_and_serials_have_bounds() {
        assert_eq!(seed(&[]).unwrap_err(), CredentialError::SeedLength(0));
        assert_eq!(seed(&[1]).map(|seed| seed.len()), Ok(1));
        assert_eq!(seed(&[1; 128]).map(|seed| seed.len()), Ok(128));
        assert_eq!(seed(&[1; 129]).unwrap_err(), CredentialError::SeedLength(129));
        assert_eq!(seed(&[0; 20]).unwrap_err(), CredentialError::SeedZero);
        let (least, most) = limits::TOKEN_DIGITS.into_inner();
        for (digits, fits) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
            assert_eq!(TokenDigits::try_from(digits).is_ok(), fits, "{digits}");
        }
        let serial = |text: &str| Serial::try_from(text).map(|serial| serial.to_string());
        assert_eq!(serial("86596220000001").as_deref(), Ok("86596220000001"));
        let most = *limits::TOKEN_SERIAL.end();
        assert_eq!(serial(&"9".repeat(most)).map(|text| text.len()), Ok(most));
        assert_eq!(serial(&"9".repeat(most + 1)), Err(CredentialError::SerialLength(most + 1)));
        assert_eq!(serial(""), Err(CredentialError::SerialLength(0)));
        assert_eq!(serial(" 1"), Err(CredentialError::SerialCharacter));
        assert_eq!(serial("1\n2"), Err(CredentialError::SerialCharacter));
    }

    #[test]
    fn zeros_at_the_end_of_a_seed_change_no_code() {
        let (short, long, other) = (seed(&[7, 1]).unwrap(), seed(&[7, 1, 0, 0]).unwrap(), seed(&[7, 2]).unwrap());
        assert!(short.is_same_key(&long) && !short.is_same_key(&other));
    }

    #[test]
    fn codes_of_a_display_are_those_of_the_standard_and_four_digits_are_the_end_of_them() {
        assert_eq!(*credential(8).code_at(59), "94287082"); // RFC 6238, appendix B
        assert_eq!(*credential(4).code_at(59), "7082");
        assert_eq!(format!("{:?}", credential(6)), "Credential(..)");
    }
}
