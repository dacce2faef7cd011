//! One search in one picture: ways of looking, the finders that each adds, and the groups of them that are tried.

use std::collections::HashSet;

use super::bits::{Bits, Form};
use super::budget::Budget;
use super::equal::levelled;
use super::finder::{Finder, RAYS, finders};
use super::fit::sheets;
use super::gray::Gray;
use super::group::{CENTRES, Triple, triples};
use super::luma::Luma;
use super::matrix::{Matrix, Reading};
use super::plane::Point;
use super::search::Code;
use super::sheet::Sheet;
use super::view::{Pyramid, View};
use crate::limits::PICTURE_CODES;

/// One way to look at a picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) scale: Scale,
    /// The mean of the surroundings that parts dark from light: pixels to each side.
    pub(super) radius: usize,
    pub(super) is_blurred: bool,
    /// Whether outer squares may run into what lies about them.
    pub(super) is_open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// Half of the usual size.
    Half,
    /// The usual size: full, or as much as [`USUAL_PIXELS`] allow.
    Usual,
    /// A third of the usual size: large codes, at a ninth of the work, and blurred ones.
    Third,
    /// Twice the full size.
    Double,
    /// The full size of a picture that is shrunk for the usual one.
    Whole,
}

/// Pictures of more pixels than this are looked at shrunk first.
const USUAL_PIXELS: usize = 2_400_000;
/// Pictures of fewer pixels than this are looked at doubled too.
const DOUBLE_PIXELS: usize = 10_000_000;

/// Groups of finders that are tried after each look.
const TRIES: usize = 40;

/// A search under way: what was found so far.
pub(super) struct Hunt<'a> {
    luma: &'a Luma,
    pyramid: &'a Pyramid<'a>,
    budget: &'a Budget<'a>,
    /// In how many ways a symbol's modules are read.
    ways: usize,
    /// Finders that belong to no code yet, with a number each.
    pub(super) finders: Vec<(usize, Finder)>,
    numbers: usize,
    noise: f32,
    tried: HashSet<[usize; 3]>,
    areas: Vec<[Point; 4]>,
    pub(super) codes: Vec<Code>,
}

impl<'a> Hunt<'a> {
    pub(super) fn new(luma: &'a Luma, pyramid: &'a Pyramid<'a>, budget: &'a Budget<'a>, ways: usize) -> Self {
        // The smaller pictures, of which each is made once.
        let whole = pyramid.whole();
        budget.pay(whole.width * whole.height / 2);
        let (finders, tried, areas, codes) = (Vec::new(), HashSet::new(), Vec::new(), Vec::new());
        Self { luma, pyramid, budget, ways, finders, numbers: 0, noise: whole.noise(), tried, areas, codes }
    }

    /// Looks in one way, and reads what that makes readable.
    pub(super) fn look(&mut self, step: Step) {
        let Some(bits) = self.bits(step) else { return };
        let rows = if matches!(step.scale, Scale::Third | Scale::Half | Scale::Whole) { 1 } else { 2 };
        for finder in finders(&bits, rows, step.is_open, self.budget) {
            self.add(finder);
        }
        drop(bits);
        while self.codes.len() < PICTURE_CODES && self.read_one() {}
    }

    /// Dark and light as this step tells them; `None` where that says nothing new, or is too much.
    fn bits(&self, step: Step) -> Option<Bits> {
        let whole = self.pyramid.whole();
        let pixels = whole.width * whole.height;
        let usual = (0..3).find(|level| pixels >> (2 * level) <= USUAL_PIXELS).unwrap_or(3);
        let made;
        let form = Form { is_doubled: step.scale == Scale::Double, is_smooth: step.is_blurred };
        let view = match step.scale {
            Scale::Usual => self.pyramid.level(usual),
            Scale::Half => self.pyramid.level(usual + 1),
            Scale::Third => {
                self.pay((pixels >> (2 * usual)) / 2)?;
                let view = self.pyramid.level(usual);
                made = Gray::shrunk::<3>(view);
                View::of(&made, 3.0 * view.scale)
            }
            Scale::Whole if usual > 0 => whole,
            Scale::Double if pixels <= DOUBLE_PIXELS => whole,
            Scale::Double | Scale::Whole => return None,
        };
        let area = view.width * view.height;
        self.pay(if form.is_doubled { area * 5 / 2 } else { area })?;
        // What differs by noise alone is light; the means of several pixels have less noise.
        let noise = self.noise / view.scale.max(1.0);
        let slack = if !form.is_smooth { (noise * 2.0).min(8.0) } else { (noise * 0.7).min(5.0) };
        Some(Bits::new(view, form, step.radius, slack as u8))
    }

    fn pay(&self, units: usize) -> Option<()> {
        self.budget.pay(units).then_some(())
    }

    /// A finder that was seen before is kept as the better of the two; one inside of a code that was read is its data.
    fn add(&mut self, finder: Finder) {
        if self.areas.iter().any(|area| is_inside(area, finder.at)) {
            return;
        }
        if self.contrast(&finder) < 1.0 + self.noise * 0.7 {
            return;
        }
        let known = self.finders.iter_mut().find(|(_, known)| known.is_same(&finder));
        if known.as_ref().is_some_and(|(_, known)| !finder.is_better(known)) {
            return;
        }
        let numbered = (self.numbers, finder);
        self.numbers += 1;
        match known {
            Some(worse) => *worse = numbered,
            None => self.finders.push(numbered),
        }
    }

