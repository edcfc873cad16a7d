//! A small table that reads well as text and as HTML.

use crate::{Bundle, Theme, escape};

/// How a column is aligned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Text.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// A table with a title, a head, rows of finished text and footnotes.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// A line above it (may be empty).
    pub title: String,
    /// Column names and alignment.
    pub columns: Vec<(String, Align)>,
    /// Rows, each as long as the head.
    pub rows: Vec<Vec<String>>,
    /// Whether the last row is a total, set apart by a line.
    pub total: bool,
    /// Lines under it.
    pub notes: Vec<String>,
}

impl Table {
    /// A table without rows. A column whose name begins with `>` is aligned to the right.
    ///
    /// ```
    /// let mut table = cistron_display::Table::new("", &["layer", ">parameters"]);
    /// table.row(["conv", "1,216"]);
    /// assert_eq!(table.text(), "layer  parameters\nconv        1,216");
    /// ```
    pub fn new(title: impl Into<String>, columns: &[&str]) -> Self {
        let columns = columns
            .iter()
            .map(|c| match c.strip_prefix('>') {
                Some(name) => (name.to_string(), Align::Right),
                None => ((*c).to_string(), Align::Left),
            })
            .collect();
        Self {
            title: title.into(),
            columns,
            ..Self::default()
        }
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// As plain text: columns two spaces apart, numbers to the right.
    pub fn text(&self) -> String {
        let width = |i: usize| {
            let rows = self.rows.iter().map(|r| r.get(i).map_or(0, |c| c.chars().count()));
            rows.max().unwrap_or(0).max(self.columns[i].0.chars().count())
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let line = |cells: &[String]| {
            let mut out = String::new();
            for (i, (_, align)) in self.columns.iter().enumerate() {
                let cell = cells.get(i).map_or("", String::as_str);
                let pad = " ".repeat(widths[i].saturating_sub(cell.chars().count()));
                if i > 0 {
                    out.push_str("  ");
                }
                match align {
                    Align::Left => out.push_str(&format!("{cell}{pad}")),
                    Align::Right => out.push_str(&format!("{pad}{cell}")),
                }
            }
            out.trim_end().to_string()
        };
        let mut lines = Vec::new();
        if !self.title.is_empty() {
            lines.push(self.title.clone());
        }
        lines.push(line(&self.columns.iter().map(|c| c.0.clone()).collect::<Vec<_>>()));
        for (i, row) in self.rows.iter().enumerate() {
            if self.total && i + 1 == self.rows.len() {
                lines.push("-".repeat(widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1)));
            }
            lines.push(line(row));
        }
        lines.extend(self.notes.iter().cloned());
        lines.join("\n")
    }

    /// As HTML with inline styles only (viewers strip style sheets).
    pub fn html(&self) -> String {
        let mut out = String::from("<div style=\"overflow-x:auto\">");
        if !self.title.is_empty() {
            out.push_str(&format!(
                "<div style=\"font-weight:600;margin:2px 0 4px\">{}</div>",
                escape(&self.title)
            ));
        }
        out.push_str("<table style=\"border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums\"><thead><tr>");
        let cell = |tag: &str, text: &str, align: Align, extra: &str| {
            let side = if align == Align::Right { "right" } else { "left" };
            format!(
                "<{tag} style=\"text-align:{side};padding:2px 10px;white-space:nowrap;{extra}\">{}</{tag}>",
                escape(text)
            )
        };
        let rule = format!("border-bottom:1px solid {};font-weight:600;", Theme::SOFT);
        for (name, align) in &self.columns {
            out.push_str(&cell("th", name, *align, &rule));
        }
        out.push_str("</tr></thead><tbody>");
        for (i, row) in self.rows.iter().enumerate() {
            let last = self.total && i + 1 == self.rows.len();
            let extra = if last {
                format!("border-top:1px solid {};font-weight:600;", Theme::SOFT)
            } else {
                String::new()
            };
            out.push_str("<tr>");
            for (j, (_, align)) in self.columns.iter().enumerate() {
                out.push_str(&cell("td", row.get(j).map_or("", String::as_str), *align, &extra));
            }
            out.push_str("</tr>");
        }
        out.push_str("</tbody></table>");
        for note in &self.notes {
            out.push_str(&format!(
                "<div style=\"font-size:12px;color:{}\">{}</div>",
                Theme::SOFT,
                escape(note)
            ));
        }
        out.push_str("</div>");
        out
    }

    /// Both forms.
    pub fn bundle(&self) -> Bundle {
        Bundle::plain(self.text()).html(self.html())
    }
}
