//! Finder patterns: three squares in one another, 7, 5 and 3 modules wide, in any turn and tilt, dark or light.
//!
//! A row that is crossed as 1:1:3:1:1 is a first sign. Then the column, and then rays in all directions from the middle must
//! cross the three squares at 3:5:7. That is strict: text, noise and data seldom pass, and what passes is measured in every
//! direction, which tells how the code is turned and tilted.

use std::f32::consts::TAU;

use super::bits::{Bits, Line};
use super::budget::Budget;
use super::plane::Point;

/// Directions in which the squares are measured.
pub(super) const RAYS: usize = 64;
/// Of these, the ones that are tried first.
const FIRST: usize = 16;
/// No more finders are taken of one look at a picture.
const MOST: usize = 192;
/// Pixels of a module in a row, at least: under it, noise is full of finders. Smaller ones are seen in a larger picture.
const SMALLEST: f32 = 1.5;
/// What a walk along a row or column costs.
const WALK: usize = 40;
/// What a step of a ray costs.
const RAY: usize = 7;

/// A finder pattern in the picture.
#[derive(Debug, Clone)]
pub(super) struct Finder {
    /// Its middle.
    pub(super) at: Point,
    /// Pixels of a module in each direction.
    pub(super) modules: [f32; RAYS],
    /// Pixels of a module, by the area.
    pub(super) module: f32,
    /// Whether its squares are darker than what lies between them.
    pub(super) is_dark: bool,
    /// How many rays crossed the squares as they should, as a part of all.
    pub(super) quality: f32,
    /// How coarse the picture was in which it was seen: pixels of the whole picture to one of it.
    pub(super) scale: f32,
}

impl Finder {
    /// Pixels of a module in this direction: the mean of there and back.
    pub(super) fn module_towards(&self, way: Point) -> f32 {
        let turn = way.y.atan2(way.x).rem_euclid(TAU) / TAU * RAYS as f32;
        let (first, part) = (turn as usize % RAYS, turn.fract());
        let near = |ray: usize| (self.modules[ray % RAYS] + self.modules[(ray + RAYS / 2) % RAYS]) / 2.0;
        near(first) * (1.0 - part) + near(first + 1) * part
    }

    /// Whether more is known by this one than by another: it crosses better or, as well, in a finer picture.
    pub(super) fn is_better(&self, other: &Self) -> bool {
        (self.quality, -self.scale) > (other.quality, -other.scale)
    }

    /// Whether this is the same pattern.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.is_dark == other.is_dark && self.at.minus(other.at).length() < 2.0 * self.module.max(other.module)
    }
}

/// Looks for finder patterns in a picture of black and white, every `step` rows. With `open`, the outer square may run into
/// something of its own light on one or two sides: there is no quiet zone.
pub(super) fn finders(bits: &Bits, step: usize, open: bool, budget: &Budget) -> Vec<Finder> {
    let mut found = Vec::new();
    let mut edges = Vec::with_capacity(bits.width + 2);
    // Where a look at a column came to nothing, the rows after it are likely to come to the same.
    let mut refused = vec![0_usize; bits.width + 1];
    let rays = directions();
    for y in (step / 2..bits.height).step_by(step.max(1)) {
        bits.edges(y, &mut edges);
        if !budget.pay(bits.width / 16 + 3 * edges.len()) {
            break;
        }
        for five in edges.windows(6) {
            let [a, b, c, d, e, f] = *five else { continue };
            let runs = [b - a, c - b, d - c, e - d, f - e];
            // The middle one is the longest of the inner three by far: most fall here.
            if 4 * runs[2] < 5 * runs[1].max(runs[3]) {
                continue;
            }
            let runs = runs.map(|run| run as f32);
            let is_likely = if open { is_inner(&runs) } else { is_crossing(&runs) };
            let column = (c + d) as usize / 2;
            if !is_likely || refused[column] > y {
                continue;
            }
            let probe = Probe { bits, is_dark: bits.is_dark(column, y), open, rays: &rays };
            let (x, module) = ((c + d) as f32 / 2.0, (e - b) as f32 / 5.0);
            if is_known(&found, x, y as f32 + 0.5, bits.scale, probe.is_dark) {
                continue;
            }
            let Some(finder) = probe.verified(x, y, module, budget) else {
                let far = column.saturating_sub(1)..(column + 2).min(bits.width);
                refused[far].fill(y + 1 + (module * 0.7) as usize);
                continue;
            };
            if !found.iter().any(|known| finder.is_same(known)) {
                found.push(finder);
            }
            if found.len() == MOST {
                return found;
            }
        }
    }
    found
}

fn is_known(found: &[Finder], x: f32, y: f32, scale: f32, is_dark: bool) -> bool {
    let at = Point::new(x * scale, y * scale);
    found.iter().rev().any(|known| {
        let away = at.minus(known.at);
        known.is_dark == is_dark && away.x.abs().max(away.y.abs()) < 2.0 * known.module
    })
}

