//! Draws the terminal phone: a function of the state, the time and the look.

mod approval;
mod bin;
mod detail;
mod direction;
mod form;
mod groups;
mod list;
mod look;
mod page;
mod row;
mod scroll;
mod settings;
mod spot;
mod tokens;

use countersign_core::vault::Sort;
use countersign_strings::{fill, text as words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

pub use look::Look;
pub use spot::Spots;

use super::state::{Key, Page, Spot, State, TokenPage};
use crate::measure as text;
use crate::measure::{columns, cut_right};

/// The narrowest terminal with two panes.
pub const TWO_PANES: u16 = 60;

/// The narrowest one with three: what the list is narrowed to stands beside it.
pub const THREE_PANES: u16 = 120;

/// Keeps a scrolled page within what it has, now that the size is known.
pub fn settle(state: &mut State, area: Rect) {
    let end = scroll::end(state, body(area));
    if let Page::Note { top } | Page::History { top, .. } | Page::Help { top } | Page::Details { top, .. } =
        &mut state.page
    {
        *top = (*top).min(end);
    }
    if let Page::Tokens(TokenPage { sheet: Some(sheet), .. }) = &mut state.page {
        sheet.top = sheet.top.min(end);
    }
}

fn body(area: Rect) -> Rect {
    Rect { y: area.y + 1, height: area.height.saturating_sub(2), ..area }
}

/// Draws the whole screen, and gives what can be clicked. `now` is Unix time in seconds.
pub fn draw(state: &State, now: u64, look: Look, area: Rect, buffer: &mut Buffer) -> Spots {
    let mut spots = Spots::default();
    compose(state, now, look, area, buffer, &mut spots);
    direction::tame(buffer, area);
    spots
}

fn compose(state: &State, now: u64, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) {
    if area.width < 16 || area.height < 6 {
        return put(buffer, area, 0, vec![Line::raw(words("tui.text_cut"))]);
    }
    let body = body(area);
    header(state, look, area, buffer, spots);
    let keys = if let Some(approval) = &state.approval {
        approval::draw(state, approval, now, look, body, buffer)
    } else if let Page::Digits { digits, name, host, .. } = &state.page {
        page::digits(state, digits.as_str(), name, host, look, body, buffer)
    } else if let Some(unlock) = &state.unlock {
        page::unlock(state, unlock, look, body, buffer)
    } else if matches!(state.page, Page::List) {
        list::draw(state, now, look, body, buffer, spots)
    } else if let Page::Settings { set, selected } = &state.page {
        settings::draw(*set, *selected, look, body, buffer, spots)
    } else if let Page::Groups(page) = &state.page {
        groups::draw(state, page, look, body, buffer, spots)
    } else if let Page::Bin { rows, selected, ask } = &state.page {
        bin::draw(state, (rows, *selected, *ask), look, body, buffer, spots)
    } else if let (Page::Tokens(page), None) = (&state.page, &state.ask) {
        tokens::draw(state, page, look, body, buffer, spots)
    } else if let (Page::Form(form), None) = (&state.page, &state.ask) {
        form::draw(form, look, body, buffer, spots)
    } else {
        page::draw(state, look, body, buffer)
    };
    footer(&keys, look, area, buffer, spots);
}

/// The first line: what this is, and how many approvals wait behind.
fn header(state: &State, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) {
    buffer.set_string(area.x + 1, area.y, words("tui.title"), look.title());
    let waiting = state.waiting();
    let right = match (waiting, &state.approval) {
        (0, _) => return sorted(state, look, area, buffer, spots),
        (n, Some(_)) => fill("tui.more_waiting", &[("n", &n.to_string())]),
        (1, None) => words("tui.one_waits").to_owned(),
        (n, None) => fill("tui.some_wait", &[("n", &n.to_string())]),
    };
    let width = columns(&right) as u16;
    if width + 14 < area.width {
        buffer.set_string(area.x + area.width - width - 1, area.y, right, look.warn());
    }
}

/// In which order the list stands, where it is not the person's own.
fn sorted(state: &State, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) {
    let key = match state.sort {
        Sort::Manual => return,
        Sort::Name => "tui.by_name",
        Sort::Use => "tui.by_use",
        Sort::Code => "tui.by_code",
    };
    let is_list = state.unlock.is_none() && state.approval.is_none() && matches!(state.page, Page::List);
    let width = columns(words(key)) as u16;
    if is_list && width + 14 < area.width {
        let place = Rect { x: area.x + area.width - width - 1, y: area.y, width, height: 1 };
        buffer.set_string(place.x, place.y, words(key), look.quiet());
        spots.add(place, Spot::Key(Key::Char('o')));
    }
}

/// The last line: as many of the keys as fit, the first ones first.
fn footer(keys: &str, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) {
    let room = usize::from(area.width.saturating_sub(2));
    let y = area.y + area.height - 1;
    let mut line = String::new();
    for item in keys.split(" · ") {
        let gap = if line.is_empty() { "" } else { " · " };
        if columns(&line) + columns(gap) + columns(item) > room {
            break;
        }
        line.push_str(gap);
        if let Some(key) = spot::key_of(item) {
            let x = area.x + 1 + columns(&line) as u16;
            spots.add(Rect { x, y, width: columns(item) as u16, height: 1 }, Spot::Key(key));
        }
        line.push_str(item);
    }
    buffer.set_string(area.x + 1, y, line, look.quiet());
}

/// Writes lines from the top of `area`, `indent` columns in; what does not fit is left out at the bottom.
fn put(buffer: &mut Buffer, area: Rect, indent: u16, lines: Vec<Line<'_>>) {
    let width = area.width.saturating_sub(indent + 1);
    for (y, line) in (area.y..area.y + area.height).zip(&lines) {
        buffer.set_line(area.x + indent, y, line, width);
    }
}

/// Plain text, wrapped, in one style.
fn paragraph(text: &str, width: usize, style: Style) -> Vec<Line<'static>> {
    text::wrap(text, width).into_iter().map(|l| Line::from(Span::styled(l, style))).collect()
}

