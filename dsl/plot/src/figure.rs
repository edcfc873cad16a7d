//! The finished figure.

use crate::canvas::{Anchor, Canvas, Type, number};
use crate::{Backend, PlotError, theme};
use cistron_display::{Bundle, Show, Theme, escape, show_result};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use std::cell::RefCell;
use std::io::Write;
use std::path::Path;
use std::rc::Rc;

/// A figure: an SVG with real text, and the same in words and numbers.
///
/// At the end of a cell it shows itself; [`Figure::save`] writes the file for the paper.
#[derive(Clone, PartialEq)]
pub struct Figure {
    pub(crate) width: f64,
    pub(crate) height: f64,
    pub(crate) body: String,
    title: String,
    text: String,
}

impl Figure {
    pub(crate) fn new(canvas: Canvas, title: &str, text: String) -> Self {
        Self {
            width: canvas.width,
            height: canvas.height,
            body: canvas.body,
            title: title.to_string(),
            text,
        }
    }

    /// Anything that plotters can draw, in a figure of this size in px.
    ///
    /// # Errors
    /// What the closure returns, as [`PlotError::Plotters`].
    ///
    /// # Example
    /// ```
    /// use plotters::prelude::*;
    /// let figure = cistron_plot::Figure::plotters(200, 100, "a diagonal", |root| {
    ///     root.draw(&PathElement::new(vec![(10, 90), (100, 50), (190, 10)], BLUE.stroke_width(2)))
    /// })?;
    /// assert!(figure.svg().contains("10,90 100,50 190,10"));
    /// # Ok::<(), cistron_plot::PlotError>(())
    /// ```
    pub fn plotters<E: std::fmt::Display>(
        width: u32,
        height: u32,
        title: impl Into<String>,
        draw: impl FnOnce(&DrawingArea<Backend, Shift>) -> Result<(), E>,
    ) -> Result<Self, PlotError> {
        let canvas = Rc::new(RefCell::new(Canvas::new(f64::from(width), f64::from(height))));
        let area = Backend::new(Rc::clone(&canvas), 1).into_drawing_area();
        draw(&area).map_err(|e| PlotError::Plotters(e.to_string()))?;
        let title = title.into();
        let text = format!("{title} (a drawing of {width} x {height} px)");
        let canvas = canvas.borrow().clone();
        Ok(Self::new(canvas, &title, text))
    }

    /// The figure as a complete SVG document.
    pub fn svg(&self) -> String {
        let (w, h) = (number(self.width), number(self.height));
        let label = escape(&self.title);
        let (font, size, paper) = (Theme::FONT, Theme::FONT_SIZE, Theme::PAPER);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" role=\"img\" \
             aria-label=\"{label}\" font-family=\"{font}\" font-size=\"{size}\" style=\"max-width:100%;height:auto\">\n\
             <rect width=\"{w}\" height=\"{h}\" fill=\"{paper}\"/>\n{}</svg>\n",
            self.body
        )
    }

    /// What the figure shows, in words and numbers.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Width in px.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// Height in px, with the caption.
    pub fn height(&self) -> f64 {
        self.height
    }

    /// The figure with a text under it.
    #[must_use]
    pub fn caption(self, caption: &str) -> Self {
        if caption.is_empty() {
            return self;
        }
        let mut canvas = Canvas {
            width: self.width,
            height: self.height,
            body: self.body,
        };
        let style = Type::new(theme::SMALL, Anchor::Start);
        let used = canvas.paragraph((8.0, self.height + 4.0), self.width - 16.0, caption, style);
        canvas.height += used + 10.0;
        Self::new(canvas, &self.title, format!("{}\n{caption}", self.text))
    }

    /// Writes the SVG; what was there is replaced at once or not at all.
    ///
    /// # Errors
    /// A name that does not end in `.svg`, or a folder that can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        let path = path.as_ref();
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if !ending.eq_ignore_ascii_case("svg") {
            let found = if ending.is_empty() {
                "a name without an ending".to_string()
            } else {
                format!(".{ending}")
            };
            return Err(PlotError::Extension {
                path: path.into(),
                found,
            });
        }
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(format!(".{}.tmp", std::process::id()));
        let temporary = Path::new(&temporary);
        let write = || {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let mut file = std::fs::File::create(temporary)?;
            file.write_all(self.svg().as_bytes())?;
            file.sync_all()?;
            std::fs::rename(temporary, path)
        };
        write().map_err(|source| {
            let _ = std::fs::remove_file(temporary);
            PlotError::Write {
                path: path.into(),
                source,
            }
        })
    }

    /// Shows the figure as a cell's value (stock evcxr calls this).
    pub fn evcxr_display(&self) {
        show_result(&self.bundle());
    }
}

impl Show for Figure {
    fn bundle(&self) -> Bundle {
        Bundle::plain(self.text.clone()).svg(self.svg())
    }
}

impl std::fmt::Debug for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Figure({} x {} px: {})",
            number(self.width),
            number(self.height),
            self.text.lines().next().unwrap_or_default()
        )
    }
}
