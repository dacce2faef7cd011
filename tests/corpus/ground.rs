//! What lies around a code: desks, pages, windows.

use super::canvas::Canvas;
use super::random::Random;

/// One grey.
pub(crate) fn flat(width: usize, height: usize, light: f32) -> Canvas {
    Canvas::new(width, height, |_, _| light)
}

/// Paper, evenly lit.
pub(crate) fn paper(width: usize, height: usize, random: &mut Random) -> Canvas {
    let (light, slope) = (random.between(190.0, 235.0), random.between(-20.0, 20.0));
    Canvas::new(width, height, |x, _| light + slope * x as f32 / width as f32)
}

/// Things on a desk: boxes, lines, stripes, grids.
pub(crate) fn clutter(width: usize, height: usize, random: &mut Random) -> Canvas {
    let base = random.between(70.0, 190.0);
    let mut canvas = flat(width, height, base);
    for _ in 0..60 {
        let (w, h) = (random.below(width / 4) + 4, random.below(height / 4) + 4);
        let at = (random.below(width), random.below(height));
        canvas.fill(at, (at.0 + w, at.1 + h), random.between(10.0, 245.0));
    }
    for _ in 0..12 {
        stripes(&mut canvas, random);
    }
    for _ in 0..20 {
        let at = (random.below(width), random.below(height));
        let count = 5 + random.below(30);
        words(&mut canvas, at, count, 8 + random.below(20), random);
    }
    canvas
}

fn stripes(canvas: &mut Canvas, random: &mut Random) {
    let (w, h) = (40 + random.below(200), 20 + random.below(120));
    let at = (random.below(canvas.width), random.below(canvas.height));
    let (pitch, light) = (2 + random.below(9), random.between(10.0, 245.0));
    let upright = random.chance(0.5);
    for step in 0..if upright { w } else { h } {
        if (step / pitch).is_multiple_of(2) {
            let (from, to) = match upright {
                true => ((at.0 + step, at.1), (at.0 + step + 1, at.1 + h)),
                false => ((at.0, at.1 + step), (at.0 + w, at.1 + step + 1)),
            };
            canvas.fill(from, to, light);
        }
    }
}

/// A page of text: lines of strokes that are as near to letters as a reader of codes can tell.
pub(crate) fn page(width: usize, height: usize, random: &mut Random) -> Canvas {
    let (dark_mode, size) = (random.chance(0.3), 9 + random.below(14));
    let mut canvas = flat(width, height, if dark_mode { 30.0 } else { 245.0 });
    let mut y = size;
    while y + size < height {
        let ink = if dark_mode { 210.0 } else { 30.0 };
        line(&mut canvas, (size, y), width - size, size, ink, random);
        y += size * 2;
    }
    canvas
}

/// Some words in one line.
pub(crate) fn words(canvas: &mut Canvas, at: (usize, usize), count: usize, size: usize, random: &mut Random) {
    let light = if random.chance(0.5) { 25.0 } else { 230.0 };
    line(canvas, at, at.0 + count * size, size, light, random);
}

fn line(canvas: &mut Canvas, at: (usize, usize), end: usize, size: usize, ink: f32, random: &mut Random) {
    let stroke = (size / 7).max(1);
    let mut x = at.0;
    while x + size < end {
        if random.chance(0.16) {
            x += size;
            continue;
        }
        for _ in 0..3 {
            let (cell, half) = (size * 2 / 3, size / 2);
            match random.below(4) {
                0 => canvas.fill((x, at.1), (x + stroke, at.1 + size), ink),
                1 => canvas.fill((x + cell - stroke, at.1 + half), (x + cell, at.1 + size), ink),
                2 => canvas.fill((x, at.1 + half), (x + cell, at.1 + half + stroke), ink),
                _ => canvas.fill((x, at.1 + size - stroke), (x + cell, at.1 + size), ink),
            }
        }
        x += size * 5 / 6;
    }
}
