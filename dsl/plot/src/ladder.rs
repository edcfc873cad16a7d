//! Models compared: one row each, a dot at the mean, its interval, the seeds.

use crate::bars::{largest, value_text};
use crate::canvas::{Anchor, Stroke, Type};
use crate::frame::{Axis, Frame, Layout};
use crate::style::{Style, style_setters};
use crate::{Bar, Figure, PlotError, axes, theme};
use cistron_display::Theme;

const PLOT: &str = "ladder";

/// A dot plot of rows, made by [`ladder`].
#[derive(Clone, Debug)]
pub struct Ladder {
    rows: Vec<Bar>,
    reference: Option<(f64, String)>,
    style: Style,
}

/// One row per model, first on top: a dot at the mean of its values, a line over its interval, the seeds as small dots.
///
/// ```
/// # use cistron_plot as plot;
/// let rows = [plot::Bar::new("small", &[0.61, 0.64]).interval(0.58, 0.67), plot::Bar::new("large", &[0.71, 0.69])];
/// let figure = plot::ladder(&rows).reference(0.5, "published").x_label("held-out r");
/// # figure.draw()?;
/// # Ok::<(), plot::PlotError>(())
/// ```
pub fn ladder(rows: &[Bar]) -> Ladder {
    Ladder {
        rows: rows.to_vec(),
        reference: None,
        style: Style::default(),
    }
}

impl Ladder {
    style_setters!();

    /// A dashed line, such as the published value.
    #[must_use]
    pub fn reference(mut self, value: f64, label: impl Into<String>) -> Self {
        self.reference = Some((value, label.into()));
        self
    }

    /// Draws it, 420 px wide and as high as the rows need unless asked otherwise.
    ///
    /// # Errors
    /// No rows, a row without values, values or intervals that are not finite, bad limits or size.
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let n = self.rows.len() as f64;
        let size = self.style.size(PLOT, 420.0, (72.0 + 26.0 * n).min(10_000.0))?;
        Bar::check(PLOT, &self.rows)?;
        let extent = self
            .rows
            .iter()
            .flat_map(Bar::extent)
            .chain(self.reference.iter().map(|r| r.0));
        let x = axes::padded(extent, 0.06).unwrap_or((0.0, 1.0));
        let x = Style::limits(PLOT, "x", self.style.x_limits, x)?;
        let x_label = self.style.x_label.clone().unwrap_or_default();
        let names = self
            .rows
            .iter()
            .enumerate()
            .map(|(i, r)| (n - 1.0 - i as f64, r.label.clone()))
            .collect();
        let y = Axis {
            ticks: Some(names),
            names: true,
            ..Axis::new((-0.6, n - 0.4), self.style.y_label.clone().unwrap_or_default())
        };
        let most = largest(&self.rows);
        let widest = self
            .rows
            .iter()
            .map(|r| theme::text_width(&value_text(r.mean(), most), theme::SMALL))
            .fold(0.0, f64::max);
        let head = if self.reference.is_some() { theme::SMALL + 4.0 } else { 0.0 };
        let layout = Layout {
            size,
            title: self.style.title.clone(),
            x: Axis::new(x, x_label.clone()),
            y,
            head,
            tail: widest + 8.0,
            square: false,
        };
        let frame = Frame::new(&layout)?;
        self.draw_rows(&frame, size.0);
        let title = [&self.style.title, &x_label]
            .into_iter()
            .find(|t| !t.is_empty())
            .cloned()
            .unwrap_or_else(|| "ladder".into());
        let heading = if x_label.is_empty() || title == x_label {
            title.clone()
        } else {
            format!("{title}: {x_label}")
        };
        let text = Bar::table(heading, &self.rows, self.reference.as_ref());
        Ok(Figure::new(frame.finish(), &title, text).caption(&self.style.caption))
    }

    fn draw_rows(&self, frame: &Frame, width: f64) {
        let n = self.rows.len();
        let most = largest(&self.rows);
        {
            let mut canvas = frame.canvas.borrow_mut();
            for i in 0..n {
                let y = frame.py(i as f64);
                canvas.line((frame.left, y), (frame.right, y), Stroke::new("#e4e4e4", theme::HAIR));
            }
            if let Some((value, label)) = &self.reference {
                let x = frame.px(*value);
                canvas.line(
                    (x, frame.top),
                    (x, frame.bottom),
                    Stroke::new(Theme::AMBER, 1.2).dash(Some("5 3")),
                );
                let half = theme::text_width(label, theme::SMALL) / 2.0;
                let at = x.min(width - half - 4.0).max(half + 4.0);
                canvas.text((at, frame.top - 5.0), label, Type::new(theme::SMALL, Anchor::Middle).soft());
            }
            for (i, row) in self.rows.iter().enumerate() {
                let y = frame.py((n - 1 - i) as f64) + theme::SMALL * 0.36;
                canvas.text(
                    (width - 8.0, y),
                    &value_text(row.mean(), most),
                    Type::new(theme::SMALL, Anchor::End),
                );
            }
        }
        frame.clipped(|canvas| {
            for (i, row) in self.rows.iter().enumerate() {
                let y = frame.py((n - 1 - i) as f64);
                if let Some((low, high)) = row.interval {
                    canvas.line((frame.px(low), y), (frame.px(high), y), Stroke::new(Theme::SERIES[0], 2.2));
                }
                if row.values.len() > 1 {
                    for value in &row.values {
                        canvas.circle((frame.px(*value), y + 6.0), 1.9, Theme::SOFT, None);
                    }
                }
                canvas.circle(
                    (frame.px(row.mean()), y),
                    3.8,
                    Theme::SERIES[0],
                    Some(Stroke::new(Theme::PAPER, 1.0)),
                );
            }
        });
    }
}
