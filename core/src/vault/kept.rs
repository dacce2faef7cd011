//! What is kept sealed beside the accounts for another part of the program, such as what was written into hardware tokens: rows
//! of one piece each, in drawers. The vault knows a row by its drawer and its name, and not what it holds.
//!
//! ```text
//! 1 | drawer u8 | name, with its length | what it holds
//! ```
//!
//! In memory there is the name; what a row holds stays sealed until it is asked for, as a seed does.

use countersign_protocol::Secret;
use zeroize::Zeroizing;

use super::Vault;
use super::change::Work;
use super::frame::{Place, read_varint, write_varint};
use super::key::Keys;
use super::rows::Single;
use super::slot::take;
use super::store::Wait;
use crate::error::{Error, InputError, Named};
use crate::limits;

/// Which row. Never given twice, also not after the row is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeptId(pub u64);

/// What kind of row it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Drawer {
    /// A hardware token that is, or was, being written: one row a token.
    Burns,
    /// What is in a hardware token: a row of the ledger.
    Ledger,
    /// The owner's own key of hardware tokens, by name.
    TokenKeys,
    /// A batch of hardware tokens.
    Batches,
    /// One row of a batch.
    BatchRows,
}

impl Drawer {
    const ALL: [Self; 5] = [Self::Burns, Self::Ledger, Self::TokenKeys, Self::Batches, Self::BatchRows];

    const fn byte(self) -> u8 {
        match self {
            Self::Burns => 1,
            Self::Ledger => 2,
            Self::TokenKeys => 3,
            Self::Batches => 4,
            Self::BatchRows => 5,
        }
    }
}

/// A row that was opened.
pub struct KeptOpen {
    /// Which.
    pub id: KeptId,
    /// Its name.
    pub name: Zeroizing<Vec<u8>>,
    /// What it holds.
    pub body: Secret,
}

/// A row as it is known while the vault is open.
#[derive(Clone)]
pub(super) struct Kept {
    drawer: Drawer,
    name: Zeroizing<Vec<u8>>,
    /// The piece in the file; opened for each use.
    piece: Vec<u8>,
}

/// The form of a row that this program writes.
const FORM: u8 = 1;

impl Kept {
    /// What a row of these bytes is, which `piece` holds sealed.
    pub fn read(bytes: &[u8], piece: &[u8]) -> Option<Self> {
        let (drawer, name, _) = parts(bytes)?;
        Some(Self { drawer, name: Zeroizing::new(name.to_vec()), piece: piece.to_vec() })
    }

    fn open(&self, id: u64, keys: &Keys) -> Option<Secret> {
        let (_, plain) = keys.open(Place::Kept, id, &self.piece)?;
        parts(plain.expose()).map(|(.., body)| Secret::from_slice(body))
    }
}

fn parts(bytes: &[u8]) -> Option<(Drawer, &[u8], &[u8])> {
    let mut rest = bytes;
    let [FORM, drawer] = take(&mut rest)? else { return None };
    let drawer = Drawer::ALL.into_iter().find(|known| known.byte() == drawer)?;
    let length = usize::try_from(read_varint(&mut rest)?).ok()?;
    let (name, body) = rest.split_at_checked(length)?;
    Some((drawer, name, body))
}

fn joined(drawer: Drawer, name: &[u8], body: &[u8]) -> Zeroizing<Vec<u8>> {
    // Room for everything: what a growing buffer leaves behind is not wiped.
    let mut out = Zeroizing::new(Vec::with_capacity(12 + name.len() + body.len()));
    out.extend_from_slice(&[FORM, drawer.byte()]);
    write_varint(name.len() as u64, &mut out);
    out.extend_from_slice(name);
    out.extend_from_slice(body);
    out
}

impl Vault {
    /// The rows of a drawer that can be read, opened, in the order in which they came.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`InputError::Damaged`] for one that was damaged in memory.
    pub fn kept(&mut self, drawer: Drawer) -> Result<Vec<KeptOpen>, Error> {
        self.refresh()?;
        let open = self.unlocked()?;
        let rows = open.rows.kept.good.iter().filter(|(_, row)| row.value.drawer == drawer);
        let opened = rows.map(|(id, Single { value, .. })| {
            let body = value.open(*id, &open.keys).ok_or(InputError::Damaged(*id))?;
            Ok(KeptOpen { id: KeptId(*id), name: value.name.clone(), body })
        });
        opened.collect()
    }

