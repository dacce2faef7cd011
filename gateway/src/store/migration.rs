//! The steps that bring a store to this gateway's version, each in one transaction.
//!
//! The number of steps taken is stamped in the file's header (`user_version`), so that an older gateway can refuse a
//! newer file without opening it as a database. Before a store that holds data is changed, a copy is put beside it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::StoreFault;

/// One step: the tables of a subject, or a change of them. A released step is never edited.
pub struct Step {
    /// Names the step in the log.
    pub name: &'static str,
    /// Its statements.
    pub sql: &'static str,
}

/// All steps, oldest first; a new one goes to the end.
pub const STEPS: &[Step] = &[
    Step { name: "house", sql: include_str!("schema.sql") },
    Step { name: "person", sql: include_str!("../person/schema.sql") },
    Step { name: "session", sql: include_str!("../session/schema.sql") },
    Step { name: "audit", sql: include_str!("../audit/schema.sql") },
    Step { name: "enrol", sql: include_str!("../enrol/schema.sql") },
    Step { name: "approval", sql: include_str!("../approval/schema.sql") },
    Step { name: "login", sql: include_str!("../login/schema.sql") },
    Step { name: "chain", sql: include_str!("../chain/schema.sql") },
    Step { name: "approval asks", sql: include_str!("../approval/asks.sql") },
    Step { name: "origin", sql: include_str!("../origin/schema.sql") },
    Step { name: "attest", sql: include_str!("../attest/schema.sql") },
    Step { name: "session-moments", sql: include_str!("../session/moments.sql") },
    Step { name: "move", sql: include_str!("../enrol/move.sql") },
    Step { name: "notice", sql: include_str!("../notice/schema.sql") },
    Step { name: "session-enrol", sql: include_str!("../session/enrol.sql") },
    Step { name: "bounds", sql: include_str!("../enrol/bounds.sql") },
    Step { name: "sweep", sql: include_str!("../sweep.sql") },
];

/// «CSGW»: marks the file as ours.
const APPLICATION: u32 = 0x4353_4757;
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Reads the file's header alone, so that a file of a newer gateway or of another program is not touched.
pub(super) fn refuse_newer(path: &Path, steps: &[Step]) -> Result<(), StoreFault> {
    let Ok(mut file) = File::open(path) else { return Ok(()) };
    let mut header = [0; 72];
    match file.read_exact(&mut header) {
        Ok(()) => {}
        // A file that was made and never written to is as good as none.
        Err(_) if file.metadata().is_ok_and(|it| it.len() == 0) => return Ok(()),
        Err(_) => return Err(StoreFault::Foreign),
    }
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (version, application) = (number(60), number(68));
    if !header.starts_with(MAGIC) || (application != APPLICATION && (application, version) != (0, 0)) {
        return Err(StoreFault::Foreign);
    }
    newer(version, steps)
}

fn newer(found: u32, steps: &[Step]) -> Result<(), StoreFault> {
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    if found > known { Err(StoreFault::Newer { found, known }) } else { Ok(()) }
}

pub(super) fn migrate(connection: &mut Connection, path: &Path, steps: &[Step]) -> Result<(), StoreFault> {
    let version = version(connection)?;
    newer(version, steps)?;
    if version as usize == steps.len() {
        return Ok(());
    }
    if version > 0 {
        copy_aside(connection, path, version)?;
    }
    for (number, step) in (1..).zip(steps) {
        take(connection, number, step)?;
    }
    // Puts the version into the file itself, where `refuse_newer` of an older gateway looks.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

fn version(connection: &Connection) -> Result<u32, StoreFault> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// The copy gets its name when it is whole, and like the store it is for its owner alone.
fn copy_aside(connection: &Connection, path: &Path, version: u32) -> Result<(), StoreFault> {
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".before-{}{end}", version + 1));
        PathBuf::from(name)
    };
    let (whole, part) = (beside(""), beside(".part"));
    if whole.exists() {
        return Ok(());
    }
    let fault = |fault: io::Error| StoreFault::Failed(fault.kind().into());
    OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&part).map_err(fault)?;
    connection.execute("VACUUM INTO ?1", [part.to_string_lossy()])?;
    fs::rename(part, whole).map_err(fault)
}

/// Takes the step, unless it was taken before or by another process in the meantime.
fn take(connection: &mut Connection, number: u32, step: &Step) -> Result<(), StoreFault> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version(&transaction)? >= number {
        return Ok(());
    }
    transaction.execute_batch(step.sql)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", number)?;
    transaction.commit()?;
    tracing::info!(step = step.name, version = number, "store migrated");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::Store;
    use super::*;

    const FIRST: Step = Step { name: "first", sql: "CREATE TABLE one (n INTEGER) STRICT; INSERT INTO one VALUES (1)" };
    const SECOND: Step = Step { name: "second", sql: "ALTER TABLE one ADD COLUMN m INTEGER NOT NULL DEFAULT 7" };
    const BROKEN: Step = Step { name: "broken", sql: "UPDATE one SET n = 2; ALTER TABLE nothing ADD COLUMN m INTEGER" };

    #[test]
    fn an_older_store_is_kept_aside_and_brought_forward() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        drop(Store::open_with(&path, &[FIRST]).unwrap());
        let store = Store::open_with(&path, &[FIRST, SECOND]).unwrap();
        let m = store.read(|row| Ok::<i64, StoreFault>(row.query_one("SELECT m FROM one", [], |r| r.get(0))?));
        assert_eq!(m, Ok(7));
        let copy = folder.path().join("s.before-2");
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        let kept = Connection::open(copy).unwrap();
        assert_eq!(kept.query_one("SELECT n FROM one", [], |r| r.get::<_, i64>(0)), Ok(1));
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        drop(Store::open_with(&path, &[FIRST]).unwrap());
        assert!(Store::open_with(&path, &[FIRST, BROKEN]).is_err());
        let store = Store::open_with(&path, &[FIRST, SECOND]).unwrap();
        let n = store.read(|row| Ok::<i64, StoreFault>(row.query_one("SELECT n FROM one", [], |r| r.get(0))?));
        assert_eq!(n, Ok(1));
    }

    #[test]
    fn a_newer_store_is_refused_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        drop(Store::open_with(&path, &[FIRST, SECOND]).unwrap());
        let before = fs::read(&path).unwrap();
        let files = || fs::read_dir(folder.path()).unwrap().count();
        let count = files();
        let refused = Store::open_with(&path, &[FIRST]).err();
        assert_eq!(refused, Some(StoreFault::Newer { found: 2, known: 1 }));
        assert_eq!((fs::read(&path).unwrap(), files()), (before, count));
    }

    #[test]
    fn a_file_of_another_kind_is_refused_untouched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        for content in [&b"short"[..], &[7; 4096]] {
            fs::write(&path, content).unwrap();
            assert_eq!(Store::open_with(&path, &[FIRST]).err(), Some(StoreFault::Foreign));
            assert_eq!(fs::read(&path).unwrap(), content);
        }
    }

    #[test]
    fn all_steps_make_a_store_that_opens_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        drop(Store::open(&path).unwrap());
        assert!(Store::open(&path).is_ok());
    }
}
