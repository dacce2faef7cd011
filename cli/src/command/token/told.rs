//! Tokens and burns as scripts are told of them: names and numbers, never a seed or a code.

use countersign_core::burn::ledger::{LeftOut, Why};
use countersign_core::burn::{
    Capabilities, Credential, Declined, Ending, Erases, Identity, Label, LedgerRow, Moving, Note, Periods, Plan, Room,
};
use countersign_core::protocol::otp::Algorithm;
use serde_json::{Value, json};

use crate::token_words::{self, family_name};

/// A token.
pub fn identity(identity: &Identity) -> Value {
    json!({
        "family": family_name(identity.family),
        "model": identity.model,
        "serial": identity.serial.as_ref().map(ToString::to_string),
        "clock_ahead": identity.ahead,
        "version": identity.version.map(|version| version.map(|part| part.to_string()).join(".")),
        "experimental": identity.family.is_experimental(),
        "known_model": token_words::is_known(identity),
    })
}

/// What it can hold.
pub fn capabilities(of: &Capabilities) -> Value {
    let (periods, longest) = match of.periods {
        Periods::Only(periods) => (Some(periods), None),
        Periods::UpTo(most) => (None, Some(most.min(token_words::LONGEST_PERIOD))),
    };
    json!({
        "counter": of.counter.is_some(),
        "algorithms": of.algorithms.iter().map(|algorithm| algorithm.as_str()).collect::<Vec<_>>(),
        "digits": of.digits,
        "periods": periods,
        "longest_period": longest,
        "seed_bytes": [of.seed.start(), of.seed.end()],
        "touch": of.touch,
        "reads_codes": of.reads_codes,
        "label": match of.label {
            Label::None => "none",
            Label::Title => "title",
            Label::Name => "name",
            Label::TwoNames => "two_names",
        },
        "clock_alone": of.clock_alone,
        "profiles": of.profiles,
        "display_time": of.display,
    })
}

/// Settings and owner.
pub fn credential(of: &Credential) -> Value {
    let (kind, period, counter) = match of.moving {
        Moving::Time(period) => ("totp", Some(period.seconds()), None),
        Moving::Counter(counter) => ("hotp", None, Some(counter.get())),
    };
    json!({
        "issuer": of.issuer,
        "name": of.name,
        "kind": kind,
        "algorithm": Algorithm::as_str(of.algorithm),
        "digits": of.digits.get(),
        "period": period,
        "counter": counter,
        "seed_bytes": of.seed.len(),
    })
}

/// How full it is.
pub fn room(of: &Room) -> Value {
    let profiles: Vec<Value> =
        of.profiles.iter().map(|(number, title)| json!({ "number": number, "title": title })).collect();
    json!({ "taken": of.taken, "free": of.free(), "all": of.all, "profiles": profiles })
}

/// What the ledger says is in a place.
pub fn standing(of: &LedgerRow) -> Value {
    let (account, proof) = (credential(&of.credential), of.proof.as_str());
    json!({ "account": account, "written_at": of.written_at, "verified": proof })
}

/// Another token that holds a seed.
pub fn elsewhere(of: &LedgerRow) -> Value {
    let mut json = standing(of);
    if let Value::Object(json) = &mut json {
        let profile = of.token.family.has_profiles().then_some(of.profile);
        json.insert("serial".to_owned(), json!(of.token.serial.as_ref().map(ToString::to_string)));
        json.insert("profile".to_owned(), json!(profile));
    }
    json
}

/// A token that is not in a ledger.
pub fn left_out(of: &LeftOut) -> Value {
    let why = match of.why {
        Why::Failed => "failed",
        Why::Unproven => "not_proven",
        Why::ClockOff(_) => "clock_off",
        Why::SameSerial => "same_serial",
        Why::AlikeSerial => "alike_serial",
        Why::Counter => "counter",
        Why::Algorithm(_) => "algorithm",
        Why::Digits(_) => "digits",
        Why::Period(_) => "period",
        Why::Start => "start",
        Why::Key(_) => "key",
        Why::Character(_) => "character",
    };
    json!({ "serial": of.serial.as_str(), "profile": of.profile, "why": why })
}

