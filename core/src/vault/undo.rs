//! The last change of accounts, kept so that it can be taken back: also by another program, and after the vault was locked.
//!
//! It is one sealed piece beside the summary, written in the transaction of its change and gone with whatever it tells of:
//!
//! ```text
//! 1 | for each account: id | mark 16 | its label before, with its length | 0, or 1 and its note before
//! 2 | how many groups | for each: id | version | the group, with its length | accounts as above
//! ```
//!
//! The second form is that of a change that removed groups.
//!
//! The mark tells whether the account is still as the change left it; a code that was used since is no difference. Where
//! the change was one of the counter alone, the mark has the counter in it: it goes back only while no code was used since.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_protocol::jose::H32;
use zeroize::Zeroizing;

use super::Vault;
use super::account::{Account, AccountId};
use super::change::Work;
use super::frame::{Place, Tag, read_varint, write_varint};
use super::group::{Group, GroupId};
use super::icon::Icon;
use super::kind::Kind;
use super::label::{Label, Note, read_text, write_text};
use super::slot::take;
use super::{Unlocked, key::Keys, store::Reader};
use crate::error::{Error, InputError};

/// The row of the piece, in the table of the summary.
pub(super) const ROW: u64 = 2;
/// The form of the piece that this program writes, of a change of accounts alone.
const FORM: u8 = 1;
/// And of one that removed groups.
const WITH_GROUPS: u8 = 2;

/// An account that the last change of accounts changed.
#[derive(Debug, Clone)]
pub struct Changed {
    /// As it was before, and would be again.
    pub before: Arc<Account>,
    /// As it is.
    pub now: Arc<Account>,
    /// Its note before, where that was changed.
    pub note: Option<Zeroizing<String>>,
}

/// An account before a change, as it is kept.
pub(super) struct Before {
    mark: [u8; 16],
    account: Arc<Account>,
    note: Option<Zeroizing<String>>,
}

/// A group that a change removed, as it is kept.
pub(super) struct Removed {
    /// Its version when it was removed; it comes back under the next.
    pub version: u64,
    pub group: Group,
}

/// All that a change is taken back by.
#[derive(Default)]
struct Last {
    groups: Vec<Removed>,
    accounts: Vec<Before>,
}

impl Before {
    /// What is kept of `account`, which the change makes `after`.
    pub fn of(account: &Arc<Account>, after: &Account, note: Option<Zeroizing<String>>) -> Self {
        Self { mark: mark(after), account: account.clone(), note }
    }

    /// The same of a change of the counter alone.
    pub fn of_counter(account: &Arc<Account>, after: &Account) -> Self {
        Self { mark: mark_with_counter(after), account: account.clone(), note: None }
    }
}

impl Vault {
    /// What the last edit, move or deletion changed, whoever made it; none where it can't be taken back any more.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`crate::error::PortError`] of the disk.
    pub fn last_change(&mut self) -> Result<Vec<Changed>, Error> {
        Ok(self.last()?.1)
    }

    /// The groups that the last change removed, and that come back when it is taken back.
    ///
    /// # Errors
    /// As [`Vault::last_change`].
    pub fn removed_groups(&mut self) -> Result<Vec<Group>, Error> {
        Ok(self.last()?.0.into_iter().map(|removed| removed.group).collect())
    }

    pub(super) fn last(&mut self) -> Result<(Vec<Removed>, Vec<Changed>), Error> {
        self.refresh()?;
        let open = self.unlocked()?;
        let Last { groups, accounts } = read(open.store.reader(), &open.keys)?;
        let all = accounts.into_iter().map(|Before { mark: left, account: mut before, note }| {
            let now = open.rows.find_any(before.id).ok()?.account.clone();
            if mark(&now) == left {
                Arc::make_mut(&mut before).kind = now.kind;
            } else if mark_with_counter(&now) != left {
                return None;
            }
            Some(Changed { before, now, note })
        });
        let all: Option<Vec<Changed>> = all.collect();
        let is_there = |removed: &Removed| open.rows.groups.good.contains_key(&removed.group.id.0);
        Ok(all.filter(|_| !groups.iter().any(is_there)).map(|all| (groups, all)).unwrap_or_default())
    }

