//! The page of hardware tokens: the ledger, or what is under way with the one that lies there.

use countersign_strings::{fill, text as words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::model::TokenRow;
use super::super::state::{State, Talk, TokenAsk, TokenPage, TokenQuestion};
use super::page::verdict;
use super::spot::Spots;
use super::{Look, choices, keyed, masked, measure, paragraph, put, said, text};

/// From how many columns on a row tells the moment, too.
const WITH_MOMENT: usize = 60;

/// The column in which it is said what a key does.
const KEYS: usize = 3;

/// Draws the page; returns the keys for the last line.
pub fn draw(state: &State, page: &TokenPage, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) -> String {
    match &page.talk {
        Some(talk) => under_way(talk, look, area, buffer, spots),
        None => ledger(state, page, look, area, buffer, spots),
    }
}

fn ledger(state: &State, page: &TokenPage, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) -> String {
    let width = measure(area);
    let mut head = paragraph(words("tui.tokens"), width, look.title());
    head.extend(can_be_done(page, width, look));
    head.push(Line::default());
    if page.rows.is_empty() {
        head.extend(paragraph(words("token.ledger_empty"), width, Default::default()));
    }
    let height = (head.len() as u16).min(area.height);
    put(buffer, area, 1, head);
    let area = Rect { y: area.y + height, height: area.height - height, ..area };
    let area = said(state.notice.as_deref(), look, area, buffer);
    let width = usize::from(area.width.saturating_sub(4)).min(110);
    let lines: Vec<Line<'_>> = page.rows.iter().map(|row| line(row, width, look)).collect();
    choices(&lines, page.selected, look, area, buffer, spots);
    words("tui.keys_tokens").to_owned()
}

/// What each key does; of the chosen account where there is one.
fn can_be_done(page: &TokenPage, width: usize, look: Look) -> Vec<Line<'static>> {
    let account = page.account.as_ref().map(|(_, name)| fill("tui.tokens_account", &[("name", name)]));
    let account = account.into_iter().flat_map(|what| keyed("a", &what, KEYS, width, look));
    let others = words("tui.tokens_about").lines().filter_map(|line| line.split_once("  "));
    account.chain(others.flat_map(|(key, what)| keyed(key, what, KEYS, width, look))).collect()
}

/// The token and whose it is; what shows that it holds its seed, and since when.
fn line(row: &TokenRow, width: usize, look: Look) -> Line<'static> {
    let right = if width < WITH_MOMENT { row.proof.clone() } else { format!("{}  {}", row.proof, row.when) };
    let room = width.saturating_sub(text::columns(&right) + 1);
    // Tokens of one series differ at the end of their numbers: what there is room for is that first, then whose it is.
    let token = text::cut_middle(&row.token, room);
    let owner = if row.owner.is_empty() { String::new() } else { format!(" · {}", row.owner) };
    let left = format!("{token}{}", text::cut_right(&owner, room.saturating_sub(text::columns(&token))));
    let gap = width.saturating_sub(text::columns(&left) + text::columns(&right));
    let style = if row.proven { look.quiet() } else { look.warn() };
    Line::from(vec![Span::raw(left), Span::raw(" ".repeat(gap)), Span::styled(right, style)])
}

/// What was said, as much of it as there is room for, the last in sight; beneath it what is asked.
fn under_way(talk: &Talk, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) -> String {
    let width = measure(area);
    let mut foot = vec![Line::default()];
    let mut keys = "tui.keys_token_runs";
    let mut names: &[String] = &[];
    if let Some(asked) = &talk.asks {
        keys = match &asked.question {
            TokenQuestion::YesNo(_) => "tui.keys_yes_no",
            TokenQuestion::Choice(_) => "tui.keys_token_choice",
            TokenQuestion::Line(_) | TokenQuestion::Hidden(_) => "tui.keys_token_line",
        };
        foot.extend(question(asked, width, look));
        if let TokenQuestion::Choice(all) = &asked.question {
            names = all;
        }
    } else if let Some(good) = talk.over {
        keys = "tui.keys_back";
        foot.push(verdict(good, look));
    } else {
        foot.push(Line::styled(words("tui.keys_wait"), look.quiet()));
    }
    let mut lines: Vec<Line<'_>> = vec![];
    for (n, said) in talk.said.iter().enumerate() {
        let style = if n + 1 == talk.said.len() { Default::default() } else { look.quiet() };
        let parts = said.lines().flat_map(|line| text::wrap_indented(line, width));
        lines.extend(parts.map(|part| Line::styled(part, style)));
        lines.push(Line::default());
    }
    lines.pop();
    let most = usize::from(area.height);
    let below = (foot.len() + names.len()).min(most);
    let first = lines.len().saturating_sub(most - below);
    let mut shown = lines.split_off(first);
    shown.append(&mut foot);
    let height = shown.len().min(most) as u16;
    put(buffer, area, 1, shown);
    if let Some(TokenAsk { selected, .. }) = talk.asks.as_ref().filter(|_| !names.is_empty()) {
        let lines: Vec<Line<'_>> = names.iter().map(|name| Line::raw(text::cut_right(name, width))).collect();
        let area = Rect { y: area.y + height, height: area.height - height, ..area };
        choices(&lines, *selected, look, area, buffer, spots);
    }
    words(keys).to_owned()
}

/// What is asked, and what was typed of the answer.
fn question(asked: &TokenAsk, width: usize, look: Look) -> Vec<Line<'static>> {
    let (question, typed) = match &asked.question {
        TokenQuestion::YesNo(question) => (question.as_str(), None),
        TokenQuestion::Line(question) => {
            (question.as_str(), Some(format!("{}_", text::cut_left(asked.field.text(), width.saturating_sub(1)))))
        }
        TokenQuestion::Hidden(question) => (question.as_str(), Some(masked(asked.field.chars(), width))),
        TokenQuestion::Choice(_) => (words("tui.token_choose"), None),
    };
    let mut lines = paragraph(question, width, look.title());
    lines.extend(typed.map(|typed| Line::styled(typed, look.accent())));
    lines
}
