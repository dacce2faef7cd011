//! Command APDUs as a card reads them (ISO/IEC 7816-4), and status words.

/// Two bytes that say how it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sw(pub(crate) u16);

impl Sw {
    pub(crate) const OK: Self = Self(0x9000);
    /// Molto-2: the button is waited for.
    pub(crate) const WAITING: Self = Self(0x9060);
    /// Nitrokey: the PIN is wrong.
    pub(crate) const VERIFICATION: Self = Self(0x6300);
    pub(crate) const LENGTH: Self = Self(0x6700);
    pub(crate) const SECURITY: Self = Self(0x6982);
    /// Blocked; the display tokens of Token2 say it of every refusal to authenticate.
    pub(crate) const BLOCKED: Self = Self(0x6983);
    /// YKOATH: no such object, or a response that does not fit. Feitian: not touched in time.
    pub(crate) const REFERENCE: Self = Self(0x6984);
    pub(crate) const CONDITIONS: Self = Self(0x6985);
    pub(crate) const DATA: Self = Self(0x6a80);
    pub(crate) const FUNCTION: Self = Self(0x6a81);
    pub(crate) const FILE: Self = Self(0x6a82);
    pub(crate) const RECORD: Self = Self(0x6a83);
    pub(crate) const SPACE: Self = Self(0x6a84);
    pub(crate) const PARAMETERS: Self = Self(0x6a86);
    pub(crate) const INSTRUCTION: Self = Self(0x6d00);
    pub(crate) const CLASS: Self = Self(0x6e00);
    /// Token2's FIDO keys: the button was not pressed in time.
    pub(crate) const BUTTON: Self = Self(0x6ff9);
    /// Molto-2: an Le byte where none belongs.
    pub(crate) const LE: Self = Self(0x6ffb);
}

/// Data, or why there are none.
pub(crate) type Answer = Result<Vec<u8>, Sw>;

/// The bytes of an answer.
pub(crate) fn bytes(answer: Answer) -> Vec<u8> {
    let (mut bytes, sw) = answer.map_or_else(|sw| (Vec::new(), sw), |data| (data, Sw::OK));
    bytes.extend(sw.0.to_be_bytes());
    bytes
}

/// A command, in any of its four shapes, short or extended.
#[derive(Clone, Copy)]
pub(crate) struct Command<'a> {
    pub(crate) cla: u8,
    pub(crate) ins: u8,
    pub(crate) p1: u8,
    pub(crate) p2: u8,
    pub(crate) data: &'a [u8],
    /// How long an answer is wanted, if that was said; zero on the wire is 256, or 65,536.
    pub(crate) le: Option<usize>,
    pub(crate) extended: bool,
}

impl<'a> Command<'a> {
    /// Reads one frame.
    ///
    /// # Errors
    /// [`Sw::LENGTH`] when its lengths do not fit.
    pub(crate) fn parse(frame: &'a [u8]) -> Result<Self, Sw> {
        let (&[cla, ins, p1, p2], body) = frame.split_first_chunk().ok_or(Sw::LENGTH)?;
        let command = Self { cla, ins, p1, p2, data: &[], le: None, extended: false };
        match body {
            [] => Ok(command),
            [le] => Ok(Self { le: Some(expected((*le).into(), 0x100)), ..command }),
            [0, rest @ ..] => command.extended(rest),
            [lc, rest @ ..] => {
                let (data, rest) = rest.split_at_checked((*lc).into()).ok_or(Sw::LENGTH)?;
                let le = match rest {
                    [] => None,
                    [le] => Some(expected((*le).into(), 0x100)),
                    _ => return Err(Sw::LENGTH),
                };
                Ok(Self { data, le, ..command })
            }
        }
    }

    fn extended(self, body: &'a [u8]) -> Result<Self, Sw> {
        let (length, rest) = body.split_first_chunk().ok_or(Sw::LENGTH)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if rest.is_empty() {
            return Ok(Self { le: Some(expected(length, 0x1_0000)), extended: true, ..self });
        }
        let (data, rest) = rest.split_at_checked(length).filter(|_| length > 0).ok_or(Sw::LENGTH)?;
        let le = match rest {
            [] => None,
            [high, low] => Some(expected(u16::from_be_bytes([*high, *low]).into(), 0x1_0000)),
            _ => return Err(Sw::LENGTH),
        };
        Ok(Self { data, le, extended: true, ..self })
    }

    /// Parameter bytes together, as most tables write them.
    pub(crate) fn p(&self) -> [u8; 2] {
        [self.p1, self.p2]
    }
}

fn expected(le: usize, most: usize) -> usize {
    if le == 0 { most } else { le }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_shapes_short_and_extended() {
        let read = |frame: &[u8]| {
            Command::parse(frame)
                .map(|command| (command.data.to_vec(), command.le, command.extended))
                .map_err(|sw| sw.0)
        };
        let header = [0x80, 0x41, 0, 0];
        let with = |body: &[u8]| read(&[&header, body].concat());
        assert_eq!(with(&[]), Ok((vec![], None, false)));
        assert_eq!(with(&[0]), Ok((vec![], Some(256), false)));
        assert_eq!(with(&[8]), Ok((vec![], Some(8), false)));
        assert_eq!(with(&[2, 2, 0x11]), Ok((vec![2, 0x11], None, false)));
        assert_eq!(with(&[1, 7, 0]), Ok((vec![7], Some(256), false)));
        assert_eq!(with(&[0, 0, 0]), Ok((vec![], Some(65_536), true)));
        assert_eq!(with(&[0, 0, 2, 1, 2]), Ok((vec![1, 2], None, true)));
        assert_eq!(with(&[0, 0, 2, 1, 2, 1, 0]), Ok((vec![1, 2], Some(256), true)));
        for wrong in [&[2, 1][..], &[2, 1, 2, 3, 4], &[0, 1], &[0, 0, 2, 1], &[0, 0, 0, 1, 2], &[0, 0, 1, 1, 1, 1, 1]] {
            assert_eq!(with(wrong), Err(0x6700), "{wrong:02x?}");
        }
        assert_eq!(read(&[0x80, 0x41, 0]), Err(0x6700));
    }

    #[test]
    fn an_answer_ends_in_its_status_word() {
        assert_eq!(bytes(Ok(vec![1, 2])), [1, 2, 0x90, 0]);
        assert_eq!(bytes(Err(Sw::FILE)), [0x6a, 0x82]);
    }
}
