//! Browsers that a person signed in with.
//!
//! A session is 128 random bits in a `__Host-` cookie, stored as a hash. It gets a new id at each step (password, second
//! factor, voucher), ends after 30 minutes without a request and after 12 hours in any case, and ends at once with the
//! person's disabling or a report.

pub mod cookie;
pub mod route;
pub mod store;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::limits;
use crate::person::PersonId;
use crate::port::{Clock, PortFault, Random};
use crate::store::StoreFault;
pub use cookie::Cookie;

/// Why a session could not be begun or looked up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// No randomness.
    #[error(transparent)]
    Port(#[from] PortFault),
}

/// A session as stored. Times are Unix seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of what the cookie holds.
    pub id: [u8; 32],
    /// Who signed in.
    pub person: PersonId,
    /// That person's name.
    pub name: String,
    /// When the password was right.
    pub began_at: u64,
    /// The last request, up to a minute old.
    pub seen_at: u64,
    /// When a second factor was right; `None`: password only.
    pub second_at: Option<u64>,
    /// When a voucher was taken: as good as a second factor for adding a device, and for nothing else.
    pub voucher_at: Option<u64>,
    /// The approvals that this session came from, in the order of their ids, so that a late report of any can end it.
    pub approvals: BTreeSet<[u8; 16]>,
}

impl Session {
    /// Whether a second factor was right in this session.
    pub fn is_full(&self) -> bool {
        self.second_at.is_some()
    }

    /// Whether a second factor was right within the last ten minutes: what removing and renaming a device asks.
    pub fn is_fresh(&self, now: u64) -> bool {
        within(self.second_at, now)
    }

    /// Whether this session may add a device now (push-v1 §5.6): a fresh second factor, or a voucher just taken.
    pub fn may_enrol(&self, now: u64) -> bool {
        self.is_fresh(now) || within(self.voucher_at, now)
    }

    fn has_ended(&self, now: u64) -> bool {
        // A clock that was set back by more than the coarseness of `seen_at` no longer tells how old it is.
        self.began_at.max(self.seen_at) > now + limits::SESSION_SEEN_STEP
            || now.saturating_sub(self.seen_at) >= limits::SESSION_IDLE
            || now.saturating_sub(self.began_at) >= limits::SESSION_LIFE
    }
}

/// A moment in the future is not within: the clock was set back, and nobody knows how long ago it was.
fn within(moment: Option<u64>, now: u64) -> bool {
    let age = moment.and_then(|at| now.checked_sub(at));
    age.is_some_and(|age| age < limits::SECOND_FACTOR_FRESH)
}

/// What a new session, or a session after a step, knows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Step {
    /// A second factor was right just now.
    pub second: bool,
    /// A voucher was taken just now.
    pub voucher: bool,
    /// The approval that was consumed.
    pub approval: Option<[u8; 16]>,
}

/// Remembers sessions.
pub trait Store: Send + Sync {
    /// Puts `new` in the place of `old`, or adds it. Nothing is stored for a disabled person; `old` goes nonetheless.
    ///
    /// # Errors
    /// [`StoreFault`]; then `old` is still there.
    fn replace(&self, old: Option<[u8; 32]>, new: &Session) -> Result<(), StoreFault>;

    /// The session with this id, unless its person is disabled. Its name is the person's.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn find(&self, id: [u8; 32]) -> Result<Option<Session>, StoreFault>;

    /// Notes a request.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn touch(&self, id: [u8; 32], seen_at: u64) -> Result<(), StoreFault>;

    /// Ends one session.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn remove(&self, id: [u8; 32]) -> Result<(), StoreFault>;

    /// Ends all sessions of a person; how many there were.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn remove_person(&self, person: PersonId) -> Result<usize, StoreFault>;

    /// Ends all sessions that came from an approval; how many there were.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn remove_approval(&self, approval: [u8; 16]) -> Result<usize, StoreFault>;

    /// Forgets those that were last seen before one moment or began before the other.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn prune(&self, seen_before: u64, began_before: u64) -> Result<usize, StoreFault>;
}

/// The rules of sessions. Blocks on the store.
#[derive(Clone)]
pub struct Sessions {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl Sessions {
    /// Sessions over a store.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self { store, clock, random }
    }

