//! Pictures made to keep a reader busy. None holds a code.

use super::canvas::Picture;
use super::random::Random;

/// A picture made to keep a reader busy.
pub struct Bomb {
    /// What it is.
    pub name: &'static str,
    /// The picture.
    pub picture: Picture,
}

/// The grey of a pixel, by its column and row.
type Ink = fn(usize, usize) -> u8;

/// All of them, one drawn after the other.
pub fn bombs() -> impl Iterator<Item = Bomb> {
    let floods = [("5 px flood", 1280, 720, 5), ("3 px flood", 1280, 720, 3), ("2 px flood", 1280, 720, 2)];
    let large =
        [("4K, 3 px flood", 3840, 2160, 3), ("4K, 7 px flood", 3840, 2160, 7), ("4K, 2 px flood", 3840, 2160, 2)];
    let floods = floods.into_iter().chain(large);
    let floods = floods.map(|(name, width, height, module)| Bomb { name, picture: flood(width, height, module) });
    let patterns: [(&'static str, Ink); 4] = [
        ("stripes", |x, _| if x % 6 < 3 { 0 } else { 255 }),
        ("checkers", |x, y| if (x / 2 + y / 2) % 2 == 0 { 0 } else { 255 }),
        ("rings", |x, y| {
            let ring = ((x as f32 - 640.0).hypot(y as f32 - 360.0) / 4.0) as usize;
            if ring.is_multiple_of(2) { 0 } else { 255 }
        }),
        ("a finder's row, drawn long", |x, _| if matches!(x % 32 / 4, 0 | 2..=4 | 6) { 0 } else { 255 }),
    ];
    let patterns = patterns.into_iter().map(|(name, ink)| Bomb { name, picture: drawn(1280, 720, ink) });
    let noise = [("noise", 1280, 720), ("4K noise", 3840, 2160)].into_iter().map(|(name, width, height)| {
        let mut random = Random::new(7, name, 0);
        let mut picture = drawn(width, height, |_, _| 0);
        picture.pixels.iter_mut().for_each(|pixel| *pixel = random.next() as u8);
        Bomb { name, picture }
    });
    let timed = [("codes without sense", 1280, 720, 3), ("4K codes without sense", 3840, 2160, 2)];
    let timed =
        timed.into_iter().map(|(name, width, height, module)| Bomb { name, picture: hollow(width, height, module) });
    floods.chain(patterns).chain(noise).chain(timed)
}

fn drawn(width: usize, height: usize, ink: impl Fn(usize, usize) -> u8) -> Picture {
    let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| ink(x, y)).collect();
    Picture { pixels, width, height, texts: Vec::new(), corners: None }
}

/// Covered with finder patterns, as close as they can stand.
fn flood(width: usize, height: usize, module: usize) -> Picture {
    drawn(width, height, |x, y| {
        let ring = |place: usize| (place / module % 8).abs_diff(3);
        // Eight modules a tile: the pattern of seven, and one light row and column.
        if matches!(ring(x).max(ring(y)), 0 | 1 | 3) { 0 } else { 255 }
    })
}

/// Covered with symbols that have all that a reader looks for, finders, timing, alignment, and noise for words.
fn hollow(width: usize, height: usize, module: usize) -> Picture {
    const SIDE: usize = 45;
    let mut random = Random::new(11, "hollow", 0);
    let noise: Vec<bool> = (0..SIDE * SIDE * 97).map(|_| random.chance(0.5)).collect();
    drawn(width, height, |x, y| {
        let (x, y) = (x / module, y / module);
        let symbol = y / (SIDE + 2) * 31 + x / (SIDE + 2);
        let (x, y) = (x % (SIDE + 2), y % (SIDE + 2));
        if x >= SIDE || y >= SIDE {
            return 255;
        }
        let finder = |left: usize, top: usize| {
            let inside = x + 1 >= left && y + 1 >= top && x <= left + 7 && y <= top + 7;
            inside.then(|| matches!((x.abs_diff(left + 3)).max(y.abs_diff(top + 3)), 0 | 1 | 3))
        };
        let found = finder(0, 0).or_else(|| finder(SIDE - 7, 0)).or_else(|| finder(0, SIDE - 7));
        let align = (x.abs_diff(SIDE - 7)).max(y.abs_diff(SIDE - 7));
        let is_dark = found.unwrap_or_else(|| match (x, y) {
            (6, at) | (at, 6) => at % 2 == 0,
            _ if align <= 2 => align != 1,
            _ => noise[(symbol % 97) * SIDE * SIDE + y * SIDE + x],
        });
        if is_dark { 0 } else { 255 }
    })
}
