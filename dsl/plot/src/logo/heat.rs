//! A heat map of all four bases under the letters of a sequence.

use super::single::alphabet;
use crate::canvas::{Anchor, Canvas, Stroke, Type};
use crate::{PlotError, axes, theme};
use cistron_display::Theme;
use std::ops::Range;

/// Height of a base's row in px.
const ROW: f64 = 9.0;
/// Room above and below the rows in px.
const GAP: f64 = 4.0;
/// Steps of the legend's colours.
const STEPS: usize = 21;
/// Width of the legend's colours in px.
const BAR: f64 = 84.0;

/// A value for each of A, C, G, T at every position; NaN at the base that stands there.
#[derive(Clone, Debug)]
pub(crate) struct Heat {
    values: Vec<[f64; 4]>,
    label: String,
    largest: f64,
}

impl Heat {
    pub(crate) fn new(values: &[[f64; 4]], label: String) -> Self {
        let finite = values.iter().flatten().filter(|v| v.is_finite());
        Self {
            values: values.to_vec(),
            label,
            largest: finite.fold(0.0, |m, v| v.abs().max(m)),
        }
    }

    /// What it takes of a line's height, in px.
    pub(crate) fn height() -> f64 {
        4.0 * ROW + 2.0 * GAP
    }

    pub(crate) fn check(&self, plot: &'static str, letters: usize) -> Result<(), PlotError> {
        if self.values.len() != letters {
            return Err(PlotError::Length {
                plot,
                first: "the sequence".into(),
                first_length: letters,
                second: "the heat map".into(),
                second_length: self.values.len(),
            });
        }
        match self.values.iter().position(|v| v.iter().any(|v| v.is_infinite())) {
            Some(at) => Err(PlotError::value(
                plot,
                format!("the heat map at position {at}"),
                "infinite",
                "finite numbers, or NaN for the base that stands there",
            )),
            None => Ok(()),
        }
    }

    /// Blue where it falls, white at 0, red where it rises.
    fn colour(&self, value: f64) -> String {
        let share = if self.largest > 0.0 { value / self.largest } else { 0.0 };
        theme::tint(Theme::SERIES[if share < 0.0 { 0 } else { 5 }], share.abs())
    }

    /// Draws the rows of some positions; a dot marks the base that stands there.
    pub(crate) fn strip(&self, canvas: &mut Canvas, (left, top): (f64, f64), each: f64, positions: Range<usize>, rna: bool) {
        let top = top + GAP;
        let wide = each * positions.len() as f64;
        for (base, letter) in alphabet(rna).into_iter().enumerate() {
            let y = top + ROW * base as f64;
            let style = Type::new(ROW - 1.0, Anchor::End).soft();
            canvas.text((left - 5.0, y + ROW - 1.5), &letter.to_string(), style);
            let mut dots = Vec::new();
            for (i, values) in self.values[positions.clone()].iter().enumerate() {
                let x = left + each * i as f64;
                if values[base].is_nan() {
                    dots.push((x + each / 2.0, y + ROW / 2.0));
                } else {
                    canvas.rect((x, y), (each, ROW), &self.colour(values[base]), None);
                }
            }
            canvas.dots(&dots, 1.8, Theme::SOFT);
        }
        canvas.rect(
            (left, top),
            (wide, 4.0 * ROW),
            "none",
            Some(Stroke::new(Theme::LINE, theme::HAIR)),
        );
    }

    /// Draws what the colours mean, its right end at `right`; gives its left end.
    pub(crate) fn legend(&self, canvas: &mut Canvas, right: f64, base_line: f64) -> f64 {
        let most = cistron_display::significant(self.largest, 2);
        let (low, high) = (format!("\u{2212}{most}"), most);
        let small = |text: &str| theme::text_width(text, theme::SMALL);
        let bar = right - small(&high) - 4.0 - BAR;
        let step = BAR / STEPS as f64;
        for i in 0..STEPS {
            let share = 2.0 * i as f64 / (STEPS - 1) as f64 - 1.0;
            let at = (bar + step * i as f64, base_line - ROW + 1.0);
            canvas.rect(at, (step + 0.3, ROW), &self.colour(share * self.largest), None);
        }
        let style = Type::new(theme::SMALL, Anchor::End);
        canvas.text((bar - 4.0, base_line), &low, style);
        canvas.text((right, base_line), &high, style);
        let label = bar - 4.0 - small(&low) - 8.0;
        canvas.text((label, base_line), &self.label, style);
        label - small(&self.label)
    }

    /// What it shows, in words.
    pub(crate) fn text(&self) -> String {
        let finite = || self.values.iter().flatten().copied().filter(|v| v.is_finite());
        let (low, high) = (
            finite().fold(f64::INFINITY, f64::min),
            finite().fold(f64::NEG_INFINITY, f64::max),
        );
        if low > high {
            return format!("heat map of {}: no values", self.label);
        }
        format!("heat map of {}: {} to {}", self.label, axes::plain(low), axes::plain(high))
    }
}
