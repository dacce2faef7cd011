//! What a key does: in front of everything a question, then an approval, then the page. The list's stand beside.

use countersign_strings::{fill, text};

use super::type_digits;
use crate::tui::field::Field;
use crate::tui::model::Card;
use crate::tui::state::{Approval, Effect, Key, Page, State, Step, Unlock};

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
            self.list_key(key, now, out);
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
}

impl Card {
    /// Takes typed or pasted digits as far as the page asks for them; anything else is left out.
    pub(super) fn type_digits(&self, field: &mut Field, typed: &str) {
        type_digits(field, typed, self.digits);
    }
}
