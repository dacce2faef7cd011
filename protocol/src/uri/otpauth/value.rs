//! The parameters' values: key, algorithm, numbers, and the host of the logo.

use zeroize::Zeroizing;

use super::Type;
use super::error::{Field, Repair, UriError, named};
use super::query::{Query, decoded, has, trimmed};
use crate::otp::base32::{self, Base32Error};
use crate::otp::{Algorithm, Counter, Digits, OtpError, Pin, Timed, motp, yandex};
use crate::{Secret, limits};

/// The key of an account of this type, in base32.
pub(super) fn secret(query: &Query<'_>, of_type: Type, repairs: &mut Vec<Repair>) -> Result<Secret, UriError> {
    let raw = query.raw(Field::Secret).ok_or(UriError::SecretMissing)?;
    let secret = base32(raw, repairs)?;
    match of_type {
        Type::Yandex => Ok(yandex::seed(&secret)?),
        Type::MOtp => {
            // They are all short.
            repairs.retain(|repair| !matches!(repair, Repair::KeyShort { .. }));
            Ok(secret)
        }
        _ => Ok(secret),
    }
}

/// A key in base32. Its text is wiped where it had to be copied.
pub(super) fn base32(raw: &str, repairs: &mut Vec<Repair>) -> Result<Secret, UriError> {
    let (secret, found) = if has(raw, b'%') || has(raw, b'+') {
        // `+` can only be a blank here: base32 has none.
        let blanks = Zeroizing::new(raw.replace('+', " "));
        let plain = Zeroizing::new(decoded(&blanks, repairs).into_owned());
        base32::decode(&plain)
    } else {
        base32::decode(raw)
    }
    .map_err(|fault| if fault == Base32Error::Empty { UriError::SecretMissing } else { UriError::Secret(fault) })?;

    if found.is_none() && secret.len() >= limits::SEED_SHORT {
        return Ok(secret);
    }
    let told = [
        (found.lower_case, Repair::KeyLowerCase),
        (found.blanks, Repair::KeyBlanks),
        (found.padding, Repair::KeyPadding),
        (found.loose_end, Repair::KeyLooseEnd),
        (secret.len() < limits::SEED_SHORT, Repair::KeyShort { bits: secret.len() * 8 }),
    ];
    repairs.extend(told.into_iter().filter(|(found, _)| *found).map(|(_, repair)| repair));
    Ok(secret)
}

/// A key as hexadecimal digits in pairs, of either case.
pub(super) fn hex(query: &Query<'_>, repairs: &mut Vec<Repair>) -> Result<Secret, UriError> {
    let raw = query.raw(Field::Secret).ok_or(UriError::SecretMissing)?;
    let text = Zeroizing::new(decoded(raw, repairs).into_owned());
    if text.trim().is_empty() {
        return Err(UriError::SecretMissing);
    }
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        repairs.push(Repair::Case);
    }
    Ok(motp::seed(&text)?)
}

/// The PIN, in base32 as Aegis writes it; plain digits, which base32 never makes of digits, stand for themselves.
pub(super) fn pin(query: &Query<'_>, timed: Timed) -> Result<Option<Pin>, UriError> {
    let Some(raw) = query.raw(Field::Pin).filter(|raw| timed.has_pin() && !raw.is_empty()) else { return Ok(None) };
    if raw.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Some(Pin::of(timed, raw)?));
    }
    let written = Zeroizing::new(decoded(raw, &mut Vec::new()).into_owned());
    let text = base32::decode(&written).map_err(|_| OtpError::Pin)?.0;
    // The PIN leaves its type to be read as text, which is borrowed.
    Ok(Some(Pin::of(timed, std::str::from_utf8(text.expose()).map_err(|_| OtpError::Pin)?)?))
}

