//! `countersign scan`: reads pictures or links, names what each is, asks, and stores all of it in one step.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use countersign_core::app::{App, Scanned, TransferRow, TransferState};
use countersign_core::limits::PICTURE_CODES;
use countersign_core::protocol::uri::migration::{Added, Part, Transfer};
use countersign_core::protocol::uri::otpauth::{self, Repair};
use countersign_core::vault::{Account, Kind, Known, NewAccount};
use countersign_strings::{fill, text};
use serde_json::{Value, json};

use super::there::Became;
use super::{Context, add, by_hand, there};
use crate::desk::Desk;
use crate::fault::Fault;
use crate::port::clipboard::{self, Pasted};
use crate::{outside, read, scan_words, transfer_words, words};

/// What to read, and how much of it to take.
#[derive(Debug, Clone, Args)]
pub struct Scan {
    /// Pictures of codes; none: links.
    #[arg(value_name = "PICTURE", help = text("scan.help_pictures"))]
    pub pictures: Vec<PathBuf>,
    /// What was copied.
    #[arg(long, conflicts_with = "pictures", help = text("accounts.help_clipboard"))]
    pub clipboard: bool,
    /// Which of several to take.
    #[arg(long, value_name = "NUMBERS", value_parser = Take::parse, help = text("scan.help_take"))]
    pub take: Option<Take>,
    /// A transfer without all its parts.
    #[arg(long, help = text("scan.help_partly"))]
    pub partly: bool,
    /// Without asking.
    #[arg(long, help = text("cli.help_yes"))]
    pub yes: bool,
}

/// Which of several to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// Each of them.
    All,
    /// Those of these numbers, counted from 1.
    Numbers(Vec<usize>),
}

impl Take {
    fn parse(typed: &str) -> Result<Self, String> {
        if typed.trim().eq_ignore_ascii_case("all") {
            return Ok(Self::All);
        }
        let numbers = typed.split([',', ' ']).filter(|number| !number.is_empty()).map(str::parse);
        match numbers.collect::<Result<Vec<usize>, _>>() {
            Ok(numbers) if !numbers.is_empty() && !numbers.contains(&0) => Ok(Self::Numbers(numbers)),
            _ => Err(text("scan.not_numbers").to_owned()),
        }
    }

    fn holds(&self, number: usize) -> bool {
        match self {
            Self::All => true,
            Self::Numbers(numbers) => numbers.contains(&number),
        }
    }
}

/// Reads everything that was named, shows it, asks, stores it.
pub fn run(context: &Context, options: &Scan) -> Result<(), Fault> {
    let desk = context.open_desk()?;
    let mut found = Found::default();
    match options.pictures.as_slice() {
        [] if options.clipboard => copied(context, &desk.app, &mut found)?,
        [] => links(context, &desk.app, &mut found)?,
        pictures => {
            for picture in pictures {
                let before = found.others.len();
                let codes = read::codes(&desk.app, picture).unwrap_or_else(|words| found.named(words));
                found.take_all(context, codes);
                if pictures.len() > 1 {
                    found.others[before..].iter_mut().for_each(|words| *words = of_picture(picture, words));
                }
            }
        }
    }
    found.show(context, &desk, options)?;
    found.choose(context, options)?;
    found.settle(context, options)?;
    store(context, &desk, found, options)
}

/// What is said of a picture, where there are several.
fn of_picture(picture: &Path, words: &str) -> String {
    fill("scan.of_picture", &[("file", &outside::isolated(&picture.display().to_string())), ("words", words)])
}

/// Links: all lines of a pipe; from a person one after the other.
fn links(context: &Context, app: &App, found: &mut Found) -> Result<(), Fault> {
    let mut question = text("cli.link_account");
    loop {
        let Some(line) = context.terminal.next_line(question, true)? else { return Ok(()) };
        if line.trim().is_empty() {
            return Ok(());
        }
        let (code, guessed) = read::scanned(app, &line);
        found.take(context, code, guessed);
        if context.terminal.is_typed() {
            // A transfer goes on; one link of another kind is all.
            if !found.has_transfer() || found.transfer.is_whole() {
                return Ok(());
            }
            question = text("scan.next_link");
        }
    }
}

