//! Why a token was not written.

use countersign_core::burn::{
    Capabilities, Declined, Family, Identity, LinkError, Misfit, Operation, PlanError, Refusal, TokenError,
};
use countersign_core::error::Error;
use countersign_strings::{fill, text};

use super::{of_capabilities, of_erases, of_identity};
use crate::words;

/// Why a token is not served, by its name where it can be recognised.
pub fn of_declined(why: Declined) -> &'static str {
    text(match why {
        Declined::Silent => "token.declined_silent",
        Declined::Unknown => "token.declined_unknown",
        Declined::SecurityKey => "token.declined_security_key",
        Declined::FactorySeeded => "token.declined_factory_seeded",
        Declined::ProtectimusSlim => "token.declined_slim",
        Declined::Molto1 => "token.declined_molto_1",
        Declined::Token2First => "token.declined_token2_first",
        Declined::FeitianDisplay => "token.declined_feitian_display",
        Declined::SafeId => "token.declined_safe_id",
        Declined::Excelsecu => "token.declined_excelsecu",
        Declined::FactoryVendor => "token.declined_factory_vendor",
    })
}

/// That it has no such applet as is meant.
pub fn of_other(identity: &Identity) -> String {
    fill("token.no_applet", &[("token", &of_identity(identity))])
}

/// Why it did not go on.
pub fn of_error(error: TokenError) -> String {
    let words = match error {
        TokenError::Link(link) => return of_link(link).to_owned(),
        TokenError::Port(fault) => return words::of_error(&Error::from(fault)),
        TokenError::WrongKey { left: Some(left) } => {
            return fill("token.wrong_key_left", &[("n", &left.to_string())]);
        }
        TokenError::Status { status, .. } => return fill("token.status", &[("status", &status.to_string())]),
        TokenError::OtherLayer(status) => return fill("token.other_layer", &[("status", &status.to_string())]),
        TokenError::KeyLength(bytes) => return fill("token.key_length", &[("n", &bytes.to_string())]),
        TokenError::WrongKey { left: None } => "token.wrong_key",
        TokenError::AccessCode => "token.access_code",
        TokenError::Pin => "token.pin",
        TokenError::Off => "token.off",
        TokenError::NotTouched(_) => "token.not_touched",
        TokenError::Full => "token.full",
        TokenError::Absent(_) => "token.absent",
        TokenError::NoStatus | TokenError::Oversized(_) | TokenError::Endless | TokenError::Unreadable(_) => {
            "token.unreadable"
        }
        TokenError::TooLong(_) => "token.too_long",
        TokenError::OtherToken => "token.other_token",
        TokenError::NotKept(_) => "token.not_kept",
        TokenError::Unable => "token.unable",
    };
    text(words).to_owned()
}

fn of_link(error: LinkError) -> &'static str {
    text(match error {
        LinkError::Lost => "token.link_lost",
        LinkError::Late => "token.link_late",
        LinkError::Cancelled => "token.link_cancelled",
        LinkError::Reader => "token.link_reader",
    })
}

/// Why there is no plan.
pub fn of_plan_error(error: &PlanError) -> String {
    match error {
        PlanError::Refused(refusal) => of_refusal(refusal),
        PlanError::Token(error) => of_error(*error),
    }
}

/// Why nothing is sent to this token.
pub fn of_refused(identity: &Identity, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Misfits(misfits) => of_misfits(identity, misfits),
        refusal => of_refusal(refusal),
    }
}

/// Why nothing is sent, by a token that is not at hand to be asked what would fit.
fn of_refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Misfits(misfits) => fill("token.misfits", &[("lines", &lines(misfits))]),
        Refusal::UnknownModel => text("token.unknown_model").to_owned(),
        Refusal::OtherSerial => text("token.other_serial").to_owned(),
        Refusal::Taken(erases) => fill("token.place_taken", &[("erases", &of_erases(erases))]),
    }
}

/// What a token cannot hold, by its name, and what it can.
fn of_misfits(identity: &Identity, misfits: &[Misfit]) -> String {
    let is_setting = |misfit: &Misfit| {
        matches!(misfit, Misfit::Algorithm(_) | Misfit::Digits(_) | Misfit::Period(_) | Misfit::Seed(_))
    };
    let mut words = fill("token.misfits_of", &[("token", &of_identity(identity)), ("lines", &lines(misfits))]);
    if misfits.iter().any(is_setting) {
        let [settings, seed] = of_capabilities(&Capabilities::of(identity));
        let values = [("settings", &*settings), ("seed", &*seed)];
        words = format!("{words}\n{}", fill("token.misfits_fit", &values));
    }
    words
}

fn lines(misfits: &[Misfit]) -> String {
    misfits.iter().map(|misfit| format!("  {}", of_misfit(*misfit))).collect::<Vec<_>>().join("\n")
}

/// Why a token of this family or model cannot be told to do something, and what can be done instead.
pub fn of_unable(identity: &Identity, operation: &Operation) -> String {
    let is_single = identity.family == Family::Single;
    let key = match operation {
        Operation::SyncClock(_) if is_single => "token.unable_clock_single",
        Operation::SyncClock(_) => "token.unable_clock",
        Operation::Delete(_) => "token.unable_delete",
        Operation::Reset if is_single => "token.unable_delete",
        Operation::Reset => "token.unable_reset",
        Operation::RemoveKey if identity.family == Family::Molto2 => "token.unable_key_remove",
        Operation::ChangeKey(_) | Operation::RemoveKey if is_single => "token.unable_key_single",
        Operation::ChangeKey(_) | Operation::RemoveKey => "token.unable_key",
        Operation::LockScreen | Operation::UnlockScreen => "token.unable_screen",
        Operation::Enable => return text("token.unable").to_owned(),
    };
    fill(key, &[("token", &of_identity(identity))])
}

/// What of a request a token cannot hold.
pub fn of_misfit(misfit: Misfit) -> String {
    let numbered = |key: &'static str, n: String| fill(key, &[("n", &n)]);
    match misfit {
        Misfit::Counter => text("token.misfit_counter").to_owned(),
        Misfit::CounterStart(counter) => numbered("token.misfit_counter_start", counter.to_string()),
        Misfit::Algorithm(algorithm) => fill("token.misfit_algorithm", &[("hash", algorithm.as_str())]),
        Misfit::Digits(digits) => numbered("token.misfit_digits", digits.to_string()),
        Misfit::Period(seconds) => numbered("token.misfit_period", seconds.to_string()),
        Misfit::Start => text("token.misfit_start").to_owned(),
        Misfit::Seed(bytes) => numbered("token.misfit_seed", bytes.to_string()),
        Misfit::NoName => text("token.misfit_no_name").to_owned(),
        Misfit::Name(bytes) => numbered("token.misfit_name", bytes.to_string()),
        Misfit::Characters => text("token.misfit_characters").to_owned(),
        Misfit::PeriodInName => text("token.misfit_period_in_name").to_owned(),
        Misfit::Touch => text("token.misfit_touch").to_owned(),
        Misfit::Profile(profile) => numbered("token.misfit_profile", profile.to_string()),
        Misfit::Title => text("token.misfit_title").to_owned(),
        Misfit::Display => text("token.misfit_display").to_owned(),
    }
}
