//! What a key or a click does on the list.

use countersign_core::vault::Sort;
use countersign_strings::text;

use super::PAGE;
use crate::limits;
use crate::tui::field::Field;
use crate::tui::form::Form;
use crate::tui::model::{Account, AccountCode, Gateway, GatewayState};
use crate::tui::state::{Effect, Key, Mark, Page, Removal, Row, Search, State};

impl State {
    pub(super) fn list_key(&mut self, key: Key, now: u64, out: &mut Vec<Effect>) {
        if self.search.as_ref().is_some_and(|search| search.typing) {
            return self.search_key(key, out);
        }
        match key {
            Key::Up | Key::Char('k') => self.choose(self.selected.saturating_sub(1)),
            Key::Down | Key::Char('j') => self.choose(self.selected + 1),
            Key::PageUp => self.choose(self.selected.saturating_sub(PAGE)),
            Key::PageDown => self.choose(self.selected + PAGE),
            Key::Home => self.choose(0),
            Key::End => self.choose(usize::MAX),
            Key::Left | Key::BackTab => self.narrow(false),
            Key::Right | Key::Tab => self.narrow(true),
            Key::Enter | Key::Char(' ') => self.open_row(now, out),
            Key::Esc if self.opened => self.opened = false,
            Key::Esc if self.search.is_some() => self.end_search(),
            Key::Esc => self.filter = Default::default(),
            Key::Char('/') => self.search = Some(Search { typing: true, ..Search::default() }),
            Key::Char('u') => out.push(Effect::Undo),
            Key::Char('b') => out.push(Effect::Bin),
            Key::Char('o') => {
                self.sort = next_sort(self.sort);
                out.push(Effect::Sort(self.sort));
            }
            Key::Char('G') => self.open_groups(),
            Key::Char('T') => self.open_tokens(out),
            Key::Char('J') => self.shift(true, out),
            Key::Char('K') => self.shift(false, out),
            Key::Char('c') => self.copy(false, out),
            Key::Char('C') => self.copy(true, out),
            Key::Char('a') => self.page = Page::entry(false),
            Key::Char('g') => self.page = Page::entry(true),
            Key::Char('t') => self.page = Page::Form(Box::new(Form::add())),
            Key::Char('x') => self.ask_removal(),
            Key::Char('p') => self.bring_back(),
            Key::Char('m') => self.ask_move(),
            Key::Char('h') => out.push(Effect::History),
            Key::Char('i') if !self.note.is_empty() => self.page = Page::Note { top: 0 },
            Key::Char('s') => out.push(Effect::Settings),
            Key::Char('l') => {
                self.lock();
                out.push(Effect::Lock);
            }
            Key::Char('?') => self.page = Page::Help { top: 0 },
            Key::Char('q') => out.push(Effect::Quit),
            key => self.account_key(key, out),
        }
    }

    /// What is done with the chosen account alone.
    fn account_key(&mut self, key: Key, out: &mut Vec<Effect>) {
        let Some(Row::Account(account)) = self.chosen() else { return };
        if account.code == AccountCode::Damaged {
            return;
        }
        let id = account.id.clone();
        out.extend(match key {
            Key::Char('e') => Some(Effect::Edit(id)),
            Key::Char('d') => Some(Effect::Details(id)),
            Key::Char('f') => Some(Effect::Mark { id, mark: Mark::Favourite, on: !account.favourite }),
            Key::Char('P') => Some(Effect::Mark { id, mark: Mark::Pinned, on: !account.pinned }),
            Key::Char('H') => Some(Effect::Mark { id, mark: Mark::Hidden, on: !account.hidden }),
            _ => None,
        });
    }

    fn search_key(&mut self, key: Key, out: &mut Vec<Effect>) {
        let Some(search) = &mut self.search else { return };
        match key {
            Key::Enter | Key::Up | Key::Down => search.typing = false,
            Key::Esc => self.end_search(),
            key => self.look_for(|field| field.key(key), out),
        }
    }

    /// Changes what is looked for, which leads to the first that has it.
    pub(super) fn look_for(&mut self, change: impl FnOnce(&mut Field), out: &mut Vec<Effect>) {
        let Some(search) = &mut self.search else { return };
        change(&mut search.field);
        out.push(Effect::Search(search.field.clone()));
        self.found.clear();
        self.choose(0);
    }

