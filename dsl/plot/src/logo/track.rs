//! Attributions along a sequence, drawn as its letters.

use super::draw::Place;
use super::heat::Heat;
use crate::canvas::{Anchor, Canvas, Stroke, Type};
use crate::style::{Style, style_setters};
use crate::{Figure, PlotError, axes, theme};
use cistron_display::{Table, Theme};

const PLOT: &str = "letters";
/// A narrower letter can't be read; the track is broken into lines before that.
const NARROWEST: f64 = 5.5;
const LINE: f64 = 92.0;

/// A marked site: positions start to end of the sequence, 0-based, half-open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Highlight {
    /// First position.
    pub start: usize,
    /// Position after the last.
    pub end: usize,
    /// Name over the site.
    pub label: String,
}

impl Highlight {
    /// A site from `start` to `end`, 0-based and half-open.
    pub fn new(start: usize, end: usize, label: impl Into<String>) -> Self {
        Self {
            start,
            end,
            label: label.into(),
        }
    }
}

/// A sequence with a value per letter, made by [`letters`].
#[derive(Clone, Debug)]
pub struct Letters {
    sequence: Vec<char>,
    values: Vec<f64>,
    highlights: Vec<Highlight>,
    first: i64,
    heat: Option<Heat>,
    rna: bool,
    style: Style,
}

/// A sequence drawn as letters as high as their values, with marked sites. Long sequences are broken into lines.
///
/// ```
/// # use cistron_plot as plot;
/// let site = plot::Highlight::new(1, 4, "TATA");
/// let figure = plot::letters("GTATAC", &[0.1, 0.8, 0.9, 0.7, 0.9, -0.1], &[site]).y_label("attribution");
/// # figure.draw()?;
/// # Ok::<(), plot::PlotError>(())
/// ```
pub fn letters(sequence: &str, values: &[f64], highlights: &[Highlight]) -> Letters {
    let (sequence, values, highlights) = (sequence.chars().collect(), values.to_vec(), highlights.to_vec());
    Letters {
        sequence,
        values,
        highlights,
        first: 0,
        heat: None,
        rna: false,
        style: Style::default(),
    }
}

/// Where everything stands.
struct Plan {
    left: f64,
    each: f64,
    per_line: usize,
    above: f64,
    line: f64,
    limits: (f64, f64),
}

impl Letters {
    style_setters!();

    /// The number of the first position (0 unless told otherwise).
    #[must_use]
    pub fn first_position(mut self, first: i64) -> Self {
        self.first = first;
        self
    }

    /// A heat map of all four bases (A, C, G, T) under the letters, such as what each substitution changes: blue below 0, red
    /// above, and a dot for NaN, which marks the base that stands there. `label` says what the colours mean.
    #[must_use]
    pub fn heat(mut self, values: &[[f64; 4]], label: impl Into<String>) -> Self {
        self.heat = Some(Heat::new(values, label.into()));
        self
    }

    /// Writes U instead of T beside the heat map.
    #[must_use]
    pub fn rna(mut self) -> Self {
        self.rna = true;
        self
    }

