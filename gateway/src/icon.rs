//! Icons of what asks, as phones get them: PNG of 128 × 128, drawn anew by us, known by their SHA-256 (`push-v1.md` §4).
//!
//! An operator names a file for a client; the sample application has one of its own. Nothing of the file but its pixels
//! goes to phones.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use countersign_protocol::jose::H32;
use png::{BitDepth, ColorType, Compression, Transformations};

use crate::config::Config;
use crate::file::{self, FileFault, Unfit};
use crate::limits;

/// Pixels along a side of what phones get.
const SIDE: usize = 128;
/// Pixels along a side that a file may have.
const SIDES: std::ops::RangeInclusive<u32> = 16..=2048;
/// The sample application's.
const SAMPLE: &[u8] = include_bytes!("../assets/sample.png");

/// One icon as it travels.
#[derive(Debug, Clone)]
struct Icon {
    client: &'static str,
    hash: H32,
    png: Arc<[u8]>,
}

/// The icons of all clients. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct Icons(Arc<[Icon]>);

impl Icons {
    /// Reads and redraws the files that the settings name.
    ///
    /// # Errors
    /// [`FileFault`].
    pub fn open(config: &Config) -> Result<Self, FileFault> {
        let mut icons = Vec::new();
        let mut add = |client, png: Option<Vec<u8>>| {
            if let Some(png) = png {
                icons.push(Icon { client, hash: H32::sha256(&[&png]), png: png.into() });
            }
        };
        add("manage", config.icons.manage.as_deref().map(|path| redrawn("client.manage.icon", path)).transpose()?);
        let sample = match &config.icons.sample {
            Some(path) => Some(redrawn("client.sample.icon", path)?),
            None if config.sample_app => redraw(SAMPLE),
            None => None,
        };
        add("sample", sample);
        Ok(Self(icons.into()))
    }

    /// SHA-256 of a client's icon: `ico` of its challenges.
    pub fn of(&self, client: &str) -> Option<H32> {
        self.0.iter().find(|icon| icon.client == client).map(|icon| icon.hash)
    }

    /// The icon with this SHA-256.
    pub fn get(&self, hash: &H32) -> Option<Arc<[u8]>> {
        self.0.iter().find(|icon| icon.hash == *hash).map(|icon| icon.png.clone())
    }
}

fn redrawn(key: &'static str, path: &Path) -> Result<Vec<u8>, FileFault> {
    let bytes = file::read(key, path, limits::ICON_FILE_BYTES)?;
    redraw(&bytes).ok_or_else(|| FileFault::new(key, path, Unfit::Icon))
}

/// A square PNG as one of 128 × 128 and 60 KiB at most; none when it is no such picture.
fn redraw(bytes: &[u8]) -> Option<Vec<u8>> {
    let (side, pixels) = decode(bytes)?;
    let pixels = scale(&pixels, side);
    let whole = encode(ColorType::Rgba, &pixels.concat())?;
    if whole.len() <= limits::ICON_BYTES && pixels.iter().any(|[.., alpha]| *alpha != 255) {
        return Some(whole);
    }
    // Without what shines through it always fits: three bytes a pixel are 48 KiB.
    let plain: Vec<u8> = pixels.iter().flat_map(|pixel| on_white(*pixel)).collect();
    encode(ColorType::Rgb, &plain).filter(|png| png.len() <= limits::ICON_BYTES)
}

type Pixel = [u8; 4];

fn decode(bytes: &[u8]) -> Option<(usize, Vec<Pixel>)> {
    let mut decoder = png::Decoder::new_with_limits(Cursor::new(bytes), png::Limits { bytes: 64 << 20 });
    decoder.set_transformations(Transformations::normalize_to_color8() | Transformations::ALPHA);
    let mut reader = decoder.read_info().ok()?;
    let (width, height) = (reader.info().width, reader.info().height);
    if width != height || !SIDES.contains(&width) {
        return None;
    }
    let mut buffer = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut buffer).ok()?;
    let pixels: Vec<Pixel> = match frame.color_type {
        ColorType::Rgba => buffer.as_chunks::<4>().0.to_vec(),
        ColorType::GrayscaleAlpha => buffer.as_chunks::<2>().0.iter().map(|[v, alpha]| [*v, *v, *v, *alpha]).collect(),
        _ => return None,
    };
    let side = usize::try_from(width).ok()?;
    (pixels.len() == side * side).then_some((side, pixels))
}

/// Each new pixel is the mean of the square that it covers; what is see-through counts as little as it shows.
fn scale(pixels: &[Pixel], side: usize) -> Vec<Pixel> {
    let span = |at: usize| {
        let first = at * side / SIDE;
        first..((at + 1) * side / SIDE).max(first + 1).min(side)
    };
    let mut scaled = Vec::with_capacity(SIDE * SIDE);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (mut sums, mut count) = ([0_u64; 4], 0);
            for row in span(y) {
                for [red, green, blue, alpha] in &pixels[row * side..][span(x)] {
                    let alpha = u64::from(*alpha);
                    let parts = [u64::from(*red) * alpha, u64::from(*green) * alpha, u64::from(*blue) * alpha, alpha];
                    sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
                    count += 1;
                }
            }
            let alpha = sums[3];
            let mean = |sum: u64, of: u64| u8::try_from((sum + of / 2) / of.max(1)).unwrap_or(u8::MAX);
            scaled.push([mean(sums[0], alpha), mean(sums[1], alpha), mean(sums[2], alpha), mean(alpha, count)]);
        }
    }
    scaled
}

