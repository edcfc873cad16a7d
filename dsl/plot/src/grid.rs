//! Several figures in one.

use crate::canvas::{Anchor, Canvas, Type, number};
use crate::{Figure, PlotError};

/// Room for the panel's letter, left of it, in px.
const GUTTER: f64 = 16.0;
/// Room between rows, in px.
const GAP: f64 = 10.0;

impl Figure {
    /// Figures side by side in one SVG, row by row, with panel letters a, b, c. `columns` 0 puts all into one row.
    ///
    /// # Errors
    /// No figures.
    ///
    /// # Example
    /// ```
    /// use cistron_plot::{Figure, histogram};
    /// let panel = histogram(&[1.0, 2.0, 2.5], 3).draw()?;
    /// let both = Figure::grid(&[panel.clone(), panel], 2)?.caption("The same twice.");
    /// assert!(both.text().starts_with("a: "));
    /// # Ok::<(), cistron_plot::PlotError>(())
    /// ```
    pub fn grid(figures: &[Figure], columns: usize) -> Result<Figure, PlotError> {
        if figures.is_empty() {
            return Err(PlotError::empty("grid", "no figures were given"));
        }
        let columns = if columns == 0 {
            figures.len()
        } else {
            columns.min(figures.len())
        };
        let letters = figures.len() > 1;
        let gutter = if letters { GUTTER } else { 0.0 };
        let rows: Vec<&[Figure]> = figures.chunks(columns).collect();
        let widths: Vec<f64> = (0..columns)
            .map(|c| gutter + rows.iter().filter_map(|r| r.get(c)).map(|f| f.width).fold(0.0, f64::max))
            .collect();
        let mut canvas = Canvas::new(widths.iter().sum(), 0.0);
        let (mut y, mut texts) = (0.0, Vec::new());
        for (row_number, row) in rows.iter().enumerate() {
            let mut x = 0.0;
            for (column, figure) in row.iter().enumerate() {
                let letter = panel_letter(row_number * columns + column);
                if letters {
                    canvas.text((x + 4.0, y + 16.0), &letter, Type::new(14.0, Anchor::Start).bold());
                }
                let (w, h) = (number(figure.width), number(figure.height));
                let (left, top) = (number(x + gutter), number(y));
                canvas.raw(&format!(
                    "<svg x=\"{left}\" y=\"{top}\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">"
                ));
                canvas.raw(&figure.body);
                canvas.raw("</svg>");
                texts.push(if letters {
                    format!("{letter}: {}", figure.text())
                } else {
                    figure.text().to_string()
                });
                x += widths[column];
            }
            y += row.iter().map(|f| f.height).fold(0.0, f64::max) + GAP;
        }
        canvas.height = y - GAP;
        let titles: Vec<&str> = figures.iter().map(Figure::title).filter(|t| !t.is_empty()).collect();
        Ok(Figure::new(canvas, &titles.join("; "), texts.join("\n\n")))
    }
}

/// a to z, then aa, ab, ...
fn panel_letter(i: usize) -> String {
    let last = char::from(b'a' + (i % 26) as u8).to_string();
    if i < 26 { last } else { panel_letter(i / 26 - 1) + &last }
}
