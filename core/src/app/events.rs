//! Listening to a gateway's events (push-v1 section 8) instead of polling it: news come at once, over one connection.

use std::ops::ControlFlow;
use std::sync::TryLockError;
use std::time::Duration;

use countersign_protocol::jose::Id;
use countersign_protocol::limits::POLL_WAIT;
use countersign_protocol::push::{State as GatewayState, Via};

use super::gateway::prover;
use super::poll::{PollOutcome, Stop};
use super::refresh::cause_of;
use super::{App, Link, lock};
use crate::cancel::Cancel;
use crate::error::{Error, PortError};
use crate::limits;
use crate::push::call::Fault;
use crate::push::events::Reader;

/// How a stream went.
#[derive(Default)]
struct Heard {
    news: bool,
    /// What ended it from this side.
    stop: Option<Stop>,
}

impl App {
    /// Listens to a gateway until the stream ends, and takes what it brings; the gateway ends it after 15 minutes. It
    /// polls first, without waiting. Where the gateway has no events it polls instead and waits there, so a shell may
    /// call this in place of [`App::poll`], over and over.
    ///
    /// # Errors
    /// As [`App::poll`]. [`PortError::Busy`] while another stream of this enrolment is listened to.
    pub fn events(&self, gateway: Id, cancel: &Cancel) -> Result<PollOutcome, Error> {
        let link = self.link(gateway);
        if self.has_no_events(&link) {
            return self.poll(gateway, POLL_WAIT, cancel);
        }
        let _listening = match link.listening.try_lock() {
            Ok(guard) => guard,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(PortError::Busy.into()),
        };
        let first = self.poll(gateway, 0, cancel)?;
        if first.fault.is_some() || first.next_in.is_none() {
            return Ok(first);
        }
        let begun = self.ports.clock.monotonic();
        let heard = match self.listen(gateway, &link, begun, cancel) {
            Ok(Some(heard)) => heard,
            // Not here: a poll waits in its place.
            Ok(None) => return self.poll(gateway, POLL_WAIT, cancel),
            Err(stop) => {
                let outcome = self.stopped(stop, &link.streams)?;
                return Ok(PollOutcome { news: outcome.news || first.news, ..outcome });
            }
        };
        // A stream that ends at once and brings nothing is not opened again at once.
        let lasted = self.ports.clock.monotonic().saturating_sub(begun);
        let is_well = heard || lasted >= Duration::from_secs(POLL_WAIT);
        let next_in = if is_well { Self::well(&link.streams) } else { self.pause(&link.streams)? };
        Ok(PollOutcome { news: heard || first.news, next_in: Some(next_in), fault: None })
    }

    /// One stream, opened again once when newer metadata mends a refusal. Says whether it brought something; none where
    /// the gateway has no events.
    fn listen(&self, id: Id, link: &Link, begun: Duration, cancel: &Cancel) -> Result<Option<bool>, Stop> {
        let mut may_refresh = true;
        loop {
            let (heard, outcome) = self.stream(id, link, begun, cancel)?;
            if let Some(stop) = heard.stop {
                return Err(stop);
            }
            let fault = match outcome {
                Ok(()) => return Ok(Some(heard.news)),
                Err(Fault::Malformed(404)) => {
                    *lock(&link.no_events) = Some(self.ports.clock.monotonic());
                    return Ok(None);
                }
                Err(fault) => fault,
            };
            if !self.refreshed(id, link, cause_of(&fault), &mut may_refresh, cancel)? {
                return Err(self.stop(id, link, fault, cancel));
            }
        }
    }

    fn stream(
        &self,
        id: Id,
        link: &Link,
        begun: Duration,
        cancel: &Cancel,
    ) -> Result<(Heard, Result<(), Fault>), Stop> {
        let record = self.record(id)?;
        let enrolled = record.enrolled().ok_or_else(|| Stop::without_enrolment(&record))?;
        let (mut reader, mut heard) = (Reader::default(), Heard::default());
        let mut take = |part: &[u8]| {
            let taken = reader.take(part).map_err(Stop::Fault).and_then(|states| {
                states.iter().try_fold(false, |news, state| Ok(self.take_event(id, link, state, cancel)? || news))
            });
            match taken {
                Ok(news) => heard.news |= news,
                Err(stop) => heard.stop = Some(stop),
            }
            let too_long = self.ports.clock.monotonic().saturating_sub(begun) > limits::EVENT_STREAM;
            if heard.stop.is_some() || too_long { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let outcome = self.line(&record, link).events(prover(&record, enrolled.kids), cancel, &mut take);
        Ok((heard, outcome))
    }

    /// Takes the State of one event. After one that brought a challenge the gateway is polled, since polls alone tell it
    /// what arrived.
    fn take_event(&self, id: Id, link: &Link, state: &GatewayState, cancel: &Cancel) -> Result<bool, Stop> {
        let taken = self.take_state(id, link, state, Via::Events, cancel)?;
        if taken.news {
            link.streams.well();
        }
        if taken.challenges {
            match self.poll(id, 0, cancel) {
                Ok(outcome) if outcome.next_in.is_none() => return Err(Stop::Gone),
                Err(fault @ Error::Port(PortError::Cancelled)) => return Err(fault.into()),
                // Another poll tells the same; a fault is left for the next one.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(taken.news)
    }

    fn has_no_events(&self, link: &Link) -> bool {
        let now = self.ports.clock.monotonic();
        lock(&link.no_events).is_some_and(|at| now.saturating_sub(at) < limits::EVENTS_MISSING)
    }
}
