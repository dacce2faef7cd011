//! The chosen row, with all that fits.

use countersign_strings::{fill, text as words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::super::model::{Account, AccountCode, Gateway, GatewayState};
use super::super::state::{Row, State};
use super::{Look, paragraph, put, row, text};

/// Draws the chosen row.
pub fn draw(state: &State, now: u64, look: Look, area: Rect, buffer: &mut Buffer) {
    let width = usize::from(area.width.saturating_sub(2));
    let lines = match state.chosen() {
        Some(Row::Account(account)) => of_account(state, account, now, width, area.height, look),
        Some(Row::Gateway(gateway)) => of_gateway(gateway, width, area.height, look),
        None => return,
    };
    put(buffer, area, 1, lines);
}

fn of_account(state: &State, account: &Account, now: u64, width: usize, height: u16, look: Look) -> Vec<Line<'static>> {
    let title = format!("{}{}", row::tile(account), account.title());
    let mut lines = paragraph(title.trim_start(), width, look.title());
    lines.extend(paragraph(account.subtitle(), width, look.quiet()));
    lines.extend(account.number.iter().flat_map(|number| paragraph(number, width, look.quiet())));
    lines.push(Line::default());
    match &account.code {
        AccountCode::Timed { code, period, until, .. } if !state.is_shown(account, now) => {
            lines.push(Line::styled(row::hidden(code.as_str()), look.accent()));
            lines.push(Line::default());
            lines.push(countdown(until.saturating_sub(now), *period, width, look));
            lines.push(Line::default());
            lines.extend(paragraph(words("tui.hidden"), width, Style::default()));
        }
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
        AccountCode::Counted(None) => lines.extend(paragraph(words("tui.counted"), width, Style::default())),
        AccountCode::Damaged => lines.extend(paragraph(words("error.damaged"), width, look.danger())),
    }
    let about = about(state, account, now, width, look);
    if !about.is_empty() {
        lines.push(Line::default());
        lines.extend(about);
    }
    lines
}

/// Whether it was copied, what it is and where it stands: each on a line of its own.
fn about(state: &State, account: &Account, now: u64, width: usize, look: Look) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    if state.is_copied(account, now) {
        lines.push(Line::styled(words("tui.copied"), look.accent()));
    }
    lines.extend(paragraph(&account.kind, width, look.quiet()));
    let marks = [(account.favourite, "tui.is_favourite"), (account.pinned, "tui.is_pinned")];
    let marks = marks.into_iter().filter(|(is, _)| *is).map(|(_, key)| words(key).to_owned());
    let groups = account.groups.iter().cloned();
    let tags = account.tags.iter().map(|tag| format!("#{tag}"));
    let icon = account.tile.icon.iter().map(|icon| fill("tui.icon_is", &[("icon", icon)]));
    let stands: Vec<String> = groups.chain(tags).chain(marks).chain(icon).collect();
    lines.extend(paragraph(&stands.join(" · "), width, look.quiet()));
    lines
}

/// Figures as large as the place allows; a code with letters stands on one line.
pub fn figures(code: &str, width: usize, height: u16, look: Look) -> Vec<Line<'static>> {
    match text::large(code, width).filter(|_| height >= 12) {
        Some(lines) => lines.into_iter().map(|l| Line::styled(l, look.accent())).collect(),
        None => vec![Line::styled(text::grouped(code), look.accent())],
    }
}

/// The seconds as a number, and as a bar.
fn countdown(left: u64, period: u64, width: usize, look: Look) -> Line<'static> {
    let label = match left {
        0..1000 => fill("common.seconds", &[("n", &left.to_string())]),
        _ => crate::words::time(left),
    };
    let size = width.saturating_sub(text::columns(&label).max(5) + 3).min(24) as u64;
    let full = (left.min(period) * size).div_ceil(period.max(1)).min(size);
    let style = if left <= 5 { look.warn() } else { look.accent() };
    Line::from(vec![
        Span::styled(format!("{label:>5}  "), style),
        Span::styled("━".repeat(full as usize), style),
        Span::styled("─".repeat((size - full) as usize), look.quiet()),
    ])
}

fn of_gateway(gateway: &Gateway, width: usize, height: u16, look: Look) -> Vec<Line<'static>> {
    let mut lines = paragraph(&gateway.name, width, look.title());
    lines.extend(text::chunks(&gateway.host, width).into_iter().map(Line::raw));
    lines.extend(paragraph(&gateway.account, width, look.quiet()));
    lines.push(Line::default());
    match &gateway.state {
        GatewayState::Joining => lines.extend(paragraph(words("tui.about_joining"), width, Style::default())),
        GatewayState::Pending(digits) => {
            lines.extend(figures(digits.as_str(), width, height, look));
            lines.push(Line::default());
            lines.extend(paragraph(words("tui.about_pending"), width, Style::default()));
        }
        GatewayState::Active => lines.extend(paragraph(words("tui.about_active"), width, Style::default())),
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
