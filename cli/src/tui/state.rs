//! The terminal phone as values: what it shows, what can happen, what it asks the runner to do.
//!
//! [`State`] is changed by [`State::update`](super::update) alone and drawn by [`super::view`]; neither knows a thread, a
//! terminal or `App`.

mod event;
mod page;
mod settings;
mod tokens;

use std::collections::{BTreeSet, VecDeque};

use countersign_core::vault::Sort;
use unicode_normalization::UnicodeNormalization as _;

use super::field::Field;
use super::model::{Account, Card, Gateway, GatewayState, Notice};

pub use event::{Effect, Event, GroupTask, Key, Mark, Spot};
pub use page::{BinAsk, Change, Confirm, GroupPage, GroupStep, Move, Page, Removal};
pub use settings::{Setting, Settings};
pub use tokens::{Over, Sheet, SheetOf, Talk, TokenAsk, TokenPage, TokenQuestion, TokenTask};

/// Everything the screen is a function of.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Lines that whoever started the phone wants seen: where to sign in, with which password.
    pub note: Vec<String>,
    /// Is the note folded away?
    pub note_folded: bool,
    /// The unlock screen, while the vault is locked.
    pub unlock: Option<Unlock>,
    /// Codes, in the order of `App`.
    pub accounts: Vec<Account>,
    /// Are they what `App` has now?
    pub reading: Reading,
    /// Enrolments, shown beneath the codes.
    pub gateways: Vec<Gateway>,
    /// Logins that wait, the oldest first.
    pub cards: Vec<Card>,
    /// What gateways tell, the newest first.
    pub notices: Vec<Notice>,
    /// Notices that are left for later.
    pub later: BTreeSet<String>,
    /// The chosen row of those that [`State::rows`] lists.
    pub selected: usize,
    /// One pane only: is the chosen row open?
    pub opened: bool,
    /// The search field, when there is one.
    pub search: Option<Search>,
    /// The order of the accounts.
    pub sort: Sort,
    /// The groups that there are, in the person's order.
    pub groups: Vec<String>,
    /// What the list is narrowed to.
    pub filter: Filter,
    /// What the vault finds beside names: accounts whose note has what is looked for.
    pub found: BTreeSet<String>,
    /// A hidden code that is shown, and until when: Unix seconds.
    pub revealed: Option<(String, u64)>,
    /// The account whose code was copied last, and until when that is said.
    pub copied: Option<(String, u64)>,
    /// What was changed last, in words, as long as it can be taken back.
    pub undo: Option<String>,
    /// What stands in front of the list.
    pub page: Page,
    /// The approval in front of everything.
    pub approval: Option<Approval>,
    /// The keystore's question, in front of page or approval.
    pub ask: Option<Ask>,
    /// Approvals that the person put aside.
    pub aside: BTreeSet<String>,
    /// Approvals that the bell has rung for.
    pub rung: BTreeSet<String>,
    /// One line about what happened last.
    pub notice: Option<String>,
    /// Why a gateway can't be asked for approvals now.
    pub trouble: Option<String>,
    /// How much that was asked for is not done yet, so that keys wait for it.
    pub awaited: usize,
    /// What the person did meanwhile.
    pub held: VecDeque<Event>,
}

/// What the list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// Nothing: all of it.
    #[default]
    All,
    /// The favourites.
    Favourites,
    /// The accounts of a group.
    Group(String),
    /// The accounts with a tag.
    Tag(String),
}

impl Filter {
    /// Is this account among them?
    pub fn takes(&self, account: &Account) -> bool {
        match self {
            Self::All => true,
            Self::Favourites => account.favourite,
            Self::Group(name) => account.groups.contains(name),
            Self::Tag(name) => account.tags.contains(name),
        }
    }
}

/// How the list of codes was read last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// It was not read since the vault was opened.
    #[default]
    Awaited,
    /// It is what `App` has.
    Done,
    /// It can't be read now; the rows that were read before stay.
    Failed {
        /// Why.
        why: String,
        /// When it is tried again: Unix seconds.
        again: u64,
    },
}

/// The unlock screen.
#[derive(Clone, Debug, Default)]
pub struct Unlock {
    /// The passphrase being typed.
    pub field: Field,
    /// Is it being tried?
    pub busy: bool,
    /// Why the last try failed.
    pub fault: Option<String>,
}

/// The search field.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// What is looked for.
    pub field: Field,
    /// Do keys still go into it?
    pub typing: bool,
}

/// A question for the vault passphrase that the keystore asks.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The passphrase being typed.
    pub field: Field,
    /// Was the one before wrong?
    pub wrong: bool,
}

/// An approval in front of everything.
#[derive(Clone, Debug)]
pub struct Approval {
    /// What it asks.
    pub card: Card,
    /// Where the person is with it.
    pub step: Step,
}

