//! What a key does on a page.

use countersign_strings::{fill, text};

use super::{MOVE_DIGITS, PAGE, type_digits};
use crate::terminal::normal;
use crate::tui::field::Field;
use crate::tui::model::Found;
use crate::tui::state::{BinAsk, Change, Confirm, Effect, Key, Page, Setting, State};

impl State {
    pub(super) fn page_key(&mut self, key: Key, out: &mut Vec<Effect>) {
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
            Page::Details { details, top } => match key {
                Key::Enter | Key::Esc | Key::Char('d' | 'q' | ' ') => self.page = Page::List,
                key => *top = scrolled(*top, key, details.lines()),
            },
            Page::Bin { .. } => self.bin_key(key, out),
            Page::Groups(_) => self.group_key(key, out),
            Page::Tokens(_) => self.token_key(key, out),
            Page::Settings { selected, .. } => match key {
                Key::Esc | Key::Char('s' | 'q') => self.page = Page::List,
                Key::Enter | Key::Char(' ') | Key::Right => self.set(true, out),
                Key::Left => self.set(false, out),
                key => *selected = scrolled(*selected, key, Setting::ALL.len()),
            },
            Page::Form(form) => {
                let reply = form.key(key);
                self.form_replied(reply, out);
            }
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

    /// In the bin: back, or for good after a question.
    fn bin_key(&mut self, key: Key, out: &mut Vec<Effect>) {
        let Page::Bin { rows, selected, ask } = &mut self.page else { return };
        let chosen = rows.get(*selected).map(|row| row.id.clone());
        if let Some(asked) = *ask {
            match key {
                Key::Char('y' | 'Y') => {
                    let all = || rows.iter().map(|row| row.id.clone()).collect();
                    out.push(Effect::Purge(if asked == BinAsk::All { all() } else { chosen.into_iter().collect() }));
                    *ask = None;
                }
                Key::Char('n' | 'N') | Key::Esc => *ask = None,
                _ => {}
            }
            return;
        }
        match key {
            Key::Esc | Key::Char('b' | 'q') => self.page = Page::List,
            Key::Enter => out.extend(chosen.map(Effect::Restore)),
            Key::Char('x') if !rows.is_empty() => *ask = Some(BinAsk::One),
            Key::Char('X') if !rows.is_empty() => *ask = Some(BinAsk::All),
            key => *selected = scrolled(*selected, key, rows.len()),
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

/// The first of `lines` that is seen after a key; what the window then leaves empty, [`settle`](crate::tui::view::settle) takes back.
pub(super) fn scrolled(top: usize, key: Key, lines: usize) -> usize {
    let last = lines.saturating_sub(1);
    match key {
        Key::Up | Key::Char('k') => top.saturating_sub(1),
        Key::Down | Key::Char('j') => (top + 1).min(last),
        Key::PageUp => top.saturating_sub(PAGE),
        Key::PageDown => (top + PAGE).min(last),
        Key::Home => 0,
        Key::End => last,
        _ => top,
    }
}
