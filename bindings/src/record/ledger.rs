//! The ledger, batches and the owner's keys of tokens, mirrored.

use countersign_core::app;
use countersign_core::burn;
use countersign_core::burn::ledger;
use countersign_core::protocol::Secret;

use super::{Algorithm, TokenFamily, TokenMoving, TokenName};

/// A row of a batch that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct BatchLine {
    /// The batch.
    pub batch: u64,
    /// The line on which the row stood in its source.
    pub line: u64,
}

impl From<burn::BatchLine> for BatchLine {
    fn from(core: burn::BatchLine) -> Self {
        let burn::BatchLine { batch, line } = core;
        Self { batch: batch.0, line: line as u64 }
    }
}

impl From<BatchLine> for burn::BatchLine {
    fn from(shell: BatchLine) -> Self {
        let BatchLine { batch, line } = shell;
        // No line that is kept has such a number: it is not found.
        Self { batch: burn::BatchId(batch), line: usize::try_from(line).unwrap_or(usize::MAX) }
    }
}

/// A batch as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BatchRow {
    /// Which batch.
    pub id: u64,
    /// The person's own name for it.
    pub name: String,
    /// When it was begun, in Unix time.
    pub made: u64,
    /// How many rows it has.
    pub rows: u64,
    /// How many of them went to a token.
    pub done: u64,
}

impl From<app::BatchRow> for BatchRow {
    fn from(core: app::BatchRow) -> Self {
        let app::BatchRow { id, name, made, rows, done } = core;
        Self { id: id.0, name, made, rows: rows as u64, done: done as u64 }
    }
}

mirror! {
    /// What shows that a token holds its seed.
    TokenProof = ledger::Proof {
        /// A code was read back over the link, and is right.
        ByWire,
        /// A person compared codes of its display, and they are right.
        ByCodes,
        /// The token took it; nobody compared a code.
        Written,
        /// Writing failed: the token may hold anything.
        Failed,
    }
}

/// A row of the ledger: what is in one place of one token, without its seed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LedgerRow {
    /// Which row; none of a burn that has not come to its end.
    pub id: Option<u64>,
    /// The token.
    pub token: TokenName,
    /// The profile, of a token that has many.
    pub profile: u8,
    /// Who made it; may be empty.
    pub manufacturer: String,
    /// Its model; may be empty.
    pub model: String,
    /// Who issued what was written; may be empty.
    pub issuer: String,
    /// For whom; may be empty.
    pub name: String,
    /// What moves its codes on.
    pub moving: TokenMoving,
    /// The hash.
    pub algorithm: Algorithm,
    /// How long a code is.
    pub digits: u8,
    /// When it was written, in Unix time.
    pub written_at: u64,
    /// What shows that the token holds it.
    pub proof: TokenProof,
    /// How many seconds its clock is ahead, where a person saw a code of another time.
    pub ahead: Option<i64>,
    /// The batch that it belongs to.
    pub batch: Option<u64>,
}

impl From<burn::LedgerRow> for LedgerRow {
    fn from(core: burn::LedgerRow) -> Self {
        let burn::LedgerRow { token, profile, manufacturer, model, credential, written_at, proof, ahead, batch } = core;
        Self {
            id: None,
            token: token.into(),
            profile,
            manufacturer,
            model,
            issuer: credential.issuer,
            name: credential.name,
            moving: credential.moving.into(),
            algorithm: credential.algorithm.into(),
            digits: credential.digits.get(),
            written_at,
            proof: proof.into(),
            ahead,
            batch: batch.map(|batch| batch.0),
        }
    }
}

impl From<app::LedgerLine> for LedgerRow {
    fn from(core: app::LedgerLine) -> Self {
        let app::LedgerLine { id, row } = core;
        Self { id: id.map(|id| id.0), ..row.into() }
    }
}

/// How the keys of a container are kept from others.
#[derive(Clone, uniffi::Enum)]
pub enum Protection {
    /// Not at all: who has the file has the seeds.
    Plain,
    /// By a key that both sides agreed on.
    Key {
        /// 16 bytes.
        key: Vec<u8>,
    },
    /// By a password.
    Password {
        /// As typed.
        password: Vec<u8>,
    },
}

impl From<Protection> for burn::Protection {
    fn from(shell: Protection) -> Self {
        match shell {
            Protection::Plain => Self::Plain,
            Protection::Key { key } => Self::Key(Secret::new(key)),
            Protection::Password { password } => {
                Self::Password { password: Secret::new(password), rounds: burn::ROUNDS }
            }
        }
    }
}

/// A form of the ledger.
#[derive(Clone, uniffi::Enum)]
pub enum LedgerForm {
    /// Microsoft Entra's table of hardware tokens.
    Entra,
    /// privacyIDEA's OATH table.
    Oath,
    /// RFC 6030.
    Pskc {
        /// How its keys are kept from others.
        protection: Protection,
    },
    /// Our own table; without seeds it is an inventory.
    Table {
        /// Whether seeds are in it.
        seeds: bool,
    },
    /// The same as JSON.
    Json {
        /// Whether seeds are in it.
        seeds: bool,
    },
}

