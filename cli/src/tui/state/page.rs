//! What may stand in front of the list.

use super::{Settings, TokenPage};
use crate::tui::field::Field;
use crate::tui::form::Form;
use crate::tui::model::{Binned, Details, Figures, Found, Notice};

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
    /// All that is known of one account.
    Details {
        /// What is known.
        details: Box<Details>,
        /// Its first line that is seen.
        top: usize,
    },
    /// What was removed and can be brought back.
    Bin {
        /// Those accounts, the last removed first.
        rows: Vec<Binned>,
        /// The chosen one.
        selected: usize,
        /// What is asked before something goes for good.
        ask: Option<BinAsk>,
    },
    /// The groups.
    Groups(GroupPage),
    /// Hardware tokens.
    Tokens(TokenPage),
    /// An account is typed in, or changed.
    Form(Box<Form>),
    /// What can be set.
    Settings {
        /// What is set.
        set: Settings,
        /// The chosen line.
        selected: usize,
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

/// What is asked about the bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinAsk {
    /// The chosen account is to go for good.
    One,
    /// All of them are.
    All,
}

/// The groups, while they are looked at and changed.
#[derive(Clone, Debug)]
pub struct GroupPage {
    /// The account that is put into them and taken out, by key and name; none was chosen otherwise.
    pub account: Option<(String, String)>,
    /// The chosen one.
    pub selected: usize,
    /// The one that is to be chosen as soon as it is there.
    pub wanted: Option<String>,
    /// What is done with them now.
    pub step: GroupStep,
    /// Why the last change was not made.
    pub fault: Option<String>,
}

/// What is done with groups.
#[derive(Clone, Debug)]
pub enum GroupStep {
    /// One is chosen.
    Choose,
    /// A name is typed.
    Name {
        /// What was typed.
        field: Field,
        /// The group that gets it; a new one otherwise.
        of: Option<String>,
    },
    /// Is this one to be deleted?
    Delete(String),
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
        /// Can it not be read, and so not be brought back?
        for_good: bool,
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
