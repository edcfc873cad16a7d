//! Small data frame helpers whose types are fixed, so that cells which use them compile fast.

use crate::source::{delimited, files};
use crate::{DataError, Result};
use cistron_declaration::Value;
use cistron_display::{Align, Table, significant};
use polars::prelude::{Column, DataFrame, DataType, SortMultipleOptions};

/// The values of a new column.
#[derive(Clone, Debug)]
pub enum Cells {
    /// Numbers.
    Numbers(Vec<f64>),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Text.
    Texts(Vec<String>),
}

macro_rules! cells { ($($t:ty => $kind:ident $convert:expr;)*) => { $(impl From<Vec<$t>> for Cells {
    fn from(values: Vec<$t>) -> Self { Self::$kind(values.into_iter().map($convert).collect()) }
})* } }
cells! {
    f64 => Numbers |v| v;
    f32 => Numbers f64::from;
    i64 => Integers |v| v;
    i32 => Integers i64::from;
    usize => Integers |v| v as i64;
    u64 => Integers |v| v as i64;
    String => Texts |v| v;
    &str => Texts str::to_string;
}

/// A data frame from titles and values.
///
/// # Errors
/// Columns of unequal length, or two of one title.
///
/// # Example
/// ```
/// use cistron_data::table;
/// let frame = table::frame_from(vec![("model", vec!["a", "b", "a"].into()), ("r", vec![0.5, 0.7, 0.6].into())])?;
/// let means = table::group_mean(&frame, "model", "r")?;
/// assert_eq!(table::numbers(&means, "r")?, [0.55, 0.7]);
/// # Ok::<(), cistron_data::DataError>(())
/// ```
pub fn frame_from(columns: Vec<(&str, Cells)>) -> Result<DataFrame> {
    let column = |(title, cells): (&str, Cells)| match cells {
        Cells::Numbers(v) => Column::new(title.into(), v),
        Cells::Integers(v) => Column::new(title.into(), v),
        Cells::Texts(v) => Column::new(title.into(), v),
    };
    Ok(DataFrame::new_infer_height(columns.into_iter().map(column).collect())?)
}

fn column<'a>(frame: &'a DataFrame, title: &str) -> Result<&'a Column> {
    let titles: Vec<String> = frame.get_column_names().into_iter().map(|n| n.to_string()).collect();
    frame
        .column(title)
        .map_err(|_| DataError::unknown("column", title, titles.iter().map(String::as_str)))
}

/// A column as text; empty cells are empty.
///
/// # Errors
/// No such column.
pub fn texts(frame: &DataFrame, title: &str) -> Result<Vec<String>> {
    let column = column(frame, title)?.cast(&DataType::String)?;
    Ok(column.str()?.iter().map(|v| v.unwrap_or_default().to_string()).collect())
}

/// A column as numbers; empty cells are NaN.
///
/// # Errors
/// No such column, or one that holds no numbers.
pub fn numbers(frame: &DataFrame, title: &str) -> Result<Vec<f64>> {
    let column = column(frame, title)?;
    if !column.dtype().is_primitive_numeric() && column.dtype() != &DataType::Boolean {
        return Err(DataError::Values(format!(
            "column `{title}` holds {}, not numbers",
            column.dtype()
        )));
    }
    let column = column.cast(&DataType::Float64)?;
    Ok(column.f64()?.iter().map(|v| v.unwrap_or(f64::NAN)).collect())
}