/// What was copied: a picture, or a link a line.
fn copied(context: &Context, app: &App, found: &mut Found) -> Result<(), Fault> {
    match clipboard::paste()? {
        Pasted::Picture(file) => {
            let codes = read::codes_of(app, file).unwrap_or_else(|words| found.named(words));
            found.take_all(context, codes);
        }
        Pasted::Text(text) => {
            for line in text.lines().filter(|line| !line.trim().is_empty()) {
                let (code, guessed) = read::scanned(app, line.trim());
                found.take(context, code, guessed);
            }
        }
    }
    Ok(())
}

/// An account that was read.
struct One {
    account: otpauth::Account,
    repairs: Vec<Repair>,
    guessed: bool,
}

/// All that was read.
#[derive(Default)]
struct Found {
    accounts: Vec<One>,
    transfer: Transfer,
    /// What each of the others is.
    others: Vec<String>,
    /// What nobody but a person may take, where nobody is asked.
    in_doubt: Vec<One>,
}

impl Found {
    /// Takes the codes of a picture. Where they are as many as are read of one, there may be others in it.
    fn take_all(&mut self, context: &Context, codes: Vec<Scanned>) {
        if codes.len() >= PICTURE_CODES {
            context.terminal.say(&fill("qr.many_codes", &[("n", &PICTURE_CODES.to_string())]));
        }
        codes.into_iter().for_each(|code| self.take(context, code, false));
    }

    fn take(&mut self, context: &Context, code: Scanned, guessed: bool) {
        let words = match code {
            Scanned::Account { account, repairs } => {
                self.accounts.push(One { account: *account, repairs, guessed });
                return;
            }
            Scanned::Part(part) => match self.part(*part) {
                Ok(progress) => return context.terminal.say(&progress),
                Err(words) => words,
            },
            other => read::named(other),
        };
        self.others.push(words);
    }

    fn part(&mut self, part: Part) -> Result<String, String> {
        let index = part.index;
        let added = self.transfer.add(part).map_err(|other| transfer_words::of_other(&other))?;
        Ok(transfer_words::progress(&self.transfer, index, added == Added::Accounts))
    }

    /// Keeps why a picture gave nothing, and gives nothing.
    fn named(&mut self, words: String) -> Vec<Scanned> {
        self.others.push(words);
        Vec::new()
    }

    fn has_transfer(&self) -> bool {
        self.transfer.count().of > 0
    }

    /// How many there are to choose from: a transfer is one.
    fn choices(&self) -> usize {
        self.accounts.len() + usize::from(self.has_transfer())
    }

    /// Names what was read, with numbers where there are several; and to who is asked, what would become of what is there.
    fn show(&mut self, context: &Context, desk: &Desk, options: &Scan) -> Result<(), Fault> {
        let terminal = &context.terminal;
        let last = if self.choices() == 0 { self.others.pop() } else { None };
        self.others.iter().for_each(|words| terminal.say(words));
        if self.choices() == 0 {
            return Err(Fault::refused(last.unwrap_or_else(|| text("scan.nothing").to_owned())));
        }
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
            for (row, kind) in rows.iter().zip(kinds(&self.transfer)) {
                let words = match (row.state, kind) {
                    (TransferState::There(id), Some(kind)) if !options.yes => {
                        of_there(row, &there::before(there::of(&accounts, id), kind))
                    }
                    (TransferState::There(_), _) => line(&row.issuer, &row.name),
                    _ => row_words(row),
                };
                terminal.say(&format!("  {words}"));
            }
        }
        Ok(())
    }

    /// Leaves what is to be taken of several.
    fn choose(&mut self, context: &Context, options: &Scan) -> Result<(), Fault> {
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
    fn settle(&mut self, context: &Context, options: &Scan) -> Result<(), Fault> {
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
    fn new_account(&self) -> NewAccount {
        NewAccount::scanned(&self.account, &self.repairs, None)
    }

    /// Why nobody but a person may take it.
    fn doubt(&self) -> Option<&'static str> {
        let steam = || read::is_doubtful(&self.repairs).then(|| text("qr.maybe_steam"));
        self.guessed.then(|| text("qr.secret_look_alike")).or_else(steam)
    }

    /// That it was left, and why.
    fn not_taken(&self) -> String {
        let name = line(&self.account.issuer, &self.account.name);
        fill("scan.not_taken", &[("name", &name), ("why", self.doubt().unwrap_or_default())])
    }

    fn not_taken_json(&self) -> Value {
        json!({ "issuer": self.account.issuer, "name": self.account.name, "why": self.doubt() })
    }
}

