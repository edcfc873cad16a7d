//! Bars with seeds as dots and intervals as whiskers.

use crate::canvas::{Anchor, Canvas, Stroke, Type};
use crate::frame::{Axis, Frame, Layout, Map, stroke};
use crate::style::{Style, style_setters};
use crate::{Figure, PlotError, axes, theme};
use cistron_display::{Table, Theme, significant};
use plotters::element::PathElement;

const PLOT: &str = "bars";

/// One bar: a label and the values it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it is.
    pub label: String,
    /// One value per seed; the bar is as high as their mean.
    pub values: Vec<f64>,
    /// Ends of an interval, drawn as whiskers.
    pub interval: Option<(f64, f64)>,
}

impl Bar {
    /// A bar without interval.
    pub fn new(label: impl Into<String>, values: &[f64]) -> Self {
        Self {
            label: label.into(),
            values: values.to_vec(),
            interval: None,
        }
    }

    /// With whiskers from low to high.
    #[must_use]
    pub fn interval(mut self, low: f64, high: f64) -> Self {
        self.interval = Some((low, high));
        self
    }

    pub(crate) fn mean(&self) -> f64 {
        if self.values.is_empty() {
            return 0.0;
        }
        cistron_statistics::mean(&self.values)
    }

    /// Everything that must be inside the axis.
    pub(crate) fn extent(&self) -> impl Iterator<Item = f64> + '_ {
        self.values
            .iter()
            .copied()
            .chain(self.interval.map(|i| [i.0, i.1]).into_iter().flatten())
    }

    /// All bars have finite values and ordered intervals.
    pub(crate) fn check(plot: &'static str, bars: &[Bar]) -> Result<(), PlotError> {
        if bars.is_empty() {
            return Err(PlotError::empty(plot, "no rows were given"));
        }
        for bar in bars {
            if bar.values.is_empty() {
                return Err(PlotError::empty(
                    plot,
                    format!("\"{}\" has no values; give at least one", bar.label),
                ));
            }
            if let Some(bad) = bar.values.iter().find(|v| !v.is_finite()) {
                return Err(PlotError::value(
                    plot,
                    format!("a value of \"{}\"", bar.label),
                    bad,
                    "a finite number",
                ));
            }
            if let Some((low, high)) = bar.interval.filter(|(l, h)| !(l.is_finite() && h.is_finite() && l <= h)) {
                let found = format!("{low} to {high}");
                return Err(PlotError::value(
                    plot,
                    format!("the interval of \"{}\"", bar.label),
                    found,
                    "finite ends, the lower one first",
                ));
            }
        }
        Ok(())
    }

    /// The rows in words: label, mean, interval, seeds.
    pub(crate) fn table(title: String, bars: &[Bar], reference: Option<&(f64, String)>) -> String {
        let mut columns = vec!["", ">mean"];
        let (intervals, seeds) = (
            bars.iter().any(|b| b.interval.is_some()),
            bars.iter().any(|b| b.values.len() > 1),
        );
        if intervals {
            columns.extend([">low", ">high"]);
        }
        if seeds {
            columns.extend([">values", ">from", ">to"]);
        }
        let mut table = Table::new(title, &columns);
        let most = largest(bars);
        let value_text = |value| value_text(value, most);
        for bar in bars {
            let mut cells = vec![bar.label.clone(), value_text(bar.mean())];
            if intervals {
                cells.extend(
                    bar.interval
                        .map_or(["-".into(), "-".into()], |(l, h)| [value_text(l), value_text(h)]),
                );
            }
            if seeds {
                let (low, high) = axes::padded(bar.values.iter().copied(), 0.0).unwrap_or_default();
                let (low, high) = if bar.values.len() == 1 {
                    (bar.values[0], bar.values[0])
                } else {
                    (low, high)
                };
                cells.extend([bar.values.len().to_string(), value_text(low), value_text(high)]);
            }
            table.row(cells);
        }
        if let Some((value, label)) = reference {
            table.notes.push(format!("line at {}: {label}", axes::plain(*value)));
        }
        table.text()
    }
}

