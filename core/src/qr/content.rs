//! The bits of a symbol to what they say (ISO/IEC 18004, 7.4).

/// What a symbol says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Content {
    /// Bytes of all parts. Kanji stay in the encoding of the standard, Shift JIS.
    pub(super) bytes: Vec<u8>,
    /// Whether what follows the text is as the standard fills it: a sign that nothing was misread.
    pub(super) is_filled_well: bool,
}

struct Stream<'a> {
    words: &'a [u8],
    place: usize,
}

impl Stream<'_> {
    fn left(&self) -> usize {
        self.words.len() * 8 - self.place
    }

    fn take(&mut self, bits: usize) -> Option<usize> {
        if self.left() < bits {
            return None;
        }
        let mut value = 0;
        for place in self.place..self.place + bits {
            let word = self.words.get(place / 8)?;
            value = value << 1 | usize::from(word >> (7 - place % 8) & 1);
        }
        self.place += bits;
        Some(value)
    }
}

/// Reads the data words of a symbol of this version, 1 to 40.
pub(super) fn content(words: &[u8], version: usize) -> Option<Content> {
    let mut stream = Stream { words, place: 0 };
    let mut bytes = Vec::new();
    let group = usize::from(version > 9) + usize::from(version > 26);
    loop {
        if stream.left() < 4 {
            return Some(Content { bytes, is_filled_well: true });
        }
        match stream.take(4)? {
            0 => return Some(Content { bytes, is_filled_well: is_filled_well(stream) }),
            1 => numeric(&mut stream, [10, 12, 14][group], &mut bytes)?,
            2 => alphanumeric(&mut stream, [9, 11, 13][group], &mut bytes)?,
            3 => drop(stream.take(16)?),
            4 => {
                for _ in 0..stream.take([8, 16, 16][group])? {
                    bytes.push(stream.take(8)? as u8);
                }
            }
            5 => {}
            7 => encoding(&mut stream)?,
            8 => kanji(&mut stream, [8, 10, 12][group], &mut bytes)?,
            9 => drop(stream.take(8)?),
            _ => return None,
        }
    }
}

fn numeric(stream: &mut Stream, bits: usize, bytes: &mut Vec<u8>) -> Option<()> {
    let mut left = stream.take(bits)?;
    while left > 0 {
        let digits = left.min(3);
        let value = stream.take([0, 4, 7, 10][digits])?;
        let text = format!("{value:0digits$}");
        if text.len() > digits {
            return None;
        }
        bytes.extend_from_slice(text.as_bytes());
        left -= digits;
    }
    Some(())
}

fn alphanumeric(stream: &mut Stream, bits: usize, bytes: &mut Vec<u8>) -> Option<()> {
    let letters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let mut left = stream.take(bits)?;
    while left > 0 {
        if left == 1 {
            bytes.push(*letters.get(stream.take(6)?)?);
            return Some(());
        }
        let value = stream.take(11)?;
        bytes.push(*letters.get(value / 45)?);
        bytes.push(*letters.get(value % 45)?);
        left -= 2;
    }
    Some(())
}

/// The name of an encoding, of one to three bytes, is passed over: text is taken as UTF-8, or else as Latin-1.
fn encoding(stream: &mut Stream) -> Option<()> {
    let first = stream.take(8)?;
    let more = match first >> 5 {
        0..=3 => 0,
        4 | 5 => 8,
        6 => 16,
        _ => return None,
    };
    stream.take(more).map(drop)
}

fn kanji(stream: &mut Stream, bits: usize, bytes: &mut Vec<u8>) -> Option<()> {
    for _ in 0..stream.take(bits)? {
        let value = stream.take(13)?;
        let packed = ((value / 0xc0) << 8) | (value % 0xc0);
        let code = packed + if packed < 0x1f00 { 0x8140 } else { 0xc140 };
        bytes.extend_from_slice(&u16::try_from(code).ok()?.to_be_bytes());
    }
    Some(())
}

