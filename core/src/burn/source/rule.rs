//! What can be wrong with a file or a row, and what was repaired or assumed: numbers and names, never content.

use std::fmt;

use countersign_protocol::otp::OtpError;
use countersign_protocol::otp::base32::{Base32Error, Repairs};
use countersign_protocol::uri::otpauth::{Repair, UriError};

use crate::burn::credential::CredentialError;

/// What a value of a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Column {
    /// The token's serial number.
    Serial,
    /// The key, in base32.
    SecretBase32,
    /// The key, in hexadecimal digits.
    SecretHex,
    /// The key, in one of both.
    Secret,
    /// Time or counter.
    Type,
    /// The hash under HMAC.
    Algorithm,
    /// How many digits a code has.
    Digits,
    /// Seconds that a code lives.
    Period,
    /// The counter of the next code.
    Counter,
    /// Who issued the account.
    Issuer,
    /// For whom it is.
    Name,
    /// Who made the token.
    Manufacturer,
    /// The token's model.
    Model,
    /// The profile of a token with many.
    Profile,
    /// When the token was written.
    WrittenAt,
    /// What shows that it holds its key.
    Proof,
    /// How many seconds its clock is ahead.
    ClockAhead,
}

impl Column {
    /// As our own files call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serial => "serial",
            Self::SecretBase32 => "secret_base32",
            Self::SecretHex => "secret_hex",
            Self::Secret => "secret",
            Self::Type => "type",
            Self::Algorithm => "algorithm",
            Self::Digits => "digits",
            Self::Period => "period",
            Self::Counter => "counter",
            Self::Issuer => "issuer",
            Self::Name => "name",
            Self::Manufacturer => "manufacturer",
            Self::Model => "model",
            Self::Profile => "profile",
            Self::WrittenAt => "written_at",
            Self::Proof => "verified",
            Self::ClockAhead => "clock_ahead",
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One of the two ways in which a seed is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Base32.
    Base32,
    /// Hexadecimal digits.
    Hex,
}

/// A row that cannot be burned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The line that it begins on, from 1.
    pub line: usize,
    /// What is wrong.
    pub rule: Rule,
}

/// Why a row cannot be burned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// A quotation mark stands where none can be, or one is not closed.
    #[error("a quotation mark where none can be, or one that is not closed")]
    Quote,
    /// More than 64 columns.
    #[error("{0} columns, more than a row can have")]
    Columns(usize),
    /// A field of more than 4 KiB.
    #[error("a field of {0} bytes")]
    FieldLength(usize),
    /// The row does not say this.
    #[error("no {0}")]
    Missing(Column),
    /// Not a whole number.
    #[error("{0} is not a whole number")]
    Number(Column),
    /// The seed is no base32.
    #[error("secret: {0}")]
    Base32(Base32Error),
    /// A character of the seed, counted from 1, is no hexadecimal digit.
    #[error("character {0} of the key is not a hexadecimal digit")]
    Hex(usize),
    /// Hexadecimal digits come in pairs.
    #[error("the key has an odd number of hexadecimal digits")]
    HexOdd,
    /// The seed may be base32 as well as hexadecimal: a person must say which.
    #[error("the key may be base32 as well as hexadecimal")]
    Ambiguous,
    /// The same row has two seeds that differ.
    #[error("the two keys of the row differ")]
    TwoSeeds,
    /// A seed, digits or a serial number that no token has.
    #[error("{0}")]
    Value(#[from] CredentialError),
    /// A period or a counter out of range.
    #[error("{0}")]
    Setting(#[from] OtpError),
    /// This kind of file knows 30 and 60 seconds.
    #[error("a time interval of {0} s, not 30 or 60")]
    Interval(u64),
    /// Neither time nor counter.
    #[error("neither time nor counter moves its codes on")]
    Type,
    /// None of SHA1, SHA256 and SHA512.
    #[error("unknown algorithm")]
    Algorithm,
    /// A file that tells the hash by the key's length means SHA-224 or SHA-384 here, which no token has.
    #[error("a key of {0} bytes means a hash that no token has")]
    HashByLength(usize),
    /// A profile is 0 to 99.
    #[error("profile {0}, not 0 to 99")]
    Profile(u64),
    /// A spreadsheet wrote the serial number as a number with an exponent: its last digits are lost.
    #[error("a spreadsheet cut the serial number short")]
    SerialCut,
    /// A name that is longer than it may be.
    #[error("{0} has {1} characters")]
    NameLength(Column, usize),
    /// Not a Key URI that can be used.
    #[error("{0}")]
    Uri(UriError),
    /// Codes of this kind of account are on no token.
    #[error("codes of this kind are on no token")]
    OtherKind,
    /// The serial number stands on an earlier line.
    #[error("the serial number of line {0} again")]
    SameSerial(usize),
    /// The key stands on an earlier line.
    #[error("the key of line {0} again")]
    SameKey(usize),
    /// A key package without a key, or with two.
    #[error("{0} keys in a package, not one")]
    Keys(usize),
    /// Not base64.
    #[error("{0} is not base64")]
    Base64(Column),
    /// A cipher that is not AES in CBC mode.
    #[error("a cipher other than AES-CBC")]
    Cipher,
    /// What was encrypted has a length that it cannot have.
    #[error("{0} bytes of cipher text")]
    CipherText(usize),
    /// What was encrypted has no check value, or the file does not say by which key.
    #[error("an encrypted value without its check value")]
    MacMissing,
    /// The check value does not fit: another key, or the value was changed.
    #[error("the check value does not fit")]
    MacWrong,
    /// What was decrypted does not end as it must.
    #[error("what was decrypted does not end as it must")]
    Padding,
    /// Codes are not decimal, or have a check digit.
    #[error("codes that are not decimal digits alone")]
    Response,
}

/// What was repaired or assumed in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// The key in base32 was not written as it should be.
    Base32(Repairs),
    /// Blanks between hexadecimal digits were passed over.
    HexBlanks,
    /// The key has fewer than 128 bits.
    Short {
        /// How many.
        bits: usize,
    },
    /// The key is decimal digits alone: perhaps a serial number was taken for it.
    DigitsAlone,
    /// A link was mended.
    Link(Repair),
    /// The source does not say this; it is as with nearly every service.
    Assumed(Column),
    /// The hash follows from the length of the key.
    HashByLength,
    /// The file calls the token by no serial number; the key's name is taken for it.
    SerialOfKey,
    /// Characters that hide or reorder text were removed.
    Cleaned(Column),
    /// Where the person's name stands in, which no token knows.
    RealmPassedOver,
    /// Rules of use, as a PIN or an end, which no token keeps.
    PolicyPassedOver,
    /// The token's clock as it was, which no token is given.
    ClockPassedOver,
}

