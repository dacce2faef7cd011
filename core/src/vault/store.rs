//! The SQLite file: its tables and its settings.

use std::fs::OpenOptions;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::fault::{Fault, NO_ROOM_FOR_INDEX};
use super::frame::Place;
use super::header;
use super::hidden::{Beneath, Hidden};
use super::key::VaultKey;
use super::raw::beside;
use super::reserve::{self, Cell, SecondPlace};
use super::slot::Slot;
use crate::file;
use crate::port::Random;

/// Bytes of a page.
pub(super) const PAGE: usize = 4096;
/// `application_id` of a vault: «CSvt».
pub(super) const APPLICATION: u32 = 0x4353_7674;
/// How long one process waits for another's write.
const PATIENCE: Duration = Duration::from_secs(5);
/// Pages in the write-ahead log before it is written back.
const CHECKPOINT: u32 = 256;

/// Tables, in the order in which they are made; a file of format 1 has the first four. Two copies of the header are its
/// rows 1 and 2; the summary is row 1, and rows 2 to 21 how the last changes are taken back; part `p` of the note of account `a` is
/// row `16 a + p`, part `p` of the picture of icon `i` row `512 i + p`. `seed` stands before `label`: it is short, and so
/// never leaves the row's own page. What the reserve is for stands in [`super::reserve`].
const TABLES: [(&str, &str); 9] = [
    ("header", "CREATE TABLE header (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT"),
    ("summary", "CREATE TABLE summary (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT"),
    ("account", "CREATE TABLE account (id INTEGER PRIMARY KEY, seed BLOB NOT NULL, label BLOB NOT NULL) STRICT"),
    ("note", "CREATE TABLE note (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT"),
    ("groups", "CREATE TABLE groups (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT"),
    ("icon", "CREATE TABLE icon (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT"),
    ("picture", "CREATE TABLE picture (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT"),
    ("kept", "CREATE TABLE kept (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT"),
    ("reserve", "CREATE TABLE reserve (id INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT"),
];

/// The tables that a file of this format has.
fn tables(format: u32) -> &'static [(&'static str, &'static str)] {
    if format < 2 { &TABLES[..4] } else { &TABLES }
}

/// The table in which pieces of one column each stand.
const fn table(place: Place) -> &'static str {
    match place {
        Place::Seed | Place::Label => "account",
        Place::Note => "note",
        Place::Summary | Place::Undo => "summary",
        Place::Group => "groups",
        Place::Icon => "icon",
        Place::Picture => "picture",
        Place::Reserve => "reserve",
        Place::Kept => "kept",
    }
}

/// What a change waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// It survives a power cut once it is made.
    ForDisk,
    /// A power cut may take it back, with those of its kind before it, until a change waits for the disk again. The log is
    /// written in one order and summed: what is lost is its end.
    ForNothing,
}

/// An open file: the vault that it shows, or the one beneath.
pub(super) struct Store {
    connection: Connection,
    hidden: Option<Hidden>,
    /// What the connection is set to wait for.
    wait: Wait,
}

