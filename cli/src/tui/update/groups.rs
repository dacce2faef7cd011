//! What a key or a click does on the page of groups.

use super::page::scrolled;
use crate::tui::field::Field;
use crate::tui::model::AccountCode;
use crate::tui::state::{Effect, Filter, GroupPage, GroupStep, GroupTask, Key, Page, Row, State};

impl State {
    /// The groups, with the chosen account to be put into them.
    pub(super) fn open_groups(&mut self) {
        let account = match self.chosen() {
            Some(Row::Account(account)) if account.code != AccountCode::Damaged => {
                Some((account.id.clone(), account.line()))
            }
            _ => None,
        };
        let at = |name: &String| self.groups.iter().position(|group| group == name);
        let selected = if let Filter::Group(name) = &self.filter { at(name) } else { None };
        let selected = selected.unwrap_or_default();
        self.page = Page::Groups(GroupPage { account, selected, wanted: None, step: GroupStep::Choose, fault: None });
    }

    pub(super) fn group_key(&mut self, key: Key, out: &mut Vec<Effect>) {
        let Page::Groups(page) = &mut self.page else { return };
        page.fault = None;
        match &mut page.step {
            GroupStep::Choose => self.choose_group(key, out),
            GroupStep::Name { field, of } => match key {
                Key::Esc => page.step = GroupStep::Choose,
                Key::Enter if field.text().trim().is_empty() => {}
                Key::Enter => {
                    let to = field.text().trim().to_owned();
                    page.wanted = Some(to.clone());
                    out.push(Effect::Group(match of.take() {
                        Some(from) => GroupTask::Rename { from, to },
                        None => GroupTask::Add(to),
                    }));
                    page.step = GroupStep::Choose;
                }
                key => field.key(key),
            },
            GroupStep::Delete(name) => match key {
                Key::Char('y' | 'Y') => {
                    out.push(Effect::Group(GroupTask::Delete(std::mem::take(name))));
                    page.step = GroupStep::Choose;
                }
                Key::Char('n' | 'N') | Key::Esc => page.step = GroupStep::Choose,
                _ => {}
            },
        }
    }

    fn choose_group(&mut self, key: Key, out: &mut Vec<Effect>) {
        let Page::Groups(page) = &mut self.page else { return };
        let chosen = self.groups.get(page.selected).cloned();
        match (key, chosen) {
            (Key::Esc | Key::Char('G' | 'q'), _) => self.page = Page::List,
            (Key::Char('u'), _) => out.push(Effect::Undo),
            (Key::Char('n'), _) => page.step = GroupStep::Name { field: Field::default(), of: None },
            (Key::Enter, Some(name)) => {
                (self.filter, self.selected, self.search) = (Filter::Group(name), 0, None);
                self.found.clear();
                self.page = Page::List;
            }
            (Key::Char(' '), Some(group)) => self.put_into(group, out),
            (Key::Char('r'), Some(name)) => {
                page.step = GroupStep::Name { field: Field::of(&name), of: Some(name) };
            }
            (Key::Char('x'), Some(name)) => page.step = GroupStep::Delete(name),
            (Key::Char('J'), Some(name)) if page.selected + 1 < self.groups.len() => {
                let before = self.groups.get(page.selected + 2).cloned();
                page.wanted = Some(name.clone());
                out.push(Effect::Group(GroupTask::Shift { name, before }));
            }
            (Key::Char('K'), Some(name)) if page.selected > 0 => {
                let before = self.groups.get(page.selected - 1).cloned();
                page.wanted = Some(name.clone());
                out.push(Effect::Group(GroupTask::Shift { name, before }));
            }
            (key, _) => page.selected = scrolled(page.selected, key, self.groups.len()),
        }
    }

    /// Puts the account of the page into a group, or takes it out.
    fn put_into(&self, group: String, out: &mut Vec<Effect>) {
        let Page::Groups(GroupPage { account: Some((id, _)), .. }) = &self.page else { return };
        let inside = !self.is_in(id, &group);
        out.push(Effect::Group(GroupTask::Put { id: id.clone(), group, inside }));
    }

    /// Is this account in this group?
    pub fn is_in(&self, id: &str, group: &str) -> bool {
        self.accounts.iter().any(|account| account.id == id && account.groups.iter().any(|name| name == group))
    }

    /// A click chooses a group; on the chosen one it puts the account in, or takes it out.
    pub(super) fn click_group(&mut self, line: usize, out: &mut Vec<Effect>) {
        let Page::Groups(page) = &mut self.page else { return };
        if !matches!(page.step, GroupStep::Choose) {
            return;
        }
        if page.selected == line {
            return self.choose_group(Key::Char(' '), out);
        }
        page.selected = line;
    }

    /// The groups are others: the one that was wanted is chosen, and else the one that was.
    pub(super) fn groups_changed(&mut self, groups: Vec<String>) {
        if let Page::Groups(page) = &mut self.page {
            let before = self.groups.get(page.selected).cloned();
            let at = |name: &String| groups.iter().position(|group| group == name);
            let wanted = page.wanted.as_ref().and_then(at);
            if wanted.is_some() {
                page.wanted = None;
            }
            let last = groups.len().saturating_sub(1);
            page.selected = wanted.or(before.as_ref().and_then(at)).unwrap_or(page.selected).min(last);
        }
        let renamed = matches!(&self.filter, Filter::Group(name) if !groups.contains(name));
        self.groups = groups;
        if renamed {
            self.filter = Filter::All;
        }
    }

    /// A change of the groups was not made.
    pub(super) fn group_refused(&mut self, words: String) {
        match &mut self.page {
            Page::Groups(page) => (page.fault, page.wanted) = (Some(words), None),
            _ => self.notice = Some(words),
        }
    }
}
