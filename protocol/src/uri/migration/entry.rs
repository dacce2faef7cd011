//! One account of a part.

use std::fmt;

use super::EntryFault;
use super::wire::{Damaged, Value, fields, once};
use crate::otp::base32::Base32Error;
use crate::otp::{Algorithm, Counter, Digits, Period};
use crate::uri::otpauth::{Account, Field, Kind, Repair, UriError, clean};
use crate::{Secret, limits};

/// One account of a part, or what is refused of it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The account, and what was mended of it.
    pub account: Result<(Account, Vec<Repair>), Refused>,
}

/// An account that cannot be taken, as far as it could be read.
#[derive(Clone, PartialEq, Eq)]
pub struct Refused {
    /// Who issued it, fit to be shown; may be empty.
    pub issuer: String,
    /// Whose it is, fit to be shown; may be empty.
    pub name: String,
    /// Why it is not taken.
    pub why: EntryFault,
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refused").field("why", &self.why).finish_non_exhaustive()
    }
}

impl Entry {
    /// Issuer and name, fit to be shown.
    pub fn names(&self) -> (&str, &str) {
        match &self.account {
            Ok((account, _)) => (&account.issuer, &account.name),
            Err(refused) => (&refused.issuer, &refused.name),
        }
    }
}

/// The fields as they stand in the message.
#[derive(Default)]
struct Raw<'a> {
    secret: Option<&'a [u8]>,
    name: Option<&'a [u8]>,
    issuer: Option<&'a [u8]>,
    algorithm: Option<u64>,
    digits: Option<u64>,
    kind: Option<u64>,
    counter: Option<u64>,
}

/// Reads one account.
pub(super) fn read(bytes: &[u8]) -> Entry {
    let mut raw = Raw::default();
    let form = raw.fill(bytes);
    let mut repairs = Vec::new();
    let names = raw.names(&mut repairs);
    let long = |field, text: &str| match text.chars().count() {
        long if long > limits::URI_NAME => Err(UriError::NameTooLong(field, long)),
        _ => Ok(()),
    };
    let (issuer, name) = names;
    let account = form
        .and_then(|()| Ok(long(Field::Issuer, &issuer).and_then(|()| long(Field::Label, &name))?))
        .and_then(|()| Ok(raw.account(&issuer, &name, &mut repairs)?));
    let shown = |text: String| text.chars().take(limits::URI_NAME).collect();
    Entry {
        account: match account {
            Ok(account) => Ok((account, repairs)),
            Err(why) => Err(Refused { issuer: shown(issuer), name: shown(name), why }),
        },
    }
}

impl<'a> Raw<'a> {
    /// Takes the fields up to the first fault. Unknown ones, as a later version may have, are passed over.
    fn fill(&mut self, bytes: &'a [u8]) -> Result<(), EntryFault> {
        for field in fields(bytes) {
            match field? {
                (1, Value::Bytes(bytes)) => once(&mut self.secret, bytes)?,
                (2, Value::Bytes(bytes)) => once(&mut self.name, bytes)?,
                (3, Value::Bytes(bytes)) => once(&mut self.issuer, bytes)?,
                (4, Value::Number(number)) => once(&mut self.algorithm, number)?,
                (5, Value::Number(number)) => once(&mut self.digits, number)?,
                (6, Value::Number(number)) => once(&mut self.kind, number)?,
                (7, Value::Number(number)) => once(&mut self.counter, number)?,
                (1..=7, _) => return Err(EntryFault::Damaged),
                _ => {}
            }
        }
        Ok(())
    }

    /// Issuer and name. The name repeats the issuer in most accounts, and holds it alone in some.
    fn names(&self, repairs: &mut Vec<Repair>) -> (String, String) {
        let issuer = shown(self.issuer, Field::Issuer, repairs);
        let name = shown(self.name, Field::Label, repairs);
        match name.split_once(':') {
            _ if !issuer.is_empty() => {
                let after = name.strip_prefix(&issuer).and_then(|rest| rest.strip_prefix(':'));
                let name = after.map_or(name.as_str(), str::trim).to_owned();
                (issuer, name)
            }
            Some((issuer, name)) => (issuer.trim().to_owned(), name.trim().to_owned()),
            None => (issuer, name),
        }
    }

    fn account(&self, issuer: &str, name: &str, repairs: &mut Vec<Repair>) -> Result<Account, UriError> {
        let kind = match self.kind.unwrap_or_default() {
            0 | 2 => Kind::Totp { period: Period::THIRTY },
            1 => Kind::Hotp { counter: self.counter(repairs)? },
            _ => return Err(UriError::Type),
        };
        let algorithm = match self.algorithm.unwrap_or_default() {
            0 | 1 => Algorithm::Sha1,
            2 => Algorithm::Sha256,
            3 => Algorithm::Sha512,
            4 => Algorithm::Md5,
            _ => return Err(UriError::UnknownAlgorithm),
        };
        let digits = match self.digits.unwrap_or_default() {
            0 | 1 => Digits::SIX,
            2 => Digits::EIGHT,
            _ => return Err(UriError::Number(Field::Digits)),
        };
        let secret = self.secret.filter(|secret| !secret.is_empty()).ok_or(UriError::SecretMissing)?;
        if secret.len() > *limits::SEED_BYTES.end() {
            return Err(UriError::Secret(Base32Error::TooLong));
        }
        if secret.len() < limits::SEED_SHORT {
            repairs.push(Repair::KeyShort { bits: secret.len() * 8 });
        }
        // As of a link: Steam's codes have letters, unless it is said how many digits they have.
        if issuer.eq_ignore_ascii_case("steam") && self.digits.unwrap_or_default() == 0 {
            repairs.push(Repair::MaybeSteam);
        }
        let (issuer, name) = (issuer.to_owned(), name.to_owned());
        Ok(Account {
            kind,
            issuer,
            name,
            secret: Secret::from_slice(secret),
            pin: None,
            algorithm,
            digits,
            image_host: None,
        })
    }

    /// An `int64`. −1 is 0, as in links.
    fn counter(&self, repairs: &mut Vec<Repair>) -> Result<Counter, UriError> {
        match self.counter.unwrap_or_default() {
            u64::MAX => {
                repairs.push(Repair::CounterMinusOne);
                Ok(Counter::ZERO)
            }
            counter => Ok(Counter::try_from(counter)?),
        }
    }
}

/// A text as it may be shown; what was removed or replaced is told.
fn shown(raw: Option<&[u8]>, field: Field, repairs: &mut Vec<Repair>) -> String {
    let text = String::from_utf8_lossy(raw.unwrap_or_default());
    if matches!(text, std::borrow::Cow::Owned(_)) && !repairs.contains(&Repair::NotUtf8) {
        repairs.push(Repair::NotUtf8);
    }
    let cleaned = clean(text);
    if cleaned.removed {
        repairs.push(Repair::Removed(field));
    }
    cleaned.text
}

impl From<Damaged> for EntryFault {
    fn from(_: Damaged) -> Self {
        Self::Damaged
    }
}
