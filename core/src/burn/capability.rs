//! What a family can hold, and what of a request does not fit: nothing is dropped or cut silently.

use std::ops::RangeInclusive;

use countersign_protocol::otp::Algorithm;

use super::credential::{Credential, Moving};
use super::identity::{Dialect, Family, Identity};
use super::name;
use super::request::{DisplayTime, Request};

/// What a token of a family can hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether a counter may move codes on, and from where it may start.
    pub counter: Option<RangeInclusive<u64>>,
    /// Hashes.
    pub algorithms: &'static [Algorithm],
    /// Digits of a code.
    pub digits: &'static [u8],
    /// Periods, in seconds.
    pub periods: Periods,
    /// Bytes of a seed.
    pub seed: RangeInclusive<usize>,
    /// Whether an entry can be told to want a touch for each code.
    pub touch: bool,
    /// Whether codes can be read back over the link.
    pub reads_codes: bool,
    /// What it stores of whose account it is.
    pub label: Label,
    /// Whether its clock can be set without writing the seed again.
    pub clock_alone: bool,
    /// Whether it has profiles that are called by numbers.
    pub profiles: bool,
    /// Whether it has a display that stays on for a while.
    pub display: bool,
}

/// Which periods a token knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Periods {
    /// These, in seconds.
    Only(&'static [u32]),
    /// All up to this many seconds.
    UpTo(u32),
}

/// What a token stores of whose account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Nothing.
    None,
    /// A title of at most twelve bytes, which anyone may read.
    Title,
    /// One name of at most 64 bytes.
    Name,
    /// Two names in ASCII, of at most 64 characters each.
    TwoNames,
}

/// What of a request a token cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misfit {
    /// Codes that a counter moves.
    Counter,
    /// A counter that does not begin where this token's do.
    CounterStart(u64),
    /// This hash.
    Algorithm(Algorithm),
    /// So many digits.
    Digits(u8),
    /// A period of so many seconds.
    Period(u32),
    /// Steps that are counted from another moment than 1970.
    Start,
    /// A seed of so many bytes is too short or too long.
    Seed(usize),
    /// A title or name is missing.
    NoName,
    /// A title or name of so many bytes is too long.
    Name(usize),
    /// A name with characters that it cannot hold.
    Characters,
    /// A name that would be read as one with a period in front.
    PeriodInName,
    /// A touch for each code.
    Touch,
    /// A profile of this number: it has no profiles.
    Profile(u8),
    /// A title: it shows none.
    Title,
    /// How long the display stays on: it has none.
    Display,
}

const TWO: &[Algorithm] = &[Algorithm::Sha1, Algorithm::Sha256];

impl Capabilities {
    /// What this token can hold.
    pub fn of(identity: &Identity) -> Self {
        let applet = Self {
            counter: Some(0..=0),
            algorithms: TWO,
            digits: &[6, 8],
            periods: Periods::Only(&[30, 60]),
            seed: 1..=64,
            touch: true,
            reads_codes: true,
            label: Label::Name,
            clock_alone: false,
            profiles: identity.family.has_profiles(),
            display: false,
        };
        let display = Self { counter: None, touch: false, reads_codes: false, display: true, ..applet.clone() };
        match identity.family {
            Family::Single => Self {
                digits: &[6],
                seed: 10..=63,
                label: Label::None,
                clock_alone: !identity.clock_takes_seed,
                ..display
            },
            Family::Molto2 => {
                Self { digits: &[4, 6, 8, 10], seed: 1..=63, label: Label::Title, clock_alone: true, ..display }
            }
            Family::Oath(dialect) => {
                let is_from = |least: [u8; 3]| {
                    dialect == Dialect::YubiKey && identity.version.is_some_and(|version| version >= least)
                };
                Self {
                    counter: Some(0..=u32::MAX.into()),
                    algorithms: if is_from([4, 3, 1]) { &Algorithm::RFC_6238 } else { TWO },
                    digits: &[6, 7, 8],
                    periods: Periods::UpTo(u32::MAX),
                    seed: 1..=128,
                    touch: is_from([4, 2, 4]) || dialect == Dialect::Nitrokey,
                    ..applet
                }
            }
            Family::Token2Otp => Self {
                digits: &[4, 5, 6, 7, 8, 9, 10],
                periods: Periods::UpTo(u16::MAX.into()),
                label: Label::TwoNames,
                ..applet
            },
            Family::Feitian => applet,
        }
    }

