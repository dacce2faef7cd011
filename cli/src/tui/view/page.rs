//! What stands in front of the list: unlock, help, link, questions, digits, words.

use countersign_strings::{fill, text as words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::model::{Found, Notice};
use super::super::state::{Ask, Change, Confirm, Move, Page, Removal, State, Unlock};
use super::{Look, detail, link_shown, masked, measure, paragraph, put, scroll, text};
use crate::words::heading;

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
        Page::Confirm(asked) => {
            lines.extend(confirm(asked, width, look));
            keys = match &asked.found {
                Found::Account { blank: Some(_), .. } if asked.blank => "tui.keys_yes_no_blank",
                Found::Account { blank: Some(_), .. } => "tui.keys_yes_no_plus",
                _ => "tui.keys_yes_no",
            };
        }
        Page::Remove(removal) => {
            lines.extend(remove(removal, width, look));
            keys = "tui.keys_yes_no";
        }
        Page::Message { text, good } => {
            lines.push(verdict(*good, look));
            lines.extend(paragraph(text, width, look.title()));
        }
        Page::Note { top } | Page::History { top, .. } | Page::Help { top } | Page::Details { top, .. } => {
            scroll::draw(state, *top, look, area, buffer);
            let fits = scroll::end(state, area) == 0;
            return words(match (&state.page, fits) {
                (Page::Note { .. }, _) => "tui.keys_note",
                (_, true) => "tui.keys_back_only",
                (_, false) => "tui.keys_scroll",
            })
            .to_owned();
        }
        Page::Passphrase(typed) => {
            lines.extend(change(typed, width, look));
            keys = "tui.keys_entry_next";
        }
        Page::Notice(notice) => {
            lines.extend(told(notice, width, look));
            keys = if notice.reportable { "tui.keys_notice" } else { "tui.keys_notice_only" };
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
            lines.extend(detail::figures(code.as_str(), width, area.height, look));
            lines.push(Line::default());
            lines.extend(paragraph(&fill("tui.offline_type", &[("app", app)]), width, Default::default()));
            keys = "tui.keys_code";
        }
        Page::List
        | Page::Digits { .. }
        | Page::Form(_)
        | Page::Settings { .. }
        | Page::Groups(_)
        | Page::Tokens(_)
        | Page::Bin { .. } => {}
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
    let fault = if ask.wrong { words("error.wrong_passphrase") } else { "" };
    lines.push(Line::styled(fault, look.warn()));
    lines
}

fn confirm(asked: &Confirm, width: usize, look: Look) -> Vec<Line<'static>> {
    match &asked.found {
        Found::Account { name, kind, remarks, blank, .. } => {
            let name = blank.as_ref().filter(|_| asked.blank).unwrap_or(name);
            let title = words(if asked.again { "cli.steam_ask" } else { "tui.add_title" });
            let mut lines = paragraph(title, width, look.title());
            lines.push(Line::default());
            lines.extend(paragraph(name, width, look.accent()));
            lines.extend(paragraph(kind, width, look.quiet()));
            for remark in remarks {
                // How the + is read now.
                let is_plus = asked.blank && remark == words("qr.plus_kept");
                lines.push(Line::default());
                lines.extend(paragraph(if is_plus { words("tui.plus_blank") } else { remark }, width, look.warn()));
            }
            lines
        }
        Found::Offline(card) => {
            let mut lines = paragraph(words("tui.offline_ask"), width, look.title());
            lines.push(Line::default());
            lines.push(Line::styled(heading(card.op), look.quiet()));
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
    let said = paragraph(words("tui.move_scan"), width, look.title());
    let waits = paragraph(words("tui.move_waits"), width, look.quiet());
    let rows = symbol.len() + said.len() + waits.len();
    let columns = symbol.iter().map(|line| text::columns(line) + 3).max().unwrap_or_default();
    lines.extend(said);
    if rows <= usize::from(area.height) && columns <= usize::from(area.width) {
        lines.extend(symbol.into_iter().map(|line| Line::raw(line.to_owned())));
    } else {
        // Two rows more: the first and the last of the window.
        let (columns, rows) = (columns.to_string(), (rows + 2).to_string());
        let wide = fill("tui.move_wide", &[("columns", &columns), ("rows", &rows)]);
        lines.extend(paragraph(&wide, width, look.warn()));
        lines.push(Line::default());
        lines.extend(text::chunks(moving.link.as_str(), width).into_iter().map(Line::raw));
        lines.push(Line::default());
    }
    lines.extend(waits);
    lines
}

fn remove(removal: &Removal, width: usize, look: Look) -> Vec<Line<'static>> {
    let (name, question) = match removal {
        Removal::Account { name, for_good: false, .. } => (name, words("tui.remove_account").to_owned()),
        Removal::Account { name, for_good: true, .. } => (name, words("tui.remove_for_good").to_owned()),
        Removal::Gateway { name, not_left: None, .. } => (name, words("tui.remove_gateway").to_owned()),
        Removal::Gateway { name, not_left: Some(why), .. } => (name, fill("tui.forget_gateway", &[("why", why)])),
    };
    let mut lines = paragraph(name, width, look.title());
    lines.push(Line::default());
    lines.extend(paragraph(&question, width, look.danger()));
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
    lines.extend(detail::figures(code, width, area.height, look));
    lines.push(Line::default());
    lines.extend(paragraph(words("tui.type_on_page"), width, look.title()));
    lines.extend(paragraph(words("tui.waits_for_page"), width, look.quiet()));
    put(buffer, area, 2, lines);
    words(if state.unlock.is_some() { "tui.keys_back" } else { "tui.keys_digits" }).to_owned()
}
