//! The settings of an account, each a type that cannot be out of range.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::limits;

/// Why a setting of an account, or a code that a person typed, was not taken. Holds numbers, never what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OtpError {
    /// A code has 5 to 10 digits.
    #[error("{0} digits, not 5 to 10")]
    Digits(u64),
    /// A period lasts 1 to 86,400 seconds.
    #[error("a period of {0} s, not 1 to 86400")]
    Period(u64),
    /// Steps are counted from a moment before the year 10000.
    #[error("a start at {0} s, past the year 9999")]
    Start(u64),
    /// A counter is below 2^63.
    #[error("the counter is 2^63 or more")]
    Counter,
    /// The algorithm is none of [`Algorithm::ALL`].
    #[error("unknown algorithm")]
    Algorithm,
    /// A seed has a length that this kind of account does not have.
    #[error("a seed of {0} bytes is none of this kind")]
    SeedLength(usize),
    /// A seed of mOTP is not hexadecimal digits in pairs, or too long.
    #[error("the seed is not hexadecimal")]
    SeedHex,
    /// The check digits of the seed do not fit it: a character was mistyped.
    #[error("the seed does not fit its check digits")]
    SeedCheck,
    /// A PIN has 4 to 16 digits with Yandex, 1 to 16 digits or letters with mOTP, and other kinds have none.
    #[error("not a PIN of this kind")]
    Pin,
    /// What was typed holds something other than digits and blanks.
    #[error("something other than digits was typed")]
    NotDigits,
    /// What was typed has fewer than 2 or more than 10 digits.
    #[error("{0} digits were typed, not 2 to 10")]
    TypedLength(usize),
}

/// The hash under HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Algorithm {
    /// SHA-1, which nearly every service uses.
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
    /// SHA-224, which no standard names for codes; FreeOTP and 2FAS offer it.
    Sha224,
    /// SHA-384, as SHA-224.
    Sha384,
    /// MD5, from the early days of Google Authenticator. Of its 16 bytes the truncation may ask for more than there are:
    /// those that are missing count as zero, as where PHP and JavaScript compute such codes.
    Md5,
}

impl Algorithm {
    /// All algorithms, in the order in which choices are offered.
    pub const ALL: [Self; 6] = [Self::Sha1, Self::Sha256, Self::Sha512, Self::Sha224, Self::Sha384, Self::Md5];

    /// Those of RFC 6238, 1.2: no hardware token has another.
    pub const RFC_6238: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];

    /// The name as Key URIs write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
            Self::Sha224 => "SHA224",
            Self::Sha384 => "SHA384",
            Self::Md5 => "MD5",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads the exact names that [`Algorithm::as_str`] gives; the Key URI parser knows the other spellings.
impl FromStr for Algorithm {
    type Err = OtpError;

    fn from_str(name: &str) -> Result<Self, OtpError> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == name).ok_or(OtpError::Algorithm)
    }
}

/// How many digits a code has: 5 to 10. What a person typed is [`Typed`](super::Typed), which keeps its leading zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digits(u8);

impl Digits {
    /// Five digits.
    pub const FIVE: Self = Self(5);
    /// Six digits, the usual.
    pub const SIX: Self = Self(6);
    /// Seven digits.
    pub const SEVEN: Self = Self(7);
    /// Eight digits.
    pub const EIGHT: Self = Self(8);
    /// Ten digits; the first is 0, 1 or 2, since a code is cut from 31 bits.
    pub const TEN: Self = Self(10);

    /// The number itself.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Digits {
    fn default() -> Self {
        Self::SIX
    }
}

impl TryFrom<u64> for Digits {
    type Error = OtpError;

    fn try_from(digits: u64) -> Result<Self, OtpError> {
        let fits = limits::OTP_DIGITS.contains(&digits);
        u8::try_from(digits).ok().filter(|_| fits).map(Self).ok_or(OtpError::Digits(digits))
    }
}

/// How long one code lives, 1 to 86,400 seconds, and from when such steps of time are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Period {
    seconds: u32,
    start: u64,
}

impl Period {
    /// Thirty seconds, the usual.
    pub const THIRTY: Self = Self { seconds: 30, start: 0 };
    /// Ten seconds, as mOTP has it.
    pub const TEN: Self = Self { seconds: 10, start: 0 };

    /// The same period, counted from another moment than the beginning of 1970 (RFC 6238, 4.2: T0), in seconds since
    /// then.
    ///
    /// # Errors
    /// [`OtpError::Start`] past the year 9999.
    pub fn counted_from(self, start: u64) -> Result<Self, OtpError> {
        if start <= limits::OTP_START { Ok(Self { start, ..self }) } else { Err(OtpError::Start(start)) }
    }

    /// The seconds.
    pub const fn seconds(self) -> u32 {
        self.seconds
    }

    /// The moment from which steps are counted; 0 with nearly every service.
    pub const fn start(self) -> u64 {
        self.start
    }