impl Store {
    /// Makes a new file at `path`, where none is, with all tables and nothing in them.
    pub fn create(path: &Path) -> Result<Self, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let mut connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.pragma_update(None, "page_size", PAGE as u32)?;
        connection.pragma_update(None, "application_id", APPLICATION)?;
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        settle(&connection)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        make_tables(&transaction, 0)?;
        transaction.commit()?;
        Ok(Self { connection, hidden: None, wait: Wait::ForDisk })
    }

    /// Opens the file that is there. Nothing is written back before [`Store::trust`], also not at the end.
    ///
    /// On a disk that is full to the last page there is no room for the index of the log, which processes share. Then it is
    /// kept in memory, and the file is this process' alone while it is open: codes are needed on such a day too.
    pub fn open(path: &Path) -> Result<Self, Fault> {
        let connection = connect(path, false).or_else(|error| match error {
            rusqlite::Error::SqliteFailure(fault, _) if fault.extended_code == NO_ROOM_FOR_INDEX => connect(path, true),
            error => Err(error),
        });
        let connection = connection.map_err(|error| unopened(path, error))?;
        Ok(Self { connection, hidden: None, wait: Wait::ForDisk })
    }

    /// Checks that SQLite reads the file as one of ours, whole.
    pub fn check(&self) -> Result<(), Fault> {
        let text = |sql: &str| self.connection.query_row(sql, [], |row| row.get::<_, String>(0));
        if text("PRAGMA journal_mode")? != "wal" || text("PRAGMA quick_check(1)")? != "ok" {
            return Err(Fault::Broken);
        }
        let mut statement = self.connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY rowid")?;
        let found = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let found = found.collect::<rusqlite::Result<Vec<_>>>()?;
        let found = found.iter().map(|(name, sql)| (name.as_str(), sql.as_str()));
        let same = found.eq(tables(self.reader().version()?).iter().copied());
        if same { Ok(()) } else { Err(Fault::Broken) }
    }

    /// From here on this is the hidden vault of `key`, as the cells of the file hold it.
    pub fn descend(&mut self, key: &VaultKey, random: Arc<dyn Random>) -> Result<(), Fault> {
        self.hidden = Some(Hidden::read(key, &self.reader().cells()?, random)?);
        Ok(())
    }

    /// From here on this is a hidden vault of `key` with nothing in it yet.
    pub fn begin_beneath(&mut self, key: &VaultKey, random: Arc<dyn Random>) -> Result<(), Fault> {
        self.hidden = Some(Hidden::empty(key, random)?);
        Ok(())
    }

    /// Brings what stands in memory after the file.
    pub fn reload(&mut self) -> Result<(), Fault> {
        let cells = if self.hidden.is_some() { self.reader().cells()? } else { vec![] };
        self.hidden.as_mut().map_or(Ok(()), |hidden| hidden.load(&cells))
    }

    /// What the second place holds, where this is the hidden vault.
    pub fn second(&self) -> Option<&SecondPlace> {
        self.hidden.as_ref().and_then(Hidden::second)
    }

    /// Whether the way in stands in the file as in the header: that of a hidden vault stands there in the second place.
    pub fn has_way_in(&self, slot: Option<&Slot>) -> bool {
        self.hidden.as_ref().is_none_or(|hidden| slot.is_some_and(|slot| hidden.has_second(slot)))
    }

    /// Lets the log be written back, once the file was checked, and copied aside where it is damaged.
    pub fn trust(&self) -> Result<(), Fault> {
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        Ok(self.connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT)?)
    }

    /// What the file holds now.
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(self.hidden.as_ref().map_or(&self.connection, Hidden::memory), &self.connection)
    }

    /// Reads what belongs together, as it stands at one moment, and how often others had changed the file by then.
    pub fn at_one_moment<T>(&mut self, look: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<(i64, T), Fault> {
        let began = self.begin_moment()?;
        let foreign = self.reader().foreign_changes();
        let seen = foreign.and_then(|foreign| Ok((foreign, look(self)?)));
        self.end_moment(began)?;
        seen
    }

    /// From here on everything read stands as at one moment, until [`Store::end_moment`]. False where one is held already.
    pub fn begin_moment(&self) -> Result<bool, Fault> {
        let begins = self.connection.is_autocommit();
        if begins {
            self.connection.execute_batch("BEGIN")?;
        }
        Ok(begins)
    }

    /// Ends what [`Store::begin_moment`] answered with `began`.
    pub fn end_moment(&self, began: bool) -> Result<(), Fault> {
        // Some faults of the disk have ended it by themselves.
        if began && !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        Ok(())
    }

    /// Begins a change that is on the disk once it is made: from here on no other process writes.
    pub fn begin(&mut self) -> Result<Change<'_>, Fault> {
        self.begin_and(Wait::ForDisk)
    }

    /// Begins a change that waits for this. What the connection waits for is set before each change and never after one, so
    /// that none which has to be on the disk is begun without it.
    pub fn begin_and(&mut self, wait: Wait) -> Result<Change<'_>, Fault> {
        if self.wait != wait {
            let level = if wait == Wait::ForDisk { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", level)?;
            self.wait = wait;
        }
        let Self { connection, hidden, .. } = self;
        let file = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let Some(hidden) = hidden else { return Ok(Change { transaction: file, beneath: None }) };
        let (transaction, beneath) = hidden.begin(file)?;
        Ok(Change { transaction, beneath: Some(beneath) })
    }

    /// What SQLite says that it waits for.
    #[cfg(test)]
    pub fn waits_for_the_disk(&self) -> bool {
        let level = self.connection.query_row("PRAGMA synchronous", [], |row| row.get::<_, i64>(0));
        level.is_ok_and(|level| level == 2)
    }

    /// Writes the log back into the file and empties it, as far as no other process reads.
    pub fn checkpoint(&self) -> Result<(), Fault> {
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    /// Ends the connection.
    pub fn close(self) -> Result<(), Fault> {
        self.connection.close().map_err(|(_, error)| error.into())
    }
}

/// Reads, inside a change or outside: rows from where the vault stands, the rest from its file.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    rows: &'a Connection,
    file: &'a Connection,
}

