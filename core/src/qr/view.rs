//! Grey pictures that are read between their pixels, at the size that suits.

use std::cell::OnceCell;

use super::gray::Gray;
use super::luma::Luma;
use super::plane::Point;

/// Rows of grey, and how many pixels of the picture one of its pixels stands for, each way.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pixels: &'a [u8],
    stride: usize,
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) scale: f32,
}

impl<'a> View<'a> {
    pub(super) fn of(gray: &'a Gray, scale: f32) -> Self {
        Self { pixels: &gray.pixels, stride: gray.width, width: gray.width, height: gray.height, scale }
    }

    pub(super) fn row(&self, y: usize) -> &'a [u8] {
        let start = y * self.stride;
        self.pixels.get(start..start + self.width).unwrap_or_default()
    }

    /// About how much neighbouring pixels differ by noise alone: its standard deviation, by the median of many places.
    pub(super) fn noise(&self) -> f32 {
        let mut counts = [0_usize; 511];
        for y in (0..self.height).step_by((self.height / 90).max(1)) {
            for three in self.row(y).windows(3).step_by(7) {
                let bend = 2 * i32::from(three[1]) - i32::from(three[0]) - i32::from(three[2]);
                counts[bend.unsigned_abs() as usize] += 1;
            }
        }
        let half = counts.iter().sum::<usize>() / 2;
        let mut seen = 0;
        let median = counts.iter().position(|count| {
            seen += count;
            seen > half
        });
        // The bend of three values has a deviation of √6 of theirs, and its median is 0.67 of that.
        median.unwrap_or_default() as f32 / 1.65
    }

    /// The grey at a place of the picture, between the four pixels about it; the edge goes on for ever.
    pub(super) fn light(&self, at: Point) -> f32 {
        let (x, y) = (at.x / self.scale - 0.5, at.y / self.scale - 0.5);
        // Also takes what is no number to the corner.
        let x = x.min(self.width as f32 - 1.001).max(0.0);
        let y = y.min(self.height as f32 - 1.001).max(0.0);
        let (left, top) = (x as usize, y as usize);
        let (right, low) = (x - left as f32, y - top as f32);
        let place = top * self.stride + left;
        let near = |place: usize| self.pixels.get(place).map_or(0.0, |pixel| f32::from(*pixel));
        let upper = near(place) + (near(place + 1) - near(place)) * right;
        let lower = near(place + self.stride) + (near(place + self.stride + 1) - near(place + self.stride)) * right;
        upper + (lower - upper) * low
    }
}

/// The picture, and its half, quarter and eighth, made when they are first wanted.
pub(super) struct Pyramid<'a> {
    luma: &'a Luma,
    smaller: [OnceCell<Gray>; 3],
}

impl<'a> Pyramid<'a> {
    pub(super) fn new(luma: &'a Luma) -> Self {
        Self { luma, smaller: [const { OnceCell::new() }; 3] }
    }

    /// The picture itself.
    pub(super) fn whole(&self) -> View<'_> {
        let (pixels, stride) = self.luma.rows();
        View { pixels, stride, width: self.luma.width(), height: self.luma.height(), scale: 1.0 }
    }

    /// The picture at 1/2, 1/4 or 1/8 of its size; itself for 0, and where a smaller one would be nothing.
    pub(super) fn level(&self, level: usize) -> View<'_> {
        let Some(cell) = level.min(3).checked_sub(1).and_then(|level| self.smaller.get(level)) else {
            return self.whole();
        };
        let larger = self.level(level.min(3) - 1);
        let gray = cell.get_or_init(|| Gray::shrunk::<2>(larger));
        if gray.width < 2 || gray.height < 2 { larger } else { View::of(gray, 2.0 * larger.scale) }
    }

    /// The level at which a module of so many pixels has about three.
    pub(super) fn suiting(&self, module: f32) -> View<'_> {
        let level = (module / 2.6).max(1.0).log2();
        self.level(level as usize)
    }
}
