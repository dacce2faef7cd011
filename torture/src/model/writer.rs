use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::StoreFault;
use super::code::Writer;

const CALLERS: i64 = 3;

fn open(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF").unwrap();
    connection
}

fn holds(path: &Path, n: i64) -> bool {
    let found: i64 = open(path).query_row("SELECT count(*) FROM job WHERE n = ?1", [n], |row| row.get(0)).unwrap();
    found > 0
}

/// What was acknowledged is in the file, what failed is not, whoever else's jobs stand in the same transaction; and the
/// writer ends when it is dropped.
pub fn what_is_acknowledged_is_there() {
    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let path = folder.path().join("store");
    let connection = open(&path);
    connection.execute_batch("CREATE TABLE job (n INTEGER)").unwrap();
    let (writer, path) = (Arc::new(Writer::start(connection).unwrap()), Arc::new(path));
    let callers: Vec<_> = (0..CALLERS)
        .map(|n| {
            let (writer, path) = (writer.clone(), path.clone());
            shuttle::thread::spawn(move || {
                let insert =
                    move |row: &Connection| Ok::<_, StoreFault>(row.execute("INSERT INTO job VALUES (?1)", [n])?);
                assert_eq!(writer.run(insert), Ok(1));
                assert!(holds(&path, n), "acknowledged, and not there");
                let fails = move |row: &Connection| {
                    row.execute("INSERT INTO job VALUES (?1)", [n + CALLERS])?;
                    Err::<(), _>(StoreFault::Taken)
                };
                assert_eq!(writer.run(fails), Err(StoreFault::Taken));
                assert!(!holds(&path, n + CALLERS), "failed, and there");
            })
        })
        .collect();
    callers.into_iter().for_each(|it| it.join().unwrap());
    drop(writer);
}

pub const MODELS: &[(&str, fn())] = &[("what is acknowledged is there", what_is_acknowledged_is_there)];
