//! A symbol as it lies in the picture: a plane seen by a camera, bent a little, read module by module.

use super::budget::Budget;
use super::plane::{Plane, Point};
use super::version::Version;
use super::view::View;

/// What a look between four pixels costs.
const LOOK: usize = 26;

/// A symbol's place in the picture, for a version that it is taken to have.
#[derive(Clone)]
pub(super) struct Sheet<'a> {
    pub(super) view: View<'a>,
    pub(super) version: Version,
    pub(super) plane: Plane,
    /// How far the middles of columns and of rows lie off the plane, in modules, as on a cylinder.
    pub(super) bow: [f32; 2],
    pub(super) bend: Option<Bend>,
    /// False turns light and dark round.
    pub(super) is_dark: bool,
    pub(super) budget: &'a Budget<'a>,
}

/// By how many pixels places lie off the plane, on a lattice over the symbol.
#[derive(Clone)]
pub(super) struct Bend {
    /// The lattice's columns, and rows, in modules.
    pub(super) places: Vec<f32>,
    /// Row by row.
    pub(super) shifts: Vec<Point>,
}

impl Bend {
    /// Between the four places of the lattice about it; beyond the lattice as at its edge.
    pub(super) fn at(&self, u: f32, v: f32) -> Point {
        let last = self.places.len() - 1;
        let find = |value: f32| {
            let next = self.places.iter().position(|place| *place > value).unwrap_or(last).clamp(1, last);
            let (low, high) = (self.places[next - 1], self.places[next]);
            (next - 1, ((value - low) / (high - low)).clamp(0.0, 1.0))
        };
        let ((x, right), (y, low)) = (find(u), find(v));
        let shift = |x: usize, y: usize| self.shifts[y * (last + 1) + x];
        let upper = shift(x, y).times(1.0 - right).plus(shift(x + 1, y).times(right));
        let lower = shift(x, y + 1).times(1.0 - right).plus(shift(x + 1, y + 1).times(right));
        upper.times(1.0 - low).plus(lower.times(low))
    }
}

impl Sheet<'_> {
    pub(super) fn side(&self) -> f32 {
        self.version.side() as f32
    }

    /// Where a place of the symbol, in modules, lies in the picture.
    pub(super) fn at(&self, u: f32, v: f32) -> Point {
        let at = self.bowed(u, v);
        match &self.bend {
            Some(bend) => at.plus(bend.at(u, v)),
            None => at,
        }
    }

    /// The same without the bend of the lattice.
    pub(super) fn bowed(&self, u: f32, v: f32) -> Point {
        if self.bow == [0.0; 2] {
            return self.plane.at(u, v);
        }
        let arc = |at: f32| {
            let part = (at - 3.5) / (self.side() - 7.0);
            4.0 * part * (1.0 - part)
        };
        self.plane.at(u + self.bow[0] * arc(v), v + self.bow[1] * arc(u))
    }

    /// The light there, as if the symbol were dark on light.
    pub(super) fn light(&self, u: f32, v: f32) -> f32 {
        let light = self.view.light(self.at(u, v));
        if self.is_dark { light } else { 255.0 - light }
    }

    /// How like a pattern the light is: 1 is the very pattern, 0 nothing like it, −1 its opposite.
    fn likeness(&self, pattern: impl Iterator<Item = (f32, f32, bool)>) -> f32 {
        let (mut count, mut sum, mut squares) = (0.0_f32, 0.0, 0.0);
        let (mut marks, mut both) = (0.0, 0.0);
        for (u, v, is_dark) in pattern {
            let light = self.light(u, v);
            let mark = if is_dark { -1.0 } else { 1.0 };
            count += 1.0;
            sum += light;
            squares += light * light;
            marks += mark;
            both += light * mark;
        }
        self.budget.pay(LOOK * count as usize);
        if count < 2.0 {
            return 0.0;
        }
        let spread = (squares - sum * sum / count).max(0.0).sqrt();
        let marked = (count - marks * marks / count).max(0.0).sqrt();
        // An even place is like nothing; noise of the rounding must not decide.
        (both - sum * marks / count) / (spread * marked + 0.5 * count)
    }

    /// The square pattern about the middle of this module, so many modules to each side.
    fn rings(&self, u: f32, v: f32, reach: i32) -> f32 {
        let is_dark = |ring: i32| if reach == 3 { ring != 2 } else { ring != 1 };
        let places = (-reach..=reach).flat_map(|y| (-reach..=reach).map(move |x| (x, y)));
        self.likeness(places.map(|(x, y)| (u + x as f32, v + y as f32, is_dark(x.abs().max(y.abs())))))
    }

    /// How like finders the three corners are.
    pub(super) fn finders(&self) -> [f32; 3] {
        let far = self.side() - 3.5;
        [self.rings(3.5, 3.5, 3), self.rings(far, 3.5, 3), self.rings(3.5, far, 3)]
    }

    /// How like an alignment pattern the place about (u, v) is.
    pub(super) fn alignment(&self, u: f32, v: f32) -> f32 {
        self.rings(u, v, 2)
    }

    /// How like the dashed row and column between the finders are.
    pub(super) fn timing(&self) -> [f32; 2] {
        let places = || (8..self.version.side() - 8).map(|n| (n as f32 + 0.5, n % 2 == 0));
        [
            self.likeness(places().map(|(at, is_dark)| (at, 6.5, is_dark))),
            self.likeness(places().map(|(at, is_dark)| (6.5, at, is_dark))),
        ]
    }

    /// The light of each module, row by row: its middle, and four places about it.
    pub(super) fn lights(&self) -> Vec<f32> {
        const NEAR: f32 = 0.22;
        let side = self.version.side();
        let mut lights = Vec::with_capacity(side * side);
        if !self.budget.pay(LOOK * if self.bend.is_some() { 10 } else { 5 } * side * side) {
            return vec![0.0; side * side];
        }
        for row in 0..side {
            for column in 0..side {
                let (u, v) = (column as f32 + 0.5, row as f32 + 0.5);
                let about = [(-NEAR, -NEAR), (NEAR, -NEAR), (-NEAR, NEAR), (NEAR, NEAR)];
                let about: f32 = about.iter().map(|(x, y)| self.light(u + x, v + y)).sum();
                lights.push((about + 2.0 * self.light(u, v)) / 6.0);
            }
        }
        lights
    }

    /// Whether it looks like a symbol so much that it is worth bending it, which is dear.
    pub(super) fn is_likely(&self) -> bool {
        let finders = self.finders().into_iter().fold(1.0, f32::min);
        finders > 0.4 && self.timing().into_iter().fold(0.0, f32::max) > 0.5 * finders
    }

    /// The corners in the picture: top left, then clockwise.
    pub(super) fn corners(&self) -> [Point; 4] {
        let side = self.side();
        [self.at(0.0, 0.0), self.at(side, 0.0), self.at(side, side), self.at(0.0, side)]
    }
}
