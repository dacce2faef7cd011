//! A symbol, and the ways in which people print it.

use qrcode::{Color, EcLevel, QrCode};

/// The modules of a code.
pub struct Symbol {
    modules: Vec<bool>,
    /// Modules in a row.
    pub width: usize,
}

/// How it is printed: grey values, the form of a module, and what lies on it.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Light of a dark module.
    pub dark: f32,
    /// Light of a light module.
    pub light: f32,
    /// Light modules around it.
    pub quiet: f32,
    /// The radius of round modules, where they are round; patterns for finding are drawn whole.
    pub dots: Option<f32>,
    /// The side of a plate in the middle, as a part of the symbol's.
    pub logo: f32,
    /// Printed seen from behind.
    pub mirrored: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { dark: 25.0, light: 235.0, quiet: 4.0, dots: None, logo: 0.0, mirrored: false }
    }
}

impl Symbol {
    /// The symbol of a text with this correction: L, M, Q or H.
    pub fn new(text: &str, correction: char) -> Self {
        let level = match correction {
            'L' => EcLevel::L,
            'M' => EcLevel::M,
            'Q' => EcLevel::Q,
            _ => EcLevel::H,
        };
        let code = QrCode::with_error_correction_level(text, level).expect("the texts here are short");
        let width = code.width();
        Self { modules: code.into_colors().into_iter().map(|color| color == Color::Dark).collect(), width }
    }

    pub(crate) fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.width && y < self.width && self.modules[y * self.width + x]
    }

    /// The light at a place, in modules from the top left of the symbol; `None` beyond the quiet zone.
    pub(crate) fn light(&self, style: &Style, x: f32, y: f32) -> Option<f32> {
        let side = self.width as f32;
        let x = if style.mirrored { side - x } else { x };
        if x < -style.quiet || y < -style.quiet || x >= side + style.quiet || y >= side + style.quiet {
            return None;
        }
        if x < 0.0 || y < 0.0 || x >= side || y >= side {
            return Some(style.light);
        }
        let from_middle = (x - side / 2.0).abs().max((y - side / 2.0).abs()) / side;
        if from_middle < style.logo / 2.0 {
            // A plate with a ring on it.
            let ring = (x - side / 2.0).hypot(y - side / 2.0) / side / style.logo;
            return Some(if (0.22..0.36).contains(&ring) { 110.0 } else { style.light });
        }
        let (column, row) = (x as usize, y as usize);
        let is_dark = self.is_dark(column, row);
        let is_inked = match style.dots.filter(|_| !self.is_finder(column, row)) {
            Some(radius) => is_dark && (x.fract() - 0.5).hypot(y.fract() - 0.5) < radius,
            None => is_dark,
        };
        Some(if is_inked { style.dark } else { style.light })
    }

    fn is_finder(&self, x: usize, y: usize) -> bool {
        let far = self.width - 7;
        (y < 7 && (x < 7 || x >= far)) || (x < 7 && y >= far)
    }
}
