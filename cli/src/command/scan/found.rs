//! What was read: shown, chosen from, and agreed on.

use countersign_core::app::{Scanned, TransferState};
use countersign_core::limits::PICTURE_CODES;
use countersign_core::protocol::uri::migration::{Added, Part, Transfer};
use countersign_core::protocol::uri::otpauth::{self, Repair};
use countersign_core::vault::{Kind, Known, NewAccount};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::super::{Context, add, by_hand, there};
use super::stored::{of_there, row_words};
use super::{Scan, Take, line};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::{read, scan_words, transfer_words};

/// An account that was read.
pub struct One {
    account: otpauth::Account,
    repairs: Vec<Repair>,
    guessed: bool,
    line: Option<usize>,
}

/// What is no account.
pub struct Other {
    /// What it is, or why it is not taken.
    pub words: String,
    /// Whether it would be an account, or a part of a transfer, could it be read.
    is_refused: bool,
    /// Which line of a pipe it is, counted from 1.
    line: Option<usize>,
}

impl Other {
    /// It, where it is refused, for a script.
    fn refused_json(&self) -> Option<Value> {
        self.is_refused.then(|| json!({ "line": self.line, "why": self.words }))
    }
}

/// All that was read.
#[derive(Default)]
pub struct Found {
    pub accounts: Vec<One>,
    pub transfer: Transfer,
    /// What each of the others is.
    pub others: Vec<Other>,
    /// Whether several lines were read: then it is said which.
    pub has_lines: bool,
    /// What nobody but a person may take, where nobody is asked.
    pub in_doubt: Vec<One>,
}

impl Found {
    /// Takes the codes of a picture. Where they are as many as are read of one, there may be others in it.
    pub fn take_all(&mut self, context: &Context, codes: Vec<Scanned>) {
        if codes.len() >= PICTURE_CODES {
            context.terminal.say(&fill("qr.many_codes", &[("n", &PICTURE_CODES.to_string())]));
        }
        codes.into_iter().for_each(|code| self.take(context, code, false, None));
    }

    /// Takes one that was read; of a pipe, from this line.
    pub fn take(&mut self, context: &Context, code: Scanned, guessed: bool, line: Option<usize>) {
        let is_refused = matches!(code, Scanned::Unreadable(_) | Scanned::UnreadablePart(_) | Scanned::Refused(_));
        let words = match code {
            Scanned::Account { account, repairs } => {
                self.accounts.push(One { account: *account, repairs, guessed, line });
                return;
            }
            Scanned::Part(part) => match self.part(*part) {
                Ok(progress) => return context.terminal.say(&progress),
                Err(words) => words,
            },
            other => read::named(other),
        };
        self.others.push(Other { words, is_refused, line });
    }

    /// What was refused, for a script: links that can't be read, and what was left because nobody was asked.
    pub fn refused_json(&self) -> impl Iterator<Item = Value> {
        self.others.iter().filter_map(Other::refused_json).chain(self.in_doubt.iter().map(One::not_taken_json))
    }

    /// What is something else, in words.
    pub fn other_words(&self) -> Vec<&str> {
        self.others.iter().filter(|other| !other.is_refused).map(|other| &*other.words).collect()
    }

    fn part(&mut self, part: Part) -> Result<String, String> {
        let index = part.index;
        let added = self.transfer.add(part).map_err(|other| transfer_words::of_other(&other))?;
        Ok(transfer_words::progress(&self.transfer, index, added == Added::Accounts))
    }

    /// Keeps why a picture gave nothing, and gives nothing.
    pub fn named(&mut self, words: String) -> Vec<Scanned> {
        self.others.push(Other { words, is_refused: false, line: None });
        Vec::new()
    }

    pub fn has_transfer(&self) -> bool {
        self.transfer.count().of > 0
    }

    /// How many there are to choose from: a transfer is one.
    fn choices(&self) -> usize {
        self.accounts.len() + usize::from(self.has_transfer())
    }

    /// Names what was read, with numbers where there are several; and to who is asked, what would become of what is there.
    pub fn show(&self, context: &Context, desk: &Desk, options: &Scan) -> Result<(), Fault> {
        let terminal = &context.terminal;
        if self.choices() == 0 {
            return Err(self.nothing(context));
        }
        self.others.iter().for_each(|other| terminal.say(&self.said(other)));
        let numbered = |number: usize, name: &str| match self.choices() {
            1 => name.to_owned(),
            _ => fill("scan.numbered", &[("n", &number.to_string()), ("name", name)]),
        };
        let known = desk.app.known_accounts(&self.accounts.iter().map(One::new_account).collect::<Vec<_>>())?;
        let accounts = desk.app.accounts()?;
        for ((number, one), known) in (1..).zip(&self.accounts).zip(known) {
            let line = line(&one.account.issuer, &one.account.name);
            terminal.say(&numbered(number, &format!("{line}\n  {}", scan_words::of_kind(&one.account))));
            let there = match known {
                Known::There(id) if !options.yes => {
                    Some(there::before(there::of(&accounts, id), one.account.kind.into()))
                }
                _ => None,
            };
            let remarks = scan_words::remarks(&one.repairs, one.guessed).into_iter().chain(there);
            remarks.for_each(|remark| terminal.say(&format!("  {remark}")));
        }
        if self.has_transfer() {
            let rows = desk.app.transfer_rows(&self.transfer)?;
            let title = fill("scan.transfer_name", &[("n", &rows.len().to_string())]);
            terminal.say(&numbered(self.choices(), &title));
            for ((row, kind), entry) in rows.iter().zip(kinds(&self.transfer)).zip(self.transfer.entries()) {
                let words = match (row.state, kind) {
                    (TransferState::There(id), Some(kind)) if !options.yes => {
                        of_there(row, &there::before(there::of(&accounts, id), kind))
                    }
                    (TransferState::There(_), _) => line(&row.issuer, &row.name),
                    _ => row_words(row),
                };
                terminal.say(&format!("  {words}"));
                if entry.account.as_ref().is_ok_and(|(_, repairs)| read::is_doubtful(repairs)) {
                    terminal.say(&format!("    {}", text("qr.maybe_steam")));
                }
            }
        }
        Ok(())
    }

