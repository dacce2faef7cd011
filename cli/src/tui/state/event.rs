//! What can happen, and what the runner is asked to do.

use countersign_core::vault::Sort;
use zeroize::Zeroizing;

use super::{Filter, Move, Over, Removal, Settings, TokenQuestion, TokenTask};
use crate::tui::field::Field;
use crate::tui::form::{Form, Item};
use crate::tui::model::{Account, Answered, Binned, Card, Details, Figures, Found, Gateway, Notice, TokenRow};

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
    /// The groups that there are, in the person's order.
    Groups(Vec<String>),
    /// A change of the groups was not made; the words say why.
    GroupRefused(String),
    /// The accounts that hold what is looked for, their notes too.
    Found {
        /// What was looked for.
        text: String,
        /// Their keys.
        ids: Vec<String>,
    },
    /// What was removed and can be brought back.
    Bin(Vec<Binned>),
    /// Something was changed that can be taken back; the words say what.
    Did(String),
    /// What was done last was taken back, or could not be.
    Undone {
        /// What is said of it.
        said: String,
        /// What is taken back next, where that was said.
        next: Option<String>,
    },
    /// What is set.
    Settings(Settings),
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
    /// The code of an account was copied: its key, and what happens to the code. Or the words say why it was not.
    Copied(Result<(String, String), String>),
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
    /// The ledger of hardware tokens.
    Tokens(Vec<TokenRow>),
    /// Something is said of the token that lies there.
    TokenSaid(String),
    /// Something is asked about it.
    TokenAsks(TokenQuestion),
    /// What was done with it has come to its end, and so; what is left to be said of it.
    TokenOver(Over, Option<String>),
    /// Something to be told in passing.
    Notice(String),
    /// A gateway can't be asked, or all can be asked again.
    Trouble(Option<String>),
    /// What was asked for by one of the [awaited](Effect::is_awaited) wishes is done, and the list was read again.
    Settled,
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
    /// A line of a page of which one is chosen.
    Line(usize),
}

/// A mark of an account that a key sets and takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It is among the favourites.
    Favourite,
    /// It stands first.
    Pinned,
    /// Its code is hidden until it is asked for.
    Hidden,
}

/// What is done with groups, each named as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupTask {
    /// Make one.
    Add(String),
    /// Give one another name.
    Rename {
        /// The one that it has.
        from: String,
        /// The one that it gets.
        to: String,
    },
    /// Put one before another one, or last.
    Shift {
        /// Which.
        name: String,
        /// Before which.
        before: Option<String>,
    },
    /// Delete one; its accounts stay.
    Delete(String),
    /// Put an account into one, or take it out.
    Put {
        /// The account.
        id: String,
        /// The group.
        group: String,
        /// Is it to be in it?
        inside: bool,
    },
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
    /// Read the list again, in this order.
    Sort(Sort),
    /// Look for this in the notes as well.
    Search(Field),
    /// Set a mark of an account, or take it away.
    Mark {
        /// Which account.
        id: String,
        /// Which mark.
        mark: Mark,
        /// Is it to have it?
        on: bool,
    },
    /// Put an account before another one, or last.
    Shift {
        /// Which account.
        id: String,
        /// Before which.
        before: Option<String>,
    },
    /// A hidden code was looked at.
    Used(String),
    /// Change groups, or what is in them.
    Group(GroupTask),
    /// Take back what was done last.
    Undo,
    /// Read what was removed.
    Bin,
    /// Bring a removed account back.
    Restore(String),
    /// Take removed accounts out of the bin for good.
    Purge(Vec<String>),
    /// Read what is set.
    Settings,
    /// Set this.
    Set(Settings),
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
    /// Read the ledger of hardware tokens.
    Tokens,
    /// Do something with the token that lies there.
    Token(TokenTask),
    /// Answer what is asked about it; `None` leaves it.
    TokenAnswer(Option<Field>),
    /// Stop what is done with it.
    TokenStop,
    /// Give the keystore the passphrase.
    Give(Field),
    /// The person does not give it.
    Withhold,
    /// Ring the bell.
    Bell,
    /// End.
    Quit,
}
