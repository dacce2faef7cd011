//! Bytes that are written and read one after the other, and what is called by a number in them.

use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Counter, Period};
use zeroize::Zeroizing;

use crate::burn::apdu::{StatusWord, TooLong};
use crate::burn::credential::{Credential, Moving, Seed, Serial, TokenDigits};
use crate::burn::identity::{Dialect, Family};
use crate::burn::journal::{Ending, Progress, TokenName};
use crate::burn::link::LinkError;
use crate::burn::request::DisplayTime;
use crate::burn::{Step, TokenError};
use crate::error::PortError;

/// The form of all of these that this program writes.
pub(super) const FORM: u8 = 1;

/// The form of a row of the ledger that says how far its token's clock is off.
pub(super) const WITH_CLOCK: u8 = 2;

// What each is called by is its place in these lists, from 1: what comes is added at the end.

pub(super) const FAMILIES: [Family; 8] = [
    Family::Single,
    Family::Molto2,
    Family::Oath(Dialect::YubiKey),
    Family::Oath(Dialect::NeoOath),
    Family::Oath(Dialect::Apex),
    Family::Oath(Dialect::Nitrokey),
    Family::Token2Otp,
    Family::Feitian,
];

pub(super) const STEPS: [Step; 18] = [
    Step::Info,
    Step::Select,
    Step::List,
    Step::Validate,
    Step::Challenge,
    Step::Authenticate,
    Step::Config,
    Step::Clock,
    Step::Seed,
    Step::Title,
    Step::Delete,
    Step::Put,
    Step::Agree,
    Step::ReadBack,
    Step::ChangeKey,
    Step::Reset,
    Step::Screen,
    Step::Respond,
];

pub(super) const LINKS: [LinkError; 4] = [LinkError::Lost, LinkError::Late, LinkError::Cancelled, LinkError::Reader];

pub(super) const PORTS: [PortError; 15] = [
    PortError::Cancelled,
    PortError::Interrupted,
    PortError::Unavailable,
    PortError::Locked,
    PortError::DiskFull,
    PortError::Disk,
    PortError::Busy,
    PortError::Memory,
    PortError::Network,
    PortError::Timeout,
    PortError::Tls,
    PortError::TooLarge,
    PortError::UserRefused,
    PortError::KeyGone,
    PortError::Failed,
];

pub(super) const DISPLAYS: [DisplayTime; 4] =
    [DisplayTime::Fifteen, DisplayTime::Thirty, DisplayTime::Sixty, DisplayTime::TwoMinutes];

/// Of an item of one of the lists, its number.
fn number_of<T: PartialEq>(list: &[T], item: &T) -> u8 {
    list.iter().position(|known| known == item).map_or(0, |at| at as u8 + 1)
}

/// Of a number, the item of the list.
fn item_of<T: Copy>(list: &[T], number: u64) -> Option<T> {
    list.get(usize::try_from(number.checked_sub(1)?).ok()?).copied()
}

/// Bytes that are written one after the other.
pub(super) struct Out(pub Zeroizing<Vec<u8>>);

impl Out {
    /// Room for everything: what a growing buffer leaves behind is not wiped.
    pub fn of(texts: &[&str], seed: usize) -> Self {
        let texts: usize = texts.iter().map(|text| text.len()).sum();
        Self(Zeroizing::new(Vec::with_capacity(1024 + texts + seed)))
    }

    /// All that was written, to be sealed.
    pub fn done(mut self) -> Secret {
        Secret::new(std::mem::take(&mut *self.0))
    }

    /// Bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// One byte.
    pub fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// A number, in 8 bytes.
    pub fn number(&mut self, number: u64) {
        self.bytes(&number.to_be_bytes());
    }

    /// A number that may be negative, in 8 bytes.
    pub fn signed(&mut self, number: i64) {
        self.bytes(&number.to_be_bytes());
    }

    /// A text, its length in 4 bytes before it.
    pub fn text(&mut self, text: &str) {
        self.bytes(&(text.len() as u32).to_be_bytes());
        self.bytes(text.as_bytes());
    }

    /// What may be missing: 0, or 1 and itself.
    pub fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// What stands in a list, by its number there.
    pub fn place_in<T: PartialEq>(&mut self, list: &[T], item: &T) {
        self.byte(number_of(list, item));
    }

    /// A token: its family, and its serial number, empty where it tells none.
    pub fn token(&mut self, token: &TokenName) {
        self.place_in(&FAMILIES, &token.family);
        self.text(token.serial.as_ref().map_or("", Serial::as_str));
    }

