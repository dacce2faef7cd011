//! Grey to dark and light, a bit a pixel, so that runs are walked 64 pixels at a time.

use super::gray::{Smooth, doubled};
use super::view::View;

/// A picture of dark and light, by rows and by columns.
pub(super) struct Bits {
    rows: Vec<u64>,
    columns: Vec<u64>,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Pixels of the picture that one of these stands for, each way.
    pub(super) scale: f32,
}

/// What is made of the picture before it is parted into dark and light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    /// Twice its size.
    pub(super) is_doubled: bool,
    /// Each pixel the mean of nine.
    pub(super) is_smooth: bool,
}

impl Bits {
    /// Dark where a pixel is darker by `slack` or more than the mean of its surroundings, about `radius` pixels of the
    /// view to each side.
    pub(super) fn new(view: View, form: Form, radius: usize, slack: u8) -> Self {
        // Where modules have hardly more than a pixel, light ground about them must not lift their border.
        let means =
            if form.is_doubled && !form.is_smooth { Means::between(view, radius) } else { Means::new(view, radius) };
        let double = usize::from(form.is_doubled);
        let (width, height) = (view.width << double, view.height << double);
        let across = width.div_ceil(64);
        let mut rows = vec![0; across * height];
        let mut smooth = Smooth::new(view, form.is_doubled);
        let (mut made, mut borders) = (Vec::new(), vec![0; width]);
        for (y, words) in rows.chunks_exact_mut(across.max(1)).enumerate() {
            let cell = means.cell << double;
            if y % cell == 0 {
                for (borders, mean) in borders.chunks_mut(cell).zip(means.row(y / cell)) {
                    borders.fill(mean.saturating_sub(slack));
                }
            }
            match form {
                Form { is_smooth: true, .. } => smooth.row(y, &mut made),
                Form { is_doubled: true, .. } => doubled(view, y, &mut made),
                _ => {
                    pack(view.row(y), &borders, words);
                    continue;
                }
            }
            pack(&made, &borders, words);
        }
        let columns = turned(&rows, width, height);
        Self { rows, columns, width, height, scale: if double == 1 { view.scale / 2.0 } else { view.scale } }
    }

    /// Whether the pixel is dark; outside there is nothing to ask.
    pub(super) fn is_dark(&self, x: usize, y: usize) -> bool {
        let word = self.rows.get(y * self.width.div_ceil(64) + x / 64);
        word.is_some_and(|word| word >> (x % 64) & 1 == 1)
    }

    pub(super) fn row(&self, y: usize) -> Line<'_> {
        line(&self.rows, y, self.width)
    }

    pub(super) fn column(&self, x: usize) -> Line<'_> {
        line(&self.columns, x, self.height)
    }

    /// Where dark and light change in a row, with its beginning and its end.
    pub(super) fn edges(&self, y: usize, edges: &mut Vec<u32>) {
        edges.clear();
        edges.push(0);
        let words = self.row(y).words;
        let mut before = words.first().map_or(0, |word| word << 63);
        for (place, word) in words.iter().enumerate() {
            let mut changes = word ^ (word << 1 | before >> 63);
            before = *word;
            while changes != 0 {
                edges.push((place * 64) as u32 + changes.trailing_zeros());
                changes &= changes - 1;
            }
        }
        // The last word's bits beyond the row are light.
        if edges.last().is_none_or(|last| (*last as usize) < self.width) {
            edges.push(self.width as u32);
        }
    }
}

/// A row or a column of dark and light.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    words: &'a [u64],
    pub(super) length: usize,
}

fn line(words: &[u64], number: usize, length: usize) -> Line<'_> {
    let each = length.div_ceil(64);
    Line { words: words.get(number * each..(number + 1) * each).unwrap_or_default(), length }
}

impl Line<'_> {
    pub(super) fn is_dark(self, at: usize) -> bool {
        self.words.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// Where the run that holds this place ends: the first place beyond it.
    pub(super) fn end(self, at: usize) -> usize {
        let flip = if self.is_dark(at) { u64::MAX } else { 0 };
        let mut mask = u64::MAX << (at % 64);
        for (place, word) in self.words.iter().enumerate().skip(at / 64) {
            let others = (word ^ flip) & mask;
            if others != 0 {
                return (place * 64 + others.trailing_zeros() as usize).min(self.length);
            }
            mask = u64::MAX;
        }
        self.length
    }

    /// Where the run that holds this place begins.
    pub(super) fn start(self, at: usize) -> usize {
        let flip = if self.is_dark(at) { u64::MAX } else { 0 };
        let mut mask = u64::MAX >> (63 - at % 64);
        for (place, word) in self.words.iter().enumerate().take(at / 64 + 1).rev() {
            let others = (word ^ flip) & mask;
            if others != 0 {
                return place * 64 + 64 - others.leading_zeros() as usize;
            }
            mask = u64::MAX;
        }
        0
    }
}

