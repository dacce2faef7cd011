//! The cascade that looks for codes in a picture: ways of looking, cheap and likely first, and what each adds.
//!
//! Each way gives finder patterns; all that were found so far are grouped, and groups are tried, each once. So finders that
//! only different ways show still come together.

use std::sync::atomic::AtomicBool;

use super::budget::Budget;
use super::equal::WAYS;
use super::hunt::{Hunt, Scale, Step};
use super::luma::Luma;
use super::view::Pyramid;

/// A code that was found. `Debug` hides the text: it may hold a key.
#[derive(Clone, PartialEq, Eq)]
pub struct Code {
    /// What it says. Bytes that are not UTF-8 are read as Latin-1.
    pub text: String,
    /// Its corners in the upright picture, in pixels from the top left: top left, then clockwise, of the code itself.
    pub corners: [[u32; 2]; 4],
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Code({} bytes, {:?})", self.text.len(), self.corners)
    }
}

const fn step(scale: Scale, radius: usize, is_blurred: bool, is_open: bool) -> Step {
    Step { scale, radius, is_blurred, is_open }
}

/// Every frame of a camera gets the first [`LIVE`] of these and one of the others in turn; a still picture gets all.
const CASCADE: [Step; 10] = [
    step(Scale::Third, 12, false, false),
    step(Scale::Usual, 20, false, false),
    step(Scale::Whole, 20, false, false),
    step(Scale::Half, 12, false, true),
    step(Scale::Usual, 8, true, true),
    step(Scale::Usual, 32, true, true),
    step(Scale::Double, 7, false, false),
    step(Scale::Third, 6, true, true),
    step(Scale::Half, 24, true, true),
    step(Scale::Double, 7, true, true),
];
const LIVE: usize = 2;

/// What may be done for a still picture, and for a frame, in units of [`Budget`].
const STILL: u64 = 150_000_000;
const FRAME: u64 = 9_500_000;
/// In how many ways the modules of a symbol in a frame are read.
const LIVE_WAYS: usize = 3;
/// What a search came to.
#[derive(Debug, Clone, Default)]
pub struct Searched {
    /// The codes, at most eight.
    pub codes: Vec<Code>,
    /// Looks at pixels, about: the same for the same picture on every machine.
    pub work: u64,
}

/// The most work that a search of a still picture comes to.
pub const MOST_WORK: u64 = STILL;
/// The most work that a frame of a camera comes to.
pub const MOST_FRAME_WORK: u64 = FRAME;

/// Looks for codes in a still picture in every way that its budget of work allows, without a clock.
pub fn search_still(luma: &Luma) -> Searched {
    still(luma, &AtomicBool::new(false))
}

/// Looks for codes in one frame of a camera as [`super::Decoder::frame`] does, without a clock; `turn` counts the frames.
pub fn search_frame(luma: &Luma, turn: usize) -> Searched {
    live(luma, turn, &AtomicBool::new(false))
}

/// Looks for codes in a still picture in every way, until all finders that were seen belong to codes that were read.
pub(super) fn still(luma: &Luma, stop: &AtomicBool) -> Searched {
    let budget = Budget::new(STILL, stop);
    let pyramid = Pyramid::new(luma);
    let mut hunt = Hunt::new(luma, &pyramid, &budget, WAYS);
    for (number, step) in CASCADE.iter().enumerate() {
        hunt.look(*step);
        let is_done = !hunt.codes.is_empty() && number >= LIVE && hunt.finders.is_empty();
        if is_done || budget.is_spent() {
            break;
        }
    }
    Searched { codes: hunt.codes, work: budget.spent() }
}

/// Looks for codes in a frame of a camera; `turn` counts the frames.
pub(super) fn live(luma: &Luma, turn: usize, stop: &AtomicBool) -> Searched {
    let budget = Budget::new(FRAME, stop);
    let pyramid = Pyramid::new(luma);
    let mut hunt = Hunt::new(luma, &pyramid, &budget, LIVE_WAYS);
    let (each, others) = CASCADE.split_at(LIVE);
    for step in each.iter().chain(others.get(turn % others.len())) {
        hunt.look(*step);
        if !hunt.codes.is_empty() || budget.is_spent() {
            break;
        }
    }
    Searched { codes: hunt.codes, work: budget.spent() }
}

#[cfg(test)]
mod tests {
    use super::super::Symbol;
    use super::super::luma::Rotation;
    use super::*;
    use crate::limits::PICTURE_CODES;

    static NEVER: AtomicBool = AtomicBool::new(false);

    /// A canvas to draw on: grey values, and then a [`Luma`] with a stride of its own.
    struct Canvas {
        pixels: Vec<u8>,
        width: usize,
        height: usize,
    }

