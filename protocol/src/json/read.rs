//! From bytes to a value, by the strict rules.

use zeroize::Zeroizing;

use super::{Members, Value};
use crate::jose::FormError;
use crate::limits::{JSON_BYTES, JSON_DEPTH, JSON_NUMBER};

/// Reads one object.
pub(crate) fn parse_value(bytes: &[u8]) -> Result<Value, FormError> {
    if bytes.len() > JSON_BYTES {
        return Err(FormError::Large);
    }
    let text = core::str::from_utf8(bytes).map_err(|_| FormError::Utf8)?;
    let mut reader = Reader { text, at: 0 };
    reader.blanks();
    if reader.peek() != Some(b'{') {
        return Err(if reader.peek().is_some_and(|byte| b"[\"0123456789tfn-".contains(&byte)) {
            FormError::NotObject
        } else {
            FormError::Json
        });
    }
    let value = reader.value(1)?;
    reader.blanks();
    if reader.at == text.len() { Ok(value) } else { Err(FormError::Json) }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Result<u8, FormError> {
        let byte = self.peek().ok_or(FormError::Json)?;
        self.at += 1;
        Ok(byte)
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn word(&mut self, word: &str) -> Result<(), FormError> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(FormError::Json);
        }
        self.at += word.len();
        Ok(())
    }

    /// Reads a value; `depth` is what it would have if it were an object or a list.
    fn value(&mut self, depth: usize) -> Result<Value, FormError> {
        match self.peek() {
            Some(b'{' | b'[') if depth > JSON_DEPTH => Err(FormError::Depth),
            Some(b'{') => self.object(depth).map(Value::Object),
            Some(b'[') => self.list(depth).map(Value::List),
            Some(b'"') => self.string().map(Value::Text),
            Some(b't') => self.word("true").map(|()| Value::Bool(true)),
            Some(b'f') => self.word("false").map(|()| Value::Bool(false)),
            Some(b'n') => self.word("null").and(Err(FormError::Null)),
            Some(b'0'..=b'9' | b'-') => self.number().map(Value::Number),
            _ => Err(FormError::Json),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Members, FormError> {
        let mut members = Members::new();
        self.at += 1;
        self.blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(members);
        }
        loop {
            self.blanks();
            if self.peek() != Some(b'"') {
                return Err(FormError::Json);
            }
            let name = self.string()?;
            self.blanks();
            if self.next()? != b':' {
                return Err(FormError::Json);
            }
            self.blanks();
            members.push((name, self.value(depth + 1)?));
            self.blanks();
            match self.next()? {
                b',' => {}
                b'}' => break,
                _ => return Err(FormError::Json),
            }
        }
        if names_differ(&members) { Ok(members) } else { Err(FormError::NameTwice) }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Value>, FormError> {
        let mut entries = Vec::new();
        self.at += 1;
        self.blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(entries);
        }
        loop {
            self.blanks();
            entries.push(self.value(depth + 1)?);
            self.blanks();
            match self.next()? {
                b',' => {}
                b']' => return Ok(entries),
                _ => return Err(FormError::Json),
            }
        }
    }

    fn number(&mut self) -> Result<u64, FormError> {
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !matches!(c, '0'..='9' | '.' | 'e' | 'E' | '+' | '-')).unwrap_or(rest.len());
        let digits = &rest[..end];
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
        let number = digits.parse().ok().filter(|number| plain && *number <= JSON_NUMBER).ok_or(FormError::Number)?;
        self.at += end;
        Ok(number)
    }

    fn string(&mut self) -> Result<Zeroizing<String>, FormError> {
        self.at += 1;
        // Unescaping never lengthens: the buffer does not grow and leave a copy behind.
        let len = self.text.as_bytes()[self.at..].iter().position(|byte| *byte == b'"').unwrap_or(0);
        let mut text = Zeroizing::new(String::with_capacity(len));
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(|c: char| matches!(c, '"' | '\\' | '\0'..='\x1f')).ok_or(FormError::Json)?;
            text.push_str(&rest[..plain]);
            self.at += plain;
            match self.next()? {
                b'"' => return Ok(text),
                b'\\' => text.push(self.escape()?),
                _ => return Err(FormError::Json),
            }
        }
    }

    fn escape(&mut self) -> Result<char, FormError> {
        match self.next()? {
            b'"' => Ok('"'),
            b'\\' => Ok('\\'),
            b'/' => Ok('/'),
            b'b' => Ok('\x08'),
            b'f' => Ok('\x0c'),
            b'n' => Ok('\n'),
            b'r' => Ok('\r'),
            b't' => Ok('\t'),
            b'u' => self.unicode(),
            _ => Err(FormError::Json),
        }
    }

    fn unicode(&mut self) -> Result<char, FormError> {
        let high = self.hex4()?;
        let scalar = if (0xd800..0xdc00).contains(&high) {
            self.word("\\u").map_err(|_| FormError::Surrogate)?;
            let low = self.hex4()?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err(FormError::Surrogate);
            }
            0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)
        } else {
            high
        };
        char::from_u32(scalar).ok_or(FormError::Surrogate)
    }

    fn hex4(&mut self) -> Result<u32, FormError> {
        let mut number = 0;
        for _ in 0..4 {
            number = number * 16 + char::from(self.next()?).to_digit(16).ok_or(FormError::Json)?;
        }
        Ok(number)
    }
}

/// Whether no name stands twice. Names are compared after unescaping.
fn names_differ(members: &Members) -> bool {
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    names.windows(2).all(|pair| pair[0] != pair[1])
}
