//! The classes at 1280×720: each one fault of the world, from slight to hopeless.

use super::camera::Pose;
use super::canvas::{Canvas, Picture};
use super::ground;
use super::random::Random;
use super::spoil;
use super::style::{Style, Symbol};

/// A kind of difficulty.
#[derive(Clone, Copy)]
pub struct Class {
    /// Its name in tables.
    pub name: &'static str,
    draw: fn(f32, &mut Random) -> Picture,
}

/// The 22 classes.
pub const CLASSES: [Class; 22] = [
    Class { name: "clean", draw: clean },
    Class { name: "rotate", draw: rotate },
    Class { name: "tilt", draw: tilt },
    Class { name: "blur", draw: blur },
    Class { name: "motion", draw: motion },
    Class { name: "noise", draw: noise },
    Class { name: "contrast", draw: contrast },
    Class { name: "light", draw: light },
    Class { name: "inverted", draw: inverted },
    Class { name: "tiny", draw: tiny },
    Class { name: "dense", draw: dense },
    Class { name: "glare", draw: glare },
    Class { name: "moire", draw: moire },
    Class { name: "jpeg", draw: jpeg },
    Class { name: "no quiet zone", draw: no_quiet_zone },
    Class { name: "logo", draw: logo },
    Class { name: "dots", draw: dots },
    Class { name: "warp", draw: warp },
    Class { name: "mirror", draw: mirror },
    Class { name: "push", draw: push },
    Class { name: "ink", draw: ink },
    Class { name: "mix", draw: mix },
];

const SIZE: (usize, usize) = (1280, 720);

/// The picture `place` of `each` in this class: the first is the easiest.
pub fn picture(class: Class, place: usize, each: usize, seed: u64) -> Picture {
    let mut random = Random::new(seed, class.name, place);
    let hard = (place as f32 + random.between(0.0, 0.8)) / each.max(2) as f32;
    (class.draw)(hard.min(1.0), &mut random)
}

/// A code in its pose before a ground; what is done to the light comes after.
struct Scene {
    canvas: Canvas,
    symbol: Symbol,
    text: String,
    pose: Pose,
    style: Style,
}

impl Scene {
    fn new(random: &mut Random) -> Self {
        let text = random.key_uri();
        let correction = *random.choose(&['L', 'M', 'M', 'Q']);
        let canvas = if random.chance(0.5) {
            ground::paper(SIZE.0, SIZE.1, random)
        } else {
            ground::clutter(SIZE.0, SIZE.1, random)
        };
        let pose = Pose {
            middle: (640.0 + random.between(-150.0, 150.0), 360.0 + random.between(-50.0, 50.0)),
            module: random.between(4.0, 8.0),
            turn: random.between(-8.0, 8.0),
            tilt: (random.between(-8.0, 8.0), random.between(-8.0, 8.0)),
            ..Pose::default()
        };
        Self { canvas, symbol: Symbol::new(&text, correction), text, pose, style: Style::default() }
    }

    fn saying(mut self, text: String, correction: char) -> Self {
        self.symbol = Symbol::new(&text, correction);
        self.text = text;
        self
    }

    fn done(mut self, random: &mut Random, spoil: impl FnOnce(&mut Canvas, &mut Random)) -> Picture {
        // Nothing is drawn larger than the picture.
        let most = 640.0 / (self.symbol.width as f32 + 8.0);
        self.pose.module = self.pose.module.min(most);
        self.pose.draw(&mut self.canvas, &self.symbol, &self.style);
        spoil(&mut self.canvas, random);
        self.canvas.finish(vec![self.text])
    }
}

fn optics(canvas: &mut Canvas, random: &mut Random) {
    spoil::blur(canvas, random.between(0.4, 0.8));
    spoil::noise(canvas, random.between(1.0, 4.0), random);
}

fn clean(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    scene.pose.module = 12.0 - 9.5 * hard;
    scene.done(random, optics)
}

fn rotate(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    scene.pose.turn = random.between(0.0, 360.0);
    scene.pose.module = 7.0 - 4.7 * hard;
    scene.done(random, optics)
}

fn tilt(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    let angle = 25.0 + 43.0 * hard;
    let way = random.between(0.0, std::f32::consts::TAU);
    scene.pose.tilt = (angle * way.cos(), angle * way.sin());
    scene.pose.turn = random.between(-45.0, 45.0);
    scene.pose.distance = random.between(2.2, 4.0);
    scene.pose.module = random.between(6.0, 9.0);
    scene.done(random, optics)
}