/// A key in a column of its own, and what it does beside it, broken under itself.
fn keyed(key: &str, what: &str, column: usize, width: usize, look: Look) -> Vec<Line<'static>> {
    let parts = text::wrap(what, width.saturating_sub(column)).into_iter().enumerate();
    let keyed = parts.map(|(n, part)| {
        let key = if n == 0 { key } else { "" };
        Line::from(vec![Span::styled(format!("{key:<column$}"), look.title()), Span::raw(part)])
    });
    keyed.collect()
}

/// Lines of which one is chosen, moved so that it is seen; each can be clicked.
fn choices(lines: &[Line<'_>], selected: usize, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) {
    let rows: Vec<Vec<Line<'_>>> = lines.iter().map(|line| vec![line.clone()]).collect();
    blocks(&rows, selected, look, area, buffer, spots);
}

/// The same of rows that may take several lines each: one that is no longer seen whole is left out.
fn blocks(rows: &[Vec<Line<'_>>], selected: usize, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) {
    let end = area.y + area.height;
    let lines = |rows: &[Vec<Line<'_>>]| rows.iter().map(Vec::len).sum::<usize>();
    let is_seen = |first: &usize| rows.get(*first..=selected).is_some_and(|to| lines(to) <= usize::from(area.height));
    let first = (0..=selected).find(is_seen).unwrap_or(selected);
    let mut y = area.y;
    for (n, row) in rows.iter().enumerate().skip(first) {
        if n > first && usize::from(end.saturating_sub(y)) < row.len() {
            return;
        }
        for (at, line) in row.iter().enumerate().take_while(|(at, _)| y + (*at as u16) < end) {
            let place = Rect { y: y + at as u16, height: 1, width: area.width.saturating_sub(2), ..area };
            buffer.set_string(place.x, place.y, if n == selected && at == 0 { "▸" } else { " " }, look.title());
            let place = Rect { x: place.x + 1, ..place };
            buffer.set_line(place.x, place.y, line, place.width);
            if n == selected {
                buffer.set_style(place, look.chosen());
            }
            spots.add(place, Spot::Line(n));
        }
        y += row.len() as u16;
    }
}

/// One line at the foot of a page: what was just done, or why it was not.
fn said(words: Option<&str>, look: Look, area: Rect, buffer: &mut Buffer) -> Rect {
    let lines = paragraph(words.unwrap_or_default(), measure(area), look.warn());
    let height = (lines.len() as u16).min(area.height / 3);
    put(buffer, Rect { y: area.y + area.height - height, height, ..area }, 1, lines);
    Rect { height: area.height - height, ..area }
}

/// The columns that text may take inside `area`: never so many that a line is hard to read.
fn measure(area: Rect) -> usize {
    usize::from(area.width.saturating_sub(4)).min(66)
}

/// A field: masked, or as far as it may be seen.
fn masked(chars: usize, width: usize) -> String {
    let shown = chars.min(width.saturating_sub(1));
    format!("{}_", "•".repeat(shown))
}

/// A link as far as it may be seen: without what follows `?` or `#`, for a secret stands there.
fn link_shown(link: &str, width: usize) -> String {
    let open = link.split(['?', '#']).next().unwrap_or_default();
    if open.len() == link.len() && columns(link) < width {
        return format!("{link}_");
    }
    let count = fill("tui.characters", &[("n", &link.chars().count().to_string())]);
    let room = width.saturating_sub(columns(&count) + 1);
    format!("{} {count}", cut_right(&format!("{open}…"), room))
}
