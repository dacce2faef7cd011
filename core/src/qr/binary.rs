//! Grey to dark and light, in the ways that help a finder.

use super::luma::Luma;
use super::view::View;

/// A work picture in grey: rows without gaps.
pub(super) struct Gray {
    pub(super) pixels: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

impl Gray {
    /// The picture at 1/`factor` of its size: each pixel the mean of `factor`² of them. Rows and columns that make no
    /// full pixel are left out.
    pub(super) fn shrunk(luma: &Luma, factor: usize) -> Self {
        let factor = factor.max(1);
        let (width, height) = (luma.width() / factor, luma.height() / factor);
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        let area = (factor * factor) as u32;
        for y in 0..height {
            if factor == 1 {
                pixels.extend_from_slice(luma.row(y));
                continue;
            }
            sums.fill(0);
            for line in 0..factor {
                for (sum, group) in sums.iter_mut().zip(luma.row(y * factor + line).chunks_exact(factor)) {
                    *sum += group.iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
                }
            }
            pixels.extend(sums.iter().map(|sum| (sum / area) as u8));
        }
        Self { pixels, width, height }
    }

    /// The picture at twice its size, by the means of neighbours: for modules of hardly more than a pixel.
    pub(super) fn doubled(view: View) -> Self {
        let (width, height) = (view.width * 2, view.height * 2);
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            let upper = view.row(y / 2);
            let lower = view.row((y.div_ceil(2)).min(view.height.saturating_sub(1)));
            for (x, (above, below)) in upper.iter().zip(lower).enumerate() {
                let next = (x + 1).min(view.width - 1);
                let right = (upper.get(next).unwrap_or(above), lower.get(next).unwrap_or(below));
                let here = u16::from(*above) + u16::from(*below);
                pixels.push((here / 2) as u8);
                pixels.push(((here + u16::from(*right.0) + u16::from(*right.1)) / 4) as u8);
            }
        }
        Self { pixels, width, height }
    }

    /// The picture with each pixel the mean of itself and its eight neighbours: takes out noise and moiré.
    pub(super) fn blurred(view: View) -> Self {
        let (width, height) = (view.width, view.height);
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u16; width + 2];
        for y in 0..height {
            let rows = [y.saturating_sub(1), y, (y + 1).min(height - 1)].map(|y| view.row(y));
            let columns = rows[0].iter().zip(rows[1]).zip(rows[2]);
            for (sum, ((above, here), below)) in sums.iter_mut().skip(1).zip(columns) {
                *sum = u16::from(*above) + u16::from(*here) + u16::from(*below);
            }
            // The edge goes on for ever.
            sums[0] = sums[1];
            sums[width + 1] = sums[width];
            // By nine without a division: right for all sums of nine bytes.
            pixels.extend(sums.windows(3).map(|near| ((u32::from(near[0] + near[1] + near[2]) * 7_282) >> 16) as u8));
        }
        Self { pixels, width, height }
    }
}

/// A picture of dark and light.
pub(super) struct Bits {
    pixels: Vec<bool>,
    pub(super) width: usize,
    pub(super) height: usize,
    /// Pixels of the picture that one of these stands for, each way.
    pub(super) scale: f32,
}

impl Bits {
    /// Dark where a pixel is darker by more than `slack` than the mean of its surroundings, `radius` pixels to each side.
    pub(super) fn by_local_mean(view: View, radius: usize, slack: u32) -> Self {
        let (width, height) = (view.width, view.height);
        let mut pixels = Vec::with_capacity(width * height);
        // Sums of columns over the rows y − radius ..= y + radius, moved on row by row; with zeros to either side, so that
        // the columns that enter and leave the window are there for every pixel.
        let mut sums = vec![0_u32; width + 2 * radius + 1];
        let widths: Vec<u32> =
            (0..width).map(|x| ((x + radius + 1).min(width) - x.saturating_sub(radius)) as u32).collect();
        let mut summed = 0..0;
        for y in 0..height {
            let wanted = y.saturating_sub(radius)..(y + radius + 1).min(height);
            let columns = sums.get_mut(radius + 1..).unwrap_or_default();
            for entering in summed.end..wanted.end {
                columns.iter_mut().zip(view.row(entering)).for_each(|(sum, pixel)| *sum += u32::from(*pixel));
            }
            for leaving in summed.start..wanted.start {
                columns.iter_mut().zip(view.row(leaving)).for_each(|(sum, pixel)| *sum -= u32::from(*pixel));
            }
            summed = wanted;
            let rows = summed.len() as u32;
            let mut sum: u32 = sums.iter().take(2 * radius + 1).sum();
            let moving = sums.iter().zip(sums.iter().skip(2 * radius + 1));
            pixels.extend(view.row(y).iter().zip(&widths).zip(moving).map(|((pixel, across), (leaving, entering))| {
                sum = sum + entering - leaving;
                (u32::from(*pixel) + slack) * across * rows < sum
            }));
        }
        Self { pixels, width, height, scale: view.scale }
    }

