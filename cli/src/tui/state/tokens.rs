//! The page of hardware tokens: what became of each, and what is done with the one that lies there.

use crate::tui::field::Field;
use crate::tui::model::TokenRow;

/// What became of tokens, and what is under way with one.
#[derive(Clone, Debug, Default)]
pub struct TokenPage {
    /// The ledger, the last written first.
    pub rows: Vec<TokenRow>,
    /// The chosen one.
    pub selected: usize,
    /// The account that was chosen in the list, by key and name.
    pub account: Option<(String, String)>,
    /// What is under way, or was.
    pub talk: Option<Talk>,
    /// What is read over the ledger.
    pub sheet: Option<Sheet>,
}

/// What is read over the ledger until a key puts it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sheet {
    /// What it tells.
    pub of: SheetOf,
    /// Its first line that is seen.
    pub top: usize,
}

/// What is read over the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetOf {
    /// What each key does.
    Keys,
    /// All that the ledger says of the chosen token.
    Row,
}

/// What is done with one token: said line by line, asked when there is something to ask.
#[derive(Clone, Debug, Default)]
pub struct Talk {
    /// What was said.
    pub said: Vec<String>,
    /// What is asked now.
    pub asks: Option<TokenAsk>,
    /// Whether it has come to its end, and well.
    pub over: Option<Over>,
}

/// How something with a token came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// It is done.
    Done,
    /// It is written, and its clock is off.
    ClockOff,
    /// It is not.
    NotDone,
}

/// A question about a token.
#[derive(Clone, Debug)]
pub struct TokenAsk {
    /// What is asked, and how it is answered.
    pub question: TokenQuestion,
    /// What was typed.
    pub field: Field,
    /// The chosen one of several.
    pub selected: usize,
}

/// How a question about a token is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenQuestion {
    /// By yes or no.
    YesNo(String),
    /// By a line, which may be empty.
    Line(String),
    /// By a line that is not shown.
    Hidden(String),
    /// By one of these.
    Choice(Vec<String>),
}

/// What can be done with the token that lies there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenTask {
    /// Tell what it is.
    Info,
    /// Write a link or a seed that is typed.
    WriteTyped,
    /// Write the account with this key.
    WriteAccount(String),
    /// Write what a picture of a QR holds; its path.
    WritePicture,
    /// Take up the burn that did not end.
    TakeUp,
    /// Prove what it holds.
    Prove,
    /// Set its clock.
    Clock,
    /// Make it forget everything.
    Reset,
}

impl TokenPage {
    /// Chooses what was clicked.
    pub fn click(&mut self, line: usize) {
        match &mut self.talk {
            Some(talk) => talk.asks.iter_mut().for_each(|asked| asked.selected = line),
            None => self.selected = line,
        }
    }

    /// Lays something over the ledger, to be read.
    pub fn lay(&mut self, of: SheetOf) {
        self.sheet = Some(Sheet { of, top: 0 });
    }

    /// Something new is under way.
    pub fn begin(&mut self) {
        self.talk = Some(Talk::default());
    }
}

impl TokenAsk {
    /// A question that nothing was answered to yet.
    pub fn new(question: TokenQuestion) -> Self {
        Self { question, field: Field::default(), selected: 0 }
    }
}
