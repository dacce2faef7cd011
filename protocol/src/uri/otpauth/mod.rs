//! The Key URI of authenticator applications, `otpauth://TYPE/LABEL?secret=…`.
//!
//! There is no standard, only a page of an old wiki and what thirty programs made of it. [`parse`] takes what was seen in
//! the wild, tells everything it mended as a [`Repair`], and refuses the rest by field with a [`UriError`]. [`write()`]
//! makes the form that every program reads.
//!
//! ```
//! use countersign_protocol::uri::otpauth::{Repair, parse, write};
//!
//! let (account, repairs) = parse("otpauth://totp/GitHub:mara?secret=jbswy3dpehpk3pxpjbswy3dpee&issuer=GitHub")?;
//! assert_eq!((account.issuer.as_str(), account.name.as_str()), ("GitHub", "mara"));
//! assert_eq!(repairs, [Repair::KeyLowerCase]);
//! assert_eq!(*write(&account), "otpauth://totp/GitHub:mara?secret=JBSWY3DPEHPK3PXPJBSWY3DPEE&issuer=GitHub");
//! # Ok::<(), countersign_protocol::uri::otpauth::UriError>(())
//! ```

mod error;
mod label;
mod name;
mod query;
mod value;
mod write;

#[cfg(test)]
mod property;
#[cfg(test)]
mod quirk;

use std::fmt;

pub use error::{Field, OtherAlgorithm, OtherKind, Repair, UriError};
pub use name::{Cleaned, clean};
pub use write::write;

use crate::otp::{Algorithm, Counter, Digits, Period, Shape};
use crate::{Secret, limits};

/// One account as a Key URI describes it. `Debug` shows settings only: neither seed nor names.
#[derive(Clone)]
pub struct Account {
    /// What moves the code on.
    pub kind: Kind,
    /// Who issued the account; empty where nobody is named.
    pub issuer: String,
    /// Whose account it is; may be empty.
    pub name: String,
    /// The seed.
    pub secret: Secret,
    /// The hash under HMAC.
    pub algorithm: Algorithm,
    /// How long a code is.
    pub digits: Digits,
    /// The host of the logo's address, for a hint at most. The logo is never fetched, and [`write()`] leaves it out.
    pub image_host: Option<String>,
}

/// What moves the code on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The clock, in steps of a period.
    Totp {
        /// How long a code lives.
        period: Period,
    },
    /// Each use.
    Hotp {
        /// The counter of the next code.
        counter: Counter,
    },
}

impl Account {
    /// The settings of a TOTP account; `None` for HOTP.
    pub fn shape(&self) -> Option<Shape> {
        match self.kind {
            Kind::Totp { period } => Some(Shape { algorithm: self.algorithm, digits: self.digits, period }),
            Kind::Hotp { .. } => None,
        }
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, algorithm, digits, .. } = self;
        let mut shown = f.debug_struct("Account");
        shown.field("kind", kind).field("algorithm", algorithm).field("digits", digits).finish_non_exhaustive()
    }
}

/// Reads a Key URI, and tells what was mended on the way.
///
/// # Errors
/// The first fault that cannot be mended, by field; see [`UriError`].
pub fn parse(text: &str) -> Result<(Account, Vec<Repair>), UriError> {
    if text.len() > limits::URI_BYTES {
        return Err(UriError::TooLong(text.len()));
    }
    let mut repairs = Vec::new();
    let rest = after_scheme(text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}'), &mut repairs)?;
    let (head, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (hotp, label) = type_and_label(head, &mut repairs)?;
    if rest.contains('#') {
        repairs.push(Repair::Hash);
    }
    let query = query::read(query, &mut repairs)?;
    if value::marks_steam(&query) {
        return Err(UriError::Kind(OtherKind::Steam));
    }
    let secret = value::secret(&query, &mut repairs)?;
    let algorithm = value::algorithm(&query, &mut repairs)?;
    let digits = value::number(&query, Field::Digits, &mut repairs)?;
    let kind = if hotp {
        Kind::Hotp { counter: value::counter(&query, &mut repairs)? }
    } else {
        let period = value::number(&query, Field::Period, &mut repairs)?;
        Kind::Totp { period: period.map(Period::try_from).transpose()?.unwrap_or_default() }
    };
    let names = label::split(label, &query, &mut repairs)?;
    if names.issuer.eq_ignore_ascii_case("steam") && digits.is_none_or(|digits| digits == 5) {
        repairs.push(Repair::MaybeSteam);
    }
    let account = Account {
        kind,
        issuer: names.issuer,
        name: names.name,
        secret,
        algorithm,
        digits: digits.map(Digits::try_from).transpose()?.unwrap_or_default(),
        image_host: value::image_host(&query),
    };
    Ok((account, repairs))
}

/// What follows the scheme and its slashes. Two slashes are right; any other number was seen.
fn after_scheme<'a>(text: &'a str, repairs: &mut Vec<Repair>) -> Result<&'a str, UriError> {
    let (scheme, rest) = text.split_once(':').ok_or(UriError::NotKeyUri)?;
    if let Some(kind) = OtherKind::of_scheme(scheme) {
        return Err(UriError::Kind(kind));
    }
    if !scheme.eq_ignore_ascii_case("otpauth") {
        return Err(UriError::NotKeyUri);
    }
    if scheme != "otpauth" {
        repairs.push(Repair::Case);
    }
    let bare = rest.trim_start_matches('/');
    if rest.len() - bare.len() != 2 {
        repairs.push(Repair::Slashes);
    }
    Ok(bare)
}

/// Whether the type is HOTP, and the label as it stands in the URI.
fn type_and_label<'a>(head: &'a str, repairs: &mut Vec<Repair>) -> Result<(bool, &'a str), UriError> {
    let (kind, label) = head.split_once('/').unwrap_or((head, ""));
    if let Some(other) = OtherKind::of_type(kind) {
        return Err(UriError::Kind(other));
    }
    let (four, glued) = kind.split_at_checked(4).ok_or(UriError::Type)?;
    let hotp = match four {
        _ if four.eq_ignore_ascii_case("totp") => false,
        _ if four.eq_ignore_ascii_case("hotp") => true,
        _ => return Err(UriError::Type),
    };
    if four.bytes().any(|byte| byte.is_ascii_uppercase()) && !repairs.contains(&Repair::Case) {
        repairs.push(Repair::Case);
    }
    if glued.is_empty() {
        return Ok((hotp, label));
    }
    repairs.push(Repair::LabelSlash);
    Ok((hotp, head.get(4..).unwrap_or_default()))
}
