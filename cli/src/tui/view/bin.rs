//! What was removed and can be brought back.

use countersign_strings::{fill, text as words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::model::Binned;
use super::super::state::{BinAsk, State};
use super::spot::Spots;
use super::{Look, choices, measure, paragraph, put, said, text};

/// Draws the bin, each row with the day until which it can be brought back; returns the keys for the last line.
pub fn draw(
    state: &State,
    (rows, selected, ask): (&[Binned], usize, Option<BinAsk>),
    look: Look,
    area: Rect,
    buffer: &mut Buffer,
    spots: &mut Spots,
) -> String {
    let width = measure(area);
    let mut head = paragraph(words("tui.bin"), width, look.title());
    head.push(Line::default());
    let question = ask.map(|ask| question(rows, selected, ask));
    if let Some(question) = &question {
        head.extend(paragraph(question, width, look.danger()));
        put(buffer, area, 1, head);
        return words("tui.keys_yes_no").to_owned();
    }
    if rows.is_empty() {
        head.extend(paragraph(words("tui.bin_empty"), width, Default::default()));
    }
    let height = (head.len() as u16).min(area.height);
    put(buffer, area, 1, head);
    let area = Rect { y: area.y + height, height: area.height - height, ..area };
    let area = said(state.notice.as_deref(), look, area, buffer);
    let lines: Vec<Line<'_>> = rows.iter().map(|row| line(row, width, look)).collect();
    choices(&lines, selected, look, area, buffer, spots);
    words(if rows.is_empty() { "tui.keys_back_only" } else { "tui.keys_bin" }).to_owned()
}

fn question(rows: &[Binned], selected: usize, ask: BinAsk) -> String {
    match ask {
        BinAsk::One => {
            let name = rows.get(selected).map(|row| row.name.as_str()).unwrap_or_default();
            fill("tui.bin_ask", &[("name", name)])
        }
        BinAsk::All => fill("tui.bin_ask_all", &[("n", &rows.len().to_string())]),
    }
}

fn line(row: &Binned, width: usize, look: Look) -> Line<'static> {
    let until = fill("tui.bin_until", &[("day", &row.until)]);
    let name = text::cut_right(&row.name, width.saturating_sub(text::columns(&until) + 1));
    let gap = width.saturating_sub(text::columns(&name) + text::columns(&until));
    Line::from(vec![Span::raw(name), Span::raw(" ".repeat(gap)), Span::styled(until, look.quiet())])
}
