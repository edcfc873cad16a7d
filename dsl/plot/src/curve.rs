//! Lines over epochs or any other x.

use crate::canvas::{Anchor, Canvas, Stroke, Type};
use crate::frame::{Axis, Frame, Layout, Map};
use crate::style::{Style, style_setters};
use crate::{Figure, PlotError, axes, theme};
use cistron_display::{Table, Theme, significant};

const PLOT: &str = "curve";

/// The ends of an axis.
type Range = (f64, f64);

/// A line: its name and its points in the order in which they are joined. A NaN breaks the line.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The name in the legend.
    pub name: String,
    /// Points (x, y).
    pub points: Vec<(f64, f64)>,
}

impl Series {
    /// A series of points (x, y).
    pub fn new(name: impl Into<String>, points: &[(f64, f64)]) -> Self {
        Self {
            name: name.into(),
            points: points.to_vec(),
        }
    }

    /// One value per epoch, the first at epoch 1.
    pub fn by_epoch(name: impl Into<String>, values: &[f64]) -> Self {
        let points = values.iter().enumerate().map(|(i, v)| ((i + 1) as f64, *v)).collect();
        Self {
            name: name.into(),
            points,
        }
    }

    fn finite(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite())
    }
}

/// A figure of lines, made by [`curve`].
#[derive(Clone, Debug)]
pub struct Curve {
    series: Vec<Series>,
    best: Option<f64>,
    style: Style,
}

/// Lines, such as the loss of both splits over epochs.
///
/// ```
/// # use cistron_plot as plot;
/// let train = plot::Series::by_epoch("training", &[0.9, 0.5, 0.3]);
/// let valid = plot::Series::by_epoch("validation", &[0.8, 0.6, 0.7]);
/// let figure = plot::curve(&[train, valid]).best(2.0).y_label("loss");
/// # figure.draw()?;
/// # Ok::<(), plot::PlotError>(())
/// ```
pub fn curve(series: &[Series]) -> Curve {
    Curve {
        series: series.to_vec(),
        best: None,
        style: Style::default(),
    }
}

impl Curve {
    style_setters!();

    /// Marks the best epoch.
    #[must_use]
    pub fn best(mut self, x: f64) -> Self {
        self.best = Some(x);
        self
    }

    /// Draws it, 420 x 300 px unless asked otherwise.
    ///
    /// # Errors
    /// No series, no finite point, infinite values, bad limits or size.
    pub fn draw(&self) -> Result<Figure, PlotError> {
        let size = self.style.size(PLOT, 420.0, 300.0)?;
        let (x_limits, y_limits) = self.limits()?;
        let x_label = self.style.x_label.clone().unwrap_or_else(|| "epoch".into());
        let y_label = self.style.y_label.clone().unwrap_or_default();
        let mut x = Axis::new(x_limits, x_label.clone());
        if self.series.iter().all(|s| s.finite().all(|p| p.0.fract() == 0.0)) {
            x.ticks = Some(axes::whole_ticks(x_limits, ((size.0 - 80.0) / 60.0) as usize));
        }
        let mark = if self.best.is_some() { theme::SMALL + 5.0 } else { 0.0 };
        let mut layout = Layout {
            size,
            title: self.style.title.clone(),
            x,
            y: Axis::new(y_limits, y_label),
            head: mark,
            ..Layout::default()
        };
        let named = self.series.len() > 1 || self.series.iter().any(|s| !s.name.is_empty());
        let mut frame = Frame::new(&layout)?;
        let mut legend = named.then(|| self.legend_place(&frame)).flatten();
        if named && legend.is_none() {
            // No corner is free: the legend gets a strip of its own above the data.
            let strip = self.strip_rows(frame.right - frame.left).len() as f64 * 16.0;
            layout.head += strip;
            frame = Frame::new(&layout)?;
            legend = None;
        }
        self.draw_best(&frame);
        frame.clipped(|canvas| self.draw_lines(&frame, canvas));
        if named {
            self.draw_legend(&frame, legend, layout.head);
        }
        let figure = Figure::new(frame.finish(), &self.title_text(), self.text(&x_label));
        Ok(figure.caption(&self.style.caption))
    }

