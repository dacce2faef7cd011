//! The rules of the terminal phone: one event in, a changed state and a list of wishes out.

use countersign_core::protocol::otp;
use countersign_strings::{fill, text};

use super::field::Field;
use super::model::{Answered, Card, Found, Gateway, GatewayState, Notice};
use super::state::{
    Approval, Ask, Change, Confirm, Effect, Event, Key, Move, Page, Reading, Removal, Row, Search, State, Step, Unlock,
};
use crate::terminal::normal;

/// How long to wait until a list that can't be read is read again, in seconds.
const READ_AGAIN: u64 = 2;

/// How many digits a new phone shows.
const MOVE_DIGITS: usize = 6;

impl State {
    /// Takes one event. `now` is Unix time in seconds.
    pub fn update(&mut self, event: Event, now: u64) -> Vec<Effect> {
        let mut out = Vec::new();
        match event {
            Event::Key(Key::Stop) => out.push(Effect::Quit),
            Event::Key(key) => self.key(key, now, &mut out),
            Event::Paste(text) => self.paste(&text, &mut out),
            // Asked for on this screen it is locked already, and somebody may be typing.
            Event::Locked(true) if self.unlock.is_none() => self.lock(),
            Event::Locked(true) => {}
            Event::Locked(false) => self.unlock = None,
            Event::UnlockFailed(words) => {
                if let Some(unlock) = &mut self.unlock {
                    *unlock = Unlock { fault: Some(words), ..Unlock::default() };
                }
            }
            Event::Accounts(accounts) if self.unlock.is_none() => {
                (self.accounts, self.reading) = (accounts, Reading::Done);
                self.keep_selection();
            }
            Event::NotRead(why) if self.unlock.is_none() => {
                self.reading = Reading::Failed { why, again: now + READ_AGAIN };
            }
            // Read before the vault was locked.
            Event::Accounts(_) | Event::NotRead(_) => {}
            Event::Gateways(gateways) => self.gateways_changed(gateways),
            Event::Cards(cards) => self.cards_changed(cards, &mut out),
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
            Event::Notice(words) => self.notice = Some(words),
            Event::Trouble(words) => self.trouble = words,
        }
        self.show_next_notice();
        out
    }

    fn lock(&mut self) {
        self.unlock = Some(Unlock::default());
        self.accounts.clear();
        self.reading = Reading::Awaited;
        self.search = None;
        self.opened = false;
        self.selected = 0;
        self.notice = None;
        if !matches!(self.page, Page::Digits { .. }) {
            self.page = Page::List;
        }
    }

    fn keep_selection(&mut self) {
        self.selected = self.selected.min(self.rows().len().saturating_sub(1));
    }

