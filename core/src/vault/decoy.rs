//! A decoy: the vault that is shown under one passphrase, with this one hidden beneath under another.
//!
//! Set up, all of today's vault goes into the reserve of a new file, which shows a new vault with a few of its accounts. That
//! file takes the old one's place as a rebuilt one does: killed at any moment there is the old vault, or the new. Then the old
//! file and every copy of it are overwritten. The end of a decoy goes the same way back.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use countersign_protocol::Secret;

use super::account::{Account, AccountId};
use super::book::{Book, Entry};
use super::change::{Work, read_note};
use super::frame::{Place, Tag};
use super::group::GroupId;
use super::header::Header;
use super::icon::{self, Icon, IconId};
use super::key::{Keys, LEN, Second, VaultKey};
use super::label::first_order;
use super::mend::FileLock;
use super::rows::{Row, Rows};
use super::slot::{Slot, Way};
use super::store::{Change, Store};
use super::summary::Summary;
use super::unlock::{Everything, is_covered, read_all, read_header, read_lockbox, seal_summary};
use super::{KdfCost, Vault, erase, mend, raw, reserve};
use crate::error::{Error, InputError, Named, PortError, Rule};
use crate::port::Random;

/// What a decoy is set up with. Made without any lock: it takes two key derivations.
#[derive(Debug)]
pub struct Decoy {
    shown: VaultKey,
    shown_slot: Slot,
    hidden: VaultKey,
    hidden_slot: Slot,
}

impl Decoy {
    /// Keys for a vault that `decoy` opens, and for the one beneath that `passphrase` opens.
    ///
    /// # Errors
    /// [`InputError::Field`] where one of the two is none, or both are the same; [`PortError::Memory`].
    pub fn prepare(passphrase: &Secret, decoy: &Secret, cost: KdfCost, random: &dyn Random) -> Result<Self, Error> {
        let (shown, salt) = (VaultKey::generate(random)?, random.array()?);
        let second = Second { cost, salt, shown: shown.secret.clone() };
        let hidden = VaultKey { vault: shown.vault, secret: random.secret(LEN)?, second: Some(second) };
        let (by_passphrase, by_decoy) = (cost.derive(passphrase, &salt)?, cost.derive(decoy, &salt)?);
        if by_passphrase.ct_eq(by_decoy.expose()) {
            return Err(InputError::Field { field: Named::Passphrase, rule: Rule::Other }.into());
        }
        let shown_slot = shown.slot_by(&by_decoy, cost, salt, random)?;
        let hidden_slot = hidden.slot_by(&by_passphrase, cost, salt, random)?;
        Ok(Self { shown, shown_slot, hidden, hidden_slot })
    }
}

/// What a decoy ends with: the key of an ordinary vault. Made without any lock.
#[derive(Debug)]
pub struct Lifted {
    key: VaultKey,
    slot: Slot,
}

impl Lifted {
    /// A key for an ordinary vault that `passphrase` opens.
    ///
    /// # Errors
    /// As [`VaultKey::passphrase_slot`].
    pub fn prepare(passphrase: &Secret, cost: KdfCost, random: &dyn Random) -> Result<Self, Error> {
        let key = VaultKey::generate(random)?;
        Ok(Self { slot: key.passphrase_slot(passphrase, cost, random)?, key })
    }
}

