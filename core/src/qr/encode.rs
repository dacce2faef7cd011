//! QR codes of our own: SVG, PNG and blocks for a terminal.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};
use thiserror::Error;

/// A text as a QR code. `Debug` shows its size only: the modules are the text.
pub struct Symbol {
    /// Row by row from the top left; true is dark.
    modules: Vec<bool>,
    width: usize,
}

/// The text does not fit into the largest symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} bytes are too much for a QR code")]
pub struct TooMuchText(pub usize);

/// What a terminal shows text on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// Dark ground, light text: the usual.
    Dark,
    /// Light ground, dark text.
    Light,
}

/// The white border that the standard asks for, in modules.
const QUIET: usize = 4;
/// The border in a terminal, where space is scarce; cameras read it, since the ground beside it is even.
const TERMINAL_QUIET: usize = 2;
/// The largest symbol that is made with 15 % of correction (M). A larger one gets 7 % (L): on a screen, where nothing
/// is torn or stained, larger modules help a camera more.
const MEDIUM_WIDTH: usize = 49;

impl Symbol {
    /// Makes the smallest symbol for this text.
    ///
    /// # Errors
    /// [`TooMuchText`] for a text of more than 2,953 bytes.
    pub fn new(text: &str) -> Result<Self, TooMuchText> {
        let medium = QrCode::with_error_correction_level(text, EcLevel::M).ok();
        let symbol = match medium.filter(|symbol| symbol.width() <= MEDIUM_WIDTH) {
            Some(symbol) => symbol,
            None => QrCode::with_error_correction_level(text, EcLevel::L).map_err(|_| TooMuchText(text.len()))?,
        };
        let width = symbol.width();
        Ok(Self { modules: symbol.into_colors().into_iter().map(|color| color == Color::Dark).collect(), width })
    }

    /// Modules in a row, without the border.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether this module is dark; coordinates outside are the light border.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.width && self.modules.get(y * self.width + x).copied().unwrap_or_default()
    }

    /// An SVG document: a white ground and all modules as one path, one user unit each. It carries no style, so that a
    /// strict content security policy lets it stand in a page; size it from there.
    pub fn svg(&self) -> String {
        let side = self.width + 2 * QUIET;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path stroke=\"#000\" d=\""
        );
        // Runs as strokes of width one through the middle of their row. Writing to a String cannot fail.
        for y in 0..self.width {
            let mut pen = None;
            for (start, length) in self.runs(y) {
                let _ = match pen {
                    None => write!(svg, "M{} {}.5h{length}", start + QUIET, y + QUIET),
                    Some(pen) => write!(svg, "m{} 0h{length}", start - pen),
                };
                pen = Some(start + length);
            }
        }
        svg.push_str("\"/></svg>");
        svg
    }

    /// A PNG in grey, `pixels` to a module (3 to 64), with the border.
    pub fn png(&self, pixels: usize) -> Vec<u8> {
        let pixels = pixels.clamp(3, 64);
        let side = (self.width + 2 * QUIET) * pixels;
        let mut data = Vec::with_capacity(side * side);
        for y in 0..side {
            let row = (y / pixels).wrapping_sub(QUIET);
            data.extend((0..side).map(|x| {
                let dark = self.is_dark((x / pixels).wrapping_sub(QUIET), row);
                if dark { 0 } else { 255 }
            }));
        }
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, side as u32, side as u32);
        encoder.set_color(png::ColorType::Grayscale);
        encoder.set_depth(png::BitDepth::Eight);
        let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&data));
        // Into memory, with the sides declared above: there is nothing that could fail.
        debug_assert!(written.is_ok());
        file
    }

    /// Lines of half blocks, two rows of modules a line, each ended by a line feed. What is printed is light on a dark
    /// ground and dark on a light one, so that the symbol is dark on light either way.
    pub fn terminal(&self, ground: Ground) -> String {
        let side = self.width + 2 * TERMINAL_QUIET;
        let inked = |x: usize, y: usize| {
            let dark = self.is_dark(x.wrapping_sub(TERMINAL_QUIET), y.wrapping_sub(TERMINAL_QUIET));
            dark == (ground == Ground::Light)
        };
        let mut lines = String::with_capacity(side * (side + 3) / 2 * 3);
        for y in (0..side).step_by(2) {
            lines.extend((0..side).map(|x| match (inked(x, y), y + 1 < side && inked(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            }));
            lines.push('\n');
        }
        lines
    }

    /// The dark runs of a row: where each begins, and how long it is.
    fn runs(&self, y: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let mut x = 0;
        std::iter::from_fn(move || {
            let start = (x..self.width).find(|x| self.is_dark(*x, y))?;
            let end = (start..self.width).find(|x| !self.is_dark(*x, y)).unwrap_or(self.width);
            x = end;
            Some((start, end - start))
        })
    }
}

