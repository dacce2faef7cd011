//! The rules of the terminal phone: one event in, a changed state and a list of wishes out. What a key does stands in a
//! module of its own.

mod groups;
mod held;
mod key;
mod list;
mod page;
mod tokens;

use countersign_core::protocol::otp;
use countersign_strings::{fill, text};

use super::field::Field;
use super::form::{Item, Reply};
use super::model::{Account, Answered, Binned, Card, Gateway, GatewayState, Notice};
use super::state::{
    Approval, Ask, Change, Confirm, Effect, Event, GroupPage, GroupStep, Key, Move, Page, Reading, Removal, Setting,
    Settings, Spot, State, Step, Talk, TokenPage, Unlock,
};
use crate::limits;

/// How long to wait until a list that can't be read is read again, in seconds.
const READ_AGAIN: u64 = 2;

/// How many lines a page has, of the list and of what is scrolled: what is seen at least in a usual window.
const PAGE: usize = 10;

/// How many digits a new phone shows.
const MOVE_DIGITS: usize = 6;

impl State {
    /// Takes one event. `now` is Unix time in seconds.
    pub fn update(&mut self, event: Event, now: u64) -> Vec<Effect> {
        let mut out = Vec::new();
        match event {
            Event::Key(Key::Stop) => out.push(Effect::Quit),
            event => self.take_or_hold(event, now, &mut out),
        }
        out
    }

    fn apply(&mut self, event: Event, now: u64, out: &mut Vec<Effect>) {
        match event {
            Event::Key(key) => self.key(key, now, out),
            Event::Click(spot) => self.click(spot, now, out),
            Event::Paste(text) => self.paste(&text, out),
            // Asked for on this screen it is locked already, and somebody may be typing.
            Event::Locked(true) if self.unlock.is_none() => self.lock(),
            Event::Locked(true) => {}
            Event::Locked(false) => self.unlock = None,
            Event::UnlockFailed(words) => {
                if let Some(unlock) = &mut self.unlock {
                    *unlock = Unlock { fault: Some(words), ..Unlock::default() };
                }
            }
            Event::Accounts(accounts) if self.unlock.is_none() => self.accounts_changed(accounts),
            Event::NotRead(why) if self.unlock.is_none() => {
                self.reading = Reading::Failed { why, again: now + READ_AGAIN };
            }
            // Read before the vault was locked.
            Event::Accounts(_) | Event::NotRead(_) => {}
            Event::Details(_) | Event::Form(_) | Event::Saved(_) | Event::Groups(_) | Event::Found { .. }
                if self.unlock.is_some() => {}
            Event::Bin(_) | Event::Did(_) | Event::Undone { .. } | Event::Settings(_) if self.unlock.is_some() => {}
            Event::Gateways(gateways) => self.gateways_changed(gateways),
            Event::Cards(cards) => self.cards_changed(cards, out),
            Event::Read(Ok(found)) => self.page = Page::Confirm(Confirm::new(found)),
            Event::Read(Err(words)) => self.read_failed(words),
            Event::Done(words) => self.page = Page::Message { text: words, good: true },
            Event::Failed(words) => self.page = Page::Message { text: words, good: false },
            Event::Joined { gateway, digits, name, host } => {
                self.page = Page::Digits { gateway, digits, name, host };
            }
            Event::Answered { id, how } => self.answered(&id, how),
            Event::NotLeft { id, name, why } => {
                self.page = Page::Remove(Removal::Gateway { id, name, not_left: Some(why) });
            }
            Event::NotChanged(words) => {
                self.page = Page::Passphrase(Change { fault: Some(words), ..Change::default() });
            }
            Event::Asked { wrong } => self.ask = Some(Ask { wrong, ..Ask::default() }),
            Event::AskOver => self.ask = None,
            Event::Notices(notices) => self.notices_changed(notices),
            Event::History(lines) => self.page = Page::History { lines, top: 0 },
            Event::Moving(moving) => self.page = Page::Move(moving),
            Event::Joining(joining) => {
                if let Page::Move(moving) = &mut self.page {
                    moving.joining = joining;
                }
            }
            Event::Confirmed(how) => self.confirmed(how),
            Event::Code { code, app } => self.page = Page::Code { code, app },
            Event::Details(details) => self.page = Page::Details { details, top: 0 },
            Event::Form(form) => self.page = Page::Form(form),
            Event::Saved(how) => self.saved(how),
            Event::Copied(Ok((id, words))) => {
                self.copied = Some((id, now + limits::COPIED_SHOWN));
                self.notice = Some(words);
            }
            Event::Copied(Err(words)) => self.notice = Some(words),
            Event::Groups(groups) => self.groups_changed(groups),
            Event::GroupRefused(words) => self.group_refused(words),
            Event::Found { text, ids } => self.found_too(&text, ids),
            Event::Bin(rows) => self.bin_read(rows),
            Event::Did(words) => self.did(words),
            Event::Undone { said, next } => (self.notice, self.undo) = (Some(said), next),
            Event::Settings(set) => self.settings_read(set),
            Event::Notice(words) => self.notice = Some(words),
            Event::Tokens(rows) => self.ledger_read(rows),
            Event::TokenSaid(words) => self.token_said(words),
            Event::TokenAsks(question) => self.token_asks(question, out),
            Event::TokenOver(how, words) => self.token_over(how, words),
            Event::Trouble(words) => self.trouble = words,
            Event::Settled => {}
        }
        self.show_next_notice();
    }