/// After the end there are zeros to the end of the word, and then two bytes by turns.
fn is_filled_well(mut stream: Stream) -> bool {
    let rest = stream.left() % 8;
    if stream.take(rest) != Some(0) {
        return false;
    }
    let fill = stream.words.get(stream.place / 8..).unwrap_or_default();
    fill.iter().zip([0xec, 0x11].iter().cycle()).all(|(word, wanted)| word == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(parts: &[(usize, usize)]) -> Vec<u8> {
        let bits: Vec<bool> =
            parts.iter().flat_map(|(value, bits)| (0..*bits).rev().map(move |bit| value >> bit & 1 == 1)).collect();
        bits.chunks(8)
            .map(|byte| byte.iter().zip(0..).fold(0, |word, (bit, n)| word | u8::from(*bit) << (7 - n)))
            .collect()
    }

    fn said(parts: &[(usize, usize)], version: usize) -> Option<(Vec<u8>, bool)> {
        content(&packed(parts), version).map(|content| (content.bytes, content.is_filled_well))
    }

    #[test]
    fn each_mode_is_read() {
        // 01234567 and AC-42 are the standard's own examples (7.4.3, 7.4.4).
        let numeric = [(1, 4), (8, 10), (12, 10), (345, 10), (67, 7), (0, 4)];
        assert_eq!(said(&numeric, 1), Some((b"01234567".to_vec(), true)));
        let letters = [(2, 4), (5, 9), (462, 11), (1849, 11), (2, 6), (0, 4)];
        assert_eq!(said(&letters, 9), Some((b"AC-42".to_vec(), true)));
        let bytes = [(4, 4), (2, 16), (0x68, 8), (0x69, 8), (0, 4)];
        assert_eq!(said(&bytes, 10), Some((b"hi".to_vec(), true)));
        // 点 and 茗, the standard's examples (7.4.6).
        let kanji = [(8, 4), (2, 8), (0xd9f, 13), (0x1aaa, 13), (0, 4)];
        assert_eq!(said(&kanji, 1), Some((vec![0x93, 0x5f, 0xe4, 0xaa], true)));
        let named = [(7, 4), (26, 8), (4, 4), (1, 8), (0x21, 8), (0, 4)];
        assert_eq!(said(&named, 1), Some((b"!".to_vec(), true)));
        let part = [(3, 4), (0x1234, 16), (4, 4), (1, 8), (0x21, 8), (0, 4)];
        assert_eq!(said(&part, 1), Some((b"!".to_vec(), true)));
    }

    #[test]
    fn what_is_cut_off_or_out_of_range_is_refused() {
        for bad in [
            &[(4, 4), (9, 8), (0x68, 8)][..],
            &[(1, 4), (3, 10), (1000, 10)],
            &[(2, 4), (1, 9), (45, 6)],
            &[(2, 4), (2, 9), (2047, 11)],
            &[(15, 4), (0, 12)],
            &[(7, 4), (0xff, 8), (0, 20)],
            &[(8, 4), (3, 8), (0, 13)],
        ] {
            assert_eq!(said(bad, 1), None, "{bad:?}");
        }
    }

    #[test]
    fn the_fill_is_looked_at() {
        let start = [(4, 4), (1, 8), (0x21, 8), (0, 4)];
        let with = |fill: &[(usize, usize)]| said(&[&start, fill].concat(), 1).map(|it| it.1);
        assert_eq!(with(&[(0xec, 8), (0x11, 8), (0xec, 8)]), Some(true));
        assert_eq!(with(&[(0xec, 8), (0x12, 8)]), Some(false));
        assert_eq!(said(&[(0, 4), (1, 4)], 1), Some((Vec::new(), false)));
        assert_eq!(content(&[], 1), Some(Content { bytes: Vec::new(), is_filled_well: true }));
    }
}
