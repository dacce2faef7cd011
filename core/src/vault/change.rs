//! Reading and changing accounts and slots. Each change is one transaction that also moves the
//! summary; memory follows once it is on the disk.

use std::sync::Arc;

use countersign_protocol::Secret;
use countersign_protocol::otp::{Algorithm, Code, Digits, Pin, hotp};
use zeroize::Zeroizing;

use super::account::{self, Account, AccountId, DamagedAccount, Edit, Label, NewAccount};
use super::frame::{Place, Tag};
use super::header::Header;
use super::key::Keys;
use super::kind::Kind;
use super::rows::{self, NOTE_PART, Row, Rows};
use super::slot::{Slot, SlotId, Way};
use super::store::{Change, Fault};
use super::summary::Summary;
use super::{Unlocked, Vault, read_lockbox, seal_summary};
use crate::error::{Error, InputError, Named, PortError, Rule};
use crate::limits;
use crate::port::Random;

impl Vault {
    /// The accounts that can be read, in the order of the list.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn accounts(&mut self) -> Result<Arc<[Arc<Account>]>, Error> {
        self.refresh()?;
        Ok(self.unlocked_mut()?.list())
    }

    /// The accounts that cannot be read, in the order in which they were added.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn damaged(&self) -> Result<Arc<[DamagedAccount]>, Error> {
        Ok(self.unlocked()?.rows.damaged())
    }

    /// The accounts whose issuer or name holds each word of `text`, whatever the case.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] for a text over its limit; [`InputError::VaultLocked`].
    pub fn search(&mut self, text: &str) -> Result<Vec<Arc<Account>>, Error> {
        let found = text.chars().count();
        if found > limits::SEARCH {
            let (found, most) = (found as u64, limits::SEARCH as u64);
            return Err(InputError::TooMuch { what: Named::Search, found, most }.into());
        }
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let fits = |account: &&Arc<Account>| {
            let shown = Zeroizing::new(format!("{}\n{}", account.issuer, account.name).to_lowercase());
            words.iter().all(|word| shown.contains(word.as_str()))
        };
        Ok(self.accounts()?.iter().filter(fits).cloned().collect())
    }

    /// One account.
    ///
    /// # Errors
    /// [`InputError::NotFound`], [`InputError::Damaged`], [`InputError::VaultLocked`].
    pub fn get(&mut self, id: AccountId) -> Result<Arc<Account>, Error> {
        self.refresh()?;
        Ok(self.unlocked()?.rows.find(id)?.account.clone())
    }

    /// The note of one account; empty where there is none.
    ///
    /// # Errors
    /// As [`Vault::get`]; [`InputError::Damaged`] where only the note is.
    pub fn note(&mut self, id: AccountId) -> Result<Zeroizing<String>, Error> {
        self.refresh()?;
        let open = self.unlocked()?;
        let row = open.rows.find(id)?;
        read_note(row, &open.keys, open.store.reader().note(row.note_rows())?)
    }

    /// The seed of one account, to be shown or written elsewhere.
    ///
    /// # Errors
    /// As [`Vault::get`].
    pub fn seed(&mut self, id: AccountId) -> Result<Secret, Error> {
        Ok(self.seed_and_pin(id)?.0)
    }

    /// The seed of one account, and the PIN of a kind that has one.
    ///
    /// # Errors
    /// As [`Vault::get`].
    pub fn seed_and_pin(&mut self, id: AccountId) -> Result<(Secret, Option<Pin>), Error> {
        self.refresh()?;
        let open = self.unlocked()?;
        let row = open.rows.find(id)?;
        let parted = row.open_seed(&open.keys).and_then(|kept| row.account.kind.part(kept));
        Ok(parted.ok_or(InputError::Damaged(id.0))?)
    }

    /// Adds an account.
    ///
    /// # Errors
    /// [`InputError::Duplicate`] where the same seed with the same settings is there: names stay as they
    /// are, and of two HOTP counters the larger is kept; [`InputError::Field`] and [`InputError::TooMuch`]
    /// by field; [`crate::error::PortError`] of the disk, with nothing changed.
    pub fn add(&mut self, new: &NewAccount) -> Result<AccountId, Error> {
        let now = self.clock.now();
        let issuer = account::name(Named::Issuer, &new.issuer)?;
        let name = account::name(Named::Name, &new.name)?;
        let note = account::note(&new.note)?;
        let kept = new.kind.kept(&new.secret, new.pin.as_ref())?;
        let added = self.change(|work| {
            let &NewAccount { kind, origin, .. } = new;
            let (algorithm, digits) = kind.form(new.algorithm, new.digits);
            let identity = identity(work.keys, kind, algorithm, digits, &kept);
            if let Some(same) = work.rows.good.values().find(|row| row.identity == identity) {
                return work.merge(same, new).map(Err);
            }
            let count = work.rows.good.len() + work.rows.bad.len();
            if count >= limits::VAULT_ACCOUNTS {
                let (found, most) = (count as u64 + 1, limits::VAULT_ACCOUNTS as u64);
                return Err(InputError::TooMuch { what: Named::Accounts, found, most }.into());
            }
            let id = AccountId(work.summary.next_id);
            work.summary.next_id += 1;
            let (order, created, changed) = (id.0, now, now);
            let account = Account { id, issuer, name, kind, algorithm, digits, origin, created, changed, order };
            let label = Label { account, note_parts: 0, identity };
            work.write(None, label, &kept, Some(&note))?;
            Ok(Ok(id))
        })?;
        added.map_err(|same: AccountId| InputError::Duplicate(same.0).into())
    }

    /// Changes names, note or place of an account.
    ///
    /// # Errors
    /// As [`Vault::get`] and [`Vault::add`].
    pub fn edit(&mut self, id: AccountId, edit: &Edit) -> Result<(), Error> {
        let now = self.clock.now();
        let named = |field, text: &Option<String>| text.as_deref().map(|text| account::name(field, text)).transpose();
        let (issuer, name) = (named(Named::Issuer, &edit.issuer)?, named(Named::Name, &edit.name)?);
        let note = edit.note.as_deref().map(account::note).transpose()?;
        self.change(|work| {
            let row = work.rows.find(id)?;
            let mut label = row.label();
            let account = &mut label.account;
            issuer.into_iter().for_each(|issuer| account.issuer = issuer);
            name.into_iter().for_each(|name| account.name = name);
            account.order = edit.order.unwrap_or(account.order);
            account.changed = now;
            work.rewrite(row, label, note.as_ref())
        })
    }

    /// Deletes an account; a damaged one too.
    ///
    /// # Errors
    /// [`InputError::NotFound`], [`InputError::VaultLocked`]; [`crate::error::PortError`] of the disk, with
    /// nothing changed.
    pub fn delete(&mut self, id: AccountId) -> Result<(), Error> {
        self.change(|work| {
            match (work.rows.good.get(&id.0), work.rows.bad.get(&id.0)) {
                (Some(row), _) => work.summary.remove(work.keys, id.0, row.version),
                (None, Some(bad)) => match bad.version {
                    Some(version) => work.summary.remove(work.keys, id.0, version),
                    None => work.sum_anew = true,
                },
                (None, None) => return Err(InputError::NotFound.into()),
            }
            work.change.delete_account(id.0)?;
            work.change.delete_note(id.0)?;
            work.after.push((id, None));
            Ok(())
        })
    }

    /// The next code of a HOTP account. The counter after it is on the disk before the code is returned:
    /// no code is ever shown twice.
    ///
    /// # Errors
    /// As [`Vault::get`]; [`InputError::WrongKind`] for any other kind, or at the last counter.
    pub fn next_hotp(&mut self, id: AccountId) -> Result<Code, Error> {
        self.change(|work| {
            let row = work.rows.find(id)?;
            let Kind::Hotp(counter) = row.account.kind else { return Err(InputError::WrongKind("not HOTP").into()) };
            let next = counter.next().ok_or(InputError::WrongKind("the last counter"))?;
            let seed = row.open_seed(work.keys).ok_or(InputError::Damaged(id.0))?;
            let mut label = row.label();
            label.account.kind = Kind::Hotp(next);
            let code = hotp(&seed, counter, label.account.algorithm, label.account.digits);
            work.rewrite(row, label, None)?;
            Ok(code)
        })
    }

    /// Takes the accounts as they are for the whole: what was found missing or changed was told, and is
    /// not told again. Damaged accounts stay.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`crate::error::PortError`] of the disk.
    pub fn accept_damage(&mut self) -> Result<(), Error> {
        self.change(|work| {
            work.sum_anew = true;
            work.summary.header = work.header.revision;
            Ok(())
        })?;
        self.unlocked_mut()?.report = super::Report::default();
        Ok(())
    }

    /// Puts a passphrase slot in the place of all that are there.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`crate::error::PortError`] of the disk, with the old slots still good.
    pub fn replace_passphrase(&mut self, slot: Slot) -> Result<(), Error> {
        self.change_header(|header| {
            let Way::Passphrase { cost, .. } = slot.way else { return Err(InputError::Slot("not a passphrase slot")) };
            if !cost.reaches(header.minimum) {
                return Err(InputError::Field { field: Named::KeyDerivation, rule: Rule::KdfLeast });
            }
            header.slots.retain(|slot| !matches!(slot.way, Way::Passphrase { .. }));
            header.minimum = cost;
            header.add(slot).map(drop)
        })
    }

    /// Adds a slot that [`super::VaultKey::keystore_slot`] made.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] beyond sixteen; [`crate::error::PortError`] of the disk.
    pub fn add_slot(&mut self, slot: Slot) -> Result<SlotId, Error> {
        self.change_header(|header| header.add(slot))
    }

    /// Removes a slot that the keystore opens; a slot for a passphrase is only ever replaced.
    ///
    /// # Errors
    /// [`InputError::Slot`] where there is none of this id, or it is the last.
    pub fn remove_keystore_slot(&mut self, id: SlotId) -> Result<(), Error> {
        self.change_header(|header| {
            let keystore = |slot: &&Slot| slot.id == id && matches!(slot.way, Way::Keystore { .. });
            header.slots.iter().find(keystore).ok_or(InputError::Slot("no such keystore slot"))?;
            header.remove(id)
        })
    }

    fn change_header<T>(&mut self, edit: impl FnOnce(&mut Header) -> Result<T, InputError>) -> Result<T, Error> {
        let (header, result) = self.change(|work| {
            let mut header = work.header.clone();
            let result = edit(&mut header)?;
            header.revision += 1;
            work.summary.header = header.revision;
            work.change.put_header(&header.write(work.keys))?;
            Ok((header, result))
        })?;
        let open = self.unlocked_mut()?;
        open.header = header;
        self.lockbox = self.unlocked()?.lockbox();
        Ok(result)
    }

    /// Reads again what another process changed.
    pub(super) fn refresh(&mut self) -> Result<(), Error> {
        let open = self.unlocked_mut()?;
        let foreign = open.store.reader().foreign_changes()?;
        if !open.stale && foreign == open.foreign {
            return Ok(());
        }
        let rows = Rows::load(open.store.reader(), &open.keys)?;
        open.take_rows(rows);
        (open.stale, open.foreign) = (false, foreign);
        let path = self.path.clone();
        let (lockbox, _) = read_lockbox(&path)?;
        let open = self.unlocked_mut()?;
        (open.header, _) = lockbox.chosen(&open.key, &open.keys)?;
        self.lockbox = lockbox;
        Ok(())
    }

    /// Runs `work` in one transaction, with accounts and summary as they are in the file, moves the
    /// summary, commits, and brings memory after. Where `work` fails, nothing is changed.
    fn change<T>(&mut self, work: impl FnOnce(&mut Work<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let random = self.random.clone();
        let mut work = Some(work);
        for _ in 0..ATTEMPTS {
            self.refresh()?;
            if let Some(result) = self.unlocked_mut()?.change(&mut work, &*random)? {
                return Ok(result);
            }
        }
        Err(PortError::Busy.into())
    }
}

