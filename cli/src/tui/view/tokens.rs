//! The page of hardware tokens: the ledger, or what is under way with the one that lies there.

use countersign_strings::{fill, text as words};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::model::TokenRow;
use super::super::state::{Over, State, Talk, TokenAsk, TokenPage, TokenQuestion};
use super::page::verdict;
use super::spot::Spots;
use super::{Look, blocks, keyed, masked, measure, paragraph, put, said, scroll, text};

/// The column in which it is said what a key does.
const KEYS: usize = 3;

/// How many lines of an account are shown of a row at most; all of it stands in its details.
const OWNER_LINES: usize = 3;

/// Draws the page; returns the keys for the last line.
pub fn draw(state: &State, page: &TokenPage, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) -> String {
    match (&page.talk, page.sheet) {
        (Some(talk), _) => under_way(talk, look, area, buffer, spots),
        (None, Some(sheet)) => {
            scroll::draw(state, sheet.top, look, area, buffer);
            words(if scroll::end(state, area) == 0 { "tui.keys_back_only" } else { "tui.keys_scroll" }).to_owned()
        }
        (None, None) => ledger(state, page, look, area, buffer, spots),
    }
}

fn ledger(state: &State, page: &TokenPage, look: Look, area: Rect, buffer: &mut Buffer, spots: &mut Spots) -> String {
    let width = measure(area);
    let mut head = paragraph(words("tui.tokens"), width, look.title());
    if let Some((_, name)) = &page.account {
        head.extend(keyed("a", &fill("tui.tokens_account", &[("name", name)]), KEYS, width, look));
    }
    head.push(Line::default());
    if page.rows.is_empty() {
        head.extend(paragraph(words("token.ledger_empty"), width, Default::default()));
    }
    let height = (head.len() as u16).min(area.height);
    put(buffer, area, 1, head);
    let area = Rect { y: area.y + height, height: area.height - height, ..area };
    let area = said(state.notice.as_deref(), look, area, buffer);
    let width = usize::from(area.width.saturating_sub(4)).min(110);
    let rows: Vec<Vec<Line<'_>>> = page.rows.iter().map(|row| lines_of(row, width, look)).collect();
    blocks(&rows, page.selected, look, area, buffer, spots);
    words(if rows.is_empty() { "tui.keys_tokens_empty" } else { "tui.keys_tokens" }).to_owned()
}

/// The token and whose it is; what shows that it holds its seed, and since when. What has no room on one line goes on beneath.
fn lines_of(row: &TokenRow, width: usize, look: Look) -> Vec<Line<'static>> {
    let style = if row.proven { look.quiet() } else { look.warn() };
    let proof = format!("{}  {}", row.proof, row.when);
    let owner = if row.owner.is_empty() { String::new() } else { format!(" · {}", row.owner) };
    let both = |left: String| {
        let gap = " ".repeat(width.saturating_sub(text::columns(&left) + text::columns(&proof)));
        Line::from(vec![Span::raw(left), Span::raw(gap), Span::styled(proof.clone(), style)])
    };
    let fits = |left: &str| text::columns(left) + 2 + text::columns(&proof) <= width;
    let whole = format!("{}{owner}", row.token);
    if fits(&whole) {
        return vec![both(whole)];
    }
    let beneath = owned_by(row, width, look);
    if fits(&row.token) {
        return [vec![both(row.token.clone())], beneath].concat();
    }
    // Tokens of one series differ at the end of their numbers.
    let token = Line::raw(text::cut_middle(&row.token, width));
    let proof = text::wrap(&format!("{} · {}", row.proof, row.day), width.saturating_sub(2));
    let proof = proof.into_iter().map(|line| Line::styled(format!("  {line}"), style));
    std::iter::once(token).chain(beneath).chain(proof).collect()
}

/// Whose it is, on lines of its own.
fn owned_by(row: &TokenRow, width: usize, look: Look) -> Vec<Line<'static>> {
    let room = width.saturating_sub(2);
    let mut lines = if row.owner.is_empty() { vec![] } else { text::wrap(&row.owner, room) };
    if lines.len() > OWNER_LINES {
        let rest = lines.split_off(OWNER_LINES - 1).join(" ");
        lines.push(text::cut_right(&rest, room));
    }
    lines.into_iter().map(|line| Line::styled(format!("  {line}"), look.quiet())).collect()
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
    } else if let Some(how) = talk.over {
        keys = "tui.keys_back";
        foot.push(match how {
            Over::Done | Over::NotDone => verdict(how == Over::Done, look),
            Over::ClockOff => Line::styled(format!("! {}", words("tui.clock_off")), look.warn()),
        });
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
    // However many there are to choose from, what they are for stays in sight.
    let last =
        talk.said.last().map_or(0, |said| said.lines().flat_map(|line| text::wrap_indented(line, width)).count());
    let kept = last.min(most / 3);
    let names: Vec<Vec<Line<'_>>> = names.iter().map(|name| wrapped(name, width)).collect();
    let below = (foot.len() + names.iter().map(Vec::len).sum::<usize>()).min(most - kept);
    let first = lines.len().saturating_sub(most - below);
    let mut shown = lines.split_off(first);
    shown.append(&mut foot);
    let height = shown.len().min(most) as u16;
    put(buffer, area, 1, shown);
    if let Some(TokenAsk { selected, .. }) = talk.asks.as_ref().filter(|_| !names.is_empty()) {
        let area = Rect { y: area.y + height, height: area.height - height, ..area };
        blocks(&names, *selected, look, area, buffer, spots);
    }
    words(keys).to_owned()
}

/// What can be chosen, the whole of it: where it goes on it stands further in.
fn wrapped(name: &str, width: usize) -> Vec<Line<'static>> {
    let parts = text::wrap(name, width.saturating_sub(2)).into_iter().enumerate();
    parts.map(|(n, part)| Line::raw(if n == 0 { part } else { format!("  {part}") })).collect()
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
