//! Golden pictures: what a page looked like when a person last looked at it and said yes.

use crate::program::target;
use crate::taken_with;
use std::path::{Path, PathBuf};

/// A channel may differ by this much: fonts are smoothed a little differently from one browser to the next.
const CHANNEL: u8 = 32;

/// Share of pixels that may differ by more than [`CHANNEL`], in one in a hundred thousand.
const SHARE: u64 = 200;

/// Side of a tile in pixels: about a letter's height squared. The last of a row and of a column may be smaller.
const TILE: u32 = 24;

/// Within one tile, no more than this part of a whole one may differ: a word that changed is few pixels of a page, and
/// many of the place where it stands.
const TILE_MOST: u32 = TILE * TILE / TILE_PART;

/// One in so many pixels of a tile.
const TILE_PART: u32 = 12;

/// Pixels, four bytes each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Red, green, blue, opacity, row by row from the top.
    pub rgba: Vec<u8>,
}

/// Why a picture is not the golden one.
#[derive(Debug, PartialEq, Eq)]
pub enum Difference {
    /// It has other sides: golden, then drawn.
    Size((u32, u32), (u32, u32)),
    /// So many pixels of so many differ.
    Pixels(u64, u64),
    /// In the tile whose first pixel is here, so many pixels differ.
    Tile((u32, u32), u32),
}

impl Picture {
    /// Reads a PNG.
    ///
    /// # Panics
    /// When it is none.
    pub fn decode(png: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::normalize_to_color8() | png::Transformations::ALPHA);
        let mut reader = decoder.read_info().expect("a PNG header");
        let mut bytes = vec![0; reader.output_buffer_size().expect("a picture that fits memory")];
        let info = reader.next_frame(&mut bytes).expect("a PNG frame");
        bytes.truncate(info.buffer_size());
        let rgba = match info.color_type {
            png::ColorType::Rgba => bytes,
            png::ColorType::GrayscaleAlpha => bytes.chunks_exact(2).flat_map(|p| [p[0], p[0], p[0], p[1]]).collect(),
            other => panic!("colour type {other:?}"),
        };
        Self { width: info.width, height: info.height, rgba }
    }

    /// Writes a PNG.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let mut encoder = png::Encoder::new(&mut out, self.width, self.height);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let mut writer = encoder.write_header().expect("a header in memory");
        writer.write_image_data(&self.rgba).expect("a frame in memory");
        drop(writer);
        out
    }

    /// The brightness of each pixel, for a QR reader.
    pub fn luma(&self) -> Vec<u8> {
        let brightness = |p: &[u8]| ((u32::from(p[0]) * 77 + u32::from(p[1]) * 150 + u32::from(p[2]) * 29) >> 8) as u8;
        self.rgba.chunks_exact(4).map(brightness).collect()
    }

    /// How `drawn` differs from this golden one by more than the tolerance, if it does.
    pub fn difference(&self, drawn: &Self) -> Option<Difference> {
        self.difference_by(drawn, |at| is_other(self.pixel(at), drawn.pixel(at)))
    }

    /// The same where another browser or other fonts drew it: a pixel counts if there is none like it around its place in the
    /// other picture, so that the edge of a letter may lie a pixel beside.
    pub fn difference_beside_edges(&self, drawn: &Self) -> Option<Difference> {
        self.difference_by(drawn, |at| {
            is_other(self.pixel(at), drawn.pixel(at)) && (self.is_alone(at, drawn) || drawn.is_alone(at, self))
        })
    }

    fn difference_by(&self, drawn: &Self, differs: impl Fn(usize) -> bool) -> Option<Difference> {
        let (own, other) = ((self.width, self.height), (drawn.width, drawn.height));
        if own != other {
            return Some(Difference::Size(own, other));
        }
        let all = u64::from(self.width) * u64::from(self.height);
        let differing: Vec<usize> = (0..self.rgba.len() / 4).filter(|at| differs(*at)).collect();
        let count = differing.len() as u64;
        if count * 100_000 > all * SHARE {
            return Some(Difference::Pixels(count, all));
        }
        let (place, most) = self.worst_tile(&differing);
        (most > TILE_MOST).then_some(Difference::Tile(place, most))
    }

    fn pixel(&self, at: usize) -> &[u8] {
        &self.rgba[at * 4..at * 4 + 4]
    }

    /// Whether the pixel here is like none of the nine around its place in the other picture, which has the same sides.
    fn is_alone(&self, at: usize, other: &Self) -> bool {
        let (width, height) = (self.width as usize, self.height as usize);
        let (x, y) = (at % width, at / width);
        let around = |at: usize, end: usize| at.saturating_sub(1)..(at + 2).min(end);
        let mut near = around(y, height).flat_map(|y| around(x, width).map(move |x| y * width + x));
        near.all(|there| is_other(self.pixel(at), other.pixel(there)))
    }

    /// The tile in which most of these pixels lie: its first pixel, and how many.
    fn worst_tile(&self, differing: &[usize]) -> ((u32, u32), u32) {
        let columns = self.width.div_ceil(TILE) as usize;
        let mut tiles = vec![0_u32; columns * self.height.div_ceil(TILE) as usize];
        for at in differing {
            let (x, y) = (at % self.width as usize, at / self.width as usize);
            tiles[y / TILE as usize * columns + x / TILE as usize] += 1;
        }
        let worst = tiles.iter().enumerate().max_by_key(|(_, count)| **count);
        let (at, most) = worst.map_or((0, 0), |(at, count)| (at, *count));
        (((at % columns.max(1)) as u32 * TILE, (at / columns.max(1)) as u32 * TILE), most)
    }

    /// `drawn`, faded, with what differs in red.
    pub fn marked(&self, drawn: &Self) -> Self {
        let fade = |channel: u8| 128 + channel / 2;
        let paint = |(a, b): (&[u8], &[u8])| {
            if is_other(a, b) { [220, 0, 0, 255] } else { [fade(b[0]), fade(b[1]), fade(b[2]), 255] }
        };
        Self { width: drawn.width, height: drawn.height, rgba: self.pairs(drawn).flat_map(paint).collect() }
    }

    fn pairs<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.rgba.chunks_exact(4).zip(other.rgba.chunks_exact(4))
    }
}

