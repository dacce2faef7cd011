//! What was written, read back by the readers of sources and compared with what was to be written.

use super::own::{cell, columns};
use super::{Entry, Form, inventory, parted};
use crate::burn::credential::{Credential, Serial};
use crate::burn::pskc::Protection;
use crate::burn::source::{Choices, Column, Kind, Row, Source, SourceError, Unlock, decode, read, records};

/// How a file differs from what was to be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BackError {
    /// The file cannot be read.
    #[error("{0}")]
    Unreadable(#[from] SourceError),
    /// It is not the form that was written.
    #[error("not the form that was written")]
    Form,
    /// It has another number of tokens.
    #[error("{found} tokens in place of {wanted}")]
    Count {
        /// What is there.
        found: usize,
        /// What was to be there.
        wanted: usize,
    },
    /// A token, counted from 1, is not as it was to be, in this.
    #[error("token {0} is not as it was written: {1}")]
    Differs(usize, Column),
}

/// Reads a file that was written from these entries, and compares each token.
///
/// # Errors
/// See [`BackError`]: then the file is no ledger, and is written again.
pub fn read_back(bytes: &[u8], entries: &[Entry], form: &Form) -> Result<(), BackError> {
    let (wanted, _) = parted(entries, form);
    let unlock = match form {
        Form::Pskc(Protection::Key(key)) => Unlock::Key(key),
        Form::Pskc(Protection::Password { password, .. }) => Unlock::Password(password),
        _ => Unlock::Nothing,
    };
    let kind = match form {
        Form::Entra => Kind::Entra,
        Form::Oath => Kind::Oath,
        Form::Pskc(_) => Kind::Pskc,
        Form::Table { seeds } => {
            cells(bytes, &wanted, *seeds)?;
            if !seeds {
                return Ok(());
            }
            Kind::Table
        }
        Form::Json { seeds } => return json(bytes, &wanted, *seeds),
    };
    let source = read(kind, bytes, Choices { reading: None, unlock })?;
    rows(&source, &wanted, form)
}

fn rows(source: &Source, wanted: &[&Entry], form: &Form) -> Result<(), BackError> {
    counted(source.rows.len() + source.faults.len(), wanted.len())?;
    counted(source.rows.len(), wanted.len())?;
    for (at, (row, entry)) in source.rows.iter().zip(wanted).enumerate() {
        if let Some(column) = difference(row, entry, form) {
            return Err(BackError::Differs(at + 1, column));
        }
    }
    Ok(())
}

fn counted(found: usize, wanted: usize) -> Result<(), BackError> {
    if found == wanted { Ok(()) } else { Err(BackError::Count { found, wanted }) }
}

/// The first thing in which a row is not what was to be written.
fn difference(row: &Row, entry: &Entry, form: &Form) -> Option<Column> {
    let (is_oath, has_issuer) = (matches!(form, Form::Oath), matches!(form, Form::Pskc(_) | Form::Table { .. }));
    let credential = of_credential(&row.credential, &entry.credential, entry.serial_in(form).as_ref());
    let profile = (matches!(form, Form::Table { .. }) && row.profile != entry.profile).then_some(Column::Profile);
    let texts = [
        (Column::Name, !is_oath, &row.credential.name, &entry.credential.name),
        (Column::Issuer, has_issuer, &row.credential.issuer, &entry.credential.issuer),
        (Column::Manufacturer, !is_oath, &row.manufacturer, &entry.manufacturer),
        (Column::Model, !is_oath, &row.model, &entry.model),
    ];
    let text = texts.into_iter().find(|(_, holds, read, wanted)| *holds && read != wanted);
    credential.or(profile).or(text.map(|(column, ..)| column))
}

fn of_credential(read: &Credential, wanted: &Credential, serial: Option<&Serial>) -> Option<Column> {
    let same = [
        (Column::Serial, read.serial.as_ref() == serial),
        (Column::Secret, read.seed.is_same_key(&wanted.seed)),
        (Column::Period, read.moving == wanted.moving),
        (Column::Algorithm, read.algorithm == wanted.algorithm),
        (Column::Digits, read.digits == wanted.digits),
    ];
    same.into_iter().find(|(_, is_same)| !is_same).map(|(column, _)| column)
}

/// Every cell of our own table that holds no seed.
fn cells(bytes: &[u8], wanted: &[&Entry], seeds: bool) -> Result<(), BackError> {
    let text = decode(bytes)?;
    let mut records = records(&text, b',');
    let header = records.next().and_then(Result::ok).ok_or(BackError::Form)?;
    if !header.cells.iter().map(|cell| &**cell).eq(columns(seeds).map(Column::as_str)) {
        return Err(BackError::Form);
    }
    let mut found = 0;
    for (at, record) in records.enumerate() {
        found = at + 1;
        let (Some(entry), Ok(record)) = (wanted.get(at), record) else { continue };
        if record.cells.len() != header.cells.len() {
            return Err(BackError::Form);
        }
        let is_secret = |column: &Column| matches!(column, Column::SecretBase32 | Column::SecretHex);
        for (column, read) in columns(seeds).zip(&record.cells).filter(|(column, _)| !is_secret(column)) {
            let is_same = cell(entry, column).is_ok_and(|wanted| wanted.as_str() == &**read);
            if !is_same {
                return Err(BackError::Differs(at + 1, column));
            }
        }
    }
    counted(found, wanted.len())
}

fn json(bytes: &[u8], wanted: &[&Entry], seeds: bool) -> Result<(), BackError> {
    let tokens = inventory(bytes).ok_or(BackError::Form)?;
    counted(tokens.len(), wanted.len())?;
    for (at, (token, entry)) in tokens.iter().zip(wanted).enumerate() {
        let told = |column| cell(entry, column).unwrap_or_default();
        let of_key = match (&token.credential, seeds) {
            (Some(read), true) => {
                let names = read.name == entry.credential.name && read.issuer == entry.credential.issuer;
                of_credential(read, &entry.credential, Some(&entry.serial)).or((!names).then_some(Column::Name))
            }
            (None, false) => None,
            _ => Some(Column::Secret),
        };
        let same = [
            (Column::Serial, token.serial == entry.serial),
            (Column::Profile, token.profile == entry.profile),
            (Column::Manufacturer, token.manufacturer == entry.manufacturer),
            (Column::Model, token.model == entry.model),
            (Column::WrittenAt, token.written_at == *told(Column::WrittenAt)),
            (Column::Proof, token.proof == entry.proof),
            (Column::ClockAhead, token.ahead == entry.ahead),
        ];
        let other = same.into_iter().find(|(_, is_same)| !is_same).map(|(column, _)| column);
        if let Some(column) = of_key.or(other) {
            return Err(BackError::Differs(at + 1, column));
        }
    }
    Ok(())
}
