//! What the terminal phone draws: plain values, taken from `App` by the runner.

use std::fmt;

use countersign_core::protocol::push::Op;
use countersign_strings::text;
use zeroize::Zeroizing;

use crate::command::account;

/// The figures of a code. Never in `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Figures(Zeroizing<String>);

impl Figures {
    /// The figures as they are typed, with leading zeros and without blanks.
    pub fn new(figures: impl Into<String>) -> Self {
        Self(Zeroizing::new(figures.into()))
    }

    /// The figures, to be drawn.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Figures(..)")
    }
}

/// A hardware token of the ledger, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Its model and serial number.
    pub token: String,
    /// Whose codes it shows; may be empty.
    pub owner: String,
    /// When it was written.
    pub when: String,
    /// The same as a day.
    pub day: String,
    /// What shows that it holds its seed.
    pub proof: String,
    /// Is it proven?
    pub proven: bool,
    /// All that the ledger says of it, in words.
    pub details: Vec<(&'static str, String)>,
}

/// One row of the list of codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The name `App` knows it by.
    pub id: String,
    /// Who issued it; may be empty.
    pub issuer: String,
    /// Whose it is; may be empty.
    pub name: String,
    /// Its number, where names don't tell it from another.
    pub number: Option<String>,
    /// What it shows.
    pub code: AccountCode,
    /// What kind it is, in words; empty where it can't be read.
    pub kind: String,
    /// What is drawn beside it.
    pub tile: Tile,
    /// The groups it is in.
    pub groups: Vec<String>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Is it marked as a favourite?
    pub favourite: bool,
    /// Does it stand first?
    pub pinned: bool,
    /// Is its code hidden until it is asked for?
    pub hidden: bool,
}

impl Account {
    /// An account of which no more is known than its names and what it shows.
    pub fn new(id: String, issuer: String, name: String, code: AccountCode) -> Self {
        let (number, kind, tile, groups, tags) = Default::default();
        Self {
            id,
            issuer,
            name,
            number,
            code,
            kind,
            tile,
            groups,
            tags,
            favourite: false,
            pinned: false,
            hidden: false,
        }
    }

    /// The name that stands first: the issuer, or the account's own name where there is none; one without both says so.
    pub fn title(&self) -> &str {
        match (self.issuer.is_empty(), self.name.is_empty()) {
            (true, true) => text("accounts.no_name"),
            (true, false) => &self.name,
            (false, _) => &self.issuer,
        }
    }

    /// Issuer and name as one line: «GitHub (mara@example.com)», with its number where another has the same.
    pub fn line(&self) -> String {
        let line = match (self.issuer.is_empty(), self.name.is_empty()) {
            (false, false) => format!("{} ({})", self.issuer, self.name),
            _ => self.title().to_owned(),
        };
        account::with_number(line, self.number.as_deref())
    }

    /// The second line: the account's name, unless it already stands first.
    pub fn subtitle(&self) -> &str {
        if self.issuer.is_empty() { "" } else { &self.name }
    }
}

/// What is drawn beside an account: a letter or two, for a terminal has no pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tile {
    /// Its initials; none where it can't be read.
    pub initials: String,
    /// What its icon is called, where it has one.
    pub icon: Option<String>,
}

/// An account that was removed and can be brought back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binned {
    /// The name `App` knows it by.
    pub id: String,
    /// Issuer and name as one line.
    pub name: String,
    /// Until when it can be brought back, as a day.
    pub until: String,
}

/// What an account shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCode {
    /// A code that time changes.
    Timed {
        /// The code of now.
        code: Figures,
        /// The code after it.
        next: Figures,
        /// The seconds a code lives.
        period: u64,
        /// Unix time in seconds of the next change.
        until: u64,
    },
    /// A code that a tap changes; shown only after it was asked for.
    Counted(Option<Figures>),
    /// A row that could not be read.
    Damaged,
}

