//! From the light of modules to the text: dark and light, format, words, correction, content.

use super::content::content;
use super::correct::correct;
use super::version::{Format, Version};

/// The modules of a symbol as they look, row by row: how much lighter each is than the border between dark and light.
pub(super) struct Matrix {
    pub(super) version: Version,
    /// Under zero is dark.
    pub(super) lights: Vec<f32>,
}

/// What was read, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) bytes: Vec<u8>,
    /// Rows and columns are swapped: it was seen in a mirror.
    pub(super) is_mirrored: bool,
}

/// Formats that are tried, by likeness.
const FORMATS: usize = 2;
/// How unlike a format may be: bits of both copies.
const UNLIKE: f32 = 0.36;
/// In how many parts words are marked as erased, from none to as many as leave this much for certainty.
const ERASURES: usize = 5;
const CERTAIN: usize = 4;

impl Matrix {
    fn light(&self, x: usize, y: usize, is_mirrored: bool) -> f32 {
        let place = if is_mirrored { x * self.version.side() + y } else { y * self.version.side() + x };
        self.lights[place]
    }

    /// Reads it as it stands, or as in a mirror, whichever format is more like one.
    pub(super) fn read(&self, fixed: &[bool]) -> Option<Reading> {
        let mut formats: Vec<(f32, bool, Format)> = Vec::new();
        for is_mirrored in [false, true] {
            formats.extend(self.formats(is_mirrored).map(|(unlike, format)| (unlike, is_mirrored, format)));
        }
        formats.sort_by(|a, b| a.0.total_cmp(&b.0));
        let likely = formats.into_iter().take(FORMATS).take_while(|(unlike, ..)| *unlike < UNLIKE);
        likely.into_iter().find_map(|(_, is_mirrored, format)| {
            let bytes = self.words(format, is_mirrored, fixed)?;
            Some(Reading { bytes, is_mirrored })
        })
    }

    /// All 32 formats, and how unlike what stands in its two places each is: 0 is the very same, 1 its opposite.
    fn formats(&self, is_mirrored: bool) -> impl Iterator<Item = (f32, Format)> {
        let last = self.version.side() - 1;
        let mut lights = [0.0; 15];
        for (bit, light) in lights.iter_mut().enumerate() {
            let first = match bit {
                0..=5 => (8, bit),
                6 => (8, 7),
                7 => (8, 8),
                8 => (7, 8),
                _ => (14 - bit, 8),
            };
            let second = if bit < 8 { (last - bit, 8) } else { (8, last + bit - 14) };
            *light = [first, second].iter().map(|(x, y)| self.light(*x, *y, is_mirrored).clamp(-30.0, 30.0)).sum();
        }
        let all: f32 = lights.iter().map(|light| light.abs()).sum();
        (0..32).map(move |number| {
            let (format, bits) = Format::numbered(number);
            let wrong = lights.iter().enumerate().filter(|(bit, light)| (bits >> bit & 1 == 1) != (**light < 0.0));
            (wrong.map(|(_, light)| light.abs()).sum::<f32>() / all.max(1e-3), format)
        })
    }

    fn words(&self, format: Format, is_mirrored: bool, fixed: &[bool]) -> Option<Vec<u8>> {
        let version = self.version;
        let (words, doubts) = self.raw_words(format, is_mirrored, fixed);
        let (count, extra) = version.blocks(format.level);
        let all = words.len();
        let short = all / count;
        let long_from = count - all % count;
        let spare = version.spare(format.level);
        let mut data = Vec::with_capacity(all);
        let mut is_doubtful = false;
        for block in 0..count {
            let length = short + usize::from(block >= long_from);
            let place = |word: usize| {
                let data = short - extra;
                match word {
                    // The long blocks' one more word of data comes after all the others.
                    _ if word < data => word * count + block,
                    _ if word == data && block >= long_from => data * count + block - long_from,
                    _ => all - (length - word) * count + block,
                }
            };
            let mut order: Vec<usize> = (0..length).collect();
            order.sort_by(|a, b| doubts[place(*a)].total_cmp(&doubts[place(*b)]));
            let most = extra.saturating_sub(CERTAIN + spare);
            let mended = (0..ERASURES).find_map(|part| {
                let erased = most * part / (ERASURES - 1);
                let mut mended: Vec<u8> = (0..length).map(|word| words[place(word)]).collect();
                let spare = if part == 0 { spare } else { spare.max(2) };
                let how = correct(&mut mended, extra, order.get(..erased)?, spare)?;
                let used = 2 * how.errors + if part == 0 { 0 } else { erased };
                Some((mended, used + CERTAIN > extra))
            });
            let (mended, doubtful) = mended?;
            is_doubtful |= doubtful;
            data.extend_from_slice(mended.get(..length - extra)?);
        }
        let content = content(&data, version.number())?;
        let is_sure = content.is_filled_well || !is_doubtful;
        (is_sure && !content.bytes.is_empty()).then_some(content.bytes)
    }