fn agreed(context: &Context, question: &str) -> Result<(), Fault> {
    match context.terminal.confirm(question)? {
        true => Ok(()),
        false => Err(Fault::refused(text("cli.nothing_changed"))),
    }
}

/// Stores what was agreed on, and tells of each account what became of it.
fn store(context: &Context, desk: &Desk, found: Found, options: &Scan) -> Result<(), Fault> {
    let were = desk.app.accounts()?;
    let accounts: Vec<NewAccount> = found.accounts.iter().map(One::new_account).collect();
    let mut rows: Vec<TransferRow> = Vec::new();
    let read: Vec<Option<Kind>> =
        accounts.iter().map(|account| Some(account.kind)).chain(kinds(&found.transfer)).collect();
    if !accounts.is_empty() {
        let added = desk.app.add_accounts(&accounts)?;
        rows.extend(accounts.into_iter().zip(added).map(|(account, added)| TransferRow {
            issuer: account.issuer,
            name: account.name,
            state: added.into(),
        }));
    }
    if found.has_transfer() {
        let partly = options.partly || !found.transfer.is_whole();
        rows.extend(desk.app.import_transfer(&found.transfer, partly)?);
    }
    let are = desk.app.accounts()?;
    let became = rows.iter().zip(read).map(|(row, kind)| match (row.state, kind) {
        (TransferState::There(id), Some(kind)) => Some(there::became(&were, &are, id, kind)),
        _ => None,
    });
    let outcome = Outcome { became: became.collect(), rows, are, asked: !options.yes };
    told(context, &outcome, &found)
}

/// The kinds of the accounts of a transfer, as far as they can be read.
fn kinds(transfer: &Transfer) -> impl Iterator<Item = Option<Kind>> {
    transfer.entries().map(|entry| entry.account.as_ref().ok().map(|(account, _)| Kind::from(account.kind)))
}

/// What became of all that was read.
struct Outcome {
    rows: Vec<TransferRow>,
    /// Of each that was there already.
    became: Vec<Option<Became>>,
    are: Arc<[Arc<Account>]>,
    /// Whether a person was told before what would become of it.
    asked: bool,
}

impl Outcome {
    /// Whether a counter of one that was there went ahead.
    fn has_moved(&self) -> bool {
        self.became.iter().any(|became| matches!(became, Some(Became::Went(_))))
    }

    /// What is said of those that were there: all, or to who was told before, that a counter can go back.
    fn of_there(&self) -> Vec<String> {
        let there = self.rows.iter().zip(&self.became);
        let words = there.filter_map(|(row, became)| match (became, row.state) {
            (Some(Became::Went(_)), _) if self.asked => Some(text("accounts.undo_how").to_owned()),
            (Some(Became::Stays(_)), _) if self.asked => None,
            (Some(became), _) => Some(of_there(row, &became.clone().words())),
            (None, TransferState::Twice) => Some(row_words(row)),
            (None, _) => None,
        });
        let mut words: Vec<String> = words.collect();
        words.dedup();
        words
    }
}

