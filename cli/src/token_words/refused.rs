//! Why a token was not written.

use countersign_core::burn::{Declined, LinkError, Misfit, PlanError, Refusal, TokenError};
use countersign_core::error::Error;
use countersign_strings::{fill, text};

use super::of_erases;
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

/// Why nothing is sent.
pub fn of_refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Misfits(misfits) => {
            let lines: Vec<String> = misfits.iter().map(|misfit| format!("  {}", of_misfit(*misfit))).collect();
            fill("token.misfits", &[("lines", &lines.join("\n"))])
        }
        Refusal::UnknownModel => text("token.unknown_model").to_owned(),
        Refusal::OtherSerial => text("token.other_serial").to_owned(),
        Refusal::Taken(erases) => fill("token.taken", &[("erases", &of_erases(erases))]),
    }
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
    }
}
