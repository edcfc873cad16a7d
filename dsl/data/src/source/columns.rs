//! Columns by name, from a file or a data frame.

use crate::{DataError, Result};
use polars::prelude::{DataFrame, DataType};

/// A table whose rows may know their line in a file.
#[derive(Clone, Debug)]
pub(crate) struct Columns {
    /// The file's name as written, or `frame`.
    pub(crate) label: String,
    pub(crate) frame: DataFrame,
    /// The line (from 1) of each row, when it came from a file.
    pub(crate) lines: Vec<usize>,
    /// Whether the file has no titles, so that the columns are called C0, C1, ..
    pub(crate) numbered: bool,
}

/// Column titles that hold the names of examples, unless one is chosen.
const NAMES: [&str; 8] = [
    "name",
    "names",
    "id",
    "gene",
    "genes",
    "gene_id",
    "gene_name",
    "sequence_name",
];

/// Whether a title is a usual one for the names of examples.
pub(crate) fn is_name(title: &str) -> bool {
    NAMES.contains(&title.to_lowercase().as_str())
}

impl Columns {
    pub(crate) fn from_frame(frame: DataFrame) -> Self {
        Self {
            label: "frame".into(),
            frame,
            lines: Vec::new(),
            numbered: false,
        }
    }

    /// The titles.
    pub(crate) fn titles(&self) -> Vec<String> {
        self.frame.get_column_names().into_iter().map(|n| n.to_string()).collect()
    }

    /// The place of a row for messages: `file:line` or `row n` (from 1).
    pub(crate) fn place(&self, row: usize) -> String {
        match self.lines.get(row) {
            Some(line) => format!("{}:{line}", self.label),
            None => format!("row {} of the data frame", row + 1),
        }
    }

    /// A column as text; empty cells are empty.
    pub(crate) fn text(&self, title: &str) -> Result<Vec<String>> {
        let column = self.column(title)?.cast(&DataType::String)?;
        Ok(column.str()?.iter().map(|v| v.unwrap_or_default().to_string()).collect())
    }

    /// A column as numbers; empty cells and words for "nothing" are NaN.
    pub(crate) fn numbers(&self, title: &str) -> Result<Vec<f32>> {
        let column = self.column(title)?;
        if column.dtype() != &DataType::String {
            if !column.dtype().is_numeric() && column.dtype() != &DataType::Boolean {
                let message = format!("column `{title}` holds {}, not numbers", column.dtype());
                return Err(DataError::file(&self.label, None, message));
            }
            let column = column.cast(&DataType::Float64)?;
            return Ok(column.f64()?.iter().map(|v| v.map_or(f32::NAN, |x| x as f32)).collect());
        }
        let mut values = Vec::with_capacity(column.len());
        for (row, cell) in column.str()?.iter().enumerate() {
            let cell = cell.unwrap_or_default().trim();
            let value = match cell.to_ascii_lowercase().as_str() {
                "" | "na" | "n/a" | "nan" | "null" | "none" | "." | "-" => f32::NAN,
                other => other.parse::<f32>().map_err(|_| {
                    let message = format!("column `{title}`: `{cell}` is no number");
                    DataError::file(&self.label, self.lines.get(row).copied(), message)
                })?,
            };
            values.push(value);
        }
        Ok(values)
    }

    /// The title of the column with the examples' names: the chosen one, or one with a usual title.
    pub(crate) fn name_column(&self, chosen: Option<&str>) -> Result<Option<String>> {
        if let Some(chosen) = chosen {
            return self.column(chosen).map(|_| Some(chosen.to_string()));
        }
        let titles = self.titles();
        Ok(titles.into_iter().find(|t| is_name(t)))
    }

    pub(crate) fn column(&self, title: &str) -> Result<&polars::prelude::Column> {
        let titles = self.titles();
        let exist = titles.iter().map(String::as_str);
        self.frame.column(title).map_err(|_| {
            let hint = match cistron_declaration::nearest(title, exist.clone()) {
                Some(near) => format!("did you mean `{near}`? "),
                None => String::new(),
            };
            let list = titles.join(", ");
            DataError::file(
                &self.label,
                None,
                format!("no column `{title}`; {hint}the columns are: {list}"),
            )
        })
    }
}