impl Vault {
    /// Whether this is a hidden vault: another one is shown under another passphrase.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn is_hidden(&self) -> Result<bool, Error> {
        Ok(self.unlocked()?.key.is_hidden())
    }

    /// Hides this vault beneath a new one that shows copies of the accounts `keep`; it stays open. Its other ways in are
    /// gone: it is opened by its passphrase alone.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] where it does not fit beneath another; [`InputError::NotFound`] for an account that is not there;
    /// [`InputError::Damaged`] while anything in it is; [`PortError::Busy`] while another process has it open; [`PortError`] of
    /// the disk. Then it is what it was.
    pub fn hide(&mut self, decoy: &Decoy, keep: &[AccountId]) -> Result<(), Error> {
        let (clock, random) = (Arc::clone(&self.clock), Arc::clone(&self.random));
        self.replace(&decoy.hidden, |source, making| {
            let slot = decoy.shown_slot.clone();
            Self::make(making, &decoy.shown, slot, source.book.clone(), source.entry.clone(), &*random)?;
            let mut shown = Self::open(making, clock, Arc::clone(&random))?;
            shown.unlock_with(&decoy.shown)?;
            shown
                .change(|work| Copying { source, work, groups: BTreeMap::new(), icons: BTreeMap::new() }.take(keep))?;
            drop(shown);
            let mut store = Store::open(making)?;
            store.check()?;
            store.trust()?;
            store.begin_beneath(&decoy.hidden, Arc::clone(&random))?;
            let change = store.begin()?;
            source.seal_anew(&decoy.hidden, decoy.hidden_slot.clone(), &change, &*random)?;
            change.commit()?;
            store.checkpoint()?;
            Ok(store.close()?)
        })
    }

    /// Makes this hidden vault an ordinary one again; what was shown in its place is gone. It stays open.
    ///
    /// # Errors
    /// [`InputError::Slot`] where it is none; as [`Vault::hide`].
    pub fn lift(&mut self, lifted: &Lifted) -> Result<(), Error> {
        if !self.is_hidden()? {
            return Err(InputError::Slot("no decoy").into());
        }
        let random = Arc::clone(&self.random);
        let cells = reserve::fresh(&lifted.key.vault, &lifted.slot, &*random)?;
        self.replace(&lifted.key, |source, making| {
            mend::make_file(making, |change| {
                change.put_cells(&cells)?;
                Ok(source.seal_anew(&lifted.key, lifted.slot.clone(), change, &*random)?)
            })
        })
    }

    /// Opens the vault that is shown and locks it again, as if the person had used it. An account that is damaged there is told
    /// of when the person opens it; what can be mended is, after a copy.
    pub(super) fn pass_over(&self, shown: &VaultKey) -> Result<(), Error> {
        let mut vault = Self::open(&self.path, Arc::clone(&self.clock), Arc::clone(&self.random))?;
        vault.unlock_with(shown)?;
        let first = vault.unlocked()?.header.slots.iter().find(|slot| matches!(slot.way, Way::Passphrase { .. }));
        first.map(|slot| slot.id).into_iter().for_each(|id| vault.note_use(id));
        vault.lock();
        Ok(())
    }

    /// Puts the file that `fill` makes in the place of this one, while nobody else has it open, and unlocks it with `after`.
    fn replace(
        &mut self,
        after: &VaultKey,
        fill: impl FnOnce(&Source, &Path) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let before = self.key()?;
        self.lock();
        let (path, making) = (self.path.clone(), raw::beside(&self.path, ".new"));
        let random = Arc::clone(&self.random);
        let swap = || {
            mend::remove_whole(&making)?;
            let source = Source::read(&path, &before, &random)?;
            fill(&source, &making)?;
            drop(source);
            erase::copies(&path, &making)?;
            mend::put_in_place(&path, &making)?;
            // The new file is the vault now. What of the old one cannot be overwritten is removed all the same.
            let _ = erase::overwrite(&raw::wal_of(&path));
            let _ = erase::overwrite(&path);
            mend::finish_rebuild(&path)
        };
        let done = FileLock::shared(&path).and_then(|lock| lock.alone(swap));
        if done.is_err() {
            let _ = mend::remove_whole(&making);
            let _ = mend::finish_rebuild(&path);
        }
        let _ = mend::remove(&raw::beside(&making, ".lock"));
        if self.unlock_with(after).is_err() {
            self.unlock_with(&before)?;
            return done.and(Err(PortError::Disk.into()));
        }
        Ok(())
    }
}

/// The vault as it stands in the file, all of it whole.
struct Source {
    store: Store,
    keys: Keys,
    rows: Rows,
    summary: Summary,
    book: Book,
    /// What is known of its first passphrase.
    entry: Entry,
}

impl Source {
    fn read(path: &Path, key: &VaultKey, random: &Arc<dyn Random>) -> Result<Self, Error> {
        let keys = key.keys()?;
        let (lockbox, _) = read_lockbox(path)?;
        let Everything { store, rows, summary, .. } = read_all(path, key, &keys, random)?;
        let (header, _) = read_header(&store, &lockbox, key, &keys)?;
        let noted = rows.good.values().find(|row| row.note_damaged).map(|row| row.account.id.0);
        let damaged = rows.bad.keys().next().copied().or(noted);
        if is_covered(&keys, &rows, summary.as_ref()) || damaged.is_some() {
            return Err(InputError::Damaged(damaged.unwrap_or_default()).into());
        }
        let mut book = Book::open(&header.book, &keys);
        let first = header.slots.iter().find(|slot| matches!(slot.way, Way::Passphrase { .. }));
        let mut entry = first.map(|slot| book.entry(slot.id).clone()).unwrap_or_default();
        entry.name.clear();
        book.entries.clear();
        book.keystore = Some(lockbox.keystore_secret(key)?);
        let summary = summary.ok_or(Error::Internal)?;
        Ok(Self { store, keys, rows, summary, book, entry })
    }

