//! Tables with a header: our own and what others write, and Microsoft Entra's.

use std::borrow::Cow;

use super::cell::{self, Draft};
use super::{Column, Reading, Row, Rule, Source, SourceError, Text, csv};

/// Names of columns, without blanks, hyphens and underscores, in lower case.
const NAMES: &[(&str, Column)] = &[
    ("serial", Column::Serial),
    ("serialnumber", Column::Serial),
    ("serialno", Column::Serial),
    ("tokenserial", Column::Serial),
    ("secretbase32", Column::SecretBase32),
    ("seedbase32", Column::SecretBase32),
    ("secretkey", Column::SecretBase32),
    ("secrethex", Column::SecretHex),
    ("seedhex", Column::SecretHex),
    ("secret", Column::Secret),
    ("seed", Column::Secret),
    ("key", Column::Secret),
    ("type", Column::Type),
    ("kind", Column::Type),
    ("algorithm", Column::Algorithm),
    ("hash", Column::Algorithm),
    ("hashfunction", Column::Algorithm),
    ("digits", Column::Digits),
    ("otplength", Column::Digits),
    ("responselength", Column::Digits),
    ("period", Column::Period),
    ("timeinterval", Column::Period),
    ("timeintervalinseconds", Column::Period),
    ("timestep", Column::Period),
    ("interval", Column::Period),
    ("step", Column::Period),
    ("counter", Column::Counter),
    ("issuer", Column::Issuer),
    ("name", Column::Name),
    ("account", Column::Name),
    ("title", Column::Name),
    ("upn", Column::Name),
    ("username", Column::Name),
    ("manufacturer", Column::Manufacturer),
    ("model", Column::Model),
    ("profile", Column::Profile),
    ("writtenat", Column::WrittenAt),
    ("verified", Column::Proof),
    ("clockahead", Column::ClockAhead),
];

/// Microsoft's header; their documents also write `timeinterval`.
const ENTRA: [&str; 6] = ["upn", "serial number", "secret key", "time interval", "manufacturer", "model"];

/// Whether this line is Entra's header.
pub(super) fn is_entra(line: &str) -> bool {
    csv::records(line, b',').next().and_then(Result::ok).is_some_and(|header| is_entra_header(&header.cells))
}