    fn lock(&mut self) {
        self.unlock = Some(Unlock::default());
        self.accounts.clear();
        self.reading = Reading::Awaited;
        self.search = None;
        (self.filter, self.found, self.groups) = Default::default();
        (self.revealed, self.copied, self.undo) = (None, None, None);
        self.opened = false;
        self.selected = 0;
        self.notice = None;
        if !matches!(self.page, Page::Digits { .. }) {
            self.page = Page::List;
        }
    }

    /// The list is another one: the chosen row stays chosen, wherever it stands now.
    fn accounts_changed(&mut self, accounts: Vec<Account>) {
        let chosen = self.chosen().map(|row| row.id().to_owned());
        (self.accounts, self.reading) = (accounts, Reading::Done);
        if !self.filters().contains(&self.filter) {
            self.filter = Default::default();
        }
        self.keep_selection(chosen.as_deref());
    }

    fn keep_selection(&mut self, chosen: Option<&str>) {
        let rows = self.rows();
        let at = chosen.and_then(|id| rows.iter().position(|row| row.id() == id));
        self.selected = at.unwrap_or_else(|| self.selected.min(rows.len().saturating_sub(1)));
    }

    /// A click means what the key does that stands there. What lies in front by now takes it, as it takes keys.
    fn click(&mut self, spot: Spot, now: u64, out: &mut Vec<Effect>) {
        if let Spot::Key(key) = spot {
            return self.key(key, now, out);
        }
        if self.ask.is_some() || self.approval.is_some() || self.unlock.is_some() {
            return;
        }
        match (spot, &mut self.page) {
            (Spot::Row(row), Page::List) => self.click_row(row, now, out),
            (Spot::Filter(filter), Page::List) => (self.filter, self.selected) = (filter, 0),
            (Spot::Line(line), Page::Settings { selected, .. }) => {
                *selected = line;
                self.set(true, out);
            }
            (Spot::Line(line), Page::Bin { selected, ask: None, .. }) => *selected = line,
            (Spot::Line(line), Page::Groups(_)) => self.click_group(line, out),
            (Spot::Line(line), Page::Tokens(page)) => page.click(line),
            (Spot::Item(item), Page::Form(form)) => {
                let reply = form.pick(item);
                self.form_replied(reply, out);
            }
            _ => {}
        }
    }

    /// Turns the chosen setting to its next value, or to the one before; one without values opens its page.
    fn set(&mut self, forward: bool, out: &mut Vec<Effect>) {
        let Page::Settings { set, selected } = &self.page else { return };
        let Some(setting) = Setting::ALL.get(*selected) else { return };
        match set.turned(*setting, forward) {
            Some(set) => out.push(Effect::Set(set)),
            None => self.page = Page::Passphrase(Change::default()),
        }
    }

