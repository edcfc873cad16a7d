//! A small table as text and as HTML.

use crate::html::escape;
use serde_json::{Value, json};

/// The grey of secondary text, which reads on light and on dark pages.
const SOFT: &str = "#8a8a8a";

/// A table; numbers stand to the right in columns whose name begins with `>`.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) columns: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    /// Lines under it.
    pub(super) notes: Vec<String>,
}

impl Table {
    pub(super) fn new(columns: &[&'static str]) -> Self {
        Self {
            columns: columns.to_vec(),
            ..Self::default()
        }
    }

    /// Leaves out columns that are empty in all rows.
    pub(super) fn without_empty_columns(mut self) -> Self {
        for index in (0..self.columns.len()).rev() {
            if !self.rows.is_empty() && self.rows.iter().all(|row| row[index].is_empty()) {
                self.columns.remove(index);
                self.rows.iter_mut().for_each(|row| _ = row.remove(index));
            }
        }
        self
    }

    fn name(&self, column: usize) -> &str {
        self.columns[column].trim_start_matches('>')
    }

    fn is_right(&self, column: usize) -> bool {
        self.columns[column].starts_with('>')
    }

    fn text(&self) -> String {
        let widths: Vec<usize> = (0..self.columns.len())
            .map(|i| {
                let rows = self.rows.iter().map(|row| row[i].chars().count());
                rows.max().unwrap_or(0).max(self.name(i).chars().count())
            })
            .collect();
        let line = |cell: &dyn Fn(usize) -> String| {
            let cells: Vec<String> = (0..self.columns.len())
                .map(|i| {
                    let (text, width) = (cell(i), widths[i]);
                    if self.is_right(i) {
                        format!("{text:>width$}")
                    } else {
                        format!("{text:width$}")
                    }
                })
                .collect();
            cells.join("  ").trim_end().to_string()
        };
        let mut lines = Vec::new();
        if !self.rows.is_empty() {
            lines.push(line(&|i| self.name(i).to_string()));
            lines.extend(self.rows.iter().map(|row| line(&|i| row[i].clone())));
        }
        lines.extend(self.notes.iter().cloned());
        lines.join("\n")
    }

    fn html(&self) -> String {
        let mut out = String::from("<div style=\"max-height:420px;overflow:auto\">");
        if !self.rows.is_empty() {
            out.push_str(
                "<table style=\"border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums\"><thead><tr>",
            );
            let side = |i: usize| if self.is_right(i) { "right" } else { "left" };
            for i in 0..self.columns.len() {
                out.push_str(&format!(
                    "<th style=\"text-align:{};padding:2px 10px;white-space:nowrap;border-bottom:1px solid {SOFT};font-weight:600\">{}</th>",
                    side(i),
                    escape(self.name(i))
                ));
            }
            out.push_str("</tr></thead><tbody>");
            for row in &self.rows {
                out.push_str("<tr>");
                for (i, text) in row.iter().enumerate() {
                    let text = escape(text);
                    out.push_str(&format!("<td style=\"text-align:{};padding:2px 10px\">{text}</td>", side(i)));
                }
                out.push_str("</tr>");
            }
            out.push_str("</tbody></table>");
        }
        for note in &self.notes {
            out.push_str(&format!("<div style=\"font-size:12px;color:{SOFT}\">{}</div>", escape(note)));
        }
        out + "</div>"
    }

    /// Both forms, by media type.
    pub(super) fn forms(&self) -> Value {
        json!({"text/plain": self.text(), "text/html": self.html()})
    }
}

/// A size in bytes as people read it.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let (mut size, mut unit) = (bytes as f64, 0);
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    let digits = if unit == 0 || size >= 99.5 {
        0
    } else if size >= 9.95 {
        1
    } else {
        2
    };
    format!("{size:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_two_forms_that_say_the_same() {
        let mut table = Table::new(&["name", "note", ">memory"]);
        table.rows = vec![
            vec!["<script>".into(), String::new(), "8 B".into()],
            vec!["b".into(), String::new(), "12 KB".into()],
        ];
        table.notes = vec!["a & b".into()];
        let forms = table.without_empty_columns().forms();
        assert_eq!(
            forms["text/plain"],
            "name      memory\n<script>     8 B\nb          12 KB\na & b"
        );
        let html = forms["text/html"].as_str().unwrap_or_default();
        assert!(
            html.contains("&lt;script&gt;") && !html.contains("<script>") && html.contains("a &amp; b"),
            "{html}"
        );
    }

    #[test]
    fn sizes_have_three_digits() {
        assert_eq!(
            [size(0), size(999), size(1500), size(123_456_789)],
            ["0 B", "999 B", "1.50 KB", "123 MB"]
        );
    }
}
