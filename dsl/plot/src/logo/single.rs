//! One logo.

use super::draw::{Place, stack_extent};
use crate::frame::{Axis, Frame, Layout};
use crate::style::{Style, style_setters};
use crate::{Figure, PlotError, axes};
use cistron_display::Theme;
use plotters::element::PathElement;

const PLOT: &str = "logo";

/// What the height of a letter means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogoScale {
    /// Share of the base times the position's information in bits (2 + sum of p log2 p).
    #[default]
    Bits,
    /// Share of the base.
    Probability,
    /// The values as they are; negative letters hang below the axis.
    Values,
}

impl LogoScale {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Bits => "bits",
            Self::Probability => "probability",
            Self::Values => "contribution",
        }
    }

    /// Letter heights of every position.
    pub(crate) fn heights(self, plot: &'static str, name: &str, matrix: &[[f64; 4]]) -> Result<Vec<[f64; 4]>, PlotError> {
        let named = |text: String| {
            if name.is_empty() {
                text
            } else {
                format!("{text} of \"{name}\"")
            }
        };
        if matrix.is_empty() {
            return Err(PlotError::empty(plot, named("the matrix".into()) + " has no positions"));
        }
        let mut heights = Vec::with_capacity(matrix.len());
        for (i, row) in matrix.iter().enumerate() {
            for (base, value) in "ACGT".chars().zip(row) {
                let what = named(format!("{base} at position {}", i + 1));
                if !value.is_finite() {
                    return Err(PlotError::value(plot, what, value, "a finite number"));
                }
                if *value < 0.0 && self != Self::Values {
                    return Err(PlotError::value(
                        plot,
                        what,
                        value,
                        "a share or count of at least 0 (LogoScale::Values draws signed values)",
                    ));
                }
            }
            let total: f64 = row.iter().sum();
            heights.push(match self {
                Self::Values => *row,
                _ if total <= 0.0 => [0.0; 4],
                Self::Probability => row.map(|v| v / total),
                Self::Bits => {
                    let shares = row.map(|v| v / total);
                    let information = 2.0 + shares.iter().filter(|p| **p > 0.0).map(|p| p * p.log2()).sum::<f64>();
                    shares.map(|p| p * information.max(0.0))
                }
            });
        }
        Ok(heights)
    }

    /// Range of the axis that shows these heights.
    pub(crate) fn limits(self, heights: &[[f64; 4]]) -> (f64, f64) {
        match self {
            Self::Bits => (0.0, 2.0),
            Self::Probability => (0.0, 1.0),
            Self::Values => {
                let (low, high) = heights
                    .iter()
                    .map(stack_extent)
                    .fold((0.0_f64, 0.0_f64), |a, b| (a.0.min(b.0), a.1.max(b.1)));
                let pad = if high > low { 0.04 * (high - low) } else { 0.5 };
                (if low < 0.0 { low - pad } else { 0.0 }, high + pad)
            }
        }
    }
}

pub(crate) fn alphabet(rna: bool) -> [char; 4] {
    if rna { ['A', 'C', 'G', 'U'] } else { ['A', 'C', 'G', 'T'] }
}

/// The most likely base of every position, lower case where none has half of the weight, N where nothing is known.
pub(crate) fn consensus(heights: &[[f64; 4]], letters: [char; 4]) -> String {
    let base = |row: &[f64; 4]| {
        let total: f64 = row.iter().map(|v| v.abs()).sum();
        let best = (0..4)
            .rev()
            .max_by(|&a, &b| row[a].abs().total_cmp(&row[b].abs()))
            .unwrap_or(0);
        match row[best].abs() {
            0.0 => 'N',
            h if h >= total / 2.0 => letters[best],
            _ => letters[best].to_ascii_lowercase(),
        }
    };
    heights.iter().map(base).collect()
}

/// A sequence logo, made by [`logo`].
#[derive(Clone, Debug)]
pub struct Logo {
    matrix: Vec<[f64; 4]>,
    scale: LogoScale,
    rna: bool,
    first: i64,
    style: Style,
}

/// A sequence logo of a matrix: one row per position, columns A, C, G, T; shares or counts, in bits.
///
/// ```
/// # use cistron_plot as plot;
/// let figure = plot::logo(&[[0.9, 0.0, 0.1, 0.0], [0.0, 0.0, 1.0, 0.0], [0.25, 0.25, 0.25, 0.25]]).title("found");
/// # figure.draw()?;
/// # Ok::<(), plot::PlotError>(())
/// ```
pub fn logo(matrix: &[[f64; 4]]) -> Logo {
    Logo {
        matrix: matrix.to_vec(),
        scale: LogoScale::Bits,
        rna: false,
        first: 1,
        style: Style::default(),
    }
}

