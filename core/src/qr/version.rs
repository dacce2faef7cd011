//! The 40 sizes of symbols, their blocks, and the patterns that every symbol of a size has (ISO/IEC 18004, 6 and 7).

/// A size of symbol, 1 to 40.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version(usize);

/// How much correction a symbol has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    L,
    M,
    Q,
    H,
}

/// What the format information says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) level: Level,
    /// Which of the eight masks was laid over the data.
    pub(super) mask: u8,
}

impl Format {
    /// The format of this number, 0 to 31, and its 15 bits as they stand in a symbol.
    pub(super) fn numbered(number: u16) -> (Self, u16) {
        let level = [Level::M, Level::L, Level::H, Level::Q][usize::from(number >> 3 & 3)];
        let rest = (0..5)
            .rev()
            .fold(number << 10, |rest, bit| if rest >> (bit + 10) & 1 == 1 { rest ^ 0x537 << bit } else { rest });
        (Self { level, mask: number as u8 & 7 }, (number << 10 | rest & 0x3ff) ^ 0x5412)
    }

    /// Whether the mask turns the module in this column and row.
    pub(super) fn is_turned(self, x: usize, y: usize) -> bool {
        let zero = match self.mask {
            0 => (x + y) % 2,
            1 => y % 2,
            2 => x % 3,
            3 => (x + y) % 3,
            4 => (y / 2 + x / 3) % 2,
            5 => x * y % 2 + x * y % 3,
            6 => (x * y % 2 + x * y % 3) % 2,
            _ => ((x + y) % 2 + x * y % 3) % 2,
        };
        zero == 0
    }
}

impl Version {
    /// This number, where there is such a size.
    pub(super) fn new(number: usize) -> Option<Self> {
        (1..=40).contains(&number).then_some(Self(number))
    }

    pub(super) fn number(self) -> usize {
        self.0
    }

    /// Modules of a side.
    pub(super) fn side(self) -> usize {
        17 + 4 * self.0
    }

    /// The columns, and rows, in which the middles of alignment patterns lie.
    pub(super) fn alignment(self) -> Vec<usize> {
        if self.0 == 1 {
            return Vec::new();
        }
        let count = self.0 / 7 + 2;
        let step = match self.0 {
            32 => 26,
            _ => (self.0 * 4 + count * 2 + 1) / (count * 2 - 2) * 2,
        };
        let last = self.side() - 7;
        let mut places: Vec<usize> = (0..count - 1).map(|n| last - n * step).collect();
        places.push(6);
        places.reverse();
        places
    }

    /// The places of whole alignment patterns: all but the three that would lie on finders.
    pub(super) fn alignments(self) -> Vec<(usize, usize)> {
        let places = self.alignment();
        let last = self.side().saturating_sub(7);
        let is_free =
            |(x, y): &(usize, usize)| !matches!((*x, *y), (6, 6)) && (*x, *y) != (6, last) && (*x, *y) != (last, 6);
        places.iter().flat_map(|y| places.iter().map(|x| (*x, *y))).filter(is_free).collect()
    }

    /// Whether the module belongs to a pattern, the format or the version: it holds no data.
    pub(super) fn fixed(self) -> Vec<bool> {
        let side = self.side();
        let mut fixed = vec![false; side * side];
        let mut fill = |xs: std::ops::Range<usize>, ys: std::ops::Range<usize>| {
            ys.for_each(|y| xs.clone().for_each(|x| fixed[y * side + x] = true));
        };
        fill(0..9, 0..9);
        fill(side - 8..side, 0..9);
        fill(0..9, side - 8..side);
        fill(6..7, 0..side);
        fill(0..side, 6..7);
        for (x, y) in self.alignments() {
            fill(x - 2..x + 3, y - 2..y + 3);
        }
        if self.0 >= 7 {
            fill(side - 11..side - 8, 0..6);
            fill(0..6, side - 11..side - 8);
        }
        fixed
    }

    /// Words of data and correction in all.
    pub(super) fn words(self) -> usize {
        let v = self.0;
        let mut modules = (16 * v + 128) * v + 64;
        if v >= 2 {
            let count = v / 7 + 2;
            modules -= (25 * count - 10) * count - 55;
        }
        if v >= 7 {
            modules -= 36;
        }
        modules / 8
    }

    /// How many blocks there are, and how many correction words each has.
    pub(super) fn blocks(self, level: Level) -> (usize, usize) {
        let row = level as usize;
        (usize::from(BLOCKS[row][self.0 - 1]), usize::from(EXTRA[row][self.0 - 1]))
    }

    /// Correction words that the standard keeps for noticing damage that is too much.
    pub(super) fn spare(self, level: Level) -> usize {
        match (self.0, level) {
            (1, Level::L) => 3,
            (1, Level::M) | (2, Level::L) => 2,
            (1, _) | (3, Level::L) => 1,
            _ => 0,
        }
    }
}

const EXTRA: [[u8; 40]; 4] = [
    [
        7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28, 30, 30,
        30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
    [
        10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28, 28,
        28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    ],
    [
        13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30, 28, 30, 30, 30, 30, 28, 30, 30,
        30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
    [
        17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28, 30, 24, 30, 30, 30, 30, 30, 30,
        30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
    ],
];

const BLOCKS: [[u8; 40]; 4] = [
    [
        1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18,
        19, 19, 20, 21, 22, 24, 25,
    ],
    [
        1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31,
        33, 35, 37, 38, 40, 43, 45, 47, 49,
    ],
    [
        1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20, 23, 23, 25, 27, 29, 34, 34, 35, 38, 40,
        43, 45, 48, 51, 53, 56, 59, 62, 65, 68,
    ],
    [
        1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25, 25, 34, 30, 32, 35, 37, 40, 42, 45, 48,
        51, 54, 57, 60, 63, 66, 70, 74, 77, 81,
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_add_up() {
        for version in (1..=40).filter_map(Version::new) {
            let free = version.fixed().iter().filter(|fixed| !**fixed).count();
            assert_eq!(free / 8, version.words(), "{version:?}");
            for level in [Level::L, Level::M, Level::Q, Level::H] {
                let (blocks, extra) = version.blocks(level);
                assert!(blocks * (extra + 1) < version.words(), "{version:?} {level:?}");
            }
        }
        assert!(Version::new(0).is_none() && Version::new(41).is_none());
    }

    #[test]
    fn formats_are_those_of_the_standard() {
        // Annex C: M with mask 5.
        let (format, bits) = Format::numbered(0b00101);
        assert_eq!((format, bits), (Format { level: Level::M, mask: 5 }, 0b100_0000_1100_1110));
    }

    #[test]
    fn alignment_patterns_are_where_the_standard_puts_them() {
        let places = |number: usize| Version(number).alignment();
        assert_eq!((places(1), places(2), places(7)), (vec![], vec![6, 18], vec![6, 22, 38]));
        assert_eq!(places(32), [6, 34, 60, 86, 112, 138]);
        assert_eq!(places(40), [6, 30, 58, 86, 114, 142, 170]);
        assert_eq!(Version(1).alignments(), []);
        assert_eq!(Version(7).alignments().len(), 6);
    }
}