fn is_entra_header(cells: &[Text<'_>]) -> bool {
    let is = |(cell, name): (&Text<'_>, &&str)| {
        cell.trim().eq_ignore_ascii_case(name) || (**name == *"time interval" && cell.trim() == "timeinterval")
    };
    cells.len() == ENTRA.len() && cells.iter().zip(&ENTRA).all(is)
}

/// Whether this line names a seed's column.
pub(super) fn is_header(line: &str) -> bool {
    let header = csv::records(line, separator(line)).next().and_then(Result::ok);
    header.is_some_and(|header| header.cells.iter().any(|cell| column(cell).is_some_and(is_secret)))
}

const fn is_secret(column: Column) -> bool {
    matches!(column, Column::Secret | Column::SecretBase32 | Column::SecretHex)
}

fn column(name: &str) -> Option<Column> {
    let plain: String =
        name.chars().filter(|c| !matches!(c, ' ' | '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
    NAMES.iter().find(|(known, _)| *known == plain).map(|(_, column)| *column)
}

/// Spreadsheets write semicolons where the comma is the decimal sign.
fn separator(header: &str) -> u8 {
    let line = header.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let most = |(separator, _): &(u8, usize)| line.bytes().filter(|byte| byte == separator).count();
    // The last of equals is taken.
    [(b'\t', 0), (b';', 1), (b',', 2)].into_iter().max_by_key(|it| (most(it), it.1)).map_or(b',', |(it, _)| it)
}

/// A table with a header.
pub(super) fn read(text: &str, reading: Option<Reading>) -> Result<Source, SourceError> {
    let mut records = csv::records(text, separator(text));
    let header = records.next().ok_or(SourceError::Empty)?.map_err(|_| SourceError::Header)?;
    let columns: Vec<Option<Column>> = header.cells.iter().map(|cell| column(cell)).collect();
    let known: Vec<Column> = columns.iter().copied().flatten().collect();
    if let Some((_, twice)) = known.iter().enumerate().find(|(at, column)| known.iter().take(*at).any(|c| c == *column))
    {
        return Err(SourceError::HeaderTwice(*twice));
    }
    if !known.iter().any(|column| is_secret(*column)) {
        return Err(SourceError::HeaderMissing(Column::Secret));
    }
    let unknown = columns.iter().enumerate().filter(|(_, column)| column.is_none());
    let mut source = Source { passed_over: unknown.map(|(at, _)| at + 1).collect(), ..Source::default() };
    for record in records {
        let (line, row) = match record {
            Ok(record) => (record.line, row(&columns, &record.cells, reading, record.line)),
            Err(fault) => (fault.line, Err(fault.rule)),
        };
        source.add(line, row)?;
    }
    source.or_empty()
}

fn row(columns: &[Option<Column>], cells: &[Text<'_>], reading: Option<Reading>, line: usize) -> Result<Row, Rule> {
    if cells.len() > columns.len() {
        return Err(Rule::Columns(cells.len()));
    }
    let mut draft = Draft::default();
    for (column, cell) in columns.iter().zip(cells).filter(|(_, cell)| !cell.trim().is_empty()) {
        match column {
            Some(Column::Serial) => draft.serial = Some(cell::serial(unguarded(cell))?),
            Some(Column::SecretBase32) => draft.put_seed(cell::base32(cell)?)?,
            Some(Column::SecretHex) => draft.put_seed(cell::hex(cell)?)?,
            Some(Column::Secret) => draft.put_seed(cell::either(cell, reading)?)?,
            Some(Column::Type) => draft.is_timed = Some(cell::is_timed(cell)?),
            Some(Column::Algorithm) => draft.algorithm = Some(cell::algorithm(cell)?),
            Some(Column::Digits) => draft.digits = Some(cell::digits(cell)?),
            Some(Column::Period) => draft.period = Some(cell::period(cell)?),
            Some(Column::Counter) => draft.counter = Some(cell::counter(cell)?),
            Some(Column::Profile) => draft.profile = Some(cell::profile(cell)?),
            Some(column @ (Column::Issuer | Column::Name | Column::Manufacturer | Column::Model)) => {
                draft.put_name(*column, unguarded(cell))?;
            }
            // What a ledger tells beside; and what nobody here knows, which is told of the file.
            Some(Column::WrittenAt | Column::Proof | Column::ClockAhead) | None => {}
        }
    }
    // What moves the codes on is said by its setting, where one of both is there.
    if draft.is_timed.is_none() && draft.counter.is_some() != draft.period.is_some() {
        draft.is_timed = Some(draft.period.is_some());
    }
    draft.row(line)
}

/// A text as our own tables have it: with an apostrophe before what a spreadsheet would take for a formula.
pub(crate) fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula(text.trim_start_matches('\'')) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text that was [`guarded`].
fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| is_formula(rest.trim_start_matches('\''))).unwrap_or(cell)
}

/// Whether a spreadsheet takes this text for a formula.
pub(crate) fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Microsoft Entra's table: SHA-1 and six digits.
pub(super) fn entra(text: &str) -> Result<Source, SourceError> {
    let mut records = csv::records(text, b',');
    let header = records.next().ok_or(SourceError::Empty)?.map_err(|_| SourceError::Header)?;
    if !is_entra_header(&header.cells) {
        return Err(SourceError::Header);
    }
    let mut source = Source::default();
    for record in records {
        let (line, row) = match record {
            Ok(record) => (record.line, entra_row(&record.cells, record.line)),
            Err(fault) => (fault.line, Err(fault.rule)),
        };
        source.add(line, row)?;
    }
    source.or_empty()
}

fn entra_row(cells: &[Text<'_>], line: usize) -> Result<Row, Rule> {
    let [upn, serial, secret, interval, manufacturer, model] = cells else { return Err(Rule::Columns(cells.len())) };
    if secret.trim().is_empty() {
        return Err(Rule::Missing(Column::Secret));
    }
    let seconds = cell::number(Column::Period, interval)?;
    if ![30, 60].contains(&seconds) {
        return Err(Rule::Interval(seconds));
    }
    let mut draft = Draft {
        serial: Some(cell::serial(serial)?),
        is_timed: Some(true),
        algorithm: Some(countersign_protocol::otp::Algorithm::Sha1),
        digits: Some(crate::burn::credential::TokenDigits::SIX),
        period: Some(cell::period(interval)?),
        ..Draft::default()
    };
    draft.put_seed(cell::base32(secret)?)?;
    draft.put_name(Column::Name, upn)?;
    draft.put_name(Column::Manufacturer, manufacturer)?;
    draft.put_name(Column::Model, model)?;
    draft.row(line)
}