    /// Everything of a request that does not fit.
    pub fn misfits(&self, family: Family, request: &Request) -> Vec<Misfit> {
        let Credential { seed, moving, algorithm, digits, .. } = &request.credential;
        let mut misfits = Vec::new();
        match (moving, &self.counter) {
            (Moving::Counter(_), None) => misfits.push(Misfit::Counter),
            (Moving::Counter(counter), Some(starts)) if !starts.contains(&counter.get()) => {
                misfits.push(Misfit::CounterStart(counter.get()));
            }
            (Moving::Counter(_), Some(_)) => {}
            (Moving::Time(period), _) => {
                let fits = match self.periods {
                    Periods::Only(periods) => periods.contains(&period.seconds()),
                    Periods::UpTo(most) => period.seconds() <= most,
                };
                misfits.extend((!fits).then_some(Misfit::Period(period.seconds())));
                misfits.extend((period.start() != 0).then_some(Misfit::Start));
            }
        }
        misfits.extend((!self.algorithms.contains(algorithm)).then_some(Misfit::Algorithm(*algorithm)));
        misfits.extend((!self.digits.contains(&digits.get())).then_some(Misfit::Digits(digits.get())));
        misfits.extend((!self.seed.contains(&seed.len())).then_some(Misfit::Seed(seed.len())));
        misfits.extend((request.touch && !self.touch).then_some(Misfit::Touch));
        let profile = Some(request.profile).filter(|profile| *profile != 0);
        misfits.extend(self.misplaced(Said {
            profile,
            title: request.title.is_some(),
            display: request.display != DisplayTime::default(),
        }));
        misfits.extend(name::Stored::of(family, request).err());
        misfits
    }

    /// What of what was said beside the seed has no place in such a token.
    pub fn misplaced(&self, said: Said) -> Vec<Misfit> {
        let profile = said.profile.filter(|_| !self.profiles).map(Misfit::Profile);
        let title = (said.title && self.label != Label::Title).then_some(Misfit::Title);
        let display = (said.display && !self.display).then_some(Misfit::Display);
        [profile, title, display].into_iter().flatten().collect()
    }
}

/// What was said beside the seed, that not every family has a place for. It counts also where it says what is usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Said {
    /// Which profile.
    pub profile: Option<u8>,
    /// Whether a title.
    pub title: bool,
    /// Whether how long the display stays on.
    pub display: bool,
}

#[cfg(test)]
mod tests {
    use countersign_protocol::otp::{Counter, Period};

    use super::*;
    use crate::burn::testing::{credential, seed};
    use crate::burn::{CredentialError, Seed, TokenDigits};

    fn of(family: Family, version: [u8; 3]) -> Identity {
        Identity { version: Some(version), ..Identity::new(family) }
    }

    fn misfits(identity: &Identity, request: &Request) -> Vec<Misfit> {
        Capabilities::of(identity).misfits(identity.family, request)
    }

