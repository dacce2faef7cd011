//! The list with its codes: one pass over what is in memory, nothing computed between two changes.

use std::sync::Arc;

use countersign_protocol::otp;

use super::account::{Account, DamagedAccount};
use super::{Unlocked, Vault};
use crate::error::Error;

/// What the list shows at one moment.
#[derive(Debug, Clone)]
pub struct Codes {
    /// The accounts in order, with their codes.
    pub rows: Arc<[CodeRow]>,
    /// Accounts that cannot be read.
    pub damaged: Arc<[DamagedAccount]>,
    /// When the first code changes, in Unix time; `None` while none follows the clock.
    pub next_change: Option<u64>,
    /// By how many seconds this device's clock is ahead of the gateways' (behind: below zero), where one told its time.
    /// Codes are those of this device's clock all the same: a drift is told, and never made up for.
    pub clock_ahead: Option<i64>,
}

/// One account and what it shows.
#[derive(Debug, Clone)]
pub struct CodeRow {
    /// The account.
    pub account: Arc<Account>,
    /// Code, next code and when they change; `None` for HOTP, whose code is asked for.
    pub live: Option<otp::Live>,
}

/// The codes that live, and the list made of them last.
#[derive(Default)]
pub(super) struct Live {
    codes: otp::List,
    shown: Option<Codes>,
}

impl Live {
    /// Forgets all: the accounts are other ones now.
    pub fn clear(&mut self) {
        self.codes.clear();
        self.shown = None;
    }
}

impl Vault {
    /// The list at `now`, in Unix time. Costs a comparison until the next change.
    ///
    /// # Errors
    /// [`crate::error::InputError::VaultLocked`].
    pub fn codes(&mut self, now: u64) -> Result<Codes, Error> {
        self.refresh()?;
        Ok(self.unlocked_mut()?.codes(now))
    }
}

impl Unlocked {
    fn codes(&mut self, now: u64) -> Codes {
        let accounts = self.list();
        let Self { rows, keys, live, .. } = self;
        // Most lists are in the order of their ids: one walk along the map finds almost all rows without a search.
        let mut along = rows.good.iter().peekable();
        // A seed that cannot be opened any more shows no code: its row was damaged in memory.
        let timed = accounts.iter().map(|account| {
            let id = account.id.0;
            while along.next_if(|(before, _)| **before < id).is_some() {}
            let row = along.next_if(|(here, _)| **here == id).map(|(_, row)| row);
            let timed = account.kind.timed(account.algorithm, account.digits)?;
            let kept = row.or_else(|| rows.good.get(&id))?.open_seed(keys)?;
            Some((account.kind.key(kept)?, timed))
        });
        let changed = live.codes.refresh(now, timed);
        if let Some(shown) = live.shown.as_ref().filter(|_| !changed) {
            return shown.clone();
        }
        let pairs = accounts.iter().zip(live.codes.rows());
        let shown = Codes {
            rows: pairs.map(|(account, live)| CodeRow { account: account.clone(), live: live.clone() }).collect(),
            damaged: rows.damaged(),
            next_change: live.codes.next_change(),
            clock_ahead: None,
        };
        live.shown = Some(shown.clone());
        shown
    }
}
