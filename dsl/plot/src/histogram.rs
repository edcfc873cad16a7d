//! How values are distributed.

use crate::frame::{Axis, Frame, Layout};
use crate::style::{Style, style_setters};
use crate::{Figure, PlotError, axes, theme};
use cistron_display::{Table, Theme, count, significant};

const PLOT: &str = "histogram";

/// A histogram, made by [`histogram`].
#[derive(Clone, Debug)]
pub struct Histogram {
    values: Vec<f64>,
    bins: usize,
    style: Style,
}

/// Counts of values in so many bins of equal width. NaN is left out and counted.
///
/// ```
/// # use cistron_plot as plot;
/// let figure = plot::histogram(&[0.1, 0.4, 0.45, 0.8], 20).x_label("GC share");
/// # figure.draw()?;
/// # Ok::<(), plot::PlotError>(())
/// ```
pub fn histogram(values: &[f64], bins: usize) -> Histogram {
    Histogram {
        values: values.to_vec(),
        bins,
        style: Style::default(),
    }
}

impl Histogram {
    style_setters!();

    /// Draws it, 420 x 240 px unless asked otherwise.
    ///
    /// # Errors
    /// No values but NaN, infinite values, no bins, bad limits or size.
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let size = self.style.size(PLOT, 420.0, 240.0)?;
        if !(1..=1000).contains(&self.bins) {
            return Err(PlotError::value(PLOT, "the number of bins", self.bins, "1 to 1,000"));
        }
        if let Some((i, bad)) = self.values.iter().enumerate().find(|(_, v)| v.is_infinite()) {
            return Err(PlotError::value(
                PLOT,
                format!("value {}", i + 1),
                bad,
                "a finite number, or NaN where there is none",
            ));
        }
        let finite: Vec<f64> = self.values.iter().copied().filter(|v| v.is_finite()).collect();
        let missing = self.values.len() - finite.len();
        let Some(range) = range_of(&finite) else {
            let why = if missing == 0 {
                "no values were given".into()
            } else {
                format!("all {missing} values are NaN")
            };
            return Err(PlotError::empty(PLOT, why));
        };
        let range = Style::limits(PLOT, "x", self.style.x_limits, range)?;
        let (counts, outside) = self.count(&finite, range);
        let highest = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
        let y = Style::limits(PLOT, "y", self.style.y_limits, (0.0, highest * 1.05))?;
        let x_label = self.style.x_label.clone().unwrap_or_else(|| "value".into());
        let mut y_axis = Axis::new(y, self.style.y_label.clone().unwrap_or_else(|| "count".into()));
        y_axis.ticks = Some(axes::whole_ticks(y, ((size.1 - 60.0) / 45.0).max(2.0) as usize));
        let layout = Layout {
            size,
            title: self.style.title.clone(),
            x: Axis::new(range, x_label.clone()),
            y: y_axis,
            ..Layout::default()
        };
        let frame = Frame::new(&layout)?;
        let edge = |i: usize| range.0 + (range.1 - range.0) * i as f64 / self.bins as f64;
        let gap = if (frame.right - frame.left) / self.bins as f64 > 4.0 {
            0.5
        } else {
            0.0
        };
        frame.clipped(|canvas| {
            for (i, n) in counts.iter().enumerate().filter(|(_, n)| **n > 0) {
                let (left, right, top) = (frame.px(edge(i)) + gap, frame.px(edge(i + 1)) - gap, frame.py(*n as f64));
                canvas.rect(
                    (left, top),
                    (right - left, frame.bottom - top),
                    &theme::tint(Theme::SERIES[0], 0.62),
                    None,
                );
            }
        });
        let title = if self.style.title.is_empty() {
            x_label
        } else {
            self.style.title.clone()
        };
        let average = cistron_statistics::mean(&finite);
        let spread = (finite.iter().map(|v| (v - average).powi(2)).sum::<f64>() / finite.len() as f64).sqrt();
        let numbers = [average, spread].map(axes::plain);
        let mut table = Table::new(
            format!(
                "{title}: n = {}, mean {}, standard deviation {}",
                count(finite.len()),
                numbers[0],
                numbers[1]
            ),
            &[">from", ">to", ">count"],
        );
        // In words at most twenty rows: bins side by side are added up.
        let together = self.bins.div_ceil(20);
        for (i, part) in counts.chunks(together).enumerate() {
            let (from, to) = (i * together, (i * together + part.len()).min(self.bins));
            table.row([significant(edge(from), 3), significant(edge(to), 3), count(part.iter().sum())]);
        }
        if missing > 0 {
            table.notes.push(format!("{} missing values (NaN) left out", count(missing)));
        }
        if outside > 0 {
            table
                .notes
                .push(format!("{} values outside the axis left out", count(outside)));
        }
        Ok(Figure::new(frame.finish(), &title, table.text()).caption(&self.style.caption))
    }

    /// Values per bin, the last bin with its right edge, and how many lie outside.
    fn count(&self, finite: &[f64], (low, high): (f64, f64)) -> (Vec<usize>, usize) {
        let (mut counts, mut outside) = (vec![0; self.bins], 0);
        for v in finite {
            if (low..=high).contains(v) {
                counts[(((v - low) / (high - low) * self.bins as f64) as usize).min(self.bins - 1)] += 1;
            } else {
                outside += 1;
            }
        }
        (counts, outside)
    }
}

/// From the lowest to the highest value; a constant gets some room.
fn range_of(finite: &[f64]) -> Option<(f64, f64)> {
    axes::padded(finite.iter().copied(), 0.0)
}