/// Where the person is with an approval.
#[derive(Clone, Debug)]
pub enum Step {
    /// The digits of the page are being typed.
    Digits {
        /// What was typed.
        field: Field,
        /// Why the last ones were not taken.
        fault: Option<String>,
    },
    /// «No, this isn't me»: which of the two?
    Choice {
        /// The chosen line: 0 just cancel, 1 someone else has my password.
        selected: usize,
    },
    /// An answer is on its way.
    Sending,
    /// It was answered.
    Over {
        /// What happened, what it means, what to do.
        text: String,
        /// Is it good news?
        good: bool,
    },
    /// It ended without an answer from here, and can still be refused.
    Passed(String),
}

/// A row of the list: an account or an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row<'a> {
    /// An account.
    Account(&'a Account),
    /// An enrolment.
    Gateway(&'a Gateway),
}

impl Row<'_> {
    /// The name that `App` knows it by.
    pub fn id(&self) -> &str {
        match self {
            Self::Account(account) => &account.id,
            Self::Gateway(gateway) => &gateway.id,
        }
    }
}

impl State {
    /// A phone whose vault is locked or open.
    pub fn new(locked: bool, note: Vec<String>) -> Self {
        Self { unlock: locked.then(Unlock::default), note, ..Self::default() }
    }

    /// The rows that the search leaves, codes first.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let typed = self.search.as_ref().map(|s| folded(s.field.text())).unwrap_or_default();
        let wanted: Vec<&str> = typed.split_whitespace().collect();
        let has = |texts: &[&str]| {
            let all: Vec<String> = texts.iter().map(|text| folded(text)).collect();
            wanted.iter().all(|word| all.iter().any(|text| text.contains(word)))
        };
        let found = |a: &&Account| wanted.is_empty() || has(&[&a.issuer, &a.name]) || self.found.contains(&a.id);
        let accounts = self.accounts.iter().filter(|a| self.filter.takes(a)).filter(found).map(Row::Account);
        let is_all = self.filter == Filter::All;
        let gateways = self.gateways.iter().filter(|_| is_all);
        let gateways = gateways.filter(|g| wanted.is_empty() || has(&[&g.name, &g.host, &g.account]));
        accounts.chain(gateways.map(Row::Gateway)).collect()
    }

    /// What the list can be narrowed to: all of it, the favourites, each group, and each tag that some account has.
    pub fn filters(&self) -> Vec<Filter> {
        let mut filters = vec![Filter::All];
        if self.accounts.iter().any(|account| account.favourite) {
            filters.push(Filter::Favourites);
        }
        let mut tags: Vec<&String> = self.accounts.iter().flat_map(|account| &account.tags).collect();
        tags.sort_by_key(|name| folded(name));
        tags.dedup();
        filters.extend(self.groups.iter().cloned().map(Filter::Group));
        filters.extend(tags.into_iter().cloned().map(Filter::Tag));
        filters
    }

    /// May the code of this account be seen?
    pub fn is_shown(&self, account: &Account, now: u64) -> bool {
        let revealed = || self.revealed.as_ref().is_some_and(|(id, until)| *id == account.id && now < *until);
        !account.hidden || revealed()
    }

    /// Was its code copied just now?
    pub fn is_copied(&self, account: &Account, now: u64) -> bool {
        self.copied.as_ref().is_some_and(|(id, until)| *id == account.id && now < *until)
    }

    /// The chosen row.
    pub fn chosen(&self) -> Option<Row<'_>> {
        self.rows().get(self.selected).copied()
    }

    /// The part of the note that stands above the list: up to its first blank line.
    pub fn short_note(&self) -> &[String] {
        let end = self.note.iter().position(|line| line.trim().is_empty()).unwrap_or(self.note.len());
        &self.note[..end]
    }

    /// How many approvals wait besides the one in front.
    pub fn waiting(&self) -> usize {
        let front = self.approval.as_ref().map(|a| a.card.id.as_str());
        self.cards.iter().filter(|c| Some(c.id.as_str()) != front).count()
    }

    /// The moment at which the list of codes is to be read again: a shown code changes, or it could not be read.
    pub fn next_change(&self) -> Option<u64> {
        if let Reading::Failed { again, .. } = self.reading {
            return Some(again);
        }
        self.accounts
            .iter()
            .filter_map(|a| match a.code {
                super::model::AccountCode::Timed { until, .. } => Some(until),
                _ => None,
            })
            .min()
    }

    /// Does the picture change with each second? Then the runner draws once a second.
    pub fn counts(&self) -> bool {
        let passing = self.revealed.is_some() || self.copied.is_some();
        let codes = self.unlock.is_none() && (passing || self.next_change().is_some());
        codes || self.approval.as_ref().is_some_and(|a| matches!(a.step, Step::Digits { .. } | Step::Choice { .. }))
    }

    /// Where the enrolment with this key stands.
    pub(super) fn gateway_state(&self, id: &str) -> Option<&GatewayState> {
        self.gateways.iter().find(|g| g.id == id).map(|g| &g.state)
    }
}

/// A text as it is looked for: what looks the same is the same, in small letters.
fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}
