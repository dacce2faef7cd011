//! Points, and the way from modules to pixels.

/// A place in the picture, in pixels from its top left corner: the first pixel is from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) x: f32,
    pub(super) y: f32,
}

impl Point {
    pub(super) const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self::new(self.x - other.x, self.y - other.y)
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self::new(self.x + other.x, self.y + other.y)
    }

    pub(super) fn times(self, factor: f32) -> Self {
        Self::new(self.x * factor, self.y * factor)
    }

    pub(super) fn length(self) -> f32 {
        self.x.hypot(self.y)
    }

    pub(super) fn cross(self, other: Self) -> f32 {
        self.x * other.y - self.y * other.x
    }
}

/// A perspective map from modules to pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane([f32; 8]);

impl Plane {
    /// The map that takes each first point to the second; `None` where three of them lie on a line.
    pub(super) fn through(pairs: [(Point, Point); 4]) -> Option<Self> {
        let mut rows = [[0.0_f64; 9]; 8];
        for (k, (from, to)) in pairs.iter().enumerate() {
            let [u, v, x, y] = [from.x, from.y, to.x, to.y].map(f64::from);
            rows[2 * k] = [u, v, 1.0, 0.0, 0.0, 0.0, -u * x, -v * x, x];
            rows[2 * k + 1] = [0.0, 0.0, 0.0, u, v, 1.0, -u * y, -v * y, y];
        }
        let found = solved(rows)?;
        Some(Self(found.map(|value| value as f32)))
    }

    /// Where the module place (u, v) lies.
    pub(super) fn at(&self, u: f32, v: f32) -> Point {
        let [a, b, c, d, e, f, g, h] = self.0;
        let w = 1.0 / (g * u + h * v + 1.0);
        Point::new((a * u + b * v + c) * w, (d * u + e * v + f) * w)
    }

    /// Whether no part of a symbol of this side lies behind the camera or is turned inside out.
    pub(super) fn holds(&self, side: f32) -> bool {
        let [.., g, h] = self.0;
        let weights = [1.0, 1.0 + g * side, 1.0 + h * side, 1.0 + (g + h) * side];
        weights.iter().all(|weight| *weight > 0.1)
    }
}

/// Eight equations, by Gauss with pivots.
fn solved(mut rows: [[f64; 9]; 8]) -> Option<[f64; 8]> {
    for column in 0..8 {
        let best = (column..8).max_by(|a, b| rows[*a][column].abs().total_cmp(&rows[*b][column].abs()))?;
        rows.swap(column, best);
        let pivot = rows[column];
        if pivot[column].abs() < 1e-9 {
            return None;
        }
        for row in rows.iter_mut().skip(column + 1) {
            let factor = row[column] / pivot[column];
            row.iter_mut().zip(pivot).skip(column).for_each(|(value, above)| *value -= factor * above);
        }
    }
    let mut found = [0.0; 8];
    for k in (0..8).rev() {
        let known: f64 = (k + 1..8).map(|j| rows[k][j] * found[j]).sum();
        found[k] = (rows[k][8] - known) / rows[k][k];
    }
    found.iter().all(|value| value.is_finite()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_points_make_a_plane() {
        let from = [(0.0, 0.0), (10.0, 0.0), (0.0, 10.0), (10.0, 10.0)];
        let to = [(5.0, 7.0), (105.0, 17.0), (15.0, 90.0), (95.0, 80.0)];
        let pair = |k: usize| (Point::new(from[k].0, from[k].1), Point::new(to[k].0, to[k].1));
        let plane = Plane::through([pair(0), pair(1), pair(2), pair(3)]).unwrap();
        for k in 0..4 {
            let at = plane.at(from[k].0, from[k].1);
            assert!((at.x - to[k].0).abs() < 1e-3 && (at.y - to[k].1).abs() < 1e-3, "{at:?}");
        }
        assert!(plane.holds(10.0));
        assert!(Plane::through([pair(0), pair(1), pair(1), pair(3)]).is_none());
    }
}