    /// Begins a session after a right password.
    ///
    /// # Errors
    /// [`SessionFault`].
    pub fn begin(&self, person: PersonId, name: &str, step: Step) -> Result<(Cookie, Session), SessionFault> {
        let now = self.clock.now();
        let cookie = Cookie::generate(&*self.random)?;
        let session = Session {
            id: cookie.hash(),
            person,
            name: name.to_owned(),
            began_at: now,
            seen_at: now,
            second_at: step.second.then_some(now),
            voucher_at: step.voucher.then_some(now),
            approvals: step.approval.into_iter().collect(),
        };
        self.store.prune(now.saturating_sub(limits::SESSION_IDLE), now.saturating_sub(limits::SESSION_LIFE))?;
        self.store.replace(None, &session)?;
        Ok((cookie, session))
    }

    /// Gives a session a new id after a step. The old cookie is worth nothing afterwards. Its absolute life goes on.
    ///
    /// # Errors
    /// [`SessionFault`]; then the old session is unchanged.
    pub fn raise(&self, old: &Session, step: Step) -> Result<(Cookie, Session), SessionFault> {
        let now = self.clock.now();
        let cookie = Cookie::generate(&*self.random)?;
        let session = Session {
            id: cookie.hash(),
            seen_at: now,
            second_at: if step.second { Some(now) } else { old.second_at },
            voucher_at: if step.voucher { Some(now) } else { old.voucher_at },
            approvals: old.approvals.iter().copied().chain(step.approval).collect(),
            ..old.clone()
        };
        self.store.replace(Some(old.id), &session)?;
        Ok((cookie, session))
    }

    /// The session of a cookie, if it has not ended. Counts as a request.
    ///
    /// # Errors
    /// [`SessionFault::Store`].
    pub fn find(&self, cookie: &Cookie) -> Result<Option<Session>, SessionFault> {
        let now = self.clock.now();
        let Some(mut session) = self.store.find(cookie.hash())? else { return Ok(None) };
        // Neither write decides anything here, so a full disk does not lock anybody out: it only ends sessions earlier.
        if session.has_ended(now) {
            forgive(self.store.remove(session.id));
            return Ok(None);
        }
        if now.saturating_sub(session.seen_at) >= limits::SESSION_SEEN_STEP {
            forgive(self.store.touch(session.id, now));
            session.seen_at = now;
        }
        Ok(Some(session))
    }

    /// Ends one session.
    ///
    /// # Errors
    /// [`SessionFault::Store`].
    pub fn end(&self, session: &Session) -> Result<(), SessionFault> {
        Ok(self.store.remove(session.id)?)
    }

    /// Ends all sessions of a person.
    ///
    /// # Errors
    /// [`SessionFault::Store`].
    pub fn end_person(&self, person: PersonId) -> Result<usize, SessionFault> {
        Ok(self.store.remove_person(person)?)
    }

    /// Ends the sessions that came from an approval (a report up to ten minutes after it was consumed).
    ///
    /// # Errors
    /// [`SessionFault::Store`].
    pub fn end_approval(&self, approval: [u8; 16]) -> Result<usize, SessionFault> {
        Ok(self.store.remove_approval(approval)?)
    }
}

