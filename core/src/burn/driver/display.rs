//! What both kinds of Token2's display tokens do alike: they tell of themselves, take a challenge's answer, and commands
//! with a MAC.

use std::marker::PhantomData;

use countersign_protocol::otp::Algorithm;

use crate::burn::apdu::{Apdu, StatusWord};
use crate::burn::credential::Serial;
use crate::burn::pen::{Held, Pen, Stop};
use crate::burn::sm4::Cipher;
use crate::burn::{Step, TokenError};
use crate::limits;

/// What a token tells of itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Info {
    pub(super) serial: Serial,
    /// Seconds since 1970.
    pub(super) clock: u32,
}

impl Info {
    /// Three bytes that mean nothing, a length, so many digits, two bytes that mean nothing, the clock.
    pub(super) fn parse(told: &[u8]) -> Option<Self> {
        let ([_, _, _, length], rest) = told.split_first_chunk()?;
        let (digits, rest) = rest.split_at_checked(usize::from(*length))?;
        let clock = rest.get(2..)?.first_chunk()?;
        let is_number = limits::TOKEN_TOLD_SERIAL.contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit);
        let serial = str::from_utf8(digits).ok().filter(|_| is_number)?;
        Some(Self { serial: Serial::try_from(serial).ok()?, clock: u32::from_be_bytes(*clock) })
    }

    /// How many seconds the token is ahead.
    pub(super) fn ahead(&self, now: u64) -> i64 {
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        i64::from(self.clock).saturating_sub(now)
    }
}

/// A session in which nothing was proven.
pub(super) struct Open;
/// A session in which the key was proven.
pub(super) struct Proven;
/// A session in which settings and clock were written, so that a seed stays.
pub(super) struct Configured;

/// A session with a display token. Only one that is [`Configured`] takes a seed: on most models the clock takes it away.
pub(super) struct Session<'a, 'l, S> {
    pub(super) pen: Pen<'a, 'l>,
    cipher: Cipher,
    state: PhantomData<S>,
}

impl<'a, 'l> Session<'a, 'l, Open> {
    pub(super) fn new(pen: Pen<'a, 'l>, cipher: Cipher) -> Self {
        Self { pen, cipher, state: PhantomData }
    }

    /// Proves the key. There is one attempt; a session that failed is gone.
    pub(super) fn authenticate(mut self, draw: &Apdu) -> Result<Session<'a, 'l, Proven>, Stop> {
        self.pen.check_cancel()?;
        let challenge = self.pen.ask(Step::Challenge, draw)?;
        let challenge: [u8; 8] =
            challenge.expose().try_into().map_err(|_| self.pen.stop(TokenError::Unreadable(Step::Challenge)))?;
        let answer = self.cipher.answer(&challenge);
        let proof = Apdu::with([0x80, 0xce, 0x00, 0x00], &answer).map_err(|error| self.pen.stop(error.into()))?;
        self.pen.write_or(Step::Authenticate, &proof, Held::Before, refused)?;
        Ok(Session { pen: self.pen, cipher: self.cipher, state: PhantomData })
    }
}

/// What a refused authentication means: `63 Cx` or `63 NN` tell how many tries are left.
fn refused(step: Step, status: StatusWord) -> TokenError {
    match status.0.to_be_bytes() {
        [0x63, low] => TokenError::WrongKey { left: Some(if low >> 4 == 0xc { low & 0xf } else { low }) },
        [0x69, 0x83] => TokenError::WrongKey { left: None },
        _ => TokenError::status(step, status),
    }
}

impl<'a, 'l> Session<'a, 'l, Proven> {
    /// Writes settings and clock.
    pub(super) fn write_config(
        mut self,
        header: [u8; 4],
        config: &[u8],
        then: Held,
    ) -> Result<Session<'a, 'l, Configured>, Stop> {
        self.secured(Step::Config, header, config, then)?;
        Ok(Session { pen: self.pen, cipher: self.cipher, state: PhantomData })
    }
}

impl Session<'_, '_, Configured> {
    /// Writes a seed.
    pub(super) fn write_seed(&mut self, header: [u8; 4], seed: &[u8]) -> Result<(), Stop> {
        self.sealed(Step::Seed, header, seed, Held::New)
    }

