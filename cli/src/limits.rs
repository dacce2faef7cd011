//! The limits of the desk, in one table: code refuses beyond them, tests take their cases from here. What core and protocol
//! limit stands in theirs.

use std::ops::RangeInclusive;

use countersign_core::limits as core;
use countersign_core::protocol::limits::{self as protocol, Limit};

/// A line that is read from stdin or a terminal, in bytes, without its end.
pub const LINE: usize = 64 * 1024;
/// A file of lines to be shown above the list, in bytes.
pub const NOTE_FILE: u64 = 4096;
/// What a field of the screen takes, in bytes.
pub const FIELD: usize = protocol::SCANNED_TEXT;
/// What is copied to the clipboard, in bytes.
pub const COPIED: usize = 64;
/// How long a copied code stays, in seconds.
pub const COPIED_FOR: RangeInclusive<u32> = 5..=600;
/// The file of settings, in bytes.
pub const SETTINGS_FILE: u64 = 16 * 1024;
/// What is said to or by the program for readers at once, in bytes: the longest answer of a token, and a list of readers.
pub const READER_FRAME: usize = 128 * 1024;
/// A message of the session's bus, in bytes.
pub const BUS_MESSAGE: usize = 64 * 1024;
/// A file of the keystore, in bytes: many times what any of them holds.
pub const KEY_FILE: u64 = 64 * 1024;
/// What the keystore wraps, in bytes.
pub const WRAPPED_BYTES: RangeInclusive<usize> = 1..=512;
/// How often a passphrase may be wrong before the keystore gives up.
pub const PASSPHRASE_TRIES: u32 = 3;
/// Memory of Argon2id that the user's key may ask for, in KiB: as the vault.
pub const KDF_MEMORY: RangeInclusive<u32> = core::VAULT_KDF_MEMORY;
/// Passes of Argon2id, two at least.
pub const KDF_PASSES: RangeInclusive<u32> = 2..=*core::VAULT_KDF_PASSES.end();

/// How long a hidden code is shown, in seconds.
pub const REVEALED: u64 = 10;

/// How long it is said that a code was copied, in seconds.
pub const COPIED_SHOWN: u64 = 2;

/// What a person does while a change is written waits for it: so many keys, clicks and pasted texts.
pub const HELD: usize = 256;

/// Every limit above.
pub const TABLE: &[Limit] = &[
    Limit { surface: "hidden code on the screen", most: REVEALED, unit: "s" },
    Limit { surface: "word that a code was copied", most: COPIED_SHOWN, unit: "s" },
    Limit { surface: "keys that wait for a change to be written", most: HELD as u64, unit: "keys" },
    Limit { surface: "line that is typed or piped", most: LINE as u64, unit: "bytes" },
    Limit { surface: "file of a note above the list", most: NOTE_FILE, unit: "bytes" },
    Limit { surface: "field of the screen", most: FIELD as u64, unit: "bytes" },
    Limit { surface: "text that is copied to the clipboard", most: COPIED as u64, unit: "bytes" },
    Limit { surface: "time that a code stays in the clipboard", most: *COPIED_FOR.end() as u64, unit: "seconds" },
    Limit { surface: "file of settings", most: SETTINGS_FILE, unit: "bytes" },
    Limit { surface: "message of the program for readers", most: READER_FRAME as u64, unit: "bytes" },
    Limit { surface: "message of the session's bus", most: BUS_MESSAGE as u64, unit: "bytes" },
    Limit { surface: "file of the desk's keystore", most: KEY_FILE, unit: "bytes" },
    Limit { surface: "secret that the desk's keystore wraps", most: *WRAPPED_BYTES.end() as u64, unit: "bytes" },
    Limit { surface: "tries at a passphrase", most: PASSPHRASE_TRIES as u64, unit: "tries" },
    Limit { surface: "Argon2id memory of the user's key", most: *KDF_MEMORY.end() as u64, unit: "KiB" },
    Limit { surface: "Argon2id passes of the user's key", most: *KDF_PASSES.end() as u64, unit: "passes" },
];
