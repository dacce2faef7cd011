//! From three finders to a symbol's place: how many modules it has, and how its plane lies and bends.

use super::budget::Budget;
use super::group::Triple;
use super::plane::{Plane, Point};
use super::sheet::{Bend, Sheet};
use super::version::Version;
use super::view::Pyramid;

/// What a look costs where the sheet is bent.
const BENT_LOOK: usize = 50;

/// The places where symbols of several versions may lie about these finders, the likeliest first.
pub(super) fn sheets<'a>(triple: &Triple, pyramid: &'a Pyramid, budget: &'a Budget) -> Vec<Sheet<'a>> {
    let module = triple.corners.iter().map(|finder| finder.module).fold(f32::MAX, f32::min);
    let view = pyramid.suiting(module);
    let middle = (triple.between + 7.0 - 17.0) / 4.0;
    let reach = 1.0 + triple.between * 0.03;
    let versions = (middle - reach).round().max(1.0) as usize..=(middle + reach).round().clamp(1.0, 40.0) as usize;
    let sheet = |version, plane| {
        let is_dark = triple.corners[0].is_dark;
        Sheet { view, version, plane, bow: [0.0; 2], bend: None, is_dark, budget }
    };
    let mut found: Vec<(f32, Sheet)> = Vec::new();
    for version in versions.filter_map(Version::new) {
        let planes = [1.0, 0.0, 0.5, 2.0].into_iter().filter_map(|part| start(triple, version.side() as f32, part));
        let rated = planes.map(|plane| sheet(version, plane)).map(|sheet| (sum(sheet.timing()), sheet));
        let Some((_, mut sheet)) = rated.max_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
        // What has no finders in its corners is not looked at any further.
        if sheet.finders().into_iter().fold(1.0, f32::min) < 0.2 {
            continue;
        }
        let [across, down] = sheet.bow_to_timing();
        let rating = across + down + 0.5 * across.min(down) - 0.02 * (version.number() as f32 - middle).abs();
        found.push((rating, sheet));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = found.first().map_or(0.0, |found| found.0);
    found.retain(|(rating, sheet)| {
        let finders = sheet.finders().into_iter().fold(1.0, f32::min);
        // Where the finders are sharp, so are the dashes between them; those of two codes have none.
        *rating > (finders - 0.5).max(0.2) && *rating > best - 0.7 && finders > 0.3
    });
    found.truncate(2);
    found.into_iter().map(|(_, sheet)| sheet).collect()
}

fn sum([across, down]: [f32; 2]) -> f32 {
    across + down
}

/// The plane by the finders' middles, and `part` of the perspective that their sizes tell.
fn start(triple: &Triple, side: f32, part: f32) -> Option<Plane> {
    let [a, b, c] = [0, 1, 2].map(|n| triple.corners[n].at);
    let [right, low] = triple.nearer.map(|nearer| nearer.sqrt().powf(part));
    let weight = right + low - 1.0;
    if weight < 0.3 {
        return None;
    }
    let last = b.times(right).plus(c.times(low)).minus(a).times(1.0 / weight);
    plane([a, b, c, last], side)
}

fn plane(corners: [Point; 4], side: f32) -> Option<Plane> {
    let far = side - 3.5;
    let places = [(3.5, 3.5), (far, 3.5), (3.5, far), (far, far)];
    let pair = |n: usize| (Point::new(places[n].0, places[n].1), corners[n]);
    Plane::through([pair(0), pair(1), pair(2), pair(3)]).filter(|plane| plane.holds(side))
}

impl Sheet<'_> {
    /// Bows rows and columns so that the dashes between the finders are likest; says how like they are.
    fn bow_to_timing(&mut self) -> [f32; 2] {
        let [mut across, mut down] = self.timing();
        if across.min(down) > 0.6 || self.version.number() < 2 {
            return [across, down];
        }
        let mut best = [0.0; 2];
        for bow in [0.6, -0.6, 1.2, -1.2, 1.8, -1.8, 2.4, -2.4, 3.0, -3.0_f32] {
            self.bow = [bow, bow];
            // What is bowed more must be clearly better.
            let [row, column] = self.timing().map(|like| like - 0.06 * bow.abs());
            if row > across {
                (across, best[1]) = (row, bow);
            }
            if column > down {
                (down, best[0]) = (column, bow);
            }
        }
        self.bow = best;
        [across, down]
    }

    /// Moves the plane to where the patterns are likest.
    pub(super) fn settle(&mut self) {
        let far = self.side() - 3.5;
        let mut corners = [(3.5, 3.5), (far, 3.5), (3.5, far), (far, far)].map(|(u, v)| self.plane.at(u, v));
        if let Some(last) = self.version.alignments().last().copied() {
            self.find_last(last, &mut corners);
        }
        let module = corners[1].minus(corners[0]).length() / (self.side() - 7.0);
        let mut best = self.rating();
        for step in [0.5, 0.25, 0.12].map(|step| step * module) {
            for _ in 0..3 {
                let mut is_better = false;
                for n in [3, 3, 0, 1, 2] {
                    for way in [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)] {
                        // The last corner is far from all that is known: it may go further.
                        let reach = if n == 3 { 2.0 * step } else { step };
                        let mut tried = corners;
                        tried[n] = tried[n].plus(Point::new(way.0, way.1).times(reach));
                        let Some(plane) = plane(tried, self.side()) else { continue };
                        let old = std::mem::replace(&mut self.plane, plane);
                        let rating = self.rating();
                        if rating > best + 1e-4 {
                            (best, corners, is_better) = (rating, tried, true);
                        } else {
                            self.plane = old;
                        }
                    }
                }
                for (axis, way) in [(0, 1.0), (0, -1.0), (1, 1.0), (1, -1.0)] {
                    let old = self.bow;
                    self.bow[axis] += way * step / module * 0.6;
                    let rating = self.rating();
                    if rating > best + 2e-3 {
                        (best, is_better) = (rating, true);
                    } else {
                        self.bow = old;
                    }
                }
                if !is_better || self.budget.is_spent() {
                    break;
                }
            }
        }
    }

    fn rating(&self) -> f32 {
        let alignments = self.version.alignments();
        // The last is by far the most telling; of many, some.
        let every = alignments.len().div_ceil(6).max(1);
        let some = alignments.iter().rev().step_by(every);
        let alignment: f32 = some.clone().map(|(x, y)| self.alignment(*x as f32 + 0.5, *y as f32 + 0.5)).sum();
        let alignment = alignment / some.count().max(1) as f32;
        self.finders().iter().sum::<f32>() + 1.5 * self.timing().iter().sum::<f32>() + 2.0 * alignment
    }

    /// Looks for the alignment pattern that is farthest from the finders, and lays the plane through it.
    fn find_last(&mut self, (x, y): (usize, usize), corners: &mut [Point; 4]) {
        let (u, v) = (x as f32 + 0.5, y as f32 + 0.5);
        let reach = 2.0 + self.side() / 12.0;
        let Some((du, dv, like)) = self.nearest(u, v, reach.min(9.0)) else { return };
        if like < 0.6 {
            return;
        }
        let far = self.side() - 3.5;
        let to = self.plane.at(u + du, v + dv);
        let pairs = [
            (Point::new(3.5, 3.5), corners[0]),
            (Point::new(far, 3.5), corners[1]),
            (Point::new(3.5, far), corners[2]),
            (Point::new(u, v), to),
        ];
        if let Some(plane) = Plane::through(pairs).filter(|plane| plane.holds(self.side())) {
            self.plane = plane;
            corners[3] = plane.at(far, far);
        }
    }

    /// Where about (u, v), up to `reach` modules away, an alignment pattern is likest, and how like it is.
    fn nearest(&self, u: f32, v: f32, reach: f32) -> Option<(f32, f32, f32)> {
        let mut best = (0.0, 0.0, f32::MIN);
        let rated = |du: f32, dv: f32| self.alignment(u + du, v + dv) - 0.02 * du.hypot(dv);
        let steps = (reach * 2.0) as i32;
        for (x, y) in (-steps..=steps).flat_map(|y| (-steps..=steps).map(move |x| (x, y))) {
            let (du, dv) = (x as f32 / 2.0, y as f32 / 2.0);
            let rating = rated(du, dv);
            if rating > best.2 {
                best = (du, dv, rating);
            }
        }
        for step in [0.25, 0.12] {
            let (du, dv, _) = best;
            for (x, y) in [(step, 0.0), (-step, 0.0), (0.0, step), (0.0, -step)] {
                let rating = rated(du + x, dv + y);
                if rating > best.2 {
                    best = (du + x, dv + y, rating);
                }
            }
        }
        (!self.budget.is_spent()).then(|| (best.0, best.1, self.alignment(u + best.0, v + best.1)))
    }

    /// Bends the sheet so that it lies on its alignment patterns; for symbols that have many.
    pub(super) fn bend_to_alignments(&mut self) {
        let places = self.version.alignment();
        if places.len() < 3 {
            return;
        }
        let count = places.len();
        let mut shifts: Vec<Option<Point>> = vec![None; count * count];
        for (place, shift) in shifts.iter_mut().enumerate() {
            let (x, y) = (places[place % count], places[place / count]);
            let is_finder =
                matches!((place % count, place / count), (0, 0)) || place == count - 1 || place == count * (count - 1);
            let (u, v) = (x as f32 + 0.5, y as f32 + 0.5);
            if is_finder {
                *shift = Some(Point::new(0.0, 0.0));
            } else if let Some((du, dv, _)) = self.nearest(u, v, 1.5).filter(|found| found.2 > 0.6) {
                *shift = Some(self.bowed(u + du, v + dv).minus(self.bowed(u, v)));
            }
        }
        let known = shifts.clone();
        let filled = shifts.iter().enumerate().map(|(place, shift)| {
            shift.unwrap_or_else(|| {
                // What was not found lies as its neighbours do.
                let (x, y) = (place % count, place / count);
                let near = |dx: isize, dy: isize| {
                    let x = x.checked_add_signed(dx).filter(|x| *x < count)?;
                    let y = y.checked_add_signed(dy).filter(|y| *y < count)?;
                    known[y * count + x]
                };
                let near: Vec<Point> =
                    [(1, 0), (-1, 0), (0, 1), (0, -1)].into_iter().filter_map(|(x, y)| near(x, y)).collect();
                let sum = near.iter().fold(Point::new(0.0, 0.0), |sum, shift| sum.plus(*shift));
                sum.times(1.0 / near.len().max(1) as f32)
            })
        });
        self.bend =
            Some(Bend { places: places.iter().map(|place| *place as f32 + 0.5).collect(), shifts: filled.collect() });
    }

    /// Bends the sheet so that modules are as dark and as light as can be: a place between two modules is grey. Begins at
    /// the finders, which are known, and goes on from place to place.
    pub(super) fn bend_to_contrast(&mut self, lights: &[f32]) {
        let side = self.version.side();
        let count = (side / 7).clamp(4, 12);
        let places: Vec<f32> = (0..count).map(|n| self.side() * n as f32 / (count - 1) as f32).collect();
        let start = self.bend.clone();
        let first = |place: usize| {
            let (u, v) = (places[place % count], places[place / count]);
            start.as_ref().map_or(Point::new(0.0, 0.0), |bend| bend.at(u, v))
        };
        let shifts: Vec<Point> = (0..count * count).map(first).collect();
        self.bend = Some(Bend { places: places.clone(), shifts });
        let levels = means(lights, side);

        let last = (count - 1) as isize;
        let away = |place: usize| {
            let (x, y) = ((place % count) as isize, (place / count) as isize);
            [(0, 0), (last, 0), (0, last)].iter().map(|(a, b)| (x - a).abs() + (y - b).abs()).min().unwrap_or_default()
        };
        let mut order: Vec<usize> = (0..count * count).collect();
        order.sort_by_key(|place| away(*place));
        let mut is_set = vec![false; count * count];
        for round in 0..3 {
            for place in &order {
                if self.budget.is_spent() {
                    return;
                }
                let near = self.near_shift(*place, count, if round == 0 { Some(&is_set) } else { None });
                self.pull(*place, near, round, &levels, &places);
                is_set[*place] = true;
            }
        }
    }

    /// The mean of the shifts beside a place of the lattice.
    fn near_shift(&self, place: usize, count: usize, of: Option<&[bool]>) -> Option<Point> {
        let bend = self.bend.as_ref()?;
        let (x, y) = (place % count, place / count);
        let mut sum = (Point::new(0.0, 0.0), 0.0);
        for (dx, dy) in [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1)] {
            let (Some(x), Some(y)) = (x.checked_add_signed(dx), y.checked_add_signed(dy)) else { continue };
            let near = y * count + x;
            if x < count && y < count && of.is_none_or(|is_set| is_set[near]) {
                sum = (sum.0.plus(bend.shifts[near]), sum.1 + 1.0);
            }
        }
        (sum.1 > 0.0).then(|| sum.0.times(1.0 / sum.1))
    }

    /// Moves one place of the lattice to where the modules about it have most contrast.
    fn pull(&mut self, place: usize, near: Option<Point>, round: usize, levels: &[f32], places: &[f32]) {
        let count = places.len();
        let (u, v) = (places[place % count], places[place / count]);
        let Some(mut here) = self.bend.as_ref().and_then(|bend| bend.shifts.get(place).copied()) else { return };
        if let (0, Some(near)) = (round, near) {
            here = near;
        }
        let near = near.unwrap_or(here);
        let origin = self.bowed(u, v);
        let across = self.bowed(u + 1.0, v).minus(origin);
        let down = self.bowed(u, v + 1.0).minus(origin);
        let module = across.length().min(down.length()).max(0.5);
        let mut best = (self.contrast(place, here, levels, places), here);
        for step in if round == 0 { &[0.5, 0.25][..] } else { &[0.25, 0.12] } {
            for _ in 0..2 {
                let (_, from) = best;
                for (x, y) in [
                    (1.0, 0.0),
                    (-1.0, 0.0),
                    (0.0, 1.0),
                    (0.0, -1.0),
                    (0.7, 0.7),
                    (-0.7, -0.7),
                    (0.7, -0.7),
                    (-0.7, 0.7),
                ] {
                    let shift = from.plus(across.times(x * step)).plus(down.times(y * step));
                    let strain = shift.minus(near).length() / module;
                    let contrast =
                        self.contrast(place, shift, levels, places) * (1.0 - 0.06 * strain * strain).max(0.0);
                    if contrast > best.0 * 1.002 {
                        best = (contrast, shift);
                    }
                }
                if best.1 == from {
                    break;
                }
            }
        }
        if let Some(shift) = self.bend.as_mut().and_then(|bend| bend.shifts.get_mut(place)) {
            *shift = best.1;
        }
    }

    /// The contrast of the modules about a place of the lattice, were it shifted so.
    fn contrast(&mut self, place: usize, shift: Point, levels: &[f32], places: &[f32]) -> f32 {
        let count = places.len();
        let side = self.version.side();
        let Some(old) = self.bend.as_mut().and_then(|bend| bend.shifts.get_mut(place)) else { return 0.0 };
        let old = std::mem::replace(old, shift);
        let gap = places[1] - places[0];
        let range = |middle: f32| {
            let (low, high) = ((middle - 0.7 * gap).max(0.0), (middle + 0.7 * gap).min(side as f32));
            low as usize..(high as usize).min(side)
        };
        let (columns, rows) = (range(places[place % count]), range(places[place / count]));
        self.budget.pay(BENT_LOOK * columns.len() * rows.len());
        let mut sum = 0.0;
        for y in rows {
            for x in columns.clone() {
                sum += (self.light(x as f32 + 0.5, y as f32 + 0.5) - levels[y * side + x]).abs();
            }
        }
        if let Some(shift) = self.bend.as_mut().and_then(|bend| bend.shifts.get_mut(place)) {
            *shift = old;
        }
        sum
    }
}

/// The mean of the modules about each module.
fn means(lights: &[f32], side: usize) -> Vec<f32> {
    let levelled = super::equal::levelled(lights, side, 0);
    lights.iter().zip(levelled).map(|(light, level)| light - level).collect()
}
