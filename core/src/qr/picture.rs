//! PNG and JPEG files to a picture in grey. Everything that a file declares is checked before it is unpacked.

use std::io::Cursor;

use thiserror::Error;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::luma::{Luma, LumaError, Rotation, check_sides};
use crate::limits::{PICTURE_FILE, PICTURE_JPEG_SCANS};

/// Why a picture file was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PictureError {
    /// More than 16 MiB; nothing of it was looked at.
    #[error("a file of {0} bytes")]
    FileSize(usize),
    /// Neither PNG nor JPEG, by its first bytes.
    #[error("neither PNG nor JPEG")]
    Format,
    /// Its sides, as the file declares them.
    #[error(transparent)]
    Sides(#[from] LumaError),
    /// More than one frame.
    #[error("{0} frames")]
    Frames(u32),
    /// It cannot be unpacked.
    #[error("damaged")]
    Damaged,
}

const WHITE: u8 = 255;
const BLACK: u8 = 0;
/// What is lighter is nowhere dark.
const PALE: u8 = 160;
/// Pixels of the largest picture that is unpacked twice.
const TWICE: usize = 1 << 23;

/// Unpacks a file into grey.
pub(super) fn unpack(file: Vec<u8>) -> Result<Luma, PictureError> {
    if file.len() > PICTURE_FILE {
        return Err(PictureError::FileSize(file.len()));
    }
    if file.starts_with(b"\x89PNG\r\n\x1a\n") {
        match png(&file, WHITE)? {
            (picture, false) => Ok(picture),
            // White on nothing, as pages draw it that follow a dark mode.
            (picture, true) => {
                drop(picture);
                Ok(png(&file, BLACK)?.0)
            }
        }
    } else if file.starts_with(&[0xff, 0xd8, 0xff]) {
        jpeg(&file)
    } else {
        Err(PictureError::Format)
    }
}

/// Row by row into grey, so that no more than the grey picture and one row are held. What is transparent lies on `ground`; and
/// whether there is such, and nothing dark on it.
fn png(file: &[u8], ground: u8) -> Result<(Luma, bool), PictureError> {
    let declared = |place| file.get(place..)?.first_chunk().map(|bytes| u64::from(u32::from_be_bytes(*bytes)));
    check_sides(declared(16).ok_or(PictureError::Damaged)?, declared(20).ok_or(PictureError::Damaged)?)?;
    // What the decoder may hold beside our picture: rows, a palette, the window of its inflater.
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(file), png::Limits { bytes: 4 << 20 });
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().map_err(|_| PictureError::Damaged)?;
    let info = reader.info();
    let (width, height) = (info.width as usize, info.height as usize);
    if let Some(frames) = info.animation_control.map(|control| control.num_frames).filter(|frames| *frames > 1) {
        return Err(PictureError::Frames(frames));
    }

    let samples = reader.output_color_type().0.samples();
    let mut pixels = vec![0; width * height];
    let mut gray = Vec::with_capacity(width);
    let mut next = 0;
    while let Some(row) = reader.next_interlaced_row().map_err(|_| PictureError::Damaged)? {
        gray.clear();
        gray.extend(row.data().chunks_exact(samples).map(|pixel| luma_of(pixel, ground)));
        match row.interlace() {
            png::InterlaceInfo::Null(_) => {
                let place = pixels.get_mut(next * width..(next + 1) * width).ok_or(PictureError::Damaged)?;
                place.copy_from_slice(gray.get(..width).ok_or(PictureError::Damaged)?);
                next += 1;
            }
            png::InterlaceInfo::Adam7(pass) => png::expand_interlaced_row(&mut pixels, width, &gray, pass, 8),
        }
    }
    let is_pale = matches!(samples, 2 | 4) && pixels.len() <= TWICE && pixels.iter().all(|grey| *grey > PALE);
    Ok((Luma::new(pixels, width, height, width, Rotation::None)?, is_pale))
}

/// The grey of one pixel: grey, grey and alpha, RGB or RGBA. What is transparent lies on `ground`.
fn luma_of(pixel: &[u8], ground: u8) -> u8 {
    let (grey, alpha) = match *pixel {
        [grey] => (u32::from(grey), 255),
        [grey, alpha] => (u32::from(grey), u32::from(alpha)),
        [red, green, blue] => (weighed(red, green, blue), 255),
        [red, green, blue, alpha] => (weighed(red, green, blue), u32::from(alpha)),
        _ => (255, 255),
    };
    ((grey * alpha + u32::from(ground) * (255 - alpha)) / 255) as u8
}

