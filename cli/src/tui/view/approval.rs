//! An approval: it takes the whole screen.

use countersign_core::protocol::push::Op;
use countersign_strings::{fill, text as words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::model::Card;
use super::super::state::{Approval, State, Step};
use super::{Look, measure, page, paragraph, put, text};
use crate::words::heading;

/// Draws the approval in front; returns the keys for the last line.
pub fn draw(state: &State, approval: &Approval, now: u64, look: Look, area: Rect, buffer: &mut Buffer) -> String {
    let (above, below) = arranged(state, approval, now, look, area);
    // What must be seen comes last and always stands at the bottom.
    let below_from = usize::from(area.height).saturating_sub(below.len());
    put(buffer, area, 2, above);
    let y = area.y + (below_from as u16).min(area.height);
    let bottom = Rect { y, height: area.y + area.height - y, ..area };
    put(buffer, bottom, 2, below);
    words(keys(state, approval)).to_owned()
}

/// The context and the part that asks, as roomy as the height allows. Blank lines and the large figures give way to the
/// context first; then what is not marked as new does, and that something is missing is said.
fn arranged(
    state: &State,
    approval: &Approval,
    now: u64,
    look: Look,
    area: Rect,
) -> (Vec<Line<'static>>, Vec<Line<'static>>) {
    let (card, width, height) = (&approval.card, measure(area), usize::from(area.height));
    let beneath = |form| beneath(state, approval, now, look, width, form);
    for (roomy, form) in
        [(true, Form::Large), (false, Form::Large), (true, Form::Plain), (false, Form::Plain), (false, Form::Tight)]
    {
        let (above, below) = (lines_of(context(card, look, width, roomy)), beneath(form));
        if above.len() + below.len() <= height {
            return (above, below);
        }
    }
    let cut = paragraph(words("tui.text_cut"), width, look.warn());
    let mut below = beneath(Form::Tight);
    let mut parts = context(card, look, width, false);
    let fits = |parts: &[Part], below: &[Line<'_>]| {
        parts.iter().map(|part| part.lines.len()).sum::<usize>() + cut.len() + below.len() <= height
    };
    for dropped in [Drop::First, Drop::Second, Drop::Third] {
        if !fits(&parts, &below) {
            parts.retain(|part| part.drop != dropped);
        }
    }
    if !fits(&parts, &below) {
        for part in &mut parts {
            if let Some(short) = part.short.take() {
                part.lines = vec![short];
            }
        }
    }
    if let (Some(msg), Step::Digits { .. }, None, None) = (&card.msg, &approval.step, &state.ask, card.stale) {
        below = beside_text(card, msg, below, look, width, height);
    }
    let room = height.saturating_sub(below.len());
    let mut above = lines_of(parts);
    above.truncate(room.saturating_sub(cut.len()));
    above.extend(cut);
    above.truncate(room);
    (above, below)
}

/// How much room the part that asks takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Digits five lines high.
    Large,
    /// Digits on one line.
    Plain,
    /// And no blank line.
    Tight,
}

/// A part of the context, how it is said on one line, and when it may be left out.
struct Part {
    lines: Vec<Line<'static>>,
    short: Option<Line<'static>>,
    drop: Drop,
}

/// When a part is left out on a screen that is too low for all.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drop {
    First,
    Second,
    Third,
    /// It says who asks and where, or it is marked.
    Never,
}

fn lines_of(parts: Vec<Part>) -> Vec<Line<'static>> {
    parts.into_iter().flat_map(|part| part.lines).collect()
}

/// A text to be signed is read whole, with the application and its host above it, or not signed here: where the height is
/// not enough, the digits give way.
fn beside_text(
    card: &Card,
    msg: &str,
    mut below: Vec<Line<'static>>,
    look: Look,
    width: usize,
    height: usize,
) -> Vec<Line<'static>> {
    let named = 2 + paragraph(&card.app, width, look.title()).len() + text::chunks(&card.host, width).len();
    let room = height.saturating_sub(named);
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
        Step::Digits { .. } if approval.card.stale.is_some() => "tui.keys_refuse",
        Step::Digits { .. } => "tui.keys_approval",
        Step::Choice { .. } => "tui.keys_choice",
        Step::Sending => "tui.keys_wait",
        Step::Passed(_) => "tui.keys_over_refuse",
        Step::Over { .. } => "tui.keys_over",
    }
}

