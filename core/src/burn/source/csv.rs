//! Comma-separated values (RFC 4180), read kindly in ends of lines and strictly in quotation marks, and written.

use zeroize::Zeroizing;

use super::{Fault, Rule, Text};
use crate::limits;

/// One record, with the line that it begins on.
pub(crate) struct Record<'a> {
    pub(crate) line: usize,
    pub(crate) cells: Vec<Text<'a>>,
}

/// The records of a text; empty lines are passed over.
pub(crate) struct Records<'a> {
    rest: &'a str,
    line: usize,
    separator: u8,
}

/// Reads records whose fields are parted by `separator`, an ASCII character.
pub(crate) fn records(text: &str, separator: u8) -> Records<'_> {
    Records { rest: text, line: 1, separator }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.end_of_line() {}
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        let record = self.record();
        if record.is_err() {
            let end = self.rest.find(['\n', '\r']).unwrap_or(self.rest.len());
            self.skip(end);
        }
        Some(record.map(|cells| Record { line, cells }).map_err(|rule| Fault { line, rule }))
    }
}

impl<'a> Records<'a> {
    fn record(&mut self) -> Result<Vec<Text<'a>>, Rule> {
        let mut cells = Vec::new();
        let mut columns = 0;
        loop {
            let cell = self.cell()?;
            if cell.len() > limits::BURN_FIELD {
                return Err(Rule::FieldLength(cell.len()));
            }
            columns += 1;
            if columns <= limits::BURN_COLUMNS {
                cells.push(cell);
            }
            if self.rest.as_bytes().first() != Some(&self.separator) {
                break;
            }
            self.skip(1);
        }
        if columns > limits::BURN_COLUMNS {
            return Err(Rule::Columns(columns));
        }
        self.end_of_line();
        Ok(cells)
    }

    /// One field; what is left begins with a separator or the end of a line, or is empty.
    fn cell(&mut self) -> Result<Text<'a>, Rule> {
        if self.rest.starts_with('"') {
            return self.quoted();
        }
        let ends = |byte: u8| byte == self.separator || matches!(byte, b'\n' | b'\r');
        let end = self.rest.bytes().position(ends).unwrap_or(self.rest.len());
        let cell = self.skip(end);
        if cell.contains('"') { Err(Rule::Quote) } else { Ok(Text::Lent(cell)) }
    }

    fn quoted(&mut self) -> Result<Text<'a>, Rule> {
        self.skip(1);
        let mut own: Option<Zeroizing<String>> = None;
        loop {
            let Some(end) = self.rest.find('"') else {
                self.skip(self.rest.len());
                return Err(Rule::Quote);
            };
            let part = self.skip(end);
            self.skip(1);
            let is_doubled = self.rest.starts_with('"');
            if is_doubled || own.is_some() {
                let own = own.get_or_insert_with(|| Zeroizing::new(String::with_capacity(limits::BURN_FIELD)));
                // A field that grows beyond its bound is refused; its start alone is kept until then.
                if own.len() + part.len() >= limits::BURN_FIELD {
                    return Err(Rule::FieldLength(own.len() + part.len() + 1));
                }
                own.push_str(part);
                if is_doubled {
                    own.push('"');
                }
            }
            if is_doubled {
                self.skip(1);
                continue;
            }
            let next = self.rest.as_bytes().first();
            if next.is_some_and(|byte| *byte != self.separator && !matches!(byte, b'\n' | b'\r')) {
                return Err(Rule::Quote);
            }
            return Ok(own.map_or(Text::Lent(part), Text::Own));
        }
    }

    /// Takes the end of a line, if one is next.
    fn end_of_line(&mut self) -> bool {
        let length = match self.rest.as_bytes() {
            [b'\r', b'\n', ..] => 2,
            [b'\n' | b'\r', ..] => 1,
            _ => return false,
        };
        self.skip(length);
        true
    }

    /// Takes bytes up to the border of a character, and counts the lines in them.
    fn skip(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        let bytes = taken.as_bytes();
        let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        });
        self.line += ends.count();
        self.rest = rest;
        taken
    }
}