fn blur(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    scene.pose.module = random.between(4.0, 9.0);
    let deviation = scene.pose.module * (0.3 + 0.75 * hard);
    scene.done(random, |canvas, random| {
        spoil::blur(canvas, deviation);
        spoil::noise(canvas, 1.5, random);
    })
}

fn motion(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    scene.pose.module = random.between(4.0, 9.0);
    let length = scene.pose.module * (0.7 + 2.0 * hard);
    scene.done(random, |canvas, random| {
        spoil::motion(canvas, length, random.between(0.0, 180.0));
        optics(canvas, random);
    })
}

fn noise(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    scene.pose.module = random.between(3.5, 7.0);
    scene.style.dark = 60.0;
    scene.style.light = 190.0;
    scene.done(random, |canvas, random| {
        spoil::blur(canvas, 0.6);
        spoil::noise(canvas, 12.0 + 110.0 * hard, random);
    })
}

fn contrast(hard: f32, random: &mut Random) -> Picture {
    let scene = Scene::new(random);
    let (left, middle) = (0.25 * (1.0 - hard) + 0.025, random.between(60.0, 190.0));
    scene.done(random, |canvas, random| {
        spoil::blur(canvas, 0.7);
        spoil::contrast(canvas, left, middle);
        spoil::noise(canvas, 1.5, random);
    })
}

fn light(hard: f32, random: &mut Random) -> Picture {
    let scene = Scene::new(random);
    let (middle, module) = (scene.pose.middle, scene.pose.module);
    scene.done(random, |canvas, random| {
        spoil::slope(canvas, 0.35 - 0.3 * hard, random.between(0.0, 360.0));
        let at = (middle.0 + module * random.between(-12.0, 12.0), middle.1 + module * random.between(-12.0, 12.0));
        spoil::shadow(canvas, 0.6 - 0.48 * hard, at, random.between(0.0, 360.0));
        optics(canvas, random);
        spoil::noise(canvas, 3.0, random);
    })
}

fn inverted(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    scene.style.dark = random.between(200.0, 240.0);
    scene.style.light = random.between(15.0, 60.0);
    scene.pose.module = 7.0 - 4.2 * hard;
    scene.pose.turn = random.between(-45.0, 45.0);
    scene.done(random, |canvas, random| {
        optics(canvas, random);
        spoil::contrast(canvas, 1.0 - 0.7 * hard, 120.0);
        spoil::noise(canvas, 5.0 * hard, random);
    })
}

fn tiny(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    scene.pose.module = 2.6 - 1.35 * hard;
    scene.done(random, |canvas, random| {
        spoil::blur(canvas, 0.35);
        spoil::noise(canvas, 2.5, random);
    })
}

fn dense(hard: f32, random: &mut Random) -> Picture {
    let text = random.migration(280 + (600.0 * hard) as usize);
    let mut scene = Scene::new(random).saying(text, 'L');
    scene.pose.module = random.between(3.2, 6.0) - 1.4 * hard;
    scene.pose.tilt = (random.between(-25.0, 25.0), random.between(-15.0, 15.0));
    scene.done(random, |canvas, random| {
        spoil::blur(canvas, 0.5 + 0.5 * hard);
        spoil::noise(canvas, 4.0, random);
    })
}

fn glare(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    let correction = *random.choose(&['M', 'Q', 'H']);
    let text = scene.text.clone();
    scene = scene.saying(text, correction);
    let (middle, side) = (scene.pose.middle, scene.symbol.width as f32 * scene.pose.module);
    scene.done(random, |canvas, random| {
        let at = (middle.0 + side * random.between(-0.3, 0.3), middle.1 + side * random.between(-0.3, 0.3));
        spoil::glare(canvas, at, side * (0.15 + 0.22 * hard), 160.0 + 240.0 * hard);
        optics(canvas, random);
    })
}

fn moire(hard: f32, random: &mut Random) -> Picture {
    let scene = Scene::new(random);
    let pitch = scene.pose.module * random.between(0.4, 1.6);
    scene.done(random, |canvas, random| {
        spoil::moire(canvas, pitch, 0.15 + 0.65 * hard, random.between(0.0, 90.0));
        optics(canvas, random);
    })
}

fn jpeg(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    scene.pose.module = random.between(2.6, 6.0);
    scene.done(random, |canvas, random| {
        optics(canvas, random);
        spoil::jpeg(canvas, 3.0 + 25.0 * (1.0 - hard));
    })
}

