//! What this package accepts at most, in one table; the tests take their cases from it.
//!
//! Sizes of signed messages are those of push-v1 section 2, in characters, which are bytes here.

use core::ops::RangeInclusive;

/// One line of the table: where the limit holds, the number, and what it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The surface in a few words, for `countersign limits`.
    pub surface: &'static str,
    /// The largest value that is accepted.
    pub most: u64,
    /// What is counted.
    pub unit: &'static str,
}

/// Text that a camera or a paste brings, before it is classified, in bytes.
pub const SCANNED_TEXT: usize = 8 * 1024;
/// A JSON body that is read here at all, in bytes: the largest answer of a gateway.
pub const JSON_BYTES: usize = 64 * 1024;
/// How deep objects and arrays may nest; the outermost object counts as one.
pub const JSON_DEPTH: usize = 5;
/// The largest JSON number: 2^53 − 1.
pub const JSON_NUMBER: u64 = (1 << 53) - 1;
/// A body of `enrol` and of `keys`, in bytes.
pub const BODY_ENROL: usize = 48 * 1024;
/// A body of any other call, in bytes.
pub const BODY: usize = 16 * 1024;

/// `cs-meta+jwt`, in characters.
pub const JWS_META: usize = 3072;
/// `cs-enrol+jwt`, in characters.
pub const JWS_ENROL: usize = 40_960;
/// `cs-receipt+jwt`, in characters.
pub const JWS_RECEIPT: usize = 8192;
/// `cs-challenge+jwt`, in characters.
pub const JWS_CHALLENGE: usize = 4096;
/// `cs-result+jwt`, in characters.
pub const JWS_RESULT: usize = 1024;
/// `cs-gone+jwt`, in characters.
pub const JWS_GONE: usize = 1024;
/// `cs-answer+jwt`, in characters.
pub const JWS_ANSWER: usize = 8192;
/// `cs-proof+jwt`, in characters.
pub const JWS_PROOF: usize = 2048;
/// `cs-link+jwt`, in characters.
pub const JWS_LINK: usize = 1024;
/// `cs-keys+jwt`, in characters.
pub const JWS_KEYS: usize = 40_960;
/// `cs-pop+jwt`, in characters.
pub const JWS_POP: usize = 1024;
/// `cs-invite+jwt`, in characters.
pub const JWS_INVITE: usize = 1024;
/// `cs-confirm+jwt`, in characters.
pub const JWS_CONFIRM: usize = 1024;
/// A challenge that is shown as a QR for an answer code, in characters.
pub const JWS_OFFLINE: usize = 900;

/// The base URL of a gateway, in bytes.
pub const BASE_URL: usize = 200;
/// `htu` of a proof, in bytes.
pub const PROOF_URL: usize = 260;
/// A nonce of a gateway, in characters.
pub const NONCE: usize = 128;
/// A push endpoint, in bytes.
pub const ENDPOINT: usize = 1000;
/// The `otpauth` text in the sealed part of a receipt, in bytes.
pub const RECEIPT_TOTP: usize = 1024;
/// Challenges in one State, `closed` entries in it, and ids in `have` and in `seen`.
pub const CHALLENGES: usize = 12;
/// How long a poll may wait, in seconds.
pub const POLL_WAIT: u64 = 30;
/// `links` of a metadata answer.
pub const LINKS: usize = 20;
/// `recovery` of a metadata answer.
pub const RECOVERY: usize = 10;
/// Keys in metadata.
pub const META_KEYS: usize = 3;
/// Pins in metadata.
pub const META_PINS: usize = 4;
/// How long metadata may live, in seconds.
pub const META_LIFE: u64 = 14 * 24 * 3600;
/// How far past its `exp` metadata may be at enrolment, in seconds of phone time.
pub const META_GRACE: u64 = 24 * 3600;
/// How far ahead of the phone clock a signed time still counts, in seconds.
pub const CLOCK_AHEAD: u64 = 24 * 3600;
/// How long a challenge may live, in seconds.
pub const CHALLENGE_LIFE: u64 = 600;
/// How long a notice (`op` `info`) may live, in seconds.
pub const INFO_LIFE: u64 = 30 * 24 * 3600;
/// How far gateway time may be off when an answer code is asked for, in seconds.
pub const OFFLINE_LEEWAY: u64 = 600;
/// How long after `exp` a gateway still takes a decision, in seconds.
pub const CHALLENGE_GRACE: u64 = 5;
/// The smaller sealed body: what it holds with its mark and padding, in bytes.
pub const SEALED_SMALL: usize = 1024;
/// The larger sealed body: what it holds with its mark and padding, in bytes.
pub const SEALED_LARGE: usize = 2048;
/// The words of an error body, in Unicode scalar values.
pub const ERROR_TEXT: usize = 256;
/// Certificates in one attestation chain.
pub const ATTESTATION_CHAIN: usize = 8;

