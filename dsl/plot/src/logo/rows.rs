//! Rows of logos, each beside the motif it resembles.

use super::draw::Place;
use super::single::{LogoScale, alphabet, describe};
use crate::canvas::{Anchor, Canvas, Stroke, Type, wrap};
use crate::style::{Style, style_setters};
use crate::{Figure, PlotError, axes, theme};
use cistron_display::Theme;

const PLOT: &str = "logos";
const ROW: f64 = 64.0;
const AXIS: f64 = 32.0;

/// A logo with a name, a remark, and the motif it is compared with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogoRow {
    /// What it is.
    pub name: String,
    /// One row per position, columns A, C, G, T.
    pub matrix: Vec<[f64; 4]>,
    /// A remark under the name, such as the similarity.
    pub note: String,
    /// Name and matrix of the motif that stands beside it.
    pub compare: Option<(String, Vec<[f64; 4]>)>,
    /// The position of this logo at which the compared motif begins; negative where that begins before it.
    pub offset: isize,
}

impl LogoRow {
    /// A row without remark and comparison.
    pub fn new(name: impl Into<String>, matrix: &[[f64; 4]]) -> Self {
        Self {
            name: name.into(),
            matrix: matrix.to_vec(),
            ..Self::default()
        }
    }

    /// With a remark under the name.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// Beside this motif.
    #[must_use]
    pub fn compare(mut self, name: impl Into<String>, matrix: &[[f64; 4]]) -> Self {
        self.compare = Some((name.into(), matrix.to_vec()));
        self
    }

    /// The compared motif begins at this position of the logo (negative: before it); the one that begins later is moved to
    /// the right, so that what is alike stands at the same place of both columns.
    #[must_use]
    pub fn offset(mut self, offset: isize) -> Self {
        self.offset = offset;
        self
    }

    /// The free positions before the logo and before the compared motif.
    fn starts(&self) -> (usize, usize) {
        match self.compare {
            Some(_) => (self.offset.min(0).unsigned_abs(), self.offset.max(0).unsigned_abs()),
            None => (0, 0),
        }
    }

    /// The positions that both columns need.
    fn positions(&self) -> usize {
        let (own, compared) = self.starts();
        let other = self.compare.as_ref().map_or(0, |c| compared + c.1.len());
        other.max(own + self.matrix.len())
    }
}

/// Rows of logos, made by [`logos`].
#[derive(Clone, Debug)]
pub struct Logos {
    rows: Vec<LogoRow>,
    scale: LogoScale,
    rna: bool,
    heads: (String, String),
    style: Style,
}

/// Logos one under the other on one scale, each with its name, remark and the motif it resembles.
///
/// ```
/// # use cistron_plot as plot;
/// let (found, known) = ([[0.9, 0.0, 0.1, 0.0], [0.0, 0.0, 1.0, 0.0]], [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0]]);
/// let row = plot::LogoRow::new("filter 3", &found).note("q = 0.01").compare("known", &known);
/// let figure = plot::logos(&[row]);
/// # figure.draw()?;
/// # Ok::<(), plot::PlotError>(())
/// ```
pub fn logos(rows: &[LogoRow]) -> Logos {
    Logos {
        rows: rows.to_vec(),
        scale: LogoScale::Bits,
        rna: false,
        heads: Default::default(),
        style: Style::default(),
    }
}

impl Logos {
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

    /// Heads of both columns, such as "learned" and "planted".
    #[must_use]
    pub fn heads(mut self, found: impl Into<String>, compared: impl Into<String>) -> Self {
        self.heads = (found.into(), compared.into());
        self
    }

