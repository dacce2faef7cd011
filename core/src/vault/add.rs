//! Accounts come in: one or many at once, none twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Code, Counter, Digits, hotp};
use zeroize::Zeroizing;

use super::Vault;
use super::account::{self, Account, AccountId, Details, NewAccount};
use super::change::Work;
use super::edit::next_of;
use super::key::Keys;
use super::kind::Kind;
use super::label::{ORDER_STEP, first_order};
use super::rows::Row;
use super::undo::Before;
use crate::error::{Error, InputError, Named};
use crate::limits;

/// How far the counter of an account that is there goes ahead, where the same is added again: what is further is sooner a
/// damaged or a forged code than one of a phone that was in use meanwhile.
pub const COUNTER_AHEAD: u64 = 1000;

impl Vault {
    /// Adds an account.
    ///
    /// # Errors
    /// [`InputError::Duplicate`] where the same seed with the same settings is there: names stay as they
    /// are, and of two HOTP counters the larger is kept, unless it is more than [`COUNTER_AHEAD`] ahead. A counter that went
    /// ahead is a change that [`Vault::undo`] takes back. [`InputError::Field`] and [`InputError::TooMuch`] by field; [`InputError::NotFound`] for a group or a picture that is not there;
    /// [`crate::error::PortError`] of the disk, with nothing changed.
    pub fn add(&mut self, new: &NewAccount) -> Result<AccountId, Error> {
        let added = self.add_all(std::slice::from_ref(new))?.pop();
        Ok(added.ok_or(Error::Internal)??)
    }

    /// Adds accounts in one transaction: all that can be taken, and why each other cannot, in their order.
    ///
    /// # Errors
    /// [`crate::error::PortError`] of the disk, with nothing changed; [`InputError::VaultLocked`].
    pub fn add_all(&mut self, all: &[NewAccount]) -> Result<Vec<Result<AccountId, InputError>>, Error> {
        let now = self.clock.now();
        let ready: Vec<Result<Ready<'_>, InputError>> = all.iter().map(Ready::check).collect();
        if ready.iter().all(Result::is_err) {
            self.unlocked()?;
            return Ok(ready.into_iter().map(|refused| refused.map(|_| AccountId(0))).collect());
        }
        self.change(|work| {
            let mut batch = Batch::begin(work, &ready);
            let take = |ready: &Result<_, _>| batch.take(work, ready.as_ref().map_err(|refused| *refused), now);
            let taken = ready.iter().map(take).collect::<Result<_, _>>()?;
            if !batch.ahead.is_empty() {
                work.keep_undo(batch.ahead.values())?;
            }
            Ok(taken)
        })
    }

    /// The next code of a HOTP account. The counter after it is on the disk before the code is returned:
    /// no code is ever shown twice.
    ///
    /// # Errors
    /// As [`Vault::get`]; [`InputError::WrongKind`] for any other kind, or at the last counter.
    pub fn next_hotp(&mut self, id: AccountId) -> Result<Code, Error> {
        let now = self.clock.now();
        self.change(|work| {
            let row = work.rows.find(id)?;
            let Kind::Hotp(counter) = row.account.kind else { return Err(InputError::WrongKind("not HOTP").into()) };
            let next = counter.next().ok_or(InputError::WrongKind("the last counter"))?;
            let seed = row.open_seed(work.keys).ok_or(InputError::Damaged(id.0))?;
            let mut account = (*row.account).clone();
            account.kind = Kind::Hotp(next);
            (account.uses, account.used) = (account.uses.saturating_add(1), now);
            let code = hotp(&seed, counter, account.algorithm, account.digits);
            work.rewrite(row, account, None)?;
            Ok(code)
        })
    }
}

/// An account whose values hold their limits.
struct Ready<'a> {
    new: &'a NewAccount,
    issuer: String,
    name: String,
    note: Zeroizing<String>,
    details: Details,
    algorithm: Algorithm,
    digits: Digits,
    /// What is sealed: the seed, and the PIN of a kind that has one.
    kept: Secret,
}