    fn everyone() -> [(&'static str, Identity); 6] {
        [
            ("single", of(Family::Single, [0; 3])),
            ("molto", of(Family::Molto2, [0; 3])),
            ("old oath", of(Family::Oath(Dialect::YubiKey), [4, 3, 0])),
            ("oath", of(Family::Oath(Dialect::YubiKey), [4, 3, 1])),
            ("token2", of(Family::Token2Otp, [0; 3])),
            ("feitian", of(Family::Feitian, [0; 3])),
        ]
    }

    /// Runs one column of the table: values, and for each family which of them fit.
    fn column<T: Copy>(values: &[T], set: impl Fn(&mut Request, T), misfit: impl Fn(T) -> Misfit, fits: [&[bool]; 6]) {
        for ((name, identity), fits) in everyone().iter().zip(fits) {
            for (place, (value, fits)) in values.iter().zip(fits).enumerate() {
                let mut request = Request::new(credential());
                set(&mut request, *value);
                let expected = if *fits { vec![] } else { vec![misfit(*value)] };
                assert_eq!(misfits(identity, &request), expected, "{name}, value {place}");
            }
            assert_eq!(values.len(), fits.len(), "{name}");
        }
    }

    #[test]
    fn types_of_the_table() {
        let counter = |request: &mut Request, at: u64| {
            request.credential.moving = Moving::Counter(Counter::try_from(at).unwrap());
        };
        let (no, zero, u32s): (&[bool], &[bool], &[bool]) =
            (&[false; 4], &[true, false, false, false], &[true, true, true, false]);
        for ((name, identity), fits) in everyone().iter().zip([no, no, u32s, u32s, zero, zero]) {
            for (at, fits) in [0, 1, u64::from(u32::MAX), u64::from(u32::MAX) + 1].into_iter().zip(fits) {
                let mut request = Request::new(credential());
                counter(&mut request, at);
                let found = misfits(identity, &request);
                let none = Capabilities::of(identity).counter.is_none();
                let misfit = if none { Misfit::Counter } else { Misfit::CounterStart(at) };
                assert_eq!(found, if *fits { vec![] } else { vec![misfit] }, "{name} {at}");
            }
        }
    }

    #[test]
    fn algorithms_of_the_table() {
        let (two, three): (&[bool], &[bool]) =
            (&[true, true, false, false, false, false], &[true, true, true, false, false, false]);
        let set = |request: &mut Request, algorithm| request.credential.algorithm = algorithm;
        column(&Algorithm::ALL, set, Misfit::Algorithm, [two, two, two, three, two, two]);
        for dialect in [Dialect::NeoOath, Dialect::Apex, Dialect::Nitrokey] {
            let identity = of(Family::Oath(dialect), [5, 7, 1]);
            let mut request = Request::new(credential());
            request.credential.algorithm = Algorithm::Sha512;
            assert_eq!(misfits(&identity, &request), [Misfit::Algorithm(Algorithm::Sha512)]);
        }
    }

    #[test]
    fn digits_of_the_table() {
        let oath: &[bool] = &[false, false, true, true, true, false, false];
        let fits: [&[bool]; 6] = [
            &[false, false, true, false, false, false, false],
            &[true, false, true, false, true, false, true],
            oath,
            oath,
            &[true; 7],
            &[false, false, true, false, true, false, false],
        ];
        let set = |request: &mut Request, digits: u8| {
            request.credential.digits = TokenDigits::try_from(u64::from(digits)).unwrap();
        };
        column(&[4, 5, 6, 7, 8, 9, 10], set, Misfit::Digits, fits);
    }

    #[test]
    fn periods_of_the_table() {
        let two: &[bool] = &[false, true, false, true, false, false];
        let fits: [&[bool]; 6] = [two, two, &[true; 6], &[true; 6], &[true, true, true, true, true, false], two];
        let set = |request: &mut Request, seconds: u32| {
            request.credential.moving = Moving::Time(Period::try_from(u64::from(seconds)).unwrap());
        };
        column(&[1, 30, 45, 60, 65_535, 65_536], set, Misfit::Period, fits);
        let mut request = Request::new(credential());
        request.credential.moving = Moving::Time(Period::THIRTY.counted_from(5).unwrap());
        for (name, identity) in everyone() {
            assert_eq!(misfits(&identity, &request), [Misfit::Start], "{name}");
        }
    }

    #[test]
    fn seeds_of_the_table() {
        let applet: &[bool] = &[true, true, true, true, true, false, false];
        let fits: [&[bool]; 6] = [
            &[false, false, true, true, false, false, false],
            &[true, true, true, true, false, false, false],
            &[true; 7],
            &[true; 7],
            applet,
            applet,
        ];
        let set = |request: &mut Request, length: usize| request.credential.seed = seed(&vec![7; length]);
        column(&[1, 9, 10, 63, 64, 65, 128], set, Misfit::Seed, fits);
        // All zero is no seed of any family: the type does not hold it.
        let zero = Seed::try_from(countersign_protocol::Secret::from_slice(&[0; 20]));
        assert_eq!(zero.unwrap_err(), CredentialError::SeedZero);
    }

    #[test]
    fn labels_of_the_table() {
        let name = |request: &mut Request, length: usize| {
            request.credential.issuer = String::new();
            request.credential.name = "n".repeat(length);
        };
        for (which, identity) in everyone() {
            let (most, behind) = match identity.family {
                Family::Single => continue,
                Family::Molto2 => (12, 0),
                Family::Feitian => (61, 3),
                _ => (64, 0),
            };
            let mut request = Request::new(credential());
            name(&mut request, most);
            assert_eq!(misfits(&identity, &request), [], "{which}");
            name(&mut request, most + 1);
            assert_eq!(misfits(&identity, &request), [Misfit::Name(most + 1 + behind)], "{which}");
            name(&mut request, 0);
            assert_eq!(misfits(&identity, &request), [Misfit::NoName], "{which}");
        }
        let mut request = Request::new(credential());
        request.title = Some("Grüße, Wel".into());
        assert_eq!(misfits(&of(Family::Molto2, [0; 3]), &request), []);
        request.title = Some("Grüße, Welt!".into());
        assert_eq!(misfits(&of(Family::Molto2, [0; 3]), &request), [Misfit::Name(14)]);
        request.title = None;
        request.credential.issuer = "Grüße".into();
        assert_eq!(misfits(&of(Family::Token2Otp, [0; 3]), &request), [Misfit::Characters]);
        request.credential.issuer = "x".repeat(65);
        assert_eq!(misfits(&of(Family::Token2Otp, [0; 3]), &request), [Misfit::Name(65)]);
    }

    #[test]
    fn what_was_said_beside_the_seed_is_never_dropped() {
        let said = Said { profile: Some(0), title: true, display: true };
        let all = [Misfit::Profile(0), Misfit::Title, Misfit::Display];
        for (which, identity) in everyone() {
            let capabilities = Capabilities::of(&identity);
            let expected = match identity.family {
                Family::Molto2 => &[][..],
                Family::Single => &all[..2],
                _ => &all[..],
            };
            assert_eq!(capabilities.misplaced(said), expected, "{which}");
            assert_eq!(capabilities.misplaced(Said::default()), [], "{which}");
            let request = Request {
                profile: 1,
                title: Some("Mail".into()),
                display: DisplayTime::Sixty,
                ..Request::new(credential())
            };
            let named = expected.iter().map(|misfit| match misfit {
                Misfit::Profile(_) => Misfit::Profile(1),
                other => *other,
            });
            assert_eq!(misfits(&identity, &request), named.collect::<Vec<_>>(), "{which}");
        }
    }

    #[test]
    fn touches() {
        let mut request = Request::new(credential());
        request.touch = true;
        let no = [Misfit::Touch];
        let cases: [(Family, [u8; 3], &[Misfit]); 8] = [
            (Family::Single, [0; 3], &no),
            (Family::Molto2, [0; 3], &no),
            (Family::Oath(Dialect::YubiKey), [4, 2, 3], &no),
            (Family::Oath(Dialect::YubiKey), [4, 2, 4], &[]),
            (Family::Oath(Dialect::NeoOath), [5, 0, 0], &no),
            (Family::Oath(Dialect::Nitrokey), [4, 13, 0], &[]),
            (Family::Token2Otp, [0; 3], &[]),
            (Family::Feitian, [0; 3], &[]),
        ];
        for (family, version, expected) in cases {
            assert_eq!(misfits(&of(family, version), &request), expected, "{family:?}");
        }
    }
}