/// Rows per value of `by`, in the order in which the values first stand: mean, standard deviation (of a sample) and
/// number of `value`, as columns `by`, `value`, `value_sd` and `n`. Missing values are left out.
///
/// # Errors
/// No such columns, or `value` holds no numbers.
pub fn group_mean(frame: &DataFrame, by: &str, value: &str) -> Result<DataFrame> {
    let (keys, values) = (texts(frame, by)?, numbers(frame, value)?);
    let mut groups: Vec<(String, Vec<f64>)> = Vec::new();
    let mut place = std::collections::HashMap::new();
    for (key, v) in keys.into_iter().zip(values) {
        let at = *place.entry(key.clone()).or_insert_with(|| {
            groups.push((key, Vec::new()));
            groups.len() - 1
        });
        if v.is_finite() {
            groups[at].1.push(v);
        }
    }
    let names: Vec<String> = groups.iter().map(|g| g.0.clone()).collect();
    let of = |f: fn(&[f64]) -> f64| groups.iter().map(|g| f(&g.1)).collect::<Vec<f64>>();
    let counts: Vec<i64> = groups.iter().map(|g| g.1.len() as i64).collect();
    let sd = format!("{value}_sd");
    frame_from(vec![
        (by, names.into()),
        (value, of(crate::stats::mean).into()),
        (&sd, of(crate::stats::standard_deviation).into()),
        ("n", counts.into()),
    ])
}

/// The rows in which a column equals a value (text, whole number or number).
///
/// # Errors
/// No such column, or a number is asked of a column without numbers.
pub fn filter_equal(frame: &DataFrame, title: &str, value: impl Into<Value>) -> Result<DataFrame> {
    let value = value.into();
    let keep: Vec<bool> = match (&value, value.as_f64()) {
        (_, Some(wanted)) => numbers(frame, title)?.into_iter().map(|v| v == wanted).collect(),
        (Value::Text(wanted), _) => texts(frame, title)?.into_iter().map(|v| v == *wanted).collect(),
        (Value::Bool(wanted), _) => texts(frame, title)?.into_iter().map(|v| v == wanted.to_string()).collect(),
        _ => return Err(DataError::Values(format!("column `{title}` cannot be compared with a list"))),
    };
    let mask = Column::new("keep".into(), keep);
    Ok(frame.filter(mask.bool()?)?)
}

/// The rows in the order of a column; rows with equal values keep their order.
///
/// # Errors
/// No such column.
pub fn sort(frame: &DataFrame, by: &str, descending: bool) -> Result<DataFrame> {
    column(frame, by)?;
    let options = SortMultipleOptions::default()
        .with_order_descending(descending)
        .with_maintain_order(true);
    Ok(frame.sort([by], options)?)
}

/// Reads a TSV, CSV or blank-separated table (gzip is recognised); columns of numbers become numbers.
///
/// # Errors
/// A missing or damaged file, rows of unequal length (with file and line).
pub fn read_table(path: impl AsRef<std::path::Path>) -> Result<DataFrame> {
    let content = files::read(&path.as_ref().to_string_lossy())?;
    delimited::read(&content, true, delimited::Untitled::Refused).map(|c| c.frame)
}

/// Writes a table with tabs between the columns; an existing file is replaced at once when all is written.
///
/// # Errors
/// A cell with a tab or a line break, a folder that cannot be written.
pub fn write_tsv(frame: &DataFrame, path: impl AsRef<std::path::Path>) -> Result<()> {
    let path = path.as_ref();
    let titles: Vec<String> = frame.get_column_names().into_iter().map(|n| n.to_string()).collect();
    let mut columns = Vec::new();
    for title in &titles {
        columns.push(texts(frame, title)?);
    }
    let mut out = titles.join("\t");
    for row in 0..frame.height() {
        out.push('\n');
        let cells: Vec<&str> = columns.iter().map(|c| c[row].as_str()).collect();
        if let Some(bad) = cells.iter().find(|c| c.contains(['\t', '\n'])) {
            return Err(DataError::Values(format!(
                "write_tsv: row {}: `{bad}` holds a tab or a line break",
                row + 1
            )));
        }
        out.push_str(&cells.join("\t"));
    }
    out.push('\n');
    files::write(path, &out)
}