    /// Draws it, 820 px wide and 92 px per line (136 with a heat map) unless asked otherwise.
    ///
    /// # Errors
    /// No letters, another number of values than letters, values that are not finite, a site outside the sequence, bad limits or size.
    pub fn draw(&self) -> Result<Figure, PlotError> {
        self.check()?;
        let n = self.sequence.len();
        let (low, high) = self
            .values
            .iter()
            .fold((0.0_f64, 0.0_f64), |(l, h), v| (l.min(*v), h.max(*v)));
        let pad = if high > low { 0.05 * (high - low) } else { 0.5 };
        let limits = (
            if low < 0.0 { low - pad } else { 0.0 },
            if high > 0.0 || low == 0.0 { high + pad } else { pad },
        );
        let limits = Style::limits(PLOT, "y", self.style.y_limits, limits)?;
        let ticks = axes::ticks(limits, 2);
        let widest = ticks
            .iter()
            .map(|t| theme::text_width(&t.1, theme::SMALL))
            .fold(0.0, f64::max);
        let y_label = self.style.y_label.clone().unwrap_or_else(|| "contribution".into());
        let left = widest + 14.0 + if y_label.is_empty() { 0.0 } else { theme::LABEL + 6.0 };
        let width = self.style.width.unwrap_or(820.0);
        let lines = ((n as f64 * NARROWEST) / (width - left - 12.0).max(NARROWEST))
            .ceil()
            .max(1.0) as usize;
        let per_line = n.div_ceil(lines);
        let above = 6.0
            + if self.style.title.is_empty() {
                0.0
            } else {
                theme::TITLE + 10.0
            };
        let x_label = self.style.x_label.clone().unwrap_or_else(|| "position (bp)".into());
        let below = if x_label.is_empty() && self.heat.is_none() {
            4.0
        } else {
            theme::LABEL + 8.0
        };
        let heat = self.heat_height();
        let wanted = (above + (LINE + heat) * lines as f64 + below).min(10_000.0);
        let (width, height) = self.style.size(PLOT, 820.0, wanted)?;
        let each = ((width - left - 12.0) / per_line as f64).min(26.0);
        let line = (height - above - below) / lines as f64;
        if line < 50.0 + heat || each <= 0.0 {
            return Err(PlotError::value(
                PLOT,
                "the size",
                format!("{width} x {height} px"),
                "at least 50 px of height per line (94 with a heat map); make it larger",
            ));
        }
        let plan = Plan {
            left,
            each,
            per_line,
            above,
            line,
            limits,
        };
        let mut canvas = Canvas::new(width, height);
        canvas.text(
            (8.0, 8.0 + theme::TITLE * 0.9),
            &self.style.title,
            Type::new(theme::TITLE, Anchor::Start).bold(),
        );
        for number in 0..lines {
            self.draw_line(&mut canvas, &plan, number, &ticks);
        }
        let centre = above + line * lines as f64 / 2.0 - 8.0;
        canvas.text(
            (theme::LABEL + 2.0, centre),
            &y_label,
            Type::new(theme::LABEL, Anchor::Middle).rotate(-90.0),
        );
        let free = match &self.heat {
            Some(heat) => heat.legend(&mut canvas, width - 12.0, height - 7.0) - 12.0,
            None => width,
        };
        let half = theme::text_width(&x_label, theme::LABEL) / 2.0;
        let middle = (left + each * per_line.min(n) as f64 / 2.0).min(free - half).max(half);
        canvas.text((middle, height - 7.0), &x_label, Type::new(theme::LABEL, Anchor::Middle));
        let title = if self.style.title.is_empty() {
            y_label
        } else {
            self.style.title.clone()
        };
        let text = self.text(&title);
        Ok(Figure::new(canvas, &title, text).caption(&self.style.caption))
    }

    fn heat_height(&self) -> f64 {
        self.heat.as_ref().map_or(0.0, |_| Heat::height())
    }

    fn check(&self) -> Result<(), PlotError> {
        let n = self.sequence.len();
        if n == 0 {
            return Err(PlotError::empty(PLOT, "the sequence has no letters"));
        }
        if n != self.values.len() {
            let (first, second, second_length) = ("the sequence".into(), "the value list".into(), self.values.len());
            return Err(PlotError::Length {
                plot: PLOT,
                first,
                first_length: n,
                second,
                second_length,
            });
        }
        if let Some((i, bad)) = self.values.iter().enumerate().find(|(_, v)| !v.is_finite()) {
            return Err(PlotError::value(
                PLOT,
                format!("the value at position {i}"),
                bad,
                "a finite number",
            ));
        }
        if let Some(site) = self.highlights.iter().find(|h| h.start >= h.end || h.end > n) {
            let found = format!("{} to {}", site.start, site.end);
            return Err(PlotError::value(
                PLOT,
                format!("the site \"{}\"", site.label),
                found,
                "a start before its end, both inside the sequence",
            ));
        }
        self.heat.as_ref().map_or(Ok(()), |heat| heat.check(PLOT, n))
    }