/// A bit for each pixel that is under its border.
fn pack(pixels: &[u8], borders: &[u8], words: &mut [u64]) {
    let ((pixels, rest), (borders, rest_borders)) = (pixels.as_chunks::<64>(), borders.as_chunks::<64>());
    let mut words = words.iter_mut();
    for ((pixels, borders), word) in pixels.iter().zip(borders).zip(&mut words) {
        *word = packed(pixels, borders);
    }
    if let Some(word) = words.next() {
        // What is beyond the row is under no border.
        let mut last = [[0; 64]; 2];
        for (last, rest) in last.iter_mut().zip([rest, rest_borders]) {
            last.iter_mut().zip(rest).for_each(|(last, rest)| *last = *rest);
        }
        *word = packed(&last[0], &last[1]);
    }
}

fn packed(pixels: &[u8; 64], borders: &[u8; 64]) -> u64 {
    /// Eight bytes of 0 or 1, times this, have them as the bits of the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let dark: [u8; 64] = std::array::from_fn(|n| u8::from(pixels[n] < borders[n]));
    let bytes = dark.as_chunks::<8>().0.iter().enumerate();
    bytes.fold(0, |word, (n, eight)| word | (u64::from_le_bytes(*eight).wrapping_mul(GATHER) >> 56) << (8 * n))
}

/// Rows to columns, 64 by 64 bits at a time.
fn turned(rows: &[u64], width: usize, height: usize) -> Vec<u64> {
    let (across, down) = (width.div_ceil(64), height.div_ceil(64));
    let mut columns = vec![0; down * width];
    let mut block = [0_u64; 64];
    for (band, place) in (0..down).flat_map(|band| (0..across).map(move |place| (band, place))) {
        for (line, word) in block.iter_mut().enumerate() {
            let y = band * 64 + line;
            *word = if y < height { rows[y * across + place] } else { 0 };
        }
        let (mut half, mut mask) = (32, u64::from(u32::MAX));
        while half > 0 {
            let mut upper = 0;
            while upper < 64 {
                let swap = ((block[upper] >> half) ^ block[upper + half]) & mask;
                block[upper] ^= swap << half;
                block[upper + half] ^= swap;
                upper = (upper + half + 1) & !half;
            }
            half /= 2;
            mask ^= mask << half;
        }
        for (x, word) in (place * 64..width).zip(block) {
            columns[x * down + band] = word;
        }
    }
    columns
}

/// The mean light about each cell of a picture: of the cells that lie near it.
struct Means {
    means: Vec<u8>,
    across: usize,
    /// Pixels of a cell, each way.
    cell: usize,
}

impl Means {
    fn new(view: View, radius: usize) -> Self {
        let cell = if radius < 12 { 2 } else { 4 };
        let (across, down) = (view.width.div_ceil(cell), view.height.div_ceil(cell));
        let cells = cells(view, cell);
        let reach = (radius / cell).max(1);
        let mut means = Vec::with_capacity(across * down);
        // Sums of columns over the rows y − reach ..= y + reach, moved on row by row; with zeros to either side, so that
        // the columns that enter and leave the window are there for every cell.
        let mut sums = vec![0_u32; across + 2 * reach + 1];
        let mut summed = 0..0;
        for y in 0..down {
            let wanted = y.saturating_sub(reach)..(y + reach + 1).min(down);
            let columns = sums.get_mut(reach + 1..).unwrap_or_default();
            for entering in summed.end..wanted.end {
                let row = &cells[entering * across..(entering + 1) * across];
                columns.iter_mut().zip(row).for_each(|(sum, cell)| *sum += u32::from(*cell));
            }
            for leaving in summed.start..wanted.start {
                let row = &cells[leaving * across..(leaving + 1) * across];
                columns.iter_mut().zip(row).for_each(|(sum, cell)| *sum -= u32::from(*cell));
            }
            summed = wanted;
            // Divisions by these counts as multiplications: right for all sums of so few bytes, up to 4,095 of them.
            let counts: Vec<u64> = (0..2 * reach + 2).map(|wide| (wide * summed.len()) as u64).collect();
            let parts: Vec<u64> = counts.iter().map(|count| (1 << 32) / (*count).max(1) + 1).collect();
            let mut sum: u32 = sums.iter().take(2 * reach + 1).sum();
            let moving = sums.iter().zip(sums.iter().skip(2 * reach + 1));
            means.extend(moving.enumerate().map(|(x, (leaving, entering))| {
                sum = sum + entering - leaving;
                let wide = (x + reach + 1).min(across) - x.saturating_sub(reach);
                (((u64::from(sum) + counts[wide] - 1) * parts[wide]) >> 32) as u8
            }));
        }
        Self { means, across, cell }
    }

