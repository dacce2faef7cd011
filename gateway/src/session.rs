//! Browsers that a person signed in with.
//!
//! A session is 128 random bits in a `__Host-` cookie, stored as a hash. Each step that makes it worth
//! more (a second factor, a voucher) gives it a new id; whoever types a password in a browser that is signed in already keeps
//! the session until then. It ends after 30 minutes without a request and after 12 hours in any case, and ends at once with the
//! person's disabling or a report. Each moment is kept by both clocks, so that setting the wall clock back makes nothing
//! fresh and brings no session back.

pub mod cookie;
mod repeat;
pub mod route;
pub mod store;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::limits;
use crate::moment::Moment;
use crate::person::PersonId;
use crate::port::{Clock, PortFault, Random};
use crate::store::StoreFault;
pub use cookie::Cookie;
use repeat::Repeats;

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

/// A session as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of what the cookie holds.
    pub id: [u8; 32],
    /// Who signed in.
    pub person: PersonId,
    /// That person's name.
    pub name: String,
    /// When the password was right.
    pub began: Moment,
    /// The last request, up to a minute old.
    pub seen: Moment,
    /// When a second factor was right, whatever it was asked for; `None`: password only.
    pub second: Option<Moment>,
    /// When a second factor was right that was asked for as looking after one's devices.
    pub manage: Option<Moment>,
    /// When a second factor was right that was asked for as adding a device.
    pub enrol: Option<Moment>,
    /// When a voucher was taken: for ten minutes the other second factor for looking after one's devices, and for nothing
    /// else.
    pub voucher: Option<Moment>,
    /// The approvals that this session came from, in the order of their ids, so that a late report of any can end it.
    pub approvals: BTreeSet<[u8; 16]>,
}

impl Session {
    /// Whether a second factor was right in this session.
    pub fn is_full(&self) -> bool {
        self.second.is_some()
    }

    /// Whether this session may look at the person's devices.
    pub fn may_look(&self, at: &Moment) -> bool {
        self.is_full() || is_fresh(self.voucher, at)
    }

    /// Whether this session may change the person's devices (push-v1 §10): within the last ten minutes a voucher was
    /// taken, or a second factor was right that the person was asked for as that. One that was asked for as signing in
    /// to an application is none: it would let whoever knows the password take over the devices by a yes to something
    /// else.
    pub fn may_change(&self, at: &Moment) -> bool {
        is_fresh(self.manage, at) || is_fresh(self.voucher, at)
    }

    /// Whether this session may add a device (push-v1 §5.6): within the last ten minutes a voucher was taken, or a second
    /// factor was right that was asked for as that. A yes to anything else is none, also one to looking after devices.
    pub fn may_enrol(&self, at: &Moment) -> bool {
        is_fresh(self.enrol, at) || is_fresh(self.voucher, at)
    }

    fn has_ended(&self, at: &Moment) -> bool {
        // A wall clock that was set back by more than the coarseness of `seen` no longer tells how old the session is.
        self.began.now.max(self.seen.now) > at.now + limits::SESSION_SEEN_STEP
            || has_passed(limits::SESSION_IDLE, &self.seen, at)
            || has_passed(limits::SESSION_LIFE, &self.began, at)
    }
}

fn is_fresh(moment: Option<Moment>, at: &Moment) -> bool {
    moment.is_some_and(|then| at.is_within(limits::SECOND_FACTOR_FRESH, &then))
}

fn has_passed(seconds: u64, then: &Moment, at: &Moment) -> bool {
    at.now.saturating_sub(then.now) >= seconds || at.has_run(seconds, then)
}

/// What a new session, or a session after a step, knows.
#[derive(Debug, Clone, Copy, Default)]
pub struct Step {
    /// A second factor was right just now.
    pub second: bool,
    /// It was asked for as looking after one's devices. Counts with `second` alone.
    pub manage: bool,
    /// It was asked for as adding a device. Counts with `second` alone.
    pub enrol: bool,
    /// A voucher was taken just now.
    pub voucher: bool,
    /// The approval that was consumed.
    pub approval: Option<[u8; 16]>,
}

/// Remembers sessions.
pub trait Store: Send + Sync {
    /// Puts `new` in the place of `old`, or adds it. Nothing is stored when `old` ended meanwhile, for a disabled person,
    /// or by an approval that was reported or whose device counts no more; `old` goes nonetheless. Whether `new` is stored.
    ///
    /// # Errors
    /// [`StoreFault`]; then `old` is still there.
    fn replace(&self, old: Option<[u8; 32]>, new: &Session) -> Result<bool, StoreFault>;

    /// The session with this id, unless its person is disabled. Its name is the person's.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn find(&self, id: [u8; 32]) -> Result<Option<Session>, StoreFault>;

