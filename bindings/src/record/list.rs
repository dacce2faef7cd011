//! How a person keeps accounts, mirrored: groups, tags, icons, the bin, and what a list shows.

use countersign_core::error::InputError;
use countersign_core::vault;

use crate::error::InputFault;

use super::account::{AccountRow, CodeRow};

/// How a person keeps an account.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AccountDetails {
    /// Among the favourites.
    pub favourite: bool,
    /// At the head of every list.
    pub pinned: bool,
    /// Its code is hidden until it is tapped.
    pub hidden: bool,
    /// What is drawn beside it; its initials where there is none.
    pub icon: Option<AccountIcon>,
    /// The groups that it is in.
    pub groups: Vec<u64>,
    /// Its tags.
    pub tags: Vec<String>,
}

impl From<&vault::Details> for AccountDetails {
    fn from(core: &vault::Details) -> Self {
        let vault::Details { favourite, pinned, hidden, icon, groups, tags } = core;
        Self {
            favourite: *favourite,
            pinned: *pinned,
            hidden: *hidden,
            icon: icon.as_ref().map(AccountIcon::from),
            groups: groups.iter().map(|group| group.0).collect(),
            tags: tags.clone(),
        }
    }
}

impl From<AccountDetails> for vault::Details {
    fn from(details: AccountDetails) -> Self {
        let AccountDetails { favourite, pinned, hidden, icon, groups, tags } = details;
        let groups = groups.into_iter().map(vault::GroupId).collect();
        Self { favourite, pinned, hidden, icon: icon.map(vault::Icon::from), groups, tags }
    }
}

/// What is drawn beside an account.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum AccountIcon {
    /// One of the set of this project.
    Drawn {
        /// Its name.
        name: String,
    },
    /// A picture that the person gave.
    Picture {
        /// Which picture of the vault.
        id: u64,
    },
}

impl From<&vault::Icon> for AccountIcon {
    fn from(core: &vault::Icon) -> Self {
        match core {
            vault::Icon::Drawn(name) => Self::Drawn { name: name.clone() },
            vault::Icon::Picture(id) => Self::Picture { id: id.0 },
        }
    }
}

impl From<AccountIcon> for vault::Icon {
    fn from(icon: AccountIcon) -> Self {
        match icon {
            AccountIcon::Drawn { name } => Self::Drawn(name),
            AccountIcon::Picture { id } => Self::Picture(vault::IconId(id)),
        }
    }
}

/// Another icon for accounts.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum IconChange {
    /// Their initials.
    Initials,
    /// This one.
    Icon {
        /// Which.
        icon: AccountIcon,
    },
}

impl From<IconChange> for Option<vault::Icon> {
    fn from(change: IconChange) -> Self {
        match change {
            IconChange::Initials => None,
            IconChange::Icon { icon } => Some(icon.into()),
        }
    }
}

/// A group.
#[derive(Clone, uniffi::Record)]
pub struct GroupRow {
    /// Which group.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Its place among the groups.
    pub order: u64,
}

impl From<vault::Group> for GroupRow {
    fn from(core: vault::Group) -> Self {
        let vault::Group { id, name, order } = core;
        Self { id: id.0, name, order }
    }
}

/// A tag, and how many accounts have it.
#[derive(Clone, uniffi::Record)]
pub struct TagRow {
    /// The tag.
    pub name: String,
    /// How many have it.
    pub count: u64,
}

impl From<(String, usize)> for TagRow {
    fn from((name, count): (String, usize)) -> Self {
        Self { name, count: count as u64 }
    }
}

/// An account that was deleted.
#[derive(Clone, uniffi::Record)]
pub struct BinnedRow {
    /// The account.
    pub account: AccountRow,
    /// Until when it can be taken out of the bin at least.
    pub until: u64,
}

impl From<vault::Binned> for BinnedRow {
    fn from(core: vault::Binned) -> Self {
        let vault::Binned { account, until } = core;
        Self { account: AccountRow::from(&*account), until }
    }
}