    /// Not the mean, but the middle between the darkest and the lightest pixel.
    fn between(view: View, radius: usize) -> Self {
        let cell = 2;
        let (across, down) = (view.width.div_ceil(cell), view.height.div_ceil(cell));
        let reach = (radius / cell).max(1);
        let extreme = |first: u8, pick: fn(u8, u8) -> u8| {
            let mut cells = vec![first; across * down];
            for y in 0..view.height {
                let row = cells.iter_mut().skip(y / cell * across);
                for (extreme, pixels) in row.zip(view.row(y).chunks(cell)) {
                    *extreme = pixels.iter().fold(*extreme, |extreme, pixel| pick(extreme, *pixel));
                }
            }
            cells
        };
        let mut means = spread(&extreme(255, u8::min), across, reach, u8::min);
        let highs = spread(&extreme(0, u8::max), across, reach, u8::max);
        means.iter_mut().zip(highs).for_each(|(low, high)| *low = low.midpoint(high));
        Self { means, across, cell }
    }

    fn row(&self, y: usize) -> &[u8] {
        self.means.get(y * self.across..(y + 1) * self.across).unwrap_or_default()
    }
}

/// The extreme of the cells about each, `reach` to each side.
fn spread(cells: &[u8], across: usize, reach: usize, pick: impl Fn(u8, u8) -> u8) -> Vec<u8> {
    let mut level = cells.to_vec();
    for (row, level) in cells.chunks(across.max(1)).zip(level.chunks_mut(across.max(1))) {
        for away in 1..=reach.min(across.saturating_sub(1)) {
            level.iter_mut().zip(&row[away..]).for_each(|(level, cell)| *level = pick(*level, *cell));
            level[away..].iter_mut().zip(row).for_each(|(level, cell)| *level = pick(*level, *cell));
        }
    }
    let mut both = level.clone();
    for away in (1..=reach).map(|away| away * across).take_while(|away| *away < cells.len()) {
        both.iter_mut().zip(&level[away..]).for_each(|(both, cell)| *both = pick(*both, *cell));
        both[away..].iter_mut().zip(&level).for_each(|(both, cell)| *both = pick(*both, *cell));
    }
    both
}

/// The mean of each cell; those at the right and lower edge may be of fewer pixels.
fn cells(view: View, cell: usize) -> Vec<u8> {
    if cell == 2 { cells_of::<2>(view) } else { cells_of::<4>(view) }
}

