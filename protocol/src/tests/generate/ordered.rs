//! JSON whose members keep their order, written as the vector files are: one blank a level, ASCII alone.

use std::fmt;
use std::fmt::Write as _;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ordered {
    Bool(bool),
    Number(u64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl From<bool> for Ordered {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u64> for Ordered {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<String> for Ordered {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Ordered {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}

impl<T: Into<Self>> From<Vec<T>> for Ordered {
    fn from(entries: Vec<T>) -> Self {
        Self::List(entries.into_iter().map(Into::into).collect())
    }
}

impl Ordered {
    /// An object of texts.
    pub(super) fn texts<const N: usize>(members: [(&str, &str); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, text)| (name.to_owned(), text.into())).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { panic!("no object") };
        members.iter().find(|(found, _)| found == name).map(|(_, value)| value)
    }

    pub(super) fn text(&self, name: &str) -> &str {
        let Some(Self::Text(text)) = self.get(name) else { panic!("no text {name}") };
        text
    }

    pub(super) fn list(&mut self, name: &str) -> &mut Vec<Self> {
        if self.get(name).is_none() {
            self.set(name, Vec::<Self>::new());
        }
        let Self::Object(members) = self else { panic!("no object") };
        let found = members.iter_mut().find(|(found, _)| found == name);
        let Some((_, Self::List(entries))) = found else { panic!("no list {name}") };
        entries
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<Self>) {
        let Self::Object(members) = self else { panic!("no object") };
        match members.iter_mut().find(|(found, _)| found == name) {
            Some((_, stands)) => *stands = value.into(),
            None => members.push((name.to_owned(), value.into())),
        }
    }

    /// Puts an entry into a list of this object, in place of the one with the same `by`.
    pub(super) fn put(&mut self, list: &str, by: &str, entry: Self) {
        let entries = self.list(list);
        match entries.iter_mut().find(|stands| stands.get(by) == entry.get(by)) {
            Some(stands) => *stands = entry,
            None => entries.push(entry),
        }
    }

    /// The whole file.
    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out.push('\n');
        out
    }

    fn write(&self, out: &mut String, level: usize) {
        match self {
            Self::Bool(value) => write!(out, "{value}").unwrap(),
            Self::Number(number) => write!(out, "{number}").unwrap(),
            Self::Text(text) => write_text(out, text),
            Self::List(entries) => {
                let write = |out: &mut String, entry: &Self| entry.write(out, level + 1);
                write_all(out, ('[', ']'), level, entries, write);
            }
            Self::Object(members) => {
                write_all(out, ('{', '}'), level, members, |out, (name, value)| {
                    write_text(out, name);
                    out.push_str(": ");
                    value.write(out, level + 1);
                });
            }
        }
    }
}

fn write_all<T>(out: &mut String, marks: (char, char), level: usize, all: &[T], write: impl Fn(&mut String, &T)) {
    out.push(marks.0);
    for (at, one) in all.iter().enumerate() {
        out.push_str(if at == 0 { "\n" } else { ",\n" });
        out.push_str(&" ".repeat(level + 1));
        write(out, one);
    }
    if !all.is_empty() {
        out.push('\n');
        out.push_str(&" ".repeat(level));
    }
    out.push(marks.1);
}

fn write_text(out: &mut String, text: &str) {
    for c in serde_json::to_string(text).unwrap().chars() {
        if (' '..='~').contains(&c) {
            out.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| write!(out, "\\u{unit:04x}").unwrap());
        }
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Ordered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON of a vector file")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
                Ok(Ordered::Bool(value))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Ordered, E> {
                Ok(Ordered::Number(number))
            }

            fn visit_str<E>(self, text: &str) -> Result<Ordered, E> {
                Ok(text.into())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Ordered, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = access.next_element()? {
                    entries.push(entry);
                }
                Ok(Ordered::List(entries))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Ordered, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = access.next_entry()? {
                    members.push(member);
                }
                Ok(Ordered::Object(members))
            }
        }
        deserializer.deserialize_any(All)
    }
}
