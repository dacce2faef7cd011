//! Reed–Solomon over GF(256), as QR codes use it: errors at unknown places, and erasures at known ones.

/// Powers of two in the field of x⁸ + x⁴ + x³ + x² + 1, twice over, and their logarithms.
struct Field {
    powers: [u8; 510],
    logs: [u8; 256],
}

const FIELD: Field = {
    let mut field = Field { powers: [0; 510], logs: [0; 256] };
    let (mut power, mut value) = (0, 1_u16);
    while power < 255 {
        field.powers[power] = value as u8;
        field.powers[power + 255] = value as u8;
        field.logs[value as usize] = power as u8;
        value <<= 1;
        if value > 255 {
            value ^= 0x11d;
        }
        power += 1;
    }
    field
};

fn times(a: u8, b: u8) -> u8 {
    if a == 0 || b == 0 {
        return 0;
    }
    FIELD.powers[usize::from(FIELD.logs[usize::from(a)]) + usize::from(FIELD.logs[usize::from(b)])]
}

fn over(a: u8, b: u8) -> u8 {
    if a == 0 {
        return 0;
    }
    FIELD.powers[usize::from(FIELD.logs[usize::from(a)]) + 255 - usize::from(FIELD.logs[usize::from(b)])]
}

fn power(exponent: usize) -> u8 {
    FIELD.powers[exponent % 255]
}

/// The most correction words a block has, and one.
const MOST: usize = 32;

/// What was wrong with a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mended {
    /// Words that were wrong and not marked as erased.
    pub(super) errors: usize,
}

/// Mends a block whose last `extra` words are its correction; `erased` are places that are not to be trusted. `spare`
/// correction words are kept for noticing what cannot be mended. `None`, and the block as it was, when there is too much.
pub(super) fn correct(block: &mut [u8], extra: usize, erased: &[usize], spare: usize) -> Option<Mended> {
    let syndromes = syndromes(block, extra);
    if syndromes[..extra].iter().all(|value| *value == 0) {
        return Some(Mended { errors: 0 });
    }
    if erased.len() + spare > extra {
        return None;
    }
    let last = block.len() - 1;
    let (locator, degree) = locator(&syndromes, extra, erased.iter().map(|place| last - place));
    let errors = degree.checked_sub(erased.len())?;
    if 2 * errors + erased.len() + spare > extra {
        return None;
    }
    // The error values by Forney's formula.
    let mut evaluator = [0; MOST];
    for (place, value) in evaluator.iter_mut().enumerate().take(extra) {
        *value = (0..=place.min(degree)).fold(0, |sum, n| sum ^ times(locator[n], syndromes[place - n]));
    }
    let mut mended = 0;
    let mut values = [(0_usize, 0_u8); MOST];
    for exponent in 0..block.len() {
        let root = power(255 - exponent % 255);
        if at(&locator[..=degree], root) != 0 {
            continue;
        }
        let slope = (1..=degree).step_by(2).fold(0, |sum, n| sum ^ times(locator[n], power_of(root, n - 1)));
        if slope == 0 || mended == degree {
            return None;
        }
        let value = times(power(exponent), over(at(&evaluator[..extra], root), slope));
        values[mended] = (last - exponent, value);
        mended += 1;
    }
    if mended != degree {
        return None;
    }
    let change = |block: &mut [u8]| values[..mended].iter().for_each(|(place, value)| block[*place] ^= value);
    change(block);
    if self::syndromes(block, extra)[..extra].iter().any(|value| *value != 0) {
        change(block);
        return None;
    }
    Some(Mended { errors })
}

fn syndromes(block: &[u8], extra: usize) -> [u8; MOST] {
    let mut syndromes = [0; MOST];
    for (exponent, value) in syndromes.iter_mut().enumerate().take(extra) {
        let root = power(exponent);
        *value = block.iter().fold(0, |sum, word| times(sum, root) ^ word);
    }
    syndromes
}