/// A field as it is written: in quotation marks where it needs them.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl Quoted<'_> {
    /// Appends it, and what follows it. Room for what is secret is the caller's to keep.
    pub(crate) fn write(&self, out: &mut String, then: &str) {
        if self.0.contains(['"', ',', '\n', '\r']) || self.0.trim() != self.0 {
            out.push('"');
            for (at, part) in self.0.split('"').enumerate() {
                out.push_str(if at == 0 { "" } else { "\"\"" });
                out.push_str(part);
            }
            out.push('"');
        } else {
            out.push_str(self.0);
        }
        out.push_str(then);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A record with its line, or what is wrong with it.
    type Told = Result<(usize, Vec<String>), (usize, Rule)>;

    fn read(text: &str) -> Vec<Told> {
        let of = |record: Record<'_>| (record.line, record.cells.iter().map(|cell| cell.to_string()).collect());
        records(text, b',').map(|record| record.map(of).map_err(|fault| (fault.line, fault.rule))).collect()
    }

    fn cells(line: usize, cells: &[&str]) -> Told {
        Ok((line, cells.iter().map(|cell| (*cell).to_owned()).collect()))
    }

    #[test]
    fn the_forms_of_rfc_4180_are_read_with_their_lines() {
        assert_eq!(
            read("a,b\r\nc,\n\n,d\re"),
            [cells(1, &["a", "b"]), cells(2, &["c", ""]), cells(4, &["", "d"]), cells(5, &["e"])]
        );
        assert_eq!(read("\"a,\"\"b\"\"\r\nc\",\"\"\nd"), [cells(1, &["a,\"b\"\r\nc", ""]), cells(3, &["d"])]);
        assert_eq!(read(""), []);
        assert_eq!(read("\n\r\n"), []);
        let tabs: Vec<usize> = records("a\tb,c\t", b'\t').map(|record| record.unwrap().cells.len()).collect();
        assert_eq!(tabs, [3]);
    }

    #[test]
    fn a_bad_line_is_named_and_the_next_is_read() {
        assert_eq!(read("a\"b,c\nd"), [Err((1, Rule::Quote)), cells(2, &["d"])]);
        assert_eq!(read("a\n\"b\"c\nd"), [cells(1, &["a"]), Err((2, Rule::Quote)), cells(3, &["d"])]);
        assert_eq!(read("a\n\"b\nc\nd"), [cells(1, &["a"]), Err((2, Rule::Quote))]);
    }

    #[test]
    fn fields_and_columns_are_bounded() {
        let (field, columns) = (limits::BURN_FIELD, limits::BURN_COLUMNS);
        for (length, fits) in [(field - 1, true), (field, true), (field + 1, false), (field * 1000, false)] {
            let read = read(&format!("{}\nb", "a".repeat(length)));
            assert_eq!((read[0].is_ok(), read.len()), (fits, 2));
            assert_eq!(read[0].as_ref().err(), (!fits).then_some(&(1, Rule::FieldLength(length))));
        }
        for (count, fits) in [(columns - 1, true), (columns, true), (columns + 1, false), (columns * 1000, false)] {
            let read = read(&format!("{}\nb", ",".repeat(count - 1)));
            assert_eq!((read[0].is_ok(), read.len()), (fits, 2));
        }
        assert!(matches!(read(&format!("\"\"\"{}\"", "a".repeat(field)))[..], [Err((1, Rule::FieldLength(_)))]));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec(prop::collection::vec("[a\",;\r\n é]{0,6}", 1..5), 1..5)) {
            let mut text = String::new();
            for row in &rows {
                for (at, cell) in row.iter().enumerate() {
                    Quoted(cell).write(&mut text, if at + 1 == row.len() { "\r\n" } else { "," });
                }
            }
            let read: Vec<Vec<String>> = read(&text).into_iter().map(|row| row.unwrap().1).collect();
            // A row of one empty field is an empty line.
            let kept: Vec<Vec<String>> = rows.into_iter().filter(|row| row.len() > 1 || !row[0].is_empty()).collect();
            prop_assert_eq!(read, kept);
        }
    }
}