/// The text files of a `.tar` or `.tar.gz` archive, as name inside the archive and content, in the archive's order.
/// Folders and links have no content and are left out.
///
/// # Errors
/// A missing or damaged archive, a file that is no UTF-8 text, an archive without files.
///
/// # Example
/// ```no_run
/// for (name, text) in cistron_data::table::archive("WT_countdata.tar.gz")? {
///     println!("{name}: {} lines", text.lines().count());
/// }
/// # Ok::<(), cistron_data::DataError>(())
/// ```
pub fn archive(path: impl AsRef<std::path::Path>) -> Result<Vec<(String, String)>> {
    crate::source::tar::read(&files::open(&path.as_ref().to_string_lossy())?)
}

/// The text of a file, which may be in gzip; bytes that are no UTF-8 become U+FFFD. For formats of lines that are no table.
///
/// # Errors
/// A missing or damaged file.
pub fn text(path: impl AsRef<std::path::Path>) -> Result<String> {
    let content = files::read(&path.as_ref().to_string_lossy())?;
    Ok(String::from_utf8_lossy(&content.bytes).into_owned())
}

/// The first `rows` rows as a table to show; numbers with four significant digits.
pub fn view(frame: &DataFrame, rows: usize) -> Table {
    let head = frame.head(Some(rows));
    let mut table = Table {
        rows: vec![Vec::new(); head.height()],
        ..Table::default()
    };
    for column in head.columns() {
        let title = column.name().to_string();
        let is_number = column.dtype().is_primitive_numeric();
        let cells = if column.dtype().is_float() {
            let numbers = numbers(&head, &title).unwrap_or_default();
            numbers
                .iter()
                .map(|v| if v.is_nan() { String::new() } else { significant(*v, 4) })
                .collect()
        } else {
            texts(&head, &title).unwrap_or_default()
        };
        table
            .columns
            .push((title, if is_number { Align::Right } else { Align::Left }));
        table.rows.iter_mut().zip(cells).for_each(|(row, cell)| row.push(cell));
    }
    if frame.height() > rows {
        table
            .notes
            .push(format!("{} rows in all", cistron_display::count(frame.height())));
    }
    table
}

/// Shows the first 20 rows now.
pub fn show(frame: &DataFrame) {
    cistron_display::display(&view(frame, 20).bundle());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame() -> DataFrame {
        let keys = vec!["a", "b", "a"];
        frame_from(vec![
            ("k", keys.into()),
            ("x", vec![1.0, 5.0, 4.0].into()),
            ("i", vec![3usize, 1, 2].into()),
        ])
        .unwrap()
    }

    #[test]
    fn groups_filters_and_order() {
        let means = group_mean(&frame(), "k", "x").unwrap();
        assert_eq!(
            (texts(&means, "k").unwrap(), numbers(&means, "x").unwrap()),
            (vec!["a".into(), "b".into()], vec![2.5, 5.0])
        );
        assert_eq!(numbers(&means, "n").unwrap(), [2.0, 1.0]);
        assert_eq!(numbers(&filter_equal(&frame(), "k", "a").unwrap(), "x").unwrap(), [1.0, 4.0]);
        assert_eq!(texts(&filter_equal(&frame(), "i", 1).unwrap(), "k").unwrap(), ["b"]);
        assert_eq!(numbers(&sort(&frame(), "x", true).unwrap(), "i").unwrap(), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn a_table_is_written_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.tsv");
        write_tsv(&frame(), &path).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "k\tx\ti\na\t1.0\t3\nb\t5.0\t1\na\t4.0\t2\n"
        );
        assert_eq!(numbers(&read_table(&path).unwrap(), "x").unwrap(), [1.0, 5.0, 4.0]);
        assert_eq!(
            view(&frame(), 2).text(),
            "k      x  i\na  1.000  3\nb  5.000  1\n3 rows in all"
        );
    }

    #[test]
    fn mistakes_are_named() {
        let message = numbers(&frame(), "xx").unwrap_err().to_string();
        assert_eq!(message, "no column `xx`: did you mean `x`?");
        assert!(numbers(&frame(), "k").unwrap_err().to_string().contains("not numbers"));
    }
}