/// Rec. 601, as JPEG weighs them.
fn weighed(red: u8, green: u8, blue: u8) -> u32 {
    (u32::from(red) * 299 + u32::from(green) * 587 + u32::from(blue) * 114) / 1000
}

fn jpeg(file: &[u8]) -> Result<Luma, PictureError> {
    let options = DecoderOptions::new_safe()
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_max_scans(PICTURE_JPEG_SCANS)
        .jpeg_set_out_colorspace(ColorSpace::Luma);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(file), options);
    decoder.decode_headers().map_err(|_| PictureError::Damaged)?;
    let (width, height) = decoder.dimensions().ok_or(PictureError::Damaged)?;
    check_sides(width as u64, height as u64)?;

    // The usual files have grey of their own; those that hold plain RGB are weighed here.
    let plain = matches!(decoder.input_colorspace(), Some(ColorSpace::YCbCr | ColorSpace::Luma));
    if plain {
        let pixels = decoder.decode().map_err(|_| PictureError::Damaged)?;
        return Ok(Luma::new(pixels, width, height, width, Rotation::None)?);
    }
    decoder.set_options(options.jpeg_set_out_colorspace(ColorSpace::RGB));
    let colours = decoder.decode().map_err(|_| PictureError::Damaged)?;
    let pixels = colours.chunks_exact(3).map(|pixel| luma_of(pixel, WHITE)).collect();
    Ok(Luma::new(pixels, width, height, width, Rotation::None)?)
}

#[cfg(test)]
mod tests {
    use countersign_properties::parser;
    use proptest::prelude::*;

    use super::*;
    use crate::limits::{PICTURE_PIXELS, PICTURE_SIDE};
    use crate::properties::damaged;