    fn draw_line(&self, canvas: &mut Canvas, plan: &Plan, number: usize, ticks: &[(f64, String)]) {
        let (from, to) = (
            number * plan.per_line,
            ((number + 1) * plan.per_line).min(self.sequence.len()),
        );
        let top = plan.above + plan.line * number as f64 + 16.0;
        let floor = plan.above + plan.line * (number + 1) as f64 - 20.0;
        let bottom = floor - self.heat_height();
        let per_unit = (bottom - top) / (plan.limits.1 - plan.limits.0);
        let place = Place {
            left: plan.left,
            each: plan.each,
            zero: bottom + plan.limits.0 * per_unit,
            per_unit,
        };
        let right = plan.left + plan.each * (to - from) as f64;
        for site in self.highlights.iter().filter(|h| h.start < to && h.end > from) {
            let (a, b) = (site.start.max(from) - from, site.end.min(to) - from);
            let (x, w) = (plan.left + plan.each * a as f64, plan.each * (b - a) as f64);
            canvas.rect(
                (x, top),
                (w, bottom - top),
                theme::MARK,
                Some(Stroke::new(theme::MARK_EDGE, 0.7)),
            );
            if site.start >= from {
                let half = theme::text_width(&site.label, 10.0) / 2.0;
                let at = (x + w / 2.0)
                    .max(plan.left + half)
                    .min((canvas.width - 4.0 - half).max(plan.left + half));
                canvas.text((at, top - 4.0), &site.label, Type::new(10.0, Anchor::Middle).soft());
            }
        }
        for (i, (base, value)) in self.sequence[from..to].iter().zip(&self.values[from..to]).enumerate() {
            let value = value.clamp(plan.limits.0, plan.limits.1);
            place.letter(canvas, *base, i, value.min(0.0), value.max(0.0));
        }
        let hair = Stroke::new(Theme::INK, theme::HAIR);
        canvas.line((plan.left, place.zero), (right, place.zero), hair);
        canvas.line((plan.left - 3.0, top), (plan.left - 3.0, bottom), hair);
        for (at, label) in ticks {
            let y = place.zero - at * per_unit;
            canvas.line((plan.left - 6.0, y), (plan.left - 3.0, y), hair);
            canvas.text((plan.left - 8.0, y + 4.0), label, Type::new(theme::SMALL, Anchor::End));
        }
        if let Some(heat) = &self.heat {
            heat.strip(canvas, (plan.left, bottom), plan.each, from..to, self.rna);
        }
        let every = axes::step((0.0, (plan.per_line as f64).max(2.0)), 10).max(1.0) as i64;
        for i in from..to {
            let position = self.first + i as i64;
            if position % every == 0 {
                let x = plan.left + plan.each * ((i - from) as f64 + 0.5);
                canvas.line((x, floor), (x, floor + 3.0), hair);
                canvas.text(
                    (x, floor + 14.0),
                    &position.to_string().replace('-', "\u{2212}"),
                    Type::new(10.0, Anchor::Middle).soft(),
                );
            }
        }
    }

    fn text(&self, title: &str) -> String {
        let n = self.sequence.len();
        let sum: f64 = self.values.iter().sum();
        let heading = format!("{title}: {n} letters, values sum to {}", axes::plain(sum));
        let heading = match &self.heat {
            Some(heat) => format!("{heading}\n{}", heat.text()),
            None => heading,
        };
        let sequence: String = self.sequence.iter().collect();
        if self.highlights.is_empty() {
            return format!("{heading}\n{sequence}");
        }
        let marks: String = (0..n)
            .map(|i| {
                if self.highlights.iter().any(|h| (h.start..h.end).contains(&i)) {
                    '^'
                } else {
                    ' '
                }
            })
            .collect();
        let mut table = Table::new(
            format!("{heading}\n{sequence}\n{}", marks.trim_end()),
            &["site", ">start", ">end", "letters", ">sum of values"],
        );
        for site in &self.highlights {
            let part: String = self.sequence[site.start..site.end].iter().collect();
            let sum: f64 = self.values[site.start..site.end].iter().sum();
            let shift = |at: usize| (self.first + at as i64).to_string();
            table.row([site.label.clone(), shift(site.start), shift(site.end), part, axes::plain(sum)]);
        }
        table.text()
    }
}
