//! A strict reader of DER: lengths and numbers in their one shortest form, nothing left over.

use super::WhyNot;

/// A universal tag, primitive or constructed as DER has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    Integer = 0x02,
    Bits = 0x03,
    Octets = 0x04,
    Null = 0x05,
    Enumerated = 0x0a,
    Sequence = 0x30,
    Set = 0x31,
}

/// What is left to read.
pub(super) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    /// Nothing may be left.
    pub(super) fn end(&self) -> Result<(), WhyNot> {
        if self.is_empty() { Ok(()) } else { Err(WhyNot::Description) }
    }

    /// The content of the next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: Tag) -> Result<&'a [u8], WhyNot> {
        if self.byte()? == tag as u8 { self.content() } else { Err(WhyNot::Description) }
    }

    /// A number that is not negative, with the tag of an integer or of an enumeration.
    pub(super) fn number(&mut self, tag: Tag) -> Result<u64, WhyNot> {
        let content = self.expect(tag)?;
        let minimal = match content {
            [] => false,
            [first] => first & 0x80 == 0,
            [0, second, ..] => second & 0x80 != 0,
            [first, ..] => first & 0x80 == 0,
        };
        let digits = content.strip_prefix(&[0]).unwrap_or(content);
        if !minimal || digits.len() > 8 {
            return Err(WhyNot::Description);
        }
        Ok(digits.iter().fold(0, |sum, digit| sum << 8 | u64::from(*digit)))
    }

    /// The number of the next explicit context tag, and what it holds.
    pub(super) fn context(&mut self) -> Result<(u32, &'a [u8]), WhyNot> {
        const CONSTRUCTED: u8 = 0xa0;
        let first = self.byte()?;
        if first & 0xe0 != CONSTRUCTED {
            return Err(WhyNot::Description);
        }
        let number = if first & 0x1f == 0x1f { self.long_tag()? } else { u32::from(first & 0x1f) };
        Ok((number, self.content()?))
    }

    /// A tag number of 31 or more: seven bits a byte, no zeros in front.
    fn long_tag(&mut self) -> Result<u32, WhyNot> {
        let mut number = 0_u32;
        for place in 0..4 {
            let byte = self.byte()?;
            if place == 0 && byte == 0x80 {
                return Err(WhyNot::Description);
            }
            number = number << 7 | u32::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return if number >= 31 { Ok(number) } else { Err(WhyNot::Description) };
            }
        }
        Err(WhyNot::Description)
    }

    fn content(&mut self) -> Result<&'a [u8], WhyNot> {
        let length = match self.byte()? {
            short @ 0..=0x7f => usize::from(short),
            0x81 => match self.byte()? {
                length @ 0x80.. => usize::from(length),
                _ => return Err(WhyNot::Description),
            },
            0x82 => match usize::from(self.byte()?) << 8 | usize::from(self.byte()?) {
                length @ 0x100.. => length,
                _ => return Err(WhyNot::Description),
            },
            // A certificate is smaller than what three bytes count.
            _ => return Err(WhyNot::Description),
        };
        let (content, rest) = self.0.split_at_checked(length).ok_or(WhyNot::Description)?;
        self.0 = rest;
        Ok(content)
    }

    fn byte(&mut self) -> Result<u8, WhyNot> {
        let (first, rest) = self.0.split_first().ok_or(WhyNot::Description)?;
        self.0 = rest;
        Ok(*first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for (bytes, number) in [
            (&[2, 1, 0][..], 0),
            (&[2, 1, 127], 127),
            (&[2, 2, 0, 128], 128),
            (&[2, 2, 1, 0], 256),
            (&[2, 9, 0, 255, 255, 255, 255, 255, 255, 255, 255], u64::MAX),
        ] {
            assert_eq!(Der::new(bytes).number(Tag::Integer), Ok(number), "{bytes:?}");
        }
        for bytes in
            [&[2, 0][..], &[2, 1, 128], &[2, 2, 0, 1], &[2, 2, 255, 1], &[2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0], &[10, 1, 0]]
        {
            assert!(Der::new(bytes).number(Tag::Integer).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn lengths_have_one_form() {
        let long = [&[4, 0x81, 0x80][..], &[7; 128]].concat();
        assert_eq!(Der::new(&long).expect(Tag::Octets).map(<[u8]>::len), Ok(128));
        let longer = [&[4, 0x82, 1, 0][..], &[7; 256]].concat();
        assert_eq!(Der::new(&longer).expect(Tag::Octets).map(<[u8]>::len), Ok(256));
        for bytes in [&[4, 0x81, 1, 7][..], &[4, 0x82, 0, 1, 7], &[4, 0x80, 7, 0, 0], &[4, 2, 7], &[4], &[]] {
            assert!(Der::new(bytes).expect(Tag::Octets).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn tags_beyond_thirty_are_read_in_their_shortest_form() {
        assert_eq!(Der::new(&[0xbf, 0x83, 0x77, 2, 5, 0]).context(), Ok((503, &[5, 0][..])));
        assert_eq!(Der::new(&[0xa1, 0]).context(), Ok((1, &[][..])));
        for bytes in [&[0xbf, 0x1e, 0][..], &[0xbf, 0x80, 0x1f, 0], &[0xbf, 0x81, 0x81, 0x81, 0x81, 1, 0], &[0x81, 0]] {
            assert!(Der::new(bytes).context().is_err(), "{bytes:?}");
        }
    }
}
