//! A person's picture of an account: a PNG or JPEG file is unpacked within limits, shrunk, and written anew as PNG. So
//! nothing else of the file is kept, such as where it was taken.

use std::io::Cursor;

use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::error::{InputError, Named, Rule};
use crate::limits;

/// A picture as it is kept: a PNG of at most 256 pixels a side.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture(Vec<u8>);

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Picture(..)")
    }
}

impl Picture {
    /// Takes a PNG or JPEG file. An animation, or what cannot be unpacked, is refused.
    ///
    /// # Errors
    /// [`InputError::TooMuch`] for a file or a picture over its limit, before it is unpacked; [`InputError::Field`] for what
    /// is no such picture.
    pub fn from_file(file: &[u8]) -> Result<Self, InputError> {
        within(file.len() as u64, limits::PICTURE_FILE as u64)?;
        let pixels = if file.starts_with(b"\x89PNG\r\n\x1a\n") {
            png(file)
        } else if file.starts_with(&[0xff, 0xd8, 0xff]) {
            jpeg(file)
        } else {
            return Err(REFUSED);
        }?;
        pixels.shrunk(limits::ICON_SIDE).written().map(Self)
    }

    /// The PNG file.
    pub fn as_png(&self) -> &[u8] {
        &self.0
    }

    /// What stands in the vault, which was one when it was put there.
    pub(super) const fn kept(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

const REFUSED: InputError = InputError::Field { field: Named::Picture, rule: Rule::Picture };

fn within(found: u64, most: u64) -> Result<(), InputError> {
    if found > most { Err(InputError::TooMuch { what: Named::Picture, found, most }) } else { Ok(()) }
}

/// Red, green, blue and opacity of each pixel, row by row.
struct Pixels {
    width: usize,
    height: usize,
    rgba: Vec<u8>,
}

fn png(file: &[u8]) -> Result<Pixels, InputError> {
    let declared = |at: usize| file.get(at..)?.first_chunk().map(|bytes| u64::from(u32::from_be_bytes(*bytes)));
    check_sides(declared(16).ok_or(REFUSED)?, declared(20).ok_or(REFUSED)?)?;
    // What the decoder may hold beside our pixels: rows, a palette, the window of its inflater.
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: 4 << 20 });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
    let mut reader = decoder.read_info().map_err(|_| REFUSED)?;
    if reader.info().animation_control.is_some_and(|control| control.num_frames > 1) {
        return Err(REFUSED);
    }
    let mut samples = vec![0; reader.output_buffer_size().ok_or(REFUSED)?];
    let frame = reader.next_frame(&mut samples).map_err(|_| REFUSED)?;
    samples.truncate(frame.buffer_size());
    let rgba = match frame.color_type.samples() {
        2 => samples.chunks_exact(2).flat_map(|pixel| [pixel[0], pixel[0], pixel[0], pixel[1]]).collect(),
        4 => samples,
        _ => return Err(REFUSED),
    };
    Pixels { width: frame.width as usize, height: frame.height as usize, rgba }.whole()
}