    impl Canvas {
        fn new(width: usize, height: usize, ground: u8) -> Self {
            Self { pixels: vec![ground; width * height], width, height }
        }

        /// Draws the symbol with its top left module at (x, y).
        fn draw(mut self, symbol: &Symbol, x: usize, y: usize, module: usize, dark: u8, light: u8) -> Self {
            let quiet = 2 * module;
            let side = symbol.width() * module + 2 * quiet;
            for row in 0..side {
                for column in 0..side {
                    let inside = |place: usize| place.checked_sub(quiet).map_or(usize::MAX, |place| place / module);
                    let ink = if symbol.is_dark(inside(column), inside(row)) { dark } else { light };
                    let place = (x + column).checked_sub(quiet).zip((y + row).checked_sub(quiet));
                    if let Some((x, y)) = place.filter(|(x, y)| *x < self.width && *y < self.height) {
                        self.pixels[y * self.width + x] = ink;
                    }
                }
            }
            self
        }

        fn mapped(mut self, map: impl Fn(usize, usize, u8) -> u8) -> Self {
            for place in 0..self.pixels.len() {
                self.pixels[place] = map(place % self.width, place / self.width, self.pixels[place]);
            }
            self
        }

        /// Turned by 90 degrees, clockwise.
        fn turned(self) -> Self {
            let (width, height) = (self.height, self.width);
            let pixels = (0..width * height).map(|place| {
                let (x, y) = (place % width, place / width);
                self.pixels[(self.height - 1 - x) * self.width + y]
            });
            Self { pixels: pixels.collect(), width, height }
        }

        fn luma(&self, stride: usize, rotation: Rotation) -> Luma {
            let mut pixels = Vec::new();
            for row in self.pixels.chunks(self.width) {
                pixels.extend_from_slice(row);
                // What lies between rows must not be looked at.
                pixels.extend((self.width..stride).map(|x| if x % 2 == 0 { 0 } else { 255 }));
            }
            Luma::new(pixels, self.width, self.height, stride, rotation).unwrap()
        }

        fn texts(&self) -> Vec<String> {
            still(&self.luma(self.width, Rotation::None), &NEVER).codes.into_iter().map(|code| code.text).collect()
        }
    }

    fn symbol(text: &str) -> Symbol {
        Symbol::new(text).unwrap()
    }

    #[test]
    fn symbols_of_all_sizes_are_read_at_three_pixels_a_module() {
        for bytes in [1, 20, 54, 75, 131, 260, 400, 593, 900, 1300] {
            let text: String =
                "otpauth://totp/GitHub:mara?secret=JBSWY3DPEHPK3PXP".chars().cycle().take(bytes).collect();
            let symbol = symbol(&text);
            let side = symbol.width() * 3 + 60;
            let canvas = Canvas::new(side, side, 255).draw(&symbol, 30, 30, 3, 0, 255);
            assert_eq!(canvas.texts(), [text], "{bytes} bytes");
        }
    }

    #[test]
    fn modules_of_two_to_forty_pixels_are_read() {
        let text = "otpauth://totp/GitHub:mara?secret=JBSWY3DPEHPK3PXP&issuer=GitHub";
        let symbol = symbol(text);
        for module in [2, 3, 4, 5, 7, 10, 16, 25, 40] {
            let side = (symbol.width() + 8) * module;
            let canvas = Canvas::new(side + 31, side + 17, 255).draw(&symbol, 4 * module, 4 * module, module, 0, 255);
            assert_eq!(canvas.texts(), [text], "{module} pixels a module");
        }
    }

    #[test]
    fn rows_are_read_through_the_stride_however_the_camera_is_held() {
        let text = "https://gate.example.com/approve#1.AAAA";
        let symbol = symbol(text);
        let size = (symbol.width() * 4) as u32;
        let mut canvas = Canvas::new(400, 300, 230).draw(&symbol, 40, 60, 4, 20, 230);
        // The camera gives the picture turned the other way by what must be turned to make it upright.
        for rotation in [Rotation::None, Rotation::ThreeQuarters, Rotation::Half, Rotation::Quarter] {
            for stride in [canvas.width, canvas.width + 1, canvas.width + 64] {
                let found = still(&canvas.luma(stride, rotation), &NEVER).codes;
                let [code] = &found[..] else { panic!("{rotation:?}, stride {stride}: {found:?}") };
                assert_eq!(code.text, text);
                let expected = [[40, 60], [40 + size, 60], [40 + size, 60 + size], [40, 60 + size]];
                for (corner, expected) in code.corners.iter().zip(expected) {
                    let near = corner.iter().zip(expected).all(|(here, there)| here.abs_diff(there) <= 6);
                    assert!(near, "{rotation:?}: {:?} is not near {expected:?}", code.corners);
                }
            }
            canvas = canvas.turned();
        }
    }