fn cells_of<const CELL: usize>(view: View) -> Vec<u8> {
    let cell = CELL;
    let (across, down) = (view.width.div_ceil(cell), view.height.div_ceil(cell));
    let mut cells = Vec::with_capacity(across * down);
    let mut sums = vec![0_u16; view.width];
    for y in 0..down {
        let lines = y * cell..((y + 1) * cell).min(view.height);
        sums.fill(0);
        for line in lines.clone() {
            sums.iter_mut().zip(view.row(line)).for_each(|(sum, pixel)| *sum += u16::from(*pixel));
        }
        let mean = |sums: &[u16]| {
            let pixels = (sums.len() * lines.len()) as u16;
            ((sums.iter().sum::<u16>() + pixels / 2) / pixels) as u8
        };
        let (full, rest) = sums.as_chunks::<CELL>();
        if lines.len() == cell {
            let pixels = (cell * cell) as u16;
            cells.extend(full.iter().map(|sums| ((sums.iter().sum::<u16>() + pixels / 2) / pixels) as u8));
        } else {
            cells.extend(full.iter().map(|sums| mean(sums)));
        }
        cells.extend(Some(rest).filter(|rest| !rest.is_empty()).map(mean));
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::super::gray::Gray;
    use super::*;

    const PLAIN: Form = Form { is_doubled: false, is_smooth: false };

    fn gray(width: usize, height: usize, value: impl Fn(usize, usize) -> u8) -> Gray {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| value(x, y)).collect();
        Gray { pixels, width, height }
    }

    #[test]
    fn dark_is_what_is_under_the_mean_of_the_cells_about_it() {
        let picture = gray(83, 70, |x, y| ((x * 37 + y * 91) % 251) as u8);
        for (radius, cell) in [(1_usize, 2_usize), (8, 2), (12, 4), (40, 4)] {
            let bits = Bits::new(View::of(&picture, 1.0), PLAIN, radius, 3);
            let about = |at: usize, most: usize| {
                let (cell_of, reach) = (at / cell, (radius / cell).max(1));
                cell_of.saturating_sub(reach)..(cell_of + reach + 1).min(most.div_ceil(cell))
            };
            let cells = cells(View::of(&picture, 1.0), cell);
            for (x, y) in (0..70_usize).flat_map(|y| (0..83_usize).map(move |x| (x, y))) {
                let near: Vec<u32> = about(y, 70)
                    .flat_map(|row| about(x, 83).map(move |column| row * 83_usize.div_ceil(cell) + column))
                    .map(|place| u32::from(cells[place]))
                    .collect();
                let mean = near.iter().sum::<u32>().div_ceil(near.len() as u32);
                let is_darker = u32::from(picture.pixels[y * 83 + x]) < mean.saturating_sub(3);
                assert_eq!(bits.is_dark(x, y), is_darker, "radius {radius}, {x}, {y}");
            }
        }
    }

    #[test]
    fn cells_are_means_up_to_the_edge() {
        let picture = gray(5, 3, |x, y| (10 * x + y) as u8);
        assert_eq!(cells(View::of(&picture, 1.0), 2), [6, 26, 41, 7, 27, 42]);
    }

    #[test]
    fn the_middle_between_the_extremes_is_that_of_all_pixels_near() {
        let picture = gray(23, 18, |x, y| ((x * 37 + y * 91) % 251) as u8);
        let means = Means::between(View::of(&picture, 1.0), 4);
        for (x, y) in (0..9_usize).flat_map(|y| (0..12_usize).map(move |x| (x, y))) {
            let range = |at: usize, most: usize| 2 * at.saturating_sub(2)..(2 * (at + 3)).min(most);
            let near =
                range(y, 18).flat_map(|y| range(x, 23).map(move |x| y * 23 + x)).map(|place| picture.pixels[place]);
            let (low, high) = near.fold((255, 0), |(low, high): (u8, u8), pixel| (low.min(pixel), high.max(pixel)));
            assert_eq!(means.row(y)[x], low.midpoint(high), "{x}, {y}");
        }
    }

    #[test]
    fn runs_are_walked_over_words_along_rows_and_columns() {
        let picture = gray(200, 150, |x, y| if (x / 70 + y / 50) % 2 == 0 { 0 } else { 255 });
        let bits = Bits::new(View::of(&picture, 1.0), PLAIN, 100, 0);
        for at in [0, 69, 70, 139, 140, 199] {
            let run = at / 70 * 70..(at / 70 * 70 + 70).min(200);
            let row = bits.row(3);
            assert_eq!((row.start(at)..row.end(at), row.is_dark(at)), (run, at / 70 != 1));
        }
        for at in [0, 49, 50, 99, 149] {
            let column = bits.column(199);
            assert_eq!(column.start(at)..column.end(at), at / 50 * 50..at / 50 * 50 + 50);
            assert_eq!(column.is_dark(at), bits.is_dark(199, at));
        }
    }

    #[test]
    fn edges_are_where_it_changes() {
        let picture = gray(80, 2, |x, y| if y == 1 && ((2..5).contains(&x) || x == 64) { 0 } else { 200 });
        let bits = Bits::new(View::of(&picture, 1.0), PLAIN, 9, 0);
        let mut edges = Vec::new();
        bits.edges(1, &mut edges);
        assert_eq!(edges, [0, 2, 5, 64, 65, 80]);
        bits.edges(0, &mut edges);
        assert_eq!(edges, [0, 80]);
    }

    #[test]
    fn empty_and_flat_pictures_do_no_harm() {
        for picture in [gray(0, 0, |_, _| 0), gray(1, 1, |_, _| 9), gray(30, 1, |_, _| 255), gray(1, 30, |_, _| 0)] {
            for (is_doubled, is_smooth) in [(false, false), (true, false), (false, true), (true, true)] {
                let form = Form { is_doubled, is_smooth };
                let bits = Bits::new(View::of(&picture, 1.0), form, 8, 0);
                assert!(bits.rows.iter().chain(&bits.columns).all(|word| *word == 0), "{form:?}");
            }
        }
    }
}