/// The polynomial whose roots tell the places (Berlekamp and Massey, begun with the erasures), and its degree.
fn locator(syndromes: &[u8; MOST], extra: usize, erased: impl Iterator<Item = usize>) -> ([u8; MOST], usize) {
    let mut locator = [0; MOST];
    locator[0] = 1;
    let mut known = 0;
    for exponent in erased {
        known += 1;
        for n in (1..=known).rev() {
            locator[n] ^= times(locator[n - 1], power(exponent));
        }
    }
    let mut other = locator;
    let mut length = known;
    for round in known + 1..=extra {
        let discrepancy = (0..round).fold(0, |sum, n| sum ^ times(locator[n], syndromes[round - n - 1]));
        let mut shifted = [0; MOST];
        shifted[1..].copy_from_slice(&other[..MOST - 1]);
        if discrepancy == 0 {
            other = shifted;
            continue;
        }
        let mut next = locator;
        next.iter_mut().zip(shifted).for_each(|(value, shifted)| *value ^= times(discrepancy, shifted));
        if 2 * length < round + known {
            length = round + known - length;
            other = locator.map(|value| over(value, discrepancy));
        } else {
            other = shifted;
        }
        locator = next;
    }
    let degree = locator.iter().rposition(|value| *value != 0).unwrap_or_default();
    (locator, degree)
}

fn at(polynomial: &[u8], x: u8) -> u8 {
    polynomial.iter().rev().fold(0, |sum, value| times(sum, x) ^ value)
}

fn power_of(x: u8, exponent: usize) -> u8 {
    if x == 0 { u8::from(exponent == 0) } else { power(usize::from(FIELD.logs[usize::from(x)]) * exponent) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// «HELLO WORLD» at 1-M with its correction, from the standard's annex by way of many tutorials.
    const BLOCK: [u8; 26] = [
        32, 91, 11, 120, 209, 114, 220, 77, 67, 64, 236, 17, 236, 17, 236, 17, 196, 35, 39, 119, 235, 215, 231, 226,
        93, 23,
    ];

    fn damaged(places: &[usize]) -> [u8; 26] {
        let mut block = BLOCK;
        places.iter().for_each(|place| block[*place] ^= 0x5a + *place as u8);
        block
    }

    #[test]
    fn a_whole_block_is_whole() {
        assert_eq!(correct(&mut BLOCK.clone(), 10, &[], 0), Some(Mended { errors: 0 }));
    }

    #[test]
    fn up_to_half_as_many_errors_as_correction_words_are_mended() {
        for places in [&[0][..], &[25], &[3, 9], &[1, 2, 3], &[0, 8, 16, 25], &[0, 5, 10, 15, 20]] {
            let mut block = damaged(places);
            assert_eq!(correct(&mut block, 10, &[], 0), Some(Mended { errors: places.len() }), "{places:?}");
            assert_eq!(block, BLOCK);
        }
        let mut block = damaged(&[0, 4, 8, 12, 16, 20]);
        assert_eq!(correct(&mut block, 10, &[], 2), None);
        assert_eq!(block, damaged(&[0, 4, 8, 12, 16, 20]));
    }

    #[test]
    fn erasures_cost_half() {
        let places = [0, 4, 8, 12, 16, 20, 24];
        let mut block = damaged(&places);
        assert_eq!(correct(&mut block, 10, &places, 2), Some(Mended { errors: 0 }));
        assert_eq!(block, BLOCK);
        // Five of them known and two not; and some that were marked and right.
        let mut block = damaged(&places);
        assert_eq!(correct(&mut block, 10, &places[..5], 0), Some(Mended { errors: 2 }));
        assert_eq!(block, BLOCK);
        let mut block = damaged(&[3, 7]);
        assert_eq!(correct(&mut block, 10, &[3, 11, 19], 2), Some(Mended { errors: 1 }));
        assert_eq!(block, BLOCK);
    }

    #[test]
    fn what_is_spared_is_not_used() {
        let mut block = damaged(&[0, 5, 10, 15, 20]);
        assert_eq!(correct(&mut block, 10, &[], 1), None);
        assert_eq!(correct(&mut block, 10, &[0, 5, 10], 4), None);
        assert!(correct(&mut block, 10, &[0, 5, 10], 3).is_some());
    }
}
