//! Proving that a token holds its seed: by the link where the family can, else by a person who reads its display.

use countersign_protocol::Secret;
use countersign_protocol::otp::{Counter, Typed};
use zeroize::Zeroizing;

use super::credential::{Credential, Moving};
use super::journal::Ending;

/// The moment that a code is asked for to prove a seed. It has nothing to do with anyone's clock: 2005, in RFC 6238.
pub(super) const FIXED: u64 = 1_111_111_109;

/// How many steps of time beside the present count as the present.
const WINDOW: i64 = 1;
/// How far a token's clock is looked for, in steps.
const DRIFT: i64 = 10;

/// How many codes of a counter may have been used since without that being told: as many as servers look at.
pub(super) const NEAR: u64 = 10;
/// How many where two codes that follow on each other show it.
pub(super) const FAR: u64 = 1_000;

/// What was proven by reading back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proof {
    /// The token computed a code for a fixed moment, and it is that of the seed.
    Code,
    /// The token computed the code of its counter, and it is that of the seed: the next one is made from this counter.
    Counted(Counter),
    /// Settings, clock and number are as they were written. The seed cannot be read: a person compares codes.
    Settings,
}

impl Proof {
    /// How a burn ends that this was read back of.
    pub const fn ending(self) -> Ending {
        match self {
            Self::Code => Ending::ProvenByLink,
            Self::Counted(next) => Ending::CountedByLink(next),
            Self::Settings => Ending::Written(None),
        }
    }
}

/// Codes for a person to compare with the display, around this moment.
pub struct Comparison {
    /// The code of the step before.
    pub before: Zeroizing<String>,
    /// The code of this step.
    pub now: Zeroizing<String>,
    /// The code of the next step.
    pub next: Zeroizing<String>,
    /// In how many seconds the next step begins.
    pub next_in: u64,
}

impl Comparison {
    /// The codes of this moment; none of codes that a counter moves.
    pub fn at(credential: &Credential, unix: u64) -> Option<Self> {
        let Moving::Time(period) = credential.moving else { return None };
        let span = period.span(period.step(unix));
        Some(Self {
            before: credential.code_at(span.start.saturating_sub(1)),
            now: credential.code_at(unix),
            next: credential.code_at(span.end),
            next_in: span.end.saturating_sub(unix),
        })
    }
}

/// What the digits that a person read off a display say of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Judgement {
    /// It holds the seed.
    Match,
    /// It holds the seed, and its next code is made from this counter.
    Counted(Counter),
    /// It holds the seed, and its clock is ahead by so many seconds, or behind if negative; exact to a period.
    ClockOff(i64),
    /// These are not its digits: another seed or other settings, or the display was not off and on since the burn.
    WrongSeed,
}

impl Judgement {
    /// How a burn ends of whose token it was said.
    pub const fn ending(self) -> Ending {
        match self {
            Self::Match => Ending::ProvenByPerson,
            Self::Counted(next) => Ending::CountedByPerson(next),
            Self::ClockOff(ahead) => Ending::ClockOff(ahead),
            Self::WrongSeed => Ending::Failed,
        }
    }

    /// Whether the token is proven to hold its seed.
    pub const fn is_proof(self) -> bool {
        matches!(self, Self::Match | Self::Counted(_))
    }
}

/// Judges digits that a person typed at this moment. All steps are compared, whichever fits.
pub fn judge(credential: &Credential, typed: &Typed, unix: u64) -> Judgement {
    let typed = Secret::from_slice(typed.expose().as_bytes());
    let Moving::Time(period) = credential.moving else {
        return counter_after(credential, &typed, NEAR).map_or(Judgement::WrongSeed, Judgement::Counted);
    };
    let seconds = i64::from(period.seconds());
    let fits = |steps: i64| {
        let moment = unix.checked_add_signed(steps * seconds)?;
        typed.ct_eq(credential.code_at(moment).as_bytes()).then_some(steps)
    };
    let found: Vec<i64> = (-DRIFT..=DRIFT).filter_map(fits).collect();
    match found.into_iter().min_by_key(|steps| steps.abs()) {
        Some(steps) if steps.abs() <= WINDOW => Judgement::Match,
        Some(steps) => Judgement::ClockOff(steps * seconds),
        None => Judgement::WrongSeed,
    }
}

/// The counter after the one whose code this is: the one that the credential stands at, or up to so many further.
pub(super) fn counter_after(credential: &Credential, code: &Secret, further: u64) -> Option<Counter> {
    let mut at = credential.clone();
    for _ in 0..=further {
        let Moving::Counter(counter) = at.moving else { return None };
        let is_here = code.ct_eq(at.code_at(0).as_bytes());
        let next = counter.next()?;
        if is_here {
            return Some(next);
        }
        at.moving = Moving::Counter(next);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burn::testing::credential;

    const NOW: u64 = 1_700_000_000;

    #[test]
    fn three_codes_stand_around_the_moment() {
        let comparison = Comparison::at(&credential(), NOW).unwrap();
        let codes = [&**comparison.before, &**comparison.now, &**comparison.next];
        assert_eq!((codes, comparison.next_in), (["276857", "921300", "732303"], 10));
        let mut counted = credential();
        counted.moving = Moving::Counter(Counter::ZERO);
        assert!(Comparison::at(&counted, NOW).is_none());
        assert_eq!(*Comparison::at(&credential(), 5).unwrap().before, *Comparison::at(&credential(), 5).unwrap().now);
    }

    #[test]
    fn a_clock_that_is_off_is_told_from_another_seed() {
        let at = |steps: i64| credential().code_at(NOW.checked_add_signed(steps * 30).unwrap());
        for steps in -12..=12_i64 {
            let expected = match steps {
                -1..=1 => Judgement::Match,
                -10..=10 => Judgement::ClockOff(steps * 30),
                _ => Judgement::WrongSeed,
            };
            let typed: Typed = at(steps).parse().unwrap();
            assert_eq!(judge(&credential(), &typed, NOW), expected, "{steps}");
            assert_eq!(expected.is_proof(), steps.abs() <= 1);
        }
        assert_eq!(judge(&credential(), &"921 300".parse().unwrap(), NOW), Judgement::Match);
        assert_eq!(judge(&credential(), &"92130".parse().unwrap(), NOW), Judgement::WrongSeed);
        assert_eq!(judge(&credential(), &"94287082".parse().unwrap(), 59), Judgement::WrongSeed);
    }

    #[test]
    fn a_code_of_a_counter_says_where_it_stands_then() {
        let mut counted = credential();
        counted.moving = Moving::Counter(Counter::ZERO);
        let at = |n: u64| Counter::try_from(n).unwrap();
        // RFC 4226, appendix D.
        for (code, next) in [("755224", 1), ("287082", 2), ("520489", 10)] {
            let judged = judge(&counted, &code.parse().unwrap(), NOW);
            assert_eq!(judged, Judgement::Counted(at(next)));
            assert!(judged.is_proof());
        }
        counted.moving = Moving::Counter(at(1));
        assert_eq!(judge(&counted, &"755224".parse().unwrap(), NOW), Judgement::WrongSeed, "it was used before");
        let typed = |code: &str| Secret::from_slice(code.as_bytes());
        assert_eq!(counter_after(&counted, &typed("520489"), 7), None, "the eighth from there");
        assert_eq!(counter_after(&counted, &typed("520489"), 8), Some(at(10)));
        assert_eq!(counter_after(&credential(), &typed("755224"), 8), None);
    }
}
