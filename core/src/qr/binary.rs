//! Grey to black and white, in the ways that help a finder.

use super::luma::Luma;

/// A work picture: rows without gaps.
#[derive(Clone)]
pub(super) struct Gray {
    pub(super) pixels: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// How much white is put around a work picture, so that a code may reach the edge.
pub(super) const MARGIN: usize = 6;

const BLACK: u8 = 0;
const WHITE: u8 = 255;

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
    pub(super) fn doubled(&self) -> Self {
        let (width, height) = (self.width * 2, self.height * 2);
        let mut pixels = Vec::with_capacity(width * height);
        for y in 0..height {
            let upper = self.row(y / 2);
            let lower = self.row((y.div_ceil(2)).min(self.height.saturating_sub(1)));
            for (x, (above, below)) in upper.iter().zip(lower).enumerate() {
                let next = (x + 1).min(self.width - 1);
                let right = (upper.get(next).unwrap_or(above), lower.get(next).unwrap_or(below));
                let here = u16::from(*above) + u16::from(*below);
                pixels.push((here / 2) as u8);
                pixels.push(((here + u16::from(*right.0) + u16::from(*right.1)) / 4) as u8);
            }
        }
        Self { pixels, width, height }
    }

    /// The picture with each pixel the mean of itself and its eight neighbours: takes out noise and moiré.
    pub(super) fn blurred(&self) -> Self {
        let across = self.rows_mapped(|row, out| {
            let [first, .., last] = row else { return out.extend_from_slice(row) };
            let mean = |near: &[u8]| near.iter().map(|pixel| u16::from(*pixel)).sum::<u16>() / near.len().max(1) as u16;
            out.push(row.get(..2).map_or(*first, |near| mean(near) as u8));
            out.extend(row.windows(3).map(|near| mean(near) as u8));
            out.push(row.get(row.len() - 2..).map_or(*last, |near| mean(near) as u8));
        });
        let mut pixels = Vec::with_capacity(across.pixels.len());
        for y in 0..self.height {
            let rows = [y.saturating_sub(1), y, (y + 1).min(self.height - 1)].map(|y| across.row(y));
            let [above, here, below] = rows;
            pixels.extend(
                above.iter().zip(here).zip(below).map(|((above, here), below)| {
                    ((u16::from(*above) + u16::from(*here) + u16::from(*below)) / 3) as u8
                }),
            );
        }
        Self { pixels, ..across }
    }

    /// Black where a pixel is darker than one threshold for the whole picture (Otsu's); the other way round when
    /// `inverted`. With a white margin.
    pub(super) fn by_one_threshold(&self, inverted: bool) -> Self {
        let threshold = self.otsu();
        self.with_margin(|_, row, out| {
            out.extend(row.iter().map(|pixel| if (*pixel <= threshold) == inverted { WHITE } else { BLACK }));
        })
    }

    /// Black where a pixel is darker than the mean of its surroundings, `radius` pixels to each side; the other way
    /// round when `inverted`. With a white margin.
    pub(super) fn by_local_mean(&self, radius: usize, inverted: bool) -> Self {
        // Sums of columns over the rows y − radius ..= y + radius, moved on row by row; with zeros to either side, so that
        // the columns that enter and leave the window are there for every pixel.
        let mut sums = vec![0_u32; self.width + 2 * radius + 1];
        let mut summed = 0..0;
        self.with_margin(|y, row, out| {
            let wanted = y.saturating_sub(radius)..(y + radius + 1).min(self.height);
            let columns = sums.get_mut(radius + 1..).unwrap_or_default();
            for entering in summed.end..wanted.end {
                columns.iter_mut().zip(self.row(entering)).for_each(|(sum, pixel)| *sum += u32::from(*pixel));
            }
            for leaving in summed.start..wanted.start {
                columns.iter_mut().zip(self.row(leaving)).for_each(|(sum, pixel)| *sum -= u32::from(*pixel));
            }
            summed = wanted;
            let rows = summed.len() as u32;

            let mut sum: u32 = sums.iter().take(2 * radius + 1).sum();
            let moving = sums.iter().zip(sums.iter().skip(2 * radius + 1));
            for (x, (pixel, (leaving, entering))) in row.iter().zip(moving).enumerate() {
                sum = sum + entering - leaving;
                let count = ((x + radius + 1).min(self.width) - x.saturating_sub(radius)) as u32 * rows;
                // A flat place is white: what differs by less than SLACK from the mean, `sum / count`, is noise.
                let pixel = u32::from(*pixel);
                let black = match inverted {
                    false => (pixel + SLACK + 1) * count <= sum,
                    true => pixel.saturating_sub(SLACK) * count > sum,
                };
                out.push(if black { BLACK } else { WHITE });
            }
        })
    }

