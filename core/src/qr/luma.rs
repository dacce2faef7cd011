//! A picture in grey, as a camera gives it.

use thiserror::Error;

use crate::limits::{PICTURE_PIXELS, PICTURE_SIDE};

/// A picture in grey: one byte a pixel, 0 is black, rows from the top. Read where it lies: nothing is copied.
pub struct Luma {
    pixels: Vec<u8>,
    width: usize,
    height: usize,
    stride: usize,
    rotation: Rotation,
}

/// How far a camera's picture must be turned clockwise to stand upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rotation {
    /// It is upright.
    #[default]
    None,
    /// By 90 degrees.
    Quarter,
    /// By 180 degrees.
    Half,
    /// By 270 degrees.
    ThreeQuarters,
}

/// Why a frame was refused before anything was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LumaError {
    /// No width or no height.
    #[error("an empty picture")]
    Empty,
    /// A side of more than 16,384 pixels.
    #[error("a side of {0} pixels")]
    Side(u64),
    /// More than 32 megapixels.
    #[error("{0} pixels")]
    Pixels(u64),
    /// Rows are said to begin nearer to each other than they are long.
    #[error("stride {stride} under width {width}")]
    Stride {
        /// Bytes from row to row.
        stride: usize,
        /// Pixels in a row.
        width: usize,
    },
    /// Fewer bytes than rows and stride need.
    #[error("{found} bytes where {needed} are needed")]
    Short {
        /// What there is.
        found: usize,
        /// What there must be.
        needed: usize,
    },
}

/// Whether a picture of these sides may be unpacked.
pub(super) fn check_sides(width: u64, height: u64) -> Result<(), LumaError> {
    if width == 0 || height == 0 {
        return Err(LumaError::Empty);
    }
    let longest = width.max(height);
    if longest > PICTURE_SIDE {
        return Err(LumaError::Side(longest));
    }
    // Two sides of 16,384 at most: the product fits.
    if width * height > PICTURE_PIXELS {
        return Err(LumaError::Pixels(width * height));
    }
    Ok(())
}

impl Luma {
    /// A picture of `width` × `height` pixels; row *y* begins at byte *y* × `stride`. The last row may end with its last
    /// pixel, and bytes after it are not looked at.
    ///
    /// # Errors
    /// See [`LumaError`].
    pub fn new(
        pixels: Vec<u8>,
        width: usize,
        height: usize,
        stride: usize,
        rotation: Rotation,
    ) -> Result<Self, LumaError> {
        check_sides(width as u64, height as u64)?;
        if stride < width {
            return Err(LumaError::Stride { stride, width });
        }
        let needed = stride.saturating_mul(height - 1).saturating_add(width);
        if pixels.len() < needed {
            return Err(LumaError::Short { found: pixels.len(), needed });
        }
        Ok(Self { pixels, width, height, stride, rotation })
    }

    /// Pixels in a row, as the rows lie in memory.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows, as they lie in memory.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The row at this height; empty beyond the last.
    #[cfg(test)]
    pub(super) fn row(&self, y: usize) -> &[u8] {
        if y >= self.height {
            return &[];
        }
        let start = y * self.stride;
        self.pixels.get(start..start + self.width).unwrap_or_default()
    }

    /// All rows as they lie in memory, and the bytes from row to row.
    pub(super) fn rows(&self) -> (&[u8], usize) {
        (&self.pixels, self.stride)
    }

    /// Where a point of the rows in memory lies in the upright picture. Points outside are moved to its edge.
    pub(super) fn upright(&self, x: i64, y: i64) -> [u32; 2] {
        let (right, bottom) = (self.width as i64 - 1, self.height as i64 - 1);
        let (x, y) = (x.clamp(0, right), y.clamp(0, bottom));
        let (x, y) = match self.rotation {
            Rotation::None => (x, y),
            Rotation::Quarter => (bottom - y, x),
            Rotation::Half => (right - x, bottom - y),
            Rotation::ThreeQuarters => (y, right - x),
        };
        [x, y].map(|place| u32::try_from(place).unwrap_or_default())
    }
}

impl std::fmt::Debug for Luma {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // A picture of a QR code is the key in it.
        write!(f, "Luma({}x{}, ..)", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: usize, width: usize, height: usize, stride: usize) -> Result<Luma, LumaError> {
        Luma::new(vec![0; bytes], width, height, stride, Rotation::None)
    }

    #[test]
    fn a_frame_must_hold_what_it_says() {
        assert!(frame(10 * 16 + 12, 12, 11, 16).is_ok());
        assert!(frame(9999, 12, 11, 16).is_ok());
        assert_eq!(frame(10 * 16 + 11, 12, 11, 16).unwrap_err(), LumaError::Short { found: 171, needed: 172 });
        assert_eq!(frame(9999, 12, 11, 11).unwrap_err(), LumaError::Stride { stride: 11, width: 12 });
        assert_eq!(frame(9999, 0, 11, 16).unwrap_err(), LumaError::Empty);
        assert_eq!(frame(9999, 12, 0, 16).unwrap_err(), LumaError::Empty);
        assert!(matches!(frame(10, 12, 11, usize::MAX), Err(LumaError::Short { .. })));
    }

    #[test]
    fn sides_at_one_less_the_limit_one_more_and_a_thousand_times() {
        for (side, fits) in [(PICTURE_SIDE - 1, true), (PICTURE_SIDE, true), (PICTURE_SIDE + 1, false)] {
            assert_eq!(check_sides(side, 1).is_ok(), fits);
            assert_eq!(check_sides(1, side).is_ok(), fits);
        }
        assert_eq!(check_sides(PICTURE_SIDE * 1000, 1), Err(LumaError::Side(PICTURE_SIDE * 1000)));
        let side = 4096;
        let most = PICTURE_PIXELS / side;
        for (height, fits) in [(most - 1, true), (most, true), (most + 1, false)] {
            assert_eq!(check_sides(side, height).is_ok(), fits, "{height}");
        }
        assert_eq!(check_sides(PICTURE_SIDE, PICTURE_SIDE), Err(LumaError::Pixels(PICTURE_SIDE * PICTURE_SIDE)));
        assert_eq!(check_sides(u64::MAX, u64::MAX), Err(LumaError::Side(u64::MAX)));
    }

    #[test]
    fn points_are_turned_upright() {
        let turned = |rotation| Luma::new(vec![0; 12], 4, 3, 4, rotation).unwrap().upright(1, 0);
        assert_eq!(turned(Rotation::None), [1, 0]);
        assert_eq!(turned(Rotation::Quarter), [2, 1]);
        assert_eq!(turned(Rotation::Half), [2, 2]);
        assert_eq!(turned(Rotation::ThreeQuarters), [0, 2]);
        assert_eq!(frame(12, 4, 3, 4).unwrap().upright(-5, 99), [0, 2]);
    }

    #[test]
    fn debug_shows_no_pixel() {
        assert_eq!(format!("{:?}", frame(12, 4, 3, 4).unwrap()), "Luma(4x3, ..)");
    }
}