/// All that is known of one account but its key, for a page of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// Issuer and name as one line.
    pub name: String,
    /// What each thing is called, and what it is.
    pub rows: Vec<(&'static str, String)>,
    /// The person's own words on it.
    pub note: Words,
}

impl Details {
    /// How many lines there are to scroll through at least.
    pub fn lines(&self) -> usize {
        self.rows.len() + 1 + self.note.as_str().lines().count()
    }
}

/// A person's own words on an account: they may hold a secret, so they never show in `Debug`.
pub type Words = Figures;

/// An enrolment as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// The name `App` knows it by.
    pub id: String,
    /// The gateway's own name.
    pub name: String,
    /// Its host, always shown.
    pub host: String,
    /// The account there.
    pub account: String,
    /// Where the enrolment stands.
    pub state: GatewayState,
    /// Why nothing, or nothing new, can be approved there.
    pub stale: Option<&'static str>,
    /// That this machine's clock is off by the gateway's, and by how much.
    pub clock: Option<String>,
}

/// Where an enrolment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GatewayState {
    /// It was asked for and the gateway has not answered.
    Joining,
    /// The person has yet to type these six digits on the page.
    Pending(Figures),
    /// Logins can be approved.
    Active,
    /// The gateway holds it back.
    Suspended,
    /// It ended; the words say why.
    Gone(String),
    /// This phone's keys for it are gone.
    KeysGone,
    /// What this phone knows of it can't be read.
    Damaged,
}

/// A login that waits for a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// The name `App` knows it by.
    pub id: String,
    /// What is asked: a sign-in, a text to sign, another phone.
    pub op: Op,
    /// The text that is to be signed, where that is asked.
    pub msg: Option<String>,
    /// The registered name of the application.
    pub app: String,
    /// The gateway's host.
    pub host: String,
    /// The gateway's own name.
    pub gateway: String,
    /// As whom.
    pub account: String,
    /// Is it another account than the one enrolled?
    pub account_differs: bool,
    /// From where: place and address.
    pub from: Option<String>,
    /// Whose network.
    pub network: Option<String>,
    /// Browser and system.
    pub with: Option<String>,
    /// Is `from` marked as new?
    pub from_new: bool,
    /// Is `with` marked as new?
    pub with_new: bool,
    /// Does the application, not the gateway, vouch for where it comes from?
    pub stated: bool,
    /// How many digits the page shows.
    pub digits: usize,
    /// Until when it can be approved: Unix seconds by this machine's clock.
    pub until: u64,
    /// Why it can't be approved, where that is not the approval's own matter.
    pub stale: Option<&'static str>,
}

/// Something that a gateway tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The name `App` knows it by.
    pub id: String,
    /// What happened.
    pub text: String,
    /// The gateway's own name.
    pub name: String,
    /// The gateway's host.
    pub host: String,
    /// Whose account it is about.
    pub account: String,
    /// When, and from where.
    pub told: String,
    /// Can it be answered with «that wasn't me»?
    pub reportable: bool,
}

/// What was read from a link or a picture, and is asked about before anything happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// An account that can be added.
    Account {
        /// Issuer and name as one line.
        name: String,
        /// What it is, in words: six digits, every 30 seconds.
        kind: String,
        /// What was mended or should be known.
        remarks: Vec<String>,
        /// The line with each + of the issuer as a blank, where the person is to say how it was meant.
        blank: Option<String>,
        /// May it be of a kind whose codes can't be shown? Then it is asked about twice.
        doubtful: bool,
    },
    /// An enrolment at a gateway.
    Enrolment {
        /// The host that will be spoken to.
        host: String,
        /// The gateway's own name.
        name: String,
    },
    /// A sign-in that waits for an answer code.
    Offline(Card),
}

/// How an answer to an approval ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It is over; the words say how.
    Over {
        /// What happened.
        text: String,
        /// Is it good news?
        good: bool,
    },
    /// The digits were wrong; so many tries are left.
    Wrong(String),
    /// Nothing was decided: it can be tried again.
    Failed(String),
}