    fn row(&self, y: usize) -> &[u8] {
        self.pixels.get(y * self.width..(y + 1) * self.width).unwrap_or_default()
    }

    fn rows_mapped(&self, mut map: impl FnMut(&[u8], &mut Vec<u8>)) -> Self {
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for y in 0..self.height {
            map(self.row(y), &mut pixels);
        }
        Self { pixels, width: self.width, height: self.height }
    }

    fn with_margin(&self, mut map: impl FnMut(usize, &[u8], &mut Vec<u8>)) -> Self {
        let (width, height) = (self.width + 2 * MARGIN, self.height + 2 * MARGIN);
        let mut pixels = Vec::with_capacity(width * height);
        pixels.resize(MARGIN * width, WHITE);
        for y in 0..self.height {
            pixels.extend([WHITE; MARGIN]);
            map(y, self.row(y), &mut pixels);
            pixels.extend([WHITE; MARGIN]);
        }
        pixels.resize(width * height, WHITE);
        Self { pixels, width, height }
    }

    /// The threshold that parts the histogram into two heaps as far from each other as can be (Otsu, 1979). Pixels up to
    /// it are dark.
    fn otsu(&self) -> u8 {
        let mut histogram = [0_u64; 256];
        for pixel in &self.pixels {
            if let Some(count) = histogram.get_mut(usize::from(*pixel)) {
                *count += 1;
            }
        }
        let all: u64 = histogram.iter().sum();
        let weight: u64 = histogram.iter().zip(0_u64..).map(|(count, value)| count * value).sum();
        let (mut dark, mut dark_weight) = (0_u64, 0_u64);
        let mut best = (0_f64, 0_u8);
        for (count, value) in histogram.iter().zip(0_u8..=255) {
            dark += count;
            dark_weight += count * u64::from(value);
            let light = all - dark;
            if dark == 0 || light == 0 {
                continue;
            }
            let apart = dark_weight as f64 / dark as f64 - (weight - dark_weight) as f64 / light as f64;
            let spread = apart * apart * dark as f64 * light as f64;
            if spread > best.0 {
                best = (spread, value);
            }
        }
        best.1
    }
}

/// How far from the mean of its surroundings a pixel must be to count, in grey levels.
const SLACK: u32 = 4;

#[cfg(test)]
mod tests {
    use super::super::luma::Rotation;
    use super::*;

