//! JSON as push-v1 section 2 allows it, and nothing else that JSON libraries forgive.
//!
//! One object in UTF-8 without BOM. Everywhere, unknown members included: no name twice (compared
//! after unescaping), no `null`, no lone surrogate, depth at most 5, numbers `0` or `[1-9][0-9]*` up
//! to 2^53 − 1. A struct is read from an object alone, a list from an array alone.

use core::fmt;
use std::vec;

use serde::de::{self, DeserializeOwned, IntoDeserializer, Visitor};
use zeroize::Zeroizing;

use crate::jose::FormError;
use crate::limits::{JSON_BYTES, JSON_DEPTH, JSON_NUMBER};

/// Reads one object as a value of `T`. Unknown members are ignored.
///
/// # Errors
/// The rule that is broken; [`FormError::Large`] beyond 64 KiB, before anything is read.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FormError> {
    from_value(parse_value(bytes)?)
}

/// Fits a value that is already read into a type.
pub(crate) fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, FormError> {
    T::deserialize(value).map_err(|Misfit(reason)| reason)
}

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

/// What was read. Text may be part of a secret, so all of it is wiped.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Bool(bool),
    Number(u64),
    Text(Zeroizing<String>),
    List(Vec<Self>),
    Object(Members),
}

/// The members of an object, in the order they came.
pub(crate) type Members = Vec<(Zeroizing<String>, Value)>;

impl Value {
    /// The members, when it is an object.
    pub(crate) fn into_members(self) -> Option<Members> {
        if let Self::Object(members) = self { Some(members) } else { None }
    }

    /// The text, when it is text.
    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
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

/// Why a value does not fit a type: serde's errors, without what was read.
#[derive(Debug)]
pub(crate) struct Misfit(FormError);

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl core::error::Error for Misfit {}

impl de::Error for Misfit {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(FormError::by_name(&message.to_string()).unwrap_or(FormError::Schema))
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self(FormError::Type)
    }

    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self(FormError::Range)
    }

    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self(FormError::Range)
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self(FormError::OutsideSet)
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self(FormError::Unexpected)
    }

    fn missing_field(_: &'static str) -> Self {
        Self(FormError::Missing)
    }
}

impl IntoDeserializer<'_, Misfit> for Value {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Value {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        match self {
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Number(number) => visitor.visit_u64(number),
            Self::Text(text) => visitor.visit_str(&text),
            Self::List(entries) => {
                let mut entries = de::value::SeqDeserializer::new(entries.into_iter());
                let value = visitor.visit_seq(&mut entries)?;
                entries.end()?;
                Ok(value)
            }
            Self::Object(members) => visitor.visit_map(Entries { members: members.into_iter(), value: None }),
        }
    }

    /// Derived structs would take a list as well; here they do not.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        self.deserialize_map(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if matches!(self, Self::Object(_)) { self.deserialize_any(visitor) } else { Err(Misfit(FormError::Type)) }
    }

    /// There is no `null`: a member that is there has a value.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_newtype_struct(self)
    }

    /// A case of a set is text, never an object with one member.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        let text = self.as_str().ok_or(Misfit(FormError::Type))?;
        visitor.visit_enum(IntoDeserializer::<Misfit>::into_deserializer(text))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct identifier
    }
}

/// A text member that is secret.
#[derive(serde::Deserialize)]
#[serde(from = "String")]
pub(crate) struct Wiped(pub(crate) Zeroizing<String>);

impl From<String> for Wiped {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

struct Entries {
    members: vec::IntoIter<(Zeroizing<String>, Value)>,
    value: Option<Value>,
}

impl<'de> de::MapAccess<'de> for Entries {
    type Error = Misfit;

    fn next_key_seed<K: de::DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Misfit> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(name.as_str().into_deserializer()).map(Some)
    }

    fn next_value_seed<V: de::DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Misfit> {
        seed.deserialize(self.value.take().ok_or(Misfit(FormError::Schema))?)
    }
}
