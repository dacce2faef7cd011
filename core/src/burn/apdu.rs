//! Commands and status words (ISO/IEC 7816-4).

use std::fmt;

use countersign_protocol::Secret;
use zeroize::Zeroizing;

use crate::limits;

/// More data than a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} bytes are more than a command takes")]
pub struct TooLong(pub usize);

/// A command: four header bytes, perhaps data, perhaps how long an answer is wanted. Its data may hold a seed.
#[derive(Clone)]
pub struct Apdu {
    header: [u8; 4],
    data: Secret,
    /// Zero is as much as there is.
    le: Option<u8>,
}

impl Apdu {
    /// Class, instruction and two parameters; case 1 unless something is added.
    pub fn new(header: [u8; 4]) -> Self {
        Self { header, data: Secret::new(Vec::new()), le: None }
    }

    /// The same with data: case 3, or 4. Above 255 bytes its lengths are extended.
    ///
    /// # Errors
    /// [`TooLong`].
    pub fn with(header: [u8; 4], data: &[u8]) -> Result<Self, TooLong> {
        if data.len() > limits::APDU_DATA {
            return Err(TooLong(data.len()));
        }
        Ok(Self { data: Secret::from_slice(data), ..Self::new(header) })
    }

    /// The same, for an answer of so many bytes; zero is as many as there are: case 2, or 4.
    #[must_use]
    pub fn expecting(self, le: u8) -> Self {
        Self { le: Some(le), ..self }
    }

    /// Whether it brings data.
    pub(super) fn has_data(&self) -> bool {
        !self.data.is_empty()
    }

    /// As it goes over the link.
    pub fn bytes(&self) -> Zeroizing<Vec<u8>> {
        let data = self.data.expose();
        let mut bytes = Zeroizing::new(Vec::with_capacity(9 + data.len()));
        bytes.extend(self.header);
        match u8::try_from(data.len()) {
            Ok(0) => bytes.extend(self.le),
            Ok(length) => {
                bytes.push(length);
                bytes.extend(data);
                bytes.extend(self.le);
            }
            Err(_) => {
                let [.., high, low] = data.len().to_be_bytes();
                bytes.extend([0, high, low]);
                bytes.extend(data);
                bytes.extend(self.le.iter().flat_map(|le| [0, *le]));
            }
        }
        bytes
    }
}

/// Tells what is done and not to what: data may hold a seed.
impl fmt::Debug for Apdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Apdu({:02X?}, {} bytes)", self.header, self.data.len())
    }
}

/// Two bytes that say how it went.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatusWord(pub u16);

impl StatusWord {
    /// Done.
    pub const OK: Self = Self(0x9000);
    /// Molto-2: its button is waited for.
    pub const BUTTON: Self = Self(0x9060);
    /// Lengths do not fit.
    pub const LENGTH: Self = Self(0x6700);
    /// Not allowed before somebody has proven who they are; with Nitrokey: not touched, or a PIN is missing.
    pub const SECURITY: Self = Self(0x6982);
    /// Blocked, or not authenticated, or a wrong key: Token2's display tokens say it of all three.
    pub const BLOCKED: Self = Self(0x6983);
    /// YKOATH: no such object, or a response that does not fit. Feitian: not touched in time.
    pub const REFERENCE: Self = Self(0x6984);
    /// A condition does not hold: mostly a touch.
    pub const CONDITIONS: Self = Self(0x6985);
    /// The data are wrong.
    pub const DATA: Self = Self(0x6a80);
    /// Not in this state.
    pub const FUNCTION: Self = Self(0x6a81);
    /// No such applet or object.
    pub const FILE: Self = Self(0x6a82);
    /// No such entry.
    pub const RECORD: Self = Self(0x6a83);
    /// It is full.
    pub const SPACE: Self = Self(0x6a84);
    /// No such profile or function.
    pub const PARAMETERS: Self = Self(0x6a86);
    /// An instruction that it does not know.
    pub const INSTRUCTION: Self = Self(0x6d00);
    /// A class that it does not know.
    pub const CLASS: Self = Self(0x6e00);
    /// Token2's FIDO keys: their button was not pressed in time.
    pub const NOT_PRESSED: Self = Self(0x6ff9);

    /// Whether the command may have been done although this is no success: memory failed, or nobody knows.
    pub(super) fn is_unsure(self) -> bool {
        self.0 >> 8 == 0x65 || self.0 >> 8 == 0x64 || self.0 == 0x6f00
    }

    /// Whether a card could say this; anything else comes from a layer between.
    pub(super) fn is_of_a_card(self) -> bool {
        self.0 >> 12 == 6 || self.0 >> 8 == 0x90
    }
}

impl fmt::Display for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04X}", self.0)
    }
}

impl fmt::Debug for StatusWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_cases_short_and_extended() {
        let header = [0x80, 0x41, 0, 7];
        let with = |length: usize| Apdu::with(header, &vec![0x70; length]).unwrap();
        assert_eq!(**Apdu::new(header).bytes(), header);
        assert_eq!(**Apdu::new(header).expecting(0).bytes(), [0x80, 0x41, 0, 7, 0]);
        assert_eq!(**with(1).bytes(), [0x80, 0x41, 0, 7, 1, 0x70]);
        assert_eq!(**with(1).expecting(9).bytes(), [0x80, 0x41, 0, 7, 1, 0x70, 9]);
        assert_eq!((with(255).bytes().len(), with(255).bytes()[4]), (4 + 1 + 255, 255));
        let long = with(256).expecting(0).bytes();
        assert_eq!((&long[..7], &long[long.len() - 2..]), (&[0x80, 0x41, 0, 7, 0, 1, 0][..], &[0, 0][..]));
        assert_eq!(long.len(), 4 + 3 + 256 + 2);
        assert_eq!(with(limits::APDU_DATA).bytes().len(), 4 + 3 + limits::APDU_DATA);
        let over = limits::APDU_DATA + 1;
        assert_eq!(Apdu::with(header, &vec![0; over]).unwrap_err(), TooLong(over));
    }

    #[test]
    fn what_is_printed_holds_no_data() {
        let apdu = Apdu::with([0x84, 0xc5, 1, 0], b"12345678901234567890").unwrap();
        assert_eq!(format!("{apdu:?}"), "Apdu([84, C5, 01, 00], 20 bytes)");
        assert_eq!(format!("{} {:?}", StatusWord::SPACE, StatusWord(0x105)), "6A84 0105");
    }
}