    /// Writes a title, when the seed is there.
    pub(super) fn write_title(&mut self, header: [u8; 4], title: &str) -> Result<(), Stop> {
        self.sealed(Step::Title, header, title.as_bytes(), Held::New)
    }
}

impl<S> Session<'_, '_, S> {
    /// A command whose data are encrypted.
    pub(super) fn sealed(&mut self, step: Step, header: [u8; 4], plain: &[u8], then: Held) -> Result<(), Stop> {
        let body = self.cipher.seal(plain);
        self.secured(step, header, &body, then)
    }

    /// A command with a MAC.
    pub(super) fn secured(&mut self, step: Step, header: [u8; 4], body: &[u8], then: Held) -> Result<(), Stop> {
        let apdu = self.signed(header, body).map_err(|error| self.pen.stop(error))?;
        self.pen.write(step, &apdu, then)
    }

    /// The class inside the MAC is 80 though 84 is on the wire, and the length is the body's alone.
    fn signed(&self, header: [u8; 4], body: &[u8]) -> Result<Apdu, TokenError> {
        let [_, ins, p1, p2] = header;
        let length = u8::try_from(body.len()).map_err(|_| TokenError::TooLong(super::super::TooLong(body.len())))?;
        let mac = self.cipher.mac(&[&[0x80, ins, p1, p2, length], body].concat());
        Ok(Apdu::with(header, &[body, &mac].concat())?)
    }

    /// A command whose status word says more than yes or no: what it is, is up to the caller.
    pub(super) fn asking(&mut self, header: [u8; 4], plain: &[u8]) -> Result<StatusWord, Stop> {
        let body = self.cipher.seal(plain);
        let apdu = self.signed(header, &body).map_err(|error| self.pen.stop(error))?;
        Ok(self.pen.exchange(&apdu)?.status)
    }
}

/// The hash as both families write it. Plans hold no other.
pub(super) fn algorithm(algorithm: Algorithm) -> u8 {
    match algorithm {
        Algorithm::Sha1 => 1,
        Algorithm::Sha256 => 2,
        Algorithm::Sha512 => 3,
        Algorithm::Sha224 | Algorithm::Sha384 | Algorithm::Md5 => 0,
    }
}

#[cfg(test)]
mod tests {
    use countersign_properties::parser;
    use proptest::prelude::*;

    use super::*;
    use crate::burn::testing::hex;
    use crate::properties::damaged;

    const INFO: &str = "0000000E 3836353936323230303030303031 0000 6553F100";

    #[test]
    fn what_a_token_tells_is_read_by_its_length() {
        let info = Info::parse(&hex(INFO)).unwrap();
        assert_eq!((info.serial.as_str(), info.clock), ("86596220000001", 1_700_000_000));
        assert_eq!((info.ahead(1_700_000_003), info.ahead(1_699_999_995)), (-3, 5));
        let (least, most) = limits::TOKEN_TOLD_SERIAL.into_inner();
        for (length, fits) in [(least - 1, false), (least, true), (most, true), (most + 1, false)] {
            let told = [&[9, 9, 9, length as u8][..], &vec![b'1'; length], &[8, 8, 0, 0, 0, 5]].concat();
            assert_eq!(Info::parse(&told).is_some(), fits, "{length}");
            assert_eq!(Info::parse(&told[..told.len() - 1]), None);
        }
        assert_eq!(Info::parse(&hex("0000000141 0000 6553F100")), None, "a letter is no digit");
        assert_eq!(Info::parse(&hex("000000FF31")), None);
    }

    #[test]
    fn any_answer_is_a_number_and_a_time_or_nothing() {
        let bent = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
        parser(bent.prop_map(|(at, change, how)| damaged(hex(INFO), at, change, how)), |told| {
            let info = Info::parse(told);
            info.is_some_and(|info| info.serial.as_str().bytes().all(|digit| digit.is_ascii_digit()))
        });
    }

    #[test]
    fn tries_that_are_left_are_read_in_both_ways() {
        let left = |status| refused(Step::Authenticate, StatusWord(status));
        assert_eq!(left(0x63c7), TokenError::WrongKey { left: Some(7) });
        assert_eq!(left(0x6307), TokenError::WrongKey { left: Some(7) });
        assert_eq!(left(0x6983), TokenError::WrongKey { left: None });
        let data = TokenError::Status { step: Step::Authenticate, status: StatusWord::DATA };
        assert_eq!(left(0x6a80), data);
    }
}