/// Who asks, where, as whom and from where. The host is broken into lines where it must be, and never cut.
fn context(card: &Card, look: Look, width: usize, roomy: bool) -> Vec<Part> {
    let never = |lines| Part { lines, short: None, drop: Drop::Never };
    let gap = || never(if roomy { vec![Line::default()] } else { Vec::new() });
    let mut head = vec![Line::styled(heading(card.op), look.quiet())];
    head.extend(paragraph(&card.app, width, look.title()));
    let (host, name) = place(card, look, width);
    head.extend(host);
    let new = words("tui.new");
    let mut parts = vec![gap(), never(head), Part { drop: Drop::First, ..never(name) }, gap()];
    let differs = card.account_differs.then_some(words("tui.other_account"));
    parts.push(never(row(words("tui.as"), &card.account, differs, look, width)));
    let mut add = |label, value: &Option<String>, is_new: bool, drop| {
        if let Some(value) = value {
            let lines = row(label, value, is_new.then_some(new), look, width);
            // A mark is seen, however long the value before it is.
            let room = width.saturating_sub(12 + text::columns(new));
            let short = is_new.then(|| row(label, &text::cut_right(value, room), Some(new), look, width));
            let short = short.and_then(|lines| lines.into_iter().next());
            parts.push(Part { lines, short, drop: if is_new { Drop::Never } else { drop } });
        }
    };
    add(words("tui.from"), &card.from, card.from_new, Drop::Third);
    add(words("tui.network"), &card.network, false, Drop::First);
    add(words("tui.with"), &card.with, card.with_new, Drop::Second);
    if card.stated {
        parts.push(never(paragraph(&fill("tui.stated", &[("app", &card.app)]), width, look.quiet())));
    }
    if let Some(stale) = card.stale {
        parts.push(gap());
        parts.push(never(paragraph(stale, width, look.warn())));
    }
    parts
}

/// The host, and behind it, or on lines of its own, the gateway's own name.
fn place(card: &Card, look: Look, width: usize) -> (Vec<Line<'static>>, Vec<Line<'static>>) {
    let mut host: Vec<Line<'static>> = text::chunks(&card.host, width).into_iter().map(Line::raw).collect();
    if card.gateway.is_empty() {
        return (host, Vec::new());
    }
    let name = Span::styled(format!("  {}", card.gateway), look.quiet());
    match host.last_mut().filter(|line| line.width() + name.width() <= width) {
        Some(line) => {
            line.push_span(name);
            (host, Vec::new())
        }
        None => (host, paragraph(&card.gateway, width, look.quiet())),
    }
}

/// A label and its value, broken under itself; a mark stands behind it, or on the next line.
fn row(label: &str, value: &str, mark: Option<&str>, look: Look, width: usize) -> Vec<Line<'static>> {
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
    let labelled = parts.into_iter().enumerate().map(|(n, mut part)| {
        let head = if n == 0 { format!("{label:<10}") } else { " ".repeat(10) };
        part.insert(0, Span::styled(head, look.quiet()));
        Line::from(part)
    });
    labelled.collect()
}

/// The part that asks: it keeps its place at the bottom.
fn beneath(state: &State, approval: &Approval, now: u64, look: Look, width: usize, form: Form) -> Vec<Line<'static>> {
    let mut lines = asking(state, approval, now, look, width, form == Form::Large);
    if form == Form::Tight {
        lines.retain(|line| line.width() > 0);
    }
    lines
}

fn asking(state: &State, approval: &Approval, now: u64, look: Look, width: usize, high: bool) -> Vec<Line<'static>> {
    let card = &approval.card;
    if let Some(ask) = &state.ask {
        let mut lines = paragraph(words("tui.ask_approve"), width, look.title());
        lines.extend(page::passphrase(ask, look, width));
        return lines;
    }
    match &approval.step {
        // It can be refused, and not approved: the reason stands above.
        Step::Digits { .. } if card.stale.is_some() => {
            let mut lines = paragraph(card.msg.as_deref().unwrap_or_default(), width, look.accent());
            lines.push(Line::default());
            lines.push(refusal(look));
            lines
        }
        Step::Digits { field, fault } => {
            let number = number_word(card.digits);
            let ask = match card.op {
                Op::Login | Op::Info => fill("tui.type_digits", &[("number", &number)]),
                Op::Sign | Op::Enrol => fill("tui.type_digits_page", &[("number", &number)]),
            };
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
            lines.push(refusal(look));
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
        Step::Over { text, good } => {
            let mut lines = vec![page::verdict(*good, look)];
            lines.extend(paragraph(text, width, look.title()));
            lines.push(Line::default());
            lines
        }
        Step::Passed(text) => {
            let mut lines = vec![Line::styled(format!("– {}", words("tui.over")), look.title())];
            lines.extend(paragraph(text, width, look.title()));
            lines.push(Line::default());
            lines.push(refusal(look));
            lines
        }
    }
}

fn refusal(look: Look) -> Line<'static> {
    Line::from(vec![Span::raw(words("tui.not_me")), Span::styled("  n", look.title())])
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
