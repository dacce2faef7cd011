//! What a key does: in front of everything a question, then an approval, then the page, then the list.

use countersign_strings::{fill, text};

use super::type_digits;
use crate::tui::field::Field;
use crate::tui::model::{AccountCode, Card, Gateway, GatewayState};
use crate::tui::state::{Approval, Change, Effect, Key, Page, Removal, Row, Search, State, Step, Unlock};

impl State {
    pub(super) fn key(&mut self, key: Key, now: u64, out: &mut Vec<Effect>) {
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
                if let AccountCode::Counted(_) = account.code {
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

    fn bring_back(&mut self) {
        self.aside.clear();
        self.later.clear();
        self.show_next_card();
        if self.approval.is_none() && self.notices.is_empty() {
            self.notice = Some(text("tui.none_waiting").to_owned());
        }
    }
}

impl Card {
    /// Takes typed or pasted digits as far as the page asks for them; anything else is left out.
    pub(super) fn type_digits(&self, field: &mut Field, typed: &str) {
        type_digits(field, typed, self.digits);
    }
}

impl Field {
    /// What a key does in a field.
    pub(super) fn key(&mut self, key: Key) {
        match key {
            Key::Char(c) => self.push(c),
            Key::Back => self.back(),
            Key::Clear => self.clear(),
            _ => {}
        }
    }
}
