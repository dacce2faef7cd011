//! What was drawn, tamed: a terminal that reorders text reorders no more than a name that runs from right to left, and no
//! letter carries marks over its neighbours.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

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
            let (first, last) = (buffer[(from, y)].symbol().to_owned(), buffer[(to, y)].symbol().to_owned());
            if from == to {
                buffer[(from, y)].set_symbol(&format!("{ISOLATE}{first}{RELEASE}"));
            } else {
                buffer[(from, y)].set_symbol(&format!("{ISOLATE}{first}"));
                buffer[(to, y)].set_symbol(&format!("{last}{RELEASE}"));
            }
            x = to + 1;
        }
    }
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

    #[test]
    fn marks_do_not_pile_up_over_other_lines() {
        assert_eq!(tamed(&format!("a{}b", "\u{323}".repeat(63))), format!("a{}b", "\u{323}".repeat(4)));
    }
}
