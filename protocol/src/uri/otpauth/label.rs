//! The label, cut into issuer and account name.

use std::borrow::Cow;

use super::error::{Field, Repair, UriError};
use super::name::clean;
use super::query::{Query, decoded};
use crate::limits;

/// Who issued the account, and whose it is.
pub(super) struct Names {
    pub(super) issuer: String,
    pub(super) name: String,
}

/// Cuts the label by the first of these rules that fits: (a) it begins with the `issuer` parameter and a colon; (b) at
/// the first colon; (c) at the first `%3A`; (d) all of it is the account. Each side is decoded after the cut, so an
/// escaped colon in an issuer stays there. Where label and parameter name different issuers, the parameter is right.
pub(super) fn split(raw: &str, query: &Query<'_>, repairs: &mut Vec<Repair>) -> Result<Names, UriError> {
    let parameter = query.text(Field::Issuer, repairs);
    let label = decoded(raw, repairs);
    within(Field::Issuer, parameter.as_deref().unwrap_or_default())?;

    let after_issuer = parameter.as_deref().and_then(|issuer| label.strip_prefix(issuer)?.strip_prefix(':'));
    // What was told of the whole label need not be told again of its sides.
    let side = |raw| decoded(raw, &mut Vec::new());
    let (prefix, name) = match after_issuer.map(str::len) {
        Some(rest) => (Cow::default(), tail(label, rest)),
        None => match raw.split_once(':').or_else(|| split_at_escaped_colon(raw)) {
            Some((prefix, name)) => (side(prefix), side(name)),
            None => (Cow::default(), label),
        },
    };

    // Each by itself: what has an issuer and a name of full length is written with both in its label.
    within(Field::Label, &prefix)?;
    within(Field::Label, &name)?;
    let prefix = shown(prefix, Field::Label, repairs)?;
    let mut issuer = shown(parameter.unwrap_or_default(), Field::Issuer, repairs)?;
    let name = shown(name, Field::Label, repairs)?;
    if issuer.is_empty() {
        return Ok(Names { issuer: prefix, name });
    }
    if !prefix.is_empty() && prefix != issuer && prefix == issuer.replace('+', " ") {
        // The label says what the plus sign stands for.
        repairs.retain(|repair| *repair != Repair::PlusKept);
        repairs.push(Repair::PlusIsBlank);
        issuer.clone_from(&prefix);
    }
    if !prefix.is_empty() && prefix != issuer {
        repairs.push(Repair::TwoIssuers { kept: issuer.clone(), other: prefix });
    }
    Ok(Names { issuer, name })
}

/// The last `length` bytes.
fn tail(text: Cow<'_, str>, length: usize) -> Cow<'_, str> {
    let cut = text.len().saturating_sub(length);
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(cut..).unwrap_or_default()),
        Cow::Owned(mut text) => {
            text.drain(..cut);
            Cow::Owned(text)
        }
    }
}

fn split_at_escaped_colon(raw: &str) -> Option<(&str, &str)> {
    raw.split_once("%3A").or_else(|| raw.split_once("%3a"))
}

/// The name as it may be shown; what was removed is told once a field.
fn shown(name: Cow<'_, str>, field: Field, repairs: &mut Vec<Repair>) -> Result<String, UriError> {
    let cleaned = clean(name);
    if cleaned.removed && !repairs.contains(&Repair::Removed(field)) {
        repairs.push(Repair::Removed(field));
    }
    within(field, &cleaned.text)?;
    Ok(cleaned.text)
}

fn within(field: Field, name: &str) -> Result<(), UriError> {
    if name.len() <= limits::URI_NAME {
        return Ok(());
    }
    match name.chars().count() {
        fits if fits <= limits::URI_NAME => Ok(()),
        long => Err(UriError::NameTooLong(field, long)),
    }
}
