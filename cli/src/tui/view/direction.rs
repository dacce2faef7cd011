//! What was drawn, tamed: a terminal that reorders text reorders no more than a name that runs from right to left, and no
//! letter carries marks over its neighbours.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use crate::measure::columns as width;
use crate::outside::{ISOLATE, RELEASE, few_marks, is_right_to_left};

/// Isolates each run of right to left in each row, and leaves at most four marks on a letter. It looks at what stands in
/// the cells, so nothing that is drawn can be forgotten.
pub fn tame(buffer: &mut Buffer, area: Rect) {
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if buffer[(x, y)].symbol().chars().nth(1).is_some() {
                let few = few_marks(buffer[(x, y)].symbol());
                buffer[(x, y)].set_symbol(&few);
            }
        }
        let mut x = area.left();
        while let Some((from, to)) = run(buffer, x..area.right(), y) {
            match before(buffer, area.left()..from, y) {
                Some(at) => append(&mut buffer[(at, y)], ISOLATE),
                None => {
                    let first = buffer[(from, y)].symbol().to_owned();
                    buffer[(from, y)].set_symbol(&format!("{ISOLATE}{first}"));
                }
            }
            append(&mut buffer[(to, y)], RELEASE);
            x = to + 1;
        }
    }
}

/// The cell that a terminal puts into what it is given before the cell behind `columns`, as it does with all that has no
/// width: it must be drawn anew with it, or what was put there stays when the run is gone. A wide letter has two cells, of
/// which the second is never drawn.
fn before(buffer: &Buffer, columns: std::ops::Range<u16>, y: u16) -> Option<u16> {
    let last = columns.end.checked_sub(1).filter(|last| columns.contains(last))?;
    let wide = last.checked_sub(1).filter(|at| columns.contains(at) && width(buffer[(*at, y)].symbol()) > 1);
    Some(wide.unwrap_or(last))
}

fn append(cell: &mut Cell, mark: char) {
    let symbol = format!("{}{mark}", cell.symbol());
    cell.set_symbol(&symbol);
}

/// The next run: from its first cell of that direction to its last, with single blanks inside.
fn run(buffer: &Buffer, columns: std::ops::Range<u16>, y: u16) -> Option<(u16, u16)> {
    let runs = |cell: &Cell| cell.symbol().chars().any(is_right_to_left);
    let from = columns.clone().find(|x| runs(&buffer[(*x, y)]))?;
    let mut to = from;
    for x in from + 1..columns.end {
        match &buffer[(x, y)] {
            cell if runs(cell) => to = x,
            cell if cell.symbol() == " " && x == to + 1 => {}
            _ => break,
        }
    }
    Some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tamed(line: &str) -> String {
        let mut buffer = Buffer::with_lines([line]);
        let area = *buffer.area();
        tame(&mut buffer, area);
        buffer.content().iter().map(Cell::symbol).collect()
    }

    #[test]
    fn what_runs_from_right_to_left_is_isolated_by_itself() {
        assert_eq!(tamed("As שלום עולם · gate"), "As \u{2068}שלום עולם\u{2069} · gate");
        assert_eq!(tamed("א 492 039 ב"), "\u{2068}א\u{2069} 492 039 \u{2068}ב\u{2069}");
        assert_eq!(tamed("GitHub 492 039"), "GitHub 492 039");
    }

    /// A terminal puts what has no width into the cell before it. Only what is drawn with that cell goes with it.
    #[test]
    fn what_isolates_a_name_lies_in_the_cells_where_a_terminal_keeps_it() {
        let mut buffer = Buffer::with_lines(["as שם 1", "東שם", "שם"]);
        let area = *buffer.area();
        tame(&mut buffer, area);
        let cell = |x: u16, y: u16| buffer[(x, y)].symbol();
        assert_eq!((cell(2, 0), cell(3, 0), cell(4, 0)), (" \u{2068}", "ש", "ם\u{2069}"));
        assert_eq!((cell(0, 1), cell(2, 1)), ("東\u{2068}", "ש"), "a wide letter's second cell is never drawn");
        assert_eq!(cell(0, 2), "\u{2068}ש", "there is none before the first");
    }

    #[test]
    fn nothing_of_it_stays_where_the_name_was() {
        let drawn = |line: &str| {
            let mut buffer = Buffer::with_lines([line]);
            let area = *buffer.area();
            tame(&mut buffer, area);
            buffer
        };
        let (before, after) = (drawn("as שם 1"), drawn("as    1"));
        let anew: Vec<u16> = before.diff(&after).iter().map(|(x, _, _)| *x).collect();
        assert_eq!(anew, [2, 3, 4], "the blank before the name is drawn anew too");
    }

    #[test]
    fn marks_do_not_pile_up_over_other_lines() {
        assert_eq!(tamed(&format!("a{}b", "\u{323}".repeat(63))), format!("a{}b", "\u{323}".repeat(4)));
    }
}
