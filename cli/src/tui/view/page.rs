//! What stands in front of the list: unlock, help, link, questions, digits, words.

use countersign_strings::{fill, text as words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::model::{Found, Notice};
use super::super::state::{Ask, Change, Move, Page, Removal, State, Unlock};
use super::{Look, link_shown, list, masked, measure, paragraph, put, text};

/// Draws the page in front of the list; returns the keys for the last line.
pub fn draw(state: &State, look: Look, area: Rect, buffer: &mut Buffer) -> String {
    let width = measure(area);
    let mut lines = vec![Line::default()];
    let mut keys = "tui.keys_back";
    match &state.page {
        Page::Entry { enrol, field, fault } => {
            let title = if *enrol { "tui.entry_enrol" } else { "tui.entry_add" };
            lines.extend(paragraph(words(title), width, look.title()));
            lines.push(Line::default());
            lines.push(Line::styled(link_shown(field.text(), width), look.accent()));
            lines.push(Line::default());
            lines.extend(paragraph(fault.as_deref().unwrap_or_default(), width, look.warn()));
            keys = "tui.keys_entry";
        }
        Page::Busy(what) => {
            lines.extend(paragraph(what, width, look.title()));
            keys = "tui.keys_wait";
        }
        Page::Confirm(found) => {
            lines.extend(confirm(found, width, look));
            keys = "tui.keys_yes_no";
        }
        Page::Remove(removal) => {
            lines.extend(remove(removal, width, look));
            keys = "tui.keys_yes_no";
        }
        Page::Message { text, good } => {
            lines.push(verdict(*good, look));
            lines.extend(paragraph(text, width, look.title()));
        }
        Page::Help => {
            lines.pop();
            lines.extend(help(look));
        }
        Page::Note { top } => {
            note(state, *top, look, area, buffer);
            return words("tui.keys_note").to_owned();
        }
        Page::Passphrase(typed) => {
            lines.extend(change(typed, width, look));
            keys = "tui.keys_entry_next";
        }
        Page::Notice(notice) => {
            lines.extend(told(notice, width, look));
            keys = if notice.reportable { "tui.keys_notice" } else { "tui.keys_notice_only" };
        }
        Page::History { lines: entries, top } => {
            history(entries, *top, look, area, buffer);
            return words("tui.keys_scroll").to_owned();
        }
        Page::MoveAsk { host, .. } => {
            lines.extend(paragraph(words("tui.move_title"), width, look.title()));
            lines.push(Line::default());
            lines.extend(paragraph(&fill("tui.move_ask", &[("host", host)]), width, Default::default()));
            keys = "tui.keys_yes_no";
        }
        Page::Move(moving) => {
            lines = moved(moving, width, area, look);
            keys = if moving.joining.is_some() { "tui.keys_move_digits" } else { "tui.keys_move" };
        }
        Page::Code { code, app } => {
            lines.extend(paragraph(words("tui.offline_title"), width, look.title()));
            lines.push(Line::default());
            lines.extend(list::figures(code.as_str(), width, area.height, look));
            lines.push(Line::default());
            lines.extend(paragraph(&fill("tui.offline_type", &[("app", app)]), width, Default::default()));
            keys = "tui.keys_code";
        }
        Page::List | Page::Digits { .. } => {}
    }
    if let Some(ask) = &state.ask {
        lines.push(Line::default());
        lines.extend(paragraph(words("tui.ask_enrol"), width, look.title()));
        lines.extend(passphrase(ask, look, width));
        keys = "tui.keys_ask";
    }
    put(buffer, area, 2, lines);
    words(keys).to_owned()
}

/// One word that says how it went, so that colour need not.
pub fn verdict(good: bool, look: Look) -> Line<'static> {
    match good {
        true => Line::styled(format!("✓ {}", words("tui.done")), look.accent()),
        false => Line::styled(format!("! {}", words("tui.not_done")), look.danger()),
    }
}

/// The masked field for the passphrase, and whether the last one was wrong.
pub fn passphrase(ask: &Ask, look: Look, width: usize) -> Vec<Line<'static>> {
    let mut lines = vec![
        Line::default(),
        Line::from(vec![
            Span::styled(format!("{}  ", words("tui.passphrase")), look.quiet()),
            Span::styled(masked(ask.field.chars(), width.saturating_sub(14)), look.accent()),
        ]),
        Line::default(),
    ];
    let fault = if ask.wrong { words("tui.wrong_passphrase") } else { "" };
    lines.push(Line::styled(fault, look.warn()));
    lines
}