/// Three decimals below ten, as correlations and losses are read, and never more beside values of that size; three
/// digits where all values are smaller (`largest` is the largest magnitude beside it) or larger than that.
pub(crate) fn value_text(value: f64, largest: f64) -> String {
    let text = if value.abs() < 10.0 && (largest >= 0.0095 || value == 0.0) {
        let text = format!("{value:.3}");
        if text == "-0.000" { "0.000".into() } else { text }
    } else {
        significant(value, 3)
    };
    text.replace('-', "\u{2212}")
}

/// The largest magnitude that is drawn, which decides how many decimals all values have.
pub(crate) fn largest(bars: &[Bar]) -> f64 {
    bars.iter().flat_map(Bar::extent).fold(0.0, |most, v| v.abs().max(most))
}

/// A figure of bars, made by [`bars`].
#[derive(Clone, Debug)]
pub struct Bars {
    bars: Vec<Bar>,
    reference: Option<(f64, String)>,
    style: Style,
}

/// Bars from zero to the mean of their values, each value a dot.
///
/// ```
/// # use cistron_plot as plot;
/// let figure = plot::bars(&[plot::Bar::new("small", &[0.61, 0.64, 0.63]), plot::Bar::new("large", &[0.71, 0.69, 0.72])])
///     .y_label("held-out r");
/// # figure.draw()?;
/// # Ok::<(), plot::PlotError>(())
/// ```
pub fn bars(bars: &[Bar]) -> Bars {
    Bars {
        bars: bars.to_vec(),
        reference: None,
        style: Style::default(),
    }
}

impl Bars {
    style_setters!();

    /// A dashed line across, such as the published value.
    #[must_use]
    pub fn reference(mut self, value: f64, label: impl Into<String>) -> Self {
        self.reference = Some((value, label.into()));
        self
    }

    /// Draws it, 420 x 300 px unless asked otherwise.
    ///
    /// # Errors
    /// No bars, a bar without values, values or intervals that are not finite, bad limits or size.
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let size = self.style.size(PLOT, 420.0, 300.0)?;
        Bar::check(PLOT, &self.bars)?;
        let extent = self
            .bars
            .iter()
            .flat_map(Bar::extent)
            .chain([0.0])
            .chain(self.reference.iter().map(|r| r.0));
        let (low, high) = axes::padded(extent, 0.0).unwrap_or((0.0, 1.0));
        let span = high - low;
        let room = |at: f64| if at == 0.0 { 0.0 } else { 0.09 * span };
        let y = Style::limits(PLOT, "y", self.style.y_limits, (low - room(low), high + room(high)))?;
        let n = self.bars.len() as f64;
        let ticks = self
            .bars
            .iter()
            .enumerate()
            .map(|(i, b)| (i as f64, b.label.clone()))
            .collect();
        let x = Axis {
            ticks: Some(ticks),
            names: true,
            ..Axis::new((-0.5, n - 0.5), self.style.x_label.clone().unwrap_or_default())
        };
        let y_label = self.style.y_label.clone().unwrap_or_default();
        let head = if self.reference.is_some() { 18.0 } else { 0.0 };
        let layout = Layout {
            size,
            title: self.style.title.clone(),
            x,
            y: Axis::new(y, y_label.clone()),
            head,
            ..Layout::default()
        };
        let frame = Frame::new(&layout)?;
        let half = (((frame.right - frame.left) / n) * 0.33).min(30.0);
        frame.clipped(|canvas| {
            for (i, bar) in self.bars.iter().enumerate() {
                draw_bar(&frame, canvas, i, bar, half);
            }
        });
        if y.0 < 0.0 {
            frame.draw(&PathElement::new(
                vec![(-0.5, 0.0), (n - 0.5, 0.0)],
                stroke(Theme::INK, theme::HAIR),
            ))?;
        }
        self.draw_reference(&frame);
        self.draw_values(&frame);
        let title = [&self.style.title, &y_label]
            .into_iter()
            .find(|t| !t.is_empty())
            .cloned()
            .unwrap_or_else(|| "bars".into());
        let heading = if y_label.is_empty() || title == y_label {
            title.clone()
        } else {
            format!("{title}: {y_label}")
        };
        let text = Bar::table(heading, &self.bars, self.reference.as_ref());
        Ok(Figure::new(frame.finish(), &title, text).caption(&self.style.caption))
    }

    fn draw_reference(&self, frame: &Frame) {
        let Some((value, label)) = &self.reference else { return };
        let y = frame.py(*value);
        if y < frame.top - 1.0 || y > frame.bottom + 1.0 {
            return;
        }
        // Its name stands above the data, where no bar can be in its way.
        let mut canvas = frame.canvas.borrow_mut();
        let line = Stroke::new(Theme::AMBER, 1.2).dash(Some("5 3"));
        canvas.line((frame.left, y), (frame.right, y), line);
        let (key, begin) = (frame.top - 9.0, frame.right - theme::text_width(label, theme::SMALL) - 6.0);
        canvas.line((begin - 22.0, key), (begin - 4.0, key), line);
        canvas.text(
            (begin, key + theme::SMALL * 0.36),
            label,
            Type::new(theme::SMALL, Anchor::Start),
        );
    }

    fn draw_values(&self, frame: &Frame) {
        let mut canvas = frame.canvas.borrow_mut();
        let most = largest(&self.bars);
        for (i, bar) in self.bars.iter().enumerate() {
            let mean = bar.mean();
            let far = bar
                .extent()
                .fold(mean, |far, v| if mean < 0.0 { far.min(v) } else { far.max(v) });
            let beyond = if mean < 0.0 { 5.0 + theme::SMALL * 0.8 } else { -7.0 };
            let y = (frame.py(far) + beyond).clamp(frame.top + 8.0, frame.bottom);
            let (x, text) = (frame.px(i as f64), value_text(mean, most));
            let half = theme::text_width(&text, theme::SMALL) / 2.0 + 1.0;
            if self
                .reference
                .as_ref()
                .is_some_and(|r| (y - theme::SMALL - 1.0..y + 3.0).contains(&frame.py(r.0)))
            {
                canvas.rect(
                    (x - half, y - theme::SMALL * 0.85),
                    (2.0 * half, theme::SMALL),
                    Theme::PAPER,
                    None,
                );
            }
            canvas.text((x, y), &text, Type::new(theme::SMALL, Anchor::Middle));
        }
    }
}

