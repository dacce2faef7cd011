//! The classes at 3840×2160: screenshots and photographs of a large screen.

use super::camera::Pose;
use super::canvas::{Canvas, Picture};
use super::ground;
use super::random::Random;
use super::spoil;
use super::style::{Style, Symbol};

/// The five classes.
pub const SCREENS: [&str; 5] = ["4K screen", "4K dark", "4K scaled", "4K far", "4K photo"];

const SIZE: (usize, usize) = (3840, 2160);

/// The picture `place` of `each` in the class `name`.
pub fn screen(name: &str, place: usize, each: usize, seed: u64) -> Picture {
    let mut random = Random::new(seed, name, place);
    let hard = place as f32 / each.max(2) as f32;
    let random = &mut random;
    let is_dark = name == "4K dark" || random.chance(0.2);
    let mut canvas = desktop(is_dark, random);
    let text = if random.chance(0.3) { random.migration(400) } else { random.key_uri() };
    let symbol = Symbol::new(&text, *random.choose(&['L', 'M', 'Q']));
    let side = symbol.width as f32 + 8.0;

    let mut style = Style { dark: 0.0, light: 255.0, quiet: 2.0, ..Style::default() };
    if name == "4K dark" && random.chance(0.6) {
        (style.dark, style.light) = (225.0, 28.0);
    }
    let module = match name {
        "4K screen" | "4K dark" => (2 + random.below(7 - (4.0 * hard) as usize)) as f32,
        "4K scaled" => random.between(2.0, 5.5) - 0.5 * hard,
        "4K far" => 3.2 - 1.5 * hard,
        _ => random.between(6.0, 16.0) - 4.0 * hard,
    };
    let half = side * module / 2.0;
    let whole = |value: f32| if name == "4K screen" || name == "4K dark" { value.round() } else { value };
    let at = |random: &mut Random, most: usize| {
        let least = half + 40.0;
        whole(random.between(least, (most as f32 - least).max(least + 1.0)))
    };
    let middle = (at(random, SIZE.0), at(random, SIZE.1));
    // Modules on a screen begin with a pixel.
    let shift = |value: f32| {
        if whole(0.4) == 0.0 {
            (value - symbol.width as f32 * module / 2.0).round() + symbol.width as f32 * module / 2.0
        } else {
            value
        }
    };
    let mut pose = Pose { middle: (shift(middle.0), shift(middle.1)), module, ..Pose::default() };
    if name == "4K photo" {
        pose.tilt = (random.between(-30.0, 30.0), random.between(-20.0, 20.0));
        pose.turn = random.between(-20.0, 20.0);
    }
    pose.draw(&mut canvas, &symbol, &style);
    match name {
        "4K scaled" => spoil::blur(&mut canvas, 0.4 + 0.4 * hard),
        "4K far" => {
            spoil::blur(&mut canvas, 0.6);
            spoil::noise(&mut canvas, 2.0 + 4.0 * hard, random);
        }
        "4K photo" => {
            spoil::moire(&mut canvas, random.between(2.5, 7.0), 0.1 + 0.3 * hard, random.between(0.0, 90.0));
            spoil::blur(&mut canvas, 1.0 + 2.0 * hard);
            spoil::noise(&mut canvas, 6.0 + 10.0 * hard, random);
        }
        _ => {}
    }
    canvas.finish(vec![text])
}

/// Windows, menus and text on a desktop.
fn desktop(is_dark: bool, random: &mut Random) -> Canvas {
    let mut canvas = ground::flat(SIZE.0, SIZE.1, if is_dark { 35.0 } else { random.between(120.0, 220.0) });
    for _ in 0..7 {
        let (w, h) = (600 + random.below(1500), 400 + random.below(1000));
        let at = (random.below(SIZE.0 - 600), random.below(SIZE.1 - 400));
        let (frame, inside) =
            if is_dark { (60.0, random.between(20.0, 45.0)) } else { (200.0, random.between(240.0, 255.0)) };
        canvas.fill(at, (at.0 + w, at.1 + h), frame);
        canvas.fill((at.0 + 2, at.1 + 40), (at.0 + w - 2, at.1 + h - 2), inside);
        let size = 14 + random.below(16);
        for line in 0..(h - 100) / (size * 2) {
            let count = 8 + random.below(40);
            ground::words(&mut canvas, (at.0 + 30, at.1 + 70 + line * size * 2), count, size, random);
        }
    }
    canvas
}
