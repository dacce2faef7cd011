//! Text as a terminal needs it: measured in columns, cut, wrapped, grouped, large.

use ratatui::style::Style;
use ratatui::text::Span;

/// How many columns `text` takes.
pub fn columns(text: &str) -> usize {
    Span::raw(text).width()
}

/// The characters as they are drawn, with combining marks.
fn graphemes(text: &str) -> Vec<(String, usize)> {
    let span = Span::raw(text);
    span.styled_graphemes(Style::new()).map(|g| (g.symbol.to_owned(), columns(g.symbol))).collect()
}

/// At most `width` columns of `text`; what is too long ends in `…`.
pub fn cut_right(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 1;
    for (symbol, w) in graphemes(text) {
        if used + w > width {
            break;
        }
        used += w;
        out.push_str(&symbol);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

/// At most `width` columns of `text`, its right end kept: a host is never cut there, for that end says whose it is.
pub fn cut_left(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    let mut out = Vec::new();
    let mut used = 1;
    for (symbol, w) in graphemes(text).into_iter().rev() {
        if used + w > width {
            break;
        }
        used += w;
        out.push(symbol);
    }
    out.reverse();
    format!("…{}", out.concat())
}

/// At most `width` columns of `text`, of both its ends: numbers of one series differ at the right one.
pub fn cut_middle(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.to_owned();
    }
    // The left end has the mark, as what is cut off its right.
    let right = width.saturating_sub(1) / 2;
    let end = cut_left(text, right + 1);
    let end = end.strip_prefix('…').unwrap_or(&end);
    format!("{}{end}", cut_right(text, width.saturating_sub(columns(end))))
}

/// Breaks `text` into lines of at most `width` columns, between words where it can.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let gap = usize::from(!line.is_empty());
            if columns(&line) + gap + columns(word) > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            if columns(word) > width {
                for part in chunks(word, width) {
                    if !line.is_empty() {
                        lines.push(std::mem::take(&mut line));
                    }
                    line = part;
                }
                continue;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        lines.push(line);
    }
    lines
}

/// Breaks one line like [`wrap`], and keeps its blanks where nothing has to be broken: they set columns. What is broken
/// keeps its indent; a fingerprint is broken between two of its bytes.
pub fn wrap_indented(line: &str, width: usize) -> Vec<String> {
    if columns(line) <= width {
        return vec![line.to_owned()];
    }
    let indent = &line[..line.len() - line.trim_start().len()];
    let width = width.saturating_sub(indent.len()).max(1);
    let bytes = line.trim();
    let is_fingerprint = bytes.len() > width && bytes.split(':').all(|byte| byte.len() <= 2);
    let parts = if is_fingerprint { chunks(bytes, (width / 3 * 3).max(3)) } else { wrap(line, width) };
    parts.into_iter().map(|part| format!("{indent}{part}")).collect()
}

/// Breaks `text` into pieces of at most `width` columns, wherever they end: nothing of it is left out.
pub fn chunks(text: &str, width: usize) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut used = 0;
    for (symbol, w) in graphemes(text) {
        if used + w > width.max(1) {
            parts.push(String::new());
            used = 0;
        }
        used += w;
        if let Some(part) = parts.last_mut() {
            part.push_str(&symbol);
        }
    }
    parts
}

/// Figures in groups that are easy to read and type: 3+3, 4+4, 3+2+2.
pub fn grouped(figures: &str) -> String {
    let groups: &[usize] = match figures.len() {
        // Steam's five letters are one word.
        5 if figures.bytes().any(|byte| !byte.is_ascii_digit()) => return figures.to_owned(),
        5 => &[3, 2],
        6 => &[3, 3],
        7 => &[3, 2, 2],
        8 => &[4, 4],
        9 => &[3, 3, 3],
        10 => &[3, 3, 4],
        _ => return figures.to_owned(),
    };
    let mut rest = figures;
    let mut out = Vec::new();
    for size in groups {
        let Some((head, tail)) = rest.split_at_checked(*size) else { return figures.to_owned() };
        out.push(head);
        rest = tail;
    }
    out.join(" ")
}