    /// What is set is shown, on the line that is chosen.
    fn settings_read(&mut self, set: Settings) {
        match &mut self.page {
            Page::Settings { set: shown, .. } => *shown = set,
            page @ Page::List => *page = Page::Settings { set, selected: 0 },
            _ => {}
        }
    }

    /// Something was changed: it is said, with the key that takes it back.
    fn did(&mut self, words: String) {
        if matches!(self.page, Page::Busy(_)) {
            self.page = Page::List;
        }
        self.notice = Some(fill("tui.did", &[("what", &words)]));
        self.undo = Some(words);
    }

    /// Accounts whose notes have what is looked for, unless something else is looked for by now.
    fn found_too(&mut self, text: &str, ids: Vec<String>) {
        if self.search.as_ref().is_some_and(|search| search.field.text() == text) {
            let chosen = self.chosen().map(|row| row.id().to_owned());
            self.found = ids.into_iter().collect();
            self.keep_selection(chosen.as_deref());
        }
    }

    fn bin_read(&mut self, rows: Vec<Binned>) {
        let last = rows.len().saturating_sub(1);
        match &mut self.page {
            Page::Bin { rows: shown, selected, ask } => {
                (*selected, *shown, *ask) = ((*selected).min(last), rows, None);
            }
            page @ (Page::List | Page::Busy(_)) => *page = Page::Bin { rows, selected: 0, ask: None },
            _ => {}
        }
    }

    fn form_replied(&mut self, reply: Reply, out: &mut Vec<Effect>) {
        let Page::Form(form) = &mut self.page else { return };
        match reply {
            Reply::Stay => {}
            Reply::Leave => self.page = Page::List,
            Reply::Save => {
                (form.busy, form.fault) = (true, None);
                out.push(Effect::Save(form.clone()));
            }
        }
    }

    fn saved(&mut self, how: Result<(), (String, Option<Item>)>) {
        let Page::Form(form) = &mut self.page else { return };
        match how {
            Ok(()) => self.page = Page::List,
            Err((words, to_blame)) => form.refused(words, to_blame),
        }
    }

    fn gateways_changed(&mut self, gateways: Vec<Gateway>) {
        let chosen = self.chosen().map(|row| row.id().to_owned());
        self.gateways = gateways;
        self.keep_selection(chosen.as_deref());
        let Page::Digits { gateway, name, host, .. } = &self.page else { return };
        let words = match self.gateway_state(gateway) {
            Some(GatewayState::Active) => Some((fill("tui.joined", &[("name", name), ("host", host)]), true)),
            Some(GatewayState::Gone(why)) => Some((why.clone(), false)),
            None => Some((text("tui.join_gone").to_owned(), false)),
            Some(_) => None,
        };
        if let Some((text, good)) = words {
            self.page = Page::Message { text, good };
        }
    }

    fn cards_changed(&mut self, cards: Vec<Card>, out: &mut Vec<Effect>) {
        let fresh = cards.iter().any(|c| !self.rung.contains(&c.id));
        self.rung = cards.iter().map(|c| c.id.clone()).collect();
        self.aside.retain(|id| self.rung.contains(id));
        self.cards = cards;
        if fresh {
            out.push(Effect::Bell);
        }
        if let Some(approval) = &mut self.approval {
            if let Some(card) = self.cards.iter().find(|card| card.id == approval.card.id) {
                // Whether it can be approved may have changed.
                approval.card.stale = card.stale;
            }
            let here = self.rung.contains(&approval.card.id);
            if !here && matches!(approval.step, Step::Digits { .. } | Step::Choice { .. }) {
                approval.step = Step::Passed(text("tui.withdrawn").to_owned());
            }
        }
        self.show_next_card();
    }

    /// Puts the first approval that was not put aside in front, when nothing is in front yet.
    fn show_next_card(&mut self) {
        if self.approval.is_none() {
            let next = self.cards.iter().find(|c| !self.aside.contains(&c.id)).cloned();
            self.approval = next.map(Approval::new);
        }
    }