impl std::fmt::Debug for Symbol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Symbol({0}x{0}, ..)", self.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(symbol: &Symbol, x: i64, y: i64) -> bool {
        let inside = |place: i64| usize::try_from(place).ok().filter(|place| *place < symbol.width());
        matches!((inside(x), inside(y)), (Some(x), Some(y)) if symbol.is_dark(x, y))
    }

    #[test]
    fn the_svg_draws_each_dark_module_once() {
        let symbol = Symbol::new("otpauth://totp/GitHub:mara?secret=JBSWY3DPEHPK3PXP").unwrap();
        let svg = symbol.svg();
        let path = svg.split("d=\"").nth(1).unwrap().split('"').next().unwrap();
        let mut seen = vec![false; symbol.width() * symbol.width()];
        for row in path.split('M').skip(1) {
            let (start, rest) = row.split_once('h').unwrap();
            let (x, y) = start.split_once(' ').unwrap();
            let y: usize = y.strip_suffix(".5").unwrap().parse().unwrap();
            let mut x: usize = x.parse().unwrap();
            for (place, run) in rest.split('h').enumerate() {
                let (length, gap) = run.split_once('m').map_or((run, "0"), |(length, gap)| (length, gap));
                for _ in 0..length.parse().unwrap() {
                    seen[(y - QUIET) * symbol.width() + x - QUIET] = true;
                    x += 1;
                }
                x += gap.trim_end_matches(" 0").parse::<usize>().unwrap_or_else(|_| panic!("run {place}: {gap}"));
            }
        }
        assert_eq!(seen, symbol.modules);
        assert_eq!((svg.matches("<path").count(), svg.matches("style").count()), (1, 0));
    }

    #[test]
    fn the_svg_of_a_page_is_small() {
        // A login link, a usual Key URI, an enrolment link.
        for bytes in [75, 131, 260] {
            let text: String = "https://gate.example.com/enrol#1.eyJ1IjoiaHR0cHM6Ly9nYXRlLmV4YW1wbGUuY29tL3B1c2gvdjEi"
                .chars()
                .cycle()
                .take(bytes)
                .collect();
            let svg = Symbol::new(&text).unwrap().svg();
            assert!(svg.len() <= 6 * 1024, "{bytes} bytes make {}", svg.len());
        }
    }

    #[test]
    fn the_terminal_shows_dark_on_light_on_either_ground() {
        let symbol = Symbol::new("hello").unwrap();
        for (ground, ink_is_dark) in [(Ground::Dark, false), (Ground::Light, true)] {
            let lines = symbol.terminal(ground);
            assert_eq!(lines.lines().count(), (symbol.width() + 2 * TERMINAL_QUIET).div_ceil(2));
            for (row, line) in lines.lines().enumerate() {
                assert_eq!(line.chars().count(), symbol.width() + 2 * TERMINAL_QUIET);
                for (column, block) in line.chars().enumerate() {
                    let (x, y) = (column as i64 - 2, 2 * row as i64 - 2);
                    assert_eq!(matches!(block, '█' | '▀'), drawn(&symbol, x, y) == ink_is_dark);
                    let below = y + 1 < symbol.width() as i64 + 2;
                    assert_eq!(matches!(block, '█' | '▄'), below && drawn(&symbol, x, y + 1) == ink_is_dark);
                }
            }
        }
    }

    #[test]
    fn the_largest_symbol_holds_2953_bytes() {
        for (bytes, fits) in [(2952, true), (2953, true), (2954, false), (2_953_000, false)] {
            let symbol = Symbol::new(&"x".repeat(bytes));
            assert_eq!(symbol.map(|symbol| symbol.width()), if fits { Ok(177) } else { Err(TooMuchText(bytes)) });
        }
    }

    #[test]
    fn debug_shows_the_size_only() {
        assert_eq!(format!("{:?}", Symbol::new("hello").unwrap()), "Symbol(21x21, ..)");
    }
}