    /// The words as they stand, and for each the light of its most doubtful module.
    fn raw_words(&self, format: Format, is_mirrored: bool, fixed: &[bool]) -> (Vec<u8>, Vec<f32>) {
        let side = self.version.side();
        let count = self.version.words();
        let (mut words, mut doubts) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let (mut word, mut doubt, mut bits) = (0_u8, f32::MAX, 0);
        let mut upward = true;
        let mut right = side - 1;
        while right > 0 {
            if right == 6 {
                right = 5;
            }
            for step in 0..side {
                let y = if upward { side - 1 - step } else { step };
                for x in [right, right - 1] {
                    if fixed[y * side + x] {
                        continue;
                    }
                    let light = self.light(x, y, is_mirrored);
                    word = word << 1 | u8::from((light < 0.0) != format.is_turned(x, y));
                    doubt = doubt.min(light.abs());
                    bits += 1;
                    if bits == 8 {
                        words.push(word);
                        doubts.push(doubt);
                        (word, doubt, bits) = (0, f32::MAX, 0);
                    }
                }
            }
            upward = !upward;
            right = right.saturating_sub(2);
        }
        words.truncate(count);
        doubts.truncate(count);
        (words, doubts)
    }
}

#[cfg(test)]
mod tests {
    use qrcode::{Color, EcLevel, QrCode, Version as Size};

    use super::*;

    fn matrix(code: &QrCode) -> Matrix {
        let version = Version::new((code.width() - 17) / 4).unwrap();
        let lights = code.to_colors().into_iter().map(|color| if color == Color::Dark { -9.0 } else { 9.0 });
        Matrix { version, lights: lights.collect() }
    }

    fn read(matrix: &Matrix) -> Option<Reading> {
        matrix.read(&matrix.version.fixed())
    }

    #[test]
    fn symbols_of_every_size_and_correction_are_read() {
        for number in 1..=40 {
            for level in [EcLevel::L, EcLevel::M, EcLevel::Q, EcLevel::H] {
                let text = format!("size {number:02}");
                let code = QrCode::with_version(&text[..7], Size::Normal(number), level).unwrap();
                let reading = read(&matrix(&code)).unwrap_or_else(|| panic!("{number} {level:?}"));
                assert_eq!((reading.bytes, reading.is_mirrored), (text.into_bytes(), false));
            }
        }
    }

    #[test]
    fn full_symbols_are_read() {
        for (number, level, length) in
            [(1, EcLevel::L, 17), (10, EcLevel::M, 213), (23, EcLevel::Q, 611), (40, EcLevel::L, 2953)]
        {
            let text: Vec<u8> = (0..length).map(|n| b'a' + (n % 23) as u8).collect();
            let code = QrCode::with_version(&text, Size::Normal(number), level).unwrap();
            assert_eq!(read(&matrix(&code)).map(|reading| reading.bytes), Some(text));
        }
    }

    #[test]
    fn a_mirrored_symbol_is_read_and_said_to_be_one() {
        let code = QrCode::new("seen from behind").unwrap();
        let (upright, side) = (matrix(&code), code.width());
        let lights = (0..side * side).map(|place| upright.lights[place % side * side + place / side]).collect();
        let reading = read(&Matrix { lights, ..upright }).unwrap();
        assert_eq!((reading.bytes.as_slice(), reading.is_mirrored), (&b"seen from behind"[..], true));
    }

    #[test]
    fn faint_modules_are_the_ones_that_are_given_up() {
        let text = "otpauth://totp/GitHub:mara?secret=JBSWY3DPEHPK3PXP&issuer=GitHub";
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        let fixed = Version::new((code.width() - 17) / 4).unwrap().fixed();
        // A plate over a sixth of the symbol, light that is hardly light.
        let covered = |faint: f32| {
            let mut matrix = matrix(&code);
            let side = code.width();
            for place in (0..side * side)
                .filter(|place| (11..24).contains(&(place % side)) && (11..22).contains(&(place / side)))
            {
                matrix.lights[place] = faint;
            }
            matrix.read(&fixed).map(|reading| reading.bytes)
        };
        assert_eq!(covered(0.5), Some(text.as_bytes().to_vec()));
        assert_eq!(covered(50.0), None);
    }

    #[test]
    fn noise_says_nothing() {
        let mut seed = 1_u32;
        for number in (1..=40).cycle().take(400) {
            let version = Version::new(number).unwrap();
            let mut next = || {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (seed >> 8) as f32 / (1 << 23) as f32 - 1.0
            };
            let lights = (0..version.side().pow(2)).map(|_| next()).collect();
            assert_eq!(read(&Matrix { version, lights }), None);
        }
    }
}
