//! Reading: one account, its note and seed; the list as a person wants it, filtered, searched and sorted.

use std::cmp::Reverse;
use std::sync::Arc;

use countersign_protocol::Secret;
use countersign_protocol::otp::Pin;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::account::{Account, AccountId, DamagedAccount};
use super::change::read_note;
use super::codes::{CodeRow, Codes};
use super::group::GroupId;
use super::{Unlocked, Vault};
use crate::error::{Error, InputError, Named};
use crate::limits;

/// Which accounts a list shows, and in which order; pinned ones stand first in each.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct View {
    /// Words that issuer, name and note hold between them, whatever the case; none for all accounts.
    pub search: String,
    /// Only those of this group.
    pub group: Option<GroupId>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only the favourites.
    pub favourites: bool,
    /// Their order.
    pub sort: Sort,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("sort", &self.sort).finish_non_exhaustive()
    }
}

/// An order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// As the person put them.
    #[default]
    Manual,
    /// By issuer and name, whatever the case.
    Name,
    /// Those used most first.
    Use,
    /// By the digits of the code that each shows now; those that show none last.
    Code,
}

impl Sort {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Manual, Self::Name, Self::Use, Self::Code];
}

impl Vault {
    /// Reads what belongs together: whatever another program saves meanwhile, all that `look` reads stands as at one moment.
    /// What changes the vault is refused within.
    ///
    /// # Errors
    /// [`InputError::VaultLocked`]; [`PortError`](crate::error::PortError) of the disk; those of `look`.
    pub fn at_one_moment<T>(&mut self, look: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let began = self.unlocked()?.store.begin_moment()?;
        let seen = look(self);
        if let Ok(open) = self.unlocked() {
            open.store.end_moment(began)?;
        }
        seen
    }

    /// The accounts that can be read, in the order of the list. Those in the bin are not in it.
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

    /// The accounts whose issuer, name and note hold each word of `text`, whatever the case.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] for a text over its limit; [`InputError::VaultLocked`].
    pub fn search(&mut self, text: &str) -> Result<Vec<Arc<Account>>, Error> {
        self.refresh()?;
        let open = self.unlocked_mut()?;
        let found = open.find_words(text)?;
        Ok(open.list().iter().zip(found).filter(|(_, fits)| *fits).map(|(account, _)| account.clone()).collect())
    }

    /// The list that `view` asks for at `now`, in Unix time, with its codes. Costs a comparison until a code, an account
    /// or the view changes.
    ///
    /// # Errors
    /// As [`Vault::search`].
    pub fn view(&mut self, view: &View, now: u64) -> Result<Codes, Error> {
        let all = self.codes(now)?;
        if *view == View::default() {
            return Ok(all);
        }
        let open = self.unlocked_mut()?;
        if let Some((last, of, shown)) = &open.viewed
            && last == view
            && Arc::ptr_eq(of, &all.rows)
        {
            return Ok(shown.clone());
        }
        let found = open.find_words(&view.search)?;
        let rows = all.rows.iter().zip(found).filter(|(row, fits)| *fits && view.has(&row.account));
        let mut rows: Vec<CodeRow> = rows.map(|(row, _)| row.clone()).collect();
        open.sort(view.sort, &mut rows);
        let shown = Codes { rows: rows.into(), ..all.clone() };
        open.viewed = Some((view.clone(), all.rows, shown.clone()));
        Ok(shown)
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
        read_note(open.rows.find(id)?, &open.keys, open.store.reader())
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
}

impl View {
    fn has(&self, account: &Account) -> bool {
        let details = &account.details;
        self.group.is_none_or(|group| details.groups.contains(&group))
            && self.tag.as_ref().is_none_or(|tag| details.tags.contains(tag))
            && (!self.favourites || details.favourite)
    }
}

impl Unlocked {
    /// For each account of the list, whether it holds every word.
    fn find_words(&mut self, text: &str) -> Result<Vec<bool>, Error> {
        let found = text.chars().count();
        if found > limits::SEARCH {
            let (found, most) = (found as u64, limits::SEARCH as u64);
            return Err(InputError::TooMuch { what: Named::Search, found, most }.into());
        }
        if text.trim().is_empty() {
            return Ok(vec![true; self.list().len()]);
        }
        let words: Vec<Zeroizing<String>> = text.split_whitespace().map(folded).collect();
        let fits = |shown: &Zeroizing<String>| words.iter().all(|word| shown.contains(word.as_str()));
        Ok(self.folded().iter().map(fits).collect())
    }

