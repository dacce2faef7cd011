//! The list of codes and enrolments, and the chosen one beside it.

use countersign_strings::{fill, text as words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::model::{Account, AccountCode, Gateway, GatewayState};
use super::super::state::{Reading, Row, State};
use super::{Look, TWO_PANES, keyed, measure, paragraph, put, text};

/// Draws note, search and list; returns the keys for the last line.
pub fn draw(state: &State, now: u64, look: Look, area: Rect, buffer: &mut Buffer) -> String {
    let area = note(state, look, area, buffer);
    let area = search(state, look, area, buffer);
    let area = notice(state, look, area, buffer);
    let rows = state.rows();
    if rows.is_empty() {
        empty(state, look, area, buffer);
    } else if area.width >= TWO_PANES {
        let left = Rect { width: (area.width * 9 / 20).max(30), ..area };
        let right = Rect { x: area.x + left.width + 2, width: area.width - left.width - 2, ..area };
        lines_of(state, &rows, now, look, left, buffer);
        for y in area.y..area.y + area.height {
            buffer.set_string(left.x + left.width, y, "│", look.quiet());
        }
        detail(state, now, look, right, buffer);
    } else if state.opened {
        detail(state, now, look, Rect { x: area.x + 1, width: area.width - 1, ..area }, buffer);
    } else {
        lines_of(state, &rows, now, look, area, buffer);
    }
    words(keys(state, area.width)).to_owned()
}

fn keys(state: &State, width: u16) -> &'static str {
    let one_pane = width < TWO_PANES;
    match (&state.search, state.chosen()) {
        (Some(search), _) if search.typing => "tui.keys_search",
        _ if one_pane && state.opened => "tui.keys_opened",
        (_, Some(Row::Account(Account { code: AccountCode::Counted(_), .. }))) => "tui.keys_counted",
        _ => "tui.keys_list",
    }
}

/// What whoever started the phone wants seen, up to its first blank line: at most half of the height, more while there is
/// no list. The line beneath says how to see all of it.
fn note(state: &State, look: Look, area: Rect, buffer: &mut Buffer) -> Rect {
    if state.note.is_empty() || state.note_folded {
        return area;
    }
    let width = usize::from(area.width.saturating_sub(2));
    let lines = state.short_note().iter().flat_map(|line| text::wrap_indented(line, width)).map(Line::raw);
    let most = if state.rows().is_empty() { area.height.saturating_sub(8) } else { area.height / 2 };
    let lines: Vec<Line<'_>> = lines.take(usize::from(most)).collect();
    let height = lines.len() as u16;
    put(buffer, Rect { height, ..area }, 1, lines);
    buffer.set_string(area.x, area.y + height, "─".repeat(usize::from(area.width)), look.quiet());
    let hint = format!(" {} ", words("tui.note_more"));
    if text::columns(&hint) + 4 <= usize::from(area.width) {
        buffer.set_string(area.x + 2, area.y + height, hint, look.quiet());
    }
    below(area, height + 1)
}

fn search(state: &State, look: Look, area: Rect, buffer: &mut Buffer) -> Rect {
    let Some(search) = &state.search else { return area };
    let cursor = if search.typing { "_" } else { "" };
    let line = Line::from(vec![
        Span::styled(format!("{} ", words("tui.search")), look.quiet()),
        Span::raw(format!("{}{cursor}", search.field.text())),
    ]);
    put(buffer, Rect { height: 1, ..area }, 1, vec![line]);
    below(area, 1)
}

fn notice(state: &State, look: Look, area: Rect, buffer: &mut Buffer) -> Rect {
    let Some(notice) = told(state) else { return area };
    let lines = paragraph(&notice, usize::from(area.width.saturating_sub(2)), look.warn());
    let height = (lines.len() as u16).min(area.height / 3);
    put(buffer, Rect { height, ..area }, 1, lines);
    below(area, height)
}

/// The one thing that is most worth a line above the list: what was just done, then what is wrong now.
fn told(state: &State) -> Option<String> {
    let unread = match &state.reading {
        Reading::Failed { why, .. } => Some(fill("tui.accounts_unread", &[("why", why)])),
        Reading::Awaited | Reading::Done => None,
    };
    let clock = || state.gateways.iter().find_map(|gateway| gateway.clock.clone());
    state.notice.clone().or(unread).or_else(|| state.trouble.clone()).or_else(clock)
}

