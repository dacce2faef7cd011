//! The limits of this package, in one table: code refuses beyond them, tests take their cases from
//! here. What both ends share is in `countersign_protocol::limits`.

use std::time::Duration;

/// A body of a gateway's answer, in bytes.
pub const ANSWER: usize = 64 * 1024;
/// One record of the device store, in bytes.
pub const DEVICE_FILE: u64 = 4 * 1024 * 1024;
/// Certificates in a TLS chain.
pub const CHAIN: usize = 8;
/// One certificate of a TLS chain, in bytes.
pub const CERTIFICATE: usize = 16 * 1024;
/// How long a call may take, beside the time it asks the gateway to wait.
pub const CALL_DEADLINE: Duration = Duration::from_secs(10);
/// The longest pause between two tries, in milliseconds.
pub const RETRY_MOST: u64 = 60_000;
/// The longest pause that a gateway can ask for, in seconds.
pub const RETRY_AFTER_MOST: u64 = 3600;
/// A day, in seconds.
pub const DAY: u64 = 24 * 3600;
/// How long a closed challenge is remembered, in seconds of the phone's clock.
pub const CLOSED_KEPT: u64 = 40 * DAY;
/// How many closed challenges are remembered.
pub const CLOSED_MOST: usize = 4096;
/// How long denying and reporting is offered after a challenge left its list, in seconds.
pub const OFFERED_AFTER: u64 = 600;
/// How long an answer is repeated whose result is not known, in seconds.
pub const ANSWER_REPEATED: u64 = 3600;
/// How long an enrolment request is kept without a receipt, in seconds.
pub const REQUEST_KEPT: u64 = 600;
/// How often metadata is fetched in a minute, whatever the causes.
pub const REFRESH_A_MINUTE: usize = 5;
/// By how much the gateway's clock may waver before the record is written for it, in seconds.
pub const CLOCK_NOISE: u64 = 2;