    /// The first row of this name, and what it holds.
    ///
    /// # Errors
    /// As [`Vault::kept`].
    pub fn kept_as(&mut self, drawer: Drawer, name: &[u8]) -> Result<Option<(KeptId, Secret)>, Error> {
        self.refresh()?;
        let open = self.unlocked()?;
        let mut rows = open.rows.kept.good.iter();
        let found = rows.find(|(_, row)| row.value.drawer == drawer && row.value.name.as_slice() == name);
        let Some((id, row)) = found else { return Ok(None) };
        let body = row.value.open(*id, &open.keys).ok_or(InputError::Damaged(*id))?;
        Ok(Some((KeptId(*id), body)))
    }

    /// How many rows cannot be read, of whatever drawer: which, nobody can tell.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`].
    pub fn kept_damaged(&mut self) -> Result<usize, Error> {
        self.refresh()?;
        Ok(self.unlocked()?.rows.kept.bad.len())
    }

    /// Changes rows in one transaction, which is on the disk when this returns well.
    ///
    /// # Errors
    /// What `work` gives; [`InputError::VaultLocked`]; [`crate::error::PortError`] of the disk: then nothing was changed.
    pub fn change_kept<T>(&mut self, work: impl FnOnce(&mut Keeping<'_, '_>) -> Result<T, Error>) -> Result<T, Error> {
        self.change(|all| work(&mut Keeping::of(all)))
    }

    /// The same without waiting for the disk: a power cut may undo it, together with what was changed so since the last
    /// change that did wait, and never anything else.
    ///
    /// # Errors
    /// As [`Vault::change_kept`].
    pub fn change_kept_hastily<T>(
        &mut self,
        work: impl FnOnce(&mut Keeping<'_, '_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.change_and(Wait::ForNothing, |all| work(&mut Keeping::of(all)))
    }
}

/// Rows as they are within a change.
pub struct Keeping<'a, 'w> {
    work: &'a mut Work<'w>,
    /// How many there are, whatever their drawers.
    all: usize,
}

impl<'a, 'w> Keeping<'a, 'w> {
    fn of(work: &'a mut Work<'w>) -> Self {
        let all = work.rows.kept.good.len() + work.rows.kept.bad.len();
        Self { work, all }
    }

    /// How many rows there are in a drawer.
    pub fn count(&self, drawer: Drawer) -> usize {
        self.ids(drawer).len()
    }

    /// The rows of a drawer, in the order in which they came.
    pub fn ids(&self, drawer: Drawer) -> Vec<KeptId> {
        let new = self.work.after.kept.keys().filter(|id| !self.work.rows.kept.good.contains_key(*id));
        let all = self.work.rows.kept.good.keys().chain(new);
        all.filter(|id| self.row(**id).is_some_and(|row| row.value.drawer == drawer)).map(|id| KeptId(*id)).collect()
    }

    /// The first row of this name.
    pub fn find(&self, drawer: Drawer, name: &[u8]) -> Option<KeptId> {
        let is_its = |id: &KeptId| self.row(id.0).is_some_and(|row| row.value.name.as_slice() == name);
        self.ids(drawer).into_iter().find(is_its)
    }

    /// What a row holds.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; [`InputError::Damaged`].
    pub fn open(&self, id: KeptId) -> Result<Secret, Error> {
        let row = self.row(id.0).ok_or(InputError::NotFound)?;
        Ok(row.value.open(id.0, self.work.keys).ok_or(InputError::Damaged(id.0))?)
    }

    /// Puts a row into a drawer.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] where there are too many already; what sealing and the disk give.
    pub fn add(&mut self, drawer: Drawer, name: &[u8], body: &Secret) -> Result<KeptId, Error> {
        if self.all >= limits::VAULT_KEPT {
            let (found, most) = (self.all as u64 + 1, limits::VAULT_KEPT as u64);
            return Err(InputError::TooMuch { what: Named::TokenRows, found, most }.into());
        }
        let id = self.work.new_id();
        self.write(id, None, drawer, name, body)?;
        self.all += 1;
        Ok(KeptId(id))
    }

