//! Distributions side by side: a violin per group with its quartiles and its median.

use crate::bars::{largest, value_text};
use crate::canvas::{Anchor, Canvas, Stroke, Type};
use crate::frame::{Axis, Frame, Layout, Map};
use crate::style::{Style, style_setters};
use crate::{Bar, Figure, PlotError, axes, theme};
use cistron_display::{Table, Theme, count};
use cistron_statistics::{median, quantile, standard_deviation};

const PLOT: &str = "violins";
/// Groups of fewer values are drawn as dots alone.
const SHAPED: usize = 8;
/// Heights at which a violin's width is computed.
const STEPS: usize = 80;

/// Distributions side by side, made by [`violins`].
#[derive(Clone, Debug)]
pub struct Violins {
    groups: Vec<Bar>,
    reference: Option<(f64, String)>,
    style: Style,
}

/// One violin per group: as wide as its values are dense, a thick line from quartile to quartile, a dot at the median. Groups of fewer
/// than eight values are drawn as dots. Intervals of the groups are not drawn.
///
/// ```
/// # use cistron_plot as plot;
/// let lengths: Vec<f64> = (0..40).map(|n| f64::from(n % 7)).collect();
/// let figure = plot::violins(&[plot::Bar::new("exons", &lengths), plot::Bar::new("introns", &[3.0, 8.0])]).y_label("length, kb");
/// # figure.draw()?;
/// # Ok::<(), plot::PlotError>(())
/// ```
pub fn violins(groups: &[Bar]) -> Violins {
    Violins {
        groups: groups.to_vec(),
        reference: None,
        style: Style::default(),
    }
}

impl Violins {
    style_setters!();

    /// A dashed line across, such as the value of a baseline.
    #[must_use]
    pub fn reference(mut self, value: f64, label: impl Into<String>) -> Self {
        self.reference = Some((value, label.into()));
        self
    }

