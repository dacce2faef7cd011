//! Sources of a batch: bytes in, rows out. Every row that cannot be burned is named by its line and the rule it breaks,
//! never by what it holds; what was repaired or assumed is told of each row that can.

mod cell;
mod csv;
mod kind;
mod molto;
mod oath;
mod rule;
mod same;
mod single;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use kind::Kind;
pub use rule::{Column, Fault, Note, Reading, Rule, SourceError, XmlRule};
pub use single::{Settings, Typed, link, random, typed};

pub(crate) use cell::{Draft, algorithm, seed_bytes, serial};
pub(crate) use csv::{Quoted, records};
pub(crate) use oath::by_length;
pub(crate) use table::{guarded, is_formula};
pub(crate) use text::{Text, decode};

use std::fmt;

use countersign_protocol::Secret;

use super::credential::Credential;
use super::pskc;
use crate::limits;

/// One token's worth of a source.
#[derive(Clone)]
pub struct Row {
    /// What it is called by: the line that it begins on, from 1; where others begin on that line, the number after the one
    /// before. Of random seeds their number.
    pub line: usize,
    /// Into which profile of a token with many.
    pub profile: Option<u8>,
    /// Who made the token; may be empty.
    pub manufacturer: String,
    /// The token's model; may be empty.
    pub model: String,
    /// What is to be written.
    pub credential: Credential,
    /// What was repaired or assumed.
    pub notes: Vec<Note>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row").field("line", &self.line).field("notes", &self.notes).finish_non_exhaustive()
    }
}

/// What a file holds.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// What can be burned, in the order of the file.
    pub rows: Vec<Row>,
    /// What cannot, in the order of the file.
    pub faults: Vec<Fault>,
    /// Columns that say nothing to this program, from 1.
    pub passed_over: Vec<usize>,
    /// Whether the file is signed: no signature is checked here.
    pub signature_passed_over: bool,
}

/// What opens an encrypted file.
#[derive(Debug, Clone, Copy, Default)]
pub enum Unlock<'a> {
    /// Nothing was given.
    #[default]
    Nothing,
    /// The key that both sides agreed on: 16, 24 or 32 bytes.
    Key(&'a Secret),
    /// A password.
    Password(&'a Secret),
}

/// What a file leaves open.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choices<'a> {
    /// How seeds are read that may be base32 as well as hexadecimal; without a choice such a row is refused.
    pub reading: Option<Reading>,
    /// What opens an encrypted file.
    pub unlock: Unlock<'a>,
}

/// Reads a file of this kind. Rows that stand twice are still in it: see [`Source::without_doubles`].
///
/// # Errors
/// What is wrong with the file as a whole; see [`SourceError`].
pub fn read(kind: Kind, bytes: &[u8], choices: Choices<'_>) -> Result<Source, SourceError> {
    let text = decode(bytes)?;
    match kind {
        Kind::Links => links(&text),
        Kind::Table => table::read(&text, choices.reading),
        Kind::Entra => table::entra(&text),
        Kind::Oath => oath::read(&text),
        Kind::Molto => molto::read(&text, choices.reading),
        Kind::MoltoText => molto::read_text(&text, choices.reading),
        Kind::Pskc => pskc::read(&text, choices.unlock),
    }
}

impl Source {
    /// Adds what became of a row.
    ///
    /// # Errors
    /// [`SourceError::TooManyRows`].
    pub(crate) fn add(&mut self, line: usize, row: Result<Row, Rule>) -> Result<(), SourceError> {
        if self.rows.len() + self.faults.len() >= limits::BURN_ROWS {
            return Err(SourceError::TooManyRows);
        }
        // Whole files of XML stand on one line, and rows are told from each other by their lines.
        let last = self.rows.last().map(|row| row.line).max(self.faults.last().map(|fault| fault.line));
        let line = line.max(last.map_or(1, |last| last + 1));
        match row {
            Ok(row) => self.rows.push(Row { line, ..row }),
            Err(rule) => self.faults.push(Fault { line, rule }),
        }
        Ok(())
    }

    /// The same without rows whose serial number or key stands on an earlier line: each becomes a fault.
    pub fn without_doubles(self) -> Self {
        same::part(self)
    }

    /// An empty file is none.
    pub(crate) fn or_empty(self) -> Result<Self, SourceError> {
        if self.rows.is_empty() && self.faults.is_empty() { Err(SourceError::Empty) } else { Ok(self) }
    }
}

/// Key URIs, one a line.
fn links(text: &str) -> Result<Source, SourceError> {
    let mut source = Source::default();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        source.add(at + 1, link(line).map(|row| Row { line: at + 1, ..row }))?;
    }
    source.or_empty()
}
