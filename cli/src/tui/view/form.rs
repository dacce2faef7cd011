//! An account that is typed in, or changed.

use countersign_strings::{fill, text as words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::form::{Form, Item, Task, hint, is_secret, is_text, label};
use super::super::state::Spot;
use super::spot::Spots;
use super::{Look, masked, paragraph, put, text};
use crate::tui::field::Field;

/// The columns of what a row is called.
const LABELS: usize = 14;

/// The columns before a value: what is chosen has a sign there while keys go to it.
const SIGN: &str = "  ";

/// Draws the form; returns the keys for the last line.
pub fn draw(form: &Form, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) -> String {
    let width = usize::from(area.width.saturating_sub(4)).min(90);
    let title = match &form.task {
        Task::Add => words("tui.form_add").to_owned(),
        Task::Edit { name, .. } => fill("tui.form_edit", &[("name", name)]),
    };
    let mut head = paragraph(&title, width, look.title());
    head.push(Line::default());
    let foot = foot(form, width, look);
    let head_height = (head.len() as u16).min(area.height);
    put(buffer, area, 2, head);
    let foot_height = (foot.len() as u16).min(area.height - head_height);
    put(buffer, Rect { y: area.y + area.height - foot_height, height: foot_height, ..area }, 2, foot);
    let area = Rect { y: area.y + head_height, height: area.height - head_height - foot_height, ..area };
    rows(form, width, look, area, buffer, spots);
    let secret = is_secret(form.at);
    let key = match (form.busy, secret, form.shown) {
        (true, ..) => "tui.keys_wait",
        (_, true, false) => "tui.keys_form_secret",
        (_, true, true) => "tui.keys_form_shown",
        _ => "tui.keys_form",
    };
    words(key).to_owned()
}

/// The rows, moved so that the one that keys go to is seen.
fn rows(form: &Form, width: usize, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) {
    let items = form.items();
    let at = items.iter().position(|item| *item == form.at).unwrap_or_default();
    let height = usize::from(area.height).max(1);
    let first = (at + 1).saturating_sub(height);
    let count = items.len();
    for (n, item) in items.into_iter().enumerate().skip(first).take(height) {
        let y = area.y + (n - first) as u16;
        let line = row(form, item, width, look);
        buffer.set_string(area.x + 1, y, if item == form.at { "▸" } else { " " }, look.title());
        buffer.set_line(area.x + 2, y, &line, width as u16);
        spots.add(Rect { x: area.x + 1, y, width: area.width.saturating_sub(2), height: 1 }, Spot::Item(item));
    }
    let right = area.x + area.width.saturating_sub(1);
    if first > 0 {
        buffer.set_string(right, area.y, "↑", look.warn());
    }
    if count > first + height {
        buffer.set_string(right, area.y + area.height.saturating_sub(1), "↓", look.warn());
    }
}

fn row(form: &Form, item: Item, width: usize, look: Look) -> Line<'static> {
    let here = item == form.at;
    if item == Item::Save {
        let style = if here { look.chosen() } else { look.title() };
        return Line::from(Span::styled(format!(" {} ", words("tui.form_save")), style));
    }
    let mut spans = vec![Span::styled(format!("{:<LABELS$}", label(item)), look.quiet())];
    let room = width.saturating_sub(LABELS + SIGN.len());
    let style = if here { look.accent() } else { Style::default() };
    match item {
        Item::Kind | Item::Digits | Item::Algorithm | Item::Icon => {
            spans.push(choice(&form.value(item), here, style));
        }
        item if is_secret(item) && !form.shown => {
            spans.push(Span::raw(SIGN));
            let chars = form.field(item).map_or(0, Field::chars);
            let shown = masked(chars, room);
            spans.push(Span::styled(if here { shown } else { shown.replace('_', "") }, style));
        }
        item if is_text(item) => {
            spans.push(Span::raw(SIGN));
            spans.extend(typed(form.field(item), here, room, style, look));
        }
        item => {
            let mark = if form.is_marked(item) { "[x]" } else { "[ ]" };
            spans.push(Span::styled(format!("{SIGN}{mark}"), style));
        }
    }
    Line::from(spans)
}

/// One of several: it can be turned to the left and to the right.
fn choice(value: &str, here: bool, style: Style) -> Span<'static> {
    Span::styled(if here { format!("‹ {value} ›") } else { format!("{SIGN}{value}") }, style)
}

/// What was typed, moved so that the place where the next character goes is seen.
fn typed(field: Option<&Field>, here: bool, room: usize, style: Style, look: Look) -> Vec<Span<'static>> {
    let one_line = |text: &str| text.replace('\n', "⏎").replace('\t', " ");
    let (before, behind) = field.map(Field::halves).unwrap_or_default();
    let (before, behind) = (one_line(before), one_line(behind));
    if !here {
        return vec![Span::styled(text::cut_right(&format!("{before}{behind}"), room), style)];
    }
    let before = text::cut_left(&before, room.saturating_sub(8));
    let mut rest = behind.chars();
    let (under, place) = match rest.next() {
        None => ("_".to_owned(), style),
        Some(c) => (c.to_string(), look.chosen()),
    };
    let left = room.saturating_sub(text::columns(&before) + text::columns(&under));
    let behind = text::cut_right(rest.as_str(), left);
    vec![Span::styled(before, style), Span::styled(under, place), Span::styled(behind, style)]
}

/// What the row is for, and why the form was not taken. As high for every row, so that nothing jumps.
fn foot(form: &Form, width: usize, look: Look) -> Vec<Line<'static>> {
    let said = match (&form.fault, form.busy, form.leaving) {
        (_, true, _) => paragraph(words("tui.form_saving"), width, look.quiet()),
        (_, _, true) => paragraph(words("tui.form_leaving"), width, look.warn()),
        (Some(fault), ..) => paragraph(fault, width, look.warn()),
        (None, ..) => paragraph(words(hint(form)), width, look.quiet()),
    };
    let mut lines = vec![Line::default()];
    lines.extend(said);
    lines.resize(lines.len().max(3), Line::default());
    lines
}
