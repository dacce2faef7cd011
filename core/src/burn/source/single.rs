//! Sources of one token, and seeds that are made here.

use countersign_protocol::otp::{Algorithm, Counter, Period};
use countersign_protocol::uri::otpauth;

use super::cell::{self, Draft};
use super::{Note, Row, Rule};
use crate::burn::credential::{Moving, Seed, TokenDigits};
use crate::error::PortError;
use crate::port::Random;

/// A seed that a person typed or pasted.
#[derive(Debug, Clone)]
pub enum Typed {
    /// It reads in one way.
    One {
        /// The seed.
        seed: Seed,
        /// What was passed over on the way.
        notes: Vec<Note>,
    },
    /// It may be base32 as well as hexadecimal: the person is asked.
    Either {
        /// Read as base32.
        base32: Seed,
        /// Read as hexadecimal digits.
        hex: Seed,
    },
}

/// Reads a seed that a person typed or pasted.
///
/// # Errors
/// See [`Rule`].
pub fn typed(text: &str) -> Result<Typed, Rule> {
    match cell::either(text, None) {
        Ok((seed, notes)) => Ok(Typed::One { seed, notes }),
        Err(Rule::Ambiguous) => Ok(Typed::Either { base32: cell::base32(text)?.0, hex: cell::hex(text)?.0 }),
        Err(fault) => Err(fault),
    }
}

/// Reads a Key URI, as a QR code holds it.
///
/// # Errors
/// [`Rule::Uri`] for what is none, [`Rule::OtherKind`] for accounts that are on no token.
pub fn link(text: &str) -> Result<Row, Rule> {
    let (account, repairs) = otpauth::parse(text).map_err(Rule::Uri)?;
    let moving = match account.kind {
        otpauth::Kind::Totp { period } => Moving::Time(period),
        otpauth::Kind::Hotp { counter } => Moving::Counter(counter),
        otpauth::Kind::Steam | otpauth::Kind::Yandex | otpauth::Kind::MOtp => return Err(Rule::OtherKind),
    };
    let notes = repairs.into_iter().map(Note::Link).collect();
    let draft = Draft {
        issuer: account.issuer,
        name: account.name,
        seed: Some(cell::seed_bytes(account.secret)?),
        algorithm: Some(account.algorithm),
        digits: Some(account.digits.into()),
        notes,
        ..of(moving)
    };
    draft.row(1)
}

/// What the tokens of a batch of random seeds are set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What moves the codes on.
    pub moving: Moving,
    /// The hash: a seed has as many bytes as its result, 20 for SHA-1, 32 for SHA-256 and 64 for SHA-512.
    pub algorithm: Algorithm,
    /// How many digits a code has.
    pub digits: TokenDigits,
}

/// Draws a seed for each of `count` tokens.
///
/// # Errors
/// As [`Random::fill`].
pub fn random(count: usize, settings: Settings, random: &dyn Random) -> Result<Vec<Row>, PortError> {
    let length = match settings.algorithm {
        Algorithm::Sha1 => 20,
        Algorithm::Sha256 => 32,
        Algorithm::Sha512 => 64,
        Algorithm::Sha224 => 28,
        Algorithm::Sha384 => 48,
        Algorithm::Md5 => 16,
    };
    let row = |at: usize| {
        let draft = Draft {
            seed: Some(Seed::try_from(random.secret(length)?).map_err(|_| PortError::Unavailable)?),
            algorithm: Some(settings.algorithm),
            digits: Some(settings.digits),
            ..of(settings.moving)
        };
        draft.row(at + 1).map_err(|_| PortError::Unavailable)
    };
    (0..count).map(row).collect()
}

fn of(moving: Moving) -> Draft {
    let (period, counter): (Option<Period>, Option<Counter>) = match moving {
        Moving::Time(period) => (Some(period), None),
        Moving::Counter(counter) => (None, Some(counter)),
    };
    Draft { is_timed: Some(period.is_some()), period, counter, ..Draft::default() }
}
