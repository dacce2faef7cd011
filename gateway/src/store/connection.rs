//! A connection that parses each statement once.

use std::ops::Deref;
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{CachedStatement, Params, Row};

/// How long a statement waits for another process's write, for example `user add` beside a running gateway.
const BUSY: Duration = Duration::from_secs(5);
/// Statements that a connection keeps prepared: all that requests run, with room.
const STATEMENTS: usize = 256;

/// A connection to the store. Whatever it runs it keeps prepared, since parsing a statement costs more than most take.
pub struct Connection(rusqlite::Connection);

impl Connection {
    /// Keeps prepared what is run on this one.
    pub(super) fn new(connection: rusqlite::Connection) -> Self {
        Self(connection)
    }

    /// Runs a statement that gives no rows; how many it changed.
    ///
    /// # Errors
    /// SQLite's.
    pub fn execute(&self, sql: &str, values: impl Params) -> rusqlite::Result<usize> {
        self.0.prepare_cached(sql)?.execute(values)
    }

    /// The one row that a statement gives.
    ///
    /// # Errors
    /// SQLite's, and that there is none or more than one.
    pub fn query_one<T>(
        &self,
        sql: &str,
        values: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        self.0.prepare_cached(sql)?.query_one(values, read)
    }

    /// The statement, to be run as often as wanted.
    ///
    /// # Errors
    /// SQLite's.
    pub fn prepare(&self, sql: &str) -> rusqlite::Result<CachedStatement<'_>> {
        self.0.prepare_cached(sql)
    }
}

impl Deref for Connection {
    type Target = rusqlite::Connection;

    fn deref(&self) -> &rusqlite::Connection {
        &self.0
    }
}

/// Opens the file.
pub(super) fn connect(path: &Path) -> rusqlite::Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Without this, a statement over a table that has a partial index is parsed anew whenever a value in it changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}
