//! What became of one try, and what comes next (push-v1 §9).

use hyper::header::{HeaderMap, RETRY_AFTER};

use crate::outgoing::{Answer, OutgoingFault};

/// What became of one try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The push server has it.
    Rung,
    /// There is no such bell any more: it is forgotten.
    Gone,
    /// Not with this key; an older one may fit.
    Key,
    /// Another try later, after so many seconds where the server says so.
    Later(Option<u64>),
    /// Nothing will come of it.
    GivenUp,
}

/// The longest that a push server may ask us to wait, in seconds.
const LONGEST: u64 = 3_600;

/// Reads the answer of a push server, or why there was none.
pub fn outcome(answer: &Result<Answer, OutgoingFault>) -> Outcome {
    match answer {
        Ok(answer) => match answer.status {
            200..=299 => Outcome::Rung,
            404 | 410 => Outcome::Gone,
            401 | 403 => Outcome::Key,
            429 | 500..=599 => Outcome::Later(retry_after(&answer.headers)),
            _ => Outcome::GivenUp,
        },
        Err(OutgoingFault::Url | OutgoingFault::Forbidden(_)) => Outcome::GivenUp,
        // Nobody answered, or nobody we believe: as good as a server that is down.
        Err(_) => Outcome::Later(None),
    }
}

/// Seconds alone: a date says nothing to a clock that may be wrong.
fn retry_after(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(LONGEST).min(LONGEST))
}

/// How many pauses are a minute at most: more than an approval has time for. A notice goes on for days, by the hour.
const SHORT: u32 = 16;

/// Milliseconds before try number `tries` + 1: 1, 2, 4 … 60 seconds, after ten minutes up to an hour, ±20 % by `drawn`, and
/// not before the server asked.
pub fn pause(tries: u32, asked: Option<u64>, drawn: u8) -> u64 {
    let doubled = |base: u64, times: u32, most: u64| base.saturating_mul(1 << times.min(16)).min(most);
    let short = doubled(1_000, tries.saturating_sub(1), 60_000);
    let base = doubled(short, tries.saturating_sub(SHORT), 3_600_000);
    let spread = base / 5 * 2 * u64::from(drawn) / 255;
    let own = base - base / 5 + spread;
    own.max(asked.unwrap_or(0).saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn answer(status: u16, retry: Option<&str>) -> Result<Answer, OutgoingFault> {
        let mut headers = HeaderMap::new();
        if let Some(retry) = retry {
            headers.insert(RETRY_AFTER, HeaderValue::from_str(retry).unwrap());
        }
        Ok(Answer { status, headers, body: Vec::new(), is_cut: false })
    }

    #[test]
    fn each_status_has_one_outcome() {
        for (statuses, expected) in [
            (&[200, 201, 202, 204][..], Outcome::Rung),
            (&[404, 410], Outcome::Gone),
            (&[401, 403], Outcome::Key),
            (&[429, 500, 502, 503, 507], Outcome::Later(None)),
            (&[301, 302, 307, 308, 400, 405, 413, 418], Outcome::GivenUp),
        ] {
            for status in statuses {
                assert_eq!(outcome(&answer(*status, None)), expected, "{status}");
            }
        }
        assert_eq!(outcome(&Err(OutgoingFault::Late)), Outcome::Later(None));
        assert_eq!(outcome(&Err(OutgoingFault::Forbidden([127, 0, 0, 1].into()))), Outcome::GivenUp);
    }

    #[test]
    fn retry_after_is_seconds_within_an_hour() {
        for (text, expected) in [
            ("7", Some(7)),
            ("0", Some(0)),
            ("3600", Some(3_600)),
            ("31536000", Some(3_600)),
            ("99999999999999999999999", Some(3_600)),
            ("Fri, 31 Dec 1999 23:59:59 GMT", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(outcome(&answer(429, Some(text))), Outcome::Later(expected), "{text:?}");
        }
    }

    #[test]
    fn pauses_double_to_a_minute_then_to_an_hour_and_spread_by_a_fifth() {
        assert_eq!((pause(1, None, 0), pause(1, None, 255)), (800, 1_200));
        assert_eq!((pause(3, None, 0), pause(3, None, 255)), (3_200, 4_800));
        assert_eq!((pause(7, None, 0), pause(16, None, 255)), (48_000, 72_000));
        assert_eq!((pause(17, None, 0), pause(200, None, 0), pause(u32::MAX, None, 0)), (96_000, 2_880_000, 2_880_000));
        let short: u64 = (1..=16).map(|tries| pause(tries, None, 0)).sum();
        assert!(short > 500_000, "{short}");
        assert_eq!((pause(1, Some(30), 255), pause(7, Some(1), 0)), (30_000, 48_000));
    }
}
