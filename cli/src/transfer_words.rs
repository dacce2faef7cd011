//! Google's transfer in words: how far it is, why a part or an account of it is not taken, what it cannot hold.

use countersign_core::app::NotHeld;
use countersign_core::error::Error;
use countersign_core::protocol::uri::migration::{CannotHold, EntryFault, MigrationError, OtherTransfer, Transfer};
use countersign_strings::{fill, text};

use crate::{scan_words, words};

/// Why a part is not taken.
pub fn of_part(fault: MigrationError) -> String {
    let words = match fault {
        MigrationError::TooLong(bytes) => return fill("scan.part_too_long", &[("n", &bytes.to_string())]),
        MigrationError::NotTransfer | MigrationError::NoData => "scan.part_empty",
        MigrationError::Base64 | MigrationError::Damaged => "scan.part_damaged",
        MigrationError::TooManyAccounts => "scan.part_too_full",
        MigrationError::Parts(_) | MigrationError::Index(_) => "scan.part_number",
    };
    text(words).to_owned()
}

/// That a part is of another transfer, with both counts.
pub fn of_other(other: &OtherTransfer) -> String {
    let OtherTransfer { ours, part, of } = other;
    let [part, of, read, size] = [part, of, &ours.read, &ours.of].map(ToString::to_string);
    fill("scan.part_other", &[("part", &part), ("of", &of), ("read", &read), ("size", &size)])
}

/// Why one account of a part is not taken.
pub fn of_entry(fault: EntryFault) -> String {
    match fault {
        EntryFault::Damaged => text("scan.entry_damaged").to_owned(),
        EntryFault::Setting(fault) => scan_words::of_uri_error(&fault),
    }
}

/// Why an account is not in a transfer.
pub fn of_not_held(why: NotHeld) -> String {
    match why {
        NotHeld::Account(fault) => words::of_error(&Error::Input(fault)),
        NotHeld::Form(CannotHold::Period(seconds)) => fill("scan.holds_period", &[("n", &seconds.to_string())]),
        NotHeld::Form(CannotHold::Start(_)) => text("scan.holds_start").to_owned(),
        NotHeld::Form(CannotHold::Digits(digits)) => fill("scan.holds_digits", &[("n", &digits.to_string())]),
        NotHeld::Form(CannotHold::Algorithm(hash)) => fill("scan.holds_algorithm", &[("hash", hash.as_str())]),
        NotHeld::Form(CannotHold::Kind(kind)) => fill("scan.holds_kind", &[("kind", &kind.to_string())]),
    }
}

/// How far a transfer is, after this part, counted from 0: «Part 2 of 5 read: 1 ✓ 2 ✓ 3 – 4 – 5 –».
pub fn progress(transfer: &Transfer, index: u32, is_new: bool) -> String {
    let parts: Vec<_> = (1..).zip(transfer.parts()).map(|(n, read)| format!("{n} {}", mark(read))).collect();
    let (part, of) = (u64::from(index) + 1, transfer.count().of);
    let key = if is_new { "scan.progress" } else { "scan.seen" };
    fill(key, &[("part", &part.to_string()), ("of", &of.to_string()), ("parts", &parts.join(" "))])
}

fn mark(read: bool) -> char {
    if read { '✓' } else { '–' }
}