/// Digits of a code.
pub const OTP_DIGITS: RangeInclusive<u64> = 5..=10;
/// Seconds of a TOTP period.
pub const OTP_PERIOD: RangeInclusive<u64> = 1..=86_400;
/// The last moment from which the steps of TOTP may be counted: the end of the year 9999, in seconds since 1970.
pub const OTP_START: u64 = 253_402_300_799;
/// Characters of a PIN.
pub const OTP_PIN: RangeInclusive<usize> = 1..=16;
/// The first HOTP counter that is too large.
pub const OTP_COUNTER_END: u64 = 1 << 63;
/// A Key URI, in bytes.
pub const URI_BYTES: usize = SCANNED_TEXT;
/// Label and issuer of a Key URI, in Unicode scalar values each.
pub const URI_NAME: usize = 256;
/// Parameters of a Key URI.
pub const URI_PARAMETERS: usize = 32;
/// One part of Google's transfer, in bytes of base64.
pub const MIGRATION_TEXT: usize = 4096;
/// Accounts in one part of Google's transfer.
pub const MIGRATION_ENTRIES: usize = 100;
/// Parts of one of Google's transfers.
pub const MIGRATION_PARTS: u32 = 100;
/// A seed, in bytes.
pub const SEED_BYTES: RangeInclusive<usize> = 1..=128;
/// Seeds of fewer bytes than this are taken with a warning (RFC 4226, R6).
pub const SEED_SHORT: usize = 16;
/// Combining marks on one letter of a name; further ones are removed.
pub const COMBINING_MARKS: usize = 4;