fn draw_bar(map: &Map, canvas: &mut Canvas, i: usize, bar: &Bar, half: f64) {
    let (x, top, zero) = (map.px(i as f64), map.py(bar.mean()), map.py(0.0_f64.clamp(map.y.0, map.y.1)));
    let edge = Stroke::new(Theme::SERIES[0], theme::HAIR);
    canvas.rect(
        (x - half, top.min(zero)),
        (2.0 * half, (top - zero).abs()),
        &theme::tint(Theme::SERIES[0], 0.42),
        Some(edge),
    );
    let shift = if bar.values.len() > 1 && bar.interval.is_some() {
        half * 0.5
    } else {
        0.0
    };
    if let Some((low, high)) = bar.interval {
        let ink = Stroke::new(Theme::INK, 1.2);
        let (x, low, high) = (x - shift, map.py(low), map.py(high));
        canvas.line((x, low), (x, high), ink);
        for y in [low, high] {
            canvas.line((x - 4.0, y), (x + 4.0, y), ink);
        }
    }
    if bar.values.len() > 1 {
        for (k, value) in bar.values.iter().enumerate() {
            let share = k as f64 / (bar.values.len() - 1) as f64 - 0.5;
            let spread = if shift > 0.0 { half * 0.6 } else { half * 1.1 };
            let at = (x + shift * 0.7 + share * spread, map.py(*value));
            canvas.circle(at, 2.6, Theme::INK, Some(Stroke::new(Theme::PAPER, 0.8)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_three_decimals_beside_values_of_that_size() {
        let texts = |values: &[f64]| -> Vec<String> {
            let bars: Vec<Bar> = values.iter().map(|&v| Bar::new("", &[v])).collect();
            values.iter().map(|&v| value_text(v, largest(&bars))).collect()
        };
        assert_eq!(texts(&[0.87, -0.00252, -0.0001]), ["0.870", "\u{2212}0.003", "0.000"]);
        assert_eq!(texts(&[0.0012345, -0.000252]), ["0.00123", "\u{2212}0.000252"]);
        assert_eq!(texts(&[123.456, 9.8765, 0.0]), ["123", "9.877", "0.000"]);
    }
}