fn below(area: Rect, used: u16) -> Rect {
    let used = used.min(area.height);
    Rect { y: area.y + used, height: area.height - used, ..area }
}

fn empty(state: &State, look: Look, area: Rect, buffer: &mut Buffer) {
    let width = measure(area);
    let searched = state.search.as_ref().is_some_and(|s| !s.field.is_empty());
    let mut lines = vec![Line::default()];
    if searched {
        lines.extend(paragraph(words("error.not_found"), width, look.quiet()));
    } else if state.reading == Reading::Done {
        lines.extend(paragraph(words("tui.empty"), width, look.title()));
        lines.push(Line::default());
        for (key, what) in [("e", "tui.empty_enrol"), ("a", "tui.empty_add")] {
            lines.extend(keyed(key, words(what), 3, width, look));
        }
        lines.extend(paragraph(words("tui.empty_paste"), width, Default::default()));
    }
    put(buffer, area, 2, lines);
}

/// The list, moved so that the chosen row is seen.
fn lines_of(state: &State, rows: &[Row<'_>], now: u64, look: Look, area: Rect, buffer: &mut Buffer) {
    let height = usize::from(area.height).max(1);
    let first = (state.selected + 1).saturating_sub(height);
    let width = usize::from(area.width.saturating_sub(2));
    for (n, row) in rows.iter().enumerate().skip(first).take(height) {
        let y = area.y + (n - first) as u16;
        let chosen = n == state.selected;
        let line = match row {
            Row::Account(account) => account_line(account, now, width, look),
            Row::Gateway(gateway) => gateway_line(gateway, width, look),
        };
        buffer.set_string(area.x, y, if chosen { "▸" } else { " " }, look.title());
        buffer.set_line(area.x + 1, y, &line, width as u16);
        if chosen {
            buffer.set_style(Rect { x: area.x + 1, y, width: width as u16, height: 1 }, look.chosen());
        }
    }
}

/// Title, as much of the name as fits, and at the right end the code and its seconds.
fn account_line(account: &Account, now: u64, width: usize, look: Look) -> Line<'static> {
    let right = match &account.code {
        AccountCode::Timed { code, until, .. } => {
            let code = if *until > now { text::grouped(code.as_str()) } else { words("tui.code_over").to_owned() };
            format!("{code} {:>3}", until.saturating_sub(now))
        }
        AccountCode::Counted(Some(code)) => format!("{}    ", text::grouped(code.as_str())),
        AccountCode::Counted(None) => words("tui.on_enter").to_owned(),
        AccountCode::Damaged => words("tui.damaged").to_owned(),
    };
    let room = width.saturating_sub(text::columns(&right) + 1);
    let title = text::cut_right(account.title(), room);
    let rest = room.saturating_sub(text::columns(&title) + 1);
    let name = if rest >= 6 { text::cut_right(account.subtitle(), rest) } else { String::new() };
    let used = text::columns(&title) + 1 + text::columns(&name);
    let gap = (width + 1).saturating_sub(used + text::columns(&right) + 1);
    Line::from(vec![
        Span::raw(format!("{title} ")),
        Span::styled(name, look.quiet()),
        Span::raw(" ".repeat(gap)),
        Span::styled(right, look.accent()),
    ])
}

fn gateway_line(gateway: &Gateway, width: usize, look: Look) -> Line<'static> {
    let (right, style) = match &gateway.state {
        GatewayState::Joining => (words("tui.state_joining"), look.warn()),
        GatewayState::Pending(_) => (words("tui.state_pending"), look.warn()),
        GatewayState::Active => (words("tui.state_active"), look.accent()),
        GatewayState::Suspended => (words("tui.state_suspended"), look.warn()),
        GatewayState::Gone(_) => (words("tui.state_gone"), look.danger()),
        GatewayState::KeysGone => (words("tui.state_keys_gone"), look.danger()),
        GatewayState::Damaged => (words("tui.damaged"), look.danger()),
    };
    let room = width.saturating_sub(text::columns(right) + 1);
    let host = text::cut_left(&gateway.host, room);
    // Two enrolments at one host differ by it.
    let rest = room.saturating_sub(text::columns(&host) + 1);
    let account = if rest >= 6 { text::cut_right(&gateway.account, rest) } else { String::new() };
    let gap = width.saturating_sub(text::columns(&host) + 1 + text::columns(&account) + text::columns(right));
    Line::from(vec![
        Span::raw(format!("{host} ")),
        Span::styled(account, look.quiet()),
        Span::raw(" ".repeat(gap)),
        Span::styled(right, style),
    ])
}

