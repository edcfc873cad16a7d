//! Observed against predicted.

use crate::canvas::{Anchor, Stroke, Type, number};
use crate::density::density;
use crate::frame::{Axis, Frame, Layout};
use crate::style::{Style, style_setters};
use crate::{Figure, PlotError, axes, theme};
use cistron_display::{Theme, count};
use cistron_random::{Purpose, Stream};
use cistron_statistics::{Interval, bootstrap_pearson, spearman};

const PLOT: &str = "scatter";
/// Points drawn at most; above it a random part is drawn and all are counted.
const DRAWN: usize = 4_000;
/// Of fewer pairs than this no interval is shown: resampled, they tell nothing.
const FEW: usize = 10;
/// Steps of the density colours.
const LEVELS: usize = 14;

/// A figure of observed against predicted values, made by [`scatter`].
#[derive(Clone, Debug)]
pub struct Scatter {
    observed: Vec<f64>,
    predicted: Vec<f64>,
    correlation: Option<Interval>,
    rank: bool,
    equal: bool,
    identity: bool,
    seed: u64,
    style: Style,
}

/// Observed (horizontal) against predicted (vertical) values as points coloured by density, with Pearson's r and, of ten or more
/// pairs, its 95 % interval.
///
/// ```
/// # use cistron_plot as plot;
/// let (observed, predicted) = ([0.1, 0.4, 0.8, 1.5], [0.2, 0.3, 0.9, 1.2]);
/// let figure = plot::scatter(&observed, &predicted).title("held out").x_label("measured, log2");
/// // Two quantities of different kinds, neither of which predicts the other:
/// let figure = plot::scatter(&[40.0, 55.0, 61.0], &[0.1, 0.5, 0.4])
///     .x_label("GC, %")
///     .y_label("expression")
///     .equal_axes(false)
///     .identity_line(false);
/// # figure.draw()?;
/// # Ok::<(), plot::PlotError>(())
/// ```
pub fn scatter(observed: &[f64], predicted: &[f64]) -> Scatter {
    let (observed, predicted) = (observed.to_vec(), predicted.to_vec());
    Scatter {
        observed,
        predicted,
        correlation: None,
        rank: false,
        equal: true,
        identity: true,
        seed: 0,
        style: Style::default(),
    }
}

/// Pairs with both values, and how many had no observation.
struct Pairs {
    observed: Vec<f64>,
    predicted: Vec<f64>,
    missing: usize,
}

impl Scatter {
    style_setters!();

    /// Shows this r and interval instead of computing them.
    #[must_use]
    pub fn correlation(mut self, r: f64, low: f64, high: f64) -> Self {
        self.correlation = Some(Interval { value: r, low, high });
        self
    }

    /// Shows Spearman's correlation too.
    #[must_use]
    pub fn spearman(mut self) -> Self {
        self.rank = true;
        self
    }

    /// Whether both axes span the same range in a square (they do unless told otherwise).
    #[must_use]
    pub fn equal_axes(mut self, equal: bool) -> Self {
        self.equal = equal;
        self
    }

    /// Whether the line of perfect prediction is drawn (it is unless told otherwise).
    #[must_use]
    pub fn identity_line(mut self, drawn: bool) -> Self {
        self.identity = drawn;
        self
    }

    /// Seed of the bootstrap and of the thinning.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Draws it, 340 x 340 px unless asked otherwise.
    ///
    /// Pairs whose observation is NaN (not measured) are left out and counted.
    ///
    /// # Errors
    /// Different lengths, no pair, infinite values, a NaN prediction, bad limits or size.
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let size = self.style.size(PLOT, 340.0, 340.0)?;
        let pairs = self.pairs()?;
        let n = pairs.observed.len();
        let r = self
            .correlation
            .or_else(|| bootstrap_pearson(&pairs.observed, &pairs.predicted, self.seed));
        let rank = if self.rank {
            spearman(&pairs.observed, &pairs.predicted)
        } else {
            None
        };

