//! Tag, length, value, with tags of one byte as all these devices have them, and lengths of ISO/IEC 7816-4: to 7F in one
//! byte, then `81 xx`, `82 xx xx`.

use zeroize::Zeroizing;

use crate::limits;

/// An object that does not fit into what is around it, or is not the one that belongs there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an object that does not fit")]
pub struct Misshapen;

/// Reads objects, one after the other.
#[derive(Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads these.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether all was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next object, whatever it is; nothing at the end.
    ///
    /// # Errors
    /// [`Misshapen`] when it is longer than what there is, or longer than anything that a token says.
    pub fn object(&mut self) -> Result<Option<(u8, &'a [u8])>, Misshapen> {
        let Some((tag, rest)) = self.0.split_first() else { return Ok(None) };
        let (length, rest) = match *rest {
            [length @ 0..=0x7f, ref rest @ ..] | [0x81, length, ref rest @ ..] => (usize::from(length), rest),
            [0x82, high, low, ref rest @ ..] => (usize::from(u16::from_be_bytes([high, low])), rest),
            _ => return Err(Misshapen),
        };
        if length > limits::APDU_WHOLE {
            return Err(Misshapen);
        }
        let (value, rest) = rest.split_at_checked(length).ok_or(Misshapen)?;
        self.0 = rest;
        Ok(Some((*tag, value)))
    }

    /// The next object, which must have this tag.
    ///
    /// # Errors
    /// [`Misshapen`] also when it has another, or there is none.
    pub fn take(&mut self, tag: u8) -> Result<&'a [u8], Misshapen> {
        match self.object()? {
            Some((found, value)) if found == tag => Ok(value),
            _ => Err(Misshapen),
        }
    }

    /// The one object that there is, with this tag and nothing behind it.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub fn only(bytes: &'a [u8], tag: u8) -> Result<&'a [u8], Misshapen> {
        let mut reader = Self(bytes);
        let value = reader.take(tag)?;
        if reader.is_empty() { Ok(value) } else { Err(Misshapen) }
    }
}

/// Writes objects one after the other, and wipes them.
#[derive(Default)]
pub struct Writer(Zeroizing<Vec<u8>>);

impl Writer {
    /// Nothing yet.
    pub fn new() -> Self {
        // No command outgrows it, so that nothing is left behind where it grew.
        Self(Zeroizing::new(Vec::with_capacity(limits::APDU_DATA)))
    }

    /// Appends an object whose value comes in pieces.
    pub fn put(mut self, tag: u8, value: &[&[u8]]) -> Self {
        let length = value.iter().map(|piece| piece.len()).sum::<usize>();
        self.0.push(tag);
        match length {
            0..=0x7f => self.0.push(length as u8),
            0x80..=0xff => self.0.extend([0x81, length as u8]),
            _ => {
                let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
                self.0.extend([0x82, high, low]);
            }
        }
        value.iter().for_each(|piece| self.0.extend_from_slice(piece));
        self
    }

    /// Appends bytes as they are.
    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// All that was put.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use countersign_properties::parser;
    use proptest::prelude::*;

    use super::*;
    use crate::properties::damaged;

    #[test]
    fn objects_come_back_as_they_were_put() {
        for length in [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1ff] {
            let value = vec![7; length];
            let written = Writer::new().put(0x71, &[&value[..length / 2], &value[length / 2..]]).raw(&[0x78, 0]);
            let mut reader = Reader::new(written.bytes());
            assert_eq!(reader.take(0x71), Ok(&value[..]));
            assert_eq!(reader.take(0x78), Ok(&[][..]));
            assert!(reader.is_empty() && reader.object() == Ok(None) && reader.take(0x71) == Err(Misshapen));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let huge = [0x71, 0x82, 0xff, 0xff, 0x41, 0x42];
        for wrong in [&[0x71][..], &[0x71, 2, 1], &[0x71, 0x81], &[0x71, 0x80], &[0x71, 0x83, 0, 0, 0], &huge] {
            assert_eq!(Reader::new(wrong).object(), Err(Misshapen), "{wrong:02x?}");
        }
        assert_eq!(Reader::new(&[0x72, 0]).take(0x71), Err(Misshapen));
        assert_eq!(Reader::only(&[0x71, 0, 0], 0x71), Err(Misshapen));
        let nested = [0x95, 0x04, 0x70, 0x7f, 0x71, 0x7f];
        assert_eq!(Reader::new(Reader::only(&nested, 0x95).unwrap()).object(), Err(Misshapen));
    }

    #[test]
    fn any_bytes_are_read_to_their_end_or_refused() {
        let values = proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..0x90)), 1..4);
        let written = values.prop_map(|values| {
            let all = values.iter().fold(Writer::new(), |writer, (tag, value)| writer.put(*tag, &[value]));
            all.bytes().to_vec()
        });
        let bent = (written, any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
        parser(bent.prop_map(|(bytes, at, change, how)| damaged(bytes, at, change, how)), |bytes| {
            let mut reader = Reader::new(bytes);
            let mut read = 0;
            loop {
                match reader.object() {
                    Ok(Some((_, value))) => read += value.len() + 2,
                    Ok(None) => return read <= bytes.len(),
                    Err(Misshapen) => return false,
                }
            }
        });
    }
}