/// Every limit above that input can run into.
pub const TABLE: &[Limit] = &[
    Limit { surface: "scanned or pasted text", most: SCANNED_TEXT as u64, unit: "bytes" },
    Limit { surface: "JSON", most: JSON_BYTES as u64, unit: "bytes" },
    Limit { surface: "JSON nesting", most: JSON_DEPTH as u64, unit: "levels" },
    Limit { surface: "JSON number", most: JSON_NUMBER, unit: "" },
    Limit { surface: "body of enrol and keys", most: BODY_ENROL as u64, unit: "bytes" },
    Limit { surface: "body of any other device call", most: BODY as u64, unit: "bytes" },
    Limit { surface: "cs-meta+jwt", most: JWS_META as u64, unit: "characters" },
    Limit { surface: "cs-enrol+jwt", most: JWS_ENROL as u64, unit: "characters" },
    Limit { surface: "cs-receipt+jwt", most: JWS_RECEIPT as u64, unit: "characters" },
    Limit { surface: "cs-challenge+jwt", most: JWS_CHALLENGE as u64, unit: "characters" },
    Limit { surface: "cs-result+jwt", most: JWS_RESULT as u64, unit: "characters" },
    Limit { surface: "cs-gone+jwt", most: JWS_GONE as u64, unit: "characters" },
    Limit { surface: "cs-answer+jwt", most: JWS_ANSWER as u64, unit: "characters" },
    Limit { surface: "cs-proof+jwt", most: JWS_PROOF as u64, unit: "characters" },
    Limit { surface: "cs-link+jwt", most: JWS_LINK as u64, unit: "characters" },
    Limit { surface: "cs-keys+jwt", most: JWS_KEYS as u64, unit: "characters" },
    Limit { surface: "cs-pop+jwt", most: JWS_POP as u64, unit: "characters" },
    Limit { surface: "cs-invite+jwt", most: JWS_INVITE as u64, unit: "characters" },
    Limit { surface: "cs-confirm+jwt", most: JWS_CONFIRM as u64, unit: "characters" },
    Limit { surface: "challenge for an answer code", most: JWS_OFFLINE as u64, unit: "characters" },
    Limit { surface: "base URL of a gateway", most: BASE_URL as u64, unit: "bytes" },
    Limit { surface: "URL in a proof", most: PROOF_URL as u64, unit: "bytes" },
    Limit { surface: "nonce", most: NONCE as u64, unit: "characters" },
    Limit { surface: "push endpoint", most: ENDPOINT as u64, unit: "bytes" },
    Limit { surface: "otpauth in a receipt", most: RECEIPT_TOTP as u64, unit: "bytes" },
    Limit { surface: "challenges in a State", most: CHALLENGES as u64, unit: "entries" },
    Limit { surface: "wait of a poll", most: POLL_WAIT, unit: "seconds" },
    Limit { surface: "links of metadata", most: LINKS as u64, unit: "entries" },
    Limit { surface: "recovery steps of metadata", most: RECOVERY as u64, unit: "entries" },
    Limit { surface: "keys of metadata", most: META_KEYS as u64, unit: "entries" },
    Limit { surface: "pins of metadata", most: META_PINS as u64, unit: "entries" },
    Limit { surface: "life of metadata", most: META_LIFE, unit: "seconds" },
    Limit { surface: "life of a challenge", most: CHALLENGE_LIFE, unit: "seconds" },
    Limit { surface: "life of a notice", most: INFO_LIFE, unit: "seconds" },
    Limit { surface: "plain text of a sealed body", most: SEALED_LARGE as u64 - 1, unit: "bytes" },
    Limit { surface: "words of an error", most: ERROR_TEXT as u64, unit: "characters" },
    Limit { surface: "attestation chain", most: ATTESTATION_CHAIN as u64, unit: "certificates" },
    Limit { surface: "digits of a code", most: *OTP_DIGITS.end(), unit: "digits" },
    Limit { surface: "TOTP period", most: *OTP_PERIOD.end(), unit: "seconds" },
    Limit { surface: "start of TOTP's steps", most: OTP_START, unit: "seconds since 1970" },
    Limit { surface: "PIN", most: *OTP_PIN.end() as u64, unit: "characters" },
    Limit { surface: "HOTP counter", most: OTP_COUNTER_END - 1, unit: "" },
    Limit { surface: "Key URI", most: URI_BYTES as u64, unit: "bytes" },
    Limit { surface: "label and issuer of a Key URI", most: URI_NAME as u64, unit: "scalar values each" },
    Limit { surface: "parameters of a Key URI", most: URI_PARAMETERS as u64, unit: "parameters" },
    Limit { surface: "part of Google's transfer, base64", most: MIGRATION_TEXT as u64, unit: "bytes" },
    Limit { surface: "accounts in a part of Google's transfer", most: MIGRATION_ENTRIES as u64, unit: "accounts" },
    Limit { surface: "parts of Google's transfer", most: MIGRATION_PARTS as u64, unit: "parts" },
    Limit { surface: "seed", most: *SEED_BYTES.end() as u64, unit: "bytes" },
    Limit { surface: "combining marks on one letter of a name", most: COMBINING_MARKS as u64, unit: "marks" },
];
