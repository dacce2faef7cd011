//! An approval: it takes the whole screen.

use countersign_strings::{fill, text as words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::model::Card;
use super::super::state::{Approval, State, Step};
use super::{Look, measure, page, paragraph, put, text};

/// Draws the approval in front; returns the keys for the last line.
pub fn draw(state: &State, approval: &Approval, now: u64, look: Look, area: Rect, buffer: &mut Buffer) -> String {
    let width = measure(area);
    // What must be seen comes last and always stands at the bottom; the context above gives way on a low screen.
    let mut below = beneath(state, approval, now, look, width, area.height >= 20);
    if let (Some(msg), Step::Digits { .. }, None) = (&approval.card.msg, &approval.step, &state.ask) {
        below = beside_text(&approval.card, msg, below, look, width, area.height);
    }
    let room = usize::from(area.height).saturating_sub(below.len());
    let roomy = context(&approval.card, look, width, false);
    let mut above = if roomy.len() <= room { roomy } else { context(&approval.card, look, width, true) };
    above.truncate(room);
    put(buffer, area, 2, above);
    let y = area.y + (room as u16).min(area.height);
    let bottom = Rect { y, height: area.y + area.height - y, ..area };
    put(buffer, bottom, 2, below);
    words(keys(state, approval)).to_owned()
}

/// A text to be signed is read whole, with the application and its host above it, or not signed here: blank lines give
/// way to it first, and where that is not enough the digits do.
fn beside_text(
    card: &Card,
    msg: &str,
    mut below: Vec<Line<'static>>,
    look: Look,
    width: usize,
    height: u16,
) -> Vec<Line<'static>> {
    let named = 1 + paragraph(&card.app, width, look.title()).len() + text::chunks(&card.host, width).len();
    let room = usize::from(height).saturating_sub(named);
    if below.len() > room {
        below.retain(|line| line.width() > 0);
    }
    if below.len() > room {
        let rest = below.split_off(paragraph(msg, width, look.accent()).len().min(below.len()));
        below.truncate(room.saturating_sub(2));
        below.extend(paragraph(words("tui.text_cut"), width, look.danger()));
        below.extend(rest.into_iter().next_back());
    }
    below
}

fn keys(state: &State, approval: &Approval) -> &'static str {
    match &approval.step {
        _ if state.ask.is_some() => "tui.keys_ask",
        Step::Digits { .. } => "tui.keys_approval",
        Step::Choice { .. } => "tui.keys_choice",
        Step::Sending => "tui.keys_wait",
        Step::Over { refusable: true, .. } => "tui.keys_over_refuse",
        Step::Over { .. } => "tui.keys_over",
    }
}

/// Who asks, where, as whom and from where. The host is broken into lines where it must be, and never cut.
fn context(card: &Card, look: Look, width: usize, low: bool) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let gap = |lines: &mut Vec<Line<'static>>| {
        if !low {
            lines.push(Line::default());
        }
    };
    gap(&mut lines);
    lines.push(Line::styled(card.heading.clone(), look.quiet()));
    lines.extend(paragraph(&card.app, width, look.title()));
    lines.extend(text::chunks(&card.host, width).into_iter().map(Line::raw));
    gap(&mut lines);
    let new = words("tui.new");
    let mut row = |label: &str, value: &str, mark: Option<&str>| {
        let room = width.saturating_sub(10).max(8);
        let mut parts: Vec<Vec<Span<'static>>> =
            text::wrap(value, room).into_iter().map(|part| vec![Span::raw(part)]).collect();
        if let Some(mark) = mark {
            let last = parts.last_mut().filter(|p| p[0].width() + 2 + text::columns(mark) <= room);
            match last {
                Some(line) => line.push(Span::styled(format!("  {mark}"), look.warn())),
                None => parts.extend(text::wrap(mark, room).into_iter().map(|m| vec![Span::styled(m, look.warn())])),
            }
        }
        for (n, mut part) in parts.into_iter().enumerate() {
            let head = if n == 0 { format!("{label:<10}") } else { " ".repeat(10) };
            part.insert(0, Span::styled(head, look.quiet()));
            lines.push(Line::from(part));
        }
    };
    row(words("tui.as"), &card.account, card.account_differs.then_some(words("tui.other_account")));
    if let Some(from) = &card.from {
        row(words("tui.from"), from, card.from_new.then_some(new));
    }
    if let Some(network) = &card.network {
        row(words("tui.network"), network, None);
    }
    if let Some(with) = &card.with {
        row(words("tui.with"), with, card.with_new.then_some(new));
    }
    if card.stated && !low {
        lines.extend(paragraph(&fill("tui.stated", &[("app", &card.app)]), width, look.quiet()));
    }
    lines
}

