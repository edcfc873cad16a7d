//! The SVG that figures are written into: rounded numbers, escaped text, no ids, no style sheets.

use crate::theme;
use cistron_display::{Theme, escape};
use std::fmt::Write;

/// A number as it stands in the SVG: two decimals at most, never `-0`, never something that is no number.
pub(crate) fn number(x: f64) -> String {
    let rounded = (x * 100.0).round() / 100.0;
    if !rounded.is_finite() || rounded == 0.0 {
        "0".into()
    } else {
        format!("{rounded}")
    }
}

/// Where a text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    /// Begins at it.
    Start,
    /// Is centred on it.
    Middle,
    /// Ends at it.
    End,
}

/// How a text is set. Its point is on the base line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Type {
    pub(crate) size: f64,
    pub(crate) anchor: Anchor,
    pub(crate) colour: &'static str,
    pub(crate) bold: bool,
    /// Degrees clockwise.
    pub(crate) rotate: f64,
}

impl Type {
    pub(crate) fn new(size: f64, anchor: Anchor) -> Self {
        Self {
            size,
            anchor,
            colour: Theme::INK,
            bold: false,
            rotate: 0.0,
        }
    }

    pub(crate) fn soft(self) -> Self {
        Self {
            colour: "#666666",
            ..self
        }
    }

    pub(crate) fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(crate) fn rotate(self, degrees: f64) -> Self {
        Self { rotate: degrees, ..self }
    }
}

/// How an outline is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stroke<'a> {
    pub(crate) colour: &'a str,
    pub(crate) width: f64,
    pub(crate) dash: Option<&'a str>,
}

impl<'a> Stroke<'a> {
    pub(crate) fn new(colour: &'a str, width: f64) -> Self {
        Self {
            colour,
            width,
            dash: None,
        }
    }

    pub(crate) fn dash(self, dash: Option<&'a str>) -> Self {
        Self { dash, ..self }
    }

    fn attributes(&self) -> String {
        let dash = self.dash.map(|d| format!(" stroke-dasharray=\"{d}\"")).unwrap_or_default();
        format!(" stroke=\"{}\" stroke-width=\"{}\"{dash}", self.colour, number(self.width))
    }
}

/// The elements of a figure and its size in px.
#[derive(Clone, Debug, Default)]
pub(crate) struct Canvas {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) body: String,
}

impl Canvas {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            body: String::new(),
        }
    }

    /// Adds finished SVG.
    pub(crate) fn raw(&mut self, svg: &str) {
        self.body.push_str(svg);
        self.body.push('\n');
    }

    pub(crate) fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: Stroke<'_>) {
        let (x1, y1, x2, y2) = (number(from.0), number(from.1), number(to.0), number(to.1));
        self.raw(&format!(
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"{}/>",
            stroke.attributes()
        ));
    }

    pub(crate) fn polyline(&mut self, points: &[(f64, f64)], stroke: Stroke<'_>) {
        let points = join(points);
        let attributes = stroke.attributes();
        self.raw(&format!(
            "<polyline points=\"{points}\" fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\"{attributes}/>"
        ));
    }

    pub(crate) fn polygon(&mut self, points: &[(f64, f64)], fill: &str, opacity: f64) {
        self.raw(&format!(
            "<polygon points=\"{}\" fill=\"{fill}\"{}/>",
            join(points),
            opacity_attribute(opacity)
        ));
    }

    pub(crate) fn rect(&mut self, at: (f64, f64), size: (f64, f64), fill: &str, stroke: Option<Stroke<'_>>) {
        let (x, y, w, h) = (number(at.0), number(at.1), number(size.0.max(0.0)), number(size.1.max(0.0)));
        let stroke = stroke.map(|s| s.attributes()).unwrap_or_default();
        self.raw(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" fill=\"{fill}\"{stroke}/>"
        ));
    }

    pub(crate) fn circle(&mut self, centre: (f64, f64), radius: f64, fill: &str, stroke: Option<Stroke<'_>>) {
        let (x, y, r) = (number(centre.0), number(centre.1), number(radius));
        let stroke = stroke.map(|s| s.attributes()).unwrap_or_default();
        self.raw(&format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{fill}\"{stroke}/>"));
    }

    /// Round dots of one colour in one element: each is a line of no length with a round cap.
    pub(crate) fn dots(&mut self, centres: &[(f64, f64)], diameter: f64, colour: &str) {
        let mut path = String::with_capacity(centres.len() * 14);
        for (x, y) in centres {
            let _ = write!(path, "M{} {}h0", number(*x), number(*y));
        }
        let width = number(diameter);
        self.raw(&format!(
            "<path d=\"{path}\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linecap=\"round\" fill=\"none\"/>"
        ));
    }

    pub(crate) fn text(&mut self, at: (f64, f64), text: &str, style: Type) {
        if text.is_empty() {
            return;
        }
        let (x, y) = (number(at.0), number(at.1));
        let anchor = match style.anchor {
            Anchor::Start => "",
            Anchor::Middle => " text-anchor=\"middle\"",
            Anchor::End => " text-anchor=\"end\"",
        };
        let bold = if style.bold { " font-weight=\"600\"" } else { "" };
        let rotate = if style.rotate == 0.0 {
            String::new()
        } else {
            format!(" transform=\"rotate({} {x} {y})\"", number(style.rotate))
        };
        let (size, colour) = (number(style.size), style.colour);
        let text = escape(text);
        self.raw(&format!(
            "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{colour}\"{anchor}{bold}{rotate}>{text}</text>"
        ));
    }

    /// What `inner` draws is cut off outside the rectangle. A nested `svg` does it, for ids of several figures on a page would clash.
    pub(crate) fn clipped(&mut self, at: (f64, f64), size: (f64, f64), inner: impl FnOnce(&mut Self)) {
        let (x, y, w, h) = (number(at.0), number(at.1), number(size.0), number(size.1));
        self.raw(&format!(
            "<svg x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" viewBox=\"{x} {y} {w} {h}\" overflow=\"hidden\">"
        ));
        inner(self);
        self.raw("</svg>");
    }

    /// Several lines of small text, broken at blanks; returns the height they take.
    pub(crate) fn paragraph(&mut self, at: (f64, f64), width: f64, text: &str, style: Type) -> f64 {
        let lines = wrap(text, width, style.size);
        for (i, line) in lines.iter().enumerate() {
            self.text((at.0, at.1 + style.size * (0.9 + 1.35 * i as f64)), line, style);
        }
        style.size * 1.35 * lines.len() as f64
    }
}

pub(crate) fn opacity_attribute(opacity: f64) -> String {
    if opacity >= 1.0 {
        String::new()
    } else {
        format!(" fill-opacity=\"{}\"", number(opacity))
    }
}

fn join(points: &[(f64, f64)]) -> String {
    points
        .iter()
        .map(|(x, y)| format!("{},{}", number(*x), number(*y)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// Breaks a text at blanks into lines that fit the width; a word that is longer stays whole.
pub(crate) fn wrap(text: &str, width: f64, size: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in text.lines() {
        let mut line = String::new();
        for word in part.split_whitespace() {
            let longer = if line.is_empty() {
                word.to_string()
            } else {
                format!("{line} {word}")
            };
            if line.is_empty() || theme::text_width(&longer, size) <= width {
                line = longer;
            } else {
                lines.push(std::mem::replace(&mut line, word.to_string()));
            }
        }
        lines.push(line);
    }
    lines
}
