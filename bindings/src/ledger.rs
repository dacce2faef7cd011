//! The ledger, batches and the owner's own keys of tokens, mirrored.

use std::sync::Arc;

use countersign_core::app::{App, LedgerLine};
use countersign_core::burn::{self, BatchId, Serial};
use countersign_core::error::InputError;
use countersign_core::protocol::Secret;
use countersign_core::vault::KeptId;

use crate::record::{
    BatchLine, BatchRow, BurnEnding, LedgerFile, LedgerForm, LedgerRow, SeedRow, TokenFamily, TokenKeyRow, TokenName,
};
use crate::seeds::{SeedFile, TokenSeed};
use crate::{Countersign, CountersignError};

/// A row of a batch, and the token that it went to.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct BatchEntry {
    /// What is to be written.
    pub seed: SeedRow,
    /// The serial number of the token that holds it.
    pub token: Option<String>,
}

/// The row of a batch for a token.
#[derive(Clone, uniffi::Record)]
pub struct BatchSeed {
    /// What is to be written.
    pub seed: Arc<TokenSeed>,
    /// For `burn`: the row is this token's from then on.
    pub from: BatchLine,
}

#[uniffi::export]
impl Countersign {
    /// What is in which token, the oldest first; of one batch where that is said.
    pub async fn ledger(&self, batch: Option<u64>) -> Result<Vec<LedgerRow>, CountersignError> {
        let ledger = move |app: &App| Ok(app.ledger(batch.map(BatchId))?.into_iter().map(LedgerRow::from).collect());
        self.blocking(ledger).await
    }

    /// Writes rows of the ledger in a form, by their ids; all of them for none. Seeds are in most forms. A password takes
    /// its time.
    pub async fn write_ledger(&self, rows: Option<Vec<u64>>, form: LedgerForm) -> Result<LedgerFile, CountersignError> {
        let form = form.into();
        let write = move |app: &App| {
            let is_asked = |line: &LedgerLine| match (&rows, line.id) {
                (Some(ids), Some(id)) => ids.contains(&id.0),
                (Some(_), None) => false,
                (None, _) => true,
            };
            let lines: Vec<LedgerLine> = app.ledger(None)?.into_iter().filter(is_asked).collect();
            Ok(app.write_ledger(&lines, &form)?.into())
        };
        self.blocking(write).await
    }

    /// Keeps of a row of the ledger what reading its token back showed.
    pub async fn prove_ledger_row(&self, id: u64, ending: BurnEnding) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.prove_ledger_row(KeptId(id), ending.try_into()?)?)).await
    }

    /// Removes a row of the ledger, its seed among it.
    pub async fn remove_ledger_row(&self, id: u64) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.remove_ledger_row(KeptId(id))?)).await
    }

    /// Removes all rows of the ledger of one token; how many.
    pub async fn forget_token(&self, token: TokenName) -> Result<u64, CountersignError> {
        let token: burn::TokenName = token.try_into()?;
        self.blocking(move |app| Ok(app.forget_token(&token)? as u64)).await
    }

    /// How many rows kept of tokens cannot be read.
    pub async fn damaged_token_rows(&self) -> Result<u64, CountersignError> {
        self.blocking(|app| Ok(app.damaged_token_rows()? as u64)).await
    }

    /// Removes rows kept of tokens that cannot be read; how many.
    pub async fn remove_damaged_token_rows(&self) -> Result<u64, CountersignError> {
        self.blocking(|app| Ok(app.remove_damaged_token_rows()? as u64)).await
    }

    /// Keeps the owner's own key of tokens under a name. It is never shown again.
    pub async fn add_token_key(&self, name: String, family: TokenFamily, key: Vec<u8>) -> Result<(), CountersignError> {
        let key = Secret::new(key);
        self.blocking(move |app| Ok(app.add_token_key(&name, family.into(), &key)?)).await
    }

    /// The owner's own keys by name.
    pub async fn token_keys(&self) -> Result<Vec<TokenKeyRow>, CountersignError> {
        self.blocking(|app| Ok(app.token_keys()?.into_iter().map(TokenKeyRow::from).collect())).await
    }

    /// Removes the owner's own key of this name.
    pub async fn remove_token_key(&self, name: String) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.remove_token_key(&name)?)).await
    }

    /// Keeps the rows of a file as a batch, until it is forgotten; its id.
    pub async fn keep_batch(&self, name: String, file: Arc<SeedFile>) -> Result<u64, CountersignError> {
        self.blocking(move |app| Ok(app.keep_batch(&name, file.rows_of_core())?.0)).await
    }

    /// The batches that are kept, the oldest first.
    pub async fn batches(&self) -> Result<Vec<BatchRow>, CountersignError> {
        self.blocking(|app| Ok(app.batches()?.into_iter().map(BatchRow::from).collect())).await
    }

    /// A batch as far as it got.
    pub async fn batch(&self, id: u64) -> Result<Vec<BatchEntry>, CountersignError> {
        let batch = move |app: &App| {
            let batch = app.batch(BatchId(id))?;
            let entry = |row: &burn::source::Row| BatchEntry {
                seed: row.into(),
                token: batch.token_of(row.line).map(ToString::to_string),
            };
            Ok(batch.rows().iter().map(entry).collect())
        };
        self.blocking(batch).await
    }

    /// The row of a batch for the token of this serial number: the one that names it, else the next that names none.
    pub async fn batch_seed(&self, id: u64, serial: String) -> Result<BatchSeed, CountersignError> {
        let seed = move |app: &App| {
            let serial = Serial::try_from(serial.as_str()).map_err(|_| InputError::NotFound)?;
            let batch = app.batch(BatchId(id))?;
            let row = batch.row_for(&serial)?;
            let from = burn::BatchLine { batch: BatchId(id), line: row.line };
            Ok(BatchSeed { seed: TokenSeed::of(row.clone()), from: from.into() })
        };
        self.blocking(seed).await
    }

    /// Gives a row of a batch back, as when its token turned out broken.
    pub async fn give_back(&self, line: BatchLine) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.give_back(line.into())?)).await
    }

    /// Forgets a batch with its rows. What is in tokens stays in the ledger.
    pub async fn forget_batch(&self, id: u64) -> Result<(), CountersignError> {
        self.blocking(move |app| Ok(app.forget_batch(BatchId(id))?)).await
    }
}
