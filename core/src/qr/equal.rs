//! The border between dark and light modules, found in several ways: for uneven light, for blur, for a hand that moved.

use std::array;

/// The lights of modules less their border, in one of the [`WAYS`]: under zero is dark.
pub(super) fn levelled(lights: &[f32], side: usize, way: usize) -> Vec<f32> {
    match way {
        0 => less_mean(lights, side, 4),
        1 => less_mean(&sharpened(lights, side, 0.5), side, 4),
        2 => unmixed(less_mean(lights, side, 4), side),
        3 => less_mean(lights, side, 8),
        4 => less_mean(&sharpened(lights, side, 1.2), side, 2),
        _ => unmixed(less_mean(&sharpened(lights, side, 0.5), side, 3), side),
    }
}

/// How many ways there are.
pub(super) const WAYS: usize = 6;

/// Less the mean of the modules about it, `radius` to each side.
fn less_mean(lights: &[f32], side: usize, radius: usize) -> Vec<f32> {
    let wide = side + 1;
    let mut sums = vec![0.0_f64; wide * wide];
    for y in 0..side {
        let mut row = 0.0;
        for x in 0..side {
            row += f64::from(lights[y * side + x]);
            sums[(y + 1) * wide + x + 1] = sums[y * wide + x + 1] + row;
        }
    }
    let mut levelled = Vec::with_capacity(side * side);
    for y in 0..side {
        let (top, bottom) = (y.saturating_sub(radius), (y + radius + 1).min(side));
        for x in 0..side {
            let (left, right) = (x.saturating_sub(radius), (x + radius + 1).min(side));
            let sum = sums[bottom * wide + right] - sums[top * wide + right] - sums[bottom * wide + left]
                + sums[top * wide + left];
            let mean = sum as f32 / ((bottom - top) * (right - left)) as f32;
            levelled.push(lights[y * side + x] - mean);
        }
    }
    levelled
}

/// Each module drawn away from the mean of the four beside it.
fn sharpened(lights: &[f32], side: usize, strength: f32) -> Vec<f32> {
    let at = |x: usize, y: usize| lights[y.min(side - 1) * side + x.min(side - 1)];
    let places = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
    let one = |(x, y): (usize, usize)| {
        let here = at(x, y);
        let beside = at(x.saturating_sub(1), y) + at(x + 1, y) + at(x, y.saturating_sub(1)) + at(x, y + 1);
        here + strength * (here - beside / 4.0)
    };
    places.map(one).collect()
}

/// Which modules' light is taken to spill into another's: columns and rows away, there and back alike.
const SPILLS: [(isize, isize); 6] = [(1, 0), (0, 1), (1, 1), (1, -1), (2, 0), (0, 2)];
/// What is fitted: each of these, the module itself, and what is there always.
const TERMS: usize = SPILLS.len() + 2;
const ROUNDS: usize = 4;

/// Takes out what modules got from those beside them. How much that is, in which direction, is fitted to the modules
/// themselves as they are read so far; then they are read again without it.
fn unmixed(mut levelled: Vec<f32>, side: usize) -> Vec<f32> {
    let seen = levelled.clone();
    let spill = |signs: &[f32], x: usize, y: usize| -> [f32; SPILLS.len()] {
        let at = |dx: isize, dy: isize| match (x.checked_add_signed(dx), y.checked_add_signed(dy)) {
            (Some(x), Some(y)) if x < side && y < side => signs[y * side + x],
            // The quiet zone is light.
            _ => 1.0,
        };
        array::from_fn(|n| at(SPILLS[n].0, SPILLS[n].1) + at(-SPILLS[n].0, -SPILLS[n].1))
    };
    for _ in 0..ROUNDS {
        let signs: Vec<f32> = levelled.iter().map(|light| if *light < 0.0 { -1.0 } else { 1.0 }).collect();
        let mut sums = [[0.0_f64; TERMS + 1]; TERMS];
        for (place, (light, sign)) in seen.iter().zip(&signs).enumerate() {
            let spill = spill(&signs, place % side, place / side);
            let terms: [f64; TERMS + 1] = array::from_fn(|n| match n {
                0 => f64::from(*sign),
                1 => 1.0,
                TERMS => f64::from(*light),
                _ => f64::from(spill[n - 2]),
            });
            for (row, term) in sums.iter_mut().zip(terms) {
                row.iter_mut().zip(terms).for_each(|(sum, other)| *sum += term * other);
            }
        }
        let Some(weights) = fitted(sums) else { break };
        let mut is_changed = false;
        for (place, light) in levelled.iter_mut().enumerate() {
            let spill = spill(&signs, place % side, place / side);
            let spilled: f32 = spill.iter().zip(&weights[2..]).map(|(spill, weight)| spill * weight).sum();
            let next = seen[place] - weights[1] - spilled;
            is_changed |= (next < 0.0) != (*light < 0.0);
            *light = next;
        }
        if !is_changed {
            break;
        }
    }
    levelled
}

/// The least squares' weights.
fn fitted(mut sums: [[f64; TERMS + 1]; TERMS]) -> Option<[f32; TERMS]> {
    for column in 0..TERMS {
        sums[column][column] += 1e-3;
        let pivot = sums[column];
        if pivot[column].abs() < 1e-6 {
            return None;
        }
        for (row, values) in sums.iter_mut().enumerate() {
            if row != column {
                let factor = values[column] / pivot[column];
                values.iter_mut().zip(pivot).for_each(|(value, above)| *value -= factor * above);
            }
        }
    }
    Some(array::from_fn(|n| (sums[n][TERMS] / sums[n][n]) as f32))
}
