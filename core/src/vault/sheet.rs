//! The recovery sheet: a random key of 160 bits on paper, in four lines that say themselves when they are mistyped.
//!
//! A line has eight characters of the key and two of check. The characters are those of Crockford's base32, so that none
//! is taken for another. The two of check are a Reed–Solomon code over the thirty-two of them, and over the line's number: one
//! or two wrong characters are always noticed, and so are two characters or two lines that changed places.

use countersign_protocol::Secret;
use countersign_protocol::jose::Id;
use ring::hkdf;
use zeroize::Zeroizing;

use super::key::LEN;
use crate::error::{Error, InputError, PortError};
use crate::port::Random;

/// Lines of a sheet.
pub const LINES: usize = 4;
/// Characters of the key in a line.
const DATA: usize = 8;
/// Characters of a line, check and all.
const LINE: usize = DATA + 2;
/// Bytes of the key.
const KEY: usize = LINES * DATA * 5 / 8;
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// What stands before the key in the sheet's QR.
const QR: &str = "COUNTERSIGN-RECOVERY-1:";

/// The key on a recovery sheet. It is told once, when its slot is made, and kept nowhere.
#[derive(Debug, Clone)]
pub struct Sheet(Secret);

impl Sheet {
    /// Draws a new one.
    ///
    /// # Errors
    /// [`PortError::Unavailable`] without randomness.
    pub fn generate(random: &dyn Random) -> Result<Self, PortError> {
        Ok(Self(random.secret(KEY)?))
    }

    /// Reads the four lines as they were typed, or what the sheet's QR holds. Case, blanks and hyphens don't count, nor does
    /// what stands before a colon; O is read as 0, I and L as 1.
    ///
    /// # Errors
    /// [`InputError::SheetLine`] names the first line that is mistyped or missing.
    pub fn read(typed: &str) -> Result<Self, InputError> {
        let lines: Vec<&str> = typed.lines().filter(|line| !line.trim().is_empty()).collect();
        let whole = if let [one] = lines[..] { Some(symbols(one)?) } else { None };
        let mut bits = Bits::default();
        for number in 0..LINES {
            let line = match &whole {
                Some(all) => Zeroizing::new(all.chunks(LINE).nth(number).unwrap_or_default().to_vec()),
                None => symbols(lines.get(number).copied().unwrap_or_default()).map_err(|_| wrong(number))?,
            };
            if !fits(number, &line) {
                return Err(wrong(number));
            }
            line[..DATA].iter().for_each(|symbol| bits.push(*symbol));
        }
        let too_long = lines.len() > LINES || whole.is_some_and(|all| all.len() > LINES * LINE);
        if too_long { Err(wrong(LINES - 1)) } else { Ok(Self(bits.take())) }
    }

    /// Whether `typed` is a whole and right line of its number, from 1: to be asked while a sheet is typed line by line.
    pub fn is_line(number: usize, typed: &str) -> bool {
        let line = symbols(typed);
        (1..=LINES).contains(&number) && line.is_ok_and(|line| fits(number - 1, &line))
    }

    /// The lines, to be shown once: two groups of four, and the check.
    pub fn lines(&self) -> [Zeroizing<String>; LINES] {
        std::array::from_fn(|number| {
            let line = self.line(number);
            let mut out = Zeroizing::new(String::with_capacity(LINE + 2));
            for (at, symbol) in line.iter().enumerate() {
                if at == 4 || at == 8 {
                    out.push(' ');
                }
                out.push(char::from(ALPHABET[usize::from(*symbol)]));
            }
            out
        })
    }

    /// What the sheet's QR holds: all lines behind a name.
    pub fn qr_text(&self) -> Zeroizing<String> {
        let mut out = Zeroizing::new(String::with_capacity(QR.len() + LINES * LINE));
        out.push_str(QR);
        for line in self.lines() {
            out.extend(line.chars().filter(|c| *c != ' '));
        }
        out
    }

