//! Values of a row, and the row that they make.

use std::borrow::Cow;

use countersign_protocol::Secret;
use countersign_protocol::otp::base32;
use countersign_protocol::otp::{Algorithm, Counter, Period};
use countersign_protocol::uri::otpauth;
use zeroize::Zeroizing;

use super::{Column, Note, Reading, Row, Rule};
use crate::burn::credential::{Credential, CredentialError, Moving, Seed, Serial, TokenDigits};
use crate::limits;

/// A row as far as it was read.
#[derive(Default)]
pub(crate) struct Draft {
    pub(crate) serial: Option<Serial>,
    pub(crate) profile: Option<u8>,
    pub(crate) issuer: String,
    pub(crate) name: String,
    pub(crate) manufacturer: String,
    pub(crate) model: String,
    pub(crate) seed: Option<Seed>,
    /// Whether time moves it on, else a counter.
    pub(crate) is_timed: Option<bool>,
    pub(crate) algorithm: Option<Algorithm>,
    pub(crate) digits: Option<TokenDigits>,
    pub(crate) period: Option<Period>,
    pub(crate) counter: Option<Counter>,
    pub(crate) notes: Vec<Note>,
}

impl Draft {
    /// Takes a seed, and refuses a second that differs.
    pub(crate) fn put_seed(&mut self, (seed, notes): (Seed, Vec<Note>)) -> Result<(), Rule> {
        if self.seed.as_ref().is_some_and(|before| !before.is_same_key(&seed)) {
            return Err(Rule::TwoSeeds);
        }
        self.notes.extend(notes);
        self.seed = Some(seed);
        Ok(())
    }

    /// Takes a name as it may be shown.
    pub(crate) fn put_name(&mut self, column: Column, text: &str) -> Result<(), Rule> {
        let most = if column == Column::Model || column == Column::Manufacturer {
            limits::TOKEN_MODEL
        } else {
            limits::ACCOUNT_NAME
        };
        let cleaned = name(column, text, most)?;
        if cleaned.removed {
            self.notes.push(Note::Cleaned(column));
        }
        let place = match column {
            Column::Issuer => &mut self.issuer,
            Column::Manufacturer => &mut self.manufacturer,
            Column::Model => &mut self.model,
            _ => &mut self.name,
        };
        *place = cleaned.text;
        Ok(())
    }

    /// The row; what the source left out is assumed, and told.
    pub(crate) fn row(mut self, line: usize) -> Result<Row, Rule> {
        let seed = self.seed.take().ok_or(Rule::Missing(Column::Secret))?;
        if seed.len() < 16 {
            self.notes.push(Note::Short { bits: seed.len() * 8 });
        }
        let is_timed = self.or_assumed(self.is_timed, Column::Type, true);
        let moving = if is_timed {
            Moving::Time(self.or_assumed(self.period, Column::Period, Period::THIRTY))
        } else {
            Moving::Counter(self.or_assumed(self.counter, Column::Counter, Counter::ZERO))
        };
        let algorithm = self.or_assumed(self.algorithm, Column::Algorithm, Algorithm::Sha1);
        let digits = self.or_assumed(self.digits, Column::Digits, TokenDigits::SIX);
        let Self { serial, profile, issuer, name, manufacturer, model, notes, .. } = self;
        let credential = Credential { serial, issuer, name, seed, moving, algorithm, digits };
        Ok(Row { line, profile, manufacturer, model, credential, notes })
    }

    fn or_assumed<T>(&mut self, said: Option<T>, column: Column, usual: T) -> T {
        said.unwrap_or_else(|| {
            self.notes.push(Note::Assumed(column));
            usual
        })
    }
}

/// A name without what hides or reorders it.
pub(crate) fn name(column: Column, text: &str, most: usize) -> Result<otpauth::Cleaned, Rule> {
    let cleaned = otpauth::clean(Cow::Borrowed(text.trim()));
    match cleaned.text.chars().count() {
        fits if fits <= most => Ok(cleaned),
        long => Err(Rule::NameLength(column, long)),
    }
}

/// A serial number; one that a spreadsheet turned into `8.66E+13` has lost digits.
pub(crate) fn serial(text: &str) -> Result<Serial, Rule> {
    let text = text.trim();
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b','));
    let exponent = text.split_once("E+").or_else(|| text.split_once("e+"));
    if exponent.is_some_and(|(number, power)| is_number(number) && is_number(power)) {
        return Err(Rule::SerialCut);
    }
    Ok(Serial::try_from(text)?)
}

pub(crate) fn number(column: Column, text: &str) -> Result<u64, Rule> {
    let text = text.trim();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain).ok_or(Rule::Number(column))
}

