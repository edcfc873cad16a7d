//! Outlines: the path language of SVG and its transforms, as lines.

use super::canvas::Point;
use super::words::{Kind, Word, words};

/// Straight pieces that a curve becomes.
const PIECES: usize = 16;

/// `x' = a x + c y + e`, `y' = b x + d y + f`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Transform(pub(super) [f64; 6]);

impl Transform {
    pub(super) const NONE: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    pub(super) fn apply(&self, (x, y): Point) -> Point {
        let [a, b, c, d, e, f] = self.0;
        (a * x + c * y + e, b * x + d * y + f)
    }

    /// First `inner`, then this.
    pub(super) fn with(&self, inner: Self) -> Self {
        let [a, b, c, d, e, f] = inner.0;
        let ((ox, oy), (ax, ay), (bx, by)) = (self.apply((e, f)), self.apply((a + e, b + f)), self.apply((c + e, d + f)));
        Self([ax - ox, ay - oy, bx - ox, by - oy, ox, oy])
    }

    /// How much lengths grow.
    pub(super) fn scale(&self) -> f64 {
        let [a, b, c, d, ..] = self.0;
        (a * d - b * c).abs().sqrt()
    }

    /// The value of a `transform` attribute; what is unknown in it changes nothing.
    pub(super) fn read(text: &str) -> Self {
        let mut out = Self::NONE;
        for part in text.split(')') {
            let Some((name, values)) = part.split_once('(') else {
                continue;
            };
            let n = numbers(values);
            let at = |i: usize, other: f64| n.get(i).copied().unwrap_or(other);
            let step = match name.trim().trim_start_matches(',').trim() {
                "translate" => Self([1.0, 0.0, 0.0, 1.0, at(0, 0.0), at(1, 0.0)]),
                "scale" => Self([at(0, 1.0), 0.0, 0.0, at(1, at(0, 1.0)), 0.0, 0.0]),
                "matrix" if n.len() == 6 => Self([n[0], n[1], n[2], n[3], n[4], n[5]]),
                "rotate" => {
                    let (sin, cos) = at(0, 0.0).to_radians().sin_cos();
                    let (x, y) = (at(1, 0.0), at(2, 0.0));
                    Self([cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y])
                }
                _ => Self::NONE,
            };
            out = out.with(step);
        }
        out
    }
}

/// The numbers in an attribute.
pub(super) fn numbers(text: &str) -> Vec<f64> {
    let all = words(text, Kind::Drawing).into_iter();
    all.filter_map(|w| if let Word::Number(value, _) = w { Some(value) } else { None })
        .collect()
}

/// The lines of a path's `d`. Reading ends at what is no path, as the standard asks.
pub(super) fn path(d: &str) -> Vec<Vec<Point>> {
    let mut pen = Pen::default();
    let mut command = None;
    let mut values: Vec<f64> = Vec::new();
    for word in words(d, Kind::Drawing) {
        match word {
            Word::Number(value, _) => {
                values.push(value);
                if let Some(letter) = command
                    && values.len() == count(letter)
                {
                    pen.draw(letter, &values);
                    values.clear();
                    // More pairs behind a move are lines.
                    command = Some(match letter {
                        'M' => 'L',
                        'm' => 'l',
                        other => other,
                    });
                }
            }
            Word::Text(",") => {}
            Word::Text(text) => {
                for letter in text.chars() {
                    if !letter.is_ascii_alphabetic() || (count(letter) == 0 && !matches!(letter, 'Z' | 'z')) {
                        return pen.lines;
                    }
                    values.clear();
                    command = Some(letter);
                    if matches!(letter, 'Z' | 'z') {
                        pen.close();
                    }
                }
            }
        }
    }
    pen.lines
}

/// How many numbers a command takes.
fn count(command: char) -> usize {
    match command.to_ascii_uppercase() {
        'M' | 'L' | 'T' => 2,
        'H' | 'V' => 1,
        'C' => 6,
        'S' | 'Q' => 4,
        'A' => 7,
        _ => 0,
    }
}

/// Where the pen is, and what it has drawn.
#[derive(Default)]
struct Pen {
    lines: Vec<Vec<Point>>,
    at: Point,
    /// The last control point: of a cubic curve, of a quadratic one.
    cubic: Option<Point>,
    quadratic: Option<Point>,
}