impl<'a> Reader<'a> {
    pub const fn new(rows: &'a Connection, file: &'a Connection) -> Self {
        Self { rows, file }
    }
}

impl Reader<'_> {
    /// The bodies of the header's copies, in order.
    pub fn headers(self) -> Result<Vec<Vec<u8>>, Fault> {
        let mut statement = self.rows.prepare("SELECT body FROM header WHERE id IN (1, 2) ORDER BY id")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The bodies of the header's copies of the vault that is shown, also where the one beneath is open.
    pub fn shown_headers(self) -> Result<Vec<Vec<u8>>, Fault> {
        Self::new(self.file, self.file).headers()
    }

    /// The summary's piece.
    pub fn summary(self) -> Result<Option<Vec<u8>>, Fault> {
        let mut statement = self.rows.prepare("SELECT body FROM summary WHERE id = 1")?;
        Ok(statement.query_row([], |row| row.get(0)).optional()?)
    }

    /// Gives each account's row to `take`, in order of id: id, seed, label.
    pub fn each_account(self, mut take: impl FnMut(u64, &[u8], &[u8])) -> Result<(), Fault> {
        let mut statement = self.rows.prepare("SELECT id, seed, label FROM account ORDER BY id")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            take(row_id(row.get(0)?)?, blob(row.get_ref(1)?)?, blob(row.get_ref(2)?)?);
        }
        Ok(())
    }

    /// Gives each piece of a table of one column to `take`, in order of id.
    pub fn each(self, place: Place, mut take: impl FnMut(u64, &[u8])) -> Result<(), Fault> {
        let mut statement = self.rows.prepare(&format!("SELECT id, body FROM {} ORDER BY id", table(place)))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            take(row_id(row.get(0)?)?, blob(row.get_ref(1)?)?);
        }
        Ok(())
    }

    /// The pieces of such a table that stand under these ids, in order.
    pub fn pieces(self, place: Place, ids: Range<u64>) -> Result<Vec<(u64, Vec<u8>)>, Fault> {
        if ids.is_empty() {
            return Ok(vec![]);
        }
        let sql = format!("SELECT id, body FROM {} WHERE id >= ?1 AND id < ?2 ORDER BY id", table(place));
        let mut statement = self.rows.prepare(&sql)?;
        let rows = statement.query_map([signed(ids.start), signed(ids.end)], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let rows = rows.collect::<rusqlite::Result<Vec<(i64, Vec<u8>)>>>()?;
        rows.into_iter().map(|(id, body)| Ok((row_id(id)?, body))).collect()
    }

    /// The cells of the reserve.
    pub fn cells(self) -> Result<Vec<Cell>, Fault> {
        Self::new(self.file, self.file).pieces(Place::Reserve, reserve::CELLS)
    }

    /// Those of the second place; a file of format 1 has none.
    pub fn second_place(self) -> Result<Vec<Cell>, Fault> {
        let reader = Self::new(self.file, self.file);
        if reader.version()? < 2 { Ok(vec![]) } else { reader.pieces(Place::Reserve, reserve::SECOND) }
    }

    /// The format that the file says it has.
    pub fn version(self) -> Result<u32, Fault> {
        Ok(self.rows.query_row("PRAGMA user_version", [], |row| row.get::<_, u32>(0))?)
    }

    /// A number that differs from the last when another process changed the file.
    pub fn foreign_changes(self) -> Result<i64, Fault> {
        // Not kept prepared: the keeping allocates, and a list in which nothing changed must not.
        Ok(self.file.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0))?)
    }
}

/// One transaction; dropped without [`Change::commit`] it leaves everything as it was.
pub(super) struct Change<'a> {
    transaction: Transaction<'a>,
    /// Where it ends, if it is one of the hidden vault.
    beneath: Option<Beneath<'a>>,
}

