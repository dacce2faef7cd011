//! The terminal phone as values: what it shows, what can happen, what it asks the runner to do.
//!
//! [`State`] is changed by [`State::update`](super::update) alone and drawn by [`super::view`]; neither knows a thread, a
//! terminal or `App`.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::field::Field;
use super::model::{Account, Answered, Card, Figures, Found, Gateway, GatewayState, Notice};

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

/// What stands in front of the list. At most one page at a time.
#[derive(Clone, Debug, Default)]
pub enum Page {
    /// Nothing: the list itself.
    #[default]
    List,
    /// All keys.
    Help {
        /// Its first line that is seen.
        top: usize,
    },
    /// All of the note.
    Note {
        /// Its first line that is seen.
        top: usize,
    },
    /// A new passphrase is being chosen.
    Passphrase(Change),
    /// A field that takes a link or the path of a picture.
    Entry {
        /// Was it opened to enrol? Then it asks for the enrolment's link.
        enrol: bool,
        /// What was typed or pasted.
        field: Field,
        /// Why the last text was not taken.
        fault: Option<String>,
    },
    /// Something is under way; the sentence says what.
    Busy(String),
    /// What was read, and may it be stored?
    Confirm(Confirm),
    /// A row is to be removed: name and key of it.
    Remove(Removal),
    /// The six digits that the person types on the page of the gateway.
    Digits {
        /// The enrolment they belong to.
        gateway: String,
        /// The six digits.
        digits: Figures,
        /// The gateway's name.
        name: String,
        /// The gateway's host.
        host: String,
    },
    /// What a gateway tells.
    Notice(Notice),
    /// What was decided and told in the last 90 days.
    History {
        /// Its lines, newest first.
        lines: Vec<String>,
        /// Its first line that is seen.
        top: usize,
    },
    /// Is this phone to move to another one?
    MoveAsk {
        /// The enrolment.
        gateway: String,
        /// The gateway's host.
        host: String,
    },
    /// The code for the new phone, and then its digits.
    Move(Move),
    /// An answer code.
    Code {
        /// The eight digits.
        code: Figures,
        /// Where they are typed.
        app: String,
    },
    /// Words to be read and dismissed.
    Message {
        /// What they say.
        text: String,
        /// Is it good news?
        good: bool,
    },
}

/// What was read, while it is asked about.
#[derive(Clone, Debug)]
pub struct Confirm {
    /// What was read.
    pub found: Found,
    /// Is each + of the issuer read as a blank?
    pub blank: bool,
    /// Was it said yes to once, and is it asked about again?
    pub again: bool,
}

/// A move to a new phone that is under way.
#[derive(Clone, Debug)]
pub struct Move {
    /// The enrolment.
    pub gateway: String,
    /// The gateway's own name.
    pub name: String,
    /// The gateway's host.
    pub host: String,
    /// The text of the QR, which is a secret.
    pub link: Figures,
    /// The QR in blocks, line by line: the same secret.
    pub symbol: Figures,
    /// The phone that waits for its digits: model and system.
    pub joining: Option<(String, String)>,
    /// The digits being typed.
    pub field: Field,
    /// Are they being sent?
    pub busy: bool,
    /// Why the last ones were not taken.
    pub fault: Option<String>,
}

/// A change of the passphrase: the old one, and the new one twice.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// What was typed: old, new, new again.
    pub fields: [Field; 3],
    /// Which of them is being typed.
    pub at: usize,
    /// Why the last try was not taken.
    pub fault: Option<String>,
}

/// Which row is to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// An account of the vault.
    Account {
        /// Its key.
        id: String,
        /// Its name, shown.
        name: String,
    },
    /// An enrolment.
    Gateway {
        /// Its key.
        id: String,
        /// Its host, shown.
        name: String,
        /// Why it could not be left, where it is to be forgotten here alone.
        not_left: Option<String>,
    },
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

