//! Seeds on their way into tokens, mirrored: what is shown of them, and where they come from.

use countersign_core::burn::source::{Kind, Reading, Row, Settings, Unlock};
use countersign_core::burn::{Moving, TokenDigits};
use countersign_core::error::{InputError, Named, Rule};
use countersign_core::protocol::Secret;
use countersign_core::protocol::otp::{Counter, Period};

use super::Algorithm;

/// What moves a token's codes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TokenMoving {
    /// Time (RFC 6238).
    Time {
        /// Seconds that a code lives: 1 to 86400.
        period: u64,
        /// The moment from which periods are counted; 0 with nearly every service.
        start: u64,
    },
    /// A counter (RFC 4226).
    Counter {
        /// Where it begins.
        counter: u64,
    },
}

impl From<Moving> for TokenMoving {
    fn from(core: Moving) -> Self {
        match core {
            Moving::Time(period) => Self::Time { period: period.seconds().into(), start: period.start() },
            Moving::Counter(counter) => Self::Counter { counter: counter.get() },
        }
    }
}

fn range<E>(field: Named) -> impl Fn(E) -> InputError {
    move |_| InputError::Field { field, rule: Rule::Range }
}

impl TryFrom<TokenMoving> for Moving {
    type Error = InputError;

    fn try_from(moving: TokenMoving) -> Result<Self, InputError> {
        Ok(match moving {
            TokenMoving::Time { period, start } => {
                let period = Period::try_from(period).map_err(range(Named::Period))?;
                Self::Time(period.counted_from(start).map_err(range(Named::Start))?)
            }
            TokenMoving::Counter { counter } => {
                Self::Counter(Counter::try_from(counter).map_err(range(Named::Counter))?)
            }
        })
    }
}

/// What the codes of a seed are set to that comes without settings of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct TokenSettings {
    /// What moves them on.
    pub moving: TokenMoving,
    /// The hash.
    pub algorithm: Algorithm,
    /// How long a code is: 4 to 10.
    pub digits: u8,
}

impl TryFrom<TokenSettings> for Settings {
    type Error = InputError;

    fn try_from(settings: TokenSettings) -> Result<Self, InputError> {
        let TokenSettings { moving, algorithm, digits } = settings;
        let digits = TokenDigits::try_from(u64::from(digits)).map_err(range(Named::Digits))?;
        Ok(Self { moving: moving.try_into()?, algorithm: algorithm.into(), digits })
    }
}

/// A seed as it is shown: the key is not in it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SeedRow {
    /// The line of a file that it stands on; 1 where there is no file.
    pub line: u64,
    /// For which token, where the source says so.
    pub serial: Option<String>,
    /// Into which profile of a token with many.
    pub profile: Option<u8>,
    /// Who made the token; may be empty.
    pub manufacturer: String,
    /// The token's model; may be empty.
    pub model: String,
    /// Who issued the account; may be empty.
    pub issuer: String,
    /// For whom; may be empty.
    pub name: String,
    /// What moves its codes on.
    pub moving: TokenMoving,
    /// The hash.
    pub algorithm: Algorithm,
    /// How long a code is.
    pub digits: u8,
    /// How many remarks there are on what was repaired or assumed.
    pub remarks: u64,
}

impl From<&Row> for SeedRow {
    fn from(core: &Row) -> Self {
        let Row { line, profile, manufacturer, model, credential, notes } = core;
        Self {
            line: *line as u64,
            serial: credential.serial.as_ref().map(ToString::to_string),
            profile: *profile,
            manufacturer: manufacturer.clone(),
            model: model.clone(),
            issuer: credential.issuer.clone(),
            name: credential.name.clone(),
            moving: credential.moving.into(),
            algorithm: credential.algorithm.into(),
            digits: credential.digits.get(),
            remarks: notes.len() as u64,
        }
    }
}

mirror! {
    /// One of the two ways in which a seed is written down.
    SeedReading = Reading {
        /// Base32.
        Base32,
        /// Hexadecimal digits.
        Hex,
    }
}

mirror! {
    /// A kind of file that tokens are burned from.
    SeedFileKind = Kind {
        /// Key URIs, one a line.
        Links,
        /// A table with a header.
        Table,
        /// Microsoft Entra's table of hardware tokens.
        Entra,
        /// privacyIDEA's OATH table.
        Oath,
        /// Token2's table for Molto-2.
        Molto,
        /// The older text for Molto-2.
        MoltoText,
        /// RFC 6030.
        Pskc,
    }
}

/// What opens an encrypted file.
#[derive(Clone, uniffi::Enum)]
pub enum FileKey {
    /// Nothing was given.
    Nothing,
    /// The key that both sides agreed on.
    Key {
        /// 16, 24 or 32 bytes.
        key: Vec<u8>,
    },
    /// A password.
    Password {
        /// As typed.
        password: Vec<u8>,
    },
}

/// The same in a type that wipes itself.
pub(crate) enum Unlocking {
    Nothing,
    Key(Secret),
    Password(Secret),
}

impl From<FileKey> for Unlocking {
    fn from(key: FileKey) -> Self {
        match key {
            FileKey::Nothing => Self::Nothing,
            FileKey::Key { key } => Self::Key(Secret::new(key)),
            FileKey::Password { password } => Self::Password(Secret::new(password)),
        }
    }
}

impl Unlocking {
    pub(crate) const fn as_core(&self) -> Unlock<'_> {
        match self {
            Self::Nothing => Unlock::Nothing,
            Self::Key(key) => Unlock::Key(key),
            Self::Password(password) => Unlock::Password(password),
        }
    }
}