    /// Takes back the last edit, move or deletion, of groups too, with all accounts that it changed.
    ///
    /// # Errors
    /// [`InputError::NotFound`] where there is none, or one of the accounts was changed since;
    /// [`InputError::Duplicate`] where an account that was deleted was added anew meanwhile, [`InputError::SameName`] and
    /// [`InputError::TooMuch`] of a group as [`Vault::rename_group`] and [`Vault::add_group`];
    /// [`crate::error::PortError`] of the disk, with nothing changed.
    pub fn undo(&mut self) -> Result<(), Error> {
        let (groups, all) = self.last()?;
        if all.is_empty() && groups.is_empty() {
            return Err(InputError::NotFound.into());
        }
        self.change(|work| {
            for removed in &groups {
                work.bring_group_back(removed, groups.len())?;
            }
            let back: Vec<GroupId> = groups.iter().map(|removed| removed.group.id).collect();
            for Changed { before, now, note } in &all {
                let row = work.rows.find_any(now.id)?;
                let counted = before.kind != now.kind;
                if mark(&row.account) != mark(now) || (counted && row.account.kind != now.kind) {
                    return Err(InputError::NotFound.into());
                }
                if row.is_deleted() && before.deleted.is_none() {
                    work.may_come_back(row)?;
                }
                let mut account = work.as_before(before, &row.account, &back);
                if counted {
                    account.kind = before.kind;
                }
                work.rewrite(row, account, note.as_deref().map(String::as_str))?;
            }
            work.forget_undo()
        })
    }
}

impl Unlocked {
    /// The pictures that undoing would show again.
    pub(super) fn icons_to_undo(&self) -> BTreeSet<u64> {
        let kept = read(self.store.reader(), &self.keys).unwrap_or_default();
        let icons = kept.accounts.iter().filter_map(|before| match before.account.details.icon {
            Some(Icon::Picture(id)) => Some(id.0),
            _ => None,
        });
        icons.collect()
    }
}

impl Work<'_> {
    /// Keeps what is needed to take this change back, in place of what was kept.
    pub fn keep_undo<'a>(&self, all: impl IntoIterator<Item = &'a Before>) -> Result<(), Error> {
        self.keep_removal(&[], all)
    }

    /// The same of a change that removed groups.
    pub fn keep_removal<'a>(&self, groups: &[Removed], all: impl IntoIterator<Item = &'a Before>) -> Result<(), Error> {
        let tag = Tag { place: Place::Undo, row: ROW, version: self.summary.version };
        let all: Vec<&Before> = all.into_iter().collect();
        Ok(self.change.put(Place::Undo, ROW, &self.keys.seal(tag, &write(groups, &all), self.random)?)?)
    }

    /// There is nothing to take back any more.
    pub fn forget_undo(&self) -> Result<(), Error> {
        Ok(self.change.delete(Place::Undo, ROW..ROW + 1)?)
    }

    /// The account as it was, but for what no change of a person's is: its counter, and how often it was used. What it
    /// named and is gone since is left out; groups of `back` come back with it.
    fn as_before(&self, before: &Account, now: &Account, back: &[GroupId]) -> Account {
        let mut account = before.clone();
        (account.kind, account.uses, account.used) = (now.kind, now.uses, now.used);
        account.details.groups.retain(|group| self.rows.groups.good.contains_key(&group.0) || back.contains(group));
        if account.details.icon.as_ref().is_some_and(|icon| self.has_icon(icon).is_err()) {
            account.details.icon = None;
        }
        account
    }
}

/// What tells whether an account was changed.
fn mark(account: &Account) -> [u8; 16] {
    // A kind never changes, a counter does.
    let mut same = account.clone();
    same.kind = Kind::Steam;
    mark_with_counter(&same)
}

/// The same of its counter too.
fn mark_with_counter(account: &Account) -> [u8; 16] {
    let mut same = account.clone();
    (same.uses, same.used) = (0, 0);
    let label = Label { account: Arc::new(same), note: Note::Here(Zeroizing::default()) };
    let mut mark = [0; 16];
    mark.copy_from_slice(&H32::sha256(&[&label.write()]).as_bytes()[..16]);
    mark
}

