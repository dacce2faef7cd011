//! Hardware tokens, in words: what they are, what a burn would do, what came of it.

mod refused;
mod source;
mod written;

pub use refused::{of_declined, of_error, of_misfit, of_other, of_plan_error, of_refused, of_unable};
pub use source::{of_column, of_fault, of_note as of_source_note, of_rule, of_source_error};
pub use written::{
    of_assign, of_back, of_ending, of_halt, of_held, of_judgement, of_ledger_error, of_left_out, of_proof, of_proof_by,
    of_told,
};

use countersign_core::burn::ledger::Proof;
use countersign_core::burn::{
    Capabilities, Credential, Dialect, Erases, Family, Identity, LedgerRow, Moving, Note, Periods, Plan, Room,
};
use countersign_core::protocol::otp::Algorithm;
use countersign_strings::{fill, text};

use crate::outside::isolated;
use crate::when;

/// No account's codes live longer, whatever a token could do: a day, in seconds.
pub const LONGEST_PERIOD: u32 = 86_400;

/// The family, as people know it.
pub fn of_family(family: Family) -> &'static str {
    text(match family {
        Family::Single => "token.family_single",
        Family::Molto2 => "token.family_molto",
        Family::Oath(Dialect::YubiKey) => "token.family_yubikey",
        Family::Oath(Dialect::NeoOath) => "token.family_neo",
        Family::Oath(Dialect::Apex) => "token.family_apex",
        Family::Oath(Dialect::Nitrokey) => "token.family_nitrokey",
        Family::Token2Otp => "token.family_token2",
        Family::Feitian => "token.family_feitian",
    })
}

/// The family, as scripts know it.
pub const fn family_name(family: Family) -> &'static str {
    match family {
        Family::Single => "token2_single_profile",
        Family::Molto2 => "token2_molto2",
        Family::Oath(Dialect::YubiKey) => "yubikey",
        Family::Oath(Dialect::NeoOath) => "ykneo_oath",
        Family::Oath(Dialect::Apex) => "apex",
        Family::Oath(Dialect::Nitrokey) => "nitrokey3",
        Family::Token2Otp => "token2_otp",
        Family::Feitian => "feitian_otp",
    }
}

/// Who makes it.
pub const fn maker(family: Family) -> &'static str {
    match family {
        Family::Single | Family::Molto2 | Family::Token2Otp => "Token2",
        Family::Oath(Dialect::YubiKey | Dialect::NeoOath) => "Yubico",
        Family::Oath(Dialect::Apex) => "VivoKey",
        Family::Oath(Dialect::Nitrokey) => "Nitrokey",
        Family::Feitian => "Feitian",
    }
}

/// Model, or family where the model is not known, and serial number, in one line.
pub fn of_identity(identity: &Identity) -> String {
    let model = identity.model.unwrap_or_else(|| of_family(identity.family));
    match &identity.serial {
        Some(serial) => fill("token.identity", &[("model", model), ("serial", serial.as_str())]),
        None => fill("token.identity_no_serial", &[("model", model)]),
    }
}

/// Whether the model is one that is known: of one family it is told by the beginning of the serial number.
pub fn is_known(identity: &Identity) -> bool {
    identity.family != Family::Single || identity.model.is_some()
}

/// A model, and the profile of it where it has many.
pub fn of_place(model: &str, profile: Option<u8>) -> String {
    match profile {
        Some(profile) => fill("token.model_profile", &[("model", model), ("n", &profile.to_string())]),
        None => model.to_owned(),
    }
}

/// Hashes, digits and periods that a token knows, and how long its seed may be.
pub fn of_capabilities(of: &Capabilities) -> [String; 2] {
    let listed = |numbers: &mut dyn Iterator<Item = String>| numbers.collect::<Vec<_>>().join(", ");
    let hashes = listed(&mut of.algorithms.iter().map(|hash| Algorithm::as_str(*hash).to_owned()));
    let digits = listed(&mut of.digits.iter().map(ToString::to_string));
    let periods = match of.periods {
        Periods::Only(periods) => listed(&mut periods.iter().map(ToString::to_string)),
        Periods::UpTo(most) => fill("token.up_to", &[("n", &most.min(LONGEST_PERIOD).to_string())]),
    };
    let (least, most) = (of.seed.start().to_string(), of.seed.end().to_string());
    [
        fill("token.holds_settings", &[("hashes", &hashes), ("digits", &digits), ("periods", &periods)]),
        fill("token.holds_seed", &[("least", &least), ("most", &most)]),
    ]
}