    /// What is in a token, its seed among it.
    pub fn credential(&mut self, credential: &Credential) {
        self.maybe(credential.serial.as_ref(), |out, serial| out.text(serial.as_str()));
        self.text(&credential.issuer);
        self.text(&credential.name);
        self.byte(credential.seed.len() as u8);
        // The seed leaves its type to be sealed with the rest.
        self.bytes(credential.seed.expose());
        match credential.moving {
            Moving::Time(period) => {
                self.byte(1);
                self.bytes(&period.seconds().to_be_bytes());
                self.number(period.start());
            }
            Moving::Counter(counter) => {
                self.byte(2);
                self.number(counter.get());
            }
        }
        self.place_in(&Algorithm::RFC_6238, &credential.algorithm);
        self.byte(credential.digits.get());
    }

    /// How far a burn got.
    pub fn progress(&mut self, progress: &Progress) {
        match progress {
            Progress::Begun(steps) => {
                self.byte(0);
                // More than that is no burn; what was noted last counts.
                let steps = &steps[steps.len().saturating_sub(255)..];
                self.byte(steps.len() as u8);
                steps.iter().for_each(|step| self.place_in(&STEPS, step));
            }
            Progress::Ended(ending) => {
                self.byte(1);
                self.ending(*ending);
            }
        }
    }

    /// How a burn ended.
    pub fn ending(&mut self, ending: Ending) {
        match ending {
            Ending::ProvenByLink => self.byte(1),
            Ending::ProvenByPerson => self.byte(2),
            Ending::ClockOff(seconds) => {
                self.byte(3);
                self.signed(seconds);
            }
            Ending::Written(None) => self.byte(4),
            Ending::Written(Some(error)) => {
                self.byte(5);
                self.error(error);
            }
            Ending::Failed => self.byte(6),
            Ending::NotWritten => self.byte(7),
            Ending::CountedByLink(next) => {
                self.byte(8);
                self.number(next.get());
            }
            Ending::CountedByPerson(next) => {
                self.byte(9);
                self.number(next.get());
            }
        }
    }

    /// Its number, and the number that it bears.
    pub fn error(&mut self, error: TokenError) {
        let at = |step: Step| u64::from(number_of(&STEPS, &step));
        let (kind, bears) = match error {
            TokenError::Link(link) => (1, number_of(&LINKS, &link).into()),
            TokenError::Status { step, status } => (2, at(step) << 16 | u64::from(status.0)),
            TokenError::WrongKey { left } => (3, left.map_or(NO_TRIES, u64::from)),
            TokenError::AccessCode => (4, 0),
            TokenError::Pin => (5, 0),
            TokenError::Off => (6, 0),
            TokenError::NotTouched(step) => (7, at(step)),
            TokenError::Full => (8, 0),
            TokenError::Absent(step) => (9, at(step)),
            TokenError::NoStatus => (10, 0),
            TokenError::Oversized(bytes) => (11, bytes as u64),
            TokenError::Endless => (12, 0),
            TokenError::Unreadable(step) => (13, at(step)),
            TokenError::OtherLayer(status) => (14, status.0.into()),
            TokenError::TooLong(TooLong(bytes)) => (15, bytes as u64),
            TokenError::OtherToken => (16, 0),
            TokenError::NotKept(step) => (17, at(step)),
            TokenError::KeyLength(bytes) => (18, bytes as u64),
            TokenError::Unable => (19, 0),
            TokenError::Port(port) => (20, number_of(&PORTS, &port).into()),
        };
        self.byte(kind);
        self.number(bears);
    }
}

/// More tries than a token can tell.
const NO_TRIES: u64 = 256;

/// Bytes that are read one after the other.
pub(super) struct In<'a>(pub &'a [u8]);

impl<'a> In<'a> {
    /// What stands behind the number of the form; nothing of a form that this program does not know.
    pub fn of(bytes: &'a [u8]) -> Option<Self> {
        bytes.strip_prefix(&[FORM]).map(Self)
    }

    /// Whether all of it was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// So many bytes as an array has; nothing where there are fewer.
    pub fn take<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (front, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(front)
    }

    /// So many bytes; nothing where there are fewer.
    pub fn slice(&mut self, length: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(front)
    }