fn write(groups: &[Removed], all: &[&Before]) -> Zeroizing<Vec<u8>> {
    let labels = all
        .iter()
        .map(|before| Label { account: before.account.clone(), note: Note::Here(Zeroizing::default()) }.write());
    let labels: Vec<Zeroizing<Vec<u8>>> = labels.collect();
    let texts = all.iter().map(|before| before.note.as_ref().map_or(0, |note| note.len()));
    let names = groups.iter().map(|removed| removed.group.name.len() + 48).sum::<usize>();
    let room = labels.iter().map(|label| label.len()).sum::<usize>() + texts.sum::<usize>() + names;
    // Room for everything: what a growing buffer leaves behind is not wiped.
    let mut out = Zeroizing::new(Vec::with_capacity(16 + room + all.len() * 48));
    if groups.is_empty() {
        out.push(FORM);
    } else {
        out.push(WITH_GROUPS);
        write_varint(groups.len() as u64, &mut out);
    }
    for Removed { version, group } in groups {
        let bytes = group.write();
        [group.id.0, *version, bytes.len() as u64].into_iter().for_each(|number| write_varint(number, &mut out));
        out.extend_from_slice(&bytes);
    }
    for (before, label) in all.iter().zip(labels) {
        write_varint(before.account.id.0, &mut out);
        out.extend_from_slice(&before.mark);
        write_varint(label.len() as u64, &mut out);
        out.extend_from_slice(&label);
        out.push(u8::from(before.note.is_some()));
        before.note.iter().for_each(|note| write_text(note, &mut out));
    }
    out
}

/// What is kept; nothing where that can't be read: to take a change back is no more than a wish.
fn read(reader: Reader<'_>, keys: &Keys) -> Result<Last, Error> {
    let piece = reader.pieces(Place::Undo, ROW..ROW + 1)?.pop();
    let opened = piece.and_then(|(id, piece)| keys.open(Place::Undo, id, &piece));
    Ok(opened.and_then(|(_, bytes)| parse(bytes.expose())).unwrap_or_default())
}

fn parse(bytes: &[u8]) -> Option<Last> {
    let (form, mut rest) = bytes.split_first()?;
    let count = match *form {
        FORM => 0,
        WITH_GROUPS => read_varint(&mut rest).filter(|count| *count > 0)?,
        _ => return None,
    };
    // A count is no promise: nothing is reserved for it.
    let mut groups = vec![];
    for _ in 0..count {
        let (id, version) = (read_varint(&mut rest)?, read_varint(&mut rest)?);
        let group = Group::read(id, part(&mut rest)?)?;
        groups.push(Removed { version, group });
    }
    let mut accounts = vec![];
    while !rest.is_empty() {
        let id = AccountId(read_varint(&mut rest)?);
        let mark = take(&mut rest)?;
        let account = Label::read(id, part(&mut rest)?)?.account;
        let note = match take(&mut rest)? {
            [0] => None,
            [1] => Some(Zeroizing::new(read_text(&mut rest)?.to_owned())),
            _ => return None,
        };
        accounts.push(Before { mark, account, note });
    }
    Some(Last { groups, accounts })
}

