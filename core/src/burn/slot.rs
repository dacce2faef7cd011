//! The slots of Yubico's OTP applet, as far as they answer challenges with HMAC-SHA1: a key that opens a vault.

use countersign_protocol::Secret;

use super::apdu::{Apdu, StatusWord};
use super::channel::Channel;
use super::link::TokenLink;
use super::{Step, TokenError};

const AID: &[u8] = &[0xa0, 0x00, 0x00, 0x05, 0x27, 0x20, 0x01];
/// What is sent: a shorter challenge is padded to it.
const CHALLENGE: usize = 64;
/// An answer.
const ANSWER: usize = 20;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HmacSlot {
    /// The first, of a short touch.
    One,
    /// The second, of a long touch.
    Two,
}

/// The applet, selected.
pub struct HmacSlots<'l> {
    channel: Channel<'l>,
    version: [u8; 3],
}

impl<'l> HmacSlots<'l> {
    /// Selects it.
    ///
    /// # Errors
    /// [`TokenError::Unable`] when this token has no such applet.
    pub fn open(link: &'l mut dyn TokenLink) -> Result<Self, TokenError> {
        let mut channel = Channel::new(link);
        let response = channel.exchange(&Apdu::with([0x00, 0xa4, 0x04, 0x00], AID)?)?;
        if response.status != StatusWord::OK {
            return Err(TokenError::Unable);
        }
        let version = response.data.expose().first_chunk().ok_or(TokenError::Unreadable(Step::Select))?;
        Ok(Self { version: *version, channel })
    }

    /// The firmware's version.
    pub fn version(&self) -> [u8; 3] {
        self.version
    }

    /// The number that is printed on the key.
    ///
    /// # Errors
    /// [`TokenError`]; some keys are set up not to tell it.
    pub fn serial(&mut self) -> Result<u32, TokenError> {
        let told = self.channel.ask(Step::Info, &Apdu::new([0x00, 0x01, 0x10, 0x00]).expecting(0))?;
        told.expose().try_into().map(u32::from_be_bytes).map_err(|_| TokenError::Unreadable(Step::Info))
    }

    /// The answer to a challenge of 1 to 64 bytes: twenty bytes. It is padded as Yubico's programs do, so that a slot that
    /// takes short challenges sees it as it is.
    ///
    /// # Errors
    /// [`TokenError::Absent`] when the slot is not set up; [`TokenError::NotTouched`].
    pub fn respond(&mut self, slot: HmacSlot, challenge: &[u8]) -> Result<Secret, TokenError> {
        let Some(last) = challenge.last().filter(|_| challenge.len() <= CHALLENGE) else {
            return Err(TokenError::TooLong(super::TooLong(challenge.len())));
        };
        // What it ends in does not count, if it is the same all the way.
        let mut padded = [u8::from(*last == 0); CHALLENGE];
        padded.iter_mut().zip(challenge).for_each(|(to, from)| *to = *from);
        let p1 = match slot {
            HmacSlot::One => 0x30,
            HmacSlot::Two => 0x38,
        };
        let response = self.channel.exchange(&Apdu::with([0x00, 0x01, p1, 0x00], &padded)?)?;
        match response.status {
            StatusWord::CONDITIONS => Err(TokenError::NotTouched(Step::Respond)),
            StatusWord::FILE => Err(TokenError::Absent(Step::Respond)),
            _ => match response.done(Step::Respond)? {
                answer if answer.len() == ANSWER => Ok(answer),
                answer if answer.is_empty() => Err(TokenError::Absent(Step::Respond)),
                _ => Err(TokenError::Unreadable(Step::Respond)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::burn::testing::{Script, hex};

    const STATUS: &str = "050403020300 9000";

    fn ask(answer: &str, slot: HmacSlot, challenge: &[u8]) -> (Result<Secret, TokenError>, Vec<u8>) {
        let mut link = Script::new(&[STATUS, answer]);
        let mut slots = HmacSlots::open(&mut link).unwrap();
        assert_eq!(slots.version(), [5, 4, 3]);
        let response = slots.respond(slot, challenge);
        (response, link.sent.last().unwrap().clone())
    }

    #[test]
    fn a_challenge_is_padded_so_that_its_end_can_be_found() {
        // RFC 2202, test case 1.
        let answer = "B617318655057264E28BC0B6FB378C8EF146BE00 9000";
        let (response, sent) = ask(answer, HmacSlot::Two, b"Hi There");
        assert_eq!(response.unwrap().len(), 20);
        assert_eq!(sent, [&hex("0001380040"), &b"Hi There"[..], &[0; 56]].concat());
        let (_, sent) = ask(answer, HmacSlot::One, &[7, 0]);
        assert_eq!(sent, [&hex("0001300040"), &[7, 0][..], &[1; 62]].concat());
        let (_, whole) = ask(answer, HmacSlot::One, &[0; CHALLENGE]);
        assert_eq!(whole[5..], [0; CHALLENGE]);
        for length in [0, CHALLENGE + 1] {
            let refused = ask(answer, HmacSlot::One, &vec![1; length]).0.err();
            assert_eq!(refused, Some(TokenError::TooLong(crate::burn::TooLong(length))));
        }
    }

    #[test]
    fn slots_that_do_not_answer() {
        for (answer, error) in [
            ("6985", TokenError::NotTouched(Step::Respond)),
            ("6A82", TokenError::Absent(Step::Respond)),
            ("9000", TokenError::Absent(Step::Respond)),
            ("01 9000", TokenError::Unreadable(Step::Respond)),
        ] {
            assert_eq!(ask(answer, HmacSlot::One, &[1]).0.err(), Some(error), "{answer}");
        }
        let mut link = Script::new(&["6A82"]);
        assert_eq!(HmacSlots::open(&mut link).err(), Some(TokenError::Unable));
        let mut link = Script::new(&[STATUS, "00BC614E 9000"]);
        assert_eq!(HmacSlots::open(&mut link).unwrap().serial(), Ok(12_345_678));
        assert_eq!(link.sent[1], hex("0001100000"));
    }
}