impl<'a> Ready<'a> {
    fn check(new: &'a NewAccount) -> Result<Self, InputError> {
        let issuer = account::name(Named::Issuer, &new.issuer)?;
        let name = account::name(Named::Name, &new.name)?;
        let note = account::note(&new.note)?;
        if let Kind::Hotp(counter) = new.kind {
            next_of(counter)?;
        }
        let kept = new.kind.kept(&new.secret, new.pin.as_ref())?;
        let (algorithm, digits) = new.kind.form(new.algorithm, new.digits);
        let mut details = new.details.clone();
        details.tags = details.tags.iter().map(|tag| account::tag(tag)).collect::<Result<_, _>>()?;
        Ok(Self { new, issuer, name, note, details: details.settled()?, algorithm, digits, kept })
    }

    fn identity(&self, keys: &Keys) -> [u8; 16] {
        identity(keys, self.new.kind, self.algorithm, self.digits, &self.kept)
    }
}

/// What is known while accounts are added.
struct Batch {
    /// The accounts of the vault, where more than one is added; one is looked for.
    known: Option<HashMap<[u8; 16], AccountId>>,
    /// Accounts that were added, and the counters that any of their likes had.
    added: HashMap<[u8; 16], AccountId>,
    counters: HashMap<[u8; 16], BTreeSet<u64>>,
    /// Accounts that were there, before their counter went ahead.
    ahead: BTreeMap<AccountId, Before>,
    count: usize,
    last_order: u64,
}

impl Batch {
    fn begin(work: &Work<'_>, ready: &[Result<Ready<'_>, InputError>]) -> Self {
        let there = || work.rows.good.values().filter(|row| !row.is_deleted());
        let all = || there().filter_map(|row| Some((row.identity(work.keys)?, row.account.id))).collect();
        let mut counters: HashMap<_, BTreeSet<_>> = HashMap::new();
        for ready in ready.iter().flatten() {
            if let Kind::Hotp(counter) = ready.new.kind {
                counters.entry(ready.identity(work.keys)).or_default().insert(counter.get());
            }
        }
        Self {
            known: (ready.len() > 1).then(all),
            added: HashMap::new(),
            counters,
            ahead: BTreeMap::new(),
            count: there().count() + work.rows.bad.len(),
            last_order: there().map(|row| row.account.order).max().unwrap_or_default(),
        }
    }

    fn take(
        &mut self,
        work: &mut Work<'_>,
        ready: Result<&Ready<'_>, InputError>,
        now: u64,
    ) -> Result<Result<AccountId, InputError>, Error> {
        let ready = match ready {
            Ok(ready) => ready,
            Err(refused) => return Ok(Err(refused)),
        };
        let identity = ready.identity(work.keys);
        if let Some(same) = self.added.get(&identity) {
            return Ok(Err(InputError::Duplicate(same.0)));
        }
        if let Some(same) = self.same(work, &identity) {
            if let Some(before) = work.merge(same, self.counters.get(&identity))? {
                self.ahead.entry(same.account.id).or_insert(before);
            }
            return Ok(Err(InputError::Duplicate(same.account.id.0)));
        }
        if let Err(refused) = self.has_room().and_then(|()| work.has_all(&ready.details)) {
            return Ok(Err(refused));
        }
        let id = AccountId(work.new_id());
        self.last_order = first_order(id).max(self.last_order.saturating_add(ORDER_STEP));
        self.count += 1;
        self.added.insert(identity, id);
        let largest =
            self.counters.get(&identity).and_then(BTreeSet::last).and_then(|last| Counter::try_from(*last).ok());
        let kind = largest.map_or(ready.new.kind, Kind::Hotp);
        work.write(None, ready.account(id, kind, self.last_order, now), &ready.kept, Some(&ready.note))?;
        Ok(Ok(id))
    }

    fn same<'a>(&self, work: &Work<'a>, identity: &[u8; 16]) -> Option<&'a Row> {
        let rows = &work.rows.good;
        match &self.known {
            Some(known) => known.get(identity).and_then(|id| rows.get(&id.0)),
            None => rows.values().find(|row| !row.is_deleted() && row.identity(work.keys) == Some(*identity)),
        }
    }

    fn has_room(&self) -> Result<(), InputError> {
        has_room(self.count + 1)
    }
}

