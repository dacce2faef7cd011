//! Polling a gateway, and what its answers lead to: news, newer metadata, a removal.

use std::sync::TryLockError;
use std::time::Duration;

use countersign_protocol::jose::Id;
use countersign_protocol::json;
use countersign_protocol::push::{Gone, Message, State as GatewayState, check};

use super::gateway::prover;
use super::{App, Link, lock};
use crate::cancel::Cancel;
use crate::error::{Error, GatewayError, InputError, PortError};
use crate::port::{Topic, Trust};
use crate::push::call::{Fault, Line};
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
                let next_in = if was_early && !news { self.pause(&link)? } else { self.well(&link) };
                Ok(PollOutcome { news, next_in: Some(next_in), fault: None })
            }
            Err(Stop::Gone) => Ok(PollOutcome { news: true, next_in: None, fault: None }),
            Err(Stop::Fault(Error::Port(PortError::Cancelled))) => Err(PortError::Cancelled.into()),
            Err(Stop::Fault(Error::Input(fault))) => Err(fault.into()),
            Err(Stop::Fault(fault)) => {
                let pause = self.pause(&link)?;
                let next_in = match fault {
                    Error::Gateway(GatewayError::Busy(Some(seconds))) => pause.max(Duration::from_secs(seconds)),
                    _ => pause,
                };
                Ok(PollOutcome { news: false, next_in: Some(next_in), fault: Some(fault) })
            }
        }
    }

    /// One poll. Says whether it brought something that counts.
    fn poll_once(&self, id: Id, link: &Link, wait: u64, cancel: &Cancel) -> Result<bool, Stop> {
        let record = self.record(id)?;
        match &record.stage {
            Stage::Preparing => return Err(Stop::Fault(InputError::NotFound.into())),
            Stage::Gone { .. } => return Err(Stop::Gone),
            Stage::Requested(_) => {
                self.finish(id, cancel).map_err(Stop::Fault)?;
                return Ok(true);
            }
            Stage::Enrolled(_) => {}
        }
        if meta::is_half_over(&record, self.ports.clock.now()) {
            self.refresh_quietly(id, link, Cause::Age, cancel)?;
        }
        self.send_unsent(id, cancel)?;
        let state = self.ask(id, link, wait, cancel)?;
        let mut taken = self.update(id, |record, now| Ok(poll::take(record, &state, now)))?;
        let causes = std::mem::take(&mut taken.causes);
        for cause in causes {
            if self.refresh_quietly(id, link, cause, cancel)?.is_some() {
                let again = self.update(id, |record, now| Ok(poll::take(record, &state, now)))?;
                taken.news |= again.news;
            }
        }
        if taken.news {
            self.notify(Topic::Approvals);
        }
        if taken.device {
            self.notify(Topic::Gateways);
        }
        Ok(taken.news)
    }

    /// `POST poll`, with what a refusal and a removal lead to.
    fn ask(&self, id: Id, link: &Link, wait: u64, cancel: &Cancel) -> Result<GatewayState, Stop> {
        let mut may_refresh = true;
        loop {
            let record = self.record(id)?;
            let enrolled = record.enrolled().ok_or(Stop::Gone)?;
            let rule = InputError::Field { field: "wait", rule: "0 to 30 seconds" };
            let echo = poll::echo(&record, wait).map_err(|_| Error::from(rule))?;
            let body = serde_json::to_vec(&echo).map_err(|_| Stop::Fault(Error::Internal))?;
            let wait = Duration::from_secs(wait);
            let line = self.line(&record, link);
            let fault = match line.proven("poll", &body, 200, prover(&record, enrolled.kids), wait, cancel) {
                Ok(body) => {
                    let state = json::parse(&body).map_err(GatewayError::Malformed);
                    return Ok(state.map_err(Error::from)?);
                }
                Err(fault) => fault,
            };
            if !std::mem::take(&mut may_refresh) {
                return Err(self.stop(id, link, fault, cancel));
            }
            let cause = match fault {
                Fault::Refused => Cause::Refused,
                Fault::Port(PortError::Tls) => Cause::Pins,
                fault => return Err(self.stop(id, link, fault, cancel)),
            };
            if !self.refresh_quietly(id, link, cause, cancel)?.unwrap_or(false) {
                return Err(self.stop(id, link, fault, cancel));
            }
        }
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
            record.stage = Stage::Gone { why, at: now, acct };
            record.approvals.clear();
            Ok(record.keys.clone())
        })?;
        self.delete_keys(&keys);
        self.notify(Topic::Gateways);
        self.notify(Topic::Approvals);
        Ok(())
    }

    /// Fetches metadata for a cause, if it may. None: it was not its turn, or it could not be had; `Some(true)`: keys or
    /// pins changed. Only being cancelled ends the call that asked.
    pub(super) fn refresh_quietly(
        &self,
        id: Id,
        link: &Link,
        cause: Cause,
        cancel: &Cancel,
    ) -> Result<Option<bool>, Stop> {
        if !lock(&link.refreshes).may(cause, self.ports.clock.monotonic()) {
            return Ok(None);
        }
        match self.refresh(id, link, cancel) {
            Ok(changed) => Ok(Some(changed)),
            Err(fault @ (Error::Port(PortError::Cancelled) | Error::Internal | Error::Input(_))) => Err(fault.into()),
            Err(_) => Ok(None),
        }
    }

    fn refresh(&self, id: Id, link: &Link, cancel: &Cancel) -> Result<bool, Error> {
        let record = self.record(id)?;
        let mut line = self.line(&record, link);
        let reply = match line.metadata(cancel) {
            Err(Fault::Port(PortError::Tls)) if line.trust != Trust::Platform => {
                // No pin fits. Metadata proves itself; nothing else may be asked over such a connection.
                line.trust = Trust::MetadataOnly;
                line.metadata(cancel)
            }
            reply => reply,
        }?;
        self.update(id, |record, now| {
            let pins = record.trusted.metadata().pins.clone();
            let keys = meta::take(record, reply, now).map_err(GatewayError::Refused)?;
            Ok(keys || pins != record.trusted.metadata().pins)
        })
    }

    pub(super) fn line<'a>(&'a self, record: &'a Record, link: &'a Link) -> Line<'a> {
        Line { ports: &self.ports, u: &record.u, trust: meta::trust(record), memory: &link.memory }
    }

    fn pause(&self, link: &Link) -> Result<Duration, Error> {
        let [dice] = self.ports.random.array()?;
        Ok(link.memory.pause(dice))
    }

    fn well(&self, link: &Link) -> Duration {
        link.memory.well();
        Duration::ZERO
    }
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
