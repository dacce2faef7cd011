//! Sentences for a terminal: broken between words, so that no line is wider than people read or the terminal shows.

use std::io::{self, IsTerminal as _};

use crate::measure::columns;

/// The widest line of prose, in columns.
const WIDEST: usize = 80;

/// `words` as they are for a pipe; for a terminal, broken at its width or [`WIDEST`], whichever is less.
pub fn for_reader(words: &str, is_terminal: bool) -> String {
    if !is_terminal {
        return words.to_owned();
    }
    let columns = crossterm::terminal::size().map(|(columns, _)| usize::from(columns)).ok();
    wrapped(words, columns.filter(|columns| *columns > 0).unwrap_or(WIDEST).min(WIDEST))
}

/// A row of a list: a name in a column of `width`, and what is said of it. Where the terminal is too narrow for both, what is
/// said stands beneath, broken between words; `most` is its width, none that of a pipe.
pub fn row(name: &str, width: usize, what: &str, most: Option<usize>) -> String {
    let gap = " ".repeat(width.saturating_sub(columns(name)));
    let line = format!("{name}{gap}  {what}");
    match most {
        Some(most) if line.lines().any(|line| columns(line) > most) => wrapped(&format!("{name}\n  {what}"), most),
        _ => line,
    }
}

/// The width of the terminal that results go to; none of a pipe.
pub fn width_of_results() -> Option<usize> {
    let columns = crossterm::terminal::size().ok().map(|(columns, _)| usize::from(columns));
    columns.filter(|columns| *columns > 0 && io::stdout().is_terminal())
}

/// Breaks each line of `words` between words at `width` columns and keeps its indent. A word that is longer, such as a
/// path or a link, stays whole: it is there to be copied. A blank at the end stays, for what is typed stands behind it.
pub fn wrapped(words: &str, width: usize) -> String {
    words.split('\n').map(|line| wrapped_line(line, width)).collect::<Vec<_>>().join("\n")
}

fn wrapped_line(line: &str, width: usize) -> String {
    if columns(line.trim_end()) <= width {
        return line.to_owned();
    }
    let blanks = line.len() - line.trim_start().len();
    let (indent, end) = (&line[..blanks], &line[line.trim_end().len()..]);
    let mut out = String::new();
    let mut used = 0;
    for word in line.split_whitespace() {
        let room = used + 1 + columns(word) <= width;
        if used > 0 && room {
            out.push(' ');
            used += 1;
        } else {
            if used > 0 {
                out.push('\n');
            }
            out.push_str(indent);
            used = columns(indent);
        }
        out.push_str(word);
        used += columns(word);
    }
    out + end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_broken_between_words() {
        let words = "This is a new phone. Choose a passphrase.\n  countersign approve 1\n  a second indented line";
        let want =
            "This is a new phone.\nChoose a passphrase.\n  countersign approve\n  1\n  a second indented\n  line";
        assert_eq!(wrapped(words, 21), want);
        assert_eq!(wrapped(words, 80), words);
    }

    #[test]
    fn what_is_longer_than_the_width_stays_whole() {
        assert_eq!(wrapped("see /a/rather/long/path now", 10), "see\n/a/rather/long/path\nnow");
        assert_eq!(wrapped("東京 東京 東京", 9), "東京 東京\n東京");
    }

    #[test]
    fn a_row_that_is_too_wide_is_broken_between_words_and_never_within() {
        let what = "Time: 6 digits, every 30 seconds · a favourite";
        let whole = format!("Bank      {what}");
        assert_eq!((row("Bank", 8, what, None), row("Bank", 8, what, Some(80))), (whole.clone(), whole));
        let narrow = row("Bank", 8, what, Some(40));
        assert_eq!(narrow, "Bank\n  Time: 6 digits, every 30 seconds · a\n  favourite");
    }

    #[test]
    fn the_place_where_the_answer_is_typed_stays() {
        assert_eq!(wrapped("Remove it now? [y/N] ", 12), "Remove it\nnow? [y/N] ");
        assert_eq!(wrapped("Passphrase: ", 11), "Passphrase: ");
    }

    #[test]
    fn a_pipe_gets_the_words_as_they_are() {
        let long = "word ".repeat(40);
        assert_eq!(for_reader(&long, false), long);
    }
}