    /// The key that a slot of this vault is sealed by.
    pub(super) fn key(&self, vault: &Id) -> Result<Secret, Error> {
        let salt = hkdf::Salt::new(hkdf::HKDF_SHA256, vault.as_bytes());
        // The key leaves its type to be derived from.
        let pseudo_random = salt.extract(self.0.expose());
        let mut out = Zeroizing::new(vec![0; LEN]);
        let okm = pseudo_random.expand(&[b"countersign vault 2 sheet"], hkdf::HKDF_SHA256);
        okm.and_then(|okm| okm.fill(&mut out)).map_err(|_| Error::Internal)?;
        Ok(Secret::new(std::mem::take(&mut *out)))
    }

    /// The symbols of one line, check and all.
    fn line(&self, number: usize) -> Zeroizing<Vec<u8>> {
        // The key leaves its type to be written down.
        let bytes = &self.0.expose()[number * 5..][..5];
        let bits = bytes.iter().fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        let mut line = Zeroizing::new(Vec::with_capacity(LINE));
        line.extend((0..DATA).map(|at| (bits >> (35 - 5 * at)) as u8 & 31));
        let check = check(number, &line);
        line.extend(check);
        line
    }
}

fn wrong(number: usize) -> InputError {
    InputError::SheetLine(number as u8 + 1)
}

/// The symbols of what was typed.
fn symbols(typed: &str) -> Result<Zeroizing<Vec<u8>>, InputError> {
    let typed = typed.rsplit(':').next().unwrap_or_default();
    let mut out = Zeroizing::new(Vec::with_capacity(typed.len()));
    for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let c = match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        };
        let symbol = ALPHABET.iter().position(|known| char::from(*known) == c);
        out.push(symbol.ok_or(InputError::SheetLine(1))? as u8);
    }
    Ok(out)
}

/// Whether a line has its length and its check.
fn fits(number: usize, line: &[u8]) -> bool {
    line.len() == LINE && line[DATA..] == check(number, &line[..DATA])
}

/// The two symbols of check: sums in GF(32), one plain and one weighted by place, both moved by the line's number.
fn check(number: usize, data: &[u8]) -> [u8; 2] {
    let (mut plain, mut weighted, mut weight) = (number as u8 + 1, 0, 1);
    for symbol in data {
        weight = times_alpha(weight);
        plain ^= symbol;
        weighted ^= times(weight, *symbol);
    }
    [plain, weighted]
}

/// Twice `a` in GF(32), modulo x⁵ + x² + 1.
const fn times_alpha(a: u8) -> u8 {
    if a & 16 == 0 { a << 1 } else { (a << 1 & 31) ^ 0b00101 }
}

fn times(mut a: u8, b: u8) -> u8 {
    let mut product = 0;
    for bit in 0..5 {
        if b >> bit & 1 == 1 {
            product ^= a;
        }
        a = times_alpha(a);
    }
    product
}

/// Puts symbols of five bits into bytes.
#[derive(Default)]
struct Bits {
    bytes: Zeroizing<Vec<u8>>,
    held: u16,
    count: u8,
}

