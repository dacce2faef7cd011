//! Polling a gateway, and what its answers lead to: news, newer metadata, a removal.

use std::sync::TryLockError;
use std::time::Duration;

use countersign_protocol::jose::Id;
use countersign_protocol::json;
use countersign_protocol::push::{Gone, Message, State as GatewayState, Via, check};

use super::{App, Link, lock};
use crate::cancel::Cancel;
use crate::error::{Error, GatewayError, InputError, Named, PortError, Rule};
use crate::limits;
use crate::port::Topic;
use crate::push::call::{Backoff, Call, Fault};
use crate::push::meta::{self, Cause};
use crate::push::poll;
use crate::record::{Record, Stage};

/// What a poll came to. It has always ended well enough to go on: a fault is told here, with the pause before the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PollOutcome {
    /// Something that the phone shows has changed.
    pub news: bool,
    /// How long the shell waits before it polls again by itself; none: this enrolment is not to be polled any more.
    /// A bell, or the person, may poll at once.
    pub next_in: Option<Duration>,
    /// Why it brought nothing.
    pub fault: Option<Error>,
}

impl App {
    /// Asks a gateway for what is new, waiting for it `wait` seconds at most (0 to 30). Before that it finishes what
    /// was interrupted: an enrolment without receipt, answers whose result is not known.
    ///
    /// # Errors
    /// [`InputError::NotFound`], [`PortError::Cancelled`], [`PortError::Busy`] when another poll of this enrolment is
    /// under way. All else is told in [`PollOutcome::fault`].
    pub fn poll(&self, gateway: Id, wait: u64, cancel: &Cancel) -> Result<PollOutcome, Error> {
        let link = self.link(gateway);
        let _polling = match link.polling.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(PortError::Busy.into()),
        };
        let begun = self.ports.clock.monotonic();
        match self.poll_once(gateway, &link, wait, cancel) {
            Ok(news) => {
                let waited = self.ports.clock.monotonic().saturating_sub(begun);
                let was_early = wait > 0 && waited + Duration::from_secs(1) < Duration::from_secs(wait);
                let next_in = if was_early && !news { self.pause(&link.polls)? } else { Self::well(&link.polls) };
                Ok(PollOutcome { news, next_in: Some(next_in), fault: None })
            }
            Err(stop) => self.stopped(stop, &link.polls),
        }
    }

    /// Polls because a bell rang, without waiting: once in five seconds at most. A bell that rings earlier is answered by
    /// when to come again.
    ///
    /// # Errors
    /// As [`App::poll`].
    pub fn poll_for_bell(&self, gateway: Id, cancel: &Cancel) -> Result<PollOutcome, Error> {
        let link = self.link(gateway);
        let now = self.ports.clock.monotonic();
        let since = lock(&link.rung).map(|at| now.saturating_sub(at));
        if let Some(early) =
            since.and_then(|since| limits::BELL_PAUSE.checked_sub(since)).filter(|early| !early.is_zero())
        {
            return Ok(PollOutcome { news: false, next_in: Some(early), fault: None });
        }
        *lock(&link.rung) = Some(now);
        self.poll(gateway, 0, cancel)
    }

    /// What a call that brought nothing comes to.
    pub(super) fn stopped(&self, stop: Stop, backoff: &Backoff) -> Result<PollOutcome, Error> {
        let fault = match stop {
            Stop::Gone => return Ok(PollOutcome { news: true, next_in: None, fault: None }),
            Stop::Fault(fault @ (Error::Port(PortError::Cancelled) | Error::Input(_))) => return Err(fault),
            Stop::Fault(fault) => fault,
        };
        if fault == GatewayError::Version.into() {
            self.notify(Topic::Gateways);
        }
        let pause = self.pause(backoff)?;
        let next_in = match fault {
            Error::Gateway(GatewayError::Busy(Some(seconds))) => pause.max(Duration::from_secs(seconds)),
            _ => pause,
        };
        Ok(PollOutcome { news: false, next_in: Some(next_in), fault: Some(fault) })
    }

    /// One poll. Says whether it brought something that counts.
    pub(super) fn poll_once(&self, id: Id, link: &Link, wait: u64, cancel: &Cancel) -> Result<bool, Stop> {
        let record = self.record(id)?;
        match &record.stage {
            Stage::Preparing => return Err(Stop::Fault(InputError::NotFound.into())),
            Stage::Gone { .. } => return Err(Stop::Gone),
            Stage::Requested(_) if record.is_abandoned(self.ports.clock.now()) => {
                // The code is over, and what was asked with it leads nowhere: the person starts again.
                let now = self.ports.clock.now();
                self.undo(|record| record.id == id && record.is_abandoned(now))?;
                self.notify(Topic::Gateways);
                return Err(Stop::Gone);
            }
            Stage::Requested(_) => {
                self.finish(id, cancel).map_err(Stop::Fault)?;
                return Ok(true);
            }
            Stage::Enrolled(_) => {}
        }
        // What cannot be taken now comes with the State.
        let found = self.take_inbox().unwrap_or_default();
        if meta::wants_refresh(&record, self.ports.clock.now()) {
            self.refresh_quietly(id, link, Cause::Age, cancel)?;
        }
        self.send_unsent(id, cancel)?;
        self.settle_quietly(id, link, cancel)?;
        self.tell_bells_quietly(id, link, cancel)?;
        let state = match self.ask(id, link, wait, cancel) {
            // It may know the new key alone, if it took one.
            Err(Stop::Fault(Error::Gateway(GatewayError::DeviceRefused)))
                if self.settle_refused(id, link, cancel)? || self.prove_by_other(id, link, cancel)? =>
            {
                self.ask(id, link, wait, cancel)
            }
            outcome => outcome,
        }?;
        let proven = self.record(id)?;
        self.note_old_key(id, &proven, state.now)?;
        self.delete_retired(id)?;
        Ok(self.take_state(id, link, &state, Via::Poll, cancel)?.news || found)
    }

    /// Takes a State, and what it gives cause to fetch.
    pub(super) fn take_state(
        &self,
        id: Id,
        link: &Link,
        state: &GatewayState,
        via: Via,
        cancel: &Cancel,
    ) -> Result<poll::Taken, Stop> {
        let mut taken = self.update(id, |record, now| Ok(poll::take(record, state, via, now)))?;
        let causes = std::mem::take(&mut taken.causes);
        for cause in causes {
            if self.refresh_quietly(id, link, cause, cancel)?.is_some() {
                let again = self.update(id, |record, now| Ok(poll::take(record, state, via, now)))?;
                taken.news |= again.news;
                taken.challenges |= again.challenges;
            }
        }
        if taken.news {
            self.notify(Topic::Approvals);
        }
        if taken.device {
            self.notify(Topic::Gateways);
        }
        Ok(taken)
    }

    /// `POST poll`.
    fn ask(&self, id: Id, link: &Link, wait: u64, cancel: &Cancel) -> Result<GatewayState, Stop> {
        let record = self.record(id)?;
        let body = echo(&record, wait)?;
        let body = self.call(id, link, Call::post("poll", &body, 200), Duration::from_secs(wait), cancel)?;
        Ok(json::parse(&body).map_err(GatewayError::Malformed).map_err(Error::from)?)
    }

    /// What a fault ends in: a removal that verifies, or an error.
    pub(super) fn stop(&self, id: Id, link: &Link, fault: Fault, cancel: &Cancel) -> Stop {
        let Fault::Gone(gone) = fault else { return Stop::Fault(fault.into()) };
        match self.take_gone(id, link, *gone, cancel) {
            Ok(()) => Stop::Gone,
            Err(fault) => Stop::Fault(fault),
        }
    }

    /// Marks the enrolment removed, if the gateway's word verifies, and deletes its keys.
    fn take_gone(&self, id: Id, link: &Link, gone: Message<Gone>, cancel: &Cancel) -> Result<(), Error> {
        let kid = gone.jws().kid();
        if self.record(id)?.trusted.key(kid).is_err() {
            // A removal that brings new keys along would be odd, yet they are asked for once.
            self.refresh_quietly(id, link, Cause::Kid(kid), cancel).map_err(Error::from)?;
        }
        let keys = self.update(id, |record, now| {
            let enrolled = record.enrolled().ok_or(InputError::NotFound)?;
            let word = check::gone(gone, &record.trusted, &enrolled.did);
            let why = word.map_err(GatewayError::Refused)?.claims().why;
            let acct = Some(enrolled.acct.clone());
            let keys = record.every_key_name().cloned().collect::<Vec<_>>();
            record.stage = Stage::Gone { why, at: now, acct };
            record.approvals.clear();
            record.invitation = None;
            Ok(keys)
        })?;
        self.delete_keys(&keys);
        self.notify(Topic::Gateways);
        self.notify(Topic::Approvals);
        Ok(())
    }

    pub(super) fn pause(&self, backoff: &Backoff) -> Result<Duration, Error> {
        let [dice] = self.ports.random.array()?;
        Ok(backoff.pause(dice))
    }

    pub(super) fn well(backoff: &Backoff) -> Duration {
        backoff.well();
        Duration::ZERO
    }
}

/// The body of `POST poll`.
pub(super) fn echo(record: &Record, wait: u64) -> Result<Vec<u8>, Error> {
    let rule = InputError::Field { field: Named::Wait, rule: Rule::Wait };
    let echo = poll::echo(record, wait).map_err(|_| Error::from(rule))?;
    serde_json::to_vec(&echo).map_err(|_| Error::Internal)
}

/// What ends a story with a gateway early.
pub(super) enum Stop {
    /// The gateway removed this device, verified.
    Gone,
    /// Anything else.
    Fault(Error),
}

impl From<Error> for Stop {
    fn from(fault: Error) -> Self {
        Self::Fault(fault)
    }
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Gone => GatewayError::Gone.into(),
            Stop::Fault(fault) => fault,
        }
    }
}
