//! What the desk and its program for readers say to each other: a byte that says what it is, a length, and that many bytes.

use std::io::{self, Read, Write};

use countersign_core::burn::LinkError;
use zeroize::Zeroizing;

use super::ReaderError;
use crate::limits::READER_FRAME;

/// What is said. It may carry a command to a token, and with it a seed: it is wiped.
pub type Body = Zeroizing<Vec<u8>>;

/// What the desk asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Whether a service of smart cards runs.
    Service,
    /// All readers: of each whether a token lies on it, two bytes of length, and the name.
    Seen,
    /// Whether a token lies on this reader; it looks for a moment, until one does.
    Laid,
    /// The same, until none does.
    Taken,
    /// A link to the token on this reader.
    Connect,
    /// One command to that token.
    Transmit,
    /// The end of the link.
    Leave,
}

impl Ask {
    const ALL: [Self; 7] =
        [Self::Service, Self::Seen, Self::Laid, Self::Taken, Self::Connect, Self::Transmit, Self::Leave];

    /// The one that this byte says.
    pub fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|ask| ask.byte() == byte)
    }

    /// Its byte.
    pub const fn byte(self) -> u8 {
        self as u8
    }
}

/// Why an ask was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// The reader or its service.
    Reader(ReaderError),
    /// The link to the token.
    Link(LinkError),
}

/// What the program answers.
pub type Told = Result<Body, Undone>;

const DONE: u8 = 0;
const FAILED: u8 = 1;
const READERS: [(u8, ReaderError); 4] =
    [(2, ReaderError::NoService), (3, ReaderError::Gone), (4, ReaderError::Empty), (5, ReaderError::Busy)];
const LINKS: [(u8, LinkError); 4] =
    [(6, LinkError::Lost), (7, LinkError::Late), (8, LinkError::Cancelled), (9, LinkError::Reader)];

/// Says an answer.
///
/// # Errors
/// Of the pipe.
pub fn tell(to: &mut impl Write, told: &Told) -> io::Result<()> {
    let byte = |known: &[(u8, ReaderError)], error: &ReaderError| {
        known.iter().find_map(|(byte, known)| (known == error).then_some(*byte))
    };
    match told {
        Ok(body) => write(to, DONE, body),
        Err(Undone::Reader(error)) => match (byte(&READERS, error), error) {
            (None, ReaderError::Failed(why)) => write(to, FAILED, why.as_bytes()),
            (byte, _) => write(to, byte.unwrap_or(FAILED), &[]),
        },
        Err(Undone::Link(error)) => {
            let byte = LINKS.iter().find_map(|(byte, known)| (known == error).then_some(*byte));
            write(to, byte.unwrap_or(FAILED), &[])
        }
    }
}

/// Hears an answer; nothing where nobody says any more.
///
/// # Errors
/// Of the pipe, or where it is none of ours.
pub fn hear(from: &mut impl Read) -> io::Result<Option<Told>> {
    let Some((kind, body)) = read(from)? else { return Ok(None) };
    let reader = READERS.into_iter().find_map(|(byte, error)| (byte == kind).then_some(Undone::Reader(error)));
    let link = LINKS.into_iter().find_map(|(byte, error)| (byte == kind).then_some(Undone::Link(error)));
    Ok(Some(match kind {
        DONE => Ok(body),
        FAILED => Err(Undone::Reader(ReaderError::Failed(String::from_utf8_lossy(&body).into_owned()))),
        _ => Err(reader.or(link).ok_or(io::ErrorKind::InvalidData)?),
    }))
}

/// Writes one.
///
/// # Errors
/// Of the pipe, or where it is longer than one may be.
pub fn write(to: &mut impl Write, kind: u8, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).ok().filter(|_| body.len() <= READER_FRAME);
    let mut bytes = Zeroizing::new(Vec::with_capacity(5 + body.len()));
    bytes.push(kind);
    bytes.extend(length.ok_or(io::ErrorKind::InvalidInput)?.to_be_bytes());
    bytes.extend(body);
    to.write_all(&bytes)?;
    to.flush()
}

/// Reads one; nothing at the end.
///
/// # Errors
/// Of the pipe, or where it is longer than one may be.
pub fn read(from: &mut impl Read) -> io::Result<Option<(u8, Body)>> {
    let mut kind = [0];
    if from.read(&mut kind)? == 0 {
        return Ok(None);
    }
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).ok().filter(|length| *length <= READER_FRAME);
    let mut body = Zeroizing::new(vec![0; length.ok_or(io::ErrorKind::InvalidData)?]);
    from.read_exact(&mut body)?;
    Ok(Some((kind[0], body)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_comes_as_it_was_said() {
        let readers = READERS.into_iter().map(|(_, error)| Err(Undone::Reader(error)));
        let links = LINKS.into_iter().map(|(_, error)| Err(Undone::Link(error)));
        let others = [
            Ok(Body::new(vec![])),
            Ok(Body::new(vec![7; READER_FRAME])),
            Err(Undone::Reader(ReaderError::Failed("no memory".into()))),
        ];
        for told in readers.chain(links).chain(others) {
            let mut bytes = Vec::new();
            tell(&mut bytes, &told).unwrap();
            let mut left = bytes.as_slice();
            assert_eq!(hear(&mut left).unwrap(), Some(told));
            assert!(left.is_empty());
            assert_eq!(hear(&mut left).unwrap(), None);
        }
    }

    #[test]
    fn each_ask_has_a_byte_of_its_own() {
        for ask in Ask::ALL {
            assert_eq!(Ask::of(ask.byte()), Some(ask));
        }
        assert_eq!(Ask::of(7), None);
    }

    #[test]
    fn what_is_too_long_cut_off_or_unknown_is_refused() {
        assert!(write(&mut Vec::new(), DONE, &vec![0; READER_FRAME + 1]).is_err());
        for wrong in [&[0, 0xff, 0, 0, 0][..], &[0, 0, 0, 0], &[0, 0, 0, 0, 2, 1], &[10, 0, 0, 0, 0]] {
            assert!(hear(&mut &*wrong).is_err(), "{wrong:?}");
        }
    }
}