fn is_other(a: &[u8], b: &[u8]) -> bool {
    a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > CHANNEL)
}

/// Asserts that `png` is the golden picture `tests/golden/pages/NAME.png`. With `COUNTERSIGN_ACCEPT=1` it becomes it. Where it
/// was taken with another browser or other fonts, edges may lie a pixel beside.
///
/// # Panics
/// When it is not; the drawn picture and the marked differences then lie in `target/pictures`.
pub fn assert_golden(name: &str, png: &[u8]) {
    let path = golden(name);
    if std::env::var_os("COUNTERSIGN_ACCEPT").is_some() {
        return accept(&path, png);
    }
    let others = taken_with::others();
    let drawn = Picture::decode(png);
    let kept = std::fs::read(&path).map(|bytes| Picture::decode(&bytes));
    let fault = match &kept {
        Ok(golden) => {
            let found = golden.difference(&drawn).filter(|_| others.is_none());
            let beside = || others.as_ref().and_then(|_| golden.difference_beside_edges(&drawn));
            found.or_else(beside).map(|difference| format!("{difference:?}"))
        }
        Err(_) => Some("there is no golden picture".to_owned()),
    };
    let Some(fault) = fault else { return };
    let folder = target().join("pictures");
    std::fs::create_dir_all(&folder).expect("target can be written");
    std::fs::write(folder.join(format!("{name}.drawn.png")), png).expect("target can be written");
    if let Some(golden) = kept.iter().find(|golden| (golden.width, golden.height) == (drawn.width, drawn.height)) {
        let marked = golden.marked(&drawn).encode();
        std::fs::write(folder.join(format!("{name}.marked.png")), marked).expect("target can be written");
    }
    panic!(
        "{name}: {fault}. {}Look at {}/{name}.*.png; when it is right: cargo xtask test --accept --only looks",
        others.unwrap_or_default(),
        folder.display()
    );
}

