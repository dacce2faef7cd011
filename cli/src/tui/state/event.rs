//! What can happen, and what the runner is asked to do.

use zeroize::Zeroizing;

use super::{Filter, Move, Removal};
use crate::tui::field::Field;
use crate::tui::form::{Form, Item};
use crate::tui::model::{Account, Answered, Card, Details, Figures, Found, Gateway, Notice};

/// What can happen.
#[derive(Clone, Debug)]
pub enum Event {
    /// A key.
    Key(Key),
    /// A click on something that was drawn.
    Click(Spot),
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
    /// All of one account, for a page of its own.
    Details(Box<Details>),
    /// An account with what it has, to be changed.
    Form(Box<Form>),
    /// What a form holds was saved, or could not be: the words, and the row that is to blame.
    Saved(Result<(), (String, Option<Item>)>),
    /// The code of an account was copied, or could not be.
    Copied(Result<String, String>),
    /// An account was removed, and can be brought back.
    Removed {
        /// Its key.
        id: String,
        /// Its name, shown.
        name: String,
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
    /// One place to the left.
    Left,
    /// One place to the right.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the next field.
    Tab,
    /// To the field before.
    BackTab,
    /// A new line within a text (Alt-Enter, Ctrl-J).
    NewLine,
    /// Shows or masks what is typed (Ctrl-R).
    Reveal,
    /// Saves a form (Ctrl-S).
    Save,
    /// To the first row.
    Home,
    /// To the last row.
    End,
    /// Ends the program (Ctrl-C, Ctrl-D, a signal).
    Stop,
}

/// Something that was drawn and can be clicked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A row of the list.
    Row(usize),
    /// What a key does.
    Key(Key),
    /// A row of a form.
    Item(Item),
    /// What the list is narrowed to.
    Filter(Filter),
    /// A line of the settings.
    Setting(usize),
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
    /// Put the code of an account on the clipboard; of a counted one, a new code where none is shown.
    Copy {
        /// Which account.
        id: String,
        /// Is the code after the present one wanted?
        next: bool,
    },
    /// Read all of an account for a page of its own.
    Details(String),
    /// Read all of an account so that it can be changed.
    Edit(String),
    /// Save what a form holds.
    Save(Box<Form>),
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
