//! What came of a burn, and of a ledger.

use countersign_core::burn::assign::AssignError;
use countersign_core::burn::ledger::{BackError, LedgerError, LeftOut, Proof, Told, Why};
use countersign_core::burn::{Ending, Halt, Held, Judgement};
use countersign_core::error::Error;
use countersign_strings::{fill, text};

use super::source::{of_column, of_source_error};
use super::{of_clock, of_error, of_plan_error};
use crate::words;

/// How a burn ended.
pub fn of_ending(ending: Ending) -> String {
    match ending {
        Ending::ProvenByLink | Ending::CountedByLink(_) => text("token.proven_by_link").to_owned(),
        Ending::ProvenByPerson | Ending::CountedByPerson(_) => text("token.proven_by_person").to_owned(),
        Ending::ClockOff(ahead) => fill("token.ended_clock_off", &[("clock", &of_clock(ahead))]),
        Ending::Written(None) => text("token.written").to_owned(),
        Ending::Written(Some(error)) => fill("token.written_unread", &[("why", &of_error(error))]),
        Ending::Failed => text("token.not_this_seed").to_owned(),
        Ending::NotWritten => text("token.not_written").to_owned(),
    }
}

/// What shows that a token holds its seed, in one word or two.
pub fn of_proof(proof: Proof) -> &'static str {
    text(match proof {
        Proof::ByWire | Proof::ByCodes => "token.proof_proven",
        Proof::Written => "token.proof_written",
        Proof::Failed => "token.proof_failed",
    })
}

/// The same, with what showed it.
pub fn of_proof_by(proof: Proof) -> &'static str {
    text(match proof {
        Proof::ByWire => "token.proof_by_link",
        Proof::ByCodes => "token.proof_by_codes",
        Proof::Written | Proof::Failed => return of_proof(proof),
    })
}

/// Why a burn did not end, and what the token holds now.
pub fn of_halt(halt: &Halt) -> String {
    match halt {
        Halt::Journal(fault) => fill("token.no_journal", &[("why", &words::of_error(&Error::from(*fault)))]),
        Halt::Unrecorded(ending, fault) => {
            let why = words::of_error(&Error::from(*fault));
            fill("token.unrecorded", &[("ending", &of_ending(*ending)), ("why", &why)])
        }
        Halt::Stopped(stop) => {
            fill("token.stopped", &[("why", &of_error(stop.error)), ("holds", &of_held(&stop.holds))])
        }
        Halt::NotKept(error) => of_error(*error),
        Halt::Plan(error) => of_plan_error(error),
    }
}

/// What a token holds, as far as that is known.
pub fn of_held(holds: &[Held]) -> String {
    let one = |held: &Held| {
        text(match held {
            Held::Before => "token.held_before",
            Held::Mixed => "token.held_mixed",
            Held::Nothing => "token.held_nothing",
            Held::New => "token.held_new",
        })
    };
    match holds {
        [certain] => fill("token.holds", &[("what", one(certain))]),
        several => {
            let (all, or) = (several.iter().map(one).collect::<Vec<_>>(), format!("{} ", text("token.or")));
            fill("token.holds_either", &[("what", &all.join(&or))])
        }
    }
}

/// What typed digits say of a token.
pub fn of_judgement(judgement: Judgement) -> String {
    match judgement {
        Judgement::Match | Judgement::Counted(_) => text("token.digits_match").to_owned(),
        Judgement::ClockOff(ahead) => fill("token.digits_clock_off", &[("clock", &of_clock(ahead))]),
        Judgement::WrongSeed => text("token.digits_wrong").to_owned(),
    }
}

/// Why no row goes to a token, or a batch cannot be taken up.
pub fn of_assign(error: AssignError) -> String {
    let (key, n) = match error {
        AssignError::Burned(line) => ("token.assign_burned", line),
        AssignError::NoneLeft => ("token.assign_none_left", 0),
        AssignError::ForOthers(left) => ("token.assign_for_others", left),
        AssignError::NoRow(line) => ("token.assign_no_row", line),
        AssignError::NotItsRow(line) => ("token.assign_not_its_row", line),
        AssignError::OtherSource => ("token.assign_other_source", 0),
    };
    fill(key, &[("n", &n.to_string())])
}

/// A token that is not in a ledger, and why.
pub fn of_left_out(left: &LeftOut) -> String {
    let why = match left.why {
        Why::Failed => text("token.left_failed").to_owned(),
        Why::Unproven => text("token.left_unproven").to_owned(),
        Why::ClockOff(ahead) => {
            let key = if ahead < 0 { "token.left_clock_behind" } else { "token.left_clock_ahead" };
            fill(key, &[("time", &words::time(ahead.unsigned_abs()))])
        }
        Why::SameSerial => text("token.left_same_serial").to_owned(),
        Why::AlikeSerial => text("token.left_alike_serial").to_owned(),
        Why::Counter => text("token.left_counter").to_owned(),
        Why::Algorithm(algorithm) => fill("token.left_algorithm", &[("hash", algorithm.as_str())]),
        Why::Digits(digits) => fill("token.left_digits", &[("n", &digits.to_string())]),
        Why::Period(seconds) => fill("token.left_period", &[("n", &seconds.to_string())]),
        Why::Start => text("token.left_start").to_owned(),
        Why::Key(bytes) => fill("token.left_key", &[("n", &bytes.to_string())]),
        Why::Character(column) => fill("token.left_character", &[("column", of_column(column))]),
    };
    let token = super::of_place(left.serial.as_str(), left.profile);
    fill("token.left_out", &[("serial", &token), ("why", &why)])
}

/// What a form does not say.
pub fn of_told(told: Told) -> String {
    let (key, n) = match told {
        Told::IssuerNotWritten(n) => ("token.told_issuer", n),
        Told::NameNotWritten(n) => ("token.told_name", n),
        Told::NoPrincipalName(n) => ("token.told_principal", n),
        Told::KeyExtended(n) => ("token.told_extended", n),
        Told::NotProven(n) => ("token.told_not_proven", n),
        Told::ClockOff(n) => ("token.told_clock_off", n),
        Told::ProfileInSerial(n) => ("token.told_profile", n),
        Told::SerialForServers(n) => ("token.told_serial", n),
    };
    fill(key, &[("n", &n.to_string())])
}

/// Why no ledger was written.
pub fn of_ledger_error(error: LedgerError) -> String {
    match error {
        LedgerError::Nothing => text("token.ledger_nothing").to_owned(),
        LedgerError::TooMany(n) => fill("token.ledger_too_many", &[("n", &n.to_string())]),
        LedgerError::Time => text("token.ledger_time").to_owned(),
        LedgerError::KeyLength(n) => fill("token.ledger_key_length", &[("n", &n.to_string())]),
        LedgerError::Rounds(n) => fill("token.source_rounds", &[("n", &n.to_string())]),
        LedgerError::Port(fault) => words::of_error(&Error::from(fault)),
    }
}

/// How a ledger differs from what was to be in it.
pub fn of_back(error: BackError) -> String {
    match error {
        BackError::Unreadable(fault) => of_source_error(fault),
        BackError::Form => text("token.back_form").to_owned(),
        BackError::Count { found, wanted } => {
            fill("token.back_count", &[("found", &found.to_string()), ("wanted", &wanted.to_string())])
        }
        BackError::Differs(token, column) => {
            fill("token.back_differs", &[("n", &token.to_string()), ("column", of_column(column))])
        }
    }
}