/// Replaces a golden picture only when it really differs, so that history holds no noise.
fn accept(path: &Path, png: &[u8]) {
    taken_with::note();
    let drawn = Picture::decode(png);
    let same = std::fs::read(path).is_ok_and(|kept| Picture::decode(&kept).difference(&drawn).is_none());
    if !same {
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("golden can be written");
        std::fs::write(path, png).expect("golden can be written");
    }
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/pages").join(format!("{name}.png"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: u32, height: u32) -> Picture {
        Picture { width, height, rgba: vec![200; (width * height * 4) as usize] }
    }

    #[test]
    fn a_picture_survives_its_file() {
        let mut picture = plain(7, 5);
        picture.rgba[9] = 3;
        assert_eq!(Picture::decode(&picture.encode()), picture);
    }

    /// Paints the part of a picture that is `size` large and begins at `to` with what stands at `from`.
    fn paint(picture: &mut Picture, from: (usize, usize), to: (usize, usize), size: (usize, usize)) {
        let (width, before) = (picture.width as usize, picture.rgba.clone());
        for row in 0..size.1 {
            let at = |(x, y): (usize, usize)| ((y + row) * width + x) * 4;
            let (from, to) = (at(from), at(to));
            picture.rgba[to..to + size.0 * 4].copy_from_slice(&before[from..from + size.0 * 4]);
        }
    }

    /// Of a page as it is drawn: few pixels of the whole, and yet not the same page.
    #[test]
    fn one_word_that_changed_and_an_icon_that_is_gone_are_caught() {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/looks/page.png");
        let golden = Picture::decode(&std::fs::read(page).unwrap());
        // «Sent to your phone.» becomes «Sent to your Sent», and the mark before it becomes the paper beside it.
        for (what, from, to, size) in
            [("word", (59, 403), (146, 403), (36, 19)), ("icon", (18, 404), (38, 404), (16, 16))]
        {
            let mut drawn = golden.clone();
            paint(&mut drawn, from, to, size);
            let found = golden.difference(&drawn);
            assert!(matches!(found, Some(Difference::Tile(..))), "{what}: {found:?}");
        }
    }

    #[test]
    fn a_tile_may_differ_a_little_wherever_it_lies() {
        let golden = plain(1000, 500);
        // The last tile of a row and of a column is not a whole one: 16 by 20 pixels.
        for (x, y) in [(0, 0), (24, 24), (984, 480)] {
            let mut drawn = golden.clone();
            for n in 0..TILE_MOST as usize {
                drawn.rgba[((y + n / 16) * 1000 + x + n % 16) * 4] = 0;
            }
            assert_eq!(golden.difference(&drawn), None, "as many as may, in the tile at {x}, {y}");
            drawn.rgba[((y + 15) * 1000 + x + 15) * 4] = 0;
            let found = Difference::Tile((x as u32, y as u32), TILE_MOST + 1);
            assert_eq!(golden.difference(&drawn), Some(found), "one more");
        }
    }

    #[test]
    fn drawn_by_another_browser_an_edge_may_lie_a_pixel_beside_and_no_more() {
        let bar = |x: usize| {
            let mut picture = plain(100, 100);
            (0..100).for_each(|y| picture.rgba[(y * 100 + x) * 4..(y * 100 + x + 4) * 4].fill(0));
            picture
        };
        assert!(bar(40).difference(&bar(41)).is_some());
        assert_eq!(bar(40).difference_beside_edges(&bar(41)), None);
        assert!(bar(40).difference_beside_edges(&bar(43)).is_some(), "moved");
        assert!(bar(40).difference_beside_edges(&plain(100, 100)).is_some(), "gone");
        assert!(plain(100, 100).difference_beside_edges(&bar(40)).is_some(), "come");
    }

    #[test]
    fn a_little_is_allowed_and_more_is_not() {
        let golden = plain(100, 100);
        let mut drawn = golden.clone();
        drawn.rgba.iter_mut().for_each(|channel| *channel -= CHANNEL);
        assert_eq!(golden.difference(&drawn), None, "smoothing");
        let mut drawn = golden.clone();
        drawn.rgba[..20 * 4].fill(0);
        assert_eq!(golden.difference(&drawn), None, "20 of 10,000");
        drawn.rgba[..21 * 4].fill(0);
        assert_eq!(golden.difference(&drawn), Some(Difference::Pixels(21, 10_000)));
        assert_eq!(golden.difference(&plain(100, 99)), Some(Difference::Size((100, 100), (100, 99))));
    }
}
