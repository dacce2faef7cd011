//! What happened: who, what, when, from where, how it ended. Never a secret.
//!
//! A row is added in the same transaction as the decision that it tells of: SQL stores call [`store::append`] inside
//! their job. What has no other row to write, such as a refused password, goes through [`Store::append`].

pub mod store;

use std::net::IpAddr;

use crate::store::StoreFault;

const DAY: u64 = 86_400;

/// Who asks: the browser's or phone's address and the request's transaction id, for audit rows and log lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caller {
    /// The peer's address, or what a configured proxy says it is. `None` on the command line.
    pub address: Option<IpAddr>,
    /// The transaction id that the error page and the log lines show.
    pub transaction: String,
}

impl Caller {
    /// An entry of this caller. The rest is added by [`Entry`]'s builders.
    pub fn entry(&self, at: u64, what: &'static str, outcome: &'static str) -> Entry {
        Entry {
            at,
            person: None,
            what: what.into(),
            outcome: outcome.into(),
            address: self.address,
            device: None,
            approval: None,
            transaction: self.transaction.clone(),
        }
    }
}

/// One row of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, in Unix seconds.
    pub at: u64,
    /// Whom it concerns, by name.
    pub person: Option<String>,
    /// What was tried: `subject.action`, for example `login.password`.
    pub what: String,
    /// How it ended: `done`, `refused` or a state such as `denied`.
    pub outcome: String,
    /// From where.
    pub address: Option<IpAddr>,
    /// The device concerned.
    pub device: Option<[u8; 16]>,
    /// The approval concerned.
    pub approval: Option<[u8; 16]>,
    /// The request's transaction id.
    pub transaction: String,
}

impl Entry {
    /// Names the person.
    pub fn person(mut self, name: impl Into<String>) -> Self {
        self.person = Some(name.into());
        self
    }

    /// Names the device by its `did`.
    pub fn device(mut self, did: [u8; 16]) -> Self {
        self.device = Some(did);
        self
    }

    /// Names the approval by its `aid`.
    pub fn approval(mut self, aid: [u8; 16]) -> Self {
        self.approval = Some(aid);
        self
    }

    /// The same as a log line. Control characters are escaped by the formatter.
    pub fn log(&self) {
        tracing::info!(
            target: "audit",
            person = self.person.as_deref(),
            what = %self.what,
            outcome = %self.outcome,
            address = self.address.map(tracing::field::display),
            transaction = %self.transaction,
        );
    }
}

/// Remembers what happened.
pub trait Store: Send + Sync {
    /// Adds a row.
    ///
    /// # Errors
    /// [`StoreFault`]; then the row is not there.
    fn append(&self, entry: &Entry) -> Result<(), StoreFault>;

    /// The newest `most` rows, newest first, of all people or of one.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn latest(&self, person: Option<&str>, most: u32) -> Result<Vec<Entry>, StoreFault>;

    /// Forgets what happened more than `kept` seconds before [`counts_from`].
    ///
    /// # Errors
    /// [`StoreFault`].
    fn forget(&self, now: u64, kept: u64) -> Result<(), StoreFault>;
}

/// The moment from which the audit's rows are as old as they are: `now`, but no later than the end of the second newest day
/// that has a row, whose newest is `second`. A clock that is years ahead for a moment, at a start before the machine asked
/// the network for its time, so forgets nothing, whatever one day of it writes. Nothing when there is no second day.
pub fn counts_from(now: u64, second: Option<u64>) -> Option<u64> {
    Some(now.min(start_of_day(second?).saturating_add(DAY)))
}

/// The first second of the day in which `at` lies.
pub fn start_of_day(at: u64) -> u64 {
    at - at % DAY
}
