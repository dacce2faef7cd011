//! What a terminal shows of the bytes that a full-screen program wrote: enough of one to read our screens.

use countersign_tests::program::Printed;

/// Columns and rows of a terminal, unless a test says otherwise.
const USUAL: (usize, usize) = (80, 24);

/// Waits until the screen shows `part` on one line.
///
/// # Panics
/// When it never does.
pub fn wait_for(printed: &Printed, part: &str) {
    printed.wait_until(part, |text| of(text).contains(part));
}

/// The screen of 80×24 after `written`: its lines, blanks at their ends left out.
pub fn of(written: &str) -> String {
    of_size(written, USUAL)
}

/// The same of so many columns and rows.
pub fn of_size(written: &str, (columns, rows): (usize, usize)) -> String {
    let mut cells = vec![vec![' '; columns]; rows];
    let (mut row, mut column) = (0_usize, 0_usize);
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        match c {
            '\x1b' => {
                let Some('[') = rest.next() else { continue };
                let mut argument = String::new();
                let end = rest.by_ref().find(|c| {
                    if !c.is_ascii_alphabetic() {
                        argument.push(*c);
                    }
                    c.is_ascii_alphabetic()
                });
                match end {
                    Some('H') => {
                        let mut numbers = argument.split(';').map(|n| n.parse::<usize>().unwrap_or(1).max(1) - 1);
                        row = numbers.next().unwrap_or_default().min(rows - 1);
                        column = numbers.next().unwrap_or_default().min(columns - 1);
                    }
                    Some('h') if argument == "?1049" => cells = vec![vec![' '; columns]; rows],
                    Some('J') => cells = vec![vec![' '; columns]; rows],
                    _ => {}
                }
            }
            '\r' => column = 0,
            '\n' => row = (row + 1).min(rows - 1),
            c if !c.is_control() && column < columns => {
                cells[row][column] = c;
                column += 1;
            }
            _ => {}
        }
    }
    cells.iter().map(|line| format!("{}\n", line.iter().collect::<String>().trim_end())).collect()
}

#[test]
fn text_stands_where_it_was_put() {
    let shown = of("\x1b[2J\x1b[2;3Hone\x1b[1m two\x1b[2;3HO\x1b[5;1H\x1b[38;5;2mfive");
    assert_eq!(shown.lines().collect::<Vec<_>>()[..5], ["", "  One two", "", "", "five"]);
}