    /// Writes all of it, sealed under `key`, with one way in.
    fn seal_anew(&self, key: &VaultKey, slot: Slot, change: &Change<'_>, random: &dyn Random) -> Result<(), Error> {
        let keys = key.keys()?;
        let Way::Passphrase { cost, .. } = slot.way else { return Err(Error::Internal) };
        let anew = |place, row, piece: &[u8]| {
            let (version, plain) = self.keys.open(place, row, piece)?;
            Some(keys.seal(Tag { place, row, version }, plain.expose(), random))
        };
        let reader = self.store.reader();
        let mut accounts = vec![];
        reader.each_account(|id, seed, label| accounts.push((id, seed.to_vec(), label.to_vec())))?;
        for (id, seed, label) in accounts {
            let (seed, label) = (anew(Place::Seed, id, &seed), anew(Place::Label, id, &label));
            let (seed, label) = seed.zip(label).ok_or(InputError::Damaged(id))?;
            change.put_account(id, &seed?, &label?)?;
        }
        for place in [Place::Note, Place::Group, Place::Icon, Place::Picture, Place::Undo, Place::Kept] {
            let mut pieces = vec![];
            reader.each(place, |id, piece| pieces.push((id, piece.to_vec())))?;
            // What belongs to nothing does not open, and is left; so is the summary, which stands where the last change does.
            for (id, piece) in pieces {
                anew(place, id, &piece).map_or(Ok(()), |sealed| Ok::<_, Error>(change.put(place, id, &sealed?)?))?;
            }
        }
        let mut header = Header::new(key.vault, cost);
        let mut book = self.book.clone();
        *book.entry(header.add(slot)?) = self.entry.clone();
        header.book = keys.seal_book(&book.write(), random)?;
        change.put_header(&header.write(&keys))?;
        let summary = Summary::of(&keys, &self.rows.found(), &Summary { header: header.revision, ..self.summary });
        Ok(change.put_summary(&seal_summary(&keys, &summary, random)?)?)
    }
}

/// Accounts on their way into the vault that is shown.
struct Copying<'a, 'w> {
    source: &'a Source,
    work: &'a mut Work<'w>,
    groups: BTreeMap<GroupId, GroupId>,
    icons: BTreeMap<IconId, IconId>,
}

impl Copying<'_, '_> {
    /// Copies accounts in the order of the list, under ids of their own and as if they had been added so: gaps, and places
    /// that were changed, would tell how many are not there.
    fn take(mut self, keep: &[AccountId]) -> Result<(), Error> {
        let rows = &self.source.rows;
        let mut keep = keep.iter().map(|id| rows.find(*id)).collect::<Result<Vec<_>, _>>()?;
        keep.sort_by_key(|row| (row.account.order, row.account.id));
        keep.dedup_by_key(|row| row.account.id);
        keep.into_iter().try_for_each(|row| self.take_one(row))
    }

    fn take_one(&mut self, row: &Row) -> Result<(), Error> {
        let (keys, reader) = (&self.source.keys, self.source.store.reader());
        let seed = row.open_seed(keys).ok_or(InputError::Damaged(row.account.id.0))?;
        let note = read_note(row, keys, reader)?;
        let mut account = Account::clone(&row.account);
        for group in &mut account.details.groups {
            *group = self.group(*group)?;
        }
        account.details.groups.sort_unstable();
        if let Some(Icon::Picture(icon)) = &mut account.details.icon {
            *icon = self.icon(*icon)?;
        }
        account.id = AccountId(self.work.new_id());
        account.order = first_order(account.id);
        self.work.write(None, account, &seed, Some(&note))?;
        Ok(())
    }

    fn group(&mut self, id: GroupId) -> Result<GroupId, Error> {
        if let Some(copied) = self.groups.get(&id) {
            return Ok(*copied);
        }
        let group = &self.source.rows.groups.good.get(&id.0).ok_or(InputError::NotFound)?.value;
        let copied = self.work.copy_group(group)?;
        self.groups.insert(id, copied);
        Ok(copied)
    }

    fn icon(&mut self, id: IconId) -> Result<IconId, Error> {
        if let Some(copied) = self.icons.get(&id) {
            return Ok(*copied);
        }
        let source = self.source;
        let picture = icon::read_picture(id, &source.rows, &source.keys, source.store.reader())?;
        let copied = self.work.keep_picture(&picture)?;
        self.icons.insert(id, copied);
        Ok(copied)
    }
}