/// A plan.
pub fn plan(of: &Plan, stands: Option<&LedgerRow>) -> Value {
    json!({
        "token": identity(of.identity()),
        "account": credential(&of.request().credential),
        "profile": of.request().profile,
        "label": of.label(),
        "erases": erases(of.erases()),
        "stands": stands.map(standing),
        "notes": of.notes().iter().map(|note| note_name(*note)).collect::<Vec<_>>(),
    })
}

fn erases(of: &Erases) -> Value {
    match of {
        Erases::Nothing => Value::Null,
        Erases::Whole => json!({ "what": "whole" }),
        Erases::Profile { number, title } => json!({ "what": "profile", "number": number, "title": title }),
        Erases::Entry(name) => json!({ "what": "entry", "name": name }),
        Erases::Unknown => json!({ "what": "unknown" }),
    }
}

const fn note_name(note: Note) -> &'static str {
    match note {
        Note::Extended(_) => "extended",
        Note::Hashed => "hashed",
        Note::NoLabel => "no_label",
        Note::PublicTitle => "public_title",
        Note::Overheard => "overheard",
        Note::SwitchOff => "switch_off",
        Note::Experimental => "experimental",
        Note::UnknownModel => "unknown_model",
        Note::BlankBetween => "blank_between",
        Note::TouchToWrite => "touch_to_write",
        Note::CounterMoves => "counter_moves",
    }
}

/// How a burn ended, in one word.
pub const fn name(of: Ending) -> &'static str {
    match of {
        Ending::ProvenByLink | Ending::CountedByLink(_) => "proven_by_link",
        Ending::ProvenByPerson | Ending::CountedByPerson(_) => "proven_by_codes",
        Ending::ClockOff(_) => "clock_off",
        Ending::Written(_) => "written_not_proven",
        Ending::Failed => "failed",
        Ending::NotWritten => "not_written",
    }
}

/// How a burn ended.
pub fn ending(of: Ending) -> Value {
    json!({ "ending": name(of), "proven": of.is_proven(), "clock_ahead": of.ahead() })
}

/// Why a token is not served.
pub const fn declined(why: Declined) -> &'static str {
    match why {
        Declined::Silent => "silent",
        Declined::Unknown => "unknown",
        Declined::SecurityKey => "security_key",
        Declined::FactorySeeded => "factory_seeded",
        Declined::ProtectimusSlim => "protectimus_slim",
        Declined::Molto1 => "molto_1",
        Declined::Token2First => "token2_first",
        Declined::FeitianDisplay => "feitian_display",
        Declined::SafeId => "safe_id",
        Declined::Excelsecu => "excelsecu",
        Declined::FactoryVendor => "factory_vendor",
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::burn::ledger::Proof;

    use super::*;

    /// What is documented of the JSON.
    const DOCUMENTED: &str = include_str!("../../../../docs/command-line.md");

    /// The words that stand in this source for something.
    fn words(source: &str) -> Vec<&str> {
        let told = source.split("#[cfg(test)]").next().unwrap_or_default();
        let named = told.lines().filter_map(|line| line.split_once("=> \"")?.1.split_once('"'));
        named.map(|(word, _)| word).collect()
    }

    #[test]
    fn every_word_that_is_printed_is_documented() {
        let families = include_str!("../../token_words/mod.rs").split_once("fn family_name").unwrap().1;
        let families = families.split_once("\n}").unwrap().0;
        let all = [words(include_str!("told.rs")), words(families), Proof::ALL.map(Proof::as_str).to_vec()].concat();
        assert!(all.len() > 45 && all.contains(&"nitrokey3") && all.contains(&"public_title"), "{all:?}");
        for word in all {
            assert!(DOCUMENTED.contains(&format!("`{word}`")), "{word} stands in no document");
        }
        for ending in [Ending::ProvenByLink, Ending::ProvenByPerson, Ending::Written(None), Ending::Failed] {
            assert!(
                Proof::ALL.iter().any(|proof| proof.as_str() == name(ending)),
                "one word for one thing: {ending:?}"
            );
        }
    }
}
