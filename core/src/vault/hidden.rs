//! The hidden vault as a store: its tables stand in memory, still sealed, and are written into the cells of the file within the
//! transaction that changes them. What reads and changes a vault does not know the difference.

use std::sync::Arc;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use super::fault::Fault;
use super::frame::{read_varint, write_varint};
use super::header;
use super::key::VaultKey;
use super::reserve::{self, Cell, Cells, Entries, Name, SecondPlace};
use super::slot::Slot;
use super::store::{Reader, blob, make_tables, put_cell, row_id, signed};
use super::undo;
use crate::error::Error;
use crate::port::Random;

/// The tables that the cells keep, by the number that they have there.
const TABLES: [(u8, &str); 8] =
    [(1, ACCOUNT), (3, "note"), (4, "summary"), (5, "groups"), (6, "icon"), (7, "picture"), (8, "header"), (9, "kept")];
const ACCOUNT: &str = "account";
/// The table in which the last changes are kept.
const CHANGES: u8 = 4;

/// What a file's hidden vault holds.
pub(super) struct Hidden {
    memory: Connection,
    cells: Cells,
}

impl Hidden {
    /// Reads the vault of `key` out of the cells.
    pub fn read(key: &VaultKey, cells: &[Cell], random: Arc<dyn Random>) -> Result<Self, Fault> {
        let mut hidden = Self::empty(key, random)?;
        hidden.load(cells)?;
        Ok(hidden)
    }

    /// One that has nothing in it yet.
    pub fn empty(key: &VaultKey, random: Arc<dyn Random>) -> Result<Self, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut memory = Connection::open_in_memory_with_flags(flags)?;
        let transaction = memory.transaction()?;
        make_tables(&transaction, 0)?;
        transaction.commit()?;
        Ok(Self { memory, cells: Cells::empty(key, random)? })
    }

    /// Takes in what the cells hold, in the place of what was there.
    pub fn load(&mut self, cells: &[Cell]) -> Result<(), Fault> {
        self.cells.load(cells);
        let transaction = self.memory.transaction()?;
        for (number, table) in TABLES {
            transaction.execute(&format!("DELETE FROM {table}"), [])?;
            let entries = self.cells.entries().filter(|((of, _), _)| *of == number);
            entries.into_iter().try_for_each(|((_, id), bytes)| fill(&transaction, table, id, bytes))?;
        }
        Ok(transaction.commit()?)
    }

    pub const fn memory(&self) -> &Connection {
        &self.memory
    }

    /// Whether the second place of the file holds `slot`.
    pub fn has_second(&self, slot: &Slot) -> bool {
        self.cells.has_second(slot)
    }

    /// What the second place of the file holds.
    pub fn second(&self) -> Option<&SecondPlace> {
        self.cells.second()
    }

    /// Begins a change in memory that ends in `file`.
    pub fn begin<'a>(&'a mut self, file: Transaction<'a>) -> Result<(Transaction<'a>, Beneath<'a>), Fault> {
        let Self { memory, cells } = self;
        let transaction = memory.transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok((transaction, Beneath { file, cells }))
    }
}

/// Where a change of the hidden vault ends.
pub(super) struct Beneath<'a> {
    file: Transaction<'a>,
    cells: &'a mut Cells,
}

impl Beneath<'_> {
    /// The file that the change ends in, within its transaction.
    pub fn file(&self) -> &Connection {
        &self.file
    }

    /// Writes what `memory` holds into the cells: when this returns well it is on the disk, and memory may follow.
    pub fn commit(self, memory: &Connection) -> Result<(), Fault> {
        let mut entries = Entries::new();
        for (number, table) in TABLES {
            dump(memory, number, table, &mut entries)?;
        }
        make_room(memory, &mut entries)?;
        let headers = Reader::new(memory, &self.file).headers()?;
        let header = headers.first().and_then(|body| header::Copy::parse(body)).ok_or(Error::Internal)?;
        let slot = header.header.slots.first().cloned().ok_or(Error::Internal)?;
        let plan = self.cells.plan(entries, slot)?;
        plan.writes.iter().try_for_each(|(row, cell)| put_cell(&self.file, *row, cell))?;
        self.file.commit()?;
        self.cells.settle(plan);
        Ok(())
    }
}

/// Where there is no room for how the last changes are taken back, those are what goes, the oldest first: what is full can be
/// emptied.
fn make_room(memory: &Connection, entries: &mut Entries) -> Result<(), Fault> {
    let (first, end) = ((CHANGES, undo::ROWS.start), (CHANGES, undo::ROWS.end));
    let mut changes: Vec<(u64, Name)> =
        entries.range(first..end).map(|(name, piece)| (undo::version_of(piece), *name)).collect();
    changes.sort_unstable();
    for (_, name) in changes {
        if reserve::fits(entries) {
            break;
        }
        entries.remove(&name);
        memory.execute("DELETE FROM summary WHERE id = ?1", [signed(name.1)])?;
    }
    Ok(())
}

/// Everything of a table, as the cells keep it: of an account the length of its seed, seed and label.
fn dump(memory: &Connection, number: u8, table: &str, entries: &mut Entries) -> Result<(), Fault> {
    let columns = if table == ACCOUNT { "label, seed" } else { "body, NULL" };
    let mut statement = memory.prepare(&format!("SELECT id, {columns} FROM {table}"))?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let mut bytes = vec![];
        if table == ACCOUNT {
            let seed = blob(row.get_ref(2)?)?;
            write_varint(seed.len() as u64, &mut bytes);
            bytes.extend_from_slice(seed);
        }
        bytes.extend_from_slice(blob(row.get_ref(1)?)?);
        entries.insert((number, row_id(row.get(0)?)?), bytes);
    }
    Ok(())
}

/// Puts an entry into its table. What was damaged stands there as it is, and does not open.
fn fill(memory: &Connection, table: &str, id: u64, bytes: &[u8]) -> Result<(), Fault> {
    if table != ACCOUNT {
        let sql = format!("INSERT INTO {table} (id, body) VALUES (?1, ?2)");
        return put(memory, &sql, params![signed(id), bytes]);
    }
    let mut rest = bytes;
    let length = read_varint(&mut rest).and_then(|length| usize::try_from(length).ok());
    let (seed, label) = length.and_then(|length| rest.split_at_checked(length)).unwrap_or((rest, &[]));
    put(memory, "INSERT INTO account (id, seed, label) VALUES (?1, ?2, ?3)", params![signed(id), seed, label])
}

fn put(memory: &Connection, sql: &str, params: impl rusqlite::Params) -> Result<(), Fault> {
    memory.prepare_cached(sql)?.execute(params)?;
    Ok(())
}
