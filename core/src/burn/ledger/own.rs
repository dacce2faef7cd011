//! Our own table and JSON, with seeds or as an inventory without them.

use std::borrow::Cow;

use countersign_protocol::otp::{Algorithm, Counter, Period, base32};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Entry, LedgerError, Proof};
use crate::burn::credential::{Credential, Moving, Seed, Serial, TokenDigits};
use crate::burn::source::{Column, Quoted, guarded};
use crate::limits;

/// The columns of the table, in their order. Those of the seed are left out of an inventory.
pub(super) const COLUMNS: [Column; 16] = [
    Column::Serial,
    Column::SecretBase32,
    Column::SecretHex,
    Column::Algorithm,
    Column::Digits,
    Column::Period,
    Column::Model,
    Column::WrittenAt,
    Column::Proof,
    Column::Type,
    Column::Counter,
    Column::Manufacturer,
    Column::Issuer,
    Column::Name,
    Column::Profile,
    Column::ClockAhead,
];

/// Which of them a table has.
pub(super) fn columns(seeds: bool) -> impl Iterator<Item = Column> {
    COLUMNS.into_iter().filter(move |column| seeds || !matches!(column, Column::SecretBase32 | Column::SecretHex))
}

pub(super) fn table(entries: &[&Entry], seeds: bool) -> Result<Zeroizing<String>, LedgerError> {
    let mut out = Zeroizing::new(String::with_capacity(256 + entries.iter().map(|entry| room(entry)).sum::<usize>()));
    let header: Vec<&str> = columns(seeds).map(Column::as_str).collect();
    out.push_str(&header.join(","));
    for entry in entries {
        for (at, column) in columns(seeds).enumerate() {
            let cell = cell(entry, column)?;
            out.push_str(if at == 0 { "\r\n" } else { "," });
            Quoted(&cell).write(&mut out, "");
        }
    }
    out.push_str("\r\n");
    Ok(out)
}

fn room(entry: &Entry) -> usize {
    let Credential { issuer, name, seed, .. } = &entry.credential;
    let texts = entry.serial.as_str().len() + entry.manufacturer.len() + entry.model.len() + issuer.len() + name.len();
    512 + 8 * texts + 4 * seed.len()
}

/// A cell before it is quoted.
pub(super) fn cell(entry: &Entry, column: Column) -> Result<Zeroizing<String>, LedgerError> {
    let Credential { issuer, name, seed, moving, algorithm, digits, .. } = &entry.credential;
    let text = match column {
        Column::SecretBase32 => return Ok(base32::encode(seed.expose())),
        Column::SecretHex => return Ok(hex(seed.expose())),
        Column::Secret => String::new(),
        Column::Profile => entry.profile.map(|profile| profile.to_string()).unwrap_or_default(),
        Column::Serial => guarded(entry.serial.as_str()).into_owned(),
        Column::Manufacturer => guarded(&entry.manufacturer).into_owned(),
        Column::Model => guarded(&entry.model).into_owned(),
        Column::Issuer => guarded(issuer).into_owned(),
        Column::Name => guarded(name).into_owned(),
        Column::Type => kind(*moving).to_owned(),
        Column::Algorithm => algorithm.to_string(),
        Column::Digits => digits.get().to_string(),
        Column::Period => period(*moving).map(|seconds| seconds.to_string()).unwrap_or_default(),
        Column::Counter => counter(*moving).map(|counter| counter.to_string()).unwrap_or_default(),
        Column::WrittenAt => moment(entry.written_at)?,
        Column::Proof => entry.proof.as_str().to_owned(),
        Column::ClockAhead => entry.ahead.map(|seconds| seconds.to_string()).unwrap_or_default(),
    };
    Ok(Zeroizing::new(text))
}

const fn kind(moving: Moving) -> &'static str {
    match moving {
        Moving::Time(_) => "totp",
        Moving::Counter(_) => "hotp",
    }
}

fn period(moving: Moving) -> Option<u64> {
    match moving {
        Moving::Time(period) => Some(u64::from(period.seconds())),
        Moving::Counter(_) => None,
    }
}

const fn counter(moving: Moving) -> Option<u64> {
    match moving {
        Moving::Time(_) => None,
        Moving::Counter(counter) => Some(counter.get()),
    }
}

fn hex(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 2));
    for byte in bytes {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(u32::from(half), 16));
        }
    }
    text
}

