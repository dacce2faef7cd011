//! Fetching a gateway's metadata: when, for which cause, and what it changes.

use std::time::Duration;

use countersign_protocol::jose::Id;

use super::gateway::prover;
use super::poll::Stop;
use super::{App, Link, lock};
use crate::cancel::Cancel;
use crate::error::{Error, GatewayError, InputError, PortError};
use crate::port::{Topic, Trust};
use crate::push::call::{Call, Fault, Line};
use crate::push::meta::{self, Cause};
use crate::record::Record;

impl App {
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

    /// Fetches metadata for the cause that a refused call gave, the first time. Whether the call is worth repeating.
    pub(super) fn refreshed(
        &self,
        id: Id,
        link: &Link,
        cause: Option<Cause>,
        may_refresh: &mut bool,
        cancel: &Cancel,
    ) -> Result<bool, Stop> {
        match cause.filter(|_| std::mem::take(may_refresh)) {
            Some(cause) => Ok(self.refresh_quietly(id, link, cause, cancel)?.unwrap_or(false)),
            None => Ok(false),
        }
    }

    fn refresh(&self, id: Id, link: &Link, cancel: &Cancel) -> Result<bool, Error> {
        let record = self.record(id)?;
        let mut line = self.line(&record, link);
        let reply = match line.metadata(cancel) {
            // Also where metadata of a thief dropped the pins: a gateway that was enrolled by a pin may have nothing that a
            // platform trusts, and could not tell of its recovery.
            Err(Fault::Port(PortError::Tls)) if line.trust != Trust::Platform || record.p.is_some() => {
                // No pin fits. Metadata proves itself; nothing else may be asked over such a connection.
                line.trust = Trust::MetadataOnly;
                line.metadata(cancel)
            }
            reply => reply,
        }?;
        // Steps of recovery are on disk at once and for good, whatever becomes of the rest.
        let taken = self.update(id, |record, now| Ok(meta::take(record, reply, &line.trust, now)))?;
        if taken.shown {
            self.notify(Topic::Gateways);
        }
        taken.rest.map_err(GatewayError::Refused)?;
        Ok(taken.keys || taken.pins)
    }

    /// Fetches metadata when the kept one is past its time, since nothing is approved by such. What was fetched just now
    /// and is past its time says that this phone's clock is wrong.
    pub(super) fn refresh_expired(&self, gateway: Id, cancel: &Cancel) -> Result<(), Error> {
        if meta::staleness(&*self.record(gateway)?, self.ports.clock.now()).is_none() {
            return Ok(());
        }
        let link = self.link(gateway);
        self.refresh_quietly(gateway, &link, Cause::Age, cancel)?;
        meta::may_approve(&*self.record(gateway)?, self.ports.clock.now()).map_err(Error::from)
    }

    /// A proven call of an enrolled device. A refusal or a foreign certificate makes it fetch metadata, once, and repeat
    /// the call when keys or pins changed.
    pub(super) fn call(
        &self,
        id: Id,
        link: &Link,
        call: Call<'_>,
        wait: Duration,
        cancel: &Cancel,
    ) -> Result<Vec<u8>, Stop> {
        let mut may_refresh = true;
        loop {
            let record = self.record(id)?;
            let enrolled = record.enrolled().ok_or_else(|| Stop::without_enrolment(&record))?;
            let prover = prover(&record, enrolled.kids);
            let fault = match self.line(&record, link).proven(call, prover, wait, cancel) {
                Ok(body) => return Ok(body),
                Err(fault) => fault,
            };
            if !self.refreshed(id, link, cause_of(&fault), &mut may_refresh, cancel)? {
                return Err(self.stop(id, link, fault, cancel));
            }
        }
    }

    pub(super) fn line<'a>(&'a self, record: &'a Record, link: &'a Link) -> Line<'a> {
        Line { ports: &self.ports, u: &record.u, trust: meta::trust(record), memory: &link.memory }
    }
}

impl Stop {
    /// Why a record that is not enrolled is not asked for anything.
    pub(super) fn without_enrolment(record: &Record) -> Self {
        if record.has_receipt() { Self::Gone } else { Self::Fault(InputError::NotFound.into()) }
    }
}

/// Whether newer metadata might mend this fault.
pub(super) fn cause_of(fault: &Fault) -> Option<Cause> {
    match fault {
        Fault::Refused => Some(Cause::Refused),
        Fault::Port(PortError::Tls) => Some(Cause::Pins),
        _ => None,
    }
}
