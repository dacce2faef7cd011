//! A code in a room before a camera.

use super::canvas::Canvas;
use super::style::{Style, Symbol};

/// Where the code stands, how it is turned, and how its paper is bent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pose {
    /// Its middle in the picture.
    pub(crate) middle: (f32, f32),
    /// Pixels of a module in its middle.
    pub(crate) module: f32,
    /// Turned in the picture's plane, in degrees.
    pub(crate) turn: f32,
    /// Tilted about the upright and the level axis, in degrees.
    pub(crate) tilt: (f32, f32),
    /// How far the camera is, in sides of the code: near is more perspective.
    pub(crate) distance: f32,
    /// The paper's waves, in modules: along and across.
    pub(crate) bend: (f32, f32),
}

impl Default for Pose {
    fn default() -> Self {
        Self { middle: (640.0, 360.0), module: 6.0, turn: 0.0, tilt: (0.0, 0.0), distance: 4.0, bend: (0.0, 0.0) }
    }
}

type Matrix = [[f64; 3]; 3];

/// Points of a pixel that are looked at, in each direction.
const FINE: usize = 3;

impl Pose {
    /// From modules about the middle of the symbol to pixels about the middle of the picture of it.
    fn forward(&self, side: f32) -> Matrix {
        let far = f64::from(self.distance * side);
        let focal = f64::from(self.module) * far;
        let angle = |degrees: f32| f64::from(degrees).to_radians().sin_cos();
        let ((sz, cz), (sy, cy), (sx, cx)) = (angle(self.turn), angle(self.tilt.0), angle(self.tilt.1));
        // Turned in the plane first, then about the upright, then about the level axis.
        let (x, y) = ([cz, -sz], [sz, cz]);
        let row = |k: usize| {
            let (u, v) = (x[k], y[k]);
            let (a, c) = (cy * u, -sy * u);
            [a, cx * v - sx * c, sx * v + cx * c]
        };
        let (first, second) = (row(0), row(1));
        [
            [focal * first[0], focal * second[0], 0.0],
            [focal * first[1], focal * second[1], 0.0],
            [first[2], second[2], far],
        ]
    }

    fn bent(&self, side: f32, x: f32, y: f32) -> (f32, f32) {
        if self.bend == (0.0, 0.0) {
            return (x, y);
        }
        let wave = |place: f32, lag: f32| (std::f32::consts::PI * place / side + lag).sin();
        (x + self.bend.0 * wave(y, 0.4), y + self.bend.1 * wave(x, 1.3))
    }

    /// Draws the symbol onto the canvas.
    pub(crate) fn draw(&self, canvas: &mut Canvas, symbol: &Symbol, style: &Style) {
        let side = symbol.width as f32;
        let forward = self.forward(side);
        let backward = inverse(&forward);
        let reach = side / 2.0 + style.quiet + self.bend.0.abs().max(self.bend.1.abs()) + 1.0;
        let to_picture = |x: f32, y: f32| {
            let (x, y) = through(&forward, f64::from(x), f64::from(y));
            (x + f64::from(self.middle.0), y + f64::from(self.middle.1))
        };
        let ends = [(-reach, -reach), (reach, -reach), (reach, reach), (-reach, reach)].map(|(x, y)| to_picture(x, y));
        let low = |values: [f64; 4], most: usize| {
            values.into_iter().fold(f64::MAX, f64::min).clamp(0.0, most as f64) as usize
        };
        let high = |values: [f64; 4], most: usize| {
            values.into_iter().fold(0.0, f64::max).ceil().clamp(0.0, most as f64) as usize
        };
        let (xs, ys) = (ends.map(|end| end.0), ends.map(|end| end.1));
        for y in low(ys, canvas.height)..high(ys, canvas.height) {
            for x in low(xs, canvas.width)..high(xs, canvas.width) {
                let ground = canvas.light[y * canvas.width + x];
                let mut sum = 0.0;
                for fine in 0..FINE * FINE {
                    let part = |n: usize| (n as f64 + 0.5) / FINE as f64;
                    let px = x as f64 + part(fine % FINE) - f64::from(self.middle.0);
                    let py = y as f64 + part(fine / FINE) - f64::from(self.middle.1);
                    let (u, v) = through(&backward, px, py);
                    let (u, v) = self.bent(side, u as f32, v as f32);
                    sum += symbol.light(style, u + side / 2.0, v + side / 2.0).unwrap_or(ground);
                }
                canvas.light[y * canvas.width + x] = sum / (FINE * FINE) as f32;
            }
        }
        if self.bend == (0.0, 0.0) {
            let half = side / 2.0;
            let mut corners = [(-half, -half), (half, -half), (half, half), (-half, half)];
            if style.mirrored {
                corners = corners.map(|(x, y)| (-x, y));
            }
            canvas.corners = Some(corners.map(|(x, y)| to_picture(x, y)).map(|(x, y)| [x as f32, y as f32]));
        }
    }
}

fn through(matrix: &Matrix, x: f64, y: f64) -> (f64, f64) {
    let row = |k: usize| matrix[k][0] * x + matrix[k][1] * y + matrix[k][2];
    let w = row(2);
    // What lies behind the camera is nowhere.
    if w.abs() < 1e-12 { (1e9, 1e9) } else { (row(0) / w, row(1) / w) }
}

fn inverse(m: &Matrix) -> Matrix {
    let minor = |a: usize, b: usize, c: usize, d: usize| m[a][b] * m[c][d] - m[a][d] * m[c][b];
    let adjoint = [
        [minor(1, 1, 2, 2), -minor(0, 1, 2, 2), minor(0, 1, 1, 2)],
        [-minor(1, 0, 2, 2), minor(0, 0, 2, 2), -minor(0, 0, 1, 2)],
        [minor(1, 0, 2, 1), -minor(0, 0, 2, 1), minor(0, 0, 1, 1)],
    ];
    let determinant = m[0][0] * adjoint[0][0] + m[0][1] * adjoint[1][0] + m[0][2] * adjoint[2][0];
    adjoint.map(|row| row.map(|value| value / determinant))
}