/// The part that asks: it keeps its place at the bottom.
fn beneath(state: &State, approval: &Approval, now: u64, look: Look, width: usize, high: bool) -> Vec<Line<'static>> {
    let card = &approval.card;
    if let Some(ask) = &state.ask {
        let mut lines = paragraph(words("tui.ask_approve"), width, look.title());
        lines.extend(page::passphrase(ask, look, width));
        return lines;
    }
    match &approval.step {
        Step::Digits { field, fault } => {
            let number = number_word(card.digits);
            let ask = fill("tui.type_digits", &[("number", &number)]);
            // What is signed must be read whole, so it stands in the part that never gives way.
            let mut lines = paragraph(card.msg.as_deref().unwrap_or_default(), width, look.accent());
            lines.extend(card.msg.as_ref().map(|_| Line::default()));
            lines.extend(paragraph(&ask, width, look.title()));
            lines.push(Line::default());
            let left = Span::styled(left(card, now), look.quiet());
            match text::large(&places(field.text(), card.digits), width).filter(|_| high) {
                Some(large) => {
                    lines.extend(large.into_iter().map(|l| Line::styled(l, look.accent())));
                    lines.push(Line::default());
                    lines.push(Line::from(left));
                }
                None => {
                    let slots = Span::styled(slots(field.text(), card.digits), look.accent());
                    lines.push(Line::from(vec![Span::raw("    "), slots, Span::raw("      "), left]));
                    lines.push(Line::default());
                }
            }
            let fault = fault.as_deref().unwrap_or_default();
            let said = paragraph(fault, width, look.warn());
            lines.extend(if said.is_empty() { vec![Line::default()] } else { said });
            lines.push(Line::from(vec![Span::raw(words("tui.not_me")), Span::styled("  n", look.title())]));
            lines
        }
        Step::Choice { selected } => {
            let mut lines = paragraph(words("tui.choice"), width, look.title());
            lines.push(Line::default());
            for (n, key) in [(0, "tui.choice_cancel"), (1, "tui.choice_report")] {
                let mark = if *selected == n { "▸" } else { " " };
                let style = if *selected == n { look.chosen() } else { Default::default() };
                lines.push(Line::from(vec![
                    Span::raw(format!("{mark} ")),
                    Span::styled(format!(" {} {} ", n + 1, words(key)), style),
                ]));
            }
            lines.extend(paragraph(words("tui.choice_hint"), width, look.quiet()));
            lines.push(Line::default());
            lines
        }
        Step::Sending => {
            let mut lines = paragraph(words("tui.sending"), width, look.title());
            lines.push(Line::default());
            lines
        }
        Step::Over { text, good, refusable } => {
            let mut lines = vec![page::verdict(*good, look)];
            lines.extend(paragraph(text, width, look.title()));
            lines.push(Line::default());
            if *refusable {
                lines.push(Line::from(vec![Span::raw(words("tui.not_me")), Span::styled("  n", look.title())]));
            }
            lines
        }
    }
}

fn left(card: &Card, now: u64) -> String {
    match card.until.saturating_sub(now) {
        0 => words("tui.time_over").to_owned(),
        n => fill("tui.seconds_left", &[("n", &n.to_string())]),
    }
}

/// «six» for 6: the sentence reads better with a word.
fn number_word(digits: usize) -> String {
    match digits {
        2 => words("tui.two").to_owned(),
        3 => words("tui.three").to_owned(),
        4 => words("tui.four").to_owned(),
        5 => words("tui.five").to_owned(),
        6 => words("tui.six").to_owned(),
        7 => words("tui.seven").to_owned(),
        8 => words("tui.eight").to_owned(),
        n => n.to_string(),
    }
}

/// Typed digits, and `_` for each that is missing.
fn places(typed: &str, digits: usize) -> String {
    typed.chars().chain(std::iter::repeat('_')).take(digits).collect()
}

/// Typed digits and the empty places after them, in the groups of the page: `4 9 2   _ _ _`.
fn slots(typed: &str, digits: usize) -> String {
    let spaced = |group: &str| group.chars().map(String::from).collect::<Vec<_>>().join(" ");
    text::grouped(&places(typed, digits)).split(' ').map(spaced).collect::<Vec<_>>().join("   ")
}