    #[test]
    fn light_on_dark_is_read() {
        let canvas = Canvas::new(300, 300, 24).draw(&symbol("inverted"), 50, 50, 6, 235, 24);
        assert_eq!(canvas.texts(), ["inverted"]);
    }

    #[test]
    fn a_code_at_the_very_edge_is_read() {
        let symbol = symbol("no quiet zone");
        let side = symbol.width() * 5;
        assert_eq!(Canvas::new(side, side, 0).draw(&symbol, 0, 0, 5, 0, 255).texts(), ["no quiet zone"]);
        assert_eq!(Canvas::new(side, side, 0).draw(&symbol, 0, 0, 5, 255, 0).texts(), ["no quiet zone"]);
    }

    #[test]
    fn uneven_light_and_noise_are_read() {
        let noise = |x: usize, y: usize| ((x * 7919 + y * 104_729 + x * y * 31) % 41) as i32 - 20;
        let canvas = Canvas::new(500, 400, 200).draw(&symbol("in the shade of a lamp"), 90, 70, 8, 60, 200);
        let canvas = canvas.mapped(|x, y, pixel| {
            let lit = i32::from(pixel) * (100 - (x * 80 / 500) as i32) / 100;
            (lit + noise(x, y)).clamp(0, 255) as u8
        });
        assert_eq!(canvas.texts(), ["in the shade of a lamp"]);
    }

    #[test]
    fn a_code_in_a_large_picture_is_read() {
        let canvas = Canvas::new(4000, 3000, 180).draw(&symbol("far away"), 1700, 900, 9, 40, 220);
        assert_eq!(canvas.texts(), ["far away"]);
    }

    #[test]
    fn all_codes_of_a_picture_are_told_up_to_eight() {
        let mut canvas = Canvas::new(1200, 800, 255);
        for place in 0..9 {
            canvas =
                canvas.draw(&symbol(&format!("code {place}")), 40 + place % 4 * 280, 40 + place / 4 * 250, 6, 0, 255);
        }
        let texts = canvas.texts();
        // Nine codes have 27 finders; 32 are looked at together.
        assert_eq!(texts.len(), PICTURE_CODES, "{texts:?}");
        let mut canvas = Canvas::new(600, 300, 255);
        for x in [20, 300] {
            canvas = canvas.draw(&symbol("twice"), x, 40, 6, 0, 255);
        }
        assert_eq!(canvas.texts(), ["twice"]);
    }

    #[test]
    fn every_frame_looks_the_likely_ways_and_one_other() {
        let canvas = Canvas::new(300, 300, 24).draw(&symbol("inverted"), 50, 50, 6, 235, 24);
        for turn in 0..20 {
            assert_eq!(live(&canvas.luma(300, Rotation::None), turn, &NEVER).codes.len(), 1, "frame {turn}");
        }
        let empty = Canvas::new(300, 300, 128);
        assert!(live(&empty.luma(300, Rotation::None), usize::MAX, &NEVER).codes.is_empty());
    }

    #[test]
    fn debug_hides_the_text() {
        let code = Code { text: "otpauth://".into(), corners: [[0; 2]; 4] };
        assert!(!format!("{code:?}").contains("otpauth"));
    }

    #[test]
    fn no_picture_ends_in_a_panic_of_ours() {
        // Checkers, stripes, noise and single rows, in odd sizes.
        for (width, height) in [(1, 1), (1, 500), (500, 1), (21, 21), (63, 64), (257, 131)] {
            let patterns: [&dyn Fn(usize, usize) -> u8; 4] = [
                &|x, y| if (x + y) % 2 == 0 { 0 } else { 255 },
                &|x, _| if x % 3 == 0 { 0 } else { 255 },
                &|x, y| ((x * 7919 + y * 104_729 + x * y * 31) % 256) as u8,
                &|_, _| 0,
            ];
            for pattern in patterns {
                let canvas = Canvas::new(width, height, 0).mapped(|x, y, _| pattern(x, y));
                assert!(canvas.texts().is_empty());
            }
        }
    }

    #[test]
    fn a_picture_of_a_whole_page_is_read_where_modules_are_three_pixels_and_a_bit() {
        let file = include_bytes!("../../../tests/fixtures/qr/page.png").to_vec();
        let page = super::super::picture::unpack(file).unwrap();
        let found = still(&page, &NEVER).codes;
        assert_eq!(found.len(), 1);
        assert!(found[0].text.starts_with("https://localhost:8443/enrol#1."));
    }
}