    fn limits(&self) -> Result<(Range, Range), PlotError> {
        if self.series.is_empty() {
            return Err(PlotError::empty(PLOT, "no series was given"));
        }
        for series in &self.series {
            if let Some((i, point)) = series
                .points
                .iter()
                .enumerate()
                .find(|(_, p)| p.0.is_infinite() || p.1.is_infinite())
            {
                let what = format!("point {} of \"{}\"", i + 1, series.name);
                return Err(PlotError::value(
                    PLOT,
                    what,
                    format!("({}, {})", point.0, point.1),
                    "finite numbers (NaN leaves a gap)",
                ));
            }
        }
        let all = || self.series.iter().flat_map(Series::finite);
        let none = || {
            let points: usize = self.series.iter().map(|s| s.points.len()).sum();
            let why = if points == 0 {
                "the series have no points yet".into()
            } else {
                format!("all {points} points are NaN")
            };
            PlotError::empty(PLOT, why)
        };
        let x = axes::padded(all().map(|p| p.0).chain(self.best.filter(|b| b.is_finite())), 0.02).ok_or_else(none)?;
        let y = axes::padded(all().map(|p| p.1), 0.06).ok_or_else(none)?;
        Ok((
            Style::limits(PLOT, "x", self.style.x_limits, x)?,
            Style::limits(PLOT, "y", self.style.y_limits, y)?,
        ))
    }

    fn draw_lines(&self, map: &Map, canvas: &mut Canvas) {
        for (i, series) in self.series.iter().enumerate() {
            let colour = theme::series_colour(i);
            for run in series
                .points
                .split(|p| p.0.is_nan() || p.1.is_nan())
                .filter(|r| !r.is_empty())
            {
                let points: Vec<_> = run.iter().map(|p| map.point(*p)).collect();
                match points.as_slice() {
                    [only] => canvas.circle(*only, 2.5, colour, None),
                    _ => canvas.polyline(&points, Stroke::new(colour, theme::STROKE).dash(theme::series_dash(i))),
                }
            }
        }
    }

    fn draw_best(&self, frame: &Frame) {
        let Some(best) = self.best.filter(|b| b.is_finite()) else {
            return;
        };
        let x = frame.px(best);
        if x < frame.left - 1.0 || x > frame.right + 1.0 {
            return;
        }
        let mut canvas = frame.canvas.borrow_mut();
        let top = frame.top;
        canvas.line((x, top), (x, frame.bottom), Stroke::new(Theme::SOFT, 1.0).dash(Some("2 3")));
        let text = format!("best: {}", axes::plain(best));
        let half = theme::text_width(&text, theme::SMALL) / 2.0;
        let at = x.clamp(frame.left + half, (frame.right - half).max(frame.left + half));
        canvas.text((at, top - 4.0), &text, Type::new(theme::SMALL, Anchor::Middle).soft());
        if let Some(series) = self.series.last()
            && let Some(point) = series.finite().find(|p| p.0 == best)
        {
            canvas.circle(
                (x, frame.py(point.1)),
                3.5,
                Theme::PAPER,
                Some(Stroke::new(theme::series_colour(self.series.len() - 1), 1.6)),
            );
        }
    }

    /// The size of the legend as a box.
    fn legend_size(&self) -> (f64, f64) {
        let widest = self
            .series
            .iter()
            .map(|s| theme::text_width(&s.name, theme::SMALL))
            .fold(0.0, f64::max);
        (widest + 34.0, self.series.len() as f64 * 16.0 + 4.0)
    }