/// How full a token is.
pub fn of_room(room: &Room) -> String {
    let taken = room.taken.to_string();
    let (Some(all), Some(free)) = (room.all, room.free()) else { return fill("token.room_taken", &[("n", &taken)]) };
    let values = [("n", &*taken), ("all", &*all.to_string()), ("free", &*free.to_string())];
    let line = |(number, title): &(u8, String)| {
        fill("token.room_profile", &[("n", &number.to_string()), ("title", &isolated(title))])
    };
    let lines = room.profiles.iter().map(line);
    std::iter::once(fill("token.room", &values)).chain(lines).collect::<Vec<_>>().join("\n  ")
}

/// How far a token's clock is off, where it tells the time.
pub fn of_clock(ahead: i64) -> String {
    let time = crate::words::time(ahead.unsigned_abs());
    match ahead {
        0 => text("token.clock_right").to_owned(),
        1.. => fill("token.clock_ahead", &[("time", &time)]),
        _ => fill("token.clock_behind", &[("time", &time)]),
    }
}

/// Whose the codes are, as one line; empty where nobody is named.
pub fn of_owner(credential: &Credential) -> String {
    isolated(&crate::command::account::names(&credential.issuer, &credential.name))
}

/// Settings of codes: hash, digits, and what moves them on.
pub fn of_settings(credential: &Credential) -> String {
    let digits = credential.digits.get().to_string();
    let hash = credential.algorithm.as_str();
    match credential.moving {
        Moving::Time(period) => {
            let period = period.seconds().to_string();
            fill("token.settings_time", &[("digits", &digits), ("period", &period), ("hash", hash)])
        }
        Moving::Counter(counter) => {
            let counter = counter.get().to_string();
            fill("token.settings_counter", &[("digits", &digits), ("counter", &counter), ("hash", hash)])
        }
    }
}

/// What goes away.
pub fn of_erases(erases: &Erases) -> String {
    match erases {
        Erases::Nothing => text("token.erases_nothing").to_owned(),
        Erases::Whole => text("token.erases_whole").to_owned(),
        Erases::Profile { number, title } => {
            fill("token.erases_profile", &[("n", &number.to_string()), ("title", &isolated(title))])
        }
        Erases::Entry(name) => fill("token.erases_entry", &[("name", &isolated(name))]),
        Erases::Unknown => text("token.erases_unknown").to_owned(),
    }
}

/// What else a person should know before.
pub fn of_note(note: Note) -> String {
    let words = match note {
        Note::Extended(bytes) => return fill("token.note_extended", &[("n", &bytes.to_string())]),
        Note::Hashed => "token.note_hashed",
        Note::NoLabel => "token.note_no_label",
        Note::PublicTitle => "token.note_public_title",
        Note::Overheard => "token.note_overheard",
        Note::SwitchOff => "token.note_switch_off",
        Note::Experimental => "token.note_experimental",
        Note::UnknownModel => "token.note_unknown_model",
        Note::BlankBetween => "token.note_blank_between",
        Note::TouchToWrite => "token.note_touch_to_write",
        Note::CounterMoves => "token.note_counter_moves",
    };
    text(words).to_owned()
}

/// What the ledger says is in the place that a plan writes.
pub fn of_standing(row: &LedgerRow) -> String {
    let owner = of_owner(&row.credential);
    let owner = if owner.is_empty() { text("token.owner_none") } else { &owner };
    // That it was written is said already.
    let proof = if row.proof == Proof::Written { text("token.stands_unproven") } else { of_proof(row.proof) };
    let values = [("owner", owner), ("when", &*when::minute(row.written_at)), ("proof", proof)];
    fill("token.plan_stands", &values)
}