    fn gateways_changed(&mut self, gateways: Vec<Gateway>) {
        self.gateways = gateways;
        self.keep_selection();
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

    fn notice_key(&mut self, key: Key, out: &mut Vec<Effect>) {
        let Page::Notice(notice) = &self.page else { return };
        match key {
            Key::Enter => out.push(Effect::Dismiss(notice.id.clone())),
            Key::Char('n' | 'N') if notice.reportable => {
                out.push(Effect::ReportNotice(notice.id.clone()));
                return self.page = Page::Busy(text("tui.sending").to_owned());
            }
            Key::Esc => {}
            _ => return,
        }
        self.later.insert(notice.id.clone());
        self.page = Page::List;
    }

    fn move_key(&mut self, key: Key, out: &mut Vec<Effect>) {
        let Page::Move(moving) = &mut self.page else { return };
        match key {
            Key::Esc => self.page = Page::List,
            _ if moving.busy || moving.joining.is_none() => {}
            Key::Enter if moving.field.chars() == MOVE_DIGITS => {
                (moving.busy, moving.fault) = (true, None);
                let (gateway, digits) = (moving.gateway.clone(), moving.field.clone());
                out.push(Effect::Confirm { gateway, digits });
            }
            Key::Enter => moving.fault = Some(text("cli.move_not_digits").to_owned()),
            Key::Char(typed) => type_digits(&mut moving.field, typed.encode_utf8(&mut [0; 4]), MOVE_DIGITS),
            key => moving.field.key(key),
        }
    }

    /// Asks about a move from the chosen gateway, or from the only active one.
    fn ask_move(&mut self) {
        let is_active = |gateway: &&Gateway| gateway.state == GatewayState::Active;
        let mut active = self.gateways.iter().filter(is_active);
        let gateway = match self.chosen() {
            Some(Row::Gateway(gateway)) => Some(gateway).filter(is_active),
            _ => active.next().filter(|_| active.next().is_none()),
        };
        if let Some(Gateway { id, host, .. }) = gateway {
            self.page = Page::MoveAsk { gateway: id.clone(), host: host.clone() };
        }
    }

    fn history_key(&mut self, key: Key) {
        let Page::History { lines, top } = &mut self.page else { return };
        match key {
            Key::Enter | Key::Esc | Key::Char('h' | 'q' | ' ') => self.page = Page::List,
            key => *top = scrolled(*top, key, lines.len()),
        }
    }

    fn help_key(&mut self, key: Key) {
        let Page::Help { top } = &mut self.page else { return };
        match key {
            Key::Enter | Key::Esc | Key::Char('?' | 'q' | ' ') => self.page = Page::List,
            key => *top = scrolled(*top, key, text("tui.help").lines().count() + 1),
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
        } else if let Some(search) = self.search.as_mut().filter(|s| s.typing) {
            search.field.paste(pasted);
        } else if matches!(self.page, Page::List) {
            let mut field = Field::default();
            field.paste(pasted);
            self.page = Page::Busy(text("tui.reading").to_owned());
            out.push(Effect::Read(field));
        }
    }

    fn key(&mut self, key: Key, now: u64, out: &mut Vec<Effect>) {
        self.notice = None;
        if self.ask.is_some() {
            self.ask_key(key, out);
        } else if self.approval.is_some() {
            self.approval_key(key, now, out);
        } else if matches!(self.page, Page::Digits { .. }) {
            if matches!(key, Key::Enter | Key::Esc) {
                self.page = Page::List;
            }
        } else if self.unlock.is_some() {
            self.unlock_key(key, out);
        } else if matches!(self.page, Page::List) {
            self.list_key(key, out);
        } else {
            self.page_key(key, out);
        }
    }

    fn ask_key(&mut self, key: Key, out: &mut Vec<Effect>) {
        let Some(ask) = &mut self.ask else { return };
        match key {
            Key::Enter if !ask.field.is_empty() => {
                out.push(Effect::Give(ask.field.clone()));
                self.ask = None;
            }
            Key::Esc => {
                out.push(Effect::Withhold);
                self.ask = None;
            }
            key => ask.field.key(key),
        }
    }

    fn unlock_key(&mut self, key: Key, out: &mut Vec<Effect>) {
        let Some(unlock) = self.unlock.as_mut().filter(|u| !u.busy) else { return };
        match key {
            Key::Enter if !unlock.field.is_empty() => {
                out.push(Effect::Unlock(unlock.field.clone()));
                *unlock = Unlock { busy: true, ..Unlock::default() };
            }
            Key::Esc if unlock.field.is_empty() => out.push(Effect::Quit),
            Key::Esc => unlock.field.clear(),
            key => unlock.field.key(key),
        }
    }

    fn approval_key(&mut self, key: Key, now: u64, out: &mut Vec<Effect>) {
        let Some(Approval { card, step }) = &mut self.approval else { return };
        let mut next = None;
        match step {
            Step::Digits { field, fault } => match key {
                // Nothing can be approved there now: only a no is taken.
                Key::Enter | Key::Char('0'..='9') if card.stale.is_some() => {}
                Key::Enter if now > card.until => {
                    next = Some(Step::Passed(text("error.ended_expired").to_owned()));
                }
                Key::Enter if field.chars() == card.digits => {
                    out.push(Effect::Approve { id: card.id.clone(), digits: field.clone() });
                    next = Some(Step::Sending);
                }
                Key::Enter => *fault = Some(fill("error.digits_asked", &[("n", &card.digits.to_string())])),
                Key::Char('n' | 'N') => next = Some(Step::Choice { selected: 0 }),
                Key::Esc => {
                    self.aside.insert(card.id.clone());
                    return self.leave_approval();
                }
                Key::Char(typed) => card.type_digits(field, typed.encode_utf8(&mut [0; 4])),
                key => field.key(key),
            },
            Step::Choice { selected } => match key {
                Key::Up | Key::Down => *selected = 1 - *selected,
                Key::Char('1') => next = Some(Self::refuse(0, card, out)),
                Key::Char('2') => next = Some(Self::refuse(1, card, out)),
                Key::Enter => next = Some(Self::refuse(*selected, card, out)),
                Key::Esc => next = Some(Step::Digits { field: Field::default(), fault: None }),
                _ => {}
            },
            Step::Sending => {}
            Step::Passed(_) if matches!(key, Key::Char('n' | 'N')) => next = Some(Step::Choice { selected: 0 }),
            Step::Over { .. } | Step::Passed(_) => {
                if matches!(key, Key::Enter | Key::Esc | Key::Char(' ')) {
                    self.aside.insert(card.id.clone());
                    return self.leave_approval();
                }
            }
        }
        if let Some(next) = next {
            *step = next;
        }
    }

    fn refuse(selected: usize, card: &Card, out: &mut Vec<Effect>) -> Step {
        let id = card.id.clone();
        out.push(if selected == 0 { Effect::Deny(id) } else { Effect::Report(id) });
        Step::Sending
    }

    fn leave_approval(&mut self) {
        self.approval = None;
        self.show_next_card();
    }

    fn list_key(&mut self, key: Key, out: &mut Vec<Effect>) {
        if let Some(search) = self.search.as_mut().filter(|s| s.typing) {
            match key {
                Key::Enter => search.typing = false,
                Key::Esc => self.search = None,
                Key::Up | Key::Down => search.typing = false,
                key => search.field.key(key),
            }
            return self.keep_selection();
        }
        let last = self.rows().len().saturating_sub(1);
        match key {
            Key::Up | Key::Char('k') => self.selected = self.selected.saturating_sub(1),
            Key::Down | Key::Char('j') => self.selected = (self.selected + 1).min(last),
            Key::Home => self.selected = 0,
            Key::End => self.selected = last,
            Key::Enter | Key::Char(' ') => self.open_row(out),
            Key::Esc if self.opened => self.opened = false,
            Key::Esc => self.search = None,
            Key::Char('/') => self.search = Some(Search { typing: true, ..Search::default() }),
            Key::Char('a') => self.page = Page::entry(false),
            Key::Char('e') => self.page = Page::entry(true),
            Key::Char('x') => self.ask_removal(),
            Key::Char('p') => self.bring_back(),
            Key::Char('m') => self.ask_move(),
            Key::Char('h') => out.push(Effect::History),
            Key::Char('i') if !self.note.is_empty() => self.page = Page::Note { top: 0 },
            Key::Char('c') => self.page = Page::Passphrase(Change::default()),
            Key::Char('l') => {
                self.lock();
                out.push(Effect::Lock);
            }
            Key::Char('?') => self.page = Page::Help { top: 0 },
            Key::Char('q') => out.push(Effect::Quit),
            _ => {}
        }
    }

    /// Enter on a row: a counted code is asked for, digits of a pending enrolment are shown large; where there is one
    /// pane, the row opens.
    fn open_row(&mut self, out: &mut Vec<Effect>) {
        let mut page = None;
        match self.chosen() {
            Some(Row::Account(account)) => {
                if let super::model::AccountCode::Counted(_) = account.code {
                    out.push(Effect::Next(account.id.clone()));
                }
            }
            Some(Row::Gateway(Gateway { id, name, host, state: GatewayState::Pending(digits), .. })) => {
                page = Some(Page::Digits {
                    gateway: id.clone(),
                    digits: digits.clone(),
                    name: name.clone(),
                    host: host.clone(),
                });
            }
            Some(Row::Gateway(_)) => {}
            None => return,
        }
        self.opened = true;
        if let Some(page) = page {
            self.page = page;
        }
    }

    fn ask_removal(&mut self) {
        let removal = match self.chosen() {
            Some(Row::Account(a)) => Removal::Account { id: a.id.clone(), name: a.line() },
            Some(Row::Gateway(g)) => Removal::Gateway { id: g.id.clone(), name: g.host.clone(), not_left: None },
            None => return,
        };
        self.page = Page::Remove(removal);
    }

    fn bring_back(&mut self) {
        self.aside.clear();
        self.later.clear();
        self.show_next_card();
        if self.approval.is_none() && self.notices.is_empty() {
            self.notice = Some(text("tui.none_waiting").to_owned());
        }
    }

    fn note_key(&mut self, top: usize, key: Key) {
        let top = match key {
            Key::Char('f') => {
                self.note_folded = !self.note_folded;
                return self.page = Page::List;
            }
            Key::Enter | Key::Esc | Key::Char('i' | 'q' | ' ') => return self.page = Page::List,
            key => scrolled(top, key, self.note.len()),
        };
        self.page = Page::Note { top };
    }

    fn page_key(&mut self, key: Key, out: &mut Vec<Effect>) {
        match &mut self.page {
            Page::Entry { field, .. } => match key {
                Key::Enter if !field.is_empty() => out.push(Effect::Read(Field::clone(field))),
                Key::Esc => self.page = Page::List,
                key => field.key(key),
            },
            Page::Confirm(confirm) => match key {
                Key::Char('y' | 'Y') if confirm.is_asked_again() => {}
                Key::Char('y' | 'Y') => {
                    out.push(Effect::Accept { blank: confirm.blank });
                    self.page = Page::Busy(match &confirm.found {
                        Found::Account { .. } => text("tui.adding").to_owned(),
                        Found::Enrolment { host, .. } => fill("tui.enrolling", &[("host", host)]),
                        Found::Offline(_) => text("tui.offline_making").to_owned(),
                    });
                }
                Key::Char('b' | 'B') => confirm.turn_blank(),
                Key::Char('n' | 'N') | Key::Esc => {
                    self.page = Page::List;
                    out.push(Effect::Drop);
                }
                _ => {}
            },
            Page::Remove(removal) => match key {
                Key::Char('y' | 'Y') => {
                    out.push(Effect::Remove(removal.clone()));
                    self.opened = false;
                    self.page = Page::Busy(text("tui.removing").to_owned());
                }
                Key::Char('n' | 'N') | Key::Esc => self.page = Page::List,
                _ => {}
            },
            Page::Notice(_) => self.notice_key(key, out),
            Page::Move(_) => self.move_key(key, out),
            Page::History { .. } => self.history_key(key),
            Page::MoveAsk { gateway, .. } => match key {
                Key::Char('y' | 'Y') => {
                    out.push(Effect::Move(gateway.clone()));
                    self.page = Page::Busy(text("tui.moving").to_owned());
                }
                Key::Char('n' | 'N') | Key::Esc => self.page = Page::List,
                _ => {}
            },
            Page::Help { .. } => self.help_key(key),
            Page::Message { .. } | Page::Digits { .. } | Page::Code { .. } => {
                if matches!(key, Key::Enter | Key::Esc | Key::Char('?' | 'q' | ' ')) {
                    self.page = Page::List;
                }
            }
            Page::Note { top } => {
                let top = *top;
                self.note_key(top, key);
            }
            Page::Passphrase(change) => match key {
                Key::Esc => self.page = Page::List,
                Key::Enter => {
                    if let Some((old, new)) = change.enter() {
                        self.page = Page::Busy(text("tui.changing").to_owned());
                        out.push(Effect::Change { old, new });
                    }
                }
                key => change.fields[change.at].key(key),
            },
            Page::Busy(_) | Page::List => {}
        }
    }
}

impl Confirm {
    /// Something that nothing was said to yet.
    pub fn new(found: Found) -> Self {
        Self { found, blank: false, again: false }
    }