/// Whether so many accounts may be there.
pub(super) fn has_room(count: usize) -> Result<(), InputError> {
    let (found, most) = (count as u64, limits::VAULT_ACCOUNTS as u64);
    if found > most { Err(InputError::TooMuch { what: Named::Accounts, found, most }) } else { Ok(()) }
}

impl Ready<'_> {
    fn account(&self, id: AccountId, kind: Kind, order: u64, now: u64) -> Account {
        let &Self { algorithm, digits, new: &NewAccount { origin, .. }, .. } = self;
        Account {
            id,
            issuer: self.issuer.clone(),
            name: self.name.clone(),
            kind,
            algorithm,
            digits,
            origin,
            created: now,
            changed: now,
            order,
            details: self.details.clone(),
            uses: 0,
            used: 0,
            deleted: None,
        }
    }
}

impl Work<'_> {
    /// The account is there: of counters the largest is right, since the others' codes are used up. Those that are too far
    /// ahead are left. Returns what is kept of the account where its counter went ahead.
    fn merge(&mut self, same: &Row, given: Option<&BTreeSet<u64>>) -> Result<Option<Before>, Error> {
        let (Kind::Hotp(kept), Some(given)) = (same.account.kind, given) else { return Ok(None) };
        let ahead = kept.get().saturating_add(1)..=kept.get().saturating_add(COUNTER_AHEAD);
        let Some(counter) = given.range(ahead).next_back().and_then(|largest| Counter::try_from(*largest).ok()) else {
            return Ok(None);
        };
        let mut account = (*same.account).clone();
        account.kind = Kind::Hotp(counter);
        let before = Before::of(&same.account, &account, None);
        self.rewrite(same, account, None)?;
        Ok(Some(before))
    }

    /// Whether the groups and the picture are there that an account names.
    pub fn has_all(&self, details: &Details) -> Result<(), InputError> {
        self.has_groups(&details.groups)?;
        details.icon.iter().try_for_each(|icon| self.has_icon(icon))
    }
}