const GLYPHS: [[&str; 5]; 10] = [
    ["███", "█ █", "█ █", "█ █", "███"],
    [" █ ", "██ ", " █ ", " █ ", "███"],
    ["███", "  █", "███", "█  ", "███"],
    ["███", "  █", "███", "  █", "███"],
    ["█ █", "█ █", "███", "  █", "  █"],
    ["███", "█  ", "███", "  █", "███"],
    ["███", "█  ", "███", "█ █", "███"],
    ["███", "  █", "  █", "  █", "  █"],
    ["███", "█ █", "███", "█ █", "███"],
    ["███", "█ █", "███", "  █", "███"],
];

const EMPTY: [&str; 5] = ["   ", "   ", "   ", "   ", "▄▄▄"];

/// Figures five lines high, in groups; `_` is an empty place. `None` when they do not fit in `width` columns.
pub fn large(figures: &str, width: usize) -> Option<Vec<String>> {
    let grouped = grouped(figures);
    let mut lines = vec![String::new(); 5];
    for c in grouped.chars() {
        let digit = c.to_digit(10);
        for (row, line) in lines.iter_mut().enumerate() {
            match digit {
                Some(d) => line.push_str(GLYPHS[d as usize][row]),
                None if c == '_' => line.push_str(EMPTY[row]),
                None => line.push(' '),
            }
            line.push(' ');
        }
    }
    let lines: Vec<String> = lines.into_iter().map(|l| l.trim_end().to_owned()).collect();
    lines.iter().all(|l| columns(l) <= width).then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_right_end_of_a_host_is_kept() {
        assert_eq!(cut_left("login.bank.example.evil.test", 12), "…e.evil.test");
        assert_eq!(cut_right("login.bank.example.evil.test", 12), "login.bank.…");
        assert_eq!(cut_left("short", 12), "short");
    }

    #[test]
    fn both_ends_of_a_number_are_kept() {
        assert_eq!(cut_middle("C301-i 86552000000002", 16), "C301-i 8…0000002");
        assert_eq!(cut_middle("東京都庁東京都庁", 7), "東京…庁");
        assert_eq!(cut_middle("short", 5), "short");
        for width in 0..30 {
            assert!(columns(&cut_middle("miniOTP-2-i 86559600000001", width)) <= width, "{width}");
        }
    }

    #[test]
    fn wide_characters_are_measured_in_columns() {
        assert_eq!(columns("東京"), 4);
        assert_eq!(cut_right("東京都庁", 5), "東京…");
        assert_eq!(chunks("東京都庁", 5), ["東京", "都庁"]);
    }

    #[test]
    fn text_is_wrapped_between_words_and_inside_long_ones() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("a 123456789", 5), ["a", "12345", "6789"]);
        assert_eq!(wrap("a\n\nb", 5), ["a", "", "b"]);
    }

    #[test]
    fn what_is_broken_keeps_its_indent_and_its_bytes() {
        assert_eq!(wrap_indented("   a  b", 20), ["   a  b"]);
        assert_eq!(wrap_indented("   one two three", 11), ["   one two", "   three"]);
        assert_eq!(wrap_indented("  AB:CD:EF:01", 10), ["  AB:CD:", "  EF:01"]);
    }

    #[test]
    fn figures_are_grouped_as_the_screens_say() {
        for (figures, want) in
            [("492039", "492 039"), ("77340112", "7734 0112"), ("7734011", "773 40 11"), ("12", "12")]
        {
            assert_eq!(grouped(figures), want);
        }
    }

    #[test]
    fn large_figures_fit_or_are_not_drawn() {
        let six = large("492039", 40).unwrap();
        assert_eq!(six.len(), 5);
        assert!(six.iter().all(|l| columns(l) <= 25));
        assert!(large("492039", 20).is_none());
    }
}