    fn notices_changed(&mut self, notices: Vec<Notice>) {
        if let Page::Notice(shown) = &self.page
            && notices.iter().all(|notice| notice.id != shown.id)
        {
            self.page = Page::List;
        }
        self.later.retain(|id| notices.iter().any(|notice| notice.id == *id));
        self.notices = notices;
    }

    /// Puts the newest notice in front, when nothing else is and it was not left for later.
    fn show_next_notice(&mut self) {
        let is_free = matches!(self.page, Page::List) && self.unlock.is_none() && self.approval.is_none();
        let typing = self.search.as_ref().is_some_and(|search| search.typing);
        let next = self.notices.iter().find(|notice| !self.later.contains(&notice.id));
        if let Some(notice) = next.filter(|_| is_free && !typing) {
            self.page = Page::Notice(notice.clone());
        }
    }

    fn confirmed(&mut self, how: Result<(), String>) {
        self.ask = None;
        let Page::Move(moving) = &mut self.page else { return };
        match how {
            Ok(()) => {
                let text = fill("tui.moved", &[("host", &moving.host)]);
                self.page = Page::Message { text, good: true };
            }
            Err(words) => {
                (moving.busy, moving.fault) = (false, Some(words));
                moving.field.clear();
            }
        }
    }

    fn read_failed(&mut self, words: String) {
        match &mut self.page {
            Page::Entry { fault, field, .. } => {
                field.clear();
                *fault = Some(words);
            }
            page => *page = Page::Message { text: words, good: false },
        }
    }

    fn answered(&mut self, id: &str, how: Answered) {
        self.ask = None;
        let Some(approval) = self.approval.as_mut().filter(|a| a.card.id == id) else { return };
        approval.step = match how {
            Answered::Over { text, good } => Step::Over { text, good },
            Answered::Wrong(words) | Answered::Failed(words) => {
                Step::Digits { field: Field::default(), fault: Some(words) }
            }
        };
    }

    fn paste(&mut self, pasted: &str, out: &mut Vec<Effect>) {
        if let Some(ask) = &mut self.ask {
            ask.field.paste(pasted);
        } else if let Some(approval) = &mut self.approval {
            if let Step::Digits { field, .. } = &mut approval.step {
                approval.card.type_digits(field, pasted);
            }
        } else if let Some(unlock) = &mut self.unlock {
            unlock.field.paste(pasted);
        } else if let Page::Entry { field, .. } = &mut self.page {
            field.paste(pasted);
        } else if let Page::Move(Move { field, joining: Some(_), busy: false, .. }) = &mut self.page {
            type_digits(field, pasted, MOVE_DIGITS);
        } else if let Page::Passphrase(change) = &mut self.page {
            change.fields[change.at].paste(pasted);
        } else if let Page::Form(form) = &mut self.page {
            form.paste(pasted);
        } else if let Page::Tokens(TokenPage { talk: Some(Talk { asks: Some(asked), .. }), .. }) = &mut self.page {
            asked.field.paste(pasted);
        } else if let Page::Groups(GroupPage { step: GroupStep::Name { field, .. }, .. }) = &mut self.page {
            field.paste(pasted);
        } else if self.search.as_ref().is_some_and(|search| search.typing) {
            self.look_for(|field| field.paste(pasted), out);
        } else if matches!(self.page, Page::List) {
            let mut field = Field::default();
            field.paste(pasted);
            self.page = Page::Busy(text("tui.reading").to_owned());
            out.push(Effect::Read(field));
        }
    }
}

impl Approval {
    /// An approval that the person has not touched yet.
    pub fn new(card: Card) -> Self {
        Self { card, step: Step::Digits { field: Field::default(), fault: None } }
    }
}

impl Page {
    /// An empty field for a link or the path of a picture.
    pub fn entry(enrol: bool) -> Self {
        Self::Entry { enrol, field: Field::default(), fault: None }
    }
}

fn type_digits(field: &mut Field, typed: &str, most: usize) {
    for digit in typed.chars().filter_map(otp::decimal_digit) {
        if field.chars() < most {
            field.push(char::from(b'0' + digit));
        }
    }
}
