//! A small canvas: areas filled with smooth edges, enough to say which share of two pictures differs.

/// A point in pixels.
pub(super) type Point = (f64, f64);

/// Rows that one row of pixels is sampled at.
const SAMPLES: usize = 4;
/// A channel must differ by more than this for a pixel to count.
const VISIBLE: f32 = 8.0 / 255.0;

/// Red, green, blue from 0 to 1.
pub(super) type Colour = [f32; 3];

/// Pixels on a white ground.
pub(super) struct Canvas {
    width: usize,
    height: usize,
    pixels: Vec<Colour>,
}

impl Canvas {
    pub(super) fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: vec![[1.0; 3]; width * height],
        }
    }

    /// Fills what the closed lines surround; `even` leaves out what an even number of them surrounds.
    pub(super) fn fill(&mut self, lines: &[Vec<Point>], even: bool, colour: Colour, opacity: f32) {
        let points = lines.iter().flatten();
        let finite = points.clone().all(|(x, y)| x.is_finite() && y.is_finite());
        let (low, high) = points.fold((f64::MAX, f64::MIN), |(low, high), (_, y)| (low.min(*y), high.max(*y)));
        if !finite || low > high {
            return;
        }
        let rows = low.max(0.0) as usize..(high.max(0.0).ceil() as usize).min(self.height);
        let mut cover = vec![0f32; self.width];
        for row in rows {
            cover.fill(0.0);
            for sample in 0..SAMPLES {
                let y = row as f64 + (sample as f64 + 0.5) / SAMPLES as f64;
                for (from, to) in spans(lines, y, even) {
                    add_span(&mut cover, from, to);
                }
            }
            for (x, cover) in cover.iter().enumerate().filter(|(_, c)| **c > 0.0) {
                let share = (cover / SAMPLES as f32).min(1.0) * opacity;
                let pixel = &mut self.pixels[row * self.width + x];
                for (channel, new) in pixel.iter_mut().zip(colour) {
                    *channel += (new - *channel) * share;
                }
            }
        }
    }

    /// Draws lines of a width.
    pub(super) fn stroke(&mut self, lines: &[Vec<Point>], width: f64, colour: Colour, opacity: f32) {
        let half = width.max(0.5) / 2.0;
        let mut strips = Vec::new();
        for pair in lines.iter().flat_map(|line| line.windows(2)) {
            let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
            let length = (bx - ax).hypot(by - ay);
            if length > 0.0 {
                let (nx, ny) = ((by - ay) / length * half, (ax - bx) / length * half);
                strips.push(vec![
                    (ax + nx, ay + ny),
                    (bx + nx, by + ny),
                    (bx - nx, by - ny),
                    (ax - nx, ay - ny),
                ]);
            }
        }
        self.fill(&strips, false, colour, opacity);
    }

    /// The share of pixels that differ; of canvases of different size all do.
    pub(super) fn share_of_difference(&self, other: &Self) -> f64 {
        if (self.width, self.height) != (other.width, other.height) {
            return 1.0;
        }
        let differ = |(a, b): &(&Colour, &Colour)| a.iter().zip(*b).any(|(a, b)| (a - b).abs() > VISIBLE);
        let count = self.pixels.iter().zip(&other.pixels).filter(differ).count();
        count as f64 / self.pixels.len().max(1) as f64
    }
}

/// The stretches of a row that lie inside.
fn spans(lines: &[Vec<Point>], y: f64, even: bool) -> Vec<(f64, f64)> {
    let mut crossings: Vec<(f64, i32)> = Vec::new();
    for line in lines {
        let next = line.iter().cycle().skip(1);
        for ((ax, ay), (bx, by)) in line.iter().zip(next) {
            if (*ay <= y) != (*by <= y) {
                crossings.push((ax + (y - ay) / (by - ay) * (bx - ax), if by > ay { 1 } else { -1 }));
            }
        }
    }
    crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut out = Vec::new();
    let mut winding = 0;
    for pair in crossings.windows(2) {
        winding += pair[0].1;
        let inside = if even { winding % 2 != 0 } else { winding != 0 };
        if inside {
            out.push((pair[0].0, pair[1].0));
        }
    }
    out
}

fn add_span(cover: &mut [f32], from: f64, to: f64) {
    let (from, to) = (from.max(0.0), to.min(cover.len() as f64));
    if to <= from {
        return;
    }
    let (first, last) = (from as usize, (to.ceil() as usize).min(cover.len()));
    for (x, cover) in cover.iter_mut().enumerate().take(last).skip(first) {
        let inside = to.min(x as f64 + 1.0) - from.max(x as f64);
        *cover += inside.max(0.0) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(canvas: &mut Canvas, from: f64, to: f64, even: bool) {
        let outer = vec![(from, from), (to, from), (to, to), (from, to)];
        let inner = vec![
            (from + 2.0, from + 2.0),
            (to - 2.0, from + 2.0),
            (to - 2.0, to - 2.0),
            (from + 2.0, to - 2.0),
        ];
        canvas.fill(&[outer, inner], even, [0.0; 3], 1.0);
    }

    #[test]
    fn areas_cover_their_pixels() {
        let blank = Canvas::new(10, 10);
        let mut canvas = Canvas::new(10, 10);
        square(&mut canvas, 1.0, 9.0, false);
        assert_eq!(canvas.share_of_difference(&blank), 0.64);
        let mut canvas = Canvas::new(10, 10);
        square(&mut canvas, 1.0, 9.0, true);
        assert_eq!(canvas.share_of_difference(&blank), 0.48);
        let mut half = Canvas::new(10, 10);
        half.fill(&[vec![(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]], false, [0.0; 3], 1.0);
        assert_eq!(half.pixels[0], [0.5; 3]);
    }

    #[test]
    fn lines_have_their_width_wherever_they_end() {
        let blank = Canvas::new(20, 20);
        let mut canvas = Canvas::new(20, 20);
        canvas.stroke(&[vec![(-5.0, 10.0), (50.0, 10.0)]], 2.0, [0.0; 3], 1.0);
        assert_eq!(canvas.share_of_difference(&blank), 0.1);
        canvas.stroke(&[vec![(f64::NAN, 0.0), (1.0, f64::INFINITY)]], 2.0, [0.0; 3], 1.0);
        assert_eq!(canvas.share_of_difference(&blank), 0.1);
        assert_eq!(canvas.share_of_difference(&Canvas::new(20, 21)), 1.0);
    }
}