/// Why a file was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// More than 8 MiB.
    #[error("a file of {0} bytes")]
    TooLong(usize),
    /// More than 10,000 rows.
    #[error("more than {} rows", crate::limits::BURN_ROWS)]
    TooManyRows,
    /// Neither UTF-8, nor UTF-16 with its mark.
    #[error("the file is no text")]
    NotText,
    /// Nothing is in it.
    #[error("the file is empty")]
    Empty,
    /// The header lacks this.
    #[error("the header has no {0}")]
    HeaderMissing(Column),
    /// The header has this twice.
    #[error("the header has {0} twice")]
    HeaderTwice(Column),
    /// The header is not the one that this kind of file has.
    #[error("the header is another")]
    Header,
    /// Not XML that can be read, by the line.
    #[error("line {line}: {rule}")]
    Xml {
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        rule: XmlRule,
    },
    /// XML, and no key container.
    #[error("not a key container")]
    NotPskc,
    /// The keys are encrypted: the key that both sides agreed on is needed.
    #[error("encrypted by a key")]
    KeyNeeded,
    /// The keys are encrypted: a password is needed.
    #[error("encrypted by a password")]
    PasswordNeeded,
    /// The key has another length than the cipher's.
    #[error("a key of {0} bytes, not {1}")]
    KeyLength(usize, usize),
    /// The key or the password is another.
    #[error("another key or password")]
    WrongKey,
    /// Encrypted to a certificate, or in a way that is not known.
    #[error("encrypted in a way that is not served")]
    OtherLock,
    /// The check values are made in a way that is not known.
    #[error("check values of a kind that is not served")]
    OtherMac,
    /// A password is to be worked on for more than 10,000,000 rounds, or for none.
    #[error("{0} rounds of PBKDF2")]
    Rounds(u64),
    /// What is said of the password is incomplete.
    #[error("what is said of the password is incomplete")]
    Derivation,
}

/// What can be wrong with XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum XmlRule {
    /// It is not well formed.
    #[error("not well formed")]
    Form,
    /// It declares a document type.
    #[error("a document type")]
    DocumentType,
    /// It uses an entity beside the five.
    #[error("an entity")]
    Entity,
    /// It says that it is in another encoding.
    #[error("another encoding")]
    Encoding,
    /// Elements are nested deeper than 32.
    #[error("nested too deep")]
    Depth,
    /// A part of the file has more than 1,000 elements, or an element more than 32 attributes.
    #[error("too many parts")]
    Parts,
}
