//! Batches of hardware tokens that are kept in the vault: put down and taken up again, also after the program was killed. Which
//! row went to which token is written in the change that begins its burn, so that no row goes to two.

use super::App;
use super::tokens::name_of;
use crate::burn::assign::Batch;
use crate::burn::source::Row;
use crate::burn::{BatchId, BatchLine, KeptRow, TokenName, read_batch, write_batch};
use crate::error::{Error, InputError, Named, PortError};
use crate::limits;
use crate::vault::{Drawer, Keeping, KeptId};

/// A batch as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRow {
    /// Which batch.
    pub id: BatchId,
    /// The person's own name for it.
    pub name: String,
    /// When it was begun, in seconds since 1970.
    pub made: u64,
    /// How many rows it has.
    pub rows: usize,
    /// How many of them went to a token.
    pub done: usize,
}

impl App {
    /// Keeps the rows of a batch, of which none is burned yet, until it is forgotten.
    ///
    /// # Errors
    /// [`InputError::Field`] for its name; [`InputError::TooMuch`] where there is no room; [`InputError::VaultLocked`];
    /// [`PortError`] of the disk: then nothing is kept.
    pub fn keep_batch(&self, name: &str, rows: &[Row]) -> Result<BatchId, Error> {
        let (name, made) = (name_of(name)?, self.ports.clock.now());
        if rows.len() > limits::BURN_ROWS {
            let (found, most) = (rows.len() as u64, limits::BURN_ROWS as u64);
            return Err(InputError::TooMuch { what: Named::TokenRows, found, most }.into());
        }
        self.change_tokens(|kept| {
            let batch = BatchId(kept.add(Drawer::Batches, b"", &write_batch(&name, made))?.0);
            for row in rows {
                let line = BatchLine { batch, line: row.line };
                let body = KeptRow { row: row.clone(), token: None }.write();
                kept.add(Drawer::BatchRows, &line.bytes(), &body)?;
            }
            Ok(batch)
        })
    }

    /// The batches that are kept, the oldest first.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`], [`InputError::NoVault`].
    pub fn batches(&self) -> Result<Vec<BatchRow>, Error> {
        let heads = self.token_rows(Drawer::Batches, |_, body| read_batch(body))?;
        let rows = self.batch_rows()?;
        let row = |(id, (name, made)): (KeptId, (String, u64))| {
            let id = BatchId(id.0);
            let own = rows.iter().filter(|(line, _)| line.batch == id);
            let done = own.clone().filter(|(_, kept)| kept.token.is_some()).count();
            BatchRow { id, name, made, rows: own.count(), done }
        };
        Ok(heads.into_iter().map(row).collect())
    }

    /// A batch as far as it got: its rows in the order of their lines, and which token each went to.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::VaultLocked`].
    pub fn batch(&self, id: BatchId) -> Result<Batch, Error> {
        if !self.batches()?.iter().any(|batch| batch.id == id) {
            return Err(InputError::NotFound.into());
        }
        let mut rows = self.batch_rows()?;
        rows.retain(|(line, _)| line.batch == id);
        rows.sort_by_key(|(line, _)| *line);
        let done = rows.iter().filter_map(|(line, kept)| Some((line.line, kept.token.clone()?))).collect();
        Ok(Batch::kept(rows.into_iter().map(|(_, kept)| kept.row).collect(), done))
    }

    /// Gives a row back, as when its token turned out broken or is burned once more by choice.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::VaultLocked`]; [`PortError`] of the disk.
    pub fn give_back(&self, line: BatchLine) -> Result<(), Error> {
        self.change_tokens(|rows| {
            let (id, kept) = find(rows, line)?.ok_or(InputError::NotFound)?;
            rows.set(id, &KeptRow { token: None, ..kept }.write())
        })
    }

    /// Forgets a batch with its rows, burned or not. What is in tokens stays in the ledger.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::VaultLocked`]; [`PortError`] of the disk: then it is all there.
    pub fn forget_batch(&self, id: BatchId) -> Result<(), Error> {
        let rows = self.token_rows(Drawer::BatchRows, |name, _| BatchLine::read(name))?;
        self.change_tokens(|kept| {
            if !kept.ids(Drawer::Batches).contains(&KeptId(id.0)) {
                return Err(InputError::NotFound.into());
            }
            kept.remove(KeptId(id.0))?;
            rows.iter().filter(|(_, line)| line.batch == id).try_for_each(|(row, _)| kept.remove(*row))
        })
    }

    fn batch_rows(&self) -> Result<Vec<(BatchLine, KeptRow)>, Error> {
        let read = |name: &[u8], body: &[u8]| {
            let line = BatchLine::read(name)?;
            Some((line, KeptRow::read(line.line, body)?))
        };
        Ok(self.token_rows(Drawer::BatchRows, read)?.into_iter().map(|(_, row)| row).collect())
    }
}

/// Gives a row to a token within the change that begins its burn. Returns maker and model as the source says.
///
/// # Errors
/// [`InputError::NotFound`]; [`PortError::Busy`] where it is another token's.
pub(super) fn take(rows: &mut Keeping<'_, '_>, line: BatchLine, token: &TokenName) -> Result<(String, String), Error> {
    let (id, kept) = find(rows, line)?.ok_or(InputError::NotFound)?;
    let named = kept.row.credential.serial.as_ref();
    let serial = token.serial.as_ref().or(named).ok_or(PortError::Unavailable)?.clone();
    if kept.token.as_ref().or(named).is_some_and(|other| *other != serial) {
        return Err(PortError::Busy.into());
    }
    let source = (kept.row.manufacturer.clone(), kept.row.model.clone());
    if kept.token.is_none() {
        rows.set(id, &KeptRow { token: Some(serial), ..kept }.write())?;
    }
    Ok(source)
}

/// Gives a row back that this token had. One that is gone, or went to another token since, stays as it is.
pub(super) fn give_back(rows: &mut Keeping<'_, '_>, line: BatchLine, token: &TokenName) -> Result<(), Error> {
    let Some((id, kept)) = find(rows, line)? else { return Ok(()) };
    let serial = token.serial.as_ref().or(kept.row.credential.serial.as_ref());
    if kept.token.is_none() || kept.token.as_ref() != serial {
        return Ok(());
    }
    rows.set(id, &KeptRow { token: None, ..kept }.write())
}

fn find(rows: &Keeping<'_, '_>, line: BatchLine) -> Result<Option<(KeptId, KeptRow)>, Error> {
    let Some(id) = rows.find(Drawer::BatchRows, &line.bytes()) else { return Ok(None) };
    let kept = KeptRow::read(line.line, rows.open(id)?.expose()).ok_or(InputError::Damaged(id.0))?;
    Ok(Some((id, kept)))
}