    /// Puts something else into a row that is there.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; what sealing and the disk give.
    pub fn set(&mut self, id: KeptId, body: &Secret) -> Result<(), Error> {
        let Single { version, value } = self.row(id.0).cloned().ok_or(InputError::NotFound)?;
        self.write(id.0, Some(version), value.drawer, &value.name, body)
    }

    /// Puts this into the row of this name, which is made where there is none.
    ///
    /// # Errors
    /// As [`Keeping::add`].
    pub fn put(&mut self, drawer: Drawer, name: &[u8], body: &Secret) -> Result<KeptId, Error> {
        match self.find(drawer, name) {
            Some(id) => self.set(id, body).map(|()| id),
            None => self.add(drawer, name, body),
        }
    }

    /// Takes a row out for good.
    ///
    /// # Errors
    /// [`InputError::NotFound`]; what the disk gives.
    pub fn remove(&mut self, id: KeptId) -> Result<(), Error> {
        let version = self.row(id.0).ok_or(InputError::NotFound)?.version;
        self.work.summary.part(Place::Kept).remove(self.work.keys, id.0, version);
        self.work.change.delete(Place::Kept, id.0..id.0 + 1)?;
        self.work.after.kept.insert(id.0, None);
        self.all -= 1;
        Ok(())
    }

    /// Takes out all rows that cannot be read: how many.
    ///
    /// # Errors
    /// What the disk gives.
    pub fn remove_damaged(&mut self) -> Result<usize, Error> {
        let bad: Vec<u64> = self.work.rows.kept.bad.keys().copied().collect();
        for id in &bad {
            self.work.change.delete(Place::Kept, *id..*id + 1)?;
            self.work.after.kept.insert(*id, None);
        }
        // Nobody knows any more what they added to the sum.
        self.work.sum_anew |= !bad.is_empty();
        self.all -= bad.len();
        Ok(bad.len())
    }

    /// A row as it is by now.
    fn row(&self, id: u64) -> Option<&Single<Kept>> {
        let changed = self.work.after.kept.get(&id).map(Option::as_ref);
        changed.unwrap_or_else(|| self.work.rows.kept.good.get(&id))
    }

