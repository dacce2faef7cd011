//! The little of protocol buffers that a transfer needs: numbers and bytes under small field numbers, nothing nested
//! deeper than this module's caller asks for.

/// The bytes are not a message, or hold a known field in another form or twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

/// What stands under a field number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A varint.
    Number(u64),
    /// Bytes with their length before them.
    Bytes(&'a [u8]),
    /// Four or eight bytes, of which no field here is made.
    Fixed,
}

/// The fields of a message, one after the other; ends after the first fault.
pub(super) struct Fields<'a>(&'a [u8]);

/// The fields of these bytes.
pub(super) const fn fields(bytes: &[u8]) -> Fields<'_> {
    Fields(bytes)
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Damaged>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field.ok_or(Damaged))
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let tag = self.varint()?;
        let number = Some(tag >> 3).filter(|number| (1..1 << 29).contains(number))?;
        let value = match tag & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed)?,
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.take(length)?)
            }
            5 => self.take(4).map(|_| Value::Fixed)?,
            // Groups are gone from the format, and 6 and 7 never were in it.
            _ => return None,
        };
        Some((number, value))
    }

    /// At most ten bytes, of which the last has one bit.
    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for place in 0..10 {
            let (&byte, rest) = self.0.split_first()?;
            self.0 = rest;
            if place == 9 && byte > 1 {
                return None;
            }
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

/// Puts the value of a field into its place.
pub(super) fn once<T>(place: &mut Option<T>, value: T) -> Result<(), Damaged> {
    if place.replace(value).is_none() { Ok(()) } else { Err(Damaged) }
}

/// An `int32`: a negative one is written with all 64 bits, and by some with 32.
pub(super) fn int32(value: u64) -> Result<i32, Damaged> {
    let low = value as u32 as i32;
    let fits = value >> 32 == 0 || value == i64::from(low) as u64;
    if fits { Ok(low) } else { Err(Damaged) }
}

/// Writes a number; zero is what a field that is missing means.
pub(super) fn put_number(field: u8, value: u64, out: &mut Vec<u8>) {
    if value != 0 {
        out.push(field << 3);
        put_varint(value, out);
    }
}

/// Writes bytes; none is what a field that is missing means.
pub(super) fn put_bytes(field: u8, bytes: &[u8], out: &mut Vec<u8>) {
    if !bytes.is_empty() {
        put_message(field, bytes, out);
    }
}

/// Writes a message, which is there also when it is empty.
pub(super) fn put_message(field: u8, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(field << 3 | 2);
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<(u64, Value<'_>)>, Damaged> {
        fields(bytes).collect()
    }

    #[test]
    fn varints_have_ten_bytes_at_most() {
        let with = |bytes: &[u8]| read(&[&[8], bytes].concat()).map(|fields| fields[0].1 == Value::Number(u64::MAX));
        let nines = [0xff; 9];
        assert_eq!(with(&[&nines[..], &[1]].concat()), Ok(true));
        assert_eq!(with(&[&nines[..], &[2]].concat()), Err(Damaged), "65 bits");
        assert_eq!(with(&[&nines[..], &[0x81, 0]].concat()), Err(Damaged), "eleven bytes");
        assert_eq!(read(&[8, 0x80]), Err(Damaged), "cut");
        assert_eq!(read(&[8, 0x81, 0]), Ok(vec![(1, Value::Number(1))]), "longer than it must be");
    }

    #[test]
    fn fields_of_every_form_are_passed_over_or_refused() {
        assert_eq!(read(&[0x4a, 1, 7]), Ok(vec![(9, Value::Bytes(&[7]))]));
        assert_eq!(read(&[0x49, 0, 0, 0, 0, 0, 0, 0, 0]), Ok(vec![(9, Value::Fixed)]));
        assert_eq!(read(&[0x4d, 0, 0, 0, 0, 8, 5]), Ok(vec![(9, Value::Fixed), (1, Value::Number(5))]));
        for bytes in [&[0x4b][..], &[0x4c], &[0x4e], &[0x4f], &[0x00, 1], &[0x4a, 2, 7], &[0x4d, 0, 0, 0], &[0x49, 0]] {
            assert_eq!(read(bytes), Err(Damaged), "{bytes:x?}");
        }
        let huge = [0x4a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(read(&huge), Err(Damaged), "a length beyond the end");
    }

    #[test]
    fn a_fault_ends_the_message() {
        assert_eq!(fields(&[0x00, 8, 5]).count(), 1);
    }

    #[test]
    fn numbers_of_32_bits() {
        for value in [0, 1, -1, i32::MIN, i32::MAX] {
            assert_eq!(int32(i64::from(value) as u64), Ok(value));
            assert_eq!(int32(u64::from(value as u32)), Ok(value), "written with 32 bits");
        }
        for value in [1 << 32, u64::MAX >> 1, 1 << 63] {
            assert_eq!(int32(value), Err(Damaged), "{value}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(field in 1..16_u8, number in 1..u64::MAX, bytes in prop::collection::vec(any::<u8>(), 1..300)) {
            let mut out = Vec::new();
            put_number(field, number, &mut out);
            put_bytes(field, &bytes, &mut out);
            let field = u64::from(field);
            prop_assert_eq!(read(&out), Ok(vec![(field, Value::Number(number)), (field, Value::Bytes(&bytes))]));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let taken: usize = fields(&bytes).flatten().map(|(_, value)| if let Value::Bytes(bytes) = value { bytes.len() } else { 0 }).sum();
            prop_assert!(taken <= bytes.len());
        }
    }
}
