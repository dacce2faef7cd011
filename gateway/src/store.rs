//! The gateway's memory: one SQLite file, one writer that groups commits, readers beside it.
//!
//! Each subject keeps its SQL in its own `store.rs` and its tables in its own `schema.sql`; here is what they share. A
//! write is a job that runs in a savepoint of the writer's transaction and gets its reply after the commit, so what was
//! acknowledged is on disk (WAL, `synchronous=FULL`).
//!
//! ```no_run
//! # use countersign_gateway::store::{Store, StoreFault};
//! # fn main() -> Result<(), StoreFault> {
//! let store = Store::open("gateway.db".as_ref())?;
//! let changed = store.write(|row| Ok::<_, StoreFault>(row.execute("UPDATE person SET disabled = 1 WHERE name = ?1", ["mara"])?))?;
//! # assert_eq!(changed, 0); Ok(()) }
//! ```

mod connection;
mod migration;
mod writer;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use connection::connect;

use crate::cause::Cause;

pub use connection::Connection;
pub use migration::{STEPS, Step};
pub use rusqlite::{OptionalExtension, Row, named_params, params};

/// Readers kept open while idle: as many as look at once under load, since a fresh one reads the whole schema.
const IDLE_READERS: usize = 64;

/// Why the store could not do what was asked. It carries names and numbers, never a row's content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreFault {
    /// No room on the disk. Nothing was changed.
    #[error("the disk is full")]
    Full,
    /// Another process holds the store for longer than five seconds.
    #[error("the store is in use by another process")]
    Busy,
    /// Another write of the same transaction undid it, as a full disk does. Nothing was changed; it may be tried again.
    #[error("another write undid the transaction")]
    Undone,
    /// A row with this key is there already.
    #[error("a row with this key is there already")]
    Taken,
    /// The file was written by a newer gateway, which knows more steps. It was not touched.
    #[error("the store has version {found}, this gateway knows up to {known}")]
    Newer {
        /// The version stamped in the file.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// The file is not a store of this gateway. It was not touched.
    #[error("the file is not a store of this gateway")]
    Foreign,
    /// A stored value does not have the form that it was written in.
    #[error("a stored value is damaged: {0}")]
    Damaged(&'static str),
    /// The writer ended, because the gateway stops or a job failed badly.
    #[error("the store is closed")]
    Closed,
    /// Anything else; the text is SQLite's, which names tables and columns but no values.
    #[error("the store failed: {0}")]
    Failed(Cause),
}

impl From<rusqlite::Error> for StoreFault {
    fn from(fault: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        match fault.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::NotADatabase) => Self::Foreign,
            Some(ErrorCode::ConstraintViolation) if is_taken(&fault) => Self::Taken,
            _ => match fault {
                // What SQLite calls the code; its message of the moment is left out.
                rusqlite::Error::SqliteFailure(code, _) => Self::Failed(code.into()),
                rusqlite::Error::QueryReturnedNoRows => Self::Damaged("no row"),
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => Self::Damaged("a column's type"),
                // The text of the others may quote a statement, which holds no values: all are bound.
                other => Self::Failed(other.into()),
            },
        }
    }
}

fn is_taken(fault: &rusqlite::Error) -> bool {
    let extended = fault.sqlite_error().map_or(0, |e| e.extended_code);
    matches!(extended, rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE | rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY)
}

/// The open store. Clones share one writer and one set of readers.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: writer::Writer,
    readers: Mutex<Vec<Connection>>,
}

impl Store {
    /// Opens the store at `path`, makes it (rights 0600) when there is none, and brings it to this gateway's version.
    ///
    /// # Errors
    /// [`StoreFault::Newer`] and [`StoreFault::Foreign`] leave the file untouched.
    pub fn open(path: &Path) -> Result<Self, StoreFault> {
        Self::open_with(path, STEPS)
    }

    /// As [`Store::open`], with other steps. For tests of migration.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with(path: &Path, steps: &[Step]) -> Result<Self, StoreFault> {
        migration::refuse_newer(path, steps)?;
        // SQLite gives the rights of this file to those that it makes beside it.
        let made = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        made.map_err(|fault| StoreFault::Failed(fault.kind().into()))?;
        let mut connection = connect(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        migration::migrate(&mut connection, path, steps)?;
        let writer = writer::Writer::start(Connection::new(connection))?;
        Ok(Self { inner: Arc::new(Inner { path: path.to_owned(), writer, readers: Mutex::new(Vec::new()) }) })
    }

