//! The kinds of accounts: how their codes move on, what is kept sealed for them, and how both are written.

use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Counter, Digits, Period, Pin, Shape, Timed, motp, yandex};
use countersign_protocol::uri::otpauth;

use super::frame::{read_varint, write_varint};
use crate::error::{InputError, Named, Rule};
use crate::limits;

/// How an account's codes move on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// With time (RFC 6238).
    Totp(Period),
    /// With each code shown (RFC 4226); the counter of the next code.
    Hotp(Counter),
    /// With time: Steam Guard, five letters.
    Steam,
    /// With time: Yandex Key, eight letters, by seed and PIN.
    Yandex,
    /// With time: Mobile-OTP, six hexadecimal digits, by seed and PIN.
    MOtp,
}

impl Kind {
    /// How its codes follow the clock, with these settings where it has any; `None` for HOTP.
    pub const fn timed(self, algorithm: Algorithm, digits: Digits) -> Option<Timed> {
        match self {
            Self::Totp(period) => Some(Timed::Totp(Shape { algorithm, digits, period })),
            Self::Hotp(_) => None,
            Self::Steam => Some(Timed::Steam),
            Self::Yandex => Some(Timed::Yandex),
            Self::MOtp => Some(Timed::MOtp),
        }
    }

    /// Hash and length of its codes: the given ones where they are settings, else those that it always has.
    pub fn form(self, algorithm: Algorithm, digits: Digits) -> (Algorithm, Digits) {
        self.timed(algorithm, digits).map_or((algorithm, digits), Timed::form)
    }

    /// Whether its codes are made with a PIN too.
    pub const fn has_pin(self) -> bool {
        matches!(self, Self::Yandex | Self::MOtp)
    }

    /// What is sealed of an account: its seed; behind its PIN and the length of it, where the kind has one.
    pub(super) fn kept(self, seed: &Secret, pin: Option<&Pin>) -> Result<Secret, InputError> {
        let field = |field, rule| InputError::Field { field, rule };
        if !limits::ACCOUNT_SEED.contains(&seed.len()) {
            return Err(field(Named::Secret, Rule::SeedLength));
        }
        if !self.has_pin() {
            return Ok(seed.clone());
        }
        let pin = pin.ok_or(field(Named::Pin, Rule::PinMissing))?;
        // PIN and seed leave their types to be kept as one.
        let pin = self.pin(pin.expose()).ok_or(field(Named::Pin, Rule::Pin))?;
        let cut = match self {
            Self::Yandex => yandex::seed(seed).map_err(|_| field(Named::Secret, Rule::SeedYandex))?,
            _ => seed.clone(),
        };
        let mut kept = Vec::with_capacity(1 + pin.expose().len() + cut.len());
        kept.push(pin.expose().len() as u8);
        kept.extend_from_slice(pin.expose());
        kept.extend_from_slice(cut.expose());
        Ok(Secret::new(kept))
    }

    /// Seed and PIN out of what is kept; `None` where that is none of this kind.
    pub(super) fn part(self, kept: Secret) -> Option<(Secret, Option<Pin>)> {
        if !self.has_pin() {
            return Some((kept, None));
        }
        let (length, rest) = kept.expose().split_first()?;
        let (pin, seed) = rest.split_at_checked(usize::from(*length))?;
        Some((Secret::from_slice(seed), Some(self.pin(pin)?)))
    }

    /// What the codes are made with, out of what is kept.
    pub(super) fn key(self, kept: Secret) -> Option<Secret> {
        match (self, self.part(kept)?) {
            (Self::Yandex, (seed, Some(pin))) => Some(yandex::key(&seed, &pin)),
            (Self::MOtp, (seed, Some(pin))) => Some(motp::key(&seed, &pin)),
            (_, (seed, _)) => Some(seed),
        }
    }

    fn pin(self, bytes: &[u8]) -> Option<Pin> {
        let timed = self.timed(Algorithm::default(), Digits::default())?;
        Pin::of(timed, std::str::from_utf8(bytes).ok()?).ok()
    }

    /// By which number it is known in the file.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Totp(period) if period.start() == 0 => 1,
            Self::Hotp(_) => 2,
            Self::Steam => 3,
            Self::Yandex => 4,
            Self::MOtp => 5,
            Self::Totp(_) => 6,
        }
    }

    /// Writes what else it has to say.
    pub(super) fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Totp(period) => {
                write_varint(period.seconds().into(), out);
                if period.start() > 0 {
                    write_varint(period.start(), out);
                }
            }
            Self::Hotp(counter) => write_varint(counter.get(), out),
            Self::Steam | Self::Yandex | Self::MOtp => {}
        }
    }

    /// Reads what [`Kind::write`] wrote for the kind of this number.
    pub(super) fn read(number: u8, bytes: &mut &[u8]) -> Option<Self> {
        let mut period = || Period::try_from(read_varint(bytes)?).ok();
        Some(match number {
            1 => Self::Totp(period()?),
            2 => Self::Hotp(Counter::try_from(read_varint(bytes)?).ok()?),
            3 => Self::Steam,
            4 => Self::Yandex,
            5 => Self::MOtp,
            6 => {
                let (period, start) = (period()?, read_varint(bytes)?);
                Self::Totp(period.counted_from(start).ok().filter(|_| start > 0)?)
            }
            _ => return None,
        })
    }
}