    /// A PNG of these sides and samples, every row filled by `row`.
    fn png_of(width: u32, height: u32, color: png::ColorType, data: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, width, height);
        encoder.set_color(color);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.write_header().unwrap().write_image_data(data).unwrap();
        file
    }

    /// The same file with other sides declared.
    fn declaring(mut file: Vec<u8>, width: u32, height: u32) -> Vec<u8> {
        file[16..20].copy_from_slice(&width.to_be_bytes());
        file[20..24].copy_from_slice(&height.to_be_bytes());
        let crc = crc32(&file[12..29]).to_be_bytes();
        file[29..33].copy_from_slice(&crc);
        file
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
        })
    }

    /// A progressive picture of ten scans, and the scan of a few more bits again and again.
    #[test]
    fn a_jpeg_has_so_many_scans_and_no_more() {
        let file = include_bytes!("../../../tests/fixtures/qr/poor.jpg");
        let starts: Vec<usize> = (0..file.len() - 1).filter(|at| file[*at..].starts_with(&[0xff, 0xda])).collect();
        assert_eq!(starts.len(), 10);
        // The eighth refines what all blocks have in common; nothing is gained or lost by another one like it.
        let (from, to) =
            (starts[6], starts[6] + file[starts[6]..].windows(2).position(|it| it == [0xff, 0xc4]).unwrap());
        for (scans, taken) in
            [(PICTURE_JPEG_SCANS - 1, true), (PICTURE_JPEG_SCANS, true), (PICTURE_JPEG_SCANS + 1, false)]
        {
            let more = file[from..to].repeat(scans - starts.len());
            let file = [&file[..to], &more, &file[to..]].concat();
            assert_eq!((scans, unpack(file).is_ok()), (scans, taken));
        }
    }

    /// Written pictures of any size and grey, left whole or damaged: a good one comes back pixel by pixel, and the others
    /// are a picture or a fault.
    #[test]
    fn any_file_is_a_picture_or_a_fault_and_a_third_is_one() {
        let pixels = (1..40_u32, 1..40_u32, any::<u8>());
        let input = (pixels, any::<prop::sample::Index>(), 1..=255_u8, 0..6_u8);
        parser(input, |((width, height, first), at, change, how)| {
            let grey: Vec<u8> = (0..width * height).map(|n| first.wrapping_add(n as u8)).collect();
            let file = png_of(*width, *height, png::ColorType::Grayscale, &grey);
            let is_whole = *how > 2;
            match unpack(damaged(file, *at, *change, *how)) {
                Ok(luma) => {
                    let rows: Vec<u8> = (0..luma.height()).flat_map(|y| luma.row(y).to_vec()).collect();
                    assert!(!is_whole || rows == grey, "{width} by {height}");
                    true
                }
                Err(fault) => {
                    assert!(!is_whole, "{fault:?}");
                    false
                }
            }
        });
    }

    #[test]
    fn every_kind_of_pixel_becomes_grey() {
        let rows = |luma: &Luma| (0..luma.height()).map(|y| luma.row(y).to_vec()).collect::<Vec<_>>();
        let grey = unpack(png_of(2, 2, png::ColorType::Grayscale, &[1, 2, 3, 4])).unwrap();
        assert_eq!(rows(&grey), [[1, 2], [3, 4]]);
        let colours = unpack(png_of(2, 1, png::ColorType::Rgb, &[255, 255, 255, 255, 0, 0])).unwrap();
        assert_eq!(rows(&colours), [[255, 76]]);
        let clear = unpack(png_of(3, 1, png::ColorType::Rgba, &[0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 128])).unwrap();
        assert_eq!(rows(&clear), [[255, 0, 127]]);
        let faint = unpack(png_of(2, 1, png::ColorType::GrayscaleAlpha, &[0, 0, 0, 255])).unwrap();
        assert_eq!(rows(&faint), [[255, 0]]);
        let light = unpack(png_of(2, 1, png::ColorType::GrayscaleAlpha, &[255, 0, 255, 255])).unwrap();
        assert_eq!(rows(&light), [[0, 255]], "white on nothing is seen on black");
    }

    #[test]
    fn a_file_of_16_mib_is_the_largest() {
        for (bytes, fits) in
            [(PICTURE_FILE - 1, true), (PICTURE_FILE, true), (PICTURE_FILE + 1, false), (PICTURE_FILE * 4, false)]
        {
            let fault = unpack(vec![b'x'; bytes]).unwrap_err();
            assert_eq!(fault, if fits { PictureError::Format } else { PictureError::FileSize(bytes) });
        }
    }

    #[test]
    fn declared_sides_are_checked_before_a_byte_is_unpacked() {
        let side = PICTURE_SIDE as u32;
        let small = || png_of(1, 1, png::ColorType::Grayscale, &[0]);
        for (width, height, expected) in [
            (side, 1, PictureError::Damaged),
            (side + 1, 1, LumaError::Side(u64::from(side) + 1).into()),
            (1, side + 1, LumaError::Side(u64::from(side) + 1).into()),
            (0x7fff_ffff, 0x7fff_ffff, LumaError::Side(0x7fff_ffff).into()),
            (8192, (PICTURE_PIXELS / 8192) as u32, PictureError::Damaged),
            (8192, (PICTURE_PIXELS / 8192) as u32 + 1, LumaError::Pixels((PICTURE_PIXELS / 8192 + 1) * 8192).into()),
        ] {
            assert_eq!(unpack(declaring(small(), width, height)).unwrap_err(), expected, "{width}x{height}");
        }
    }

    #[test]
    fn several_frames_are_refused() {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 1, 1);
        encoder.set_animated(2, 0).unwrap();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(&[0]).unwrap();
        writer.write_image_data(&[1]).unwrap();
        writer.finish().unwrap();
        assert_eq!(unpack(file).unwrap_err(), PictureError::Frames(2));
    }

    #[test]
    fn a_large_picture_at_the_limit_is_unpacked() {
        let (width, height) = (8192_u32, (PICTURE_PIXELS / 8192) as u32);
        let file = png_of(width, height, png::ColorType::Grayscale, &vec![7; (width * height) as usize]);
        let luma = unpack(file).unwrap();
        assert_eq!((luma.width(), luma.height(), luma.row(3000)[17]), (8192, height as usize, 7));
    }

    #[test]
    fn damage_at_every_byte_is_an_error_or_a_picture() {
        let file = png_of(40, 30, png::ColorType::Rgb, &[200; 40 * 30 * 3]);
        let jpeg = include_bytes!("../../../tests/fixtures/qr/small.jpg");
        for file in [&file[..], &jpeg[..]] {
            for place in 0..file.len() {
                let mut damaged = file.to_vec();
                damaged[place] ^= 0x55;
                let _ = unpack(damaged);
                let _ = unpack(file[..place].to_vec());
            }
        }
    }
}
