//! OCRA, RFC 6287: a code that answers a question.
//!
//! A [`Suite`] says what goes in and how long the answer is; an [`Input`] has exactly what the suite asks for.
//!
//! ```
//! use countersign_protocol::Secret;
//! use countersign_protocol::otp::ocra::{Input, Suite};
//!
//! let suite: Suite = "OCRA-1:HOTP-SHA1-6:QN08".parse()?;
//! let key = Secret::from_slice(b"12345678901234567890");
//! let answer = suite.answer(&key, &Input { questions: &["00000000"], ..Input::default() })?;
//! assert_eq!(answer.expose(), "237653"); // RFC 6287, appendix C.1
//! # Ok::<(), countersign_protocol::otp::ocra::OcraError>(())
//! ```

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use ring::hmac;
use zeroize::Zeroizing;

pub use self::hash::{Hash, hash_pin};
use super::{Code, Digits, hash as truncation};
use crate::Secret;

mod hash;

/// Why a suite is not read, or an input does not fit it. Holds no input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OcraError {
    /// The text is no suite of RFC 6287, section 6.
    #[error("not an OCRA suite")]
    Suite,
    /// A member that the suite asks for is missing, or one is there that it does not ask for.
    #[error("not what the suite asks for")]
    Members,
    /// A question is empty, too long, or has characters that its format does not allow; or there are not one or two.
    #[error("not a question of this suite")]
    Question,
    /// The hash of the PIN is not as long as the suite's hash.
    #[error("not the hash of a PIN of this suite")]
    Pin,
    /// The session information is longer than the suite says.
    #[error("session information over its length")]
    Session,
    /// The answer of this suite is no code of 5 to 10 digits.
    #[error("the answer is no code")]
    Length,
}

/// An OCRA suite (RFC 6287, section 6): `OCRA-1:HOTP-H-t:[C-]Qxx[-P][-S][-T]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    text: Cow<'static, str>,
    hash: Hash,
    /// Digits of the answer: 4 to 10, or none for the whole hash.
    digits: Option<u8>,
    counter: bool,
    format: Format,
    /// The longest question, in characters.
    longest: u8,
    pin: Option<Hash>,
    /// Bytes of session information.
    session: Option<u16>,
    /// Seconds of a time step.
    step: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Alphanumeric,
    Numeric,
    Hexadecimal,
}

/// What goes into one answer. Exactly what the suite asks for is there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Input<'a> {
    /// The counter, with `C`.
    pub counter: Option<u64>,
    /// The question; where both sides ask, both, in the order of the RFC.
    pub questions: &'a [&'a str],
    /// The hash of the PIN, with `P`: [`hash_pin`].
    pub pin: Option<&'a Secret>,
    /// Session information, with `S`.
    pub session: Option<&'a [u8]>,
    /// The moment in seconds since 1970, with `T`.
    pub unix: Option<u64>,
}

/// An answer: digits, or the whole hash in lower-case hex. Wiped on drop, printed nowhere.
pub struct Answer(Zeroizing<String>);

impl Answer {
    /// The characters. Each call site says why they must leave the type.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(..)")
    }
}

/// The question with zero bytes to its right (RFC 6287, section 5.1).
const QUESTION: usize = 128;

impl Suite {
    /// The suite of answer codes (push-v1 section 12).
    pub(crate) const ANSWER_CODE: Self = Self {
        text: Cow::Borrowed("OCRA-1:HOTP-SHA256-8:QH64"),
        hash: Hash::Sha256,
        digits: Some(8),
        counter: false,
        format: Format::Hexadecimal,
        longest: 64,
        pin: None,
        session: None,
        step: None,
    };

    /// The suite as it is written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The answer to a question.
    ///
    /// # Errors
    /// [`OcraError`] when the input is not what the suite asks for.
    pub fn answer(&self, key: &Secret, input: &Input<'_>) -> Result<Answer, OcraError> {
        let tag = self.tag(key, input)?;
        Ok(Answer(Zeroizing::new(match self.digits {
            None => tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect(),
            Some(digits) => {
                let bits = u64::from(truncation::truncate(tag.as_ref()));
                format!("{:0width$}", bits % 10_u64.pow(u32::from(digits)), width = usize::from(digits))
            }
        })))
    }