    /// Whether the pixel is dark; outside there is nothing to ask.
    pub(super) fn is_dark(&self, x: usize, y: usize) -> bool {
        self.pixels.get(y * self.width + x).copied().unwrap_or_default()
    }

    /// Where dark and light change in a row, with its beginning and its end.
    pub(super) fn edges(&self, y: usize, edges: &mut Vec<usize>) {
        edges.clear();
        edges.push(0);
        let row = self.pixels.get(y * self.width..(y + 1) * self.width).unwrap_or_default();
        let changes = row.iter().zip(row.iter().skip(1)).enumerate().filter(|(_, (here, next))| here != next);
        edges.extend(changes.map(|(x, _)| x + 1));
        edges.push(self.width);
    }
}

#[cfg(test)]
mod tests {
    use super::super::luma::Rotation;
    use super::*;

    fn gray(width: usize, height: usize, value: impl Fn(usize, usize) -> u8) -> Gray {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| value(x, y)).collect();
        Gray { pixels, width, height }
    }

    fn view(gray: &Gray) -> View<'_> {
        View::of(gray, 1.0)
    }

    #[test]
    fn shrinking_takes_means_through_the_stride() {
        let pixels = vec![0, 2, 4, 6, 8, 99, 10, 12, 14, 16, 18, 99, 20, 22, 24, 26, 28];
        let luma = Luma::new(pixels, 5, 3, 6, Rotation::None).unwrap();
        let half = Gray::shrunk(&luma, 2);
        assert_eq!((half.width, half.height, half.pixels), (2, 1, vec![6, 10]));
        let whole = Gray::shrunk(&luma, 1);
        assert_eq!((whole.width, whole.height), (5, 3));
        assert_eq!(view(&whole).row(1), [10, 12, 14, 16, 18]);
        assert!(Gray::shrunk(&luma, 9).pixels.is_empty());
    }

    #[test]
    fn doubling_fills_in_between() {
        let double = Gray::doubled(view(&gray(2, 2, |x, y| (x * 100 + y * 50) as u8)));
        assert_eq!((double.width, double.height), (4, 4));
        assert_eq!(double.pixels, [0, 50, 100, 100, 25, 75, 125, 125, 50, 100, 150, 150, 50, 100, 150, 150]);
    }

    #[test]
    fn blurring_keeps_flat_and_spreads_a_dot() {
        for light in [0, 77, 255] {
            assert!(Gray::blurred(view(&gray(7, 5, |_, _| light))).pixels.iter().all(|pixel| *pixel == light));
        }
        let dot = Gray::blurred(view(&gray(5, 5, |x, y| if (x, y) == (2, 2) { 90 } else { 0 })));
        assert_eq!(view(&dot).row(1), [0, 10, 10, 10, 0]);
        assert_eq!(view(&dot).row(0), [0; 5]);
    }

    #[test]
    fn local_means_equal_those_counted_by_hand() {
        let picture = gray(23, 17, |x, y| ((x * 37 + y * 91) % 251) as u8);
        for radius in [1_usize, 3, 8, 40] {
            let bits = Bits::by_local_mean(view(&picture), radius, 3);
            for (x, y) in (0..17_usize).flat_map(|y| (0..23_usize).map(move |x| (x, y))) {
                let columns = x.saturating_sub(radius)..(x + radius + 1).min(23);
                let near: Vec<u32> = (y.saturating_sub(radius)..(y + radius + 1).min(17))
                    .flat_map(|y| view(&picture).row(y)[columns.clone()].to_vec())
                    .map(u32::from)
                    .collect();
                let is_darker = (u32::from(picture.pixels[y * 23 + x]) + 3) * (near.len() as u32) < near.iter().sum();
                assert_eq!(bits.is_dark(x, y), is_darker, "radius {radius}, {x}, {y}");
            }
        }
    }

    #[test]
    fn edges_are_where_it_changes() {
        let picture = gray(8, 2, |x, y| if y == 1 && (2..5).contains(&x) { 0 } else { 200 });
        let bits = Bits::by_local_mean(view(&picture), 9, 0);
        let mut edges = Vec::new();
        bits.edges(1, &mut edges);
        assert_eq!(edges, [0, 2, 5, 8]);
        bits.edges(0, &mut edges);
        assert_eq!(edges, [0, 8]);
    }

    #[test]
    fn empty_and_flat_pictures_do_no_harm() {
        for picture in [gray(0, 0, |_, _| 0), gray(1, 1, |_, _| 9), gray(30, 1, |_, _| 255), gray(1, 30, |_, _| 0)] {
            let bits = Bits::by_local_mean(view(&picture), 8, 0);
            assert!(bits.pixels.iter().all(|is_dark| !is_dark));
            assert_eq!(Gray::blurred(view(&picture)).pixels, picture.pixels);
            if picture.width > 0 {
                assert_eq!(Gray::doubled(view(&picture)).pixels.len(), 4 * picture.pixels.len());
            }
        }
    }
}
