//! One row of the list: an account or an enrolment, on one line.

use countersign_strings::text as words;
use ratatui::text::{Line, Span};

use super::super::model::{Account, AccountCode, Gateway, GatewayState};
use super::super::state::{Filter, State};
use super::{Look, text};

/// The columns of a list that is wide enough to show the next code as well: code, seconds, next code.
pub const FAR: usize = 12 + 4 + 13;

/// The narrowest list that shows the next code.
pub const WITH_NEXT: usize = 72;

/// Title, as much of the name as fits, and at the right end the code and its seconds.
pub fn account(state: &State, account: &Account, now: u64, width: usize, look: Look) -> Line<'static> {
    let right = right_end(state, account, now, width);
    let room = width.saturating_sub(text::columns(&right) + 1);
    let star = if account.favourite { "★ " } else { "" };
    let title = text::cut_right(&format!("{star}{}", account.title()), room);
    let rest = room.saturating_sub(text::columns(&title) + 1);
    let copied = state.is_copied(account, now).then(|| words("tui.copied"));
    let beside = copied.unwrap_or_else(|| account.subtitle());
    let name = if rest >= 6 { text::cut_right(beside, rest) } else { String::new() };
    let gap = width.saturating_sub(text::columns(&title) + 1 + text::columns(&name) + text::columns(&right));
    Line::from(vec![
        Span::raw(format!("{title} ")),
        Span::styled(name, if copied.is_some() { look.accent() } else { look.quiet() }),
        Span::raw(" ".repeat(gap)),
        Span::styled(right, look.accent()),
    ])
}

fn right_end(state: &State, account: &Account, now: u64, width: usize) -> String {
    let is_shown = state.is_shown(account, now);
    let (code, left, next) = match &account.code {
        AccountCode::Timed { code, next, until, .. } => {
            let left = until.saturating_sub(now);
            let code = match (is_shown, left) {
                (false, _) => hidden(code.as_str()),
                (true, 0) => words("tui.code_over").to_owned(),
                (true, _) => text::grouped(code.as_str()),
            };
            (code, left.to_string(), if is_shown { text::grouped(next.as_str()) } else { String::new() })
        }
        AccountCode::Counted(Some(code)) => (text::grouped(code.as_str()), String::new(), String::new()),
        AccountCode::Counted(None) => (words("tui.on_enter").to_owned(), String::new(), String::new()),
        AccountCode::Damaged => (words("tui.damaged").to_owned(), String::new(), String::new()),
    };
    match (width >= WITH_NEXT, &account.code) {
        (true, _) => {
            let gap = " ".repeat(12_usize.saturating_sub(text::columns(&code)));
            format!("{gap}{code} {left:>3}  {next:>11}")
        }
        (false, AccountCode::Counted(None) | AccountCode::Damaged) => code,
        (false, _) => format!("{code} {left:>3}"),
    }
}

/// What stands in place of a code that is hidden: as many dots as it has characters.
pub fn hidden(code: &str) -> String {
    text::grouped(code).chars().map(|c| if c == ' ' { ' ' } else { '•' }).collect()
}

/// Host, as much of the account as fits, and at the right end how it stands.
pub fn gateway(gateway: &Gateway, width: usize, look: Look) -> Line<'static> {
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

/// What a filter is called.
pub fn filter(filter: &Filter) -> String {
    match filter {
        Filter::All => words("tui.filter_all").to_owned(),
        Filter::Favourites => format!("★ {}", words("tui.filter_favourites")),
        Filter::Group(name) => name.clone(),
        Filter::Tag(name) => format!("#{name}"),
    }
}