/// How often another process may write between our look and our lock.
const ATTEMPTS: u32 = 16;

impl Unlocked {
    /// Takes rows that were read from the file.
    fn take_rows(&mut self, rows: Rows) {
        self.rows = rows;
        self.accounts = None;
        self.live.clear();
    }

    /// The accounts in the order of the list.
    pub(super) fn list(&mut self) -> Arc<[Arc<Account>]> {
        self.accounts.get_or_insert_with(|| self.rows.listed()).clone()
    }

    /// As [`Vault::change`]; `None`, with `work` left, where memory is behind the file.
    fn change<T, F>(&mut self, work: &mut Option<F>, random: &dyn Random) -> Result<Option<T>, Error>
    where
        F: FnOnce(&mut Work<'_>) -> Result<T, Error>,
    {
        let Self { store, keys, header, rows, .. } = self;
        let change = store.begin()?;
        if change.reader().foreign_changes()? != self.foreign {
            return Ok(None);
        }
        let Some(work) = work.take() else { return Err(Error::Internal) };
        let mut summary = rows::load_summary(change.reader(), keys)?.ok_or(Fault::Broken)?;
        summary.version += 1;
        let (after, sum_anew) = (vec![], false);
        let mut doing = Work { change: &change, keys, rows, header, summary, random, after, sum_anew };
        let result = work(&mut doing)?;
        let Work { mut summary, after, sum_anew, .. } = doing;
        if sum_anew {
            let mut versions = rows.versions();
            versions.retain(|id, _| after.iter().all(|(changed, _)| changed.0 != *id));
            summary = Summary::of(keys, &versions, &summary);
        }
        change.put_summary(&seal_summary(keys, &summary, random)?)?;
        // Should the commit fail half way, the file is right and memory is read again.
        self.stale = true;
        change.commit()?;
        self.stale = false;
        for (id, row) in after {
            rows.bad.remove(&id.0);
            match row {
                Some(row) => drop(rows.good.insert(id.0, row)),
                None => drop(rows.good.remove(&id.0)),
            }
        }
        self.accounts = None;
        self.live.clear();
        Ok(Some(result))
    }
}

impl Rows {
    /// The account of this id.
    fn find(&self, id: AccountId) -> Result<&Row, InputError> {
        let missing = || if self.bad.contains_key(&id.0) { InputError::Damaged(id.0) } else { InputError::NotFound };
        self.good.get(&id.0).ok_or_else(missing)
    }
}

/// A change under way.
struct Work<'a> {
    change: &'a Change<'a>,
    keys: &'a Keys,
    rows: &'a Rows,
    header: &'a Header,
    summary: Summary,
    random: &'a dyn Random,
    /// What memory takes over after the commit.
    after: Vec<(AccountId, Option<Row>)>,
    /// Whether the sum is made anew from the accounts as they are.
    sum_anew: bool,
}