    /// Is there to be a second yes? From then on it is asked for.
    fn is_asked_again(&mut self) -> bool {
        let doubtful = matches!(self.found, Found::Account { doubtful: true, .. });
        !std::mem::replace(&mut self.again, doubtful) && doubtful
    }

    fn turn_blank(&mut self) {
        self.blank ^= matches!(self.found, Found::Account { blank: Some(_), .. });
    }
}

impl Approval {
    /// An approval that the person has not touched yet.
    pub fn new(card: Card) -> Self {
        Self { card, step: Step::Digits { field: Field::default(), fault: None } }
    }
}

impl Change {
    /// Goes to the next field; old and new passphrase once all three are typed and the last two are the same.
    fn enter(&mut self) -> Option<(Field, Field)> {
        if self.fields[self.at].is_empty() {
            return None;
        }
        self.fault = None;
        if self.at < 2 {
            self.at += 1;
            return None;
        }
        let [old, new, again] = &self.fields;
        if normal(new.text()).ct_eq(normal(again.text()).expose()) {
            return Some((old.clone(), new.clone()));
        }
        *self = Self { fault: Some(text("cli.passphrases_differ").to_owned()), ..Self::default() };
        None
    }
}

impl Page {
    /// An empty field for a link or the path of a picture.
    pub fn entry(enrol: bool) -> Self {
        Self::Entry { enrol, field: Field::default(), fault: None }
    }
}

impl Card {
    /// Takes typed or pasted digits as far as the page asks for them; anything else is left out.
    fn type_digits(&self, field: &mut Field, typed: &str) {
        type_digits(field, typed, self.digits);
    }
}

/// The first of `lines` that is seen after a key; what the window then leaves empty, [`super::view::settle`] takes back.
fn scrolled(top: usize, key: Key, lines: usize) -> usize {
    let last = lines.saturating_sub(1);
    match key {
        Key::Up | Key::Char('k') => top.saturating_sub(1),
        Key::Down | Key::Char('j') => (top + 1).min(last),
        Key::Home => 0,
        Key::End => last,
        _ => top,
    }
}

fn type_digits(field: &mut Field, typed: &str, most: usize) {
    for digit in typed.chars().filter_map(otp::decimal_digit) {
        if field.chars() < most {
            field.push(char::from(b'0' + digit));
        }
    }
}

impl Field {
    /// What a key does in a field.
    fn key(&mut self, key: Key) {
        match key {
            Key::Char(c) => self.push(c),
            Key::Back => self.back(),
            Key::Clear => self.clear(),
            _ => {}
        }
    }
}
