//! [`App`]: all that shells see. State out, events in.
//!
//! Each method tells one use as a story: look up, decide, act, record. The one [`Mutex`] over the state is held to look
//! up and to record, never across a call that waits for keystore, network or person: between, the record may change,
//! so recording looks again. What a screen lists is a snapshot that is read without that lock. Observers are called
//! when it is released.

mod accounts;
mod approval;
mod batch;
mod bell;
mod bells;
mod burn;
mod decoy;
mod events;
mod export;
mod gateway;
mod history;
mod icon;
mod inbox;
mod keys;
mod locking;
mod moving;
mod offline;
mod packs;
mod page;
mod poll;
mod reader;
mod refresh;
mod scan;
mod slots;
mod tokens;
mod transfer;
mod vault;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_protocol::jose::{H32, Id};

pub use crate::device::Damage;
pub use crate::push::enrol::{EnrolOffer, Phone};
pub use crate::push::history::PastRow;
pub use crate::push::meta::Staleness;
pub use crate::push::offline::OfflineCode;
pub use crate::push::page::PageCode;
pub use crate::push::row::{
    ApprovalId, ApprovalRow, ApprovalState, Can, ContextRow, GatewayRow, GatewayState, NoticeRow, NoticeText,
};
pub use crate::record::{PastEnd, Told, Verdict};
pub use batch::BatchRow;
pub use bell::Bell;
pub use bells::PushEndpoint;
pub use burn::{BurnRow, VaultJournal};
pub use export::{Fresh, NotHeld, Outgoing};
pub use gateway::Enrolling;
pub use inbox::{Inbox, Note};
pub use moving::{JoiningRow, Moving};
pub use poll::PollOutcome;
pub use scan::Scanned;
pub use slots::KeyFault;
pub use tokens::{LedgerLine, TokenKeyRow};
pub use transfer::{TransferRow, TransferState};
pub use vault::LockState;

use crate::device::Store;
use crate::error::{Error, InputError};
use crate::icons::Packs;
use crate::port::{Observer, Ports, Topic};
use crate::push::{call, history as past, meta};
use crate::qr::Decoder;
use crate::record::Record;
use crate::vault::Codes;
use vault::Safe;

/// Where the app keeps its files.
#[derive(Debug, Clone)]
pub struct Folders {
    /// Of the app alone: the vault.
    pub private: PathBuf,
    /// Shared with what wakes the app: the device store, readable before the vault is unlocked.
    pub shared: PathBuf,
}

/// The phone. One lives as long as the shell; its methods are called from any thread.
pub struct App {
    ports: Ports,
    /// The vault's file.
    vault: PathBuf,
    state: Mutex<State>,
    /// Replaced whole after each change; the lock is held to clone the pointer.
    shown: Mutex<Arc<Shown>>,
    /// The list of accounts as it was shown last, and when; none while the vault is locked.
    listed: Mutex<Option<(u64, Codes)>>,
    /// When the person last touched the app: on the monotonic clock, and by the time of day.
    touched: Mutex<(Duration, u64)>,
    links: Mutex<BTreeMap<Id, Arc<Link>>>,
    observers: Mutex<Vec<Arc<dyn Observer>>>,
    /// Enrolments whose keys the keystore does not have any more.
    keyless: Mutex<BTreeSet<Id>>,
    decoder: Decoder,
    packs: Packs,
}

/// What is behind the one lock.
struct State {
    devices: Store,
    safe: Safe,
    /// How often the vault was locked: an unlock that began before the last time does not open it.
    locks: u64,
}

/// What screens list.
#[derive(Default)]
struct Shown {
    records: Vec<Arc<Record>>,
    damaged: Vec<(Id, Damage)>,
    restored: bool,
}

/// What is remembered of one gateway while the app runs.
#[derive(Default)]
struct Link {
    memory: call::Memory,
    /// The pauses between two polls, and between two streams of events.
    polls: call::Backoff,
    streams: call::Backoff,
    refreshes: Mutex<meta::Refreshes>,
    /// Held by the one poll that is under way, or by the enrolment itself.
    polling: Mutex<()>,
    /// Held by the one stream of events that is listened to.
    listening: Mutex<()>,
    /// Held by the one change of keys that is under way.
    changing: Mutex<()>,
    /// When a bell was last answered by a poll, on the monotonic clock.
    rung: Mutex<Option<Duration>>,
    /// When the gateway said that it has no events, on the monotonic clock.
    no_events: Mutex<Option<Duration>>,
    /// Icons that the gateway does not have.
    no_icons: Mutex<BTreeSet<H32>>,
}

impl App {
    /// Opens what is on disk, or begins anew where nothing is. Finishes or undoes what a killed process left.
    ///
    /// # Errors
    /// [`Error::Port`] when a folder cannot be used, or the keystore cannot be asked before the device's first unlock.
    pub fn open(folders: Folders, ports: Ports) -> Result<Self, Error> {
        Self::open_vault(folders.private.join(vault::FILE), &folders.shared, ports)
    }

