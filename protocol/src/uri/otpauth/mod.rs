//! The Key URI of authenticator applications, `otpauth://TYPE/LABEL?secret=…`.
//!
//! There is no standard, only a page of an old wiki and what thirty programs made of it; `steam://` and `motp://` are read
//! beside it. [`parse`] takes what was seen in
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

use error::named;
pub use error::{Field, OtherKind, Repair, UriError};
pub use name::{Cleaned, clean};
use query::{cut, has, trimmed};
pub use value::spelt;
pub use write::write;

use crate::otp::{Algorithm, Counter, Digits, Period, Pin, Shape, Timed};
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
    /// The PIN, where the kind has one and the URI names it; where it does not, the person is asked.
    pub pin: Option<Pin>,
    /// The hash under HMAC; SHA-1 for mOTP, which has none.
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
        /// How long a code lives. No program writes a start of its own for the steps, so none is read.
        period: Period,
    },
    /// Each use.
    Hotp {
        /// The counter of the next code.
        counter: Counter,
    },
    /// The clock: Steam Guard.
    Steam,
    /// The clock: Yandex Key.
    Yandex,
    /// The clock: Mobile-OTP.
    MOtp,
}

impl Kind {
    /// The kinds that have no settings.
    pub(crate) const fn fixed(self) -> Option<Timed> {
        match self {
            Self::Totp { .. } | Self::Hotp { .. } => None,
            Self::Steam => Some(Timed::Steam),
            Self::Yandex => Some(Timed::Yandex),
            Self::MOtp => Some(Timed::MOtp),
        }
    }
}

impl Account {
    /// How the codes follow the clock; `None` for HOTP.
    pub fn timed(&self) -> Option<Timed> {
        self.kind.fixed().or_else(|| self.shape().map(Timed::Totp))
    }

    /// The settings of a TOTP account; `None` for any other kind.
    pub fn shape(&self) -> Option<Shape> {
        match self.kind {
            Kind::Totp { period } => Some(Shape { algorithm: self.algorithm, digits: self.digits, period }),
            _ => None,
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
    let (scheme, rest) = scheme(bare(text), &mut repairs)?;
    let (head, query) = cut(rest, b'?').unwrap_or((rest, ""));
    let (of_type, label) = match scheme {
        Scheme::OtpAuth => type_and_label(head, &mut repairs)?,
        // What follows is no label: the key.
        Scheme::Steam => (Type::Steam, ""),
        Scheme::MOtp => (Type::MOtp, head.strip_suffix('/').unwrap_or(head)),
    };
    if has(rest, b'#') {
        repairs.push(Repair::Hash);
    }
    let query = query::read(query, &mut repairs)?;
    let of_type = if value::marks_steam(&query) { Type::Steam } else { of_type };
    let secret = match scheme {
        Scheme::OtpAuth => value::secret(&query, of_type, &mut repairs)?,
        Scheme::Steam => value::base32(head.strip_suffix('/').unwrap_or(head), &mut repairs)?,
        Scheme::MOtp => value::hex(&query, &mut repairs)?,
    };
    let kind = match of_type {
        Type::Totp => {
            let period = value::number(&query, Field::Period, &mut repairs)?;
            Kind::Totp { period: period.map(Period::try_from).transpose()?.unwrap_or_default() }
        }
        Type::Hotp => Kind::Hotp { counter: value::counter(&query, &mut repairs)? },
        Type::Steam => Kind::Steam,
        Type::Yandex => Kind::Yandex,
        Type::MOtp => Kind::MOtp,
    };
    let pin = kind.fixed().and_then(|timed| value::pin(&query, timed).transpose()).transpose()?;
    let (algorithm, digits) = match kind.fixed() {
        Some(timed) => value::fixed(&query, timed, &mut repairs),
        None => (value::algorithm(&query, &mut repairs)?, value::digits(&query, &mut repairs)?),
    };
    let mut names = label::split(label, &query, &mut repairs)?;
    if names.issuer.is_empty() && query.raw(Field::Issuer).is_none() {
        names.issuer = of_type.issuer().to_owned();
    }
    let may_be_steam = kind.fixed().is_none() && names.issuer.eq_ignore_ascii_case("steam");
    if may_be_steam && (digits == Digits::FIVE || query.raw(Field::Digits).is_none_or(str::is_empty)) {
        repairs.push(Repair::MaybeSteam);
    }
    let image_host = value::image_host(&query);
    Ok((Account { kind, issuer: names.issuer, name: names.name, secret, pin, algorithm, digits, image_host }, repairs))
}

/// The text without white space and byte order marks at its ends.
fn bare(text: &str) -> &str {
    let mut bare = trimmed(text);
    while let Some(less) = bare.strip_prefix('\u{feff}').or_else(|| bare.strip_suffix('\u{feff}')) {
        bare = trimmed(less);
    }
    bare
}

/// The schemes that an account may have.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    OtpAuth,
    Steam,
    MOtp,
}

/// The scheme, and what follows it and its slashes. Two slashes are right; any other number was seen.
fn scheme<'a>(text: &'a str, repairs: &mut Vec<Repair>) -> Result<(Scheme, &'a str), UriError> {
    let (name, rest) = cut(text, b':').ok_or(UriError::NotKeyUri)?;
    if let Some(kind) = OtherKind::of_scheme(name) {
        return Err(UriError::Kind(kind));
    }
    let known = [("otpauth", Scheme::OtpAuth), ("steam", Scheme::Steam), ("motp", Scheme::MOtp)];
    let scheme = named(&known, name).ok_or(UriError::NotKeyUri)?;
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        repairs.push(Repair::Case);
    }
    let bare = rest.trim_start_matches('/');
    // Aegis writes mOTP with one.
    let right = if scheme == Scheme::MOtp { 1..=2 } else { 2..=2 };
    if !right.contains(&(rest.len() - bare.len())) {
        repairs.push(Repair::Slashes);
    }
    Ok((scheme, bare))
}

/// The types that an account may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Totp,
    Hotp,
    Steam,
    Yandex,
    MOtp,
}

impl Type {
    /// By their names; the longer ones first, so that a label that is glued to its type is cut off rightly.
    const ALL: [(&str, Self); 6] = [
        ("yandex", Self::Yandex),
        ("yaotp", Self::Yandex),
        ("steam", Self::Steam),
        ("totp", Self::Totp),
        ("hotp", Self::Hotp),
        ("motp", Self::MOtp),
    ];

    /// Who issued it, where nobody says so: some kinds have one issuer alone.
    const fn issuer(self) -> &'static str {
        match self {
            Self::Steam => "Steam",
            Self::Yandex => "Yandex",
            Self::Totp | Self::Hotp | Self::MOtp => "",
        }
    }
}

/// The type, and the label as it stands in the URI.
fn type_and_label<'a>(head: &'a str, repairs: &mut Vec<Repair>) -> Result<(Type, &'a str), UriError> {
    let (kind, label) = cut(head, b'/').unwrap_or((head, ""));
    let begins = |(name, _): &&(&str, Type)| kind.get(..name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name));
    let (name, found) = Type::ALL.iter().find(begins).copied().ok_or(UriError::Type)?;
    let (written, glued) = kind.split_at(name.len());
    if written.bytes().any(|byte| byte.is_ascii_uppercase()) && !repairs.contains(&Repair::Case) {
        repairs.push(Repair::Case);
    }
    if glued.is_empty() {
        return Ok((found, label));
    }
    repairs.push(Repair::LabelSlash);
    Ok((found, head.get(name.len()..).unwrap_or_default()))
}
