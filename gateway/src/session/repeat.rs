//! A form with a voucher that a browser sends twice, as after a double click.
//!
//! The first of the two takes the voucher and gives the session a new cookie; but the browser may wait for the answer to
//! the second alone, which still bears the old cookie. It gets the answer of the first: whoever shows both the old cookie
//! and the voucher could have been the first. Else the voucher would be used up and its session out of reach.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_protocol::jose::H32;

use super::Cookie;

/// How long a second sending of a form counts as one.
const WITHIN: Duration = Duration::from_secs(30);

/// The steps that were taken by a voucher a moment ago. In memory: after a restart a voucher that was used is used.
#[derive(Default)]
pub(super) struct Repeats(Mutex<Vec<Taken>>);

struct Taken {
    /// Over the old cookie and what was typed, so that neither is kept.
    form: H32,
    new: Cookie,
    at: Duration,
}

impl Repeats {
    /// The cookie that this form brought before. `now` is monotonic.
    pub(super) fn find(&self, by: &Cookie, typed: &str, now: Duration) -> Option<Cookie> {
        let form = form(by, typed);
        self.with(now, |all| all.iter().find(|taken| taken.form == form).map(|taken| taken.new))
    }

    /// Takes the step of this form, unless it was taken before. Two of them do not run side by side: the second would find
    /// the voucher used before it could find the answer of the first.
    pub(super) fn once<T, E>(
        &self,
        by: &Cookie,
        typed: &str,
        now: Duration,
        step: impl FnOnce() -> Result<Result<Cookie, T>, E>,
    ) -> Result<Result<Cookie, T>, E> {
        let form = form(by, typed);
        self.with(now, |all| {
            if let Some(taken) = all.iter().find(|taken| taken.form == form) {
                return Ok(Ok(taken.new));
            }
            let done = step()?;
            if let Ok(new) = &done {
                all.push(Taken { form, new: *new, at: now });
            }
            Ok(done)
        })
    }

    fn with<R>(&self, now: Duration, act: impl FnOnce(&mut Vec<Taken>) -> R) -> R {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|taken| now.saturating_sub(taken.at) < WITHIN);
        act(&mut all)
    }
}

fn form(by: &Cookie, typed: &str) -> H32 {
    H32::sha256(&[&by.hash(), typed.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::machine::MachineRandom;

    const NOW: Duration = Duration::from_secs(1_000);

    fn cookie() -> Cookie {
        Cookie::generate(&MachineRandom::default()).unwrap()
    }

    fn wrong() -> Result<Result<Cookie, &'static str>, ()> {
        Ok(Err("wrong"))
    }

    #[test]
    fn the_same_form_gets_the_same_answer_for_a_moment() {
        let (repeats, old, new) = (Repeats::default(), cookie(), cookie());
        let answer = |by: &Cookie, typed, now| repeats.once(by, typed, now, wrong).unwrap().map(|it| it.hash());
        assert_eq!(answer(&old, "a", NOW), Err("wrong"), "what was not taken is tried anew");
        assert!(repeats.once(&old, "a", NOW, || Ok::<_, ()>(Ok::<_, &str>(new))).unwrap().is_ok());
        assert_eq!(answer(&old, "a", NOW + WITHIN - Duration::from_millis(1)), Ok(new.hash()));
        assert_eq!(repeats.find(&old, "a", NOW).map(|it| it.hash()), Some(new.hash()));
        assert_eq!(answer(&old, "b", NOW), Err("wrong"), "another voucher");
        assert_eq!(answer(&cookie(), "a", NOW), Err("wrong"), "another browser");
        assert_eq!(answer(&new, "a", NOW), Err("wrong"), "the new cookie itself");
        assert_eq!(answer(&old, "a", NOW + WITHIN), Err("wrong"), "too late");
    }
}