/// What can happen.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key.
    Key(Key),
    /// Text pasted as one piece.
    Paste(Zeroizing<String>),
    /// The vault was opened or locked.
    Locked(bool),
    /// The passphrase did not open the vault; the words say why.
    UnlockFailed(String),
    /// The list of codes.
    Accounts(Vec<Account>),
    /// The list of codes can't be read now; the words say why.
    NotRead(String),
    /// The list of enrolments.
    Gateways(Vec<Gateway>),
    /// The logins that wait.
    Cards(Vec<Card>),
    /// What gateways tell.
    Notices(Vec<Notice>),
    /// The history, line by line.
    History(Vec<String>),
    /// A gateway gave the code for a new phone.
    Moving(Move),
    /// Who waits for digits on the page of a move: model and system.
    Joining(Option<(String, String)>),
    /// How the digits of the new phone were taken.
    Confirmed(Result<(), String>),
    /// An answer code, and where it is typed.
    Code {
        /// The eight digits.
        code: Figures,
        /// Where they are typed.
        app: String,
    },
    /// A link or picture was read.
    Read(Result<Found, String>),
    /// What was asked for on a page is done: words, or none.
    Done(String),
    /// What was asked for on a page failed.
    Failed(String),
    /// An enrolment waits for its digits to be typed.
    Joined {
        /// Its key.
        gateway: String,
        /// The digits.
        digits: Figures,
        /// The gateway's name.
        name: String,
        /// The gateway's host.
        host: String,
    },
    /// An answer was given.
    Answered {
        /// To which approval.
        id: String,
        /// How it ended.
        how: Answered,
    },
    /// A gateway could not be told that this phone leaves it.
    NotLeft {
        /// The enrolment.
        id: String,
        /// Its host, shown.
        name: String,
        /// Why.
        why: String,
    },
    /// The passphrase could not be changed; the words say why.
    NotChanged(String),
    /// The keystore asks for the passphrase.
    Asked {
        /// Was the one before wrong?
        wrong: bool,
    },
    /// The keystore asks no more.
    AskOver,
    /// Something to be told in passing.
    Notice(String),
    /// A gateway can't be asked, or all can be asked again.
    Trouble(Option<String>),
}

/// A key, as far as the phone knows keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Backspace.
    Back,
    /// Empties a field (Ctrl-U).
    Clear,
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// To the first row.
    Home,
    /// To the last row.
    End,
    /// Ends the program (Ctrl-C, Ctrl-D, a signal).
    Stop,
}

/// What the runner is asked to do. A value in it that is secret does not show in `Debug`.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Try this passphrase on the vault.
    Unlock(Field),
    /// Lock the vault.
    Lock,
    /// Read a link, or the path of a picture.
    Read(Field),
    /// Store the account, or begin the enrolment, that was read last.
    Accept {
        /// Is each + of the issuer read as a blank?
        blank: bool,
    },
    /// Forget what was read last.
    Drop,
    /// Ask an account for its next counted code.
    Next(String),
    /// Remove a row.
    Remove(Removal),
    /// Approve with these digits.
    Approve {
        /// Which approval.
        id: String,
        /// The digits as typed.
        digits: Field,
    },
    /// Refuse without a report.
    Deny(String),
    /// Refuse, and say that someone else has the password.
    Report(String),
    /// Put a notice away.
    Dismiss(String),
    /// «That wasn't me».
    ReportNotice(String),
    /// Read the history.
    History,
    /// Ask a gateway for the code of a new phone.
    Move(String),
    /// Tell a gateway the digits of the new phone.
    Confirm {
        /// The enrolment.
        gateway: String,
        /// The digits as typed.
        digits: Field,
    },
    /// Change the passphrase.
    Change {
        /// The one until now.
        old: Field,
        /// The one from now on.
        new: Field,
    },
    /// Give the keystore the passphrase.
    Give(Field),
    /// The person does not give it.
    Withhold,
    /// Ring the bell.
    Bell,
    /// End.
    Quit,
}

/// A row of the list: an account or an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row<'a> {
    /// An account.
    Account(&'a Account),
    /// An enrolment.
    Gateway(&'a Gateway),
}

impl State {
    /// A phone whose vault is locked or open.
    pub fn new(locked: bool, note: Vec<String>) -> Self {
        Self { unlock: locked.then(Unlock::default), note, ..Self::default() }
    }

    /// The rows that the search leaves, codes first.
    pub fn rows(&self) -> Vec<Row<'_>> {
        let wanted = self.search.as_ref().map(|s| s.field.text().to_lowercase()).unwrap_or_default();
        let has = |text: &str| text.to_lowercase().contains(&wanted);
        let accounts = self.accounts.iter().filter(|a| has(&a.issuer) || has(&a.name)).map(Row::Account);
        let gateways =
            self.gateways.iter().filter(|g| has(&g.name) || has(&g.host) || has(&g.account)).map(Row::Gateway);
        accounts.chain(gateways).collect()
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
        let codes = self.unlock.is_none() && self.next_change().is_some();
        codes || self.approval.as_ref().is_some_and(|a| matches!(a.step, Step::Digits { .. } | Step::Choice { .. }))
    }

    /// Where the enrolment with this key stands.
    pub(super) fn gateway_state(&self, id: &str) -> Option<&GatewayState> {
        self.gateways.iter().find(|g| g.id == id).map(|g| &g.state)
    }
}
