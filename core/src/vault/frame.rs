//! How a sealed piece stands in the file: it names its place, row and version in clear, so that a
//! damaged file can be searched for whole pieces, and all of that is associated data of its seal.
//!
//! ```text
//! C5 76 31 | place | row | version | length | nonce 12, cipher text, tag 16
//!            u8      varint varint   varint   `length` bytes
//! ```

/// The first bytes of every piece.
pub(super) const MAGIC: [u8; 3] = [0xC5, 0x76, 0x31];
/// The longest prefix: magic, place and three varints.
pub(super) const PREFIX_MOST: usize = 3 + 1 + 10 + 10 + 10;

/// Table and column of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    /// `account.seed`
    Seed,
    /// `account.label`
    Label,
    /// `note.body`
    Note,
    /// `summary.body`
    Summary,
    /// `groups.body`
    Group,
    /// `icon.body`
    Icon,
    /// `picture.body`
    Picture,
    /// `summary.body`, in rows of their own: how the last changes are taken back.
    Undo,
    /// `reserve.body`
    Reserve,
    /// `kept.body`
    Kept,
}

impl Place {
    const ALL: [Self; 10] = [
        Self::Seed,
        Self::Label,
        Self::Note,
        Self::Summary,
        Self::Group,
        Self::Icon,
        Self::Picture,
        Self::Undo,
        Self::Reserve,
        Self::Kept,
    ];

    /// Its number in a piece.
    pub const fn byte(self) -> u8 {
        match self {
            Self::Seed => 1,
            Self::Label => 2,
            Self::Note => 3,
            Self::Summary => 4,
            Self::Group => 5,
            Self::Icon => 6,
            Self::Picture => 7,
            Self::Undo => 8,
            Self::Reserve => 9,
            Self::Kept => 10,
        }
    }
}

/// What a piece says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Tag {
    /// Table and column.
    pub place: Place,
    /// Row id.
    pub row: u64,
    /// Version of the row, from 1; each change seals all its pieces anew under the next.
    pub version: u64,
}

/// A piece in its form, not yet opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub tag: Tag,
    /// Everything before the nonce.
    pub prefix: &'a [u8],
    /// Nonce, cipher text, tag.
    pub body: &'a [u8],
    /// Prefix and body.
    pub whole: &'a [u8],
}

/// Writes what stands before `length` sealed bytes.
pub(super) fn write_prefix(tag: Tag, length: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(&MAGIC);
    out.push(tag.place.byte());
    write_varint(tag.row, out);
    write_varint(tag.version, out);
    write_varint(length as u64, out);
}

/// Reads the piece that `bytes` begin with; more may follow it.
pub(super) fn parse(bytes: &[u8]) -> Option<Frame<'_>> {
    let mut rest = bytes.strip_prefix(&MAGIC)?;
    let (&place, after) = rest.split_first()?;
    rest = after;
    let place = Place::ALL.into_iter().find(|p| p.byte() == place)?;
    let row = read_varint(&mut rest)?;
    let version = read_varint(&mut rest)?;
    let length = usize::try_from(read_varint(&mut rest)?).ok()?;
    let body = rest.get(..length)?;
    let prefix = bytes.len() - rest.len();
    Some(Frame { tag: Tag { place, row, version }, prefix: &bytes[..prefix], body, whole: &bytes[..prefix + length] })
}

/// Every piece in `bytes`, wherever it begins. Pieces inside pieces are looked for too: a length may
/// be damaged.
pub(super) fn find_all(bytes: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    let starts = bytes.windows(MAGIC.len()).enumerate().filter(|(_, window)| *window == MAGIC);
    starts.filter_map(|(start, _)| parse(&bytes[start..]))
}

pub(super) fn write_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads a varint in its shortest form, as [`write_varint`] writes it.
pub(super) fn read_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        let part = u64::from(byte & 0x7F);
        if (part << shift) >> shift != part {
            return None;
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return (byte != 0 || shift == 0).then_some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree as _;

    use super::*;

    fn tags() -> impl Strategy<Value = Tag> {
        let number = prop_oneof![0..300u64, any::<u64>()];
        (0..Place::ALL.len(), number.clone(), number).prop_map(|(place, row, version)| Tag {
            place: Place::ALL[place],
            row,
            version,
        })
    }

    proptest! {
        #[test]
        fn a_frame_is_read_as_it_was_written(tag in tags(), body in prop::collection::vec(any::<u8>(), 0..300), after in any::<[u8; 4]>()) {
            let mut bytes = vec![];
            write_prefix(tag, body.len(), &mut bytes);
            prop_assert!(bytes.len() <= PREFIX_MOST);
            bytes.extend_from_slice(&body);
            let len = bytes.len();
            bytes.extend_from_slice(&after);
            let frame = parse(&bytes).unwrap();
            prop_assert_eq!((frame.tag, frame.body, frame.whole), (tag, &body[..], &bytes[..len]));
        }
    }

    /// Arbitrary bytes, every other time behind a right beginning, so that a good part is accepted.
    #[test]
    fn any_bytes_are_read_or_refused_and_a_third_is_read() {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let bytes = (any::<bool>(), prop::collection::vec(any::<u8>(), 0..80)).prop_map(|(whole, tail)| {
            let mut bytes = vec![];
            if whole {
                write_prefix(Tag { place: Place::Label, row: 7, version: 2 }, tail.len() / 2, &mut bytes);
            }
            bytes.extend_from_slice(&tail);
            bytes
        });
        let (mut accepted, total) = (0, 2000);
        for _ in 0..total {
            let bytes = bytes.new_tree(&mut runner).unwrap().current();
            let Some(frame) = parse(&bytes) else { continue };
            accepted += 1;
            let mut again = vec![];
            write_prefix(frame.tag, frame.body.len(), &mut again);
            assert_eq!(again, frame.prefix, "one value, one form");
        }
        assert!(accepted * 3 >= total, "{accepted} of {total}");
    }

    #[test]
    fn pieces_are_found_wherever_they_begin() {
        let mut bytes = vec![0xC5, 0xC5, 0x76];
        for row in 1..=3 {
            write_prefix(Tag { place: Place::Seed, row, version: 1 }, 4, &mut bytes);
            bytes.extend_from_slice(&[9; 4]);
            bytes.push(0xC5);
        }
        let rows: Vec<u64> = find_all(&bytes).map(|frame| frame.tag.row).collect();
        assert_eq!(rows, [1, 2, 3]);
    }

    #[test]
    fn a_varint_has_one_form() {
        for bytes in [&[0x80, 0x00][..], &[0xFF; 10], &[0x81], &[0xFF; 11], &[]] {
            assert_eq!(read_varint(&mut &*bytes), None, "{bytes:?}");
        }
    }
}
