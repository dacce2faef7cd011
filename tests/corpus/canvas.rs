//! Light on a sensor, and the grey picture that it becomes.

/// A finished picture in grey, row by row.
#[derive(Clone)]
pub struct Picture {
    /// One byte a pixel; 0 is black.
    pub pixels: Vec<u8>,
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// What the codes in it say.
    pub texts: Vec<String>,
    /// The corners of the code in the middle of things, where one was drawn: top left of the symbol, then clockwise.
    pub corners: Option<[[f32; 2]; 4]>,
}

impl Picture {
    /// As a file that every viewer opens: PGM.
    pub fn pgm(&self) -> Vec<u8> {
        let mut file = format!("P5\n{} {}\n255\n", self.width, self.height).into_bytes();
        file.extend_from_slice(&self.pixels);
        file
    }
}

/// Light before it is rounded: 0 is black, 255 white, and there may be more than white.
#[derive(Clone)]
pub(crate) struct Canvas {
    pub(crate) light: Vec<f32>,
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) corners: Option<[[f32; 2]; 4]>,
}

impl Canvas {
    pub(crate) fn new(width: usize, height: usize, light: impl Fn(usize, usize) -> f32) -> Self {
        let light = (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| light(x, y)).collect();
        Self { light, width, height, corners: None }
    }

    pub(crate) fn map(&mut self, change: impl Fn(f32, f32, f32) -> f32) {
        for (y, row) in self.light.chunks_exact_mut(self.width).enumerate() {
            for (x, light) in row.iter_mut().enumerate() {
                *light = change(x as f32 + 0.5, y as f32 + 0.5, *light);
            }
        }
    }

    pub(crate) fn at(&self, x: isize, y: isize) -> f32 {
        let x = x.clamp(0, self.width as isize - 1) as usize;
        let y = y.clamp(0, self.height as isize - 1) as usize;
        self.light[y * self.width + x]
    }

    pub(crate) fn fill(&mut self, from: (usize, usize), to: (usize, usize), light: f32) {
        for y in from.1..to.1.min(self.height) {
            for x in from.0..to.0.min(self.width) {
                self.light[y * self.width + x] = light;
            }
        }
    }

    pub(crate) fn finish(self, texts: Vec<String>) -> Picture {
        let pixels = self.light.iter().map(|light| light.round().clamp(0.0, 255.0) as u8).collect();
        Picture { pixels, width: self.width, height: self.height, texts, corners: self.corners }
    }
}