fn told(context: &Context, outcome: &Outcome, Found { others, in_doubt, .. }: &Found) -> Result<(), Fault> {
    let rows = &outcome.rows;
    let of = |state: fn(TransferState) -> bool| -> Vec<&TransferRow> {
        rows.iter().filter(|row| state(row.state)).collect()
    };
    let added = of(|state| matches!(state, TransferState::Added(_)));
    let there = of(|state| matches!(state, TransferState::There(_) | TransferState::Twice));
    let refused = of(|state| matches!(state, TransferState::Unreadable(_) | TransferState::Refused(_)));
    let json = |rows: &[&TransferRow]| rows.iter().map(|row| row_json(row, &outcome.are)).collect::<Vec<_>>();
    let not_taken: Vec<Value> = json(&refused).into_iter().chain(in_doubt.iter().map(One::not_taken_json)).collect();
    context
        .terminal
        .result("", &json!({ "added": json(&added), "there": json(&there), "refused": not_taken, "other": others }));
    outcome.of_there().iter().for_each(|words| context.terminal.say(words));
    refused.iter().for_each(|row| context.terminal.say(&row_words(row)));
    in_doubt.iter().for_each(|one| context.terminal.say(&one.not_taken()));
    match added.as_slice() {
        [] => {}
        [one] => context.terminal.say(&fill("cli.added", &[("name", &line(&one.issuer, &one.name))])),
        many => context.terminal.say(&fill("scan.added_many", &[("n", &many.len().to_string())])),
    }
    match (not_taken.len(), added.len()) {
        (0, 0) if !outcome.has_moved() => Err(Fault::refused(text("scan.nothing_new"))),
        (0, _) => Ok(()),
        (n, _) => {
            let (n, all) = (n.to_string(), (rows.len() + in_doubt.len()).to_string());
            Err(Fault::refused(fill("scan.some_not_taken", &[("n", &n), ("all", &all)])))
        }
    }
}

/// Of one that is there already, what is or was to become of it.
fn of_there(row: &TransferRow, there: &str) -> String {
    fill("scan.there", &[("name", &line(&row.issuer, &row.name)), ("there", there)])
}

fn row_words(row: &TransferRow) -> String {
    let name = line(&row.issuer, &row.name);
    let refused = |why: String| fill("scan.not_taken", &[("name", &name), ("why", &why)]);
    match row.state {
        TransferState::New | TransferState::Added(_) | TransferState::There(_) => name,
        TransferState::Twice => fill("scan.twice", &[("name", &name)]),
        TransferState::Unreadable(fault) => refused(transfer_words::of_entry(fault)),
        TransferState::Refused(fault) => refused(words::of_error(&fault.into())),
    }
}

fn row_json(row: &TransferRow, accounts: &[Arc<Account>]) -> Value {
    let mut json = json!({ "issuer": row.issuer, "name": row.name });
    match row.state {
        TransferState::Added(id) => json["id"] = json!(id.to_string()),
        TransferState::There(id) => {
            json["id"] = json!(id.to_string());
            json["as"] = json!(there::of(accounts, id).map(there::as_json));
        }
        TransferState::Unreadable(fault) => json["why"] = json!(transfer_words::of_entry(fault)),
        TransferState::Refused(fault) => json["why"] = json!(words::of_error(&fault.into())),
        TransferState::New | TransferState::Twice => {}
    }
    json
}

/// Issuer and name as one line.
fn line(issuer: &str, name: &str) -> String {
    let line = match (issuer, name) {
        ("", "") => text("scan.no_name").to_owned(),
        (issuer, "") => issuer.to_owned(),
        ("", name) => name.to_owned(),
        (issuer, name) => format!("{issuer} ({name})"),
    };
    outside::isolated(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        assert_eq!(Take::parse(" ALL "), Ok(Take::All));
        for typed in ["1,3", "1 3", "1, 3", "1,,3,"] {
            assert_eq!(Take::parse(typed), Ok(Take::Numbers(vec![1, 3])), "{typed}");
        }
        for typed in ["", " ", "0", "1,0", "one", "-1", "1-3"] {
            assert!(Take::parse(typed).is_err(), "{typed}");
        }
    }
}