    /// Draws it, 420 px wide without comparisons and with them 640 and the room for their names, 64 px per row unless asked otherwise.
    ///
    /// # Errors
    /// No rows, a matrix without positions, values that are not finite, negative shares, a bad size.
    pub fn draw(&self) -> Result<Figure, PlotError> {
        if self.rows.is_empty() {
            return Err(PlotError::empty(PLOT, "no rows were given"));
        }
        let compared = self.rows.iter().any(|r| r.compare.is_some());
        let heads = if self.heads.0.is_empty() && self.heads.1.is_empty() {
            0.0
        } else {
            18.0
        };
        let title = if self.style.title.is_empty() {
            0.0
        } else {
            theme::TITLE + 10.0
        };
        let above = 6.0 + title + heads;
        let wanted = above + ROW * self.rows.len() as f64 + 6.0;
        let aside = self.aside();
        let usual = if compared { 640.0 + aside } else { 420.0 };
        let (width, height) = self.style.size(PLOT, usual, wanted.clamp(80.0, 10_000.0))?;
        let aside = aside.min(width * 0.25);
        let row = (height - above - 6.0) / self.rows.len() as f64;
        let name_room = self.name_room(width);
        let positions = self.rows.iter().map(LogoRow::positions).max().unwrap_or(1);
        let columns = if compared { 2.0 } else { 1.0 };
        let room = (width - name_room - aside - 10.0) / columns - AXIS - 14.0;
        if room < 20.0 || row < 24.0 {
            return Err(PlotError::value(
                PLOT,
                "the size",
                format!("{width} x {height} px"),
                "room for the logos; make it larger",
            ));
        }
        let each = (room / positions.max(1) as f64).min(row * 0.62);
        let mut canvas = Canvas::new(width, height);
        canvas.text(
            (8.0, 8.0 + theme::TITLE * 0.9),
            &self.style.title,
            Type::new(theme::TITLE, Anchor::Start).bold(),
        );
        let lefts = [name_room + AXIS, name_room + AXIS * 2.0 + 14.0 + room];
        for (left, head) in lefts.into_iter().zip([&self.heads.0, &self.heads.1]) {
            canvas.text((left, above - 4.0), head, Type::new(theme::SMALL, Anchor::Start).soft());
        }
        let limits = self.limits()?;
        let mut text = Vec::new();
        for (i, entry) in self.rows.iter().enumerate() {
            let top = above + row * i as f64;
            let lines = self.labels(entry, name_room);
            let start = top + row / 2.0 - (lines.len() as f64 - 1.0) * 7.0 + 4.0;
            for (k, (line, soft)) in lines.iter().enumerate() {
                let style = Type::new(theme::SMALL, Anchor::Start);
                canvas.text(
                    (8.0, start + 14.0 * k as f64),
                    line,
                    if *soft { style.soft() } else { style.bold() },
                );
            }
            let (start, compared) = entry.starts();
            let mut draw = |name: &str, matrix: &[[f64; 4]], left: f64, start: usize| {
                self.one(&mut canvas, name, (matrix, start), (left, top), (each, row), limits)
            };
            let mut words = format!("{}: {}", entry.name, draw(&entry.name, &entry.matrix, lefts[0], start)?);
            if let Some((name, matrix)) = &entry.compare {
                words += &format!("; beside {name}: {}", draw(name, matrix, lefts[1], compared)?);
                let right = lefts[1] + each * (compared + matrix.len()) as f64 + 8.0;
                let lines = within(name, width - right - 6.0);
                let start = top + row / 2.0 - (lines.len() as f64 - 1.0) * 7.0 + 4.0;
                for (k, line) in lines.iter().enumerate() {
                    let at = (right, start + 14.0 * k as f64);
                    canvas.text(at, line, Type::new(theme::SMALL, Anchor::Start));
                }
            }
            if !entry.note.is_empty() {
                words += &format!("; {}", entry.note);
            }
            text.push(words);
        }
        let title = if self.style.title.is_empty() {
            "logos".to_string()
        } else {
            self.style.title.clone()
        };
        let text = format!("{title}\n{}", text.join("\n"));
        Ok(Figure::new(canvas, &title, text).caption(&self.style.caption))
    }

