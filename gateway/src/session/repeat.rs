//! A form with a voucher that a browser sends twice, as after a double click.
//!
//! The first of the two takes the voucher and gives the session a new cookie; but the browser may wait for the answer to
//! the second alone, which still bears the old cookie. It gets the answer of the first: whoever shows both the old cookie
//! and the voucher could have been the first. Else the voucher would be used up and its session out of reach.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_protocol::jose::H32;

use super::Cookie;

/// How long a second sending of a form counts as one.
const WITHIN: Duration = Duration::from_secs(30);

/// The steps that were taken by a voucher a moment ago. In memory: after a restart a voucher that was used is used.
#[derive(Default)]
pub(super) struct Repeats(Mutex<HashMap<H32, Arc<Form>>>);

/// One form, by a hash over the old cookie and what was typed, so that neither is kept. Locked while its step is taken: two
/// of the same do not run side by side, since the second would find the voucher used before it could find the answer of the
/// first. Nobody else's form waits.
#[derive(Default)]
struct Form(Mutex<Option<Taken>>);

struct Taken {
    new: Cookie,
    at: Duration,
}

impl Form {
    fn taken(&self) -> MutexGuard<'_, Option<Taken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Repeats {
    /// The cookie that this form brought before. `now` is monotonic.
    pub(super) fn find(&self, by: &Cookie, typed: &str, now: Duration) -> Option<Cookie> {
        let form = self.all(now).get(&form(by, typed)).cloned()?;
        form.taken().as_ref().map(|taken| taken.new)
    }

    /// Takes the step of this form, unless it was taken before.
    pub(super) fn once<T, E>(
        &self,
        by: &Cookie,
        typed: &str,
        now: Duration,
        step: impl FnOnce() -> Result<Result<Cookie, T>, E>,
    ) -> Result<Result<Cookie, T>, E> {
        let form = self.all(now).entry(form(by, typed)).or_default().clone();
        let mut taken = form.taken();
        if let Some(taken) = &*taken {
            return Ok(Ok(taken.new));
        }
        let done = step()?;
        if let Ok(new) = &done {
            *taken = Some(Taken { new: *new, at: now });
        }
        Ok(done)
    }

    /// All forms that are under way or were taken a moment ago.
    fn all(&self, now: Duration) -> MutexGuard<'_, HashMap<H32, Arc<Form>>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One that somebody holds is under way, and is not waited for here.
        all.retain(|_, form| {
            let is_recent = |taken: &Taken| now.saturating_sub(taken.at) < WITHIN;
            Arc::strong_count(form) > 1 || form.taken().as_ref().is_some_and(is_recent)
        });
        all
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
        drop(repeats.all(NOW + WITHIN));
        assert!(repeats.0.lock().unwrap().is_empty(), "nothing is kept of what is over");
    }

    #[test]
    fn nobody_waits_for_the_form_of_somebody_else_and_the_same_one_for_the_first() {
        let (repeats, slow, other, new) = (Repeats::default(), cookie(), cookie(), cookie());
        let taken = |by: &Cookie| repeats.once(by, "a", NOW, || Ok::<_, ()>(Ok::<_, &str>(new))).unwrap().is_ok();
        let (inside, begun) = std::sync::mpsc::channel();
        let (end, ended) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            let (repeats, slow) = (&repeats, &slow);
            let first = scope.spawn(move || {
                repeats.once(slow, "a", NOW, || {
                    inside.send(()).unwrap();
                    ended.recv().unwrap();
                    Ok::<_, ()>(Ok::<_, &str>(new))
                })
            });
            begun.recv().unwrap();
            // While the first is under way: one that waited for it would wait for ever.
            assert!(taken(&other));
            assert!(repeats.find(&other, "a", NOW).is_some());
            let again = scope.spawn(|| repeats.once(slow, "a", NOW, wrong).unwrap().map(|it| it.hash()));
            end.send(()).unwrap();
            assert!(first.join().unwrap().unwrap().is_ok());
            assert_eq!(again.join().unwrap(), Ok(new.hash()), "it gets the answer of the first");
        });
    }
}