impl Bits {
    fn push(&mut self, symbol: u8) {
        self.held = self.held << 5 | u16::from(symbol);
        self.count += 5;
        if self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.held >> self.count) as u8);
        }
    }

    fn take(mut self) -> Secret {
        Secret::new(std::mem::take(&mut *self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use countersign_properties::parser;
    use proptest::prelude::*;

    use super::*;
    use crate::system::SystemRandom;

    fn sheet(byte: u8) -> Sheet {
        Sheet(Secret::new((0..KEY as u8).map(|n| n.wrapping_mul(37) ^ byte).collect()))
    }

    fn typed(sheet: &Sheet) -> Vec<Vec<char>> {
        sheet.lines().iter().map(|line| line.chars().filter(|c| *c != ' ').collect()).collect()
    }

    fn joined(lines: &[Vec<char>]) -> String {
        lines.iter().map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
    }

    fn is_same(one: &Sheet, other: &Sheet) -> bool {
        one.0.ct_eq(other.0.expose())
    }

    #[test]
    fn a_sheet_is_read_as_it_was_written_however_it_is_typed() {
        let sheet = Sheet::generate(&SystemRandom::new()).unwrap();
        let lines = sheet.lines();
        assert!(lines.iter().all(|line| line.len() == LINE + 2), "two groups of four, and two");
        let plain = lines.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n");
        let untidy =
            plain.to_lowercase().replace('0', "o").replace('1', "l").replace(' ', " - ").replace('\n', "\r\n\n  ");
        let numbered =
            lines.iter().zip(1..).map(|(line, n)| format!("Line {n}: {}\n", line.as_str())).collect::<String>();
        for text in [plain.as_str(), &untidy, &numbered, &sheet.qr_text(), &plain.replace('\n', " ")] {
            assert!(is_same(&Sheet::read(text).unwrap(), &sheet), "{}", text.len());
        }
        for (number, line) in (1..).zip(&lines) {
            assert!(Sheet::is_line(number, line));
            assert!(!Sheet::is_line(number % LINES + 1, line), "a line belongs to its place");
        }
        assert!(!Sheet::is_line(0, &lines[0]) && !Sheet::is_line(LINES + 1, &lines[0]));
    }

    #[test]
    fn one_or_two_wrong_characters_are_noticed_and_their_line_is_named() {
        let sheet = sheet(9);
        let right = typed(&sheet);
        let name = |line: usize, n: u8| {
            assert_eq!(Sheet::read(&joined(&right)).map(drop), Ok(()));
            assert_eq!(line as u8 + 1, n);
        };
        for line in 0..LINES {
            for at in 0..LINE {
                for other in ALPHABET.iter().map(|c| char::from(*c)).filter(|c| *c != right[line][at]) {
                    let mut wrong = right.clone();
                    wrong[line][at] = other;
                    assert_eq!(Sheet::read(&joined(&wrong)).unwrap_err(), InputError::SheetLine(line as u8 + 1));
                    // A second one beside it, and two that changed places.
                    if at + 1 < LINE {
                        wrong[line][at + 1] = if wrong[line][at + 1] == 'Z' { '7' } else { 'Z' };
                        assert!(Sheet::read(&joined(&wrong)).is_err());
                    }
                }
                let mut swapped = right.clone();
                swapped[line].swap(at, (at + 1) % LINE);
                assert_eq!(Sheet::read(&joined(&swapped)).is_ok(), swapped == right);
            }
            let mut missing = right.clone();
            missing[line].pop();
            let named = Sheet::read(&joined(&missing)).unwrap_err();
            let InputError::SheetLine(n) = named else { panic!("{named}") };
            name(line, n);
        }
        let mut swapped = right.clone();
        swapped.swap(1, 2);
        assert_eq!(Sheet::read(&joined(&swapped)).unwrap_err(), InputError::SheetLine(2));
        assert_eq!(Sheet::read(&joined(&right[..3])).unwrap_err(), InputError::SheetLine(4));
        assert_eq!(Sheet::read("").unwrap_err(), InputError::SheetLine(1));
        let mut long = right;
        long.push(vec!['0']);
        assert_eq!(Sheet::read(&joined(&long)).unwrap_err(), InputError::SheetLine(4));
    }

    #[test]
    fn a_sheet_is_another_key_in_another_vault_and_prints_nothing() {
        let sheet = sheet(1);
        let key = |id| sheet.key(&Id::from_bytes([id; 16])).unwrap();
        assert!(key(1).ct_eq(key(1).expose()) && !key(1).ct_eq(key(2).expose()));
        assert_eq!(format!("{sheet:?}"), "Sheet(Secret(..))");
    }

    /// Written sheets, left whole or with a character changed, cut or added.
    #[test]
    fn any_text_is_a_sheet_or_refused_and_a_third_is_one() {
        let written = (any::<u8>(), any::<prop::sample::Index>(), any::<char>(), 0..8_u8);
        let input = written.prop_map(|(byte, at, c, how)| {
            let mut text: Vec<char> = joined(&typed(&sheet(byte))).chars().collect();
            let at = at.index(text.len());
            match how {
                0 => text.truncate(at),
                1 => text[at] = c,
                2 => text.insert(at, c),
                _ => {}
            }
            text.into_iter().collect::<String>()
        });
        parser(input, |text| match Sheet::read(text) {
            Ok(read) => {
                assert!(is_same(&Sheet::read(&joined(&typed(&read))).unwrap(), &read), "one value, one form");
                true
            }
            Err(InputError::SheetLine(1..=4)) => false,
            Err(other) => panic!("{other}"),
        });
    }
}