/// Five runs as 1:1:3:1:1, with room for blur and bleeding ink.
fn is_crossing(runs: &[f32; 5]) -> bool {
    let [a, b, c, d, e] = *runs;
    let all = a + b + c + d + e;
    let module = all / 7.0;
    let is_one = |run: f32| run > 0.35 * module && run < 1.9 * module + 0.5;
    all >= SMALLEST * 7.0 && is_one(a) && is_one(b) && is_one(d) && is_one(e) && c > 1.9 * module && c < 4.4 * module
}

/// The inner three runs as 1:3:1, enough on either side, and on one of them no more: towards the data there is a light line
/// even where there is no quiet zone.
fn is_inner(runs: &[f32; 5]) -> bool {
    let [a, b, c, d, e] = *runs;
    let module = (b + c + d) / 5.0;
    let is_one = |run: f32| run > 0.4 * module && run < 1.8 * module + 0.5;
    b + c + d >= SMALLEST * 5.0
        && is_one(b)
        && is_one(d)
        && a.min(e) > 0.4 * module
        && a.min(e) < 1.9 * module + 0.5
        && c > 1.9 * module
        && c < 4.2 * module
}

/// How finely edges are looked for where modules are of this size.
fn step_for(module: f32) -> f32 {
    (module * 0.2).clamp(0.5, 3.0)
}

/// The ways of all rays, clockwise from the right.
fn directions() -> [Point; RAYS] {
    std::array::from_fn(|ray| {
        let (sine, cosine) = (TAU * ray as f32 / RAYS as f32).sin_cos();
        Point::new(cosine, sine)
    })
}

/// From a place on a line in one direction: how far it is to the ends of the three squares, where it is not too far.
fn walked(line: Line, from: f32, forward: bool, most: f32) -> [f32; 3] {
    let mut ends = [0.0; 3];
    let mut at = from as usize;
    for (square, end) in ends.iter_mut().enumerate() {
        let edge = if forward { line.end(at) } else { line.start(at) };
        let is_last = edge == if forward { line.length } else { 0 };
        let far = (edge as f32 - from).abs();
        // The picture's edge ends only what reaches it.
        if far > most || (is_last && square < 2) {
            break;
        }
        *end = far;
        if is_last {
            break;
        }
        at = if forward { edge } else { edge - 1 };
    }
    ends
}

struct Probe<'a> {
    bits: &'a Bits,
    is_dark: bool,
    open: bool,
    rays: &'a [Point; RAYS],
}