    /// How much lighter what lies between a finder's squares is than they are.
    fn contrast(&self, finder: &Finder) -> f32 {
        let view = self.pyramid.suiting(finder.module);
        let mut sums = [0.0; 2];
        for ray in (0..RAYS).step_by(4) {
            let angle = std::f32::consts::TAU * ray as f32 / RAYS as f32;
            let at = |far: f32| {
                view.light(finder.at.plus(Point::new(angle.cos(), angle.sin()).times(far * finder.modules[ray])))
            };
            sums[0] += at(2.0);
            sums[1] += (at(0.9) + at(3.0)) / 2.0;
        }
        let lighter = (sums[0] - sums[1]) / (RAYS / 4) as f32;
        if finder.is_dark { lighter } else { -lighter }
    }

    /// Tries groups of finders until one is read.
    fn read_one(&mut self) -> bool {
        self.finders.sort_by(|a, b| b.1.quality.total_cmp(&a.1.quality));
        let finders: Vec<Finder> = self.finders.iter().map(|(_, finder)| finder.clone()).collect();
        let chosen: Vec<usize> = (0..finders.len().min(CENTRES)).collect();
        self.budget.pay(60 * chosen.len().pow(3) / 6);
        let names = |places: [usize; 3]| places.map(|place| self.finders[place].0);
        let groups = triples(&finders, &chosen, |places| !self.tried.contains(&names(places)), TRIES);
        let groups: Vec<_> = groups.into_iter().map(|triple| (names(triple.places), triple)).collect();
        for (name, triple) in groups {
            if self.budget.is_spent() {
                return false;
            }
            self.tried.insert(name);
            if self.read(&triple) {
                return true;
            }
        }
        false
    }

    fn read(&mut self, triple: &Triple) -> bool {
        let Some((reading, corners)) = self.deciphered(triple) else { return false };
        self.finders.retain(|(_, finder)| !is_inside(&corners, finder.at));
        self.areas.push(corners);
        let [a, b, c, d] = corners.map(|at| self.luma.upright(at.x.round() as i64, at.y.round() as i64));
        // The code's own way round: in a mirror its top right is seen at the bottom left.
        let corners = if reading.is_mirrored { [a, d, c, b] } else { [a, b, c, d] };
        let text = text(reading.bytes);
        if self.codes.iter().all(|code| code.text != text) {
            self.codes.push(Code { text, corners });
        }
        true
    }

    fn deciphered(&self, triple: &Triple) -> Option<(Reading, [Point; 4])> {
        for mut sheet in sheets(triple, self.pyramid, self.budget) {
            sheet.settle();
            let fixed = sheet.version.fixed();
            let mut lights = sheet.lights();
            sheet.bend_to_alignments();
            if sheet.bend.is_some() {
                lights = sheet.lights();
            }
            if let Some(reading) = self.in_some_way(&sheet, &lights, &fixed) {
                return Some((reading, sheet.corners()));
            }
            if self.budget.is_spent() {
                return None;
            }
            if !sheet.is_likely() {
                continue;
            }
            sheet.bend_to_contrast(&lights);
            let lights = sheet.lights();
            if let Some(reading) = self.in_some_way(&sheet, &lights, &fixed) {
                return Some((reading, sheet.corners()));
            }
        }
        None
    }

    fn in_some_way(&self, sheet: &Sheet, lights: &[f32], fixed: &[bool]) -> Option<Reading> {
        (0..self.ways).find_map(|way| {
            self.pay(lights.len() * 60)?;
            let lights = levelled(lights, sheet.version.side(), way);
            Matrix { version: sheet.version, lights }.read(fixed)
        })
    }
}

/// Whether a point lies inside of these corners, or on their edge.
fn is_inside(corners: &[Point; 4], at: Point) -> bool {
    let sides = (0..4).map(|n| corners[(n + 1) % 4].minus(corners[n]).cross(at.minus(corners[n])));
    let (mut left, mut right) = (true, true);
    sides.for_each(|side| {
        left &= side >= 0.0;
        right &= side <= 0.0;
    });
    left || right
}

/// UTF-8, or Latin-1, which is what a QR code without a mark holds by its standard.
fn text(payload: Vec<u8>) -> String {
    String::from_utf8(payload).unwrap_or_else(|fault| fault.as_bytes().iter().map(|byte| char::from(*byte)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_utf8_are_latin_1() {
        assert_eq!(text(b"caf\xe9".to_vec()), "caf\u{e9}");
        assert_eq!(text("café".as_bytes().to_vec()), "café");
    }

    #[test]
    fn what_lies_inside_of_a_code_is_known_whichever_way_round_it_is() {
        let corners = [(1.0, 1.0), (9.0, 2.0), (8.0, 8.0), (2.0, 9.0)].map(|(x, y)| Point::new(x, y));
        let [a, b, c, d] = corners;
        for corners in [corners, [a, d, c, b]] {
            assert!(is_inside(&corners, Point::new(5.0, 5.0)) && !is_inside(&corners, Point::new(0.5, 5.0)));
        }
    }
}