fn no_quiet_zone(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    scene.style.quiet = 1.5 * (1.0 - hard) * if hard > 0.6 { 0.0 } else { 1.0 };
    scene.pose.turn = if random.chance(0.6) { 0.0 } else { random.between(-20.0, 20.0) };
    scene.pose.module = random.between(3.0, 7.0);
    // On something dark or busy, or cut off at its very edge.
    scene.canvas = match random.below(3) {
        0 => ground::flat(SIZE.0, SIZE.1, random.between(0.0, 60.0)),
        1 => ground::page(SIZE.0, SIZE.1, random),
        _ => ground::clutter(SIZE.0, SIZE.1, random),
    };
    if random.chance(0.3) {
        let half = scene.symbol.width as f32 * scene.pose.module / 2.0;
        scene.pose = Pose { middle: (half, half), module: scene.pose.module, ..Pose::default() };
        scene.style.quiet = 0.0;
    }
    scene.done(random, optics)
}

fn logo(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    let text = scene.text.clone();
    scene = scene.saying(text, if hard > 0.5 { 'H' } else { 'Q' });
    scene.style.logo = 0.16 + 0.24 * hard;
    scene.done(random, optics)
}

fn dots(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    scene.style.dots = Some(0.48 - 0.24 * hard);
    scene.pose.module = 8.0 - 3.5 * hard;
    scene.done(random, optics)
}

fn warp(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    let bend = 0.5 + 2.3 * hard;
    scene.pose.bend = if random.chance(0.5) { (bend, 0.3 * bend) } else { (0.2 * bend, bend) };
    scene.pose.turn = random.between(-30.0, 30.0);
    scene.done(random, optics)
}

fn mirror(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    scene.style.mirrored = true;
    scene.pose.turn = random.between(0.0, 360.0);
    scene.pose.module = 7.0 - 4.0 * hard;
    let angle = 50.0 * hard;
    scene.pose.tilt = (random.between(-angle, angle), random.between(-angle, angle));
    scene.done(random, optics)
}

fn push(hard: f32, random: &mut Random) -> Picture {
    let text = random.login();
    let mut scene = Scene::new(random).saying(text, 'M');
    // A monitor from a metre away, in a dim room.
    scene.canvas = ground::flat(SIZE.0, SIZE.1, random.between(10.0, 60.0));
    scene.style.quiet = 6.0;
    scene.style.light = 255.0;
    scene.pose.module = 5.0 - 3.2 * hard;
    scene.pose.tilt = (random.between(-40.0, 40.0) * hard, random.between(-30.0, 30.0) * hard);
    scene.done(random, |canvas, random| {
        // It is brighter than the camera can show, and shines over its dark modules.
        spoil::contrast(canvas, 1.0 + 1.2 * hard, 20.0);
        spoil::moire(canvas, random.between(2.0, 5.0), 0.05 + 0.15 * hard, random.between(0.0, 90.0));
        spoil::blur(canvas, 0.5 + 0.5 * hard);
        spoil::noise(canvas, 3.0 + 8.0 * hard, random);
    })
}

fn ink(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    // The grey of red, green, blue, orange and gold on white, on pastel and on one another.
    let (dark, light) = *random.choose(&[(76.0, 255.0), (105.0, 235.0), (29.0, 178.0), (150.0, 226.0), (98.0, 150.0)]);
    scene.style.dark = dark + 40.0 * hard;
    scene.style.light = light - 20.0 * hard;
    scene.pose.module = 6.0 - 2.5 * hard;
    scene.done(random, |canvas, random| {
        optics(canvas, random);
        spoil::noise(canvas, 6.0 + 14.0 * hard, random);
    })
}

fn mix(hard: f32, random: &mut Random) -> Picture {
    let mut scene = Scene::new(random);
    scene.canvas = ground::clutter(SIZE.0, SIZE.1, random);
    scene.pose.turn = random.between(0.0, 360.0);
    let angle = 10.0 + 35.0 * hard;
    scene.pose.tilt = (random.between(-angle, angle), random.between(-angle, angle));
    scene.pose.module = random.between(3.4, 6.5) - 0.8 * hard;
    scene.pose.bend = (random.between(-0.6, 0.6) * hard, 0.0);
    scene.style.light = random.between(180.0, 230.0);
    let module = scene.pose.module;
    let middle = scene.pose.middle;
    scene.done(random, |canvas, random| {
        spoil::slope(canvas, 0.8 - 0.45 * hard, random.between(0.0, 360.0));
        if random.chance(0.4) {
            spoil::shadow(canvas, 0.75 - 0.3 * hard, middle, random.between(0.0, 360.0));
        }
        spoil::motion(canvas, module * (0.2 + 0.7 * hard), random.between(0.0, 180.0));
        spoil::blur(canvas, module * (0.1 + 0.28 * hard));
        spoil::noise(canvas, 3.0 + 12.0 * hard, random);
        spoil::jpeg(canvas, 75.0 - 50.0 * hard);
    })
}