    /// That nothing can be added, and why; what is wrong with the last stands at the end.
    fn nothing(&self, context: &Context) -> Fault {
        if !self.others.is_empty() {
            let refused: Vec<Value> = self.refused_json().collect();
            let json = json!({ "added": [], "there": [], "refused": refused, "other": self.other_words() });
            context.terminal.result("", &json);
        }
        let mut words: Vec<String> = self.others.iter().map(|other| self.said(other)).collect();
        let last = words.pop();
        words.iter().for_each(|words| context.terminal.say(words));
        Fault::refused(last.unwrap_or_else(|| text("scan.nothing").to_owned()))
    }

    /// What no account is, with its line where there are several.
    fn said(&self, other: &Other) -> String {
        match other.line.filter(|_| self.has_lines) {
            Some(line) => fill("scan.of_line", &[("line", &line.to_string()), ("words", &other.words)]),
            None => other.words.clone(),
        }
    }

    /// Leaves what is to be taken of several.
    pub fn choose(&mut self, context: &Context, options: &Scan) -> Result<(), Fault> {
        let choices = self.choices();
        let take = match &options.take {
            Some(take) => take.clone(),
            None if choices == 1 => Take::All,
            None if options.yes => return Err(Fault::refused(text("scan.several"))),
            None => {
                let typed = context.terminal.answer(text("scan.which"))?;
                Take::parse(&typed).map_err(|_| Fault::refused(text("scan.no_such_number")))?
            }
        };
        if let Take::Numbers(numbers) = &take
            && numbers.iter().any(|number| *number > choices)
        {
            return Err(Fault::refused(text("scan.no_such_number")));
        }
        let mut number = 0;
        self.accounts.retain(|_| {
            number += 1;
            take.holds(number)
        });
        if !take.holds(choices) {
            self.transfer = Transfer::default();
        }
        Ok(())
    }

    /// Asks what a person must decide. With `--yes` nothing is guessed: what is in doubt is left.
    pub fn settle(&mut self, context: &Context, options: &Scan) -> Result<(), Fault> {
        if self.has_transfer() {
            self.settle_transfer(context, options)?;
        }
        if self.accounts.is_empty() {
            return Ok(());
        }
        if options.yes {
            let read = std::mem::take(&mut self.accounts).into_iter();
            (self.accounts, self.in_doubt) = read.partition(|one| one.doubt().is_none());
            return match self.in_doubt.as_slice() {
                [one] if self.choices() == 0 => Err(Fault::refused(one.doubt().unwrap_or_default())),
                _ => Ok(()),
            };
        }
        let sure = if self.accounts.len() == 1 { text("tui.add_title") } else { text("scan.add_these") };
        agreed(context, sure)?;
        for one in &mut self.accounts {
            one.account = add::in_detail(context, one.account.clone(), &one.repairs)?;
            let kind = Kind::from(one.account.kind);
            if kind.has_pin() && one.account.pin.is_none() {
                one.account.pin = Some(by_hand::pin(&context.terminal, kind)?);
            }
        }
        Ok(())
    }

    fn settle_transfer(&self, context: &Context, options: &Scan) -> Result<(), Fault> {
        let count = self.transfer.count();
        let accounts = self.transfer.entries().count();
        match (self.transfer.is_whole() || options.partly, options.yes) {
            (true, true) => Ok(()),
            (true, false) => agreed(context, &fill("scan.add_all", &[("n", &accounts.to_string())])),
            (false, true) => {
                let (n, all) = (count.read.to_string(), count.of.to_string());
                Err(Fault::refused(fill("scan.partly", &[("n", &n), ("all", &all)])))
            }
            (false, false) => {
                let (n, all) = (accounts.to_string(), self.transfer.expected().to_string());
                agreed(context, &fill("scan.partly_ask", &[("n", &n), ("all", &all)]))
            }
        }
    }
}

impl One {
    pub fn new_account(&self) -> NewAccount {
        NewAccount::scanned(&self.account, &self.repairs, None)
    }

    /// Why nobody but a person may take it.
    fn doubt(&self) -> Option<&'static str> {
        let steam = || read::is_doubtful(&self.repairs).then(|| text("qr.steam_unasked"));
        self.guessed.then(|| text("qr.secret_look_alike")).or_else(steam)
    }

    /// That it was left, and why.
    pub fn not_taken(&self) -> String {
        let name = line(&self.account.issuer, &self.account.name);
        fill("scan.not_taken", &[("name", &name), ("why", self.doubt().unwrap_or_default())])
    }

    pub fn not_taken_json(&self) -> Value {
        json!({ "issuer": self.account.issuer, "name": self.account.name, "line": self.line, "why": self.doubt() })
    }
}

fn agreed(context: &Context, question: &str) -> Result<(), Fault> {
    match context.terminal.confirm(question)? {
        true => Ok(()),
        false => Err(Fault::refused(text("cli.nothing_changed"))),
    }
}

/// The kinds of the accounts of a transfer, as far as they can be read.
pub fn kinds(transfer: &Transfer) -> impl Iterator<Item = Option<Kind>> {
    transfer.entries().map(|entry| entry.account.as_ref().ok().map(|(account, _)| Kind::from(account.kind)))
}