    /// One byte.
    pub fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| *byte)
    }

    /// A number, of 8 bytes.
    pub fn number(&mut self) -> Option<u64> {
        self.take().copied().map(u64::from_be_bytes)
    }

    /// A number that may be negative, of 8 bytes.
    pub fn signed(&mut self) -> Option<i64> {
        self.take().copied().map(i64::from_be_bytes)
    }

    /// A text, its length in 4 bytes before it.
    pub fn text(&mut self) -> Option<String> {
        let length = u32::from_be_bytes(*self.take()?);
        let text = self.slice(usize::try_from(length).ok()?)?;
        Some(str::from_utf8(text).ok()?.to_owned())
    }

    /// A serial number; nothing for a text that is none.
    pub fn serial(&mut self) -> Option<Serial> {
        Serial::try_from(self.text()?.as_str()).ok()
    }

    /// What may be missing: `None` outside where it cannot be read.
    pub fn maybe<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.byte()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }

    /// What stands in a list under the number that is here.
    pub fn one_of<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        item_of(list, self.byte()?.into())
    }

    /// A token.
    pub fn token(&mut self) -> Option<TokenName> {
        let (family, serial) = (self.one_of(&FAMILIES)?, self.text()?);
        let serial = if serial.is_empty() { None } else { Some(Serial::try_from(serial.as_str()).ok()?) };
        Some(TokenName { family, serial })
    }

    /// What is in a token; nothing for values that no token has.
    pub fn credential(&mut self) -> Option<Credential> {
        let (serial, issuer, name) = (self.maybe(Self::serial)?, self.text()?, self.text()?);
        let length = self.byte()?;
        let seed = Seed::try_from(Secret::from_slice(self.slice(length.into())?)).ok()?;
        let moving = match self.byte()? {
            1 => {
                let seconds = u32::from_be_bytes(*self.take()?);
                let period = Period::try_from(u64::from(seconds)).ok()?;
                Moving::Time(period.counted_from(self.number()?).ok()?)
            }
            2 => Moving::Counter(self.counter()?),
            _ => return None,
        };
        let algorithm = self.one_of(&Algorithm::RFC_6238)?;
        let digits = TokenDigits::try_from(u64::from(self.byte()?)).ok()?;
        Some(Credential { serial, issuer, name, seed, moving, algorithm, digits })
    }

    fn counter(&mut self) -> Option<Counter> {
        Counter::try_from(self.number()?).ok()
    }

    /// How far a burn got.
    pub fn progress(&mut self) -> Option<Progress> {
        match self.byte()? {
            0 => {
                let count = self.byte()?;
                let steps = (0..count).map(|_| self.one_of(&STEPS)).collect::<Option<_>>()?;
                Some(Progress::Begun(steps))
            }
            1 => self.ending().map(Progress::Ended),
            _ => None,
        }
    }

    /// How a burn ended.
    pub fn ending(&mut self) -> Option<Ending> {
        Some(match self.byte()? {
            1 => Ending::ProvenByLink,
            2 => Ending::ProvenByPerson,
            3 => Ending::ClockOff(self.signed()?),
            4 => Ending::Written(None),
            5 => Ending::Written(Some(self.error()?)),
            6 => Ending::Failed,
            7 => Ending::NotWritten,
            8 => Ending::CountedByLink(self.counter()?),
            9 => Ending::CountedByPerson(self.counter()?),
            _ => return None,
        })
    }

    /// Why it was not read back: its number, and the number that it bears.
    pub fn error(&mut self) -> Option<TokenError> {
        let (kind, bears) = (self.byte()?, self.number()?);
        let at = |number: u64| item_of(&STEPS, number);
        let status = |number: u64| u16::try_from(number).ok().map(StatusWord);
        let size = |number: u64| usize::try_from(number).ok();
        Some(match kind {
            1 => TokenError::Link(item_of(&LINKS, bears)?),
            2 => TokenError::Status { step: at(bears >> 16)?, status: status(bears & 0xffff)? },
            3 if bears == NO_TRIES => TokenError::WrongKey { left: None },
            3 => TokenError::WrongKey { left: Some(u8::try_from(bears).ok()?) },
            7 => TokenError::NotTouched(at(bears)?),
            9 => TokenError::Absent(at(bears)?),
            11 => TokenError::Oversized(size(bears)?),
            13 => TokenError::Unreadable(at(bears)?),
            14 => TokenError::OtherLayer(status(bears)?),
            15 => TokenError::TooLong(TooLong(size(bears)?)),
            17 => TokenError::NotKept(at(bears)?),
            18 => TokenError::KeyLength(size(bears)?),
            20 => TokenError::Port(item_of(&PORTS, bears)?),
            // The others bear nothing.
            _ if bears != 0 => return None,
            4 => TokenError::AccessCode,
            5 => TokenError::Pin,
            6 => TokenError::Off,
            8 => TokenError::Full,
            10 => TokenError::NoStatus,
            12 => TokenError::Endless,
            16 => TokenError::OtherToken,
            19 => TokenError::Unable,
            _ => return None,
        })
    }
}