    /// The answer as a code, which has 5 digits at least.
    ///
    /// # Errors
    /// As [`Suite::answer`]; [`OcraError::Length`] for a suite with 4 digits or without truncation.
    pub fn code(&self, key: &Secret, input: &Input<'_>) -> Result<Code, OcraError> {
        let digits = self.digits.map(u64::from).and_then(|digits| Digits::try_from(digits).ok());
        let digits = digits.ok_or(OcraError::Length)?;
        Ok(Code::new(truncation::truncate(self.tag(key, input)?.as_ref()), digits))
    }

    /// The answer to a question of 32 bytes under [`Suite::ANSWER_CODE`], which nothing can go wrong in.
    pub(crate) fn answer_code(key: &Secret, question: &[u8; 32]) -> Code {
        let mut padded = [0; QUESTION];
        padded[..32].copy_from_slice(question);
        let mut data = Self::ANSWER_CODE.start();
        data.update(&padded);
        Code::new(truncation::truncate(data.sign_with(key).as_ref()), Digits::EIGHT)
    }

    /// The HMAC over all that goes in (RFC 6287, section 5.1).
    fn tag(&self, key: &Secret, input: &Input<'_>) -> Result<hmac::Tag, OcraError> {
        let asked = [
            (self.counter, input.counter.is_some()),
            (self.pin.is_some(), input.pin.is_some()),
            (self.session.is_some(), input.session.is_some()),
            (self.step.is_some(), input.unix.is_some()),
        ];
        if asked.iter().any(|(asked, is_there)| asked != is_there) {
            return Err(OcraError::Members);
        }
        let mut data = self.start();
        if let Some(counter) = input.counter {
            data.update(&counter.to_be_bytes());
        }
        data.update(&self.question(input.questions)?);
        if let (Some(hash), Some(pin)) = (self.pin, input.pin) {
            // The hash leaves its type to go into the HMAC.
            data.update(Some(pin.expose()).filter(|pin| pin.len() == hash.len()).ok_or(OcraError::Pin)?);
        }
        if let (Some(len), Some(session)) = (self.session, input.session) {
            let missing = usize::from(len).checked_sub(session.len()).ok_or(OcraError::Session)?;
            data.update(&vec![0; missing]);
            data.update(session);
        }
        if let (Some(step), Some(unix)) = (self.step, input.unix) {
            data.update(&(unix / u64::from(step)).to_be_bytes());
        }
        Ok(data.sign_with(key))
    }

    fn start(&self) -> Data {
        let mut data = Data { hash: self.hash, bytes: Zeroizing::new(Vec::with_capacity(1024)) };
        data.update(self.text.as_bytes());
        data.update(&[0]);
        data
    }

    /// One question or two, joined, in 128 bytes.
    fn question(&self, questions: &[&str]) -> Result<[u8; QUESTION], OcraError> {
        let fits = |question: &&str| {
            (1..=usize::from(self.longest)).contains(&question.len())
                && question.bytes().all(|byte| match self.format {
                    Format::Alphanumeric => byte.is_ascii_alphanumeric(),
                    Format::Numeric => byte.is_ascii_digit(),
                    Format::Hexadecimal => byte.is_ascii_hexdigit(),
                })
        };
        if !(1..=2).contains(&questions.len()) || !questions.iter().all(fits) {
            return Err(OcraError::Question);
        }
        let joined = questions.concat();
        let mut padded = [0; QUESTION];
        match self.format {
            Format::Alphanumeric => joined.bytes().zip(&mut padded).for_each(|(byte, place)| *place = byte),
            Format::Hexadecimal => put_hex(&joined, &mut padded),
            Format::Numeric => put_hex(&decimal_to_hex(&joined), &mut padded),
        }
        Ok(padded)
    }
}

/// What the HMAC is over. It may hold the hash of a PIN, so it is wiped.
struct Data {
    hash: Hash,
    bytes: Zeroizing<Vec<u8>>,
}