fn forgive(written: Result<(), StoreFault>) {
    if let Err(fault) = written {
        tracing::warn!(%fault, "a session was not noted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::machine::MachineRandom;
    use crate::test_clock::TestClock;

    /// Holds one session; after [`Only::full`] nothing can be written.
    #[derive(Default)]
    struct Only(std::sync::Mutex<(Option<Session>, bool)>);

    impl Only {
        fn full(&self) {
            self.0.lock().unwrap().1 = true;
        }
        fn change(&self, change: impl FnOnce(&mut Option<Session>)) -> Result<(), StoreFault> {
            let mut held = self.0.lock().unwrap();
            if held.1 {
                return Err(StoreFault::Full);
            }
            change(&mut held.0);
            Ok(())
        }
    }

    impl Store for Only {
        fn replace(&self, _: Option<[u8; 32]>, new: &Session) -> Result<(), StoreFault> {
            self.change(|held| *held = Some(new.clone()))
        }
        fn find(&self, id: [u8; 32]) -> Result<Option<Session>, StoreFault> {
            Ok(self.0.lock().unwrap().0.clone().filter(|session| session.id == id))
        }
        fn touch(&self, _: [u8; 32], seen_at: u64) -> Result<(), StoreFault> {
            self.change(|held| held.iter_mut().for_each(|session| session.seen_at = seen_at))
        }
        fn remove(&self, _: [u8; 32]) -> Result<(), StoreFault> {
            self.change(|held| *held = None)
        }
        fn remove_person(&self, _: PersonId) -> Result<usize, StoreFault> {
            self.change(|held| *held = None).map(|()| 1)
        }
        fn remove_approval(&self, _: [u8; 16]) -> Result<usize, StoreFault> {
            self.change(|held| *held = None).map(|()| 1)
        }
        fn prune(&self, _: u64, _: u64) -> Result<usize, StoreFault> {
            Ok(0)
        }
    }

    fn begun(step: Step) -> (Arc<TestClock>, Arc<Only>, Sessions, Cookie, Session) {
        let (clock, store) = (Arc::new(TestClock::default()), Arc::new(Only::default()));
        let sessions = Sessions::new(store.clone(), clock.clone(), Arc::new(MachineRandom::default()));
        let (cookie, session) = sessions.begin(PersonId([1; 16]), "alice", step).unwrap();
        (clock, store, sessions, cookie, session)
    }

    #[test]
    fn it_ends_after_half_an_hour_without_a_request() {
        let (clock, _, sessions, cookie, _) = begun(Step::default());
        clock.advance(limits::SESSION_IDLE - 1);
        assert!(sessions.find(&cookie).unwrap().is_some());
        clock.advance(limits::SESSION_IDLE - 1);
        assert!(sessions.find(&cookie).unwrap().is_some(), "the request before counted");
        clock.advance(limits::SESSION_IDLE);
        assert!(sessions.find(&cookie).unwrap().is_none());
    }

    #[test]
    fn it_ends_after_twelve_hours_whatever_was_asked() {
        let (clock, _, sessions, mut cookie, session) = begun(Step::default());
        let mut last = session;
        for _ in 0..12 * 4 - 1 {
            clock.advance(15 * 60);
            last = sessions.find(&cookie).unwrap().unwrap();
            (cookie, last) = sessions.raise(&last, Step { second: true, ..Step::default() }).unwrap();
        }
        assert!(last.is_fresh(clock.now()));
        clock.advance(15 * 60);
        assert!(sessions.find(&cookie).unwrap().is_none());
    }

    #[test]
    fn each_step_has_a_new_id_and_keeps_what_was_known() {
        let (_, _, sessions, first, session) = begun(Step::default());
        assert!(!session.is_full() && !session.may_enrol(session.began_at));
        let step = Step { second: true, voucher: false, approval: Some([7; 16]) };
        let (second, full) = sessions.raise(&session, step).unwrap();
        assert!(sessions.find(&first).unwrap().is_none());
        assert_eq!(sessions.find(&second).unwrap(), Some(full.clone()));
        let (_, with_voucher) = sessions.raise(&full, Step { voucher: true, ..Step::default() }).unwrap();
        assert_eq!((with_voucher.second_at, &with_voucher.approvals), (full.second_at, &[[7; 16]].into()));
        let again = Step { second: true, voucher: false, approval: Some([8; 16]) };
        let (_, raised) = sessions.raise(&with_voucher, again).unwrap();
        assert_eq!(raised.approvals, [[7; 16], [8; 16]].into(), "a report of the first one ends it as well");
    }

    #[test]
    fn a_second_factor_is_fresh_for_ten_minutes_and_a_voucher_only_adds_devices() {
        let (clock, _, _, _, full) = begun(Step { second: true, ..Step::default() });
        let (_, _, _, _, vouched) = begun(Step { voucher: true, ..Step::default() });
        assert!(!vouched.is_full() && !vouched.is_fresh(clock.now()) && vouched.may_enrol(clock.now()));
        clock.advance(limits::SECOND_FACTOR_FRESH - 1);
        assert!(full.is_fresh(clock.now()) && full.may_enrol(clock.now()) && vouched.may_enrol(clock.now()));
        clock.advance(1);
        assert!(full.is_full() && !full.is_fresh(clock.now()));
        assert!(!full.may_enrol(clock.now()) && !vouched.may_enrol(clock.now()));
    }

    #[test]
    fn a_full_disk_locks_nobody_out() {
        let (clock, store, sessions, cookie, _) = begun(Step::default());
        store.full();
        clock.advance(limits::SESSION_SEEN_STEP);
        assert!(sessions.find(&cookie).unwrap().is_some());
        clock.advance(limits::SESSION_IDLE);
        assert!(sessions.find(&cookie).unwrap().is_none());
    }
}
