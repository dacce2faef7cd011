//! One row of the list: an account or an enrolment, on one line.

use countersign_strings::{fill, text as words};
use ratatui::text::{Line, Span};

use super::super::model::{Account, AccountCode, Gateway, GatewayState, Tile};
use super::super::state::{Filter, State};
use super::{Look, text};

/// The columns of a list that is wide enough to show the next code as well: code, seconds, next code.
pub const FAR: usize = 12 + 4 + 13;

/// The narrowest list that shows the next code.
pub const WITH_NEXT: usize = 72;

/// The narrowest list that shows what is drawn beside an account.
const WITH_TILE: usize = 50;

/// Title, as much of the name as fits, and at the right end the code and its seconds.
pub fn account(state: &State, account: &Account, now: u64, width: usize, look: Look) -> Line<'static> {
    let right = right_end(state, account, now, width);
    let room = width.saturating_sub(text::columns(&right) + 1);
    let tile = if width >= WITH_TILE { tile(account) } else { String::new() };
    let number = account.number.as_ref().map(|number| format!(" {number}")).unwrap_or_default();
    let cut = room.saturating_sub(text::columns(&number));
    let title = format!("{}{number}", text::cut_right(&format!("{tile}{}{}", signs(account), account.title()), cut));
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

/// Its letters in brackets, in five columns: those of an icon that has a name in round ones. What can't be read has none.
pub fn tile(account: &Account) -> String {
    let first = |word: &str| word.chars().take(1).flat_map(char::to_uppercase).collect::<String>();
    let Tile { initials, icon } = &account.tile;
    // Two letters of scripts with wide ones take too much.
    let initials = if text::columns(initials) > 2 { first(initials) } else { initials.clone() };
    let tile = match icon.as_deref().filter(|icon| *icon != words("tui.icon_picture")) {
        _ if initials.is_empty() => String::new(),
        Some(icon) => format!("({})", first(icon)),
        None => format!("[{initials}]"),
    };
    format!("{tile}{}", " ".repeat(5_usize.saturating_sub(text::columns(&tile))))
}

/// What stands before the name of an account that is first in every list, or a favourite.
fn signs(account: &Account) -> String {
    let first = if account.pinned { "↑ " } else { "" };
    let favourite = if account.favourite { "★ " } else { "" };
    format!("{first}{favourite}")
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
            (code, short(left), if is_shown { text::grouped(next.as_str()) } else { String::new() })
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

/// Seconds in three columns; what is longer in minutes or hours, begun ones whole.
fn short(left: u64) -> String {
    let (unit, n) = match left {
        0..1000 => return left.to_string(),
        1000..5941 => ("common.short_minutes", left.div_ceil(60)),
        _ => ("common.short_hours", left.div_ceil(3600)),
    };
    fill(unit, &[("n", &n.to_string())])
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

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_long_time_takes_no_more_room_than_a_short_one() {
        let shown = [0, 29, 999, 1000, 5940, 5941, 29_609, 86_400].map(short);
        assert_eq!(shown, ["0", "29", "999", "17m", "99m", "2h", "9h", "24h"]);
    }
}