    /// The corner of the data's rectangle that no line and no mark passes, upper left of the box.
    fn legend_place(&self, frame: &Frame) -> Option<(f64, f64)> {
        let (w, h) = self.legend_size();
        let (lefts, tops) = (
            [frame.right - w - 2.0, frame.left + 6.0, (frame.left + frame.right - w) / 2.0],
            [frame.top + 2.0, frame.bottom - h - 4.0],
        );
        let corners = tops.into_iter().flat_map(|t| lefts.into_iter().map(move |l| (l, t)));
        corners.into_iter().filter(|(l, _)| *l >= frame.left).find(|(left, top)| {
            let inside = |(x, y): (f64, f64)| x > left - 5.0 && x < left + w + 3.0 && y > top - 5.0 && y < top + h + 5.0;
            let crossed = self.series.iter().any(|s| {
                let points: Vec<_> = s.points.iter().map(|p| frame.point(*p)).collect();
                points.iter().any(|p| inside(*p))
                    || points
                        .windows(2)
                        .any(|w| (0..=64).any(|i| inside(between(w[0], w[1], f64::from(i) / 64.0))))
            });
            let marked = self.best.is_some_and(|b| (left - 3.0..left + w + 3.0).contains(&frame.px(b)));
            !crossed && !marked
        })
    }

    /// Which series stand in which row when the legend is a strip of this width.
    fn strip_rows(&self, width: f64) -> Vec<Vec<usize>> {
        let mut rows: Vec<Vec<usize>> = Vec::new();
        let mut used = f64::INFINITY;
        for (i, series) in self.series.iter().enumerate() {
            let needed = theme::text_width(&series.name, theme::SMALL) + 40.0;
            if used + needed > width {
                rows.push(Vec::new());
                used = 0.0;
            }
            if let Some(row) = rows.last_mut() {
                row.push(i);
            }
            used += needed;
        }
        rows
    }

    fn draw_legend(&self, frame: &Frame, place: Option<(f64, f64)>, head: f64) {
        let mut canvas = frame.canvas.borrow_mut();
        let mut entry = |i: usize, x: f64, y: f64| {
            let stroke = Stroke::new(theme::series_colour(i), theme::STROKE + 0.4).dash(theme::series_dash(i));
            canvas.line((x, y), (x + 20.0, y), stroke);
            canvas.text(
                (x + 26.0, y + theme::SMALL * 0.36),
                &self.series[i].name,
                Type::new(theme::SMALL, Anchor::Start),
            );
        };
        if let Some((left, top)) = place {
            for i in 0..self.series.len() {
                entry(i, left, top + 10.0 + 16.0 * i as f64);
            }
            return;
        }
        for (r, row) in self.strip_rows(frame.right - frame.left).iter().enumerate() {
            let mut x = frame.left;
            for &i in row {
                entry(i, x, frame.top - head + 8.0 + 16.0 * r as f64);
                x += theme::text_width(&self.series[i].name, theme::SMALL) + 40.0;
            }
        }
    }

    fn title_text(&self) -> String {
        if self.style.title.is_empty() {
            self.style.y_label.clone().unwrap_or_else(|| "curve".into())
        } else {
            self.style.title.clone()
        }
    }

    fn text(&self, x_label: &str) -> String {
        let best = self.best.map(|b| format!(", best at {}", axes::plain(b))).unwrap_or_default();
        let mut table = Table::new(
            format!("{} over {x_label}{best}", self.title_text()),
            &["series", ">points", ">first", ">last", ">lowest", ">at", ">highest", ">at"],
        );
        for series in &self.series {
            let finite: Vec<(f64, f64)> = series.finite().collect();
            let low = finite.iter().min_by(|a, b| a.1.total_cmp(&b.1));
            let high = finite.iter().max_by(|a, b| a.1.total_cmp(&b.1));
            let y = |p: Option<&(f64, f64)>| p.map_or("-".into(), |p| significant(p.1, 4));
            let x = |p: Option<&(f64, f64)>| p.map_or("-".into(), |p| axes::plain(p.0));
            table.row([
                series.name.clone(),
                finite.len().to_string(),
                y(finite.first()),
                y(finite.last()),
                y(low),
                x(low),
                y(high),
                x(high),
            ]);
        }
        table.text()
    }
}

fn between(a: (f64, f64), b: (f64, f64), share: f64) -> (f64, f64) {
    (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share)
}