    fn write(&mut self, id: u64, before: Option<u64>, drawer: Drawer, name: &[u8], body: &Secret) -> Result<(), Error> {
        // What is kept leaves its type to be sealed.
        let piece = self.work.put_single(Place::Kept, id, before, &joined(drawer, name, body.expose()))?;
        let value = Kept { drawer, name: Zeroizing::new(name.to_vec()), piece };
        self.work.after.kept.insert(id, Some(Single { version: before.map_or(1, |version| version + 1), value }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tests::{Folder, secret, totp};
    use super::super::{AccountId, Damage, Decoy, KdfCost, Lifted};
    use super::*;
    use crate::system::SystemRandom;

    proptest! {
        #[test]
        fn a_row_is_read_as_it_was_written(
            at in 0..Drawer::ALL.len(),
            name in prop::collection::vec(any::<u8>(), 1..300),
            body in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut bytes = joined(Drawer::ALL[at], &name, &body);
            prop_assert_eq!(parts(&bytes), Some((Drawer::ALL[at], &name[..], &body[..])));
            let before_its_name_ends = bytes.len() - body.len() - 1;
            prop_assert_eq!(parts(&bytes[..before_its_name_ends]), None);
            bytes[0] += 1;
            prop_assert_eq!(parts(&bytes), None);
        }
    }

    fn holds(vault: &mut Vault, drawer: Drawer) -> Vec<(Vec<u8>, Vec<u8>)> {
        let all = vault.kept(drawer).unwrap();
        all.into_iter().map(|row| (row.name.to_vec(), row.body.expose().to_vec())).collect()
    }

    fn pair(name: &str, body: &str) -> (Vec<u8>, Vec<u8>) {
        (name.as_bytes().to_vec(), body.as_bytes().to_vec())
    }

    fn filled(vault: &mut Vault) -> [KeptId; 3] {
        vault
            .change_kept(|rows| {
                let one = rows.put(Drawer::Burns, b"one", &secret("1"))?;
                let two = rows.put(Drawer::Burns, b"two", &secret("2"))?;
                assert_eq!(rows.put(Drawer::Burns, b"one", &secret("3"))?, one, "one row a name, also within a change");
                let key = rows.add(Drawer::TokenKeys, b"one", &secret("key"))?;
                assert_eq!((rows.count(Drawer::Burns), rows.open(one)?.expose()), (2, &b"3"[..]));
                Ok([one, two, key])
            })
            .unwrap()
    }

    fn anew(vault: &mut Vault) {
        vault.lock();
        vault.unlock(&secret("correct horse")).unwrap();
    }

    #[test]
    fn rows_are_kept_by_drawer_and_name_and_go_when_they_are_taken_out() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let [one, two, _] = filled(&mut vault);
        anew(&mut vault);
        assert!(vault.report().unwrap().damage.is_empty());
        assert_eq!(holds(&mut vault, Drawer::Burns), [pair("one", "3"), pair("two", "2")]);
        assert_eq!(holds(&mut vault, Drawer::TokenKeys), [pair("one", "key")]);
        let (found, body) = vault.kept_as(Drawer::Burns, b"two").unwrap().unwrap();
        assert_eq!((found, body.expose()), (two, &b"2"[..]));
        assert!(vault.kept_as(Drawer::Ledger, b"two").unwrap().is_none());
        vault
            .change_kept(|rows| {
                rows.remove(one)?;
                assert_eq!(rows.remove(one), Err(InputError::NotFound.into()), "within the change too");
                rows.set(two, &secret("4"))
            })
            .unwrap();
        let undone: Result<(), Error> = vault.change_kept(|rows| {
            rows.remove(two)?;
            Err(InputError::NotFound.into())
        });
        assert_eq!(undone, Err(InputError::NotFound.into()));
        anew(&mut vault);
        assert!(vault.report().unwrap().damage.is_empty());
        assert_eq!(holds(&mut vault, Drawer::Burns), [pair("two", "4")]);
        let other = vault.change_kept(|rows| rows.put(Drawer::Burns, b"one", &secret("5"))).unwrap();
        assert!(other > two, "an id is never given twice");
    }

    #[test]
    fn what_waited_for_nothing_is_there_and_the_next_change_waits_again() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let [one, ..] = filled(&mut vault);
        vault.change_kept_hastily(|rows| rows.set(one, &secret("mark"))).unwrap();
        assert!(!vault.unlocked().unwrap().store.waits_for_the_disk());
        assert_eq!(holds(&mut vault, Drawer::Burns)[0], pair("one", "mark"));
        vault.add(&totp(1)).unwrap();
        assert!(vault.unlocked().unwrap().store.waits_for_the_disk());
        anew(&mut vault);
        assert!(vault.report().unwrap().damage.is_empty());
        assert_eq!(holds(&mut vault, Drawer::Burns)[0], pair("one", "mark"));
    }

    #[test]
    fn a_row_that_is_lost_or_put_back_or_damaged_is_told() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let [one, two, key] = filled(&mut vault);
        vault.lock();
        let whole = std::fs::read(folder.path()).unwrap();
        let told = |vault: &mut Vault, sql: &str| {
            vault.lock();
            std::fs::write(folder.path(), &whole).unwrap();
            folder.sql(sql);
            vault.unlock(&secret("correct horse")).unwrap();
            vault.report().unwrap().damage.clone()
        };
        let mut vault = folder.open();
        assert_eq!(told(&mut vault, &format!("DELETE FROM kept WHERE id = {}", one.0)), [Damage::Tokens]);
        assert_eq!(holds(&mut vault, Drawer::Burns), [pair("two", "2")]);
        let wipe = format!("UPDATE kept SET body = zeroblob(60) WHERE id = {}", two.0);
        assert_eq!(told(&mut vault, &wipe), [Damage::Tokens]);
        assert_eq!(vault.kept_damaged(), Ok(1));
        assert_eq!(holds(&mut vault, Drawer::TokenKeys), [pair("one", "key")]);
        assert_eq!(vault.change_kept(|rows| rows.remove_damaged()), Ok(1));
        anew(&mut vault);
        assert!(vault.report().unwrap().damage.is_empty());
        assert_eq!(holds(&mut vault, Drawer::Burns), [pair("one", "3")]);
        let swap = format!(
            "UPDATE kept SET id = 999 WHERE id = {0}; UPDATE kept SET id = {0} WHERE id = {1}; \
             UPDATE kept SET id = {1} WHERE id = 999",
            one.0, key.0
        );
        assert_eq!(told(&mut vault, &swap), [Damage::Structure], "rows that were moved are put back");
        assert_eq!(holds(&mut vault, Drawer::TokenKeys), [pair("one", "key")]);
    }

