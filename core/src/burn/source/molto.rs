//! Token2's files for Molto-2: the table, and the older text.

use super::cell::{self, Draft};
use super::{Column, Reading, Row, Rule, Source, SourceError, csv};
use crate::limits;

/// `profile,seed,title,algorithm,digits,period`, with that header or without.
pub(super) fn read(text: &str, reading: Option<Reading>) -> Result<Source, SourceError> {
    let mut source = Source::default();
    for (at, record) in csv::records(text, b',').enumerate() {
        let record = match record {
            Ok(record) => record,
            Err(fault) => {
                source.add(fault.line, Err(fault.rule))?;
                continue;
            }
        };
        let is_header = at == 0 && record.cells.first().is_some_and(|cell| cell.trim().eq_ignore_ascii_case("profile"));
        if !is_header {
            let cells: Vec<&str> = record.cells.iter().map(|cell| cell.trim()).collect();
            source.add(record.line, table_row(&cells, reading, record.line))?;
        }
    }
    source.or_empty()
}

fn table_row(cells: &[&str], reading: Option<Reading>, line: usize) -> Result<Row, Rule> {
    let [profile, seed, title, algorithm, digits, period] = cells else { return Err(Rule::Columns(cells.len())) };
    row([profile, seed, algorithm, digits, period], title, reading, line)
}

/// `slot seed algorithm length step yes yes title`, parted by blanks; the title may have blanks in it.
pub(super) fn read_text(text: &str, reading: Option<Reading>) -> Result<Source, SourceError> {
    let mut source = Source::default();
    for (at, line) in text.lines().enumerate() {
        // The older tool's own heading begins with the word.
        let is_heading = source.rows.is_empty() && line.trim_start().to_ascii_lowercase().starts_with("slot");
        if !line.trim().is_empty() && !is_heading {
            source.add(at + 1, text_row(line, reading, at + 1))?;
        }
    }
    source.or_empty()
}

fn text_row(line: &str, reading: Option<Reading>, number: usize) -> Result<Row, Rule> {
    if line.len() > limits::BURN_FIELD {
        return Err(Rule::FieldLength(line.len()));
    }
    let mut rest = line;
    let mut word = |column| {
        let trimmed = rest.trim_start();
        let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
        let (word, after) = trimmed.split_at(end);
        rest = after;
        if word.is_empty() { Err(Rule::Missing(column)) } else { Ok(word) }
    };
    let cells = [
        word(Column::Profile)?,
        word(Column::Secret)?,
        word(Column::Algorithm)?,
        word(Column::Digits)?,
        word(Column::Period)?,
    ];
    // Two words that the older tool asks for itself: whether to write the seed, and the settings.
    word(Column::Name)?;
    word(Column::Name)?;
    row(cells, rest.trim(), reading, number)
}

/// A 30 or 60 may have an `s` after it.
fn row(cells: [&str; 5], title: &str, reading: Option<Reading>, line: usize) -> Result<Row, Rule> {
    let [profile, seed, algorithm, digits, period] = cells;
    let said = |text: &str| !text.is_empty();
    let mut draft = Draft { profile: Some(cell::profile(profile)?), is_timed: Some(true), ..Draft::default() };
    if !said(seed) {
        return Err(Rule::Missing(Column::Secret));
    }
    draft.put_seed(cell::either(seed, reading)?)?;
    draft.algorithm = said(algorithm).then(|| cell::algorithm(algorithm)).transpose()?;
    draft.digits = said(digits).then(|| cell::digits(digits)).transpose()?;
    let period = period.strip_suffix(['s', 'S']).unwrap_or(period);
    draft.period = said(period).then(|| cell::period(period)).transpose()?;
    draft.put_name(Column::Name, title)?;
    draft.row(line)
}