impl Data {
    fn update(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn sign_with(&self, key: &Secret) -> hmac::Tag {
        self.hash.sign(key, &self.bytes)
    }
}

/// Writes hex digits from the left, two a byte; of an odd number the last is followed by a zero.
fn put_hex(digits: &str, into: &mut [u8]) {
    for (at, digit) in digits.chars().filter_map(|digit| digit.to_digit(16)).enumerate() {
        let nibble = digit as u8;
        if let Some(byte) = into.get_mut(at / 2) {
            *byte |= if at % 2 == 0 { nibble << 4 } else { nibble };
        }
    }
}

/// A decimal number of any length in hex, without zeros in front; zero is `0` (RFC 6287, section 5.1, and its code).
fn decimal_to_hex(digits: &str) -> String {
    let mut rest: Vec<u32> = digits.chars().filter_map(|digit| digit.to_digit(10)).collect();
    let mut hex = Vec::new();
    while rest.iter().any(|digit| *digit != 0) || hex.is_empty() {
        let mut carried = 0;
        for digit in &mut rest {
            let value = carried * 10 + *digit;
            *digit = value / 16;
            carried = value % 16;
        }
        hex.extend(char::from_digit(carried, 16));
    }
    hex.iter().rev().collect()
}

impl FromStr for Suite {
    type Err = OcraError;

    fn from_str(text: &str) -> Result<Self, OcraError> {
        parse(text).ok_or(OcraError::Suite)
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Reads a suite. Upper case alone: the text itself goes into the HMAC.
fn parse(text: &str) -> Option<Suite> {
    let (function, input) = text.strip_prefix("OCRA-1:HOTP-")?.split_once(':')?;
    let (hash, digits) = function.split_once('-')?;
    let (hash, digits) = (Hash::read(hash)?, number(digits, 2)?);
    let mut parts = input.split('-').peekable();
    let counter = parts.next_if_eq(&"C").is_some();
    let (format, longest) = question(parts.next()?)?;
    let pin = match parts.next_if(|part| part.starts_with('P')) {
        Some("P") => Some(Hash::Sha1),
        Some(part) => Some(Hash::read(&part[1..])?),
        None => None,
    };
    let session = match parts.next_if(|part| part.starts_with('S')) {
        Some("S") => Some(64),
        Some(part) => Some(session(&part[1..])?),
        None => None,
    };
    let step = match parts.next_if(|part| part.starts_with('T')) {
        Some("T") => Some(60),
        Some(part) => Some(step(&part[1..])?),
        None => None,
    };
    let digits = match digits {
        0 => None,
        4..=10 => Some(u8::try_from(digits).ok()?),
        _ => return None,
    };
    let text = Cow::Owned(text.to_owned());
    parts.next().is_none().then_some(Suite { text, hash, digits, counter, format, longest, pin, session, step })
}

/// A decimal number of at most so many digits.
fn number(text: &str, most: usize) -> Option<u16> {
    let fits = (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| fits)
}

/// `Qfxx`: a format and 04 to 64 characters; `Q` alone is `QN08`.
fn question(part: &str) -> Option<(Format, u8)> {
    let kind = part.strip_prefix('Q')?;
    if kind.is_empty() {
        return Some((Format::Numeric, 8));
    }
    let format = match kind.chars().next()? {
        'A' => Format::Alphanumeric,
        'N' => Format::Numeric,
        'H' => Format::Hexadecimal,
        _ => return None,
    };
    let longest = Some(&kind[1..]).filter(|digits| digits.len() == 2).and_then(|digits| number(digits, 2))?;
    u8::try_from(longest).ok().filter(|longest| (4..=64).contains(longest)).map(|longest| (format, longest))
}

/// `Snnn`: three digits, 1 to 512 bytes.
fn session(digits: &str) -> Option<u16> {
    number(digits, 3).filter(|len| digits.len() == 3 && (1..=512).contains(len))
}

/// `TG`: 1 to 59 seconds or minutes, 1 to 48 hours.
fn step(size: &str) -> Option<u32> {
    let unit = size.chars().next_back().filter(char::is_ascii)?;
    let count = number(&size[..size.len() - 1], 2).filter(|count| *count > 0)?;
    match unit {
        'S' if count <= 59 => Some(u32::from(count)),
        'M' if count <= 59 => Some(u32::from(count) * 60),
        'H' if count <= 48 => Some(u32::from(count) * 3600),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
