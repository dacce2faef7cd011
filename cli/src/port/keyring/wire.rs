//! Values as the session's bus writes them (D-Bus specification, «Marshaling»), as far as the keyring needs them: numbers of
//! four bytes, texts, lists. Little-endian; each value is aligned to its own size, counted from the start of the message.

/// Writes values one after the other.
#[derive(Default)]
pub struct Out(Vec<u8>);

impl Out {
    /// What was written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Fills up with zeros to a multiple of `to`.
    pub fn pad(&mut self, to: usize) -> &mut Self {
        self.0.resize(self.0.len().next_multiple_of(to), 0);
        self
    }

    /// A byte.
    pub fn byte(&mut self, byte: u8) -> &mut Self {
        self.0.push(byte);
        self
    }

    /// A number.
    pub fn number(&mut self, number: u32) -> &mut Self {
        self.pad(4).0.extend_from_slice(&number.to_le_bytes());
        self
    }

    /// A boolean.
    pub fn flag(&mut self, flag: bool) -> &mut Self {
        self.number(u32::from(flag))
    }

    /// A text, or the path of an object.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.number(length(text.len())).0.extend_from_slice(text.as_bytes());
        self.byte(0)
    }

    /// What types follow.
    pub fn signature(&mut self, signature: &str) -> &mut Self {
        self.byte(u8::try_from(signature.len()).unwrap_or(u8::MAX)).0.extend_from_slice(signature.as_bytes());
        self.byte(0)
    }

    /// A list of bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.number(length(bytes.len())).0.extend_from_slice(bytes);
        self
    }

    /// A list whose elements are aligned to `to`.
    pub fn list(&mut self, to: usize, write: impl FnOnce(&mut Self)) -> &mut Self {
        self.number(0);
        let before = self.0.len();
        self.pad(to);
        let start = self.0.len();
        write(self);
        let written = length(self.0.len() - start);
        self.0[before - 4..before].copy_from_slice(&written.to_le_bytes());
        self
    }
}

/// What is longer than a message may be is refused when it is sent.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Reads values one after the other. `None` where they are other ones, or end too soon.
#[derive(Clone, Copy)]
pub struct In<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> In<'a> {
    /// Reads from the start of `bytes`, which was aligned to eight.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Is all of it read?
    pub fn is_done(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Goes on at a multiple of `to`.
    pub fn pad(&mut self, to: usize) -> Option<()> {
        let gap = self.at.next_multiple_of(to) - self.at;
        self.take(gap).map(drop)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    /// A byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// A number.
    pub fn number(&mut self) -> Option<u32> {
        self.pad(4)?;
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    /// A boolean.
    pub fn flag(&mut self) -> Option<bool> {
        match self.number()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// A text, or the path of an object.
    pub fn text(&mut self) -> Option<&'a str> {
        let length = self.number()? as usize;
        self.ended(length)
    }

    /// What types follow.
    pub fn signature(&mut self) -> Option<&'a str> {
        let length = usize::from(self.byte()?);
        self.ended(length)
    }

    fn ended(&mut self, length: usize) -> Option<&'a str> {
        let text = self.take(length)?;
        (self.byte()? == 0).then_some(())?;
        std::str::from_utf8(text).ok()
    }

    /// A list of bytes.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.number()? as usize;
        self.take(length)
    }

    /// A list whose elements are aligned to `to`, each read by `read`.
    pub fn list<T>(&mut self, to: usize, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let length = self.number()? as usize;
        self.pad(to)?;
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        let mut inside = Self { bytes: self.bytes.get(..end)?, at: self.at };
        let mut all = Vec::new();
        while !inside.is_done() {
            let before = inside.at;
            all.push(read(&mut inside)?);
            // An element of no bytes would be read for ever.
            (inside.at > before).then_some(())?;
        }
        self.at = end;
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    use super::*;

    #[test]
    fn values_are_written_as_the_specification_draws_them() {
        let mut out = Out::default();
        out.byte(7).number(0x0102).text("foo").list(8, |out| {
            out.pad(8).text("+");
        });
        let drawn: &[u8] = b"\x07\0\0\0\x02\x01\0\0\x03\0\0\0foo\0\x06\0\0\0\0\0\0\0\x01\0\0\0+\0";
        assert_eq!(out.into_bytes(), drawn);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut out = Out::default();
        out.text("é").signature("a{sv}").flag(true).bytes(&[1, 2, 3]).list(4, |out| {
            out.text("/a").text("/bc");
        });
        let bytes = out.into_bytes();
        let mut back = In::new(&bytes);
        assert_eq!((back.text(), back.signature(), back.flag()), (Some("é"), Some("a{sv}"), Some(true)));
        assert_eq!(back.bytes(), Some(&[1, 2, 3][..]));
        assert_eq!(back.list(4, |each| each.text()), Some(vec!["/a", "/bc"]));
        assert!(back.is_done());
        for cut in 0..bytes.len() {
            let mut back = In::new(&bytes[..cut]);
            let all = (|| {
                back.text()?;
                back.signature()?;
                back.flag()?;
                back.bytes()?;
                back.list(4, |each| each.text())
            })();
            assert_eq!(all, None, "cut at {cut}");
        }
    }

    #[test]
    fn whatever_comes_is_read_to_an_end() {
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::default() });
        let bytes = proptest::collection::vec(any::<u8>(), 0..64);
        runner
            .run(&bytes, |bytes| {
                let mut back = In::new(&bytes);
                let _ = back.list(8, |each| {
                    each.pad(8)?;
                    each.byte()?;
                    each.signature()?;
                    each.text()
                });
                let mut back = In::new(&bytes);
                let _ = back.list(1, |_| Some(()));
                Ok(())
            })
            .unwrap();
    }
}