        let range = |values: &[f64]| axes::padded(values.iter().copied(), 0.04).unwrap_or((0.0, 1.0));
        let (mut x, mut y) = (range(&pairs.observed), range(&pairs.predicted));
        if self.equal {
            x = (x.0.min(y.0), x.1.max(y.1));
            y = x;
        }
        let x = Style::limits(PLOT, "x", self.style.x_limits, x)?;
        let y = Style::limits(PLOT, "y", self.style.y_limits, y)?;
        let labels = (
            self.style.x_label.clone().unwrap_or("observed".into()),
            self.style.y_label.clone().unwrap_or("predicted".into()),
        );
        let layout = Layout {
            size,
            title: self.style.title.clone(),
            x: Axis::new(x, labels.0.clone()),
            y: Axis::new(y, labels.1.clone()),
            square: self.equal,
            ..Layout::default()
        };
        let frame = Frame::new(&layout)?;
        self.draw_identity(&frame);
        let drawn = self.draw_points(&frame, &pairs);
        let shows_interval = n >= FEW || self.correlation.is_some();
        let lines = corner_lines(r, shows_interval, rank, n);
        self.draw_corner(&frame, &pairs, &lines);

        let mut text = format!("{} against {}: {}", labels.1, labels.0, lines.join(", "));
        if !self.style.title.is_empty() {
            text = format!("{}: {text}", self.style.title);
        }
        if r.is_none() {
            text += "\nr is undefined: one side is constant or there is only one pair";
        }
        if drawn < n {
            text += &format!(
                "\n{} of {} points drawn (at random; density, r and n are of all)",
                count(drawn),
                count(n)
            );
        }
        if pairs.missing > 0 {
            text += &format!("\n{} pairs without an observation left out", count(pairs.missing));
        }
        let (low, high) = (range_text(&pairs.observed), range_text(&pairs.predicted));
        text += &format!("\n{} {low}; {} {high}", labels.0, labels.1);
        let title = if self.style.title.is_empty() {
            format!("{} against {}", labels.1, labels.0)
        } else {
            self.style.title.clone()
        };
        Ok(Figure::new(frame.finish(), &title, text).caption(&self.style.caption))
    }

    fn pairs(&self) -> Result<Pairs, PlotError> {
        let (first_length, second_length) = (self.observed.len(), self.predicted.len());
        if first_length != second_length {
            let (first, second) = ("observed".into(), "predicted".into());
            return Err(PlotError::Length {
                plot: PLOT,
                first,
                first_length,
                second,
                second_length,
            });
        }
        for (i, (o, p)) in self.observed.iter().zip(&self.predicted).enumerate() {
            if o.is_infinite() {
                return Err(PlotError::value(
                    PLOT,
                    format!("observed value {}", i + 1),
                    o,
                    "a finite number, or NaN where nothing was measured",
                ));
            }
            if !p.is_finite() {
                return Err(PlotError::value(
                    PLOT,
                    format!("predicted value {}", i + 1),
                    p,
                    "a finite number",
                ));
            }
        }
        let kept: Vec<usize> = (0..first_length).filter(|&i| !self.observed[i].is_nan()).collect();
        if kept.is_empty() {
            let why = if first_length == 0 {
                "no values were given".into()
            } else {
                format!("all {first_length} observed values are NaN")
            };
            return Err(PlotError::empty(PLOT, why));
        }
        Ok(Pairs {
            observed: kept.iter().map(|&i| self.observed[i]).collect(),
            predicted: kept.iter().map(|&i| self.predicted[i]).collect(),
            missing: first_length - kept.len(),
        })
    }

    fn draw_identity(&self, frame: &Frame) {
        let (low, high) = (frame.x.0.max(frame.y.0), frame.x.1.min(frame.y.1));
        if self.identity && low < high {
            let stroke = Stroke::new(Theme::SOFT, 1.0).dash(Some("4 3"));
            frame
                .canvas
                .borrow_mut()
                .line(frame.point((low, low)), frame.point((high, high)), stroke);
        }
    }

    fn draw_points(&self, frame: &Frame, pairs: &Pairs) -> usize {
        let n = pairs.observed.len();
        let share = |v: f64, (low, high): (f64, f64)| (v - low) / (high - low);
        let unit: Vec<(f64, f64)> = (0..n)
            .map(|i| (share(pairs.observed[i], frame.x), share(pairs.predicted[i], frame.y)))
            .collect();
        let density = density(&unit);
        let mut chosen: Vec<usize> = (0..n).collect();
        if n > DRAWN {
            Stream::new(self.seed, Purpose::Statistics, 1, 0).shuffle(&mut chosen);
            chosen.truncate(DRAWN);
        }
        chosen.sort_by(|&a, &b| density[a].total_cmp(&density[b]).then(a.cmp(&b)));
        let diameter = match n {
            0..100 => 6.0,
            100..1000 => 4.4,
            _ => 3.4,
        };
        let mut levels: Vec<Vec<(f64, f64)>> = vec![Vec::new(); LEVELS];
        for i in &chosen {
            // The square root spreads the sparse end, where most of the picture is.
            let level = (density[*i].sqrt() * (LEVELS - 1) as f64).round() as usize;
            levels[level.min(LEVELS - 1)].push(frame.point((pairs.observed[*i], pairs.predicted[*i])));
        }
        frame.clipped(|canvas| {
            for (level, points) in levels.iter().enumerate().filter(|(_, p)| !p.is_empty()) {
                let colour = if n < 30 {
                    Theme::SERIES[0].to_string()
                } else {
                    theme::density_colour(level as f64 / (LEVELS - 1) as f64)
                };
                canvas.dots(points, diameter, &colour);
            }
        });
        chosen.len()
    }

    /// The numbers stand in the corner with the fewest points, on a veil of paper.
    fn draw_corner(&self, frame: &Frame, pairs: &Pairs, lines: &[String]) {
        let width = lines.iter().map(|l| theme::text_width(l, theme::SMALL)).fold(0.0, f64::max) + 8.0;
        let height = lines.len() as f64 * 15.0 + 4.0;
        let corners = [
            (frame.left + 5.0, frame.top + 1.0),
            (frame.right - width, frame.bottom - height - 4.0),
            (frame.right - width, frame.top + 1.0),
            (frame.left + 5.0, frame.bottom - height - 4.0),
        ];
        let covered = |(left, top): (f64, f64)| {
            let points = pairs
                .observed
                .iter()
                .zip(&pairs.predicted)
                .map(|(o, p)| frame.point((*o, *p)));
            points
                .filter(|(x, y)| (left..left + width).contains(x) && (top..top + height).contains(y))
                .count()
        };
        let Some(place) = corners.into_iter().min_by_key(|c| covered(*c)) else {
            return;
        };
        let mut canvas = frame.canvas.borrow_mut();
        let (x, y) = (number(place.0 - 2.0), number(place.1));
        let (w, h, paper) = (number(width), number(height), Theme::PAPER);
        canvas.raw(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{paper}\" fill-opacity=\"0.8\"/>"
        ));
        for (i, line) in lines.iter().enumerate() {
            canvas.text(
                (place.0 + 2.0, place.1 + 13.0 + 15.0 * i as f64),
                line,
                Type::new(theme::SMALL, Anchor::Start),
            );
        }
    }
}

fn corner_lines(r: Option<Interval>, shows_interval: bool, rank: Option<f64>, n: usize) -> Vec<String> {
    let mut lines = Vec::new();
    match r {
        Some(r) if !shows_interval => lines.push(format!("r = {}", decimals(r.value))),
        Some(r) => lines.push(format!(
            "r = {} [{}, {}]",
            decimals(r.value),
            decimals(r.low),
            decimals(r.high)
        )),
        None => lines.push("r undefined".into()),
    }
    if let Some(rank) = rank {
        lines.push(format!("rank r = {}", decimals(rank)));
    }
    lines.push(format!("n = {}", count(n)));
    lines
}

fn decimals(r: f64) -> String {
    format!("{r:.3}").replace('-', "\u{2212}")
}

fn range_text(values: &[f64]) -> String {
    let (low, high) = axes::padded(values.iter().copied(), 0.0).unwrap_or((f64::NAN, f64::NAN));
    format!("{} to {}", axes::plain(low), axes::plain(high))
}