fn confirm(found: &Found, width: usize, look: Look) -> Vec<Line<'static>> {
    match found {
        Found::Account { name, kind, remarks } => {
            let mut lines = paragraph(words("tui.add_title"), width, look.title());
            lines.push(Line::default());
            lines.extend(paragraph(name, width, look.accent()));
            lines.extend(paragraph(kind, width, look.quiet()));
            for remark in remarks {
                lines.push(Line::default());
                lines.extend(paragraph(remark, width, look.warn()));
            }
            lines
        }
        Found::Offline(card) => {
            let mut lines = paragraph(words("tui.offline_ask"), width, look.title());
            lines.push(Line::default());
            lines.push(Line::styled(card.heading.clone(), look.quiet()));
            lines.extend(paragraph(&card.app, width, look.accent()));
            lines.extend(text::chunks(&card.host, width).into_iter().map(Line::raw));
            lines.extend(paragraph(card.msg.as_deref().unwrap_or_default(), width, look.accent()));
            lines.push(Line::default());
            lines.extend(paragraph(&card.account, width, Default::default()));
            lines.extend(paragraph(card.from.as_deref().unwrap_or_default(), width, Default::default()));
            lines
        }
        Found::Enrolment { host, name } => {
            let mut lines = paragraph(words("tui.enrol_title"), width, look.title());
            lines.push(Line::default());
            lines.extend(paragraph(name, width, look.accent()));
            lines.extend(text::chunks(host, width).into_iter().map(|l| Line::styled(l, look.accent())));
            lines.push(Line::default());
            lines.extend(paragraph(&fill("tui.enrol_ask", &[("host", host)]), width, Default::default()));
            lines
        }
    }
}

/// What a gateway tells, from whom, and when.
fn told(notice: &Notice, width: usize, look: Look) -> Vec<Line<'static>> {
    let mut lines = paragraph(words("tui.notice_title"), width, look.quiet());
    lines.push(Line::default());
    lines.extend(paragraph(&notice.text, width, look.title()));
    lines.push(Line::default());
    lines.extend(paragraph(&notice.name, width, Default::default()));
    lines.extend(text::chunks(&notice.host, width).into_iter().map(Line::raw));
    lines.extend(paragraph(&notice.account, width, look.quiet()));
    lines.extend(paragraph(&notice.told, width, look.quiet()));
    if notice.reportable {
        lines.push(Line::default());
        lines.push(Line::from(vec![Span::raw(words("tui.notice_not_me")), Span::styled("  n", look.title())]));
    }
    lines
}

/// The QR for the new phone as long as nobody has joined, then the field for its digits.
fn moved(moving: &Move, width: usize, area: Rect, look: Look) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if let Some((model, os)) = &moving.joining {
        lines.push(Line::default());
        lines.extend(paragraph(&moving.name, width, look.title()));
        lines.extend(text::chunks(&moving.host, width).into_iter().map(Line::raw));
        lines.push(Line::default());
        lines.extend(paragraph(&fill("tui.move_joining", &[("model", model), ("os", os)]), width, Default::default()));
        lines.push(Line::default());
        if moving.busy {
            lines.push(Line::styled(words("tui.sending"), look.quiet()));
        } else {
            lines.push(Line::styled(format!("{}_", moving.field.text()), look.accent()));
        }
        lines.push(Line::default());
        lines.extend(paragraph(moving.fault.as_deref().unwrap_or_default(), width, look.warn()));
        return lines;
    }
    let symbol: Vec<&str> = moving.symbol.as_str().lines().collect();
    let fits = symbol.len() + 4 <= usize::from(area.height)
        && symbol.iter().all(|line| text::columns(line) + 3 <= usize::from(area.width));
    lines.extend(paragraph(words("tui.move_scan"), width, look.title()));
    if fits {
        lines.extend(symbol.into_iter().map(|line| Line::raw(line.to_owned())));
    } else {
        lines.extend(paragraph(words("tui.move_wide"), width, look.warn()));
        lines.push(Line::default());
        lines.extend(text::chunks(moving.link.as_str(), width).into_iter().map(Line::raw));
        lines.push(Line::default());
    }
    lines.extend(paragraph(words("tui.move_waits"), width, look.quiet()));
    lines
}

/// The history from its line `top` on.
fn history(entries: &[String], top: usize, look: Look, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width.saturating_sub(3));
    let mut lines = paragraph(words("tui.history"), width, look.quiet());
    lines.push(Line::default());
    if entries.is_empty() {
        lines.extend(paragraph(words("tui.history_empty"), width, Default::default()));
    }
    let shown = entries.iter().skip(top).flat_map(|line| entry(line, width));
    lines.extend(shown.map(Line::raw));
    put(buffer, area, 1, lines);
}

/// A day as it is; what ended on it further in, and further still where it goes on.
fn entry(line: &str, width: usize) -> Vec<String> {
    let Some(inside) = line.strip_prefix("  ") else { return vec![line.to_owned()] };
    let parts = text::wrap(inside, width.saturating_sub(4));
    let indent = |n: usize| if n == 0 { "  " } else { "    " };
    parts.iter().enumerate().map(|(n, part)| format!("{}{part}", indent(n))).collect()
}

