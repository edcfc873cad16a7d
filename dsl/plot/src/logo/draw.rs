//! Letters of given heights in a rectangle.

use super::letters::outline;
use crate::canvas::{Canvas, number};
use cistron_display::base_colour;

/// Below this height in px a letter is not drawn: it could not be seen.
const VISIBLE: f64 = 0.25;
/// Share of a position's width that stays free.
const GAP: f64 = 0.06;

/// Where letters stand: left edge, width of a position, the base line and px per unit of height.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) left: f64,
    pub(crate) each: f64,
    pub(crate) zero: f64,
    pub(crate) per_unit: f64,
}

impl Place {
    /// One letter from `low` to `high` in units of height; a negative one hangs upside down.
    pub(crate) fn letter(&self, canvas: &mut Canvas, base: char, position: usize, low: f64, high: f64) {
        let height = (high - low) * self.per_unit;
        if height < VISIBLE {
            return;
        }
        let x = self.left + (position as f64 + GAP / 2.0) * self.each;
        let (top, bottom) = (self.zero - high * self.per_unit, self.zero - low * self.per_unit);
        let wide = scale(self.each * (1.0 - GAP));
        let (y, high_scale) = if high <= 0.0 {
            (bottom, format!("-{}", scale(height)))
        } else {
            (top, scale(height))
        };
        let (x, y, colour, path) = (number(x), number(y), base_colour(base), outline(base));
        canvas.raw(&format!(
            "<path transform=\"translate({x} {y}) scale({wide} {high_scale})\" fill=\"{colour}\" fill-rule=\"evenodd\" d=\"{path}\"/>"
        ));
    }

    /// A stack of letters: the largest farthest from the base line, negative ones below it.
    pub(crate) fn stack(&self, canvas: &mut Canvas, position: usize, heights: [f64; 4], letters: [char; 4]) {
        let mut order = [0, 1, 2, 3];
        order.sort_by(|&a, &b| heights[a].abs().total_cmp(&heights[b].abs()).then(b.cmp(&a)));
        let (mut up, mut down) = (0.0, 0.0);
        for i in order {
            let height = heights[i];
            if height > 0.0 {
                self.letter(canvas, letters[i], position, up, up + height);
                up += height;
            } else if height < 0.0 {
                self.letter(canvas, letters[i], position, down + height, down);
                down += height;
            }
        }
    }
}

/// The scale that gives an outline of 100 so many px.
fn scale(px: f64) -> String {
    let text = format!("{:.4}", px / 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// Sum of the positive and sum of the negative heights of a stack.
pub(crate) fn stack_extent(heights: &[f64; 4]) -> (f64, f64) {
    let up = heights.iter().filter(|h| **h > 0.0).sum();
    let down = heights.iter().filter(|h| **h < 0.0).sum();
    (down, up)
}