fn detail(state: &State, now: u64, look: Look, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width.saturating_sub(2));
    let lines = match state.chosen() {
        Some(Row::Account(account)) => account_detail(account, now, width, area.height, look),
        Some(Row::Gateway(gateway)) => gateway_detail(gateway, width, area.height, look),
        None => return,
    };
    put(buffer, area, 1, lines);
}

fn account_detail(account: &Account, now: u64, width: usize, height: u16, look: Look) -> Vec<Line<'static>> {
    let mut lines = paragraph(account.title(), width, look.title());
    lines.extend(paragraph(account.subtitle(), width, look.quiet()));
    lines.push(Line::default());
    match &account.code {
        AccountCode::Timed { code, next, period, until } => {
            match *until > now {
                true => lines.extend(figures(code.as_str(), width, height, look)),
                false => lines.push(Line::styled(words("tui.code_over"), look.warn())),
            }
            lines.push(Line::default());
            lines.push(countdown(until.saturating_sub(now), *period, width, look));
            lines.push(Line::default());
            lines.push(Line::from(vec![
                Span::styled(format!("{}  ", words("tui.next")), look.quiet()),
                Span::raw(text::grouped(next.as_str())),
            ]));
        }
        AccountCode::Counted(Some(code)) => {
            lines.extend(figures(code.as_str(), width, height, look));
            lines.push(Line::default());
            lines.extend(paragraph(words("tui.counted_again"), width, look.quiet()));
        }
        AccountCode::Counted(None) => lines.extend(paragraph(words("tui.counted"), width, Default::default())),
        AccountCode::Damaged => lines.extend(paragraph(words("error.damaged"), width, look.danger())),
    }
    lines
}

/// Figures as large as the place allows.
pub fn figures(code: &str, width: usize, height: u16, look: Look) -> Vec<Line<'static>> {
    match text::large(code, width).filter(|_| height >= 12) {
        Some(lines) => lines.into_iter().map(|l| Line::styled(l, look.accent())).collect(),
        None => vec![Line::styled(text::grouped(code), look.accent())],
    }
}

/// The seconds as a number, and as a bar.
fn countdown(left: u64, period: u64, width: usize, look: Look) -> Line<'static> {
    let size = width.saturating_sub(8).min(24) as u64;
    let full = (left.min(period) * size).div_ceil(period.max(1)).min(size);
    let style = if left <= 5 { look.warn() } else { look.accent() };
    Line::from(vec![
        Span::styled(format!("{:>5}  ", fill("common.seconds", &[("n", &left.to_string())])), style),
        Span::styled("━".repeat(full as usize), style),
        Span::styled("─".repeat((size - full) as usize), look.quiet()),
    ])
}

fn gateway_detail(gateway: &Gateway, width: usize, height: u16, look: Look) -> Vec<Line<'static>> {
    let mut lines = paragraph(&gateway.name, width, look.title());
    lines.extend(text::chunks(&gateway.host, width).into_iter().map(Line::raw));
    lines.extend(paragraph(&gateway.account, width, look.quiet()));
    lines.push(Line::default());
    match &gateway.state {
        GatewayState::Joining => lines.extend(paragraph(words("tui.about_joining"), width, Default::default())),
        GatewayState::Pending(digits) => {
            lines.extend(figures(digits.as_str(), width, height, look));
            lines.push(Line::default());
            lines.extend(paragraph(words("tui.about_pending"), width, Default::default()));
        }
        GatewayState::Active => lines.extend(paragraph(words("tui.about_active"), width, Default::default())),
        GatewayState::Suspended => lines.extend(paragraph(words("tui.about_suspended"), width, look.warn())),
        GatewayState::Gone(why) => lines.extend(paragraph(why, width, look.danger())),
        GatewayState::KeysGone => lines.extend(paragraph(words("error.key_gone"), width, look.danger())),
        GatewayState::Damaged => lines.extend(paragraph(words("error.gateway_damaged"), width, look.danger())),
    }
    for remark in [gateway.stale, gateway.clock.as_deref()].into_iter().flatten() {
        lines.push(Line::default());
        lines.extend(paragraph(remark, width, look.warn()));
    }
    lines
}