fn remove(removal: &Removal, width: usize, look: Look) -> Vec<Line<'static>> {
    let (name, question) = match removal {
        Removal::Account { name, .. } => (name, "tui.remove_account"),
        Removal::Gateway { name, .. } => (name, "tui.remove_gateway"),
    };
    let mut lines = paragraph(name, width, look.title());
    lines.push(Line::default());
    lines.extend(paragraph(words(question), width, look.danger()));
    lines
}

fn help(look: Look) -> Vec<Line<'static>> {
    let mut lines = vec![Line::styled(words("tui.help_title"), look.title())];
    for line in words("tui.help").lines() {
        let (key, what) = line.split_once("  ").unwrap_or((line, ""));
        let what = what.trim_start().to_owned();
        lines.push(Line::from(vec![Span::styled(format!("{key:<9}"), look.title()), Span::raw(what)]));
    }
    lines
}

/// The old passphrase, and the new one twice; those not yet reached are left empty.
fn change(typed: &Change, width: usize, look: Look) -> Vec<Line<'static>> {
    let mut lines = paragraph(words("tui.change_title"), width, look.title());
    lines.push(Line::default());
    for (n, key) in ["cli.passphrase", "cli.new_passphrase", "cli.again"].into_iter().enumerate() {
        let field = masked(typed.fields[n].chars(), width.saturating_sub(18));
        let (shown, style) =
            if n == typed.at { (field, look.accent()) } else { (field.replace('_', ""), look.quiet()) };
        lines.push(Line::from(vec![
            Span::styled(format!("{:<16}  ", words(key)), look.quiet()),
            Span::styled(shown, style),
        ]));
    }
    lines.push(Line::default());
    lines.extend(paragraph(typed.fault.as_deref().unwrap_or_default(), width, look.warn()));
    lines
}

/// The whole note from its line `top` on, and whether more of it follows.
fn note(state: &State, top: usize, look: Look, area: Rect, buffer: &mut Buffer) {
    let lines = note_lines(state, top, area);
    let (height, whole) = (usize::from(area.height), lines.len());
    put(buffer, area, 1, lines.into_iter().map(Line::raw).collect());
    let mut mark = |y, sign| {
        buffer.set_string(area.x + area.width.saturating_sub(1), y, sign, look.warn());
    };
    if top > 0 {
        mark(area.y, "↑");
    }
    if whole > height {
        mark(area.y + area.height.saturating_sub(1), "↓");
    }
}

fn note_lines(state: &State, top: usize, area: Rect) -> Vec<String> {
    let width = usize::from(area.width.saturating_sub(3));
    state.note.iter().skip(top).flat_map(|line| text::wrap_indented(line, width)).collect()
}

/// The last line of the note from which something can be seen below: scrolling further would show less and nothing new.
pub fn note_end(state: &State, area: Rect) -> usize {
    let fits = |top: &usize| note_lines(state, *top, area).len() <= usize::from(area.height);
    (0..state.note.len()).find(fits).unwrap_or(state.note.len().saturating_sub(1))
}

/// The unlock screen; returns the keys for the last line.
pub fn unlock(state: &State, unlock: &Unlock, look: Look, area: Rect, buffer: &mut Buffer) -> String {
    let width = measure(area);
    let mut lines = vec![Line::default()];
    if !state.note_folded {
        let wide = usize::from(area.width.saturating_sub(4));
        let note = state.short_note().iter().flat_map(|line| text::wrap_indented(line, wide)).map(Line::raw);
        lines.extend(note.take(usize::from(area.height / 2)));
        if !state.note.is_empty() {
            lines.push(Line::default());
        }
    }
    lines.extend(paragraph(words("tui.unlock"), width, look.title()));
    lines.push(Line::default());
    if unlock.busy {
        lines.push(Line::styled(words("tui.unlocking"), look.quiet()));
    } else {
        lines.push(Line::from(vec![
            Span::styled(format!("{}  ", words("tui.passphrase")), look.quiet()),
            Span::styled(masked(unlock.field.chars(), width.saturating_sub(14)), look.accent()),
        ]));
        lines.push(Line::default());
        lines.extend(paragraph(unlock.fault.as_deref().unwrap_or_default(), width, look.warn()));
    }
    put(buffer, area, 2, lines);
    words("tui.keys_unlock").to_owned()
}

/// The six digits that the page waits for; returns the keys for the last line.
pub fn digits(
    state: &State,
    code: &str,
    name: &str,
    host: &str,
    look: Look,
    area: Rect,
    buffer: &mut Buffer,
) -> String {
    let width = measure(area);
    let mut lines = vec![Line::default()];
    lines.extend(paragraph(name, width, look.title()));
    lines.extend(text::chunks(host, width).into_iter().map(Line::raw));
    lines.push(Line::default());
    lines.extend(list::figures(code, width, area.height, look));
    lines.push(Line::default());
    lines.extend(paragraph(words("tui.type_on_page"), width, look.title()));
    lines.extend(paragraph(words("tui.waits_for_page"), width, look.quiet()));
    put(buffer, area, 2, lines);
    words(if state.unlock.is_some() { "tui.keys_back" } else { "tui.keys_digits" }).to_owned()
}
