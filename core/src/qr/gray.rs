//! Grey pictures made from others: smaller, larger, smoother.

use super::view::View;

/// A work picture in grey: rows without gaps.
pub(super) struct Gray {
    pub(super) pixels: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Gray {
    /// The picture at 1/`N` of its size: each pixel the mean of `N`² of them. Rows and columns that make no full pixel are
    /// left out.
    pub(super) fn shrunk<const N: usize>(view: View) -> Self {
        let (width, height) = (view.width / N, view.height / N);
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u16; width * N];
        let area = (N * N) as u16;
        for y in 0..height {
            sums.iter_mut().zip(view.row(y * N)).for_each(|(sum, pixel)| *sum = u16::from(*pixel));
            for line in 1..N {
                sums.iter_mut().zip(view.row(y * N + line)).for_each(|(sum, pixel)| *sum += u16::from(*pixel));
            }
            pixels.extend(
                sums.as_chunks::<N>().0.iter().map(|group| ((group.iter().sum::<u16>() + area / 2) / area) as u8),
            );
        }
        Self { pixels, width, height }
    }
}

/// The picture with each pixel the mean of itself and its eight neighbours, a row at a time: takes out noise and moiré.
/// Of the picture at twice its size where that is wanted, which is nowhere held as a whole.
pub(super) struct Smooth<'a> {
    view: View<'a>,
    is_doubled: bool,
    /// The rows that the next one is made of, each at the place of its number's remainder, and the first not yet made.
    rows: [Vec<u8>; 3],
    next: usize,
    sums: Vec<u16>,
}

impl<'a> Smooth<'a> {
    pub(super) fn new(view: View<'a>, is_doubled: bool) -> Self {
        Self { view, is_doubled, rows: [const { Vec::new() }; 3], next: 0, sums: Vec::new() }
    }

    /// Rows are asked for from the first to the last, each once.
    pub(super) fn row(&mut self, y: usize, smooth: &mut Vec<u8>) {
        let height = if self.is_doubled { 2 * self.view.height } else { self.view.height };
        let last = height.saturating_sub(1);
        while self.next <= (y + 1).min(last) {
            let row = &mut self.rows[self.next % 3];
            if self.is_doubled {
                doubled(self.view, self.next, row);
            } else {
                row.clear();
                row.extend_from_slice(self.view.row(self.next));
            }
            self.next += 1;
        }
        let [above, here, below] = [y.saturating_sub(1), y, (y + 1).min(last)].map(|y| &self.rows[y % 3]);
        let width = here.len();
        self.sums.resize(width + 2, 0);
        for (sum, ((above, here), below)) in self.sums.iter_mut().skip(1).zip(above.iter().zip(here).zip(below)) {
            *sum = u16::from(*above) + u16::from(*here) + u16::from(*below);
        }
        // The edge goes on for ever.
        self.sums[0] = self.sums[1];
        self.sums[width + 1] = self.sums[width];
        smooth.clear();
        // By nine without a division: right for all sums of nine bytes.
        smooth.extend(self.sums.windows(3).map(|near| ((u32::from(near[0] + near[1] + near[2]) * 7_282) >> 16) as u8));
    }
}

/// A row of the picture at twice its size, by the means of neighbours: for modules of hardly more than a pixel.
pub(super) fn doubled(view: View, y: usize, row: &mut Vec<u8>) {
    let upper = view.row(y / 2);
    let lower = view.row(y.div_ceil(2).min(view.height.saturating_sub(1)));
    row.clear();
    row.resize(2 * view.width, 0);
    let pairs = row.as_chunks_mut::<2>().0;
    // All in one pass over slices, which takes sixteen bytes at a time.
    let after = upper.get(1..).unwrap_or_default().iter().zip(lower.get(1..).unwrap_or_default());
    for ((pair, (above, below)), (next_above, next_below)) in pairs.iter_mut().zip(upper.iter().zip(lower)).zip(after) {
        let here = above.midpoint(*below);
        *pair = [here, here.midpoint(next_above.midpoint(*next_below))];
    }
    if let (Some(pair), Some(above), Some(below)) = (pairs.last_mut(), upper.last(), lower.last()) {
        *pair = [above.midpoint(*below); 2];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gray(width: usize, height: usize, value: impl Fn(usize, usize) -> u8) -> Gray {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| value(x, y)).collect();
        Gray { pixels, width, height }
    }

    fn smooth(gray: &Gray, is_doubled: bool) -> Vec<Vec<u8>> {
        let mut smooth = Smooth::new(View::of(gray, 1.0), is_doubled);
        let height = if is_doubled { 2 * gray.height } else { gray.height };
        let mut rows = vec![Vec::new(); height];
        rows.iter_mut().enumerate().for_each(|(y, row)| smooth.row(y, row));
        rows
    }

    #[test]
    fn shrinking_takes_means_and_leaves_out_what_is_no_full_pixel() {
        let picture = gray(5, 3, |x, y| (y * 10 + x * 2) as u8);
        let half = Gray::shrunk::<2>(View::of(&picture, 1.0));
        assert_eq!((half.width, half.height, half.pixels), (2, 1, vec![6, 10]));
        let third = Gray::shrunk::<3>(View::of(&picture, 1.0));
        assert_eq!((third.width, third.height, third.pixels), (1, 1, vec![12]));
        assert!(Gray::shrunk::<3>(View::of(&gray(2, 9, |_, _| 1), 1.0)).pixels.is_empty());
    }

    #[test]
    fn doubling_fills_in_between() {
        let picture = gray(2, 2, |x, y| (x * 100 + y * 50) as u8);
        let mut rows = vec![Vec::new(); 4];
        rows.iter_mut().enumerate().for_each(|(y, row)| doubled(View::of(&picture, 1.0), y, row));
        assert_eq!(rows.concat(), [0, 50, 100, 100, 25, 75, 125, 125, 50, 100, 150, 150, 50, 100, 150, 150]);
    }

    #[test]
    fn smoothing_keeps_flat_and_spreads_a_dot() {
        for light in [0, 77, 255] {
            for is_doubled in [false, true] {
                assert!(smooth(&gray(7, 5, |_, _| light), is_doubled).concat().iter().all(|pixel| *pixel == light));
            }
        }
        let dot = smooth(&gray(5, 5, |x, y| if (x, y) == (2, 2) { 90 } else { 0 }), false);
        assert_eq!(dot, [[0; 5], [0, 10, 10, 10, 0], [0, 10, 10, 10, 0], [0, 10, 10, 10, 0], [0; 5]]);
    }

    #[test]
    fn single_rows_and_columns_do_no_harm() {
        for picture in [gray(1, 1, |_, _| 9), gray(30, 1, |_, _| 255), gray(1, 30, |_, _| 0)] {
            assert_eq!(smooth(&picture, false).concat(), picture.pixels);
            assert_eq!(smooth(&picture, true).concat().len(), 4 * picture.pixels.len());
        }
    }
}
