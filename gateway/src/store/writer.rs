//! The one writer: takes what is queued, commits it together, then answers each.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Connection, StoreFault};

/// Jobs that may stand in one transaction.
const GROUP: usize = 256;
/// How long a transaction takes further jobs that are queued.
const GROUP_TIME: Duration = Duration::from_millis(2);
/// Jobs that may wait; a caller beyond them waits for room.
const QUEUE: usize = 1024;

/// Told how the commit went, and then answers the caller.
type Reply = Box<dyn FnOnce(Result<(), StoreFault>) + Send>;
/// Runs inside the transaction, or is told why there is none.
type Job = Box<dyn FnOnce(Result<&Connection, StoreFault>) -> Reply + Send>;

/// The thread that holds the only connection that writes. Dropping it ends the thread after the queued jobs.
pub(super) struct Writer {
    queue: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self, StoreFault> {
        let (queue, jobs) = sync_channel(QUEUE);
        // What is written down is logged by this thread, to the log of whoever opened the store.
        let log = tracing::dispatcher::get_default(Clone::clone);
        let work = move || tracing::dispatcher::with_default(&log, || work(&connection, &jobs));
        let thread = std::thread::Builder::new().name("store-writer".into()).spawn(work);
        let thread = thread.map_err(|fault| StoreFault::Failed(fault.kind().into()))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    pub(super) fn run<T, E>(&self, job: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreFault> + Send + 'static,
    {
        let (answer, answered) = sync_channel(1);
        let job: Job = Box::new(move |begun| {
            let done = begun.map_err(E::from).and_then(|connection| in_savepoint(connection, job));
            Box::new(move |committed| {
                // A caller that went away needs no answer.
                drop(answer.send(done.and_then(|value| committed.map(|()| value).map_err(E::from))));
            })
        });
        let queue = self.queue.as_ref().ok_or(StoreFault::Closed)?;
        queue.send(job).map_err(|_| StoreFault::Closed)?;
        answered.recv().map_err(|_| StoreFault::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn in_savepoint<T, E: From<StoreFault>>(
    connection: &Connection,
    job: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<T, E> {
    connection.execute("SAVEPOINT job", []).map_err(StoreFault::from)?;
    // After a panic the savepoint is rolled back too, so what the job left half done cannot be seen.
    let done = catch_unwind(AssertUnwindSafe(|| job(connection))).unwrap_or_else(|_| Err(StoreFault::Closed.into()));
    let Ok(value) = done else {
        // A full disk makes SQLite roll back everything by itself, and then there is no savepoint either. Whatever else
        // is in the way of undoing this job: what it left must not be committed with the others'.
        let undone = connection.execute_batch("ROLLBACK TO job; RELEASE job");
        if undone.is_err() && !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK").map_err(StoreFault::from)?;
        }
        return done;
    };
    connection.execute("RELEASE job", []).map_err(StoreFault::from)?;
    Ok(value)
}

fn work(connection: &Connection, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        group(connection, first, jobs);
    }
}

#[expect(clippy::disallowed_methods, reason = "how long a transaction stays open is the machine's time")]
fn group(connection: &Connection, first: Job, jobs: &Receiver<Job>) {
    if let Err(fault) = connection.execute("BEGIN IMMEDIATE", []) {
        let fault = StoreFault::from(fault);
        return first(Err(fault.clone()))(Err(fault));
    }
    let until = Instant::now() + GROUP_TIME;
    let mut replies = vec![first(Ok(connection))];
    // A full disk makes SQLite roll back the whole transaction by itself; then no further job may run in it.
    while !connection.is_autocommit() && replies.len() < GROUP && Instant::now() < until {
        let Ok(next) = jobs.try_recv() else { break };
        replies.push(next(Ok(connection)));
    }
    let committed = commit(connection);
    for reply in replies {
        reply(committed.clone());
    }
}

fn commit(connection: &Connection) -> Result<(), StoreFault> {
    if connection.is_autocommit() {
        return Err(StoreFault::Undone);
    }
    connection.execute("COMMIT", []).map(drop).map_err(|fault| {
        drop(connection.execute_batch("ROLLBACK"));
        StoreFault::from(fault)
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const JOBS: u32 = 200;

    /// How many transactions changed the file: SQLite's file change counter, as long as there is no WAL.
    fn commits(path: &Path) -> u32 {
        let file = std::fs::read(path).unwrap();
        u32::from_be_bytes(file[24..28].try_into().unwrap())
    }

    #[test]
    fn what_waits_is_committed_together() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store");
        let connection = Connection::new(rusqlite::Connection::open(&path).unwrap());
        connection.execute_batch("CREATE TABLE job (n INTEGER)").unwrap();
        let writer = Writer::start(connection).unwrap();

        // A control: jobs that come one after the other are a commit each.
        let before = commits(&path);
        for n in 0..5 {
            let job = move |tx: &Connection| Ok(tx.execute("INSERT INTO job VALUES (?1)", [n])?);
            assert_eq!(writer.run::<_, StoreFault>(job), Ok(1));
        }
        assert_eq!(commits(&path) - before, 5);

        let (release, held) = sync_channel::<()>(1);
        let (answer, answered) = sync_channel(JOBS as usize);
        let queue = writer.queue.as_ref().unwrap();
        let blocked: Job = Box::new(move |begun| {
            begun.unwrap();
            held.recv().unwrap();
            Box::new(|committed| committed.unwrap())
        });
        queue.send(blocked).unwrap();
        let before = commits(&path);
        for n in 0..JOBS {
            let answer = answer.clone();
            let job: Job = Box::new(move |begun| {
                begun.unwrap().execute("INSERT INTO job VALUES (?1)", [n]).unwrap();
                Box::new(move |committed| answer.send(committed).unwrap())
            });
            queue.send(job).unwrap();
        }
        release.send(()).unwrap();
        for _ in 0..JOBS {
            assert_eq!(answered.recv().unwrap(), Ok(()));
        }
        let commits = commits(&path) - before;
        // A group ends after a short time too, so a busy machine may need a few.
        assert!((1..=JOBS / 8).contains(&commits), "{commits} commits of {JOBS} jobs");
    }
}
