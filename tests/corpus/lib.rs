//! Pictures of QR codes as cameras and screens give them, drawn from a seed: what the reader is measured by.
//!
//! A corpus has classes, each of rising difficulty. Nothing here knows a reader: a picture is drawn by geometry, light and
//! optics, and then stands for itself. [`Picture::texts`] says what it holds.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "this is test code: a panic is how it says no")]

pub mod bombs;
mod camera;
mod canvas;
mod classes;
mod ground;
mod random;
mod screens;
mod spoil;
mod style;

pub use canvas::Picture;
pub use classes::{CLASSES, Class, picture};
pub use random::Random;
pub use screens::{SCREENS, screen};
pub use style::{Style, Symbol};

/// Pictures of a class at 1280×720.
pub const EACH: usize = 20;
/// Pictures of a class at 3840×2160.
pub const EACH_SCREEN: usize = 8;
/// Pictures without a code, of each of three kinds.
pub const EACH_EMPTY: usize = 16;

/// One picture of a corpus, and the class it belongs to.
pub struct Entry {
    /// The class.
    pub class: &'static str,
    /// Which of the class, from the easiest.
    pub place: usize,
    /// The picture.
    pub picture: Picture,
}

/// The whole corpus of a seed, drawn one after the other: 22 classes, five of screens, and pictures without a code.
pub fn corpus(seed: u64) -> impl Iterator<Item = Entry> {
    let small = CLASSES.iter().flat_map(move |class| {
        (0..EACH).map(move |place| Entry { class: class.name, place, picture: picture(*class, place, EACH, seed) })
    });
    let large = SCREENS.iter().flat_map(move |name| {
        (0..EACH_SCREEN).map(move |place| Entry { class: name, place, picture: screen(name, place, EACH_SCREEN, seed) })
    });
    small.chain(large).chain(empty(seed))
}

/// The pictures without a code, of a seed.
pub fn empty(seed: u64) -> impl Iterator<Item = Entry> {
    let kinds = ["no code: clutter", "no code: noise", "no code: text"];
    kinds.into_iter().flat_map(move |name| {
        (0..EACH_EMPTY).map(move |place| {
            let mut random = Random::new(seed, name, place);
            let mut picture = match name {
                "no code: clutter" => ground::clutter(1280, 720, &mut random),
                "no code: noise" => ground::flat(1280, 720, 128.0),
                _ => ground::page(1280, 720, &mut random),
            };
            let strength = if name == "no code: noise" { 20.0 + 100.0 * place as f32 / EACH_EMPTY as f32 } else { 6.0 };
            spoil::noise(&mut picture, strength, &mut random);
            Entry { class: name, place, picture: picture.finish(Vec::new()) }
        })
    })
}