/// An account that the last change changed.
#[derive(Clone, uniffi::Record)]
pub struct ChangedRow {
    /// As it was before, and would be again.
    pub before: AccountRow,
    /// As it is.
    pub now: AccountRow,
    /// Its note before, where that was changed.
    pub note: Option<String>,
}

impl From<vault::Changed> for ChangedRow {
    fn from(core: vault::Changed) -> Self {
        let vault::Changed { before, now, note } = core;
        let note = note.map(|note| note.as_str().to_owned());
        Self { before: AccountRow::from(&*before), now: AccountRow::from(&*now), note }
    }
}

/// A change that is kept, and what taking it back does.
#[derive(Clone, uniffi::Record)]
pub struct StepRow {
    /// Its number: that of a later change is larger.
    pub number: u64,
    /// The accounts that it changed, as far as they are there.
    pub accounts: Vec<ChangedRow>,
    /// The groups that it removed, and that come back.
    pub removed: Vec<GroupRow>,
    /// The groups that it named anew or moved, as they were.
    pub regrouped: Vec<GroupRow>,
    /// Why it can't be taken back as things are: `undo_step` is refused by the same, and `let_stand` makes way for the change
    /// before it.
    pub hindered: Option<InputFault>,
}

impl From<vault::Step> for StepRow {
    fn from(core: vault::Step) -> Self {
        let vault::Step { number, accounts, removed, regrouped, hindrance } = core;
        Self {
            number,
            accounts: accounts.into_iter().map(ChangedRow::from).collect(),
            removed: removed.into_iter().map(GroupRow::from).collect(),
            regrouped: regrouped.into_iter().map(|(before, _)| GroupRow::from(before)).collect(),
            hindered: hindrance.map(|hindrance| hindrance.error().into()),
        }
    }
}

mirror! {
    /// An order of a list.
    Sort = vault::Sort {
        /// As the person put them.
        Manual,
        /// By issuer and name.
        Name,
        /// Those used most first.
        Use,
        /// By the digits of their codes.
        Code,
    }
}

/// Which accounts a list shows, and in which order.
#[derive(Clone, uniffi::Record)]
pub struct AccountQuery {
    /// Words that issuer, name and note hold between them; none for all accounts.
    pub search: String,
    /// Only those of this group.
    pub group: Option<u64>,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only the favourites.
    pub favourites: bool,
    /// Their order.
    pub sort: Sort,
}

impl From<AccountQuery> for vault::View {
    fn from(query: AccountQuery) -> Self {
        let AccountQuery { search, group, tag, favourites, sort } = query;
        Self { search, group: group.map(vault::GroupId), tag, favourites, sort: sort.into() }
    }
}

/// Some rows of a list: what a screen shows of a long one.
#[derive(Clone, uniffi::Record)]
pub struct CodesWindow {
    /// The rows that were asked for, as far as there are any.
    pub rows: Vec<CodeRow>,
    /// How many rows the whole list has.
    pub total: u64,
    /// When the first code of the whole list changes.
    pub next_change: Option<u64>,
    /// By how many seconds the phone's clock is ahead of the gateways', where one told its time.
    pub clock_ahead: Option<i64>,
}

impl CodesWindow {
    /// `count` rows of a list, from row `first`.
    pub(crate) fn of(core: &vault::Codes, first: u64, count: u64) -> Self {
        let place = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let rows = core.rows.iter().skip(place(first)).take(place(count)).map(CodeRow::from).collect();
        Self { rows, total: core.rows.len() as u64, next_change: core.next_change, clock_ahead: core.clock_ahead }
    }
}

/// What came of one account of many that were to be added.
#[derive(Clone, uniffi::Enum)]
pub enum AddOutcome {
    /// It is there.
    Added {
        /// Which account.
        id: u64,
    },
    /// It is not, and why.
    Refused {
        /// Why.
        fault: InputFault,
    },
}

impl From<Result<vault::AccountId, InputError>> for AddOutcome {
    fn from(core: Result<vault::AccountId, InputError>) -> Self {
        match core {
            Ok(id) => Self::Added { id: id.0 },
            Err(fault) => Self::Refused { fault: fault.into() },
        }
    }
}