    #[test]
    fn a_broken_file_is_built_anew_with_all_rows_that_there_were() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let [one, ..] = filled(&mut vault);
        vault.add(&totp(1)).unwrap();
        vault.change_kept(|rows| rows.remove(one)).unwrap();
        vault.lock();
        folder.sql("DROP TABLE picture");
        vault.unlock(&secret("correct horse")).unwrap();
        assert_eq!(vault.report().unwrap().damage, [Damage::Structure]);
        assert_eq!(holds(&mut vault, Drawer::Burns), [pair("two", "2")]);
        assert_eq!(holds(&mut vault, Drawer::TokenKeys), [pair("one", "key")]);
        anew(&mut vault);
        assert!(vault.report().unwrap().damage.is_empty());
    }

    #[test]
    fn rows_go_beneath_a_decoy_and_come_back_and_the_decoy_has_none() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let [one, ..] = filled(&mut vault);
        vault.add(&totp(1)).unwrap();
        let random = SystemRandom::new();
        let decoy =
            Decoy::prepare(&secret("correct horse"), &secret("battery staple"), KdfCost::LEAST, &random).unwrap();
        vault.hide(&decoy, &[AccountId(4)]).unwrap();
        vault.change_kept_hastily(|rows| rows.set(one, &secret("beneath"))).unwrap();
        anew(&mut vault);
        assert!(vault.report().unwrap().damage.is_empty());
        assert_eq!(holds(&mut vault, Drawer::Burns), [pair("one", "beneath"), pair("two", "2")]);
        vault.lock();
        vault.unlock(&secret("battery staple")).unwrap();
        assert!(holds(&mut vault, Drawer::Burns).is_empty() && holds(&mut vault, Drawer::TokenKeys).is_empty());
        anew(&mut vault);
        vault.lift(&Lifted::prepare(&secret("correct horse"), KdfCost::LEAST, &random).unwrap()).unwrap();
        anew(&mut vault);
        assert!(vault.report().unwrap().damage.is_empty());
        assert_eq!(holds(&mut vault, Drawer::Burns), [pair("one", "beneath"), pair("two", "2")]);
    }

    #[test]
    fn beneath_a_decoy_there_is_less_room_and_it_is_said() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let random = SystemRandom::new();
        let decoy =
            Decoy::prepare(&secret("correct horse"), &secret("battery staple"), KdfCost::LEAST, &random).unwrap();
        vault.hide(&decoy, &[]).unwrap();
        let all = |rows: &mut Keeping<'_, '_>| {
            (0..limits::VAULT_CELLS)
                .try_for_each(|n| rows.add(Drawer::BatchRows, &n.to_be_bytes(), &Secret::new(vec![1; 193])).map(drop))
        };
        assert!(matches!(vault.change_kept(all), Err(Error::Input(InputError::TooMuch { what: Named::Hidden, .. }))));
        anew(&mut vault);
        assert!(vault.report().unwrap().damage.is_empty() && holds(&mut vault, Drawer::BatchRows).is_empty());
    }

    #[test]
    fn there_are_as_many_rows_as_the_limit_says() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let nothing = Secret::new(vec![]);
        let fill = |most: usize| {
            let nothing = nothing.clone();
            move |rows: &mut Keeping<'_, '_>| {
                (0..most).try_for_each(|_| rows.add(Drawer::Ledger, b"", &nothing).map(drop))
            }
        };
        vault.change_kept(fill(7)).unwrap();
        let most = limits::VAULT_KEPT as u64;
        let refused = InputError::TooMuch { what: Named::TokenRows, found: most + 1, most };
        assert_eq!(vault.change_kept(fill(limits::VAULT_KEPT - 6)), Err(refused.into()));
        assert_eq!(vault.kept(Drawer::Ledger).unwrap().len(), 7);
    }
}