fn jpeg(file: &[u8]) -> Result<Pixels, InputError> {
    let options = DecoderOptions::new_safe()
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_max_scans(limits::PICTURE_JPEG_SCANS)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(|_| REFUSED)?;
    let (width, height) = decoder.dimensions().ok_or(REFUSED)?;
    check_sides(width as u64, height as u64)?;
    let rgb = decoder.decode().map_err(|_| REFUSED)?;
    let rgba = rgb.chunks_exact(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
    Pixels { width, height, rgba }.whole()
}

fn check_sides(width: u64, height: u64) -> Result<(), InputError> {
    if width == 0 || height == 0 { Err(REFUSED) } else { within(width.saturating_mul(height), limits::ICON_SOURCE) }
}

impl Pixels {
    /// Whether there are as many as the sides say.
    fn whole(self) -> Result<Self, InputError> {
        if self.rgba.len() == self.width * self.height * 4 { Ok(self) } else { Err(REFUSED) }
    }

    /// So small that no side is longer than `most`: each pixel is the mean of those that fall on it, by their opacity.
    fn shrunk(self, most: usize) -> Self {
        let longest = self.width.max(self.height);
        if longest <= most {
            return self;
        }
        let side = |length: usize| (length * most / longest).max(1);
        let (width, height) = (side(self.width), side(self.height));
        let mut rgba = Vec::with_capacity(width * height * 4);
        for y in 0..height {
            let rows = y * self.height / height..((y + 1) * self.height / height).max(y * self.height / height + 1);
            for x in 0..width {
                let columns = x * self.width / width..((x + 1) * self.width / width).max(x * self.width / width + 1);
                rgba.extend(self.mean(rows.clone(), &columns));
            }
        }
        Self { width, height, rgba }
    }

    fn mean(&self, rows: std::ops::Range<usize>, columns: &std::ops::Range<usize>) -> [u8; 4] {
        let count = (rows.len() * columns.len()) as u64;
        let (mut colours, mut opacity) = ([0_u64; 3], 0_u64);
        for y in rows {
            let row = &self.rgba[y * self.width * 4..];
            for pixel in row[columns.start * 4..columns.end * 4].chunks_exact(4) {
                let alpha = u64::from(pixel[3]);
                opacity += alpha;
                colours.iter_mut().zip(pixel).for_each(|(sum, value)| *sum += u64::from(*value) * alpha);
            }
        }
        let [red, green, blue] = colours.map(|sum| sum.checked_div(opacity).unwrap_or_default() as u8);
        [red, green, blue, (opacity / count.max(1)) as u8]
    }

    fn written(&self) -> Result<Vec<u8>, InputError> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().map_err(|_| REFUSED)?;
        writer.write_image_data(&self.rgba).and_then(|()| writer.finish()).map_err(|_| REFUSED)?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use countersign_properties::parser;
    use proptest::prelude::*;

    use super::*;
    use crate::properties::damaged;

    fn file(width: usize, height: usize, colour: [u8; 4]) -> Vec<u8> {
        Pixels { width, height, rgba: colour.repeat(width * height) }.written().unwrap()
    }

    fn unpacked(picture: &Picture) -> Pixels {
        png(picture.as_png()).unwrap()
    }

    #[test]
    fn a_picture_is_shrunk_and_its_colours_stay() {
        let most = limits::ICON_SIDE;
        for (width, height, expected) in [
            (3, 2, (3, 2)),
            (most, most, (most, most)),
            (most + 1, 10, (most, 9)),
            (2 * most, most, (most, most / 2)),
            (5 * most, 1, (most, 1)),
        ] {
            let picture = Picture::from_file(&file(width, height, [200, 40, 9, 128])).unwrap();
            let pixels = unpacked(&picture);
            assert_eq!((pixels.width, pixels.height), expected, "{width} by {height}");
            assert!(pixels.rgba.chunks_exact(4).all(|pixel| pixel == [200, 40, 9, 128]), "{width} by {height}");
            assert!(picture.as_png().len() <= limits::ICON_PICTURE);
        }
    }

    #[test]
    fn what_is_transparent_has_no_colour() {
        let rgba = [[255, 255, 255, 0].repeat(512 * 256), [10, 20, 30, 255].repeat(512 * 256)].concat();
        let tall = Pixels { width: 512, height: 512, rgba }.written().unwrap();
        let pixels = unpacked(&Picture::from_file(&tall).unwrap());
        assert_eq!(&pixels.rgba[..4], [0, 0, 0, 0]);
        assert_eq!(pixels.rgba[pixels.rgba.len() - 4..], [10, 20, 30, 255]);
    }

    #[test]
    fn a_jpeg_becomes_a_png_without_what_else_it_says() {
        let picture = Picture::from_file(include_bytes!("../../../tests/fixtures/qr/poor.jpg")).unwrap();
        assert!(unpacked(&picture).width.max(unpacked(&picture).height) <= limits::ICON_SIDE);
        assert!(!picture.as_png().windows(4).any(|four| four == b"Exif"));
    }

    #[test]
    fn what_is_no_picture_or_too_large_is_refused_before_it_is_unpacked() {
        assert_eq!(Picture::from_file(b"GIF89a"), Err(REFUSED));
        assert_eq!(Picture::from_file(b""), Err(REFUSED));
        let long = vec![0; limits::PICTURE_FILE + 1];
        assert!(matches!(Picture::from_file(&long), Err(InputError::TooMuch { .. })));
        let most = limits::ICON_SOURCE;
        assert!(check_sides(most, 1).is_ok());
        assert!(check_sides(most + 1, 1).is_err() && check_sides(u64::MAX, u64::MAX).is_err());
        assert_eq!(check_sides(0, 9), Err(REFUSED));
    }

    /// Files left whole or damaged, and anything at all.
    #[test]
    fn any_file_is_a_picture_or_refused_and_a_third_is_one() {
        let written = (1..40_usize, 1..40_usize, any::<[u8; 4]>()).prop_map(|(w, h, colour)| file(w, h, colour));
        let input = (written, any::<prop::sample::Index>(), 1..=255_u8, 0..6_u8);
        parser(input, |(file, at, change, how)| {
            let read = Picture::from_file(&damaged(file.clone(), *at, *change, *how));
            assert!(*how <= 2 || read.is_ok());
            read.is_ok()
        });
    }
}