/// What a kind without settings always has; where the URI says something else, that is told.
pub(super) fn fixed(query: &Query<'_>, timed: Timed, repairs: &mut Vec<Repair>) -> (Algorithm, Digits) {
    let (form, aside) = (timed.form(), &mut Vec::new());
    let same_algorithm = match algorithm(query, aside) {
        Ok(said) => {
            let is_md5 = timed == Timed::MOtp && said == Algorithm::Md5;
            query.raw(Field::Algorithm).is_none() || said == form.0 || is_md5
        }
        Err(_) => false,
    };
    let mut same =
        |field, right: u64| matches!(number(query, field, aside), Ok(said) if said.is_none_or(|said| said == right));
    let all = [
        (Field::Algorithm, same_algorithm),
        (Field::Digits, same(Field::Digits, form.1.get().into())),
        (Field::Period, same(Field::Period, timed.period().seconds().into())),
    ];
    repairs.extend(all.into_iter().filter(|(_, same)| !same).map(|(field, _)| Repair::Fixed(field)));
    form
}

/// How long a code is.
pub(super) fn digits(query: &Query<'_>, repairs: &mut Vec<Repair>) -> Result<Digits, UriError> {
    let digits = number(query, Field::Digits, repairs)?;
    Ok(digits.map(Digits::try_from).transpose()?.unwrap_or_default())
}

/// The algorithm, in every spelling seen: `sha1`, `SHA-1`, `HmacSHA1`, `Algorithm.sha1`.
pub(super) fn algorithm(query: &Query<'_>, repairs: &mut Vec<Repair>) -> Result<Algorithm, UriError> {
    let Some(raw) = query.filled(Field::Algorithm, repairs) else { return Ok(Algorithm::default()) };
    if let Ok(algorithm) = raw.parse() {
        return Ok(algorithm);
    }
    let algorithm = spelt(&decoded(raw, repairs)).ok_or(UriError::UnknownAlgorithm)?;
    repairs.push(Repair::AlgorithmSpelling);
    Ok(algorithm)
}

/// The algorithm of a name in any of these spellings.
pub fn spelt(text: &str) -> Option<Algorithm> {
    let mut bare: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    for prefix in ["algorithm", "hmac"] {
        bare = bare.strip_prefix(prefix).unwrap_or(&bare).to_owned();
    }
    let known = Algorithm::ALL.map(|algorithm| (algorithm.as_str(), algorithm));
    named(&known, &bare)
}

/// A number that is not negative.
pub(super) fn number(query: &Query<'_>, field: Field, repairs: &mut Vec<Repair>) -> Result<Option<u64>, UriError> {
    let Some(raw) = query.filled(field, repairs) else { return Ok(None) };
    let text = decoded(raw, repairs);
    let text = trimmed(&text);
    // A sign is none of a number here, and the only thing besides digits that is taken for a part of one.
    text.parse().ok().filter(|_| !text.starts_with('+')).map(Some).ok_or(UriError::Number(field))
}

/// The counter. None is 0, and so is −1, with which FreeOTP writes «not used yet».
pub(super) fn counter(query: &Query<'_>, repairs: &mut Vec<Repair>) -> Result<Counter, UriError> {
    if query.raw(Field::Counter) == Some("-1") {
        repairs.push(Repair::CounterMinusOne);
        return Ok(Counter::ZERO);
    }
    if let Some(counter) = number(query, Field::Counter, repairs)? {
        return Ok(Counter::try_from(counter)?);
    }
    repairs.push(Repair::CounterMissing);
    Ok(Counter::ZERO)
}

/// Whether the URI says that codes are Steam's, as Stratum writes it.
pub(super) fn marks_steam(query: &Query<'_>) -> bool {
    let encoder = query.raw(Field::Encoder).is_some_and(|encoder| encoder.eq_ignore_ascii_case("steam"));
    encoder || query.raw(Field::Steam).is_some_and(|steam| !matches!(steam, "0" | "false"))
}

/// The host of the logo's address, if it is one.
pub(super) fn image_host(query: &Query<'_>) -> Option<String> {
    let address = decoded(query.raw(Field::Image)?, &mut Vec::new()).to_ascii_lowercase();
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?;
    let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    (plain && !host.is_empty() && host.len() <= 253).then(|| host.to_owned())
}