/// `2026-11-21T11:20:00Z` (RFC 3339).
fn moment(unix: u64) -> Result<String, LedgerError> {
    if unix > countersign_protocol::limits::OTP_START {
        return Err(LedgerError::Time);
    }
    let (days, seconds) = (unix / limits::DAY, unix % limits::DAY);
    // Years from March to March, in eras of 400, since the first of March of the year 0.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (era * 400 + year, month + 3) } else { (era * 400 + year + 1, month - 9) };
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Ok(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

/// A token as our JSON has it. `Debug` is left out: it may hold a seed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    serial: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<u8>,
    #[serde(borrow)]
    manufacturer: Cow<'a, str>,
    #[serde(borrow)]
    model: Cow<'a, str>,
    #[serde(borrow)]
    issuer: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    algorithm: Cow<'a, str>,
    digits: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    period: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counter: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    secret_base32: Option<&'a str>,
    #[serde(borrow)]
    written_at: Cow<'a, str>,
    #[serde(borrow)]
    verified: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clock_ahead: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'a> {
    /// The version of this form.
    countersign_ledger: u32,
    #[serde(borrow)]
    tokens: Vec<Line<'a>>,
}

/// The version of our JSON.
const VERSION: u32 = 1;

pub(super) fn json(entries: &[&Entry], seeds: bool) -> Result<Zeroizing<String>, LedgerError> {
    let keys: Vec<Option<Zeroizing<String>>> =
        entries.iter().map(|entry| seeds.then(|| base32::encode(entry.credential.seed.expose()))).collect();
    let line = |(entry, key): (&&'_ Entry, &'_ Option<Zeroizing<String>>)| -> Result<String, LedgerError> {
        let Credential { issuer, name, moving, algorithm, digits, .. } = &entry.credential;
        let line = Line {
            serial: entry.serial.as_str().into(),
            profile: entry.profile,
            manufacturer: entry.manufacturer.as_str().into(),
            model: entry.model.as_str().into(),
            issuer: issuer.as_str().into(),
            name: name.as_str().into(),
            kind: kind(*moving).into(),
            algorithm: algorithm.as_str().into(),
            digits: u64::from(digits.get()),
            period: period(*moving),
            counter: counter(*moving),
            secret_base32: key.as_ref().map(|key| key.as_str()),
            written_at: moment(entry.written_at)?.into(),
            verified: entry.proof.as_str().into(),
            clock_ahead: entry.ahead,
        };
        // Into memory that is wiped, and large enough to stay where it is.
        let mut bytes = Zeroizing::new(Vec::with_capacity(room(entry) + 256));
        serde_json::to_writer(&mut *bytes, &line).map_err(|_| LedgerError::Time)?;
        String::from_utf8(std::mem::take(&mut *bytes)).map_err(|_| LedgerError::Time)
    };
    let room: usize = entries.iter().map(|entry| room(entry) + 256).sum();
    let mut out = Zeroizing::new(String::with_capacity(room + 64));
    out.push_str(&format!("{{\"countersign_ledger\":{VERSION},\"tokens\":[\n"));
    for (at, pair) in entries.iter().zip(&keys).enumerate() {
        let line = Zeroizing::new(line(pair)?);
        out.push_str(if at == 0 { "" } else { ",\n" });
        out.push_str(&line);
    }
    out.push_str("\n]}\n");
    Ok(out)
}

/// A token of our JSON.
#[derive(Debug, Clone)]
pub struct Inventory {
    /// Its serial number.
    pub serial: Serial,
    /// Its profile, of a token that has many.
    pub profile: Option<u8>,
    /// Who made it.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// What it was given; `None` where the file is without seeds.
    pub credential: Option<Credential>,
    /// When it was written, as the file says.
    pub written_at: String,
    /// What shows that it holds its seed.
    pub proof: Proof,
    /// How many seconds its clock is ahead, where that was seen.
    pub ahead: Option<i64>,
}

/// Reads our JSON; `None` for anything else, or a value that is none.
pub fn inventory(bytes: &[u8]) -> Option<Vec<Inventory>> {
    if bytes.len() > limits::BURN_FILE {
        return None;
    }
    let file: File<'_> = serde_json::from_slice(bytes).ok()?;
    if file.countersign_ledger != VERSION || file.tokens.len() > limits::BURN_ROWS {
        return None;
    }
    file.tokens.into_iter().map(Line::read).collect()
}

impl Line<'_> {
    fn read(self) -> Option<Inventory> {
        let serial = Serial::try_from(&*self.serial).ok()?;
        let seed = self.secret_base32.map(|text| base32::decode_strict(text).ok().map(Seed::try_from)?.ok());
        let moving = match (&*self.kind, self.period, self.counter) {
            ("totp", Some(period), None) => Moving::Time(Period::try_from(period).ok()?),
            ("hotp", None, Some(counter)) => Moving::Counter(Counter::try_from(counter).ok()?),
            _ => return None,
        };
        let algorithm: Algorithm = self.algorithm.parse().ok()?;
        let digits = TokenDigits::try_from(self.digits).ok()?;
        let (issuer, name) = (self.issuer.into_owned(), self.name.into_owned());
        let credential = match seed {
            None => None,
            Some(None) => return None,
            Some(Some(seed)) => {
                Some(Credential { serial: Some(serial.clone()), issuer, name, seed, moving, algorithm, digits })
            }
        };
        let proof = Proof::named(&self.verified)?;
        let (manufacturer, model) = (self.manufacturer.into_owned(), self.model.into_owned());
        let (profile, written_at) = (self.profile, self.written_at.into_owned());
        let is_one = profile.is_none_or(|profile| profile <= limits::TOKEN_PROFILE);
        let ahead = self.clock_ahead;
        is_one.then_some(Inventory { serial, profile, manufacturer, model, credential, written_at, proof, ahead })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_calendar() {
        for (unix, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_795_346_400, "2026-11-22T11:20:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(moment(unix).as_deref(), Ok(text));
        }
        assert_eq!(moment(253_402_300_800), Err(LedgerError::Time));
    }
}