impl Logo {
    style_setters!();

    /// What letter heights mean.
    #[must_use]
    pub fn scale(mut self, scale: LogoScale) -> Self {
        self.scale = scale;
        self
    }

    /// Writes U instead of T.
    #[must_use]
    pub fn rna(mut self) -> Self {
        self.rna = true;
        self
    }

    /// The number under the first position (1 unless told otherwise), such as -3 for a splice site.
    #[must_use]
    pub fn first_position(mut self, first: i64) -> Self {
        self.first = first;
        self
    }

    /// Draws it, 28 px per position wide (within 160 to 900) and 150 px high unless asked otherwise.
    ///
    /// # Errors
    /// No positions, values that are not finite, negative shares, bad limits or size.
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let n = self.matrix.len();
        let heights = self.scale.heights(PLOT, &self.style.title, &self.matrix)?;
        let tall = if self.style.title.is_empty() { 130.0 } else { 153.0 };
        let size = self.style.size(PLOT, (28.0 * n as f64 + 62.0).clamp(160.0, 900.0), tall)?;
        let y = Style::limits(PLOT, "y", self.style.y_limits, self.scale.limits(&heights))?;
        let y_label = self.style.y_label.clone().unwrap_or_else(|| self.scale.label().into());
        let mut x = Axis::new((0.0, n as f64), self.style.x_label.clone().unwrap_or_default());
        x.ticks = Some(self.position_ticks(size.0 - 60.0));
        let mut y_axis = Axis::new(y, y_label.clone());
        if self.scale != LogoScale::Values && self.style.y_limits.is_none() {
            y_axis.ticks = Some(axes::ticks(y, 2));
        }
        let layout = Layout {
            size,
            title: self.style.title.clone(),
            x,
            y: y_axis,
            ..Layout::default()
        };
        let frame = Frame::new(&layout)?;
        let place = Place {
            left: frame.left,
            each: (frame.right - frame.left) / n as f64,
            zero: frame.py(0.0),
            per_unit: (frame.bottom - frame.top) / (y.1 - y.0),
        };
        let letters = alphabet(self.rna);
        frame.clipped(|canvas| {
            for (i, stack) in heights.iter().enumerate() {
                place.stack(canvas, i, *stack, letters);
            }
        });
        if y.0 < 0.0 && y.1 > 0.0 {
            let hair = crate::frame::stroke(Theme::INK, crate::theme::HAIR);
            frame.draw(&PathElement::new(vec![(0.0, 0.0), (n as f64, 0.0)], hair))?;
        }
        let title = if self.style.title.is_empty() {
            "logo".to_string()
        } else {
            self.style.title.clone()
        };
        let text = format!("{title}: {}", describe(&heights, self.scale, letters));
        Ok(Figure::new(frame.finish(), &title, text).caption(&self.style.caption))
    }

    fn position_ticks(&self, width: f64) -> Vec<(f64, String)> {
        let n = self.matrix.len();
        let widest = [self.first, self.first + n as i64]
            .into_iter()
            .map(|v| v.to_string().len())
            .max()
            .unwrap_or(1) as f64
            * 7.0
            + 6.0;
        let each = width / n as f64;
        let every = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
            .into_iter()
            .find(|k| each * f64::from(*k) >= widest)
            .unwrap_or(5000);
        let shown = |p: &i64| every == 1 || p % i64::from(every) == 0;
        let positions = (0..n).map(|i| (i, self.first + i as i64));
        positions
            .filter(|(_, p)| shown(p))
            .map(|(i, p)| (i as f64 + 0.5, p.to_string().replace('-', "\u{2212}")))
            .collect()
    }
}

/// Consensus and, in bits, the information of a logo.
pub(crate) fn describe(heights: &[[f64; 4]], scale: LogoScale, letters: [char; 4]) -> String {
    let consensus = consensus(heights, letters);
    let n = heights.len();
    match scale {
        LogoScale::Bits => {
            let bits: f64 = heights.iter().flatten().sum();
            format!("{consensus} ({n} positions, {bits:.1} bits)")
        }
        LogoScale::Probability => format!("{consensus} ({n} positions)"),
        LogoScale::Values => {
            let sum: f64 = heights.iter().flatten().sum();
            format!("{consensus} ({n} positions, values sum to {})", axes::plain(sum))
        }
    }
}