/// Which other token holds the seed of a plan.
pub fn of_elsewhere(row: &LedgerRow) -> String {
    let profile = row.token.family.has_profiles().then_some(row.profile);
    let model = if row.model.is_empty() { &row.manufacturer } else { &row.model };
    let model = if model.is_empty() { of_family(row.token.family) } else { model };
    let serial = row.token.serial.as_ref().map(|serial| isolated(serial.as_str())).unwrap_or_default();
    let token = of_place(format!("{} {serial}", isolated(model)).trim(), profile);
    fill("token.plan_elsewhere", &[("token", &token), ("when", &when::minute(row.written_at))])
}

/// A plan as a person reads it before agreeing: the token, what is written, what goes and what the ledger knows of that, what
/// else is to be known.
pub fn of_plan(plan: &Plan, stands: Option<&LedgerRow>) -> String {
    format!("{}\n  {}", of_writes(plan, stands), of_warnings(plan))
}

/// The same for a token of this kind that does not lie there yet.
pub fn of_plan_ahead(plan: &Plan, stands: Option<&LedgerRow>) -> String {
    if plan.identity().serial.is_some() {
        return of_plan(plan, stands);
    }
    let token = fill("token.identity_next", &[("model", plan.identity().model.unwrap_or_default())]);
    let words = of_plan(plan, stands);
    format!("{token}{}", words.strip_prefix(&*of_identity(plan.identity())).unwrap_or_default())
}

/// What a plan warns of: what goes, and what else is to be known.
pub fn of_warnings(plan: &Plan) -> String {
    let notes = plan.notes().iter().map(|note| of_note(*note));
    std::iter::once(of_erases(plan.erases())).chain(notes).collect::<Vec<_>>().join("\n  ")
}

/// The token, what is written, and whose seed that takes away.
pub fn of_writes(plan: &Plan, stands: Option<&LedgerRow>) -> String {
    let credential = &plan.request().credential;
    let owner = of_owner(credential);
    let mut lines = vec![of_identity(plan.identity()), of_plan_writes(plan)];
    if !owner.is_empty() {
        lines.push(fill("token.plan_for", &[("owner", &owner)]));
    }
    lines.extend(plan.profile().map(|profile| fill("token.plan_profile", &[("n", &profile.to_string())])));
    if !plan.label().is_empty() {
        lines.push(fill("token.plan_label", &[("label", &isolated(&plan.label()))]));
    }
    lines.extend(stands.map(of_standing));
    lines.join("\n  ")
}

/// What is written: settings, and how long a seed.
pub fn of_plan_writes(plan: &Plan) -> String {
    let credential = &plan.request().credential;
    fill("token.plan_writes", &[("settings", &of_settings(credential)), ("n", &credential.seed.len().to_string())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_named_by_its_model_and_its_number() {
        let mut identity = Identity {
            family: Family::Single,
            model: Some("C301-i"),
            serial: None,
            ahead: None,
            version: None,
            clock_takes_seed: true,
        };
        assert!(of_identity(&identity).contains("C301-i"));
        identity.serial = "86596100000001".try_into().ok();
        assert!(of_identity(&identity).contains("86596100000001"));
        identity.model = None;
        assert!(of_identity(&identity).contains(of_family(Family::Single)));
    }

    #[test]
    fn what_the_ledger_says_of_a_place_says_once_that_it_was_written() {
        use countersign_core::burn::source::{Choices, Kind, read};

        let source = b"serial,secret_hex\n42,3132333435363738393031323334353637383930\n";
        let credential = read(Kind::Table, source, Choices::default()).unwrap().rows.remove(0).credential;
        let row = |proof| LedgerRow {
            token: countersign_core::burn::TokenName { family: Family::Single, serial: credential.serial.clone() },
            profile: 0,
            manufacturer: String::new(),
            model: String::new(),
            credential: credential.clone(),
            written_at: 0,
            proof,
            ahead: None,
            batch: None,
        };
        let words = of_standing(&row(Proof::Written));
        assert_eq!(words.matches("written").count(), 1, "{words}");
        assert!(words.contains(text("token.stands_unproven")), "{words}");
        assert!(of_standing(&row(Proof::ByWire)).contains(text("token.proof_proven")));
    }

    #[test]
    fn a_clock_is_ahead_behind_or_right() {
        let told = [of_clock(0), of_clock(240), of_clock(-240)];
        assert!(told[1].contains("4 minutes") && told[2].contains("4 minutes"));
        assert!(told[0] != told[1] && told[1] != told[2]);
    }
}