    /// The same, where the vault is this file and the rest of the phone lies in `shared`.
    ///
    /// # Errors
    /// As [`App::open`].
    pub fn open_vault(vault: PathBuf, shared: &Path, ports: Ports) -> Result<Self, Error> {
        let devices = Store::open(&shared.join("device"), &ports)?;
        let app = Self {
            shown: Mutex::new(Arc::new(Shown::of(&devices))),
            state: Mutex::new(State { devices, safe: Safe::open(&vault, &ports), locks: 0 }),
            vault,
            listed: Mutex::default(),
            touched: Mutex::default(),
            links: Mutex::default(),
            observers: Mutex::default(),
            keyless: Mutex::default(),
            decoder: Decoder::new(),
            packs: Packs::new(&shared.join("icons")),
            ports,
        };
        app.undo_abandoned()?;
        app.delete_nameless_keys()?;
        // A history that cannot be rewritten now is trimmed at the next start; nothing older is shown meanwhile.
        let _ = app.trim_history();
        // What cannot be taken now is taken by a poll, or comes with one.
        let _ = app.take_inbox();
        Ok(app)
    }

    /// Has `observer` told of every change from now on.
    pub fn observe(&self, observer: Arc<dyn Observer>) {
        lock(&self.observers).push(observer);
    }

    /// Files of the device store that do not open; the others work.
    pub fn damaged_enrolments(&self) -> Vec<(Id, Damage)> {
        self.shown().damaged.clone()
    }

    fn notify(&self, topic: Topic) {
        // Not under the lock: an observer may call back.
        let observers = lock(&self.observers).clone();
        observers.iter().for_each(|observer| observer.changed(topic));
    }

    /// The state, to look up or to record. A lock that a panic left behind is repaired from disk first.
    fn state(&self) -> Result<MutexGuard<'_, State>, Error> {
        self.state.lock().map_err(|poisoned| {
            let mut state = poisoned.into_inner();
            // Locked again: what is in memory may be half of a change.
            state.safe = Safe::None;
            state.safe = Safe::open(&self.vault, &self.ports);
            state.locks += 1;
            *lock(&self.listed) = None;
            // When the disk fails too, the next call tries again.
            let is_whole = state.devices.reload().is_ok();
            if is_whole {
                self.state.clear_poison();
                self.show(&state);
            }
            drop(state);
            // Told once, when it is whole: who is told may look, and would come here again.
            if is_whole {
                self.notify(Topic::Lock);
                self.notify(Topic::Accounts);
            }
            Error::Internal
        })
    }

    fn shown(&self) -> Arc<Shown> {
        Arc::clone(&lock(&self.shown))
    }

    /// Replaces what screens list.
    fn show(&self, state: &State) {
        *lock(&self.shown) = Arc::new(Shown::of(&state.devices));
    }

    fn record(&self, id: Id) -> Result<Arc<Record>, Error> {
        let mut state = self.state()?;
        if state.devices.get(id).is_none() {
            state.devices.catch_up(id)?;
        }
        state.devices.get(id).ok_or_else(|| InputError::NotFound.into())
    }

    /// Puts a new record on disk.
    fn insert(&self, record: Record) -> Result<Arc<Record>, Error> {
        let once = self.ports.random.array()?;
        let mut state = self.state()?;
        let alone = state.devices.alone()?;
        let put = state.devices.put(record, once, &alone);
        self.show(&state);
        put
    }

    /// Changes a record as it is now, on disk and then in memory. When `change` refuses, nothing has changed; when the disk
    /// does, it may have. What leaves its list is remembered first. What another process changed meanwhile, or a disk that
    /// failed, is told to the observers: nobody else tells them.
    fn update<T>(&self, id: Id, change: impl FnOnce(&mut Record, u64) -> Result<T, Error>) -> Result<T, Error> {
        let mut unasked = false;
        let done = self.update_alone(id, change, &mut unasked);
        if unasked {
            self.notify(Topic::Approvals);
            self.notify(Topic::Gateways);
        }
        done
    }

    fn update_alone<T>(
        &self,
        id: Id,
        change: impl FnOnce(&mut Record, u64) -> Result<T, Error>,
        unasked: &mut bool,
    ) -> Result<T, Error> {
        let (once, for_history) = (self.ports.random.array()?, self.ports.random.array()?);
        let now = self.ports.clock.now();
        let mut state = self.state()?;
        let alone = state.devices.alone()?;
        *unasked = state.devices.catch_up(id)?;
        if *unasked {
            self.show(&state);
        }
        let before = state.devices.get(id).ok_or(InputError::NotFound)?;
        let mut record = Record::clone(&before);
        let value = change(&mut record, now)?;
        record.tidy(now);
        let over = before.approvals.iter().filter(|approval| record.approval(approval.jti()).is_none());
        let over: Vec<_> = over.map(|approval| past::past(&before, approval, now)).collect();
        if !over.is_empty() {
            state.devices.remember(id, over, for_history, now, &alone)?;
        }
        let put = state.devices.put(record, once, &alone);
        *unasked |= put.is_err();
        self.show(&state);
        put.map(|_| value)
    }

    fn link(&self, id: Id) -> Arc<Link> {
        Arc::clone(lock(&self.links).entry(id).or_default())
    }
}

impl Shown {
    fn of(devices: &Store) -> Self {
        Self {
            records: devices.records().cloned().collect(),
            damaged: devices.damaged().collect(),
            restored: devices.is_restored(),
        }
    }
}

/// A lock over values that are whole in every moment, whoever panicked meanwhile.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