    /// The time step that holds this moment (RFC 6238, 4.2: T). Every moment before the start belongs to the first.
    pub const fn step(self, unix: u64) -> u64 {
        unix.saturating_sub(self.start) / self.seconds as u64
    }

    /// The seconds that belong to a step.
    pub const fn span(self, step: u64) -> Range<u64> {
        let since = step.saturating_mul(self.seconds as u64).saturating_add(self.start);
        let until = since.saturating_add(self.seconds as u64);
        if step == 0 { 0..until } else { since..until }
    }
}

impl Default for Period {
    fn default() -> Self {
        Self::THIRTY
    }
}

impl TryFrom<u64> for Period {
    type Error = OtpError;

    fn try_from(seconds: u64) -> Result<Self, OtpError> {
        let fits = limits::OTP_PERIOD.contains(&seconds);
        let seconds = u32::try_from(seconds).ok().filter(|_| fits).ok_or(OtpError::Period(seconds))?;
        Ok(Self { seconds, start: 0 })
    }
}

/// The moving factor of HOTP: below 2^63, so that every store and every other program can hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Counter(u64);

impl Counter {
    /// Where a new account starts.
    pub const ZERO: Self = Self(0);

    /// The number itself.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The counter after this one, or `None` at the last.
    pub fn next(self) -> Option<Self> {
        Self::try_from(self.0.checked_add(1)?).ok()
    }
}

impl TryFrom<u64> for Counter {
    type Error = OtpError;

    fn try_from(counter: u64) -> Result<Self, OtpError> {
        if counter < limits::OTP_COUNTER_END { Ok(Self(counter)) } else { Err(OtpError::Counter) }
    }
}

/// All settings of a TOTP account but its seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Shape {
    /// The hash under HMAC.
    pub algorithm: Algorithm,
    /// How long a code is.
    pub digits: Digits,
    /// How long a code lives.
    pub period: Period,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_hold_their_bounds() {
        let (least, most) = (*limits::OTP_DIGITS.start(), *limits::OTP_DIGITS.end());
        for refused in [0, least - 1, most + 1, most * 1000, 256 + least, u64::MAX] {
            assert_eq!(Digits::try_from(refused), Err(OtpError::Digits(refused)));
        }
        for taken in least..=most {
            assert_eq!(u64::from(Digits::try_from(taken).unwrap().get()), taken);
        }
    }

    #[test]
    fn a_period_holds_its_bounds() {
        let (least, most) = (*limits::OTP_PERIOD.start(), *limits::OTP_PERIOD.end());
        for refused in [least - 1, most + 1, most * 1000, (1 << 32) + 30, u64::MAX] {
            assert_eq!(Period::try_from(refused), Err(OtpError::Period(refused)));
        }
        for taken in [least, least + 1, 30, most - 1, most] {
            assert_eq!(u64::from(Period::try_from(taken).unwrap().seconds()), taken);
        }
    }

    #[test]
    fn steps_are_counted_from_the_start() {
        let minute = Period::try_from(60).unwrap().counted_from(100).unwrap();
        assert_eq!((minute.seconds(), minute.start()), (60, 100));
        let steps = [0, 99, 100, 159, 160, 219, 220].map(|unix| minute.step(unix));
        assert_eq!(steps, [0, 0, 0, 0, 1, 1, 2]);
        assert_eq!([0, 1, 2].map(|step| minute.span(step)), [0..160, 160..220, 220..280]);
        for unix in [0, 99, 100, 159, 160, 1_800_000_000] {
            assert!(minute.span(minute.step(unix)).contains(&unix), "{unix}");
        }
        assert_eq!(minute.span(u64::MAX), u64::MAX..u64::MAX);
    }

    #[test]
    fn a_start_holds_its_bound() {
        let from = |start| Period::THIRTY.counted_from(start);
        for taken in [0, 1, limits::OTP_START - 1, limits::OTP_START] {
            assert_eq!(from(taken).unwrap().start(), taken);
        }
        for refused in [limits::OTP_START + 1, limits::OTP_START * 1000, u64::MAX] {
            assert_eq!(from(refused), Err(OtpError::Start(refused)));
        }
    }

    #[test]
    fn the_last_counter_has_no_next() {
        let last = Counter::try_from(limits::OTP_COUNTER_END - 1).unwrap();
        assert_eq!(last.next(), None);
        assert_eq!(Counter::try_from(limits::OTP_COUNTER_END), Err(OtpError::Counter));
        assert_eq!(Counter::ZERO.next(), Some(Counter(1)));
    }

    #[test]
    fn algorithms_are_read_as_they_are_written() {
        for algorithm in Algorithm::ALL {
            assert_eq!(algorithm.to_string().parse(), Ok(algorithm));
        }
        assert_eq!("sha1".parse::<Algorithm>(), Err(OtpError::Algorithm));
    }
}
