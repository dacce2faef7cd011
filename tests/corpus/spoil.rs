//! What optics, light, sensors and files do to a picture.

use super::canvas::Canvas;
use super::random::Random;

/// Out of focus: a Gaussian of this deviation, in pixels.
pub(crate) fn blur(canvas: &mut Canvas, deviation: f32) {
    let reach = (deviation * 3.0).ceil() as isize;
    if deviation <= 0.05 {
        return;
    }
    let kernel: Vec<f32> =
        (-reach..=reach).map(|x| (-((x * x) as f32) / (2.0 * deviation * deviation)).exp()).collect();
    spread(canvas, &kernel, (1, 0));
    spread(canvas, &kernel, (0, 1));
}

fn spread(canvas: &mut Canvas, kernel: &[f32], (dx, dy): (isize, isize)) {
    let reach = kernel.len() as isize / 2;
    let all: f32 = kernel.iter().sum();
    let kernel: Vec<f32> = kernel.iter().map(|weight| weight / all).collect();
    let (width, height) = (canvas.width as isize, canvas.height as isize);
    let mut light = vec![0.0; canvas.light.len()];
    for y in 0..height {
        for x in 0..width {
            let is_inside = x >= reach && y >= reach && x + reach < width && y + reach < height;
            let mut sum = 0.0;
            let step = dx + dy * width;
            let mut place = y * width + x - reach * step;
            for (weight, offset) in kernel.iter().zip(-reach..) {
                let value =
                    if is_inside { canvas.light[place as usize] } else { canvas.at(x + offset * dx, y + offset * dy) };
                sum += weight * value;
                place += step;
            }
            light[(y * width + x) as usize] = sum;
        }
    }
    canvas.light = light;
}

/// The hand moved: so many pixels in this direction, in degrees.
pub(crate) fn motion(canvas: &mut Canvas, length: f32, degrees: f32) {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let steps = (length * 2.0).ceil().max(1.0) as usize;
    let old = canvas.clone();
    canvas.map(|x, y, _| {
        let mut sum = 0.0;
        for step in 0..=steps {
            let along = (step as f32 / steps as f32 - 0.5) * length;
            let (x, y) = (x + along * cos - 0.5, y + along * sin - 0.5);
            let (left, top) = (x.floor(), y.floor());
            let (right, low) = (x - left, y - top);
            let (left, top) = (left as isize, top as isize);
            let upper = old.at(left, top) * (1.0 - right) + old.at(left + 1, top) * right;
            let lower = old.at(left, top + 1) * (1.0 - right) + old.at(left + 1, top + 1) * right;
            sum += upper * (1.0 - low) + lower * low;
        }
        sum / (steps + 1) as f32
    });
}

/// The sensor's noise, of this deviation.
pub(crate) fn noise(canvas: &mut Canvas, deviation: f32, random: &mut Random) {
    canvas.light.iter_mut().for_each(|light| *light += deviation * random.normal());
}

/// All light drawn towards a middle: `contrast` is what is left of the difference.
pub(crate) fn contrast(canvas: &mut Canvas, contrast: f32, middle: f32) {
    canvas.light.iter_mut().for_each(|light| *light = middle + (*light - middle) * contrast);
}

/// Light that falls off from one side to the other, to this part.
pub(crate) fn slope(canvas: &mut Canvas, least: f32, degrees: f32) {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let (width, height) = (canvas.width as f32, canvas.height as f32);
    canvas.map(|x, y, light| {
        let along = ((x / width - 0.5) * cos + (y / height - 0.5) * sin + 0.5).clamp(0.0, 1.0);
        light * (least + (1.0 - least) * along)
    });
}

/// The hard edge of a shadow across the picture.
pub(crate) fn shadow(canvas: &mut Canvas, part: f32, at: (f32, f32), degrees: f32) {
    let (sin, cos) = degrees.to_radians().sin_cos();
    canvas.map(|x, y, light| {
        let side = (x - at.0) * cos + (y - at.1) * sin;
        light * (1.0 - (1.0 - part) * (side / 6.0 + 0.5).clamp(0.0, 1.0))
    });
}

/// A lamp mirrored in the paper's gloss.
pub(crate) fn glare(canvas: &mut Canvas, at: (f32, f32), radius: f32, strength: f32) {
    canvas.map(|x, y, light| {
        let away = ((x - at.0).powi(2) + (y - at.1).powi(2)) / (radius * radius);
        (light + strength * (-away).exp()).min(255.0)
    });
}

/// The rows and columns of a screen against those of the sensor.
pub(crate) fn moire(canvas: &mut Canvas, pitch: f32, strength: f32, degrees: f32) {
    let (sin, cos) = degrees.to_radians().sin_cos();
    let wave = std::f32::consts::TAU / pitch;
    canvas.map(|x, y, light| {
        let (u, v) = (x * cos + y * sin, y * cos - x * sin);
        let both = 0.6 * (u * wave).sin() + 0.4 * (v * wave * 1.07).sin();
        light * (1.0 + strength * both)
    });
}

/// What JPEG leaves of it at this quality, of 1 to 100: blocks, each transformed, rounded and turned back.
pub(crate) fn jpeg(canvas: &mut Canvas, quality: f32) {
    let scale = if quality < 50.0 { 50.0 / quality } else { 2.0 - quality / 50.0 };
    let table = LUMINANCE.map(|step| (f32::from(step) * scale).clamp(1.0, 255.0));
    let mut cosines = [[0.0_f32; 8]; 8];
    for (k, row) in cosines.iter_mut().enumerate() {
        let norm = if k == 0 { 0.125_f32.sqrt() } else { 0.5 };
        for (n, value) in row.iter_mut().enumerate() {
            *value = norm * ((2 * n + 1) as f32 * k as f32 * std::f32::consts::PI / 16.0).cos();
        }
    }
    for top in (0..canvas.height).step_by(8) {
        for left in (0..canvas.width).step_by(8) {
            let mut block = [0.0; 64];
            for (place, value) in block.iter_mut().enumerate() {
                let light = canvas.at((left + place % 8) as isize, (top + place / 8) as isize);
                *value = light.round().clamp(0.0, 255.0) - 128.0;
            }
            let mut waves = transformed(&block, |k, n| cosines[k][n]);
            for (wave, step) in waves.iter_mut().zip(table) {
                *wave = (*wave / step).round() * step;
            }
            let block = transformed(&waves, |n, k| cosines[k][n]);
            for (place, value) in block.iter().enumerate() {
                let (x, y) = (left + place % 8, top + place / 8);
                if x < canvas.width && y < canvas.height {
                    canvas.light[y * canvas.width + x] = (value + 128.0).clamp(0.0, 255.0);
                }
            }
        }
    }
}

fn transformed(block: &[f32; 64], weight: impl Fn(usize, usize) -> f32) -> [f32; 64] {
    let mut rows = [0.0; 64];
    for (place, value) in rows.iter_mut().enumerate() {
        *value = (0..8).map(|n| weight(place % 8, n) * block[place / 8 * 8 + n]).sum();
    }
    let mut both = [0.0; 64];
    for (place, value) in both.iter_mut().enumerate() {
        *value = (0..8).map(|n| weight(place / 8, n) * rows[n * 8 + place % 8]).sum();
    }
    both
}

/// The table for brightness that the standard gives as an example (T.81, K.1).
const LUMINANCE: [u8; 64] = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
];
