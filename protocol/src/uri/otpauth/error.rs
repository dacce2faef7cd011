//! What is mended, and what is refused.

use std::fmt;

use crate::otp::OtpError;
use crate::otp::base32::Base32Error;

/// A part of the URI, by the name it has there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// `secret`
    Secret,
    /// `issuer`
    Issuer,
    /// `algorithm`
    Algorithm,
    /// `digits`
    Digits,
    /// `period`
    Period,
    /// `counter`
    Counter,
    /// `image`, and `appimage` of the pi-authenticator
    Image,
    /// `encoder`, by which Stratum marks Steam
    Encoder,
    /// `steam`, by which Stratum marks Steam too
    Steam,
    /// `pin`, of Yandex and mOTP
    Pin,
    /// The part between type and question mark.
    Label,
}

impl Field {
    /// The name as URIs write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Issuer => "issuer",
            Self::Algorithm => "algorithm",
            Self::Digits => "digits",
            Self::Period => "period",
            Self::Counter => "counter",
            Self::Image => "image",
            Self::Encoder => "encoder",
            Self::Steam => "steam",
            Self::Pin => "pin",
            Self::Label => "label",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A fault that was mended, or a thing worth telling. None of them changes which codes are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repair {
    /// Scheme, type or the name of a parameter in capitals.
    Case,
    /// Another number of slashes than two after the scheme.
    Slashes,
    /// No slash between type and label.
    LabelSlash,
    /// A `#` that was not escaped was taken as part of the text.
    Hash,
    /// A `%` that begins no escape was taken as it stands.
    Percent,
    /// Bytes that are not UTF-8 were replaced.
    NotUtf8,
    /// Characters that hide or reorder text, or marks heaped on a letter, were removed from this field.
    Removed(Field),
    /// The `&` before this parameter was missing.
    Glued(Field),
    /// `+` was taken as a blank, since the URI is written as forms are.
    PlusIsBlank,
    /// `+` was kept in the issuer; it may have been meant as a blank. Worth a choice.
    PlusKept,
    /// Two issuers; the parameter was kept, and the label's belongs into the note.
    TwoIssuers {
        /// The parameter.
        kept: String,
        /// What the label says.
        other: String,
    },
    /// The key was in lower case.
    KeyLowerCase,
    /// The key had blanks or hyphens.
    KeyBlanks,
    /// The key had padding.
    KeyPadding,
    /// The key ends in bits that make no byte: a letter may be missing. Worth a check of the first code.
    KeyLooseEnd,
    /// The key has fewer than 128 bits.
    KeyShort {
        /// Its length in bits.
        bits: usize,
    },
    /// The algorithm was spelt in another way.
    AlgorithmSpelling,
    /// A parameter without a value was passed over, as if it were not there.
    EmptyParameter(Field),
    /// HOTP without a counter: counting starts at 0.
    CounterMissing,
    /// The counter −1, with which FreeOTP means 0.
    CounterMinusOne,
    /// This parameter says something else than this kind of account always has, and was passed over.
    Fixed(Field),
    /// The issuer is Steam, and nothing says that codes are ordinary: they may be Steam's own five letters.
    MaybeSteam,
}

/// Why a URI was refused: by field, with numbers, never with what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// More than 8 KiB.
    #[error("the URI has {0} bytes")]
    TooLong(usize),
    /// The scheme is not `otpauth`.
    #[error("not a key URI")]
    NotKeyUri,
    /// A kind of account that is not served yet.
    #[error("{0} is not served")]
    Kind(OtherKind),
    /// The type is none that is known.
    #[error("unknown type")]
    Type,
    /// More than 32 parameters.
    #[error("more than 32 parameters")]
    TooManyParameters,
    /// A known parameter stands twice.
    #[error("{0} stands twice")]
    Twice(Field),
    /// No key, or an empty one.
    #[error("no secret")]
    SecretMissing,
    /// The key is not base32, or too long.
    #[error("secret: {0}")]
    Secret(Base32Error),
    /// An algorithm that nobody knows.
    #[error("unknown algorithm")]
    UnknownAlgorithm,
    /// Not a number, a negative one, or one of more than 64 bits.
    #[error("{0} is not a whole number")]
    Number(Field),
    /// Digits, period or counter out of range; a seed or a PIN that is none of this kind.
    #[error("{0}")]
    Range(#[from] OtpError),
    /// Label or issuer of more than 256 scalar values.
    #[error("{0} has {1} characters")]
    NameTooLong(Field, usize),
}

/// A kind of account by its name, where it is not served: Google's transfer by a Key URI, the others by Google's transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OtherKind {
    /// Google's transfer of many accounts.
    Migration,
    /// Steam Guard.
    Steam,
    /// Yandex Key.
    Yandex,
    /// Mobile-OTP.
    MOtp,
}

impl OtherKind {
    pub(super) fn of_scheme(scheme: &str) -> Option<Self> {
        named(&[("otpauth-migration", Self::Migration)], scheme)
    }
}

impl fmt::Display for OtherKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Migration => "Google's transfer code",
            Self::Steam => "Steam",
            Self::Yandex => "Yandex",
            Self::MOtp => "mOTP",
        })
    }
}

/// The value of the entry with this name, whatever its case.
pub(super) fn named<T: Copy>(known: &[(&str, T)], name: &str) -> Option<T> {
    known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| *value)
}