    /// Notes a request.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn touch(&self, id: [u8; 32], seen: Moment) -> Result<(), StoreFault>;

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
    run: i64,
    repeats: Arc<Repeats>,
}

impl Sessions {
    /// Sessions over a store. `run` is a number that no other run of the gateway has.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, random: Arc<dyn Random>, run: i64) -> Self {
        Self { store, clock, random, run, repeats: Arc::default() }
    }

    /// This moment by both clocks.
    pub fn moment(&self) -> Moment {
        Moment::of(&*self.clock, self.run)
    }

    /// Begins a session after a right password. `None` when its person was disabled meanwhile, or what it is begun with was
    /// reported, or came from a device that was suspended or removed since.
    ///
    /// # Errors
    /// [`SessionFault`].
    pub fn begin(&self, person: PersonId, name: &str, step: Step) -> Result<Option<(Cookie, Session)>, SessionFault> {
        let at = self.moment();
        let cookie = Cookie::generate(&*self.random)?;
        let session = Session {
            id: cookie.hash(),
            person,
            name: name.to_owned(),
            began: at,
            seen: at,
            second: step.second.then_some(at),
            manage: (step.second && step.manage).then_some(at),
            enrol: (step.second && step.enrol).then_some(at),
            voucher: step.voucher.then_some(at),
            approvals: step.approval.into_iter().collect(),
        };
        self.store.prune(at.now.saturating_sub(limits::SESSION_IDLE), at.now.saturating_sub(limits::SESSION_LIFE))?;
        Ok(self.store.replace(None, &session)?.then_some((cookie, session)))
    }

    /// Gives a session a new id after a step. The old cookie is worth nothing afterwards. Its absolute life goes on.
    /// `None` when the session ended meanwhile: by a report, by signing out in another tab, with its person; or when the
    /// step itself counts no more.
    ///
    /// # Errors
    /// [`SessionFault`]; then the old session is unchanged.
    pub fn raise(&self, old: &Session, step: Step) -> Result<Option<(Cookie, Session)>, SessionFault> {
        let at = self.moment();
        let cookie = Cookie::generate(&*self.random)?;
        let session = Session {
            id: cookie.hash(),
            seen: at,
            second: if step.second { Some(at) } else { old.second },
            manage: if step.second && step.manage { Some(at) } else { old.manage },
            enrol: if step.second && step.enrol { Some(at) } else { old.enrol },
            voucher: if step.voucher { Some(at) } else { old.voucher },
            approvals: old.approvals.iter().copied().chain(step.approval).collect(),
            ..old.clone()
        };
        Ok(self.store.replace(Some(old.id), &session)?.then_some((cookie, session)))
    }

    /// Takes a step by a form with a voucher: once, though a browser may send the form twice within half a minute. The
    /// second time it gets the cookie of the first, as long as that session has not ended.
    ///
    /// # Errors
    /// What `step` gives, and [`SessionFault::Store`].
    pub fn once<T, E: From<SessionFault>>(
        &self,
        by: &Cookie,
        typed: &str,
        step: impl FnOnce() -> Result<Result<Cookie, T>, E>,
    ) -> Result<Result<Cookie, T>, E> {
        match self.repeated(by, typed)? {
            Some(cookie) => Ok(Ok(cookie)),
            None => self.repeats.once(by, typed, self.clock.monotonic(), step),
        }
    }

    /// The cookie that this form with a voucher brought a moment ago, if its session has not ended.
    ///
    /// # Errors
    /// [`SessionFault::Store`].
    pub fn repeated(&self, by: &Cookie, typed: &str) -> Result<Option<Cookie>, SessionFault> {
        match self.repeats.find(by, typed, self.clock.monotonic()) {
            Some(cookie) => Ok(self.find(&cookie)?.map(|_| cookie)),
            None => Ok(None),
        }
    }

    /// The session of a cookie, if it has not ended. Counts as a request.
    ///
    /// # Errors
    /// [`SessionFault::Store`].
    pub fn find(&self, cookie: &Cookie) -> Result<Option<Session>, SessionFault> {
        let at = self.moment();
        let Some(mut session) = self.store.find(cookie.hash())? else { return Ok(None) };
        // Neither write decides anything here, so a full disk does not lock anybody out: it only ends sessions earlier.
        if session.has_ended(&at) {
            forgive(self.store.remove(session.id));
            return Ok(None);
        }
        if !at.is_within(limits::SESSION_SEEN_STEP, &session.seen) {
            forgive(self.store.touch(session.id, at));
            session.seen = at;
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
        fn replace(&self, old: Option<[u8; 32]>, new: &Session) -> Result<bool, StoreFault> {
            let mut stored = false;
            self.change(|held| {
                stored = old.is_none() || held.as_ref().map(|it| it.id) == old;
                *held = stored.then(|| new.clone());
            })?;
            Ok(stored)
        }
        fn find(&self, id: [u8; 32]) -> Result<Option<Session>, StoreFault> {
            Ok(self.0.lock().unwrap().0.clone().filter(|session| session.id == id))
        }
        fn touch(&self, _: [u8; 32], seen: Moment) -> Result<(), StoreFault> {
            self.change(|held| held.iter_mut().for_each(|session| session.seen = seen))
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
        let sessions = Sessions::new(store.clone(), clock.clone(), Arc::new(MachineRandom::default()), 1);
        let (cookie, session) = sessions.begin(PersonId([1; 16]), "alice", step).unwrap().unwrap();
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
            let step = Step { second: true, manage: true, ..Step::default() };
            (cookie, last) = sessions.raise(&last, step).unwrap().unwrap();
        }
        assert!(last.may_change(&sessions.moment()));
        clock.advance(15 * 60);
        assert!(sessions.find(&cookie).unwrap().is_none());
    }

    #[test]
    fn each_step_has_a_new_id_and_keeps_what_was_known() {
        let (_, _, sessions, first, session) = begun(Step::default());
        assert!(!session.is_full() && !session.may_change(&session.began) && !session.may_look(&session.began));
        let step = Step { second: true, approval: Some([7; 16]), ..Step::default() };
        let (second, full) = sessions.raise(&session, step).unwrap().unwrap();
        assert!(sessions.find(&first).unwrap().is_none());
        assert_eq!(sessions.find(&second).unwrap(), Some(full.clone()));
        let (_, with_voucher) = sessions.raise(&full, Step { voucher: true, ..Step::default() }).unwrap().unwrap();
        assert_eq!((with_voucher.second, &with_voucher.approvals), (full.second, &[[7; 16]].into()));
        let again = Step { second: true, approval: Some([8; 16]), ..Step::default() };
        let (_, raised) = sessions.raise(&with_voucher, again).unwrap().unwrap();
        assert_eq!(raised.approvals, [[7; 16], [8; 16]].into(), "a report of the first one ends it as well");
    }

    #[test]
    fn a_session_that_ended_meanwhile_is_not_raised() {
        let (_, store, sessions, _, session) = begun(Step::default());
        sessions.end(&session).unwrap();
        let step = Step { second: true, manage: true, ..Step::default() };
        assert!(sessions.raise(&session, step).unwrap().is_none());
        assert_eq!(store.0.lock().unwrap().0, None, "nor is anything left behind");
    }

    #[test]
    fn a_second_factor_counts_for_devices_when_it_was_asked_for_them_and_for_ten_minutes() {
        let (clock, _, sessions, _, asked) = begun(Step { second: true, manage: true, ..Step::default() });
        let (_, _, _, _, other) = begun(Step { second: true, ..Step::default() });
        let (_, _, _, _, vouched) = begun(Step { voucher: true, ..Step::default() });
        let at = sessions.moment();
        assert!(asked.is_full() && other.is_full() && !vouched.is_full());
        assert!(asked.may_change(&at) && !other.may_change(&at) && vouched.may_change(&at));
        assert!(asked.may_look(&at) && other.may_look(&at) && vouched.may_look(&at));
        clock.advance(limits::SECOND_FACTOR_FRESH - 1);
        let at = sessions.moment();
        assert!(asked.may_change(&at) && vouched.may_change(&at));
        clock.advance(1);
        let at = sessions.moment();
        assert!(asked.is_full() && !asked.may_change(&at) && asked.may_look(&at));
        assert!(!vouched.may_change(&at) && !vouched.may_look(&at));
    }

    #[test]
    fn a_device_is_added_by_a_yes_to_that_or_a_voucher_within_ten_minutes() {
        let (_, _, _, _, managing) = begun(Step { second: true, manage: true, ..Step::default() });
        let (_, _, _, _, alone) = begun(Step { manage: true, enrol: true, ..Step::default() });
        let (_, _, _, _, vouched) = begun(Step { voucher: true, ..Step::default() });
        let asked = Step { second: true, manage: true, enrol: true, ..Step::default() };
        let (clock, _, sessions, _, session) = begun(Step { second: true, manage: true, ..Step::default() });
        let (_, raised) = sessions.raise(&session, asked).unwrap().unwrap();
        let at = sessions.moment();
        assert_eq!([&managing, &alone, &vouched, &raised].map(|it| it.may_enrol(&at)), [false, false, true, true]);
        let (_, later) = sessions.raise(&raised, Step { second: true, ..Step::default() }).unwrap().unwrap();
        clock.advance(limits::SECOND_FACTOR_FRESH - 1);
        assert!(later.may_enrol(&sessions.moment()), "another step takes nothing away");
        clock.advance(1);
        assert!(!later.may_enrol(&sessions.moment()) && later.is_full());
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