    /// The whole list is there again, with the row that was chosen last.
    fn end_search(&mut self) {
        let chosen = self.chosen().map(|row| row.id().to_owned());
        self.search = None;
        self.found.clear();
        self.keep_selection(chosen.as_deref());
    }

    /// Moves the chosen account past the one below or above it that it may stand beside, in the person's own order.
    fn shift(&mut self, down: bool, out: &mut Vec<Effect>) {
        let Some(Row::Account(chosen)) = self.chosen() else { return };
        if self.sort != Sort::Manual {
            self.notice = Some(text("tui.own_order_only").to_owned());
            return;
        }
        // What is pinned stands among its like, and what can't be read stands last.
        let beside = |other: &&Account| other.pinned == chosen.pinned && other.code != AccountCode::Damaged;
        let rows = self.rows();
        let shown = rows.iter().filter_map(|row| match row {
            Row::Account(account) => Some(*account).filter(beside),
            Row::Gateway(_) => None,
        });
        let shown: Vec<&Account> = shown.collect();
        let Some(at) = shown.iter().position(|account| account.id == chosen.id) else { return };
        let other = if down { shown.get(at + 1) } else { at.checked_sub(1).and_then(|above| shown.get(above)) };
        let Some(other) = other else { return };
        let before = if down {
            // The list may be narrowed: whoever follows the other one, seen or not.
            let all = self.accounts.iter().filter(beside);
            all.skip_while(|account| account.id != other.id).skip(1).find(|account| account.id != chosen.id)
        } else {
            Some(*other)
        };
        out.push(Effect::Shift { id: chosen.id.clone(), before: before.map(|account| account.id.clone()) });
    }

    /// A click: on another row chooses it, on the chosen one opens it.
    pub(super) fn click_row(&mut self, row: usize, now: u64, out: &mut Vec<Effect>) {
        if row == self.selected {
            self.open_row(now, out);
        } else {
            self.choose(row);
        }
    }

    fn choose(&mut self, row: usize) {
        self.selected = row.min(self.rows().len().saturating_sub(1));
    }

    /// Narrows the list to the next of what there is, or to the one before; round and round.
    fn narrow(&mut self, forward: bool) {
        let all = self.filters();
        let at = all.iter().position(|filter| *filter == self.filter).unwrap_or_default();
        let by = if forward { 1 } else { all.len().saturating_sub(1) };
        if let Some(filter) = all.into_iter().cycle().nth(at + by) {
            self.filter = filter;
            self.selected = 0;
        }
    }

    /// Enter on a row: a hidden code is shown for a while, a counted one is asked for, digits of a pending enrolment are
    /// shown large; where there is one pane, the row opens.
    fn open_row(&mut self, now: u64, out: &mut Vec<Effect>) {
        let (mut page, mut revealed) = (None, None);
        match self.chosen() {
            Some(Row::Account(account)) => match account.code {
                AccountCode::Counted(_) => out.push(Effect::Next(account.id.clone())),
                AccountCode::Timed { .. } if account.hidden => {
                    out.push(Effect::Used(account.id.clone()));
                    revealed = Some((account.id.clone(), now + limits::REVEALED));
                }
                AccountCode::Timed { .. } | AccountCode::Damaged => {}
            },
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
        if revealed.is_some() {
            self.revealed = revealed;
        }
        if let Some(page) = page {
            self.page = page;
        }
    }

    fn copy(&self, next: bool, out: &mut Vec<Effect>) {
        let Some(Row::Account(account)) = self.chosen() else { return };
        let can = match account.code {
            AccountCode::Timed { .. } => true,
            AccountCode::Counted(_) => !next,
            AccountCode::Damaged => false,
        };
        if can {
            out.push(Effect::Copy { id: account.id.clone(), next });
        }
    }

    fn ask_removal(&mut self) {
        let removal = match self.chosen() {
            Some(Row::Account(a)) => {
                Removal::Account { id: a.id.clone(), name: a.line(), for_good: a.code == AccountCode::Damaged }
            }
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

/// The order after this one, round and round.
fn next_sort(sort: Sort) -> Sort {
    let at = Sort::ALL.iter().position(|one| *one == sort).unwrap_or_default();
    Sort::ALL[(at + 1) % Sort::ALL.len()]
}