impl From<otpauth::Kind> for Kind {
    fn from(kind: otpauth::Kind) -> Self {
        match kind {
            otpauth::Kind::Totp { period } => Self::Totp(period),
            otpauth::Kind::Hotp { counter } => Self::Hotp(counter),
            otpauth::Kind::Steam => Self::Steam,
            otpauth::Kind::Yandex => Self::Yandex,
            otpauth::Kind::MOtp => Self::MOtp,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every kind, with every setting of its own.
    pub fn kinds() -> impl Strategy<Value = Kind> {
        let seconds = 1..=86_400_u64;
        let start = prop_oneof![Just(0), 0..=countersign_protocol::limits::OTP_START];
        prop_oneof![
            (seconds, start).prop_map(|(seconds, start)| {
                Kind::Totp(Period::try_from(seconds).unwrap().counted_from(start).unwrap())
            }),
            (0..1u64 << 63).prop_map(|counter| Kind::Hotp(Counter::try_from(counter).unwrap())),
            Just(Kind::Steam),
            Just(Kind::Yandex),
            Just(Kind::MOtp),
        ]
    }

    proptest! {
        #[test]
        fn a_kind_is_read_as_it_was_written(kind in kinds()) {
            let mut bytes = vec![];
            kind.write(&mut bytes);
            let mut rest = &bytes[..];
            prop_assert_eq!(Kind::read(kind.number(), &mut rest), Some(kind));
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn any_bytes_are_a_kind_of_one_form_or_none(number in 0..8_u8, bytes in prop::collection::vec(any::<u8>(), 0..24)) {
            let mut rest = &bytes[..];
            if let Some(kind) = Kind::read(number, &mut rest) {
                let mut written = vec![];
                kind.write(&mut written);
                prop_assert_eq!((kind.number(), written.as_slice()), (number, &bytes[..bytes.len() - rest.len()]));
            }
        }

        #[test]
        fn what_is_kept_parts_into_seed_and_pin(
            kind in kinds(),
            seed in prop::collection::vec(any::<u8>(), 1..=128),
            pin in "[0-9]{4,16}",
        ) {
            let (seed, given) = (Secret::new(seed), Pin::yandex(&pin).unwrap());
            let kept = kind.kept(&seed, Some(&given));
            if kind == Kind::Yandex && seed.len() != 16 {
                prop_assert!(kept.is_err());
                return Ok(());
            }
            let kept = kept.unwrap();
            prop_assert_eq!(kept.ct_eq(seed.expose()), !kind.has_pin());
            let (parted, of_kind) = kind.part(kept).unwrap();
            prop_assert!(parted.ct_eq(seed.expose()));
            prop_assert_eq!(of_kind.map(|pin| pin.expose().to_vec()), kind.has_pin().then(|| pin.into_bytes()));
        }

        #[test]
        fn any_bytes_are_parted_or_refused(kind in kinds(), bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let key = kind.key(Secret::from_slice(&bytes));
            prop_assert!(key.is_some() || kind.has_pin());
        }
    }

    #[test]
    fn a_pin_is_asked_for_and_must_be_of_its_kind() {
        let seed = Secret::from_slice(&[7; 16]);
        let fault = |kind: Kind, seed: &Secret, pin: Option<&str>| {
            let pin = pin.map(|pin| Pin::motp(pin).unwrap());
            match kind.kept(seed, pin.as_ref()) {
                Err(InputError::Field { field, rule }) => Some((field, rule)),
                other => other.map(|_| None).unwrap(),
            }
        };
        for kind in [Kind::Yandex, Kind::MOtp] {
            assert_eq!(fault(kind, &seed, None), Some((Named::Pin, Rule::PinMissing)));
            assert_eq!(fault(kind, &seed, Some("1234")), None);
        }
        assert_eq!(fault(Kind::Yandex, &seed, Some("ab12")), Some((Named::Pin, Rule::Pin)));
        let short = Secret::from_slice(&[7; 15]);
        assert_eq!(fault(Kind::Yandex, &short, Some("1234")), Some((Named::Secret, Rule::SeedYandex)));
        assert_eq!(fault(Kind::Steam, &Secret::new(vec![]), None), Some((Named::Secret, Rule::SeedLength)));
        assert_eq!(fault(Kind::Steam, &seed, Some("1234")), None, "one that nobody asked for is let go");
    }

    #[test]
    fn seeds_hold_their_limits() {
        let (least, most) = (*limits::ACCOUNT_SEED.start(), *limits::ACCOUNT_SEED.end());
        for (n, fits) in [(least - 1, false), (least, true), (most, true), (most + 1, false), (most * 1000, false)] {
            assert_eq!(Kind::Totp(Period::THIRTY).kept(&Secret::new(vec![1; n]), None).is_ok(), fits, "{n}");
            let pin = Pin::motp("1").unwrap();
            assert_eq!(Kind::MOtp.kept(&Secret::new(vec![1; n]), Some(&pin)).is_ok(), fits, "{n}");
        }
    }

    #[test]
    fn settings_of_kinds_that_have_none_are_theirs() {
        let given = (Algorithm::Sha512, Digits::TEN);
        let form = |kind: Kind| kind.form(given.0, given.1);
        assert_eq!(form(Kind::Totp(Period::THIRTY)), given);
        assert_eq!(form(Kind::Hotp(Counter::ZERO)), given);
        assert_eq!(form(Kind::Steam), (Algorithm::Sha1, Digits::FIVE));
        assert_eq!(form(Kind::Yandex), (Algorithm::Sha256, Digits::EIGHT));
        assert_eq!(form(Kind::MOtp), (Algorithm::Sha1, Digits::SIX));
    }
}
