//! privacyIDEA's OATH table: no header, no quotation marks, `#` before a comment, and a hash that follows from the length of
//! the key.

use countersign_protocol::otp::Algorithm;

use super::cell::{self, Draft};
use super::{Column, Note, Row, Rule, Source, SourceError};
use crate::limits;

/// Reads it in version 1 and, where the first line says so, version 2.
pub(super) fn read(text: &str) -> Result<Source, SourceError> {
    let mut source = Source::default();
    let has_users = text.lines().next().is_some_and(is_version_2);
    for (at, line) in text.lines().enumerate() {
        if !line.trim().is_empty() && !line.starts_with('#') {
            source.add(at + 1, row(line, has_users, at + 1))?;
        }
    }
    source.or_empty()
}

/// `# version: 2`
fn is_version_2(line: &str) -> bool {
    let rest = line.strip_prefix('#').and_then(|rest| rest.trim_start().strip_prefix("version:"));
    rest.is_some_and(|rest| rest.trim() == "2")
}

fn row(line: &str, has_users: bool, number: usize) -> Result<Row, Rule> {
    let columns = line.split(',').count();
    if columns > limits::BURN_COLUMNS {
        return Err(Rule::Columns(columns));
    }
    if let Some(long) = line.split(',').find(|cell| cell.len() > limits::BURN_FIELD) {
        return Err(Rule::FieldLength(long.len()));
    }
    let mut cells = line.split(',').map(str::trim);
    let mut next = || cells.next().filter(|cell| !cell.is_empty());
    let mut draft = Draft::default();
    if has_users {
        let (name, resolver, realm) = (next(), next(), next());
        draft.put_name(Column::Name, name.unwrap_or_default())?;
        if resolver.or(realm).is_some() {
            draft.notes.push(Note::RealmPassedOver);
        }
    }
    draft.serial = Some(cell::serial(next().ok_or(Rule::Missing(Column::Serial))?)?);
    let key = cell::hex(next().ok_or(Rule::Missing(Column::SecretHex))?)?;
    draft.algorithm = Some(by_length(key.0.len())?);
    draft.put_seed(key)?;
    draft.notes.push(Note::HashByLength);
    match next() {
        Some(of_type) => draft.is_timed = Some(cell::is_timed(of_type)?),
        None => {
            draft.is_timed = Some(false);
            draft.notes.push(Note::Assumed(Column::Type));
        }
    }
    draft.digits = next().map(cell::digits).transpose()?;
    let last = next();
    if draft.is_timed == Some(true) {
        draft.period = last.map(cell::period).transpose()?;
    } else {
        draft.counter = last.map(cell::counter).transpose()?;
    }
    draft.row(number)
}

/// The hash that privacyIDEA takes for a key of so many bytes.
pub(crate) fn by_length(length: usize) -> Result<Algorithm, Rule> {
    match length {
        32 => Ok(Algorithm::Sha256),
        64 => Ok(Algorithm::Sha512),
        28 | 48 => Err(Rule::HashByLength(length)),
        _ => Ok(Algorithm::Sha1),
    }
}