pub(crate) fn digits(text: &str) -> Result<TokenDigits, Rule> {
    Ok(TokenDigits::try_from(number(Column::Digits, text)?)?)
}

pub(crate) fn period(text: &str) -> Result<Period, Rule> {
    Ok(Period::try_from(number(Column::Period, text)?)?)
}

pub(crate) fn counter(text: &str) -> Result<Counter, Rule> {
    Ok(Counter::try_from(number(Column::Counter, text)?)?)
}

/// `SHA256` in the spellings that are about: `sha-256`, `HMAC-SHA256`, `HmacSHA256`.
pub(crate) fn algorithm(text: &str) -> Result<Algorithm, Rule> {
    let plain: String = text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect();
    let plain = plain.strip_prefix("HMAC").unwrap_or(&plain);
    plain.parse().ok().filter(|read| Algorithm::RFC_6238.contains(read)).ok_or(Rule::Algorithm)
}

/// Whether time moves the codes on, else a counter.
pub(crate) fn is_timed(text: &str) -> Result<bool, Rule> {
    let is = |name: &str| text.trim().eq_ignore_ascii_case(name);
    if is("totp") {
        Ok(true)
    } else if is("hotp") {
        Ok(false)
    } else {
        Err(Rule::Type)
    }
}

pub(crate) fn profile(text: &str) -> Result<u8, Rule> {
    let number = number(Column::Profile, text)?;
    u8::try_from(number).ok().filter(|profile| *profile <= limits::TOKEN_PROFILE).ok_or(Rule::Profile(number))
}

/// A seed as it was given, within its bounds.
pub(crate) fn seed_bytes(secret: Secret) -> Result<Seed, Rule> {
    Ok(Seed::try_from(secret)?)
}

/// A seed in base32, and what was repaired of it.
pub(crate) fn base32(text: &str) -> Result<(Seed, Vec<Note>), Rule> {
    let (secret, repairs) = base32::decode(text.trim()).map_err(Rule::Base32)?;
    let notes = if repairs.is_none() { Vec::new() } else { vec![Note::Base32(repairs)] };
    Ok((seed_bytes(secret)?, notes))
}

/// A seed in hexadecimal digits, with blanks, hyphens or colons between them.
pub(crate) fn hex(text: &str) -> Result<(Seed, Vec<Note>), Rule> {
    let text = text.trim();
    let text = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let most = *limits::ACCOUNT_SEED.end();
    let mut bytes = Zeroizing::new(Vec::with_capacity(most));
    let (mut half, mut count, mut has_letters, mut blanks) = (None, 0_usize, false, false);
    for (at, character) in text.chars().enumerate() {
        if character.is_whitespace() || matches!(character, '-' | ':') {
            blanks = true;
            continue;
        }
        let value = character.to_digit(16).filter(|_| character.is_ascii()).ok_or(Rule::Hex(at + 1))?;
        let value = u8::try_from(value).map_err(|_| Rule::Hex(at + 1))?;
        has_letters |= character.is_ascii_alphabetic();
        count += 1;
        match half.take() {
            None => half = Some(value),
            Some(high) if bytes.len() < most => bytes.push((high << 4) | value),
            Some(_) => {}
        }
    }
    if half.is_some() {
        return Err(Rule::HexOdd);
    }
    if count == 0 {
        return Err(Rule::Missing(Column::SecretHex));
    }
    if count / 2 > most {
        return Err(CredentialError::SeedLength(count / 2).into());
    }
    let mut notes = Vec::new();
    if blanks {
        notes.push(Note::HexBlanks);
    }
    if !has_letters {
        notes.push(Note::DigitsAlone);
    }
    Ok((seed_bytes(Secret::new(std::mem::take(&mut *bytes)))?, notes))
}

/// A seed in one of both; where it may be either, as `reading` says.
pub(crate) fn either(text: &str, reading: Option<Reading>) -> Result<(Seed, Vec<Note>), Rule> {
    match (base32(text), hex(text)) {
        (Ok(letters), Ok(digits)) => match reading {
            Some(Reading::Base32) => Ok(letters),
            Some(Reading::Hex) => Ok(digits),
            None => Err(Rule::Ambiguous),
        },
        (Ok(seed), Err(_)) | (Err(_), Ok(seed)) => Ok(seed),
        // Whatever consists of hexadecimal digits was meant so; a 0, 1 or 8 elsewhere stands for a letter.
        (Err(_), Err(fault @ (Rule::HexOdd | Rule::Value(_)))) => Err(fault),
        (Err(fault), Err(_)) => Err(fault),
    }
}