impl Pen {
    fn draw(&mut self, command: char, n: &[f64]) {
        let from = self.at;
        let base = if command.is_ascii_lowercase() { from } else { (0.0, 0.0) };
        let point = |i: usize| (base.0 + n[i], base.1 + n[i + 1]);
        let mirrored = |control: Option<Point>| control.map_or(from, |(x, y)| (2.0 * from.0 - x, 2.0 * from.1 - y));
        let (mut cubic, mut quadratic) = (None, None);
        match command.to_ascii_uppercase() {
            'M' => {
                self.lines.push(vec![point(0)]);
                self.at = point(0);
            }
            'L' => self.line_to(point(0)),
            'H' => self.line_to((base.0 + n[0], from.1)),
            'V' => self.line_to((from.0, base.1 + n[0])),
            'C' => {
                self.curve(point(0), point(2), point(4));
                cubic = Some(point(2));
            }
            'S' => {
                self.curve(mirrored(self.cubic), point(0), point(2));
                cubic = Some(point(0));
            }
            'Q' => {
                self.bow(point(0), point(2));
                quadratic = Some(point(0));
            }
            'T' => {
                let control = mirrored(self.quadratic);
                self.bow(control, point(0));
                quadratic = Some(control);
            }
            // An arc stands as its chord: it is the same in two pictures whose numbers are the same.
            'A' => self.line_to(point(5)),
            _ => {}
        }
        (self.cubic, self.quadratic) = (cubic, quadratic);
    }

    fn line_to(&mut self, to: Point) {
        match self.lines.last_mut() {
            Some(line) => line.push(to),
            None => self.lines.push(vec![self.at, to]),
        }
        self.at = to;
    }

    fn bow(&mut self, control: Point, to: Point) {
        let from = self.at;
        let near = |end: Point| {
            (
                end.0 + (control.0 - end.0) * 2.0 / 3.0,
                end.1 + (control.1 - end.1) * 2.0 / 3.0,
            )
        };
        self.curve(near(from), near(to), to);
    }

    fn curve(&mut self, a: Point, b: Point, to: Point) {
        let from = self.at;
        for piece in 1..=PIECES {
            let t = piece as f64 / PIECES as f64;
            let u = 1.0 - t;
            let mix = |p: f64, q: f64, r: f64, s: f64| u * u * u * p + 3.0 * u * u * t * q + 3.0 * u * t * t * r + t * t * t * s;
            self.line_to((mix(from.0, a.0, b.0, to.0), mix(from.1, a.1, b.1, to.1)));
        }
    }

    fn close(&mut self) {
        if let Some(start) = self.lines.last().and_then(|line| line.first()).copied() {
            self.line_to(start);
            self.lines.push(vec![start]);
        }
        (self.cubic, self.quadratic) = (None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_lines() {
        assert_eq!(
            path("M1 2h3v-1l1,1z")[0],
            [(1.0, 2.0), (4.0, 2.0), (4.0, 1.0), (5.0, 2.0), (1.0, 2.0)]
        );
        assert_eq!(path("m1 1 1 0 0 1")[0], [(1.0, 1.0), (2.0, 1.0), (2.0, 2.0)]);
        let curve = &path("M0 0C0 4 4 4 4 0")[0];
        assert_eq!((curve.len(), curve[8], curve[16]), (17, (2.0, 3.0), (4.0, 0.0)));
        assert_eq!(path("M0 0Q2 4 4 0")[0][8], (2.0, 2.0));
        assert_eq!(path("L3 3")[0], [(0.0, 0.0), (3.0, 3.0)]);
        for odd in ["", "M", "M1", "Z", "1 2", "M1 2 W3", "M1e400 2L3 4", "é", "A1 1"] {
            path(odd);
        }
    }

    #[test]
    fn transforms_follow_each_other() {
        let close = |a: Point, b: Point| (a.0 - b.0).hypot(a.1 - b.1) < 1e-12;
        let t = Transform::read("translate(10 20) scale(2)");
        assert!(close(t.apply((1.0, 1.0)), (12.0, 22.0)));
        assert!(close(Transform::read("rotate(90, 1, 1)").apply((2.0, 1.0)), (1.0, 2.0)));
        assert!(close(
            Transform::read("matrix(1 0 0 1 3 4) odd(1)").apply((0.0, 0.0)),
            (3.0, 4.0)
        ));
        assert_eq!(t.scale(), 2.0);
    }
}