    /// One scale for all rows.
    fn limits(&self) -> Result<(f64, f64), PlotError> {
        let mut limits = self.scale.limits(&[]);
        if self.scale == LogoScale::Values {
            limits = (0.0, 0.0);
            for (name, matrix) in self
                .rows
                .iter()
                .flat_map(|r| [Some((&r.name, &r.matrix)), r.compare.as_ref().map(|c| (&c.0, &c.1))])
                .flatten()
            {
                let own = self.scale.limits(&self.scale.heights(PLOT, name, matrix)?);
                limits = (limits.0.min(own.0), limits.1.max(own.1));
            }
        }
        Style::limits(PLOT, "y", self.style.y_limits, limits)
    }

    fn name_room(&self, width: f64) -> f64 {
        let texts = self.rows.iter().flat_map(|r| [&r.name, &r.note]);
        let widest = texts.map(|t| theme::text_width(t, theme::SMALL) * 1.06).fold(0.0, f64::max);
        (widest + 22.0).min(width * 0.3)
    }

    /// The room behind the widest logo of the second column that names of compared motifs take.
    fn aside(&self) -> f64 {
        let names = self.rows.iter().filter_map(|r| r.compare.as_ref()).map(|c| &c.0);
        let widest = names
            .map(|name| theme::text_width(name, theme::SMALL) + 6.0)
            .fold(0.0, f64::max);
        widest.min(150.0)
    }

    /// The name and the remark, broken to fit; the flag says which is the remark.
    fn labels(&self, entry: &LogoRow, room: f64) -> Vec<(String, bool)> {
        let lines = |text: &str, soft: bool| -> Vec<(String, bool)> {
            wrap(text, room - 14.0, theme::SMALL * 1.04)
                .into_iter()
                .filter(|l| !l.is_empty())
                .map(|l| (l, soft))
                .collect()
        };
        [lines(&entry.name, false), lines(&entry.note, true)].concat()
    }

    /// Draws one logo with its small axis, so many free positions before it, and says what it shows.
    fn one(
        &self,
        canvas: &mut Canvas,
        name: &str,
        (matrix, start): (&[[f64; 4]], usize),
        (left, top): (f64, f64),
        (each, row): (f64, f64),
        limits: (f64, f64),
    ) -> Result<String, PlotError> {
        let heights = self.scale.heights(PLOT, name, matrix)?;
        let (high, low) = (top + 10.0, top + row - 6.0);
        let per_unit = (low - high) / (limits.1 - limits.0);
        let place = Place {
            left,
            each,
            zero: low + limits.0 * per_unit,
            per_unit,
        };
        let letters = alphabet(self.rna);
        for (i, stack) in heights.iter().enumerate() {
            place.stack(canvas, start + i, *stack, letters);
        }
        let hair = Stroke::new(Theme::INK, theme::HAIR);
        let axis = left - 3.0;
        canvas.line((axis, high), (axis, low), hair);
        canvas.line(
            (axis, place.zero),
            (left + each * (start + heights.len()) as f64, place.zero),
            hair,
        );
        let unit = if self.scale == LogoScale::Bits { " bits" } else { "" };
        let ends = match self.scale {
            LogoScale::Values => vec![(0.0, "0".to_string())],
            _ => vec![(0.0, "0".to_string()), (limits.1, axes::plain(limits.1) + unit)],
        };
        for (at, label) in ends {
            let y = place.zero - at * per_unit;
            canvas.line((axis - 3.0, y), (axis, y), hair);
            canvas.text((axis - 5.0, y + 3.2), &label, Type::new(9.0, Anchor::End).soft());
        }
        Ok(describe(&heights, self.scale, letters))
    }
}

/// A name in lines of this width: broken between words, and within a word that is longer than a line.
fn within(name: &str, width: f64) -> Vec<String> {
    let mut lines = Vec::new();
    for line in wrap(name, width, theme::SMALL) {
        let mut part = String::new();
        for letter in line.chars() {
            part.push(letter);
            if part.chars().count() > 1 && theme::text_width(&part, theme::SMALL) > width {
                part.pop();
                lines.push(std::mem::replace(&mut part, letter.to_string()));
            }
        }
        lines.push(part);
    }
    lines
}