fn on_white([red, green, blue, alpha]: Pixel) -> [u8; 3] {
    let alpha = u16::from(alpha);
    [red, green, blue].map(|value| u8::try_from((u16::from(value) * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255))
}

fn encode(color: ColorType, data: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let side = u32::try_from(SIDE).ok()?;
    let mut encoder = png::Encoder::new(&mut out, side, side);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::High);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(data).ok()?;
    writer.finish().ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(side: u32, color: ColorType, data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, side, side);
        encoder.set_color(color);
        encoder.set_depth(BitDepth::Eight);
        encoder.add_text_chunk("Comment".into(), "canary".into()).unwrap();
        let mut writer = encoder.write_header().unwrap();
        writer.write_image_data(data).unwrap();
        writer.finish().unwrap();
        out
    }

    /// Bytes that no compressor makes smaller.
    fn noise(count: usize) -> Vec<u8> {
        (0..count.div_ceil(32)).flat_map(|n| *H32::sha256(&[&n.to_be_bytes()]).as_bytes()).take(count).collect()
    }

    fn config(change: impl FnOnce(&mut Config)) -> Config {
        let mut config = Config::local("nowhere");
        change(&mut config);
        config
    }

    #[test]
    fn whatever_it_was_it_is_128_by_128_and_small() {
        for (side, color, bytes) in [
            (16, ColorType::Rgb, 3),
            (128, ColorType::Rgba, 4),
            (200, ColorType::Grayscale, 1),
            (2048, ColorType::Rgba, 4),
        ] {
            let drawn = redraw(&picture(side, color, &noise(side as usize * side as usize * bytes))).unwrap();
            assert!(drawn.len() <= limits::ICON_BYTES, "{side}: {}", drawn.len());
            let info = png::Decoder::new(Cursor::new(&drawn)).read_info().unwrap();
            assert_eq!((info.info().width, info.info().height), (128, 128), "{side}");
            assert!(!drawn.windows(6).any(|part| part == b"canary"), "nothing but pixels");
        }
    }

    #[test]
    fn see_through_stays_and_colours_stay() {
        let half = picture(256, ColorType::Rgba, &[[200, 100, 50, 128]; 256 * 256].concat());
        let (side, pixels) = decode(&redraw(&half).unwrap()).unwrap();
        assert_eq!((side, pixels[0], pixels[128 * 128 - 1]), (128, [200, 100, 50, 128], [200, 100, 50, 128]));
        assert_eq!(on_white([200, 100, 50, 0]), [255, 255, 255]);
        assert_eq!(on_white([200, 100, 50, 255]), [200, 100, 50]);
    }

    #[test]
    fn what_is_no_square_picture_is_refused() {
        let mut wide = Vec::new();
        let mut encoder = png::Encoder::new(&mut wide, 64, 32);
        encoder.set_color(ColorType::Grayscale);
        encoder.write_header().unwrap().write_image_data(&[0; 64 * 32]).unwrap();
        for bad in [&wide[..], b"GIF89a", &picture(8, ColorType::Grayscale, &[0; 64]), &SAMPLE[..SAMPLE.len() / 2]] {
            assert_eq!(redraw(bad), None);
        }
    }

    #[test]
    fn a_file_is_taken_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("icon.png");
        let mut bytes = picture(64, ColorType::Grayscale, &[7; 64 * 64]);
        // What follows a picture's end is no part of it.
        bytes.resize(usize::try_from(limits::ICON_FILE_BYTES).unwrap(), 0);
        std::fs::write(&path, &bytes).unwrap();
        assert!(redrawn("client.sample.icon", &path).is_ok());
        bytes.push(0);
        assert!(redraw(&bytes).is_some(), "it is its size that is refused");
        std::fs::write(&path, &bytes).unwrap();
        let large = Unfit::Large(limits::ICON_FILE_BYTES);
        assert_eq!(redrawn("client.sample.icon", &path).unwrap_err().why, large);
    }

    #[test]
    fn a_client_has_the_icon_that_was_named_and_the_sample_has_its_own() {
        assert!(Icons::open(&config(|_| ())).unwrap().0.is_empty());
        let own = Icons::open(&config(|config| config.sample_app = true)).unwrap();
        let hash = own.of("sample").unwrap();
        assert_eq!(H32::sha256(&[&own.get(&hash).unwrap()]), hash);
        assert_eq!((own.of("manage"), own.get(&H32::from_bytes([1; 32]))), (None, None));

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("icon.png");
        std::fs::write(&path, picture(64, ColorType::Grayscale, &[7; 64 * 64])).unwrap();
        let named = config(|config| {
            config.sample_app = true;
            (config.icons.sample, config.icons.manage) = (Some(path.clone()), Some(path.clone()));
        });
        let named_icons = Icons::open(&named).unwrap();
        assert_ne!(named_icons.of("sample"), Some(hash));
        assert_eq!(named_icons.of("sample"), named_icons.of("manage"));
        std::fs::write(&path, "no picture").unwrap();
        assert_eq!(Icons::open(&named).unwrap_err().why, Unfit::Icon);
    }
}