/// What makes an account this account: kind, algorithm, digits, period with its start, seed and PIN. A counter does not,
/// nor a name.
pub(super) fn identity(keys: &Keys, kind: Kind, algorithm: Algorithm, digits: Digits, kept: &Secret) -> [u8; 16] {
    let (period, start) = match kind {
        Kind::Totp(period) => (period.seconds(), period.start()),
        Kind::Hotp(_) | Kind::Steam | Kind::Yandex | Kind::MOtp => (0, 0),
    };
    let (start, algorithm) = (start.to_be_bytes(), algorithm.as_str().as_bytes());
    // The seed leaves its type to be hashed under a key.
    keys.identity(&[&[kind.number(), digits.get()], &period.to_be_bytes(), &start, algorithm, b"|", kept.expose()])
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Folder, hotp, totp};
    use super::*;

    #[test]
    fn accounts_are_taken_up_to_their_limit_and_what_cannot_be_read_counts() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let all: Vec<NewAccount> = (0..limits::VAULT_ACCOUNTS as u64 - 1).map(totp).collect();
        assert!(vault.add_all(&all).unwrap().iter().all(Result::is_ok));
        let key = vault.key().unwrap();
        drop(vault);
        folder.sql("UPDATE account SET seed = zeroblob(length(seed)) WHERE id = 7");
        let mut vault = folder.open();
        vault.unlock_with(&key).unwrap();
        assert_eq!((vault.damaged().unwrap().len(), vault.accounts().unwrap().len()), (1, limits::VAULT_ACCOUNTS - 2));

        let (last, beyond) = (totp(limits::VAULT_ACCOUNTS as u64), totp(limits::VAULT_ACCOUNTS as u64 + 1));
        vault.add(&last).unwrap();
        let most = limits::VAULT_ACCOUNTS as u64;
        let refused = InputError::TooMuch { what: Named::Accounts, found: most + 1, most };
        assert_eq!(vault.add(&beyond), Err(refused.into()));
        assert!(
            matches!(vault.add(&last), Err(Error::Input(InputError::Duplicate(_)))),
            "one that is there is told so"
        );
        vault.delete(AccountId(7)).unwrap();
        vault.add(&beyond).unwrap();
        assert_eq!(vault.accounts().unwrap().len(), limits::VAULT_ACCOUNTS);
    }

    #[test]
    fn of_many_accounts_each_has_its_own_answer() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let there = vault.add(&totp(1)).unwrap();
        let long = NewAccount { issuer: "x".repeat(limits::ACCOUNT_NAME + 1), ..totp(2) };
        let counted = |n: u64| NewAccount { issuer: format!("at {n}"), ..hotp(n) };
        let groups = Details { groups: vec![super::super::GroupId(77)], ..Details::default() };
        let strange = NewAccount { details: groups, ..totp(5) };
        let all = [totp(1), long, totp(3), totp(3), counted(2), counted(9), strange];
        let answers = vault.add_all(&all).unwrap();
        let is_long = |answer: &Result<AccountId, InputError>| {
            matches!(answer, Err(InputError::TooMuch { what: Named::Issuer, .. }))
        };
        assert_eq!(answers[0], Err(InputError::Duplicate(there.0)));
        assert!(is_long(&answers[1]));
        let third = answers[2].unwrap();
        assert_eq!(answers[3], Err(InputError::Duplicate(third.0)));
        let fifth = answers[4].unwrap();
        assert_eq!(answers[5], Err(InputError::Duplicate(fifth.0)));
        assert_eq!(answers[6], Err(InputError::NotFound));
        assert_eq!(vault.get(fifth).unwrap().kind, hotp(9).kind, "the larger counter is kept");
        assert_eq!(vault.accounts().unwrap().len(), 3);
        assert!(is_long(&vault.add_all(&all[1..2]).unwrap()[0]), "nothing is written for it");
    }

    #[test]
    fn of_several_counters_of_one_batch_the_highest_holds_that_is_not_too_far_ahead() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let id = vault.add(&hotp(5)).unwrap();
        let kind = |vault: &mut Vault| vault.get(id).unwrap().kind;
        vault.add_all(&[9, 40, 20, 3, 5_000_000].map(hotp)).unwrap();
        assert_eq!(kind(&mut vault), hotp(40).kind);
        vault.undo().unwrap();
        assert_eq!(kind(&mut vault), hotp(5).kind, "it is one change");
    }

    #[test]
    fn a_counter_that_goes_ahead_is_taken_back_and_one_too_far_ahead_is_left() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let id = vault.add(&hotp(3)).unwrap();
        let other = vault.add(&totp(1)).unwrap();
        vault.delete(other).unwrap();
        let kind = |vault: &mut Vault| vault.get(id).unwrap().kind;
        let there = Err(InputError::Duplicate(id.0).into());
        for counter in [0, 3, 3 + COUNTER_AHEAD + 1, 5_000_000] {
            assert_eq!(vault.add(&hotp(counter)), there);
            assert_eq!(kind(&mut vault), hotp(3).kind, "{counter}");
        }
        let last = vault.last_change().unwrap();
        assert_eq!((last.len(), last[0].now.id), (1, other), "what was done before can still be taken back");

        assert_eq!(vault.add(&hotp(3 + COUNTER_AHEAD)), there);
        assert_eq!(kind(&mut vault), hotp(3 + COUNTER_AHEAD).kind);
        let last = vault.last_change().unwrap();
        assert_eq!((last[0].before.kind, last[0].now.kind), (hotp(3).kind, hotp(3 + COUNTER_AHEAD).kind));
        vault.undo().unwrap();
        assert_eq!(kind(&mut vault), hotp(3).kind);

        assert!(vault.add_all(&[hotp(5), totp(7), hotp(9)]).unwrap()[1].is_ok());
        assert_eq!(kind(&mut vault), hotp(9).kind);
        vault.next_hotp(id).unwrap();
        assert!(!vault.can_undo(), "a code was shown: its counter does not go back behind it");
        assert_eq!(kind(&mut vault), hotp(10).kind);
    }
}