    /// Draws it, 420 x 300 px unless asked otherwise.
    ///
    /// # Errors
    /// No groups, a group without values, values that are not finite, bad limits or size.
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let size = self.style.size(PLOT, 420.0, 300.0)?;
        Bar::check(PLOT, &self.groups)?;
        let values = self.groups.iter().flat_map(|g| g.values.iter().copied());
        let extent = values.chain(self.reference.iter().map(|r| r.0));
        let limits = axes::padded(extent, 0.06).unwrap_or((0.0, 1.0));
        let y = Style::limits(PLOT, "y", self.style.y_limits, limits)?;
        let n = self.groups.len() as f64;
        let ticks = self
            .groups
            .iter()
            .enumerate()
            .map(|(i, g)| (i as f64, g.label.clone()))
            .collect();
        let x = Axis {
            ticks: Some(ticks),
            names: true,
            ..Axis::new((-0.5, n - 0.5), self.style.x_label.clone().unwrap_or_default())
        };
        let y_label = self.style.y_label.clone().unwrap_or_default();
        let layout = Layout {
            size,
            title: self.style.title.clone(),
            x,
            y: Axis::new(y, y_label.clone()),
            // The medians in figures stand above the data.
            head: theme::SMALL + 5.0 + if self.reference.is_some() { 18.0 } else { 0.0 },
            ..Layout::default()
        };
        let frame = Frame::new(&layout)?;
        if let Some((value, label)) = &self.reference {
            draw_reference(&frame, *value, label);
        }
        let half = (((frame.right - frame.left) / n) * 0.42).min(42.0);
        frame.clipped(|canvas| {
            for (i, group) in self.groups.iter().enumerate() {
                draw_group(&frame, canvas, frame.px(i as f64), group, half);
            }
        });
        let most = largest(&self.groups);
        for (i, group) in self.groups.iter().enumerate() {
            let text = value_text(median(&group.values).unwrap_or_default(), most);
            let place = (frame.px(i as f64), frame.top - 5.0);
            frame
                .canvas
                .borrow_mut()
                .text(place, &text, Type::new(theme::SMALL, Anchor::Middle));
        }
        let title = [&self.style.title, &y_label]
            .into_iter()
            .find(|t| !t.is_empty())
            .cloned()
            .unwrap_or_else(|| "distributions".into());
        let heading = if y_label.is_empty() || title == y_label {
            title.clone()
        } else {
            format!("{title}: {y_label}")
        };
        let text = self.text(heading);
        Ok(Figure::new(frame.finish(), &title, text).caption(&self.style.caption))
    }

    fn text(&self, heading: String) -> String {
        let mut table = Table::new(
            heading,
            &["", ">n", ">lowest", ">quartile", ">median", ">quartile", ">highest"],
        );
        let most = largest(&self.groups);
        for group in &self.groups {
            let sorted = sorted(&group.values);
            let mut cells = vec![group.label.clone(), count(sorted.len())];
            cells.extend([0.0, 0.25, 0.5, 0.75, 1.0].map(|q| value_text(quantile(&sorted, q).unwrap_or_default(), most)));
            table.row(cells);
        }
        if let Some((value, label)) = &self.reference {
            table.notes.push(format!("line at {}: {label}", axes::plain(*value)));
        }
        table.text()
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// A dashed line whose name stands above the medians.
fn draw_reference(frame: &Frame, value: f64, label: &str) {
    let y = frame.py(value);
    if y < frame.top - 1.0 || y > frame.bottom + 1.0 {
        return;
    }
    let mut canvas = frame.canvas.borrow_mut();
    let line = Stroke::new(Theme::AMBER, 1.2).dash(Some("5 3"));
    canvas.line((frame.left, y), (frame.right, y), line);
    let key = frame.top - theme::SMALL - 14.0;
    let begin = frame.right - theme::text_width(label, theme::SMALL) - 6.0;
    canvas.line((begin - 22.0, key), (begin - 4.0, key), line);
    let style = Type::new(theme::SMALL, Anchor::Start);
    canvas.text((begin, key + theme::SMALL * 0.36), label, style);
}

fn draw_group(map: &Map, canvas: &mut Canvas, x: f64, group: &Bar, half: f64) {
    let sorted = sorted(&group.values);
    let shape = if sorted.len() >= SHAPED { shape(&sorted) } else { None };
    let Some(shape) = shape else {
        for value in &sorted {
            canvas.circle(
                (x, map.py(*value)),
                2.6,
                Theme::SERIES[0],
                Some(Stroke::new(Theme::PAPER, 0.8)),
            );
        }
        return;
    };
    let right = shape.iter().map(|(value, width)| (x + half * width, map.py(*value)));
    let left = shape.iter().rev().map(|(value, width)| (x - half * width, map.py(*value)));
    let outline: Vec<(f64, f64)> = right.chain(left).collect();
    canvas.polygon(&outline, &theme::tint(Theme::SERIES[0], 0.42), 1.0);
    let closed: Vec<(f64, f64)> = outline.iter().copied().chain(outline.first().copied()).collect();
    canvas.polyline(&closed, Stroke::new(Theme::SERIES[0], theme::HAIR));
    if let [Some(low), Some(middle), Some(high)] = [0.25, 0.5, 0.75].map(|q| quantile(&sorted, q)) {
        canvas.line((x, map.py(low)), (x, map.py(high)), Stroke::new(Theme::INK, 3.2));
        canvas.circle((x, map.py(middle)), 3.0, Theme::PAPER, Some(Stroke::new(Theme::INK, 1.2)));
    }
}

/// The density of sorted values by a Gaussian kernel (Silverman's width, which takes the smaller of both measures of
/// spread), from the lowest to the highest value, as shares of the largest; nothing without a spread.
fn shape(sorted: &[f64]) -> Option<Vec<(f64, f64)>> {
    let (low, high) = (*sorted.first()?, *sorted.last()?);
    let quartiles = (quantile(sorted, 0.75)? - quantile(sorted, 0.25)?) / 1.34;
    let deviation = standard_deviation(sorted);
    let spread = if quartiles > 0.0 {
        deviation.min(quartiles)
    } else {
        deviation
    };
    let width = 0.9 * spread * (sorted.len() as f64).powf(-0.2);
    if width <= 0.0 || !width.is_finite() {
        return None;
    }
    let density = |at: f64| {
        let near = sorted.partition_point(|v| *v < at - 4.0 * width)..sorted.partition_point(|v| *v <= at + 4.0 * width);
        sorted[near]
            .iter()
            .map(|v| (-0.5 * ((at - v) / width).powi(2)).exp())
            .sum::<f64>()
    };
    let places = (0..=STEPS).map(|i| low + (high - low) * i as f64 / STEPS as f64);
    let found: Vec<(f64, f64)> = places.map(|at| (at, density(at))).collect();
    let largest = found.iter().map(|p| p.1).fold(0.0, f64::max);
    Some(found.into_iter().map(|(at, d)| (at, d / largest)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_random::{Purpose, Stream};

    #[test]
    fn a_shape_is_widest_where_the_values_are_dense() {
        let mut stream = Stream::new(3, Purpose::Simulation, 0, 0);
        let values: Vec<f64> = (0..4000).map(|_| 0.5 + 0.1 * stream.normal()).collect();
        let found = shape(&sorted(&values)).unwrap();
        let (at, _) = found.iter().copied().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert!((at - 0.5).abs() < 0.05, "widest at {at}");
        // One standard deviation away a normal density has exp(-1/2) of its height.
        let near = |x: f64| {
            found
                .iter()
                .min_by(|a, b| (a.0 - x).abs().total_cmp(&(b.0 - x).abs()))
                .unwrap()
                .1
        };
        assert!((near(0.6) - 0.61).abs() < 0.08 && (near(0.4) - 0.61).abs() < 0.08);
        assert_eq!(shape(&[1.0; 20]), None);
    }

    #[test]
    fn the_text_says_what_is_drawn() {
        let values: Vec<f64> = (0..=100).map(|i| f64::from(i) / 100.0).collect();
        let groups = [Bar::new("A", &values), Bar::new("few", &[0.25, 0.75])];
        let figure = violins(&groups)
            .y_label("r per point")
            .reference(0.3, "k-mers")
            .draw()
            .unwrap();
        assert!(
            figure
                .text()
                .contains("A    101   0.000     0.250   0.500     0.750    1.000"),
            "{}",
            figure.text()
        );
        assert!(figure.text().contains("line at 0.3000: k-mers"), "{}", figure.text());
        assert_eq!(figure.svg().matches("<polygon").count(), 1);
        let message = violins(&[Bar::new("none", &[])]).draw().unwrap_err().to_string();
        assert!(message.contains("\"none\" has no values"), "{message}");
    }
}
