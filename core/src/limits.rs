//! The limits of this package, in one table: code refuses beyond them, tests take their cases from
//! here. What both ends share is in `countersign_protocol::limits`.

use std::ops::RangeInclusive;
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
/// Vault: memory of Argon2id that a slot may ask for, in KiB: 19 MiB to 1 GiB.
pub const VAULT_KDF_MEMORY: RangeInclusive<u32> = 19 * 1024..=1024 * 1024;
/// Vault: passes of Argon2id.
pub const VAULT_KDF_PASSES: RangeInclusive<u32> = 1..=20;
/// Vault: lanes of Argon2id.
pub const VAULT_KDF_LANES: RangeInclusive<u32> = 1..=16;
/// Vault: memory × passes of Argon2id, in KiB: 38 MiB (19 MiB twice) to 8 GiB.
pub const VAULT_KDF_WORK: RangeInclusive<u64> = 38 * 1024..=8 * 1024 * 1024;
/// Vault: slots of one header.
pub const VAULT_SLOTS: usize = 16;
/// Vault: bytes of one header.
pub const VAULT_HEADER: usize = 64 * 1024;
/// Vault: bytes that a keystore may make of the 32 that it wraps.
pub const VAULT_WRAPPED: usize = 1024;
/// Vault: bytes of a passphrase as typed.
pub const VAULT_PASSPHRASE: RangeInclusive<usize> = 1..=1024;
/// Vault: accounts.
pub const VAULT_ACCOUNTS: usize = 10_000;
/// Vault: bytes of the file before it is read whole to mend it.
pub const VAULT_FILE: u64 = 256 * 1024 * 1024;
/// Account: Unicode scalar values of issuer and name each.
pub const ACCOUNT_NAME: usize = 256;
/// Account: Unicode scalar values of a note.
pub const ACCOUNT_NOTE: usize = 10_000;
/// Account: bytes of a seed.
pub const ACCOUNT_SEED: RangeInclusive<usize> = 1..=128;
/// Account: combining marks on one base in issuer and name.
pub const ACCOUNT_MARKS: usize = 4;
/// Search: Unicode scalar values.
pub const SEARCH: usize = 256;
/// Picture: bytes of a file.
pub const PICTURE_FILE: usize = 16 * 1024 * 1024;
/// Picture: pixels, as declared and as unpacked: 32 megapixels.
pub const PICTURE_PIXELS: u64 = 32_000_000;
/// Picture: pixels of a side.
pub const PICTURE_SIDE: u64 = 16_384;
/// Picture: scans of a progressive JPEG.
pub const PICTURE_JPEG_SCANS: usize = 32;
/// Picture: codes that are reported of one.
pub const PICTURE_CODES: usize = 8;
/// Picture: how long a frame of a camera may be searched before the next one is better.
pub const PICTURE_LIVE_BUDGET: Duration = Duration::from_millis(15);
/// Picture: how long a still picture is searched.
pub const PICTURE_STILL_BUDGET: Duration = Duration::from_millis(250);
/// Picture: when a decoder that does not end is given up.
pub const PICTURE_HARD_STOP: Duration = Duration::from_secs(1);
