//! A gateway's metadata on the phone: when to fetch it, and what it means that its time is over (push-v1 section 11).

use std::time::Duration;

use countersign_protocol::jose::{H32, Refused};
use countersign_protocol::limits::LINKS;
use countersign_protocol::push::check::{self, Trusted};
use countersign_protocol::push::walk::walk;
use countersign_protocol::push::{MetaVersion, MetadataReply};

use crate::error::GatewayError;
use crate::limits;
use crate::port::Trust;
use crate::record::{Record, Stage};

/// What makes the phone fetch metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Something is signed by a key that the phone does not know.
    Kid(H32),
    /// A State names other metadata.
    Version(MetaVersion),
    /// Half of its life is over, or all.
    Age,
    /// A call was refused.
    Refused,
    /// No pin fits the connection.
    Pins,
}

/// When metadata was fetched and why, in the last minute. In memory: a new start may fetch anew.
#[derive(Debug, Default)]
pub struct Refreshes(Vec<(Cause, Duration)>);

impl Refreshes {
    /// Whether to fetch for this cause now: once a minute a cause, five times a minute in all. Counts it if so.
    pub fn may(&mut self, cause: Cause, now: Duration) -> bool {
        self.0.retain(|(_, at)| now.saturating_sub(*at) < Duration::from_secs(60));
        let may = self.0.len() < limits::REFRESH_A_MINUTE && self.0.iter().all(|(met, _)| *met != cause);
        if may {
            self.0.push((cause, now));
        }
        may
    }
}

/// Why nothing can be approved at a gateway, while denying and reporting work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Staleness {
    /// Its metadata is past its time, and newer could not be had.
    Old,
    /// What was fetched just now is past its time: the person checks this phone's clock.
    Clock,
    /// The gateway's key changed more often than its links reach back, so that this phone can follow it no more and takes
    /// nothing new from it: the person enrols it anew.
    Keys,
}

/// Epoch and seq, as State and Echo name them.
pub fn version(trusted: &Trusted) -> MetaVersion {
    let metadata = trusted.metadata();
    MetaVersion { epoch: metadata.epoch, seq: metadata.seq }
}

/// Whom connections to the gateway must lead to: the code's pin until there is a receipt, then the metadata's.
pub fn trust(record: &Record) -> Trust {
    let enrolling = matches!(record.stage, Stage::Preparing | Stage::Requested(_));
    match (&record.trusted.metadata().pins, record.p) {
        (_, Some(pin)) if enrolling => Trust::Pins(vec![pin]),
        (_, None) if enrolling => Trust::Platform,
        (Some(pins), _) => Trust::Pins(pins.to_vec()),
        (None, _) => Trust::Platform,
    }
}

/// Whether the time of the kept metadata is over, by the later of phone clock and last signed time, and what then is
/// to be done about it.
pub fn staleness(record: &Record, now: u64) -> Option<Staleness> {
    let doubted = if record.clock_doubted { Staleness::Clock } else { Staleness::Old };
    (!check::may_approve(&record.trusted, now, record.signed)).then_some(doubted)
}

/// What a screen says of a gateway: that its keys were lost sight of, or that its metadata is past its time. Only the
/// latter keeps from approving what came before.
pub fn trouble(record: &Record, now: u64) -> Option<Staleness> {
    if record.keys_lost { Some(Staleness::Keys) } else { staleness(record, now) }
}

/// Whether approving, and computing an answer code, is allowed by the metadata's time.
///
/// # Errors
/// [`GatewayError::MetadataExpired`] or [`GatewayError::Clock`].
pub fn may_approve(record: &Record, now: u64) -> Result<(), GatewayError> {
    match staleness(record, now) {
        None => Ok(()),
        Some(Staleness::Old | Staleness::Keys) => Err(GatewayError::MetadataExpired),
        Some(Staleness::Clock) => Err(GatewayError::Clock),
    }
}

/// Whether it should be fetched again: half of its life is over, or it lags behind a step of recovery.
pub fn wants_refresh(record: &Record, now: u64) -> bool {
    check::wants_refresh(&record.trusted, now, record.signed)
}

/// What fetched metadata changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The keys that sign for the gateway.
    pub keys: bool,
    /// The pins of its TLS keys.
    pub pins: bool,
    /// Something that a screen shows, or that a shell acts on: name, policy, sending key, staleness.
    pub shown: bool,
    /// Whether the metadata itself was taken. Steps of recovery before it stay in any case.
    pub rest: Result<(), Refused>,
}

/// Walks from what is kept to what was fetched (section 11), and keeps what that leads to. Only over a connection that
/// led to the gateway itself it may say that its keys were lost sight of: elsewhere anybody could.
pub fn take(record: &mut Record, reply: MetadataReply, by: &Trust, now: u64) -> Taken {
    let stale = trouble(record, now);
    let steps: Vec<H32> = reply.links.iter().map(|link| link.claims().from).collect();
    let walked = walk(&record.trusted, reply);
    record.signed = walked.last_signed(record.signed, now);
    let before = std::mem::replace(&mut record.trusted, walked.trusted);
    match walked.rest {
        Ok(()) => {
            record.clock_doubted = staleness(record, now).is_some();
            record.keys_lost = false;
        }
        Err(Refused::Key) if *by != Trust::MetadataOnly => record.keys_lost = lead_past(&steps, &record.trusted),
        Err(_) => {}
    }
    let (before, after) = (before.metadata(), record.trusted.metadata());
    Taken {
        keys: before.keys != after.keys,
        pins: before.pins != after.pins,
        shown: before.name != after.name
            || before.vapid != after.vapid
            || before.policy != after.policy
            || stale != trouble(record, now),
        rest: walked.rest,
    }
}

/// Whether a gateway names as many steps of rotation as it may, and none of them begins at a key that is kept.
fn lead_past(steps: &[H32], kept: &Trusted) -> bool {
    steps.len() == LINKS && steps.iter().all(|from| kept.metadata().key(from).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kid(byte: u8) -> Cause {
        Cause::Kid(H32::from_bytes([byte; 32]))
    }

    #[test]
    fn one_cause_fetches_once_a_minute() {
        let mut refreshes = Refreshes::default();
        let at = Duration::from_secs;
        assert!(refreshes.may(Cause::Refused, at(100)));
        assert!(!refreshes.may(Cause::Refused, at(159)));
        assert!(refreshes.may(Cause::Age, at(101)));
        assert!(refreshes.may(Cause::Refused, at(160)));
    }

    #[test]
    fn new_causes_are_followed_at_once_but_five_a_minute() {
        let mut refreshes = Refreshes::default();
        let taken = (0..50).filter(|byte| refreshes.may(kid(*byte), Duration::from_secs(9))).count();
        assert_eq!(taken, limits::REFRESH_A_MINUTE);
    }
}
