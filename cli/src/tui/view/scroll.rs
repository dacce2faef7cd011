//! Pages that are longer than the window: from which line on they are seen, and that there is more.

use countersign_strings::text as words;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::state::{Page, Sheet, SheetOf, State, TokenPage};
use super::{Look, keyed, paragraph, put, text};

/// The column in which help says what a key does.
const KEYS: usize = 9;

/// The column in which the page of an account says what something is.
const ABOUT: usize = 14;

/// Draws what the page in front has from its line `top` on, and marks at the right edge that there is more.
pub fn draw(state: &State, top: usize, look: Look, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width.saturating_sub(3));
    let heading = heading(state, look, width);
    let entries = entries(state, look, width);
    let head = (heading.len() as u16).min(area.height);
    put(buffer, area, 1, heading);
    let area = Rect { y: area.y + head, height: area.height - head, ..area };
    let lines: Vec<Line<'_>> = entries.into_iter().skip(top).flatten().collect();
    let whole = lines.len();
    put(buffer, area, 1, lines);
    let mut mark = |y, sign| {
        buffer.set_string(area.x + area.width.saturating_sub(1), y, sign, look.warn());
    };
    if top > 0 {
        mark(area.y, "↑");
    }
    if whole > usize::from(area.height) {
        mark(area.y + area.height.saturating_sub(1), "↓");
    }
}

/// The first line from which all the rest is seen: scrolling further would show less and nothing new.
pub fn end(state: &State, area: Rect) -> usize {
    let width = usize::from(area.width.saturating_sub(3));
    let heights: Vec<usize> = entries(state, Look::PLAIN, width).iter().map(Vec::len).collect();
    let room = usize::from(area.height).saturating_sub(heading(state, Look::PLAIN, width).len());
    let fits = |top: &usize| heights[*top..].iter().sum::<usize>() <= room;
    (0..heights.len()).find(fits).unwrap_or(heights.len().saturating_sub(1))
}

/// What stays above.
fn heading(state: &State, look: Look, width: usize) -> Vec<Line<'static>> {
    match &state.page {
        Page::History { .. } => {
            let mut lines = paragraph(words("tui.history"), width, look.quiet());
            lines.push(Line::default());
            lines
        }
        Page::Help { .. } | Page::Tokens(TokenPage { sheet: Some(Sheet { of: SheetOf::Keys, .. }), .. }) => {
            paragraph(words("tui.help_title"), width, look.title())
        }
        Page::Tokens(TokenPage { sheet: Some(_), rows, selected, .. }) => {
            let token = rows.get(*selected).map(|row| row.token.as_str());
            let mut lines = paragraph(token.unwrap_or_default(), width, look.title());
            lines.push(Line::default());
            lines
        }
        Page::Details { details, .. } => {
            let mut lines = paragraph(&details.name, width, look.title());
            lines.push(Line::default());
            lines
        }
        _ => Vec::new(),
    }
}

/// What is scrolled: each entry with the lines it takes.
fn entries(state: &State, look: Look, width: usize) -> Vec<Vec<Line<'static>>> {
    match &state.page {
        Page::Note { .. } => state.note.iter().map(|line| raw(text::wrap_indented(line, width))).collect(),
        Page::History { lines, .. } if lines.is_empty() => {
            vec![paragraph(words("tui.history_empty"), width, Default::default())]
        }
        Page::History { lines, .. } => lines.iter().map(|line| past(line, look, width)).collect(),
        Page::Help { .. } => keys(words("tui.help"), look, width),
        Page::Tokens(TokenPage { sheet: Some(sheet), rows, selected, .. }) => match (sheet.of, rows.get(*selected)) {
            (SheetOf::Keys, _) => keys(words("tui.help_tokens"), look, width),
            (SheetOf::Row, Some(row)) => {
                row.details.iter().map(|(label, value)| keyed(label, value, ABOUT, width, look)).collect()
            }
            (SheetOf::Row, None) => Vec::new(),
        },
        Page::Details { details, .. } => {
            let rows = details.rows.iter().map(|(label, value)| keyed(label, value, ABOUT, width, look));
            let note = details.note.as_str().lines().map(|line| raw(text::wrap_indented(line, width)));
            let gap = (!details.note.as_str().is_empty()).then(|| vec![Line::default()]);
            rows.chain(gap).chain(note).collect()
        }
        _ => Vec::new(),
    }
}

/// What each key does, a line each.
fn keys(all: &'static str, look: Look, width: usize) -> Vec<Vec<Line<'static>>> {
    let parted = all.lines().map(|line| line.split_once("  ").unwrap_or((line, "")));
    parted.map(|(key, what)| keyed(key, what.trim_start(), KEYS, width, look)).collect()
}

fn raw(lines: Vec<String>) -> Vec<Line<'static>> {
    lines.into_iter().map(Line::raw).collect()
}

/// A day as it is; what ended on it further in, and further still where it goes on.
fn past(line: &str, look: Look, width: usize) -> Vec<Line<'static>> {
    let Some(inside) = line.strip_prefix("  ") else {
        return vec![Line::from(Span::styled(line.to_owned(), look.title()))];
    };
    let parts = text::wrap(inside, width.saturating_sub(4)).into_iter().enumerate();
    parts.map(|(n, part)| Line::raw(format!("{}{part}", if n == 0 { "  " } else { "    " }))).collect()
}