    /// Runs `job` in the writer's transaction and returns after the commit. Blocks; an error of the job undoes what it
    /// did and nothing else.
    ///
    /// # Errors
    /// The job's own, or a [`StoreFault`] of the commit: then nothing of the job is stored.
    pub fn write<T, E>(&self, job: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreFault> + Send + 'static,
    {
        self.inner.writer.run(job)
    }

    /// Runs `look` on a connection that only reads, on one snapshot. Blocks, but never for the writer.
    ///
    /// # Errors
    /// The closure's own, or a [`StoreFault`].
    pub fn read<T, E: From<StoreFault>>(&self, look: impl FnOnce(&Connection) -> Result<T, E>) -> Result<T, E> {
        tracing::trace!("a read");
        let connection = self.reader()?;
        connection.execute("BEGIN", []).map_err(StoreFault::from)?;
        let found = look(&connection);
        if connection.execute("COMMIT", []).is_ok() {
            self.give_back(connection);
        }
        found
    }

    fn reader(&self) -> Result<Connection, StoreFault> {
        let idle = self.inner.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(connection) = idle {
            return Ok(connection);
        }
        let connection = connect(&self.inner.path)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(Connection::new(connection))
    }

    fn give_back(&self, connection: Connection) {
        let mut readers = self.inner.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < IDLE_READERS {
            readers.push(connection);
        }
    }
}

/// A time or count as SQLite holds it.
pub fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// As written by [`int`].
pub fn time(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const NUMBERS: &[Step] = &[Step { name: "numbers", sql: "CREATE TABLE number (n INTEGER PRIMARY KEY) STRICT" }];

    fn insert(store: &Store, n: i64) -> Result<(), StoreFault> {
        store.write(move |row| Ok(row.execute("INSERT INTO number VALUES (?1)", [n]).map(drop)?))
    }

    fn count(store: &Store) -> i64 {
        store.read(|row| Ok::<_, StoreFault>(row.query_one("SELECT count(*) FROM number", [], |r| r.get(0))?)).unwrap()
    }

    #[test]
    fn a_job_that_fails_undoes_itself_alone() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_with(&folder.path().join("s"), NUMBERS).unwrap();
        std::thread::scope(|scope| {
            for n in 0..100 {
                let store = &store;
                scope.spawn(move || {
                    let done = store.write(move |row| {
                        row.execute("INSERT INTO number VALUES (?1)", [n])?;
                        if n % 2 == 0 { Ok(()) } else { Err(StoreFault::Damaged("odd")) }
                    });
                    assert_eq!(done.is_ok(), n % 2 == 0);
                });
            }
        });
        assert_eq!(count(&store), 50);
    }

    #[test]
    fn a_full_disk_is_called_that_and_room_again_is_enough() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_with(&folder.path().join("s"), NUMBERS).unwrap();
        let room = |more: i64| {
            let set = move |row: &Connection| {
                let pages: i64 = row.query_one("PRAGMA page_count", [], |row| row.get(0))?;
                let limit = format!("PRAGMA max_page_count = {}", pages + more);
                Ok::<i64, StoreFault>(row.query_one(&limit, [], |row| row.get(0))?)
            };
            store.write(set).unwrap()
        };
        room(0);
        let full = (0..10_000).find_map(|n| insert(&store, n).err().map(|fault| (n, fault)));
        let Some((n, StoreFault::Full)) = full else { panic!("{full:?}") };
        assert_eq!(count(&store), n, "what was acknowledged is there, and nothing else");
        room(100);
        insert(&store, n).unwrap();
        assert_eq!(count(&store), n + 1);
    }

    #[test]
    fn a_job_that_panics_closes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_with(&folder.path().join("s"), NUMBERS).unwrap();
        let lost: Result<(), StoreFault> = store.write(|row| {
            row.execute("INSERT INTO number VALUES (1)", [])?;
            panic!("a bug")
        });
        assert_eq!(lost, Err(StoreFault::Closed));
        insert(&store, 2).unwrap();
        assert_eq!(count(&store), 1);
    }

    #[test]
    fn the_same_key_twice_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_with(&folder.path().join("s"), NUMBERS).unwrap();
        insert(&store, 1).unwrap();
        assert_eq!(insert(&store, 1), Err(StoreFault::Taken));
    }

    #[test]
    fn a_reader_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_with(&folder.path().join("s"), NUMBERS).unwrap();
        let refused = store.read(|row| Ok::<_, StoreFault>(row.execute("INSERT INTO number VALUES (1)", [])?));
        assert!(matches!(refused, Err(StoreFault::Failed(_))), "{refused:?}");
    }

    #[test]
    fn two_stores_on_one_file_see_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let (one, two) = (Store::open_with(&path, NUMBERS).unwrap(), Store::open_with(&path, NUMBERS).unwrap());
        insert(&one, 1).unwrap();
        insert(&two, 2).unwrap();
        assert_eq!((count(&one), count(&two)), (2, 2));
    }

    #[test]
    fn only_the_owner_may_read_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open_with(&folder.path().join("s"), NUMBERS).unwrap();
        insert(&store, 1).unwrap();
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let rights = file.unwrap().metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!(rights, 0o600);
        }
    }
}
