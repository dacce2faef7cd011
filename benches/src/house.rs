//! How long a gateway takes from its start to its first answer, with nobody in it and with a million people.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::push::{Phone, serving};
use crate::report::{Goal, Table};
use crate::rounds::{run, timed};

const PEOPLE: u32 = 1_000_000;

/// A million people, and an active phone of each. What is theirs alone is random: nothing reads it at a start.
const FILL: &str = "
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :people)
    INSERT INTO person (id, name, password, created_at)
    SELECT randomblob(16), 'person' || i, '$argon2id$v=19$m=19456,t=2,p=1$' || hex(randomblob(24)), 1795260000 FROM n";
const PHONES: &str = "
    INSERT INTO device (did, person, kind, name, state, os, model, app, level, uv, ak, pk, seal, auth, eh, added, until, run,
        mono_end, tries, activated)
    SELECT randomblob(16), id, 'phone', 'Phone', 'active', 'android', 'Pixel 11', 'Countersign 1.0', 'tee', 'any',
        randomblob(65), randomblob(65), randomblob(65), randomblob(16), randomblob(32), 1795260000, 1795260600, 1, 0, 0, 1795260100
    FROM person";

/// From the start of its process to the end of its first answers, over TLS: what it says of itself, and that it is ready, for
/// which it writes: whatever else is done at a start is in the way of neither.
pub fn table() -> Table {
    let folder = tempfile::tempdir().expect("a folder");
    let (nobody, full) = (folder.path().join("nobody"), folder.path().join("full"));
    answered(&nobody);
    answered(&full);
    fill(&full.join("gateway.db"));
    let rows = run(
        1,
        vec![timed("a million people, each with a phone", || answered(&full)), timed("nobody", || answered(&nobody))],
    );
    let goals = vec![Goal::most("a million people, in ms, at most 150", rows[0].median / 1e6, 150.0)];
    Table {
        title: "A gateway, from its start to its first answers, one of which needs a write".into(),
        unit: "ns",
        rows,
        goals,
    }
}

fn fill(store: &Path) {
    let store = Connection::open(store).expect("the store");
    // Random ids go everywhere: the pages of all of them are kept at hand until they are written, once.
    store.execute_batch("PRAGMA cache_size = -2000000; PRAGMA synchronous = OFF").expect("a large cache");
    assert_eq!(store.execute(FILL, [PEOPLE]).expect("people"), PEOPLE as usize);
    assert_eq!(store.execute(PHONES, []).expect("phones"), PEOPLE as usize);
    store.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).expect("the log is written back");
}

/// Starts it, asks once, and ends it.
fn answered(folder: &Path) -> Duration {
    let start = Instant::now();
    let mut child = serving(folder);
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let address: SocketAddr = lines.next().expect("a line").expect("its address").parse().expect("an address");
    let mut phone = Phone::new(address, 0);
    phone.metadata(&format!("https://localhost:{}/push/v1", address.port()));
    phone.ready();
    let took = start.elapsed();
    // At the end of its input it stops as it should.
    drop(child.stdin.take());
    child.wait().expect("it ends");
    took
}