impl Work<'_> {
    /// Seals an account under its next version: label, seed, and the note where one is given.
    fn write(
        &mut self,
        before: Option<&Row>,
        mut label: Label,
        seed: &Secret,
        note: Option<&str>,
    ) -> Result<(), Error> {
        let id = label.account.id.0;
        let version = before.map_or(1, |row| row.version + 1);
        let parts = note.map(|note| note.as_bytes().chunks(NOTE_PART));
        if let Some(parts) = parts {
            label.note_parts = parts.len() as u64;
            self.change.delete_note(id)?;
            for (part, bytes) in (0..).zip(parts) {
                let row = id << 4 | part;
                let tag = Tag { place: Place::Note, row, version };
                self.change.put_note(row, &self.keys.seal(tag, bytes, self.random)?)?;
            }
        }
        let seal = |place, plain: &[u8]| self.keys.seal(Tag { place, row: id, version }, plain, self.random);
        // The seed leaves its type to be sealed.
        let (sealed_seed, sealed_label) = (seal(Place::Seed, seed.expose())?, seal(Place::Label, &label.write())?);
        self.change.put_account(id, &sealed_seed, &sealed_label)?;
        before.iter().for_each(|row| self.summary.remove(self.keys, id, row.version));
        self.summary.add(self.keys, id, version);
        let mut row = Row::new(version, label, sealed_seed);
        row.note_damaged = note.is_none() && before.is_some_and(|row| row.note_damaged);
        self.after.push((AccountId(id), Some(row)));
        Ok(())
    }

    /// Writes an account that is there with a changed label; a note that is not given stays as it is.
    fn rewrite(&mut self, row: &Row, label: Label, note: Option<&Zeroizing<String>>) -> Result<(), Error> {
        let seed = row.open_seed(self.keys).ok_or(InputError::Damaged(label.account.id.0))?;
        let kept = match note {
            None if row.note_parts > 0 && !row.note_damaged => {
                Some(read_note(row, self.keys, self.change.reader().note(row.note_rows())?)?)
            }
            _ => None,
        };
        self.write(Some(row), label, &seed, note.or(kept.as_ref()).map(|note| note.as_str()))
    }

    /// The account is there: of two counters the larger is right, since the other's codes are used up.
    fn merge(&mut self, same: &Row, new: &NewAccount) -> Result<AccountId, Error> {
        if let (Kind::Hotp(kept), Kind::Hotp(given)) = (same.account.kind, new.kind)
            && given.get() > kept.get()
        {
            let mut label = same.label();
            label.account.kind = new.kind;
            self.rewrite(same, label, None)?;
        }
        Ok(same.account.id)
    }
}