impl From<LedgerForm> for ledger::Form {
    fn from(shell: LedgerForm) -> Self {
        match shell {
            LedgerForm::Entra => Self::Entra,
            LedgerForm::Oath => Self::Oath,
            LedgerForm::Pskc { protection } => Self::Pskc(protection.into()),
            LedgerForm::Table { seeds } => Self::Table { seeds },
            LedgerForm::Json { seeds } => Self::Json { seeds },
        }
    }
}

/// A ledger as a file. It has no `Debug`: seeds are in most of them.
#[derive(Clone, uniffi::Record)]
pub struct LedgerFile {
    /// The file.
    pub bytes: Vec<u8>,
    /// Tokens that are not in it.
    pub left_out: Vec<LeftOutToken>,
    /// Tokens that are not in it since they tell no serial number: how many.
    pub nameless: u64,
    /// What the form does not say of those that are in it.
    pub told: Vec<Shortfall>,
}

impl From<(ledger::Written, usize)> for LedgerFile {
    fn from((core, nameless): (ledger::Written, usize)) -> Self {
        let ledger::Written { bytes, left_out, told } = core;
        Self {
            bytes: bytes.to_vec(),
            left_out: left_out.into_iter().map(LeftOutToken::from).collect(),
            nameless: nameless as u64,
            told: told.into_iter().map(Shortfall::from).collect(),
        }
    }
}

/// A token that is not in a ledger.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct LeftOutToken {
    /// Its serial number.
    pub serial: String,
    /// Its profile, where it has many.
    pub profile: Option<u8>,
    /// Why.
    pub why: LeftOutWhy,
}

impl From<ledger::LeftOut> for LeftOutToken {
    fn from(core: ledger::LeftOut) -> Self {
        let ledger::LeftOut { serial, profile, why } = core;
        Self { serial: serial.to_string(), profile, why: why.into() }
    }
}

/// Why a form cannot express a token. Mirrors [`ledger::Why`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
#[expect(missing_docs, reason = "each case says what its namesake in core says")]
pub enum LeftOutWhy {
    Failed,
    Unproven,
    ClockOff { seconds: i64 },
    SameSerial,
    AlikeSerial,
    Counter,
    Algorithm { algorithm: Algorithm },
    Digits { digits: u8 },
    Period { seconds: u32 },
    Start,
    Key { bytes: u64 },
    Character { column: TokenColumn },
}

impl From<ledger::Why> for LeftOutWhy {
    fn from(core: ledger::Why) -> Self {
        use ledger::Why as Core;
        match core {
            Core::Failed => Self::Failed,
            Core::Unproven => Self::Unproven,
            Core::ClockOff(seconds) => Self::ClockOff { seconds },
            Core::SameSerial => Self::SameSerial,
            Core::AlikeSerial => Self::AlikeSerial,
            Core::Counter => Self::Counter,
            Core::Algorithm(algorithm) => Self::Algorithm { algorithm: algorithm.into() },
            Core::Digits(digits) => Self::Digits { digits },
            Core::Period(seconds) => Self::Period { seconds },
            Core::Start => Self::Start,
            Core::Key(bytes) => Self::Key { bytes: bytes as u64 },
            Core::Character(column) => Self::Character { column: column.into() },
        }
    }
}

mirror! {
    /// What a value of a row is.
    TokenColumn = burn::source::Column {
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
}

/// What a form does not say, of how many tokens. Mirrors [`ledger::Told`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
#[expect(missing_docs, reason = "each case says what its namesake in core says")]
pub enum Shortfall {
    IssuerNotWritten { tokens: u64 },
    NameNotWritten { tokens: u64 },
    NoPrincipalName { tokens: u64 },
    KeyExtended { tokens: u64 },
    NotProven { tokens: u64 },
    ClockOff { tokens: u64 },
    ProfileInSerial { tokens: u64 },
    SerialForServers { tokens: u64 },
}

impl From<ledger::Told> for Shortfall {
    fn from(core: ledger::Told) -> Self {
        use ledger::Told as Core;
        match core {
            Core::IssuerNotWritten(tokens) => Self::IssuerNotWritten { tokens: tokens as u64 },
            Core::NameNotWritten(tokens) => Self::NameNotWritten { tokens: tokens as u64 },
            Core::NoPrincipalName(tokens) => Self::NoPrincipalName { tokens: tokens as u64 },
            Core::KeyExtended(tokens) => Self::KeyExtended { tokens: tokens as u64 },
            Core::ClockOff(tokens) => Self::ClockOff { tokens: tokens as u64 },
            Core::NotProven(tokens) => Self::NotProven { tokens: tokens as u64 },
            Core::ProfileInSerial(tokens) => Self::ProfileInSerial { tokens: tokens as u64 },
            Core::SerialForServers(tokens) => Self::SerialForServers { tokens: tokens as u64 },
        }
    }
}

/// The owner's own key of tokens, as it is listed: the key is not in it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TokenKeyRow {
    /// The person's own name for it.
    pub name: String,
    /// The tokens that it is for.
    pub family: TokenFamily,
}

impl From<app::TokenKeyRow> for TokenKeyRow {
    fn from(core: app::TokenKeyRow) -> Self {
        let app::TokenKeyRow { name, family } = core;
        Self { name, family: family.into() }
    }
}