    fn gray(width: usize, height: usize, value: impl Fn(usize, usize) -> u8) -> Gray {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| value(x, y)).collect();
        Gray { pixels, width, height }
    }

    fn inner(picture: &Gray) -> Vec<u8> {
        let rows = MARGIN..picture.height - MARGIN;
        rows.flat_map(|y| picture.row(y)[MARGIN..picture.width - MARGIN].to_vec()).collect()
    }

    #[test]
    fn shrinking_takes_means_through_the_stride() {
        let pixels = vec![0, 2, 4, 6, 8, 99, 10, 12, 14, 16, 18, 99, 20, 22, 24, 26, 28];
        let luma = Luma::new(pixels, 5, 3, 6, Rotation::None).unwrap();
        let half = Gray::shrunk(&luma, 2);
        assert_eq!((half.width, half.height, half.pixels), (2, 1, vec![6, 10]));
        let whole = Gray::shrunk(&luma, 1);
        assert_eq!((whole.width, whole.height), (5, 3));
        assert_eq!(whole.row(1), [10, 12, 14, 16, 18]);
        assert!(Gray::shrunk(&luma, 9).pixels.is_empty());
    }

    #[test]
    fn doubling_fills_in_between() {
        let double = gray(2, 2, |x, y| (x * 100 + y * 50) as u8).doubled();
        assert_eq!((double.width, double.height), (4, 4));
        assert_eq!(double.pixels, [0, 50, 100, 100, 25, 75, 125, 125, 50, 100, 150, 150, 50, 100, 150, 150]);
    }

    #[test]
    fn blurring_keeps_flat_and_spreads_a_dot() {
        assert!(gray(7, 5, |_, _| 77).blurred().pixels.iter().all(|pixel| *pixel == 77));
        let dot = gray(5, 5, |x, y| if (x, y) == (2, 2) { 90 } else { 0 }).blurred();
        assert_eq!(dot.row(1), [0, 10, 10, 10, 0]);
        assert_eq!(dot.row(0), [0; 5]);
    }

    #[test]
    fn one_threshold_parts_two_heaps() {
        let picture = gray(20, 20, |x, y| if (x / 5 + y / 5) % 2 == 0 { 60 } else { 90 });
        let plain = picture.by_one_threshold(false);
        assert_eq!((plain.width, plain.height), (20 + 2 * MARGIN, 20 + 2 * MARGIN));
        let expected: Vec<u8> = picture.pixels.iter().map(|pixel| if *pixel == 60 { BLACK } else { WHITE }).collect();
        assert_eq!(inner(&plain), expected);
        let inverted: Vec<u8> = expected.iter().map(|pixel| 255 - pixel).collect();
        assert_eq!(inner(&picture.by_one_threshold(true)), inverted);
        assert!(plain.row(0).iter().all(|pixel| *pixel == WHITE));
    }

    #[test]
    fn local_means_equal_those_counted_by_hand() {
        let picture = gray(23, 17, |x, y| ((x * 37 + y * 91) % 251) as u8);
        for radius in [1, 3, 8, 40] {
            let by_hand = |x: usize, y: usize| {
                let columns = x.saturating_sub(radius)..(x + radius + 1).min(23);
                let near: Vec<u32> = (y.saturating_sub(radius)..(y + radius + 1).min(17))
                    .flat_map(|y| picture.row(y)[columns.clone()].to_vec())
                    .map(u32::from)
                    .collect();
                near.iter().sum::<u32>() / near.len() as u32
            };
            for inverted in [false, true] {
                let expected: Vec<u8> = (0..17)
                    .flat_map(|y| (0..23).map(move |x| (x, y)))
                    .map(|(x, y)| {
                        let (pixel, mean) = (u32::from(picture.row(y)[x]), by_hand(x, y));
                        let black = if inverted { pixel > mean + SLACK } else { pixel + SLACK < mean };
                        if black { BLACK } else { WHITE }
                    })
                    .collect();
                assert_eq!(inner(&picture.by_local_mean(radius, inverted)), expected, "radius {radius}");
            }
        }
    }

    #[test]
    fn empty_and_flat_pictures_do_no_harm() {
        for picture in [gray(0, 0, |_, _| 0), gray(1, 1, |_, _| 9), gray(30, 1, |_, _| 255), gray(1, 30, |_, _| 0)] {
            for made in [picture.by_one_threshold(false), picture.by_local_mean(8, true), picture.blurred()] {
                assert_eq!(made.pixels.len(), made.width * made.height);
            }
            if picture.width > 0 {
                assert_eq!(picture.doubled().pixels.len(), 4 * picture.pixels.len());
            }
        }
    }
}