/// Bytes with their length before them.
fn part<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(read_varint(bytes)?).ok()?;
    let (part, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Folder, hotp, issuers, secret, totp};
    use super::super::{Edit, NewAccount};
    use super::*;
    use crate::limits;

    /// Locked and opened again, as two commands do one after the other.
    fn anew(vault: &mut Vault) {
        vault.lock();
        vault.unlock(&secret("correct horse")).unwrap();
    }

    fn named(name: &str) -> Edit {
        Edit { name: Some(name.into()), ..Edit::default() }
    }

    #[test]
    fn a_change_is_taken_back_after_the_vault_was_locked() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let note = "words ".repeat(400);
        let ids: Vec<AccountId> = [1, 2]
            .map(|n| NewAccount { note: note.clone(), ..totp(n) })
            .iter()
            .map(|new| vault.add(new).unwrap())
            .collect();
        assert!(!vault.can_undo(), "what is added is no change");
        let edit = Edit { note: Some("none".into()), pinned: Some(true), ..named("x") };
        vault.edit_all(&ids, &edit).unwrap();
        anew(&mut vault);
        let last = vault.last_change().unwrap();
        let names: Vec<_> = last.iter().map(|one| (one.before.name.as_str(), one.now.name.as_str())).collect();
        assert_eq!(names, [("mara1@example.com", "x"), ("mara2@example.com", "x")]);
        assert_eq!(last[0].note.as_ref().unwrap().as_str(), note);
        vault.undo().unwrap();
        anew(&mut vault);
        assert_eq!((vault.get(ids[1]).unwrap().details.pinned, vault.note(ids[1]).unwrap().as_str()), (false, &*note));
        assert_eq!((vault.can_undo(), vault.undo()), (false, Err(InputError::NotFound.into())));
        vault.delete_all(&ids).unwrap();
        anew(&mut vault);
        vault.undo().unwrap();
        assert_eq!(issuers(&mut vault), ["Issuer 1", "Issuer 2"]);
        assert!(vault.report().unwrap().damage.is_empty());
    }

    #[test]
    fn a_code_that_was_used_since_is_no_change_and_keeps_its_count() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let ids = [vault.add(&hotp(7)).unwrap(), vault.add(&totp(1)).unwrap()];
        vault.edit_all(&ids, &named("x")).unwrap();
        vault.next_hotp(ids[0]).unwrap();
        vault.used(ids[1]).unwrap();
        anew(&mut vault);
        vault.undo().unwrap();
        let (counted, timed) = (vault.get(ids[0]).unwrap(), vault.get(ids[1]).unwrap());
        assert_ne!((counted.name.as_str(), timed.name.as_str()), ("x", "x"));
        assert_eq!((counted.uses, timed.uses), (1, 1));
        assert!(matches!(counted.kind, Kind::Hotp(counter) if counter.get() == 8), "no code is shown twice");
    }

    #[test]
    fn the_last_change_is_the_one_that_is_taken_back_whoever_made_it() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let ids = [1, 2].map(|n| vault.add(&totp(n)).unwrap());
        vault.edit(ids[0], &named("x")).unwrap();
        let mut other = folder.open();
        other.unlock_with(&vault.key().unwrap()).unwrap();
        other.edit(ids[1], &named("y")).unwrap();
        vault.undo().unwrap();
        assert_eq!(
            (vault.get(ids[0]).unwrap().name.as_str(), vault.get(ids[1]).unwrap().name.as_str()),
            ("x", "mara2@example.com")
        );
        vault.delete(ids[0]).unwrap();
        vault.restore(&[ids[0]]).unwrap();
        assert_eq!(
            (vault.can_undo(), vault.undo()),
            (false, Err(InputError::NotFound.into())),
            "it was taken back already"
        );
    }

    #[test]
    fn what_is_gone_for_good_is_not_kept_here_either() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let ids = [1, 2].map(|n| vault.add(&totp(n)).unwrap());
        let kept =
            |vault: &Vault| vault.unlocked().unwrap().store.reader().pieces(Place::Undo, ROW..ROW + 1).unwrap().len();
        vault.delete_all(&ids).unwrap();
        assert_eq!(kept(&vault), 1);
        vault.purge(&[ids[0]]).unwrap();
        assert_eq!((kept(&vault), vault.can_undo()), (0, false));
    }

    #[test]
    fn what_an_account_had_and_is_gone_since_does_not_come_back_with_it() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let id = vault.add(&totp(1)).unwrap();
        let [home, work] = ["Home", "Work"].map(|name| vault.add_group(name).unwrap());
        vault.edit(id, &Edit { join: vec![home, work], ..Edit::default() }).unwrap();
        vault.edit(id, &Edit { leave: vec![home, work], ..Edit::default() }).unwrap();
        vault.discard_group(home).unwrap();
        vault.undo().unwrap();
        assert_eq!(vault.get(id).unwrap().details.groups, [work]);
    }

    #[test]
    fn removed_groups_come_back_with_what_was_in_them() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let ids = [1, 2, 3].map(|n| vault.add(&totp(n)).unwrap());
        let [home, work, empty] = ["Home", "Work", "Empty"].map(|name| vault.add_group(name).unwrap());
        vault.rename_group(work, "Office").unwrap();
        vault.edit_all(&ids[..2], &Edit { join: vec![home, work], ..Edit::default() }).unwrap();
        vault.delete(ids[1]).unwrap();
        let before = vault.groups().unwrap();
        vault.delete_groups(&[work, home]).unwrap();
        anew(&mut vault);
        assert!(vault.can_undo());
        let names: Vec<String> = vault.removed_groups().unwrap().into_iter().map(|group| group.name).collect();
        assert_eq!((names, vault.last_change().unwrap().len()), (vec!["Home".to_owned(), "Office".to_owned()], 2));
        vault.undo().unwrap();
        anew(&mut vault);
        assert!(vault.report().unwrap().damage.is_empty());
        assert_eq!((vault.groups().unwrap(), vault.can_undo()), (before.clone(), false));
        assert_eq!(vault.get(ids[0]).unwrap().details.groups, [home, work]);
        vault.restore(&[ids[1]]).unwrap();
        assert_eq!(vault.get(ids[1]).unwrap().details.groups, [home, work], "of one in the bin too");
        vault.delete_group(empty).unwrap();
        vault.undo().unwrap();
        assert_eq!(vault.groups().unwrap(), before, "one that nothing was in");
        assert_eq!(vault.undo(), Err(InputError::NotFound.into()));
    }

    #[test]
    fn a_group_does_not_come_back_beside_one_of_its_name_or_after_its_accounts_were_changed() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let id = vault.add(&totp(1)).unwrap();
        let work = vault.add_group("Work").unwrap();
        vault.edit(id, &Edit { join: vec![work], ..Edit::default() }).unwrap();
        vault.delete_group(work).unwrap();
        let other = vault.add_group("WORK").unwrap();
        assert_eq!(vault.undo(), Err(InputError::SameName.into()));
        vault.discard_group(other).unwrap();
        assert_eq!(vault.discard_group(other), Err(InputError::NotFound.into()));
        vault.undo().unwrap();
        assert_eq!(vault.get(id).unwrap().details.groups, [work]);
        vault.delete_group(work).unwrap();
        vault.edit(id, &named("x")).unwrap();
        assert!(vault.removed_groups().unwrap().is_empty());
        vault.undo().unwrap();
        assert!(vault.groups().unwrap().is_empty(), "the last change was another one");
    }

    #[test]
    fn what_cannot_be_read_is_nothing_to_take_back() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let id = vault.add(&totp(1)).unwrap();
        vault.edit(id, &named("x")).unwrap();
        let all = parse(&write(&[], &[])).unwrap();
        assert!(all.accounts.is_empty() && all.groups.is_empty());
        let open = vault.unlocked().unwrap();
        let (_, piece) = open.store.reader().pieces(Place::Undo, ROW..ROW + 1).unwrap().pop().unwrap();
        let (_, bytes) = open.keys.open(Place::Undo, ROW, &piece).unwrap();
        let bytes = bytes.expose().to_vec();
        assert_eq!(parse(&bytes).map(|all| all.accounts.len()), Some(1));
        for length in 1..bytes.len() {
            assert!(parse(&bytes[..length]).is_none() || length == 1, "cut at {length}");
        }
        assert!(parse(&[&bytes[..], &[0]].concat()).is_none());
        assert!(keys_differ(open, &piece));
    }

    /// Whether a changed byte of the piece is seen.
    fn keys_differ(open: &Unlocked, piece: &[u8]) -> bool {
        (0..piece.len()).all(|at| {
            let mut changed = piece.to_vec();
            changed[at] ^= 1;
            open.keys.open(Place::Undo, ROW, &changed).is_none()
        })
    }

    #[test]
    fn of_all_accounts_at_once_all_come_back() {
        let folder = Folder::new();
        let mut vault = folder.create();
        let all: Vec<NewAccount> = (0..limits::BIN_MOST as u64).map(totp).collect();
        let ids: Vec<AccountId> = vault.add_all(&all).unwrap().into_iter().map(Result::unwrap).collect();
        vault.edit_all(&ids, &named("x")).unwrap();
        anew(&mut vault);
        vault.undo().unwrap();
        assert!(vault.accounts().unwrap().iter().all(|account| account.name != "x"));
    }
}