impl Probe<'_> {
    fn is_ink(&self, x: f32, y: f32) -> Option<bool> {
        let is_inside = x >= 0.0 && y >= 0.0 && x < self.bits.width as f32 && y < self.bits.height as f32;
        is_inside.then(|| self.bits.is_dark(x as usize, y as usize) == self.is_dark)
    }

    /// From the middle in one direction: how far it is to the ends of the three squares, and how many steps that took.
    fn crossed(&self, from: Point, way: Point, step: f32, most: f32) -> ([f32; 3], usize) {
        let mut ends = [0.0; 3];
        let (mut square, mut inked) = (0, true);
        let mut far = 0.0;
        let mut steps = 0;
        while square < 3 && far < most {
            far += step;
            steps += 1;
            match self.is_ink(from.x + way.x * far, from.y + way.y * far) {
                Some(is_ink) if is_ink != inked => {
                    ends[square] = far - step / 2.0;
                    square += 1;
                    inked = is_ink;
                }
                Some(_) => {}
                // The picture's edge ends what reaches it.
                None => {
                    if square == 2 {
                        ends[2] = far - step / 2.0;
                    }
                    break;
                }
            }
        }
        (ends, steps)
    }

    /// Pixels of a module by these ends, where they are as 3:5:7. Ink that bled moves them, but not these sums.
    fn module(&self, [first, second, third]: [f32; 3]) -> Option<(f32, bool)> {
        let inner = (first + second) / 4.0;
        let slack = 0.55 * inner + 0.6;
        let is_inner = second > 0.0 && (first - 1.5 * inner).abs() < slack && (second - 2.5 * inner).abs() < slack;
        let is_closed = third > 0.0 && (third - 3.5 * inner).abs() < 0.75 * inner + 0.6;
        if is_inner && is_closed {
            Some(((first + 2.0 * second + third) / 10.0, true))
        } else {
            (is_inner && self.open && (third == 0.0 || third > 3.0 * inner)).then_some((inner, false))
        }
    }

    fn verified(&self, x: f32, y: usize, module: f32, budget: &Budget) -> Option<Finder> {
        let mut at = Point::new(x, y as f32 + 0.5);
        // Down the column, and along the row again: each moves the middle to where it belongs.
        for is_column in [true, false] {
            if !budget.pay(WALK) {
                return None;
            }
            let (line, from, most) = if is_column {
                (self.bits.column(at.x as usize), at.y, 12.0 * module + 3.0)
            } else {
                (self.bits.row(at.y as usize), at.x, 5.0 * module + 3.0)
            };
            if from < 0.0 || from as usize >= line.length || line.is_dark(from as usize) != self.is_dark {
                return None;
            }
            let there = walked(line, from, true, most);
            let gap = there[1] - there[0];
            if gap < 0.2 * there[0] || gap > 1.6 * there[0] + 1.0 {
                return None;
            }
            let back = walked(line, from, false, most);
            // Between the ends of the inner squares: ink that bled, or an outer square that runs on, does not move it.
            let ([a, b, c], [d, e, f]) = (there, back);
            if b <= 0.0 || e <= 0.0 {
                return None;
            }
            let outer = |end: f32, inner: f32| if end > 0.0 { end - inner } else { f32::MAX };
            let runs = [outer(f, e), e - d, a + d, b - a, outer(c, b)];
            if !(if self.open { is_inner(&runs) } else { is_crossing(&runs) }) {
                return None;
            }
            let shift = (a - d + b - e) / 4.0;
            at = at.plus(if is_column { Point::new(0.0, shift) } else { Point::new(shift, 0.0) });
        }
        self.measured(at, module, budget)
    }

    /// Rays in all directions; twice, since the first ones tell the middle better.
    fn measured(&self, at: Point, module: f32, budget: &Budget) -> Option<Finder> {
        let first = self.rays(at, module, FIRST, budget)?;
        let at = at.plus(first.shift);
        let all = self.rays(at, module, RAYS, budget)?;
        let at = at.plus(all.shift);
        let mut modules = all.modules;
        // What a ray did not tell, its neighbours or the one opposite do.
        for (ray, module) in modules.iter_mut().enumerate() {
            if *module <= 0.0 {
                let near = [ray + 1, ray + RAYS - 1, ray + RAYS / 2, ray + 2, ray + RAYS - 2];
                *module = near.iter().map(|near| all.modules[near % RAYS]).find(|near| *near > 0.0)?;
            }
        }
        // A square's ray ends at 3.5 modules of that direction; the polygon of all has 49 modules of the plane.
        let turn = (TAU / RAYS as f32).sin();
        let area: f32 = (0..RAYS).map(|ray| modules[ray] * modules[(ray + 1) % RAYS] * turn / 2.0).sum();
        let scale = self.bits.scale;
        Some(Finder {
            at: at.times(scale),
            modules: modules.map(|module| module * scale),
            module: (area * 3.5 * 3.5 / 49.0).sqrt() * scale,
            is_dark: self.is_dark,
            quality: all.closed as f32 / RAYS as f32,
            scale,
        })
    }

    fn rays(&self, at: Point, module: f32, count: usize, budget: &Budget) -> Option<Rays> {
        // The first rays need not be as exact.
        let step = if count == RAYS { step_for(module) } else { 1.6 * step_for(module) };
        let most = 16.0 * module + 4.0;
        let mut rays = Rays { modules: [0.0; RAYS], shift: Point::new(0.0, 0.0), closed: 0 };
        let mut ends = [[0.0; 3]; RAYS];
        let (mut good, mut steps) = (0, 0);
        let way = |ray: usize| self.rays[ray * (RAYS / count)];
        for (ray, ends) in ends.iter_mut().enumerate().take(count) {
            let (crossed, walked) = self.crossed(at, way(ray), step, most);
            steps += walked + 8;
            *ends = crossed;
            if let Some((module, is_closed)) = self.module(crossed) {
                rays.modules[ray] = module;
                rays.closed += usize::from(is_closed);
                good += 1;
            }
            // A quarter may be spoilt.
            if (ray + 1 - good) * 4 > count {
                budget.pay(RAY * steps);
                return None;
            }
        }
        if !budget.pay(RAY * steps) || (self.open && rays.closed * 3 < count) {
            return None;
        }
        let half = count / 2;
        let mut pairs = 0;
        for ray in 0..half {
            let (there, back) = (rays.modules[ray], rays.modules[ray + half]);
            if there > 0.0 && back > 0.0 {
                let ([a, b, _], [d, e, _]) = (ends[ray], ends[ray + half]);
                let middle = (a - d + b - e) / 4.0;
                rays.shift = rays.shift.plus(way(ray).times(middle));
                pairs += 1;
                // There and back differ by perspective at most.
                if there.max(back) > 1.9 * there.min(back) + 1.0 {
                    return None;
                }
            }
        }
        // Of the means along all lines through it, half is the shift along each axis.
        rays.shift = rays.shift.times(2.0 / pairs.max(1) as f32);
        let known = rays.modules.iter().take(count).filter(|module| **module > 0.0);
        let (low, high) = known.fold((f32::MAX, 0.0_f32), |(low, high), module| (low.min(*module), high.max(*module)));
        (pairs > 0 && high < 6.0 * low).then_some(rays)
    }
}

struct Rays {
    modules: [f32; RAYS],
    shift: Point,
    closed: usize,
}
