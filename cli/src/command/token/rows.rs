//! The rows of a batch: a file or standard input, or seeds that are drawn here.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::Path;

use countersign_core::burn::source::{self, Choices, Kind, Reading, Row, Source, SourceError, Unlock};
use countersign_core::limits::{BURN_FILE, BURN_ROWS};
use countersign_core::port::Random;
use countersign_core::protocol::Secret;
use countersign_strings::{fill, text};
use serde_json::json;
use zeroize::Zeroizing;

use super::args::{Batch, KindName, ReadingName, UnlockName};
use super::seed;
use super::table::hex;
use crate::command::Context;
use crate::fault::Fault;
use crate::terminal::Terminal;
use crate::{token_words, words};

/// Reads or draws the rows, and says what was repaired, assumed or left out. A row that cannot be burned stops the batch before
/// any token is touched, unless such rows may be left out.
pub fn rows(context: &Context, asked: &Batch, random: &dyn Random) -> Result<Vec<Row>, Fault> {
    let terminal = &context.terminal;
    if let Some(count) = asked.random {
        if !(1..=BURN_ROWS).contains(&count) {
            return Err(Fault::refused(fill("token.batch_count", &[("most", &BURN_ROWS.to_string())])));
        }
        return Ok(source::random(count, seed::settings(&asked.writing.shape)?, random)?);
    }
    if seed::is_set(&asked.writing.shape) {
        return Err(Fault::refused(text("token.shape_of_rows")));
    }
    // Standard input may be the file: what is asked for stands in front of it there.
    let opens = asked.unlock.map(|unlock| opens(terminal, unlock)).transpose()?;
    let bytes = read(asked.file.as_deref())?;
    let source = parsed(&bytes, asked, opens.as_ref()).map_err(refused)?.without_doubles();
    said(terminal, &source);
    if asked.writing.manner.dry_run && terminal.json() {
        for fault in &source.faults {
            let why = token_words::of_fault(fault);
            terminal.result_row("", &json!({ "line": fault.line, "refused": why }))?;
        }
    }
    if source.rows.is_empty() || !(source.faults.is_empty() || asked.skip_faulty) {
        let n = source.faults.len().to_string();
        return Err(Fault::refused(fill("token.batch_faulty", &[("n", &n)])));
    }
    Ok(source.rows)
}

/// What opens an encrypted file.
enum Opens {
    Key(Secret),
    Password(Secret),
}

fn opens(terminal: &Terminal, unlock: UnlockName) -> Result<Opens, Fault> {
    match unlock {
        UnlockName::Key => {
            let typed = terminal.line(text("token.ledger_key_ask"), true)?;
            hex(&typed).map(Opens::Key).ok_or_else(|| Fault::refused(text("token.key_hex")))
        }
        UnlockName::Password => {
            let typed = terminal.line(text("token.ledger_password_ask"), true)?;
            Ok(Opens::Password(Secret::from_slice(typed.as_bytes())))
        }
    }
}

fn refused(error: SourceError) -> Fault {
    Fault::refused(token_words::of_source_error(error))
}

/// The whole file; of a pipe what is left of it.
fn read(file: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, Fault> {
    // One byte more than is allowed, which the reader then refuses; room for all, so that no half of a seed stays behind.
    let most = BURN_FILE as u64 + 1;
    let path = file.filter(|path| path.as_os_str() != "-");
    let Some(path) = path else {
        let stdin = io::stdin();
        if stdin.is_terminal() {
            return Err(Fault::refused(text("token.batch_no_file")));
        }
        return taken(stdin.lock().take(most)).map_err(|why| no_file("-", &why));
    };
    let shown = path.display().to_string();
    let open = File::open(path).map_err(|why| no_file(&shown, &why))?;
    taken(open.take(most)).map_err(|why| no_file(&shown, &why))
}

fn no_file(file: &str, why: &io::Error) -> Fault {
    Fault::failed(words::caused(fill("token.batch_unread", &[("file", file)]), why))
}

fn taken(mut from: impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(BURN_FILE + 1));
    from.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn parsed(bytes: &[u8], asked: &Batch, opens: Option<&Opens>) -> Result<Source, SourceError> {
    let kind = match asked.kind {
        Some(name) => kind(name),
        None if bytes.iter().all(u8::is_ascii_whitespace) => return Err(SourceError::Empty),
        None => Kind::of(bytes)?.ok_or(SourceError::Header)?,
    };
    let unlock = match opens {
        Some(Opens::Key(key)) => Unlock::Key(key),
        Some(Opens::Password(password)) => Unlock::Password(password),
        None => Unlock::Nothing,
    };
    let reading = asked.writing.reading.map(|reading| match reading {
        ReadingName::Base32 => Reading::Base32,
        ReadingName::Hex => Reading::Hex,
    });
    source::read(kind, bytes, Choices { reading, unlock })
}

const fn kind(name: KindName) -> Kind {
    match name {
        KindName::Links => Kind::Links,
        KindName::Table => Kind::Table,
        KindName::Entra => Kind::Entra,
        KindName::Oath => Kind::Oath,
        KindName::Molto => Kind::Molto,
        KindName::MoltoText => Kind::MoltoText,
        KindName::Pskc => Kind::Pskc,
    }
}

/// What cannot be burned, by its line; what was repaired or assumed, each once with the first line that has it.
fn said(terminal: &Terminal, source: &Source) {
    source.faults.iter().for_each(|fault| terminal.say(&token_words::of_fault(fault)));
    let mut remarks: Vec<(String, usize, usize)> = Vec::new();
    for row in &source.rows {
        for words in row.notes.iter().map(token_words::of_source_note) {
            match remarks.iter_mut().find(|(known, ..)| *known == words) {
                Some((.., count)) => *count += 1,
                None => remarks.push((words, row.line, 1)),
            }
        }
    }
    for (words, line, count) in &remarks {
        let values = [("line", &*line.to_string()), ("n", &*count.to_string()), ("words", words.as_str())];
        terminal.say(&fill("token.batch_remark", &values));
    }
    if !source.passed_over.is_empty() {
        let columns: Vec<String> = source.passed_over.iter().map(ToString::to_string).collect();
        terminal.say(&fill("token.batch_passed_over", &[("columns", &columns.join(", "))]));
    }
    if source.signature_passed_over {
        terminal.say(text("token.batch_signature"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_what_it_looks_like_or_as_what_was_said() {
        let table = b"serial,secret_hex\n1,00112233445566778899aabbccddeeff00112233\n";
        let rows = parsed(table, &Batch::default(), None).unwrap().rows;
        assert_eq!(rows[0].credential.serial.as_ref().unwrap().as_str(), "1");
        let asked = Batch { kind: Some(KindName::Pskc), ..Batch::default() };
        assert!(parsed(table, &asked, None).is_err());
        assert_eq!(parsed(b"what is this\n", &Batch::default(), None).unwrap_err(), SourceError::Header);
    }

    #[test]
    fn what_is_longer_than_a_file_may_be_is_not_cut_to_it() {
        let long = taken(io::repeat(b'x').take(BURN_FILE as u64 + 1)).unwrap();
        assert_eq!(parsed(&long, &Batch::default(), None).unwrap_err(), SourceError::TooLong(BURN_FILE + 1));
    }
}
