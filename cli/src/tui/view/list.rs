//! The list of codes and enrolments, what it is narrowed to, and the chosen row beside it.

use countersign_strings::{fill, text as words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::model::{Account, AccountCode};
use super::super::state::{Filter, Reading, Row, Spot, State};
use super::spot::Spots;
use super::{Look, THREE_PANES, TWO_PANES, detail, keyed, measure, paragraph, put, row, text};

/// The columns of what the list is narrowed to, where that stands beside it.
const FILTERS: u16 = 24;

/// Draws note, search and list; returns the keys for the last line.
pub fn draw(state: &State, now: u64, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) -> String {
    let area = note(state, look, area, buffer);
    let area = told(state, look, area, buffer);
    let area = match state.filters().len() {
        0 | 1 => area,
        _ if area.width >= THREE_PANES => filters(state, look, area, buffer, spots),
        _ => filter_bar(state, look, area, buffer, spots),
    };
    let area = search(state, look, area, buffer);
    let rows = state.rows();
    if rows.is_empty() {
        empty(state, look, area, buffer);
    } else if area.width >= TWO_PANES {
        let width = if area.width < 90 { area.width * 9 / 20 } else { area.width / 2 };
        let left = Rect { width: width.max(30), ..area };
        let right = Rect { x: area.x + left.width + 2, width: area.width - left.width - 2, ..area };
        lines_of(state, &rows, now, look, left, buffer, spots);
        rule(left.x + left.width, area, look, buffer);
        detail::draw(state, now, look, right, buffer);
    } else if state.opened {
        detail::draw(state, now, look, Rect { x: area.x + 1, width: area.width - 1, ..area }, buffer);
    } else {
        lines_of(state, &rows, now, look, area, buffer, spots);
    }
    let keys = words(keys(state, now, area.width));
    let is_typing = state.search.as_ref().is_some_and(|search| search.typing);
    match &state.undo {
        // While it is said what was done, the key that takes it back stands first.
        Some(_) if !is_typing && state.notice.is_some() => format!("{} · {keys}", words("tui.key_undo")),
        Some(_) if !is_typing => match keys.split_once(" · /") {
            Some((before, after)) => format!("{before} · {} · /{after}", words("tui.key_undo")),
            None => format!("{keys} · {}", words("tui.key_undo")),
        },
        _ => keys.to_owned(),
    }
}

fn keys(state: &State, now: u64, width: u16) -> &'static str {
    let one_pane = width < TWO_PANES;
    match (&state.search, state.chosen()) {
        (Some(search), _) if search.typing => "tui.keys_search",
        (_, None) if state.filter != Filter::All => "tui.keys_empty_group",
        (_, None) => "tui.keys_empty",
        (_, Some(Row::Account(Account { code: AccountCode::Damaged, .. }))) => "tui.keys_damaged",
        (_, Some(Row::Account(Account { code: AccountCode::Counted(_), .. }))) => "tui.keys_counted",
        (_, Some(Row::Account(account))) if account.hidden && !state.is_shown(account, now) => "tui.keys_hidden",
        (_, Some(Row::Account(_))) if one_pane && state.opened => "tui.keys_opened",
        (_, Some(Row::Gateway(_))) if one_pane && state.opened => "tui.keys_gateway_opened",
        (_, Some(Row::Gateway(_))) => "tui.keys_gateway",
        (_, Some(Row::Account(_))) => "tui.keys_list",
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
    let mut line = vec![
        Span::styled(format!("{} ", words("tui.search")), look.quiet()),
        Span::styled(format!("{}{cursor}", search.field.text()), look.accent()),
    ];
    if !search.field.is_empty() {
        line.push(Span::styled(format!("   {}", found(state.rows().len())), look.quiet()));
    }
    put(buffer, Rect { height: 1, ..area }, 1, vec![Line::from(line)]);
    below(area, 1)
}

fn found(rows: usize) -> String {
    match rows {
        1 => words("tui.found_one").to_owned(),
        n => fill("tui.found", &[("n", &n.to_string())]),
    }
}

/// The one thing that is most worth a line beneath the list: what was just done, then what is wrong now. It stands at the
/// bottom, so that no row moves for it.
fn told(state: &State, look: Look, area: Rect, buffer: &mut Buffer) -> Rect {
    let unread = match &state.reading {
        Reading::Failed { why, .. } => Some(fill("tui.accounts_unread", &[("why", why)])),
        Reading::Awaited | Reading::Done => None,
    };
    let clock = || state.gateways.iter().find_map(|gateway| gateway.clock.clone());
    let told = state.notice.clone().or(unread).or_else(|| state.trouble.clone()).or_else(clock);
    let Some(told) = told else { return area };
    let lines = paragraph(&told, usize::from(area.width.saturating_sub(2)), look.warn());
    let height = (lines.len() as u16).min(area.height / 3);
    put(buffer, Rect { y: area.y + area.height - height, height, ..area }, 1, lines);
    Rect { height: area.height - height, ..area }
}

fn below(area: Rect, used: u16) -> Rect {
    let used = used.min(area.height);
    Rect { y: area.y + used, height: area.height - used, ..area }
}

fn rule(x: u16, area: Rect, look: Look, buffer: &mut Buffer) {
    for y in area.y..area.y + area.height {
        buffer.set_string(x, y, "│", look.quiet());
    }
}

/// What the list is narrowed to, in a column of its own with how many accounts there are of each.
fn filters(state: &State, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) -> Rect {
    let width = usize::from(FILTERS - 2);
    let all = state.filters();
    let at = all.iter().position(|filter| *filter == state.filter).unwrap_or_default();
    let height = usize::from(area.height).max(1);
    let first = (at + 1).saturating_sub(height);
    for (n, filter) in all.into_iter().enumerate().skip(first).take(height) {
        let y = area.y + (n - first) as u16;
        let count = state.accounts.iter().filter(|account| filter.takes(account)).count().to_string();
        let room = width.saturating_sub(count.len() + 1);
        let name = text::cut_right(&row::filter(&filter), room);
        let gap = " ".repeat(width.saturating_sub(text::columns(&name) + count.len()));
        let chosen = filter == state.filter;
        buffer.set_string(area.x, y, if chosen { "▸" } else { " " }, look.title());
        let style = if chosen { look.chosen() } else { Style::default() };
        buffer.set_string(area.x + 1, y, format!("{name}{gap}{count}"), style);
        spots.add(Rect { y, height: 1, width: FILTERS - 1, ..area }, Spot::Filter(filter));
    }
    rule(area.x + FILTERS, area, look, buffer);
    Rect { x: area.x + FILTERS + 2, width: area.width - FILTERS - 2, ..area }
}

/// The same on one line: the chosen one in brackets, and moved so that it is seen.
fn filter_bar(state: &State, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) -> Rect {
    let all = state.filters();
    let at = all.iter().position(|filter| *filter == state.filter).unwrap_or_default();
    let room = usize::from(area.width.saturating_sub(4));
    let most = (room / 3).min(30);
    let label = |n: usize| match n == at {
        true => format!("({})", text::cut_right(&row::filter(&all[n]), most)),
        false => format!(" {} ", text::cut_right(&row::filter(&all[n]), most)),
    };
    let width = |from: usize, to: usize| (from..=to).map(|n| text::columns(&label(n)) + 1).sum::<usize>();
    let first = (0..=at).find(|first| width(*first, at) <= room).unwrap_or(at);
    let mut x = area.x + 1;
    let end = area.x + area.width.saturating_sub(2);
    if first > 0 {
        buffer.set_string(area.x, area.y, "‹", look.quiet());
    }
    for (n, filter) in all.iter().enumerate().skip(first) {
        let label = label(n);
        let columns = text::columns(&label) as u16;
        if x + columns > end {
            buffer.set_string(end, area.y, "›", look.quiet());
            break;
        }
        buffer.set_string(x, area.y, &label, if n == at { look.title() } else { look.quiet() });
        spots.add(Rect { x, y: area.y, width: columns, height: 1 }, Spot::Filter(filter.clone()));
        x += columns + 1;
    }
    below(area, 1)
}

fn empty(state: &State, look: Look, area: Rect, buffer: &mut Buffer) {
    let width = measure(area);
    let searched = state.search.as_ref().is_some_and(|s| !s.field.is_empty());
    let mut lines = vec![Line::default()];
    if searched {
        lines.extend(paragraph(words("error.not_found"), width, look.quiet()));
    } else if state.filter != Filter::All {
        let group = row::filter(&state.filter);
        lines.extend(paragraph(&fill("tui.empty_group", &[("group", &group)]), width, look.quiet()));
    } else if state.reading == Reading::Done {
        lines.extend(paragraph(words("tui.empty"), width, look.title()));
        lines.push(Line::default());
        for (key, what) in [("g", "tui.empty_enrol"), ("a", "tui.empty_add"), ("t", "tui.empty_type")] {
            lines.extend(keyed(key, words(what), 3, width, look));
        }
        lines.extend(paragraph(words("tui.empty_paste"), width, Style::default()));
    }
    put(buffer, area, 2, lines);
}

/// The list, moved so that the chosen row is seen.
fn lines_of(state: &State, rows: &[Row<'_>], now: u64, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) {
    let width = usize::from(area.width.saturating_sub(2));
    let area = headings(rows, width, look, area, buffer);
    let height = usize::from(area.height).max(1);
    let first = (state.selected + 1).saturating_sub(height);
    for (n, row) in rows.iter().enumerate().skip(first).take(height) {
        let y = area.y + (n - first) as u16;
        let chosen = n == state.selected;
        let line = match row {
            Row::Account(account) => row::account(state, account, now, width, look),
            Row::Gateway(gateway) => row::gateway(gateway, width, look),
        };
        let line_area = Rect { x: area.x + 1, y, width: width as u16, height: 1 };
        buffer.set_string(area.x, y, if chosen { "▸" } else { " " }, look.title());
        buffer.set_line(line_area.x, y, &line, line_area.width);
        if chosen {
            buffer.set_style(line_area, look.chosen());
        }
        spots.add(line_area, Spot::Row(n));
    }
}

/// What the columns are, where there is room for more than one code.
fn headings(rows: &[Row<'_>], width: usize, look: Look, area: Rect, buffer: &mut Buffer) -> Rect {
    let has_codes = rows.iter().any(|row| matches!(row, Row::Account(_)));
    if width < row::WITH_NEXT || !has_codes || area.height < 8 {
        return area;
    }
    let (code, left, next) = (words("tui.column_code"), words("tui.column_left"), words("tui.column_next"));
    let heads = format!("{code:>12} {left:>3}  {next:>11}");
    let at = area.x + 1 + (width - row::FAR) as u16;
    buffer.set_string(at, area.y, heads, look.quiet());
    below(area, 1)
}