fn read_note(row: &Row, keys: &Keys, parts: Vec<(u64, Vec<u8>)>) -> Result<Zeroizing<String>, Error> {
    let id = row.account.id.0;
    let damaged = InputError::Damaged(id);
    let mut out = Zeroizing::new(Vec::with_capacity(parts.len() * NOTE_PART));
    for (part, (at, body)) in (0..).zip(&parts) {
        let (version, bytes) = keys.open(Place::Note, *at, body).ok_or(damaged)?;
        if (*at, version) != (id << 4 | part, row.version) {
            return Err(damaged.into());
        }
        out.extend_from_slice(bytes.expose());
    }
    if parts.len() as u64 != row.note_parts {
        return Err(damaged.into());
    }
    let text = String::from_utf8(std::mem::take(&mut *out)).map_err(|_| damaged)?;
    Ok(Zeroizing::new(text))
}

/// What makes an account this account: kind, algorithm, digits, period with its start, seed and PIN. A counter does not.
fn identity(keys: &Keys, kind: Kind, algorithm: Algorithm, digits: Digits, kept: &Secret) -> [u8; 16] {
    let (period, start) = match kind {
        Kind::Totp(period) => (period.seconds(), period.start()),
        Kind::Hotp(_) | Kind::Steam | Kind::Yandex | Kind::MOtp => (0, 0),
    };
    let (start, algorithm) = (start.to_be_bytes(), algorithm.as_str().as_bytes());
    let start = if start == [0; 8] { &[] } else { &start[..] };
    // The seed leaves its type to be hashed under a key.
    keys.identity(&[&[kind.number(), digits.get()], &period.to_be_bytes(), start, algorithm, b"|", kept.expose()])
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Folder, totp};
    use super::*;

    /// So many accounts in one transaction: one each would be a test of the disk.
    fn fill(vault: &mut Vault, count: usize) {
        let filled = vault.change(|work| {
            for n in 0..count as u64 {
                let new = totp(n);
                let NewAccount { issuer, name, kind, algorithm, digits, secret, origin, .. } = new;
                let identity = identity(work.keys, kind, algorithm, digits, &secret);
                let (id, order) = (AccountId(work.summary.next_id), work.summary.next_id);
                work.summary.next_id += 1;
                let (created, changed) = (0, 0);
                let account = Account { id, issuer, name, kind, algorithm, digits, origin, created, changed, order };
                work.write(None, Label { account, note_parts: 0, identity }, &secret, None)?;
            }
            Ok(())
        });
        filled.unwrap();
    }

    #[test]
    fn accounts_are_taken_up_to_their_limit_and_what_cannot_be_read_counts() {
        let folder = Folder::new();
        let mut vault = folder.create();
        fill(&mut vault, limits::VAULT_ACCOUNTS - 1);
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
}