    /// Issuer, name and note of each account of the list, ready to be searched.
    fn folded(&mut self) -> Arc<[Zeroizing<String>]> {
        if let Some(folded) = &self.folded {
            return folded.clone();
        }
        let list = self.list();
        let fold = |account: &Arc<Account>| {
            let row = self.rows.good.get(&account.id.0);
            // A note that cannot be read is not searched.
            let note = row.and_then(|row| read_note(row, &self.keys, self.store.reader()).ok()).unwrap_or_default();
            folded(&Zeroizing::new([&account.issuer, "\n", &account.name, "\n", note.as_str()].concat()))
        };
        let folded: Arc<[_]> = list.iter().map(fold).collect();
        self.folded = Some(folded.clone());
        folded
    }

    fn sort(&self, sort: Sort, rows: &mut [CodeRow]) {
        let name = |account: &Account| (folded(&account.issuer), folded(&account.name));
        match sort {
            Sort::Manual => return,
            Sort::Name => {
                let mut named: Vec<_> = rows.iter().map(|row| (name(&row.account), row.clone())).collect();
                named.sort_by(|(a, _), (b, _)| (a.0.as_str(), a.1.as_str()).cmp(&(b.0.as_str(), b.1.as_str())));
                rows.iter_mut().zip(named).for_each(|(row, (_, sorted))| *row = sorted);
            }
            Sort::Use => rows.sort_by_key(|row| {
                let (more, last) = self.uses.get(&row.account.id).copied().unwrap_or_default();
                Reverse((row.account.uses + more, row.account.used.max(last)))
            }),
            Sort::Code => rows.sort_by_cached_key(|row| {
                row.live.as_ref().map_or((true, String::new()), |live| (false, live.code.to_string()))
            }),
        }
        rows.sort_by_key(|row| !row.account.details.pinned);
    }
}

/// Text as it is compared: compatibility forms and upper case are no difference.
pub(super) fn folded(text: &str) -> Zeroizing<String> {
    if text.is_ascii() {
        return Zeroizing::new(text.to_ascii_lowercase());
    }
    Zeroizing::new(text.nfkc().flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::super::account::{Details, Edit, NewAccount};
    use super::super::tests::{Folder, hotp, totp};
    use super::*;

    /// Four accounts with a group, a tag and notes.
    fn filled() -> (Folder, Vault, [AccountId; 4], GroupId) {
        let folder = Folder::new();
        let mut vault = folder.create();
        let work = vault.add_group("Work").unwrap();
        let of = |issuer: &str, note: &str, details: Details, n| NewAccount {
            issuer: issuer.into(),
            note: note.into(),
            details,
            ..totp(n)
        };
        let tagged = Details { tags: vec!["money".into()], groups: vec![work], ..Details::default() };
        let liked = Details { favourite: true, groups: vec![work], ..Details::default() };
        let all = [
            of("Zebra", "", Details::default(), 1),
            of("Ｂank Ⅻ", "the card is in the drawer", tagged, 2),
            of("apple", &"long words ".repeat(100), liked, 3),
            NewAccount { issuer: "Mail".into(), ..hotp(0) },
        ];
        let ids = vault.add_all(&all).unwrap().into_iter().map(Result::unwrap).collect::<Vec<_>>();
        (folder, vault, ids.try_into().unwrap(), work)
    }

    fn shown(vault: &mut Vault, view: &View) -> Vec<AccountId> {
        vault.view(view, 59).unwrap().rows.iter().map(|row| row.account.id).collect()
    }

    #[test]
    fn a_list_is_filtered_by_group_tag_and_favourites() {
        let (_folder, mut vault, [zebra, bank, apple, mail], work) = filled();
        assert_eq!(shown(&mut vault, &View::default()), [zebra, bank, apple, mail]);
        assert_eq!(shown(&mut vault, &View { group: Some(work), ..View::default() }), [bank, apple]);
        assert_eq!(shown(&mut vault, &View { tag: Some("money".into()), ..View::default() }), [bank]);
        assert_eq!(shown(&mut vault, &View { tag: Some("other".into()), ..View::default() }), []);
        let liked = View { group: Some(work), favourites: true, ..View::default() };
        assert_eq!(shown(&mut vault, &liked), [apple]);
        assert_eq!(vault.tags().unwrap(), [("money".to_owned(), 1)]);
    }

    #[test]
    fn words_are_found_in_names_and_notes_whatever_their_form() {
        let (_folder, mut vault, [zebra, bank, apple, _], _) = filled();
        let mut find = |text: &str| shown(&mut vault, &View { search: text.into(), ..View::default() });
        assert_eq!(find("BANK xii"), [bank], "compatibility forms fold");
        assert_eq!(find("drawer mara2"), [bank]);
        assert_eq!(find("long WORDS"), [apple], "a long note is searched too");
        assert_eq!(find("zebra apple"), []);
        assert_eq!(find("  "), shown(&mut vault, &View::default()));
        let edit = Edit { note: Some("Zündschlüssel".into()), ..Edit::default() };
        vault.edit(zebra, &edit).unwrap();
        let mut find = |text: &str| shown(&mut vault, &View { search: text.into(), ..View::default() });
        assert_eq!(find("zu\u{308}ndschl\u{fc}ssel"), [zebra], "what changed is found at once");
        assert_eq!(find("ZÜND"), [zebra]);
        vault.delete(zebra).unwrap();
        assert_eq!(shown(&mut vault, &View { search: "zünd".into(), ..View::default() }), []);
    }

    #[test]
    fn a_list_is_sorted_by_name_use_and_code_with_pinned_first() {
        let (_folder, mut vault, [zebra, bank, apple, mail], _) = filled();
        let by = |sort| View { sort, ..View::default() };
        assert_eq!(shown(&mut vault, &by(Sort::Name)), [apple, bank, mail, zebra]);
        for id in [zebra, bank, bank] {
            vault.used(id).unwrap();
        }
        vault.next_hotp(mail).unwrap();
        assert_eq!(shown(&mut vault, &by(Sort::Use))[0], bank);
        let codes = vault.view(&by(Sort::Code), 59).unwrap();
        let texts: Vec<_> = codes.rows.iter().map(|row| row.live.as_ref().map(|live| live.code.to_string())).collect();
        assert!(texts[..3].is_sorted() && texts[3].is_none(), "{texts:?}");
        assert!(Arc::ptr_eq(&codes.rows, &vault.view(&by(Sort::Code), 59).unwrap().rows), "nothing changed");
        vault.edit(zebra, &Edit { pinned: Some(true), ..Edit::default() }).unwrap();
        for sort in Sort::ALL {
            assert_eq!(shown(&mut vault, &by(sort))[0], zebra, "{sort:?}");
        }
    }

    #[test]
    fn a_search_holds_its_limit() {
        let (_folder, mut vault, ..) = filled();
        let most = limits::SEARCH;
        for (n, fits) in [(most, true), (most + 1, false), (most * 1000, false)] {
            let view = View { search: "x".repeat(n), ..View::default() };
            assert_eq!(vault.view(&view, 0).is_ok(), fits, "{n}");
        }
    }
}
