//! A gateway's metadata on the phone: when to fetch it, and what it means that its time is over (push-v1 section 11).

use std::time::Duration;

use countersign_protocol::jose::{H32, Refused};
use countersign_protocol::push::check::{self, Trusted};
use countersign_protocol::push::{MetaVersion, MetadataReply};

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

/// Whether the time of the kept metadata is over, by the later of phone clock and last signed time. Then nothing is
/// approved; denying and reporting work.
pub fn is_past(record: &Record, now: u64) -> bool {
    !check::may_approve(&record.trusted, now, record.signed)
}

/// Whether half of its life is over, so that it should be fetched again.
pub fn is_half_over(record: &Record, now: u64) -> bool {
    let metadata = record.trusted.metadata();
    now.max(record.signed) >= metadata.iat + (metadata.exp - metadata.iat) / 2
}

/// Takes metadata that was fetched. Says whether the gateway's keys changed.
///
/// # Errors
/// Why it is refused; then nothing changed.
pub fn take(record: &mut Record, reply: MetadataReply, now: u64) -> Result<bool, Refused> {
    let trusted = check::metadata_next(&record.trusted, reply.meta)?;
    let changed = trusted.metadata().keys != record.trusted.metadata().keys;
    record.saw_signed(trusted.metadata().iat, now);
    record.trusted = trusted;
    Ok(changed)
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
