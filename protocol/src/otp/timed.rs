//! Codes that follow the clock, of every kind.

use super::{Algorithm, Code, Digits, Period, Shape, hash, motp, yandex};
use crate::Secret;

/// How an account's codes follow the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Timed {
    /// TOTP (RFC 6238). Its key is the seed.
    Totp(Shape),
    /// Steam Guard: TOTP with five letters. Its key is the seed.
    Steam,
    /// Yandex Key: eight letters. Its key is made of seed and PIN by [`yandex::key`].
    Yandex,
    /// Mobile-OTP: six hexadecimal digits. Its key is made of seed and PIN by [`motp::key`].
    MOtp,
}

impl Timed {
    /// How long a code lives, and from when its steps are counted.
    pub const fn period(self) -> Period {
        match self {
            Self::Totp(shape) => shape.period,
            Self::Steam | Self::Yandex => Period::THIRTY,
            Self::MOtp => Period::TEN,
        }
    }

    /// The code at this moment, in seconds since 1970, under the key that this kind has.
    ///
    /// ```
    /// use countersign_protocol::Secret;
    /// use countersign_protocol::otp::{Timed, Pin, motp};
    ///
    /// let seed = Secret::from_slice(&[0xe3, 0x15, 0x2a, 0xfe, 0xe6, 0x25, 0x99, 0xc8]);
    /// let key = motp::key(&seed, &Pin::motp("1234")?);
    /// assert_eq!(Timed::MOtp.code(&key, 165_892_298).to_string(), "e7d8b6"); // a vector of Aegis
    /// # Ok::<(), countersign_protocol::otp::OtpError>(())
    /// ```
    pub fn code(self, key: &Secret, unix: u64) -> Code {
        self.at_step(key, self.period().step(unix))
    }

    /// The code of one time step.
    pub(super) fn at_step(self, key: &Secret, step: u64) -> Code {
        match self {
            Self::Totp(shape) => hash::code(key, step, shape.algorithm, shape.digits),
            Self::Steam => hash::hmac(key, step, Algorithm::Sha1, |hash| Code::steam(hash::truncate(hash))),
            Self::Yandex => yandex::at_step(key, step),
            Self::MOtp => motp::at_step(key, step),
        }
    }

    /// The codes of one time step and of the next: what two HMACs under one key have in common is done once.
    pub(super) fn at_step_and_next(self, key: &Secret, step: u64) -> [Code; 2] {
        let steps = [step, step.saturating_add(1)];
        match self {
            Self::Totp(shape) => hash::two(key, steps, shape.algorithm, |bits| Code::new(bits, shape.digits)),
            Self::Steam => hash::two(key, steps, Algorithm::Sha1, Code::steam),
            Self::Yandex | Self::MOtp => steps.map(|step| self.at_step(key, step)),
        }
    }

    /// The hash and how many characters a code has. With kinds but TOTP they are no settings; mOTP, which has MD5, says
    /// SHA-1.
    pub const fn form(self) -> (Algorithm, Digits) {
        match self {
            Self::Totp(shape) => (shape.algorithm, shape.digits),
            Self::Steam => (Algorithm::Sha1, Digits::FIVE),
            Self::Yandex => (Algorithm::Sha256, Digits::EIGHT),
            Self::MOtp => (Algorithm::Sha1, Digits::SIX),
        }
    }

    /// Whether its codes are made with a PIN too.
    pub const fn has_pin(self) -> bool {
        matches!(self, Self::Yandex | Self::MOtp)
    }
}

impl From<Shape> for Timed {
    fn from(shape: Shape) -> Self {
        Self::Totp(shape)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Columns: time, seed in base32, code.
    const STEAM: &str = include_str!("../../../tests/vectors/steam.txt");

    #[test]
    fn steams_codes_are_those_of_others() {
        let mut rows = 0;
        for line in STEAM.lines().filter(|line| !line.starts_with('#')) {
            let [time, seed, code]: [&str; 3] = line.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
            let seed = super::super::base32::decode(seed).unwrap().0;
            assert_eq!(Timed::Steam.code(&seed, time.parse().unwrap()).to_string(), code, "{line}");
            rows += 1;
        }
        assert!(rows >= 4, "{rows}");
    }

    fn timed() -> impl Strategy<Value = Timed> {
        let algorithm = prop::sample::select(&Algorithm::ALL[..]);
        let digits = (5..=10_u64).prop_map(|digits| Digits::try_from(digits).unwrap());
        let period = (1..=86_400_u64, prop_oneof![Just(0), 0..=crate::limits::OTP_START])
            .prop_map(|(seconds, start)| Period::try_from(seconds).unwrap().counted_from(start).unwrap());
        let totp = (algorithm, digits, period)
            .prop_map(|(algorithm, digits, period)| Timed::Totp(Shape { algorithm, digits, period }));
        prop_oneof![3 => totp, 1 => Just(Timed::Steam), 1 => Just(Timed::Yandex), 1 => Just(Timed::MOtp)]
    }

    fn alphabet(timed: Timed) -> &'static str {
        match timed {
            Timed::Totp(_) => "0123456789",
            Timed::Steam => "23456789BCDFGHJKMNPQRTVWXY",
            Timed::Yandex => "abcdefghijklmnopqrstuvwxyz",
            Timed::MOtp => "0123456789abcdef",
        }
    }

    proptest! {
        /// Whatever the key and the moment: a code of its length and its alphabet, the same for its whole step.
        #[test]
        fn every_key_and_moment_has_a_code(
            timed in timed(),
            key in prop::collection::vec(any::<u8>(), 0..=200),
            unix in prop_oneof![any::<u64>(), 0..4_000_000_000_u64],
        ) {
            let key = Secret::new(key);
            let code = timed.code(&key, unix).to_string();
            prop_assert_eq!(code.len(), usize::from(timed.form().1.get()));
            prop_assert!(code.chars().all(|character| alphabet(timed).contains(character)), "{}", code);
            let span = timed.period().span(timed.period().step(unix));
            prop_assert!(span.contains(&unix) || unix == u64::MAX);
            prop_assert_eq!(timed.code(&key, span.start).to_string(), code.as_str());
            prop_assert_eq!(timed.code(&key, span.end.saturating_sub(1).max(span.start)).to_string(), code.as_str());
        }
    }
}
