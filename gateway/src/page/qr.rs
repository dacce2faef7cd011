//! QR codes as SVG: one path, drawn by the page itself, so that the CSP needs no `data:` and prints stay sharp.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

use crate::failure::Failure;

/// Light modules around the code; ISO/IEC 18004 asks for four.
const QUIET: usize = 4;

/// A QR code to stand in a page: `viewBox` size and the path of its dark modules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrSvg {
    /// Modules along a side, quiet zone included.
    pub side: usize,
    /// One `d` of a path, each module a unit.
    pub path: String,
}

impl QrSvg {
    /// The code of a text, with error correction M.
    ///
    /// # Errors
    /// 500 when the text is longer than a QR code can hold.
    pub fn new(text: &str) -> Result<Self, Failure> {
        Self::with(text, EcLevel::M)
    }

    /// The code of a long text that stands on a screen: fewer and larger modules, with error correction L.
    ///
    /// # Errors
    /// As [`QrSvg::new`].
    pub fn long(text: &str) -> Result<Self, Failure> {
        Self::with(text, EcLevel::L)
    }

    fn with(text: &str, level: EcLevel) -> Result<Self, Failure> {
        let code = QrCode::with_error_correction_level(text, level).map_err(Failure::internal)?;
        let width = code.width();
        let colors = code.to_colors();
        let mut path = String::new();
        for (y, row) in colors.chunks(width).enumerate() {
            let mut x = 0;
            for run in row.chunk_by(|a, b| a == b) {
                if run.first() == Some(&Color::Dark) {
                    // Writing into a String cannot fail.
                    let _ = write!(path, "M{} {}h{}v1h-{}z", x + QUIET, y + QUIET, run.len(), run.len());
                }
                x += run.len();
            }
        }
        Ok(Self { side: width + 2 * QUIET, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_covers_the_dark_modules_and_no_other() {
        let text = "https://localhost/approve#1.BAQEBAQEBAQEBAQEBAQEBAcHBwcHBwcHBwcHBwcHBwc";
        let svg = QrSvg::new(text).unwrap();
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        assert_eq!(svg.side, code.width() + 8);
        let covered: usize = svg
            .path
            .split('h')
            .skip(1)
            .step_by(2)
            .map(|n| n.split('v').next().unwrap().parse::<usize>().unwrap())
            .sum();
        assert_eq!(covered, code.to_colors().iter().filter(|c| **c == Color::Dark).count());
        // The finder pattern's first row, behind the quiet zone.
        assert!(svg.path.starts_with("M4 4h7v1h-7z"), "{}", &svg.path[..20]);
    }

    #[test]
    fn a_long_text_has_fewer_modules() {
        let text = format!("https://localhost/offline#1.{}", "a".repeat(900));
        assert!(QrSvg::long(&text).unwrap().side < QrSvg::new(&text).unwrap().side);
    }

    #[test]
    fn a_text_beyond_a_qr_code_is_refused() {
        assert!(QrSvg::new(&"a".repeat(3000)).is_err());
    }
}
