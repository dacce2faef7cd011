//! Where the seeds of tokens come from, mirrored: an account, a link, what was typed, a file, or drawn anew.

use std::sync::Arc;

use countersign_core::app::App;
use countersign_core::burn::source::{self, Choices, Kind, Reading, Row, Settings, Typed};
use countersign_core::burn::{Credential, Seed};
use countersign_core::error::PortError;
use countersign_core::protocol::Secret;
use countersign_core::vault::AccountId;

use crate::record::seed::Unlocking;
use crate::record::{FileKey, SeedFileKind, SeedReading, SeedRow, TokenSettings};
use crate::transfer::FreshUnlock;
use crate::{Countersign, CountersignError, caught, text};

/// A seed on its way into a token.
#[derive(uniffi::Object)]
pub struct TokenSeed(Row);

impl TokenSeed {
    pub(crate) fn of(row: Row) -> Arc<Self> {
        Arc::new(Self(row))
    }

    pub(crate) fn credential(&self) -> Credential {
        self.0.credential.clone()
    }
}

#[uniffi::export]
impl TokenSeed {
    /// What is shown of it.
    pub fn row(&self) -> Result<SeedRow, CountersignError> {
        caught(|| Ok((&self.0).into()))
    }

    /// The same seed under other names.
    pub fn named(&self, issuer: String, name: String) -> Arc<Self> {
        let credential = Credential { issuer, name, ..self.credential() };
        Self::of(Row { credential, ..self.0.clone() })
    }
}

/// The rows of a file, and what of it cannot be burned.
#[derive(uniffi::Object)]
pub struct SeedFile(source::Source);

impl SeedFile {
    pub(crate) fn rows_of_core(&self) -> &[Row] {
        &self.0.rows
    }
}

/// A row that cannot be burned.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SeedFileFault {
    /// The line that it begins on, from 1.
    pub line: u64,
    /// What is wrong, by names and numbers.
    pub rule: String,
}

#[uniffi::export]
impl SeedFile {
    /// What can be burned, in the order of the file.
    pub fn rows(&self) -> Result<Vec<SeedRow>, CountersignError> {
        caught(|| Ok(self.0.rows.iter().map(SeedRow::from).collect()))
    }

    /// What cannot, in the order of the file.
    pub fn faults(&self) -> Vec<SeedFileFault> {
        let fault = |fault: &source::Fault| SeedFileFault { line: fault.line as u64, rule: fault.rule.to_string() };
        self.0.faults.iter().map(fault).collect()
    }
}

/// The seed of a link, as a code on a screen holds it.
#[uniffi::export]
pub fn seed_of_link(link: Vec<u8>) -> Result<Arc<TokenSeed>, CountersignError> {
    let link = Secret::new(link);
    // Exposed to be read.
    Ok(TokenSeed::of(source::link(text(link.expose())?)?))
}

/// A seed that a person typed or pasted. One that reads in two ways is refused as ambiguous, until the person says which.
#[uniffi::export]
pub fn typed_seed(
    typed: Vec<u8>,
    reading: Option<SeedReading>,
    settings: TokenSettings,
) -> Result<Arc<TokenSeed>, CountersignError> {
    let typed = Secret::new(typed);
    let settings = Settings::try_from(settings)?;
    // Exposed to be read.
    let (seed, notes) = match (source::typed(text(typed.expose())?)?, reading.map(Reading::from)) {
        (Typed::One { seed, notes }, _) => (seed, notes),
        (Typed::Either { base32, hex: _ }, Some(Reading::Base32)) => (base32, Vec::new()),
        (Typed::Either { base32: _, hex }, Some(Reading::Hex)) => (hex, Vec::new()),
        (Typed::Either { .. }, None) => return Err(source::Rule::Ambiguous.into()),
    };
    Ok(TokenSeed::of(Row { notes, ..row_of(seed, settings) }))
}

fn row_of(seed: Seed, settings: Settings) -> Row {
    let Settings { moving, algorithm, digits } = settings;
    let (issuer, name) = (String::new(), String::new());
    let credential = Credential { serial: None, issuer, name, seed, moving, algorithm, digits };
    let (manufacturer, model) = (String::new(), String::new());
    Row { line: 1, profile: None, manufacturer, model, credential, notes: Vec::new() }
}

/// The kind that a file of seeds looks like; none where a person must say.
#[uniffi::export]
pub fn seed_file_kind(file: Vec<u8>) -> Result<Option<SeedFileKind>, CountersignError> {
    let file = Secret::new(file);
    // Exposed to be looked at.
    Ok(Kind::of(file.expose())?.map(SeedFileKind::from))
}

#[uniffi::export]
impl Countersign {
    /// The seed of an account: it leaves the vault, so the passphrase was typed just now.
    pub async fn seed_of_account(&self, id: u64, fresh: Arc<FreshUnlock>) -> Result<Arc<TokenSeed>, CountersignError> {
        self.blocking(move |app| Ok(TokenSeed::of(source::link(&app.export_link(AccountId(id), fresh.core())?)?))).await
    }

    /// A seed that nobody has seen.
    pub async fn draw_seed(&self, settings: TokenSettings) -> Result<Arc<TokenSeed>, CountersignError> {
        let settings = settings.try_into()?;
        let draw = move |app: &App| {
            let drawn = app.draw_seeds(1, settings)?.pop();
            Ok(TokenSeed::of(drawn.ok_or(PortError::Failed)?))
        };
        self.blocking(draw).await
    }

    /// Reads a file of seeds. Rows that stand twice are among its faults. One that a password opens takes its time.
    pub async fn read_seed_file(
        &self,
        file: Vec<u8>,
        kind: SeedFileKind,
        reading: Option<SeedReading>,
        key: FileKey,
    ) -> Result<Arc<SeedFile>, CountersignError> {
        let (file, key) = (Secret::new(file), Unlocking::from(key));
        let read = move |_: &App| {
            let choices = Choices { reading: reading.map(Reading::from), unlock: key.as_core() };
            // Exposed to be read.
            Ok(Arc::new(SeedFile(source::read(kind.into(), file.expose(), choices)?.without_doubles())))
        };
        self.blocking(read).await
    }
}