impl Change<'_> {
    /// What the file holds within the change.
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(&self.transaction, self.beneath.as_ref().map_or(&self.transaction, Beneath::file))
    }

    /// Writes the sealed summary row, of which there is one.
    pub fn put_summary(&self, body: &[u8]) -> Result<(), Fault> {
        self.put(Place::Summary, 1, body)
    }

    /// Writes the header twice, so that one damaged byte leaves a whole copy; other copies go.
    pub fn put_header(&self, body: &[u8]) -> Result<(), Fault> {
        self.execute("DELETE FROM header WHERE id NOT IN (1, 2)", [])?;
        (1..=2).try_for_each(|id| {
            self.execute("INSERT OR REPLACE INTO header (id, body) VALUES (?1, ?2)", params![id, body])
        })
    }

    /// Writes an account's two sealed columns, over what stood there.
    pub fn put_account(&self, id: u64, seed: &[u8], label: &[u8]) -> Result<(), Fault> {
        let sql = "INSERT OR REPLACE INTO account (id, seed, label) VALUES (?1, ?2, ?3)";
        self.execute(sql, params![signed(id), seed, label])
    }

    /// Writes a sealed piece into a table of one column, over what stood there.
    pub fn put(&self, place: Place, id: u64, body: &[u8]) -> Result<(), Fault> {
        let sql = format!("INSERT OR REPLACE INTO {} (id, body) VALUES (?1, ?2)", table(place));
        self.execute(&sql, params![signed(id), body])
    }

    /// Removes the pieces of such a table that stand under these ids.
    pub fn delete(&self, place: Place, ids: Range<u64>) -> Result<(), Fault> {
        let sql = format!("DELETE FROM {} WHERE id >= ?1 AND id < ?2", table(place));
        self.execute(&sql, [signed(ids.start), signed(ids.end)])
    }

    /// Makes the tables that a file of format `from` lacks, and says that it is of ours.
    pub fn make_tables(&self, from: u32) -> Result<(), Fault> {
        make_tables(&self.transaction, from)
    }

    /// Writes the cells of a file that is made or brought to this format.
    pub fn put_cells(&self, cells: &[Cell]) -> Result<(), Fault> {
        cells.iter().try_for_each(|(row, cell)| put_cell(&self.transaction, *row, cell))
    }

    /// Removes an account's row.
    pub fn delete_account(&self, id: u64) -> Result<(), Fault> {
        self.execute("DELETE FROM account WHERE id = ?1", [signed(id)])
    }

    /// Makes the change last: when this returns well it is on the disk.
    pub fn commit(self) -> Result<(), Fault> {
        if let Some(beneath) = self.beneath {
            beneath.commit(&self.transaction)?;
        }
        Ok(self.transaction.commit()?)
    }

    fn execute(&self, sql: &str, params: impl rusqlite::Params) -> Result<(), Fault> {
        self.transaction.prepare_cached(sql)?.execute(params)?;
        Ok(())
    }
}

/// Makes the tables that a file of format `from` lacks, and says that it is of ours.
pub(super) fn make_tables(connection: &Connection, from: u32) -> Result<(), Fault> {
    let there = if from == 0 { 0 } else { tables(from).len() };
    TABLES[there..].iter().try_for_each(|(_, sql)| connection.execute_batch(sql))?;
    Ok(connection.pragma_update(None, "user_version", header::FORMAT)?)
}

/// Writes a cell over the one that is there: all are as long, so that no other byte of the file moves.
pub(super) fn put_cell(connection: &Connection, row: u64, cell: &[u8]) -> Result<(), Fault> {
    let row = signed(row);
    let there = connection.prepare_cached("UPDATE reserve SET body = ?2 WHERE id = ?1")?.execute(params![row, cell])?;
    if there == 0 {
        connection.prepare_cached("INSERT INTO reserve (id, body) VALUES (?1, ?2)")?.execute(params![row, cell])?;
    }
    Ok(())
}

/// Why the file can't be opened. SQLite says no more than that it can't; whether it may be written here the lock beside it tells,
/// which can be opened and closed without SQLite losing its own.
fn unopened(path: &Path, error: rusqlite::Error) -> Fault {
    let is_unopened = error.sqlite_error_code() == Some(ErrorCode::CannotOpen);
    let lock = || OpenOptions::new().append(true).open(beside(path, ".lock"));
    match is_unopened.then(lock) {
        Some(Err(fault)) => file::named(&fault).into(),
        _ => error.into(),
    }
}

/// Opens the file that is there, for this process alone where it says so, and writes nothing back by itself.
fn connect(path: &Path, is_alone: bool) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    if is_alone {
        // Before anything is read: the index is made by the first look.
        connection.pragma_update_and_check(None, "locking_mode", "exclusive", |_| Ok(()))?;
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    settle(&connection)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}

fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.pragma_update(None, "cell_size_check", "ON")?;
    connection.pragma_update(None, "trusted_schema", "OFF")?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

/// Ids stay far below 2^59: each vault counts its own up from one.
pub(super) fn signed(id: u64) -> i64 {
    id as i64
}

pub(super) fn row_id(id: i64) -> Result<u64, Fault> {
    u64::try_from(id).map_err(|_| Fault::Broken)
}

pub(super) fn blob(value: rusqlite::types::ValueRef<'_>) -> Result<&[u8], Fault> {
    value.as_blob().map_err(|_| Fault::Broken)
}
