//! The groups: which there are, how many accounts are in each, and whether the chosen account is.

use countersign_strings::{fill, text as words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::state::{GroupPage, GroupStep, State};
use super::spot::Spots;
use super::{Look, choices, measure, paragraph, put, said, text};

/// Draws the groups; returns the keys for the last line.
pub fn draw(state: &State, page: &GroupPage, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) -> String {
    let width = measure(area);
    let mut head = paragraph(words("tui.groups"), width, look.title());
    match &page.step {
        GroupStep::Choose => head.extend(about(state, page, width, look)),
        GroupStep::Name { field, of } => {
            let title = match of {
                Some(name) => fill("tui.group_rename", &[("name", name)]),
                None => words("tui.group_new").to_owned(),
            };
            head.push(Line::default());
            head.extend(paragraph(&title, width, look.quiet()));
            let shown = text::cut_left(field.text(), width.saturating_sub(1));
            head.push(Line::styled(format!("{shown}_"), look.accent()));
            put(buffer, area, 1, head);
            return words("tui.keys_group_name").to_owned();
        }
        GroupStep::Delete(name) => {
            let (named, n) = (fill("tui.group_delete", &[("name", name)]), count(state, name).to_string());
            head.push(Line::default());
            head.extend(paragraph(&named, width, look.title()));
            head.extend(paragraph(&fill("tui.group_delete_about", &[("n", &n)]), width, look.danger()));
            put(buffer, area, 1, head);
            return words("tui.keys_yes_no").to_owned();
        }
    }
    head.push(Line::default());
    let height = (head.len() as u16).min(area.height);
    put(buffer, area, 1, head);
    let area = Rect { y: area.y + height, height: area.height - height, ..area };
    let area = said(page.fault.as_deref().or(state.notice.as_deref()), look, area, buffer);
    let lines: Vec<Line<'_>> = state.groups.iter().map(|name| line(state, page, name, width.min(50), look)).collect();
    choices(&lines, page.selected, look, area, buffer, spots);
    words(match (lines.is_empty(), &page.account) {
        (true, _) => "tui.keys_groups_none",
        (false, Some(_)) => "tui.keys_groups_put",
        (false, None) => "tui.keys_groups",
    })
    .to_owned()
}

/// What can be done here, in a sentence.
fn about(state: &State, page: &GroupPage, width: usize, look: Look) -> Vec<Line<'static>> {
    let about = match &page.account {
        _ if state.groups.is_empty() => words("tui.groups_none").to_owned(),
        Some((_, name)) => fill("tui.groups_put", &[("name", name)]),
        None => words("tui.groups_about").to_owned(),
    };
    paragraph(&about, width, look.quiet())
}

/// Whether the account is in it, its name, and how many are.
fn line(state: &State, page: &GroupPage, name: &str, width: usize, look: Look) -> Line<'static> {
    let mark = match &page.account {
        Some((id, _)) if state.is_in(id, name) => "[x] ",
        Some(_) => "[ ] ",
        None => "",
    };
    let count = count(state, name).to_string();
    let name = text::cut_right(name, width.saturating_sub(mark.len() + count.len() + 1));
    let gap = width.saturating_sub(mark.len() + text::columns(&name) + count.len());
    Line::from(vec![Span::raw(mark), Span::raw(name), Span::raw(" ".repeat(gap)), Span::styled(count, look.quiet())])
}

fn count(state: &State, name: &str) -> usize {
    state.accounts.iter().filter(|account| account.groups.iter().any(|group| group == name)).count()
}
