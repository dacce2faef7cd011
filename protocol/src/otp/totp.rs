//! TOTP, RFC 6238: a code for each step of time.

use subtle::{Choice, ConditionallySelectable};

use super::{Algorithm, Code, Digits, Period, Shape, Typed, hash};
use crate::Secret;

/// The code at this moment, in seconds since 1970.
pub fn totp(seed: &Secret, unix: u64, algorithm: Algorithm, digits: Digits, period: Period) -> Code {
    at_step(seed, period.step(unix), Shape { algorithm, digits, period })
}

/// The code of one time step.
pub(super) fn at_step(seed: &Secret, step: u64, shape: Shape) -> Code {
    hash::code(seed, step, shape.algorithm, shape.digits)
}

/// Whether a person typed the code of this moment or of `skew` steps around it. Gives the step that the code belongs to.
///
/// Each step counts once (RFC 6238, 5.2): steps up to `last_step` are refused, and the caller stores what it gets as the
/// next `last_step`, in the same transaction that lets the person in. Where two steps have the same digits, the later
/// counts, so that they are not taken a second time. The time taken does not tell which step matched, or whether one did.
pub fn verify_totp(
    seed: &Secret,
    typed: &Typed,
    unix: u64,
    shape: Shape,
    skew: u32,
    last_step: Option<u64>,
) -> Option<u64> {
    let now = shape.period.step(unix);
    let skew = u64::from(skew);
    let mut matched = 0;
    let mut any = Choice::from(0);
    for step in now.saturating_sub(skew)..=now.saturating_add(skew) {
        let fresh = last_step.is_none_or(|last| step > last);
        let here = Choice::from(u8::from(typed.matches(&at_step(seed, step, shape)) & fresh));
        matched.conditional_assign(&step, here);
        any |= here;
    }
    bool::from(any).then_some(matched)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns: time, algorithm, code.
    const RFC_6238: &str = include_str!("../../../tests/vectors/rfc6238.txt");
    const SHAPE: Shape = Shape { algorithm: Algorithm::Sha1, digits: Digits::SIX, period: Period::THIRTY };

    fn seed() -> Secret {
        Secret::from_slice(b"12345678901234567890")
    }

    fn typed_at(unix: u64) -> Typed {
        totp(&seed(), unix, SHAPE.algorithm, SHAPE.digits, SHAPE.period).to_string().parse().unwrap()
    }

    #[test]
    fn totp_matches_rfc_6238() {
        let mut rows = 0;
        for line in RFC_6238.lines().filter(|line| !line.starts_with('#')) {
            let [time, step, algorithm, code]: [&str; 4] =
                line.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
            let (time, algorithm): (u64, Algorithm) = (time.parse().unwrap(), algorithm.parse().unwrap());
            // Erratum 2866: each hash has a seed of its own length.
            let length = [20, 32, 64][algorithm as usize];
            let seed = Secret::new(b"1234567890".iter().copied().cycle().take(length).collect());
            assert_eq!(u64::from_str_radix(step, 16).unwrap(), Period::THIRTY.step(time));
            let made = totp(&seed, time, algorithm, Digits::EIGHT, Period::THIRTY);
            assert_eq!(made.to_string(), code, "{algorithm} at {time}");
            rows += 1;
        }
        assert_eq!(rows, 18);
    }

    #[test]
    fn agrees_with_totp_rs_where_it_does_not_panic() {
        for digits in 5..=9_u8 {
            for (period, unix) in [(1, 0), (15, 59), (30, 1_111_111_109), (60, 20_000_000_000), (86_400, u64::MAX / 2)]
            {
                let theirs = totp_rs::Builder::new()
                    .with_secret(seed().expose())
                    .with_digits(digits)
                    .with_step_duration(period)
                    .build_noncompliant();
                let (digits, period) =
                    (Digits::try_from(u64::from(digits)).unwrap(), Period::try_from(period).unwrap());
                let ours = totp(&seed(), unix, Algorithm::Sha1, digits, period);
                assert_eq!(ours.to_string(), theirs.generate(unix).to_string());
            }
        }
    }

    #[test]
    fn a_code_counts_one_step_early_and_late_but_no_more() {
        let noon = 1_800_000_000_u64;
        let step = noon / 30;
        for (away, counts) in [(-2_i64, false), (-1, true), (0, true), (1, true), (2, false)] {
            let typed = typed_at(noon.checked_add_signed(away * 30).unwrap());
            let expected = counts.then(|| step.checked_add_signed(away).unwrap());
            assert_eq!(verify_totp(&seed(), &typed, noon, SHAPE, 1, None), expected, "{away} steps away");
        }
    }

    #[test]
    fn a_step_counts_once_and_none_before_it() {
        let noon = 1_800_000_000_u64;
        let step = noon / 30;
        let verify = |away: i64, last| {
            verify_totp(&seed(), &typed_at(noon.checked_add_signed(away * 30).unwrap()), noon, SHAPE, 1, last)
        };
        assert_eq!(verify(0, Some(step - 1)), Some(step));
        assert_eq!(verify(0, Some(step)), None);
        assert_eq!(verify(-1, Some(step)), None);
        assert_eq!(verify(1, Some(step)), Some(step + 1));
        assert_eq!(verify(1, Some(u64::MAX)), None);
    }

    #[test]
    fn a_code_of_another_length_never_counts() {
        let eight = totp(&seed(), 59, Algorithm::Sha1, Digits::EIGHT, Period::THIRTY).to_string();
        let verify = |text: &str| verify_totp(&seed(), &text.parse().unwrap(), 59, SHAPE, 1, None);
        assert_eq!(verify(&eight), None);
        assert_eq!(verify(&eight[2..]), Some(1));
        assert_eq!(verify(&eight[3..]), None);
    }

    #[test]
    fn of_two_steps_with_the_same_digits_the_later_counts() {
        // 5-digit codes with a wide window: search a pair of neighbours with equal digits.
        let shape = Shape { digits: Digits::FIVE, period: Period::try_from(1).unwrap(), ..SHAPE };
        let code = |step| at_step(&seed(), step, shape).to_string();
        let step = (0..2_000_000).find(|step| code(*step) == code(step + 1)).expect("a pair exists");
        let typed = code(step).parse().unwrap();
        assert_eq!(verify_totp(&seed(), &typed, step, shape, 1, None), Some(step + 1));
        assert_eq!(verify_totp(&seed(), &typed, step, shape, 1, Some(step + 1)), None);
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for unix in [0, 1, u64::MAX - 1, u64::MAX] {
            for period in [1, 30, 86_400] {
                let shape = Shape { period: Period::try_from(period).unwrap(), ..SHAPE };
                let typed =
                    totp(&seed(), unix, shape.algorithm, shape.digits, shape.period).to_string().parse().unwrap();
                assert!(verify_totp(&seed(), &typed, unix, shape, 1, None).is_some());
            }
        }
    }
}
